//! How gifts and their transactions pay recurring gifts.
//!
//! Assumption (transaction-schedules): a gift transaction belongs to the recurring gift of its source with the id in
//! `recurringGiftTransactionId`. If there is none, a transaction with a `frequency` creates it, with the id of the transaction if
//! no other is given; staff must correct one without a frequency. `recurringGiftTransactionUpdate` sets amount, frequency,
//! designations and segment, and `cancelDate` cancels. `Bimonthly` is every 15 days. A gift moves the next expected payment to the
//! first date after its own.

use serde_json::{Value, json};

use super::recurring::{FREQUENCIES, payments_in};
use crate::providers::virtuous::base::record::{JsonFields, Record};
use crate::providers::virtuous::base::{dates, money};
use crate::providers::virtuous::data::job::{Job, new_record};
use crate::providers::virtuous::data::transactions::string_of;

/// The recurring gift of a transaction.
pub(super) enum Schedule {
    None,
    New { id: String, frequency: &'static str },
    Existing(i64),
}

/// A payment of a schedule.
pub(super) struct Payment<'g> {
    pub contact: i64,
    pub amount: i64,
    pub segment: Option<i64>,
    /// Project and amount of each.
    pub designations: &'g [(i64, i64)],
}

/// The frequency of a transaction; `None` if it is unknown. A single gift has an empty one.
fn frequency(given: &JsonFields) -> Option<&'static str> {
    let word = match string_of(given, "frequency") {
        "" => return Some(""),
        once if once.eq_ignore_ascii_case("Once") || once.eq_ignore_ascii_case("OneTime") => return Some(""),
        year if year.eq_ignore_ascii_case("Yearly") => "Annually",
        word => word,
    };
    FREQUENCIES.iter().find(|known| known.eq_ignore_ascii_case(word)).copied()
}

/// The recurring gift that a transaction belongs to. `None`: staff must correct the transaction.
pub(super) fn find(job: &Job<'_>, given: &JsonFields) -> Option<Schedule> {
    let frequency = frequency(given)?;
    let (source, named) =
        (string_of(given, "transactionSource"), string_of(given, "recurringGiftTransactionId"));
    let id = if named.is_empty() { string_of(given, "transactionId") } else { named };
    let is_it = |one: &&Record| one.text("transactionSource") == source && one.text("transactionId") == id;
    if named.is_empty() && frequency.is_empty() {
        return Some(Schedule::None);
    }
    match job.store.recurring.stored().find(is_it) {
        Some(held) if !id.is_empty() => Some(Schedule::Existing(held.id)),
        _ if frequency.is_empty() => None,
        _ => {
            job.store.recurring.has_capacity(1).ok()?;
            Some(Schedule::New { id: id.to_owned(), frequency })
        }
    }
}

/// Creates, updates or cancels the recurring gift, and returns the payments of the gift. `None`: staff must correct the
/// transaction.
pub(super) fn apply(
    job: &mut Job<'_>,
    schedule: Schedule,
    given: &JsonFields,
    payment: &Payment<'_>,
) -> Option<Value> {
    let (mut held, updates) = match schedule {
        Schedule::None => return Some(json!([])),
        Schedule::Existing(id) => {
            let held = job.store.recurring.find(id).ok()?.into_owned();
            let flag = given.get("recurringGiftTransactionUpdate").and_then(Value::as_bool);
            (held, flag.unwrap_or_default())
        }
        Schedule::New { id, frequency } => {
            let mut fields = JsonFields::new();
            for (name, value) in [
                ("contactId", json!(payment.contact)),
                ("transactionSource", json!(string_of(given, "transactionSource"))),
                ("transactionId", json!(id)),
                ("startDate", given.get("giftDate").cloned().unwrap_or_default()),
                ("isPrivate", given.get("isPrivate").cloned().unwrap_or_default()),
                ("frequency", json!(frequency)),
                ("status", json!("UpToDate")),
            ] {
                fields.insert(name.to_owned(), value);
            }
            let id = job.store.recurring.next_id();
            let mut held = new_record(id, fields, job);
            if held.text("startDate").is_empty() {
                held.set("startDate", dates::midnight(dates::day_of(job.call.now.unix_micros())));
            }
            let start = held.text("startDate").to_owned();
            held.set("nextExpectedPaymentDate", start);
            (held, true)
        }
    };
    if updates {
        held.set("amount", money::json(payment.amount));
        held.set("segmentId", json!(payment.segment));
        if let Some(frequency) = frequency(given).filter(|frequency| !frequency.is_empty()) {
            held.set("frequency", frequency);
        }
        let parts = payment.designations.iter().map(
            |(project, amount)| json!({ "projectId": project, "amountDesignated": money::json(*amount) }),
        );
        held.set("designations", parts.collect::<Value>());
    }
    let cancelled = string_of(given, "cancelDate");
    if !cancelled.is_empty() && held.text("status") != "Cancelled" {
        held.set("status", "Cancelled");
        held.set("cancelDateTimeUtc", cancelled);
        held.fields.remove("nextExpectedPaymentDate");
    }
    held.audit.touch(job.store.now);
    let id = held.id;
    job.store.recurring.put(id, held).ok()?;
    Some(json!([{ "id": id, "amount": money::json(payment.amount) }]))
}

/// The number of dates that are tried for the next payment: 500 years of a monthly gift.
const MOST_DATES: i64 = 6000;

/// Moves the next payments of the recurring gifts that a new gift pays.
pub(super) fn advance(job: &mut Job<'_>, gift: &Record) {
    let Some(paid) = dates::parse_day(gift.text("giftDate")) else { return };
    for id in payments_in(gift) {
        let Ok(held) = job.store.recurring.find(id) else { continue };
        let Some(next) = next_after(&held, paid) else { continue };
        let mut held = held.into_owned();
        held.set("nextExpectedPaymentDate", dates::midnight(next));
        held.audit.touch(job.store.now);
        // It is stored already.
        let _ = job.store.recurring.put(id, held);
    }
}

/// The first expected date after `paid`; `None` if the recurring gift expects nothing, or it lies after that already.
fn next_after(held: &Record, paid: i64) -> Option<i64> {
    let expected = dates::parse_day(held.text("nextExpectedPaymentDate"))?;
    if expected > paid {
        return None;
    }
    let (year, month, day) = dates::civil(expected);
    // A gift of the 31st is expected on the 28th of February, and on the 31st again in March.
    let started = dates::parse_day(held.text("startDate")).map_or(day, |start| dates::civil(start).2);
    let day = if day >= 28 { started.max(day) } else { day };
    let months = match held.text("frequency") {
        "Weekly" => return Some(expected + ((paid - expected) / 7 + 1) * 7),
        "Bimonthly" => return Some(expected + ((paid - expected) / 15 + 1) * 15),
        "Monthly" => 1,
        "Quarterly" => 3,
        "Semiannually" => 6,
        "Annually" => 12,
        "Biennially" => 24,
        _ => return None,
    };
    let date = |step: i64| {
        let month = month - 1 + step * months;
        let (year, month) = (year + month / 12, month % 12 + 1);
        (28..=day.max(28)).rev().find_map(|last| dates::day(year, month, day.min(last)))
    };
    (1..MOST_DATES).map_while(date).find(|date| *date > paid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::virtuous::base::record::Audit;

    #[test]
    fn the_next_payment_is_the_first_expected_one_after_the_gift() {
        for (frequency, start, expected, paid, next) in [
            ("Weekly", "2024-01-01", "2024-01-01", "2024-01-01", Some("1/8/2024")),
            ("Weekly", "2024-01-01", "2024-01-01", "2024-01-20", Some("1/22/2024")),
            ("Bimonthly", "2024-01-01", "2024-01-01", "2024-01-01", Some("1/16/2024")),
            ("Monthly", "2024-01-31", "2024-01-31", "2024-01-31", Some("2/29/2024")),
            ("Monthly", "2024-01-31", "2024-02-29", "2024-02-29", Some("3/31/2024")),
            ("Monthly", "2024-01-31", "2024-01-15", "2024-04-20", Some("5/15/2024")),
            ("Quarterly", "2023-11-30", "2023-11-30", "2023-12-01", Some("2/29/2024")),
            ("Biennially", "2024-02-29", "2024-02-29", "2024-03-01", Some("2/28/2026")),
            ("Annually", "2024-01-01", "2025-01-01", "2024-06-01", None),
            ("Custom", "2024-01-01", "2024-01-01", "2024-06-01", None),
        ] {
            let mut held = Record::new(1, JsonFields::new(), Audit::at_start());
            held.set("frequency", frequency);
            held.set("startDate", start);
            held.set("nextExpectedPaymentDate", expected);
            let found = next_after(&held, dates::parse_day(paid).unwrap()).map(dates::display);
            assert_eq!(found.as_deref(), next, "{frequency} {start} {paid}");
        }
    }
}
