//! Collects the invalid fields of a request.

use super::replies::Problem;
use super::settings::Settings;

/// The maximum number of fields that a refusal names.
const MOST: usize = 100;

/// The violations of a request body.
#[derive(Debug)]
pub(crate) struct Violations<'a> {
    /// The settings, which have what the organization defines.
    pub(crate) settings: &'a Settings,
    /// Fields, each with a message.
    pub(crate) fields: Vec<(String, String)>,
    /// The limit of the emulator that was exceeded, if any.
    full: Option<&'static str>,
}

impl<'a> Violations<'a> {
    pub(crate) fn of(settings: &'a Settings) -> Self {
        Self { settings, fields: Vec::new(), full: None }
    }

    /// Notes a violation; beyond the first hundred, one more tells nobody anything.
    pub(crate) fn push(&mut self, wrong: (String, String)) {
        if self.fields.len() < MOST {
            self.fields.push(wrong);
        }
    }

    /// Notes that a limit of the emulator was exceeded; the vendor may accept the request.
    pub(crate) fn limit(&mut self, what: &'static str) {
        self.full = Some(what);
    }

    /// Notes a limit that others exceeded, without their fields.
    pub(crate) fn limit_of(&mut self, others: &Self) {
        self.full = self.full.or(others.full);
    }

    /// Returns `read` if there are no violations.
    pub(crate) fn or<T>(self, read: T) -> Result<T, Problem> {
        match self.full {
            _ if !self.fields.is_empty() => Err(Problem::Invalid(self.fields)),
            Some(what) => Err(Problem::Full(what)),
            None => Ok(read),
        }
    }
}

#[cfg(test)]
impl Default for Violations<'_> {
    fn default() -> Self {
        static SETTINGS: std::sync::LazyLock<Settings> = std::sync::LazyLock::new(Settings::default);
        Self::of(&SETTINGS)
    }
}

/// The messages of the vendor's platform, with the name of the property for `{0}`.
pub(crate) const REQUIRED: &str = "The {0} field is required.";
/// For numbers, flags and dates, as recorded.
pub(crate) const REQUIRED_VALUE: &str = "The {0} property is required.";
pub(crate) const NOT_VALID: &str = "The value is not valid.";
