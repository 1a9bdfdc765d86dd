//! Applications: the OIDC clients of a tenant.

use crate::metadata::Metadata;
use crate::whole::whole_object;
use auth_client_core::provider::record::Slot;

whole_object! {
    /// An application: an OIDC client of the tenant.
    ///
    /// Assumption (oidc-ids): its [`id`](Self::id) is the OIDC `client_id`; the vendor documents only that an
    /// application is an OIDC client.
    ///
    /// ```
    /// let json = r#"{"type":"Application","id":"J3Or5KNHIUDl","redirect_urls":["https://example.test/callback"]}"#;
    /// let mut application: vaultvision_client::models::Application = serde_json::from_str(json)?;
    /// application.set_name("Shop");
    /// application.set_redirect_urls(["https://example.test/auth/callback"]);
    /// assert!(application.secret().is_none());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    Application expects "an application" {
        /// Always `Application`.
        "type" => kind: text;
        /// Id of the application.
        "id" required => id: text;
        /// Display name in the console; users never see it.
        "name" => name, set_name: text;
        /// Time of creation.
        "created_at" => created_at: time;
        /// Time of the last change.
        "updated_at" => updated_at: time;
        /// Custom key-value pairs.
        "metadata" => metadata, metadata_mut: object<Metadata>;
        /// Client secret, if the response contains one: in the vendor's samples, the response to a creation has none,
        /// but a later response can. It is sent back unchanged.
        ///
        /// Like all models, an application is serialized without its secret. An
        /// [update](crate::resources::Applications::update) with a deserialized copy would delete the secret, so read
        /// the application again or set its secret first.
        "secret" => secret, set_secret: secret;
        /// URL for visitors whose login can't be completed.
        "login_url" => login_url, set_login_url: text;
        /// URLs that a logout may return to.
        "logout_urls" => logout_urls, set_logout_urls: texts;
        /// URLs that a login may return to.
        "redirect_urls" => redirect_urls, set_redirect_urls: texts;
    }
}

whole_object! {
    /// An application to create.
    ///
    /// ```
    /// use vaultvision_client::models::NewApplication;
    ///
    /// let mut application = NewApplication::named("MyNewApp");
    /// application.set_login_url("https://example.test/auth/login");
    /// application.set_redirect_urls(["https://example.test/auth/callback"]);
    /// ```
    NewApplication expects "an application to be created" {
        /// Always `Application`.
        "type" => kind: text;
        /// Display name in the console; users never see it.
        "name" => name, set_name: text;
        /// Custom key-value pairs.
        "metadata" => metadata, metadata_mut: object<Metadata>;
        /// Client secret. Assumption (new-secrets): the server creates a secret if one is required, so none is sent by
        /// default.
        "secret" => secret, set_secret: secret;
        /// URL for visitors whose login can't be completed.
        "login_url" => login_url, set_login_url: text;
        /// URLs that a logout may return to.
        "logout_urls" => logout_urls, set_logout_urls: texts;
        /// URLs that a login may return to.
        "redirect_urls" => redirect_urls, set_redirect_urls: texts;
    }
}

impl NewApplication {
    /// Creates an application without a name. Assumption (required-fields): the server may reject it; the vendor
    /// doesn't document which fields are required.
    ///
    /// ```
    /// let application = vaultvision_client::models::NewApplication::unnamed();
    /// assert_eq!(serde_json::to_string(&application)?, r#"{"type":"Application"}"#);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn unnamed() -> Self {
        Self { kind: Slot::of("Application".to_owned()), ..Self::default() }
    }

    /// Creates an application with this name.
    ///
    /// ```
    /// let application = vaultvision_client::models::NewApplication::named("MyNewApp");
    /// assert_eq!(application.name(), "MyNewApp");
    /// ```
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: Slot::of(name.into()), ..Self::unnamed() }
    }
}

whole_object!(open: Application, NewApplication);
whole_object!(sent: Application, NewApplication);
