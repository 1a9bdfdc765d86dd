//! What the proxy adds to a call, and how many calls a second it makes: `cargo bench -p authctl --bench proxy`.
//!
//! The same calls are made directly and through `authctl proxy`, both by the client of this workspace, against the emulator in this
//! process. `CALLS=20000` in the environment makes a longer run.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark"
)]

use auth_client_core::provider::auth_core::{Clock as _, SystemClock};
use auth_client_core::{Error, decode};
use auth_emulator::Emulator;
use http::Method;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;
use virtuous_client::Client;

/// Rounds, in which direct calls and those through the proxy take turns.
const ROUNDS: usize = 11;
const IN_FLIGHT: u32 = 64;

fn client(url: &str, key: &str) -> Client {
    Client::builder().base_url(url).api_key(key.to_owned()).build().unwrap()
}

async fn call(client: &Client) {
    let request = client.request(Method::GET, "/api/Contact/QueryOptions");
    let response = request.call::<_, Error>(decode::raw).await.unwrap();
    assert!(response.body().len() > 100);
}

/// The duration of one call, if so many are made at a time.
async fn measured(client: &Client, calls: u32, in_flight: u32) -> Duration {
    let clock = SystemClock::new();
    let start = clock.now();
    let callers: Vec<_> = (0..in_flight)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move {
                for _ in 0..calls / in_flight {
                    call(&client).await;
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    clock.now().since(start) / (calls / in_flight * in_flight)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[tokio::main]
async fn main() {
    let calls: u32 = std::env::var("CALLS").ok().and_then(|text| text.parse().ok()).unwrap_or(4_000);
    let emulator = Emulator::start().await.unwrap();
    // The vendor's limit of an hour is less than a run.
    emulator.virtuous().configure(|settings| settings.calls_per_hour = 1_000_000_000);
    let (url, key) = (emulator.virtuous().base_url(), emulator.virtuous().api_key());
    let mut command = Command::new(env!("CARGO_BIN_EXE_authctl"));
    command.args(["proxy", "--provider", "virtuous"]).env_clear().env("VIRTUOUS_API_KEY", &key);
    let mut proxy = command.env("VIRTUOUS_BASE_URL", &url).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(proxy.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
    let text =
        |name: &str| ready.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    let (direct, proxied) = (client(&url, &key), client(&text("url"), &text("token")));
    for client in [&direct, &proxied] {
        measured(client, 1_000, IN_FLIGHT).await;
    }
    for in_flight in [1, IN_FLIGHT] {
        let (mut ratios, mut times) = (Vec::new(), [Vec::new(), Vec::new()]);
        for _ in 0..ROUNDS {
            let both = [&direct, &proxied].map(|client| measured(client, calls / 4, in_flight));
            let [one, other] = both;
            let (one, other) = (one.await.as_secs_f64(), other.await.as_secs_f64());
            ratios.push(other / one);
            times[0].push(one * 1e6);
            times[1].push(other * 1e6);
        }
        let [one, other] = times.map(median);
        println!(
            "{in_flight:>3} at a time: direct {one:.0} µs, through the proxy {other:.0} µs per call ({:.0} a second), ratio {:.2}",
            1e6 / other,
            median(ratios)
        );
    }
    proxy.kill().unwrap();
    proxy.wait().unwrap();
}
