//! Webhook deliveries: those that writes cause, and those that a test requests. The last ones are remembered; they are sent to
//! this machine only, and only a limited number at once.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::base::settings::Settings;
use super::base::webhooks::{self, Receiver, WebhookDelivery};
use super::operations::subscriptions::Due;
use super::state::VirtuousProvider;
use crate::framework::provider::Context;
use crate::framework::settings::ActionError;

/// The maximum number of deliveries being sent, and of remembered deliveries.
const MAX_SENDING: usize = 64;
pub(super) const MAX_REMEMBERED: usize = 200;

/// The work of sending a delivery, for a thread that may block.
pub(super) fn delivery(
    delivery: WebhookDelivery,
    settings: &Settings,
    context: &Context,
) -> Result<impl FnOnce() -> Vec<Option<u16>> + Send + 'static + use<>, ActionError> {
    let receiver = Receiver::parse(&delivery.url)?;
    if http::HeaderName::try_from(settings.webhook_header.as_str()).is_err() {
        return Err(ActionError::new("webhook_header: not a valid header name"));
    }
    let (settings, context) = (settings.clone(), context.clone());
    Ok(move || {
        let statuses = webhooks::deliver(&receiver, delivery.secret.as_deref(), &delivery.body, &settings);
        for status in &statuses {
            context.effect("webhook_sent");
            if status.is_some_and(|status| (200..300).contains(&status)) {
                context.effect("webhook_accepted");
            }
        }
        statuses
    })
}

/// Remembers the deliveries that are due and, if the settings allow it, sends them to this machine in the background.
pub(super) fn send(provider: &mut VirtuousProvider, due: Due, context: &Context) {
    let is_enabled = provider.settings.loopback_webhooks;
    for _ in 0..due.dropped {
        context.effect("webhook_due");
        if is_enabled {
            context.effect("webhook_dropped");
        }
    }
    for next in due.deliveries {
        context.effect("webhook_due");
        while provider.deliveries.len() >= MAX_REMEMBERED {
            provider.deliveries.pop_front();
        }
        provider.deliveries.push_back(next.clone());
        let Some(runtime) = provider.runtime.as_ref().filter(|_| is_enabled) else { continue };
        let Ok(work) = delivery(next, &provider.settings, context) else { continue };
        if provider.sending.fetch_add(1, Ordering::Relaxed) >= MAX_SENDING {
            provider.sending.fetch_sub(1, Ordering::Relaxed);
            context.effect("webhook_dropped");
            continue;
        }
        let sending = Arc::clone(&provider.sending);
        drop(runtime.spawn_blocking(move || {
            work();
            sending.fetch_sub(1, Ordering::Relaxed);
        }));
    }
}
