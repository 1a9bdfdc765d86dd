//! What the server offers for queries, compared with the operators of the SDK, and the forms of its dates.

use super::{Call, Checks, P, Read};
use crate::commands::doctor::probe::Seen;
use crate::commands::doctor::{Finding, Findings};
use crate::failure::Failure;
use serde_json::Value;
use std::collections::BTreeSet;
use virtuous_client::models::{DateTime, QueryOptions};
use virtuous_client::query::Operator;

pub(super) async fn options(checks: &mut Checks<'_, '_>, findings: &mut Findings) -> Result<(), Failure> {
    for resource in ["contacts", "gifts"] {
        let call = Call::new(&Read::operation(P, resource, "query_options")?, &[])?;
        let seen = checks.probe.call(&checks.client, &call).await?;
        findings.add("query-operators", compared(resource, &seen));
    }
    Ok(())
}

/// Compares the options with the operators of the client. Names of parameters stay out: an organization makes its own.
fn compared(resource: &str, seen: &Seen) -> Finding {
    let what = format!("the query options of {resource}");
    if !seen.status.is_success() {
        return Finding::Untested(format!("{what} have {}", seen.shape()));
    }
    let Ok(options) = serde_json::from_slice::<QueryOptions>(&seen.body) else {
        return Finding::differs(format!("{what} have {}", seen.shape()), "report it");
    };
    let of_parameters = options.options.iter().flat_map(|option| &option.operator_options);
    let offered: BTreeSet<&str> = options
        .operator_options
        .iter()
        .chain(of_parameters)
        .filter_map(|option| option.operator.as_deref())
        .collect();
    let is_unknown = |name: &&str| matches!(Operator::from(*name), Operator::Unknown(_));
    let unknown: Vec<&str> = offered.iter().copied().filter(is_unknown).collect();
    match (offered.len(), unknown.as_slice()) {
        (0, _) => Finding::differs(format!("{what} list no operators"), "report it"),
        (count, []) => Finding::Confirmed(format!("{what} have {count} operators, all of them known")),
        (_, unknown) => Finding::differs(
            format!("{what} have operators that the SDK doesn't know: {}", unknown.join(", ")),
            "none: --data takes any operator",
        ),
    }
}

/// The forms of the dates of a contact, without their digits.
pub(super) async fn dates(
    checks: &mut Checks<'_, '_>,
    row: Option<&Value>,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let Some(id) = row.and_then(|row| row.get("id")?.as_i64()) else {
        findings.add("formats", Finding::Untested("there are no contacts".to_owned()));
        return Ok(());
    };
    let call = Call::new(&Read::operation(P, "contacts", "get")?, &[&id.to_string()])?;
    let contact = checks.probe.call(&checks.client, &call).await?;
    let body = contact.json().unwrap_or_default();
    let (mut forms, mut unread) = (BTreeSet::new(), Vec::new());
    for (name, value) in body.as_object().into_iter().flatten().filter(|(name, _)| is_date(name)) {
        let date = serde_json::from_value::<DateTime>(value.clone());
        match date.ok().filter(|date| date.civil().is_some()) {
            Some(date) => drop(forms.insert(form(date.as_str()))),
            // Such as null, and "Unavailable".
            None if !value.to_string().contains(|c: char| c.is_ascii_digit()) => {}
            None => unread.push(name.as_str()),
        }
    }
    let finding = match (forms.is_empty(), unread.as_slice()) {
        (true, []) => Finding::Untested(format!("a contact without dates: {}", contact.shape())),
        (_, []) => {
            let forms: Vec<String> = forms.into_iter().collect();
            Finding::Confirmed(format!("dates of a contact: {}", forms.join(", ")))
        }
        (_, unread) => Finding::differs(
            format!("dates of a contact that the SDK can't read: {}", unread.join(", ")),
            "report it",
        ),
    };
    findings.add("formats", finding);
    Ok(())
}

fn is_date(name: &str) -> bool {
    name.ends_with("Date") || name.contains("DateTime")
}

/// A date with 9 for each digit. Runs of digits after a point are of any length.
fn form(text: &str) -> String {
    let text = text.split_once('.').map_or(text, |(start, _)| start);
    text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect()
}
