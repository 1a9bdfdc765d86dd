//! Name resolution, and the rule that only public addresses are dialled.
//!
//! A client whose host names come from a server can be pointed at the caller's own network by a public name with a
//! private address. Resolving the name before the call proves nothing, since the next resolution may return something
//! else. So the check is the resolution: the addresses that were checked are the ones that are dialled.

use super::{Fault, Phase, TransportError};
use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

/// A host leads to an address that is not public. The address itself is not kept: it reveals the caller's network.
#[derive(Clone, Copy, Debug)]
pub(super) struct NotPublic;

impl fmt::Display for NotPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the host has an address that is private, local or reserved")
    }
}

impl StdError for NotPublic {}

/// A name that could not be resolved.
#[derive(Debug)]
pub(super) struct NotResolved(io::Error);

impl fmt::Display for NotResolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of the host could not be resolved")?;
        // The operating system's words, which don't quote the name: whether to try again or to correct it.
        match self.0.to_string().split_once(": ") {
            Some(("failed to lookup address information", why)) => write!(f, ": {why}"),
            _ => Ok(()),
        }
    }
}

impl StdError for NotResolved {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.0)
    }
}

type Addresses = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;
type Resolved = Result<Vec<SocketAddr>, Box<dyn StdError + Send + Sync>>;

/// Resolves names and refuses those with an address that the rule does not allow. The default is the operating system's
/// resolver, and any address.
#[derive(Clone, Default)]
pub(super) struct Resolver {
    /// `None`: the operating system's.
    look_up: Option<Arc<dyn Fn(String) -> Addresses + Send + Sync>>,
    /// Names in lower case that are not looked up, with their addresses.
    known: Vec<(String, IpAddr)>,
    may_dial: Option<fn(IpAddr) -> bool>,
}

impl Resolver {
    /// Adds an address of a host that is not looked up.
    pub(super) fn add(&mut self, host: &str, address: IpAddr) {
        self.known.push((host.to_ascii_lowercase(), address));
    }

    /// Allows public addresses only.
    pub(super) fn allow_public_only(&mut self) {
        self.may_dial = Some(is_public);
    }

    /// Another source of addresses and another rule, for tests.
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
    /// Whether some addresses are refused.
    pub(super) fn is_guarded(&self) -> bool {
        self.may_dial.is_some()
    }

    /// Refuses a host that needs no resolver, because it is an address itself, and that may not be dialled.
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

    /// The addresses of a name, without a port.
    pub(super) fn resolve(&self, name: &str) -> impl Future<Output = Resolved> + Send + use<> {
        let name = name.to_owned();
        let known = self.known.iter().filter(|(host, _)| host.eq_ignore_ascii_case(&name));
        // Port 0 stands for that of the URL.
        let known: Vec<SocketAddr> = known.map(|(_, address)| SocketAddr::new(*address, 0)).collect();
        let (look_up, may_dial) = (self.look_up.clone(), self.may_dial);
        async move {
            let addresses = match look_up {
                _ if !known.is_empty() => Ok(known),
                None => tokio::net::lookup_host((name.as_str(), 0)).await.map(Iterator::collect),
                Some(look_up) => look_up(name).await,
            };
            let addresses: Vec<SocketAddr> = addresses.map_err(NotResolved)?;
            // One refused address among allowed ones refuses the name: which of them is dialled is not ours to choose.
            let allowed = |address: &SocketAddr| may_dial.is_none_or(|may_dial| may_dial(address.ip()));
            if addresses.iter().all(allowed) { Ok(addresses) } else { Err(NotPublic.into()) }
        }
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver")
            .field("known", &self.known)
            .field("public_only", &self.may_dial.is_some())
            .finish_non_exhaustive()
    }
}

/// Whether an address belongs to the public Internet, by IANA's special-purpose registries.
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
