//! `--jq`: filters by jaq, with a time limit, because a filter can run forever.

use crate::failure::{Exit, Failure};
use crate::index::Class;
use crate::interrupt;
use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, data};
use jaq_json::{Val, read};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// The time limit without `--timeout`.
const LIMIT: Duration = Duration::from_secs(10);
/// The most bytes of results.
const MOST: usize = 256 << 20;

/// What jaq doesn't have; and a filter has no access to the environment.
const DEFINITIONS: &str = r#"
def env: {};
def IN(s): . as $x | any(s; . == $x);
def INDEX(s; f): reduce s as $x ({}; . + {($x | f | tostring): $x});
def INDEX(f): INDEX(.[]; f);
def cell_: if isarray or isobject then error("a cell can't be an array or an object") else tojson end;
def swap_($a; $b): split($a) | join($b);
def @csv: [.[] | if . == null then "" elif isstring then "\"" + swap_("\""; "\"\"") + "\"" else cell_ end] | join(",");
def @tsv: [.[] | if . == null then "" elif isstring then
    swap_("\\"; "\\\\") | swap_("\t"; "\\t") | swap_("\n"; "\\n") | swap_("\r"; "\\r")
  else cell_ end] | join("\t");
"#;

/// Runs a filter on a document and returns its results as JSON.
#[expect(
    clippy::disallowed_methods,
    reason = "the limit is for a thread that computes, whatever a clock of a test says"
)]
pub(crate) fn run(filter: &str, document: &str, limit: Option<Duration>) -> Result<Vec<String>, Failure> {
    let (send, receive) = channel();
    let (filter, document) = (filter.to_owned(), document.to_owned());
    // Values of jaq can't be sent to another thread, so all of it takes place in one; it ends with the program.
    std::thread::spawn(move || {
        let failed = match compile_and_run(&filter, &document, |result| send.send(Ok(Some(result))).is_ok()) {
            Ok(()) => send.send(Ok(None)),
            Err(failure) => send.send(Err(failure)),
        };
        drop(failed);
    });
    let limit = limit.unwrap_or(LIMIT);
    let interrupt = interrupt::handled();
    let (mut results, mut bytes, start) = (Vec::new(), 0, Instant::now());
    loop {
        if interrupt.was_pressed() {
            return Err(Failure::interrupted(Class::Read));
        }
        if start.elapsed() > limit {
            return Err(failed(&format!("the filter was not done after {} s", limit.as_secs()))
                .hint("--timeout sets the limit"));
        }
        match receive.recv_timeout(Duration::from_millis(50)) {
            Ok(Ok(Some(result))) => {
                bytes += result.len();
                if bytes > MOST {
                    return Err(failed(&format!("the filter made more than {} MiB", MOST >> 20)));
                }
                results.push(result);
            }
            Ok(Ok(None)) => return Ok(results),
            Ok(Err(failure)) => return Err(failure),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(failed("the filter failed")),
        }
    }
}

/// A filter that failed on a response: the call was made, so it is no usage failure.
fn failed(problem: &str) -> Failure {
    Failure::new(Exit::Local, "filter", format!("--jq: {problem}"))
}

/// Checks a filter before anything is sent.
pub(crate) fn check(filter: &str) -> Result<(), Failure> {
    compile_and_run(filter, "", |_| true)
}

/// Compiles a filter and runs it, unless the document is empty.
fn compile_and_run(
    filter: &str,
    document: &str,
    mut result: impl FnMut(String) -> bool,
) -> Result<(), Failure> {
    let invalid = |what: &str| Failure::usage(format!("--jq: {what} in {filter:?}"));
    let own = jaq_core::load::parse(DEFINITIONS, |parser| parser.defs())
        .ok_or_else(|| failed("the definitions are damaged"))?;
    let definitions = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs()).chain(own);
    let functions = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
    let arena = Arena::default();
    let loader = Loader::new(definitions);
    let modules =
        loader.load(&arena, File { code: filter, path: () }).map_err(|_| invalid("syntax error"))?;
    let compiled = Compiler::default().with_funs(functions).compile(modules).map_err(|errors| {
        let names = errors.iter().flat_map(|(_, errors)| errors.iter().map(|(name, _)| (*name).to_owned()));
        let names: Vec<String> = names.collect();
        invalid(&format!("unknown name {}", names.join(", ")))
    })?;
    if document.is_empty() {
        return Ok(());
    }
    let input =
        read::parse_single(document.as_bytes()).map_err(|_| failed("the response can't be filtered"))?;
    let context = Ctx::<data::JustLut<Val>>::new(&compiled.lut, Vars::new([]));
    for output in compiled.id.run((context, input)) {
        // `halt` would end the process with an exit code of the filter.
        let output = output.map_err(|exception| match exception.get_err() {
            Ok(error) => failed(&error.to_string()),
            Err(_) => failed("halt is not supported"),
        })?;
        if !result(output.to_string()) {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_json_and_numbers_keep_their_digits() {
        let run = |filter: &str| {
            run(filter, r#"{"z":[{"a":1.10},{"a":"x"}],"big":12345678901234567890}"#, None).unwrap()
        };
        assert_eq!(run(".z[].a"), ["1.10", "\"x\""]);
        assert_eq!(run(".big"), ["12345678901234567890"]);
        assert_eq!(run(".z | length"), ["2"]);
        assert_eq!(run("[.z[] | .a] | @json"), [r#""[1.10,\"x\"]""#]);
    }

    #[test]
    fn a_filter_ends_no_process_and_reads_no_environment() {
        let run = |filter: &str| run(filter, r#"[1,"a\"b\tc",null]"#, Some(Duration::from_secs(1)));
        for filter in ["halt", "halt(3)", "halt_error", "halt_error(5)", "repeat(1)", "last(repeat(1))"] {
            assert_eq!(run(filter).unwrap_err().exit, Exit::Local, "{filter}");
        }
        assert_eq!(run("env").unwrap(), ["{}"]);
        assert_eq!(run("@csv").unwrap(), [r#""1,\"a\"\"b\tc\",""#]);
        assert_eq!(run("@tsv").unwrap(), [r#""1\ta\"b\\tc\t""#]);
        assert_eq!(run(".[0] | IN(1, 2)").unwrap(), ["true"]);
        assert_eq!(run("[.[0]] | INDEX(.)").unwrap(), [r#"{"1":1}"#]);
    }

    #[test]
    fn mistakes_are_usage_errors() {
        for filter in ["", ".[", "nope", ".a | x(1)"] {
            assert!(
                filter.is_empty() || check(filter).unwrap_err().text(false).starts_with("authctl: --jq"),
                "{filter}"
            );
        }
        assert!(run(".a.b", "[1]", None).is_err());
    }
}
