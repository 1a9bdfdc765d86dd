//! The table of operations in a crate's README, between two markers.

use super::super::description::Class;
use super::super::plan::{BodyForm, Plan};
use super::names::body_name;
use crate::{Failure, markdown};

/// The README with its table renewed.
pub(crate) fn update(plan: &Plan<'_>, readme: &str, name: &str) -> Result<String, Failure> {
    markdown::renewed(readme, "operations", table(plan).trim_end(), name, "cargo xtask codegen")
}

fn table(plan: &Plan<'_>) -> String {
    let mut text = String::from("| method and path | in Rust | class |\n| --- | --- | --- |\n");
    for operation in &plan.api.operations {
        let class = match operation.class {
            Class::Read => "read",
            Class::IdempotentWrite => "idempotent write",
            Class::Write => "write",
        };
        if let Some(call) = &operation.by_hand {
            let (verb, path) = (operation.verb, &operation.path);
            text.push_str(&format!("| `{verb} {path}` | `{call}` | {class} |\n"));
            continue;
        }
        let mut call = String::from("client");
        for link in plan.resource(&operation.resource).map(|own| plan.chain(own)).unwrap_or_default() {
            let argument = plan.bound_here(link).map(|parameter| parameter.rust.as_str()).unwrap_or_default();
            call.push_str(&format!(".{}({argument})", link.name));
        }
        let mut arguments: Vec<String> = if operation.named_arguments {
            vec!["arguments".to_owned()]
        } else {
            plan.arguments(operation).iter().map(|argument| argument.rust.clone()).collect()
        };
        arguments.extend(plan.body(operation).map(|form| match form {
            BodyForm::Direct(_, property) => property.rust.clone(),
            form @ (BodyForm::Into(_) | BodyForm::Value(_)) => body_name(operation, &form),
            form => format!("&{}", body_name(operation, &form)),
        }));
        if !plan.optional_query(operation).is_empty() {
            arguments.push("options".to_owned());
        }
        let arguments = arguments.join(", ");
        text.push_str(&format!(
            "| `{} {}` | `{call}.{}({arguments})` | {class} |\n",
            operation.verb, operation.path, operation.method
        ));
    }
    text
}
