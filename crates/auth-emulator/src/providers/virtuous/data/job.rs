//! One request behind the credential, with everything that carrying it out needs, and what all operations share: ids of
//! the path, bodies read by their tables, lists in their envelope, events for webhooks. `operations.rs` hands it round.

use serde_json::{Value, json};

use crate::framework::checks::Checks;
use crate::framework::exchange::Call;
use crate::framework::provider::Context;
use crate::providers::virtuous::base::custom;
use crate::providers::virtuous::base::fields::{self, Field};
use crate::providers::virtuous::base::parameters::Parameters;
use crate::providers::virtuous::base::record::{JsonFields, Record};
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::base::settings::Settings;
use crate::providers::virtuous::base::violations::{REQUIRED, Violations};
use crate::providers::virtuous::data::contact::Contact;
use crate::providers::virtuous::data::store::{Event, Store};
use crate::providers::virtuous::query::{self, Cell, QueryBody, Schema};

/// What an operation answers with success.
#[derive(Debug)]
pub(crate) enum Output {
    Json(Value),
    /// 200 without a body.
    Empty,
}

pub(crate) type Outcome = Result<Output, Problem>;

/// A list in the vendor's envelope.
pub(crate) fn envelope(list: Vec<Value>, total: usize) -> Output {
    Output::Json(json!({ "list": list, "total": total }))
}

/// One request.
pub(crate) struct Job<'a> {
    pub call: &'a Call,
    pub parameters: Parameters,
    pub settings: &'a Settings,
    pub store: &'a mut Store,
    pub context: &'a Context,
    pub checks: &'a mut Checks,
}

impl Job<'_> {
    /// A number of the path; one that no record has where it is too large.
    pub(crate) fn id(&self, name: &str) -> i64 {
        self.call.param(name).parse().unwrap_or(-1)
    }

    /// The body as JSON.
    pub(crate) fn body(&mut self) -> Result<Value, Problem> {
        // The vendor's reference labels its two patches so; their bodies are plain lists.
        let patch = self.call.operation.starts_with("patch_")
            && self.call.has_content_type("application/json-patch+json");
        if !patch && !self.call.has_content_type("application/json") {
            return Err(Problem::ContentType);
        }
        self.checks.pass("content type");
        serde_json::from_slice(&self.call.body).map_err(|_| Problem::NotJson)
    }

    /// The body, read by its table. `parameter` is the name that errors give it.
    pub(crate) fn fields(&mut self, parameter: &str, table: &[Field]) -> Result<JsonFields, Problem> {
        let body = self.body()?;
        read(&body, parameter, table)
    }

    /// The same for a body that may be left out.
    pub(crate) fn optional_fields(
        &mut self,
        parameter: &str,
        table: &[Field],
    ) -> Result<JsonFields, Problem> {
        if self.call.body.is_empty() { Ok(JsonFields::new()) } else { self.fields(parameter, table) }
    }

    /// The one text of a body, in lower case; empty where it is missing.
    pub(crate) fn search(&mut self, name: &str, table: &[Field]) -> Result<String, Problem> {
        let fields = self.fields("search", table)?;
        Ok(fields.get(name).and_then(Value::as_str).unwrap_or_default().to_lowercase())
    }

    /// The query in the body.
    pub(crate) fn query(&mut self, schema: &Schema) -> Result<QueryBody, Problem> {
        let body = self.body()?;
        let of_contacts = matches!(self.call.operation, "query_contacts" | "query_full_contacts");
        query::parse(&body, schema, of_contacts, self.store, self.call.now)
    }

    /// The contact that a body names.
    pub(crate) fn contact_of_body(&self, parameter: &str, given: &JsonFields) -> Result<Contact, Problem> {
        let id = given.get("contactId").and_then(Value::as_i64).unwrap_or_default();
        let found = self.store.contacts.find(id);
        found
            .map(std::borrow::Cow::into_owned)
            .map_err(|_| Problem::field(format!("{parameter}.contactId"), "There is no such contact."))
    }

    /// The body of a replacement, for `replace`: what has to be there is looked for in the record that comes of it.
    pub(crate) fn change(&mut self, parameter: &str, table: &[Field]) -> Result<JsonFields, Problem> {
        let body = self.body()?;
        let mut violations = Violations::default();
        let fields = fields::read_update(&body, table, parameter, &mut violations);
        violations.or(fields)
    }

    /// Puts what was given in the place of what a record has, in the way of PUT. A missing member is cleared, unless the
    /// settings say that PUT merges. Assumption: a record that then lacks what its table requires is refused.
    pub(crate) fn replace(
        &self,
        record: &mut Record,
        mut given: JsonFields,
        parameter: &str,
        table: &'static [Field],
    ) -> Result<(), Problem> {
        let keep = self.settings.put_merges;
        custom::apply(&mut record.custom, given.remove("customFields"), keep);
        record.write(given, fields::read_names(table), keep);
        record.audit.touch(self.call.now);
        let missing_fields = fields::missing_fields(&record.fields, table);
        let missing_fields: Vec<_> =
            missing_fields.map(|name| (format!("{parameter}.{name}"), REQUIRED.to_owned())).collect();
        if missing_fields.is_empty() { Ok(()) } else { Err(Problem::Invalid(missing_fields)) }
    }

    /// Sorts rows by their keys, `descending` where that was asked for; ids decide between equals.
    pub(crate) fn order<T>(&self, rows: &mut [(Cell, i64, T)]) {
        let descending = self.parameters.flag("descending");
        for (key, ..) in rows.iter_mut() {
            *key = std::mem::replace(key, Cell::Unknown).sort_key();
        }
        rows.sort_by(|(left, left_id, _), (right, right_id, _)| {
            let order = if descending { right.cmp(left) } else { left.cmp(right) };
            order.then(left_id.cmp(right_id))
        });
    }

    /// Notes something for the webhooks: the switch that asks for it, and the record.
    pub(crate) fn event(&mut self, switch: &'static str, model: &'static str, body: Value) {
        self.store.events.push(Event { switch, model, body });
    }
}

/// Reads a value by its table.
pub(crate) fn read(value: &Value, parameter: &str, table: &[Field]) -> Result<JsonFields, Problem> {
    let mut violations = Violations::default();
    let fields = fields::read(value, table, parameter, &mut violations);
    violations.or(fields)
}

/// A new record from what was given.
pub(crate) fn new_record(id: i64, mut given: JsonFields, job: &Job<'_>) -> Record {
    let custom = given.remove("customFields");
    given.retain(|_, value| !value.is_null());
    let mut record =
        Record::new(id, given, crate::providers::virtuous::base::record::Audit::now(job.call.now));
    custom::apply(&mut record.custom, custom, true);
    record
}
