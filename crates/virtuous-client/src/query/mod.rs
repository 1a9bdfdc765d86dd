//! Typed queries, with optional validation against the API's list of query options.
//!
//! ```
//! use virtuous_client::query::{RelativeDate, parameter};
//! use virtuous_client::{ContactQuery, Query};
//! use virtuous_client::models::Amount;
//!
//! // Large gifts of the last thirty days, and all gifts of one batch.
//! let query = Query::matching([
//!     parameter("Gift Date").on_or_after(RelativeDate::DaysAgo(30)),
//!     parameter("Amount").greater_than(Amount::from(1000)),
//! ])
//! .or_matching([parameter("Batch").is("B-7")])
//! .sort_by("Id");
//!
//! let contacts = ContactQuery::from(Query::matching([parameter("Contact Type").is_any_of(["Household", "Foundation"])]))
//!     .include_archived(true);
//! # let _ = (query, contacts);
//! ```
//!
//! All conditions of a group must hold, and at least one group must match. Names of parameters are those of the
//! API: they contain spaces, differ between organizations and are case-sensitive. `query_options()` of each
//! resource lists them, and [`Query::check`] validates a query against that list.

mod check;
mod condition;
mod date;

pub use check::{Problem, Problems};
pub(crate) use check::{check_contact_query, check_query};
pub use condition::{Condition, Operator, Parameter, parameter};
pub use date::{IntoQueryValue, RelativeDate};

use serde::{Deserialize, Serialize};

/// A query.
///
/// ```
/// use virtuous_client::{Query, query::parameter};
///
/// let query = Query::matching([parameter("Batch").is("B-7")]).or_matching([parameter("Batch").is("B-8")]).sort_by("Id");
/// assert_eq!(query.groups.len(), 2);
/// // A further condition applies to every group.
/// let query = query.and(parameter("Amount").greater_than(10));
/// assert!(query.groups.iter().all(|group| group.conditions.len() == 2));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Query {
    /// Groups of conditions, of which at least one must match. Without groups, everything matches.
    #[serde(default)]
    pub groups: Vec<Group>,
    /// Sort parameter, such as `Id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort_by: Option<String>,
    /// `true` for descending order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub descending: Option<bool>,
}

/// A group of conditions that must all hold.
///
/// ```
/// use virtuous_client::query::{Query, parameter};
///
/// let query = Query::matching([parameter("Batch").is("B-7"), parameter("Amount").greater_than(10)]);
/// assert_eq!(query.groups[0].conditions.len(), 2);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Group {
    /// Conditions of the group.
    pub conditions: Vec<Condition>,
}

impl Query {
    /// Returns the request body.
    pub(crate) fn to_body(&self) -> &Self {
        self
    }

    /// Creates a query that matches everything.
    ///
    /// ```
    /// use virtuous_client::Query;
    ///
    /// assert!(Query::all().groups.is_empty());
    /// ```
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Creates a query whose results meet all of these conditions.
    ///
    /// ```
    /// use virtuous_client::{Query, query::parameter};
    ///
    /// let query = Query::matching([parameter("Batch").is("B-7"), parameter("Amount").greater_than(10)]);
    /// assert_eq!(query.groups.len(), 1);
    /// ```
    #[must_use]
    pub fn matching(conditions: impl IntoIterator<Item = Condition>) -> Self {
        Self::all().or_matching(conditions)
    }

    /// Adds an alternative group of conditions (OR).
    ///
    /// ```
    /// use virtuous_client::{Query, query::parameter};
    ///
    /// let query = Query::matching([parameter("Batch").is("B-7")]).or_matching([parameter("Batch").is("B-8")]);
    /// assert_eq!(query.groups.len(), 2);
    /// ```
    #[must_use]
    pub fn or_matching(mut self, conditions: impl IntoIterator<Item = Condition>) -> Self {
        self.groups.push(Group { conditions: conditions.into_iter().collect() });
        self
    }

    /// Adds a condition to every group (AND).
    ///
    /// ```
    /// use virtuous_client::{Query, query::parameter};
    ///
    /// let query = Query::matching([parameter("Batch").is("B-7")]).and(parameter("Amount").greater_than(10));
    /// assert_eq!(query.groups[0].conditions.len(), 2);
    /// ```
    #[must_use]
    pub fn and(mut self, condition: Condition) -> Self {
        if self.groups.is_empty() {
            return self.or_matching([condition]);
        }
        for group in &mut self.groups {
            group.conditions.push(condition.clone());
        }
        self
    }

    /// Sets the sort parameter. Sort by the id for paging, so that rows keep their positions.
    ///
    /// ```
    /// use virtuous_client::Query;
    ///
    /// assert_eq!(Query::all().sort_by("Id").sort_by.as_deref(), Some("Id"));
    /// ```
    #[must_use]
    pub fn sort_by(mut self, parameter: impl Into<String>) -> Self {
        self.sort_by = Some(parameter.into());
        self
    }

    /// Sorts in descending order.
    ///
    /// ```
    /// use virtuous_client::Query;
    ///
    /// // The newest gifts first.
    /// let query = Query::all().sort_by("Gift Date").descending();
    /// assert_eq!(query.descending, Some(true));
    /// ```
    #[must_use]
    pub fn descending(mut self) -> Self {
        self.descending = Some(true);
        self
    }
}

/// A query of contacts.
///
/// ```
/// use virtuous_client::query::{Area, RelativeDate, parameter};
/// use virtuous_client::{ContactQuery, Query};
///
/// // Recent changes, including archived contacts: archiving is a change.
/// let changed = parameter("Last Modified Date").on_or_after(RelativeDate::DaysAgo(30));
/// let query = ContactQuery::from(Query::matching([changed]))
///     .include_archived(true)
///     .within(Area::between((34.0, -113.0), (33.0, -112.0)));
/// assert_eq!(query.include_archived, Some(true));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ContactQuery {
    /// Conditions and sort order.
    #[serde(flatten)]
    pub query: Query,
    /// `true` to include archived contacts. Set it in queries for changes, because archiving is a change too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub include_archived: Option<bool>,
    /// Area in which the contacts must be located.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query_location: Option<Area>,
}

/// A geographic area, in degrees.
///
/// ```
/// use virtuous_client::query::Area;
///
/// let phoenix = Area::between((34.0, -113.0), (33.0, -112.0));
/// assert_eq!((phoenix.top_latitude, phoenix.right_longitude), (34.0, -112.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Area {
    /// Latitude of the upper edge.
    pub top_latitude: f64,
    /// Longitude of the left edge.
    pub left_longitude: f64,
    /// Latitude of the lower edge.
    pub bottom_latitude: f64,
    /// Longitude of the right edge.
    pub right_longitude: f64,
}

impl Area {
    /// Creates an area from two corners, each as latitude and longitude in degrees.
    ///
    /// ```
    /// use virtuous_client::query::Area;
    ///
    /// assert_eq!(Area::between((34.0, -113.0), (33.0, -112.0)).bottom_latitude, 33.0);
    /// ```
    #[must_use]
    pub fn between(upper_left: (f64, f64), lower_right: (f64, f64)) -> Self {
        Self {
            top_latitude: upper_left.0,
            left_longitude: upper_left.1,
            bottom_latitude: lower_right.0,
            right_longitude: lower_right.1,
        }
    }
}

impl ContactQuery {
    /// Returns the request body.
    pub(crate) fn to_body(&self) -> &Self {
        self
    }

    /// Creates a query that matches all contacts that are not archived.
    ///
    /// ```
    /// use virtuous_client::ContactQuery;
    ///
    /// assert_eq!(serde_json::to_string(&ContactQuery::all())?, r#"{"groups":[]}"#);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Sets whether archived contacts are included.
    ///
    /// ```
    /// use virtuous_client::ContactQuery;
    ///
    /// assert_eq!(ContactQuery::all().include_archived(true).include_archived, Some(true));
    /// ```
    #[must_use]
    pub fn include_archived(mut self, include: bool) -> Self {
        self.include_archived = Some(include);
        self
    }

    /// Restricts the results to contacts in this area.
    ///
    /// ```
    /// use virtuous_client::{ContactQuery, query::Area};
    ///
    /// let query = ContactQuery::all().within(Area::between((34.0, -113.0), (33.0, -112.0)));
    /// assert!(query.query_location.is_some());
    /// ```
    #[must_use]
    pub fn within(mut self, area: Area) -> Self {
        self.query_location = Some(area);
        self
    }
}

impl From<Query> for ContactQuery {
    fn from(query: Query) -> Self {
        Self { query, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn everything_is_no_group() {
        assert_eq!(serde_json::to_value(Query::all()).unwrap(), json!({"groups": []}));
        assert_eq!(serde_json::to_value(ContactQuery::all()).unwrap(), json!({"groups": []}));
    }

    #[test]
    fn a_condition_that_is_added_narrows_every_group() {
        let query = Query::matching([parameter("A").is("1")]).or_matching([parameter("B").is("2")]);
        let query = query.and(parameter("Id").greater_than(5)).sort_by("Id").descending();
        let after = json!({"parameter": "Id", "operator": "GreaterThan", "value": "5"});
        let expected = json!({
            "groups": [
                {"conditions": [{"parameter": "A", "operator": "Is", "value": "1"}, after]},
                {"conditions": [{"parameter": "B", "operator": "Is", "value": "2"}, after]},
            ],
            "sortBy": "Id",
            "descending": true,
        });
        assert_eq!(serde_json::to_value(&query).unwrap(), expected);
        let alone = Query::all().and(parameter("Id").greater_than(5));
        assert_eq!(serde_json::to_value(alone).unwrap(), json!({"groups": [{"conditions": [after]}]}));
    }

    #[test]
    fn contacts_have_an_area_and_an_archive() {
        let area = Area::between((34.0, -113.0), (33.0, -112.0));
        let query = ContactQuery::from(Query::all().sort_by("Id")).include_archived(true).within(area);
        let expected = json!({
            "groups": [],
            "sortBy": "Id",
            "includeArchived": true,
            "queryLocation": {
                "topLatitude": 34.0, "leftLongitude": -113.0, "bottomLatitude": 33.0, "rightLongitude": -112.0,
            },
        });
        assert_eq!(serde_json::to_value(&query).unwrap(), expected);
        assert_eq!(serde_json::from_value::<ContactQuery>(expected).unwrap(), query);
    }
}
