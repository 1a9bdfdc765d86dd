//! Queries over gifts and designations.

use serde_json::Value;

use super::render;
use crate::providers::virtuous::base::custom::Owner;
use crate::providers::virtuous::base::money;
use crate::providers::virtuous::base::record::Record;
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::base::table::Row;
use crate::providers::virtuous::data::gifts::{Gifts, TYPES, designated};
use crate::providers::virtuous::data::job::{Job, Outcome, envelope};
use crate::providers::virtuous::data::store::Store;
use crate::providers::virtuous::query::{Cell, Schema, Source, Type, Values, cell_of, parameter};

const SORTS: &[(&str, &str, Type)] = &[
    ("Id", "id", Type::Int),
    ("Amount", "amount", Type::Decimal),
    ("GiftDate", "giftDate", Type::Date),
    ("ReceiptDate", "receiptDate", Type::Date),
    ("Batch", "batch", Type::String),
];

pub(crate) static GIFTS: Schema = Schema {
    parameters: &[
        parameter("Gift Id", Type::Int, "id"),
        parameter("Contact Id", Type::Int, "contactId"),
        parameter("Gift Type", Type::List, "giftType").among(Values::Fixed(TYPES)),
        parameter("Gift Date", Type::Date, "giftDate"),
        parameter("Amount", Type::Decimal, "amount"),
        parameter("Batch", Type::String, "batch"),
        parameter("Project", Type::Lookup, "project").among(Values::Projects),
        parameter("Project Code", Type::String, "projectCode"),
        parameter("Segment", Type::Lookup, "segment").among(Values::Segments),
        parameter("Campaign", Type::Lookup, "campaign").among(Values::Campaigns),
        parameter("Transaction Source", Type::String, "transactionSource"),
        parameter("Transaction Id", Type::String, "transactionId"),
        parameter("Receipt Date", Type::Date, "receiptDate"),
        parameter("Notes", Type::String, "notes"),
        parameter("Is Private", Type::Boolean, "isPrivate"),
        parameter("Create DateTime UTC", Type::Date, "created"),
        parameter("Last Modified Date", Type::Date, "modified"),
    ],
    sorts: SORTS,
    custom: Some(Owner::Gift),
};

/// The rows are designations: `id` is the designation's, `giftId` the gift's.
pub(crate) static DESIGNATIONS: Schema = Schema {
    parameters: &[
        parameter("Id", Type::Int, "id"),
        parameter("Gift Id", Type::Int, "giftId"),
        parameter("Contact Id", Type::Int, "contactId"),
        parameter("Amount Designated", Type::Decimal, "amountDesignated"),
        parameter("Project", Type::Lookup, "designatedProject").among(Values::Projects),
        parameter("Project Code", Type::String, "designatedCode"),
        parameter("Gift Type", Type::List, "giftType").among(Values::Fixed(TYPES)),
        parameter("Gift Date", Type::Date, "giftDate"),
        parameter("Batch", Type::String, "batch"),
        parameter("Segment", Type::Lookup, "segment").among(Values::Segments),
        parameter("Campaign", Type::Lookup, "campaign").among(Values::Campaigns),
        parameter("Create DateTime UTC", Type::Date, "created"),
        parameter("Last Modified Date", Type::Date, "modified"),
    ],
    sorts: &[
        ("Id", "id", Type::Int),
        ("Amount", "amountDesignated", Type::Decimal),
        ("GiftDate", "giftDate", Type::Date),
        ("ReceiptDate", "receiptDate", Type::Date),
        ("Batch", "batch", Type::String),
    ],
    custom: None,
};

fn cell(gift: &Record, source: Source, store: &Store) -> Cell {
    let of_projects = |name: &str| {
        let projects = designated(gift).filter_map(|(project, _)| store.projects.get(project));
        Cell::strings(projects.map(|project| project.text(name).to_owned()).collect())
    };
    match source.field {
        _ if source.custom => cell_of(gift, source),
        "project" => of_projects("name"),
        "projectCode" => of_projects("projectCode"),
        "segment" | "campaign" => segment_cell(gift, source.field, store).unwrap_or(Cell::Unknown),
        _ => cell_of(gift, source),
    }
}

fn segment_cell(gift: &Record, field: &str, store: &Store) -> Option<Cell> {
    let segment = store.segments.get(gift.int("segmentId")?)?;
    if field == "segment" {
        return Some(Cell::text(segment.text("name")));
    }
    let communication = store.communications.get(segment.int("communicationId")?)?;
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

fn designation_cell(id: i64, gift: &Record, source: Source, store: &Store) -> Cell {
    let found = find(gift, id);
    let project = || store.projects.get(found?.get("projectId")?.as_i64()?);
    let of_project = |name: &str| project().map_or(Cell::Unknown, |project| Cell::text(project.text(name)));
    match source.field {
        "amountDesignated" => Cell::number(found.and_then(|value| value.get("amount")).and_then(money::of)),
        "designatedProject" => of_project("name"),
        "designatedCode" => of_project("projectCode"),
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
