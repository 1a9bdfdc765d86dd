//! `cargo xtask package`: whether every crate can be published, and what its package holds.

use crate::report::process::{self, write_if_changed};
use crate::{Context as _, Failure, workspace};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

/// Package every crate that is published, in dependency order, and check what the packages hold.
///
/// Each package has its sources, its README and both licence files, and nothing else. Then all are unpacked and compiled as a
/// registry would serve them; crates of this workspace that one needs come from the other packages. Nothing is uploaded.
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
    let crates = workspace::published_crates(&root)?;
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
    let target = workspace::target(&root);
    // Cargo's own check would read our packages from its home folder, where it unpacks each version only once: of a crate
    // that changed without a new version it finds the old sources.
    let mut command = process::cargo(&root, &["package", "--workspace", "--allow-dirty", "--no-verify"]);
    command.args(["--exclude", "xtask", "--exclude", "auth-client-examples"]);
    command.arg("--quiet").arg("--target-dir").arg(&target);
    process::run(
        &mut command,
        "correct the crate that the last lines name; packages that need each other want cargo 1.90 or newer",
    )?;
    if !arguments.quick {
        compile(&root, &target, &crates)?;
    }
    if arguments.publish_dry_run {
        let mut command = process::cargo(&root, &["publish", "--workspace", "--dry-run", "--no-verify"]);
        process::run(command.arg("--target-dir").arg(&target), "correct what the last lines name")?;
    }
    Ok(format!("{} crates packaged, below target/package", crates.len()))
}

/// Unpacks all packages beside each other and compiles them, with all features: whether a file is missing. `cargo xtask
/// features` compiles each crate alone with each of its features.
fn compile(root: &Path, target: &Path, crates: &[String]) -> Result<(), Failure> {
    let packages = target.join("package");
    let unpacked = packages.join("unpacked");
    let remove = "remove that folder";
    if unpacked.exists() {
        std::fs::remove_dir_all(&unpacked).context(unpacked.display(), remove)?;
    }
    std::fs::create_dir_all(&unpacked).context(unpacked.display(), remove)?;
    let metadata = workspace::metadata(root)?;
    let mut manifest =
        String::from("[workspace]\nresolver = \"3\"\nmembers = [\"*-*\"]\n\n[patch.crates-io]\n");
    for name in crates {
        let Some(package) = workspace::package(&metadata, name) else { continue };
        let folder = format!("{name}-{}", package.version);
        let mut tar = Command::new("tar");
        tar.arg("-xzf").arg(packages.join(format!("{folder}.crate"))).current_dir(&unpacked);
        process::run(&mut tar, "install tar")?;
        let _ = writeln!(manifest, "{name} = {{ path = \"{folder}\" }}");
    }
    write_if_changed(&unpacked.join("Cargo.toml"), manifest)?;
    std::fs::copy(root.join("Cargo.lock"), unpacked.join("Cargo.lock"))
        .context(unpacked.display(), remove)?;
    let next = format!("correct the crate that is named; its package is unpacked in {}", unpacked.display());
    let mut command = process::cargo(&unpacked, &["check", "--quiet", "--workspace", "--all-features"]);
    process::run(command.arg("--target-dir").arg(target), &next).map(drop)
}

/// What is wrong with the files of a package.
fn contents(list: &str) -> Vec<String> {
    let files: Vec<String> = list.lines().map(|line| line.trim().replace('\\', "/")).collect();
    let missing = FILES.iter().take(4).filter(|name| !files.iter().any(|file| file == *name));
    let extra = files.iter().filter(|file| !file.starts_with("src/") && !FILES.contains(&file.as_str()));
    missing.map(|name| format!("lacks {name}")).chain(extra.map(|file| format!("holds {file}"))).collect()
}
