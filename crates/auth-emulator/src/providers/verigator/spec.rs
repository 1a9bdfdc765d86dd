//! Name, routes and relaxations.

use crate::framework::provider::Spec;
use crate::framework::relaxation::Relaxation;
use crate::generated::routes;

/// Assumption (missing-headers): a request without a JSON content type is rejected with 415.
pub(super) const RELAX_CONTENT_TYPE: Relaxation = Relaxation::new(
    "verigator.content-type",
    "requests whose Content-Type is missing or not application/json",
);
/// Assumption (missing-headers): a missing `Accept`, or one without `application/json`, is rejected with 406.
pub(super) const RELAX_ACCEPT: Relaxation =
    Relaxation::new("verigator.accept", "an Accept header that is missing or without application/json");
/// Assumption (unknown-fields): an undocumented field is rejected with 422.
pub(super) const RELAX_UNKNOWN_FIELDS: Relaxation =
    Relaxation::new("verigator.unknown-fields", "unknown body fields");

pub(super) static SPEC: Spec = Spec {
    name: "verigator",
    routes: &[routes::VERIGATOR],
    extra_routes: &[],
    unimplemented: &[],
    ignore_case: false,
    extra_listeners: 0,
    secret_params: &[],
    shown_headers: &[],
    shown_query: &[],
    relaxations: &[RELAX_CONTENT_TYPE, RELAX_ACCEPT, RELAX_UNKNOWN_FIELDS],
};
