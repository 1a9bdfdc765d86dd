//! TLS of both transports: the library, chosen when a transport is built, and the certificates.
//!
//! Process-wide state is neither read nor changed: two transports in one program can use different libraries, and a
//! rustls provider that another crate has installed is neither used nor replaced.

use crate::error::Error;
use auth_core::secret::SecretString;
use std::fmt;

/// A TLS library, for [`TransportSettings::tls`](crate::TransportSettings::tls).
///
/// Features are additive, so a build can contain several libraries. Select one at run time:
///
/// ```
/// # #[cfg(feature = "hyper")] {
/// use auth_client_core::{HyperTransport, TlsBackend, TransportSettings};
///
/// /// aws-lc-rs where it is compiled in.
/// fn settings() -> TransportSettings {
///     let aws = TlsBackend::RustlsAwsLc;
///     match HyperTransport::tls_backends().contains(&aws) {
///         true => TransportSettings::new().tls(aws),
///         false => TransportSettings::new(),
///     }
/// }
/// # let _ = settings();
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsBackend {
    /// rustls with ring: hyper with the feature `rustls-ring`, reqwest with `reqwest-013-rustls` as well.
    RustlsRing,
    /// rustls with aws-lc-rs: hyper with the feature `rustls-aws-lc`, reqwest with `reqwest-013-rustls`.
    RustlsAwsLc,
    /// The operating system's library: reqwest with the feature `reqwest-013-native-tls`.
    Native,
}

impl TlsBackend {
    /// Returns a stable short name: `rustls-ring`, `rustls-aws-lc` or `native-tls`.
    ///
    /// ```
    /// assert_eq!(auth_client_core::TlsBackend::Native.as_str(), "native-tls");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RustlsRing => "rustls-ring",
            Self::RustlsAwsLc => "rustls-aws-lc",
            Self::Native => "native-tls",
        }
    }

    /// Returns the error of a transport without this library in this build.
    #[cfg(any(feature = "hyper", feature = "reqwest-013"))]
    pub(super) fn is_missing(self, transport: Adapter) -> Error {
        let features = match (transport, self) {
            (Adapter::Hyper, Self::Native) => {
                return Error::configuration(
                    "TLS",
                    "the hyper transport has no native-tls: use the reqwest transport with the feature \
                    `reqwest-013-native-tls`",
                );
            }
            (Adapter::Hyper, _) => self.as_str(),
            (Adapter::Reqwest, Self::RustlsRing) => "reqwest-013-rustls` and `rustls-ring",
            (Adapter::Reqwest, Self::RustlsAwsLc) => "reqwest-013-rustls",
            (Adapter::Reqwest, Self::Native) => "reqwest-013-native-tls",
        };
        Error::configuration(
            "TLS",
            format!("this build does not have {self}: turn on the feature `{features}`"),
        )
    }
}

/// [`as_str`](Self::as_str).
impl fmt::Display for TlsBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The transport that an error is about.
#[cfg(any(feature = "hyper", feature = "reqwest-013"))]
#[derive(Clone, Copy, Debug)]
pub(super) enum Adapter {
    #[cfg_attr(not(feature = "hyper"), expect(dead_code, reason = "the other transport"))]
    Hyper,
    #[cfg_attr(not(feature = "reqwest-013"), expect(dead_code, reason = "the other transport"))]
    Reqwest,
}

/// Certificates in addition to those of the operating system; parsed when the transport is built.
#[derive(Clone, Debug, Default)]
pub(super) struct Certificates {
    pub(super) roots: Vec<Vec<u8>>,
    pub(super) identity: Option<SecretString>,
}

#[cfg(any(all(feature = "hyper", not(feature = "__hyper-tls")), feature = "reqwest-013"))]
impl Certificates {
    /// Returns an error if certificates are set for a transport without TLS.
    pub(super) fn refuse_without_tls(&self) -> Result<(), Error> {
        match (self.roots.is_empty(), &self.identity) {
            (true, None) => Ok(()),
            (false, _) => Err(Error::configuration("root certificate", WITHOUT_TLS)),
            (true, Some(_)) => Err(Error::configuration("client certificate", WITHOUT_TLS)),
        }
    }
}

#[cfg(any(all(feature = "hyper", not(feature = "__hyper-tls")), feature = "reqwest-013"))]
const WITHOUT_TLS: &str = "this build has no TLS for this transport: turn on one of its TLS features";
#[cfg(any(feature = "__rustls", feature = "reqwest-013-native-tls"))]
pub(super) const NO_ROOT: &str = "it is neither PEM with certificates nor a certificate in DER";
#[cfg(feature = "__rustls")]
const NOT_ON_ANDROID: &str = "Android takes certificate authorities from its own settings only: add it there, or name it in \
    the app's network security configuration";
#[cfg(any(feature = "__rustls", feature = "reqwest-013-native-tls"))]
pub(super) const NO_IDENTITY: &str = "it is not PEM with a certificate and its private key in PKCS #8";

/// rustls configuration, shared by both transports.
#[cfg(feature = "__rustls")]
pub(super) mod config {
    use super::{Certificates, NO_IDENTITY, NO_ROOT, NOT_ON_ANDROID, TlsBackend};
    use crate::error::Error;
    use crate::transport_error::cause::NoTrustStore;
    use auth_core::secret::ExposeSecret as _;
    use rustls::ClientConfig;
    use rustls::crypto::CryptoProvider;
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use std::sync::{Arc, Mutex, PoisonError, Weak};

    /// Configurations without additional certificates, shared by all transports of the process.
    static SHARED: Mutex<Vec<(TlsBackend, Weak<ClientConfig>)>> = Mutex::new(Vec::new());

    /// Returns a configuration with TLS 1.2 and 1.3, the operating system's trust store, and its own crypto provider
    /// instead of the process-wide one.
    ///
    /// An unreadable trust store is returned as the inner error, because a client of a loopback address doesn't need
    /// one.
    pub(in crate::transport) fn rustls(
        backend: TlsBackend,
        certificates: &Certificates,
    ) -> Result<Result<Arc<ClientConfig>, NoTrustStore>, Error> {
        if !certificates.roots.is_empty() || certificates.identity.is_some() {
            return Ok(build(backend, certificates)?.map(Arc::new));
        }
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.retain(|(_, config)| config.strong_count() > 0);
        let known =
            shared.iter().find(|(known, _)| *known == backend).and_then(|(_, config)| config.upgrade());
        if let Some(config) = known {
            return Ok(Ok(config));
        }
        let built = build(backend, certificates)?.map(Arc::new);
        if let Ok(config) = &built {
            shared.push((backend, Arc::downgrade(config)));
        }
        Ok(built)
    }

    fn build(
        backend: TlsBackend,
        certificates: &Certificates,
    ) -> Result<Result<ClientConfig, NoTrustStore>, Error> {
        let refuse =
            |error: rustls::Error| Error::configuration("TLS", "it can't be set up").with_source(error);
        let provider = Arc::new(provider(backend)?);
        let roots = certificates.roots()?;
        if cfg!(target_os = "android") && !roots.is_empty() {
            return Err(Error::configuration("root certificate", NOT_ON_ANDROID));
        }
        let verifier = match verifier(&roots, Arc::clone(&provider)) {
            Ok(verifier) => verifier,
            Err(error) => return Ok(Err(NoTrustStore::new(error))),
        };
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(refuse)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        #[cfg_attr(
            not(feature = "http2"),
            expect(unused_mut, reason = "only HTTP/2 has something to negotiate")
        )]
        let mut config = match certificates.identity()? {
            None => builder.with_no_client_auth(),
            // The library's error may describe the key.
            Some((chain, key)) => builder
                .with_client_auth_cert(chain, key)
                .map_err(|_| Error::configuration("client certificate", "its key does not fit"))?,
        };
        #[cfg(feature = "http2")]
        config.alpn_protocols.extend([b"h2".to_vec(), b"http/1.1".to_vec()]);
        Ok(Ok(config))
    }

    /// Returns a configuration without trusted authorities, for a library that requires a configuration.
    #[cfg(feature = "reqwest-013-rustls")]
    pub(in crate::transport) fn distrustful(backend: TlsBackend) -> Result<ClientConfig, Error> {
        let builder = ClientConfig::builder_with_provider(Arc::new(provider(backend)?))
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::configuration("TLS", "it can't be set up").with_source(error))?;
        Ok(builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
    }

    fn provider(backend: TlsBackend) -> Result<CryptoProvider, Error> {
        match backend {
            #[cfg(feature = "rustls-ring")]
            TlsBackend::RustlsRing => Ok(rustls::crypto::ring::default_provider()),
            #[cfg(any(feature = "rustls-aws-lc", feature = "reqwest-013-rustls"))]
            TlsBackend::RustlsAwsLc => Ok(rustls::crypto::aws_lc_rs::default_provider()),
            other => Err(Error::configuration("TLS", format!("this build does not have {other}"))),
        }
    }

    #[cfg(not(target_os = "android"))]
    fn verifier(
        roots: &[CertificateDer<'static>],
        provider: Arc<CryptoProvider>,
    ) -> Result<rustls_platform_verifier::Verifier, rustls::Error> {
        rustls_platform_verifier::Verifier::new_with_extra_roots(roots.iter().cloned(), provider)
    }

    #[cfg(target_os = "android")]
    fn verifier(
        _: &[CertificateDer<'static>],
        provider: Arc<CryptoProvider>,
    ) -> Result<rustls_platform_verifier::Verifier, rustls::Error> {
        rustls_platform_verifier::Verifier::new(provider)
    }

    impl Certificates {
        fn roots(&self) -> Result<Vec<CertificateDer<'static>>, Error> {
            let refuse = || Error::configuration("root certificate", NO_ROOT);
            let mut roots = Vec::new();
            for bytes in &self.roots {
                if !super::is_pem(bytes) {
                    roots.push(CertificateDer::from(bytes.clone()));
                    continue;
                }
                let before = roots.len();
                for certificate in CertificateDer::pem_slice_iter(bytes) {
                    roots.push(certificate.map_err(|_| refuse())?);
                }
                if roots.len() == before {
                    return Err(refuse());
                }
            }
            // The verifier skips what it can't read.
            let mut store = rustls::RootCertStore::empty();
            for root in &roots {
                store.add(root.clone()).map_err(|_| refuse())?;
            }
            Ok(roots)
        }

        fn identity(&self) -> Result<Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>, Error> {
            let Some(pem) = &self.identity else { return Ok(None) };
            let pem = pem.expose_secret().as_bytes();
            let refuse = || Error::configuration("client certificate", NO_IDENTITY);
            let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
            let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or_else(refuse)?;
            let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_| refuse())?;
            Ok(Some((chain, key)))
        }
    }
}

#[cfg(any(feature = "__rustls", feature = "reqwest-013-native-tls"))]
pub(super) fn is_pem(bytes: &[u8]) -> bool {
    bytes.windows(10).any(|window| window == b"-----BEGIN")
}
