//! Futures are `Send`, so that they can be spawned on a runtime with several threads.

use auth_emulator::Emulator;
use auth_emulator::providers::virtuous::WebhookDelivery;

fn is_send<T: Send>(_: T) {}

/// Compiling this function is the test of the futures that it names.
fn emulator(emulator: Emulator, delivery: WebhookDelivery) {
    is_send(Emulator::start());
    is_send(Emulator::builder().start());
    is_send(emulator.virtuous().deliver_webhook(delivery));
    is_send(emulator.stop());
}

#[test]
fn futures_are_send() {
    let _: fn(Emulator, WebhookDelivery) = emulator;
}
