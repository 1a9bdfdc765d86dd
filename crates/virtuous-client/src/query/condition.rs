//! Conditions: a parameter, an operator, and as many values as that operator takes.

use super::date::IntoQueryValue;
use serde::{Deserialize, Serialize};

auth_client_core::provider::open_enum! {
    /// How a parameter is compared. The vendor may have more than are known here.
    ///
    /// ```
    /// use virtuous_client::query::{Operator, parameter};
    ///
    /// assert_eq!(parameter("Batch").starts_with("B-").operator, Operator::StartsWith);
    /// assert_eq!(Operator::from("IsAnyOf"), Operator::IsAnyOf);
    /// assert_eq!(Operator::from("SoundsLike").as_str(), "SoundsLike");
    /// ```
    pub enum Operator {
        /// The value.
        Is = "Is",
        /// Not the value.
        IsNot = "IsNot",
        /// Some value.
        IsKnown = "IsKnown",
        /// No value.
        IsNotKnown = "IsNotKnown",
        /// Less than the value.
        LessThan = "LessThan",
        /// The value or less.
        LessThanOrEqual = "LessThanOrEqual",
        /// More than the value.
        GreaterThan = "GreaterThan",
        /// The value or more.
        GreaterThanOrEqual = "GreaterThanOrEqual",
        /// Before the date.
        Before = "Before",
        /// On the date or before.
        OnOrBefore = "OnOrBefore",
        /// After the date.
        After = "After",
        /// On the date or after.
        OnOrAfter = "OnOrAfter",
        /// From the one value to the other.
        Between = "Between",
        /// The text, anywhere.
        Contains = "Contains",
        /// The text, at the start.
        StartsWith = "StartsWith",
        /// The text, at the end.
        EndsWith = "EndsWith",
        /// Yes.
        IsTrue = "IsTrue",
        /// No.
        IsFalse = "IsFalse",
        /// Set to something.
        IsSet = "IsSet",
        /// Set to nothing.
        IsNotSet = "IsNotSet",
        /// One of the values.
        In = "In",
        /// None of the values.
        NotIn = "NotIn",
        /// One of the values.
        IsAnyOf = "IsAnyOf",
        /// None of the values.
        IsNoneOf = "IsNoneOf",
        /// The pattern.
        Matches = "Matches",
    }
}

/// How many values an operator takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arity {
    None,
    One,
    Two,
    Many,
}

impl Operator {
    /// `None` for an operator that is not known here.
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
            Self::Other(_) => return None,
            _ => Arity::One,
        })
    }
}

/// A condition of a query, made by [`parameter`].
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
    /// What is compared, in the vendor's own words with spaces.
    pub parameter: String,
    /// How.
    pub operator: Operator,
    /// With what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The other end, of `Between`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secondary_value: Option<String>,
    /// With which of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<String>>,
}

/// A parameter that is going to be compared.
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
#[must_use = "a comparison comes next, such as `.is(…)`"]
pub struct Parameter(String);

/// Begins a condition on a parameter, such as `Last Modified Date`.
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
            let value = Some(value.into_query_value());
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
        #[must_use]
        pub fn $method(self, values: impl IntoIterator<Item = impl IntoQueryValue>) -> Condition {
            let values = values.into_iter().map(IntoQueryValue::into_query_value).collect();
            Condition { values: Some(values), ..self.condition(Operator::$operator) }
        }
    )*};
}

impl Parameter {
    fn condition(self, operator: Operator) -> Condition {
        Condition { parameter: self.0, operator, value: None, secondary_value: None, values: None }
    }

    with_one_value! {
        /// It is this.
        is => Is,
        /// It is not this.
        is_not => IsNot,
        /// It is less.
        less_than => LessThan,
        /// It is this or less.
        less_than_or_equal => LessThanOrEqual,
        /// It is more.
        greater_than => GreaterThan,
        /// It is this or more.
        greater_than_or_equal => GreaterThanOrEqual,
        /// It is earlier.
        before => Before,
        /// It is then or earlier.
        on_or_before => OnOrBefore,
        /// It is later.
        after => After,
        /// It is then or later.
        on_or_after => OnOrAfter,
        /// It has this in it.
        contains => Contains,
        /// It begins with this.
        starts_with => StartsWith,
        /// It ends with this.
        ends_with => EndsWith,
        /// It fits this pattern. The vendor does not say what patterns are.
        matches => Matches,
    }

    without_value! {
        /// It has a value.
        is_known => IsKnown,
        /// It has no value.
        is_not_known => IsNotKnown,
        /// It is yes.
        is_true => IsTrue,
        /// It is no.
        is_false => IsFalse,
        /// It is set.
        is_set => IsSet,
        /// It is not set.
        is_not_set => IsNotSet,
    }

    with_many_values! {
        /// It is one of these.
        is_in => In,
        /// It is none of these.
        is_not_in => NotIn,
        /// It is one of these.
        is_any_of => IsAnyOf,
        /// It is none of these.
        is_none_of => IsNoneOf,
    }

    /// It lies between these two.
    ///
    /// ```
    /// use virtuous_client::query::parameter;
    ///
    /// let condition = parameter("Gift Date").between("2023-01-01", "2023-12-31");
    /// assert_eq!(condition.secondary_value.as_deref(), Some("2023-12-31"));
    /// ```
    #[must_use]
    pub fn between(self, from: impl IntoQueryValue, to: impl IntoQueryValue) -> Condition {
        let (value, secondary_value) = (Some(from.into_query_value()), Some(to.into_query_value()));
        Condition { value, secondary_value, ..self.condition(Operator::Between) }
    }

    /// It is compared in a way that has no method here. What the operator takes is set on the condition.
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
