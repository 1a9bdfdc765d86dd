//! Keys of a profile for what a vendor doesn't document, or documents in two ways: the methods of the clients' builders that
//! docs/assumptions.md names, with values of TOML.

use http::{HeaderName, Method};
use revesecure_client::{DateFormat, HmacDigest, KeyEncoding, SignedQuery};
use std::time::Duration;
use toml::{Table, Value};
use vise_client::{SessionCookie, TokenPlacement};

/// A key, and its values.
pub(crate) struct Key {
    pub(crate) name: &'static str,
    /// What a value must be.
    pub(crate) form: &'static str,
    pub(crate) fits: fn(&Value) -> bool,
}

/// Returns the keys of a provider.
pub(crate) fn keys(provider: &str) -> &'static [Key] {
    match provider {
        "revesecure" => &REVESECURE,
        "verigator" => &VERIGATOR,
        "virtuous" => &VIRTUOUS,
        "vise" => &VISE,
        _ => &[],
    }
}

/// A setting of a builder, read from TOML.
pub(crate) trait Setting: Sized {
    const FORM: &str;

    fn read(value: &Value) -> Option<Self>;
}

/// Returns the value of a key, if a profile has it.
pub(crate) fn read<T: Setting>(assumed: &Table, name: &str) -> Option<T> {
    assumed.get(name).and_then(T::read)
}

/// Defines the keys of a provider, and the function that sets what a profile has.
macro_rules! assumptions {
    ($keys:ident, $set:ident($builder:ty): $($name:ident: $setting:ty),+ $(,)?) => {
        static $keys: [Key; [$(stringify!($name)),+].len()] = [$(Key {
            name: stringify!($name),
            form: <$setting as Setting>::FORM,
            fits: |value| <$setting as Setting>::read(value).is_some(),
        }),+];

        pub(crate) fn $set(mut builder: $builder, assumed: &Table) -> $builder {
            $(if let Some(value) = read::<$setting>(assumed, stringify!($name)) {
                builder = builder.$name(value);
            })+
            builder
        }
    };
}

assumptions! { REVESECURE, revesecure(revesecure_client::ClientBuilder):
    digest: HmacDigest,
    key_encoding: KeyEncoding,
    separator: String,
    signing_host: String,
    date_format: DateFormat,
    signed_query: SignedQuery,
    utf8_bodies: bool,
    strict_envelope: bool,
}

assumptions! { VERIGATOR, verigator(verigator_client::ClientBuilder):
    path_prefix: String,
    credential_separator: char,
    content_type_without_body: bool,
}

assumptions! { VIRTUOUS, virtuous(virtuous_client::ClientBuilder):
    otp_header: bool,
    early_window: Duration,
}

assumptions! { VISE, vise(vise_client::ClientBuilder):
    domains_path: String,
    domains_method: Method,
    token_placement: TokenPlacement,
    vise_token_placement: TokenPlacement,
    token_on_auth: bool,
    phrase_is_encoded: bool,
    auth_method: Method,
    auth_path: String,
    auth_parameter: String,
    max_auth_redirects: u32,
    session_cookie: SessionCookie,
    session_lifetime: Duration,
    html_ends_session: bool,
    forbidden_ends_sessions: bool,
    refresh_phrase_on_rejection: bool,
    vise_prefix: String,
    vise_domains_path: String,
}

impl Setting for String {
    const FORM: &str = "a string";

    fn read(value: &Value) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }
}

impl Setting for bool {
    const FORM: &str = "true or false";

    fn read(value: &Value) -> Option<Self> {
        value.as_bool()
    }
}

impl Setting for char {
    const FORM: &str = "a string of one character";

    fn read(value: &Value) -> Option<Self> {
        let mut characters = value.as_str()?.chars();
        characters.next().filter(|_| characters.next().is_none())
    }
}

impl Setting for u32 {
    const FORM: &str = "a number";

    fn read(value: &Value) -> Option<Self> {
        value.as_integer()?.try_into().ok()
    }
}

impl Setting for Duration {
    const FORM: &str = "a number of seconds";

    fn read(value: &Value) -> Option<Self> {
        value.as_integer()?.try_into().ok().map(Self::from_secs)
    }
}

impl Setting for Method {
    const FORM: &str = "a method such as \"GET\"";

    fn read(value: &Value) -> Option<Self> {
        let name = value.as_str().filter(|name| name.bytes().all(|byte| byte.is_ascii_uppercase()))?;
        name.parse().ok()
    }
}

impl Setting for HmacDigest {
    const FORM: &str = "\"sha256\", \"sha1\" or \"sha512\"";

    fn read(value: &Value) -> Option<Self> {
        match value.as_str()? {
            "sha256" => Some(Self::Sha256),
            "sha1" => Some(Self::Sha1),
            "sha512" => Some(Self::Sha512),
            _ => None,
        }
    }
}

impl Setting for KeyEncoding {
    const FORM: &str = "\"hex\" or \"utf8\"";

    fn read(value: &Value) -> Option<Self> {
        match value.as_str()? {
            "hex" => Some(Self::Hex),
            "utf8" => Some(Self::Utf8),
            _ => None,
        }
    }
}

impl Setting for SignedQuery {
    const FORM: &str = "\"omitted\", \"in_path\" or \"in_body\"";

    fn read(value: &Value) -> Option<Self> {
        match value.as_str()? {
            "omitted" => Some(Self::Omitted),
            "in_path" => Some(Self::InPath),
            "in_body" => Some(Self::InBody),
            _ => None,
        }
    }
}

impl Setting for DateFormat {
    const FORM: &str = "\"rfc2822\", or the constant to send";

    fn read(value: &Value) -> Option<Self> {
        match value.as_str()? {
            "rfc2822" => Some(Self::Rfc2822),
            constant => Some(Self::Fixed(constant.to_owned())),
        }
    }
}

impl Setting for TokenPlacement {
    const FORM: &str = "\"bearer\", \"authorization\", \"header:NAME\" or \"query:NAME\"";

    fn read(value: &Value) -> Option<Self> {
        match value.as_str()?.split_once(':') {
            None if value.as_str() == Some("bearer") => Some(Self::Bearer),
            None if value.as_str() == Some("authorization") => Some(Self::Authorization),
            Some(("header", name)) => name.parse::<HeaderName>().ok().map(Self::Header),
            Some(("query", name)) => Some(Self::Query(name.to_owned())),
            _ => None,
        }
    }
}

impl Setting for SessionCookie {
    const FORM: &str = "the name of a cookie, or \"*\" for any";

    fn read(value: &Value) -> Option<Self> {
        match value.as_str()? {
            "*" => Some(Self::Any),
            name => Some(Self::Named(name.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_form_that_a_message_names() {
        for (provider, key, good, bad) in [
            ("verigator", "credential_separator", "';'", "';;'"),
            ("verigator", "content_type_without_body", "false", "'false'"),
            ("revesecure", "digest", "'sha1'", "'SHA1'"),
            ("revesecure", "key_encoding", "'utf8'", "'base64'"),
            ("revesecure", "signed_query", "'in_path'", "'path'"),
            ("revesecure", "separator", "' '", "7"),
            ("vise", "auth_method", "'POST'", "'post'"),
            ("vise", "token_placement", "'header:x-api-key'", "'header:a b'"),
            ("vise", "token_placement", "'query:key'", "'cookie:key'"),
            ("vise", "max_auth_redirects", "0", "-1"),
            ("vise", "session_lifetime", "3600", "'1h'"),
            ("vise", "session_cookie", "'*'", "true"),
            ("virtuous", "otp_header", "true", "1"),
        ] {
            let key = keys(provider).iter().find(|own| own.name == key).unwrap();
            let value = |text: &str| toml::from_str::<Table>(&format!("v = {text}")).unwrap()["v"].clone();
            assert!((key.fits)(&value(good)), "{}: {good}", key.name);
            assert!(!(key.fits)(&value(bad)), "{}: {bad} is not {}", key.name, key.form);
        }
    }

    /// Every setting of a client in docs/assumptions.md is a key, or needs code.
    #[test]
    fn the_settings_of_the_assumptions_are_keys() {
        let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/assumptions.md"))
            .unwrap();
        for (provider, heading) in [
            ("verigator", "## Messente Verigator"),
            ("revesecure", "## ReveSecure"),
            ("virtuous", "## Virtuous CRM"),
            ("vise", "## Vecurity VISE"),
        ] {
            let section = page.split(heading).nth(1).unwrap().split("\n## ").next().unwrap();
            let cells = section.lines().filter_map(|line| line.split('|').nth(4));
            let named: Vec<&str> = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
            let known: Vec<&str> = keys(provider).iter().map(|key| key.name).collect();
            // Credentials and addresses, whose keys are in `settings.rs`; functions and types; options of every client.
            let others = [
                "base_url",
                "dashboard_url",
                "api_key",
                "hmac",
                "token_store",
                "retry",
                "rate_guard",
                "host_policy",
                "public_addresses_only",
            ];
            for name in named.iter().filter(|name| !name.contains("::") && !others.contains(name)) {
                assert!(known.contains(name), "{provider}: {name} is no key");
            }
            for name in known {
                assert!(named.contains(&name), "{provider}: docs/assumptions.md doesn't name {name}");
            }
        }
    }
}
