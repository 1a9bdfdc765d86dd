//! One-time codes: whether a login needs one, and where the server reads it. Logging in sends a code to the user, so it happens
//! only if the user allows it. The session is not kept.

use super::{P, session};
use crate::commands::doctor::probe::{Probe, Seen};
use crate::commands::doctor::{Finding, Findings, KEPT, key};
use crate::commands::login;
use crate::failure::Failure;
use crate::globals::Globals;
use auth_client_core::provider::auth_core::Origin;
use http::{HeaderValue, Method, StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Where a code is sent.
#[derive(Clone, Copy, Debug)]
enum Place {
    Form,
    Header,
}

pub(super) async fn check(
    probe: &mut Probe<'_>,
    findings: &mut Findings,
    is_allowed: bool,
    globals: &Globals,
) -> Result<(), Failure> {
    const IDS: [&str; 3] = ["otp-request", "otp-placement", "token-lifetimes"];
    let user = probe.settings.get("VIRTUOUS_USERNAME").zip(probe.settings.get("VIRTUOUS_PASSWORD"));
    let Some((user, password)) = user.filter(|_| is_allowed) else {
        let why = "--allow-login is needed, with VIRTUOUS_USERNAME, VIRTUOUS_PASSWORD and two codes";
        IDS[..2].iter().for_each(|id| findings.add(id, Finding::Untested(why.to_owned())));
        if !findings.0.iter().any(|(id, _)| *id == IDS[2]) {
            let why = "--allow-login or --allow-refresh is needed";
            findings.add(IDS[2], Finding::Untested(why.to_owned()));
        }
        return Ok(());
    };
    let first = log_in(probe, user, password, None).await?;
    if first.status.is_success() && first.status != StatusCode::ACCEPTED {
        let why = "the account needs no code".to_owned();
        IDS[..2].iter().for_each(|id| findings.add(id, Finding::Untested(why.clone())));
        findings.add(IDS[2], session::lifetime(&first));
        return Ok(());
    }
    let observed = format!("a login without a code has {}", first.shape());
    if first.status != StatusCode::ACCEPTED {
        IDS.iter().for_each(|id| findings.add(id, Finding::Undecided(observed.clone())));
        return Ok(());
    }
    findings.add(IDS[0], Finding::Confirmed(observed));
    let mut read = Vec::new();
    let mut is_sent = true;
    for place in [Place::Form, Place::Header] {
        if !is_sent && log_in(probe, user, password, None).await?.status != StatusCode::ACCEPTED {
            break;
        }
        let code = match globals.can_ask() {
            true => login::hidden("One-time code", "--allow-login", globals)?,
            false => login::line_of_input("code")?,
        };
        let seen = log_in(probe, user, password, Some((place, &code))).await?;
        let is_read = seen.status.is_success() && seen.status != StatusCode::ACCEPTED;
        if is_read {
            findings.add(IDS[2], session::lifetime(&seen));
        }
        read.push(is_read);
        // A server that doesn't see the code sends another one.
        is_sent = seen.status == StatusCode::ACCEPTED;
    }
    findings.add(IDS[1], placement(probe, &read));
    Ok(())
}

fn placement(probe: &Probe<'_>, read: &[bool]) -> Finding {
    let own = probe.settings.assumed.get("otp_header").and_then(toml::Value::as_bool);
    match read {
        [true, true] => Finding::Confirmed("a code is read in the form, and in the header".to_owned()),
        [true, false] => Finding::differs("a code is read in the form alone", "none: both are sent"),
        [false, true] => Finding::differs(
            "a code is read in the header alone",
            match own {
                Some(false) => key(P, "otp_header", true),
                Some(true) => KEPT.to_owned(),
                None => "none: both are sent".to_owned(),
            },
        ),
        _ => Finding::Undecided("the codes were rejected: they are wrong, or read elsewhere".to_owned()),
    }
}

/// Requests tokens, with the code in one place.
async fn log_in(
    probe: &mut Probe<'_>,
    user: &str,
    password: &str,
    code: Option<(Place, &str)>,
) -> Result<Seen, Failure> {
    let base = probe.settings.get(login::URL).unwrap_or(login::DEFAULT_HOST);
    let origin = base.parse().ok().as_ref().and_then(Origin::of);
    let Some(origin) = origin.filter(|origin| origin.is_secure() || origin.is_loopback()) else {
        return Err(Failure::credentials(format!("{} is no https URL", login::URL)));
    };
    let mut fields = vec![("grant_type", "password"), ("username", user), ("password", password)];
    let mut request = http::Request::builder().method(Method::POST).uri(format!("{origin}/Token"));
    match code {
        Some((Place::Form, code)) => fields.push(("otp", code)),
        Some((Place::Header, code)) => {
            let mut value = HeaderValue::from_str(code).map_err(|_| Failure::usage("the code is no text"))?;
            value.set_sensitive(true);
            request = request.header("otp", value);
        }
        None => {}
    }
    let coded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", coded(value))).collect();
    let request = request
        .header(header::USER_AGENT, crate::USER_AGENT)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(pairs.join("&").into());
    let request = request.map_err(|error| Failure::local(format!("the login can't be sent: {error}")))?;
    probe.send(request).await?.map_err(|error| Failure::local(format!("no response to a login: {error}")))
}
