//! Vault Vision: the examples of the vendor's own page, in Rust. Change a setting of a tenant, add metadata, disable and
//! enable a user, import a password.

use crate::{Narrator, Result, is_set, place};
use auth_emulator::Emulator;
use vaultvision_client::models::{NewPassword, NewUser, Tenant};
use vaultvision_client::{Client, ErrorKind, ExposeSecret, Modified};

/// The password that every sample of the vendor's has, as a SHA-256 digest.
const DIGEST: &str = "c775e7b757ede630cd0aa1113bd102661ab38829ca52a6422ab782862f268646";

/// Runs the flow, against the vendor if `VV_API_KEY` is set and the emulator otherwise. What it changes at a tenant it
/// changes back, and the user that it creates it deletes.
///
/// # Errors
///
/// The first call that fails and should not.
pub async fn run(narrator: &mut Narrator) -> Result {
    if is_set(&["VV_API_KEY", "VV_BASE_URL"]) {
        let client = Client::from_env()?;
        narrator.chapter("Vault Vision", &place("VV_BASE_URL"));
        return flow(narrator, &client, None).await;
    }
    let emulator = Emulator::start().await?;
    let vault = emulator.vaultvision();
    let client = Client::builder(vault.api_key()).base_url(vault.base_url()).build()?;
    narrator.chapter("Vault Vision", &format!("the emulator at {}", vault.base_url()));
    flow(narrator, &client, Some(&emulator)).await
}

async fn flow(narrator: &mut Narrator, client: &Client, emulator: Option<&Emulator>) -> Result {
    let tenants = client.tenants();
    let list = narrator
        .call("tenants.list()", tenants.list(), |list| format!("{} tenant(s)", list.items().len()))
        .await?;
    let Some(tenant) = list.items().last() else { return Err("the key reaches no tenant".into()) };
    let (id, before) = (tenant.id(), tenant.settings().allow_unverified());

    // The console has settings that no page names; here the server has one.
    if let Some(emulator) = emulator {
        let path = format!("tenants/{id}");
        emulator.vaultvision().add_undocumented_field(
            &path,
            "settings.unpublished",
            "12345678901234567890.10",
        )?;
    }
    let told = |modified: &Modified<Tenant>| match modified {
        Modified::Written(tenant) => {
            format!("{} setting(s) without a name kept", tenant.settings().unknown().len())
        }
        Modified::Unchanged(_) => "nothing to change".to_owned(),
        Modified::Lost(lost) => lost.to_string(),
    };
    for value in [!before, before] {
        let change = tenants.set(id, move |settings| settings.set_allow_unverified(value));
        let _ = narrator
            .call(&format!("tenants.set(allow_unverified {value})"), change, told)
            .await?
            .written()?;
    }
    let add = tenants.modify(id, |tenant| tenant.metadata_mut().insert("mykey1", "myval1"));
    let _ = narrator.call("tenants.modify(metadata)", add, told).await?.written()?;
    let take = tenants.modify(id, |tenant| {
        tenant.metadata_mut().remove("mykey1");
    });
    let _ = narrator.call("tenants.modify(metadata back)", take, told).await?.written()?;

    let users = client.users(id);
    let mut new = NewUser::email("test01@example.test");
    new.profile_mut().set_name("Test User01");
    new.metadata_mut().insert("other_id", "other_id_01");
    let user = narrator
        .call("users.create(test01@example.test)", users.create(&new), |user| format!("id {}", user.id()))
        .await?;
    let off = narrator.call("users.disable()", users.disable(user.id()), |_| "blocked").await?.written()?;
    let on = narrator.call("users.enable()", users.enable(user.id()), |_| "let in again").await?.written()?;
    if !off.disabled() || on.disabled() {
        return Err("the user is not as it was set".into());
    }

    let credentials = users.credentials(user.id());
    narrator
        .call("credentials.create(sha256)", credentials.create(&NewPassword::sha256(DIGEST)?), |password| {
            format!("stored as {}", password.password().algorithm())
        })
        .await?;
    if let Some(emulator) = emulator {
        let let_in = emulator.vaultvision().log_in(id, user.id(), "1234567890")?;
        narrator
            .say(format!("the user logs in with the password: {}", if let_in { "welcome" } else { "no" }));
    }
    narrator
        .call("credentials.get(password)", credentials.get("password"), |credential| {
            let stored = credential.as_password().map(|password| password.password());
            let length = stored.and_then(|stored| stored.hash()).map_or(0, |hash| hash.expose_secret().len());
            format!("stored as {}, {length} characters", stored.map_or("", |stored| stored.alg()))
        })
        .await?;

    narrator.call("users.delete()", users.delete(user.id()), |_| "gone").await?;
    let error = narrator.refused("users.get()", users.get(user.id())).await?;
    if error.kind() != ErrorKind::NotFound {
        return Err(error.into());
    }
    Ok(())
}
