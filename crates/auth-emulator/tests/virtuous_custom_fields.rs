//! Custom fields that a seed file or the settings of the Virtuous emulator declare.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report"
)]

mod common;

use auth_emulator::Emulator;
use auth_emulator::providers::virtuous::{CustomField, RecordKind};
use common::crm::{Crm, condition, contact};
use serde_json::{Value, json};

const SEED: &str = "\
clock: 2026-01-31T12:00:00Z
settings:
  virtuous:
    custom_fields:
      contact:
        - {name: Volunteer Since, data_type: Date}
        - {name: T-Shirt, display_name: Size of the shirt, data_type: Dropdown, options: [S, M]}
        - {name: Height, data_type: Number}
        - {name: Blog, data_type: Link}
      individual:
        - {name: email, data_type: Boolean}
      gift: [{name: Form}]
      recurring_gift: [{name: Plan Code}]
      project: [{name: Manager}]
      event: []
records:
  - provider: virtuous
    operation: contacts.create
    body:
      contactType: Household
      name: The Berg household
      contactIndividuals:
        - {firstName: Ada, lastName: Berg, customFields: {email: 'TRUE'}}
      customFields: {Volunteer Since: '2024-02-29', T-Shirt: M, Height: '1.5'}
";

async fn start() -> Crm {
    let emulator = Emulator::builder().seed_file(SEED).unwrap().start().await.unwrap();
    let virtuous = emulator.virtuous();
    Crm { emulator, virtuous }
}

fn values(record: &Value) -> Vec<(&str, &Value)> {
    let fields = record["customFields"].as_array().unwrap().iter();
    fields.map(|field| (field["name"].as_str().unwrap(), &field["value"])).collect()
}

#[tokio::test]
async fn a_seed_file_declares_custom_fields() {
    let crm = start().await;
    let listed = crm.get("/api/Contact/CustomFields").await;
    let listed: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["dataType"], &one["displayName"], &one["options"]))
        .collect();
    assert_eq!(
        listed[..2],
        [
            (&json!("Date"), &json!("Volunteer Since"), &Value::Null),
            (&json!("Dropdown"), &json!("Size of the shirt"), &json!(["S", "M"]))
        ]
    );
    assert_eq!(crm.get("/api/Event/CustomFields").await, json!([]), "an empty list means none");
    let examples = crm.get("/api/v2/Pledge/CustomFields").await;
    assert_eq!(examples.as_array().map(Vec::len), Some(2), "of a kind that is not named");
    let berg = crm.get("/api/Contact/20").await;
    let since = ("Volunteer Since", &json!("2/29/2024"));
    assert_eq!(
        values(&berg),
        [since, ("T-Shirt", &json!("M")), ("Height", &json!("1.5")), ("Blog", &Value::Null)],
        "a date as recorded"
    );
    assert_eq!(values(&berg["contactIndividuals"][0]), [("email", &json!("true"))]);
}

#[tokio::test]
async fn declared_custom_fields_are_checked_and_returned_by_writes() {
    let crm = start().await;
    for (name, value) in [("Volunteer Since", "soon"), ("T-Shirt", "XL"), ("Height", "tall")] {
        let mut body = contact("Kim", "kim@example.org");
        body["customFields"] = json!({ name: value });
        let refused = crm.refused("POST", "/api/Contact", &body).await.remove(0);
        assert!(refused.eq_ignore_ascii_case(&format!("contact.customFields.{name}")), "{refused}");
    }
    let mut body = contact("Kim", "kim@example.org");
    body["customFields"] = json!({ "Nickname": "K" });
    assert_eq!(crm.refused("POST", "/api/Contact", &body).await, ["contact.customFields"], "no example");
    let gift = json!({ "contactId": 17, "giftType": "Cash", "giftDate": "2026-01-01", "amount": 5,
        "customFields": [{ "name": "Form", "value": "Main" }] });
    let gift = crm.post("/api/Gift", &gift).await;
    assert_eq!(values(&gift), [("Form", &json!("Main"))]);
    let project = json!({ "name": "Wells", "customFields": [{ "name": "Manager", "value": "Ada" }] });
    assert_eq!(crm.post("/api/Project", &project).await["customFields"], json!({ "Manager": "Ada" }));
    let plan = json!({ "contactId": 17, "startDate": "2026-01-01", "frequency": "Monthly", "amount": 10,
        "customFields": [{ "name": "Plan Code", "value": "P1" }] });
    let plan = crm.post("/api/RecurringGift", &plan).await;
    assert_eq!(values(&plan), [("Plan Code", &json!("P1"))]);

    // The rows of designations have objects.
    let designation = json!({ "projectId": 54, "amount": 7 });
    let body = json!({ "contactId": 17, "giftType": "Cash", "giftDate": "2026-01-01", "amount": 7,
        "giftDesignations": [designation], "customFields": [{ "name": "Form", "value": "Side" }] });
    let made = crm.post("/api/Gift", &body).await;
    let rows = crm.post("/api/GiftDesignation/Query", &condition("Gift Id", "Is", made["id"].clone())).await;
    let row = &rows["list"][0];
    assert_eq!(
        (&row["giftCustomFields"], &row["projectCustomFields"]),
        (&json!({ "Form": "Side" }), &json!({ "Manager": "Ada" }))
    );
}

#[tokio::test]
async fn transactions_set_declared_custom_fields() {
    let crm = start().await;
    let person = json!({ "referenceSource": "shop", "referenceId": "1", "firstName": "Kim", "lastName": "Lee",
        "contactType": "Household", "customFields": { "Volunteer Since": "May 4, 2025", "T-Shirt": "XL", "Nickname": "K" } });
    crm.post("/api/Contact/Transaction", &person).await;
    let given = json!({ "transactionSource": "shop", "transactionId": "g1", "giftType": "Cash", "amount": "5.00",
        "giftDate": "2026-01-01", "contact": { "id": 17, "firstname": "Anna", "lastname": "Larsson" },
        "customFields": { "Form": "Main" } });
    crm.post("/api/v2/Gift/Transaction", &given).await;
    let matched = crm.virtuous.match_transactions();
    assert_eq!((matched.contacts, matched.gifts), (1, 1));
    assert_eq!(values(&crm.get("/api/Contact/shop/1").await)[0], ("Volunteer Since", &json!("5/4/2025")));
    let gift = crm.get("/api/Gift/shop/g1").await;
    assert_eq!(values(&gift), [("Form", &json!("Main"))]);
}

#[tokio::test]
async fn queries_compare_declared_custom_fields_by_their_type() {
    let crm = start().await;
    let options = crm.get("/api/Contact/QueryOptions").await;
    let options = options["options"].as_array().unwrap();
    let of = |name: &str| options.iter().find(|option| option["parameter"] == name);
    let kinds = ["Volunteer Since", "T-Shirt", "Height", "Blog"].map(|name| &of(name).unwrap()["type"]);
    assert_eq!(kinds, ["Date", "List", "Decimal", "String"]);
    assert_eq!(of("T-Shirt").unwrap()["valueOptions"], json!(["S", "M"]));
    assert!(of("Nickname").is_none());
    let contacts = "/api/Contact/Query";
    for (name, operator, value) in [
        ("Volunteer Since", "OnOrAfter", json!("2024-02-29")),
        ("Volunteer Since", "Before", json!("3/1/2024")),
        ("T-Shirt", "Is", json!("M")),
        ("Height", "Between", json!(["1", "2"])),
        ("Height", "IsKnown", Value::Null),
    ] {
        assert_eq!(crm.ids(contacts, &condition(name, operator, value)).await.0, [20], "{name} {operator}");
    }
    // Not the parameter of the same name in other schemas.
    let people = crm.ids("/api/ContactIndividual/Query", &condition("email", "IsTrue", Value::Null)).await;
    assert_eq!(people.1, 1);
    let sorted = json!({ "groups": [], "sortBy": "Height", "descending": true });
    assert_eq!(crm.ids(contacts, &sorted).await.0[0], 20);
}

#[tokio::test]
async fn custom_fields_can_be_changed_while_the_emulator_runs() {
    let crm = Crm::start().await;
    crm.virtuous.configure(|settings| {
        settings.custom_fields.insert(RecordKind::Premium, vec![CustomField::new("Shelf")]);
    });
    let premium = json!({ "name": "Mug", "price": 5, "customFields": [{ "name": "Shelf", "value": "A4" }] });
    let made = crm.post("/api/Premium", &premium).await;
    assert_eq!(values(&made), [("Shelf", &json!("A4"))]);
    let project = json!({ "name": "Wells", "customFields": [{ "name": "Phase", "value": "Done" }] });
    let project = crm.post("/api/Project", &project).await;
    assert_eq!(project["customFields"], json!({ "Phase": "Done" }));
    crm.virtuous
        .change_settings(&json!({ "custom_fields": { "project": [{ "name": "Manager" }] } }))
        .unwrap();
    let project = crm.get(&format!("/api/Project/{}", project["id"])).await;
    assert_eq!(project["customFields"], json!({}), "not the value of a field that was removed");
    let change = json!({ "custom_fields": { "contact": [{ "name": "Height", "data_type": "Number" }] } });
    crm.virtuous.change_settings(&change).unwrap();
    assert_eq!(values(&crm.get("/api/Contact/17").await), [("Height", &Value::Null)]);
    let mut exported = crm.emulator.export().unwrap();
    exported["providers"]["virtuous"]["settings"]["custom_fields"] = json!({ "contact": [{ "name": "" }] });
    let refused = crm.emulator.import(&exported).unwrap_err().to_string();
    assert!(refused.contains("settings: custom_fields.contact[0].name: "), "{refused}");
    for (fields, problem) in [
        (json!({ "contact": [{ "name": " " }] }), ".contact[0].name: a field needs a name"),
        (
            json!({ "contact": [{ "name": "A" }, { "name": "a" }] }),
            ".contact[1].name: there is another field",
        ),
        (json!({ "gift": [{ "name": "Contact Name" }] }), ".gift[0].name: \"Contact Name\" is a parameter"),
        (json!({ "premium": [{ "name": "Premium Name" }] }), "a parameter of queries already"),
        (json!({ "gift": [{ "name": "A", "data_type": "List" }] }), "needs options"),
        (json!({ "gift": [{ "name": "A", "options": ["x"] }] }), "must be List or Dropdown"),
        (json!({ "gift": [{ "name": "A", "data_type": "Money" }] }), "expected one of `Text`"),
        (
            json!({ "gift": [{ "name": "A", "data_type": "Numbers" }] }),
            ".gift[0].data_type: unknown value `Numbers`",
        ),
        (json!({ "gift": [{ "name": "A", "data_type": "Numbers" }] }), "did you mean \"Number\"?"),
        (json!({ "gift": [{ "name": "A", "option": [] }] }), "did you mean \"options\"?"),
        (json!({ "gifts": [] }), "did you mean \"gift\"?"),
    ] {
        let error =
            crm.virtuous.change_settings(&json!({ "custom_fields": fields })).unwrap_err().to_string();
        assert!(error.starts_with("custom_fields") && error.contains(problem), "{error}");
        assert!(!error.contains("it is"), "{error}");
    }
}
