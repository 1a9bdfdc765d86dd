//! Credential sources: the current signer, and the reaction to a rejected credential.
//!
//! For each attempt, the engine obtains a snapshot from a [`CredentialSource`]: a signer, the origin it is bound to,
//! and a generation. If the server rejects the credential, the engine reports the generation that it used, so that a
//! late rejection of an old credential never discards a new one.

use crate::clock::Now;
use crate::origin::Origin;
use crate::sign::Sign;
use async_trait::async_trait;
use http::{HeaderMap, StatusCode};
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The number of a credential of a source. Each renewal increments it.
///
/// ```
/// use auth_core::Generation;
///
/// let first = Generation::new(1);
/// assert!(first.next() > first);
/// assert_eq!(first.next().number(), 2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Generation(u64);

impl Generation {
    /// Creates a generation with this number.
    #[must_use]
    pub fn new(number: u64) -> Self {
        Self(number)
    }

    /// Returns the number.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }

    /// Returns the following generation.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// A snapshot of a credential: immutable, cheap to clone, bound to one origin.
///
/// ```
/// use auth_core::{Credential, Generation, Origin, scheme::Bearer, secret::SecretString};
/// use std::sync::Arc;
///
/// let signer = Arc::new(Bearer::new(&SecretString::from("key"))?);
/// let origin = Arc::new(Origin::https("api.example.com"));
/// let credential = Credential::new(signer, origin, Generation::new(3));
/// assert_eq!(credential.origin().host(), "api.example.com");
/// assert_eq!(credential.generation().number(), 3);
/// assert_eq!(format!("{:?}", credential.signer()), "Bearer { value: Sensitive }");
/// # Ok::<(), auth_core::InvalidCredential>(())
/// ```
#[derive(Clone, Debug)]
pub struct Credential {
    signer: Arc<dyn Sign>,
    origin: Arc<Origin>,
    generation: Generation,
}

impl Credential {
    /// Creates a credential for use at `origin`.
    #[must_use]
    pub fn new(signer: Arc<dyn Sign>, origin: Arc<Origin>, generation: Generation) -> Self {
        Self { signer, origin, generation }
    }

    /// Returns the signer.
    #[must_use]
    pub fn signer(&self) -> &dyn Sign {
        &*self.signer
    }

    /// Returns the origin that the credential is bound to.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Returns the generation.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.generation
    }
}

/// Reaction to a rejected credential.
///
/// ```
/// use auth_core::{CredentialSource, Generation, Recovery, StaticCredential};
/// # use auth_core::{Clock, Origin, SystemClock, scheme::Bearer, secret::SecretString};
/// # let (key, origin) = (Bearer::new(&SecretString::from("key"))?, Origin::https("api.example.com"));
/// # let now = SystemClock::new().now();
///
/// let source = StaticCredential::new(key, origin);
/// assert_eq!(source.refused(Generation::default(), now), Recovery::Final, "there is no other key");
/// # Ok::<(), auth_core::InvalidCredential>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the engine must act on each")]
pub enum Recovery {
    /// No recovery: the rejection is the result of the call.
    Final,
    /// Obtain the credential again: the source has, or will renew, another one.
    TryAgain,
}

/// A source of credentials.
///
/// [`StaticCredential`] is the source for keys that never change. A source that renews, such as OAuth2 or a login
/// session, is built on the state machine in [`crate::token`].
///
/// ```
/// use auth_core::{Credential, CredentialError, CredentialSource, Generation, Now, Origin};
/// use auth_core::{scheme::Bearer, secret::SecretString};
/// use std::sync::Arc;
///
/// /// Reads the key from a vault in which an operator rotates it.
/// #[derive(Debug)]
/// struct Rotated { origin: Arc<Origin> }
///
/// #[async_trait::async_trait]
/// impl CredentialSource for Rotated {
///     async fn obtain(&self, _: Now) -> Result<Credential, CredentialError> {
///         let key = SecretString::from("read from a vault");
///         let signer = Bearer::new(&SecretString::from("vv_key")).map_err(CredentialError::refused)?;
///         # drop(key);
///         Ok(Credential::new(Arc::new(signer), self.origin.clone(), Generation::default()))
///     }
/// }
/// ```
#[async_trait]
pub trait CredentialSource: Send + Sync + fmt::Debug {
    /// Returns the current credential if it is available without waiting.
    ///
    /// The engine calls this method first, which saves an allocation per call, and calls [`obtain`](Self::obtain) if it
    /// returns `None`.
    fn current(&self, now: Now) -> Option<Credential> {
        let _ = now;
        None
    }

    /// Returns the current credential, waiting for a renewal if necessary.
    ///
    /// # Errors
    ///
    /// [`CredentialError`] if no credential could be obtained.
    async fn obtain(&self, now: Now) -> Result<Credential, CredentialError>;

    /// Returns what [`obtain`](Self::obtain) is waiting for, such as "the token endpoint", for the error of a call whose time
    /// limit passes in the meantime.
    fn waits_for(&self) -> Option<&'static str> {
        None
    }

    /// Reports that the server rejected the credential of this generation.
    fn refused(&self, generation: Generation, now: Now) -> Recovery {
        let _ = (generation, now);
        Recovery::Final
    }

    /// Receives the status and headers of each response, for schemes in which a response changes the credential,
    /// such as cookies.
    fn observe(&self, generation: Generation, status: StatusCode, headers: &HeaderMap, now: Now) {
        let _ = (generation, status, headers, now);
    }
}

/// A credential that never changes.
///
/// ```
/// use auth_core::{Origin, StaticCredential, scheme::Bearer, secret::SecretString};
///
/// let key = Bearer::new(&SecretString::from("key"))?;
/// let credential = StaticCredential::new(key, Origin::https("api.example.com"));
/// # let _ = credential;
/// # Ok::<(), auth_core::InvalidCredential>(())
/// ```
#[derive(Clone, Debug)]
pub struct StaticCredential {
    credential: Credential,
}

impl StaticCredential {
    /// Creates a source that always returns this signer, bound to `origin`.
    #[must_use]
    pub fn new(signer: impl Sign + 'static, origin: Origin) -> Self {
        Self { credential: Credential::new(Arc::new(signer), Arc::new(origin), Generation::default()) }
    }
}

#[async_trait]
impl CredentialSource for StaticCredential {
    fn current(&self, _: Now) -> Option<Credential> {
        Some(self.credential.clone())
    }

    async fn obtain(&self, _: Now) -> Result<Credential, CredentialError> {
        Ok(self.credential.clone())
    }
}

/// The error of a credential that could not be obtained.
///
/// It prints its cause, or the message that was set, and its [`source`](std::error::Error::source) is what is not printed:
/// the cause of the cause, or the cause. Cheap to clone: all callers that waited for the same renewal receive the same
/// error.
///
/// ```
/// use auth_core::CredentialError;
/// use std::time::Duration;
///
/// let wrong = CredentialError::refused("the password is wrong");
/// let later = CredentialError::unavailable("the token endpoint is down").with_retry_after(Duration::from_secs(30));
/// assert!(wrong.is_definitive() && !later.is_definitive());
/// assert_eq!(wrong.to_string(), "the password is wrong");
/// assert_eq!(later.retry_after(), Some(Duration::from_secs(30)));
/// ```
#[derive(Clone)]
pub struct CredentialError {
    inner: Arc<Inner>,
}

#[derive(Clone)]
struct Inner {
    definitive: bool,
    /// Printed in place of the cause.
    message: Option<String>,
    retry_after: Option<Duration>,
    cause: Arc<dyn StdError + Send + Sync>,
}

impl CredentialError {
    /// Creates an error for a definitively rejected credential: a retry with the same credential can't succeed.
    #[must_use]
    pub fn refused(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(true, cause.into())
    }

    /// Creates an error for a temporary failure: a network error, a timeout, a server that is down.
    #[must_use]
    pub fn unavailable(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(false, cause.into())
    }

    /// Sets a message, which must not contain a secret. What was printed before becomes the source.
    ///
    /// ```
    /// # use auth_core::CredentialError;
    /// use std::error::Error;
    ///
    /// let error = CredentialError::refused("status 401").with_message("the login was refused");
    /// assert_eq!(error.to_string(), "the login was refused");
    /// assert!(error.is_definitive() && error.source().is_some(), "nothing else changes");
    /// ```
    #[must_use]
    pub fn with_message(self, message: impl Into<String>) -> Self {
        let mut inner = Arc::unwrap_or_clone(self.inner);
        if inner.message.is_some() {
            inner.cause = Arc::new(Self { inner: Arc::new(inner.clone()) });
        }
        inner.message = Some(message.into());
        Self { inner: Arc::new(inner) }
    }

    /// Sets the time until the next attempt.
    #[must_use]
    pub fn with_retry_after(self, retry_after: Duration) -> Self {
        let mut inner = Arc::unwrap_or_clone(self.inner);
        inner.retry_after = Some(retry_after);
        Self { inner: Arc::new(inner) }
    }

    /// Returns the cause, to find its type. It is not the [`source`](std::error::Error::source) if it is what is printed, as
    /// in `std::io::Error`.
    ///
    /// ```
    /// use auth_core::CredentialError;
    /// use auth_core::store::StoreError;
    ///
    /// let error = CredentialError::unavailable(StoreError::new("read", "no such file"));
    /// assert!(error.get_ref().is::<StoreError>());
    /// ```
    #[must_use]
    pub fn get_ref(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.inner.cause
    }

    /// Returns `true` if a retry can't succeed without new credentials from a user.
    #[must_use]
    pub fn is_definitive(&self) -> bool {
        self.inner.definitive
    }

    /// Returns the time until the next attempt, if known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.inner.retry_after
    }

    fn new(definitive: bool, cause: Box<dyn StdError + Send + Sync>) -> Self {
        let cause = Arc::from(cause);
        Self { inner: Arc::new(Inner { definitive, message: None, retry_after: None, cause }) }
    }
}

impl fmt::Debug for CredentialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialError")
            .field("definitive", &self.inner.definitive)
            .field("message", &self.inner.message)
            .field("retry_after", &self.inner.retry_after)
            .field("cause", &self.inner.cause.to_string())
            .finish()
    }
}

impl fmt::Display for CredentialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.inner.message {
            Some(message) => f.write_str(message),
            None => self.inner.cause.fmt(f),
        }
    }
}

impl StdError for CredentialError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self.inner.message {
            Some(_) => Some(self.get_ref()),
            None => self.inner.cause.source(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_error_prints_each_message_once() {
        use crate::store::{LockError, StoreError};

        let printed = |error: CredentialError| {
            let first: &(dyn StdError + 'static) = &error;
            let chain = std::iter::successors(Some(first), |&error| error.source());
            chain.map(ToString::to_string).collect::<Vec<_>>()
        };
        let lock = || LockError::Unavailable(StoreError::new("lock", "no space left"));
        let reason = "could not lock the token: token store: lock failed: no space left";
        let wait = Duration::from_secs(2);
        for (error, expected) in [
            (CredentialError::refused("wrong"), &["wrong"][..]),
            (CredentialError::refused("wrong").with_retry_after(wait), &["wrong"]),
            (CredentialError::unavailable(lock()), &[reason]),
            (CredentialError::unavailable(lock()).with_message("no lock"), &["no lock", reason]),
            (
                CredentialError::unavailable("a").with_message("b").with_retry_after(wait).with_message("c"),
                &["c", "b", "a"],
            ),
            (CredentialError::unavailable(CredentialError::refused("a").with_message("b")), &["b", "a"]),
        ] {
            assert_eq!(printed(error), expected);
        }
        let error = CredentialError::refused(lock()).with_retry_after(wait).with_message("no lock");
        assert_eq!((error.is_definitive(), error.retry_after()), (true, Some(wait)));
        assert!(error.get_ref().is::<LockError>());
    }
}
