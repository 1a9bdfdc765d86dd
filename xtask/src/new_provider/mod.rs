//! `cargo xtask new-provider`: a crate for another vendor, in the shape that the others have, ready to compile.
//!
//! Its files are those of `xtask/templates/provider/`, where they are a crate for `vendorname`, three spellings of which are
//! replaced, with placeholders such as `@title@`; its manifest is that of verigator-client, so that features and dependencies are those that all providers have today.
//! `register` adds the lines elsewhere that name it. Everything is made and generated in a folder of build output first; the
//! workspace is touched when nothing can fail any more.

mod auth;
mod register;

use crate::report::process;
use crate::tidy::{self, Finding, Tree};
use crate::{Failure, codegen, workspace};
use auth::Auth;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Make a crate for another vendor's API: it compiles, and its tests pass.
///
/// Writes crates/<name>-client/ with a manifest, a README, an openapi.json, a client that authenticates as `--auth` says,
/// and tests; runs codegen for it; and adds it to the workspace's dependencies, to the facade auth-clients, to both
/// READMEs and to the changelog. Without --description, openapi.json has two operations to begin with.
///
/// What it can't know is listed at the end: how a custom scheme signs, what the errors look like, its part of the
/// emulator, its example.
#[derive(clap::Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// The vendor in small letters, such as `acme`: the crate is acme-client, the type Acme, the variables ACME_…
    name: String,
    /// The vendor as people write it. By default the name with a capital letter.
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// An OpenAPI 3.1 description to begin with, in the form that xtask/README.md lists.
    #[arg(long, value_name = "FILE")]
    description: Option<PathBuf>,
    /// How calls are authenticated: `bearer`; `api-key=<header>`; `header-pair=<header>`, user name and password; `basic-hmac`,
    /// HTTP Basic with an HMAC of the request; or `custom`, a signer to complete.
    #[arg(long, value_name = "SCHEME", default_value = "bearer")]
    auth: Auth,
}

const AFTER_HELP: &str = "\
Examples:
  cargo xtask new-provider acme
  cargo xtask new-provider acme --title 'Acme Identity' --description acme.json
  cargo xtask new-provider acme --auth api-key=X-Api-Key
  cargo xtask new-provider acme --auth header-pair=X-Service-Auth

A description names the vendor in `x-sdk-vendor`, and its server's URL becomes the default base URL. Nothing is written
when it is refused.";

/// The smallest complete provider.
const MODEL: &str = "verigator";
const MODEL_TITLE: &str = "Messente Verigator";

/// `acme` and `Acme Identity`.
struct Name {
    word: String,
    title: String,
}

/// Makes the crate and lists what is left to do.
pub(crate) fn run(arguments: &Arguments) -> Result<String, Failure> {
    let description = arguments.description.as_deref().map(process::read_text).transpose()?;
    let title = arguments.title.as_deref();
    let changes = make(&workspace::root(), &arguments.name, title, description.as_deref(), &arguments.auth)?;
    Ok(format!("{}\n\n{}", changes.join("\n"), LEFT_TO_DO.replace("{}", &arguments.name)))
}

/// Makes the crate in the workspace at `root`, and returns the paths below it.
fn make(
    root: &Path,
    word: &str,
    title: Option<&str>,
    description: Option<&str>,
    auth: &Auth,
) -> Result<Vec<String>, Failure> {
    let name = Name::checked(root, word, title)?;
    let (crate_name, folder) = (format!("{word}-client"), root.join(format!("crates/{word}-client")));
    let mut files = templates(root, auth)?;
    files.values_mut().for_each(|text| *text = name.filled(text, auth));
    for license in ["LICENSE-APACHE", "LICENSE-MIT"] {
        files.insert(PathBuf::from(license), process::read_text(&root.join(license))?);
    }
    let manifest = process::read_text(&root.join(format!("crates/{MODEL}-client/Cargo.toml")))?;
    let mut manifest = name.manifest(&manifest);
    if auth.scheme == "basic-hmac" {
        let hmac = "\n[dependencies]\n# hmac: the signer.\nauth-core = { workspace = true, features = [\"hmac\"] }\n";
        manifest = manifest.replacen("\n[dependencies]\n", hmac, 1);
    }
    files.insert(PathBuf::from("Cargo.toml"), manifest);
    if let Some(description) = description {
        let (url, template) = (server_url(description)?, format!("https://api.{word}.example/v1"));
        files.values_mut().for_each(|text| *text = text.replace(&template, &url));
        files.insert(PathBuf::from("openapi.json"), description.to_owned());
    }
    let edits = register::edits(root, &name, auth)?;

    let stage = workspace::target(root).join("xtask/new-provider").join(&crate_name);
    // What an earlier run left there is not of this crate.
    let _ = fs::remove_dir_all(&stage);
    write(&stage, &files)?;
    let generated = codegen::generate(root, &stage, &crate_name)?;
    if generated.values().any(|text| text.contains("serde_json::")) {
        let serde = "serde.workspace = true\n";
        let why = "# Values whose form is not known before they are read.\nserde_json.workspace = true\n";
        let manifest = files.entry(PathBuf::from("Cargo.toml")).or_default();
        *manifest = manifest.replacen(serde, &format!("{serde}{why}"), 1);
    }
    if generated
        .keys()
        .any(|path| path.starts_with("src/generated/models") || path.ends_with("src/generated/models.rs"))
    {
        let module = "\n/// Models: request and response bodies.\npub mod models {\n    pub use crate::generated::models::*;\n}\n";
        *files.entry(PathBuf::from("src/lib.rs")).or_default() += module;
    }
    files.extend(generated);
    write(&folder, &files)?;
    for (path, text) in &edits {
        process::write_if_changed(&root.join(path), text)?;
    }
    // Names of another length break lines elsewhere.
    let format = ["fmt", "-p", &crate_name, "-p", "auth-clients"];
    process::output(&mut process::cargo(root, &format), &format!("cargo fmt -p {crate_name}"))?;
    let new = files.keys().map(|path| format!("new      crates/{crate_name}/{}", path.display()));
    Ok(new.chain(edits.keys().map(|path| format!("changed  {path}"))).collect())
}

/// The files of `xtask/templates/provider/`, one of which has the signer of this scheme.
fn templates(root: &Path, auth: &Auth) -> Result<BTreeMap<PathBuf, String>, Failure> {
    let folder = root.join("xtask/templates/provider");
    let mut files = BTreeMap::new();
    for path in workspace::files(&folder)? {
        let name = match path.strip_prefix("src/auth_") {
            Some(scheme) if scheme == format!("{}.rs.in", auth.scheme.replace('-', "_")) => "src/auth.rs",
            Some(_) => continue,
            None => path.trim_end_matches(".in"),
        };
        files.insert(PathBuf::from(name), process::read_text(&folder.join(&path))?);
    }
    Ok(files)
}

fn write(folder: &Path, files: &BTreeMap<PathBuf, String>) -> Result<(), Failure> {
    files.iter().try_for_each(|(path, text)| process::write_if_changed(&folder.join(path), text))
}

impl Name {
    /// Checks a name against what every place asks for, and against the crates that exist.
    fn checked(root: &Path, word: &str, title: Option<&str>) -> Result<Self, Failure> {
        let small = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let one_word = word.starts_with(|c: char| c.is_ascii_lowercase()) && word.chars().all(small);
        let plain = |c: char| c.is_alphanumeric() || " -.'&".contains(c);
        let title = title.map_or_else(|| capital(word), |title| title.trim().to_owned());
        let facade = process::read_text(&root.join("crates/auth-clients/Cargo.toml"))?;
        let problem = if word.ends_with("-client") {
            "it is the vendor alone; `-client` is added"
        } else if !one_word || !(2..=30).contains(&word.len()) {
            "it is one word of 2 to 30 small letters and digits that begins with a letter"
        } else if syn::parse_str::<syn::Ident>(word).is_err() {
            "it is a keyword of Rust"
        } else if root.join(format!("crates/{word}-client")).exists() {
            "this crate exists already"
        } else if facade.contains(&format!("\n{word} = ")) {
            "the facade has a feature of that name"
        } else if title.is_empty() || !title.chars().all(plain) {
            "its title is letters, digits, spaces and -.'&"
        } else {
            return Ok(Self { word: word.to_owned(), title });
        };
        let what = format!("a provider can't be called `{word}`, `{title}`: {problem}");
        Err(Failure::new(what, "cargo xtask new-provider acme --title 'Acme Identity', with another name"))
    }

    /// A template with the vendor's name and scheme.
    fn filled(&self, template: &str, auth: &Auth) -> String {
        let names = [
            ("@title@", self.title.clone()),
            ("VendorName", capital(&self.word)),
            ("VENDORNAME", self.word.to_uppercase()),
            ("vendorname", self.word.clone()),
        ];
        let (kept, other) = if auth.has_two() { ("@two@", "@one@") } else { ("@one@", "@two@") };
        let lines = template.lines().filter(|line| !line.starts_with(other));
        let text: String =
            lines.map(|line| format!("{}\n", line.strip_prefix(kept).unwrap_or(line))).collect();
        let values = auth.values(&self.word).into_iter().chain(names);
        values.fold(text, |text, (placeholder, value)| text.replace(placeholder, &value))
    }

    /// The manifest of the model with the vendor's name.
    fn manifest(&self, model: &str) -> String {
        let lines = model.lines().map(|line| match line.split_once(" = ") {
            Some(("description", _)) => format!("description = \"Client for the {} API\"", self.title),
            Some(("keywords", _)) => {
                format!("keywords = [\"api-client\", \"authentication\", \"{}\"]", self.word)
            }
            _ => line.replace(MODEL, &self.word),
        });
        lines.collect::<Vec<_>>().join("\n") + "\n"
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The address of the description's server, as the client's default.
fn server_url(description: &str) -> Result<String, Failure> {
    let document: serde_json::Value = serde_json::from_str(description).unwrap_or_default();
    let url = document.pointer("/servers/0/url").and_then(serde_json::Value::as_str).unwrap_or_default();
    if url.starts_with("https://") && !url.contains(['{', '"', '\\']) {
        return Ok(url.trim_end_matches('/').to_owned());
    }
    let what = "the description is refused: #/servers/0/url is not an https address without variables";
    Err(Failure::new(what, "correct it, then run this again"))
}

const LEFT_TO_DO: &str = "\
{}-client exists: cargo test -p {}-client

left to do by hand:
  1. crates/{}-client/openapi.json: the vendor's operations, then cargo xtask codegen {}
  2. crates/{}-client/src/auth.rs: how the vendor authenticates, if `--auth` has no such scheme
  3. crates/{}-client/src/error.rs: what its errors say
  4. crates/{}-client/README.md and the comments at the top of src/: its words, its pages, its assumptions
  5. crates/auth-emulator/src/providers/{}/: its part; the top of providers/mod.rs lists the steps;
     then crates/{}-client/tests/emulator.rs with whole flows, and its rows in
     COVERAGE.md, which the emulator's test `coverage` writes
  6. examples/{}.rs with a [[example]] in examples/Cargo.toml, and a line in examples/tour.rs;
     sections in docs/authentication.md and docs/assumptions.md
  7. xtask/programs/one-call/{}-client.rs, and limits for it in xtask/budgets.json
  8. cargo xtask public-api --bless {}-client, cargo xtask features --bless {}-client
  9. cargo xtask tidy lists what is still missing; cargo xtask ci checks everything";

/// A new provider made in a copy of the workspace compiles, its tests pass, and tidy misses only what is left to a person.
///
/// The copy is below the target folder and shares it, so that what other steps have compiled is not compiled again.
pub(crate) fn check(root: &Path) -> Result<String, Failure> {
    let target = workspace::target(root);
    let copy = target.join("xtask/new-provider-check");
    workspace::mirror(root, &copy, |_| true)?;
    process::write_if_changed(&copy.join("Cargo.lock"), process::read(&root.join("Cargo.lock"))?)?;
    let next = "correct xtask/src/new_provider/, then cargo xtask ci --only new-provider";
    // In the middle of the sorted lists, where they are most in the way.
    let samples = [
        ("samplevendor", Some("Sample Vendor"), "api-key=X-Api-Key"),
        // Clients that take two credentials.
        ("samplepair", None, "header-pair=X-Sample-Auth"),
        ("samplehmac", None, "basic-hmac"),
        ("samplecustom", None, "custom"),
    ];
    let folder = |word: &str| copy.join(format!("crates/{word}-client"));
    // Folders of the last run, whose manifests are gone, are no members of the workspace.
    for (word, ..) in samples {
        let _ = fs::remove_dir_all(folder(word));
    }
    for (word, title, auth) in samples {
        let folder = folder(word);
        let auth: Auth = auth.parse().map_err(|why: String| Failure::new(why, next))?;
        make(&copy, word, title, None, &auth)?;
        // Tests against the emulator are left to a person; without them, it is not compiled here.
        let manifest = folder.join("Cargo.toml");
        let text = process::read_text(&manifest)?;
        process::write_if_changed(&manifest, text.replace("auth-emulator.workspace = true\n", ""))?;
    }
    let names = samples.map(|(word, ..)| format!("{word}-client"));
    let new: Vec<&str> = names.iter().flat_map(|name| ["-p", name]).collect();
    let facade = ["-p", "auth-clients", "--no-default-features", "--features", "samplevendor"];
    for (command, packages, rest) in [
        (&["test", "--quiet"][..], &new[..], &[][..]),
        (&["clippy", "--quiet"], &new, &["--all-targets", "--", "-D", "warnings"]),
        (&["fmt", "--check"], &new, &["-p", "auth-clients"]),
        (&["check", "--quiet"], &facade, &[]),
    ] {
        let arguments = [command, packages, rest].concat();
        process::run(process::cargo(&copy, &arguments).env("CARGO_TARGET_DIR", &target), next)?;
    }
    let expected = [
        "public-api.txt",
        "tests/emulator.rs",
        "xtask/programs/one-call/",
        "xtask/trees/",
        "crates/auth-emulator/src/providers/sample",
        "docs/",
        "examples/",
    ];
    let findings = tidy::findings(&Tree::read(&copy)?);
    let (left, missed): (Vec<&Finding>, Vec<&Finding>) =
        findings.iter().partition(|finding| expected.iter().any(|path| finding.path().contains(path)));
    let found = |part: &&str| left.iter().any(|finding| finding.path().contains(*part));
    if missed.is_empty() && expected.iter().all(found) {
        let left: Vec<&str> = left.iter().map(|left| left.path()).collect();
        return Ok(format!("left to a person: {}", left.join(", ")));
    }
    let missed: Vec<String> = missed.iter().map(ToString::to_string).collect();
    let head = "tidy finds in a new provider what the command should have made:\n";
    Err(Failure::new(format!("{head}{}", missed.join("\n")), next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_word_that_nothing_else_has_and_a_title_plain_text() {
        let root = workspace::root();
        let failure = |word: &str, title: Option<&str>| {
            Name::checked(&root, word, title).err().map(|failure| failure.to_string()).unwrap_or_default()
        };
        assert_eq!([failure("acme2", None), failure("acme", Some(" Acme & Co. "))], [""; 2]);
        for (word, part) in [
            ("acme-client", "`-client` is added"),
            ("Acme", "small letters"),
            ("acme_id", "small letters"),
            ("../acme", "small letters"),
            ("2fa", "begins with a letter"),
            ("", "begins with a letter"),
            ("a", "2 to 30"),
            ("async", "keyword"),
            ("testing", "feature"),
            ("verigator", "exists already"),
        ] {
            let failure = failure(word, None);
            let has_next = failure.contains("next: cargo xtask new-provider");
            assert!(failure.contains(part) && has_next, "{failure}");
        }
        for title in ["", "a\"b", "a|b", "a`b", "a\nb"] {
            assert!(failure("acme", Some(title)).contains("its title is letters"), "{title}");
        }
    }

    #[test]
    fn nothing_of_the_placeholder_and_the_model_is_left() {
        let root = workspace::root();
        let name = Name::checked(&root, "acme", Some("Acme Identity")).unwrap();
        for (scheme, header) in [
            ("bearer", "authorization"),
            ("api-key=X-Api-Key", "x-api-key"),
            ("header-pair=X-Service-Auth", "x-service-auth"),
            ("basic-hmac", "authorization"),
            ("custom", "x-acme"),
        ] {
            let auth: Auth = scheme.parse().unwrap();
            let files = templates(&root, &auth).unwrap();
            assert_eq!(files.len(), 11);
            for (path, text) in &files {
                let (path, text) = (path.to_str().unwrap(), name.filled(text, &auth));
                let lower = text.to_lowercase();
                let is_left = |placeholder: &&str| text.contains(*placeholder);
                let values = auth.values("acme");
                assert!(!values.iter().any(|(placeholder, _)| is_left(placeholder)), "{path}: {text}");
                assert!(!["@one@", "@two@", "@title@"].iter().any(is_left), "{path}: {text}");
                assert!(!lower.contains("vendorname"), "{path}: {text}");
                assert!(scheme == "bearer" || !lower.contains("bearer"), "{path}: {text}");
                if ["tests/errors.rs", "tests/common/mod.rs"].contains(&path) {
                    assert!(text.contains(&format!("\"{header}\"")), "{path}: {text}");
                }
                let client = text.contains("Acme Identity") && text.contains("{Error, Acme}");
                assert!(path != "src/client.rs" || client, "{text}");
            }
        }
        let model = process::read_text(&root.join("crates/verigator-client/Cargo.toml")).unwrap();
        let manifest = name.manifest(&model);
        assert!(!manifest.contains(MODEL) && manifest.contains("\nrustls-ring = [\"hyper\", "), "{manifest}");
    }

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
        let failure = make(&root, "refused", None, Some(description), &"bearer".parse().unwrap())
            .unwrap_err()
            .to_string();
        assert!(failure.contains("refused"), "{failure}");
        assert!(!root.join("crates/refused-client").exists());
        assert!(!fs::read_to_string(root.join("Cargo.toml")).unwrap().contains("refused-client"));
    }
}
