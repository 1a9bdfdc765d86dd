//! No public type of the shared crates prints a secret: not by `Debug` or `Display`, not in its JSON, not as an error.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;
#[path = "common/secrets.rs"]
mod secrets;

use auth_client_core::provider::auth_core::scheme::{ApiKey, BasicHmac, Bearer, HeaderPair, KeyEncoding};
use auth_client_core::provider::auth_core::session::{
    self, Event, Pair, Renewal, Session, Situation, Stored,
};
use auth_client_core::provider::auth_core::store::{
    LockError, MemoryStore, StoreError, StoreKey, StoredToken, TokenStore as _,
};
use auth_client_core::provider::auth_core::token::{
    Decision, Failure, Lifetime, RenewalSettings, RenewalState,
};
use auth_client_core::provider::auth_core::{
    Clock, Credential, CredentialError, ExposeSecret as _, Generation, InvalidCredential, ManualClock,
    Recovery, SecretString, SignError, SignedParts, SigningRequest, StaticCredential, SystemClock,
};
use auth_client_core::provider::{ApiError, BaseUrl, Renewed};
use auth_client_core::testing::ScriptedTransport;
use auth_client_core::transport::{Fault, Phase, Received, TransportError};
use auth_client_core::{Error, TransportSettings};
use common::{Setup, origin, read};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use secrets::Secrets;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

const SECRET: &str = "c4n4ry-Pa55/word+93ab";

const SECRETS: Secrets = Secrets(&[SECRET]);

fn secret() -> SecretString {
    SecretString::from(SECRET)
}

/// Signers, credentials, tokens and stores.
#[tokio::test]
async fn nothing_that_holds_a_credential_prints_it() {
    let name = HeaderName::from_static("x-key");
    let bearer = Bearer::new(&secret()).unwrap();
    SECRETS.not_in_debug(
        "signers",
        &(
            &bearer,
            ApiKey::new(name.clone(), &secret()).unwrap(),
            HeaderPair::new(name.clone(), "user", &secret()).unwrap(),
        ),
    );
    let builder = BasicHmac::builder().key_encoding(KeyEncoding::Utf8);
    SECRETS.not_in_debug("BasicHmac", &(builder.clone(), builder.build("user", &secret()).unwrap()));
    let headers = HeaderMap::new();
    let at = SystemTime::UNIX_EPOCH;
    let (method, place) = (Method::POST, origin());
    let request = SigningRequest::new(&method, &place, "/x", &headers, SECRET.as_bytes(), at);
    SECRETS.not_in_debug("SigningRequest", &request);
    let mut value = HeaderValue::from_static(SECRET);
    value.set_sensitive(true);
    let parts = SignedParts::new().secret_header(name.clone(), value).query("key", secret());
    SECRETS.not_in_debug("SignedParts", &parts);
    let credential = Credential::new(Arc::new(bearer.clone()), Arc::new(origin()), Generation::default());
    SECRETS
        .not_in_debug("credentials", &(credential, StaticCredential::new(bearer, origin()), Recovery::Final));

    let mut token = StoredToken::new(1, secret());
    token.refresh = Some(secret());
    SECRETS.not_in_debug("StoredToken", &token);
    let (store, key) = (MemoryStore::new(), StoreKey::new("shop", "https://shop.example", "anna"));
    store.lock(&key).await.unwrap().save(&token).await.unwrap();
    SECRETS.not_in_debug("MemoryStore", &(&store, &key));

    let now = ManualClock::new(SystemTime::UNIX_EPOCH).now();
    let mut state: RenewalState<SecretString, &str> = RenewalState::new(RenewalSettings::default());
    let decision = state.decide(now);
    SECRETS.not_in_debug("Decision", &decision);
    let Decision::Renew(ticket) = decision else { panic!("nothing is held yet") };
    let failure = Failure { definitive: true, retry_after: None, error: "refused" };
    SECRETS.not_in_debug("Failure", &(ticket, &failure));
    state.fail(ticket, failure, now);
    let issued = state.install(secret(), Lifetime::Unknown, 0.0, now);
    SECRETS.not_in_debug("RenewalState", &(state.decide(now), issued, Lifetime::Unknown, &state, now));

    let mut session = Session::new(Some(Held(secret())));
    let (renewal, step) =
        Renewal::start(&mut session, Some(Held(secret())), Situation::default(), SystemTime::UNIX_EPOCH);
    let stored = Stored { pair: Held(secret()), is_refreshing: false };
    let event = Event::Granted(Held(secret()));
    SECRETS.not_in_debug("Session", &(session, renewal, step, event, stored, session::Failure::Store));

    let source = || std::io::Error::other("no route");
    SECRETS.not_in_error("CredentialError", &CredentialError::refused(source()).with_message("log in again"));
    let invalid = InvalidCredential::new("password", "a line break").with_field("password");
    SECRETS.not_in_error("SignError", &SignError::from(invalid.clone()));
    SECRETS.not_in_error("InvalidCredential", &invalid);
    for bad in [
        Bearer::new(&SecretString::from(format!("{SECRET}\n"))),
        Bearer::new(&SecretString::from(format!("{SECRET}\u{7f}"))),
    ] {
        SECRETS.not_in_error("a bad token", &bad.unwrap_err());
    }
    let error = StoreError::new("load", "permission denied");
    SECRETS.not_in_error("LockError", &LockError::from(error.clone()));
    SECRETS.not_in_error("StoreError", &error);
    SECRETS.not_in_display("Origin", &origin());
    SECRETS.not_in_debug("clocks", &(SystemClock::new(), ManualClock::new(at)));
    SECRETS.cover(
        "auth_core",
        include_str!("../../auth-core/public-api.txt"),
        &[
            ("scheme::", "what is left are settings of signers: digests, encodings, dates"),
            ("credential::Generation", "a number"),
            ("rate_limit::", "numbers and times"),
            ("session::Problem", "words"),
            ("session::Situation", "what is known, as booleans"),
            ("token::RenewalSettings", "times"),
        ],
    );
}

/// A pair of a session; its `Debug` is that of the token.
#[derive(Clone, Debug)]
struct Held(SecretString);

impl Pair for Held {
    fn generation(&self) -> u64 {
        1
    }

    fn can_refresh(&self) -> bool {
        true
    }

    fn has_refresh_token_of(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }
}

/// Requests, transports, engines and errors.
#[tokio::test]
async fn nothing_that_holds_a_request_prints_its_secrets() {
    let body = format!(r#"{{"{SECRET}":"{SECRET}"}}"#);
    let head = [("x-echo", SECRET), ("set-cookie", SECRET)];
    let transport = ScriptedTransport::new().response(403, &head, body.clone()).response(200, &head, "7");
    let setup = Setup::new(transport.clone());
    let engine =
        setup.engine_with(Arc::new(StaticCredential::new(Bearer::new(&secret()).unwrap(), origin())));
    SECRETS.not_in_debug("Engine", &(&engine, &setup.settings));
    let request = engine.request(&common::READ, &["7".into()]).query("code", SECRET);
    SECRETS.not_in_debug("Request", &request);
    let call = request.json(&SECRET).call(auth_client_core::decode::json::<common::Json>);
    SECRETS.not_in_debug("Call", &call);
    let error: Error = call.await.unwrap_err();
    SECRETS.not_in_error("Error", &error);
    SECRETS.not_in_display("ErrorKind", &error.kind());
    let reply = read(&engine).reply().await.unwrap();
    SECRETS.not_in_debug("Reply", &reply);
    SECRETS.not_in_debug("ScriptedTransport", &transport);
    SECRETS.not_in_debug("RecordedRequest", &transport.requests()[0]);
    let received =
        Received::new(http::Response::builder().header("x-echo", SECRET).body(body.clone().into()).unwrap());
    SECRETS.not_in_debug("Received", &received);
    SECRETS.not_in_error(
        "TransportError",
        &TransportError::new(Phase::Connecting, Fault::Io).with_reason("no route"),
    );
    let settings = TransportSettings::new()
        .proxy("http://proxy.example")
        .proxy_credentials("anna", SECRET.to_owned())
        .client_certificate(SECRET.to_owned());
    SECRETS.not_in_debug("TransportSettings", &settings);
    let api = ApiError::new();
    SECRETS.not_in_debug("ApiError", &api);
    for bad in [
        format!("https://anna:{SECRET}@shop.example"),
        format!("https://shop.example?key={SECRET}"),
        format!("{SECRET}:// x"),
    ] {
        SECRETS.not_in_error("a bad address", &BaseUrl::parse("base URL", &bad).unwrap_err());
    }
    let fields: auth_client_core::UnknownFields =
        serde_json::from_str(&format!(r#"{{"hint":"{SECRET}"}}"#)).unwrap();
    SECRETS.not_in_debug("UnknownFields", &fields);
    SECRETS.not_in_debug("BaseUrl", &BaseUrl::parse("base URL", "https://shop.example").unwrap());
    SECRETS.not_in_debug(
        "Renewed",
        &Renewed { material: secret(), lifetime: Lifetime::For(Duration::from_secs(1)) },
    );
    SECRETS.cover(
        "auth_client_core",
        concat!(include_str!("../public-api.txt"), "\n", include_str!("../public-api-provider.txt")),
        &[
            ("CivilDateTime", "numbers"),
            ("DateTime", "a date, and the string that it came as"),
            ("HyperTransport", "prints its name alone; transport/connections.rs searches one with a proxy"),
            ("ReqwestTransport", "prints its name alone; transport/connections.rs searches one with a proxy"),
            ("Items", "prints its operation; paging.rs searches one"),
            ("Pages", "prints its operation; paging.rs searches one"),
            ("RawJson", "JSON that a caller asks for as it is"),
            ("RetryPolicy", "numbers"),
            ("UnknownFields Serialize", "written back as it was read"),
            ("UnknownValue", "a word that a later version of an API has"),
            ("UnreadableRow", "a position and the name of a field; rows.rs searches one"),
            ("blocking::BlockingIter", "prints its list"),
            ("decode::DecodeFailure", "never leaves the engine: errors have its position alone"),
            ("observe::", "names of operations, numbers and words"),
            ("provider::CallTemplate", "prints its operation"),
            ("provider::Classification", "words and numbers"),
            ("provider::Observed", "a lifetime"),
            ("provider::Operation", "metadata"),
            ("provider::Paging", "numbers"),
            ("provider::RenewingCredential", "renewal.rs searches one"),
            ("provider::Step", "a position in a list"),
            ("provider::Timeouts", "times"),
            (
                "provider::record::",
                "what generated code describes models with; model.rs searches a secret field",
            ),
            ("testing::ManualTime", "a time"),
            ("transport::BodyLimits", "numbers"),
            ("transport::Phase", "words"),
            ("transport::Progress", "a phase"),
        ],
    );
}

/// A search that misses a type would let a leak pass.
#[test]
fn a_type_that_nobody_searched_is_noticed() {
    use secrets::public_types::unsearched;
    let list = "\
pub enum shop::Colour\npub shop::Colour::Red\nimpl core::fmt::Debug for shop::Colour\n\
pub struct shop::Till\nimpl core::fmt::Debug for shop::Till\nimpl core::fmt::Display for shop::Till\n\
pub struct shop::models::Bill\npub shop::models::Bill::total: i64\nimpl core::fmt::Debug for shop::models::Bill\n";
    let all = [("Debug", "shop::inner::Till"), ("Display", "shop::Till")];
    let found = |list: &str, searched: &[(&'static str, &str)], exceptions: &[(&str, &str)]| {
        let searched = searched.iter().map(|(how, path)| (*how, (*path).to_owned())).collect();
        unsearched("shop", list, &searched, exceptions)
    };
    assert_eq!(found(list, &all, &[]), [""; 0]);
    assert_eq!(found(list, &all[..1], &[]), ["Display of Till"]);
    assert_eq!(found(list, &all[1..], &[("Till Debug", "a reason")]), [""; 0]);
    assert_eq!(found(list, &[], &[("Till", "a reason")]), [""; 0]);
    assert_eq!(found(list, &all, &[("Till", "a reason")]), ["nothing needs the exception Till"]);
    for (more, what) in [
        ("pub shop::Colour::Other(alloc::string::String)\n", "Debug of Colour"),
        ("pub shop::models::Bill::pay: secrecy::SecretString\n", "Debug of models::Bill"),
        ("pub shop::models::Bill::card_password: alloc::string::String\n", "Debug of models::Bill"),
        ("pub fn shop::models::Bill::api_key(&self) -> &str\n", "Debug of models::Bill"),
        ("pub struct shop::Safe\nimpl<T> core::fmt::Debug for shop::Safe<T>\n", "Debug of Safe"),
        ("pub struct shop::b::Till\nimpl core::fmt::Debug for shop::b::Till\n", "Debug of Till"),
    ] {
        let missing = found(&format!("{list}{more}"), &all, &[]);
        assert!(missing.iter().any(|one| one == what), "{more}: {missing:?}");
    }
}
