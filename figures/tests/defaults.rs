//! What a program gets that sets nothing: the defaults of all clients, of the engine and of the emulator, as one list.
//!
//! Tests set what they need, so a default that changes by accident would go unnoticed. A changed default is a change for
//! users: write it to the changelog, and to `defaults.txt` with `UPDATE_DEFAULTS=1 cargo test -p figures --test defaults`.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

use auth_client_core::provider::{Settings, Timeouts};
use auth_client_core::transport::BodyLimits;
use auth_client_core::{RetryPolicy, TransportSettings};
use auth_core::token::RenewalSettings;
use auth_emulator::providers::{revesecure, vaultvision, verigator, virtuous, vise};
use std::fmt::{Debug, Write as _};

fn shown(text: &mut String, name: &str, value: &dyn Debug) {
    writeln!(text, "{name}: {value:#?}\n").unwrap();
}

#[test]
fn every_default_is_the_listed_one() {
    let mut text = String::new();
    shown(&mut text, "retries", &RetryPolicy::default());
    shown(&mut text, "timeouts", &Timeouts::default());
    shown(&mut text, "sizes of bodies", &BodyLimits::default());
    shown(&mut text, "transport", &TransportSettings::default());
    shown(&mut text, "renewal", &RenewalSettings::default());
    shown(&mut text, "engine", &Settings::new("a-client/1.0"));
    let secret = || "secret".to_owned();
    shown(&mut text, "revesecure", &revesecure_client::Client::builder("00".repeat(16), "11".repeat(16)));
    shown(&mut text, "vaultvision", &vaultvision_client::Client::builder(secret()));
    shown(&mut text, "verigator", &verigator_client::Client::builder("user", secret()));
    shown(&mut text, "virtuous", &virtuous_client::Client::builder());
    shown(&mut text, "vise", &vise_client::Client::builder(secret()));
    shown(&mut text, "emulated revesecure", &revesecure::Settings::default());
    shown(&mut text, "emulated vaultvision", &vaultvision::Settings::default());
    shown(&mut text, "emulated verigator", &verigator::Settings::default());
    shown(&mut text, "emulated virtuous", &virtuous::Settings::default());
    shown(&mut text, "emulated vise", &vise::Settings::default());
    // A client's version, and when the program was started.
    let text = text.replace(concat!("/", env!("CARGO_PKG_VERSION")), "/VERSION");
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("tv_"));
    let text = lines.map(|line| format!("{line}\n")).collect::<String>();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/defaults.txt");
    if std::env::var_os("UPDATE_DEFAULTS").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    let listed = std::fs::read_to_string(path).unwrap();
    let differs = text.lines().zip(listed.lines()).find(|(found, listed)| found != listed);
    assert!(text == listed, "another default than the listed one: {differs:?}");
}
