//! A list of 50 KB, and how long it takes to read; shared by the test and the program that prints it.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;
use vaultvision_client::models::{List, User};

/// So many users make 50 KB.
pub(crate) const USERS: usize = 98;

/// Users with unknown fields at every level: a number of 30 digits, a long fraction, null, an array with an object in it.
pub(crate) fn list() -> String {
    let mut json = format!(r#"{{"type":"List","total":{USERS},"count":{USERS},"limit":100,"data":["#);
    for index in 0..USERS {
        let comma = if index == 0 { "" } else { "," };
        // Writing to a String can't fail.
        let _ = write!(
            json,
            r#"{comma}{{"type":"User","id":"9cb0Q44Oo{index:04}","created_at":"2023-08-21T15:04:24.344871427Z","updated_at":"2023-08-21T15:38:10.606366075Z","metadata":{{"other_id":"other_id_{index:04}","plan":"gold"}},"verified_at":"2023-08-21T15:06:43.49365588Z","profile":{{"name":"Test User{index:04}","family_name":"User{index:04}","given_name":"Test","email":"test{index:04}@example.test","email_verified":true,"locale":"et-EE","picture":null}},"logins":123456789012345678901234567890,"score":0.12345678901234567890,"tags":["a",{{"b":[1,2,3]}}],"last_seen":null}}"#
        );
    }
    json.push_str("]}");
    json
}

/// What a client writes that doesn't care.
#[derive(Deserialize)]
#[allow(dead_code, reason = "only the reading counts")]
pub(crate) struct PlainList {
    #[serde(rename = "type")]
    kind: String,
    total: u64,
    count: u64,
    limit: u64,
    data: Vec<PlainUser>,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "only the reading counts")]
struct PlainUser {
    #[serde(rename = "type")]
    kind: String,
    id: String,
    created_at: String,
    updated_at: String,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    #[serde(default)]
    disabled: bool,
    verified_at: Option<String>,
    #[serde(default)]
    profile: PlainProfile,
}

#[derive(Deserialize, Default)]
#[serde(default)]
#[allow(dead_code, reason = "only the reading counts")]
struct PlainProfile {
    name: String,
    family_name: String,
    given_name: String,
    email: String,
    email_verified: bool,
}

/// Seconds for one parse, the best of the rounds.
pub(crate) struct Measured {
    pub(crate) plain: f64,
    pub(crate) kept: f64,
}

/// Reads the list in both ways, in turns.
pub(crate) fn measure(json: &str, rounds: usize) -> Measured {
    let mut best = Measured { plain: f64::INFINITY, kept: f64::INFINITY };
    for _ in 0..rounds {
        best.plain = best.plain.min(seconds::<PlainList>(json));
        best.kept = best.kept.min(seconds::<List<User>>(json));
    }
    best
}

#[expect(clippy::disallowed_methods, reason = "this measures")]
fn seconds<T: for<'de> Deserialize<'de>>(json: &str) -> f64 {
    let start = Instant::now();
    let value: Option<T> = serde_json::from_slice(black_box(json.as_bytes())).ok();
    let took = start.elapsed().as_secs_f64();
    assert!(black_box(value).is_some(), "it is read");
    took
}
