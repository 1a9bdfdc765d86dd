//! From what was read to what is sent: the values of one model under the names of another, and the methods that read
//! something, change it and send it back.

use super::super::description::{Operation, Property, Type};
use super::super::plan::{Model, Plan};
use super::super::refused;
use super::super::walk::Refusal;
use super::docs::{doc, example, statements};
use super::example::{Call, modify as modify_call};
use super::types::{answer, argument_type, ident, is_copy};
use crate::Failure;
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use std::collections::BTreeSet;
use std::path::Path;

/// A field of a request, the field of the response that it is made from, and the value of that in its type.
struct Made<'a> {
    property: &'a Property,
    source: Option<&'a Property>,
    value: Option<TokenStream>,
    /// Whether the model of the response has a field of this name, so that it is never an unknown one.
    is_listed: bool,
}

impl Made<'_> {
    /// Whether the response may have this field under its own name, which its model doesn't know.
    fn may_be_unknown(&self) -> bool {
        let is_same = self.source.is_some_and(|source| source.ty == self.property.ty);
        !self.is_listed && (is_plain(&self.property.ty) || is_same)
    }
}

/// The fields of what is made from a response; none of other models.
fn made<'a>(plan: &'a Plan<'_>, model: &Model<'a>) -> Vec<Made<'a>> {
    let Some(from) = &model.schema.from else { return Vec::new() };
    let Some(read) = plan.model(&from.schema) else { return Vec::new() };
    let fields = model.properties().iter().map(|property| {
        let renamed = from.names.iter().find(|(to, _)| *to == property.wire);
        let wire = renamed.map_or(&property.wire, |(_, from)| from);
        let source = read.property(wire);
        let value = source.and_then(|source| converted(plan, &property.ty, source));
        let is_listed = read.property(&property.wire).is_some();
        Made { property, source, value, is_listed }
    });
    fields.collect()
}

/// `From` the response that a request is made from, or `TryFrom` where the request needs what a response may lack.
pub(crate) fn conversion(plan: &Plan<'_>, model: &Model<'_>) -> Option<TokenStream> {
    let from = model.schema.from.as_ref()?;
    plan.model(&from.schema)?.object()?;
    let (target, source) = (ident(&model.schema.name), ident(&from.schema));
    let made = made(plan, model);
    let fields = made.iter().map(|made| {
        let (name, value) = (ident(&made.property.rust), value(made));
        quote!(#name: #value)
    });
    // What has its own field in the request, and none in the response.
    let known = made.iter().filter(|made| !made.is_listed).map(|made| &made.property.wire);
    let unknown = quote!(unknown: auth_client_core::provider::record::carried(&read.unknown, &[#(#known),*]));
    let lost = lost(plan, model);
    let mut text = format!("Creates an update request from a [`{}`] that was read.", from.schema);
    if !lost.is_empty() {
        text += &format!(" Not part of the response, so unset: {}.", lost.join(", "));
    }
    let (docs, value) = (doc(&text, 0), quote!(Self { #(#fields,)* #unknown }));
    let (of, body) = if may_fail(plan, model) {
        let body =
            quote!(type Error = Error; fn try_from(read: &#source) -> Result<Self, Error> { Ok(#value) });
        (quote!(TryFrom), body)
    } else {
        (quote!(From), quote!(fn from(read: &#source) -> Self { #value }))
    };
    Some(quote!(#docs impl #of<&#source> for #target { #body }))
}

/// Whether a request needs what a response may lack, itself or in what it is made of.
fn may_fail(plan: &Plan<'_>, model: &Model<'_>) -> bool {
    made(plan, model).iter().any(|made| {
        let property = made.property;
        let inner = property.ty.names().and_then(|name| plan.model(name));
        property.is_argument()
            || property.convert.is_some()
            || is_date(&property.ty)
            || made.may_be_unknown()
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
fn lost(plan: &Plan<'_>, model: &Model<'_>) -> Vec<String> {
    let made = made(plan, model).into_iter();
    let lost = made.filter(|made| made.property.convert.is_none() && made.value.is_none());
    lost.map(|made| format!("`{}`", made.property.wire)).collect()
}

/// A field that the response has by name and in a type that nothing is made of: passed over in silence it would be cleared.
pub(crate) fn unconvertible(plan: &Plan<'_>, model: &Model<'_>) -> Option<Refusal> {
    let found = made(plan, model).into_iter().find(|Made { property, source, value, .. }| {
        source.is_some() && property.convert.is_none() && value.is_none()
    })?;
    let sentence = format!(
        "`{}` has a field of this name, of another type: give its schema an x-sdk-from, or name a function \
         with x-sdk-convert",
        model.schema.from.as_ref()?.schema
    );
    Some(Refusal::new(&found.property.pointer, sentence))
}

fn value(made: &Made<'_>) -> TokenStream {
    let Made { property, source, value, .. } = made;
    let wire = &property.wire;
    let listed = match property.convert.as_ref().zip(*source) {
        Some((path, source)) => {
            let (path, name) = (path.parse::<TokenStream>().unwrap_or_default(), ident(&source.rust));
            let source = &source.wire;
            Some(quote!(#path(read.#name.as_ref(), #source)?))
        }
        None => value.clone(),
    };
    // Responses have more fields than the vendor's reference, and other names than its misprints.
    let unknown = made.may_be_unknown().then(|| {
        if is_date(&property.ty) {
            quote!(crate::convert::date(crate::convert::known(&read.unknown, #wire)?.as_ref(), #wire))
        } else {
            quote!(crate::convert::known(&read.unknown, #wire))
        }
    });
    let value = match (listed, unknown) {
        (Some(listed), Some(unknown)) => quote!(crate::convert::either(#listed, || #unknown)?),
        (Some(listed), None) => listed,
        (None, Some(unknown)) => quote!(#unknown?),
        (None, None) => quote!(None),
    };
    if property.is_argument() && property.convert.is_none() {
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

/// The read-modify-write method of an update.
pub(super) fn modify<'a>(
    plan: &Plan<'a>,
    operation: &'a Operation,
    crate_name: &str,
    root: &Path,
) -> Result<Option<TokenStream>, Failure> {
    let Some((read, model)) = plan.modified(operation) else { return Ok(None) };
    let method = match operation.method.as_str() {
        "update" => "modify".to_owned(),
        other => format!("modify_{}", other.trim_start_matches("update_")),
    };
    let expression = modify_call(plan, operation, &method, model);
    let expression = expression.map_err(|refusal| refused(crate_name, &refusal))?;
    let call = Call { expression, result: None, names: BTreeSet::new(), whole: None };
    let statement = statements(std::slice::from_ref(&call), root)?.concat();
    let example = example(plan, &call, &statement, crate_name);
    let arguments = plan.arguments(operation);
    let path: Vec<_> = arguments.iter().filter(|argument| argument.in_path).collect();
    let names: Vec<Ident> = path.iter().map(|argument| ident(&argument.rust)).collect();
    let types = path.iter().map(|argument| argument_type(&argument.ty));
    let lost = lost(plan, model);
    let lost = match lost.as_slice() {
        [] => String::new(),
        lost => format!(
            "\n\nThe vendor's reference lists request fields that responses lack: {}. Those that a response contains are \
             kept; the others are cleared unless `change` sets them.",
            lost.join(", ")
        ),
    };
    let docs = format!(
        "Reads the object with [`{0}`](Self::{0}), applies `change`, and sends it back with [`{1}`](Self::{1}); fields that \
         `change` doesn't touch keep their values.{lost}\n\nThe vendor doesn't detect concurrent updates: the last \
         write wins.\n\n# Errors\n\nThe errors of both calls. Nothing is changed if the first one fails.\n\n\
         # Example\n\n```no_run\n{example}```",
        read.method, operation.method
    );
    let docs = doc(&docs, 4);
    let (name, body) = (ident(&method), ident(&model.schema.name));
    let (read, write) = (ident(&read.method), ident(&operation.method));
    let made = if may_fail(plan, model) { quote!(try_from(&read.value)?) } else { quote!(from(&read.value)) };
    let options = (!plan.optional_query(operation).is_empty()).then(|| {
        let ty = ident(&operation.options_type());
        quote!(, #ty::new())
    });
    let (answer, _) = answer(plan.api, operation);
    Ok(Some(quote! {
        #docs
        pub async fn #name(&self, #(#names: #types,)* change: impl FnOnce(&mut #body)) -> Result<#answer, Error> {
            let read = self.#read(#(#names),*).reply().await?;
            let mut update = #body::#made;
            change(&mut update);
            crate::convert::intact(&read, &update)?;
            self.#write(#(#names,)* update #options).await
        }
    }))
}
