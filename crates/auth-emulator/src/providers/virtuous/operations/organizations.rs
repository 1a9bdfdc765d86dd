//! The one organization, and the permissions of the one user.

use serde_json::{Value, json};

use crate::providers::virtuous::base::fields::{Field, int};
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::data::job::{Job, Outcome, Output};

pub(crate) const ID: i64 = 1201;
pub(crate) const NAME: &str = "Emulated Sandbox";

const SWITCH: &[Field] = &[int("organizationUserId").required()];

/// Executes an operation on organizations. `None`: another kind of operation.
pub(crate) fn execute(job: &mut Job<'_>) -> Option<Outcome> {
    Some(match job.call.operation {
        "organizations.list" => Ok(Output::Json(json!([organization(false)]))),
        "organizations.current" => Ok(Output::Json(organization(true))),
        "organizations.switch" => switch(job),
        "permissions.list" => Ok(Output::Json(permissions())),
        _ => return None,
    })
}

fn organization(current: bool) -> Value {
    let mut organization = json!({
        "organizationUserId": ID,
        "organizationName": NAME,
        "organizationTimeZone": "America/Phoenix",
        "organizationCulture": "en-US",
        "isAdministrator": true,
        "isEnabled": true,
    });
    if let Some(fields) = organization.as_object_mut().filter(|_| current) {
        fields.insert("currentUserTimeZone".to_owned(), json!("America/Phoenix"));
    }
    organization
}

fn switch(job: &mut Job<'_>) -> Outcome {
    let given = job.fields("switchOrganization", SWITCH)?;
    if given.get("organizationUserId").and_then(Value::as_i64) == Some(ID) {
        return Ok(Output::Empty);
    }
    let words = "The user does not belong to this organization.";
    Err(Problem::field("switchOrganization.organizationUserId", words))
}

fn permissions() -> Value {
    let modules = ["Contact", "Gift", "Project", "Campaign", "Webhook"];
    // A known client looks for `Read`.
    let actions = ["Read", "Create", "Edit", "Delete"];
    let all = modules.iter().flat_map(|module| actions.iter().map(move |action| (module, action)));
    all.map(|(module, action)| json!({ "module": module, "action": action, "allowed": true })).collect()
}
