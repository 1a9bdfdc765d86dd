//! `authctl vise …`: the chain of VISE. The account token lists the domains; the phrase of a domain opens a session at its host; calls
//! go to that host.

use crate::client::{Options, vise};
use crate::failure::{Exit, Failure};
use crate::globals::Globals;
use crate::index::Class;
use crate::input::Data;
use crate::json::quote;
use crate::output::Printer;
use crate::settings::Settings;
use crate::{call, emulate, words};
use auth_client_core::{Error, decode};
use http::{HeaderValue, Method};
use std::fmt::Write as _;
use vise_client::{Client, Session};

const USAGE: &str = "\
Usage:
  authctl vise domains                  lists the domains of the account
  authctl vise HOST METHOD PATH         calls a path of one host
  authctl vise each METHOD PATH         calls a path of every host

HOST is the host of a domain, with or without its port.

Examples, without an account:
  $ authctl --emulator vise domains
  $ authctl --emulator vise each get /domains";

/// Lists VISE domains and calls their hosts.
#[derive(clap::Args, Debug)]
#[command(after_help = USAGE, override_usage = "authctl vise domains\n       authctl vise HOST|each METHOD PATH [--data @FILE|-|JSON]")]
pub(crate) struct Arguments {
    /// `domains`, `each`, or the host of a domain.
    #[arg(value_name = "domains|each|HOST")]
    target: Option<String>,
    /// The method, such as get.
    method: Option<String>,
    /// The path, percent-encoded, such as /domains.
    path: Option<String>,
    /// The body as JSON: @FILE, - for standard input, or the JSON itself.
    #[arg(long, short, value_name = "@FILE|-|JSON", allow_hyphen_values = true)]
    data: Option<String>,
    /// Sessions that are used at the same time, for `each`.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=64))]
    concurrency: u64,
}

pub(crate) async fn run(arguments: &Arguments, globals: &Globals) -> Result<(), Failure> {
    let Some(target) = arguments.target.as_deref() else {
        crate::output::note(USAGE);
        return Err(Failure::usage("authctl vise: domains, each or a host is missing"));
    };
    let call = match (target, &arguments.method, &arguments.path) {
        ("domains", None, None) => None,
        ("domains", ..) => return Err(Failure::usage("authctl vise domains takes no further arguments")),
        (_, Some(method), Some(path)) => Some(Call::new(method, path, arguments.data.as_deref())?),
        _ => {
            let near = words::did_you_mean(target, ["domains", "each"].into_iter());
            return Err(Failure::usage(format!(
                "authctl vise {target}: a method and a path are missing{near}"
            ))
            .hint("authctl vise HOST get /domains"));
        }
    };
    crate::output::check(globals, &[], &[])?;
    if globals.dry_run {
        if !globals.emulator {
            Settings::load("vise", globals)?;
        }
        let what = call.as_ref().map_or_else(
            || "GET the list of domains from the dashboard".to_owned(),
            |call| format!("{} {} at {target}", call.method, call.path),
        );
        return crate::output::Out::default()
            .line(&format!("{what}\nauthorization: [redacted]\n(nothing was sent, so it is unknown whether the account has the host)"));
    }
    if let Some(call) = call.as_ref().filter(|call| call.method == Method::DELETE) {
        call::confirm(&format!("DELETE {} at {target}", call.path), &[], globals)?;
    }
    let emulator = if globals.emulator { Some(emulate::start().await?) } else { None };
    let settings = match &emulator {
        Some(emulator) => emulate::settings(emulator, "vise"),
        None => Settings::load("vise", globals)?,
    };
    let options = Options { timeout: globals.timeout(), trace: globals.trace, transport: None };
    let client = vise(&settings, &options)?.build().map_err(|error| failure(Class::Read, &error))?;
    tokio::select! {
        outcome = dispatch(&client, target, call.as_ref(), arguments, globals) => outcome,
        () = crate::interrupt::pressed() => Err(match call.as_ref().map(Call::class) {
            None | Some(Class::Read) => Failure::new(Exit::Interrupted, "interrupted", "interrupted"),
            _ => Failure::new(Exit::Unclear, "interrupted", "interrupted: the hosts may have executed the call"),
        }),
    }
}

async fn dispatch(
    client: &Client,
    target: &str,
    call: Option<&Call>,
    arguments: &Arguments,
    globals: &Globals,
) -> Result<(), Failure> {
    let Some(call) = call else { return domains(client, globals).await };
    if target == "each" {
        return each(client, call, arguments, globals).await;
    }
    let session = session(client, target).await?;
    let body = call.send(&session).await.map_err(|error| failure(call.class(), &error))?;
    let outcome = Printer::new(globals, &[], &[], None).body(&body, None, globals.limit);
    outcome.map_err(|failure| failure.executed(call.class(), crate::output::record(&body, &[])))
}

async fn domains(client: &Client, globals: &Globals) -> Result<(), Failure> {
    let domains = client.list_account_domains().await.map_err(|error| failure(Class::Read, &error))?;
    let rows: Vec<String> = domains
        .iter()
        .map(|domain| {
            let mut row =
                format!("{{\"host\":{}", domain.vise_url.as_deref().map_or("null".to_owned(), quote));
            // Writing to a String can't fail.
            let _ = write!(row, ",\"has_phrase\":{}", domain.vise_phrase.is_some());
            let others = serde_json::to_string(&domain.other).unwrap_or_default();
            for (name, value) in crate::json::object(&others).unwrap_or_default() {
                let _ = write!(row, ",{}:{}", quote(&name), value.get());
            }
            row + "}"
        })
        .collect();
    let hidden = ["domain_vise_phrase".to_owned()];
    let columns = Vec::new();
    Printer::new(globals, &columns, &hidden, None).body(
        format!("[{}]", rows.join(",")).as_bytes(),
        None,
        globals.limit,
    )
}

async fn each(client: &Client, call: &Call, arguments: &Arguments, globals: &Globals) -> Result<(), Failure> {
    let concurrency = usize::try_from(arguments.concurrency).unwrap_or(1);
    let all = client.for_all_domains().concurrency(concurrency);
    let results = all.run(async |session: Session| call.send(&session).await).await;
    let results = results.map_err(|error| failure(call.class(), &error))?;
    let mut rows = Vec::new();
    let mut failed = 0;
    for (domain, body) in results.done() {
        let text = std::str::from_utf8(body).unwrap_or_default();
        let valid = serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok();
        let value = if valid { text.to_owned() } else { quote(text) };
        rows.push(format!("{{\"host\":{},\"response\":{value}}}", host(domain)));
    }
    for (domain, error) in results.failed() {
        failed += 1;
        rows.push(format!("{{\"host\":{},\"error\":{}}}", host(domain), quote(&error.to_string())));
    }
    let total = rows.len();
    let body = format!("[{}]", rows.join(","));
    let outcome = Printer::new(globals, &[], &[], None).body(body.as_bytes(), None, None);
    outcome.map_err(|failure| failure.executed(call.class(), Some(body)))?;
    match failed {
        0 => Ok(()),
        failed => Err(Failure::new(Exit::Partly, "partly", format!("{failed} of {total} hosts failed"))),
    }
}

fn host(domain: &vise_client::AccountDomain) -> String {
    domain.vise_url.as_deref().map_or("null".to_owned(), quote)
}

/// The session at a host: that of the environment, or that of the domain with this host.
async fn session(client: &Client, target: &str) -> Result<Session, Failure> {
    let failed = |error: &vise_client::Error| failure(Class::Read, error);
    let is_target = |url: &str| {
        let authority = url.split("://").last().unwrap_or_default().split('/').next().unwrap_or_default();
        let name = authority.rsplit_once(':').map_or(authority, |(name, _)| name);
        url == target || authority.eq_ignore_ascii_case(target) || name.eq_ignore_ascii_case(target)
    };
    if let Some(session) = client.default_session().map_err(|error| failed(&error))?
        && is_target(&session.host().to_string())
    {
        return Ok(session);
    }
    let domains = client.list_account_domains().await.map_err(|error| failed(&error))?;
    let hosts: Vec<&str> = domains.iter().filter_map(|domain| domain.vise_url.as_deref()).collect();
    let mut found = domains.iter().filter(|domain| domain.vise_url.as_deref().is_some_and(is_target));
    match (found.next(), found.next()) {
        (Some(domain), None) => client.session_for(domain).map_err(|error| failed(&error)),
        (Some(_), Some(_)) => {
            Err(Failure::usage(format!("several hosts are called {target}: name the port too"))
                .hint(hosts.join(", ")))
        }
        (None, _) => {
            let near = words::did_you_mean(target, hosts.into_iter());
            Err(Failure::new(Exit::NotFound, "not_found", format!("the account has no host {target}{near}"))
                .hint("authctl vise domains lists the hosts"))
        }
    }
}

fn failure(class: Class, error: &Error) -> Failure {
    Failure::call("vise", class, false, error)
}

/// One request to a host.
#[derive(Debug)]
struct Call {
    method: Method,
    path: String,
    data: Option<Vec<u8>>,
}

impl Call {
    fn new(method: &str, path: &str, data: Option<&str>) -> Result<Self, Failure> {
        let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
        let upper = method.to_uppercase();
        if !known.contains(&upper.as_str()) {
            let near = words::did_you_mean(&upper, known.into_iter());
            return Err(Failure::usage(format!("there is no method {method:?}{near}")));
        }
        if !path.starts_with('/') {
            return Err(Failure::usage(format!("the path {path:?} must start with /")));
        }
        let method = upper.parse().unwrap_or(Method::GET);
        let data = data.map(Data::read).transpose()?;
        if let Some(data) = &data {
            data.json()?;
        }
        Ok(Self { method, path: path.to_owned(), data: data.map(|data| data.bytes) })
    }

    fn class(&self) -> Class {
        if self.method.is_safe() { Class::Read } else { Class::Write }
    }

    async fn send(&self, session: &Session) -> Result<bytes::Bytes, vise_client::Error> {
        let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        let mut request = session.request(self.method.clone(), path);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            request = request.query(name, value);
        }
        if let Some(data) = &self.data {
            request = request.body(HeaderValue::from_static("application/json"), data.clone());
        }
        let response = request.call::<_, vise_client::Error>(decode::raw).await?;
        Ok(response.into_body())
    }
}
