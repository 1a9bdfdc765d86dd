//! The table of operations in a crate's README, between two markers.

use super::super::description::Operation;
use super::super::plan::{BodyForm, Plan};
use super::types::body_name;
use crate::{Failure, markdown};

/// The README with its table renewed.
pub(crate) fn update(plan: &Plan<'_>, readme: &str, name: &str) -> Result<String, Failure> {
    markdown::renewed(readme, "operations", table(plan).trim_end(), name, "cargo xtask codegen")
}

fn table(plan: &Plan<'_>) -> String {
    let mut text = String::from("| method and path | in Rust | class |\n| --- | --- | --- |\n");
    for operation in &plan.api.operations {
        let class = operation.class.as_str().replace('-', " ");
        let (verb, path) = (operation.verb, &operation.path);
        let call = operation.by_hand.clone().unwrap_or_else(|| call(plan, operation));
        text += &format!("| `{verb} {path}` | `{call}` | {class} |\n");
    }
    text
}

fn call<'a>(plan: &Plan<'a>, operation: &'a Operation) -> String {
    let chain = plan.resource(&operation.resource).map(|own| plan.chain(own)).unwrap_or_default();
    let handles = chain.into_iter().map(|link| {
        let argument = plan.bound_here(link).map(|parameter| parameter.rust.as_str()).unwrap_or_default();
        format!(".{}({argument})", link.name)
    });
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
    let has_options = !plan.optional_query(operation).is_empty();
    arguments.extend(has_options.then(|| "options".to_owned()));
    format!("client{}.{}({})", handles.collect::<String>(), operation.method, arguments.join(", "))
}
