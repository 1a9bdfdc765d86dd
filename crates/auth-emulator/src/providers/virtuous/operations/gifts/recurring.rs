//! Recurring gifts, and the gifts that are recorded as their payments.
//!
//! Assumption (recurring-gifts): `recurringGiftPayments` of a gift refer to the recurring gift by `id`, or by the number in
//! `paymentId`; a payment has the id of its gift. The list of payments has an envelope, although the vendor's sample shows a
//! single payment.

use serde_json::{Value, json};

use super::query::{OF_GIVER, cell};
use crate::providers::virtuous::base::custom::{self, RecordKind};
use crate::providers::virtuous::base::fields::{
    Field, custom_list, day, flag, int, items, number, objects, one_of, text,
};
use crate::providers::virtuous::base::record::{JsonFields, Record};
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::base::violations::REQUIRED;
use crate::providers::virtuous::base::{dates, money};
use crate::providers::virtuous::data::job::{Job, Outcome, Output, envelope, new_record};
use crate::providers::virtuous::data::store::Store;
use crate::providers::virtuous::query::{self, Cell, Schema, Type, Values, parameter};

pub(super) const FREQUENCIES: &[&str] =
    &["Weekly", "Bimonthly", "Monthly", "Quarterly", "Semiannually", "Annually", "Biennially"];
const STATUSES: &[&str] = &["UpToDate", "Cancelled"];

const DESIGNATION: &[Field] = &[int("projectId").required(), number("amountDesignated").required()];
const CREATE: &[Field] = &[
    int("contactId").required(),
    day("recurringGiftDate"),
    day("startDate"),
    one_of("frequency", FREQUENCIES),
    number("amount"),
    day("nextExpectedPaymentDate"),
    day("anticipatedEndDate"),
    day("thankYouDate"),
    int("segmentId"),
    flag("automatedPayments"),
    flag("trackPayments"),
    flag("isPrivate"),
    items("designations", DESIGNATION),
    custom_list(RecordKind::RecurringGift),
];
/// All fields except the contact.
const UPDATE: &[Field] = CREATE.split_at(1).1;
const CANCEL: &[Field] = &[text("cancelReason"), int("categoryId")];

/// The parameters that clients use; no recording has the list.
pub(crate) static SCHEMA: Schema = Schema {
    parameters: &[
        parameter("Recurring Gift Id", Type::Int, "id"),
        parameter("Contact Id", Type::Int, "contactId"),
        parameter("Amount", Type::Decimal, "amount"),
        parameter("Converted Amount", Type::Decimal, "amount"),
        parameter("Status", Type::List, "status").among(Values::Usual(STATUSES)),
        parameter("Transaction Source", Type::String, "transactionSource").known(),
        parameter("Transaction Id", Type::String, "transactionId").known(),
        parameter("Start Date", Type::Date, "startDate"),
        parameter("Recurring Gift Date", Type::Date, "recurringGiftDate"),
        parameter("Next Expected Payment Date", Type::Date, "nextExpectedPaymentDate").known(),
        parameter("Private", Type::Boolean, "isPrivate"),
        parameter("Create Date", Type::Date, "created"),
        parameter("Create DateTime UTC", Type::Date, "created"),
        parameter("Last Modified Date", Type::Date, "modified"),
    ],
    shared: OF_GIVER,
    sorts: &[],
    custom: Some(RecordKind::RecurringGift),
};

pub(crate) fn execute(job: &mut Job<'_>) -> Option<Outcome> {
    Some(match job.call.operation {
        "recurring_gifts.by_contact" => by_contact(job),
        "recurring_gifts.get" => get(job),
        "recurring_gifts.create" => create(job),
        "recurring_gifts.update" => update(job),
        "recurring_gifts.cancel" => cancel(job),
        "recurring_gifts.custom_fields" => {
            Ok(Output::Json(custom::listed(job.store.custom(RecordKind::RecurringGift))))
        }
        "recurring_gifts.query_options" => Ok(Output::Json(query::options(&SCHEMA, job.store))),
        "recurring_gifts.query" => run(job),
        "recurring_gifts.payments" => payments(job),
        _ => return None,
    })
}

/// The date of the recurring gift: the given one, or the start.
pub(super) fn date_of(gift: &Record) -> &str {
    let given = gift.text("recurringGiftDate");
    if given.is_empty() { gift.text("startDate") } else { given }
}

fn shown(gift: &Record, store: &Store) -> Value {
    const VALUES: &[&str] = &[
        "transactionSource",
        "transactionId",
        "contactId",
        "startDate",
        "amount",
        "frequency",
        "anticipatedEndDate",
        "cancelDateTimeUtc",
        "segmentId",
        "status",
        "nextExpectedPaymentDate",
    ];
    let mut shown = gift.audited(VALUES, &["automatedPayments", "trackPayments", "isPrivate"]);
    let segment = gift.int("segmentId").and_then(|id| store.segments.get(id));
    shown.insert("segment".to_owned(), json!(segment.as_ref().map(|segment| segment.text("name"))));
    let url = segment.as_ref().map(|segment| format!("/api/Segment/{}", segment.id));
    shown.insert("segmentUrl".to_owned(), json!(url));
    shown.insert("recurringGiftDate".to_owned(), json!(date_of(gift)));
    // As recorded, unlike those of other gifts.
    shown.entry("amount").and_modify(money::shorten);
    let designations = gift.list("designations").iter().map(|value| {
        let project = value.get("projectId").and_then(Value::as_i64);
        let record = project.and_then(|id| store.projects.get(id));
        json!({
            "projectId": project,
            "project": record.as_ref().map(|project| project.text("name")),
            "projectUrl": project.map(|id| format!("/api/Project/{id}")),
            "amountDesignated": value.get("amountDesignated"),
            "projectCode": record.as_ref().map(|project| project.text("projectCode")),
        })
    });
    shown.insert("designations".to_owned(), designations.collect());
    shown.insert(
        "customFields".to_owned(),
        custom::shown(store.custom(RecordKind::RecurringGift), &gift.custom),
    );
    Value::Object(shown)
}

fn get(job: &mut Job<'_>) -> Outcome {
    let gift = job.store.recurring.find(job.id("recurringGiftId"))?;
    Ok(Output::Json(shown(&gift, job.store)))
}

fn by_contact(job: &mut Job<'_>) -> Outcome {
    let contact = job.id("contactId");
    job.store.contacts.find(contact)?;
    let sort = job.parameters.text("sortBy").map(str::to_ascii_lowercase);
    let of_contact = job.store.recurring.stored().filter(|gift| gift.int("contactId") == Some(contact));
    let mut rows: Vec<(Cell, i64, Value)> = of_contact
        .map(|gift| {
            let key = match sort.as_deref() {
                Some("recurringgiftdate") => Cell::date(date_of(gift)),
                Some("amount") => Cell::Number(gift.amount("amount")),
                Some("createddatetime") => Cell::date(&gift.audit.created),
                _ => Cell::Number(gift.id),
            };
            (key, gift.id, shown(gift, job.store))
        })
        .collect();
    job.order(&mut rows);
    let total = rows.len();
    Ok(envelope(job.parameters.page.of(rows.into_iter().map(|(_, _, shown)| shown)), total))
}

/// Checks required fields and references. The designations must sum up to the amount.
fn check(gift: &Record, store: &Store) -> Result<(), Problem> {
    let needed = ["startDate", "frequency", "amount"];
    let missing: Vec<_> = needed
        .iter()
        .filter(|name| gift.fields.get(**name).is_none_or(Value::is_null))
        .map(|name| (format!("recurringGift.{name}"), REQUIRED.to_owned()))
        .collect();
    if !missing.is_empty() {
        return Err(Problem::Invalid(missing));
    }
    let designations = gift.list("designations");
    let known = |value: &Value| {
        value.get("projectId").and_then(Value::as_i64).is_some_and(|id| store.projects.get(id).is_some())
    };
    if !designations.iter().all(known) {
        return Err(Problem::field("recurringGift.designations", "There is no such project."));
    }
    let sum = money::sum(designations.iter().filter_map(|value| money::of(value.get("amountDesignated")?)));
    if !designations.is_empty() && sum != gift.amount("amount") {
        let words = "The designations do not sum up to the amount.";
        return Err(Problem::field("recurringGift.designations", words));
    }
    if gift.int("segmentId").is_some_and(|id| store.segments.get(id).is_none()) {
        return Err(Problem::field("recurringGift.segmentId", "There is no such segment."));
    }
    Ok(())
}

fn save(job: &mut Job<'_>, gift: Record) -> Outcome {
    check(&gift, job.store)?;
    let response = shown(&gift, job.store);
    job.store.recurring.put(gift.id, gift)?;
    Ok(Output::Json(response))
}

fn create(job: &mut Job<'_>) -> Outcome {
    let mut given = job.fields("recurringGift", CREATE)?;
    job.contact_of_body("recurringGift", &given)?;
    let designations: Vec<Value> =
        objects(&mut given, "designations").into_iter().map(Value::Object).collect();
    let id = job.store.recurring.next_id();
    let mut gift = new_record(id, given, job);
    gift.set("designations", designations);
    gift.set("status", "UpToDate");
    if gift.text("nextExpectedPaymentDate").is_empty() {
        let start = gift.fields.get("startDate").cloned().unwrap_or_default();
        gift.set("nextExpectedPaymentDate", start);
    }
    save(job, gift)
}

fn update(job: &mut Job<'_>) -> Outcome {
    let mut gift = job.store.recurring.find(job.id("recurringGiftId"))?.into_owned();
    let given = job.change("recurringGift", UPDATE)?;
    job.replace(&mut gift, given, "recurringGift", UPDATE)?;
    save(job, gift)
}

/// Cancels a recurring gift permanently; its recorded payments stay.
fn cancel(job: &mut Job<'_>) -> Outcome {
    let mut gift = job.store.recurring.find(job.id("recurringGiftId"))?.into_owned();
    let given = job.optional_fields("cancel", CANCEL)?;
    if gift.text("status") == "Cancelled" {
        return Err(Problem::field("recurringGiftId", "The recurring gift is cancelled already."));
    }
    gift.fields.extend(given.into_iter().filter(|(_, value)| !value.is_null()));
    gift.set("status", "Cancelled");
    gift.set("cancelDateTimeUtc", dates::audit(job.store.now));
    gift.fields.remove("nextExpectedPaymentDate");
    gift.audit.touch(job.store.now);
    save(job, gift)
}

fn run(job: &mut Job<'_>) -> Outcome {
    let query = job.query(&SCHEMA)?;
    let rows = job.store.recurring.stored().map(|gift| (gift.id, gift));
    let (ids, total) =
        query.plan.run(rows, job.parameters.page, |_, gift, source| cell(gift, source, job.store));
    let found: Result<Vec<Value>, Problem> =
        ids.iter().map(|id| job.store.recurring.find(*id).map(|gift| shown(&gift, job.store))).collect();
    Ok(envelope(found?, total))
}

/// The id of the recurring gift that an item of `recurringGiftPayments` refers to.
pub(crate) fn schedule_of(item: &JsonFields) -> Option<i64> {
    let by_text = || item.get("paymentId")?.as_str()?.strip_prefix("RecurringGiftPayment-")?.parse().ok();
    item.get("id").and_then(Value::as_i64).or_else(by_text)
}

fn payment(gift: &Record, schedule: &Record) -> Value {
    json!({
        "id": gift.id,
        "gift": {
            "id": gift.id, "contactId": gift.int("contactId"), "giftDate": gift.text("giftDate"),
            "amount": gift.fields.get("amount"),
        },
        "expectedAmount": schedule.fields.get("amount"),
        "expectedPaymentDate": gift.text("giftDate"),
        "dismissPaymentDate": null,
        "fulfillPaymentDate": gift.text("giftDate"),
    })
}

/// The ids of the recurring gifts that a gift pays.
pub(super) fn payments_in(gift: &Record) -> impl Iterator<Item = i64> {
    gift.list("recurringGiftPayments").iter().filter_map(|item| item.get("id")?.as_i64())
}

/// The payments in a gift.
pub(crate) fn payments_of(gift: &Record, store: &Store) -> Value {
    let schedules = payments_in(gift).filter_map(|id| store.recurring.get(id));
    schedules.map(|schedule| payment(gift, &schedule)).collect()
}

fn payments(job: &mut Job<'_>) -> Outcome {
    let id = job.id("recurringGiftId");
    let schedule = job.store.recurring.find(id)?;
    let is_of = |gift: &&Record| payments_in(gift).any(|paid| paid == id);
    let payments: Vec<Value> =
        job.store.gifts.stored().filter(is_of).map(|gift| payment(gift, &schedule)).collect();
    let total = payments.len();
    Ok(envelope(job.parameters.page.of(payments), total))
}
