//! `operations.rs`: what is known about each operation before it is called.

use super::super::description::{Api, Operation};
use super::docs::doc;
use super::rust::RustFile;
use super::types::ident;
use heck::{ToShoutySnakeCase as _, ToUpperCamelCase as _};
use proc_macro2::{Ident, Literal};
use quote::quote;

/// The static of an operation: `USERS_CREATE`.
pub(crate) fn static_name(operation: &Operation) -> Ident {
    ident(&operation.id.to_shouty_snake_case())
}

pub(crate) fn file(api: &Api) -> RustFile {
    let mut file = RustFile::new(
        "Operation metadata: id, method, path template and idempotency class. The methods of the resource handles use it.",
    );
    for operation in &api.operations {
        let name = static_name(operation);
        let docs = doc(&format!("`{} {}`: {}", operation.verb, operation.path, operation.summary), 0);
        let (id, path) = (&operation.id, &operation.path);
        let verb = ident(operation.verb);
        let class = ident(&operation.class.as_str().to_upper_camel_case());
        let mut value = quote!(Operation::new(#id, Method::#verb, #path, Idempotency::#class));
        if !operation.not_executed_on.is_empty() {
            let list = operation.not_executed_on.iter().map(|status| Literal::u16_unsuffixed(*status));
            value = quote!(#value.not_executed_on(&[#(#list),*]));
        }
        if let Some(paging) = operation.paging {
            let max = match paging.max_take.map(Literal::u16_unsuffixed) {
                Some(max) => quote!(Some(#max)),
                None => quote!(None),
            };
            value = quote!(#value.paged(auth_client_core::provider::Paging::SkipTake { max_take: #max }));
        }
        if operation.sensitive {
            value = quote!(#value.sensitive());
        }
        let by_hand = operation
            .by_hand
            .as_ref()
            .map(|_| quote!(#[allow(dead_code, reason = "the call is written by hand")]));
        file.items(quote! {
            #docs
            #by_hand
            pub(crate) static #name: Operation = #value;
        });
    }
    let names = api.operations.iter().map(static_name);
    let count = Literal::usize_unsuffixed(api.operations.len());
    file.items(quote! {
        /// All of them, in the order of the description.
        #[cfg(test)]
        #[allow(dead_code, reason = "not every crate has a test over all of them")]
        pub(crate) static ALL: [&Operation; #count] = [#(&#names),*];
    });
    file
}
