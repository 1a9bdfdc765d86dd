//! A member that is a secret: sent back as it came, and shown to nobody.

use crate::kept::Zero;
use auth_client_core::auth_core::{ExposeSecret, SecretString};
use auth_client_core::provider::model;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

#[derive(Clone)]
pub(crate) struct SecretText(SecretString);

impl SecretText {
    pub(crate) fn new(secret: SecretString) -> Self {
        Self(secret)
    }

    pub(crate) fn as_secret(&self) -> &SecretString {
        &self.0
    }
}

impl Default for SecretText {
    fn default() -> Self {
        Self(SecretString::from(""))
    }
}

impl Zero for SecretText {
    fn is_zero(&self) -> bool {
        self.0.expose_secret().is_empty()
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        model::secret(deserializer).map(Self)
    }
}

impl Serialize for SecretText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        model::expose(&self.0, serializer)
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}
