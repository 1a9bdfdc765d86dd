//! What `cargo test` printed, test by test.

use std::collections::BTreeMap;

/// How one test came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Passed,
    Failed,
    Ignored,
}

/// How a test binary came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Results {
    Ran(BTreeMap<String, Outcome>),
    /// The first error of the compiler.
    NotBuilt(String),
}

/// Reads both outputs of `cargo test` for one binary. A binary that died on the way has no result for the test that
/// was under way and those after it.
pub(super) fn read(out: &str, errors: &str) -> Results {
    if !out.lines().any(|line| line.starts_with("running ")) {
        let first = errors.lines().find(|line| line.starts_with("error"));
        return Results::NotBuilt(first.unwrap_or("cargo gave no reason").to_owned());
    }
    let outcomes = out.lines().filter_map(|line| {
        let (name, word) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
        let outcome = match word.split_whitespace().next()?.trim_end_matches(',') {
            "ok" => Outcome::Passed,
            "FAILED" => Outcome::Failed,
            "ignored" => Outcome::Ignored,
            _ => return None,
        };
        // A test that is expected to panic says so after its name.
        let name = name.split_once(" - ").map_or(name, |(name, _)| name);
        Some((name.to_owned(), outcome))
    });
    Results::Ran(outcomes.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUT: &str = "\nrunning 4 tests\n\
        test path::tests::good ... ok\n\
        test path::tests::bad ... FAILED\n\
        test slow ... ignored, takes an hour\n\
        test panics - should panic ... ok\n\n\
        failures:\n\n---- path::tests::bad stdout ----\ntest of something ... unclear\n\n\
        test result: FAILED. 2 passed; 1 failed; 1 ignored; 0 measured; 9 filtered out; finished in 0.00s\n";

    #[test]
    fn every_test_has_its_outcome() {
        let Results::Ran(outcomes) = read(OUT, "") else { panic!("it ran") };
        let expected = [
            ("panics", Outcome::Passed),
            ("path::tests::bad", Outcome::Failed),
            ("path::tests::good", Outcome::Passed),
            ("slow", Outcome::Ignored),
        ];
        assert_eq!(outcomes, expected.map(|(name, outcome)| (name.to_owned(), outcome)).into());
    }

    #[test]
    fn what_does_not_build_has_the_first_error() {
        let errors = "   Compiling x v0.1.0\nwarning: a\nerror[E0282]: type annotations needed\nerror: could not compile";
        assert_eq!(read("", errors), Results::NotBuilt("error[E0282]: type annotations needed".to_owned()));
        assert!(matches!(read("", ""), Results::NotBuilt(_)));
    }

    #[test]
    fn a_run_of_nothing_has_nothing() {
        assert_eq!(read("running 0 tests\n\ntest result: ok. 0 passed", ""), Results::Ran(BTreeMap::new()));
    }
}
