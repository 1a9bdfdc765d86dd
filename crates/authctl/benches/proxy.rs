//! What the proxy adds to a call, and how many calls a second it makes:
//! `cargo bench -p authctl --bench proxy [-- --json FILE]`.
//!
//! Client, proxy and vendor (the emulator) are a process each, as in use. The same calls are made by the client of this workspace
//! directly, through `authctl proxy`, and through a proxy that does nothing: the same HTTP library with one thread per core, which
//! shows what any proxy costs. They take turns, so that all meet the same other load of the machine; a ratio is that of neighbours,
//! and the processor time of a proxy depends little on other load. In the environment, `CALLS=20000` makes a longer run, and
//! `OLD=PROGRAM` adds the proxy of another build.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark"
)]

use auth_client_core::provider::auth_core::{Clock as _, SystemClock};
use auth_client_core::{Error, decode};
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use virtuous_client::Client;

/// Rounds, in which direct calls and those through the proxies take turns.
const ROUNDS: usize = 41;
const IN_FLIGHT: u32 = 64;

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

/// A program that runs until it is dropped, and the line that it has printed.
struct Program(Child, Value);

impl Program {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self(child, serde_json::from_str(&line).unwrap())
    }

    fn text(&self, pointer: &str) -> &str {
        self.1.pointer(pointer).and_then(Value::as_str).unwrap()
    }

    /// The processor time that its threads have used, in seconds: `schedstat` of Linux. `None` where it is not known.
    fn processor_time(&self) -> Option<f64> {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.0.id())).ok()?;
        let nanoseconds = threads.map(|thread| {
            let text = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse::<f64>().ok()
        });
        nanoseconds.sum::<Option<f64>>().map(|sum| sum / 1e9)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Ignored: it may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// One figure, in the form of those of `cargo xtask bench`. `target` is its least, or with `true` its most.
fn row(id: &str, what: &str, target: Option<(f64, bool)>, values: Vec<f64>, digits: usize) -> Value {
    let [low, median, high] = quartiles(values);
    let measured = format!("{median:.digits$} (quartiles {low:.digits$} to {high:.digits$})");
    let (target, status) = match target {
        Some((limit, true)) => (format!("≤ {limit:.digits$}"), median <= limit),
        Some((limit, false)) => (format!("≥ {limit:.digits$}"), median >= limit),
        None => ("none".to_owned(), true),
    };
    let status = if status { "pass" } else { "fail" };
    println!("{what}: {measured}, target {target}: {status}");
    serde_json::json!({"id": id, "what": what, "target": target, "measured": measured, "cases": ROUNDS,
        "status": status})
}

/// A way to the vendor through a proxy.
struct Way<'p> {
    name: &'static str,
    proxy: &'p Program,
    client: Client,
}

/// The figures of one target, with so many calls at a time.
async fn figures(
    direct: &Client,
    ways: &[Way<'_>],
    target: &'static Target,
    calls: u32,
    in_flight: u32,
) -> Vec<Value> {
    let mut values = vec![[const { Vec::new() }; 3]; ways.len()];
    for _ in 0..ROUNDS {
        let one = measured(direct, target, calls / 8, in_flight).await.as_secs_f64();
        for (way, [ratios, rates, per_second]) in ways.iter().zip(&mut values) {
            let before = way.proxy.processor_time();
            let other = measured(&way.client, target, calls / 8, in_flight).await.as_secs_f64();
            if let (Some(before), Some(after)) = (before, way.proxy.processor_time()) {
                per_second.push(f64::from(calls / 8) / (after - before));
            }
            ratios.push(other / one);
            rates.push(1.0 / other);
        }
    }
    let mut rows = Vec::new();
    for (way, [ratios, rates, per_second]) in ways.iter().zip(values) {
        let Way { name, .. } = way;
        let id = |id: &str| format!("{name}-{id}-{in_flight}-{}", target.name.replace(' ', ""));
        let what = |text: &str| format!("{name}: {text}, {} response, {in_flight} at a time", target.name);
        let limit = |limit, is_most| (*name == "proxy").then_some((limit, is_most));
        let ratio = what("duration of a call to a direct call");
        rows.push(row(&id("ratio"), &ratio, limit(1.6, true), ratios, 2));
        if in_flight > 1 {
            let rate = what("calls a second, with client and emulator on the same cores");
            rows.push(row(&id("rate"), &rate, limit(5_000.0, false), rates, 0));
            let rate = what("calls of a second of processor time of the proxy");
            rows.push(row(&id("per-processor-second"), &rate, limit(5_000.0, false), per_second, 0));
        }
    }
    rows
}

/// The word by which this program is the proxy that does nothing.
const BARE: &str = "bare-proxy";

/// Passes requests on to this address, with one thread per core.
fn pass_on(authority: &str) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    println!("{}", serde_json::json!({"url": format!("http://{}", listener.local_addr().unwrap())}));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().unwrap().get() {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(accept(listener.try_clone().unwrap(), authority.to_owned()));
            });
        }
    });
}

async fn accept(listener: TcpListener, authority: String) {
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client =
        hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build::<_, Full<Bytes>>(connector);
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (client, authority) = (client.clone(), authority.clone());
        let service = service_fn(move |request: Request<Incoming>| {
            let (client, authority) = (client.clone(), authority.clone());
            async move {
                let (mut head, body) = request.into_parts();
                let path = head.uri.path_and_query().unwrap().as_str();
                head.uri = format!("http://{authority}{path}").parse().unwrap();
                head.headers.remove(http::header::HOST);
                let body = Full::new(body.collect().await?.to_bytes());
                let response = client.request(Request::from_parts(head, body)).await.unwrap();
                let (head, body) = response.into_parts();
                let body = Full::new(body.collect().await?.to_bytes());
                Ok::<_, hyper::Error>(http::Response::from_parts(head, body))
            }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

fn client(url: &str, key: &str) -> Client {
    Client::builder().base_url(url).api_key(key.to_owned()).build().unwrap()
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.as_slice() {
        [_, word, authority] if word == BARE => pass_on(authority),
        _ => tokio::runtime::Runtime::new().unwrap().block_on(compare(&arguments)),
    }
}

async fn compare(arguments: &[String]) {
    let calls: u32 = std::env::var("CALLS").ok().and_then(|text| text.parse().ok()).unwrap_or(4_000);
    let authctl = env!("CARGO_BIN_EXE_authctl");
    // The vendor's limit of an hour is less than a run.
    let vendor = Program::start(Command::new(authctl).args([
        "emulator",
        "serve",
        "--port=0",
        "--json",
        "--log=off",
        concat!("--ready-file=", env!("CARGO_TARGET_TMPDIR"), "/emulator.json"),
        "--set=virtuous.calls_per_hour=1000000000",
    ]));
    let (url, key) = (
        vendor.text("/providers/virtuous/base_url"),
        vendor.text("/providers/virtuous/env/VIRTUOUS_API_KEY"),
    );
    let start = |program: &str| {
        let mut command = Command::new(program);
        command.args(["proxy", "--provider", "virtuous"]).env_clear();
        Program::start(command.env("VIRTUOUS_API_KEY", key).env("VIRTUOUS_BASE_URL", url))
    };
    let proxy = start(authctl);
    let authority = url.trim_start_matches("http://");
    let bare = Program::start(Command::new(std::env::current_exe().unwrap()).args([BARE, authority]));
    let mut ways = vec![
        Way { name: "proxy", proxy: &proxy, client: client(proxy.text("/url"), proxy.text("/token")) },
        Way { name: "bare", proxy: &bare, client: client(bare.text("/url"), key) },
    ];
    let old = std::env::var("OLD").ok().map(|program| start(&program));
    if let Some(old) = &old {
        ways.push(Way { name: "old", proxy: old, client: client(old.text("/url"), old.text("/token")) });
    }
    let direct = client(url, key);
    let mut rows = Vec::new();
    for target in &TARGETS {
        for client in ways.iter().map(|way| &way.client).chain([&direct]) {
            measured(client, target, 1_000, IN_FLIGHT).await;
        }
        for in_flight in [1, IN_FLIGHT] {
            rows.extend(figures(&direct, &ways, target, calls, in_flight).await);
        }
    }
    if let Some(file) = arguments.iter().skip_while(|argument| *argument != "--json").nth(1) {
        std::fs::write(file, Value::from(rows).to_string()).unwrap();
    }
}
