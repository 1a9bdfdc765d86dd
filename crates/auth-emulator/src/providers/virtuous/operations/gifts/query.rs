//! Queries over gifts and designations.

use serde_json::Value;

use super::recurring::{FREQUENCIES, date_of};
use super::render;
use crate::providers::virtuous::base::custom::RecordKind;
use crate::providers::virtuous::base::money;
use crate::providers::virtuous::base::record::Record;
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::base::table::Row;
use crate::providers::virtuous::data::gifts::Gifts;
use crate::providers::virtuous::data::job::{Job, Outcome, envelope};
use crate::providers::virtuous::data::store::Store;
use crate::providers::virtuous::operations::contacts::query::tags_of;
use crate::providers::virtuous::query::{
    Cell, OF_BATCH, OF_CHOICE, OF_STATE, Parameter, Schema, Source, Type, Values, cell_of, earlier_date,
    parameter,
};
use crate::providers::virtuous::records::relations::follow;

const CURRENCIES: &[&str] = &[
    "AED", "AFN", "ALL", "AMD", "ARS", "AUD", "AZN", "BAM", "BDT", "BGN", "BHD", "BND", "BOB", "BRL", "BTN",
    "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CLP", "CNY", "COP", "CRC", "CUP", "CZK", "DJF", "DKK", "DOP",
    "DZD", "EGP", "ERN", "ETB", "EUR", "GBP", "GEL", "GTQ", "HKD", "HNL", "HRK", "HTG", "HUF", "IDR", "ILS",
    "INR", "IQD", "IRR", "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KRW", "KWD", "KZT", "LAK", "LBP",
    "LKR", "LYD", "MAD", "MDL", "MKD", "MMK", "MNT", "MOP", "MVR", "MXN", "MYR", "NGN", "NIO", "NOK", "NPR",
    "NZD", "OMR", "PAB", "PEN", "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SEK",
    "SGD", "SOS", "SYP", "THB", "TJS", "TMT", "TND", "TRY", "TTD", "TWD", "UAH", "USD", "UYU", "UZS", "VES",
    "VND", "XAF", "XCD", "XDR", "XOF", "YER", "ZAR",
];

/// The parameters of recurring and planned gifts that a client sends.
pub(crate) const OF_GIVER: &[Parameter<'_>] = &[
    parameter("Legacy Id", Type::String, "legacyId").known(),
    parameter("Legacy Contact Id", Type::String, "legacyContactId").known(),
    parameter("Contact Name", Type::String, "contactName"),
    parameter("Contact Archived", Type::Boolean, "contactArchived"),
    parameter("Campaign Name", Type::String, "campaign").among(Values::Campaigns),
    parameter("Project Name", Type::String, "projectName").among(Values::Projects),
    parameter("Project Code", Type::String, "projectCode"),
    parameter("Segment Name", Type::Lookup, "segmentName").among(Values::Segments),
    parameter("Frequency", Type::List, "frequency").among(Values::Usual(FREQUENCIES)).with(OF_CHOICE),
];

/// The parameters that clients use; no recording has the list.
pub(crate) static GIFTS: Schema = Schema {
    parameters: &[
        parameter("Gift Id", Type::Int, "id"),
        parameter("Contact Id", Type::Int, "contactId"),
        parameter("Passthrough Contact Id", Type::Int, "contactPassthroughId"),
        parameter("Contact Name", Type::String, "contactName"),
        parameter("Contact Archived", Type::Boolean, "contactArchived"),
        parameter("Contact Tag", Type::List, "contactTags").among(Values::Tags).with(OF_CHOICE),
        parameter("Gift Type", Type::List, "giftType").among(Values::GiftTypes),
        parameter("Gift Date", Type::Date, "giftDate"),
        parameter("Amount", Type::Decimal, "amount"),
        parameter("Batch", Type::String, "batch").with(OF_BATCH),
        parameter("Project Name", Type::String, "project").among(Values::Projects),
        parameter("Project Code", Type::String, "projectCode"),
        parameter("Campaign Name", Type::String, "campaign").among(Values::Campaigns),
        parameter("Segment Name", Type::Lookup, "segment").among(Values::Segments),
        parameter("Segment Code", Type::Lookup, "segmentCode"),
        parameter("Currency Code", Type::List, "currencyCode").among(Values::Usual(CURRENCIES)),
        parameter("Transaction Source", Type::String, "transactionSource").known(),
        parameter("Transaction Id", Type::String, "transactionId").known(),
        parameter("Check Number", Type::String, "checkNumber").known(),
        parameter("Credit Card Type", Type::String, "creditCardType").known(),
        parameter("Cash Accounting Code", Type::String, "cashAccountingCode").known(),
        parameter("Notes", Type::String, "notes").known(),
        parameter("Receipt Date", Type::Date, "receiptDate").known(),
        parameter("Private", Type::Boolean, "isPrivate"),
        parameter("Gift Tax-Deductible", Type::Boolean, "isTaxDeductible"),
        parameter("Has Attachment", Type::Boolean, "hasAttachment"),
        parameter("Has Gift Splits", Type::Boolean, "hasSplits"),
        parameter("Create Date", Type::Date, "created"),
        parameter("Create DateTime UTC", Type::Date, "created"),
        parameter("Last Modified Date", Type::Date, "modified"),
        parameter("Last Modified DateTime UTC", Type::Date, "modified"),
    ],
    shared: &[],
    // As a client sorts them.
    sorts: &[("Name", "contactName", Type::String)],
    custom: Some(RecordKind::Gift),
};

/// The rows are designations: `id` is the designation's, `giftId` the gift's. The parameters are those of a recording of about
/// 2024, in its order; those that the emulator has no data for are unknown for every gift.
pub(crate) static DESIGNATIONS: Schema = Schema {
    parameters: &[
        parameter("Gift Id", Type::Int, "giftId"),
        parameter("Gift Designation Id", Type::Int, "id"),
        parameter("Legacy Id", Type::String, "legacyId").known(),
        parameter("Transaction Source", Type::String, "transactionSource").known(),
        parameter("Transaction Id", Type::String, "transactionId").known(),
        earlier_date("Create Date", "created"),
        earlier_date("Last Modified Date", "modified"),
        earlier_date("Create DateTime UTC", "created"),
        earlier_date("Last Modified DateTime UTC", "modified"),
        earlier_date("Gift Designation Create DateTime UTC", "created"),
        parameter("Gift Type", Type::List, "giftType").among(Values::GiftTypes),
        earlier_date("Gift Date", "giftDate"),
        parameter("Amount", Type::Decimal, "amount"),
        parameter("Converted Amount Designated", Type::Decimal, "amountDesignated"),
        parameter("Currency Code", Type::List, "currencyCode").among(Values::Usual(CURRENCIES)),
        parameter("Batch", Type::String, "batch").with(OF_BATCH),
        earlier_date("Receipt Date", "receiptDate").known(),
        earlier_date("Thank You Date", "thankYouDate").known(),
        parameter("Cash Accounting Code", Type::String, "cashAccountingCode").known(),
        parameter("State", Type::String, "contactState").with(OF_STATE),
        parameter("Notes", Type::String, "notes").known(),
        parameter("Private", Type::Boolean, "isPrivate"),
        parameter("Gift Tax-Deductible", Type::Boolean, "isTaxDeductible"),
        parameter("Has Attachment", Type::Boolean, "hasAttachment"),
        parameter("Check Number", Type::String, "checkNumber").known(),
        parameter("Credit Card Type", Type::String, "creditCardType").known(),
        parameter("Form", Type::Object, "formName"),
        parameter("Form Name", Type::String, "formName"),
        parameter("Submission Url", Type::String, "submissionUrl").known(),
        parameter("Segment", Type::Object, "segment"),
        parameter("Segment Name", Type::Lookup, "segment").among(Values::Segments),
        parameter("Segment Code", Type::Lookup, "segmentCode"),
        parameter("Package Code", Type::String, "packageCode"),
        parameter("Media Outlet", Type::Object, "mediaOutlet"),
        parameter("Media Outlet Name", Type::String, "mediaOutlet"),
        parameter("Media Outlet Code", Type::String, "mediaOutletCode"),
        parameter("Receipt Segment", Type::Object, "receiptSegment"),
        parameter("Receipt Segment Name", Type::Lookup, "receiptSegment"),
        parameter("Receipt Segment Code", Type::Lookup, "receiptSegmentCode"),
        parameter("Communication Name", Type::String, "communication"),
        parameter("Communication Channel", Type::String, "channel"),
        parameter("Campaign Name", Type::String, "campaign").among(Values::Campaigns),
        parameter("Project Id", Type::Int, "designatedId"),
        parameter("Project Name", Type::String, "designatedProject").among(Values::Projects),
        parameter("Project Code", Type::String, "designatedCode"),
        parameter("Project Type", Type::String, "designatedType"),
        parameter("Project Tax-Deductible", Type::Boolean, "projectTaxDeductible"),
        parameter("Parent Project Name", Type::String, "parentProject"),
        parameter("Parent Project Code", Type::String, "parentCode"),
        parameter("Parent Project Tax-Deductible", Type::Boolean, "parentTaxDeductible"),
        parameter("Contact Id", Type::Int, "contactId"),
        parameter("Legacy Contact Id", Type::String, "legacyContactId").known(),
        parameter("Contact Name", Type::String, "contactName"),
        parameter("Contact Type", Type::List, "contactType").among(Values::ContactTypes),
        parameter("Contact Archived", Type::Boolean, "contactArchived"),
        parameter("Individual", Type::Object, "individualFirst"),
        parameter("Individual First Name", Type::String, "individualFirst"),
        parameter("Individual Last Name", Type::String, "individualLast"),
        parameter("Passthrough Contact", Type::Object, "passthroughName"),
        parameter("Passthrough Contact Id", Type::Int, "contactPassthroughId"),
        parameter("Passthrough Legacy Contact Id", Type::String, "legacyPassthroughId").known(),
        parameter("Passthrough Contact Name", Type::String, "passthroughName"),
        parameter("Tribute Id", Type::Int, "tributeId").known(),
        parameter("Tribute Type", Type::List, "tributeType")
            .among(Values::Usual(&["In Honor Of", "In Memory Of"])),
        parameter("Tribute First Name", Type::String, "tributeFirst"),
        parameter("Tribute Last Name", Type::String, "tributeLast"),
        parameter("Tribute City", Type::String, "tributeCity"),
        parameter("Tribute State", Type::String, "tributeState"),
        parameter("Tribute Description", Type::String, "tribute").known(),
        parameter("Tribute", Type::String, "tribute").known(),
        parameter("Acknowledgee Individual Id", Type::Int, "acknowledgeeIndividualId").known(),
        parameter("Acknowledgee First Name", Type::String, "acknowledgeeFirst"),
        parameter("Acknowledgee Last Name", Type::String, "acknowledgeeLast"),
    ],
    shared: &[],
    sorts: &[("Amount", "amountDesignated", Type::Decimal)],
    custom: None,
};

/// A value of a gift, also of a recurring or planned one.
pub(crate) fn cell(gift: &Record, source: Source<'_>, store: &Store) -> Cell {
    let of_projects = |name: &str| {
        let parts = ["giftDesignations", "designations"].into_iter().flat_map(|list| gift.list(list));
        let ids = parts.filter_map(|part| part.get("projectId")?.as_i64()).chain(gift.int("projectId"));
        let projects = ids.filter_map(|project| store.projects.get(project));
        Cell::strings(projects.map(|project| project.text(name).to_owned()).collect())
    };
    match source.field {
        _ if source.custom => cell_of(gift, source),
        "project" | "projectName" => of_projects("name"),
        "projectCode" => of_projects("projectCode"),
        "hasSplits" => Cell::Flag(gift.list("giftDesignations").len() > 1),
        "contactName" | "contactType" | "contactTags" | "contactArchived" | "contactState" => {
            let contact = gift.int("contactId").and_then(|id| store.contacts.find(id).ok());
            contact.map_or(Cell::Unknown, |contact| match source.field {
                "contactName" => Cell::text(contact.record.text("name")),
                "contactType" => Cell::text(contact.record.text("contactType")),
                "contactTags" => tags_of(&contact, store),
                "contactArchived" => Cell::Flag(contact.record.archived),
                _ => Cell::text(contact.address().map_or("", |address| address.text("state"))),
            })
        }
        "individualFirst" | "individualLast" => {
            let name = if source.field == "individualFirst" { "firstName" } else { "lastName" };
            let name = follow(gift, "contactIndividualId", name, store);
            Cell::text(name.as_str().unwrap_or_default())
        }
        "currencyCode" => Cell::text(render::currency(gift)),
        "recurringGiftDate" => Cell::date(date_of(gift)),
        "segment" | "segmentName" | "segmentCode" | "campaign" | "communication" | "channel" => {
            segment_cell(gift, source.field, store).unwrap_or(Cell::Unknown)
        }
        _ => cell_of(gift, source),
    }
}

fn segment_cell(gift: &Record, field: &str, store: &Store) -> Option<Cell> {
    let segment = store.segments.get(gift.int("segmentId")?)?;
    match field {
        "segment" | "segmentName" => return Some(Cell::text(segment.text("name"))),
        "segmentCode" => return Some(Cell::text(segment.text("code"))),
        _ => {}
    }
    let communication = store.communications.get(segment.int("communicationId")?)?;
    match field {
        "communication" => return Some(Cell::text(communication.text("name"))),
        "channel" => return Some(Cell::text(communication.text("channelType"))),
        _ => {}
    }
    let campaign = store.campaigns.get(communication.int("campaignId")?)?;
    Some(Cell::text(campaign.text("name")))
}

/// `query_gifts`, and with `full` `query_full_gifts`.
pub(crate) fn gifts(job: &mut Job<'_>, full: bool) -> Outcome {
    let query = job.query(&GIFTS)?;
    let store = &*job.store;
    let gifts = &store.gifts;
    let (ids, total) = query.plan.run(gifts.rows_of(&query.plan), job.parameters.page, |_, row, source| {
        gifts.cell_without_record(row, source).unwrap_or_else(|| cell(&gifts.materialize(row), source, store))
    });
    let shown = |id: &i64| {
        let gift = gifts.find(*id)?;
        let shown = if full { render::full(&gift, store) } else { render::summary(&gift, store) };
        Ok(Value::Object(shown))
    };
    let found: Result<Vec<Value>, Problem> = ids.iter().map(shown).collect();
    Ok(envelope(found?, total))
}

/// The designation of a gift with this id.
fn find(gift: &Record, id: i64) -> Option<&Value> {
    gift.list("giftDesignations").iter().find(|value| value.get("id").and_then(Value::as_i64) == Some(id))
}

fn designation_cell(id: i64, gift: &Record, source: Source<'_>, store: &Store) -> Cell {
    let found = find(gift, id);
    let project = || store.projects.get(found?.get("projectId")?.as_i64()?);
    let of_project = |name: &str| project().map_or(Cell::Unknown, |project| Cell::text(project.text(name)));
    match source.field {
        "amountDesignated" => Cell::number(found.and_then(|value| value.get("amount")).and_then(money::of)),
        "designatedProject" => of_project("name"),
        "designatedCode" => of_project("projectCode"),
        "designatedType" => of_project("type"),
        "designatedId" => Cell::number(found.and_then(|value| value.get("projectId")?.as_i64())),
        "projectTaxDeductible" => {
            project().map_or(Cell::Unknown, |one| Cell::Flag(one.flag("isTaxDeductible")))
        }
        "parentProject" | "parentCode" => {
            let parent = project().and_then(|one| store.projects.get(one.int("parentId")?));
            let name = if source.field == "parentProject" { "name" } else { "projectCode" };
            parent.map_or(Cell::Unknown, |one| Cell::text(one.text(name)))
        }
        _ => cell(gift, source, store),
    }
}

/// `query_gift_designations`.
pub(crate) fn designations(job: &mut Job<'_>) -> Outcome {
    let query = job.query(&DESIGNATIONS)?;
    let store = &*job.store;
    let gifts = &store.gifts;
    let rows = gifts.rows().flat_map(|(_, row)| match row {
        Row::Seeded(number) => vec![(Gifts::seeded_designation(number), Row::Seeded(number))],
        Row::Stored(gift) => {
            let ids = gift.list("giftDesignations").iter();
            ids.filter_map(|value| Some((value.get("id")?.as_i64()?, Row::Stored(gift)))).collect()
        }
    });
    let (ids, total) = query.plan.run(rows, job.parameters.page, |id, row, source| {
        match source.field {
            "id" => return Cell::Number(id),
            "giftId" => return Cell::Number(Gifts::id_of(row)),
            _ => {}
        }
        let quick = gifts.cell_without_record(row, source);
        quick.unwrap_or_else(|| designation_cell(id, &gifts.materialize(row), source, store))
    });
    let shown = |id: &i64| {
        let gift = gifts.of_designation(*id)?;
        find(&gift, *id).map(|value| render::designation_row(&gift, value, store))
    };
    Ok(envelope(ids.iter().filter_map(shown).collect(), total))
}
