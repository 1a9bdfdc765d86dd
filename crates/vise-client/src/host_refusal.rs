//! Reasons for which a host is not called.

use std::fmt;

/// The reason why a host was rejected. It never contains the host, because the field may contain anything.
///
/// ```
/// let refusal = vise_client::HostPolicy::new().check("10.0.0.1").unwrap_err();
/// assert_eq!(refusal.to_string(), "the host is or contains an IP address");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HostRefusal {
    /// Empty string.
    Empty,
    /// Contains whitespace or a control character.
    Blank,
    /// Has a scheme other than `https://`.
    Scheme,
    /// Contains a username or password.
    UserInfo,
    /// Has a path, a query or a fragment.
    Path,
    /// Contains a backslash, which some parsers treat as a slash.
    Backslash,
    /// Contains a percent sign, which some parsers decode.
    Percent,
    /// Has a port other than 443 and those of [`HostPolicy::also_on_port`](crate::HostPolicy::also_on_port).
    Port,
    /// Is or contains an IP address.
    Address,
    /// Is not a DNS name.
    NotAName,
    /// Has no dot, and is therefore a name of the local network.
    NoDot,
    /// Is a name of the local machine or of a local network.
    Local,
    /// Contains characters that a URL parser replaces by others.
    Disguised,
    /// Is not among the hosts that the policy allows.
    NotAllowed,
}

impl fmt::Display for HostRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the host is empty",
            Self::Blank => "the host has white space or a control character",
            Self::Scheme => "the host has a scheme other than https",
            Self::UserInfo => "the host has a user name or password",
            Self::Path => "the host has a path, a query or a fragment",
            Self::Backslash => "the host has a backslash",
            Self::Percent => "the host has a percent sign",
            Self::Port => "the host has a port that the host policy doesn't allow",
            Self::Address => "the host is or contains an IP address",
            Self::NotAName => "the host is not a DNS name",
            Self::NoDot => "the host has no dot",
            Self::Local => "the host is a local name",
            Self::Disguised => "the host contains characters that a URL parser replaces",
            Self::NotAllowed => "the host is not allowed by the host policy",
        })
    }
}

impl std::error::Error for HostRefusal {}
