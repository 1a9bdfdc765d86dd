//! Types for explaining a wrong signature.

use serde::Serialize;

use super::credential::Credential;
use super::settings::Settings;
use super::signature::Fields;

/// A mistake in signing a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Mistake {
    /// A name for programs, such as `host_with_port`.
    pub id: &'static str,
    /// A description for people.
    pub description: String,
    /// The affected part: one of the five fields, or `key`, `algorithm`, `separator`, `order`, `string`, `api_key` or
    /// `authorization`.
    pub field: &'static str,
}

impl Mistake {
    pub(super) fn new(id: &'static str, field: &'static str, description: impl Into<String>) -> Self {
        Self { id, description: description.into(), field }
    }
}

/// A confirmed mistake, and the string that was signed with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Confirmed {
    pub mistake: Mistake,
    pub signed: Vec<u8>,
}

/// A signed request: its five fields, and the parts of the wire format that mistakes depend on.
pub(super) struct SignedRequest<'a> {
    pub credential: &'a Credential,
    pub settings: &'a Settings,
    pub fields: &'a Fields,
    /// The raw `Host` header.
    pub host_header: &'a str,
    pub query: Option<&'a str>,
    /// The whole `Authorization` header.
    pub authorization: &'a str,
}
