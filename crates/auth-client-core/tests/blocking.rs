//! The same calls from threads without a runtime.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]
#![cfg(feature = "blocking")]

mod common;

use async_trait::async_trait;
use auth_client_core::provider::auth_core::token::{Lifetime, RenewalSettings};
use auth_client_core::provider::auth_core::{
    CredentialError, InvalidCredential, SecretString, Sign, scheme::Bearer,
};
use auth_client_core::provider::{Engine, Renew, Renewed, RenewingCredential};
use auth_client_core::testing::{ManualTime, ScriptedTransport};
use auth_client_core::{Error, ErrorKind, Pages, blocking, decode};
use common::{READ, Setup, origin, read, write};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

fn script() -> ScriptedTransport {
    ScriptedTransport::new()
}

#[test]
fn a_call_has_the_same_retries_deadlines_and_errors() {
    let setup = Setup::new(script().broken().response(429, &[("retry-after", "7")], "").json(200, "1"));
    let reply = read(&setup.engine()).wait_reply().unwrap();
    assert_eq!((reply.value, reply.attempts), (1.into(), 3));
    assert!(setup.slept() >= Duration::from_secs(7), "on the client's own timer");

    let error = write(&Setup::new(script().status(503)).engine()).wait().unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Server, 1));
    assert!(error.may_have_been_executed());

    let error = read(&Setup::new(script().hang().hang().hang()).engine()).wait().unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, 3));

    let nobody = Setup::new(script()).engine().request(&READ, &["".into()]).call::<(), Error>(decode::empty);
    assert_eq!(nobody.wait().unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn time_that_another_thread_moves_by_hand() {
    let mut setup = Setup::new(script().hang());
    let time = ManualTime::new();
    setup.settings.set_time(time.clock(), time.timer());
    let engine = setup.engine();
    let call = std::thread::spawn(move || read(&engine).retry(auth_client_core::RetryPolicy::none()).wait());
    // The call may not have begun to wait yet, so time moves until it has; a call that never ends gets a minute or two.
    let mut moves = 0;
    while !call.is_finished() {
        moves += 1;
        assert!(moves < 100_000_000, "the call misses its deadline");
        time.advance(Duration::from_secs(1));
        std::thread::yield_now();
    }
    assert_eq!(call.join().unwrap().unwrap_err().kind(), ErrorKind::Timeout);
}

#[test]
fn any_future_can_be_waited_for() {
    let engine = Setup::new(script().json(200, "1").json(200, "2")).engine();
    // It borrows, and can't be sent to another thread.
    let local = Rc::new(&engine);
    let sum = blocking::wait(async {
        let first = read(&local).await?;
        tokio::task::yield_now().await;
        Ok::<_, Error>(first.as_u64().unwrap() + read(&local).await?.as_u64().unwrap())
    });
    assert_eq!(sum.unwrap(), 3);
    assert_eq!(blocking::wait(read(&Setup::new(script().json(200, "4")).engine())).unwrap(), 4);
    assert_eq!(blocking::run(std::future::ready(5)).unwrap(), 5);
}

type Page = (Vec<u64>, Option<String>);

fn pages(engine: &Engine) -> Pages<Page, String, Error> {
    let engine = engine.clone();
    Pages::new(
        "items.list",
        "a".to_owned(),
        move |cursor: &String| {
            engine.request(&READ, &["7".into()]).query("cursor", cursor).call(decode::json)
        },
        |_, page: &Page, _| Ok(page.1.clone().into()),
    )
}

#[test]
fn lists_are_iterators_that_end_with_their_first_error() {
    let transport = script().json(200, r#"[[1,2],"b"]"#).json(200, r#"[[],"c"]"#).json(200, r#"[[3],null]"#);
    let rows: Result<Vec<u64>, Error> =
        pages(&Setup::new(transport).engine()).items(|page| page.0).blocking().collect();
    assert_eq!(rows.unwrap(), [1, 2, 3]);

    let transport = script().json(200, r#"[[1],"b"]"#).status(404).json(200, r#"[[2],null]"#);
    let mut list = pages(&Setup::new(transport).engine()).blocking();
    let seen: Vec<bool> = list.by_ref().map(|page| page.is_ok()).collect();
    assert_eq!(seen, [true, false]);
    let mut list = list.into_inner();
    assert_eq!(list.wait_next().unwrap().unwrap().0, [2], "and continues where that is asked for");
    assert!(list.wait_next().is_none());
}

fn assert_refused(error: &Error) {
    assert_eq!((error.kind(), error.field()), (ErrorKind::Configuration, Some("blocking call")));
    assert!(error.to_string().contains("use `.await`"), "{error}");
    assert!(!error.may_have_been_sent());
}

#[test]
fn inside_a_runtime_there_is_an_error_and_neither_a_panic_nor_a_standstill() {
    let transport = script().json(200, "1");
    let engine = Setup::new(transport.clone()).engine();
    let current = tokio::runtime::Builder::new_current_thread().build().unwrap();
    current.block_on(async {
        assert_refused(&read(&engine).wait().unwrap_err());
        let list: Vec<_> = pages(&engine).items(|page| page.0).blocking().collect();
        assert_refused(list.last().unwrap().as_ref().unwrap_err());
        assert_eq!(list.len(), 1);
    });
    let multi = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let inner = engine.clone();
    multi.block_on(async move {
        let task = tokio::spawn(async move { read(&inner).wait() });
        assert_refused(&task.await.unwrap().unwrap_err());
    });
    // And inside of itself.
    let nested = blocking::wait(async { read(&engine).wait() });
    assert_refused(&nested.unwrap_err());
    assert_eq!(transport.requests().len(), 0, "nothing was sent");
    assert_eq!(read(&engine).wait().unwrap(), 1);
}

/// Renews when it is let.
#[derive(Debug)]
struct Login {
    renewals: Arc<AtomicU64>,
    gate: Arc<tokio::sync::Semaphore>,
}

#[async_trait]
impl Renew for Login {
    type Material = SecretString;

    async fn renew(&self, _: Option<Arc<SecretString>>) -> Result<Renewed<SecretString>, CredentialError> {
        self.gate.acquire().await.expect("never closed").forget();
        self.renewals.fetch_add(1, Ordering::SeqCst);
        Ok(Renewed {
            material: SecretString::from("new"),
            lifetime: Lifetime::For(Duration::from_secs(3600)),
        })
    }

    fn signer(&self, material: &SecretString) -> Result<Arc<dyn Sign>, InvalidCredential> {
        Ok(Arc::new(Bearer::new(material)?))
    }
}

#[test]
fn a_renewal_continues_after_the_call_that_began_it_has_returned() {
    let setup = Setup::new(script().json(200, "1"));
    let (renewals, gate) = (Arc::new(AtomicU64::new(0)), Arc::new(tokio::sync::Semaphore::new(0)));
    let login = Login { renewals: Arc::clone(&renewals), gate: Arc::clone(&gate) };
    let source =
        RenewingCredential::new("shop", login, origin(), &setup.settings, RenewalSettings::default());
    let engine = setup.engine_with(Arc::new(source.clone()));
    // The deadline passes at once, on time that sleeping moves.
    assert_eq!(read(&engine).wait().unwrap_err().kind(), ErrorKind::Timeout);
    gate.add_permits(1);
    // Nobody waits in this process, so only the thread in the background can end it.
    while source.held().is_none() {
        std::thread::yield_now();
    }
    assert_eq!(read(&engine).wait().unwrap(), 1);
    assert_eq!(renewals.load(Ordering::SeqCst), 1);
}

#[cfg(feature = "hyper")]
#[test]
fn calls_of_several_threads_share_connections_that_stay_open() {
    use auth_client_core::provider::{BaseUrl, Settings};
    use auth_client_core::{HyperTransport, TransportSettings};
    use std::io::{Read as _, Write as _};

    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicU64::new(0));
    let accepted = Arc::clone(&connections);
    // Lives until the process ends.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            accepted.fetch_add(1, Ordering::SeqCst);
            std::thread::spawn(move || {
                while stream.read(&mut [0; 4096]).is_ok_and(|count| count > 0) {
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n1");
                }
            });
        }
    });
    let mut settings = Settings::new("shop-client/1.0");
    settings.set_transport(Arc::new(HyperTransport::new(TransportSettings::new()).unwrap()));
    settings.set_retry(auth_client_core::RetryPolicy::none());
    let base = BaseUrl::parse("base URL", &url).unwrap();
    let engine = Engine::new(&settings, base, common::Shop, None).unwrap();
    for _ in 0..100 {
        // One after the other, each from its own thread.
        let engine = engine.clone();
        let call = move || read(&engine).timeout(Duration::from_secs(10)).wait();
        assert_eq!(std::thread::spawn(call).join().unwrap().unwrap(), 1);
    }
    // A call that is quicker than the thread in the background, which puts a connection back, opens another.
    let connections = connections.load(Ordering::SeqCst);
    assert!(connections <= 20, "{connections} connections for 100 calls");
}
