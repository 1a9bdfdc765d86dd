//! Tenants and their settings.
//!
//! Tenants are created in the vendor's console; the API reads and changes them.

use crate::metadata::Metadata;
use crate::whole::whole_object;

whole_object! {
    /// A tenant: an isolated set of users and applications with its own login page.
    ///
    /// It is always read from a response. Fields that can be changed have setters; all others are sent back unchanged.
    ///
    /// ```
    /// use vaultvision_client::models::Tenant;
    ///
    /// let json = r#"{"id":"CmKJPDorO34hGJ0J","name":"acme01","settings":{"allow_unverified":true,"new_member":1.50}}"#;
    /// let mut tenant: Tenant = serde_json::from_str(json)?;
    /// tenant.settings_mut().set_allow_unverified(false);
    /// assert_eq!(serde_json::to_string(&tenant)?, json.replace("true", "false"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    Tenant expects "a tenant" {
        /// Always `Tenant`.
        "type" => kind: text;
        /// Id of the tenant.
        "id" required => id: text;
        /// Display name; empty for the sandbox tenant.
        "name" => name, set_name: text;
        /// Time of creation.
        "created_at" => created_at: time;
        /// Time of the last change. Unreliable: one sample of the vendor shows it unchanged after an update.
        "updated_at" => updated_at: time;
        /// Custom key-value pairs.
        "metadata" => metadata, metadata_mut: object<Metadata>;
        /// Settings of the login pages.
        "settings" => settings, settings_mut: object<TenantSettings>;
    }
}

whole_object! {
    /// Settings of a tenant's login pages.
    ///
    /// The console has at least eight more settings, such as "require MFA" and the URL of the privacy policy,
    /// whose field names the vendor doesn't document. They are in [`unknown`](Self::unknown) and are kept by
    /// every update.
    ///
    /// ```
    /// let mut settings = vaultvision_client::models::TenantSettings::default();
    /// settings.set_allow_signups(false);
    /// settings.set_remember_device(true);
    /// settings.set_remember_device_seconds(86_400);
    /// assert!(!settings.allow_signups());
    /// ```
    TenantSettings expects "the settings of a tenant" {
        /// Host of the tenant's login pages; with `https://` it is the issuer of its tokens. Assumption
        /// (tenant-domain): the server ignores another value, because only the vendor's staff changes domains.
        "domain" => domain, set_domain: text;
        /// Company name, shown to users and in emails.
        "company_name" => company_name, set_company_name: text;
        /// Email address of the support, shown to users.
        "support_email" => support_email, set_support_email: text;
        /// Text logo.
        "logo_image_text" => logo_image_text, set_logo_image_text: text;
        /// Allows logins with Google, Microsoft or Apple.
        "allow_social" => allow_social, set_allow_social: flag;
        /// Allows logins with passkeys and security keys.
        "allow_hardware" => allow_hardware, set_allow_hardware: flag;
        /// Allows logins with passwords.
        "allow_passwords" => allow_passwords, set_allow_passwords: flag;
        /// Allows authenticator apps as second factor. Turning it off can lock out users who rely on it.
        "allow_totp_app" => allow_totp_app, set_allow_totp_app: flag;
        /// Allows codes by email as second factor.
        "allow_totp_email" => allow_totp_email, set_allow_totp_email: flag;
        /// Allows logins before the email address is verified; otherwise users must verify it first.
        "allow_unverified" => allow_unverified, set_allow_unverified: flag;
        /// Allows users to skip the second factor on remembered devices.
        "remember_device" => remember_device, set_remember_device: flag;
        /// Lifetime of a remembered device, in seconds.
        "remember_device_seconds" => remember_device_seconds, set_remember_device_seconds: count;
        /// Lifetime of the login cookie, in seconds. With zero, the login ends when the browser is closed.
        "remember_login_seconds" => remember_login_seconds, set_remember_login_seconds: count;
        /// Allows users to sign up.
        "allow_signups" => allow_signups, set_allow_signups: flag;
        /// Shows hints for developers on the login pages.
        "developer_mode" => developer_mode, set_developer_mode: flag;
    }
}

impl TenantSettings {
    /// Returns `remember_login_seconds` if the response contains it, to distinguish zero from an absent field. The API
    /// usually omits zeros, so an absent field probably means zero too.
    ///
    /// ```
    /// let settings: vaultvision_client::models::TenantSettings = serde_json::from_str(r#"{"remember_login_seconds":0}"#)?;
    /// assert_eq!(settings.stated_remember_login_seconds(), Some(0));
    /// assert_eq!(settings.stated_remember_device_seconds(), None);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn stated_remember_login_seconds(&self) -> Option<u64> {
        self.remember_login_seconds.given().copied()
    }

    /// Returns `remember_device_seconds` if the response contains it.
    #[must_use]
    pub fn stated_remember_device_seconds(&self) -> Option<u64> {
        self.remember_device_seconds.given().copied()
    }
}

whole_object!(open: Tenant, TenantSettings);
whole_object!(sent: Tenant);
