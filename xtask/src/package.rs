//! `cargo xtask package`: whether every crate can be published, and what its package holds.

use crate::report::process;
use crate::{Failure, workspace};

/// Package every crate that is published, in dependency order, and check what the packages hold.
///
/// Each package has its sources, its README and both licence texts, and nothing else. Then each is unpacked and compiled as
/// a registry would serve it; crates that it needs and that are not published yet come from the other packages. Nothing
/// is uploaded.
#[derive(clap::Args, Debug, Default)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// Packages and checks contents, and compiles nothing.
    #[arg(long)]
    quick: bool,
    /// Also goes through what publishing would do, up to the upload. Needs the network and no uncommitted changes.
    #[arg(long, conflicts_with = "quick")]
    publish_dry_run: bool,
}

const AFTER_HELP: &str = "\
Examples:
  cargo xtask package --quick              some seconds
  cargo xtask package                      also compiles each package
  cargo xtask package --publish-dry-run    before each release

RELEASING.md has the steps of a release.";

/// What a package holds beside `src/`: what must be there, then what cargo adds.
const FILES: [&str; 7] = [
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    ".cargo_vcs_info.json",
    "Cargo.lock",
    "Cargo.toml.orig",
];

pub(crate) fn run(arguments: &Arguments) -> Result<String, Failure> {
    let root = workspace::root();
    let crates = workspace::library_crates(&root)?;
    for name in &crates {
        let next = format!("correct `include` in Cargo.toml, then cargo package --list -p {name}");
        let list = process::output(
            &mut process::cargo(&root, &["package", "--list", "--allow-dirty", "-p", name]),
            &next,
        )?;
        let wrong = contents(&list);
        if !wrong.is_empty() {
            return Err(Failure::new(format!("the package of {name} {}", wrong.join(", ")), next));
        }
    }
    let mut command = if arguments.publish_dry_run {
        process::cargo(&root, &["publish", "--workspace", "--dry-run"])
    } else {
        let exclude = ["--exclude", "xtask", "--exclude", "auth-client-examples"];
        let mut command = process::cargo(&root, &["package", "--workspace", "--allow-dirty"]);
        command.args(exclude).args(arguments.quick.then_some("--no-verify"));
        command
    };
    let next =
        "correct the crate that the last lines name; packages that need each other want cargo 1.90 or newer";
    // Without it, cargo compiles the dependencies of each package anew.
    command.arg("--quiet").arg("--target-dir").arg(workspace::target(&root));
    process::run(&mut command, next)?;
    Ok(format!("{} crates packaged, below target/package", crates.len()))
}

/// What is wrong with the files of a package.
fn contents(list: &str) -> Vec<String> {
    let files: Vec<String> = list.lines().map(|line| line.trim().replace('\\', "/")).collect();
    let missing = FILES.iter().take(4).filter(|name| !files.iter().any(|file| file == *name));
    let extra = files.iter().filter(|file| !file.starts_with("src/") && !FILES.contains(&file.as_str()));
    missing.map(|name| format!("lacks {name}")).chain(extra.map(|file| format!("holds {file}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_holds_what_a_user_needs_and_nothing_else() {
        let whole = format!("{}\nsrc/lib.rs\nsrc/generated/mod.rs\n", FILES.join("\n"));
        assert!(contents(&whole).is_empty());
        assert_eq!(contents(&whole.replace("LICENSE-MIT\n", "")), ["lacks LICENSE-MIT"]);
        for extra in ["public-api.txt", "tests/generated/mod.rs", "openapi.json"] {
            assert_eq!(contents(&format!("{whole}{extra}\n")), [format!("holds {extra}")]);
        }
    }
}
