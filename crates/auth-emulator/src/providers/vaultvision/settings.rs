//! Settings: behavior that the vendor does not document, or documents in two ways.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::state::TENANTS;
use crate::framework::settings::{ActionError, ProviderSettings, status_setting};

/// Settings for behavior that the vendor does not document, or documents in two ways.
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
    /// Whether the API key is enabled in the console. If not, every call is a 401. Default: true.
    pub key_enabled: bool,
    /// Permissions of a global key for every tenant. Default: write.
    pub permissions: Permissions,
    /// Permissions of a restricted key, by tenant. `None` (the default): the key is global. Assumption (permissions): other
    /// tenants are a 404.
    pub restricted: Option<BTreeMap<String, Permissions>>,
    /// Status of creations. Assumption (created-status): 200; the vendor documents only that 2xx is success.
    pub create_status: CreateStatus,
    /// Whether responses omit fields that are zero, false or empty. Documented: usually. Assumption (zeros): all of them,
    /// always.
    pub omit_zeros: bool,
    /// Whether a change updates `updated_at`. Assumption (updated-at): true; in one of the
    /// vendor's samples it does not.
    pub updated_at_moves: bool,
    /// Whether unknown fields are silently dropped. Assumption (omitted-fields): true, as in a sample.
    pub drop_unknown: bool,
    /// Whether new applications have a secret. It is never in the response to the creation. Assumption (new-secrets): false.
    pub new_applications_have_secret: bool,
    /// Result of creating a second password. Assumption (second-password): it replaces the first.
    pub second_password: SecondPassword,
    /// Cost of new bcrypt hashes, from 4 to 14. Documented: 10; lower is faster in tests.
    pub bcrypt_cost: u32,
    /// Accepted difference between `bcrypt_cost` and the cost of an imported hash. Assumption (bcrypt): 4; the vendor does not
    /// document it.
    pub bcrypt_tolerance: u32,
    /// Whether lists show a password as base64 with a `cost`, as in the sample of that path. Assumption (list-passwords): true.
    pub list_passwords_in_base64: bool,
    /// Whether an update accepts a hash in the base64 of lists. Assumption (password-update): false, because the vendor
    /// documents this form for responses only.
    pub accept_base64_hashes: bool,
    /// Whether an update accepts `sha256|bcrypt` and the like, which a creation rejects. Assumption (password-update): true,
    /// because an update contains the object as it was read.
    pub accept_wrapped_hashes: bool,
    /// Whether a user must have an email address. Assumption (required-fields): false.
    pub require_email: bool,
    /// Whether an application must have a name. Assumption (required-fields): false.
    pub require_name: bool,
    /// Whether an update can change the domain of a tenant. Assumption (tenant-domain): false.
    pub domain_is_writable: bool,
    /// Whether a body can set `verified_at`. Assumption (verified): false, like the other times.
    pub verified_at_is_writable: bool,
    /// Whether `profile.email` must be an email address. Assumption (field-values): true.
    pub check_emails: bool,
    /// Whether a value of another JSON type than in the samples is rejected. Assumption (json-types): true.
    pub check_types: bool,
    /// Maximum number of rows of a list. Documented: 100.
    pub list_limit: usize,
    /// Whether lists honour the query parameters `offset` and `limit`. Assumption (lists): false; none is documented.
    pub paging: bool,
    /// Number of calls that the proxy in front accepts in 10 seconds of emulator time. Assumption (rate-limits): no limit.
    pub calls_per_window: Option<u32>,
    /// Ids of misconfigured tenants: every call on them is a 500, and a login is a `server_error`.
    pub misconfigured_tenants: Vec<String>,
    /// Lifetime of a code of OpenID Connect, in seconds of emulator time. Assumption (oidc-lifetimes): 60.
    pub code_lifetime_seconds: u64,
    /// Lifetime of an access token, in seconds of emulator time. Assumption (oidc-lifetimes): 3600.
    pub access_token_lifetime_seconds: u64,
    /// Lifetime of an ID token, in seconds. Documented: 3600.
    pub id_token_lifetime_seconds: u64,
    /// Whether `plain` is accepted as method of a code challenge. Assumption (pkce): false.
    pub plain_challenges: bool,
    /// Whether applications without a secret must send a code challenge. Assumption (pkce): true.
    pub public_clients_need_pkce: bool,
    /// Number of signing keys that are published, from 1 to 3: the current one and those before it. Assumption
    /// (oidc-lifetimes): 2.
    pub published_keys: u32,
    /// Id or email address of a user whom `/authorize` logs in without a page. Assumption (oidc-flow): none.
    pub auto_login: Option<String>,
    /// A flaw of all ID tokens, for testing how a client responds to it. Assumption (oidc-flow): none.
    pub id_token_flaw: IdTokenFlaw,
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
            list_passwords_in_base64: true,
            accept_base64_hashes: false,
            accept_wrapped_hashes: true,
            require_email: false,
            require_name: false,
            domain_is_writable: false,
            verified_at_is_writable: false,
            check_emails: true,
            check_types: true,
            list_limit: 100,
            paging: false,
            calls_per_window: None,
            misconfigured_tenants: Vec::new(),
            code_lifetime_seconds: 60,
            access_token_lifetime_seconds: 3_600,
            id_token_lifetime_seconds: 3_600,
            plain_challenges: false,
            public_clients_need_pkce: true,
            published_keys: 2,
            auto_login: None,
            id_token_flaw: IdTokenFlaw::None,
        }
    }
}

/// A flaw of ID tokens. Every client must reject a token with one.
///
/// ```
/// use auth_emulator::providers::vaultvision::IdTokenFlaw;
///
/// assert_eq!(serde_json::json!(IdTokenFlaw::UnknownKey), serde_json::json!("unknown_key"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IdTokenFlaw {
    /// None.
    None,
    /// Another issuer.
    Issuer,
    /// Another audience.
    Audience,
    /// Another nonce.
    Nonce,
    /// It has expired an hour ago.
    Expired,
    /// It was signed by another key than its header names.
    Signature,
    /// It was signed by a key that is not published.
    UnknownKey,
    /// It has no signature, and the algorithm `none`.
    Unsigned,
}

/// A permission in the console.
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
    /// No access.
    #[default]
    None,
    /// Read access.
    Read,
    /// Read and write access.
    Write,
}

/// The permissions of a key. Assumption (permissions): each applies to the paths of its name, and `all` to all paths.
///
/// ```
/// use auth_emulator::providers::vaultvision::{Permission, Permissions};
///
/// // Read access to users only.
/// let mut permissions = Permissions::default();
/// permissions.users = Permission::Read;
/// assert_eq!(permissions.all, Permission::None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Permissions {
    /// All paths.
    pub all: Permission,
    /// Tenants.
    pub tenants: Permission,
    /// Applications.
    pub applications: Permission,
    /// Metrics. No path is documented.
    pub metrics: Permission,
    /// Users.
    pub users: Permission,
    /// Credentials.
    pub credentials: Permission,
    /// Identity providers. No path is documented.
    pub identity_providers: Permission,
    /// Email providers. No path is documented.
    pub email_providers: Permission,
    /// Signing keys. No path is documented.
    pub signing_keys: Permission,
}

/// The permission that a path requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Row {
    Tenants,
    Applications,
    Users,
    Credentials,
}

impl Permissions {
    /// Grants one permission for all paths.
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

status_setting! {
    /// The status of a creation.
    ///
    /// ```
    /// use auth_emulator::providers::vaultvision::CreateStatus;
    ///
    /// assert_eq!(serde_json::json!(CreateStatus::Created), serde_json::json!(201));
    /// ```
    CreateStatus {
        Ok = 200 OK,
        Created = 201 CREATED,
    }
}

/// The result of creating a second password.
///
/// ```
/// use auth_emulator::providers::vaultvision::SecondPassword;
///
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

impl ProviderSettings for Settings {
    fn check(&self, _: &Self) -> Result<(), ActionError> {
        if !(4..=14).contains(&self.bcrypt_cost) {
            return Err(ActionError::new("bcrypt_cost: must be between 4 and 14"));
        }
        if !(1..=3).contains(&self.published_keys) {
            return Err(ActionError::new("published_keys: must be between 1 and 3"));
        }
        let unknown = |(_, id): &(usize, &String)| !TENANTS.contains(&id.as_str());
        match self.misconfigured_tenants.iter().enumerate().find(unknown) {
            None => Ok(()),
            Some((index, id)) => Err(ActionError::new(format!(
                "misconfigured_tenants[{index}]: {id:?} is not one of {}",
                TENANTS.join(", ")
            ))),
        }
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
