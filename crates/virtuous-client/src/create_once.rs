//! Idempotent creations: before a record is created, it is searched by an id that the program has chosen.

use crate::arguments::{ContactsBySource, GiftsByTransaction};
use crate::auth::endpoint::is_inconclusive;
use crate::error::{Error, PROVIDER};
use crate::models::{Contact, ContactCreate, Gift, GiftCreate};
use crate::resources::{Contacts, Gifts};
use crate::{Call, ErrorKind};

/// Creations per call, each after a lookup that found nothing.
const CREATIONS: u32 = 3;

impl Contacts<'_> {
    /// Returns the contact with this reference, or creates it if there is none. The call can be retried after a lost
    /// response or a crash.
    ///
    /// `contact` requires a `reference_source` and a `reference_id`: the name of your system and the contact's id in
    /// it. The client searches for the contact by these values first, and again after each creation whose response is
    /// lost. If that search finds nothing, the record is created again, except after a response of a gateway such as 504:
    /// the server may still be processing the creation. Two programs that create the same contact at the same time can still create it twice. An existing contact
    /// is not changed.
    ///
    /// ```no_run
    /// # async fn example(client: &virtuous_client::Client) -> Result<(), virtuous_client::Error> {
    /// use virtuous_client::models::{ContactCreate, ContactType, NewContactIndividual};
    ///
    /// let anna = NewContactIndividual::first_name("Anna").last_name("Larsson");
    /// let contact = ContactCreate::new(ContactType::Household, "Larsson", [anna])
    ///     .reference_source("shop")
    ///     .reference_id("customer-17");
    /// println!("{}", client.contacts().create_once(contact).await?.id);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] if the reference is missing, and the errors of the search and of the creation.
    pub async fn create_once(&self, contact: ContactCreate) -> Result<Contact, Error> {
        let source = given(contact.reference_source.as_ref(), "reference_source")?;
        let id = given(contact.reference_id.as_ref(), "reference_id")?;
        let find = || self.by_source(ContactsBySource::reference_source(&source).reference_id(&id));
        once(find, || self.create(contact.clone())).await
    }
}

impl Gifts<'_> {
    /// Returns the gift with this transaction, or creates it if there is none. The call can be retried after a lost
    /// response or a crash.
    ///
    /// `gift` requires a `transaction_source` and a `transaction_id`: the name of your system and the payment's id in
    /// it. The client searches for the gift by these values first, and again after each creation whose response is
    /// lost. If that search finds nothing, the record is created again, except after a response of a gateway such as 504:
    /// the server may still be processing the creation. Two programs that create the same gift at the same time can still create it twice. An existing gift is not
    /// changed.
    ///
    /// ```no_run
    /// # async fn example(client: &virtuous_client::Client) -> Result<(), virtuous_client::Error> {
    /// use virtuous_client::models::{Amount, GiftCreate, GiftDesignationWrite, GiftType};
    ///
    /// let amount = Amount::new(2550, 2);
    /// let gift = GiftCreate::new(17, GiftType::Credit, "2023-12-07", amount)
    ///     .gift_designations([GiftDesignationWrite::new(51, amount)])
    ///     .transaction_source("shop")
    ///     .transaction_id("payment-301");
    /// println!("{}", client.gifts().create_once(gift).await?.id);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] if the transaction is missing, and the errors of the search and of the creation.
    pub async fn create_once(&self, gift: GiftCreate) -> Result<Gift, Error> {
        let source = given(gift.transaction_source.as_ref(), "transaction_source")?;
        let id = given(gift.transaction_id.as_ref(), "transaction_id")?;
        let find =
            || self.by_transaction(GiftsByTransaction::transaction_source(&source).transaction_id(&id));
        once(find, || self.create(gift.clone())).await
    }
}

/// Searches for a record and creates it if there is none, until the result of a creation is known.
async fn once<T: 'static>(find: impl Fn() -> Call<T>, create: impl Fn() -> Call<T>) -> Result<T, Error> {
    let (mut creations, mut lost) = (0, None::<Error>);
    loop {
        match find().await {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            // The error of a failed search must not hide that a creation may have been executed.
            Err(error) => return Err(lost.unwrap_or(error)),
            found => return found,
        }
        if let Some(error) = lost.take_if(|error| is_in_progress(error)) {
            return Err(error);
        }
        creations += 1;
        match create().await {
            Err(error)
                if error.may_have_been_executed()
                    && error.kind() != ErrorKind::Timeout
                    && creations < CREATIONS =>
            {
                lost = Some(error);
            }
            created => return created,
        }
    }
}

/// Whether the server may still be processing a creation, so that a search that does not find the record proves nothing:
/// a gateway has given up waiting for it. After a timeout of the client, there is no search at all.
fn is_in_progress(error: &Error) -> bool {
    error.status().is_some_and(|status| status.as_u16() == 408 || is_inconclusive(status))
}

fn given(value: Option<&String>, field: &'static str) -> Result<String, Error> {
    value.filter(|value| !value.trim().is_empty()).cloned().ok_or_else(|| {
        auth_client_core::Error::invalid_input("create_once", field, "required, to find the record again")
            .with_provider(PROVIDER)
            .into()
    })
}
