//! What was measured, beside its limit.

use super::measure::Built;
use crate::report::budgets::{CrateSizes, Sizes};
use crate::report::{Row, thousands};

/// A row from a value with its text, or the reason why there is none.
fn row(
    (name, part, what): (&str, &str, &str),
    (limit, target): (f64, String),
    value: Result<(f64, String), &str>,
    cases: &str,
) -> Row {
    let (id, what) = (format!("sizes.{name}.{part}"), format!("{name}: {what}"));
    match value {
        Err(why) => Row::not_run(&id, &what, &target, why),
        Ok((value, measured)) => Row::at_most(&id, &what, value, limit, target, measured).cases(cases),
    }
}

fn at_most(limit: f64, unit: &str) -> (f64, String) {
    (limit, format!("≤ {limit}{unit}"))
}

fn ratio_at_most(limit: f64) -> (f64, String) {
    (limit, format!("≤ {limit:.2}"))
}

pub(super) fn packages(name: &str, ours: usize, base: usize, limits: &CrateSizes) -> Row {
    let more = ours as f64 - base as f64;
    let what = (name, "packages", "packages more than reqwest alone");
    let value = Ok((more, format!("{more} ({ours} to {base})")));
    row(what, at_most(limits.packages_over_reqwest, ""), value, "1 dependency tree")
}

pub(super) fn build(name: &str, built: &Result<(Built, Built), String>, limits: &CrateSizes) -> Row {
    let what = (name, "build-cpu", "processor time of a clean development build, against reqwest alone");
    let value = built.as_ref().map_err(String::as_str).map(|(ours, base)| {
        let (ours, base) = (ours.cpu_seconds, base.cpu_seconds);
        (ours / base, format!("{:.2} ({ours:.1} s to {base:.1} s)", ours / base))
    });
    row(what, ratio_at_most(limits.build_cpu_ratio), value, "1 clean build each")
}

pub(super) fn binary(name: &str, built: &Result<(u64, u64), String>, limits: &CrateSizes) -> Row {
    let what = (name, "binary", "stripped release program, against reqwest alone");
    let value = built.as_ref().map_err(String::as_str).map(|(ours, base)| {
        let ratio = *ours as f64 / *base as f64;
        let kib = |bytes: &u64| thousands(bytes / 1024);
        (ratio, format!("{ratio:.2} ({} KiB to {} KiB)", kib(ours), kib(base)))
    });
    row(what, ratio_at_most(limits.binary_ratio), value, "1 build each")
}

pub(super) fn own_build(name: &str, built: &Result<(Built, Built), String>, budgets: &Sizes) -> Row {
    let what = (name, "own-build", "development build of the crate alone, its dependencies being built");
    let value = built.as_ref().map_err(String::as_str);
    let value = value.map(|(ours, _)| (ours.own_seconds, format!("{:.1} s", ours.own_seconds)));
    row(what, at_most(budgets.own_build_seconds, " s"), value, "1 build")
}

pub(super) fn check(name: &str, seconds: f64, budgets: &Sizes) -> Row {
    let what = (name, "check", "cargo check after a change of one hand-written file");
    row(what, at_most(budgets.check_seconds, " s"), Ok((seconds, format!("{seconds:.1} s"))), "1 check")
}

/// Models are counted out: how many there are is the vendor's doing.
pub(super) fn generated(
    name: &str,
    (all, beside_models): (usize, usize),
    operations: usize,
    budgets: &Sizes,
) -> Row {
    let each = |lines: usize| lines as f64 / operations.max(1) as f64;
    let measured = format!("{:.0} ({:.0} with the models)", each(beside_models), each(all));
    row(
        (name, "generated", "generated lines per operation, beside the models"),
        at_most(budgets.generated_lines_per_operation, ""),
        Ok((each(beside_models), measured)),
        &format!("{operations} operations"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Status;

    fn limits() -> CrateSizes {
        CrateSizes {
            packages_over_reqwest: 15.0,
            build_cpu_ratio: 1.1,
            binary_ratio: 1.1,
            reason: "a test".to_owned(),
        }
    }

    fn budgets() -> Sizes {
        Sizes {
            generated_lines_per_operation: 150.0,
            own_build_seconds: 30.0,
            check_seconds: 5.0,
            crates: [("x".to_owned(), limits())].into(),
        }
    }

    #[test]
    fn fewer_packages_than_reqwest_are_fine() {
        assert_eq!(packages("x", 80, 87, &limits()).status, Status::Pass);
        assert_eq!(packages("x", 102, 87, &limits()).status, Status::Pass);
        assert_eq!(packages("x", 103, 87, &limits()).status, Status::Fail);
    }

    #[test]
    fn what_was_not_built_is_not_run() {
        let row = build("x", &Err("no Linux".to_owned()), &limits());
        assert_eq!((row.status, row.measured.as_str()), (Status::NotRun, "no Linux"));
    }

    #[test]
    fn models_do_not_count_and_are_told() {
        let row = generated("x", (4000, 1500), 10, &budgets());
        assert_eq!((row.status, row.measured.as_str()), (Status::Pass, "150 (400 with the models)"));
        assert_eq!(generated("x", (4000, 1510), 10, &budgets()).status, Status::Fail);
        assert_eq!(generated("x", (0, 0), 0, &budgets()).status, Status::Pass);
    }

    #[test]
    fn seconds_have_limits() {
        assert_eq!(check("x", 5.0, &budgets()).status, Status::Pass);
        assert_eq!(check("x", 5.1, &budgets()).status, Status::Fail);
        let built = |own_seconds| Built { cpu_seconds: 1.0, binary_bytes: 1, own_seconds };
        assert_eq!(own_build("x", &Ok((built(31.0), built(1.0))), &budgets()).status, Status::Fail);
    }
}
