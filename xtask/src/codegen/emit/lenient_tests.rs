//! A test per model that is read leniently: without everything that may be absent, with nulls, and with each value in the
//! other form that means the same.

use super::super::description::{Object, Property, Type};
use super::super::json::Node;
use super::super::plan::Plan;
use super::rust::RustFile;
use super::types::ident;
use super::wire_tests::raw;
use heck::ToSnakeCase as _;
use quote::quote;

/// `None` where nothing is read leniently.
pub(crate) fn file(plan: &Plan<'_>) -> Option<RustFile> {
    if !plan.api.lenient {
        return None;
    }
    let mut file = RustFile::new(
        "Decodes every response model from JSON that differs from the vendor's reference: fields absent or null, numbers \
         and booleans as strings, strings as numbers, empty strings for absent values, unknown fields.",
    );
    for model in plan.models().filter(|model| model.read) {
        let Some(object) = model.object() else { continue };
        let (name, test) = (ident(&model.schema.name), ident(&model.schema.name.to_snake_case()));
        file.used.insert(model.schema.name.clone());
        let sparse = raw(&members(object, false, |_| None));
        let nulls = raw(&members(object, false, |_| Some(Node::Null)));
        let others = raw(&members(object, true, |property| other_form(plan, property)));
        file.items(quote! {
            #[test]
            fn #test() {
                lenient::<#name>(#sparse, #nulls, #others);
            }
        });
    }
    Some(file)
}

fn members(object: &Object, new: bool, value: impl Fn(&Property) -> Option<Node>) -> String {
    let mut members: Vec<(String, Node)> = Vec::new();
    for property in &object.properties {
        let required = property.required && !property.is_option() && !property.defaulted;
        let value = match (required, &property.ty, new) {
            (true, Type::Integer, true) => Some(Node::Text("17".to_owned())),
            (true, Type::Integer, false) => Some(Node::Integer(17)),
            (true, ..) => Some(Node::Text("17".to_owned())),
            (false, ..) => value(property),
        };
        members.extend(value.map(|value| (property.wire.clone(), value)));
    }
    if new {
        members.push(("somethingNew".to_owned(), Node::Array(vec![Node::Integer(1)])));
    }
    Node::Object(members).to_string()
}

/// Another value than the reference shows, and one that is seen all the same.
fn other_form(plan: &Plan<'_>, property: &Property) -> Option<Node> {
    let text = |text: &str| Some(Node::Text(text.to_owned()));
    match &property.ty {
        Type::Integer => text("17"),
        Type::Number => text("-112.07"),
        Type::Boolean => text("True"),
        Type::Text => Some(Node::Number(10.5)),
        // An empty text stands for nothing at all.
        Type::List(_) | Type::Custom(_) | Type::Secret => text(""),
        // A value of an enumeration, as a number.
        Type::Named(name) if plan.model(name).is_some_and(|model| model.object().is_none()) => {
            Some(Node::Integer(17))
        }
        Type::Named(_) | Type::Map(_) | Type::FreeMap | Type::Page(_) => Some(Node::Null),
    }
}
