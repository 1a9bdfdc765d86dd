//! One file per resource: its handle, how the handle is obtained, and a method per operation.

use super::super::description::{Operation, Parameter, Resource, Type};
use super::super::plan::{BodyForm, Model, Plan};
use super::super::refused;
use super::super::walk::Refusal;
use super::construct::initial;
use super::convert::modify;
use super::docs::{doc, example, handle as handle_docs, method as method_docs, statements};
use super::example::call;
use super::operations::static_name;
use super::rust::RustFile;
use super::types::{answer, argument_type, body_name, ident, input, is_copy, owned};
use crate::Failure;
use heck::ToUpperCamelCase as _;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens as _, quote};
use std::path::Path;

/// The type of a resource's handle: `Users`.
pub(crate) fn handle_name(resource: &Resource) -> Ident {
    ident(&resource.name.to_upper_camel_case())
}

pub(crate) fn file<'a>(
    plan: &Plan<'a>,
    resource: &'a Resource,
    crate_name: &str,
    root: &Path,
) -> Result<RustFile, Failure> {
    let name = handle_name(resource);
    let count = plan.operations_of(resource).count();
    let plural = if count == 1 { "operation" } else { "operations" };
    let mut file = RustFile::new(format!("Resource handle `{name}` with {count} {plural}."));
    // Methods that are written by hand stand elsewhere in the crate, and so does the handle that hangs on another.
    let fields = plan.bound(resource).into_iter().map(|parameter| {
        let (name, ty) = (ident(&parameter.rust), bound_type(parameter));
        quote!(pub(crate) #name: #ty)
    });
    let docs = doc(&handle_docs(plan, &resource.summary, &accessor_path(plan, resource)), 0);
    file.items(quote! {
        #docs
        #[derive(Clone, Copy, Debug)]
        pub struct #name<'a> { pub(crate) client: &'a Client, #(#fields,)* }
    });
    if resource.parent.is_none() {
        let accessor = accessor(plan, resource, false);
        file.items(quote!(impl Client { #accessor }));
    }
    let calls = plan.operations_of(resource).map(|operation| {
        // A body of fifty fields shows less than one of five.
        let bodies = operation.body.as_ref().map(|body| body.examples.as_slice()).unwrap_or_default();
        let body = bodies.iter().find(|example| example.name == "short").or(bodies.first());
        call(plan, operation, body)
    });
    let calls = calls.collect::<Result<Vec<_>, Refusal>>().map_err(|it| refused(crate_name, &it))?;
    let (statements, mut methods) = (statements(&calls, root)?, Vec::new());
    for ((operation, call), statement) in plan.operations_of(resource).zip(&calls).zip(&statements) {
        let text = method_docs(plan, operation, &example(plan, call, statement, crate_name));
        methods.push(method(plan, operation, &text));
        methods.extend(modify(plan, operation, crate_name, root)?);
    }
    let shows_secrets = methods.iter().any(|method| method.to_string().contains("expose_secret"));
    file.used.extend(shows_secrets.then(|| "ExposeSecret".to_owned()));
    let children = plan.api.resources.iter().filter(|child| child.parent.as_ref() == Some(&resource.name));
    let children: Vec<_> = children.map(|child| accessor(plan, child, true)).collect();
    file.items(match children.as_slice() {
        [] => quote!(impl #name<'_> { #(#methods)* }),
        _ => quote!(impl<'a> #name<'a> { #(#children)* #(#methods)* }),
    });
    Ok(file)
}

fn bound_type(parameter: &Parameter) -> TokenStream {
    if parameter.ty == Type::Integer { quote!(i64) } else { quote!(&'a str) }
}

/// Where a handle comes from, as a link.
fn accessor_path(plan: &Plan<'_>, resource: &Resource) -> String {
    match resource.parent.as_deref().and_then(|parent| plan.resource(parent)) {
        Some(parent) => {
            format!("[`{0}::{1}`](crate::resources::{0}::{1})", handle_name(parent), resource.name)
        }
        None => format!("[`Client::{}`]", resource.name),
    }
}

/// The method that makes a handle.
fn accessor<'a>(plan: &Plan<'a>, resource: &'a Resource, nested: bool) -> TokenStream {
    let (name, handle) = (ident(&resource.name), handle_name(resource));
    let own = plan.bound_here(resource);
    let explained = own.and_then(|it| Some(format!("\n\n- `{}`: {}", it.rust, it.docs.as_ref()?)));
    let docs = doc(&(resource.summary.clone() + &explained.unwrap_or_default()), 4);
    let argument = own.map(|parameter| {
        let (name, ty) = (ident(&parameter.rust), bound_type(parameter));
        quote!(#name: #ty)
    });
    let own_field = own.map(|parameter| ident(&parameter.rust));
    if nested {
        let above = plan.bound(resource).into_iter();
        let above = above.filter(|parameter| own.is_none_or(|own| own.wire != parameter.wire));
        let above: Vec<Ident> = above.map(|parameter| ident(&parameter.rust)).collect();
        return quote! {
            #docs
            #[must_use]
            pub fn #name(&self, #argument) -> #handle<'a> {
                #handle { client: self.client, #(#above: self.#above,)* #own_field }
            }
        };
    }
    let named = own.is_some_and(|parameter| parameter.ty != Type::Integer);
    let (lifetime, this, result) = match named {
        true => (quote!(<'a>), quote!(&'a self), quote!(#handle<'a>)),
        false => (quote!(), quote!(&self), quote!(#handle<'_>)),
    };
    quote! {
        #docs
        #[must_use]
        pub fn #name #lifetime(#this, #argument) -> #result {
            #handle { client: self, #own_field }
        }
    }
}

fn method<'a>(plan: &Plan<'a>, operation: &'a Operation, docs: &str) -> TokenStream {
    let docs = doc(docs, 4);
    let name = ident(&operation.method);
    let arguments = plan.arguments(operation);
    let (prefix, mut parameters) = if operation.named_arguments {
        let ty = ident(&operation.arguments_type());
        (quote!(arguments.), vec![quote!(arguments: #ty)])
    } else {
        let own = arguments.iter().map(|argument| {
            let (name, ty) = (ident(&argument.rust), argument_type(&argument.ty));
            quote!(#name: #ty)
        });
        (TokenStream::new(), own.collect())
    };
    let form = plan.body(operation);
    let values = operation.path_parameters.iter().map(|parameter| {
        let name = ident(&parameter.rust);
        let own = arguments.iter().any(|argument| argument.in_path && argument.wire == parameter.wire);
        if let (Some(id), Some(form @ BodyForm::Custom(_))) = (&operation.body_id, &form)
            && *id == parameter.wire
        {
            let body = ident(&body_name(operation, form));
            return quote!(#body.id().into());
        }
        match (own, operation.named_arguments, &parameter.ty) {
            _ if parameter.filled => quote!(self.client.#name().into()),
            (false, ..) => quote!(self.#name.into()),
            (true, _, Type::Named(_)) => quote!(#prefix #name.as_str().into()),
            (true, _, Type::Secret) => quote!(#prefix #name.expose_secret().into()),
            (true, true, Type::Text) => quote!((&arguments.#name).into()),
            (true, ..) => quote!(#prefix #name.into()),
        }
    });
    let operation_name = static_name(operation);
    let mut request = quote!(self.client.engine().request(&operations::#operation_name, &[#(#values),*]));
    if let Some(check) = operation.check.as_ref().and_then(|check| check.parse::<TokenStream>().ok()) {
        let values = arguments.iter().map(|argument| {
            let name = ident(&argument.rust);
            match (operation.named_arguments, is_copy(&argument.ty)) {
                (true, false) => quote!(&arguments.#name),
                _ => quote!(#prefix #name),
            }
        });
        request = quote!(#request.check(#check(&operations::#operation_name, #(#values),*)));
    }
    for parameter in &operation.query {
        let (wire, name) = (&parameter.wire, ident(&parameter.rust));
        let place = if parameter.required { quote!(#prefix #name) } else { quote!(options.#name) };
        let value = match (&parameter.ty, parameter.required) {
            (Type::Named(_), true) => quote!(#place.as_str()),
            (Type::Named(ty), false) => {
                let ty = ident(ty);
                quote!(#place.as_ref().map(#ty::as_str))
            }
            (Type::Secret, true) => quote!(#place.expose_secret()),
            (Type::Secret, false) => quote!(#place.as_ref().map(|secret| secret.expose_secret())),
            (ty, required) if is_copy(ty) || (required && !operation.named_arguments) => place,
            _ => quote!(&#place),
        };
        request = quote!(#request.query(#wire, #value));
    }
    let mut before = TokenStream::new();
    if let Some(form) = form {
        let (parameter, mut value) = body_argument(operation, &form);
        parameters.push(parameter);
        let checks = not_empty(operation, &form);
        if !checks.is_empty() || matches!((&form, filled(&form)), (BodyForm::Into(_), Some(_))) {
            // What is looked at and then sent needs a name.
            let body = body_variable(operation, &form);
            if let BodyForm::Direct(..) | BodyForm::Into(_) = form {
                let made = std::mem::replace(&mut value, quote!(&#body));
                let made = made.into_iter().skip(1).collect::<TokenStream>();
                let ty = operation.body.as_ref().filter(|_| matches!(form, BodyForm::Into(_)));
                let ty = ty.map(|body| owned(&body.ty)).map(|ty| quote!(: #ty));
                before = quote!(let #body #ty = #made;);
            }
            request = quote!(#request #(.check(#checks))*);
        }
        request = match filled(&form) {
            Some(filled) => {
                let (with, filled) = (ident(&format!("with_{filled}")), ident(filled));
                let body = body_variable(operation, &form);
                quote!(#request.json(&self.client.#with(#body.#filled.as_ref(), #value)))
            }
            None => match &form {
                // What was read is sent with its secrets, which serde alone does not show.
                BodyForm::Whole(_) => quote!(#request.json(&Exposed(#value))),
                BodyForm::Custom(_) => quote!(#request.json(&#value.to_body())),
                _ => quote!(#request.json(#value)),
            },
        };
        let check = operation.body.as_ref().and_then(|body| body.check.as_ref()?.parse::<TokenStream>().ok());
        if let Some(check) = check {
            request = quote!(#request.check(#check(&operations::#operation_name, #value)));
        }
    }
    if !plan.optional_query(operation).is_empty() {
        let ty = ident(&operation.options_type());
        parameters.push(quote!(options: #ty));
    }
    if operation.paging.is_some() {
        request =
            quote!(#request.check(check::page(&operations::#operation_name, options.skip, options.take)));
    }
    let (answer, decoder) = answer(plan.api, operation);
    quote! {
        #docs
        pub fn #name(&self, #(#parameters),*) -> Call<#answer> {
            #before
            #request.call(#decoder)
        }
    }
}

/// What the client adds to a body.
fn filled<'a>(form: &BodyForm<'a>) -> Option<&'a str> {
    match form {
        BodyForm::Direct(model, _) | BodyForm::Into(model) | BodyForm::Value(model) => {
            model.object()?.filled.as_deref()
        }
        _ => None,
    }
}

/// The variable that holds the body where it is looked at before it is sent.
fn body_variable(operation: &Operation, form: &BodyForm<'_>) -> Ident {
    match form {
        BodyForm::Direct(..) => ident("body"),
        form => ident(&body_name(operation, form)),
    }
}

/// The checks of the strings in a body that must not be empty.
fn not_empty(operation: &Operation, form: &BodyForm<'_>) -> Vec<TokenStream> {
    let (name, body) = (static_name(operation), body_variable(operation, form));
    let one = form.model().filter(|_| !matches!(form, BodyForm::List(_)));
    let checked = one.map_or(&[][..], Model::properties).iter().filter(|property| property.not_empty);
    let checks = checked.map(|property| {
        let (wire, field) = (&property.wire, ident(&property.rust));
        let text = match (&property.ty, property.is_option()) {
            (Type::Secret, false) => quote!(#body.#field.expose_secret()),
            (Type::Secret, true) => quote!(#body.#field.as_ref().map(|secret| secret.expose_secret())),
            (_, false) => quote!(#body.#field.as_str()),
            (_, true) => quote!(#body.#field.as_deref()),
        };
        quote!(check::not_empty(&operations::#name, #wire, #text))
    });
    checks.collect()
}

/// The parameter of a body, and what is serialised.
fn body_argument(operation: &Operation, form: &BodyForm<'_>) -> (TokenStream, TokenStream) {
    match form {
        BodyForm::Direct(model, property) => {
            let (field, model) = (ident(&property.rust), ident(&model.schema.name));
            let (ty, value) = input(&property.ty, &field);
            let value = initial(&field, &value);
            (quote!(#field: #ty), quote!(&#model { #value }))
        }
        form => {
            let (name, ty) = (ident(&body_name(operation, form)), form.model());
            let ty = match form {
                BodyForm::Custom(path) => owned(&Type::Custom(path.clone())),
                _ => ty.map(|model| ident(&model.schema.name).into_token_stream()).unwrap_or_default(),
            };
            match form {
                BodyForm::Into(_) => (quote!(#name: impl Into<#ty>), quote!(&#name.into())),
                BodyForm::Value(_) => (quote!(#name: #ty), quote!(&#name)),
                BodyForm::List(_) => (quote!(#name: &[#ty]), quote!(#name)),
                _ => (quote!(#name: &#ty), quote!(#name)),
            }
        }
    }
}
