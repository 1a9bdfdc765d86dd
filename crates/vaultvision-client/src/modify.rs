//! Partial updates of objects that the API only replaces as a whole: read, change, check, write, check again.
//!
//! The API has neither versions nor conditional writes, so two programs can undo each other's changes without an error.
//! Two additional checks detect almost all of these cases. The check before the write detects an earlier change, and
//! nothing is written then. The check after the write detects a change that overwrote this one. A change between the
//! first check and the write, about the duration of one call, is not detected.
//!
//! Objects are compared field by field in their JSON. A zero equals an absent field, because the API omits zeros.
//! Fields that only the server sets are ignored.

use crate::Call;
use crate::check::Check;
use crate::error::Error;
use crate::leaves::{Leaves, differences, leaves};
use auth_client_core::provider::check;
use serde::Serialize;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

/// Result of a partial update.
///
/// ```
/// use vaultvision_client::Modified;
/// use vaultvision_client::models::User;
///
/// fn outcome(modified: Modified<User>) -> String {
///     match modified {
///         Modified::Written(user) => format!("{} is written", user.id()),
///         Modified::Unchanged(_) => "nothing to change".to_owned(),
///         // Names of fields, but not their values.
///         Modified::Lost(lost) => format!("changed concurrently: {}", lost.fields.join(", ")),
///     }
/// }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a lost update is a value, not an error"]
#[expect(clippy::exhaustive_enums, reason = "a conflict must not be overlooked")]
pub enum Modified<T> {
    /// The object was written; this is the object in the response.
    Written(T),
    /// The closure changed nothing, so nothing was written.
    Unchanged(T),
    /// The object was changed concurrently.
    Lost(LostUpdate<T>),
}

impl<T> Modified<T> {
    /// Returns the current object, or the lost update as an error.
    ///
    /// ```no_run
    /// # async fn example(client: &vaultvision_client::Client) -> Result<(), vaultvision_client::Error> {
    /// let change = client.tenants().modify("CmKJPDorO34hGJ0J", |tenant| tenant.set_name("acme02")).await?;
    /// match change.into_result() {
    ///     Ok(tenant) => println!("{}", tenant.name()),
    ///     Err(lost) => println!("{lost}"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`LostUpdate`], boxed for its size.
    pub fn into_result(self) -> Result<T, Box<LostUpdate<T>>> {
        match self {
            Self::Written(object) | Self::Unchanged(object) => Ok(object),
            Self::Lost(lost) => Err(Box::new(lost)),
        }
    }

    /// Returns `true` if the object was changed concurrently.
    ///
    /// ```
    /// use vaultvision_client::Modified;
    /// use vaultvision_client::models::Tenant;
    ///
    /// assert!(!Modified::Unchanged(Tenant::default()).is_lost());
    /// ```
    #[must_use]
    pub fn is_lost(&self) -> bool {
        matches!(self, Self::Lost(_))
    }
}

/// The check that detected a concurrent change.
///
/// ```
/// use vaultvision_client::{ConflictPhase, LostUpdate};
///
/// fn may_be_overwritten<T>(lost: &LostUpdate<T>) -> bool {
///     lost.phase != ConflictPhase::BeforeWrite
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConflictPhase {
    /// Before the write: nothing was written or lost. Apply the change again to the current object.
    BeforeWrite,
    /// In the response to the write: other fields differ too, so a concurrent change was overwritten or made at the
    /// same time.
    DuringWrite,
    /// After the write: the changed fields have other values again, so this change was overwritten.
    AfterWrite,
}

/// A concurrent change of the object.
///
/// ```
/// use vaultvision_client::LostUpdate;
/// use vaultvision_client::models::User;
///
/// fn report(lost: &LostUpdate<User>) -> String {
///     format!("{lost}; the name is now {} instead of {}", lost.current.profile().name(), lost.attempted.profile().name())
/// }
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct LostUpdate<T> {
    /// The check that detected the change.
    pub phase: ConflictPhase,
    /// The object that was written, or would have been written.
    pub attempted: T,
    /// The current object.
    pub current: T,
    /// Paths of the affected fields, such as `settings.allow_signups`.
    pub fields: Vec<String>,
}

/// Prints paths without values.
impl<T> fmt::Debug for LostUpdate<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LostUpdate")
            .field("phase", &self.phase)
            .field("fields", &self.fields)
            .finish_non_exhaustive()
    }
}

impl<T> fmt::Display for LostUpdate<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.phase {
            ConflictPhase::BeforeWrite => "the object was changed concurrently, so nothing was written",
            ConflictPhase::DuringWrite => {
                "the object was changed concurrently, and that change may have been overwritten"
            }
            ConflictPhase::AfterWrite => "a concurrent change overwrote this one",
        })?;
        if self.fields.is_empty() { Ok(()) } else { write!(f, ": {}", self.fields.join(", ")) }
    }
}

impl<T> std::error::Error for LostUpdate<T> {}

/// An object that the API replaces as a whole.
pub(crate) trait Replaced: Serialize + Clone + Check + Send + Sync + 'static {
    fn id(&self) -> &str;
    fn updated_at(&self) -> Option<&str>;
}

macro_rules! replaced {
    ($($name:ty),*) => {$(
        impl Replaced for $name {
            fn id(&self) -> &str {
                self.id()
            }

            fn updated_at(&self) -> Option<&str> {
                self.updated_at().map(auth_client_core::DateTime::as_str)
            }
        }
    )*};
}
replaced!(crate::models::Tenant, crate::models::Application, crate::models::User, crate::models::Credential);

type Read<'a, T> = Box<dyn Fn() -> Call<T> + Send + Sync + 'a>;
type Write<'a, T> = Box<dyn Fn(&T) -> Call<T> + Send + Sync + 'a>;

/// A partial update; `.await` runs it.
///
/// ```no_run
/// # async fn run(vault: &vaultvision_client::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use vaultvision_client::Modified;
///
/// let tenants = vault.tenants();
/// let change = tenants.modify("CmKJPDorO34hGJ0J", |tenant| tenant.settings_mut().set_allow_unverified(false));
/// match change.await? {
///     Modified::Written(tenant) | Modified::Unchanged(tenant) => println!("{}", tenant.name()),
///     Modified::Lost(lost) => println!("{lost}"),
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is sent until the update is awaited"]
pub struct Modify<'a, T, F> {
    id: &'a str,
    operation: &'static str,
    read: Read<'a, T>,
    write: Write<'a, T>,
    change: F,
    looks: bool,
    rounds: u32,
}

impl<T, F> fmt::Debug for Modify<'_, T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Modify").field("operation", &self.operation).finish_non_exhaustive()
    }
}

#[expect(private_bounds, reason = "only objects of this crate are replaced")]
impl<'a, T: Replaced, F: FnMut(&mut T) + Send> Modify<'a, T, F> {
    pub(crate) fn new(
        id: &'a str,
        operation: &'static str,
        read: impl Fn() -> Call<T> + Send + Sync + 'a,
        write: impl Fn(&T) -> Call<T> + Send + Sync + 'a,
        change: F,
    ) -> Self {
        Self { id, operation, read: Box::new(read), write: Box::new(write), change, looks: true, rounds: 0 }
    }

    /// Skips the checks before and after the write: two calls instead of four. A concurrent change is then
    /// detected only if the response to the write shows it.
    ///
    /// ```no_run
    /// # async fn example(client: &vaultvision_client::Client) -> Result<(), vaultvision_client::Error> {
    /// let tenants = client.tenants();
    /// let change = tenants.modify("CmKJPDorO34hGJ0J", |tenant| tenant.set_name("acme02")).skip_checks();
    /// println!("{}", change.await?.is_lost());
    /// # Ok(())
    /// # }
    /// ```
    pub fn skip_checks(mut self) -> Self {
        self.looks = false;
        self
    }

    /// Sets how many times the change is applied again if a concurrent change is detected before the write. Default: 0,
    /// so that the closure runs once.
    ///
    /// ```no_run
    /// # async fn example(client: &vaultvision_client::Client) -> Result<(), vaultvision_client::Error> {
    /// let tenants = client.tenants();
    /// let change = tenants.modify("CmKJPDorO34hGJ0J", |tenant| tenant.set_name("acme02")).max_retries(3);
    /// println!("{}", change.await?.is_lost());
    /// # Ok(())
    /// # }
    /// ```
    pub fn max_retries(mut self, times: u32) -> Self {
        self.rounds = times;
        self
    }

    async fn run(mut self) -> Result<Modified<T>, Error> {
        let (mut before, mut is_damaged) = look(&self.read, self.id, self.operation).await?;
        loop {
            let mut attempted = before.clone();
            (self.change)(&mut attempted);
            if attempted.id() != before.id() {
                let reason = "must not replace the object by another one";
                return Err(refuse(auth_client_core::Error::invalid_input(self.operation, "id", reason)));
            }
            let (old, new) = (leaves(&before), leaves(&attempted));
            let changed = differences(&old, &new);
            if changed.is_empty() {
                return Ok(Modified::Unchanged(before));
            }
            if is_damaged {
                self.intact(&attempted, &new)?;
            }
            if self.looks {
                let (current, damaged) = look(&self.read, self.id, self.operation).await?;
                let fields = differences(&old, &leaves(&current));
                if !fields.is_empty() || current.updated_at() != before.updated_at() {
                    if self.rounds > 0 {
                        self.rounds -= 1;
                        (before, is_damaged) = (current, damaged);
                        continue;
                    }
                    return Ok(lost(ConflictPhase::BeforeWrite, attempted, current, fields));
                }
            }
            let response = (self.write)(&attempted).await?;
            let received = leaves(&response);
            // The server may modify written values: it hashes passwords and drops unknown fields.
            let foreign: Vec<String> = differences(&new, &received)
                .into_iter()
                .filter(|path| !touches(&changed, path) && !is_the_vendors(path))
                .collect();
            if !foreign.is_empty() {
                return Ok(lost(ConflictPhase::DuringWrite, attempted, response, foreign));
            }
            if self.looks {
                let (current, _) = look(&self.read, self.id, self.operation).await?;
                let fields: Vec<String> = differences(&received, &leaves(&current))
                    .into_iter()
                    .filter(|path| touches(&changed, path))
                    .collect();
                if !fields.is_empty() {
                    return Ok(lost(ConflictPhase::AfterWrite, attempted, current, fields));
                }
            }
            return Ok(Modified::Written(response));
        }
    }

    /// Returns an error if the object contains characters that were lost when it was read.
    fn intact(&self, attempted: &T, fields: &Leaves) -> Result<(), Error> {
        let fields = fields.iter().map(|(path, json)| (path.as_str(), &**json));
        // Leaves have no zeros, whose names may be damaged, too.
        let whole = serde_json::to_string(attempted).unwrap_or_default();
        check::not_damaged(self.operation, fields.chain([("", &*whole)])).map_err(refuse)
    }
}

fn lost<T>(phase: ConflictPhase, attempted: T, current: T, fields: Vec<String>) -> Modified<T> {
    Modified::Lost(LostUpdate { phase, attempted, current, fields })
}

/// Reads the object and checks its id. Also returns whether characters of it may be lost.
async fn look<T: Replaced>(
    read: &Read<'_, T>,
    id: &str,
    operation: &'static str,
) -> Result<(T, bool), Error> {
    let reply = read().reply().await?;
    if reply.value.id() == id {
        let is_damaged = reply.is_damaged();
        return Ok((reply.value, is_damaged));
    }
    let reason = "the response contains another object than the requested one";
    Err(refuse(auth_client_core::Error::invalid_response(operation, reason)))
}

fn refuse(error: auth_client_core::Error) -> Error {
    error.with_provider("vaultvision").into()
}

impl<'a, T: Replaced, F: FnMut(&mut T) + Send + 'a> IntoFuture for Modify<'a, T, F> {
    type Output = Result<Modified<T>, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// Returns whether the server sets this field.
fn is_the_vendors(path: &str) -> bool {
    matches!(
        path,
        "type"
            | "id"
            | "created_at"
            | "updated_at"
            | "verified_at"
            | "profile.email_verified"
            | "password.cost"
    )
}

/// Returns whether a path equals, contains or is inside one of these paths, or belongs to the same password:
/// algorithm, hash and cost change together.
fn touches(changed: &[String], path: &str) -> bool {
    let under = |one: &str, other: &str| one.strip_prefix(other).is_some_and(|rest| rest.starts_with('.'));
    changed.iter().any(|known| {
        known == path
            || under(known, path)
            || under(path, known)
            || (known.starts_with("password.") && path.starts_with("password."))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_changes_as_one() {
        let changed = ["password.hash".to_owned(), "metadata.a".to_owned()];
        for (path, expected) in [
            ("password.alg", true),
            ("password.cost", true),
            ("metadata.a", true),
            ("metadata", true),
            ("metadata.a.b", true),
            ("metadata.ab", false),
            ("disabled", false),
        ] {
            assert_eq!(touches(&changed, path), expected, "{path}");
        }
    }
}
