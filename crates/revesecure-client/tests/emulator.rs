//! Whole flows against the emulator, which shares no code with this crate.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use auth_client_core::provider::auth_core::ExposeSecret as _;
use auth_client_core::testing::{ManualTime, ScriptedTransport};
use auth_emulator::providers::revesecure::{
    AuthMethodsFormat, Envelope, HmacDigest as ServerDigest, KeyEncoding as ServerEncoding, Policy as Rule,
    WriteResponse,
};
use auth_emulator::{Emulator, Outcome};
use revesecure_client::models::{
    AuthMethods, AuthType, NewBypassCodes, NewService, NewToken, NewUser, OtpCheck, Policy, PushQuery,
    PushRequest, Registration, ServiceType, ServiceUser, ServiceUsers, TokenUpdate, TokenUser, UserQuery,
    UserUpdate,
};
use revesecure_client::{
    Challenge, Client, ClientBuilder, DateFormat, ErrorKind, HmacDigest, KeyEncoding, Login, Paging,
    PushOutcome, PushWait, SecondFactor,
};

fn builder(emulator: &Emulator) -> ClientBuilder {
    let revesecure = emulator.revesecure();
    Client::builder(revesecure.api_key(), revesecure.secret_key()).base_url(revesecure.base_url())
}

/// A user who may log in; the id.
async fn user(emulator: &Emulator, client: &Client, name: &str) -> String {
    client
        .users()
        .create(NewUser::contact_number("8123465790").country_code("91").user_name(name))
        .await
        .unwrap();
    let users = client.users().list().await.unwrap();
    let id = users.iter().find(|user| user.user_name.as_deref() == Some(name)).unwrap().user_id.clone();
    let own = emulator.revesecure().service_id();
    client.services().map(ServiceUsers::new(own, [id.clone()])).await.unwrap();
    id
}

#[tokio::test]
async fn everything_is_read_in_every_form() {
    for (envelope, alternative_formats) in [
        (Envelope::Validations, true),
        (Envelope::Documented, false),
        (Envelope::Always, true),
        (Envelope::Never, true),
        (Envelope::Always, false),
    ] {
        let emulator = Emulator::builder()
            .revesecure(|settings| {
                settings.envelope = envelope;
                settings.alternative_formats = alternative_formats;
                if alternative_formats {
                    settings.write_response = WriteResponse::Ids;
                } else {
                    settings.auth_methods = AuthMethodsFormat::Number;
                }
            })
            .start()
            .await
            .unwrap();
        let client = builder(&emulator).build().unwrap();
        client.validation().check_key().await.unwrap();
        assert!(
            client.organization().get().await.unwrap().activation_time.unwrap().to_system_time()
                > Some(std::time::UNIX_EPOCH)
        );
        let id = user(&emulator, &client, "Zoë 😀").await;
        client.users().update(UserUpdate::new(&id).first_name("Zoë").phone(44, "07700900123")).await.unwrap();
        let details = client.users().get(&id).await.unwrap();
        assert_eq!(details.first_name.as_deref(), Some("Zoë"));
        assert_eq!(details.country_code.unwrap().to_number(), Some(44));
        assert_eq!(details.mobile_number.unwrap().as_str(), "07700900123");

        let created = client.services().create(NewService::new("shop", ServiceType::WebApi)).await.unwrap();
        assert_eq!(created.service_id.is_some(), alternative_formats);
        let services = client.services().list().await.unwrap();
        let shop = client.services().get(&services[1].service_id).await.unwrap();
        assert_eq!(shop.service_type, Some(ServiceType::WebApi));
        let pair = || ServiceUsers::new(&shop.service_id, [id.clone()]);
        client.services().map(pair()).await.unwrap();
        client.services().unmap(ServiceUser::service_id(&shop.service_id).user_id(&id)).await.unwrap();
        client.services().delete(&shop.service_id).await.unwrap();

        client
            .tokens()
            .create(NewToken::token_name("fob").serial_number("1").hardware_type("Seamon-3000"))
            .await
            .unwrap();
        let tokens = client.tokens().list().await.unwrap();
        let fob = tokens.iter().find(|token| token.assigned_to().is_none()).unwrap().token_id.clone();
        let both = || TokenUser::user_id(&id).token_id(&fob);
        client.tokens().assign(both()).await.unwrap();
        client.tokens().update(TokenUpdate::new(&fob).blocked(true)).await.unwrap();
        assert!(client.tokens().get(&fob).await.unwrap().info.token_blocked.unwrap().is_set());
        client.tokens().unassign(both()).await.unwrap();
        client.tokens().delete(&fob).await.unwrap();

        client.bypass_codes().create(NewBypassCodes::new(&id, 2)).await.unwrap();
        assert_eq!(client.bypass_codes().list(&id).await.unwrap().codes.len(), 2);
        client.bypass_codes().delete(&id).await.unwrap();
        let machine = Registration::login_name("root").device_uid("d1").second_factor(true);
        client.validation().register(machine).await.unwrap();
        let Login::NeedsFactor(challenge) = SecondFactor::of("Zoë 😀").begin(&client).await.unwrap()
        else {
            panic!("a second factor is needed")
        };
        assert_eq!(matches!(challenge.user().auth_methods, Some(AuthMethods::Names(_))), alternative_formats);
        client.users().delete(&id).await.unwrap();
        let error = client.users().get(&id).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, Some("404")));
    }
}

#[tokio::test]
async fn logins_by_code_and_by_push() {
    let emulator = Emulator::start().await.unwrap();
    let client = builder(&emulator).build().unwrap();
    let id = user(&emulator, &client, "ann").await;
    let begin = || SecondFactor::of("ann").login_name("root").begin(&client);
    let Login::NeedsFactor(challenge) = begin().await.unwrap() else { panic!("a second factor is needed") };
    let code = emulator.revesecure().pending_codes_for("ann").remove(0).code;
    assert!(!challenge.answer(&client, AuthType::Hardware, code.clone()).await.unwrap().is_valid());
    assert!(challenge.answer(&client, AuthType::Software, format!(" {code}\n")).await.unwrap().is_valid());

    // Each step of a web service has its own client, and only what the first one stored.
    let stored = serde_json::to_string(&challenge).unwrap();
    assert!(!stored.contains(&emulator.revesecure().api_key()) && stored.contains("ann"), "{stored}");
    let later = || builder(&emulator).build().unwrap();
    let mut challenge: Challenge = serde_json::from_str(&stored).unwrap();
    let error = challenge.push_outcome(&later(), PushWait::once()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "there is no push");
    let phone = challenge.push_tokens().next().unwrap().token_id.clone();
    challenge.send_push(&later(), &phone).await.unwrap();
    let stored = serde_json::to_string(&challenge).unwrap();

    let challenge: Challenge = serde_json::from_str(&stored).unwrap();
    let outcome = challenge.push_outcome(&later(), PushWait::once()).await.unwrap();
    let PushOutcome::StillPending { push_txn_id } = outcome else { panic!("nobody has responded") };
    emulator.approve(&push_txn_id).unwrap();
    assert!(challenge.push_outcome(&later(), PushWait::once()).await.unwrap().is_approved());
    assert_eq!(emulator.revesecure().effect("push_sent"), 1);

    // A client of another server, or with another service's key, is refused before anything is sent.
    let elsewhere = Emulator::start().await.unwrap();
    let other_key = Client::builder("other".to_owned(), emulator.revesecure().secret_key());
    let other_key = other_key.base_url(emulator.revesecure().base_url()).build().unwrap();
    for other in [builder(&elsewhere).build().unwrap(), other_key] {
        let error = challenge.answer(&other, AuthType::Software, "123456").await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::InvalidInput, 0));
    }

    emulator.revesecure().set_policy(&id, Rule::Bypass).unwrap();
    assert!(matches!(begin().await.unwrap(), Login::Bypassed(_)));
    emulator.revesecure().set_policy(&id, Rule::Denied).unwrap();
    assert!(matches!(begin().await.unwrap(), Login::Denied(_)));
    assert!(matches!(SecondFactor::of("nobody").begin(&client).await.unwrap(), Login::Denied(_)));
}

#[tokio::test]
async fn ranges_are_gone_through_under_every_rule() {
    for (base, included) in [(0, false), (0, true), (1, false), (1, true)] {
        let emulator = Emulator::start().await.unwrap();
        emulator.revesecure().configure(|settings| {
            settings.range_base = base;
            settings.range_end_included = included;
        });
        let client = builder(&emulator).build().unwrap();
        for number in 0..7 {
            let new = NewUser::contact_number(number).country_code(91).user_name(format!("user-{number}"));
            client.users().create(new).await.unwrap();
        }
        let paging = Paging::new().size(3).first_index(u32::try_from(base).unwrap());
        let mut rows = client.user_pages(paging).items(|page| page.details);
        let mut names = Vec::new();
        while let Some(row) = rows.next().await {
            names.push(row.unwrap().user_name.unwrap());
        }
        let expected: Vec<String> = (0..7).map(|number| format!("user-{number}")).collect();
        assert_eq!(names, expected, "from {base}, end included: {included}");
    }
}

#[tokio::test]
async fn a_wrong_setting_is_explained() {
    let emulator = Emulator::start().await.unwrap();
    for (client, cause) in [
        (builder(&emulator).digest(HmacDigest::Sha512), "digest_sha512"),
        (builder(&emulator).digest(HmacDigest::Sha1), "digest_sha1"),
        (builder(&emulator).key_encoding(KeyEncoding::Utf8), "key_as_text"),
        (builder(&emulator).signing_host("localhost"), "host_other_name"),
        (builder(&emulator).separator("\r\n"), "separator_crlf"),
    ] {
        let error = client.build().unwrap().users().list().await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unauthenticated, 1));
        let id = error.headers().unwrap()["x-emulator-request-id"].to_str().unwrap().to_owned();
        let explanation = emulator.explain(&id).unwrap();
        let failed = explanation.checks.iter().find(|check| check.outcome == Outcome::Fail).unwrap();
        assert_eq!(failed.detail.as_ref().unwrap()["cause"]["id"], cause);
    }
}

#[tokio::test]
async fn the_vendors_host_may_be_signed_at_the_emulator() {
    let emulator = Emulator::start().await.unwrap();
    builder(&emulator)
        .signing_host("dashboard.revesecure.com")
        .build()
        .unwrap()
        .users()
        .list()
        .await
        .unwrap();
}

#[tokio::test]
async fn dates_are_those_of_the_clients_clock() {
    let emulator = Emulator::start().await.unwrap();
    emulator.revesecure().configure(|settings| settings.date_window_seconds = Some(300));
    builder(&emulator).build().unwrap().users().list().await.unwrap();
    // The clock of this client stands still in 2023.
    let time = ManualTime::new();
    let old = builder(&emulator).time(time.clock(), time.timer()).build().unwrap();
    for attempts in [2, 1] {
        let reply = old.users().list().reply().await.unwrap();
        assert_eq!(reply.attempts, attempts, "signed by the server's clock, which is remembered");
    }
    // A fixed date can't be corrected.
    let date = DateFormat::Fixed("Fri, 08 Dec 2017 17:29:18 -0000".to_owned());
    let error = builder(&emulator).date_format(date).build().unwrap().users().list().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unauthenticated, Some("401")));
    // Nor can a refusal with its own status hide the date.
    emulator.revesecure().configure(|settings| settings.errors_as_200 = true);
    let old = builder(&emulator).time(time.clock(), time.timer()).build().unwrap();
    assert_eq!(old.users().list().reply().await.unwrap().attempts, 2);
    // A code of 403 may be about the date, too.
    let later = [("date", "Tue, 14 Nov 2023 23:13:20 GMT")];
    for (status, body) in [(200, r#"{"status":{"code":403}}"#), (403, "")] {
        let script = ScriptedTransport::new().response(status, &later, body).response(200, &later, "[]");
        let keys = ("api-key".to_owned(), "00ff".to_owned());
        let client =
            Client::builder(keys.0, keys.1).transport(script.clone()).time(time.clock(), time.timer());
        assert_eq!(client.build().unwrap().users().list().reply().await.unwrap().attempts, 2, "{status}");
        assert_eq!(script.requests()[1].header("date"), Some("Tue, 14 Nov 2023 23:13:20 -0000"));
    }
}

#[tokio::test]
async fn what_the_server_returns_is_kept() {
    let emulator = Emulator::start().await.unwrap();
    emulator.revesecure().configure(|settings| settings.write_response = WriteResponse::Echo);
    let client = builder(&emulator).build().unwrap();
    let id = user(&emulator, &client, "ann").await;
    let update = UserUpdate::new(&id).phone(91, 8123456789).first_name("Ann");
    let echo = client.users().update(update).await.unwrap();
    let value =
        |echo: &revesecure_client::models::WriteResponse| echo.value.read_as::<serde_json::Value>().unwrap();
    assert_eq!(echo.user_id.as_deref(), Some(&*id));
    assert_eq!(value(&echo)["ContactNumber"], 8_123_456_789_u64);
    let own = emulator.revesecure().service_id();
    let echo = client.services().map(ServiceUsers::new(&own, [id.clone()])).await.unwrap();
    assert_eq!((echo.service_id.as_deref(), &value(&echo)["UserId"][0]), (Some(&*own), &id.as_str().into()));
    let echo = client.services().unmap(ServiceUser::service_id(&own).user_id(&id)).await.unwrap();
    assert_eq!(value(&echo)["UserId"], id);

    emulator.revesecure().configure(|settings| settings.write_response = WriteResponse::Ids);
    let made = client.bypass_codes().create(NewBypassCodes::new(&id, 2)).await.unwrap();
    let listed = client.bypass_codes().list(&id).await.unwrap();
    let secrets = |codes: &[revesecure_client::models::BypassCode]| -> Vec<String> {
        codes.iter().map(|code| code.code.expose_secret().to_owned()).collect()
    };
    assert_eq!((secrets(&made.codes), made.codes.len()), (secrets(&listed.codes), 2));
}

#[tokio::test]
async fn a_login_can_be_to_another_service() {
    let emulator = Emulator::start().await.unwrap();
    emulator.revesecure().configure(|settings| settings.write_response = WriteResponse::Ids);
    let client = builder(&emulator).build().unwrap();
    let id = user(&emulator, &client, "ann").await;
    let shop = client.services().create(NewService::new("shop", ServiceType::WebApi)).await.unwrap();
    let shop = shop.service_id.unwrap();
    let (key, _) = emulator.revesecure().service_keys(&shop).unwrap();
    let info = || UserQuery::login_name("root").user_name("ann").api_key(key.clone());
    assert_eq!(client.validation().user(info()).await.unwrap().policy, Policy::Denied);
    client.services().map(ServiceUsers::new(&shop, [id.clone()])).await.unwrap();
    let info = client.validation().user(info()).await.unwrap();
    assert_eq!((info.policy, info.api_key.unwrap().expose_secret()), (Policy::Enabled, &*key));

    let phone = info.tokens[0].token_id.clone();
    let push = PushRequest::login_name("root").user_name("ann").end_user_ip("UNKNOWN").token_id(&phone);
    let push = client.validation().push(push.api_key(key.clone())).await.unwrap().push_txn_id;
    let query = PushQuery::new(push).api_key(key.clone());
    assert!(!client.validation().push_status(query).await.unwrap().push_state.is_final());
    let machine = Registration::login_name("root").device_uid("d1").second_factor(true);
    client.validation().register(machine.api_key(key.clone())).await.unwrap();
    let code = OtpCheck::login_name("root").user_name("ann").end_user_ip("UNKNOWN").otp("000000");
    let code = code.auth_type(AuthType::Hardware).api_key(key.clone());
    assert!(!client.validation().otp(code).await.unwrap().auth_result.is_valid());

    // A helper keeps the key in all of its calls: the push of a service is unknown to the other ones.
    let push = PushRequest::login_name("root").user_name("ann").end_user_ip("UNKNOWN").token_id(&phone);
    let outcome = PushWait::once().run(&client, push.api_key(key.clone())).await.unwrap();
    let PushOutcome::StillPending { push_txn_id } = outcome else { panic!("{outcome}") };
    let at_shop = client.for_service(key.clone());
    emulator.approve(&push_txn_id).unwrap();
    assert!(PushWait::once().wait(&at_shop, &push_txn_id).await.unwrap().is_approved());
    assert_eq!(PushWait::once().wait(&client, &push_txn_id).await.unwrap(), PushOutcome::Expired);

    // A login to the shop, which stores no key. Ann is mapped to the shop only.
    assert!(matches!(SecondFactor::of("ann").begin(&client).await.unwrap(), Login::NeedsFactor(_)));
    let own = emulator.revesecure().service_id();
    client.services().unmap(ServiceUser::service_id(own).user_id(&id)).await.unwrap();
    assert!(matches!(SecondFactor::of("ann").begin(&client).await.unwrap(), Login::Denied(_)));
    let Login::NeedsFactor(challenge) = SecondFactor::of("ann").begin(&at_shop).await.unwrap() else {
        panic!("a second factor is needed")
    };
    let stored = serde_json::to_string(&challenge).unwrap();
    assert!(!stored.contains(&key), "{stored}");
    let mut challenge: Challenge = serde_json::from_str(&stored).unwrap();
    let error = challenge.send_push(&client, &phone).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::InvalidInput, 0), "another service");
    let later = builder(&emulator).build().unwrap().for_service(key);
    challenge.send_push(&later, &phone).await.unwrap();
    let push = emulator.revesecure().pending_codes_for("ann").into_iter().rfind(|code| code.kind == "push");
    emulator.approve(&push.unwrap().id).unwrap();
    assert!(challenge.push_outcome(&later, PushWait::once()).await.unwrap().is_approved());
    client.validation().check_key().await.unwrap();
    later.validation().check_key().await.unwrap();

    let foreign = UserQuery::login_name("root").user_name("ann").api_key("nobody's".to_owned());
    assert_eq!(client.validation().user(foreign).await.unwrap_err().kind(), ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn every_part_of_the_signature_can_differ() {
    let emulator = Emulator::start().await.unwrap();
    emulator.revesecure().configure(|settings| {
        settings.digest = ServerDigest::Sha512;
        settings.key_encoding = ServerEncoding::Utf8;
        settings.separator = "\r\n".to_owned();
        settings.signing_host = Some("dashboard.revesecure.com".to_owned());
    });
    let right = builder(&emulator)
        .digest(HmacDigest::Sha512)
        .key_encoding(KeyEncoding::Utf8)
        .separator("\r\n")
        .signing_host("dashboard.revesecure.com");
    right.build().unwrap().users().list().await.unwrap();
    let usual = builder(&emulator).build().unwrap();
    assert_eq!(usual.users().list().await.unwrap_err().kind(), ErrorKind::Unauthenticated);
}
