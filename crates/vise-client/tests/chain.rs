//! The chain on the wire: what is sent where, and what is not.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use auth_client_core::testing::ScriptedTransport;
use common::{Server, answer, json};
use http::Method;
use httpmock::MockServer;
use serde_json::{Value, json};
use vise_client::{
    AccountDomain, Call, Client, ClientBuilder, Error, ErrorKind, HostPolicy, SessionCookie, SessionProblem,
    TokenPlacement,
};

const TOKEN: &str = "account-token";
const PHRASE: &str = "a+b&c=d#e %41é";
const ENCODED: &str = "a%2Bb%26c%3Dd%23e%20%2541%C3%A9";

fn builder() -> ClientBuilder {
    Client::builder(TOKEN.to_owned())
}

/// Opens a session for one phrase and responds to every call.
fn host() -> ScriptedTransport {
    ScriptedTransport::new().response(200, &[("set-cookie", "session=s1; Path=/")], "<html>").json(200, "[]")
}

#[tokio::test]
async fn auth_gets_one_request_with_the_encoded_phrase_and_nothing_else() {
    let server = MockServer::start_async().await;
    let target = format!("/auth?pfk={ENCODED}");
    let auth = server.mock(|when, then| {
        when.method("GET")
            .path("/auth")
            .query_param("pfk", PHRASE)
            .header("accept", "application/json")
            .header_exists("host")
            .header_exists("user-agent")
            .header("accept-encoding", "identity")
            .header_count(".*", ".*", 4)
            .is_true(move |request| request.uri().path_and_query().unwrap() == target.as_str());
        then.status(302)
            .header("set-cookie", "session=s0")
            .header("set-cookie", "lb=n7")
            .header("location", "/home?from=a%26b");
    });
    let call = server.mock(|when, then| {
        when.method("GET")
            .path("/domains")
            .header("cookie", "lb=n7; session=s1")
            .header("authorization", "Bearer account-token")
            .header_missing("referer");
        then.status(200).header("content-type", "application/json").body("[1]");
    });
    let home = server.mock(|when, then| {
        when.method("GET")
            .path("/home")
            .query_param("from", "a&b")
            .header("cookie", "session=s0; lb=n7")
            .header_missing("authorization")
            .header_missing("referer");
        then.status(303).header("set-cookie", "session=s1").header("location", "welcome");
    });
    // The session is open although the last page is not there.
    let welcome = server.mock(|when, then| {
        when.path("/welcome").header("cookie", "lb=n7; session=s1").header_missing("authorization");
        then.status(404);
    });
    let policy = HostPolicy::new().dangerously_allow_loopback_for_tests();
    let vise = builder().host_policy(policy).build().unwrap();
    let session = vise.session(&server.address().to_string(), PHRASE).unwrap();
    assert!(!session.is_open());
    let opened = session.open().await;
    auth.assert();
    opened.unwrap();
    assert!(session.is_open());
    session.open().await.unwrap();
    auth.assert();
    let domains = session.vise_domains().await;
    call.assert();
    assert_eq!(domains.unwrap(), json!([1]));
    home.assert();
    welcome.assert();
}

#[tokio::test]
async fn redirects_of_auth_keep_their_limit_their_method_and_the_token_at_home() {
    let hosts = |seen: &common::Seen| {
        assert!(seen.header("authorization").is_none() || seen.uri.path() == "/auth");
        let hop: u32 = seen.uri.path().trim_start_matches("/hop").parse().unwrap_or_default();
        match (seen.host(), hop) {
            // Sends its session with the fifth redirect.
            ("five.example", 5) => answer(200, &[("set-cookie", "session=s")], ""),
            ("five.example", hop) => answer(307, &[("location", &format!("/hop{}", hop + 1))], ""),
            ("endless.example", hop) => answer(302, &[("location", &format!("/hop{}", hop + 1))], ""),
            // Clears the session on its way: the phrase was not accepted.
            ("cleared.example", 0) => answer(302, &[("location", "/hop1"), ("set-cookie", "session=s")], ""),
            _ => answer(200, &[("set-cookie", "session=; Max-Age=0")], ""),
        }
    };
    let server = Server::new(hosts);
    let vise = |limit| {
        let builder = builder().auth_method(Method::POST).token_on_auth(true).max_auth_redirects(limit);
        builder.transport(server.clone()).build().unwrap()
    };
    vise(5).session("five.example", "p").unwrap().open().await.unwrap();
    let sent = server.requests();
    assert_eq!(sent.len(), 6);
    assert!(sent.iter().all(|seen| seen.method == Method::POST), "307 keeps the method");
    assert_eq!(sent[0].header("authorization"), Some("Bearer account-token"));
    for (host, limit, requests) in
        [("five.example", 4, 5), ("five.example", 0, 1), ("endless.example", 5, 6), ("cleared.example", 5, 2)]
    {
        let before = server.requests().len();
        let error = vise(limit).session(host, "p").unwrap().open().await.unwrap_err();
        assert_eq!(error.session_problem(), Some(SessionProblem::PhraseRefused), "{host} {error}");
        assert_eq!(server.requests().len() - before, requests, "{host} {limit}");
    }
    let last = server.requests();
    assert!(
        last[7..]
            .iter()
            .filter(|seen| seen.host() == "endless.example")
            .skip(1)
            .all(|seen| seen.method == Method::GET)
    );
}

#[tokio::test]
async fn the_chain_starts_with_the_token_with_a_phrase_or_with_a_cookie() {
    // The token alone.
    let server = Server::new(|seen| match (seen.host(), seen.uri.path()) {
        ("dashboard.example", "/api/domains") => {
            json(200, r#"{"data":[{"domain_vise_url":"A.vise.example","domain_vise_phrase":"p1","id":1}]}"#)
        }
        ("a.vise.example", "/auth") => answer(204, &[("set-cookie", "session=s1")], ""),
        ("a.vise.example", _) => json(200, r#"["a"]"#),
        _ => json(500, "{}"),
    });
    let vise =
        builder().dashboard_url("https://dashboard.example/api/").transport(server.clone()).build().unwrap();
    let domains = vise.list_account_domains().await.unwrap();
    assert_eq!(domains[0].other.get_raw("id"), Some("1"));
    let session = vise.open_session(&domains[0]).await.unwrap();
    assert_eq!(session.host().name(), "a.vise.example");
    assert_eq!(session.vise_domains().await.unwrap(), json!(["a"]));
    assert_eq!(server.requests()[0].header("authorization"), Some("Bearer account-token"));
    // A caller that asks again gets the same session.
    vise.session("https://a.vise.example/", "p1").unwrap().vise_domains().await.unwrap();
    assert_eq!(server.count("/auth"), 1);

    // A host and its phrase.
    let transport = host();
    let vise = builder().transport(transport.clone()).build().unwrap();
    vise.session("b.example", PHRASE).unwrap().vise_domains().await.unwrap();
    assert_eq!(transport.requests().len(), 2);

    // A host and a cookie.
    let transport = ScriptedTransport::new().json(200, "[]").status(401);
    let vise = builder().transport(transport.clone()).build().unwrap();
    let session = vise.resume_session("c.example", "theirs".to_owned()).unwrap();
    assert!(session.is_open());
    session.vise_domains().await.unwrap();
    assert_eq!(transport.requests()[0].header("cookie"), Some("session=theirs"));
    let error = session.vise_domains().await.unwrap_err();
    assert_eq!(error.session_problem(), Some(SessionProblem::NoPhrase));
    assert!(!error.is_retryable());
    for bad in ["", "a;b=c", "a b", "a\r\nx: y"] {
        assert!(vise.resume_session("c.example", bad.to_owned()).is_err(), "{bad:?}");
    }
}

#[tokio::test]
async fn without_a_dashboard_nothing_is_guessed() {
    let transport = ScriptedTransport::new();
    let vise = builder().transport(transport.clone()).build().unwrap();
    let error = vise.list_account_domains().await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Configuration, Some("dashboard URL")));
    let error = vise.for_all_domains().run(async |_| Ok::<(), Error>(())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(transport.requests().is_empty());
    for bad in ["http://dashboard.example", "dashboard.example", "https://u:p@dashboard.example"] {
        assert_eq!(builder().dashboard_url(bad).build().unwrap_err().field(), Some("dashboard URL"), "{bad}");
    }
}

#[tokio::test]
async fn the_token_travels_as_configured_for_each_side() {
    let carriers = [
        (TokenPlacement::Bearer, Some(("authorization", "Bearer account-token")), None),
        (TokenPlacement::Authorization, Some(("authorization", "account-token")), None),
        (TokenPlacement::Header("x-api-key".parse().unwrap()), Some(("x-api-key", "account-token")), None),
        (TokenPlacement::Query("key".to_owned()), None, Some("key=account-token")),
    ];
    for (dashboard, dashboard_header, dashboard_query) in &carriers {
        for (vise_placement, vise_header, vise_query) in &carriers {
            let transport = ScriptedTransport::new()
                .json(200, r#"{"domain_vise_url":"a.example","domain_vise_phrase":"p"}"#)
                .response(200, &[("set-cookie", "session=s1")], "")
                .json(200, "[]");
            let vise = builder()
                .dashboard_url("https://dashboard.example")
                .token_placement(dashboard.clone())
                .vise_token_placement(vise_placement.clone())
                .transport(transport.clone())
                .build()
                .unwrap();
            let domains = vise.list_account_domains().await.unwrap();
            vise.session_for(&domains[0]).unwrap().vise_domains().await.unwrap();
            let requests = transport.requests();
            for (request, header, query) in
                [(&requests[0], dashboard_header, dashboard_query), (&requests[2], vise_header, vise_query)]
            {
                if let Some((name, value)) = header {
                    assert_eq!(request.header(name), Some(*value));
                    assert!(request.headers[*name].is_sensitive());
                }
                assert_eq!(request.uri.query(), *query);
                let carried =
                    request.headers.values().filter(|value| value.as_bytes().ends_with(TOKEN.as_bytes()));
                assert_eq!(carried.count(), usize::from(header.is_some()), "in one place");
            }
            assert_eq!(requests[2].header("cookie"), Some("session=s1"), "both at once");
            assert_eq!(requests[1].uri.query(), Some("pfk=p"), "neither with the phrase");
            assert!(requests[1].headers.values().all(|value| !value.as_bytes().ends_with(TOKEN.as_bytes())));
        }
    }
    for taken in ["cookie", "host", "content-type", "user-agent"] {
        let placement = TokenPlacement::Header(taken.parse().unwrap());
        assert_eq!(
            builder().token_placement(placement).build().unwrap_err().field(),
            Some("token placement"),
            "{taken}"
        );
    }
    assert!(builder().vise_token_placement(TokenPlacement::Query(String::new())).build().is_err());
    assert_eq!(Client::builder(String::new()).build().unwrap_err().field(), Some("token"));
}

#[tokio::test]
async fn what_the_vendor_may_do_otherwise_is_a_setting() {
    let transport = ScriptedTransport::new()
        .json(200, r#"[{"domain_vise_url":"a.example","domain_vise_phrase":"a%2Fb%20c+d%2Be"}]"#)
        .response(302, &[("location", "welcome")], "")
        .response(200, &[("set-cookie", "sid=s1")], "")
        .json(200, "{}");
    let vise = builder()
        .dashboard_url("https://dashboard.example/v2/all")
        .domains_path("")
        .domains_method(Method::POST)
        .token_on_auth(true)
        .auth_path("/open")
        .auth_parameter("key")
        .phrase_is_encoded(true)
        .session_cookie(SessionCookie::Any)
        .vise_prefix("/api/v1")
        .vise_domains_path("/sites")
        .transport(transport.clone())
        .build()
        .unwrap();
    let domains = vise.list_account_domains().await.unwrap();
    vise.session_for(&domains[0]).unwrap().vise_domains().await.unwrap();
    let requests = transport.requests();
    let lines: Vec<String> =
        requests.iter().map(|request| format!("{} {}", request.method, request.uri)).collect();
    assert_eq!(
        lines,
        [
            "POST https://dashboard.example/v2/all",
            // The prefix is that of calls only.
            // As in any query, the `+` of the list stands for a space.
            "GET https://a.example/open?key=a%2Fb%20c%20d%2Be",
            "GET https://a.example/welcome",
            "GET https://a.example/api/v1/sites"
        ]
    );
    assert_eq!(requests[1].header("authorization"), Some("Bearer account-token"));
    assert_eq!(requests[3].header("cookie"), Some("sid=s1"));

    let broken = vise.session("b.example", "%ff").unwrap().open().await.unwrap_err();
    assert_eq!(broken.kind(), ErrorKind::Credentials);
    assert_eq!(transport.requests().len(), 4, "nothing was sent");
}

#[tokio::test]
async fn hosts_never_see_each_others_sessions() {
    let server = Server::new(|seen| match seen.uri.path() {
        "/auth" => {
            let cookie = format!("session=of-{}; Domain=vise.example; Path=/", seen.host());
            answer(200, &[("set-cookie", &cookie), ("set-cookie", "wide=1; Domain=.vise.example")], "")
        }
        _ => json(200, "[]"),
    });
    let vise = builder().transport(server.clone()).build().unwrap();
    let sessions: Vec<_> = (0..20)
        .map(|number| vise.session(&format!("h{number}.vise.example"), format!("p{number}")).unwrap())
        .collect();
    for _ in 0..3 {
        for session in &sessions {
            session.vise_domains().await.unwrap();
        }
    }
    for seen in server.requests() {
        if seen.uri.path() == "/auth" {
            assert_eq!(seen.header("cookie"), None);
        } else {
            assert_eq!(seen.header("cookie").unwrap(), format!("session=of-{}; wide=1", seen.host()));
        }
    }
    assert_eq!(server.count("/auth"), 20);
    // Two phrases at one host are two sessions.
    let other = vise.session("h0.vise.example", "another").unwrap();
    other.vise_domains().await.unwrap();
    assert_eq!(server.count("/auth"), 21);
}

#[tokio::test]
async fn a_redirect_is_never_followed_with_secrets() {
    let server = Server::new(|seen| match (seen.host(), seen.uri.path()) {
        ("a.example", "/auth") => {
            answer(302, &[("location", "https://evil.example/"), ("set-cookie", "session=s")], "")
        }
        ("a.example", _) => answer(307, &[("location", "https://evil.example/x")], ""),
        _ => json(200, "[]"),
    });
    let vise = builder().transport(server.clone()).build().unwrap();
    let error = vise.session("a.example", "p").unwrap().vise_domains().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Redirect);
    assert_eq!(error.session_problem(), Some(SessionProblem::CallRefused));
    assert!(server.requests().iter().all(|seen| seen.host() == "a.example"));
}

#[tokio::test]
async fn errors_point_at_the_settings_behind_what_is_assumed() {
    let answers = ScriptedTransport::new().status(404);
    let vise = builder().dashboard_url("https://d.example").transport(answers).build().unwrap();
    let error = vise.list_account_domains().await.unwrap_err();
    assert!(error.to_string().contains("ClientBuilder::domains_path"), "{error}");

    let answers = ScriptedTransport::new().response(200, &[("set-cookie", "session=s")], "").status(405);
    let vise = builder().transport(answers).build().unwrap();
    let error = vise.session("a.example", "p").unwrap().vise_domains().await.unwrap_err();
    assert!(error.to_string().contains("ClientBuilder::vise_domains_path"), "{error}");

    let body = r#"[{"vise_host":"canary","key":"canary"}]"#;
    let vise = builder()
        .dashboard_url("https://d.example")
        .transport(ScriptedTransport::new().json(200, body))
        .build()
        .unwrap();
    let error = vise.list_account_domains().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("key, vise_host") && !error.to_string().contains("canary"), "{error}");

    let page = ScriptedTransport::new().response(200, &[("content-type", "text/html")], "<html>");
    let vise = builder().dashboard_url("https://d.example").transport(page).build().unwrap();
    let error = vise.list_account_domains().await.unwrap_err();
    assert!(error.is_html() && error.to_string().contains("an HTML page instead of JSON"), "{error}");
}

#[tokio::test]
async fn any_path_of_the_host_can_be_called() {
    let transport = host().json(201, r#"{"id":7}"#);
    let vise = builder().transport(transport.clone()).build().unwrap();
    let session = vise.session("a.example", "p").unwrap();
    session.open().await.unwrap();
    let listed: Call<Value> =
        session.request(Method::GET, "/rules").query("q", "a&b").call(auth_client_core::decode::json);
    listed.await.unwrap();
    let created: Call<Value> =
        session.request(Method::POST, "/rules").json(&json!({ "x": 1 })).call(auth_client_core::decode::json);
    assert_eq!(created.await.unwrap()["id"], 7);
    let requests = transport.requests();
    assert_eq!(requests[1].uri, "https://a.example/rules?q=a%26b");
    assert_eq!((requests[2].method.as_str(), requests[2].json()), ("POST", Some(json!({ "x": 1 }))));
    assert!(requests[1..].iter().all(|request| request.header("cookie") == Some("session=s1")));
}

#[tokio::test]
async fn a_walk_keeps_failures_apart_and_reports() {
    let server = Server::new(|seen| match (seen.host(), seen.uri.path()) {
        ("refuses.example", "/auth") => json(401, "{}"),
        (_, "/auth") => answer(200, &[("set-cookie", "session=s")], ""),
        ("fails.example", _) => json(422, "{}"),
        (host, _) => json(200, &format!(r#"["{host}"]"#)),
    });
    let vise = builder().transport(server.clone()).build().unwrap();
    let mut domains: Vec<AccountDomain> =
        ["a.example", "refuses.example", "127.0.0.1", "b.example", "fails.example", "c.example"]
            .into_iter()
            .map(|host| AccountDomain::new(host, "p"))
            .collect();
    domains.insert(3, AccountDomain::default());
    let mut reports = Vec::new();
    let results = vise
        .for_all_domains()
        .domains(domains)
        .concurrency(3)
        .on_progress(|progress| reports.push((progress.done, progress.total)))
        .run(async |session| session.vise_domains().await)
        .await
        .unwrap();
    let outcomes: Vec<String> = results
        .all()
        .iter()
        .map(|result| match &result.outcome {
            vise_client::Outcome::Done(value) => value[0].as_str().unwrap().to_owned(),
            vise_client::Outcome::Failed(error) => format!("{:?}", error.kind()),
            vise_client::Outcome::Skipped => "skipped".to_owned(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        outcomes,
        ["a.example", "Credentials", "InvalidInput", "skipped", "b.example", "InvalidData", "c.example"]
    );
    assert_eq!(reports, (1..=7).map(|done| (done, 7)).collect::<Vec<_>>());
}
