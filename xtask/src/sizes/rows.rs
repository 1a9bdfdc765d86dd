//! What was measured, beside its limit.

use super::measure::Built;
use crate::report::budgets::{CrateSizes, Sizes};
use crate::report::{Row, thousands};

pub(super) fn packages(name: &str, ours: usize, base: usize, limits: &CrateSizes) -> Row {
    let limit = limits.packages_over_reqwest;
    let more = ours as f64 - base as f64;
    Row::at_most(
        &format!("sizes.{name}.packages"),
        &format!("{name}: packages more than reqwest alone"),
        more,
        limit,
        format!("≤ {limit}"),
        format!("{more} ({ours} to {base})"),
    )
    .cases("1 dependency tree")
}

pub(super) fn build(name: &str, built: &Result<(Built, Built), String>, limits: &CrateSizes) -> Row {
    let id = format!("sizes.{name}.build-cpu");
    let what = format!("{name}: processor time of a clean development build, against reqwest alone");
    let limit = limits.build_cpu_ratio;
    let target = format!("≤ {limit:.2}");
    match built {
        Err(why) => Row::not_run(&id, &what, &target, why),
        Ok((ours, base)) => {
            let ratio = ours.cpu_seconds / base.cpu_seconds;
            let measured = format!("{ratio:.2} ({:.1} s to {:.1} s)", ours.cpu_seconds, base.cpu_seconds);
            Row::at_most(&id, &what, ratio, limit, target, measured).cases("1 clean build each")
        }
    }
}

pub(super) fn binary(name: &str, built: &Result<(u64, u64), String>, limits: &CrateSizes) -> Row {
    let id = format!("sizes.{name}.binary");
    let what = format!("{name}: stripped release program, against reqwest alone");
    let limit = limits.binary_ratio;
    let target = format!("≤ {limit:.2}");
    match built {
        Err(why) => Row::not_run(&id, &what, &target, why),
        Ok((ours, base)) => {
            let ratio = *ours as f64 / *base as f64;
            let kib = |bytes: &u64| thousands(bytes / 1024);
            let measured = format!("{ratio:.2} ({} KiB to {} KiB)", kib(ours), kib(base));
            Row::at_most(&id, &what, ratio, limit, target, measured).cases("1 build each")
        }
    }
}

pub(super) fn own_build(name: &str, built: &Result<(Built, Built), String>, budgets: &Sizes) -> Row {
    let id = format!("sizes.{name}.own-build");
    let what = format!("{name}: development build of the crate alone, its dependencies being built");
    let limit = budgets.own_build_seconds;
    let target = format!("≤ {limit} s");
    match built {
        Err(why) => Row::not_run(&id, &what, &target, why),
        Ok((ours, _)) => {
            let measured = format!("{:.1} s", ours.own_seconds);
            Row::at_most(&id, &what, ours.own_seconds, limit, target, measured).cases("1 build")
        }
    }
}

pub(super) fn check(name: &str, seconds: f64, budgets: &Sizes) -> Row {
    let limit = budgets.check_seconds;
    let what = format!("{name}: cargo check after a change of one hand-written file");
    let (target, measured) = (format!("≤ {limit} s"), format!("{seconds:.1} s"));
    Row::at_most(&format!("sizes.{name}.check"), &what, seconds, limit, target, measured).cases("1 check")
}

/// Models are counted out: how many there are is the vendor's doing.
pub(super) fn generated(
    name: &str,
    (all, beside_models): (usize, usize),
    operations: usize,
    budgets: &Sizes,
) -> Row {
    let limit = budgets.generated_lines_per_operation;
    let each = beside_models as f64 / operations.max(1) as f64;
    let in_all = all as f64 / operations.max(1) as f64;
    Row::at_most(
        &format!("sizes.{name}.generated"),
        &format!("{name}: generated lines per operation, beside the models"),
        each,
        limit,
        format!("≤ {limit}"),
        format!("{each:.0} ({in_all:.0} with the models)"),
    )
    .cases(format!("{operations} operations"))
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
