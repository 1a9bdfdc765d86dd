//! The emulator's route tables and models, from the same descriptions as the clients.
//!
//! A route is a method, a path, and what the emulator's faults and journal need.

mod tables;

use super::document::{self, Document};
use super::output::{self, Change};
use crate::Failure;
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
    for (name, document) in document::all(root)? {
        text.push_str(&table(&name, &document));
        if name == DRIVEN {
            driven = tables::file(&document);
        }
    }
    let module = "//! Written by `cargo xtask codegen`; do not edit.\n\npub(crate) mod routes;\n".to_owned();
    let tables = format!("{TABLES}/mod.rs");
    let files =
        [("src/generated/mod.rs", module), ("src/generated/routes.rs", text), (tables.as_str(), driven)];
    let files: BTreeMap<_, _> = files.map(|(path, text)| (PathBuf::from(path), text)).into();
    output::compare(&root.join(FOLDER), &files, &["src/generated", TABLES])
}

fn table(name: &str, document: &Document) -> String {
    let mut text = format!("\n#[rustfmt::skip]\npub(crate) static {name}: &[Route] = &[\n");
    let prefix = document.server_path();
    for operation in document.operations() {
        let success = operation.successes().next().map_or("200", |(status, _)| status);
        // `/things/{id:int}`: parameters that are not strings have their type.
        let mut path = operation.path.to_owned();
        for parameter in document.parameters(&operation) {
            let integer =
                parameter.get("schema").is_some_and(|schema| schema.text("type") == Some("integer"));
            if let (true, Some("path"), Some(name)) = (integer, parameter.text("in"), parameter.text("name"))
            {
                path = path.replace(&format!("{{{name}}}"), &format!("{{{name}:int}}"));
            }
        }
        // Writing to a String can't fail.
        let _ = writeln!(
            text,
            "    Route::{}(\"{}\", Method::{}, \"{prefix}{path}\", {}){},",
            operation.class().replace('-', "_"),
            operation.id,
            operation.method.to_uppercase(),
            if success == "2XX" { "200" } else { success },
            if operation.node.flag("x-sdk-sensitive") { ".sensitive()" } else { "" },
        );
    }
    text + "];\n"
}
