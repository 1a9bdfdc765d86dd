//! What the errors of all providers print.

#![cfg(all(feature = "full", feature = "testing"))]
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use auth_clients::verigator::CoreError;
use auth_clients::verigator::testing::ScriptedTransport;
use auth_clients::{revesecure, vaultvision, verigator, virtuous, vise};

/// Returns the errors of a write that every provider rejects with this body.
async fn refused(body: &'static str) -> Vec<CoreError> {
    let transport = || ScriptedTransport::new().json(400, body);
    let client = verigator::Client::builder("name", "password").transport(transport()).build().unwrap();
    let verigator = client.services().delete("s1").await.unwrap_err();
    let client = vaultvision::Client::builder("vv_key").transport(transport()).build().unwrap();
    let vaultvision = client.users("t1").delete("u1").await.unwrap_err();
    let client =
        revesecure::Client::builder("key", "5ec4e7".repeat(8)).transport(transport()).build().unwrap();
    let revesecure = client.users().delete("u1").await.unwrap_err();
    let client = virtuous::Client::builder().api_key("key").transport(transport()).build().unwrap();
    let request = client.request(http::Method::DELETE, "/api/Gift/1");
    let call: virtuous::Call<()> = request.call(virtuous::decode::empty);
    let virtuous = call.await.unwrap_err();
    let client = vise::Client::builder("token")
        .dashboard_url("https://dashboard.example")
        .transport(transport())
        .build()
        .unwrap();
    let vise = client.list_account_domains().await.unwrap_err();
    vec![
        verigator.into_inner(),
        vaultvision.into_inner(),
        revesecure.into_inner(),
        virtuous.into_inner(),
        vise.into_inner(),
    ]
}

#[tokio::test]
async fn every_provider_prints_the_servers_messages_on_request_and_the_fields_always() {
    for (body, messages, fields) in [
        (r#"{"message":"domain is locked"}"#, "; domain is locked", ""),
        (r#"{"Message":["a","b"],"errors":["Unknown project 71"]}"#, "; a b; Unknown project 71", ""),
        (r#"{"error":"no quota left"}"#, "; no quota left", ""),
        (r#"{"error":{"message":"locked"}}"#, "; locked", ""),
        (r#"{"status":{"description":"locked"}}"#, "; locked", ""),
        (r#"{"status_text":"locked"}"#, "; locked", ""),
        (r#"[{"field":"Gift Date","message":"too\nlate"}]"#, "; Gift Date: too late", "field \"Gift Date\""),
        (
            r#"{"status":{"code":400},"data":{"errors":{"gift":{"amount":["too small"]}}}}"#,
            "; gift.amount: too small",
            "field gift.amount",
        ),
        (r#"{"errors":{"code":"X","message":"bad"}}"#, "; bad", ""),
    ] {
        for error in refused(body).await {
            let line = error.to_string();
            assert_eq!(error.with_message(), format!("{line}{messages}"), "{body}");
            assert_eq!(line.contains("field"), !fields.is_empty(), "{line}");
            assert!(line.contains(fields), "{line}");
        }
    }
}

/// Returns what an error and its sources print.
fn printed(error: &(dyn std::error::Error + 'static)) -> Vec<String> {
    std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string).collect()
}

/// A token store whose lock fails, or is held by another process.
#[derive(Debug)]
enum Broken {
    Full,
    Locked,
}

#[async_trait::async_trait]
impl virtuous::store::TokenStore for Broken {
    async fn load(
        &self,
        _: &virtuous::store::StoreKey,
    ) -> Result<Option<virtuous::store::StoredToken>, virtuous::store::StoreError> {
        Ok(None)
    }

    async fn lock(
        &self,
        _: &virtuous::store::StoreKey,
    ) -> Result<Box<dyn virtuous::store::LockedToken>, virtuous::store::LockError> {
        match self {
            Self::Full => Err(virtuous::store::StoreError::new("lock", "no space left").into()),
            Self::Locked => std::future::pending().await,
        }
    }
}

#[tokio::test]
async fn no_chain_of_sources_repeats_a_sentence() {
    use virtuous::store::MemoryStore;

    let mut errors: Vec<(Box<dyn std::error::Error>, &str)> = Vec::new();
    let nothing = || ScriptedTransport::new();
    let grant = r#"{"error":"invalid_grant","error_description":"the account is locked"}"#;
    for (transport, builder, expected) in [
        (nothing(), virtuous::Client::builder().token_store(MemoryStore::new(), "a"), "nobody is logged in"),
        (nothing(), virtuous::Client::builder().session(), "nobody is logged in"),
        (
            nothing(),
            virtuous::Client::builder().token_store(Broken::Full, "a"),
            "the token store failed: could not lock",
        ),
        (
            nothing().json(400, grant),
            virtuous::Client::builder().user("anna", "password"),
            "login refused: wrong user name, password or one-time code",
        ),
        (
            nothing().json(503, grant),
            virtuous::Client::builder().user("anna", "password"),
            "the token endpoint returned no token",
        ),
        (
            nothing().unreachable(),
            virtuous::Client::builder().user("anna", "password"),
            "the token endpoint returned no token",
        ),
    ] {
        let retry = virtuous::RetryPolicy::none();
        let client = builder.transport(transport).retry(retry).build().unwrap();
        for attempt in ["first", "again, after the failure was kept"] {
            let error = client.contacts().get(1).await.unwrap_err();
            assert!(error.to_string().contains(expected), "{attempt}: {error}");
            assert!(error.session_problem().is_some(), "{error}");
            let says = error.with_message().contains("the account is locked");
            assert_eq!(
                says,
                expected.starts_with("login") || error.to_string().contains("status 503"),
                "{error}"
            );
            errors.push((Box::new(error), expected));
        }
    }
    for (transport, expected) in [
        (nothing().status(403), "the host did not open a session"),
        (nothing().json(200, "{}"), "the host did not open a session"),
        (nothing().unreachable(), "could not open the session"),
    ] {
        let retry = vise::RetryPolicy::none();
        let client = vise::Client::builder("token").transport(transport).retry(retry).build().unwrap();
        let session = client.session("vise.example", "phrase").unwrap();
        for _ in 0..2 {
            let error = session.vise_domains().await.unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
            errors.push((Box::new(error), expected));
        }
    }
    for transport in
        [nothing().unreachable(), nothing().broken(), nothing().cut(200), nothing().json(200, "7")]
    {
        let retry = verigator::RetryPolicy::none();
        let client = verigator::Client::builder("name", "password");
        let client = client.transport(transport).retry(retry).build().unwrap();
        errors.push((Box::new(client.services().get("s1").await.unwrap_err()), ""));
    }
    let client = virtuous::Client::builder().api_key("key").transport(nothing()).build().unwrap();
    let export = virtuous::export::Export::new(&client, virtuous::export::Resource::Gifts);
    errors.push((Box::new(export.to_file("/no/such/folder/gifts.jsonl").await.unwrap_err()), "/no/such"));
    let unsigned = client.contacts().by_reference("crm/17").await.unwrap_err();
    errors.push((Box::new(unsigned), "requires a signature"));

    for (error, expected) in errors {
        let chain = printed(&*error);
        assert!(chain[0].contains(expected), "{chain:?}");
        // The first line contains its causes.
        for (at, sentence) in chain.iter().enumerate().skip(1) {
            let rest = &chain[at + 1..];
            assert!(
                !rest.iter().any(|other| other.contains(sentence) || sentence.contains(other)),
                "{chain:#?}"
            );
            assert!(!sentence.contains("the server refused the credentials"), "{chain:#?}");
        }
    }
}

#[tokio::test]
async fn a_call_that_ends_while_it_waits_for_a_credential_says_for_what() {
    // A manual clock would advance for the one that sleeps first.
    let limit = std::time::Duration::from_millis(50);
    let builder = || virtuous::Client::builder().user("anna", "password");
    for (builder, transport, expected) in [
        (
            builder().token_store(Broken::Locked, "a"),
            ScriptedTransport::new(),
            "another process holds the token lock",
        ),
        (builder(), ScriptedTransport::new().hang(), "the token endpoint has not responded"),
        (
            builder().code_source(std::future::pending),
            ScriptedTransport::new().json(202, "{}"),
            "no one-time code was entered",
        ),
    ] {
        let client = builder.transport(transport).build().unwrap();
        let call = client.contacts().get(1).timeout(limit);
        let error = call.await.unwrap_err();
        let line = "virtuous contacts.get: timed out: while waiting for a credential: ";
        assert_eq!(error.to_string(), format!("{line}{expected}"));
    }
    let client = vise::Client::builder("token").session_store(Broken::Locked, "a");
    let client = client.transport(ScriptedTransport::new()).build().unwrap();
    let session = client.session("vise.example", "phrase").unwrap();
    let error = session.vise_domains().timeout(limit).await.unwrap_err();
    assert!(error.to_string().ends_with("another process is opening the session"), "{error}");
}
