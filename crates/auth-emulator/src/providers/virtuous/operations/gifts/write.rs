//! Direct creation, update and deletion of gifts, without de-duplication, unlike transactions. The designations of a gift
//! must sum up to its amount.
//!
//! Assumption (gift-parts): an update without designations keeps them; the same applies to payments of recurring gifts.
//! Assumption (part-states): items without a `state` replace the list, items with one change it. Assumption (patch-twice): a
//! patch that contains a gift twice changes it twice, in order. Assumption (reversals): a gift can be reversed only once.

use serde_json::{Value, json};

use super::{recurring, render};
use crate::providers::virtuous::base::custom::{self, Owner};
use crate::providers::virtuous::base::fields::{
    Field, custom_list, custom_map, day, flag, ignored, int, items, number, objects, one_of, text,
};
use crate::providers::virtuous::base::money;
use crate::providers::virtuous::base::record::{JsonFields, Record};
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::base::violations::{NOT_VALID, REQUIRED};
use crate::providers::virtuous::data::gifts::{PROJECT, TYPES, designated};
use crate::providers::virtuous::data::job::{Job, Outcome, Output, new_record, read};

/// The maximum number of gifts in a bulk call or patch.
const MAX_BATCH: usize = 100;

const STATES: &[&str] = &["Add", "Added", "Update", "Updated", "Delete", "Deleted", "Ignore"];
const DESIGNATION: &[Field] = &[int("projectId").required(), number("amount"), one_of("state", STATES)];
const PAYMENT: &[Field] = &[int("id"), text("paymentId"), number("amount"), one_of("state", STATES)];

const CREATE: &[Field] = &[
    int("contactId").required(),
    text("transactionSource"),
    text("transactionId"),
    int("reversedGiftId"),
    one_of("giftType", TYPES),
    day("giftDate"),
    number("amount"),
    text("batch"),
    int("segmentId"),
    int("receiptSegmentId"),
    int("mediaOutletId"),
    text("notes"),
    flag("isPrivate"),
    day("receiptDate"),
    int("contactIndividualId"),
    int("contactPassthroughId"),
    text("cashAccountingCode"),
    text("state"),
    flag("isTaxDeductible"),
    int("giftAskId"),
    int("passthroughGiftAskId"),
    int("grantId"),
    int("contactMembershipId"),
    text("currencyCode"),
    number("exchangeRate"),
    text("checkNumber"),
    text("creditCardType"),
    text("cryptocoinType"),
    text("transactionHash"),
    flag("coinSoldForCash"),
    number("coinAmount"),
    day("dateCoinWasSold"),
    number("coinSaleAmount"),
    text("tickerSymbol"),
    number("numberOfShares"),
    text("iraCustodian"),
    flag("stockSoldForCash"),
    day("dateStockWasSold"),
    number("stockSaleAmount"),
    int("nonCashGiftTypeId"),
    text("nonCashGiftType"),
    text("description"),
    flag("nonCashSoldForCash"),
    day("dateNonCashWasSold"),
    number("nonCashOriginalAmount"),
    number("nonCashSaleAmount"),
    items("giftDesignations", DESIGNATION),
    ignored("giftPremiums"),
    ignored("pledgePayments"),
    items("recurringGiftPayments", PAYMENT),
    text("tributeType"),
    int("tributeId"),
    text("tributeDescription").read_as("tribute"),
    int("acknowledgeeId").read_as("acknowledgeeIndividualId"),
    custom_list(Owner::Gift),
];
/// All fields except the contact and the transaction.
const UPDATE: &[Field] = CREATE.split_at(4).1;
const REVERSE: &[Field] = &[day("giftDate").required(), int("reversedGiftId").required(), text("notes")];
const PATCH: &[Field] = &[
    int("id").required(),
    day("receiptDateUtc").read_as("receiptDate"),
    int("segmentId"),
    text("notes"),
    custom_map(Owner::Gift),
];

/// Checks required fields and references.
fn check(gift: &Record, parameter: &str, job: &Job<'_>) -> Result<(), Problem> {
    let mut wrong = Vec::new();
    let mut note = |name: &str, words: &str| wrong.push((format!("{parameter}.{name}"), words.to_owned()));
    for name in ["giftType", "giftDate", "amount"] {
        if gift.fields.get(name).is_none_or(Value::is_null) {
            note(name, REQUIRED);
        }
    }
    if gift.int("segmentId").is_some_and(|id| job.store.segments.get(id).is_none()) {
        note("segmentId", "There is no such segment.");
    }
    if let Some(individual) = gift.int("contactIndividualId") {
        let contact = gift.int("contactId").and_then(|id| job.store.contacts.find(id).ok());
        if !contact.is_some_and(|contact| contact.individuals.iter().any(|one| one.record.id == individual)) {
            note("contactIndividualId", "The contact has no such individual.");
        }
    }
    if gift.int("contactPassthroughId").is_some_and(|id| !job.store.contacts.has(id)) {
        note("contactPassthroughId", "There is no such contact.");
    }
    if gift.fields.contains_key("giftDesignations") {
        if designated(gift).any(|(project, _)| job.store.projects.get(project).is_none()) {
            note("giftDesignations", "There is no such project.");
        }
        let sum = money::sum(designated(gift).map(|(_, amount)| amount));
        if sum != gift.amount("amount") {
            note("giftDesignations", "The designations do not sum up to the amount.");
        }
    }
    let recurring = gift.list("recurringGiftPayments").iter();
    let recurring = recurring.filter_map(|item| item.get("id")?.as_i64());
    if recurring.into_iter().any(|id| job.store.recurring.get(id).is_none()) {
        note("recurringGiftPayments", "There is no such recurring gift.");
    }
    if wrong.is_empty() { Ok(()) } else { Err(Problem::Invalid(wrong)) }
}

/// A change to a part of a gift: its key, and its amount.
struct Change {
    state: String,
    key: i64,
    amount: Value,
}

impl Change {
    fn new(item: &JsonFields, key: i64) -> Self {
        let state = item.get("state").and_then(Value::as_str).unwrap_or_default().to_owned();
        Self { state, key, amount: item.get("amount").cloned().unwrap_or_default() }
    }

    /// Whether the change deletes the part or has no effect.
    fn needs_no_amount(&self) -> bool {
        matches!(self.state.as_str(), "Delete" | "Deleted" | "Ignore")
    }
}

/// The parts of a gift after the changes; `name` is the key field of a part.
fn changed(
    before: &[Value],
    changes: Vec<Change>,
    name: &str,
    mut make: impl FnMut(i64, Value) -> Value,
) -> Value {
    let replaces = changes.iter().all(|change| change.state.is_empty());
    let mut list: Vec<Value> = if replaces { Vec::new() } else { before.to_vec() };
    for Change { state, key, amount } in changes {
        let is_of = |held: &Value| held.get(name).and_then(Value::as_i64) == Some(key);
        match (state.as_str(), before.iter().any(is_of)) {
            ("Delete" | "Deleted", _) => list.retain(|held| !is_of(held)),
            ("Ignore", _) | ("Update" | "Updated", false) => {}
            // A part that exists can't be added again; its amount is set.
            ("Update" | "Updated" | "Add" | "Added", true) => {
                if let Some(held) = list.iter_mut().find(|held| is_of(held)).and_then(Value::as_object_mut) {
                    held.insert("amount".to_owned(), amount);
                }
            }
            _ => list.push(make(key, amount)),
        }
    }
    json!(list)
}

/// Changes the designations and payments of a gift. An empty list changes nothing.
fn change_parts(
    gift: &mut Record,
    designations: &[JsonFields],
    payments: &[JsonFields],
    parameter: &str,
    job: &mut Job<'_>,
) -> Result<(), Problem> {
    let mut wrong = Vec::new();
    let mut changes = Vec::new();
    for (index, item) in designations.iter().enumerate() {
        let change = Change::new(item, item.get("projectId").and_then(Value::as_i64).unwrap_or_default());
        if change.amount.is_null() && !change.needs_no_amount() {
            wrong.push((format!("{parameter}.giftDesignations[{index}].amount"), REQUIRED.to_owned()));
        }
        changes.push(change);
    }
    if !changes.is_empty() {
        let list = changed(gift.list("giftDesignations"), changes, "projectId", |project, amount| {
            let id = job.store.gifts.next_designation();
            json!({ "id": id, "projectId": project, "amount": amount })
        });
        gift.set("giftDesignations", list);
    }
    let mut changes = Vec::new();
    for (index, item) in payments.iter().enumerate() {
        let at = |name: &str| format!("{parameter}.recurringGiftPayments[{index}].{name}");
        match recurring::schedule_of(item) {
            Some(schedule) => changes.push(Change::new(item, schedule)),
            None if item.get("paymentId").is_some_and(Value::is_string) => {
                wrong.push((at("paymentId"), NOT_VALID.to_owned()));
            }
            None => wrong.push((at("id"), REQUIRED.to_owned())),
        }
    }
    if !changes.is_empty() {
        let list = changed(
            gift.list("recurringGiftPayments"),
            changes,
            "id",
            |schedule, amount| json!({ "id": schedule, "amount": amount }),
        );
        gift.set("recurringGiftPayments", list);
    }
    if wrong.is_empty() { Ok(()) } else { Err(Problem::Invalid(wrong)) }
}

/// Assumption (no-designations): a gift without designations goes to the organization's first project.
fn designate(gift: &mut Record, job: &mut Job<'_>) {
    if !gift.fields.contains_key("giftDesignations") {
        let id = job.store.gifts.next_designation();
        let amount = gift.fields.get("amount").cloned().unwrap_or_default();
        gift.set("giftDesignations", json!([{ "id": id, "projectId": PROJECT, "amount": amount }]));
    }
}

/// A gift from parsed fields, checked but not stored.
fn prepare(mut given: JsonFields, parameter: &str, job: &mut Job<'_>) -> Result<Record, Problem> {
    job.contact_of_body(parameter, &given)?;
    let designations = objects(&mut given, "giftDesignations");
    let payments = objects(&mut given, "recurringGiftPayments");
    let id = job.store.gifts.next_id();
    let mut gift = new_record(id, given, job);
    change_parts(&mut gift, &designations, &payments, parameter, job)?;
    designate(&mut gift, job);
    check(&gift, parameter, job)?;
    Ok(gift)
}

/// Stores a gift and notes the event for webhooks.
pub(crate) fn save(gift: Record, switch: &'static str, job: &mut Job<'_>) -> Result<Value, Problem> {
    let event = render::for_webhooks(&gift, job.store);
    let shown = Value::Object(render::full(&gift, job.store));
    job.store.gifts.put(gift)?;
    job.event(switch, "gift", event);
    Ok(shown)
}

pub(crate) fn create(job: &mut Job<'_>) -> Outcome {
    let given = job.fields("gift", CREATE)?;
    let gift = prepare(given, "gift", job)?;
    save(gift, "giftCreate", job).map(Output::Json)
}

/// The items of a list body.
fn list(job: &mut Job<'_>, parameter: &str) -> Result<Vec<Value>, Problem> {
    match job.body()? {
        Value::Array(list) if list.is_empty() => Err(Problem::field(parameter, REQUIRED)),
        Value::Array(list) if list.len() > MAX_BATCH => {
            Err(Problem::field(parameter, "At most 100 are taken at once."))
        }
        Value::Array(list) => Ok(list),
        _ => Err(Problem::field(parameter, NOT_VALID)),
    }
}

/// `create_gifts`: all or none. The response is the first gift, as in the vendor's sample.
pub(crate) fn create_many(job: &mut Job<'_>) -> Outcome {
    let list = list(job, "gifts")?;
    job.store.gifts.has_capacity(list.len())?;
    let mut gifts = Vec::new();
    for (index, value) in list.iter().enumerate() {
        let parameter = format!("gifts[{index}]");
        let given = read(value, &parameter, CREATE)?;
        gifts.push(prepare(given, &parameter, job)?);
    }
    let mut first = None;
    for gift in gifts {
        let shown = save(gift, "giftCreate", job)?;
        first.get_or_insert(shown);
    }
    Ok(Output::Json(first.unwrap_or_default()))
}

/// `reverse_gift`: creates the same gift with negated amounts.
pub(crate) fn reverse(job: &mut Job<'_>) -> Outcome {
    let given = job.fields("reversingTransaction", REVERSE)?;
    let reversed = given.get("reversedGiftId").and_then(Value::as_i64).unwrap_or_default();
    let wrong = |words: &str| Problem::field("reversingTransaction.reversedGiftId", words);
    let gift = job.store.gifts.find(reversed).map_err(|_| wrong("There is no such gift."))?.into_owned();
    if job.store.gifts.stored().any(|other| other.int("reversedGiftId") == Some(reversed)) {
        return Err(wrong("The gift was reversed already."));
    }
    let mut fields = gift.fields.clone();
    for name in ["transactionSource", "transactionId", "receiptDate", "batch", "recurringGiftPayments"] {
        fields.remove(name);
    }
    fields.extend(given.into_iter().filter(|(_, value)| !value.is_null()));
    fields.insert("giftType".to_owned(), json!("Reversing Transaction"));
    fields.insert("amount".to_owned(), money::json(-gift.amount("amount")));
    let designations: Vec<(i64, i64)> = designated(&gift).collect();
    let designations: Vec<Value> = designations
        .into_iter()
        .map(|(project, amount)| {
            let id = job.store.gifts.next_designation();
            json!({ "id": id, "projectId": project, "amount": money::json(-amount) })
        })
        .collect();
    fields.insert("giftDesignations".to_owned(), json!(designations));
    let id = job.store.gifts.next_id();
    let gift = new_record(id, fields, job);
    save(gift, "giftCreate", job).map(Output::Json)
}

pub(crate) fn update(job: &mut Job<'_>) -> Outcome {
    let mut gift = job.store.gifts.find(job.id("giftId"))?.into_owned();
    let mut given = job.change("gift", UPDATE)?;
    let designations = objects(&mut given, "giftDesignations");
    let payments = objects(&mut given, "recurringGiftPayments");
    for name in ["giftDesignations", "recurringGiftPayments"] {
        if let Some(held) = gift.fields.get(name) {
            given.insert(name.to_owned(), held.clone());
        }
    }
    job.replace(&mut gift, given, "gift", UPDATE)?;
    change_parts(&mut gift, &designations, &payments, "gift", job)?;
    check(&gift, "gift", job)?;
    save(gift, "giftUpdate", job).map(Output::Json)
}

/// `patch_gifts`: changes only the given fields; all or none.
pub(crate) fn patch(job: &mut Job<'_>) -> Outcome {
    let list = list(job, "gifts")?;
    let mut gifts: Vec<Record> = Vec::new();
    for (index, value) in list.iter().enumerate() {
        let parameter = format!("gifts[{index}]");
        let mut given = read(value, &parameter, PATCH)?;
        let id = given.remove("id").and_then(|id| id.as_i64()).unwrap_or_default();
        let mut gift = match gifts.iter().position(|gift| gift.id == id) {
            Some(before) => gifts.remove(before),
            None => match job.store.gifts.find(id) {
                Ok(gift) => gift.into_owned(),
                Err(_) => return Err(Problem::field(format!("{parameter}.id"), "There is no such gift.")),
            },
        };
        custom::apply(&mut gift.custom, given.remove("customFields"), true);
        gift.write(given, ["receiptDate", "segmentId", "notes"].into_iter(), true);
        gift.audit.touch(job.call.now);
        check(&gift, &parameter, job)?;
        gifts.push(gift);
    }
    job.store.gifts.has_capacity_for(gifts.iter().map(|gift| gift.id))?;
    for gift in gifts {
        save(gift, "giftUpdate", job)?;
    }
    Ok(Output::Json(json!({})))
}

pub(crate) fn delete(job: &mut Job<'_>) -> Outcome {
    let gift = job.store.gifts.remove(job.id("giftId"))?;
    let event = render::for_webhooks(&gift, job.store);
    job.event("giftDelete", "gift", event);
    Ok(Output::Empty)
}
