//! `authctl api PROVIDER METHOD PATH`: any path of a provider, with its authentication.

use crate::client::{Client, Options};
use crate::failure::{Exit, Failure};
use crate::globals::Globals;
use crate::index::{Class, PROVIDERS};
use crate::input::Data;
use crate::output::{Out, Printer};
use crate::settings::Settings;
use crate::{call, dry_run, emulate, resolve, words};
use auth_client_core::Request;
use http::{HeaderValue, Method};

/// Call any path of a provider, with its credentials and retries.
///
/// If the path is one of a known operation, its rules apply: the class decides whether the call is retried, and deletions need
/// --yes. Other calls are retried only if the method is GET or HEAD.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// The provider.
    provider: String,
    /// The method. It is never derived from the other arguments.
    method: String,
    /// The path, percent-encoded, such as /api/Contact/Types; a query can follow.
    path: String,
    /// A query parameter; can be repeated.
    #[arg(long, short, value_name = "NAME=VALUE")]
    query: Vec<String>,
    /// The body: @FILE, - for standard input, or the text itself.
    #[arg(long, short, value_name = "@FILE|-|TEXT", allow_hyphen_values = true)]
    data: Option<String>,
    /// The media type of the body.
    #[arg(long, value_name = "TYPE", default_value = "application/json")]
    content_type: String,
}

pub(crate) async fn run(arguments: &Arguments, globals: &Globals) -> Result<(), Failure> {
    let provider =
        PROVIDERS.into_iter().find(|provider| *provider == arguments.provider).ok_or_else(|| {
            let near = words::did_you_mean(&arguments.provider, PROVIDERS.into_iter());
            Failure::usage(format!("there is no provider {:?}{near}", arguments.provider))
        })?;
    if provider == "vise" {
        return Err(Failure::usage("VISE has one address per domain: authctl vise HOST METHOD PATH"));
    }
    if globals.all || globals.limit.is_some() {
        return Err(Failure::usage("authctl api makes one call: --all and --limit need an operation")
            .hint(format!("authctl list {provider} WORD finds operations")));
    }
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    let method = arguments.method.to_uppercase();
    if !known.contains(&method.as_str()) {
        let near = words::did_you_mean(&method, known.into_iter());
        return Err(Failure::usage(format!("there is no method {:?}{near}", arguments.method)));
    }
    let method: Method = method.parse().unwrap_or(Method::GET);
    let (path, query) = target(arguments)?;
    let data = arguments.data.as_deref().map(Data::read).transpose()?;
    let media = HeaderValue::from_str(&arguments.content_type)
        .map_err(|_| Failure::usage("--content-type is invalid"))?;
    if let Some(data) = data.as_ref().filter(|_| arguments.content_type == "application/json") {
        data.json()?;
    }
    let found = resolve::path(provider, method.as_str(), &path).map(|found| found.operation);
    if let (Some(data), Some(body)) = (&data, found.as_ref().and_then(|operation| operation.body.as_ref())) {
        let value = serde_json::from_slice(&data.bytes).unwrap_or_default();
        data.refuse_secrets(provider, &body.schema, &value)?;
    }
    let class = found
        .as_ref()
        .map_or(if method.is_safe() { Class::Read } else { Class::Write }, |operation| operation.class);
    let make = |client: &Client| -> Request {
        let mut request = client.request(method.clone(), &path);
        request = match &found {
            Some(operation) => request.operation(operation.metadata()),
            None => request.idempotency(class.idempotency()),
        };
        for (name, value) in &query {
            request = request.query(name, value.as_str());
        }
        match &data {
            Some(data) => request.body(media.clone(), data.bytes.clone()),
            None => request,
        }
    };
    let (columns, secrets, rows) = match &found {
        Some(operation) => (operation.columns.clone(), operation.secrets.clone(), operation.rows.as_deref()),
        None => (Vec::new(), Vec::new(), None),
    };
    crate::output::check(globals, &columns, &secrets)?;
    if globals.dry_run {
        let base = Settings::find_for_dry_run(provider, globals)?;
        let settings = Settings::for_dry_run(provider, base.as_ref());
        let text =
            dry_run::show(&settings, class, &found.as_ref().map(call::hidden).unwrap_or_default(), make)
                .await?;
        return Out::default().write(text.as_bytes());
    }
    if method == Method::DELETE || found.as_ref().is_some_and(crate::index::Operation::deletes) {
        call::confirm(&format!("{method} {path}"), &[], globals)?;
    }
    let emulator = if globals.emulator { Some(emulate::start().await?) } else { None };
    let settings = match &emulator {
        Some(emulator) => emulate::settings(emulator, provider),
        None => Settings::load(provider, globals)?,
    };
    let client = Client::new(
        &settings,
        &Options { timeout: globals.timeout(), trace: globals.trace, transport: None },
    )?;
    let response = call::interruptible(class, make(&client)).await;
    client.close().await;
    let sensitive = found.as_ref().is_some_and(|operation| operation.sensitive);
    let response = response?.map_err(|error| Failure::call(provider, class, sensitive, &error))?;
    let outcome = Printer::new(globals, &columns, &secrets, rows).body(response.body(), None, None);
    outcome.map_err(|failure| failure.executed(class, crate::output::record(response.body(), &secrets)))
}

/// The path, and the parameters of its query and of `--query`, decoded.
fn target(arguments: &Arguments) -> Result<(String, Vec<(String, String)>), Failure> {
    let invalid = |problem: &str| Failure::new(Exit::Usage, "usage", format!("PATH {problem}"));
    if arguments.path.contains('#') || !arguments.path.starts_with('/') {
        return Err(invalid("must start with / and have no #"));
    }
    let (path, inline) = arguments.path.split_once('?').unwrap_or((&arguments.path, ""));
    let mut query = Vec::new();
    for pair in inline.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decoded = (decode(name), decode(value));
        let (Some(name), Some(value)) = decoded else { return Err(invalid("has an invalid query")) };
        query.push((name, value));
    }
    for pair in &arguments.query {
        let pair = pair
            .split_once('=')
            .ok_or_else(|| Failure::usage(format!("--query {pair}: expected NAME=VALUE")))?;
        query.push((pair.0.to_owned(), pair.1.to_owned()));
    }
    Ok((path.to_owned(), query))
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}
