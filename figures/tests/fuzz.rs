//! S8: parsers, decoders and signers under a fuzzer: none panics, and what they accept they write again.
//!
//! `cargo test` goes through some thousand inputs each, made from the lines of `corpus/`; an input that failed once becomes a
//! line there. The same tests search by coverage, for as long as you like, with
//! `cargo bolero test -p figures --engine libfuzzer --rustc-bootstrap TEST` (`cargo install cargo-bolero`).

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use auth_client_core::provider::BaseUrl;
use auth_client_core::provider::auth_core::scheme::{ApiKey, BasicHmac, Bearer, HeaderPair};
use auth_client_core::provider::auth_core::store::{StoreKey, StoredToken, TokenStore};
use auth_client_core::provider::auth_core::{Origin, SecretString, Sign, SigningRequest};
use auth_client_core::testing::{ManualTime, ScriptedTransport};
use auth_client_core::{DateTime, RawJson};
use auth_token_store::FileStore;
use figures::fuzz::{input, seeds};
use figures::scheme::{Options, Scheme};
use figures::{cases, report};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

const MODELS: &str = include_str!("corpus/models.txt");
const TEXT: &str = include_str!("corpus/text.txt");
const HEADERS: &str = include_str!("corpus/headers.txt");
const CREDENTIALS: &str = include_str!("corpus/credentials.txt");
const WEBHOOKS: &str = include_str!("corpus/webhooks.txt");

/// Runs a target on all lines of a corpus and on changed ones.
fn fuzz(name: &str, corpus: &str, executions: u64, target: impl Fn(&[u8])) {
    let (seeds, done) = (seeds(corpus), AtomicU64::new(0));
    for seed in &seeds {
        target(seed.as_bytes());
    }
    let iterations = usize::try_from(executions).unwrap();
    // Nothing is used after a panic, which ends the test.
    let target = AssertUnwindSafe(target);
    bolero::check!().with_iterations(iterations).with_max_len(64).for_each(|bytes: &[u8]| {
        done.fetch_add(1, Ordering::Relaxed);
        target(&input(&seeds, bytes));
    });
    let done = done.load(Ordering::Relaxed);
    assert!(done >= executions, "{name}: {done} of {executions} executions");
    report("S8.fuzz", done, "no panic");
}

fn fast() -> u64 {
    cases(3_000, 10_000_000)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs a call to its end; nothing here waits for anything but the manual clock.
fn finish<T>(call: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(call)
}

/// What is read and written again is the same.
fn round_trip<T>(bytes: &[u8])
where
    T: serde::de::DeserializeOwned + serde::Serialize + std::fmt::Debug,
{
    let Ok(read) = serde_json::from_slice::<T>(bytes) else { return };
    let written = serde_json::to_string(&read).unwrap();
    let again: T = serde_json::from_str(&written).unwrap_or_else(|error| panic!("{written}: {error}"));
    assert_eq!(serde_json::to_string(&again).unwrap(), written);
}

#[test]
fn models() {
    fuzz("models", MODELS, fast(), |bytes| {
        round_trip::<virtuous_client::models::Contact>(bytes);
        round_trip::<virtuous_client::models::Gift>(bytes);
        round_trip::<vaultvision_client::models::User>(bytes);
        round_trip::<verigator_client::models::Service>(bytes);
    });
}

#[test]
fn json_as_it_came() {
    fuzz("raw JSON", MODELS, fast(), |bytes| {
        let Ok(raw) = text(bytes).parse::<RawJson>() else { return };
        assert_eq!(raw.to_string().parse::<RawJson>().unwrap(), raw);
    });
}

#[test]
fn dates() {
    fuzz("dates", TEXT, fast(), |bytes| {
        let text = text(bytes);
        let date = DateTime::from(text.as_str());
        assert_eq!(date.as_str(), text);
        let _ = (date.civil(), date.to_system_time(), date.to_string());
        let again: DateTime = serde_json::from_str(&serde_json::to_string(&date).unwrap()).unwrap();
        assert_eq!(again.to_wire(), date.to_wire());
    });
}

#[test]
fn amounts() {
    fuzz("amounts", TEXT, fast(), |bytes| {
        let text = text(bytes);
        let _ = virtuous_client::models::Amount::from_display(&text);
        let Ok(amount) = text.parse::<virtuous_client::models::Amount>() else { return };
        assert_eq!(amount.to_string().parse::<virtuous_client::models::Amount>(), Ok(amount), "{text}");
    });
}

#[test]
fn base_urls() {
    fuzz("base URLs", TEXT, fast(), |bytes| {
        let text = text(bytes);
        let Ok(base) = BaseUrl::parse("base URL", &text) else { return };
        let origin = base.origin().to_string();
        let parsed = url::Url::parse(&text).unwrap();
        assert!(parsed.username().is_empty() && parsed.password().is_none(), "{text} has a user");
        let loopback = origin.starts_with("http://127.")
            || origin.starts_with("http://[::1]")
            || origin.starts_with("http://localhost");
        assert!(origin.starts_with("https://") || loopback, "{text} is {origin}");
    });
}

#[test]
fn signature_headers_of_webhooks() {
    let secret = SecretString::from("it is a secret");
    fuzz("webhook signatures", HEADERS, fast(), |bytes| {
        assert!(virtuous_client::webhook::verify(&secret, b"{}", &text(bytes)).is_err(), "{bytes:?}");
    });
}

#[test]
fn bodies_of_webhooks() {
    fuzz("webhook bodies", WEBHOOKS, fast(), |bytes| {
        if let Ok(delivery) = virtuous_client::webhook::Delivery::parse(bytes) {
            for payload in &delivery.payloads {
                let _ = (payload.record(), format!("{payload:?}"));
            }
        }
    });
}

#[test]
fn envelopes() {
    fuzz("envelopes", MODELS, fast(), |bytes| {
        if let Some(envelope) = revesecure_client::models::Envelope::read(bytes) {
            let _ = (envelope.code(), envelope.description(), envelope.error(), envelope.is_success());
        }
    });
}

#[test]
fn passwords() {
    use vaultvision_client::models::NewPassword;
    fuzz("passwords", CREDENTIALS, fast(), |bytes| {
        let text = text(bytes);
        for password in [
            NewPassword::bcrypt(text.clone()),
            NewPassword::md5(text.clone()),
            NewPassword::sha1(text.clone()),
            NewPassword::sha256(text.clone()),
            NewPassword::sha512(text.clone()),
        ] {
            let printed = format!("{password:?} {:?}", password.as_ref().map(NewPassword::warning));
            assert!(text.len() < 32 || !printed.contains(&text), "it is printed");
        }
    });
}

/// A signer refuses a credential or a request, or makes one header that holds nothing else.
#[test]
fn signers() {
    let (origin, headers) = (Origin::https("shop.example"), HeaderMap::new());
    fuzz("signers", CREDENTIALS, fast(), |bytes| {
        let text = text(bytes);
        let (user, secret) = text.split_at(text.floor_char_boundary(text.len() / 2));
        let secret = SecretString::from(secret);
        let name = HeaderName::from_static("x-key");
        let signers: [Option<Box<dyn Sign>>; 4] = [
            Bearer::new(&secret).ok().map(|signer| Box::new(signer) as _),
            ApiKey::new(name.clone(), &secret).ok().map(|signer| Box::new(signer) as _),
            HeaderPair::new(name, user, &secret).ok().map(|signer| Box::new(signer) as _),
            BasicHmac::new(user, &secret).ok().map(|signer| Box::new(signer) as _),
        ];
        let path = format!(
            "/v1?q={}",
            percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC)
        );
        let request =
            SigningRequest::new(&Method::POST, &origin, &path, &headers, bytes, SystemTime::UNIX_EPOCH);
        for signer in signers.iter().flatten() {
            let Ok(parts) = signer.sign(&request) else { continue };
            let again = signer.sign(&request).unwrap();
            assert!(parts.headers().eq(again.headers()), "a signer depends on its request alone");
        }
    });
}

/// A call to a server that responds with this, however it is authenticated.
fn respond(scheme: Scheme, status: u16, head: &[(&str, &str)], body: &[u8]) {
    let mut transport = ScriptedTransport::new();
    for _ in 0..4 {
        transport = transport.response(status, head, body.to_vec());
    }
    let options = Options { time: Some(ManualTime::auto()), ..Options::scripted(transport) };
    let client = scheme.client(&options).unwrap();
    if let Err(failed) = finish(client.call(Method::GET, "/x")) {
        assert!(body.len() < 12 || !failed.printed.contains(&text(body)), "{}", failed.printed);
    }
}

/// Calls take longer than a parser.
fn calls() -> u64 {
    cases(300, 100_000)
}

#[test]
fn error_bodies() {
    fuzz("error bodies", MODELS, calls(), |bytes| {
        for (index, scheme) in Scheme::ALL.into_iter().enumerate() {
            let status = [400, 401, 403, 404, 429, 500][(index + bytes.len()) % 6];
            respond(scheme, status, &[("content-type", "application/json")], bytes);
        }
    });
}

#[test]
fn headers_of_responses() {
    fuzz("response headers", HEADERS, calls(), |bytes| {
        let text = text(bytes);
        if HeaderValue::from_str(&text).is_err() {
            return;
        }
        for name in
            ["retry-after", "set-cookie", "content-type", "date", "www-authenticate", "x-ratelimit-reset"]
        {
            for status in [200, 401, 429] {
                respond(Scheme::Session, status, &[(name, &text)], b"[]");
                respond(Scheme::Tokens, status, &[(name, &text)], b"{}");
            }
        }
    });
}

/// Any host of a VISE list is a host, or refused.
#[test]
fn hosts() {
    let client =
        vise_client::Client::builder("token".to_owned()).transport(ScriptedTransport::new()).build().unwrap();
    fuzz("hosts", TEXT, fast(), |bytes| {
        let text = text(bytes);
        let Ok(session) = client.session(&text, "phrase") else { return };
        let host = session.host().to_string();
        assert!(!host.contains(['@', '?', '#', '\\', ' ']), "{text} is {host}");
    });
}

/// Any query value and id reach the server as they are, or are refused.
#[test]
fn ids_and_queries() {
    let transport = ScriptedTransport::new();
    let client = verigator_client::Client::builder("user", "password".to_owned());
    let client = client.base_url("https://shop.example").transport(transport.clone()).build().unwrap();
    fuzz("ids and queries", TEXT, calls(), |bytes| {
        let text = text(bytes);
        let before = transport.requests().len();
        let _ = transport.clone().json(200, "[]");
        let users = client.users(&text);
        let sent = finish(users.list().query("q", text.as_str()).send()).map(drop);
        let requests = transport.requests();
        let Some(request) = requests.get(before) else {
            let error = sent.unwrap_err();
            assert_eq!(error.kind(), verigator_client::ErrorKind::InvalidInput, "{error}");
            return;
        };
        let url = url::Url::parse(&request.uri.to_string()).unwrap();
        let segments: Vec<&str> = url.path_segments().unwrap().collect();
        let id = segments.iter().rev().nth(1).unwrap();
        assert_eq!(percent_encoding::percent_decode_str(id).decode_utf8_lossy(), text);
        assert!(url.query_pairs().any(|(name, value)| name == "q" && value == text), "{url}");
    });
}

/// Any file is a token or an error that says nothing of its content.
#[test]
fn stored_tokens() {
    let path = std::env::temp_dir().join(format!("figures-fuzz-{}.json", std::process::id()));
    let (store, key) = (FileStore::at(&path), StoreKey::new("shop", "https://shop.example", "anna"));
    let token = StoredToken::new(7, SecretString::from("c4n4ry-access-token"));
    finish(async { store.lock(&key).await.unwrap().save(&token).await }).unwrap();
    let corpus = std::fs::read_to_string(&path).unwrap().replace('\n', " ");
    fuzz("stored tokens", &corpus, calls(), |bytes| {
        std::fs::write(&path, bytes).unwrap();
        match finish(store.load(&key)) {
            Ok(_) => {}
            Err(error) => assert!(!format!("{error} {error:?}").contains("c4n4ry")),
        }
    });
    std::fs::remove_file(&path).unwrap();
}
