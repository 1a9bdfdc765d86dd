//! The emulator's route tables and models, from the same descriptions as the clients.
//!
//! The descriptions are taken as plain JSON, so that those of a client written by hand count too. What they mean to a client
//! is none of the emulator's business: a route is a method, a path, and what the emulator's faults and journal need.

mod tables;

use super::json::Node;
use super::output::{self, Change};
use crate::report::process::read_text;
use crate::{Failure, workspace};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const FOLDER: &str = "crates/auth-emulator";
/// The provider whose operations are carried out from tables of its description.
const DRIVEN: &str = "VIRTUOUS";
const TABLES: &str = "src/providers/virtuous/generated";
const HEAD: &str = "//! The operations of all API descriptions. Written by `cargo xtask codegen`; do not edit.\n\n\
    use http::Method;\n\nuse crate::framework::route::Route;\n";

/// What has to change in the emulator for it to agree with the descriptions.
pub(crate) fn changes(root: &Path) -> Result<Vec<Change>, Failure> {
    let mut text = HEAD.to_owned();
    let mut driven = String::new();
    for (name, description) in descriptions(root)? {
        text.push_str(&table(&name, &description));
        if name == DRIVEN {
            driven = tables::file(&description);
        }
    }
    let module = "//! Written by `cargo xtask codegen`; do not edit.\n\npub(crate) mod routes;\n".to_owned();
    let tables = format!("{TABLES}/mod.rs");
    let files =
        [("src/generated/mod.rs", module), ("src/generated/routes.rs", text), (tables.as_str(), driven)];
    let files: BTreeMap<_, _> = files.map(|(path, text)| (PathBuf::from(path), text)).into();
    output::compare(&root.join(FOLDER), &files, &["src/generated", TABLES])
}

/// Every description by the name of its table: `VERIGATOR`, or `VISE_HOST` for one of several.
pub(crate) fn descriptions(root: &Path) -> Result<BTreeMap<String, Node>, Failure> {
    let mut found = BTreeMap::new();
    for name in workspace::library_crates(root)? {
        let folder = root.join("crates").join(&name);
        let provider = name.trim_end_matches("-client").to_uppercase();
        let mut files = vec![(provider.clone(), folder.join("openapi.json"))];
        if let Ok(several) = std::fs::read_dir(folder.join("openapi")) {
            for path in several.filter_map(|entry| Some(entry.ok()?.path())) {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy().to_uppercase();
                files.push((format!("{provider}_{stem}"), path));
            }
        }
        for (name, path) in files.into_iter().filter(|(_, path)| path.is_file()) {
            let document = Node::parse(&read_text(&path)?).map_err(|error| {
                let what = format!("{} is no JSON: {error}", path.display());
                Failure::new(what, "correct it, then run cargo xtask codegen")
            })?;
            found.insert(name, document);
        }
    }
    Ok(found)
}

fn table(name: &str, description: &Node) -> String {
    let mut text = format!("\n#[rustfmt::skip]\npub(crate) static {name}: &[Route] = &[\n");
    let prefix = server_path(description);
    for (path, item) in members(description.get("paths")) {
        for (method, operation) in members(Some(item)) {
            let Some(Node::Text(id)) = operation.get("operationId") else { continue };
            let class = match (operation.get("x-sdk-class"), method.as_str()) {
                (Some(Node::Text(class)), _) => class.replace('-', "_"),
                (_, "get") => "read".to_owned(),
                _ => "write".to_owned(),
            };
            let statuses = members(operation.get("responses")).iter().map(|(status, _)| status);
            let success = statuses.into_iter().find_map(|status| match status.as_str() {
                "2XX" => Some("200".to_owned()),
                status => status.starts_with('2').then(|| status.to_owned()),
            });
            let shared = [item.get("parameters"), operation.get("parameters")];
            let path = typed(path, description, &shared);
            let sensitive = operation.get("x-sdk-sensitive") == Some(&Node::Bool(true));
            // Writing to a String can't fail.
            let _ = writeln!(
                text,
                "    Route::{class}(\"{id}\", Method::{}, \"{prefix}{path}\", {}){},",
                method.to_uppercase(),
                success.as_deref().unwrap_or("200"),
                if sensitive { ".sensitive()" } else { "" },
            );
        }
    }
    text + "];\n"
}

/// `/things/{id:int}`: the path with the types of its parameters that are not strings.
fn typed(path: &str, description: &Node, lists: &[Option<&Node>]) -> String {
    let mut typed = path.to_owned();
    for list in lists {
        let Some(Node::Array(list)) = list else { continue };
        for parameter in list {
            let parameter = match parameter.get("$ref") {
                Some(Node::Text(reference)) => followed(description, reference),
                _ => Some(parameter),
            };
            let Some(parameter) = parameter else { continue };
            let is = |name: &str, value: &str| {
                parameter.get(name).is_some_and(|there| *there == Node::Text(value.to_owned()))
            };
            let schema = parameter.get("schema").and_then(|schema| schema.get("type"));
            let integer = is("in", "path") && schema == Some(&Node::Text("integer".to_owned()));
            if let (true, Some(Node::Text(name))) = (integer, parameter.get("name")) {
                typed = typed.replace(&format!("{{{name}}}"), &format!("{{{name}:int}}"));
            }
        }
    }
    typed
}

fn followed<'n>(description: &'n Node, reference: &str) -> Option<&'n Node> {
    reference.strip_prefix("#/")?.split('/').try_fold(description, |node, name| node.get(name))
}

/// `/v1/service` of `https://api.example.com/v1/service`.
pub(crate) fn server_path(description: &Node) -> String {
    let first = match description.get("servers") {
        Some(Node::Array(servers)) => servers.first().and_then(|server| server.get("url")),
        _ => None,
    };
    let Some(Node::Text(url)) = first else { return String::new() };
    let path = url.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
    path.map(|(_, path)| format!("/{}", path.trim_end_matches('/'))).unwrap_or_default()
}

fn members(node: Option<&Node>) -> &[(String, Node)] {
    match node {
        Some(Node::Object(members)) => members,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_has_typed_parameters_the_servers_path_and_what_faults_need() {
        let description = Node::parse(
            r##"{"servers": [{"url": "https://a.example/v1"}], "paths": {
                "/things": {"post": {"operationId": "things.create", "x-sdk-class": "idempotent-write",
                    "x-sdk-sensitive": true, "responses": {"400": {}, "201": {}}}},
                "/things/{name}/{id}": {"parameters": [{"$ref": "#/components/parameters/Id"}], "get": {
                    "operationId": "things.get", "responses": {"2XX": {}},
                    "parameters": [{"name": "name", "in": "path", "schema": {"type": "string"}}]}}},
                "components": {"parameters": {"Id": {"name": "id", "in": "path", "schema": {"type": "integer"}}}}}"##,
        );
        let lines = table("A", &description.unwrap());
        let lines: Vec<&str> =
            lines.lines().map(str::trim).filter(|line| line.starts_with("Route")).collect();
        assert_eq!(
            lines,
            [
                r#"Route::idempotent_write("things.create", Method::POST, "/v1/things", 201).sensitive(),"#,
                r#"Route::read("things.get", Method::GET, "/v1/things/{name}/{id:int}", 200),"#,
            ]
        );
    }

    #[test]
    fn a_server_that_is_a_variable_has_no_path() {
        let path =
            |url: &str| server_path(&Node::parse(&format!(r#"{{"servers":[{{"url":"{url}"}}]}}"#)).unwrap());
        assert_eq!(
            [path("https://a.example/v1/service"), path("https://a.example"), path("https://{host}")],
            ["/v1/service", "", ""]
        );
    }
}
