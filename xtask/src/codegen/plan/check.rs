//! The checks of a plan: that everything that is named exists, is used, and has its own name in Rust.

use super::super::description::{Class, Direction, Operation, Resource, Shape, Type};
use super::super::walk::Refusal;
use super::{BodyForm, Construction, Plan, Result, has_twins};
use heck::ToUpperCamelCase as _;
use std::collections::{BTreeMap, BTreeSet};

/// Methods of the client that are written by hand.
const OF_THE_CLIENT: [&str; 5] = ["new", "builder", "from_env", "request", "engine"];

/// Types that every provider crate has.
const OF_THE_CRATE: [&str; 10] = [
    "Call",
    "Client",
    "ClientBuilder",
    "Error",
    "ErrorKind",
    "Reply",
    "Request",
    "RetryPolicy",
    "Option",
    "String",
];

pub(super) fn all(plan: &Plan<'_>) -> Result<()> {
    for resource in &plan.api.resources {
        check_resource(plan, resource)?;
    }
    let mut ids: Vec<&str> = Vec::new();
    for operation in &plan.api.operations {
        if ids.contains(&operation.id.as_str()) {
            return Err(Refusal::new(
                &operation.pointer,
                format!("there are two operations `{}`; rename one", operation.id),
            ));
        }
        ids.push(&operation.id);
        check_operation(plan, operation)?;
    }
    for model in plan.models() {
        check_model(model)?;
        check_from(plan, model)?;
    }
    type_names(plan)
}

fn check_resource(plan: &Plan<'_>, resource: &Resource) -> Result<()> {
    let refuse = |sentence: String| Err(Refusal::new(&resource.pointer, sentence));
    if let Some(parent) = &resource.parent {
        let Some(parent_resource) = plan.resource(parent) else {
            return refuse(format!("the parent `{parent}` is no resource"));
        };
        if plan.operations_of(parent_resource).any(|operation| operation.method == resource.name) {
            return refuse(format!("`{parent}.{}` is an operation already; rename one", resource.name));
        }
    } else if OF_THE_CLIENT.contains(&resource.name.as_str()) {
        return refuse(format!("`{}` is a method of the client already; rename the resource", resource.name));
    }
    let chain = plan.chain(resource);
    if chain.first().is_some_and(|top| top.parent.is_some()) {
        return refuse("its parents go round in a circle".to_owned());
    }
    let has_children = plan.api.resources.iter().any(|other| other.parent.as_ref() == Some(&resource.name));
    if plan.operations_of(resource).next().is_none() && !has_children {
        return refuse("no operation belongs to it; remove it or correct an operationId".to_owned());
    }
    let Some(wire) = &resource.binds else { return Ok(()) };
    match plan.bound_here(resource) {
        Some(parameter) if matches!(parameter.ty, Type::Text | Type::Integer) => {}
        Some(_) => return refuse(format!("a handle binds a string or an integer, and `{wire}` is neither")),
        None => return refuse(format!("it binds `{wire}`, which none of its operations has in its path")),
    }
    Ok(())
}

fn check_operation(plan: &Plan<'_>, operation: &Operation) -> Result<()> {
    let refuse = |sentence: String| Err(Refusal::new(&operation.pointer, sentence));
    if operation.by_hand.is_some() {
        return Ok(());
    }
    let Some(resource) = plan.resource(&operation.resource) else {
        return refuse(format!(
            "its operationId begins with `{}`, which is not in x-sdk-resources",
            operation.resource
        ));
    };
    for bound in plan.bound(resource) {
        match operation.path_parameters.iter().find(|parameter| parameter.wire == bound.wire) {
            Some(own) if own.ty == bound.ty && own.rust == bound.rust => {}
            Some(_) => {
                return refuse(format!("`{}` has another type or name in another operation", bound.wire));
            }
            None => {
                return refuse(format!(
                    "the handle `{}` binds `{}`, which is not in this path; move the operation to another resource",
                    resource.name, bound.wire
                ));
            }
        }
    }
    if operation.class == Class::Read && !operation.not_executed_on.is_empty() {
        return refuse("x-sdk-not-executed-on is for writes; a read is retried anyway".to_owned());
    }
    if let Some(wire) = &operation.body_id {
        let by_hand = operation.body.as_ref().is_some_and(|body| matches!(body.ty, Type::Custom(_)));
        if !by_hand || !operation.path_parameters.iter().any(|parameter| parameter.wire == *wire) {
            return refuse(
                "x-sdk-body-id names a path parameter, and the body is a hand-written type with a method `id`".to_owned(),
            );
        }
    }
    let answers_with_page = matches!(operation.answer.ty, Some(Type::Page(_)));
    if answers_with_page && plan.api.page.is_none() {
        return refuse(
            "it returns a page: say with x-sdk-page at the root which type reads pages".to_owned(),
        );
    }
    let by_skip_and_take =
        |name: &str| operation.query.iter().any(|known| known.wire == name && known.ty == Type::Integer);
    if operation.paging.is_some() && !(by_skip_and_take("skip") && by_skip_and_take("take")) {
        return refuse(
            "x-sdk-paging is for operations with the integers `skip` and `take` in their query".to_owned(),
        );
    }
    if operation.modify.is_some() && plan.modified(operation).is_none() {
        return refuse(
            "x-sdk-modify names an operation that takes the same path and returns what this one's body is made \
             from (x-sdk-from)"
                .to_owned(),
        );
    }
    check_parameters(plan, operation)?;
    check_arguments(plan, operation)
}

fn check_parameters(plan: &Plan<'_>, operation: &Operation) -> Result<()> {
    let mut names: Vec<&str> = Vec::new();
    for parameter in operation.path_parameters.iter().chain(&operation.query) {
        if names.contains(&parameter.rust.as_str()) {
            return Err(Refusal::new(
                &parameter.pointer,
                format!("two parameters are named `{}`; rename one with x-sdk-name", parameter.rust),
            ));
        }
        names.push(&parameter.rust);
        if let Type::Named(name) = &parameter.ty
            && plan.model(name).is_some_and(|model| !matches!(model.schema.shape, Shape::Enumeration(_)))
        {
            return Err(Refusal::new(
                &parameter.pointer,
                format!("`{name}` is no enumeration; a parameter is plain or an enumeration"),
            ));
        }
    }
    if operation.options.is_some() && plan.optional_query(operation).is_empty() {
        return Err(Refusal::new(
            &operation.pointer,
            "x-sdk-options names the type of the optional query parameters, and there are none",
        ));
    }
    Ok(())
}

/// Arguments that could be swapped unnoticed are refused, unless they are named.
fn check_arguments(plan: &Plan<'_>, operation: &Operation) -> Result<()> {
    let arguments = plan.arguments(operation);
    let mut types: Vec<&Type> = arguments.iter().map(|argument| &argument.parameter.ty).collect();
    if let Some(BodyForm::Direct(_, property)) = plan.body(operation) {
        types.push(&property.ty);
    }
    let twins = has_twins(types.iter().copied());
    if twins && !operation.named_arguments {
        return Err(Refusal::new(
            &operation.pointer,
            "the method would take two arguments of one kind, which could be swapped unnoticed; add \
             \"x-sdk-arguments\": \"named\", or bind one of them in a handle",
        ));
    }
    if operation.named_arguments && arguments.len() < 2 {
        return Err(Refusal::new(
            &operation.pointer,
            "x-sdk-arguments is for two and more arguments in path and query",
        ));
    }
    Ok(())
}

fn check_from(plan: &Plan<'_>, model: &super::Model<'_>) -> Result<()> {
    let Some(from) = &model.schema.from else { return Ok(()) };
    let refuse = |sentence: String| Err(Refusal::new(&from.pointer, sentence));
    let Some(read) = plan.model(&from.schema).filter(|read| read.read && read.object().is_some()) else {
        return refuse(format!("`{}` is no object that is read", from.schema));
    };
    if !plan.api.lenient || !model.sent || model.read {
        return refuse("it is for what is only sent, in a description with x-sdk-lenient".to_owned());
    }
    let has = |model: &super::Model<'_>, name: &str| {
        model.object().is_some_and(|object| object.properties.iter().any(|property| property.wire == name))
    };
    match from.names.iter().find(|(to, from)| !has(model, to) || !has(read, from)) {
        Some((to, from)) => refuse(format!("`{to}` from `{from}`: one of them is no property")),
        None => Ok(()),
    }
}

fn check_model(model: &super::Model<'_>) -> Result<()> {
    let refuse = |sentence: &str| Err(Refusal::new(&model.schema.pointer, sentence));
    match (&model.schema.shape, model.sent, model.read) {
        (_, false, false) => {
            return refuse(
                "no operation uses it; remove it, or say with x-sdk-also (request or response) where other code does",
            );
        }
        (Shape::Object(object), sent, _) => {
            if model.read && object.filled.is_some() {
                return refuse("x-sdk-filled is for what is only sent");
            }
            if let Some(property) =
                object.properties.iter().find(|p| sent && !p.aliases.is_empty() && !model.read)
            {
                return Err(Refusal::new(
                    &property.pointer,
                    "x-sdk-aliases are for reading, and this is only sent",
                ));
            }
            if let Some(property) = object.properties.iter().find(|p| p.defaulted && !model.read) {
                return Err(Refusal::new(
                    &property.pointer,
                    "x-sdk-default is for reading, and this is only sent",
                ));
            }
        }
        _ => {}
    }
    if model.schema.also == Some(Direction::Response) && model.private {
        return refuse("x-sdk-also is not needed here");
    }
    Ok(())
}

/// Every generated type has its own name.
fn type_names(plan: &Plan<'_>) -> Result<()> {
    let mut taken: BTreeMap<String, String> =
        OF_THE_CRATE.iter().map(|name| ((*name).to_owned(), "every provider crate".to_owned())).collect();
    let mut take = |name: String, pointer: &str| match taken.insert(name.clone(), pointer.to_owned()) {
        None => Ok(()),
        Some(other) => Err(Refusal::new(
            pointer,
            format!("the type `{name}` would be there twice; it comes from {other} too. Rename one"),
        )),
    };
    for resource in &plan.api.resources {
        take(resource.name.to_upper_camel_case(), &resource.pointer)?;
    }
    if plan.api.page.is_some() {
        take("Page".to_owned(), "#/x-sdk-page")?;
    }
    let customs: BTreeSet<&str> = plan
        .api
        .types()
        .filter_map(|ty| match ty {
            Type::Custom(path) => path.strip_prefix("crate::"),
            _ => None,
        })
        .collect();
    for name in customs {
        take(name.to_owned(), "an x-sdk-type")?;
    }
    for model in plan.models() {
        take(model.schema.name.clone(), &model.schema.pointer)?;
        let Some(Construction::Staged(steps)) = model.construction() else { continue };
        for step in steps.iter().take(steps.len().saturating_sub(1)) {
            let name = format!("{}With{}", model.schema.name, step.rust.to_upper_camel_case());
            take(name, &model.schema.pointer)?;
        }
    }
    let mut options: BTreeMap<&str, &Operation> = BTreeMap::new();
    for operation in &plan.api.operations {
        if operation.named_arguments {
            take(operation.arguments_type(), &operation.pointer)?;
        }
        let optional = plan.optional_query(operation);
        if optional.is_empty() {
            continue;
        }
        let Some(shared) = &operation.options else {
            take(operation.options_type(), &operation.pointer)?;
            continue;
        };
        let Some(first) = options.insert(shared, operation) else {
            take(shared.clone(), &operation.pointer)?;
            continue;
        };
        let form = |operation| -> Vec<(&str, &Type)> {
            plan.optional_query(operation).iter().map(|p| (p.wire.as_str(), &p.ty)).collect()
        };
        if form(first) != form(operation) {
            return Err(Refusal::new(
                &operation.pointer,
                format!("`{shared}` has other optional parameters in `{}`; name another type", first.id),
            ));
        }
    }
    Ok(())
}

impl Operation {
    /// The type of its arguments, when they are named: `UsersRange`.
    pub(crate) fn arguments_type(&self) -> String {
        self.id.to_upper_camel_case()
    }

    /// The type of its optional query parameters: `UsersListOptions`, or the shared one.
    pub(crate) fn options_type(&self) -> String {
        self.options.clone().unwrap_or_else(|| format!("{}Options", self.id.to_upper_camel_case()))
    }
}
