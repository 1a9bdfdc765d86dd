//! The account's domains, as listed by the dashboard.
//!
//! The vendor documents two fields, but not the shape of the list, so any plausible shape is accepted and unknown
//! fields are kept. If the response has another shape, the error contains the names of its fields, but no values,
//! because they may be key phrases.

use auth_client_core::decode::DecodeFailure;
use auth_client_core::provider::auth_core::{ExposeSecret, SecretString};
use auth_client_core::provider::model;
use auth_client_core::{RawJson, UnknownFields};
use bytes::Bytes;
use http::Response;
use std::fmt;

pub(crate) const VISE_URL: &str = "domain_vise_url";
pub(crate) const VISE_PHRASE: &str = "domain_vise_phrase";

/// Common names of the list inside an object.
const ENVELOPES: [&str; 5] = ["domains", "data", "result", "results", "items"];
/// Maximum nesting of envelopes.
const MAX_DEPTH: usize = 3;
/// Maximum number of names in an error.
const MAX_NAMES: usize = 20;

/// The key phrase, which opens a session at the VISE host of a domain.
///
/// A secret: it is never printed and can't be serialized; only [`expose`](Self::expose) returns it.
///
/// ```
/// let phrase = vise_client::KeyPhrase::from("a phrase of the dashboard");
/// assert_eq!(format!("{phrase:?}"), "KeyPhrase([REDACTED])");
/// ```
#[derive(Clone)]
pub struct KeyPhrase(SecretString);

impl KeyPhrase {
    /// Returns the phrase.
    ///
    /// ```
    /// assert_eq!(vise_client::KeyPhrase::from("a phrase").expose(), "a phrase");
    /// ```
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl From<&str> for KeyPhrase {
    fn from(phrase: &str) -> Self {
        Self(SecretString::from(phrase))
    }
}

impl From<String> for KeyPhrase {
    fn from(phrase: String) -> Self {
        Self(SecretString::from(phrase))
    }
}

impl From<SecretString> for KeyPhrase {
    fn from(phrase: SecretString) -> Self {
        Self(phrase)
    }
}

impl fmt::Debug for KeyPhrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyPhrase([REDACTED])")
    }
}

/// One domain of the account.
///
/// `Debug` shows the names of the [`other`](Self::other) fields but no values, because any of them may be secret.
///
/// ```
/// fn describe(domain: &vise_client::AccountDomain) -> String {
///     let host = domain.vise_url.as_deref().unwrap_or("no VISE host");
///     let phrase = if domain.vise_phrase.is_some() { "a phrase" } else { "no phrase" };
///     format!("{host}, {phrase}, {} more fields", domain.other.len())
/// }
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct AccountDomain {
    /// `domain_vise_url`: the host of the domain's VISE API, as received. It is checked before anything is sent to it.
    pub vise_url: Option<String>,
    /// `domain_vise_phrase`: the key phrase.
    pub vise_phrase: Option<KeyPhrase>,
    /// All other fields.
    pub other: UnknownFields,
}

impl AccountDomain {
    /// Creates a domain from a known host and phrase.
    ///
    /// ```
    /// let domain = vise_client::AccountDomain::new("shop-1.vise.example", "phrase");
    /// assert_eq!(domain.vise_url.as_deref(), Some("shop-1.vise.example"));
    /// ```
    #[must_use]
    pub fn new(vise_url: impl Into<String>, vise_phrase: impl Into<KeyPhrase>) -> Self {
        Self {
            vise_url: Some(vise_url.into()),
            vise_phrase: Some(vise_phrase.into()),
            other: UnknownFields::new(),
        }
    }

    fn read(mut members: UnknownFields) -> Self {
        let text = |name: &str| members.get::<String>(name).filter(|text| !text.is_empty());
        // A phrase may be a number.
        let is_number = |json: &&str| json.starts_with(|first: char| first == '-' || first.is_ascii_digit());
        let number = || members.get_raw(VISE_PHRASE).filter(is_number).map(str::to_owned);
        let (vise_url, vise_phrase) =
            (text(VISE_URL), text(VISE_PHRASE).or_else(number).map(KeyPhrase::from));
        members.remove(VISE_URL);
        members.remove(VISE_PHRASE);
        Self { vise_url, vise_phrase, other: members }
    }
}

/// Prints the name for display: `domain_name`, otherwise the VISE host, otherwise `unnamed domain`. A value that isn't
/// a host name is not printed, because the fields may contain anything.
///
/// Assumption (domain-name): the vendor documents no name; the emulator's list has this field.
impl fmt::Display for AccountDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.other.value("domain_name").and_then(RawJson::as_str);
        let host = self.vise_url.as_deref().map(|url| url.strip_prefix("https://").unwrap_or(url));
        let is_name = |text: &&str| {
            (1..=253).contains(&text.len())
                && text.contains('.')
                && text.chars().all(|c| c.is_alphanumeric() || ".-_".contains(c))
        };
        f.pad(name.filter(is_name).or_else(|| host.filter(is_name)).unwrap_or("unnamed domain"))
    }
}

impl fmt::Debug for AccountDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The field may contain anything, so it is printed only if it is a host that may be called.
        let url = self.vise_url.as_deref();
        let host = url.map(|url| crate::HostPolicy::new().check(url).map(|host| host.to_string()));
        f.debug_struct("AccountDomain")
            .field("vise_url", &host)
            .field("vise_phrase", &self.vise_phrase)
            .field("other", &names(&self.other))
            .finish()
    }
}

/// Decodes the list of domains: an array, an object that contains one, or a single domain.
pub(crate) fn read_list(response: &Response<Bytes>) -> Result<Vec<AccountDomain>, DecodeFailure> {
    let value: RawJson = model::from_slice(response.body())?;
    let mut entries = entries(&value, 0).map_err(DecodeFailure::Mismatch)?;
    entries.retain(|entry| !entry.is_null());
    let mut domains = Vec::with_capacity(entries.len());
    let mut seen: Vec<String> = Vec::new();
    let mut fits = entries.is_empty();
    for entry in entries {
        let Some(members) = entry.read_as::<UnknownFields>() else {
            return Err(DecodeFailure::Mismatch("an entry of the domain list is not an object".to_owned()));
        };
        fits |= members.value(VISE_URL).is_some();
        if !fits {
            seen.extend(names(&members));
        }
        domains.push(AccountDomain::read(members));
    }
    if fits { Ok(domains) } else { Err(DecodeFailure::Mismatch(nothing_fits(seen))) }
}

fn entries(value: &RawJson, depth: usize) -> Result<Vec<RawJson>, String> {
    // Null where a list is expected is an empty list.
    if value.is_null() {
        return Ok(Vec::new());
    }
    if let Some(entries) = value.read_as() {
        return Ok(entries);
    }
    let Some(members) = value.read_as::<UnknownFields>() else {
        return Err("the domain list is neither an array nor an object".to_owned());
    };
    if members.value(VISE_URL).is_some() {
        return Ok(vec![value.clone()]);
    }
    let usual = ENVELOPES
        .iter()
        .filter_map(|name| members.value(name))
        .find(|value| value.get().starts_with('[') || (value.get().starts_with('{') && depth < MAX_DEPTH));
    // An unusual name is accepted if its content is unambiguous.
    let holds_domains = |value: &RawJson| {
        let first = value.read_as::<Vec<RawJson>>().and_then(|entries| entries.into_iter().next());
        let first = first.and_then(|entry| entry.read_as::<UnknownFields>());
        first.is_some_and(|entry| entry.value(VISE_URL).is_some())
    };
    let unusual = || members.iter().map(|(_, value)| value).find(|value| holds_domains(value));
    let is_null = || ENVELOPES.iter().any(|name| members.value(name).is_some_and(RawJson::is_null));
    match usual.or_else(unusual) {
        Some(value) => entries(value, depth + 1),
        None if is_null() => Ok(Vec::new()),
        None => Err(nothing_fits(names(&members))),
    }
}

fn nothing_fits(mut seen: Vec<String>) -> String {
    seen.sort();
    seen.dedup();
    let more = seen.len().saturating_sub(MAX_NAMES);
    seen.truncate(MAX_NAMES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("no entry has the field {VISE_URL}; fields found: {}{more}", seen.join(", "))
}

/// Returns the field names of an object. Strings that don't look like names are omitted, because the keys can be ids,
/// tokens or phrases, which contain spaces, symbols or more than a few digits.
fn names(members: &UnknownFields) -> Vec<String> {
    members.names().map(|name| if model::is_name(name) { name } else { "(odd)" }.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Vec<AccountDomain>, DecodeFailure> {
        read_list(&Response::new(Bytes::copy_from_slice(body.as_bytes())))
    }

    fn misfit(body: &str) -> String {
        match read(body).unwrap_err() {
            DecodeFailure::Mismatch(text) => text,
            other => panic!("{other:?}"),
        }
    }

    const ONE: &str =
        r#"{"domain_vise_url":"a.example","domain_vise_phrase":"p","domain_id":7,"deep":{"x":[1]}}"#;

    #[test]
    fn every_shape_is_read_and_unknown_fields_survive() {
        for body in [
            format!("[{ONE}]"),
            ONE.to_owned(),
            format!(r#"{{"domains":[{ONE}],"count":1}}"#),
            format!(r#"{{"data":[{ONE}]}}"#),
            format!(r#"{{"result":[{ONE}]}}"#),
            format!(r#"{{"results":[{ONE}],"next":null}}"#),
            format!(r#"{{"items":[{ONE}]}}"#),
            format!(r#"{{"data":{{"domains":[{ONE}]}}}}"#),
            format!(r#"{{"data":{ONE}}}"#),
            format!(r#"{{"status":"ok","my_domains":[{ONE}],"tags":["x"]}}"#),
        ] {
            let domains = read(&body).unwrap_or_else(|why| panic!("{body}: {why:?}"));
            assert_eq!(domains.len(), 1, "{body}");
            assert_eq!(domains[0].vise_url.as_deref(), Some("a.example"));
            assert_eq!(domains[0].vise_phrase.as_ref().unwrap().expose(), "p");
            assert_eq!(
                serde_json::to_string(&domains[0].other).unwrap(),
                r#"{"domain_id":7,"deep":{"x":[1]}}"#
            );
        }
    }

    #[test]
    fn an_account_without_domains_and_domains_without_vise_are_fine() {
        for empty in [
            "[]",
            r#"{"domains":[]}"#,
            r#"{"data":{"items":[]}}"#,
            "null",
            "\u{feff}null",
            r#"{"domains":null}"#,
            r#"{"data":{"items":null}}"#,
            "[null]",
        ] {
            assert!(read(empty).unwrap().is_empty(), "{empty}");
        }
        let mixed = r#"[{"domain_id":1},{"domain_vise_url":null,"domain_vise_phrase":null},
            {"domain_vise_url":"","domain_vise_phrase":""},{"domain_vise_url":5,"domain_vise_phrase":123}]"#;
        let domains = read(mixed).unwrap();
        assert!(domains.iter().all(|domain| domain.vise_url.is_none()));
        assert_eq!(domains[3].vise_phrase.as_ref().unwrap().expose(), "123", "a number is a phrase too");
        assert!(domains[..3].iter().all(|domain| domain.vise_phrase.is_none()));
    }

    #[test]
    fn when_nothing_fits_names_are_shown_but_no_values() {
        let told = misfit(r#"[{"vise_host":"canary","phrase":"canary"},{"other":{"canary":1}}]"#);
        assert_eq!(told, "no entry has the field domain_vise_url; fields found: other, phrase, vise_host");
        let told = misfit(r#"{"status":"canary","hosts":["canary"]}"#);
        assert_eq!(told, "no entry has the field domain_vise_url; fields found: hosts, status");
        let told = misfit(r#"{"a canary with blanks":1,"canary@x":2,"canary0123":3}"#);
        assert!(!told.contains("canary") && told.contains("(odd)"), "{told}");
        let many: Vec<String> = (0..50).map(|number| format!(r#""n{number:02}":1"#)).collect();
        let told = misfit(&format!("[{{{}}}]", many.join(",")));
        assert!(told.contains("n19 and 30 more") && !told.contains("n20"), "{told}");
        for body in
            ["7", r#""canary""#, "true", r#"["canary"]"#, r#"{"domains":["canary"]}"#, r#"{"total":null}"#]
        {
            assert!(!misfit(body).contains("canary"), "{body}");
        }
        assert!(matches!(read("<html>"), Err(DecodeFailure::Json(_))));
        // Envelopes have limited depth.
        let nested = format!("{}{}", r#"{"data":"#.repeat(100), "}".repeat(100));
        assert!(read(&nested).is_err());
    }

    #[test]
    fn display_shows_a_name_and_nothing_that_is_none() {
        for (domain, shown) in [
            (r#"{"domain_vise_url":"v.example","domain_name":"shop.example"}"#, "shop.example"),
            (r#"{"domain_vise_url":"v.example","domain_name":"bücher.example"}"#, "bücher.example"),
            (r#"{"domain_vise_url":"https://v.example","domain_name":"a canary"}"#, "v.example"),
            (r#"{"domain_vise_url":"v.example","domain_name":7}"#, "v.example"),
            (r#"{"domain_vise_url":"user:canary@v.example"}"#, "unnamed domain"),
            (r#"{"domain_vise_url":"v.example\ncanary","domain_name":""}"#, "unnamed domain"),
            (r#"{"domain_vise_url":null,"domain_vise_phrase":"canary"}"#, "unnamed domain"),
        ] {
            assert_eq!(read(domain).unwrap()[0].to_string(), shown, "{domain}");
        }
    }

    #[test]
    fn debug_shows_hosts_that_would_be_called_and_names() {
        let printed = format!("{:?}", read(ONE).unwrap());
        assert!(
            printed.contains("a.example") && printed.contains("domain_id") && !printed.contains("\"p\""),
            "{printed}"
        );
        let odd = AccountDomain::new("user:canary@a.example", "canary");
        assert!(!format!("{odd:?} {odd:#?}").contains("canary"), "{odd:?}");
    }
}
