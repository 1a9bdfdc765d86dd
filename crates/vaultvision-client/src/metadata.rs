//! Metadata: up to 20 custom key-value pairs on most objects.
//!
//! The vendor's limits are 20 keys of 100 characters with values of 1,000 characters. They are checked before anything is
//! sent, but only if the metadata was changed: unchanged metadata is sent back as it was read.
//!
//! Assumption (metadata-limits): characters are Unicode scalar values, and a value that is not a string has the
//! characters of its JSON; the vendor documents neither whether bytes are counted nor which types are allowed.

use auth_client_core::provider::record::{Field, Fit, Form, Reading};
use auth_client_core::{RawJson, UnknownFields};
use std::borrow::Cow;
use std::fmt;

/// Maximum number of keys.
pub const MAX_KEYS: usize = 20;
/// Maximum number of characters of a key.
pub const MAX_KEY_CHARACTERS: usize = 100;
/// Maximum number of characters of a value.
pub const MAX_VALUE_CHARACTERS: usize = 1_000;

/// Custom key-value pairs of an object. The vendor asks its users not to store sensitive data in them.
///
/// At most 20 keys of up to 100 characters, with values of up to 1,000 characters; more is refused before anything is
/// sent. Users don't see metadata unless your program shows it.
///
/// An update replaces all metadata: a key that is not sent is deleted. Values are usually strings; values of other
/// types are in [`unknown`](Self::unknown). `Debug` prints the keys only.
///
/// ```
/// use vaultvision_client::models::NewUser;
///
/// let mut user = NewUser::email("test01@example.test");
/// user.metadata_mut().insert("other_id", "other_id_01");
/// assert_eq!(user.metadata().get("other_id"), Some("other_id_01"));
/// ```
#[derive(Clone, Default)]
pub struct Metadata {
    fields: UnknownFields,
    changed: bool,
}

impl Metadata {
    /// Returns the value of a key; `None` if the key is absent or its value is not a string.
    ///
    /// ```
    /// let user: vaultvision_client::models::User = serde_json::from_str(r#"{"id":"u1","metadata":{"crm_id":"17","age":3}}"#)?;
    /// assert_eq!(user.metadata().get("crm_id"), Some("17"));
    /// assert_eq!(user.metadata().get("age"), None, "it is no text");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.fields.value(key)?.as_str()
    }

    /// Sets the value of a key to a string.
    ///
    /// ```
    /// use vaultvision_client::models::NewUser;
    ///
    /// let mut user = NewUser::email("anna@example.test");
    /// user.metadata_mut().insert("crm_id", "17");
    /// assert_eq!(user.metadata().get("crm_id"), Some("17"));
    /// ```
    pub fn insert(&mut self, key: &str, value: &str) {
        self.insert_json(key, value);
    }

    /// Sets the value of a key to any JSON, such as a number.
    ///
    /// ```
    /// use vaultvision_client::models::NewUser;
    ///
    /// let mut user = NewUser::email("anna@example.test");
    /// user.metadata_mut().insert_json("seats", 3);
    /// assert_eq!(user.metadata().unknown().get("seats"), Some(3));
    /// ```
    pub fn insert_json(&mut self, key: &str, value: impl Into<RawJson>) {
        self.changed = true;
        // Serializing a JSON value can't fail.
        let _ = self.fields.insert(key, &value.into());
    }

    /// Removes a key. Returns `true` if it was present.
    ///
    /// ```
    /// let mut user = vaultvision_client::models::NewUser::email("anna@example.test");
    /// user.metadata_mut().insert("crm_id", "17");
    /// assert!(user.metadata_mut().remove("crm_id"));
    /// assert!(!user.metadata_mut().remove("crm_id"));
    /// ```
    pub fn remove(&mut self, key: &str) -> bool {
        self.changed = true;
        self.fields.remove(key)
    }

    /// Removes all keys.
    ///
    /// ```
    /// let mut user = vaultvision_client::models::NewUser::email("anna@example.test");
    /// user.metadata_mut().insert("crm_id", "17");
    /// user.metadata_mut().clear();
    /// assert!(user.metadata().is_empty());
    /// ```
    pub fn clear(&mut self) {
        self.changed = true;
        self.fields = UnknownFields::new();
    }

    /// Returns `true` if there are no keys.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Returns the number of keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Returns the keys whose values are strings, with their values.
    ///
    /// ```
    /// let mut user = vaultvision_client::models::NewUser::email("anna@example.test");
    /// user.metadata_mut().insert("crm_id", "17");
    /// for (key, value) in user.metadata().iter() {
    ///     assert_eq!((key, &*value), ("crm_id", "17"));
    /// }
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().filter_map(|(key, value)| Some((key, value.as_str()?)))
    }

    /// Returns all keys with their values as JSON.
    ///
    /// ```
    /// let user: vaultvision_client::models::User = serde_json::from_str(r#"{"id":"u1","metadata":{"age":3}}"#)?;
    /// assert_eq!(user.metadata().unknown().get_raw("age"), Some("3"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn unknown(&self) -> &UnknownFields {
        &self.fields
    }

    /// Returns an error if changed metadata exceeds the vendor's limits.
    pub(crate) fn check(&self) -> Result<(), Cow<'static, str>> {
        if !self.changed {
            return Ok(());
        }
        if self.len() > MAX_KEYS {
            return Err(
                format!("it has {} keys, more than the vendor's maximum of {MAX_KEYS}", self.len()).into()
            );
        }
        for (index, (key, value)) in self.fields.iter().enumerate() {
            let characters = key.chars().count();
            if characters > MAX_KEY_CHARACTERS {
                return Err(format!(
                    "its key number {} has {characters} characters, more than the vendor's maximum of {MAX_KEY_CHARACTERS}",
                    index + 1
                )
                .into());
            }
            let characters = value.as_str().unwrap_or(value.get()).chars().count();
            if characters > MAX_VALUE_CHARACTERS {
                return Err(format!(
                    "the value of its key number {} has {characters} characters, more than the \
                     vendor's maximum of {MAX_VALUE_CHARACTERS}",
                    index + 1
                )
                .into());
            }
        }
        Ok(())
    }
}

impl<K: AsRef<str>, V: AsRef<str>> Extend<(K, V)> for Metadata {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, pairs: I) {
        for (key, value) in pairs {
            self.insert(key.as_ref(), value.as_ref());
        }
    }
}

impl<K: AsRef<str>, V: AsRef<str>> FromIterator<(K, V)> for Metadata {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut metadata = Self::default();
        metadata.extend(pairs);
        metadata
    }
}

#[doc(hidden)]
impl Field for Metadata {
    fn blank() -> Self {
        Self::default()
    }

    fn expected(&self) -> &'static str {
        "an object of strings"
    }

    fn takes_raw() -> bool {
        true
    }

    fn wants_raw(&self) -> bool {
        true
    }

    fn raw(&mut self, json: &str, reading: Reading) -> Fit {
        self.fields.raw(json, reading).map_err(|_| self.expected())
    }

    fn form(&self) -> Form<'_> {
        Form::Fields(&self.fields)
    }

    fn is_zero(&self) -> bool {
        // Metadata without keys is sent as an empty object, so that the server deletes the old keys.
        self.fields.is_empty() && !self.changed
    }
}

auth_client_core::provider::serde_by_field!(Metadata);

/// Two values are equal if they have the same pairs, in any order.
impl PartialEq for Metadata {
    fn eq(&self, other: &Self) -> bool {
        self.fields == other.fields
    }
}

/// Prints the keys without values.
impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fields.fmt(f)
    }
}
