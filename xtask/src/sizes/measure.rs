//! Counting packages and building from nothing.

use super::one_call::OneCall;
use crate::Failure;
use crate::report::{process, progress};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

/// What a program cost to build and what came out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Built {
    /// User and system time of a clean development build.
    pub(super) cpu_seconds: f64,
    /// Size of the stripped release program.
    pub(super) binary_bytes: u64,
    /// From start to end, the development build of the provider crate whose dependencies are built.
    pub(super) own_seconds: f64,
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
    let Some(before) = process::children_cpu_seconds() else { return Ok(None) };
    progress(&format!("{name}: clean development build"));
    cargo_build(program, &[])?;
    let after = process::children_cpu_seconds().unwrap_or(f64::NAN);
    let own_seconds = own_build(program)?;
    let binary_bytes = binary(program)?;
    Ok(Some(Built { cpu_seconds: after - before, binary_bytes, own_seconds }))
}

/// The size of the stripped release program.
pub(super) fn binary(program: &OneCall) -> Result<u64, Failure> {
    progress(&format!("{}: release build", program.name()));
    cargo_build(program, &["--release"])?;
    let path = program.binary();
    let size = fs::metadata(&path).map_err(|error| {
        Failure::new(format!("{} is not there: {error}", path.display()), "cargo xtask sizes")
    })?;
    if !program.is_shared() {
        // Some hundred megabytes that no later run would use.
        let _ = fs::remove_dir_all(program.target());
    }
    Ok(size.len())
}

fn cargo_build(program: &OneCall, options: &[&str]) -> Result<(), Failure> {
    let mut build = process::cargo(&["build", "--quiet"]);
    build.args(options).arg("--manifest-path").arg(program.manifest());
    build.arg("--target-dir").arg(program.target());
    let next = format!("cargo build --manifest-path target/xtask/sizes/{}/Cargo.toml", program.name());
    process::output(&mut build, &next).map(|_| ())
}

/// Builds the measured crate once more, and nothing else.
fn own_build(program: &OneCall) -> Result<f64, Failure> {
    let name = program.name();
    progress(&format!("{name}: the crate alone, its dependencies being built"));
    let mut clean = process::cargo(&["clean", "--quiet", "-p", name, "--manifest-path"]);
    clean.arg(program.manifest()).arg("--target-dir").arg(program.target());
    process::output(&mut clean, "cargo xtask sizes")?;
    let (built, seconds) = seconds(|| cargo_build(program, &["-p", name]));
    built.map(|()| seconds)
}

/// From start to end, `cargo check` of a crate of the workspace after one of its files was touched.
pub(super) fn check_after_touch(root: &Path, name: &str) -> Result<f64, Failure> {
    progress(&format!("{name}: cargo check after touching src/client.rs"));
    let check = || {
        let mut command = process::cargo(&["check", "--quiet", "-p", name]);
        process::output(command.current_dir(root), &format!("cargo check -p {name}")).map(|_| ())
    };
    // What it depends on, and the files of the incremental build.
    touch(root, name)?;
    check()?;
    touch(root, name)?;
    let (checked, seconds) = seconds(check);
    checked.map(|()| seconds)
}

#[expect(clippy::disallowed_methods, reason = "the time of a file is the machine's")]
fn touch(root: &Path, name: &str) -> Result<(), Failure> {
    let path = root.join("crates").join(name).join("src/client.rs");
    let touched =
        fs::File::options().append(true).open(&path).and_then(|file| file.set_modified(SystemTime::now()));
    touched
        .map_err(|error| Failure::new(format!("{} can't be touched: {error}", path.display()), "git status"))
}

#[expect(clippy::disallowed_methods, reason = "what is measured is the machine's time")]
fn seconds<T>(run: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let value = run();
    (value, start.elapsed().as_secs_f64())
}

/// Lines that the generator has written for a crate, all and beside the models.
pub(super) fn generated_lines(folder: &Path) -> (usize, usize) {
    let mut files = Vec::new();
    collect(&folder.join("src/generated"), &mut files);
    let lines = |path: &PathBuf| fs::read_to_string(path).unwrap_or_default().lines().count();
    let of_models = |path: &&PathBuf| {
        path.components().any(|part| matches!(part.as_os_str().to_str(), Some("models" | "models.rs")))
    };
    let all = files.iter().map(lines).sum();
    let models: usize = files.iter().filter(of_models).map(lines).sum();
    (all, all - models)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in
        fs::read_dir(folder).into_iter().flatten().filter_map(|entry| entry.ok().map(|entry| entry.path()))
    {
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
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
}
