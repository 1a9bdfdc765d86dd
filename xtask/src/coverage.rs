//! `cargo xtask coverage`: which operations of each provider the emulator carries out, as a committed file.
//!
//! The emulator prints its own routes, whose tables `cargo xtask codegen` writes from the API descriptions; its tests call each
//! of them.

use crate::report::process;
use crate::{Failure, workspace};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

/// Write which operations the emulator carries out, to crates/auth-emulator/COVERAGE.md.
///
/// Reads the emulator's own list of routes (`auth-emulator routes --json`), by provider. An operation that the emulator knows
/// and does not carry out returns 501, and the file lists it.
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
    documented: bool,
    assumed: bool,
    implemented: bool,
}

/// Writes the file, or compares it.
pub(crate) fn run(arguments: &Arguments) -> Result<String, Failure> {
    let root = workspace::root();
    let ask = ["run", "--quiet", "-p", "auth-emulator", "--all-features", "--", "routes", "--json"];
    let next = "cargo run -p auth-emulator -- routes --json";
    let routes = match &arguments.routes {
        Some(path) => process::read_text(path)?,
        None => process::output(&mut process::cargo(&root, &ask), next)?,
    };
    let routes: Vec<Route> = serde_json::from_str(&routes).map_err(|error| {
        Failure::new(format!("the emulator's list of routes is not understood: {error}"), next)
    })?;
    let providers = by_provider(routes);
    let (text, path) = (page(&providers), root.join(FILE));
    let summary = providers.iter().map(|(name, routes)| {
        let Count { documented, done, besides, .. } = count(routes);
        format!("{name:<12} {done} of {documented} operations, {besides} paths in no description\n")
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

fn by_provider(routes: Vec<Route>) -> BTreeMap<String, Vec<Route>> {
    let mut providers = BTreeMap::<String, Vec<Route>>::new();
    for route in routes {
        providers.entry(route.provider.clone()).or_default().push(route);
    }
    providers
}

struct Count {
    documented: usize,
    /// How many of the documented ones are carried out.
    done: usize,
    /// How many of these have a response that is a guess.
    assumed: usize,
    besides: usize,
}

fn count(routes: &[Route]) -> Count {
    let documented = routes.iter().filter(|route| route.documented);
    let all = documented.clone().count();
    let done = documented.filter(|route| route.implemented).count();
    let assumed = routes.iter().filter(|route| route.documented && route.assumed).count();
    Count { documented: all, done, assumed, besides: routes.len() - all }
}

const HEAD: &str = "\
<!-- Written by `cargo xtask coverage` from the emulator's own routes. Do not edit. -->

# What the emulator carries out

Operations of the API descriptions, and whether the emulator does what the vendor would: keeps state, checks what it is
sent, and responds. What it knows and does not carry out returns status 501 and the header
`x-emulator-unimplemented`. A response is assumed if the vendor shows at most a sample of it and nobody has recorded it; it
has the header `x-emulator-assumed`. Paths that no description has belong to logins, and to applications behind a VISE host.

| provider | described | carried out | of these assumed | status 501 | besides |
| --- | --- | --- | --- | --- | --- |
";

fn page(providers: &BTreeMap<String, Vec<Route>>) -> String {
    let mut text = HEAD.to_owned();
    // Writing to a String can't fail.
    for (name, routes) in providers {
        let Count { documented, done, assumed, besides } = count(routes);
        let left = documented - done;
        let _ =
            writeln!(text, "| [{name}](#{name}) | {documented} | {done} | {assumed} | {left} | {besides} |");
    }
    let all = providers.values().map(|routes| count(routes));
    let (documented, done) = all.fold((0, 0), |sum, one| (sum.0 + one.documented, sum.1 + one.done));
    let _ = writeln!(text, "| all | {documented} | {done} | | {} | |", documented - done);
    for (name, routes) in providers {
        let _ = write!(text, "\n## {name}\n\n{ROWS}");
        rows(&mut text, routes.iter().filter(|route| route.documented));
        if routes.iter().any(|route| !route.documented) {
            let _ = write!(text, "\nIn no description:\n\n{ROWS}");
            rows(&mut text, routes.iter().filter(|route| !route.documented));
        }
    }
    text
}

const ROWS: &str = "| operation | method and path | carried out |\n| --- | --- | --- |\n";

fn rows<'r>(text: &mut String, routes: impl Iterator<Item = &'r Route>) {
    for Route { operation, method, path, implemented, assumed, .. } in routes {
        let done = match (implemented, assumed) {
            (true, true) => "yes, assumed",
            (true, false) => "yes",
            (false, _) => "no",
        };
        let _ = writeln!(text, "| `{operation}` | `{method} {path}` | {done} |");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_counts_what_is_documented_and_what_is_done() {
        let route = |operation: &str, documented, implemented| Route {
            provider: "b".to_owned(),
            operation: operation.to_owned(),
            method: "GET".to_owned(),
            path: "/a/{x}".to_owned(),
            documented,
            assumed: operation == "a.get",
            implemented,
        };
        let routes =
            vec![route("a.get", true, true), route("a.set", true, false), route("login", false, true)];
        let text = page(&by_provider(routes));
        for line in [
            "| [b](#b) | 2 | 1 | 1 | 1 | 1 |",
            "| all | 2 | 1 | | 1 | |",
            "| `a.get` | `GET /a/{x}` | yes, assumed |",
            "| `a.set` | `GET /a/{x}` | no |",
            "| `login` | `GET /a/{x}` | yes |",
        ] {
            assert!(text.lines().any(|there| there == line), "{line}\n{text}");
        }
    }
}
