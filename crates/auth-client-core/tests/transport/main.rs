//! Both transports against HTTP servers, and against servers that send any bytes: what HTTP libraries get wrong or leave
//! open.
//!
//! The suites are compiled once per transport, so that both give the same guarantees.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]
#![allow(clippy::duplicate_mod, reason = "the same suites for each transport")]
#![cfg(any(feature = "hyper", feature = "reqwest-013"))]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/wire.rs"]
mod wire;

use auth_client_core::provider::{BaseUrl, Engine, Settings};
use auth_client_core::transport::Transport;
use auth_client_core::{Error, RetryPolicy};
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "hyper")]
mod hyper;
#[cfg(feature = "reqwest-013")]
mod reqwest;

fn settings(transport: impl Transport + 'static, retry: RetryPolicy) -> Settings {
    let mut settings = Settings::new("shop-client/1.0");
    settings.set_retry(retry.base_delay(Duration::ZERO).throttle_delay(Duration::ZERO));
    settings.set_transport(Arc::new(transport));
    settings
}

fn build(settings: &Settings, url: &str) -> Result<Engine, Error> {
    let base = BaseUrl::parse("base URL", url).unwrap();
    Engine::new(settings, base, common::Shop, None)
}

fn engine_of(settings: &Settings, url: &str) -> Engine {
    build(settings, url).unwrap()
}

fn engine(transport: impl Transport + 'static, url: &str, retry: RetryPolicy) -> Engine {
    engine_of(&settings(transport, retry), url)
}

/// The head of a request, read byte by byte so that nothing behind it is taken.
fn head_of(stream: &mut impl Read) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count > 0) {
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}
