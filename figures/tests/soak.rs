//! R20: a soak. `FIGURES_MINUTES` sets its length, and `FIGURES_SEED` makes it the same again.
//!
//! Alone in its program: memory is counted for the whole process.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use figures::matrix::soak;
use figures::{cases, report};
use std::time::Duration;

fn variable(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is no number: {value:?}")))
}

#[test]
fn long_lived_clients_keep_their_rules_among_random_faults() {
    let seed = variable("FIGURES_SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("FIGURES_SEED={seed}");
    let seconds = variable("FIGURES_MINUTES").map_or(cases(5, 600), |minutes| 60 * minutes);
    let soaked = soak(seed, Duration::from_secs(seconds)).unwrap();
    assert!(soaked.calls > 10 * seconds && soaked.failed > 0 && soaked.failed < soaked.calls, "{soaked:?}");
    let memory = soaked.memory.map_or_else(
        || "memory not compared".to_owned(),
        |[warm, end]| {
            let growth = 100.0 * (end as f64 / warm as f64 - 1.0);
            assert!(growth < 5.0, "{growth:.1} % more memory: {soaked:?}");
            format!("{growth:+.1} % memory")
        },
    );
    let (failed, slowest) = (soaked.failed, soaked.slowest.as_millis());
    report(
        "R20.soak",
        soaked.calls,
        &format!(
            "0 rules broken in {seconds} s, seed {seed}: {failed} calls failed as they may, the slowest took {slowest} ms, {memory}"
        ),
    );
}
