//! Every operation of the Virtuous emulator: its responses are validated against the description that the client is generated
//! from. Only the file is shared; the emulator is implemented independently.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report"
)]

mod common;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use common::crm::{Crm, condition, contact, encode, gift};
use common::{Request, Response};
use serde_json::{Map, Value, json};

/// The description, with the operations by method and path.
struct Described {
    components: Value,
    operations: BTreeMap<(String, String), Value>,
}

impl Described {
    fn read() -> Self {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../virtuous-client/openapi.json");
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let whole: Value = serde_json::from_str(&text).unwrap();
        let mut operations = BTreeMap::new();
        for (path, methods) in whole["paths"].as_object().unwrap() {
            for method in ["get", "post", "put", "patch", "delete"] {
                if let Some(operation) = methods.get(method) {
                    operations.insert((method.to_uppercase(), path.clone()), operation.clone());
                }
            }
        }
        Self { components: whole["components"].clone(), operations }
    }

    /// Validates a success against the schema of its operation.
    fn check(&self, method: &str, template: &str, response: &Response) {
        let place = format!("{method} {template}");
        assert_eq!(response.status, 200, "{place}: {}", response.text());
        let operation = self.operations.get(&(method.to_owned(), template.to_owned()));
        let operation = operation.unwrap_or_else(|| panic!("{place} is not described"));
        let content = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        let Some(schema) = content.as_object() else {
            let object = || response.json().is_object();
            assert!(response.body.is_empty() || object(), "{place} should have no body: {}", response.text());
            return;
        };
        let mut schema: Map<String, Value> = schema.clone();
        schema.insert("components".to_owned(), self.components.clone());
        let validator = jsonschema::validator_for(&Value::Object(schema)).unwrap();
        let body = response.json();
        let errors: Vec<String> =
            validator.iter_errors(&body).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{place}: {errors:#?} in {body:#}");
    }
}

/// Makes calls by their path templates, and remembers them.
struct Walk {
    crm: Crm,
    described: Described,
    done: RefCell<BTreeSet<(String, String)>>,
}

impl Walk {
    /// Calls `template` with its parameters filled in order, and checks the response.
    async fn call(
        &self,
        method: &str,
        template: &str,
        fill: &[&str],
        query: &str,
        body: Option<Value>,
    ) -> Value {
        let mut parts = fill.iter();
        let path: Vec<String> = template
            .split('/')
            .map(|part| if part.starts_with('{') { encode(parts.next().unwrap()) } else { part.to_owned() })
            .collect();
        let response = self.crm.send(method, &format!("{}{query}", path.join("/")), body.as_ref()).await;
        self.note(method, template, &response);
        if response.body.is_empty() { Value::Null } else { response.json() }
    }

    fn note(&self, method: &str, template: &str, response: &Response) {
        self.described.check(method, template, response);
        self.done.borrow_mut().insert((method.to_owned(), template.to_owned()));
    }

    async fn get(&self, template: &str, fill: &[&str]) -> Value {
        self.call("GET", template, fill, "", None).await
    }

    async fn post(&self, template: &str, body: Value) -> Value {
        self.call("POST", template, &[], "", Some(body)).await
    }

    async fn put(&self, template: &str, id: &str, body: Value) -> Value {
        self.call("PUT", template, &[id], "", Some(body)).await
    }

    async fn plain(&self, method: &str, template: &str, id: &str) -> Value {
        self.call(method, template, &[id], "", None).await
    }

    /// Calls `QueryOptions` and `Query` of a resource, which must return rows.
    async fn query(&self, resource: &str, query: Value) {
        self.get(&format!("/api/{resource}/QueryOptions"), &[]).await;
        let found = self.post(&format!("/api/{resource}/Query"), query).await;
        assert!(found["total"].as_i64().unwrap() > 0, "{resource}");
    }

    fn missing(&self) -> Vec<String> {
        let done = self.done.borrow();
        let left = auth_emulator::routes().into_iter().filter(|one| {
            one.provider == "virtuous"
                && one.implemented
                && !done.contains(&(one.method.to_owned(), one.path.clone()))
        });
        left.map(|one| format!("{} {}", one.method, one.path)).collect()
    }
}

fn id(value: &Value) -> String {
    value["id"].as_i64().unwrap_or_else(|| panic!("no id in {value}")).to_string()
}

#[tokio::test]
async fn every_response_matches_the_description() {
    let crm = Crm::start().await;
    let walk = Walk { crm, described: Described::read(), done: RefCell::default() };
    token(&walk).await;
    account(&walk).await;
    contacts(&walk).await;
    people(&walk).await;
    addresses_and_methods(&walk).await;
    notes(&walk).await;
    gifts(&walk).await;
    recurring(&walk).await;
    by_reference(&walk).await;
    campaigns(&walk).await;
    projects(&walk).await;
    webhooks(&walk).await;
    assert_eq!(walk.missing(), [""; 0], "operations that are carried out and were not tried");
}

async fn token(walk: &Walk) {
    let virtuous = &walk.crm.virtuous;
    let form = format!(
        "grant_type=password&username={}&password={}",
        encode(&virtuous.username()),
        encode(&virtuous.password())
    );
    let request = Request::new("POST", &format!("{}/Token", virtuous.base_url()));
    let response =
        request.header("Content-Type", "application/x-www-form-urlencoded").body(form).send().await;
    walk.note("POST", "/Token", &response);
}

async fn account(walk: &Walk) {
    let list = walk.get("/api/Organization", &[]).await;
    walk.get("/api/Organization/Current", &[]).await;
    let organization = json!({ "organizationUserId": list[0]["organizationUserId"].to_string() });
    walk.call("PUT", "/api/Organization/Switch", &[], "", Some(organization)).await;
    walk.get("/api/Permission", &[]).await;
}

async fn contacts(walk: &Walk) {
    walk.get("/api/Contact/{contactId}", &["17"]).await;
    walk.get("/api/Contact/{referenceSource}/{referenceId}", &["crm", "crm/17"]).await;
    walk.call("GET", "/api/Contact/Find", &[], "?email=anna@example.org", None).await;
    walk.post("/api/Contact/Search", json!({ "search": "anna" })).await;
    let mut full = contact("Described", "described@example.org");
    full["customFields"] = json!({ "Nickname": "D", "Shirt Size": "M" });
    full["contactAddresses"] = json!([{ "address1": "1 Main Street", "city": "Phoenix", "stateCode": "AZ" }]);
    let made = walk.post("/api/Contact", full).await;
    let made = id(&made);
    let update = json!({ "contactType": "Household", "name": "Described", "anniversaryYear": 1999 });
    walk.put("/api/Contact/{contactId}", &made, update).await;
    walk.put("/api/Contact/Archive/{contactId}", &made, json!({ "archiveReason": "test" })).await;
    walk.plain("PUT", "/api/Contact/Unarchive/{contactId}", &made).await;
    for list in ["Prefixes", "Types", "CustomFields"] {
        walk.get(&format!("/api/Contact/{list}"), &[]).await;
    }
    walk.query("Contact", condition("Contact Id", "GreaterThan", json!("1"))).await;
    walk.post("/api/Contact/Query/FullContact", json!({ "sortBy": "Name" })).await;
    let reference = json!({ "contactId": 17, "referenceSource": "shop", "referenceId": "a/b" });
    walk.post("/api/ContactReference", reference).await;
    walk.call("DELETE", "/api/ContactReference/{referenceSource}", &["shop"], "?referenceId=a%2Fb", None)
        .await;
    walk.get("/api/Tag", &[]).await;
    walk.post("/api/Tag/Search", json!({ "search": "donor" })).await;
    let tag = walk.post("/api/ContactTag", json!({ "contactId": 17, "tagId": 31 })).await;
    walk.get("/api/ContactTag/ByContact/{contactId}", &["17"]).await;
    walk.get("/api/Contact/ByTag/{tagId}", &["31"]).await;
    walk.plain("DELETE", "/api/ContactTag/{contactTagId}", &tag["contactTagId"].to_string()).await;
    let person = json!({ "referenceSource": "shop", "referenceId": "9", "firstName": "N", "lastName": "M" });
    walk.post("/api/Contact/Transaction", person).await;
    let people = json!({ "referenceSource": "shop", "contacts": [{ "firstName": "N", "lastName": "M" }] });
    walk.post("/api/Contact/Batch", people).await;
    assert_eq!(walk.crm.virtuous.match_transactions().contacts, 2);
}

async fn people(walk: &Walk) {
    walk.get("/api/ContactIndividual/ByContact/{contactId}", &["17"]).await;
    walk.get("/api/ContactIndividual/{contactIndividualId}", &["817"]).await;
    walk.call("GET", "/api/ContactIndividual/Find", &[], "?email=anna@example.org", None).await;
    let person = json!({ "contactId": 17, "firstName": "Nils", "lastName": "Larsson", "birthMonth": 2,
        "birthDay": 3, "birthYear": 1980, "customFields": [{ "name": "Diet", "value": "Vegan" }] });
    let person = id(&walk.post("/api/ContactIndividual", person).await);
    let update =
        json!({ "firstName": "Nils", "lastName": "L", "isDeceased": true, "deceasedDate": "2023-01-01" });
    walk.put("/api/ContactIndividual/{contactIndividualId}", &person, update).await;
    walk.query("ContactIndividual", json!({})).await;
    walk.get("/api/ContactIndividual/CustomFields", &[]).await;
    walk.plain("DELETE", "/api/ContactIndividual/{contactIndividualId}", &person).await;
}

async fn addresses_and_methods(walk: &Walk) {
    walk.get("/api/ContactAddress/ByContact/{contactId}", &["17"]).await;
    walk.get("/api/ContactAddress/{contactAddressId}", &["117"]).await;
    let address =
        json!({ "contactId": 17, "label": "Cabin", "address1": "2 Lake", "startMonth": 6, "startDay": 1 });
    let address = id(&walk.post("/api/ContactAddress", address).await);
    walk.put("/api/ContactAddress/{contactAddressId}", &address, json!({ "city": "Tempe" })).await;
    let method = json!({ "contactIndividualId": 817, "type": "Mobile Phone", "value": "+1 555 0100" });
    let method = id(&walk.post("/api/ContactMethod", method).await);
    walk.get("/api/ContactMethod/{contactMethodId}", &[&method]).await;
    let update = json!({ "type": "Work Phone", "value": "+1 555 0101", "setAsPrimary": true });
    walk.put("/api/ContactMethod/{contactMethodId}", &method, update).await;
    walk.get("/api/ContactMethod/Types", &[]).await;
    walk.call("GET", "/api/ContactMethod/RelatedTypes", &[], "?name=Home%20Email", None).await;
    for (resource, key, id) in
        [("ContactAddress", "{contactAddressId}", &address), ("ContactMethod", "{contactMethodId}", &method)]
    {
        walk.plain("PUT", &format!("/api/{resource}/Archive/{key}"), id).await;
        walk.plain("PUT", &format!("/api/{resource}/Unarchive/{key}"), id).await;
        walk.plain("DELETE", &format!("/api/{resource}/{key}"), id).await;
    }
}

async fn notes(walk: &Walk) {
    let note =
        json!({ "contactId": 17, "type": "Call", "note": "Called.", "important": true, "private": true });
    let note = id(&walk.post("/api/ContactNote", note).await);
    walk.get("/api/ContactNote/{noteId}", &[&note]).await;
    walk.get("/api/ContactNote/ByContact/{contactId}", &["17"]).await;
    walk.get("/api/ContactNote/Important/ByContact/{contactId}", &["17"]).await;
    walk.put("/api/ContactNote/{noteId}", &note, json!({ "type": "Call", "note": "Again." })).await;
    walk.query("ContactNote", json!({})).await;
    walk.get("/api/ContactNote/Types", &[]).await;
    walk.get("/api/ContactNote/CustomFields", &[]).await;
    walk.plain("DELETE", "/api/ContactNote/{noteId}", &note).await;
}

async fn gifts(walk: &Walk) {
    walk.get("/api/Gift/{giftId}", &["301"]).await;
    walk.get("/api/Gift/{transactionSource}/{transactionId}", &["shop", "T-1"]).await;
    walk.get("/api/Gift/ByContact/{contactId}", &["17"]).await;
    let mut full = gift(17, 12.5);
    full["segmentId"] = json!(91);
    full["batch"] = json!("B-1");
    full["receiptDate"] = json!("2023-11-02");
    full["customFields"] = json!([{ "name": "Channel", "value": "Web" }]);
    let made = id(&walk.post("/api/Gift", full.clone()).await);
    walk.post("/api/Gift/Bulk", json!([full, gift(18, 1.0)])).await;
    let reversal = json!({ "giftDate": "2023-11-03", "reversedGiftId": 301, "notes": "a mistake" });
    walk.post("/api/Gift/ReversingTransaction", reversal).await;
    walk.put("/api/Gift/{giftId}", &made, gift(17, 12.5)).await;
    let patch = json!([{ "id": 301, "notes": "thanked", "customFields": { "Channel": "Mail" } }]);
    walk.call("PATCH", "/api/Gift", &[], "", Some(patch)).await;
    walk.get("/api/Gift/CustomFields", &[]).await;
    walk.get("/api/Gift/NonCashGiftTypes", &[]).await;
    walk.query("Gift", json!({ "sortBy": "Amount" })).await;
    walk.post("/api/Gift/Query/FullGift", json!({})).await;
    walk.query("GiftDesignation", json!({})).await;
    let giver = json!({ "firstname": "Anna", "lastname": "Larsson", "email": "anna@example.org" });
    let transaction = json!({ "transactionSource": "web", "transactionId": "1", "contact": giver,
        "giftType": "Credit", "amount": "5.00" });
    walk.post("/api/v2/Gift/Transaction", transaction.clone()).await;
    let mut other = transaction;
    other["transactionSource"] = json!("till");
    let batch = json!({ "transactionSource": "till", "transactions": [other] });
    walk.post("/api/v2/Gift/Transactions", batch).await;
    walk.plain("DELETE", "/api/Gift/{giftId}", &made).await;
}

async fn recurring(walk: &Walk) {
    let schedule = json!({ "contactId": 17, "startDate": "2023-11-01", "frequency": "Monthly", "amount": 10.0,
        "designations": [{ "projectId": 52, "amountDesignated": 10.0 }],
        "customFields": [{ "name": "Plan", "value": "A" }] });
    let schedule = id(&walk.post("/api/RecurringGift", schedule).await);
    let mut payment = gift(17, 10.0);
    payment["recurringGiftPayments"] = json!([{ "id": schedule.parse::<i64>().unwrap(), "amount": 10.0 }]);
    walk.post("/api/Gift", payment).await;
    walk.get("/api/RecurringGift/{recurringGiftId}", &[&schedule]).await;
    walk.get("/api/RecurringGift/ByContact/{contactId}", &["17"]).await;
    let update = json!({ "startDate": "2023-11-01", "frequency": "Quarterly", "amount": 30.0 });
    walk.put("/api/RecurringGift/{recurringGiftId}", &schedule, update).await;
    walk.query("RecurringGift", json!({})).await;
    walk.get("/api/RecurringGift/CustomFields", &[]).await;
    let payments = walk.get("/api/RecurringGiftPayment/{recurringGiftId}", &[&schedule]).await;
    assert_eq!(payments["total"], 1);
    let reason = json!({ "cancelReason": "moved" });
    walk.put("/api/RecurringGift/Cancel/{recurringGiftId}", &schedule, reason).await;
}

async fn by_reference(walk: &Walk) {
    for (number, template) in
        ["/api/Contact/ByReference/{referenceId}", "/api/Gift/ByReference/{referenceId}"].iter().enumerate()
    {
        let path = template.replace("{referenceId}", "crm%2F17");
        let response = walk.crm.signed(&path, number).await;
        walk.note("GET", template, &response);
    }
}

async fn campaigns(walk: &Walk) {
    walk.get("/api/Campaign/{campaignId}", &["71"]).await;
    walk.get("/api/Campaign/GetStepsByCampaignId/{campaignId}", &["71"]).await;
    walk.query("Campaign", json!({ "sortBy": "campaignId" })).await;
    let letter = json!({ "name": "Letter", "campaignId": 71, "channelType": "Email", "givingGoal": 100.0 });
    let letter = walk.post("/api/Communication", letter).await["communicationId"].clone();
    walk.get("/api/Communication/{communicationId}", &[&letter.to_string()]).await;
    walk.get("/api/Communication/ByCampaign/{campaignId}", &["71"]).await;
    walk.get("/api/Communication/ChannelTypes", &[]).await;
    walk.get("/api/Communication/CommunicationTypes", &[]).await;
    walk.query("Communication", json!({})).await;
    let segment = json!({ "name": "Late", "code": "LATE", "communicationId": letter });
    let segment = id(&walk.post("/api/Segment", segment).await);
    walk.get("/api/Segment/{segmentId}", &[&segment]).await;
    walk.get("/api/Segment/Code/{segmentCode}", &["LATE"]).await;
    walk.get("/api/Segment/ByContact/{contactId}", &["17"]).await;
    walk.post("/api/Segment/Search", json!({ "search": "" })).await;
    walk.put("/api/Segment/{segmentId}", &segment, json!({ "name": "Later", "code": "LATER" })).await;
}

async fn projects(walk: &Walk) {
    walk.get("/api/Project/{projectId}", &["51"]).await;
    walk.get("/api/Project/Code/{projectCode}", &["GEN"]).await;
    walk.post("/api/Project/Search", json!({ "search": "water" })).await;
    let project = json!({ "name": "Wells", "revenueAccountingCode": "WELLS", "parentId": 52,
        "customFields": [{ "name": "Phase", "value": "Done" }] });
    let project = id(&walk.post("/api/Project", project).await);
    walk.put("/api/Project/{projectId}", &project, json!({ "name": "Wells", "isActive": true })).await;
    let patch =
        json!([{ "id": 52, "description": "Wells and pumps", "customFields": { "Phase": "Running" } }]);
    walk.call("PATCH", "/api/Project", &[], "", Some(patch)).await;
    let template = "/api/Project/{projectId}/Status";
    walk.call("PUT", template, &[&project], "?inventoryStatus=Reserved&durationMinutes=5", None).await;
    let balance = json!({ "beginningBalance": 1.0, "currentBalance": 2.0 });
    walk.put("/api/Project/{projectId}/Balance", &project, balance).await;
    walk.get("/api/Project/CustomFields", &[]).await;
    walk.get("/api/Project/Types", &[]).await;
    walk.query("Project", json!({})).await;
}

async fn webhooks(walk: &Walk) {
    let webhook = json!({ "payloadUrl": "https://example.org/hook", "secret": "s", "giftCreate": true });
    let made = id(&walk.post("/api/Webhook", webhook.clone()).await);
    walk.get("/api/Webhook/{webhookId}", &[&made]).await;
    walk.put("/api/Webhook/{webhookId}", &made, webhook).await;
    walk.call("PUT", "/api/Webhook/{webhookId}/Active", &[&made], "?active=false", None).await;
    walk.plain("DELETE", "/api/Webhook/{webhookId}", &made).await;
}
