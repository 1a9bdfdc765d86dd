//! From the examples of a description to Rust: the call that documentation and tests make, and what it puts on the wire.
//!
//! An example that doesn't fit its schema is refused here with its place, so a description can't promise one thing and
//! show another.

use super::super::description::{Example, Operation, Property, Shape, Type};
use super::super::json::Node;
use super::super::plan::{BodyForm, Construction, Model, Plan};
use super::super::walk::{Refusal, escaped};
use super::names::{answer_name, body_name, body_type, last_segment};
use super::types::{ident, owned};
use super::values::{any, digits_and_places, json, named_value, pairs};
use super::wire_json::number;
use proc_macro2::TokenStream;
use quote::quote;
use std::collections::BTreeSet;

type Result<T> = std::result::Result<T, Refusal>;

/// A call with the values of the examples.
pub(crate) struct Call {
    /// `client.users("…").create(…)`
    pub(crate) expression: TokenStream,
    /// What the response is called; `None` when there is none.
    pub(crate) result: Option<String>,
    /// The types of the crate that it names.
    pub(crate) names: BTreeSet<String>,
    /// Name and type of a body that was read before.
    pub(crate) whole: Option<(String, String)>,
}

/// The call with this example of a body, or without one.
pub(crate) fn call<'a>(plan: &Plan<'a>, operation: &'a Operation, body: Option<&Example>) -> Result<Call> {
    let mut writer = Writer { plan, names: BTreeSet::new() };
    let expression = writer.handle(operation)?;
    let mut arguments = Vec::new();
    if operation.named_arguments {
        let name = operation.arguments_type();
        let mut chain = TokenStream::new();
        for argument in plan.arguments(operation) {
            let step = ident(&argument.parameter.rust);
            let example = &argument.parameter.example;
            let value = writer.input(&argument.parameter.ty, &example.node, &example.pointer)?;
            chain.extend(if chain.is_empty() { quote!(#step(#value)) } else { quote!(.#step(#value)) });
        }
        let type_name = ident(&name);
        arguments.push(quote!(#type_name::#chain));
        writer.names.insert(name);
    } else {
        for argument in plan.arguments(operation) {
            arguments.push(writer.argument(&argument.parameter.ty, &argument.parameter.example)?);
        }
    }
    let mut whole = None;
    if let (Some(form), Some(example)) = (plan.body(operation), body) {
        if matches!(form, BodyForm::Whole(_) | BodyForm::Custom(_)) {
            let name = body_name(operation, &form);
            let variable = ident(&name);
            arguments.push(quote!(&#variable));
            whole = Some((name, body_type(&form).to_owned()));
        } else {
            arguments.push(writer.body(&form, example)?);
        }
    }
    let optional = plan.optional_query(operation);
    if !optional.is_empty() {
        let name = ident(&operation.options_type());
        let mut chain = quote!(#name::new());
        for parameter in optional {
            let setter = ident(&parameter.rust);
            let value = writer.input(&parameter.ty, &parameter.example.node, &parameter.example.pointer)?;
            chain = quote!(#chain.#setter(#value));
        }
        writer.names.insert(name.to_string());
        arguments.push(chain);
    }
    let method = ident(&operation.method);
    Ok(Call {
        expression: quote!(#expression.#method(#(#arguments),*)),
        result: operation.answer.ty.as_ref().map(answer_name),
        names: writer.names,
        whole,
    })
}

struct Writer<'p, 'a> {
    plan: &'p Plan<'a>,
    names: BTreeSet<String>,
}

/// A call of the method `modify` that belongs to an operation: it sets the first text that may be absent.
pub(crate) fn modify<'a>(
    plan: &Plan<'a>,
    operation: &'a Operation,
    name: &str,
    model: &Model<'_>,
) -> Result<TokenStream> {
    let mut writer = Writer { plan, names: BTreeSet::new() };
    let handle = writer.handle(operation)?;
    let path = plan.arguments(operation).into_iter().filter(|argument| argument.in_path);
    let values = path
        .map(|argument| writer.argument(&argument.parameter.ty, &argument.parameter.example))
        .collect::<Result<Vec<_>>>()?;
    let change = model.object().and_then(|object| {
        let property =
            object.properties.iter().find(|property| property.is_option() && property.ty == Type::Text)?;
        let field = ident(&property.rust);
        Some(quote!(update.#field = Some("new".to_owned())))
    });
    let change = change.unwrap_or_else(|| quote!(drop(update)));
    let name = ident(name);
    Ok(quote!(#handle.#name(#(#values,)* |update| #change)))
}

impl Writer<'_, '_> {
    /// The handle that an operation is a method of.
    fn handle(&mut self, operation: &Operation) -> Result<TokenStream> {
        let mut expression = quote!(client);
        for link in
            self.plan.resource(&operation.resource).map(|own| self.plan.chain(own)).unwrap_or_default()
        {
            let name = ident(&link.name);
            let own = self.plan.bound_here(link).map(|bound| {
                let mut given = operation.path_parameters.iter();
                given.find(|parameter| parameter.wire == bound.wire).unwrap_or(bound)
            });
            let value = own.map(|parameter| self.argument(&parameter.ty, &parameter.example)).transpose()?;
            expression = quote!(#expression.#name(#value));
        }
        Ok(expression)
    }

    /// The value of a path or query argument.
    fn argument(&mut self, ty: &Type, example: &Example) -> Result<TokenStream> {
        match ty {
            Type::Secret => {
                self.names.insert("SecretString".to_owned());
                let text = self.input(&Type::Text, &example.node, &example.pointer)?;
                Ok(quote!(&SecretString::from(#text)))
            }
            Type::List(inner) => {
                let Node::Array(items) = &example.node else {
                    return misfit(ty, &example.node, &example.pointer);
                };
                let items = each(items, &example.pointer, |item, pointer| self.input(inner, item, pointer))?;
                Ok(match **inner {
                    Type::Text => quote!(vec![#(#items.to_owned()),*]),
                    _ => quote!(vec![#(#items),*]),
                })
            }
            _ => self.input(ty, &example.node, &example.pointer),
        }
    }

    fn body(&mut self, form: &BodyForm<'_>, example: &Example) -> Result<TokenStream> {
        match form {
            BodyForm::Direct(model, property) => {
                known_members(model, &example.node, &example.pointer)?;
                let (node, pointer) = member(property, &example.node, &example.pointer)?;
                self.input(&property.ty, node, &pointer)
            }
            BodyForm::Into(model) => {
                let Some(Construction::New(required)) = model.construction() else {
                    return self.model(model, &example.node, &example.pointer);
                };
                match (required.as_slice(), &example.node) {
                    ([property], Node::Object(members)) if members.len() == 1 => {
                        known_members(model, &example.node, &example.pointer)?;
                        let (node, pointer) = member(property, &example.node, &example.pointer)?;
                        self.input(&property.ty, node, &pointer)
                    }
                    _ => self.model(model, &example.node, &example.pointer),
                }
            }
            BodyForm::Value(model) | BodyForm::Whole(model) => {
                self.model(model, &example.node, &example.pointer)
            }
            // These are made from their examples by who calls this.
            BodyForm::Custom(_) => Ok(TokenStream::new()),
            BodyForm::List(model) => {
                let Node::Array(items) = &example.node else {
                    return Err(Refusal::new(&example.pointer, "the body is a list; write an array"));
                };
                let items = each(items, &example.pointer, |item, pointer| self.model(model, item, pointer))?;
                Ok(quote!(&[#(#items),*]))
            }
        }
    }

    /// What is given where a constructor or setter takes a value of this type.
    fn input(&mut self, ty: &Type, node: &Node, pointer: &str) -> Result<TokenStream> {
        Ok(match (ty, node) {
            (Type::Text | Type::Secret, Node::Text(_))
            | (Type::Integer, Node::Integer(_))
            | (Type::Number, Node::Number(_))
            | (Type::Boolean, Node::Bool(_)) => any(node),
            (Type::Number, Node::Integer(_)) => any(&Node::Number(number(node))),
            (Type::List(inner), Node::Array(items)) if items.is_empty() => {
                let inner = owned(inner);
                self.note(&inner);
                quote!(Vec::<#inner>::new())
            }
            (Type::List(inner), Node::Array(items)) => {
                let items = each(items, pointer, |item, pointer| self.input(inner, item, pointer))?;
                quote!([#(#items),*])
            }
            (Type::Map(_) | Type::FreeMap, Node::Object(members)) if !members.is_empty() => {
                let mut members = members.clone();
                members.sort_by(|(one, _), (other, _)| one.cmp(other));
                let mut pairs = Vec::new();
                // Values of several kinds have one type as JSON only.
                let first = members.first().map(|(_, value)| value.kind());
                let mixed = members.iter().any(|(_, value)| Some(value.kind()) != first);
                for (name, value) in &members {
                    let pointer = format!("{pointer}/{}", escaped(name));
                    let value = match ty {
                        Type::Map(inner) => self.input(inner, value, &pointer)?,
                        _ if mixed => json(value),
                        _ => any(value),
                    };
                    pairs.push(quote!((#name, #value)));
                }
                quote!([#(#pairs),*])
            }
            // A literal with a fraction would be a float, which is what such a type is there to avoid.
            (Type::Custom(path), Node::Number(value)) => {
                let name = owned(ty);
                self.names.insert(last_segment(path).to_owned());
                let (digits, places) = digits_and_places(*value);
                quote!(#name::new(#digits, #places))
            }
            (Type::Custom(path), Node::Object(_)) if named_value(node).is_some() => {
                let name = owned(ty);
                self.names.insert(last_segment(path).to_owned());
                let (key, value) =
                    named_value(node).map(|(key, value)| (key, any(value))).unwrap_or_default();
                quote!(#name::new(#key, #value))
            }
            (Type::Custom(_), node) => pairs(node).unwrap_or_else(|| any(node)),
            (Type::Named(name), node) => {
                let Some(model) = self.plan.model(name) else { return misfit(ty, node, pointer) };
                self.model(model, node, pointer)?
            }
            _ => return misfit(ty, node, pointer),
        })
    }

    fn note(&mut self, type_name: &TokenStream) {
        let name = type_name.to_string();
        if self.plan.model(&name).is_some() {
            self.names.insert(name);
        }
    }

    /// A value of a model, made as a caller would make it.
    fn model(&mut self, model: &Model<'_>, node: &Node, pointer: &str) -> Result<TokenStream> {
        let name = ident(&model.schema.name);
        self.names.insert(model.schema.name.clone());
        if let (Shape::Enumeration(variants), Node::Text(text)) = (&model.schema.shape, node) {
            return Ok(match variants.iter().find(|variant| variant.wire == *text) {
                Some(variant) => {
                    let variant = ident(&variant.rust);
                    quote!(#name::#variant)
                }
                None => quote!(#name::from(#text)),
            });
        }
        let Some(construction) = model.construction() else {
            return Err(Refusal::new(pointer, "this type can't be built, only read and sent back"));
        };
        known_members(model, node, pointer)?;
        let mut expression = TokenStream::new();
        let (Construction::New(required) | Construction::Staged(required)) = &construction;
        let mut values = Vec::new();
        for property in required {
            let (value, pointer) = member(property, node, pointer)?;
            values.push((ident(&property.rust), self.input(&property.ty, value, &pointer)?));
        }
        match &construction {
            Construction::New(_) => {
                let values = values.iter().map(|(_, value)| value);
                expression.extend(quote!(#name::new(#(#values),*)));
            }
            Construction::Staged(_) => {
                for (index, (step, value)) in values.iter().enumerate() {
                    expression.extend(match index {
                        0 => quote!(#name::#step(#value)),
                        _ => quote!(.#step(#value)),
                    });
                }
            }
        }
        let optional = model.object().map(|object| object.properties.iter()).into_iter().flatten();
        for property in optional.filter(|property| !property.is_argument()) {
            let Some(value) = node.get(&property.wire).filter(|value| **value != Node::Null) else {
                continue;
            };
            let setter = ident(&property.rust);
            let pointer = format!("{pointer}/{}", escaped(&property.wire));
            let value = self.input(&property.ty, value, &pointer)?;
            expression.extend(quote!(.#setter(#value)));
        }
        Ok(expression)
    }
}

/// The Rust of each item of an array in an example.
fn each(
    items: &[Node],
    pointer: &str,
    mut write: impl FnMut(&Node, &str) -> Result<TokenStream>,
) -> Result<Vec<TokenStream>> {
    items.iter().enumerate().map(|(index, item)| write(item, &format!("{pointer}/{index}"))).collect()
}

fn misfit<T>(ty: &Type, node: &Node, pointer: &str) -> Result<T> {
    let wanted = match ty {
        Type::Text | Type::Secret => "a string",
        Type::Integer => "an integer",
        Type::Number => "a number",
        Type::Boolean => "a boolean",
        Type::List(_) => "an array",
        Type::Map(_) | Type::FreeMap => "an object that is not empty",
        Type::Page(_) => "a page",
        Type::Named(name) => name,
        Type::Custom(path) => path,
    };
    Err(Refusal::new(pointer, format!("the example has {} where the schema wants {wanted}", node.kind())))
}

/// The value of a required property in an example.
fn member<'n>(property: &Property, node: &'n Node, pointer: &str) -> Result<(&'n Node, String)> {
    match node.get(&property.wire) {
        Some(value) => Ok((value, format!("{pointer}/{}", escaped(&property.wire)))),
        None => {
            Err(Refusal::new(pointer, format!("the example lacks `{}`, which is required", property.wire)))
        }
    }
}

/// Refuses fields of an example that its schema doesn't have.
fn known_members(model: &Model<'_>, node: &Node, pointer: &str) -> Result<()> {
    let (Some(object), Node::Object(members)) = (model.object(), node) else {
        return Err(Refusal::new(
            pointer,
            format!("the example has {} where the schema wants {}", node.kind(), model.schema.name),
        ));
    };
    for (name, _) in members {
        if !object.properties.iter().any(|property| property.wire == *name) {
            return Err(Refusal::new(
                format!("{pointer}/{}", escaped(name)),
                format!("the example has `{name}`, which {} lacks", model.schema.name),
            ));
        }
    }
    Ok(())
}
