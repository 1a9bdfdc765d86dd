//! Formats gifts: full, with numbers and dates, or as a summary, with strings for display.

use serde_json::{Value, json};

use super::recurring;
use crate::providers::virtuous::base::custom::{self, RecordKind};
use crate::providers::virtuous::base::record::{JsonFields, Record};
use crate::providers::virtuous::base::{dates, money};
use crate::providers::virtuous::data::gifts::of_type;
use crate::providers::virtuous::data::store::Store;
use crate::providers::virtuous::records::relations::follow;
use crate::providers::virtuous::records::special::payments_of_gift;

const GIFT: &[&str] = &[
    "transactionSource",
    "transactionId",
    "contactId",
    "giftType",
    "giftDate",
    "amount",
    "currencyCode",
    "exchangeRate",
    "batch",
    "segmentId",
    "mediaOutletId",
    "grantId",
    "notes",
    "tribute",
    "tributeId",
    "tributeType",
    "acknowledgeeIndividualId",
    "receiptDate",
    "contactPassthroughId",
    "contactIndividualId",
    "cashAccountingCode",
    "giftAskId",
    "contactMembershipId",
];

/// As recorded, an empty string without a date.
fn shown_date(record: &Record, name: &str) -> String {
    display_date(record, name).unwrap_or_default()
}

fn display_date(record: &Record, name: &str) -> Option<String> {
    dates::parse_day(record.text(name)).map(dates::display)
}

/// A designation in a gift.
fn designation(value: &Value, store: &Store) -> Value {
    let number = |name: &str| value.get(name).and_then(Value::as_i64);
    let project = number("projectId").and_then(|id| store.projects.get(id));
    let text = |name: &str| project.as_ref()?.fields.get(name).cloned();
    let amount = value.get("amount").and_then(money::of).unwrap_or_default();
    let name = text("name");
    let label = name.as_ref().and_then(Value::as_str).unwrap_or_default();
    json!({
        "id": number("id"),
        "projectId": number("projectId"),
        "project": name,
        "projectCode": text("projectCode"),
        "externalAccountingCode": text("externalAccountingCode"),
        "projectType": text("type"),
        "projectLocation": text("location"),
        "projectUrl": number("projectId").map(|id| format!("/api/Project/{id}")),
        "amountDesignated": money::json(amount),
        "display": format!("{label}: {}", money::display(amount)),
    })
}

fn designations(gift: &Record, store: &Store) -> Value {
    gift.list("giftDesignations").iter().map(|value| designation(value, store)).collect()
}

/// A full gift.
pub(crate) fn full(gift: &Record, store: &Store) -> JsonFields {
    let mut shown = gift.audited(GIFT, &["isPrivate", "isTaxDeductible"]);
    shown.extend(gift.shown(of_type(gift.text("giftType")), &[]));
    let contact = gift.int("contactId").unwrap_or_default();
    let name = store.contacts.find(contact).ok().map(|contact| contact.record.text("name").to_owned());
    let segment = gift.int("segmentId").and_then(|id| store.segments.get(id));
    let more = json!({
        "contactName": name,
        "contactUrl": format!("/api/Contact/{contact}"),
        "giftTypeFormatted": gift.text("giftType"),
        "giftDateFormatted": display_date(gift, "giftDate"),
        "amountFormatted": money::display(gift.amount("amount")),
        "currencyCode": currency(gift),
        "exchangeRate": rate(gift),
        "baseCurrencyCode": "USD",
        "segment": segment.as_ref().map(|segment| segment.text("name")),
        "segmentCode": segment.as_ref().map(|segment| segment.text("code")),
        "segmentUrl": segment.as_ref().map(|segment| format!("/api/Segment/{}", segment.id)),
        "mediaOutlet": null,
        "grant": follow(gift, "grantId", "title", store),
        "grantUrl": gift.int("grantId").map(|id| format!("/api/Grant/{id}")),
        "receiptDateFormatted": shown_date(gift, "receiptDate"),
        "isAcknowledgedGift": gift.flag("isAcknowledgedGift"),
        "acknowledgementDate": gift.fields.get("acknowledgementDate"),
        "acknowledgementNotes": gift.fields.get("acknowledgementNotes"),
        "giftPassthroughs": passthroughs(gift, store),
        "contactPassthroughUrl": gift.int("contactPassthroughId").map(|id| format!("/api/Contact/{id}")),
        "giftDesignations": designations(gift, store),
        "giftPremiums": premiums(gift, store),
        "pledgePayments": payments_of_gift(gift, store),
        "recurringGiftPayments": recurring::payments_of(gift, store),
        "giftUrl": format!("/api/Gift/{}", gift.id),
        "customFields": custom::shown(store.custom(RecordKind::Gift), &gift.custom),
    });
    if let Value::Object(more) = more {
        shown.extend(more);
    }
    shown
}

/// Assumption (record-store): a premium without a quantity is one.
fn premiums(gift: &Record, store: &Store) -> Value {
    let shown = |item: &Value| {
        let id = item.get("premiumId")?.as_i64()?;
        let premium = store.table("premiums")?.get(id)?;
        let (name, quantity) =
            (premium.text("name"), item.get("quantity").and_then(Value::as_i64).unwrap_or(1));
        Some(json!({
            "id": item.get("id"), "premiumId": id, "premium": name, "premiumUrl": format!("/api/Premium/{id}"),
            "quantity": quantity, "display": format!("{name} ({quantity})"),
        }))
    };
    gift.list("giftPremiums").iter().filter_map(shown).collect()
}

/// The contact that the gift passed through, if any.
fn passthroughs(gift: &Record, store: &Store) -> Value {
    let contact = gift.int("contactPassthroughId").and_then(|id| store.contacts.find(id).ok());
    let one = contact.map(|contact| {
        json!({
            "contactId": contact.id(), "passthroughContact": contact.record.text("name"),
            "amount": gift.fields.get("amount"),
        })
    });
    one.into_iter().collect()
}

pub(crate) fn currency(gift: &Record) -> &str {
    Some(gift.text("currencyCode")).filter(|code| !code.is_empty()).unwrap_or("USD")
}

fn rate(gift: &Record) -> Value {
    gift.fields.get("exchangeRate").cloned().unwrap_or_else(|| json!(1.0))
}

/// A gift in a list.
pub(crate) fn summary(gift: &Record, store: &Store) -> JsonFields {
    let segment = gift.int("segmentId").and_then(|id| store.segments.get(id));
    let shown = json!({
        "id": gift.id,
        "contactId": gift.int("contactId"),
        "contactIndividualId": gift.int("contactIndividualId"),
        "giftType": gift.text("giftType"),
        "giftDate": display_date(gift, "giftDate"),
        "amount": money::display(gift.amount("amount")),
        "segment": segment.as_ref().map(|segment| segment.text("name")),
        "batch": gift.fields.get("batch"),
        "giftUrl": format!("/api/Gift/{}", gift.id),
        "culture": null,
        "exchangeRate": rate(gift),
        "currencyCode": currency(gift),
        "baseCurrencyCode": "USD",
    });
    if let Value::Object(shown) = shown { shown } else { JsonFields::new() }
}

/// A summary with designations, as in lookups by reference.
pub(crate) fn summary_with_designations(gift: &Record, store: &Store) -> Value {
    let mut shown = summary(gift, store);
    shown.insert("giftDesignations".to_owned(), designations(gift, store));
    Value::Object(shown)
}

/// A gift in webhooks, with custom fields as an object. Assumption (webhook-format): it has three more fields, which a published
/// receiver reads.
pub(crate) fn for_webhooks(gift: &Record, store: &Store) -> Value {
    let mut shown = full(gift, store);
    let giver = gift.int("contactId").and_then(|id| store.contacts.find(id).ok());
    let email =
        giver.as_ref().and_then(|giver| giver.reached_by("Email").first().copied().map(str::to_owned));
    shown.insert("contactEmail".to_owned(), json!(email));
    shown.insert("giftDateUtc".to_owned(), json!(gift.fields.get("giftDate")));
    for part in shown.get_mut("giftDesignations").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(part) = part.as_object_mut() {
            part.insert("giftId".to_owned(), json!(gift.id));
        }
    }
    let fields = custom::as_map(store.custom(RecordKind::Gift), &gift.custom);
    shown.insert("customFields".to_owned(), fields);
    Value::Object(shown)
}

/// The custom fields of a project, by name; null without a project.
fn custom_of(project: Option<&Record>, store: &Store) -> Value {
    let fields = store.custom(RecordKind::Project);
    project.map_or(Value::Null, |project| custom::as_map(fields, &project.custom))
}

/// A row of a query over designations.
pub(crate) fn designation_row(gift: &Record, value: &Value, store: &Store) -> Value {
    let shown = designation(value, store);
    let of = |name: &str| shown.get(name).cloned().unwrap_or_default();
    let contact = gift.int("contactId").and_then(|id| store.contacts.find(id).ok());
    let segment = gift.int("segmentId").and_then(|id| store.segments.get(id));
    let project = value.get("projectId").and_then(Value::as_i64).and_then(|id| store.projects.get(id));
    let parent = project.as_ref().and_then(|project| store.projects.get(project.int("parentId")?));
    let of_parent = |name: &str| parent.as_ref()?.fields.get(name).cloned();
    // As recorded where a project has no type or no location.
    let or_unspecified =
        |value: Option<Value>| value.filter(|value| !value.is_null()).unwrap_or_else(|| json!("Unspecified"));
    json!({
        "id": of("id"),
        "createDate": dates::parse_day(&gift.audit.created).map(dates::display),
        "amountDesignated": of("amountDesignated"),
        "giftId": gift.id,
        "giftDate": display_date(gift, "giftDate"),
        "giftType": gift.text("giftType"),
        "giftIsPrivate": gift.flag("isPrivate"),
        "giftCustomFields": custom::as_map(store.custom(RecordKind::Gift), &gift.custom),
        "giftUrl": format!("/api/Gift/{}", gift.id),
        "contactId": gift.int("contactId"),
        "contactName": contact.as_ref().map(|contact| contact.record.text("name")),
        "contactType": contact.as_ref().map(|contact| contact.record.text("contactType")),
        "contactUrl": gift.int("contactId").map(|id| format!("/api/Contact/{id}")),
        "projectId": of("projectId"),
        "project": of("project"),
        "projectCode": of("projectCode"),
        "projectExternalAccountingCode": of("externalAccountingCode"),
        "projectType": or_unspecified(shown.get("projectType").cloned()),
        "projectLocation": or_unspecified(shown.get("projectLocation").cloned()),
        "projectCustomFields": custom_of(project.as_deref(), store),
        "projectUrl": of("projectUrl"),
        "parentProjectId": parent.as_ref().map(|parent| parent.id),
        "parentProject": of_parent("name"),
        "parentProjectCode": of_parent("projectCode"),
        "parentProjectExternalAccountingCode": of_parent("externalAccountingCode"),
        "parentProjectType": parent.as_ref().map(|_| or_unspecified(of_parent("type"))),
        "parentProjectLocation": parent.as_ref().map(|_| or_unspecified(of_parent("location"))),
        "parentProjectCustomFields": custom_of(parent.as_deref(), store),
        "parentProjectUrl": parent.as_ref().map(|parent| format!("/api/Project/{}", parent.id)),
        "batch": gift.fields.get("batch"),
        "segmentName": segment.as_ref().map(|segment| segment.text("name")),
        "segmentCode": segment.as_ref().map(|segment| segment.text("code")),
    })
}
