//! What a doctor says at the end, on standard error: how many assumptions hold, what was not tested, and what to write into a
//! profile.

use super::{Finding, Found, UNOBSERVED};
use crate::assumptions;
use crate::config;
use crate::failure::visible;
use crate::json::quote;
use crate::settings::{Settings, Source, variables};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// How many findings there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) confirmed: usize,
    pub(super) differs: usize,
    pub(super) undecided: usize,
    pub(super) untested: usize,
}

impl Counts {
    pub(super) fn of(found: &[Found<'_>]) -> Self {
        let count = |result: &str| found.iter().filter(|(_, finding)| finding.result().0 == result).count();
        Self {
            confirmed: count("confirmed"),
            differs: count("differs"),
            undecided: count("not decided"),
            untested: count("untested"),
        }
    }
}

/// The lines for people.
pub(super) fn text(settings: &Settings, found: &[Found<'_>], calls: u32) -> String {
    let Counts { confirmed, differs, undecided, untested } = Counts::of(found);
    let mut text = format!(
        "{}: {confirmed} as expected, {differs} {}, {undecided} not decided, {untested} not tested; {calls} {}",
        settings.provider,
        if differs == 1 { "differs" } else { "differ" },
        if calls == 1 { "call" } else { "calls" }
    );
    let mut reasons: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for (row, finding) in found {
        match finding {
            Finding::Undecided(why) => reasons.entry(("not decided", why)).or_default().push(row.id),
            Finding::Untested(why) => reasons.entry(("not tested", why)).or_default().push(row.id),
            Finding::Confirmed(_) | Finding::Differs(..) => {}
        }
    }
    // Writing to a String can't fail.
    for ((result, why), ids) in reasons {
        let _ = match why {
            UNOBSERVED => write!(text, "\n{result}: {why} ({}, --list names them)", ids.len()),
            _ => write!(text, "\n{result}: {why} ({})", ids.join(", ")),
        };
    }
    let keys: BTreeSet<&str> =
        found.iter().filter_map(|(_, finding)| profile_key(settings, finding)).collect();
    if !keys.is_empty() {
        text.push_str(&profile(settings, &keys));
    }
    text
}

/// The key of a profile, with its value, that ends a difference.
fn profile_key<'f>(settings: &Settings, finding: &'f Finding) -> Option<&'f str> {
    let Finding::Differs(_, setting) = finding else { return None };
    let (name, _) = setting.split_once(" = ")?;
    assumptions::keys(settings.provider).iter().any(|key| key.name == name).then_some(setting)
}

/// The table of a profile with these keys. Credentials of the environment are named there too, because sources are not mixed.
fn profile(settings: &Settings, keys: &BTreeSet<&str>) -> String {
    let path = config::path().map_or("the configuration file".to_owned(), |path| path.display().to_string());
    let name = match &settings.source {
        Source::Profile(name) | Source::Login(name, _) => name,
        Source::Environment | Source::Emulator => "NAME",
    };
    let mut text = format!("\nset in {}:\n  [profiles.{name}.{}]", visible(&path), settings.provider);
    if settings.source == Source::Environment {
        for variable in variables(settings.provider) {
            let Some(value) = settings.get(variable.name) else { continue };
            let value = if variable.secret { format!("env:{}", variable.name) } else { value.to_owned() };
            // Writing to a String can't fail.
            let _ = write!(text, "\n  {} = {}", variable.key, quote(&value));
        }
    }
    for key in keys {
        let _ = write!(text, "\n  {key}");
    }
    if name == "NAME" {
        text.push_str("\nand add --profile NAME to the commands");
    }
    text
}
