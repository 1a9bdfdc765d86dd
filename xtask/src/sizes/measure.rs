//! Counting packages and building from nothing.

use super::one_call::OneCall;
use crate::Failure;
use crate::report::{process, progress};
use std::collections::BTreeSet;
use std::fs;

/// What a program cost to build and what came out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Built {
    /// User and system time of a clean development build.
    pub(super) cpu_seconds: f64,
    /// Size of the stripped release program.
    pub(super) binary_bytes: u64,
}

/// The packages that the program's build compiles, itself left out.
pub(super) fn packages(program: &OneCall) -> Result<usize, Failure> {
    let mut tree =
        process::cargo(&["tree", "--edges", "normal,build", "--prefix", "none", "--manifest-path"]);
    tree.arg(program.manifest());
    let text = process::output(&mut tree, "cargo fetch   # the packages of the lock file are needed")?;
    Ok(count_packages(&text))
}

/// Counts different packages in the output of `cargo tree --prefix none`, whose first line is the program.
fn count_packages(tree: &str) -> usize {
    let packages: BTreeSet<(&str, &str)> = tree
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?, words.next()?))
        })
        .collect();
    packages.len()
}

/// Builds from nothing, for development and for release. None where the processor time can't be had.
pub(super) fn build(program: &OneCall) -> Result<Option<Built>, Failure> {
    let name = program.name();
    // What an earlier run left there would make the build cheaper than it is.
    let _ = fs::remove_dir_all(program.target());
    let Some(before) = children_cpu_seconds() else { return Ok(None) };
    progress(&format!("{name}: clean development build"));
    cargo_build(program, &[])?;
    let after = children_cpu_seconds().unwrap_or(f64::NAN);
    progress(&format!("{name}: release build"));
    cargo_build(program, &["--release"])?;
    let path = program.binary();
    let size = fs::metadata(&path).map_err(|error| {
        Failure::new(format!("{} is not there: {error}", path.display()), "cargo xtask sizes")
    })?;
    // Some hundred megabytes that no later run would use.
    let _ = fs::remove_dir_all(program.target());
    Ok(Some(Built { cpu_seconds: after - before, binary_bytes: size.len() }))
}

fn cargo_build(program: &OneCall, options: &[&str]) -> Result<(), Failure> {
    let mut build = process::cargo(&["build", "--quiet"]);
    build.args(options).arg("--manifest-path").arg(program.manifest());
    build.arg("--target-dir").arg(program.target());
    let next = format!("cargo build --manifest-path target/xtask/sizes/{}/Cargo.toml", program.name());
    process::output(&mut build, &next).map(|_| ())
}

/// Processor time of the processes that this one started and that have ended, with theirs in turn.
fn children_cpu_seconds() -> Option<f64> {
    children_of_stat(&fs::read_to_string("/proc/self/stat").ok()?)
}

/// Fields 16 and 17 of proc_pid_stat(5), in the ticks of which every Linux has 100 in a second.
fn children_of_stat(stat: &str) -> Option<f64> {
    // The second field is the program's name in parentheses and may hold anything.
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(13);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_counted_once_and_versions_apart() {
        let tree = "one-call-x v0.0.0 (/w/target/xtask/sizes/x)\n\
            tokio v1.54.1\n\
            tokio-macros v2.7.0 (proc-macro)\n\
            syn v3.0.9\n\
            x v0.1.0 (/w/crates/x)\n\
            syn v3.0.9 (*)\n\
            syn v2.0.1\n\
            tokio v1.54.1 (*)\n\n";
        assert_eq!(count_packages(tree), 5);
        assert_eq!(count_packages("one-call-x v0.0.0\n"), 0);
        assert_eq!(count_packages(""), 0);
    }

    #[test]
    fn the_time_of_children_is_found_behind_any_name() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194304 100 200 0 0 11 12 1300 450 20 0 1 0 999 1 1";
        assert_eq!(children_of_stat(stat), Some(17.5));
        assert_eq!(children_of_stat("7 (x) S 1"), None);
    }
}
