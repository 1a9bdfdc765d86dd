//! A hundred thousand contacts through streams: the exact count, in memory for a few pages.
//!
//! The streams run in their own process, this test program started again, so that what is measured is the client's
//! and not the emulator's.

#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]
#![allow(clippy::print_stdout, reason = "it is how the process talks, and the figure that is wanted")]

use auth_emulator::Emulator;
use std::process::Command;
use virtuous_client::arguments::Paging;
use virtuous_client::{Client, ContactQuery, Query};

const URL: &str = "VIRTUOUS_MEMORY_TEST_URL";
const KEY: &str = "VIRTUOUS_MEMORY_TEST_KEY";
const CONTACTS: u64 = 100_000;

/// The most that the process ever had in memory, in KiB.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
async fn other_process() {
    let Ok(url) = std::env::var(URL) else { return };
    let client = Client::builder().api_key(std::env::var(KEY).unwrap()).base_url(url).build().unwrap();
    let query = ContactQuery::from(Query::all().sort_by("Id"));
    // What one page costs is paid before the count begins.
    client.contacts().query(&query, Paging::new().take(1000)).await.unwrap();
    let before = peak_kib();

    let mut count = 0_u64;
    let mut contacts =
        client.contacts().query(&query, Paging::new().take(1000)).pages().prefetch().items(|page| page.list);
    while let Some(contact) = contacts.next().await {
        contact.unwrap();
        count += 1;
    }
    let paged = (count, peak_kib() - before);

    let mut count = 0_u64;
    let mut contacts = client.contacts().walk(query);
    while let Some(contact) = contacts.next().await {
        contact.unwrap();
        count += 1;
    }
    println!("\npaged {} {} walked {count} {} peak {}", paged.0, paged.1, peak_kib() - before, peak_kib());
}

#[test]
fn a_hundred_thousand_contacts_take_the_memory_of_a_few_pages() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let settings = |settings: &mut auth_emulator::providers::virtuous::Settings| {
        settings.contacts = CONTACTS;
        settings.calls_per_hour = 100_000;
    };
    let emulator = runtime.block_on(Emulator::builder().virtuous(settings).start()).unwrap();
    let virtuous = emulator.virtuous();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["other_process", "--exact", "--nocapture"])
        .env(URL, virtuous.base_url())
        .env(KEY, virtuous.api_key())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("paged ")).unwrap_or_else(|| panic!("{text}"));
    let words: Vec<&str> = line.split_whitespace().collect();
    let number = |index: usize| words[index].parse::<u64>().unwrap();
    assert_eq!((number(0), number(3)), (CONTACTS, CONTACTS));
    println!("{line} KiB");
    // A page of a thousand summaries is a quarter of a mebibyte on the wire and about three in memory.
    let grown = number(4);
    assert!(grown < 24 * 1024, "{grown} KiB more than one page took");
}
