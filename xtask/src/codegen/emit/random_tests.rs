//! A test per operation that decodes random responses: what the description allows, the client reads.

use super::super::plan::Plan;
use super::super::walk::Refusal;
use super::example::call;
use super::rust::RustFile;
use super::types::ident;
use super::wire_tests::raw;
use quote::quote;
use std::collections::BTreeSet;

/// The tests of all operations with a generated method.
pub(crate) fn file(plan: &Plan<'_>) -> Result<RustFile, Refusal> {
    let mut file =
        RustFile::new("Decodes random responses of every operation: all that the description allows.");
    let mut names = BTreeSet::new();
    file.items(quote! {
        #[allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]
        static DESCRIPTION: LazyLock<Value> =
            LazyLock::new(|| serde_json::from_str(include_str!("../../openapi.json")).unwrap());

        /// Makes the call for random responses of the operation.
        #[allow(clippy::panic, reason = "in a test, a panic is the report")]
        async fn decodes<T, E: Debug>(operation: &str, call: impl AsyncFn(&Client) -> Result<T, E>) {
            let server = MockServer::start_async().await;
            let client = common::client(&server.base_url());
            let (status, bodies) = random_responses(&DESCRIPTION, operation);
            for body in bodies {
                let mock = server
                    .mock_async(|when, then| {
                        when.any_request();
                        then.status(status).header("content-type", "application/json").body(&body);
                    })
                    .await;
                if let Err(error) = call(&client).await {
                    panic!("{error:?}: {body}");
                }
                mock.delete_async().await;
            }
        }
    });
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
                decodes(#id, async |client| {
                    #whole
                    #expression.await
                })
                .await;
            }
        });
    }
    file.used = names;
    Ok(file)
}
