//! `cargo xtask package`: whether every crate can be published, and what its package holds.

use crate::report::{process, progress};
use crate::{Failure, markdown, workspace};
use std::path::Path;

/// Package every crate that is published, in dependency order, and check what the packages hold.
///
/// Each package has its sources, its README and both licence texts, and nothing else. Then each is unpacked and compiled as
/// a registry would serve it; crates that it needs and that are not published yet come from the other packages. Nothing
/// is uploaded.
#[derive(clap::Args, Debug, Default)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// Packages and checks contents, and compiles nothing.
    #[arg(long)]
    pub quick: bool,
    /// Also goes through what publishing would do, up to the upload. Needs the network and no uncommitted changes.
    #[arg(long, conflicts_with = "quick")]
    pub publish_dry_run: bool,
    /// Only asks the registry whether the crates' names are free or ours. Needs the network.
    #[arg(long, conflicts_with_all = ["quick", "publish_dry_run"])]
    pub names: bool,
}

const AFTER_HELP: &str = "\
Examples:
  cargo xtask package --quick              some seconds
  cargo xtask package                      also compiles each package
  cargo xtask package --names              before the first release, and before renaming a crate
  cargo xtask package --publish-dry-run    before each release

RELEASING.md has the steps of a release.";

/// What a package holds beside `src/`; cargo adds the last four.
const FILES: [&str; 7] = [
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    ".cargo_vcs_info.json",
    "Cargo.lock",
    "Cargo.toml",
    "Cargo.toml.orig",
];
const REQUIRED: [&str; 4] = ["Cargo.toml", "LICENSE-APACHE", "LICENSE-MIT", "README.md"];

/// Packages, or asks for the names.
pub fn run(arguments: &Arguments) -> Result<String, Failure> {
    let root = workspace::root();
    let crates = workspace::library_crates(&root)?;
    if arguments.names {
        return names(&root, &crates);
    }
    let mut report = Vec::new();
    for name in &crates {
        let next = format!("cargo package --list -p {name}");
        let list = process::output(
            process::cargo(&["package", "--list", "--allow-dirty", "-p", name]).current_dir(&root),
            &next,
        )?;
        let wrong = contents(&list);
        if !wrong.is_empty() {
            let what = format!("the package of {name} {}", wrong.join(", and "));
            return Err(Failure::new(what, format!("correct `include` in Cargo.toml, then {next}")));
        }
        report.push(format!("{name}: {} files", list.lines().count()));
    }
    let mut command = if arguments.publish_dry_run {
        process::cargo(&["publish", "--workspace", "--dry-run"])
    } else {
        process::cargo(&["package", "--workspace", "--allow-dirty"])
    };
    for name in ["xtask", "auth-client-examples"].iter().filter(|_| !arguments.publish_dry_run) {
        command.args(["--exclude", name]);
    }
    if arguments.quick {
        command.arg("--no-verify");
    }
    progress(&process::show(&command));
    let (succeeded, _, errors) = process::all(command.current_dir(&root), "rustup update stable")?;
    if !succeeded {
        return Err(refused(&errors));
    }
    let how = if arguments.quick { "packaged" } else { "packaged, unpacked and compiled" };
    report.push(format!("{} crates {how}, below target/package", crates.len()));
    Ok(report.join("\n"))
}

/// What is wrong with the files of a package.
fn contents(list: &str) -> Vec<String> {
    let files: Vec<&str> = list.lines().map(|line| line.trim()).collect();
    let missing = REQUIRED.iter().filter(|file| !files.contains(file)).map(|file| format!("lacks {file}"));
    let extra =
        files.iter().filter(|file| !file.replace('\\', "/").starts_with("src/") && !FILES.contains(file));
    missing.chain(extra.map(|file| format!("holds {file}"))).collect()
}

/// cargo names the crate in the last line that says what it does.
fn refused(errors: &str) -> Failure {
    let doing = ["Packaging", "Verifying", "Compiling", "Uploading"];
    let name = errors.lines().rev().find_map(|line| {
        let mut words = line.split_whitespace();
        words.next().filter(|word| doing.contains(word)).and(words.next())
    });
    let name = name.unwrap_or("a crate");
    let what = format!("{name} can't be packaged:\n{}", process::tail(errors, 30));
    let next = if errors.contains("uncommitted changes") {
        "git commit, then run this again".to_owned()
    } else {
        format!(
            "cargo package -p {name} --allow-dirty; packages that need each other want cargo 1.90 or newer (rustup update stable)"
        )
    };
    Failure::new(what, next)
}

/// Asks the registry for each name, from a folder in which no crate of the workspace is found instead.
fn names(root: &Path, crates: &[String]) -> Result<String, Failure> {
    let repository = markdown::repository(&process::read_text(&root.join("Cargo.toml"))?).unwrap_or_default();
    let (mut report, mut taken) = (Vec::new(), Vec::new());
    for name in crates {
        let mut command = process::cargo(&["info", "--color", "never", name]);
        let next = format!("cargo info {name}, with a network");
        let (found, answer, errors) = process::all(command.current_dir(std::env::temp_dir()), &next)?;
        let state = owner(found, &answer, &errors, &repository).map_err(|why| Failure::new(why, &next))?;
        if state == Owner::Other {
            taken.push(name.as_str());
        }
        report.push(format!("{name}: {}", state.words()));
    }
    if taken.is_empty() {
        return Ok(report.join("\n"));
    }
    let what = format!("{}\n\ntaken: {}", report.join("\n"), taken.join(", "));
    let next = "rename the crates (its folder, `name`, the workspace's table, `use` lines), then cargo xtask package --names";
    Err(Failure::new(what, next))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Nobody,
    Us,
    Other,
}

impl Owner {
    fn words(self) -> &'static str {
        match self {
            Self::Nobody => "free",
            Self::Us => "ours",
            Self::Other => "taken by somebody else",
        }
    }
}

/// Whose name it is: a published crate of ours names our repository.
fn owner(found: bool, answer: &str, errors: &str, repository: &str) -> Result<Owner, String> {
    match found {
        true if answer
            .lines()
            .any(|line| line.trim_end_matches('/') == format!("repository: {repository}")) =>
        {
            Ok(Owner::Us)
        }
        true => Ok(Owner::Other),
        false if errors.contains("could not find") => Ok(Owner::Nobody),
        false => Err(format!("the registry can't be asked:\n{}", process::tail(errors, 10))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = ".cargo_vcs_info.json\nCargo.lock\nCargo.toml\nCargo.toml.orig\nLICENSE-APACHE\nLICENSE-MIT\nREADME.md\nsrc/lib.rs\nsrc/generated/mod.rs\n";

    #[test]
    fn a_package_holds_what_a_user_needs_and_nothing_else() {
        assert!(contents(WHOLE).is_empty());
        assert_eq!(contents(&WHOLE.replace("LICENSE-MIT\n", "")), ["lacks LICENSE-MIT"]);
        for extra in ["public-api.txt", "tests/generated/mod.rs", "openapi.json"] {
            assert_eq!(contents(&format!("{WHOLE}{extra}\n")), [format!("holds {extra}")]);
        }
    }

    #[test]
    fn a_failure_names_the_crate_and_what_to_run() {
        let failure = refused("   Packaging a v0.1.0\n   Verifying b v0.1.0 (x)\nerror: no\n").to_string();
        assert!(
            failure.starts_with("b can't be packaged") && failure.contains("cargo package -p b"),
            "{failure}"
        );
        assert!(refused("error: 1 files contain uncommitted changes").to_string().contains("git commit"));
    }

    #[test]
    fn a_name_is_free_ours_or_taken() {
        let whose = |found, answer, errors| owner(found, answer, errors, "https://x.example/r");
        assert_eq!(whose(false, "", "error: could not find `a` in registry"), Ok(Owner::Nobody));
        assert_eq!(whose(true, "a\nrepository: https://x.example/r/\n", ""), Ok(Owner::Us));
        assert_eq!(whose(true, "a\nrepository: https://x.example/other\n", ""), Ok(Owner::Other));
        assert_eq!(whose(true, "a\n", ""), Ok(Owner::Other));
        assert!(whose(false, "", "error: no network").is_err());
    }
}
