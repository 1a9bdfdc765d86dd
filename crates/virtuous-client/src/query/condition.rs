//! Conditions: a parameter, an operator, and the values that the operator requires.

use super::date::IntoQueryValue;
use crate::models::DateTime;
use serde::{Deserialize, Serialize};

auth_client_core::provider::open_enum! {
    /// Comparison operator. The API may have more operators than these.
    ///
    /// ```
    /// use virtuous_client::query::{Operator, parameter};
    ///
    /// assert_eq!(parameter("Batch").starts_with("B-").operator, Operator::StartsWith);
    /// assert_eq!(Operator::from("IsAnyOf"), Operator::IsAnyOf);
    /// assert_eq!(Operator::from("SoundsLike").as_str(), "SoundsLike");
    /// ```
    pub enum Operator {
        /// Equal to the value.
        Is = "Is",
        /// Not equal to the value.
        IsNot = "IsNot",
        /// Has a value.
        IsKnown = "IsKnown",
        /// Has no value.
        IsNotKnown = "IsNotKnown",
        /// Less than the value.
        LessThan = "LessThan",
        /// Less than or equal to the value.
        LessThanOrEqual = "LessThanOrEqual",
        /// Greater than the value.
        GreaterThan = "GreaterThan",
        /// Greater than or equal to the value.
        GreaterThanOrEqual = "GreaterThanOrEqual",
        /// Before the date.
        Before = "Before",
        /// On or before the date.
        OnOrBefore = "OnOrBefore",
        /// After the date.
        After = "After",
        /// On or after the date.
        OnOrAfter = "OnOrAfter",
        /// Between two values.
        Between = "Between",
        /// Contains the string.
        Contains = "Contains",
        /// Starts with the string.
        StartsWith = "StartsWith",
        /// Ends with the string.
        EndsWith = "EndsWith",
        /// Is true.
        IsTrue = "IsTrue",
        /// Is false.
        IsFalse = "IsFalse",
        /// Is set.
        IsSet = "IsSet",
        /// Is not set.
        IsNotSet = "IsNotSet",
        /// One of the values.
        In = "In",
        /// None of the values.
        NotIn = "NotIn",
        /// One of the values.
        IsAnyOf = "IsAnyOf",
        /// None of the values.
        IsNoneOf = "IsNoneOf",
        /// Matches the pattern.
        Matches = "Matches",
    }
}

impl Operator {
    /// Returns whether the operator compares by order, so that an empty value has no meaning.
    pub(super) fn is_ordering(&self) -> bool {
        matches!(
            self,
            Self::LessThan
                | Self::LessThanOrEqual
                | Self::GreaterThan
                | Self::GreaterThanOrEqual
                | Self::Before
                | Self::OnOrBefore
                | Self::After
                | Self::OnOrAfter
                | Self::Between
        )
    }
}

/// Number of values that an operator requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arity {
    None,
    One,
    Two,
    Many,
}

impl Operator {
    /// Returns `None` for an unknown operator.
    pub(super) fn arity(&self) -> Option<Arity> {
        Some(match self {
            Self::IsKnown
            | Self::IsNotKnown
            | Self::IsSet
            | Self::IsNotSet
            | Self::IsTrue
            | Self::IsFalse => Arity::None,
            Self::Between => Arity::Two,
            Self::In | Self::NotIn | Self::IsAnyOf | Self::IsNoneOf => Arity::Many,
            Self::Unknown(_) => return None,
            _ => Arity::One,
        })
    }
}

/// A condition of a query, created by [`parameter`].
///
/// ```
/// use virtuous_client::query::parameter;
///
/// let condition = parameter("Contact Type").is_any_of(["Household", "Foundation"]);
/// assert_eq!(condition.parameter, "Contact Type");
/// assert_eq!(condition.values.map(|values| values.len()), Some(2));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Condition {
    /// Name of the parameter, with spaces, such as `Last Modified Date`.
    pub parameter: String,
    /// Comparison operator.
    pub operator: Operator,
    /// Value to compare with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Second value, of `Between`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secondary_value: Option<String>,
    /// Values of operators that accept a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<String>>,
}

/// A parameter to which an operator is applied; created by [`parameter`].
///
/// A date in the vendor's display format, such as `12/7/2023`, is converted to ISO 8601 by operators that compare by order,
/// and by all others but `contains`, `starts_with`, `ends_with` and `matches` if the parameter's name ends in `Date`.
///
/// ```
/// use virtuous_client::query::parameter;
///
/// let conditions = [
///     parameter("Batch").is("B-7"),
///     parameter("Amount").greater_than(10),
///     parameter("Notes").is_known(),
///     parameter("Gift Type").is_none_of(["Check", "Cash"]),
/// ];
/// # let _ = conditions;
/// ```
#[derive(Clone, Debug)]
#[must_use = "add a comparison, such as `.is(…)`"]
pub struct Parameter(String);

/// Starts a condition on a parameter, such as `Last Modified Date`.
///
/// ```
/// use virtuous_client::query::{Operator, parameter};
///
/// let condition = parameter("Amount").between(10, 20);
/// assert_eq!(condition.operator, Operator::Between);
/// assert_eq!(condition.value.as_deref(), Some("10"));
/// ```
pub fn parameter(name: impl Into<String>) -> Parameter {
    Parameter(name.into())
}

macro_rules! with_one_value {
    ($($(#[$docs:meta])* $method:ident => $operator:ident),* $(,)?) => {$(
        $(#[$docs])*
        #[must_use]
        pub fn $method(self, value: impl IntoQueryValue) -> Condition {
            let value = Some(self.written(&Operator::$operator, value));
            Condition { value, ..self.condition(Operator::$operator) }
        }
    )*};
}

macro_rules! without_value {
    ($($(#[$docs:meta])* $method:ident => $operator:ident),* $(,)?) => {$(
        $(#[$docs])*
        #[must_use]
        pub fn $method(self) -> Condition {
            self.condition(Operator::$operator)
        }
    )*};
}

macro_rules! with_many_values {
    ($($(#[$docs:meta])* $method:ident => $operator:ident),* $(,)?) => {$(
        $(#[$docs])*
        ///
        /// A query with an empty list is rejected before it is sent, because a server that ignores the list would
        /// return every row.
        #[must_use]
        pub fn $method(self, values: impl IntoIterator<Item = impl IntoQueryValue>) -> Condition {
            let values = values.into_iter().map(|value| self.written(&Operator::$operator, value)).collect();
            Condition { values: Some(values), ..self.condition(Operator::$operator) }
        }
    )*};
}

impl Parameter {
    /// Returns a value in the format of requests: values that are compared by order, and dates.
    fn written(&self, operator: &Operator, value: impl IntoQueryValue) -> String {
        let value = value.into_query_value();
        let is_part = matches!(
            operator,
            Operator::Contains | Operator::StartsWith | Operator::EndsWith | Operator::Matches
        );
        let last_word = self.0.split_whitespace().next_back().unwrap_or_default();
        if operator.is_ordering() || (last_word.eq_ignore_ascii_case("date") && !is_part) {
            return DateTime::from(value).to_wire();
        }
        value
    }

    fn condition(self, operator: Operator) -> Condition {
        Condition { parameter: self.0, operator, value: None, secondary_value: None, values: None }
    }

    with_one_value! {
        /// Equal to the value.
        is => Is,
        /// Not equal to the value.
        is_not => IsNot,
        /// Contains the string.
        contains => Contains,
        /// Starts with the string.
        starts_with => StartsWith,
        /// Ends with the string.
        ends_with => EndsWith,
        /// Matches the pattern. The vendor does not document the pattern syntax.
        matches => Matches,
        /// Less than the value.
        less_than => LessThan,
        /// Less than or equal to the value.
        less_than_or_equal => LessThanOrEqual,
        /// Greater than the value.
        greater_than => GreaterThan,
        /// Greater than or equal to the value.
        greater_than_or_equal => GreaterThanOrEqual,
        /// Before the date.
        before => Before,
        /// On or before the date.
        on_or_before => OnOrBefore,
        /// After the date.
        after => After,
        /// On or after the date.
        on_or_after => OnOrAfter,
    }

    without_value! {
        /// Has a value.
        is_known => IsKnown,
        /// Has no value.
        is_not_known => IsNotKnown,
        /// Is true.
        is_true => IsTrue,
        /// Is false.
        is_false => IsFalse,
        /// Is set.
        is_set => IsSet,
        /// Is not set.
        is_not_set => IsNotSet,
    }

    with_many_values! {
        /// One of the values.
        is_in => In,
        /// None of the values.
        is_not_in => NotIn,
        /// One of the values.
        is_any_of => IsAnyOf,
        /// None of the values.
        is_none_of => IsNoneOf,
    }

    /// Between the two values.
    ///
    /// ```
    /// use virtuous_client::query::parameter;
    ///
    /// let condition = parameter("Gift Date").between("2023-01-01", "2023-12-31");
    /// assert_eq!(condition.secondary_value.as_deref(), Some("2023-12-31"));
    /// ```
    #[must_use]
    pub fn between(self, from: impl IntoQueryValue, to: impl IntoQueryValue) -> Condition {
        let [value, secondary_value] =
            [self.written(&Operator::Between, from), self.written(&Operator::Between, to)].map(Some);
        Condition { value, secondary_value, ..self.condition(Operator::Between) }
    }

    /// Applies any other operator. Set the values that it requires in the returned condition.
    ///
    /// ```
    /// use virtuous_client::query::parameter;
    ///
    /// let mut condition = parameter("Name").compared("SoundsLike");
    /// condition.value = Some("Meyer".to_owned());
    /// assert_eq!(condition.operator.as_str(), "SoundsLike");
    /// ```
    #[must_use]
    pub fn compared(self, operator: impl Into<Operator>) -> Condition {
        self.condition(operator.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn written(condition: &Condition) -> Value {
        let mut value = serde_json::to_value(condition).unwrap();
        value.as_object_mut().unwrap().remove("parameter");
        value
    }

    #[test]
    fn operators_take_as_many_values_as_they_need() {
        let p = || parameter("Amount");
        for (condition, expected) in [
            (p().is("a"), json!({"operator": "Is", "value": "a"})),
            (p().greater_than(5), json!({"operator": "GreaterThan", "value": "5"})),
            (p().on_or_after("12/7/2023"), json!({"operator": "OnOrAfter", "value": "2023-12-07"})),
            (
                p().before("3/27/2022 1:30\u{202f}PM"),
                json!({"operator": "Before", "value": "2022-03-27T13:30:00"}),
            ),
            (p().after("30 Days Ago"), json!({"operator": "After", "value": "30 Days Ago"})),
            (
                p().greater_than_or_equal("12/7/2023"),
                json!({"operator": "GreaterThanOrEqual", "value": "2023-12-07"}),
            ),
            (p().less_than("10.50"), json!({"operator": "LessThan", "value": "10.50"})),
            (
                p().between("1/2/2023", "2/3/2023"),
                json!({"operator": "Between", "value": "2023-01-02", "secondaryValue": "2023-02-03"}),
            ),
            (p().is("12/7/2023"), json!({"operator": "Is", "value": "12/7/2023"})),
            (parameter("Gift Date").is("12/7/2023"), json!({"operator": "Is", "value": "2023-12-07"})),
            (
                parameter("Gift Date").contains("12/7/2023"),
                json!({"operator": "Contains", "value": "12/7/2023"}),
            ),
            (
                parameter("Last Modified Date").is_any_of(["12/7/2023", "2023-12-08"]),
                json!({"operator": "IsAnyOf", "values": ["2023-12-07", "2023-12-08"]}),
            ),
            (p().is_known(), json!({"operator": "IsKnown"})),
            (p().is_false(), json!({"operator": "IsFalse"})),
            (p().between(1, 9), json!({"operator": "Between", "value": "1", "secondaryValue": "9"})),
            (p().is_any_of(["a", "b"]), json!({"operator": "IsAnyOf", "values": ["a", "b"]})),
            (p().is_not_in(Vec::<i64>::new()), json!({"operator": "NotIn", "values": []})),
            (p().compared("SoundsLike"), json!({"operator": "SoundsLike"})),
        ] {
            assert_eq!(written(&condition), expected);
        }
    }
}
