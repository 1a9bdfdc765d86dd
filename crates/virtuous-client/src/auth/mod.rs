//! Authentication: an API key, a user's tokens, or a signature per request.
//!
//! | file | contents |
//! | --- | --- |
//! | `tokens.rs` | a pair of tokens, and the response that contains one |
//! | `endpoint.rs` | `POST /Token`: the password grant and the refresh grant |
//! | `login.rs` | a login by a person, with a one-time code |
//! | `session.rs` | tokens that are renewed, alone or in a store shared with other processes |
//! | `problem.rs` | reasons why no token is available |
//! | `hmac.rs` | the `Hmac` signature |

pub(crate) mod endpoint;
pub(crate) mod hmac;
pub(crate) mod login;
pub(crate) mod problem;
pub(crate) mod session;
pub(crate) mod tokens;
