//! Futures are `Send`, so that they can be spawned on a runtime with several threads.

#![allow(clippy::type_complexity, reason = "the types of functions that are only compiled")]

use verigator_client::models::AuthMethod;
use verigator_client::{Call, Challenge, Client, Items, Pages, SecondFactor};

fn is_send<T: Send>(_: T) {}

/// Compiling this function is the test of the futures that it names.
fn futures(
    client: &Client,
    challenge: &mut Challenge,
    call: Call<()>,
    pages: Pages<(), u64>,
    items: Items<(), u64, ()>,
) {
    is_send(client.services().get("service-id").into_future());
    is_send(call.into_future());
    is_send(pages);
    is_send(items);
    is_send(SecondFactor::new(AuthMethod::Sms).begin(client, "service-id", "user-id"));
    is_send(challenge.answer(client, "045961"));
}

#[test]
fn futures_are_send() {
    let _: fn(&Client, &mut Challenge, Call<()>, Pages<(), u64>, Items<(), u64, ()>) = futures;
}
