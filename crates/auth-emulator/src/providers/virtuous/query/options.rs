//! `…/QueryOptions`: exactly the parameters that `…/Query` understands, with their operators and values.

use serde_json::{Value, json};

use super::operators::{self, Arity, OPERATORS};
use super::{Schema, Store, Type, Values, custom, names};

fn operator(name: &str) -> Value {
    let arity = OPERATORS.iter().find(|(known, _)| *known == name).map_or(Arity::None, |(_, arity)| *arity);
    json!({
        "operator": name,
        "multipleValuesAllowed": arity == Arity::Many,
        "valueRequired": arity != Arity::None,
    })
}

fn option(name: &str, kind: Type, values: Values, store: &Store) -> Value {
    let operators: Vec<Value> = operators::of(kind).iter().map(|name| operator(name)).collect();
    json!({
        "parameter": name, "type": format!("{kind:?}"), "operatorOptions": operators,
        "valueOptions": names(values, store),
    })
}

/// The answer.
pub(crate) fn listed(schema: &Schema, store: &Store) -> Value {
    let mut options: Vec<Value> = schema
        .parameters
        .iter()
        .map(|parameter| option(parameter.name, parameter.kind, parameter.values, store))
        .collect();
    if let Some(owner) = schema.custom {
        options.extend(custom::definitions(owner).iter().map(|field| {
            let kind = if field.data_type == "List" { Type::List } else { Type::String };
            option(field.name, kind, Values::Fixed(field.options), store)
        }));
    }
    let all: Vec<Value> = OPERATORS.iter().map(|(name, _)| operator(name)).collect();
    json!({ "options": options, "operatorOptions": all })
}
