//! A contact with its parts, and the seeded contacts, which are created from their number. The first three have fixed names,
//! for examples and tests.

use serde_json::json;

use crate::framework::timestamp::Timestamp;
use crate::providers::virtuous::base::record::{Audit, JsonFields, Record};
use crate::providers::virtuous::data::tags::{self, Tagged};
use crate::providers::virtuous::query::{Cell, Source};

/// The id of the first seeded contact. The ids of its parts have fixed offsets from the contact's.
pub(crate) const FIRST: i64 = 17;
pub(crate) const ADDRESS: i64 = 100;
pub(crate) const METHOD: i64 = 300;
pub(crate) const INDIVIDUAL: i64 = 800;
pub(crate) const TAGGED: i64 = 2000;

/// The source of the references of seeded contacts.
pub(crate) const SOURCE: &str = "crm";

/// The types of contact methods that writes take: three that several clients send, and those that the vendor lists.
pub(crate) const TAKEN_METHOD_TYPES: &[&str] = &[
    "Email",
    "Phone",
    "Mobile",
    "Home Email",
    "Work Email",
    "Other Email",
    "Home Phone",
    "Mobile Phone",
    "Work Phone",
    "Other Phone",
    "Fax",
    "Facebook",
    "Instagram",
    "Twitter",
    "Foursquare",
    "Pinterest",
    "RSS",
    "Snapchat",
    "Tumblr",
    "Vimeo",
    "YouTube",
    "LinkedIn",
    "Skype",
    "Web",
    "Zoom",
    "Twitch Account",
    "Other",
];

/// The vendor's types of contact methods.
pub(crate) const METHOD_TYPES: &[&str] = TAKEN_METHOD_TYPES.split_at(3).1;

/// A contact.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Contact {
    pub record: Record,
    /// Source and id.
    pub references: Vec<(String, String)>,
    pub individuals: Vec<Individual>,
    pub addresses: Vec<Record>,
    pub tags: Vec<Tagged>,
}

/// A person of a contact.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Individual {
    pub record: Record,
    pub methods: Vec<Record>,
}

impl Contact {
    pub(crate) fn id(&self) -> i64 {
        self.record.id
    }

    /// The primary address, or the first one that is not archived.
    pub(crate) fn address(&self) -> Option<&Record> {
        let mut live = self.addresses.iter().filter(|address| !address.archived);
        let primary = live.clone().find(|address| address.flag("isPrimary"));
        primary.or_else(|| live.next())
    }

    /// The values of all methods of a category, `Email` or `Phone`, the primary ones first.
    pub(crate) fn reached_by(&self, sort: &str) -> Vec<&str> {
        let mut methods: Vec<&Record> = self
            .individuals
            .iter()
            .flat_map(|individual| &individual.methods)
            .filter(|method| !method.archived && sort_of(method.text("type")) == sort)
            .collect();
        methods.sort_by_key(|method| !method.flag("isPrimary"));
        methods.iter().map(|method| method.text("value")).collect()
    }
}

/// The category of a type of method: `Email`, `Phone`, or the type itself.
pub(crate) fn sort_of(kind: &str) -> &str {
    if kind == "Mobile" { "Phone" } else { kind.rsplit(' ').next().unwrap_or(kind) }
}

const PEOPLE: [(&str, &str); 3] = [("Anna", "Larsson"), ("Bert", "O'Neil"), ("Zo\u{eb}", "M\u{fc}ller")];
const FIRST_NAMES: [&str; 7] = ["Clara", "David", "Emil", "Freja", "Gustav", "Hanna", "Ida"];
const LAST_NAMES: [&str; 9] =
    ["Adams", "Berg", "Chen", "Diaz", "Ekman", "Fischer", "Garcia", "Holm", "Ivanov"];

fn pick(names: &[&'static str], number: i64) -> &'static str {
    let index = usize::try_from(number).unwrap_or_default() % names.len().max(1);
    names.get(index).copied().unwrap_or_default()
}

fn names(number: i64) -> (&'static str, &'static str) {
    let person = usize::try_from(number).ok().and_then(|number| PEOPLE.get(number)).copied();
    person.unwrap_or_else(|| (pick(&FIRST_NAMES, number), pick(&LAST_NAMES, number / 7)))
}

fn email(number: i64) -> String {
    let first = names(number).0.to_lowercase();
    if number < 3 {
        format!("{first}@example.org")
    } else {
        format!("{first}.{}@example.org", FIRST + number)
    }
}

/// The number of the seeded contact with this email address, which is in lower case.
pub(crate) fn number_of_email(address: &str) -> Option<i64> {
    let candidate = match address.strip_suffix("@example.org")?.rsplit_once('.') {
        Some((_, id)) => id.parse::<i64>().ok()?.checked_sub(FIRST)?,
        None => (0..3).find(|number| email(*number) == address)?,
    };
    (candidate >= 0 && email(candidate) == address).then_some(candidate)
}

fn kind(number: i64) -> &'static str {
    if number % 10 == 9 { "Organization" } else { "Household" }
}

// 2023-11-30T14:20:56.
const MADE: i64 = 1_701_354_056_000_000;
/// Seven fractional digits in audits, six, and so on.
const FRACTIONS: [i64; 8] = [353_333, 353_303, 353_330, 353_300, 353_000, 350_000, 300_000, 0];

/// The first three at the same time; all others some days earlier, with every number of fractional digits.
pub(crate) fn created_micros(number: i64) -> i64 {
    let [same, ..] = FRACTIONS;
    if number < 3 {
        return MADE + same;
    }
    let index = usize::try_from(number).unwrap_or_default() % FRACTIONS.len();
    MADE - number % 365 * 86_400_000_000 + FRACTIONS.get(index).unwrap_or(&same)
}

pub(crate) fn audit(number: i64) -> Audit {
    Audit::at(Timestamp::from_unix_micros(created_micros(number)))
}

/// The values that conditions use most, without creating the contact. `None`: the contact must be created.
pub(crate) fn cell(number: i64, source: Source<'_>) -> Option<Cell> {
    if source.custom {
        return Some(Cell::Unknown);
    }
    match source.field {
        "id" => Some(Cell::Number(FIRST + number)),
        "created" | "modified" => Some(Cell::Number(created_micros(number))),
        "archived" | "isPrivate" => Some(Cell::Flag(false)),
        "name" => Some(Cell::String(format!("{} {}", names(number).0, names(number).1))),
        "contactType" => Some(Cell::String(kind(number).to_owned())),
        "firstName" => Some(Cell::String(names(number).0.to_owned())),
        "lastName" => Some(Cell::String(names(number).1.to_owned())),
        "email" => Some(Cell::String(email(number))),
        _ => None,
    }
}

/// Whether a name or the email address of a seeded contact contains a string, which is in lower case.
pub(crate) fn mentions(number: i64, text: &str) -> bool {
    let (first, last) = names(number);
    format!("{first} {last}").to_lowercase().contains(text) || email(number).contains(text)
}

/// Whether a seeded contact has the tag `SEEDED`.
pub(crate) fn is_tagged(number: i64) -> bool {
    number >= 3 && number % 10 == 0
}

/// Creates a seeded contact.
pub(crate) fn make(number: i64, _: i64) -> Contact {
    let id = FIRST + number;
    let (first, last) = names(number);
    let audit = audit(number);
    let record = |id: i64, fields: serde_json::Value| {
        let fields = if let serde_json::Value::Object(fields) = fields { fields } else { JsonFields::new() };
        Record::new(id, fields, audit.clone())
    };
    let method = record(
        id + METHOD,
        json!({ "type": "Home Email", "value": email(number), "isOptedIn": true, "isPrimary": true }),
    );
    let individual =
        record(id + INDIVIDUAL, json!({ "firstName": first, "lastName": last, "isPrimary": true }));
    let address = json!({ "label": "Home", "city": "Phoenix", "state": "AZ", "isPrimary": true });
    let contact =
        json!({ "contactType": kind(number), "name": format!("{first} {last}"), "informalName": first });
    let tagged = is_tagged(number).then(|| Tagged {
        id: id + TAGGED,
        tag: tags::SEEDED.to_owned(),
        audit: audit.clone(),
    });
    Contact {
        record: record(id, contact),
        references: vec![(SOURCE.to_owned(), format!("crm/{id}"))],
        individuals: vec![Individual { record: individual, methods: vec![method] }],
        addresses: vec![record(id + ADDRESS, address)],
        tags: tagged.into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::virtuous::base::dates;
    use crate::providers::virtuous::query::{Type, cell_of};

    #[test]
    fn cells_equal_those_of_the_full_contact() {
        for number in [0, 1, 2, 3, 9, 10, 1234, 99_999] {
            let contact = make(number, 1);
            assert_eq!(number_of_email(&email(number)), Some(number));
            assert_eq!(dates::parse(&contact.record.audit.created), Some(created_micros(number)));
            assert_eq!(contact.record.text("contactType"), kind(number));
            assert_eq!(contact.reached_by("Email"), [email(number)]);
            for (field, kind) in
                [("name", Type::String), ("contactType", Type::List), ("created", Type::Date)]
            {
                let source = Source { field, kind, custom: false };
                assert_eq!(cell(number, source), Some(cell_of(&contact.record, source)), "{field}");
            }
            assert!(mentions(number, &contact.record.text("name").to_lowercase()));
        }
        assert_eq!(audit(0).created, "2023-11-30T14:20:56.3533333");
        let digits = |number| audit(number).created.split_once('.').map_or(0, |(_, digits)| digits.len());
        assert_eq!((8..16).map(digits).collect::<Vec<_>>(), [7, 6, 5, 4, 3, 2, 1, 0]);
        assert_eq!(number_of_email("clara.99@example.org"), None);
    }
}
