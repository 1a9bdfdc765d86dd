//! Webhook deliveries: those that writes cause, and those that a test requests. The last ones are remembered; they are sent to
//! this machine or to allowed receivers only, and only a limited number at once. Retries wait for the emulator's clock.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::base::settings::Settings;
use super::base::webhooks::{Next, Prepared, Progress, WebhookDelivery};
use super::operations::subscriptions::Due;
use super::state::VirtuousProvider;
use crate::framework::provider::Context;
use crate::framework::settings::ActionError;
use crate::framework::sync::lock;

/// The maximum number of deliveries being sent, and of remembered deliveries.
const MAX_SENDING: usize = 64;
pub(super) const MAX_REMEMBERED: usize = 200;
/// The maximum number of remembered tries of a delivery.
const MAX_TRIES: usize = 20;

/// A delivery that was due.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
pub(super) struct Remembered {
    #[serde(default)]
    pub(super) id: u64,
    #[serde(flatten)]
    pub(super) delivery: WebhookDelivery,
    #[serde(skip)]
    pub(super) tries: Tries,
}

/// The last tries of a delivery: the statuses of the responses, `None` where there was no response.
#[derive(Clone, Default)]
pub(super) struct Tries(Arc<Mutex<VecDeque<Option<u16>>>>);

impl Tries {
    fn add(&self, status: Option<u16>) {
        let mut tries = lock(&self.0);
        while tries.len() >= MAX_TRIES {
            tries.pop_front();
        }
        tries.push_back(status);
    }

    pub(super) fn list(&self) -> Vec<Option<u16>> {
        lock(&self.0).iter().copied().collect()
    }
}

/// How often a retry that is not due looks at the emulator's clock.
const LOOK: Duration = Duration::from_millis(20);

/// The work of sending a delivery now, with all retries, for a thread that may block.
pub(super) fn delivery(
    delivery: &WebhookDelivery,
    settings: &Settings,
    context: &Context,
    tries: Tries,
) -> Result<impl FnOnce() -> Vec<Option<u16>> + Send + 'static + use<>, ActionError> {
    let prepared = Prepared::new(delivery, settings)?;
    let (settings, context) = (settings.clone(), context.clone());
    Ok(move || {
        let (mut progress, mut statuses) = (Progress::default(), Vec::new());
        loop {
            let status = prepared.send();
            record(status, &context, &tries);
            statuses.push(status);
            if progress.after(status, &settings) == Next::Done {
                return statuses;
            }
        }
    })
}

fn record(status: Option<u16>, context: &Context, tries: &Tries) {
    tries.add(status);
    context.effect("webhook_sent");
    if status.is_some_and(|status| (200..300).contains(&status)) {
        context.effect("webhook_accepted");
    }
}

/// Remembers the deliveries that are due and, if the settings allow it, sends them in the background.
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
        let id = provider.deliveries.back().map_or(1, |last| last.id.saturating_add(1));
        let tries = Tries::default();
        provider.deliveries.push_back(Remembered { id, delivery: next.clone(), tries: tries.clone() });
        let Some(runtime) = provider.runtime.as_ref().filter(|_| is_enabled) else { continue };
        let Ok(prepared) = Prepared::new(&next, &provider.settings) else { continue };
        if provider.sending.fetch_add(1, Ordering::Relaxed) >= MAX_SENDING {
            provider.sending.fetch_sub(1, Ordering::Relaxed);
            context.effect("webhook_dropped");
            continue;
        }
        let sending = Sending(Arc::clone(&provider.sending));
        drop(runtime.spawn(in_background(
            prepared,
            provider.settings.clone(),
            context.clone(),
            tries,
            sending,
        )));
    }
}

/// One delivery in progress.
struct Sending(Arc<AtomicUsize>);

impl Drop for Sending {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn in_background(
    prepared: Prepared,
    settings: Settings,
    context: Context,
    tries: Tries,
    _sending: Sending,
) {
    let mut progress = Progress::default();
    loop {
        let attempt = prepared.clone();
        let Ok(status) = tokio::task::spawn_blocking(move || attempt.send()).await else { return };
        record(status, &context, &tries);
        match progress.after(status, &settings) {
            Next::Done => return,
            Next::Duplicate => {}
            Next::Retry => {
                let due = context.clock.now().plus(Duration::from_secs(settings.webhook_retry_seconds));
                while context.clock.now() < due {
                    tokio::time::sleep(LOOK).await;
                }
            }
        }
    }
}
