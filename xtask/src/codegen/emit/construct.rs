//! How values are made: `new`, steps, `From`, and setters.
//!
//! Used for request models, for named arguments and for the optional parameters of a query.

use super::super::description::{Parameter, Property, Type};
use super::docs::{described, doc};
use super::types::{ident, input, owned};
use heck::ToUpperCamelCase as _;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

/// A field, as far as constructors and setters care.
pub(crate) struct Field<'a> {
    pub(crate) rust: &'a str,
    pub(crate) docs: Option<&'a str>,
    pub(crate) ty: &'a Type,
    is_option: bool,
}

impl<'a> From<&'a Property> for Field<'a> {
    fn from(property: &'a Property) -> Self {
        let Property { rust, docs, ty, .. } = property;
        Self { rust, docs: docs.as_deref(), ty, is_option: property.is_option() }
    }
}

impl<'a> From<&'a Parameter> for Field<'a> {
    fn from(Parameter { rust, docs, ty, required, .. }: &'a Parameter) -> Self {
        Self { rust, docs: docs.as_deref(), ty, is_option: !required }
    }
}

/// How values of a type are made.
pub(crate) struct Constructor<'a> {
    pub(crate) type_name: String,
    /// One required field after the other, so that none can be swapped.
    pub(crate) staged: bool,
    pub(crate) required: Vec<Field<'a>>,
    pub(crate) others: Vec<Field<'a>>,
    /// Whether it has a field for unknown fields.
    pub(crate) unknown: bool,
}

impl Constructor<'_> {
    /// The first step, or `new` with the required fields; all others are empty. Without required fields it is the default.
    pub(crate) fn first(&self) -> TokenStream {
        if self.staged {
            return self.steps().0;
        }
        if self.required.is_empty() {
            return quote! {
                #[must_use]
                pub fn new() -> Self {
                    Self::default()
                }
            };
        }
        let names: Vec<_> = self.required.iter().map(|field| ident(field.rust)).collect();
        let (types, values): (Vec<_>, Vec<_>) =
            self.required.iter().zip(&names).map(|(field, name)| input(field.ty, name)).unzip();
        let list: Vec<String> = self.required.iter().map(|field| format!("`{}`", field.rust)).collect();
        let summary = format!("Creates a [`{}`] from its required {}.", self.type_name, joined(&list));
        let (summary, rest) = (doc(&summary, 4), self.rest());
        let fields = names.iter().zip(&values).map(|(name, value)| initial(name, value));
        quote! {
            #summary
            pub fn new(#(#names: #types),*) -> Self {
                Self { #(#fields,)* #rest }
            }
        }
    }

    /// The fields that a caller has not given.
    fn rest(&self) -> TokenStream {
        let fields = self.others.iter().map(|field| {
            let name = ident(field.rust);
            if field.is_option { quote!(#name: None,) } else { quote!(#name: Default::default(),) }
        });
        let unknown = self.unknown.then(|| quote!(unknown: UnknownFields::new(),));
        quote!(#(#fields)* #unknown)
    }

    /// `From` for the only required field.
    pub(crate) fn impls_of_from(&self) -> Option<TokenStream> {
        let [field] = self.required.as_slice() else { return None };
        let (target, name) = (ident(&self.type_name), ident(field.rust));
        let sources: Vec<TokenStream> = match field.ty {
            Type::Text => vec![quote!(&str), quote!(String)],
            Type::Secret => vec![quote!(&str), quote!(String), quote!(SecretString)],
            ty => vec![owned(ty)],
        };
        Some(quote! {
            #(impl From<#sources> for #target {
                fn from(#name: #sources) -> Self {
                    Self::new(#name)
                }
            })*
        })
    }

    /// The first step as a function of the type itself, and the types of the steps between.
    ///
    /// Users never name a step: the types stand in a private module, reached by method calls alone.
    pub(crate) fn steps(&self) -> (TokenStream, TokenStream) {
        let (mut first, mut steps) = (TokenStream::new(), TokenStream::new());
        for (index, field) in self.required.iter().enumerate() {
            let given = self.required.get(..index).unwrap_or_default();
            let names: Vec<Ident> = given.iter().map(|field| ident(field.rust)).collect();
            let name = ident(field.rust);
            let (ty, value) = input(field.ty, &name);
            let (docs, value) = (described(field.docs, 4), initial(&name, &value));
            let (result, rest) = match index + 1 == self.required.len() {
                true => (ident(&self.type_name), self.rest()),
                false => (self.step(field), TokenStream::new()),
            };
            let body = quote!(#result { #(#names: self.#names,)* #value, #rest });
            let Some(before) = given.last() else {
                first = quote!(#docs pub fn #name(#name: #ty) -> #result { #body });
                continue;
            };
            let step = self.step(before);
            let types = given.iter().map(|field| owned(field.ty));
            let named = (field.rust.starts_with("is_") || field.rust.starts_with("to_")).then(|| {
                quote!(#[allow(clippy::wrong_self_convention, reason = "named like the field that it sets")])
            });
            let summary = format!("Builder step of [`{}`]: call `.{}(…)` next.", self.type_name, field.rust);
            let summary = doc(&summary, 0);
            steps.extend(quote! {
                #summary
                #[derive(Clone, Debug)]
                #[must_use = "required values are still missing"]
                pub struct #step { #(pub(super) #names: #types),* }

                impl #step {
                    #docs
                    #named
                    pub fn #name(self, #name: #ty) -> #result {
                        #body
                    }
                }
            });
        }
        (first, steps)
    }

    /// `NewServiceWithFqdn`
    fn step(&self, field: &Field<'_>) -> Ident {
        ident(&format!("{}With{}", self.type_name, field.rust.to_upper_camel_case()))
    }

    /// `NewService::fqdn(…).name(…)`
    pub(crate) fn chain(&self) -> String {
        let steps: Vec<String> = self.required.iter().map(|field| format!("{}(…)", field.rust)).collect();
        format!("{}::{}", self.type_name, steps.join("."))
    }

    /// A chainable setter for each of the other fields.
    pub(crate) fn setters(&self) -> TokenStream {
        let setters = self.others.iter().map(|field| {
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
        });
        setters.collect()
    }
}

/// `field` or `field: value`.
pub(crate) fn initial(name: &Ident, value: &TokenStream) -> TokenStream {
    if *name == value.to_string() { quote!(#name) } else { quote!(#name: #value) }
}

fn joined(list: &[String]) -> String {
    match list {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        list => list.concat(),
    }
}
