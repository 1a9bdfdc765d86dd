//! The resources of the record store, and the operations whose ids don't say what they do.

use serde_json::{Value, json};

use super::render;
use super::resource::Derived::{Day, Local, Money, Of, Path, Same, Text, Time, With, Words};
use super::resource::Resource;
use super::special;
use crate::providers::virtuous::base::custom::RecordKind;
use crate::providers::virtuous::base::dates;
use crate::providers::virtuous::base::operation::Operation;
use crate::providers::virtuous::base::record::Record;
use crate::providers::virtuous::data::store::Store;
use crate::providers::virtuous::operations::gifts::query::OF_GIVER;
use crate::providers::virtuous::operations::organizations::{ID, NAME};
use crate::providers::virtuous::query::{Type, parameter};

/// The types of tributes, of gifts too.
pub(crate) const TRIBUTES: &[&str] = &["In Honor Of", "In Memory Of", "InHonorOf", "InMemoryOf"];

/// Every resource.
pub(crate) static RESOURCES: &[Resource] = &[
    Resource {
        seeds: r#"[{"name": "Board", "location": "Phoenix"}, {"name": "Lutheran Churches"}]"#,
        derived: &[
            ("organizationGroupUrl", Path("/api/OrganizationGroup/{id}")),
            ("organizationId", With(|_, _| json!(ID))),
            ("organizationName", Text(NAME)),
            ("organizationGroupContactsUrl", Path("/api/OrganizationGroup/{id}/contacts")),
        ],
        ..Resource::new("organization_groups", "organizationGroup", 101)
    },
    Resource {
        derived: &[
            ("organizationGroupUrl", Path("/api/OrganizationGroup/{organizationGroupId}")),
            ("organizationId", With(|_, _| json!(ID))),
            ("organizationName", Text(NAME)),
            ("organizationGroupName", Of("organizationGroupId", "name")),
            ("organizationGroupLocation", Of("organizationGroupId", "location")),
            ("organizationGroupDescription", Of("organizationGroupId", "description")),
        ],
        needed: &["organizationGroupId", "contactId"],
        ..Resource::new("organization_group_contacts", "organizationGroupContact", 1)
    },
    Resource {
        derived: &[
            ("relatedContact", Of("relatedContactId", "name")),
            ("relatedContactIndividual", Of("relatedContactIndividualId", "name")),
            ("relatedContactViewUrl", Path("/api/Contact/{relatedContactId}")),
        ],
        needed: &["contactId", "relatedContactId", "relationshipType"],
        words: Some((
            "relationshipType",
            &["Spouse", "Parent", "Child", "Sibling", "Friend", "Employer", "Employee"],
        )),
        ..Resource::new("relationships", "relationship", 1501)
    },
    Resource {
        derived: &[(
            "defaultAcknowledgeeIndividualUrl",
            Path("/api/ContactIndividual/{defaultAcknowledgeeIndividualId}"),
        )],
        needed: &["tributeType", "firstName", "lastName"],
        words: Some(("tributeType", TRIBUTES)),
        ..Resource::new("tributes", "tribute", 1601)
    },
    Resource {
        custom: Some(RecordKind::GiftAsk),
        derived: &[
            ("giftAskUrl", Path("/api/GiftAsk/{id}")),
            ("giftsAppliedUrl", Path("/api/GiftAsk/{id}/Gifts")),
            ("askAmountFormatted", Money("askAmount")),
            ("askDateFormatted", Day("askDate")),
            ("expectedFulfillmentDateFormatted", Day("expectedFulfillmentDate")),
        ],
        query: "gift_asks.query",
        ..Resource::new("gift_asks", "giftAsk", 1701)
    },
    Resource {
        custom: Some(RecordKind::PlannedGift),
        derived: &[
            ("plannedGiftUrl", Path("/api/PlannedGift/{id}")),
            ("giftsAppliedUrl", Path("/api/PlannedGift/{id}/Gifts")),
            // Dates as a live test suite expects them.
            ("plannedGiftDate", Day("plannedGiftDate")),
            ("anticipatedStartDate", Day("anticipatedStartDate")),
            ("anticipatedAmount", Money("anticipatedAmount")),
            ("currentValue", Money("currentValue")),
            ("fulfilled", Text("$0")),
        ],
        words: Some(("frequency", special::OF_PLANNED_GIFTS)),
        query: "planned_gifts.query",
        shared: OF_GIVER,
        ..Resource::new("planned_gifts", "plannedGift", 1801)
    },
    Resource {
        custom: Some(RecordKind::Pledge),
        derived: &[("payments", With(special::pledge_payments))],
        defaults: &[("status", "\"Open\""), ("payments", "[]")],
        words: Some(("frequency", special::OF_PLEDGES)),
        query: "pledges.query",
        hook: Some(special::complete_pledge),
        ..Resource::new("pledges", "pledge", 1901)
    },
    Resource {
        seeds: r#"[{"name": "Tote Bag", "code": "TOTE", "price": 12.5, "inventoryCount": 40, "isActive": true}]"#,
        custom: Some(RecordKind::Premium),
        defaults: &[("inventoryCount", "0")],
        needed: &["name"],
        searched: &["name", "code", "description"],
        unique: Some("code"),
        query: "premiums.query",
        ..Resource::new("premiums", "premium", 2101)
    },
    Resource {
        derived: &[
            ("parentProjectId", Of("projectId", "parentId")),
            ("parentProjectName", With(|one, store| special::parent_project(one, store, "name"))),
            ("parentProjectCode", With(|one, store| special::parent_project(one, store, "projectCode"))),
        ],
        needed: &["projectId", "expenseAmount", "expenseDate"],
        searched: &["projectName", "projectCode", "accountingCode", "expenseDescription"],
        ..Resource::new("project_expenses", "projectExpense", 2201)
    },
    Resource {
        needed: &["projectId", "type", "note"],
        words: Some(("type", &["General", "Call", "Email", "Meeting", "Letter"])),
        ..Resource::new("project_notes", "projectNote", 2301)
    },
    Resource {
        derived: &[
            ("projectDesignationName", Of("projectDesignationId", "name")),
            ("projectRoleType", Of("projectRoleTypeId", "role")),
        ],
        aliases: &[("projectId", "projectDesignationId")],
        ..Resource::new("project_roles", "projectRole", 2401)
    },
    Resource {
        seeds: r#"[{"role": "Project Lead", "isEnabled": true}, {"role": "Supporter", "isEnabled": true}]"#,
        ..Resource::new("project_role_types", "projectRoleType", 2501)
    },
    Resource {
        custom: Some(RecordKind::Event),
        derived: &[
            ("eventViewUrl", Path("/api/Event/{id}")),
            ("displayAddress", With(address)),
            ("geocodeAddress", With(address)),
            ("startDateTime", Time("startDateTime")),
            ("endDateTime", Time("endDateTime")),
            ("totalInvites", With(|one, store| attendees(one, store, "invited"))),
            ("totalRsvps", With(|one, store| attendees(one, store, "rsvp"))),
            ("totalAttended", With(|one, store| attendees(one, store, "attended"))),
            ("totalGifts", With(|_, _| json!(0))),
            ("totalGiving", Text("$0")),
            ("eventContactsUrl", Path("/api/Event/{id}/Contacts")),
            ("eventInvitationsUrl", Path("/api/Event/{id}/Attendees")),
            ("generosityEventContacts", With(event_contacts)),
        ],
        needed: &["name"],
        searched: &["name", "description", "locationName"],
        events: true,
        query: "events.query",
        ..Resource::new("events", "event", 2601)
    },
    Resource {
        custom: Some(RecordKind::EventAttendee),
        derived: &[
            ("eventInvitationUrl", Path("/api/Event/{eventId}/Attendees/{id}")),
            ("event", Of("eventId", "name")),
            ("location", Of("eventId", "locationName")),
            ("startDateTime", With(|one, store| special::of_event(one, store, "startDateTime"))),
            ("endDateTime", With(|one, store| special::of_event(one, store, "endDateTime"))),
            ("timeZone", Of("eventId", "timeZone")),
            ("rsvp", Words("rsvp")),
            ("attended", Words("attended")),
            ("invited", Words("invited")),
        ],
        defaults: &[("invited", "true")],
        needed: &["eventId", "contactIndividualId"],
        query: "events.query_attendees",
        ..Resource::new("event_attendees", "eventAttendee", 2701)
    },
    Resource {
        derived: &[("eventContactUrl", Path("/api/Event/{eventId}/Contacts/{id}"))],
        needed: &["eventId", "contactIndividualId"],
        ..Resource::new("event_contacts", "eventContact", 2801)
    },
    Resource {
        custom: Some(RecordKind::Grant),
        derived: &[
            ("grantUrl", Path("/api/Grant/{id}")),
            ("giftsAppliedUrl", Path("/api/Grant/{id}/Gifts")),
            ("grantingOrganizationUrl", Path("/api/Contact/{grantingOrganizationId}")),
            ("receivingOrganizationUrl", Path("/api/Contact/{receivingOrganizationId}")),
        ],
        needed: &["title", "grantingOrganizationId"],
        aliases: &[("contactId", "grantingOrganizationId")],
        query: "grants.query",
        shared: &[parameter("Grant Status", Type::String, "status")],
        ..Resource::new("grants", "grant", 2901)
    },
    Resource {
        custom: Some(RecordKind::VolunteerOpportunity),
        derived: &[
            ("url", Path("/api/VolunteerOpportunity/{id}")),
            ("volunteerOpportunityUrl", Path("/api/VolunteerOpportunity/{id}")),
            ("volunteerOrganizersUrl", Path("/api/VolunteerOpportunity/{id}/Organizers")),
            ("volunteersUrl", Path("/api/VolunteerOpportunity/{id}/Volunteers")),
            ("displayAddress", With(address)),
            ("startDateTime", Time("startDateTime")),
            ("endDateTime", Time("endDateTime")),
            ("preferredDateTime", Time("preferredDateTime")),
            ("currentPriorityName", Same("currentPriority")),
            ("anytime", With(|one, _| json!(one.text("startDateTime").is_empty()))),
            ("anywhere", With(|one, store| json!(address(one, store).is_null()))),
            (
                "totalVolunteers",
                With(|one, store| {
                    json!(
                        special::children(store, "opportunity_volunteers", "volunteerOpportunityId", one.id)
                            .count()
                    )
                }),
            ),
            (
                "totalVolunteerHours",
                With(|one, store| special::hours(store, "volunteerOpportunityId", one.id)),
            ),
            ("currentNeedFilledPercentage", With(special::need_filled)),
            ("hoursFilledPercentage", With(special::hours_filled)),
            ("volunteerOrganizers", With(organizers)),
        ],
        defaults: &[("isActive", "true")],
        needed: &["name"],
        searched: &["name", "description", "locationName"],
        query: "volunteer_opportunities.query",
        hook: Some(special::keep_staffed),
        ..Resource::new("volunteer_opportunities", "volunteerOpportunity", 3001)
    },
    Resource {
        derived: &[
            ("volunteerUrl", Path("/api/VolunteerOpportunity/{volunteerOpportunityId}/Volunteers/{id}")),
            (
                "volunteerAttendanceUrl",
                Path("/api/VolunteerOpportunity/{volunteerOpportunityId}/Volunteers/{id}/Attendance"),
            ),
            ("totalHours", With(|one, store| special::hours(store, "volunteerId", one.id))),
            (
                "timesVolunteered",
                With(|one, store| {
                    json!(special::children(store, "volunteer_attendances", "volunteerId", one.id).count())
                }),
            ),
        ],
        needed: &["volunteerOpportunityId", "contactIndividualId"],
        aliases: &[("volunteerId", "id"), ("emailAddress", "primaryEmail")],
        query: "volunteers.query",
        ..Resource::new("opportunity_volunteers", "volunteer", 3101)
    },
    Resource {
        derived: &[
            (
                "volunteerAttendanceUrl",
                Path("/api/VolunteerOpportunity/{volunteerOpportunityId}/Attendance/{id}"),
            ),
            (
                "volunteerUrl",
                Path("/api/VolunteerOpportunity/{volunteerOpportunityId}/Volunteers/{volunteerId}"),
            ),
            ("startDateTime", Local("startDateTimeUtc")),
            ("endDateTime", Local("endDateTimeUtc")),
        ],
        needed: &["volunteerId", "hours"],
        ..Resource::new("volunteer_attendances", "volunteerAttendance", 3201)
    },
    Resource {
        derived: &[(
            "volunteerOrganizerUrl",
            Path("/api/VolunteerOpportunity/{volunteerOpportunityId}/Organizers/{id}"),
        )],
        needed: &["volunteerOpportunityId", "contactIndividualId"],
        ..Resource::new("opportunity_organizers", "volunteerOrganizer", 3301)
    },
    Resource {
        seeds: r#"[{"name": "Welcome", "subject": "Welcome!", "fromName": "Emulated Sandbox", "fromEmail": "hello@example.org", "html": "<p>Welcome!</p>"},
            {"name": "Year End", "subject": "Thank you", "fromName": "Emulated Sandbox", "fromEmail": "hello@example.org", "html": "<p>Thank you.</p>"}]"#,
        searched: &["name", "subject"],
        ..Resource::new("emails", "email", 3401)
    },
    Resource {
        seeds: r#"[{"name": "Newsletter"}, {"name": "Volunteers"}]"#,
        derived: &[
            ("emailListId", With(|one, _| json!(one.id))),
            (
                "total",
                With(|one, store| {
                    json!(special::children(store, "subscriptions", "emailListId", one.id).count())
                }),
            ),
            ("totalUnsubscribes", With(|_, _| json!(0))),
        ],
        ..Resource::new("email_lists", "emailList", 3501)
    },
    // An individual's entry in a list; its id in responses is that of the list.
    Resource {
        derived: &[
            ("id", Same("emailListId")),
            ("name", Of("emailListId", "name")),
            ("isSubscribed", With(|_, _| json!(true))),
        ],
        needed: &["emailListId", "contactIndividualId"],
        ..Resource::new("subscriptions", "subscription", 1)
    },
    Resource {
        defaults: &[("taskType", "\"General\"")],
        needed: &["task"],
        words: Some(("taskType", &["General", "Call", "Meeting"])),
        query: "tasks.query",
        ..Resource::new("tasks", "task", 3601)
    },
    Resource {
        derived: &[
            ("targetDate", Day("dueDate")),
            ("contactAvatarUrl", Of("contactId", "avatarUrl")),
            ("reminderType", Same("taskType")),
            ("reminderTypeDisplayName", Same("taskType")),
            ("taskStatusDisplayName", Same("taskStatus")),
            ("completeUrl", Path("/api/Reminder/Completed/{id}")),
            ("dismissUrl", Path("/api/Reminder/Dismissed/{id}")),
            ("hasContact", With(|one, _| json!(one.int("contactId").is_some()))),
            (
                "isPastDue",
                With(|one, store| {
                    json!(dates::parse_day(one.text("dueDate")).is_some_and(|due| due < store.today))
                }),
            ),
            ("isUnresolved", With(|one, _| json!(one.text("taskStatus") == "Pending"))),
            ("canComplete", With(|one, _| json!(one.text("taskStatus") == "Pending"))),
            ("completeActionName", Text("Complete")),
            ("canCompleteWithNote", With(|one, _| json!(one.int("contactId").is_some()))),
            ("owner", Same("ownerEmail")),
        ],
        defaults: &[("taskType", "\"General\""), ("taskStatus", "\"Pending\"")],
        needed: &["message"],
        words: Some(("taskType", &["General", "Call", "Meeting"])),
        searched: &["message", "description", "contactDisplayName"],
        ..Resource::new("reminders", "reminder", 3701)
    },
    Resource {
        derived: &[
            ("reminderSourceTypeDisplayName", Same("reminderSourceType")),
            ("reminderFrequencyDisplayName", Same("reminderFrequency")),
            ("milestoneTypeDisplayName", Same("milestoneType")),
        ],
        ..Resource::new("saved_reminders", "savedReminder", 3801)
    },
];

/// The parts of an address in one line.
fn address(record: &Record, _: &Store) -> Value {
    let parts = ["address1", "address2", "city", "state", "postal", "country"].map(|name| record.text(name));
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { Value::Null } else { json!(parts.join(", ")) }
}

/// The number of attendees of an event for whom a flag is set.
fn attendees(event: &Record, store: &Store, mark: &str) -> Value {
    json!(
        special::children(store, "event_attendees", "eventId", event.id).filter(|one| one.flag(mark)).count()
    )
}

/// The records that belong to a record, as rows of the operation that reads one of them.
fn nested(store: &Store, resource: &str, field: &str, id: i64, operation: &str) -> Value {
    let Some(resource) = Resource::by_name(resource) else { return json!([]) };
    let Some(operation) = Operation::find(operation) else { return json!([]) };
    special::children(store, resource.name, field, id)
        .map(|one| render::row(one, operation, resource, store))
        .collect()
}

fn event_contacts(event: &Record, store: &Store) -> Value {
    nested(store, "event_contacts", "eventId", event.id, "event_contacts.get")
}

fn organizers(opportunity: &Record, store: &Store) -> Value {
    nested(
        store,
        "opportunity_organizers",
        "volunteerOpportunityId",
        opportunity.id,
        "opportunity_organizers.get",
    )
}
