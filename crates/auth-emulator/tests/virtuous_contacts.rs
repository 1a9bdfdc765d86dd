//! Contacts of the Virtuous emulator and their parts: writes are read back, and invalid fields are named.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report"
)]

mod common;

use common::crm::{Crm, condition, contact};
use serde_json::{Value, json};

fn id(value: &Value) -> i64 {
    value["id"].as_i64().unwrap()
}

#[tokio::test]
async fn the_three_people_are_as_ever() {
    let crm = Crm::start().await;
    let anna = crm.get("/api/contact/17").await;
    assert_eq!((anna["name"].as_str(), anna["informalName"].as_str()), (Some("Anna Larsson"), Some("Anna")));
    assert_eq!(anna["createDateTimeUtc"], "2023-11-30T14:20:56.3533333");
    assert_eq!(anna["lastGiftAmount"], "$10.50");
    assert_eq!((&anna["tags"], &anna["customFields"][1]["value"]), (&json!([]), &Value::Null));
    assert_eq!(anna["contactReferences"], json!([{ "source": "crm", "id": "crm/17" }]));
    let person = &anna["contactIndividuals"][0];
    assert_eq!((id(person), id(&person["contactMethods"][0]), id(&anna["address"])), (817, 317, 117));
    assert_eq!(crm.get("/api/Contact/crm/crm%2F19").await["name"], "Zo\u{eb} M\u{fc}ller");
    for path in ["/api/Contact/20", "/api/Contact/99999999999999999999", "/api/Contact/shop/crm%2F17"] {
        let response = crm.send("GET", path, None).await;
        assert_eq!((response.status, response.body.len()), (404, 0), "{path}");
    }
    let by_reference = crm.signed("/api/Contact/ByReference/crm%2F17", 1).await;
    assert_eq!((by_reference.status, id(&by_reference.json())), (200, 17));
    assert_eq!(crm.status("GET", "/api/Contact/ByReference/crm%2F17").await, 401, "signed calls only");
}

#[tokio::test]
async fn a_contact_is_created_whole_and_never_matched() {
    let crm = Crm::with(|settings| settings.unique_emails = false).await;
    let mut body = contact("Karin", "karin@example.org");
    body["referenceSource"] = json!("shop");
    body["referenceId"] = json!("a/1");
    body["customFields"] = json!({ "Nickname": "K", "Shirt Size": "M" });
    body["contactAddresses"] = json!([{ "address1": "1 Main", "city": "Mesa", "stateCode": "AZ", "countryCode": "US", "postal": "85201" }]);
    let first = crm.post("/api/Contact", &body).await;
    let second = crm.post("/api/Contact", &body).await;
    assert_eq!((id(&first), id(&second)), (20, 21), "ids continue where the seeded ones end");
    assert!(first.get("isCurrentUserFollowing").is_none(), "creation responses without it");
    assert_eq!(first["address"]["state"], "AZ");
    assert_eq!(first["lastGiftAmount"], "$0");
    let expected = json!([
        { "name": "Nickname", "value": "K", "displayName": "Nickname", "dataType": "Text" },
        { "name": "Shirt Size", "value": "M", "displayName": "Shirt size", "dataType": "List" },
    ]);
    assert_eq!(first["customFields"], expected);
    assert_eq!(first["createDateTimeUtc"], "2023-11-14T22:13:20Z");
    let found = crm.get("/api/Contact/shop/a%2F1").await;
    assert_eq!((id(&found), &found["isCurrentUserFollowing"]), (20, &json!(false)));
    assert_eq!(found["createDateTimeUtc"], "2023-11-14T22:13:20");
}

#[tokio::test]
async fn what_a_contact_needs_is_named() {
    let crm = Crm::start().await;
    for (change, fields) in [
        (json!({ "contactType": null }), &["contact.contactType"][..]),
        (json!({ "contactType": "Herd" }), &["contact.contactType"]),
        (json!({ "name": "" }), &["contact.name"]),
        (json!({ "contactIndividuals": [] }), &["contact.contactIndividuals"]),
        (
            json!({ "contactIndividuals": [{ "firstName": "A" }] }),
            &["contact.contactIndividuals[0].lastName"],
        ),
        (json!({ "anniversaryYear": "many" }), &["contact.anniversaryYear"]),
        (json!({ "isPrivate": "yes", "website": {} }), &["contact.isPrivate", "contact.website"]),
        (json!({ "originSegmentId": 5 }), &["contact.originSegmentId"]),
        (json!({ "customFields": [] }), &["contact.customFields"]),
        (json!({ "customFields": { "Height": "2 m" } }), &["contact.customFields"]),
        (json!({ "customFields": { "Shirt Size": "XXL" } }), &["contact.customFields.Shirt Size"]),
    ] {
        let mut body = contact("Karin", "karin@example.org");
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        assert_eq!(crm.refused("POST", "/api/Contact", &body).await, fields, "{change}");
    }
    assert_eq!(crm.refused("POST", "/api/Contact", &json!([])).await, ["contact"]);
    let request = common::Request::new("POST", &format!("{}/api/Contact", crm.virtuous.base_url()));
    let request = request.header("Authorization", &format!("Bearer {}", crm.virtuous.api_key()));
    for body in ["{", ""] {
        let response = request.clone().header("Content-Type", "application/json").body(body).send().await;
        assert_eq!(response.status, 400, "{body}");
    }
    assert_eq!(crm.ids("/api/Contact/Query", &json!({})).await.1, 3, "nothing was kept");
}

#[tokio::test]
async fn put_deletes_missing_fields_unless_it_merges() {
    let crm = Crm::start().await;
    let full = json!({ "contactType": "household", "NAME": "Anna L", "website": "https://a", "isPrivate": true,
        "customFields": [{ "name": "Nickname", "value": "A" }], "unknown": { "is": "passed over" } });
    crm.write("PUT", "/api/Contact/17", &full).await;
    let anna = crm.get("/api/Contact/17").await;
    assert_eq!((anna["name"].as_str(), anna["informalName"].as_str()), (Some("Anna L"), None));
    assert_eq!((&anna["isPrivate"], &anna["customFields"][0]["value"]), (&json!(true), &json!("A")));
    let cleared = crm.write("PUT", "/api/Contact/17", &json!({ "name": "Anna" })).await;
    assert_eq!((&cleared["website"], &cleared["isPrivate"]), (&Value::Null, &json!(false)));
    assert_eq!(
        (&cleared["contactType"], &cleared["customFields"][0]["value"]),
        (&json!("Household"), &Value::Null)
    );
    assert_eq!(cleared["contactIndividuals"].as_array().unwrap().len(), 1, "parts stay");

    crm.virtuous.configure(|settings| settings.put_merges = true);
    crm.write("PUT", "/api/Contact/18", &json!({ "website": "https://b" })).await;
    let bert = crm.write("PUT", "/api/Contact/18", &json!({ "informalName": null })).await;
    assert_eq!((bert["name"].as_str(), bert["website"].as_str()), (Some("Bert O'Neil"), Some("https://b")));
    assert_eq!(bert["informalName"], Value::Null, "null is given");
    let wrong = json!({ "customFields": { "Nickname": "A" } });
    assert_eq!(crm.refused("PUT", "/api/Contact/17", &wrong).await, ["contact.customFields"], "a list here");
    assert_eq!(crm.send("PUT", "/api/Contact/99", Some(&json!({}))).await.status, 404);
}

#[tokio::test]
async fn archived_contacts_are_hidden_unless_requested() {
    let crm = Crm::start().await;
    let response = crm.send("PUT", "/api/Contact/Archive/18", None).await;
    assert_eq!((response.status, response.body.len()), (200, 0));
    assert_eq!(crm.ids("/api/Contact/Query", &json!({})).await, (vec![17, 19], 2));
    let all = json!({ "includeArchived": true });
    assert_eq!(crm.ids("/api/Contact/Query", &all).await.0, [17, 18, 19]);
    let mut archived = condition("Contact Id", "Is", json!("18"));
    assert_eq!(crm.ids("/api/Contact/Query", &archived).await.1, 0);
    archived["includeArchived"] = json!(true);
    assert_eq!(crm.ids("/api/Contact/Query", &archived).await.0, [18]);
    let mut since = condition("Last Modified Date", "OnOrBefore", json!("Today"));
    since["includeArchived"] = json!(true);
    assert_eq!(crm.ids("/api/Contact/Query", &since).await.0, [18], "archiving moves the date");
    assert_eq!(crm.get("/api/Contact/18").await["name"], "Bert O'Neil", "and it can be read");
    assert_eq!(crm.post("/api/Contact/Search", &json!({ "search": "bert" })).await["total"], 0);
    assert_eq!(crm.call("PUT", "/api/Contact/Unarchive/18").await, json!({}));
    assert_eq!(crm.ids("/api/Contact/Query", &json!({})).await.1, 3);
    assert_eq!(crm.status("PUT", "/api/Contact/Archive/99").await, 404);
}

#[tokio::test]
async fn a_contact_is_found_by_reference_before_address() {
    let crm = Crm::start().await;
    let find = async |query: &str| crm.send("GET", &format!("/api/Contact/Find?{query}"), None).await;
    assert_eq!(id(&find("email=ANNA@example.org").await.json()), 17);
    let both = find("email=anna@example.org&referenceSource=crm&referenceId=crm/19").await;
    assert_eq!(id(&both.json()), 19);
    assert_eq!(find("email=nobody@example.org").await.status, 404);
    assert_eq!(find("referenceSource=crm").await.status, 400);
    assert_eq!(find("mail=anna@example.org").await.status, 400, "an unknown parameter");
    let reference = json!({ "contactId": 17, "referenceSource": "shop", "referenceId": "x" });
    assert_eq!(crm.post("/api/ContactReference", &reference).await, Value::Null);
    assert_eq!(id(&crm.get("/api/Contact/shop/x").await), 17);
    let taken = crm.refused("POST", "/api/ContactReference", &reference).await;
    assert_eq!(taken, ["contactReference.referenceId"]);
    assert_eq!(crm.status("DELETE", "/api/ContactReference/shop").await, 400, "half of the key is missing");
    assert_eq!(crm.call("DELETE", "/api/ContactReference/shop?referenceId=x").await, json!({}));
    assert_eq!(crm.status("GET", "/api/Contact/shop/x").await, 404);
    let hits = crm.post("/api/Contact/Search?take=1", &json!({ "search": "EXAMPLE.org" })).await;
    assert_eq!((hits["total"].as_i64(), hits["list"][0]["individualId"].as_i64()), (Some(3), Some(817)));
}

#[tokio::test]
async fn people_come_and_go_but_one_stays() {
    let crm = Crm::start().await;
    let body = json!({ "contactId": 17, "firstName": "Nils", "lastName": "L", "setAsPrimary": true,
        "contactMethods": [{ "type": "Work Email", "value": "Nils@example.org" }] });
    let nils = crm.post("/api/ContactIndividual", &body).await;
    assert_eq!((id(&nils), &nils["isPrimary"], nils["contactId"].as_i64()), (820, &json!(true), Some(17)));
    let people = crm.get("/api/ContactIndividual/ByContact/17").await;
    let primary: Vec<_> = people.as_array().unwrap().iter().map(|one| one["isPrimary"].clone()).collect();
    assert_eq!(primary, [json!(false), json!(true)], "a bare list, with one primary person");
    assert_eq!(id(&crm.get("/api/ContactIndividual/Find?email=nils@example.org").await), 820);
    let marked = json!({ "firstName": "Nils", "lastName": "Larsson", "setAsSecondary": true, "birthMonth": 2, "birthDay": 3,
        "birthYear": 1980, "customFields": [{ "name": "Diet", "value": "Vegan" }] });
    let marked = crm.write("PUT", "/api/ContactIndividual/820", &marked).await;
    assert_eq!(
        (marked["lastName"].as_str(), marked["birthDate"].as_str()),
        (Some("Larsson"), Some("2/3/1980"))
    );
    assert_eq!(marked["isPrimary"], true, "the primary person can't be the secondary one");
    assert!(marked.get("deceasedDate").is_some());
    assert_eq!(crm.call("DELETE", "/api/ContactIndividual/820").await, Value::Null);
    assert_eq!(crm.get("/api/ContactIndividual/817").await["isPrimary"], true);
    assert_eq!(crm.status("DELETE", "/api/ContactIndividual/817").await, 400, "the last one");
    assert_eq!(crm.status("GET", "/api/ContactIndividual/820").await, 404);
    assert_eq!(crm.status("GET", "/api/ContactIndividual/Find").await, 400);
    let orphan = json!({ "contactId": 5, "firstName": "A", "lastName": "B" });
    assert_eq!(crm.refused("POST", "/api/ContactIndividual", &orphan).await, ["individual.contactId"]);
}

#[tokio::test]
async fn addresses_and_methods_are_created_changed_and_deleted() {
    let crm = Crm::start().await;
    let cabin = json!({ "contactId": 17, "label": "Cabin", "address1": "2 Lake", "setAsPrimary": true });
    let cabin = crm.post("/api/ContactAddress", &cabin).await;
    assert_eq!((id(&cabin), &cabin["isPrimary"]), (120, &json!(true)));
    assert_eq!(crm.get("/api/ContactAddress/117").await["isPrimary"], false);
    let cleared = crm.write("PUT", "/api/ContactAddress/120", &json!({ "city": "Tempe" })).await;
    assert_eq!((&cleared["address1"], &cleared["isPrimary"]), (&Value::Null, &json!(true)));
    crm.call("PUT", "/api/ContactAddress/Archive/120").await;
    assert_eq!(crm.get("/api/ContactAddress/ByContact/17").await.as_array().unwrap().len(), 1);
    assert_eq!(crm.get("/api/Contact/17").await["address"]["id"], 117);
    crm.call("PUT", "/api/ContactAddress/Unarchive/120").await;
    assert_eq!(crm.get("/api/Contact/17").await["address"]["id"], 117, "the primary one by now");
    crm.call("DELETE", "/api/ContactAddress/120").await;
    assert_eq!(crm.get("/api/Contact/17").await["address"]["isPrimary"], true);
    assert_eq!(crm.status("DELETE", "/api/ContactAddress/120").await, 404);

    let phone = json!({ "contactIndividualId": 817, "type": "mobile phone", "value": "+1 555 0100" });
    let phone = crm.post("/api/ContactMethod", &phone).await;
    assert_eq!((id(&phone), phone["type"].as_str()), (320, Some("Mobile Phone")));
    assert_eq!(phone["isPrimary"], true, "the first of its sort");
    let summary = crm.post("/api/Contact/Query?take=1", &json!({})).await["list"][0].clone();
    assert_eq!(
        (summary["phone"].as_str(), summary["email"].as_str()),
        (Some("+1 555 0100"), Some("anna@example.org"))
    );
    crm.write(
        "PUT",
        "/api/ContactMethod/320",
        &json!({ "type": "Home Email", "value": "a@b.example", "isOptedIn": true, "setAsPrimary": true }),
    )
    .await;
    assert_eq!(crm.get("/api/ContactMethod/317").await["isPrimary"], false);
    crm.call("PUT", "/api/ContactMethod/Archive/320").await;
    assert_eq!(
        crm.get("/api/Contact/17").await["contactIndividuals"][0]["contactMethods"].as_array().unwrap().len(),
        1
    );
    crm.call("PUT", "/api/ContactMethod/Unarchive/320").await;
    crm.call("DELETE", "/api/ContactMethod/320").await;
    assert_eq!(crm.status("GET", "/api/ContactMethod/320").await, 404);
    let wrong = json!({ "contactIndividualId": 817, "type": "Pigeon", "value": "x" });
    assert_eq!(crm.refused("POST", "/api/ContactMethod", &wrong).await, ["contactMethod.type"]);
    let related = crm.get("/api/ContactMethod/RelatedTypes?name=Home%20Phone").await;
    assert_eq!(related.as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn an_address_of_another_contact_can_be_a_conflict() {
    let crm = Crm::with(|settings| settings.unique_emails = true).await;
    let response = crm.send("POST", "/api/Contact", Some(&contact("Anna", "anna@EXAMPLE.org"))).await;
    assert_eq!(response.status, 409, "{}", response.text());
    let method = json!({ "contactIndividualId": 818, "type": "Work Email", "value": "anna@example.org" });
    assert_eq!(crm.send("POST", "/api/ContactMethod", Some(&method)).await.status, 409);
    crm.post("/api/Contact", &contact("Karin", "karin@example.org")).await;
}

#[tokio::test]
async fn notes_belong_to_contacts() {
    let crm = Crm::start().await;
    let note = |text: &str, day: &str, important: bool| json!({ "contactId": 17, "type": "call", "note": text, "noteDateTime": day, "important": important, "private": true });
    let first = crm.post("/api/ContactNote", &note("second", "2023-02-02T10:00:00", true)).await;
    crm.post("/api/ContactNote", &note("first", "2/1/2023", false)).await;
    assert_eq!((first["noteDate"].as_str(), &first["isPrivate"]), (Some("2/2/2023"), &json!(true)));
    let sorted = crm.get("/api/ContactNote/ByContact/17?sortBy=NoteDate&descending=false&take=1").await;
    assert_eq!((sorted["total"].as_i64(), sorted["list"][0]["note"].as_str()), (Some(2), Some("first")));
    assert_eq!(crm.get("/api/ContactNote/Important/ByContact/17").await["total"], 1);
    assert_eq!(crm.status("GET", "/api/ContactNote/ByContact/17?sortBy=Colour").await, 400);
    assert_eq!(crm.status("GET", "/api/ContactNote/ByContact/99").await, 404);
    let path = format!("/api/ContactNote/{}", id(&first));
    let changed = crm.write("PUT", &path, &json!({ "type": "Email", "note": "third" })).await;
    assert_eq!((&changed["important"], &changed["noteDate"]), (&json!(false), &Value::Null));
    let query = condition("Note", "Contains", json!("THIR"));
    assert_eq!(crm.ids("/api/ContactNote/Query", &query).await.0, [id(&first)]);
    crm.call("DELETE", &path).await;
    assert_eq!(crm.status("GET", &path).await, 404);
    assert_eq!(crm.get("/api/ContactNote/Types").await["call"], "Call");
    let bad = json!({ "contactId": 17, "type": "Song", "noteDateTime": "soon" });
    assert_eq!(
        crm.refused("POST", "/api/ContactNote", &bad).await,
        ["note.note", "note.noteDateTime", "note.type"]
    );
}

#[tokio::test]
async fn tags_are_assigned_and_removed_but_not_created() {
    let crm = Crm::start().await;
    assert_eq!(crm.get("/api/Tag?take=2").await["list"].as_array().unwrap().len(), 2);
    assert_eq!(crm.post("/api/Tag/Search", &json!({ "search": "DONOR" })).await["total"], 2);
    let tagged = crm.post("/api/ContactTag", &json!({ "tagId": 31, "contactId": 17 })).await;
    let again = crm.post("/api/ContactTag", &json!({ "tagId": 31, "contactId": 17 })).await;
    assert_eq!((&tagged["contactTagId"], &again["total"]), (&again["contactTagId"], &json!(1)));
    assert_eq!(crm.get("/api/Contact/17").await["tags"], json!(["Major Donor"]));
    crm.post("/api/ContactTag", &json!({ "tagId": 31, "contactId": 19 })).await;
    let by_tag = crm.get("/api/Contact/ByTag/31?sortBy=Name&descending=true").await;
    assert_eq!((by_tag["total"].as_i64(), id(&by_tag["list"][0])), (Some(2), 19));
    assert_eq!(crm.get("/api/Contact/ByTag/31?filter=anna").await["total"], 1);
    assert_eq!(crm.status("GET", "/api/Contact/ByTag/5").await, 404);
    assert_eq!(
        crm.ids("/api/Contact/Query", &condition("Tag", "Is", json!("major donor"))).await.0,
        [17, 19]
    );
    assert_eq!(
        crm.refused("POST", "/api/ContactTag", &json!({ "tagId": 5, "contactId": 17 })).await,
        ["contactTag.tagId"]
    );
    let path = format!("/api/ContactTag/{}", tagged["contactTagId"]);
    crm.call("DELETE", &path).await;
    assert_eq!(crm.get("/api/ContactTag/ByContact/17").await["total"], 0);
    assert_eq!(crm.status("DELETE", &path).await, 404);
    assert_eq!(crm.status("POST", "/api/Tag").await, 405);
}

#[tokio::test]
async fn contact_transactions_become_contacts_at_night() {
    let crm = Crm::start().await;
    let transaction = json!({ "referenceSource": "shop", "referenceId": "7", "contactType": "Household",
        "firstName": "Karin", "lastName": "Berg", "email": "karin@example.org", "city": "Mesa",
        "tags": "Newsletter; Nobody made this", "customFields": { "Nickname": "K" } });
    assert_eq!(crm.post("/api/Contact/Transaction", &transaction).await, Value::Null, "200 and nothing");
    assert_eq!(crm.status("GET", "/api/Contact/shop/7").await, 404, "not before the night");
    let known = json!({ "referenceSource": "shop", "contacts": [
        { "referenceId": "8", "firstName": "Anna", "lastName": "L", "email": "anna@example.org", "phone": "555" },
        { "referenceId": "9", "firstName": "X", "lastName": "Y", "contactType": "Herd" },
    ] });
    crm.post("/api/Contact/Batch", &known).await;
    let matched = crm.virtuous.match_transactions();
    assert_eq!((matched.contacts, matched.gifts, matched.needs_update), (1, 0, 1));
    let karin = crm.get("/api/Contact/shop/7").await;
    assert_eq!((karin["name"].as_str(), &karin["tags"]), (Some("Karin Berg"), &json!(["Newsletter"])));
    assert_eq!(
        (&karin["address"]["city"], &karin["customFields"][0]["value"]),
        (&json!("Mesa"), &json!("K"))
    );
    let anna = crm.get("/api/Contact/shop/8").await;
    assert_eq!(
        (id(&anna), anna["contactIndividuals"][0]["contactMethods"].as_array().unwrap().len()),
        (17, 2)
    );
    assert_eq!(crm.virtuous.match_transactions().contacts, 0);
    let missing = crm.refused("POST", "/api/Contact/Transaction", &json!({ "customFields": [] })).await;
    assert_eq!(
        missing,
        ["contactTransaction.customFields", "contactTransaction.firstName", "contactTransaction.lastName"]
    );
}

#[tokio::test]
async fn absurd_numbers_lead_nowhere() {
    let crm = Crm::start().await;
    for id in [i64::from(i32::MIN), -1, 0, i64::from(i32::MAX)] {
        let reference = json!({ "contactId": id, "referenceSource": "a", "referenceId": "b" });
        assert_eq!(
            crm.refused("POST", "/api/ContactReference", &reference).await,
            ["contactReference.contactId"]
        );
        let method = json!({ "contactIndividualId": id, "type": "Fax", "value": "1" });
        assert_eq!(
            crm.refused("POST", "/api/ContactMethod", &method).await,
            ["contactMethod.contactIndividualId"]
        );
        for path in [
            format!("/api/Contact/crm/crm%2F{id}"),
            format!("/api/Contact/Find?email=clara.{id}@example.org"),
            format!("/api/Gift/shop/T-{id}"),
        ] {
            assert_eq!(crm.status("GET", &path).await, 404, "{path}");
        }
        for operator in ["Is", "LessThan", "GreaterThan", "LessThanOrEqual", "GreaterThanOrEqual"] {
            crm.post("/api/Contact/Query", &condition("Contact Id", operator, json!(id.to_string()))).await;
            crm.post("/api/Gift/Query", &condition("Gift Id", operator, json!(id.to_string()))).await;
        }
    }
    for resource in
        ["Contact", "ContactIndividual", "ContactAddress", "ContactMethod", "Gift", "Project", "Segment"]
    {
        assert_eq!(crm.status("GET", &format!("/api/{resource}/{}", i64::MAX)).await, 404, "{resource}");
    }
    let mut body = common::crm::gift(17, 9e9);
    body["giftDesignations"] = json!(vec![json!({ "projectId": 51, "amount": 9e9 }); 1000]);
    assert_eq!(crm.refused("POST", "/api/Gift", &body).await, ["gift.giftDesignations"]);
    body["amount"] = json!(1e300);
    assert_eq!(crm.refused("POST", "/api/Gift", &body).await, ["gift.amount"]);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_rejected() {
    let crm = Crm::start().await;
    let deleted = crm.send("DELETE", "/api/Contact/17", None).await;
    let message = "The requested resource does not support http method 'DELETE'.";
    assert_eq!((deleted.status, deleted.json()), (405, json!({ "message": message })));
    assert!(deleted.header("allow").unwrap().contains("PUT"));
    let unknown = crm.send("GET", "/api/Nothing?a=1", None).await;
    let url = format!("{}/api/Nothing?a=1", crm.virtuous.base_url());
    let message = format!("No HTTP resource was found that matches the request URI '{url}'.");
    assert_eq!((unknown.status, unknown.json()), (404, json!({ "message": message })));
    let found = crm.send("GET", "/api/Contact/17", None).await;
    let token =
        common::Request::new("POST", &format!("{}/Token", crm.virtuous.base_url())).body("").send().await;
    for response in [deleted, unknown, found, token, crm.send("GET", "/api/Contact/99", None).await] {
        let headers = ["cache-control", "pragma", "expires"].map(|name| response.header(name));
        assert_eq!(headers, [Some("no-cache"), Some("no-cache"), Some("-1")], "{}", response.status);
    }
}
