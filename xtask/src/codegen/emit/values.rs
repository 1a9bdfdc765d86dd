//! Values of examples as Rust, where the type takes anything: literals, pairs of names and values, or JSON as it is.

use super::super::json::Node;
use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// A value for what takes anything that becomes JSON or a hand-written type.
pub(super) fn any(node: &Node) -> TokenStream {
    match node {
        Node::Text(text) => quote!(#text),
        Node::Bool(value) => quote!(#value),
        Node::Integer(value) => {
            let value = Literal::i64_unsuffixed(*value);
            quote!(#value)
        }
        Node::Number(value) => {
            let value = Literal::f64_unsuffixed(*value);
            quote!(#value)
        }
        _ => json(node),
    }
}

/// The name and the value of an object that has just these.
pub(super) fn named_value(node: &Node) -> Option<(&str, &Node)> {
    match (node, node.get("name")?, node.get("value")?) {
        (Node::Object(members), Node::Text(name), value) if members.len() == 2 => Some((name, value)),
        _ => None,
    }
}

/// Values under names, be they an object or a list of named values, as an array of pairs.
pub(super) fn pairs(node: &Node) -> Option<TokenStream> {
    let pairs: Vec<(&str, &Node)> = match node {
        Node::Object(members) => members.iter().map(|(name, value)| (name.as_str(), value)).collect(),
        Node::Array(items) => items.iter().map(named_value).collect::<Option<_>>()?,
        _ => return None,
    };
    // Values of several kinds have one type as JSON only.
    let first = pairs.first().map(|(_, value)| value.kind());
    let mixed = pairs.iter().any(|(_, value)| Some(value.kind()) != first);
    let pairs = pairs.iter().map(|(name, value)| {
        let value = if mixed { json(value) } else { any(value) };
        quote!((#name, #value))
    });
    Some(quote!([#(#pairs),*]))
}

/// `10.5` as 105 and 1.
pub(super) fn digits_and_places(value: f64) -> (Literal, Literal) {
    let text = value.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let digits = format!("{whole}{fraction}").parse().unwrap_or_default();
    (Literal::i64_unsuffixed(digits), Literal::usize_unsuffixed(fraction.len()))
}

pub(super) fn json(node: &Node) -> TokenStream {
    let json: TokenStream = node.sorted().to_string().parse().unwrap_or_default();
    quote!(serde_json::json!(#json))
}
