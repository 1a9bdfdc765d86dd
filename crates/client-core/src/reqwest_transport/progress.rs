//! Notices when a request leaves for its connection.
//!
//! reqwest doesn't tell, and a hook on its connector could not: a request that waits for a connection may be given an
//! older one that has become free. But whoever writes the request asks its body first whether there is any, to write the
//! right head. So a body that has not been asked belongs to a request of which nothing was sent.

use crate::transport::Progress;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A body in one piece that tells a [`Progress`] when it is looked at, and refuses to be sent when it is too late.
pub(super) struct Noticing {
    bytes: Bytes,
    progress: Progress,
}

impl Noticing {
    /// The body of a request that has no connection yet.
    pub(super) fn new(bytes: Bytes, progress: Progress) -> Self {
        progress.connecting();
        Self { bytes, progress }
    }
}

impl Body for Noticing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if !self.progress.sending() {
            return Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into())));
        }
        let bytes = std::mem::take(&mut self.bytes);
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }

    /// When it is too late there seems to be more, so that it is asked for and the error is seen.
    fn is_end_stream(&self) -> bool {
        self.progress.sending() && self.bytes.is_empty()
    }

    /// Also asked long before anything is sent, so it means nothing.
    fn size_hint(&self) -> SizeHint {
        match self.progress.is_abandoned() {
            true => SizeHint::default(),
            false => SizeHint::with_exact(self.bytes.len() as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::testing::WireServer;
    use crate::transport::Phase;
    use crate::{BaseUrl, Class, Engine, Operation, ReqwestTransport, RetryPolicy, Settings, Vendor, decode};
    use http::Method;
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::time::Duration;

    #[derive(Debug)]
    struct Shop;

    impl Vendor for Shop {
        fn name(&self) -> &'static str {
            "shop"
        }
    }

    static CREATE: Operation = Operation::new("items.create", Method::POST, "/items", Class::Write);
    static START: Operation = Operation::new("items.start", Method::POST, "/start", Class::Write);

    fn engine(url: &str) -> Engine {
        let mut settings = Settings::new("shop-client/1.0");
        settings.set_transport(Arc::new(ReqwestTransport::builder().build().unwrap()));
        settings.timeouts_mut().attempt = Duration::from_millis(150);
        settings.set_retry(RetryPolicy::default().base_delay(Duration::ZERO).max_attempts(2));
        Engine::new(&settings, BaseUrl::parse("base URL", url).unwrap(), Shop, None).unwrap()
    }

    /// With a body and without.
    async fn errors(url: &str) -> [crate::Error; 2] {
        let engine = engine(url);
        let create = engine.request(&CREATE, &[]).json(&1).call::<(), crate::Error>(decode::nothing);
        let start = engine.request(&START, &[]).call::<(), crate::Error>(decode::nothing);
        [create.await.unwrap_err(), start.await.unwrap_err()]
    }

    /// A listener that accepts and says nothing: a TLS handshake with it doesn't end.
    #[cfg(any(feature = "__rustls", feature = "native-tls"))]
    #[tokio::test]
    async fn a_write_that_was_still_connecting_at_its_limit_was_not_sent_and_is_sent_again() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        for error in errors(&url).await {
            assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, 2), "{error:?}");
            assert!(!error.may_have_been_sent() && !error.may_have_been_executed(), "{error:?}");
            assert!(error.is_retryable());
        }
    }

    #[tokio::test]
    async fn a_write_that_waited_for_its_answer_at_its_limit_may_have_been_executed() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        for error in errors(&url).await {
            assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, 1), "{error:?}");
            assert!(error.may_have_been_executed(), "{error:?}");
        }
    }

    #[tokio::test]
    async fn the_bytes_on_the_wire_are_those_of_an_ordinary_body() {
        static PUT: Operation = Operation::new("items.put", Method::POST, "/items", Class::IdempotentWrite);

        let server = WireServer::start((0..4).map(|_| WireServer::json(200, "1"))).unwrap();
        let engine = engine(&server.url());
        for body in [Some(1), None] {
            let mut seen = Vec::new();
            for operation in [&CREATE, &PUT] {
                let request = engine.request(operation, &[]);
                let request = if let Some(body) = body { request.json(&body) } else { request };
                request.call::<(), crate::Error>(decode::nothing).await.unwrap();
                let request = server.request().unwrap();
                seen.push((request.line, request.headers, request.body));
            }
            assert_eq!(seen[0], seen[1]);
        }
    }

    #[test]
    fn a_request_that_was_given_up_while_it_was_to_be_sent_is_not() {
        for text in ["", "1"] {
            let progress = Progress::default();
            let mut body = Noticing::new(Bytes::from(text), progress.clone());
            assert_eq!(progress.abandon(), Phase::Connecting);
            assert!(
                !body.is_end_stream() && body.size_hint().exact().is_none(),
                "so its bytes are asked for"
            );
            let context = &mut Context::from_waker(std::task::Waker::noop());
            assert!(matches!(Pin::new(&mut body).poll_frame(context), Poll::Ready(Some(Err(_)))));

            let progress = Progress::default();
            let body = Noticing::new(Bytes::from(text), progress.clone());
            assert_eq!(body.is_end_stream(), text.is_empty());
            assert_eq!(progress.abandon(), Phase::Sending);
        }
        assert_eq!(Progress::default().abandon(), Phase::Sending, "a transport that says nothing");
    }
}
