//! The assignment of tags to contacts.

use crate::providers::virtuous::base::record::Audit;

/// The tag that every tenth seeded contact has, except for the first three.
pub(crate) const SEEDED: &str = "Monthly Donor";

/// A tag of a contact. One that was removed from the settings stays stored, but is not shown.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Tagged {
    pub id: i64,
    /// The name of the tag.
    pub tag: String,
    pub audit: Audit,
}
