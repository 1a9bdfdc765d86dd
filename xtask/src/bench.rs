//! `cargo xtask bench`: what a call costs, beside the same call written by hand.
//!
//! The program in `xtask/programs/calls` makes the calls; this starts it, counts, and compares. Ratios of the same run are
//! compared with limits, because absolute numbers depend on the machine.

use crate::report::budgets::Budgets;
use crate::report::process::{self, Background};
use crate::report::{self, Row, percentile, progress, thousands};
use crate::{Context as _, Failure, workspace};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Measure what a call costs, against reqwest and hyper-util by hand.
///
/// Our client over both transports, hyper (the default) and reqwest, beside the same calls written by hand. Ours has
/// deadlines, retries, the origin check and spans on; those by hand have none.
///
/// For a GET and a POST of 300 bytes and a list of 50 KB of Verigator: instructions per call (callgrind; the difference of two
/// runs, so that start-up cancels), allocations per call, and processor time per call in interleaved rounds. For the GET and
/// POST with the authentication of every other provider: instructions and allocations. For many calls at once: memory with
/// 1,000 in flight, processor time with 64 and duration with 256. And what a further client costs. All clients do the same
/// typed work against a server in a separate process, on one thread.
#[derive(clap::Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// Also write the figures as JSON to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Rounds of the comparison of processor time.
    #[arg(long, default_value_t = 15, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

const AFTER_HELP: &str = "\
Where the instructions and allocations of a call go, after one run of this command:
  $ calls=target/xtask/build/calls/release/calls
  $ $calls serve                                            # prints its port
  $ valgrind --tool=dhat $calls run verigator user http://127.0.0.1:PORT 0 2000     # where allocations are made
  $ valgrind --tool=callgrind --toggle-collect='*calls::repeat*' --callgrind-out-file=callgrind.out \\
      $calls run verigator user http://127.0.0.1:PORT 0 2000
  $ callgrind_annotate --inclusive=yes callgrind.out

Without valgrind the instructions are `not run`. Limits are in xtask/budgets.json.";

const NEXT: &str =
    "cargo xtask bench --help   # how to run the program by hand, and to see where calls spend it";

/// Ours over each transport, then those written by hand.
const CLIENTS: [&str; 4] = ["verigator", "verigator-reqwest", "reqwest", "hyper"];

/// The other providers, and their way to authenticate.
const PROVIDERS: [(&str, &str); 5] = [
    ("vise", "a session"),
    ("vaultvision", "a key"),
    ("virtuous", "a key"),
    ("virtuous-hmac", "a signed request"),
    ("revesecure", "a signed password"),
];

struct Case {
    name: &'static str,
    title: &'static str,
    /// Calls of the shorter and of the longer run whose instructions are counted.
    counted: [u32; 2],
    /// Calls of a round whose processor time is measured.
    timed: u32,
}

impl Case {
    /// Calls that are counted, start-up not included.
    fn calls(&self) -> u32 {
        let [few, many] = self.counted;
        many - few
    }
}

const CASES: [Case; 3] = [
    Case { name: "user", title: "GET 300 B", counted: [200, 1200], timed: 2000 },
    Case { name: "create", title: "POST 300 B", counted: [200, 1200], timed: 2000 },
    Case { name: "list", title: "GET 50 KB", counted: [20, 120], timed: 200 },
];

pub(crate) fn run(arguments: &Arguments) -> Result<String, Failure> {
    let root = workspace::root();
    let budgets = Budgets::read(&root)?;
    // A row's id names the transport unless it is the default one.
    let ours = [("", "verigator"), ("reqwest.", "verigator over reqwest")];
    progress("building the program that makes the calls (about a minute the first time)");
    let program = Program::start(&root)?;
    let mut rows = Vec::new();
    for case in &CASES {
        let costs = if process::is_there("valgrind") {
            Ok(program.instructions(case)?)
        } else {
            Err("valgrind is not installed")
        };
        rows.extend(ours.iter().enumerate().map(|(index, (part, title))| {
            let id = format!("bench.{part}{}.instructions", case.name);
            let what = format!("{}: instructions per call, {title} / reqwest by hand", case.title);
            let found = costs.map(|costs| {
                let [.., reqwest, hyper] = costs;
                [costs.get(index).copied().unwrap_or(f64::NAN), reqwest, hyper]
            });
            ratio_row(&id, &what, found, kilo, case.calls(), &budgets)
        }));
    }
    progress("counting allocations");
    let counts = each(|client| {
        let cost = program.run(client, "user", 100, 1000, 1)?;
        Ok(cost.allocations as f64 / 1000.0)
    })?;
    let [.., reqwest, hyper] = counts;
    for ((part, title), count) in ours.iter().zip(counts) {
        let id = format!("bench.{part}user.allocations");
        let what = format!("GET 300 B: allocations per call of {title}, growth included");
        let measured = format!("{count:.1} (reqwest {reqwest:.1}, hyper-util {hyper:.1})");
        rows.push(budgets.row(&id, &what, "", Ok((count, measured))).cases("1,000 calls each"));
    }
    for provider in &PROVIDERS {
        rows.extend(program.provider(provider, &budgets)?);
    }
    for case in &CASES {
        rows.push(program.processor_time(case, arguments.rounds, &budgets)?);
    }
    rows.extend(program.load(arguments.rounds, &budgets)?);
    rows.extend(program.construction(&budgets)?);
    report::finish(&rows, arguments.json.as_deref(), NEXT)
}

/// What ours and hyper-util by hand take of what reqwest by hand takes.
fn ratio_row(
    id: &str,
    what: &str,
    found: Result<[f64; 3], &str>,
    show: fn(f64) -> String,
    calls: u32,
    budgets: &Budgets,
) -> Row {
    let found = found.map(|[ours, reqwest, hyper]| {
        let [ratio, hyper] = [ours, hyper].map(|cost| cost / reqwest);
        (ratio, format!("{ratio:.3} ({} to {}; hyper-util {hyper:.2})", show(ours), show(reqwest)))
    });
    budgets.row(id, what, "", found).cases(format!("{calls} calls each"))
}

fn kilo(count: f64) -> String {
    thousands((count / 1000.0).round() as u64) + " k"
}

/// The same measurement of every client of Verigator.
fn each(measure: impl FnMut(&str) -> Result<f64, Failure>) -> Result<[f64; 4], Failure> {
    of_each(CLIENTS, measure)
}

/// The same measurement of some clients.
fn of_each<const COUNT: usize>(
    clients: [&str; COUNT],
    mut measure: impl FnMut(&str) -> Result<f64, Failure>,
) -> Result<[f64; COUNT], Failure> {
    let mut found = [f64::NAN; COUNT];
    for (value, client) in found.iter_mut().zip(clients) {
        *value = measure(client)?;
    }
    Ok(found)
}

/// The built program, and its server in its own process.
struct Program {
    path: PathBuf,
    url: String,
    _server: Background,
}

/// What a number of calls cost.
#[derive(Deserialize)]
struct Cost {
    /// Including those that were made larger.
    allocations: u64,
    cpu_ns: u64,
    wall_ns: u64,
    /// By how much the most memory that the process ever held has grown.
    peak_kib: u64,
}

impl Program {
    fn start(root: &Path) -> Result<Self, Failure> {
        let manifest = workspace::copy_program(root, "calls")?;
        let target = root.join("target/xtask/build/calls");
        let mut build = process::cargo(root, &["build", "--manifest-path"]);
        let path = process::release(build.arg(manifest), &target, "calls", NEXT)?;
        let (server, port) = Background::start(Command::new(&path).arg("serve"), NEXT)?;
        Ok(Self { path, url: format!("http://127.0.0.1:{}", port.trim()), _server: server })
    }

    /// What `calls` calls cost after the warm-up, so many at a time.
    fn run(
        &self,
        client: &str,
        what: &str,
        warm_up: u32,
        calls: u32,
        in_flight: u32,
    ) -> Result<Cost, Failure> {
        let mut command = Command::new(&self.path);
        command.args(["run", client, what, &self.url]);
        command.args([warm_up, calls, in_flight].map(|number| number.to_string()));
        let out = process::output(&mut command, NEXT)?;
        serde_json::from_str(&out).context(process::show(&command), NEXT)
    }

    /// Instructions per call, start-up not included.
    fn instructions(&self, case: &Case) -> Result<[f64; 4], Failure> {
        each(|client| self.instructions_of(client, case))
    }

    fn instructions_of(&self, client: &str, case: &Case) -> Result<f64, Failure> {
        let [few, many] = case.counted;
        progress(&format!("counting the instructions of {client}, {}", case.title));
        let count = |calls: u32| {
            let file = self.path.with_extension("callgrind");
            let mut command = Command::new("valgrind");
            command.arg("--tool=callgrind").arg(format!("--callgrind-out-file={}", file.display()));
            command.arg(&self.path).args(["run", client, case.name, &self.url, "0", &calls.to_string()]);
            process::output(&mut command, NEXT)?;
            instructions(&process::read_text(&file)?).ok_or_else(|| {
                Failure::new(
                    format!("{} names no total", file.display()),
                    "valgrind --version   # 3.18 to 3.24 work",
                )
            })
        };
        Ok((count(many)? - count(few)?) / f64::from(many - few))
    }

    /// The GET and POST with the authentication of a provider, over the default transport.
    fn provider(&self, (provider, scheme): &(&str, &str), budgets: &Budgets) -> Result<Vec<Row>, Failure> {
        let [reqwest, hyper] = ["reqwest", "hyper"].map(|by_hand| format!("{provider}:{by_hand}"));
        let clients = [*provider, &reqwest, &hyper];
        let mut rows = Vec::new();
        for case in CASES.iter().filter(|case| case.name != "list") {
            let title = format!("{} with {scheme}", case.title);
            let row = |unit: &str, found, show| {
                let id = format!("bench.{provider}.{}.{unit}", case.name);
                let what = format!("{title}: {unit} per call, {provider} / reqwest by hand");
                ratio_row(&id, &what, found, show, case.calls(), budgets)
            };
            let counted = match process::is_there("valgrind") {
                true => Ok(of_each(clients, |client| self.instructions_of(client, case))?),
                false => Err("valgrind is not installed"),
            };
            rows.push(row("instructions", counted, kilo));
            let allocations = of_each(clients, |client| {
                let cost = self.run(client, case.name, case.counted[0], case.calls(), 1)?;
                Ok(cost.allocations as f64 / f64::from(case.calls()))
            });
            rows.push(row("allocations", Ok(allocations?), |count| format!("{count:.1}")));
        }
        Ok(rows)
    }

    /// Interleaved, because a machine that is busy for a while is then busy for all of them.
    fn processor_time(&self, case: &Case, rounds: u32, budgets: &Budgets) -> Result<Row, Failure> {
        progress(&format!("comparing processor time, {}, {rounds} rounds", case.title));
        let mut all = Vec::new();
        for _ in 0..rounds {
            let cost = |client: &str| self.run(client, case.name, 100, case.timed, 1);
            all.push(each(|client| Ok(cost(client)?.cpu_ns as f64 / f64::from(case.timed) / 1000.0))?);
        }
        let middle = |of: fn(&[f64; 4]) -> f64| percentile(&all.iter().map(of).collect::<Vec<_>>(), 50);
        let ratios: Vec<f64> = all.iter().map(|[ours, _, by_hand, _]| ours / by_hand).collect();
        let (ratio, quartiles) = quartiles(&ratios);
        let measured = format!(
            "{ratio:.3} ({quartiles}; over reqwest {:.2}; reqwest {:.0} µs, hyper-util {:.2})",
            middle(|[_, ours, by_hand, _]| ours / by_hand),
            middle(|[_, _, by_hand, _]| *by_hand),
            middle(|[_, _, by_hand, hyper]| hyper / by_hand)
        );
        let id = format!("bench.{}.cpu", case.name);
        let what = format!("{}: processor time per call, verigator / reqwest by hand", case.title);
        let cases = format!("median of {rounds} rounds of {} calls", case.timed);
        Ok(budgets.row(&id, &what, "", Ok((ratio, measured))).cases(cases).for_information())
    }
}

/// What many calls at once, and clients themselves, cost.
impl Program {
    fn load(&self, rounds: u32, budgets: &Budgets) -> Result<Vec<Row>, Failure> {
        type Of = fn(&Cost) -> u64;
        let cases: [(&str, &str, &str, u32, u32, Of); 4] = [
            ("user.1000.memory", "user", "GET 300 B: memory", 1_000, 1_000, |cost| cost.peak_kib),
            ("list.1000.memory", "list", "GET 50 KB: memory", 1_000, 1_000, |cost| cost.peak_kib),
            ("user.64.cpu", "user", "GET 300 B: processor time", 64, 6_400, |cost| cost.cpu_ns),
            ("user.256.duration", "user", "GET 300 B: duration", 256, 6_400, |cost| cost.wall_ns),
        ];
        let row = |(id, what, title, in_flight, calls, of): (&str, &str, &str, u32, u32, Of)| {
            progress(&format!("comparing {in_flight} in flight, {title}, {rounds} rounds"));
            let (mut ratios, mut by_hyper) = (Vec::new(), Vec::new());
            for _ in 0..rounds {
                let [ours, reqwest, hyper] = of_each(["verigator", "reqwest", "hyper"], |client| {
                    Ok(of(&self.run(client, what, 1, calls, in_flight)?) as f64)
                })?;
                ratios.push(ours / reqwest);
                by_hyper.push(hyper / reqwest);
            }
            let (ratio, quartiles) = quartiles(&ratios);
            let what = format!("{title} with {in_flight} in flight, verigator / reqwest by hand");
            let measured = format!("{ratio:.3} ({quartiles}; hyper-util {:.2})", percentile(&by_hyper, 50));
            let row = budgets.row(&format!("bench.{id}"), &what, "", Ok((ratio, measured)));
            Ok(row.cases(format!("median of {rounds} rounds of {calls} calls")).for_information())
        };
        cases.into_iter().map(row).collect()
    }

    fn construction(&self, budgets: &Budgets) -> Result<Vec<Row>, Failure> {
        progress("building and cloning clients");
        let cases = [
            ("build", "a further client with TLS: processor time", 10_000, 100, 1000.0, " µs"),
            ("clone", "a clone of a client: processor time", 1_000_000, 1_000_000, 1.0, " ns"),
        ];
        let row = |(name, what, ours, by_hand, scale, unit): (&str, &str, u32, u32, f64, &str)| {
            let of = |client: &str, times: u32| {
                Ok(self.run(client, name, 0, times, 1)?.cpu_ns as f64 / f64::from(times) / scale)
            };
            let (cost, reqwest) = (of("verigator", ours)?, of("reqwest", by_hand)?);
            let measured = format!("{cost:.1}{unit} (reqwest {reqwest:.0}{unit})");
            let row = budgets.row(&format!("bench.client.{name}"), what, unit, Ok((cost, measured)));
            Ok(row.cases(format!("{} times", thousands(ours.into()))))
        };
        cases.into_iter().map(row).collect()
    }
}

/// The median, and the quartiles as text.
fn quartiles(ratios: &[f64]) -> (f64, String) {
    let [low, median, high] = [25, 50, 75].map(|percent| percentile(ratios, percent));
    (median, format!("quartiles {low:.2} and {high:.2}"))
}

/// What callgrind counted, from the file that it writes: the first number of the line `summary:` or, in older files,
/// `totals:`.
fn instructions(file: &str) -> Option<f64> {
    let number = |key: &str| {
        file.lines().find_map(|line| line.strip_prefix(key)?.split_whitespace().next()?.parse().ok())
    };
    number("summary:").or_else(|| number("totals:"))
}

#[cfg(test)]
mod tests {
    use super::instructions;

    #[test]
    fn the_instructions_of_a_run_are_found() {
        let file = "events: Ir\nsummary: 40902945\n\nfn=(0) summary: 9\n16 3\ntotals: 40902901\n";
        assert_eq!(instructions(file), Some(40_902_945.0));
        assert_eq!(instructions("events: Ir Dr\nfn=(1) a\n1 2\ntotals: 12 5\n"), Some(12.0));
        assert_eq!(instructions("summary: many"), None);
    }
}
