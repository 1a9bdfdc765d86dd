//! The context of one operation, and the parts that all operations share: ids in the path, parsing bodies, lists in their
//! envelope, events for webhooks.

use serde_json::Value;

use crate::framework::checks::Checks;
use crate::framework::exchange::Call;
use crate::framework::provider::Context;
use crate::providers::virtuous::base::fields::{self, Field};
use crate::providers::virtuous::base::parameters::Parameters;
use crate::providers::virtuous::base::record::{JsonFields, Record};
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::base::settings::Settings;
use crate::providers::virtuous::base::violations::Violations;
use crate::providers::virtuous::base::{custom, form, json, organization};
use crate::providers::virtuous::data::contact::Contact;
use crate::providers::virtuous::data::store::Store;
use crate::providers::virtuous::query::{self, Cell, QueryBody, Schema};

/// The maximum number of changes that are remembered.
const MAX_ACTIVITY: usize = 200;

/// The response of a successful operation.
#[derive(Debug)]
pub(crate) enum Output {
    Json(Value),
    /// 200 without a body.
    Empty,
    /// 202 without a body.
    Accepted,
}

pub(crate) type Outcome = Result<Output, Problem>;

/// A list in the vendor's envelope.
pub(crate) fn envelope(list: Vec<Value>, total: usize) -> Output {
    Output::Json(serde_json::json!({ "list": list, "total": total }))
}

/// The context of one operation.
pub(crate) struct Job<'a> {
    pub call: &'a Call,
    pub parameters: Parameters,
    pub settings: &'a Settings,
    pub store: &'a mut Store,
    pub context: &'a Context,
    pub checks: &'a mut Checks,
}

impl<'a> Job<'a> {
    /// A numeric path parameter; -1, which no record has, if it is too large.
    pub(crate) fn id(&self, name: &str) -> i64 {
        self.call.param(name).parse().unwrap_or(-1)
    }

    /// The body, as JSON or as a form. `parameter` is the name of the whole in errors.
    pub(crate) fn body(&mut self, parameter: &str) -> Result<Value, Problem> {
        let is = |kind: &str| self.call.has_content_type(kind);
        let form = is("application/x-www-form-urlencoded");
        // The vendor's two patches have this content type, but their bodies are plain lists.
        let patch = self.call.operation.ends_with(".patch") && is("application/json-patch+json");
        let body = &self.call.body;
        if !form && !patch && !is("application/json") && !is("text/json") {
            let given = self.call.header_once("content-type").ok();
            let media_type =
                given.and_then(|given| given.split(';').next()).map(|kind| kind.trim().to_owned());
            // Without a body, there is nothing whose type could be wrong.
            return Err(if body.is_empty() { Problem::NoBody } else { Problem::MediaType(media_type) });
        }
        self.checks.pass("content type");
        if body.trim_ascii().is_empty() {
            return Err(Problem::NoBody);
        }
        match if form { form::object(body).ok() } else { json::parse(body) } {
            Some(Value::Null) => Err(Problem::NoBody),
            Some(value) => Ok(value),
            None => Err(Problem::field(parameter, "An error has occurred.")),
        }
    }

    /// Parses the body by its schema. `parameter` is the prefix of field names in errors.
    pub(crate) fn fields(&mut self, parameter: &str, table: &[Field]) -> Result<JsonFields, Problem> {
        let body = self.body(parameter)?;
        self.read(&body, parameter, table)
    }

    /// Parses a value by its schema.
    pub(crate) fn read(
        &self,
        value: &Value,
        parameter: &str,
        table: &[Field],
    ) -> Result<JsonFields, Problem> {
        let mut violations = Violations::of(self.settings);
        let fields = fields::read(value, table, parameter, &mut violations);
        violations.or(fields)
    }

    /// Like `fields`, for an optional body.
    pub(crate) fn optional_fields(
        &mut self,
        parameter: &str,
        table: &[Field],
    ) -> Result<JsonFields, Problem> {
        if self.call.body.is_empty() { Ok(JsonFields::new()) } else { self.fields(parameter, table) }
    }

    /// The string to search for, in lower case. Without one, nothing is found, as recorded.
    pub(crate) fn search(&mut self, name: &str, table: &[Field]) -> Result<String, Problem> {
        const NOWHERE: &str = "\0";
        let fields = match self.fields("search", table) {
            Err(Problem::NoBody) => JsonFields::new(),
            fields => fields?,
        };
        let search = fields.get(name).and_then(Value::as_str);
        Ok(search.unwrap_or(NOWHERE).to_lowercase())
    }

    /// Parses the query in the body.
    pub(crate) fn query(&mut self, schema: &Schema) -> Result<QueryBody<'a>, Problem> {
        let body = self.body("query")?;
        query::parse(&body, schema, self.call.operation, self.settings, self.store, self.call.now)
    }

    /// The contact that the body refers to.
    pub(crate) fn contact_of_body(&self, parameter: &str, given: &JsonFields) -> Result<Contact, Problem> {
        let id = given.get("contactId").and_then(Value::as_i64).unwrap_or_default();
        let found = self.store.contacts.find(id);
        found
            .map(std::borrow::Cow::into_owned)
            .map_err(|_| Problem::field(format!("{parameter}.contactId"), "There is no such contact."))
    }

    /// Parses the body of an update, for `replace`, which checks the required fields.
    pub(crate) fn change(&mut self, parameter: &str, table: &[Field]) -> Result<JsonFields, Problem> {
        let body = self.body(parameter)?;
        let mut violations = Violations::of(self.settings);
        let fields = fields::read_update(&body, table, parameter, &mut violations);
        violations.or(fields)
    }

    /// Replaces the fields of a record, like PUT. Missing ones are deleted, unless the settings say that PUT merges. Assumption
    /// (put-required): the result must have all required fields.
    pub(crate) fn replace(
        &self,
        record: &mut Record,
        mut given: JsonFields,
        parameter: &str,
        table: &'static [Field],
    ) -> Result<(), Problem> {
        let keep = self.settings.put_merges;
        custom::apply(&mut record.custom, given.remove("customFields"), keep);
        organization::apply(&mut record.collections, given.remove("customCollections"), keep);
        record.write(given, fields::read_names(table), keep);
        record.audit.touch(self.store.now);
        let missing_fields = fields::missing_fields(&record.fields, table);
        let missing_fields: Vec<_> =
            missing_fields.map(|(name, words)| (format!("{parameter}.{name}"), words.to_owned())).collect();
        if missing_fields.is_empty() { Ok(()) } else { Err(Problem::Invalid(missing_fields)) }
    }

    /// Sorts rows by key, `descending` if requested; rows with equal keys by id.
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

    /// Notes an event for webhooks: the switch of subscriptions that receive it, and the record.
    pub(crate) fn event(&mut self, switch: &'static str, model: &'static str, body: Value) {
        let activity = match switch {
            "contactCreate" => "The contact was created.",
            "contactUpdate" => "The contact was changed.",
            "giftCreate" => "A gift was given.",
            "contactNoteCreate" => "A note was added.",
            _ => "",
        };
        let contact = body.get(if model == "contact" { "id" } else { "contactId" }).and_then(Value::as_i64);
        if let Some(contact) = contact.filter(|_| !activity.is_empty()) {
            self.store.activity.push_back((contact, activity.into()));
            if self.store.activity.len() > MAX_ACTIVITY {
                self.store.activity.pop_front();
            }
        }
        self.store.note(switch, model, body);
    }
}

/// Creates a record from parsed fields.
pub(crate) fn new_record(id: i64, mut given: JsonFields, job: &Job<'_>) -> Record {
    let custom = given.remove("customFields");
    let collections = given.remove("customCollections");
    given.retain(|_, value| !value.is_null());
    let mut record =
        Record::new(id, given, crate::providers::virtuous::base::record::Audit::at(job.store.now));
    custom::apply(&mut record.custom, custom, true);
    organization::apply(&mut record.collections, collections, true);
    job.context.effect("record_created");
    record
}
