//! S6: no two different requests are signed as the same string, in either scheme that signs requests.
//!
//! The strings are cut at different places into path and body, and made of parts of the signed string itself: separators,
//! methods, hosts, dates. What a request means is known from how it was made, not from the code that signs it.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use auth_client_core::decode;
use auth_client_core::provider::auth_core::scheme::{BasicHmac, SignedQuery};
use auth_client_core::provider::auth_core::secret::SecretString;
use auth_client_core::provider::auth_core::{Origin, SigningRequest};
use auth_client_core::testing::{ManualTime, ScriptedTransport};
use figures::{cases, report_all};
use http::{HeaderMap, Method};
use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};
use virtuous_client::{Client, Error, HmacKeys};

const PARTS: [&str; 24] = [
    "a",
    "A",
    "b",
    "/",
    "//",
    "%2F",
    "%2f",
    "%0A",
    "\n",
    "\n\n",
    "GET",
    "get",
    "POST",
    "PUT",
    "ET",
    "a.example",
    "https",
    "0",
    "1512754158",
    "Fri, 08 Dec 2017 17:29:18 -0000",
    "-",
    "+",
    "%",
    ".",
];
const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// Signed strings, and what the requests mean that have them; as numbers of 128 bits, because there are many.
#[derive(Default)]
struct Signed {
    meanings: HashMap<u128, u128>,
    again: u64,
}

fn number(value: &impl Hash) -> u128 {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, value).hash(&mut hasher);
        u128::from(hasher.finish())
    };
    half(1) << 64 | half(2)
}

impl Signed {
    fn add(&mut self, signed: &[u8], meaning: &(impl Hash + std::fmt::Debug)) {
        let number_of_meaning = number(meaning);
        match self.meanings.insert(number(&signed), number_of_meaning) {
            None => {}
            Some(before) => {
                let signed = String::from_utf8_lossy(signed);
                assert_eq!(
                    before, number_of_meaning,
                    "{meaning:?} is signed like another request: {signed:?}"
                );
                self.again += 1;
            }
        }
    }

    /// All pairs of different requests.
    fn pairs(&self) -> u64 {
        let different = self.meanings.len() as u64;
        different * (different - 1) / 2
    }
}

/// A string of a few parts.
fn text(random: &mut fastrand::Rng) -> String {
    (0..random.usize(1..7)).map(|_| PARTS[random.usize(..PARTS.len())]).collect()
}

/// A path that is valid in a request.
fn path(text: &str) -> String {
    format!("/{}", text.replace('\n', "%0A").replace(' ', "%20").replace('?', "%3F"))
}

#[test]
fn no_two_requests_have_the_same_string_in_the_scheme_of_revesecure() {
    let wanted = cases(200_000, 5_000_000);
    let secret = SecretString::from("000102030405060708090a0b0c0d0e0f");
    let mut random = fastrand::Rng::with_seed(6);
    let (mut tried, mut pairs, mut again) = (0, 0, 0);
    for query in [SignedQuery::Omitted, SignedQuery::InPath] {
        let signer = BasicHmac::builder().query(query).build("key", &secret).unwrap();
        let origins = ["a.example", "b.example", "get.a.example"].map(Origin::https);
        let mut signed = Signed::default();
        let mut words = text(&mut random);
        for step in 0..wanted / 2 {
            if step % 8 == 0 {
                words = text(&mut random);
            }
            let cut = random.usize(..=words.len());
            let (before, body) = words.split_at(cut);
            let mut target = path(before);
            if query == SignedQuery::InPath && random.bool() {
                target.push('?');
                target.push_str(&path(&text(&mut random))[1..]);
            }
            let method = &METHODS[random.usize(..METHODS.len())];
            let origin = &origins[random.usize(..origins.len())];
            let seconds = 1_512_754_158 + random.u64(..3);
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            let headers = HeaderMap::new();
            let request = SigningRequest::new(method, origin, &target, &headers, body.as_bytes(), time);
            let canonical = signer.canonical(&request).unwrap();
            signed.add(&canonical, &(seconds, method.as_str(), origin.host(), &target, body));
            tried += 1;
        }
        pairs += signed.pairs();
        again += signed.again;
    }
    assert!(pairs > 10_000_000 && again > 0, "{pairs} pairs");
    report_all(
        "S6.signature-collisions",
        tried,
        wanted,
        &format!("ReveSecure: 0 collisions in {pairs} pairs"),
    );
}

#[tokio::test]
async fn no_two_requests_have_the_same_signature_in_the_scheme_of_virtuous() {
    let wanted = cases(10_000, 500_000);
    let mut random = fastrand::Rng::with_seed(66);
    let mut signed = Signed::default();
    // The form of a GUID, as the vendor's sample makes them.
    let nonce = Arc::new(AtomicU64::new(0));
    let time = ManualTime::new();
    let mut words = text(&mut random);
    let (mut client, mut transport) = (None, ScriptedTransport::new());
    let (mut tried, mut refused) = (0, 0);
    while tried < wanted {
        let step = tried + refused;
        assert!(refused < wanted, "most paths are refused");
        if step % 1_000 == 0 {
            // The transport keeps what it has seen.
            transport = ScriptedTransport::new();
            let nonce = Arc::clone(&nonce);
            let keys = HmacKeys::new("DEMOAPP", "cHJpdmF0ZQ==".to_owned())
                .nonces(move || format!("5a7c1b1e-3f0c-4d5a-9d53-{:012x}", nonce.load(Ordering::Relaxed)));
            let builder =
                Client::builder().hmac(keys).base_url("https://a.example").transport(transport.clone());
            let builder = builder.retry(auth_client_core::RetryPolicy::none());
            client = Some(builder.time(time.clock(), time.timer()).build().unwrap());
        }
        if step % 8 == 0 {
            words = text(&mut random);
        }
        let target = path(&words[..random.usize(..=words.len())]);
        let method = &METHODS[random.usize(..METHODS.len())];
        let seen = random.u64(..3);
        nonce.store(seen, Ordering::Relaxed);
        let before = transport.requests().len();
        let request = client.as_ref().unwrap().request(method.clone(), &target);
        let _ = request.call::<_, Error>(decode::raw).await;
        // A path that would leave the base URL is refused before anything is sent.
        let Some(sent) = transport.requests().get(before).cloned() else {
            refused += 1;
            continue;
        };
        let authorization = sent.headers["authorization"].to_str().unwrap();
        let signature = authorization.split([' ', ':']).nth(2).unwrap();
        // The vendor signs in small letters.
        let meaning = (method.as_str(), sent.uri.path().to_lowercase(), seen);
        signed.add(signature.as_bytes(), &meaning);
        tried += 1;
    }
    let pairs = signed.pairs();
    assert!(pairs > 10_000_000 && signed.again > 0, "{pairs} pairs");
    report_all("S6.signature-collisions", tried, wanted, &format!("Virtuous: 0 collisions in {pairs} pairs"));
}
