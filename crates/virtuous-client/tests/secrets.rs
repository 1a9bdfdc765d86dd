//! No secret is ever printed: not by `Debug` of any public type, not by an error, not in a log line at the finest level.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

#[path = "../../auth-client-core/tests/common/secrets.rs"]
mod secrets;
#[path = "../../auth-client-core/tests/common/wire.rs"]
mod wire;

use auth_client_core::testing::ScriptedTransport;
use secrets::{Log, Secrets, echoes};
use virtuous_client::export::{Export, Resource};
use virtuous_client::models::{Webhook, WebhookWrite};
use virtuous_client::store::{MemoryStore, StoreKey, TokenStore};
use virtuous_client::webhook::{Delivery, WebhookError};
use virtuous_client::{
    Client, ClientBuilder, Error, HmacKeys, LoginStep, Query, RateGuard, RateLimitHeaders as _, SecretString,
    SessionProblem, Tokens,
};
use wire::WireServer;

const PASSWORD: &str = "c4n4ry-Pa55/word+93ab &=%";
const CODE: &str = "c4n4ry-048211";
const ACCESS: &str = "c4n4ry-access-token.5d1f";
const REFRESH: &str = "c4n4ry-refresh-token.77ae";
const API_KEY: &str = "v_c4n4ry-api-key.0b12";
/// `c4n4ry-private-key-9f` in base64.
const PRIVATE_KEY: &str = "YzRuNHJ5LXByaXZhdGUta2V5LTlm";

const SECRETS: Secrets =
    Secrets(&[PASSWORD, CODE, ACCESS, REFRESH, API_KEY, PRIVATE_KEY, "c4n4ry-private-key-9f"]);

fn assert_error_clean(what: &str, error: &Error) {
    SECRETS.not_in_error(what, error);
    SECRETS.not_in_debug(what, &(error.error_body(), error.error_body().details(), error.rate_limit()));
}

fn tokens() -> Tokens {
    Tokens::new(ACCESS.to_owned()).with_refresh_token(REFRESH.to_owned())
}

fn keys() -> HmacKeys {
    HmacKeys::new("APP", PRIVATE_KEY.to_owned())
}

fn builder() -> ClientBuilder {
    Client::builder().tokens(tokens()).hmac(keys()).user("user@example.org", PASSWORD.to_owned())
}

#[test]
fn a_leak_would_be_noticed() {
    SECRETS.would_be_noticed();
}

/// Named by hand, so that a new public type has to be thought about here.
#[tokio::test]
async fn no_public_type_prints_a_secret() {
    SECRETS.not_in_debug("HmacKeys", &keys());
    SECRETS.not_in_debug("Tokens", &tokens());
    let store = MemoryStore::new();
    let full =
        builder().token_store(store.clone(), "anna").code_source(async || Some(SecretString::from(CODE)));
    SECRETS.not_in_debug("ClientBuilder", &full.clone());
    SECRETS.not_in_debug("ClientBuilder with a key", &Client::builder().api_key(API_KEY.to_owned()));
    let transport = ScriptedTransport::new().status(202).status(202).json(
        200,
        format!(
            r#"{{"access_token":"{ACCESS}","refresh_token":"{REFRESH}","userName":"u","expires_in":60}}"#
        ),
    );
    let client = full.transport(transport.clone()).build().unwrap();
    SECRETS.not_in_debug("Client", &client);
    SECRETS.not_in_debug("Login", &client.login("user@example.org", PASSWORD.to_owned()));
    let step = client.login("user@example.org", PASSWORD.to_owned()).await.unwrap();
    SECRETS.not_in_debug("LoginStep", &step);
    let LoginStep::CodeRequired(challenge) = step else { panic!("a code is wanted") };
    SECRETS.not_in_debug("Challenge", &challenge);
    let again = challenge.send_again().await.unwrap();
    SECRETS.not_in_debug("LoginStep", &again);
    let got = challenge.answer(CODE.to_owned()).await.unwrap();
    SECRETS.not_in_debug("Tokens", &LoginStep::LoggedIn(got));
    let sent = transport.requests();
    assert!(String::from_utf8_lossy(&sent[2].body).contains(CODE), "it was really sent");
    SECRETS.not_in_debug("the transport of tests", &transport);
    let stored = store.load(&StoreKey::new("virtuous", "https://api.virtuoussoftware.com", "anna")).await;
    SECRETS.not_in_debug("StoredToken", &stored.unwrap().unwrap());
    let request = client.request(http::Method::GET, "/api/x").query("otp", CODE);
    SECRETS.not_in_debug("Request", &request);
    let call: virtuous_client::Call<()> = request.call(auth_client_core::decode::empty);
    SECRETS.not_in_debug("Call", &call);
    macro_rules! handles {
        ($($handle:ident($($id:expr)?)),+) => { $(SECRETS.not_in_debug("a handle", &client.$handle($($id)?));)+ };
    }
    handles!(
        campaigns(),
        communications(),
        contact_addresses(),
        contact_collections(1),
        contact_individuals(),
        contact_methods(),
        contact_notes(),
        contact_references(),
        contact_tags(),
        contacts(),
        email_lists(),
        emails(),
        event_attendees(1),
        event_contacts(1),
        events(),
        gift_asks(),
        gift_designations(),
        gifts(),
        grants(),
        individual_collections(1),
        opportunity_organizers(1),
        opportunity_volunteers(1),
        organization_groups(),
        organizations(),
        permissions(),
        planned_gifts(),
        pledges(),
        premiums(),
        project_expenses(),
        project_notes(),
        project_roles(),
        projects(),
        recurring_gifts(),
        relationships(),
        reminders(),
        search(),
        segments(),
        tags(),
        tasks(),
        tributes(),
        volunteer_opportunities(),
        volunteers(),
        webhooks()
    );
    SECRETS.not_in_debug("RateGuard", &RateGuard::reject_below(1));
    SECRETS.not_in_debug("RateLimit", &http::HeaderMap::new().rate_limit());
    SECRETS.not_in_debug("SessionProblem", &SessionProblem::LoginRefused);
    let body = format!(
        r#"{{"event":"GiftCreate","gift":{{"id":1,"{CODE}":"{PASSWORD}"}},"contact":{{"id":1,"name":"{ACCESS}"}}}}"#
    );
    let delivery = Delivery::parse(body.as_bytes()).unwrap();
    SECRETS.not_in_debug("Delivery", &delivery);
    for payload in &delivery.payloads {
        SECRETS.not_in_debug("Payload", &(payload, payload.record()));
    }
    SECRETS.not_in_error("WebhookError", &WebhookError::Mismatch);
    SECRETS.not_in_error("WebhookError", &Delivery::parse(PASSWORD.as_bytes()).unwrap_err());
    let webhook: Webhook = serde_json::from_str(&format!(r#"{{"id":1,"secret":"{PASSWORD}"}}"#)).unwrap();
    SECRETS.not_in_json("Webhook", &webhook, serde_json::to_string(&webhook));
    SECRETS.not_in_debug("WebhookWrite", &WebhookWrite::new("https://x.example").secret(PASSWORD));
    SECRETS.not_in_debug("Walk", &client.gifts().walk(Query::all()));
    SECRETS.not_in_debug("Export", &Export::new(&client, Resource::Gifts));
    let page = format!(r#"{{"list":[{{"name":"{PASSWORD}"}}]}}"#);
    let exporter = Client::builder().api_key(API_KEY.to_owned());
    let exporter = exporter.transport(ScriptedTransport::new().json(200, page)).build().unwrap();
    let mut batches = Export::new(&exporter, Resource::Communications).batches();
    SECRETS.not_in_debug("ExportedRow", &batches.next().await.unwrap().unwrap()[0]);
    SECRETS.not_in_debug("Batches", &batches);
    SECRETS.not_in_error("Error", &Client::new(format!("{API_KEY}\n")).unwrap_err());
    SECRETS.cover(
        "virtuous_client",
        include_str!("../public-api.txt"),
        &[
            ("export::ExportError", "an error of the client, or of the file"),
            ("export::Exported", "numbers and a path"),
            ("export::Progress", "numbers"),
            ("export::UnknownResource", "the name that somebody typed"),
            ("models::Gift", "`transaction_hash` is public on its block chain"),
            ("models::GiftCreate", "`transaction_hash` is public on its block chain"),
            ("models::GiftUpdate", "`transaction_hash` is public on its block chain"),
            ("models::WebhookWrite Serialize", "the JSON that is sent"),
            ("query::", "conditions that somebody asks for, which are no credentials"),
            ("webhook::EventKind", "a word"),
            ("webhook::WebhookContact", "a contact, without credentials"),
            ("webhook::WebhookGift", "a gift, without credentials"),
        ],
    );
}

#[tokio::test]
async fn no_error_and_no_log_line_shows_a_secret() {
    let log = Log::capture();
    // The vendor echoes everything that it was sent, wherever it can.
    let echo = [PASSWORD, CODE, ACCESS, REFRESH, API_KEY].join(" ");
    let echo = format!(
        r#"{{"message":"{echo}","error":"{CODE}","error_description":"{echo}","modelState":{{"{CODE}":["{PASSWORD}"]}},"{CODE}":"{ACCESS}"}}"#
    );
    let head = format!(
        "x-echo: {ACCESS}\r\nset-cookie: a={REFRESH}\r\nlocation: https://x.example/{CODE}?q={ACCESS}"
    );
    for (what, bytes) in echoes(CODE, "application/json", &head, &echo) {
        // A login, a call that needs a refresh, a call with a key, and a signed one.
        let server = WireServer::start([bytes.clone(), bytes.clone()]).unwrap();
        let session = builder().base_url(server.url()).build().unwrap();
        let error = session.login("user@example.org", PASSWORD.to_owned()).await.map(drop).unwrap_err();
        assert_error_clean(&format!("login, {what}"), &error);

        let server = WireServer::start([bytes.clone(), bytes.clone(), bytes.clone(), bytes.clone()]).unwrap();
        let ended = Tokens::new(ACCESS.to_owned())
            .with_refresh_token(REFRESH.to_owned())
            .with_expires_at(std::time::SystemTime::UNIX_EPOCH);
        let session = Client::builder().tokens(ended).base_url(server.url()).build().unwrap();
        let error = session.organizations().current().await.unwrap_err();
        assert_error_clean(&format!("refresh, {what}"), &error);

        let server = WireServer::start([bytes.clone()]).unwrap();
        let with_key = Client::builder().api_key(API_KEY.to_owned()).hmac(keys()).base_url(server.url());
        let with_key = with_key.retry(virtuous_client::RetryPolicy::none()).build().unwrap();
        let error = with_key.organizations().current().await.unwrap_err();
        assert_error_clean(&format!("key, {what}"), &error);
        let error = with_key.contacts().by_reference("1").await.unwrap_err();
        assert_error_clean("nobody listens any more", &error);
    }
    for (what, error) in [
        ("bad base URL", Client::builder().base_url(format!("https://u:{PASSWORD}@x.example")).build()),
        ("bad key", Client::new(format!("{API_KEY}\n"))),
        ("bad private key", Client::builder().hmac(HmacKeys::new("APP", format!("{PASSWORD}!"))).build()),
        ("bad tokens", Client::builder().tokens(Tokens::new(format!("{ACCESS} x"))).build()),
        ("both", Client::builder().api_key(API_KEY.to_owned()).tokens(tokens()).build()),
    ] {
        assert_error_clean(what, &error.map(drop).unwrap_err());
    }
    let text = log.text();
    assert!(text.contains("api_call") && text.contains("token.refresh"), "the log was captured: {text}");
    SECRETS.not_in("the log", &text);
}

#[test]
fn a_refresh_token_that_was_pasted_with_something_is_refused_before_it_is_spent() {
    for pasted in ["r3fresh\n", " r3fresh", "r3fresh\u{200b}", "\u{feff}r3fresh", "r3\0fresh"] {
        let tokens = virtuous_client::Tokens::new("access").with_refresh_token(pasted);
        let error = virtuous_client::Client::builder().tokens(tokens).build().unwrap_err();
        assert_eq!(error.kind(), virtuous_client::ErrorKind::Configuration, "{pasted:?}");
        assert!(error.to_string().contains("refresh token"), "{error}");
        assert!(!format!("{error} {error:?}").contains("r3"), "{error}");
    }
}
