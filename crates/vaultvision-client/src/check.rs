//! Validation of bodies before sending; generated operations call it.

use crate::application::{Application, NewApplication};
use crate::credential::Credential;
use crate::metadata::Metadata;
use crate::password::NewPassword;
use crate::tenant::Tenant;
use crate::user::{NewUser, User};
use auth_client_core::Error;
use auth_client_core::provider::Operation;
use std::borrow::Cow;

/// A body with rules that can be checked before sending.
pub(crate) trait Check {
    /// Returns the field that violates a rule, and the reason without its value.
    fn violation(&self) -> Result<(), (&'static str, Cow<'static, str>)>;
}

/// Rejects a body that the vendor would reject.
pub(crate) fn check(operation: &'static Operation, body: &impl Check) -> Result<(), Error> {
    body.violation().map_err(|(field, reason)| Error::invalid_input(operation.id(), field, reason))
}

fn metadata(metadata: &Metadata) -> Result<(), (&'static str, Cow<'static, str>)> {
    metadata.check().map_err(|reason| ("metadata", reason))
}

macro_rules! check_metadata {
    ($($name:ident),*) => {$(
        impl Check for $name {
            fn violation(&self) -> Result<(), (&'static str, Cow<'static, str>)> {
                metadata(self.metadata())
            }
        }
    )*};
}
check_metadata!(Tenant, Application, NewApplication, User, NewUser, Credential);

impl Check for NewPassword {
    fn violation(&self) -> Result<(), (&'static str, Cow<'static, str>)> {
        self.invalid().map_err(|invalid| ("password", invalid.to_string().into()))?;
        metadata(self.metadata())
    }
}
