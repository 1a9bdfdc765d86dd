//! Campaigns, their communications, and segments of communications. Only seed files create campaigns.
//!
//! Assumption (types): the types of a communication must be among those that two operations list.

use serde_json::{Value, json};

use crate::providers::virtuous::base::fields::{Field, int, number, one_of, text, time};
use crate::providers::virtuous::base::operation::Operation;
use crate::providers::virtuous::base::record::{JsonFields, Record, USER};
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::base::table::Table;
use crate::providers::virtuous::data::job::{Job, Outcome, Output, envelope, new_record};
use crate::providers::virtuous::data::store::Store;
use crate::providers::virtuous::query::{self, Cell, Schema, Source, Type, Values, cell_of, parameter};

const CHANNELS: &[&str] = &["Direct Mail", "Email", "Phone", "Social Media", "Event", "Web", "Other"];
const KINDS: &[&str] = &["Appeal", "Newsletter", "Receipt", "Thank You", "Other"];
const STEPS: [&str; 3] = ["Planning", "In Progress", "Completed"];

/// As recorded.
static CAMPAIGNS: Schema = Schema {
    parameters: &[
        parameter("Campaign Id", Type::Int, "id"),
        parameter("Name", Type::String, "name"),
        parameter("Description", Type::String, "description").known(),
        parameter("Create Date", Type::Date, "created"),
        parameter("Last Modified Date", Type::Date, "modified"),
        parameter("Start Date", Type::Date, "startDateTimeUtc"),
        parameter("End Date", Type::Date, "endDateTimeUtc"),
        parameter("Giving Goal", Type::Decimal, "givingGoal"),
        parameter("New Giver Goal", Type::Int, "newGiverGoal"),
        parameter("Total Gift Goal", Type::Int, "totalGiftGoal"),
        parameter("Communication Name", Type::String, "communication:name"),
        parameter("Communication Channel", Type::String, "communication:channelType"),
        parameter("Segment Name", Type::Lookup, "segment:name").among(Values::Segments),
        parameter("Segment Code", Type::Lookup, "segment:code"),
    ],
    shared: &[],
    sorts: &[],
    custom: None,
};

static COMMUNICATIONS: Schema = Schema {
    parameters: &[
        parameter("Id", Type::Int, "id"),
        parameter("Name", Type::String, "name"),
        parameter("Campaign Id", Type::Int, "campaignId"),
        parameter("Campaign", Type::Lookup, "campaignName").among(Values::Campaigns),
        parameter("Channel Type", Type::List, "channelType").among(Values::Fixed(CHANNELS)),
        parameter("Communication Type", Type::List, "communicationType").among(Values::Fixed(KINDS)),
        parameter("Start Date", Type::Date, "startDateTimeUtc"),
        parameter("Create DateTime UTC", Type::Date, "created"),
        parameter("Last Modified Date", Type::Date, "modified"),
    ],
    shared: &[],
    sorts: &[],
    custom: None,
};

const COMMUNICATION: &[Field] = &[
    text("name").required(),
    int("campaignId").required(),
    one_of("channelType", CHANNELS),
    one_of("communicationType", KINDS),
    text("communicationStep"),
    time("startDateTime").read_as("startDateTimeUtc"),
    int("ownerId"),
    number("givingGoal"),
    number("newGiverGoal"),
    number("internalCostEstimate"),
    number("vendorCostEstimate"),
    int("networkReach"),
];
const SEGMENT_CREATE: &[Field] = &[
    int("communicationId").required(),
    text("name").required(),
    text("code").required(),
    text("description"),
    int("totalContacts"),
    int("contactQueryId"),
    number("costPerContact"),
    text("packageCode"),
    text("packageDescription"),
    int("receiptSegmentId"),
    int("segmentOrganizerId"),
];
/// All fields except the communication.
const SEGMENT_UPDATE: &[Field] = SEGMENT_CREATE.split_at(1).1;
const SEARCH: &[Field] = &[text("search")];

/// Executes an operation on campaigns, communications or segments. `None`: another kind of operation.
pub(crate) fn execute(job: &mut Job<'_>) -> Option<Outcome> {
    let store = &*job.store;
    Some(match job.call.operation {
        "campaigns.get" => store.campaigns.find(job.id("campaignId")).map(|one| Output::Json(campaign(&one))),
        "campaigns.create" => create_campaign(job),
        "campaigns.steps" => store.campaigns.find(job.id("campaignId")).map(|_| Output::Json(json!(STEPS))),
        "campaigns.query_options" => Ok(Output::Json(query::options(&CAMPAIGNS, store))),
        "campaigns.query" => query_campaigns(job),
        "communications.by_campaign" => by_campaign(job),
        "communications.get" => store
            .communications
            .find(job.id("communicationId"))
            .map(|one| Output::Json(communication(&one, store))),
        "communications.channel_types" => Ok(Output::Json(json!(CHANNELS))),
        "communications.types" => Ok(Output::Json(json!(KINDS))),
        "communications.create" => create_communication(job),
        "communications.query_options" => Ok(Output::Json(query::options(&COMMUNICATIONS, store))),
        "communications.query" => query_communications(job),
        "segments.by_contact" => segments_by_contact(job),
        "segments.get" => {
            store.segments.find(job.id("segmentId")).map(|one| Output::Json(segment(&one, store)))
        }
        "segments.by_code" => segment_by_code(job),
        "segments.search" => search_segments(job),
        "segments.create" => create_segment(job),
        "segments.update" => update_segment(job),
        _ => return None,
    })
}

/// Renames the key of a record.
fn renamed(mut shown: JsonFields, key: &str) -> JsonFields {
    if let Some(id) = shown.remove("id") {
        shown.insert(key.to_owned(), id);
    }
    shown
}

fn campaign(campaign: &Record) -> Value {
    let values =
        ["name", "startDateTimeUtc", "endDateTimeUtc", "givingGoal", "newGiverGoal", "totalGiftGoal"];
    let mut shown = renamed(campaign.audited(&values, &[]), "campaignId");
    shown.insert("isArchived".to_owned(), json!(campaign.archived));
    Value::Object(shown)
}

/// The name of a record in another table.
fn name_of(table: &Table<Record>, id: Option<i64>) -> Option<String> {
    id.and_then(|id| table.get(id)).map(|record| record.text("name").to_owned())
}

fn of_communication(communication: &Record, store: &Store) -> JsonFields {
    let values = ["campaignId", "channelType", "communicationType", "givingGoal", "projectId"];
    let mut shown = communication.shown(&values, &[]);
    shown.remove("id");
    if let Some(goal @ Value::Null) = shown.get_mut("givingGoal") {
        *goal = json!(0.0);
    }
    let campaign = name_of(&store.campaigns, communication.int("campaignId"));
    let project = communication.int("projectId").and_then(|id| store.projects.get(id));
    shown.insert("campaignName".to_owned(), json!(campaign));
    let code = project.as_ref().map(|project| project.text("projectCode"));
    shown.insert("projectCode".to_owned(), json!(code));
    let name = project.as_ref().map(|project| project.text("name"));
    shown.insert("projectName".to_owned(), json!(name));
    shown
}

/// The start of a communication; without one, the first date of the vendor's platform, as recorded.
fn start(communication: &Record) -> Value {
    communication.fields.get("startDateTimeUtc").cloned().unwrap_or_else(|| json!("0001-01-01T00:00:00"))
}

fn communication(communication: &Record, store: &Store) -> Value {
    let mut shown = of_communication(communication, store);
    shown.insert("communicationId".to_owned(), json!(communication.id));
    shown.insert("name".to_owned(), json!(communication.text("name")));
    shown.insert("startDateTimeUtc".to_owned(), start(communication));
    communication.audit.write(&mut shown);
    // Its name in recordings.
    if let Some(modified) = shown.remove("modifiedDateTimeUtc") {
        shown.insert("lastModifiedDateTimeUtc".to_owned(), modified);
    }
    Value::Object(shown)
}

/// A row of a query, which has other field names than a read, and no id.
fn communication_row(communication: &Record, store: &Store) -> Value {
    let mut shown = of_communication(communication, store);
    shown.insert("startdateTimeUtc".to_owned(), start(communication));
    shown.insert("createdDateTimeUtc".to_owned(), json!(communication.audit.created));
    shown.insert("createdByUser".to_owned(), json!(USER));
    shown.insert("lastModifiedDateTimeUtc".to_owned(), json!(communication.audit.modified));
    shown.insert("modifiedByUser".to_owned(), json!(USER));
    Value::Object(shown)
}

/// A value of a campaign, of its communications, or of their segments.
fn campaign_cell(campaign: &Record, source: Source<'_>, store: &Store) -> Cell {
    let Some((of, field)) = source.field.split_once(':') else { return cell_of(campaign, source) };
    let rows = |table: &Table<Record>, parent: &str, ids: &[i64]| -> Vec<Record> {
        let rows = table.rows().map(|(_, row)| table.materialize(&row).into_owned());
        rows.filter(|one| one.int(parent).is_some_and(|id| ids.contains(&id))).collect()
    };
    let mut found = rows(&store.communications, "campaignId", &[campaign.id]);
    if of == "segment" {
        let ids: Vec<i64> = found.iter().map(|one| one.id).collect();
        found = rows(&store.segments, "communicationId", &ids);
    }
    Cell::strings(found.iter().map(|one| one.text(field).to_owned()).collect())
}

fn query_campaigns(job: &mut Job<'_>) -> Outcome {
    let query = job.query(&CAMPAIGNS)?;
    let table = &job.store.campaigns;
    let rows = table.rows().map(|(id, row)| (id, table.materialize(&row)));
    let cell = |_, one: &std::borrow::Cow<'_, Record>, source| campaign_cell(one, source, job.store);
    let (ids, total) = query.plan.run(rows, job.parameters.page, cell);
    let found: Result<Vec<Value>, Problem> =
        ids.iter().map(|id| table.find(*id).map(|one| campaign(&one))).collect();
    Ok(envelope(found?, total))
}

fn query_communications(job: &mut Job<'_>) -> Outcome {
    let query = job.query(&COMMUNICATIONS)?;
    let store = &*job.store;
    let table = &store.communications;
    let rows = table.rows().map(|(id, row)| (id, table.materialize(&row)));
    let (ids, total) = query.plan.run(rows, job.parameters.page, |_, one, source| match source.field {
        "campaignName" => {
            let name = name_of(&store.campaigns, one.int("campaignId"));
            Cell::text(&name.unwrap_or_default())
        }
        _ => cell_of(one, source),
    });
    let found: Result<Vec<Value>, Problem> =
        ids.iter().map(|id| table.find(*id).map(|one| communication_row(&one, store))).collect();
    Ok(envelope(found?, total))
}

fn by_campaign(job: &mut Job<'_>) -> Outcome {
    let campaign = job.id("campaignId");
    let store = &*job.store;
    store.campaigns.find(campaign)?;
    let filter = job.parameters.text("filter").unwrap_or_default().to_lowercase();
    let sort = job.parameters.text("sortBy").map(str::to_ascii_lowercase);
    let table = &store.communications;
    let mut rows: Vec<(Cell, i64, Value)> = table
        .rows()
        .map(|(_, row)| table.materialize(&row))
        .filter(|one| one.int("campaignId") == Some(campaign))
        .filter(|one| one.text("name").to_lowercase().contains(&filter))
        .map(|one| {
            let key = match sort.as_deref() {
                Some("name") => Cell::text(&one.text("name").to_lowercase()),
                Some("createddatetime") => Cell::date(&one.audit.created),
                _ => Cell::Number(one.id),
            };
            (key, one.id, communication(&one, store))
        })
        .collect();
    job.order(&mut rows);
    let total = rows.len();
    Ok(envelope(job.parameters.page.of(rows.into_iter().map(|(_, _, shown)| shown)), total))
}

fn create_communication(job: &mut Job<'_>) -> Outcome {
    let given = job.fields("communication", COMMUNICATION)?;
    let campaign = given.get("campaignId").and_then(Value::as_i64).unwrap_or_default();
    if job.store.campaigns.get(campaign).is_none() {
        return Err(Problem::field("communication.campaignId", "There is no such campaign."));
    }
    let id = job.store.communications.next_id();
    let record = new_record(id, given, job);
    let response = communication(&record, job.store);
    job.store.communications.put(id, record)?;
    Ok(Output::Json(response))
}

fn segment(segment: &Record, store: &Store) -> Value {
    let mut shown =
        segment.shown(&["name", "description", "code", "communicationId", "segmentOrganizerId"], &[]);
    let communication = segment.int("communicationId").and_then(|id| store.communications.get(id));
    let campaign = communication.as_ref().and_then(|communication| communication.int("campaignId"));
    let name = communication.as_ref().map(|communication| communication.text("name"));
    shown.insert("communicationName".to_owned(), json!(name));
    shown.insert("campaignId".to_owned(), json!(campaign));
    shown.insert("campaignName".to_owned(), json!(name_of(&store.campaigns, campaign)));
    Value::Object(shown)
}

fn id_by_code(store: &Store, code: &str) -> Option<i64> {
    let mut rows = store.segments.rows();
    rows.find(|(_, row)| store.segments.materialize(row).text("code").eq_ignore_ascii_case(code))
        .map(|(id, _)| id)
}

fn segment_by_code(job: &mut Job<'_>) -> Outcome {
    let id = id_by_code(job.store, job.call.param("segmentCode")).ok_or(Problem::NotFound)?;
    let found = job.store.segments.find(id)?;
    Ok(Output::Json(segment(&found, job.store)))
}

fn search_segments(job: &mut Job<'_>) -> Outcome {
    let search = job.search("search", SEARCH)?;
    let store = &*job.store;
    let table = &store.segments;
    let fits =
        |one: &Record| ["name", "code"].iter().any(|name| one.text(name).to_lowercase().contains(&search));
    let rows = table.rows().map(|(_, row)| table.materialize(&row)).filter(|one| fits(one));
    let found: Vec<Value> = rows.map(|one| segment(&one, store)).collect();
    let total = found.len();
    // As reported by the source code of a data connector.
    let list = if job.settings.ignore_paging { found } else { job.parameters.page.of(found) };
    Ok(envelope(list, total))
}

/// Assumption (segments): a contact's segments are its origin and those of its gifts.
fn segments_by_contact(job: &mut Job<'_>) -> Outcome {
    let store = &*job.store;
    let contact = store.contacts.find(job.id("contactId"))?;
    let mut ids: Vec<i64> = contact.record.int("originSegmentId").into_iter().collect();
    ids.extend(store.gifts.segments_of(contact.id()));
    ids.sort_unstable();
    ids.dedup();
    let found: Vec<Value> =
        ids.iter().filter_map(|id| store.segments.get(*id)).map(|one| segment(&one, store)).collect();
    let total = found.len();
    Ok(envelope(job.parameters.page.of(found), total))
}

fn save(job: &mut Job<'_>, record: Record) -> Outcome {
    if id_by_code(job.store, record.text("code")).is_some_and(|holder| holder != record.id) {
        return Err(Problem::field("segment.code", "Another segment has this code."));
    }
    let response = segment(&record, job.store);
    job.store.segments.put(record.id, record)?;
    Ok(Output::Json(response))
}

fn create_campaign(job: &mut Job<'_>) -> Outcome {
    let table = Operation::find(job.call.operation).map(|operation| operation.body.fields());
    let given = job.fields("campaign", table.unwrap_or_default())?;
    let record = new_record(job.store.campaigns.next_id(), given, job);
    let shown = campaign(&record);
    job.store.campaigns.put(record.id, record)?;
    Ok(Output::Json(shown))
}

fn create_segment(job: &mut Job<'_>) -> Outcome {
    let given = job.fields("segment", SEGMENT_CREATE)?;
    let communication = given.get("communicationId").and_then(Value::as_i64).unwrap_or_default();
    if job.store.communications.get(communication).is_none() {
        return Err(Problem::field("segment.communicationId", "There is no such communication."));
    }
    let id = job.store.segments.next_id();
    let record = new_record(id, given, job);
    save(job, record)
}

fn update_segment(job: &mut Job<'_>) -> Outcome {
    let mut record = job.store.segments.find(job.id("segmentId"))?.into_owned();
    let given = job.change("segment", SEGMENT_UPDATE)?;
    job.replace(&mut record, given, "segment", SEGMENT_UPDATE)?;
    save(job, record)
}
