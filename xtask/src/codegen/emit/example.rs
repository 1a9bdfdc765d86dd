//! From the examples of a description to Rust: the call that documentation and tests make, and what it puts on the wire.
//!
//! An example that doesn't fit its schema is refused here with its place, so a description can't promise one thing and
//! show another.

use super::super::description::{Example, Operation, Parameter, Property, Shape, Type};
use super::super::json::{Node, by_name};
use super::super::plan::{BodyForm, Model, Plan};
use super::super::walk::{Place, Read as _, Result, ensure};
use super::types::{answer_name, body_name, body_type, ident, last_segment, owned};
use super::wire_json::number;
use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens as _, quote};
use std::collections::BTreeSet;

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
    let given = plan.arguments(operation).into_iter();
    let mut arguments = if operation.named_arguments {
        let name = operation.arguments_type();
        let values = given.map(|one| Ok((ident(&one.rust), writer.input(&one.ty, &one.example.place())?)));
        let chain = chained(&name, &values.collect::<Result<Vec<_>>>()?);
        writer.names.insert(name);
        vec![chain]
    } else {
        given.map(|one| writer.argument(one)).collect::<Result<Vec<_>>>()?
    };
    let mut whole = None;
    if let (Some(form), Some(example)) = (plan.body(operation), body) {
        if matches!(form, BodyForm::Whole(_) | BodyForm::Custom(_)) {
            let name = body_name(operation, &form);
            let variable = ident(&name);
            arguments.push(quote!(&#variable));
            whole = Some((name, body_type(&form).to_owned()));
        } else {
            arguments.push(writer.body(&form, &example.place())?);
        }
    }
    let optional = plan.optional_query(operation);
    if !optional.is_empty() {
        let name = ident(&operation.options_type());
        let setters = optional.into_iter().map(|parameter| {
            let setter = ident(&parameter.rust);
            let value = writer.input(&parameter.ty, &parameter.example.place())?;
            Ok(quote!(.#setter(#value)))
        });
        let setters = setters.collect::<Result<TokenStream>>()?;
        writer.names.insert(name.to_string());
        arguments.push(quote!(#name::new()#setters));
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
    let values = path.map(|argument| writer.argument(argument)).collect::<Result<Vec<_>>>()?;
    let property =
        model.properties().iter().find(|property| property.is_option() && property.ty == Type::Text);
    let change = match property.map(|property| ident(&property.rust)) {
        Some(field) => quote!(update.#field = Some("new".to_owned())),
        None => quote!(drop(update)),
    };
    let name = ident(name);
    Ok(quote!(#handle.#name(#(#values,)* |update| #change)))
}

impl Writer<'_, '_> {
    /// The handle that an operation is a method of.
    fn handle(&mut self, operation: &Operation) -> Result<TokenStream> {
        let mut expression = quote!(client);
        let resource = self.plan.resource(&operation.resource);
        for link in resource.map(|own| self.plan.chain(own)).unwrap_or_default() {
            let name = ident(&link.name);
            let own = self.plan.bound_here(link).map(|bound| {
                let mut given = operation.path_parameters.iter();
                given.find(|parameter| parameter.wire == bound.wire).unwrap_or(bound)
            });
            let value = own.map(|parameter| self.argument(parameter)).transpose()?;
            expression = quote!(#expression.#name(#value));
        }
        Ok(expression)
    }

    /// The value of a path or query argument.
    fn argument(&mut self, Parameter { ty, example, .. }: &Parameter) -> Result<TokenStream> {
        let place = &example.place();
        match ty {
            Type::Secret => {
                self.names.insert("SecretString".to_owned());
                let text = self.input(&Type::Text, place)?;
                Ok(quote!(&SecretString::from(#text)))
            }
            Type::List(inner) => {
                let items = self.each(place, |writer, item| writer.input(inner, item))?;
                Ok(match **inner {
                    Type::Text => quote!(vec![#(#items.to_owned()),*]),
                    _ => quote!(vec![#(#items),*]),
                })
            }
            _ => self.input(ty, place),
        }
    }

    /// The Rust of each item of an array.
    fn each(
        &mut self,
        place: &Place<'_>,
        mut write: impl FnMut(&mut Self, &Place<'_>) -> Result<TokenStream>,
    ) -> Result<Vec<TokenStream>> {
        Vec::<Place<'_>>::read(place)?.iter().map(|item| write(self, item)).collect()
    }

    fn body(&mut self, form: &BodyForm<'_>, place: &Place<'_>) -> Result<TokenStream> {
        match form {
            BodyForm::Direct(model, property) => self.only(model, property, place),
            BodyForm::Into(model) => match model.construction().map(|made| made.required).as_deref() {
                Some([property]) if place.node.members().len() == 1 => self.only(model, property, place),
                _ => self.model(model, place),
            },
            BodyForm::Value(model) | BodyForm::Whole(model) => self.model(model, place),
            // These are made from their examples by who calls this.
            BodyForm::Custom(_) => Ok(TokenStream::new()),
            BodyForm::List(model) => {
                let items = self.each(place, |writer, item| writer.model(model, item))?;
                Ok(quote!(&[#(#items),*]))
            }
        }
    }

    /// The value of the only field.
    fn only(&mut self, model: &Model<'_>, property: &Property, place: &Place<'_>) -> Result<TokenStream> {
        let members = known_members(model, place)?;
        self.input(&property.ty, required(property, &members, place)?)
    }

    /// What is given where a constructor or setter takes a value of this type.
    fn input(&mut self, ty: &Type, place: &Place<'_>) -> Result<TokenStream> {
        let node = place.node;
        Ok(match (ty, node) {
            (Type::Text | Type::Secret, Node::Text(_))
            | (Type::Integer, Node::Integer(_))
            | (Type::Number, Node::Number(_))
            | (Type::Boolean, Node::Bool(_)) => any(node),
            (Type::Number, Node::Integer(_)) => any(&Node::Number(number(node))),
            (Type::List(inner), Node::Array(items)) if items.is_empty() => {
                let inner = owned(inner);
                let name = inner.to_string();
                self.names.extend(self.plan.model(&name).map(|_| name));
                quote!(Vec::<#inner>::new())
            }
            (Type::List(inner), Node::Array(_)) => {
                let items = self.each(place, |writer, item| writer.input(inner, item))?;
                quote!([#(#items),*])
            }
            (Type::Map(inner), Node::Object(members)) if !members.is_empty() => {
                let mut members = place.entries()?;
                members.sort_by_key(|(name, _)| *name);
                let values = members.iter().map(|(_, place)| self.input(inner, place));
                let values = values.collect::<Result<Vec<_>>>()?;
                let names = members.iter().map(|(name, _)| name);
                quote!([#((#names, #values)),*])
            }
            (Type::FreeMap, Node::Object(members)) if !members.is_empty() => {
                pairs(&Node::Object(by_name(members.clone()))).unwrap_or_default()
            }
            // A literal with a fraction would be a float, which is what such a type is there to avoid.
            (Type::Custom(path), Node::Number(value)) => {
                let name = owned(ty);
                self.names.insert(last_segment(path).to_owned());
                let (digits, places) = digits_and_places(*value);
                quote!(#name::new(#digits, #places))
            }
            (Type::Custom(path), node) => match (node, named_value(node)) {
                (Node::Object(_), Some((key, value))) => {
                    let (name, value) = (owned(ty), any(value));
                    self.names.insert(last_segment(path).to_owned());
                    quote!(#name::new(#key, #value))
                }
                _ => pairs(node).unwrap_or_else(|| any(node)),
            },
            (Type::Named(name), _) => match self.plan.model(name) {
                Some(model) => self.model(model, place)?,
                None => return misfit(ty, place),
            },
            _ => return misfit(ty, place),
        })
    }

    /// A value of a model, made as a caller would make it.
    fn model(&mut self, model: &Model<'_>, place: &Place<'_>) -> Result<TokenStream> {
        let name = ident(&model.schema.name);
        self.names.insert(model.schema.name.clone());
        if let (Shape::Enumeration(variants), Node::Text(text)) = (&model.schema.shape, place.node) {
            let variant = variants.iter().find(|variant| variant.wire == *text);
            let variant = variant.map(|variant| ident(&variant.rust));
            return Ok(variant.map_or_else(|| quote!(#name::from(#text)), |it| quote!(#name::#it)));
        }
        let Some(made) = model.construction() else {
            return Err(place.refuse("this type can't be built, only read and sent back"));
        };
        let members = known_members(model, place)?;
        let values = made.required.iter().map(|property| {
            let value = self.input(&property.ty, required(property, &members, place)?)?;
            Ok((ident(&property.rust), value))
        });
        let values = values.collect::<Result<Vec<_>>>()?;
        let mut expression = if made.staged {
            chained(&model.schema.name, &values)
        } else {
            let values = values.iter().map(|(_, value)| value);
            quote!(#name::new(#(#values),*))
        };
        for property in made.optional {
            let given =
                members.iter().find(|(name, place)| *name == property.wire && *place.node != Node::Null);
            let Some((_, place)) = given else { continue };
            let (setter, value) = (ident(&property.rust), self.input(&property.ty, place)?);
            expression.extend(quote!(.#setter(#value)));
        }
        Ok(expression)
    }
}

/// `NewService::fqdn(…).name(…)`
fn chained(name: &str, steps: &[(proc_macro2::Ident, TokenStream)]) -> TokenStream {
    let name = ident(name);
    let steps = steps.iter().enumerate().map(|(index, (step, value))| match index {
        0 => quote!(#name::#step(#value)),
        _ => quote!(.#step(#value)),
    });
    steps.collect()
}

fn misfit<T>(ty: &Type, place: &Place<'_>) -> Result<T> {
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
    Err(place.refuse(format!("the example has {} where the schema wants {wanted}", place.node.kind())))
}

/// The value of a required property in an example.
fn required<'m, 'n>(
    property: &Property,
    members: &'m [(&str, Place<'n>)],
    place: &Place<'_>,
) -> Result<&'m Place<'n>> {
    let found = members.iter().find(|(name, _)| *name == property.wire).map(|(_, place)| place);
    found.ok_or_else(|| place.refuse(format!("the example lacks `{}`, which is required", property.wire)))
}

/// The fields of an example, which its schema has.
fn known_members<'n>(model: &Model<'_>, place: &Place<'n>) -> Result<Vec<(&'n str, Place<'n>)>> {
    let (Some(_), Node::Object(_)) = (model.object(), place.node) else {
        return misfit(&Type::Named(model.schema.name.clone()), place);
    };
    let members = place.entries()?;
    for (name, place) in &members {
        let known = model.property(name).is_some();
        ensure!(known, place, "the example has `{name}`, which {} lacks", model.schema.name);
    }
    Ok(members)
}

/// A value for what takes anything that becomes JSON or a hand-written type.
fn any(node: &Node) -> TokenStream {
    match node {
        Node::Text(text) => quote!(#text),
        Node::Bool(value) => quote!(#value),
        Node::Integer(value) => Literal::i64_unsuffixed(*value).into_token_stream(),
        Node::Number(value) => Literal::f64_unsuffixed(*value).into_token_stream(),
        _ => json(node),
    }
}

/// The name and the value of an object that has just these.
fn named_value(node: &Node) -> Option<(&str, &Node)> {
    match (node, node.get("name")?, node.get("value")?) {
        (Node::Object(members), Node::Text(name), value) if members.len() == 2 => Some((name, value)),
        _ => None,
    }
}

/// Values under names, be they an object or a list of named values, as an array of pairs.
fn pairs(node: &Node) -> Option<TokenStream> {
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
fn digits_and_places(value: f64) -> (Literal, Literal) {
    let text = value.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let digits = format!("{whole}{fraction}").parse().unwrap_or_default();
    (Literal::i64_unsuffixed(digits), Literal::usize_unsuffixed(fraction.len()))
}

fn json(node: &Node) -> TokenStream {
    let json: TokenStream = node.sorted().to_string().parse().unwrap_or_default();
    quote!(serde_json::json!(#json))
}
