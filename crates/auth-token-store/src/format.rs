//! Token file format: JSON with a version and a hash of the credential.
//!
//! The version is parsed before anything else, so that a later version can change the rest. The credential is stored as
//! a hash, because its name may be an email address.

use auth_core::secret::{ExposeSecret, SecretBox, SecretString};
use auth_core::store::{StoreError, StoreKey, StoredToken};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

/// The version that is written, and the only supported one.
const VERSION: u64 = 1;

#[derive(Deserialize)]
struct Head {
    version: Option<u64>,
}

#[derive(Deserialize)]
struct Read {
    credential: String,
    generation: u64,
    access: String,
    refresh: Option<String>,
    expires_at_unix_ms: Option<u64>,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Write<'a> {
    version: u64,
    credential: &'a str,
    generation: u64,
    access: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at_unix_ms: Option<u64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: &'a BTreeMap<String, String>,
}

/// Returns a name that doesn't reveal the account: the first half of the SHA-256 of the key, in hexadecimal.
pub(crate) fn name_of(key: &StoreKey) -> String {
    hex(&Sha256::digest(key.as_str().as_bytes()))
}

/// Returns the first 16 bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().take(16).fold(String::new(), |mut hex, byte| {
        // Writing to a String can't fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Serializes a token. The bytes contain secrets and are erased on drop.
pub(crate) fn write(key: &StoreKey, token: &StoredToken) -> Result<SecretBox<Vec<u8>>, StoreError> {
    let since = token.expires_at.and_then(|end| end.duration_since(SystemTime::UNIX_EPOCH).ok());
    let text = serde_json::to_vec(&Write {
        version: VERSION,
        credential: &name_of(key),
        generation: token.generation,
        access: token.access.expose_secret(),
        refresh: token.refresh.as_ref().map(|refresh| refresh.expose_secret()),
        expires_at_unix_ms: since.map(|since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX)),
        attributes: &token.attributes,
    });
    // The message of a serializer may quote the value.
    text.map(|text| SecretBox::new(Box::new(text)))
        .map_err(|_| StoreError::new("write", "could not serialize the token"))
}

/// Parses a token. `place` names the source in errors; the content is never part of one.
pub(crate) fn read(key: &StoreKey, place: &str, text: &[u8]) -> Result<StoredToken, StoreError> {
    let refuse = |reason: String| StoreError::new("read", format!("{place} {reason}"));
    let damaged = || {
        refuse("is damaged or not a token file; remove it and log in again. Nothing was changed".to_owned())
    };
    let head: Head = serde_json::from_slice(text).map_err(|_| damaged())?;
    match head.version {
        Some(VERSION) => {}
        Some(other) => {
            return Err(refuse(format!(
                "has version {other}, but only version {VERSION} is supported: use the program that wrote it, or \
                 another location. Nothing was changed"
            )));
        }
        None => return Err(damaged()),
    }
    let read: Read = serde_json::from_slice(text).map_err(|_| damaged())?;
    if read.credential != name_of(key) {
        return Err(refuse(
            "contains the token of another account or server; use another location. Nothing was changed"
                .to_owned(),
        ));
    }
    let mut token = StoredToken::new(read.generation, SecretString::from(read.access));
    token.refresh = read.refresh.filter(|refresh| !refresh.trim().is_empty()).map(SecretString::from);
    token.expires_at = read
        .expires_at_unix_ms
        .and_then(|millis| SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(millis)));
    token.attributes = read.attributes;
    Ok(token)
}

/// Returns the same token with another generation, for a store that does not know its key.
#[cfg(any(feature = "postgres", feature = "redis"))]
pub(crate) fn renumbered(text: &[u8], generation: u64) -> Result<SecretBox<Vec<u8>>, StoreError> {
    let damaged = |_| StoreError::new("read", "the record is damaged. Nothing was changed");
    let read: Read = serde_json::from_slice(text).map_err(damaged)?;
    let (access, refresh) = (SecretString::from(read.access), read.refresh.map(SecretString::from));
    let text = serde_json::to_vec(&Write {
        version: VERSION,
        credential: &read.credential,
        generation,
        access: access.expose_secret(),
        refresh: refresh.as_ref().map(|refresh| refresh.expose_secret()),
        expires_at_unix_ms: read.expires_at_unix_ms,
        attributes: &read.attributes,
    });
    text.map(|text| SecretBox::new(Box::new(text))).map_err(damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> StoreKey {
        StoreKey::new("p", "https://o.example", "user@example.com")
    }

    fn token() -> StoredToken {
        let mut token = StoredToken::new(7, SecretString::from("acc\"ess"));
        token.refresh = Some(SecretString::from("refresh"));
        token.expires_at = Some(SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123));
        token.attributes.insert("user".to_owned(), "Zoë".to_owned());
        token
    }

    #[test]
    fn everything_survives_a_round_trip() {
        let text = write(&key(), &token()).unwrap();
        let back = read(&key(), "x", text.expose_secret()).unwrap();
        assert_eq!(back.generation, 7);
        assert_eq!(back.access.expose_secret(), "acc\"ess");
        assert_eq!(back.refresh.unwrap().expose_secret(), "refresh");
        assert_eq!(back.expires_at, token().expires_at);
        assert_eq!(back.attributes, token().attributes);
        let bare = StoredToken::new(1, SecretString::from("a"));
        let text = write(&key(), &bare).unwrap();
        let back = read(&key(), "x", text.expose_secret()).unwrap();
        assert!(back.refresh.is_none() && back.expires_at.is_none() && back.attributes.is_empty());
    }

    #[test]
    fn the_account_is_not_part_of_the_text() {
        let text = write(&key(), &token()).unwrap();
        assert!(!String::from_utf8_lossy(text.expose_secret()).contains("user@example.com"));
        assert_eq!(name_of(&key()).len(), 32);
        assert_ne!(name_of(&key()), name_of(&StoreKey::new("p", "https://o.example", "other")));
    }

    #[test]
    fn every_cut_is_refused() {
        let text = write(&key(), &token()).unwrap();
        let text = text.expose_secret();
        for end in 0..text.len() {
            let error = read(&key(), "x", &text[..end]).unwrap_err().to_string();
            assert!(error.contains("damaged") && !error.contains("refresh"), "{end}: {error}");
        }
    }

    #[test]
    fn other_versions_and_other_credentials_are_refused_by_name() {
        for (text, word) in [
            (r#"{"version":2,"anything":["else"]}"#, "version 2"),
            (r#"{"version":0}"#, "version 0"),
            (r#"{"access":"canary"}"#, "damaged"),
            (r#"{"version":"1"}"#, "damaged"),
            ("[]", "damaged"),
            ("null", "damaged"),
            (r#"{"version":1,"credential":"x","generation":1,"access":"canary"}"#, "another account"),
            (r#"{"version":1,"credential":"x","generation":1,"access":7}"#, "damaged"),
        ] {
            let error = read(&key(), "the file", text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(word) && error.contains("the file"), "{error}");
            assert!(!error.contains("canary"), "{error}");
        }
    }
}
