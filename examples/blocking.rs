//! Calls without a runtime, as in a script or a login module: `cargo run --example blocking`.
//!
//! `main` is an ordinary function and the calls are those of all other examples, with `.wait()` in place of `.await`.
//! Without environment variables they go to the emulator, which lives on a runtime of its own; with
//! `VERIGATOR_USERNAME` and `VERIGATOR_PASSWORD`, to the vendor or the server of `VERIGATOR_BASE_URL`.

#![allow(clippy::print_stdout, reason = "examples tell what they do")]

use auth_client_examples::{Result, is_set};
use auth_emulator::Emulator;
use std::time::Duration;
use verigator_client::models::{AuthMethod, NewService, NewUser, Verification};
use verigator_client::{Client, ErrorKind, blocking};

fn main() -> Result {
    if is_set(&["VERIGATOR_USERNAME", "VERIGATOR_BASE_URL"]) {
        return second_factor(&Client::from_env()?, |_| None);
    }
    // A server has to be served by somebody while this thread waits for it.
    let runtime = tokio::runtime::Runtime::new()?;
    let emulator = runtime.block_on(Emulator::start())?;
    let verigator = emulator.verigator();
    let client = Client::builder(verigator.username(), verigator.password().to_owned())
        .base_url(verigator.base_url())
        .build()?;
    second_factor(&client, |user| {
        emulator.pending_codes_for("verigator", user).pop().map(|pending| pending.code)
    })
}

/// Registers a service and a user, sends a code and checks what `type_code` gives.
fn second_factor(client: &Client, type_code: impl Fn(&str) -> Option<String>) -> Result {
    let service = client.services().create(NewService::fqdn("coffeeshop.com").name("CoffeeShop")).wait()?;
    println!("service {}", service.id);
    let users = client.users(&service.id);
    let user = users
        .create(NewUser::id_in_service("barista@coffeeshop.com").phone_number("+3725100000"))
        .timeout(Duration::from_secs(10))
        .wait()?;
    println!("user {}", user.id);

    let login = users.authentication(&user.id);
    let started = login.start(AuthMethod::Sms).wait()?;
    println!("a code is on its way by {}", started.method);
    match login.verify(type_code(&user.id_in_service).unwrap_or_default()).wait()? {
        Verification::Verified { .. } => println!("welcome"),
        Verification::Rejected(why) => println!("no: {why}"),
    }

    // Anything else that has to be awaited: here two calls at once.
    let count = blocking::wait(async {
        let (list, user) = tokio::join!(users.list().send(), users.get(&user.id).send());
        user?;
        list.map(|list| list.users.len())
    })?;
    println!("{count} user(s)");

    users.delete(&user.id).wait()?;
    match users.get(&user.id).wait() {
        Err(error) if error.kind() == ErrorKind::NotFound => println!("gone"),
        Err(error) => return Err(error.into()),
        Ok(_) => return Err("the user is still there".into()),
    }
    let reply = client.services().delete(&service.id).wait_reply()?;
    println!("service deleted, status {}, {} attempt(s)", reply.status.as_u16(), reply.attempts);
    Ok(())
}
