//! Tenants and their settings.
//!
//! A tenant is made in the vendor's console; the API reads and changes it.

use crate::metadata::Metadata;
use crate::whole::whole_object;

whole_object! {
    /// A tenant: an isolated set of users and applications with a login page of its own.
    ///
    /// It only comes from the vendor. What can be changed has a setter; all else goes back as it came.
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
    Tenant expects "a tenant" needs id {
        /// `Tenant`.
        "type" => kind: text;
        /// The id.
        "id" => id: text;
        /// The name; empty for the sandbox tenant.
        "name" => name, set_name: text;
        /// When it was made.
        "created_at" => created_at: time;
        /// When it was changed last. A hint at most: one sample of the vendor's shows it unmoved after a change.
        "updated_at" => updated_at: time;
        /// A program's own pairs.
        "metadata" => metadata, metadata_mut: object<Metadata>;
        /// What its login pages allow and show.
        "settings" => settings, settings_mut: object<TenantSettings>;
    }
}

whole_object! {
    /// What a tenant's login pages allow and show.
    ///
    /// The console has at least eight settings more, such as "require MFA" and the URL of the privacy policy, whose names
    /// in the API are not published. They are in [`unknown`](Self::unknown) and survive every change.
    ///
    /// ```
    /// let mut settings = vaultvision_client::models::TenantSettings::default();
    /// settings.set_allow_signups(false);
    /// settings.set_remember_device(true);
    /// settings.set_remember_device_seconds(86_400);
    /// assert!(!settings.allow_signups());
    /// ```
    TenantSettings expects "the settings of a tenant" {
        /// The host of the tenant's login pages; `https://` and this is the issuer of its tokens. Only the vendor's staff
        /// can change it.
        "domain" => domain: text;
        /// The company's name, shown to users and in mails.
        "company_name" => company_name, set_company_name: text;
        /// The address for support, shown to users.
        "support_email" => support_email, set_support_email: text;
        /// The logo as text.
        "logo_image_text" => logo_image_text, set_logo_image_text: text;
        /// Login with Google, Microsoft or Apple.
        "allow_social" => allow_social, set_allow_social: flag;
        /// Login with passkeys and security keys.
        "allow_hardware" => allow_hardware, set_allow_hardware: flag;
        /// Login with passwords.
        "allow_passwords" => allow_passwords, set_allow_passwords: flag;
        /// Codes of an authenticator app as the second factor. Turning it off can lock out users who rely on it.
        "allow_totp_app" => allow_totp_app, set_allow_totp_app: flag;
        /// Codes by mail as the second factor.
        "allow_totp_email" => allow_totp_email, set_allow_totp_email: flag;
        /// Whether users who have not verified their mail may log in; otherwise they are sent to verify it first.
        "allow_unverified" => allow_unverified, set_allow_unverified: flag;
        /// Whether users may have a device remembered, so that it is not asked for the second factor.
        "remember_device" => remember_device, set_remember_device: flag;
        /// How long a device is remembered, in seconds.
        "remember_device_seconds" => remember_device_seconds, set_remember_device_seconds: count;
        /// How long the login cookie lives, in seconds. Zero has a meaning: the login ends when the browser is closed.
        "remember_login_seconds" => remember_login_seconds, set_remember_login_seconds: count;
        /// Whether people may register themselves.
        "allow_signups" => allow_signups, set_allow_signups: flag;
        /// Hints for developers on the login pages.
        "developer_mode" => developer_mode, set_developer_mode: flag;
    }
}

impl TenantSettings {
    /// `remember_login_seconds` if the vendor states it, so that a stated zero can be told from an absent one. The vendor
    /// usually leaves zeros out, so that absent most likely means zero too.
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

    /// The same for `remember_device_seconds`.
    #[must_use]
    pub fn stated_remember_device_seconds(&self) -> Option<u64> {
        self.remember_device_seconds.given().copied()
    }
}

whole_object!(open: Tenant, TenantSettings);
