//! The operators of each type, their number of values, and their meaning. Strings are compared case-insensitively. Of several
//! strings, one must match; for negated operators, none.
//!
//! Assumption (query-operators): `IsSet` and `IsNotSet` equal `IsKnown` and `IsNotKnown`, and `*` in `Matches` stands for any
//! string. A condition on a date compares days, and a condition on an unknown value holds only if it is negated.

use crate::providers::virtuous::base::dates;
use crate::providers::virtuous::query::cell::Cell;
use crate::providers::virtuous::query::schema::Type;

/// The number of values of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arity {
    None,
    One,
    /// `value` and `secondaryValue`.
    Two,
    /// `values`.
    Many,
}

/// Every operator, without spaces as on the wire, in the order of a recording.
pub(crate) const OPERATORS: &[(&str, Arity)] = &[
    ("Is", Arity::One),
    ("IsNot", Arity::One),
    ("IsKnown", Arity::None),
    ("IsNotKnown", Arity::None),
    ("LessThan", Arity::One),
    ("LessThanOrEqual", Arity::One),
    ("GreaterThan", Arity::One),
    ("GreaterThanOrEqual", Arity::One),
    ("Contains", Arity::One),
    ("StartsWith", Arity::One),
    ("EndsWith", Arity::One),
    ("IsTrue", Arity::None),
    ("IsFalse", Arity::None),
    ("IsSet", Arity::None),
    ("IsNotSet", Arity::None),
    ("In", Arity::Many),
    ("NotIn", Arity::Many),
    ("Between", Arity::Two),
    ("Before", Arity::One),
    ("After", Arity::One),
    ("IsAnyOf", Arity::Many),
    ("IsNoneOf", Arity::Many),
    ("Matches", Arity::One),
    ("OnOrBefore", Arity::One),
    ("OnOrAfter", Arity::One),
];

/// Which operators a parameter has besides those of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Also {
    Nothing,
    /// `IsKnown` and `IsNotKnown`.
    Known,
    /// Those of a parameter with its own list in recordings.
    Only(&'static [&'static str]),
}

pub(crate) const OF_STATE: Also = Also::Only(&["Is", "IsNot", "IsKnown", "IsNotKnown", "In", "NotIn"]);
pub(crate) const OF_COUNTRY: Also = Also::Only(&["Is", "IsNot", "IsKnown", "IsNotKnown"]);
pub(crate) const OF_BATCH: Also =
    Also::Only(&["IsSet", "IsNotSet", "Is", "IsNot", "Contains", "StartsWith", "EndsWith"]);
/// Assumption (query-operators): tags, owners and frequencies have these, which clients send; no recording has the parameters.
pub(crate) const OF_CHOICE: Also = Also::Only(&["Is", "IsNot", "IsAnyOf", "IsNoneOf"]);

/// The operators of a parameter, as recorded.
pub(crate) fn of(kind: Type, also: Also) -> Vec<&'static str> {
    if let Also::Only(operators) = also {
        return operators.to_vec();
    }
    let (first, rest): (&[_], &[_]) = match kind {
        Type::Int | Type::Decimal => {
            (&["Is"], &["LessThan", "LessThanOrEqual", "GreaterThan", "GreaterThanOrEqual", "Between"])
        }
        Type::Date => (
            &["Is"],
            &[
                "LessThan",
                "LessThanOrEqual",
                "Before",
                "OnOrBefore",
                "GreaterThan",
                "GreaterThanOrEqual",
                "After",
                "OnOrAfter",
                "Between",
            ],
        ),
        Type::Boolean => (&["IsTrue", "IsFalse"], &[]),
        Type::String | Type::Lookup => (&["Is"], &["Contains", "StartsWith", "EndsWith"]),
        Type::List => (&["Is", "IsNot"], &[]),
        Type::Object if also == Also::Known => (&[], &[]),
        Type::Object => (&["IsSet", "IsNotSet"], &[]),
    };
    let known: &[_] = if also == Also::Known { &["IsKnown", "IsNotKnown"] } else { &[] };
    [first, known, rest].concat()
}

/// An operator with its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Test {
    Known(bool),
    Flag(bool),
    /// Within one of these ranges, including the ends; `not` negates.
    Ranges {
        ranges: Vec<(i64, i64)>,
        not: bool,
        days: bool,
    },
    /// One of these strings, in lower case.
    Strings {
        texts: Vec<String>,
        how: How,
        not: bool,
    },
}

/// How strings are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Whole,
    Contains,
    Starts,
    Ends,
    Pattern,
}

/// The test of an operator without values.
pub(crate) fn without_values(operator: &str) -> Test {
    match operator {
        "IsTrue" => Test::Flag(true),
        "IsFalse" => Test::Flag(false),
        "IsNotKnown" | "IsNotSet" => Test::Known(false),
        _ => Test::Known(true),
    }
}

fn negates(operator: &str) -> bool {
    matches!(operator, "IsNot" | "NotIn" | "IsNoneOf")
}

/// The test of an operator on numbers or days; each value is a range.
pub(crate) fn over_numbers(operator: &str, values: &[(i64, i64)], days: bool) -> Test {
    let first = values.first().copied().unwrap_or_default();
    let last = values.last().copied().unwrap_or_default();
    let ranges = match operator {
        "LessThan" | "Before" => vec![(i64::MIN, first.0.saturating_sub(1))],
        "LessThanOrEqual" | "OnOrBefore" => vec![(i64::MIN, first.1)],
        "GreaterThan" | "After" => vec![(first.1.saturating_add(1), i64::MAX)],
        "GreaterThanOrEqual" | "OnOrAfter" => vec![(first.0, i64::MAX)],
        "Between" => vec![(first.0, last.1)],
        _ => values.to_vec(),
    };
    Test::Ranges { ranges, not: negates(operator), days }
}

/// The test of an operator on strings.
pub(crate) fn over_strings(operator: &str, values: &[&str]) -> Test {
    let how = match operator {
        "Contains" => How::Contains,
        "StartsWith" => How::Starts,
        "EndsWith" => How::Ends,
        "Matches" => How::Pattern,
        _ => How::Whole,
    };
    let texts = values.iter().map(|value| value.to_lowercase()).collect();
    Test::Strings { texts, how, not: negates(operator) }
}

impl Test {
    /// The matching numbers, if they are known.
    pub(crate) fn ranges(&self) -> Option<&[(i64, i64)]> {
        match self {
            Self::Ranges { ranges, not: false, days: false } => Some(ranges),
            _ => None,
        }
    }

    pub(crate) fn holds(&self, cell: &Cell) -> bool {
        match (self, cell) {
            (Self::Known(known), cell) => (*cell != Cell::Unknown) == *known,
            (Self::Flag(flag), Cell::Flag(held)) => flag == held,
            (Self::Ranges { ranges, not, days }, Cell::Number(number)) => {
                let number = if *days { dates::day_of(*number) } else { *number };
                ranges.iter().any(|(first, last)| (*first..=*last).contains(&number)) != *not
            }
            (Self::Strings { texts, how, not }, Cell::String(text)) => fits(texts, *how, text) != *not,
            (Self::Strings { texts, how, not }, Cell::Strings(held)) => {
                held.iter().any(|text| fits(texts, *how, text)) != *not
            }
            (Self::Ranges { not, .. } | Self::Strings { not, .. }, _) => *not,
            (Self::Flag(_), _) => false,
        }
    }
}

fn fits(texts: &[String], how: How, held: &str) -> bool {
    let held = held.to_lowercase();
    texts.iter().any(|text| match how {
        How::Whole => held == *text,
        How::Contains => held.contains(text.as_str()),
        How::Starts => held.starts_with(text.as_str()),
        How::Ends => held.ends_with(text.as_str()),
        How::Pattern => matches(text, &held),
    })
}

/// Whether a string matches a pattern, in which `*` stands for any string.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(start) else { return false };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let end = pieces.pop().unwrap_or_default();
    for piece in pieces {
        let Some((_, after)) = text.split_once(piece) else { return false };
        text = after;
    }
    text.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_has_operators_that_exist() {
        let kinds =
            [Type::Int, Type::String, Type::Date, Type::Boolean, Type::List, Type::Lookup, Type::Object];
        for kind in kinds {
            for also in [Also::Nothing, Also::Known, OF_STATE, OF_COUNTRY, OF_BATCH, OF_CHOICE] {
                let operators = of(kind, also);
                assert!(!operators.is_empty());
                assert!(
                    operators.iter().all(|one| OPERATORS.iter().any(|(name, _)| name == one)),
                    "{operators:?}"
                );
            }
        }
    }

    #[test]
    fn numbers_are_compared() {
        for (operator, values, holds) in [
            ("Is", &[5][..], [false, true, false]),
            ("IsNot", &[5], [true, false, true]),
            ("LessThan", &[5], [true, false, false]),
            ("LessThanOrEqual", &[5], [true, true, false]),
            ("GreaterThan", &[5], [false, false, true]),
            ("GreaterThanOrEqual", &[5], [false, true, true]),
            ("Between", &[5, 6], [false, true, true]),
            ("In", &[4, 6], [true, false, true]),
            ("NotIn", &[4, 6], [false, true, false]),
        ] {
            let values: Vec<_> = values.iter().map(|value| (*value, *value)).collect();
            let test = over_numbers(operator, &values, false);
            assert_eq!([4, 5, 6].map(|number| test.holds(&Cell::Number(number))), holds, "{operator}");
            assert_eq!(test.holds(&Cell::Unknown), operator.contains("Not"), "{operator} of nothing");
        }
    }

    #[test]
    fn strings_are_compared_case_insensitively() {
        for (operator, value, holds) in [
            ("Is", "anna", [true, false]),
            ("IsNot", "ANNA", [false, true]),
            ("Contains", "NN", [true, false]),
            ("StartsWith", "an", [true, false]),
            ("EndsWith", "a", [true, false]),
            ("Matches", "a*n*", [true, false]),
            ("Matches", "*er*", [false, true]),
        ] {
            let test = over_strings(operator, &[value]);
            assert_eq!(["Anna", "Bert"].map(|text| test.holds(&Cell::text(text))), holds, "{operator}");
        }
        let both = Cell::strings(vec!["A".to_owned(), "B".to_owned()]);
        assert!(over_strings("IsAnyOf", &["b", "c"]).holds(&both));
        assert!(!over_strings("IsNoneOf", &["b", "c"]).holds(&both));
        assert!(without_values("IsKnown").holds(&both) && without_values("IsNotSet").holds(&Cell::Unknown));
    }
}
