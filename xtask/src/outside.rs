//! `cargo xtask outside`: users compile the examples of the documentation without naming a crate that is internal to us.
//!
//! Each provider crate is then compiled alone with its default features, as it is after `cargo add`: what the documentation
//! shows must be there without a feature that it doesn't name.
//!
//! A doc test may name every dependency of its crate, so it does not notice that a user would need a second crate. Here the
//! compiler of doc tests is not given the internal ones (see `stand_in`).

use crate::report::{process, progress};
use crate::{Failure, stand_in, workspace};
use std::path::Path;

/// Compile the examples for users without the crates that are internal.
///
/// First with the features of the whole workspace, then each provider crate alone with its default features.
///
/// The examples are those of the provider crates (READMEs and doc comments), of README.md and of docs/*.md. Each may name
/// provider crates, the facade, the emulator and packages of others; what it needs of auth-client-core, auth-core and
/// auth-token-store has to be re-exported. A hidden `use` line fails, because readers copy examples without it.
#[derive(clap::Args, Debug, Default)]
#[command(after_help = "Example:\n  cargo xtask outside     about a minute after cargo test --workspace")]
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
    let report = process::run(&mut command, next)?;
    for provider in workspace::providers(&root)? {
        progress(&format!("{provider} with its default features"));
        let mut command = process::cargo(&root, &["test", "--quiet", "--doc", "-p", &provider]);
        stand_in::rustdoc(&mut command, stand_in::DOC_TESTS)?;
        let next = format!(
            "put an example that needs a feature behind `# #[cfg(feature = …)]` and name the feature, then cargo test --doc -p {provider}"
        );
        process::run(&mut command, &next)?;
    }
    Ok(report)
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
    use super::hidden_in;

    #[test]
    fn hidden_imports_are_found_in_markdown_and_in_comments() {
        assert_eq!(hidden_in("```rust\n# use a::B;\nuse a::C;\n# async fn run() {\n```\n"), [2]);
        assert_eq!(hidden_in("//! # use a::B;\nimpl A {\n    /// # use a::B;\n    use a::C;\n"), [1, 3]);
    }
}
