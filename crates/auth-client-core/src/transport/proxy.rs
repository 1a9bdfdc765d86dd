//! Selects the proxy of a transport, and the hosts that it reaches without one.

use super::TransportSettings;
use super::settings::ProxySource;
use crate::encode::path::STRICT;
use crate::env;
use crate::error::Error;
use auth_core::secret::{ExposeSecret as _, SecretString, check_password, check_user_name};
use percent_encoding::utf8_percent_encode;
use url::Url;

/// Loopback addresses never use a proxy, regardless of the settings.
const LOOPBACK: &str = "localhost,127.0.0.0/8,::1";

/// A proxy and the hosts that are reached without it, in the notation of `NO_PROXY`.
pub(super) struct Proxy {
    pub(super) url: String,
    pub(super) exempt: String,
}

impl Proxy {
    /// Returns the proxy to use, if any, after the checks that both transports share.
    pub(super) fn resolve(settings: &TransportSettings) -> Result<Option<Self>, Error> {
        settings.resolver.check_names()?;
        let proxy = match &settings.proxy {
            None => None,
            Some(ProxySource::Url(url)) => {
                Some(Self { url: valid("proxy", url.expose_secret())?, exempt: LOOPBACK.to_owned() })
            }
            Some(ProxySource::Environment) => from_environment(&env::optional)?,
        };
        match (&proxy, &settings.proxy_credentials, &settings.proxy) {
            (Some(_), ..) if settings.resolver.is_guarded() => Err(Error::configuration(
                "proxy",
                "public_addresses_only can't be combined with a proxy, which resolves names itself",
            )),
            (Some(proxy), Some((user, password)), _) => proxy.with_credentials(user, password).map(Some),
            (None, Some(_), None) => Err(Error::configuration("proxy credentials", "there is no proxy")),
            _ => Ok(proxy),
        }
    }

    /// Returns the proxy's URL with a percent-encoded username and password.
    fn with_credentials(&self, user: &str, password: &SecretString) -> Result<Self, Error> {
        let refuse = |reason: &str| Error::configuration("proxy credentials", reason.to_owned());
        let password = password.expose_secret();
        check_user_name("user name", user)
            .map_err(|invalid| refuse(&format!("the user name {}", invalid.reason())))?;
        // A proxy may have no password.
        if !password.is_empty() {
            check_password("password", password)
                .map_err(|invalid| refuse(&format!("the password {}", invalid.reason())))?;
        }
        let mut url = Url::parse(&self.url).map_err(|_| refuse("the proxy has no valid address"))?;
        let encode = |text: &str| utf8_percent_encode(text, STRICT).to_string();
        let set = url.set_username(&encode(user)).and_then(|()| url.set_password(Some(&encode(password))));
        set.map_err(|()| refuse("the proxy has no host to send them to"))?;
        Ok(Self { url: url.into(), exempt: self.exempt.clone() })
    }
}

/// Reads no `HTTP_PROXY`, because plain http is allowed for loopback only.
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

/// Returns the URL with its scheme. Errors don't quote it, because it may contain a password.
fn valid(source: &'static str, url: &str) -> Result<String, Error> {
    let url = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
    let is_clean = !url.chars().any(|c| c.is_whitespace() || c.is_control());
    match Url::parse(&url) {
        // Normalized, so that both libraries parse it in the same way: a library silently ignores a proxy whose URL it
        // can't parse.
        Ok(parsed)
            if is_clean
                && parsed.has_host()
                && matches!(parsed.scheme(), "http" | "https")
                && parsed.as_str().parse::<http::Uri>().is_ok_and(|uri| uri.host().is_some()) =>
        {
            Ok(parsed.into())
        }
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
            assert_eq!((proxy.url.as_str(), proxy.exempt.as_str()), ("http://p.example:1/", LOOPBACK));
        }
        let both = environment(&[("ALL_PROXY", "http://a.example"), ("HTTPS_PROXY", "http://b.example")]);
        assert_eq!(both.unwrap().unwrap().url, "http://b.example/", "the more specific one");
        let exempt = environment(&[("ALL_PROXY", "http://a.example"), ("no_proxy", "b.example")]);
        assert_eq!(exempt.unwrap().unwrap().exempt, format!("b.example,{LOOPBACK}"));
    }

    #[test]
    fn an_invalid_address_is_an_error_that_names_its_source_and_does_not_quote_it() {
        let error = environment(&[("HTTPS_PROXY", "http://user:canary@ no")]).err().unwrap();
        assert_eq!(error.field(), Some("HTTPS_PROXY"));
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
        for bad in [
            "http://",
            "http://p.example:1\n",
            "http://user:a b@p.example",
            "socks5://p.example",
            "http://p.example:x",
        ] {
            assert_eq!(valid("proxy", bad).unwrap_err().field(), Some("proxy"), "{bad:?}");
        }
    }

    #[test]
    fn every_address_that_is_accepted_is_one_that_the_libraries_accept() {
        for good in [
            "http://user:p@ss@p.example:1",
            "http://u%20x:%C3%A9@p.example",
            "p.example",
            "http://[::1]:3128/x",
        ] {
            let url = valid("proxy", good).unwrap();
            assert!(url.parse::<http::Uri>().is_ok_and(|uri| uri.authority().is_some()), "{good}: {url}");
        }
    }

    #[test]
    fn credentials_are_encoded_and_need_a_proxy() {
        let settings = || TransportSettings::new().proxy_credentials("ro bot", "p@s:s/%40#".to_owned());
        let proxy = Proxy::resolve(&settings().proxy("http://old:one@p.example:1")).unwrap().unwrap();
        assert_eq!(proxy.url, "http://ro%20bot:p%40s%3As%2F%2540%23@p.example:1/");
        assert_eq!(Proxy::resolve(&settings()).err().unwrap().field(), Some("proxy credentials"));
        let pasted = settings().proxy("http://p.example").proxy_credentials("u", "canary\n".to_owned());
        assert_eq!(Proxy::resolve(&pasted).err().unwrap().field(), Some("proxy credentials"));
        for user in ["", "a:b", "a\n", " a", "a\u{200b}"] {
            let settings = settings().proxy("http://p.example").proxy_credentials(user, "canary".to_owned());
            let error = Proxy::resolve(&settings).err().unwrap();
            assert_eq!(error.field(), Some("proxy credentials"));
            assert!(!format!("{error:?} {settings:?}").contains("canary"), "{error:?}");
        }
    }
}
