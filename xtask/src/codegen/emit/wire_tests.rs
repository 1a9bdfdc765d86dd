//! A test per operation: what it puts on the wire, to the byte, and what it makes of the example's answer.

use super::super::description::{Body, Example, Operation, Parameter, Resource, Type};
use super::super::json::Node;
use super::super::plan::Plan;
use super::super::walk::Refusal;
use super::example::call;
use super::expect::assertions;
use super::rust::{BLANK, RustFile};
use super::types::ident;
use super::wire_json::wire;
use proc_macro2::{Literal, TokenStream};
use quote::quote;
use std::collections::BTreeSet;

type Result<T> = std::result::Result<T, Refusal>;

/// The tests of one resource. All types of the crate that they name are said to be used.
pub(crate) fn file<'a>(plan: &Plan<'a>, resource: &'a Resource) -> Result<RustFile> {
    let mut file = RustFile::new(format!("The operations of `{}` on the wire.", resource.name));
    let mut names = BTreeSet::new();
    for operation in plan.operations_of(resource) {
        for (index, answer) in answers(operation).into_iter().enumerate() {
            file.items(test(plan, operation, answer, index == 0, &mut names)?);
        }
    }
    file.used = names;
    Ok(file)
}

/// The example answers; one `None` where there is no body.
fn answers(operation: &Operation) -> Vec<Option<&Example>> {
    match operation.answer.examples.as_slice() {
        [] => vec![None],
        examples => examples.iter().map(Some).collect(),
    }
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
    names.extend(call.names.iter().cloned());
    let name = match answer.filter(|_| !is_first) {
        Some(example) => ident(&format!("{}_{}", operation.method, example.name)),
        None => ident(&operation.method),
    };
    let blank: TokenStream = BLANK.parse().unwrap_or_default();
    let status =
        Literal::u16_unsuffixed(operation.success.first().copied().unwrap_or(operation.answer.status));
    let answer_text = answer.map(|example| {
        let json = raw(&example.node.to_string());
        quote!(let response = #json;)
    });
    let answer_value = if answer.is_some() { quote!(response) } else { quote!("") };
    let sent = match (&operation.body, request) {
        // A hand-written body is read from the sorted example, and writes its members in the order of the example.
        (Some(Body { ty: Type::Custom(_), .. }), Some(example)) => Some(example.node.to_string()),
        (Some(body), Some(example)) => Some(wire(plan, &body.ty, &example.node).to_string()),
        _ => None,
    };
    let body_text = sent.map(|json| {
        let json = raw(&json);
        quote!(let body = #json;)
    });
    let body_value = if body_text.is_some() { quote!(Some(body)) } else { quote!(None) };
    let whole = match (&call.whole, request) {
        (Some((name, ty)), Some(example)) => {
            names.insert(ty.clone());
            let (name, ty) = (ident(name), ident(ty));
            let json = raw(&example.node.sorted().to_string());
            Some(quote!(let #name: #ty = serde_json::from_str(#json).unwrap();))
        }
        _ => None,
    };
    let expression = &call.expression;
    let mut checks = Vec::new();
    if let (Some(ty), Some(example)) = (&operation.answer.ty, answer) {
        let value = ident(call.result.as_deref().unwrap_or("response"));
        checks = assertions(plan, ty, &example.node, &quote!(#value), names);
    }
    let send = match (&call.result, &operation.answer.ty) {
        (Some(result), _) if !checks.is_empty() => {
            let result = ident(result);
            quote!(let #result = #expression.await.unwrap();)
        }
        (_, Some(_)) => quote!(let _ = #expression.await.unwrap();),
        _ => quote!(#expression.await.unwrap();),
    };
    let (verb, target) = (operation.verb, target(operation)?);
    Ok(quote! {
        #[tokio::test]
        async fn #name() {
            #body_text
            #answer_text
            let server = WireServer::start([WireServer::json(#status, #answer_value)]).unwrap();
            let client = common::client(&server.url());
            #whole
            #blank
            #send
            #blank
            #(#checks)*
            assert_sent(&server, #verb, #target, #body_value);
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
        let one = std::slice::from_ref(&parameter.example.node);
        let values = match &parameter.example.node {
            Node::Array(items) => items.as_slice(),
            _ => one,
        };
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
        _ => Err(Refusal::new(&parameter.example.pointer, "the example of a parameter is a plain value")),
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

/// `mod.rs` of the tests: what they share.
pub(crate) fn module(resources: &[&Resource], more: &[&str]) -> RustFile {
    let mut file = RustFile::new(
        "One test per operation, from the examples of the description: the request byte by byte, and the fields of the \
         decoded response. `tests/common` creates the client and says how its requests are authenticated.",
    );
    let names =
        resources.iter().map(|resource| resource.name.as_str()).chain(more.iter().copied()).map(ident);
    let blank: TokenStream = BLANK.parse().unwrap_or_default();
    file.items(quote!(#(mod #names;)*));
    file.items(quote! {
        /// Checks the only request that arrived: its line, all of its headers, and its body.
        fn assert_sent(server: &WireServer, method: &str, target: &str, body: Option<&str>) {
            let request = server.request();
            assert!(request.is_some(), "no request arrived");
            let Some(request) = request else { return };
            assert!(server.request().is_none(), "more than one request arrived");
            assert_eq!(request.line, format!("{method} {}{target} HTTP/1.1", common::PREFIX));
            assert_eq!(String::from_utf8_lossy(&request.body), body.unwrap_or_default());
            #blank
            let mut expected = common::auth_headers(&request);
            let mut expect = |name: &str, value: String| expected.push((name.to_owned(), value));
            expect("accept", "application/json".to_owned());
            expect("host", server.authority());
            expect("user-agent", concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")).to_owned());
            if let Some(body) = body {
                expect("content-type", "application/json".to_owned());
                expect("content-length", body.len().to_string());
            }
            let mut headers = request.headers;
            headers.sort();
            expected.sort();
            assert_eq!(headers, expected);
        }
    });
    file
}
