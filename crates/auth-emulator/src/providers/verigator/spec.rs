//! Name, routes and relaxations.

use http::Method;

use crate::framework::provider::Spec;
use crate::framework::relaxation::Relaxation;
use crate::framework::route::Route;
use crate::generated::routes;

/// The paths with one `service`, as in the vendor's example of an authentication.
///
/// Assumption (path-prefix): they serve the same operations as those with two.
#[rustfmt::skip]
static SHORT: &[Route] = &[
    Route::write("services.create", Method::POST, "/v1/service", 201).undocumented(),
    Route::read("services.get", Method::GET, "/v1/service/{service_id}", 200).undocumented(),
    Route::write("services.delete", Method::DELETE, "/v1/service/{service_id}", 202).undocumented(),
    Route::write("users.create", Method::POST, "/v1/service/{service_id}/users", 201).undocumented(),
    Route::read("users.list", Method::GET, "/v1/service/{service_id}/users", 200).undocumented(),
    Route::read("users.get", Method::GET, "/v1/service/{service_id}/users/{user_id}", 200).undocumented(),
    Route::write("users.delete", Method::DELETE, "/v1/service/{service_id}/users/{user_id}", 202).undocumented(),
    Route::write("authentication.start", Method::POST, "/v1/service/{service_id}/users/{user_id}/auth", 201).sensitive(),
    Route::write("authentication.verify", Method::PUT, "/v1/service/{service_id}/users/{user_id}/auth", 200).sensitive().undocumented(),
];

/// Assumption (missing-headers): a body without a JSON content type is rejected with 415.
pub(super) const RELAX_CONTENT_TYPE: Relaxation =
    Relaxation::new("verigator.content-type", "bodies whose Content-Type is missing or not application/json");
/// Assumption (missing-headers): the status is 406. `Accept` must not exclude JSON, and must be there with a body.
pub(super) const RELAX_ACCEPT: Relaxation = Relaxation::new(
    "verigator.accept",
    "an Accept header that is missing with a body, or excludes application/json",
);
/// Assumption (unknown-fields): an undocumented field is rejected with 422.
pub(super) const RELAX_UNKNOWN_FIELDS: Relaxation =
    Relaxation::new("verigator.unknown-fields", "unknown body fields");

pub(super) static SPEC: Spec = Spec {
    name: "verigator",
    routes: &[routes::VERIGATOR, SHORT],
    extra_routes: &[],
    seed_routes: &[],
    unimplemented: &[],
    assumed: |operation| matches!(operation, "services.delete" | "users.delete"),
    ignore_case: false,
    extra_listeners: 0,
    secret_variables: &["VERIGATOR_PASSWORD"],
    secret_params: &[],
    shown_headers: &[],
    shown_query: &[],
    relaxations: &[RELAX_CONTENT_TYPE, RELAX_ACCEPT, RELAX_UNKNOWN_FIELDS],
};
