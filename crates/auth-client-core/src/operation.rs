//! What is known about an operation before it is called: data, generated from the API description.

use http::Method;

/// Whether a call may be repeated by itself.
///
/// The class is stated for every operation in its description and never guessed from the method: there are reading
/// POSTs and deleting GETs.
///
/// ```
/// use auth_client_core::Idempotency;
/// use auth_client_core::provider::Operation;
/// use http::Method;
///
/// // A POST that only looks.
/// let search = Operation::new("items.search", Method::POST, "/search", Idempotency::Read);
/// assert_eq!(search.idempotency(), Idempotency::Read);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Idempotency {
    /// Changes nothing. Repeated within policy, quota and deadline.
    Read,
    /// Changes something, but twice is the same as once. Repeated like a read.
    IdempotentWrite,
    /// Each execution counts. Repeated only when it is certain that it was not executed.
    Write,
}

/// How the list that an operation answers with is cut into pages.
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
    /// By the query parameters `skip`, how many rows to leave out, and `take`, how many to give.
    SkipTake {
        /// The largest `take` that the vendor documents.
        max_take: Option<u32>,
    },
}

/// Metadata of one operation.
///
/// ```
/// use auth_client_core::Idempotency;
/// use auth_client_core::provider::Operation;
/// use http::{Method, StatusCode};
///
/// static START: Operation =
///     Operation::new("users.start", Method::POST, "/service/{service_id}/users/{user_id}/auth", Idempotency::Write)
///         .success(&[201])
///         .not_executed_on(&[429])
///         .sensitive();
/// assert_eq!((START.id(), START.method(), START.idempotency()), ("users.start", &Method::POST, Idempotency::Write));
/// assert!(START.is_success(StatusCode::CREATED) && !START.is_success(StatusCode::OK));
/// assert!(START.is_not_executed(StatusCode::TOO_MANY_REQUESTS));
/// assert!(START.is_sensitive() && START.paging().is_none());
/// # assert!(START.path().starts_with("/service/"));
/// ```
#[derive(Clone, Debug)]
pub struct Operation {
    id: &'static str,
    method: Method,
    path: &'static str,
    idempotency: Idempotency,
    success: &'static [u16],
    not_executed_on: &'static [u16],
    sensitive: bool,
    paging: Option<Paging>,
}

impl Operation {
    /// An operation of this name, method, path template and class.
    #[must_use]
    pub const fn new(id: &'static str, method: Method, path: &'static str, idempotency: Idempotency) -> Self {
        Self {
            id,
            method,
            path,
            idempotency,
            success: &[],
            not_executed_on: &[],
            sensitive: false,
            paging: None,
        }
    }

    /// Names the only statuses that count as success; without it any 2xx does.
    #[must_use]
    pub const fn success(mut self, statuses: &'static [u16]) -> Self {
        self.success = statuses;
        self
    }

    /// Names the error statuses with which the vendor says that nothing was executed, so that a write may be repeated.
    #[must_use]
    pub const fn not_executed_on(mut self, statuses: &'static [u16]) -> Self {
        self.not_executed_on = statuses;
        self
    }

    /// Marks an operation whose bodies carry secrets: not even their sizes are logged.
    #[must_use]
    pub const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// Says how the list in the answer is cut into pages.
    #[must_use]
    pub const fn paged(mut self, paging: Paging) -> Self {
        self.paging = Some(paging);
        self
    }

    /// The name, such as `users.start`.
    #[must_use]
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path template below the client's prefix.
    #[must_use]
    pub fn path(&self) -> &'static str {
        self.path
    }

    /// Whether it may be repeated.
    #[must_use]
    pub fn idempotency(&self) -> Idempotency {
        self.idempotency
    }

    /// Whether its bodies carry secrets.
    #[must_use]
    pub fn is_sensitive(&self) -> bool {
        self.sensitive
    }

    /// How the list in the answer is cut into pages; `None` when it is not.
    #[must_use]
    pub fn paging(&self) -> Option<Paging> {
        self.paging
    }

    /// Whether this status is success.
    #[must_use]
    pub fn is_success(&self, status: http::StatusCode) -> bool {
        if self.success.is_empty() { status.is_success() } else { self.success.contains(&status.as_u16()) }
    }

    /// Whether the vendor says of this status that nothing was executed.
    #[must_use]
    pub fn is_not_executed(&self, status: http::StatusCode) -> bool {
        self.not_executed_on.contains(&status.as_u16())
    }

    pub(crate) fn with_idempotency(mut self, idempotency: Idempotency) -> Self {
        self.idempotency = idempotency;
        self
    }
}
