//! Which proxy a transport connects through, and which hosts it reaches without.

use crate::env;
use crate::error::Error;
use auth_core::secret::{ExposeSecret as _, SecretString};
use url::Url;

/// Loopback never goes through a proxy, whatever is configured.
const LOOPBACK: &str = "localhost,127.0.0.0/8,::1";

/// Where the address of the proxy comes from.
#[derive(Clone, Debug)]
pub(super) enum ProxySource {
    /// The address, which may hold a password.
    Url(SecretString),
    /// `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`.
    Environment,
}

/// A proxy and the hosts that are reached without it, in the notation of `NO_PROXY`.
pub(super) struct Proxy {
    pub(super) url: String,
    pub(super) exempt: String,
}

impl Proxy {
    /// The proxy to use, if any; checked as far as both transports agree.
    pub(super) fn resolve(source: Option<&ProxySource>, guarded: bool) -> Result<Option<Self>, Error> {
        let proxy = match source {
            None => None,
            Some(ProxySource::Url(url)) => {
                Some(Self { url: valid("proxy", url.expose_secret())?, exempt: LOOPBACK.to_owned() })
            }
            Some(ProxySource::Environment) => from_environment(&env::optional)?,
        };
        if proxy.is_some() && guarded {
            return Err(Error::configuration(
                "proxy",
                "public_addresses_only can't be combined with a proxy, which resolves names itself",
            ));
        }
        Ok(proxy)
    }
}

/// Plain http is for loopback only, so `HTTP_PROXY` would apply to nothing.
fn from_environment(
    variable: &dyn Fn(&'static str) -> Result<Option<String>, Error>,
) -> Result<Option<Proxy>, Error> {
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let Some(url) = variable(name)? else { continue };
        let exempt = match variable("NO_PROXY")? {
            Some(exempt) => Some(exempt),
            None => variable("no_proxy")?,
        };
        let exempt = exempt.map_or_else(|| LOOPBACK.to_owned(), |exempt| format!("{exempt},{LOOPBACK}"));
        return Ok(Some(Proxy { url: valid(name, &url)?, exempt }));
    }
    Ok(None)
}

/// The address with its scheme; an error never quotes it, since it may hold a password.
fn valid(source: &'static str, url: &str) -> Result<String, Error> {
    let url = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
    match Url::parse(&url) {
        Ok(parsed) if parsed.has_host() && matches!(parsed.scheme(), "http" | "https") => Ok(url),
        _ => Err(Error::configuration(
            source,
            "it must be the http or https address of a proxy, such as http://proxy.example:3128",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(set: &'static [(&'static str, &'static str)]) -> Result<Option<Proxy>, Error> {
        from_environment(&|name| {
            Ok(set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
        })
    }

    #[test]
    fn the_environment_names_a_proxy_and_its_exceptions() {
        assert!(environment(&[("HTTP_PROXY", "http://p.example"), ("NO_PROXY", "x")]).unwrap().is_none());
        for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
            let proxy = from_environment(&|wanted| Ok((wanted == name).then(|| "p.example:1".to_owned())));
            let proxy = proxy.unwrap().unwrap();
            assert_eq!((proxy.url.as_str(), proxy.exempt.as_str()), ("http://p.example:1", LOOPBACK));
        }
        let both = environment(&[("ALL_PROXY", "http://a.example"), ("HTTPS_PROXY", "http://b.example")]);
        assert_eq!(both.unwrap().unwrap().url, "http://b.example", "the more specific one");
        let exempt = environment(&[("ALL_PROXY", "http://a.example"), ("no_proxy", "b.example")]);
        assert_eq!(exempt.unwrap().unwrap().exempt, format!("b.example,{LOOPBACK}"));
    }

    #[test]
    fn an_invalid_address_is_an_error_that_names_its_source_and_does_not_quote_it() {
        let error = environment(&[("HTTPS_PROXY", "http://user:canary@ no")]).err().unwrap();
        assert_eq!(error.field(), Some("HTTPS_PROXY"));
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
        assert_eq!(valid("proxy", "http://").unwrap_err().field(), Some("proxy"));
    }
}
