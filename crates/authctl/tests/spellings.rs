//! Thousands of spellings of paths: what the proxy decided about is what the emulator's router executes, and no spelling executes an
//! operation that the policy denies.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use auth_emulator::Emulator;
use common::proxy::Proxy;
use common::{Home, LIMIT};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

/// Spellings that are tried.
const COUNT: u64 = 3_000;

/// Requests whose paths are spelled anew: reads that are allowed, and writes that are not.
const BASE: [(&str, &str); 20] = [
    ("POST", "/virtuous/api/Contact"),
    ("POST", "/virtuous/api/Contact/Query"),
    ("GET", "/virtuous/api/Contact/17"),
    ("GET", "/virtuous/api/Contact/QueryOptions"),
    ("PUT", "/virtuous/api/Contact/17"),
    ("DELETE", "/virtuous/api/Gift/1"),
    ("POST", "/virtuous/api/Gift/Query"),
    ("GET", "/virtuous/api/Webhook/1"),
    ("POST", "/virtuous/Token"),
    ("GET", "/vaultvision/v1/tenants"),
    ("GET", "/vaultvision/v1/tenants/t/users"),
    ("DELETE", "/vaultvision/v1/tenants/t/users/u"),
    ("GET", "/revesecure/rest/v1/users"),
    ("GET", "/revesecure/rest/v1/bypassCodes/1"),
    ("DELETE", "/verigator/v1/service/s"),
    ("DELETE", "/verigator/v1/service/service/s"),
    ("GET", "/verigator/v1/service/service/s/users/u"),
    ("DELETE", "/verigator/service/users/u"),
    ("DELETE", "/verigator/s/users/u"),
    ("POST", "/verigator/service/s/users/u/auth"),
];

/// What is put between two characters, or in the place of one.
const PIECES: [&str; 44] = [
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

/// A connection that is opened anew when the proxy has closed it.
struct Connection<'p> {
    proxy: &'p Proxy,
    token: String,
    stream: Option<BufReader<TcpStream>>,
}

impl Connection<'_> {
    /// Sends a request; returns its status and headers.
    fn send(&mut self, method: &str, target: &str) -> (u16, BTreeMap<String, String>) {
        let body = if method == "GET" { "" } else { "{\"groups\":[]}" };
        let stream = self.stream.get_or_insert_with(|| {
            let stream = TcpStream::connect(self.proxy.address()).unwrap();
            stream.set_read_timeout(Some(LIMIT)).unwrap();
            BufReader::new(stream)
        });
        write!(
            stream.get_mut(),
            "{method} {target} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            self.proxy.address(),
            self.token,
            body.len()
        )
        .unwrap();
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        let status = line.split(' ').nth(1).unwrap_or_else(|| panic!("{target}: {line:?}")).parse().unwrap();
        let mut headers = BTreeMap::new();
        loop {
            line.clear();
            stream.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.insert(name.to_ascii_lowercase(), value.to_owned());
        }
        let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
        stream.read_exact(&mut vec![0; length]).unwrap();
        // What is no HTTP ends the connection.
        if headers.get("connection").is_some_and(|value| value == "close")
            || !headers.contains_key("x-authctl-attempts")
        {
            self.stream = None;
        }
        (status, headers)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_decided_about_is_what_is_executed() {
    let emulator = Emulator::builder().seed(7).start().await.unwrap();
    let home = Home::of(&emulator);
    let printed = home.run(&["policy", "token", "caller"]).expect(0, "token_sha256");
    // Everything that is not known, too: a known operation must not pass as unknown.
    let raw = ["virtuous", "vaultvision", "revesecure", "verigator"].map(|name| format!("\"{name}:raw\""));
    let rules = printed.out.replace("\"class:read\"", &format!("\"class:read\", {}", raw.join(", ")));
    let policy = home.file("policy.toml", rules);
    let proxy = Proxy::start(&home, &["--policy", policy.to_str().unwrap()]);
    let token = printed.err.trim().trim_start_matches("token: ").to_owned();
    let mut connection = Connection { proxy: &proxy, token, stream: None };
    let mut numbers = Numbers(0x2545_f491_4f6c_dd1d);
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    let effects = emulator.effects().count("virtuous", "record_created");
    let mut problems = Vec::new();
    for number in 0..COUNT {
        let (method, path) = BASE[usize::try_from(number).unwrap() % BASE.len()];
        let mut target = changed(path, &mut numbers);
        for _ in 0..numbers.below(3) {
            target = changed(&target, &mut numbers);
        }
        let (status, headers) = connection.send(method, &target);
        let Some(id) = headers.get("x-emulator-request-id") else {
            // Refused: nothing arrived.
            assert!(matches!(status, 400 | 401 | 403 | 404 | 414 | 501 | 502), "{method} {target}: {status}");
            *counts.entry("refused").or_default() += 1;
            continue;
        };
        let decided = headers["x-authctl-operation"].as_str();
        let executed = emulator.explain(id).unwrap().request.operation;
        let kind = match (decided, executed) {
            ("raw", None) => "unknown",
            (decided, Some(executed)) if decided == executed => "known",
            // The emulator's router knows fewer spellings; nothing was executed.
            (_, None) => "lost",
            _ => {
                problems.push(format!("{method} {target}: decided {decided}, executed {executed:?}"));
                continue;
            }
        };
        *counts.entry(kind).or_default() += 1;
    }
    assert!(
        problems.is_empty(),
        "{} differ, among them\n{}",
        problems.len(),
        problems[..problems.len().min(20)].join("\n")
    );
    assert_eq!(emulator.effects().count("virtuous", "record_created"), effects);
    let count = |kind: &str| counts.get(kind).copied().unwrap_or(0);
    assert!(count("known") > 100 && count("unknown") > 50 && count("refused") > 1_000, "{counts:?}");
    assert!(count("lost") < count("known") / 4, "{counts:?}");
}
