//! Futures are `Send`, so that they can be spawned on a runtime with several threads.

#![allow(clippy::type_complexity, reason = "the types of functions that are only compiled")]

use vaultvision_client::{Call, Client, Items, Pages};

fn is_send<T: Send>(_: T) {}

/// Compiling this function is the test of the futures that it names.
fn calls(call: Call<()>, pages: Pages<(), u64>, items: Items<(), u64, ()>) {
    is_send(call.into_future());
    is_send(pages);
    is_send(items);
}

/// Compiling this function is the test of the futures that it names.
fn helpers(client: &Client) {
    is_send(client.tenants().modify("tenant", |_| {}).into_future());
    is_send(client.tenants().set("tenant", |settings| settings.set_allow_unverified(false)).into_future());
    is_send(client.users("tenant").modify("user", |_| {}).into_future());
    is_send(client.users("tenant").disable("user").into_future());
}

/// Compiling this function is the test of the futures that it names.
#[cfg(feature = "oidc")]
mod logins {
    use super::is_send;
    use vaultvision_client::oidc::{LoggedIn, Login, LoginBuilder, Pending};

    pub(super) fn helpers(builder: LoginBuilder, login: &Login, pending: Pending, logged_in: &LoggedIn) {
        is_send(builder.discover());
        is_send(login.finish(pending, "code=1&state=2"));
        is_send(login.user_info(logged_in));
    }
}

#[test]
fn futures_are_send() {
    let _: fn(Call<()>, Pages<(), u64>, Items<(), u64, ()>) = calls;
    let _: fn(&Client) = helpers;
    #[cfg(feature = "oidc")]
    let _: fn(_, &_, _, &_) = logins::helpers;
}
