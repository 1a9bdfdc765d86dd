//! Logins by OpenID Connect at the Vault Vision emulator, over a real socket: pages, codes, tokens, and every error.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report"
)]

mod common;

use std::collections::HashMap;
use std::time::Duration;

use auth_emulator::providers::vaultvision::{IdTokenFlaw, TestLogin, VaultVision};
use auth_emulator::{ClockStart, Emulator, Outcome, Timestamp};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use common::{Request, Response};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Value, json};
use sha2::Digest as _;

const START: i64 = 1_700_000_010;
const CALLBACK: &str = "https://example.test/auth/callback?x=1";
const VERIFIER: &str = "sixteen-letters.";

struct World {
    emulator: Emulator,
    vault: VaultVision,
    login: TestLogin,
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn form(pairs: &[(&str, &str)]) -> String {
    let pairs = pairs.iter().map(|(name, value)| format!("{name}={}", encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// The parameters of a redirect's address.
fn parameters(url: &str) -> HashMap<String, String> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8().unwrap().into_owned();
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

impl World {
    async fn new() -> Self {
        let clock = ClockStart::Frozen(Timestamp::from_unix_seconds(START));
        let builder = Emulator::builder().clock(clock).vaultvision(|settings| settings.bcrypt_cost = 4);
        let emulator = builder.start().await.unwrap();
        let vault = emulator.vaultvision();
        let login = vault.prepare_login(CALLBACK).unwrap();
        Self { emulator, vault, login }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.login.issuer)
    }

    /// The URL of an authorization request; a later parameter replaces an earlier one, an empty one removes it.
    fn authorization(&self, changes: &[(&str, &str)]) -> String {
        let challenge = URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(VERIFIER));
        let mut pairs = vec![
            ("response_type", "code"),
            ("client_id", &self.login.client_id),
            ("redirect_uri", CALLBACK),
            ("scope", "openid profile email"),
            ("state", "a b&c"),
            ("nonce", "n-1"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in changes {
            pairs.retain(|(known, _)| known != name);
            pairs.push((name, value));
        }
        pairs.retain(|(_, value)| !value.is_empty());
        self.url(&format!("/authorize?{}", form(&pairs)))
    }

    async fn authorize(&self, changes: &[(&str, &str)]) -> Response {
        Request::new("GET", &self.authorization(changes)).send().await
    }

    /// Sends the form of the login page.
    async fn at_page(&self, changes: &[(&str, &str)], fields: &[(&str, &str)]) -> Response {
        let url = self.authorization(changes);
        let request = url.split_once('?').unwrap().1;
        let mut pairs =
            vec![("request", request), ("email", &self.login.email), ("password", &self.login.password)];
        for (name, value) in fields {
            pairs.retain(|(known, _)| known != name);
            pairs.push((name, value));
        }
        self.post("/login", &form(&pairs)).send().await
    }

    fn post(&self, path: &str, body: &str) -> Request {
        let request = Request::new("POST", &self.url(path)).body(body.to_owned());
        request.header("Content-Type", "application/x-www-form-urlencoded")
    }

    fn code(&self) -> String {
        let url = self.vault.authorize(&self.authorization(&[]), &self.login.email).unwrap();
        parameters(&url)["code"].clone()
    }

    fn basic(&self) -> String {
        format!("Basic {}", STANDARD.encode(format!("{}:{}", self.login.client_id, self.login.client_secret)))
    }

    async fn exchange(&self, code: &str, fields: &[(&str, &str)]) -> Response {
        let mut pairs = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        for (name, value) in fields {
            pairs.retain(|(known, _)| known != name);
            pairs.push((name, value));
        }
        pairs.retain(|(_, value)| !value.is_empty());
        self.post("/oauth/token", &form(&pairs)).header("Authorization", &self.basic()).send().await
    }

    async fn api(&self, path: &str, change: impl FnOnce(&mut Value)) -> Response {
        let url = format!("{}/v1/tenants/{}{path}", self.vault.base_url(), self.login.tenant_id);
        let key = format!("Bearer {}", self.vault.api_key());
        let mut object = Request::new("GET", &url).header("Authorization", &key).send().await.json();
        change(&mut object);
        Request::new("POST", &url).header("Authorization", &key).json(&object).send().await
    }

    /// Asks for user info.
    async fn info(&self, token: &Value) -> Response {
        let bearer = format!("Bearer {}", token.as_str().unwrap());
        Request::new("GET", &self.url("/userinfo")).header("Authorization", &bearer).send().await
    }

    async fn introspect(&self, by: &TestLogin, token: &Value) -> Value {
        let basic = STANDARD.encode(format!("{}:{}", by.client_id, by.client_secret));
        let request = self.post("/oauth/introspect", &form(&[("token", token.as_str().unwrap())]));
        request.header("Authorization", &format!("Basic {basic}")).send().await.json()
    }

    /// Logs in at the page, and returns the session cookie.
    async fn cookie(&self, user: &TestLogin) -> String {
        let back = self.at_page(&[], &[("email", &user.email), ("password", &user.password)]).await;
        back.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
    }

    async fn delete(&self, path: &str) {
        let url = format!("{}/v1/tenants/{}{path}", self.vault.base_url(), self.login.tenant_id);
        let key = format!("Bearer {}", self.vault.api_key());
        assert_eq!(Request::new("DELETE", &url).header("Authorization", &key).send().await.status, 200);
    }

    fn reason(&self, response: &Response) -> String {
        let explanation = self.emulator.explain(&response.request_id()).unwrap();
        let failed = explanation.checks.iter().find(|check| check.outcome == Outcome::Fail);
        failed.and_then(|check| check.reason.clone()).unwrap_or_default()
    }
}

fn location(response: &Response) -> String {
    assert_eq!(response.status, 303, "{}", response.text());
    response.header("location").unwrap().to_owned()
}

fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test]
async fn a_user_logs_in_at_the_page_and_is_remembered_until_logout() {
    let world = World::new().await;
    let page = world.authorize(&[("login_hint", "a\"<b>@example.test")]).await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(page.text().contains("value=\"a&quot;&lt;b&gt;@example.test\""), "{}", page.text());
    assert!(page.text().contains("action=\"login\"") && page.text().contains("type=\"password\""));

    let wrong = world.at_page(&[], &[("password", "12345678")]).await;
    assert_eq!((wrong.status, world.reason(&wrong).as_str()), (403, "the password is wrong"));
    assert!(wrong.text().contains("Email address or password is wrong."));
    let nobody = world.at_page(&[], &[("email", "nobody@example.test")]).await;
    assert_eq!((nobody.status, world.reason(&nobody).as_str()), (403, "no user has this email address"));

    let back = world.at_page(&[], &[]).await;
    let to = location(&back);
    assert!(to.starts_with("https://example.test/auth/callback?x=1&code="), "{to}");
    assert_eq!(parameters(&to)["state"], "a b&c");
    let cookie = back.header("set-cookie").unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("Max-Age=2592000"), "{cookie}");

    let tokens = world.exchange(&parameters(&to)["code"], &[]).await;
    assert_eq!((tokens.status, tokens.header("cache-control")), (200, Some("no-store")));
    let tokens = tokens.json();
    assert_eq!(tokens["token_type"], "Bearer");
    let expected = json!({
        "iss": world.login.issuer, "sub": world.login.user_id, "aud": [world.login.client_id], "exp": START + 3600,
        "iat": START, "auth_time": START, "nonce": "n-1",
    });
    assert_eq!(claims(tokens["id_token"].as_str().unwrap()), expected);

    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let info = Request::new("GET", &world.url("/userinfo")).header("Authorization", &bearer).send().await;
    let expected = json!({
        "sub": world.login.user_id, "iss": world.login.issuer, "email": world.login.email, "email_verified": true,
    });
    assert_eq!(info.json(), expected);

    // The session serves the next request without a page, until it is too old or another login is demanded.
    world.emulator.clock().advance(Duration::from_secs(100));
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let again = async |changes: &[(&str, &str)]| {
        Request::new("GET", &world.authorization(changes)).header("Cookie", &cookie).send().await
    };
    for (changes, served) in [
        (&[("prompt", "none")][..], true),
        (&[("max_age", "100")], true),
        (&[("max_age", "99")], false),
        (&[("max_age", "0")], false),
        (&[("prompt", "login")], false),
        (&[("prompt", "select_account")], false),
        (&[("prompt", "settings")], false),
        (&[("vv_action", "register")], false),
    ] {
        let response = again(changes).await;
        assert_eq!(response.status == 303, served, "{changes:?}");
    }
    let late = again(&[("prompt", "none"), ("max_age", "1")]).await;
    assert_eq!(parameters(&location(&late))["error"], "login_required");
    let reused = parameters(&location(&again(&[]).await))["code"].clone();
    let token = world.exchange(&reused, &[]).await.json()["id_token"].as_str().unwrap().to_owned();
    assert_eq!(
        (claims(&token)["auth_time"].as_i64(), claims(&token)["iat"].as_i64()),
        (Some(START), Some(START + 100))
    );
    assert_eq!(again(&[("prompt", "none"), ("id_token_hint", &token)]).await.status, 303);

    let out = world
        .url(&format!("/logout?client_id={}&return_to=https%3A%2F%2Fexample.test%2F", world.login.client_id));
    let gone = Request::new("GET", &out).header("Cookie", &cookie).send().await;
    assert_eq!(location(&gone), "https://example.test/");
    assert!(gone.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(parameters(&location(&again(&[("prompt", "none")]).await))["error"], "login_required");
    assert_eq!((world.vault.effect("logged_in"), world.vault.effect("logged_out")), (1, 1));
}

#[tokio::test]
async fn the_discovery_document_names_every_endpoint() {
    let world = World::new().await;
    let document = Request::new("GET", &world.url("/.well-known/openid-configuration")).send().await.json();
    assert_eq!(document["issuer"], world.login.issuer);
    for (name, method) in [
        ("authorization_endpoint", "GET"),
        ("token_endpoint", "POST"),
        ("userinfo_endpoint", "GET"),
        ("jwks_uri", "GET"),
        ("introspection_endpoint", "POST"),
        ("end_session_endpoint", "GET"),
    ] {
        let response = Request::new(method, document[name].as_str().unwrap()).send().await;
        assert!(response.status != 404 && response.status != 405, "{name}: {}", response.status);
        // These paths belong to the tenants' listeners, and those of the API to its own.
        let elsewhere =
            document[name].as_str().unwrap().replace(&world.login.issuer, &world.vault.base_url());
        assert_eq!(Request::new(method, &elsewhere).send().await.status, 404, "{name}");
    }
    assert_eq!(Request::new("GET", &world.url("/v1/tenants")).send().await.status, 404);
    let issuers: Vec<_> = world.vault.tenant_ids().iter().map(|id| world.vault.issuer(id).unwrap()).collect();
    assert_ne!(issuers[0], issuers[1]);
    assert_eq!((issuers[0].as_str(), world.vault.issuer("none")), (world.login.issuer.as_str(), None));
    assert!(world.vault.env().contains(&("VV_ISSUER_URL", world.login.issuer.clone())));
}

#[tokio::test]
async fn invalid_authorization_requests_get_a_page_or_a_redirect_with_the_error() {
    let world = World::new().await;
    for changes in [
        &[("client_id", "")][..],
        &[("client_id", "unknown")],
        &[("redirect_uri", "")],
        &[("redirect_uri", "https://example.test/auth/callback")],
        &[("redirect_uri", "https://example.test/auth/callback?x=1/")],
        &[("redirect_uri", "https://EXAMPLE.test/auth/callback?x=1")],
    ] {
        let page = world.authorize(changes).await;
        assert_eq!((page.status, page.header("location")), (400, None), "{changes:?}");
        assert!(world.vault.authorize(&world.authorization(changes), &world.login.email).is_err());
    }
    let short = URL_SAFE_NO_PAD.encode([1; 16]);
    let (dots, padded) = (".".repeat(43), format!("{}=", "A".repeat(43)));
    for (changes, error) in [
        (&[("response_type", "")][..], "invalid_request"),
        (&[("response_type", "token")], "unsupported_response_type"),
        (&[("response_type", "code id_token")], "unsupported_response_type"),
        (&[("response_mode", "form_post")], "invalid_request"),
        (&[("scope", "")], "invalid_scope"),
        (&[("scope", "email")], "invalid_scope"),
        (&[("code_challenge_method", "plain")], "invalid_request"),
        (&[("code_challenge_method", "")], "invalid_request"),
        (&[("code_challenge", "")], "invalid_request"),
        (&[("code_challenge", &short)], "invalid_request"),
        (&[("code_challenge", &dots)], "invalid_request"),
        (&[("code_challenge", &padded)], "invalid_request"),
        (&[("prompt", "none login")], "invalid_request"),
        (&[("prompt", "dance")], "invalid_request"),
        (&[("prompt", "none")], "login_required"),
        (&[("max_age", "-1")], "invalid_request"),
        (&[("max_age", "soon")], "invalid_request"),
        (&[("request", "x.y.z")], "request_not_supported"),
        (&[("request_uri", "https://a.test")], "request_uri_not_supported"),
        (&[("registration", "{}")], "registration_not_supported"),
        (&[("id_token_hint", "x.y.z")], "invalid_request"),
    ] {
        let to = location(&world.authorize(changes).await);
        let found = parameters(&to);
        assert_eq!((found["error"].as_str(), found["state"].as_str()), (error, "a b&c"), "{changes:?}");
        assert!(to.starts_with(CALLBACK) && !found.contains_key("code"), "{to}");
    }
    let twice = format!("{}&scope=openid", world.authorization(&[]));
    let to = location(&Request::new("GET", &twice).send().await);
    assert_eq!(parameters(&to)["error"], "invalid_request");
    // What is unknown is ignored.
    assert_eq!(
        world.authorize(&[("resource", CALLBACK), ("display", "page"), ("scope", "openid x")]).await.status,
        200
    );
    let sent = world.authorization(&[]);
    let posted = world.post("/authorize", sent.split_once('?').unwrap().1).send().await;
    assert_eq!(posted.status, 200, "{}", posted.text());

    world.vault.configure(|settings| settings.plain_challenges = true);
    for (challenge, status) in [("abc", 200), (&"a".repeat(128), 200), (&"a".repeat(129), 303), ("a+b", 303)]
    {
        let changes = [("code_challenge", challenge), ("code_challenge_method", "")];
        assert_eq!(world.authorize(&changes).await.status, status, "{challenge}");
    }
    world.vault.configure(|settings| settings.misconfigured_tenants = vec![world.login.tenant_id.clone()]);
    assert_eq!(parameters(&location(&world.authorize(&[]).await))["error"], "server_error");
}

#[tokio::test]
async fn a_code_is_exchanged_once_by_its_application_with_its_verifier() {
    let world = World::new().await;
    for (fields, status, error) in [
        (&[("grant_type", "")][..], 400, "invalid_request"),
        (&[("grant_type", "refresh_token")], 400, "unsupported_grant_type"),
        (&[("grant_type", "password")], 400, "unsupported_grant_type"),
        (&[("code", "")], 400, "invalid_request"),
        (&[("code", "unknown")], 400, "invalid_grant"),
        (&[("redirect_uri", "")], 400, "invalid_grant"),
        (&[("redirect_uri", "https://example.test/other")], 400, "invalid_grant"),
        (&[("code_verifier", "")], 400, "invalid_grant"),
        (&[("code_verifier", "another")], 400, "invalid_grant"),
        (&[("code_verifier", &"a".repeat(128))], 400, "invalid_grant"),
        (&[("code_verifier", &"a".repeat(129))], 400, "invalid_request"),
        (&[("code_verifier", "sixteen letters!")], 400, "invalid_request"),
        (&[("code_verifier", "sixteen+letters/")], 400, "invalid_request"),
        (&[("client_id", "another")], 400, "invalid_request"),
        (&[("client_secret", &world.login.client_secret)], 400, "invalid_request"),
    ] {
        let refused = world.exchange(&world.code(), fields).await;
        assert_eq!((refused.status, &refused.json()["error"]), (status, &json!(error)), "{fields:?}");
        assert_eq!(refused.header("cache-control"), Some("no-store"));
    }
    // The wrong attempts above used up no code.
    let code = world.code();
    assert_eq!(world.exchange(&code, &[("code_verifier", "another")]).await.status, 400);
    let tokens = world.exchange(&code, &[]).await;
    assert_eq!(tokens.status, 200);
    let bearer = format!("Bearer {}", tokens.json()["access_token"].as_str().unwrap());
    let info = async || {
        Request::new("GET", &world.url("/userinfo")).header("Authorization", &bearer).send().await.status
    };
    assert_eq!(info().await, 200);
    let again = world.exchange(&code, &[]).await;
    assert_eq!((again.status, &again.json()["error"]), (400, &json!("invalid_grant")));
    assert_eq!(info().await, 401, "RFC 6749: a code that is used again revokes its tokens");

    let code = world.code();
    world.emulator.clock().advance(Duration::from_secs(60));
    let late = world.exchange(&code, &[]).await;
    assert_eq!((late.status, world.reason(&late).as_str()), (400, "invalid_grant: the code has expired"));

    let other = world.vault.prepare_login(CALLBACK).unwrap();
    let code = world.code();
    let basic = STANDARD.encode(format!("{}:{}", other.client_id, other.client_secret));
    let body = form(&[("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", CALLBACK)]);
    let of_other = world.post("/oauth/token", &body).header("Authorization", &format!("Basic {basic}"));
    assert_eq!(of_other.send().await.json()["error"], "invalid_grant");
    // Neither does the other application use the code up, nor can it revoke the tokens of its owner.
    let tokens = world.exchange(&code, &[]).await.json();
    assert_eq!(of_other.send().await.json()["error"], "invalid_grant");
    assert_eq!(world.info(&tokens["access_token"]).await.status, 200);
    assert_eq!(world.exchange(&code, &[]).await.json()["error"], "invalid_grant");
    assert_eq!(world.info(&tokens["access_token"]).await.status, 401);
    let json = Request::new("POST", &world.url("/oauth/token")).header("Authorization", &world.basic());
    assert_eq!(json.json(&json!({ "code": code })).send().await.json()["error"], "invalid_request");
    let twice = format!("{body}&code=x");
    let twice = world.post("/oauth/token", &twice).header("Authorization", &world.basic()).send().await;
    assert_eq!(twice.json()["error"], "invalid_request");
}

#[tokio::test]
async fn applications_authenticate_as_they_are_registered() {
    let world = World::new().await;
    let TestLogin { client_id, client_secret, .. } = &world.login;
    let ask = async |fields: &[(&str, &str)], header: Option<&str>| {
        let code = world.code();
        let mut pairs = vec![
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        pairs.extend_from_slice(fields);
        let mut request = world.post("/oauth/token", &form(&pairs));
        if let Some(header) = header {
            request = request.header("Authorization", header);
        }
        request.send().await
    };
    let basic = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
    assert_eq!(ask(&[("client_id", client_id), ("client_secret", client_secret)], None).await.status, 200);
    assert_eq!(ask(&[("client_id", client_id)], Some(&world.basic())).await.status, 200);
    assert_eq!(ask(&[], Some(&world.basic().replace("Basic", "basic"))).await.status, 200);
    // Both parts are form-encoded, RFC 6749 section 2.3.1.
    let encoded = format!("{}:{}", client_id.replace('a', "%61"), client_secret);
    assert_eq!(ask(&[], Some(&basic(&encoded))).await.status, 200);
    for (fields, header) in [
        (&[][..], None),
        (&[("client_id", client_id.as_str())], None),
        (&[("client_id", client_id), ("client_secret", "wrong")], None),
        (&[("client_id", "unknown"), ("client_secret", "x")], None),
        (&[], Some(basic(&format!("{client_id}:wrong")))),
        (&[], Some(basic(client_id))),
        (&[], Some("Basic ???".to_owned())),
        (&[], Some(world.basic().replace("Basic", "Basic "))),
        (&[], Some("Bearer x".to_owned())),
    ] {
        let refused = ask(fields, header.as_deref()).await;
        assert_eq!((refused.status, &refused.json()["error"]), (401, &json!("invalid_client")), "{fields:?}");
        assert_eq!(refused.header("www-authenticate").is_some(), header.is_some());
    }

    // Without a secret, the application is public: it must send a challenge, and no secret.
    let path = format!("/applications/{client_id}");
    world.api(&path, |application| drop(application.as_object_mut().unwrap().remove("secret"))).await;
    let bare = [("code_challenge", ""), ("code_challenge_method", "")];
    assert_eq!(parameters(&location(&world.authorize(&bare).await))["error"], "invalid_request");
    assert_eq!(ask(&[("client_id", client_id)], None).await.status, 200);
    assert_eq!(ask(&[("client_id", client_id), ("client_secret", client_secret)], None).await.status, 401);
    world.vault.configure(|settings| settings.public_clients_need_pkce = false);
    let url = world.vault.authorize(&world.authorization(&bare), &world.login.user_id).unwrap();
    let code = parameters(&url)["code"].clone();
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("client_id", client_id),
    ];
    assert_eq!(world.post("/oauth/token", &form(&fields)).send().await.status, 200);
}

#[tokio::test]
async fn users_who_may_not_log_in_do_not() {
    let world = World::new().await;
    let user = format!("/users/{}", world.login.user_id);
    let denied = async || {
        let at_page = world.at_page(&[], &[]).await;
        let headless = world.vault.authorize(&world.authorization(&[]), &world.login.email).unwrap();
        assert_eq!(parameters(&headless)["error"], "access_denied");
        assert_eq!(parameters(&location(&at_page))["error"], "access_denied");
        parameters(&headless)["error_description"].clone()
    };
    world.api(&user, |user| user["disabled"] = json!(true)).await;
    assert_eq!(denied().await, "the user is disabled");
    world.api(&user, |user| user["disabled"] = json!(false)).await;
    assert_eq!(world.at_page(&[], &[]).await.status, 303);
    let cancelled = world.at_page(&[], &[("action", "cancel")]).await;
    assert_eq!(parameters(&location(&cancelled))["error"], "access_denied");
    let cancelled = world.vault.deny_authorization(&world.authorization(&[])).unwrap();
    assert_eq!(parameters(&cancelled)["error"], "access_denied");

    // A new user is not verified.
    let fields = [("action", "sign_up"), ("email", "new@example.test"), ("password", "secret")];
    let signed_up = world.at_page(&[("vv_action", "register")], &fields).await;
    assert!(parameters(&location(&signed_up)).contains_key("code"));
    assert_eq!(world.at_page(&[], &fields).await.status, 400, "the address is taken");
    world.api("", |tenant| tenant["settings"]["allow_unverified"] = json!(false)).await;
    let new = world.vault.authorize(&world.authorization(&[]), "new@example.test").unwrap();
    assert_eq!(parameters(&new)["error_description"], "the user has not verified the email address");
    world.api("", |tenant| tenant["settings"]["allow_passwords"] = json!(false)).await;
    let refused = world.at_page(&[], &[]).await;
    assert_eq!(world.reason(&refused), "the tenant does not allow passwords");
    let other = [("action", "sign_up"), ("email", "other@example.test"), ("password", "secret")];
    assert_eq!(world.reason(&world.at_page(&[], &other).await), "the tenant does not allow it");
    assert!(world.vault.authorize(&world.authorization(&[]), "nobody").is_err());
}

#[tokio::test]
async fn a_browser_can_log_in_without_a_page() {
    let world = World::new().await;
    world.vault.configure(|settings| settings.auto_login = Some(world.login.email.clone()));
    let to = location(&world.authorize(&[("prompt", "none")]).await);
    assert_eq!(world.exchange(&parameters(&to)["code"], &[]).await.status, 200);
    world.vault.configure(|settings| settings.auto_login = Some("nobody".to_owned()));
    assert_eq!(world.authorize(&[]).await.status, 200, "the page");

    // The page of prompt=settings returns through the redirect URL, too.
    world.vault.configure(|settings| settings.auto_login = None);
    let cookie =
        world.at_page(&[], &[]).await.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let settings = world.authorization(&[("prompt", "settings")]);
    let page = Request::new("GET", &settings).header("Cookie", &cookie).send().await;
    assert!(page.text().contains("<h1>Settings</h1>"));
    let body = form(&[("request", settings.split_once('?').unwrap().1), ("action", "continue")]);
    let back = world.post("/login", &body).header("Cookie", &cookie).send().await;
    assert!(parameters(&location(&back)).contains_key("code"));
    assert_eq!(world.post("/login", &body).send().await.status, 403, "without a session");
}

#[tokio::test]
async fn keys_rotate_and_flaws_are_a_setting() {
    let world = World::new().await;
    let published = async || {
        let keys = Request::new("GET", &world.url("/.well-known/jwks.json")).send().await.json();
        let ids = keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned());
        ids.collect::<Vec<_>>()
    };
    let id_token =
        async || world.exchange(&world.code(), &[]).await.json()["id_token"].as_str().unwrap().to_owned();
    let header = |token: &str| -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap()).unwrap()
    };
    assert_eq!(published().await, ["emulator-1"]);
    let first = id_token().await;
    assert_eq!(world.vault.rotate_keys(), "emulator-2");
    assert_eq!(published().await, ["emulator-2", "emulator-1"]);
    let second = id_token().await;
    assert_eq!(
        (&header(&first)["kid"], &header(&second)["kid"]),
        (&json!("emulator-1"), &json!("emulator-2"))
    );
    world.vault.configure(|settings| settings.published_keys = 1);
    assert_eq!(published().await, ["emulator-2"]);
    assert!(world.vault.change_settings(&json!({ "published_keys": 0 })).is_err());

    for (flaw, claim) in [
        (IdTokenFlaw::Issuer, "iss"),
        (IdTokenFlaw::Audience, "aud"),
        (IdTokenFlaw::Nonce, "nonce"),
        (IdTokenFlaw::Expired, "exp"),
    ] {
        world.vault.configure(|settings| settings.id_token_flaw = flaw);
        assert_ne!(claims(&id_token().await)[claim], claims(&second)[claim], "{flaw:?}");
    }
    world.vault.configure(|settings| settings.id_token_flaw = IdTokenFlaw::UnknownKey);
    assert_eq!(header(&id_token().await)["kid"], "unknown");
    world.vault.configure(|settings| settings.id_token_flaw = IdTokenFlaw::Unsigned);
    assert!(id_token().await.ends_with('.'));
    world.vault.configure(|settings| settings.id_token_flaw = IdTokenFlaw::Signature);
    assert_ne!(id_token().await.rsplit('.').next(), second.rsplit('.').next());
}

#[tokio::test]
async fn access_tokens_serve_user_info_until_they_expire() {
    let world = World::new().await;
    let token =
        async || world.exchange(&world.code(), &[]).await.json()["access_token"].as_str().unwrap().to_owned();
    let info = async |header: &str| {
        Request::new("GET", &world.url("/userinfo")).header("Authorization", header).send().await
    };
    let missing = Request::new("GET", &world.url("/userinfo")).send().await;
    assert_eq!(
        (missing.status, missing.header("www-authenticate")),
        (401, Some("Bearer realm=\"Vault Vision\""))
    );
    let unknown = info("Bearer unknown").await;
    assert_eq!((unknown.status, &unknown.json()["error"]), (401, &json!("invalid_token")));
    assert!(unknown.header("www-authenticate").unwrap().contains("error=\"invalid_token\""));
    let value = token().await;
    assert_eq!(info(&format!("bearer {value}")).await.status, 200);
    let body = form(&[("access_token", &value)]);
    assert_eq!(world.post("/userinfo", &body).send().await.status, 200);
    let both =
        world.post("/userinfo", &body).header("Authorization", &format!("Bearer {value}")).send().await;
    assert_eq!(both.json()["error"], "invalid_request");
    // The scope decides about the claims.
    let url =
        world.vault.authorize(&world.authorization(&[("scope", "openid")]), &world.login.email).unwrap();
    let narrow = world.exchange(&parameters(&url)["code"], &[]).await.json();
    assert_eq!(narrow["scope"], "openid");
    let narrow = info(&format!("Bearer {}", narrow["access_token"].as_str().unwrap())).await.json();
    assert_eq!(narrow, json!({ "sub": world.login.user_id, "iss": world.login.issuer }));

    let introspect = async |value: &str| {
        let request = world.post("/oauth/introspect", &form(&[("token", value)]));
        request.header("Authorization", &world.basic()).send().await.json()
    };
    let active = introspect(&value).await;
    assert_eq!((&active["active"], &active["sub"]), (&json!(true), &json!(world.login.user_id)));
    let id_token = world.exchange(&world.code(), &[]).await.json()["id_token"].clone();
    assert_eq!(introspect(id_token.as_str().unwrap()).await["nonce"], "n-1", "ID tokens are accepted, too");
    assert_eq!(introspect("unknown").await, json!({ "active": false }));
    assert_eq!(world.post("/oauth/introspect", "token=x").send().await.status, 401);

    world.emulator.clock().advance(Duration::from_secs(3_600));
    assert_eq!(info(&format!("Bearer {value}")).await.status, 401);
    assert_eq!(introspect(id_token.as_str().unwrap()).await, json!({ "active": false }));
    let value = token().await;
    world.emulator.expire_tokens(Some("vaultvision")).unwrap();
    assert_eq!(info(&format!("Bearer {value}")).await.status, 401);
}

#[tokio::test]
async fn a_logout_returns_only_to_the_applications_urls() {
    let world = World::new().await;
    let id_token = world.exchange(&world.code(), &[]).await.json()["id_token"].as_str().unwrap().to_owned();
    let out = async |pairs: &[(&str, &str)]| {
        Request::new("GET", &world.url(&format!("/logout?{}", form(pairs)))).send().await
    };
    let client = world.login.client_id.as_str();
    let standard = [
        ("id_token_hint", id_token.as_str()),
        ("post_logout_redirect_uri", "https://example.test"),
        ("state", "s 1"),
    ];
    // As in the vendor's samples.
    let returned = out(&[("client_id", client), ("return_to", "https://example.test/auth/logout")]).await;
    assert_eq!(location(&returned), "https://example.test/auth/logout");
    assert_eq!(location(&out(&standard).await), "https://example.test?state=s+1");
    let posted = world.post("/logout", &form(&standard)).send().await;
    assert_eq!(posted.status, 303);
    assert_eq!(out(&[]).await.status, 200, "a page");
    for pairs in [
        &[("client_id", client), ("return_to", "https://example.test/elsewhere")][..],
        &[("return_to", "https://example.test")],
        &[("client_id", "unknown"), ("return_to", "https://example.test")],
        &[("client_id", "unknown"), ("id_token_hint", &id_token)],
        &[("id_token_hint", "x.y.z")],
    ] {
        let page = out(pairs).await;
        assert_eq!((page.status, page.header("location")), (400, None), "{pairs:?}");
    }
    // Expired ID tokens are accepted as a hint, as OpenID Connect demands.
    world.emulator.clock().advance(Duration::from_secs(10_000));
    assert_eq!(out(&standard).await.status, 303);
}

#[tokio::test]
async fn a_login_that_is_not_remembered_ends_with_the_browser() {
    let world = World::new().await;
    world.api("", |tenant| tenant["settings"]["remember_login_seconds"] = json!(0)).await;
    let cookie = world.at_page(&[], &[]).await.header("set-cookie").unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && !cookie.contains("Max-Age"), "{cookie}");
}

#[tokio::test]
async fn older_samples_open_the_settings_and_load_the_logo() {
    let world = World::new().await;
    let settings = Request::new("GET", &world.url("/settings"));
    assert_eq!(settings.send().await.status, 400, "nobody is logged in");
    let back = world.at_page(&[], &[]).await;
    let cookie = back.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let page = settings.header("Cookie", &cookie).send().await;
    assert!(page.status == 200 && page.text().contains("<h1>Settings</h1>"), "{}", page.text());
    let script = Request::new("GET", &world.url("/tenant.js")).send().await.text();
    let expected = r#"window.vv_tenant_data = {"logo_image_text":"dev-xbwlrp","logo_image_url":""};"#;
    assert_eq!(script, expected);
}

#[tokio::test]
async fn a_login_is_prepared_at_the_tenant_that_is_named() {
    let world = World::new().await;
    let control = format!("{}/providers/vaultvision/actions/prepare-login", world.emulator.control_url());
    let prepare = async |input: Value| {
        let token = format!("Bearer {}", world.emulator.control_token());
        Request::new("POST", &control).header("Authorization", &token).json(&input).send().await
    };
    let other = world.vault.tenant_ids().remove(1);
    let made = prepare(json!({ "redirect_url": CALLBACK, "tenant_id": other })).await.json();
    assert_eq!(made["issuer"], world.vault.issuer(&other).unwrap());
    for input in [
        json!({ "redirect_url": CALLBACK, "tenant_id": "none" }),
        json!({ "redirect_url": "notaurl" }),
        json!({ "redirect_url": CALLBACK, "tenant": other }),
    ] {
        assert_eq!(prepare(input.clone()).await.status, 422, "{input}");
    }
}

#[tokio::test]
async fn pages_of_the_applications_may_read_responses() {
    let world = World::new().await;
    for (origin, allowed) in [
        ("https://example.test", true),
        ("https://example.tes", false),
        ("https://evil.test", false),
        ("null", false),
    ] {
        for (method, path) in [
            ("GET", "/.well-known/openid-configuration"),
            ("OPTIONS", "/userinfo"),
            ("OPTIONS", "/oauth/token"),
        ] {
            let response = Request::new(method, &world.url(path)).header("Origin", origin).send().await;
            let expected = allowed.then_some(origin);
            assert_eq!(response.header("access-control-allow-origin"), expected, "{method} {path} {origin}");
        }
    }
    let url = world.authorization(&[]);
    let page = Request::new("GET", &url).header("Origin", "https://example.test").send().await;
    assert_eq!(page.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn codes_and_tokens_end_with_their_application_and_user() {
    for (change, ends) in [
        ("nothing", false),
        ("the user has another name", false),
        ("the user is disabled", true),
        ("the user is deleted", true),
        ("the application is deleted", true),
        ("another application is deleted", false),
        ("the keys are rotated", false),
    ] {
        let world = World::new().await;
        let other = world.vault.prepare_login(CALLBACK).unwrap();
        let cookie = world.cookie(&world.login).await;
        let tokens = world.exchange(&world.code(), &[]).await.json();
        let code = world.code();
        let user = format!("/users/{}", world.login.user_id);
        match change {
            "the user has another name" => {
                world.api(&user, |user| user["profile"]["name"] = json!("Anna")).await;
            }
            "the user is disabled" => drop(world.api(&user, |user| user["disabled"] = json!(true)).await),
            "the user is deleted" => world.delete(&user).await,
            "the application is deleted" => {
                world.delete(&format!("/applications/{}", world.login.client_id)).await;
            }
            "another application is deleted" => {
                let third = world.vault.prepare_login(CALLBACK).unwrap();
                world.delete(&format!("/applications/{}", third.client_id)).await;
            }
            "the keys are rotated" => drop(world.vault.rotate_keys()),
            _ => {}
        }
        let info = world.info(&tokens["access_token"]).await;
        assert_eq!(info.status, if ends { 401 } else { 200 }, "{change}");
        for kind in ["access_token", "id_token"] {
            let found = world.introspect(&other, &tokens[kind]).await;
            assert_eq!(found["active"], !ends, "{change}: {kind}");
        }
        let silent = Request::new("GET", &world.authorization(&[("prompt", "none")]));
        let silent = silent.header("Cookie", &cookie).send().await;
        let has_code = silent.header("location").is_some_and(|to| parameters(to).contains_key("code"));
        assert_eq!(has_code, !ends, "{change}");
        let settings = Request::new("GET", &world.url("/settings")).header("Cookie", &cookie).send().await;
        assert_eq!(settings.status == 200, !change.starts_with("the user is"), "{change}");
        let exchanged = world.exchange(&code, &[]).await;
        let expected = match change {
            "the application is deleted" => "invalid_client",
            _ if ends => "invalid_grant",
            _ => "",
        };
        assert_eq!(exchanged.json()["error"].as_str().unwrap_or_default(), expected, "{change}");
        if change == "the user is disabled" {
            world.api(&user, |user| user["disabled"] = json!(false)).await;
            assert_eq!(world.exchange(&code, &[]).await.status, 200, "the code was not used up");
            assert_eq!(world.info(&tokens["access_token"]).await.status, 200);
        }
    }
}

#[tokio::test]
async fn tokens_of_another_tenant_or_with_a_flaw_are_unknown() {
    let mut world = World::new().await;
    let control = format!("{}/providers/vaultvision/actions/prepare-login", world.emulator.control_url());
    let token = format!("Bearer {}", world.emulator.control_token());
    let input = json!({ "redirect_url": CALLBACK, "tenant_id": world.vault.tenant_ids()[1] });
    let made =
        Request::new("POST", &control).header("Authorization", &token).json(&input).send().await.json();
    let field = |name: &str| made[name].as_str().unwrap().to_owned();
    let own = world.login.clone();
    world.login.issuer = field("issuer");
    world.login.client_id = field("client_id");
    world.login.client_secret = field("client_secret");
    world.login.email = field("email");
    let foreign = world.exchange(&world.code(), &[]).await.json();
    assert_eq!(world.info(&foreign["access_token"]).await.status, 200);
    let code = world.code();
    world.login = own;
    assert_eq!(world.info(&foreign["access_token"]).await.status, 401);
    assert_eq!(world.exchange(&code, &[]).await.json()["error"], "invalid_grant");
    for kind in ["access_token", "id_token"] {
        assert_eq!(
            world.introspect(&world.login, &foreign[kind]).await,
            json!({ "active": false }),
            "{kind}"
        );
    }
    let hint = foreign["id_token"].as_str().unwrap();
    let to = location(&world.authorize(&[("id_token_hint", hint)]).await);
    assert_eq!(parameters(&to)["error"], "invalid_request");
    let out = world.url(&format!("/logout?id_token_hint={hint}"));
    assert_eq!(Request::new("GET", &out).send().await.status, 400);

    for flaw in [
        IdTokenFlaw::Issuer,
        IdTokenFlaw::Audience,
        IdTokenFlaw::Expired,
        IdTokenFlaw::Signature,
        IdTokenFlaw::UnknownKey,
        IdTokenFlaw::Unsigned,
    ] {
        world.vault.configure(|settings| settings.id_token_flaw = flaw);
        let token = world.exchange(&world.code(), &[]).await.json()["id_token"].clone();
        assert_eq!(world.introspect(&world.login, &token).await, json!({ "active": false }), "{flaw:?}");
    }
}

#[tokio::test]
async fn only_an_application_with_a_secret_introspects() {
    let world = World::new().await;
    let token = world.exchange(&world.code(), &[]).await.json()["access_token"].as_str().unwrap().to_owned();
    let missing = world.post("/oauth/introspect", "").header("Authorization", &world.basic()).send().await;
    assert_eq!((missing.status, &missing.json()["error"]), (400, &json!("invalid_request")));

    let path = format!("/applications/{}", world.login.client_id);
    world.api(&path, |application| drop(application.as_object_mut().unwrap().remove("secret"))).await;
    let id = ("client_id", world.login.client_id.as_str());
    for fields in [&[id, ("token", &token)][..], &[id]] {
        let refused = world.post("/oauth/introspect", &form(fields)).send().await;
        assert_eq!((refused.status, &refused.json()["error"]), (401, &json!("invalid_client")));
    }
    let basic = format!("Basic {}", STANDARD.encode(format!("{}:", world.login.client_id)));
    let refused = world.post("/oauth/introspect", &form(&[("token", &token)]));
    assert_eq!(refused.header("Authorization", &basic).send().await.status, 401);
}

#[tokio::test]
async fn a_maximum_age_of_zero_is_a_new_login() {
    let world = World::new().await;
    let cookie = world.cookie(&world.login).await;
    let ask = async |changes: &[(&str, &str)]| {
        Request::new("GET", &world.authorization(changes)).header("Cookie", &cookie).send().await
    };
    // No time has passed since the login.
    assert_eq!(ask(&[("max_age", "1")]).await.status, 303);
    assert_eq!(ask(&[("max_age", "0")]).await.status, 200, "the page");
    let silent = location(&ask(&[("max_age", "0"), ("prompt", "none")]).await);
    assert_eq!(parameters(&silent)["error"], "login_required");
}

/// The settings page continues with the session that showed it; other requests can't use its button.
#[tokio::test]
async fn a_session_continues_only_from_the_settings() {
    let world = World::new().await;
    let cookie = world.cookie(&world.login).await;
    let go_on = async |changes: &[(&str, &str)]| {
        let url = world.authorization(changes);
        let body = form(&[("request", url.split_once('?').unwrap().1), ("action", "continue")]);
        world.post("/login", &body).header("Cookie", &cookie).send().await.status
    };
    let settings = ("prompt", "settings");
    for (changes, status) in [
        (&[settings][..], 303),
        (&[("prompt", "login settings")], 303),
        (&[("prompt", "login")], 403),
        (&[("prompt", "none")], 403),
        (&[], 403),
        (&[settings, ("max_age", "0")], 403),
    ] {
        assert_eq!(go_on(changes).await, status, "{changes:?}");
    }
    let issued = world.vault.effect("code_issued");
    world.api(&format!("/users/{}", world.login.user_id), |user| user["disabled"] = json!(true)).await;
    assert_eq!(go_on(&[settings]).await, 403);
    assert_eq!((issued, world.vault.effect("code_issued")), (3, 3));
}

#[tokio::test]
async fn a_hint_of_another_user_is_not_ignored() {
    let world = World::new().await;
    let other = world.vault.prepare_login(CALLBACK).unwrap();
    let id_token = world.exchange(&world.code(), &[]).await.json()["id_token"].as_str().unwrap().to_owned();
    let hint = ("id_token_hint", id_token.as_str());

    // Another user logs in: at the page, without it, and by the setting.
    let fields = [("email", other.email.as_str()), ("password", &other.password)];
    let at_page = location(&world.at_page(&[hint], &fields).await);
    let headless = world.vault.authorize(&world.authorization(&[hint]), &other.email).unwrap();
    world.vault.configure(|settings| settings.auto_login = Some(other.email.clone()));
    let automatic = location(&world.authorize(&[hint]).await);
    world.vault.configure(|settings| settings.auto_login = None);
    for to in [at_page, headless, automatic] {
        assert_eq!(parameters(&to)["error"], "login_required");
    }
    assert!(parameters(&location(&world.at_page(&[hint], &[]).await)).contains_key("code"));

    // The session of another user ends only after a confirmation.
    let cookie = world.cookie(&other).await;
    let is_logged_in = async || {
        let silent = Request::new("GET", &world.authorization(&[("prompt", "none")]));
        parameters(&location(&silent.header("Cookie", &cookie).send().await)).contains_key("code")
    };
    let pairs = [hint, ("post_logout_redirect_uri", "https://example.test"), ("state", "a\"b")];
    let url = world.url(&format!("/logout?{}", form(&pairs)));
    let page = Request::new("GET", &url).header("Cookie", &cookie).send().await;
    assert_eq!((page.status, page.header("set-cookie")), (200, None));
    let text = page.text();
    assert!(text.contains("action=\"logout\"") && text.contains("value=\"a&quot;b\""), "{text}");
    assert!(!text.contains("id_token_hint"), "{text}");
    assert!(is_logged_in().await);
    let confirmed = [("client_id", world.login.client_id.as_str()), pairs[1], pairs[2]];
    let out = world.post("/logout", &form(&confirmed)).header("Cookie", &cookie).send().await;
    assert_eq!(location(&out), "https://example.test?state=a%22b");
    assert!(!is_logged_in().await);
}

#[tokio::test]
async fn head_is_like_get_without_a_body() {
    let world = World::new().await;
    let token = world.exchange(&world.code(), &[]).await.json()["access_token"].as_str().unwrap().to_owned();
    for path in ["/.well-known/openid-configuration", "/.well-known/jwks.json", "/userinfo"] {
        let ask = async |method: &str| {
            let request = Request::new(method, &world.url(path));
            request.header("Authorization", &format!("Bearer {token}")).send().await
        };
        let (head, get) = (ask("HEAD").await, ask("GET").await);
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
        for name in ["content-type", "cache-control"] {
            assert_eq!(head.header(name), get.header(name), "{path}");
        }
    }
    assert_eq!(Request::new("HEAD", &world.url("/userinfo")).send().await.status, 401);
    assert_eq!(Request::new("HEAD", &world.url("/authorize")).send().await.status, 405);
}

#[tokio::test]
async fn a_visit_of_the_login_page_goes_to_the_application() {
    let world = World::new().await;
    let other = world.vault.prepare_login(CALLBACK).unwrap();
    let visit = async |query: &str| Request::new("GET", &world.url(&format!("/login{query}"))).send().await;
    let set = async |client: &str, url: &str| {
        let path = format!("/applications/{client}");
        world.api(&path, |application| application["login_url"] = json!(url)).await;
    };
    let page = visit("").await;
    assert_eq!(page.status, 400);
    assert!(page.text().contains("Please open the application"), "{}", page.text());
    set(&world.login.client_id, "https://shop.example/login").await;
    assert_eq!(location(&visit("").await), "https://shop.example/login");
    assert_eq!(visit(&format!("?client_id={}", other.client_id)).await.status, 400);
    set(&other.client_id, "https://other.example/é").await;
    assert_eq!(visit("").await.status, 400, "there are two");
    let to = location(&visit(&format!("?client_id={}", other.client_id)).await);
    assert_eq!(to, "https://other.example/%C3%A9");
}

#[tokio::test]
async fn only_urls_are_registered_and_redirects_encode_them() {
    let world = World::new().await;
    let url = format!("{}/v1/tenants/{}/applications", world.vault.base_url(), world.login.tenant_id);
    let key = format!("Bearer {}", world.vault.api_key());
    let create =
        async |body: &Value| Request::new("POST", &url).header("Authorization", &key).json(body).send().await;
    for bad in
        ["", "javascript:alert(1)", "data:text/html,x", "not a url", "/callback", "https://x.test/ä cb"]
    {
        for body in [json!({ "redirect_urls": ["https://a.test/", bad] }), json!({ "logout_urls": [bad] })] {
            let refused = create(&body).await;
            assert_eq!((refused.status, &refused.json()["code"]), (400, &json!("invalid_request")), "{body}");
        }
        let path = format!("/applications/{}", world.login.client_id);
        let refused = world.api(&path, |application| application["redirect_urls"] = json!([bad])).await;
        assert_eq!(refused.status, 400, "{bad}");
    }
    assert_eq!(create(&json!({ "login_url": "javascript:x" })).await.status, 400);
    assert_eq!(
        create(&json!({ "login_url": "", "redirect_urls": [], "logout_urls": null })).await.status,
        200
    );
    // A sample of the vendor has a fragment.
    for (registered, start) in [
        ("http://localhost:8080/#auth_callback", "http://localhost:8080/?code="),
        ("com.example.app:/oauth2redirect", "com.example.app:/oauth2redirect?code="),
        ("https://x.test/ä?q={}", "https://x.test/%C3%A4?q=%7B%7D&code="),
    ] {
        let made = create(&json!({ "redirect_urls": [registered] })).await.json();
        let changes = [("client_id", made["id"].as_str().unwrap()), ("redirect_uri", registered)];
        let to = location(&world.at_page(&changes, &[]).await);
        assert!(to.starts_with(start), "{to}");
        assert_eq!(to.ends_with("#auth_callback"), registered.ends_with("#auth_callback"), "{to}");
    }
}

#[tokio::test]
async fn passwords_are_not_longer_than_bcrypt_reads() {
    let world = World::new().await;
    let (most, long) = ("a".repeat(72), "a".repeat(73));
    let set = async |password: &Value| {
        let path = format!("/v1/tenants/{}/users/{}/credentials", world.login.tenant_id, world.login.user_id);
        let request = Request::new("POST", &format!("{}{path}", world.vault.base_url()));
        let request = request.header("Authorization", &format!("Bearer {}", world.vault.api_key()));
        request.json(&json!({ "password": password })).send().await
    };
    let log_in = async |password: &str| world.at_page(&[], &[("password", password)]).await.status;
    let refused = set(&json!({ "alg": "plain", "hash": long })).await;
    assert_eq!((refused.status, &refused.json()["code"]), (400, &json!("invalid_request")));
    assert_eq!(set(&json!({ "alg": "plain", "hash": "é".repeat(37) })).await.status, 400, "bytes");
    let stored = set(&json!({ "alg": "plain", "hash": most })).await;
    assert_eq!((log_in(&most).await, log_in(&long).await), (303, 403));
    // Also of an imported hash.
    let hash = stored.json()["password"]["hash"].clone();
    assert_eq!(set(&json!({ "alg": "bcrypt", "hash": hash })).await.status, 200);
    assert_eq!((log_in(&most).await, log_in(&long).await), (303, 403));
    // A digest has the same length for every password, which can't be rehashed if it is too long.
    let digest = sha2::Sha256::digest(&long).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(set(&json!({ "alg": "sha256", "hash": digest })).await.status, 200);
    for _ in 0..2 {
        assert_eq!((log_in(&long).await, log_in(&most).await), (303, 403));
    }
    let fields = [("action", "sign_up"), ("email", "new@example.test"), ("password", long.as_str())];
    let signed_up = world.at_page(&[("vv_action", "register")], &fields).await;
    assert!(signed_up.status == 400 && signed_up.text().contains("72 bytes"), "{}", signed_up.text());
}
