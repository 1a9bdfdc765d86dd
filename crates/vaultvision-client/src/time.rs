//! Times as the vendor writes them: RFC 3339, `Z`, up to nine digits of a second with the zeros at the end cut off.
//!
//! A time that was read is sent back byte for byte, since printing it again could change it; so the text is what is kept.

use crate::kept::Zero;
use auth_client_core::provider::date_time;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::SystemTime;

/// A time, as the vendor wrote it.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// let user: vaultvision_client::models::User =
///     serde_json::from_str(r#"{"id":"u1","created_at":"2023-08-21T15:06:43.49365588Z"}"#)?;
/// let created = user.created_at().expect("it is there");
/// assert_eq!(created.as_str(), "2023-08-21T15:06:43.49365588Z");
/// let nanos = Duration::from_nanos(1_692_630_403_493_655_880);
/// assert_eq!(created.to_system_time(), Some(SystemTime::UNIX_EPOCH + nanos));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(String);

impl Time {
    /// The text on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The time it names; `None` when it is not RFC 3339.
    #[must_use]
    pub fn to_system_time(&self) -> Option<SystemTime> {
        date_time::parse(&self.0)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Zero for Time {
    fn is_zero(&self) -> bool {
        self.0.is_empty()
    }
}
