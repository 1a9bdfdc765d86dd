//! A change of several calls, from a thread without a runtime.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]
#![cfg(feature = "blocking")]

use auth_emulator::Emulator;
use vaultvision_client::models::NewUser;
use vaultvision_client::{Client, blocking};

#[test]
fn a_change_that_reads_and_writes_is_waited_for_as_a_whole() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let emulator = runtime.block_on(Emulator::start()).unwrap();
    let vault = emulator.vaultvision();
    let client = Client::builder(vault.api_key()).base_url(vault.base_url()).build().unwrap();
    let users = client.users("CmKJPDorO34hGJ0J");
    let user = users.create(&NewUser::email("a@example.test")).wait().unwrap();
    blocking::wait(users.disable(user.id())).unwrap().into_result().unwrap();
    assert_eq!(users.get(user.id()).wait().unwrap().id(), user.id());
}
