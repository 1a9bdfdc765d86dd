//! The resources that can be exported: all resources with a query.

use super::{AnyOperation, Row};
use crate::generated::operations;
use std::fmt;
use std::str::FromStr;

macro_rules! resources {
    ($($(#[$docs:meta])* $variant:ident = $name:literal, $query:ident, $options:ident, $ids:expr, $sort:literal;)*) => {
        /// A resource that can be exported.
        ///
        /// ```
        /// use virtuous_client::export::Resource;
        ///
        /// let resource: Resource = "gifts-full".parse()?;
        /// assert_eq!(resource, Resource::GiftsFull);
        /// assert!("weather".parse::<Resource>().unwrap_err().to_string().contains("contacts"));
        /// # Ok::<(), virtuous_client::export::UnknownResource>(())
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Resource {
            $($(#[$docs])* $variant,)*
        }

        impl Resource {
            /// All resources.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Returns the name, such as `contacts-full`, which `FromStr` parses and `Display` prints.
            ///
            /// ```
            /// use virtuous_client::export::Resource;
            ///
            /// assert_eq!(Resource::GiftsFull.name(), "gifts-full");
            /// ```
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            pub(super) fn query_operation(self) -> AnyOperation {
                match self {
                    $(Self::$variant => &operations::$query,)*
                }
            }

            pub(super) fn options_operation(self) -> AnyOperation {
                match self {
                    $(Self::$variant => &operations::$options,)*
                }
            }

            /// Returns the possible names of the id parameter, most likely first; empty if rows have no id.
            pub(super) fn id_parameters(self) -> &'static [&'static str] {
                match self {
                    $(Self::$variant => &$ids,)*
                }
            }

            /// Returns the sort order by id.
            pub(super) fn sort(self) -> &'static str {
                match self {
                    $(Self::$variant => $sort,)*
                }
            }
        }
    };
}

resources! {
    /// Summaries of contacts.
    Contacts = "contacts", CONTACTS_QUERY, CONTACTS_QUERY_OPTIONS, ["Contact Id", "Id"], "Id";
    /// Contacts with all fields; slow.
    ContactsFull = "contacts-full", CONTACTS_QUERY_FULL, CONTACTS_QUERY_OPTIONS, ["Contact Id", "Id"], "Id";
    /// Individuals.
    Individuals = "individuals", CONTACT_INDIVIDUALS_QUERY, CONTACT_INDIVIDUALS_QUERY_OPTIONS, ["Individual Id", "Id"], "Id";
    /// Notes on contacts.
    Notes = "notes", CONTACT_NOTES_QUERY, CONTACT_NOTES_QUERY_OPTIONS, ["Note Id", "Id"], "Id";
    /// Summaries of gifts.
    Gifts = "gifts", GIFTS_QUERY, GIFTS_QUERY_OPTIONS, ["Gift Id", "Id"], "Id";
    /// Gifts with all fields; slow.
    GiftsFull = "gifts-full", GIFTS_QUERY_FULL, GIFTS_QUERY_OPTIONS, ["Gift Id", "Id"], "Id";
    /// Designations of gifts to projects.
    GiftDesignations = "gift-designations", GIFT_DESIGNATIONS_QUERY, GIFT_DESIGNATIONS_QUERY_OPTIONS, ["Gift Designation Id", "Id"], "Id";
    /// Asks made to contacts.
    GiftAsks = "gift-asks", GIFT_ASKS_QUERY, GIFT_ASKS_QUERY_OPTIONS, ["Gift Ask Id", "Id"], "Id";
    /// Planned gifts.
    PlannedGifts = "planned-gifts", PLANNED_GIFTS_QUERY, PLANNED_GIFTS_QUERY_OPTIONS, ["Planned Gift Id", "Id"], "Id";
    /// Pledges.
    Pledges = "pledges", PLEDGES_QUERY, PLEDGES_QUERY_OPTIONS, ["Pledge Id", "Id"], "Id";
    /// Premiums.
    Premiums = "premiums", PREMIUMS_QUERY, PREMIUMS_QUERY_OPTIONS, ["Premium Id", "Id"], "Id";
    /// Recurring gifts.
    RecurringGifts = "recurring-gifts", RECURRING_GIFTS_QUERY, RECURRING_GIFTS_QUERY_OPTIONS, ["Recurring Gift Id", "Id"], "Id";
    /// Campaigns.
    Campaigns = "campaigns", CAMPAIGNS_QUERY, CAMPAIGNS_QUERY_OPTIONS, ["Campaign Id", "Id"], "campaignId";
    /// Communications.
    Communications = "communications", COMMUNICATIONS_QUERY, COMMUNICATIONS_QUERY_OPTIONS, [], "Id";
    /// Projects.
    Projects = "projects", PROJECTS_QUERY, PROJECTS_QUERY_OPTIONS, ["Project Id", "Id"], "Id";
    /// Events.
    Events = "events", EVENTS_QUERY, EVENTS_QUERY_OPTIONS, ["Event Id", "Id"], "Id";
    /// Attendees of events.
    EventAttendees = "event-attendees", EVENTS_QUERY_ATTENDEES, EVENTS_ATTENDEE_QUERY_OPTIONS, ["Event Attendee Id", "Id"], "Id";
    /// Grants.
    Grants = "grants", GRANTS_QUERY, GRANTS_QUERY_OPTIONS, ["Grant Id", "Id"], "Id";
    /// Volunteer opportunities.
    VolunteerOpportunities = "volunteer-opportunities", VOLUNTEER_OPPORTUNITIES_QUERY, VOLUNTEER_OPPORTUNITIES_QUERY_OPTIONS, ["Volunteer Opportunity Id", "Id"], "Id";
    /// Volunteers.
    Volunteers = "volunteers", VOLUNTEERS_QUERY, VOLUNTEERS_QUERY_OPTIONS, ["Volunteer Id", "Id"], "Id";
    /// Tasks.
    Tasks = "tasks", TASKS_QUERY, TASKS_QUERY_OPTIONS, ["Task Id", "Id"], "Id";
}

impl Resource {
    /// Returns the function that reads the id of a row.
    pub(super) fn row_id(self) -> fn(&Row) -> Option<i64> {
        match self {
            Self::Campaigns => |row| row.known.campaign,
            Self::Communications => |row| row.known.communication,
            _ => |row| row.known.id,
        }
    }

    /// Returns whether the query is that of contacts.
    pub(super) fn is_contacts(self) -> bool {
        matches!(self, Self::Contacts | Self::ContactsFull)
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An unknown resource name.
///
/// ```
/// use virtuous_client::export::Resource;
///
/// let error = "weather".parse::<Resource>().unwrap_err();
/// assert_eq!(error.name, "weather");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownResource {
    /// The unknown name.
    pub name: String,
}

impl fmt::Display for UnknownResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = Resource::ALL.iter().map(|resource| resource.name()).collect();
        write!(f, "unknown resource `{}`: must be one of {}", self.name, names.join(", "))
    }
}

impl std::error::Error for UnknownResource {}

impl FromStr for Resource {
    type Err = UnknownResource;

    fn from_str(name: &str) -> Result<Self, UnknownResource> {
        let found = Self::ALL.iter().find(|resource| resource.name() == name);
        found.copied().ok_or_else(|| UnknownResource { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_query_of_the_description_can_be_exported() {
        let queries = operations::ALL.iter().filter(|operation| {
            operation.path().contains("/Query") && !operation.path().ends_with("Options")
        });
        for operation in queries {
            let resource =
                Resource::ALL.iter().find(|resource| resource.query_operation().id() == operation.id());
            assert!(resource.is_some(), "{}", operation.id());
        }
        for resource in Resource::ALL {
            assert_eq!(resource.name().parse(), Ok(*resource));
            let (query, options) = (resource.query_operation(), resource.options_operation());
            let folder = query.path().split("/Query").next().unwrap();
            assert_eq!(options.path(), format!("{folder}/QueryOptions"), "{resource}");
        }
    }
}
