//! Packages of examples: each file with examples becomes a module, each example a module in it.

use super::extract::Example;
use std::fmt::Write as _;

/// A file and its examples.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) path: String,
    pub(super) examples: Vec<Example>,
}

/// What examples may use besides the provider crate. None of these packages is ours.
const OTHERS: &str = "\
async-trait = \"0.1\"
bytes = { version = \"1\", default-features = false }
http = { version = \"1\", default-features = false }
serde = { version = \"1\", default-features = false, features = [\"derive\", \"std\"] }
serde_json = { version = \"1\", default-features = false, features = [\"std\"] }
tokio = { version = \"1\", default-features = false, features = [\"fs\", \"io-util\", \"macros\", \"net\", \"rt-multi-thread\", \"sync\", \"time\"] }
";

/// A package of examples of one provider.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) name: String,
    pub(super) examples: usize,
    manifest: String,
    root: String,
    modules: Vec<Module>,
}

#[derive(Debug)]
struct Module {
    source: String,
    /// Each line with the line of the source that it comes from.
    lines: Vec<(String, Option<usize>)>,
}

/// The workspace of the packages, built like ours, so that dependencies which are built already are used again.
pub(super) fn workspace(members: &[&str]) -> String {
    let members: Vec<String> = members.iter().map(|member| format!("\"{member}\"")).collect();
    format!(
        "# Written by `cargo xtask outside`.\n[workspace]\nresolver = \"3\"\nmembers = [{}]\n\n[profile.dev]\ndebug = \"line-tables-only\"\n",
        members.join(", ")
    )
}

/// The examples that are for users of one provider: all of its crate, and those of guides that name it and no other.
pub(super) fn of_provider(provider: &str, all: &[String], sources: &[Source]) -> Vec<Source> {
    let own = format!("crates/{provider}-client/");
    let of_crate = |name: &str| format!("{name}_client::");
    let mut found = Vec::new();
    for source in sources {
        let mut source = source.clone();
        if source.path.starts_with("crates/") {
            source.examples.retain(|_| source.path.starts_with(&own));
        } else {
            source.examples.retain(|example| {
                let mut named = all.iter().filter(|name| example.names(&of_crate(name)));
                named.next().is_some_and(|name| name == provider) && named.next().is_none()
            });
        }
        if !source.examples.is_empty() {
            found.push(source);
        }
    }
    found
}

impl Program {
    /// A package of the examples that use an emulator, or of those that use none.
    pub(super) fn new(provider: &str, features: &[String], emulator: bool, sources: &[Source]) -> Self {
        let mut examples = 0;
        let mut modules = Vec::new();
        for source in sources {
            let mut lines = Vec::new();
            for example in source.examples.iter().filter(|example| example.names("emulator") == emulator) {
                lines.extend(module(example));
                examples += 1;
            }
            if !lines.is_empty() {
                modules.push(Module { source: source.path.clone(), lines });
            }
        }
        let kind = if emulator { "emulator" } else { "alone" };
        let name = format!("{provider}-{kind}");
        let list = |features: &[String]| {
            features.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
        };
        let mut manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n# Those that examples ask for with `cfg`.\n[features]\ndefault = [{}]\n",
            list(features)
        );
        for feature in features {
            let _ = writeln!(manifest, "{feature} = []");
        }
        let _ = write!(
            manifest,
            "\n[dependencies]\n{provider}-client = {{ path = \"../../../../crates/{provider}-client\", features = [{}] }}\n{OTHERS}",
            list(features)
        );
        if emulator {
            manifest.push_str(
                "auth-emulator = { path = \"../../../../crates/auth-emulator\", default-features = false }\n",
            );
        }
        let mut root = "#![allow(warnings)]\n".to_owned();
        for index in 0..modules.len() {
            let _ = writeln!(root, "mod m{index};");
        }
        root.push_str(&stand_in(provider, emulator));
        Self { name, examples, manifest, root, modules }
    }

    /// The files of the package, by their paths in it.
    pub(super) fn files(&self) -> Vec<(String, String)> {
        let mut files = vec![
            ("Cargo.toml".to_owned(), self.manifest.clone()),
            ("src/lib.rs".to_owned(), self.root.clone()),
        ];
        for (index, module) in self.modules.iter().enumerate() {
            let text = module.lines.iter().fold(String::new(), |text, (line, _)| text + line + "\n");
            files.push((format!("src/m{index}.rs"), text));
        }
        files
    }

    /// The place in the source, `file:line`, of a line of one of the package's files.
    pub(super) fn place(&self, file: &str, line: usize) -> Option<String> {
        let index: usize = file.rsplit('/').next()?.strip_prefix('m')?.strip_suffix(".rs")?.parse().ok()?;
        let module = self.modules.get(index)?;
        // A line that is not of the example, such as its closing brace, belongs to the one before.
        let source = module.lines.get(..line)?.iter().rev().find_map(|(_, source)| *source)?;
        Some(format!("{}:{source}", module.source))
    }
}

/// An example as a module, with a `main` around it if it has none, as rustdoc does.
fn module(example: &Example) -> Vec<(String, Option<usize>)> {
    let has_main = example.lines.iter().any(|line| line.trim_start().contains("fn main("));
    let fails = example.lines.iter().rev().find(|line| !line.trim().is_empty());
    let head = match fails {
        _ if has_main => "",
        Some(line) if line.trim_end().ends_with("(())") => "fn main() -> Result<(), impl core::fmt::Debug> {",
        _ => "fn main() {",
    };
    let line = Some(example.line);
    let mut lines = vec![(format!("mod l{} {{ use crate::auth_client_examples; {head}", example.line), line)];
    // Attributes of a whole crate have no place in a module; the crate allows all warnings.
    let own = example.lines.iter().map(|line| if line.starts_with("#![") { "" } else { line.as_str() });
    lines.extend((example.line + 1..).zip(own).map(|(number, line)| (line.to_owned(), Some(number))));
    lines.push((if has_main { "}" } else { "}}" }.to_owned(), None));
    lines
}

/// Stand-in for the functions that run the guides' examples in hidden lines: they take the same and do nothing.
fn stand_in(provider: &str, emulator: bool) -> String {
    let kind = if emulator { "pub use auth_emulator::Emulator;" } else { "pub struct Emulator;" };
    format!(
        "pub mod auth_client_examples {{ pub mod guide {{
{kind}
pub type Result<T = ()> = core::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
pub fn run(_: impl AsyncFnOnce(&Emulator) -> Result) {{}}
pub fn run_blocking(_: impl FnOnce(&Emulator) -> Result) {{}}
pub fn folder(_: &str) -> std::path::PathBuf {{ std::process::abort() }}
pub fn {provider}(_: &Emulator) -> Result<{provider}_client::Client> {{ std::process::abort() }}
pub fn with_{provider}<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
    _: impl AsyncFnOnce(&{provider}_client::Client) -> core::result::Result<(), E>,
) {{}}
}} }}
"
    )
}

#[cfg(test)]
mod tests {
    use super::super::extract::{of_markdown, of_rust};
    use super::*;

    fn source(path: &str, examples: Vec<Example>) -> Source {
        Source { path: path.to_owned(), examples }
    }

    #[test]
    fn an_example_of_a_guide_belongs_to_the_one_provider_that_it_names() {
        let all = ["a", "b"].map(str::to_owned);
        let text = "```rust\nuse a_client::X;\n```\n```rust\nuse a_client::X; use b_client::X;\n```\n```rust\nx\n```\n";
        let sources = [
            source("docs/x.md", of_markdown(text)),
            source("crates/a-client/src/lib.rs", of_rust("/// ```\n/// y();\n/// ```\n")),
            source("crates/b-client/src/lib.rs", of_rust("/// ```\n/// z();\n/// ```\n")),
        ];
        let lines = |provider: &str| -> Vec<String> {
            let own = of_provider(provider, &all, &sources);
            own.iter()
                .flat_map(|source| source.examples.iter().flat_map(|example| example.lines.clone()))
                .collect()
        };
        assert_eq!(lines("a"), ["use a_client::X;", "y();"]);
        assert_eq!(lines("b"), ["z();"]);
    }

    #[test]
    fn the_two_packages_divide_the_examples_by_the_emulator() {
        let text = "```rust\nlet a = emulator.b();\n```\n```rust\nx();\nOk::<(), Error>(())\n```\n";
        let sources = [source("README.md", of_markdown(text))];
        let [alone, emulated] = [false, true].map(|emulator| Program::new("a", &[], emulator, &sources));
        assert_eq!((alone.examples, emulated.examples), (1, 1));
        assert!(!alone.manifest.contains("auth-emulator") && emulated.manifest.contains("auth-emulator"));
        let text = &alone.files()[2].1;
        assert!(text.contains("fn main() -> Result") && text.contains("x();"), "{text}");
        assert_eq!(alone.place("a-alone/src/m0.rs", 2).as_deref(), Some("README.md:5"));
        assert_eq!(alone.place("a-alone/src/lib.rs", 2), None);
    }
}
