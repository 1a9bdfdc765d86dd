//! The checks of a plan: that everything that is named exists, is used, and has its own name in Rust.

use super::super::description::{Class, Operation, Resource, Type};
use super::super::walk::{Refusal, Result, ensure};
use super::{BodyForm, Plan, has_twins};
use heck::ToUpperCamelCase as _;
use std::collections::{BTreeMap, BTreeSet};

/// Methods of the client that are written by hand.
const OF_THE_CLIENT: [&str; 5] = ["new", "builder", "from_env", "request", "engine"];

/// Types that every provider crate has.
#[rustfmt::skip]
const OF_THE_CRATE: [&str; 10] =
    ["Call", "Client", "ClientBuilder", "Error", "ErrorKind", "Reply", "Request", "RetryPolicy", "Option", "String"];

pub(super) fn all(plan: &Plan<'_>) -> Result<()> {
    for resource in &plan.api.resources {
        check_resource(plan, resource)?;
    }
    let mut ids = BTreeSet::new();
    for operation in &plan.api.operations {
        let id = &operation.id;
        ensure!(ids.insert(id), operation, "there are two operations `{id}`; rename one");
        check_operation(plan, operation)?;
    }
    for model in plan.models() {
        check_model(model)?;
        check_from(plan, model)?;
    }
    type_names(plan)
}

fn check_resource(plan: &Plan<'_>, resource: &Resource) -> Result<()> {
    let name = resource.name.as_str();
    if let Some(parent) = &resource.parent {
        let found = plan.resource(parent);
        let taken = |parent| plan.operations_of(parent).any(|operation| operation.method == name);
        ensure!(found.is_some(), resource, "the parent `{parent}` is no resource");
        ensure!(!found.is_some_and(taken), resource, "`{parent}.{name}` is an operation already; rename one");
    } else {
        let free = !OF_THE_CLIENT.contains(&name);
        ensure!(free, resource, "`{name}` is a method of the client already; rename the resource");
    }
    let top = plan.chain(resource).first().is_some_and(|top| top.parent.is_none());
    ensure!(top, resource, "its parents go round in a circle");
    let used = plan.operations_of(resource).next().is_some()
        || plan.api.resources.iter().any(|other| other.parent.as_deref() == Some(name));
    ensure!(used, resource, "no operation belongs to it; remove it or correct an operationId");
    let Some(wire) = &resource.binds else { return Ok(()) };
    let bound = plan.bound_here(resource);
    ensure!(bound.is_some(), resource, "it binds `{wire}`, which none of its operations has in its path");
    let plain = bound.is_some_and(|parameter| matches!(parameter.ty, Type::Text | Type::Integer));
    ensure!(plain, resource, "a handle binds a string or an integer, and `{wire}` is neither");
    Ok(())
}

fn check_operation(plan: &Plan<'_>, operation: &Operation) -> Result<()> {
    if operation.by_hand.is_some() {
        return Ok(());
    }
    let Some(resource) = plan.resource(&operation.resource) else {
        let name = &operation.resource;
        let what = format!("its operationId begins with `{name}`, which is not in x-sdk-resources");
        return Err(Refusal::new(&operation.pointer, what));
    };
    let in_path = |wire: &str| operation.path_parameters.iter().find(|parameter| parameter.wire == wire);
    for bound in plan.bound(resource) {
        const MOVE: &str = "which is not in this path; move the operation to another resource";
        let (own, wire, handle) = (in_path(&bound.wire), &bound.wire, &resource.name);
        ensure!(own.is_some(), operation, "the handle `{handle}` binds `{wire}`, {MOVE}");
        let same = own.is_some_and(|own| own.ty == bound.ty && own.rust == bound.rust);
        ensure!(same, operation, "`{wire}` has another type or name in another operation");
    }
    let repeated = operation.class == Class::Read && !operation.not_executed_on.is_empty();
    ensure!(!repeated, operation, "x-sdk-not-executed-on is for writes; a read is retried anyway");
    if let Some(wire) = &operation.body_id {
        let by_hand = operation.body.as_ref().is_some_and(|body| matches!(body.ty, Type::Custom(_)));
        ensure!(
            by_hand && in_path(wire).is_some(),
            operation,
            "x-sdk-body-id names a path parameter, and the body is a hand-written type with a method `id`"
        );
    }
    let unread = matches!(operation.answer.ty, Some(Type::Page(_))) && plan.api.page.is_none();
    ensure!(!unread, operation, "it returns a page: say with x-sdk-page at the root which type reads pages");
    let has = |name: &str| operation.query.iter().any(|it| it.wire == name && it.ty == Type::Integer);
    ensure!(
        operation.paging.is_none() || has("skip") && has("take"),
        operation,
        "x-sdk-paging is for operations with the integers `skip` and `take` in their query"
    );
    ensure!(
        operation.modify.is_none() || plan.modified(operation).is_some(),
        operation,
        "x-sdk-modify names an operation that takes the same path and returns what this one's body is made from \
         (x-sdk-from)"
    );
    check_parameters(plan, operation)?;
    check_arguments(plan, operation)
}

fn check_parameters(plan: &Plan<'_>, operation: &Operation) -> Result<()> {
    let mut names = BTreeSet::new();
    for parameter in operation.path_parameters.iter().chain(&operation.query) {
        let name = &parameter.rust;
        let new = names.insert(name);
        ensure!(new, parameter, "two parameters are named `{name}`; rename one with x-sdk-name");
        if let Type::Named(name) = &parameter.ty {
            let good = plan.model(name).and_then(super::Model::object).is_none();
            ensure!(good, parameter, "`{name}` is no enumeration; a parameter is plain or an enumeration");
        }
    }
    ensure!(
        operation.options.is_none() || !plan.optional_query(operation).is_empty(),
        operation,
        "x-sdk-options names the type of the optional query parameters, and there are none"
    );
    Ok(())
}

/// Arguments that could be swapped unnoticed are refused, unless they are named.
fn check_arguments(plan: &Plan<'_>, operation: &Operation) -> Result<()> {
    let arguments = plan.arguments(operation);
    let mut types: Vec<&Type> = arguments.iter().map(|argument| &argument.ty).collect();
    if let Some(BodyForm::Direct(_, property)) = plan.body(operation) {
        types.push(&property.ty);
    }
    ensure!(
        operation.named_arguments || !has_twins(types.iter().copied()),
        operation,
        "the method would take two arguments of one kind, which could be swapped unnoticed; add \
         \"x-sdk-arguments\": \"named\", or bind one of them in a handle"
    );
    let several = !operation.named_arguments || arguments.len() >= 2;
    ensure!(several, operation, "x-sdk-arguments is for two and more arguments in path and query");
    Ok(())
}

fn check_from(plan: &Plan<'_>, model: &super::Model<'_>) -> Result<()> {
    let Some(from) = &model.schema.from else { return Ok(()) };
    let Some(read) = plan.model(&from.schema).filter(|read| read.read && read.object().is_some()) else {
        return Err(Refusal::new(&from.pointer, format!("`{}` is no object that is read", from.schema)));
    };
    let sent = plan.api.lenient && model.sent && !model.read;
    ensure!(sent, from, "it is for what is only sent, in a description with x-sdk-lenient");
    for (to, source) in &from.names {
        let good = model.property(to).is_some() && read.property(source).is_some();
        ensure!(good, from, "`{to}` from `{source}`: one of them is no property");
    }
    Ok(())
}

fn check_model(model: &super::Model<'_>) -> Result<()> {
    let schema = model.schema;
    ensure!(model.sent || model.read, schema, "no operation uses it; remove it");
    if let Some(object) = model.object() {
        ensure!(!model.read || object.filled.is_none(), schema, "x-sdk-filled is for what is only sent");
        for property in object.properties.iter().filter(|_| !model.read) {
            let unread = |keyword| format!("{keyword} for reading, and this is only sent");
            ensure!(property.aliases.is_empty(), property, "{}", unread("x-sdk-aliases are"));
            ensure!(!property.defaulted, property, "{}", unread("x-sdk-default is"));
        }
    }
    Ok(())
}

/// Every generated type has its own name.
fn type_names(plan: &Plan<'_>) -> Result<()> {
    let mut taken: BTreeMap<String, String> =
        OF_THE_CRATE.iter().map(|name| ((*name).to_owned(), "every provider crate".to_owned())).collect();
    let mut take = |name: String, pointer: &str| match taken.insert(name.clone(), pointer.to_owned()) {
        None => Ok(()),
        Some(other) => {
            let what =
                format!("the type `{name}` would be there twice; it comes from {other} too. Rename one");
            Err(Refusal::new(pointer, what))
        }
    };
    for resource in &plan.api.resources {
        take(resource.name.to_upper_camel_case(), &resource.pointer)?;
    }
    if plan.api.page.is_some() {
        take("Page".to_owned(), "#/x-sdk-page")?;
    }
    let customs = plan.api.types().filter_map(|ty| match ty {
        Type::Custom(path) => path.strip_prefix("crate::"),
        _ => None,
    });
    for name in customs.collect::<BTreeSet<_>>() {
        take(name.to_owned(), "an x-sdk-type")?;
    }
    for model in plan.models() {
        take(model.schema.name.clone(), &model.schema.pointer)?;
        let steps = model.construction().filter(|made| made.staged).map_or(Vec::new(), |made| made.required);
        for step in steps.iter().rev().skip(1) {
            let name = format!("{}With{}", model.schema.name, step.rust.to_upper_camel_case());
            take(name, &model.schema.pointer)?;
        }
    }
    let mut options: BTreeMap<&str, &Operation> = BTreeMap::new();
    for operation in &plan.api.operations {
        if operation.named_arguments {
            take(operation.arguments_type(), &operation.pointer)?;
        }
        let form = |operation| -> Vec<(&str, &Type)> {
            plan.optional_query(operation).iter().map(|p| (p.wire.as_str(), &p.ty)).collect()
        };
        if form(operation).is_empty() {
            continue;
        }
        let first = operation.options.as_deref().and_then(|shared| options.insert(shared, operation));
        let Some(first) = first else {
            take(operation.options_type(), &operation.pointer)?;
            continue;
        };
        let (same, shared, id) = (form(first) == form(operation), operation.options_type(), &first.id);
        ensure!(same, operation, "`{shared}` has other optional parameters in `{id}`; name another type");
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
