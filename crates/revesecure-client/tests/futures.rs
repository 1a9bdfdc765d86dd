//! Futures are `Send`, so that they can be spawned on a runtime with several threads.

#![allow(clippy::type_complexity, reason = "the types of functions that are only compiled")]

use revesecure_client::models::{AuthType, PushRequest};
use revesecure_client::{Call, Challenge, Client, Items, Pages, PushWait, SecondFactor};

fn is_send<T: Send>(_: T) {}

/// Compiling this function is the test of the futures that it names.
fn calls(call: Call<()>, pages: Pages<(), u64>, items: Items<(), u64, ()>) {
    is_send(call.into_future());
    is_send(pages);
    is_send(items);
}

/// Compiling this function is the test of the futures that it names.
fn helpers(client: &Client, challenge: &mut Challenge, push: PushRequest) {
    is_send(SecondFactor::of("anna@example.com").begin(client));
    is_send(challenge.answer(client, AuthType::Hardware, "123456".to_owned()));
    is_send(challenge.send_push(client, "token-id"));
    is_send(challenge.push_outcome(client, PushWait::new()));
    is_send(PushWait::new().run(client, push));
    is_send(PushWait::new().wait(client, "transaction-id"));
}

#[test]
fn futures_are_send() {
    let _: fn(Call<()>, Pages<(), u64>, Items<(), u64, ()>) = calls;
    let _: fn(&Client, &mut Challenge, PushRequest) = helpers;
}
