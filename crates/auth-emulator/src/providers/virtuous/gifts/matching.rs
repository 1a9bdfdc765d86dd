//! The nightly run: transactions become contacts and gifts. A person is looked for by reference, then by id, then by
//! e-mail address, and created where none of these leads anywhere.
//!
//! Assumption: the reference of a gift's contact belongs to the source of the transaction. A transaction waits for staff
//! when it names a contact, a project or a segment that is not there, a type of gifts or contacts that nobody knows, or
//! designations that do not sum up to the amount. A gift without designations goes to the first project.
//! A contact that was found gets the reference, the tags, and the e-mail address, phone number and address that it lacks.
//! One that a transaction of contacts found by its reference is brought up to date: the type, the names and the custom
//! fields that are given are set, and an e-mail address, a phone number or an address that it does not have is added.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::transactions::{Waiting, word};
use super::{TYPES, write};
use crate::providers::virtuous::contacts::book::Part;
use crate::providers::virtuous::contacts::model::{Contact, Individual};
use crate::providers::virtuous::contacts::tags::{self, Tagged};
use crate::providers::virtuous::contacts::write::{
    MOST_PARTS, settle_addresses, settle_individuals, settle_methods,
};
use crate::providers::virtuous::contacts::{self, TYPES as CONTACT_TYPES};
use crate::providers::virtuous::custom;
use crate::providers::virtuous::dates;
use crate::providers::virtuous::job::{Job, made};
use crate::providers::virtuous::money;
use crate::providers::virtuous::record::{Audit, Members, Record};

/// The project of gifts without designations.
const DEFAULT_PROJECT: i64 = 51;

/// What came of one nightly run.
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
pub struct Matched {
    /// Contacts that were created.
    pub contacts: usize,
    /// Gifts that were created.
    pub gifts: usize,
    /// Transactions that wait for staff, from this run and those before.
    pub needs_update: usize,
}

/// Works through everything that waits.
pub(crate) fn run(job: &mut Job<'_>) -> Matched {
    let mut matched = Matched::default();
    for waiting in std::mem::take(&mut job.store.transactions.waiting) {
        let done = match &waiting {
            Waiting::Contact(given) => person(job, &Person::of_contact(given)).map(|(_, new)| (new, false)),
            Waiting::Gift(given) => gift(job, given).map(|new| (new, true)),
        };
        match done {
            Some((new, is_gift)) => {
                matched.contacts += usize::from(new);
                matched.gifts += usize::from(is_gift);
            }
            None => job.store.transactions.need_update.push(waiting),
        }
    }
    matched.needs_update = job.store.transactions.need_update.len();
    matched
}

/// A person as the two kinds of transactions name it.
struct Person<'m> {
    source: &'m str,
    reference: &'m str,
    id: Option<i64>,
    kind: &'m str,
    name: &'m str,
    first: &'m str,
    last: &'m str,
    given: &'m Members,
    address: Cow<'m, Members>,
    segment: &'m str,
    /// Whether a contact that is found by the reference is brought up to date.
    updates: bool,
}

impl<'m> Person<'m> {
    fn of_contact(given: &'m Members) -> Self {
        Self {
            source: word(given, "referenceSource"),
            reference: word(given, "referenceId"),
            id: None,
            kind: word(given, "contactType"),
            name: word(given, "name"),
            first: word(given, "firstName"),
            last: word(given, "lastName"),
            given,
            address: Cow::Borrowed(given),
            segment: word(given, "originSegmentCode"),
            updates: true,
        }
    }

    fn of_gift(gift: &'m Members, given: &'m Members) -> Self {
        let address = given.get("address").and_then(Value::as_object);
        Self {
            source: word(gift, "transactionSource"),
            reference: word(given, "referenceId"),
            id: given.get("id").and_then(Value::as_i64),
            kind: word(given, "type"),
            name: word(given, "name"),
            first: word(given, "firstname"),
            last: word(given, "lastname"),
            given,
            address: address.map_or_else(|| Cow::Owned(Members::new()), Cow::Borrowed),
            segment: "",
            updates: false,
        }
    }

    /// The members of the individual that are given.
    fn individual(&self) -> Members {
        let middle = ["middleName", "middlename"].map(|name| word(self.given, name));
        let members = [
            ("firstName", self.first),
            ("lastName", self.last),
            ("middleName", middle.into_iter().find(|middle| !middle.is_empty()).unwrap_or_default()),
            ("prefix", word(self.given, "title")),
            ("suffix", word(self.given, "suffix")),
            ("gender", word(self.given, "gender")),
        ];
        let given = members.into_iter().filter(|(_, value)| !value.is_empty());
        given.map(|(name, value)| (name.to_owned(), json!(value))).collect()
    }
}

/// Finds or creates the contact; with it, whether it is new. None: staff has to look.
fn person(job: &mut Job<'_>, person: &Person<'_>) -> Option<(i64, bool)> {
    let email = word(person.given, "email");
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
    let kind = CONTACT_TYPES.iter().find(|known| known.eq_ignore_ascii_case(kind))?;
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
    // A contact that gained nothing is not touched, so that its modified date stays.
    match before {
        None => contacts::added(job, contact).ok()?,
        Some(before) if before != contact => contacts::changed(job, contact).ok()?,
        Some(_) => {}
    }
    Some((id, new))
}

fn create(job: &mut Job<'_>, person: &Person<'_>, kind: &str) -> Contact {
    let full_name = format!("{} {}", person.first, person.last);
    let name = if person.name.is_empty() { full_name.trim() } else { person.name };
    let mut members = Members::new();
    members.insert("contactType".to_owned(), json!(kind));
    members.insert("name".to_owned(), json!(name));
    members.insert("informalName".to_owned(), json!(person.first));
    let code = person.segment;
    let segment = job.store.segments.rows().map(|(_, row)| job.store.segments.whole(&row));
    let segment = segment.into_iter().find(|segment| !code.is_empty() && segment.text("code") == code);
    if let Some(segment) = segment.map(|segment| segment.id) {
        members.insert("originSegmentId".to_owned(), json!(segment));
    }
    if let Some(custom) = person.given.get("customFields") {
        members.insert("customFields".to_owned(), custom.clone());
    }
    let individual_id = job.store.contacts.next_part(Part::Individual);
    let individual =
        Individual { record: made(individual_id, person.individual(), job), methods: Vec::new() };
    let mut individuals = vec![individual];
    settle_individuals(&mut individuals);
    let id = job.store.contacts.next_id();
    let record = made(id, members, job);
    Contact { record, references: Vec::new(), individuals, addresses: Vec::new(), tags: Vec::new() }
}

/// Puts what is given in the place of what the contact has.
fn update(person: &Person<'_>, kind: &str, contact: &mut Contact) {
    for (name, given, value) in [("contactType", person.kind, kind), ("name", person.name, person.name)] {
        if !given.is_empty() {
            contact.record.set(name, value);
        }
    }
    custom::apply(&mut contact.record.custom, person.given.get("customFields").cloned(), true);
    // One of them is the primary one, see `settle_individuals`.
    if let Some(primary) = contact.individuals.iter_mut().find(|one| one.record.flag("isPrimary")) {
        primary.record.members.extend(person.individual());
    }
}

/// Adds what the contact lacks: anything of a sort, and with `all` just this.
fn complete(job: &mut Job<'_>, person: &Person<'_>, all: bool, contact: &mut Contact) {
    let reference = (person.source.to_owned(), person.reference.to_owned());
    let has_reference = person.reference.is_empty() || contact.references.contains(&reference);
    if !has_reference && contact.references.len() < MOST_PARTS {
        contact.references.push(reference);
    }
    // The vendor's sample separates tags with semicolons; tags that nobody made are left out.
    for tag in word(person.given, "tags").split(';').filter_map(|name| tags::by_name(name.trim())) {
        if !contact.tags.iter().any(|tagged| tagged.tag == tag.id) {
            let id = job.store.contacts.next_part(Part::Tagged);
            let audit = Audit::now(job.call.now);
            contact.tags.push(Tagged { id, tag: tag.id, audit });
        }
    }
    for (name, kind_name, sort, default) in
        [("email", "emailType", "Email", "Home Email"), ("phone", "phoneType", "Phone", "Home Phone")]
    {
        let value = word(person.given, name);
        let held = contact.reached_by(sort);
        let has_it = held.iter().any(|held| !all || held.to_lowercase() == value.to_lowercase());
        if value.is_empty() || has_it {
            continue;
        }
        let kind = word(person.given, kind_name);
        let kind = if kind.ends_with(sort) { kind } else { default };
        let mut members = Members::new();
        members.insert("type".to_owned(), json!(kind));
        members.insert("value".to_owned(), json!(value));
        members.insert("isOptedIn".to_owned(), json!(true));
        let id = job.store.contacts.next_part(Part::Method);
        let method = made(id, members, job);
        let mut individuals = contact.individuals.iter_mut();
        if let Some(individual) = individuals.next().filter(|one| one.methods.len() < MOST_PARTS) {
            individual.methods.push(method);
            settle_methods(&mut individual.methods);
        }
    }
    let mut place = Members::new();
    for name in ["address1", "address2", "city", "state", "postal", "country"] {
        if let Some(value) =
            person.address.get(name).filter(|value| value.as_str().is_some_and(|v| !v.is_empty()))
        {
            place.insert(name.to_owned(), value.clone());
        }
    }
    let is_it =
        |held: &Record| !all || place.iter().all(|(name, value)| held.members.get(name) == Some(value));
    let has_it = contact.addresses.iter().any(is_it);
    if !place.is_empty() && !has_it && contact.addresses.len() < MOST_PARTS {
        let id = job.store.contacts.next_part(Part::Address);
        contact.addresses.push(made(id, place, job));
        settle_addresses(&mut contact.addresses);
    }
}

/// The project and the amount of each designation. None: staff has to look.
fn designations(job: &Job<'_>, given: &Members, amount: i64) -> Option<Vec<(i64, i64)>> {
    let empty = Vec::new();
    let list = given.get("designations").and_then(Value::as_array).unwrap_or(&empty);
    if list.is_empty() {
        return Some(vec![(DEFAULT_PROJECT, amount)]);
    }
    let mut found = Vec::new();
    for item in list {
        let item = item.as_object()?;
        let projects = job.store.projects.rows().map(|(_, row)| job.store.projects.whole(&row));
        let (id, code, name) =
            (item.get("id").and_then(Value::as_i64), word(item, "code"), word(item, "name"));
        let project = projects.into_iter().find(|project| match id {
            Some(id) => project.id == id,
            None if !code.is_empty() => project.text("projectCode") == code,
            None => !name.is_empty() && project.text("name").eq_ignore_ascii_case(name),
        })?;
        found.push((project.id, money::parse(word(item, "amountDesignated"))?));
    }
    let sum = money::sum(found.iter().map(|(_, amount)| *amount));
    (sum == amount).then_some(found)
}

/// Makes the gift; whether its contact is new. None: staff has to look.
fn gift(job: &mut Job<'_>, given: &Members) -> Option<bool> {
    let kind = match word(given, "giftType") {
        "EFT" => "Electronic Funds Transfer",
        "NonCash" => "Non-Cash",
        kind => kind,
    };
    let kind = *TYPES.iter().find(|known| known.eq_ignore_ascii_case(kind))?;
    let amount = money::parse(word(given, "amount"))?;
    let designated = designations(job, given, amount)?;
    let segment = word(given, "segment");
    let segment = if segment.is_empty() {
        None
    } else {
        let segments = job.store.segments.rows().map(|(_, row)| job.store.segments.whole(&row));
        let fits = |text: &str| text.eq_ignore_ascii_case(segment);
        let found = segments.into_iter().find(|one| fits(one.text("code")) || fits(one.text("name")))?;
        Some(found.id)
    };
    job.store.gifts.has_room(1).ok()?;
    let giver = given.get("contact").and_then(Value::as_object)?;
    let (contact, new) = person(job, &Person::of_gift(given, giver))?;
    let mut members: Members = Members::new();
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
        "customFields",
    ];
    for name in KEPT {
        if let Some(value) = given.get(*name) {
            members.insert((*name).to_owned(), value.clone());
        }
    }
    members.insert("contactId".to_owned(), json!(contact));
    members.insert("giftType".to_owned(), json!(kind));
    members.insert("amount".to_owned(), money::json(amount));
    members.insert("segmentId".to_owned(), json!(segment));
    if word(given, "giftDate").is_empty() {
        let today = dates::day_of(job.call.now.unix_micros());
        members.insert("giftDate".to_owned(), json!(dates::midnight(today)));
    }
    let list: Vec<Value> = designated
        .into_iter()
        .map(|(project, amount)| {
            let id = job.store.gifts.next_designation();
            json!({ "id": id, "projectId": project, "amount": money::json(amount) })
        })
        .collect();
    members.insert("giftDesignations".to_owned(), json!(list));
    let id = job.store.gifts.next_id();
    let gift = made(id, members, job);
    write::keep(gift, "giftCreate", job).ok()?;
    Some(new)
}
