//! From what was read to what is sent: the values of one model under the names of another.

use super::super::description::{Property, Type};
use super::super::plan::{Model, Plan};
use super::super::walk::Refusal;
use super::docs::doc;
use super::types::{ident, is_copy};
use proc_macro2::TokenStream;
use quote::quote;

/// A field of a request, the field of the response that it is made from, and the value of that in its type.
struct Made<'a> {
    property: &'a Property,
    source: Option<&'a Property>,
    value: Option<TokenStream>,
}

/// The fields of what is made from a response; none of other models.
fn made<'a>(plan: &'a Plan<'_>, model: &Model<'a>) -> Vec<Made<'a>> {
    let from = model.schema.from.as_ref();
    let read = from.and_then(|from| plan.model(&from.schema)).and_then(Model::object);
    let (Some(from), Some(read), Some(object)) = (from, read, model.object()) else { return Vec::new() };
    let fields = object.properties.iter().map(|property| {
        let renamed = from.names.iter().find(|(to, _)| *to == property.wire);
        let wire = renamed.map_or(&property.wire, |(_, from)| from);
        let source = read.properties.iter().find(|known| known.wire == *wire);
        let value = source.and_then(|source| converted(plan, &property.ty, source));
        Made { property, source, value }
    });
    fields.collect()
}

/// `From` the response that a request is made from, or `TryFrom` where the request needs what a response may lack.
pub(crate) fn conversion(plan: &Plan<'_>, model: &Model<'_>) -> Option<TokenStream> {
    let from = model.schema.from.as_ref()?;
    let read = plan.model(&from.schema)?.object()?;
    let (target, source) = (ident(&model.schema.name), ident(&from.schema));
    let made = made(plan, model);
    let fields = made.iter().map(|made| {
        let (name, value) = (ident(&made.property.rust), value(made));
        quote!(#name: #value)
    });
    // What has its own field in the request, and none in the response.
    let known = made.iter().map(|made| &made.property.wire);
    let known = known.filter(|wire| !read.properties.iter().any(|property| property.wire == **wire));
    let unknown = quote!(unknown: auth_client_core::provider::record::carried(&read.unknown, &[#(#known),*]));
    let lost = lost(plan, model);
    let mut text = format!("Creates an update request from a [`{}`] that was read.", from.schema);
    if !lost.is_empty() {
        text.push_str(&format!(" Not part of the response, so unset: {}.", lost.join(", ")));
    }
    let docs = doc(&text, 0);
    Some(if may_fail(plan, model) {
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
    made(plan, model).iter().any(|Made { property, source, .. }| {
        let inner = property.ty.names().and_then(|name| plan.model(name));
        property.is_argument()
            || property.convert.is_some()
            || is_date(&property.ty)
            // The response may have a field for it that its model doesn't know.
            || source.is_none() && is_plain(&property.ty)
            || inner.is_some_and(|inner| may_fail(plan, inner))
    })
}

/// Whether a value is a date, which is kept as it was displayed and sent only if it is readable.
fn is_date(ty: &Type) -> bool {
    matches!(ty, Type::Custom(path) if path.ends_with("::DateTime"))
}

/// Whether a value can be read from a field that the model of the response doesn't know.
fn is_plain(ty: &Type) -> bool {
    matches!(ty, Type::Text | Type::Integer | Type::Number | Type::Boolean | Type::Custom(_))
}

/// The names of what is sent and is not in the response, as code.
pub(crate) fn lost(plan: &Plan<'_>, model: &Model<'_>) -> Vec<String> {
    let made = made(plan, model).into_iter();
    let lost = made.filter(|made| made.property.convert.is_none() && made.value.is_none());
    lost.map(|made| format!("`{}`", made.property.wire)).collect()
}

/// A field that the response has by name and in a type that nothing is made of: passed over in silence it would be cleared.
pub(crate) fn unconvertible(plan: &Plan<'_>, model: &Model<'_>) -> Option<Refusal> {
    let found = made(plan, model).into_iter().find(|Made { property, source, value }| {
        source.is_some() && property.convert.is_none() && value.is_none()
    })?;
    let sentence = format!(
        "`{}` has a field of this name, of another type: give its schema an x-sdk-from, or name a function \
         with x-sdk-convert",
        model.schema.from.as_ref()?.schema
    );
    Some(Refusal::new(&found.property.pointer, sentence))
}

fn value(Made { property, source, value }: &Made<'_>) -> TokenStream {
    let wire = &property.wire;
    if let Some((path, source)) = property.convert.as_ref().zip(*source) {
        let (path, name) = (path.parse::<TokenStream>().unwrap_or_default(), ident(&source.rust));
        let source = &source.wire;
        return quote!(#path(read.#name.as_ref(), #source)?);
    }
    let value = match value {
        Some(value) => value.clone(),
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
        if to == from {
            return Some(quote!((!#place.is_empty()).then(|| #place.clone())));
        }
        let (Type::Named(target), Type::Named(origin)) = (&**to, &**from) else { return None };
        let model = plan.model(target)?;
        if model.schema.from.as_ref()?.schema != *origin {
            return None;
        }
        let name = ident(target);
        return Some(if may_fail(plan, model) {
            quote!(if #place.is_empty() {
                None
            } else {
                Some(#place.iter().map(#name::try_from).collect::<Result<_, _>>()?)
            })
        } else {
            quote!((!#place.is_empty()).then(|| #place.iter().map(#name::from).collect()))
        });
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
