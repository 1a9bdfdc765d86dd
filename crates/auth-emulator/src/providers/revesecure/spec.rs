//! Name, routes and relaxations.

use crate::framework::provider::Spec;
use crate::framework::relaxation::Relaxation;
use crate::generated::routes;

/// Assumption (date-format): a `Date` that is not an RFC 2822 date is rejected with 401, although the vendor's plugin sends one.
pub(super) const RELAX_DATE: Relaxation =
    Relaxation::new("revesecure.date", "a Date header that is not an RFC 2822 date");
/// Assumption (strictness): a body without a JSON content type is rejected with 415.
pub(super) const RELAX_CONTENT_TYPE: Relaxation = Relaxation::new(
    "revesecure.content-type",
    "bodies whose Content-Type is missing or not application/json",
);
/// Assumption (strictness): an undocumented field is rejected with 400.
pub(super) const RELAX_UNKNOWN_FIELDS: Relaxation =
    Relaxation::new("revesecure.unknown-fields", "unknown body fields");
/// Assumption (signed-query): a query is rejected with 400.
pub(super) const RELAX_QUERY: Relaxation =
    Relaxation::new("revesecure.query", "a query, although the signature does not cover it");

pub(super) static SPEC: Spec = Spec {
    name: "revesecure",
    routes: &[routes::REVESECURE],
    extra_routes: &[],
    unimplemented: &[],
    ignore_case: false,
    extra_listeners: 0,
    secret_params: &["apiKey"],
    shown_headers: &[],
    shown_query: &[],
    relaxations: &[RELAX_DATE, RELAX_CONTENT_TYPE, RELAX_UNKNOWN_FIELDS, RELAX_QUERY],
};
