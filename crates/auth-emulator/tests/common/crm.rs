//! The Virtuous emulator for tests: calls with the API key or a signature.

use auth_emulator::providers::virtuous::{Settings, Virtuous};
use auth_emulator::{ClockStart, Emulator, Timestamp};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Request, Response};

/// 2023-11-14T22:13:20Z, where the clock is stopped.
pub(crate) const START: i64 = 1_700_000_000;

/// An emulator with its API key.
pub(crate) struct Crm {
    pub(crate) emulator: Emulator,
    pub(crate) virtuous: Virtuous,
}

impl Crm {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// With other settings, and a rate limit that no test reaches.
    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let clock = ClockStart::Frozen(Timestamp::from_unix_seconds(START));
        let builder =
            Emulator::builder().clock(clock).virtuous(|settings| settings.calls_per_hour = 1_000_000);
        let emulator = builder.virtuous(change).start().await.unwrap();
        let virtuous = emulator.virtuous();
        Self { emulator, virtuous }
    }

    fn request(&self, method: &str, path: &str) -> Request {
        let request = Request::new(method, &format!("{}{path}", self.virtuous.base_url()));
        request.header("Authorization", &format!("Bearer {}", self.virtuous.api_key()))
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Response {
        let request = self.request(method, path);
        match body {
            Some(body) => request.json(body).send().await,
            None => request.send().await,
        }
    }

    /// A successful read.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let response = self.send("GET", path, None).await;
        assert_eq!(response.status, 200, "GET {path}: {}", response.text());
        response.json()
    }

    /// A successful call with a body; null if the response has none.
    pub(crate) async fn write(&self, method: &str, path: &str, body: &Value) -> Value {
        let response = self.send(method, path, Some(body)).await;
        assert_eq!(response.status, 200, "{method} {path}: {}", response.text());
        if response.body.is_empty() { Value::Null } else { response.json() }
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Value {
        self.write("POST", path, body).await
    }

    /// A successful call without a body; null if the response has none.
    pub(crate) async fn call(&self, method: &str, path: &str) -> Value {
        let response = self.send(method, path, None).await;
        assert_eq!(response.status, 200, "{method} {path}: {}", response.text());
        if response.body.is_empty() { Value::Null } else { response.json() }
    }

    pub(crate) async fn status(&self, method: &str, path: &str) -> u16 {
        self.send(method, path, None).await.status
    }

    /// A call that fails with 400; returns the invalid fields, by their names in JSON.
    pub(crate) async fn refused(&self, method: &str, path: &str, body: &Value) -> Vec<String> {
        let response = self.send(method, path, Some(body)).await;
        assert_eq!(response.status, 400, "{method} {path} {body}: {}", response.text());
        let explained = self.emulator.explain(&response.request_id()).unwrap();
        assert!(
            explained.checks.iter().any(|check| check.reason.is_some()),
            "{path} {body} is not explained"
        );
        let body = response.json();
        let state = body["modelState"].as_object();
        // Custom fields have spaces.
        let of_json = |name: &str| match name.contains(' ') {
            true => name.to_owned(),
            false => name[..1].to_lowercase() + &name[1..],
        };
        let names = |field: &String| field.split('.').map(of_json).collect::<Vec<_>>().join(".");
        let mut fields: Vec<String> =
            state.map(|state| state.keys().map(names).collect()).unwrap_or_default();
        fields.sort();
        fields
    }

    /// The ids of a query's first thousand rows, and the total.
    pub(crate) async fn ids(&self, path: &str, query: &Value) -> (Vec<i64>, i64) {
        let found = self.post(&format!("{path}?take=1000"), query).await;
        let ids = found["list"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect();
        (ids, found["total"].as_i64().unwrap())
    }

    /// A signed read.
    pub(crate) async fn signed(&self, path: &str, number: usize) -> Response {
        let url = format!("{}{path}", self.virtuous.base_url());
        let signer = Signer::new(&self.virtuous, number);
        let signature = signer.signed(&signer.text(&url));
        Request::new("GET", &url).header("Authorization", &signature).send().await
    }
}

/// A query with one condition.
pub(crate) fn condition(parameter: &str, operator: &str, value: Value) -> Value {
    let mut condition = json!({ "parameter": parameter, "operator": operator });
    match value {
        Value::Array(values) if operator == "Between" => {
            condition["value"] = values[0].clone();
            condition["secondaryValue"] = values[1].clone();
        }
        Value::Array(values) => condition["values"] = json!(values),
        Value::Null => {}
        value => condition["value"] = value,
    }
    json!({ "groups": [{ "conditions": [condition] }] })
}

/// The body of a contact with one person.
pub(crate) fn contact(name: &str, email: &str) -> Value {
    let method = json!({ "type": "Home Email", "value": email, "isOptedIn": true, "isPrimary": true });
    let person =
        json!({ "firstName": name, "lastName": "Tester", "isPrimary": true, "contactMethods": [method] });
    json!({ "contactType": "Household", "name": name, "contactIndividuals": [person] })
}

/// The body of a gift for one project.
pub(crate) fn gift(contact: i64, amount: f64) -> Value {
    let designation = json!({ "projectId": 51, "amount": amount, "state": "Add" });
    json!({
        "contactId": contact, "giftType": "Cash", "giftDate": "2023-11-01", "amount": amount,
        "giftDesignations": [designation],
    })
}

pub(crate) fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// Signs step by step; each step can be replaced by a mistake.
pub(crate) struct Signer {
    pub(crate) key: Vec<u8>,
    pub(crate) application_key: String,
    pub(crate) nonce: String,
    pub(crate) time: i64,
}

impl Signer {
    pub(crate) fn new(virtuous: &Virtuous, number: usize) -> Self {
        let key = STANDARD.decode(virtuous.private_key()).unwrap();
        Self {
            key,
            application_key: virtuous.application_key(),
            nonce: format!("0f8fad5b-d9cb-469f-a165-{number:012}"),
            time: START,
        }
    }

    pub(crate) fn mac(&self, text: &[u8]) -> Vec<u8> {
        Hmac::<Sha256>::new_from_slice(&self.key).unwrap().chain_update(text).finalize().into_bytes().to_vec()
    }

    pub(crate) fn text(&self, address: &str) -> String {
        format!("{}{}GET{}{}", self.application_key, dotnet(&address.to_lowercase()), self.nonce, self.time)
            .to_lowercase()
    }

    pub(crate) fn header(&self, signature: &str) -> String {
        format!("Hmac {}:{signature}:{}:{}", self.application_key, self.nonce, self.time)
    }

    pub(crate) fn signed(&self, text: &str) -> String {
        self.header(&STANDARD.encode(self.mac(text.as_bytes())))
    }
}

pub(crate) fn dotnet(text: &str) -> String {
    let mut encoded = encode(text);
    for stays in ["-", "_", ".", "!", "*", "(", ")"] {
        encoded = encoded.replace(&encode(stays), stays);
    }
    encoded.replace("%20", "+")
}

/// The path of a template with the ids of records that exist, or are the first of their kind.
pub(crate) fn with_ids(template: &str) -> String {
    let id = |name: &str| match name {
        "{contactId}" => "17",
        "{contactIndividualId}" => "817",
        "{contactAddressId}" => "117",
        "{contactMethodId}" => "317",
        "{giftId}" => "301",
        "{recurringGiftId}" => "401",
        "{projectId}" => "51",
        "{campaignId}" => "71",
        "{communicationId}" => "81",
        "{segmentId}" => "91",
        "{noteId}" => "601",
        "{tagId}" => "31",
        "{premiumId}" => "2101",
        _ => "1",
    };
    let parts = template.split('/').map(|part| if part.starts_with('{') { id(part) } else { part });
    parts.collect::<Vec<_>>().join("/")
}
