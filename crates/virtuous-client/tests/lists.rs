//! Lists: pages and rows as streams, walks by id, and what ends them; against the emulator and against scripted responses.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use auth_client_core::testing::{ManualTime, ScriptedTransport};
use auth_client_core::transport::{Fault, Phase};
use auth_emulator::Emulator;
use serde_json::{Value, json};
use std::sync::Arc;
use virtuous_client::arguments::Paging;
use virtuous_client::query::parameter;
use virtuous_client::{Client, ContactQuery, ErrorKind, Query, RetryPolicy, Walk};

/// A client for scripted responses, in whose time nothing waits.
fn scripted(transport: &ScriptedTransport) -> Client {
    configured(transport).build().unwrap()
}

fn configured(transport: &ScriptedTransport) -> virtuous_client::ClientBuilder {
    let time = ManualTime::auto();
    Client::builder()
        .api_key("v_example".to_owned())
        .transport(transport.clone())
        .time(time.clock(), Arc::new(time))
}

fn tags(ids: impl IntoIterator<Item = i64>, total: i64) -> String {
    let list: Vec<Value> = ids.into_iter().map(|id| json!({ "id": id })).collect();
    json!({ "list": list, "total": total }).to_string()
}

fn queries(transport: &ScriptedTransport) -> Vec<String> {
    transport.requests().iter().map(|request| request.uri.query().unwrap_or_default().to_owned()).collect()
}

/// The conditions of each request, as text.
fn conditions(transport: &ScriptedTransport) -> Vec<String> {
    let body = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap();
    transport.requests().iter().map(|request| body(&request.body)["groups"].to_string()).collect()
}

async fn ids(mut walk: Walk<virtuous_client::models::GiftSummary>) -> Vec<i64> {
    let mut ids = Vec::new();
    while let Some(gift) = walk.next().await {
        ids.push(gift.unwrap().id);
    }
    ids
}

#[tokio::test]
async fn pages_begin_where_the_call_says_and_end_with_a_page_that_brings_nothing_new() {
    let transport =
        ScriptedTransport::new().json(200, tags([3, 4], 5)).json(200, tags([5], 5)).json(200, tags([], 5));
    let client = scripted(&transport);
    let mut pages = client.tags().list(Paging::new().skip(2).take(2)).pages();
    let first = pages.next_page().await.unwrap().unwrap();
    assert_eq!((first.list.len(), first.total), (2, 5));
    assert_eq!(pages.position().unwrap().skip(), 4);
    assert_eq!(pages.next_page().await.unwrap().unwrap().list[0].id, 5);
    assert!(pages.next_page().await.is_none() && pages.position().is_none());
    assert_eq!((pages.received(), pages.total()), (3, Some(5)));
    assert_eq!(queries(&transport), ["skip=2&take=2", "skip=4&take=2", "skip=5&take=2"]);
}

#[tokio::test]
async fn rows_come_one_by_one_a_hundred_at_a_time() {
    let transport = ScriptedTransport::new()
        .json(200, tags(1..=100, 103))
        .json(200, tags(101..=103, 103))
        .json(200, tags([], 103));
    let client = scripted(&transport);
    let mut rows = client.tags().list(Paging::new()).items();
    let mut count = 0;
    while let Some(tag) = rows.next().await {
        count += 1;
        assert_eq!(tag.unwrap().id, count);
    }
    assert_eq!(count, 103);
    assert_eq!((rows.received(), rows.total()), (103, Some(103)));
    assert_eq!(queries(&transport), ["skip=0&take=100", "skip=100&take=100", "skip=103&take=100"]);
}

#[tokio::test]
async fn an_empty_page_ends_a_list_whatever_the_total() {
    let transport = ScriptedTransport::new().json(200, tags([1], 9)).json(200, tags([], 9));
    let client = scripted(&transport);
    let mut pages = client.tags().list(Paging::new()).pages();
    assert!(pages.next_page().await.unwrap().is_ok());
    assert!(pages.next_page().await.is_none());
    assert_eq!((pages.received(), pages.total()), (1, Some(9)), "what came and what was promised");
    let transport = ScriptedTransport::new().json(200, tags([], 9));
    let mut pages = scripted(&transport).tags().list(Paging::new()).pages();
    assert_eq!(
        pages.next_page().await.unwrap().unwrap().total,
        9,
        "the first page comes also if it is empty"
    );
    assert!(pages.next_page().await.is_none());
}

#[tokio::test]
async fn a_server_that_ignores_where_it_is_asked_to_begin_does_not_go_on_for_ever() {
    let emulator =
        Emulator::builder().virtuous(|settings| settings.ignore_paging = true).start().await.unwrap();
    let virtuous = emulator.virtuous();
    let client = Client::builder().api_key(virtuous.api_key()).base_url(virtuous.base_url()).build().unwrap();
    let transport = ScriptedTransport::new().json(200, tags([1, 2], 9)).json(200, tags([1, 2], 9));
    let mut pages = scripted(&transport).tags().list(Paging::new().take(2)).pages();
    assert!(pages.next_page().await.unwrap().is_ok());
    let error = pages.next_page().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Paging);
    assert!(error.to_string().contains("the same position or page twice"), "{error}");
    assert!(pages.next_page().await.is_none(), "it has ended");
    // The emulator gives all segments at once then, and a stream still gives each once.
    let segments = client.segments().search("", Paging::new().take(1)).await.unwrap();
    assert_eq!(i64::try_from(segments.list.len()), Ok(segments.total));
    let mut rows = client.segments().search("", Paging::new().take(1)).items();
    let mut ids = std::collections::BTreeSet::new();
    while let Some(row) = rows.next().await {
        assert!(ids.insert(row.unwrap().id));
    }
    assert_eq!(ids.len(), segments.list.len());
}

#[tokio::test]
async fn rows_that_come_again_are_noticed_whatever_else_the_response_has_and_however_late() {
    // A total that grows, the time and the id of the request: the rows are the same.
    let changing = (0..4).fold(ScriptedTransport::new(), |script, number| {
        script.json(
            200,
            format!(r#"{{"requestId":"{number}","list":[{{"id":1}},{{"id":2}}],"total":{}}}"#, 9 + number),
        )
    });
    // 20 pages, and then from the first one on.
    let wraps = (0..40).fold(ScriptedTransport::new(), |script, page| {
        script.json(200, tags([page % 20 * 2, page % 20 * 2 + 1], 99))
    });
    for (transport, rows) in [(changing, 2), (wraps, 40)] {
        let mut items = scripted(&transport).tags().list(Paging::new().take(2)).items();
        let mut count = 0;
        let error = loop {
            match items.next().await.unwrap() {
                Ok(_) => count += 1,
                Err(error) => break error,
            }
        };
        assert_eq!((error.kind(), count), (ErrorKind::Paging, rows));
    }
    // Rows without ids.
    for (pages, rows) in [(1, 2), (20, 40)] {
        let transport = (0..pages * 2).fold(ScriptedTransport::new(), |script, page| {
            let at = page % pages;
            let list = format!(r#"[{{"campaignId":{at},"name":"a"}},{{"campaignId":{at},"name":"b"}}]"#);
            script.json(200, format!(r#"{{"time":"{page}","list":{list},"total":99}}"#))
        });
        let client = scripted(&transport);
        let fetch = move |query: &Query, paging| client.communications().query(query, paging);
        let mut walk = Walk::new(Query::all(), fetch, |row| row.communication_id);
        let mut count = 0;
        let error = loop {
            match walk.next().await.unwrap() {
                Ok(_) => count += 1,
                Err(error) => break error,
            }
        };
        assert_eq!((error.kind(), count), (ErrorKind::Paging, rows));
    }
}

#[tokio::test]
async fn more_than_the_vendor_gives_is_refused_and_streams_ask_for_less() {
    let transport = ScriptedTransport::new().json(200, tags([], 0));
    let client = scripted(&transport);
    let query = Query::all();
    for (paging, field) in [
        (Paging::new().take(1001), "take"),
        (Paging::new().take(0), "take"),
        (Paging::new().skip(-1), "skip"),
    ] {
        let error = client.gifts().query(&query, paging.clone()).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some(field)));
        let error = client.gifts().query(&query, paging).pages().next_page().await.unwrap().unwrap_err();
        assert_eq!((error.kind(), error.may_have_been_sent()), (ErrorKind::InvalidInput, false));
    }
    assert!(transport.requests().is_empty());
    // Lists without a documented limit take any number.
    client.tags().list(Paging::new().take(5000)).await.unwrap();
}

#[tokio::test]
async fn a_failed_page_is_asked_for_again_and_a_list_resumes_from_a_position() {
    let transport = ScriptedTransport::new()
        .json(200, tags([1, 2], 4))
        .status(404)
        .json(200, tags([3, 4], 4))
        .json(200, tags([], 4));
    let client = scripted(&transport);
    let mut rows = client.tags().list(Paging::new().take(2)).items();
    let mut seen = Vec::new();
    while let Some(row) = rows.next().await {
        match row {
            Ok(tag) => seen.push(tag.id),
            Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound),
        }
    }
    assert_eq!(seen, [1, 2, 3, 4]);
}

#[tokio::test]
async fn the_next_page_can_be_on_its_way_while_the_last_one_is_worked_on() {
    let transport =
        [1, 2, 3].into_iter().fold(ScriptedTransport::new(), |script, id| script.json(200, tags([id], 3)));
    let transport = transport.json(200, tags([], 3));
    let client = scripted(&transport);
    let mut pages = client.tags().list(Paging::new().take(1)).pages().prefetch();
    for (page, asked) in [(1, 2), (2, 3), (3, 4)] {
        assert_eq!(pages.next_page().await.unwrap().unwrap().list[0].id, page);
        assert_eq!(transport.requests().len(), asked, "one page ahead and no more");
    }
    assert!(pages.next_page().await.is_none());
}

#[tokio::test]
async fn no_page_is_requested_before_it_is_asked_for() {
    let transport =
        [1, 2].into_iter().fold(ScriptedTransport::new(), |script, id| script.json(200, tags([id], 9)));
    let client = scripted(&transport);
    let mut rows = client.tags().list(Paging::new().take(1)).items();
    for id in [1, 2] {
        assert_eq!(rows.next().await.unwrap().unwrap().id, id);
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        assert_eq!(transport.requests().len() as u64, id as u64);
    }
}

#[tokio::test]
async fn what_follows_a_value_makes_the_whole_response_unreadable() {
    let page = tags([1], 1);
    for after in ["x", "{}", ",", "]", "\0", "//", &page] {
        let transport = [page.as_str(), r#"{"id":1}"#]
            .into_iter()
            .fold(ScriptedTransport::new(), |script, value| script.json(200, format!("{value} {after}")));
        let client = scripted(&transport);
        let list = client.tags().list(Paging::new()).await.unwrap_err();
        let one = client.contacts().get(1).await.unwrap_err();
        assert_eq!(
            (list.kind(), one.kind()),
            (ErrorKind::Decode, ErrorKind::Decode),
            "{after:?}: {list} {one}"
        );
    }
}

#[tokio::test]
async fn a_list_without_pages_is_asked_for_once_and_never_passed_off_as_whole() {
    let transport = ScriptedTransport::new().json(200, r#"{"list":[{"id":1}],"total":1}"#);
    let mut pages = scripted(&transport).volunteers().query(&Query::all()).pages();
    assert_eq!(pages.next_page().await.unwrap().unwrap().list.len(), 1);
    assert!(pages.next_page().await.is_none());
    assert_eq!(queries(&transport), [""]);

    let transport = ScriptedTransport::new().json(200, r#"{"list":[{"id":1}],"total":7}"#);
    let mut pages = scripted(&transport).volunteers().query(&Query::all()).pages();
    let error = pages.next_page().await.unwrap().unwrap_err();
    assert!(error.kind() == ErrorKind::Paging && error.to_string().contains("a part of the rows"), "{error}");
    assert!(pages.next_page().await.is_none());
}

#[tokio::test]
async fn a_list_that_does_not_state_its_length_ends_with_an_empty_page() {
    let transport = ScriptedTransport::new()
        .json(200, r#"[{"id":1},{"id":2}]"#)
        .json(200, r#"[{"id":3}]"#)
        .json(200, "[]");
    let mut rows = scripted(&transport).recurring_gifts().payments(5, Paging::new().take(2)).items();
    let mut seen = Vec::new();
    while let Some(row) = rows.next().await {
        seen.push(row.unwrap().id);
    }
    assert_eq!(seen, [1, 2, 3]);
    assert_eq!(queries(&transport), ["skip=0&take=2", "skip=2&take=2", "skip=3&take=2"]);
}

#[tokio::test]
async fn a_walk_asks_for_what_lies_behind_the_last_row() {
    let transport =
        ScriptedTransport::new().json(200, tags([5, 9], 3)).json(200, tags([12], 1)).json(200, tags([], 0));
    let client = scripted(&transport);
    let query =
        Query::matching([parameter("Batch").is("B-7")]).or_matching([parameter("Gift Type").is("Cash")]);
    let walk = client.gifts().walk(query.sort_by("Amount").descending()).take(2);
    assert_eq!(ids(walk).await, [5, 9, 12]);
    assert_eq!(queries(&transport), ["take=2", "take=2", "take=2"]);
    let [first, second, _] = conditions(&transport).try_into().unwrap();
    assert_eq!(first.matches("Gift Id").count(), 0);
    assert_eq!(second.matches(r#""parameter":"Gift Id""#).count(), 2, "in every group: {second}");
    assert!(second.contains(r#""operator":"GreaterThan""#) && second.contains(r#""value":"9""#), "{second}");
    let body: Value = serde_json::from_slice(&transport.requests()[1].body).unwrap();
    assert_eq!((&body["sortBy"], &body["descending"]), (&json!("Id"), &json!(false)));
}

#[tokio::test]
async fn a_walk_asks_for_half_when_the_vendor_fails_on_much_and_for_more_later() {
    let mut transport = ScriptedTransport::new();
    transport = transport.status(503);
    // The response broke off in its framing.
    transport = transport.fail(Phase::Reading(http::StatusCode::OK), Fault::Protocol);
    for id in 1..=12 {
        transport = transport.json(200, tags([id], 13 - id));
    }
    transport = transport.json(200, tags([], 0));
    let client = configured(&transport).retry(RetryPolicy::none()).build().unwrap();
    // The server returns one row at a time, whatever is requested.
    let walk = client.gifts().walk(Query::all()).take(4);
    assert_eq!(ids(walk).await.len(), 12);
    let takes = queries(&transport);
    assert_eq!(takes[..4], ["take=4", "take=2", "take=1", "take=1"]);
    assert_eq!((takes[11].as_str(), takes[12].as_str()), ("take=1", "take=2"), "after ten good pages");
}

#[tokio::test]
async fn a_walk_asks_for_no_less_than_one_row() {
    let transport = ScriptedTransport::new().status(503).status(503).status(503).status(503);
    let client = configured(&transport).retry(RetryPolicy::none()).build().unwrap();
    let mut walk = client.gifts().walk(Query::all()).take(4);
    assert_eq!(walk.next().await.unwrap().unwrap_err().kind(), ErrorKind::Server);
    assert_eq!(queries(&transport), ["take=4", "take=2", "take=1"]);
}

#[tokio::test]
async fn a_walk_that_fails_resumes_where_it_stopped() {
    let transport = ScriptedTransport::new()
        .json(200, tags([7], 2))
        .status(403)
        .json(200, tags([8], 1))
        .json(200, tags([], 0));
    let client = scripted(&transport);
    let mut walk = client.gifts().walk(Query::all()).take(1);
    assert_eq!(walk.next().await.unwrap().unwrap().id, 7);
    assert_eq!(walk.next().await.unwrap().unwrap_err().kind(), ErrorKind::Forbidden);
    assert_eq!((walk.position(), walk.total()), (Some(7), Some(2)));
    assert_eq!(walk.next().await.unwrap().unwrap().id, 8);
    assert!(walk.next().await.is_none());
}

#[tokio::test]
async fn a_total_that_a_later_page_states_counts_the_rows_before_it() {
    let transport = ScriptedTransport::new()
        .json(200, r#"[{"id":5},{"id":9}]"#)
        .json(200, tags([12], 1))
        .json(200, tags([], 0));
    let mut walk = scripted(&transport).gifts().walk(Query::all());
    while let Some(gift) = walk.next().await {
        gift.unwrap();
    }
    assert_eq!(walk.total(), Some(3));
}

#[tokio::test]
async fn a_walk_over_whole_records_has_the_same_conditions() {
    let transport = || ScriptedTransport::new().json(200, tags([5], 2)).json(200, tags([], 0));
    let query = || Query::matching([parameter("Batch").is("B-7")]);
    let (contacts, gifts) = (transport(), transport());
    let mut walk = scripted(&contacts).contacts().walk_full(query().into());
    assert_eq!(walk.next().await.unwrap().unwrap().id, 5);
    assert!(walk.next().await.is_none());
    let mut walk = scripted(&gifts).gifts().walk_full(query());
    assert_eq!(walk.next().await.unwrap().unwrap().id, 5);
    assert!(walk.next().await.is_none());
    for (transport, id) in [(contacts, "Contact Id"), (gifts, "Gift Id")] {
        let [first, second] = conditions(&transport).try_into().unwrap();
        assert!(first.contains("B-7") && !first.contains(id), "{first}");
        assert!(second.contains("B-7") && second.contains(id) && second.contains(r#""5""#), "{second}");
    }
}

#[tokio::test]
async fn a_walk_notices_a_server_that_does_not_sort_or_does_not_compare() {
    for second in [tags([1, 2], 5), tags([4, 3], 5), tags([3, 3], 5), tags([2, 3], 5)] {
        let good = tags([3, 4], 2);
        let transport = ScriptedTransport::new()
            .json(200, tags([1, 2], 5))
            .json(200, second)
            .json(200, good)
            .json(200, tags([], 0));
        let client = scripted(&transport);
        let mut walk = client.gifts().walk(Query::all()).take(2);
        let mut seen = 0;
        let error = loop {
            match walk.next().await.unwrap() {
                Ok(_) => seen += 1,
                Err(error) => break error,
            }
        };
        assert_eq!((error.kind(), seen), (ErrorKind::Paging, 2));
        assert!(error.to_string().contains("ascending order"), "{error}");
        assert_eq!(
            walk.next().await.unwrap().unwrap().id,
            3,
            "the page that failed is asked for again, as a whole"
        );
        assert_eq!(walk.next().await.unwrap().unwrap().id, 4);
        assert!(walk.next().await.is_none());
    }
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_not_asked_for_less() {
    let transport = ScriptedTransport::new().unreachable().unreachable().unreachable();
    let mut walk = scripted(&transport).gifts().walk(Query::all());
    assert_eq!(walk.next().await.unwrap().unwrap_err().kind(), ErrorKind::Connect);
    assert!(queries(&transport).iter().all(|query| query == "take=1000"), "{:?}", queries(&transport));

    // A response whose head is invalid has nothing to do with the number of rows either.
    let transport = ScriptedTransport::new().fail(Phase::Sending, Fault::Protocol);
    let mut walk = scripted(&transport).gifts().walk(Query::all());
    assert_eq!(walk.next().await.unwrap().unwrap_err().kind(), ErrorKind::Protocol);
    assert_eq!(queries(&transport), ["take=1000"]);
}

#[tokio::test]
async fn a_walk_that_skips_notices_rows_that_were_deleted_before_it() {
    // Rows 1 to 6; after the first page, row 1 is deleted, so that all others move up by one.
    let transport = ScriptedTransport::new()
        .json(200, tags([1, 2, 3], 6))
        .json(200, tags([4, 5, 6], 5))
        .json(200, tags([2, 3, 4], 5))
        .json(200, tags([4, 5, 6], 5))
        .json(200, tags([6], 5));
    let client = scripted(&transport);
    let fetch = move |query: &Query, paging| client.gifts().query(query, paging);
    let walk =
        Walk::new(Query::all(), fetch, |gift: &virtuous_client::models::GiftSummary| Some(gift.id)).take(3);
    assert_eq!(ids(walk).await, [1, 2, 3, 4, 5, 6]);
    let asked: Vec<String> = queries(&transport).iter().map(|query| sorted(query)).collect();
    assert_eq!(asked, ["skip=0&take=3", "skip=2&take=4", "skip=0&take=3", "skip=2&take=4", "skip=4&take=4"]);
}

/// A query whose pairs may come in any order.
fn sorted(query: &str) -> String {
    let mut pairs: Vec<&str> = query.split('&').collect();
    pairs.sort_unstable();
    pairs.join("&")
}

#[tokio::test]
async fn a_walk_that_skips_gets_on_row_by_row() {
    let transport = ScriptedTransport::new()
        .json(200, tags([1], 3))
        .json(200, tags([1, 2], 3))
        .json(200, tags([2, 3], 3))
        .json(200, tags([3], 3));
    let client = scripted(&transport);
    let fetch = move |query: &Query, paging| client.gifts().query(query, paging);
    let walk =
        Walk::new(Query::all(), fetch, |gift: &virtuous_client::models::GiftSummary| Some(gift.id)).take(1);
    assert_eq!(ids(walk).await, [1, 2, 3]);
}

#[tokio::test]
async fn a_walk_over_rows_without_an_id_gives_each_once() {
    let row = |name: &str| json!({ "campaignId": 3, "campaignName": name });
    let page = |names: &[&str]| {
        json!({ "list": names.iter().map(|name| row(name)).collect::<Vec<_>>(), "total": 3 }).to_string()
    };
    let transport =
        ScriptedTransport::new().json(200, page(&["a", "b"])).json(200, page(&["c"])).json(200, page(&[]));
    let client = scripted(&transport);
    let fetch = move |query: &Query, paging| client.communications().query(query, paging);
    let mut walk = Walk::new(Query::all(), fetch, |row: &virtuous_client::models::CommunicationQueryRow| {
        row.communication_id
    })
    .take(2);
    let mut names = Vec::new();
    while let Some(row) = walk.next().await {
        names.push(row.unwrap().campaign_name.unwrap());
    }
    assert_eq!(names, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_walk_over_the_same_rows_again_and_again_is_an_error() {
    let transport = (0..4).fold(ScriptedTransport::new(), |script, _| script.json(200, tags([1, 2], 9)));
    let client = scripted(&transport);
    let fetch = move |query: &Query, paging| client.gifts().query(query, paging);
    let mut walk =
        Walk::new(Query::all(), fetch, |gift: &virtuous_client::models::GiftSummary| Some(gift.id)).take(2);
    assert_eq!((walk.next().await.unwrap().unwrap().id, walk.next().await.unwrap().unwrap().id), (1, 2));
    let error = walk.next().await.unwrap().unwrap_err();
    assert!(error.to_string().contains("same rows again"), "{error}");
    assert_eq!(transport.requests().len(), 2);

    // With the overlap, as many rows as requested: without a total, there may be others.
    let rows = r#"[{"id":1},{"id":2},{"id":3}]"#;
    let transport = ScriptedTransport::new().json(200, rows).json(200, rows);
    let client = scripted(&transport);
    let fetch = move |query: &Query, paging| client.gifts().query(query, paging);
    let mut walk =
        Walk::new(Query::all(), fetch, |gift: &virtuous_client::models::GiftSummary| Some(gift.id)).take(2);
    for id in 1..=3 {
        assert_eq!(walk.next().await.unwrap().unwrap().id, id);
    }
    assert_eq!(walk.next().await.unwrap().unwrap_err().kind(), ErrorKind::Paging);
}

#[tokio::test]
async fn streams_over_the_emulator_give_every_contact_once() {
    let emulator = Emulator::builder()
        .virtuous(|settings| {
            settings.contacts = 2_500;
            settings.fail_take_above = Some(400);
            settings.calls_per_hour = 10_000;
        })
        .start()
        .await
        .unwrap();
    let virtuous = emulator.virtuous();
    let retry = RetryPolicy::none();
    let client = Client::builder()
        .api_key(virtuous.api_key())
        .base_url(virtuous.base_url())
        .retry(retry)
        .build()
        .unwrap();
    let query = ContactQuery::from(Query::all().sort_by("Id"));

    let mut paged = Vec::new();
    let mut contacts =
        client.contacts().query(&query, Paging::new().take(300)).pages().prefetch().items(|page| page.list);
    while let Some(contact) = contacts.next().await {
        paged.push(contact.unwrap().id);
    }
    assert_eq!(paged.len(), 2_500);
    assert!(paged.is_sorted());

    let mut walked = Vec::new();
    let mut contacts = client.contacts().walk(query);
    while let Some(contact) = contacts.next().await {
        walked.push(contact.unwrap().id);
    }
    assert_eq!(walked, paged);
    assert_eq!(contacts.total(), Some(2_500));
}

#[tokio::test]
async fn queries_are_held_against_what_the_server_offers() {
    let emulator = Emulator::start().await.unwrap();
    let virtuous = emulator.virtuous();
    let client = Client::builder().api_key(virtuous.api_key()).base_url(virtuous.base_url()).build().unwrap();
    let options = client.contacts().query_options().await.unwrap();
    let good = Query::matching([parameter("Contact Id").greater_than(17)]).sort_by("Id");
    good.check(&options).unwrap();
    let found = client.contacts().query(&ContactQuery::from(good), Paging::new()).await.unwrap();
    assert_eq!(found.list.iter().map(|contact| contact.id).collect::<Vec<_>>(), [18, 19]);

    let bad = Query::matching([parameter("contact id").greater_than(17), parameter("Contact Id").is_true()]);
    let problems = bad.check(&options).unwrap_err();
    assert_eq!(problems.list().len(), 2);
    let error = client.contacts().query(&ContactQuery::from(bad), Paging::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData, "the server agrees");
}

#[tokio::test]
async fn an_empty_list_of_values_and_a_displayed_date_are_not_sent_as_they_are() {
    use virtuous_client::DateTime;
    use virtuous_client::export::{Export, ExportError, Resource};

    let none = Vec::<String>::new;
    let p = || parameter("Contact Id");
    for condition in [p().is_in(none()), p().is_not_in(none()), p().is_any_of(none()), p().is_none_of(none())]
    {
        let transport = ScriptedTransport::new().json(200, r#"{"options":[]}"#);
        let client = scripted(&transport);
        let query = Query::matching([parameter("Batch").is("B-7")]).or_matching([condition]);
        let refused = |error: virtuous_client::Error| {
            assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("values")), "{error}");
            assert!(error.to_string().contains("at least one value"), "{error}");
        };
        refused(client.gifts().query(&query, Paging::new()).await.unwrap_err());
        refused(client.gifts().walk(query.clone()).next().await.unwrap().unwrap_err());
        let contacts = ContactQuery::from(query.clone());
        refused(client.contacts().query(&contacts, Paging::new()).await.unwrap_err());
        refused(client.contacts().walk(contacts).next().await.unwrap().unwrap_err());
        assert!(transport.requests().is_empty());
        let file = std::env::temp_dir().join(format!("virtuous-empty-list-{}", std::process::id()));
        match Export::new(&client, Resource::Pledges).query(query).to_file(&file).await.unwrap_err() {
            ExportError::Api(error) => refused(error),
            other => panic!("{other}"),
        }
        let note = file.with_extension("export");
        let _ = (std::fs::remove_file(&file), std::fs::remove_file(note));
    }

    for query in [Query::matching([]), Query::matching([p().is(1)]).or_matching([])] {
        let transport = ScriptedTransport::new().json(200, r#"{"list":[],"total":0}"#);
        let client = scripted(&transport);
        let error = client.gifts().query(&query, Paging::new()).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("groups")), "{error}");
        assert!(client.gifts().walk(query).next().await.unwrap().is_err());
        assert!(transport.requests().is_empty());
    }

    let date = || DateTime::from("3/27/2022 12:30\u{202f}PM");
    let day = DateTime::from("12/7/2023");
    let condition = parameter("Gift Date").between(&day, date());
    assert_eq!(condition.value.as_deref(), Some("2023-12-07"));
    assert_eq!(condition.secondary_value.as_deref(), Some("2022-03-27T12:30:00"));
    assert_eq!(parameter("Gift Date").is_in([date()]).values.unwrap(), ["2022-03-27T12:30:00"]);
}
