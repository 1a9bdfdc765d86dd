//! The JSON types of documented fields, as in the vendor's samples.
//!
//! Assumption (json-types): a value of another type is a 400; a field with null is as an absent one.

use super::settings::Settings;
use super::state::{Kind, Problem};
use super::tree::{Object, Tree};

/// Removes documented fields that are null, and keys of metadata. Undocumented fields are stored as they are.
pub(super) fn remove_nulls(kind: Kind, body: &mut Object) {
    for field in kind.fields().iter().chain(kind.system()) {
        let Some(value) = body.get(field) else { continue };
        if value.is_null() {
            body.remove(field);
        } else if let Some(inner) = value.as_object() {
            let is_known = |name: &str| match Kind::inner(field) {
                Some(names) => names.contains(&name),
                None => *field == "metadata",
            };
            let nulls = inner.iter().filter(|(name, value)| value.is_null() && is_known(name));
            let nulls: Vec<String> = nulls.map(|(name, _)| name.to_owned()).collect();
            if !nulls.is_empty() {
                body.change_object(field, |inner| nulls.iter().for_each(|name| inner.remove(name)));
            }
        }
    }
}

/// Rejects a documented field of another type. Undocumented fields have any type.
pub(super) fn check(kind: Kind, body: &Object) -> Result<(), Problem> {
    let names = kind.fields().iter().chain(kind.system());
    for (name, value) in names.filter_map(|name| Some((*name, body.get(name)?))) {
        check_field(name, value)?;
        if let (Some(inner), Some(names)) = (value.as_object(), Kind::inner(name)) {
            let fields = names.iter().filter_map(|name| Some((*name, inner.get(name)?)));
            fields.into_iter().try_for_each(|(name, value)| check_field(name, value))?;
        }
    }
    Ok(())
}

/// The types of all documented fields, wherever they occur. A test compares them with the API description.
const TYPES: [(&[&str], Wanted); 5] = [
    (&["metadata", "settings", "profile", "password"], Wanted::Object),
    (&["logout_urls", "redirect_urls"], Wanted::Strings),
    (&["cost", "remember_device_seconds", "remember_login_seconds"], Wanted::Integer),
    (
        &[
            "allow_social",
            "allow_hardware",
            "allow_passwords",
            "allow_totp_app",
            "allow_totp_email",
            "allow_unverified",
            "allow_signups",
            "remember_device",
            "developer_mode",
            "disabled",
            "email_verified",
        ],
        Wanted::Boolean,
    ),
    // All others.
    (&[], Wanted::String),
];

/// A JSON type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Object,
    Strings,
    Integer,
    Boolean,
    String,
}

impl Wanted {
    fn of(name: &str) -> Self {
        let found = TYPES.iter().find(|(names, _)| names.contains(&name));
        found.map_or(Self::String, |(_, wanted)| *wanted)
    }

    fn description(self) -> &'static str {
        match self {
            Self::Object => "an object",
            Self::Strings => "an array of strings",
            Self::Integer => "an integer of 64 bits that is not negative",
            Self::Boolean => "true or false",
            Self::String => "a string",
        }
    }

    fn accepts(self, raw: &str) -> bool {
        match self {
            Self::Object => raw == "{",
            Self::Strings => serde_json::from_str::<Vec<String>>(raw).is_ok(),
            Self::Integer => raw.parse::<u64>().is_ok_and(|value| i64::try_from(value).is_ok()),
            Self::Boolean => matches!(raw, "true" | "false"),
            Self::String => raw.starts_with('"'),
        }
    }
}

fn check_field(name: &'static str, value: &Tree) -> Result<(), Problem> {
    let raw = match value {
        Tree::Raw(raw) => &**raw,
        Tree::Object(_) => "{",
    };
    let wanted = Wanted::of(name);
    if wanted.accepts(raw) { Ok(()) } else { Err(Problem::Type(name, wanted.description())) }
}

/// Rejects addresses of an application to which no browser should be sent. Assumption (field-values): a fragment is accepted,
/// against RFC 6749 section 3.1.2, because a sample of the vendor uses one.
pub(super) fn check_urls(body: &Object) -> Result<(), Problem> {
    let refuse = |name| Err(Problem::Type(name, "a URL such as https://shop.example/callback"));
    for name in ["redirect_urls", "logout_urls"] {
        if !body.strings(name).iter().all(|url| is_url(url)) {
            return refuse(name);
        }
    }
    let is_valid = body.string("login_url").is_none_or(|url| url.is_empty() || is_url(&url));
    if is_valid { Ok(()) } else { refuse("login_url") }
}

/// Whether a string is an absolute URL of a site or of an app, and no script.
pub(super) fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let is_one_of = |names: &[&str]| names.iter().any(|name| scheme.eq_ignore_ascii_case(name));
    let has_host = || {
        let authority = rest.strip_prefix("//").and_then(|rest| rest.split(['/', '?', '#']).next());
        let host = authority.and_then(|authority| authority.rsplit('@').next()).unwrap_or_default();
        !host.is_empty() && !host.starts_with(':')
    };
    is_scheme
        && !rest.is_empty()
        && !text.contains(|letter: char| letter.is_whitespace() || letter.is_control())
        && !is_one_of(&["javascript", "data", "vbscript"])
        && (!is_one_of(&["http", "https"]) || has_host())
}

/// Documented: at most 20 keys of 100 characters, with values of 1000. Assumption (metadata-limits): characters are not bytes.
/// Assumption (json-types): values are strings, as in all samples.
pub(super) fn check_metadata(body: &Object, settings: &Settings) -> Result<(), Problem> {
    let metadata = match body.get("metadata") {
        None => return Ok(()),
        Some(value) if value.is_zero() => return Ok(()),
        Some(value) => value.as_object().ok_or(Problem::Metadata("metadata: an object is required"))?,
    };
    if metadata.len() > 20 {
        return Err(Problem::Metadata("metadata: more than 20 keys"));
    }
    for (key, value) in metadata.iter() {
        if key.chars().count() > 100 {
            return Err(Problem::Metadata("metadata: a key of more than 100 characters"));
        }
        let text = match value.as_string() {
            None if settings.check_types => {
                return Err(Problem::Metadata("metadata: a value is not a string"));
            }
            text => text.unwrap_or_else(|| value.to_json()),
        };
        if text.chars().count() > 1000 {
            return Err(Problem::Metadata("metadata: a value of more than 1000 characters"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_absolute_and_no_scripts() {
        for url in [
            "https://shop.example/callback",
            "http://localhost:8080/#auth_callback",
            "HTTPS://shop.example",
            "http://[::1]:80/cb?x=1",
            "https://ä.example/é",
            "com.example.app:/oauth2redirect",
            "myapp://callback",
            "urn:ietf:wg:oauth:2.0:oob",
        ] {
            assert!(is_url(url), "{url}");
        }
        for text in [
            "",
            "shop.example/callback",
            "/callback",
            "not a url",
            "https:",
            "https:/callback",
            "https://",
            "https:///callback",
            "https://:80/",
            "https://user@/",
            "https://shop.example/a b",
            "https://shop.example/\n",
            "1app:/cb",
            ":/cb",
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
        ] {
            assert!(!is_url(text), "{text:?}");
        }
    }

    #[test]
    fn documented_fields_have_the_types_of_the_samples() {
        for (kind, body, wrong) in [
            (Kind::Tenant, r#"{"name":1}"#, "name"),
            (Kind::Tenant, r#"{"settings":{"allow_signups":"true"}}"#, "allow_signups"),
            (Kind::Tenant, r#"{"settings":{"remember_device_seconds":"60"}}"#, "remember_device_seconds"),
            (Kind::Tenant, r#"{"settings":{"remember_device_seconds":1.5}}"#, "remember_device_seconds"),
            (Kind::Tenant, r#"{"settings":[]}"#, "settings"),
            (Kind::Application, r#"{"logout_urls":"https://a.test"}"#, "logout_urls"),
            (Kind::Application, r#"{"redirect_urls":[1]}"#, "redirect_urls"),
            (Kind::User, r#"{"disabled":"yes"}"#, "disabled"),
            (Kind::User, r#"{"disabled":0}"#, "disabled"),
            (Kind::User, r#"{"profile":{"email":{}}}"#, "email"),
            (Kind::User, r#"{"metadata":"x"}"#, "metadata"),
            (Kind::Password, r#"{"password":{"alg":1}}"#, "alg"),
            (Kind::Password, r#"{"password":"x"}"#, "password"),
            (Kind::OtherCredential, r#"{"disabled":[]}"#, "disabled"),
            (
                Kind::Tenant,
                r#"{"settings":{"remember_login_seconds":9223372036854775808}}"#,
                "remember_login_seconds",
            ),
            (
                Kind::Tenant,
                r#"{"x":1,"settings":{"x":[1],"remember_login_seconds":9223372036854775807}}"#,
                "",
            ),
            (Kind::OtherCredential, r#"{"password":1,"metadata":{"a":1}}"#, ""),
        ] {
            let found = match check(kind, &Object::parse(body.as_bytes()).unwrap()) {
                Err(Problem::Type(name, _)) => name,
                other => {
                    assert_eq!(other, Ok(()));
                    ""
                }
            };
            assert_eq!(found, wrong, "{body}");
        }
    }

    #[test]
    fn null_is_as_an_absent_field() {
        for (kind, body, expected) in [
            (Kind::Tenant, r#"{"name":null,"settings":null,"x":null}"#, r#"{"x":null}"#),
            (
                Kind::Tenant,
                r#"{"settings":{"allow_unverified":null,"x":null,"domain":"d"}}"#,
                r#"{"settings":{"x":null,"domain":"d"}}"#,
            ),
            (
                Kind::User,
                r#"{"metadata":{"a":null,"b":""},"profile":{"email":null}}"#,
                r#"{"metadata":{"b":""},"profile":{}}"#,
            ),
            (
                Kind::Password,
                r#"{"password":{"alg":null,"hash":"x"},"disabled":null}"#,
                r#"{"password":{"hash":"x"}}"#,
            ),
            (Kind::OtherCredential, r#"{"password":{"alg":null}}"#, r#"{"password":{"alg":null}}"#),
        ] {
            let mut object = Object::parse(body.as_bytes()).unwrap();
            remove_nulls(kind, &mut object);
            assert_eq!(object.to_json(), expected, "{body}");
        }
    }

    /// Every property of every request body, with the type that the description gives it, in that place and in no other.
    #[test]
    fn the_types_are_those_of_the_api_description() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../vaultvision-client/openapi.json");
        let text = std::fs::read_to_string(file).expect("the description of vaultvision-client");
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        let schema = |name: &str| &document["components"]["schemas"][name]["properties"];
        let mut compared = 0;
        for (name, kind) in [
            ("Tenant", Kind::Tenant),
            ("Application", Kind::Application),
            ("NewApplication", Kind::Application),
            ("User", Kind::User),
            ("NewUser", Kind::User),
            ("PasswordCredential", Kind::Password),
            ("NewPassword", Kind::Password),
        ] {
            let wrong = |described: &serde_json::Value| match described["type"].as_str().unwrap_or("string") {
                "string" => ("1", Wanted::String),
                "boolean" => ("\"yes\"", Wanted::Boolean),
                "integer" => ("\"1\"", Wanted::Integer),
                "array" => ("\"x\"", Wanted::Strings),
                "object" => ("\"x\"", Wanted::Object),
                other => panic!("{other}"),
            };
            let mut refuse = |outer: Option<&str>, field: &str, described: &serde_json::Value| {
                let (value, wanted) = wrong(described);
                assert_eq!(Wanted::of(field), wanted, "{name}.{field}");
                let inner = format!(r#"{{"{field}":{value}}}"#);
                let body = outer.map_or_else(|| inner.clone(), |outer| format!(r#"{{"{outer}":{inner}}}"#));
                let refused = check(kind, &Object::parse(body.as_bytes()).unwrap());
                assert!(matches!(refused, Err(Problem::Type(known, _)) if known == field), "{name}: {body}");
                compared += 1;
            };
            for (field, described) in schema(name).as_object().unwrap() {
                refuse(None, field, described);
                for (inner, described) in described["properties"].as_object().into_iter().flatten() {
                    refuse(Some(field), inner, described);
                }
            }
        }
        assert!(compared >= 70, "{compared}");
    }
}
