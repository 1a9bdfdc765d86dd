//! Users and their profiles.

use crate::kept::Slot;
use crate::metadata::Metadata;
use crate::whole::whole_object;

whole_object! {
    /// A user of a tenant.
    ///
    /// Assumption: its [`id`](Self::id) is the `sub` of OIDC tokens. A user who was deleted and registers again gets
    /// another id.
    ///
    /// ```
    /// let json = r#"{"type":"User","id":"u1","profile":{"name":"Anna","email":"anna@example.test"}}"#;
    /// let mut user: vaultvision_client::models::User = serde_json::from_str(json)?;
    /// user.profile_mut().set_name("Anna B.");
    /// user.set_disabled(true);
    /// assert_eq!(user.profile().email(), "anna@example.test");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    User expects "a user" needs id {
        /// `User`.
        "type" => kind: text;
        /// The id.
        "id" => id: text;
        /// When it was made.
        "created_at" => created_at: time;
        /// When it was changed last.
        "updated_at" => updated_at: time;
        /// A program's own pairs.
        "metadata" => metadata, metadata_mut: object<Metadata>;
        /// Whether logins are blocked.
        "disabled" => disabled, set_disabled: flag;
        /// When the mail address was verified. Absent is no proof that it is not: some of the vendor's samples leave it
        /// out for a verified user.
        "verified_at" => verified_at: time;
        /// Who it is.
        "profile" => profile, profile_mut: object<Profile>;
    }
}

whole_object! {
    /// Who a user is.
    ///
    /// ```
    /// let mut profile = vaultvision_client::models::Profile::default();
    /// profile.set_given_name("Anna");
    /// profile.set_family_name("B.");
    /// assert_eq!(profile.given_name(), "Anna");
    /// ```
    Profile expects "a profile" {
        /// The full name.
        "name" => name, set_name: text;
        /// The family name.
        "family_name" => family_name, set_family_name: text;
        /// The given name. The API's samples have it misspelt only; this spelling is the one of OIDC's UserInfo.
        "given_name" => given_name, set_given_name: text;
        /// The mail address. No two users of a tenant share one.
        "email" => email, set_email: text;
        /// Whether the mail address is verified; see [`User::verified_at`]. Assumption: it may be set when users are
        /// imported; the vendor doesn't say whether it is taken over.
        "email_verified" => email_verified, set_email_verified: flag;
    }
}

whole_object! {
    /// A user to be created, without a credential: to log in, the user resets the password, or one is
    /// [created](crate::resources::Credentials::create).
    ///
    /// ```
    /// use vaultvision_client::models::NewUser;
    ///
    /// let mut user = NewUser::email("test01@example.test");
    /// user.profile_mut().set_name("Test User01");
    /// user.metadata_mut().insert("other_id", "other_id_01");
    /// ```
    NewUser expects "a user to be created" {
        /// Absent, as in the vendor's sample.
        "type" => kind: text;
        /// A program's own pairs.
        "metadata" => metadata, metadata_mut: object<Metadata>;
        /// Whether logins are blocked from the start.
        "disabled" => disabled, set_disabled: flag;
        /// Who it is.
        "profile" => profile, profile_mut: object<Profile>;
    }
}

impl NewUser {
    /// A user with this mail address.
    ///
    /// ```
    /// let user = vaultvision_client::models::NewUser::email("anna@example.test");
    /// assert_eq!(user.profile().email(), "anna@example.test");
    /// ```
    #[must_use]
    pub fn email(email: impl Into<String>) -> Self {
        let mut profile = Profile::default();
        profile.set_email(email);
        Self { profile: Slot::of(profile), ..Self::default() }
    }
}

whole_object!(open: User, Profile, NewUser);
