//! Name resolution, and the restriction to public addresses.
//!
//! If a client receives host names from a server, a public name with a private address can direct it to the caller's
//! own network. A separate check before the call is not sufficient, because a second resolution can return another
//! address. The resolver itself therefore checks the addresses, and the client connects to exactly these.

use super::{Fault, Phase, TransportError};
use crate::encode::base_url;
use crate::error::Error;
use crate::transport_error::cause::{NotPublic, NotResolved};
use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

type Addresses = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;
type Resolved = Result<Vec<SocketAddr>, Box<dyn StdError + Send + Sync>>;

/// Resolves names and rejects those with an address that is not allowed. The default uses the operating system's
/// resolver and allows all addresses.
#[derive(Clone, Default)]
pub(super) struct Resolver {
    /// `None`: the operating system's resolver.
    look_up: Option<Arc<dyn Fn(String) -> Addresses + Send + Sync>>,
    /// Names in lower case that are not looked up, with their addresses.
    known: Vec<(String, IpAddr)>,
    may_dial: Option<fn(IpAddr) -> bool>,
}

impl Resolver {
    /// Sets an address for a host, which is then not resolved.
    pub(super) fn add(&mut self, host: &str, address: IpAddr) {
        self.known.push((without_root(host).to_ascii_lowercase(), address));
    }

    /// Allows public addresses only.
    pub(super) fn allow_public_only(&mut self) {
        self.may_dial = Some(is_public);
    }

    /// Creates a resolver with another source of addresses and another rule, for tests.
    #[cfg(test)]
    pub(super) fn with(
        look_up: impl Fn(String) -> Addresses + Send + Sync + 'static,
        may_dial: fn(IpAddr) -> bool,
    ) -> Self {
        Self { look_up: Some(Arc::new(look_up)), known: Vec::new(), may_dial: Some(may_dial) }
    }
}

#[cfg(any(feature = "hyper", feature = "reqwest-013"))]
impl Resolver {
    /// Rejects an address that was set for something else than a name, which would have no effect.
    pub(super) fn check_names(&self) -> Result<(), Error> {
        let is_name = |host: &str| base_url::is_host_name(host) && host.parse::<IpAddr>().is_err();
        match self.known.iter().all(|(host, _)| is_name(host)) {
            true => Ok(()),
            false => Err(Error::configuration(
                "resolve",
                "the host must be a name without scheme, port and path, such as api.example.com",
            )),
        }
    }

    /// Returns whether some addresses are not allowed.
    pub(super) fn is_guarded(&self) -> bool {
        self.may_dial.is_some()
    }

    /// Rejects a host that is itself an address and not allowed.
    pub(super) fn check_literal(&self, host: &str) -> Result<(), TransportError> {
        let Some(may_dial) = self.may_dial else { return Ok(()) };
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        match bare.parse::<IpAddr>() {
            Ok(address) if !may_dial(address) => {
                Err(TransportError::new(Phase::Connecting, Fault::Address).with_source(NotPublic))
            }
            _ => Ok(()),
        }
    }

    /// Returns the addresses of a name, without a port.
    pub(super) fn resolve(&self, name: &str) -> impl Future<Output = Resolved> + Send + use<> {
        let name = name.to_owned();
        let known = self.known.iter().filter(|(host, _)| host.eq_ignore_ascii_case(without_root(&name)));
        // Port 0 means the port of the URL.
        let known: Vec<SocketAddr> = known.map(|(_, address)| SocketAddr::new(*address, 0)).collect();
        let (look_up, may_dial) = (self.look_up.clone(), self.may_dial);
        async move {
            let addresses = match look_up {
                _ if !known.is_empty() => Ok(known),
                None => tokio::net::lookup_host((name.as_str(), 0)).await.map(Iterator::collect),
                Some(look_up) => look_up(name).await,
            };
            let addresses: Vec<SocketAddr> = addresses.map_err(NotResolved)?;
            // A single address that is not allowed rejects the name, because the HTTP library selects the address.
            let allowed = |address: &SocketAddr| may_dial.is_none_or(|may_dial| may_dial(address.ip()));
            if addresses.iter().all(allowed) { Ok(addresses) } else { Err(NotPublic.into()) }
        }
    }
}

/// Returns a name without the dot of the DNS root.
pub(super) fn without_root(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver")
            .field("known", &self.known)
            .field("public_only", &self.may_dial.is_some())
            .finish_non_exhaustive()
    }
}

/// Returns whether an address is public according to IANA's special-purpose registries.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = matches!(
        (a, b, c),
        // This network, private, loopback.
        (0 | 10 | 127, ..)
        // Carrier-grade NAT.
        | (100, 64..=127, _)
        // Link-local, where clouds have their metadata servers.
        | (169, 254, _)
        | (172, 16..=31, _)
        // IETF protocol assignments, documentation, 6to4 relays.
        | (192, 0, 0 | 2)
        | (192, 88, 99)
        | (192, 168, _)
        // Benchmarks, documentation.
        | (198, 18..=19, _)
        | (198, 51, 100)
        | (203, 0, 113)
        // Multicast, reserved, broadcast.
        | (224..=255, ..)
    );
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let embedded = |high: u16, low: u16| {
        let ([w, x], [y, z]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(w, x, y, z))
    };
    match (a, b) {
        // NAT64 leads to an IPv4 address, and so does 6to4.
        (0x64, 0xff9b) => [c, d, e, f] == [0; 4] && embedded(g, h),
        (0x2002, high) => embedded(high, c),
        // IETF protocol assignments with Teredo, and documentation.
        (0x2001, 0..=0x1ff | 0xdb8) | (0x3fff, 0..=0xfff) => false,
        // Global unicast. Loopback, unspecified, mapped, link-local, unique-local and multicast all lie outside.
        _ => (0x2000..=0x3fff).contains(&a),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_public_internet_are_public() {
        for public in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.1",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00::1",
            "2002:0101:0101::1",
            "64:ff9b::1.1.1.1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for special in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.0",
            "10.255.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.0",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:1.1.1.1",
            "100::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:0a00:0001::1",
            "2002:7f00:0001::1",
            "3fff::1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1.1.1.1",
            "4000::1",
        ] {
            assert!(!is_public(special.parse().unwrap()), "{special}");
        }
    }
}
