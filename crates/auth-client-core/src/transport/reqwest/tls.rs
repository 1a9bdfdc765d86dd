//! Which library speaks TLS: chosen when a transport is built, among those that are compiled in.
//!
//! Nothing of the process is touched: two transports in one program may use two libraries, and a provider that another
//! crate has installed for rustls is neither used nor replaced.

use crate::error::Error;
use std::fmt;

/// Which library speaks TLS, for [`ReqwestTransportBuilder::tls`](crate::ReqwestTransportBuilder::tls).
///
/// Features add up, so a program can find itself with more than one, and then it is its choice:
///
/// ```
/// use auth_client_core::{ReqwestTransport, TlsBackend};
///
/// /// The operating system's TLS where it is compiled in, as this company wants it.
/// fn transport() -> Result<ReqwestTransport, auth_client_core::Error> {
///     let builder = ReqwestTransport::builder();
///     match TlsBackend::compiled_in().contains(&TlsBackend::Native) {
///         true => builder.tls(TlsBackend::Native).build(),
///         false => builder.build(),
///     }
/// }
/// # let _ = transport();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsBackend {
    /// rustls with ring, by the feature `rustls-ring`.
    RustlsRing,
    /// rustls with aws-lc-rs, by the feature `rustls-aws-lc`.
    RustlsAwsLc,
    /// The operating system's own, by the feature `native-tls`.
    Native,
}

impl TlsBackend {
    /// Those that this build has, in the order of preference: the first is the default.
    #[must_use]
    pub fn compiled_in() -> &'static [Self] {
        &[
            #[cfg(feature = "rustls-ring")]
            Self::RustlsRing,
            #[cfg(feature = "rustls-aws-lc")]
            Self::RustlsAwsLc,
            #[cfg(feature = "native-tls")]
            Self::Native,
        ]
    }

    /// The feature that compiles it in.
    ///
    /// ```
    /// assert_eq!(auth_client_core::TlsBackend::Native.feature(), "native-tls");
    /// ```
    #[must_use]
    pub fn feature(self) -> &'static str {
        match self {
            Self::RustlsRing => "rustls-ring",
            Self::RustlsAwsLc => "rustls-aws-lc",
            Self::Native => "native-tls",
        }
    }
}

/// The name of the feature.
impl fmt::Display for TlsBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.feature())
    }
}

/// Sets the TLS library; without any, only loopback can be called.
pub(super) fn set(
    builder: reqwest::ClientBuilder,
    backend: Option<TlsBackend>,
) -> Result<reqwest::ClientBuilder, Error> {
    match backend {
        None => Ok(builder),
        #[cfg(feature = "rustls-ring")]
        Some(TlsBackend::RustlsRing) => {
            Ok(builder.tls_backend_preconfigured(rustls_config(rustls::crypto::ring::default_provider())?))
        }
        #[cfg(feature = "rustls-aws-lc")]
        Some(TlsBackend::RustlsAwsLc) => {
            Ok(builder
                .tls_backend_preconfigured(rustls_config(rustls::crypto::aws_lc_rs::default_provider())?))
        }
        #[cfg(feature = "native-tls")]
        Some(TlsBackend::Native) => Ok(builder.tls_backend_native()),
        #[cfg(not(all(feature = "rustls-ring", feature = "rustls-aws-lc", feature = "native-tls")))]
        Some(missing) => Err(Error::configuration(
            "TLS",
            format!("this build does not have it: turn on the feature `{missing}`"),
        )),
    }
}

/// TLS 1.2 and 1.3 with the operating system's trust store, and a provider that is ours and not the process's.
#[cfg(feature = "__rustls")]
fn rustls_config(provider: rustls::crypto::CryptoProvider) -> Result<rustls::ClientConfig, Error> {
    use rustls_platform_verifier::BuilderVerifierExt as _;

    let refuse = |error: rustls::Error| Error::configuration("TLS", "it can't be set up").with_source(error);
    #[cfg_attr(not(feature = "http2"), expect(unused_mut, reason = "only HTTP/2 has something to negotiate"))]
    let mut config = rustls::ClientConfig::builder_with_provider(std::sync::Arc::new(provider))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_platform_verifier())
        .map_err(refuse)?
        .with_no_client_auth();
    #[cfg(feature = "http2")]
    config.alpn_protocols.extend([b"h2".to_vec(), b"http/1.1".to_vec()]);
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReqwestTransport;
    use crate::transport::{BodyLimits, Transport as _};
    use std::io::Read as _;
    use std::net::TcpListener;

    const ALL: [TlsBackend; 3] = [TlsBackend::RustlsRing, TlsBackend::RustlsAwsLc, TlsBackend::Native];

    /// What a client says about itself before anything is agreed: its cipher suites and groups of keys.
    struct Hello {
        suites: Vec<u16>,
        groups: Vec<u16>,
    }

    fn numbers(bytes: &[u8]) -> Vec<u16> {
        bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
    }

    /// Cuts off a part with a length of `size` bytes before it.
    fn part<'a>(bytes: &mut &'a [u8], size: usize) -> &'a [u8] {
        let length = bytes[..size].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        let (part, rest) = bytes[size..].split_at(length);
        *bytes = rest;
        part
    }

    /// Reads a ClientHello, by RFC 8446, section 4.1.2.
    fn hello(mut record: &[u8]) -> Hello {
        // Type and version of the record; type of the message; version and random.
        record = &record[3..];
        let mut message = part(&mut record, 2);
        message = &message[1..];
        let mut body = part(&mut message, 3);
        body = &body[34..];
        part(&mut body, 1);
        let suites = numbers(part(&mut body, 2));
        part(&mut body, 1);
        let mut extensions = part(&mut body, 2);
        let mut groups = Vec::new();
        while !extensions.is_empty() {
            let kind = numbers(&extensions[..2])[0];
            extensions = &extensions[2..];
            let mut extension = part(&mut extensions, 2);
            if kind == 10 {
                groups = numbers(part(&mut extension, 2));
            }
        }
        Hello { suites, groups }
    }

    async fn hello_of(backend: TlsBackend) -> Hello {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("https://{}/", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = [0; 5];
            stream.read_exact(&mut head).unwrap();
            let mut record = head.to_vec();
            record.resize(5 + usize::from(u16::from_be_bytes([head[3], head[4]])), 0);
            stream.read_exact(&mut record[5..]).unwrap();
            record
        });
        let transport = ReqwestTransport::builder().tls(backend).build().unwrap();
        let request = http::Request::get(url).body(bytes::Bytes::new()).unwrap();
        let error = transport.send(request, BodyLimits::default()).await.unwrap_err();
        assert_eq!(error.phase(), crate::transport::Phase::Connecting, "{error:?}");
        hello(&server.join().unwrap())
    }

    #[test]
    fn what_is_not_compiled_in_is_an_error_that_names_the_feature() {
        for backend in ALL {
            let built = ReqwestTransport::builder().tls(backend).build();
            if TlsBackend::compiled_in().contains(&backend) {
                built.unwrap();
                continue;
            }
            let error = built.unwrap_err();
            assert_eq!((error.kind(), error.field()), (crate::ErrorKind::Configuration, Some("TLS")));
            assert!(error.to_string().contains(backend.feature()), "{error}");
        }
        ReqwestTransport::builder().build().unwrap();
    }

    #[tokio::test]
    async fn the_library_that_was_chosen_is_the_one_that_speaks() {
        /// X25519MLKEM768, which ring does not have.
        const POST_QUANTUM: u16 = 0x11ec;
        /// Every suite that rustls ever offers.
        const OF_RUSTLS: [u16; 10] =
            [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9, 0x00ff];

        for backend in TlsBackend::compiled_in() {
            let hello = hello_of(*backend).await;
            let is_rustls = *backend != TlsBackend::Native;
            let is_aws = *backend == TlsBackend::RustlsAwsLc;
            assert!(!hello.groups.is_empty() && !hello.suites.is_empty());
            // The operating system's library differs from one to the next, so it is told by what rustls never says.
            if is_rustls {
                assert_eq!(hello.groups.contains(&POST_QUANTUM), is_aws, "{backend}: {:x?}", hello.groups);
            }
            let all_of_rustls = hello.suites.iter().all(|suite| OF_RUSTLS.contains(suite));
            assert_eq!(all_of_rustls, is_rustls, "{backend}: {:x?}", hello.suites);
        }
    }
}
