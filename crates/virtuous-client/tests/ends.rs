//! The end of lists: whatever a server states as the total, and however few rows it returns at a time, every row comes once.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use async_trait::async_trait;
use auth_client_core::transport::{BodyLimits, Received, Transport, TransportError};
use bytes::Bytes;
use serde_json::{Value, json};
use std::fs;
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
