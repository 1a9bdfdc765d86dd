//! Credentials: what a user logs in with.
//!
//! Only passwords are documented. Other kinds exist (passkeys, social logins, one-time codes) and come in the same lists;
//! their names and members are not published, so they are kept as they came, and the two members that the vendor lets
//! anybody change can be changed.

use crate::kept::{Member, NameSeed, Unknown, Whole};
use crate::metadata::Metadata;
use crate::password::{NewPassword, PasswordHash};
use crate::time::Time;
use crate::whole::whole_object;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::fmt;

const PASSWORD: &str = "PasswordCredential";

whole_object! {
    /// A user's password. There is one at most, and its id is `password`.
    ///
    /// ```
    /// let json = r#"{"type":"PasswordCredential","id":"password","disabled":true}"#;
    /// let mut credential: vaultvision_client::models::PasswordCredential = serde_json::from_str(json)?;
    /// credential.set_disabled(false);
    /// credential.metadata_mut().insert("reset_by", "support");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    PasswordCredential expects "a password credential" needs id {
        /// `PasswordCredential`.
        "type" => kind: text;
        /// `password`.
        "id" => id: text;
        /// When it was made.
        "created_at" => created_at: time;
        /// When it was changed last.
        "updated_at" => updated_at: time;
        /// A program's own pairs.
        "metadata" => metadata, metadata_mut: object<Metadata>;
        /// Whether it can't be used for logging in.
        "disabled" => disabled, set_disabled: flag;
        /// The stored hash.
        "password" => password: object<PasswordHash>;
    }
}

whole_object!(open: PasswordCredential);

impl PasswordCredential {
    /// Sets another password. What the vendor has about the old one beside its hash is kept.
    ///
    /// ```
    /// use vaultvision_client::models::{NewPassword, PasswordAlgorithm, PasswordCredential};
    ///
    /// let mut credential = PasswordCredential::default();
    /// credential.set_password(&NewPassword::plain("correct horse".to_owned()));
    /// assert_eq!(credential.password().algorithm(), PasswordAlgorithm::Plain);
    /// ```
    pub fn set_password(&mut self, password: &NewPassword) {
        self.password.value_mut().replace(password.hash());
    }
}

whole_object! {
    /// A credential of a kind that this version doesn't know. `disabled` and `metadata` may be changed, says the vendor;
    /// everything else is in [`unknown`](Self::unknown) and goes back as it came.
    ///
    /// ```
    /// let json = r#"{"type":"PasskeyCredential","id":"k1","counter":7}"#;
    /// let credential: vaultvision_client::models::OtherCredential = serde_json::from_str(json)?;
    /// assert_eq!(credential.kind(), "PasskeyCredential");
    /// assert_eq!(credential.unknown().get("counter"), Some("7"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    OtherCredential expects "a credential" needs id {
        /// The vendor's name of the kind.
        "type" => kind: text;
        /// The id.
        "id" => id: text;
        /// When it was made.
        "created_at" => created_at: time;
        /// When it was changed last.
        "updated_at" => updated_at: time;
        /// A program's own pairs.
        "metadata" => metadata, metadata_mut: object<Metadata>;
        /// Whether it can't be used for logging in.
        "disabled" => disabled, set_disabled: flag;
    }
}

/// A credential of any kind.
///
/// ```
/// use vaultvision_client::models::Credential;
///
/// let json = r#"{"type":"PasskeyCredential","id":"k1","key":{"counter":18446744073709551616}}"#;
/// let mut credential: Credential = serde_json::from_str(json)?;
/// assert!(credential.as_password().is_none());
/// credential.set_disabled(true);
/// let sent = serde_json::to_string(&credential)?;
/// assert!(sent.contains("18446744073709551616") && sent.contains(r#""disabled":true"#));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub enum Credential {
    /// A password.
    Password(PasswordCredential),
    /// Anything else.
    Other(OtherCredential),
}

/// The same member of either kind.
macro_rules! either {
    ($credential:expr, $inner:ident => $value:expr) => {
        match $credential {
            Self::Password($inner) => $value,
            Self::Other($inner) => $value,
        }
    };
}

impl Credential {
    /// The vendor's name of the kind, such as `PasswordCredential`.
    ///
    /// ```
    /// use vaultvision_client::models::Credential;
    ///
    /// fn line(credential: &Credential) -> String {
    ///     let since = credential.created_at().map_or("some time", |time| time.as_str());
    ///     let state = if credential.disabled() { "disabled" } else { "usable" };
    ///     format!("{} {}, {state}, since {since}", credential.kind(), credential.id())
    /// }
    /// ```
    #[must_use]
    pub fn kind(&self) -> &str {
        either!(self, inner => inner.kind())
    }

    /// The id; `password` for the password.
    #[must_use]
    pub fn id(&self) -> &str {
        either!(self, inner => inner.id())
    }

    /// When it was made.
    #[must_use]
    pub fn created_at(&self) -> Option<&Time> {
        either!(self, inner => inner.created_at())
    }

    /// When it was changed last.
    #[must_use]
    pub fn updated_at(&self) -> Option<&Time> {
        either!(self, inner => inner.updated_at())
    }

    /// Whether it can't be used for logging in.
    #[must_use]
    pub fn disabled(&self) -> bool {
        either!(self, inner => inner.disabled())
    }

    /// Sets whether it can be used for logging in.
    ///
    /// ```
    /// use vaultvision_client::models::{Credential, PasswordCredential};
    ///
    /// let mut credential = Credential::from(PasswordCredential::default());
    /// credential.set_disabled(true);
    /// assert!(credential.disabled());
    /// ```
    pub fn set_disabled(&mut self, disabled: bool) {
        either!(self, inner => inner.set_disabled(disabled));
    }

    /// A program's own pairs.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        either!(self, inner => inner.metadata())
    }

    /// The same for changing.
    ///
    /// ```
    /// use vaultvision_client::models::{Credential, PasswordCredential};
    ///
    /// let mut credential = Credential::from(PasswordCredential::default());
    /// credential.metadata_mut().insert("reset_by", "support");
    /// assert_eq!(credential.metadata().get("reset_by").as_deref(), Some("support"));
    /// ```
    pub fn metadata_mut(&mut self) -> &mut Metadata {
        either!(self, inner => inner.metadata_mut())
    }

    /// The password, if it is one.
    ///
    /// ```
    /// use vaultvision_client::models::{Credential, PasswordCredential};
    ///
    /// let credential = Credential::from(PasswordCredential::default());
    /// assert!(credential.as_password().is_some());
    /// ```
    #[must_use]
    pub fn as_password(&self) -> Option<&PasswordCredential> {
        match self {
            Self::Password(password) => Some(password),
            Self::Other(_) => None,
        }
    }

    /// The same for changing.
    ///
    /// ```
    /// use vaultvision_client::models::{Credential, NewPassword};
    ///
    /// fn reset(credential: &mut Credential, password: &NewPassword) {
    ///     if let Some(current) = credential.as_password_mut() {
    ///         current.set_password(password);
    ///     }
    /// }
    /// ```
    pub fn as_password_mut(&mut self) -> Option<&mut PasswordCredential> {
        match self {
            Self::Password(password) => Some(password),
            Self::Other(_) => None,
        }
    }
}

impl From<PasswordCredential> for Credential {
    fn from(password: PasswordCredential) -> Self {
        Self::Password(password)
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        either!(self, inner => inner.fmt(f))
    }
}

impl Serialize for Credential {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        either!(self, inner => inner.serialize(serializer))
    }
}

impl<'de> Deserialize<'de> for Credential {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(CredentialVisitor)
    }
}

/// Reads members until it knows the kind, which stands first in every sample, and then straight into the right type.
struct CredentialVisitor;

impl<'de> Visitor<'de> for CredentialVisitor {
    type Value = Credential;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a credential")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Credential, A::Error> {
        let mut early = Unknown::default();
        let mut kind = None;
        while let Some(name) = map.next_key_seed(NameSeed)? {
            if name == "type" {
                let raw = map.next_value::<Box<RawValue>>()?;
                kind = serde_json::from_str::<String>(raw.get()).ok();
                early.keep("type", &*raw).map_err(A::Error::custom)?;
                break;
            }
            map.next_value_seed(Member { object: &mut early, name: &name })?;
        }
        if kind.as_deref() == Some(PASSWORD) {
            rest(&early, map).map(Credential::Password)
        } else {
            rest(&early, map).map(Credential::Other)
        }
    }
}

fn rest<'de, T: Whole, A: MapAccess<'de>>(early: &Unknown, mut map: A) -> Result<T, A::Error> {
    let mut object = T::default();
    for (name, raw) in early.raw() {
        object.take(name, raw).map_err(A::Error::custom)?;
    }
    while let Some(name) = map.next_key_seed(NameSeed)? {
        map.next_value_seed(Member { object: &mut object, name: &name })?;
    }
    match object.missing() {
        None => Ok(object),
        Some(name) => Err(A::Error::missing_field(name)),
    }
}
