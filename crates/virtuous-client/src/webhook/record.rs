//! Records of a delivery.

use crate::generated::operations;
use crate::models::{Contact, Gift};
use crate::{Call, Client};
use auth_client_core::provider::Operation;
use auth_client_core::provider::record::known;
use auth_client_core::{RawJson, UnknownFields, decode};
use serde::de::DeserializeOwned;
use std::fmt;

/// A record in a delivery. A field that is absent, null or of an unexpected type is `None`.
///
/// **The record may be partial**: the vendor doesn't document which fields a delivery contains. `None` can mean that
/// the field was omitted, so don't overwrite your stored record with these values. Take the id, and fetch the whole
/// record with [`WebhookContact::fetch`], [`WebhookGift::fetch`] or the resource's `get`. This also returns the newest
/// state if deliveries arrive out of order.
///
/// ```
/// use virtuous_client::webhook::Delivery;
///
/// let delivery = Delivery::parse(br#"{"event":"EventCreate","gala":{"id":"7","name":"Gala","guests":[1]}}"#)?;
/// let record = delivery.payloads.last().expect("a record").record();
/// assert_eq!((record.name(), record.id(), record.string("name")), ("gala", Some(7), Some("Gala")));
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

    /// Returns whether the delivery contains this field, even if it is null.
    ///
    /// ```
    /// use virtuous_client::webhook::Delivery;
    ///
    /// let delivery = Delivery::parse(br#"{"event":"GiftUpdate","gift":{"id":301,"notes":null}}"#)?;
    /// let gift = delivery.payloads[0].record();
    /// assert!(gift.has("notes") && !gift.has("amount"));
    /// # Ok::<(), virtuous_client::webhook::WebhookError>(())
    /// ```
    #[must_use]
    pub fn has(&self, field: &str) -> bool {
        self.fields.get_raw(field).is_some()
    }

    /// Returns all fields.
    #[must_use]
    pub fn fields(&self) -> &UnknownFields {
        &self.fields
    }

    /// Decodes the record as a model of the API, such as [`Gift`](crate::models::Gift) or [`Contact`](crate::models::Contact),
    /// with fields that only deliveries have in its `unknown`. Returns `None` if it doesn't match.
    ///
    /// The result is as partial as the record: a field that the delivery omits is `None` or empty in the model, like a
    /// cleared one; [`has`](Self::has) distinguishes the two. To store a record, fetch it by its id.
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
    pub fn string(&self, field: &str) -> Option<&str> {
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

/// Fetches a record by its id.
fn fetch<T: DeserializeOwned>(client: &Client, operation: &'static Operation, id: Option<i64>) -> Call<T> {
    let has_id = id.map(|_| ()).ok_or_else(|| {
        auth_client_core::Error::invalid_input(operation.id(), "id", "missing in the delivery")
    });
    let request = client.engine().request(operation, &[id.unwrap_or_default().into()]);
    request.check(has_id).call(decode::json)
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

    /// Returns a call that fetches the whole contact, with its current state. A delivery may omit fields.
    ///
    /// ```no_run
    /// # async fn example(client: &virtuous_client::Client, body: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
    /// use virtuous_client::webhook::{Delivery, Payload};
    ///
    /// for payload in &Delivery::parse(body)?.payloads {
    ///     if let Payload::Contact(contact) = payload {
    ///         let contact = contact.fetch(client).await?;
    ///         println!("store {} with all fields", contact.id);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`Contacts::get`](crate::resources::Contacts::get), and
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a record without an id.
    pub fn fetch(&self, client: &Client) -> Call<Contact> {
        fetch(client, &operations::CONTACTS_GET, self.id())
    }

    /// Returns the type: `Household`, `Organization`, `Foundation`, or a custom type of the organization.
    #[must_use]
    pub fn contact_type(&self) -> Option<&str> {
        self.0.string("customContactType").or_else(|| self.0.string("contactType"))
    }

    /// Returns the name of the contact.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.0.string("name")
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

    /// Returns a call that fetches the whole gift, with its current state. A delivery may omit fields.
    ///
    /// ```no_run
    /// # async fn example(client: &virtuous_client::Client, body: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
    /// use virtuous_client::webhook::{Delivery, Payload};
    ///
    /// for payload in &Delivery::parse(body)?.payloads {
    ///     if let Payload::Gift(gift) = payload {
    ///         println!("{:?}", gift.fetch(client).await?.amount);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`Gifts::get`](crate::resources::Gifts::get), and
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a record without an id.
    pub fn fetch(&self, client: &Client) -> Call<Gift> {
        fetch(client, &operations::GIFTS_GET, self.id())
    }

    /// Returns the id of the contact that made the gift.
    #[must_use]
    pub fn contact_id(&self) -> Option<i64> {
        self.0.integer("contactId")
    }

    /// Returns the type, such as `Credit` or `Check`.
    #[must_use]
    pub fn gift_type(&self) -> Option<&str> {
        self.0.string("giftType")
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
        self.0.string("giftDateFormatted").or_else(|| self.0.string("giftDate"))
    }

    /// Returns the code of the segment.
    #[must_use]
    pub fn segment_code(&self) -> Option<&str> {
        self.0.string("segmentCode")
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
