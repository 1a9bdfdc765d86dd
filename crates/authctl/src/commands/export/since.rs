//! `--since`: the condition of an incremental export, from the parameters that the query of the resource has.

use crate::failure::Failure;
use auth_emulator::Timestamp;
use serde_json::Value;
use std::time::Duration;
use virtuous_client::export::Resource;
use virtuous_client::query::{Condition, parameter};

/// The parameters that compare the time of the last change, the usual one first.
const PARAMETERS: [&str; 2] = ["Last Modified Date", "Last Modified DateTime UTC"];

/// Operators that include the day itself: a strict comparison would lose rows of the same moment.
const OPERATORS: [&str; 2] = ["GreaterThanOrEqual", "OnOrAfter"];

/// Which rows a run reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Since {
    /// All.
    All,
    /// Those that were modified on this day or later.
    Day(String),
    /// Those that were modified since the last run; in the first run, all.
    Last,
}

impl Since {
    pub(super) fn parse(text: Option<&str>) -> Result<Self, Failure> {
        Ok(match text {
            None => Self::All,
            Some("last") => Self::Last,
            Some(text) => Self::Day(day(text)?),
        })
    }
}

/// Reads a duration such as `90s`, `5m`, `2h` or `1d`.
pub(super) fn overlap(text: &str) -> Result<Duration, String> {
    let invalid = || "expected a duration such as 90s, 5m, 2h or 1d".to_owned();
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(invalid)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return Err(invalid()),
    };
    let number = number.parse::<u32>().map_err(|_| invalid())?;
    Ok(Duration::from_secs(u64::from(number).saturating_mul(seconds)))
}

/// Returns the first day: a date as it is; for a time, the day before it in UTC, so that no time zone of the vendor loses a row.
fn day(text: &str) -> Result<String, Failure> {
    const DAY_SECONDS: i64 = 24 * 60 * 60;
    let invalid = || {
        Failure::usage(format!(
            "--since {text}: expected last, a date such as 2026-11-28, or a time with an offset such as 2026-11-28T08:00:00Z"
        ))
    };
    if text.len() == 10 {
        return Timestamp::parse_rfc3339(&format!("{text}T00:00:00Z"))
            .map(|_| text.to_owned())
            .ok_or_else(invalid);
    }
    let time = Timestamp::parse_rfc3339(text).ok_or_else(invalid)?;
    let before = Timestamp::from_unix_seconds(time.unix_seconds().saturating_sub(DAY_SECONDS)).without_zone();
    before.split('T').next().map(str::to_owned).ok_or_else(invalid)
}

/// The condition that the vendor usually has.
pub(super) fn usual(day: &str) -> Condition {
    parameter(PARAMETERS[0]).greater_than_or_equal(day)
}

/// Returns the condition with a parameter and an operator of the vendor's list of query options.
pub(super) fn condition(resource: Resource, options: &Value, day: &str) -> Result<Condition, Failure> {
    let list =
        |value: &Value, name: &str| value.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let known = list(options, "options");
    for name in PARAMETERS {
        let Some(option) = known.iter().find(|option| option.get("parameter") == Some(&Value::from(name)))
        else {
            continue;
        };
        // A parameter without its own operators has those of the whole list.
        let own = list(option, "operatorOptions");
        let operators = if own.is_empty() { list(options, "operatorOptions") } else { own };
        let has = |operator: &&&str| {
            operators.iter().any(|one| one.get("operator") == Some(&Value::from(**operator)))
        };
        if let Some(operator) = OPERATORS.iter().find(has) {
            let mut condition = parameter(name).compared(*operator);
            condition.value = Some(day.to_owned());
            return Ok(condition);
        }
    }
    Err(Failure::usage(format!(
        "--since: the vendor's query of {resource} can't compare the time of the last change"
    ))
    .hint("without --since, all rows are exported"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_time_starts_at_the_day_before_it() {
        for (text, expected) in [
            ("2026-11-28", "2026-11-28"),
            ("2026-03-01T08:00:00Z", "2026-02-28"),
            ("2026-01-01T23:30:00-05:00", "2026-01-01"),
            ("2026-01-01T00:30:00+01:00", "2025-12-30"),
        ] {
            assert_eq!(day(text).ok().as_deref(), Some(expected), "{text}");
        }
        for text in
            ["", "yesterday", "2026-02-30", "2026-11-28T08:00:00", "28/11/2026", "20261128Z0", "2026-11-2é"]
        {
            assert!(day(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_duration_has_a_unit() {
        for (text, seconds) in [("0s", 0), ("90s", 90), ("5m", 300), ("2h", 7200), ("1d", 86_400)] {
            assert_eq!(overlap(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "5", "m", "-5m", "5 m", "1w", "5é", "99999999999d"] {
            assert!(overlap(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_condition_is_one_that_the_vendor_has() {
        let operators =
            |names: &[&str]| names.iter().map(|name| json!({ "operator": name })).collect::<Vec<_>>();
        let of = |options: Value| {
            let found = condition(Resource::Gifts, &options, "2026-11-28").ok()?;
            Some((found.parameter, found.operator.as_str().to_owned(), found.value))
        };
        let found = |name: &str, operator: &str| {
            Some((name.to_owned(), operator.to_owned(), Some("2026-11-28".to_owned())))
        };
        let own = json!({ "parameter": "Last Modified Date", "operatorOptions": operators(&["After", "OnOrAfter"]) });
        assert_eq!(of(json!({ "options": [own] })), found("Last Modified Date", "OnOrAfter"));
        let all = json!({
            "options": [{ "parameter": "Last Modified DateTime UTC" }],
            "operatorOptions": operators(&["Is", "OnOrAfter", "GreaterThanOrEqual"]),
        });
        assert_eq!(of(all), found("Last Modified DateTime UTC", "GreaterThanOrEqual"));
        let strict =
            json!({ "parameter": "Last Modified Date", "operatorOptions": operators(&["GreaterThan"]) });
        assert_eq!(of(json!({ "options": [strict] })), None, "a strict comparison loses rows");
        assert_eq!(of(json!({ "options": [{ "parameter": "Gift Date" }] })), None);
        assert_eq!(of(Value::Null), None);
    }
}
