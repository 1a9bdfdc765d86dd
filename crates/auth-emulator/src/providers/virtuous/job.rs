//! One request behind the credential, with everything that carrying it out needs, and what all operations share: ids of
//! the path, bodies read by their tables, lists in their envelope, events for webhooks. `operations.rs` hands it round.

use serde_json::{Value, json};

use super::contacts::model::Contact;
use super::custom;
use super::parameters::Given;
use super::query::{self, Cell, QueryBody, Schema};
use super::record::{Members, Record};
use super::replies::Problem;
use super::settings::Settings;
use super::shape::{self, Member, Wrong};
use super::store::{Event, Store};
use crate::checks::Checks;
use crate::exchange::Call;
use crate::providers::Context;

/// What an operation answers with success.
#[derive(Debug)]
pub(super) enum Answer {
    Json(Value),
    /// 200 without a body.
    Empty,
}

pub(super) type Outcome = Result<Answer, Problem>;

/// A list in the vendor's envelope.
pub(super) fn envelope(list: Vec<Value>, total: usize) -> Answer {
    Answer::Json(json!({ "list": list, "total": total }))
}

/// One request.
pub(super) struct Job<'a> {
    pub call: &'a Call,
    pub given: Given,
    pub settings: &'a Settings,
    pub store: &'a mut Store,
    pub context: &'a Context,
    pub checks: &'a mut Checks,
}

impl Job<'_> {
    /// A number of the path; one that no record has where it is too large.
    pub(super) fn id(&self, name: &str) -> i64 {
        self.call.param(name).parse().unwrap_or(-1)
    }

    /// The body as JSON.
    pub(super) fn body(&mut self) -> Result<Value, Problem> {
        // The vendor's reference labels its two patches so; their bodies are plain lists.
        let patch = self.call.operation.starts_with("patch_")
            && self.call.has_content_type("application/json-patch+json");
        if !patch && !self.call.has_content_type("application/json") {
            return Err(Problem::NotLabelledJson);
        }
        self.checks.pass("content type");
        serde_json::from_slice(&self.call.body).map_err(|_| Problem::NotJson)
    }

    /// The body, read by its table. `parameter` is the name that errors give it.
    pub(super) fn members(&mut self, parameter: &str, table: &[Member]) -> Result<Members, Problem> {
        let body = self.body()?;
        read(&body, parameter, table)
    }

    /// The same for a body that may be left out.
    pub(super) fn optional_members(&mut self, parameter: &str, table: &[Member]) -> Result<Members, Problem> {
        if self.call.body.is_empty() { Ok(Members::new()) } else { self.members(parameter, table) }
    }

    /// The one text of a body, in lower case; empty where it is missing.
    pub(super) fn search(&mut self, name: &str, table: &[Member]) -> Result<String, Problem> {
        let members = self.members("search", table)?;
        Ok(members.get(name).and_then(Value::as_str).unwrap_or_default().to_lowercase())
    }

    /// The query in the body.
    pub(super) fn query(&mut self, schema: &Schema) -> Result<QueryBody, Problem> {
        let body = self.body()?;
        let of_contacts = matches!(self.call.operation, "query_contacts" | "query_full_contacts");
        query::read(&body, schema, of_contacts, self.store, self.call.now)
    }

    /// The contact that a body names.
    pub(super) fn contact_of_body(&self, parameter: &str, given: &Members) -> Result<Contact, Problem> {
        let id = given.get("contactId").and_then(Value::as_i64).unwrap_or_default();
        let found = self.store.contacts.find(id);
        found
            .map(std::borrow::Cow::into_owned)
            .map_err(|_| Problem::field(format!("{parameter}.contactId"), "There is no such contact."))
    }

    /// The body of a replacement, for `replace`: what has to be there is looked for in the record that comes of it.
    pub(super) fn change(&mut self, parameter: &str, table: &[Member]) -> Result<Members, Problem> {
        let body = self.body()?;
        let mut wrong = Wrong::default();
        let members = shape::read_change(&body, table, parameter, &mut wrong);
        wrong.or(members)
    }

    /// Puts what was given in the place of what a record has, in the way of PUT. A missing member is cleared, unless the
    /// settings say that PUT merges. Assumption: a record that then lacks what its table requires is refused.
    pub(super) fn replace(
        &self,
        record: &mut Record,
        mut given: Members,
        parameter: &str,
        table: &'static [Member],
    ) -> Result<(), Problem> {
        let keep = self.settings.put_merges;
        custom::apply(&mut record.custom, given.remove("customFields"), keep);
        record.write(given, shape::read_names(table), keep);
        record.audit.touch(self.call.now);
        let lacking = shape::lacking(&record.members, table);
        let lacking: Vec<_> =
            lacking.map(|name| (format!("{parameter}.{name}"), shape::REQUIRED.to_owned())).collect();
        if lacking.is_empty() { Ok(()) } else { Err(Problem::Invalid(lacking)) }
    }

    /// Sorts rows by their keys, `descending` where that was asked for; ids decide between equals.
    pub(super) fn order<T>(&self, rows: &mut [(Cell, i64, T)]) {
        let descending = self.given.flag("descending");
        for (key, ..) in rows.iter_mut() {
            *key = std::mem::replace(key, Cell::Unknown).sort_key();
        }
        rows.sort_by(|(left, left_id, _), (right, right_id, _)| {
            let order = if descending { right.cmp(left) } else { left.cmp(right) };
            order.then(left_id.cmp(right_id))
        });
    }

    /// Notes something for the webhooks: the switch that asks for it, and the record.
    pub(super) fn event(&mut self, switch: &'static str, model: &'static str, body: Value) {
        self.store.events.push(Event { switch, model, body });
    }
}

/// Reads a value by its table.
pub(super) fn read(value: &Value, parameter: &str, table: &[Member]) -> Result<Members, Problem> {
    let mut wrong = Wrong::default();
    let members = shape::read(value, table, parameter, &mut wrong);
    wrong.or(members)
}

/// A new record from what was given.
pub(super) fn made(id: i64, mut given: Members, job: &Job<'_>) -> Record {
    let custom = given.remove("customFields");
    given.retain(|_, value| !value.is_null());
    let mut record = Record::new(id, given, super::record::Audit::now(job.call.now));
    custom::apply(&mut record.custom, custom, true);
    record
}
