//! What goes out by itself: the deliveries that writes owe to webhooks, and those that a test asks for. They are remembered,
//! and sent to this machine only, a bounded number at once; `webhooks.rs` has the wire.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::Value;

use super::subscriptions::{Due, Owed};
use super::webhooks::{self, Receiver};
use super::{VirtuousProvider, WebhookDelivery};
use crate::providers::NotDone;
use crate::sync::lock;

/// Deliveries under way at once, and deliveries that are remembered.
const MOST_SENDING: usize = 64;
pub(super) const MOST_REMEMBERED: usize = 200;

impl VirtuousProvider {
    /// The work of delivering a webhook, for a thread that may block.
    pub(super) fn delivery(
        &self,
        url: &str,
        secret: Option<String>,
        body: Value,
    ) -> Result<impl FnOnce() -> Vec<Option<u16>> + Send + 'static + use<>, NotDone> {
        let receiver = Receiver::parse(url)?;
        let settings = lock(&self.inner).settings.clone();
        let header_is_good = http::HeaderName::try_from(settings.webhook_header.as_str()).is_ok();
        if !header_is_good {
            return Err(NotDone("webhook_header: it can't be the name of a header".to_owned()));
        }
        let context = self.context.clone();
        Ok(move || {
            let statuses = webhooks::deliver(&receiver, secret.as_deref(), &body, &settings);
            for status in &statuses {
                context.effect("webhook_sent");
                if status.is_some_and(|status| (200..300).contains(&status)) {
                    context.effect("webhook_taken");
                }
            }
            statuses
        })
    }

    /// Remembers what is due, and sends what the settings let go to this machine, in the background.
    pub(super) fn send(&self, owed: Owed) {
        let loopback = lock(&self.inner).settings.loopback_webhooks;
        for _ in 0..owed.passed_over {
            self.context.effect("webhook_due");
            if loopback {
                self.context.effect("webhook_dropped");
            }
        }
        for Due { url, secret, body } in owed.last {
            self.context.effect("webhook_due");
            let allowed = {
                let inner = &mut *lock(&self.inner);
                while inner.due.len() >= MOST_REMEMBERED {
                    inner.due.pop_front();
                }
                let delivery =
                    WebhookDelivery { url: url.clone(), secret: secret.clone(), body: body.clone() };
                inner.due.push_back(delivery);
                inner.settings.loopback_webhooks
            };
            let Some(runtime) = self.runtime.as_ref().filter(|_| allowed) else { continue };
            let Ok(work) = self.delivery(&url, secret, body) else { continue };
            if self.sending.fetch_add(1, Ordering::Relaxed) >= MOST_SENDING {
                self.sending.fetch_sub(1, Ordering::Relaxed);
                self.context.effect("webhook_dropped");
                continue;
            }
            let sending = Arc::clone(&self.sending);
            drop(runtime.spawn_blocking(move || {
                work();
                sending.fetch_sub(1, Ordering::Relaxed);
            }));
        }
    }
}
