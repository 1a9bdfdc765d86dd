//! The JSON that a request puts on the wire, worked out from an example by other code than the models'.

use super::super::description::{Object, Type};
use super::super::json::Node;
use super::super::plan::{Model, Plan};

/// A number as an f64.
pub(crate) fn number(node: &Node) -> f64 {
    match node {
        Node::Number(value) => *value,
        // Examples are small: every integer of one is exact in an f64.
        Node::Integer(value) => value.to_string().parse().unwrap_or_default(),
        _ => 0.0,
    }
}

/// The JSON that a value of this type puts on the wire: members in the order of the schema, nulls of optional ones
/// left out, unknown ones of a kept object at the end.
pub(crate) fn wire(plan: &Plan<'_>, ty: &Type, node: &Node) -> Node {
    match (ty, node) {
        (Type::Number, node @ Node::Integer(_)) => Node::Number(number(node)),
        (Type::List(inner), Node::Array(items)) => {
            Node::Array(items.iter().map(|item| wire(plan, inner, item)).collect())
        }
        (Type::Map(inner), Node::Object(members)) => {
            let mut members: Vec<_> =
                members.iter().map(|(name, value)| (name.clone(), wire(plan, inner, value))).collect();
            members.sort_by(|(one, _), (other, _)| one.cmp(other));
            Node::Object(members)
        }
        (Type::Named(name), Node::Object(members)) => match plan.model(name).and_then(Model::object) {
            Some(object) => wire_object(plan, object, members),
            None => node.clone(),
        },
        (Type::FreeMap | Type::Custom(_), node) => node.sorted(),
        _ => node.clone(),
    }
}

fn wire_object(plan: &Plan<'_>, object: &Object, members: &[(String, Node)]) -> Node {
    let find = |name: &str| members.iter().find(|(known, _)| known == name).map(|(_, value)| value);
    let mut ordered = Vec::new();
    for property in &object.properties {
        let value = find(&property.wire).filter(|value| **value != Node::Null);
        match value {
            Some(value) => ordered.push((property.wire.clone(), wire(plan, &property.ty, value))),
            None if property.defaulted => ordered.push((property.wire.clone(), default_of(&property.ty))),
            None if property.required => ordered.push((property.wire.clone(), Node::Null)),
            None => {}
        }
    }
    if object.keep_unknown {
        let mut unknown: Vec<(String, Node)> = members
            .iter()
            .filter(|(name, _)| !object.properties.iter().any(|property| property.wire == *name))
            .map(|(name, node)| (name.clone(), node.sorted()))
            .collect();
        unknown.sort_by(|(one, _), (other, _)| one.cmp(other));
        ordered.extend(unknown);
    }
    Node::Object(ordered)
}

/// What an absent member with a default is written as. Objects would need their own defaults: examples spell them out.
fn default_of(ty: &Type) -> Node {
    match ty {
        Type::Text | Type::Secret => Node::Text(String::new()),
        Type::Integer => Node::Integer(0),
        Type::Number => Node::Number(0.0),
        Type::Boolean => Node::Bool(false),
        Type::List(_) => Node::Array(Vec::new()),
        Type::Map(_) | Type::FreeMap | Type::Page(_) | Type::Named(_) | Type::Custom(_) => {
            Node::Object(Vec::new())
        }
    }
}
