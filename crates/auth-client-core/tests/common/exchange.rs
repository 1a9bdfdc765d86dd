//! What generated tests check of an operation: the exact request, the value that comes of the example response, and that
//! every response which the description allows is decoded.
//!
//! The tests of several crates include this file by its path, beside their own `common`, which has the description, how a
//! client is built, and how its requests authenticate.

#![allow(dead_code, reason = "not every description needs all of it")]

use crate::common::{self, Client};
use auth_client_core::provider::random_responses;
use httpmock::{MockServer, When};
use serde::Serialize;
use serde_json::Value;
use std::fmt::Debug;
use std::sync::LazyLock;

static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(common::DESCRIPTION).unwrap());

/// One operation with the request that it must send and the response that it gets.
pub(crate) struct Exchange {
    operation: &'static str,
    method: &'static str,
    /// Path and query below the client's prefix.
    target: &'static str,
    body: Option<&'static str>,
    status: u16,
    response: &'static str,
    decoded: Option<&'static str>,
}

impl Exchange {
    pub(crate) fn new(operation: &'static str, method: &'static str, target: &'static str) -> Self {
        Self { operation, method, target, body: None, status: 200, response: "", decoded: None }
    }

    pub(crate) fn body(self, json: &'static str) -> Self {
        Self { body: Some(json), ..self }
    }

    pub(crate) fn response(self, status: u16, json: &'static str) -> Self {
        Self { status, response: json, ..self }
    }

    /// The decoded value as JSON, where that differs from the response: secrets are left out, defaults are filled in.
    pub(crate) fn decoded(self, json: &'static str) -> Self {
        Self { decoded: Some(json), ..self }
    }

    /// Makes the call: first for the example response, then for random ones.
    pub(crate) async fn check<T: Serialize, E: Debug>(self, call: impl AsyncFn(&Client) -> Result<T, E>) {
        let server = MockServer::start_async().await;
        let client = common::client(&server.base_url());
        let host = server.address().to_string();
        let mut expected = server.mock(|when, then| {
            self.request(when, host);
            let then = then.status(self.status);
            if !self.response.is_empty() {
                then.header("content-type", "application/json").body(self.response);
            }
        });
        // Any other request.
        let mut others = server.mock(|when, then| {
            when.any_request();
            then.status(404);
        });
        let result = call(&client).await;
        // The request is checked before the result is unwrapped: what differs says more than the error that it caused.
        expected.assert();
        assert_eq!(others.calls(), 0, "another request arrived");
        let value = serde_json::to_value(result.unwrap()).unwrap();
        let json = self.decoded.unwrap_or(if self.response.is_empty() { "null" } else { self.response });
        assert_eq!(value, serde_json::from_str::<Value>(json).unwrap());
        expected.delete();
        others.delete();

        let (status, bodies) = random_responses(&DESCRIPTION, self.operation);
        for body in bodies {
            let mut random = server.mock(|when, then| {
                when.any_request();
                then.status(status).header("content-type", "application/json").body(&body);
            });
            if let Err(error) = call(&client).await {
                panic!("{error:?}: {body}");
            }
            random.delete();
        }
    }

    /// Expects this method and target, these very headers, and this body.
    ///
    /// A target that differs only in the order or the spelling of its query is reported as `is_true` with index 0.
    fn request(&self, mut when: When, host: String) {
        let target = format!("{}{}", common::PREFIX, self.target);
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let decoded = |text| percent_encoding::percent_decode_str(text).decode_utf8_lossy();
        when = when.method(self.method).path(path);
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
        if let Some(body) = self.body {
            let length = body.len().to_string();
            when =
                when.header("content-type", "application/json").header("content-length", length).body(body);
            headers += 2;
        } else if ["POST", "PUT", "PATCH"].contains(&self.method) {
            when = when.header("content-length", "0");
            headers += 1;
        }
        let sent = target.clone();
        let when = when
            .header_count(".*", ".*", headers)
            .is_true(move |request| request.uri().path_and_query().is_some_and(|at| at == sent.as_str()));
        common::authenticated(when, &target);
    }
}

/// Decodes a model from JSON that differs from the vendor's reference: without what may be absent, with nulls, and with
/// each value in another form that means the same. The last one has a new field, which is kept.
pub(crate) fn lenient<T: serde::de::DeserializeOwned + Serialize>(sparse: &str, nulls: &str, others: &str) {
    for json in [sparse, nulls, others] {
        match serde_json::from_str::<T>(json) {
            Ok(value) => {
                let new = serde_json::to_value(value).unwrap().get("somethingNew").is_some();
                assert_eq!(new, json == others, "{json}");
            }
            Err(error) => panic!("{error}: {json}"),
        }
    }
    let without_id = serde_json::from_str::<T>("{}").is_err();
    assert_eq!(
        without_id,
        sparse != "{}",
        "a required field is missing, but the model was decoded: {sparse}"
    );
}
