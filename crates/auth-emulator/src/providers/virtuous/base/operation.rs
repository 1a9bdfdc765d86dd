//! An operation as the API description has it: query, body, response.

use crate::providers::virtuous::base::fields::Field;
use crate::providers::virtuous::generated::OPERATIONS;
use crate::providers::virtuous::query::Parameter;
use crate::providers::virtuous::records::seeded;

/// The paging of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paging {
    No,
    /// The maximum page size is not documented.
    Open,
    /// The maximum page size.
    AtMost(usize),
}

/// What a body or a response is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    None,
    One(&'static [Field]),
    List(&'static [Field]),
    /// `{"list": […], "total": …}`.
    Page(&'static [Field]),
    Strings,
    Map,
}

impl Shape {
    /// The fields of the object, or of each item.
    pub(crate) fn fields(self) -> &'static [Field] {
        match self {
            Self::One(fields) | Self::List(fields) | Self::Page(fields) => fields,
            Self::None | Self::Strings | Self::Map => &[],
        }
    }
}

/// An operation of the description.
#[derive(Debug)]
pub(crate) struct Operation {
    pub id: &'static str,
    /// The query parameters, without `skip` and `take`.
    pub query: &'static [Field],
    pub paging: Paging,
    pub body: Shape,
    pub response: Shape,
    /// What a query can compare.
    pub parameters: &'static [Parameter<'static>],
}

impl Operation {
    /// The operation with this id.
    pub(crate) fn find(id: &str) -> Option<&'static Self> {
        OPERATIONS.iter().chain(&seeded::OPERATIONS).find(|operation| operation.id == id)
    }

    /// Whether the operation is a query over records.
    pub(crate) fn is_query(&self) -> bool {
        let (_, action) = self.id.split_once('.').unwrap_or_default();
        matches!(action, "query" | "query_full" | "query_attendees")
    }
}
