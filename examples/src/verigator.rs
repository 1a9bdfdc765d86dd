//! Verigator: register a service and a user, then a login with a code by text message, wrong codes included.

use crate::{Narrator, Result, is_set, place};
use auth_emulator::Emulator;
use verigator_client::models::{AuthMethod, NewService, NewUser, Verification};
use verigator_client::{Client, ErrorKind, Outcome, SecondFactor};

/// Runs the flow, against the vendor if `VERIGATOR_USERNAME` is set and the emulator otherwise.
///
/// # Errors
///
/// The first call that fails and should not.
pub async fn run(narrator: &mut Narrator) -> Result {
    if is_set(&["VERIGATOR_USERNAME", "VERIGATOR_BASE_URL"]) {
        let client = Client::from_env()?;
        narrator.chapter("Verigator", &place("VERIGATOR_BASE_URL"));
        return flow(narrator, &client, None).await;
    }
    let emulator = Emulator::start().await?;
    let verigator = emulator.verigator();
    let client = Client::builder(verigator.username(), verigator.password().to_owned())
        .base_url(verigator.base_url())
        .build()?;
    narrator.chapter("Verigator", &format!("the emulator at {}", verigator.base_url()));
    flow(narrator, &client, Some(&emulator)).await
}

async fn flow(narrator: &mut Narrator, client: &Client, emulator: Option<&Emulator>) -> Result {
    let services = client.services();
    let service = narrator
        .call(
            "services.create(coffeeshop.com)",
            services.create(NewService::fqdn("coffeeshop.com").name("CoffeeShop")),
            |service| format!("id {}", service.id),
        )
        .await?;
    let users = client.users(&service.id);
    let user = narrator
        .call(
            "users.create(barista@coffeeshop.com)",
            users.create(NewUser::id_in_service("barista@coffeeshop.com").phone_number("+3725100000")),
            |user| format!("id {}", user.id),
        )
        .await?;
    narrator.call("users.list()", users.list(), |list| format!("{} user(s)", list.users.len())).await?;

    // A code that is certainly wrong is a value and no error.
    let login = users.authentication(&user.id);
    narrator
        .call("authentication.start(totp)", login.start(AuthMethod::Totp), |started| {
            format!("a code is on its way by {}: the user has no app", started.method)
        })
        .await?;
    let _ = narrator
        .call("authentication.verify(000000)", login.verify("000000"), |answer| match answer {
            Verification::Verified { .. } => "verified".to_owned(),
            Verification::Rejected(why) => format!("not verified: {why}"),
        })
        .await?;

    // The whole step in one call. The emulator tells the code; a real user would type it.
    if let Some(emulator) = emulator {
        let subject = user.id_in_service.clone();
        let step = SecondFactor::new(AuthMethod::Sms).max_tries(3);
        let outcome = step.run(client, &service.id, &user.id, |prompt| {
            let code = emulator.pending_codes_for("verigator", &subject).pop().map(|pending| pending.code);
            // The first try is mistyped.
            let typed = if prompt.attempt == 1 { Some("123".to_owned()) } else { code };
            async move { typed.map(Into::into) }
        });
        let _ = narrator
            .call("SecondFactor::run(sms)", outcome, |outcome| match outcome {
                Outcome::Verified => "verified at the second try".to_owned(),
                Outcome::GaveUp(why) => format!("gave up: {why}"),
            })
            .await?;
    }

    narrator.call("users.delete()", users.delete(&user.id), |()| "gone").await?;
    let error = narrator.refused("users.get()", users.get(&user.id)).await?;
    if error.kind() != ErrorKind::NotFound {
        return Err(error.into());
    }
    narrator.call("services.delete()", services.delete(&service.id), |()| "gone").await?;
    Ok(())
}
