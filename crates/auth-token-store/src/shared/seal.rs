//! Encryption of stored tokens: XChaCha20-Poly1305 with a random nonce.
//!
//! The additional data binds a token to its credential, generation and key, so that one that was copied to another row or
//! kept from an earlier generation is rejected. A whole record that is put back is not detected.

use auth_core::secret::{ExposeSecret as _, SecretBox};
use auth_core::store::StoreError;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{Key, KeyInit as _, XChaCha20Poly1305, XNonce};
use std::fmt;
use std::sync::Arc;

const NONCE: usize = 24;

/// The keys that encrypt tokens in a database.
///
/// New tokens are encrypted with the active key; tokens of the other keys can be read. To replace a key, add the new one
/// with [`also`](Self::also) to all programs, then make it the active one, and remove the old one when every credential
/// was renewed or logged in since.
///
/// ```
/// use auth_token_store::KeyRing;
///
/// # let (key, old_key) = ([1; 32], [2; 32]);
/// // 32 random bytes, for example from a secret manager.
/// let keys = KeyRing::new("2026-11", key).also("2026-05", old_key);
/// assert_eq!(format!("{keys:?}"), r#"KeyRing { active: "2026-11", also: ["2026-05"] }"#);
/// ```
#[derive(Clone)]
pub struct KeyRing {
    active: Named,
    also: Vec<Named>,
}

#[derive(Clone)]
struct Named {
    id: String,
    key: Arc<SecretBox<[u8; 32]>>,
}

impl Named {
    fn new(id: String, key: [u8; 32]) -> Self {
        Self { id, key: Arc::new(SecretBox::new(Box::new(key))) }
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(*self.key.expose_secret()))
    }
}

impl KeyRing {
    /// Creates a key ring with an active key of 32 random bytes. The identifier is stored next to each token and is not
    /// secret.
    #[must_use]
    pub fn new(id: impl Into<String>, key: [u8; 32]) -> Self {
        Self { active: Named::new(id.into(), key), also: Vec::new() }
    }

    /// Adds a key for reading.
    #[must_use]
    pub fn also(mut self, id: impl Into<String>, key: [u8; 32]) -> Self {
        self.also.push(Named::new(id.into(), key));
        self
    }

    /// Encrypts with the active key; returns its identifier and the result.
    pub(crate) fn seal(
        &self,
        name: &str,
        generation: u64,
        text: &[u8],
    ) -> Result<(String, String), StoreError> {
        let failed = |reason| StoreError::new("write", reason);
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce)
            .map_err(|_| failed("the system returned no random numbers for a nonce"))?;
        let aad = bound_to(name, generation, &self.active.id);
        let sealed = self.active.cipher().encrypt(&XNonce::from(nonce), Payload { msg: text, aad: &aad });
        let mut bytes = nonce.to_vec();
        bytes.extend(sealed.map_err(|_| failed("could not encrypt the token"))?);
        Ok((self.active.id.clone(), STANDARD.encode(bytes)))
    }

    /// Decrypts what [`seal`](Self::seal) returned.
    pub(crate) fn open(
        &self,
        name: &str,
        generation: u64,
        key_id: &str,
        sealed: &str,
    ) -> Result<SecretBox<Vec<u8>>, StoreError> {
        let failed = |reason: String| StoreError::unreadable(reason);
        let named = std::iter::once(&self.active).chain(&self.also).find(|named| named.id == key_id);
        let named = named.ok_or_else(|| {
            failed(format!("the token is encrypted with the key `{key_id}`, which is not in the key ring"))
        })?;
        let damaged = || {
            failed(format!(
                "the token can't be decrypted with the key `{key_id}`: the key is another one, or the record is damaged. \
                 Nothing was changed"
            ))
        };
        let bytes = STANDARD.decode(sealed).map_err(|_| damaged())?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>().ok_or_else(damaged)?;
        let aad = bound_to(name, generation, key_id);
        let text = named.cipher().decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: &aad });
        text.map(|text| SecretBox::new(Box::new(text))).map_err(|_| damaged())
    }
}

/// Prints the identifiers only.
impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let also: Vec<&str> = self.also.iter().map(|named| named.id.as_str()).collect();
        f.debug_struct("KeyRing").field("active", &self.active.id).field("also", &also).finish()
    }
}

/// The additional data, each part with its length.
fn bound_to(name: &str, generation: u64, key_id: &str) -> Vec<u8> {
    let mut data = Vec::new();
    for part in [b"authc/1", name.as_bytes(), &generation.to_be_bytes(), key_id.as_bytes()] {
        data.extend((part.len() as u64).to_be_bytes());
        data.extend(part);
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring() -> KeyRing {
        KeyRing::new("new", [1; 32]).also("old", [2; 32])
    }

    #[test]
    fn a_token_is_read_with_the_key_that_it_names() {
        let (key_id, sealed) = KeyRing::new("old", [2; 32]).seal("name", 7, b"canary").unwrap();
        assert_eq!(key_id, "old");
        assert_eq!(ring().open("name", 7, "old", &sealed).unwrap().expose_secret(), b"canary");
        assert_eq!(ring().seal("name", 7, b"canary").unwrap().0, "new");
        let again = KeyRing::new("old", [2; 32]).seal("name", 7, b"canary").unwrap().1;
        assert_ne!(sealed, again, "each time another nonce");
        let error = KeyRing::new("new", [1; 32]).open("name", 7, "old", &sealed).unwrap_err().to_string();
        assert!(error.contains("`old`") && error.contains("not in the key ring"), "{error}");
    }

    #[test]
    fn another_row_generation_or_key_is_refused_and_so_is_every_changed_byte() {
        let (key_id, sealed) = ring().seal("name", 7, b"canary").unwrap();
        for (name, generation, key_id) in [("mane", 7, "new"), ("name", 6, "new"), ("name", 7, "old")] {
            let error = ring().open(name, generation, key_id, &sealed).unwrap_err().to_string();
            assert!(error.contains("can't be decrypted") && !error.contains("canary"), "{error}");
        }
        let bytes = STANDARD.decode(&sealed).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            ring().open("name", 7, &key_id, &STANDARD.encode(&changed)).unwrap_err();
            ring().open("name", 7, &key_id, &STANDARD.encode(&bytes[..at])).unwrap_err();
        }
        ring().open("name", 7, &key_id, "no base64").unwrap_err();
    }

    #[test]
    fn nothing_shows_a_key() {
        assert!(!format!("{:?}", KeyRing::new("id", [171; 32])).contains("171"));
    }
}
