//! Whole logins against the emulator's tenants.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use auth_emulator::Emulator;
use auth_emulator::providers::vaultvision::{IdTokenFlaw, TestLogin, VaultVision};
use std::time::Duration;
use vaultvision_client::oidc::{Login, LoginBuilder, LoginError, Page};

const CALLBACK: &str = "http://127.0.0.1:8090/auth/callback";

async fn start() -> (Emulator, VaultVision, TestLogin) {
    let emulator =
        Emulator::builder().vaultvision(|settings| settings.bcrypt_cost = 4).start().await.unwrap();
    let vault = emulator.vaultvision();
    let prepared = vault.prepare_login(CALLBACK).unwrap();
    (emulator, vault, prepared)
}

fn builder(prepared: &TestLogin) -> LoginBuilder {
    let builder = Login::at(&prepared.issuer).client_id(&prepared.client_id).redirect_url(CALLBACK);
    builder.client_secret(prepared.client_secret.clone())
}

/// What follows the question mark of the redirect.
fn query(url: &str) -> String {
    url.split_once('?').unwrap().1.to_owned()
}

#[tokio::test]
async fn a_user_logs_in_reads_the_claims_and_logs_out() {
    let (_emulator, vault, prepared) = start().await;
    let login = builder(&prepared).discover().await.unwrap();
    for page in [Page::Login, Page::Settings, Page::SignUp] {
        let started = login.begin(page);
        let redirected = vault.authorize(started.url.as_str(), &prepared.email).unwrap();
        let logged_in = login.finish(started.pending, &query(&redirected)).await.unwrap();
        assert_eq!(logged_in.user.subject, prepared.user_id);
        let info = login.user_info(&logged_in).await.unwrap();
        assert_eq!((info.email.as_deref(), info.email_verified), (Some(prepared.email.as_str()), Some(true)));
    }
    assert_eq!(vault.effect("token_issued"), 3);
    let out = login.logout_url("http://127.0.0.1:8090/").unwrap();
    assert!(out.as_str().starts_with(&prepared.issuer));
}

#[tokio::test]
async fn an_application_without_a_secret_logs_in_too() {
    let (_emulator, vault, prepared) = start().await;
    vault.configure(|settings| settings.new_applications_have_secret = false);
    let client =
        vaultvision_client::Client::builder(vault.api_key()).base_url(vault.base_url()).build().unwrap();
    let applications = client.applications(&prepared.tenant_id);
    let mut new = vaultvision_client::models::NewApplication::named("Browser");
    new.set_redirect_urls([CALLBACK]);
    let public = applications.create(&new).await.unwrap();
    let login =
        Login::at(&prepared.issuer).client_id(public.id()).redirect_url(CALLBACK).discover().await.unwrap();
    let started = login.begin(Page::Login);
    let redirected = vault.authorize(started.url.as_str(), &prepared.user_id).unwrap();
    assert_eq!(
        login.finish(started.pending, &query(&redirected)).await.unwrap().user.subject,
        prepared.user_id
    );
}

#[tokio::test]
async fn a_refused_login_is_one() {
    let (_emulator, vault, prepared) = start().await;
    let login = builder(&prepared).discover().await.unwrap();
    let started = login.begin(Page::Login);
    let denied = vault.deny_authorization(started.url.as_str()).unwrap();
    let error = login.finish(started.pending, &query(&denied)).await.unwrap_err();
    assert!(matches!(&error, LoginError::Refused(refusal) if refusal.code() == "access_denied"), "{error}");

    let wrong = builder(&prepared).client_secret("wrong".to_owned()).discover().await.unwrap();
    let started = wrong.begin(Page::Login);
    let redirected = vault.authorize(started.url.as_str(), &prepared.email).unwrap();
    let error = wrong.finish(started.pending, &query(&redirected)).await.unwrap_err();
    assert!(matches!(&error, LoginError::Refused(refusal) if refusal.code() == "invalid_client"), "{error}");
}

#[tokio::test]
async fn tokens_with_a_flaw_are_rejected() {
    let (_emulator, vault, prepared) = start().await;
    let login = builder(&prepared).discover().await.unwrap();
    for flaw in [
        IdTokenFlaw::Issuer,
        IdTokenFlaw::Audience,
        IdTokenFlaw::Nonce,
        IdTokenFlaw::Expired,
        IdTokenFlaw::Signature,
        IdTokenFlaw::UnknownKey,
        IdTokenFlaw::Unsigned,
    ] {
        vault.configure(|settings| settings.id_token_flaw = flaw);
        let started = login.begin(Page::Login);
        let redirected = vault.authorize(started.url.as_str(), &prepared.email).unwrap();
        let result = login.finish(started.pending, &query(&redirected)).await;
        assert!(matches!(result, Err(LoginError::Token(_))), "{flaw:?}: {result:?}");
    }
}

#[tokio::test]
async fn a_replaced_key_is_read_again() {
    let (emulator, vault, prepared) = start().await;
    let login = builder(&prepared).discover().await.unwrap();
    for _ in 0..2 {
        let started = login.begin(Page::Login);
        let redirected = vault.authorize(started.url.as_str(), &prepared.email).unwrap();
        login.finish(started.pending, &query(&redirected)).await.unwrap();
        vault.rotate_keys();
    }
    // A code that nobody exchanges expires.
    let started = login.begin(Page::Login);
    let redirected = vault.authorize(started.url.as_str(), &prepared.email).unwrap();
    emulator.clock().advance(Duration::from_secs(61));
    let error = login.finish(started.pending, &query(&redirected)).await.unwrap_err();
    assert!(matches!(&error, LoginError::Refused(refusal) if refusal.code() == "invalid_grant"), "{error}");
}
