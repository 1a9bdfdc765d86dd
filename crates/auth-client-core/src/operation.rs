//! Operation metadata, generated from the API description.

use crate::encode::path::{self, PathValue};
use crate::error::Error;
use http::Method;

/// Idempotency class of an operation, which determines whether it may be retried automatically.
///
/// The class is part of the operation's description and never derived from the HTTP method, because some APIs read with
/// POST or delete with GET.
///
/// ```
/// use auth_client_core::Idempotency;
/// use auth_client_core::provider::Operation;
/// use http::Method;
///
/// // A POST that only reads.
/// let search = Operation::new("items.search", Method::POST, "/search", Idempotency::Read);
/// assert_eq!(search.idempotency(), Idempotency::Read);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a retry rule must decide each")]
pub enum Idempotency {
    /// Changes nothing. Retried within policy, quota and deadline.
    Read,
    /// Changes something, but a second execution has no further effect. Retried like a read.
    IdempotentWrite,
    /// Each execution has an effect. Retried only if it was certainly not executed.
    Write,
}

/// Paging of the list in a response.
///
/// ```
/// use auth_client_core::Idempotency;
/// use auth_client_core::provider::{Operation, Paging};
/// use http::Method;
///
/// static LIST: Operation = Operation::new("items.list", Method::GET, "/items", Idempotency::Read)
///     .paged(Paging::SkipTake { max_take: Some(100) });
/// assert_eq!(LIST.paging(), Some(Paging::SkipTake { max_take: Some(100) }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Paging {
    /// By the query parameters `skip` (number of items to skip) and `take` (number of items to return).
    SkipTake {
        /// Maximum `take` that the vendor documents.
        max_take: Option<u32>,
    },
}

/// Metadata of one operation.
///
/// ```
/// use auth_client_core::Idempotency;
/// use auth_client_core::provider::Operation;
/// use http::Method;
///
/// static START: Operation =
///     Operation::new("users.start", Method::POST, "/service/{service_id}/users/{user_id}/auth", Idempotency::Write)
///         .not_executed_on(&[429])
///         .sensitive();
/// assert_eq!((START.id(), START.method(), START.idempotency()), ("users.start", &Method::POST, Idempotency::Write));
/// assert!(START.is_sensitive() && START.paging().is_none());
/// # assert!(START.path().starts_with("/service/"));
/// ```
#[derive(Clone, Debug)]
pub struct Operation {
    id: &'static str,
    method: Method,
    path: &'static str,
    idempotency: Idempotency,
    not_executed_on: &'static [u16],
    sensitive: bool,
    paging: Option<Paging>,
}

impl Operation {
    /// Creates an operation from its id, method, path template and idempotency class.
    #[must_use]
    pub const fn new(id: &'static str, method: Method, path: &'static str, idempotency: Idempotency) -> Self {
        Self { id, method, path, idempotency, not_executed_on: &[], sensitive: false, paging: None }
    }

    /// Sets the error statuses for which the vendor documents that nothing was executed, so that a write may be
    /// retried.
    #[must_use]
    pub const fn not_executed_on(mut self, statuses: &'static [u16]) -> Self {
        self.not_executed_on = statuses;
        self
    }

    /// Marks an operation whose bodies contain secrets, so that not even their sizes are logged.
    #[must_use]
    pub const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// Sets the paging of the list in the response.
    #[must_use]
    pub const fn paged(mut self, paging: Paging) -> Self {
        self.paging = Some(paging);
        self
    }

    /// Returns the operation id, such as `users.start`.
    #[must_use]
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// Returns the HTTP method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Returns the path template below the client's prefix.
    #[must_use]
    pub fn path(&self) -> &'static str {
        self.path
    }

    /// Returns the path with the values of its parameters, in order, each encoded as one segment.
    ///
    /// ```
    /// use auth_client_core::Idempotency;
    /// use auth_client_core::provider::Operation;
    /// use http::Method;
    ///
    /// let get = Operation::new("items.get", Method::GET, "/items/{item_id}", Idempotency::Read);
    /// assert_eq!(get.path_with(&["a/7".into()])?, "/items/a%2F7");
    /// assert!(get.path_with(&["..".into()]).is_err());
    /// # Ok::<(), auth_client_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) with the name of the parameter if a value is missing
    /// or can't be one segment: if it is empty, a dot segment, or has control characters.
    pub fn path_with(&self, values: &[PathValue<'_>]) -> Result<String, Error> {
        path::fill(self.id, "", self.path, values)
    }

    /// Returns the idempotency class.
    #[must_use]
    pub fn idempotency(&self) -> Idempotency {
        self.idempotency
    }

    /// Returns `true` if the bodies contain secrets.
    #[must_use]
    pub fn is_sensitive(&self) -> bool {
        self.sensitive
    }

    /// Returns the paging of the list in the response, or `None` if there is none.
    #[must_use]
    pub fn paging(&self) -> Option<Paging> {
        self.paging
    }

    /// Returns `true` if the vendor documents for this status that nothing was executed.
    pub(crate) fn is_not_executed(&self, status: http::StatusCode) -> bool {
        self.not_executed_on.contains(&status.as_u16())
    }

    pub(crate) fn with_idempotency(mut self, idempotency: Idempotency) -> Self {
        self.idempotency = idempotency;
        self
    }
}
