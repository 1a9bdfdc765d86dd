//! A parsed query: filters rows, sorts them, and cuts out a page.

use crate::providers::virtuous::base::parameters::Page;
use crate::providers::virtuous::query::cell::Cell;
use crate::providers::virtuous::query::operators::Test;
use crate::providers::virtuous::query::schema::Source;

/// A parsed condition.
#[derive(Clone, Debug)]
pub(crate) struct Condition<'a> {
    pub source: Source<'a>,
    pub test: Test,
}

/// A parsed query.
#[derive(Clone, Debug)]
pub(crate) struct Plan<'a> {
    pub groups: Vec<Vec<Condition<'a>>>,
    pub sort: Option<Source<'a>>,
    pub descending: bool,
}

impl<'a> Plan<'a> {
    /// The ids that can match, as sorted ranges without overlap, derived from conditions on ids. Programs that read everything
    /// query for ids above the last one, and others for hundreds of single ids in as many groups.
    pub(crate) fn id_ranges(&self) -> Vec<(i64, i64)> {
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

    fn takes(&self, id: i64, cell: &impl Fn(Source<'a>) -> Cell) -> bool {
        // Every page of a walk tests the ids of all rows after it, to count them.
        let value = |source: Source<'a>| if source.is_id() { Cell::Number(id) } else { cell(source) };
        let holds = |condition: &Condition<'a>| condition.test.holds(&value(condition.source));
        self.groups.is_empty() || self.groups.iter().any(|group| group.iter().all(holds))
    }

    /// The ids of a page, and the total number of matches. Rows with equal keys are sorted by id.
    pub(crate) fn run<R>(
        &self,
        rows: impl Iterator<Item = (i64, R)>,
        page: Page,
        cell: impl Fn(i64, &R, Source<'a>) -> Cell,
    ) -> (Vec<i64>, usize) {
        let fits = rows.filter(|(id, row)| self.takes(*id, &|source| cell(*id, row, source)));
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
        // Rows are mostly sorted already, except for parts that were added to old records.
        ids.sort_unstable();
        if self.descending {
            ids.reverse();
        }
        let total = ids.len();
        (page.of(ids), total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::virtuous::query::operators;
    use crate::providers::virtuous::query::schema::Type;

    fn plan(groups: &[&[(&str, &[i64])]]) -> Plan<'static> {
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
