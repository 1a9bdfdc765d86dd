//! What the arguments of bodies and the results of calls are called.

use super::super::description::{Operation, Type};
use super::super::plan::BodyForm;
use heck::ToSnakeCase as _;

/// What the argument of a body is called: the given name, or the type's without its `New`.
pub(super) fn body_name(operation: &Operation, form: &BodyForm<'_>) -> String {
    if let Some(name) = operation.body.as_ref().and_then(|body| body.argument.clone()) {
        return name;
    }
    let name = body_type(form);
    name.strip_prefix("New").filter(|rest| !rest.is_empty()).unwrap_or(name).to_snake_case()
}

/// The name of the type of a body.
pub(super) fn body_type<'f>(form: &'f BodyForm<'_>) -> &'f str {
    match form {
        BodyForm::Custom(path) => last_segment(path),
        form => form.model().map(|model| model.schema.name.as_str()).unwrap_or_default(),
    }
}

/// The name at the end of a path.
pub(super) fn last_segment(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}

/// What a response is called.
pub(super) fn answer_name(ty: &Type) -> String {
    match ty {
        Type::Named(name) => name.to_snake_case(),
        Type::List(inner) => plural(&answer_name(inner)),
        Type::Page(_) => "page".to_owned(),
        Type::Custom(path) => last_segment(path).to_snake_case(),
        _ => "response".to_owned(),
    }
}

fn plural(word: &str) -> String {
    match word.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if word.ends_with('s') => format!("{word}es"),
        None => format!("{word}s"),
    }
}
