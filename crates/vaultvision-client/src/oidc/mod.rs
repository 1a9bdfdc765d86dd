//! Logins at a tenant with OpenID Connect; requires the feature `oidc`.
//!
//! The `openidconnect` crate verifies the signatures and claims of ID tokens. This module adds the vendor-specific
//! parts: the issuer of a tenant, the pages for sign-up and for a user's settings, the logout, and the check that the
//! redirect URL belongs to the application.
//!
//! Harmless deviations of a server are accepted: booleans, numbers and times as strings, JSON with another content
//! type, an issuer that is the same URL apart from a trailing slash. Claims about the user that have another type count
//! as absent. The signing keys are reloaded, at most every 10 seconds, when a token is signed with an unknown key. A
//! token is rejected if it is not valid yet (`nbf`), was issued to another client (`azp`) or has no subject; a redirect
//! is rejected if it contains another issuer (RFC 9207). All endpoints must be `https`, unless the issuer itself is a
//! loopback address.
//!
//! A login sends its requests to the tenant's host, with the id and secret of an application. It never uses the API key
//! of a [`Client`](crate::Client).
//!
//! # Example
//!
//! ```no_run
//! use vaultvision_client::oidc::{Login, LoginError, Page};
//!
//! # async fn run(callback_query: &str) -> Result<(), LoginError> {
//! let login = Login::at("https://acme01.vvkey.test")
//!     .client_id("J3Or5KNHIUDl")
//!     .redirect_url("https://example.test/auth/callback")
//!     .client_secret("4fZyeKjrJaBbFVeLzQy2TCsJ")
//!     .discover()
//!     .await?;
//!
//! // Send the visitor to `started.url`, and store `started.pending` in the visitor's session.
//! let started = login.begin(Page::Login);
//!
//! // The visitor is redirected back with a query.
//! let logged_in = login.finish(started.pending, callback_query).await?;
//! println!("welcome, {}", logged_in.user.subject);
//! # Ok(())
//! # }
//! ```
//!
//! If the redirect can reach another process, store the pending state as a string. Later, the user's claims can be
//! requested again, and the user can be logged out.
//!
//! ```no_run
//! use vaultvision_client::oidc::{Login, LoginError, Page, Pending};
//!
//! # async fn example(login: &Login, session: fn(vaultvision_client::SecretString) -> vaultvision_client::SecretString, query: &str) -> Result<(), LoginError> {
//! let started = login.begin(Page::SignUp);
//! let kept = session(started.pending.to_secret());
//!
//! let logged_in = login.finish(Pending::from_secret(&kept)?, query).await?;
//! let now = login.user_info(&logged_in).await?;
//! println!("{:?} may log out at {}", now.name, login.logout_url("https://example.test/")?);
//! # Ok(())
//! # }
//! ```
//!
//! Assumption (oidc-ids): an application's id is its `client_id`, and a user's id is the `sub` of tokens. Client
//! secrets are sent with HTTP Basic, as in the vendor's samples; applications without a secret send none.

mod builder;
mod claims;
mod error;
mod http;
mod login;
mod provider;
mod token;
mod user;

pub use builder::{LoginBuilder, LoginWithClient, LoginWithIssuer};
pub use error::{LoginError, Refusal, ServerFailure};
pub use login::{LoggedIn, Login, Page, Pending, Started};
pub use user::UserInfo;
