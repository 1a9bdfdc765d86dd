//! The search for secrets in what a program prints, logs or shows of an error.
//!
//! The tests of several crates include this file by its path.

#![allow(dead_code, reason = "each test program uses a part")]

#[path = "log.rs"]
mod log;
#[path = "public_types.rs"]
pub(crate) mod public_types;

use auth_client_core::testing::Canary;
#[allow(unused_imports, reason = "each test program uses a part")]
pub(crate) use log::Log;
use std::error::Error;
use std::fmt::{Debug, Display};

/// The secrets of a test program.
pub(crate) struct Secrets(pub(crate) &'static [&'static str]);

impl Secrets {
    fn canaries(&self) -> impl Iterator<Item = Canary> {
        self.0.iter().map(|secret| Canary::new(secret))
    }

    /// Checks that a string has none of them, in any form.
    pub(crate) fn not_in(&self, what: &str, printed: &str) {
        for canary in self.canaries() {
            assert_eq!(canary.form_in(printed), None, "{what} shows a secret: {printed}");
        }
    }

    /// The same of both outputs of `Debug`.
    pub(crate) fn not_in_debug<T: Debug>(&self, what: &str, value: &T) {
        public_types::searched::<T>("Debug");
        self.not_in(what, &format!("{value:?} {value:#?}"));
    }

    /// The same of `Debug` and `Display`.
    pub(crate) fn not_in_display<T: Debug + Display>(&self, what: &str, value: &T) {
        public_types::searched::<T>("Display");
        self.not_in(what, &value.to_string());
        self.not_in_debug(what, value);
    }

    /// The same of `Debug` and of a value's JSON.
    pub(crate) fn not_in_json<T: Debug>(&self, what: &str, value: &T, json: serde_json::Result<String>) {
        public_types::searched::<T>("Serialize");
        self.not_in(what, &json.unwrap());
        self.not_in_debug(what, value);
    }

    /// The same of an error and of its sources.
    pub(crate) fn not_in_error<E: Error + 'static>(&self, what: &str, error: &E) {
        for how in ["Debug", "Display", "Error"] {
            public_types::searched::<E>(how);
        }
        for canary in self.canaries() {
            assert_eq!(canary.form_in_error(error), None, "{what}: {error:?}");
        }
    }

    /// Checks that every public type of a crate that can be printed was searched by one of these, or is an exception with a
    /// reason. `list` is its `public-api.txt`.
    pub(crate) fn cover(&self, crate_name: &str, list: &str, exceptions: &[(&str, &str)]) {
        let missing = public_types::unsearched(crate_name, list, &public_types::all_searched(), exceptions);
        assert!(
            missing.is_empty(),
            "search these for secrets, or list them with a reason:\n{}",
            missing.join("\n")
        );
    }

    /// Checks that a leak would be noticed: a search that finds nothing would let every other test pass.
    pub(crate) fn would_be_noticed(&self) {
        for secret in self.0 {
            let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
            for text in [format!("a line with {secret} in it"), format!("{secret:?}"), hex] {
                assert!(self.canaries().any(|canary| canary.form_in(&text).is_some()), "{text}");
            }
        }
    }
}

/// The statuses with which [`echoes`] responds.
const STATUSES: [u16; 12] = [200, 302, 400, 401, 403, 404, 405, 409, 422, 429, 500, 503];

/// Responses of a server that echoes secrets wherever it can: for each status a whole one and one that is cut off in the
/// body, with what it is called. `reason` is in the reason phrase, `head` is more headers, without the last line end.
pub(crate) fn echoes(reason: &str, content_type: &str, head: &str, body: &str) -> Vec<(String, Vec<u8>)> {
    let mut responses = Vec::new();
    for status in STATUSES {
        let length = body.len();
        let response = format!(
            "HTTP/1.1 {status} {reason}\r\n{head}\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        for cut in [0, 20] {
            let bytes = response.as_bytes()[..response.len() - cut].to_vec();
            responses.push((format!("status {status}, {cut} bytes cut off"), bytes));
        }
    }
    responses
}
