//! ReveSecure: a user, a service and a mapping, a login by code and one by push, and a wrong signature explained.

use crate::{Narrator, Result, is_set, place};
use auth_emulator::{Emulator, Outcome};
use revesecure_client::models::{AuthType, NewService, NewUser, ServiceType, ServiceUsers};
use revesecure_client::{Client, HmacDigest, Login, Paging, PushOutcome, PushWait, SecondFactor};
use std::time::Duration;

const USER: &str = "ann@example.com";

/// Runs the flow, against the vendor if `REVESECURE_API_KEY` is set and the emulator otherwise.
///
/// # Errors
///
/// The first call that fails and should not.
pub async fn run(narrator: &mut Narrator) -> Result {
    if is_set(&["REVESECURE_API_KEY", "REVESECURE_BASE_URL"]) {
        let client = Client::from_env()?;
        narrator.chapter("ReveSecure", &place("REVESECURE_BASE_URL"));
        let (_, id) = people(narrator, &client).await?;
        return clean_up(narrator, &client, &id).await;
    }
    let emulator = Emulator::start().await?;
    let revesecure = emulator.revesecure();
    let builder =
        || Client::builder(revesecure.api_key(), revesecure.secret_key()).base_url(revesecure.base_url());
    let client = builder().build()?;
    narrator.chapter("ReveSecure", &format!("the emulator at {}", revesecure.base_url()));
    let (services, id) = people(narrator, &client).await?;
    // Logins are to the service whose key signs; the emulator knows which that is.
    let own = ServiceUsers::new(revesecure.service_id(), [id.as_str()]);
    narrator.call("services.map(own service, ann)", client.services().map(own), |()| "mapped").await?;
    narrator.say(format!("{services} services, and {USER} may log in to two of them"));
    logins(narrator, &client, &emulator).await?;
    clean_up(narrator, &client, &id).await?;

    let wrong = builder().digest(HmacDigest::Sha512).build()?;
    let error = narrator.refused("users.list(), signed with SHA-512", wrong.users().list()).await?;
    explain(narrator, &emulator, &error)
}

/// A user, a service and their mapping; the number of services, and the user's id.
async fn people(narrator: &mut Narrator, client: &Client) -> Result<(usize, String)> {
    narrator
        .call(
            "validation.check_key()",
            client.validation().check_key(),
            |_| "API key and secret key are good",
        )
        .await?;
    let new = NewUser::contact_number("8123465790").country_code("91").user_name(USER).first_name("Ann");
    narrator
        .call("users.create(ann)", client.users().create(new), |_| "done; the answer names no id")
        .await?;
    let mut users = client.user_pages(Paging::new()).items(|page| page.details);
    let mut found = None;
    while let Some(user) = users.next().await {
        let user = user?;
        if user.user_name.as_deref() == Some(USER) {
            found = Some(user.user_id);
        }
    }
    let id = found.ok_or("the user who was created is not in the list")?;
    let new = NewService::new("coffee shop", ServiceType::WebApi);
    narrator.call("services.create(coffee shop)", client.services().create(new), |_| "done").await?;
    let services = narrator
        .call("services.list()", client.services().list(), |list| format!("{} services", list.len()))
        .await?;
    let shop = services.iter().find(|service| service.service_name.as_deref() == Some("coffee shop"));
    let shop = shop.ok_or("the service that was created is not in the list")?;
    let mapping = ServiceUsers::new(&shop.service_id, [id.as_str()]);
    narrator.call("services.map(coffee shop, ann)", client.services().map(mapping), |()| "mapped").await?;
    Ok((services.len(), id))
}

async fn logins(narrator: &mut Narrator, client: &Client, emulator: &Emulator) -> Result {
    let login = narrator
        .call("SecondFactor::begin()", SecondFactor::of(USER).begin(client), |login| match login {
            Login::NeedsFactor(_) => "a second factor is needed",
            Login::Bypassed(_) => "let in without one",
            Login::Denied(_) => "denied",
        })
        .await?;
    let Login::NeedsFactor(challenge) = login else { return Err("no second factor was asked for".into()) };
    let told = |valid| if valid { "the code is right" } else { "the code is wrong" };
    let wrong = narrator
        .call("challenge.code(000000)", challenge.code(AuthType::Software, "000000"), |result| {
            told(result.is_valid())
        })
        .await?;
    // A person would read it off the app; the emulator tells it.
    let pending = emulator.pending_codes_for("revesecure", USER);
    let code =
        pending.iter().find(|code| code.kind == "otp-software").ok_or("no code is pending")?.code.clone();
    let right = narrator
        .call("challenge.code(from the app)", challenge.code(AuthType::Software, code), |result| {
            told(result.is_valid())
        })
        .await?;
    if wrong.is_valid() || !right.is_valid() {
        return Err("the codes were taken for each other".into());
    }

    let phone = challenge.push_tokens().next().ok_or("the user has no phone")?.token_id.clone();
    let once = PushWait::new().limit(Duration::ZERO);
    let outcome =
        narrator.call("challenge.push(phone)", challenge.push(&phone, once), ToString::to_string).await?;
    let PushOutcome::StillPending { push_txn_id } = outcome else {
        return Err("somebody has answered".into());
    };
    emulator.approve(&push_txn_id)?;
    narrator.say("the push is approved on the phone, by way of the emulator's control API");
    let wait = PushWait::new();
    let outcome =
        narrator.call("PushWait::wait()", wait.wait(client, &push_txn_id), ToString::to_string).await?;
    if outcome.is_approved() { Ok(()) } else { Err("the approved push is not approved".into()) }
}

async fn clean_up(narrator: &mut Narrator, client: &Client, id: &str) -> Result {
    narrator.call("users.delete(ann)", client.users().delete(id), |()| "gone").await?;
    let services = client.services().list().await?;
    for shop in services.iter().filter(|service| service.service_name.as_deref() == Some("coffee shop")) {
        narrator
            .call("services.delete(coffee shop)", client.services().delete(&shop.service_id), |()| "gone")
            .await?;
    }
    Ok(())
}

/// Prints what the emulator says about a signature that it refused: `GET /explain/{request-id}` on its control API.
fn explain(narrator: &mut Narrator, emulator: &Emulator, error: &revesecure_client::Error) -> Result {
    let id = error.headers().and_then(|headers| headers.get("x-emulator-request-id"));
    let id = id.and_then(|id| id.to_str().ok()).ok_or("the answer has no request id")?;
    let explanation = emulator.explain(id).ok_or("the emulator has forgotten the request")?;
    for check in explanation.checks.iter().filter(|check| check.outcome == Outcome::Fail) {
        narrator.say(format!("{}: {}", check.check, check.reason.as_deref().unwrap_or_default()));
        let expected = check.detail.as_ref().and_then(|detail| detail.pointer("/expected/text"));
        if let Some(text) = expected.and_then(|text| text.as_str()) {
            narrator.say(format!("the text to sign is {text:?}"));
        }
    }
    Ok(())
}
