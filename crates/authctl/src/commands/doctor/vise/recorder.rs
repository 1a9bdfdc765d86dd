//! A transport that keeps what it receives: it shows what the client only summarizes.

use crate::commands::doctor::probe::Seen;
use async_trait::async_trait;
use auth_client_core::transport::{BodyLimits, HyperTransport, Received, Transport, TransportError};
use bytes::Bytes;
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Clone, Debug)]
pub(super) struct Recorder {
    pub(super) inner: Arc<HyperTransport>,
    pub(super) received: Arc<Mutex<Vec<Seen>>>,
}

impl Recorder {
    pub(super) fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.received.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Transport for Recorder {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        limits: BodyLimits,
    ) -> Result<Received, TransportError> {
        let received = self.inner.send(request, limits).await?;
        let (status, headers) = (received.response.status(), received.response.headers().clone());
        let seen = Seen { status, headers, body: received.response.body().clone() };
        self.received.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
        Ok(received)
    }
}
