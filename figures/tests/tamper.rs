//! S10: the emulator refuses a request of which one bit was changed after it was authenticated.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use auth_client_core::testing::ScriptedTransport;
use auth_emulator::Emulator;
use figures::scheme::{Client, Options, Scheme};
use figures::{cases, report_all};
use http::{HeaderMap, Method};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A request as text that a flip can be applied to.
struct Signed {
    line: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// What is signed, or is the credential itself.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    Method,
    Target,
    Header(&'static str),
    Body,
}

impl Signed {
    /// Signs a new request: a nonce is good once.
    async fn new(
        client: &Client,
        transport: &ScriptedTransport,
        (method, path, body): (&Method, &str, &Value),
    ) -> Self {
        client.send(method.clone(), path, body).await.unwrap_err();
        let request = transport.requests().pop().unwrap();
        let target = request.uri.path_and_query().unwrap();
        Self {
            line: format!("{} {target} HTTP/1.1", request.method),
            headers: request.headers,
            body: request.body.to_vec(),
        }
    }

    fn bytes_of(&self, part: Part) -> Vec<u8> {
        let mut words = self.line.split(' ');
        match part {
            Part::Method => words.next().unwrap().as_bytes().to_vec(),
            Part::Target => words.nth(1).unwrap().as_bytes().to_vec(),
            Part::Header(name) => self.headers[name].as_bytes().to_vec(),
            Part::Body => self.body.clone(),
        }
    }

    /// The request with another value of one part.
    fn with(&self, part: Part, value: &[u8], host: &str) -> Vec<u8> {
        let of = |which: Part| if which == part { value.to_vec() } else { self.bytes_of(which) };
        let mut bytes =
            [of(Part::Method), b" ".to_vec(), of(Part::Target), b" HTTP/1.1\r\n".to_vec()].concat();
        bytes.extend(format!("host: {host}\r\nconnection: close\r\n").into_bytes());
        for (name, own) in &self.headers {
            let own = match part {
                Part::Header(which) if name == which => value,
                _ => own.as_bytes(),
            };
            bytes.extend([name.as_str().as_bytes(), b": ", own, b"\r\n"].concat());
        }
        if !self.headers.contains_key("content-length") && !self.body.is_empty() {
            bytes.extend(format!("content-length: {}\r\n", self.body.len()).into_bytes());
        }
        bytes.extend(b"\r\n");
        bytes.extend(of(Part::Body));
        bytes
    }
}

/// The status of the response; 0 if there was none.
async fn status(host: &str, request: &[u8]) -> u16 {
    let mut stream = TcpStream::connect(host).await.unwrap();
    let _ = stream.write_all(request).await;
    let mut response = Vec::new();
    // A flip can make a server wait for more.
    let _ = tokio::time::timeout(Duration::from_secs(2), stream.read_to_end(&mut response)).await;
    let text = String::from_utf8_lossy(&response);
    text.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or_default()
}

/// Whether two strings are the same to a server: what authenticates is compared without the case of its first word, and one
/// base64 text has several forms whose last bits differ.
fn same(part: Part, before: &[u8], after: &[u8]) -> bool {
    let (before, after) = (String::from_utf8_lossy(before), String::from_utf8_lossy(after));
    match part {
        Part::Header("authorization") => {
            let split =
                |text: &str| text.split_once(' ').map(|(word, rest)| (word.to_lowercase(), rest.to_owned()));
            // Virtuous signs everything in small letters, the nonce too.
            let nonce = |rest: &str| match rest.split(':').collect::<Vec<_>>()[..] {
                [key, signature, nonce, time] => [key, signature, &nonce.to_lowercase(), time].join(":"),
                _ => rest.to_owned(),
            };
            let meaning = |text: &str| split(text).map(|(word, rest)| (word, nonce(&rest)));
            meaning(&before).is_some() && meaning(&before) == meaning(&after)
        }
        // The vendor's server compares paths without case.
        Part::Target => before.eq_ignore_ascii_case(&after),
        _ => before == after,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_bit_of_what_is_signed_is_refused() {
    let emulator = Emulator::builder().start().await.unwrap();
    let (vault, virtuous) = (emulator.vaultvision(), emulator.virtuous());
    let (reve, verigator) = (emulator.revesecure(), emulator.verigator());
    let keys = [virtuous.application_key(), virtuous.private_key()];
    let setups = [
        (Scheme::Key, vault.base_url(), [vault.api_key(), String::new()], Method::GET, "/v1/tenants", vec![]),
        (
            Scheme::SignedRequest,
            virtuous.base_url(),
            keys.clone(),
            Method::GET,
            "/api/Contact/ByReference/crm%2F17",
            vec![Part::Method, Part::Target],
        ),
        (
            Scheme::SignedRequest,
            virtuous.base_url(),
            keys,
            Method::POST,
            // The vendor signs no body.
            "/api/v2/Gift/Transaction",
            vec![Part::Method, Part::Target],
        ),
        (
            Scheme::SignedPassword,
            reve.base_url(),
            [reve.api_key(), reve.secret_key()],
            Method::GET,
            "/rest/v1/users",
            vec![Part::Method, Part::Target, Part::Header("date")],
        ),
        (
            Scheme::SignedPassword,
            reve.base_url(),
            [reve.api_key(), reve.secret_key()],
            Method::POST,
            "/rest/v1/users",
            vec![Part::Method, Part::Target, Part::Header("date"), Part::Body],
        ),
        (
            Scheme::HeaderPair,
            verigator.base_url(),
            [verigator.username(), verigator.password()],
            Method::POST,
            "/service",
            vec![],
        ),
    ];
    let giver = json!({ "firstName": "Zoe", "lastName": "M" });
    let gift = json!({ "contact": giver, "giftType": "Credit", "amount": "1.00" });
    let user = json!({ "ContactNumber": "8123465790", "CountryCode": "91", "UserName": "figures" });
    let service = json!({ "fqdn": "figures.example", "name": "figures" });
    let step = usize::try_from(cases(7, 1)).unwrap();
    let (mut tried, mut wanted, mut unchanged) = (0, 0, 0);
    for (scheme, url, [first, second], method, path, signed) in setups {
        let credential = if scheme == Scheme::HeaderPair { "x-service-auth" } else { "authorization" };
        let body = match scheme {
            Scheme::HeaderPair => &service,
            Scheme::SignedPassword => &user,
            _ => &gift,
        };
        let transport = ScriptedTransport::new();
        let options = Options {
            transport: Some(std::sync::Arc::new(transport.clone())),
            attempts: Some(1),
            ..Options::new(&url)
        };
        let client = scheme.with(&options, [&first, &second]).unwrap();
        let host = url.strip_prefix("http://").unwrap().split('/').next().unwrap().to_owned();
        let original = Signed::new(&client, &transport, (&method, path, body)).await;
        let accepted = status(&host, &original.with(Part::Method, method.as_str().as_bytes(), &host)).await;
        assert!(!matches!(accepted, 0 | 400 | 401 | 403), "{scheme:?} {path}: {accepted}");
        for part in [vec![Part::Header(credential)], signed].concat() {
            let bits = original.bytes_of(part).len() * 8;
            wanted += bits.div_ceil(step) as u64;
            for bit in (0..bits).step_by(step) {
                let request = Signed::new(&client, &transport, (&method, path, body)).await;
                let before = request.bytes_of(part);
                let mut after = before.clone();
                after[bit / 8] ^= 1 << (bit % 8);
                tried += 1;
                let status = status(&host, &request.with(part, &after, &host)).await;
                if (200..300).contains(&status) {
                    let shown = String::from_utf8_lossy(&after).into_owned();
                    assert!(
                        same(part, &before, &after),
                        "{scheme:?} {path} {part:?} bit {bit}: {status} for {shown}"
                    );
                    unchanged += 1;
                }
            }
        }
    }
    assert!(wanted > 6_000 / step as u64, "{wanted}");
    report_all("S10.tamper", tried, wanted, &format!("0 accepted but {unchanged} that mean the same"));
}
