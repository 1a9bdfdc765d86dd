//! No secret is ever printed: not by `Debug` of any public type, not by an error, not in a log line at the finest level.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

#[path = "../../auth-client-core/tests/common/secrets.rs"]
mod secrets;
#[path = "../../auth-client-core/tests/common/wire.rs"]
mod wire;

use auth_client_core::testing::ScriptedTransport;
use secrets::{Log, Secrets, echoes};
use verigator_client::models::{AuthMethod, NewService, NewUser, Rejection, Verification, VerifyPin};
use verigator_client::{Client, DateTime, FailureReason, Outcome, SecondFactor};
use wire::WireServer;

const PASSWORD: &str = "c4n4ry-Pa55/word+93ab";
const PIN: &str = "c4n4ry-048211";

const SECRETS: Secrets = Secrets(&[PASSWORD, PIN]);

/// Named by hand, so that a new public type has to be thought about here.
#[tokio::test]
async fn no_public_type_prints_a_secret() {
    let builder = Client::builder("api-user", PASSWORD.to_owned()).base_url("https://x.example");
    SECRETS.not_in_debug("ClientBuilder", &builder);
    let client = builder
        .transport(
            ScriptedTransport::new()
                .json(200, format!(r#"{{"method":"sms","auth_id":"a","{PIN}":"{PASSWORD}"}}"#)),
        )
        .build()
        .unwrap();
    SECRETS.not_in_debug("Client", &client);
    let users = client.users("s1");
    let login = users.authentication("u1");
    let pin = VerifyPin::from(PIN);
    SECRETS.not_in_debug("VerifyPin", &pin);
    let call = login.verify(pin);
    SECRETS.not_in_debug("Call", &call);
    let request = client.request(http::Method::GET, "/x").query("pin", PIN);
    SECRETS.not_in_debug("Request", &request);
    SECRETS.not_in_debug("handles", &(client.services(), users, login));
    let values = (
        NewService::fqdn("a").name("b"),
        NewUser::id_in_service("a").phone_number("b"),
        DateTime::from("now"),
        AuthMethod::Sms,
        SecondFactor::new(AuthMethod::Sms),
        Outcome::Failed(FailureReason::Expired),
        Verification::Rejected(Rejection::default()),
    );
    SECRETS.not_in_debug("values", &values);
    let challenge = SecondFactor::new(AuthMethod::Sms).begin(&client, "s1", "u1").await.unwrap();
    SECRETS.not_in_json("Challenge", &challenge, serde_json::to_string(&challenge));
    SECRETS.not_in_error("Error", &Client::new("u", format!("{PASSWORD}\n")).unwrap_err());
    SECRETS.cover(
        "verigator_client",
        include_str!("../public-api.txt"),
        &[("models::VerifyPin Serialize", "the JSON that is sent")],
    );
}

#[tokio::test]
async fn no_error_and_no_log_line_shows_a_secret() {
    let log = Log::capture();
    // The vendor echoes everything that it was sent, wherever it can.
    let echo = format!(r#"{{"message":"{PASSWORD} {PIN}","{PIN}":"{PASSWORD}","verified":"{PIN}"}}"#);
    let head = format!(
        "x-echo: {PASSWORD}\r\nset-cookie: a={PIN}\r\nlocation: https://x.example/{PASSWORD}?q={PIN}"
    );
    for (what, response) in echoes(PIN, "application/json", &head, &echo) {
        let server = WireServer::start([response]).unwrap();
        let client = Client::builder("api-user", PASSWORD.to_owned()).base_url(server.url()).build().unwrap();
        let login = client.users("s1");
        let error = login.authentication("u1").verify(PIN).await.map(drop).unwrap_err();
        assert!(server.request().is_some(), "it was really sent");
        SECRETS.not_in_error(&what, &error);
    }
    // A secret in the address: of a path that can't be sent, of a host that is not there, of a bad base URL.
    let client =
        Client::builder("api-user", PASSWORD.to_owned()).base_url("http://127.0.0.1:1").build().unwrap();
    let call: verigator_client::Call<()> =
        client.request(http::Method::GET, "/x").query("pin", PIN).call(auth_client_core::decode::empty);
    SECRETS.not_in_error("unreachable", &call.await.unwrap_err());
    let call: verigator_client::Call<()> =
        client.request(http::Method::GET, &format!("/x {PIN}")).call(auth_client_core::decode::empty);
    SECRETS.not_in_error("bad path", &call.await.unwrap_err());
    let bad = format!("https://user:{PASSWORD}@x.example");
    SECRETS.not_in_error(
        "bad base URL",
        &Client::builder("u", "p".to_owned()).base_url(bad).build().unwrap_err(),
    );
    let bad = format!("{PASSWORD}\n");
    SECRETS.not_in_error("bad password", &Client::new("u", bad).unwrap_err());

    let text = log.text();
    assert!(
        text.contains("api_call") && text.contains("authentication.verify"),
        "the log was captured: {text}"
    );
    SECRETS.not_in("the log", &text);
}
