//! Users and their profiles.

use crate::metadata::Metadata;
use crate::whole::whole_object;
use auth_client_core::provider::record::Slot;

whole_object! {
    /// A user of a tenant.
    ///
    /// Assumption (oidc-ids): its [`id`](Self::id) is the `sub` of OIDC tokens. A user who was deleted and registers
    /// again gets another id.
    ///
    /// ```
    /// let json = r#"{"type":"User","id":"u1","profile":{"name":"Anna","email":"anna@example.test"}}"#;
    /// let mut user: vaultvision_client::models::User = serde_json::from_str(json)?;
    /// user.profile_mut().set_name("Anna B.");
    /// user.set_disabled(true);
    /// assert_eq!(user.profile().email(), "anna@example.test");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    User expects "a user" {
        /// Always `User`.
        "type" => kind: text;
        /// Id of the user.
        "id" required => id: text;
        /// Time of creation.
        "created_at" => created_at: time;
        /// Time of the last change.
        "updated_at" => updated_at: time;
        /// Custom key-value pairs.
        "metadata" => metadata, metadata_mut: object<Metadata>;
        /// `true` if logins are blocked.
        "disabled" => disabled, set_disabled: flag;
        /// Time when the email address was verified. May be absent for a verified user, as in some samples of the
        /// vendor. Assumption (verified): the server sets it, and may ignore another one.
        "verified_at" => verified_at, set_verified_at: time;
        /// Profile of the user.
        "profile" => profile, profile_mut: object<Profile>;
    }
}

whole_object! {
    /// Profile of a user.
    ///
    /// ```
    /// let mut profile = vaultvision_client::models::Profile::default();
    /// profile.set_given_name("Anna");
    /// profile.set_family_name("B.");
    /// assert_eq!(profile.given_name(), "Anna");
    /// ```
    Profile expects "a profile" {
        /// Full name.
        "name" => name, set_name: text;
        /// Family name.
        "family_name" => family_name, set_family_name: text;
        /// Given name. The vendor's samples misspell it; this spelling is that of OIDC's UserInfo.
        "given_name" => given_name, set_given_name: text;
        /// Email address, unique within the tenant.
        "email" => email, set_email: text;
        /// `true` if the email address is verified; see [`User::verified_at`]. It can be set when users are imported;
        /// the vendor doesn't document whether it is kept.
        "email_verified" => email_verified, set_email_verified: flag;
    }
}

whole_object! {
    /// A user to create, without a credential. To log in, the user resets the password, or a password is
    /// [created](crate::resources::Credentials::create).
    ///
    /// `NewUser::default()` is a user without an email address. Assumption (required-fields): the server may reject it;
    /// the vendor doesn't document which fields are required.
    ///
    /// ```
    /// use vaultvision_client::models::NewUser;
    ///
    /// let mut user = NewUser::email("test01@example.test");
    /// user.profile_mut().set_name("Test User01");
    /// user.metadata_mut().insert("other_id", "other_id_01");
    /// ```
    NewUser expects "a user to be created" {
        /// Absent by default, as in the vendor's sample.
        "type" => kind: text;
        /// Custom key-value pairs.
        "metadata" => metadata, metadata_mut: object<Metadata>;
        /// `true` if logins are blocked from the start.
        "disabled" => disabled, set_disabled: flag;
        /// Time when the email address was verified, for users of another system; see [`User::verified_at`].
        "verified_at" => verified_at, set_verified_at: time;
        /// Profile of the user.
        "profile" => profile, profile_mut: object<Profile>;
    }
}

impl NewUser {
    /// Creates a user with this email address.
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
whole_object!(sent: User, NewUser);
