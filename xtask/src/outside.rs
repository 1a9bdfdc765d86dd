//! `cargo xtask outside`: users compile the examples of the documentation with what they depend on, and nothing else.
//!
//! A doc test may name every dependency of its crate, and has the features that development turns on. So the examples are
//! compiled twice. First as doc tests, by a compiler that is not given the internal crates (see `stand_in`). Then as the
//! examples of programs outside of the workspace, one per provider, each of which depends on that provider's crate with
//! its default features, and on packages that examples tell users to add.

use crate::report::{process, progress};
use crate::{Failure, markdown, stand_in, workspace};
use cargo_metadata::Package;
use std::collections::BTreeSet;
use std::path::Path;

/// Compile the examples for users with what users depend on.
///
/// The examples are those of the provider crates (READMEs and doc comments), of README.md and of docs/*.md. First they are
/// compiled and run with the features of the whole workspace. Each may name provider crates, the facade, the emulator and
/// packages of others; what it needs of async-trait, auth-client-core, auth-core, auth-token-store, bytes and http has to
/// be re-exported. Then those that name one provider crate and not the emulator are compiled in a program below target/ that
/// depends on this crate, with its default features, and on tokio, serde and serde_json; an example that
/// needs another feature is left out, and its page has to name the feature. A hidden `use` line fails, because readers copy
/// examples without it.
#[derive(clap::Args, Debug, Default)]
#[command(
    after_help = "Example:\n  cargo xtask outside     about three minutes after cargo test --workspace"
)]
pub(crate) struct Arguments {}

pub(crate) fn run(_: &Arguments) -> Result<String, Failure> {
    let root = workspace::root();
    let hidden = hidden_imports(&root)?;
    if !hidden.is_empty() {
        let what = format!("examples that hide an import which they need:\n{}", hidden.join("\n"));
        return Err(Failure::new(
            what,
            "show the lines, or name the items by their path, then cargo xtask outside",
        ));
    }
    // With xtask, features are those of `cargo test --workspace`, which has built everything.
    let mut command =
        process::cargo(&root, &["test", "--quiet", "--doc", "-p", "xtask", "-p", "auth-client-examples"]);
    for provider in workspace::providers(&root)? {
        command.args(["-p", &provider]);
    }
    stand_in::rustdoc(&mut command, stand_in::DOC_TESTS)?;
    let next = "name items by the provider crate, show the imports, then cargo xtask outside";
    process::run(&mut command, next)?;
    programs(&root)
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
fn programs(root: &Path) -> Result<String, Failure> {
    let metadata = workspace::metadata(root)?;
    let (mut files, mut members, mut report) = (Vec::new(), Vec::new(), Vec::new());
    let providers = workspace::providers(root)?;
    let shorts: Vec<&str> = providers.iter().map(|provider| provider.trim_end_matches("-client")).collect();
    for (provider, short) in providers.iter().zip(&shorts) {
        let package = metadata.packages.iter().find(|package| *package.name == *provider);
        let examples = examples_of(root, short, &shorts)?;
        report.push(format!("{provider}: {} examples", examples.len()));
        let fill = |template: &str| {
            template
                .replace("@SHORT@", short)
                .replace("@FEATURES@", &package.map_or_else(String::new, features))
        };
        files.push((format!("{short}/Cargo.toml"), fill(MANIFEST)));
        files.push((format!("{short}/src/lib.rs"), fill(LIBRARY)));
        files.push((format!("{short}/src/examples.md"), examples.concat()));
        members.push(format!("{short:?}"));
    }
    let workspace = format!(
        "[workspace]\nresolver = \"3\"\nmembers = [{}]\n\n[profile.dev]\ndebug = false\n\n[profile.test]\ndebug = false\n",
        members.join(", ")
    );
    files.push(("Cargo.toml".to_owned(), workspace));
    let files: Vec<_> =
        files.iter().map(|(path, content)| (path.as_str(), content.clone().into_bytes())).collect();
    let manifest = workspace::program(root, "outside", &files)?;
    progress("the examples, each with one provider crate");
    let mut command = process::cargo(
        root,
        &["test", "--quiet", "--doc", "--workspace", "--no-fail-fast", "--manifest-path"],
    );
    command.arg(&manifest).arg("--target-dir").arg(workspace::target(root));
    let next = "the headings of target/xtask/outside/*/src/examples.md say where an example is from; re-export what it \
        needs, then cargo xtask outside";
    process::run(&mut command, next)?;
    Ok(report.join("\n"))
}

/// The default features of a package, which its examples may ask for, as the features of a program.
fn features(package: &Package) -> String {
    let mut open = vec!["default".to_owned()];
    let mut found = BTreeSet::new();
    while let Some(name) = open.pop() {
        if let Some(implied) = package.features.get(&name)
            && found.insert(name)
        {
            open.extend(implied.iter().cloned());
        }
    }
    let implied: Vec<String> =
        found.iter().filter(|name| *name != "default").map(|name| format!("{name:?}")).collect();
    let lines: Vec<String> =
        implied.iter().map(|name| format!("{name} = []\n", name = name.trim_matches('"'))).collect();
    format!("default = [{}]\n{}", implied.join(", "), lines.concat())
}

/// The examples for users of one provider crate alone, each below a heading that says where it is from.
fn examples_of(root: &Path, short: &str, shorts: &[&str]) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    for path in workspace::files(root)? {
        let own = [format!("crates/{short}-client/src/"), format!("crates/{short}-client/README.md")];
        let is_own = own.iter().any(|start| path.starts_with(start));
        let is_guide =
            path == "README.md" || path.starts_with("docs/") && path != "docs/adding-a-provider.md";
        let text = match Path::new(&path).extension().and_then(std::ffi::OsStr::to_str) {
            Some("rs") if is_own => comments(&process::read_text(&root.join(&path))?),
            Some("md") if is_own || is_guide => process::read_text(&root.join(&path))?,
            _ => continue,
        };
        for (line, language, code) in markdown::read(&text).code {
            if !language.is_some_and(|language| is_compiled(&language))
                || !is_for(&code, short, shorts, is_own)
            {
                continue;
            }
            let feature = FEATURES.iter().find(|(_, signs)| signs.iter().any(|sign| code.contains(sign)));
            if let Some((feature, _)) = feature {
                // rustdoc says which feature an item needs; a page has to.
                if path.ends_with(".md") && !text.contains(&format!("`{feature}`")) {
                    let what = format!(
                        "{path}:{line}: the example needs the feature `{feature}`, which the page doesn't name"
                    );
                    return Err(Failure::new(what, "name it before the example, then cargo xtask outside"));
                }
            } else {
                let code = code.replace("auth_client_examples::", &format!("outside_{short}::"));
                found.push(format!("## {path}:{line}\n\n```rust,no_run\n{code}```\n\n"));
            }
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

/// `path:line` of every hidden `use` line in an example for users.
fn hidden_imports(root: &Path) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    for path in workspace::files(root)? {
        let rust = path.contains("-client/src/") && path.ends_with(".rs");
        let guide = path.starts_with("docs/") && path.ends_with(".md");
        let markdown = guide || path.contains("-client/README.md") || path == "README.md";
        if rust && path.starts_with("crates/") || markdown {
            let text = process::read_text(&root.join(&path))?;
            found.extend(hidden_in(&text).into_iter().map(|line| format!("  {path}:{line}")));
        }
    }
    Ok(found)
}

fn hidden_in(text: &str) -> Vec<usize> {
    let hidden = |line: &str| {
        let line = line.trim_start();
        let line = line.strip_prefix("//!").or_else(|| line.strip_prefix("///")).unwrap_or(line);
        line.trim_start().starts_with("# use ")
    };
    text.lines().enumerate().filter(|(_, line)| hidden(line)).map(|(index, _)| index + 1).collect()
}

#[cfg(test)]
mod tests {
    use super::{comments, hidden_in, is_compiled, is_for};

    #[test]
    fn hidden_imports_are_found_in_markdown_and_in_comments() {
        assert_eq!(hidden_in("```rust\n# use a::B;\nuse a::C;\n# async fn run() {\n```\n"), [2]);
        assert_eq!(hidden_in("//! # use a::B;\nimpl A {\n    /// # use a::B;\n    use a::C;\n"), [1, 3]);
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
