//! The methods that read something, change it and send it back.

use super::super::description::Operation;
use super::super::plan::Plan;
use super::Stop;
use super::convert::{lost, may_fail};
use super::docs::{doc, example, statements};
use super::example::{Call, modify as modify_call};
use super::types::{answer, argument_type, ident};
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use std::collections::BTreeSet;
use std::path::Path;

type Result<T> = std::result::Result<T, Stop>;

/// The read-modify-write method of an update.
pub(super) fn modify<'a>(
    plan: &Plan<'a>,
    operation: &'a Operation,
    crate_name: &str,
    root: &Path,
) -> Result<Option<TokenStream>> {
    let Some((read, model)) = plan.modified(operation) else { return Ok(None) };
    let method = match operation.method.as_str() {
        "update" => "modify".to_owned(),
        other => format!("modify_{}", other.trim_start_matches("update_")),
    };
    let call = Call {
        expression: modify_call(plan, operation, &method, model)?,
        result: None,
        names: BTreeSet::new(),
        whole: None,
    };
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
    let docs = doc(
        &format!(
            "Reads the object with [`{0}`](Self::{0}), applies `change`, and sends it back with [`{1}`](Self::{1}); fields that \
             `change` doesn't touch keep their values.{lost}\n\nThe vendor doesn't detect concurrent updates: the last \
             write wins.\n\n# Errors\n\nThe errors of both calls. Nothing is changed if the first one fails.\n\n\
             # Example\n\n```no_run\n{example}```",
            read.method, operation.method
        ),
        4,
    );
    let (name, body) = (ident(&method), ident(&model.schema.name));
    let (read, write) = (ident(&read.method), ident(&operation.method));
    let made = if may_fail(plan, model) {
        quote!(#body::try_from(&read.value)?)
    } else {
        quote!(#body::from(&read.value))
    };
    let options = (!plan.optional_query(operation).is_empty()).then(|| {
        let ty = ident(&operation.options_type());
        quote!(, #ty::new())
    });
    let (answer, _) = answer(plan.api, operation);
    Ok(Some(quote! {
        #docs
        pub async fn #name(&self, #(#names: #types,)* change: impl FnOnce(&mut #body)) -> Result<#answer, Error> {
            let read = self.#read(#(#names),*).reply().await?;
            let mut update = #made;
            change(&mut update);
            crate::convert::intact(&read, &update)?;
            self.#write(#(#names,)* update #options).await
        }
    }))
}
