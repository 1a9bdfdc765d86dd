//! Responses as the vendor has given them: what its reference says is not what comes.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use serde::de::DeserializeOwned;
use virtuous_client::models::{
    Amount, Contact, ContactIndividual, ContactMethodType, ContactType, CustomFieldDef, CustomFieldType,
    EventAttendee, Frequency, Gift, GiftDesignationRow, GiftSummary, GiftType, Page, PlannedGift,
    PlannedGiftType, Project, QueryOptions, RecurringGift, RecurringGiftPayment, SearchResults,
    VolunteerOpportunityRow,
};

fn read<T: DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"))
}

#[test]
fn a_contact_has_more_than_is_documented_and_less() {
    let contact: Contact = read(
        r#"{"id":17,"contactType":"Church","newField":1,"isPrivate":false,"name":"Anna Larsson","formalContactName":"Mrs. Larsson",
            "alternateContactName":null,"preferredSalutationName":"Anna","maritalStatus":null,"anniversaryMonth":"6",
            "anniversaryYear":"","mergedIntoContactId":null,"address":null,"giftAskAmount":"Unavailable",
            "lifeToDateGiving":"$1,210.50","lastGiftAmount":"$0","lastGiftDate":"Unavailable",
            "contactIndividuals":[{"id":801,"contactId":17,"firstName":"Anna","isPrimary":"True","birthDate":"","deceasedDate":"",
                "prefix2":null,"contactMethods":[{"id":4,"type":"Twitch Account","value":"anna"},{"id":5,"type":"Carrier Pigeon"}],
                "createDateTimeUtc":"2023-11-30T14:20:56.6126031Z","customFields":{}}],
            "contactReferences":[{"source":"crm","id":"17"},{"source":"shop","id":18}],
            "tags":["Donor"],"organizationGroups":null,"customFields":[{"name":"shirt","value":"M","displayName":"Shirt","dataType":"List"}],
            "customCollections":[],"createDateTimeUtc":"2023-11-30T14:20:56.3533333"}"#,
    );
    assert_eq!(contact.contact_type, Some(ContactType::from("Church")));
    assert_eq!(
        (contact.anniversary_month, contact.anniversary_year, contact.is_current_user_following),
        (Some(6), None, None)
    );
    assert_eq!(contact.formal_contact_name.as_deref(), Some("Mrs. Larsson"));
    assert_eq!((&contact.alternate_contact_name, &contact.preferred_addressee_name), (&None, &None));
    assert_eq!(contact.unknown.names().collect::<Vec<_>>(), ["newField"]);
    let amount = contact.life_to_date_giving.as_deref().and_then(Amount::from_display);
    assert_eq!(amount, Some(Amount::new(121_050, 2)));
    assert_eq!(contact.gift_ask_amount.as_deref().and_then(Amount::from_display), None);
    assert!(contact.last_gift_date.unwrap().civil().is_none());
    let anna: &ContactIndividual = &contact.contact_individuals[0];
    assert_eq!((anna.is_primary, &anna.deceased_date, &anna.birth_date), (Some(true), &None, &None));
    assert_eq!(anna.contact_methods[0].kind, Some(ContactMethodType::TwitchAccount));
    assert_eq!(anna.contact_methods[1].kind, Some(ContactMethodType::from("Carrier Pigeon")));
    assert_eq!(anna.create_date_time_utc.as_ref().unwrap().civil().unwrap().nanosecond, 612_603_100);
    assert!(anna.custom_fields.as_ref().unwrap().is_empty());
    assert_eq!(contact.contact_references[1].id.as_deref(), Some("18"));
    assert_eq!(contact.custom_fields.unwrap().get("shirt").unwrap().data_type, Some(CustomFieldType::List));
    assert!(contact.organization_groups.is_empty());
}

#[test]
fn amounts_are_numbers_here_and_texts_there() {
    let gift: Gift = read(
        r#"{"id":301,"giftType":"Qualified Charitable Distribution","giftDate":"2023-12-07T00:00:00","amount":10.10,
            "amountFormatted":"$10.10","exchangeRate":1.0,"isAcknowledgedGift":false,"giftPassthroughs":[],"newField":1,
            "giftDesignations":[{"id":9,"projectId":41,"amountDesignated":"10.10"}],
            "pledgePayments":null,"recurringGiftPayments":[],"customFields":{"shirt":"M"}}"#,
    );
    assert_eq!(
        (gift.amount.unwrap().to_string(), gift.exchange_rate),
        ("10.10".to_owned(), Some(Amount::from(1)))
    );
    assert_eq!(gift.gift_type, Some(GiftType::QualifiedCharitableDistribution));
    assert_eq!(gift.gift_designations[0].amount_designated, gift.amount);
    assert_eq!((gift.unknown.len(), gift.pledge_payments.len()), (1, 0));
    assert_eq!((gift.is_acknowledged_gift, gift.gift_passthroughs.len()), (Some(false), 0));

    let summary: GiftSummary = read(
        r#"{"id":"301","giftDate":"12/7/2023","amount":"$10.50","exchangeRate":"1.00","currencyCode":"USD"}"#,
    );
    assert_eq!((summary.id, summary.amount.as_deref()), (301, Some("$10.50")));
    assert_eq!(
        summary.gift_date.unwrap().civil().map(|date| (date.year, date.month, date.day)),
        Some((2023, 12, 7))
    );

    let row: GiftDesignationRow = read(
        r#"{"id":1,"amountDesignated":"500.00","giftIsPrivate":"False","giftCustomFields":{},"projectCustomFields":[]}"#,
    );
    assert_eq!((row.amount_designated, row.gift_is_private), (Some(Amount::from(500)), Some(false)));

    let long: Gift = read(r#"{"id":1,"amount":123456789012345.6789}"#);
    assert_eq!(long.amount.unwrap().to_string(), "123456789012345.6789", "no float has so many digits");
}

#[test]
fn the_vendors_spellings_stay_on_the_wire() {
    let planned: PlannedGift =
        read(r#"{"id":1,"pkannedGiftType":"WillAndBequest","anticipatedAmount":"$5,000"}"#);
    assert_eq!(planned.planned_gift_type, Some(PlannedGiftType::WillAndBequest));
    let recurring: RecurringGift = read(
        r#"{"id":1,"frequency":"Fortnightly","automatedPayments":1,"recurringGiftDate":"2023-12-07T00:00:00"}"#,
    );
    assert_eq!(
        (recurring.frequency, recurring.automated_payments),
        (Some(Frequency::from("Fortnightly")), Some(true))
    );
    let attendee: EventAttendee =
        read(r#"{"id":1,"rsvp":"True","attended":"No","invited":true,"startDateTime":"3/27/2022 12:00 PM"}"#);
    let flags = [attendee.rsvp, attendee.attended, attendee.invited].map(|flag| flag.unwrap().is_set());
    assert_eq!(flags, [Some(true), Some(false), Some(true)]);
    assert_eq!(attendee.start_date_time.unwrap().civil().unwrap().hour, 12);
    let opportunity: VolunteerOpportunityRow =
        read(r#"{"id":1,"totalVolunteerHours":2.5,"preferredNumberOfHours":"4"}"#);
    assert_eq!(
        (opportunity.total_volunteer_hours, opportunity.preferred_number_of_hours),
        (Some(Amount::new(25, 1)), Some(Amount::from(4)))
    );
}

#[test]
fn lists_come_with_an_envelope_and_without() {
    for json in [
        r#"{"list":[{"id":1,"expectedAmount":"5","gift":null}],"total":1}"#,
        r#"[{"id":1,"expectedAmount":5}]"#,
        r#"{"id":1,"expectedAmount":5.0,"gift":{"id":3,"amount":5}}"#,
    ] {
        let page: Page<RecurringGiftPayment> = read(json);
        assert_eq!(
            (page.list.len(), page.total, page.list[0].expected_amount),
            (1, 1, Some(Amount::from(5))),
            "{json}"
        );
    }
    // A total that can't be read loses no row.
    for (total, read_as) in [
        ("7", 7),
        ("\"7\"", 7),
        ("7.0", 7),
        ("-1", -1),
        ("null", 1),
        ("\"\"", 1),
        ("\"many\"", 1),
        ("true", 1),
        ("1.5", 1),
        ("99999999999999999999", 1),
    ] {
        let page: Page<RecurringGiftPayment> = read(&format!(r#"{{"total":{total},"list":[{{"id":1}}]}}"#));
        assert_eq!((page.list.len(), page.total), (1, read_as), "{total}");
    }
    let definition: Vec<CustomFieldDef> =
        read(r#"[{"dataType":"Dropdown","name":"a","options":null},{"dataType":"Text","options":[]}]"#);
    assert!(definition.iter().all(|field| field.options.is_empty()));
    let options: QueryOptions = read(
        r#"{"options":[{"parameter":"Gift Date","type":"Date","operatorOptions":null,"valueOptions":["a",5]}]}"#,
    );
    assert_eq!(options.options[0].value_options, ["a", "5"]);
}

#[test]
fn projects_and_searches_have_shapes_of_their_own() {
    let odd: Gift = read(
        r#"{"id":1,"giftType":3,"amount":" ","currencyCode":null,"giftDesignations":[null,{"id":2}],"customFields":" "}"#,
    );
    assert_eq!(
        (odd.gift_type, odd.amount, odd.gift_designations.len()),
        (Some(GiftType::from("3")), None, 1)
    );
    assert!(odd.custom_fields.is_none());
    let project: Project = read(
        r#"{"id":41,"customFields":{},"giftSpecifications":[{"amount":5,"frequency":"Monthly"}],"parentId":null,"startDate":""}"#,
    );
    assert_eq!((project.gift_specifications[0].amount, project.start_date), (Some(Amount::from(5)), None));
    let found: SearchResults = read(
        r#"{"contacts":{"hits":[{"document":{"contactId":17,"isPrimary":true},"highlights":[{"field":"name","snippet":"<mark>Anna</mark>"}]}],"total":1},
            "individuals":null,"entities":{"hits":[],"total":"0"}}"#,
    );
    let contacts = found.contacts.unwrap();
    assert_eq!(contacts.hits[0].document.as_ref().unwrap().contact_id, Some(17));
    assert_eq!(
        (contacts.hits[0].highlights[0].snippet.as_deref(), found.entities.unwrap().total),
        (Some("<mark>Anna</mark>"), Some(0))
    );
}
