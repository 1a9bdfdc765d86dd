//! Thousands of spellings of the requests of all operations: what the proxy decided about is what the emulator's router executes, and
//! what it would execute for the spelling itself; and no spelling executes an operation that the policy denies.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use auth_emulator::Emulator;
use common::proxy::Proxy;
use common::{Home, LIMIT};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

/// Spellings of each request.
const EACH: usize = 18;

/// Requests of no operation of the description in exactly this form, and those that are most often spelled otherwise.
const MORE: [(&str, &str); 9] = [
    ("POST", "/virtuous/Token"),
    ("HEAD", "/virtuous/api/Contact/17"),
    ("GET", "/virtuous/api/Nothing/17"),
    ("DELETE", "/verigator/v1/service/s"),
    ("DELETE", "/verigator/v1/service/service/s"),
    ("GET", "/verigator/v1/service/service/s/users/u"),
    ("DELETE", "/verigator/service/users/u"),
    ("DELETE", "/verigator/s/users/u"),
    ("POST", "/verigator/service/s/users/u/auth"),
];

/// An operation of the description.
struct Operation {
    provider: String,
    id: String,
    method: String,
    path: String,
    /// It is a read without credentials in its response.
    is_plain: bool,
}

/// All operations but those of VISE, whose hosts have unknown paths.
fn operations() -> Vec<Operation> {
    let lines = include_str!("../src/generated/operations.tsv").lines();
    let operation = |line: &str| {
        let (key, record) = line.split_once('\t').unwrap();
        let [provider, resource, name] = key.split('/').collect::<Vec<_>>().try_into().ok()?;
        let record: Value = serde_json::from_str(record).unwrap();
        let text = |name: &str| record[name].as_str().unwrap().to_owned();
        Some(Operation {
            provider: provider.to_owned(),
            id: format!("{resource}.{name}"),
            method: text("method"),
            path: text("path"),
            is_plain: record["class"] == "read" && record["secrets"].is_null(),
        })
    };
    lines.filter_map(operation).filter(|operation| operation.provider != "vise").collect()
}

/// The method and the path of a call at the proxy.
fn request(operation: &Operation) -> (String, String) {
    let segments =
        operation.path.split('/').map(|segment| if segment.starts_with('{') { "17" } else { segment });
    let path: Vec<&str> = segments.collect();
    (operation.method.clone(), format!("/{}{}", operation.provider, path.join("/")))
}

/// What is put between two characters, or in the place of one.
const PIECES: [&str; 52] = [
    "/",
    "//",
    "/./",
    "/../",
    "/x/../",
    "/%2e/",
    "/%2e%2e/",
    "/.%2E/",
    "%2f",
    "%2F",
    "%252f",
    "%252F",
    "%5c",
    "\\",
    "%255c",
    ";",
    ";a=b",
    "%3b",
    "%3Ba",
    "%00",
    "%0a",
    "%0d%0a",
    "%09",
    "%7f",
    "%c0%af",
    "%c0%ae",
    "%e2%81%84",
    "%ef%bc%8f",
    "%e2%80%ae",
    "%u002f",
    "%",
    "%2",
    "%zz",
    "+",
    "%20",
    ".",
    "..",
    "%2e",
    "%25",
    "?",
    "%3f",
    "%23",
    "\u{e9}",
    "\u{2215}",
    "%ef%bc%8e%ef%bc%8e",
    "%E2%80%8B",
    "%c3%84",
    ":",
    "@",
    "*",
    "%2f..%2f",
    "..;/",
];

/// What is put behind a path.
const QUERIES: [&str; 14] = [
    "?",
    "??",
    "?a=b",
    "?skip=1&skip=2",
    "?_method=DELETE",
    "?%5fmethod=DELETE",
    "?method=PUT&a",
    "?x=%00",
    "?x=%zz",
    "?/../../api/Gift/1",
    "?url=http://example.com/",
    "?a=b#c",
    "#",
    "?\u{e9}",
];

/// Headers by which some servers choose another method, path or host.
const HEADERS: [&str; 12] = [
    "x-http-method-override: DELETE",
    "x-http-method: DELETE",
    "x-method-override: PUT",
    "x-original-url: /api/Gift/1",
    "x-rewrite-url: /api/Gift/1",
    "x-forwarded-prefix: /api/Gift",
    "x-forwarded-host: example.com",
    "forwarded: host=example.com",
    "destination: /api/Gift/1",
    "x-authctl-scrub: 1",
    "connection: authorization, x-authctl-token",
    "content-location: /api/Gift/1",
];

/// A generator whose numbers are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

fn encoded(c: char, numbers: &mut Numbers) -> String {
    let mut bytes = [0; 4];
    let bytes = c.encode_utf8(&mut bytes).bytes();
    let percent = if numbers.below(4) == 0 { "%25" } else { "%" };
    match numbers.below(2) {
        0 => bytes.map(|byte| format!("{percent}{byte:02x}")).collect(),
        _ => bytes.map(|byte| format!("{percent}{byte:02X}")).collect(),
    }
}

/// Changes a path in one place. The first segment, which chooses the provider, is changed too.
fn changed(path: &str, numbers: &mut Numbers) -> String {
    let mut characters: Vec<String> = path.chars().map(String::from).collect();
    let at = 1 + numbers.below(characters.len() - 1);
    let piece = PIECES[numbers.below(PIECES.len())];
    match numbers.below(8) {
        0 => characters[at] = encoded(path.chars().nth(at).unwrap(), numbers),
        1 => characters[at] = characters[at].to_uppercase(),
        2 => characters = characters.iter().map(|one| one.to_lowercase()).collect(),
        3 => characters.push(piece.to_owned()),
        4 => characters.insert(at, piece.to_owned()),
        5 => {
            // Between two segments, where it matters most.
            let slashes: Vec<usize> = characters
                .iter()
                .enumerate()
                .filter(|(_, one)| *one == "/")
                .map(|(index, _)| index)
                .collect();
            let slash = slashes[numbers.below(slashes.len())].max(1);
            characters[slash] = piece.to_owned();
        }
        6 => {
            for one in characters.iter_mut().skip(10) {
                if one.len() == 1 && one.as_bytes()[0].is_ascii_alphabetic() {
                    *one = encoded(one.chars().next().unwrap(), numbers);
                }
            }
        }
        _ => characters.insert(1, "x/../".to_owned()),
    }
    characters.concat()
}

/// A target, a header line or none, and a method, of which most are spelled otherwise.
fn spelled(method: &str, path: &str, address: &str, numbers: &mut Numbers) -> (String, String, &'static str) {
    let mut target = path.to_owned();
    for _ in 0..numbers.below(4) {
        target = changed(&target, numbers);
    }
    if numbers.below(4) == 0 {
        target.push_str(QUERIES[numbers.below(QUERIES.len())]);
    }
    match numbers.below(40) {
        0 => target = format!("http://{address}{target}"),
        1 => target = format!("http://example.com{target}"),
        2 => target.insert(0, '/'),
        3 => target = format!("//example.com{target}"),
        4 => target = target.replacen('/', "\\", 1),
        _ => {}
    }
    let method = match numbers.below(30) {
        0 => method.to_ascii_lowercase(),
        1 => ["HEAD", "OPTIONS", "TRACE", "PATCH", "PROPFIND", "GET", "DELETE"][numbers.below(7)].to_owned(),
        _ => method.to_owned(),
    };
    let header = if numbers.below(4) == 0 { HEADERS[numbers.below(HEADERS.len())] } else { "" };
    (method, target, header)
}

/// A connection that is opened anew when the other side has closed it.
struct Connection {
    address: String,
    stream: Option<BufReader<TcpStream>>,
}

impl Connection {
    fn new(address: &str) -> Self {
        Self { address: address.trim_start_matches("http://").to_owned(), stream: None }
    }

    /// Sends a request; returns its status and headers. `None` if the connection was closed instead.
    fn send(&mut self, method: &str, target: &str, headers: &str) -> Option<(u16, BTreeMap<String, String>)> {
        let answer = self.exchange(method, target, headers);
        let has_body = method != "HEAD";
        let closes = answer.as_ref().is_none_or(|(status, headers)| {
            // What is no HTTP ends the connection.
            headers.get("connection").is_some_and(|value| value == "close") || *status == 400 || !has_body
        });
        if closes {
            self.stream = None;
        }
        answer
    }

    fn exchange(
        &mut self,
        method: &str,
        target: &str,
        more: &str,
    ) -> Option<(u16, BTreeMap<String, String>)> {
        let body = if method == "GET" { "" } else { "{\"groups\":[]}" };
        let address = self.address.clone();
        let stream = self.stream.get_or_insert_with(|| {
            let stream = TcpStream::connect(&address).unwrap();
            stream.set_read_timeout(Some(LIMIT)).unwrap();
            BufReader::new(stream)
        });
        let more = if more.is_empty() { String::new() } else { format!("{more}\r\n") };
        let request = format!(
            "{method} {target} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n{more}\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.get_mut().write_all(request.as_bytes()).ok()?;
        let mut line = String::new();
        stream.read_line(&mut line).ok()?;
        let status = line.split(' ').nth(1)?.parse().ok()?;
        let mut headers = BTreeMap::new();
        loop {
            line.clear();
            stream.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.insert(name.to_ascii_lowercase(), value.to_owned());
        }
        let length = if method == "HEAD" { None } else { headers.get("content-length") };
        stream.read_exact(&mut vec![0; length.map_or(0, |length| length.parse().unwrap())]).ok()?;
        Some((status, headers))
    }
}

/// The emulator's servers, and what each would execute.
struct Vendors<'e> {
    emulator: &'e Emulator,
    connections: BTreeMap<String, Connection>,
}

impl<'e> Vendors<'e> {
    fn new(emulator: &'e Emulator) -> Self {
        let env = emulator.env();
        let url = |name: &str| &env.iter().find(|(own, _)| *own == name).unwrap().1;
        let named = ["virtuous:VIRTUOUS", "vaultvision:VV", "revesecure:REVESECURE", "verigator:VERIGATOR"];
        let connections = named.map(|text| {
            let (provider, prefix) = text.split_once(':').unwrap();
            (provider.to_owned(), Connection::new(url(&format!("{prefix}_BASE_URL"))))
        });
        Self { emulator, connections: connections.into() }
    }

    /// The operation of a request that the emulator has received.
    fn executed(&self, headers: &BTreeMap<String, String>) -> Option<&'static str> {
        self.emulator.explain(headers.get("x-emulator-request-id")?).unwrap().request.operation
    }

    /// The operation of the same bytes without the proxy, and without a credential: nothing is executed.
    fn direct(&mut self, method: &str, target: &str) -> Option<&'static str> {
        let target = target.strip_prefix('/')?;
        let at = target.find('/')?;
        let connection = self.connections.get_mut(&target[..at])?;
        let (_, headers) = connection.send(method, &target[at..], "")?;
        self.executed(&headers)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_decided_about_is_what_is_executed() {
    let emulator = Emulator::builder().seed(7).start().await.unwrap();
    emulator.virtuous().configure(|settings| settings.calls_per_hour = 1_000_000);
    let home = Home::of(&emulator);
    // One caller may read, one may call some operations by their names, and one everything but what needs its name. All may call what
    // is not known: a known operation must not pass as unknown.
    let raw = ["virtuous", "vaultvision", "revesecure", "verigator"].map(|name| format!("\"{name}:raw\""));
    let named = "\"virtuous:contacts.*\", \"vaultvision:tenants.get\", \"verigator:authentication.*\"";
    let mut policy = String::new();
    let tokens = [("reads", "\"class:read\""), ("named", named), ("all", "\"*\"")].map(|(name, rules)| {
        let printed = home.run(&["policy", "token", name]).expect(0, "token_sha256");
        policy += &printed.out.replace("\"class:read\"", &format!("{rules}, {}", raw.join(", ")));
        printed.err.trim().trim_start_matches("token: ").to_owned()
    });
    let file = home.file("policy.toml", policy);
    let proxy = Proxy::start(&home, &["--policy", file.to_str().unwrap()]);
    let operations = operations();
    let plain: BTreeSet<&str> = operations
        .iter()
        .filter(|operation| operation.is_plain)
        .map(|operation| operation.id.as_str())
        .collect();
    let is_named =
        |id: &str| id.starts_with("contacts.") || id == "tenants.get" || id.starts_with("authentication.");
    let mut requests: Vec<(String, String)> = operations.iter().map(request).collect();
    requests.extend(MORE.map(|(method, path)| (method.to_owned(), path.to_owned())));
    let mut through = Connection::new(proxy.address());
    let mut vendors = Vendors::new(&emulator);
    let mut numbers = Numbers(0x2545_f491_4f6c_dd1d);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut problems = Vec::new();
    for (method, path) in requests.iter().flat_map(|one| std::iter::repeat_n(one, EACH)) {
        let (method, target, header) = spelled(method, path, proxy.address(), &mut numbers);
        let caller = numbers.below(tokens.len());
        let line = format!("authorization: Bearer {}\r\n{header}", tokens[caller]);
        let what = || format!("{method} {target} {header} of caller {caller}");
        let answer = through.send(&method, &target, line.trim_end());
        let Some((decided, executed)) = answer.as_ref().and_then(|(_, headers)| {
            headers.get("x-emulator-request-id")?;
            Some((headers.get("x-authctl-operation")?.as_str(), vendors.executed(headers)))
        }) else {
            // Refused: nothing arrived.
            let status = answer.map_or(0, |(status, _)| status);
            assert!(
                matches!(status, 0 | 400 | 401 | 403 | 404 | 414 | 431 | 501 | 502),
                "{}: {status}",
                what()
            );
            *counts.entry("refused").or_default() += 1;
            continue;
        };
        let meant = vendors.direct(&method, &target);
        let allowed = match caller {
            0 => executed.is_none_or(|id| plain.contains(id)),
            1 => executed.is_none_or(is_named),
            _ => true,
        };
        let kind = match (decided, executed) {
            ("raw", None) => "unknown",
            (decided, Some(executed)) if decided == executed => "known",
            // The emulator's router knows fewer spellings; nothing was executed.
            (decided, None) if decided != "raw" => "lost",
            _ => "differs",
        };
        // The same bytes without the proxy are the same operation, or one that the emulator doesn't know.
        let is_meant = meant.is_none_or(|meant| meant == decided);
        if kind == "differs" || !allowed || !is_meant {
            problems.push(format!("{}: decided {decided}, executed {executed:?}, meant {meant:?}", what()));
        }
        *counts.entry(kind).or_default() += 1;
    }
    let first = problems[..problems.len().min(20)].join("\n");
    assert!(problems.is_empty(), "{} differ, among them\n{first}", problems.len());
    let count = |kind: &str| counts.get(kind).copied().unwrap_or(0);
    assert!(count("known") > 800 && count("unknown") > 200 && count("refused") > 3_000, "{counts:?}");
    assert!(count("lost") < count("known") / 4, "{counts:?}");
}
