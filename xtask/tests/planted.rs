//! Every check over a tree with one thing wrong: it fails, and over the same tree without that, it doesn't.
//!
//! The commands are run as a person runs them, in a copy of the workspace or in a small one that real tools check in a
//! second. `planted/program.sh` takes the place of cargo and of the other tools, so that nothing is built or installed.

#![cfg(unix)]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output};
use xtask::workspace;

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/planted/program.sh");

/// What it takes the place of.
const TOOLS: [&str; 11] = [
    "cargo",
    "cargo-deny",
    "cargo-hack",
    "cargo-semver-checks",
    "lychee",
    "node",
    "npm",
    "python3",
    "taplo",
    "tar",
    "typos",
];

/// A workspace to break, and the programs that commands run in it.
struct Place {
    root: PathBuf,
    programs: PathBuf,
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
        let _ = fs::remove_dir_all(&self.programs);
    }
}

/// Variables that it reads.
type Planted<'a> = &'a [(&'a str, &'a str)];

const NOTHING: Planted<'static> = &[];

/// Command lines of this pattern fail.
const fn fails(pattern: &str) -> [(&str, &str); 1] {
    [("FAKE_FAILS", pattern)]
}

impl Place {
    fn empty(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let name = format!("{name}-{}", std::process::id());
        let place = Self { root: folder.join(&name), programs: folder.join(format!("{name}-programs")) };
        fs::create_dir_all(&place.root).unwrap();
        fs::create_dir_all(&place.programs).unwrap();
        // A copy that can be executed wherever the sources are.
        let program = place.programs.join("program.sh");
        fs::copy(PROGRAM, &program).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        for tool in TOOLS {
            std::os::unix::fs::symlink(&program, place.programs.join(tool)).unwrap();
        }
        let tools = fs::read_to_string(workspace::root().join("xtask/src/ci/tools.rs")).unwrap();
        let is_version = |part: &&str| part.starts_with(|first: char| first.is_ascii_digit());
        let versions: Vec<&str> = tools.split('"').filter(is_version).collect();
        fs::write(place.programs.join("versions"), versions.join("\n")).unwrap();
        place
    }

    /// All files of this workspace.
    fn copy(name: &str) -> Self {
        let (place, from) = (Self::empty(name), workspace::root());
        for path in workspace::files(&from).unwrap() {
            let to = place.root.join(&path);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(from.join(&path), to).unwrap();
        }
        place
    }

    /// A workspace of one crate without dependencies, which has what each check asks for.
    fn small(name: &str) -> Self {
        let place = Self::empty(name);
        for (path, text) in SMALL {
            place.write(path, text);
        }
        fs::copy(workspace::root().join("xtask/rustdoc.sh"), place.root.join("xtask/rustdoc.sh")).unwrap();
        let mut lock = Command::new(env!("CARGO"));
        lock.args(["generate-lockfile", "--offline"]).current_dir(&place.root);
        assert!(lock.output().unwrap().status.success());
        place
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root.join(path)).unwrap()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn run(&self, command: &str, planted: Planted<'_>) -> Output {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::iter::once(self.programs.clone()).chain(std::env::split_paths(&path));
        Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(command.split(' '))
            .current_dir(&self.root)
            .env("PATH", std::env::join_paths(path).unwrap())
            .env("CARGO", self.programs.join("cargo"))
            .env("CARGO_TARGET_DIR", self.root.join("target"))
            .env("FAKE_CARGO", env!("CARGO"))
            .env("FAKE_PROGRAMS", &self.programs)
            .envs(planted.iter().copied())
            .output()
            .unwrap()
    }

    #[track_caller]
    fn passes(&self, command: &str, planted: Planted<'_>) -> String {
        let output = self.run(command, planted);
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The command fails and its message has this.
    #[track_caller]
    fn fails(&self, command: &str, planted: Planted<'_>, says: &str) {
        let output = self.run(command, planted);
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{command} passes with {planted:?}: {message}");
        assert!(message.contains(says) && message.contains("\nnext: "), "{command}: {says}: {message}");
    }

    /// The command fails while a file has other content, and passes before.
    #[track_caller]
    fn fails_with(&self, path: &str, change: impl Fn(&str) -> String, command: &str, says: &str) {
        let before = self.read(path);
        let after = change(&before);
        assert_ne!(before, after, "{path}: nothing was planted");
        self.write(path, &after);
        self.fails(command, NOTHING, says);
        self.write(path, &before);
    }
}

const SHOP: &str = r#"[package]
name = "shop-core"
version = "0.1.0"
edition = "2024"
description = "A shop"
license = "MIT"
include = ["/src", "/README.md", "/LICENSE-APACHE", "/LICENSE-MIT"]

[features]
default = ["till"]
till = []
"#;

const SHOP_CODE: &str = r#"//! A shop.

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;

/// Opens it.
pub fn open() {}
"#;

const SMALL: [(&str, &str); 8] = [
    ("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\nexclude = [\"xtask\"]\n"),
    ("xtask/Cargo.toml", ""),
    ("xtask/foreign-types.txt", ""),
    ("crates/shop-core/Cargo.toml", SHOP),
    ("crates/shop-core/README.md", "# Shop\n"),
    ("crates/shop-core/LICENSE-APACHE", "\n"),
    ("crates/shop-core/LICENSE-MIT", "\n"),
    ("crates/shop-core/src/lib.rs", SHOP_CODE),
];

fn with(text: &'static str) -> impl Fn(&str) -> String {
    move |before| format!("{before}{text}")
}

/// Steps that are one command, or some, each of which has to succeed.
#[test]
fn a_step_fails_if_one_of_its_commands_does() {
    let place = Place::copy("steps");
    for (step, commands) in [
        ("fmt", &["cargo fmt*", "taplo fmt*"][..]),
        ("spelling", &["typos *"]),
        ("clippy", &["cargo clippy*"]),
        ("test", &["cargo test*"]),
        ("test-native", &["cargo test --lib*"]),
        ("outside", &["cargo test*--doc --workspace*"]),
        ("minimal", &["cargo check*"]),
        ("deny", &["cargo-deny *"]),
        (
            "docs",
            &["cargo doc *--all-features", "cargo doc *-p vise-client", "cargo doc *--no-default-features"],
        ),
        ("package", &["cargo package --workspace*", "tar *", "cargo check*"]),
        (
            "openapi",
            &[
                "openapi-spec-validator *",
                "redocly *",
                "spectral *",
                "openapi-python-client *",
                "openapi-typescript *",
                "python3 -m compileall*",
                "tsc *",
            ],
        ),
        ("features", &["cargo-hack *-p vise-client*"]),
    ] {
        let command = format!("ci --only {step}");
        place.passes(&command, NOTHING);
        for pattern in commands {
            place.fails(&command, &fails(pattern), &format!("next: cargo xtask ci --only {step}"));
        }
    }
    // Once, because it reads the whole workspace.
    place.passes("ci --only new-provider", NOTHING);
    for pattern in ["cargo test*", "cargo clippy*", "cargo fmt*", "cargo check*"] {
        place.fails("ci --only new-provider", &fails(pattern), "planted failure of cargo");
    }
    let headless = |text: &str| text.replace("//!", "//");
    place.fails_with("crates/auth-core/src/clock.rs", headless, "ci --only new-provider", "clock.rs:1: ");
}

#[test]
fn ci_fails_with_each_of_its_steps_and_runs_all_of_them() {
    let place = Place::copy("ci");
    let all = "ci --only fmt --only spelling --only clippy";
    assert!(place.passes(all, NOTHING).contains("3 passed, 0 failed"));
    for (pattern, next) in [("cargo fmt*", "fmt"), ("typos *", "spelling"), ("cargo clippy*", "clippy")] {
        place.fails(all, &fails(pattern), "2 passed, 1 failed");
        place.fails(all, &fails(pattern), &format!("next: cargo xtask ci --only {next}"));
    }
}

#[test]
fn a_tool_that_warns_about_a_crate_alone_is_a_failure() {
    let place = Place::copy("warns");
    let planted = [("FAKE_WARNS", "cargo-hack *-p vise-client*")];
    place.fails("ci --only features", &planted, "vise-client does not compile alone without a warning");
}

#[test]
fn generators_for_other_languages_write_every_operation() {
    let place = Place::copy("short");
    // A failed installation leaves nothing behind: the next run tries again.
    let no_registry = fails("python3 -m pip install*");
    place.fails("ci --only openapi", &no_registry, "next: check that python3 works and reaches its registry");
    for (generator, says) in [
        ("openapi-python-client", "openapi-python-client wrote"),
        ("openapi-typescript", "openapi-typescript left out"),
    ] {
        place.fails("ci --only openapi", &[("FAKE_SHORT", generator)], says);
    }
    // A tool of another version on the search path is not used.
    fs::write(place.programs.join("versions"), "0.0.0").unwrap();
    place.fails("ci --only spelling", &no_registry, "install typos ");
}

#[test]
fn what_is_generated_is_what_the_description_asks_for() {
    let place = Place::copy("generated");
    // One description, as the largest takes long.
    for provider in ["revesecure", "vaultvision", "virtuous", "vise"] {
        let _ = fs::remove_file(place.root.join(format!("crates/{provider}-client/openapi.json")));
    }
    place.passes("codegen", NOTHING);
    let change = |text: &str| text.replacen("the ", "The  ", 1);
    let (code, description) =
        ("crates/verigator-client/src/generated/mod.rs", "crates/verigator-client/openapi.json");
    for command in ["codegen --check", "codegen --check verigator", "ci --only codegen"] {
        place.passes(command, NOTHING);
        place.fails_with(code, change, command, &format!("changed  {code}"));
        place.fails_with(description, change, command, "generated files differ from their descriptions");
    }
    let stale = "crates/verigator-client/src/generated/models/old.rs";
    place.write(stale, "");
    place.fails("codegen --check", NOTHING, &format!("stale    {stale}"));
    fs::remove_file(place.root.join(code)).unwrap();
    place.fails("codegen --check", NOTHING, &format!("new      {code}"));
    place.passes("codegen", NOTHING);
    place.passes("codegen --check", NOTHING);
    assert!(!place.root.join(stale).parent().unwrap().exists(), "an empty folder goes too");
}

#[test]
fn a_file_that_breaks_a_rule_is_named() {
    let place = Place::copy("tidy");
    place.passes("ci --only tidy", NOTHING);
    let path = "crates/auth-core/src/clock.rs";
    for command in ["tidy", "ci --only tidy"] {
        place.fails_with(path, |text| text.replace("//!", "//"), command, &format!("{path}:1: "));
    }
}

#[test]
fn a_dead_link_is_named() {
    let place = Place::copy("links");
    place.passes("ci --only markdown", NOTHING);
    place.fails("ci --only markdown", &fails("lychee *"), "lychee");
    place.fails("docs", &fails("lychee *"), "lychee");
    let relative = with("\n[here](../../docs/retries.md)\n");
    let address = "blob/main/docs/retries.md";
    place.fails_with("crates/vise-client/README.md", relative, "docs --quick", address);
    let command_line = with("\n```sh\ncargo run --example no-such\n```\n");
    place.fails_with("README.md", command_line, "docs --quick", "no-such");
    let uncompiled = |text: &str| text.replace("README.md", "READYOU.md");
    place.fails_with(
        "crates/vise-client/src/lib.rs",
        uncompiled,
        "docs --quick",
        "crates/vise-client/README.md",
    );
}

#[test]
fn an_example_that_a_user_cannot_copy_is_named() {
    let place = Place::copy("hidden");
    let commands = ["outside", "ci --only outside"];
    for (line, command) in ["# use a::B;", "let a = auth_core::b();"].into_iter().zip(commands) {
        let example = |text: &str| format!("{text}\n```rust\n{line}\n```\n");
        place.fails_with("docs/testing.md", example, command, "docs/testing.md:");
        let comment = |text: &str| format!("{text}\n/// ```\n/// {line}\n/// ```\nfn a() {{}}\n");
        place.fails_with("crates/vise-client/src/client.rs", comment, command, "client.rs:");
    }
}

#[test]
fn features_and_packages_are_those_of_the_lists() {
    let place = Place::copy("features");
    place.passes("features --quick", NOTHING);
    let list = "xtask/trees/verigator-client.txt";
    for command in ["features --quick", "ci --only features"] {
        place.fails_with(list, with("no-such-package\n"), command, "no-such-package is not needed any more");
    }
    place.fails_with(list, |text| text.replacen("\nhttp\n", "\n", 1), "features --quick", "http is new");
    let other = |text: &str| text.replacen("tracing = [\"auth-client-core/tracing\"]", "tracing = []", 1);
    let manifest = "crates/verigator-client/Cargo.toml";
    place.fails_with(manifest, other, "features --quick", &format!("{manifest}: tracing"));
}

#[test]
fn a_dependency_that_needs_a_newer_rust_is_named() {
    let place = Place::copy("older");
    let older = |text: &str| text.replacen("rust-version = \"1.89\"", "rust-version = \"1.85\"", 1);
    place.fails_with("Cargo.toml", older, "ci --only deny", "dependencies need a newer Rust than ours");
}

#[test]
fn a_package_holds_what_its_users_need() {
    let place = Place::small("package");
    for command in ["package --quick", "package", "ci --only package"] {
        place.passes(command, NOTHING);
        let manifest = "crates/shop-core/Cargo.toml";
        place.fails_with(
            manifest,
            |text| text.replace(", \"/LICENSE-MIT\"", ""),
            command,
            "lacks LICENSE-MIT",
        );
        place.write("crates/shop-core/notes.txt", "");
        let more = |text: &str| text.replace("\"/src\"", "\"/src\", \"/notes.txt\"");
        place.fails_with(manifest, more, command, "holds notes.txt");
    }
    place.fails("package --publish-dry-run", &fails("cargo publish*"), "cargo publish");
}

#[test]
fn documentation_has_no_warning_with_any_features() {
    let place = Place::small("docs");
    let real = [("FAKE_BUILDS", "yes")];
    for command in ["docs", "ci --only docs"] {
        place.passes(command, &real);
        for condition in ["all()", "not(feature = \"till\")", "feature = \"till\""] {
            let code =
                format!("{SHOP_CODE}\n/// See [`nothing`].\n#[cfg({condition})]\npub fn close() {{}}\n");
            place.write("crates/shop-core/src/lib.rs", &code);
            place.fails(command, &real, "unresolved link");
        }
        place.write("crates/shop-core/src/lib.rs", SHOP_CODE);
    }
}

#[test]
fn what_users_can_name_is_the_committed_list() {
    let place = Place::small("public");
    let real = [("FAKE_BUILDS", "yes")];
    place.passes("public-api --bless", &real);
    let list = place.read("crates/shop-core/public-api.txt");
    assert!(list.contains("\npub fn shop_core::open()\n"), "{list}");
    for command in ["public-api", "public-api shop-core", "ci --only public-api"] {
        place.passes(command, &real);
        for (code, says) in [
            (format!("{SHOP_CODE}\n/// Closes it.\npub fn close() {{}}\n"), "+pub fn shop_core::close()"),
            (SHOP_CODE.replace("pub fn open", "pub(crate) fn open"), "-pub fn shop_core::open()"),
        ] {
            place.write("crates/shop-core/src/lib.rs", &code);
            place.fails(command, &real, says);
        }
        place.write("crates/shop-core/src/lib.rs", SHOP_CODE);
    }
    place.write("xtask/foreign-types.txt", "http:: # a reason\n");
    place.fails("public-api", &real, "nothing names http:: any more");
    place.fails("public-api", &fails("cargo doc*"), "cargo doc");
}

#[test]
fn a_program_whose_own_reqwest_changes_is_named() {
    let place = Place::copy("reqwest");
    let prints = |pattern, text| [("FAKE_PRINTS", pattern), ("FAKE_TEXT", text)];
    for command in ["own-reqwest", "ci --only own-reqwest"] {
        place.passes(command, &prints("cargo run*", "new: works\ntls: none"));
        place.fails(command, &prints("cargo run *,ours *", "new: panics"), "a program's own reqwest");
        place.fails(
            command,
            &prints("cargo run *,ours-reqwest *", "new: works\ntls: native"),
            "a program's own reqwest",
        );
        place.fails(command, &fails("cargo run*"), "cargo run");
    }
    place.fails("own-reqwest", &prints("cargo run *,ours *", ""), "a program's own reqwest");
    // The TLS that our crate was asked to bring may be new.
    let asked = prints("cargo run *,ours-reqwest-native-tls *", "new: works\ntls: native");
    place.passes("own-reqwest --all", &asked);
    place.fails(
        "own-reqwest --all",
        &prints("cargo run *own-no-provider,ours *", "new: panics"),
        "own-no-provider,ours",
    );
}

#[test]
fn what_costs_more_than_its_limit_is_named() {
    let place = Place::copy("sizes");
    let program = |name: &str, kib: usize| {
        let path = format!("target/xtask/build/sizes/shared/release/one-call-{name}");
        place.write(&path, &"x".repeat(kib * 1024));
    };
    for name in ["reqwest", "verigator-client", "virtuous-client"] {
        program(name, 1000);
    }
    let budgets = "xtask/budgets.json";
    let no_lines = |text: &str| text.replace("\"sizes.*.generated\": 150", "\"sizes.*.generated\": 1");
    for command in ["sizes --quick", "ci --only sizes"] {
        place.passes(command, NOTHING);
        place.fails_with(budgets, no_lines, command, "not as it should be: ");
        let (id, says) = ("sizes.revesecure-client.packages", "not as it should be: sizes.revesecure-client");
        let no_packages = |text: &str| text.replace(&format!("\"{id}\": 18"), &format!("\"{id}\": -90"));
        place.fails_with(budgets, no_packages, command, says);
        place.fails_with(budgets, |text| text.replace(id, "sizes.none"), command, "limits for a crate that");
    }
    program("virtuous-client", 2000);
    let command = "sizes --no-times verigator-client virtuous-client";
    place.fails(command, NOTHING, "not as it should be: sizes.virtuous-client.binary");
    place.fails("sizes --no-times verigator-client", &fails("cargo build*"), "cargo build");
}

#[test]
fn a_figure_whose_tests_fail_or_are_gone_fails_the_command() {
    let place = Place::copy("figures");
    let command = "figures --only S2.matrix";
    let prints = |text| [("FAKE_PRINTS", "cargo test*"), ("FAKE_TEXT", text)];
    let test = "no_redirect_is_followed_and_no_credential_leaves";
    let good = format!("running 1 test\ntest {test} ... ok").leak();
    let bad = format!("running 1 test\ntest {test} ... FAILED").leak();
    assert!(place.passes(command, &prints(good)).contains("1 pass, 0 fail"));
    for (text, why) in
        [(&*bad, "it fails"), ("running 1 test\ntest other ... ok", "it is gone"), ("", "nothing builds")]
    {
        let output = place.run(command, &prints(text));
        assert!(!output.status.success(), "{why}");
    }
    place.fails(command, &prints(bad), "not as it should be: S2.matrix");
}

/// Only a clone with a release has something to compare with.
#[test]
fn a_change_that_the_version_does_not_allow_fails() {
    let place = Place::small("release");
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]);
        git.args(arguments).current_dir(&place.root);
        assert!(git.output().unwrap().status.success(), "{arguments:?}");
    };
    git(&["init", "--quiet"]);
    git(&["commit", "--quiet", "--allow-empty", "-m", "a"]);
    let planted = fails("cargo-semver-checks *");
    place.passes("ci --only semver", &planted);
    git(&["tag", "v0.1.0"]);
    place.passes("ci --only semver", NOTHING);
    place.fails("ci --only semver", &planted, "cargo-semver-checks semver-checks");
}
