//! The suites on the hyper transport.

use auth_client_core::HyperTransport as Subject;

#[path = "../connections.rs"]
mod connections;
#[path = "../framing.rs"]
mod framing;
#[cfg(all(feature = "__hyper-tls", feature = "http2"))]
#[path = "../http2.rs"]
mod http2;
#[cfg(feature = "tracing")]
mod poisoned;
#[path = "../suite.rs"]
mod suite;
#[cfg(feature = "__rustls")]
#[path = "../tls.rs"]
mod tls;
