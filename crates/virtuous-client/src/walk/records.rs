//! Walks over records that can be queried by their id.

use super::Walk;
use crate::models::{Contact, ContactSummary, Gift, GiftSummary};
use crate::query::{ContactQuery, Query};
use crate::resources::{Contacts, Gifts};

impl Contacts<'_> {
    /// Returns summaries of all contacts that match a query, in ascending order of ids.
    ///
    /// ```no_run
    /// use virtuous_client::ContactQuery;
    ///
    /// # async fn example(client: &virtuous_client::Client) -> Result<(), virtuous_client::Error> {
    /// let mut contacts = client.contacts().walk(ContactQuery::all());
    /// while let Some(contact) = contacts.next().await {
    ///     println!("{:?}", contact?.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn walk(&self, query: ContactQuery) -> Walk<ContactSummary> {
        let (client, conditions) = (self.client.clone(), query.query.clone());
        let fetch = move |part: &Query, paging| {
            client.contacts().query(&ContactQuery { query: part.clone(), ..query.clone() }, paging)
        };
        Walk::new(conditions, fetch, |contact| Some(contact.id)).by("Contact Id")
    }

    /// Returns all contacts that match a query with all fields, in ascending order of ids.
    ///
    /// ```no_run
    /// use virtuous_client::ContactQuery;
    ///
    /// # async fn example(client: &virtuous_client::Client) -> Result<(), virtuous_client::Error> {
    /// let mut contacts = client.contacts().walk_full(ContactQuery::all()).take(200);
    /// while let Some(contact) = contacts.next().await {
    ///     println!("{:?}", contact?.contact_individuals);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn walk_full(&self, query: ContactQuery) -> Walk<Contact> {
        let (client, conditions) = (self.client.clone(), query.query.clone());
        let fetch = move |part: &Query, paging| {
            client.contacts().query_full(&ContactQuery { query: part.clone(), ..query.clone() }, paging)
        };
        Walk::new(conditions, fetch, |contact| Some(contact.id)).by("Contact Id")
    }
}

impl Gifts<'_> {
    /// Returns summaries of all gifts that match a query, in ascending order of ids.
    ///
    /// ```no_run
    /// use virtuous_client::Query;
    ///
    /// # async fn example(client: &virtuous_client::Client) -> Result<(), virtuous_client::Error> {
    /// let mut gifts = client.gifts().walk(Query::all());
    /// while let Some(gift) = gifts.next().await {
    ///     println!("{:?}", gift?.amount);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn walk(&self, query: Query) -> Walk<GiftSummary> {
        let client = self.client.clone();
        let fetch = move |part: &Query, paging| client.gifts().query(part, paging);
        Walk::new(query, fetch, |gift| Some(gift.id)).by("Gift Id")
    }

    /// Returns all gifts that match a query with all fields, in ascending order of ids.
    ///
    /// ```no_run
    /// use virtuous_client::Query;
    ///
    /// # async fn example(client: &virtuous_client::Client) -> Result<(), virtuous_client::Error> {
    /// let mut gifts = client.gifts().walk_full(Query::all()).take(200);
    /// while let Some(gift) = gifts.next().await {
    ///     println!("{:?}", gift?.gift_designations);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn walk_full(&self, query: Query) -> Walk<Gift> {
        let client = self.client.clone();
        let fetch = move |part: &Query, paging| client.gifts().query_full(part, paging);
        Walk::new(query, fetch, |gift| Some(gift.id)).by("Gift Id")
    }
}
