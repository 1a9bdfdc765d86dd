//! Parses the query parameters that the description has for an operation. The vendor responds with 400 to an unknown one.

use crate::framework::exchange::Call;
use crate::providers::virtuous::base::convert::parse_int;
use crate::providers::virtuous::base::fields::{Field, Kind};
use crate::providers::virtuous::base::form;
use crate::providers::virtuous::base::operation::{Operation, Paging};
use crate::providers::virtuous::base::violations::{NOT_VALID, REQUIRED};

const SKIP: usize = 0;
const TAKE: usize = 10;
const LARGEST: usize = 1000;
/// The limit for pages without a documented one: responses must be bounded.
const BOUND: usize = 100_000;

/// The requested part of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub skip: usize,
    pub take: usize,
}

impl Page {
    /// Cuts the page out of a list.
    pub(crate) fn of<T>(self, list: impl IntoIterator<Item = T>) -> Vec<T> {
        list.into_iter().skip(self.skip).take(self.take).collect()
    }
}

/// The parameters of one request.
#[derive(Debug)]
pub(crate) struct Parameters {
    values: Vec<(&'static str, String)>,
    pub page: Page,
}

impl Default for Parameters {
    fn default() -> Self {
        Self { values: Vec::new(), page: Page { skip: SKIP, take: TAKE } }
    }
}

impl Parameters {
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let found = self.values.iter().find(|(given, _)| *given == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.text(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }
}

/// Parses the query of a request.
pub(crate) fn read(call: &Call) -> Result<Parameters, Vec<(String, String)>> {
    let operation = Operation::find(call.operation);
    let parameters = operation.map_or(&[][..], |operation| operation.query);
    let paging = match operation {
        // The description of some queries lacks paging.
        Some(operation) if operation.is_query() => Paging::AtMost(LARGEST),
        Some(operation) => operation.paging,
        None => Paging::No,
    };
    let query = call.query.as_deref().unwrap_or_default();
    let pairs =
        form::parse(query.as_bytes()).map_err(|reason| vec![("query".to_owned(), reason.to_owned())])?;
    let mut given = Parameters::default();
    let mut wrong = Vec::new();
    for (name, value) in pairs {
        // Names are compared case-insensitively.
        let known = parameters.iter().find(|known| known.name.eq_ignore_ascii_case(&name));
        let good = if let Some(known) = known {
            converted(known.kind, &value).map(|value| given.values.push((known.name, value))).is_some()
        } else if paging != Paging::No && name.eq_ignore_ascii_case("skip") {
            count(&value).map(|skip| given.page.skip = skip).is_some()
        } else if paging != Paging::No && name.eq_ignore_ascii_case("take") {
            let largest = if let Paging::AtMost(largest) = paging { largest } else { BOUND };
            let take = count(&value).filter(|take| *take <= largest);
            take.map(|take| given.page.take = take).is_some()
        } else {
            false
        };
        if !good {
            wrong.push((name.chars().take(64).collect(), NOT_VALID.to_owned()));
        }
    }
    for Field { name, required, .. } in parameters {
        if *required && given.text(name).is_none() && !wrong.iter().any(|(field, _)| field == name) {
            wrong.push(((*name).to_owned(), REQUIRED.to_owned()));
        }
    }
    if wrong.is_empty() { Ok(given) } else { Err(wrong) }
}

fn count(value: &str) -> Option<usize> {
    parse_int(value)?.try_into().ok()
}

/// The value as the vendor's platform writes it.
fn converted(kind: Kind, value: &str) -> Option<String> {
    let word = |words: &[&str]| {
        words.iter().find(|word| word.eq_ignore_ascii_case(value.trim())).map(|word| (*word).to_owned())
    };
    match kind {
        Kind::Int if value.trim().is_empty() => Some(String::new()),
        Kind::Int => parse_int(value).map(|number| number.to_string()),
        Kind::Flag => word(&["true", "false"]),
        Kind::OneOf(words) => word(words),
        _ => Some(value.to_owned()),
    }
}
