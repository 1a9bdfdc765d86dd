//! Types of fields, arguments and responses, how an argument becomes a field, and what bodies and results are called.

use super::super::description::{Api, Operation, Type};
use super::super::plan::BodyForm;
use heck::ToSnakeCase as _;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote};

/// A name as a token. Names are checked when the description is read.
pub(crate) fn ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}

/// The type of a field.
pub(crate) fn owned(ty: &Type) -> TokenStream {
    let inner = ty.parts().nth(1).map(owned);
    match ty {
        Type::Text => quote!(String),
        Type::Secret => quote!(SecretString),
        Type::Integer => quote!(i64),
        Type::Number => quote!(f64),
        Type::Boolean => quote!(bool),
        Type::List(_) => quote!(Vec<#inner>),
        Type::Map(_) => quote!(BTreeMap<String, #inner>),
        // The type of pages has this name.
        Type::Page(_) => quote!(Page<#inner>),
        Type::FreeMap => quote!(UnknownFields),
        Type::Named(name) => ident(name).into_token_stream(),
        // By its name if it is in the root of the crate, and by its path otherwise, which was parsed when the description was read.
        Type::Custom(path) => root_name(path).unwrap_or(path).parse().unwrap_or_default(),
    }
}

/// `Money` of `crate::Money` and of `crate::models::Money`: a type that is imported by its name.
pub(crate) fn root_name(path: &str) -> Option<&str> {
    let path = path.strip_prefix("crate::")?;
    Some(path.strip_prefix("models::").unwrap_or(path)).filter(|name| !name.contains("::"))
}

/// The type of an argument that fills a field, and the conversion.
pub(crate) fn input(ty: &Type, name: &Ident) -> (TokenStream, TokenStream) {
    let (type_of, inner) = (owned(ty), ty.parts().nth(1));
    let item = inner.map(owned);
    // What strings become is given as anything that becomes it.
    let is_open = matches!(inner, Some(Type::Text | Type::Custom(_)));
    let into = is_open.then(|| quote!(.map(Into::into)));
    let item = if is_open { quote!(impl Into<#item>) } else { quote!(#item) };
    match ty {
        Type::Text | Type::Secret | Type::Custom(_) => (quote!(impl Into<#type_of>), quote!(#name.into())),
        Type::Integer | Type::Number | Type::Boolean | Type::Named(_) | Type::Page(_) => {
            (type_of, quote!(#name))
        }
        Type::List(_) => (quote!(impl IntoIterator<Item = #item>), quote!(#name.into_iter()#into.collect())),
        Type::Map(_) => {
            let value = if is_open { quote!(value.into()) } else { quote!(value) };
            (
                quote!(impl IntoIterator<Item = (impl Into<String>, #item)>),
                quote!(#name.into_iter().map(|(name, value)| (name.into(), #value)).collect()),
            )
        }
        Type::FreeMap => (
            quote!(impl IntoIterator<Item = (impl AsRef<str>, impl Into<RawJson>)>),
            quote!(#name.into_iter().collect()),
        ),
    }
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
    let (page, ty) = (api.page.as_ref().map(|page| &page.decoder), operation.answer.ty.as_ref());
    let (decoder, default) = match ty {
        Some(Type::Page(_)) => (page, quote!()),
        Some(_) => (api.decoder.as_ref(), quote!(decode::json)),
        None => (api.empty_decoder.as_ref(), quote!(decode::empty)),
    };
    let own = operation.decoder.as_ref().filter(|_| ty.is_some()).or(decoder);
    let decoder = own.and_then(|path| path.parse().ok());
    (ty.map_or_else(|| quote!(()), owned), decoder.unwrap_or(default))
}

/// What the argument of a body is called: the given name, or the type's without its `New`.
pub(super) fn body_name(operation: &Operation, form: &BodyForm<'_>) -> String {
    if let Some(name) = operation.body.as_ref().and_then(|body| body.argument.clone()) {
        return name;
    }
    let name = body_type(form);
    name.strip_prefix("New").filter(|rest| !rest.is_empty()).unwrap_or(name).to_snake_case()
}

/// The name of the type of a body.
pub(super) fn body_type<'f>(form: &'f BodyForm<'_>) -> &'f str {
    match form {
        BodyForm::Custom(path) => last_segment(path),
        form => form.model().map(|model| model.schema.name.as_str()).unwrap_or_default(),
    }
}

/// The name at the end of a path.
pub(super) fn last_segment(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}

/// What a response is called.
pub(super) fn answer_name(ty: &Type) -> String {
    match ty {
        Type::Named(name) => name.to_snake_case(),
        Type::List(inner) => plural(&answer_name(inner)),
        Type::Page(_) => "page".to_owned(),
        Type::Custom(path) => last_segment(path).to_snake_case(),
        _ => "response".to_owned(),
    }
}

fn plural(word: &str) -> String {
    match word.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if word.ends_with('s') => format!("{word}es"),
        None => format!("{word}s"),
    }
}
