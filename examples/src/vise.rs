//! VISE: for every domain of the account, open a session and call the VISE Domains endpoint; then a session that ends, a
//! phrase that changes, and a dashboard that lies.

use crate::{Narrator, Result, is_set, place};
use auth_emulator::Emulator;
use auth_emulator::providers::vise::{ExpiredResponse, Vise};
use http::Method;
use serde_json::{Value, json};
use vise_client::{Call, Client, HostPolicy, Session, SessionProblem, Visits};

/// Runs the flow, against the server of `VISE_DASHBOARD_URL` if one of the variables is set and the emulator otherwise.
///
/// # Errors
///
/// The first call that fails and should not.
pub async fn run(narrator: &mut Narrator) -> Result {
    if is_set(&["VISE_DASHBOARD_URL", "VISE_API_TOKEN", "VISE_HOST"]) {
        let client = Client::from_env()?;
        narrator.chapter("Vecurity VISE", &place("VISE_DASHBOARD_URL"));
        if is_set(&["VISE_DASHBOARD_URL"]) {
            all_domains(narrator, &client).await?;
        }
        if let Some(session) = client.default_session()? {
            narrator.call("vise_domains() at VISE_HOST", session.vise_domains(), shorten).await?;
        }
        return Ok(());
    }
    let emulator = Emulator::builder().vise(|settings| settings.domains_without_vise = 1).start().await?;
    let vise = emulator.vise();
    let client = Client::builder(vise.token())
        .dashboard_url(vise.dashboard_url())
        .host_policy(HostPolicy::new().dangerously_allow_loopback_for_tests())
        .build()?;
    narrator.chapter("Vecurity VISE", &format!("the emulator at {}", vise.dashboard_url()));
    all_domains(narrator, &client).await?;
    let session = client.session(&vise.host(0), vise.phrase(0))?;
    ends(narrator, &session, &vise).await?;
    lies(narrator, &client, &vise).await
}

/// The vendor's own example.
async fn all_domains(narrator: &mut Narrator, client: &Client) -> Result {
    let domains = narrator
        .call("list_account_domains()", client.list_account_domains(), |list| {
            format!("{} domain(s)", list.len())
        })
        .await?;
    let walk = client.for_all_domains().domains(domains).run(async |session| session.vise_domains().await);
    let visits: Visits<Value> = narrator
        .call("for_all_domains(vise_domains)", walk, |visits| {
            let (done, failed) = (visits.done().count(), visits.failed().count());
            format!("{done} done, {failed} failed, {} without VISE", visits.skipped().count())
        })
        .await?;
    for (domain, answer) in visits.done() {
        narrator.say(format!("{}: {}", domain.vise_url.as_deref().unwrap_or_default(), shorten(answer)));
    }
    for (_, error) in visits.failed() {
        narrator.say(error);
    }
    Ok(())
}

/// Sessions end; reads go on, and writes are left to the caller.
async fn ends(narrator: &mut Narrator, session: &Session, vise: &Vise) -> Result {
    vise.configure(|settings| settings.expired_response = ExpiredResponse::Page);
    vise.expire_sessions(0);
    narrator.call("vise_domains(), session ended", session.vise_domains(), shorten).await?;

    vise.expire_sessions(0);
    let note = || -> Call<Value> {
        session
            .request(Method::POST, "/notes")
            .json(&json!({ "text": "hello" }))
            .call(vise_client::decode::json)
    };
    let error = narrator.refused("POST /notes, session ended", note()).await?;
    if error.session_problem() != Some(SessionProblem::RenewedNotReplayed) {
        return Err(error.into());
    }
    narrator.call("POST /notes again", note(), shorten).await?;

    vise.rotate_phrase(0)?;
    vise.expire_sessions(0);
    narrator.call("vise_domains(), phrase changed", session.vise_domains(), shorten).await?;
    let counts = vise.counts(0);
    narrator.say(format!(
        "{} sessions opened there, and the token never came before one",
        counts.sessions_opened
    ));
    Ok(())
}

/// A list that would lead the token astray.
async fn lies(narrator: &mut Narrator, client: &Client, vise: &Vise) -> Result {
    vise.configure(|settings| settings.hostile = true);
    let walk = client.for_all_domains().run(async |session| session.vise_domains().await);
    let visits = narrator
        .call("for_all_domains(), poisoned list", walk, |visits| {
            format!("{} hosts refused before anything was sent", visits.failed().count())
        })
        .await?;
    if visits.done().next().is_some() || vise.effect("token_leaked") > 0 {
        return Err("the token went astray".into());
    }
    Ok(())
}

fn shorten(answer: &Value) -> String {
    let text = answer.to_string();
    match text.char_indices().nth(56) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
