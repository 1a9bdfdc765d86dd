//! `…/QueryOptions`: the parameters that `…/Query` accepts, with their operators and values.

use serde_json::{Value, json};

use crate::providers::virtuous::base::custom;
use crate::providers::virtuous::query::operators::{self, Arity, OPERATORS};
use crate::providers::virtuous::query::schema::{Lookups, Schema, Type, Values};

fn operator(name: &str) -> Value {
    let arity = OPERATORS.iter().find(|(known, _)| *known == name).map_or(Arity::None, |(_, arity)| *arity);
    json!({
        "operator": name,
        "multipleValuesAllowed": arity == Arity::Many,
        "valueRequired": arity != Arity::None,
    })
}

fn option(name: &str, kind: Type, values: Values, lookups: &dyn Lookups) -> Value {
    let operators: Vec<Value> = operators::of(kind).iter().map(|name| operator(name)).collect();
    json!({
        "parameter": name, "type": format!("{kind:?}"), "operatorOptions": operators,
        "valueOptions": lookups.names(values),
    })
}

/// The response.
pub(crate) fn options(schema: &Schema, lookups: &dyn Lookups) -> Value {
    let mut options: Vec<Value> = schema
        .parameters
        .iter()
        .map(|parameter| option(parameter.name, parameter.kind, parameter.values, lookups))
        .collect();
    if let Some(owner) = schema.custom {
        options.extend(custom::definitions(owner).iter().map(|field| {
            let kind = if field.data_type == "List" { Type::List } else { Type::String };
            option(field.name, kind, Values::Fixed(field.options), lookups)
        }));
    }
    let all: Vec<Value> = OPERATORS.iter().map(|(name, _)| operator(name)).collect();
    json!({ "options": options, "operatorOptions": all })
}
