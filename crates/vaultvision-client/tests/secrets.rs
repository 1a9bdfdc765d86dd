//! No secret is ever printed: not the key, not an application's secret, not a password or its hash; not by `Debug` of any
//! public type, not by an error, not in a log line at the finest level.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

#[path = "../../auth-client-core/tests/common/wire.rs"]
mod wire;

use auth_client_core::testing::{Canary, ScriptedTransport};
use std::io::Write;
use std::sync::{Arc, Mutex};
use tracing_subscriber::filter::LevelFilter;
use vaultvision_client::models::{
    Application, ApplicationList, Credential, CredentialList, ErrorBody, NewApplication, NewPassword,
    NewUser, PasswordCredential, Tenant, User,
};
use vaultvision_client::{Client, Error, Modified};
use wire::WireServer;

const KEY: &str = "vv_c4n4ryKeyOefewyuV2mINX1rSFxzdIkR";
const SECRET: &str = "c4n4ry+Secret/93ab";
const HASH: &str = "$2a$10$c4n4ryETaxcazpR47RCTBNvurpDi3ouniK5wXDNBK/eZgRE.nJYAl";

/// Everything that is logged in this process, at every level and by every library.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn capture() -> Self {
        let log = Self::default();
        let writer = log.clone();
        tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_writer(move || writer.clone())
            .init();
        log
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn canaries() -> [Canary; 3] {
    [Canary::new(KEY), Canary::new(SECRET), Canary::new(HASH)]
}

fn assert_clean(what: &str, printed: &str) {
    for canary in canaries() {
        assert_eq!(canary.form_in(printed), None, "{what} shows a secret: {printed}");
    }
}

fn assert_error_clean(what: &str, error: &Error) {
    for canary in canaries() {
        assert_eq!(canary.form_in_error(error), None, "{what}: {error:?}");
    }
}

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
    assert_clean("ClientBuilder", &format!("{builder:?} {builder:#?}"));
    let client = builder.transport(ScriptedTransport::new()).build().unwrap();
    let users = client.users("t1");
    let credentials = users.credentials("u1");
    assert_clean("handles", &format!("{client:?} {:?} {users:?} {credentials:?}", client.tenants()));
    let list = |row: &str| format!(r#"{{"data":[{row}],"next":"{SECRET}"}}"#);

    let read: Application = serde_json::from_str(&application()).unwrap();
    assert_clean("Application", &format!("{read:#?} {:?} {:?}", read.metadata(), read.unknown()));
    let read: ApplicationList = serde_json::from_str(&list(&application())).unwrap();
    assert_clean("ApplicationList", &format!("{read:#?}"));
    for kind in ["PasswordCredential", "Passkey"] {
        let read: Credential = serde_json::from_str(&credential(kind)).unwrap();
        assert_clean("Credential", &format!("{read:#?}"));
        let read: CredentialList = serde_json::from_str(&list(&credential(kind))).unwrap();
        assert_clean("CredentialList", &format!("{read:#?}"));
    }
    let read: PasswordCredential = serde_json::from_str(&credential("PasswordCredential")).unwrap();
    assert_clean("PasswordHash", &format!("{read:#?} {:#?} {:?}", read.password(), read.password().bcrypt()));
    let update = credentials.update(&Credential::from(read.clone())).json_debug();
    assert_clean("Call", &update);
    let modified = (Modified::Written(read.clone()), Modified::Unchanged(read));
    assert_clean("Modified", &format!("{modified:#?}"));
    let change = credentials.modify("password", |_| {});
    assert_clean("Modify", &format!("{change:#?}"));

    for password in [NewPassword::plain(SECRET.to_owned()), NewPassword::bcrypt(HASH.to_owned()).unwrap()] {
        assert_clean("NewPassword", &format!("{password:#?} {:?}", password.warning()));
        assert_clean("NewPassword", &serde_json::to_string(&password).unwrap());
        let sent = serde_json::to_string(&auth_client_core::provider::record::Exposed(&password)).unwrap();
        assert!(sent.contains("c4n4ry"), "and yet it is sent");
    }
    for error in [
        NewPassword::bcrypt(format!("{HASH}x")).map(drop).unwrap_err(),
        NewPassword::md5(SECRET.to_owned()).map(drop).unwrap_err(),
        NewPassword::sha1(SECRET.repeat(3)[..40].to_owned()).map(drop).unwrap_err(),
    ] {
        assert_clean("InvalidPassword", &format!("{error} {error:?}"));
    }
    let unknown = format!(r#"{{"id":"x","settings":{{"smtp":"{SECRET}"}},"profile":{{"pin":"{SECRET}"}}}}"#);
    let (tenant, user): (Tenant, User) =
        (serde_json::from_str(&unknown).unwrap(), serde_json::from_str(&unknown).unwrap());
    let mut new = NewUser::email("a@example.test");
    new.metadata_mut().insert("k", SECRET);
    let error: ErrorBody = serde_json::from_str(&format!(r#"{{"hint":"{SECRET}"}}"#)).unwrap();
    assert_clean(
        "values",
        &format!("{tenant:#?} {user:#?} {new:#?} {error:#?} {:?}", NewApplication::named("x")),
    );
}

/// `Debug` of a call.
trait JsonDebug {
    fn json_debug(&self) -> String;
}

impl<T> JsonDebug for vaultvision_client::Call<T> {
    fn json_debug(&self) -> String {
        format!("{self:?} {self:#?}")
    }
}

#[tokio::test]
async fn no_error_and_no_log_line_shows_a_secret() {
    let log = Log::capture();
    // The vendor repeats everything that it was sent, wherever it can.
    let echo =
        format!(r#"{{"type":"{SECRET}","code":"{KEY}","uuid":"{HASH}","id":["{HASH}"],"{SECRET}":"{KEY}"}}"#);
    let head =
        format!("x-echo: {KEY}\r\nset-cookie: a={SECRET}\r\nlocation: https://x.example/{KEY}?q={SECRET}");
    let password: Credential = serde_json::from_str(&credential("PasswordCredential")).unwrap();
    let mut errors = 0;
    for status in [200, 302, 400, 401, 403, 404, 409, 422, 500, 503] {
        let answer = format!(
            "HTTP/1.1 {status} {SECRET}\r\n{head}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{echo}",
            echo.len()
        );
        for length in [answer.len(), answer.len() - 20] {
            let server = WireServer::start([answer.as_bytes()[..length].to_vec()]).unwrap();
            let client = Client::builder(KEY.to_owned()).base_url(server.url()).build().unwrap();
            let credentials = client.users("t1");
            let error = credentials.credentials("u1").update(&password).await.unwrap_err();
            let sent = server.request().expect("it was really sent");
            assert!(String::from_utf8_lossy(&sent.body).contains(HASH));
            assert_eq!(sent.header("authorization"), [format!("Bearer {KEY}")]);
            assert_error_clean(&format!("status {status}"), &error);
            errors += 1;
        }
    }
    assert_eq!(errors, 20);
    let bad = format!("{KEY}\n");
    assert_error_clean("bad key", &Client::new(bad).unwrap_err());
    let bad = format!("https://user:{SECRET}@x.example");
    assert_error_clean("bad base URL", &Client::builder(KEY.to_owned()).base_url(bad).build().unwrap_err());
    let _ = NewPassword::bcrypt(HASH.replace("$10$", "$04$")).unwrap();

    let text = log.text();
    assert!(text.contains("credentials.update") && text.contains("cost 4"), "the log was captured: {text}");
    assert_clean("the log", &text);
}
