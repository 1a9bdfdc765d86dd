//! Webhooks: whether a delivery is the vendor's, and what it says.
//!
//! Assumption: the signature is an HMAC-SHA256 of the raw body with the subscription's secret. The vendor says base64 in
//! one place and presumes hexadecimal digits in another, and prints the header's name nowhere; so both are taken, and
//! the caller finds the header. There is no time in it, so an old delivery can be sent again by whoever saw it.
//!
//! Deliveries are repeated until they are answered with a 2xx, and may come more than once even so. They carry no id: see
//! [`Payload::identity`].

mod record;

use auth_client_core::auth_core::{ExposeSecret, SecretString};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Map, Value};
use sha2::Sha256;
use std::fmt;

pub use record::{WebhookContact, WebhookGift, WebhookRecord};

auth_client_core::provider::open_enum! {
    /// What has happened.
    ///
    /// ```
    /// use virtuous_client::webhook::EventKind;
    ///
    /// assert_eq!(EventKind::from("GiftCreate"), EventKind::GiftCreate);
    /// assert_eq!(EventKind::from("PledgeCreate"), EventKind::Other("PledgeCreate".to_owned()));
    /// ```
    pub enum EventKind {
        /// A contact was made.
        ContactCreate = "ContactCreate",
        /// A contact was changed.
        ContactUpdate = "ContactUpdate",
        /// A gift was made.
        GiftCreate = "GiftCreate",
        /// A gift was changed.
        GiftUpdate = "GiftUpdate",
        /// A gift was deleted.
        GiftDelete = "GiftDelete",
        /// A project was made.
        ProjectCreate = "ProjectCreate",
        /// A project was changed.
        ProjectUpdate = "ProjectUpdate",
        /// A project was deleted.
        ProjectDelete = "ProjectDelete",
        /// A form was filled in.
        FormSubmission = "FormSubmission",
        /// A note was written to a contact.
        ContactNoteCreate = "ContactNoteCreate",
        /// A note was changed.
        ContactNoteUpdate = "ContactNoteUpdate",
        /// A note was deleted.
        ContactNoteDelete = "ContactNoteDelete",
        /// An event was made.
        EventCreate = "EventCreate",
        /// An event was changed.
        EventUpdate = "EventUpdate",
        /// An event was deleted.
        EventDelete = "EventDelete",
    }
}

/// A delivery that is not to be trusted, or can't be read. It shows nothing of the delivery.
///
/// ```
/// use virtuous_client::webhook::{Delivery, WebhookError};
///
/// assert_eq!(Delivery::parse(b"[]").unwrap_err(), WebhookError::NotJson);
/// assert_eq!(Delivery::parse(b"{}").unwrap_err(), WebhookError::NoEvent);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// The header is neither base64 nor hexadecimal digits of 32 bytes.
    #[error("the signature is neither base64 nor hexadecimal digits of an HMAC-SHA256")]
    Malformed,
    /// The signature is not that of this body with this secret.
    #[error("the signature does not fit the body")]
    Mismatch,
    /// The secret is empty, so that anybody could sign with it.
    #[error("the secret is empty")]
    NoSecret,
    /// The body is no JSON object.
    #[error("the body is no JSON object")]
    NotJson,
    /// The body does not name an event.
    #[error("the body names no event")]
    NoEvent,
}

/// Checks the signature of a delivery, in constant time.
///
/// `body` are the bytes as they arrived, before anything has read or reformatted them; `header` is the value of the
/// header that carries the signature: base64 or hexadecimal digits, with or without `sha256=` before it.
///
/// ```
/// use virtuous_client::{SecretString, webhook};
///
/// let secret = SecretString::from("it is a secret");
/// let body = br#"{"event":"GiftCreate","gift":{"id":301}}"#;
/// webhook::verify(&secret, body, "/an1dhTddfcO6gfvqvBeFx/pYX8LFSM2fiShXC2lX0Q=")?;
/// assert!(webhook::verify(&secret, b"{}", "/an1dhTddfcO6gfvqvBeFx/pYX8LFSM2fiShXC2lX0Q=").is_err());
/// # Ok::<(), webhook::WebhookError>(())
/// ```
///
/// # Errors
///
/// [`WebhookError`] when the signature can't be read or does not fit, or the secret is empty.
pub fn verify(secret: &SecretString, body: &[u8], header: &str) -> Result<(), WebhookError> {
    let secret = secret.expose_secret();
    if secret.is_empty() {
        return Err(WebhookError::NoSecret);
    }
    let text = header.trim();
    let text = match text.split_at_checked(7) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case("sha256=") => rest.trim_start(),
        _ => text,
    };
    // 64 digits are base64 as well, but of 48 bytes, so the length tells the two apart.
    let base64 = STANDARD.decode(text).ok().filter(|signature| signature.len() == 32);
    let signature = base64.or_else(|| hex(text)).ok_or(WebhookError::Malformed)?;
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(|_| WebhookError::NoSecret)?;
    mac.chain_update(body).verify_slice(&signature).map_err(|_| WebhookError::Mismatch)
}

/// 32 bytes of hexadecimal digits, in either case.
fn hex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    text.as_bytes()
        .chunks(2)
        .map(|pair| {
            let digits = std::str::from_utf8(pair).ok().filter(|pair| !pair.contains('+'))?;
            u8::from_str_radix(digits, 16).ok()
        })
        .collect()
}

/// A delivery: what has happened, and to which records.
///
/// The vendor sends one record, or several of them in a batch; here there is always a list.
///
/// ```
/// use virtuous_client::webhook::{Delivery, EventKind, Payload};
///
/// let delivery = Delivery::parse(br#"{"event":"GiftCreate","models":[{"gift":{"id":301,"contactId":17}}]}"#)?;
/// assert_eq!(delivery.event, EventKind::GiftCreate);
/// let Some(Payload::Gift(gift)) = delivery.payloads.first() else { panic!("a gift") };
/// assert_eq!((gift.id(), gift.contact_id()), (Some(301), Some(17)));
/// # Ok::<(), virtuous_client::webhook::WebhookError>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Delivery {
    /// What has happened.
    pub event: EventKind,
    /// To which records.
    pub payloads: Vec<Payload>,
    /// The whole body as it came.
    pub raw: Value,
}

/// What is said about people is theirs; only the event and the number of records are shown.
impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("event", &self.event)
            .field("payloads", &self.payloads.len())
            .finish_non_exhaustive()
    }
}

/// One record of a delivery.
///
/// ```
/// use virtuous_client::webhook::{Delivery, Payload};
///
/// let delivery = Delivery::parse(br#"{"event":"ProjectUpdate","project":{"id":51}}"#)?;
/// for payload in &delivery.payloads {
///     match payload {
///         Payload::Contact(contact) => println!("{:?}", contact.name()),
///         Payload::Gift(gift) => println!("{:?}", gift.amount()),
///         other => assert_eq!(other.record().name(), "project"),
///     }
/// }
/// # Ok::<(), virtuous_client::webhook::WebhookError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Payload {
    /// A contact.
    Contact(WebhookContact),
    /// A gift.
    Gift(WebhookGift),
    /// Anything else, under the name that it has in the delivery, such as `project`.
    Other(WebhookRecord),
}

impl Delivery {
    /// Reads a delivery. Check its signature first, with [`verify`].
    ///
    /// ```
    /// use virtuous_client::webhook::Delivery;
    ///
    /// let delivery = Delivery::parse(br#"{"event":"GiftDelete","gift":{"id":301}}"#)?;
    /// assert_eq!(delivery.payloads.len(), 1);
    /// # Ok::<(), virtuous_client::webhook::WebhookError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`WebhookError::NotJson`] or [`WebhookError::NoEvent`]. A record of an unknown form is no error.
    pub fn parse(body: &[u8]) -> Result<Self, WebhookError> {
        let Ok(Value::Object(object)) = serde_json::from_slice(body) else {
            return Err(WebhookError::NotJson);
        };
        // `eventType` is the vendor's newer pages' name for it, which they only presume.
        let event = object.get("event").or_else(|| object.get("eventType")).and_then(Value::as_str);
        let event = EventKind::from(event.ok_or(WebhookError::NoEvent)?);
        let payloads = match object.get("models") {
            Some(Value::Array(models)) => {
                models.iter().filter_map(Value::as_object).flat_map(payloads_of).collect()
            }
            _ => payloads_of(&object),
        };
        Ok(Self { event, payloads, raw: Value::Object(object) })
    }
}

/// The records of an object: its members that are objects themselves.
fn payloads_of(object: &Map<String, Value>) -> Vec<Payload> {
    let records = object.iter().filter_map(|(name, value)| Some((name, value.as_object()?)));
    records
        .map(|(name, fields)| {
            let record = WebhookRecord { name: name.clone(), fields: fields.clone() };
            match name.as_str() {
                "contact" => Payload::Contact(WebhookContact(record)),
                "gift" => Payload::Gift(WebhookGift(record)),
                _ => Payload::Other(record),
            }
        })
        .collect()
}

impl Payload {
    /// The record, whatever it is about.
    ///
    /// ```
    /// use virtuous_client::webhook::Delivery;
    ///
    /// let delivery = Delivery::parse(br#"{"event":"ProjectUpdate","project":{"id":51,"name":"Well"}}"#)?;
    /// assert_eq!(delivery.payloads[0].record().text("name"), Some("Well"));
    /// # Ok::<(), virtuous_client::webhook::WebhookError>(())
    /// ```
    #[must_use]
    pub fn record(&self) -> &WebhookRecord {
        match self {
            Self::Contact(contact) => &contact.0,
            Self::Gift(gift) => &gift.0,
            Self::Other(record) => record,
        }
    }

    /// What tells this state of this record from any other: its name, its id and when it was changed. Deliveries carry
    /// no id of their own, so a receiver that remembers this recognises what it has had.
    ///
    /// ```
    /// use virtuous_client::webhook::Delivery;
    ///
    /// let body = br#"{"event":"GiftUpdate","gift":{"id":301,"modifiedDateTimeUtc":"2023-11-30T14:20:56"}}"#;
    /// let delivery = Delivery::parse(body)?;
    /// assert_eq!(delivery.payloads[0].identity(), Some(("gift", 301, Some("2023-11-30T14:20:56"))));
    /// # Ok::<(), virtuous_client::webhook::WebhookError>(())
    /// ```
    #[must_use]
    pub fn identity(&self) -> Option<(&str, i64, Option<&str>)> {
        let record = self.record();
        Some((record.name(), record.id()?, record.text("modifiedDateTimeUtc")))
    }
}
