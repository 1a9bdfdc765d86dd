//! `authctl api PROVIDER METHOD PATH`: any path of a provider, with its authentication.

use crate::failure::Failure;
use crate::globals::Globals;
use crate::index::Operation;
use crate::input::{Content, Data, Input};
use crate::routes::{Found, Routes};
use crate::{call, resolve, secrets, target};
use http::HeaderValue;

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
    /// A query parameter; can be repeated. The value of a secret is @FILE, or - for standard input.
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
    let provider = resolve::provider(&arguments.provider)?;
    if provider == "vise" {
        return Err(Failure::usage("VISE has one address per domain: authctl vise HOST METHOD PATH"));
    }
    globals.refuse(&["--all", "--limit"], "authctl api makes one call")?;
    let method = target::method(&arguments.method)?;
    let (path, mut query) = target::typed(&arguments.path, &arguments.query)?;
    let data = arguments.data.as_deref().map(Data::read).transpose()?;
    if HeaderValue::from_str(&arguments.content_type).is_err() {
        return Err(Failure::usage("--content-type is invalid"));
    }
    if let Some(data) = data.as_ref().filter(|_| arguments.content_type == "application/json") {
        data.json()?;
    }
    let routes = Routes::of(provider);
    let (operation, values) = match routes.find(method.as_str(), &path) {
        Ok(Found::Operation(route, values)) => (route.operation.clone(), values),
        Ok(Found::Unknown(_)) | Err(_) => (Operation::of_path(provider, &method, &path), Vec::new()),
    };
    let inline = query.len() - arguments.query.len();
    secrets::read_query(&operation, &mut query, inline)?;
    if let Some(data) = &data {
        data.refuse_secrets(&operation, &arguments.content_type)?;
    }
    let body = data.map(|data| Content::Bytes(arguments.content_type.clone(), data.bytes));
    let input = Input { path: values.into_iter().map(Some).collect(), query, body };
    call::run(&operation, input, globals).await
}
