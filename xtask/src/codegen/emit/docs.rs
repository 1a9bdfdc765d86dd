//! Doc comments: wrapped text as attributes, and the documentation of methods.

use super::super::description::{Class, Operation};
use super::super::plan::Plan;
use super::example::Call;
use super::rust::{rustfmt, use_lines, wrapped};
use crate::Failure;
use proc_macro2::TokenStream;
use quote::quote;
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
    let Operation { summary, verb, path, .. } = operation;
    let mut paragraphs = vec![summary.clone()];
    paragraphs.extend(operation.deprecated.then(|| "The vendor has deprecated this operation.".to_owned()));
    paragraphs.extend(operation.description.clone());
    let arguments = plan.arguments(operation).into_iter().filter(|_| !operation.named_arguments);
    let explained = arguments.filter_map(|it| Some(format!("- `{}`: {}", it.rust, it.docs.as_ref()?)));
    let explained: Vec<String> = explained.collect();
    paragraphs.extend((!explained.is_empty()).then(|| explained.join("\n")));
    let source = operation.source.as_ref().map(|page| format!(" [Source]({page}).")).unwrap_or_default();
    paragraphs.push(format!("`{verb} {path}`, {}{source}", class(operation.class)));
    paragraphs.push("# Errors".to_owned());
    let errors = "[`Error`](crate::Error); [`kind`](crate::CoreError::kind) returns the kind of failure.";
    let body = operation.body.as_ref();
    let checked = operation.check.is_some() || body.is_some_and(|body| body.check.is_some());
    let refused =
        "- [`InvalidInput`](crate::ErrorKind::InvalidInput): the arguments break a rule; nothing is sent.";
    let own = operation.errors.iter().filter(|error| !is_common(plan, error)).map(listed);
    let lines: Vec<String> = checked.then(|| refused.to_owned()).into_iter().chain(own).collect();
    if lines.is_empty() {
        paragraphs.push(errors.to_owned());
    } else {
        paragraphs.push(format!("{errors} Expected from this call:\n\n{}", lines.join("\n")));
    }
    // Compiled but not run: running would start one process per operation to no effect.
    paragraphs.push(format!("# Example\n\n```no_run\n{example}```"));
    paragraphs.join("\n\n")
}

/// The doc comment of a handle: the errors that all operations share stand here and not at each method.
pub(crate) fn handle(plan: &Plan<'_>, summary: &str, accessor: &str) -> String {
    let first = plan.api.operations.iter().find(|operation| operation.by_hand.is_none());
    let errors = first.map(|operation| operation.errors.as_slice()).unwrap_or_default();
    let common: Vec<_> = errors.iter().filter(|error| is_common(plan, error)).map(listed).collect();
    let mut text = format!("{summary}\n\nReturned by {accessor}.");
    if !common.is_empty() {
        text += &format!("\n\n# Errors\n\nEvery call can also fail with:\n\n{}", common.join("\n"));
    }
    text
}

/// An error as an item of a list.
fn listed((status, meaning): &(u16, String)) -> String {
    let kind = kind(*status);
    format!("- [`{kind}`](crate::ErrorKind::{kind}), status {status}: {meaning}")
}

/// Returns whether all operations share this error (an invalid credential, say).
fn is_common(plan: &Plan<'_>, error: &(u16, String)) -> bool {
    let mut generated = plan.api.operations.iter().filter(|operation| operation.by_hand.is_none());
    generated.all(|operation| operation.errors.contains(error))
}

/// A complete program around the call; lines other than the call are hidden.
pub(crate) fn example(plan: &Plan<'_>, call: &Call, statement: &str, crate_name: &str) -> String {
    let module = crate_name.replace('-', "_");
    let path = |name: &str| format!("{module}::{}", super::public_path(plan, name));
    let uses = use_lines(call.names.iter().map(|name| path(name)));
    let whole = call.whole.as_ref().map(|(name, ty)| format!(", {name}: {}", path(ty))).unwrap_or_default();
    format!(
        "{uses}{}# async fn example(client: &{module}::Client{whole}) -> Result<(), {module}::Error> {{\n{statement}# Ok(())\n# }}\n",
        if uses.is_empty() { "" } else { "\n" }
    )
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
