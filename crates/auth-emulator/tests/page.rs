//! The page at the control port, used like a person uses it, in a headless Chromium.
//!
//! Requires `chromium` and `chromium-driver` (Debian's names). Without `chromedriver`, the test does nothing, except in CI, where it
//! fails.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report"
)]

mod common;

use std::path::{Path, PathBuf};

use auth_emulator::{ClockStart, Emulator, Fault, FaultRule, Timestamp};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::browser::Browser;
use common::{Request, Response, until};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

const START: i64 = 1_512_754_158;
const DATE: &str = "Fri, 08 Dec 2017 17:29:18 -0000";

/// The method and path of the row that has the focus.
const FOCUSED: &str = "return document.activeElement.querySelector('.what').lastChild.textContent";

/// One test at a time: a page that is still open would call its emulator's port, which the next emulator may have.
static ONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Whether the browser is there.
fn has_browser() -> bool {
    let found = std::process::Command::new("chromedriver").arg("--version").output().is_ok();
    assert!(
        found || std::env::var_os("CI").is_none(),
        "chromedriver is missing: apt-get install chromium-driver"
    );
    found
}

async fn start() -> Emulator {
    let clock = ClockStart::Frozen(Timestamp::from_unix_seconds(START));
    Emulator::builder().clock(clock).start().await.unwrap()
}

fn url(emulator: &Emulator) -> String {
    format!("{}/#token={}", emulator.control_url(), emulator.control_token())
}

/// Signs a ReveSecure request with a separator, which the vendor says is a line break.
async fn revesecure(
    emulator: &Emulator,
    method: &str,
    path: &str,
    body: &Value,
    separator: &str,
) -> Response {
    let revesecure = emulator.revesecure();
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let text = [DATE, method, "127.0.0.1", path, &body].join(separator);
    let key = revesecure.secret_key();
    let key: Vec<u8> =
        (0..key.len()).step_by(2).map(|at| u8::from_str_radix(&key[at..at + 2], 16).unwrap()).collect();
    let digest = Hmac::<Sha256>::new_from_slice(&key).unwrap().chain_update(&text).finalize().into_bytes();
    let signature: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let credential = STANDARD.encode(format!("{}:{signature}", revesecure.api_key()));
    let request = Request::new(method, &format!("{}{path}", revesecure.base_url()))
        .header("Date", DATE)
        .header("Authorization", &format!("Basic {credential}"));
    let request =
        if body.is_empty() { request } else { request.header("Content-Type", "application/json").body(body) };
    request.send().await
}

/// A user with a pending push request; returns the path for its status, and the body.
async fn push(emulator: &Emulator, name: &str) -> Value {
    let api_key = emulator.revesecure().api_key();
    let user = json!({ "ContactNumber": "8123465790", "CountryCode": "91", "UserName": name });
    assert_eq!(revesecure(emulator, "POST", "/rest/v1/users", &user, "\n").await.status, 200);
    let users = revesecure(emulator, "GET", "/rest/v1/users", &Value::Null, "\n").await.json();
    let id =
        users.as_array().unwrap().iter().find(|user| user["UserName"] == name).unwrap()["UserId"].clone();
    let map = json!({ "ServiceId": emulator.revesecure().service_id(), "UserId": [id] });
    assert_eq!(revesecure(emulator, "POST", "/rest/v1/services/map", &map, "\n").await.status, 200);
    let mut login = json!({ "ApiKey": api_key, "LoginName": "root", "UserName": name, "IP": "2.2.2.2" });
    let info = revesecure(emulator, "POST", "/rest/v1/validate/user", &login, "\n").await.json();
    login.as_object_mut().unwrap().remove("IP");
    login["EndUserIP"] = json!("UNKNOWN");
    login["TokenId"] = info["data"]["Tokens"][0]["TokenId"].clone();
    login["IS_MOBILE"] = json!("false");
    let sent = revesecure(emulator, "POST", "/rest/v1/validate/user/push", &login, "\n").await;
    assert_eq!(sent.status, 200, "{}", sent.text());
    sent.json()
}

fn pictures() -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page");
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

#[tokio::test]
async fn a_refused_request_is_found_and_explained() {
    if !has_browser() {
        return;
    }
    let _one = ONE.lock().await;
    let emulator = start().await;
    let browser = Browser::start(1280, 900, false).await;
    browser.open(&url(&emulator)).await;
    browser.wait_for("#empty", &format!("curl -i '{}/api/", emulator.virtuous().base_url())).await;
    browser.wait_for("#live", "live").await;

    assert_eq!(revesecure(&emulator, "GET", "/rest/v1/organization", &Value::Null, "\n").await.status, 200);
    assert_eq!(revesecure(&emulator, "GET", "/rest/v1/users", &Value::Null, "").await.status, 401);
    // The reason is in the row, with a word and not only with a color.
    let row = browser.wait_for("#list li:first-child", "401 refused").await;
    assert!(row.contains("/rest/v1/users") && row.contains("separator"), "{row}");
    assert_eq!(browser.text("#count").await, "2");

    // The keyboard: refused ones only, the first one, open.
    browser.press("rj\u{e007}").await;
    browser.wait_for("#refused[aria-pressed=true]", "1").await;
    assert_eq!(browser.run("return document.querySelectorAll('#list li:not([hidden])').length").await, 1);
    let detail = browser.wait_for("#detail", "first difference").await;
    assert!(detail.contains("at character 32: \"G\" instead of \"\\n\""), "{detail}");
    assert_eq!(browser.text("#detail mark").await.trim(), "G\n⏎");
    assert!(detail.contains("✗ signature failed") && detail.contains("effects: none"), "{detail}");
    assert!(detail.contains(" ms") && detail.contains("can’t send it again"), "{detail}");
    assert!(detail.contains("www-authenticate") && detail.contains("caller"), "{detail}");
    assert_eq!(detail.matches("separator between").count(), 1, "{detail}");
    std::fs::write(pictures().join("1280-light.png"), browser.screenshot().await).unwrap();

    // Find, and leave the field.
    browser.press("r/").await;
    browser.type_into("#find", "organization").await;
    browser.wait_for("#list", "/rest/v1/organization").await;
    assert_eq!(browser.run("return document.querySelectorAll('#list li:not([hidden])').length").await, 1);

    // A reload loses nothing, and what happens in the meantime arrives.
    browser.open("about:blank").await;
    assert_eq!(revesecure(&emulator, "GET", "/rest/v1/services", &Value::Null, "\n").await.status, 200);
    browser.open(&url(&emulator)).await;
    browser.wait_for("#list", "/rest/v1/services").await;
    browser.wait_for("#count", "3").await;
    emulator.reset(auth_emulator::Reset::Journal);
    browser.wait_for("#count", "0").await;

    // Another namespace has its own requests.
    let other = emulator.namespace("other").unwrap();
    browser.wait_for("#namespace", "other").await;
    let elsewhere = Request::new("GET", &format!("{}/api/Organization", other.virtuous().base_url()));
    assert_eq!(elsewhere.send().await.status, 401);
    browser.run("const s = document.querySelector('#namespace'); s.value = 'other'; s.dispatchEvent(new Event('change'))").await;
    browser.wait_for("#list", "/api/Organization").await;
    assert_eq!((other.journal().len(), emulator.journal().len()), (1, 0));

    // Nothing secret is on the page, and nothing was blocked or failed.
    let page = browser.run("return document.documentElement.outerHTML").await.as_str().unwrap().to_owned();
    assert!(!page.contains(&emulator.revesecure().secret_key()));
    assert!(!page.contains(emulator.control_token()));
    assert_eq!(browser.text("#problem").await, "");
}

#[tokio::test]
async fn a_person_acts_on_the_page() {
    if !has_browser() {
        return;
    }
    let _one = ONE.lock().await;
    let emulator = start().await;
    let sent = push(&emulator, "anna").await;
    emulator.add_fault(FaultRule::new("verigator", Fault::status(503)).times(2)).unwrap();
    let browser = Browser::start(1280, 900, false).await;
    browser.open(&url(&emulator)).await;

    browser.wait_for("#codes", "anna – push").await;
    browser.click("#codes li:last-child button").await;
    until("approved", async || emulator.pending_codes().iter().all(|code| code.kind != "push")).await;
    let curl = browser.wait_for("#curl code", "/approve").await;
    assert!(curl.contains("Bearer $token") && !curl.contains(emulator.control_token()), "{curl}");
    let id = sent["data"]["PushTxnId"].clone();
    let body = json!({ "ApiKey": emulator.revesecure().api_key(), "PushTxnId": id });
    let state = revesecure(&emulator, "POST", "/rest/v1/validate/user/push/status", &body, "\n").await;
    assert_eq!(state.json()["data"]["PushState"], "PUSH_APPROVE");

    browser.wait_for("#now", "2017-12-08 17:29:18 frozen").await;
    // A selection alone, which the arrow keys make, changes nothing.
    browser.run("const s = document.querySelector('#advance'); s.value = '301'; s.dispatchEvent(new Event('change'))").await;
    browser.click("#advance-now").await;
    browser.wait_for("#now", "2017-12-08 17:34:19 frozen").await;
    assert_eq!(emulator.clock().now().unix_seconds(), START + 301);
    browser.click("#freeze").await;
    browser.wait_for("#freeze", "freeze").await;

    browser.wait_for("#fault-count", "1").await;
    browser.click("#faults button").await;
    browser.wait_for("#fault-count", "0").await;
    assert!(emulator.faults().is_empty());
    browser.click("#fault-form button").await;
    browser.wait_for("#fault-count", "1").await;
    assert_eq!(emulator.faults().len(), 1);

    // Settings, and what the catalogue has.
    browser.click("#settings-panel summary").await;
    let pick = "const s = document.querySelector('#settings-provider'); s.value = 'verigator'; s.dispatchEvent(new Event('change'))";
    browser.run(pick).await;
    browser.wait_for("#settings", "max_wrong_tries").await;
    browser
        .run("const i = [...document.querySelectorAll('#settings label')].find((l) => l.innerText.includes('max_wrong_tries')).querySelector('input'); i.value = '2'; i.dispatchEvent(new Event('change'))")
        .await;
    until("changed", async || emulator.verigator().settings().max_wrong_tries == 2).await;
    browser.click("#records-panel summary").await;
    let records = browser.wait_for("#records", "anna").await;
    assert!(records.contains("users (1)"), "{records}");
    browser.click("#controls-panel summary").await;
    browser.run("const c = document.querySelector('#control'); c.value = 'effects'; c.dispatchEvent(new Event('change'))").await;
    browser.click("#control-form button").await;
    browser.wait_for("#control-result", "push_sent").await;
    assert_eq!(browser.text("#problem").await, "");
}

#[tokio::test]
async fn it_is_readable_on_a_phone_and_in_the_dark() {
    if !has_browser() {
        return;
    }
    let _one = ONE.lock().await;
    let emulator = start().await;
    push(&emulator, "anna").await;
    revesecure(&emulator, "GET", "/rest/v1/users", &Value::Null, "").await;
    for (width, height, dark) in [(400, 800, false), (400, 800, true), (1280, 900, true)] {
        let browser = Browser::start(width, height, dark).await;
        browser.open(&url(&emulator)).await;
        browser.wait_for("#list", "refused").await;
        browser.wait_for("#codes", "anna").await;
        // Nothing is cut off at the side.
        let wide = browser.run("return document.documentElement.scrollWidth - innerWidth").await;
        assert!(wide.as_i64().unwrap() <= 0, "{width}: {wide} pixels too wide");
        let back = browser.run("return getComputedStyle(document.body).backgroundColor").await;
        assert_eq!(back == "rgb(20, 23, 28)", dark, "{back}");
        let color = if dark { "dark" } else { "light" };
        std::fs::write(pictures().join(format!("{width}-{color}-list.png")), browser.screenshot().await)
            .unwrap();
        browser.click("#list li button").await;
        browser.wait_for("#detail", "first difference").await;
        let wide = browser.run("return document.querySelector('#detail').scrollWidth - innerWidth").await;
        assert!(wide.as_i64().unwrap() <= 0, "{width}: {wide} pixels too wide");
        std::fs::write(pictures().join(format!("{width}-{color}.png")), browser.screenshot().await).unwrap();
        if width == 400 {
            assert_eq!(browser.run("return document.activeElement.id").await, "detail");
            browser.click("#close").await;
            browser.wait_for("body:not(.open)", "refused").await;
            assert_eq!(browser.run(FOCUSED).await, "GET /rest/v1/users");
            // So does the browser's own button, and the rest can't be reached in the meantime.
            browser.press("\u{e007}").await;
            browser.wait_for("body.open #detail", "first difference").await;
            assert_eq!(browser.run("return document.querySelector('#requests').inert").await, true);
            browser.run("history.back()").await;
            browser.wait_for("body:not(.open)", "refused").await;
            assert_eq!(browser.run(FOCUSED).await, "GET /rest/v1/users");
        }
    }
}

#[tokio::test]
async fn without_a_token_nothing_is_shown() {
    let _one = ONE.lock().await;
    let emulator = start().await;
    let page = Request::new("GET", &format!("{}/", emulator.control_url())).send().await;
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!page.text().contains(emulator.control_token()));
    let events = Request::new("GET", &format!("{}/events", emulator.control_url())).send().await;
    assert_eq!(events.status, 401);
    let foreign =
        Request::new("GET", &format!("{}/", emulator.control_url())).host("rebound.example").send().await;
    assert_eq!(foreign.status, 403);
    if !has_browser() {
        return;
    }
    let browser = Browser::start(1280, 900, false).await;
    browser.open(&format!("{}/", emulator.control_url())).await;
    browser.wait_for("#login", "Paste the control token").await;
    browser.type_into("#token", "wrong\u{e007}").await;
    browser.wait_for("#problem", "does not know this token").await;
    browser.run("document.querySelector('#token').value = ''").await;
    browser.type_into("#token", &format!("{}\u{e007}", emulator.control_token())).await;
    browser.wait_for("#live", "live").await;
    // Stopping does not wait for the page.
    let stopping = tokio::time::timeout(std::time::Duration::from_secs(4), emulator.stop()).await;
    stopping.expect("stop waited for the page");
    browser.wait_for("#live", "stopped").await;
    browser.wait_for("#problem", "The emulator has stopped").await;
}

/// Sets a field of the page and tells it.
async fn choose(browser: &Browser, selector: &str, value: &str) {
    let set = format!(
        "const s = document.querySelector({}); s.value = {}; s.dispatchEvent(new Event('input')); s.dispatchEvent(new Event('change'))",
        json!(selector),
        json!(value)
    );
    browser.run(&set).await;
}

#[tokio::test]
async fn the_keyboard_is_enough() {
    if !has_browser() {
        return;
    }
    let _one = ONE.lock().await;
    let emulator = start().await;
    emulator.add_fault(FaultRule::new("revesecure", Fault::status(503)).times(1)).unwrap();
    for (path, separator) in
        [("/rest/v1/organization", "\n"), ("/rest/v1/users", ""), ("/rest/v1/users", "\n")]
    {
        revesecure(&emulator, "GET", path, &Value::Null, separator).await;
    }
    let browser = Browser::start(1280, 900, false).await;
    browser.open(&url(&emulator)).await;
    browser.wait_for("#count", "3").await;

    // An injected fault was not refused.
    assert_eq!(browser.text("#bad").await, "1");
    browser.wait_for("#list li:last-child .fault", "503 fault").await;
    // The list is one stop of the Tab key.
    assert_eq!(browser.run("return document.querySelectorAll('.row[tabindex=\"0\"]').length").await, 1);
    assert!(
        !browser.run("return document.querySelector('#detail').checkVisibility()").await.as_bool().unwrap()
    );
    browser.press("jj").await;
    browser.press("\u{e007}").await;
    browser.wait_for("#detail", "first difference").await;
    assert_eq!(browser.run("return document.activeElement.id").await, "detail");
    browser.press("\u{e00c}").await;
    assert!(
        !browser.run("return document.querySelector('#detail').checkVisibility()").await.as_bool().unwrap()
    );
    assert_eq!(browser.run(FOCUSED).await, "GET /rest/v1/users");
    // `r` hides the others, and the focus stays in the list.
    browser.press("kr").await;
    assert_eq!(browser.run("return document.activeElement.innerText.includes('401')").await, true);
    browser.press("r").await;

    let rows = "return document.querySelectorAll('#list li:not([hidden])').length";
    choose(&browser, "#status", "503").await;
    assert_eq!(browser.run(rows).await, 1);
    choose(&browser, "#operation", "users.list").await;
    browser.wait_for("#nothing", "Nothing matches").await;
    choose(&browser, "#status", "").await;
    assert_eq!(browser.run(rows).await, 2);
    choose(&browser, "#find", "separator").await;
    assert_eq!(browser.run(rows).await, 1);
}

#[tokio::test]
async fn a_request_is_copied_as_curl() {
    if !has_browser() {
        return;
    }
    let _one = ONE.lock().await;
    let emulator = start().await;
    let other = emulator.namespace("other").unwrap();
    let variable = |wanted: &str| emulator.env().into_iter().find(|(name, _)| *name == wanted).unwrap().1;
    let key = format!("Bearer {}", other.virtuous().api_key());
    let contact = json!({ "contactType": "It's", "password": "canary" });
    let send = async |request: Request| request.send().await.status;
    let shared = emulator.virtuous().base_url().to_owned();
    let base = other.virtuous().base_url().to_owned();
    let created =
        Request::new("POST", &format!("{base}/api/Contact")).header("Authorization", &key).json(&contact);
    assert_eq!(send(created).await, 400);
    let by_header =
        Request::new("HEAD", &format!("{shared}/api/Contact/17")).header("X-Emulator-Namespace", "other");
    assert_eq!(send(by_header).await, 405);
    let form = "grant_type=password&username=anna&password=canary";
    let token = Request::new("POST", &format!("{shared}/Token"))
        .header("Content-Type", "application/x-www-form-urlencoded");
    assert_eq!(send(token.body(form.to_owned())).await, 400);
    let (issuer, host) = (variable("VV_ISSUER_URL"), variable("VISE_HOST"));
    assert_eq!(
        send(Request::new("GET", &format!("{issuer}/userinfo")).header("Authorization", "Bearer x")).await,
        401
    );
    assert_eq!(
        send(Request::new("GET", &format!("{host}/auth?pfk=wrong")).header("Accept", "*/*")).await,
        401
    );

    let browser = Browser::start(1280, 900, false).await;
    let curl = async |page: &str, find: &str| {
        browser.open("about:blank").await;
        browser.open(page).await;
        browser.wait_for("#list", find).await;
        choose(&browser, "#find", find).await;
        browser.click("#list li:not([hidden]) button").await;
        browser.wait_for("#detail details:last-child pre", "curl").await
    };
    let of_other = format!("{}&namespace=other", url(&emulator));
    let body = r#"'{"contactType":"It'\''s","password":"'"$PASSWORD"'"}'"#;
    let expected = format!(
        "-H 'authorization: Bearer '\"$VIRTUOUS_API_KEY\" -H 'content-type: application/json' -H 'accept:' --data-binary {body} '{base}/api/Contact'"
    );
    assert_eq!(curl(&of_other, "contacts.create").await, format!("curl -i {expected}"));
    assert!(base.ends_with("/ns/other"));
    let expected = format!("curl -I -H 'x-emulator-namespace: other' -H 'accept:' '{shared}/api/Contact/17'");
    assert_eq!(curl(&of_other, "HEAD").await, expected);
    let expected = format!(
        "curl -i -H 'content-type: application/x-www-form-urlencoded' -H 'accept:' --data-urlencode 'grant_type=password' --data-urlencode 'password='\"$VIRTUOUS_PASSWORD\" --data-urlencode 'username='\"$VIRTUOUS_USERNAME\" '{shared}/Token'"
    );
    assert_eq!(curl(&url(&emulator), "tokens.request").await, expected);
    let expected = format!("curl -i -H 'authorization: '\"$AUTHORIZATION\" -H 'accept:' '{issuer}/userinfo'");
    assert_eq!(curl(&url(&emulator), "userinfo").await, expected);
    let expected =
        format!("curl -i -c vise.cookies -G --data-urlencode 'pfk='\"$VISE_PHRASE\" '{host}/auth'");
    assert_eq!(curl(&url(&emulator), "session.open").await, expected);
    let page = browser.run("return document.documentElement.outerHTML").await.as_str().unwrap().to_owned();
    assert!(!page.contains("canary"));
}

#[tokio::test]
async fn what_changes_elsewhere_is_shown() {
    if !has_browser() {
        return;
    }
    let _one = ONE.lock().await;
    let emulator = start().await;
    let browser = Browser::start(1280, 900, false).await;
    browser.open(&url(&emulator)).await;
    browser.wait_for("#kind", "strict").await;

    // Settings: words are chosen, control characters are written out.
    browser.click("#settings-panel summary").await;
    choose(&browser, "#settings-provider", "revesecure").await;
    browser.wait_for("#settings", "separator").await;
    let separator = "return [...document.querySelectorAll('#settings label')].find((l) => l.innerText.startsWith('separator')).querySelector('input').value";
    assert_eq!(browser.run(separator).await, "\"\\n\"");
    let words = "return [...document.querySelectorAll('#settings select option')].map((o) => o.value)";
    assert!(browser.run(words).await.as_array().unwrap().contains(&json!("sha256")));
    emulator.revesecure().configure(|settings| settings.separator = ", ".to_owned());
    until("shown", async || browser.run(separator).await == ", ").await;

    // A webhook that nobody receives.
    let webhook =
        json!({ "payloadUrl": "https://app.example/hook", "secret": "canary", "formSubmission": true });
    let key = format!("Bearer {}", emulator.virtuous().api_key());
    let created = Request::new("POST", &format!("{}/api/Webhook", emulator.virtuous().base_url()));
    assert_eq!(created.header("Authorization", &key).json(&webhook).send().await.status, 200);
    emulator.virtuous().fire_event("formSubmission", json!({})).unwrap();
    browser.click("#webhooks-panel summary").await;
    browser.wait_for("#webhooks", "not sent").await;
    browser.wait_for("#due-count", "1 due").await;
    browser.click("#webhooks button").await;
    browser.wait_for("#problem", "http:// on this machine").await;

    // A namespace that was dropped, or never was.
    emulator.namespace("other").unwrap();
    let page = format!("{}&namespace=other", url(&emulator));
    browser.open("about:blank").await;
    browser.open(&page).await;
    browser.wait_for("#live", "live").await;
    emulator.drop_namespace("other").unwrap();
    browser.wait_for("#gone", "There is no namespace other.").await;
    assert_eq!(emulator.namespaces(), ["default"]);
    browser.click("#others button").await;
    browser.wait_for("#live", "live").await;
}
