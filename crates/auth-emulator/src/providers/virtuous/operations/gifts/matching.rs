//! The nightly run: creates contacts and gifts from transactions.
//!
//! Assumption (person-lookup): a person is found by reference, id or email address, in this order, or created. Assumption
//! (giver-source): the reference of a gift's contact belongs to the source of the transaction. Assumption (staff-review): staff
//! must correct a transaction that refers to an unknown contact, project, segment, event, e-mail list or opportunity, has an unknown type, or whose designations
//! do not sum up to the amount. Assumption (default-project): a gift without designations is for the first project.
//!
//! Assumption (custom-collections): custom objects of a gift transaction are added to the collections of its contact or, by the
//! collection's name, of its primary individual, unless the same record is there; unknown ones are ignored.
//!
//! Assumption (contact-changes): an existing contact gets the reference, the tags, and a missing email address, phone number or
//! address. Assumption (known-contact): a contact transaction that finds a contact by its reference updates it: type, names and
//! custom fields are replaced, and a new email address, phone number or address is added.

use serde_json::{Value, json};

use super::person::Person;
use super::schedules::{self, Payment};
use super::{joining, write};
use crate::providers::virtuous::base::custom::RecordKind;
use crate::providers::virtuous::base::organization::{self, MAX_COLLECTION_RECORDS};
use crate::providers::virtuous::base::record::{Audit, JsonFields, Record};
use crate::providers::virtuous::base::{custom, dates, money};
use crate::providers::virtuous::data::contact::{Contact, Individual, TAKEN_METHOD_TYPES, sort_of};
use crate::providers::virtuous::data::contacts::Part;
use crate::providers::virtuous::data::gifts::type_named;
use crate::providers::virtuous::data::job::{Job, new_record};
use crate::providers::virtuous::data::tags::Tagged;
use crate::providers::virtuous::data::transactions::{Transaction, string_of};
use crate::providers::virtuous::operations::contacts::save;
use crate::providers::virtuous::operations::contacts::write::{
    MAX_PARTS, normalize_addresses, normalize_individuals, normalize_methods,
};

/// The project of gifts without designations.
const DEFAULT_PROJECT: i64 = 51;

/// The result of a nightly run.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = auth_emulator::Emulator::start().await?;
/// let matched = emulator.virtuous().match_transactions();
/// assert_eq!((matched.contacts, matched.gifts, matched.needs_update), (0, 0, 0), "no transaction waits");
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct MatchingResult {
    /// Number of created contacts.
    pub contacts: usize,
    /// Number of created gifts.
    pub gifts: usize,
    /// Number of transactions that staff must correct, including those of earlier runs.
    pub needs_update: usize,
}

/// Processes all pending transactions.
pub(crate) fn run(job: &mut Job<'_>) -> MatchingResult {
    let mut matched = MatchingResult::default();
    for waiting in std::mem::take(&mut job.store.transactions.waiting) {
        let done = match &waiting {
            Transaction::Contact(given) => {
                person(job, &Person::of_contact(given)).map(|(_, new)| (new, false))
            }
            Transaction::Gift(given) => gift(job, given).map(|new| (new, true)),
        };
        match done {
            Some((new, is_gift)) => {
                matched.contacts += usize::from(new);
                matched.gifts += usize::from(is_gift);
            }
            None => job.store.transactions.needing_update.push(waiting),
        }
    }
    matched.needs_update = job.store.transactions.needing_update.len();
    matched
}

/// Finds or creates the contact; returns its id and whether it is new. `None`: staff must correct the transaction.
fn person(job: &mut Job<'_>, person: &Person<'_>) -> Option<(i64, bool)> {
    let joined = joining::find(job.store, person.given)?;
    let email = string_of(person.given, "email");
    let contacts = &job.store.contacts;
    let by_reference = (!person.reference.is_empty())
        .then(|| contacts.by_reference(Some(person.source), person.reference))
        .flatten();
    let found = match (by_reference, person.id) {
        (Some(found), _) => Some(found),
        (None, Some(id)) => Some(contacts.find(id).ok()?.id()),
        (None, None) if !email.is_empty() => contacts.by_email(email),
        (None, None) => None,
    };
    let kind = if person.kind.is_empty() { "Household" } else { person.kind };
    let kind = organization::contact_type(job.settings, kind)?;
    let (mut contact, new) = match found {
        Some(found) => (job.store.contacts.find(found).ok()?.into_owned(), false),
        None => (create(job, person, kind), true),
    };
    let before = (!new).then(|| contact.clone());
    let updates = person.updates && by_reference.is_some();
    if updates {
        update(person, kind, &mut contact);
    }
    complete(job, person, updates, &mut contact);
    let id = contact.id();
    let individual = contact.individuals.iter().find(|one| one.record.flag("isPrimary"))?.record.id;
    // An unchanged contact is not stored, so that its modification date stays.
    match before {
        None => save::added(job, contact).ok()?,
        Some(before) if before != contact => save::changed(job, contact).ok()?,
        Some(_) => {}
    }
    joining::add(job, person.given, joined, individual).ok()?;
    Some((id, new))
}

fn create(job: &mut Job<'_>, person: &Person<'_>, kind: &str) -> Contact {
    let full_name = format!("{} {}", person.first, person.last);
    let name = if person.name.is_empty() { full_name.trim() } else { person.name };
    let mut fields = JsonFields::new();
    fields.insert("contactType".to_owned(), json!(kind));
    fields.insert("name".to_owned(), json!(name));
    fields.insert("informalName".to_owned(), json!(person.first));
    let code = person.segment;
    let segment = job.store.segments.rows().map(|(_, row)| job.store.segments.materialize(&row));
    let segment = segment.into_iter().find(|segment| !code.is_empty() && segment.text("code") == code);
    if let Some(segment) = segment.map(|segment| segment.id) {
        fields.insert("originSegmentId".to_owned(), json!(segment));
    }
    if let Some(custom) = person.given.get("customFields") {
        fields.insert("customFields".to_owned(), custom.clone());
    }
    let individual_id = job.store.contacts.next_part(Part::Individual);
    let individual =
        Individual { record: new_record(individual_id, person.individual(), job), methods: Vec::new() };
    let mut individuals = vec![individual];
    normalize_individuals(&mut individuals);
    let id = job.store.contacts.next_id();
    let record = new_record(id, fields, job);
    Contact { record, references: Vec::new(), individuals, addresses: Vec::new(), tags: Vec::new() }
}

/// Replaces fields of an existing contact.
fn update(person: &Person<'_>, kind: &str, contact: &mut Contact) {
    for (name, given, value) in [("contactType", person.kind, kind), ("name", person.name, person.name)] {
        if !given.is_empty() {
            contact.record.set(name, value);
        }
    }
    custom::apply(&mut contact.record.custom, person.given.get("customFields").cloned(), true);
    // There is always a primary one, see `normalize_individuals`.
    if let Some(primary) = contact.individuals.iter_mut().find(|one| one.record.flag("isPrimary")) {
        primary.record.fields.extend(person.individual());
    }
}

/// Adds what the contact lacks: any email address, phone number or address, or with `all` these values.
fn complete(job: &mut Job<'_>, person: &Person<'_>, all: bool, contact: &mut Contact) {
    let reference = (person.source.to_owned(), person.reference.to_owned());
    let has_reference = person.reference.is_empty() || contact.references.contains(&reference);
    if !has_reference && contact.references.len() < MAX_PARTS {
        contact.references.push(reference);
    }
    // The vendor's sample separates tags with semicolons; unknown tags are ignored.
    let tags = string_of(person.given, "tags").split(';');
    for (_, tag) in tags.filter_map(|name| organization::tag(job.settings, name.trim())) {
        if !contact.tags.iter().any(|tagged| tagged.tag.eq_ignore_ascii_case(&tag.name)) {
            let id = job.store.contacts.next_part(Part::Tagged);
            let audit = Audit::at(job.store.now);
            contact.tags.push(Tagged { id, tag: tag.name.clone(), audit });
        }
    }
    for (name, kind_name, sort, default) in
        [("email", "emailType", "Email", "Home Email"), ("phone", "phoneType", "Phone", "Home Phone")]
    {
        let value = string_of(person.given, name);
        let held = contact.reached_by(sort);
        let has_it = held.iter().any(|held| !all || held.to_lowercase() == value.to_lowercase());
        if value.is_empty() || has_it {
            continue;
        }
        let kind = string_of(person.given, kind_name);
        let kind = TAKEN_METHOD_TYPES.iter().find(|known| known.eq_ignore_ascii_case(kind));
        let kind = kind.filter(|known| sort_of(known) == sort).unwrap_or(&default);
        let mut fields = JsonFields::new();
        fields.insert("type".to_owned(), json!(kind));
        fields.insert("value".to_owned(), json!(value));
        fields.insert("isOptedIn".to_owned(), json!(true));
        let id = job.store.contacts.next_part(Part::Method);
        let method = new_record(id, fields, job);
        let mut individuals = contact.individuals.iter_mut();
        if let Some(individual) = individuals.next().filter(|one| one.methods.len() < MAX_PARTS) {
            individual.methods.push(method);
            normalize_methods(&mut individual.methods);
        }
    }
    add_to_collections(job, person, contact);
    let mut place = JsonFields::new();
    for name in ["address1", "address2", "city", "state", "postal", "country"] {
        if let Some(value) =
            person.address.get(name).filter(|value| value.as_str().is_some_and(|v| !v.is_empty()))
        {
            place.insert(name.to_owned(), value.clone());
        }
    }
    let is_it =
        |held: &Record| !all || place.iter().all(|(name, value)| held.fields.get(name) == Some(value));
    let has_it = contact.addresses.iter().any(is_it);
    if !place.is_empty() && !has_it && contact.addresses.len() < MAX_PARTS {
        let id = job.store.contacts.next_part(Part::Address);
        contact.addresses.push(new_record(id, place, job));
        normalize_addresses(&mut contact.addresses);
    }
}

/// Adds records to the collections of the contact, or of the primary individual where the contact has no such collection.
fn add_to_collections(job: &Job<'_>, person: &Person<'_>, contact: &mut Contact) {
    for mut record in organization::parsed(person.objects.cloned()) {
        record.id = 0;
        let of_contact = organization::collection(job.settings, RecordKind::Contact, &record.collection);
        let mut people = contact.individuals.iter_mut().map(|one| &mut one.record);
        let owner = match of_contact {
            Some(_) => Some(&mut contact.record),
            None => people.find(|one| one.flag("isPrimary")),
        };
        let Some(owner) = owner else { continue };
        let same = owner
            .collections
            .iter()
            .any(|held| (&held.collection, &held.values) == (&record.collection, &record.values));
        if !same && owner.collections.len() < MAX_COLLECTION_RECORDS {
            owner.collections.push(record);
        }
    }
}

/// Project and amount of each designation. `None`: staff must correct the transaction.
fn designations(job: &Job<'_>, given: &JsonFields, amount: i64) -> Option<Vec<(i64, i64)>> {
    let empty = Vec::new();
    let list = given.get("designations").and_then(Value::as_array).unwrap_or(&empty);
    if list.is_empty() {
        return Some(vec![(DEFAULT_PROJECT, amount)]);
    }
    let mut found = Vec::new();
    for item in list {
        let item = item.as_object()?;
        let projects = job.store.projects.rows().map(|(_, row)| job.store.projects.materialize(&row));
        let (id, code, name) =
            (item.get("id").and_then(Value::as_i64), string_of(item, "code"), string_of(item, "name"));
        let project = projects.into_iter().find(|project| match id {
            Some(id) => project.id == id,
            None if !code.is_empty() => project.text("projectCode") == code,
            None => !name.is_empty() && project.text("name").eq_ignore_ascii_case(name),
        })?;
        found.push((project.id, money::parse_price(string_of(item, "amountDesignated"))?));
    }
    let sum = money::sum(found.iter().map(|(_, amount)| *amount));
    (sum == amount).then_some(found)
}

/// Creates the gift; returns whether its contact is new. `None`: staff must correct the transaction.
fn gift(job: &mut Job<'_>, given: &JsonFields) -> Option<bool> {
    let kind = type_named(string_of(given, "giftType"))?;
    let amount = money::parse(string_of(given, "amount"))?;
    let designated = designations(job, given, amount)?;
    let segment = string_of(given, "segment");
    let segment = if segment.is_empty() {
        None
    } else {
        let segments = job.store.segments.rows().map(|(_, row)| job.store.segments.materialize(&row));
        let fits = |text: &str| text.eq_ignore_ascii_case(segment);
        let found = segments.into_iter().find(|one| fits(one.text("code")) || fits(one.text("name")))?;
        Some(found.id)
    };
    let schedule = schedules::find(job, given)?;
    job.store.gifts.has_capacity(1).ok()?;
    let giver = given.get("contact").and_then(Value::as_object)?;
    let (contact, new) = person(job, &Person::of_gift(given, giver))?;
    let payment = Payment { contact, amount, segment, designations: &designated };
    let paid = schedules::apply(job, schedule, given, &payment)?;
    let mut fields: JsonFields = JsonFields::new();
    fields.insert("recurringGiftPayments".to_owned(), paid);
    const KEPT: &[&str] = &[
        "transactionSource",
        "transactionId",
        "giftDate",
        "receiptDate",
        "batch",
        "notes",
        "currencyCode",
        "exchangeRate",
        "cashAccountingCode",
        "tribute",
        "isPrivate",
        "isTaxDeductible",
        "checkNumber",
        "creditCardType",
        "nonCashGiftTypeId",
        "nonCashGiftType",
        "iraCustodian",
        "customFields",
    ];
    const RENAMED: &[(&str, &str)] = &[
        ("nonCashGiftDescription", "description"),
        ("stockTickerSymbol", "tickerSymbol"),
        ("stockNumberOfShares", "numberOfShares"),
    ];
    for (name, kept) in
        KEPT.iter().map(|name| (name, name)).chain(RENAMED.iter().map(|(name, kept)| (name, kept)))
    {
        match given.get(*name) {
            // A decimal of gifts.
            Some(shares) if *kept == "numberOfShares" => {
                fields.insert((*kept).to_owned(), json!(shares.as_f64()));
            }
            Some(value) => drop(fields.insert((*kept).to_owned(), value.clone())),
            None => {}
        }
    }
    fields.insert("contactId".to_owned(), json!(contact));
    fields.insert("giftType".to_owned(), json!(kind));
    fields.insert("amount".to_owned(), money::json(amount));
    fields.insert("segmentId".to_owned(), json!(segment));
    if string_of(given, "giftDate").is_empty() {
        let today = dates::day_of(job.call.now.unix_micros());
        fields.insert("giftDate".to_owned(), json!(dates::midnight(today)));
    }
    let list: Vec<Value> = designated
        .into_iter()
        .map(|(project, amount)| {
            let id = job.store.gifts.next_designation();
            json!({ "id": id, "projectId": project, "amount": money::json(amount) })
        })
        .collect();
    fields.insert("giftDesignations".to_owned(), json!(list));
    let id = job.store.gifts.next_id();
    let gift = new_record(id, fields, job);
    write::save(gift, "giftCreate", job).ok()?;
    Some(new)
}
