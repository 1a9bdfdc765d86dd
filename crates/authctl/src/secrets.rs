//! Secrets of requests: by the API description, and by their names in requests that no description covers. They are never
//! printed, and refused as arguments.

use crate::failure::{Exit, Failure};
use crate::index::Operation;
use crate::{input, json, target};

/// The media type of forms.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// Parts of names of secrets.
const PARTS: [&str; 8] =
    ["password", "passwd", "passphrase", "secret", "token", "apikey", "privatekey", "authorization"];
/// Names of secrets where no description says what a field is, and in requests with credentials.
const NAMES: [&str; 10] =
    ["assertion", "authcode", "bearer", "code", "keyphrase", "onetimecode", "otp", "phrase", "pin", "totp"];

/// Tokens that are none: `nextPageToken` and the like.
const PAGING: [&str; 5] = ["continuation", "next", "nextpage", "page", "sync"];

/// Whether a field or a parameter with this name is a secret, or probably is.
fn is_secret(operation: &Operation, hidden: &[String], name: &str) -> bool {
    if let Some(parameter) = operation.parameters.iter().find(|parameter| parameter.name == name) {
        return parameter.schema.secret;
    }
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let plain = plain.to_lowercase();
    // The next page of a list, for example.
    let is_of_page = PAGING.iter().any(|prefix| plain == format!("{prefix}token"));
    hidden.iter().any(|own| own == name)
        || !is_of_page && PARTS.iter().any(|part| plain.contains(part))
        || (!operation.is_known() || operation.sensitive) && NAMES.contains(&plain.as_str())
}

/// Returns the names of secret fields that the description of an operation has.
fn described(operation: &Operation) -> Vec<String> {
    let mut names = operation.secrets.clone();
    if let Some(body) = &operation.body {
        body.schema.secret_names(operation.provider(), &mut names, 0);
    }
    names
}

fn is_form(media: &str) -> bool {
    media.trim_start().to_ascii_lowercase().starts_with(FORM)
}

/// Returns a body without its secrets, for people.
pub(crate) fn redacted_body(operation: &Operation, media: &str, body: &[u8]) -> String {
    let mut hidden = described(operation);
    match std::str::from_utf8(body) {
        Ok(text) if is_form(media) => redacted_pairs(operation, text),
        Ok(text) if json::is_valid(text) => {
            let mut names = Vec::new();
            json::names(text, &mut names);
            names.retain(|name| is_secret(operation, &hidden, name));
            hidden.append(&mut names);
            json::format(text, true, &hidden)
        }
        _ => format!("[{} bytes]", body.len()),
    }
}

/// Returns a query or a form without its secrets.
pub(crate) fn redacted_pairs(operation: &Operation, text: &str) -> String {
    let hidden = described(operation);
    let pairs = text.split('&').map(|pair| match pair.split_once('=') {
        Some((name, value)) if !value.is_empty() => {
            let plain = target::decode(&name.replace('+', " "));
            // A name that can't be read may be that of a secret.
            match plain.is_none_or(|plain| is_secret(operation, &hidden, &plain)) {
                true => format!("{name}=[redacted]"),
                false => pair.to_owned(),
            }
        }
        _ => pair.to_owned(),
    });
    pairs.collect::<Vec<_>>().join("&")
}

/// Returns the name of a secret in a body.
pub(crate) fn in_body(operation: &Operation, media: &str, body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    if is_form(media) {
        let hidden = described(operation);
        let pairs = target::query(text)?;
        return pairs.into_iter().find_map(|(name, value)| {
            (!value.is_empty() && is_secret(operation, &hidden, &name)).then_some(name)
        });
    }
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    if let Some(body) = &operation.body {
        return body.schema.secret_in(operation.provider(), &value);
    }
    let mut names = Vec::new();
    json::names(text, &mut names);
    names.into_iter().find(|name| is_secret(operation, &[], name))
}

/// Reads the secrets of a typed query from where their values say, `@FILE` or `-`. The first `inline` parameters were a part of the
/// path.
///
/// # Errors
///
/// A secret was an argument.
pub(crate) fn read_query(
    operation: &Operation,
    query: &mut [(String, String)],
    inline: usize,
) -> Result<(), Failure> {
    for (at, (name, value)) in query.iter_mut().enumerate() {
        if value.is_empty() || !is_secret(operation, &[], name) {
            continue;
        }
        let bytes = match value.strip_prefix('@').filter(|_| at >= inline) {
            Some(path) => input::read(Some(path))?,
            None if at >= inline && value == "-" => input::read(None)?,
            None => {
                return Err(refused("parameter", name).hint(format!(
                    "--query {name}=@FILE reads it from a file, --query {name}=- from standard input"
                )));
            }
        };
        let text = String::from_utf8(bytes).ok().map(|text| text.trim_end_matches(['\r', '\n']).to_owned());
        *value = text
            .filter(|text| !text.is_empty())
            .ok_or_else(|| Failure::usage(format!("--query {name}: there is no value in UTF-8")))?;
    }
    Ok(())
}

/// The failure for a secret that was an argument. It does not contain the value.
pub(crate) fn refused(what: &str, name: &str) -> Failure {
    let message = format!("the {what} {name} is a secret, and arguments are visible in process lists");
    Failure::new(Exit::Usage, "secret_in_arguments", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::{self, Key};
    use http::Method;

    #[test]
    fn secrets_are_known_by_their_names() {
        let unknown = Operation::of_path("virtuous", &Method::POST, "/x");
        let form =
            "user=anna&pass%77ord=canary&otp=canary&a=b+c&%zz=canary&client_secret=&refresh-token=canary";
        let shown =
            redacted_body(&unknown, "application/x-www-form-urlencoded; charset=utf-8", form.as_bytes());
        assert_eq!(
            shown,
            "user=anna&pass%77ord=[redacted]&otp=[redacted]&a=b+c&%zz=[redacted]&client_secret=&refresh-token=[redacted]"
        );
        assert_eq!(in_body(&unknown, FORM, b"user=anna&code=canary").as_deref(), Some("code"));
        assert_eq!(in_body(&unknown, FORM, b"user=anna&code="), None);
        let json = br#"[{"a":{"otp":"canary"}}]"#;
        assert!(redacted_body(&unknown, "application/json", json).contains(r#""otp": "[redacted]""#));
        assert_eq!(in_body(&unknown, "application/json", json).as_deref(), Some("otp"));
        assert_eq!(redacted_body(&unknown, "multipart/form-data", b"--x\r\npassword"), "[13 bytes]");
        // The description says that this code is none.
        let premium = index::find("virtuous", "premiums", "create").and_then(Key::operation).unwrap();
        assert!(redacted_body(&premium, "application/json", br#"{"code":"MUG"}"#).contains("MUG"));
    }
}
