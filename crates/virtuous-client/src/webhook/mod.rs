//! Webhooks: verification and parsing of deliveries.
//!
//! Assumption (webhook-signature): the signature is an HMAC-SHA256 of the raw body with the subscription's secret. The
//! vendor documents base64 on one page and hexadecimal digits on another, and doesn't document the header. Both
//! encodings are therefore accepted, and the caller selects the header. The signature has no timestamp, so an old
//! delivery can be replayed.
//!
//! Assumption (webhook-deliveries): the server retries deliveries until it receives a 2xx response, and may still send
//! duplicates. The vendor documents no id of a delivery; see [`Payload::identity`].
//!
//! Assumption (webhook-format): the fields `organization` and `organizationUser` next to a record say where it was changed and
//! by whom, as in a published receiver; they are available in [`Delivery::raw`] and are not payloads.

mod record;

use auth_client_core::provider::auth_core::secret::check_password;
use auth_client_core::provider::auth_core::{ExposeSecret, SecretString};
use auth_client_core::provider::model;
use auth_client_core::{RawJson, UnknownFields};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::fmt;

pub use record::{WebhookContact, WebhookGift, WebhookRecord};

auth_client_core::provider::open_enum! {
    /// Event of a delivery.
    ///
    /// ```
    /// use virtuous_client::webhook::EventKind;
    ///
    /// assert_eq!(EventKind::from("GiftCreate"), EventKind::GiftCreate);
    /// assert_eq!(EventKind::from("PledgeCreate"), EventKind::from("PledgeCreate"));
    /// ```
    pub enum EventKind {
        /// A contact was created.
        ContactCreate = "ContactCreate",
        /// A contact was updated.
        ContactUpdate = "ContactUpdate",
        /// A gift was created.
        GiftCreate = "GiftCreate",
        /// A gift was updated.
        GiftUpdate = "GiftUpdate",
        /// A gift was deleted.
        GiftDelete = "GiftDelete",
        /// A project was created.
        ProjectCreate = "ProjectCreate",
        /// A project was updated.
        ProjectUpdate = "ProjectUpdate",
        /// A project was deleted.
        ProjectDelete = "ProjectDelete",
        /// A form was submitted.
        FormSubmission = "FormSubmission",
        /// A note on a contact was created.
        ContactNoteCreate = "ContactNoteCreate",
        /// A note on a contact was updated.
        ContactNoteUpdate = "ContactNoteUpdate",
        /// A note on a contact was deleted.
        ContactNoteDelete = "ContactNoteDelete",
        /// An event was created.
        EventCreate = "EventCreate",
        /// An event was updated.
        EventUpdate = "EventUpdate",
        /// An event was deleted.
        EventDelete = "EventDelete",
    }
}

/// The error of a delivery with an invalid signature or body. It contains no data of the delivery.
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
    #[error("invalid signature format: must be base64 or hexadecimal digits of an HMAC-SHA256")]
    Malformed,
    /// The signature does not match body and secret.
    #[error("the signature does not match the body")]
    Mismatch,
    /// The secret is empty, so a signature would prove nothing, or begins or ends with an invisible character, such as the
    /// line break or the byte order mark of the file that it was read from.
    #[error(
        "invalid secret: must not be empty, or begin or end with an invisible character such as a line break \
         or a byte order mark"
    )]
    InvalidSecret,
    /// The body is not a JSON object.
    #[error("the body is not a JSON object")]
    NotJson,
    /// The body contains no event.
    #[error("the body contains no event")]
    NoEvent,
}

/// Verifies the signature of a delivery, in constant time.
///
/// `body` must be the raw bytes as received, before any parsing or formatting; `header` is the value of the
/// header with the signature: base64 or hexadecimal digits, optionally with the prefix `sha256=`.
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
/// [`WebhookError`] if the signature is malformed or does not match, or if the secret is empty or begins or ends with an
/// invisible character.
pub fn verify(secret: &SecretString, body: &[u8], header: &str) -> Result<(), WebhookError> {
    let secret = secret.expose_secret();
    if check_password("secret", secret).is_err() {
        return Err(WebhookError::InvalidSecret);
    }
    let text = header.trim();
    let text = match text.split_at_checked(7) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case("sha256=") => rest.trim_start(),
        _ => text,
    };
    // 64 hexadecimal digits are valid base64 of 48 bytes, so the length distinguishes the two.
    let base64 = STANDARD.decode(text).ok().filter(|signature| signature.len() == 32);
    let signature = base64.or_else(|| hex(text)).ok_or(WebhookError::Malformed)?;
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(|_| WebhookError::InvalidSecret)?;
    mac.chain_update(body).verify_slice(&signature).map_err(|_| WebhookError::Mismatch)
}

/// Verifies the signature of a delivery against several secrets and returns the index of the one that matches. Use it
/// to rotate a secret without losing deliveries: accept the new and the old secret until no delivery matches the old
/// one.
///
/// ```
/// use virtuous_client::{SecretString, webhook};
///
/// let secrets = ["the new one", "it is a secret"].map(SecretString::from);
/// let body = br#"{"event":"GiftCreate","gift":{"id":301}}"#;
/// let signature = "/an1dhTddfcO6gfvqvBeFx/pYX8LFSM2fiShXC2lX0Q=";
/// assert_eq!(webhook::verify_any(&secrets, body, signature)?, 1);
/// # Ok::<(), webhook::WebhookError>(())
/// ```
///
/// # Errors
///
/// [`WebhookError`] if the signature is malformed or matches no secret, if a secret is empty or begins or ends with an
/// invisible character, or if there is none.
pub fn verify_any(secrets: &[SecretString], body: &[u8], header: &str) -> Result<usize, WebhookError> {
    let mut matching = Err(WebhookError::InvalidSecret);
    // All secrets are tried, so that the duration doesn't depend on which one matches.
    for (index, secret) in secrets.iter().enumerate() {
        match verify(secret, body, header) {
            Ok(()) if matching.is_err() => matching = Ok(index),
            Ok(()) => {}
            Err(WebhookError::Mismatch) if matching.is_ok() => {}
            Err(WebhookError::Mismatch) => matching = Err(WebhookError::Mismatch),
            Err(error) => return Err(error),
        }
    }
    matching
}

/// Decodes 32 bytes of hexadecimal digits, in either case.
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

/// A delivery: an event and the affected records.
///
/// The server sends one record or a batch of several; both are decoded to a list.
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
    /// Event of the delivery.
    pub event: EventKind,
    /// Affected records.
    pub payloads: Vec<Payload>,
    /// The whole body.
    pub raw: RawJson,
}

/// Prints only the event and the number of records, because records contain personal data.
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
    /// Any other record, under its name in the delivery, such as `project`.
    Other(WebhookRecord),
}

impl Delivery {
    /// Parses a delivery. Verify its signature first, with [`verify`].
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
    /// [`WebhookError::NotJson`] or [`WebhookError::NoEvent`]. A record of an unknown kind is not an error.
    pub fn parse(body: &[u8]) -> Result<Self, WebhookError> {
        let raw: RawJson = model::from_slice(body).map_err(|_| WebhookError::NotJson)?;
        let object: UnknownFields = raw.read_as().ok_or(WebhookError::NotJson)?;
        // The vendor's newer documentation names `eventType` as an assumption.
        let event = ["event", "eventType"].iter().find_map(|name| object.value(name)?.as_str());
        let event = EventKind::from(event.ok_or(WebhookError::NoEvent)?);
        let payloads = match object.get::<Vec<RawJson>>("models") {
            Some(models) => {
                models.iter().filter_map(RawJson::read_as).flat_map(|model| payloads_of(&model)).collect()
            }
            None => {
                let mut payloads = payloads_of(&object);
                payloads.retain(|one| !matches!(one.record().name(), "organization" | "organizationUser"));
                payloads
            }
        };
        Ok(Self { event, payloads, raw })
    }
}

/// Returns the records of an object: its fields that are objects.
fn payloads_of(object: &UnknownFields) -> Vec<Payload> {
    let records = object.iter().filter_map(|(name, value)| Some((name, value, value.read_as()?)));
    records
        .map(|(name, json, fields)| {
            let record = WebhookRecord { name: name.to_owned(), json: json.clone(), fields };
            match name {
                "contact" => Payload::Contact(WebhookContact(record)),
                "gift" => Payload::Gift(WebhookGift(record)),
                _ => Payload::Other(record),
            }
        })
        .collect()
}

impl Payload {
    /// Returns the record, whatever its kind.
    ///
    /// ```
    /// use virtuous_client::webhook::Delivery;
    ///
    /// let delivery = Delivery::parse(br#"{"event":"ProjectUpdate","project":{"id":51,"name":"Well"}}"#)?;
    /// assert_eq!(delivery.payloads[0].record().string("name"), Some("Well"));
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

    /// Returns the name, the id and the time of the last change, which identify this state of the record.
    /// The vendor documents no id of a delivery, so a receiver can use this to detect duplicates.
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
        Some((record.name(), record.id()?, record.string("modifiedDateTimeUtc")))
    }
}
