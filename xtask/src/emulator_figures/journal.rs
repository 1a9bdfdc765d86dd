//! Whether a seed decides everything: the same calls in two runs, and what both runs wrote down.

use super::http::failed;
use super::server::{Binary, Options, Server};
use crate::Failure;
use std::net::TcpListener;

/// What came of it.
#[derive(Debug)]
pub(super) struct Compared {
    pub(super) same: bool,
    pub(super) another_seed_differs: bool,
    /// In each run.
    pub(super) requests: usize,
}

/// Runs seed 7 twice and seed 8 once.
pub(super) fn compare(binary: &Binary) -> Result<Compared, Failure> {
    let (port, first) = first_run(binary)?;
    let again = run(&Server::start(binary, &Options { port, seed: Some(7) })?)?;
    let other = run(&Server::start(binary, &Options { port, seed: Some(8) })?)?;
    Ok(Compared { same: first == again, another_seed_differs: first != other, requests: STEPS })
}

/// The ports are part of what is written down, so all runs have the same ones. A port that was free a moment ago may
/// be taken by now, and so may those after it.
fn first_run(binary: &Binary) -> Result<(u16, Vec<u8>), Failure> {
    let mut last = failed("no free port was found".to_owned());
    for _ in 0..5 {
        let free = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
        let port = free.map_err(|error| failed(format!("no free port: {error}")))?.port();
        match Server::start(binary, &Options { port, seed: Some(7) }) {
            Ok(server) => return Ok((port, run(&server)?)),
            Err(failure) => last = failure,
        }
    }
    Err(last)
}

/// Requests to the emulated API in one run.
const STEPS: usize = 9;

/// Goes through a whole second factor, mistakes included; gives back every answer and then the journal.
fn run(server: &Server) -> Result<Vec<u8>, Failure> {
    let credential = format!("x-service-auth: {}", server.credential()?);
    let mut api = server.verigator()?;
    let mut written = Vec::new();
    let mut steps = 0;
    let mut call = |method: &str, path: &str, credential: &str, body: &str| -> Result<Vec<u8>, Failure> {
        let answer = api.send(
            method,
            &format!("/v1/service/service{path}"),
            &[credential.as_bytes()],
            body.as_bytes(),
        )?;
        written.extend(answer.status.to_string().bytes());
        written.extend_from_slice(&answer.body);
        steps += 1;
        Ok(answer.body)
    };
    let service = id(&call("POST", "", &credential, r#"{"fqdn":"figures.example","name":"Figures"}"#)?)?;
    let users = format!("/{service}/users");
    let anna = r#"{"id_in_service":"anna","phone_number":"+37251000001"}"#;
    let user = id(&call("POST", &users, &credential, anna)?)?;
    let auth = format!("{users}/{user}/auth");
    call("GET", &users, "x-service-auth: somebody:else", "")?;
    call("POST", &auth, &credential, r#"{"method":"sms"}"#)?;
    call("PUT", &auth, &credential, r#"{"method":"sms","token":"no code"}"#)?;
    let codes = server.control("/pending-codes?provider=verigator&subject=anna")?.body;
    let code = text(&codes, "/0/code")?;
    call("PUT", &auth, &credential, &format!(r#"{{"method":"sms","token":"{code}"}}"#))?;
    call("GET", &format!("/{service}"), &credential, "")?;
    call("DELETE", &format!("{users}/{user}"), &credential, "")?;
    call("DELETE", &format!("/{service}"), &credential, "")?;
    if steps != STEPS {
        return Err(failed(format!("{steps} requests were made and {STEPS} announced")));
    }
    written.extend_from_slice(&codes);
    let journal = server.control("/journal")?.body;
    let entries = serde_json::from_slice::<Vec<serde_json::Value>>(&journal).map_or(0, |list| list.len());
    if entries != STEPS {
        return Err(failed(format!("the journal has {entries} entries after {STEPS} requests")));
    }
    written.extend_from_slice(&journal);
    Ok(written)
}

fn id(body: &[u8]) -> Result<String, Failure> {
    text(body, "/id")
}

/// The text at a JSON pointer.
fn text(body: &[u8], pointer: &str) -> Result<String, Failure> {
    serde_json::from_slice::<serde_json::Value>(body)
        .ok()
        .and_then(|value| Some(value.pointer(pointer)?.as_str()?.to_owned()))
        .ok_or_else(|| failed(format!("an answer has no {pointer}: {}", String::from_utf8_lossy(body))))
}
