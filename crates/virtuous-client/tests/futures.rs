//! Futures are `Send`, so that they can be spawned on a runtime with several threads.

#![allow(clippy::type_complexity, reason = "the types of functions that are only compiled")]

use virtuous_client::export::{Export, Resource};
use virtuous_client::models::{ContactCreate, ContactSummary, ContactType, GiftCreate, GiftType};
use virtuous_client::{Call, Challenge, Client, Items, Login, Pages, Walk};

fn is_send<T: Send>(_: T) {}

/// Compiling this function is the test of the futures that it names.
fn calls(call: Call<()>, pages: Pages<(), u64>, items: Items<(), u64, ()>) {
    is_send(call.into_future());
    is_send(pages);
    is_send(items);
}

/// Compiling this function is the test of the futures that it names.
fn logins(login: Login, with_code: Login, challenge: &Challenge) {
    is_send(login.into_future());
    is_send(with_code.with_code(async || None));
    is_send(challenge.answer("123456".to_owned()));
    is_send(challenge.send_again());
}

/// Compiling this function is the test of the futures that it names.
fn records(client: &Client, walk: &mut Walk<ContactSummary>) {
    is_send(walk.next());
    is_send(Export::new(client, Resource::Contacts).to_file("contacts.jsonl"));
    is_send(Export::new(client, Resource::Contacts).batches().next());
    is_send(client.close());
    let contact = ContactCreate::new(ContactType::Household, "Larsson", []);
    is_send(client.contacts().create_once(contact));
    is_send(client.gifts().create_once(GiftCreate::new(17, GiftType::Cash, "2023-12-07", 5)));
    is_send(client.contact_addresses().modify(1, |_| {}));
    is_send(client.contact_individuals().modify(1, |_| {}));
    is_send(client.contact_methods().modify(1, |_| {}));
    is_send(client.contact_notes().modify(1, |_| {}));
    is_send(client.contacts().modify(1, |_| {}));
    is_send(client.event_attendees(1).modify(1, |_| {}));
    is_send(client.events().modify(1, |_| {}));
    is_send(client.gift_asks().modify(1, |_| {}));
    is_send(client.gifts().modify(1, |_| {}));
    is_send(client.grants().modify(1, |_| {}));
    is_send(client.planned_gifts().modify(1, |_| {}));
    is_send(client.pledges().modify(1, |_| {}));
    is_send(client.premiums().modify(1, |_| {}));
    is_send(client.project_expenses().modify(1, |_| {}));
    is_send(client.project_notes().modify(1, |_| {}));
    is_send(client.projects().modify(1, |_| {}));
    is_send(client.recurring_gifts().modify(1, |_| {}));
    is_send(client.segments().modify(1, |_| {}));
    is_send(client.volunteer_opportunities().modify(1, |_| {}));
    is_send(client.webhooks().modify(1, |_| {}));
    is_send(client.opportunity_volunteers(1).modify_attendance(1, |_| {}));
}

#[test]
fn futures_are_send() {
    let _: fn(Call<()>, Pages<(), u64>, Items<(), u64, ()>) = calls;
    let _: fn(Login, Login, &Challenge) = logins;
    let _: fn(&Client, &mut Walk<ContactSummary>) = records;
}
