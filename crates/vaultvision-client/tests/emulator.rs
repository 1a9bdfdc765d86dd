//! Whole flows against the emulator, which replaces objects as the vendor does.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use async_trait::async_trait;
use auth_client_core::transport::{BodyLimits, Received, Transport, TransportError};
use auth_client_core::{HyperTransport, TransportSettings};
use auth_emulator::providers::vaultvision::{Permission, Permissions, SecondPassword, VaultVision};
use auth_emulator::{ClockStart, Emulator, Fault, FaultRule, Timestamp};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Barrier;
use vaultvision_client::models::{NewApplication, NewPassword, NewUser, PasswordAlgorithm};
use vaultvision_client::{Client, ConflictPhase, ErrorKind, ExposeSecret, Modified};

const TENANT: &str = "CmKJPDorO34hGJ0J";

async fn start() -> (Emulator, VaultVision, Client) {
    let clock = ClockStart::Frozen(Timestamp::from_unix_seconds(1_700_000_000));
    let builder = Emulator::builder().clock(clock).vaultvision(|settings| settings.bcrypt_cost = 4);
    let emulator = builder.start().await.unwrap();
    let vault = emulator.vaultvision();
    let client = Client::builder(vault.api_key()).base_url(vault.base_url()).build().unwrap();
    (emulator, vault, client)
}

/// Fields that the client has no name for, with values that a careless client would change.
const HIDDEN: [(&str, &str); 6] = [
    ("settings.require_mfa", "true"),
    ("settings.privacy_policy", r#"{"url":"https://x.test","version":1.10,"seen":null}"#),
    ("settings.verify_delay", "123456789012345678901234567890"),
    ("metadata.counter", "18446744073709551616"),
    ("plan", r#"["a",[null,0.12345678901234567890]]"#),
    ("nothing", "null"),
];

/// The JSON of a planted field, as it is in the object.
fn planted(member: &str, value: &str) -> String {
    format!("\"{}\":{value}", member.rsplit('.').next().unwrap())
}

#[tokio::test]
async fn a_thousand_random_changes_lose_nothing_that_is_not_known() {
    let (_emulator, vault, client) = start().await;
    // Metadata that isn't a string.
    vault.configure(|settings| settings.check_types = false);
    let path = format!("tenants/{TENANT}");
    for (member, value) in HIDDEN {
        vault.add_undocumented_field(&path, member, value).unwrap();
    }
    let users = client.users(TENANT);
    let user = users.create(&NewUser::email("a@example.test")).await.unwrap();
    let user_path = format!("{path}/users/{}", user.id());
    for (member, value) in [("profile.picture", "1.000"), ("roles", "[1e400]"), ("metadata.n", "[]")] {
        vault.add_undocumented_field(&user_path, member, value).unwrap();
    }
    let credentials = users.credentials(user.id());
    credentials.create(&NewPassword::plain("secret".to_owned())).await.unwrap();
    let password_path = format!("{user_path}/credentials/password");
    vault.add_undocumented_field(&password_path, "password.pepper", "0.10").unwrap();
    vault.add_undocumented_field(&password_path, "strength", "-0.0").unwrap();

    let mut random = fastrand::Rng::with_seed(7);
    for round in 0..1_000 {
        let (choice, on, number) = (random.u8(0..10), random.bool(), random.u64(0..5));
        let lost = match choice {
            0..=4 => tenants_change(&client, choice, on, number).await,
            5 | 6 => {
                let change = users.modify(user.id(), |user| {
                    user.profile_mut().set_name(if on { "Anna" } else { "" });
                    user.metadata_mut().insert("round", &number.to_string());
                });
                change.skip_checks().await.unwrap().is_lost()
            }
            7 if on => users.disable(user.id()).await.unwrap().is_lost(),
            7 => users.enable(user.id()).await.unwrap().is_lost(),
            _ => {
                let change = credentials.modify("password", |credential| {
                    credential.set_disabled(on);
                    if number == 0 {
                        let password = NewPassword::plain("another".to_owned());
                        credential.as_password_mut().unwrap().set_password(&password);
                    }
                });
                change.await.unwrap().is_lost()
            }
        };
        assert!(!lost, "round {round}: nobody else is here");
    }
    let stored = vault.stored_json(&path).unwrap();
    for (member, value) in HIDDEN {
        assert!(stored.contains(&planted(member, value)), "{stored}");
    }
    let stored = vault.stored_json(&user_path).unwrap();
    for text in [r#""picture":1.000"#, r#""roles":[1e400]"#, r#""n":[]"#] {
        assert!(stored.contains(text), "{text} {stored}");
    }
    let stored = vault.stored_json(&password_path).unwrap();
    for text in [r#""pepper":0.10"#, r#""strength":-0.0"#] {
        assert!(stored.contains(text), "{text} {stored}");
    }
    assert!(vault.effect("tenant_updated") > 200 && vault.effect("credential_updated") > 100);
}

async fn tenants_change(client: &Client, choice: u8, on: bool, number: u64) -> bool {
    let change = client.tenants().modify(TENANT, |tenant| {
        let settings = tenant.settings_mut();
        match choice {
            0 => settings.set_allow_signups(on),
            1 => settings.set_remember_login_seconds(number),
            2 => settings.set_company_name(format!("acme {number}")),
            3 => tenant.set_name(format!("name {number}")),
            _ => tenant.metadata_mut().insert(&format!("key{number}"), "x"),
        }
    });
    change.await.unwrap().is_lost()
}

#[tokio::test]
async fn a_client_that_sends_only_what_it_knows_would_lose_them() {
    let (_emulator, vault, client) = start().await;
    let path = format!("tenants/{TENANT}");
    vault.add_undocumented_field(&path, "settings.require_mfa", "true").unwrap();
    let mut tenant = client.tenants().get(TENANT).await.unwrap();
    assert!(tenant.settings_mut().unknown_mut().remove("require_mfa"));
    client.tenants().update(&tenant).await.unwrap();
    assert!(!vault.stored_json(&path).unwrap().contains("require_mfa"), "so the test above can fail");
}

/// Lets posts through two at a time, and reads after them only when both have a response.
#[derive(Debug)]
struct Rendezvous {
    inner: HyperTransport,
    posts: Arc<Barrier>,
    answered: Arc<Barrier>,
}

#[async_trait]
impl Transport for Rendezvous {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        limits: BodyLimits,
    ) -> Result<Received, TransportError> {
        let is_post = request.method() == http::Method::POST;
        if is_post {
            self.posts.wait().await;
        }
        let result = self.inner.send(request, limits).await;
        if is_post {
            self.answered.wait().await;
        }
        result
    }
}

#[tokio::test]
async fn of_two_writers_who_saw_nothing_of_each_other_the_loser_is_informed() {
    let (_emulator, vault, _) = start().await;
    let (posts, answered) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let client = || {
        let inner = HyperTransport::new(TransportSettings::new()).unwrap();
        let transport = Rendezvous { inner, posts: Arc::clone(&posts), answered: Arc::clone(&answered) };
        Client::builder(vault.api_key()).base_url(vault.base_url()).transport(transport).build().unwrap()
    };
    let (anna, bert) = (client(), client());
    for round in 0..20 {
        let (one, other) = (format!("anna{round}"), format!("bert{round}"));
        let (first, second) = tokio::join!(
            anna.tenants().modify(TENANT, |tenant| tenant.metadata_mut().insert("anna", &one)),
            bert.tenants().modify(TENANT, |tenant| tenant.metadata_mut().insert("bert", &other)),
        );
        let stored = vault.stored_json(&format!("tenants/{TENANT}")).unwrap();
        let results = [(first.unwrap(), &one), (second.unwrap(), &other)];
        for (result, value) in &results {
            assert_eq!(result.is_lost(), !stored.contains(value.as_str()), "{value} {stored}");
            if let Modified::Lost(lost) = result {
                assert_eq!(lost.phase, ConflictPhase::AfterWrite);
                assert!(lost.fields[0].starts_with("metadata."), "{lost}");
            }
        }
        assert_eq!(results.iter().filter(|(result, _)| result.is_lost()).count(), 1);
    }
}

#[tokio::test]
async fn a_change_that_came_in_between_is_seen_before_anything_is_written() {
    let (_emulator, vault, client) = start().await;
    let path = format!("tenants/{TENANT}");
    let tenants = client.tenants();
    let result = tenants
        .modify(TENANT, |tenant| {
            vault.add_undocumented_field(&path, "settings.require_mfa", "true").unwrap();
            tenant.set_name("mine");
        })
        .await
        .unwrap();
    let Modified::Lost(lost) = result else { panic!("{result:?}") };
    assert_eq!(
        (lost.phase, lost.fields.as_slice()),
        (ConflictPhase::BeforeWrite, &["settings.require_mfa".to_owned()][..])
    );
    assert_eq!((lost.attempted.name(), lost.current.name()), ("mine", "acme01"));
    assert_eq!(vault.effect("tenant_updated"), 0);

    let mut rounds = 0;
    let again = tenants.modify(TENANT, |tenant| {
        rounds += 1;
        if rounds == 1 {
            vault.add_undocumented_field(&path, "settings.require_mfa", "false").unwrap();
        }
        tenant.set_name("mine");
    });
    let tenant = again.max_retries(1).await.unwrap().into_result().unwrap();
    assert_eq!((tenant.name(), tenant.settings().unknown().get_raw("require_mfa")), ("mine", Some("false")));
    assert_eq!((rounds, vault.effect("tenant_updated")), (2, 1));

    let unchanged = tenants.modify(TENANT, |tenant| tenant.set_name("mine")).await.unwrap();
    assert!(matches!(unchanged, Modified::Unchanged(_)));
    assert_eq!(vault.effect("tenant_updated"), 1, "nothing to change, nothing written");
}

#[tokio::test]
async fn all_eighteen_operations() {
    let (_emulator, vault, client) = start().await;
    let tenants = client.tenants();
    let list = tenants.list().await.unwrap();
    assert_eq!((list.items().len(), list.total(), list.limit(), list.is_truncated()), (2, 2, 100, false));
    let mut tenant = tenants.get(TENANT).await.unwrap();
    tenant.set_name("renamed");
    assert_eq!(tenants.update(&tenant).await.unwrap().name(), "renamed");

    let applications = client.applications(TENANT);
    vault.configure(|settings| settings.new_applications_have_secret = true);
    let mut new = NewApplication::named("MyNewApp");
    new.set_redirect_urls(["https://example.test/auth/callback"]);
    let made = applications.create(&new).await.unwrap();
    assert!(made.secret().is_none(), "not in the response to the creation");
    let mut application = applications.get(made.id()).await.unwrap();
    assert_eq!(application.secret().unwrap().expose_secret().len(), 24);
    application.set_login_url("https://example.test/auth/login");
    applications.update(&application).await.unwrap();
    let found = &applications.list().await.unwrap().into_items()[0];
    assert_eq!(found.login_url(), "https://example.test/auth/login");
    assert!(found.secret().is_some(), "it was sent back");
    applications.delete(made.id()).await.unwrap();

    let users = client.users(TENANT);
    let mut user = users.create(&NewUser::email("a@example.test")).await.unwrap();
    user.profile_mut().set_name("Anna");
    assert_eq!(users.update(&user).await.unwrap().profile().name(), "Anna");
    assert_eq!(users.list().await.unwrap().items().len(), 1);
    let taken = users.create(&NewUser::email("A@example.test")).await.unwrap_err();
    assert_eq!((taken.kind(), taken.code()), (ErrorKind::Conflict, Some("email_taken")));

    let credentials = users.credentials(user.id());
    let imported = NewPassword::md5("e807f1fcf82d132f9bb018ca6738a19f".to_owned()).unwrap();
    let made = credentials.create(&imported).await.unwrap();
    assert_eq!(made.password().algorithm(), PasswordAlgorithm::Md5Bcrypt);
    assert_eq!(made.password().bcrypt_cost(), Some(4));
    // Disabled before the first login: the wrapped form goes back as it was read.
    let off = credentials.modify("password", |password| password.set_disabled(true)).await.unwrap();
    assert_eq!(
        off.into_result().unwrap().as_password().unwrap().password().algorithm(),
        PasswordAlgorithm::Md5Bcrypt
    );
    assert!(!vault.log_in(TENANT, user.id(), "1234567890").unwrap());
    credentials
        .modify("password", |password| password.set_disabled(false))
        .await
        .unwrap()
        .into_result()
        .unwrap();
    assert!(vault.log_in(TENANT, user.id(), "1234567890").unwrap());
    let stored = credentials.get("password").await.unwrap();
    assert_eq!(stored.as_password().unwrap().password().algorithm(), PasswordAlgorithm::Bcrypt);

    let passkey = r#"{"key":{"counter":18446744073709551616}}"#;
    let passkey = vault.add_credential(TENANT, user.id(), "Passkey", passkey).unwrap();
    let list = credentials.list().await.unwrap();
    assert_eq!(list.items().len(), 2);
    let mut old_form = list.items()[0].clone();
    assert_eq!(old_form.as_password().unwrap().password().cost(), 4);
    old_form.metadata_mut().insert("from", "the list");
    credentials.update(&old_form).await.unwrap();
    assert!(vault.log_in(TENANT, user.id(), "1234567890").unwrap(), "the bcrypt string was sent");
    credentials.disable(&passkey).await.unwrap().into_result().unwrap();
    let path = format!("tenants/{TENANT}/users/{}/credentials/{passkey}", user.id());
    assert!(vault.stored_json(&path).unwrap().contains("18446744073709551616"));
    credentials.delete(&passkey).await.unwrap();
    credentials.delete("password").await.unwrap();
    assert_eq!(credentials.get("password").await.unwrap_err().kind(), ErrorKind::NotFound);
    users.delete(user.id()).await.unwrap();
    assert_eq!(users.delete(user.id()).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn credentials_from_a_list_are_updated_without_harm_to_their_hashes() {
    let (_emulator, vault, client) = start().await;
    let users = client.users(TENANT);
    let user = users.create(&NewUser::default()).await.unwrap();
    let credentials = users.credentials(user.id());
    let digest = "c775e7b757ede630cd0aa1113bd102661ab38829ca52a6422ab782862f268646";
    let path = format!("tenants/{TENANT}/users/{}/credentials/password", user.id());
    for (password, kept) in [
        (NewPassword::plain("1234567890".to_owned()), PasswordAlgorithm::Bcrypt),
        (NewPassword::sha256(digest.to_owned()).unwrap(), PasswordAlgorithm::Sha256Bcrypt),
    ] {
        credentials.create(&password).await.unwrap();
        vault.add_undocumented_field(&path, "password.pepper", "0.10").unwrap();
        for disabled in [true, false] {
            for mut credential in credentials.list().await.unwrap() {
                credential.set_disabled(disabled);
                let answer = credentials.update(&credential).await.unwrap();
                let hash = answer.as_password().unwrap().password().clone();
                assert_eq!(
                    (hash.algorithm(), hash.cost()),
                    (kept.clone(), 0),
                    "the text form without `cost`"
                );
            }
            assert!(!vault.stored_json(&path).unwrap().contains("cost"));
            assert!(vault.stored_json(&path).unwrap().contains(r#""pepper":0.10"#));
            assert_eq!(vault.log_in(TENANT, user.id(), "1234567890").unwrap(), !disabled);
            if !disabled {
                continue;
            }
            credentials.enable("password").await.unwrap().into_result().unwrap();
            let off = credentials.disable("password").await.unwrap().into_result().unwrap();
            assert!(off.disabled());
        }
    }
}

#[tokio::test]
async fn every_field_that_may_be_posted_can_be_set() {
    let (_emulator, vault, client) = start().await;
    vault.configure(|settings| {
        (settings.domain_is_writable, settings.verified_at_is_writable) = (true, true);
        // Metadata that isn't a string.
        settings.check_types = false;
    });
    let tenants = client.tenants();
    let moved = tenants.set(TENANT, |settings| settings.set_domain("login.example.test")).await.unwrap();
    assert_eq!(moved.into_result().unwrap().settings().domain(), "login.example.test");

    let users = client.users(TENANT);
    let verified_at = "2023-08-21T15:06:43.49365588Z";
    let mut new = NewUser::default();
    new.set_verified_at(verified_at);
    new.metadata_mut().insert_json("seats", 3);
    let mut user = users.create(&new).await.unwrap();
    assert_eq!(user.verified_at().unwrap().as_str(), verified_at);
    assert_eq!(user.metadata().unknown().get("seats"), Some(3));
    user.set_verified_at("2023-08-22T00:00:00Z");
    assert_eq!(users.update(&user).await.unwrap().verified_at().unwrap().as_str(), "2023-08-22T00:00:00Z");
    user.metadata_mut().insert_json("long", vec!["x".repeat(1_000)]);
    assert_eq!(users.update(&user).await.unwrap_err().field(), Some("metadata"));

    let applications = client.applications(TENANT);
    let mut new = NewApplication::unnamed();
    new.set_secret("of-our-own".to_owned());
    let id = applications.create(&new).await.unwrap().id().to_owned();
    let mut application = applications.get(&id).await.unwrap();
    assert_eq!(application.secret().unwrap().expose_secret(), "of-our-own");
    application.set_secret("another".to_owned());
    applications.update(&application).await.unwrap();
    assert_eq!(applications.get(&id).await.unwrap().secret().unwrap().expose_secret(), "another");

    vault.configure(|settings| (settings.require_email, settings.require_name) = (true, true));
    let refused = [
        users.create(&NewUser::default()).await.unwrap_err(),
        applications.create(&NewApplication::unnamed()).await.unwrap_err(),
    ];
    assert!(refused.iter().all(|error| error.kind() == ErrorKind::InvalidData && error.may_have_been_sent()));
}

#[tokio::test]
async fn keys_passwords_and_tenants_as_they_are_set() {
    let (_emulator, vault, client) = start().await;
    let users = client.users(TENANT);
    let user = users.create(&NewUser::email("a@example.test")).await.unwrap();
    let credentials = users.credentials(user.id());
    credentials.create(&NewPassword::plain("one".to_owned())).await.unwrap();
    credentials.create(&NewPassword::plain("two".to_owned())).await.unwrap();
    assert!(vault.log_in(TENANT, user.id(), "two").unwrap(), "the second replaced the first");
    vault.configure(|settings| settings.second_password = SecondPassword::Fail);
    let second = credentials.create(&NewPassword::plain("three".to_owned())).await.unwrap_err();
    assert_eq!(second.kind(), ErrorKind::Conflict);

    vault.configure(|settings| settings.permissions = Permissions::of_all(Permission::Read));
    assert!(users.get(user.id()).await.is_ok());
    assert_eq!(users.update(&user).await.unwrap_err().kind(), ErrorKind::Forbidden);
    vault.configure(|settings| {
        settings.restricted =
            Some([("other".to_owned(), Permissions::of_all(Permission::Write))].into_iter().collect());
    });
    assert_eq!(users.get(user.id()).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert!(client.tenants().list().await.unwrap().items().is_empty());
    vault.configure(|settings| settings.key_enabled = false);
    let error = client.tenants().list().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unauthenticated, Some("authentication_failure")));
    assert_eq!(error.request_id(), Some(error.details().unwrap().uuid()));
    assert_eq!(error.details().unwrap().status_code(), Some(401));
    assert_eq!(error.attempts(), 1, "final");
}

#[tokio::test]
async fn the_proxys_response_is_understood() {
    let (emulator, vault, client) = start().await;
    vault.configure(|settings| settings.calls_per_window = Some(1));
    assert!(client.tenants().list().await.is_ok());
    let once = vaultvision_client::RetryPolicy::none();
    let error = client.tenants().list().retry(once).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Throttled);
    assert_eq!((error.retry_after(), error.code(), error.request_id()), (None, None, None));
    assert_eq!(error.details().unwrap().status_code(), Some(429), "it is a string on the wire");
    emulator.clock().advance(Duration::from_secs(10));
    assert!(client.tenants().list().await.is_ok(), "the next window");
}

#[tokio::test]
async fn a_5xx_is_not_retried_for_writes() {
    let (emulator, vault, client) = start().await;
    vault.configure(|settings| settings.misconfigured_tenants = vec![TENANT.to_owned()]);
    let error = client.users(TENANT).create(&NewUser::email("a@example.test")).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Server, Some("tenant_configuration")));
    assert_eq!((error.attempts(), error.is_retryable()), (1, false));
    assert!(error.may_have_been_executed());

    vault.configure(|settings| settings.misconfigured_tenants.clear());
    emulator.add_fault(FaultRule::new("vaultvision", Fault::status(502)).method("GET")).unwrap();
    assert!(client.tenants().get(TENANT).await.is_ok(), "a read is retried");
}
