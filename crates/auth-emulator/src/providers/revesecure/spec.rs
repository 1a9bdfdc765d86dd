//! Name, routes and relaxations.

use crate::framework::provider::Spec;
use crate::framework::relaxation::Relaxation;
use crate::generated::routes;

/// Assumption (signed-host): a host that is signed together with its port is rejected with 401.
pub(super) const RELAX_SIGNED_PORT: Relaxation = Relaxation::new(
    "revesecure.signed-port",
    "signatures of the host with its port, as of a client that has one setting for address and signed host",
);
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
    seed_routes: &[],
    unimplemented: &[],
    // Writes, whose responses the page does not show.
    assumed: |operation| {
        let (group, action) = operation.split_once('.').unwrap_or_default();
        group != "validation" && !matches!(action, "get" | "list" | "range")
    },
    ignore_case: false,
    extra_listeners: 0,
    secret_variables: &["REVESECURE_SECRET_KEY"],
    secret_params: &["apiKey"],
    shown_headers: &[],
    shown_query: &[],
    relaxations: &[RELAX_SIGNED_PORT, RELAX_CONTENT_TYPE, RELAX_UNKNOWN_FIELDS, RELAX_QUERY],
};
