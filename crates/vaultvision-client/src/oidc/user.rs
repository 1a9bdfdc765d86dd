//! Claims about the user who logged in.

use super::claims::flag;
use serde_json::{Map, Value};

/// Claims about the user who logged in, with the field names of a [`Profile`](crate::models::Profile). A claim of
/// another type counts as absent.
///
/// ```
/// fn greeting(user: &vaultvision_client::oidc::UserInfo) -> String {
///     format!("welcome, {}", user.name.as_deref().unwrap_or(&user.subject))
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserInfo {
    /// Id of the user at the tenant.
    pub subject: String,
    /// Full name.
    pub name: Option<String>,
    /// Given name.
    pub given_name: Option<String>,
    /// Family name.
    pub family_name: Option<String>,
    /// Email address.
    pub email: Option<String>,
    /// `true` if the email address is verified.
    pub email_verified: Option<bool>,
    /// Language tag, such as `en-US`.
    pub locale: Option<String>,
    /// URL of a picture.
    pub picture: Option<String>,
}

impl UserInfo {
    /// Reads the claims of an ID token or of a user-info response, whose subject was checked.
    pub(super) fn of(subject: &str, claims: &Map<String, Value>) -> Self {
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        Self {
            subject: subject.to_owned(),
            name: text("name"),
            given_name: text("given_name"),
            family_name: text("family_name"),
            email: text("email"),
            email_verified: claims.get("email_verified").and_then(flag),
            locale: text("locale"),
            picture: text("picture"),
        }
    }
}
