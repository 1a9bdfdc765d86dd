//! What can be set about connections, in one type for both transports so that they can't differ.

use super::addresses::Resolver;
use super::tls::{Certificates, TlsBackend};
use auth_core::secret::SecretString;
use std::net::IpAddr;
use std::time::Duration;

/// Settings of connections: proxy, certificates, addresses, time limits.
///
/// Pass it to a client's builder; or build a transport with it, which several clients then share:
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
/// Nothing is checked before a transport or a client is built; then an invalid setting is a
/// [`Configuration`](crate::ErrorKind::Configuration) error that names it.
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

/// Where the address of the proxy comes from.
#[derive(Clone, Debug)]
pub(super) enum ProxySource {
    /// The address, which may hold a password.
    Url(SecretString),
    /// `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`.
    Environment,
}

impl TransportSettings {
    /// Returns the defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the time limit for opening a connection: name resolution, proxy, TCP and TLS. Default: 10 seconds.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// Sets how long an unused connection is kept. Default: 50 seconds.
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        // The pools of both libraries add it to the current time, which panics for the longest durations.
        self.idle_timeout = limit.min(Duration::from_secs(31_557_600));
        self
    }

    /// Connects through this proxy, except to loopback addresses. Default: no proxy, whatever the environment says.
    ///
    /// The URL has the scheme `http`, or `https` with the reqwest transport. It may contain a user name and a
    /// password, percent-encoded; see [`proxy_credentials`](Self::proxy_credentials) for others.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        let url: String = url.into();
        self.proxy = Some(ProxySource::Url(url.into()));
        self
    }

    /// Sets the user name and the password that the proxy requires, which are sent to it with the scheme `Basic`.
    /// They replace those in its URL.
    pub fn proxy_credentials(mut self, user: impl Into<String>, password: impl Into<SecretString>) -> Self {
        self.proxy_credentials = Some((user.into(), password.into()));
        self
    }

    /// Connects through the proxy that the environment names when the transport is built: `HTTPS_PROXY`, otherwise
    /// `ALL_PROXY`, except to loopback addresses and to the hosts in `NO_PROXY`; each also in lower case.
    ///
    /// `HTTP_PROXY` has no effect, since plain http is for loopback only.
    pub fn proxy_from_env(mut self) -> Self {
        self.proxy = Some(ProxySource::Environment);
        self
    }

    /// Trusts a certificate authority in addition to those of the operating system: PEM with one or more
    /// certificates, or one certificate in DER. Can be called several times.
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

    /// Connects to this address for a host, instead of resolving its name. The name is still the one that the
    /// certificate must have, and the port is that of the URL. Several calls for one host add addresses.
    ///
    /// Has no effect on hosts that are reached through a proxy, which resolves their names itself.
    pub fn resolve(mut self, host: &str, address: impl Into<IpAddr>) -> Self {
        self.resolver.add(host, address.into());
        self
    }

    /// Connects to public addresses only: a host with an address that is private, loopback, link-local, unique-local,
    /// of a carrier's NAT, multicast or reserved is refused, and so is such an address in place of a name.
    ///
    /// For clients whose host names come from a server. The addresses are checked where they are resolved, and those
    /// that were checked are the ones that are connected to, so a name that changes its address in the meantime gains
    /// nothing. It can't be combined with a proxy, which resolves names itself.
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
