//! Secrets in wrong places, of every provider, in every usual encoding: nothing that the emulator shows contains one.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex};

use auth_emulator::{Emulator, Outcome};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use common::{Request, split_url};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use sha2::Digest as _;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const SEED: &str = r#"
credentials:
  VIRTUOUS_PASSWORD: pass phrase+of/virtuous
  VIRTUOUS_API_KEY: key-of-virtuous
  VERIGATOR_PASSWORD: correct horse
  VV_API_KEY: key-of-vault
faults:
  - {provider: vaultvision, caller: key-of-vault, operation: users.delete, fault: {status: 503}}
  - {provider: virtuous, caller: key-of-virtuous, operation: gifts.delete, fault: {status: 503}}
"#;
const CALLBACK: &str = "http://localhost:8090/callback";
const VERIFIER: &str = "a-verifier-of-at-least-forty-three-characters";
const FORM: &str = "application/x-www-form-urlencoded";

/// What the emulator logs.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn form(pairs: &[(&str, &str)]) -> String {
    let pairs = pairs.iter().map(|(name, value)| format!("{name}={}", encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// The value of a parameter in a redirect's address.
fn parameter(url: &str, name: &str) -> String {
    let value = url.split(['?', '&']).find_map(|pair| pair.strip_prefix(&format!("{name}=")));
    value.unwrap_or_else(|| panic!("no {name} in {url}")).to_owned()
}

/// A secret as it is and in other encodings.
fn forms(secret: &str) -> Vec<String> {
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let percent = encode(secret);
    let all: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let every_second: String =
        (secret.chars().enumerate())
            .map(|(at, letter)| {
                if at % 2 == 0 { encode(&letter.to_string()) } else { format!("%{:02X}", u32::from(letter)) }
            })
            .collect();
    let lower = all.to_lowercase();
    let base64 =
        [STANDARD.encode(secret), URL_SAFE_NO_PAD.encode(secret), STANDARD.encode(format!("x:{secret}"))];
    let twice = encode(&percent);
    [
        vec![percent.clone(), percent.replace("%20", "+"), all, lower, every_second, twice, hex],
        base64.map(|one| encode(&one)).to_vec(),
    ]
    .concat()
}

/// The secrets of every provider with its name, after a login at each.
async fn secrets(emulator: &Emulator) -> BTreeSet<(&'static str, String)> {
    let mut secrets = BTreeSet::new();
    let public = [
        "VIRTUOUS_USERNAME",
        "VIRTUOUS_APPLICATION_KEY",
        "VERIGATOR_USERNAME",
        "REVESECURE_API_KEY",
        "VISE_HOST",
    ];
    for (provider, ready) in &emulator.ready().providers {
        let env = ready.env.iter().filter(|(name, _)| !name.ends_with("_URL") && !public.contains(*name));
        secrets.extend(env.map(|(_, value)| (*provider, value.clone())));
    }
    let virtuous = emulator.virtuous();
    let at = |path: &str| format!("{}{path}", virtuous.base_url());
    let login = form(&[
        ("grant_type", "password"),
        ("username", &virtuous.username()),
        ("password", &virtuous.password()),
    ]);
    let issued = Request::new("POST", &at("/Token"))
        .header("Content-Type", FORM)
        .body(login.clone())
        .send()
        .await
        .json();
    let issued = ["access_token", "refresh_token"].map(|name| issued[name].as_str().unwrap().to_owned());
    secrets.extend(issued.map(|token| ("virtuous", token)));
    virtuous.configure(|settings| settings.two_factor = true);
    Request::new("POST", &at("/Token")).header("Content-Type", FORM).body(login).send().await;
    virtuous.configure(|settings| settings.two_factor = false);
    let webhook = json!({ "payloadUrl": "https://hooks.example.test/virtuous", "secret": "secret-of-webhook", "giftCreate": true });
    let made = Request::new("POST", &at("/api/Webhook")).json(&webhook);
    let made = made.header("Authorization", &format!("Bearer {}", virtuous.api_key())).send().await;
    assert_eq!(made.status, 200, "{}", made.text());
    secrets.insert(("virtuous", "secret-of-webhook".to_owned()));

    let vise = emulator.vise();
    for host in 0..vise.host_count() {
        secrets.insert(("vise", vise.phrase(host)));
        let url = format!("http://{}/auth?pfk={}", vise.host(host), encode(&vise.phrase(host)));
        let opened = Request::new("GET", &url).send().await;
        let cookies = opened.headers.iter().filter(|(name, _)| name == "set-cookie");
        let sessions = cookies.filter_map(|(_, value)| value.split(';').next()?.split_once('='));
        secrets.extend(
            sessions.map(|(_, value)| ("vise", value.to_owned())).filter(|(_, value)| value.len() > 10),
        );
    }

    let vault = emulator.vaultvision();
    let login = vault.prepare_login(CALLBACK).unwrap();
    let challenge = URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(VERIFIER));
    let authorization = form(&[
        ("response_type", "code"),
        ("client_id", &login.client_id),
        ("redirect_uri", CALLBACK),
        ("scope", "openid email"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ]);
    let page = form(&[("request", &authorization), ("email", &login.email), ("password", &login.password)]);
    let page =
        Request::new("POST", &format!("{}/login", login.issuer)).header("Content-Type", FORM).body(page);
    let page = page.send().await;
    let session = page.header("set-cookie").unwrap().split([';', '=']).nth(1).unwrap().to_owned();
    let code = parameter(page.header("location").unwrap(), "code");
    let exchange = form(&[
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("client_id", &login.client_id),
        ("client_secret", &login.client_secret),
    ]);
    let tokens = Request::new("POST", &format!("{}/oauth/token", login.issuer))
        .header("Content-Type", FORM)
        .body(exchange);
    let tokens = tokens.send().await.json();
    let issued = ["access_token", "id_token"].map(|name| tokens[name].as_str().unwrap().to_owned());
    let more = [session, code, login.client_secret];
    secrets.extend(issued.into_iter().chain(more).map(|secret| ("vaultvision", secret)));

    let verigator = emulator.verigator();
    let call = |method: &str, path: &str, body: Value| {
        Request::new(method, &format!("{}/v1/service/service{path}", verigator.base_url()))
            .header("X-Service-Auth", &format!("{}:{}", verigator.username(), verigator.password()))
            .header("Accept", "application/json")
            .json(&body)
    };
    let id = |value: Value| value["id"].as_str().unwrap().to_owned();
    let service = id(call("POST", "", json!({ "fqdn": "a.example", "name": "A" })).send().await.json());
    let user = json!({ "id_in_service": "anna", "phone_number": "+37251000001" });
    let user = id(call("POST", &format!("/{service}/users"), user).send().await.json());
    call("POST", &format!("/{service}/users/{user}/auth"), json!({ "method": "sms" })).send().await;
    let codes = emulator.pending_codes();
    assert_eq!(codes.len(), 2, "of two providers");
    secrets.extend(codes.into_iter().map(|code| (code.provider, code.code)));
    secrets
}

/// Everything that is shown without being asked for a credential.
async fn shown(emulator: &Emulator, log: &Log) -> String {
    let mut shown = String::new();
    for entry in emulator.journal() {
        shown.push_str(&serde_json::to_string(&emulator.explain(&entry.request_id)).unwrap());
    }
    let token = format!("Bearer {}", emulator.control_token());
    let mut paths: Vec<String> =
        ["/journal", "/faults", "/effects", "/catalog", "/health", "/namespaces", "/snapshots", "/clock"]
            .map(str::to_owned)
            .to_vec();
    for provider in auth_emulator::Builder::providers() {
        paths.extend(["records", "settings"].map(|part| format!("/providers/{provider}/{part}")));
    }
    for path in paths {
        let request = Request::new("GET", &format!("{}{path}", emulator.control_url()));
        let response = request.header("Authorization", &token).send().await;
        assert!(response.status < 300, "{path}: {}", response.text());
        shown.push_str(&response.text());
    }
    shown.push_str(&String::from_utf8_lossy(&log.0.lock().unwrap()));
    shown
}

#[tokio::test]
async fn secrets_in_wrong_places_are_not_shown() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .init();
    let builder = Emulator::builder().seed_file(SEED).unwrap().journal_capacity(100_000);
    let emulator = builder.vaultvision(|settings| settings.bcrypt_cost = 4).start().await.unwrap();
    let secrets = secrets(&emulator).await;
    assert!(secrets.len() > 20, "{secrets:?}");
    let before = shown(&emulator, &log).await;
    let look = |shown: &str, when: &str| {
        for (_, secret) in &secrets {
            for form in [vec![secret.clone()], forms(secret)].concat() {
                if let Some(at) = shown.find(&form) {
                    let around: String =
                        shown[..at].chars().rev().take(300).collect::<Vec<_>>().into_iter().rev().collect();
                    panic!("{when}: {secret:?} as {form:?} after {around}");
                }
            }
        }
    };
    look(&before, "after logins");
    // The emulator does not keep these, so that it recognizes them only in the fields where they belong.
    assert!(!before.contains(VERIFIER) && !before.contains("battery staple"));
    let ready = emulator.ready();
    let mut addresses: Vec<(&str, String)> =
        ready.providers.iter().map(|(name, provider)| (*name, provider.base_url.clone())).collect();
    addresses.push(("vise", format!("http://{}", emulator.vise().host(1))));
    addresses.push(("vaultvision", ready.providers["vaultvision"].env["VV_ISSUER_URL"].clone()));
    // Unknown ones too, as of another environment.
    let unknown =
        ["emulator-password-0123456789abcdef", "98765432", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"];
    let everything = secrets.iter().map(|(provider, secret)| (Some(*provider), secret.as_str()));
    for (owner, secret) in everything.chain(unknown.map(|secret| (None, secret))) {
        let is_known = owner.is_some();
        // Each provider looks for its own secrets.
        let addresses: Vec<&String> = addresses
            .iter()
            .filter(|(provider, _)| owner.is_none_or(|owner| owner == *provider))
            .map(|(_, address)| address)
            .collect();
        for (number, form) in forms(secret).into_iter().enumerate() {
            let address = addresses[number % addresses.len()];
            let (socket, base) = split_url(address);
            for path in [
                format!("/nowhere/{form}"),
                format!("/authh/x{form}y/z"),
                format!("/{form}"),
                format!("/nowhere;key={form}"),
            ] {
                Request::new("GET", &format!("{address}{path}")).send().await;
                // Refused by the check of heads.
                let mut stream = TcpStream::connect(socket).await.unwrap();
                let head = format!("GET {base}{path} HTTP/1.1\r\nHost: {socket}\r\nHost: {socket}\r\n\r\n");
                stream.write_all(head.as_bytes()).await.unwrap();
                let mut refused = String::new();
                stream.read_to_string(&mut refused).await.unwrap();
                assert!(refused.starts_with("HTTP/1.1 400"), "{refused}");
            }
            if !is_known {
                continue;
            }
            for path in [
                "/api/Contact/",
                "/api/Project/Code/",
                "/rest/v1/users/",
                "/v1/tenants/",
                "/v1/service/service/",
            ] {
                for address in &addresses {
                    Request::new("GET", &format!("{address}{path}{form}")).send().await;
                }
            }
            let url = format!("{address}/nowhere?page={form}&sortBy={form}&take={form}&{form}={form}");
            let wrong = Request::new("GET", &url).header("User-Agent", &form).header("X-Request-Id", &form);
            wrong.header("Authorization", &format!("Bearer {form}")).send().await;
        }
        if !is_known {
            continue;
        }
        for address in &addresses {
            let body = json!({ "name": secret, "note": { "x": [format!("a{secret}b")] }, "id": secret });
            for path in
                ["/nowhere", "/api/Contact", "/v1/service/service", "/rest/v1/users", "/v1/tenants", "/login"]
            {
                Request::new("POST", &format!("{address}{path}")).json(&body).send().await;
                let fields = Request::new("POST", &format!("{address}{path}")).header("Content-Type", FORM);
                fields.body(form(&[("name", secret), ("redirect_uri", secret)])).send().await;
            }
        }
    }
    let failed =
        |id: &str| emulator.explain(id).unwrap().checks.iter().any(|check| check.outcome == Outcome::Fail);
    assert!(emulator.journal().iter().skip(1000).all(|entry| failed(&entry.request_id)), "all are explained");
    let after = shown(&emulator, &log).await;
    look(&after, "after mistakes");
    for secret in unknown {
        assert!(!after.contains(secret), "{secret}");
    }
}
