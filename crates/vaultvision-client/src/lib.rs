//! Client for the management API of **Vault Vision**: tenants, applications, users and credentials.
//!
//! Implements the API at `https://api.vaultvision.com/v1`, as documented by the vendor.
//!
//! # Example
//!
//! Changes one setting of a tenant, creates a user with a password from another system, and blocks the user:
//!
//! ```
//! use vaultvision_client::Client;
//! use vaultvision_client::models::{NewPassword, NewUser};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let emulator = auth_emulator::Emulator::start().await?;
//! # let at = emulator.vaultvision();
//! # let tenant = at.tenant_ids().remove(0);
//! # let tenant = tenant.as_str();
//! let vault = Client::new("vv_0000000000000000000000000000000")?;
//! # let vault = Client::builder(at.api_key()).base_url(at.base_url()).build()?;
//! vault.tenants().set(tenant, |settings| settings.set_allow_unverified(true)).await?.into_result()?;
//!
//! let users = vault.users(tenant);
//! let user = users.create(&NewUser::email("test01@example.test")).await?;
//! let digest = "c775e7b757ede630cd0aa1113bd102661ab38829ca52a6422ab782862f268646";
//! users.credentials(user.id()).create(&NewPassword::sha256(digest)?).await?;
//! # assert!(at.log_in(tenant, user.id(), "1234567890")?);
//! let user = users.disable(user.id()).await?.into_result()?;
//! assert!(user.disabled());
//! # Ok(())
//! # }
//! ```
//!
//! # Changing objects
//!
//! The API replaces whole objects, so an update erases the fields that it omits. Updates therefore accept only objects
//! from a response, which keep all unknown fields and send them back unchanged. `update` sends such an object; `modify`
//! reads the object first and detects concurrent changes, see [`Modify`]. New objects have their own types, such as
//! [`NewUser`](models::NewUser).
//!
//! Fields that only the server sets, such as ids and times of creation, have no setter and are sent back unchanged.
//!
//! # Credentials
//!
//! The credential is an API key from the vendor's console, sent as a bearer token. It is secret: never publish it, for
//! example in a repository or a web page. [`Client::from_env`] reads `VV_API_KEY` and, optionally, `VV_BASE_URL`. A key
//! is static, so a 401 is not retried. The console sets the permissions of a key per kind of object; calls without
//! permission return a 403. Assumption (permissions): or a 404.
//!
//! # Retries
//!
//! Reads are retried according to the [`RetryPolicy`]. Writes are retried only if nothing was sent, or after a 429;
//! the delay is at least 10 seconds. Assumption (rate-limits): a 429 comes from a proxy in front of the API, as in a
//! sample repository of the vendor, which did not forward the request. Writes are not retried after a 5xx, because
//! the API has no idempotency keys and a 5xx can mean a misconfigured tenant.
//!
//! # Testing
//!
//! Without a network: enable the feature `testing` and pass a `testing::ScriptedTransport` to the builder. Against a
//! server: start the `auth-emulator`, which behaves like the vendor's server, and set `VV_BASE_URL` to its URL.
//!
//! ```
//! # #[cfg(feature = "testing")] {
//! use vaultvision_client::{Client, testing::ScriptedTransport};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let transport = ScriptedTransport::new().json(200, r#"{"type":"User","id":"u1","profile":{"name":"Anna"}}"#);
//! let vault = Client::builder("vv_test").transport(transport.clone()).build()?;
//!
//! assert_eq!(vault.users("t1").get("u1").await?.profile().name(), "Anna");
//! assert_eq!(transport.requests()[0].uri.path(), "/v1/tenants/t1/users/u1");
//! # Ok::<(), vaultvision_client::Error>(())
//! # }).unwrap();
//! # }
//! ```
//!
//! # Assumptions
//!
//! Where the vendor's documentation is incomplete, this crate assumes:
//!
//! - Any 2xx status is a success; 400, 403, 404 and 409 have their usual meaning.
//! - An update resets the fields that it omits, so all are sent.
//! - The limits of metadata are characters, not bytes.
//! - An application's id is its `client_id`, and a user's id is the `sub` of tokens.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod application;
mod auth;
mod check;
mod client;
mod credential;
mod error;
mod generated;
mod helpers;
mod leaves;
mod list;
mod metadata;
mod modify;
#[cfg(feature = "oidc")]
pub mod oidc;
mod password;
mod tenant;
mod user;
mod whole;

pub use auth_client_core::reexports::*;

pub use client::{Client, ClientBuilder};
pub use error::{Call, Error, Items, Pages};
pub use generated::resources;
pub use modify::{ConflictPhase, LostUpdate, Modified, Modify};

/// Models: request and response bodies.
pub mod models {
    pub use crate::application::{Application, NewApplication};
    pub use crate::credential::{Credential, OtherCredential, PasswordCredential};
    pub use crate::error::ErrorBody;
    pub use crate::list::List;
    pub use crate::metadata::{MAX_KEY_CHARACTERS, MAX_KEYS, MAX_VALUE_CHARACTERS, Metadata};
    pub use crate::password::{
        InvalidPassword, NewPassword, PasswordAlgorithm, PasswordHash, PasswordWarning, VENDOR_BCRYPT_COST,
    };
    pub use crate::tenant::{Tenant, TenantSettings};
    pub use crate::user::{NewUser, Profile, User};

    /// Response of `tenants.list`.
    pub type TenantList = List<Tenant>;

    /// Response of `applications.list`.
    pub type ApplicationList = List<Application>;

    /// Response of `users.list`.
    pub type UserList = List<User>;

    /// Response of `credentials.list`.
    pub type CredentialList = List<Credential>;
}

/// Compiles the code of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
