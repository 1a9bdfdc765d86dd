//! The JSON of an example as the client writes it, worked out by other code than the models'.

use super::super::description::{Object, Type};
use super::super::json::{Node, by_name};
use super::super::plan::{Model, Plan};

/// What is written: a request body, or a model that was read.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Written {
    Request,
    /// Without its secrets.
    Model,
}

/// A number as an f64.
pub(super) fn number(node: &Node) -> f64 {
    match node {
        Node::Number(value) => *value,
        // Examples are small: every integer of one is exact in an f64.
        Node::Integer(value) => value.to_string().parse().unwrap_or_default(),
        _ => 0.0,
    }
}

/// The JSON of a value of this type: fields in the order of the schema, unknown ones at the end.
pub(super) fn json(plan: &Plan<'_>, ty: &Type, node: &Node, written: Written) -> Node {
    match (ty, node) {
        (Type::Number, node @ Node::Integer(_)) => Node::Number(number(node)),
        (Type::List(ty), Node::Array(items)) => {
            Node::Array(items.iter().map(|item| json(plan, ty, item, written)).collect())
        }
        (Type::Map(ty), Node::Object(members)) => {
            let value = |(name, value): &(_, _)| (String::clone(name), json(plan, ty, value, written));
            Node::Object(by_name(members.iter().map(value).collect()))
        }
        (Type::Page(ty), Node::Object(members)) => {
            let rows = Type::List(ty.clone());
            let member = |(name, value): &(String, Node)| {
                (name.clone(), if name == "list" { json(plan, &rows, value, written) } else { value.clone() })
            };
            Node::Object(members.iter().map(member).collect())
        }
        (Type::Named(name), Node::Object(members)) => match plan.model(name).and_then(Model::object) {
            Some(model) => object(plan, model, members, written),
            None => node.clone(),
        },
        (Type::FreeMap | Type::Custom(_), node) => node.sorted(),
        _ => node.clone(),
    }
}

fn object(plan: &Plan<'_>, object: &Object, members: &[(String, Node)], written: Written) -> Node {
    let mut ordered = Vec::new();
    for property in
        object.properties.iter().filter(|one| written == Written::Request || one.ty != Type::Secret)
    {
        let given = members.iter().find(|(name, value)| property.is_called(name) && *value != Node::Null);
        let value = match given {
            Some((_, value)) => json(plan, &property.ty, value, written),
            None if property.defaulted => default_of(&property.ty),
            None if property.required && written == Written::Request => Node::Null,
            None => continue,
        };
        ordered.push((property.wire.clone(), value));
    }
    if object.keep_unknown || written == Written::Model {
        let unknown =
            members.iter().filter(|(name, _)| !object.properties.iter().any(|one| one.is_called(name)));
        ordered.extend(by_name(unknown.map(|(name, node)| (name.clone(), node.sorted())).collect()));
    }
    Node::Object(ordered)
}

/// What an absent field with a default is written as. Objects would need their own defaults: examples spell them out.
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
