//! `authctl proxy` against an emulator: what callers get, what they are refused, and what reaches the vendor.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use auth_emulator::{Effect, Emulator, Fault, FaultRule};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::proxy::{Proxy, read};
use common::{Home, LIMIT, wait_until};
use serde_json::{Value, json};
use std::io::{BufRead as _, Write as _};
use std::net::TcpStream;
use std::thread;

const CONTACT: &str =
    r#"{"contactType":"Household","name":"A","contactIndividuals":[{"firstName":"A","lastName":"B"}]}"#;

/// The path of a contact that exists.
fn contact(proxy: &Proxy) -> String {
    let made = proxy.call("POST", "/virtuous/api/Contact", CONTACT);
    assert_eq!(made.status, 200, "{made:?}");
    format!("/virtuous/api/Contact/{}", made.json()["id"])
}

/// A new caller of a policy: its token, and its lines.
fn new_caller(home: &Home, name: &str) -> (String, String) {
    let printed = home.run(&["policy", "token", name]).expect(0, "token_sha256");
    assert!(!printed.out.contains("actl_"), "{printed:?}");
    (printed.err.trim().trim_start_matches("token: ").to_owned(), printed.out)
}

/// The lines of the audit log.
fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_each_vendor_only_changes_its_base_url() {
    let emulator = Emulator::start().await.unwrap();
    let mut home = Home::of(&emulator);
    // A secret that a response to the engine has to contain: the account's list of domains.
    home.env.retain(|(name, _)| *name != "VISE_HOST");
    home.env.push(("VISE_PHRASE", emulator.vise().phrase(0)));
    let proxy = Proxy::start(&home, &[]);
    assert_eq!(
        proxy.ready["providers"],
        json!(["revesecure", "vaultvision", "verigator", "virtuous", "vise"])
    );
    let token = proxy.token();
    let basic = |user: &str, password: &str| {
        format!("authorization: Basic {}", STANDARD.encode(format!("{user}:{password}")))
    };
    let bearer = format!("authorization: Bearer {token}");
    for (headers, path, operation) in [
        (bearer.clone(), "/virtuous/api/Contact/QueryOptions", "contacts.query_options"),
        (bearer.clone(), "/vaultvision/v1/tenants", "tenants.list"),
        // As name or as password; the vendor's own client sends a signature as password.
        (basic(token, "signature of the client"), "/revesecure/rest/v1/users", "users.list"),
        (basic("key", token), "/revesecure/rest/v1/users", "users.list"),
        (format!("x-service-auth: user:{token}"), "/verigator/v1/service/unknown", "services.get"),
        (format!("x-authctl-token: {token}"), "/verigator/service/unknown", "services.get"),
    ] {
        let response = proxy.call_as(&headers, "GET", path, "");
        let expected = if path.contains("unknown") { 404 } else { 200 };
        assert_eq!(
            (response.status, response.header("x-authctl-operation")),
            (expected, Some(operation)),
            "{response:?}"
        );
        assert_eq!(response.header("x-authctl-attempts"), Some("1"));
        assert!(
            response.header("x-emulator-request-id").is_some() && response.header("set-cookie").is_none()
        );
    }
    let host = emulator.vise().host(0);
    let vise = proxy.call("GET", &format!("/vise/{host}/domains"), "");
    assert_eq!(vise.status, 200, "{vise:?}");
    for path in [format!("/vise/{host}/auth"), format!("/vise/{host}/AUTH/")] {
        assert_eq!(proxy.call("GET", &path, "").problem(), (403, "not_allowed".to_owned()));
    }
    let unknown = proxy.call("GET", "/vise/other.example/domains", "");
    assert_eq!(unknown.problem(), (404, "unknown_host".to_owned()));
    // The login of Virtuous, as its API describes it.
    let form = format!("grant_type=password&username=me&password={token}");
    let login =
        proxy.call_as("content-type: application/x-www-form-urlencoded", "POST", "/virtuous/Token", "");
    assert_eq!(login.problem(), (401, "unauthenticated".to_owned()));
    let login = proxy.raw(&format!(
        "POST /virtuous/Token HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{form}",
        proxy.address(),
        form.len()
    ));
    assert_eq!(login.json()["access_token"], token);
    // A provider at the root.
    let root = Proxy::start(&home, &["--provider", "virtuous"]);
    assert_eq!(root.call("GET", "/api/Contact/QueryOptions", "").status, 200);
    assert_eq!(root.call("GET", "/virtuous/api/Contact/QueryOptions", "").status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_is_that_of_the_vendor_and_a_write_is_one_write() {
    let emulator = Emulator::start().await.unwrap();
    let home = Home::of(&emulator);
    let log = home.folder.join("audit.ndjson");
    let proxy = Proxy::start(&home, &["--audit", log.to_str().unwrap()]);
    let path = contact(&proxy);
    let got = proxy.call("GET", &path, "");
    assert_eq!((got.status, got.json()["name"].as_str()), (200, Some("A")));
    let missing = proxy.call("GET", "/virtuous/api/Contact/999999", "");
    assert_eq!((missing.status, missing.body.as_str()), (404, ""));
    let refused = proxy.call("POST", "/virtuous/api/Contact", "{}");
    assert_eq!(refused.status, 400);
    assert!(refused.json()["modelState"].is_object(), "{refused:?}");
    let created = emulator.effects().count("virtuous", "record_created");
    assert!(created > 0);

    let other = proxy.call(&"M".repeat(20_000), "/virtuous/api/Contact", "");
    assert!(other.status == 501 && other.body.len() < 500, "{other:?}");
    assert_eq!(proxy.call("GET", "/virtuous/api/Some%20thing?secret=1", "").status, 404);

    let text = std::fs::read_to_string(&log).unwrap();
    assert!(text.len() < 4_000 && text.contains("\"path\":\"/api/Some%20thing\""), "{text}");
    let lines = lines(&text);
    let events: Vec<_> =
        lines.iter().map(|line| (line["event"].as_str().unwrap(), line["call"].as_u64().unwrap())).collect();
    assert_eq!(
        events,
        [
            ("before", 1),
            ("after", 1),
            ("after", 2),
            ("after", 3),
            ("before", 4),
            ("after", 4),
            ("after", 5),
            ("after", 6)
        ]
    );
    assert_eq!(lines[2]["operation"], "contacts.get");
    assert_eq!(lines[2]["ids"]["contactId"].as_str().unwrap(), path.rsplit('/').next().unwrap());
    assert_eq!((&lines[3]["status"], &lines[5]["status"]), (&json!(404), &json!(400)));
    let secrets = [proxy.token().to_owned(), emulator.virtuous().api_key()];
    assert!(secrets.iter().all(|secret| !lines.iter().any(|line| line.to_string().contains(secret))));
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_are_retried_and_an_uncertain_write_is_said_to_be_uncertain() {
    let emulator = Emulator::start().await.unwrap();
    let proxy = Proxy::start(&Home::of(&emulator), &[]);
    let path = contact(&proxy);
    emulator.add_fault(FaultRule::new("virtuous", Fault::close_before_response()).times(1)).unwrap();
    let read = proxy.call("GET", &path, "");
    assert_eq!((read.status, read.header("x-authctl-attempts")), (200, Some("2")), "{read:?}");

    let created = || emulator.effects().count("virtuous", "record_created");
    let once = created();
    let rule = FaultRule::new("virtuous", Fault::close_before_response()).effect(Effect::Before).times(1);
    emulator.add_fault(rule).unwrap();
    let write = proxy.call("POST", "/virtuous/api/Contact", CONTACT);
    assert_eq!(write.problem(), (502, "transport".to_owned()));
    assert_eq!(write.json()["may_have_executed"], true);
    assert_eq!(
        (write.header("x-authctl-attempts"), write.json()["operation"].as_str()),
        (Some("1"), Some("contacts.create"))
    );
    assert_eq!(created(), 2 * once);

    emulator.stop().await;
    let down = proxy.call("POST", "/virtuous/api/Contact", CONTACT);
    assert_eq!(down.problem(), (502, "connect".to_owned()));
    assert_eq!(down.json()["may_have_executed"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_caller_goes_away_is_executed_once_and_logged() {
    let emulator = Emulator::start().await.unwrap();
    let home = Home::of(&emulator);
    let log = home.folder.join("audit.ndjson");
    let proxy = Proxy::start(&home, &["--audit", log.to_str().unwrap()]);
    emulator.add_fault(FaultRule::new("virtuous", Fault::delay_ms(300)).always()).unwrap();
    let mut stream = TcpStream::connect(proxy.address()).unwrap();
    let head = format!(
        "POST /virtuous/api/Contact HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}",
        proxy.address(),
        proxy.token()
    );
    write!(
        stream,
        "{head}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{CONTACT}",
        CONTACT.len()
    )
    .unwrap();
    // It has begun when the line before it is written.
    let written = |count: usize| {
        wait_until(|| std::fs::read_to_string(&log).unwrap().lines().count() >= count);
    };
    written(1);
    drop(stream);
    written(2);
    let lines = lines(&std::fs::read_to_string(&log).unwrap());
    assert_eq!((&lines[1]["event"], &lines[1]["status"]), (&json!("after"), &json!(200)));
    let journal = emulator.journal_of("virtuous");
    assert_eq!(journal.iter().map(|entry| entry.status).collect::<Vec<_>>(), [Some(200)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_session_is_renewed_once_for_all_callers() {
    const CALLERS: usize = 1_000;
    // Every request stays in the journal.
    let emulator = Emulator::builder().journal_capacity(10 * CALLERS).start().await.unwrap();
    let mut home = Home::new();
    home.env = emulator.env();
    home.env.retain(|(name, _)| *name != "VIRTUOUS_API_KEY");
    let file = home.folder.join("tokens.json");
    home.env.push(("VIRTUOUS_TOKEN_FILE", file.to_str().unwrap().to_owned()));
    home.run(&["virtuous", "contacts", "query-options", "-o", "json"]).expect(0, "operatorOptions");
    let proxy = Proxy::start(&home, &[]);
    let path = contact(&proxy);
    emulator.virtuous().expire_access_tokens();
    let before = emulator.journal_of("virtuous").len();
    let refused = thread::scope(|scope| {
        let call = || proxy.call("GET", &path, "");
        let caller = || thread::Builder::new().stack_size(256 << 10);
        let calls: Vec<_> = (0..CALLERS).map(|_| caller().spawn_scoped(scope, call).unwrap()).collect();
        let responses = calls.into_iter().map(|call| call.join().unwrap());
        responses.filter(|response| response.status != 200).collect::<Vec<_>>()
    });
    assert!(refused.is_empty(), "{} of {CALLERS}, first {:?}", refused.len(), refused.first());
    let journal = emulator.journal_of("virtuous");
    let tokens = journal[before..].iter().filter(|entry| entry.path.eq_ignore_ascii_case("/token")).count();
    assert_eq!(tokens, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_limit_and_the_trace_are_those_of_every_call() {
    let emulator = Emulator::start().await.unwrap();
    let home = Home::of(&emulator);
    emulator.add_fault(FaultRule::new("virtuous", Fault::delay_ms(60_000)).always()).unwrap();
    let mut proxy = Proxy::start(&home, &["--timeout", "1", "--trace"]);
    let read = proxy.call("GET", "/virtuous/api/Contact/QueryOptions", "");
    assert_eq!(read.problem(), (504, "timeout".to_owned()));
    let mut line = String::new();
    proxy.errors().read_line(&mut line).unwrap();
    assert!(line.starts_with("trace: virtuous contacts.query_options started"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_change_after_a_refusal_are_used_by_the_next_call() {
    let emulator = Emulator::start().await.unwrap();
    let home = Home::new();
    let url = emulator.virtuous().base_url();
    let profile = format!("[profiles.default.virtuous]\napi_key = \"file:key\"\nbase_url = \"{url}\"\n");
    home.file(".config/authctl/config.toml", profile);
    home.file(".config/authctl/key", "wrong-key-of-the-account");
    let proxy = Proxy::start(&home, &[]);
    let status = || proxy.call("GET", "/virtuous/api/Contact/QueryOptions", "").status;
    assert_eq!(status(), 401);
    assert_eq!(status(), 401);
    home.file(".config/authctl/key", emulator.virtuous().api_key());
    assert_eq!(status(), 200);
    assert_eq!(proxy.call("GET", "/verigator/v1/service/a", "").problem(), (502, "credentials".to_owned()));
    assert_eq!(proxy.call("GET", "/nobody/a", "").problem(), (404, "unknown_provider".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_a_vendor_sends_back_are_removed() {
    let emulator = Emulator::start().await.unwrap();
    let proxy = Proxy::start(&Home::of(&emulator), &[]);
    let key = emulator.virtuous().api_key();
    let body = format!("{{\"you_sent\":\"Bearer {key}\"}}");
    for status in [200, 400] {
        let fault = Fault::response(status, &[("x-echo", &key), ("content-type", "application/json")], &body);
        emulator.add_fault(FaultRule::new("virtuous", fault).times(1)).unwrap();
        let response = proxy.call("POST", "/virtuous/api/Contact", CONTACT);
        assert_eq!(
            (response.status, response.body.as_str()),
            (status, "{\"you_sent\":\"Bearer [redacted]\"}")
        );
        assert_eq!(
            (response.header("x-echo"), response.header("x-authctl-scrubbed")),
            (Some("[redacted]"), Some("2"))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_decides_by_operation_whatever_the_spelling() {
    let emulator = Emulator::start().await.unwrap();
    let home = Home::of(&emulator);
    let token = |name: &str| {
        let (token, lines) = new_caller(&home, name);
        (token, lines.lines().find(|line| line.starts_with("token_sha256")).unwrap().to_owned())
    };
    let (reads, reads_line) = token("reads");
    let (some, some_line) = token("some");
    let (gone, gone_line) = token("gone");
    let policy = format!(
        "[[caller]]\nname = \"reads\"\n{reads_line}\nallow = [\"class:read\"]\nrate = \"1000/s\"\n\
         [[caller]]\nname = \"some\"\n{some_line}\nallow = [\"virtuous:contacts.*\", \"virtuous:raw\"]\n\
         deny = [\"virtuous:contacts.create\", \"contacts.find\"]\n\
         [[caller]]\nname = \"gone\"\n{gone_line}\nallow = [\"*\"]\nexpires = 2026-01-31T12:00:00Z\n"
    );
    let file = home.file("policy.toml", policy);
    let file = file.to_str().unwrap();
    let checked = home.run(&["policy", "check", file, "-o", "json"]).expect(0, "").json();
    let row = checked
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["caller"] == "some" && row["provider"] == "virtuous")
        .unwrap()
        .clone();
    assert_eq!((&row["operations"], &row["other_paths"]), (&json!(292), &json!(true)));

    let proxy = Proxy::start(&home, &["--policy", file]);
    assert_eq!(proxy.ready["token"], Value::Null);
    let call = |token: &str, method: &str, path: &str| {
        let body = if matches!(method, "GET" | "HEAD") { "" } else { CONTACT };
        let response = proxy.call_as(&format!("authorization: Bearer {token}"), method, path, body);
        let own = response.problem();
        if own.1.is_empty() { (0, response.header("x-authctl-operation").unwrap().to_owned()) } else { own }
    };
    let allowed = |id: &str| (0, id.to_owned());
    let refused = |code: &str| (403, code.to_owned());
    assert_eq!(call(&reads, "GET", "/virtuous/api/Contact/1"), allowed("contacts.get"));
    // A POST that only reads.
    assert_eq!(call(&reads, "POST", "/virtuous/api/Contact/Query"), allowed("contacts.query"));
    assert_eq!(call(&reads, "POST", "/virtuous/api/Contact"), refused("not_allowed"));
    assert_eq!(call(&reads, "GET", "/virtuous/api/Nothing"), refused("not_allowed"));
    // Its response contains secrets.
    assert_eq!(call(&reads, "GET", "/vaultvision/v1/tenants/T/applications/A"), refused("not_allowed"));
    assert_eq!(call(&some, "GET", "/virtuous/api/Contact/1"), allowed("contacts.get"));
    assert_eq!(call(&some, "GET", "/virtuous/api/Nothing"), allowed("raw"));
    assert_eq!(call(&some, "GET", "/virtuous/api/Gift/1"), refused("not_allowed"));
    assert_eq!(call(&some, "GET", "/verigator/v1/service/1"), refused("not_allowed"));
    for path in [
        "/virtuous/api/Contact",
        "/virtuous/api/Contact/",
        "/virtuous/API/contact",
        "/virtuous/api/%43ontact",
        "/virtuous/api/Contact?a=b",
    ] {
        assert_eq!(call(&some, "POST", path), refused("not_allowed"), "{path}");
    }
    for path in [
        "/virtuous/api/./Contact",
        "/virtuous//api/Contact",
        "/virtuous/api/x/../Contact",
        "/virtuous/api%2fContact",
        "/virtuous/api/Contact%20/Find",
        "/virtuous/api/Contact/Find%3b",
    ] {
        let (status, code) = call(&some, "POST", path);
        assert!(status == 400 && code == "invalid_path" || code == "raw", "{path}: {status} {code}");
    }
    // What is another method here may be the same one for a vendor; HEAD is GET without a body.
    assert_eq!(call(&some, "delete", "/virtuous/api/Gift/1"), (501, "method".to_owned()));
    assert_eq!(call(&some, "HEAD", "/virtuous/api/Gift/1").0, 403);
    assert_eq!(call(&some, "HEAD", "/virtuous/api/Contact/1"), allowed("contacts.get"));
    // Nothing is known of the paths of VISE, and logins are the proxy's.
    let vise = emulator.vise().host(0);
    assert_eq!(call(&reads, "GET", &format!("/vise/{vise}/domains")), refused("not_allowed"));
    for path in ["/virtuous/Token", "/virtuous/token/", "/virtuous/%54oken"] {
        assert_eq!(call(&some, "POST", path), (401, "unauthenticated".to_owned()), "{path}");
    }
    assert_eq!(call(&gone, "GET", "/virtuous/api/Contact/1"), (401, "expired".to_owned()));
    assert_eq!(call("actl_wrong", "GET", "/virtuous/api/Contact/1"), (401, "unauthenticated".to_owned()));
    assert_eq!(emulator.effects().count("virtuous", "record_created"), 0);

    let explained = home
        .run(&["policy", "explain", file, "post", "/virtuous/api/contact", "-o", "json"])
        .expect(0, "")
        .json();
    assert_eq!(explained[1]["operation"], "contacts.create");
    assert_eq!((&explained[1]["allowed"], &explained[2]["allowed"]), (&json!(false), &json!(false)));
    assert_eq!(explained[2]["reason"], "the token has expired");
    assert_eq!(explained[1]["reason"], "line 10: deny \"virtuous:contacts.create\"");

    let read_only = Proxy::start(&home, &["--policy", file, "--read-only"]);
    for path in ["/virtuous/api/Nothing".to_owned(), format!("/vise/{vise}/domains")] {
        let response = read_only.call_as(&format!("x-authctl-token: {some}"), "GET", &path, "");
        assert_eq!(response.problem(), refused("not_allowed"), "{path}");
    }
}

#[test]
fn mistakes_in_a_policy_are_named_with_their_line() {
    let home = Home::new();
    let digest = "a".repeat(64);
    let with = |rest: &str| format!("[[caller]]\nname = \"a\"\ntoken_sha256 = \"{digest}\"\n{rest}\n");
    for (policy, problem) in [
        (String::new(), "line 1: there is no [[caller]]"),
        (with("alow = []"), "line 4: unknown field `alow`"),
        (
            with("allow = [\n\"virtuous:contacts.gte\"]"),
            "line 5: \"virtuous:contacts.gte\" matches no operation; did you mean contacts.get",
        ),
        (with("allow = [\"virtuos:*\"]"), "line 4: there is no provider \"virtuos\"; did you mean virtuous?"),
        (with("deny = [\"class:raed\"]"), "line 4: there is no class \"raed\"; did you mean read?"),
        (with("rate = \"60/minute\""), "line 4: a rate is a number of calls per s, min or h"),
        (with("expires = 2027-01-31"), "line 4: `expires` must be a time with an offset"),
        (with("expires = \"tomorrow\""), "line 4: "),
        (with("") + &with(""), "line 6: a has the name, the token or the user of another caller"),
        (
            "[[caller]]\nname = \"a\"\ntoken_sha256 = \"abc\"\n".to_owned(),
            "line 3: `token_sha256` must have 64 hexadecimal digits",
        ),
        ("[[caller]]\nname = \"a b\"\nuser_id = 1\n".to_owned(), "line 2: a name has letters"),
        ("[[caller]]\nname = \"a\"\n".to_owned(), "line 2: a needs `token_sha256`"),
        ("[caller]\nname = \"a\"\n".to_owned(), "line 1: "),
        (with("deny = [\"vise:http://a\"]"), "line 4: \"http://a\" is no host of VISE"),
        (with("deny = [\"vise:\"]"), "line 4: \"\" is no host of VISE"),
    ] {
        let file = home.file("policy.toml", &policy);
        home.run(&["policy", "check", file.to_str().unwrap()]).expect(2, problem);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn web_pages_and_confused_clients_are_refused() {
    let emulator = Emulator::start().await.unwrap();
    let proxy = Proxy::start(
        &Home::of(&emulator),
        &["--allow-origin", "http://localhost:5173", "--allow-host", "Proxy.internal"],
    );
    let bearer = format!("authorization: Bearer {}", proxy.token());
    let address = proxy.address();
    let path = "/virtuous/api/Contact/QueryOptions";
    let get = |target: &str, host: &str, more: &str| {
        proxy.raw(&format!("GET {target} HTTP/1.1\r\n{host}connection: close\r\n{bearer}\r\n{more}\r\n"))
    };
    let own = format!("host: {address}\r\n");
    for (target, host, more, expected) in [
        (path.to_owned(), own.as_str(), "", (200, "")),
        (path.to_owned(), "host: proxy.INTERNAL\r\n", "", (200, "")),
        (path.to_owned(), own.as_str(), "origin: http://localhost:5173\r\n", (200, "")),
        (path.to_owned(), own.as_str(), "sec-fetch-site: none\r\n", (200, "")),
        (path.to_owned(), "", "", (403, "host")),
        (path.to_owned(), "host: attacker.example\r\n", "", (403, "host")),
        (path.to_owned(), "host: 127.0.0.1\r\n", "", (403, "host")),
        (path.to_owned(), &format!("{own}host: attacker.example\r\n"), "", (403, "host")),
        (path.to_owned(), own.as_str(), "origin: http://attacker.example\r\n", (403, "origin")),
        (path.to_owned(), own.as_str(), "origin: null\r\n", (403, "origin")),
        (path.to_owned(), own.as_str(), "sec-fetch-site: cross-site\r\n", (403, "origin")),
        (format!("http://{address}{path}"), own.as_str(), "", (400, "target")),
    ] {
        let response = get(&target, host, more);
        assert_eq!(response.problem(), (expected.0, expected.1.to_owned()), "{target} {host} {more}");
    }
    let page = get(path, &own, "origin: http://localhost:5173\r\n");
    assert_eq!(page.header("access-control-allow-origin"), Some("http://localhost:5173"));
    let asked = proxy.raw(&format!(
        "OPTIONS {path} HTTP/1.1\r\n{own}connection: close\r\norigin: http://localhost:5173\r\naccess-control-request-method: GET\r\naccess-control-request-headers: authorization\r\n\r\n"
    ));
    assert_eq!((asked.status, asked.header("access-control-allow-headers")), (204, Some("authorization")));

    assert_eq!(page.header("access-control-expose-headers"), Some("*"));
    let foreign = proxy.raw(
        "OPTIONS / HTTP/1.1\r\nhost: attacker.example\r\nconnection: close\r\norigin: http://localhost:5173\r\naccess-control-request-method: GET\r\n\r\n",
    );
    assert_eq!(foreign.problem(), (403, "host".to_owned()));
    for (option, value) in [
        ("--allow-origin", "http://localhost:5173/"),
        ("--allow-origin", "localhost:5173"),
        ("--allow-host", "http://proxy.internal"),
        ("--allow-host", "a@b"),
    ] {
        Home::new().run(&["proxy", option, value]).expect(2, option);
    }

    // Headers that change what a vendor does, or that a proxy adds, don't reach it.
    let sent = get(
        path,
        &own,
        "x-http-method-override: DELETE\r\ncookie: a=b\r\nx-forwarded-for: 1.2.3.4\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n",
    );
    assert_eq!(sent.status, 200);
    let journal = emulator.journal_of("virtuous");
    let headers = &journal.last().unwrap().headers;
    assert!(headers.contains_key("traceparent"));
    assert!(
        ["x-http-method-override", "cookie", "x-forwarded-for"]
            .iter()
            .all(|name| !headers.contains_key(*name)),
        "{headers:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_have_a_limit() {
    let emulator = Emulator::start().await.unwrap();
    let proxy = Proxy::start(&Home::of(&emulator), &[]);
    let head = format!(
        "POST /virtuous/api/Contact HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\nconnection: close\r\n",
        proxy.address(),
        proxy.token()
    );
    let announced = proxy.raw(&format!("{head}content-length: 10485761\r\n\r\n"));
    assert_eq!(announced.problem(), (413, "too_large".to_owned()));
    let mut stream = TcpStream::connect(proxy.address()).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    write!(stream, "{head}transfer-encoding: chunked\r\n\r\n").unwrap();
    let piece = "a".repeat(1 << 20);
    for _ in 0..11 {
        // The proxy responds, and closes, before everything is written.
        if write!(stream, "100000\r\n{piece}\r\n").is_err() {
            break;
        }
    }
    assert_eq!(read(stream).problem(), (413, "too_large".to_owned()));
    assert_eq!(emulator.journal_of("virtuous").len(), 0);
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn without_a_log_nothing_is_written_and_nothing_is_shown() {
    let emulator = Emulator::start().await.unwrap();
    let proxy = Proxy::start(&Home::of(&emulator), &["--audit", "/dev/full"]);
    assert_eq!(proxy.call("POST", "/virtuous/api/Contact", CONTACT).problem(), (503, "audit".to_owned()));
    assert_eq!(emulator.journal_of("virtuous").len(), 0);
    assert_eq!(
        proxy.call("GET", "/virtuous/api/Contact/QueryOptions", "").problem(),
        (503, "audit".to_owned())
    );
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn the_user_of_a_unix_socket_needs_no_token() {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::net::UnixStream;
    let emulator = Emulator::start().await.unwrap();
    let home = Home::of(&emulator);
    let path = home.folder.join("proxy.sock");
    let proxy = Proxy::start(&home, &["--unix", path.to_str().unwrap(), "--read-only"]);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let call = |method: &str| {
        let mut stream = UnixStream::connect(&path).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        write!(
            stream,
            "{method} /virtuous/api/Contact/QueryOptions HTTP/1.1\r\nhost: any\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        read(stream).status
    };
    assert_eq!((call("GET"), call("DELETE")), (200, 403));
    home.run(&["proxy", "--unix", path.to_str().unwrap()]).expect(1, "another program listens on");
    // With a policy that names users, these decide and not the mode of the file.
    let policy = home.file("policy.toml", "[[caller]]\nname = \"job\"\nuser_id = 65534\nallow = [\"*\"]\n");
    let shared = home.folder.join("shared.sock");
    let arguments = ["--unix", shared.to_str().unwrap(), "--policy", policy.to_str().unwrap()];
    let other = Proxy::start(&home, &arguments);
    assert_eq!(std::fs::metadata(&shared).unwrap().permissions().mode() & 0o777, 0o666);
    // A socket that another program has put there stays.
    std::fs::remove_file(&shared).unwrap();
    let _successor = Proxy::start(&home, &arguments);
    other.signal("-TERM");
    other.end().expect(0, "");
    assert!(shared.exists());
    proxy.signal("-TERM");
    proxy.end().expect(0, "");
    assert!(!path.exists());
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_the_proxy_after_the_calls_in_progress() {
    let emulator = Emulator::start().await.unwrap();
    let home = Home::of(&emulator);
    let log = home.folder.join("audit.ndjson");
    let proxy = Proxy::start(&home, &["--audit", log.to_str().unwrap()]);
    emulator.add_fault(FaultRule::new("virtuous", Fault::delay_ms(400)).always()).unwrap();
    let mut stream = TcpStream::connect(proxy.address()).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    write!(
        stream,
        "DELETE /virtuous/api/Contact/1 HTTP/1.1\r\nhost: {}\r\nx-authctl-token: {}\r\n\r\n",
        proxy.address(),
        proxy.token()
    )
    .unwrap();
    wait_until(|| !std::fs::read_to_string(&log).unwrap().is_empty());
    proxy.signal("-INT");
    let answered = read(stream);
    assert!(answered.header("x-authctl-attempts").is_some(), "{answered:?}");
    proxy.end().expect(0, "");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_the_proxy_after_every_call_is_logged() {
    let emulator = Emulator::start().await.unwrap();
    let home = Home::of(&emulator);
    let log = home.folder.join("audit.ndjson");
    let proxy = Proxy::start(&home, &["--audit", log.to_str().unwrap()]);
    emulator.add_fault(FaultRule::new("virtuous", Fault::delay_ms(60_000)).always()).unwrap();
    let logged = |event: &str| {
        let text = std::fs::read_to_string(&log).unwrap();
        lines(&text).into_iter().filter(|line| line["event"] == event).collect::<Vec<_>>()
    };
    let callers: Vec<TcpStream> = (0..4)
        .map(|number| {
            let mut stream = TcpStream::connect(proxy.address()).unwrap();
            let (host, token) = (proxy.address(), proxy.token());
            write!(
                stream,
                "DELETE /virtuous/api/Contact/{number} HTTP/1.1\r\nhost: {host}\r\nx-authctl-token: {token}\r\n\r\n"
            )
            .unwrap();
            stream
        })
        .collect();
    wait_until(|| logged("before").len() == callers.len());
    proxy.signal("-INT");
    // The callers of half of the calls have left.
    let callers: Vec<TcpStream> = callers.into_iter().step_by(2).collect();
    wait_until(|| TcpStream::connect(proxy.address()).is_err());
    proxy.signal("-INT");
    assert_eq!(proxy.end().code, 130);
    let ends = logged("after");
    assert_eq!(ends.len(), 2 * callers.len(), "{ends:?}");
    assert!(
        ends.iter().all(|end| end["problem"] == "stopped" && end["may_have_executed"] == true),
        "{ends:?}"
    );
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_valid_policy_is_read_again_on_request() {
    let emulator = Emulator::start().await.unwrap();
    let home = Home::of(&emulator);
    let (token, printed) = new_caller(&home, "a");
    let file = home.file("policy.toml", printed.replace("class:read", "verigator"));
    let mut proxy = Proxy::start(&home, &["--policy", file.to_str().unwrap()]);
    let mut errors = proxy.errors();
    let path = "/virtuous/api/Contact/QueryOptions";
    let status = || proxy.call_as(&format!("x-authctl-token: {token}"), "GET", path, "").status;
    let mut reload = |policy: &str| {
        home.file("policy.toml", policy);
        proxy.signal("-HUP");
        let mut line = String::new();
        errors.read_line(&mut line).unwrap();
        line
    };
    assert_eq!(status(), 403);
    let line = reload("[[caller]]\nnonsense = 1\n");
    assert!(line.contains("line 2: unknown field"), "{line}");
    assert_eq!(status(), 403);
    let mut line = reload(&printed);
    while !line.contains("was read again") {
        line = reload(&printed);
    }
    assert_eq!(status(), 200);
}
