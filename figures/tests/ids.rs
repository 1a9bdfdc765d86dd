//! S5: no id in a path reaches another endpoint than its operation's, according to two parsers of URLs.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use auth_client_core::Error;
use auth_client_core::provider::{BaseUrl, Engine, Operation, PathValue, ProviderRules, Settings};
use auth_client_core::testing::ScriptedTransport;
use auth_client_core::{Idempotency, decode};
use figures::{cases, report_all};
use http::Method;
use serde_json::Value;
use std::sync::Arc;

#[derive(Debug)]
struct Rules;

impl ProviderRules for Rules {
    fn name(&self) -> &'static str {
        "figures"
    }
}

/// Ids that reached another endpoint somewhere, or look as if they could.
const CURATED: [&str; 64] = [
    "",
    ".",
    "..",
    "...",
    "%2e",
    "%2E",
    "%2e%2e",
    "%2E%2E",
    ".%2e",
    "%2e.",
    "%252e%252e",
    "%25252e",
    "../admin",
    "..%2fadmin",
    "..%252fadmin",
    "%2e%2e%2fadmin",
    "..\\admin",
    "..%5cadmin",
    "%5c..",
    "a/../b",
    "a/..",
    "a%2f..",
    "/",
    "//",
    "%2f",
    "%2F%2F",
    "\\",
    "?",
    "a?b=c",
    "%3f",
    "#",
    "a#b",
    "%23",
    ";",
    "a;b=c",
    "..;",
    "..;/admin",
    "&",
    "=",
    "a&b=c",
    ":",
    "a:b",
    "@",
    "user@host",
    "http://evil.example",
    "//evil.example",
    " ",
    "a b",
    "+",
    "a+b",
    "%20",
    "%",
    "%%",
    "%zz",
    "%2",
    "\n",
    "\r\n",
    "..\n",
    "\t",
    "\0",
    "%00",
    "\u{7f}",
    "\u{2028}",
    "\u{202e}abc",
];

/// The path templates of all descriptions, those with parameters.
fn templates() -> Vec<String> {
    let mut found = Vec::new();
    for name in ["revesecure", "vaultvision", "verigator", "virtuous"] {
        let path = format!("{}/../crates/{name}-client/openapi.json", env!("CARGO_MANIFEST_DIR"));
        let description: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        found.extend(
            description["paths"].as_object().unwrap().keys().filter(|path| path.contains('{')).cloned(),
        );
    }
    found
}

fn count(template: &str) -> usize {
    template.matches('{').count()
}

struct Judge {
    engine: Engine,
    transport: ScriptedTransport,
}

impl Judge {
    fn new() -> Self {
        let transport = ScriptedTransport::new();
        let mut settings = Settings::new("figures/1.0");
        settings.set_transport(Arc::new(transport.clone()));
        settings.set_retry(auth_client_core::RetryPolicy::none());
        let base = BaseUrl::parse("base URL", "https://vendor.example/base").unwrap();
        let engine = Engine::new(&settings, base, Rules, None).unwrap();
        Self { engine, transport }
    }

    /// Whether the ids were sent; panics if they arrive as anything but themselves.
    async fn sent(&self, operation: &'static Operation, ids: &[&str]) -> bool {
        let values: Vec<PathValue<'_>> = ids.iter().map(|id| PathValue::from(*id)).collect();
        let before = self.transport.requests().len();
        // There is no response: the request alone counts.
        let _: Result<(), Error> = self.engine.request(operation, &values).call(decode::empty).await;
        let requests = self.transport.requests();
        let Some(request) = requests.get(before) else { return false };
        let text = request.uri.to_string();
        let by_url = url::Url::parse(&text).unwrap();
        assert_eq!(by_url.as_str(), text, "{ids:?}: one parser changes the URL");
        let by_rfc = fluent_uri::Uri::parse(text.as_str()).unwrap().normalize();
        // Unreserved characters in capital or small hexadecimal digits are the same; a path of other segments isn't.
        assert_eq!(
            segments(by_rfc.path().as_str()),
            segments(by_url.path()),
            "{ids:?}: the parsers disagree"
        );
        assert_eq!(
            (by_url.host_str(), by_url.query(), by_url.fragment()),
            (Some("vendor.example"), None, None),
            "{ids:?}"
        );
        let mut ids = ids.iter();
        let wanted: Vec<String> = format!("/base{}", operation.path())
            .split('/')
            .map(
                |part| {
                    if part.starts_with('{') { (*ids.next().unwrap()).to_owned() } else { part.to_owned() }
                },
            )
            .collect();
        assert_eq!(segments(by_url.path()), wanted);
        true
    }
}

fn segments(path: &str) -> Vec<String> {
    path.split('/')
        .map(|part| percent_encoding::percent_decode_str(part).decode_utf8().unwrap().into_owned())
        .collect()
}

fn operation(template: &str) -> &'static Operation {
    let path: &'static str = Box::leak(template.to_owned().into_boxed_str());
    Box::leak(Box::new(Operation::new("figures.get", Method::GET, path, Idempotency::Read)))
}

#[tokio::test]
async fn curated_ids_reach_no_other_path_of_any_operation() {
    let (mut tried, mut refused) = (0, 0);
    let templates = templates();
    for template in &templates {
        let judge = Judge::new();
        let operation = operation(template);
        for id in CURATED {
            let ids = vec![id; count(template)];
            refused += u64::from(!judge.sent(operation, &ids).await);
            tried += 1;
        }
    }
    let wanted = (templates.len() * CURATED.len()) as u64;
    assert!(refused > 0 && refused < tried);
    report_all(
        "S5.path-ids",
        tried,
        wanted,
        &format!("0 of them reached another path, {refused} refused before sending"),
    );
}

#[tokio::test]
async fn generated_ids_reach_no_other_path() {
    let wanted = cases(20_000, 1_000_000);
    let mut random = fastrand::Rng::with_seed(5);
    let parts = CURATED.iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
    let operation = operation("/things/{thing_id}/parts/{part_id}");
    let (mut tried, mut refused, mut judge) = (0, 0, Judge::new());
    for number in 0..wanted {
        // The transport keeps what it has seen.
        if number % 1_000 == 0 {
            judge = Judge::new();
        }
        let mut id = || {
            let mut id = String::new();
            for _ in 0..random.usize(1..6) {
                match random.u8(0..3) {
                    0 => id.push_str(parts[random.usize(..parts.len())]),
                    1 => id.push(random.char(..)),
                    _ => id.push(char::from(random.u8(..128))),
                }
            }
            id
        };
        let (first, second) = (id(), id());
        refused += u64::from(!judge.sent(operation, &[&first, &second]).await);
        tried += 1;
    }
    report_all(
        "S5.path-ids",
        tried,
        wanted,
        &format!("0 of them reached another path, {refused} refused before sending"),
    );
}
