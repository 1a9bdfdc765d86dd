//! Changes: reading, changing and sending back, against a server that clears what it is not sent.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use auth_client_core::testing::ScriptedTransport;
use auth_emulator::Emulator;
use serde_json::{Value, json};
use virtuous_client::arguments::{GiftsByTransaction, ProjectsCreateOptions};
use virtuous_client::models::{
    AddressCreate, AddressUpdate, Amount, ChildState, ContactCreate, ContactType, ContactUpdate, Gift,
    GiftCreate, GiftDesignationWrite, GiftPatch, GiftTransaction, GiftTransactionContact, GiftType,
    GiftUpdate, NewContactIndividual, ProjectWrite, TransactionDesignation, WebhookWrite,
};
use virtuous_client::{Client, ErrorKind, SecretString};

async fn emulator() -> (Emulator, Client) {
    let emulator = Emulator::start().await.unwrap();
    let virtuous = emulator.virtuous();
    let client = Client::builder().api_key(virtuous.api_key()).base_url(virtuous.base_url()).build().unwrap();
    (emulator, client)
}

#[tokio::test]
async fn an_address_loses_what_an_update_leaves_out_and_nothing_when_it_is_modified() {
    let (_emulator, client) = emulator().await;
    let addresses = client.contact_addresses();
    let create = AddressCreate::new(17)
        .label("Work")
        .address1("1 Main Street")
        .city("Phoenix")
        .state("AZ")
        .postal("85001")
        .country("US");
    let made = addresses.create(create).await.unwrap();

    let changed = addresses.modify(made.id, |address| address.city = Some("Mesa".to_owned())).await.unwrap();
    assert_eq!(changed.city.as_deref(), Some("Mesa"));
    assert_eq!(
        (changed.address1.as_deref(), changed.postal.as_deref()),
        (Some("1 Main Street"), Some("85001"))
    );

    let replaced = addresses.update(made.id, AddressUpdate::new().city("Tempe")).await.unwrap();
    assert_eq!(
        (replaced.city.as_deref(), replaced.address1),
        (Some("Tempe"), None),
        "the vendor replaces the whole"
    );
}

#[tokio::test]
async fn a_contact_keeps_its_own_fields_when_it_is_modified() {
    let (_emulator, client) = emulator().await;
    let individual = NewContactIndividual::first_name("Ola").last_name("Nordmann").is_primary(true);
    let fields = client.contacts().custom_fields().await.unwrap();
    let name = fields[0].name.clone().unwrap();
    let contact = ContactCreate::new(ContactType::Household, "Nordmann", [individual])
        .custom_fields([(name.as_str(), "M")]);
    let made = client.contacts().create(contact).await.unwrap();
    let changed = client
        .contacts()
        .modify(made.id, |contact: &mut ContactUpdate| {
            contact.description = Some("Met at the fair.".to_owned())
        })
        .await
        .unwrap();
    assert_eq!((changed.id, changed.description.as_deref()), (made.id, Some("Met at the fair.")));
    assert_eq!(changed.custom_fields.unwrap().string(&name), Some("M"));
    assert_eq!(changed.name.as_deref(), Some("Nordmann"));
}

#[tokio::test]
async fn a_gift_keeps_its_designations_when_it_is_modified_and_patched() {
    let (_emulator, client) = emulator().await;
    let project = ProjectWrite::new().name("Water").revenue_accounting_code("W-9").is_active(true);
    let project = client.projects().create(project, ProjectsCreateOptions::new()).await.unwrap();
    let amount = Amount::new(2550, 2);
    let designation = GiftDesignationWrite::new(project.id, amount);
    let gift = GiftCreate::new(17, GiftType::Check, "2023-12-07", amount)
        .gift_designations([designation])
        .notes("Thanks")
        .batch("B-7");
    let made = client.gifts().create(gift).await.unwrap();
    assert_eq!((made.amount, made.gift_designations.len()), (Some(amount), 1));

    let changed =
        client.gifts().modify(made.id, |gift| gift.notes = Some("Many thanks".to_owned())).await.unwrap();
    assert_eq!((changed.notes.as_deref(), changed.batch.as_deref()), (Some("Many thanks"), Some("B-7")));
    assert_eq!(changed.gift_designations[0].amount_designated, Some(amount));
    assert_eq!(changed.gift_type, Some(GiftType::Check));

    client.gifts().patch(&[GiftPatch::new(made.id).notes("Patched")]).await.unwrap();
    let patched = client.gifts().get(made.id).await.unwrap();
    assert_eq!((patched.notes.as_deref(), patched.batch.as_deref()), (Some("Patched"), Some("B-7")));
}

#[tokio::test]
async fn a_transaction_becomes_a_gift_in_the_night() {
    let (emulator, client) = emulator().await;
    let project = ProjectWrite::new().name("Water").revenue_accounting_code("W").is_active(true);
    client.projects().create(project, ProjectsCreateOptions::new()).await.unwrap();
    let giver = GiftTransactionContact::first_name("Kari").last_name("Nordmann").email("kari@example.org");
    let gift = GiftTransaction::new(giver, GiftType::Credit, Amount::new(2500, 2))
        .transaction_source("shop")
        .transaction_id("T/7")
        .gift_date("12/8/2023")
        .designations([TransactionDesignation::new().code("W").amount_designated("25.00")]);
    client.gifts().create_transaction(gift).await.unwrap();
    let find = || {
        client.gifts().by_transaction(GiftsByTransaction::transaction_source("shop").transaction_id("T/7"))
    };
    assert_eq!(find().await.unwrap_err().kind(), ErrorKind::NotFound);
    emulator.virtuous().match_transactions();
    let gift = find().await.unwrap();
    assert_eq!((gift.amount, gift.transaction_id.as_deref()), (Some(Amount::from(25)), Some("T/7")));
    assert_eq!(gift.gift_date.unwrap().civil().unwrap().day, 8);
}

#[tokio::test]
async fn a_webhook_keeps_its_secret_and_its_switches_and_shows_nothing() {
    let (_emulator, client) = emulator().await;
    let webhook =
        WebhookWrite::new("https://example.org/hook").secret("canary").gift_create(true).active(true);
    assert!(!format!("{webhook:?}").contains("canary"));
    let made = client.webhooks().create(webhook).await.unwrap();
    assert!(!format!("{made:?}").contains("canary"));
    let changed =
        client.webhooks().modify(made.id, |webhook| webhook.gift_update = Some(true)).await.unwrap();
    assert_eq!(
        (changed.gift_create, changed.gift_update, changed.contact_create),
        (Some(true), Some(true), Some(false))
    );
    let secret: SecretString = changed.secret.unwrap();
    assert_eq!(auth_client_core::provider::auth_core::ExposeSecret::expose_secret(&secret), "canary");
    let paused = client.webhooks().set_active(made.id, false).await.unwrap();
    assert_eq!(paused.active, Some(false));
}

/// With these digits, which `serde_json/arbitrary_precision` compares.
fn number(digits: &str) -> Value {
    serde_json::from_str(digits).unwrap()
}

#[test]
fn names_of_responses_become_names_of_writes() {
    let read: Gift = serde_json::from_str(
        r#"{"id":5,"giftType":"Cash","amount":"10.50","tribute":"In memory","acknowledgeeIndividualId":817,
            "creditCardType":"Visa","receiptDate":"2023-12-09T00:00:00","giftDesignations":[{"id":1,"projectId":41,"amountDesignated":10.5}],
            "pledgePayments":[{"id":2,"actualAmount":10.5}],
            "recurringGiftPayments":[{"id":7,"gift":{"id":5,"amount":10.5},"expectedAmount":12}],"customFields":{"shirt":"M"},"isAcknowledgedGift":true}"#,
    )
    .unwrap();
    let mut update = GiftUpdate::try_from(&read).unwrap();
    update.state = Some(ChildState::Update);
    let expected = json!({
        "giftType": "Cash", "amount": number("10.50"), "receiptDate": "2023-12-09T00:00:00", "state": "Update",
        // The vendor's responses have it, and its reference does not.
        "creditCardType": "Visa",
        "giftDesignations": [{"projectId": 41, "amount": 10.5}],
        "pledgePayments": [{"id": 2, "amount": 10.5}],
        "recurringGiftPayments": [{"id": 7, "amount": 10.5}],
        "tributeDescription": "In memory", "acknowledgeeId": 817,
        "customFields": [{"name": "shirt", "value": "M"}],
        // Unknown to the client.
        "isAcknowledgedGift": true,
    });
    assert_eq!(serde_json::to_value(&update).unwrap(), expected);
    assert!(serde_json::to_string(&update).unwrap().contains(r#""amount":10.50,"#), "digit by digit");
}

#[tokio::test]
async fn nothing_is_sent_when_the_response_lacks_what_an_update_needs() {
    let transport = ScriptedTransport::new().json(200, r#"{"id":5,"frequency":"Monthly"}"#);
    let client =
        Client::builder().api_key("v_example".to_owned()).transport(transport.clone()).build().unwrap();
    let error = client.pledges().modify(5, |_| {}).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("amountPledged")));
    assert_eq!(transport.requests().len(), 1);
}

#[tokio::test]
async fn a_change_that_is_made_of_a_fresh_response_is_sent_once() {
    let transport = ScriptedTransport::new()
        .json(200, r#"{"id":5,"name":"Mug","price":"12.00","isActive":"True","new":{"kept":"and sent"}}"#)
        .json(200, r#"{"id":5}"#);
    let client =
        Client::builder().api_key("v_example".to_owned()).transport(transport.clone()).build().unwrap();
    client.premiums().modify(5, |premium| premium.inventory_count = Some(3)).await.unwrap();
    let sent: Value = transport.requests()[1].json().unwrap();
    assert_eq!(
        sent,
        json!({"name": "Mug", "price": number("12.00"), "inventoryCount": 3, "isActive": true, "new": {"kept": "and sent"}})
    );
}

#[tokio::test]
async fn a_creation_whose_response_is_lost_is_looked_up_before_it_is_repeated() {
    let gift = || {
        GiftCreate::new(17, GiftType::Cash, "2023-12-07", 5)
            .transaction_source("shop")
            .transaction_id("payment/301")
    };
    let made = r#"{"id":301}"#;
    let lost = ScriptedTransport::broken;
    for (script, methods, is_made) in [
        // It is there already, from a run that crashed.
        (ScriptedTransport::new().json(200, made), "GET", true),
        (ScriptedTransport::new().status(404).json(200, made), "GET POST", true),
        // The response was lost, and the gift is there, or not.
        (lost(ScriptedTransport::new().status(404)).json(200, made), "GET POST GET", true),
        (lost(ScriptedTransport::new().status(404)).status(404).json(200, made), "GET POST GET POST", true),
        // A gateway has not waited for the server: it may create the gift later.
        (ScriptedTransport::new().status(404).status(504).json(200, made), "GET POST GET", true),
        (ScriptedTransport::new().status(404).status(504).status(404), "GET POST GET", false),
        (ScriptedTransport::new().status(404).status(524).status(404), "GET POST GET", false),
        (
            ScriptedTransport::new().status(404).status(500).status(404).json(200, made),
            "GET POST GET POST",
            true,
        ),
        // A refusal is no lost response.
        (ScriptedTransport::new().status(404).status(400), "GET POST", false),
        (
            lost(lost(lost(ScriptedTransport::new().status(404)).status(404)).status(404)),
            "GET POST GET POST GET POST",
            false,
        ),
    ] {
        let client =
            Client::builder().api_key("v_example".to_owned()).transport(script.clone()).build().unwrap();
        let result = client.gifts().create_once(gift()).await;
        assert_eq!(result.is_ok_and(|gift| gift.id == 301), is_made, "{methods}");
        let sent: Vec<String> = script.requests().iter().map(|request| request.method.to_string()).collect();
        assert_eq!(sent.join(" "), methods);
    }
    // The lookup after a lost response fails: what is uncertain is the creation.
    let script = lost(ScriptedTransport::new().status(404)).status(401);
    let client = Client::builder().api_key("v_example".to_owned()).transport(script).build().unwrap();
    let error = client.gifts().create_once(gift()).await.unwrap_err();
    assert!(error.may_have_been_executed() && error.operation() == "gifts.create", "{error}");
    let transport = ScriptedTransport::new();
    let client =
        Client::builder().api_key("v_example".to_owned()).transport(transport.clone()).build().unwrap();
    let contact = ContactCreate::new(ContactType::Household, "Larsson", []).reference_source("shop");
    let error = client.contacts().create_once(contact).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("reference_id")));
    assert!(transport.requests().is_empty());
}
