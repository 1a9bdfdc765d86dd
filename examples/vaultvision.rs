//! Vault Vision: the samples of the vendor's page in Rust. Changes a setting of a tenant, adds metadata, disables and
//! enables a user, imports a password.
//!
//! ```sh
//! cargo run --example vaultvision
//! ```
//!
//! Without environment variables the example starts the emulator in this process. With `VV_API_KEY` it calls the vendor, or
//! the server at `VV_BASE_URL`. There it changes a setting and the metadata of the last tenant in the list and restores
//! both, and it creates and deletes a user.

use auth_client_examples::{Output, Result, is_set, server};
use auth_emulator::Emulator;
use std::process::ExitCode;
use vaultvision_client::models::{NewPassword, NewUser, Tenant, User};
use vaultvision_client::{Client, ErrorKind, ExposeSecret, Modified};

/// The SHA-256 digest of the password in the vendor's samples.
const DIGEST: &str = "c775e7b757ede630cd0aa1113bd102661ab38829ca52a6422ab782862f268646";

#[tokio::main]
async fn main() -> ExitCode {
    auth_client_examples::run(run).await
}

/// Runs the example against the emulator, or against the vendor if its environment variables are set.
pub(crate) async fn run(output: &mut Output) -> Result {
    if is_set(&["VV_API_KEY", "VV_BASE_URL"]) {
        let client = Client::from_env()?;
        output.heading("Vault Vision", &server("VV_BASE_URL"));
        return calls(output, &client, None).await;
    }
    let emulator = Emulator::start().await?;
    let vault = emulator.vaultvision();
    let client = Client::builder(vault.api_key()).base_url(vault.base_url()).build()?;
    output.heading("Vault Vision", &format!("emulator at {}", vault.base_url()));
    calls(output, &client, Some(&emulator)).await
}

async fn calls(output: &mut Output, client: &Client, emulator: Option<&Emulator>) -> Result {
    let tenants = client.tenants();
    let list = output
        .call("tenants.list()", tenants.list(), |list| format!("{} tenants", list.items().len()))
        .await?;
    let Some(tenant) = list.items().last() else { return Err("the key has access to no tenant".into()) };
    change_tenant(output, client, tenant, emulator).await?;

    let users = client.users(tenant.id());
    let mut new = NewUser::email("anna@example.com");
    new.profile_mut().set_name("Anna Larsson");
    new.metadata_mut().insert("crm_id", "17");
    let user =
        output.call("users.create(anna)", users.create(&new), |user| format!("id {}", user.id())).await?;
    let disabled =
        output.call("users.disable(anna)", users.disable(user.id()), |_| "disabled").await?.into_result()?;
    let enabled =
        output.call("users.enable(anna)", users.enable(user.id()), |_| "enabled").await?.into_result()?;
    if !disabled.disabled() || enabled.disabled() {
        return Err("the user is not in the expected state".into());
    }
    import_password(output, client, tenant, &user, emulator).await?;

    output.call("users.delete(anna)", users.delete(user.id()), |_| "deleted").await?;
    let error = output.expect_error("users.get(anna)", users.get(user.id())).await?;
    if error.kind() != ErrorKind::NotFound {
        return Err(error.into());
    }
    Ok(())
}

/// Changes a setting and the metadata of a tenant, and restores both.
async fn change_tenant(
    output: &mut Output,
    client: &Client,
    tenant: &Tenant,
    emulator: Option<&Emulator>,
) -> Result {
    let (id, before) = (tenant.id(), tenant.settings().allow_unverified());
    // A field that the client doesn't know. An update must not lose it.
    if let Some(emulator) = emulator {
        let path = format!("tenants/{id}");
        emulator.vaultvision().add_undocumented_field(
            &path,
            "settings.unpublished",
            "12345678901234567890.10",
        )?;
    }
    let describe = |modified: &Modified<Tenant>| match modified {
        Modified::Written(tenant) => {
            format!("written, {} unknown setting kept", tenant.settings().unknown().len())
        }
        Modified::Unchanged(_) => "nothing to change".to_owned(),
        Modified::Lost(lost) => lost.to_string(),
    };
    let tenants = client.tenants();
    for value in [!before, before] {
        let change = tenants.set(id, move |settings| settings.set_allow_unverified(value));
        let what = format!("tenants.set(allow_unverified = {value})");
        let _ = output.call(&what, change, describe).await?.into_result()?;
    }
    let insert = tenants.modify(id, |tenant| tenant.metadata_mut().insert("crm_id", "17"));
    let _ = output.call("tenants.modify(insert crm_id)", insert, describe).await?.into_result()?;
    let remove = tenants.modify(id, |tenant| {
        tenant.metadata_mut().remove("crm_id");
    });
    let _ = output.call("tenants.modify(remove crm_id)", remove, describe).await?.into_result()?;
    Ok(())
}

/// Imports a password by its SHA-256 digest.
async fn import_password(
    output: &mut Output,
    client: &Client,
    tenant: &Tenant,
    user: &User,
    emulator: Option<&Emulator>,
) -> Result {
    let credentials = client.users(tenant.id()).credentials(user.id());
    let password = NewPassword::sha256(DIGEST)?;
    output
        .call("credentials.create(sha256)", credentials.create(&password), |password| {
            format!("stored as {}", password.password().algorithm())
        })
        .await?;
    if let Some(emulator) = emulator {
        let accepted = emulator.vaultvision().log_in(tenant.id(), user.id(), "1234567890")?;
        output.note(format!("login with this password: {}", if accepted { "accepted" } else { "rejected" }));
    }
    output
        .call("credentials.get(password)", credentials.get("password"), |credential| {
            let stored = credential.as_password().map(|password| password.password());
            let length = stored.and_then(|stored| stored.hash()).map_or(0, |hash| hash.expose_secret().len());
            format!("stored as {}, {length} characters", stored.map_or("", |stored| stored.alg()))
        })
        .await?;
    Ok(())
}
