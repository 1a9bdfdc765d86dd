//! Formats contacts and their parts.

use serde_json::{Value, json};

use crate::providers::virtuous::base::custom::{self, RecordKind};
use crate::providers::virtuous::base::record::{JsonFields, Record};
use crate::providers::virtuous::base::{dates, money, organization};
use crate::providers::virtuous::data::contact::{Contact, Individual};
use crate::providers::virtuous::data::giving::Giving;
use crate::providers::virtuous::data::store::Store;
use crate::providers::virtuous::records::special::{children, group_names};

const CONTACT: &[&str] = &[
    "contactType",
    "name",
    "informalName",
    "description",
    "website",
    "maritalStatus",
    "anniversaryMonth",
    "anniversaryDay",
    "anniversaryYear",
];
const INDIVIDUAL: &[&str] = &[
    "prefix",
    "firstName",
    "middleName",
    "lastName",
    "suffix",
    "gender",
    "birthMonth",
    "birthDay",
    "birthYear",
    "approximateAge",
    "passion",
];
const INDIVIDUAL_FLAGS: &[&str] = &["isPrimary", "isSecondary", "isDeceased"];
const ADDRESS: &[&str] = &[
    "label",
    "address1",
    "address2",
    "city",
    "state",
    "postal",
    "country",
    "startMonth",
    "startDay",
    "endMonth",
    "endDay",
];
const METHOD: &[&str] = &["type", "value"];
const METHOD_FLAGS: &[&str] = &["isOptedIn", "isPrimary"];

/// The fields that `Contact` and `ContactByReference` have in common.
fn common(contact: &Contact, store: &Store) -> JsonFields {
    let mut shown = contact.record.shown(CONTACT, &["isPrivate"]);
    for alternative in
        ["formalContactName", "alternateContactName", "preferredSalutationName", "preferredAddresseeName"]
    {
        let name = contact.record.fields.get(alternative).or_else(|| contact.record.fields.get("name"));
        shown.insert(alternative.to_owned(), json!(name));
    }
    let giving = Giving::of(contact.id(), store);
    let ask = children(store, "gift_asks", "contactId", contact.id()).last();
    let amount = ask.map_or("$0".to_owned(), |ask| money::display(ask.amount("askAmount")));
    shown.insert("giftAskAmount".to_owned(), json!(amount));
    shown.insert("giftAskType".to_owned(), json!(ask.map(|ask| ask.text("askType"))));
    giving.write(&mut shown);
    shown
}

/// A full contact, without `isCurrentUserFollowing`.
pub(crate) fn full(contact: &Contact, store: &Store) -> JsonFields {
    let mut shown = common(contact, store);
    let id = contact.id();
    let segment = contact.record.int("originSegmentId");
    let name = segment.and_then(|segment| store.segments.get(segment)).map(|s| s.text("name").to_owned());
    let tags: Vec<_> = tags(contact, store).collect();
    let references: Vec<Value> =
        contact.references.iter().map(|(source, id)| json!({ "source": source, "id": id })).collect();
    let individuals: Vec<Value> = contact.individuals.iter().map(|one| individual(id, one, store)).collect();
    let more = json!({
        "mergedIntoContactId": null,
        "address": contact.address().map(address),
        "contactIndividuals": individuals,
        "contactGiftsUrl": format!("/api/Gift/ByContact/{id}"),
        "contactPassthroughGiftsUrl": format!("/api/Gift/Passthrough/ByContact/{id}"),
        "contactPlannedGiftsUrl": format!("/api/PlannedGift/ByContact/{id}"),
        "contactPledgesUrl": format!("/api/v2/Pledge/ByContact/{id}"),
        "contactRecurringGiftsUrl": format!("/api/RecurringGift/ByContact/{id}"),
        "contactImportantNotesUrl": format!("/api/ContactNote/Important/ByContact/{id}"),
        "contactNotesUrl": format!("/api/ContactNote/ByContact/{id}"),
        "contactTagsUrl": format!("/api/ContactTag/ByContact/{id}"),
        "contactRelationshipsUrl": format!("/api/Relationship/ByContact/{id}"),
        "primaryAvatarUrl": null,
        "contactReferences": references,
        "originSegmentId": segment,
        "originSegment": name,
        "tags": tags,
        "organizationGroups": group_names(store, id),
        "customFields": custom::shown(store.custom(RecordKind::Contact), &contact.record.custom),
        "customCollections": organization::shown(&store.settings, RecordKind::Contact, &contact.record.collections),
    });
    extend(&mut shown, more);
    contact.record.audit.write(&mut shown);
    shown
}

/// The names of the tags.
pub(crate) fn tags<'c>(contact: &'c Contact, store: &'c Store) -> impl Iterator<Item = &'c str> {
    let known = |name: &str| organization::tag(&store.settings, name).is_some();
    contact.tags.iter().map(|tagged| tagged.tag.as_str()).filter(move |name| known(name))
}

fn extend(shown: &mut JsonFields, more: Value) {
    if let Value::Object(more) = more {
        shown.extend(more);
    }
}

/// The response of `GET /api/Contact/ByReference/{referenceId}`.
pub(crate) fn by_reference(contact: &Contact, store: &Store) -> Value {
    let mut shown = common(contact, store);
    let individuals: Vec<Value> = contact
        .individuals
        .iter()
        .map(|one| {
            let mut shown = one.record.shown(INDIVIDUAL, INDIVIDUAL_FLAGS);
            shown.insert("birthDate".to_owned(), birth_date(&one.record));
            shown.insert("approximateAge".to_owned(), age(&one.record, store.today));
            let methods: Vec<Value> = live(&one.methods)
                .map(|method| method.shown(METHOD, METHOD_FLAGS))
                .map(Value::Object)
                .collect();
            shown.insert("contactMethods".to_owned(), json!(methods));
            Value::Object(shown)
        })
        .collect();
    shown.insert("contactIndividuals".to_owned(), json!(individuals));
    let address = contact.address().map(|address| address.shown(ADDRESS, &["isPrimary"]));
    shown.insert("address".to_owned(), json!(address));
    Value::Object(shown)
}

fn live(records: &[Record]) -> impl Iterator<Item = &Record> {
    records.iter().filter(|record| !record.archived)
}

fn birth_date(individual: &Record) -> Value {
    match (individual.int("birthMonth"), individual.int("birthDay"), individual.int("birthYear")) {
        (Some(month), Some(day), Some(year)) => json!(format!("{month}/{day}/{year}")),
        // As recorded.
        _ => json!(""),
    }
}

/// Assumption (age): the given age, or that of the date of birth; every recorded date of birth has an age.
fn age(individual: &Record, today: i64) -> Value {
    let born = ["birthYear", "birthMonth", "birthDay"].map(|name| individual.int(name));
    match (individual.int("approximateAge"), born) {
        (Some(age), _) => json!(age),
        (None, [Some(born), Some(month), Some(day)]) => {
            let (year, this_month, this_day) = dates::civil(today);
            json!((year - born - i64::from((this_month, this_day) < (month, day))).max(0))
        }
        _ => Value::Null,
    }
}

/// A person, with the audit that single reads have.
pub(crate) fn individual(contact: i64, individual: &Individual, store: &Store) -> Value {
    let mut shown = individual.record.audited(INDIVIDUAL, INDIVIDUAL_FLAGS);
    let primary = individual.record.flag("isPrimary");
    let methods: Vec<Value> = live(&individual.methods).map(method).collect();
    let text_or_empty = |name: &str| individual.record.text(name).to_owned();
    let more = json!({
        "contactId": contact,
        "prefix2": individual.record.fields.get("prefix2"),
        "preMarriageName": individual.record.fields.get("preMarriageName"),
        "nickname": individual.record.fields.get("nickname"),
        "deceasedDate": text_or_empty("deceasedDate"),
        "canBePrimary": !primary,
        "canBeSecondary": !primary && !individual.record.flag("isSecondary"),
        "birthDate": birth_date(&individual.record),
        "approximateAge": age(&individual.record, store.today),
        "avatarUrl": individual.record.fields.get("avatarUrl"),
        "contactMethods": methods,
        "customFields": custom::shown(store.custom(RecordKind::Individual), &individual.record.custom),
        "customCollections": organization::shown(&store.settings, RecordKind::Individual, &individual.record.collections),
    });
    extend(&mut shown, more);
    Value::Object(shown)
}

/// A contact method.
pub(crate) fn method(method: &Record) -> Value {
    let mut shown = method.audited(METHOD, METHOD_FLAGS);
    shown.insert("canBePrimary".to_owned(), json!(!method.flag("isPrimary")));
    Value::Object(shown)
}

/// An address: of the whole year by default, and with empty strings where it has no state or country, as recorded.
pub(crate) fn address(record: &Record) -> Value {
    let mut shown = record.audited(ADDRESS, &["isPrimary"]);
    shown.insert("canBePrimary".to_owned(), json!(!record.flag("isPrimary")));
    for (name, default) in [
        ("state", json!("")),
        ("country", json!("")),
        ("startMonth", json!(1)),
        ("startDay", json!(1)),
        ("endMonth", json!(12)),
        ("endDay", json!(31)),
    ] {
        if shown.get(name).is_none_or(Value::is_null) {
            shown.insert(name.to_owned(), default);
        }
    }
    Value::Object(shown)
}

/// Formats as `123 Main St, Phoenix, AZ 85001`.
pub(crate) fn address_line(address: &Record) -> String {
    let region = [address.text("state"), address.text("postal")];
    let region: Vec<&str> = region.into_iter().filter(|part| !part.is_empty()).collect();
    let parts = [address.text("address1"), address.text("city"), &region.join(" ")]
        .map(str::to_owned)
        .into_iter()
        .filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(", ")
}

/// A row in a list of contacts.
pub(crate) fn summary(contact: &Contact) -> Value {
    json!({
        "id": contact.id(),
        "name": contact.record.fields.get("name"),
        "contactType": contact.record.fields.get("contactType"),
        "contactName": contact.record.fields.get("name"),
        "address": contact.address().map(address_line).unwrap_or_default(),
        "email": contact.reached_by("Email").first().unwrap_or(&""),
        "phone": contact.reached_by("Phone").first().unwrap_or(&""),
        "contactViewUrl": format!("/api/Contact/{}", contact.id()),
    })
}

/// A row in a search, which finds people.
pub(crate) fn hit(contact: &Contact, individual: &Individual) -> Value {
    let mut shown = summary(contact);
    let name = format!("{} {}", individual.record.text("firstName"), individual.record.text("lastName"));
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("individualId".to_owned(), json!(individual.record.id));
        fields.insert("name".to_owned(), json!(name.trim()));
    }
    shown
}

/// A contact in webhooks: with all addresses, and custom fields as an object.
pub(crate) fn for_webhooks(contact: &Contact, store: &Store) -> Value {
    let mut shown = full(contact, store);
    shown.remove("address");
    let addresses: Vec<Value> = live(&contact.addresses).map(address).collect();
    shown.insert("contactAddresses".to_owned(), json!(addresses));
    shown.insert("customContactType".to_owned(), Value::Null);
    let fields = custom::as_map(store.custom(RecordKind::Contact), &contact.record.custom);
    shown.insert("customFields".to_owned(), fields);
    Value::Object(shown)
}
