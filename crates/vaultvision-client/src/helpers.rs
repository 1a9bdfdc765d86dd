//! Methods for common tasks: changing an object, blocking a user or a credential, changing one setting of a tenant.

use crate::models::{Application, Credential, Tenant, TenantSettings, User};
use crate::modify::Modify;
use crate::resources::{Applications, Credentials, Tenants, Users};

impl<'a> Tenants<'a> {
    /// Reads a tenant, applies `change`, and writes it back; see [`Modify`].
    ///
    /// ```no_run
    /// # async fn run(vault: &vaultvision_client::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let tenant = vault
    ///     .tenants()
    ///     .modify("CmKJPDorO34hGJ0J", |tenant| tenant.metadata_mut().insert("mykey1", "myval1"))
    ///     .await?
    ///     .into_result()?;
    /// # let _ = tenant;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When awaited, an [`Error`](crate::Error) if a call fails.
    pub fn modify<F: FnMut(&mut Tenant) + Send>(
        self,
        tenant_id: &'a str,
        change: F,
    ) -> Modify<'a, Tenant, F> {
        Modify::new(
            tenant_id,
            "tenants.update",
            move || self.get(tenant_id),
            move |tenant| self.update(tenant),
            change,
        )
    }

    /// Changes settings of a tenant and preserves all others, including unknown ones.
    ///
    /// ```no_run
    /// # async fn run(vault: &vaultvision_client::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let tenants = vault.tenants();
    /// tenants.set("CmKJPDorO34hGJ0J", |settings| settings.set_allow_unverified(false)).await?.into_result()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When awaited, an [`Error`](crate::Error) if a call fails.
    pub fn set(
        self,
        tenant_id: &'a str,
        mut change: impl FnMut(&mut TenantSettings) + Send,
    ) -> Modify<'a, Tenant, impl FnMut(&mut Tenant) + Send> {
        self.modify(tenant_id, move |tenant| change(tenant.settings_mut()))
    }
}

impl<'a> Applications<'a> {
    /// Reads an application, applies `change`, and writes it back; see [`Modify`].
    ///
    /// ```no_run
    /// # async fn run(vault: &vaultvision_client::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let applications = vault.applications("CmKJPDorO34hGJ0J");
    /// applications.modify("J3Or5KNHIUDl", |application| application.set_name("Shop")).await?.into_result()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When awaited, an [`Error`](crate::Error) if a call fails.
    pub fn modify<F: FnMut(&mut Application) + Send>(
        self,
        application_id: &'a str,
        change: F,
    ) -> Modify<'a, Application, F> {
        Modify::new(
            application_id,
            "applications.update",
            move || self.get(application_id),
            move |application| self.update(application),
            change,
        )
    }
}

impl<'a> Users<'a> {
    /// Reads a user, applies `change`, and writes it back; see [`Modify`].
    ///
    /// ```no_run
    /// # async fn run(vault: &vaultvision_client::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let users = vault.users("CmKJPDorO34hGJ0J");
    /// users.modify("9cb0Q44OoPO4", |user| user.profile_mut().set_name("Test User02")).await?.into_result()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When awaited, an [`Error`](crate::Error) if a call fails.
    pub fn modify<F: FnMut(&mut User) + Send>(self, user_id: &'a str, change: F) -> Modify<'a, User, F> {
        Modify::new(user_id, "users.update", move || self.get(user_id), move |user| self.update(user), change)
    }

    /// Blocks a user's logins.
    ///
    /// ```no_run
    /// # async fn run(vault: &vaultvision_client::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// vault.users("CmKJPDorO34hGJ0J").disable("9cb0Q44OoPO4").await?.into_result()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When awaited, an [`Error`](crate::Error) if a call fails.
    pub fn disable(self, user_id: &'a str) -> Modify<'a, User, impl FnMut(&mut User) + Send> {
        self.modify(user_id, |user| user.set_disabled(true))
    }

    /// Unblocks a user's logins.
    ///
    /// ```no_run
    /// # async fn run(vault: &vaultvision_client::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// vault.users("CmKJPDorO34hGJ0J").enable("9cb0Q44OoPO4").await?.into_result()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When awaited, an [`Error`](crate::Error) if a call fails.
    pub fn enable(self, user_id: &'a str) -> Modify<'a, User, impl FnMut(&mut User) + Send> {
        self.modify(user_id, |user| user.set_disabled(false))
    }
}

impl<'a> Credentials<'a> {
    /// Reads a credential, applies `change`, and writes it back; see [`Modify`].
    ///
    /// The request contains the hash of a password. If the user sets another password between the read and the write,
    /// the old one would be restored; the check before the write prevents this, so don't call
    /// [`skip_checks`](Modify::skip_checks) here.
    ///
    /// ```no_run
    /// # async fn run(vault: &vaultvision_client::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let users = vault.users("CmKJPDorO34hGJ0J");
    /// let credentials = users.credentials("6fkflQib1ehm");
    /// credentials.modify("password", |password| password.set_disabled(true)).await?.into_result()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When awaited, an [`Error`](crate::Error) if a call fails.
    pub fn modify<F: FnMut(&mut Credential) + Send>(
        self,
        credential_id: &'a str,
        change: F,
    ) -> Modify<'a, Credential, F> {
        Modify::new(
            credential_id,
            "credentials.update",
            move || self.get(credential_id),
            move |credential| self.update(credential),
            change,
        )
    }

    /// Blocks logins with a credential.
    ///
    /// ```no_run
    /// # async fn run(vault: &vaultvision_client::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// vault.users("CmKJPDorO34hGJ0J").credentials("6fkflQib1ehm").disable("password").await?.into_result()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When awaited, an [`Error`](crate::Error) if a call fails.
    pub fn disable(
        self,
        credential_id: &'a str,
    ) -> Modify<'a, Credential, impl FnMut(&mut Credential) + Send> {
        self.modify(credential_id, |credential| credential.set_disabled(true))
    }

    /// Unblocks logins with a credential.
    ///
    /// ```no_run
    /// # async fn run(vault: &vaultvision_client::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// vault.users("CmKJPDorO34hGJ0J").credentials("6fkflQib1ehm").enable("password").await?.into_result()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When awaited, an [`Error`](crate::Error) if a call fails.
    pub fn enable(
        self,
        credential_id: &'a str,
    ) -> Modify<'a, Credential, impl FnMut(&mut Credential) + Send> {
        self.modify(credential_id, |credential| credential.set_disabled(false))
    }
}
