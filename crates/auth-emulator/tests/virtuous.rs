//! The Virtuous emulator over a real socket: grants, codes, rotation, signatures and their explanations.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report"
)]

mod common;

use std::time::Duration;

use auth_emulator::providers::virtuous::{ErrorBody, Virtuous};
use auth_emulator::{ClockStart, Emulator, Timestamp};
use common::crm::{START, Signer, dotnet, encode};
use common::{Request, Response};
use serde_json::{Value, json};

async fn start() -> Emulator {
    let clock = ClockStart::Frozen(Timestamp::from_unix_seconds(START));
    Emulator::builder().clock(clock).start().await.unwrap()
}

async fn token(virtuous: &Virtuous, form: &str) -> Response {
    let request = Request::new("POST", &format!("{}/Token", virtuous.base_url()));
    request.header("Content-Type", "application/x-www-form-urlencoded").body(form).send().await
}

fn password_form(virtuous: &Virtuous, more: &str) -> String {
    let (user, password) = (encode(&virtuous.username()), encode(&virtuous.password()));
    format!("grant_type=password&username={user}&password={password}{more}")
}

async fn login(virtuous: &Virtuous) -> (String, String) {
    let response = token(virtuous, &password_form(virtuous, "")).await;
    assert_eq!(response.status, 200, "{}", response.text());
    pair(&response)
}

fn pair(response: &Response) -> (String, String) {
    let json = response.json();
    (json["access_token"].as_str().unwrap().to_owned(), json["refresh_token"].as_str().unwrap().to_owned())
}

async fn refresh(virtuous: &Virtuous, token_text: &str) -> Response {
    token(virtuous, &format!("grant_type=refresh_token&refresh_token={token_text}")).await
}

async fn call(virtuous: &Virtuous, authorization: &str) -> Response {
    let request = Request::new("GET", &format!("{}/api/Organization/Current", virtuous.base_url()));
    request.header("Authorization", authorization).send().await
}

/// The reason of the check that failed.
fn reason(emulator: &Emulator, response: &Response) -> String {
    let explanation = emulator.explain(&response.request_id()).unwrap();
    explanation.checks.iter().filter_map(|check| check.reason.clone()).next_back().unwrap_or_default()
}

#[tokio::test]
async fn a_token_has_the_vendors_form() {
    let emulator = start().await;
    let response = token(&emulator.virtuous(), &password_form(&emulator.virtuous(), "")).await;
    assert_eq!(response.header("content-type"), Some("application/json;charset=UTF-8"));
    let body = response.json();
    assert_eq!(body["token_type"], "bearer");
    assert_eq!(body["expires_in"], 1_209_599);
    assert_eq!(body["twoFactorEnabled"], "False");
    assert_eq!(body[".issued"], "Tue, 14 Nov 2023 22:13:20 GMT");
    assert_eq!(body[".expires"], "Tue, 28 Nov 2023 22:13:20 GMT");
    assert_eq!(body["userName"], emulator.virtuous().username());
    let lower = Request::new("POST", &format!("{}/token", emulator.virtuous().base_url()));
    let lower = lower.header("Content-Type", "application/x-www-form-urlencoded");
    let response = lower.body(password_form(&emulator.virtuous(), "")).send().await;
    assert_eq!(response.status, 200, "the path's case does not matter");
}

#[tokio::test]
async fn invalid_token_requests_are_rejected_and_explained() {
    let emulator = start().await;
    let virtuous = emulator.virtuous();
    let user = encode(&virtuous.username());
    for (form, error, words) in [
        ("", "unsupported_grant_type", "grant_type is missing"),
        ("grant_type=client_credentials", "unsupported_grant_type", "unknown"),
        ("grant_type=password&username=a", "invalid_request", "password is missing"),
        ("grant_type=refresh_token", "invalid_request", "refresh_token is missing"),
        ("grant_type=password&username=a&password=b", "invalid_grant", "the user name is wrong"),
        (
            &format!("grant_type=password&username={user}&password=b"),
            "invalid_grant",
            "the password is wrong",
        ),
        ("grant_type=password&grant_type=password", "invalid_request", "twice"),
        ("grant_type=password&username=%zz", "invalid_request", "percent sign"),
        ("grant_type=refresh_token&refresh_token=x", "invalid_grant", "unknown"),
    ] {
        let response = token(&virtuous, form).await;
        assert_eq!((response.status, response.json()["error"].as_str()), (400, Some(error)), "{form}");
        assert!(reason(&emulator, &response).contains(words), "{form}: {}", reason(&emulator, &response));
    }
    // A form is read whatever the Content-Type says, as by the vendor's server; nothing else is.
    let url = format!("{}/Token", virtuous.base_url());
    let form = password_form(&virtuous, "");
    let json = json!({ "grant_type": "password", "username": user, "password": virtuous.password() });
    let parts = "--x\r\nContent-Disposition: form-data; name=\"grant_type\"\r\n\r\npassword\r\n--x--\r\n";
    for (body, content_type, status) in [
        (form.clone(), None, 200),
        (form.clone(), Some("application/json"), 200),
        (form, Some("text/plain"), 200),
        (json.to_string(), Some("application/json"), 400),
        (parts.to_owned(), Some("multipart/form-data; boundary=x"), 400),
    ] {
        let mut request = Request::new("POST", &url);
        if let Some(content_type) = content_type {
            request = request.header("Content-Type", content_type);
        }
        assert_eq!(request.body(body.clone()).send().await.status, status, "{content_type:?}: {body}");
    }
}

#[tokio::test]
async fn codes_are_sent_checked_and_used_up() {
    let emulator = start().await;
    let virtuous = emulator.virtuous();
    virtuous.configure(|settings| settings.two_factor = true);
    let response = token(&virtuous, &password_form(&virtuous, "")).await;
    assert_eq!((response.status, response.json()["error"].as_str()), (202, Some("awaiting_verification")));
    let pending = emulator.pending_codes_for("virtuous", &virtuous.username()).remove(0);
    let with = |code: &str| password_form(&virtuous, &format!("&otp={code}"));
    let wrong = token(&virtuous, &with("x")).await;
    assert_eq!((wrong.status, reason(&emulator, &wrong).as_str()), (400, "the code is invalid"));
    let right = token(&virtuous, &with(&pending.code)).await;
    assert_eq!((right.status, right.json()["twoFactorEnabled"].as_str()), (200, Some("True")));
    let again = token(&virtuous, &with(&pending.code)).await;
    assert_eq!((again.status, reason(&emulator, &again).as_str()), (400, "no code was sent, or it was used"));

    token(&virtuous, &password_form(&virtuous, "")).await;
    let pending = virtuous.pending_codes().remove(0);
    assert!(emulator.approve(&pending.id).is_err(), "a code is typed");
    emulator.expire_code(&pending.id).unwrap();
    let late = token(&virtuous, &with(&pending.code)).await;
    assert_eq!(reason(&emulator, &late), "the code has expired");
    assert!(emulator.expire_code(&pending.id).is_err() && virtuous.pending_codes().is_empty());

    token(&virtuous, &password_form(&virtuous, "")).await;
    let code = virtuous.pending_codes().remove(0).code;
    let by_header = Request::new("POST", &format!("{}/Token", virtuous.base_url())).header("OTP", &code);
    let by_header = by_header.header("Content-Type", "application/x-www-form-urlencoded");
    assert_eq!(by_header.body(password_form(&virtuous, "")).send().await.status, 200);
    assert_eq!((virtuous.effect("code_sent"), virtuous.effect("login")), (3, 2));
}

#[tokio::test]
async fn a_refresh_token_is_replaced_and_its_reuse_revokes_the_login() {
    let emulator = start().await;
    let virtuous = emulator.virtuous();
    let (access, first) = login(&virtuous).await;
    let response = refresh(&virtuous, &first).await;
    let (renewed, second) = pair(&response);
    assert_eq!(call(&virtuous, &format!("Bearer {access}")).await.status, 200);
    assert_eq!(call(&virtuous, &format!("Bearer {renewed}")).await.status, 200);
    let reused = refresh(&virtuous, &first).await;
    assert_eq!((reused.status, reused.json()["error"].as_str()), (400, Some("invalid_grant")));
    assert!(reason(&emulator, &reused).contains("all tokens of its login were revoked"));
    assert_eq!(refresh(&virtuous, &second).await.status, 400);
    let gone = call(&virtuous, &format!("Bearer {renewed}")).await;
    assert_eq!((gone.status, reason(&emulator, &gone).as_str()), (401, "the access token was revoked"));
    assert_eq!((virtuous.effect("refresh_token_reused"), virtuous.effect("family_revoked")), (1, 1));
}

#[tokio::test]
async fn tokens_expire_by_the_clock_and_on_request() {
    let emulator = start().await;
    let virtuous = emulator.virtuous();
    let (access, _) = login(&virtuous).await;
    emulator.clock().advance(Duration::from_secs(14 * 86_400 - 1));
    assert_eq!(call(&virtuous, &format!("Bearer {access}")).await.status, 200);
    emulator.clock().advance(Duration::from_secs(1));
    assert_eq!(call(&virtuous, &format!("Bearer {access}")).await.status, 401, "two weeks are over");
    virtuous.set_access_lifetime(Duration::from_secs(60));
    let (access, token_text) = login(&virtuous).await;
    emulator.clock().advance(Duration::from_secs(60));
    let ended = call(&virtuous, &format!("Bearer {access}")).await;
    assert_eq!((ended.status, reason(&emulator, &ended).as_str()), (401, "the access token has expired"));
    assert_eq!(ended.header("www-authenticate"), Some("Bearer"));
    assert_eq!(ended.json(), json!({ "message": "Authorization has been denied for this request." }));
    let (_, token_text) = pair(&refresh(&virtuous, &token_text).await);
    assert_eq!(emulator.expire_tokens(Some("virtuous")).unwrap(), 1);
    let (access, token_text) = pair(&refresh(&virtuous, &token_text).await);
    assert_eq!(emulator.revoke_tokens(Some("virtuous")).unwrap(), 1);
    assert_eq!(call(&virtuous, &format!("Bearer {access}")).await.status, 401);
    assert_eq!(refresh(&virtuous, &token_text).await.status, 400);
    assert_eq!(call(&virtuous, &format!("Bearer {}", virtuous.api_key())).await.status, 200, "keys stay");
}

#[tokio::test]
async fn odd_authorization_headers_are_distinguished() {
    let emulator = start().await;
    let virtuous = emulator.virtuous();
    let (key, (_, token_text)) = (virtuous.api_key(), login(&virtuous).await);
    for (authorization, words) in [
        (key.clone(), "neither"),
        (format!("Basic {key}"), "neither"),
        (format!("Bearer  {key}"), "extra spaces"),
        (format!("Bearer \"{key}\""), "quotation marks"),
        (format!("Bearer {key}x"), "unknown"),
        (format!("Bearer {token_text}"), "refresh token"),
        ("Hmac a:b:c:1".to_owned(), "a bearer token, not an Hmac"),
    ] {
        let response = call(&virtuous, &authorization).await;
        assert_eq!(response.status, 401, "{authorization}");
        assert!(
            reason(&emulator, &response).contains(words),
            "{authorization}: {}",
            reason(&emulator, &response)
        );
    }
    let none = Request::new("GET", &format!("{}/api/Organization", virtuous.base_url())).send().await;
    assert_eq!((none.status, reason(&emulator, &none).as_str()), (401, "Authorization is missing"));
}

#[tokio::test]
async fn every_known_mistake_of_a_signature_is_named_and_confirmed() {
    let emulator = start().await;
    let virtuous = emulator.virtuous();
    let url = format!("{}/api/Gift/ByReference/crm%2F17?skip=0&take=5", virtuous.base_url());
    let path = url.strip_prefix(&virtuous.base_url()).unwrap();
    let port = virtuous.base_url().rsplit(':').next().unwrap().to_owned();
    let send = async |authorization: String| {
        let response = Request::new("GET", &url).header("Authorization", &authorization).send().await;
        let explanation = emulator.explain(&response.request_id()).unwrap();
        let failed = explanation.checks.into_iter().find(|check| check.reason.is_some());
        (response.status, failed)
    };
    let mut number = 0;
    let mut signer = || {
        number += 1;
        Signer::new(&virtuous, number)
    };
    let right = signer();
    assert_eq!(send(right.signed(&right.text(&url))).await.0, 200);
    let (status, failed) = send(right.signed(&right.text(&url))).await;
    assert_eq!((status, failed.unwrap().check.as_str()), (401, "nonce"), "the same nonce again");

    let mut planted = Vec::new();
    let s = signer();
    planted.push((
        "not_lower_case",
        s.signed(&format!("{}{}GET{}{}", s.application_key, dotnet(&url), s.nonce, s.time)),
    ));
    let s = signer();
    let lower = url.to_lowercase();
    planted.push((
        "address_not_encoded",
        s.signed(&format!("{}{lower}GET{}{}", s.application_key, s.nonce, s.time).to_lowercase()),
    ));
    let s = signer();
    planted.push(("query_left_out", s.signed(&s.text(url.split('?').next().unwrap()))));
    let s = signer();
    planted.push(("path_only", s.signed(&s.text(path))));
    let s = signer();
    planted.push(("https", s.signed(&s.text(&url.replacen("http:", "https:", 1)))));
    let s = signer();
    planted.push(("slash_at_the_end", s.signed(&s.text(&format!("{url}/")))));
    let s = signer();
    planted.push(("port_left_out", s.signed(&s.text(&url.replacen(&format!(":{port}"), "", 1)))));
    for (separator, cause) in [(":", "separated_by_colons"), ("\n", "separated_by_lines")] {
        let s = signer();
        let parts = [
            s.application_key.clone(),
            dotnet(&lower),
            "GET".to_owned(),
            s.nonce.clone(),
            s.time.to_string(),
        ];
        planted.push((cause, s.signed(&parts.join(separator).to_lowercase())));
    }
    let s = signer();
    planted.push(("line_break_at_the_end", s.signed(&format!("{}\n", s.text(&url)))));
    let mut s = signer();
    s.key = virtuous.private_key().into_bytes();
    planted.push(("key_not_decoded", s.signed(&s.text(&url))));
    let s = signer();
    let digits: String = s.mac(s.text(&url).as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    planted.push(("hexadecimal", s.header(&digits)));
    // Strings that differ from the right one in one respect.
    let join = |s: &Signer, parts: [&str; 5]| s.signed(&parts.concat().to_lowercase());
    for (cause, change) in [
        (
            "order",
            (|key: &str, url: &str, nonce: &str, time: &str| {
                [time, key, url, "GET", nonce].map(str::to_owned)
            }) as fn(&str, &str, &str, &str) -> [String; 5],
        ),
        ("order", |key, url, nonce, time| ["GET", url, key, nonce, time].map(str::to_owned)),
        ("application_key_left_out", |_, url, nonce, time| ["", url, "GET", nonce, time].map(str::to_owned)),
        ("url_left_out", |key, _, nonce, time| [key, "", "GET", nonce, time].map(str::to_owned)),
        ("method_left_out", |key, url, nonce, time| [key, url, "", nonce, time].map(str::to_owned)),
        ("nonce_left_out", |key, url, _, time| [key, url, "GET", "", time].map(str::to_owned)),
        ("time_left_out", |key, url, nonce, _| [key, url, "GET", nonce, ""].map(str::to_owned)),
        ("time_in_milliseconds", |key, url, nonce, time| {
            [key, url, "GET", nonce, &format!("{time}000")].map(str::to_owned)
        }),
        ("other_method", |key, url, nonce, time| [key, url, "POST", nonce, time].map(str::to_owned)),
        ("address_encoded_twice", |key, url, nonce, time| {
            [key, &dotnet(url), "GET", nonce, time].map(str::to_owned)
        }),
    ] {
        let s = signer();
        let parts = change(&s.application_key, &dotnet(&lower), &s.nonce, &s.time.to_string());
        planted.push((cause, join(&s, [&parts[0], &parts[1], &parts[2], &parts[3], &parts[4]])));
    }
    let s = signer();
    planted.push(("upper_case", s.signed(&s.text(&url).to_uppercase())));
    let s = signer();
    planted.push(("space_at_the_end", s.signed(&format!("{} ", s.text(&url)))));
    let s = signer();
    planted.push(("decoded", s.signed(&s.text(&url.replace("%2F", "/")))));
    let s = signer();
    planted.push((
        "vendors_host",
        s.signed(&s.text(&url.replace(&virtuous.base_url(), "https://api.virtuoussoftware.com"))),
    ));
    type Key = fn(&[u8], &str, &str) -> Vec<u8>;
    let other_keys: [(&str, Key); 4] = [
        ("key_with_line_end", |_, text, _| format!("{text}\n").into_bytes()),
        ("key_is_application_key", |_, _, application| application.as_bytes().to_vec()),
        ("key_empty", |_, _, _| Vec::new()),
        ("key_decoded_as_utf8", |key, _, _| String::from_utf8_lossy(key).into_owned().into_bytes()),
    ];
    for (cause, key) in other_keys {
        let mut s = signer();
        s.key = key(&s.key, &virtuous.private_key(), &s.application_key);
        planted.push((cause, s.signed(&s.text(&url))));
    }
    let encoded = |s: &Signer| {
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, s.mac(s.text(&url).as_bytes()))
    };
    let s = signer();
    planted.push(("padding", s.header(encoded(&s).trim_end_matches('='))));
    let s = signer();
    planted.push(("signature_lower_case", s.header(&encoded(&s).to_lowercase())));
    let s = signer();
    planted.push(("private_key_sent", s.header(&virtuous.private_key())));
    let s = signer();
    planted.push(("signature_truncated", s.header(&encoded(&s)[..20])));
    assert_eq!(planted.len(), 34);
    // Times that are none, or far away.
    for (cause, time) in [
        ("time_in_milliseconds", |now: i64| format!("{now}000")),
        ("time_with_fraction", |now| format!("{now}.5")),
        ("time_with_zeros", |now| format!("00{now}")),
        ("time_is_local", |now| (now + 7200).to_string()),
        ("time_as_date", |_| "2023-11-14T22-13-30Z".to_owned()),
    ] as [(&str, fn(i64) -> String); 5]
    {
        let s = signer();
        let header = s.header("x");
        let (head, now) = header.rsplit_once(':').unwrap();
        planted.push((cause, format!("{head}:{}", time(now.parse().unwrap()))));
    }
    for (cause, authorization) in planted {
        let (status, failed) = send(authorization).await;
        let failed = failed.unwrap();
        let detail = failed.detail.clone().unwrap_or(Value::Null);
        assert_eq!((status, detail["cause"].as_str()), (401, Some(cause)), "{:?}", failed.reason);
        assert_eq!(detail["certainty"], "confirmed", "{cause}");
    }
    // Other wrong signatures have no explanation.
    for _ in 0..20 {
        let mut s = signer();
        s.key.push(7);
        let (status, failed) = send(s.signed(&s.text(&url))).await;
        let detail = failed.unwrap().detail.unwrap();
        assert_eq!((status, detail["certainty"].as_str()), (401, Some("unknown")));
        assert!(!detail.to_string().contains(&virtuous.private_key()));
    }
    for (change, check) in [
        (Box::new(|s: &mut Signer| s.time = START - 301) as Box<dyn Fn(&mut Signer)>, "time"),
        (Box::new(|s: &mut Signer| s.time = START + 301), "time"),
        (Box::new(|s: &mut Signer| s.application_key = "other".to_owned()), "application key"),
        (Box::new(|s: &mut Signer| s.nonce = "a:b".to_owned()), "signature format"),
    ] {
        let mut s = signer();
        change(&mut s);
        let (status, failed) = send(s.signed(&s.text(&url))).await;
        assert_eq!((status, failed.unwrap().check.as_str()), (401, check));
    }
}

#[tokio::test]
async fn the_limit_counts_every_call_but_those_for_tokens() {
    let emulator = start().await;
    let virtuous = emulator.virtuous();
    virtuous.configure(|settings| settings.calls_per_hour = 2);
    let key = format!("Bearer {}", virtuous.api_key());
    login(&virtuous).await;
    let first = call(&virtuous, &key).await;
    assert_eq!(first.header("x-ratelimit-limit"), Some("2"));
    assert_eq!(first.header("x-ratelimit-remaining"), Some("1"));
    assert_eq!(first.header("x-ratelimit-reset"), Some("1700003600"));
    assert_eq!(call(&virtuous, "Bearer wrong").await.header("x-ratelimit-remaining"), Some("0"));
    emulator.clock().advance(Duration::from_secs(600));
    let over = call(&virtuous, &key).await;
    assert_eq!((over.status, over.header("retry-after")), (429, Some("3000")));
    assert_eq!(over.json()["error"]["code"], "RATE_LIMITED");
    login(&virtuous).await;
    emulator.clock().advance(Duration::from_secs(3000));
    assert_eq!(call(&virtuous, &key).await.status, 200);
}

#[tokio::test]
async fn errors_and_lists_have_the_vendors_forms() {
    let emulator = start().await;
    let virtuous = emulator.virtuous();
    let key = format!("Bearer {}", virtuous.api_key());
    let post = async |path: &str, body: &Value| {
        let request = Request::new("POST", &format!("{}{path}", virtuous.base_url()));
        request.header("Authorization", &key).json(body).send().await
    };
    let list = post("/api/Contact/Query?skip=1&take=1", &json!({})).await.json();
    assert_eq!((list["total"].as_i64(), list["list"][0]["id"].as_i64()), (Some(3), Some(18)));
    let bad = post("/api/Contact/Query?limit=1", &json!({})).await;
    assert_eq!((bad.status, &bad.json()["modelState"]["limit"]), (400, &json!(["The value is not valid."])));
    let gift = json!({ "transactionSource": "s", "transactionId": "1", "giftType": "Cash", "amount": "1.00",
        "contact": { "firstname": "A", "lastname": "B" } });
    let taken = post("/api/v2/Gift/Transaction", &gift).await;
    assert_eq!((taken.status, taken.body.len()), (200, 0));
    let again = post("/api/v2/Gift/Transaction", &gift).await;
    assert_eq!(again.status, 400, "the vendor recognises a duplicate");
    assert_eq!(virtuous.effect("gift_transaction"), 1);
    let missing = post("/api/v2/Gift/Transaction", &json!({})).await.json();
    assert_eq!(missing["modelState"].as_object().unwrap().len(), 4);

    for (form, check) in [
        (ErrorBody::Message, ""),
        (ErrorBody::Empty, ""),
        (ErrorBody::Envelope, "NOT_FOUND"),
        (ErrorBody::Html, "<h1>Not Found</h1>"),
    ] {
        virtuous.configure(|settings| settings.error_body = form);
        let request = Request::new("GET", &format!("{}/api/Contact/99", virtuous.base_url()));
        let response = request.header("Authorization", &key).send().await;
        assert_eq!(response.status, 404);
        assert!(response.text().contains(check), "{}", response.text());
        assert!(check.is_empty() == response.body.is_empty());
    }
}

#[tokio::test]
async fn a_reset_is_a_fresh_start_with_the_same_ids() {
    let emulator = start().await;
    let virtuous = emulator.virtuous();
    let first = login(&virtuous).await;
    emulator.reset(auth_emulator::Reset::State);
    assert_eq!(call(&virtuous, &format!("Bearer {}", first.0)).await.status, 401);
    assert_eq!(login(&virtuous).await, first);
}
