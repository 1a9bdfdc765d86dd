//! From what was read to what is sent: the values of one model under the names of another.

use super::super::description::{FromRead, Object, Property, Type};
use super::super::plan::{Model, Plan};
use super::super::walk::Refusal;
use super::docs::doc;
use super::types::{ident, is_copy};
use proc_macro2::TokenStream;
use quote::quote;

/// `From` the response that a request is made from, or `TryFrom` where the request needs what a response may lack.
pub(crate) fn conversion(plan: &Plan<'_>, model: &Model<'_>, object: &Object) -> Option<TokenStream> {
    let from = model.schema.from.as_ref()?;
    let read = plan.model(&from.schema)?.object()?;
    let (target, source) = (ident(&model.schema.name), ident(&from.schema));
    let fallible = may_fail(plan, model);
    let fields = object.properties.iter().map(|property| {
        let name = ident(&property.rust);
        let value = value(plan, property, source_of(from, read, property));
        quote!(#name: #value)
    });
    // What has its own field in the request, and none in the response.
    let known = object.properties.iter().map(|property| &property.wire);
    let known = known.filter(|wire| !read.properties.iter().any(|property| property.wire == **wire));
    let unknown = quote!(unknown: auth_client_core::provider::record::carried(&read.unknown, &[#(#known),*]));
    let lost = lost(plan, model);
    let mut text = format!("Creates an update request from a [`{}`] that was read.", from.schema);
    if !lost.is_empty() {
        let names: Vec<String> = lost.iter().map(|name| format!("`{name}`")).collect();
        text.push_str(&format!(" Not part of the response, so unset: {}.", names.join(", ")));
    }
    let docs = doc(&text, 0);
    Some(if fallible {
        quote! {
            #docs
            impl TryFrom<&#source> for #target {
                type Error = Error;

                fn try_from(read: &#source) -> Result<Self, Error> {
                    Ok(Self { #(#fields,)* #unknown })
                }
            }
        }
    } else {
        quote! {
            #docs
            impl From<&#source> for #target {
                fn from(read: &#source) -> Self {
                    Self { #(#fields,)* #unknown }
                }
            }
        }
    })
}

/// Whether a request needs what a response may lack, itself or in what it is made of.
pub(crate) fn may_fail(plan: &Plan<'_>, model: &Model<'_>) -> bool {
    let inner = |ty: &Type| {
        let inner = ty.names().and_then(|name| plan.model(name));
        inner.is_some_and(|inner| inner.schema.from.is_some() && may_fail(plan, inner))
    };
    model.object().is_some_and(|object| {
        object.properties.iter().any(|property| {
            property.is_argument()
                || property.convert.is_some()
                || inner(&property.ty)
                || is_date(&property.ty)
                || is_looked_up(plan, model, property)
        })
    })
}

/// Whether the response may have a field for this property that its model doesn't know.
fn is_looked_up(plan: &Plan<'_>, model: &Model<'_>, property: &Property) -> bool {
    let read = |from: &FromRead| plan.model(&from.schema).and_then(Model::object);
    let source = model.schema.from.as_ref().zip(model.schema.from.as_ref().and_then(read));
    source.is_some_and(|(from, read)| source_of(from, read, property).is_none()) && is_plain(&property.ty)
}

/// Whether a value is a date, which is kept as it was displayed and sent only if it is readable.
fn is_date(ty: &Type) -> bool {
    matches!(ty, Type::Custom(path) if path.ends_with("::DateTime"))
}

/// Whether a value can be read from a field that the model of the response doesn't know.
fn is_plain(ty: &Type) -> bool {
    matches!(ty, Type::Text | Type::Integer | Type::Number | Type::Boolean | Type::Custom(_))
}

/// The names of what is sent and is not in the response.
pub(crate) fn lost<'m>(plan: &Plan<'_>, model: &'m Model<'_>) -> Vec<&'m str> {
    let Some((from, object)) = model.schema.from.as_ref().zip(model.object()) else { return Vec::new() };
    let Some(read) = plan.model(&from.schema).and_then(Model::object) else { return Vec::new() };
    let lost = object.properties.iter().filter(|property| {
        let source = source_of(from, read, property);
        property.convert.is_none()
            && source.is_none_or(|source| converted(plan, &property.ty, source).is_none())
    });
    lost.map(|property| property.wire.as_str()).collect()
}

/// A field that the response has by name and in a type that nothing is made of: passed over in silence it would be cleared.
pub(crate) fn unconvertible(plan: &Plan<'_>, model: &Model<'_>) -> Option<Refusal> {
    let (from, object) = model.schema.from.as_ref().zip(model.object())?;
    let read = plan.model(&from.schema)?.object()?;
    let mut found = object.properties.iter().filter_map(|property| {
        let source = source_of(from, read, property)?;
        (property.convert.is_none() && converted(plan, &property.ty, source).is_none()).then_some(property)
    });
    let property = found.next()?;
    let sentence = format!(
        "`{}` has a field of this name, of another type: give its schema an x-sdk-from, or name a function \
         with x-sdk-convert",
        from.schema
    );
    Some(Refusal::new(&property.pointer, sentence))
}

fn source_of<'r>(from: &FromRead, read: &'r Object, property: &Property) -> Option<&'r Property> {
    let renamed = from.names.iter().find(|(to, _)| *to == property.wire).map(|(_, from)| from);
    let wire = renamed.unwrap_or(&property.wire);
    read.properties.iter().find(|known| known.wire == *wire)
}

fn value(plan: &Plan<'_>, property: &Property, source: Option<&Property>) -> TokenStream {
    let value = source.and_then(|source| converted(plan, &property.ty, source));
    let wire = &property.wire;
    if let Some((path, source)) = property.convert.as_ref().zip(source) {
        let (path, name) = (path.parse::<TokenStream>().unwrap_or_default(), ident(&source.rust));
        let source = &source.wire;
        return quote!(#path(read.#name.as_ref(), #source)?);
    }
    let value = match value {
        Some(value) => value,
        // Responses have more fields than the vendor's reference.
        None if is_date(&property.ty) => {
            quote!(crate::convert::date(crate::convert::known(&read.unknown, #wire)?.as_ref(), #wire)?)
        }
        None if is_plain(&property.ty) => quote!(crate::convert::known(&read.unknown, #wire)?),
        None => quote!(None),
    };
    if property.is_argument() {
        let source = source.map_or(wire, |source| &source.wire);
        return quote!(crate::convert::required(#value, #source)?);
    }
    value
}

/// The value of a field of the response as an `Option` of this type; `None` when the two have nothing to do with each
/// other.
fn converted(plan: &Plan<'_>, ty: &Type, source: &Property) -> Option<TokenStream> {
    let name = ident(&source.rust);
    let place = quote!(read.#name);
    let option = source.is_option();
    if let (Type::List(to), Type::List(from)) = (ty, &source.ty) {
        let each = if to == from {
            quote!(#place.clone())
        } else {
            let Type::Named(target) = &**to else { return None };
            let Type::Named(origin) = &**from else { return None };
            let made_from = plan.model(target)?.schema.from.as_ref()?;
            if made_from.schema != *origin {
                return None;
            }
            let name = ident(target);
            if plan.model(target).is_some_and(|model| may_fail(plan, model)) {
                return Some(quote!(if #place.is_empty() {
                    None
                } else {
                    Some(#place.iter().map(#name::try_from).collect::<Result<_, _>>()?)
                }));
            }
            quote!(#place.iter().map(#name::from).collect())
        };
        return Some(quote!((!#place.is_empty()).then(|| #each)));
    }
    let same = *ty == source.ty;
    if same && is_date(ty) {
        let wire = &source.wire;
        let date = if option { quote!(#place.as_ref()) } else { quote!(Some(&#place)) };
        return Some(quote!(crate::convert::date(#date, #wire)?));
    }
    let clone = match ty {
        _ if same && is_copy(ty) => quote!(#place),
        // It may be `Copy` or not.
        Type::Custom(_) => quote!(Clone::clone(&#place)),
        _ => quote!(#place.clone()),
    };
    match (same, option) {
        (true, true) => Some(clone),
        (true, false) => Some(quote!(Some(#clone))),
        // Strings become hand-written types and enumerations.
        (false, true) if source.ty == Type::Text && matches!(ty, Type::Named(_) | Type::Custom(_)) => {
            Some(quote!(#place.clone().map(Into::into)))
        }
        _ => None,
    }
}
