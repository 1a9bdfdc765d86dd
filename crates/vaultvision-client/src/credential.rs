//! Credentials: what a user logs in with.
//!
//! Only passwords are documented. Other kinds (passkeys, social logins, one-time codes) are part of the same lists.
//! Their names and fields are not documented, so they are sent back unchanged, except for the two fields that the
//! vendor allows to change.

use crate::metadata::Metadata;
use crate::password::{NewPassword, PasswordHash};
use crate::whole::whole_object;
use auth_client_core::DateTime;
use auth_client_core::provider::record::{self, Exposed, Field, Fit, Form, Object, Reading, Slot};
use serde::{Serialize, Serializer};
use std::fmt;

const PASSWORD: &str = "PasswordCredential";

whole_object! {
    /// A user's password. A user has at most one, with the id `password`.
    ///
    /// ```
    /// let json = r#"{"type":"PasswordCredential","id":"password","disabled":true}"#;
    /// let mut credential: vaultvision_client::models::PasswordCredential = serde_json::from_str(json)?;
    /// credential.set_disabled(false);
    /// credential.metadata_mut().insert("reset_by", "support");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    PasswordCredential expects "a password credential" {
        /// `PasswordCredential`.
        "type" => kind: text;
        /// `password`.
        "id" required => id: text;
        /// Time of creation.
        "created_at" => created_at: time;
        /// Time of the last change.
        "updated_at" => updated_at: time;
        /// Custom key-value pairs.
        "metadata" => metadata, metadata_mut: object<Metadata>;
        /// `true` if logins with it are blocked.
        "disabled" => disabled, set_disabled: flag;
        /// The stored hash.
        "password" => password: object<PasswordHash>;
    }
}

whole_object!(open: PasswordCredential);

impl PasswordCredential {
    /// Replaces the password. Unknown fields of the stored password are kept.
    ///
    /// ```
    /// use vaultvision_client::models::{NewPassword, PasswordAlgorithm, PasswordCredential};
    ///
    /// let mut credential = PasswordCredential::default();
    /// credential.set_password(&NewPassword::plain("correct horse"));
    /// assert_eq!(credential.password().algorithm(), PasswordAlgorithm::Plain);
    /// ```
    pub fn set_password(&mut self, password: &NewPassword) {
        self.password.value_mut().replace(password.hash());
    }
}

whole_object! {
    /// A credential of a kind that this version doesn't know. The vendor allows changes of `disabled` and `metadata`;
    /// all other fields are in [`unknown`](Self::unknown) and are sent back unchanged.
    ///
    /// ```
    /// let json = r#"{"type":"PasskeyCredential","id":"k1","counter":7}"#;
    /// let credential: vaultvision_client::models::OtherCredential = serde_json::from_str(json)?;
    /// assert_eq!(credential.kind(), "PasskeyCredential");
    /// assert_eq!(credential.unknown().get_raw("counter"), Some("7"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    OtherCredential expects "a credential" {
        /// The vendor's name of the kind.
        "type" => kind: text;
        /// Id of the credential.
        "id" required => id: text;
        /// Time of creation.
        "created_at" => created_at: time;
        /// Time of the last change.
        "updated_at" => updated_at: time;
        /// Custom key-value pairs.
        "metadata" => metadata, metadata_mut: object<Metadata>;
        /// `true` if logins with it are blocked.
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
    /// A credential of another kind.
    Other(OtherCredential),
}

/// Accesses the same field of either kind.
macro_rules! either {
    ($credential:expr, $inner:ident => $value:expr) => {
        match $credential {
            Self::Password($inner) => $value,
            Self::Other($inner) => $value,
        }
    };
}

impl Credential {
    /// Returns the vendor's name of the kind, such as `PasswordCredential`.
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

    /// Returns the id; `password` for a password.
    #[must_use]
    pub fn id(&self) -> &str {
        either!(self, inner => inner.id())
    }

    /// Returns the time of creation.
    #[must_use]
    pub fn created_at(&self) -> Option<&DateTime> {
        either!(self, inner => inner.created_at())
    }

    /// Returns the time of the last change.
    #[must_use]
    pub fn updated_at(&self) -> Option<&DateTime> {
        either!(self, inner => inner.updated_at())
    }

    /// Returns `true` if logins with it are blocked.
    #[must_use]
    pub fn disabled(&self) -> bool {
        either!(self, inner => inner.disabled())
    }

    /// Sets whether logins with it are blocked.
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

    /// Custom key-value pairs.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        either!(self, inner => inner.metadata())
    }

    /// Returns the custom key-value pairs for modification.
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

    /// Returns the password, if the credential is one.
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

    /// Returns the password for modification, if the credential is one.
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

impl Credential {
    /// Returns the request body, including secrets: the object as it was read, with the hash in the format of a single
    /// GET.
    ///
    /// Assumption (password-update): the server accepts this format only. Lists have another one, base64 with a `cost`;
    /// if the server stored that as the hash, the user could not log in any more.
    pub(crate) fn to_body(&self) -> impl Serialize {
        let mut sent = self.clone();
        if let Self::Password(PasswordCredential { password, .. }) = &mut sent
            && password.is_present()
        {
            password.value_mut().unify();
        }
        Sent(sent)
    }

    /// Converts a credential to the kind in its `type`.
    fn of_kind(other: OtherCredential) -> Result<Self, &'static str> {
        if other.kind() != PASSWORD {
            return Ok(Self::Other(other));
        }
        let OtherCredential { kind, id, created_at, updated_at, metadata, disabled, mut unknown } = other;
        let password = match unknown.get_raw("password") {
            Some(json) => record::read_at::<Slot<PasswordHash>>(json, Reading::Typed)?,
            None => Slot::default(),
        };
        unknown.remove("password");
        let known =
            PasswordCredential { kind, id, created_at, updated_at, metadata, disabled, password, unknown };
        Ok(Self::Password(known))
    }
}

/// A credential in a request, with its secrets.
struct Sent(Credential);

impl Serialize for Sent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Exposed(&self.0).serialize(serializer)
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        either!(self, inner => inner.fmt(f))
    }
}

/// Compares all fields except secrets.
impl PartialEq for Credential {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Password(one), Self::Password(other)) => one == other,
            (Self::Other(one), Self::Other(other)) => one == other,
            _ => false,
        }
    }
}

/// As an element of a list. It is decoded as the general kind first, because the `type` is known only at the end of the
/// object.
#[doc(hidden)]
impl Field for Credential {
    fn blank() -> Self {
        Self::Other(OtherCredential::default())
    }

    fn expected(&self) -> &'static str {
        "a credential"
    }

    fn object(&mut self) -> Option<Object<'_>> {
        *self = Self::blank();
        either!(self, inner => inner.object())
    }

    fn end(&mut self) -> Fit {
        let read = std::mem::replace(self, Self::blank());
        *self = match read {
            Self::Other(other) => Self::of_kind(other)?,
            known => known,
        };
        Ok(())
    }

    fn form(&self) -> Form<'_> {
        either!(self, inner => inner.form())
    }
}

auth_client_core::provider::serde_by_field!(Credential);
