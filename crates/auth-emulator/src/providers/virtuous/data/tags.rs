//! The tags, which only the vendor's pages can create, and their assignment to contacts.

use crate::providers::virtuous::base::record::Audit;

/// A tag.
#[derive(Debug)]
pub(crate) struct Tag {
    pub id: i64,
    pub name: &'static str,
    pub group: &'static str,
}

const fn tag(id: i64, name: &'static str, group: &'static str) -> Tag {
    Tag { id, name, group }
}

pub(crate) static TAGS: &[Tag] = &[
    tag(31, "Major Donor", "Giving"),
    tag(32, "Monthly Donor", "Giving"),
    tag(33, "Newsletter", "Interests"),
    tag(34, "Volunteer", "Interests"),
    tag(35, "Board Field", "Roles"),
];

/// The tag that every tenth seeded contact has, except for the first three.
pub(crate) const SEEDED: i64 = 32;

/// A tag of a contact.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Tagged {
    pub id: i64,
    pub tag: i64,
    pub audit: Audit,
}

/// The tag with this id.
pub(crate) fn by_id(id: i64) -> Option<&'static Tag> {
    TAGS.iter().find(|tag| tag.id == id)
}

/// The tag with this name, compared case-insensitively.
pub(crate) fn by_name(name: &str) -> Option<&'static Tag> {
    TAGS.iter().find(|tag| tag.name.eq_ignore_ascii_case(name))
}
