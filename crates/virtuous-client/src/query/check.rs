//! Validation of queries against the API's list of query options, before they are sent or after the server has rejected
//! them.

use super::condition::{Arity, Condition};
use super::{ContactQuery, Query};
use crate::models::{QueryOption, QueryOptionType, QueryOptions};
use auth_client_core::Error as CoreError;
use auth_client_core::provider::Operation;
use std::fmt;

/// A problem of a query.
///
/// ```
/// use virtuous_client::query::{Problem, Query, parameter};
/// use virtuous_client::models::QueryOptions;
///
/// // An empty list: nothing can be queried.
/// let problems = Query::matching([parameter("Gift date").is("B-7")]).check(&QueryOptions::default()).unwrap_err();
/// assert!(matches!(&problems.list()[0], Problem::UnknownParameter { suggestion: None, .. }));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// Unknown parameter.
    UnknownParameter {
        /// Name of the parameter.
        parameter: String,
        /// A parameter that differs only in case or spaces.
        suggestion: Option<String>,
    },
    /// The parameter doesn't support this operator.
    UnknownOperator {
        /// Name of the parameter.
        parameter: String,
        /// Name of the operator.
        operator: String,
        /// Operators that the parameter supports.
        known: Vec<String>,
    },
    /// Wrong number of values for the operator.
    WrongValues {
        /// Name of the parameter.
        parameter: String,
        /// Name of the operator.
        operator: String,
        /// Values that the operator requires.
        takes: &'static str,
    },
    /// The value is not in the list of the parameter's values.
    UnknownValue {
        /// Name of the parameter.
        parameter: String,
        /// Number of values in the list.
        known: usize,
    },
}

/// All problems of a query.
///
/// ```
/// use virtuous_client::query::{Query, parameter};
/// use virtuous_client::models::QueryOptions;
///
/// let query = Query::matching([parameter("Shoe").is(7), parameter("Hat").is(8)]);
/// let problems = query.check(&QueryOptions::default()).unwrap_err();
/// assert_eq!(problems.list().len(), 2);
/// assert_eq!(problems.to_string(), "unknown parameter `Shoe`; unknown parameter `Hat`");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Returns the problems.
    #[must_use]
    pub fn list(&self) -> &[Problem] {
        &self.0
    }
}

/// Rejects an empty list of values, and an empty value of an operator that compares by order, because a server that ignores
/// it returns every row.
pub(crate) fn check_query(operation: &'static Operation, query: &Query) -> Result<(), CoreError> {
    // A server may take a group without conditions for everything or for nothing.
    if query.groups.iter().any(|group| group.conditions.is_empty()) {
        let reason = "a group has no conditions: use `Query::all()` to match everything";
        return Err(CoreError::invalid_input(operation.id(), "groups", reason));
    }
    for condition in query.groups.iter().flat_map(|group| &group.conditions) {
        let refuse = |field, takes: &str| {
            let reason = format!("`{}` requires {takes}", condition.operator.as_str());
            Err(CoreError::invalid_input(operation.id(), field, reason))
        };
        let is_empty = |value: &Option<String>| value.as_ref().is_some_and(|value| value.trim().is_empty());
        if condition.values.as_ref().is_some_and(Vec::is_empty) {
            return refuse("values", "a list of at least one value");
        }
        if condition.operator.is_ordering() {
            if is_empty(&condition.value) {
                return refuse("value", "a value");
            }
            if is_empty(&condition.secondary_value) {
                return refuse("secondaryValue", "a value");
            }
        }
    }
    Ok(())
}

/// Like [`check_query`], for a query of contacts.
pub(crate) fn check_contact_query(
    operation: &'static Operation,
    query: &ContactQuery,
) -> Result<(), CoreError> {
    check_query(operation, &query.query)
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownParameter { parameter, suggestion: Some(suggestion) } => {
                write!(f, "unknown parameter `{parameter}`: use `{suggestion}`")
            }
            Self::UnknownParameter { parameter, suggestion: None } => {
                write!(f, "unknown parameter `{parameter}`")
            }
            Self::UnknownOperator { parameter, operator, known } => {
                write!(f, "`{parameter}` doesn't support `{operator}`: use one of {}", known.join(", "))
            }
            Self::WrongValues { parameter, operator, takes } => {
                write!(f, "`{operator}` on `{parameter}` requires {takes}")
            }
            // The value may be personal data, so it is not printed.
            Self::UnknownValue { parameter, known } => {
                write!(f, "unknown value of `{parameter}`, which has {known} values")
            }
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            write!(f, "{}{problem}", if index == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl Query {
    /// Checks that each parameter exists, supports its operator, and has the required number of values; the server
    /// rejects the query otherwise. The sort order is not validated, because the API doesn't list the sort parameters.
    ///
    /// ```no_run
    /// use virtuous_client::query::{Query, parameter};
    ///
    /// # async fn example(client: &virtuous_client::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let query = Query::matching([parameter("Gift date").on_or_after("2023-01-01")]);
    /// let options = client.gifts().query_options().await?;
    /// // "unknown parameter `Gift date`: use `Gift Date`"
    /// query.check(&options)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// All problems of the query.
    pub fn check(&self, options: &QueryOptions) -> Result<(), Problems> {
        let conditions = self.groups.iter().flat_map(|group| &group.conditions);
        let problems: Vec<Problem> = conditions.filter_map(|condition| problem(condition, options)).collect();
        if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
    }
}

impl ContactQuery {
    /// Validates the query; see [`Query::check`].
    ///
    /// ```
    /// use virtuous_client::{ContactQuery, Query, query::parameter};
    /// use virtuous_client::models::QueryOptions;
    ///
    /// let query = ContactQuery::from(Query::matching([parameter("Shoe").is(7)]));
    /// assert!(query.check(&QueryOptions::default()).is_err());
    /// assert!(ContactQuery::all().check(&QueryOptions::default()).is_ok());
    /// ```
    ///
    /// # Errors
    ///
    /// All problems of the query.
    pub fn check(&self, options: &QueryOptions) -> Result<(), Problems> {
        self.query.check(options)
    }
}

fn problem(condition: &Condition, options: &QueryOptions) -> Option<Problem> {
    let parameter = condition.parameter.clone();
    let name = |option: &QueryOption| option.parameter.clone().unwrap_or_default();
    let Some(option) = options.options.iter().find(|option| option.parameter.as_deref() == Some(&parameter))
    else {
        let plain = |text: &str| text.replace(' ', "").to_lowercase();
        let suggestion = options.options.iter().map(name).find(|known| plain(known) == plain(&parameter));
        return Some(Problem::UnknownParameter { parameter, suggestion });
    };
    let operator = condition.operator.as_str().to_owned();
    // Each parameter lists its own operators; if it lists none, those of the whole list apply.
    let operators =
        if option.operator_options.is_empty() { &options.operator_options } else { &option.operator_options };
    let found = operators.iter().find(|known| known.operator.as_deref() == Some(&operator));
    if found.is_none() && !operators.is_empty() {
        let known = operators.iter().filter_map(|known| known.operator.clone()).collect();
        return Some(Problem::UnknownOperator { parameter, operator, known });
    }
    let listed = found.map(|found| match (found.value_required, found.multiple_values_allowed) {
        (Some(false), _) => Arity::None,
        (_, Some(true)) => Arity::Many,
        _ => Arity::One,
    });
    let takes = match condition.operator.arity().or(listed)? {
        Arity::None => (!has_no_value(condition)).then_some("no value"),
        Arity::One => (condition.value.is_none() || condition.values.is_some()).then_some("one value"),
        Arity::Two => {
            (condition.value.is_none() || condition.secondary_value.is_none()).then_some("two values")
        }
        Arity::Many => condition.values.as_ref().is_none_or(Vec::is_empty).then_some("a list of values"),
    };
    if let Some(takes) = takes {
        return Some(Problem::WrongValues { parameter, operator, takes });
    }
    let mut given = condition.value.iter().chain(condition.values.iter().flatten());
    let known = &option.value_options;
    // The list of a date has words such as `Yesterday`, beside which it takes any date.
    let is_closed = !known.is_empty() && option.kind != Some(QueryOptionType::Date);
    let unknown = is_closed && given.any(|value| !known.contains(value));
    unknown.then_some(Problem::UnknownValue { parameter, known: known.len() })
}

fn has_no_value(condition: &Condition) -> bool {
    condition.value.is_none() && condition.secondary_value.is_none() && condition.values.is_none()
}

#[cfg(test)]
mod tests {
    use super::super::parameter;
    use super::*;

    fn options() -> QueryOptions {
        let json = r#"{
            "options": [
                {"parameter": "Gift Date", "type": "Date", "operatorOptions": [
                    {"operator": "OnOrAfter", "multipleValuesAllowed": false, "valueRequired": true},
                    {"operator": "IsKnown", "multipleValuesAllowed": false, "valueRequired": false},
                    {"operator": "Between", "multipleValuesAllowed": false, "valueRequired": true}],
                    "valueOptions": ["Today", "Last Month"]},
                {"parameter": "Gift Type", "type": "List", "operatorOptions": [
                    {"operator": "Is", "multipleValuesAllowed": false, "valueRequired": true},
                    {"operator": "IsAnyOf", "multipleValuesAllowed": true, "valueRequired": true},
                    {"operator": "Resembles", "multipleValuesAllowed": true, "valueRequired": true}],
                    "valueOptions": ["Cash", "Check"]}],
            "operatorOptions": []}"#;
        serde_json::from_str(json).unwrap()
    }

    fn checked(condition: Condition) -> String {
        Query::matching([condition])
            .check(&options())
            .map_or_else(|problems| problems.to_string(), |()| "fine".to_owned())
    }

    #[test]
    fn what_the_vendor_would_refuse_is_reported() {
        for (condition, expected) in [
            (parameter("Gift Date").on_or_after("2023-01-01"), "fine"),
            (parameter("Gift Date").is_known(), "fine"),
            (parameter("Gift Date").between("2023-01-01", "2023-02-01"), "fine"),
            (parameter("Gift Type").is_any_of(["Cash"]), "fine"),
            (parameter("gift date").is_known(), "unknown parameter `gift date`: use `Gift Date`"),
            (parameter("Weather").is_known(), "unknown parameter `Weather`"),
            (
                parameter("Gift Date").is("x"),
                "`Gift Date` doesn't support `Is`: use one of OnOrAfter, IsKnown, Between",
            ),
            (parameter("Gift Date").compared("Between"), "`Between` on `Gift Date` requires two values"),
            (parameter("Gift Date").compared("OnOrAfter"), "`OnOrAfter` on `Gift Date` requires one value"),
            (
                parameter("Gift Type").is_any_of(Vec::<String>::new()),
                "`IsAnyOf` on `Gift Type` requires a list of values",
            ),
            (
                parameter("Gift Type").compared("Resembles"),
                "`Resembles` on `Gift Type` requires a list of values",
            ),
            (parameter("Gift Type").is("canary"), "unknown value of `Gift Type`, which has 2 values"),
        ] {
            assert_eq!(checked(condition.clone()), expected, "{condition:?}");
        }
        let mut condition = parameter("Gift Date").is_known();
        condition.value = Some("x".to_owned());
        assert_eq!(checked(condition), "`IsKnown` on `Gift Date` requires no value");
    }

    #[test]
    fn an_empty_value_has_no_order() {
        use crate::models::DateTime;

        static QUERY: Operation =
            Operation::new("gifts.query", http::Method::POST, "/gifts", auth_client_core::Idempotency::Read);
        let nothing = DateTime::default();
        for (condition, field) in [
            (parameter("Gift Date").on_or_after(nothing.clone()), "value"),
            (parameter("Gift Date").less_than(" "), "value"),
            (parameter("Gift Date").between("2023-01-01", nothing), "secondaryValue"),
        ] {
            let error = check_query(&QUERY, &Query::matching([condition])).unwrap_err();
            assert_eq!(error.field(), Some(field), "{error}");
        }
        assert!(check_query(&QUERY, &Query::matching([parameter("Batch").is("")])).is_ok());
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let query = Query::matching([parameter("A").is_known(), parameter("B").is_known()]);
        assert_eq!(query.check(&options()).unwrap_err().list().len(), 2);
    }
}
