//! Logins against a scripted tenant that signs its tokens. The key in `oidc_key.pem` was made for this test alone.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use async_trait::async_trait;
use auth_client_core::provider::auth_core::{Clock, ManualClock};
use auth_client_core::testing::{Canary, ScriptedTransport};
use auth_client_core::transport::{BodyLimits, Received, Transport, TransportError};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use openidconnect::core::{
    CoreHmacKey, CoreIdToken, CoreIdTokenClaims, CoreJsonWebKey, CoreJwsSigningAlgorithm,
    CoreRsaPrivateSigningKey,
};
use openidconnect::{
    AccessToken, AccessTokenHash, Audience, EmptyAdditionalClaims, EndUserEmail, IssuerUrl, JsonWebKeyId,
    Nonce, PrivateSigningKey, StandardClaims, SubjectIdentifier,
};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::{Duration, SystemTime};
use vaultvision_client::models::{Application, Tenant};
use vaultvision_client::oidc::{LoggedIn, Login, LoginError, Page, Pending, Started};
use vaultvision_client::{ExposeSecret, TransportSettings};

const ISSUER: &str = "https://acme01.vvkey.test";
const CALLBACK: &str = "https://example.test/auth/callback";
const CLIENT_SECRET: &str = "c4n4rySecretLzQy2TCsJ";
const ACCESS_TOKEN: &str = "c4n4ryAccessToken0123";

fn key() -> CoreRsaPrivateSigningKey {
    let id = JsonWebKeyId::new("k1".to_owned());
    CoreRsaPrivateSigningKey::from_pem(include_str!("oidc_key.pem"), Some(id)).unwrap()
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)))
}

/// A tenant that has responded to the two questions of the discovery.
fn tenant() -> ScriptedTransport {
    let keys = serde_json::json!({ "keys": [key().as_verification_key()] });
    ScriptedTransport::new().json(200, discovery(ISSUER)).json(200, keys.to_string())
}

fn discovery(issuer: &str) -> String {
    serde_json::json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{ISSUER}/authorize"),
        "token_endpoint": format!("{ISSUER}/oauth/token"),
        "userinfo_endpoint": format!("{ISSUER}/who"),
        "jwks_uri": format!("{ISSUER}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    })
    .to_string()
}

#[tokio::test]
async fn connections_to_the_tenant_have_settings() {
    let builder = || Login::at(ISSUER).client_id("a1").redirect_url(CALLBACK);
    let proxy = || TransportSettings::new().proxy("canary is no address");
    let error = builder().transport_settings(proxy()).discover().await.unwrap_err();
    assert!(error.to_string().contains("invalid proxy") && !error.to_string().contains("canary"), "{error}");
    let both = builder().transport(tenant()).transport_settings(TransportSettings::new());
    let error = both.discover().await.unwrap_err();
    assert!(error.to_string().contains("invalid transport settings"), "{error}");
}

async fn login(transport: &ScriptedTransport) -> Login {
    let builder = Login::at(format!("{ISSUER}/")).client_id("J3Or5KNHIUDl").redirect_url(CALLBACK);
    let builder = builder.client_secret(CLIENT_SECRET.to_owned()).clock(clock());
    builder.transport(transport.clone()).discover().await.unwrap()
}

fn query(url: &url::Url) -> HashMap<String, String> {
    url.query_pairs().into_owned().collect()
}

/// The response of the tenant to the exchange of a code.
struct Token {
    nonce: String,
    audience: &'static str,
    expires: i64,
    bound_to: &'static str,
}

impl Token {
    fn good(url: &url::Url) -> Self {
        Self {
            nonce: query(url)["nonce"].clone(),
            audience: "J3Or5KNHIUDl",
            expires: 1_700_003_600,
            bound_to: ACCESS_TOKEN,
        }
    }

    fn answer(&self) -> String {
        let at = |seconds| chrono::DateTime::from_timestamp(seconds, 0).unwrap();
        let standard = StandardClaims::new(SubjectIdentifier::new("9cb0Q44OoPO4".to_owned()))
            .set_email(Some(EndUserEmail::new("test01@example.test".to_owned())))
            .set_email_verified(Some(true));
        let claims = CoreIdTokenClaims::new(
            IssuerUrl::new(ISSUER.to_owned()).unwrap(),
            vec![Audience::new(self.audience.to_owned())],
            at(self.expires),
            at(1_699_999_990),
            standard,
            EmptyAdditionalClaims {},
        )
        .set_nonce(Some(Nonce::new(self.nonce.clone())));
        let bound = AccessToken::new(self.bound_to.to_owned());
        let algorithm = CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256;
        let token = CoreIdToken::new(claims, &key(), algorithm, Some(&bound), None).unwrap();
        serde_json::json!({
            "access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 3600, "id_token": token.to_string(),
        })
        .to_string()
    }
}

#[tokio::test]
async fn a_whole_login_with_the_vendors_extras() {
    let transport = tenant();
    let login = login(&transport).await;
    let started = login.begin(Page::Login);
    assert!(started.url.as_str().starts_with(&format!("{ISSUER}/authorize?")));
    let asked = query(&started.url);
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "J3Or5KNHIUDl"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid profile email"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(asked[name], value);
    }
    assert!(asked["state"].len() >= 16 && asked["nonce"].len() >= 16 && asked["code_challenge"].len() == 43);
    assert_eq!(query(&login.begin(Page::Settings).url)["prompt"], "settings");
    assert_eq!(query(&login.begin(Page::SignUp).url)["vv_action"], "register");

    let _ = transport.clone().json(200, Token::good(&started.url).answer());
    let back = format!("?code=abc%2Fdef&state={}", asked["state"]);
    // Through a session store.
    let pending = Pending::from_secret(&started.pending.to_secret()).unwrap();
    let logged_in = login.finish(pending, &back).await.unwrap();
    assert_eq!(logged_in.user.subject, "9cb0Q44OoPO4");
    assert_eq!(logged_in.user.email.as_deref(), Some("test01@example.test"));
    assert_eq!(logged_in.user.email_verified, Some(true));
    assert_eq!(logged_in.access_token.expose_secret(), ACCESS_TOKEN);

    let sent = transport.requests();
    let exchange = &sent[2];
    assert_eq!(exchange.uri.to_string(), format!("{ISSUER}/oauth/token"));
    let form: HashMap<_, _> = url::form_urlencoded::parse(&exchange.body).into_owned().collect();
    assert_eq!((form["grant_type"].as_str(), form["code"].as_str()), ("authorization_code", "abc/def"));
    assert!(form["code_verifier"].len() >= 43);
    assert!(exchange.header("authorization").unwrap().starts_with("Basic "));

    let who = r#"{"sub":"9cb0Q44OoPO4","name":"Test User01","locale":"en-US","picture":"https://x.test/p"}"#;
    let _ = transport.clone().json(200, who);
    let user = login.user_info(&logged_in).await.unwrap();
    assert_eq!((user.name.as_deref(), user.locale.as_deref()), (Some("Test User01"), Some("en-US")));
    let _ = transport.clone().json(200, r#"{"sub":"another"}"#);
    assert!(matches!(login.user_info(&logged_in).await, Err(LoginError::Token(_))));

    assert_eq!(
        login.logout_url("https://example.test/bye?a=b").unwrap().as_str(),
        format!("{ISSUER}/logout?client_id=J3Or5KNHIUDl&return_to=https%3A%2F%2Fexample.test%2Fbye%3Fa%3Db")
    );
    for request in transport.requests() {
        assert_eq!(request.uri.host(), Some("acme01.vvkey.test"), "nobody else is asked");
    }
}

#[tokio::test]
async fn tokens_that_are_not_for_this_login_are_refused() {
    type Spoil = fn(&mut Token);
    let spoilt: [Spoil; 4] = [
        |token| token.nonce = "another".to_owned(),
        |token| token.audience = "another",
        |token| token.expires = 1_699_999_999,
        |token| token.bound_to = "another",
    ];
    for (index, spoil) in spoilt.into_iter().enumerate() {
        let transport = tenant();
        let login = login(&transport).await;
        let started = login.begin(Page::Login);
        let mut token = Token::good(&started.url);
        spoil(&mut token);
        let _ = transport.clone().json(200, token.answer());
        let back = format!("code=c&state={}", query(&started.url)["state"]);
        let result = login.finish(started.pending, &back).await;
        assert!(matches!(result, Err(LoginError::Token(_))), "{index}: {result:?}");
    }
    // A signature that doesn't fit.
    let transport = tenant();
    let login = login(&transport).await;
    let started = login.begin(Page::Login);
    let answer = Token::good(&started.url).answer();
    let (head, signature) = answer.rsplit_once('.').unwrap();
    let swapped: String = signature
        .chars()
        .map(|c| {
            if c == 'A' {
                'B'
            } else if c == 'B' {
                'A'
            } else {
                c
            }
        })
        .collect();
    let _ = transport.clone().json(200, format!("{head}.{swapped}"));
    let back = format!("code=c&state={}", query(&started.url)["state"]);
    assert!(matches!(login.finish(started.pending, &back).await, Err(LoginError::Token(_))));
}

#[tokio::test]
async fn what_comes_back_from_somewhere_else_is_not_sent_on() {
    let transport = tenant();
    let login = login(&transport).await;
    for back in ["", "code=c", "code=c&state=other", "error=access_denied&state=other"] {
        let pending = login.begin(Page::Login).pending;
        assert!(matches!(login.finish(pending, back).await, Err(LoginError::State)), "{back}");
    }
    for (back, reason) in [
        ("", "the redirect has no code"),
        ("&code=", "the redirect has no code"),
        ("&code=c&code=d", "the redirect has more than one parameter code"),
        ("&code=c&iss=https://evil.test", "the redirect is from another issuer"),
    ] {
        let started = login.begin(Page::Login);
        let back = format!("state={}{back}", query(&started.url)["state"]);
        let error = login.finish(started.pending, &back).await.unwrap_err();
        assert!(matches!(error, LoginError::Token(_)), "{back}: {error}");
        assert_eq!(error.to_string(), reason);
    }
    let started = login.begin(Page::Login);
    let back = format!("error=access_denied&state={}", query(&started.url)["state"]);
    let refused = login.finish(started.pending, &back).await.unwrap_err();
    assert_eq!(refused.to_string(), "login refused: access_denied");
    assert_eq!(transport.requests().len(), 2, "the discovery's and no more");
    assert!(Pending::from_secret(&"a b".into()).is_err());
}

#[tokio::test]
async fn discovery_is_checked_and_redirects_are_not_followed() {
    let discover = async |transport: ScriptedTransport, issuer: &str| {
        let builder = Login::at(issuer).client_id("a").redirect_url(CALLBACK).transport(transport);
        builder.discover().await.map(drop)
    };
    let other = ScriptedTransport::new().json(200, discovery("https://evil.test"));
    assert!(matches!(discover(other, ISSUER).await, Err(LoginError::Server(..))), "another issuer");
    let plain = discovery(ISSUER).replace("https://acme01.vvkey.test/keys", "http://acme01.vvkey.test/keys");
    let transport = ScriptedTransport::new().json(200, plain).json(200, "{}");
    assert!(matches!(discover(transport.clone(), ISSUER).await, Err(LoginError::Server(..))), "plain http");
    assert_eq!(transport.requests().len(), 1);
    for odd in ["https://acme01.vvkey.test@evil.test/keys", "https://acme01.vvkey.test/keys#x"] {
        let document = discovery(ISSUER).replace("https://acme01.vvkey.test/keys", odd);
        let transport = ScriptedTransport::new().json(200, document);
        assert!(matches!(discover(transport, ISSUER).await, Err(LoginError::Server(..))), "{odd}");
    }
    let redirect =
        ScriptedTransport::new().response(302, &[("location", "https://evil.test/")], "").json(200, "{}");
    assert!(discover(redirect.clone(), ISSUER).await.is_err());
    assert_eq!(redirect.requests().len(), 1);
    for (id, callback) in [
        ("", CALLBACK),
        (" a", CALLBACK),
        ("a\n", CALLBACK),
        ("a\u{200b}", CALLBACK),
        ("a", "https://example.test/auth/callback\n"),
        ("a", " https://example.test/auth/callback"),
        ("a", "https://example.test/auth/\tcallback"),
        ("a", "/auth/callback"),
    ] {
        let builder = Login::at(ISSUER).client_id(id).redirect_url(callback);
        let result = builder.transport(ScriptedTransport::new()).discover().await;
        assert!(matches!(result, Err(LoginError::Setup(_))), "{id:?} {callback:?}");
    }
    // The same field twice, as from a gateway that adds one.
    let twice = discovery(ISSUER).replacen('{', &format!(r#"{{"issuer":"{ISSUER}","extra":1,"extra":2,"#), 1);
    assert!(
        discover(ScriptedTransport::new().json(200, twice).json(200, r#"{"keys":[]}"#), ISSUER).await.is_ok()
    );
    for issuer in ["http://acme01.vvkey.test", "acme01.vvkey.test", "https://user:pw@x.test"] {
        let result = discover(ScriptedTransport::new(), issuer).await;
        assert!(matches!(result, Err(LoginError::Setup(_))), "{issuer}");
    }
}

/// An ID token with these claims, signed with the key under this id.
fn signed(id: &str, claims: &Value) -> String {
    signed_by(&key(), &json!({"alg": "RS256", "typ": "JWT", "kid": id}), claims)
}

/// An ID token with this header and these claims, signed with a key.
fn signed_by(key: &impl Signs, header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(header), part(claims));
    let algorithm = serde_json::from_value(header["alg"].clone()).unwrap();
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(key.sign(&algorithm, text.as_bytes()).unwrap()))
}

trait Signs: PrivateSigningKey<VerificationKey = CoreJsonWebKey> {}
impl<T: PrivateSigningKey<VerificationKey = CoreJsonWebKey>> Signs for T {}

/// The claims of a good token, with some changed.
fn claims(url: &url::Url, changes: Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER, "aud": "J3Or5KNHIUDl", "sub": "9cb0Q44OoPO4", "exp": 1_700_003_600, "iat": 1_699_999_990,
        "nonce": query(url)["nonce"],
    });
    claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    claims
}

fn exchanged(token: String) -> String {
    json!({ "access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": "3600", "id_token": token })
        .to_string()
}

fn keys(id: &str) -> String {
    let mut key = serde_json::to_value(key().as_verification_key()).unwrap();
    key["kid"] = json!(id);
    json!({ "keys": [key] }).to_string()
}

/// A login whose token is signed with the key of this id; `read` is the response of the tenant to a request for keys.
async fn finish_with(
    transport: &ScriptedTransport,
    login: &Login,
    id: &str,
    changes: Value,
    read: Option<String>,
) -> Result<LoggedIn, LoginError> {
    let started = login.begin(Page::Login);
    let token = signed(id, &claims(&started.url, changes));
    if let Some(read) = read {
        let _ = transport.clone().json(200, exchanged(token)).json(200, read);
        return finished(login, started).await;
    }
    finish(transport, login, started, token).await
}

/// Finishes a login whose token is this.
async fn finish(
    transport: &ScriptedTransport,
    login: &Login,
    started: Started,
    token: String,
) -> Result<LoggedIn, LoginError> {
    let _ = transport.clone().json(200, exchanged(token));
    finished(login, started).await
}

async fn finished(login: &Login, started: Started) -> Result<LoggedIn, LoginError> {
    let back = format!("code=c&state={}", query(&started.url)["state"]);
    login.finish(started.pending, &back).await
}

/// A tenant that lists these algorithms and keys.
fn tenant_with(algorithms: Value, keys: Value) -> ScriptedTransport {
    let mut document: Value = serde_json::from_str(&discovery(ISSUER)).unwrap();
    document["id_token_signing_alg_values_supported"] = algorithms;
    ScriptedTransport::new().json(200, document.to_string()).json(200, json!({ "keys": keys }).to_string())
}

#[tokio::test]
async fn a_rotated_key_is_read_and_an_unknown_one_only_so_often() {
    let transport = tenant();
    let clock = Arc::new(ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)));
    let builder = Login::at(ISSUER).client_id("J3Or5KNHIUDl").redirect_url(CALLBACK).clock(clock.clone());
    let login = builder.transport(transport.clone()).discover().await.unwrap();
    finish_with(&transport, &login, "k1", json!({}), None).await.unwrap();
    finish_with(&transport, &login, "k2", json!({}), Some(keys("k2"))).await.unwrap();
    finish_with(&transport, &login, "k2", json!({}), None).await.unwrap();
    let read = || transport.requests().iter().filter(|request| request.uri.path() == "/keys").count();
    assert_eq!(read(), 2);
    for _ in 0..20 {
        let error = finish_with(&transport, &login, "k3", json!({}), None).await.unwrap_err();
        assert!(error.to_string().contains("does not publish"), "{error}");
    }
    assert_eq!(read(), 2, "paced");
    clock.advance(Duration::from_secs(10));
    let error = finish_with(&transport, &login, "k3", json!({}), Some(keys("k2"))).await.unwrap_err();
    assert!(matches!(error, LoginError::Token(_)), "{error}");
    clock.advance(Duration::from_secs(10));
    finish_with(&transport, &login, "k3", json!({}), Some(keys("k3"))).await.unwrap();
    assert_eq!(read(), 4);
}

#[tokio::test]
async fn keys_that_cannot_be_read_are_reported_to_each_login() {
    let transport = tenant();
    let clock = Arc::new(ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)));
    let builder = Login::at(ISSUER).client_id("J3Or5KNHIUDl").redirect_url(CALLBACK).clock(clock.clone());
    let login = builder.transport(transport.clone()).discover().await.unwrap();
    let line = "the request for signing keys failed: the server refused the request (status 503)";
    let started = login.begin(Page::Login);
    let token = signed("k2", &claims(&started.url, json!({})));
    let _ = transport.clone().json(200, exchanged(token)).json(503, "");
    assert_eq!(finished(&login, started).await.unwrap_err().to_string(), line);
    let asked = transport.requests().len();
    for _ in 0..3 {
        let error = finish_with(&transport, &login, "k2", json!({}), None).await.unwrap_err();
        assert_eq!(error.to_string(), line);
        finish_with(&transport, &login, "k1", json!({}), None).await.unwrap();
    }
    assert_eq!(transport.requests().len(), asked + 6, "paced");
    clock.advance(Duration::from_secs(10));
    finish_with(&transport, &login, "k2", json!({}), Some(keys("k2"))).await.unwrap();
}

#[tokio::test]
async fn a_clock_beyond_all_calendars_ends_no_program() {
    let seconds = Duration::from_secs(1 << 50);
    let (late, early) = (SystemTime::UNIX_EPOCH + seconds, SystemTime::UNIX_EPOCH - seconds);
    for (time, changes, reason) in [
        (late, json!({}), Some("expired")),
        (early, json!({"nbf": 1_700_000_000}), Some("nbf")),
        (early, json!({}), None),
    ] {
        let transport = tenant();
        let builder = Login::at(ISSUER).client_id("J3Or5KNHIUDl").redirect_url(CALLBACK);
        let builder = builder.clock(Arc::new(ManualClock::new(time))).transport(transport.clone());
        let login = builder.discover().await.unwrap();
        let result = finish_with(&transport, &login, "k1", changes, None).await;
        let why = result.err().map(|error| error.to_string());
        assert_eq!(why.is_some(), reason.is_some(), "{why:?}");
        assert!(why.unwrap_or_default().contains(reason.unwrap_or_default()));
    }
}

#[tokio::test]
async fn a_tenant_may_have_no_user_info() {
    for odd in [json!(null), json!(""), json!(7), json!([]), json!({})] {
        let mut document: Value = serde_json::from_str(&discovery(ISSUER)).unwrap();
        document["userinfo_endpoint"] = odd.clone();
        let transport = ScriptedTransport::new().json(200, document.to_string()).json(200, keys("k1"));
        let login = login(&transport).await;
        let logged_in = finish_with(&transport, &login, "k1", json!({}), None).await.unwrap();
        let error = login.user_info(&logged_in).await.unwrap_err();
        assert!(matches!(error, LoginError::Setup(_)), "{odd}: {error}");
    }
}

#[tokio::test]
async fn an_issuer_is_compared_as_a_url() {
    for (issuer, same) in [
        ("https://ACME01.vvkey.test", true),
        ("HTTPS://acme01.vvkey.test:443/", true),
        ("https://acme01.vvkey.test//", false),
        ("https://acme01.vvkey.test:8443", false),
        ("https://acme01.vvkey.test./", false),
        ("https://acme01.vvkey.test/?x=/", false),
        ("https://acme01.vvkey.test/#", false),
        ("https://user@acme01.vvkey.test", false),
        ("https://acme01.vvkey.test@evil.test", false),
        ("http://acme01.vvkey.test", false),
        ("acme01.vvkey.test", false),
    ] {
        let transport = ScriptedTransport::new().json(200, discovery(issuer)).json(200, keys("k1"));
        let builder = Login::at(ISSUER).client_id("a").redirect_url(CALLBACK).transport(transport);
        assert_eq!(builder.discover().await.is_ok(), same, "{issuer}");
        let transport = tenant();
        let login = login(&transport).await;
        let result = finish_with(&transport, &login, "k1", json!({ "iss": issuer }), None).await;
        assert_eq!(result.is_ok(), same, "{issuer}: {result:?}");
        let started = login.begin(Page::Login);
        let _ = transport.clone().json(200, exchanged(signed("k1", &claims(&started.url, json!({})))));
        let mut back = url::form_urlencoded::Serializer::new(String::new());
        let back = back.append_pair("state", &query(&started.url)["state"]).append_pair("code", "c");
        let result = login.finish(started.pending, &back.append_pair("iss", issuer).finish()).await;
        assert_eq!(result.is_ok(), same, "{issuer}: {result:?}");
    }
    for issuer in ["https://ACME01.vvkey.test", "https://acme01.vvkey.test:443"] {
        let builder = Login::at(issuer).client_id("a").redirect_url(CALLBACK).transport(tenant());
        assert!(builder.discover().await.is_ok(), "{issuer}");
    }
}

#[tokio::test]
async fn deviations_that_do_no_harm_are_accepted() {
    for (of_document, of_token) in [(ISSUER, ISSUER), ("/", ISSUER), ("/", "/"), (ISSUER, "/")] {
        let slashed = |issuer: &str| if issuer == "/" { format!("{ISSUER}/") } else { issuer.to_owned() };
        let document = format!("\u{feff}{}", discovery(&slashed(of_document)));
        let transport = ScriptedTransport::new()
            .response(200, &[("content-type", "text/plain")], document)
            .response(200, &[("content-type", "application/octet-stream")], keys("k1"));
        let login = login(&transport).await;
        let changes = json!({
            "iss": slashed(of_token), "email_verified": "true", "email": "a@example.test", "azp": "J3Or5KNHIUDl",
            "nbf": "1700000000", "x": [1], "exp": 1_700_003_600.5, "aud": ["J3Or5KNHIUDl"], "zoneinfo": null,
            "updated_at": "2023-11-14T22:13:20.000Z",
        });
        let logged_in = finish_with(&transport, &login, "k1", changes, None).await.unwrap();
        assert_eq!(logged_in.user.email_verified, Some(true));
        let who = r#"{"sub":"9cb0Q44OoPO4","email_verified":"false"}"#;
        let _ = transport.clone().response(200, &[("content-type", "text/html")], who);
        assert_eq!(login.user_info(&logged_in).await.unwrap().email_verified, Some(false));
    }
}

#[tokio::test]
async fn tokens_that_the_rules_forbid_are_refused_with_their_reason() {
    for (changes, reason) in [
        (json!({"nbf": 1_700_086_400}), "nbf"),
        (json!({"nbf": 1_700_000_002}), "nbf"),
        (json!({"azp": "another"}), "azp"),
        (json!({"sub": ""}), "subject is empty"),
        (json!({"sub": " \t"}), "subject is empty"),
        (json!({"sub": "\u{200b}\u{feff}"}), "subject is empty"),
        (json!({"sub": null}), "its claim sub is missing or not a string"),
        (json!({"sub": 7}), "its claim sub is missing or not a string"),
        (json!({"exp": "soon"}), "its claim exp is missing or not a time"),
        (json!({"exp": "1699999999"}), "expired"),
        (json!({"exp": 1e300}), "its claim exp is missing or not a time"),
        (json!({"exp": "NaN"}), "its claim exp is missing or not a time"),
        (json!({"exp": true}), "its claim exp is missing or not a time"),
        (json!({"iat": {}}), "its claim iat is missing or not a time"),
        (json!({"iss": "acme01"}), "its claim iss is missing or not a URL"),
        (json!({"iss": 7}), "its claim iss is missing or not a URL"),
        (json!({"aud": [7]}), "its claim aud is missing or not a string or a list of strings"),
        (json!({"aud": null}), "its claim aud is missing or not a string or a list of strings"),
        (json!({"nonce": 7}), "its claim nonce is missing or not a string"),
        (json!({"at_hash": 7}), "its claim at_hash is missing or not a string"),
        (json!({"c_hash": []}), "its claim c_hash is missing or not a string"),
        (json!({"name": 7, "nonce": "another"}), "nonce"),
        (json!({"name": 7, "exp": 0}), "expired"),
        (json!({"name": 7, "at_hash": "another"}), "issued for another access token"),
        (json!({"iat": null}), "its claim iat is missing"),
        (json!({"nbf": "1700086400"}), "nbf"),
        (json!({"nbf": 1e300}), "nbf"),
        (json!({"nbf": "NaN"}), "nbf"),
        (json!({"nbf": "tomorrow"}), "nbf is not a time"),
        (json!({"nbf": true}), "nbf is not a time"),
        (json!({"azp": ""}), "azp"),
        (json!({"azp": 7}), "its claim azp is missing or not a string"),
        (json!({"aud": []}), "another audience"),
        (json!({"aud": ["J3Or5KNHIUDl", "another"]}), "another audience"),
        (json!({"aud": "J3Or5KNHIUDl "}), "another audience"),
        (json!({"iss": format!("{ISSUER}//")}), "another issuer"),
        (json!({"iss": format!("{ISSUER}/x")}), "another issuer"),
        (json!({"exp": 0}), "expired"),
        (json!({"exp": -1}), "expired"),
        (json!({"nonce": null}), "nonce"),
        (json!({"iss": "https://evil.test"}), "another issuer"),
        (json!({"aud": "another"}), "another audience"),
        (json!({"exp": 1_699_999_999}), "expired"),
        (json!({"nonce": "another"}), "nonce"),
    ] {
        let transport = tenant();
        let login = login(&transport).await;
        let error = finish_with(&transport, &login, "k1", changes.clone(), None).await.unwrap_err();
        assert!(
            matches!(error, LoginError::Token(_)) && error.to_string().contains(reason),
            "{changes}: {error}"
        );
    }
    // The allowance covers both ends.
    for changes in [json!({"nbf": 1_700_000_030}), json!({"exp": 1_699_999_980})] {
        let transport = tenant();
        let builder = Login::at(ISSUER).client_id("J3Or5KNHIUDl").redirect_url(CALLBACK).clock(clock());
        let builder = builder.clock_allowance(Duration::from_secs(30)).transport(transport.clone());
        let login = builder.discover().await.unwrap();
        finish_with(&transport, &login, "k1", changes, None).await.unwrap();
    }
}

/// Claims about the user with values of another type than OpenID Connect has for them.
fn odd_claims() -> [Value; 14] {
    [
        json!({"name": 7}),
        json!({"name#de": 7}),
        json!({"given_name": ["A"], "family_name": true}),
        json!({"picture": {"data": {}}}),
        json!({"locale": {"language": "en"}}),
        json!({"address": "Main St"}),
        json!({"address": {"street_address": 7}}),
        json!({"amr": "pwd", "acr": 0}),
        json!({"email_verified": 1}),
        json!({"email_verified": "yes", "phone_number_verified": 0}),
        json!({"updated_at": "2023-11-14 22:13:20"}),
        json!({"updated_at": "1700000000", "auth_time": "1700000000"}),
        json!({"auth_time": "yesterday"}),
        json!({"preferred_username": 7, "gender": 1, "birthdate": 19_700_101}),
    ]
}

#[tokio::test]
async fn a_claim_about_the_user_of_another_type_counts_as_absent() {
    let transport = tenant();
    let login = login(&transport).await;
    for odd in odd_claims() {
        let mut changes = odd.clone();
        changes["email"] = json!("a@example.test");
        let logged_in = finish_with(&transport, &login, "k1", changes.clone(), None).await;
        let logged_in = logged_in.unwrap_or_else(|error| panic!("{odd}: {error}"));
        changes["sub"] = json!("9cb0Q44OoPO4");
        let _ = transport.clone().json(200, changes.to_string());
        for user in [&logged_in.user, &login.user_info(&logged_in).await.unwrap()] {
            assert_eq!((&*user.subject, user.email.as_deref()), ("9cb0Q44OoPO4", Some("a@example.test")));
            assert_eq!((&user.name, &user.given_name, &user.family_name), (&None, &None, &None), "{odd}");
            assert_eq!((&user.picture, &user.locale, user.email_verified), (&None, &None, None), "{odd}");
        }
        for (body, reason) in [
            (json!({"email": "a@example.test"}), "lacks the field sub"),
            (json!({"sub": 7}), "or it is not a string"),
            (json!({"sub": "another", "name": 7}), "about another user"),
        ] {
            let _ = transport.clone().json(200, body.to_string());
            let error = login.user_info(&logged_in).await.unwrap_err();
            assert!(error.to_string().contains(reason), "{error}");
        }
    }
}

#[tokio::test]
async fn times_may_be_strings() {
    let transport = tenant();
    let login = login(&transport).await;
    for changes in [
        json!({"exp": "1700003600", "iat": "1699999990", "nbf": "1700000000"}),
        json!({"exp": "1700003600", "auth_time": "1699999990", "updated_at": "1699999990"}),
        json!({"exp": "2023-11-14T23:13:20Z", "iat": " 1699999990 ", "nbf": "2023-11-14T22:13:20Z"}),
        json!({"exp": 1_700_003_600.5, "iat": 1_699_999_990.25}),
    ] {
        let result = finish_with(&transport, &login, "k1", changes.clone(), None).await;
        assert!(result.is_ok(), "{changes}: {result:?}");
    }
}

/// Why a login with a forged token is refused, at a tenant with these algorithms and keys.
async fn refusal(
    algorithms: Value,
    list: Value,
    secret: Option<&str>,
    forge: impl Fn(&url::Url) -> String,
) -> String {
    let transport = tenant_with(algorithms, list.clone());
    let mut builder = Login::at(ISSUER).client_id("J3Or5KNHIUDl").redirect_url(CALLBACK).clock(clock());
    if let Some(secret) = secret {
        builder = builder.client_secret(secret.to_owned());
    }
    let login = builder.transport(transport.clone()).discover().await.unwrap();
    let started = login.begin(Page::Login);
    let token = forge(&started.url);
    let _ = transport.clone().json(200, exchanged(token)).json(200, json!({ "keys": list }).to_string());
    let error = finished(&login, started).await.unwrap_err();
    assert!(matches!(error, LoginError::Token(_)), "{error}");
    error.to_string()
}

/// A token is verified as it was received, and not in the form in which it is read.
#[tokio::test]
async fn no_token_passes_that_no_allowed_key_has_signed() {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = json!({"alg": "RS256", "kid": "k1"});
    let rsa = serde_json::to_value(key().as_verification_key()).unwrap();
    // Of the same length, and odd.
    let other = rsa["n"].as_str().unwrap();
    let other = format!("{}{}{}", &other[..1], other[1..5].chars().rev().collect::<String>(), &other[5..]);
    let with = |name: &str, value: Value| {
        let mut key = rsa.clone();
        key[name] = value;
        json!([key])
    };
    let all = || json!(["RS256", "RS512", "ES256", "HS256", "none"]);
    for odd in [json!({}), json!({"name": 7}), json!({"email_verified": 1, "exp": "1700003600"})] {
        let good = |url: &url::Url| signed("k1", &claims(url, odd.clone()));
        let reheaded = |url: &url::Url, header: Value| {
            let good = good(url);
            format!("{}{}", part(&header), &good[good.find('.').unwrap()..])
        };
        let wrong = "invalid ID token: its signature is wrong";
        let unknown = "invalid ID token: signed with a key that the tenant does not publish";
        let disallowed = "invalid ID token: signed with an algorithm that is not allowed";
        let unsigned = "invalid ID token: it has no signature";

        // No signature.
        for header in [json!({"alg": "none"}), json!({"alg": "none", "kid": "k1"})] {
            let bare = |url: &url::Url| format!("{}.{}.", part(&header), part(&claims(url, odd.clone())));
            assert_eq!(refusal(all(), json!([rsa]), Some("s"), bare).await, unsigned);
            let forge = |url: &url::Url| reheaded(url, header.clone());
            assert_eq!(refusal(all(), json!([rsa]), None, forge).await, unsigned);
        }
        let bare = |url: &url::Url| format!("{}.{}.", part(&header), part(&claims(url, odd.clone())));
        assert_eq!(refusal(all(), json!([rsa]), Some("s"), bare).await, wrong);

        // Another key, another id, or a key that is for something else.
        assert_eq!(refusal(all(), with("n", json!(other)), None, good).await, wrong);
        assert_eq!(refusal(all(), with("kid", json!("k2")), None, good).await, unknown);
        assert_eq!(refusal(all(), with("use", json!("enc")), None, good).await, unknown);
        assert_eq!(refusal(all(), with("alg", json!("RS512")), None, good).await, unknown);
        assert_eq!(refusal(all(), json!([]), None, good).await, unknown);

        // Another algorithm than the tenant's, or than that of the key.
        assert_eq!(refusal(json!(["ES256"]), json!([rsa]), None, good).await, disallowed);
        let es256 = |url: &url::Url| reheaded(url, json!({"alg": "ES256", "kid": "k1"}));
        assert_eq!(refusal(all(), json!([rsa]), None, es256).await, unknown);
        let rs512 = |url: &url::Url| reheaded(url, json!({"alg": "RS512", "kid": "k1"}));
        assert_eq!(refusal(all(), json!([rsa]), None, rs512).await, wrong);

        // Shared secrets: the tenant's public key, that of a public client, and another.
        let hs256 = |secret: &'static str| {
            let odd = odd.clone();
            move |url: &url::Url| {
                let key = CoreHmacKey::new(secret.as_bytes());
                signed_by(&key, &json!({"alg": "HS256", "kid": "k1"}), &claims(url, odd.clone()))
            }
        };
        assert_eq!(refusal(all(), json!([rsa]), None, hs256("s")).await, disallowed);
        assert_eq!(refusal(all(), json!([rsa]), None, hs256("")).await, disallowed);
        assert_eq!(refusal(all(), json!([rsa]), Some("s"), hs256("another")).await, wrong);
        assert_eq!(refusal(all(), json!([rsa]), Some("s"), hs256(include_str!("oidc_key.pem"))).await, wrong);
        assert_eq!(refusal(json!(["RS256"]), json!([rsa]), Some("s"), hs256("s")).await, disallowed);
        let listed = json!([{"kty": "oct", "kid": "k1", "k": URL_SAFE_NO_PAD.encode("listed")}]);
        assert_eq!(refusal(all(), listed, Some("s"), hs256("listed")).await, wrong);
        let cut = |url: &url::Url| {
            let token = hs256("s")(url);
            token[..token.len() - 8].to_owned()
        };
        assert_eq!(refusal(all(), json!([rsa]), Some("s"), cut).await, wrong);

        // Other claims than those that were signed; among them those to which they are reduced.
        for changed in [
            json!({"sub": "another"}),
            json!({"sub": "another", "name": 7}),
            json!({"email": "another@example.test"}),
            json!({"exp": 1_700_003_600.0, "iat": 1_699_999_990.0}),
        ] {
            let forge = |url: &url::Url| {
                let good = good(url);
                let parts: Vec<&str> = good.split('.').collect();
                format!("{}.{}.{}", parts[0], part(&claims(url, changed.clone())), parts[2])
            };
            assert_eq!(refusal(all(), json!([rsa]), None, forge).await, wrong);
        }
    }
    // A signature over the claims to which a token is reduced is none over the token.
    let forge = |url: &url::Url| {
        let reduced = signed("k1", &claims(url, json!({"exp": 1_700_003_600.0, "iat": 1_699_999_990.0})));
        let parts: Vec<&str> = reduced.split('.').collect();
        format!("{}.{}.{}", parts[0], part(&claims(url, json!({"name": 7}))), parts[2])
    };
    let why = refusal(json!(["RS256"]), json!([rsa]), None, forge).await;
    assert_eq!(why, "invalid ID token: its signature is wrong");
}

#[tokio::test]
async fn a_shared_secret_signs_and_is_compared_with_the_access_token() {
    let secret = CoreHmacKey::new(CLIENT_SECRET.as_bytes());
    for name in ["HS256", "HS384", "HS512"] {
        let transport = tenant_with(json!([name]), json!([]));
        let login = login(&transport).await;
        let algorithm: CoreJwsSigningAlgorithm = serde_json::from_value(json!(name)).unwrap();
        let hash = |token: &str| {
            let token = AccessToken::new(token.to_owned());
            AccessTokenHash::from_token(&token, &algorithm, &secret.as_verification_key()).unwrap()
        };
        for (token, good) in [(ACCESS_TOKEN, true), ("another", false)] {
            for odd in [json!({}), json!({"name": 7})] {
                let started = login.begin(Page::Login);
                let mut changes = odd.clone();
                changes["at_hash"] = json!(hash(token));
                let token = signed_by(&secret, &json!({ "alg": name }), &claims(&started.url, changes));
                let result = finish(&transport, &login, started, token).await;
                assert_eq!(result.is_ok(), good, "{name} {odd}: {result:?}");
                if let Err(error) = result {
                    assert!(error.to_string().ends_with("issued for another access token"), "{error}");
                }
            }
        }
    }
}

/// A list of keys in which one occurs twice, two share an id, or one is damaged.
#[tokio::test]
async fn one_of_several_keys_that_fit_is_enough() {
    let good = || serde_json::to_value(key().as_verification_key()).unwrap();
    let mut other = good();
    other["n"] = json!("sXchTnUkzhZ8Vgyb5OmSCg");
    let mut damaged = good();
    damaged.as_object_mut().unwrap().remove("n");
    for (list, works) in [
        (json!([good(), good()]), true),
        (json!([other.clone(), good()]), true),
        (json!([damaged.clone(), good()]), true),
        (json!([other.clone(), other.clone()]), false),
        (json!([damaged]), false),
    ] {
        let list = json!({ "keys": list }).to_string();
        let transport = ScriptedTransport::new().json(200, discovery(ISSUER)).json(200, list.clone());
        let clock = Arc::new(ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)));
        let builder = Login::at(ISSUER).client_id("J3Or5KNHIUDl").redirect_url(CALLBACK).clock(clock.clone());
        let login = builder.transport(transport.clone()).discover().await.unwrap();
        if works {
            finish_with(&transport, &login, "k1", json!({}), None).await.unwrap();
            continue;
        }
        let error = finish_with(&transport, &login, "k1", json!({}), Some(list.clone())).await.unwrap_err();
        assert!(matches!(error, LoginError::Token(_)) && !error.to_string().contains("k1"), "{error}");
        clock.advance(Duration::from_secs(10));
        finish_with(&transport, &login, "k1", json!({}), Some(keys("k1"))).await.unwrap();
    }
}

/// Sends like the script, but a request for keys has no response while `hangs`.
#[derive(Clone, Debug)]
struct SlowKeys {
    script: ScriptedTransport,
    hangs: Arc<AtomicBool>,
}

#[async_trait]
impl Transport for SlowKeys {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        limits: BodyLimits,
    ) -> Result<Received, TransportError> {
        if request.uri().path() == "/keys" && self.hangs.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        self.script.send(request, limits).await
    }
}

#[tokio::test]
async fn a_request_for_keys_delays_no_other_login_and_may_be_dropped() {
    let script = tenant();
    let transport = SlowKeys { script: script.clone(), hangs: Arc::default() };
    let builder = Login::at(ISSUER).client_id("J3Or5KNHIUDl").redirect_url(CALLBACK).clock(clock());
    let login = builder.transport(transport.clone()).discover().await.unwrap();
    transport.hangs.store(true, Ordering::Relaxed);
    {
        let mut waiting = Box::pin(finish_with(&script, &login, "k2", json!({}), None));
        for _ in 0..100 {
            let polled = std::future::poll_fn(|context| Poll::Ready(waiting.as_mut().poll(context))).await;
            assert!(polled.is_pending());
        }
        finish_with(&script, &login, "k1", json!({}), None).await.unwrap();
    }
    transport.hangs.store(false, Ordering::Relaxed);
    finish_with(&script, &login, "k2", json!({}), Some(keys("k2"))).await.unwrap();
}

#[tokio::test]
async fn a_parameter_of_a_redirect_occurs_once() {
    for more in ["&state=x", "&code=d", "&iss=https://evil.test", "&error=access_denied&error=x"] {
        let transport = tenant();
        let login = login(&transport).await;
        let started = login.begin(Page::Login);
        let state = &query(&started.url)["state"];
        let back = format!("code=c&state={state}&iss={ISSUER}{more}");
        let error = login.finish(started.pending, &back).await.unwrap_err();
        assert_eq!(matches!(error, LoginError::State), more == "&state=x", "{more}: {error}");
        assert_eq!(transport.requests().len(), 2);
    }
}

#[tokio::test]
async fn a_redirect_must_be_from_the_tenant() {
    for (promised, iss, good) in [
        (false, None, true),
        (false, Some(ISSUER), true),
        (false, Some("https://evil.test"), false),
        (true, Some(ISSUER), true),
        (true, None, false),
        (true, Some("https://evil.test"), false),
    ] {
        let document: Value = serde_json::from_str(&discovery(ISSUER)).unwrap();
        let mut document = document;
        document["authorization_response_iss_parameter_supported"] = json!(promised);
        let transport = ScriptedTransport::new().json(200, document.to_string()).json(200, keys("k1"));
        let login = login(&transport).await;
        let started = login.begin(Page::Login);
        let _ = transport.clone().json(200, exchanged(signed("k1", &claims(&started.url, json!({})))));
        let mut back = format!("code=c&state={}", query(&started.url)["state"]);
        if let Some(iss) = iss {
            back.push_str(&format!("&iss={iss}"));
        }
        let result = login.finish(started.pending, &back).await;
        assert_eq!(result.is_ok(), good, "{promised} {iss:?}: {result:?}");
        assert_eq!(transport.requests().len(), if good { 3 } else { 2 }, "no code goes out");
    }
}

#[tokio::test]
async fn a_failure_names_its_step_its_status_and_its_cause() {
    let discover = async |status: u16, body: String| {
        let transport = ScriptedTransport::new().json(status, body);
        let builder = Login::at(ISSUER).client_id("a").redirect_url(CALLBACK).transport(transport);
        builder.discover().await.map(drop).unwrap_err().to_string()
    };
    for (line, status, body) in [
        ("the discovery request failed: the server refused the request (status 503)", 503, String::new()),
        ("the discovery request failed: the response is not JSON (status 200)", 200, "<html>".to_owned()),
        (
            "the discovery request failed: the response lacks the field issuer (status 200)",
            200,
            "{}".to_owned(),
        ),
        (
            "the discovery request failed: a field of the response has another type (status 200)",
            200,
            r#"{"issuer":["canary"]}"#.to_owned(),
        ),
        (
            "the discovery request failed: the document is that of another issuer (status 200)",
            200,
            discovery("https://evil.test"),
        ),
    ] {
        assert_eq!(discover(status, body).await, line);
    }
    for endpoint in ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"] {
        for url in ["http://127.0.0.1:1/x", "http://localhost/x", "http://acme01.vvkey.test/x", "x"] {
            let mut document: Value = serde_json::from_str(&discovery(ISSUER)).unwrap();
            document[endpoint] = json!(url);
            let line = discover(200, document.to_string()).await;
            assert!(
                line.contains(&format!("{endpoint} in the document is not an https URL")),
                "{url}: {line}"
            );
        }
    }
    let transport = tenant();
    let login = login(&transport).await;
    for (line, status, body) in [
        ("login refused: invalid_client (status 401)", 401, r#"{"error":"invalid_client"}"#),
        ("the code exchange failed: the server refused the request (status 500)", 500, "oops"),
        ("the code exchange failed: the response has no access token (status 200)", 200, "{}"),
        (
            "the code exchange failed: the response has no access token (status 200)",
            200,
            r#"{"access_token":""}"#,
        ),
        ("the code exchange failed: the response is not JSON (status 200)", 200, "<html>"),
        ("login refused: invalid_grant (status 200)", 200, r#"{"error":"invalid_grant","access_token":"a"}"#),
        ("login refused: invalid error code (status 400)", 400, r#"{"error":"no\nway"}"#),
        ("invalid ID token: missing", 200, r#"{"access_token":"a"}"#),
        ("invalid ID token: missing", 200, r#"{"access_token":"a","id_token":""}"#),
        ("invalid ID token: not a signed token", 200, r#"{"access_token":"a","id_token":"canary"}"#),
        ("invalid ID token: its claims are not JSON", 200, r#"{"access_token":"a","id_token":"a.b.c"}"#),
        (
            "invalid ID token: it is encrypted, which is not supported",
            200,
            r#"{"access_token":"a","id_token":"a.b.c.d.e"}"#,
        ),
    ] {
        let started = login.begin(Page::Login);
        let _ = transport.clone().json(status, body);
        let back = format!("code=c&state={}", query(&started.url)["state"]);
        assert_eq!(login.finish(started.pending, &back).await.unwrap_err().to_string(), line);
    }
}

#[tokio::test]
async fn an_application_is_checked_before_anybody_is_sent_away() {
    let tenant_object: Tenant =
        serde_json::from_str(r#"{"id":"t","settings":{"domain":"acme01.vvkey.test"}}"#).unwrap();
    let application: Application = serde_json::from_str(&format!(
        r#"{{"id":"J3Or5KNHIUDl","secret":"s","logout_urls":["https://example.test/bye"],"redirect_urls":["{CALLBACK}"]}}"#
    ))
    .unwrap();
    for other in ["https://example.test/auth/callback/", "https://example.test", ""] {
        assert!(matches!(Login::of(&tenant_object, &application, other), Err(LoginError::NotAllowed(_))));
    }
    let nowhere: Tenant = serde_json::from_str(r#"{"id":"t"}"#).unwrap();
    assert!(matches!(Login::of(&nowhere, &application, CALLBACK), Err(LoginError::Setup(_))));
    let builder = Login::of(&tenant_object, &application, CALLBACK).unwrap();
    let login = builder.transport(tenant()).discover().await.unwrap();
    assert!(login.logout_url("https://example.test/bye").is_ok());
    assert!(matches!(login.logout_url("https://example.test/"), Err(LoginError::NotAllowed(_))));
}

#[tokio::test]
async fn no_secret_of_a_login_is_printed() {
    let transport = tenant();
    let login = login(&transport).await;
    let builder =
        Login::at(ISSUER).client_id("a").redirect_url(CALLBACK).client_secret(CLIENT_SECRET.to_owned());
    let started = login.begin(Page::Login);
    let state = query(&started.url)["state"].clone();
    let mut printed = format!("{login:?} {builder:#?} {:?}", started.pending);
    assert!(!printed.contains(&state));
    let echo = format!(r#"{{"error":"{CLIENT_SECRET}","error_description":"{ACCESS_TOKEN} c4n4ryCode"}}"#);
    for (status, body) in
        [(400, echo.clone()), (500, echo.clone()), (200, echo.clone()), (200, "{".to_owned() + &echo)]
    {
        let _ = transport.clone().json(status, body);
        let started = login.begin(Page::Login);
        let back = format!("code=c4n4ryCode&state={}", query(&started.url)["state"]);
        let error = login.finish(started.pending, &back).await.unwrap_err();
        printed.push_str(&format!("{error} {error:#?}"));
        let mut cause = std::error::Error::source(&error);
        while let Some(next) = cause {
            printed.push_str(&format!("{next} {next:?}"));
            cause = next.source();
        }
    }
    for secret in [CLIENT_SECRET, ACCESS_TOKEN, "c4n4ryCode"] {
        assert_eq!(Canary::new(secret).form_in(&printed), None, "{printed}");
    }
}
