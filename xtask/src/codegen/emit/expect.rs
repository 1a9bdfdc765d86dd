//! What a decoded example must hold: one assertion per field, in the order of the schema.

use super::super::description::{Shape, Type, Variant};
use super::super::json::Node;
use super::super::plan::Plan;
use super::types::ident;
use proc_macro2::{Literal, TokenStream};
use quote::quote;
use std::collections::BTreeSet;

/// The assertions about a value of this type at `access`. Hand-written types are decoded and not looked into: their own
/// tests do that. `names` takes the types that the assertions mention.
pub(crate) fn assertions(
    plan: &Plan<'_>,
    ty: &Type,
    node: &Node,
    access: &TokenStream,
    names: &mut BTreeSet<String>,
) -> Vec<TokenStream> {
    let one = |assertion| vec![assertion];
    match (ty, node) {
        (Type::Text, Node::Text(text)) => one(quote!(assert_eq!(#access, #text);)),
        (Type::Secret, Node::Text(text)) => {
            names.insert("ExposeSecret".to_owned());
            one(quote!(assert_eq!(#access.expose_secret(), #text);))
        }
        (Type::Integer | Type::Number, _) => {
            let value = scalar(ty, node);
            one(quote!(assert_eq!(#access, #value);))
        }
        (Type::Boolean, Node::Bool(true)) => one(quote!(assert!(#access);)),
        (Type::Boolean, _) => one(quote!(assert!(!#access);)),
        (Type::Text, Node::Null) => one(quote!(assert_eq!(#access, "");)),
        (Type::List(_) | Type::Map(_) | Type::FreeMap, Node::Null) => {
            one(quote!(assert!(#access.is_empty());))
        }
        (Type::List(inner), Node::Array(items)) => {
            let mut all = length(access, items.len());
            for (index, item) in items.iter().enumerate() {
                let index = Literal::usize_unsuffixed(index);
                all.extend(assertions(plan, inner, item, &quote!(#access[#index]), names));
            }
            all
        }
        (Type::Page(inner), Node::Object(_)) => {
            let list = node.get("list").unwrap_or(&Node::Null);
            let mut all = assertions(plan, &Type::List(inner.clone()), list, &quote!(#access.list), names);
            let total = node.get("total").unwrap_or(&Node::Null);
            all.extend(assertions(plan, &Type::Integer, total, &quote!(#access.total), names));
            all
        }
        (Type::Map(inner), Node::Object(members)) => {
            let mut all = length(access, members.len());
            for (name, value) in members {
                all.extend(assertions(plan, inner, value, &quote!(#access[#name]), names));
            }
            all
        }
        (Type::FreeMap, Node::Object(members)) => {
            let mut all = length(access, members.len());
            for (name, value) in members {
                let json = value.to_string();
                all.push(quote!(assert_eq!(#access.get_raw(#name), Some(#json));));
            }
            all
        }
        (Type::Named(name), node) => named(plan, name, node, access, names),
        _ => Vec::new(),
    }
}

fn length(access: &TokenStream, count: usize) -> Vec<TokenStream> {
    let count_literal = Literal::usize_unsuffixed(count);
    vec![match count {
        0 => quote!(assert!(#access.is_empty());),
        _ => quote!(assert_eq!(#access.len(), #count_literal);),
    }]
}

fn scalar(ty: &Type, node: &Node) -> TokenStream {
    match (ty, node) {
        (Type::Number, Node::Integer(value)) => {
            let value: TokenStream = format!("{value}.0").parse().unwrap_or_default();
            value
        }
        (_, Node::Number(value)) => {
            let value = Literal::f64_unsuffixed(*value);
            quote!(#value)
        }
        (_, Node::Integer(value)) => {
            let value = Literal::i64_unsuffixed(*value);
            quote!(#value)
        }
        (_, Node::Bool(value)) => quote!(#value),
        (Type::Number, _) => quote!(0.0),
        (Type::Boolean, _) => quote!(false),
        _ => quote!(0),
    }
}

/// A value of an enumeration, by its variant where it has one.
fn variant(name: &str, variants: &[Variant], text: &str, names: &mut BTreeSet<String>) -> TokenStream {
    names.insert(name.to_owned());
    let name = ident(name);
    match variants.iter().find(|variant| variant.wire == text) {
        Some(variant) => {
            let variant = ident(&variant.rust);
            quote!(#name::#variant)
        }
        None => quote!(#name::from(#text)),
    }
}

fn named(
    plan: &Plan<'_>,
    name: &str,
    node: &Node,
    access: &TokenStream,
    names: &mut BTreeSet<String>,
) -> Vec<TokenStream> {
    let Some(model) = plan.model(name) else { return Vec::new() };
    if let (Shape::Enumeration(variants), Node::Text(text)) = (&model.schema.shape, node) {
        let value = variant(name, variants, text, names);
        return vec![quote!(assert_eq!(#access, #value);)];
    }
    let (Some(object), Node::Object(members)) = (model.object(), node) else { return Vec::new() };
    let mut all = Vec::new();
    for property in &object.properties {
        let field = ident(&property.rust);
        let access = quote!(#access.#field);
        let wire_names = || std::iter::once(&property.wire).chain(&property.aliases);
        let value = wire_names().find_map(|wire| node.get(wire)).unwrap_or(&Node::Null);
        if !property.is_option() {
            all.extend(assertions(plan, &property.ty, value, &access, names));
            continue;
        }
        all.extend(match (&property.ty, value) {
            (_, Node::Null) => vec![quote!(assert!(#access.is_none());)],
            (Type::Text, Node::Text(text)) => vec![quote!(assert_eq!(#access.as_deref(), Some(#text));)],
            (Type::Integer | Type::Number | Type::Boolean, _) => {
                let value = scalar(&property.ty, value);
                vec![quote!(assert_eq!(#access, Some(#value));)]
            }
            (Type::Named(name), Node::Text(text)) => {
                let shape = plan.model(name).map(|model| &model.schema.shape);
                let Some(Shape::Enumeration(variants)) = shape else { continue };
                let value = variant(name, variants, text, names);
                vec![quote!(assert_eq!(#access, Some(#value));)]
            }
            (ty, value) => assertions(plan, ty, value, &quote!(#access.as_ref().unwrap()), names),
        });
    }
    if object.keep_unknown {
        let known = |name: &String| {
            object.properties.iter().any(|property| property.wire == *name || property.aliases.contains(name))
        };
        for (name, value) in members.iter().filter(|(name, _)| !known(name)) {
            let json = value.to_string();
            all.push(quote!(assert_eq!(#access.unknown.get_raw(#name), Some(#json));));
        }
    }
    all
}
