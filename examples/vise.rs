//! VISE: opens a session on the host of every domain of an account and calls its VISE Domains endpoint. Then a session
//! expires, a key phrase changes, and the dashboard returns hostile hosts.
//!
//! ```sh
//! cargo run --example vise
//! ```
//!
//! Without environment variables the example starts the emulator in this process. With `VISE_DASHBOARD_URL` and
//! `VISE_API_TOKEN` it calls the hosts of that account, and with `VISE_HOST` and `VISE_PHRASE` that host.

use auth_client_examples::{Output, Result, is_set, server};
use auth_emulator::Emulator;
use auth_emulator::providers::vise::{ExpiredResponse, Vise};
use http::Method;
use serde_json::{Value, json};
use std::process::ExitCode;
use vise_client::{Call, Client, DomainResults, HostPolicy, Session, SessionProblem};

#[tokio::main]
async fn main() -> ExitCode {
    auth_client_examples::run(run).await
}

/// Runs the example against the emulator, or against a server if its environment variables are set.
pub(crate) async fn run(output: &mut Output) -> Result {
    if is_set(&["VISE_DASHBOARD_URL", "VISE_API_TOKEN", "VISE_HOST"]) {
        let client = Client::from_env()?;
        output.heading("Vecurity VISE", &server("VISE_DASHBOARD_URL"));
        if is_set(&["VISE_DASHBOARD_URL"]) {
            all_domains(output, &client).await?;
        }
        if let Some(session) = client.default_session()? {
            output.call("vise_domains() of VISE_HOST", session.vise_domains(), shorten).await?;
        }
        return Ok(());
    }
    let emulator = Emulator::builder().vise(|settings| settings.domains_without_vise = 1).start().await?;
    let vise = emulator.vise();
    // The emulator listens on loopback, which the default policy rejects.
    let policy = HostPolicy::new().dangerously_allow_loopback_for_tests();
    let client =
        Client::builder(vise.token()).dashboard_url(vise.dashboard_url()).host_policy(policy).build()?;
    output.heading("Vecurity VISE", &format!("emulator at {}", vise.dashboard_url()));
    all_domains(output, &client).await?;
    let session = client.session(&vise.host(0), vise.phrase(0))?;
    expired_sessions(output, &session, &vise).await?;
    hostile_hosts(output, &client, &vise).await
}

/// Calls the host of each domain, as in the vendor's sample.
async fn all_domains(output: &mut Output, client: &Client) -> Result {
    let domains = output
        .call("list_account_domains()", client.list_account_domains(), |list| {
            format!("{} domains", list.len())
        })
        .await?;
    let results = client.for_all_domains().domains(domains).run(async |session| session.vise_domains().await);
    let results: DomainResults<Value> = output
        .call("for_all_domains().run(vise_domains)", results, |results| {
            let (done, failed) = (results.succeeded().count(), results.failed().count());
            format!("{done} succeeded, {failed} failed, {} without VISE", results.skipped().count())
        })
        .await?;
    for (domain, response) in results.succeeded() {
        output.note(format!("{}: {}", domain.vise_url.as_deref().unwrap_or_default(), shorten(response)));
    }
    for (_, error) in results.failed() {
        output.note(error);
    }
    Ok(())
}

/// A read on an expired session opens a new session and is retried; a write returns an error.
async fn expired_sessions(output: &mut Output, session: &Session, vise: &Vise) -> Result {
    vise.configure(|settings| settings.expired_response = ExpiredResponse::Page);
    vise.expire_sessions(0);
    output.call("vise_domains(), session expired", session.vise_domains(), shorten).await?;

    vise.expire_sessions(0);
    let note = || -> Call<Value> {
        let request = session.request(Method::POST, "/notes").json(&json!({ "text": "hello" }));
        request.call(vise_client::decode::json)
    };
    let error = output.expect_error("POST /notes, session expired", note()).await?;
    if error.session_problem() != Some(SessionProblem::RenewedNotReplayed) {
        return Err(error.into());
    }
    output.call("POST /notes, called again", note(), shorten).await?;

    vise.rotate_phrase(0)?;
    vise.expire_sessions(0);
    output.call("vise_domains(), key phrase changed", session.vise_domains(), shorten).await?;
    output.note(format!("sessions opened on this host: {}", vise.counts(0).sessions_opened));
    Ok(())
}

/// The client rejects hosts that it must not call, before it sends the token.
async fn hostile_hosts(output: &mut Output, client: &Client, vise: &Vise) -> Result {
    vise.configure(|settings| settings.hostile = true);
    let results = client.for_all_domains().run(async |session| session.vise_domains().await);
    let results = output
        .call("for_all_domains(), hostile hosts listed", results, |results| {
            format!("{} hosts rejected, nothing sent", results.failed().count())
        })
        .await?;
    if results.succeeded().next().is_some() || vise.effect("token_leaked") > 0 {
        return Err("the client sent the token to a hostile host".into());
    }
    Ok(())
}

fn shorten(response: &Value) -> String {
    let text = response.to_string();
    match text.char_indices().nth(56) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
