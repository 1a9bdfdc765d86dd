//! The operations whose ids don't say what they do.

use super::resource::Action;
use super::resource::Action::{
    Create, Custom, CustomFields, Delete, Fixed, Get, List, Only, Query, QueryOptions, Update,
};
use super::{relationships, reminders, special};

/// Operations whose ids don't have the form `resource.action`, or that have their own code.
pub(super) static IRREGULAR: &[(&str, &str, Action)] = &[
    ("organization_groups.by_contact", "organization_groups", Custom(special::groups_of_contact)),
    ("organization_groups.contacts", "organization_group_contacts", List),
    ("organization_groups.add_contact", "organization_group_contacts", Custom(special::join_group)),
    ("organization_groups.remove_contact", "organization_group_contacts", Custom(special::leave_group)),
    ("relationships.types", "relationships", Custom(relationships::types)),
    ("relationships.by_contact", "relationships", Custom(relationships::by_contact)),
    ("tributes.search", "tributes", List),
    ("gift_asks.gifts", "gift_asks", Custom(special::gifts_of)),
    ("planned_gifts.gifts", "planned_gifts", Custom(special::gifts_of)),
    ("grants.gifts", "grants", Custom(special::gifts_of)),
    ("pledges.write_off", "pledges", Custom(special::write_off)),
    ("premiums.increment", "premiums", Custom(special::count_premium)),
    ("premiums.decrement", "premiums", Custom(special::count_premium)),
    ("project_expenses.create_batch", "project_expenses", Custom(special::create_expenses)),
    ("project_roles.types", "project_role_types", List),
    ("events.search", "events", List),
    // Assumption (types): an event can have any type, since organizations have their own.
    ("events.types", "events", Fixed(r#"["Banquet", "Fundraiser", "Meeting", "Other"]"#)),
    ("events.attendee_custom_fields", "event_attendees", CustomFields),
    ("events.attendee_query_options", "event_attendees", QueryOptions),
    ("events.query_attendees", "event_attendees", Query),
    ("volunteers.search", "opportunity_volunteers", List),
    ("volunteers.query_options", "opportunity_volunteers", QueryOptions),
    ("volunteers.query", "opportunity_volunteers", Query),
    ("opportunity_volunteers.attendance", "volunteer_attendances", List),
    ("opportunity_volunteers.add_attendance", "volunteer_attendances", Create),
    ("opportunity_volunteers.attendance_record", "volunteer_attendances", Get),
    ("opportunity_volunteers.update_attendance", "volunteer_attendances", Update),
    ("opportunity_volunteers.delete_attendance", "volunteer_attendances", Delete),
    ("emails.send", "emails", Custom(special::send_email)),
    ("email_lists.add", "email_lists", Custom(special::subscribe)),
    ("contact_individuals.email_lists", "subscriptions", List),
    ("reminders.active", "reminders", Only("taskStatus", &["Pending"])),
    ("reminders.active_by_contact", "reminders", Only("taskStatus", &["Pending"])),
    ("reminders.inactive_by_contact", "reminders", Only("taskStatus", &["Completed", "Dismissed"])),
    ("reminders.complete", "reminders", Custom(reminders::resolve_reminder)),
    ("reminders.dismiss", "reminders", Custom(reminders::resolve_reminder)),
    ("reminders.saved", "saved_reminders", List),
    ("reminders.create_recurring", "saved_reminders", Custom(reminders::save_reminder)),
    ("reminders.create_milestone", "saved_reminders", Custom(reminders::save_reminder)),
    ("reminders.update_recurring", "saved_reminders", Custom(reminders::update_reminder)),
    ("reminders.update_milestone", "saved_reminders", Custom(reminders::update_reminder)),
    (
        "reminders.reminder_types",
        "reminders",
        Fixed(r#"{"general": "General", "call": "Call", "meeting": "Meeting"}"#),
    ),
    ("reminders.source_types", "reminders", Fixed(r#"{"recurring": "Recurring", "milestone": "Milestone"}"#)),
    (
        "reminders.milestone_types",
        "reminders",
        Fixed(r#"{"giftCount": "Gift Count", "lifetimeGiving": "Lifetime Giving"}"#),
    ),
    (
        "reminders.frequencies",
        "reminders",
        Fixed(
            r#"{"weekly": "Weekly", "monthly": "Monthly", "quarterly": "Quarterly", "annually": "Annually"}"#,
        ),
    ),
];
