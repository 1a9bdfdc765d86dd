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

use common::crm::{Crm, condition, contact, encode, gift, with_ids};
use common::described::Described;
use common::{Request, Response};
use serde_json::{Value, json};

/// Makes calls by their path templates, and compares the responses.
struct Walk {
    crm: Crm,
    described: Described,
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
}

fn id(value: &Value) -> String {
    value["id"].as_i64().unwrap_or_else(|| panic!("no id in {value}")).to_string()
}

#[tokio::test]
async fn every_response_matches_the_description() {
    let crm = Crm::start().await;
    let walk = Walk { crm, described: Described::read("virtuous-client/openapi.json") };
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
    extras(&walk).await;
    groups(&walk).await;
    giving(&walk).await;
    project_parts(&walk).await;
    events(&walk).await;
    volunteering(&walk).await;
    emails(&walk).await;
    tasks(&walk).await;
    reminders(&walk).await;
    walk.described.end();
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
    let update =
        json!({ "type": "Work Phone", "value": "+1 555 0101", "isOptedIn": true, "setAsPrimary": true });
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

/// Everything about contacts that has no separate record.
async fn extras(walk: &Walk) {
    let near = json!({ "latitude": 33.45, "longitude": -112.07, "distanceInMiles": 10 });
    walk.post("/api/Contact/Proximity", near).await;
    walk.plain("PUT", "/api/Contact/ToggleFollow/{contactId}", "17").await;
    walk.get("/api/Contact/Following", &[]).await;
    walk.get("/api/Contact/Activity", &[]).await;
    let mut receipted = gift(17, 3.0);
    receipted["receiptDate"] = json!("2023-11-02");
    let receipted = id(&walk.post("/api/Gift", receipted).await);
    let list = walk.call("GET", "/api/Contact/Receipts", &[], "?email=anna@example.org", None).await;
    assert!(list["total"].as_i64().unwrap() > 0);
    walk.get("/api/Contact/Receipts/{receiptId}", &[&receipted]).await;
    walk.get("/api/Gift/Passthrough/ByContact/{contactId}", &["18"]).await;
    for (owner, key, whole, definition) in
        [("Contact", "{contactId}", "17", "81"), ("ContactIndividual", "{contactIndividualId}", "817", "82")]
    {
        walk.get(&format!("/api/{owner}/CustomCollections"), &[]).await;
        let template = format!("/api/{owner}/{key}/Collection/{{collectionId}}");
        let field = if owner == "Contact" { "Name" } else { "School" };
        let body = json!({ "name": "x", "fields": [{ "name": field, "value": "Rex" }] });
        let made = walk.call("POST", &template, &[whole, definition], "", Some(body.clone())).await;
        let made = made["collectionInstanceId"].to_string();
        walk.call("PUT", &template, &[whole, &made], "", Some(body)).await;
        let query = if owner == "Contact" { String::new() } else { format!("?collectionInstanceId={made}") };
        let last = if owner == "Contact" { &made } else { definition };
        walk.call("DELETE", &template, &[whole, last], &query, None).await;
    }
    let avatar = "/api/ContactIndividual/{contactIndividualId}/Avatar";
    walk.call("POST", avatar, &["817"], "", Some(json!("a picture"))).await;
    walk.get(avatar, &["817"]).await;
    let email =
        json!({ "fromEmail": "a@b.c", "toEmail": "anna@example.org", "subject": "Hi", "body": "Hello" });
    assert_eq!(walk.post("/api/ContactNote/Email", email).await[0]["contactId"], 17);
    walk.post("/api/Search", json!({ "query": "anna", "filterTypes": ["Contact", "Individual"] })).await;
}

async fn groups(walk: &Walk) {
    walk.get("/api/OrganizationGroup", &[]).await;
    walk.get("/api/OrganizationGroup/{organizationGroupId}", &["101"]).await;
    let member = "/api/OrganizationGroup/{organizationGroupId}/contacts/{contactId}";
    walk.call("PUT", member, &["101", "17"], "", None).await;
    walk.get("/api/OrganizationGroup/ByContact/{contactId}", &["17"]).await;
    walk.get("/api/OrganizationGroup/{organizationGroupId}/contacts", &["101"]).await;
    walk.call("DELETE", member, &["101", "17"], "", None).await;
    let relationship = json!({ "contactId": 17, "relatedContactId": 18, "relationshipType": "Friend" });
    let made = id(&walk.post("/api/Relationship", relationship).await);
    walk.get("/api/Relationship/ByContact/{contactId}", &["17"]).await;
    walk.put(
        "/api/Relationship/{relationshipId}",
        &made,
        json!({ "relationshipType": "Spouse", "notes": "x" }),
    )
    .await;
    walk.plain("DELETE", "/api/Relationship/{relationshipId}", &made).await;
    walk.get("/api/Relationship/Types", &[]).await;
    let tribute =
        json!({ "tributeType": "InHonorOf", "firstName": "Anna", "lastName": "Berg", "city": "Phoenix" });
    let made = id(&walk.post("/api/Tribute", tribute.clone()).await);
    walk.put("/api/Tribute/{tributeId}", &made, tribute).await;
    let found = walk.call("GET", "/api/Tribute/Search", &[], "?lastName=berg", None).await;
    assert_eq!(found[0]["firstName"], "Anna");
}

async fn giving(walk: &Walk) {
    let ask = json!({ "contactId": 17, "askAmount": 50, "askDate": "2023-11-01", "askType": "FixedAsk", "status": "Open" });
    let planned = json!({ "contactId": 17, "plannedGiftDate": "2023-11-01", "plannedGiftType": "Annuity",
        "frequency": "Annually", "anticipatedAmount": 100, "customFields": [{ "name": "Remark", "value": "x" }] });
    let pledge = json!({ "contactId": 17, "amountPledged": 20, "frequency": "Monthly", "pledgeDate": "2023-11-01",
        "expectedFulfillmentDate": "2023-12-01", "isPrivate": false,
        "payments": [{ "expectedPaymentDate": "2023-12-01", "expectedAmount": 20 }] });
    let grant = json!({ "title": "Wells", "grantingOrganizationId": 17, "projectId": 52, "dueDate": "2024-01-01",
        "referenceId": "G/1", "awardedGrant": true, "awardedAmount": 1000 });
    for (resource, key, body) in [
        ("GiftAsk", "giftAskId", ask),
        ("PlannedGift", "plannedGiftId", planned),
        ("v2/Pledge", "pledgeId", pledge),
        ("Grant", "grantId", grant),
    ] {
        let made = id(&walk.post(&format!("/api/{resource}"), body.clone()).await);
        let one = format!("/api/{resource}/{{{key}}}");
        walk.get(&one, &[&made]).await;
        walk.put(&one, &made, body).await;
        let list = walk.get(&format!("/api/{resource}/ByContact/{{contactId}}"), &["17"]).await;
        assert_eq!(list["total"], 1, "{resource}");
        walk.get(&format!("/api/{resource}/CustomFields"), &[]).await;
        walk.query(resource, json!({})).await;
        if resource == "v2/Pledge" {
            walk.put("/api/v2/Pledge/WriteOff/{pledgeId}", &made, json!({ "reason": "moved" })).await;
        } else {
            walk.get(&format!("{one}/Gifts"), &[&made]).await;
        }
        if resource == "Grant" {
            walk.get("/api/Grant/ByReference/{referenceId}", &["G/1"]).await;
            walk.plain("DELETE", &one, &made).await;
        }
    }
    let premium = json!({ "name": "Mug", "code": "MUG", "price": 8, "inventoryCount": 5 });
    let made = id(&walk.post("/api/Premium", premium.clone()).await);
    walk.get("/api/Premium/{premiumId}", &[&made]).await;
    walk.put("/api/Premium/{premiumId}", &made, premium).await;
    walk.get("/api/Premium/Code/{premiumCode}", &["MUG"]).await;
    walk.post("/api/Premium/Search", json!({ "search": "mug" })).await;
    walk.call("PUT", "/api/Premium/Increment/{premiumId}", &[&made], "?incrementor=3", None).await;
    let left = walk.plain("PUT", "/api/Premium/Decrement/{premiumId}", &made).await;
    assert_eq!(left["inventoryCount"], 7);
    walk.get("/api/Premium/CustomFields", &[]).await;
    walk.query("Premium", json!({})).await;
}

async fn project_parts(walk: &Walk) {
    let expense =
        json!({ "projectId": 52, "expenseAmount": 5.5, "expenseDate": "2023-11-01", "accountingCode": "A" });
    let made = id(&walk.post("/api/ProjectExpense", expense.clone()).await);
    walk.get("/api/ProjectExpense/{projectExpenseId}", &[&made]).await;
    walk.put(
        "/api/ProjectExpense/{projectExpenseId}",
        &made,
        json!({ "expenseAmount": 6, "expenseDate": "2023-11-02" }),
    )
    .await;
    walk.post("/api/ProjectExpense/Batch", json!({ "projectExpenses": [expense.clone(), expense] })).await;
    let list = walk.call("GET", "/api/ProjectExpense", &[], "?projectId=52&take=2", None).await;
    assert_eq!((&list["total"], list["list"].as_array().unwrap().len()), (&json!(3), 2));
    let note = json!({ "projectId": 52, "type": "Call", "note": "Called.", "private": true });
    let made = id(&walk.post("/api/ProjectNote", note).await);
    walk.get("/api/ProjectNote/{noteId}", &[&made]).await;
    walk.put("/api/ProjectNote/{noteId}", &made, json!({ "type": "Call", "note": "Again." })).await;
    walk.get("/api/ProjectNote/ByProject/{projectId}", &["52"]).await;
    walk.plain("DELETE", "/api/ProjectNote/{noteId}", &made).await;
    walk.get("/api/ProjectNote/Types", &[]).await;
    let types = walk.get("/api/ProjectRole/Types", &[]).await;
    let role =
        json!({ "projectDesignationId": 52, "contactId": 17, "projectRoleTypeId": types["list"][0]["id"] });
    let made = id(&walk.post("/api/ProjectRole", role).await);
    walk.get("/api/ProjectRole/{projectRoleId}", &[&made]).await;
    walk.put(
        "/api/ProjectRole/{projectRoleId}",
        &made,
        json!({ "projectRoleTypeId": types["list"][1]["id"] }),
    )
    .await;
    for (template, of) in [("ByContact/{contactId}", "17"), ("ByProject/{projectId}", "52")] {
        let list = walk.get(&format!("/api/ProjectRole/{template}"), &[of]).await;
        assert_eq!(list["list"][0]["projectRoleType"], "Supporter");
    }
    walk.plain("DELETE", "/api/ProjectRole/{projectRoleId}", &made).await;
}

async fn events(walk: &Walk) {
    let event = json!({ "name": "Gala", "eventType": "Banquet", "startDateTime": "2024-03-27T18:00:00",
        "timeZone": "US/Arizona", "city": "Phoenix", "tables": ["A"], "customFields": [{ "name": "Level", "value": "Gold" }] });
    let made = id(&walk.post("/api/Event", event.clone()).await);
    walk.get("/api/Event/{eventId}", &[&made]).await;
    walk.put("/api/Event/{eventId}", &made, event).await;
    walk.get("/api/Event", &[]).await;
    walk.call("GET", "/api/Event/Search", &[], "?filter=gal", None).await;
    walk.get("/api/Event/Types", &[]).await;
    walk.get("/api/Event/CustomFields", &[]).await;
    walk.query("Event", json!({})).await;
    let attendees = "/api/Event/{eventId}/Attendees";
    let person = json!({ "contactIndividualId": 817 });
    let attendee = walk.call("POST", attendees, &[&made], "", Some(person.clone())).await;
    assert_eq!((&attendee["contactId"], &attendee["event"]), (&json!(17), &json!("Gala")));
    let attendee = id(&attendee);
    walk.get(attendees, &[&made]).await;
    let one = format!("{attendees}/{{eventAttendeeId}}");
    walk.get(&one, &[&made, &attendee]).await;
    walk.call("PUT", &one, &[&made, &attendee], "", Some(json!({ "attended": true }))).await;
    walk.get("/api/EventAttendee/CustomFields", &[]).await;
    walk.query("EventAttendee", json!({})).await;
    walk.call("DELETE", &one, &[&made, &attendee], "", None).await;
    let contacts = "/api/Event/{eventId}/Contacts";
    let contact = id(&walk.call("POST", contacts, &[&made], "", Some(person)).await);
    walk.get(contacts, &[&made]).await;
    let one = format!("{contacts}/{{eventContactId}}");
    walk.get(&one, &[&made, &contact]).await;
    walk.get("/api/Event/{eventId}", &[&made]).await;
    walk.call("DELETE", &one, &[&made, &contact], "", None).await;
    walk.plain("DELETE", "/api/Event/{eventId}", &made).await;
}

async fn volunteering(walk: &Walk) {
    let base = "/api/VolunteerOpportunity";
    let opportunity = json!({ "name": "Painting", "startDateTime": "2024-03-27T09:00:00", "preferredNumberOfHours": 4,
        "currentNeed": 2, "projectId": 52, "city": "Phoenix" });
    let made = id(&walk.post(base, opportunity.clone()).await);
    let one = format!("{base}/{{volunteerOpportunityId}}");
    walk.get(&one, &[&made]).await;
    walk.put(&one, &made, opportunity).await;
    walk.call("GET", base, &[], "?filter=paint", None).await;
    walk.get("/api/VolunteerOpportunity/CustomFields", &[]).await;
    walk.query("VolunteerOpportunity", json!({})).await;
    let person = json!({ "contactIndividualId": 817 });
    let volunteers = format!("{one}/Volunteers");
    let volunteer = id(&walk.call("POST", &volunteers, &[&made], "", Some(person.clone())).await);
    walk.get(&volunteers, &[&made]).await;
    let attendance = format!("{volunteers}/{{volunteerId}}/Attendance");
    let hours = json!({ "hours": 2, "startDateTimeUtc": "2024-03-27T09:00:00" });
    let record = id(&walk.call("POST", &attendance, &[&made, &volunteer], "", Some(hours.clone())).await);
    walk.get(&attendance, &[&made, &volunteer]).await;
    let of_record = format!("{one}/Attendance/{{volunteerAttendanceId}}");
    walk.get(&of_record, &[&made, &record]).await;
    walk.call("PUT", &of_record, &[&made, &record], "", Some(hours)).await;
    let shown = walk.get(&format!("{volunteers}/{{volunteerId}}"), &[&made, &volunteer]).await;
    assert_eq!((&shown["totalHours"], &shown["timesVolunteered"]), (&json!(2.0), &json!(1)));
    let found = walk.call("GET", "/api/Volunteer/Search", &[], "?emailAddress=anna", None).await;
    assert_eq!(found["total"], 1);
    walk.query("Volunteer", json!({})).await;
    walk.call("DELETE", &of_record, &[&made, &record], "", None).await;
    let organizers = format!("{one}/Organizers");
    let organizer = id(&walk.call("POST", &organizers, &[&made], "", Some(person)).await);
    walk.get(&organizers, &[&made]).await;
    walk.get(&format!("{organizers}/{{volunteerOrganizerId}}"), &[&made, &organizer]).await;
    assert_eq!(walk.crm.status("DELETE", &format!("{base}/{made}")).await, 400, "it has volunteers");
    walk.call("DELETE", &format!("{organizers}/{{volunteerOrganizerId}}"), &[&made, &organizer], "", None)
        .await;
    walk.call("DELETE", &format!("{volunteers}/{{volunteerId}}"), &[&made, &volunteer], "", None).await;
    walk.plain("DELETE", &one, &made).await;
}

async fn emails(walk: &Walk) {
    let emails = walk.post("/api/Email/Search", json!({ "search": "welcome" })).await;
    let send = json!({ "emailId": emails["list"][0]["id"], "contactIds": [17, 18] });
    walk.post("/api/Email/Send", send).await;
    assert_eq!(walk.crm.emulator.effects().count("virtuous", "email_sent"), 2);
    let lists = walk.post("/api/EmailList/Search", json!({ "search": "" })).await;
    let add = json!({ "emailListIds": [lists["list"][0]["emailListId"]], "contactIndividualIds": [817] });
    walk.post("/api/EmailList", add).await;
    let lists = walk.get("/api/ContactIndividual/{contactIndividualId}/EmailList", &["817"]).await;
    assert_eq!((&lists["total"], &lists["list"][0]["isSubscribed"]), (&json!(1), &json!(true)));
}

async fn tasks(walk: &Walk) {
    let task = json!({ "taskType": "Call", "task": "Call Anna", "dueDateTime": "2023-12-01T10:00:00", "contactId": 17 });
    let made = walk.post("/api/Task", task).await;
    assert!(made["contact"].as_str().unwrap().starts_with("Anna"));
    walk.get("/api/Task/Types", &[]).await;
    walk.query("Task", condition("Task", "Contains", json!("anna"))).await;
}

async fn reminders(walk: &Walk) {
    let reminder = json!({ "taskType": "Call", "message": "Call", "dueDate": "2023-11-01", "contactId": 17 });
    let first = walk.post("/api/Reminder", reminder.clone()).await;
    assert_eq!(first["isPastDue"], true);
    let second = id(&walk.post("/api/Reminder", reminder).await);
    walk.call("GET", "/api/Reminder/Active", &[], "?search.search=call", None).await;
    walk.put("/api/Reminder/Completed/{id}", &id(&first), json!({ "note": "Done.", "noteTypeName": "Call" }))
        .await;
    walk.plain("PUT", "/api/Reminder/Dismissed/{id}", &second).await;
    walk.get("/api/Reminder/ByContact/{contactId}/Active", &["17"]).await;
    let done = walk.get("/api/Reminder/ByContact/{contactId}/Inactive", &["17"]).await;
    assert_eq!(done["total"], 2);
    walk.get("/api/Reminder/ByContact/{contactId}", &["17"]).await;
    let weekly =
        json!({ "name": "Weekly", "message": "Call", "reminderFrequency": "Weekly", "contactId": 17 });
    let weekly_id = id(&walk.post("/api/Reminder/Saved/Recurring", weekly.clone()).await);
    walk.put("/api/Reminder/Saved/Recurring/{id}", &weekly_id, weekly).await;
    let milestone = json!({ "name": "Tenth gift", "milestoneType": "Gift Count", "threshold": 10 });
    let made = id(&walk.post("/api/Reminder/Saved/Milestone", milestone.clone()).await);
    walk.put("/api/Reminder/Saved/Milestone/{id}", &made, milestone).await;
    walk.get("/api/Reminder/Saved", &[]).await;
    for kind in ["Reminder", "ReminderSource", "Milestone", "ReminderFrequency"] {
        walk.get(&format!("/api/Reminder/Type/{kind}"), &[]).await;
    }
}

#[tokio::test]
async fn examples_are_accepted_and_missing_records_are_described() {
    let crm = Crm::start().await;
    let described = Described::read("virtuous-client/openapi.json");
    // What a request refers to may be missing, or exist already.
    let of_records = ["There is no", "no such individual", "already", "not sum up", "Another ", "not belong"];
    let (mut accepted, mut missing, mut refused) = (0, 0, Vec::new());
    for (method, template, example) in described.operations().filter(|(_, template, _)| *template != "/Token")
    {
        let unknown: Vec<&str> =
            template.split('/').map(|part| if part.starts_with('{') { "999999" } else { part }).collect();
        for path in [with_ids(template), unknown.join("/")] {
            let response = crm.send(method, &path, example.as_ref()).await;
            let place = format!("{method} {path}: {} {}", response.status, response.text());
            match response.status {
                200 | 202 => accepted += 1,
                404 => {
                    described.check_any(method, template, &response);
                    missing += 1;
                }
                400 if example.is_some() => {
                    let state = response.json()["modelState"].clone();
                    let words = state.as_object().unwrap_or_else(|| panic!("{place}")).values();
                    let of_record = |words: &Value| {
                        let words = words[0].as_str().unwrap();
                        of_records.iter().any(|known| words.contains(known))
                    };
                    if !words.into_iter().all(of_record) {
                        refused.push(place);
                    }
                }
                // Required parameters of the query, the content type of avatars, signatures.
                400 | 401 | 409 => {}
                _ => refused.push(place),
            }
        }
    }
    assert!(refused.is_empty(), "{refused:#?}");
    assert!(accepted > 150 && missing > 100, "{accepted} accepted, {missing} missing");
}
