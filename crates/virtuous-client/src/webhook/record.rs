//! Records of a delivery.

use auth_client_core::provider::record::known;
use auth_client_core::{RawJson, UnknownFields};
use serde::de::DeserializeOwned;
use std::fmt;

/// A record in a delivery. A field that is absent, null or of an unexpected type is `None`.
///
/// ```
/// use virtuous_client::webhook::Delivery;
///
/// let delivery = Delivery::parse(br#"{"event":"EventCreate","gala":{"id":"7","name":"Gala","guests":[1]}}"#)?;
/// let record = delivery.payloads.last().expect("a record").record();
/// assert_eq!((record.name(), record.id(), record.text("name")), ("gala", Some(7), Some("Gala")));
/// assert_eq!((record.list("guests").len(), record.integer("seats"), record.fields().len()), (1, None, 3));
/// # Ok::<(), virtuous_client::webhook::WebhookError>(())
/// ```
#[derive(Clone)]
pub struct WebhookRecord {
    pub(super) name: String,
    pub(super) json: RawJson,
    pub(super) fields: UnknownFields,
}

impl WebhookRecord {
    /// Returns the name of the record in the delivery.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the id of the record.
    #[must_use]
    pub fn id(&self) -> Option<i64> {
        self.integer("id")
    }

    /// Returns all fields.
    #[must_use]
    pub fn fields(&self) -> &UnknownFields {
        &self.fields
    }

    /// Decodes the record as a model of the API, such as [`Gift`](crate::models::Gift) or [`Contact`](crate::models::Contact),
    /// with fields that only deliveries have in its `unknown`. Returns `None` if it doesn't match.
    ///
    /// ```
    /// use virtuous_client::webhook::Delivery;
    /// use virtuous_client::models::{Amount, Gift};
    ///
    /// let delivery = Delivery::parse(br#"{"event":"GiftCreate","gift":{"id":301,"amount":"10.50","segmentCode":"S"}}"#)?;
    /// let gift: Gift = delivery.payloads[0].record().read_as().expect("a gift");
    /// assert_eq!((gift.id, gift.amount), (301, Some(Amount::new(1050, 2))));
    /// # Ok::<(), virtuous_client::webhook::WebhookError>(())
    /// ```
    #[must_use]
    pub fn read_as<T: DeserializeOwned>(&self) -> Option<T> {
        self.json.read_as()
    }

    /// Returns a field that is a string.
    #[must_use]
    pub fn text(&self, field: &str) -> Option<&str> {
        self.fields.value(field)?.as_str()
    }

    /// Returns a field that is an integer, or a string that contains one.
    ///
    /// ```
    /// use virtuous_client::webhook::Delivery;
    ///
    /// let delivery = Delivery::parse(br#"{"event":"GiftCreate","gift":{"contactId":"17"}}"#)?;
    /// assert_eq!(delivery.payloads[0].record().integer("contactId"), Some(17));
    /// # Ok::<(), virtuous_client::webhook::WebhookError>(())
    /// ```
    #[must_use]
    pub fn integer(&self, field: &str) -> Option<i64> {
        known(&self.fields, field).ok().flatten()
    }

    /// Returns a field that is an array; empty otherwise.
    #[must_use]
    pub fn list(&self, field: &str) -> Vec<RawJson> {
        self.fields.get(field).unwrap_or_default()
    }
}

impl fmt::Debug for WebhookRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookRecord").field("fields", &self.fields.len()).finish_non_exhaustive()
    }
}

/// A contact in a delivery.
///
/// ```
/// use virtuous_client::webhook::{Delivery, Payload};
///
/// let body = br#"{"event":"ContactCreate","contact":{"id":17,"name":"Anna","contactType":"Household","tags":[]}}"#;
/// let Payload::Contact(contact) = &Delivery::parse(body)?.payloads[0] else { panic!("a contact") };
/// assert_eq!((contact.id(), contact.name(), contact.contact_type()), (Some(17), Some("Anna"), Some("Household")));
/// assert!(contact.individuals().is_empty() && contact.addresses().is_empty() && contact.tags().is_empty());
/// # Ok::<(), virtuous_client::webhook::WebhookError>(())
/// ```
#[derive(Clone, Debug)]
pub struct WebhookContact(pub(super) WebhookRecord);

impl WebhookContact {
    /// Returns the id of the contact.
    #[must_use]
    pub fn id(&self) -> Option<i64> {
        self.0.id()
    }

    /// Returns the type: `Household`, `Organization`, `Foundation`, or a custom type of the organization.
    #[must_use]
    pub fn contact_type(&self) -> Option<&str> {
        self.0.text("customContactType").or_else(|| self.0.text("contactType"))
    }

    /// Returns the name of the contact.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.0.text("name")
    }

    /// Returns the individuals of the contact.
    #[must_use]
    pub fn individuals(&self) -> Vec<RawJson> {
        self.0.list("contactIndividuals")
    }

    /// Returns the addresses: an array in deliveries, a single one in responses.
    #[must_use]
    pub fn addresses(&self) -> Vec<RawJson> {
        self.0.list("contactAddresses")
    }

    /// Returns the tags.
    #[must_use]
    pub fn tags(&self) -> Vec<RawJson> {
        self.0.list("tags")
    }

    /// Returns the record with all fields.
    #[must_use]
    pub fn record(&self) -> &WebhookRecord {
        &self.0
    }
}

/// A gift in a delivery.
///
/// ```
/// use virtuous_client::webhook::{Delivery, Payload};
///
/// let body = br#"{"event":"GiftCreate","gift":{"id":301,"contactId":17,"giftType":"Check","amount":10.50}}"#;
/// let Payload::Gift(gift) = &Delivery::parse(body)?.payloads[0] else { panic!("a gift") };
/// assert_eq!((gift.id(), gift.contact_id(), gift.gift_type()), (Some(301), Some(17), Some("Check")));
/// assert_eq!((gift.amount().as_deref(), gift.segment_code()), (Some("10.50"), None));
/// # Ok::<(), virtuous_client::webhook::WebhookError>(())
/// ```
#[derive(Clone, Debug)]
pub struct WebhookGift(pub(super) WebhookRecord);

impl WebhookGift {
    /// Returns the id of the gift.
    #[must_use]
    pub fn id(&self) -> Option<i64> {
        self.0.id()
    }

    /// Returns the id of the contact that made the gift.
    #[must_use]
    pub fn contact_id(&self) -> Option<i64> {
        self.0.integer("contactId")
    }

    /// Returns the type, such as `Credit` or `Check`.
    #[must_use]
    pub fn gift_type(&self) -> Option<&str> {
        self.0.text("giftType")
    }

    /// Returns the amount as the digits in the delivery, from a number or a string.
    #[must_use]
    pub fn amount(&self) -> Option<String> {
        let amount = self.0.fields.value("amount")?;
        let number = || amount.get().starts_with(|first: char| first == '-' || first.is_ascii_digit());
        amount.as_str().or_else(|| number().then(|| amount.get())).map(str::to_owned)
    }

    /// Returns the displayed date, as month, day and year.
    #[must_use]
    pub fn gift_date(&self) -> Option<&str> {
        self.0.text("giftDateFormatted").or_else(|| self.0.text("giftDate"))
    }

    /// Returns the code of the segment.
    #[must_use]
    pub fn segment_code(&self) -> Option<&str> {
        self.0.text("segmentCode")
    }

    /// Returns the designations.
    #[must_use]
    pub fn designations(&self) -> Vec<RawJson> {
        self.0.list("giftDesignations")
    }

    /// Returns the record with all fields.
    #[must_use]
    pub fn record(&self) -> &WebhookRecord {
        &self.0
    }
}
