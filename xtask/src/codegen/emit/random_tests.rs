//! A test per operation that decodes random responses: what the description allows, the client reads.

use super::super::plan::Plan;
use super::super::walk::Refusal;
use super::example::call;
use super::rust::{BLANK, PREAMBLE, RustFile};
use super::types::ident;
use super::wire_tests::raw;
use proc_macro2::TokenStream;
use quote::quote;
use std::collections::BTreeSet;

/// The modules: the tests, and what makes the responses.
pub(crate) const MODULES: [&str; 2] = ["instances", "random"];

/// The module that makes random responses; it is the same for every provider.
pub(crate) fn instances() -> String {
    format!("{PREAMBLE}\n{}", include_str!("random_tests/instances.rs"))
}

/// The tests of all operations with a generated method.
pub(crate) fn file(plan: &Plan<'_>) -> Result<RustFile, Refusal> {
    let mut file =
        RustFile::new("Decodes random responses of every operation: all that the description allows.");
    let mut names = BTreeSet::new();
    let blank: TokenStream = BLANK.parse().unwrap_or_default();
    for operation in plan.api.operations.iter().filter(|operation| operation.by_hand.is_none()) {
        let request = operation.body.as_ref().and_then(|body| body.examples.first());
        let call = call(plan, operation, request)?;
        names.extend(call.names);
        let whole = match (&call.whole, request) {
            (Some((name, ty)), Some(example)) => {
                names.insert(ty.clone());
                let (name, ty) = (ident(name), ident(ty));
                let json = raw(&example.node.sorted().to_string());
                Some(quote!(let #name: #ty = serde_json::from_str(#json).unwrap();))
            }
            _ => None,
        };
        let (test, id) = (ident(&operation.id.replace('.', "_")), &operation.id);
        let expression = call.expression;
        file.items(quote! {
            #[tokio::test]
            async fn #test() {
                let responses = instances::responses(#id);
                let server = MockServer::start_async().await;
                let client = common::client(&server.base_url());
                #whole
                #blank
                for body in &responses.bodies {
                    let mock = server
                        .mock_async(|when, then| {
                            when.any_request();
                            then.status(responses.status)
                                .header("content-type", "application/json")
                                .body(body);
                        })
                        .await;
                    if let Err(error) = #expression.await {
                        panic!("{error:?}: {body}");
                    }
                    mock.delete_async().await;
                }
            }
        });
    }
    file.used = names;
    Ok(file)
}
