//! ReveSecure: creates a user and a service, runs a login with a code and one with a push, and shows how the emulator
//! explains a wrong signature.
//!
//! ```sh
//! cargo run --example revesecure
//! ```
//!
//! Without environment variables the example starts the emulator in this process. With `REVESECURE_API_KEY` and
//! `REVESECURE_SECRET_KEY` it calls the vendor, or the server at `REVESECURE_BASE_URL`: it creates a user and a service
//! and deletes both.

use auth_client_examples::{Output, Result, is_set, server};
use auth_emulator::{Emulator, Outcome};
use revesecure_client::models::{AuthType, NewService, NewUser, ServiceType, ServiceUsers};
use revesecure_client::{
    Challenge, Client, Error, HmacDigest, Login, Paging, PushOutcome, PushWait, SecondFactor,
};
use std::process::ExitCode;

const USER: &str = "anna@example.com";
const SERVICE: &str = "Coffee shop";

#[tokio::main]
async fn main() -> ExitCode {
    auth_client_examples::run(run).await
}

/// Runs the example against the emulator, or against the vendor if its environment variables are set.
pub(crate) async fn run(output: &mut Output) -> Result {
    if is_set(&["REVESECURE_API_KEY", "REVESECURE_BASE_URL"]) {
        let client = Client::from_env()?;
        output.heading("ReveSecure", &server("REVESECURE_BASE_URL"));
        let user_id = set_up(output, &client).await?;
        return clean_up(output, &client, &user_id).await;
    }
    let emulator = Emulator::start().await?;
    let revesecure = emulator.revesecure();
    let builder =
        || Client::builder(revesecure.api_key(), revesecure.secret_key()).base_url(revesecure.base_url());
    let client = builder().build()?;
    output.heading("ReveSecure", &format!("emulator at {}", revesecure.base_url()));
    let user_id = set_up(output, &client).await?;
    // The user logs in to the service whose key signs the request.
    let own = ServiceUsers::new(revesecure.service_id(), [user_id.as_str()]);
    output.call("services.map(own service, anna)", client.services().map(own), |_| "mapped").await?;
    log_in_with_code(output, &client, &emulator).await?;
    log_in_with_push(output, &client, &emulator).await?;
    clean_up(output, &client, &user_id).await?;

    let wrong = builder().digest(HmacDigest::Sha512).build()?;
    let error = output.expect_error("users.list(), signed with SHA-512", wrong.users().list()).await?;
    explain(output, &emulator, &error)
}

/// Creates a user and a service and maps one to the other. Returns the user's id.
async fn set_up(output: &mut Output, client: &Client) -> Result<String> {
    let validation = client.validation();
    output.call("validation.check_key()", validation.check_key(), |_| "the keys are valid").await?;

    let new = NewUser::contact_number("8123465790").country_code("91").user_name(USER).first_name("Anna");
    output.call("users.create(anna)", client.users().create(new), |_| "created").await?;
    // The response contains no id, so search the list for the user.
    let mut users = client.user_pages(Paging::new()).items(|page| page.details);
    let mut user_id = None;
    while let Some(user) = users.next().await {
        let user = user?;
        if user.user_name.as_deref() == Some(USER) {
            user_id = Some(user.user_id);
        }
    }
    let user_id = user_id.ok_or("the new user is not in the list")?;

    let services = client.services();
    let new = NewService::new(SERVICE, ServiceType::WebApi);
    output.call("services.create(coffee shop)", services.create(new), |_| "created").await?;
    let list =
        output.call("services.list()", services.list(), |list| format!("{} services", list.len())).await?;
    let shop = list.iter().find(|service| service.service_name.as_deref() == Some(SERVICE));
    let shop = shop.ok_or("the new service is not in the list")?;
    let mapping = ServiceUsers::new(&shop.service_id, [user_id.as_str()]);
    output.call("services.map(coffee shop, anna)", services.map(mapping), |_| "mapped").await?;
    Ok(user_id)
}

async fn log_in_with_code(output: &mut Output, client: &Client, emulator: &Emulator) -> Result {
    let login =
        output.call("SecondFactor::begin(anna)", SecondFactor::of(USER).begin(client), describe).await?;
    let Login::NeedsFactor(challenge) = login else { return Err("no second factor was required".into()) };
    let describe = |valid| if valid { "valid code" } else { "wrong code" };
    let call = challenge.answer(client, AuthType::Software, "000000");
    let wrong = output.call("challenge.answer(000000)", call, |result| describe(result.is_valid())).await?;

    // The emulator returns the code that the user's app would show.
    let pending = emulator.pending_codes_for("revesecure", USER);
    let code = pending.iter().find(|code| code.kind == "otp-software").ok_or("no pending code")?;
    let call = challenge.answer(client, AuthType::Software, code.code.clone());
    let right =
        output.call("challenge.answer(of the app)", call, |result| describe(result.is_valid())).await?;
    if wrong.is_valid() || !right.is_valid() {
        return Err("unexpected result of a code".into());
    }
    Ok(())
}

async fn log_in_with_push(output: &mut Output, client: &Client, emulator: &Emulator) -> Result {
    let login =
        output.call("SecondFactor::begin(anna)", SecondFactor::of(USER).begin(client), describe).await?;
    let Login::NeedsFactor(mut challenge) = login else { return Err("no second factor was required".into()) };
    let phone = challenge.push_tokens().next().ok_or("the user has no phone")?.token_id.clone();
    output.call("challenge.send_push(phone)", challenge.send_push(client, &phone), |()| "sent").await?;
    // A web service stores the challenge in the user's session until the page asks again.
    let session = serde_json::to_string(&challenge)?;

    let challenge: Challenge = serde_json::from_str(&session)?;
    let call = challenge.push_outcome(client, PushWait::once());
    let outcome = output.call("challenge.push_outcome()", call, ToString::to_string).await?;
    let PushOutcome::StillPending { push_txn_id } = outcome else {
        return Err("the push is no longer pending".into());
    };
    emulator.approve(&push_txn_id)?;
    output.note("the user approves the push (through the emulator)");
    let call = challenge.push_outcome(client, PushWait::new());
    let outcome = output.call("challenge.push_outcome()", call, ToString::to_string).await?;
    if outcome.is_approved() { Ok(()) } else { Err("the push was not approved".into()) }
}

fn describe(login: &Login) -> &'static str {
    match login {
        Login::NeedsFactor(_) => "a second factor is required",
        Login::Bypassed(_) => "logged in without a second factor",
        Login::Denied(_) => "denied",
    }
}

async fn clean_up(output: &mut Output, client: &Client, user_id: &str) -> Result {
    output.call("users.delete(anna)", client.users().delete(user_id), |()| "deleted").await?;
    let services = client.services();
    let list = services.list().await?;
    for shop in list.iter().filter(|service| service.service_name.as_deref() == Some(SERVICE)) {
        let call = services.delete(&shop.service_id);
        output.call("services.delete(coffee shop)", call, |()| "deleted").await?;
    }
    Ok(())
}

/// Prints why the emulator rejected a signature. Other languages use `GET /explain/{request-id}` of its control API.
fn explain(output: &mut Output, emulator: &Emulator, error: &Error) -> Result {
    let id = error.headers().and_then(|headers| headers.get("x-emulator-request-id"));
    let id = id.and_then(|id| id.to_str().ok()).ok_or("the response has no request id")?;
    let explanation = emulator.explain(id).ok_or("the request is no longer in the journal")?;
    for check in explanation.checks.iter().filter(|check| check.outcome == Outcome::Fail) {
        output.note(format!("{}: {}", check.check, check.reason.as_deref().unwrap_or_default()));
        let expected = check.detail.as_ref().and_then(|detail| detail.pointer("/expected/text"));
        if let Some(text) = expected.and_then(|text| text.as_str()) {
            output.note(format!("text to sign: {text:?}"));
        }
    }
    Ok(())
}
