//! Types of arguments: those that could be swapped, and the optional parameters of a query.

use super::super::description::{Api, Operation, Parameter};
use super::super::plan::Plan;
use super::construct::{Field, chain, setter, staged};
use super::docs::{alias, described, doc};
use super::types::{ident, owned};
use proc_macro2::TokenStream;
use quote::quote;

/// The type that holds the arguments of an operation by name.
pub(crate) fn named_arguments<'a>(plan: &Plan<'a>, operation: &'a Operation) -> Vec<TokenStream> {
    let arguments = plan.arguments(operation);
    let fields: Vec<Field<'_>> = arguments.into_iter().map(Field::of_parameter).collect();
    let type_name = operation.arguments_type();
    let name = ident(&type_name);
    let (id, chain) = (&operation.id, chain(&type_name, &fields));
    let docs =
        format!("Arguments of `{id}`, set by name so that two of the same type can't be swapped: `{chain}`.");
    let docs = doc(&docs, 0);
    let members = fields.iter().map(|field| {
        let (name, ty) = (ident(field.rust), owned(field.ty));
        quote!(pub(super) #name: #ty)
    });
    let (first, _) = staged(&type_name, &fields, &[], false);
    vec![
        quote! {
            #docs
            #[derive(Clone, Debug)]
            pub struct #name { #(#members,)* }
        },
        quote!(impl #name { #first }),
    ]
}

/// The steps between, to the type of arguments that could be swapped.
pub(crate) fn steps<'a>(plan: &Plan<'a>, operation: &'a Operation) -> TokenStream {
    let arguments = plan.arguments(operation);
    let fields: Vec<Field<'_>> = arguments.into_iter().map(Field::of_parameter).collect();
    staged(&operation.arguments_type(), &fields, &[], false).1
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
pub(crate) fn options(plan: &Plan<'_>, operation: &Operation) -> Vec<TokenStream> {
    let optional: Vec<&Parameter> = operation.query.iter().filter(|parameter| !parameter.required).collect();
    let fields: Vec<Field<'_>> = optional.iter().map(|parameter| Field::of_parameter(parameter)).collect();
    let type_name = operation.options_type();
    let name = ident(&type_name);
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
    let members = optional.iter().zip(&fields).map(|(parameter, field)| {
        let (name, ty, docs) = (ident(field.rust), owned(field.ty), described(field.docs, 4));
        let alias = alias(field.rust, &parameter.wire);
        quote!(#docs #alias pub #name: Option<#ty>)
    });
    let setters = fields.iter().map(setter);
    let new = super::construct::new(&type_name, &[], &fields, false);
    vec![
        quote! {
            #docs
            #[derive(Clone, Debug, Default)]
            #[non_exhaustive]
            pub struct #name { #(#members,)* }
        },
        quote!(impl #name { #new #(#setters)* }),
    ]
}
