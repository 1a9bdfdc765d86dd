//! How Virtuous is told who is calling: an API key, a user's tokens, or a signature per call.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `tokens.rs` | a pair of tokens, and the answer that brings one |
//! | `endpoint.rs` | `POST /Token`: the password grant and the refresh grant |
//! | `login.rs` | a login by a person, with the one-time code in between |
//! | `session.rs` | tokens that are renewed, alone or in a store that other processes share |
//! | `problem.rs` | why there is no token to be had |
//! | `hmac.rs` | the `Hmac` signature |

pub(crate) mod endpoint;
pub(crate) mod hmac;
pub(crate) mod login;
pub(crate) mod problem;
pub(crate) mod session;
pub(crate) mod tokens;
