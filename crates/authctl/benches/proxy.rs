//! What the proxy adds to a call, and how many calls a second it makes:
//! `cargo bench -p authctl --bench proxy [-- --json FILE]`.
//!
//! The same calls are made directly and through `authctl proxy`, both by the client of this workspace, against the emulator in this
//! process. Direct calls and those through the proxy take turns, so that both meet the same other load of the machine; a ratio is that
//! of neighbours, and the processor time of the proxy doesn't depend on other load. `CALLS=20000` in the environment makes a longer run.

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
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use virtuous_client::Client;

/// Rounds, in which direct calls and those through the proxy take turns.
const ROUNDS: usize = 11;
const IN_FLIGHT: u32 = 64;

fn client(url: &str, key: &str) -> Client {
    Client::builder().base_url(url).api_key(key.to_owned()).build().unwrap()
}

/// What is called.
#[derive(Clone, Debug)]
struct Target {
    name: &'static str,
    path: &'static str,
    bytes: std::ops::Range<usize>,
}

/// Most of a call is overhead in the first one; the second one has a body in which credentials are searched for.
const TARGETS: [Target; 2] = [
    Target { name: "short", path: "/api/Organization/Current", bytes: 100..400 },
    Target { name: "34 KB", path: "/api/Contact/QueryOptions", bytes: 30_000..40_000 },
];

async fn call(client: &Client, target: &Target) {
    let request = client.request(Method::GET, target.path);
    let response = request.call::<_, Error>(decode::raw).await.unwrap();
    assert!(target.bytes.contains(&response.body().len()));
}

/// The duration of one call, if so many are made at a time.
async fn measured(client: &Client, target: &'static Target, calls: u32, in_flight: u32) -> Duration {
    let clock = SystemClock::new();
    let start = clock.now();
    let callers: Vec<_> = (0..in_flight)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move {
                for _ in 0..calls / in_flight {
                    call(&client, target).await;
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    clock.now().since(start) / (calls / in_flight * in_flight)
}

/// The quartiles of values.
fn quartiles(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| values.get(values.len() * quarter / 4).copied().unwrap_or_default())
}

/// The processor time that a process has used, in seconds: proc_pid_stat(5). `None` where it is not known.
fn processor_time(id: u32) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    // Linux counts in hundredths of a second.
    Some((ticks(11)? + ticks(12)?) / 100.0)
}

/// One figure, in the form of those of `cargo xtask bench`.
fn row(
    id: &str,
    what: &str,
    limit: f64,
    is_most: bool,
    [low, median, high]: [f64; 3],
    digits: usize,
) -> serde_json::Value {
    let holds = if is_most { median <= limit } else { median >= limit };
    let (sign, status) = (if is_most { "≤" } else { "≥" }, if holds { "pass" } else { "fail" });
    let measured = format!("{median:.digits$} (quartiles {low:.digits$} to {high:.digits$})");
    println!("{what}: {measured}, target {sign} {limit:.digits$}: {status}");
    serde_json::json!({"id": id, "what": what, "target": format!("{sign} {limit:.digits$}"), "measured": measured,
        "cases": ROUNDS, "status": status})
}

/// A proxy that runs, and its URL and token.
fn start(url: &str, key: &str) -> (Child, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_authctl"));
    command.args(["proxy", "--provider", "virtuous"]).env_clear().env("VIRTUOUS_API_KEY", key);
    let mut proxy = command.env("VIRTUOUS_BASE_URL", url).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(proxy.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
    let text =
        |name: &str| ready.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    (proxy, text("url"), text("token"))
}

/// The figures of one target, with so many calls at a time.
async fn figures(
    direct: &Client,
    proxied: &Client,
    target: &'static Target,
    calls: u32,
    in_flight: u32,
    proxy: u32,
) -> Vec<serde_json::Value> {
    let (mut ratios, mut rates, mut per_second) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let one = measured(direct, target, calls / 4, in_flight).await.as_secs_f64();
        let before = processor_time(proxy);
        let other = measured(proxied, target, calls / 4, in_flight).await.as_secs_f64();
        if let (Some(before), Some(after)) = (before, processor_time(proxy)) {
            per_second.push(f64::from(calls / 4) / (after - before).max(0.01));
        }
        ratios.push(other / one);
        rates.push(1.0 / other);
    }
    let name = target.name;
    let id = |id: &str| format!("{id}-{in_flight}-{}", name.replace(' ', ""));
    let what = |text: &str| format!("{text}, {name} response, {in_flight} at a time");
    let ratio = what("duration of a call to a direct call");
    let mut rows = vec![row(&id("proxy-ratio"), &ratio, 1.6, true, quartiles(ratios), 2)];
    if in_flight > 1 {
        let rate = what("calls a second, with client and emulator on the same cores");
        rows.push(row(&id("proxy-rate"), &rate, 5_000.0, false, quartiles(rates), 0));
        let rate = what("calls of a second of processor time of the proxy");
        rows.push(row(&id("proxy-per-processor-second"), &rate, 5_000.0, false, quartiles(per_second), 0));
    }
    rows
}

#[tokio::main]
async fn main() {
    let calls: u32 = std::env::var("CALLS").ok().and_then(|text| text.parse().ok()).unwrap_or(4_000);
    let mut arguments = std::env::args().skip_while(|argument| argument != "--json").skip(1);
    let emulator = Emulator::start().await.unwrap();
    // The vendor's limit of an hour is less than a run.
    emulator.virtuous().configure(|settings| settings.calls_per_hour = 1_000_000_000);
    let (url, key) = (emulator.virtuous().base_url(), emulator.virtuous().api_key());
    let (mut proxy, own_url, token) = start(&url, &key);
    let (direct, proxied) = (client(&url, &key), client(&own_url, &token));
    let mut rows = Vec::new();
    for target in &TARGETS {
        for client in [&direct, &proxied] {
            measured(client, target, 1_000, IN_FLIGHT).await;
        }
        for in_flight in [1, IN_FLIGHT] {
            rows.extend(figures(&direct, &proxied, target, calls, in_flight, proxy.id()).await);
        }
    }
    if let Some(file) = arguments.next() {
        std::fs::write(file, serde_json::Value::from(rows).to_string()).unwrap();
    }
    proxy.kill().unwrap();
    proxy.wait().unwrap();
}
