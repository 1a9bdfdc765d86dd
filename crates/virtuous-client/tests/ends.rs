//! The end of lists: whatever a server states as the total, and however few rows it returns at a time, every row comes once.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use async_trait::async_trait;
use auth_client_core::transport::{BodyLimits, Received, Transport, TransportError};
use bytes::Bytes;
use serde_json::{Value, json};
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use virtuous_client::arguments::Paging;
use virtuous_client::export::{Export, Resource};
use virtuous_client::models::GiftSummary;
use virtuous_client::{Client, Query, Walk};

const ROWS: i64 = 2_500;

/// What a server states as the total of a page: `None` for nothing.
type Total = fn(i64) -> Option<i64>;

/// A server with rows of the ids 1 to 2,500 that returns at most `most` at a time.
#[derive(Clone, Copy, Debug)]
struct Server {
    total: Total,
    most: usize,
    /// Whether ids can be compared.
    by_id: bool,
}

#[async_trait]
impl Transport for Server {
    async fn send(&self, request: http::Request<Bytes>, _: BodyLimits) -> Result<Received, TransportError> {
        let number = |name: &str| {
            let pairs = request.uri().query().unwrap_or_default().split('&');
            pairs
                .filter_map(|pair| pair.split_once('='))
                .find(|(key, _)| *key == name)?
                .1
                .parse::<usize>()
                .ok()
        };
        let body = if request.uri().path().ends_with("Options") {
            let parameter = if self.by_id { "Pledge Id" } else { "Name" };
            json!({ "options": [{ "parameter": parameter }], "operatorOptions": [{ "operator": "GreaterThan" }] })
        } else {
            let query: Value = serde_json::from_slice(request.body()).unwrap();
            let after =
                query["groups"][0]["conditions"][0]["value"].as_str().map_or(0, |id| id.parse().unwrap());
            let take = number("take").unwrap_or(usize::MAX).min(self.most);
            let rows = (1..=ROWS).filter(|id| *id > after).skip(number("skip").unwrap_or(0)).take(take);
            let list: Vec<Value> = rows.map(|id| json!({ "id": id })).collect();
            match (self.total)(i64::try_from(list.len()).unwrap()) {
                Some(total) => json!({ "list": list, "total": total }),
                None => Value::from(list),
            }
        };
        Ok(Received::new(http::Response::new(Bytes::from(body.to_string()))))
    }
}

fn client(server: Server) -> Client {
    Client::builder().api_key("v_example".to_owned()).transport(server).build().unwrap()
}

fn servers() -> Vec<Server> {
    let totals: [Total; 7] = [
        |_| Some(0),
        |page| Some(page),
        |_| None,
        |_| Some(-1),
        |_| Some(ROWS),
        |_| Some(ROWS + 3),
        |_| Some(ROWS - 1),
    ];
    let sizes = [usize::MAX, 1_000, 500, 99];
    let all = totals.iter().flat_map(|total| sizes.map(|most| (*total, most)));
    all.flat_map(|(total, most)| [true, false].map(|by_id| Server { total, most, by_id })).collect()
}

#[tokio::test]
async fn every_list_has_every_row_once_whatever_the_server_states() {
    for server in servers() {
        let client = client(server);
        let fetch = {
            let client = client.clone();
            move |query: &Query, paging: Paging| client.gifts().query(query, paging)
        };
        let mut walk = Walk::new(Query::all(), fetch, |gift: &GiftSummary| Some(gift.id));
        if server.by_id {
            walk = walk.by("Gift Id");
        }
        let mut ids = Vec::new();
        while let Some(gift) = walk.next().await {
            ids.push(gift.unwrap().id);
        }
        assert!(ids.iter().copied().eq(1..=ROWS), "walk: {} rows from {server:?}", ids.len());

        let mut items = client.gifts().query(&Query::all(), Paging::new().take(1_000)).items();
        let mut ids = Vec::new();
        while let Some(gift) = items.next().await {
            ids.push(gift.unwrap().id);
        }
        assert!(ids.iter().copied().eq(1..=ROWS), "items: {} rows from {server:?}", ids.len());
        assert_eq!(items.received(), u64::try_from(ROWS).unwrap());
        let stated = (server.total)(0).and_then(|total| u64::try_from(total).ok());
        assert_eq!(items.total(), stated, "the total of the last, empty page of {server:?}");
    }
}

#[tokio::test]
async fn an_export_has_every_row_once_and_tells_what_was_stated() {
    let folder = std::env::temp_dir().join(format!("virtuous-ends-{}", std::process::id()));
    for (number, server) in servers().into_iter().filter(|server| server.most >= 500).enumerate() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join(format!("{number}.jsonl"));
        // Run again, as by a timer.
        for resumed in [0, u64::try_from(ROWS).unwrap()] {
            let exported = Export::new(&client(server), Resource::Pledges).to_file(&file).await;
            let exported = exported.unwrap_or_else(|error| panic!("{error} from {server:?}"));
            assert_eq!((exported.rows, exported.resumed), (ROWS.unsigned_abs(), resumed), "{server:?}");
        }
        let text = fs::read_to_string(&file).unwrap();
        let id = |line: &str| serde_json::from_str::<Value>(line).unwrap()["id"].as_i64().unwrap();
        assert!(text.lines().map(id).eq(1..=ROWS), "{server:?}");
    }
    let file = folder.join("told.jsonl");
    let server = Server { total: |_| Some(ROWS + 3), most: 1_000, by_id: false };
    let exported = Export::new(&client(server), Resource::Pledges).to_file(&file).await.unwrap();
    assert_eq!((exported.rows, exported.total), (2_500, Some(2_503)));
    // Only the last page states a total, of the rows after those of the pages before it.
    let file = folder.join("late.jsonl");
    let server = Server { total: |page| (page < 1_000).then_some(page), most: 1_000, by_id: true };
    let exported = Export::new(&client(server), Resource::Pledges).to_file(&file).await.unwrap();
    assert_eq!((exported.rows, exported.total), (2_500, Some(2_500)));
    fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn a_server_that_returns_one_row_at_a_time_loses_none() {
    let server = Server { total: |_| None, most: 1, by_id: false };
    let client = client(server);
    let fetch = {
        let client = client.clone();
        move |query: &Query, paging: Paging| client.gifts().query(query, paging)
    };
    let mut walk =
        Walk::new(Query::all(), fetch, |gift: &GiftSummary| Some(gift.id)).skipping(2_490).after(2_490);
    let mut ids = Vec::new();
    while let Some(gift) = walk.next().await {
        ids.push(gift.unwrap().id);
    }
    assert!(ids.iter().copied().eq(2_491..=ROWS), "{ids:?}");
}

/// A list that changes while it is read.
#[derive(Clone, Debug)]
struct Changing {
    /// Ids of the rows, and whether each can be read.
    rows: Arc<Mutex<Vec<(i64, bool)>>>,
    random: Arc<AtomicU64>,
    /// Whether a row before the page is deleted after each request.
    deletes: bool,
    most: u64,
    requests: Arc<AtomicU64>,
}

impl Changing {
    /// Returns a number below a limit (splitmix64).
    fn random(&self, limit: u64) -> u64 {
        let state = self.random.fetch_add(0x9e37_79b9_7f4a_7c15, Relaxed);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

#[async_trait]
impl Transport for Changing {
    async fn send(&self, request: http::Request<Bytes>, _: BodyLimits) -> Result<Received, TransportError> {
        self.requests.fetch_add(1, Relaxed);
        let query = request.uri().query().unwrap_or_default();
        let number = |name: &str| {
            let pair = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            pair.map(|value| value.parse::<usize>().unwrap())
        };
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        let after = body["groups"][0]["conditions"][0]["value"].as_str();
        let after = after.map_or(i64::MIN, |id| id.parse().unwrap());
        let take = number("take").unwrap().min(usize::try_from(self.most).unwrap());
        let mut rows = self.rows.lock().unwrap();
        let page = rows.iter().filter(|(id, _)| *id > after);
        let page: Vec<_> = page.skip(number("skip").unwrap_or(0)).take(take).copied().collect();
        if let Some((first, _)) = page.first().filter(|_| self.deletes) {
            let before = u64::try_from(rows.iter().filter(|(id, _)| id < first).count()).unwrap();
            if before > 0 {
                rows.remove(usize::try_from(self.random(before)).unwrap());
            }
        }
        let row =
            |(id, readable): &(i64, bool)| json!({ "id": if *readable { json!(id) } else { json!([id]) } });
        let body = json!({ "list": page.iter().map(row).collect::<Vec<_>>(), "total": 99 });
        Ok(Received::new(http::Response::new(Bytes::from(body.to_string()))))
    }
}

#[tokio::test]
async fn a_walk_has_every_row_once_while_rows_are_deleted_or_cannot_be_read() {
    for seed in 0..500 {
        let random = Arc::new(AtomicU64::new(seed));
        let mut list = Changing {
            rows: Arc::default(),
            random,
            deletes: seed % 2 == 0,
            most: 0,
            requests: Arc::default(),
        };
        let unreadable = if list.deletes { 0 } else { list.random(4) };
        let (count, by_id, take) = (list.random(30), list.random(2) == 0, 1 + list.random(6));
        list.most = 2 + list.random(8);
        let mut id = 0;
        for _ in 0..count {
            id += 1 + i64::try_from(list.random(3)).unwrap();
            list.rows.lock().unwrap().push((id, list.random(5) >= unreadable));
        }
        let rows = list.rows.lock().unwrap().clone();
        let what = format!("seed {seed}: take {take}, {list:?}");

        let client =
            Client::builder().api_key("v_example".to_owned()).transport(list.clone()).build().unwrap();
        let fetch = move |query: &Query, paging: Paging| client.gifts().query(query, paging);
        let reported = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&reported);
        let mut walk = Walk::new(Query::all(), fetch, |gift: &GiftSummary| Some(gift.id))
            .take(take)
            .on_unreadable(move |_| {
                counter.fetch_add(1, Relaxed);
            });
        if by_id {
            walk = walk.by("Gift Id");
        }
        let mut ids = Vec::new();
        while let Some(gift) = walk.next().await {
            ids.push(gift.unwrap_or_else(|error| panic!("{error}: {what}")).id);
        }
        let (readable, others): (Vec<_>, Vec<_>) = rows.iter().partition(|(_, readable)| *readable);
        assert!(ids.iter().copied().eq(readable.iter().map(|(id, _)| *id)), "{ids:?} {what}");
        assert_eq!(reported.load(Relaxed), u64::try_from(others.len()).unwrap(), "{what}");
        if unreadable == 0 && !list.deletes {
            // A walk that skips requests the last row again with each page after the first one. A single row may have
            // replaced another one, so the next position is requested too.
            let (first, then) = (take.min(list.most), (take + 1).min(list.most) - 1);
            let then = if by_id { first } else { then };
            let pages = u64::from(count > 0)
                + count.saturating_sub(first).div_ceil(then)
                + 1
                + u64::from(!by_id && count == 1);
            assert_eq!(list.requests.load(Relaxed), pages, "{what}");
        }
    }
}
