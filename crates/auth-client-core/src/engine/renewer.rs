//! Implemented by provider crates to renew their credentials.

use async_trait::async_trait;
use auth_core::token::Lifetime;
use auth_core::{CredentialError, InvalidCredential, Sign};
use http::{HeaderMap, StatusCode};
use std::fmt;
use std::sync::Arc;

/// A new credential and its lifetime.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "made by provider crates")]
pub struct Renewed<M> {
    /// The credential, in a type of the provider crate.
    pub material: M,
    /// The lifetime of the credential.
    pub lifetime: Lifetime,
}

/// Login and renewal of one provider's credential.
///
/// ```
/// use async_trait::async_trait;
/// use auth_core::scheme::Bearer;
/// use auth_core::secret::SecretString;
/// use auth_core::token::Lifetime;
/// use auth_core::{CredentialError, InvalidCredential, Sign};
/// use auth_client_core::provider::{Renew, Renewed};
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// #[derive(Debug)]
/// struct Login;
///
/// #[async_trait]
/// impl Renew for Login {
///     type Material = SecretString;
///
///     async fn renew(&self, _: Option<Arc<SecretString>>) -> Result<Renewed<SecretString>, CredentialError> {
///         // Call the provider's login here.
///         let material = SecretString::from("new-token");
///         Ok(Renewed { material, lifetime: Lifetime::For(Duration::from_secs(3600)) })
///     }
///
///     fn signer(&self, token: &SecretString) -> Result<Arc<dyn Sign>, InvalidCredential> {
///         Ok(Arc::new(Bearer::new(token)?))
///     }
/// }
/// ```
#[async_trait]
pub trait Renew: Send + Sync + fmt::Debug + 'static {
    /// The credential in a type of the provider crate, such as a token pair or a session.
    type Material: Send + Sync + 'static;

    /// Obtains a new credential; `held` is the current one, if any.
    ///
    /// At most one renewal runs at a time, and it runs to completion even if its caller is dropped. Before it returns,
    /// it must store anything that must not be lost, such as a rotated refresh token. It must always return; calls made
    /// through an [`Engine`](crate::provider::Engine) do.
    ///
    /// # Errors
    ///
    /// [`CredentialError`], definitive if another attempt with the same login can't succeed. If a definitive error has
    /// a [`retry_after`](CredentialError::retry_after), the engine starts the renewal again after that time, to check
    /// whether another process has replaced the credentials. The renewal must not send rejected credentials again.
    /// Without one, only [`RenewingCredential::install`](crate::provider::RenewingCredential::install) ends the
    /// failure.
    async fn renew(
        &self,
        held: Option<Arc<Self::Material>>,
    ) -> Result<Renewed<Self::Material>, CredentialError>;

    /// Returns what the renewal is waiting for, such as "the token endpoint", for the error of a call whose time limit passes
    /// in the meantime.
    fn waits_for(&self) -> Option<&'static str> {
        None
    }

    /// Creates the signer for this credential.
    ///
    /// # Errors
    ///
    /// [`InvalidCredential`] if the credential is invalid.
    fn signer(&self, material: &Self::Material) -> Result<Arc<dyn Sign>, InvalidCredential>;

    /// Returns `true` if the server has just issued this credential. A credential from another source, such as a store,
    /// may be renewed immediately if the server rejects it.
    fn is_fresh(&self, material: &Self::Material) -> bool {
        let _ = material;
        true
    }

    /// Returns the effect of a response, with any status, on the credential of its request.
    fn observe(&self, material: &Self::Material, status: StatusCode, headers: &HeaderMap) -> Observed {
        let _ = (material, status, headers);
        Observed::Unchanged
    }
}

/// Effect of a response on the credential that its request was signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Observed {
    /// No effect.
    Unchanged,
    /// The credential is no longer valid.
    Ended,
    /// The credential now has this lifetime, counted from the response.
    Lifetime(Lifetime),
}
