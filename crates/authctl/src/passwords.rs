//! Passwords of Vault Vision: a list returns them as base64 with a `cost`, and an update must have the text that a single GET
//! returns. The SDK's model converts them.

use crate::failure::Failure;
use crate::index::Operation;
use crate::input::Content;
use crate::json;
use serde_json::value::RawValue;
use vaultvision_client::ExposeSecret as _;
use vaultvision_client::models::Credential;

/// Returns a body with its password as text and without a `cost`; any other body unchanged.
pub(crate) fn converted(operation: &Operation, body: Content) -> Result<Content, Failure> {
    if (operation.provider(), operation.key.resource) != ("vaultvision", "credentials") {
        return Ok(body);
    }
    let text = match &body {
        Content::Json(json) => json.get(),
        Content::Bytes(_, bytes) => std::str::from_utf8(bytes).unwrap_or_default(),
    };
    let Some(text) = as_text(text) else { return Ok(body) };
    Ok(match body {
        Content::Json(_) => {
            Content::Json(RawValue::from_string(text).map_err(|_| Failure::local("the body is no JSON"))?)
        }
        Content::Bytes(media, _) => Content::Bytes(media, text.into_bytes()),
    })
}

/// `None` if there is no password in the form of a list.
fn as_text(body: &str) -> Option<String> {
    let password = json::field(body, "password")?;
    let credential = format!(r#"{{"type":"PasswordCredential","id":"password","password":{password}}}"#);
    let credential: Credential = serde_json::from_str(&credential).ok()?;
    let hash = credential.as_password()?.password().bcrypt()?;
    let hash = json::quote(hash.expose_secret());
    let fields = json::object(password)?.into_iter().filter(|(name, _)| name != "cost");
    let password = json::object_of(fields.map(|(name, value)| {
        let value = if name == "hash" { &hash } else { value.get() };
        (name, value)
    }));
    Some(json::object_of(json::object(body)?.into_iter().map(|(name, value)| {
        let value = if name == "password" { &password } else { value.get() };
        (name, value)
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_form_of_a_list_is_converted() {
        // The sample of the page.
        let list = r#"{"id":"password","password":{"alg":"bcrypt","cost":10,"hash":"JDJhJDEwJFA1NFEzSzIxYlZtUjFVcVYwbm1VSS5KYnV0cUVJMzVnQ29kUjRyQlRtdUtyN0JVVklCUkZL","x":1.0},"disabled":true}"#;
        let text = r#"{"id":"password","password":{"alg":"bcrypt","hash":"$2a$10$P54Q3K21bVmR1UqV0nmUI.JbutqEI35gCodR4rBTmuKr7BUVIBRFK","x":1.0},"disabled":true}"#;
        assert_eq!(as_text(list).as_deref(), Some(text));
        assert_eq!(as_text(text).as_deref(), Some(text));
        for other in [
            r#"{"password":{"alg":"plain","hash":"JDJh"}}"#,
            r#"{"password":{"alg":"sha256","hash":"c775e7b757ede630cd0aa1113bd102661ab38829ca52a6422ab782862f268646"}}"#,
            r#"{"disabled":true}"#,
            "[]",
        ] {
            assert_eq!(as_text(other), None, "{other}");
        }
    }
}
