//! Operations that only seed files have, for records that people create on the vendor's pages and no operation of the vendor
//! creates.

use http::Method;

use crate::framework::route::Route;
use crate::providers::virtuous::base::fields::{Field, flag, int, number, text, time};
use crate::providers::virtuous::base::operation::{Operation, Paging, Shape};
use crate::providers::virtuous::generated::{
    CAMPAIGN, EMAIL, EMAIL_LIST, ORGANIZATION_GROUP, PROJECT_ROLE_TYPE_ENTRY,
};

const fn route(operation: &'static str) -> Route {
    Route::write(operation, Method::POST, "", 200)
}

/// Without paths, because they are not served.
pub(crate) static ROUTES: &[Route] = &[
    route("campaigns.create"),
    route("email_lists.create"),
    route("emails.create"),
    route("organization_groups.create"),
    route("project_role_types.create"),
];

const fn operation(id: &'static str, body: &'static [Field], response: &'static [Field]) -> Operation {
    let (body, response) = (Shape::One(body), Shape::One(response));
    Operation { id, query: &[], paging: Paging::No, body, response, parameters: &[] }
}

/// What these operations read and return.
pub(crate) static OPERATIONS: [Operation; 5] = [
    operation(
        "campaigns.create",
        &[
            text("name").required(),
            time("startDateTimeUtc"),
            time("endDateTimeUtc"),
            number("givingGoal"),
            int("newGiverGoal"),
            int("totalGiftGoal"),
        ],
        CAMPAIGN,
    ),
    operation("email_lists.create", &[text("name").required()], EMAIL_LIST),
    operation(
        "emails.create",
        &[text("name").required(), text("subject"), text("fromName"), text("fromEmail"), text("html")],
        EMAIL,
    ),
    operation(
        "organization_groups.create",
        &[text("name").required(), text("location"), text("description")],
        ORGANIZATION_GROUP,
    ),
    operation(
        "project_role_types.create",
        &[text("role").required(), flag("isEnabled")],
        PROJECT_ROLE_TYPE_ENTRY,
    ),
];
