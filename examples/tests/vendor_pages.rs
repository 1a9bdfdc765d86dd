//! Runs each client against an emulator that takes the vendor's page literally (`vendor-pages.yaml` of the emulator). The
//! clients are changed by documented settings only, and both readings are tried where a page contradicts itself.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use auth_client_examples::guide;
use auth_emulator::providers::verigator::{CreateStatus, CredentialSeparator};
use auth_emulator::providers::virtuous::OtpPlacement;
use auth_emulator::providers::vise::Phrases;
use auth_emulator::{Builder, Emulator, PendingCode};
use vaultvision_client::ExposeSecret as _;

fn pages() -> Builder {
    let pages = include_str!("../../crates/auth-emulator/vendor-pages.yaml");
    Emulator::builder().seed_file(pages).unwrap()
}

async fn literal() -> Emulator {
    pages().start().await.unwrap()
}

/// The code of this kind that a user of a provider received.
fn code(emulator: &Emulator, provider: &str, subject: &str, kind: &str) -> PendingCode {
    let codes = emulator.pending_codes_for(provider, subject);
    codes.into_iter().find(|code| code.kind.starts_with(kind)).unwrap_or_else(|| panic!("no {kind}"))
}

#[tokio::test]
async fn verigator() {
    use verigator_client::models::{AuthMethod, NewService, NewUser};
    use verigator_client::{Client, ErrorKind};

    let emulator = literal().await;
    let verigator = emulator.verigator();
    let builder =
        || Client::builder(verigator.username(), verigator.password()).base_url(verigator.base_url());
    let error = builder().build().unwrap().services().get("s").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "the profile is applied");
    let settings = verigator.settings();
    assert_eq!([settings.create_status, settings.start_status], [CreateStatus::Created; 2]);
    for (separator, setting) in [(';', CredentialSeparator::Semicolon), (':', CredentialSeparator::Colon)] {
        verigator.configure(|settings| settings.credential_separator = setting);
        // The path of the registration, and that of the example.
        for prefix in ["/v1/service", "/v1"] {
            let client = builder().credential_separator(separator).path_prefix(prefix).build().unwrap();
            let services = client.services();
            let service =
                services.create(NewService::fqdn("coffeeshop.com").name("CoffeeShop")).await.unwrap();
            assert_eq!(services.get(&service.id).await.unwrap().name, "CoffeeShop");
            let users = client.users(&service.id);
            let anna = NewUser::id_in_service("anna").phone_number("+37251000001");
            let anna = users.create(anna).await.unwrap();
            assert_eq!(users.list().await.unwrap().users.len(), 1);
            let login = users.authentication(&anna.id);
            login.start(AuthMethod::Totp).await.unwrap();
            assert!(!login.verify("wrong").await.unwrap().is_verified());
            let received = code(&emulator, "verigator", "anna", "sms");
            assert!(login.verify(received.code).await.unwrap().is_verified());
            users.delete(&anna.id).await.unwrap();
            services.delete(&service.id).await.unwrap();
        }
    }
}

#[tokio::test]
async fn revesecure() {
    use revesecure_client::models::{
        AuthMethods, AuthType, NewBypassCodes, NewUser, ServiceUsers, UserUpdate,
    };
    use revesecure_client::{Client, ErrorKind, Login, PushWait, SecondFactor};

    let emulator = literal().await;
    let at = emulator.revesecure();
    let builder = || Client::builder(at.api_key(), at.secret_key()).base_url(at.base_url());
    let error = builder().build().unwrap().organization().get().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "the profile is applied");
    let client = builder().separator(" ").build().unwrap();
    client.organization().get().await.unwrap();
    client.billing().get().await.unwrap();
    let anna = NewUser::contact_number("8123465790").country_code("91").user_name("anna");
    let echoed = client.users().create(anna).await.unwrap();
    let echoed: serde_json::Value = echoed.value.read_as().unwrap();
    assert_eq!(echoed["UserName"], "anna", "what is sent is the response, without an envelope");
    let id = client.users().list().await.unwrap()[0].user_id.clone();
    client.users().update(UserUpdate::new(&id).phone(91, "8123456789")).await.unwrap();
    client.services().map(ServiceUsers::new(at.service_id(), [id.as_str()])).await.unwrap();
    client.bypass_codes().create(NewBypassCodes::new(&id, 1)).await.unwrap();

    let login = SecondFactor::of("anna").begin(&client).await.unwrap();
    let Login::NeedsFactor(mut challenge) = login else { panic!("{login:?}") };
    assert_eq!(challenge.user().auth_methods, Some(AuthMethods::Number(2)));
    assert!(!challenge.answer(&client, AuthType::Software, "000000").await.unwrap().is_valid());
    for (auth_type, kind) in [(AuthType::Software, "otp-software"), (AuthType::Bypass, "bypass")] {
        let received = code(&emulator, "revesecure", "anna", kind);
        assert!(challenge.answer(&client, auth_type, received.code).await.unwrap().is_valid());
    }
    let phone = challenge.push_tokens().next().unwrap().token_id.clone();
    challenge.send_push(&client, &phone).await.unwrap();
    emulator.approve(&code(&emulator, "revesecure", "anna", "push").id).unwrap();
    assert!(challenge.push_outcome(&client, PushWait::new()).await.unwrap().is_approved());
}

#[tokio::test]
async fn vault_vision() {
    use vaultvision_client::models::{NewApplication, NewPassword, NewUser};

    let emulator = literal().await;
    let client = guide::vaultvision(&emulator).unwrap();
    let tenants = client.tenants().list().await.unwrap();
    let id = tenants.items()[0].id();
    // The page's own program: read, change one field, post the whole object.
    let mut tenant = client.tenants().get(id).await.unwrap();
    tenant.settings_mut().set_allow_unverified(false);
    tenant.settings_mut().set_domain("shop.example");
    let written = client.tenants().update(&tenant).await.unwrap();
    assert_eq!(written.settings().domain(), "shop.example", "the page doesn't say that it is ignored");
    let raw = client.request(http::Method::GET, &format!("/v1/tenants/{id}"));
    let raw: vaultvision_client::Call<serde_json::Value> = raw.call(vaultvision_client::decode::json);
    let raw = raw.await.unwrap();
    assert_eq!(raw["settings"]["allow_unverified"], false, "shown, as in the sample of this program");

    let applications = client.applications(id);
    let made = applications.create(&NewApplication::named("MyNewApp")).await.unwrap();
    assert!(made.secret().is_none(), "as in the sample");
    let mut read = applications.get(made.id()).await.unwrap();
    let secret = read.secret().expect("as in the sample").expose_secret().to_owned();
    read.set_name("Renamed");
    let written = applications.update(&read).await.unwrap();
    assert_eq!(written.secret().map(|secret| secret.expose_secret()), Some(secret.as_str()));
    applications.delete(made.id()).await.unwrap();

    let users = client.users(id);
    let user = users.create(&NewUser::email("test01@example.test")).await.unwrap();
    users.disable(user.id()).await.unwrap().into_result().unwrap();
    let credentials = users.credentials(user.id());
    credentials.create(&NewPassword::plain("1234567890".to_owned())).await.unwrap();
    let second = credentials.create(&NewPassword::plain("0987654321".to_owned())).await.unwrap_err();
    assert_eq!(second.status().map(|status| status.as_u16()), Some(409), "only one can exist");
    // An entry of a list has another form; the client sends the one that the page allows.
    let listed = credentials.list().await.unwrap();
    let mut password = listed.items()[0].clone();
    password.set_disabled(true);
    credentials.update(&password).await.unwrap();
    credentials.delete("password").await.unwrap();
    users.delete(user.id()).await.unwrap();
}

#[tokio::test]
async fn virtuous() {
    use virtuous_client::{Client, ErrorKind, LoginStep};

    let emulator = literal().await;
    let at = emulator.virtuous();
    let client = Client::builder().api_key(at.api_key()).base_url(at.base_url()).build().unwrap();
    let error = client.organizations().current().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "neither an OAuth token nor HMAC");
    for placement in [OtpPlacement::Header, OtpPlacement::Form] {
        at.configure(|settings| settings.otp_placement = placement);
        let client = Client::builder().base_url(at.base_url()).build().unwrap();
        let LoginStep::CodeRequired(challenge) = client.login(at.username(), at.password()).await.unwrap()
        else {
            panic!("202 is required");
        };
        challenge.answer(code(&emulator, "virtuous", &at.username(), "").code).await.unwrap();
        client.organizations().current().await.unwrap();
        // "you can start calling any of our APIs": the operations, too, that this client signs with HMAC.
        for of in ["Contact", "Gift"] {
            let call = client.request(http::Method::GET, &format!("/api/{of}/ByReference/none"));
            let call: virtuous_client::Call<serde_json::Value> = call.call(virtuous_client::decode::json);
            assert_eq!(call.await.unwrap_err().kind(), ErrorKind::NotFound, "{of}: the token is accepted");
        }
        // The token expires after two weeks, and the refresh token gets another one.
        emulator.clock().advance(std::time::Duration::from_secs(14 * 86_400));
        client.organizations().current().await.unwrap();
    }
}

#[tokio::test]
async fn vise() {
    use vise_client::TransportSettings;

    // `https://{domain_vise_url}`
    let ca_file = format!("{}/vendor-pages-{}.pem", env!("CARGO_TARGET_TMPDIR"), std::process::id());
    let emulator = pages().tls(&ca_file).start().await.unwrap();
    std::fs::remove_file(&ca_file).unwrap();
    let authority = &emulator.ready().tls.as_ref().unwrap().ca_pem;
    let vise = emulator.vise();
    assert!(vise.dashboard_url().starts_with("https://"));
    for (phrases, is_encoded) in [(Phrases::Encoded, true), (Phrases::Plain, false), (Phrases::Plain, true)] {
        vise.configure(|settings| settings.phrases = phrases);
        let policy = vise_client::HostPolicy::new().dangerously_allow_loopback_for_tests();
        let client = vise_client::Client::builder(vise.token())
            .dashboard_url(vise.dashboard_url())
            .host_policy(policy)
            .transport_settings(TransportSettings::new().add_root_certificate(authority.as_str()))
            .phrase_is_encoded(is_encoded)
            .build()
            .unwrap();
        let domains = client.list_account_domains().await.unwrap();
        let all = client.for_all_domains().domains(domains).run(async |session| session.vise_domains().await);
        let all: vise_client::DomainResults<serde_json::Value> = all.await.unwrap();
        assert_eq!((all.succeeded().count(), all.failed().count()), (3, 0), "{phrases:?}");
    }
}
