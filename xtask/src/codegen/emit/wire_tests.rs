//! A test per operation: the exact request that it sends, and the value that it decodes from the example response. The
//! tests run against mock servers of `httpmock`, over whatever transport is the default.

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
    let response_text = answer.map(|example| {
        let json = raw(&example.node.to_string());
        quote!(let response = #json;)
    });
    let response_value = if answer.is_some() { quote!(response) } else { quote!("") };
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
    let value = ident(call.result.as_deref().unwrap_or("value"));
    let checks = match (&operation.answer.ty, answer) {
        (Some(ty), Some(example)) => {
            assertions(plan, ty, operation.answer.value(&example.node), &quote!(#value), names)
        }
        _ => Vec::new(),
    };
    let received = match &operation.answer.ty {
        Some(_) if !checks.is_empty() => quote!(let #value = result.unwrap();),
        Some(_) => quote!(let _ = result.unwrap();),
        None => quote!(result.unwrap();),
    };
    let (verb, target) = (operation.verb, target(operation)?);
    // The request is checked before the result is unwrapped: what differs says more than the error that it caused.
    Ok(quote! {
        #[tokio::test]
        async fn #name() {
            #body_text
            #response_text
            let exchange = Exchange::start(#verb, #target, #body_value, (#status, #response_value)).await;
            let client = common::client(&exchange.url());
            #whole
            #blank
            let result = #expression.await;
            #blank
            exchange.assert_sent();
            #received
            #(#checks)*
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
        "A test per operation, from the examples of the description: the exact request, and the decoded response. How \
         to build a client and how its requests authenticate comes from `tests/common`.",
    );
    let names =
        resources.iter().map(|resource| resource.name.as_str()).chain(more.iter().copied()).map(ident);
    file.items(quote!(#(mod #names;)*));
    file.items(quote! {
        /// A mock server that expects one request and gives one response. Any other request gets a 404.
        struct Exchange {
            server: MockServer,
            expected: usize,
            others: usize,
        }
    });
    file.items(exchange());
    file
}

fn exchange() -> TokenStream {
    let blank: TokenStream = BLANK.parse().unwrap_or_default();
    quote! {
        impl Exchange {
            /// Expects this method and target, these very headers, and this body.
            ///
            /// A target that differs only in the order or the spelling of its query is reported as `is_true` with index 0.
            async fn start(method: &str, target: &str, body: Option<&str>, response: (u16, &str)) -> Self {
                let server = MockServer::start_async().await;
                let target = format!("{}{target}", common::PREFIX);
                let (path, query) = target.split_once('?').unwrap_or((&target, ""));
                let host = server.address().to_string();
                let decoded = |text| percent_encoding::percent_decode_str(text).decode_utf8_lossy();
                let expect = |mut when: When| {
                    when = when.method(method).path(path);
                    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
                        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                        when = when.query_param(decoded(name), decoded(value));
                    }
                    when = when
                        .header("accept", "application/json")
                        .header("accept-encoding", "identity")
                        .header("host", host)
                        .header("user-agent", concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")));
                    let mut headers = 4 + common::AUTH_HEADERS;
                    if let Some(body) = body {
                        let length = body.len().to_string();
                        when = when
                            .header("content-type", "application/json")
                            .header("content-length", length)
                            .body(body);
                        headers += 2;
                    } else if ["POST", "PUT", "PATCH"].contains(&method) {
                        when = when.header("content-length", "0");
                        headers += 1;
                    }
                    let sent = target.clone();
                    let when = when
                        .header_count(".*", ".*", headers)
                        .is_true(move |request| request.uri().path_and_query().is_some_and(|at| at == sent.as_str()));
                    common::authenticated(when, &target)
                };
                let expected = server.mock(|when, then| {
                    expect(when);
                    let then = then.status(response.0);
                    if !response.1.is_empty() {
                        then.header("content-type", "application/json").body(response.1);
                    }
                });
                let others = server.mock(|when, then| {
                    when.any_request();
                    then.status(404);
                });
                let (expected, others) = (expected.id(), others.id());
                Self { server, expected, others }
            }
            #blank
            fn url(&self) -> String {
                self.server.base_url()
            }
            #blank
            /// Checks that the expected request arrived once, and no other. Shows what differs, part by part.
            fn assert_sent(&self) {
                Mock::new(self.expected, &self.server).assert();
                assert_eq!(Mock::new(self.others, &self.server).calls(), 0, "another request arrived");
            }
        }
    }
}
