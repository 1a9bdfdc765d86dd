//! `…/QueryOptions`: the parameters that `…/Query` accepts, with their operators and values.

use serde_json::{Value, json};

use crate::providers::virtuous::query::operators::{self, Arity, OPERATORS};
use crate::providers::virtuous::query::relative::PHRASES;
use crate::providers::virtuous::query::schema::{Lookups, Parameter, Schema, Type, Values, of_custom};

fn operator(name: &str) -> Value {
    let arity = OPERATORS.iter().find(|(known, _)| *known == name).map_or(Arity::None, |(_, arity)| *arity);
    json!({
        "operator": name,
        "multipleValuesAllowed": arity == Arity::Many,
        "valueRequired": arity != Arity::None,
    })
}

fn option(parameter: &Parameter<'_>, lookups: &dyn Lookups) -> Value {
    let Parameter { name, kind, values, also, .. } = *parameter;
    let operators: Vec<Value> = operators::of(kind, also).iter().map(|name| operator(name)).collect();
    // As recorded, only dates and lists have values; the names of projects aren't among them.
    let names = match (kind, values) {
        (Type::Date, Values::Any) => lookups.names(Values::Fixed(PHRASES)),
        (Type::Date, _) | (Type::List, Values::Options(_)) => lookups.names(values),
        (Type::List, _) => {
            let mut names = lookups.names(values);
            names.sort_by_key(|name| name.to_lowercase());
            names
        }
        _ => Vec::new(),
    };
    json!({
        "parameter": name, "type": format!("{kind:?}"), "operatorOptions": operators, "valueOptions": names,
    })
}

/// The response.
pub(crate) fn options(schema: &Schema, lookups: &dyn Lookups) -> Value {
    let mut options: Vec<Value> = schema.all().map(|parameter| option(parameter, lookups)).collect();
    if let Some(kind) = schema.custom {
        options.extend(lookups.custom(kind).iter().map(|field| option(&of_custom(field), lookups)));
    }
    let all: Vec<Value> = OPERATORS.iter().map(|(name, _)| operator(name)).collect();
    json!({ "options": options, "operatorOptions": all })
}
