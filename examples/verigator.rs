//! Verigator: registers a service and a user, then verifies one-time codes, wrong ones included.
//!
//! ```sh
//! cargo run --example verigator
//! ```
//!
//! Without environment variables the example starts the emulator in this process. With `VERIGATOR_USERNAME` and
//! `VERIGATOR_PASSWORD` it calls the vendor, or the server at `VERIGATOR_BASE_URL`, and deletes what it created.

use auth_client_examples::{Output, Result, is_set, server};
use auth_emulator::Emulator;
use std::process::ExitCode;
use verigator_client::models::{AuthMethod, NewService, NewUser, Verification};
use verigator_client::{Challenge, Client, ErrorKind, Outcome, SecondFactor};

const USER: &str = "anna@example.com";

#[tokio::main]
async fn main() -> ExitCode {
    auth_client_examples::run(run).await
}

/// Runs the example against the emulator, or against the vendor if its environment variables are set.
pub(crate) async fn run(output: &mut Output) -> Result {
    if is_set(&["VERIGATOR_USERNAME", "VERIGATOR_BASE_URL"]) {
        let client = Client::from_env()?;
        output.heading("Verigator", &server("VERIGATOR_BASE_URL"));
        return calls(output, &client, None).await;
    }
    let emulator = Emulator::start().await?;
    let verigator = emulator.verigator();
    let client =
        Client::builder(verigator.username(), verigator.password()).base_url(verigator.base_url()).build()?;
    output.heading("Verigator", &format!("emulator at {}", verigator.base_url()));
    calls(output, &client, Some(&emulator)).await
}

async fn calls(output: &mut Output, client: &Client, emulator: Option<&Emulator>) -> Result {
    let services = client.services();
    let new = NewService::fqdn("coffeeshop.com").name("CoffeeShop");
    let service = output
        .call("services.create(coffeeshop.com)", services.create(new), |service| format!("id {}", service.id))
        .await?;
    let users = client.users(&service.id);
    let new = NewUser::id_in_service(USER).phone_number("+37251000001");
    let user = output.call("users.create(anna)", users.create(new), |user| format!("id {}", user.id)).await?;
    output.call("users.list()", users.list(), |list| format!("{} user", list.users.len())).await?;

    // A wrong code is a value, not an error.
    let login = users.authentication(&user.id);
    output
        .call("authentication.start(totp)", login.start(AuthMethod::Totp), |started| {
            format!("code sent by {}: the user has no app", started.method)
        })
        .await?;
    let _ = output
        .call("authentication.verify(000000)", login.verify("000000"), |result| match result {
            Verification::Verified { .. } => "verified".to_owned(),
            Verification::Rejected(why) => format!("rejected: {why}"),
            _ => "not verified".to_owned(),
        })
        .await?;

    // `SecondFactor` runs the whole step. Between the requests of a web service, the challenge is in the user's
    // session. The emulator returns the code that a user would type.
    if let Some(emulator) = emulator {
        let step = SecondFactor::new(AuthMethod::Sms).max_tries(3);
        let begun = step.begin(client, &service.id, &user.id);
        let challenge = output
            .call("SecondFactor::begin(sms)", begun, |challenge| {
                format!("code sent by {}", challenge.method())
            })
            .await?;
        let mut session = serde_json::to_string(&challenge)?;
        let code = emulator.pending_codes_for("verigator", USER).pop().ok_or("no code was sent")?.code;
        // A typing error at the first try.
        for typed in ["123".to_owned(), code] {
            let mut challenge: Challenge = serde_json::from_str(&session)?;
            let answer = challenge.answer(client, typed);
            let _ = output
                .call("Challenge::answer(code)", answer, |answer| match answer {
                    Outcome::Verified => "verified".to_owned(),
                    Outcome::Rejected(why) => why.to_string(),
                    Outcome::CodeReplaced => "expired; another code was sent".to_owned(),
                    Outcome::Failed(why) => format!("not verified: {why}"),
                })
                .await?;
            session = serde_json::to_string(&challenge)?;
        }
    }

    output.call("users.delete(anna)", users.delete(&user.id), |()| "deleted").await?;
    let error = output.expect_error("users.get(anna)", users.get(&user.id)).await?;
    if error.kind() != ErrorKind::NotFound {
        return Err(error.into());
    }
    output.call("services.delete(coffeeshop.com)", services.delete(&service.id), |()| "deleted").await?;
    Ok(())
}
