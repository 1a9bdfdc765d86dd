//! `cargo xtask bench`: what a call costs, beside the same call written by hand.
//!
//! The program in `xtask/programs/calls` makes the calls; this starts it, counts, and compares. Ratios of the same run
//! are compared with limits, since absolute numbers depend on the machine.

mod callgrind;
mod program;

use crate::report::budgets::{self, Budgets};
use crate::report::statistics::median;
use crate::report::{Report, Row, process, progress, thousands};
use crate::{Failure, workspace};
use clap::Args;
use program::{Client, Cost, Program, What};
use std::path::PathBuf;

/// Measure what a call costs, against reqwest and hyper-util by hand.
///
/// Our client over both transports, hyper (the default) and reqwest, beside the same calls written by hand.
///
/// Three figures, for a GET and a POST of 300 bytes and a list of 50 KB: instructions per call (callgrind; the difference of two
/// runs, so that start-up cancels), allocations per call, and processor time per call in interleaved rounds. All
/// clients do the same typed work against a server of its own process, on one thread.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
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
  $ $calls trace verigator user http://127.0.0.1:PORT       # each allocation of one call, with its backtrace
  $ valgrind --tool=callgrind --toggle-collect='*calls::repeat*' --callgrind-out-file=callgrind.out \\
      $calls run verigator user http://127.0.0.1:PORT 0 2000
  $ callgrind_annotate --inclusive=yes callgrind.out

Without valgrind the instructions are `not run`. Limits are in xtask/budgets.json.";

/// Calls that fill caches and open the connection before anything is counted.
const WARM_UP: u32 = 100;

/// Measures and compares.
pub fn run(arguments: &Arguments) -> Result<String, Failure> {
    let root = workspace::root();
    let budgets = Budgets::read(&root)?.bench;
    progress("building the program that makes the calls (about a minute the first time)");
    let program = Program::start(&root)?;
    let mut report = Report::default();
    instructions(&program, &budgets, &mut report)?;
    allocations(&program, &budgets, &mut report)?;
    for what in [What::User, What::Create, What::List] {
        report.add(processor_time(&program, &budgets, what, arguments.rounds)?);
    }
    report.note(
        "verigator has deadlines, retries, the origin check and spans on; reqwest and hyper-util by hand have none.",
    );
    report
        .finish(arguments.json.as_deref(), "cargo xtask bench --help   # how to see where the calls spend it")
}

fn instructions(program: &Program, budgets: &budgets::Bench, report: &mut Report) -> Result<(), Failure> {
    let cases = [(What::User, [200, 1200]), (What::Create, [200, 1200]), (What::List, [20, 120])];
    for (what, [short, long]) in cases {
        let rows = [("", limit(&budgets.hyper, what)), ("reqwest.", limit(&budgets.reqwest, what))];
        let row = |part: &str| {
            let id = format!("bench.{part}{}.instructions", what.word());
            (id, format!("{}: instructions per call, {} / reqwest by hand", what.title(), ours(part)))
        };
        if !process::is_there("valgrind") {
            for (part, limit) in rows {
                let (id, title) = row(part);
                report.add(Row::not_run(&id, &title, &format!("≤ {limit:.2}"), "valgrind is not installed"));
            }
            continue;
        }
        let per_call = |client| {
            progress(&format!("counting the instructions of {client:?}, {}", what.title()));
            let few = program.instructions(client, what, short)?;
            let many = program.instructions(client, what, long)?;
            Ok(many.saturating_sub(few) as f64 / f64::from(long - short))
        };
        let [over_hyper, over_reqwest, reqwest, hyper] = all(per_call)?;
        for ((part, limit), ours) in rows.into_iter().zip([over_hyper, over_reqwest]) {
            let (id, title) = row(part);
            let ratio = ours / reqwest;
            let measured = format!(
                "{ratio:.3} ({} k to {} k; hyper-util {:.2})",
                kilo(ours),
                kilo(reqwest),
                hyper / reqwest
            );
            let row = Row::at_most(&id, &title, ratio, limit, format!("≤ {limit:.2}"), measured)
                .cases(format!("{} calls each", thousands(u64::from(long - short))));
            report.add(match what {
                What::User => row.reference("reqwest 87 k, hyper-util 0.56"),
                What::Create => row.reference("hyper-util 0.59"),
                What::List => row.reference("reqwest 1,550 k, hyper-util 0.98"),
            });
        }
    }
    Ok(())
}

/// Our client over the transport that a row's id names.
fn ours(part: &str) -> &'static str {
    if part.is_empty() { "verigator" } else { "verigator over reqwest" }
}

fn limit(budgets: &budgets::Transport, what: What) -> f64 {
    match what {
        What::User | What::Create => budgets.instructions_ratio,
        What::List => budgets.list_instructions_ratio,
    }
}

fn allocations(program: &Program, budgets: &budgets::Bench, report: &mut Report) -> Result<(), Failure> {
    progress("counting allocations");
    let calls = 1000;
    let per_call = |client| {
        let Cost { allocations, grown, .. } = program.run(client, What::User, WARM_UP, calls)?;
        Ok((allocations + grown) as f64 / f64::from(calls))
    };
    let [over_hyper, over_reqwest, reqwest, hyper] = all(per_call)?;
    for (part, measured, limit) in
        [("", over_hyper, budgets.hyper.allocations), ("reqwest.", over_reqwest, budgets.reqwest.allocations)]
    {
        report.add(
            Row::at_most(
                &format!("bench.{part}user.allocations"),
                &format!("{}: allocations per call of {}, growth included", What::User.title(), ours(part)),
                measured,
                limit,
                format!("≤ {limit}"),
                format!("{measured:.1} (reqwest {reqwest:.1}, hyper-util {hyper:.1})"),
            )
            .cases(format!("{} calls each", thousands(u64::from(calls))))
            .reference("reqwest 68, hyper-util 35"),
        );
    }
    Ok(())
}

/// Interleaved, because a machine that is busy for a while is then busy for all of them.
fn processor_time(
    program: &Program,
    budgets: &budgets::Bench,
    what: What,
    rounds: u32,
) -> Result<Row, Failure> {
    progress(&format!("comparing processor time, {}, {rounds} rounds", what.title()));
    let calls = match what {
        What::User | What::Create => 2000,
        What::List => 200,
    };
    let (mut ours, mut others, mut hypers, mut times) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let per_call = |client| {
            let cost = program.run(client, what, WARM_UP, calls)?;
            Ok(cost.cpu_ns as f64 / f64::from(calls) / 1000.0)
        };
        let [over_hyper, over_reqwest, reqwest, hyper] = all(per_call)?;
        ours.push(over_hyper / reqwest);
        others.push(over_reqwest / reqwest);
        hypers.push(hyper / reqwest);
        times.push(reqwest);
    }
    let middle = |values: &[f64]| median(values).unwrap_or(f64::NAN);
    let (ratio, limit) = (middle(&ours), budgets.hyper.cpu_ratio);
    Ok(Row::at_most(
        &format!("bench.{}.cpu", what.word()),
        &format!("{}: processor time per call, verigator / reqwest by hand", what.title()),
        ratio,
        limit,
        format!("≤ {limit:.2}"),
        format!(
            "{ratio:.3} (over reqwest {:.2}; reqwest {:.0} µs, hyper-util {:.2})",
            middle(&others),
            middle(&times),
            middle(&hypers)
        ),
    )
    .cases(format!("median of {rounds} rounds of {} calls", thousands(calls.into())))
    .for_information()
    .reference(match what {
        What::User => "hyper-util 0.8",
        What::Create | What::List => "-",
    }))
}

/// The same measurement of ours over hyper and over reqwest, of reqwest and of hyper-util.
fn all(measure: impl Fn(Client) -> Result<f64, Failure>) -> Result<[f64; 4], Failure> {
    Ok([
        measure(Client::Verigator)?,
        measure(Client::VerigatorOverReqwest)?,
        measure(Client::Reqwest)?,
        measure(Client::Hyper)?,
    ])
}

fn kilo(value: f64) -> String {
    let kilo = value / 1000.0;
    if kilo < 1000.0 { format!("{kilo:.1}") } else { thousands(kilo.round() as u64) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_counts_are_grouped_and_small_ones_have_a_fraction() {
        assert_eq!((kilo(84_512.0).as_str(), kilo(1_550_400.0).as_str()), ("84.5", "1,550"));
    }
}
