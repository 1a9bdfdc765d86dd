//! Name, routes and relaxations.

use http::Method;

use crate::framework::provider::Spec;
use crate::framework::relaxation::Relaxation;
use crate::framework::route::Route;

static ROUTES: &[Route] = &[
    Route::new("organization.get", Method::GET, "/rest/v1/organization"),
    Route::new("billing.get", Method::GET, "/rest/v1/billing"),
    Route::new("users.list", Method::GET, "/rest/v1/users"),
    Route::new("users.create", Method::POST, "/rest/v1/users"),
    Route::new("users.update", Method::PUT, "/rest/v1/users"),
    Route::new("users.range", Method::GET, "/rest/v1/users/{start:int}/{end:int}"),
    Route::new("users.get", Method::GET, "/rest/v1/users/{user}"),
    Route::new("users.delete", Method::DELETE, "/rest/v1/users/{user}"),
    Route::new("validation.user", Method::POST, "/rest/v1/validate/user"),
    Route::new("validation.otp", Method::POST, "/rest/v1/validate/user/otp"),
    Route::new("validation.push", Method::POST, "/rest/v1/validate/user/push"),
    Route::new("validation.push_status", Method::POST, "/rest/v1/validate/user/push/status"),
    Route::new("validation.register", Method::POST, "/rest/v1/validate/register/user"),
    Route::new("validation.check_key", Method::GET, "/rest/v1/validate/check/{api_key}"),
    Route::new("services.list", Method::GET, "/rest/v1/services"),
    Route::new("services.create", Method::POST, "/rest/v1/services"),
    Route::new("services.update", Method::PUT, "/rest/v1/services"),
    Route::new("services.map", Method::POST, "/rest/v1/services/map"),
    Route::new("services.unmap", Method::POST, "/rest/v1/services/unmap"),
    Route::new("services.range", Method::GET, "/rest/v1/services/{start:int}/{end:int}"),
    Route::new("services.get", Method::GET, "/rest/v1/services/{service}"),
    Route::new("services.delete", Method::DELETE, "/rest/v1/services/{service}"),
    Route::new("tokens.list", Method::GET, "/rest/v1/tokens"),
    Route::new("tokens.create", Method::POST, "/rest/v1/tokens"),
    Route::new("tokens.update", Method::PUT, "/rest/v1/tokens"),
    Route::new("tokens.assign", Method::POST, "/rest/v1/tokens/assign"),
    Route::new("tokens.unassign", Method::POST, "/rest/v1/tokens/unassign"),
    Route::new("tokens.range", Method::GET, "/rest/v1/tokens/{start:int}/{end:int}"),
    Route::new("tokens.get", Method::GET, "/rest/v1/tokens/{token}"),
    Route::new("tokens.delete", Method::DELETE, "/rest/v1/tokens/{token}"),
    Route::new("bypass_codes.list", Method::GET, "/rest/v1/bypassCodes/{user}"),
    Route::new("bypass_codes.create", Method::POST, "/rest/v1/bypassCodes"),
    Route::new("bypass_codes.delete", Method::DELETE, "/rest/v1/bypassCodes/{user}"),
];

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
    routes: ROUTES,
    ignore_case: false,
    extra_listeners: 0,
    secret_params: &["api_key"],
    shown_headers: &[],
    shown_query: &[],
    relaxations: &[RELAX_DATE, RELAX_CONTENT_TYPE, RELAX_UNKNOWN_FIELDS, RELAX_QUERY],
};
