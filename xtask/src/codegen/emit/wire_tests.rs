//! A test per operation: the exact request that it sends, and the value that it decodes from the example response. The
//! tests run against mock servers of `httpmock`, over whatever transport is the default; what they check is written in
//! `crates/auth-client-core/tests/common/exchange.rs`.

use super::super::description::{Example, Operation, Parameter, Resource, Type};
use super::super::json::Node;
use super::super::plan::Plan;
use super::super::walk::Result;
use super::example::call;
use super::rust::RustFile;
use super::types::ident;
use super::wire_json::{Written, json};
use proc_macro2::{Literal, TokenStream};
use quote::quote;
use std::collections::BTreeSet;

/// The tests of one resource. All types of the crate that they name are said to be used.
pub(crate) fn file<'a>(plan: &Plan<'a>, resource: &'a Resource) -> Result<RustFile> {
    let mut file = RustFile::new(format!("The operations of `{}` on the wire.", resource.name));
    for operation in plan.operations_of(resource) {
        let answers = operation.answer.examples.iter().map(Some);
        let none = operation.answer.examples.is_empty().then_some(None);
        for (index, answer) in none.into_iter().chain(answers).enumerate() {
            let test = test(plan, operation, answer, index == 0, &mut file.used)?;
            file.items(test);
        }
    }
    Ok(file)
}

fn test<'a>(
    plan: &Plan<'a>,
    operation: &'a Operation,
    answer: Option<&Example>,
    is_first: bool,
    names: &mut BTreeSet<String>,
) -> Result<TokenStream> {
    let requests = operation.body.as_ref().map(|body| body.examples.as_slice()).unwrap_or_default();
    let same_name = requests.iter().find(|request| answer.is_some_and(|answer| answer.name == request.name));
    let request = same_name.or(requests.first());
    let call = call(plan, operation, request)?;
    names.extend(call.names);
    let name = match answer.filter(|_| !is_first) {
        Some(example) => ident(&format!("{}_{}", operation.method, example.name)),
        None => ident(&operation.method),
    };
    let (mut values, mut steps) = (TokenStream::new(), TokenStream::new());
    if let (Some(body), Some(example)) = (&operation.body, request) {
        let json = match body.ty {
            // A hand-written body is read from the sorted example, and writes its fields in the order of the example.
            Type::Custom(_) => example.node.to_string(),
            _ => json(plan, &body.ty, &example.node, Written::Request).to_string(),
        };
        let json = raw(&json);
        values.extend(quote!(let body = #json;));
        steps.extend(quote!(.body(body)));
    }
    let status = Literal::u16_unsuffixed(operation.answer.status);
    let response = answer.map(|example| raw(&example.node.to_string()));
    values.extend(response.iter().map(|json| quote!(let response = #json;)));
    let response = response.map_or_else(|| quote!(""), |_| quote!(response));
    steps.extend(quote!(.response(#status, #response)));
    if let (Some(ty), Some(example)) = (&operation.answer.ty, answer) {
        let decoded = || json(plan, ty, operation.answer.value(&example.node), Written::Model);
        let decoded = example.decoded.clone().unwrap_or_else(decoded);
        if decoded.sorted() != example.node.sorted() {
            let json = raw(&decoded.to_string());
            values.extend(quote!(let decoded = #json;));
            steps.extend(quote!(.decoded(decoded)));
        }
    }
    if let (Some((name, ty)), Some(example)) = (call.whole, request) {
        let (name, path, json) = (ident(&name), ident(&ty), raw(&example.node.sorted().to_string()));
        values.extend(quote!(let #name: #path = serde_json::from_str(#json).unwrap();));
        names.insert(ty);
    }
    let (id, verb, target, expression) = (&operation.id, operation.verb, target(operation)?, call.expression);
    Ok(quote! {
        #[tokio::test]
        async fn #name() {
            #values
            Exchange::new(#id, #verb, #target)#steps.check(async |client| #expression.await).await;
        }
    })
}

/// A raw string literal.
pub(crate) fn raw(text: &str) -> TokenStream {
    let mut hashes = String::from("#");
    while text.contains(&format!("\"{hashes}")) {
        hashes.push('#');
    }
    format!("r{hashes}\"{text}\"{hashes}").parse().unwrap_or_default()
}

/// Path and query below the client's prefix, encoded here once more and by other code than the client's.
fn target(operation: &Operation) -> Result<String> {
    let mut target = operation.path.clone();
    for parameter in &operation.path_parameters {
        let value = plain(parameter, &parameter.example.node)?;
        target = target.replace(&format!("{{{}}}", parameter.wire), &encoded(&value));
    }
    let mut separator = '?';
    for parameter in &operation.query {
        let example = &parameter.example.node;
        let values = if let Node::Array(items) = example { items } else { std::slice::from_ref(example) };
        for value in values {
            let value = encoded(&plain(parameter, value)?);
            target.push_str(&format!("{separator}{}={value}", encoded(&parameter.wire)));
            separator = '&';
        }
    }
    Ok(target)
}

fn plain(parameter: &Parameter, node: &Node) -> Result<String> {
    match node {
        Node::Text(text) => Ok(text.clone()),
        Node::Integer(value) if parameter.ty == Type::Number => Ok(value.to_string()),
        Node::Integer(_) | Node::Number(_) | Node::Bool(_) => Ok(node.to_string()),
        _ => Err(parameter.example.place().refuse("the example of a parameter is a plain value")),
    }
}

fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// `mod.rs` of the tests.
pub(crate) fn module<'n>(files: impl Iterator<Item = &'n str>) -> RustFile {
    let mut file = RustFile::new(
        "A test per operation, from the examples of the description: the exact request, and the decoded response.",
    );
    let names = files.map(ident);
    file.items(quote!(#(mod #names;)*));
    file
}
