//! The knobs of the Vault Vision stand-in: what the vendor leaves open, or shows in more than one way.

use std::collections::BTreeMap;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::providers::NotDone;

/// How the stand-in behaves where the vendor does not say, or says two things.
///
/// ```
/// use auth_emulator::providers::vaultvision::{CreateStatus, Permission, Permissions, SecondPassword, Settings};
///
/// let mut settings = Settings::default();
/// assert!(settings.key_enabled);
/// settings.permissions = Permissions::of_all(Permission::Read);
/// settings.create_status = CreateStatus::Created;
/// settings.second_password = SecondPassword::Fail;
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Settings {
    /// Whether the key is switched on in the console. Switched off, every call is a 401.
    pub key_enabled: bool,
    /// What a global key may do with every tenant. Writes include reads.
    pub permissions: Permissions,
    /// Makes the key a restricted one: what it may do, per tenant. Tenants that are not here are not to be seen:
    /// Assumption: 404.
    pub restricted: Option<BTreeMap<String, Permissions>>,
    /// Assumption: 200; the vendor says only that 2xx is success.
    pub create_status: CreateStatus,
    /// Members that are zero, false or empty are left out of answers, as documented. Off: they are answered as they were
    /// sent, as one sample does.
    pub omit_zeros: bool,
    /// Whether a change moves `updated_at`. One sample of the vendor's shows it unmoved.
    pub updated_at_moves: bool,
    /// Members that no page names and nobody has planted are dropped without a word, as a sample shows. Off: they are kept.
    pub drop_unknown: bool,
    /// Assumption: whether new applications have a secret; it is never in the answer to the creation.
    pub new_applications_have_secret: bool,
    /// What a second password does while there is one. Assumption: it replaces the first.
    pub second_password: SecondPassword,
    /// The cost of the stand-in's own bcrypt hashes, 10 as documented; less is quicker in tests.
    pub bcrypt_cost: u32,
    /// Assumption: how far from `bcrypt_cost` the cost of an imported hash may be. The size is not published.
    pub bcrypt_tolerance: u32,
    /// Lists show a password as base64 with a `cost`, as the sample of that one path does.
    pub list_passwords_in_base64: bool,
    /// Calls that the proxy in front lets through in 10 seconds of emulator time. None: all.
    pub calls_per_window: Option<u32>,
    /// Tenants that are set up wrong: every call below them is a 500.
    pub misconfigured_tenants: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            key_enabled: true,
            permissions: Permissions { all: Permission::Write, ..Permissions::default() },
            restricted: None,
            create_status: CreateStatus::Ok,
            omit_zeros: true,
            updated_at_moves: true,
            drop_unknown: true,
            new_applications_have_secret: false,
            second_password: SecondPassword::Replace,
            bcrypt_cost: 10,
            bcrypt_tolerance: 4,
            list_passwords_in_base64: false,
            calls_per_window: None,
            misconfigured_tenants: Vec::new(),
        }
    }
}

/// One cell of the console's table.
///
/// ```
/// use auth_emulator::providers::vaultvision::Permission;
///
/// assert!(Permission::None < Permission::Read && Permission::Read < Permission::Write);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Permission {
    /// Nothing.
    #[default]
    None,
    /// Reading.
    Read,
    /// Writing, and reading.
    Write,
}

/// The console's rows. Assumption: each gates the paths of its name, and `all` all of them.
///
/// ```
/// use auth_emulator::providers::vaultvision::{Permission, Permissions};
///
/// // Users may be read, and nothing else.
/// let mut permissions = Permissions::default();
/// permissions.users = Permission::Read;
/// assert_eq!(permissions.all, Permission::None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Permissions {
    /// Every row.
    pub all: Permission,
    /// Tenants.
    pub tenants: Permission,
    /// Applications.
    pub applications: Permission,
    /// Metrics; no path is documented.
    pub metrics: Permission,
    /// Users.
    pub users: Permission,
    /// Credentials.
    pub credentials: Permission,
    /// Identity providers; no path is documented.
    pub identity_providers: Permission,
    /// Mail providers; no path is documented.
    pub email_providers: Permission,
    /// Signing keys; no path is documented.
    pub signing_keys: Permission,
}

/// What a path belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Row {
    Tenants,
    Applications,
    Users,
    Credentials,
}

impl Permissions {
    /// Every row at this permission.
    ///
    /// ```
    /// use auth_emulator::providers::vaultvision::{Permission, Permissions};
    ///
    /// let permissions = Permissions::of_all(Permission::Read);
    /// assert_eq!((permissions.all, permissions.users), (Permission::Read, Permission::None));
    /// ```
    #[must_use]
    pub fn of_all(permission: Permission) -> Self {
        Self { all: permission, ..Self::default() }
    }

    pub(super) fn allows(&self, row: Row, wanted: Permission) -> bool {
        let own = match row {
            Row::Tenants => self.tenants,
            Row::Applications => self.applications,
            Row::Users => self.users,
            Row::Credentials => self.credentials,
        };
        own.max(self.all) >= wanted
    }
}

/// The status of a creation.
///
/// ```
/// use auth_emulator::providers::vaultvision::CreateStatus;
///
/// // As the control API writes it.
/// assert_eq!(serde_json::json!(CreateStatus::Created), serde_json::json!(201));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
#[non_exhaustive]
pub enum CreateStatus {
    /// 200.
    Ok,
    /// 201.
    Created,
}

impl From<CreateStatus> for StatusCode {
    fn from(status: CreateStatus) -> Self {
        match status {
            CreateStatus::Ok => Self::OK,
            CreateStatus::Created => Self::CREATED,
        }
    }
}

impl From<CreateStatus> for u16 {
    fn from(status: CreateStatus) -> Self {
        StatusCode::from(status).as_u16()
    }
}

impl TryFrom<u16> for CreateStatus {
    type Error = String;

    fn try_from(status: u16) -> Result<Self, String> {
        match status {
            200 => Ok(Self::Ok),
            201 => Ok(Self::Created),
            other => Err(format!("{other} is neither 200 nor 201")),
        }
    }
}

/// What happens to a second password.
///
/// ```
/// use auth_emulator::providers::vaultvision::SecondPassword;
///
/// // As the control API writes it.
/// assert_eq!(serde_json::json!(SecondPassword::Fail), serde_json::json!("fail"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum SecondPassword {
    /// It replaces the first.
    Replace,
    /// 409.
    Fail,
}

impl Settings {
    /// These settings with the fields of `change` (an object) put in; all or nothing.
    pub(super) fn changed(&self, change: &Value) -> Result<Self, NotDone> {
        let Value::Object(change) = change else { return Err(NotDone("an object is needed".to_owned())) };
        let mut merged = serde_json::to_value(self).map_err(|error| NotDone(error.to_string()))?;
        if let Value::Object(merged) = &mut merged {
            merged.extend(change.clone());
        }
        let changed: Self = serde_json::from_value(merged).map_err(|error| NotDone(error.to_string()))?;
        if !(4..=14).contains(&changed.bcrypt_cost) {
            return Err(NotDone("bcrypt_cost: from 4 to 14".to_owned()));
        }
        Ok(changed)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_and_all_add_up() {
        let reads = Permissions { all: Permission::Read, users: Permission::Write, ..Permissions::default() };
        assert!(reads.allows(Row::Users, Permission::Write));
        assert!(reads.allows(Row::Tenants, Permission::Read));
        assert!(!reads.allows(Row::Tenants, Permission::Write));
        assert!(!Permissions::default().allows(Row::Credentials, Permission::Read));
    }

    #[test]
    fn changes_are_all_or_nothing() {
        let changed = Settings::default()
            .changed(&json!({ "restricted": { "t": { "users": "read" } }, "second_password": "fail" }))
            .unwrap();
        assert_eq!(changed.second_password, SecondPassword::Fail);
        for bad in
            [json!({ "create_status": 204 }), json!({ "bcrypt_cost": 3 }), json!({ "x": 1 }), json!([])]
        {
            assert!(Settings::default().changed(&bad).is_err(), "{bad}");
        }
    }
}
