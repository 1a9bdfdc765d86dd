//! `cargo xtask sizes`: what it costs to depend on one provider crate, against reqwest alone, and to work on it.
//!
//! Every `crates/*-client` is measured by the smallest program that makes one call with it,
//! `xtask/programs/one-call/<crate>.rs`, and compared with the limits of `xtask/budgets.json`.

use crate::report::budgets::Budgets;
use crate::report::{self, Row, process, progress, thousands};
use crate::{Context as _, Failure, codegen, markdown, workspace};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

/// Measure what a provider crate costs: packages, build time, size of the program, generated lines.
///
/// For each crates/*-client and for reqwest alone with the same TLS: the number of packages, the processor time of a
/// clean development build, and the size of the stripped release program, each for the smallest program that makes one
/// call. And for those who work on it: generated lines per operation, the build of the crate alone, and `cargo check` after
/// a change. Two clean builds per program: ten minutes or more in all.
#[derive(clap::Args, Debug, Default)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// Also write the figures as JSON to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// Count packages and generated lines only, and build nothing.
    #[arg(long)]
    pub(crate) quick: bool,

    /// Count and compare sizes, and leave out what takes time to be measured, because a busy machine changes it.
    #[arg(long, conflicts_with_all = ["quick", "readme"])]
    pub(crate) no_times: bool,

    /// Also write the table of README.md, between `<!-- sizes: begin -->` and `<!-- sizes: end -->`.
    #[arg(long, conflicts_with_all = ["quick", "crates"])]
    pub(crate) readme: bool,

    /// Only these crates, such as `virtuous-client`, beside reqwest alone. All providers by default.
    #[arg(value_name = "CRATE")]
    pub(crate) crates: Vec<String>,
}

const AFTER_HELP: &str = "\
Examples:
  cargo xtask sizes --quick      some seconds, in CI
  cargo xtask sizes --no-times   release builds
  cargo xtask sizes vise-client  one crate, beside reqwest alone
  cargo xtask sizes --readme     everything, and the table in the README

Which packages a provider brings, after one run of this command:
  $ cargo tree -e normal,build --manifest-path target/xtask/sizes/verigator-client/Cargo.toml
and what each of them costs to build:
  $ cargo build --timings --manifest-path target/xtask/sizes/verigator-client/Cargo.toml

Processor time is user and system of all processes; on a machine with other work it is some percent more. Limits are in
xtask/budgets.json, by crate.";

const NEXT: &str =
    "cargo xtask sizes --help   # which packages a provider brings and what each costs to build";

// Any version: the lock file has the workspace's.
const REQWEST: &str = r#"reqwest = { version = "*", default-features = false, features = ["json", "rustls-no-provider"] }
rustls = { version = "*", default-features = false, features = ["ring"] }
serde = { version = "*", features = ["derive"] }"#;

pub(crate) fn run(arguments: &Arguments) -> Result<String, Failure> {
    let root = workspace::root();
    let budgets = Budgets::read(&root)?;
    let providers = workspace::providers(&root)?;
    budgets.check_names(&providers)?;
    let (binaries, times) = (!arguments.quick, !arguments.quick && !arguments.no_times);

    let base = OneCall::measure(&root, "reqwest", binaries, times)?;
    let (mut rows, mut table) = (Vec::new(), vec![base.readme_row("`reqwest` alone, same TLS")]);
    for name in workspace::chosen(providers, &arguments.crates, "cargo xtask sizes")? {
        let ours = OneCall::measure(&root, &name, binaries, times)?;
        let row = |part: &str, what: &str, unit: &str, value: f64, measured: String| {
            let (id, what) = (format!("sizes.{name}.{part}"), format!("{name}: {what}"));
            budgets.row(&id, &what, unit, Ok((value, measured)))
        };
        rows.extend(against_reqwest(row, &ours, &base));
        if let Some((measured, lines, operations)) = generated(&root.join("crates").join(&name))? {
            let what = "generated lines per operation, beside the models";
            let row = row("generated", what, "", lines, measured);
            rows.push(row.cases(format!("{operations} operations")));
        }
        if let Some(seconds) = ours.own_seconds {
            let what = "development build of the crate alone, its dependencies being built";
            rows.push(row("own-build", what, " s", seconds, format!("{seconds:.1} s")));
            let (what, seconds) =
                ("cargo check after a change of one hand-written file", check_after_touch(&root, &name)?);
            rows.push(row("check", what, " s", seconds, format!("{seconds:.1} s")));
        }
        table.push(ours.readme_row(&format!("`{name}`")));
    }
    if arguments.readme {
        let path = root.join("README.md");
        process::write_if_changed(&path, in_readme(&process::read_text(&path)?, &table)?)?;
    }
    report::finish(&rows, arguments.json.as_deref(), NEXT)
}

fn against_reqwest(
    row: impl Fn(&str, &str, &str, f64, String) -> Row,
    ours: &OneCall,
    base: &OneCall,
) -> Vec<Row> {
    let more = ours.packages as f64 - base.packages as f64;
    let measured = format!("{more} ({} to {})", ours.packages, base.packages);
    let mut rows = vec![row("packages", "packages more than reqwest alone", "", more, measured)];
    if let Some((ours, base)) = ours.cpu_seconds.zip(base.cpu_seconds) {
        let measured = format!("{:.2} ({ours:.1} s to {base:.1} s)", ours / base);
        let what = "processor time of a clean development build, against reqwest alone";
        rows.push(row("build-cpu", what, "", ours / base, measured));
    }
    if let Some((ours, base)) = ours.binary_kib.zip(base.binary_kib) {
        let ratio = ours as f64 / base as f64;
        let measured = format!("{ratio:.2} ({} KiB to {} KiB)", thousands(ours), thousands(base));
        rows.push(row("binary", "stripped release program, against reqwest alone", "", ratio, measured));
    }
    rows
}

/// What the program that makes one call needs, and what came out.
#[derive(Debug, Default)]
struct OneCall {
    packages: usize,
    /// User and system time of a clean development build.
    cpu_seconds: Option<f64>,
    /// From start to end, the development build of the provider crate whose dependencies are built.
    own_seconds: Option<f64>,
    /// Size of the stripped release program.
    binary_kib: Option<u64>,
}

impl OneCall {
    fn measure(root: &Path, name: &str, binary: bool, times: bool) -> Result<Self, Failure> {
        let dependencies = match name {
            "reqwest" => REQWEST.to_owned(),
            name => format!("{name} = {{ path = \"../../../../crates/{name}\" }}"),
        };
        let source = process::read(&root.join(format!("xtask/programs/one-call/{name}.rs")))?;
        let files = [("Cargo.toml", manifest(name, &dependencies).into_bytes()), ("src/main.rs", source)];
        let manifest = workspace::program(root, &format!("sizes/{name}"), &files)?;

        let mut tree =
            process::cargo(root, &["tree", "--edges", "normal,build", "--prefix", "none", "--manifest-path"]);
        let tree =
            process::output(tree.arg(&manifest), "cargo fetch   # the packages of the lock file are needed")?;
        let mut one = Self { packages: count_packages(&tree), ..Self::default() };
        // Where times are measured, nothing is shared: what another build left would make this one cheaper.
        let target = root.join("target/xtask/build/sizes").join(if times { name } else { "shared" });
        let next = format!("cargo build --manifest-path target/xtask/sizes/{name}/Cargo.toml");
        let cargo = |arguments: &[&str]| {
            let mut command = process::cargo(root, arguments);
            command.arg("--quiet").arg("--manifest-path").arg(&manifest).arg("--target-dir").arg(&target);
            process::output(&mut command, &next)
        };
        if times {
            progress(&format!("{name}: clean development build, then the crate alone"));
            let _ = fs::remove_dir_all(&target);
            let before = process::children_cpu_seconds();
            cargo(&["build"])?;
            let spent = process::children_cpu_seconds().zip(before).map(|(after, before)| after - before);
            one.cpu_seconds = Some(spent.ok_or_else(|| {
                Failure::new(
                    "only Linux reports the processor time of child processes",
                    "cargo xtask sizes --no-times",
                )
            })?);
            cargo(&["clean", "-p", name])?;
            one.own_seconds = Some(seconds(|| cargo(&["build", "-p", name]))?);
        }
        if binary {
            progress(&format!("{name}: release build"));
            let mut build = process::cargo(root, &["build", "--manifest-path"]);
            let path = process::release(build.arg(&manifest), &target, &format!("one-call-{name}"), &next)?;
            one.binary_kib = Some(process::read(&path)?.len() as u64 / 1024);
        }
        if times {
            // Some hundred megabytes that no later run would use.
            let _ = fs::remove_dir_all(&target);
        }
        Ok(one)
    }

    fn readme_row(&self, name: &str) -> String {
        let (seconds, kib) = (self.cpu_seconds.unwrap_or_default(), self.binary_kib.unwrap_or_default());
        format!("| {name} | {} | {seconds:.0} s | {} KiB |", self.packages, thousands(kib))
    }
}

fn manifest(name: &str, dependencies: &str) -> String {
    format!(
        "[package]\nname = \"one-call-{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         {dependencies}\ntokio = {{ version = \"*\", default-features = false, features = [\"macros\", \"rt\"] }}\n\n\
         [profile.release]\nstrip = true\n"
    )
}

/// Counts different packages in the output of `cargo tree --prefix none`, whose first line is the program.
fn count_packages(tree: &str) -> usize {
    let packages = tree.lines().skip(1).filter_map(|line| {
        let mut words = line.split_whitespace();
        words.next().zip(words.next())
    });
    packages.collect::<BTreeSet<_>>().len()
}

/// From start to end, `cargo check` of a crate of the workspace after one of its files was touched.
fn check_after_touch(root: &Path, name: &str) -> Result<f64, Failure> {
    let path = root.join("crates").join(name).join("src/client.rs");
    let check = || {
        #[expect(clippy::disallowed_methods, reason = "the time of a file is the machine's")]
        let now = SystemTime::now();
        let touched = fs::File::options().append(true).open(&path).and_then(|file| file.set_modified(now));
        touched.context(format!("{} can't be touched", path.display()), "git status")?;
        seconds(|| {
            process::output(&mut process::cargo(root, &["check", "--quiet", "-p", name]), "cargo check")
        })
    };
    // The first checks what the crate depends on, too.
    check()?;
    check()
}

#[expect(clippy::disallowed_methods, reason = "what is measured is the machine's time")]
fn seconds(run: impl FnOnce() -> Result<String, Failure>) -> Result<f64, Failure> {
    let start = Instant::now();
    run().map(|_| start.elapsed().as_secs_f64())
}

/// For a crate with a description: generated lines per operation, in words and beside the models, and how many operations
/// there are. How many models there are is the vendor's doing.
fn generated(folder: &Path) -> Result<Option<(String, f64, usize)>, Failure> {
    if !folder.join("openapi.json").is_file() {
        return Ok(None);
    }
    let operations = codegen::coverage_of(folder)?.len();
    let (mut all, mut beside) = (0, 0);
    let generated = folder.join("src/generated");
    for path in workspace::files(&generated)? {
        let lines = process::read_text(&generated.join(&path))?.lines().count();
        all += lines;
        beside += if path.starts_with("models") { 0 } else { lines };
    }
    let each = |lines: usize| lines as f64 / operations.max(1) as f64;
    let measured = format!("{:.0} ({:.0} with the models)", each(beside), each(all));
    Ok(Some((measured, each(beside), operations)))
}

/// The README with these rows in its table.
fn in_readme(text: &str, rows: &[String]) -> Result<String, Failure> {
    let head = "| a program that makes one call with | packages | clean build, processor time | stripped program |\n| --- | --- | --- | --- |";
    let table = format!("{head}\n{}", rows.join("\n"));
    markdown::renewed(text, "sizes", &table, "README.md", "cargo xtask sizes --readme")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_counted_once_and_versions_apart() {
        let tree = "one-call-x v0.0.0 (/w/x)\ntokio v1.54.1\nsyn v3.0.9\nsyn v3.0.9 (*)\nsyn v2.0.1\ntokio v1.54.1 (*)\n\n";
        assert_eq!(
            [count_packages(tree), count_packages("one-call-x v0.0.0\n"), count_packages("")],
            [3, 0, 0]
        );
    }

    #[test]
    fn each_cost_has_a_figure_and_what_was_not_built_has_none() {
        let row = |part: &str, what: &str, unit: &str, value: f64, measured: String| {
            Row::at_most(part, what, value, 1.5, unit, measured)
        };
        let base =
            OneCall { packages: 87, cpu_seconds: Some(10.0), binary_kib: Some(1000), own_seconds: None };
        let values = |packages, cpu_seconds, binary_kib| {
            let ours = OneCall { packages, cpu_seconds, binary_kib, own_seconds: None };
            let rows = against_reqwest(row, &ours, &base);
            rows.iter().filter_map(|row| row.value).collect::<Vec<_>>()
        };
        assert_eq!(values(80, None, None), [-7.0]);
        assert_eq!(values(103, Some(11.0), Some(1250)), [16.0, 1.1, 1.25]);
    }

    #[test]
    fn the_table_is_put_between_its_markers_and_nothing_else_changes() {
        let row =
            OneCall { packages: 87, cpu_seconds: Some(33.6), binary_kib: Some(3515), own_seconds: None };
        let row = row.readme_row("`x-client`");
        const BEGIN: &str = "<!-- sizes: begin -->";
        const END: &str = "<!-- sizes: end -->";
        let text = in_readme(&format!("a\n{BEGIN}\nold\n{END}\nb\n"), &[row]).unwrap();
        assert!(
            text.starts_with(&format!("a\n{BEGIN}\n\n| a program"))
                && text.ends_with(&format!("\n\n{END}\nb\n"))
        );
        assert!(
            text.contains("\n| `x-client` | 87 | 34 s | 3,515 KiB |\n") && !text.contains("old"),
            "{text}"
        );
        assert!(in_readme("a", &[]).is_err());
    }
}
