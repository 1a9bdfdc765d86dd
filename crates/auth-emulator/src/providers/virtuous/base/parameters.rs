//! The query parameters of every implemented operation, and their parsing. The vendor responds with 400 to an unknown
//! parameter.

use crate::framework::exchange::Call;
use crate::providers::virtuous::base::form;
use crate::providers::virtuous::base::violations::{NOT_VALID, REQUIRED};

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Accepts {
    Text,
    Int,
    Flag,
    OneOf(&'static [&'static str]),
}

/// Name, type, and whether the parameter is required.
type Parameter = (&'static str, Accepts, bool);

/// The paging of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Paging {
    No,
    /// The maximum page size is not documented.
    Open,
    /// The maximum page size.
    AtMost(usize),
}

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

const DESCENDING: Parameter = ("descending", Accepts::Flag, false);

const fn sort_by(words: &'static [&'static str]) -> Parameter {
    ("sortBy", Accepts::OneOf(words), false)
}

/// Whether the operation is a query, whose pages have a documented maximum size.
pub(crate) fn is_query(operation: &str) -> bool {
    let (_, action) = operation.split_once('.').unwrap_or_default();
    matches!(action, "query" | "query_full" | "query_attendees")
}

fn table(operation: &str) -> (Paging, &'static [Parameter]) {
    use Accepts::{Flag, Int, Text};
    use Paging::{AtMost, No, Open};
    const FILTER: Parameter = ("filter", Text, false);
    const NAMES: Parameter = sort_by(&["Id", "Name", "CreatedDateTime"]);
    const NOTES: Parameter = sort_by(&["Id", "NoteDate", "CreatedDateTime"]);
    const GIFTS: Parameter = sort_by(&["Id", "GiftDate", "Amount", "Batch", "CreatedDateTime"]);
    const RECURRING: Parameter = sort_by(&["Id", "RecurringGiftDate", "Amount", "CreatedDateTime"]);
    match operation {
        _ if is_query(operation) => (AtMost(LARGEST), &[]),
        "contacts.by_tag" | "communications.by_campaign" => (Open, &[FILTER, NAMES, DESCENDING]),
        "contacts.find" => {
            (No, &[("email", Text, false), ("referenceSource", Text, false), ("referenceId", Text, false)])
        }
        "contact_individuals.find" => (No, &[("email", Text, true)]),
        "contact_methods.related_types" => (No, &[("name", Text, true)]),
        "contact_notes.by_contact" | "contact_notes.important_by_contact" => (Open, &[NOTES, DESCENDING]),
        "contact_references.delete" => (No, &[("referenceId", Text, true)]),
        "gifts.by_contact" => (Open, &[GIFTS, DESCENDING]),
        "gifts.by_reference" => (Open, &[("excludeReferenceOriginatedGifts", Flag, false)]),
        "gifts.non_cash_gift_types" => (Open, &[("sortBy", Text, false), DESCENDING]),
        "recurring_gifts.by_contact" => (Open, &[RECURRING, DESCENDING]),
        "projects.create" | "projects.update" => (No, &[("disableWebhookUpdates", Flag, false)]),
        "projects.set_status" => (No, &[("inventoryStatus", Text, true), ("durationMinutes", Int, false)]),
        "webhooks.set_active" => (No, &[("active", Flag, true)]),
        "contacts.search"
        | "tags.list"
        | "tags.search"
        | "contact_tags.by_contact"
        | "recurring_gifts.payments"
        | "segments.by_contact"
        | "segments.search"
        | "projects.search" => (Open, &[]),
        _ => (No, &[]),
    }
}

/// Parses the query of a request.
pub(crate) fn read(call: &Call) -> Result<Parameters, Vec<(String, String)>> {
    let (paging, parameters) = table(call.operation);
    let query = call.query.as_deref().unwrap_or_default();
    let pairs =
        form::parse(query.as_bytes()).map_err(|reason| vec![("query".to_owned(), reason.to_owned())])?;
    let mut given = Parameters::default();
    let mut wrong = Vec::new();
    for (name, value) in pairs {
        // Names are compared case-insensitively.
        let known = parameters.iter().find(|(known, ..)| known.eq_ignore_ascii_case(&name));
        let good = if let Some((known, takes, _)) = known {
            let good = is_good(*takes, &value);
            given.values.push((*known, value));
            good
        } else if paging != Paging::No && name.eq_ignore_ascii_case("skip") {
            value.parse().map(|skip| given.page.skip = skip).is_ok()
        } else if paging != Paging::No && name.eq_ignore_ascii_case("take") {
            let largest = if let Paging::AtMost(largest) = paging { largest } else { BOUND };
            let take = value.parse().ok().filter(|take| *take <= largest);
            take.map(|take| given.page.take = take).is_some()
        } else {
            false
        };
        if !good {
            wrong.push((name.chars().take(64).collect(), NOT_VALID.to_owned()));
        }
    }
    for (name, _, required) in parameters {
        if *required && given.text(name).is_none() && !wrong.iter().any(|(field, _)| field == name) {
            wrong.push(((*name).to_owned(), REQUIRED.to_owned()));
        }
    }
    if wrong.is_empty() { Ok(given) } else { Err(wrong) }
}

fn is_good(takes: Accepts, value: &str) -> bool {
    match takes {
        Accepts::Text => true,
        Accepts::Int => value.parse::<i64>().is_ok(),
        Accepts::Flag => value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false"),
        Accepts::OneOf(words) => words.iter().any(|word| word.eq_ignore_ascii_case(value)),
    }
}
