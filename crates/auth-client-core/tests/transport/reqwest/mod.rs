//! The suites on the reqwest transport.

use auth_client_core::ReqwestTransport as Subject;

// The server of the suite is made of what the hyper transport uses.
#[path = "../connections.rs"]
mod connections;
#[path = "../framing.rs"]
mod framing;
#[cfg(all(feature = "__hyper-tls", feature = "reqwest-013-rustls", feature = "http2"))]
#[path = "../http2.rs"]
mod http2;
mod own_client;
#[path = "../suite.rs"]
mod suite;
#[cfg(feature = "__rustls")]
#[path = "../tls.rs"]
mod tls;
