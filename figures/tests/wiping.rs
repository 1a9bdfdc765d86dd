//! S16: nothing of a secret is left in the memory of a process once its clients and tokens are dropped.
//!
//! Alone in its program: the memory of the whole process is searched. The transport of this experiment keeps nothing, so what
//! is found was left by the clients; copies of the HTTP and TLS libraries are not part of it. Memory that was returned and is
//! used again can't be searched, so every secret is long, and each of its parts is looked for.

#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use async_trait::async_trait;
use auth_client_core::decode;
use auth_client_core::provider::auth_core::secret::{
    ExposeSecret, SecretString, Zeroizing, sensitive_header,
};
use auth_client_core::testing::ManualTime;
use auth_client_core::transport::{BodyLimits, Received, Transport, TransportError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use figures::scheme::{Options, Scheme};
use figures::{cases, report_all};
use http::{Method, Request, Response, StatusCode, header};
use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::Mutex;

/// The length of what is looked for.
const PART: usize = 16;
/// What is looked for is kept in another form, or the search would find it in its own memory.
const MASK: u8 = 0x5a;
/// Long enough that memory which is used again for something else is not enough to hide it.
const LENGTH: usize = 512;

/// The secrets of an experiment.
#[derive(Default)]
struct Search(Vec<Searched>);

struct Searched {
    name: &'static str,
    /// Masked.
    parts: Vec<[u8; PART]>,
}

impl Search {
    /// A random string that every scheme accepts, in one allocation.
    fn secret(&mut self, name: &'static str) -> SecretString {
        let mut text = String::with_capacity(LENGTH);
        text.extend(std::iter::repeat_with(|| fastrand::char('a'..='f')).take(LENGTH));
        self.add(name, text.as_bytes());
        SecretString::from(text)
    }

    fn add(&mut self, name: &'static str, secret: &[u8]) {
        let parts = secret.chunks_exact(PART).map(|part| std::array::from_fn(|at| part[at] ^ MASK));
        self.0.push(Searched { name, parts: parts.collect() });
    }

    /// The names of the secrets of which a part is in the writable memory of this process.
    fn found(&self) -> BTreeSet<&'static str> {
        let all = || self.0.iter().flat_map(|secret| secret.parts.iter().map(|part| (part, secret.name)));
        let begin = |bytes: &[u8], mask: u8| usize::from(bytes[0] ^ mask) << 8 | usize::from(bytes[1] ^ mask);
        let mut begins = vec![false; 1 << 16];
        for (part, _) in all() {
            begins[begin(part, MASK)] = true;
        }
        let memory = File::open("/proc/self/mem").unwrap();
        let (mut found, mut buffer) = (BTreeSet::new(), vec![0; 1 << 20]);
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        for line in maps.lines().filter(|line| line.contains(" rw")) {
            let (from, to) = line.split_once(' ').unwrap().0.split_once('-').unwrap();
            let [mut at, end] = [from, to].map(|number| u64::from_str_radix(number, 16).unwrap());
            while at + PART as u64 <= end {
                let length = usize::try_from(end - at).unwrap().min(buffer.len());
                // Some mappings of the kernel can't be read.
                if memory.read_exact_at(&mut buffer[..length], at).is_err() {
                    break;
                }
                for window in buffer[..length].windows(PART).filter(|window| begins[begin(window, 0)]) {
                    let is_here = |part: &[u8; PART]| part.iter().zip(window).all(|(a, b)| a ^ MASK == *b);
                    found.extend(all().filter(|(part, _)| is_here(part)).map(|(_, name)| name));
                }
                at += (length - PART + 1) as u64;
            }
        }
        found
    }
}

/// The bytes of hexadecimal digits.
fn hex(digits: &str) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(digits.len() / 2));
    bytes
        .extend((0..digits.len() / 2).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap()));
    bytes
}

/// Joins strings in a buffer that is erased.
fn erased(strings: &[&str]) -> Bytes {
    Bytes::from_owner(Zeroizing::new(strings.concat().into_bytes()))
}

type Server = dyn Fn(&Request<Bytes>) -> Response<Bytes> + Send + Sync;

/// A server in this process, and a transport that keeps nothing of a request or response.
struct Forgetful(Box<Server>);

impl Forgetful {
    fn new(server: impl Fn(&Request<Bytes>) -> Response<Bytes> + Send + Sync + 'static) -> Self {
        Self(Box::new(server))
    }
}

impl fmt::Debug for Forgetful {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Forgetful")
    }
}

#[async_trait]
impl Transport for Forgetful {
    async fn send(&self, request: Request<Bytes>, _: BodyLimits) -> Result<Received, TransportError> {
        Ok(Received::new((self.0)(&request)))
    }
}

const NOTHING: BTreeSet<&str> = BTreeSet::new();

/// Experiments run one after the other: a search copies memory, and with it the secrets of another one.
static ALONE: Mutex<()> = Mutex::const_new(());

#[tokio::test]
async fn copies_that_are_not_erased_are_found() {
    let _alone = ALONE.lock().await;
    let mut search = Search::default();
    let [erased, copied] = ["erased", "copied"].map(|name| search.secret(name));
    drop(copied.expose_secret().to_owned());
    drop([erased, copied]);
    assert_eq!(search.found(), BTreeSet::from(["copied"]));
}

/// The credentials of a scheme that are secret, by position; the others are names.
fn secrets(scheme: Scheme) -> &'static [usize] {
    match scheme {
        Scheme::Key => &[0],
        Scheme::SignedRequest | Scheme::HeaderPair => &[1],
        Scheme::Tokens | Scheme::SignedPassword | Scheme::Session => &[0, 1],
    }
}

#[tokio::test]
async fn nothing_of_a_credential_is_left_after_its_client() {
    let _alone = ALONE.lock().await;
    let (mut tried, wanted) = (0, cases(30, 600));
    for scheme in Scheme::ALL.into_iter().cycle().take(usize::try_from(wanted).unwrap()) {
        let (mut search, mut names) = (Search::default(), Search::default());
        {
            let credentials = [(0, "first"), (1, "second")].map(|(at, name)| {
                let is_secret = secrets(scheme).contains(&at);
                if is_secret { search.secret(name) } else { names.secret(name) }
            });
            let [first, second] = credentials.each_ref().map(ExposeSecret::expose_secret);
            match scheme {
                Scheme::SignedPassword => {
                    search.add("decoded", &hex(second));
                    // As far as the password, which differs from request to request, doesn't reach.
                    let pair = STANDARD.encode(&first.as_bytes()[..LENGTH / 3 * 3]);
                    search.add("pair", Zeroizing::new(pair).as_bytes());
                }
                Scheme::SignedRequest => {
                    search.add("decoded", &Zeroizing::new(STANDARD.decode(second).unwrap()));
                }
                _ => {}
            }
            let transport = Forgetful::new(|_| Response::new(Bytes::from_static(b"{}")));
            let client = scheme.with(&Options::scripted(transport), [first, second]);
            let client = client.map_err(|failed| failed.printed).unwrap();
            for method in [Method::GET, Method::POST] {
                client.call(method, "/things/7").await.map_err(|failed| failed.printed).unwrap();
            }
        }
        assert_eq!(search.found(), NOTHING, "{scheme:?}");
        tried += 1;
    }
    report_all("S16.wiping", tried, wanted, "0 copies of the credentials of 6 schemes");
}

#[tokio::test]
async fn nothing_of_a_login_and_its_tokens_is_left_after_its_client() {
    let _alone = ALONE.lock().await;
    let wanted = cases(5, 100);
    for _ in 0..wanted {
        log_in_and_renew().await;
    }
    report_all("S16.wiping", wanted, wanted, "0 copies of a password, a code and 2 pairs of tokens");
}

async fn log_in_and_renew() {
    let (mut search, issued) = (Search::default(), Arc::new(AtomicUsize::new(0)));
    {
        let names =
            ["password", "code", "access token", "refresh token", "2nd access token", "2nd refresh token"];
        let [password, code, access, refresh, next, last] = names.map(|name| search.secret(name));
        let (tokens, count) = ([(access, refresh), (next, last)], Arc::clone(&issued));
        let transport = Forgetful::new(move |request| {
            let issued = count.load(Relaxed);
            let has_code = request.body().windows(5).any(|window| window == b"&otp=");
            let mut response = Response::new(Bytes::from_static(b"{}"));
            if request.uri().path() != "/Token" {
                *response.status_mut() = StatusCode::NO_CONTENT;
            } else if issued == 0 && !has_code {
                *response.status_mut() = StatusCode::ACCEPTED;
            } else {
                assert_eq!(request.body().starts_with(b"grant_type=refresh_token"), issued == 1);
                let (access, refresh) = tokens[issued].clone();
                let [access, refresh] = [access.expose_secret(), refresh.expose_secret()];
                let begin = r#"{"token_type": "bearer", "expires_in": 1000, "access_token": ""#;
                *response.body_mut() = erased(&[begin, access, r#"", "refresh_token": ""#, refresh, "\"}"]);
                count.fetch_add(1, Relaxed);
            }
            response
        });
        let time = ManualTime::new();
        let client = virtuous_client::Client::builder()
            .time(time.clock(), time.timer())
            .user("anna@example.com", password)
            .code_source(move || std::future::ready(Some(code.clone())))
            .base_url("https://vendor.example")
            .transport(transport)
            .build()
            .unwrap();
        for _ in 0..2 {
            let call = client.request(Method::GET, "/api").call::<_, virtuous_client::Error>(decode::raw);
            call.await.unwrap();
            time.advance(Duration::from_secs(3600));
        }
    }
    assert_eq!((issued.load(Relaxed), search.found()), (2, NOTHING));
}

#[tokio::test]
async fn nothing_of_a_session_is_left_after_its_client() {
    let _alone = ALONE.lock().await;
    let wanted = cases(5, 100);
    for _ in 0..wanted {
        open_session().await;
    }
    report_all("S16.wiping", wanted, wanted, "0 copies of a token and a cookie");
}

/// Without the key phrase, which is part of a URL.
async fn open_session() {
    let (mut search, calls) = (Search::default(), Arc::new(AtomicUsize::new(0)));
    {
        let [token, cookie] = ["token", "cookie"].map(|name| search.secret(name));
        let count = Arc::clone(&calls);
        let transport = Forgetful::new(move |request| {
            count.fetch_add(1, Relaxed);
            let mut response = Response::new(Bytes::from_static(b"{}"));
            if request.uri().path() == "/auth" {
                let cookie = sensitive_header("cookie", &["session=", cookie.expose_secret(), "; Path=/"]);
                response.headers_mut().insert(header::SET_COOKIE, cookie.unwrap());
            }
            response
        });
        let client = vise_client::Client::builder(token).transport(transport).build().unwrap();
        let session = client.session("host.example", "phrase").unwrap();
        let call = session.request(Method::GET, "/things/7").call::<_, vise_client::Error>(decode::raw);
        call.await.unwrap();
    }
    assert_eq!((calls.load(Relaxed), search.found()), (2, NOTHING));
}
