//! Types of fields, arguments and responses, and how an argument becomes a field.

use super::super::description::{Api, Operation, Type};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// A name as a token. Names are checked when the description is read.
pub(crate) fn ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}

/// The type of a field.
pub(crate) fn owned(ty: &Type) -> TokenStream {
    match ty {
        Type::Text => quote!(String),
        Type::Secret => quote!(SecretString),
        Type::Integer => quote!(i64),
        Type::Number => quote!(f64),
        Type::Boolean => quote!(bool),
        Type::List(inner) => {
            let inner = owned(inner);
            quote!(Vec<#inner>)
        }
        Type::Map(inner) => {
            let inner = owned(inner);
            quote!(BTreeMap<String, #inner>)
        }
        // The type of pages has this name.
        Type::Page(inner) => {
            let inner = owned(inner);
            quote!(Page<#inner>)
        }
        Type::FreeMap => quote!(UnknownFields),
        Type::Named(name) => {
            let name = ident(name);
            quote!(#name)
        }
        Type::Custom(path) => custom(path),
    }
}

/// A hand-written type: by its name if it is in the root of the crate, and by its path otherwise.
fn custom(path: &str) -> TokenStream {
    // It was parsed when the description was read.
    root_name(path).unwrap_or(path).parse().unwrap_or_default()
}

/// `Money` of `crate::Money` and of `crate::models::Money`: a type that is imported by its name.
pub(crate) fn root_name(path: &str) -> Option<&str> {
    let path = path.strip_prefix("crate::")?;
    Some(path.strip_prefix("models::").unwrap_or(path)).filter(|name| !name.contains("::"))
}

/// The type of an argument that fills a field, and the conversion.
pub(crate) fn input(ty: &Type, name: &Ident) -> (TokenStream, TokenStream) {
    let type_of = owned(ty);
    match ty {
        Type::Text | Type::Secret | Type::Custom(_) => (quote!(impl Into<#type_of>), quote!(#name.into())),
        Type::Integer | Type::Number | Type::Boolean | Type::Named(_) | Type::Page(_) => {
            (type_of, quote!(#name))
        }
        Type::List(inner) => {
            let item = owned(inner);
            match **inner {
                Type::Text | Type::Custom(_) => (
                    quote!(impl IntoIterator<Item = impl Into<#item>>),
                    quote!(#name.into_iter().map(Into::into).collect()),
                ),
                _ => (quote!(impl IntoIterator<Item = #item>), quote!(#name.into_iter().collect())),
            }
        }
        Type::Map(inner) => {
            let item = owned(inner);
            match **inner {
                Type::Text | Type::Custom(_) => pairs(&quote!(impl Into<#item>), &quote!(value.into()), name),
                _ => pairs(&item, &quote!(value), name),
            }
        }
        Type::FreeMap => (
            quote!(impl IntoIterator<Item = (impl AsRef<str>, impl Into<RawJson>)>),
            quote!(#name.into_iter().collect()),
        ),
    }
}

fn pairs(value: &TokenStream, converted: &TokenStream, name: &Ident) -> (TokenStream, TokenStream) {
    (
        quote!(impl IntoIterator<Item = (impl Into<String>, #value)>),
        quote!(#name.into_iter().map(|(name, value)| (name.into(), #converted)).collect()),
    )
}

/// Whether the type of a field is copied by being named.
pub(crate) fn is_copy(ty: &Type) -> bool {
    matches!(ty, Type::Integer | Type::Number | Type::Boolean)
}

/// How an argument in path or query is given.
pub(super) fn argument_type(ty: &Type) -> TokenStream {
    match ty {
        Type::Text => quote!(&str),
        Type::Secret => quote!(&SecretString),
        ty => owned(ty),
    }
}

/// The type of a response, and the function that decodes it.
pub(super) fn answer(api: &Api, operation: &Operation) -> (TokenStream, TokenStream) {
    let path = |path: &Option<String>| path.as_ref().and_then(|path| path.parse::<TokenStream>().ok());
    let own = path(&operation.decoder);
    match &operation.answer.ty {
        Some(ty) if own.is_some() => (owned(ty), own.unwrap_or_default()),
        Some(ty @ Type::Page(_)) => {
            (owned(ty), api.page.as_ref().and_then(|page| page.decoder.parse().ok()).unwrap_or_default())
        }
        Some(ty) => (owned(ty), path(&api.decoder).unwrap_or_else(|| quote!(decode::json))),
        None => (quote!(()), path(&api.empty_decoder).unwrap_or_else(|| quote!(decode::empty))),
    }
}
