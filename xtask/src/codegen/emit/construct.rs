//! How values are made: `new`, steps, `From`, and setters.
//!
//! Used for request models, for named arguments and for the optional parameters of a query.

use super::super::description::{Parameter, Property, Type};
use super::docs::{described, doc};
use super::types::{ident, input, owned};
use heck::ToUpperCamelCase as _;
use proc_macro2::TokenStream;
use quote::quote;

/// A field, as far as constructors and setters care.
pub(crate) struct Field<'a> {
    pub(crate) rust: &'a str,
    pub(crate) docs: Option<&'a str>,
    pub(crate) ty: &'a Type,
    pub(crate) is_option: bool,
}

impl<'a> Field<'a> {
    pub(crate) fn all(properties: &[&'a Property]) -> Vec<Self> {
        let field = |property: &&'a Property| {
            let Property { rust, docs, ty, .. } = property;
            Self { rust, docs: docs.as_deref(), ty, is_option: property.is_option() }
        };
        properties.iter().map(field).collect()
    }

    pub(crate) fn of_parameter(parameter: &'a Parameter) -> Self {
        let Parameter { rust, docs, ty, required, .. } = parameter;
        Self { rust, docs: docs.as_deref(), ty, is_option: !required }
    }
}

/// `new` with these fields; all others are empty. Without fields it is the default.
pub(crate) fn new(
    type_name: &str,
    required: &[Field<'_>],
    others: &[Field<'_>],
    unknown: bool,
) -> TokenStream {
    if required.is_empty() {
        return quote! {
            #[must_use]
            pub fn new() -> Self {
                Self::default()
            }
        };
    }
    let names: Vec<_> = required.iter().map(|field| ident(field.rust)).collect();
    let (types, values): (Vec<_>, Vec<_>) =
        required.iter().zip(&names).map(|(field, name)| input(field.ty, name)).unzip();
    let rest = rest(others, unknown);
    let list: Vec<String> = required.iter().map(|field| format!("`{}`", field.rust)).collect();
    let summary = doc(&format!("Creates a [`{type_name}`] from its required {}.", joined(&list)), 4);
    let fields = names.iter().zip(&values).map(|(name, value)| initial(name, value));
    quote! {
        #summary
        pub fn new(#(#names: #types),*) -> Self {
            Self { #(#fields,)* #rest }
        }
    }
}

/// `field` or `field: value`.
pub(crate) fn initial(name: &proc_macro2::Ident, value: &TokenStream) -> TokenStream {
    if *name == value.to_string() { quote!(#name) } else { quote!(#name: #value) }
}

fn rest(others: &[Field<'_>], unknown: bool) -> TokenStream {
    let fields = others.iter().map(|field| {
        let name = ident(field.rust);
        if field.is_option { quote!(#name: None,) } else { quote!(#name: Default::default(),) }
    });
    let unknown = unknown.then(|| quote!(unknown: UnknownFields::new(),));
    quote!(#(#fields)* #unknown)
}

fn joined(list: &[String]) -> String {
    match list {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        list => list.concat(),
    }
}

/// `From` for the only required field.
pub(crate) fn from(type_name: &str, field: &Field<'_>) -> TokenStream {
    let target = ident(type_name);
    let name = ident(field.rust);
    let sources: Vec<TokenStream> = match field.ty {
        Type::Text => vec![quote!(&str), quote!(String)],
        Type::Secret => vec![quote!(&str), quote!(String), quote!(SecretString)],
        ty => vec![owned(ty)],
    };
    quote! {
        #(impl From<#sources> for #target {
            fn from(#name: #sources) -> Self {
                Self::new(#name)
            }
        })*
    }
}

/// The first step as a function of the type itself, and the types of the steps between.
///
/// Users never name a step: the types stand in a private module, reached by method calls alone.
pub(crate) fn staged(
    type_name: &str,
    required: &[Field<'_>],
    others: &[Field<'_>],
    unknown: bool,
) -> (TokenStream, TokenStream) {
    let target = ident(type_name);
    let mut first = TokenStream::new();
    let mut steps = TokenStream::new();
    for (index, field) in required.iter().enumerate() {
        let name = ident(field.rust);
        let (ty, value) = input(field.ty, &name);
        let given = required.get(..index).unwrap_or_default();
        let given: Vec<_> = given.iter().map(|field| ident(field.rust)).collect();
        let docs = described(field.docs, 4);
        let value = initial(&name, &value);
        let last = index + 1 == required.len();
        let (result, body) = if last {
            let rest = rest(others, unknown);
            (quote!(#target), quote!(#target { #(#given: self.#given,)* #value, #rest }))
        } else {
            let step = step_name(type_name, field);
            (quote!(#step), quote!(#step { #(#given: self.#given,)* #value }))
        };
        if index == 0 {
            first = quote! {
                #docs
                pub fn #name(#name: #ty) -> #result {
                    #body
                }
            };
        } else if let Some(before) = required.get(index - 1) {
            let step = step_name(type_name, before);
            let fields = required.get(..index).unwrap_or_default().iter().map(|field| {
                let (name, ty) = (ident(field.rust), owned(field.ty));
                quote!(pub(super) #name: #ty)
            });
            let named = (field.rust.starts_with("is_") || field.rust.starts_with("to_")).then(|| {
                quote!(#[allow(clippy::wrong_self_convention, reason = "named like the field that it sets")])
            });
            let summary =
                doc(&format!("Builder step of [`{type_name}`]: call `.{}(…)` next.", field.rust), 0);
            steps.extend(quote! {
                #summary
                #[derive(Clone, Debug)]
                #[must_use = "required values are still missing"]
                pub struct #step { #(#fields),* }

                impl #step {
                    #docs
                    #named
                    pub fn #name(self, #name: #ty) -> #result {
                        #body
                    }
                }
            });
        }
    }
    (first, steps)
}

/// `NewServiceWithFqdn`
fn step_name(type_name: &str, field: &Field<'_>) -> proc_macro2::Ident {
    ident(&format!("{type_name}With{}", field.rust.to_upper_camel_case()))
}

/// `NewService::fqdn(…).name(…)`
pub(crate) fn chain(type_name: &str, required: &[Field<'_>]) -> String {
    let steps: Vec<String> = required.iter().map(|field| format!("{}(…)", field.rust)).collect();
    format!("{type_name}::{}", steps.join("."))
}

/// A chainable setter.
pub(crate) fn setter(field: &Field<'_>) -> TokenStream {
    let name = ident(field.rust);
    let (ty, value) = input(field.ty, &name);
    let docs = described(field.docs, 4);
    let value = if field.is_option { quote!(Some(#value)) } else { value };
    quote! {
        #docs
        #[must_use]
        pub fn #name(mut self, #name: #ty) -> Self {
            self.#name = #value;
            self
        }
    }
}
