//! Words that must not be there: what belongs to one machine, what was left for later, and names that have one place.

use super::rust_files::is_generated;
use super::tree::{Finding, Tree};

/// People of examples; any other home is somebody's.
const EXAMPLE_HOMES: &[&str] = &["anna", "bob", "me", "user", "you"];

/// Where reqwest may be named in code.
const REQWEST_MODULE: &str = "crates/auth-client-core/src/transport/reqwest/";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.iter().filter(|(path, _)| !path.ends_with(".lock") && !is_generated(path)) {
        for (index, line) in text.lines().enumerate() {
            let found = machine_path(line)
                .or_else(|| registry(line))
                .or_else(|| left_over(path, line))
                .or_else(|| reqwest(path, line));
            findings.extend(found.map(|(what, todo)| Finding::new(path, index + 1, what, todo)));
        }
    }
    findings
}

// The words are put together here, so that this file does not find itself.

fn machine_path(line: &str) -> Option<(String, &'static str)> {
    const INSTEAD: &str = "write it relative to the workspace, or as an example of `anna`'s";
    for path in [concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/priv", "ate/")] {
        // A part of a longer path is no path of a machine.
        let begins = line.match_indices(path).any(|(at, _)| {
            let before = line.get(..at).and_then(|before| before.chars().next_back());
            !before.is_some_and(|c| c.is_alphanumeric() || "}._-~*)>/".contains(c))
        });
        if begins {
            return Some((format!("names `{path}`, a place on one machine"), INSTEAD));
        }
    }
    for homes in [concat!("/ho", "me/"), concat!("/Us", "ers/"), concat!("\\Us", "ers\\")] {
        for rest in line.split(homes).skip(1) {
            let name: String = rest.chars().take_while(|c| c.is_alphanumeric()).collect();
            let lower = name.to_lowercase();
            // `/Users/` alone is a path of more than one API.
            let path = homes.contains('h') || rest.contains(['/', '\\']) && homes.contains('\\');
            if path && !name.is_empty() && !EXAMPLE_HOMES.contains(&lower.as_str()) {
                return Some((format!("names `{homes}{name}`, a place on one machine"), INSTEAD));
            }
        }
    }
    None
}

fn registry(line: &str) -> Option<(String, &'static str)> {
    let hosts = [concat!("crates", ".io"), concat!("pypi", ".org"), concat!("registry.npm", "js.org")];
    let host = hosts.into_iter().find(|host| line.contains(host))?;
    Some((
        format!("names the package registry {host}"),
        "name the package alone; where packages come from is a setting of whoever builds",
    ))
}

fn left_over(path: &str, line: &str) -> Option<(String, &'static str)> {
    // Prose may speak of them.
    if path.ends_with(".md") {
        return None;
    }
    for (call, todo) in [
        (concat!("to", "do!("), "write the code, or return an error"),
        (concat!("unimpl", "emented!("), "write the code, or return an error"),
        (concat!("#[ign", "ore"), "let the test run, or delete it"),
        (concat!("db", "g!("), "delete it"),
    ] {
        if line.contains(call) {
            return Some((format!("has `{call}`"), todo));
        }
    }
    for marker in [concat!("FIX", "ME"), concat!("TO", "DO"), concat!("X", "XX")] {
        let alone = line.match_indices(marker).any(|(at, _)| {
            let before = line.get(..at).and_then(|text| text.chars().next_back());
            let after = line.get(at + marker.len()..).and_then(|text| text.chars().next());
            let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
            !inside(before) && !inside(after)
        });
        if alone {
            return Some((format!("has the marker {marker}"), "do it now, or put it where issues are kept"));
        }
    }
    None
}

fn reqwest(path: &str, line: &str) -> Option<(String, &'static str)> {
    let code = path.starts_with("crates/") && path.contains("/src/") && path.ends_with(".rs");
    let comment = line.trim_start().starts_with("//");
    if !code
        || comment
        || path.starts_with(REQWEST_MODULE)
        || !line
            .replace("transport::reqwest", "")
            .replace("self::reqwest", "")
            .contains(concat!("reqw", "est::"))
    {
        return None;
    }
    Some((
        "names reqwest outside of its module".to_owned(),
        "go through auth_client_core::Transport, so that releases of reqwest break nobody",
    ))
}

#[cfg(test)]
mod tests {
    use super::super::tree::assert_one;
    use super::*;

    fn found(path: &str, line: &str) -> Vec<Finding> {
        check(&Tree::of(&[(path, &format!("fine\n{line}\n"))]))
    }

    #[test]
    fn places_of_one_machine_are_found_and_examples_are_not() {
        for line in [
            concat!("see /ro", "ot/x"),
            concat!("(`/wo", "rk/x`)"),
            concat!("/ho", "me/jenkins/x"),
            concat!(r"C:\Us", r"ers\Jenkins\x"),
        ] {
            for path in ["README.md", "crates/a/src/a.rs", ".ci/run"] {
                assert_one(&found(path, line), &format!("{path}:2"), "one machine");
            }
        }
        for line in [
            concat!("/ho", "me/anna/.local"),
            "/rest/v1/Users/Validate",
            concat!("https://a.example/ro", "ot/x"),
            concat!("~/wo", "rk/x"),
        ] {
            assert!(found("README.md", line).is_empty(), "{line}");
        }
    }

    #[test]
    fn registries_are_named_in_the_lock_file_alone() {
        let line = concat!("https://crates", ".io/crates/x");
        assert_one(&found("README.md", line), "README.md:2", "registry");
        assert!(found("Cargo.lock", line).is_empty());
    }

    #[test]
    fn what_was_left_for_later_is_found() {
        for line in [
            concat!("to", "do!()"),
            concat!("unimpl", "emented!(\"x\")"),
            concat!("#[ign", "ore = \"slow\"]"),
            concat!("db", "g!(x)"),
            concat!("// TO", "DO: more"),
            concat!("/* FIX", "ME */"),
            concat!("# X", "XX"),
        ] {
            assert_one(&found("a.rs", line), "a.rs:2", "has ");
            assert!(found("a.md", line).is_empty());
        }
        for line in [concat!(r"\uXX", "XX"), concat!("api-X", "XXXX"), concat!("the_TO", "DO_list")] {
            assert!(found("a.rs", line).is_empty(), "{line}");
        }
    }

    #[test]
    fn reqwest_is_named_in_its_module_alone() {
        let line = concat!("use reqw", "est::Client;");
        assert_one(&found("crates/a/src/a.rs", line), "crates/a/src/a.rs:2", "reqwest");
        assert!(found("crates/auth-client-core/src/transport/reqwest/mod.rs", line).is_empty());
        assert!(found("crates/a/src/a.rs", &format!("/// {line}")).is_empty());
        assert!(found("xtask/programs/one-call/reqwest.rs", line).is_empty());
    }
}
