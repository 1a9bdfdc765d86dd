//! Notes on contacts. Writes have `private` and `noteDateTime`, reads `isPrivate` and `noteDate`.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::providers::virtuous::base::custom::{self, RecordKind};
use crate::providers::virtuous::base::dates;
use crate::providers::virtuous::base::fields::{Field, flag, int, one_of, text, time};
use crate::providers::virtuous::base::record::{JsonFields, Record, USER};
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::data::job::{Job, Outcome, Output, envelope, new_record};
use crate::providers::virtuous::query::{self as queries, Cell, Schema, Type, Values, cell_of, parameter};

/// As recorded, and `Meeting`, which the vendor's page has.
const TYPES: &[&str] = &[
    "General",
    "Call",
    "Text Message",
    "Letter",
    "Direct Mail",
    "Social Media",
    "Email",
    "In Person",
    "Event",
    "Alert",
    "Thank You",
    "Meeting",
];

const CREATE: &[Field] = &[
    int("contactId").required(),
    one_of("type", TYPES).required(),
    text("note").required(),
    time("noteDateTime"),
    flag("important"),
    flag("private").read_as("isPrivate"),
    int("timeSpent"),
    text("binaryPath"),
];
/// All fields except the contact.
const UPDATE: &[Field] = CREATE.split_at(1).1;

pub(crate) static NOTES: Schema = Schema {
    parameters: &[
        parameter("Id", Type::Int, "id"),
        parameter("Contact Id", Type::Int, "contactId"),
        parameter("Note Type", Type::List, "type").among(Values::Fixed(TYPES)),
        parameter("Note", Type::String, "note"),
        parameter("Note Date", Type::Date, "noteDateTime"),
        parameter("Important", Type::Boolean, "important"),
        parameter("Is Private", Type::Boolean, "isPrivate"),
        parameter("Create DateTime UTC", Type::Date, "created"),
        parameter("Last Modified Date", Type::Date, "modified"),
    ],
    shared: &[],
    sorts: &[],
    custom: Some(RecordKind::ContactNote),
};

pub(crate) fn execute(job: &mut Job<'_>) -> Option<Outcome> {
    Some(match job.call.operation {
        "contact_notes.by_contact" => by_contact(job, false),
        "contact_notes.important_by_contact" => by_contact(job, true),
        "contact_notes.get" => job.store.notes.find(job.id("noteId")).map(|note| Output::Json(shown(&note))),
        "contact_notes.create" => create(job),
        "contact_notes.update" => update(job),
        "contact_notes.delete" => delete(job),
        "contact_notes.query_options" => Ok(Output::Json(queries::options(&NOTES, job.store))),
        "contact_notes.query" => query(job),
        "contact_notes.types" => Ok(Output::Json(types())),
        "contact_notes.custom_fields" => {
            Ok(Output::Json(custom::listed(job.store.custom(RecordKind::ContactNote))))
        }
        _ => return None,
    })
}

/// A map of labels; other `Types` are lists.
fn types() -> Value {
    // Only the first letter is small: `text Message`.
    let key =
        |name: &str| name.chars().take(1).flat_map(char::to_lowercase).chain(name.chars().skip(1)).collect();
    TYPES.iter().map(|name| (key(name), json!(name))).collect::<serde_json::Map<_, _>>().into()
}

fn shown(note: &Record) -> Value {
    let mut shown = note.audited(&["contactId", "type", "note", "binaryPath"], &["important", "isPrivate"]);
    let date = dates::parse_day(note.text("noteDateTime")).map(dates::display);
    shown.insert("noteDate".to_owned(), json!(date));
    // A recording has these two in place of the documented fields of the audit.
    let created = dates::parse_day(&note.audit.created).map(dates::display);
    shown.insert("createdDate".to_owned(), json!(created));
    shown.insert("createdBy".to_owned(), json!(USER));
    shown.insert("createdByAvatarUrl".to_owned(), Value::Null);
    shown.insert("reminder".to_owned(), Value::Null);
    Value::Object(shown)
}

fn by_contact(job: &mut Job<'_>, important: bool) -> Outcome {
    let contact = job.id("contactId");
    job.store.contacts.find(contact)?;
    let fits =
        |note: &&Record| note.int("contactId") == Some(contact) && (!important || note.flag("important"));
    let key = |note: &Record| match job.parameters.text("sortBy").map(str::to_ascii_lowercase).as_deref() {
        Some("notedate") => Cell::date(note.text("noteDateTime")),
        Some("createddatetime") => Cell::date(&note.audit.created),
        _ => Cell::Number(note.id),
    };
    let mut rows: Vec<_> =
        job.store.notes.stored().filter(fits).map(|note| (key(note), note.id, shown(note))).collect();
    job.order(&mut rows);
    let total = rows.len();
    Ok(envelope(job.parameters.page.of(rows.into_iter().map(|(_, _, shown)| shown)), total))
}

fn create(job: &mut Job<'_>) -> Outcome {
    let given = job.fields("note", CREATE)?;
    add_parsed(job, given)
}

/// Adds a note with these fields, by their names in writes.
pub(crate) fn add(job: &mut Job<'_>, fields: Value) -> Outcome {
    let given = job.read(&fields, "note", CREATE)?;
    add_parsed(job, given)
}

fn add_parsed(job: &mut Job<'_>, given: JsonFields) -> Outcome {
    job.contact_of_body("note", &given)?;
    let id = job.store.notes.next_id();
    let mut note = new_record(id, given, job);
    if note.text("noteDateTime").is_empty() {
        note.set("noteDateTime", dates::audit(job.store.now));
    }
    save(job, note, "contactNoteCreate")
}

fn save(job: &mut Job<'_>, note: Record, switch: &'static str) -> Outcome {
    let response = shown(&note);
    job.store.notes.put(note.id, note)?;
    job.event(switch, "contactNote", response.clone());
    Ok(Output::Json(response))
}

fn update(job: &mut Job<'_>) -> Outcome {
    let mut note = job.store.notes.find(job.id("noteId")).map(Cow::into_owned)?;
    let given = job.change("note", UPDATE)?;
    job.replace(&mut note, given, "note", UPDATE)?;
    save(job, note, "contactNoteUpdate")
}

fn delete(job: &mut Job<'_>) -> Outcome {
    let note = job.store.notes.remove(job.id("noteId"))?;
    job.event("contactNoteDelete", "contactNote", shown(&note));
    Ok(Output::Empty)
}

fn query(job: &mut Job<'_>) -> Outcome {
    let query = job.query(&NOTES)?;
    let rows = job.store.notes.stored().map(|note| (note.id, note));
    let (ids, total) = query.plan.run(rows, job.parameters.page, |_, note, source| cell_of(note, source));
    let found: Result<Vec<Value>, Problem> =
        ids.iter().map(|id| job.store.notes.find(*id).map(|note| shown(&note))).collect();
    Ok(envelope(found?, total))
}
