//! Encoding of requests, once, before anything is sent: path, query, base URL and JSON body.

pub(crate) mod base_url;
pub(crate) mod check;
pub(crate) mod json;
pub(crate) mod path;
pub(crate) mod query;
