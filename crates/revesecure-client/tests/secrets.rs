//! No secret is ever printed: not by `Debug` of any public type, not by an error, not in a log line at the finest level.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

#[path = "../../auth-client-core/tests/common/secrets.rs"]
mod secrets;
#[path = "../../auth-client-core/tests/common/wire.rs"]
mod wire;

use auth_client_core::testing::ScriptedTransport;
use revesecure_client::models::{
    AuthResult, AuthType, BypassCode, BypassCodeList, Envelope, NewBypassCodes, NewUser, OtpAnswer, OtpCheck,
    PushQuery, PushRequest, PushStarted, PushStatus, Registration, UserInfo, UserQuery, UserUpdate,
    WriteResponse,
};
use revesecure_client::{Client, DateFormat, Login, Paging, PushWait, SecondFactor};
use secrets::{Log, Secrets, echoes};
use wire::WireServer;

const API_KEY: &str = "c4n4ry-Ap1/key+51";
/// Hexadecimal, as a secret key has to be.
const SECRET: &str = "c4ca4a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7";
const OTP: &str = "c4n4ry-048211";
const BYPASS: &str = "c4n4ry-57397661";

const SECRETS: Secrets = Secrets(&[API_KEY, SECRET, OTP, BYPASS]);

fn otp() -> OtpCheck {
    OtpCheck::login_name("root")
        .user_name("ann")
        .end_user_ip("UNKNOWN")
        .otp(OTP)
        .auth_type(AuthType::Software)
}

fn read<T: serde::de::DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).unwrap()
}

/// Named by hand, so that a new public type has to be thought about here.
#[tokio::test]
async fn no_public_type_prints_a_secret() {
    let builder = Client::builder(API_KEY.to_owned(), SECRET.to_owned()).base_url("https://x.example");
    SECRETS.not_in_debug("ClientBuilder", &builder);
    let info = format!(r#"{{"ApiKey":"{API_KEY}","R2faStatus":"Enabled"}}"#);
    // A challenge keeps no field that the client doesn't know.
    let echoed = format!(
        r#"{{"ApiKey":"{API_KEY}","apiKey":"{API_KEY}","R2faStatus":"Enabled","Tokens":[{{"TokenId":"t1","key":"{SECRET}"}}]}}"#
    );
    let client = builder.transport(ScriptedTransport::new().json(200, echoed)).build().unwrap();
    SECRETS.not_in_debug("Client", &client);
    let validation = client.validation();
    let calls = (validation.otp(otp()), validation.check_key(), validation.push_status("p1"));
    let printed = format!("{calls:?} {:#?} {validation:?}", otp());
    SECRETS.not_in("calls", &printed);
    assert!(!printed.contains("Basic "), "a call shows the header: {printed}");
    let request = client.request(http::Method::GET, "/x").query("otp", OTP);
    SECRETS.not_in_debug("Request", &request);
    let answers = (
        read::<UserInfo>(&info),
        read::<OtpAnswer>(&format!(r#"{{"ApiKey":"{API_KEY}","AuthResult":"OTP {OTP}"}}"#)),
        read::<PushStarted>(&format!(r#"{{"ApiKey":"{API_KEY}","PushTxnId":"p1"}}"#)),
        read::<PushStatus>(&format!(r#"{{"ApiKey":"{API_KEY}","PushState":"PUSH_DENY"}}"#)),
        read::<BypassCodeList>(&format!(r#"{{"codes":[{{"BypassCode":"{BYPASS}","ExpireTime":1}}]}}"#)),
        read::<WriteResponse>(&format!(
            r#"{{"ServiceId":"s1","SecretKey":"{SECRET}","codes":["{BYPASS}"]}}"#
        )),
        Envelope::read(format!(r#"{{"status":{{"code":1,"description":"{OTP}"}}}}"#).as_bytes()).unwrap(),
        AuthResult::Invalid(OTP.to_owned()),
    );
    SECRETS.not_in_debug("answers", &answers);
    let values = (
        UserQuery::login_name("a").user_name("b"),
        PushRequest::login_name("a").user_name("b").end_user_ip("c").token_id("d"),
        Registration::login_name("a").device_uid("b").second_factor(true),
        NewBypassCodes::new("a", 1),
        NewUser::contact_number("1").country_code("2"),
        UserUpdate::new("a"),
        (PushWait::new(), Paging::new(), SecondFactor::of("ann"), DateFormat::Rfc2822),
        client.user_pages(Paging::new()),
    );
    SECRETS.not_in_debug("values", &values);
    let login = SecondFactor::of("ann").begin(&client).await.unwrap();
    assert!(matches!(login, Login::NeedsFactor(_)));
    SECRETS.not_in_debug("Login", &login);
    let Login::NeedsFactor(challenge) = login else { panic!("a factor is wanted") };
    SECRETS.not_in_json("Challenge", &*challenge, serde_json::to_string(&challenge));
    let factor = SecondFactor::of("ann");
    SECRETS.not_in_json("SecondFactor", &factor, serde_json::to_string(&factor));
    SECRETS.not_in_debug(
        "handles",
        &(
            client.billing(),
            client.bypass_codes(),
            client.organization(),
            client.services(),
            client.tokens(),
            client.users(),
            validation,
        ),
    );
    let query = (
        otp(),
        PushQuery::new("p1").api_key(API_KEY.to_owned()),
        read::<BypassCode>(&format!(r#"{{"BypassCode":"{BYPASS}"}}"#)),
    );
    SECRETS.not_in_debug("requests", &query);
    macro_rules! json {
        ($($value:expr),+) => { $(SECRETS.not_in_json("answer", &$value, serde_json::to_string(&$value));)+ };
    }
    // The text of an unknown result is part of the JSON, as it was read.
    let valid = read::<OtpAnswer>(&format!(r#"{{"ApiKey":"{API_KEY}","AuthResult":"OTP Valid"}}"#));
    json!(answers.0, valid, answers.2, answers.3, query.2);
    let bad = Client::new(format!("{API_KEY}\n"), SECRET.to_owned());
    SECRETS.not_in_error("Error", &bad.unwrap_err());
    SECRETS.cover(
        "revesecure_client",
        include_str!("../public-api.txt"),
        &[
            ("PushOutcome", "words; the unknown one is what the vendor calls a state"),
            ("RangePosition", "a number"),
            ("models::OtpCheck Serialize", "the JSON that is sent"),
            ("models::PushQuery Serialize", "the JSON that is sent"),
            ("models::PushRequest Serialize", "the JSON that is sent"),
            ("models::Registration Serialize", "the JSON that is sent"),
            ("models::UserQuery Serialize", "the JSON that is sent"),
        ],
    );
}

#[tokio::test]
async fn no_error_and_no_log_line_shows_a_secret() {
    let log = Log::capture();
    // The vendor echoes everything that it was sent, wherever it can.
    let echo = format!(
        r#"{{"data":{{"AuthResult":["{OTP}"]}},"{OTP}":"{API_KEY}","status":{{"code":"{BYPASS}","description":"{SECRET}"}}}}"#
    );
    let head = format!(
        "x-echo: {API_KEY}\r\nset-cookie: a={OTP}\r\nlocation: https://x.example/{API_KEY}?q={BYPASS}"
    );
    let client =
        |url: String| Client::builder(API_KEY.to_owned(), SECRET.to_owned()).base_url(url).build().unwrap();
    for (what, response) in echoes(OTP, "application/json", &head, &echo) {
        let server = WireServer::start([response]).unwrap();
        let error = client(server.url()).validation().otp(otp()).await.map(drop).unwrap_err();
        let request = server.request().expect("it was really sent");
        assert!(String::from_utf8_lossy(&request.body).contains(OTP), "with the secrets in it");
        SECRETS.not_in_error(&what, &error);
        assert!(!format!("{error:?}").contains("Basic "));
    }
    // A secret in the address: the key check has the API key in its path.
    let nowhere = client("http://127.0.0.1:1".to_owned());
    SECRETS.not_in_error("unreachable", &nowhere.validation().check_key().await.map(drop).unwrap_err());
    SECRETS
        .not_in_error("id", &nowhere.bypass_codes().list(&format!("{OTP}\n")).await.map(drop).unwrap_err());
    let bad = format!("https://user:{API_KEY}@x.example");
    SECRETS.not_in_error(
        "bad base URL",
        &Client::builder(API_KEY.to_owned(), SECRET.to_owned()).base_url(bad).build().unwrap_err(),
    );
    for (api_key, secret) in [
        (format!("{API_KEY}:"), SECRET.to_owned()),
        (API_KEY.to_owned(), format!("{SECRET}a")),
        (API_KEY.to_owned(), OTP.to_owned()),
    ] {
        SECRETS.not_in_error("bad key", &Client::new(api_key, secret).unwrap_err());
    }

    let text = log.text();
    assert!(text.contains("api_call") && text.contains("validation.otp"), "the log was captured: {text}");
    SECRETS.not_in("the log", &text);
    assert!(!text.contains("Basic "), "the log shows the header: {text}");
}

#[test]
fn a_leak_would_be_noticed() {
    SECRETS.would_be_noticed();
}
