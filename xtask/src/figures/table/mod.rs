//! Which tests stand behind which figure.

mod reliability;
mod security;

/// A figure and its tests.
pub(super) struct Figure {
    pub(super) id: &'static str,
    /// What the tests go through.
    pub(super) what: &'static str,
    /// What they assert.
    pub(super) target: &'static str,
    pub(super) cases: &'static str,
    pub(super) tests: &'static [Test],
    /// Why there are no tests.
    pub(super) missing: Option<&'static str>,
}

/// A test by its name in its binary.
#[derive(Debug)]
pub(super) struct Test {
    pub(super) package: &'static str,
    /// `lib`, or the name of a file in `tests/`.
    pub(super) target: &'static str,
    pub(super) name: &'static str,
}

/// All figures.
pub(super) const SECTIONS: [&[Figure]; 2] = [reliability::FIGURES, security::FIGURES];

const fn core(target: &'static str, name: &'static str) -> Test {
    Test { package: "auth-client-core", target, name }
}

const fn auth(name: &'static str) -> Test {
    Test { package: "auth-core", target: "lib", name }
}

const fn verigator(target: &'static str, name: &'static str) -> Test {
    Test { package: "verigator-client", target, name }
}

const fn emulator(target: &'static str, name: &'static str) -> Test {
    Test { package: "auth-emulator", target, name }
}

const fn shown(
    id: &'static str,
    what: &'static str,
    target: &'static str,
    cases: &'static str,
    tests: &'static [Test],
) -> Figure {
    Figure { id, what, target, cases, tests, missing: None }
}

const fn planned(id: &'static str, what: &'static str, target: &'static str, why: &'static str) -> Figure {
    Figure { id, what, target, cases: "-", tests: &[], missing: Some(why) }
}
