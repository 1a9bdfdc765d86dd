//! Direct creation, update and deletion of gifts, without de-duplication, unlike transactions. The designations of a gift
//! must sum up to its amount.
//!
//! Assumption (gift-parts): an update without designations keeps them, and so it does with the amounts of those that it has without
//! one; a single designation gets the amount of the gift. The same applies to payments of recurring gifts.
//! Assumption (part-states): items without a `state` replace the list, items with one change it. Assumption (patch-twice): a
//! patch that contains a gift twice changes it twice, in order. Assumption (reversals): a gift can be reversed only once.

use serde_json::{Value, json};

use super::parts::{DESIGNATION, PARTS, PAYMENT, PLEDGED, PREMIUM, STATES, change_parts, take_parts};
use super::reads::NON_CASH;
use super::{render, schedules};
use crate::providers::virtuous::base::custom::{self, RecordKind};
use crate::providers::virtuous::base::fields::{
    Field, custom_list, custom_map, day, flag, int, items, number, one_of, text,
};
use crate::providers::virtuous::base::money;
use crate::providers::virtuous::base::record::{JsonFields, Record};
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::base::violations::{NOT_VALID, REQUIRED};
use crate::providers::virtuous::data::gifts::{TYPES, designated};
use crate::providers::virtuous::data::job::{Job, Outcome, Output, new_record};
use crate::providers::virtuous::records::TRIBUTES;
use crate::providers::virtuous::records::relations::{self, Target};

/// The maximum number of gifts in a bulk call or patch.
const MAX_BATCH: usize = 100;

const PASSTHROUGH: &[Field] = &[int("contactId"), text("passthroughContact"), text("amount")];
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
    one_of("state", STATES),
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
    items("giftPremiums", PREMIUM),
    items("pledgePayments", PLEDGED),
    items("recurringGiftPayments", PAYMENT),
    one_of("tributeType", TRIBUTES),
    int("tributeId"),
    text("tributeDescription").read_as("tribute"),
    int("acknowledgeeId").read_as("acknowledgeeIndividualId"),
    flag("isAcknowledgedGift"),
    day("acknowledgementDate"),
    text("acknowledgementNotes"),
    items("giftPassthroughs", PASSTHROUGH),
    custom_list(RecordKind::Gift),
];
/// All fields except the contact and the transaction.
const UPDATE: &[Field] = CREATE.split_at(4).1;
const REVERSE: &[Field] = &[day("giftDate").required(), int("reversedGiftId").required(), text("notes")];
const PATCH: &[Field] = &[
    int("id").required(),
    day("receiptDateUtc").read_as("receiptDate"),
    int("segmentId"),
    text("notes"),
    custom_map(RecordKind::Gift),
];

/// Checks required fields and references, and the amounts of the designations if they were `summed`.
fn check(gift: &Record, parameter: &str, summed: bool, job: &Job<'_>) -> Result<(), Problem> {
    let mut wrong = Vec::new();
    let mut note = |name: &str, words: &str| wrong.push((format!("{parameter}.{name}"), words.to_owned()));
    for name in ["giftType", "giftDate", "amount"] {
        if gift.fields.get(name).is_none_or(Value::is_null) {
            note(name, REQUIRED);
        }
    }
    for (field, words) in relations::broken(gift, job.store) {
        note(
            CREATE.iter().find(|known| known.read_as == *field).map_or(field.as_str(), |known| known.name),
            &words,
        );
    }
    if gift.int("nonCashGiftTypeId").is_some_and(|id| !NON_CASH.iter().any(|(known, ..)| *known == id)) {
        note("nonCashGiftTypeId", "There is no such type.");
    }
    // Assumption (currency-codes): any three capitals.
    let code = gift.text("currencyCode");
    if !code.is_empty() && (code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_uppercase())) {
        note("currencyCode", NOT_VALID);
    }
    if let Some(individual) = gift.int("contactIndividualId") {
        let contact = gift.int("contactId").and_then(|id| job.store.contacts.find(id).ok());
        if !contact.is_some_and(|contact| contact.individuals.iter().any(|one| one.record.id == individual)) {
            note("contactIndividualId", "The contact has no such individual.");
        }
    }
    for part in PARTS {
        let ids = gift.list(part.list).iter().filter_map(|item| item.get(part.key)?.as_i64());
        if ids.into_iter().any(|id| !part.refers(id, job.store)) {
            note(part.list, "There is no such record.");
        }
    }
    // Assumption (no-designations): a gift may have none.
    let mut amounts = designated(gift).map(|(_, amount)| amount).peekable();
    if summed && amounts.peek().is_some() && money::sum(amounts) != gift.amount("amount") {
        note("giftDesignations", "The designations do not sum up to the amount.");
    }
    if wrong.is_empty() { Ok(()) } else { Err(Problem::Invalid(wrong)) }
}

/// A gift from parsed fields, checked but not stored.
fn prepare(mut given: JsonFields, parameter: &str, job: &mut Job<'_>) -> Result<Record, Problem> {
    job.contact_of_body(parameter, &given)?;
    let parts = take_parts(&mut given);
    let id = job.store.gifts.next_id();
    let mut gift = new_record(id, given, job);
    change_parts(&mut gift, &parts, parameter, job)?;
    check(&gift, parameter, true, job)?;
    Ok(gift)
}

/// Stores a gift and notes the event for webhooks.
pub(crate) fn save(gift: Record, switch: &'static str, job: &mut Job<'_>) -> Result<Value, Problem> {
    // A refused gift must not move the schedules that it pays, and the payments of a response are those of the store.
    job.store.gifts.put(gift.clone())?;
    if switch == "giftCreate" {
        schedules::advance(job, &gift);
    }
    let event = render::for_webhooks(&gift, job.store);
    let shown = Value::Object(render::full(&gift, job.store));
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
    match job.body(parameter)? {
        Value::Array(list) if list.is_empty() => Err(Problem::field(parameter, REQUIRED)),
        Value::Array(list) if list.len() > MAX_BATCH => {
            Err(Problem::field(parameter, "At most 100 are taken at once."))
        }
        Value::Array(list) => Ok(list),
        _ => Err(Problem::field(parameter, NOT_VALID)),
    }
}

/// `create_gifts`: all or none. The response is the list of the gifts, as recorded.
pub(crate) fn create_many(job: &mut Job<'_>) -> Outcome {
    let list = list(job, "gifts")?;
    job.store.gifts.has_capacity(list.len())?;
    let mut gifts = Vec::new();
    for (index, value) in list.iter().enumerate() {
        let parameter = format!("gifts[{index}]");
        let given = job.read(value, &parameter, CREATE)?;
        gifts.push(prepare(given, &parameter, job)?);
    }
    let shown = gifts.into_iter().map(|gift| save(gift, "giftCreate", job));
    shown.collect::<Result<Vec<Value>, Problem>>().map(|list| Output::Json(json!(list)))
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
    let once = ["transactionSource", "transactionId", "receiptDate", "batch"];
    for name in once.into_iter().chain(PARTS.map(|part| part.list)) {
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
    let parts = take_parts(&mut given);
    for name in PARTS.map(|part| part.list) {
        if let Some(held) = gift.fields.get(name) {
            given.insert(name.to_owned(), held.clone());
        }
    }
    job.replace(&mut gift, given, "gift", UPDATE)?;
    let [designations, ..] = &parts;
    let is_deleted =
        |item: &JsonFields| matches!(item.get("state").and_then(Value::as_str), Some("Delete" | "Deleted"));
    let has_amount = |item: &JsonFields| item.get("amount").is_some_and(|amount| !amount.is_null());
    let summed = designations.iter().any(|item| has_amount(item) || is_deleted(item));
    change_parts(&mut gift, &parts, "gift", job)?;
    if let (false, [only]) = (summed, gift.list("giftDesignations")) {
        let mut only = only.as_object().cloned().unwrap_or_default();
        only.insert("amount".to_owned(), gift.fields.get("amount").cloned().unwrap_or_default());
        gift.set("giftDesignations", json!([only]));
    }
    check(&gift, "gift", summed, job)?;
    save(gift, "giftUpdate", job).map(Output::Json)
}

/// `patch_gifts`: changes only the given fields; all or none.
pub(crate) fn patch(job: &mut Job<'_>) -> Outcome {
    let list = list(job, "gifts")?;
    let mut gifts: Vec<Record> = Vec::new();
    for (index, value) in list.iter().enumerate() {
        let parameter = format!("gifts[{index}]");
        let mut given = job.read(value, &parameter, PATCH)?;
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
        gift.audit.touch(job.store.now);
        check(&gift, &parameter, false, job)?;
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
    relations::release(job.store, Target::Gift, gift.id)?;
    job.event("giftDelete", "gift", event);
    Ok(Output::Empty)
}
