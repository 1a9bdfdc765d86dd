//! Applications: the OIDC clients of a tenant.

use crate::kept::Slot;
use crate::metadata::Metadata;
use crate::whole::whole_object;

whole_object! {
    /// An application: an OIDC client of the tenant.
    ///
    /// Assumption: its [`id`](Self::id) is the `client_id` of OIDC; the vendor says only that an application is an OIDC
    /// client.
    ///
    /// ```
    /// let json = r#"{"type":"Application","id":"J3Or5KNHIUDl","redirect_urls":["https://example.test/callback"]}"#;
    /// let mut application: vaultvision_client::models::Application = serde_json::from_str(json)?;
    /// application.set_name("Shop");
    /// application.set_redirect_urls(["https://example.test/auth/callback"]);
    /// assert!(application.secret().is_none());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    Application expects "an application" needs id {
        /// `Application`.
        "type" => kind: text;
        /// The id.
        "id" => id: text;
        /// The name, for the console only; users never see it.
        "name" => name, set_name: text;
        /// When it was made.
        "created_at" => created_at: time;
        /// When it was changed last.
        "updated_at" => updated_at: time;
        /// A program's own pairs.
        "metadata" => metadata, metadata_mut: object<Metadata>;
        /// The client secret, which some applications have and some don't: the answer to a creation has none in the
        /// vendor's samples, and a later one may. It is sent back as it came.
        "secret" => secret: secret;
        /// Where visitors are sent who reach the login page on a way that can't be finished.
        "login_url" => login_url, set_login_url: text;
        /// The addresses that a logout may return to.
        "logout_urls" => logout_urls, set_logout_urls: texts;
        /// The addresses that a login may return to.
        "redirect_urls" => redirect_urls, set_redirect_urls: texts;
    }
}

whole_object! {
    /// An application to be created.
    ///
    /// ```
    /// use vaultvision_client::models::NewApplication;
    ///
    /// let mut application = NewApplication::named("MyNewApp");
    /// application.set_login_url("https://example.test/auth/login");
    /// application.set_redirect_urls(["https://example.test/auth/callback"]);
    /// ```
    NewApplication expects "an application to be created" {
        /// `Application`.
        "type" => kind: text;
        /// The name, for the console only.
        "name" => name, set_name: text;
        /// A program's own pairs.
        "metadata" => metadata, metadata_mut: object<Metadata>;
        /// Where visitors are sent who reach the login page on a way that can't be finished.
        "login_url" => login_url, set_login_url: text;
        /// The addresses that a logout may return to.
        "logout_urls" => logout_urls, set_logout_urls: texts;
        /// The addresses that a login may return to.
        "redirect_urls" => redirect_urls, set_redirect_urls: texts;
    }
}

impl NewApplication {
    /// An application of this name.
    ///
    /// ```
    /// let application = vaultvision_client::models::NewApplication::named("MyNewApp");
    /// assert_eq!(application.name(), "MyNewApp");
    /// ```
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self { kind: Slot::of("Application".to_owned()), name: Slot::of(name.into()), ..Self::default() }
    }
}

whole_object!(open: Application, NewApplication);
