//! What the organization holds: a few contacts and gifts, enough to try every way in.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::replies::Problem;

/// Transactions that are kept.
const MOST: usize = 10_000;

/// The data of the one organization.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// Source and id of every transaction that was handed in.
    transactions: BTreeSet<(String, String)>,
    count: u64,
}

struct Person {
    id: i64,
    reference: &'static str,
    first: &'static str,
    last: &'static str,
}

const PEOPLE: [Person; 3] = [
    Person { id: 17, reference: "crm/17", first: "Anna", last: "Larsson" },
    Person { id: 18, reference: "crm/18", first: "Bert", last: "O'Neil" },
    Person { id: 19, reference: "crm/19", first: "Zoë", last: "Müller" },
];

impl Person {
    fn name(&self) -> String {
        format!("{} {}", self.first, self.last)
    }

    fn individual(&self) -> Value {
        let email = format!("{}@example.org", self.first.to_lowercase());
        let method = json!({
            "id": self.id + 300, "type": "Home Email", "value": email, "isOptedIn": true, "isPrimary": true,
        });
        json!({
            "id": self.id + 800, "firstName": self.first, "lastName": self.last, "isPrimary": true,
            "contactMethods": [method],
        })
    }
}

pub(super) fn organization(current: bool) -> Value {
    let mut organization = json!({
        "organizationUserId": 1201,
        "organizationName": "Emulated Sandbox",
        "organizationTimeZone": "America/Phoenix",
        "organizationCulture": "en-US",
        "isAdministrator": true,
        "isEnabled": true,
    });
    if let Some(fields) = organization.as_object_mut().filter(|_| current) {
        fields.insert("currentUserTimeZone".to_owned(), json!("America/Phoenix"));
    }
    organization
}

pub(super) fn contact(id: &str) -> Result<Value, Problem> {
    let person = PEOPLE.iter().find(|person| person.id.to_string() == id).ok_or(Problem::NotFound)?;
    Ok(json!({
        "id": person.id,
        "contactType": "Household",
        "isPrivate": false,
        "name": person.name(),
        "informalName": person.first,
        "contactIndividuals": [person.individual()],
        "lastGiftAmount": "$10.50",
        "contactReferences": [{ "source": "crm", "id": person.reference }],
        "tags": [],
        "createDateTimeUtc": "2023-11-30T14:20:56.3533333",
        "customFields": [],
    }))
}

pub(super) fn contact_by_reference(reference: &str) -> Result<Value, Problem> {
    let person = PEOPLE.iter().find(|person| person.reference == reference).ok_or(Problem::NotFound)?;
    Ok(json!({
        "id": person.id,
        "contactType": "Household",
        "isPrivate": false,
        "name": person.name(),
        "informalName": person.first,
        "contactIndividuals": [person.individual()],
        "address": { "id": person.id + 100, "city": "Phoenix", "state": "AZ", "isPrimary": true },
    }))
}

/// All contacts, whatever the query says: its conditions are not looked at.
pub(super) fn contacts() -> Vec<Value> {
    let summary = |person: &Person| {
        json!({
            "id": person.id, "name": person.name(), "contactType": "Household", "contactName": person.name(),
            "address": "Phoenix, AZ", "email": null, "phone": null, "contactViewUrl": "",
        })
    };
    PEOPLE.iter().map(summary).collect()
}

pub(super) fn gifts(reference: &str) -> Result<Vec<Value>, Problem> {
    let person = PEOPLE.iter().find(|person| person.reference == reference).ok_or(Problem::NotFound)?;
    Ok(vec![json!({
        "id": person.id + 284, "transactionSource": "shop", "transactionId": "T-1", "contactId": person.id,
        "contactName": person.name(), "giftType": "Credit", "giftDate": "12/7/2023", "amount": "$10.50",
        "batch": null, "giftUrl": format!("/api/Gift/{}", person.id + 284), "giftDesignations": [],
    })])
}

/// A page of a list, from `skip` and `take` of the query; 0 and 10 where they are absent.
pub(super) fn page(list: &[Value], query: Option<&str>) -> Result<Value, Problem> {
    let wrong =
        |field: &str| Problem::Invalid(vec![(field.to_owned(), "The value is not valid.".to_owned())]);
    let (mut skip, mut take) = (0, 10);
    for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("skip", value)) => skip = value.parse().map_err(|_| wrong("skip"))?,
            Some(("take", value)) => {
                take =
                    value.parse::<usize>().ok().filter(|take| *take <= 1000).ok_or_else(|| wrong("take"))?;
            }
            Some(("excludeReferenceOriginatedGifts", "true" | "false")) => {}
            // The vendor answers 400 to parameters that it doesn't know.
            _ => return Err(wrong(pair.split('=').next().unwrap_or_default())),
        }
    }
    let rows: Vec<_> = list.iter().skip(skip).take(take).collect();
    Ok(json!({ "list": rows, "total": list.len() }))
}

/// The body of a query: an object with groups of conditions.
pub(super) fn check_query(body: &[u8]) -> Result<(), Problem> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(query)) => match query.get("groups") {
            None | Some(Value::Array(_)) => Ok(()),
            Some(_) => {
                Err(Problem::Invalid(vec![("query.groups".to_owned(), "A list is needed.".to_owned())]))
            }
        },
        _ => Err(Problem::NotJson),
    }
}

impl Records {
    /// Takes a transaction, once per source and id.
    pub(super) fn transaction(&mut self, body: &[u8]) -> Result<(), Problem> {
        let Ok(Value::Object(given)) = serde_json::from_slice(body) else { return Err(Problem::NotJson) };
        let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
        let contact = given.get("contact").cloned().unwrap_or_default();
        let mut missing = Vec::new();
        for (field, value) in [
            ("giftTransaction.giftType", text(given.get("giftType"))),
            ("giftTransaction.amount", text(given.get("amount"))),
            ("giftTransaction.contact.firstname", text(contact.get("firstname"))),
            ("giftTransaction.contact.lastname", text(contact.get("lastname"))),
        ] {
            if value.is_empty() {
                missing.push((field.to_owned(), "The field is required.".to_owned()));
            }
        }
        if !missing.is_empty() {
            return Err(Problem::Invalid(missing));
        }
        self.count += 1;
        let id = text(given.get("transactionId"));
        let id = if id.is_empty() { format!("emulator-{}", self.count) } else { id };
        let key = (text(given.get("transactionSource")), id);
        if self.transactions.len() >= MOST || !self.transactions.insert(key) {
            let words = "A transaction with this source and id is there already.";
            return Err(Problem::Invalid(vec![(
                "giftTransaction.transactionId".to_owned(),
                words.to_owned(),
            )]));
        }
        Ok(())
    }
}
