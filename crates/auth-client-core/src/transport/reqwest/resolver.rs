//! Name resolution that gives out public addresses only.
//!
//! A client whose host names come from a server can be pointed at the caller's own network by a public name with a
//! private address. Looking the name up before the call proves nothing, for the next look-up may answer otherwise. So
//! the check is the look-up: the addresses that were checked are the ones that are dialled.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

/// A host leads to an address that is not public. The address itself is not kept: it tells about the caller's network.
#[derive(Clone, Copy, Debug)]
pub(super) struct NotPublic;

impl fmt::Display for NotPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the host has an address that is private, local or reserved")
    }
}

impl std::error::Error for NotPublic {}

type Addresses = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// Looks names up and refuses those with an address that `may_dial` does not allow.
#[derive(Clone)]
pub(super) struct GuardedResolver {
    look_up: Arc<dyn Fn(String) -> Addresses + Send + Sync>,
    may_dial: fn(IpAddr) -> bool,
}

impl GuardedResolver {
    /// The operating system's resolver, and public addresses only.
    pub(super) fn public_only() -> Self {
        Self {
            look_up: Arc::new(|name| {
                Box::pin(async move { Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.collect()) })
            }),
            may_dial: is_public,
        }
    }

    /// Another source of addresses and another rule, for tests.
    #[cfg(test)]
    pub(super) fn with(
        look_up: impl Fn(String) -> Addresses + Send + Sync + 'static,
        may_dial: fn(IpAddr) -> bool,
    ) -> Self {
        Self { look_up: Arc::new(look_up), may_dial }
    }

    /// Whether a host that needs no resolver, because it is an address itself, may be dialled.
    pub(super) fn may_dial_literal(&self, host: &str) -> bool {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        bare.parse::<IpAddr>().map_or(true, self.may_dial)
    }
}

impl fmt::Debug for GuardedResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardedResolver").finish_non_exhaustive()
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let addresses = (self.look_up)(name.as_str().to_owned());
        let may_dial = self.may_dial;
        Box::pin(async move {
            let addresses = addresses.await?;
            // One bad address among good ones refuses the name: which of them is dialled is not ours to choose.
            if !addresses.iter().all(|address| may_dial(address.ip())) {
                return Err(NotPublic.into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
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
