//! The policy: a file with the callers of the proxy and their rules.
//!
//! Rules are about operations, never about the text of a path. A caller of a file may do only what a rule allows, and a rule under
//! `deny` wins.

use super::caller::{Caller, Token};
use super::rate::Rate;
use crate::failure::Failure;
use crate::index::{self, Class, Operation, PROVIDERS};
use crate::words;
use auth_client_core::DateTime;
use serde::Deserialize;
use std::path::Path;
use std::time::SystemTime;
use toml::Spanned;
use wildmatch::WildMatch;

/// The facts of a call that rules are about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'s> {
    pub(crate) provider: &'static str,
    /// The id of the operation; the host of a VISE call; `raw` for a path that no operation has.
    pub(crate) id: &'s str,
    pub(crate) class: Class,
    /// It is an operation of the description. Nothing is known of the paths of VISE hosts.
    pub(crate) is_known: bool,
    /// The response contains credentials, so that reading it is as powerful as a write.
    pub(crate) returns_secrets: bool,
}

impl<'s> Subject<'s> {
    /// Calls of a known operation, whose id is `id`.
    pub(crate) fn of(operation: &Operation, id: &'s str) -> Self {
        Self {
            provider: operation.provider(),
            id,
            class: operation.class,
            is_known: true,
            returns_secrets: !operation.secrets.is_empty(),
        }
    }
}

/// The id of calls whose path no operation has.
pub(crate) const RAW: &str = "raw";

/// A decision about a call, and the rule behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) allowed: bool,
    pub(crate) reason: String,
}

/// A rule as written, and what it means.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    line: usize,
    text: String,
    provider: Option<&'static str>,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    /// All operations of the provider, or of all providers.
    All,
    Class(Class),
    Id(WildMatch),
    /// Paths that no operation has.
    Raw,
}

/// The rules of one caller.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    allow: Vec<Rule>,
    deny: Vec<Rule>,
    read_only: bool,
    /// Without a file, everything is allowed that `read_only` doesn't rule out.
    open: bool,
}

impl Rules {
    /// Everything, or everything that only reads.
    pub(crate) fn open(read_only: bool) -> Self {
        Self { read_only, open: true, ..Self::default() }
    }

    /// Returns `true` if some host of VISE may be called.
    pub(crate) fn may_call_vise(&self) -> bool {
        !self.read_only && (self.open || self.allow.iter().any(|rule| rule.provider == Some("vise")))
    }

    pub(crate) fn decide(&self, subject: Subject<'_>) -> Decision {
        let decided = |allowed: bool, reason: String| Decision { allowed, reason };
        let only_reads = subject.class == Class::Read && !subject.returns_secrets && subject.is_known;
        if self.read_only && !only_reads {
            let what = match subject {
                Subject { class: Class::IdempotentWrite | Class::Write, .. } => "a write",
                Subject { is_known: false, .. } => "a path of which nothing is known",
                _ => "a response with credentials",
            };
            return decided(false, format!("--read-only rules out {what}"));
        }
        if self.open {
            return decided(true, "there is no policy".to_owned());
        }
        if let Some(rule) = self.deny.iter().find(|rule| rule.denies(subject)) {
            return decided(false, format!("line {}: deny {:?}", rule.line, rule.text));
        }
        match self.allow.iter().find(|rule| rule.allows(subject)) {
            Some(rule) => decided(true, format!("line {}: allow {:?}", rule.line, rule.text)),
            None => decided(false, "no rule allows it".to_owned()),
        }
    }
}

impl Rule {
    /// `[PROVIDER:]class:CLASS`, `[PROVIDER:]ID` with `*` for any characters, or a provider.
    fn parse(text: &str, line: usize) -> Result<Self, String> {
        let found = |name: &str| PROVIDERS.into_iter().find(|known| *known == name);
        let (provider, what) = match text.split_once(':') {
            Some(("class", _)) | None => match found(text) {
                Some(provider) => (Some(provider), "*"),
                None => (None, text),
            },
            Some((name, what)) => {
                let near = || words::did_you_mean(name, PROVIDERS.into_iter());
                (Some(found(name).ok_or_else(|| format!("there is no provider {name:?}{}", near()))?), what)
            }
        };
        let what = match what.strip_prefix("class:") {
            Some("read") => What::Class(Class::Read),
            Some("idempotent-write") => What::Class(Class::IdempotentWrite),
            Some("write") => What::Class(Class::Write),
            Some(other) => {
                let near = words::did_you_mean(other, ["read", "idempotent-write", "write"].into_iter());
                return Err(format!("there is no class {other:?}{near}"));
            }
            None if what == "*" => What::All,
            None if what == RAW && provider != Some("vise") => What::Raw,
            None if provider == Some("vise") => What::Id(WildMatch::new(&host(what)?)),
            None => What::Id(WildMatch::new(what)),
        };
        let rule = Self { line, text: text.to_owned(), provider, what };
        if rule.is_useless() {
            return Err(format!("{text:?} matches no operation{}", rule.near()));
        }
        Ok(rule)
    }

    /// Returns `true` if the rule, under `allow`, is about the call. What is not known, and responses with credentials, are allowed by their
    /// names only.
    fn allows(&self, subject: Subject<'_>) -> bool {
        let of_vise = subject.provider == "vise" && self.provider == Some("vise");
        self.denies(subject)
            && match &self.what {
                What::All => of_vise || subject.is_known && !subject.returns_secrets,
                What::Class(_) => subject.is_known && !subject.returns_secrets,
                What::Id(_) => of_vise || subject.is_known,
                What::Raw => true,
            }
    }

    /// Returns `true` if the rule, under `deny`, is about the call.
    fn denies(&self, subject: Subject<'_>) -> bool {
        self.provider.is_none_or(|provider| provider == subject.provider)
            && match &self.what {
                What::All => true,
                What::Id(pattern) => pattern.matches(subject.id),
                // The general class includes the special one.
                What::Class(Class::Write) => subject.class != Class::Read,
                What::Class(class) => subject.class == *class,
                What::Raw => subject.id == RAW,
            }
    }

    fn providers(&self) -> impl Iterator<Item = &'static str> {
        PROVIDERS.into_iter().filter(|known| self.provider.is_none_or(|own| own == *known))
    }

    fn is_useless(&self) -> bool {
        let What::Id(pattern) = &self.what else { return false };
        // The hosts of VISE are known to the account only.
        let of_vise = self.provider == Some("vise");
        let mut ids = self.providers().filter(|one| *one != "vise").flat_map(index::operations);
        !of_vise && !ids.any(|key| pattern.matches(&format!("{}.{}", key.resource, key.name)))
    }

    fn near(&self) -> String {
        let What::Id(pattern) = &self.what else { return String::new() };
        let keys = self.providers().flat_map(index::operations);
        let ids: Vec<String> = keys.map(|key| format!("{}.{}", key.resource, key.name)).collect();
        words::did_you_mean(&pattern.to_string(), ids.iter().map(String::as_str))
    }
}

/// A pattern for hosts of VISE, which are compared in lower case.
fn host(pattern: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '*' | '[' | ']');
    match !pattern.is_empty() && pattern.chars().all(plain) {
        true => Ok(pattern.to_ascii_lowercase()),
        false => Err(format!("{pattern:?} is no host of VISE: write vise:HOST, with its port if it has one")),
    }
}

/// Checks the name of a caller.
pub(crate) fn check_name(name: &str) -> Result<(), &'static str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    match !name.is_empty() && name.chars().all(plain) {
        true => Ok(()),
        false => Err("a name has letters, digits, `-`, `_` and `.` only"),
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    caller: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: Spanned<String>,
    token_sha256: Option<Spanned<String>>,
    user_id: Option<u32>,
    #[serde(default)]
    allow: Vec<Spanned<String>>,
    #[serde(default)]
    deny: Vec<Spanned<String>>,
    rate: Option<Spanned<String>>,
    expires: Option<Spanned<toml::value::Datetime>>,
}

/// Reads a policy file.
pub(crate) fn load(path: &Path, read_only: bool) -> Result<Vec<Caller>, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::local(format!("{} can't be read: {error}", path.display())))?;
    parse(&text, read_only).map_err(|(line, problem)| {
        Failure::usage(format!("{}, line {line}: {problem}", path.display()))
            .hint("authctl policy --help describes the file")
    })
}

/// Parses a policy. The problem comes with the number of its line.
fn parse(text: &str, read_only: bool) -> Result<Vec<Caller>, (usize, String)> {
    let line_of = |start: usize| text.get(..start).unwrap_or_default().matches('\n').count() + 1;
    let file: File = toml::from_str(text)
        .map_err(|error| (line_of(error.span().map_or(0, |span| span.start)), error.message().to_owned()))?;
    if file.caller.is_empty() {
        return Err((1, "there is no [[caller]]".to_owned()));
    }
    let mut callers: Vec<Caller> = Vec::new();
    for entry in file.caller {
        let at = line_of(entry.name.span().start);
        let name = entry.name.into_inner();
        check_name(&name).map_err(|problem| (at, problem.to_owned()))?;
        let rules = |list: Vec<Spanned<String>>| {
            let parsed = list.into_iter().map(|rule| {
                let line = line_of(rule.span().start);
                Rule::parse(rule.get_ref(), line).map_err(|problem| (line, problem))
            });
            parsed.collect::<Result<Vec<Rule>, _>>()
        };
        let token = match &entry.token_sha256 {
            Some(digest) => Some(
                Token::of_digest(digest.get_ref())
                    .map_err(|problem| (line_of(digest.span().start), problem.to_owned()))?,
            ),
            None => None,
        };
        if token.is_none() && entry.user_id.is_none() {
            return Err((at, format!("{name} needs `token_sha256` or, for a unix socket, `user_id`")));
        }
        let rate = match &entry.rate {
            Some(rate) => Some(
                Rate::parse(rate.get_ref())
                    .map_err(|problem| (line_of(rate.span().start), problem.to_owned()))?,
            ),
            None => None,
        };
        let expires = match &entry.expires {
            Some(time) => Some(instant(time.get_ref()).ok_or_else(|| {
                let form = "`expires` must be a time with an offset, such as 2027-01-31T12:00:00Z";
                (line_of(time.span().start), form.to_owned())
            })?),
            None => None,
        };
        let same = |other: &Caller| {
            other.name == name
                || token.is_some() && other.token == token
                || entry.user_id.is_some() && other.user_id == entry.user_id
        };
        if let Some(other) = callers.iter().find(|other| same(other)) {
            let problem =
                format!("{name} has the name, the token or the user of another caller, {}", other.name);
            return Err((at, problem));
        }
        let rules = Rules { allow: rules(entry.allow)?, deny: rules(entry.deny)?, read_only, open: false };
        callers.push(Caller::new(name, token, entry.user_id, rules, rate, expires));
    }
    Ok(callers)
}

/// A time of TOML with an offset.
fn instant(time: &toml::value::Datetime) -> Option<SystemTime> {
    time.offset?;
    DateTime::from(time.to_string()).to_system_time()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(allow: &[&str], deny: &[&str], subject: Subject<'_>) -> bool {
        let rules = |list: &[&str]| list.iter().map(|text| Rule::parse(text, 1).unwrap()).collect();
        Rules { allow: rules(allow), deny: rules(deny), ..Rules::default() }.decide(subject).allowed
    }

    const GET: Subject<'_> = Subject {
        provider: "virtuous",
        id: "contacts.get",
        class: Class::Read,
        is_known: true,
        returns_secrets: false,
    };

    #[test]
    fn what_is_powerful_or_unknown_is_allowed_by_its_name_only() {
        let put = Subject { id: "contacts.update", class: Class::IdempotentWrite, ..GET };
        let codes = Subject { provider: "revesecure", id: "bypass_codes.list", returns_secrets: true, ..GET };
        let raw = Subject { id: RAW, is_known: false, ..GET };
        let vise = Subject { provider: "vise", id: "a.example.com:8443", is_known: false, ..GET };
        for (subject, allow, deny, expected) in [
            (GET, vec!["*"], vec![], true),
            (GET, vec!["virtuous"], vec![], true),
            (GET, vec!["virtuous:contacts.*"], vec![], true),
            (GET, vec!["contacts.get"], vec!["verigator"], true),
            (GET, vec!["verigator"], vec![], false),
            (GET, vec![], vec![], false),
            (GET, vec!["contacts.get"], vec!["class:read"], false),
            (put, vec!["virtuous"], vec!["class:write"], false),
            (put, vec!["class:write"], vec![], true),
            (put, vec!["class:write"], vec!["class:idempotent-write"], false),
            (put, vec!["class:read"], vec![], false),
            (codes, vec!["*", "revesecure", "class:read", "revesecure:class:read"], vec![], false),
            (codes, vec!["revesecure:bypass_codes.*"], vec![], true),
            (codes, vec!["revesecure:bypass_codes.*"], vec!["revesecure"], false),
            (raw, vec!["*", "virtuous", "class:read", "virtuous:contacts.*"], vec![], false),
            (raw, vec!["virtuous:raw"], vec![], true),
            (raw, vec!["virtuous:raw"], vec!["class:read"], false),
            (vise, vec!["*", "class:read", "vise:class:read", "virtuous:raw"], vec![], false),
            (vise, vec!["vise"], vec![], true),
            (vise, vec!["vise:*.EXAMPLE.com:*"], vec![], true),
            (vise, vec!["vise"], vec!["vise:A.Example.com:*"], false),
            (vise, vec!["vise:other.example.com"], vec![], false),
        ] {
            assert_eq!(decide(&allow, &deny, subject), expected, "{subject:?} {allow:?} {deny:?}");
        }
    }

    #[test]
    fn read_only_rules_out_everything_but_known_reads() {
        let rules = Rules::open(true);
        assert!(rules.decide(GET).allowed);
        for subject in [
            Subject { class: Class::IdempotentWrite, ..GET },
            Subject { returns_secrets: true, ..GET },
            Subject { is_known: false, ..GET },
        ] {
            let decision = rules.decide(subject);
            assert!(!decision.allowed && decision.reason.starts_with("--read-only rules out"), "{subject:?}");
        }
    }
}
