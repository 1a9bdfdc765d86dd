//! All data of the organization. The initial data is always the same: the seeded contacts of the settings with their gifts,
//! and some projects, campaigns, communications and segments.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Value, json};

use crate::providers::virtuous::base::record::{Audit, JsonFields, Record};
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::base::settings::Settings;
use crate::providers::virtuous::base::table::{Make, Table};
use crate::providers::virtuous::data::contacts::Contacts;
use crate::providers::virtuous::data::gifts::Gifts;
use crate::providers::virtuous::data::tags::TAGS;
use crate::providers::virtuous::data::transactions::Transactions;
use crate::providers::virtuous::query::{Lookups, Values};
use crate::providers::virtuous::records::{RESOURCES, Resource};

/// An event for webhooks.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// The switch of subscriptions that receive it, such as `giftCreate`.
    pub switch: &'static str,
    /// The name of the record in the payload.
    pub model: &'static str,
    pub body: Value,
}

#[derive(Clone, Debug)]
pub(crate) struct Store {
    pub contacts: Contacts,
    pub notes: Table<Record>,
    pub gifts: Gifts,
    pub recurring: Table<Record>,
    pub transactions: Transactions,
    pub projects: Table<Record>,
    pub campaigns: Table<Record>,
    pub communications: Table<Record>,
    pub segments: Table<Record>,
    pub webhooks: Table<Record>,
    /// The tables of the record store, by the names of their resources.
    records: BTreeMap<&'static str, Table<Record>>,
    next_payment: i64,
    /// The contacts that the user follows.
    pub followed: BTreeSet<i64>,
    /// The last changes to contacts, oldest first: the contact, and what happened.
    pub activity: VecDeque<(i64, &'static str)>,
    /// The events of the current request.
    pub events: Vec<Event>,
    /// The day of the current request, for sums by year.
    pub today: i64,
}

impl Lookups for Store {
    fn names(&self, values: Values) -> Vec<String> {
        let of = |table: &Table<Record>| {
            table.rows().map(|(_, row)| table.materialize(&row).text("name").to_owned()).collect()
        };
        match values {
            Values::Any => Vec::new(),
            Values::Fixed(words) => words.iter().map(|word| (*word).to_owned()).collect(),
            Values::Projects => of(&self.projects),
            Values::Campaigns => of(&self.campaigns),
            Values::Segments => of(&self.segments),
            Values::Tags => TAGS.iter().map(|tag| tag.name.to_owned()).collect(),
        }
    }
}

/// The maximum number of seeded contacts, and of seeded gifts of one contact.
const MAX_CONTACTS: u64 = 1_000_000;
const MAX_GIFTS: u64 = 1000;

impl Store {
    pub(crate) fn new(settings: &Settings) -> Self {
        let bounded = |number: u64, most: u64| i64::try_from(number.min(most)).unwrap_or_default();
        let contacts = bounded(settings.contacts, MAX_CONTACTS);
        let per_contact = bounded(settings.gifts_per_contact, MAX_GIFTS);
        Self {
            contacts: Contacts::new(contacts),
            notes: Table::seeded("notes", 601, 0, 1, empty),
            gifts: Gifts::new(contacts, per_contact),
            recurring: Table::seeded("recurring gifts", 401, 0, 1, empty),
            transactions: Transactions::default(),
            projects: Table::seeded("projects", 51, 3, 1, project),
            campaigns: Table::seeded("campaigns", 71, 2, 1, campaign),
            communications: Table::seeded("communications", 81, 2, 1, communication),
            segments: Table::seeded("segments", 91, 2, 1, segment),
            webhooks: Table::seeded("webhooks", 11, 0, 1, empty),
            records: RESOURCES.iter().map(|resource| (resource.name, seeded(resource))).collect(),
            next_payment: 3901,
            followed: BTreeSet::new(),
            activity: VecDeque::new(),
            events: Vec::new(),
            today: 0,
        }
    }
}

impl Store {
    /// A table that fields can refer to.
    pub(crate) fn table(&self, name: &str) -> Option<&Table<Record>> {
        match name {
            "projects" => Some(&self.projects),
            "campaigns" => Some(&self.campaigns),
            "communications" => Some(&self.communications),
            "segments" => Some(&self.segments),
            _ => self.records.get(name),
        }
    }

    /// The table of a resource.
    pub(crate) fn records(&self, name: &str) -> Result<&Table<Record>, Problem> {
        self.records.get(name).ok_or(Problem::NotFound)
    }

    pub(crate) fn records_mut(&mut self, name: &str) -> Result<&mut Table<Record>, Problem> {
        self.records.get_mut(name).ok_or(Problem::NotFound)
    }

    /// The id of the next payment of a pledge.
    pub(crate) fn next_payment(&mut self) -> i64 {
        self.next_payment += 1;
        self.next_payment - 1
    }
}

/// The table of a resource with its first records.
fn seeded(resource: &'static Resource) -> Table<Record> {
    let mut table = Table::seeded(resource.name, resource.first, 0, 1, empty as Make<Record>);
    let seeds: Vec<Value> = serde_json::from_str(resource.seeds).unwrap_or_default();
    for seed in seeds {
        let id = table.next_id();
        // A few records always fit.
        let _ = table.put(id, record(id, seed));
    }
    table
}

fn record(id: i64, fields: Value) -> Record {
    let fields = if let Value::Object(fields) = fields { fields } else { JsonFields::new() };
    Record::new(id, fields, Audit::at("2023-01-02T09:00:00.0000000".to_owned()))
}

fn empty(number: i64, _: i64) -> Record {
    record(number, Value::Null)
}

fn project(number: i64, _: i64) -> Record {
    let (name, code, kind) = match number {
        0 => ("General Fund", "GEN", "General"),
        1 => ("Clean Water", "WATER", "Program"),
        _ => ("Scholarships", "SCHOOL", "Program"),
    };
    record(
        51 + number,
        json!({
            "name": name, "projectCode": code, "onlineDisplayName": name, "type": kind, "inventoryStatus": "Available",
            "isPublic": true, "isActive": true, "isAvailableOnline": true, "isTaxDeductible": true,
            "beginningBalance": 0.0, "currentBalance": 0.0,
        }),
    )
}

fn campaign(number: i64, _: i64) -> Record {
    let (name, start, end) = match number {
        0 => ("Spring Appeal", "2023-03-01T00:00:00", "2023-05-31T00:00:00"),
        _ => ("Year End", "2023-11-01T00:00:00", "2023-12-31T00:00:00"),
    };
    record(
        71 + number,
        json!({
            "name": name, "startDateTimeUtc": start, "endDateTimeUtc": end, "givingGoal": 25000.0, "newGiverGoal": 40,
            "totalGiftGoal": 400,
        }),
    )
}

fn communication(number: i64, _: i64) -> Record {
    let (name, channel, kind) = match number {
        0 => ("Spring Letter", "Direct Mail", "Appeal"),
        _ => ("Year End Email", "Email", "Appeal"),
    };
    record(
        81 + number,
        json!({
            "name": name, "campaignId": 71 + number, "channelType": channel, "communicationType": kind,
            "startDateTimeUtc": "2023-03-15T00:00:00", "givingGoal": 5000.0, "projectId": 51,
        }),
    )
}

fn segment(number: i64, _: i64) -> Record {
    let (name, code) = match number {
        0 => ("Spring Donors", "SPRING"),
        _ => ("Year End Donors", "YEAREND"),
    };
    record(91 + number, json!({ "name": name, "code": code, "communicationId": 81 + number }))
}
