//! Calls without an async runtime, as in a script or a login module.
//!
//! ```sh
//! cargo run --example blocking
//! ```
//!
//! `.wait()` replaces `.await`. Without environment variables the example starts the emulator in this process. With
//! `VERIGATOR_USERNAME` and `VERIGATOR_PASSWORD` it calls the vendor, or the server at `VERIGATOR_BASE_URL`.

#![allow(clippy::print_stdout, reason = "the example prints its results")]

use auth_client_examples::{Result, is_set};
use auth_emulator::Emulator;
use std::time::Duration;
use verigator_client::models::{AuthMethod, NewService, NewUser, Verification};
use verigator_client::{Client, ErrorKind, blocking};

const USER: &str = "anna@example.com";

fn main() -> Result {
    if is_set(&["VERIGATOR_USERNAME", "VERIGATOR_BASE_URL"]) {
        return second_factor(&Client::from_env()?, || None);
    }
    // The emulator requires a runtime; the client doesn't.
    let runtime = tokio::runtime::Runtime::new()?;
    let emulator = runtime.block_on(Emulator::start())?;
    let verigator = emulator.verigator();
    let client =
        Client::builder(verigator.username(), verigator.password()).base_url(verigator.base_url()).build()?;
    second_factor(&client, || emulator.pending_codes_for("verigator", USER).pop().map(|pending| pending.code))
}

/// Registers a service and a user, sends a code and verifies what `type_code` returns.
fn second_factor(client: &Client, type_code: impl Fn() -> Option<String>) -> Result {
    let new = NewService::fqdn("coffeeshop.com").name("CoffeeShop");
    let service = client.services().create(new).wait()?;
    println!("created service {}", service.id);
    let users = client.users(&service.id);
    let new = NewUser::id_in_service(USER).phone_number("+37251000001");
    let user = users.create(new).timeout(Duration::from_secs(10)).wait()?;
    println!("created user {}", user.id);

    let login = users.authentication(&user.id);
    let started = login.start(AuthMethod::Sms).wait()?;
    println!("sent a code by {}", started.method);
    match login.verify(type_code().unwrap_or_default()).wait()? {
        Verification::Verified { .. } => println!("verified the code"),
        Verification::Rejected(why) => println!("rejected the code: {why}"),
        _ => println!("not verified"),
    }

    // `blocking::wait` takes any future, here two concurrent calls.
    let count = blocking::wait(async {
        let (list, user) = tokio::join!(users.list().send(), users.get(&user.id).send());
        user?;
        list.map(|list| list.users.len())
    })?;
    println!("the service has {count} user");

    users.delete(&user.id).wait()?;
    match users.get(&user.id).wait() {
        Err(error) if error.kind() == ErrorKind::NotFound => println!("deleted the user"),
        Err(error) => return Err(error.into()),
        Ok(_) => return Err("the user still exists".into()),
    }
    let reply = client.services().delete(&service.id).wait_reply()?;
    println!("deleted the service: status {}, {} attempt", reply.status.as_u16(), reply.attempts);
    Ok(())
}
