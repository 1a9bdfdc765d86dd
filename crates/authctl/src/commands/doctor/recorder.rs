//! A transport that keeps what it receives: it shows what the client only summarizes.

use super::probe::Seen;
use crate::failure::Failure;
use async_trait::async_trait;
use auth_client_core::Error;
use auth_client_core::provider::auth_core::Origin;
use auth_client_core::transport::{
    BodyLimits, HyperTransport, Received, Transport, TransportError, TransportSettings,
};
use bytes::Bytes;
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Clone, Debug)]
pub(super) struct Recorder {
    inner: Arc<HyperTransport>,
    received: Arc<Mutex<Vec<Seen>>>,
}

impl Recorder {
    pub(super) fn new() -> Result<Self, Failure> {
        let transport = HyperTransport::new(TransportSettings::new())
            .map_err(|error| Failure::local(format!("the transport can't be created: {error}")))?;
        Ok(Self { inner: Arc::new(transport), received: Arc::default() })
    }

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
        let uri = request.uri().clone();
        let received = self.inner.send(request, limits).await?;
        let (status, headers) = (received.response.status(), received.response.headers().clone());
        let seen = Seen { uri, status, headers, body: received.response.body().clone() };
        self.received.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
        Ok(received)
    }

    fn check(&self, origin: &Origin) -> Result<(), Error> {
        self.inner.check(origin)
    }
}
