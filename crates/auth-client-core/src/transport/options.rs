//! What the builders of both transports set, defined once so that they can't differ.

use super::TlsBackend;
use super::addresses::Resolver;
use super::proxy::ProxySource;
use super::tls::Certificates;
use std::time::Duration;

/// The settings of a transport.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) connect_timeout: Duration,
    pub(super) idle_timeout: Duration,
    pub(super) proxy: Option<ProxySource>,
    pub(super) tls: Option<TlsBackend>,
    pub(super) certificates: Certificates,
    pub(super) resolver: Resolver,
}

impl Options {
    /// The defaults, with the first of a transport's TLS libraries.
    pub(super) fn new(backends: &[TlsBackend]) -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            // Below the 60 s after which load balancers usually close: a connection that is closed while a request
            // is being written is a write that may or may not have been executed.
            idle_timeout: Duration::from_secs(50),
            proxy: None,
            tls: backends.first().copied(),
            certificates: Certificates::default(),
            resolver: Resolver::system(),
        }
    }
}

/// The methods of a builder that has a field `options`.
macro_rules! options_methods {
    ($builder:ident) => {
        impl $builder {
            /// Sets the time limit for opening a connection: name resolution, TCP and TLS. Default 10 s.
            pub fn connect_timeout(mut self, limit: ::std::time::Duration) -> Self {
                self.options.connect_timeout = limit;
                self
            }

            /// Sets how long an unused connection is kept. Default 50 s.
            pub fn idle_timeout(mut self, limit: ::std::time::Duration) -> Self {
                self.options.idle_timeout = limit;
                self
            }

            /// Connects through this proxy, except to loopback addresses. The address may hold a user name and a
            /// password. Without this method or [`proxy_from_env`](Self::proxy_from_env) no proxy is used.
            pub fn proxy(mut self, url: impl Into<String>) -> Self {
                let url: String = url.into();
                self.options.proxy = Some($crate::transport::proxy::ProxySource::Url(url.into()));
                self
            }

            /// Connects through the proxy that the environment names: `HTTPS_PROXY`, else `ALL_PROXY`, except to
            /// loopback addresses and to the hosts in `NO_PROXY`; each also in lower case. `HTTP_PROXY` has no
            /// effect, since plain http is for loopback only.
            pub fn proxy_from_env(mut self) -> Self {
                self.options.proxy = Some($crate::transport::proxy::ProxySource::Environment);
                self
            }

            /// Connects to public addresses only: a host with an address that is private, loopback, link-local,
            /// unique-local, of a carrier's NAT, multicast or reserved is refused, and so is such an address in
            /// place of a name.
            ///
            /// For clients whose host names come from a server. The addresses are checked where they are resolved,
            /// and those that were checked are the ones that are dialled, so a name that changes its address in the
            /// meantime gains nothing. It can't be combined with a proxy, which resolves names itself.
            pub fn public_addresses_only(mut self) -> Self {
                self.options.resolver = $crate::transport::addresses::Resolver::public_only();
                self
            }

            /// Selects the TLS library. Default: the first that `tls_backends` of the transport returns.
            pub fn tls(mut self, backend: $crate::transport::TlsBackend) -> Self {
                self.options.tls = Some(backend);
                self
            }

            /// Trusts these certificate authorities besides the operating system's: PEM with one or more
            /// certificates, or one certificate in DER. May be called several times.
            pub fn root_certificates(mut self, certificates: impl Into<Vec<u8>>) -> Self {
                self.options.certificates.add_roots(certificates.into());
                self
            }

            /// Presents this certificate to servers that ask for one: PEM with the certificate, its intermediate
            /// certificates and its private key in PKCS #8.
            pub fn client_certificate(
                mut self,
                pem: impl Into<$crate::auth_core::secret::SecretString>,
            ) -> Self {
                self.options.certificates.set_identity(pem.into());
                self
            }
        }
    };
}

pub(super) use options_methods;
