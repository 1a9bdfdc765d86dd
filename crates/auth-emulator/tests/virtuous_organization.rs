//! Custom collections, tags and types of contacts that a seed file or the settings of the Virtuous emulator declare.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report"
)]

mod common;

use auth_emulator::Emulator;
use auth_emulator::providers::virtuous::Tag;
use common::crm::{Crm, condition, contact};
use serde_json::{Value, json};

const SEED: &str = "\
clock: 2026-01-31T12:00:00Z
settings:
  virtuous:
    contact_types:
      - {name: Parish, parent: Organization}
    tags:
      - {name: Gala 2026, group: Events}
      - {name: Board}
    custom_collections:
      contact:
        - name: Boats
          fields:
            - {name: Harbor}
            - {name: Length, data_type: Number}
            - {name: Launched, data_type: Date}
      individual:
        - {name: Trainings, fields: [{name: Course, data_type: List, options: [First Aid, Sailing]}]}
records:
  - provider: virtuous
    operation: contacts.create
    body:
      contactType: Parish
      name: St. Olaf
      contactIndividuals:
        - firstName: Ada
          lastName: Berg
          customCollections: [{name: Trainings, fields: [{name: Course, value: Sailing}]}]
      customCollections:
        - {name: Boats, fields: [{name: Launched, value: '2024-02-29'}, {name: Length, value: 7.5}]}
    as: olaf
  - provider: virtuous
    operation: contact_tags.create
    body: {contactId: '{{olaf.id}}', tagId: 31}
";

async fn start() -> Crm {
    let emulator = Emulator::builder().seed_file(SEED).unwrap().start().await.unwrap();
    let virtuous = emulator.virtuous();
    Crm { emulator, virtuous }
}

/// The collection, the record's id, and the values by name.
type Entry<'v> = (&'v str, i64, Vec<(&'v str, &'v str)>);

/// The records in collections.
fn records(of: &Value) -> Vec<Entry<'_>> {
    let list = of["customCollections"].as_array().unwrap().iter();
    list.map(|one| {
        let fields = one["fields"].as_array().unwrap().iter();
        let fields = fields.map(|field| (field["name"].as_str().unwrap(), field["value"].as_str().unwrap()));
        let id = one["collectionInstanceId"].as_i64().unwrap();
        (one["customCollectionName"].as_str().unwrap(), id, fields.collect())
    })
    .collect()
}

fn boat(harbor: &str) -> Value {
    json!({ "name": "Boats", "fields": [{ "name": "Harbor", "value": harbor }] })
}

#[tokio::test]
async fn a_seed_file_declares_collections_tags_and_types() {
    let crm = start().await;
    let listed = crm.get("/api/Contact/CustomCollections").await;
    let fields =
        listed[0]["fields"].as_array().unwrap().iter().map(|field| field["dataType"].as_str().unwrap());
    assert_eq!(
        (&listed[0]["name"], fields.collect::<Vec<_>>(), listed.as_array().unwrap().len()),
        (&json!("Boats"), vec!["Text", "Number", "Date"], 1)
    );
    let listed = crm.get("/api/ContactIndividual/CustomCollections").await;
    assert_eq!(listed[0]["fields"][0]["options"], json!(["First Aid", "Sailing"]));
    let types = crm.get("/api/Contact/Types").await;
    assert_eq!(types[3], json!({ "parentType": "Organization", "type": "Parish" }));
    let tags = crm.get("/api/Tag").await;
    assert_eq!(
        (tags["total"].as_i64(), &tags["list"][0]["tagGroupName"], &tags["list"][1]["tagGroupName"]),
        (Some(2), &json!("Events"), &Value::Null)
    );

    let olaf = crm.get("/api/Contact/20").await;
    assert_eq!((&olaf["contactType"], &olaf["tags"]), (&json!("Parish"), &json!(["Gala 2026"])));
    let held = records(&olaf);
    assert_eq!(held[0].2, [("Length", "7.5"), ("Launched", "2/29/2024")], "like custom fields");
    let held = records(&olaf["contactIndividuals"][0]);
    assert_eq!((held[0].0, &held[0].2), ("Trainings", &vec![("Course", "Sailing")]));
    let of_type = crm.ids("/api/Contact/Query", &condition("Contact Type", "Is", json!("Parish"))).await;
    let tagged = crm.ids("/api/Contact/Query", &condition("Tag", "IsAnyOf", json!(["Gala 2026"]))).await;
    assert_eq!((of_type.0, tagged.0), (vec![20], vec![20]));
    let options = crm.get("/api/Contact/QueryOptions").await;
    let option = options["options"].as_array().unwrap().iter().find(|one| one["parameter"] == "Contact Type");
    assert_eq!(option.unwrap()["valueOptions"], json!(["Foundation", "Household", "Organization", "Parish"]));
    let found = crm.post("/api/Search", &json!({ "query": "gala", "filterTypes": ["Tag"] })).await;
    assert_eq!(found["entities"]["hits"][0]["document"]["entityId"], 31);

    let mut church = contact("Kim", "kim@example.org");
    church["contactType"] = json!("Church");
    assert_eq!(crm.refused("POST", "/api/Contact", &church).await, ["contact.contactType"], "no example");
    church["contactType"] = json!("parish");
    assert_eq!(crm.post("/api/Contact", &church).await["contactType"], "Parish");
}

#[tokio::test]
async fn bodies_create_and_replace_records_in_collections() {
    let crm = start().await;
    let mut body = contact("Kim", "kim@example.org");
    body["customCollections"] = json!([boat("Oslo"), boat("Bergen")]);
    let made = crm.post("/api/Contact", &body).await;
    let path = format!("/api/Contact/{}", made["id"]);
    let read = crm.get(&path).await;
    assert_eq!(made["customCollections"], read["customCollections"]);
    let ids: Vec<i64> = records(&read).iter().map(|record| record.1).collect();
    assert!(ids[0] > 0 && ids[0] < ids[1], "{ids:?}");

    // The operations on single records change the same ones.
    let update = json!({ "fields": [{ "name": "Length", "value": "9" }] });
    crm.write("PUT", &format!("{path}/Collection/{}", ids[1]), &update).await;
    crm.call("DELETE", &format!("{path}/Collection/{}", ids[0])).await;
    let added = crm.post(&format!("{path}/Collection/81"), &boat("Turku")).await;
    let turku = added["collectionInstanceId"].as_i64().unwrap();
    let read = crm.get(&path).await;
    assert_eq!(
        records(&read),
        [("Boats", ids[1], vec![("Length", "9")]), ("Boats", turku, vec![("Harbor", "Turku")])]
    );

    // A replacement replaces the records too; one that stays the same keeps its id.
    let change = json!({ "contactType": "Household", "name": "Kim", "customCollections": [boat("Malmo"), boat("Turku")] });
    let changed = crm.write("PUT", &path, &change).await;
    let held = records(&changed);
    assert_eq!((held[0].2[0].1, held[1].1, held.len()), ("Malmo", turku, 2));
    assert!(!ids.contains(&held[0].1));
    let mut sent = changed.clone();
    sent["contactType"] = json!(" household ");
    sent["customCollections"][0]["fields"][0]["value"] = json!("Visby");
    sent["customCollections"].as_array_mut().unwrap().reverse();
    let again = crm.write("PUT", &path, &sent).await;
    assert_eq!(again["contactType"], "Household");
    assert_eq!(
        records(&again),
        [("Boats", turku, vec![("Harbor", "Turku")]), ("Boats", held[0].1, vec![("Harbor", "Visby")])],
        "what was read can be sent, in any order"
    );
    let without = json!({ "contactType": "Household", "name": "Kim" });
    assert_eq!(records(&crm.write("PUT", &path, &without).await), []);
    crm.virtuous.configure(|settings| settings.put_merges = true);
    crm.write("PUT", &path, &change).await;
    assert_eq!(records(&crm.write("PUT", &path, &without).await).len(), 2);

    let training = json!([{ "name": "Trainings", "fields": [{ "name": "Course", "value": "First Aid" }] }]);
    let person =
        json!({ "contactId": 17, "firstName": "Bo", "lastName": "Berg", "customCollections": training });
    let person = crm.post("/api/ContactIndividual", &person).await;
    assert_eq!(records(&person)[0].2, [("Course", "First Aid")]);
    let path = format!("/api/ContactIndividual/{}", person["id"]);
    let change =
        json!({ "firstName": "Bo", "lastName": "Berg", "customCollections": [{ "name": "Trainings" }] });
    assert_eq!(records(&crm.write("PUT", &path, &change).await)[0].2, []);
}

#[tokio::test]
async fn unknown_collections_fields_and_values_are_refused() {
    let crm = start().await;
    let entry = |name: &str, field: &str, value: &str| json!([{ "name": name, "fields": [{ "name": field, "value": value }] }]);
    for (collections, field) in [
        (json!({ "Boats": [] }), "contact.customCollections"),
        (json!([{ "fields": [] }]), "contact.customCollections[0].name"),
        (entry("Pets", "Name", "Rex"), "contact.customCollections[0].name"),
        (entry("Trainings", "Course", "Sailing"), "contact.customCollections[0].name"),
        (entry("Boats", "Color", "red"), "contact.customCollections[0].fields[0]"),
        (entry("Boats", "Length", "long"), "contact.customCollections[0].fields[0].length"),
    ] {
        let mut body = contact("Kim", "kim@example.org");
        body["customCollections"] = collections.clone();
        assert_eq!(crm.refused("POST", "/api/Contact", &body).await, [field], "{collections}");
        let path = "/api/Contact/17";
        let body = json!({ "contactType": "Household", "name": "A", "customCollections": collections });
        assert_eq!(crm.refused("PUT", path, &body).await, [field], "{collections}");
    }
    let wrong = json!({ "firstName": "Bo", "lastName": "Berg", "customCollections": [boat("Oslo")] });
    let field = "individual.customCollections[0].name";
    assert_eq!(crm.refused("PUT", "/api/ContactIndividual/817", &wrong).await, [field]);
    let wrong = json!({ "fields": [{ "name": "Length", "value": "long" }] });
    let path = "/api/Contact/17/Collection/81";
    assert_eq!(crm.refused("POST", path, &wrong).await, ["collection.fields[0].length"]);
    let wrong = json!({ "fields": [{ "name": "Color", "value": "red" }] });
    assert_eq!(crm.refused("POST", path, &wrong).await, ["collection.fields[0]"]);
    assert_eq!(crm.get("/api/Contact/17").await["customCollections"], json!([]));
}

#[tokio::test]
async fn custom_objects_of_transactions_are_added_to_collections_of_the_giver() {
    let crm = start().await;
    let training = json!({ "name": "Trainings", "fields": [{ "name": "Course", "value": "Sailing" }] });
    let gift = |id: &str| {
        json!({ "transactionSource": "shop", "transactionId": id, "giftType": "Cash", "amount": "5.00",
            "giftDate": "2026-01-01", "contact": { "id": 17, "firstname": "Anna", "lastname": "Larsson" },
            "customObjects": [boat("Oslo"), training, { "name": "Unknown", "fields": [] }] })
    };
    for id in ["g1", "g2"] {
        crm.post("/api/v2/Gift/Transaction", &gift(id)).await;
    }
    assert_eq!(crm.virtuous.match_transactions().gifts, 2);
    let anna = crm.get("/api/Contact/17").await;
    let held = records(&anna);
    assert_eq!((held.len(), held[0].0, held[0].2[0].1), (1, "Boats", "Oslo"), "once");
    assert_eq!(records(&anna["contactIndividuals"][0])[0].2, [("Course", "Sailing")]);
    let mut wrong = gift("g3");
    wrong["customObjects"] = json!({});
    let refused = crm.refused("POST", "/api/v2/Gift/Transaction", &wrong).await;
    assert_eq!(refused, ["giftTransaction.customObjects"]);
    let mut many = gift("g4");
    many["customObjects"] = json!(vec![boat("Oslo"); 101]);
    let refused = crm.send("POST", "/api/v2/Gift/Transaction", Some(&many)).await;
    assert_eq!(refused.status, 507, "{}", refused.text());
}

#[tokio::test]
async fn declarations_can_be_changed_while_the_emulator_runs() {
    let crm = start().await;
    let exported = crm.emulator.export().unwrap();
    crm.virtuous.configure(|settings| {
        settings.tags.remove(0);
        settings.tags.push(Tag::new("Choir"));
        settings.contact_types.clear();
        settings.custom_collections.clear();
    });
    let olaf = crm.get("/api/Contact/20").await;
    assert_eq!(
        (&olaf["contactType"], &olaf["tags"], records(&olaf).len()),
        (&json!("Parish"), &json!([]), 0),
        "what was removed stays stored"
    );
    assert_eq!(crm.get("/api/ContactTag/ByContact/20").await["total"], 0);
    assert_eq!(crm.get("/api/Contact/CustomCollections").await[0]["name"], "Pets", "the example");
    crm.post("/api/ContactTag", &json!({ "contactId": 20, "tagId": 32 })).await;
    assert_eq!(crm.get("/api/Contact/20").await["tags"], json!(["Choir"]));
    crm.emulator.import(&exported).unwrap();
    let olaf = crm.get("/api/Contact/20").await;
    assert_eq!((&olaf["tags"], records(&olaf).len()), (&json!(["Gala 2026"]), 1));

    let many: Vec<Tag> = (0..501).map(|number| Tag::new(format!("Tag {number}"))).collect();
    for (change, problem) in [
        (json!({ "tags": [{ "name": "" }] }), "tags[0].name: a tag needs a name"),
        (
            json!({ "tags": [{ "name": "A" }, { "name": "a" }] }),
            "tags[1].name: there is another tag named \"a\"",
        ),
        (json!({ "tags": ["A"] }), "tags[0]: expected a map, found \"A\""),
        (json!({ "tags": many }), "tags[500].name: at most 500"),
        (
            json!({ "contact_types": [{ "name": "household", "parent": "Household" }] }),
            "contact_types[0].name: ",
        ),
        (
            json!({ "contact_types": [{ "name": "A", "parent": "Church" }] }),
            "contact_types[0].parent: unknown value",
        ),
        (json!({ "contact_types": [{ "name": "A" }] }), "contact_types[0]: missing field `parent`"),
        (
            json!({ "custom_collections": { "gift": [] } }),
            "custom_collections.gift: only contact and individual",
        ),
        (
            json!({ "custom_collections": { "contact": [{ "name": "A", "fields": [] }, { "name": "A", "fields": [] }] } }),
            "custom_collections.contact[1].name: there is another collection",
        ),
        (
            json!({ "custom_collections": { "contact": [{ "name": "A", "fields": [{ "name": "B", "data_type": "List" }] }] } }),
            "custom_collections.contact[0].fields[0].data_type: \"B\" is a List and needs options",
        ),
    ] {
        let error = crm.virtuous.change_settings(&change).unwrap_err().to_string();
        assert!(error.starts_with(problem), "{error}");
    }
}

#[tokio::test]
async fn a_seed_file_creates_records_that_no_operation_creates() {
    let records = "\
records:
  - provider: virtuous
    operation: campaigns.create
    body: {name: Gala, startDateTimeUtc: '2026-03-01', givingGoal: 500}
    as: gala
  - provider: virtuous
    operation: communications.create
    body: {name: Invitation, campaignId: '{{gala.campaignId}}', channelType: Email, communicationType: Appeal}
    as: invitation
  - provider: virtuous
    operation: email_lists.create
    body: {name: Guests}
  - provider: virtuous
    operation: emails.create
    body: {name: Thanks, subject: Thank you}
  - provider: virtuous
    operation: organization_groups.create
    body: {name: Partners}
  - provider: virtuous
    operation: project_role_types.create
    body: {role: Host, isEnabled: true}
";
    let emulator = Emulator::builder().seed_file(records).unwrap().start().await.unwrap();
    let virtuous = emulator.virtuous();
    let crm = Crm { emulator, virtuous };
    let gala = crm.post("/api/Campaign/Query", &condition("Name", "Is", json!("Gala"))).await;
    let gala = &gala["list"][0];
    let of_gala = crm.get(&format!("/api/Communication/ByCampaign/{}", gala["campaignId"])).await;
    assert_eq!((&gala["givingGoal"], &of_gala["list"][0]["name"]), (&json!(500.0), &json!("Invitation")));
    for (path, name) in [("/api/EmailList/Search", "Guests"), ("/api/Email/Search", "Thanks")] {
        let found = crm.post(path, &json!({ "search": name })).await;
        assert_eq!(found["list"][0]["name"], name, "{path}");
    }
    let groups = crm.get("/api/OrganizationGroup").await;
    assert!(groups["list"].as_array().unwrap().iter().any(|group| group["name"] == "Partners"), "{groups}");
    let roles = crm.get("/api/ProjectRole/Types").await;
    assert!(roles.to_string().contains("Host"), "{roles}");
    let known = auth_emulator::routes();
    assert!(known.iter().all(|route| route.operation != "campaigns.create"), "it is not served");
    for (record, mistake) in [
        ("operation: campaigns.create, body: {nam: x}", "campaign.name: "),
        ("operation: tags.create, body: {name: x}", "unknown operation"),
    ] {
        let records = format!("records:\n  - {{provider: virtuous, {record}}}\n");
        let error = Emulator::builder().seed_file(&records).unwrap().start().await.unwrap_err().to_string();
        assert!(error.contains("line 2: ") && error.to_lowercase().contains(mistake), "{error}");
    }
}
