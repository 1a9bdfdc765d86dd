//! Logins at a tenant, by OpenID Connect; behind the feature `oidc`.
//!
//! The vendor tells its customers to use any OpenID Connect library, and so does this: discovery, code exchange and the
//! verification of ID tokens are those of the `openidconnect` crate. What is added is what such a library can't know: the
//! issuer of a tenant, the pages for sign-up and for a user's own settings, the logout that is not the standard's, and
//! whether an application has the address that a login is to return to.
//!
//! A login speaks to the tenant's own host, as an application with its id and secret. It never sees the API key: nothing
//! here takes a [`Client`](crate::Client).
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
//!     .client_secret("4fZyeKjrJaBbFVeLzQy2TCsJ".to_owned())
//!     .discover()
//!     .await?;
//!
//! // Send the visitor to `started.url`, and keep `started.pending` in the visitor's session.
//! let started = login.begin(Page::Login);
//!
//! // The visitor comes back with a query.
//! let logged_in = login.finish(started.pending, callback_query).await?;
//! println!("welcome, {}", logged_in.user.subject);
//! # Ok(())
//! # }
//! ```
//!
//! The visitor may come back to another process: what is pending can be kept as a text. Later on the vendor can be asked
//! again who it is, and the visitor be sent to log out.
//!
//! ```no_run
//! # use vaultvision_client::SecretString;
//! use vaultvision_client::oidc::{Login, LoginError, Page, Pending};
//!
//! # async fn example(login: &Login, session: fn(SecretString) -> SecretString, query: &str) -> Result<(), LoginError> {
//! let started = login.begin(Page::SignUp);
//! let kept = session(started.pending.to_text());
//!
//! let logged_in = login.finish(Pending::from_text(&kept)?, query).await?;
//! let now = login.user_info(&logged_in).await?;
//! println!("{:?} may log out at {}", now.name, login.logout_url("https://example.test/")?);
//! # Ok(())
//! # }
//! ```
//!
//! Assumption: an application's id is its `client_id`, and a user's id the `sub` of tokens. Client secrets are sent with
//! HTTP Basic, the default that the vendor's samples use; applications without one send none.

mod error;
mod http;
mod login;
mod user;

pub use error::LoginError;
pub use login::{LoggedIn, Login, LoginBuilder, LoginWithClient, LoginWithIssuer, Page, Pending, Started};
pub use user::UserInfo;
