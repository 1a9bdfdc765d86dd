//! The suites on the reqwest transport.

use auth_client_core::ReqwestTransport as Subject;

#[cfg(all(feature = "__hyper-tls", feature = "http2"))]
#[path = "../http2.rs"]
mod http2;
mod own_client;
#[path = "../suite.rs"]
mod suite;
#[cfg(feature = "__rustls")]
#[path = "../tls.rs"]
mod tls;
