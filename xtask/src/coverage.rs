//! `cargo xtask coverage`: which operations of each provider the emulator implements, as a committed file.
//!
//! Two lists are compared that are written apart on purpose: the operations of the API descriptions, and the route tables of
//! the emulator, which it prints itself.

use crate::report::process;
use crate::{Failure, codegen, workspace};
use serde::Deserialize;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Write which operations the emulator implements, to crates/auth-emulator/COVERAGE.md.
///
/// Reads the operations of every crates/<provider>-client/openapi.json, and the emulator's own list of routes
/// (`auth-emulator routes --json`). They belong together when method and path are the same; names of parameters, `:int`
/// and the case of letters don't count.
///
/// An operation that the emulator does not know at all is a failure: it would be answered as a wrong path. One that it
/// knows and does not implement is answered with 501, and the file lists it.
#[derive(clap::Args, Debug, Default)]
#[command(after_help = "Examples:\n  cargo xtask coverage\n  cargo xtask coverage --check")]
pub(crate) struct Arguments {
    /// Write nothing; fail when the file differs from what would be written.
    #[arg(long)]
    pub(crate) check: bool,
    /// Take the emulator's routes from this file instead of building and asking it.
    #[arg(long, value_name = "FILE")]
    pub(crate) routes: Option<PathBuf>,
}

pub(crate) const FILE: &str = "crates/auth-emulator/COVERAGE.md";

/// A line of the emulator's own list.
#[derive(Clone, Debug, Deserialize)]
struct Route {
    provider: String,
    operation: String,
    method: String,
    path: String,
    implemented: bool,
}

#[derive(Debug)]
struct Operation {
    id: String,
    method: String,
    path: String,
    /// Whether the emulator implements it; none when it does not know it.
    implemented: Option<bool>,
}

/// What the description of a provider has, and what the emulator has besides: logins, and providers without a description.
#[derive(Debug)]
struct Provider {
    name: String,
    operations: Vec<Operation>,
    others: Vec<Route>,
}

impl Provider {
    fn count(&self, implemented: bool) -> usize {
        self.operations.iter().filter(|operation| operation.implemented == Some(implemented)).count()
    }
}

/// Writes the file, or compares it.
pub(crate) fn run(arguments: &Arguments) -> Result<String, Failure> {
    let root = workspace::root();
    let ask = ["run", "--quiet", "-p", "auth-emulator", "--", "routes", "--json"];
    let next = "cargo run -p auth-emulator -- routes --json";
    let routes = match &arguments.routes {
        Some(path) => process::read_text(path)?,
        None => process::output(&mut process::cargo(&root, &ask), next)?,
    };
    let routes: Vec<Route> = serde_json::from_str(&routes).map_err(|error| {
        Failure::new(format!("the emulator's list of routes is not understood: {error}"), next)
    })?;
    let providers = brought_together(described(&root)?, routes);
    let unknown = providers.iter().flat_map(|provider| {
        let unknown = provider.operations.iter().filter(|operation| operation.implemented.is_none());
        unknown.map(|one| format!("  {} {}: {} {}", provider.name, one.id, one.method, one.path))
    });
    let unknown: Vec<String> = unknown.collect();
    if !unknown.is_empty() {
        let what = format!("operations that the emulator answers as wrong paths:\n{}", unknown.join("\n"));
        let next = "add each to the routes in crates/auth-emulator/src/providers/, with `.unimplemented()` if it is not \
            implemented, then cargo xtask coverage";
        return Err(Failure::new(what, next));
    }
    let (text, path) = (page(&providers), root.join(FILE));
    let summary = providers.iter().map(|provider| {
        let (done, all, others) = (provider.count(true), provider.operations.len(), provider.others.len());
        format!("{:<12} {done} of {all} operations, {others} paths in no description\n", provider.name)
    });
    let summary: String = summary.collect();
    if fs::read_to_string(&path).is_ok_and(|there| there == text) {
        return Ok(format!("{summary}{FILE}: up to date"));
    }
    if arguments.check {
        return Err(Failure::new(
            format!("{FILE} is missing, or differs from what the emulator does"),
            "cargo xtask coverage",
        ));
    }
    process::write_if_changed(&path, text)?;
    Ok(format!("{summary}{FILE}: written"))
}

/// The operations of each description, with the path of its server before theirs.
fn described(root: &Path) -> Result<Vec<Provider>, Failure> {
    let provider = |folder: PathBuf| {
        let prefix = server_path(&process::read_text(&folder.join("openapi.json"))?);
        let operations = codegen::coverage_of(&folder)?.into_iter().map(|one| Operation {
            id: one.id,
            method: one.method,
            path: format!("{prefix}{}", one.path),
            implemented: None,
        });
        let name = workspace::crate_name(&folder).trim_end_matches("-client").to_owned();
        Ok(Provider { name, operations: operations.collect(), others: Vec::new() })
    };
    workspace::described_crates(root)?.into_iter().map(provider).collect()
}

/// `/v1/service` of `https://api.example.com/v1/service`. The generator has refused anything odd about it before.
fn server_path(document: &str) -> String {
    let document: serde_json::Value = serde_json::from_str(document).unwrap_or_default();
    let url =
        document.pointer("/servers/0/url").and_then(|url| url.as_str()?.split_once("://")?.1.split_once('/'));
    url.map(|(_, path)| format!("/{}", path.trim_end_matches('/'))).unwrap_or_default()
}

/// Gives every route to its operation, or to the others of its provider. Providers are sorted by name.
fn brought_together(mut providers: Vec<Provider>, routes: Vec<Route>) -> Vec<Provider> {
    for route in routes {
        if !providers.iter().any(|provider| provider.name == route.provider) {
            providers.push(Provider {
                name: route.provider.clone(),
                operations: Vec::new(),
                others: Vec::new(),
            });
        }
        let Some(provider) = providers.iter_mut().find(|provider| provider.name == route.provider) else {
            continue;
        };
        let same = |operation: &&mut Operation| {
            // The second of two routes of one form is another operation's.
            operation.implemented.is_none()
                && operation.method.eq_ignore_ascii_case(&route.method)
                && form(&operation.path) == form(&route.path)
        };
        match provider.operations.iter_mut().find(same) {
            Some(operation) => operation.implemented = Some(route.implemented),
            None => provider.others.push(route),
        }
    }
    providers.sort_by(|a, b| a.name.cmp(&b.name));
    providers
}

/// A path with its parameters as `{}`, in small letters.
fn form(path: &str) -> String {
    let parameter = |segment: &str| segment.starts_with('{') && segment.ends_with('}');
    let segments =
        path.split('/').map(|part| if parameter(part) { "{}".to_owned() } else { part.to_lowercase() });
    segments.collect::<Vec<_>>().join("/")
}

const HEAD: &str = "\
<!-- Written by `cargo xtask coverage` from the API descriptions and the emulator's own routes. Do not edit. -->

# What the emulator carries out

Operations of the API descriptions, and whether the emulator does what the vendor would: keeps state, checks what it is
sent, and answers. What it knows and does not carry out is answered with status 501 and the header
`x-emulator-unimplemented`. Paths that no description has are those of logins, and those of providers whose clients are
written by hand.

| provider | described | carried out | answered with 501 | besides |
| --- | --- | --- | --- | --- |
";

fn page(providers: &[Provider]) -> String {
    let word = |implemented| if implemented { "yes" } else { "no" };
    let mut text = HEAD.to_owned();
    // Writing to a String can't fail.
    for provider in providers {
        let (name, all, others) = (&provider.name, provider.operations.len(), provider.others.len());
        let (yes, no) = (provider.count(true), provider.count(false));
        let _ = writeln!(text, "| [{name}](#{name}) | {all} | {yes} | {no} | {others} |");
    }
    for provider in providers {
        let _ = writeln!(text, "\n## {}", provider.name);
        if !provider.operations.is_empty() {
            text.push_str("\n| operation | method and path | carried out |\n| --- | --- | --- |\n");
        }
        for Operation { id, method, path, implemented } in &provider.operations {
            let _ = writeln!(text, "| `{id}` | `{method} {path}` | {} |", word(*implemented == Some(true)));
        }
        if !provider.others.is_empty() {
            text.push_str(
                "\nIn no description:\n\n| name in the emulator | method and path | carried out |\n| --- | --- | --- |\n",
            );
        }
        for Route { operation, method, path, implemented, .. } in &provider.others {
            let _ = writeln!(text, "| `{operation}` | `{method} {path}` | {} |", word(*implemented));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn together(operations: &[(&str, &str)], routes: &[(&str, &str, &str, bool)]) -> Vec<Provider> {
        let operations = operations.iter().map(|(method, path)| Operation {
            id: "x.y".to_owned(),
            method: (*method).to_owned(),
            path: (*path).to_owned(),
            implemented: None,
        });
        let described =
            Provider { name: "b".to_owned(), operations: operations.collect(), others: Vec::new() };
        let routes = routes.iter().map(|(provider, method, path, implemented)| Route {
            provider: (*provider).to_owned(),
            operation: "known_as".to_owned(),
            method: (*method).to_owned(),
            path: (*path).to_owned(),
            implemented: *implemented,
        });
        brought_together(vec![described], routes.collect())
    }

    #[test]
    fn names_of_parameters_and_case_do_not_count_and_the_rest_does() {
        let found = together(
            &[("GET", "/Api/Things/{thingId}"), ("PUT", "/api/things/{id}")],
            &[("b", "GET", "/api/things/{n:int}", true), ("b", "PUT", "/api/Things/{id}", false)],
        );
        assert_eq!((found[0].count(true), found[0].count(false), found[0].others.len()), (1, 1, 0));
        for (method, path) in
            [("POST", "/a/{x}"), ("GET", "/b/{x}"), ("GET", "/a"), ("GET", "/a/{x}/c"), ("GET", "/a/x")]
        {
            let found = together(&[("GET", "/a/{x}")], &[("b", method, path, true)]);
            assert_eq!(
                (found[0].operations[0].implemented, found[0].others.len()),
                (None, 1),
                "{method} {path}"
            );
        }
    }

    #[test]
    fn a_route_serves_one_operation_and_providers_without_description_are_kept() {
        let found = together(
            &[("GET", "/a/{x}"), ("GET", "/a/{y}")],
            &[("b", "GET", "/a/{z}", true), ("a", "GET", "/q", true)],
        );
        assert_eq!((found[0].name.as_str(), found[0].others.len()), ("a", 1));
        assert_eq!((found[1].count(true), found[1].operations[1].implemented), (1, None));
        let text = page(&found);
        for line in [
            "| [b](#b) | 2 | 1 | 0 | 0 |",
            "| `x.y` | `GET /a/{x}` | yes |",
            "| `known_as` | `GET /q` | yes |",
        ] {
            assert!(text.lines().any(|there| there == line), "{line}\n{text}");
        }
    }

    #[test]
    fn the_path_of_the_server_stands_before_those_of_the_operations() {
        let path = |url: &str| server_path(&format!(r#"{{"servers":[{{"url":"{url}"}}]}}"#));
        assert_eq!([path("https://a.example/v1/service"), path("https://a.example")], ["/v1/service", ""]);
    }
}
