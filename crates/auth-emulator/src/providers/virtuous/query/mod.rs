//! Queries: groups of conditions over the parameters of a kind of record. A kind declares its parameters in a table and
//! answers for each with a `Cell`; everything else is here. The groups are OR-ed, the conditions of a group AND-ed.
//!
//! `body.rs` reads a body against the table, `operators.rs` says which operators a type has and tests cells,
//! `relative.rs` knows the words for dates, `options.rs` writes the table out for `…/QueryOptions`.
//!
//! Conditions are looked at row by row over cells, and nothing is rendered but the page that is asked for: a query over
//! 200,000 seeded contacts must not build 200,000 contacts.

mod body;
mod operators;
mod options;
mod relative;

pub(super) use self::body::{QueryBody, read};
pub(super) use self::operators::Test;
pub(super) use self::options::listed;

use super::custom::{self, Owner};
use super::dates;
use super::parameters::Page;
use super::record::Record;
use super::store::Store;

/// The types of parameters, by the vendor's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Int,
    String,
    Date,
    Decimal,
    Boolean,
    List,
    Lookup,
}

/// The values that a parameter can be compared with, where there is a list of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Values {
    Any,
    Fixed(&'static [&'static str]),
    Projects,
    Campaigns,
    Segments,
    Tags,
}

/// A parameter of a kind of record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parameter {
    /// The name in conditions; its case counts.
    pub name: &'static str,
    pub kind: Type,
    /// What the kind of record answers for it; most often the name of a member.
    pub field: &'static str,
    pub values: Values,
}

pub(super) const fn parameter(name: &'static str, kind: Type, field: &'static str) -> Parameter {
    Parameter { name, kind, field, values: Values::Any }
}

impl Parameter {
    pub(super) const fn among(mut self, values: Values) -> Self {
        self.values = values;
        self
    }
}

/// What can be queried of a kind of record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schema {
    pub parameters: &'static [Parameter],
    /// Names for `sortBy` beside those of the parameters, with the fields that they stand for.
    pub sorts: &'static [(&'static str, &'static str, Type)],
    /// Whose custom fields join the parameters.
    pub custom: Option<Owner>,
}

/// Where a cell comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub field: &'static str,
    pub kind: Type,
    pub custom: bool,
}

impl Source {
    /// Whether it is the id of the row itself.
    fn is_id(self) -> bool {
        self.field == "id" && !self.custom
    }
}

/// What a row holds for a parameter. Dates are microseconds, decimals ten-thousandths.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cell {
    Unknown,
    Flag(bool),
    Number(i64),
    Text(String),
    /// Several at once, such as the tags of a contact.
    Texts(Vec<String>),
}

impl Cell {
    pub(super) fn text(text: &str) -> Self {
        if text.is_empty() { Self::Unknown } else { Self::Text(text.to_owned()) }
    }

    pub(super) fn texts(texts: Vec<String>) -> Self {
        if texts.is_empty() { Self::Unknown } else { Self::Texts(texts) }
    }

    pub(super) fn number(number: Option<i64>) -> Self {
        number.map_or(Self::Unknown, Self::Number)
    }

    pub(super) fn date(text: &str) -> Self {
        Self::number(dates::parse(text))
    }

    /// What rows are sorted by: texts without regard to case, as the vendor's database does, and of several the first.
    /// Seeded rows answer with one text where kept ones answer with a list, and stand among each other.
    pub(super) fn sort_key(self) -> Self {
        match self {
            Self::Text(text) => Self::Text(text.to_lowercase()),
            Self::Texts(texts) => texts.first().map_or(Self::Unknown, |text| Self::text(text).sort_key()),
            other => other,
        }
    }
}

/// The cell of a record whose members are what its parameters are about.
pub(super) fn cell_of(record: &Record, source: Source) -> Cell {
    if source.custom {
        return record.custom.get(source.field).map_or(Cell::Unknown, |value| Cell::text(value));
    }
    match source.field {
        "id" => Cell::Number(record.id),
        "created" => Cell::date(&record.audit.created),
        "modified" => Cell::date(&record.audit.modified),
        "archived" => Cell::Flag(record.archived),
        field => match source.kind {
            Type::Int => Cell::number(record.int(field)),
            Type::Decimal => Cell::number(record.members.get(field).and_then(super::money::of)),
            Type::Boolean => Cell::Flag(record.flag(field)),
            Type::Date => Cell::date(record.text(field)),
            Type::String | Type::List | Type::Lookup => Cell::text(record.text(field)),
        },
    }
}

/// One condition, ready to be tested.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    pub source: Source,
    pub test: Test,
}

/// A query that was read.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub groups: Vec<Vec<Condition>>,
    pub sort: Option<Source>,
    pub descending: bool,
}

impl Plan {
    /// The ids that can fit, as ranges in order that do not overlap: what conditions on ids leave. Programs that read
    /// everything ask for ids above the last one, and others for hundreds of single ids in as many groups.
    pub(super) fn id_ranges(&self) -> Vec<(i64, i64)> {
        let everything = vec![(i64::MIN, i64::MAX)];
        let groups: Option<Vec<_>> = self
            .groups
            .iter()
            .map(|group| {
                let mut on_ids = group.iter().filter(|condition| condition.source.is_id());
                on_ids.find_map(|condition| condition.test.ranges())
            })
            .collect();
        let Some(groups) = groups.filter(|groups| !groups.is_empty()) else { return everything };
        let mut ranges: Vec<(i64, i64)> = groups.into_iter().flatten().copied().collect();
        ranges.sort_unstable();
        let mut merged: Vec<(i64, i64)> = Vec::new();
        for (first, last) in ranges {
            match merged.last_mut().filter(|(_, end)| first <= end.saturating_add(1)) {
                Some((_, end)) => *end = last.max(*end),
                None => merged.push((first, last)),
            }
        }
        merged
    }

    fn takes(&self, cell: &impl Fn(Source) -> Cell) -> bool {
        let holds = |condition: &Condition| condition.test.holds(&cell(condition.source));
        self.groups.is_empty() || self.groups.iter().any(|group| group.iter().all(holds))
    }

    /// The ids of a page and the number of all that fit. Ids decide where the sorting leaves two rows equal.
    pub(super) fn run<R>(
        &self,
        rows: impl Iterator<Item = (i64, R)>,
        page: Page,
        cell: impl Fn(i64, &R, Source) -> Cell,
    ) -> (Vec<i64>, usize) {
        let fits = rows.filter(|(id, row)| self.takes(&|source| cell(*id, row, source)));
        let mut ids: Vec<i64> = match self.sort {
            None => fits.map(|(id, _)| id).collect(),
            Some(source) if source.is_id() => fits.map(|(id, _)| id).collect(),
            Some(source) => {
                let mut keyed: Vec<(Cell, i64)> =
                    fits.map(|(id, row)| (cell(id, &row, source).sort_key(), id)).collect();
                keyed.sort_by(|(left, left_id), (right, right_id)| {
                    let order = if self.descending { right.cmp(left) } else { left.cmp(right) };
                    order.then(left_id.cmp(right_id))
                });
                return (page.of(keyed.iter().map(|(_, id)| *id)), keyed.len());
            }
        };
        // Rows mostly come in this order; parts that were added to old records do not.
        ids.sort_unstable();
        if self.descending {
            ids.reverse();
        }
        let total = ids.len();
        (page.of(ids), total)
    }
}

/// The names that a lookup knows.
fn names(values: Values, store: &Store) -> Vec<String> {
    let of = |table: &super::table::Table<Record>| {
        table.rows().map(|(_, row)| table.whole(&row).text("name").to_owned()).collect()
    };
    match values {
        Values::Any => Vec::new(),
        Values::Fixed(words) => words.iter().map(|word| (*word).to_owned()).collect(),
        Values::Projects => of(&store.projects),
        Values::Campaigns => of(&store.campaigns),
        Values::Segments => of(&store.segments),
        Values::Tags => super::contacts::tags::TAGS.iter().map(|tag| tag.name.to_owned()).collect(),
    }
}

/// The parameter of that name, custom fields included.
fn find(schema: &Schema, name: &str) -> Option<(Source, Values)> {
    if let Some(known) = schema.parameters.iter().find(|known| known.name == name) {
        return Some((Source { field: known.field, kind: known.kind, custom: false }, known.values));
    }
    let field = custom::definitions(schema.custom?).iter().find(|field| field.name == name)?;
    let kind = if field.data_type == "List" { Type::List } else { Type::String };
    let values = if field.options.is_empty() { Values::Any } else { Values::Fixed(field.options) };
    Some((Source { field: field.name, kind, custom: true }, values))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(groups: &[&[(&str, &[i64])]]) -> Plan {
        let source = Source { field: "id", kind: Type::Int, custom: false };
        let condition = |(operator, values): &(&str, &[i64])| {
            let values: Vec<_> = values.iter().map(|value| (*value, *value)).collect();
            Condition { source, test: operators::over_numbers(operator, &values, false) }
        };
        let groups = groups.iter().map(|group| group.iter().map(condition).collect()).collect();
        Plan { groups, sort: None, descending: false }
    }

    #[test]
    fn conditions_on_ids_leave_ranges() {
        let all = [(i64::MIN, i64::MAX)];
        assert_eq!(plan(&[]).id_ranges(), all);
        assert_eq!(plan(&[&[("IsNot", &[5])]]).id_ranges(), all);
        assert_eq!(plan(&[&[("Is", &[5])], &[("IsNot", &[5])]]).id_ranges(), all);
        assert_eq!(plan(&[&[("GreaterThan", &[5])]]).id_ranges(), [(6, i64::MAX)]);
        let scattered =
            plan(&[&[("Is", &[9])], &[("In", &[4, 3])], &[("Between", &[8, 9])], &[("Is", &[20])]]);
        assert_eq!(scattered.id_ranges(), [(3, 4), (8, 9), (20, 20)]);
        assert_eq!(plan(&[&[("Between", &[9, 3])]]).id_ranges(), [(9, 3)], "nothing fits");
    }
}
