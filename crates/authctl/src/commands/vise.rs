//! `authctl vise …`: the chain of VISE. The account token lists the domains; the phrase of a domain opens a session at its host; calls
//! go to that host.

use crate::client::{Options, vise};
use crate::failure::{Exit, Failure};
use crate::globals::Globals;
use crate::index::{Class, Operation};
use crate::input::{Content, Data, Input};
use crate::json::{self, Line};
use crate::settings::Settings;
use crate::{call, emulate, interrupt, output, secrets, target, words};
use auth_client_core::{Error, Request, decode};
use vise_client::{AccountDomain, Client, Session};

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
#[command(after_help = USAGE, override_usage = "authctl vise domains\n       authctl vise HOST|each METHOD PATH [--query NAME=VALUE] [--data @FILE|-|JSON]")]
pub(crate) struct Arguments {
    /// `domains`, `each`, or the host of a domain.
    #[arg(value_name = "domains|each|HOST")]
    target: Option<String>,
    /// The method, such as get.
    method: Option<String>,
    /// The path, percent-encoded, such as /domains; a query can follow.
    path: Option<String>,
    /// A query parameter; can be repeated. The value of a secret is @FILE, or - for standard input.
    #[arg(long, short, value_name = "NAME=VALUE")]
    query: Vec<String>,
    /// The body as JSON: @FILE, - for standard input, or the JSON itself.
    #[arg(long, short, value_name = "@FILE|-|JSON", allow_hyphen_values = true)]
    data: Option<String>,
    /// Sessions that are used at the same time, for `each`.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=64))]
    concurrency: u64,
}

pub(crate) async fn run(arguments: &Arguments, globals: &Globals) -> Result<(), Failure> {
    let Some(target) = arguments.target.as_deref() else {
        output::note(&output::help::fit(USAGE, output::help::width()));
        return Err(Failure::usage("authctl vise: domains, each or a host is missing"));
    };
    let call = match (target, &arguments.method, &arguments.path) {
        ("domains", None, None) => None,
        ("domains", ..) => return Err(Failure::usage("authctl vise domains takes no further arguments")),
        (_, Some(method), Some(path)) => {
            Some(Call::new(method, path, &arguments.query, arguments.data.as_deref())?)
        }
        _ => {
            let near = words::did_you_mean(target, ["domains", "each"].into_iter());
            return Err(Failure::usage(format!(
                "authctl vise {target}: a method and a path are missing{near}"
            ))
            .hint("authctl vise HOST get /domains"));
        }
    };
    match &call {
        None => globals.refuse(&["--all"], "the list of domains is complete")?,
        Some(_) => globals.refuse(&["--all", "--limit"], "the responses of hosts are printed as they are")?,
    }
    output::check(globals, &[], &[])?;
    if globals.dry_run {
        if !globals.emulator {
            Settings::load("vise", globals)?;
        }
        let what = call.as_ref().map_or_else(
            || "GET the list of domains from the dashboard".to_owned(),
            |call| format!("{} at {target}", call.shown()),
        );
        return output::Out::default()
            .line(&format!("{what}\nauthorization: [redacted]\n(nothing was sent, so it is unknown whether the account has the host)"));
    }
    if let Some(call) = call.as_ref().filter(|call| call.operation.deletes()) {
        call::confirm(&format!("{} at {target}", call.shown()), &[], globals)?;
    }
    emulate::with(globals, "vise", async |settings| {
        let client = vise(settings, &Options::of(globals))?.build().map_err(|error| failed(&error))?;
        let Some(call) = &call else { return domains(&client, globals).await };
        if target == "each" {
            return each(&client, call, arguments, globals).await;
        }
        let session = interrupt::until(Class::Read, session(&client, target)).await??;
        let response = call::send(&call.operation, call.request(&session), globals).await?;
        call::printed(&call.operation, globals, response.body())
    })
    .await
}

async fn domains(client: &Client, globals: &Globals) -> Result<(), Failure> {
    let domains = interrupt::until(Class::Read, client.list_account_domains()).await?;
    let domains = domains.map_err(|error| failed(&error))?;
    let rows: Vec<String> = domains
        .iter()
        .map(|domain| {
            let row = Line::default()
                .text("host", host_of(domain).as_deref())
                .json("has_phrase", domain.vise_phrase.is_some());
            let others = serde_json::to_string(&domain.other).unwrap_or_default();
            let others = json::object(&others).unwrap_or_default();
            others.iter().fold(row, |row, (name, value)| row.json(name, value)).end()
        })
        .collect();
    output::rows(globals, &[], &rows)
}

async fn each(client: &Client, call: &Call, arguments: &Arguments, globals: &Globals) -> Result<(), Failure> {
    let concurrency = usize::try_from(arguments.concurrency).unwrap_or(1);
    let class = call.operation.class;
    let all = client.for_all_domains().concurrency(concurrency).run(async |session: Session| {
        let response = call.request(&session).call::<_, vise_client::Error>(decode::raw).await?;
        Ok(response.into_body())
    });
    let results = interrupt::until(class, all).await?;
    let results = results.map_err(|error| Failure::call("vise", class, false, &error))?;
    let mut rows = Vec::new();
    let mut failed = 0;
    for (domain, body) in results.succeeded() {
        rows.push(Line::default().text("host", host_of(domain).as_deref()).body("response", body).end());
    }
    for (domain, error) in results.failed() {
        failed += 1;
        let row = Line::default().text("host", host_of(domain).as_deref());
        rows.push(row.text("error", error.to_string().as_str()).end());
    }
    let total = rows.len();
    let outcome = output::rows(globals, &["host", "error", "response"], &rows);
    outcome.map_err(|failure| failure.executed(class, Some(format!("[{}]", rows.join(",")))))?;
    match failed {
        0 => Ok(()),
        failed => Err(Failure::new(Exit::Partly, "partly", format!("{failed} of {total} hosts failed"))),
    }
}

/// The session at a host: that of the environment, or that of the domain with this host.
pub(crate) async fn session(client: &Client, target: &str) -> Result<Session, Failure> {
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
    let hosts: Vec<String> = domains.iter().filter_map(host_of).collect();
    let mut found = domains.iter().filter(|domain| host_of(domain).as_deref().is_some_and(is_target));
    match (found.next(), found.next()) {
        (Some(domain), None) => client.session_for(domain).map_err(|error| failed(&error)),
        (Some(_), Some(_)) => {
            Err(Failure::usage(format!("several hosts are called {target}: name the port too"))
                .hint(hosts.join(", ")))
        }
        (None, _) => {
            let near = words::did_you_mean(target, hosts.iter().map(String::as_str));
            Err(Failure::new(Exit::NotFound, "not_found", format!("the account has no host {target}{near}"))
                .hint("authctl vise domains lists the hosts"))
        }
    }
}

/// The host of a domain. Below `authctl run`, all have the address of the proxy, which says their names.
fn host_of(domain: &AccountDomain) -> Option<String> {
    domain.other.get(crate::broker::vise::NAME).or_else(|| domain.vise_url.clone())
}

/// The failure of a call that only reads.
fn failed(error: &Error) -> Failure {
    Failure::call("vise", Class::Read, false, error)
}

/// One request to a host.
#[derive(Debug)]
struct Call {
    operation: Operation,
    input: Input,
}

impl Call {
    /// The query is decoded here, and encoded with the request.
    fn new(method: &str, path: &str, more: &[String], data: Option<&str>) -> Result<Self, Failure> {
        let method = target::method(method)?;
        let (path, mut query) = target::typed(path, more)?;
        let operation = Operation::of_path("vise", &method, &path);
        let inline = query.len() - more.len();
        secrets::read_query(&operation, &mut query, inline)?;
        let data = data.map(Data::read).transpose()?;
        if let Some(data) = &data {
            data.json()?;
            data.refuse_secrets(&operation, "application/json")?;
        }
        let body = data.map(|data| Content::Bytes("application/json".to_owned(), data.bytes));
        Ok(Self { operation, input: Input { query, body, ..Input::default() } })
    }

    /// Method, path and query, for people.
    fn shown(&self) -> String {
        let query: Vec<String> =
            self.input.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}{mark}{}", self.operation.id(), secrets::redacted_pairs(&self.operation, &query.join("&")))
    }

    fn request(&self, session: &Session) -> Request {
        let request = session.request(self.operation.method(), &self.operation.path);
        call::request(request, &self.operation, &self.input, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_of_a_path_is_not_encoded_twice() {
        let call = Call::new("get", "/domains?q=a%20b&r=%26c", &[], None).unwrap();
        assert_eq!(call.operation.path, "/domains");
        let query = [("q", "a b"), ("r", "&c")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(call.input.query, query);
        assert_eq!(call.shown(), "GET /domains?q=a b&r=&c");
        let new = |method, path| Call::new(method, path, &[], None);
        assert_eq!(new("delete", "/a").unwrap().shown(), "DELETE /a");
        assert!(new("gte", "/domains").is_err() && new("get", "domains").is_err());
    }
}
