//! `cargo xtask new-provider`: a crate for another vendor, in the shape that the others have, ready to compile.
//!
//! `name` checks what it is to be called, `templates` has its files, `register` adds the lines elsewhere that name it. Everything is made and generated in a folder of build output first; the workspace is
//! touched when nothing can go wrong any more.

mod name;
mod register;
mod templates;

use crate::report::process;
use crate::{Failure, codegen, workspace};
use name::Name;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Make a crate for another vendor's API: it compiles, and its tests pass.
///
/// Writes crates/<name>-client/ with a manifest, a README, an openapi.json, a client that authenticates with a bearer key,
/// and tests; runs codegen for it; and adds it to the workspace's dependencies, to the facade auth-clients, to both
/// READMEs and to the changelog. Without --description, openapi.json has two operations to begin with.
///
/// What it can't know is said at the end: how the vendor really authenticates, what its errors look like, its part of the
/// emulator, its example.
#[derive(clap::Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// The vendor in small letters, such as `acme`: the crate is acme-client, the type Acme, the variables ACME_…
    pub name: String,
    /// The vendor as people write it. By default the name with a capital letter.
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// An OpenAPI 3.1 description to begin with, in the form that xtask/README.md lists.
    #[arg(long, value_name = "FILE")]
    pub description: Option<PathBuf>,
}

const AFTER_HELP: &str = "\
Examples:
  cargo xtask new-provider acme
  cargo xtask new-provider acme --title 'Acme Identity' --description acme.json

A description names the vendor in `x-sdk-vendor`, and its server's URL becomes the default base URL. Nothing is written
when it is refused.";

/// What was made.
#[derive(Debug)]
pub struct Made {
    /// `acme-client`
    pub crate_name: String,
    /// Paths below the root, each with what happened to it.
    pub changes: Vec<String>,
}

/// Makes the crate and says what is left to do.
pub fn run(arguments: &Arguments) -> Result<String, Failure> {
    let root = workspace::root();
    let description = match &arguments.description {
        Some(path) => Some(process::read_text(path)?),
        None => None,
    };
    let made = make(&root, &arguments.name, arguments.title.as_deref(), description.as_deref())?;
    Ok(format!("{}\n\n{}", made.changes.join("\n"), left_to_do(&made.crate_name)))
}

/// Makes the crate in the workspace at `root`.
pub fn make(
    root: &Path,
    name: &str,
    title: Option<&str>,
    description: Option<&str>,
) -> Result<Made, Failure> {
    let name = Name::checked(root, name, title)?;
    let crate_name = name.crate_name();
    let url = description.map(server_url).transpose()?;
    let mut files = templates::files(root, &name, url.as_deref())?;
    if let Some(description) = description {
        files.insert(PathBuf::from("openapi.json"), description.to_owned());
    }
    let edits = register::edits(root, &name)?;

    let stage = workspace::target(root).join("xtask/new-provider").join(&crate_name);
    // What an earlier run left there is not of this crate.
    let _ = fs::remove_dir_all(&stage);
    write(&stage, &files)?;
    let generated = codegen::generate(root, &stage, &crate_name)?;
    if generated.values().any(|text| text.contains("serde_json::")) {
        templates::add_serde_json(&mut files);
    }
    if generated
        .keys()
        .any(|path| path.starts_with("src/generated/models") || path.ends_with("generated/models.rs"))
    {
        templates::add_models(&mut files);
    }
    files.extend(generated);
    let _ = fs::remove_dir_all(&stage);

    let folder = root.join("crates").join(&crate_name);
    write(&folder, &files)?;
    let mut changes: Vec<String> =
        files.keys().map(|path| format!("new      crates/{crate_name}/{}", path.display())).collect();
    for (path, text) in &edits {
        process::write_if_changed(&root.join(path), text.as_bytes())?;
        changes.push(format!("changed  {path}"));
    }
    // Names of another length break lines elsewhere.
    let mut format = process::cargo(&["fmt", "-p", &crate_name, "-p", "auth-clients"]);
    process::output(format.current_dir(root), &format!("cargo fmt -p {crate_name}"))?;
    Ok(Made { crate_name, changes })
}

fn write(folder: &Path, files: &BTreeMap<PathBuf, String>) -> Result<(), Failure> {
    files.iter().try_for_each(|(path, text)| process::write_if_changed(&folder.join(path), text.as_bytes()))
}

/// The address of the description's server, as the client's default.
fn server_url(description: &str) -> Result<String, Failure> {
    let refused = |what: String| {
        Failure::new(format!("the description is refused: {what}"), "correct it, then run this again")
    };
    let document: serde_json::Value =
        serde_json::from_str(description).map_err(|error| refused(format!("it is no JSON: {error}")))?;
    let url = document.pointer("/servers/0/url").and_then(serde_json::Value::as_str);
    let url = url.ok_or_else(|| refused("#/servers/0/url is missing".to_owned()))?;
    if !url.starts_with("https://") || url.contains(['{', '"', '\\']) {
        return Err(refused(format!("#/servers/0/url: {url} is not an https address without variables")));
    }
    Ok(url.trim_end_matches('/').to_owned())
}

fn left_to_do(crate_name: &str) -> String {
    let name = crate_name.strip_suffix("-client").unwrap_or(crate_name);
    format!(
        "{crate_name} is there: cargo test -p {crate_name}

left to do by hand:
  1. crates/{crate_name}/openapi.json: the vendor's operations, then cargo xtask codegen {crate_name}
  2. crates/{crate_name}/src/auth.rs: how the vendor authenticates, if not with a bearer key
  3. crates/{crate_name}/src/error.rs: what its errors say
  4. crates/{crate_name}/README.md and the heads of src/: its words, its pages, its assumptions
  5. crates/auth-emulator/src/providers/{name}/: its part; the head of providers/mod.rs lists the steps;
     then crates/{crate_name}/tests/emulator.rs with whole flows, and cargo xtask coverage
  6. examples/{name}.rs with a [[example]] in examples/Cargo.toml, and a line in examples/tour.rs
  7. xtask/programs/one-call/{crate_name}.rs, and limits for it in xtask/budgets.json
  8. cargo xtask public-api --bless {crate_name}, cargo xtask features --bless {crate_name}
  9. cargo xtask tidy says what is still missing; cargo xtask ci checks everything"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_comes_from_the_description() {
        let url = |url: &str| server_url(&format!(r#"{{"servers":[{{"url":"{url}"}}]}}"#));
        assert_eq!(url("https://api.acme.example/v1/").unwrap(), "https://api.acme.example/v1");
        for bad in ["http://api.acme.example", "https://{region}.acme.example", "/v1"] {
            assert!(url(bad).unwrap_err().to_string().contains("#/servers/0/url"), "{bad}");
        }
        assert!(server_url("{}").is_err() && server_url("no").is_err());
    }

    #[test]
    fn a_refused_description_leaves_the_workspace_as_it_was() {
        let root = workspace::root();
        let description =
            r#"{"openapi":"3.1.0","servers":[{"url":"https://x.example"}],"x-sdk-vendor":"refused"}"#;
        let failure = make(&root, "refused", None, Some(description)).unwrap_err().to_string();
        assert!(failure.contains("refused"), "{failure}");
        assert!(!root.join("crates/refused-client").exists());
        assert!(!fs::read_to_string(root.join("Cargo.toml")).unwrap().contains("refused-client"));
    }

    #[test]
    fn what_is_left_names_the_crate_and_the_commands() {
        let text = left_to_do("acme-client");
        assert!(
            text.contains("providers/acme/") && text.contains("cargo xtask codegen acme-client"),
            "{text}"
        );
    }
}
