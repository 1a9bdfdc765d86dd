//! Webhooks: signatures of another implementation, deliveries of the emulator, and every way of being wrong.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use auth_emulator::Emulator;
use auth_emulator::providers::virtuous::{WebhookDelivery, WebhookEncoding};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use virtuous_client::SecretString;
use virtuous_client::webhook::{Delivery, EventKind, Payload, WebhookError, verify};

#[derive(Deserialize)]
struct Vector {
    secret: String,
    body: String,
    base64: String,
    hex: String,
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("vectors/webhooks.json")).unwrap()
}

#[test]
fn every_vector_of_the_other_implementation_is_taken_in_every_form() {
    assert_eq!(vectors().len(), 30);
    for vector in vectors() {
        let (secret, body) = (SecretString::from(vector.secret), STANDARD.decode(vector.body).unwrap());
        for header in [
            vector.base64.clone(),
            vector.hex.clone(),
            vector.hex.to_uppercase(),
            format!("sha256={}", vector.hex),
            format!("SHA256={}", vector.base64),
            format!("  {} ", vector.base64),
        ] {
            assert_eq!(verify(&secret, &body, &header), Ok(()), "{header}");
        }
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    let vector = &vectors()[8];
    let (secret, body) = (SecretString::from(&*vector.secret), STANDARD.decode(&vector.body).unwrap());
    let signature = STANDARD.decode(&vector.base64).unwrap();
    for bit in 0..256 {
        let mut flipped = signature.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(verify(&secret, &body, &STANDARD.encode(flipped)), Err(WebhookError::Mismatch));
    }
    for bit in 0..body.len() * 8 {
        let mut flipped = body.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(verify(&secret, &flipped, &vector.base64), Err(WebhookError::Mismatch));
    }
    let other = SecretString::from("it is a secret ");
    assert_eq!(verify(&other, &body, &vector.base64), Err(WebhookError::Mismatch));
}

#[test]
fn what_is_no_signature_is_refused() {
    let secret = SecretString::from("s");
    let hex = "0123456789abcdef".repeat(4);
    for header in [
        "",
        "sha256=",
        "sha1=0123",
        "=",
        "AAAA",
        &hex[..62],
        &format!("{hex}00"),
        &hex.replace('f', "g"),
        &hex.replacen("01", "+1", 1),
        "\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}",
        "sha256=sha256=00",
    ] {
        assert_eq!(verify(&secret, b"{}", header), Err(WebhookError::Malformed), "{header}");
    }
    for nobody in ["", "a line of a file\n", "\r\n", "\nsecret", "\u{feff}secret", "secret\u{200b}"] {
        assert_eq!(
            verify(&SecretString::from(nobody), b"{}", &hex),
            Err(WebhookError::InvalidSecret),
            "{nobody:?}"
        );
    }
    let line = WebhookError::InvalidSecret.to_string();
    assert!(line.contains("begin or end") && line.contains("byte order mark"), "{line}");
}

#[test]
fn single_and_batched_deliveries_are_read_alike() {
    let single = Delivery::parse(
        br#"{"event":"ContactUpdate","contact":{"id":17,"name":"Anna","customContactType":"Household","tags":["a"],
            "contactAddresses":[{}],"contactIndividuals":[{},{}],"modifiedDateTimeUtc":"2023-11-30T14:20:56"}}"#,
    )
    .unwrap();
    assert_eq!((single.event, single.payloads.len()), (EventKind::ContactUpdate, 1));
    let Payload::Contact(contact) = &single.payloads[0] else { panic!("a contact") };
    assert_eq!(
        (contact.id(), contact.name(), contact.contact_type()),
        (Some(17), Some("Anna"), Some("Household"))
    );
    assert_eq!((contact.individuals().len(), contact.addresses().len(), contact.tags().len()), (2, 1, 1));
    assert_eq!(single.payloads[0].identity(), Some(("contact", 17, Some("2023-11-30T14:20:56"))));

    let whole = Delivery::parse(
        br#"{"event":"GiftCreate","eventId":"a-1","organization":{"id":1},"gift":{"id":301},"organizationUser":{"id":2}}"#,
    )
    .unwrap();
    let names: Vec<_> = whole.payloads.iter().map(|one| one.record().name()).collect();
    assert_eq!(names, ["gift"], "neither the organization nor its user is a changed record");

    let batch = Delivery::parse(
        br#"{"event":"GiftCreate","models":[
            {"gift":{"id":"301","contactId":17,"giftType":"Credit","amount":"10.50","giftDateFormatted":"12/7/2023",
                "segmentCode":"S","giftDesignations":[{"id":5}]}},
            {"contact":{"id":17}}, {"gift":{"id":302,"amount":-10.5}}, {"volunteer":{"id":1}}, {"gift":7}, 7, {}]}"#,
    )
    .unwrap();
    assert_eq!(batch.payloads.len(), 4, "what is no record is left to `raw`");
    let Payload::Gift(gift) = &batch.payloads[0] else { panic!("a gift") };
    assert_eq!((gift.id(), gift.contact_id(), gift.gift_type()), (Some(301), Some(17), Some("Credit")));
    assert_eq!((gift.amount().as_deref(), gift.gift_date()), (Some("10.50"), Some("12/7/2023")));
    assert_eq!(gift.segment_code(), Some("S"));
    assert_eq!(gift.designations().iter().map(|json| json.get()).collect::<Vec<_>>(), [r#"{"id":5}"#]);
    let Payload::Gift(second) = &batch.payloads[2] else { panic!("a gift") };
    assert_eq!(second.amount().as_deref(), Some("-10.5"));
    assert!(matches!(&batch.payloads[3], Payload::Other(record) if record.name() == "volunteer"));
    let whole: serde_json::Value = batch.raw.read_as().unwrap();
    assert_eq!(whole["models"].as_array().unwrap().len(), 7);
}

#[test]
fn numbers_keep_their_digits_and_half_a_character_loses_no_delivery() {
    let body = "\u{feff}{\"event\":\"GiftCreate\",\"gift\":{\"id\":301,\"amount\":12345678901234567890.125,\
                \"new\":12345678901234567890.125,\"segmentCode\":\"cut \\ud83d\",\"\\ud83d\":1}}";
    let delivery = Delivery::parse(body.as_bytes()).unwrap();
    let record = delivery.payloads[0].record();
    assert_eq!(record.fields().get_raw("new"), Some("12345678901234567890.125"));
    assert_eq!(record.string("segmentCode"), Some("cut \u{fffd}"));
    let gift: virtuous_client::models::Gift = record.read_as().unwrap();
    assert_eq!(gift.amount.unwrap().to_string(), "12345678901234567890.125");
}

#[test]
fn unknown_events_and_forms_survive_and_invalid_bodies_are_refused() {
    let delivery =
        Delivery::parse(br#"{"eventType":"pledge.created","data":{"id":1},"timestamp":"now"}"#).unwrap();
    assert_eq!(delivery.event, EventKind::from("pledge.created"));
    assert!(matches!(&delivery.payloads[0], Payload::Other(record) if record.name() == "data"));
    let delivery = Delivery::parse(br#"{"event":null,"eventType":"GiftCreate"}"#).unwrap();
    assert_eq!(delivery.event, EventKind::GiftCreate);
    assert!(Delivery::parse(br#"{"event":"GiftDelete"}"#).unwrap().payloads.is_empty());
    for body in [&b"{}"[..], br#"{"event":7}"#, br#"{"event":null,"eventType":[]}"#] {
        assert_eq!(Delivery::parse(body).map(drop).unwrap_err(), WebhookError::NoEvent);
    }
    for body in [&b""[..], b"[]", b"null", b"{", b"\xff"] {
        assert_eq!(Delivery::parse(body).map(drop).unwrap_err(), WebhookError::NotJson);
    }
}

/// Responds to deliveries with these statuses, one after the other; what arrived.
async fn receive(listener: TcpListener, statuses: Vec<u16>) -> Vec<(Option<String>, Vec<u8>)> {
    let mut received = Vec::new();
    for status in statuses {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = Vec::new();
        let (head, body) = loop {
            let mut buffer = [0; 4096];
            let count = stream.read(&mut buffer).await.unwrap();
            bytes.extend_from_slice(&buffer[..count]);
            let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
            if bytes.len() - end - 4 == length.unwrap().parse::<usize>().unwrap() {
                break (head, bytes[end + 4..].to_vec());
            }
        };
        let signature = head.lines().find_map(|line| line.strip_prefix("X-Virtuous-Signature: "));
        received.push((signature.map(str::to_owned), body));
        let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
    received
}

#[tokio::test]
async fn deliveries_of_the_emulator_are_verified_retried_and_duplicated() {
    let emulator = Emulator::start().await.unwrap();
    let virtuous = emulator.virtuous();
    for encoding in [WebhookEncoding::Base64, WebhookEncoding::Hex, WebhookEncoding::PrefixedHex] {
        virtuous.configure(|settings| {
            settings.webhook_encoding = encoding;
            settings.webhook_duplicates = 1;
        });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/hook?a=b", listener.local_addr().unwrap());
        let receiving = tokio::spawn(receive(listener, vec![500, 404, 200, 204]));
        let body = json!({ "event": "GiftUpdate", "gift": { "id": 301, "modifiedDateTimeUtc": "2023" } });
        let delivery = WebhookDelivery::new(url, body).signed_with("it is a secret");
        let sending = virtuous.deliver_webhook(delivery);
        let statuses = tokio::time::timeout(Duration::from_secs(20), sending).await.unwrap().unwrap();
        assert_eq!(statuses, [Some(500), Some(404), Some(200), Some(204)]);

        let received = receiving.await.unwrap();
        let mut identities = std::collections::BTreeSet::new();
        for (signature, body) in &received {
            verify(&SecretString::from("it is a secret"), body, signature.as_deref().unwrap()).unwrap();
            let delivery = Delivery::parse(body).unwrap();
            let (name, id, changed) = delivery.payloads[0].identity().unwrap();
            identities.insert((name.to_owned(), id, changed.map(str::to_owned)));
        }
        assert_eq!((received.len(), identities.len()), (4, 1), "the same thing, four times");
    }
    assert_eq!((virtuous.effect("webhook_sent"), virtuous.effect("webhook_accepted")), (12, 6));
}

#[tokio::test]
async fn a_delivery_without_a_receiver_or_to_another_machine_fails() {
    let emulator = Emulator::start().await.unwrap();
    let virtuous = emulator.virtuous();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let statuses = virtuous.deliver_webhook(WebhookDelivery::new(url, json!({}))).await.unwrap();
    assert_eq!(statuses, [None, None, None]);
    assert!(virtuous.deliver_webhook(WebhookDelivery::new("http://192.0.2.1:80/", json!({}))).await.is_err());
}

#[test]
fn several_secrets_are_tried_and_the_one_that_matches_is_named() {
    use virtuous_client::webhook::{self, WebhookError};
    use virtuous_client::{ExposeSecret as _, SecretString};

    let body = br#"{"event":"GiftCreate","gift":{"id":301}}"#;
    let signature = "/an1dhTddfcO6gfvqvBeFx/pYX8LFSM2fiShXC2lX0Q=";
    let good = || SecretString::from("it is a secret");
    let other = || SecretString::from("another");
    for (secrets, expected) in [
        (vec![good()], Ok(0)),
        (vec![other(), good()], Ok(1)),
        (vec![good(), other()], Ok(0)),
        (vec![good(), good()], Ok(0)),
        (vec![other(), other()], Err(WebhookError::Mismatch)),
        (vec![good(), SecretString::from("")], Err(WebhookError::InvalidSecret)),
        (vec![SecretString::from(""), good()], Err(WebhookError::InvalidSecret)),
        (vec![], Err(WebhookError::InvalidSecret)),
    ] {
        let names: Vec<&str> = secrets.iter().map(|secret| secret.expose_secret()).collect();
        assert_eq!(webhook::verify_any(&secrets, body, signature), expected, "{names:?}");
    }
    assert_eq!(webhook::verify_any(&[good()], body, "nonsense"), Err(WebhookError::Malformed));
}

#[tokio::test]
async fn a_partial_record_is_fetched_whole() {
    use auth_client_core::testing::ScriptedTransport;
    use virtuous_client::webhook::{Delivery, Payload};
    use virtuous_client::{Client, ErrorKind};

    let transport =
        ScriptedTransport::new().json(200, r#"{"id":17,"name":"Larsson","website":"kept.example"}"#);
    let client =
        Client::builder().api_key("v_example".to_owned()).transport(transport.clone()).build().unwrap();
    let body = br#"{"event":"ContactUpdate","models":[{"contact":{"id":17,"name":"Larsson"}},{"gift":{"amount":5}}]}"#;
    let delivery = Delivery::parse(body).unwrap();
    let [Payload::Contact(contact), Payload::Gift(gift)] = delivery.payloads.as_slice() else {
        panic!("two")
    };
    assert!(contact.record().has("name") && !contact.record().has("website"));
    assert_eq!(contact.fetch(&client).await.unwrap().website.as_deref(), Some("kept.example"));
    let error = gift.fetch(&client).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("id")));
    assert_eq!(transport.requests().len(), 1);
}
