//! What is measured: each case in its own process, which prints its cost.

use crate::PAGE;
use crate::process::{Cost, memory, processor_time};
use auth_client_core::provider::auth_core::{Clock as _, SystemClock};
use auth_client_core::{Error, decode};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client as ByHand;
use hyper_util::rt::TokioExecutor;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use virtuous_client::export::{Export, Resource};
use virtuous_client::{Client, ContactQuery};

/// The id of the emulator's first contact; the others follow without gaps.
const FIRST: u64 = 17;

/// The number of calls of so many callers: enough that opening the connections is a part of it only.
pub(crate) fn calls(callers: u64) -> u64 {
    (20_000 / callers).max(4) * callers
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn run(case: &str, url: &str, key: &str, number: u64, folder: &str) {
    let client = || Client::builder().base_url(url).api_key(key.to_owned()).build().unwrap();
    // A client with TLS reads the trust store of the system, once for all.
    let tls = || Client::builder().api_key(key.to_owned()).build().unwrap();
    let first = (case == "clients").then(tls);
    let (clock, base_kib) = (SystemClock::new(), memory("self", "VmRSS:"));
    let (start, cpu) = (clock.now(), processor_time());
    let mut bytes = 0;
    match case {
        "pages" => bytes = pages(url, key, number),
        "walk" => {
            let mut contacts = client().contacts().walk(ContactQuery::all());
            let mut rows = 0;
            while let Some(contact) = contacts.next().await {
                contact.unwrap();
                rows += 1;
            }
            assert_eq!(rows, number);
        }
        "file" => {
            let client = client();
            let export = Export::new(&client, Resource::Contacts);
            let exported = export.to_file(Path::new(folder).join("rows.jsonl")).await.unwrap();
            assert_eq!(exported.rows, number);
        }
        "calls" => {
            let client = client();
            let call = async move |client: &Client| {
                let request = client.request(http::Method::GET, "/x");
                let response = request.call::<_, Error>(decode::raw).await.unwrap();
                assert_eq!(response.body().len(), 300);
            };
            let callers = (0..number).map(|_| {
                let client = client.clone();
                tokio::spawn(async move {
                    for _ in 0..calls(number) / number {
                        call(&client).await;
                    }
                })
            });
            for caller in callers.collect::<Vec<_>>() {
                caller.await.unwrap();
            }
        }
        "by-hand" => {
            let client: ByHand<_, Full<Bytes>> = ByHand::builder(TokioExecutor::new()).build_http();
            let callers = (0..number).map(|_| {
                let (client, url) = (client.clone(), format!("{url}/x"));
                tokio::spawn(async move {
                    for _ in 0..calls(number) / number {
                        let response = client.get(url.parse().unwrap()).await.unwrap();
                        let body = response.into_body().collect().await.unwrap().to_bytes();
                        assert_eq!(body.len(), 300);
                    }
                })
            });
            for caller in callers.collect::<Vec<_>>() {
                caller.await.unwrap();
            }
        }
        "first" => drop(tls()),
        "clients" => {
            let clients: Vec<_> = (0..number).map(|_| tls()).collect();
            drop(std::hint::black_box((first, clients)));
        }
        _ => panic!("{case} is no case"),
    }
    let seconds = clock.now().since(start).as_secs_f64();
    let cpu = processor_time() - cpu;
    let cost = Cost { seconds, cpu, bytes, base_kib, peak_kib: memory("self", "VmHWM:") };
    println!("{}", serde_json::to_string(&cost).unwrap());
}

/// Reads the pages of a walk and does nothing with them. Returns their size.
fn pages(url: &str, key: &str, rows: u64) -> u64 {
    let address = url.strip_prefix("http://").unwrap();
    let (host, path) = address.split_once('/').unwrap_or((address, ""));
    let path = if path.is_empty() { String::new() } else { format!("/{path}") };
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::with_capacity(64 << 10, stream.try_clone().unwrap());
    let (mut total, mut body) = (0, Vec::new());
    // The last page is empty.
    for page in 0..=rows.div_ceil(PAGE) {
        let groups = match page {
            0 => String::new(),
            _ => format!(
                r#"{{"conditions":[{{"parameter":"Contact Id","operator":"GreaterThan","value":"{}"}}]}}"#,
                FIRST - 1 + (page * PAGE).min(rows)
            ),
        };
        let query = format!(r#"{{"groups":[{groups}],"sortBy":"Id","descending":false}}"#);
        write!(
            stream,
            "POST {path}/api/Contact/Query?take={PAGE} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {key}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{query}",
            query.len()
        )
        .unwrap();
        let (mut line, mut length) = (String::new(), 0);
        reader.read_line(&mut line).unwrap();
        assert!(line.starts_with("HTTP/1.1 200"), "{line}");
        while line != "\r\n" {
            line.clear();
            reader.read_line(&mut line).unwrap();
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        body.resize(length, 0);
        reader.read_exact(&mut body).unwrap();
        total += u64::try_from(length).unwrap();
    }
    assert!(body.starts_with(b"{\"list\":[]"), "{}", String::from_utf8_lossy(&body));
    total
}
