//! All data of the organization. The initial data is always the same: the seeded contacts of the settings with their gifts,
//! and some projects, campaigns, communications and segments.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use serde_json::{Value, json};

use crate::framework::provider::RecordGroup;
use crate::framework::timestamp::Timestamp;
use crate::providers::virtuous::base::custom::{self, CustomField, RecordKind};
use crate::providers::virtuous::base::record::{Audit, JsonFields, Record};
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::base::settings::Settings;
use crate::providers::virtuous::base::table::{Make, Table, counter};
use crate::providers::virtuous::base::{dates, organization};
use crate::providers::virtuous::data::contacts::Contacts;
use crate::providers::virtuous::data::gifts::{self, Gifts};
use crate::providers::virtuous::data::transactions::{Transaction, Transactions};
use crate::providers::virtuous::query::{Lookups, Values};
use crate::providers::virtuous::records::{RESOURCES, Resource};

/// An event for webhooks.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// Unique among the events of the organization.
    pub number: i64,
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
    last_event: i64,
    /// The contacts that the user follows.
    pub followed: BTreeSet<i64>,
    /// The last changes to contacts, oldest first: the contact, and what happened.
    pub activity: VecDeque<(i64, Cow<'static, str>)>,
    /// The events of the current request.
    pub events: Vec<Event>,
    /// The time of the current request. No two have the same, even while the clock is stopped, so that each change has its own.
    pub now: Timestamp,
    /// The day of the current request, for sums by year.
    pub today: i64,
    /// The settings, which have what the organization defines.
    pub settings: Settings,
}

impl Lookups for Store {
    fn names(&self, values: Values<'_>) -> Vec<String> {
        let of = |table: &Table<Record>| {
            table.rows().map(|(_, row)| table.materialize(&row).text("name").to_owned()).collect()
        };
        match values {
            Values::Any => Vec::new(),
            Values::Fixed(words) | Values::Usual(words) => {
                words.iter().map(|word| (*word).to_owned()).collect()
            }
            Values::GiftTypes => gifts::TYPES.iter().map(|word| (*word).to_owned()).collect(),
            Values::Options(options) => options.to_vec(),
            Values::Projects => of(&self.projects),
            Values::Campaigns => of(&self.campaigns),
            Values::Segments => of(&self.segments),
            Values::Tags => self.settings.tags.iter().map(|tag| tag.name.clone()).collect(),
            Values::ContactTypes => {
                organization::contact_types(&self.settings).map(|(name, _)| name.to_owned()).collect()
            }
        }
    }

    fn custom(&self, kind: RecordKind) -> &[CustomField] {
        self.custom(kind)
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
            last_event: 0,
            followed: BTreeSet::new(),
            activity: VecDeque::new(),
            events: Vec::new(),
            now: Timestamp::from_unix_seconds(0),
            today: 0,
            settings: settings.clone(),
        }
    }

    /// Prepares for a request.
    pub(crate) fn begin(&mut self, now: Timestamp, settings: &Settings) {
        self.now = now.max(self.now.plus(Duration::from_micros(1)));
        self.today = dates::day_of(now.unix_micros());
        if self.settings != *settings {
            self.settings.clone_from(settings);
        }
    }

    /// The custom fields of a kind of record.
    pub(crate) fn custom(&self, kind: RecordKind) -> &[CustomField] {
        custom::definitions(&self.settings.custom_fields, kind)
    }

    /// The tables that hold nothing but records.
    fn plain(&mut self) -> impl Iterator<Item = (&'static str, &mut Table<Record>)> {
        let own = [
            ("notes", &mut self.notes),
            ("recurring", &mut self.recurring),
            ("projects", &mut self.projects),
            ("campaigns", &mut self.campaigns),
            ("communications", &mut self.communications),
            ("segments", &mut self.segments),
            ("webhooks", &mut self.webhooks),
        ];
        own.into_iter().chain(self.records.iter_mut().map(|(name, table)| (*name, table)))
    }

    /// All records by kind, with those at start, for people.
    pub(crate) fn listed(&self) -> Vec<RecordGroup> {
        let contacts = group("contacts", self.contacts.table(), |contact| contact.record.listed());
        let gifts = group("gifts", self.gifts.table(), Record::listed);
        // A clone shares the records.
        let mut tables = self.clone();
        let plain = tables.plain().map(|(name, table)| group(name, table, Record::listed));
        let waiting = &self.transactions.waiting;
        let hidden = waiting.len().saturating_sub(RecordGroup::SHOWN);
        let last = waiting.iter().skip(hidden).map(|one| match one {
            Transaction::Contact(fields) | Transaction::Gift(fields) => Value::Object(fields.clone()),
        });
        let waiting = RecordGroup { kind: "transactions", count: waiting.len(), last: last.collect() };
        [contacts, gifts, waiting].into_iter().chain(plain).filter(|group| group.count > 0).collect()
    }

    /// What differs from the start, for a file.
    pub(crate) fn save(&self) -> serde_json::Result<Value> {
        let mut plain = JsonFields::new();
        // A clone shares the records.
        for (name, table) in self.clone().plain() {
            plain.insert(name.to_owned(), table.save()?);
        }
        let numbers = (self.next_payment, self.last_event, self.now);
        let rest = (&self.transactions, numbers, &self.followed, &self.activity);
        serde_json::to_value((self.contacts.save()?, self.gifts.save()?, plain, rest))
    }

    /// Restores what `save` returned.
    pub(crate) fn load(&mut self, saved: Value) -> serde_json::Result<()> {
        let (contacts, gifts, mut plain, rest): (Value, Value, JsonFields, Value) =
            serde_json::from_value(saved)?;
        self.contacts.load(contacts)?;
        self.gifts.load(gifts)?;
        for (name, table) in self.plain() {
            if let Some(saved) = plain.remove(name) {
                table.load(saved)?;
            }
        }
        let numbers: (i64, i64, Timestamp);
        (self.transactions, numbers, self.followed, self.activity) = serde_json::from_value(rest)?;
        self.next_payment = counter(numbers.0, self.next_payment)?;
        self.last_event = counter(numbers.1, self.last_event)?;
        self.now = numbers.2;
        Ok(())
    }

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

    /// Notes an event of the current request.
    pub(crate) fn note(&mut self, switch: &'static str, model: &'static str, body: Value) {
        self.last_event += 1;
        self.events.push(Event { number: self.last_event, switch, model, body });
    }

    /// The id of the next payment of a pledge.
    pub(crate) fn next_payment(&mut self) -> i64 {
        self.next_payment += 1;
        self.next_payment - 1
    }
}

fn group<T: Clone>(kind: &'static str, table: &Table<T>, shown: impl Fn(&T) -> Value) -> RecordGroup {
    let (count, rows) = table.last_rows(RecordGroup::SHOWN);
    RecordGroup { kind, count, last: rows.iter().map(|row| shown(&table.materialize(row))).collect() }
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
    Record::new(id, fields, Audit::at_start())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_store_is_restored_with_its_indexes() {
        let mut store = Store::new(&Settings::default());
        let mut contact = store.contacts.find(17).unwrap().into_owned();
        contact.record.set("name", "Anna L.");
        contact.references = vec![("shop".to_owned(), "7".to_owned())];
        store.contacts.put(contact).unwrap();
        let mut gift = store.gifts.find(301).unwrap().into_owned();
        gift.set("transactionId", "T-new");
        store.gifts.put(gift).unwrap();
        store.records_mut("emails").unwrap().remove(3401).unwrap();
        let id = store.records_mut("tasks").unwrap().next_id();
        store.records_mut("tasks").unwrap().put(id, record(id, json!({ "task": "Call" }))).unwrap();
        store.followed.insert(17);
        store.begin(Timestamp::from_unix_seconds(7), &Settings::default());
        let snapshot = store.clone();
        store.records_mut("tasks").unwrap().remove(id).unwrap();
        let saved = snapshot.save().unwrap();
        let mut other = Store::new(&Settings::default());
        other.load(saved.clone()).unwrap();
        assert_eq!(other.save().unwrap(), saved);
        other.begin(store.now, &Settings::default());
        assert!(other.now > store.now, "the time of the next change is another one");
        assert_eq!(other.contacts.by_reference(Some("shop"), "7"), Some(17));
        assert_eq!(other.gifts.by_source("shop", "T-new"), Some(301));
        assert_eq!(other.records("tasks").unwrap().find(id).unwrap().text("task"), "Call");
        assert!(other.records("emails").unwrap().get(3401).is_none());
        assert!(store.records("tasks").unwrap().get(id).is_none(), "the snapshot is on its own");
    }
}
