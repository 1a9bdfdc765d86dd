//! The vendor's 292 operations, in the order of its reference, with its names of path parameters. Unimplemented ones are marked,
//! and the framework responds to them with 501.
//!
//! A parameter accepts only digits, unless it is a source, a code, or the id of an external record.

use http::Method;

use crate::framework::route::Route;

const fn get(operation: &'static str, template: &'static str) -> Route {
    Route::new(operation, Method::GET, template)
}

const fn post(operation: &'static str, template: &'static str) -> Route {
    Route::new(operation, Method::POST, template)
}

const fn put(operation: &'static str, template: &'static str) -> Route {
    Route::new(operation, Method::PUT, template)
}

const fn patch(operation: &'static str, template: &'static str) -> Route {
    Route::new(operation, Method::PATCH, template)
}

const fn delete(operation: &'static str, template: &'static str) -> Route {
    Route::new(operation, Method::DELETE, template)
}

/// Every operation.
pub(super) static ROUTES: &[Route] = &[
    // Token and account.
    post("token", "/Token"),
    get("list_organizations", "/api/Organization"),
    get("current_organization", "/api/Organization/Current"),
    put("switch_organization", "/api/Organization/Switch"),
    get("list_permissions", "/api/Permission"),
    // Contact.
    get("get_contact", "/api/Contact/{contactId:int}"),
    get("contact_by_source", "/api/Contact/{referenceSource}/{referenceId}"),
    get("contact_by_reference", "/api/Contact/ByReference/{referenceId}"),
    get("contacts_by_tag", "/api/Contact/ByTag/{tagId:int}"),
    get("find_contact", "/api/Contact/Find"),
    post("search_contacts", "/api/Contact/Search"),
    post("contacts_nearby", "/api/Contact/Proximity").unimplemented(),
    get("contact_activity", "/api/Contact/Activity").unimplemented(),
    get("followed_contacts", "/api/Contact/Following").unimplemented(),
    post("create_contact", "/api/Contact"),
    put("update_contact", "/api/Contact/{contactId:int}"),
    put("archive_contact", "/api/Contact/Archive/{contactId:int}"),
    put("unarchive_contact", "/api/Contact/Unarchive/{contactId:int}"),
    put("toggle_follow", "/api/Contact/ToggleFollow/{contactId:int}").unimplemented(),
    get("contact_custom_collections", "/api/Contact/CustomCollections").unimplemented(),
    post("add_contact_collection", "/api/Contact/{contactId:int}/Collection/{customCollectionId:int}")
        .unimplemented(),
    put("update_contact_collection", "/api/Contact/{contactId:int}/Collection/{collectionInstanceId:int}")
        .unimplemented(),
    delete("delete_contact_collection", "/api/Contact/{contactId:int}/Collection/{collectionInstanceId:int}")
        .unimplemented(),
    post("create_contact_transaction", "/api/Contact/Transaction"),
    post("create_contact_transactions", "/api/Contact/Batch"),
    get("contact_prefixes", "/api/Contact/Prefixes"),
    get("contact_types", "/api/Contact/Types"),
    get("contact_custom_fields", "/api/Contact/CustomFields"),
    get("contact_query_options", "/api/Contact/QueryOptions"),
    post("query_contacts", "/api/Contact/Query"),
    post("query_full_contacts", "/api/Contact/Query/FullContact"),
    get("list_receipts", "/api/Contact/Receipts").unimplemented(),
    get("get_receipt", "/api/Contact/Receipts/{receiptId:int}").unimplemented(),
    // ContactIndividual.
    get("contact_individuals_by_contact", "/api/ContactIndividual/ByContact/{contactId:int}"),
    get("get_contact_individual", "/api/ContactIndividual/{contactIndividualId:int}"),
    get("find_contact_individual", "/api/ContactIndividual/Find"),
    get("get_avatar", "/api/ContactIndividual/{contactIndividualId:int}/Avatar").unimplemented(),
    post("create_contact_individual", "/api/ContactIndividual"),
    post("set_avatar", "/api/ContactIndividual/{contactIndividualId:int}/Avatar").unimplemented(),
    put("update_contact_individual", "/api/ContactIndividual/{contactIndividualId:int}"),
    delete("delete_contact_individual", "/api/ContactIndividual/{contactIndividualId:int}"),
    get("contact_individual_custom_collections", "/api/ContactIndividual/CustomCollections").unimplemented(),
    post(
        "add_contact_individual_collection",
        "/api/ContactIndividual/{contactIndividualId:int}/Collection/{customCollectionId:int}",
    )
    .unimplemented(),
    put(
        "update_contact_individual_collection",
        "/api/ContactIndividual/{contactIndividualId:int}/Collection/{collectionInstanceId:int}",
    )
    .unimplemented(),
    delete(
        "delete_contact_individual_collection",
        "/api/ContactIndividual/{contactIndividualId:int}/Collection/{collectionId:int}",
    )
    .unimplemented(),
    get("contact_individual_custom_fields", "/api/ContactIndividual/CustomFields"),
    get("contact_individual_query_options", "/api/ContactIndividual/QueryOptions"),
    post("query_contact_individuals", "/api/ContactIndividual/Query"),
    get("individual_email_lists", "/api/ContactIndividual/{contactIndividualId:int}/EmailList")
        .unimplemented(),
    // ContactAddress.
    get("contact_addresses_by_contact", "/api/ContactAddress/ByContact/{contactId:int}"),
    get("get_contact_address", "/api/ContactAddress/{contactAddressId:int}"),
    post("create_contact_address", "/api/ContactAddress"),
    put("update_contact_address", "/api/ContactAddress/{contactAddressId:int}"),
    put("archive_contact_address", "/api/ContactAddress/Archive/{contactAddressId:int}"),
    put("unarchive_contact_address", "/api/ContactAddress/Unarchive/{contactAddressId:int}"),
    delete("delete_contact_address", "/api/ContactAddress/{contactAddressId:int}"),
    // ContactMethod.
    get("contact_method_types", "/api/ContactMethod/Types"),
    get("related_contact_method_types", "/api/ContactMethod/RelatedTypes"),
    get("get_contact_method", "/api/ContactMethod/{contactMethodId:int}"),
    post("create_contact_method", "/api/ContactMethod"),
    put("update_contact_method", "/api/ContactMethod/{contactMethodId:int}"),
    put("archive_contact_method", "/api/ContactMethod/Archive/{contactMethodId:int}"),
    put("unarchive_contact_method", "/api/ContactMethod/Unarchive/{contactMethodId:int}"),
    delete("delete_contact_method", "/api/ContactMethod/{contactMethodId:int}"),
    // ContactNote.
    get("contact_notes_by_contact", "/api/ContactNote/ByContact/{contactId:int}"),
    get("important_contact_notes_by_contact", "/api/ContactNote/Important/ByContact/{contactId:int}"),
    get("get_contact_note", "/api/ContactNote/{noteId:int}"),
    post("create_contact_note", "/api/ContactNote"),
    post("create_contact_notes_by_email", "/api/ContactNote/Email").unimplemented(),
    put("update_contact_note", "/api/ContactNote/{noteId:int}"),
    delete("delete_contact_note", "/api/ContactNote/{noteId:int}"),
    get("contact_note_query_options", "/api/ContactNote/QueryOptions"),
    post("query_contact_notes", "/api/ContactNote/Query"),
    get("contact_note_types", "/api/ContactNote/Types"),
    get("contact_note_custom_fields", "/api/ContactNote/CustomFields"),
    // ContactReference.
    post("create_contact_reference", "/api/ContactReference"),
    delete("delete_contact_reference", "/api/ContactReference/{referenceSource}"),
    // Tag and ContactTag.
    get("list_tags", "/api/Tag"),
    post("search_tags", "/api/Tag/Search"),
    get("contact_tags_by_contact", "/api/ContactTag/ByContact/{contactId:int}"),
    post("create_contact_tag", "/api/ContactTag"),
    delete("delete_contact_tag", "/api/ContactTag/{contactTagId:int}"),
    // OrganizationGroup.
    get("list_organization_groups", "/api/OrganizationGroup").unimplemented(),
    get("organization_groups_by_contact", "/api/OrganizationGroup/ByContact/{contactId:int}").unimplemented(),
    get("organization_group_contacts", "/api/OrganizationGroup/{organizationGroupId:int}/contacts")
        .unimplemented(),
    get("get_organization_group", "/api/OrganizationGroup/{organizationGroupId:int}").unimplemented(),
    put(
        "add_organization_group_contact",
        "/api/OrganizationGroup/{organizationGroupId:int}/contacts/{contactId:int}",
    )
    .unimplemented(),
    delete(
        "remove_organization_group_contact",
        "/api/OrganizationGroup/{organizationGroupId:int}/contacts/{contactId:int}",
    )
    .unimplemented(),
    // Relationship.
    get("relationships_by_contact", "/api/Relationship/ByContact/{contactId:int}").unimplemented(),
    post("create_relationship", "/api/Relationship").unimplemented(),
    put("update_relationship", "/api/Relationship/{relationshipId:int}").unimplemented(),
    delete("delete_relationship", "/api/Relationship/{relationshipId:int}").unimplemented(),
    get("relationship_types", "/api/Relationship/Types").unimplemented(),
    // Tribute.
    get("search_tributes", "/api/Tribute/Search").unimplemented(),
    post("create_tribute", "/api/Tribute").unimplemented(),
    put("update_tribute", "/api/Tribute/{tributeId:int}").unimplemented(),
    // Gift and gift transactions.
    get("gifts_by_contact", "/api/Gift/ByContact/{contactId:int}"),
    get("gifts_by_reference", "/api/Gift/ByReference/{referenceId}"),
    get("passthrough_gifts_by_contact", "/api/Gift/Passthrough/ByContact/{contactId:int}").unimplemented(),
    get("get_gift", "/api/Gift/{giftId:int}"),
    get("gift_by_source", "/api/Gift/{transactionSource}/{transactionId}"),
    post("create_gift", "/api/Gift"),
    post("create_gifts", "/api/Gift/Bulk"),
    post("reverse_gift", "/api/Gift/ReversingTransaction"),
    put("update_gift", "/api/Gift/{giftId:int}"),
    patch("patch_gifts", "/api/Gift"),
    delete("delete_gift", "/api/Gift/{giftId:int}"),
    post("create_gift_transaction", "/api/v2/Gift/Transaction"),
    post("create_gift_transactions", "/api/v2/Gift/Transactions"),
    get("gift_custom_fields", "/api/Gift/CustomFields"),
    get("non_cash_gift_types", "/api/Gift/NonCashGiftTypes"),
    get("gift_query_options", "/api/Gift/QueryOptions"),
    post("query_gifts", "/api/Gift/Query"),
    post("query_full_gifts", "/api/Gift/Query/FullGift"),
    // GiftDesignation.
    get("gift_designation_query_options", "/api/GiftDesignation/QueryOptions"),
    post("query_gift_designations", "/api/GiftDesignation/Query"),
    // GiftAsk.
    get("gift_asks_by_contact", "/api/GiftAsk/ByContact/{contactId:int}").unimplemented(),
    get("gift_ask_gifts", "/api/GiftAsk/{giftAskId:int}/Gifts").unimplemented(),
    get("get_gift_ask", "/api/GiftAsk/{giftAskId:int}").unimplemented(),
    post("create_gift_ask", "/api/GiftAsk").unimplemented(),
    put("update_gift_ask", "/api/GiftAsk/{giftAskId:int}").unimplemented(),
    get("gift_ask_custom_fields", "/api/GiftAsk/CustomFields").unimplemented(),
    get("gift_ask_query_options", "/api/GiftAsk/QueryOptions").unimplemented(),
    post("query_gift_asks", "/api/GiftAsk/Query").unimplemented(),
    // PlannedGift.
    get("planned_gifts_by_contact", "/api/PlannedGift/ByContact/{contactId:int}").unimplemented(),
    get("get_planned_gift", "/api/PlannedGift/{plannedGiftId:int}").unimplemented(),
    get("planned_gift_gifts", "/api/PlannedGift/{plannedGiftId:int}/Gifts").unimplemented(),
    post("create_planned_gift", "/api/PlannedGift").unimplemented(),
    put("update_planned_gift", "/api/PlannedGift/{plannedGiftId:int}").unimplemented(),
    get("planned_gift_custom_fields", "/api/PlannedGift/CustomFields").unimplemented(),
    get("planned_gift_query_options", "/api/PlannedGift/QueryOptions").unimplemented(),
    post("query_planned_gifts", "/api/PlannedGift/Query").unimplemented(),
    // Pledge.
    get("pledges_by_contact", "/api/v2/Pledge/ByContact/{contactId:int}").unimplemented(),
    get("get_pledge", "/api/v2/Pledge/{pledgeId:int}").unimplemented(),
    post("create_pledge", "/api/v2/Pledge").unimplemented(),
    put("update_pledge", "/api/v2/Pledge/{pledgeId:int}").unimplemented(),
    put("write_off_pledge", "/api/v2/Pledge/WriteOff/{pledgeId:int}").unimplemented(),
    get("pledge_custom_fields", "/api/v2/Pledge/CustomFields").unimplemented(),
    get("pledge_query_options", "/api/v2/Pledge/QueryOptions").unimplemented(),
    post("query_pledges", "/api/v2/Pledge/Query").unimplemented(),
    // Premium.
    get("get_premium", "/api/Premium/{premiumId:int}").unimplemented(),
    get("premium_by_code", "/api/Premium/Code/{premiumCode}").unimplemented(),
    post("search_premiums", "/api/Premium/Search").unimplemented(),
    post("create_premium", "/api/Premium").unimplemented(),
    put("update_premium", "/api/Premium/{premiumId:int}").unimplemented(),
    put("increment_premium", "/api/Premium/Increment/{premiumId:int}").unimplemented(),
    put("decrement_premium", "/api/Premium/Decrement/{premiumId:int}").unimplemented(),
    get("premium_custom_fields", "/api/Premium/CustomFields").unimplemented(),
    post("query_premiums", "/api/Premium/Query").unimplemented(),
    get("premium_query_options", "/api/Premium/QueryOptions").unimplemented(),
    // RecurringGift and payments.
    get("recurring_gifts_by_contact", "/api/RecurringGift/ByContact/{contactId:int}"),
    get("get_recurring_gift", "/api/RecurringGift/{recurringGiftId:int}"),
    post("create_recurring_gift", "/api/RecurringGift"),
    put("update_recurring_gift", "/api/RecurringGift/{recurringGiftId:int}"),
    put("cancel_recurring_gift", "/api/RecurringGift/Cancel/{recurringGiftId:int}"),
    get("recurring_gift_custom_fields", "/api/RecurringGift/CustomFields"),
    get("recurring_gift_query_options", "/api/RecurringGift/QueryOptions"),
    post("query_recurring_gifts", "/api/RecurringGift/Query"),
    get("recurring_gift_payments", "/api/RecurringGiftPayment/{recurringGiftId:int}"),
    // Campaign.
    get("get_campaign", "/api/Campaign/{campaignId:int}"),
    get("campaign_steps", "/api/Campaign/GetStepsByCampaignId/{campaignId:int}"),
    get("campaign_query_options", "/api/Campaign/QueryOptions"),
    post("query_campaigns", "/api/Campaign/Query"),
    // Communication.
    get("communications_by_campaign", "/api/Communication/ByCampaign/{campaignId:int}"),
    get("get_communication", "/api/Communication/{communicationId:int}"),
    get("communication_channel_types", "/api/Communication/ChannelTypes"),
    get("communication_types", "/api/Communication/CommunicationTypes"),
    post("create_communication", "/api/Communication"),
    post("query_communications", "/api/Communication/Query"),
    get("communication_query_options", "/api/Communication/QueryOptions"),
    // Segment.
    get("segments_by_contact", "/api/Segment/ByContact/{contactId:int}"),
    get("get_segment", "/api/Segment/{segmentId:int}"),
    get("segment_by_code", "/api/Segment/Code/{segmentCode}"),
    post("search_segments", "/api/Segment/Search"),
    post("create_segment", "/api/Segment"),
    put("update_segment", "/api/Segment/{segmentId:int}"),
    // Project.
    get("get_project", "/api/Project/{projectId:int}"),
    get("project_by_code", "/api/Project/Code/{projectCode}"),
    post("search_projects", "/api/Project/Search"),
    post("create_project", "/api/Project"),
    put("update_project", "/api/Project/{projectId:int}"),
    patch("patch_projects", "/api/Project"),
    put("set_project_status", "/api/Project/{projectId:int}/Status"),
    put("set_project_balance", "/api/Project/{projectId:int}/Balance"),
    get("project_custom_fields", "/api/Project/CustomFields"),
    get("project_types", "/api/Project/Types"),
    get("project_query_options", "/api/Project/QueryOptions"),
    post("query_projects", "/api/Project/Query"),
    // ProjectExpense.
    get("list_project_expenses", "/api/ProjectExpense").unimplemented(),
    get("get_project_expense", "/api/ProjectExpense/{projectExpenseId:int}").unimplemented(),
    post("create_project_expense", "/api/ProjectExpense").unimplemented(),
    post("create_project_expenses", "/api/ProjectExpense/Batch").unimplemented(),
    put("update_project_expense", "/api/ProjectExpense/{projectExpenseId:int}").unimplemented(),
    // ProjectNote.
    get("project_notes_by_project", "/api/ProjectNote/ByProject/{projectId:int}").unimplemented(),
    get("get_project_note", "/api/ProjectNote/{noteId:int}").unimplemented(),
    post("create_project_note", "/api/ProjectNote").unimplemented(),
    put("update_project_note", "/api/ProjectNote/{noteId:int}").unimplemented(),
    delete("delete_project_note", "/api/ProjectNote/{noteId:int}").unimplemented(),
    get("project_note_types", "/api/ProjectNote/Types").unimplemented(),
    // ProjectRole.
    get("project_roles_by_contact", "/api/ProjectRole/ByContact/{contactId:int}").unimplemented(),
    get("project_roles_by_project", "/api/ProjectRole/ByProject/{projectId:int}").unimplemented(),
    get("get_project_role", "/api/ProjectRole/{projectRoleId:int}").unimplemented(),
    post("create_project_role", "/api/ProjectRole").unimplemented(),
    put("update_project_role", "/api/ProjectRole/{projectRoleId:int}").unimplemented(),
    delete("delete_project_role", "/api/ProjectRole/{projectRoleId:int}").unimplemented(),
    get("project_role_types", "/api/ProjectRole/Types").unimplemented(),
    // Event, attendees, event contacts.
    get("list_events", "/api/Event").unimplemented(),
    get("get_event", "/api/Event/{eventId:int}").unimplemented(),
    get("search_events", "/api/Event/Search").unimplemented(),
    post("create_event", "/api/Event").unimplemented(),
    put("update_event", "/api/Event/{eventId:int}").unimplemented(),
    delete("delete_event", "/api/Event/{eventId:int}").unimplemented(),
    get("event_types", "/api/Event/Types").unimplemented(),
    get("event_custom_fields", "/api/Event/CustomFields").unimplemented(),
    get("event_query_options", "/api/Event/QueryOptions").unimplemented(),
    post("query_events", "/api/Event/Query").unimplemented(),
    get("list_event_attendees", "/api/Event/{eventId:int}/Attendees").unimplemented(),
    get("get_event_attendee", "/api/Event/{eventId:int}/Attendees/{eventAttendeeId:int}").unimplemented(),
    post("create_event_attendee", "/api/Event/{eventId:int}/Attendees").unimplemented(),
    put("update_event_attendee", "/api/Event/{eventId:int}/Attendees/{eventAttendeeId:int}").unimplemented(),
    delete("delete_event_attendee", "/api/Event/{eventId:int}/Attendees/{eventAttendeeId:int}")
        .unimplemented(),
    get("event_attendee_custom_fields", "/api/EventAttendee/CustomFields").unimplemented(),
    get("event_attendee_query_options", "/api/EventAttendee/QueryOptions").unimplemented(),
    post("query_event_attendees", "/api/EventAttendee/Query").unimplemented(),
    get("list_event_contacts", "/api/Event/{eventId:int}/Contacts").unimplemented(),
    get("get_event_contact", "/api/Event/{eventId:int}/Contacts/{eventContactId:int}").unimplemented(),
    post("create_event_contact", "/api/Event/{eventId:int}/Contacts").unimplemented(),
    delete("delete_event_contact", "/api/Event/{eventId:int}/Contacts/{eventContactId:int}").unimplemented(),
    // Grant.
    get("grants_by_contact", "/api/Grant/ByContact/{contactId:int}").unimplemented(),
    get("get_grant", "/api/Grant/{grantId:int}").unimplemented(),
    get("grant_by_reference", "/api/Grant/ByReference/{referenceId}").unimplemented(),
    get("grant_gifts", "/api/Grant/{grantId:int}/Gifts").unimplemented(),
    post("create_grant", "/api/Grant").unimplemented(),
    put("update_grant", "/api/Grant/{grantId:int}").unimplemented(),
    delete("delete_grant", "/api/Grant/{grantId:int}").unimplemented(),
    get("grant_custom_fields", "/api/Grant/CustomFields").unimplemented(),
    get("grant_query_options", "/api/Grant/QueryOptions").unimplemented(),
    post("query_grants", "/api/Grant/Query").unimplemented(),
    // Volunteering.
    get("list_volunteer_opportunities", "/api/VolunteerOpportunity").unimplemented(),
    get("get_volunteer_opportunity", "/api/VolunteerOpportunity/{volunteerOpportunityId:int}")
        .unimplemented(),
    post("create_volunteer_opportunity", "/api/VolunteerOpportunity").unimplemented(),
    put("update_volunteer_opportunity", "/api/VolunteerOpportunity/{volunteerOpportunityId:int}")
        .unimplemented(),
    delete("delete_volunteer_opportunity", "/api/VolunteerOpportunity/{volunteerOpportunityId:int}")
        .unimplemented(),
    get("volunteer_opportunity_custom_fields", "/api/VolunteerOpportunity/CustomFields").unimplemented(),
    get("volunteer_opportunity_query_options", "/api/VolunteerOpportunity/QueryOptions").unimplemented(),
    post("query_volunteer_opportunities", "/api/VolunteerOpportunity/Query").unimplemented(),
    get("list_volunteers", "/api/VolunteerOpportunity/{volunteerOpportunityId:int}/Volunteers")
        .unimplemented(),
    get(
        "get_volunteer",
        "/api/VolunteerOpportunity/{volunteerOpportunityId:int}/Volunteers/{volunteerId:int}",
    )
    .unimplemented(),
    get("search_volunteers", "/api/Volunteer/Search").unimplemented(),
    post("create_volunteer", "/api/VolunteerOpportunity/{volunteerOpportunityId:int}/Volunteers")
        .unimplemented(),
    delete(
        "delete_volunteer",
        "/api/VolunteerOpportunity/{volunteerOpportunityId:int}/Volunteers/{volunteerId:int}",
    )
    .unimplemented(),
    get("volunteer_query_options", "/api/Volunteer/QueryOptions").unimplemented(),
    post("query_volunteers", "/api/Volunteer/Query").unimplemented(),
    get(
        "list_volunteer_attendance",
        "/api/VolunteerOpportunity/{volunteerOpportunityId:int}/Volunteers/{volunteerId:int}/Attendance",
    )
    .unimplemented(),
    get(
        "get_volunteer_attendance",
        "/api/VolunteerOpportunity/{volunteerOpportunityId:int}/Attendance/{volunteerAttendanceId:int}",
    )
    .unimplemented(),
    post(
        "create_volunteer_attendance",
        "/api/VolunteerOpportunity/{volunteerOpportunityId:int}/Volunteers/{volunteerId:int}/Attendance",
    )
    .unimplemented(),
    put(
        "update_volunteer_attendance",
        "/api/VolunteerOpportunity/{volunteerOpportunityId:int}/Attendance/{volunteerAttendanceId:int}",
    )
    .unimplemented(),
    delete(
        "delete_volunteer_attendance",
        "/api/VolunteerOpportunity/{volunteerOpportunityId:int}/Attendance/{volunteerAttendanceId:int}",
    )
    .unimplemented(),
    get("list_volunteer_organizers", "/api/VolunteerOpportunity/{volunteerOpportunityId:int}/Organizers")
        .unimplemented(),
    get(
        "get_volunteer_organizer",
        "/api/VolunteerOpportunity/{volunteerOpportunityId:int}/Organizers/{volunteerOrganizerId:int}",
    )
    .unimplemented(),
    post("create_volunteer_organizer", "/api/VolunteerOpportunity/{volunteerOpportunityId:int}/Organizers")
        .unimplemented(),
    delete(
        "delete_volunteer_organizer",
        "/api/VolunteerOpportunity/{volunteerOpportunityId:int}/Organizers/{volunteerOrganizerId:int}",
    )
    .unimplemented(),
    // Email and EmailList.
    post("search_emails", "/api/Email/Search").unimplemented(),
    post("send_email", "/api/Email/Send").unimplemented(),
    post("search_email_lists", "/api/EmailList/Search").unimplemented(),
    post("subscribe_to_email_lists", "/api/EmailList").unimplemented(),
    // Search.
    post("search", "/api/Search").unimplemented(),
    // Task.
    post("create_task", "/api/Task").unimplemented(),
    get("task_types", "/api/Task/Types").unimplemented(),
    post("query_tasks", "/api/Task/Query").unimplemented(),
    get("task_query_options", "/api/Task/QueryOptions").unimplemented(),
    // Webhook.
    get("get_webhook", "/api/Webhook/{webhookId:int}"),
    post("create_webhook", "/api/Webhook"),
    put("update_webhook", "/api/Webhook/{webhookId:int}"),
    put("set_webhook_active", "/api/Webhook/{webhookId:int}/Active"),
    delete("delete_webhook", "/api/Webhook/{webhookId:int}"),
    // Reminder.
    get("active_reminders", "/api/Reminder/Active").unimplemented(),
    get("saved_reminders", "/api/Reminder/Saved").unimplemented(),
    get("active_reminders_by_contact", "/api/Reminder/ByContact/{contactId:int}/Active").unimplemented(),
    get("inactive_reminders_by_contact", "/api/Reminder/ByContact/{contactId:int}/Inactive").unimplemented(),
    get("reminders_by_contact", "/api/Reminder/ByContact/{contactId:int}").unimplemented(),
    post("create_reminder", "/api/Reminder").unimplemented(),
    post("create_recurring_reminder", "/api/Reminder/Saved/Recurring").unimplemented(),
    post("create_milestone_reminder", "/api/Reminder/Saved/Milestone").unimplemented(),
    put("update_recurring_reminder", "/api/Reminder/Saved/Recurring/{id:int}").unimplemented(),
    put("update_milestone_reminder", "/api/Reminder/Saved/Milestone/{id:int}").unimplemented(),
    put("complete_reminder", "/api/Reminder/Completed/{id:int}").unimplemented(),
    put("dismiss_reminder", "/api/Reminder/Dismissed/{id:int}").unimplemented(),
    get("reminder_types", "/api/Reminder/Type/Reminder").unimplemented(),
    get("reminder_source_types", "/api/Reminder/Type/ReminderSource").unimplemented(),
    get("reminder_milestone_types", "/api/Reminder/Type/Milestone").unimplemented(),
    get("reminder_frequencies", "/api/Reminder/Type/ReminderFrequency").unimplemented(),
];
