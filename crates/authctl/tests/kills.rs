//! The proxy, the vendor and the caller end at every step of a write: it is executed at most once, and what is uncertain is said or
//! logged to be uncertain.

#![cfg(unix)]
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use auth_emulator::{Effect, Emulator, Fault, FaultRule};
use common::proxy::Proxy;
use common::{Home, LIMIT, wait_until};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;

const CONTACT: &str =
    r#"{"contactType":"Household","name":"A","contactIndividuals":[{"firstName":"A","lastName":"B"}]}"#;
const PATH: &str = "/virtuous/api/Contact";

/// The contacts that were created.
struct Created<'e> {
    emulator: &'e Emulator,
    /// The effects of one.
    each: u64,
}

impl<'e> Created<'e> {
    fn new(emulator: &'e Emulator, proxy: &Proxy) -> Self {
        let created = Self { emulator, each: 1 };
        let before = created.count();
        assert_eq!(proxy.call("POST", PATH, CONTACT).status, 200);
        Self { emulator, each: created.count() - before }
    }

    fn count(&self) -> u64 {
        let effects = self.emulator.effects().count("virtuous", "record_created");
        assert_eq!(effects % self.each, 0);
        effects / self.each
    }
}

/// The bytes of a write.
fn request(proxy: &Proxy) -> Vec<u8> {
    format!(
        "POST {PATH} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{CONTACT}",
        proxy.address(),
        proxy.token(),
        CONTACT.len()
    )
    .into_bytes()
}

fn sent(proxy: &Proxy, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(proxy.address()).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.write_all(bytes).unwrap();
    stream
}

/// Where a write is when the proxy is killed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    /// A part of the request was sent.
    Half,
    /// The line before the write is in the log.
    Logged,
    /// The vendor has the request, and has not executed it.
    Arrived,
    /// The vendor has executed it, and has not responded.
    Executed,
    /// The caller has the response.
    Answered,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_is_killed_makes_no_write_twice_and_has_logged_each() {
    let emulator = Emulator::start().await.unwrap();
    let home = Home::of(&emulator);
    let created = Created::new(&emulator, &Proxy::start(&home, &[]));
    let log = home.folder.join("audit.ndjson");
    let logged = || std::fs::read_to_string(&log).unwrap_or_default();
    let delay = |effect| FaultRule::new("virtuous", Fault::delay_ms(60_000)).effect(effect).times(1);
    let start = created.count();
    let mut uncertain = 0;
    for stage in [Stage::Half, Stage::Logged, Stage::Arrived, Stage::Executed, Stage::Answered].repeat(3) {
        emulator.clear_faults();
        let _ = std::fs::remove_file(&log);
        let before = created.count();
        let proxy = Proxy::start(&home, &["--audit", log.to_str().unwrap()]);
        let bytes = request(&proxy);
        match stage {
            Stage::Arrived => drop(emulator.add_fault(delay(Effect::After)).unwrap()),
            Stage::Executed => drop(emulator.add_fault(delay(Effect::Before)).unwrap()),
            _ => {}
        }
        let end = if stage == Stage::Half { bytes.len() / 2 } else { bytes.len() };
        let mut stream = sent(&proxy, &bytes[..end]);
        match stage {
            Stage::Half => {}
            Stage::Logged => wait_until(|| logged().contains("\"event\":\"before\"")),
            Stage::Arrived => wait_until(|| emulator.faults().is_empty()),
            Stage::Executed => wait_until(|| created.count() > before),
            Stage::Answered => assert_eq!(stream.read(&mut [0; 16]).unwrap(), 16),
        }
        proxy.signal("-KILL");
        drop(stream);
        assert_eq!(proxy.end().code, -1);
        let executed = match stage {
            Stage::Half | Stage::Arrived => 0..=0,
            // On its way, perhaps.
            Stage::Logged => 0..=1,
            Stage::Executed | Stage::Answered => 1..=1,
        };
        assert!(executed.contains(&(created.count() - before)), "{stage:?}");
        uncertain += u64::from(stage == Stage::Logged);
        assert_eq!(logged().contains("\"event\":\"before\""), stage != Stage::Half, "{stage:?}");
        // On a busy machine, the whole call may have ended before the signal.
        if stage != Stage::Logged {
            assert_eq!(logged().contains("\"event\":\"after\""), stage == Stage::Answered, "{stage:?}");
        }
        // The next one doesn't make it again.
        let next = Proxy::start(&home, &["--audit", log.to_str().unwrap()]);
        assert_eq!(next.call("GET", "/virtuous/api/Contact/QueryOptions", "").status, 200);
    }
    let all = created.count() - start;
    assert!((6..=6 + uncertain).contains(&all), "{all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_that_ends_in_a_write_leaves_it_uncertain_at_most() {
    let emulator = Emulator::start().await.unwrap();
    let proxy = Proxy::start(&Home::of(&emulator), &[]);
    let created = Created::new(&emulator, &proxy);
    for effect in [Effect::Before, Effect::After] {
        for fault in [
            Fault::close_before_response(),
            Fault::cut_body_after(0),
            Fault::cut_body_after(1),
            Fault::cut_body_after(40),
            Fault::response(200, &[("content-type", "application/json")], "{\"id\":"),
            Fault::status(500),
            Fault::status(503),
        ] {
            let before = created.count();
            emulator.clear_faults();
            emulator.add_fault(FaultRule::new("virtuous", fault.clone()).effect(effect).always()).unwrap();
            let response = proxy.call("POST", PATH, CONTACT);
            let executed = created.count() - before;
            assert!(executed <= 1, "{fault:?}: {executed}");
            if !response.problem().1.is_empty() {
                // Uncertain, or certainly not executed.
                assert!(
                    executed == 0 || response.json()["may_have_executed"] == true,
                    "{fault:?}: {response:?}"
                );
            }
        }
    }
    emulator.clear_faults();
    // The whole vendor ends.
    let delay = FaultRule::new("virtuous", Fault::delay_ms(60_000)).effect(Effect::Before).always();
    emulator.add_fault(delay).unwrap();
    let before = created.count();
    let call = thread::spawn(move || proxy.call("POST", PATH, CONTACT));
    wait_until(|| created.count() > before);
    emulator.stop().await;
    let response = call.join().unwrap();
    assert_eq!(response.json()["may_have_executed"], true, "{response:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_leaves_in_its_request_has_made_no_call() {
    let emulator = Emulator::start().await.unwrap();
    let proxy = Proxy::start(&Home::of(&emulator), &[]);
    let created = Created::new(&emulator, &proxy);
    let bytes = request(&proxy);
    let before = created.count();
    for end in (0..bytes.len()).step_by(7).chain([bytes.len() - 1]) {
        drop(sent(&proxy, &bytes[..end]));
    }
    // It ends when every connection and every call has ended.
    proxy.signal("-TERM");
    assert_eq!(proxy.end().code, 0);
    assert_eq!(created.count(), before);
}

/// Two ways to say where a body ends: chunks count, the length isn't passed on, and nothing behind them is a second request.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_with_two_lengths_is_one_request() {
    let emulator = Emulator::start().await.unwrap();
    let proxy = Proxy::start(&Home::of(&emulator), &[]);
    let created = Created::new(&emulator, &proxy);
    let chunked = "transfer-encoding: chunked";
    let smuggled = format!(
        "GET /virtuous/api/Contact/QueryOptions HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\r\n",
        proxy.address(),
        proxy.token()
    );
    for (index, lengths) in
        [format!("{chunked}\r\ncontent-length: 4"), format!("content-length: 4\r\n{chunked}")]
            .iter()
            .enumerate()
    {
        let before = (created.count(), emulator.journal_of("virtuous").len());
        let head = format!(
            "POST {PATH} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n{lengths}\r\n\r\n",
            proxy.address(),
            proxy.token()
        );
        let body = format!("{:x}\r\n{CONTACT}\r\n0\r\n\r\n", CONTACT.len());
        let mut stream = sent(&proxy, format!("{head}{body}{smuggled}").as_bytes());
        let mut all = String::new();
        // The connection is closed behind the first response.
        let _ = stream.read_to_string(&mut all);
        assert_eq!(all.matches("HTTP/1.1 ").count(), 1, "{index}: {all}");
        assert!(created.count() - before.0 <= 1 && emulator.journal_of("virtuous").len() - before.1 <= 1);
    }
}
