//! A request, encoded once and ready to be signed, and the options of its call.

use super::retry::RetryPolicy;
use crate::decode::rows::Report;
use crate::error::Error;
use crate::operation::Operation;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, header};
use std::ops::Deref;
use std::time::Duration;

/// An encoded request. Each attempt signs these bytes anew.
#[derive(Clone)]
pub(crate) struct Outgoing {
    pub(crate) operation: Described,
    /// Path and query as on the request line, without the parts that a signer adds.
    pub(crate) target: String,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) content_type: Option<HeaderValue>,
    pub(crate) body: Bytes,
}

/// Metadata of a generated operation or of a raw request. Small, because calls are moved.
#[derive(Clone)]
pub(crate) enum Described {
    Generated(&'static Operation),
    Raw(Box<Operation>),
}

impl Deref for Described {
    type Target = Operation;

    fn deref(&self) -> &Operation {
        match self {
            Self::Generated(operation) => operation,
            Self::Raw(operation) => operation,
        }
    }
}

impl Outgoing {
    pub(crate) fn set_header(&mut self, name: HeaderName, value: HeaderValue) -> Result<(), Error> {
        const OURS: [HeaderName; 9] = [
            header::AUTHORIZATION,
            header::PROXY_AUTHORIZATION,
            header::COOKIE,
            header::HOST,
            header::CONTENT_LENGTH,
            header::CONTENT_TYPE,
            header::TRANSFER_ENCODING,
            header::CONNECTION,
            header::UPGRADE,
        ];
        if OURS.contains(&name) {
            return Err(Error::invalid_input(
                self.operation.id(),
                name.as_str().to_owned(),
                "this header is set by the client",
            ));
        }
        self.headers.push((name, value));
        Ok(())
    }
}

/// Per-call options.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallOptions {
    pub(crate) attempt_timeout: Option<Duration>,
    pub(crate) operation_timeout: Option<Duration>,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) unreadable: Option<Report>,
}
