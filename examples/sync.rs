//! Copies the contacts and gifts of Virtuous to a database: all of them in the first run, later those that have changed
//! since the last run. Deletes contacts and gifts that were deleted in Virtuous.
//!
//! ```sh
//! cargo run --example sync            # against the emulator
//! VIRTUOUS_API_KEY=… cargo run --example sync -- virtuous.sqlite
//! ```
//!
//! A run can be interrupted at any time: rows are written in small transactions, writing a row twice has no effect, and
//! only a complete run updates the start date of the next one.

#![allow(clippy::print_stderr, clippy::print_stdout, reason = "the example prints what it copied")]

use auth_client_examples::{Result, is_set};
use auth_emulator::Emulator;
use rusqlite::{Connection, params};
use std::collections::BTreeSet;
use virtuous_client::arguments::Paging;
use virtuous_client::models::{
    Amount, ArchiveContact, Contact, Gift, GiftCreate, GiftDesignationWrite, GiftType,
};
use virtuous_client::query::parameter;
use virtuous_client::{Client, ContactQuery, ErrorKind, Query, UnreadableRow};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS contacts (id INTEGER PRIMARY KEY, name TEXT, json TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS gifts (id INTEGER PRIMARY KEY, contact INTEGER, amount TEXT, json TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS runs (started TEXT NOT NULL);";

/// Page size; the vendor's server is slow at larger pages of complete records.
const PAGE: u64 = 200;

#[tokio::main]
async fn main() -> Result {
    if is_set(&["VIRTUOUS_API_KEY", "VIRTUOUS_USERNAME"]) {
        let path = std::env::args().nth(1).unwrap_or_else(|| "virtuous.sqlite".to_owned());
        let (client, mut database) = (Client::from_env()?, Connection::open(path)?);
        let counts = sync(&client, &mut database).await;
        // Also after an error: a running renewal must not end with the program.
        client.close().await;
        println!("{:?}", counts?);
        return Ok(());
    }
    let emulator = Emulator::start().await?;
    let virtuous = emulator.virtuous();
    let client = Client::builder().api_key(virtuous.api_key()).base_url(virtuous.base_url()).build()?;
    let mut database = Connection::open_in_memory()?;
    println!("First run: {:?}", sync(&client, &mut database).await?);

    let first: i64 = database.query_row("SELECT min(id) FROM gifts", [], |row| row.get(0))?;
    client.gifts().delete(first).await?;
    client.contacts().archive(17, ArchiveContact::new()).await?;
    let projects = client.projects().query(&Query::all(), Paging::new().take(1)).await?.list;
    let project = projects.first().ok_or("there is no project")?.id;
    let part = GiftDesignationWrite::new(project, Amount::from(25));
    let gift = GiftCreate::new(17, GiftType::Cash, "2023-12-07", 25).gift_designations([part]);
    client.gifts().create(gift).await?;
    println!("A gift was created, another one deleted, a contact archived.");
    println!("Second run: {:?}", sync(&client, &mut database).await?);
    Ok(())
}

/// Numbers of rows that a run wrote or deleted.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Counts {
    pub(crate) contacts: usize,
    pub(crate) gifts: usize,
    pub(crate) deleted_contacts: usize,
    pub(crate) deleted_gifts: usize,
}

/// One run.
pub(crate) async fn sync(client: &Client, database: &mut Connection) -> Result<Counts> {
    let mut counts = Counts::default();
    database.execute_batch(SCHEMA)?;
    let started: String = database.query_row("SELECT datetime('now')", [], |row| row.get(0))?;
    // The vendor compares dates only. The two days allow for time zones and clock differences.
    let since = "SELECT date(max(started), '-2 days') FROM runs";
    let since: Option<String> = database.query_row(since, [], |row| row.get(0))?;
    let changed = match since {
        Some(date) => Query::matching([parameter("Last Modified Date").on_or_after(date)]),
        None => Query::all(),
    };

    // Archiving is a change.
    let contacts = ContactQuery::from(changed.clone()).include_archived(true);
    let mut contacts = client.contacts().walk_full(contacts).take(PAGE).on_unreadable(left_out);
    let mut rows = Vec::new();
    while let Some(contact) = contacts.next().await {
        rows.push(contact?);
        counts.contacts += 1;
        if rows.len() >= 100 {
            save_contacts(database, &mut rows)?;
        }
    }
    save_contacts(database, &mut rows)?;

    let mut gifts = client.gifts().walk_full(changed).take(PAGE).on_unreadable(left_out);
    let mut rows = Vec::new();
    while let Some(gift) = gifts.next().await {
        rows.push(gift?);
        counts.gifts += 1;
        if rows.len() >= 100 {
            save_gifts(database, &mut rows)?;
        }
    }
    save_gifts(database, &mut rows)?;
    (counts.deleted_contacts, counts.deleted_gifts) = delete_missing(client, database).await?;
    database.execute("INSERT INTO runs (started) VALUES (?1)", [started])?;
    Ok(counts)
}

/// A row that can't be decoded must not stop all later runs.
fn left_out(row: &UnreadableRow) {
    eprintln!("left out: {row}");
}

fn save_contacts(database: &mut Connection, rows: &mut Vec<Contact>) -> Result {
    let transaction = database.transaction()?;
    for contact in rows.drain(..) {
        let json = serde_json::to_string(&contact)?;
        transaction.execute(
            "INSERT OR REPLACE INTO contacts (id, name, json) VALUES (?1, ?2, ?3)",
            params![contact.id, contact.name, json],
        )?;
    }
    Ok(transaction.commit()?)
}

fn save_gifts(database: &mut Connection, rows: &mut Vec<Gift>) -> Result {
    let transaction = database.transaction()?;
    for gift in rows.drain(..) {
        let json = serde_json::to_string(&gift)?;
        transaction.execute(
            "INSERT OR REPLACE INTO gifts (id, contact, amount, json) VALUES (?1, ?2, ?3, ?4)",
            params![gift.id, gift.contact_id, gift.amount.map(|amount| amount.to_string()), json],
        )?;
    }
    Ok(transaction.commit()?)
}

/// Deletes rows that were deleted in Virtuous, in its user interface too. The API doesn't list deletions, so this compares
/// the ids in Virtuous and in the database, and requests each missing record before deleting its row. It takes one call
/// per 1,000 records; run it once a day, and receive `GiftDelete` webhooks in the meantime.
async fn delete_missing(client: &Client, database: &mut Connection) -> Result<(usize, usize)> {
    let (mut contacts, mut gifts) = (0, 0);
    let mut missing = ids(database, "SELECT id FROM contacts")?;
    let all = ContactQuery::all().include_archived(true);
    let mut listed = client.contacts().walk(all).on_unreadable(left_out);
    while let Some(contact) = listed.next().await {
        missing.remove(&contact?.id);
    }
    for id in missing {
        if is_deleted(client.contacts().get(id).await)? {
            contacts += database.execute("DELETE FROM contacts WHERE id = ?1", [id])?;
        }
    }
    let mut missing = ids(database, "SELECT id FROM gifts")?;
    let mut listed = client.gifts().walk(Query::all()).on_unreadable(left_out);
    while let Some(gift) = listed.next().await {
        missing.remove(&gift?.id);
    }
    for id in missing {
        if is_deleted(client.gifts().get(id).await)? {
            gifts += database.execute("DELETE FROM gifts WHERE id = ?1", [id])?;
        }
    }
    Ok((contacts, gifts))
}

fn ids(database: &Connection, select: &str) -> Result<BTreeSet<i64>> {
    let mut statement = database.prepare(select)?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// Whether a record doesn't exist. A list may miss one that does, or contain it in a form that can't be decoded.
fn is_deleted<T>(record: std::result::Result<T, virtuous_client::Error>) -> Result<bool> {
    match record {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) if error.kind() != ErrorKind::Decode => Err(error.into()),
        _ => Ok(false),
    }
}
