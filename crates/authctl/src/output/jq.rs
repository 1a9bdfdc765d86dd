//! `--jq`: filters by jaq, with a time limit, because a filter can run forever.

use crate::failure::Failure;
use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, data, unwrap_valr};
use jaq_json::{Val, read};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(10);

/// Runs a filter on a document and returns its results as JSON.
pub(crate) fn run(filter: &str, document: &str) -> Result<Vec<String>, Failure> {
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
    let mut results = Vec::new();
    loop {
        match receive.recv_timeout(LIMIT) {
            Ok(Ok(Some(result))) => results.push(result),
            Ok(Ok(None)) => return Ok(results),
            Ok(Err(failure)) => return Err(failure),
            Err(RecvTimeoutError::Timeout) => {
                return Err(Failure::local(format!("the filter had no result for {} s", LIMIT.as_secs())));
            }
            Err(RecvTimeoutError::Disconnected) => return Err(Failure::local("the filter failed")),
        }
    }
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
    let definitions = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
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
    let input = read::parse_single(document.as_bytes())
        .map_err(|_| Failure::local("the response can't be filtered"))?;
    let context = Ctx::<data::JustLut<Val>>::new(&compiled.lut, Vars::new([]));
    for output in compiled.id.run((context, input)).map(unwrap_valr) {
        let output = output.map_err(|error| Failure::usage(format!("--jq: {error}")))?;
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
        let run =
            |filter: &str| run(filter, r#"{"z":[{"a":1.10},{"a":"x"}],"big":12345678901234567890}"#).unwrap();
        assert_eq!(run(".z[].a"), ["1.10", "\"x\""]);
        assert_eq!(run(".big"), ["12345678901234567890"]);
        assert_eq!(run(".z | length"), ["2"]);
        assert_eq!(run("[.z[] | .a] | @json"), [r#""[1.10,\"x\"]""#]);
    }

    #[test]
    fn mistakes_are_usage_errors() {
        for filter in ["", ".[", "nope", ".a | x(1)"] {
            assert!(
                filter.is_empty() || check(filter).unwrap_err().text(false).starts_with("authctl: --jq"),
                "{filter}"
            );
        }
        assert!(run(".a.b", "[1]").is_err());
    }
}
