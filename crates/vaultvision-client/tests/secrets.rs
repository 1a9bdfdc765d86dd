//! No secret is ever printed: not the key, not an application's secret, not a password or its hash; not by `Debug` of any
//! public type, not by an error, not in a log line at the finest level.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

#[path = "../../auth-client-core/tests/common/secrets.rs"]
mod secrets;
#[path = "../../auth-client-core/tests/common/wire.rs"]
mod wire;

use auth_client_core::testing::ScriptedTransport;
use secrets::{Log, Secrets, echoes};
use vaultvision_client::models::{
    Application, ApplicationList, Credential, CredentialList, ErrorBody, NewApplication, NewPassword,
    NewUser, PasswordCredential, Tenant, User,
};
use vaultvision_client::{Client, Modified};
use wire::WireServer;

const KEY: &str = "vv_c4n4ryKeyOefewyuV2mINX1rSFxzdIkR";
const SECRET: &str = "c4n4ry+Secret/93ab";
const HASH: &str = "$2a$10$c4n4ryETaxcazpR47RCTBNvurpDi3ouniK5wXDNBK/eZgRE.nJYAl";

const SECRETS: Secrets = Secrets(&[KEY, SECRET, HASH]);

fn application() -> String {
    format!(
        r#"{{"type":"Application","id":"a1","secret":"{SECRET}","new_secret":"{SECRET}","metadata":{{"k":"{SECRET}"}}}}"#
    )
}

fn credential(kind: &str) -> String {
    format!(
        r#"{{"type":"{kind}","id":"password","token":"{SECRET}","password":{{"alg":"bcrypt","hash":"{HASH}","x":"{SECRET}"}}}}"#
    )
}

/// Named by hand, so that a new public type has to be thought about here.
#[test]
fn no_public_type_prints_a_secret() {
    let builder = Client::builder(KEY.to_owned()).base_url("https://x.example");
    SECRETS.not_in_debug("ClientBuilder", &builder);
    let client = builder.transport(ScriptedTransport::new()).build().unwrap();
    let users = client.users("t1");
    let credentials = users.credentials("u1");
    SECRETS.not_in_debug(
        "handles",
        &(&client, client.tenants(), client.applications("t1"), &users, &credentials),
    );
    let list = |row: &str| format!(r#"{{"data":[{row}],"next":"{SECRET}"}}"#);

    let read: Application = serde_json::from_str(&application()).unwrap();
    SECRETS.not_in_debug("Application", &(&read, read.metadata(), read.unknown()));
    // Metadata and unknown fields are part of the JSON, as they were read.
    let known: Application =
        serde_json::from_str(&format!(r#"{{"type":"Application","id":"a1","secret":"{SECRET}"}}"#)).unwrap();
    SECRETS.not_in_json("Application", &known, serde_json::to_string(&known));
    let read: ApplicationList = serde_json::from_str(&list(&application())).unwrap();
    SECRETS.not_in_debug("ApplicationList", &read);
    for kind in ["PasswordCredential", "Passkey"] {
        let read: Credential = serde_json::from_str(&credential(kind)).unwrap();
        SECRETS.not_in_debug("Credential", &read);
        let read: CredentialList = serde_json::from_str(&list(&credential(kind))).unwrap();
        SECRETS.not_in_debug("CredentialList", &read);
    }
    let read: PasswordCredential = serde_json::from_str(&credential("PasswordCredential")).unwrap();
    SECRETS.not_in_debug("PasswordHash", &(&read, read.password()));
    let known = format!(
        r#"{{"type":"PasswordCredential","id":"password","password":{{"alg":"bcrypt","hash":"{HASH}"}}}}"#
    );
    let known: Credential = serde_json::from_str(&known).unwrap();
    SECRETS.not_in_json("Credential", &known, serde_json::to_string(&known));
    let known = known.as_password().unwrap();
    SECRETS.not_in_json("PasswordCredential", known, serde_json::to_string(known));
    SECRETS.not_in_json("PasswordHash", known.password(), serde_json::to_string(known.password()));
    SECRETS.not_in_debug("bcrypt", &read.password().bcrypt());
    SECRETS.not_in_debug("Call", &credentials.update(&Credential::from(read.clone())));
    let modified = (Modified::Written(read.clone()), Modified::Unchanged(read));
    SECRETS.not_in_debug("Modified", &(&modified.0, &modified.1));
    let change = credentials.modify("password", |_| {});
    SECRETS.not_in_debug("Modify", &change);

    for password in [NewPassword::plain(SECRET.to_owned()), NewPassword::bcrypt(HASH.to_owned()).unwrap()] {
        SECRETS.not_in_json("NewPassword", &password, serde_json::to_string(&password));
        SECRETS.not_in_debug("PasswordWarning", &password.warning());
        let sent = serde_json::to_string(&auth_client_core::provider::record::Exposed(&password)).unwrap();
        assert!(sent.contains("c4n4ry"), "and yet it is sent");
    }
    for error in [
        NewPassword::bcrypt(format!("{HASH}x")).map(drop).unwrap_err(),
        NewPassword::md5(SECRET.to_owned()).map(drop).unwrap_err(),
        NewPassword::sha1(SECRET.repeat(3)[..40].to_owned()).map(drop).unwrap_err(),
    ] {
        SECRETS.not_in_error("InvalidPassword", &error);
    }
    let unknown = format!(r#"{{"id":"x","settings":{{"smtp":"{SECRET}"}},"profile":{{"pin":"{SECRET}"}}}}"#);
    let (tenant, user): (Tenant, User) =
        (serde_json::from_str(&unknown).unwrap(), serde_json::from_str(&unknown).unwrap());
    let mut new = NewUser::email("a@example.test");
    new.metadata_mut().insert("k", SECRET);
    let error: ErrorBody = serde_json::from_str(&format!(r#"{{"hint":"{SECRET}"}}"#)).unwrap();
    let mut application = NewApplication::named("x");
    application.set_secret(SECRET.to_owned());
    SECRETS.not_in_json("NewApplication", &application, serde_json::to_string(&application));
    SECRETS.not_in_debug("values", &(tenant, user, new, error));
    SECRETS.not_in_error("Error", &Client::new(format!("{KEY}\n")).unwrap_err());
    SECRETS.cover(
        "vaultvision_client",
        include_str!("../public-api.txt"),
        &[
            ("LostUpdate", "prints the phase and names of fields, and no object"),
            ("oidc::", "oidc.rs searches them, behind the feature"),
        ],
    );
}

#[tokio::test]
async fn no_error_and_no_log_line_shows_a_secret() {
    let log = Log::capture();
    // The vendor echoes everything that it was sent, wherever it can.
    let echo =
        format!(r#"{{"type":"{SECRET}","code":"{KEY}","uuid":"{HASH}","id":["{HASH}"],"{SECRET}":"{KEY}"}}"#);
    let head =
        format!("x-echo: {KEY}\r\nset-cookie: a={SECRET}\r\nlocation: https://x.example/{KEY}?q={SECRET}");
    let password: Credential = serde_json::from_str(&credential("PasswordCredential")).unwrap();
    for (what, response) in echoes(SECRET, "application/json", &head, &echo) {
        let server = WireServer::start([response]).unwrap();
        let client = Client::builder(KEY.to_owned()).base_url(server.url()).build().unwrap();
        let credentials = client.users("t1");
        let error = credentials.credentials("u1").update(&password).await.unwrap_err();
        let sent = server.request().expect("it was really sent");
        assert!(String::from_utf8_lossy(&sent.body).contains(HASH));
        assert_eq!(sent.header("authorization"), [format!("Bearer {KEY}")]);
        SECRETS.not_in_error(&what, &error);
    }
    let bad = format!("{KEY}\n");
    SECRETS.not_in_error("bad key", &Client::new(bad).unwrap_err());
    let bad = format!("https://user:{SECRET}@x.example");
    SECRETS.not_in_error("bad base URL", &Client::builder(KEY.to_owned()).base_url(bad).build().unwrap_err());
    let _ = NewPassword::bcrypt(HASH.replace("$10$", "$04$")).unwrap();

    let text = log.text();
    assert!(text.contains("credentials.update") && text.contains("cost 4"), "the log was captured: {text}");
    SECRETS.not_in("the log", &text);
}
