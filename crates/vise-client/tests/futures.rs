//! Futures are `Send`, so that they can be spawned on a runtime with several threads.

#![allow(clippy::type_complexity, reason = "the types of functions that are only compiled")]

use vise_client::{AccountDomain, Call, Client, Items, Pages, Session};

fn is_send<T: Send>(_: T) {}

/// Compiling this function is the test of the futures that it names.
fn calls(call: Call<()>, pages: Pages<(), u64>, items: Items<(), u64, ()>) {
    is_send(call.into_future());
    is_send(pages);
    is_send(items);
}

/// Compiling this function is the test of the futures that it names.
fn helpers(client: &Client, session: &Session, domain: &AccountDomain) {
    is_send(client.open_session(domain));
    is_send(session.open());
    is_send(client.for_all_domains().run(|session| async move { session.vise_domains().await }));
}

#[test]
fn futures_are_send() {
    let _: fn(Call<()>, Pages<(), u64>, Items<(), u64, ()>) = calls;
    let _: fn(&Client, &Session, &AccountDomain) = helpers;
}
