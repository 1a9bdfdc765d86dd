//! Authentication: an API key, a user's tokens, or a signature per request.
//!
//! | file | contents |
//! | --- | --- |
//! | `tokens.rs` | a pair of tokens, and the response that contains one |
//! | `endpoint.rs` | `POST /Token`: the password grant and the refresh grant |
//! | `login.rs` | an interactive login, with a one-time code |
//! | `session.rs` | the tokens in use |
//! | `renewer.rs` | the steps of their renewal, with or without other processes that share them |
//! | `saving.rs` | saving a new pair, again if the store failed |
//! | `state.rs` | what a session remembers between renewals |
//! | `password.rs` | logins with username and password, interactive or automatic |
//! | `shared_store.rs` | the token store during a renewal |
//! | `problem.rs` | reasons why no token is available |
//! | `hmac.rs` | the `Hmac` signature |

pub(crate) mod endpoint;
pub(crate) mod hmac;
pub(crate) mod login;
pub(crate) mod password;
pub(crate) mod problem;
pub(crate) mod renewer;
mod saving;
pub(crate) mod session;
pub(crate) mod shared_store;
mod state;
pub(crate) mod tokens;
