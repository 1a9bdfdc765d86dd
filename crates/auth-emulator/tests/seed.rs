//! Seed files: every namespace starts with their content, also after a reset, and a mistake is named with its line.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use auth_emulator::{Builder, Emulator, Namespace, Reset};
use common::{Request, Response};

const SEED: &str = r#"
seed: 7
clock: 2026-01-31T12:00:00Z
settings:
  verigator: {code_lifetime_seconds: 60}
credentials:
  VERIGATOR_PASSWORD: correct horse
  VV_API_KEY: vv_mine
  VIRTUOUS_API_KEY: v_mine
records:
  - provider: verigator
    operation: services.create
    body: {fqdn: coffeeshop.com, name: CoffeeShop}
    as: coffee
  - provider: verigator
    operation: users.create
    params: {service_id: '{{coffee.id}}'}
    body: {id_in_service: anna, phone_number: '+37251000001'}
  - provider: virtuous
    operation: contacts.create
    body:
      contactType: Household
      name: Larsson
      contactIndividuals: [{firstName: Anna, lastName: Larsson}]
faults:
  - provider: vaultvision
    fault: {status: 503}
"#;

async fn users(namespace: &Namespace) -> Response {
    let verigator = namespace.verigator();
    let create = |method: &str, path: &str| {
        Request::new(method, &format!("{}/v1/service{path}", verigator.base_url()))
            .header("X-Service-Auth", &format!("{}:correct horse", verigator.username()))
            .header("Accept", "application/json")
            .header("Content-Type", "application/json")
    };
    // The only service that exists.
    let again = serde_json::json!({ "fqdn": "coffeeshop.com", "name": "x" });
    assert_eq!(create("POST", "/service").json(&again).send().await.status, 409);
    let exported = namespace.export().unwrap();
    let id = exported["providers"]["verigator"]["state"][1]["services"][0]["id"].as_str().unwrap().to_owned();
    create("GET", &format!("/service/{id}/users")).send().await
}

#[tokio::test]
async fn every_namespace_starts_with_the_seed_also_after_a_reset() {
    let emulator = Emulator::builder().seed_file(SEED).unwrap().start().await.unwrap();
    let test = emulator.namespace("test").unwrap();
    let default: &Namespace = &emulator;
    for namespace in [default, &test] {
        for _ in 0..2 {
            assert_eq!(namespace.clock().now().to_string(), "2026-01-31T12:00:00.000Z");
            assert_eq!(namespace.verigator().settings().code_lifetime_seconds, 60);
            assert_eq!(
                (namespace.vaultvision().api_key(), namespace.virtuous().api_key()),
                ("vv_mine".to_owned(), "v_mine".to_owned())
            );
            let users = users(namespace).await;
            assert_eq!(users.json()["users"][0]["id_in_service"], "anna", "{}", users.text());
            assert_eq!(namespace.faults().len(), 1);
            assert_eq!(namespace.effects().count("verigator", "user_created"), 0, "a seed is no side effect");
            namespace.clear_faults();
            namespace.reset(Reset::All);
        }
    }
}

async fn refused(text: &str) -> String {
    let builder: Result<Builder, _> = Emulator::builder().seed_file(text);
    match builder {
        Err(error) => error.to_string(),
        Ok(builder) => builder.start().await.unwrap_err().to_string(),
    }
}

#[tokio::test]
async fn mistakes_are_named_with_their_line() {
    for (text, message) in [
        ("seed: 7\nrecrds: []\n", "line 2: "),
        ("settings:\n  virtuous:\n    two_factr: true\n", "line 3: unknown setting `two_factr`"),
        ("settings:\n  virtuos: {}\n", "did you mean `virtuous`?"),
        ("credentials:\n  VERIGATOR_USERNAME: anna\n  VERIGATOR_PASSWRD: x\n", "line 3: VERIGATOR_PASSWRD"),
        ("credentials:\n  REVESECURE_SECRET_KEY: no hex\n", "line 2: "),
        (
            "records:\n  - provider: verigator\n    operation: service.create\n",
            "line 3: unknown operation \"service.create\" of verigator; did you mean \"services.create\"?",
        ),
        (
            "records:\n  - provider: verigator\n    operation: services.create\n    body: {name: x}\n",
            "line 4: services.create is refused with 422: fqdn: is missing",
        ),
        (
            "records:\n  - provider: verigator\n    operation: services.create\n    body: {fqdn: a.example, name: x}\n  - provider: verigator\n    operation: users.list\n",
            "line 5: params: service_id is missing",
        ),
        (
            "records:\n  - provider: verigator\n    operation: users.list\n    params: {service_id: '{{x.id}}'}\n",
            "line 4: no earlier record is named \"x\"",
        ),
        (
            "records:\n  - provider: virtuous\n    operation: contacts.create\n    body:\n      contactType: Household\n      name: Larsson\n      contactIndividuals:\n        - firstName: Anna\n          lastName: Larsson\n        - firstName: Bert\n          lastName: Larsson\n          birthDay: 32\n",
            "line 12: contacts.create is refused with 400: contact.contactIndividuals[1].birthDay: ",
        ),
        (
            "records:\n  - provider: virtuous\n    operation: gifts.create\n    body:\n      contactId: 17\n      giftDesignations:\n        - amount: 5\n          projectId: '{{x.id}}'\n",
            "line 8: no earlier record is named \"x\"",
        ),
        (
            "records:\n  - provider: verigator\n    operation: services.create\n    body: {fqdn: a.example, name: a}\n    as: a\n  - provider: verigator\n    operation: users.list\n    params:\n      service_id: '{{a.ids}}'\n",
            "line 9: a.ids: the response has no such field; did you mean \"id\"?",
        ),
        (
            "records:\n  - provider: verigator\n    operation: services.create\n    body: {fqdn: a.example, name: a}\n    as: a\n  - provider: verigator\n    operation: services.create\n    body: {fqdn: b.example, name: b}\n    as: a\n",
            "line 9: an earlier record is named \"a\" already",
        ),
        (
            "records:\n  - provider: virtuous\n    operation: contacts.create\n    body:\n      contactType: Household\n      name: A\n      contactIndividuals: [{firstName: A, lastName: B}]\n      customFields:\n        Nickname: A\n        Shirt Size: XXL\n",
            "line 10: contacts.create is refused with 400: contact.customFields.Shirt Size: ",
        ),
        (
            "records:\n  - provider: virtuous\n    operation: contacts.create\n    body:\n      contactType: Household\n      name: A\n      contactIndividuals:\n        - firstName: A\n          lastName: B\n          customCollections:\n            - name: Education\n              fields: []\n            - name: Pets\n",
            "line 13: contacts.create is refused with 400: contact.contactIndividuals[0].customCollections[1].name: ",
        ),
        (
            "faults:\n  - provider: virtuos\n    fault: {status: 500}\n",
            "line 2: unknown provider \"virtuos\"; did you mean",
        ),
        (
            "faults:\n  - provider: virtuous\n    fault:\n      status: 99\n",
            "line 4: status: 99 is not between",
        ),
        (
            "faults:\n  - provider: virtuous\n    operation: contact.get\n    fault: {status: 500}\n",
            "line 3: unknown operation \"contact.get\" of virtuous; did you mean \"contacts.get\"?",
        ),
        (
            "faults:\n  - provider: virtuous\n    operation: contacts.get\n    method: POST\n    fault: {status: 500}\n",
            "line 3: operation: has another method",
        ),
        (
            "faults:\n  - provider: virtuous\n    fault: {tls: expired}\n",
            "line 3: tls: this emulator serves plain HTTP",
        ),
    ] {
        let told = refused(text).await;
        assert!(told.contains(message), "{text}: {told}");
    }
}

#[tokio::test]
async fn the_caller_of_a_fault_rule_is_hidden_if_it_may_be_secret() {
    let seed = "credentials: {VV_API_KEY: vv_canary}
faults:
  - {provider: vaultvision, caller: vv_canary, fault: {status: 503}}
  - {provider: verigator, fault: {close: after_accept}}
";
    let emulator = Emulator::builder().seed_file(seed).unwrap().start().await.unwrap();
    let test = emulator.namespace("test").unwrap();
    let default: &Namespace = &emulator;
    for (namespace, rules) in [(default, 2), (&test, 1)] {
        let faults = namespace.faults();
        assert_eq!(faults.len(), rules, "connections belong to the default namespace");
        assert!(!format!("{faults:?}").contains("canary"), "{faults:?}");
        let tenants = Request::new("GET", &format!("{}/v1/tenants", namespace.vaultvision().base_url()));
        let tenants = tenants.header("Authorization", "Bearer vv_canary").send().await;
        assert_eq!(tenants.status, 503, "it still matches");
    }
}

#[tokio::test]
async fn mistakes_in_settings_are_named_with_their_line_at_every_depth() {
    let fields = "settings:\n  virtuous:\n    custom_fields:\n      individual: []\n      contact:\n";
    for (text, message) in [
        (format!("{fields}        - {{name: A, data_type: Dat}}\n"), "line 6: custom_fields.contact[0].data_type: "),
        (
            format!("{fields}        - name: A\n        - name: B\n          data_type: 5\n"),
            "line 8: custom_fields.contact[1].data_type: expected a string, found 5",
        ),
        (
            format!("{fields}        - name: A\n          type: Date\n"),
            "line 7: custom_fields.contact[0].type: unknown field `type`",
        ),
        (
            format!("{fields}        - name: A\n        - name: B\n          data_type: List\n"),
            "line 8: custom_fields.contact[1].data_type: \"B\" is a List and needs options",
        ),
        (
            format!("{fields}        - display_name: A\n"),
            "line 6: custom_fields.contact[0]: missing field `name`",
        ),
        (format!("{fields}        - A\n"), "line 6: custom_fields.contact[0]: expected a map, found \"A\""),
        (format!("{fields}        A\n"), "custom_fields.contact: expected a list, found \"A\""),
        (format!("{fields}        - name: A\n      gifts: []\n"), "line 7: custom_fields.gifts: unknown value `gifts`"),
        (
            "settings:\n  virtuous:\n    custom_fields:\n      contact: &x\n        - name: A\n          data_type: Dat\n      gift: *x\n".to_owned(),
            "line 6: custom_fields.contact[0].data_type: unknown value `Dat`",
        ),
        (
            "settings: {virtuous: {custom_fields: {contact: [\n  {name: A},\n  {name: B,\n   data_type: Dat}]}}}\n".to_owned(),
            "line 4: custom_fields.contact[1].data_type: unknown value `Dat`",
        ),
        (
            "{\n \"settings\": {\n  \"virtuous\": {\n   \"custom_collections\": {\n    \"contact\": [\n     {\"name\": \"A\", \"fields\": [\n      {\"name\": \"B\"},\n      {\"name\": \"b\"}]}]}}}}\n".to_owned(),
            "line 8: custom_collections.contact[0].fields[1].name: there is another field named \"b\"",
        ),
        (
            "settings:\n  virtuous:\n    tags:\n      - {name: A}\n      - name: B\n        group: [x]\n".to_owned(),
            "line 6: tags[1].group: expected a string, found a list",
        ),
        (
            "settings:\n  virtuous:\n    contact_types:\n      - name: Parish\n        parent: Church\n".to_owned(),
            "line 5: contact_types[0].parent: unknown value `Church`",
        ),
        (
            "settings:\n  vaultvision:\n    misconfigured_tenants:\n      - nobody\n".to_owned(),
            "line 4: misconfigured_tenants[0]: \"nobody\" is not one of",
        ),
        ("settings:\n  vaultvision:\n    bcrypt_cost: 40\n".to_owned(), "line 3: bcrypt_cost: must be between"),
        ("settings:\n  revesecure:\n    signing_host: a/b\n".to_owned(), "line 3: signing_host: "),
        ("settings:\n  vise:\n    dashboard_token:\n      header: 5\n".to_owned(), "line 3: dashboard_token: expected a string, found 5"),
        ("settings:\n  verigator:\n    create_status: many\n".to_owned(), "line 3: create_status: expected a whole number from 0 to 65535, found \"many\""),
    ] {
        let told = refused(&text).await;
        assert!(told.contains(message), "{text}: {told}");
        assert!(!told.contains("{}"), "{told}");
    }
}

#[tokio::test]
async fn the_records_of_a_seed_are_no_calls_of_the_rate_limit() {
    let record = "  - {provider: virtuous, operation: contacts.create, body: {contactType: Household, name: A, contactIndividuals: [{firstName: A, lastName: B}]}}\n";
    let seed = format!("settings:\n  virtuous: {{calls_per_hour: 2}}\nrecords:\n{}", record.repeat(5));
    let emulator = Emulator::builder().seed_file(&seed).unwrap().start().await.unwrap();
    let virtuous = emulator.virtuous();
    let read = async || {
        let request = Request::new("GET", &format!("{}/api/Contact/24", virtuous.base_url()));
        request.header("Authorization", &format!("Bearer {}", virtuous.api_key())).send().await
    };
    let statuses = [read().await.status, read().await.status, read().await.status];
    assert_eq!(statuses, [200, 200, 429]);
}

#[tokio::test]
async fn the_seed_files_of_the_readme_start() {
    let readme = include_str!("../README.md");
    let blocks = readme.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let seeds: Vec<&str> = blocks.filter(|block| block.contains("settings:")).collect();
    assert_eq!(seeds.len(), 2);
    for seed in seeds {
        let started = Emulator::builder().seed_file(seed).unwrap().start().await;
        assert!(started.is_ok(), "{seed}: {:?}", started.err());
    }
}
