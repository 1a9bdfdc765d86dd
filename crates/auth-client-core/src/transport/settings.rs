//! Connection settings, one type for both transports.

use super::addresses::Resolver;
use super::tls::{Certificates, TlsBackend};
use auth_core::secret::SecretString;
use std::net::IpAddr;
use std::time::Duration;

/// Connection settings: proxy, certificates, addresses, time limits.
///
/// Pass it to a client's builder, or create a transport with it that several clients share:
///
/// ```
/// # #[cfg(feature = "rustls-ring")] {
/// use auth_client_core::{HyperTransport, TransportSettings};
/// use std::time::Duration;
///
/// let settings = TransportSettings::new()
///     .connect_timeout(Duration::from_secs(3))
///     .proxy("http://proxy.example:3128")
///     .proxy_credentials("robot", "p@ss word".to_owned())
///     .resolve("api.example.com", [192, 0, 2, 7]);
/// let transport = HyperTransport::new(settings)?;
/// // first_client_builder.transport(transport.clone())
/// // second_client_builder.transport(transport)
/// # let _ = transport;
/// # }
/// # Ok::<(), auth_client_core::Error>(())
/// ```
///
/// The settings are checked when a transport or a client is built. An invalid setting is then a
/// [`Configuration`](crate::ErrorKind::Configuration) error with its name.
#[derive(Clone, Debug)]
#[must_use = "settings have no effect until a transport or a client is built with them"]
pub struct TransportSettings {
    pub(super) connect_timeout: Duration,
    pub(super) idle_timeout: Duration,
    pub(super) proxy: Option<ProxySource>,
    pub(super) proxy_credentials: Option<(String, SecretString)>,
    pub(super) tls: Option<TlsBackend>,
    pub(super) certificates: Certificates,
    pub(super) resolver: Resolver,
}

impl Default for TransportSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            // Below the 60 s after which load balancers usually close: a connection that is closed while a request
            // is being written is a write that may or may not have been executed.
            idle_timeout: Duration::from_secs(50),
            proxy: None,
            proxy_credentials: None,
            tls: None,
            certificates: Certificates::default(),
            resolver: Resolver::default(),
        }
    }
}

/// Source of the proxy's address.
#[derive(Clone, Debug)]
pub(super) enum ProxySource {
    /// The address, which may hold a password.
    Url(SecretString),
    /// `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`.
    Environment,
}

impl TransportSettings {
    /// Creates settings with the defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the time limit for opening a connection: name resolution, proxy, TCP and TLS. Default: 10 seconds.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// Sets the time for which an unused connection is kept open. Default: 50 seconds.
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        // The pools of both libraries add it to the current time, which panics for the longest durations.
        self.idle_timeout = limit.min(Duration::from_secs(31_557_600));
        self
    }

    /// Connects through this proxy, except to loopback addresses. Default: no proxy; proxy environment variables are
    /// ignored.
    ///
    /// The URL has the scheme `http`, or `https` with the reqwest transport. It may contain a percent-encoded username
    /// and password; alternatively, use [`proxy_credentials`](Self::proxy_credentials).
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        let url: String = url.into();
        self.proxy = Some(ProxySource::Url(url.into()));
        self
    }

    /// Sets the username and password for the proxy, which are sent with the scheme `Basic`. They replace those in the
    /// proxy's URL.
    pub fn proxy_credentials(mut self, user: impl Into<String>, password: impl Into<SecretString>) -> Self {
        self.proxy_credentials = Some((user.into(), password.into()));
        self
    }

    /// Connects through the proxy in the environment variable `HTTPS_PROXY`, otherwise `ALL_PROXY`, except to loopback
    /// addresses and to the hosts in `NO_PROXY`: names, also for the names below them (`corp.example`, `*.corp.example`),
    /// addresses, networks (`10.0.0.0/8`) or `*`, each with an optional port. The variables are read when the transport
    /// is built, and may also be in lower case.
    ///
    /// `HTTP_PROXY` has no effect, because plain http is allowed for loopback only.
    pub fn proxy_from_env(mut self) -> Self {
        self.proxy = Some(ProxySource::Environment);
        self
    }

    /// Trusts a certificate authority in addition to those of the operating system: PEM with one or more
    /// certificates, or one certificate in DER. Can be called several times. On Android it is an error: there the app's
    /// network security configuration names further authorities.
    pub fn add_root_certificate(mut self, certificate: impl Into<Vec<u8>>) -> Self {
        self.certificates.roots.push(certificate.into());
        self
    }

    /// Presents this certificate to servers that request one: PEM with the certificate, its intermediate
    /// certificates and its private key in PKCS #8.
    pub fn client_certificate(mut self, pem: impl Into<SecretString>) -> Self {
        self.certificates.identity = Some(pem.into());
        self
    }

    /// Connects to this address for a host, instead of resolving its name. The certificate must still be valid for the
    /// name, and the port is that of the URL. Several calls for one host add addresses.
    ///
    /// Has no effect on hosts that are reached through a proxy, because the proxy resolves their names.
    pub fn resolve(mut self, host: &str, address: impl Into<IpAddr>) -> Self {
        self.resolver.add(host, address.into());
        self
    }

    /// Connects to public addresses only. Rejects a host with an address that is private, loopback, link-local,
    /// unique-local, carrier-grade NAT, multicast or reserved, and such an address in place of a host name.
    ///
    /// Use it for clients that receive host names from a server. The client connects to exactly the addresses that were
    /// checked, so a DNS change can't bypass the check. Can't be combined with a proxy, because the proxy resolves
    /// names.
    pub fn public_addresses_only(mut self) -> Self {
        self.resolver.allow_public_only();
        self
    }

    /// Selects the TLS library. Default: the first that `tls_backends` of the transport returns.
    pub fn tls(mut self, backend: TlsBackend) -> Self {
        self.tls = Some(backend);
        self
    }
}
