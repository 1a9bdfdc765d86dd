//! Vault Vision's management API: tenants, their applications and users, and the users' credentials.
//!
//! Documented by the vendor: the 18 paths, the bearer key, whole objects replaced by POST, the id in the path taking precedence
//! over one in the body, ids and times that a body can't change, zero values omitted from responses, deletions that return the
//! last version, lists with `total`, `count` and `limit` 100, the error object, the limits of metadata, and the import of
//! passwords.
//!
//! Everything else is an assumption, marked "Assumption" with its id where it is made; docs/assumptions.md lists them.
//! Assumptions that a client could notice are [`Settings`].
//!
//! Assumption (check-order): a request is checked in the order proxy, path, method, key, permission, tenant configuration,
//! existence, body, conflict; the first failure determines the response.
//!
//! Assumption (error-codes): the codes other than `authentication_failure`, and their statuses: 400 `invalid_request`,
//! `invalid_metadata` and `bcrypt_cost`, 403 `permission_denied`, 404 `not_found`, 409 `email_taken` and `credential_exists`,
//! 500 `tenant_configuration`.
//!
//! Assumption (lists): lists are in the order of creation and are cut off at the limit; there are no parameters.
//!
//! Modules: `openid` has the logins by OpenID Connect; `tree.rs` is JSON that keeps numbers exactly, `state.rs` stores the objects and replaces them, `passwords.rs`
//! imports passwords, `types.rs` checks the types of fields, `login.rs` has the rules of logins, `access.rs` checks the key and its
//! permissions, `replies.rs` formats responses, `settings.rs` has the settings, `operations.rs` executes requests, `provider.rs` is
//! the provider, `handle.rs` the typed handle.

mod access;
mod handle;
mod hashing;
mod login;
mod openid;
mod operations;
mod passwords;
mod provider;
mod replies;
mod settings;
mod state;
mod tree;
mod types;

pub use self::handle::VaultVision;
pub use self::openid::TestLogin;
pub(crate) use self::provider::VaultVisionProvider;
pub use self::settings::{CreateStatus, IdTokenFlaw, Permission, Permissions, SecondPassword, Settings};
