//! The JSON types of documented fields, as in the vendor's samples.
//!
//! Assumption (json-types): a value of another type is a 400; null stands for zero, as an absent field does.

use super::state::{Kind, Problem};
use super::tree::{Object, Tree};

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

fn check_field(name: &'static str, value: &Tree) -> Result<(), Problem> {
    let raw = match value {
        Tree::Raw(raw) => &**raw,
        Tree::Object(_) => "{",
    };
    if raw == "null" {
        return Ok(());
    }
    let is_flag = name.starts_with("allow_")
        || matches!(name, "disabled" | "remember_device" | "developer_mode" | "email_verified");
    let (is_right, wanted) = match name {
        "metadata" | "settings" | "profile" | "password" => (raw == "{", "an object"),
        "logout_urls" | "redirect_urls" => {
            (serde_json::from_str::<Vec<String>>(raw).is_ok(), "an array of strings")
        }
        "cost" | "remember_device_seconds" | "remember_login_seconds" => {
            (raw.parse::<u64>().is_ok(), "an integer")
        }
        _ if is_flag => (matches!(raw, "true" | "false"), "true or false"),
        _ => (raw.starts_with('"'), "a string"),
    };
    if is_right { Ok(()) } else { Err(Problem::Type(name, wanted)) }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            (Kind::Tenant, r#"{"name":null,"x":1,"settings":{"x":[1],"remember_login_seconds":0}}"#, ""),
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
}
