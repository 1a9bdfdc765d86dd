//! Operations and models of the API description. Written by `cargo xtask codegen`; do not edit.

use super::base::fields::{
    Field, custom, flag, int, ints, items, map, number, object, one_of, strings, text, time,
};
use super::base::operation::{Operation, Paging, Shape};
use super::query::{Type, parameter};

#[rustfmt::skip]
pub(crate) const ORGANIZATION: &[Field] = &[int("organizationUserId").required(), text("organizationName"), text("organizationTimeZone"), text("organizationCulture"), flag("isAdministrator"), flag("isEnabled")];

#[rustfmt::skip]
pub(crate) const CURRENT_ORGANIZATION: &[Field] = &[int("organizationUserId").required(), text("organizationName"), text("organizationTimeZone"), text("organizationCulture"), text("currentUserTimeZone"), flag("isAdministrator"), flag("isEnabled")];

#[rustfmt::skip]
pub(crate) const PERMISSION: &[Field] = &[text("module"), text("action"), flag("allowed")];

#[rustfmt::skip]
pub(crate) const CONTACT_ADDRESS: &[Field] = &[int("id").required(), text("label"), text("address1"), text("address2"), text("city"), text("state"), text("postal"), text("country"), flag("isPrimary"), int("startMonth"), int("startDay"), int("endMonth"), int("endDay"), flag("canBePrimary"), time("createDateTimeUtc"), text("createdByUser"), time("modifiedDateTimeUtc"), text("modifiedByUser")];

#[rustfmt::skip]
pub(crate) const CONTACT_METHOD: &[Field] = &[int("id").required(), one_of("type", &["Home Email", "Work Email", "Other Email", "Home Phone", "Mobile Phone", "Work Phone", "Other Phone", "Fax", "Facebook", "Instagram", "Twitter", "Foursquare", "Pinterest", "RSS", "Snapchat", "Tumblr", "Vimeo", "YouTube", "LinkedIn", "Skype", "Web", "Zoom", "Twitch Account", "Other"]), text("value"), flag("isOptedIn"), flag("isPrimary"), flag("canBePrimary"), time("createDateTimeUtc"), text("createdByUser"), time("modifiedDateTimeUtc"), text("modifiedByUser")];

#[rustfmt::skip]
pub(crate) const NAMED_VALUE: &[Field] = &[text("name").required(), text("value")];

#[rustfmt::skip]
pub(crate) const COLLECTION_INSTANCE: &[Field] = &[int("customCollectionId"), text("customCollectionName"), int("collectionInstanceId"), items("fields", NAMED_VALUE)];

#[rustfmt::skip]
pub(crate) const CONTACT_INDIVIDUAL: &[Field] = &[int("id").required(), text("prefix"), text("firstName"), text("middleName"), text("lastName"), text("suffix"), text("prefix2"), text("preMarriageName"), text("nickname"), text("gender"), flag("isPrimary"), flag("isSecondary"), int("birthMonth"), int("birthDay"), int("birthYear"), time("birthDate"), int("approximateAge"), flag("isDeceased"), text("passion"), items("contactMethods", CONTACT_METHOD), int("contactId"), flag("canBePrimary"), flag("canBeSecondary"), text("avatarUrl"), time("createDateTimeUtc"), time("modifiedDateTimeUtc"), custom("customFields"), items("customCollections", COLLECTION_INSTANCE), text("createdByUser"), text("modifiedByUser"), time("deceasedDate")];

#[rustfmt::skip]
pub(crate) const CONTACT_REFERENCE: &[Field] = &[text("source"), text("id")];

#[rustfmt::skip]
pub(crate) const CONTACT: &[Field] = &[flag("isCurrentUserFollowing"), int("id").required(), one_of("contactType", &["Household", "Organization", "Foundation"]), flag("isPrivate"), text("name"), text("informalName"), text("formalContactName"), text("alternateContactName"), text("preferredSalutationName"), text("preferredAddresseeName"), text("description"), text("website"), text("maritalStatus"), int("anniversaryMonth"), int("anniversaryDay"), int("anniversaryYear"), int("mergedIntoContactId"), object("address", CONTACT_ADDRESS), text("giftAskAmount"), one_of("giftAskType", &["FixedAsk", "RecurringAsk"]), text("lifeToDateGiving"), text("yearToDateGiving"), text("lastGiftAmount"), time("lastGiftDate"), items("contactIndividuals", CONTACT_INDIVIDUAL), text("contactGiftsUrl"), text("contactPassthroughGiftsUrl"), text("contactPlannedGiftsUrl"), text("contactPledgesUrl"), text("contactRecurringGiftsUrl"), text("contactImportantNotesUrl"), text("contactNotesUrl"), text("contactTagsUrl"), text("contactRelationshipsUrl"), text("primaryAvatarUrl"), items("contactReferences", CONTACT_REFERENCE), int("originSegmentId"), text("originSegment"), time("createDateTimeUtc"), text("createdByUser"), time("modifiedDateTimeUtc"), text("modifiedByUser"), strings("tags"), strings("organizationGroups"), custom("customFields"), items("customCollections", COLLECTION_INSTANCE)];

#[rustfmt::skip]
pub(crate) const COLLECTION_RECORD: &[Field] = &[text("name"), items("fields", NAMED_VALUE)];

#[rustfmt::skip]
pub(crate) const CONTACT_UPDATE: &[Field] = &[one_of("contactType", &["Household", "Organization", "Foundation"]), text("name"), text("informalName"), text("formalContactName"), text("alternateContactName"), text("preferredSalutationName"), text("preferredAddresseeName"), text("description"), text("website"), text("maritalStatus"), int("anniversaryMonth"), int("anniversaryDay"), int("anniversaryYear"), int("originSegmentId"), flag("isPrivate"), custom("customFields"), items("customCollections", COLLECTION_RECORD)];

#[rustfmt::skip]
pub(crate) const CONTACT_BY_REFERENCE: &[Field] = &[int("id").required(), one_of("contactType", &["Household", "Organization", "Foundation"]), flag("isPrivate"), text("name"), text("informalName"), text("formalContactName"), text("alternateContactName"), text("preferredSalutationName"), text("preferredAddresseeName"), text("description"), text("website"), text("maritalStatus"), int("anniversaryMonth"), int("anniversaryDay"), int("anniversaryYear"), text("giftAskAmount"), one_of("giftAskType", &["FixedAsk", "RecurringAsk"]), text("lifeToDateGiving"), text("yearToDateGiving"), text("lastGiftAmount"), time("lastGiftDate"), items("contactIndividuals", CONTACT_INDIVIDUAL), object("address", CONTACT_ADDRESS)];

#[rustfmt::skip]
pub(crate) const CONTACT_SUMMARY: &[Field] = &[int("id").required(), text("name"), one_of("contactType", &["Household", "Organization", "Foundation"]), text("contactName"), text("address"), text("email"), text("phone"), text("contactViewUrl")];

#[rustfmt::skip]
pub(crate) const CONTACT_SEARCH_HIT: &[Field] = &[int("individualId"), text("name"), int("id").required(), one_of("contactType", &["Household", "Organization", "Foundation"]), text("contactName"), text("address"), text("email"), text("phone"), text("contactViewUrl")];

#[rustfmt::skip]
pub(crate) const PROXIMITY_SEARCH: &[Field] = &[number("latitude").required(), number("longitude").required(), int("distanceInMiles").required()];

#[rustfmt::skip]
pub(crate) const CONTACT_PROXIMITY_HIT: &[Field] = &[int("id").required(), text("name"), text("address"), text("lifeToDateGiving"), text("contactViewUrl"), number("latitude"), number("longitude")];

#[rustfmt::skip]
pub(crate) const CONTACT_ACTIVITY: &[Field] = &[int("contactId"), text("contactName"), text("activity"), text("contactViewUrl")];

#[rustfmt::skip]
pub(crate) const NEW_CONTACT_ADDRESS: &[Field] = &[text("label"), text("address1"), text("address2"), text("city"), text("stateCode"), text("postal"), text("countryCode"), flag("isPrimary"), number("latitude"), number("longitude")];

#[rustfmt::skip]
pub(crate) const NEW_CONTACT_METHOD: &[Field] = &[one_of("type", &["Home Email", "Work Email", "Other Email", "Home Phone", "Mobile Phone", "Work Phone", "Other Phone", "Fax", "Facebook", "Instagram", "Twitter", "Foursquare", "Pinterest", "RSS", "Snapchat", "Tumblr", "Vimeo", "YouTube", "LinkedIn", "Skype", "Web", "Zoom", "Twitch Account", "Other"]).required(), text("value").required(), flag("isOptedIn"), flag("isPrimary")];

#[rustfmt::skip]
pub(crate) const NEW_CONTACT_INDIVIDUAL: &[Field] = &[text("firstName").required(), text("lastName").required(), text("prefix"), text("middleName"), text("suffix"), int("birthMonth"), int("birthDay"), int("birthYear"), int("approximateAge"), text("gender"), text("passion"), flag("isPrimary"), flag("isSecondary"), flag("isDeceased"), items("contactMethods", NEW_CONTACT_METHOD), custom("customFields")];

#[rustfmt::skip]
pub(crate) const CONTACT_CREATE: &[Field] = &[one_of("contactType", &["Household", "Organization", "Foundation"]).required(), text("referenceSource"), text("referenceId"), text("name").required(), text("informalName"), text("description"), text("website"), text("maritalStatus"), int("anniversaryMonth"), int("anniversaryDay"), int("anniversaryYear"), int("originSegmentId"), flag("isPrivate"), flag("isArchived"), items("contactAddresses", NEW_CONTACT_ADDRESS), items("contactIndividuals", NEW_CONTACT_INDIVIDUAL).required(), custom("customFields"), items("customCollections", COLLECTION_RECORD)];

#[rustfmt::skip]
pub(crate) const ARCHIVE_CONTACT: &[Field] = &[text("archiveReason")];

#[rustfmt::skip]
pub(crate) const CUSTOM_COLLECTION_FIELD_DEF: &[Field] = &[one_of("dataType", &["Text", "DateTime", "List", "Link", "Number", "Date", "Boolean", "Dropdown"]), text("name"), text("displayName"), flag("required"), strings("options")];

#[rustfmt::skip]
pub(crate) const CUSTOM_COLLECTION_DEF: &[Field] = &[int("id").required(), text("entityType"), time("createDateTimeUtc"), text("createdByUser"), time("modifiedDateTimeUtc"), text("modifiedByUser"), text("name"), items("fields", CUSTOM_COLLECTION_FIELD_DEF)];

#[rustfmt::skip]
pub(crate) const TRANSACTION_VOLUNTEER_HOURS: &[Field] = &[int("volunteerOpportunityId"), text("volunteerOpportunityName"), text("date"), text("hours")];

#[rustfmt::skip]
pub(crate) const CONTACT_TRANSACTION: &[Field] = &[text("referenceSource"), text("referenceId"), one_of("contactType", &["Household", "Organization", "Foundation"]), text("name"), text("title"), text("firstName").required(), text("middleName"), text("lastName").required(), text("suffix"), text("emailType"), text("email"), text("phoneType"), text("phone"), text("address1"), text("address2"), text("city"), text("state"), text("postal"), text("country"), int("eventId"), text("eventName"), flag("invited"), flag("rsvp"), flag("rsvpResponse"), flag("attended"), text("tags"), text("originSegmentCode"), strings("emailLists"), custom("customFields"), items("volunteerAttendances", TRANSACTION_VOLUNTEER_HOURS)];

#[rustfmt::skip]
pub(crate) const CONTACT_TRANSACTION_BATCH: &[Field] = &[text("referenceSource").required(), items("contacts", CONTACT_TRANSACTION).required()];

#[rustfmt::skip]
pub(crate) const CONTACT_TYPE_ENTRY: &[Field] = &[text("parentType"), text("type")];

#[rustfmt::skip]
pub(crate) const CUSTOM_FIELD_DEF: &[Field] = &[one_of("dataType", &["Text", "DateTime", "List", "Link", "Number", "Date", "Boolean", "Dropdown"]), text("name"), text("displayName"), strings("options"), time("createDateTimeUtc"), text("createdByUser"), time("modifiedDateTimeUtc"), text("modifiedByUser")];

#[rustfmt::skip]
pub(crate) const QUERY_OPERATOR: &[Field] = &[text("operator"), flag("multipleValuesAllowed"), flag("valueRequired")];

#[rustfmt::skip]
pub(crate) const QUERY_OPTION: &[Field] = &[text("parameter"), one_of("type", &["Int", "String", "Date", "Decimal", "Boolean", "List", "Lookup", "Object"]), items("operatorOptions", QUERY_OPERATOR), strings("valueOptions")];

#[rustfmt::skip]
pub(crate) const QUERY_OPTIONS: &[Field] = &[items("options", QUERY_OPTION), items("operatorOptions", QUERY_OPERATOR)];

#[rustfmt::skip]
pub(crate) const CONTACT_QUERY: &[Field] = &[items("groups", &[items("conditions", &[text("parameter").required(), text("operator").required(), text("value"), text("secondaryValue"), strings("values")]).required()]), text("sortBy"), flag("descending"), flag("includeArchived"), object("queryLocation", &[number("topLatitude"), number("leftLongitude"), number("bottomLatitude"), number("rightLongitude")])];

#[rustfmt::skip]
pub(crate) const CONTACT_RECEIPT: &[Field] = &[int("id").required(), time("createdDateTimeUtc"), one_of("receiptType", &["SingleGiftPerReceipt", "MultipleGiftsPerReceipt"]), one_of("receiptMedium", &["Mail", "Email", "ReceiptsOnDemand", "ExternalProcessingCSV"]), text("emialAddress"), text("receiptTitle")];

#[rustfmt::skip]
pub(crate) const RECEIPT_FILE: &[Field] = &[text("fileStream").required(), text("filePath"), text("contentType")];

#[rustfmt::skip]
pub(crate) const INDIVIDUAL_UPDATE: &[Field] = &[text("firstName"), text("lastName"), text("prefix"), text("middleName"), text("suffix"), text("prefix2"), text("preMarriageName"), text("nickname"), text("gender"), flag("setAsPrimary"), flag("setAsSecondary"), int("birthMonth"), int("birthDay"), int("birthYear"), int("approximateAge"), flag("isDeceased"), time("deceasedDate"), text("passion"), text("avatarUrl"), custom("customFields"), items("customCollections", COLLECTION_RECORD)];

#[rustfmt::skip]
pub(crate) const INDIVIDUAL_CREATE: &[Field] = &[int("contactId").required(), text("firstName").required(), text("lastName").required(), items("contactMethods", NEW_CONTACT_METHOD), text("prefix"), text("middleName"), text("suffix"), text("gender"), flag("setAsPrimary"), flag("setAsSecondary"), int("birthMonth"), int("birthDay"), int("birthYear"), int("approximateAge"), flag("isDeceased"), time("deceasedDate"), text("passion"), text("avatarUrl"), custom("customFields"), items("customCollections", COLLECTION_RECORD)];

#[rustfmt::skip]
pub(crate) const QUERY: &[Field] = &[items("groups", &[items("conditions", &[text("parameter").required(), text("operator").required(), text("value"), text("secondaryValue"), strings("values")]).required()]), text("sortBy"), flag("descending")];

#[rustfmt::skip]
pub(crate) const INDIVIDUAL_EMAIL_LIST: &[Field] = &[int("id").required(), text("name"), flag("isSubscribed"), text("unsubscribeReason"), text("unsubscribeType"), time("unsubscribeDateTimeUtc"), time("createDateTimeUtc"), text("createdByUser"), time("modifiedDateTimeUtc"), text("modifiedByUser")];

#[rustfmt::skip]
pub(crate) const ADDRESS_UPDATE: &[Field] = &[text("label"), text("address1"), text("address2"), text("city"), text("state"), text("postal"), text("country"), flag("setAsPrimary"), int("startMonth"), int("startDay"), int("endMonth"), int("endDay")];

#[rustfmt::skip]
pub(crate) const ADDRESS_CREATE: &[Field] = &[int("contactId").required(), text("label"), text("address1"), text("address2"), text("city"), text("state"), text("postal"), text("country"), flag("setAsPrimary"), int("startMonth"), int("startDay"), int("endMonth"), int("endDay")];

#[rustfmt::skip]
pub(crate) const CONTACT_METHOD_UPDATE: &[Field] = &[one_of("type", &["Home Email", "Work Email", "Other Email", "Home Phone", "Mobile Phone", "Work Phone", "Other Phone", "Fax", "Facebook", "Instagram", "Twitter", "Foursquare", "Pinterest", "RSS", "Snapchat", "Tumblr", "Vimeo", "YouTube", "LinkedIn", "Skype", "Web", "Zoom", "Twitch Account", "Other"]), text("value"), flag("isOptedIn"), flag("setAsPrimary")];

#[rustfmt::skip]
pub(crate) const CONTACT_METHOD_CREATE: &[Field] = &[int("contactIndividualId").required(), one_of("type", &["Home Email", "Work Email", "Other Email", "Home Phone", "Mobile Phone", "Work Phone", "Other Phone", "Fax", "Facebook", "Instagram", "Twitter", "Foursquare", "Pinterest", "RSS", "Snapchat", "Tumblr", "Vimeo", "YouTube", "LinkedIn", "Skype", "Web", "Zoom", "Twitch Account", "Other"]).required(), text("value").required(), flag("isOptedIn"), flag("setAsPrimary")];

#[rustfmt::skip]
pub(crate) const REMINDER: &[Field] = &[int("id").required(), text("message"), time("targetDate"), time("targetResolutionDateUtc"), int("contactId"), text("contactViewUrl"), text("contactDisplayName"), text("contactAvatarUrl"), text("reminderType"), text("reminderTypeDisplayName"), text("taskStatus"), text("taskStatusDisplayName"), text("completeUrl"), text("dismissUrl"), text("description"), flag("hasContact"), flag("isPastDue"), flag("isUnresolved"), flag("canComplete"), text("completeActionName"), flag("canCompleteWithNote"), text("owner"), text("ownerAvatarUrl")];

#[rustfmt::skip]
pub(crate) const CONTACT_NOTE: &[Field] = &[int("id").required(), int("contactId"), time("createDateTimeUtc"), text("createdByUser"), time("modifiedDateTimeUtc"), text("modifiedByUser"), time("noteDate"), text("type"), text("note"), flag("important"), flag("isPrivate"), time("createdDate"), text("createdBy"), text("binaryPath"), text("createdByAvatarUrl"), object("reminder", REMINDER)];

#[rustfmt::skip]
pub(crate) const NOTE_UPDATE: &[Field] = &[text("type"), text("note"), time("noteDateTime").read_as("noteDate"), flag("important"), flag("private").read_as("isPrivate"), text("binaryPath"), int("timeSpent")];

#[rustfmt::skip]
pub(crate) const NOTE_CREATE: &[Field] = &[int("contactId").required(), text("type").required(), text("note").required(), time("noteDateTime").read_as("noteDate"), flag("important"), flag("private").read_as("isPrivate"), int("timeSpent")];

#[rustfmt::skip]
pub(crate) const NOTE_EMAIL: &[Field] = &[text("fromEmail"), text("toEmail"), text("subject"), text("body")];

#[rustfmt::skip]
pub(crate) const CONTACT_REFERENCE_CREATE: &[Field] = &[int("contactId").required(), text("referenceSource").required(), text("referenceId").required()];

#[rustfmt::skip]
pub(crate) const TAG: &[Field] = &[int("id").required(), text("tagName"), text("tagGroupName"), text("contactsByTagUrl")];

#[rustfmt::skip]
pub(crate) const CONTACT_TAG: &[Field] = &[int("contactTagId").required(), int("tagId"), text("name"), int("total"), time("createDateTimeUtc"), text("createdByUser"), time("modifiedDateTimeUtc"), text("modifiedByUser"), text("contactsByTagUrl")];

#[rustfmt::skip]
pub(crate) const CONTACT_TAG_CREATE: &[Field] = &[int("tagId").required(), int("contactId").required()];

#[rustfmt::skip]
pub(crate) const ORGANIZATION_GROUP: &[Field] = &[int("id").required(), text("organizationGroupUrl"), int("organizationId"), text("organizationName"), text("name"), text("location"), text("description"), text("organizationGroupContactsUrl")];

#[rustfmt::skip]
pub(crate) const ORGANIZATION_GROUP_CONTACT: &[Field] = &[int("organizationGroupId"), text("organizationGroupUrl"), int("organizationId"), text("organizationName"), text("organizationGroupName"), text("organizationGroupLocation"), text("organizationGroupDescription"), int("contactId"), text("contactName"), text("contactUrl")];

#[rustfmt::skip]
pub(crate) const RELATIONSHIP: &[Field] = &[int("id").required(), int("contactId"), text("contact"), text("contactIndividual"), int("relatedContactId"), text("relatedContact"), text("relatedContactIndividual"), text("relationshipType"), text("notes"), text("relatedContactViewUrl")];

#[rustfmt::skip]
pub(crate) const RELATIONSHIP_CREATE: &[Field] = &[int("contactId"), text("relationshipType"), int("contactIndividualId"), int("relatedContactId"), int("relatedContactIndividualId"), text("notes")];

#[rustfmt::skip]
pub(crate) const RELATIONSHIP_UPDATE: &[Field] = &[text("relationshipType"), text("notes")];

#[rustfmt::skip]
pub(crate) const RELATIONSHIP_TYPE_ENTRY: &[Field] = &[text("group"), text("relationship"), text("inverseRelationship")];

#[rustfmt::skip]
pub(crate) const TRIBUTE: &[Field] = &[int("id").required(), text("tributeType"), text("firstName"), text("lastName"), text("address1"), text("address2"), text("city"), text("state"), text("postalCode"), int("defaultAcknowledgeeIndividualId"), text("defaultAcknowledgeeIndividualUrl"), time("createDateTimeUtc"), text("createdByUser"), time("modifiedDateTimeUtc"), text("modifiedByUser")];

#[rustfmt::skip]
pub(crate) const TRIBUTE_WRITE: &[Field] = &[text("tributeType"), text("firstName"), text("lastName"), text("address1"), text("address2"), text("city"), text("state"), text("postalCode"), int("contactIndividualId"), int("defaultAcknowledgeeIndividualId")];

#[rustfmt::skip]
pub(crate) const GIFT_DESIGNATION: &[Field] = &[int("id").required(), int("projectId"), text("project"), text("projectCode"), text("externalAccountingCode"), text("projectType"), text("projectLocation"), text("projectUrl"), number("amountDesignated"), text("display")];

#[rustfmt::skip]
pub(crate) const GIFT_SUMMARY: &[Field] = &[int("id").required(), int("contactId"), int("contactIndividualId"), one_of("giftType", &["Cash", "Check", "Credit", "Cryptocoin", "Electronic Funds Transfer", "EFT", "Non-Cash", "NonCash", "Other", "Paypal", "Qualified Charitable Distribution", "Reversing Transaction", "Stock"]), time("giftDate"), text("amount"), text("segment"), text("batch"), text("giftUrl"), text("culture"), text("currencyCode"), text("baseCurrencyCode"), number("exchangeRate"), items("giftDesignations", GIFT_DESIGNATION)];

#[rustfmt::skip]
pub(crate) const GIFT_PASSTHROUGH: &[Field] = &[int("contactId"), text("passthroughContact"), number("amount")];

#[rustfmt::skip]
pub(crate) const GIFT_PREMIUM: &[Field] = &[int("id").required(), int("premiumId"), text("premium"), text("premiumUrl"), int("quantity"), text("display")];

#[rustfmt::skip]
pub(crate) const PLEDGE_PAYMENT: &[Field] = &[int("id").required(), time("expectedPaymentDate"), number("expectedAmount"), int("giftId"), number("actualAmount")];

#[rustfmt::skip]
pub(crate) const PAYMENT_GIFT: &[Field] = &[int("id").required(), int("contactId"), time("giftDate"), number("amount")];

#[rustfmt::skip]
pub(crate) const RECURRING_GIFT_PAYMENT: &[Field] = &[int("id").required(), object("gift", PAYMENT_GIFT), number("expectedAmount"), time("expectedPaymentDate"), time("dismissPaymentDate"), time("fulfillPaymentDate")];

#[rustfmt::skip]
pub(crate) const GIFT: &[Field] = &[int("id").required(), text("transactionSource"), text("transactionId"), int("contactId"), text("contactName"), text("contactUrl"), one_of("giftType", &["Cash", "Check", "Credit", "Cryptocoin", "Electronic Funds Transfer", "EFT", "Non-Cash", "NonCash", "Other", "Paypal", "Qualified Charitable Distribution", "Reversing Transaction", "Stock"]), text("giftTypeFormatted"), time("giftDate"), text("giftDateFormatted"), number("amount"), text("amountFormatted"), text("currencyCode"), number("exchangeRate"), text("baseCurrencyCode"), text("batch"), time("createDateTimeUtc"), text("createdByUser"), time("modifiedDateTimeUtc"), text("modifiedByUser"), int("segmentId"), text("segment"), text("segmentCode"), text("segmentUrl"), int("mediaOutletId"), text("mediaOutlet"), int("grantId"), text("grant"), text("grantUrl"), text("notes"), text("tribute"), int("tributeId"), text("tributeType"), int("acknowledgeeIndividualId"), flag("isAcknowledgedGift"), time("acknowledgementDate"), text("acknowledgementNotes"), time("receiptDate"), text("receiptDateFormatted"), int("contactPassthroughId"), text("contactPassthroughUrl"), int("contactIndividualId"), text("cashAccountingCode"), int("giftAskId"), int("contactMembershipId"), text("checkNumber"), text("creditCardType"), text("cryptocoinType"), text("transactionHash"), flag("coinSoldForCash"), number("coinAmount"), time("dateCoinWasSold"), number("coinSaleAmount"), text("tickerSymbol"), number("numberOfShares"), text("iraCustodian"), flag("stockSoldForCash"), time("dateStockWasSold"), number("stockSaleAmount"), int("nonCashGiftTypeId"), text("nonCashGiftType"), text("description"), flag("nonCashSoldForCash"), time("dateNonCashWasSold"), number("nonCashOriginalAmount"), number("nonCashSaleAmount"), items("giftPassthroughs", GIFT_PASSTHROUGH), items("giftDesignations", GIFT_DESIGNATION), items("giftPremiums", GIFT_PREMIUM), items("pledgePayments", PLEDGE_PAYMENT), items("recurringGiftPayments", RECURRING_GIFT_PAYMENT), text("giftUrl"), flag("isPrivate"), flag("isTaxDeductible"), custom("customFields")];

#[rustfmt::skip]
pub(crate) const GIFT_PASSTHROUGH_WRITE: &[Field] = &[int("contactId"), text("passthroughContact"), number("amount")];

#[rustfmt::skip]
pub(crate) const GIFT_DESIGNATION_WRITE: &[Field] = &[int("projectId").required(), number("amount").required(), one_of("state", &["Add", "Update", "Delete", "Ignore"])];

#[rustfmt::skip]
pub(crate) const GIFT_PREMIUM_WRITE: &[Field] = &[int("premiumId"), int("quantity"), one_of("state", &["Add", "Update", "Delete", "Ignore"])];

#[rustfmt::skip]
pub(crate) const PLEDGE_PAYMENT_WRITE: &[Field] = &[int("id"), number("amount"), one_of("state", &["Add", "Update", "Delete", "Ignore"])];

#[rustfmt::skip]
pub(crate) const RECURRING_GIFT_PAYMENT_WRITE: &[Field] = &[int("id"), text("paymentId"), number("amount"), one_of("state", &["Add", "Update", "Delete", "Ignore"])];

#[rustfmt::skip]
pub(crate) const GIFT_UPDATE: &[Field] = &[one_of("giftType", &["Cash", "Check", "Credit", "Cryptocoin", "Electronic Funds Transfer", "EFT", "Non-Cash", "NonCash", "Other", "Paypal", "Qualified Charitable Distribution", "Reversing Transaction", "Stock"]), time("giftDate"), number("amount"), text("batch"), int("segmentId"), int("receiptSegmentId"), int("mediaOutletId"), text("notes"), flag("isPrivate"), flag("isAcknowledgedGift"), time("acknowledgementDate"), text("acknowledgementNotes"), time("receiptDate"), int("contactIndividualId"), int("contactPassthroughId"), text("cashAccountingCode"), one_of("state", &["Add", "Update", "Delete", "Ignore"]), flag("isTaxDeductible"), int("giftAskId"), int("passthroughGiftAskId"), int("grantId"), int("contactMembershipId"), text("currencyCode"), number("exchangeRate"), text("checkNumber"), text("creditCardType"), text("cryptocoinType"), text("transactionHash"), flag("coinSoldForCash"), number("coinAmount"), time("dateCoinWasSold"), number("coinSaleAmount"), text("tickerSymbol"), number("numberOfShares"), flag("stockSoldForCash"), time("dateStockWasSold"), number("stockSaleAmount"), text("iraCustodian"), int("nonCashGiftTypeId"), text("nonCashGiftType"), text("description"), flag("nonCashSoldForCash"), time("dateNonCashWasSold"), number("nonCashOriginalAmount"), number("nonCashSaleAmount"), items("giftPassthroughs", GIFT_PASSTHROUGH_WRITE), items("giftDesignations", GIFT_DESIGNATION_WRITE), items("giftPremiums", GIFT_PREMIUM_WRITE), items("pledgePayments", PLEDGE_PAYMENT_WRITE), items("recurringGiftPayments", RECURRING_GIFT_PAYMENT_WRITE), text("tributeType"), int("tributeId"), text("tributeDescription").read_as("tribute"), int("acknowledgeeId").read_as("acknowledgeeIndividualId"), custom("customFields")];

#[rustfmt::skip]
pub(crate) const GIFT_CREATE: &[Field] = &[int("contactId").required(), one_of("giftType", &["Cash", "Check", "Credit", "Cryptocoin", "Electronic Funds Transfer", "EFT", "Non-Cash", "NonCash", "Other", "Paypal", "Qualified Charitable Distribution", "Reversing Transaction", "Stock"]).required(), time("giftDate").required(), number("amount").required(), text("transactionSource"), text("transactionId"), text("batch"), int("segmentId"), int("receiptSegmentId"), int("mediaOutletId"), text("notes"), flag("isPrivate"), time("receiptDate"), int("contactIndividualId"), int("contactPassthroughId"), text("cashAccountingCode"), one_of("state", &["Add", "Update", "Delete", "Ignore"]), flag("isTaxDeductible"), int("giftAskId"), int("passthroughGiftAskId"), int("grantId"), int("contactMembershipId"), text("currencyCode"), number("exchangeRate"), text("checkNumber"), text("creditCardType"), text("cryptocoinType"), text("transactionHash"), flag("coinSoldForCash"), number("coinAmount"), time("dateCoinWasSold"), number("coinSaleAmount"), text("tickerSymbol"), number("numberOfShares"), text("iraCustodian"), flag("stockSoldForCash"), time("dateStockWasSold"), number("stockSaleAmount"), int("nonCashGiftTypeId"), text("nonCashGiftType"), text("description"), flag("nonCashSoldForCash"), time("dateNonCashWasSold"), number("nonCashOriginalAmount"), number("nonCashSaleAmount"), items("giftDesignations", GIFT_DESIGNATION_WRITE), items("giftPremiums", GIFT_PREMIUM_WRITE), items("pledgePayments", PLEDGE_PAYMENT_WRITE), items("recurringGiftPayments", RECURRING_GIFT_PAYMENT_WRITE), text("tributeType"), int("tributeId"), text("tributeDescription").read_as("tribute"), int("acknowledgeeId").read_as("acknowledgeeIndividualId"), int("reversedGiftId"), custom("customFields")];

#[rustfmt::skip]
pub(crate) const GIFT_PATCH: &[Field] = &[int("id").required(), time("receiptDateUtc"), int("segmentId"), text("notes"), custom("customFields")];

#[rustfmt::skip]
pub(crate) const REVERSING_GIFT: &[Field] = &[time("giftDate"), int("reversedGiftId").required(), text("notes")];

#[rustfmt::skip]
pub(crate) const TRANSACTION_ADDRESS: &[Field] = &[text("address1"), text("address2"), text("city"), text("state"), text("postal"), text("country")];

#[rustfmt::skip]
pub(crate) const GIFT_TRANSACTION_CONTACT: &[Field] = &[text("referenceId"), int("id"), text("name"), text("type"), text("title"), text("firstname").required(), text("middlename"), text("lastname").required(), text("suffix"), text("birthMonth"), text("birthDay"), text("birthYear"), text("gender"), text("emailType"), text("email"), text("phoneType"), text("phone"), object("address", TRANSACTION_ADDRESS), text("tags"), strings("emailLists")];

#[rustfmt::skip]
pub(crate) const TRANSACTION_TRIBUTE: &[Field] = &[int("tributeId"), text("tributeType"), text("tributeFirstName"), text("tributeLastName"), text("tributeCity"), text("tributeState"), int("acknowledgeeIndividualId"), text("acknowledgeeFirstName"), text("acknowledgeeLastName"), text("acknowledgeeAddress"), text("acknowledgeeCity"), text("acknowledgeeState"), text("acknowledgeePostal"), text("acknowledgeeEmail"), text("acknowledgeePhone")];

#[rustfmt::skip]
pub(crate) const TRANSACTION_DESIGNATION: &[Field] = &[int("id"), text("name"), text("code"), text("amountDesignated")];

#[rustfmt::skip]
pub(crate) const TRANSACTION_PREMIUM: &[Field] = &[int("id"), text("name"), text("code"), text("quantity")];

#[rustfmt::skip]
pub(crate) const TRANSACTION_EVENT_ATTENDEE: &[Field] = &[int("eventId"), text("eventName"), flag("invited"), flag("rsvp"), flag("rsvpResponse"), flag("attended")];

#[rustfmt::skip]
pub(crate) const GIFT_TRANSACTION: &[Field] = &[text("transactionSource"), text("transactionId"), object("contact", GIFT_TRANSACTION_CONTACT).required(), time("giftDate"), time("cancelDate"), one_of("giftType", &["Cash", "Check", "Credit", "Cryptocoin", "Electronic Funds Transfer", "EFT", "Non-Cash", "NonCash", "Other", "Paypal", "Qualified Charitable Distribution", "Reversing Transaction", "Stock"]).required(), text("amount").required(), text("currencyCode"), number("exchangeRate"), one_of("frequency", &["Once", "OneTime", "Weekly", "Bimonthly", "Monthly", "Quarterly", "Semiannually", "Annually", "Biennially", "Yearly", "Custom"]), text("recurringGiftTransactionId"), flag("recurringGiftTransactionUpdate"), one_of("pledgeFrequency", &["Once", "OneTime", "Weekly", "Bimonthly", "Monthly", "Quarterly", "Semiannually", "Annually", "Biennially", "Yearly", "Custom"]), text("pledgeTransactionId"), time("pledgeExpectedFullfillmentDate"), text("batch"), text("notes"), text("segment"), text("mediaOutlet"), time("receiptDate"), text("receiptSegment"), text("cashAccountingCode"), text("tribute"), object("tributeDedication", TRANSACTION_TRIBUTE), flag("isPrivate"), flag("isTaxDeductible"), text("checkNumber"), text("creditCardType"), int("nonCashGiftTypeId"), text("nonCashGiftType"), text("nonCashGiftDescription"), text("stockTickerSymbol"), int("stockNumberOfShares"), text("iraCustodian"), text("submissionUrl"), items("designations", TRANSACTION_DESIGNATION), items("premiums", TRANSACTION_PREMIUM), custom("customFields"), items("customObjects", COLLECTION_RECORD), int("contactIndividualId"), object("passthroughContact", GIFT_TRANSACTION_CONTACT), object("eventAttendee", TRANSACTION_EVENT_ATTENDEE)];

#[rustfmt::skip]
pub(crate) const GIFT_TRANSACTION_BATCH: &[Field] = &[text("transactionSource").required(), items("transactions", GIFT_TRANSACTION).required(), flag("createImport"), text("importName"), text("batch"), number("batchTotal"), time("defaultGiftDate"), one_of("defaultGiftType", &["Cash", "Check", "Credit", "Cryptocoin", "Electronic Funds Transfer", "EFT", "Non-Cash", "NonCash", "Other", "Paypal", "Qualified Charitable Distribution", "Reversing Transaction", "Stock"])];

#[rustfmt::skip]
pub(crate) const NON_CASH_GIFT_TYPE_ENTRY: &[Field] = &[int("id").required(), text("name"), flag("isEnabled")];

#[rustfmt::skip]
pub(crate) const GIFT_DESIGNATION_ROW: &[Field] = &[int("id").required(), time("createDate"), number("amountDesignated"), int("giftId"), time("giftDate"), one_of("giftType", &["Cash", "Check", "Credit", "Cryptocoin", "Electronic Funds Transfer", "EFT", "Non-Cash", "NonCash", "Other", "Paypal", "Qualified Charitable Distribution", "Reversing Transaction", "Stock"]), flag("giftIsPrivate"), custom("giftCustomFields"), text("giftUrl"), int("contactId"), text("contactName"), one_of("contactType", &["Household", "Organization", "Foundation"]), text("contactUrl"), int("projectId"), text("project"), text("projectCode"), text("projectExternalAccountingCode"), text("projectType"), text("projectLocation"), custom("projectCustomFields"), text("projectUrl"), int("parentProjectId"), text("parentProject"), text("parentProjectCode"), text("parentProjectExternalAccountingCode"), text("parentProjectType"), text("parentProjectLocation"), custom("parentProjectCustomFields"), text("parentProjectUrl"), text("batch"), text("segmentName"), text("segmentCode")];

#[rustfmt::skip]
pub(crate) const GIFT_ASK: &[Field] = &[int("id").required(), text("giftAskUrl"), text("giftsAppliedUrl"), int("contactId"), text("contactUrl"), number("askAmount"), text("askAmountFormatted"), time("askDate"), text("askDateFormatted"), time("expectedFulfillmentDate"), text("expectedFulfillmentDateFormatted"), text("notes"), one_of("askType", &["FixedAsk", "RecurringAsk"]), one_of("frequency", &["Once", "OneTime", "Weekly", "Bimonthly", "Monthly", "Quarterly", "Semiannually", "Annually", "Biennially", "Yearly", "Custom"]), flag("declined"), time("createDateTimeUtc"), text("createdByUser"), time("modifiedDateTimeUtc"), text("modifiedByUser"), int("projectId"), text("project"), text("projectUrl"), int("segmentId"), text("segment"), text("segmentCode"), text("segmentUrl"), int("assignedUserId"), text("assignedUser"), text("secondaryAssignedUser"), int("secondaryAssignedUserId"), text("status"), custom("customFields")];

#[rustfmt::skip]
pub(crate) const GIFT_ASK_UPDATE: &[Field] = &[number("askAmount").required(), time("askDate"), time("expectedFulfillmentDate"), text("notes"), one_of("askType", &["FixedAsk", "RecurringAsk"]).required(), one_of("frequency", &["Once", "OneTime", "Weekly", "Bimonthly", "Monthly", "Quarterly", "Semiannually", "Annually", "Biennially", "Yearly", "Custom"]), flag("declined"), int("projectId"), int("segmentId"), int("assignedUserId"), int("secondaryAssignedUserId"), text("status").required(), custom("customFields")];

#[rustfmt::skip]
pub(crate) const GIFT_ASK_CREATE: &[Field] = &[int("contactId").required(), number("askAmount").required(), time("askDate"), time("expectedFulfillmentDate"), text("notes"), one_of("askType", &["FixedAsk", "RecurringAsk"]).required(), one_of("frequency", &["Once", "OneTime", "Weekly", "Bimonthly", "Monthly", "Quarterly", "Semiannually", "Annually", "Biennially", "Yearly", "Custom"]), flag("declined"), int("projectId"), int("segmentId"), int("assignedUserId"), int("secondaryAssignedUserId"), text("status").required(), custom("customFields")];

#[rustfmt::skip]
pub(crate) const PLANNED_GIFT: &[Field] = &[int("id").required(), text("plannedGiftUrl"), text("giftsAppliedUrl"), int("contactId"), text("contactUrl"), time("plannedGiftDate"), one_of("pkannedGiftType", &["WillAndBequest", "Perpetuity", "Annuity"]), one_of("frequency", &["Once", "OneTime", "Weekly", "Bimonthly", "Monthly", "Quarterly", "Semiannually", "Annually", "Biennially", "Yearly", "Custom"]), text("anticipatedAmount"), time("anticipatedStartDate"), int("numberOfOccurrences"), text("currentValue"), text("fulfilled"), int("projectId"), text("project"), text("projectUrl"), int("segmentId"), text("segment"), text("segmentUrl"), time("createDateTimeUtc"), text("createdByUser"), time("modifiedDateTimeUtc"), text("modifiedByUser"), custom("customFields")];

#[rustfmt::skip]
pub(crate) const PLANNED_GIFT_UPDATE: &[Field] = &[time("plannedGiftDate"), one_of("plannedGiftType", &["WillAndBequest", "Perpetuity", "Annuity"]).read_as("pkannedGiftType"), one_of("frequency", &["Once", "OneTime", "Weekly", "Bimonthly", "Monthly", "Quarterly", "Semiannually", "Annually", "Biennially", "Yearly", "Custom"]), number("anticipatedAmount"), time("anticipatedStartDate"), int("numberOfOccurrences"), number("currentValue"), int("contactIndividualId"), int("assignedUserId"), int("projectId"), int("segmentId"), time("thankYouDate"), custom("customFields")];

#[rustfmt::skip]
pub(crate) const PLANNED_GIFT_CREATE: &[Field] = &[int("contactId").required(), time("plannedGiftDate").required(), one_of("plannedGiftType", &["WillAndBequest", "Perpetuity", "Annuity"]).required().read_as("pkannedGiftType"), one_of("frequency", &["Once", "OneTime", "Weekly", "Bimonthly", "Monthly", "Quarterly", "Semiannually", "Annually", "Biennially", "Yearly", "Custom"]).required(), number("anticipatedAmount"), time("anticipatedStartDate"), int("numberOfOccurrences"), number("currentValue"), int("contactIndividualId"), int("assignedUserId"), int("projectId"), int("segmentId"), time("thankYouDate"), custom("customFields")];

#[rustfmt::skip]
pub(crate) const PLEDGE: &[Field] = &[int("id").required(), int("contactId"), number("amountPledged"), one_of("frequency", &["Once", "OneTime", "Weekly", "Bimonthly", "Monthly", "Quarterly", "Semiannually", "Annually", "Biennially", "Yearly", "Custom"]), time("pledgeDate"), time("expectedFulfillmentDate"), time("createDateTimeUtc"), text("createdByUser"), time("modifiedDateTimeUtc"), text("modifiedByUser"), int("segmentId"), text("segment"), int("projectId"), text("project"), flag("isPrivate"), text("status"), items("payments", PLEDGE_PAYMENT), custom("customFields")];

#[rustfmt::skip]
pub(crate) const PLEDGE_PAYMENT_PLAN: &[Field] = &[time("expectedPaymentDate").required(), number("expectedAmount").required()];

#[rustfmt::skip]
pub(crate) const PLEDGE_UPDATE: &[Field] = &[number("amountPledged").required(), one_of("frequency", &["Once", "OneTime", "Weekly", "Bimonthly", "Monthly", "Quarterly", "Semiannually", "Annually", "Biennially", "Yearly", "Custom"]).required(), time("pledgeDate").required(), time("expectedFulfillmentDate").required(), int("giftAskId"), int("segmentId"), int("projectId"), flag("isPrivate").required(), items("payments", PLEDGE_PAYMENT_PLAN), custom("customFields")];

#[rustfmt::skip]
pub(crate) const PLEDGE_CREATE: &[Field] = &[int("contactId").required(), number("amountPledged").required(), one_of("frequency", &["Once", "OneTime", "Weekly", "Bimonthly", "Monthly", "Quarterly", "Semiannually", "Annually", "Biennially", "Yearly", "Custom"]).required(), time("pledgeDate").required(), time("expectedFulfillmentDate").required(), int("giftAskId"), int("segmentId"), int("projectId"), flag("isPrivate").required(), items("payments", PLEDGE_PAYMENT_PLAN), custom("customFields")];

#[rustfmt::skip]
pub(crate) const PREMIUM: &[Field] = &[int("id").required(), text("name"), text("code"), text("description"), number("price"), number("fairMarketValue"), number("cost"), int("inventoryCount"), flag("isActive"), time("createDateTimeUtc"), text("createdByUser"), time("modifiedDateTimeUtc"), text("modifiedByUser"), custom("customFields")];

#[rustfmt::skip]
pub(crate) const PREMIUM_WRITE: &[Field] = &[text("name"), text("code"), number("price"), number("fairMarketValue"), text("description"), number("cost"), int("inventoryCount"), flag("isActive"), custom("customFields")];

#[rustfmt::skip]
pub(crate) const RECURRING_GIFT_DESIGNATION: &[Field] = &[int("projectId"), text("project"), text("projectUrl"), number("amountDesignated"), text("projectCode")];

#[rustfmt::skip]
pub(crate) const RECURRING_GIFT: &[Field] = &[int("id").required(), text("transactionSource"), text("transactionId"), int("contactId"), time("recurringGiftDate"), time("startDate"), number("amount"), one_of("frequency", &["Once", "OneTime", "Weekly", "Bimonthly", "Monthly", "Quarterly", "Semiannually", "Annually", "Biennially", "Yearly", "Custom"]), time("anticipatedEndDate"), time("cancelDateTimeUtc"), time("createDateTimeUtc"), text("createdByUser"), time("modifiedDateTimeUtc"), text("modifiedByUser"), int("segmentId"), text("segment"), text("segmentUrl"), flag("automatedPayments"), flag("trackPayments"), flag("isPrivate"), text("status"), time("nextExpectedPaymentDate"), items("designations", RECURRING_GIFT_DESIGNATION), custom("customFields")];

#[rustfmt::skip]
pub(crate) const RECURRING_GIFT_DESIGNATION_WRITE: &[Field] = &[int("projectId"), number("amountDesignated")];

#[rustfmt::skip]
pub(crate) const RECURRING_GIFT_UPDATE: &[Field] = &[time("recurringGiftDate"), time("startDate"), one_of("frequency", &["Once", "OneTime", "Weekly", "Bimonthly", "Monthly", "Quarterly", "Semiannually", "Annually", "Biennially", "Yearly", "Custom"]), number("amount"), time("nextExpectedPaymentDate"), time("anticipatedEndDate"), time("thankYouDate"), int("segmentId"), flag("automatedPayments"), flag("trackPayments"), flag("isPrivate"), items("designations", RECURRING_GIFT_DESIGNATION_WRITE), custom("customFields")];

#[rustfmt::skip]
pub(crate) const RECURRING_GIFT_CREATE: &[Field] = &[int("contactId").required(), time("startDate").required(), one_of("frequency", &["Once", "OneTime", "Weekly", "Bimonthly", "Monthly", "Quarterly", "Semiannually", "Annually", "Biennially", "Yearly", "Custom"]).required(), number("amount").required(), time("nextExpectedPaymentDate"), time("anticipatedEndDate"), time("thankYouDate"), int("segmentId"), flag("automatedPayments"), flag("trackPayments"), flag("isPrivate"), items("designations", RECURRING_GIFT_DESIGNATION_WRITE), custom("customFields")];

#[rustfmt::skip]
pub(crate) const RECURRING_GIFT_CANCEL: &[Field] = &[text("cancelReason"), int("categoryId")];

#[rustfmt::skip]
pub(crate) const CAMPAIGN: &[Field] = &[int("campaignId").required(), text("name"), time("startDateTimeUtc"), time("endDateTimeUtc"), number("givingGoal"), int("newGiverGoal"), int("totalGiftGoal"), flag("isArchived"), time("createDateTimeUtc"), text("createdByUser"), time("modifiedDateTimeUtc"), text("modifiedByUser")];

#[rustfmt::skip]
pub(crate) const COMMUNICATION: &[Field] = &[int("communicationId").required(), text("name"), int("campaignId"), text("campaignName"), text("channelType"), text("communicationType"), time("startDateTimeUtc"), number("givingGoal"), int("projectId"), text("projectCode"), text("projectName"), time("createDateTimeUtc"), text("createdByUser"), time("modifiedDateTimeUtc"), time("lastModifiedDateTimeUtc"), text("modifiedByUser")];

#[rustfmt::skip]
pub(crate) const COMMUNICATION_CREATE: &[Field] = &[text("name"), int("campaignId"), text("channelType"), text("communicationType"), text("communicationStep"), time("startDateTime"), int("ownerId"), number("givingGoal"), int("newGiverGoal"), number("internalCostEstimate"), number("vendorCostEstimate"), int("networkReach")];

#[rustfmt::skip]
pub(crate) const COMMUNICATION_QUERY_ROW: &[Field] = &[int("communicationId"), int("campaignId"), text("campaignName"), text("channelType"), text("communicationType"), time("startdateTimeUtc"), number("givingGoal"), int("projectId"), text("projectCode"), text("projectName"), time("createdDateTimeUtc"), text("createdByUser"), time("lastModifiedDateTimeUtc"), text("modifiedByUser")];

#[rustfmt::skip]
pub(crate) const SEGMENT: &[Field] = &[int("id").required(), text("name"), text("description"), text("code"), int("communicationId"), text("communicationName"), int("campaignId"), text("campaignName"), int("segmentOrganizerId")];

#[rustfmt::skip]
pub(crate) const SEGMENT_UPDATE: &[Field] = &[text("name"), text("code"), text("description"), int("totalContacts"), int("contactQueryId"), number("costPerContact"), text("packageCode"), text("packageDescription"), int("receiptSegmentId"), int("segmentOrganizerId")];

#[rustfmt::skip]
pub(crate) const SEGMENT_CREATE: &[Field] = &[text("name"), text("code"), int("communicationId"), text("description"), int("totalContacts"), int("contactQueryId"), number("costPerContact"), text("packageCode"), text("packageDescription"), int("receiptSegmentId"), int("segmentOrganizerId")];

#[rustfmt::skip]
pub(crate) const GIFT_SPECIFICATION: &[Field] = &[number("amount"), one_of("frequency", &["Once", "OneTime", "Weekly", "Bimonthly", "Monthly", "Quarterly", "Semiannually", "Annually", "Biennially", "Yearly", "Custom"])];

#[rustfmt::skip]
pub(crate) const PROJECT: &[Field] = &[int("id").required(), text("name"), text("projectCode"), text("externalAccountingCode"), text("onlineDisplayName"), text("description"), text("photoUrl"), int("parentId"), text("parentName"), flag("isSubProject"), text("inventoryStatus"), text("type"), text("location"), flag("isRestrictedToGiftSpecifications"), flag("isLimitedToFinancialNeed"), flag("isPublic"), flag("isActive"), flag("isAvailableOnline"), flag("isTaxDeductible"), flag("treatAsAccountsPayable"), number("beginningBalance"), number("currentBalance"), text("financialNeedType"), one_of("financialNeedFrequency", &["Once", "OneTime", "Weekly", "Bimonthly", "Monthly", "Quarterly", "Semiannually", "Annually", "Biennially", "Yearly", "Custom"]), number("financialNeedAmount"), time("startDate"), time("endDate"), text("durationType"), number("lifeToDateGiving"), int("lifeToDateGiftCount"), int("lifeToDateGiversCount"), number("lifeToDateExpenseTotal"), number("calendarYearToDateGiving"), int("calendarYearToDateGiftCount"), int("calendarYearToDateGiversCount"), number("calendarYearToDateExpenseTotal"), time("createDateTimeUtc"), text("createdByUser"), time("modifiedDateTimeUtc"), text("modifiedByUser"), items("giftSpecifications", GIFT_SPECIFICATION), custom("customFields")];

#[rustfmt::skip]
pub(crate) const PROJECT_WRITE: &[Field] = &[text("name"), text("revenueAccountingCode").read_as("projectCode"), text("inventoryStatus"), text("type"), text("location"), text("onlineDisplayName"), text("description"), text("externalAccountingCode"), text("durationType"), time("startDate"), time("endDate"), number("financialNeedAmount"), text("financialNeedType"), one_of("financialNeedFrequency", &["Once", "OneTime", "Weekly", "Bimonthly", "Monthly", "Quarterly", "Semiannually", "Annually", "Biennially", "Yearly", "Custom"]), flag("isPublic"), flag("isActive"), flag("isAvailableOnline"), flag("isLimitedToFinancialNeed"), flag("isTaxDeductible"), flag("treatAsAccountsPayable"), flag("isRestrictedToGiftSpecifications"), int("parentId"), number("beginningBalance"), number("currentBalance"), flag("enableSync"), custom("customFields")];

#[rustfmt::skip]
pub(crate) const PROJECT_PATCH: &[Field] = &[int("id").required(), text("name"), text("projectCode"), text("onlineDisplayName"), text("description"), number("financialNeedAmount"), number("beginningBalance"), number("currentBalance"), text("type"), time("startDate"), time("endDate"), custom("customFields")];

#[rustfmt::skip]
pub(crate) const PROJECT_BALANCE: &[Field] = &[number("beginningBalance"), number("currentBalance")];

#[rustfmt::skip]
pub(crate) const PROJECT_EXPENSE: &[Field] = &[int("id").required(), int("projectId"), text("projectName"), text("projectCode"), int("parentProjectId"), text("parentProjectName"), text("parentProjectCode"), number("expenseAmount"), time("expenseDate"), text("accountingCode"), text("expenseDescription"), time("createDateTimeUtc"), text("createdByUser"), time("modifiedDateTimeUtc"), text("modifiedByUser")];

#[rustfmt::skip]
pub(crate) const PROJECT_EXPENSE_CREATE: &[Field] = &[int("projectId"), number("expenseAmount"), time("expenseDate"), text("accountingCode"), text("expenseDescription")];

#[rustfmt::skip]
pub(crate) const PROJECT_EXPENSE_UPDATE: &[Field] = &[number("expenseAmount"), time("expenseDate"), text("accountingCode"), text("expenseDescription")];

#[rustfmt::skip]
pub(crate) const PROJECT_NOTE: &[Field] = &[int("id").required(), time("createDateTimeUtc"), text("createdByUser"), time("modifiedDateTimeUtc"), text("modifiedByUser"), text("createdByAvatarUrl"), text("type"), text("note"), flag("important"), flag("isPrivate"), text("binaryPath")];

#[rustfmt::skip]
pub(crate) const PROJECT_NOTE_UPDATE: &[Field] = &[text("type"), text("note"), flag("important"), flag("private").read_as("isPrivate"), int("contactId")];

#[rustfmt::skip]
pub(crate) const PROJECT_NOTE_CREATE: &[Field] = &[int("projectId"), text("type"), text("note"), flag("important"), flag("private").read_as("isPrivate"), int("contactId")];

#[rustfmt::skip]
pub(crate) const PROJECT_ROLE: &[Field] = &[int("id").required(), int("contactId"), text("contactName"), int("projectDesignationId"), text("projectDesignationName"), int("projectRoleTypeId"), text("projectRoleType"), time("createDateTimeUtc"), text("createdByUser"), time("modifiedDateTimeUtc"), text("modifiedByUser")];

#[rustfmt::skip]
pub(crate) const PROJECT_ROLE_UPDATE: &[Field] = &[int("projectRoleTypeId")];

#[rustfmt::skip]
pub(crate) const PROJECT_ROLE_CREATE: &[Field] = &[int("projectDesignationId").required(), int("contactId").required(), int("projectRoleTypeId").required()];

#[rustfmt::skip]
pub(crate) const PROJECT_ROLE_TYPE_ENTRY: &[Field] = &[int("id").required(), text("role"), flag("isEnabled")];

#[rustfmt::skip]
pub(crate) const EVENT_CONTACT: &[Field] = &[int("id").required(), text("eventContactUrl"), int("contactId"), text("contactUrl"), text("displayName"), text("firstName"), text("avatarUrl"), text("primaryPhone"), text("primaryEmail"), time("createDateTimeUtc"), text("createdByUser"), time("modifiedDateTimeUtc"), text("modifiedByUser")];

#[rustfmt::skip]
pub(crate) const EVENT: &[Field] = &[int("id").required(), text("eventViewUrl"), text("name"), text("eventType"), text("locationName"), text("displayAddress"), text("geocodeAddress"), time("startDateTime"), time("endDateTime"), text("timeZone"), text("description"), text("specialInstructions"), flag("inviteOnly"), flag("rsvpRequired"), int("totalInvites"), int("totalRsvps"), int("totalAttended"), int("totalGifts"), text("totalGiving"), int("communicationId"), time("createDateTimeUtc"), text("createdByUser"), time("modifiedDateTimeUtc"), text("modifiedByUser"), text("eventContactsUrl"), items("generosityEventContacts", EVENT_CONTACT), strings("tables"), strings("meals"), text("eventInvitationsUrl"), custom("customFields")];

#[rustfmt::skip]
pub(crate) const EVENT_WRITE: &[Field] = &[text("name"), text("eventType"), time("startDateTime"), time("endDateTime"), text("timeZone"), int("communicationId"), text("locationName"), text("description"), text("specialInstructions"), flag("inviteOnly"), flag("rsvpRequired"), strings("tables"), strings("meals"), text("address1"), text("address2"), text("city"), text("state"), text("postal"), text("country"), text("eventbriteId"), custom("customFields")];

#[rustfmt::skip]
pub(crate) const EVENT_ATTENDEE: &[Field] = &[int("id").required(), text("eventInvitationUrl"), int("contactId"), int("contactIndividualId"), text("invitee"), text("contactUrl"), text("event"), int("eventId"), text("eventViewUrl"), text("location"), time("startDateTime"), time("endDateTime"), text("timeZone"), flag("rsvp"), flag("attended"), text("emailAddress"), flag("invited"), text("emailStatus"), text("emailSent"), time("createDateTimeUtc"), text("createdByUser"), time("modifiedDateTimeUtc"), text("modifiedByUser"), custom("customFields")];

#[rustfmt::skip]
pub(crate) const EVENT_ATTENDEE_CREATE: &[Field] = &[int("contactIndividualId"), custom("customFields")];

#[rustfmt::skip]
pub(crate) const EVENT_ATTENDEE_UPDATE: &[Field] = &[flag("invited"), flag("rsvp"), flag("rsvpResponse"), flag("attended"), text("schedule"), text("table"), text("meal"), custom("customFields")];

#[rustfmt::skip]
pub(crate) const GRANT: &[Field] = &[int("id").required(), text("grantUrl"), text("giftsAppliedUrl"), int("ownerId"), text("title"), int("grantingOrganizationId"), text("grantingOrganizationUrl"), text("description"), text("referenceId"), int("receivingOrganizationId"), text("receivingOrganizationUrl"), text("projectUrl"), int("projectId"), text("project"), time("dueDateUtc"), number("totalAnticipatedAmount"), text("status"), time("submissionDateUtc"), time("anticipatedAwardDateUtc"), text("pointOfContactName"), text("pointOfContactEmail"), text("pointOfContactPhone"), text("website"), flag("awardedGrant"), number("awardedAmount"), time("awardedDateUtc"), text("awardTerms"), text("grantType"), time("createDateTimeUtc"), text("createdByUser"), time("modifiedDateTimeUtc"), text("modifiedByUser"), custom("customFields")];

#[rustfmt::skip]
pub(crate) const GRANT_WRITE: &[Field] = &[int("ownerId"), text("title"), int("grantingOrganizationId"), text("description"), text("referenceId"), int("receivingOrganizationId"), int("projectId"), time("dueDate").read_as("dueDateUtc"), number("totalAnticipatedAmount"), text("status"), time("submissionDate").read_as("submissionDateUtc"), time("anticipatedAwardDate").read_as("anticipatedAwardDateUtc"), text("pointOfContactName"), text("pointOfContactEmail"), text("pointOfContactPhone"), text("website"), flag("awardedGrant"), number("awardedAmount"), time("awardedDate").read_as("awardedDateUtc"), text("awardTerms"), text("grantType"), custom("customFields")];

#[rustfmt::skip]
pub(crate) const VOLUNTEER_ORGANIZER: &[Field] = &[int("id").required(), int("contactId"), int("contactIndividualId"), text("displayName"), text("firstName"), text("avatarUrl"), text("primaryPhone"), text("primaryEmail"), text("contactUrl"), text("volunteerOrganizerUrl"), text("volunteerOpportunityUrl")];

#[rustfmt::skip]
pub(crate) const VOLUNTEER_OPPORTUNITY_ROW: &[Field] = &[int("id").required(), text("name"), text("url"), text("description"), time("createDateTimeUtc"), text("createdByUser"), time("modifiedDateTimeUtc"), text("modifiedByUser"), flag("anytime"), time("startDateTime"), time("endDateTime"), text("timeZone"), flag("isActive"), flag("isLocalOnly"), text("currentPriority"), int("currentNeed"), number("preferredNumberOfHours"), flag("anywhere"), text("locationName"), text("address1"), text("address2"), text("city"), text("state"), text("postal"), text("country"), int("totalVolunteers"), number("totalVolunteerHours"), number("currentNeedFilledPercentage"), number("hoursFilledPercentage"), items("volunteerOrganizers", VOLUNTEER_ORGANIZER), text("volunteerOpportunityUrl"), text("volunteerOrganizersUrl"), text("volunteersUrl"), custom("customFields")];

#[rustfmt::skip]
pub(crate) const VOLUNTEER_OPPORTUNITY_WRITE: &[Field] = &[text("name"), time("startDateTime"), time("endDateTime"), text("timeZone"), number("preferredNumberOfHours"), int("projectId"), text("locationName"), text("description"), flag("isActive"), flag("isLocalOnly"), text("address1"), text("address2"), text("city"), text("state"), text("postal"), text("country"), time("preferredDateTime"), text("currentPriority"), int("currentNeed"), custom("customFields")];

#[rustfmt::skip]
pub(crate) const VOLUNTEER_OPPORTUNITY: &[Field] = &[int("id").required(), text("volunteerOpportunityUrl"), text("name"), text("locationName"), text("displayAddress"), time("startDateTime"), time("endDateTime"), time("preferredDateTime"), text("timeZone"), text("description"), time("createDateTimeUtc"), text("createdByUser"), time("modifiedDateTimeUtc"), text("modifiedByUser"), flag("isActive"), flag("isLocalOnly"), number("preferredNumberOfHours"), int("projectId"), int("totalVolunteers"), number("totalVolunteerHours"), items("volunteerOrganizers", VOLUNTEER_ORGANIZER), int("currentNeed"), text("currentPriority"), text("currentPriorityName"), number("currentNeedFilledPercentage"), number("hoursFilledPercentage"), text("volunteerOrganizersUrl"), text("volunteersUrl"), custom("customFields")];

#[rustfmt::skip]
pub(crate) const VOLUNTEER: &[Field] = &[int("id").required(), text("volunteerUrl"), time("createDateTimeUtc"), text("createdByUser"), time("modifiedDateTimeUtc"), text("modifiedByUser"), int("contactId"), text("contactUrl"), text("displayName"), text("firstName"), text("avatarUrl"), text("primaryPhone"), text("primaryEmail"), number("totalHours"), int("timesVolunteered"), text("volunteerAttendanceUrl"), int("volunteerOpportunityId"), text("volunteerOpportunityUrl"), int("contactIndividualId")];

#[rustfmt::skip]
pub(crate) const VOLUNTEER_ATTENDANCE: &[Field] = &[int("id").required(), text("volunteerAttendanceUrl"), int("volunteerId"), text("volunteerUrl"), int("volunteerOpportunityId"), text("volunteerOpportunityUrl"), number("hours"), time("startDateTimeUtc"), time("startDateTime"), time("endDateTimeUtc"), time("endDateTime"), text("timeZone"), time("createDateTimeUtc"), text("createdByUser"), time("modifiedDateTimeUtc"), text("modifiedByUser")];

#[rustfmt::skip]
pub(crate) const VOLUNTEER_ATTENDANCE_WRITE: &[Field] = &[text("timeZone"), number("hours"), time("startDateTimeUtc"), time("endDateTimeUtc")];

#[rustfmt::skip]
pub(crate) const EMAIL: &[Field] = &[int("id").required(), text("name"), text("subject"), text("fromName"), text("fromEmail"), text("html"), time("createDateTimeUtc"), text("createdByUser"), time("modifiedDateTimeUtc"), text("modifiedByUser")];

#[rustfmt::skip]
pub(crate) const EMAIL_PERSONALIZATION: &[Field] = &[int("contactId").required(), map("mergeFields")];

#[rustfmt::skip]
pub(crate) const EMAIL_SEND: &[Field] = &[int("emailId").required(), ints("contactIds"), items("personalizations", EMAIL_PERSONALIZATION), map("sections")];

#[rustfmt::skip]
pub(crate) const EMAIL_LIST: &[Field] = &[int("emailListId").required(), text("name"), int("total"), int("totalUnsubscribes")];

#[rustfmt::skip]
pub(crate) const EMAIL_LIST_ADD: &[Field] = &[ints("emailListIds").required(), ints("contactIndividualIds").required()];

#[rustfmt::skip]
pub(crate) const SEARCH_REQUEST: &[Field] = &[text("query").required(), strings("filterTypes")];

#[rustfmt::skip]
pub(crate) const CONTACT_DOCUMENT: &[Field] = &[int("contactId"), one_of("contactType", &["Household", "Organization", "Foundation"]), text("contactSubtype"), text("contactName"), text("informalName"), text("formalName"), text("alternateName"), int("individualId"), text("individualName"), flag("isPrimary"), text("address"), text("email"), text("phoneNumber"), flag("isArchived")];

#[rustfmt::skip]
pub(crate) const SEARCH_HIGHLIGHT: &[Field] = &[text("field"), text("snippet")];

#[rustfmt::skip]
pub(crate) const CONTACT_DOCUMENT_HIT: &[Field] = &[object("document", CONTACT_DOCUMENT), items("highlights", SEARCH_HIGHLIGHT)];

#[rustfmt::skip]
pub(crate) const CONTACT_DOCUMENT_HITS: &[Field] = &[items("hits", CONTACT_DOCUMENT_HIT), int("total")];

#[rustfmt::skip]
pub(crate) const ENTITY_DOCUMENT: &[Field] = &[int("entityId"), text("entityType"), text("title"), text("code"), text("description"), text("metadata"), int("total")];

#[rustfmt::skip]
pub(crate) const ENTITY_DOCUMENT_HIT: &[Field] = &[object("document", ENTITY_DOCUMENT), items("highlights", SEARCH_HIGHLIGHT)];

#[rustfmt::skip]
pub(crate) const ENTITY_DOCUMENT_HITS: &[Field] = &[items("hits", ENTITY_DOCUMENT_HIT), int("total")];

#[rustfmt::skip]
pub(crate) const SEARCH_RESULTS: &[Field] = &[object("contacts", CONTACT_DOCUMENT_HITS), object("individuals", CONTACT_DOCUMENT_HITS), object("entities", ENTITY_DOCUMENT_HITS)];

#[rustfmt::skip]
pub(crate) const TASK_CREATE: &[Field] = &[one_of("taskType", &["General", "Call", "Meeting"]), text("task"), text("description"), time("dueDateTime"), text("ownerEmail"), int("contactId")];

#[rustfmt::skip]
pub(crate) const TASK: &[Field] = &[int("id").required(), one_of("taskType", &["General", "Call", "Meeting"]), text("task"), text("description"), time("dueDateTime"), int("contactId"), text("contact"), text("contactUrl")];

#[rustfmt::skip]
pub(crate) const WEBHOOK: &[Field] = &[int("id").required(), text("payloadUrl"), text("secret"), flag("contactCreate"), flag("contactUpdate"), flag("giftCreate"), flag("giftUpdate"), flag("giftDelete"), flag("projectCreate"), flag("projectUpdate"), flag("projectDelete"), flag("formSubmission"), flag("contactNoteCreate"), flag("contactNoteUpdate"), flag("contactNoteDelete"), flag("eventCreate"), flag("eventUpdate"), flag("eventDelete"), flag("active")];

#[rustfmt::skip]
pub(crate) const WEBHOOK_WRITE: &[Field] = &[text("payloadUrl").required(), text("secret"), flag("contactCreate"), flag("contactUpdate"), flag("giftCreate"), flag("giftUpdate"), flag("giftDelete"), flag("projectCreate"), flag("projectUpdate"), flag("projectDelete"), flag("formSubmission"), flag("contactNoteCreate"), flag("contactNoteUpdate"), flag("contactNoteDelete"), flag("eventCreate"), flag("eventUpdate"), flag("eventDelete"), flag("active")];

#[rustfmt::skip]
pub(crate) const SAVED_REMINDER: &[Field] = &[int("id").required(), text("name"), text("reminderSourceType"), text("reminderSourceTypeDisplayName"), items("reminders", REMINDER), text("message"), time("dueDate"), int("contactId"), text("contactDisplayName"), text("reminderFrequency"), text("reminderFrequencyDisplayName"), text("milestoneType"), text("milestoneTypeDisplayName"), int("threshold"), text("description")];

#[rustfmt::skip]
pub(crate) const REMINDER_CREATE: &[Field] = &[text("taskType"), text("message"), time("dueDate"), int("contactId"), text("ownerEmail"), text("description")];

#[rustfmt::skip]
pub(crate) const RECURRING_REMINDER_CREATE: &[Field] = &[text("taskType"), text("message"), text("name"), time("dueDate"), int("contactId"), text("reminderFrequency"), text("ownerEmail"), text("description")];

#[rustfmt::skip]
pub(crate) const MILESTONE_REMINDER_CREATE: &[Field] = &[text("name"), text("milestoneType"), int("threshold"), text("ownerEmail"), text("description")];

#[rustfmt::skip]
pub(crate) const RECURRING_REMINDER_UPDATE: &[Field] = &[int("id"), text("taskType"), text("message"), text("name"), time("dueDate"), int("contactId"), text("reminderFrequency"), text("description")];

#[rustfmt::skip]
pub(crate) const MILESTONE_REMINDER_UPDATE: &[Field] = &[text("taskType"), text("name"), int("threshold"), flag("isFollowedContactsOnly"), text("description")];

#[rustfmt::skip]
pub(crate) const REMINDER_COMPLETION: &[Field] = &[text("noteTypeName"), text("note"), int("timeSpent"), flag("isImportant"), flag("isPrivate")];

#[rustfmt::skip]
pub(crate) static OPERATIONS: &[Operation] = &[
    Operation { id: "tokens.request", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(&[text("access_token").required(), text("token_type").required(), int("expires_in").required(), text("refresh_token"), text("userName"), text("twoFactorEnabled"), text(".issued"), text(".expires")]), parameters: &[] },
    Operation { id: "organizations.list", query: &[], paging: Paging::No, body: Shape::None, response: Shape::List(ORGANIZATION), parameters: &[] },
    Operation { id: "organizations.current", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(CURRENT_ORGANIZATION), parameters: &[] },
    Operation { id: "organizations.switch", query: &[], paging: Paging::No, body: Shape::One(&[int("organizationUserId").required()]), response: Shape::None, parameters: &[] },
    Operation { id: "permissions.list", query: &[], paging: Paging::No, body: Shape::None, response: Shape::List(PERMISSION), parameters: &[] },
    Operation { id: "contacts.get", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(CONTACT), parameters: &[] },
    Operation { id: "contacts.update", query: &[], paging: Paging::No, body: Shape::One(CONTACT_UPDATE), response: Shape::One(CONTACT), parameters: &[] },
    Operation { id: "contacts.by_source", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(CONTACT), parameters: &[] },
    Operation { id: "contacts.by_reference", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(CONTACT_BY_REFERENCE), parameters: &[] },
    Operation { id: "contacts.by_tag", query: &[text("filter"), one_of("sortBy", &["Id", "Name", "CreatedDateTime"]), flag("descending")], paging: Paging::Open, body: Shape::None, response: Shape::Page(CONTACT_SUMMARY), parameters: &[] },
    Operation { id: "contacts.find", query: &[text("email"), text("referenceSource"), text("referenceId")], paging: Paging::No, body: Shape::None, response: Shape::One(CONTACT), parameters: &[] },
    Operation { id: "contacts.search", query: &[], paging: Paging::Open, body: Shape::One(&[text("search").required()]), response: Shape::Page(CONTACT_SEARCH_HIT), parameters: &[] },
    Operation { id: "contacts.proximity", query: &[], paging: Paging::Open, body: Shape::One(PROXIMITY_SEARCH), response: Shape::List(CONTACT_PROXIMITY_HIT), parameters: &[] },
    Operation { id: "contacts.activity", query: &[], paging: Paging::Open, body: Shape::None, response: Shape::Page(CONTACT_ACTIVITY), parameters: &[] },
    Operation { id: "contacts.following", query: &[], paging: Paging::Open, body: Shape::None, response: Shape::Page(CONTACT_SUMMARY), parameters: &[] },
    Operation { id: "contacts.create", query: &[], paging: Paging::No, body: Shape::One(CONTACT_CREATE), response: Shape::One(CONTACT), parameters: &[] },
    Operation { id: "contacts.archive", query: &[], paging: Paging::No, body: Shape::One(ARCHIVE_CONTACT), response: Shape::None, parameters: &[] },
    Operation { id: "contacts.unarchive", query: &[], paging: Paging::No, body: Shape::None, response: Shape::None, parameters: &[] },
    Operation { id: "contacts.toggle_follow", query: &[], paging: Paging::No, body: Shape::None, response: Shape::None, parameters: &[] },
    Operation { id: "contacts.custom_collections", query: &[], paging: Paging::No, body: Shape::None, response: Shape::List(CUSTOM_COLLECTION_DEF), parameters: &[] },
    Operation { id: "contact_collections.add", query: &[], paging: Paging::No, body: Shape::One(&[items("fields", NAMED_VALUE).required()]), response: Shape::One(COLLECTION_INSTANCE), parameters: &[] },
    Operation { id: "contact_collections.update", query: &[], paging: Paging::No, body: Shape::One(&[items("fields", NAMED_VALUE).required()]), response: Shape::One(COLLECTION_INSTANCE), parameters: &[] },
    Operation { id: "contact_collections.delete", query: &[], paging: Paging::No, body: Shape::None, response: Shape::None, parameters: &[] },
    Operation { id: "contacts.create_transaction", query: &[], paging: Paging::No, body: Shape::One(CONTACT_TRANSACTION), response: Shape::None, parameters: &[] },
    Operation { id: "contacts.create_batch", query: &[], paging: Paging::No, body: Shape::One(CONTACT_TRANSACTION_BATCH), response: Shape::None, parameters: &[] },
    Operation { id: "contacts.prefixes", query: &[], paging: Paging::No, body: Shape::None, response: Shape::Strings, parameters: &[] },
    Operation { id: "contacts.types", query: &[], paging: Paging::No, body: Shape::None, response: Shape::List(CONTACT_TYPE_ENTRY), parameters: &[] },
    Operation { id: "contacts.custom_fields", query: &[], paging: Paging::No, body: Shape::None, response: Shape::List(CUSTOM_FIELD_DEF), parameters: &[] },
    Operation { id: "contacts.query_options", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(QUERY_OPTIONS), parameters: &[] },
    Operation { id: "contacts.query", query: &[], paging: Paging::AtMost(1000), body: Shape::One(CONTACT_QUERY), response: Shape::Page(CONTACT_SUMMARY), parameters: &[parameter("Contact Summary Id", Type::Int, "id"), parameter("Contact Summary Name", Type::String, "name"), parameter("Contact Type", Type::List, "contactType"), parameter("Contact Name", Type::String, "contactName"), parameter("Address", Type::String, "address"), parameter("Email", Type::String, "email"), parameter("Phone", Type::String, "phone")] },
    Operation { id: "contacts.query_full", query: &[], paging: Paging::AtMost(1000), body: Shape::One(CONTACT_QUERY), response: Shape::Page(CONTACT), parameters: &[] },
    Operation { id: "contacts.receipts", query: &[text("email")], paging: Paging::AtMost(1000), body: Shape::None, response: Shape::Page(CONTACT_RECEIPT), parameters: &[] },
    Operation { id: "contacts.receipt", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(RECEIPT_FILE), parameters: &[] },
    Operation { id: "contact_individuals.by_contact", query: &[], paging: Paging::No, body: Shape::None, response: Shape::List(CONTACT_INDIVIDUAL), parameters: &[] },
    Operation { id: "contact_individuals.get", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(CONTACT_INDIVIDUAL), parameters: &[] },
    Operation { id: "contact_individuals.update", query: &[], paging: Paging::No, body: Shape::One(INDIVIDUAL_UPDATE), response: Shape::One(CONTACT_INDIVIDUAL), parameters: &[] },
    Operation { id: "contact_individuals.delete", query: &[], paging: Paging::No, body: Shape::None, response: Shape::None, parameters: &[] },
    Operation { id: "contact_individuals.find", query: &[text("email").required()], paging: Paging::No, body: Shape::None, response: Shape::One(CONTACT_INDIVIDUAL), parameters: &[] },
    Operation { id: "contact_individuals.avatar", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(CONTACT_INDIVIDUAL), parameters: &[] },
    Operation { id: "contact_individuals.upload_avatar", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(CONTACT_INDIVIDUAL), parameters: &[] },
    Operation { id: "contact_individuals.create", query: &[], paging: Paging::No, body: Shape::One(INDIVIDUAL_CREATE), response: Shape::One(CONTACT_INDIVIDUAL), parameters: &[] },
    Operation { id: "contact_individuals.custom_collections", query: &[], paging: Paging::No, body: Shape::None, response: Shape::List(CUSTOM_COLLECTION_DEF), parameters: &[] },
    Operation { id: "individual_collections.add", query: &[], paging: Paging::No, body: Shape::One(COLLECTION_RECORD), response: Shape::One(COLLECTION_INSTANCE), parameters: &[] },
    Operation { id: "individual_collections.update", query: &[], paging: Paging::No, body: Shape::One(&[items("fields", NAMED_VALUE).required()]), response: Shape::One(COLLECTION_INSTANCE), parameters: &[] },
    Operation { id: "individual_collections.delete", query: &[int("collectionInstanceId").required()], paging: Paging::No, body: Shape::None, response: Shape::None, parameters: &[] },
    Operation { id: "contact_individuals.custom_fields", query: &[], paging: Paging::No, body: Shape::None, response: Shape::List(CUSTOM_FIELD_DEF), parameters: &[] },
    Operation { id: "contact_individuals.query_options", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(QUERY_OPTIONS), parameters: &[] },
    Operation { id: "contact_individuals.query", query: &[], paging: Paging::AtMost(1000), body: Shape::One(QUERY), response: Shape::Page(CONTACT_INDIVIDUAL), parameters: &[parameter("Contact Individual Id", Type::Int, "id"), parameter("Prefix", Type::String, "prefix"), parameter("First Name", Type::String, "firstName"), parameter("Middle Name", Type::String, "middleName"), parameter("Last Name", Type::String, "lastName"), parameter("Suffix", Type::String, "suffix"), parameter("Prefix2", Type::String, "prefix2"), parameter("Pre Marriage Name", Type::String, "preMarriageName"), parameter("Nickname", Type::String, "nickname"), parameter("Gender", Type::String, "gender"), parameter("Is Primary", Type::Boolean, "isPrimary"), parameter("Is Secondary", Type::Boolean, "isSecondary"), parameter("Birth Month", Type::Int, "birthMonth"), parameter("Birth Day", Type::Int, "birthDay"), parameter("Birth Year", Type::Int, "birthYear"), parameter("Birth Date", Type::Date, "birthDate"), parameter("Approximate Age", Type::Int, "approximateAge"), parameter("Is Deceased", Type::Boolean, "isDeceased"), parameter("Passion", Type::String, "passion"), parameter("Contact Id", Type::Int, "contactId"), parameter("Can Be Primary", Type::Boolean, "canBePrimary"), parameter("Can Be Secondary", Type::Boolean, "canBeSecondary"), parameter("Create Date", Type::Date, "createDateTimeUtc"), parameter("Create DateTime UTC", Type::Date, "createDateTimeUtc"), parameter("Last Modified Date", Type::Date, "modifiedDateTimeUtc"), parameter("Last Modified DateTime UTC", Type::Date, "modifiedDateTimeUtc"), parameter("Created By User", Type::String, "createdByUser"), parameter("Modified By User", Type::String, "modifiedByUser"), parameter("Deceased Date", Type::Date, "deceasedDate")] },
    Operation { id: "contact_individuals.email_lists", query: &[], paging: Paging::Open, body: Shape::None, response: Shape::Page(INDIVIDUAL_EMAIL_LIST), parameters: &[] },
    Operation { id: "contact_addresses.by_contact", query: &[], paging: Paging::No, body: Shape::None, response: Shape::List(CONTACT_ADDRESS), parameters: &[] },
    Operation { id: "contact_addresses.get", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(CONTACT_ADDRESS), parameters: &[] },
    Operation { id: "contact_addresses.update", query: &[], paging: Paging::No, body: Shape::One(ADDRESS_UPDATE), response: Shape::One(CONTACT_ADDRESS), parameters: &[] },
    Operation { id: "contact_addresses.delete", query: &[], paging: Paging::No, body: Shape::None, response: Shape::None, parameters: &[] },
    Operation { id: "contact_addresses.create", query: &[], paging: Paging::No, body: Shape::One(ADDRESS_CREATE), response: Shape::One(CONTACT_ADDRESS), parameters: &[] },
    Operation { id: "contact_addresses.archive", query: &[], paging: Paging::No, body: Shape::None, response: Shape::None, parameters: &[] },
    Operation { id: "contact_addresses.unarchive", query: &[], paging: Paging::No, body: Shape::None, response: Shape::None, parameters: &[] },
    Operation { id: "contact_methods.types", query: &[], paging: Paging::No, body: Shape::None, response: Shape::Strings, parameters: &[] },
    Operation { id: "contact_methods.related_types", query: &[text("name").required()], paging: Paging::No, body: Shape::None, response: Shape::Strings, parameters: &[] },
    Operation { id: "contact_methods.get", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(CONTACT_METHOD), parameters: &[] },
    Operation { id: "contact_methods.update", query: &[], paging: Paging::No, body: Shape::One(CONTACT_METHOD_UPDATE), response: Shape::One(CONTACT_METHOD), parameters: &[] },
    Operation { id: "contact_methods.delete", query: &[], paging: Paging::No, body: Shape::None, response: Shape::None, parameters: &[] },
    Operation { id: "contact_methods.create", query: &[], paging: Paging::No, body: Shape::One(CONTACT_METHOD_CREATE), response: Shape::One(CONTACT_METHOD), parameters: &[] },
    Operation { id: "contact_methods.archive", query: &[], paging: Paging::No, body: Shape::None, response: Shape::None, parameters: &[] },
    Operation { id: "contact_methods.unarchive", query: &[], paging: Paging::No, body: Shape::None, response: Shape::None, parameters: &[] },
    Operation { id: "contact_notes.by_contact", query: &[one_of("sortBy", &["Id", "NoteDate", "CreatedDateTime"]), flag("descending")], paging: Paging::Open, body: Shape::None, response: Shape::Page(CONTACT_NOTE), parameters: &[] },
    Operation { id: "contact_notes.important_by_contact", query: &[one_of("sortBy", &["Id", "NoteDate", "CreatedDateTime"]), flag("descending")], paging: Paging::Open, body: Shape::None, response: Shape::Page(CONTACT_NOTE), parameters: &[] },
    Operation { id: "contact_notes.get", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(CONTACT_NOTE), parameters: &[] },
    Operation { id: "contact_notes.update", query: &[], paging: Paging::No, body: Shape::One(NOTE_UPDATE), response: Shape::One(CONTACT_NOTE), parameters: &[] },
    Operation { id: "contact_notes.delete", query: &[], paging: Paging::No, body: Shape::None, response: Shape::None, parameters: &[] },
    Operation { id: "contact_notes.create", query: &[], paging: Paging::No, body: Shape::One(NOTE_CREATE), response: Shape::One(CONTACT_NOTE), parameters: &[] },
    Operation { id: "contact_notes.create_from_email", query: &[], paging: Paging::No, body: Shape::One(NOTE_EMAIL), response: Shape::List(CONTACT_NOTE), parameters: &[] },
    Operation { id: "contact_notes.query_options", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(QUERY_OPTIONS), parameters: &[] },
    Operation { id: "contact_notes.query", query: &[], paging: Paging::AtMost(1000), body: Shape::One(QUERY), response: Shape::Page(CONTACT_NOTE), parameters: &[parameter("Contact Note Id", Type::Int, "id"), parameter("Contact Id", Type::Int, "contactId"), parameter("Create Date", Type::Date, "createDateTimeUtc"), parameter("Create DateTime UTC", Type::Date, "createDateTimeUtc"), parameter("Created By User", Type::String, "createdByUser"), parameter("Last Modified Date", Type::Date, "modifiedDateTimeUtc"), parameter("Last Modified DateTime UTC", Type::Date, "modifiedDateTimeUtc"), parameter("Modified By User", Type::String, "modifiedByUser"), parameter("Note Date", Type::Date, "noteDate"), parameter("Type", Type::String, "type"), parameter("Note", Type::String, "note"), parameter("Important", Type::Boolean, "important"), parameter("Is Private", Type::Boolean, "isPrivate"), parameter("Created Date", Type::Date, "createdDate"), parameter("Created By", Type::String, "createdBy"), parameter("Binary Path", Type::String, "binaryPath")] },
    Operation { id: "contact_notes.types", query: &[], paging: Paging::No, body: Shape::None, response: Shape::Map, parameters: &[] },
    Operation { id: "contact_notes.custom_fields", query: &[], paging: Paging::No, body: Shape::None, response: Shape::List(CUSTOM_FIELD_DEF), parameters: &[] },
    Operation { id: "contact_references.create", query: &[], paging: Paging::No, body: Shape::One(CONTACT_REFERENCE_CREATE), response: Shape::None, parameters: &[] },
    Operation { id: "contact_references.delete", query: &[text("referenceId").required()], paging: Paging::No, body: Shape::None, response: Shape::None, parameters: &[] },
    Operation { id: "tags.list", query: &[], paging: Paging::Open, body: Shape::None, response: Shape::Page(TAG), parameters: &[] },
    Operation { id: "tags.search", query: &[], paging: Paging::Open, body: Shape::One(&[text("search").required()]), response: Shape::Page(TAG), parameters: &[] },
    Operation { id: "contact_tags.by_contact", query: &[], paging: Paging::Open, body: Shape::None, response: Shape::Page(CONTACT_TAG), parameters: &[] },
    Operation { id: "contact_tags.create", query: &[], paging: Paging::No, body: Shape::One(CONTACT_TAG_CREATE), response: Shape::One(CONTACT_TAG), parameters: &[] },
    Operation { id: "contact_tags.delete", query: &[], paging: Paging::No, body: Shape::None, response: Shape::None, parameters: &[] },
    Operation { id: "organization_groups.list", query: &[text("filter")], paging: Paging::Open, body: Shape::None, response: Shape::Page(ORGANIZATION_GROUP), parameters: &[] },
    Operation { id: "organization_groups.by_contact", query: &[], paging: Paging::No, body: Shape::None, response: Shape::List(ORGANIZATION_GROUP), parameters: &[] },
    Operation { id: "organization_groups.contacts", query: &[], paging: Paging::Open, body: Shape::None, response: Shape::Page(ORGANIZATION_GROUP_CONTACT), parameters: &[] },
    Operation { id: "organization_groups.get", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(ORGANIZATION_GROUP), parameters: &[] },
    Operation { id: "organization_groups.add_contact", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(ORGANIZATION_GROUP_CONTACT), parameters: &[] },
    Operation { id: "organization_groups.remove_contact", query: &[], paging: Paging::No, body: Shape::None, response: Shape::None, parameters: &[] },
    Operation { id: "relationships.by_contact", query: &[], paging: Paging::Open, body: Shape::None, response: Shape::Page(RELATIONSHIP), parameters: &[] },
    Operation { id: "relationships.create", query: &[], paging: Paging::No, body: Shape::One(RELATIONSHIP_CREATE), response: Shape::One(RELATIONSHIP), parameters: &[] },
    Operation { id: "relationships.update", query: &[], paging: Paging::No, body: Shape::One(RELATIONSHIP_UPDATE), response: Shape::One(RELATIONSHIP), parameters: &[] },
    Operation { id: "relationships.delete", query: &[], paging: Paging::No, body: Shape::None, response: Shape::None, parameters: &[] },
    Operation { id: "relationships.types", query: &[], paging: Paging::No, body: Shape::None, response: Shape::List(RELATIONSHIP_TYPE_ENTRY), parameters: &[] },
    Operation { id: "tributes.search", query: &[text("firstName"), text("lastName"), text("city"), text("state"), text("tributeType")], paging: Paging::No, body: Shape::None, response: Shape::List(TRIBUTE), parameters: &[] },
    Operation { id: "tributes.create", query: &[], paging: Paging::No, body: Shape::One(TRIBUTE_WRITE), response: Shape::One(TRIBUTE), parameters: &[] },
    Operation { id: "tributes.update", query: &[], paging: Paging::No, body: Shape::One(TRIBUTE_WRITE), response: Shape::One(TRIBUTE), parameters: &[] },
    Operation { id: "gifts.by_contact", query: &[one_of("sortBy", &["Id", "GiftDate", "Amount", "Batch", "CreatedDateTime"]), flag("descending")], paging: Paging::Open, body: Shape::None, response: Shape::Page(GIFT_SUMMARY), parameters: &[] },
    Operation { id: "gifts.by_reference", query: &[flag("excludeReferenceOriginatedGifts")], paging: Paging::Open, body: Shape::None, response: Shape::Page(GIFT_SUMMARY), parameters: &[] },
    Operation { id: "gifts.passthrough_by_contact", query: &[one_of("sortBy", &["Id", "GiftDate", "Amount", "Batch", "CreatedDateTime"]), flag("descending")], paging: Paging::Open, body: Shape::None, response: Shape::Page(GIFT_SUMMARY), parameters: &[] },
    Operation { id: "gifts.get", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(GIFT), parameters: &[] },
    Operation { id: "gifts.update", query: &[], paging: Paging::No, body: Shape::One(GIFT_UPDATE), response: Shape::One(GIFT), parameters: &[] },
    Operation { id: "gifts.delete", query: &[], paging: Paging::No, body: Shape::None, response: Shape::None, parameters: &[] },
    Operation { id: "gifts.by_transaction", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(GIFT), parameters: &[] },
    Operation { id: "gifts.create", query: &[], paging: Paging::No, body: Shape::One(GIFT_CREATE), response: Shape::One(GIFT), parameters: &[] },
    Operation { id: "gifts.patch", query: &[], paging: Paging::No, body: Shape::List(GIFT_PATCH), response: Shape::None, parameters: &[] },
    Operation { id: "gifts.create_bulk", query: &[], paging: Paging::No, body: Shape::List(GIFT_CREATE), response: Shape::List(GIFT), parameters: &[] },
    Operation { id: "gifts.reverse", query: &[], paging: Paging::No, body: Shape::One(REVERSING_GIFT), response: Shape::One(GIFT), parameters: &[] },
    Operation { id: "gifts.create_transaction", query: &[], paging: Paging::No, body: Shape::One(GIFT_TRANSACTION), response: Shape::None, parameters: &[] },
    Operation { id: "gifts.create_transactions", query: &[], paging: Paging::No, body: Shape::One(GIFT_TRANSACTION_BATCH), response: Shape::None, parameters: &[] },
    Operation { id: "gifts.custom_fields", query: &[], paging: Paging::No, body: Shape::None, response: Shape::List(CUSTOM_FIELD_DEF), parameters: &[] },
    Operation { id: "gifts.non_cash_gift_types", query: &[text("sortBy"), flag("descending")], paging: Paging::Open, body: Shape::None, response: Shape::Page(NON_CASH_GIFT_TYPE_ENTRY), parameters: &[] },
    Operation { id: "gifts.query_options", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(QUERY_OPTIONS), parameters: &[] },
    Operation { id: "gifts.query", query: &[], paging: Paging::AtMost(1000), body: Shape::One(QUERY), response: Shape::Page(GIFT_SUMMARY), parameters: &[parameter("Gift Summary Id", Type::Int, "id"), parameter("Contact Id", Type::Int, "contactId"), parameter("Contact Individual Id", Type::Int, "contactIndividualId"), parameter("Gift Type", Type::List, "giftType"), parameter("Gift Date", Type::Date, "giftDate"), parameter("Amount", Type::String, "amount"), parameter("Segment", Type::String, "segment"), parameter("Batch", Type::String, "batch"), parameter("Culture", Type::String, "culture"), parameter("Currency Code", Type::String, "currencyCode"), parameter("Base Currency Code", Type::String, "baseCurrencyCode"), parameter("Exchange Rate", Type::Decimal, "exchangeRate")] },
    Operation { id: "gifts.query_full", query: &[], paging: Paging::AtMost(1000), body: Shape::One(QUERY), response: Shape::Page(GIFT), parameters: &[] },
    Operation { id: "gift_designations.query_options", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(QUERY_OPTIONS), parameters: &[] },
    Operation { id: "gift_designations.query", query: &[], paging: Paging::AtMost(1000), body: Shape::One(QUERY), response: Shape::Page(GIFT_DESIGNATION_ROW), parameters: &[parameter("Gift Designation Id", Type::Int, "id"), parameter("Create Date", Type::Date, "createDate"), parameter("Amount Designated", Type::Decimal, "amountDesignated"), parameter("Gift Id", Type::Int, "giftId"), parameter("Gift Date", Type::Date, "giftDate"), parameter("Gift Type", Type::List, "giftType"), parameter("Gift Is Private", Type::Boolean, "giftIsPrivate"), parameter("Contact Id", Type::Int, "contactId"), parameter("Contact Name", Type::String, "contactName"), parameter("Contact Type", Type::List, "contactType"), parameter("Project Id", Type::Int, "projectId"), parameter("Project", Type::String, "project"), parameter("Project Code", Type::String, "projectCode"), parameter("Project External Accounting Code", Type::String, "projectExternalAccountingCode"), parameter("Project Type", Type::String, "projectType"), parameter("Project Location", Type::String, "projectLocation"), parameter("Parent Project Id", Type::Int, "parentProjectId"), parameter("Parent Project", Type::String, "parentProject"), parameter("Parent Project Code", Type::String, "parentProjectCode"), parameter("Parent Project External Accounting Code", Type::String, "parentProjectExternalAccountingCode"), parameter("Parent Project Type", Type::String, "parentProjectType"), parameter("Parent Project Location", Type::String, "parentProjectLocation"), parameter("Batch", Type::String, "batch"), parameter("Segment Name", Type::String, "segmentName"), parameter("Segment Code", Type::String, "segmentCode")] },
    Operation { id: "gift_asks.by_contact", query: &[], paging: Paging::Open, body: Shape::None, response: Shape::Page(GIFT_ASK), parameters: &[] },
    Operation { id: "gift_asks.gifts", query: &[], paging: Paging::No, body: Shape::None, response: Shape::List(GIFT), parameters: &[] },
    Operation { id: "gift_asks.get", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(GIFT_ASK), parameters: &[] },
    Operation { id: "gift_asks.update", query: &[], paging: Paging::No, body: Shape::One(GIFT_ASK_UPDATE), response: Shape::One(GIFT_ASK), parameters: &[] },
    Operation { id: "gift_asks.create", query: &[], paging: Paging::No, body: Shape::One(GIFT_ASK_CREATE), response: Shape::One(GIFT_ASK), parameters: &[] },
    Operation { id: "gift_asks.custom_fields", query: &[], paging: Paging::No, body: Shape::None, response: Shape::List(CUSTOM_FIELD_DEF), parameters: &[] },
    Operation { id: "gift_asks.query_options", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(QUERY_OPTIONS), parameters: &[] },
    Operation { id: "gift_asks.query", query: &[], paging: Paging::AtMost(1000), body: Shape::One(QUERY), response: Shape::Page(GIFT_ASK), parameters: &[parameter("Gift Ask Id", Type::Int, "id"), parameter("Contact Id", Type::Int, "contactId"), parameter("Ask Amount", Type::Decimal, "askAmount"), parameter("Ask Amount Formatted", Type::String, "askAmountFormatted"), parameter("Ask Date", Type::Date, "askDate"), parameter("Ask Date Formatted", Type::String, "askDateFormatted"), parameter("Expected Fulfillment Date", Type::Date, "expectedFulfillmentDate"), parameter("Expected Fulfillment Date Formatted", Type::String, "expectedFulfillmentDateFormatted"), parameter("Notes", Type::String, "notes"), parameter("Ask Type", Type::List, "askType"), parameter("Frequency", Type::List, "frequency"), parameter("Declined", Type::Boolean, "declined"), parameter("Create Date", Type::Date, "createDateTimeUtc"), parameter("Create DateTime UTC", Type::Date, "createDateTimeUtc"), parameter("Created By User", Type::String, "createdByUser"), parameter("Last Modified Date", Type::Date, "modifiedDateTimeUtc"), parameter("Last Modified DateTime UTC", Type::Date, "modifiedDateTimeUtc"), parameter("Modified By User", Type::String, "modifiedByUser"), parameter("Project Id", Type::Int, "projectId"), parameter("Project", Type::String, "project"), parameter("Segment Id", Type::Int, "segmentId"), parameter("Segment", Type::String, "segment"), parameter("Segment Code", Type::String, "segmentCode"), parameter("Assigned User Id", Type::Int, "assignedUserId"), parameter("Assigned User", Type::String, "assignedUser"), parameter("Secondary Assigned User", Type::String, "secondaryAssignedUser"), parameter("Secondary Assigned User Id", Type::Int, "secondaryAssignedUserId"), parameter("Status", Type::String, "status")] },
    Operation { id: "planned_gifts.by_contact", query: &[], paging: Paging::Open, body: Shape::None, response: Shape::Page(PLANNED_GIFT), parameters: &[] },
    Operation { id: "planned_gifts.get", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(PLANNED_GIFT), parameters: &[] },
    Operation { id: "planned_gifts.update", query: &[], paging: Paging::No, body: Shape::One(PLANNED_GIFT_UPDATE), response: Shape::One(PLANNED_GIFT), parameters: &[] },
    Operation { id: "planned_gifts.gifts", query: &[], paging: Paging::No, body: Shape::None, response: Shape::List(GIFT), parameters: &[] },
    Operation { id: "planned_gifts.create", query: &[], paging: Paging::No, body: Shape::One(PLANNED_GIFT_CREATE), response: Shape::One(PLANNED_GIFT), parameters: &[] },
    Operation { id: "planned_gifts.custom_fields", query: &[], paging: Paging::No, body: Shape::None, response: Shape::List(CUSTOM_FIELD_DEF), parameters: &[] },
    Operation { id: "planned_gifts.query_options", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(QUERY_OPTIONS), parameters: &[] },
    Operation { id: "planned_gifts.query", query: &[], paging: Paging::AtMost(1000), body: Shape::One(QUERY), response: Shape::Page(PLANNED_GIFT), parameters: &[parameter("Planned Gift Id", Type::Int, "id"), parameter("Contact Id", Type::Int, "contactId"), parameter("Planned Gift Date", Type::Date, "plannedGiftDate"), parameter("Planned Gift Type", Type::List, "pkannedGiftType"), parameter("Frequency", Type::List, "frequency"), parameter("Anticipated Amount", Type::Decimal, "anticipatedAmount"), parameter("Anticipated Start Date", Type::Date, "anticipatedStartDate"), parameter("Number Of Occurrences", Type::Int, "numberOfOccurrences"), parameter("Current Value", Type::Decimal, "currentValue"), parameter("Fulfilled", Type::Decimal, "fulfilled"), parameter("Project Id", Type::Int, "projectId"), parameter("Project", Type::String, "project"), parameter("Segment Id", Type::Int, "segmentId"), parameter("Segment", Type::String, "segment"), parameter("Create Date", Type::Date, "createDateTimeUtc"), parameter("Create DateTime UTC", Type::Date, "createDateTimeUtc"), parameter("Created By User", Type::String, "createdByUser"), parameter("Last Modified Date", Type::Date, "modifiedDateTimeUtc"), parameter("Last Modified DateTime UTC", Type::Date, "modifiedDateTimeUtc"), parameter("Modified By User", Type::String, "modifiedByUser")] },
    Operation { id: "pledges.by_contact", query: &[one_of("sortBy", &["Id", "PledgeDate", "AmountPledged", "CreatedDateTime"]), flag("descending")], paging: Paging::Open, body: Shape::None, response: Shape::Page(PLEDGE), parameters: &[] },
    Operation { id: "pledges.get", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(PLEDGE), parameters: &[] },
    Operation { id: "pledges.update", query: &[], paging: Paging::No, body: Shape::One(PLEDGE_UPDATE), response: Shape::One(PLEDGE), parameters: &[] },
    Operation { id: "pledges.create", query: &[], paging: Paging::No, body: Shape::One(PLEDGE_CREATE), response: Shape::One(PLEDGE), parameters: &[] },
    Operation { id: "pledges.write_off", query: &[], paging: Paging::No, body: Shape::One(&[text("reason").required()]), response: Shape::One(PLEDGE), parameters: &[] },
    Operation { id: "pledges.custom_fields", query: &[], paging: Paging::No, body: Shape::None, response: Shape::List(CUSTOM_FIELD_DEF), parameters: &[] },
    Operation { id: "pledges.query_options", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(QUERY_OPTIONS), parameters: &[] },
    Operation { id: "pledges.query", query: &[], paging: Paging::AtMost(1000), body: Shape::One(QUERY), response: Shape::Page(PLEDGE), parameters: &[parameter("Pledge Id", Type::Int, "id"), parameter("Contact Id", Type::Int, "contactId"), parameter("Amount Pledged", Type::Decimal, "amountPledged"), parameter("Frequency", Type::List, "frequency"), parameter("Pledge Date", Type::Date, "pledgeDate"), parameter("Expected Fulfillment Date", Type::Date, "expectedFulfillmentDate"), parameter("Create Date", Type::Date, "createDateTimeUtc"), parameter("Create DateTime UTC", Type::Date, "createDateTimeUtc"), parameter("Created By User", Type::String, "createdByUser"), parameter("Last Modified Date", Type::Date, "modifiedDateTimeUtc"), parameter("Last Modified DateTime UTC", Type::Date, "modifiedDateTimeUtc"), parameter("Modified By User", Type::String, "modifiedByUser"), parameter("Segment Id", Type::Int, "segmentId"), parameter("Segment", Type::String, "segment"), parameter("Project Id", Type::Int, "projectId"), parameter("Project", Type::String, "project"), parameter("Is Private", Type::Boolean, "isPrivate"), parameter("Status", Type::String, "status")] },
    Operation { id: "premiums.get", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(PREMIUM), parameters: &[] },
    Operation { id: "premiums.update", query: &[], paging: Paging::No, body: Shape::One(PREMIUM_WRITE), response: Shape::One(PREMIUM), parameters: &[] },
    Operation { id: "premiums.by_code", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(PREMIUM), parameters: &[] },
    Operation { id: "premiums.search", query: &[], paging: Paging::Open, body: Shape::One(&[text("search").required()]), response: Shape::Page(PREMIUM), parameters: &[] },
    Operation { id: "premiums.create", query: &[], paging: Paging::No, body: Shape::One(PREMIUM_WRITE), response: Shape::One(PREMIUM), parameters: &[] },
    Operation { id: "premiums.increment", query: &[int("incrementor")], paging: Paging::No, body: Shape::None, response: Shape::One(PREMIUM), parameters: &[] },
    Operation { id: "premiums.decrement", query: &[int("decrementor")], paging: Paging::No, body: Shape::None, response: Shape::One(PREMIUM), parameters: &[] },
    Operation { id: "premiums.custom_fields", query: &[], paging: Paging::No, body: Shape::None, response: Shape::List(CUSTOM_FIELD_DEF), parameters: &[] },
    Operation { id: "premiums.query", query: &[], paging: Paging::AtMost(1000), body: Shape::One(QUERY), response: Shape::Page(PREMIUM), parameters: &[parameter("Premium Id", Type::Int, "id"), parameter("Premium Name", Type::String, "name"), parameter("Code", Type::String, "code"), parameter("Description", Type::String, "description"), parameter("Price", Type::Decimal, "price"), parameter("Fair Market Value", Type::Decimal, "fairMarketValue"), parameter("Cost", Type::Decimal, "cost"), parameter("Inventory Count", Type::Int, "inventoryCount"), parameter("Is Active", Type::Boolean, "isActive"), parameter("Create Date", Type::Date, "createDateTimeUtc"), parameter("Create DateTime UTC", Type::Date, "createDateTimeUtc"), parameter("Created By User", Type::String, "createdByUser"), parameter("Last Modified Date", Type::Date, "modifiedDateTimeUtc"), parameter("Last Modified DateTime UTC", Type::Date, "modifiedDateTimeUtc"), parameter("Modified By User", Type::String, "modifiedByUser")] },
    Operation { id: "premiums.query_options", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(QUERY_OPTIONS), parameters: &[] },
    Operation { id: "recurring_gifts.by_contact", query: &[one_of("sortBy", &["Id", "RecurringGiftDate", "Amount", "CreatedDateTime"]), flag("descending")], paging: Paging::Open, body: Shape::None, response: Shape::Page(RECURRING_GIFT), parameters: &[] },
    Operation { id: "recurring_gifts.get", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(RECURRING_GIFT), parameters: &[] },
    Operation { id: "recurring_gifts.update", query: &[], paging: Paging::No, body: Shape::One(RECURRING_GIFT_UPDATE), response: Shape::One(RECURRING_GIFT), parameters: &[] },
    Operation { id: "recurring_gifts.create", query: &[], paging: Paging::No, body: Shape::One(RECURRING_GIFT_CREATE), response: Shape::One(RECURRING_GIFT), parameters: &[] },
    Operation { id: "recurring_gifts.cancel", query: &[], paging: Paging::No, body: Shape::One(RECURRING_GIFT_CANCEL), response: Shape::One(RECURRING_GIFT), parameters: &[] },
    Operation { id: "recurring_gifts.custom_fields", query: &[], paging: Paging::No, body: Shape::None, response: Shape::List(CUSTOM_FIELD_DEF), parameters: &[] },
    Operation { id: "recurring_gifts.query_options", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(QUERY_OPTIONS), parameters: &[] },
    Operation { id: "recurring_gifts.query", query: &[], paging: Paging::AtMost(1000), body: Shape::One(QUERY), response: Shape::Page(RECURRING_GIFT), parameters: &[parameter("Recurring Gift Id", Type::Int, "id"), parameter("Transaction Source", Type::String, "transactionSource"), parameter("Transaction Id", Type::String, "transactionId"), parameter("Contact Id", Type::Int, "contactId"), parameter("Recurring Gift Date", Type::Date, "recurringGiftDate"), parameter("Start Date", Type::Date, "startDate"), parameter("Amount", Type::Decimal, "amount"), parameter("Frequency", Type::List, "frequency"), parameter("Anticipated End Date", Type::Date, "anticipatedEndDate"), parameter("Cancel DateTime UTC", Type::Date, "cancelDateTimeUtc"), parameter("Create Date", Type::Date, "createDateTimeUtc"), parameter("Create DateTime UTC", Type::Date, "createDateTimeUtc"), parameter("Created By User", Type::String, "createdByUser"), parameter("Last Modified Date", Type::Date, "modifiedDateTimeUtc"), parameter("Last Modified DateTime UTC", Type::Date, "modifiedDateTimeUtc"), parameter("Modified By User", Type::String, "modifiedByUser"), parameter("Segment Id", Type::Int, "segmentId"), parameter("Segment", Type::String, "segment"), parameter("Automated Payments", Type::Boolean, "automatedPayments"), parameter("Track Payments", Type::Boolean, "trackPayments"), parameter("Is Private", Type::Boolean, "isPrivate"), parameter("Status", Type::String, "status"), parameter("Next Expected Payment Date", Type::Date, "nextExpectedPaymentDate")] },
    Operation { id: "recurring_gifts.payments", query: &[], paging: Paging::Open, body: Shape::None, response: Shape::List(RECURRING_GIFT_PAYMENT), parameters: &[] },
    Operation { id: "campaigns.get", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(CAMPAIGN), parameters: &[] },
    Operation { id: "campaigns.steps", query: &[], paging: Paging::No, body: Shape::None, response: Shape::Strings, parameters: &[] },
    Operation { id: "campaigns.query_options", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(QUERY_OPTIONS), parameters: &[] },
    Operation { id: "campaigns.query", query: &[], paging: Paging::AtMost(1000), body: Shape::One(QUERY), response: Shape::Page(CAMPAIGN), parameters: &[parameter("Campaign Id", Type::Int, "campaignId"), parameter("Campaign Name", Type::String, "name"), parameter("Start DateTime UTC", Type::Date, "startDateTimeUtc"), parameter("End DateTime UTC", Type::Date, "endDateTimeUtc"), parameter("Giving Goal", Type::Decimal, "givingGoal"), parameter("New Giver Goal", Type::Int, "newGiverGoal"), parameter("Total Gift Goal", Type::Int, "totalGiftGoal"), parameter("Is Archived", Type::Boolean, "isArchived"), parameter("Create Date", Type::Date, "createDateTimeUtc"), parameter("Create DateTime UTC", Type::Date, "createDateTimeUtc"), parameter("Created By User", Type::String, "createdByUser"), parameter("Last Modified Date", Type::Date, "modifiedDateTimeUtc"), parameter("Last Modified DateTime UTC", Type::Date, "modifiedDateTimeUtc"), parameter("Modified By User", Type::String, "modifiedByUser")] },
    Operation { id: "communications.by_campaign", query: &[text("filter"), one_of("sortBy", &["Id", "Name", "CreatedDateTime"]), flag("descending")], paging: Paging::Open, body: Shape::None, response: Shape::Page(COMMUNICATION), parameters: &[] },
    Operation { id: "communications.get", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(COMMUNICATION), parameters: &[] },
    Operation { id: "communications.channel_types", query: &[], paging: Paging::No, body: Shape::None, response: Shape::Strings, parameters: &[] },
    Operation { id: "communications.types", query: &[], paging: Paging::No, body: Shape::None, response: Shape::Strings, parameters: &[] },
    Operation { id: "communications.create", query: &[], paging: Paging::No, body: Shape::One(COMMUNICATION_CREATE), response: Shape::One(COMMUNICATION), parameters: &[] },
    Operation { id: "communications.query", query: &[], paging: Paging::AtMost(1000), body: Shape::One(QUERY), response: Shape::Page(COMMUNICATION_QUERY_ROW), parameters: &[parameter("Communication Id", Type::Int, "communicationId"), parameter("Campaign Id", Type::Int, "campaignId"), parameter("Campaign Name", Type::String, "campaignName"), parameter("Channel Type", Type::String, "channelType"), parameter("Communication Type", Type::String, "communicationType"), parameter("Startdate Time UTC", Type::Date, "startdateTimeUtc"), parameter("Giving Goal", Type::Decimal, "givingGoal"), parameter("Project Id", Type::Int, "projectId"), parameter("Project Code", Type::String, "projectCode"), parameter("Project Name", Type::String, "projectName"), parameter("Created DateTime UTC", Type::Date, "createdDateTimeUtc"), parameter("Created By User", Type::String, "createdByUser"), parameter("Last Modified DateTime UTC", Type::Date, "lastModifiedDateTimeUtc"), parameter("Modified By User", Type::String, "modifiedByUser")] },
    Operation { id: "communications.query_options", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(QUERY_OPTIONS), parameters: &[] },
    Operation { id: "segments.by_contact", query: &[], paging: Paging::Open, body: Shape::None, response: Shape::Page(SEGMENT), parameters: &[] },
    Operation { id: "segments.get", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(SEGMENT), parameters: &[] },
    Operation { id: "segments.update", query: &[], paging: Paging::No, body: Shape::One(SEGMENT_UPDATE), response: Shape::One(SEGMENT), parameters: &[] },
    Operation { id: "segments.by_code", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(SEGMENT), parameters: &[] },
    Operation { id: "segments.search", query: &[], paging: Paging::Open, body: Shape::One(&[text("search").required()]), response: Shape::Page(SEGMENT), parameters: &[] },
    Operation { id: "segments.create", query: &[], paging: Paging::No, body: Shape::One(SEGMENT_CREATE), response: Shape::One(SEGMENT), parameters: &[] },
    Operation { id: "projects.get", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(PROJECT), parameters: &[] },
    Operation { id: "projects.update", query: &[flag("disableWebhookUpdates")], paging: Paging::No, body: Shape::One(PROJECT_WRITE), response: Shape::One(PROJECT), parameters: &[] },
    Operation { id: "projects.by_code", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(PROJECT), parameters: &[] },
    Operation { id: "projects.search", query: &[], paging: Paging::Open, body: Shape::One(&[text("search").required()]), response: Shape::Page(PROJECT), parameters: &[] },
    Operation { id: "projects.create", query: &[flag("disableWebhookUpdates")], paging: Paging::No, body: Shape::One(PROJECT_WRITE), response: Shape::One(PROJECT), parameters: &[] },
    Operation { id: "projects.patch", query: &[], paging: Paging::No, body: Shape::List(PROJECT_PATCH), response: Shape::None, parameters: &[] },
    Operation { id: "projects.set_status", query: &[text("inventoryStatus").required(), int("durationMinutes")], paging: Paging::No, body: Shape::None, response: Shape::None, parameters: &[] },
    Operation { id: "projects.set_balance", query: &[], paging: Paging::No, body: Shape::One(PROJECT_BALANCE), response: Shape::One(PROJECT), parameters: &[] },
    Operation { id: "projects.custom_fields", query: &[], paging: Paging::No, body: Shape::None, response: Shape::List(CUSTOM_FIELD_DEF), parameters: &[] },
    Operation { id: "projects.types", query: &[], paging: Paging::No, body: Shape::None, response: Shape::Strings, parameters: &[] },
    Operation { id: "projects.query_options", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(QUERY_OPTIONS), parameters: &[] },
    Operation { id: "projects.query", query: &[], paging: Paging::AtMost(1000), body: Shape::One(QUERY), response: Shape::Page(PROJECT), parameters: &[parameter("Project Id", Type::Int, "id"), parameter("Project Name", Type::String, "name"), parameter("Project Code", Type::String, "projectCode"), parameter("External Accounting Code", Type::String, "externalAccountingCode"), parameter("Online Display Name", Type::String, "onlineDisplayName"), parameter("Description", Type::String, "description"), parameter("Parent Id", Type::Int, "parentId"), parameter("Parent Name", Type::String, "parentName"), parameter("Is Sub Project", Type::Boolean, "isSubProject"), parameter("Inventory Status", Type::String, "inventoryStatus"), parameter("Type", Type::String, "type"), parameter("Location", Type::String, "location"), parameter("Is Restricted To Gift Specifications", Type::Boolean, "isRestrictedToGiftSpecifications"), parameter("Is Limited To Financial Need", Type::Boolean, "isLimitedToFinancialNeed"), parameter("Is Public", Type::Boolean, "isPublic"), parameter("Is Active", Type::Boolean, "isActive"), parameter("Is Available Online", Type::Boolean, "isAvailableOnline"), parameter("Is Tax Deductible", Type::Boolean, "isTaxDeductible"), parameter("Treat As Accounts Payable", Type::Boolean, "treatAsAccountsPayable"), parameter("Beginning Balance", Type::Decimal, "beginningBalance"), parameter("Current Balance", Type::Decimal, "currentBalance"), parameter("Financial Need Type", Type::String, "financialNeedType"), parameter("Financial Need Frequency", Type::List, "financialNeedFrequency"), parameter("Financial Need Amount", Type::Decimal, "financialNeedAmount"), parameter("Start Date", Type::Date, "startDate"), parameter("End Date", Type::Date, "endDate"), parameter("Duration Type", Type::String, "durationType"), parameter("Life To Date Giving", Type::Decimal, "lifeToDateGiving"), parameter("Life To Date Gift Count", Type::Int, "lifeToDateGiftCount"), parameter("Life To Date Givers Count", Type::Int, "lifeToDateGiversCount"), parameter("Life To Date Expense Total", Type::Decimal, "lifeToDateExpenseTotal"), parameter("Calendar Year To Date Giving", Type::Decimal, "calendarYearToDateGiving"), parameter("Calendar Year To Date Gift Count", Type::Int, "calendarYearToDateGiftCount"), parameter("Calendar Year To Date Givers Count", Type::Int, "calendarYearToDateGiversCount"), parameter("Calendar Year To Date Expense Total", Type::Decimal, "calendarYearToDateExpenseTotal"), parameter("Create Date", Type::Date, "createDateTimeUtc"), parameter("Create DateTime UTC", Type::Date, "createDateTimeUtc"), parameter("Created By User", Type::String, "createdByUser"), parameter("Last Modified Date", Type::Date, "modifiedDateTimeUtc"), parameter("Last Modified DateTime UTC", Type::Date, "modifiedDateTimeUtc"), parameter("Modified By User", Type::String, "modifiedByUser")] },
    Operation { id: "project_expenses.list", query: &[int("projectId"), text("projectCode"), text("filter"), int("count")], paging: Paging::Open, body: Shape::None, response: Shape::Page(PROJECT_EXPENSE), parameters: &[] },
    Operation { id: "project_expenses.create", query: &[], paging: Paging::No, body: Shape::One(PROJECT_EXPENSE_CREATE), response: Shape::One(PROJECT_EXPENSE), parameters: &[] },
    Operation { id: "project_expenses.get", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(PROJECT_EXPENSE), parameters: &[] },
    Operation { id: "project_expenses.update", query: &[], paging: Paging::No, body: Shape::One(PROJECT_EXPENSE_UPDATE), response: Shape::One(PROJECT_EXPENSE), parameters: &[] },
    Operation { id: "project_expenses.create_batch", query: &[], paging: Paging::No, body: Shape::One(&[items("projectExpenses", PROJECT_EXPENSE_CREATE).required()]), response: Shape::None, parameters: &[] },
    Operation { id: "project_notes.by_project", query: &[], paging: Paging::Open, body: Shape::None, response: Shape::Page(PROJECT_NOTE), parameters: &[] },
    Operation { id: "project_notes.get", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(PROJECT_NOTE), parameters: &[] },
    Operation { id: "project_notes.update", query: &[], paging: Paging::No, body: Shape::One(PROJECT_NOTE_UPDATE), response: Shape::One(PROJECT_NOTE), parameters: &[] },
    Operation { id: "project_notes.delete", query: &[], paging: Paging::No, body: Shape::None, response: Shape::None, parameters: &[] },
    Operation { id: "project_notes.create", query: &[], paging: Paging::No, body: Shape::One(PROJECT_NOTE_CREATE), response: Shape::One(PROJECT_NOTE), parameters: &[] },
    Operation { id: "project_notes.types", query: &[], paging: Paging::No, body: Shape::None, response: Shape::Strings, parameters: &[] },
    Operation { id: "project_roles.by_contact", query: &[], paging: Paging::Open, body: Shape::None, response: Shape::Page(PROJECT_ROLE), parameters: &[] },
    Operation { id: "project_roles.by_project", query: &[], paging: Paging::Open, body: Shape::None, response: Shape::Page(PROJECT_ROLE), parameters: &[] },
    Operation { id: "project_roles.get", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(PROJECT_ROLE), parameters: &[] },
    Operation { id: "project_roles.update", query: &[], paging: Paging::No, body: Shape::One(PROJECT_ROLE_UPDATE), response: Shape::One(PROJECT_ROLE), parameters: &[] },
    Operation { id: "project_roles.delete", query: &[], paging: Paging::No, body: Shape::None, response: Shape::None, parameters: &[] },
    Operation { id: "project_roles.create", query: &[], paging: Paging::No, body: Shape::One(PROJECT_ROLE_CREATE), response: Shape::One(PROJECT_ROLE), parameters: &[] },
    Operation { id: "project_roles.types", query: &[], paging: Paging::Open, body: Shape::None, response: Shape::Page(PROJECT_ROLE_TYPE_ENTRY), parameters: &[] },
    Operation { id: "events.list", query: &[], paging: Paging::Open, body: Shape::None, response: Shape::Page(EVENT), parameters: &[] },
    Operation { id: "events.create", query: &[], paging: Paging::No, body: Shape::One(EVENT_WRITE), response: Shape::One(EVENT), parameters: &[] },
    Operation { id: "events.get", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(EVENT), parameters: &[] },
    Operation { id: "events.update", query: &[], paging: Paging::No, body: Shape::One(EVENT_WRITE), response: Shape::One(EVENT), parameters: &[] },
    Operation { id: "events.delete", query: &[], paging: Paging::No, body: Shape::None, response: Shape::None, parameters: &[] },
    Operation { id: "events.search", query: &[text("filter").required()], paging: Paging::No, body: Shape::None, response: Shape::List(EVENT), parameters: &[] },
    Operation { id: "events.types", query: &[], paging: Paging::No, body: Shape::None, response: Shape::Strings, parameters: &[] },
    Operation { id: "events.custom_fields", query: &[], paging: Paging::No, body: Shape::None, response: Shape::List(CUSTOM_FIELD_DEF), parameters: &[] },
    Operation { id: "events.query_options", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(QUERY_OPTIONS), parameters: &[] },
    Operation { id: "events.query", query: &[], paging: Paging::AtMost(1000), body: Shape::One(QUERY), response: Shape::Page(EVENT), parameters: &[parameter("Event Id", Type::Int, "id"), parameter("Event Name", Type::String, "name"), parameter("Event Type", Type::String, "eventType"), parameter("Location Name", Type::String, "locationName"), parameter("Display Address", Type::String, "displayAddress"), parameter("Geocode Address", Type::String, "geocodeAddress"), parameter("Start DateTime", Type::Date, "startDateTime"), parameter("End DateTime", Type::Date, "endDateTime"), parameter("Time Zone", Type::String, "timeZone"), parameter("Description", Type::String, "description"), parameter("Special Instructions", Type::String, "specialInstructions"), parameter("Invite Only", Type::Boolean, "inviteOnly"), parameter("Rsvp Required", Type::Boolean, "rsvpRequired"), parameter("Total Invites", Type::Int, "totalInvites"), parameter("Total Rsvps", Type::Int, "totalRsvps"), parameter("Total Attended", Type::Int, "totalAttended"), parameter("Total Gifts", Type::Int, "totalGifts"), parameter("Total Giving", Type::Decimal, "totalGiving"), parameter("Communication Id", Type::Int, "communicationId"), parameter("Create Date", Type::Date, "createDateTimeUtc"), parameter("Create DateTime UTC", Type::Date, "createDateTimeUtc"), parameter("Created By User", Type::String, "createdByUser"), parameter("Last Modified Date", Type::Date, "modifiedDateTimeUtc"), parameter("Last Modified DateTime UTC", Type::Date, "modifiedDateTimeUtc"), parameter("Modified By User", Type::String, "modifiedByUser")] },
    Operation { id: "event_attendees.list", query: &[], paging: Paging::Open, body: Shape::None, response: Shape::Page(EVENT_ATTENDEE), parameters: &[] },
    Operation { id: "event_attendees.create", query: &[], paging: Paging::No, body: Shape::One(EVENT_ATTENDEE_CREATE), response: Shape::One(EVENT_ATTENDEE), parameters: &[] },
    Operation { id: "event_attendees.get", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(EVENT_ATTENDEE), parameters: &[] },
    Operation { id: "event_attendees.update", query: &[], paging: Paging::No, body: Shape::One(EVENT_ATTENDEE_UPDATE), response: Shape::One(EVENT_ATTENDEE), parameters: &[] },
    Operation { id: "event_attendees.delete", query: &[], paging: Paging::No, body: Shape::None, response: Shape::None, parameters: &[] },
    Operation { id: "events.attendee_custom_fields", query: &[], paging: Paging::No, body: Shape::None, response: Shape::List(CUSTOM_FIELD_DEF), parameters: &[] },
    Operation { id: "events.attendee_query_options", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(QUERY_OPTIONS), parameters: &[] },
    Operation { id: "events.query_attendees", query: &[], paging: Paging::AtMost(1000), body: Shape::One(QUERY), response: Shape::Page(EVENT_ATTENDEE), parameters: &[parameter("Event Attendee Id", Type::Int, "id"), parameter("Contact Id", Type::Int, "contactId"), parameter("Contact Individual Id", Type::Int, "contactIndividualId"), parameter("Invitee", Type::String, "invitee"), parameter("Event", Type::String, "event"), parameter("Event Id", Type::Int, "eventId"), parameter("Location", Type::String, "location"), parameter("Start DateTime", Type::Date, "startDateTime"), parameter("End DateTime", Type::Date, "endDateTime"), parameter("Time Zone", Type::String, "timeZone"), parameter("Rsvp", Type::Boolean, "rsvp"), parameter("Attended", Type::Boolean, "attended"), parameter("Email Address", Type::String, "emailAddress"), parameter("Invited", Type::Boolean, "invited"), parameter("Email Status", Type::String, "emailStatus"), parameter("Email Sent", Type::String, "emailSent"), parameter("Create Date", Type::Date, "createDateTimeUtc"), parameter("Create DateTime UTC", Type::Date, "createDateTimeUtc"), parameter("Created By User", Type::String, "createdByUser"), parameter("Last Modified Date", Type::Date, "modifiedDateTimeUtc"), parameter("Last Modified DateTime UTC", Type::Date, "modifiedDateTimeUtc"), parameter("Modified By User", Type::String, "modifiedByUser")] },
    Operation { id: "event_contacts.list", query: &[], paging: Paging::Open, body: Shape::None, response: Shape::Page(EVENT_CONTACT), parameters: &[] },
    Operation { id: "event_contacts.create", query: &[], paging: Paging::No, body: Shape::One(&[int("contactIndividualId").required()]), response: Shape::One(EVENT_CONTACT), parameters: &[] },
    Operation { id: "event_contacts.get", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(EVENT_CONTACT), parameters: &[] },
    Operation { id: "event_contacts.delete", query: &[], paging: Paging::No, body: Shape::None, response: Shape::None, parameters: &[] },
    Operation { id: "grants.by_contact", query: &[], paging: Paging::Open, body: Shape::None, response: Shape::Page(GRANT), parameters: &[] },
    Operation { id: "grants.get", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(GRANT), parameters: &[] },
    Operation { id: "grants.update", query: &[], paging: Paging::No, body: Shape::One(GRANT_WRITE), response: Shape::One(GRANT), parameters: &[] },
    Operation { id: "grants.delete", query: &[], paging: Paging::No, body: Shape::None, response: Shape::None, parameters: &[] },
    Operation { id: "grants.by_reference", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(GRANT), parameters: &[] },
    Operation { id: "grants.gifts", query: &[], paging: Paging::No, body: Shape::None, response: Shape::List(GIFT), parameters: &[] },
    Operation { id: "grants.create", query: &[], paging: Paging::No, body: Shape::One(GRANT_WRITE), response: Shape::One(GRANT), parameters: &[] },
    Operation { id: "grants.custom_fields", query: &[], paging: Paging::No, body: Shape::None, response: Shape::List(CUSTOM_FIELD_DEF), parameters: &[] },
    Operation { id: "grants.query_options", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(QUERY_OPTIONS), parameters: &[] },
    Operation { id: "grants.query", query: &[], paging: Paging::AtMost(1000), body: Shape::One(QUERY), response: Shape::Page(GRANT), parameters: &[parameter("Grant Id", Type::Int, "id"), parameter("Owner Id", Type::Int, "ownerId"), parameter("Title", Type::String, "title"), parameter("Granting Organization Id", Type::Int, "grantingOrganizationId"), parameter("Description", Type::String, "description"), parameter("Reference Id", Type::String, "referenceId"), parameter("Receiving Organization Id", Type::Int, "receivingOrganizationId"), parameter("Project Id", Type::Int, "projectId"), parameter("Project", Type::String, "project"), parameter("Due Date UTC", Type::Date, "dueDateUtc"), parameter("Total Anticipated Amount", Type::Decimal, "totalAnticipatedAmount"), parameter("Status", Type::String, "status"), parameter("Submission Date UTC", Type::Date, "submissionDateUtc"), parameter("Anticipated Award Date UTC", Type::Date, "anticipatedAwardDateUtc"), parameter("Point Of Contact Name", Type::String, "pointOfContactName"), parameter("Point Of Contact Email", Type::String, "pointOfContactEmail"), parameter("Point Of Contact Phone", Type::String, "pointOfContactPhone"), parameter("Website", Type::String, "website"), parameter("Awarded Grant", Type::Boolean, "awardedGrant"), parameter("Awarded Amount", Type::Decimal, "awardedAmount"), parameter("Awarded Date UTC", Type::Date, "awardedDateUtc"), parameter("Award Terms", Type::String, "awardTerms"), parameter("Grant Type", Type::String, "grantType"), parameter("Create Date", Type::Date, "createDateTimeUtc"), parameter("Create DateTime UTC", Type::Date, "createDateTimeUtc"), parameter("Created By User", Type::String, "createdByUser"), parameter("Last Modified Date", Type::Date, "modifiedDateTimeUtc"), parameter("Last Modified DateTime UTC", Type::Date, "modifiedDateTimeUtc"), parameter("Modified By User", Type::String, "modifiedByUser")] },
    Operation { id: "volunteer_opportunities.list", query: &[text("filter")], paging: Paging::Open, body: Shape::None, response: Shape::Page(VOLUNTEER_OPPORTUNITY_ROW), parameters: &[] },
    Operation { id: "volunteer_opportunities.create", query: &[], paging: Paging::No, body: Shape::One(VOLUNTEER_OPPORTUNITY_WRITE), response: Shape::One(VOLUNTEER_OPPORTUNITY), parameters: &[] },
    Operation { id: "volunteer_opportunities.get", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(VOLUNTEER_OPPORTUNITY), parameters: &[] },
    Operation { id: "volunteer_opportunities.update", query: &[], paging: Paging::No, body: Shape::One(VOLUNTEER_OPPORTUNITY_WRITE), response: Shape::One(VOLUNTEER_OPPORTUNITY), parameters: &[] },
    Operation { id: "volunteer_opportunities.delete", query: &[], paging: Paging::No, body: Shape::None, response: Shape::None, parameters: &[] },
    Operation { id: "volunteer_opportunities.custom_fields", query: &[], paging: Paging::No, body: Shape::None, response: Shape::List(CUSTOM_FIELD_DEF), parameters: &[] },
    Operation { id: "volunteer_opportunities.query_options", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(QUERY_OPTIONS), parameters: &[] },
    Operation { id: "volunteer_opportunities.query", query: &[], paging: Paging::No, body: Shape::One(QUERY), response: Shape::Page(VOLUNTEER_OPPORTUNITY_ROW), parameters: &[parameter("Volunteer Opportunity Id", Type::Int, "id"), parameter("Volunteer Opportunity Name", Type::String, "name"), parameter("Url", Type::String, "url"), parameter("Description", Type::String, "description"), parameter("Create Date", Type::Date, "createDateTimeUtc"), parameter("Create DateTime UTC", Type::Date, "createDateTimeUtc"), parameter("Created By User", Type::String, "createdByUser"), parameter("Last Modified Date", Type::Date, "modifiedDateTimeUtc"), parameter("Last Modified DateTime UTC", Type::Date, "modifiedDateTimeUtc"), parameter("Modified By User", Type::String, "modifiedByUser"), parameter("Anytime", Type::Boolean, "anytime"), parameter("Start DateTime", Type::Date, "startDateTime"), parameter("End DateTime", Type::Date, "endDateTime"), parameter("Time Zone", Type::String, "timeZone"), parameter("Is Active", Type::Boolean, "isActive"), parameter("Is Local Only", Type::Boolean, "isLocalOnly"), parameter("Current Priority", Type::String, "currentPriority"), parameter("Current Need", Type::Int, "currentNeed"), parameter("Preferred Number Of Hours", Type::Decimal, "preferredNumberOfHours"), parameter("Anywhere", Type::Boolean, "anywhere"), parameter("Location Name", Type::String, "locationName"), parameter("Address1", Type::String, "address1"), parameter("Address2", Type::String, "address2"), parameter("City", Type::String, "city"), parameter("State", Type::String, "state"), parameter("Postal", Type::String, "postal"), parameter("Country", Type::String, "country"), parameter("Total Volunteers", Type::Int, "totalVolunteers"), parameter("Total Volunteer Hours", Type::Decimal, "totalVolunteerHours"), parameter("Current Need Filled Percentage", Type::Decimal, "currentNeedFilledPercentage"), parameter("Hours Filled Percentage", Type::Decimal, "hoursFilledPercentage")] },
    Operation { id: "opportunity_volunteers.list", query: &[], paging: Paging::Open, body: Shape::None, response: Shape::Page(VOLUNTEER), parameters: &[] },
    Operation { id: "opportunity_volunteers.create", query: &[], paging: Paging::No, body: Shape::One(&[int("contactIndividualId").required()]), response: Shape::One(VOLUNTEER), parameters: &[] },
    Operation { id: "opportunity_volunteers.get", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(VOLUNTEER), parameters: &[] },
    Operation { id: "opportunity_volunteers.delete", query: &[], paging: Paging::No, body: Shape::None, response: Shape::None, parameters: &[] },
    Operation { id: "volunteers.search", query: &[int("volunteerOpportunityId"), int("volunteerId"), int("contactId"), int("contactIndividualId"), text("emailAddress")], paging: Paging::Open, body: Shape::None, response: Shape::Page(VOLUNTEER), parameters: &[] },
    Operation { id: "volunteers.query_options", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(QUERY_OPTIONS), parameters: &[] },
    Operation { id: "volunteers.query", query: &[], paging: Paging::No, body: Shape::One(QUERY), response: Shape::Page(VOLUNTEER), parameters: &[parameter("Volunteer Id", Type::Int, "id"), parameter("Create Date", Type::Date, "createDateTimeUtc"), parameter("Create DateTime UTC", Type::Date, "createDateTimeUtc"), parameter("Created By User", Type::String, "createdByUser"), parameter("Last Modified Date", Type::Date, "modifiedDateTimeUtc"), parameter("Last Modified DateTime UTC", Type::Date, "modifiedDateTimeUtc"), parameter("Modified By User", Type::String, "modifiedByUser"), parameter("Contact Id", Type::Int, "contactId"), parameter("Display Name", Type::String, "displayName"), parameter("First Name", Type::String, "firstName"), parameter("Primary Phone", Type::String, "primaryPhone"), parameter("Primary Email", Type::String, "primaryEmail"), parameter("Total Hours", Type::Decimal, "totalHours"), parameter("Times Volunteered", Type::Int, "timesVolunteered"), parameter("Volunteer Opportunity Id", Type::Int, "volunteerOpportunityId"), parameter("Contact Individual Id", Type::Int, "contactIndividualId")] },
    Operation { id: "opportunity_volunteers.attendance", query: &[], paging: Paging::No, body: Shape::None, response: Shape::List(VOLUNTEER_ATTENDANCE), parameters: &[] },
    Operation { id: "opportunity_volunteers.add_attendance", query: &[], paging: Paging::No, body: Shape::One(VOLUNTEER_ATTENDANCE_WRITE), response: Shape::One(VOLUNTEER_ATTENDANCE), parameters: &[] },
    Operation { id: "opportunity_volunteers.attendance_record", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(VOLUNTEER_ATTENDANCE), parameters: &[] },
    Operation { id: "opportunity_volunteers.update_attendance", query: &[], paging: Paging::No, body: Shape::One(VOLUNTEER_ATTENDANCE_WRITE), response: Shape::One(VOLUNTEER_ATTENDANCE), parameters: &[] },
    Operation { id: "opportunity_volunteers.delete_attendance", query: &[], paging: Paging::No, body: Shape::None, response: Shape::None, parameters: &[] },
    Operation { id: "opportunity_organizers.list", query: &[], paging: Paging::No, body: Shape::None, response: Shape::List(VOLUNTEER_ORGANIZER), parameters: &[] },
    Operation { id: "opportunity_organizers.create", query: &[], paging: Paging::No, body: Shape::One(&[int("contactIndividualId").required()]), response: Shape::One(VOLUNTEER_ORGANIZER), parameters: &[] },
    Operation { id: "opportunity_organizers.get", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(VOLUNTEER_ORGANIZER), parameters: &[] },
    Operation { id: "opportunity_organizers.delete", query: &[], paging: Paging::No, body: Shape::None, response: Shape::None, parameters: &[] },
    Operation { id: "emails.search", query: &[], paging: Paging::Open, body: Shape::One(&[text("search").required()]), response: Shape::Page(EMAIL), parameters: &[] },
    Operation { id: "emails.send", query: &[], paging: Paging::No, body: Shape::One(EMAIL_SEND), response: Shape::None, parameters: &[] },
    Operation { id: "email_lists.search", query: &[], paging: Paging::Open, body: Shape::One(&[text("search").required()]), response: Shape::Page(EMAIL_LIST), parameters: &[] },
    Operation { id: "email_lists.add", query: &[], paging: Paging::No, body: Shape::One(EMAIL_LIST_ADD), response: Shape::None, parameters: &[] },
    Operation { id: "search.all", query: &[], paging: Paging::Open, body: Shape::One(SEARCH_REQUEST), response: Shape::One(SEARCH_RESULTS), parameters: &[] },
    Operation { id: "tasks.create", query: &[], paging: Paging::No, body: Shape::One(TASK_CREATE), response: Shape::One(TASK), parameters: &[] },
    Operation { id: "tasks.types", query: &[], paging: Paging::No, body: Shape::None, response: Shape::Strings, parameters: &[] },
    Operation { id: "tasks.query", query: &[], paging: Paging::AtMost(1000), body: Shape::One(QUERY), response: Shape::Page(TASK), parameters: &[parameter("Task Id", Type::Int, "id"), parameter("Task Type", Type::List, "taskType"), parameter("Task", Type::String, "task"), parameter("Description", Type::String, "description"), parameter("Due DateTime", Type::Date, "dueDateTime"), parameter("Contact Id", Type::Int, "contactId"), parameter("Contact", Type::String, "contact")] },
    Operation { id: "tasks.query_options", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(QUERY_OPTIONS), parameters: &[] },
    Operation { id: "webhooks.get", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(WEBHOOK), parameters: &[] },
    Operation { id: "webhooks.update", query: &[], paging: Paging::No, body: Shape::One(WEBHOOK_WRITE), response: Shape::One(WEBHOOK), parameters: &[] },
    Operation { id: "webhooks.delete", query: &[], paging: Paging::No, body: Shape::None, response: Shape::None, parameters: &[] },
    Operation { id: "webhooks.create", query: &[], paging: Paging::No, body: Shape::One(WEBHOOK_WRITE), response: Shape::One(WEBHOOK), parameters: &[] },
    Operation { id: "webhooks.set_active", query: &[flag("active").required()], paging: Paging::No, body: Shape::None, response: Shape::One(WEBHOOK), parameters: &[] },
    Operation { id: "reminders.active", query: &[text("search.search")], paging: Paging::Open, body: Shape::None, response: Shape::Page(REMINDER), parameters: &[] },
    Operation { id: "reminders.saved", query: &[], paging: Paging::Open, body: Shape::None, response: Shape::Page(SAVED_REMINDER), parameters: &[] },
    Operation { id: "reminders.active_by_contact", query: &[], paging: Paging::Open, body: Shape::None, response: Shape::Page(REMINDER), parameters: &[] },
    Operation { id: "reminders.inactive_by_contact", query: &[], paging: Paging::Open, body: Shape::None, response: Shape::Page(REMINDER), parameters: &[] },
    Operation { id: "reminders.by_contact", query: &[], paging: Paging::Open, body: Shape::None, response: Shape::Page(REMINDER), parameters: &[] },
    Operation { id: "reminders.create", query: &[], paging: Paging::No, body: Shape::One(REMINDER_CREATE), response: Shape::One(REMINDER), parameters: &[] },
    Operation { id: "reminders.create_recurring", query: &[], paging: Paging::No, body: Shape::One(RECURRING_REMINDER_CREATE), response: Shape::One(SAVED_REMINDER), parameters: &[] },
    Operation { id: "reminders.create_milestone", query: &[], paging: Paging::No, body: Shape::One(MILESTONE_REMINDER_CREATE), response: Shape::One(SAVED_REMINDER), parameters: &[] },
    Operation { id: "reminders.update_recurring", query: &[], paging: Paging::No, body: Shape::One(RECURRING_REMINDER_UPDATE), response: Shape::One(SAVED_REMINDER), parameters: &[] },
    Operation { id: "reminders.update_milestone", query: &[], paging: Paging::No, body: Shape::One(MILESTONE_REMINDER_UPDATE), response: Shape::One(SAVED_REMINDER), parameters: &[] },
    Operation { id: "reminders.complete", query: &[], paging: Paging::No, body: Shape::One(REMINDER_COMPLETION), response: Shape::One(REMINDER), parameters: &[] },
    Operation { id: "reminders.dismiss", query: &[], paging: Paging::No, body: Shape::None, response: Shape::One(REMINDER), parameters: &[] },
    Operation { id: "reminders.reminder_types", query: &[], paging: Paging::No, body: Shape::None, response: Shape::Map, parameters: &[] },
    Operation { id: "reminders.source_types", query: &[], paging: Paging::No, body: Shape::None, response: Shape::Map, parameters: &[] },
    Operation { id: "reminders.milestone_types", query: &[], paging: Paging::No, body: Shape::None, response: Shape::Map, parameters: &[] },
    Operation { id: "reminders.frequencies", query: &[], paging: Paging::No, body: Shape::None, response: Shape::Map, parameters: &[] },
];
