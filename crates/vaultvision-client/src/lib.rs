//! Client for the management API of **Vault Vision**: tenants, applications, users and credentials.
//!
//! It speaks the API at `https://api.vaultvision.com/v1`, as the vendor's page describes it.
//!
//! # Example
//!
//! Change one setting of a tenant, create a user with a password from another system, and block the user:
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
//! let vault = Client::new("vv_0000000000000000000000000000000".to_owned())?;
//! # let vault = Client::builder(at.api_key()).base_url(at.base_url()).build()?;
//! vault.tenants().set(tenant, |settings| settings.set_allow_unverified(false)).await?.written()?;
//!
//! let users = vault.users(tenant);
//! let user = users.create(&NewUser::email("test01@example.test")).await?;
//! let digest = "c775e7b757ede630cd0aa1113bd102661ab38829ca52a6422ab782862f268646".to_owned();
//! users.credentials(user.id()).create(&NewPassword::sha256(digest)?).await?;
//! # assert!(at.log_in(tenant, user.id(), "1234567890")?);
//! let user = users.disable(user.id()).await?.written()?;
//! assert!(user.disabled());
//! # Ok(())
//! # }
//! ```
//!
//! # Changing objects
//!
//! The API replaces whole objects, so what a client doesn't send is erased. Therefore objects only come from the vendor:
//! they keep every member that this version has no name for, to the last digit, and send it back. `update` takes such
//! an object; `modify` reads it first, and tells about changes that somebody else made at the same time, see
//! [`Modify`]. New objects have types of their own, such as [`NewUser`].
//!
//! Members that the vendor sets by itself – ids, times, a tenant's domain – have no setter and go back as they came.
//!
//! # Credentials
//!
//! An API key of the vendor's console, sent as a bearer token. [`Client::from_env`] reads `VV_API_KEY` and, optionally,
//! `VV_BASE_URL`. A key is static: a 401 is final. What a key may do is set in the console per kind of object; calls that
//! it may not make fail one by one.
//!
//! # What is repeated
//!
//! Reads are repeated within the [`RetryPolicy`]. Writes are repeated only when nothing was sent, or after a 429, which
//! comes from a proxy that passes nothing on; the wait is 10 s at least. After a 5xx they are not: that may be a tenant
//! that is set up wrong, and there is no key by which the vendor could tell a repeat.
//!
//! # Testing your own code
//!
//! With the feature `testing`, hand a `testing::ScriptedTransport` to the builder and no network is needed; or start
//! the `auth-emulator`, which behaves like the vendor, and point `VV_BASE_URL` at it.
//!
//! ```
//! # #[cfg(feature = "testing")] {
//! use vaultvision_client::{Client, testing::ScriptedTransport};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let transport = ScriptedTransport::new().json(200, r#"{"type":"User","id":"u1","profile":{"name":"Anna"}}"#);
//! let vault = Client::builder("vv_test".to_owned()).transport(transport.clone()).build()?;
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
//! What the vendor leaves open is stated here or where it belongs: any 2xx is success; what is left out of an update is
//! reset, so that everything is sent; metadata is counted in characters and not in bytes; an application's id is its
//! `client_id` and a user's id the `sub` of tokens; 400, 403, 404 and 409 mean what they mean elsewhere.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod application;
mod auth;
mod check;
mod client;
mod credential;
mod error;
mod generated;
mod helpers;
mod kept;
mod list;
mod metadata;
mod modify;
#[cfg(feature = "oidc")]
pub mod oidc;
mod password;
mod secret_text;
mod tenant;
mod time;
mod user;
mod whole;

pub use auth_client_core::reexports::*;

pub use client::{Client, ClientBuilder};
pub use error::{Call, Error, Items, Pages};
pub use generated::resources;
pub use modify::{LostUpdate, Modified, Modify, Race};

/// Models: values that are read from responses or sent in requests.
pub mod models {
    pub use crate::application::{Application, NewApplication};
    pub use crate::credential::{Credential, OtherCredential, PasswordCredential};
    pub use crate::error::ErrorBody;
    pub use crate::kept::Unknown;
    pub use crate::list::List;
    pub use crate::metadata::{MAX_KEY_CHARACTERS, MAX_KEYS, MAX_VALUE_CHARACTERS, Metadata};
    pub use crate::password::{
        InvalidPassword, NewPassword, PasswordAlgorithm, PasswordHash, PasswordWarning, VENDOR_BCRYPT_COST,
    };
    pub use crate::tenant::{Tenant, TenantSettings};
    pub use crate::time::Time;
    pub use crate::user::{NewUser, Profile, User};

    /// The answer of `tenants.list`.
    pub type TenantList = List<Tenant>;

    /// The answer of `applications.list`.
    pub type ApplicationList = List<Application>;

    /// The answer of `users.list`.
    pub type UserList = List<User>;

    /// The answer of `credentials.list`.
    pub type CredentialList = List<Credential>;
}

/// The code of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
