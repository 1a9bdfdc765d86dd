//! Items that only provider crates need.
//!
//! This module may change in any minor version. Programs use the items at the crate root instead, through their
//! provider crate. Implementations of its traits for models are hidden from the documentation: they are not part of a
//! provider crate's public API.

pub use auth_core;
pub use auth_core::rate_limit::{RateLimit, RateLimitReport, RateLimiter, RateLimiterDecision};
#[doc(hidden)]
pub use serde;

pub use crate::call::CallTemplate;
pub use crate::decode::open_enum::unknown_value;
pub use crate::decode::rows::Rows;
pub use crate::encode::base_url::{BaseUrl, is_host_name};
pub use crate::encode::json::JsonStyle;
pub use crate::encode::path::PathValue;
pub use crate::engine::Engine;
pub use crate::engine::renew::RenewingCredential;
pub use crate::engine::renewer::{Observed, Renew, Renewed};
pub use crate::engine::rules::{Classification, ProviderRules, ResponseView, classify_by_status};
pub use crate::engine::runtime::send_within;
pub use crate::engine::settings::{Settings, Timeouts};
pub use crate::error::ApiError;
pub use crate::operation::{Operation, Paging};
pub use crate::page::{Page, Step};
#[cfg(any(test, doc, feature = "testing"))]
pub use crate::testing::random::random_responses;
pub use crate::transport_error::cause::chain;
#[doc(inline)]
pub use crate::{error_type, open_enum, record, serde_by_field, shared_builder_methods};

/// Validation of arguments before anything is sent.
pub mod check {
    pub use crate::encode::check::{not_damaged, not_empty, page};
}

/// Settings from environment variables.
pub mod env {
    pub use crate::env::{optional, required};
}

/// Serde functions for fields of requests and of hand-written models.
pub mod model {
    pub use crate::decode::model::*;
}

/// Models defined by a list of their fields.
pub mod record {
    pub use crate::decode::record::*;
}
