//! Sessions from threads without a runtime, against the emulator, which has its own runtime.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]
#![cfg(feature = "blocking")]

use auth_emulator::Emulator;
use std::sync::Barrier;
use tokio::runtime::Runtime;
use virtuous_client::{Client, ContactQuery, ErrorKind, LoginStep, SecretString, blocking};

/// The emulator and the runtime that it lives on.
struct World {
    emulator: Emulator,
    _runtime: Runtime,
}

fn world(two_factor: bool) -> World {
    let runtime = Runtime::new().unwrap();
    let builder = Emulator::builder().virtuous(|settings| settings.two_factor = two_factor);
    let emulator = runtime.block_on(builder.start()).unwrap();
    World { emulator, _runtime: runtime }
}

impl World {
    fn client(&self) -> Client {
        Client::builder().base_url(self.emulator.virtuous().base_url()).build().unwrap()
    }

    fn login(&self, client: &Client) -> virtuous_client::Login {
        let virtuous = self.emulator.virtuous();
        client.login(virtuous.username(), virtuous.password())
    }

    fn code(&self) -> String {
        self.emulator.virtuous().pending_codes().pop().expect("a code was sent").code
    }
}

#[test]
fn fifty_threads_with_an_expired_token_cause_one_refresh() {
    let world = world(false);
    let client = world.client();
    assert!(matches!(blocking::wait(world.login(&client)).unwrap(), LoginStep::LoggedIn(_)));
    world.emulator.virtuous().expire_access_tokens();
    let before = tokens_asked_for(&world);
    let start = Barrier::new(50);
    std::thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| {
                start.wait();
                client.organizations().current().wait().unwrap();
            });
        }
    });
    assert_eq!(tokens_asked_for(&world) - before, 1);
}

fn tokens_asked_for(world: &World) -> usize {
    world.emulator.journal_of("virtuous").iter().filter(|entry| entry.path == "/Token").count()
}

#[test]
fn a_login_with_a_code() {
    let world = world(true);
    let client = world.client();
    let LoginStep::CodeRequired(challenge) = blocking::wait(world.login(&client)).unwrap() else {
        panic!("a code is wanted")
    };
    let error = blocking::wait(challenge.answer("000000".to_owned())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    blocking::wait(challenge.answer(world.code())).unwrap();
    assert!(client.organizations().current().wait().is_ok());

    // With a question that is itself put by a thread that waits.
    let client = world.client();
    let ask = async || Some(SecretString::from(world.code()));
    blocking::wait(world.login(&client).with_code(ask)).unwrap();
    assert_eq!(client.organizations().list().wait_reply().unwrap().status, 200);
}

#[test]
fn a_walk_without_a_runtime_has_every_row() {
    let world = world(false);
    let virtuous = world.emulator.virtuous();
    let client = Client::builder().api_key(virtuous.api_key()).base_url(virtuous.base_url()).build().unwrap();
    let mut walk = client.contacts().walk(ContactQuery::all()).take(2);
    let mut ids = Vec::new();
    while let Some(contact) = walk.wait_next() {
        ids.push(contact.unwrap().id);
    }
    assert_eq!((ids, walk.total()), (vec![17, 18, 19], Some(3)));
}

#[tokio::test]
async fn inside_a_runtime_the_error_is_the_providers_own() {
    let client = Client::new("v_example".to_owned()).unwrap();
    let error: virtuous_client::Error = client.organizations().current().wait().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("use `.await`"), "{error}");
    let error = client.contacts().walk(ContactQuery::all()).wait_next().unwrap().unwrap_err();
    assert!(error.to_string().contains("use `.await`"), "{error}");
}
