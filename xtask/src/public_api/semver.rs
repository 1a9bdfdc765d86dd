//! Whether the version says what changed since the last release: cargo-semver-checks against the last tag `v…`.

use crate::ci::tools;
use crate::report::{process, progress};
use crate::{Failure, workspace};
use std::path::Path;
use std::process::Command;

/// Compares with the last release, where there is one, and says what was found.
pub(crate) fn check(root: &Path) -> Result<String, Failure> {
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        process::output(
            git.args(arguments).current_dir(root),
            "cargo xtask ci --only semver, in a clone of the repository",
        )
    };
    let Ok(shallow) = git(&["rev-parse", "--is-shallow-repository"]) else {
        return Ok("not run: this is no clone that git can read, so no release is known".to_owned());
    };
    let tags = git(&["tag", "--list", "v*", "--sort=-version:refname", "--merged", "HEAD"])?;
    let Some(tag) = last_release(&tags) else {
        if shallow.trim() == "true" {
            return Ok("not run: this clone holds only a part of the history, so the last release may lie outside it; \
                       git fetch --unshallow --tags"
                .to_owned());
        }
        return Ok("not run: there is no tag v… yet, so nothing was promised to anybody".to_owned());
    };
    let tool = tools::cargo_semver_checks(root)?;
    progress(&format!("comparing with {tag}"));
    let mut command = tool.command("cargo-semver-checks");
    command.args(["semver-checks", "--all-features", "--baseline-rev", tag]).current_dir(root);
    for name in workspace::library_crates(root)? {
        command.args(["--package", &name]);
    }
    let next = "raise the version in Cargo.toml as the lines above ask, or keep what was there; then cargo xtask ci --only semver";
    process::output(&mut command, next)?;
    Ok(format!("the version says what changed since {tag}"))
}

/// The newest tag that is a version and no pre-release.
fn last_release(tags: &str) -> Option<&str> {
    tags.lines().map(str::trim).find(|tag| {
        tag.strip_prefix('v').is_some_and(|version| {
            version.split('.').count() == 3 && version.split('.').all(|part| part.parse::<u64>().is_ok())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_release_is_the_first_tag_that_is_a_version() {
        assert_eq!(last_release("v0.3.0-rc.1\nv0.2.1\nv0.2.0\n"), Some("v0.2.1"));
        assert_eq!(last_release("vendor\nv1\n"), None);
        assert_eq!(last_release(""), None);
    }
}
