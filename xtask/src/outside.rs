//! `cargo xtask outside`: users compile the examples of the documentation with what they depend on, and nothing else.
//!
//! A doc test may name every dependency of its crate, and has the features that development turns on. So the examples are
//! searched for what users can't name, and compiled once more: as the examples of programs outside of the workspace, one per
//! provider, each of which depends on that provider's crate with its default features, and on packages that examples tell
//! users to add.

use crate::report::{process, progress};
use crate::{Context as _, Failure, markdown, workspace};
use cargo_metadata::Package;
use regex::Regex;
use std::path::Path;
use std::rc::Rc;

/// Compile the examples for users with what users depend on.
///
/// The examples are those of the provider crates (READMEs and doc comments), of README.md and of docs/*.md. Each may name
/// provider crates, the facade, the emulator and packages of others; what it needs of async-trait, auth-client-core, auth-core,
/// auth-token-store, bytes and http has to be re-exported. A hidden `use` line fails, because readers copy examples without
/// it. Then those that name one provider crate and not the emulator are compiled in a program below target/ that depends on
/// this crate, with its default features, and on tokio, serde and serde_json; an example that needs another feature is left
/// out, and its page has to name the feature. `cargo test --workspace` compiles and runs all of them.
#[derive(clap::Args, Debug, Default)]
#[command(after_help = "Example:\n  cargo xtask outside     about a minute after cargo test --workspace")]
pub(crate) struct Arguments {}

pub(crate) fn run(_: &Arguments) -> Result<String, Failure> {
    let root = workspace::root();
    let examples = examples(&root)?;
    let patterns = patterns()?;
    let wrong: Vec<String> = examples.iter().flat_map(|example| example.not_for_users(&patterns)).collect();
    let next = "name items by the provider crate and show the imports, then cargo xtask outside";
    Failure::unless_none("", &wrong, next)?;
    programs(&root, &examples)
}

/// What the programs share, and the lines that examples hide: clients of a server that isn't there, since nothing is run.
const MANIFEST: &str = include_str!("outside/Cargo.toml.in");
const LIBRARY: &str = include_str!("outside/lib.rs.in");

/// Features that are off by default, and what an example names that needs one.
const FEATURES: [(&str, &[&str]); 5] = [
    ("blocking", &[".wait()", ".wait_next()", "guide::run_blocking"]),
    ("oidc", &["::oidc::"]),
    ("postgres", &["PostgresStore"]),
    ("redis", &["RedisStore"]),
    ("testing", &["testing::"]),
];

/// Compiles the examples that name one provider crate, with that crate alone.
fn programs(root: &Path, all: &[Example]) -> Result<String, Failure> {
    let metadata = workspace::metadata(root)?;
    let (mut files, mut report) = (Vec::new(), Vec::new());
    let providers = workspace::providers(root)?;
    let shorts: Vec<&str> = providers.iter().map(|provider| provider.trim_end_matches("-client")).collect();
    for (provider, short) in providers.iter().zip(&shorts) {
        let features = workspace::package(&metadata, provider).map_or_else(String::new, features);
        let mut examples = alone(all, short, &shorts)?;
        let path = format!("xtask/programs/one-call/{provider}.rs");
        examples.push(with_heading(&path, &process::read_text(&root.join(&path))?));
        report.push(format!("{provider}: {} examples", examples.len()));
        let fill = |template: &str| template.replace("@SHORT@", short).replace("@FEATURES@", &features);
        files.push((format!("{short}/Cargo.toml"), fill(MANIFEST)));
        files.push((format!("{short}/src/lib.rs"), fill(LIBRARY)));
        files.push((format!("{short}/src/examples.md"), examples.concat()));
    }
    let profiles = "[profile.dev]\ndebug = false\n\n[profile.test]\ndebug = false\n";
    let members = format!("[workspace]\nresolver = \"3\"\nmembers = {shorts:?}\n\n{profiles}");
    files.push(("Cargo.toml".to_owned(), members));
    let files: Vec<_> =
        files.iter().map(|(path, content)| (path.as_str(), content.clone().into_bytes())).collect();
    let manifest = workspace::program(root, "outside", &files)?;
    progress("the examples, each with one provider crate");
    let test = ["test", "--quiet", "--doc", "--workspace", "--no-fail-fast", "--manifest-path"];
    let mut command = process::cargo(root, &test);
    command.arg(&manifest).arg("--target-dir").arg(workspace::target(root));
    let next = "the headings of target/xtask/outside/*/src/examples.md say where an example is from; re-export what it \
        needs, then cargo xtask outside";
    process::run(&mut command, next)?;
    Ok(report.join("\n"))
}

/// The default features of a package, which its examples may ask for, as the features of a program.
fn features(package: &Package) -> String {
    let default = workspace::default_features(package);
    let lines: String = default.iter().map(|name| format!("{name} = []\n")).collect();
    format!("default = {:?}\n{lines}", Vec::from_iter(&default))
}

/// An example for users, and where it is from.
struct Example {
    path: String,
    line: usize,
    code: String,
    /// The text of the page or the comments around it.
    page: Rc<str>,
    /// The provider crate that it belongs to; none for a guide.
    of: Option<String>,
}

/// All examples for users that rustdoc compiles.
fn examples(root: &Path) -> Result<Vec<Example>, Failure> {
    let mut found = Vec::new();
    for path in workspace::files(root)? {
        let of = path.strip_prefix("crates/").and_then(|path| path.split_once("-client/"));
        let is_guide =
            path == "README.md" || path.starts_with("docs/") && path != "docs/adding-a-provider.md";
        let is_code = of.is_some_and(|(_, file)| file.starts_with("src/") && file.ends_with(".rs"));
        let is_readme = of.map_or(is_guide && path.ends_with(".md"), |(_, file)| file == "README.md");
        if !is_code && !is_readme {
            continue;
        }
        let text = process::read_text(&root.join(&path))?;
        let text = if is_code { comments(&text) } else { text };
        let of = of.map(|(short, _)| short.to_owned());
        let blocks = markdown::read(&text).code;
        let page: Rc<str> = text.into();
        let compiled =
            blocks.into_iter().filter(|(_, language, _)| language.as_deref().is_some_and(is_compiled));
        found.extend(compiled.map(|(line, _, code)| Example {
            path: path.clone(),
            line,
            code,
            page: Rc::clone(&page),
            of: of.clone(),
        }));
    }
    Ok(found)
}

/// Crates that users don't name: what they need of these is re-exported by each provider crate.
const INTERNAL: &str = "async_trait|auth_client_core|auth_core|auth_token_store|bytes|http";

/// What is searched for in examples: a name of an internal crate, a whole `use` declaration, and a comment up to the end of its
/// line. An address in a string is none.
fn patterns() -> Result<[Regex; 3], Failure> {
    let internal =
        format!(r"(?:^|[^:\w])(?:::)?(?:{INTERNAL})::|\b(?:use|extern crate) (?:::)?(?:{INTERNAL})\b");
    let [internal, import, comment] = [&internal, r"\buse [^;]*;", r"(?m)(^|\s)//.*$"].map(Regex::new);
    let patterns = internal.and_then(|internal| Ok([internal, import?, comment?]));
    patterns.context("a pattern is invalid", "correct the patterns in xtask/src/outside.rs")
}

impl Example {
    /// Where it names a crate that users don't depend on, or hides an import that readers need.
    fn not_for_users(&self, [internal, import, comment]: &[Regex; 3]) -> Vec<String> {
        let Self { path, line: first, code, .. } = self;
        let code_alone = comment.replace_all(code, "$1");
        // What a `use` of another crate has in its braces is that crate's.
        let others = import.replace_all(&code_alone, |found: &regex::Captures<'_>| {
            let text = found.get(0).map_or("", |found| found.as_str());
            let lines = "\n".repeat(text.matches('\n').count());
            let is_of_one_crate = !text.starts_with("use {") && !text.starts_with("use ::{");
            let names_internal = internal.find(text).is_some_and(|found| found.start() == 0);
            if is_of_one_crate && !names_internal { lines } else { text.to_owned() }
        });
        let mut found = Vec::new();
        for (index, (line, shown)) in others.lines().zip(code.lines()).enumerate() {
            let at = format!("{path}:{}", first + index);
            if internal.is_match(line) {
                found.push(format!("{at}: `{}` names a crate that users don't depend on", shown.trim()));
            }
            if shown.trim_start().starts_with("# use ") {
                found.push(format!("{at}: `{}` is an import that readers don't see", shown.trim()));
            }
        }
        found
    }
}

/// An example below a heading that says where it is from.
fn with_heading(from: &str, code: &str) -> String {
    format!("## {from}\n\n```rust,no_run\n{code}```\n\n")
}

/// The examples for users of one provider crate alone, each below a heading that says where it is from.
fn alone(examples: &[Example], short: &str, shorts: &[&str]) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    for Example { path, line, code, page, of } in examples {
        let is_own = of.as_deref() == Some(short);
        if of.is_some() && !is_own || !is_for(code, short, shorts, is_own) {
            continue;
        }
        let feature = FEATURES.iter().find(|(_, signs)| signs.iter().any(|sign| code.contains(sign)));
        if let Some((feature, _)) = feature {
            // rustdoc says which feature an item needs; a page has to.
            if path.ends_with(".md") && !page.contains(&format!("`{feature}`")) {
                let what = format!(
                    "{path}:{line}: the example needs the feature `{feature}`, which the page doesn't name"
                );
                return Err(Failure::new(what, "name it before the example, then cargo xtask outside"));
            }
        } else {
            let code = code.replace("auth_client_examples::", &format!("outside_{short}::"));
            found.push(with_heading(&format!("{path}:{line}"), &code));
        }
    }
    Ok(found)
}

/// Whether rustdoc compiles a block of this language.
fn is_compiled(language: &str) -> bool {
    language.split(',').all(|word| matches!(word.trim(), "" | "rust" | "no_run" | "should_panic"))
}

/// Whether an example needs this provider's crate and none of the others.
fn is_for(code: &str, short: &str, shorts: &[&str], own: bool) -> bool {
    let names = |short: &str| {
        let helpers =
            [format!("guide::{short}("), format!("guide::with_{short}("), format!("{short}_client")];
        helpers.iter().any(|name| code.contains(name))
    };
    let alone = shorts.iter().all(|other| *other == short || !names(other));
    let others = ["auth_emulator", "auth_clients::", "emulator.", "guide::folder", MADE];
    (own || names(short)) && alone && !others.iter().any(|other| code.contains(other))
}

/// A line of a doc comment that a macro makes.
const MADE: &str = "#[doc";

/// The doc comments of a file, at the lines where they are.
fn comments(text: &str) -> String {
    let line = |line: &str| {
        let line = line.trim_start();
        if line.starts_with(MADE) {
            return format!("{MADE}\n");
        }
        let text = line.strip_prefix("///").or_else(|| line.strip_prefix("//!")).unwrap_or_default();
        format!("{}\n", text.strip_prefix(' ').unwrap_or(text))
    };
    text.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::{Example, comments, is_compiled, is_for};

    fn wrong(code: &str) -> Vec<String> {
        let example =
            Example { path: "a.md".to_owned(), line: 3, code: code.to_owned(), page: "".into(), of: None };
        example.not_for_users(&super::patterns().unwrap())
    }

    #[test]
    fn an_example_names_no_internal_crate() {
        for code in [
            "let a = 1;\nlet b = http::Method::GET;\n",
            "\nuse auth_core::secret::Password;\n",
            "\n#[async_trait::async_trait]\n",
            "\nfn a(_: &bytes::Bytes) {}\n",
            "use vise_client::A;\nuse auth_client_core;\n",
            "\nuse ::http::Method;\n",
            "\nlet a = ::http::Method::GET;\n",
            "\nuse {http::Method, vise_client::A};\n",
            "\nextern crate bytes;\n",
            "// What to use\nuse http::Method; // it's shown\n",
        ] {
            let found = wrong(code);
            assert!(found.len() == 1 && found[0].starts_with("a.md:4: "), "{code}: {found:?}");
        }
        for code in [
            "use vise_client::{\n    Client, http::Method,\n};\nlet a = vise_client::http::Method::GET;\n",
            "let http = \"http://localhost\"; let my_bytes = my_http::bytes();\n",
            "// In programs that use http::Method;\nuse vise_client::A;\nuse vise_client::{http::B};\n",
        ] {
            assert_eq!(wrong(code), [""; 0], "{code}");
        }
    }

    #[test]
    fn a_hidden_import_is_found() {
        let found = wrong("# use a::B;\nuse a::C;\n# async fn run() {\n    # use a::D;\n");
        assert!(found.len() == 2 && found[0].starts_with("a.md:3: `# use a::B;`"), "{found:?}");
    }

    const SHORTS: [&str; 3] = ["verigator", "virtuous", "vise"];

    #[test]
    fn examples_are_those_that_need_one_provider_crate() {
        let own = "let a = b;\n";
        assert!(is_for(own, "verigator", &SHORTS, true));
        assert!(!is_for(own, "verigator", &SHORTS, false), "a guide says which");
        let hidden = "# let vise = auth_client_examples::guide::vise(emulator)?;\n";
        assert!(is_for(hidden, "vise", &SHORTS, false) && !is_for(hidden, "virtuous", &SHORTS, false));
        assert!(!is_for("use vise_client::A;\nuse virtuous_client::A;\n", "vise", &SHORTS, false));
        assert!(!is_for("use vise_client::A;\nuse auth_emulator::Emulator;\n", "vise", &SHORTS, true));
        assert!(
            is_compiled("rust,no_run")
                && is_compiled("")
                && !is_compiled("text")
                && !is_compiled("rust,ignore")
        );
    }

    #[test]
    fn comments_stay_at_their_lines() {
        assert_eq!(comments("//! A.\n\nfn a() {}\n    /// ```\n    ///  b\n"), "A.\n\n\n```\n b\n");
    }
}
