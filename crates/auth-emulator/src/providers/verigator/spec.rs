//! Name, routes and relaxations.

use http::Method;

use crate::framework::provider::Spec;
use crate::framework::relaxation::Relaxation;
use crate::framework::route::Route;

const SERVICES: &str = "/v1/service/service";
const SERVICE: &str = "/v1/service/service/{service}";
const USERS: &str = "/v1/service/service/{service}/users";
const USER: &str = "/v1/service/service/{service}/users/{user}";
const AUTH: &str = "/v1/service/service/{service}/users/{user}/auth";

static ROUTES: &[Route] = &[
    Route::new("create_service", Method::POST, SERVICES),
    Route::new("get_service", Method::GET, SERVICE),
    Route::new("delete_service", Method::DELETE, SERVICE),
    Route::new("create_user", Method::POST, USERS),
    Route::new("list_users", Method::GET, USERS),
    Route::new("get_user", Method::GET, USER),
    Route::new("delete_user", Method::DELETE, USER),
    Route::new("start_authentication", Method::POST, AUTH),
    Route::new("verify_pin", Method::PUT, AUTH),
];

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
    routes: ROUTES,
    ignore_case: false,
    extra_listeners: 0,
    secret_params: &[],
    shown_headers: &[],
    shown_query: &[],
    relaxations: &[RELAX_CONTENT_TYPE, RELAX_ACCEPT, RELAX_UNKNOWN_FIELDS],
};
