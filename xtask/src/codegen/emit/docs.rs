//! Doc comments: wrapped text as attributes, and the documentation of methods.

use super::super::description::{Class, Operation};
use super::super::plan::Plan;
use super::example::Call;
use super::rust::{rustfmt, wrapped};
use crate::Failure;
use proc_macro2::TokenStream;
use quote::quote;
use std::collections::BTreeMap;
use std::path::Path;

/// Doc comment lines for an item at this indentation.
pub(crate) fn doc(text: &str, indent: usize) -> TokenStream {
    let lines = wrapped(text, 106 - indent);
    let lines = lines.iter().map(|line| if line.is_empty() { String::new() } else { format!(" {line}") });
    quote!(#(#[doc = #lines])*)
}

/// The doc comment of a field, a setter or a step: the description, if there is one. What the name says needs no sentence.
pub(crate) fn described(text: Option<&str>, indent: usize) -> TokenStream {
    text.map(|text| doc(text, indent)).unwrap_or_default()
}

/// The name on the wire, for a search in the documentation, where it differs by more than case and underscores: such a
/// search ignores these.
pub(crate) fn alias(rust: &str, wire: &str) -> Option<TokenStream> {
    let plain = |name: &str| name.trim_start_matches("r#").replace('_', "").to_lowercase();
    (plain(rust) != plain(wire)).then(|| quote!(#[doc(alias = #wire)]))
}

/// How an operation of this class is retried; follows the request line.
fn class(class: Class) -> &'static str {
    match class {
        Class::Read => "a read: retried after transient failures.",
        Class::IdempotentWrite => "an idempotent write: retried after transient failures.",
        Class::Write => "a write: retried only if the server certainly did not execute it.",
    }
}

/// The error kind of a status, see `ErrorKind::from_status` of auth-client-core.
fn kind(status: u16) -> &'static str {
    match status {
        400 | 422 => "InvalidData",
        401 => "Unauthenticated",
        403 => "Forbidden",
        404 | 410 => "NotFound",
        409 | 412 => "Conflict",
        429 => "Throttled",
        500..=599 => "Server",
        _ => "Status",
    }
}

/// The doc comment of a method.
pub(crate) fn method<'a>(plan: &Plan<'a>, operation: &'a Operation, example: &str) -> String {
    let mut text = operation.summary.clone();
    if operation.deprecated {
        text.push_str("\n\nThe vendor has deprecated this operation.");
    }
    if let Some(description) = &operation.description {
        text.push_str("\n\n");
        text.push_str(description);
    }
    let explained: Vec<String> = plan
        .arguments(operation)
        .iter()
        .filter(|_| !operation.named_arguments)
        .filter_map(|argument| {
            let docs = argument.docs.as_ref()?;
            Some(format!("- `{}`: {docs}", argument.rust))
        })
        .collect();
    if !explained.is_empty() {
        text.push_str("\n\n");
        text.push_str(&explained.join("\n"));
    }
    let source = operation.source.as_ref().map(|page| format!(" [Source]({page}).")).unwrap_or_default();
    text.push_str(&format!(
        "\n\n`{} {}`, {}{source}",
        operation.verb,
        operation.path,
        class(operation.class)
    ));
    text.push_str("\n\n# Errors\n\n[`Error`](crate::Error); [`kind`](crate::CoreError::kind) returns the kind of failure.");
    let own: Vec<_> = operation.errors.iter().filter(|error| !is_common(plan, error)).collect();
    let body = operation.body.as_ref();
    let checked = operation.check.is_some() || body.is_some_and(|body| body.check.is_some());
    let checked = checked.then(|| {
        "- [`InvalidInput`](crate::ErrorKind::InvalidInput): the arguments break a rule; nothing is sent."
            .to_owned()
    });
    let lines: Vec<String> = checked.into_iter().chain(listed(&own)).collect();
    if !lines.is_empty() {
        text.push_str(&format!(" Expected from this call:\n\n{}", lines.join("\n")));
    }
    // Compiled but not run: running would start one process per operation to no effect.
    text.push_str("\n\n# Example\n\n```no_run\n");
    text.push_str(example);
    text.push_str("```");
    text
}

/// The doc comment of a handle: the errors that all operations share stand here and not at each method.
pub(crate) fn handle(plan: &Plan<'_>, summary: &str, accessor: &str) -> String {
    let first = plan.api.operations.iter().find(|operation| operation.by_hand.is_none());
    let errors = first.map(|operation| operation.errors.as_slice()).unwrap_or_default();
    let common: Vec<_> = errors.iter().filter(|error| is_common(plan, error)).collect();
    let mut text = format!("{summary}\n\nReturned by {accessor}.");
    if !common.is_empty() {
        let lines: Vec<String> = listed(&common).collect();
        text.push_str(&format!("\n\n# Errors\n\nEvery call can also fail with:\n\n{}", lines.join("\n")));
    }
    text
}

/// A list of errors, one per line.
fn listed(errors: &[&(u16, String)]) -> impl Iterator<Item = String> {
    errors.iter().map(|(status, meaning)| {
        let kind = kind(*status);
        format!("- [`{kind}`](crate::ErrorKind::{kind}), status {status}: {meaning}")
    })
}

/// Returns whether all operations share this error (an invalid credential, say).
fn is_common(plan: &Plan<'_>, error: &(u16, String)) -> bool {
    let mut generated = plan.api.operations.iter().filter(|operation| operation.by_hand.is_none());
    generated.all(|operation| operation.errors.contains(error))
}

/// A complete program around the call; lines other than the call are hidden.
pub(crate) fn example(plan: &Plan<'_>, call: &Call, statement: &str, crate_name: &str) -> String {
    let mut text = String::new();
    let module = crate_name.replace('-', "_");
    let mut uses: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for name in &call.names {
        let path = format!("{module}::{}", super::public_path(plan, name));
        let parent = path.trim_end_matches(name.as_str()).trim_end_matches("::");
        uses.entry(parent.to_owned()).or_default().push(name);
    }
    for (parent, names) in &uses {
        match names.as_slice() {
            [name] => text.push_str(&format!("use {parent}::{name};\n")),
            _ => text.push_str(&format!("use {parent}::{{{}}};\n", names.join(", "))),
        }
    }
    if !uses.is_empty() {
        text.push('\n');
    }
    let whole =
        call.whole.as_ref().map(|(name, ty)| format!(", {name}: {module}::{}", super::public_path(plan, ty)));
    let whole = whole.unwrap_or_default();
    text.push_str(&format!(
        "# async fn example(client: &{module}::Client{whole}) -> Result<(), {module}::Error> {{\n"
    ));
    text.push_str(statement);
    text.push_str("# Ok(())\n# }\n");
    text
}

/// The statements that await these calls, formatted in one go.
pub(crate) fn statements(calls: &[Call], root: &Path) -> Result<Vec<String>, Failure> {
    let mut file = String::new();
    for call in calls {
        let binding = call.result.as_ref().map(|name| format!("let {name} = ")).unwrap_or_default();
        file.push_str(&format!("async fn example() {{\n{binding}{}.await?;\n}}\n", call.expression));
    }
    let text = rustfmt(&file, root, &["--config", "max_width=100"])?;
    let bodies = text.split("async fn example() {\n").skip(1);
    Ok(bodies
        .map(|body| {
            let lines = body.lines().take_while(|line| *line != "}");
            lines.map(|line| format!("{}\n", line.strip_prefix("    ").unwrap_or(line))).collect()
        })
        .collect())
}
