//! S11: types that hold a secret have no trait that compares, prints, serializes or takes it out in passing.
//!
//! Each line is checked by the compiler: a type that gets one of these traits doesn't compile here.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

use auth_client_core::provider::auth_core::store::{MemoryStore, StoredToken};
use auth_client_core::provider::auth_core::{Credential, SignedParts, StaticCredential, scheme};
use auth_client_core::{SecretString, TransportSettings};
use auth_token_store::{FileStore, KeyRing, PostgresStore, RedisStore};
use figures::report;
use std::borrow::Borrow;
use std::fmt::Display;
use std::hash::Hash;
use std::ops::Deref;

macro_rules! secret {
    ($($kind:ty),+ $(,)?) => {{
        $(static_assertions::assert_not_impl_any!(
            $kind: PartialEq, PartialOrd, Hash, Display, Deref, AsRef<str>, AsRef<[u8]>, Borrow<str>, Into<String>, Into<Box<str>>, Into<Vec<u8>>,
            serde::Serialize
        );)+
        [$(stringify!($kind)),+].len() as u64
    }};
}

#[test]
fn no_secret_type_has_a_trait_that_gives_the_secret_away() {
    let types = secret!(
        SecretString,
        TransportSettings,
        Credential,
        SignedParts,
        StaticCredential,
        scheme::ApiKey,
        scheme::Bearer,
        scheme::BasicHmac,
        scheme::HeaderPair,
        StoredToken,
        MemoryStore,
        FileStore,
        RedisStore,
        PostgresStore,
        KeyRing,
        vise_client::KeyPhrase,
        virtuous_client::HmacKeys,
        virtuous_client::Tokens,
        vaultvision_client::oidc::Pending,
        vaultvision_client::oidc::Login,
        vaultvision_client::oidc::LoginBuilder,
        revesecure_client::Client,
        revesecure_client::ClientBuilder,
        vaultvision_client::Client,
        vaultvision_client::ClientBuilder,
        verigator_client::Client,
        verigator_client::ClientBuilder,
        virtuous_client::Client,
        virtuous_client::ClientBuilder,
        vise_client::Client,
        vise_client::ClientBuilder,
        vise_client::Session,
    );
    report("S11.secret-types", types * 12, "0 of the traits are implemented");
}
