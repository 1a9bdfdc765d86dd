//! Types of arguments: those that could be swapped, and the optional parameters of a query.

use super::super::description::{Api, Operation, Parameter};
use super::super::plan::Plan;
use super::construct::{Constructor, Field};
use super::docs::{alias, described, doc};
use super::types::{ident, owned};
use proc_macro2::TokenStream;
use quote::quote;

/// How the named arguments of an operation are made: one after the other.
pub(crate) fn named<'a>(plan: &Plan<'a>, operation: &'a Operation) -> Constructor<'a> {
    let required = plan.arguments(operation).into_iter().map(Field::from).collect();
    let (type_name, others) = (operation.arguments_type(), Vec::new());
    Constructor { type_name, staged: true, required, others, unknown: false }
}

/// The type that holds the arguments of an operation by name.
pub(crate) fn named_arguments<'a>(plan: &Plan<'a>, operation: &'a Operation) -> TokenStream {
    let made = named(plan, operation);
    let name = ident(&made.type_name);
    let (id, chain) = (&operation.id, made.chain());
    let docs =
        format!("Arguments of `{id}`, set by name so that two of the same type can't be swapped: `{chain}`.");
    let docs = doc(&docs, 0);
    let members = made.required.iter().map(|field| {
        let (name, ty) = (ident(field.rust), owned(field.ty));
        quote!(pub(super) #name: #ty)
    });
    let first = made.first();
    quote! {
        #docs
        #[derive(Clone, Debug)]
        pub struct #name { #(#members,)* }

        impl #name { #first }
    }
}

/// Returns whether an operation is the first that takes the options type of its name.
pub(crate) fn owns_options(api: &Api, operation: &Operation) -> bool {
    users_of_options(api, operation).next().is_some_and(|first| first.id == operation.id)
}

/// The operations that take the same options type; only a type that a description names has several.
fn users_of_options<'a>(api: &'a Api, operation: &'a Operation) -> impl Iterator<Item = &'a Operation> {
    let same = |known: &Operation| {
        known.id == operation.id || known.options.is_some() && known.options == operation.options
    };
    let is_optional = |parameter: &Parameter| !parameter.required;
    api.operations.iter().filter(move |known| same(known) && known.query.iter().any(is_optional))
}

/// The type of the optional query parameters.
pub(crate) fn options<'a>(plan: &Plan<'a>, operation: &'a Operation) -> TokenStream {
    let optional = plan.optional_query(operation);
    let others = optional.iter().copied().map(Field::from).collect();
    let type_name = operation.options_type();
    let made = Constructor { type_name, staged: false, required: Vec::new(), others, unknown: false };
    let name = ident(&made.type_name);
    let users: Vec<String> =
        users_of_options(plan.api, operation).map(|known| format!("`{}`", known.id)).collect();
    let unset = "Unset arguments are not sent.";
    let docs = match users.as_slice() {
        [only] => format!("Optional arguments of {only}. {unset}"),
        _ => {
            format!("Optional arguments, shared by several operations. {unset} Used by {}.", users.join(", "))
        }
    };
    let docs = doc(&docs, 0);
    let members = optional.iter().map(|Parameter { rust, wire, ty, docs, .. }| {
        let (name, ty, docs, alias) =
            (ident(rust), owned(ty), described(docs.as_deref(), 4), alias(rust, wire));
        quote!(#docs #alias pub #name: Option<#ty>)
    });
    let (new, setters) = (made.first(), made.setters());
    quote! {
        #docs
        #[derive(Clone, Debug, Default)]
        #[non_exhaustive]
        pub struct #name { #(#members,)* }

        impl #name { #new #setters }
    }
}
