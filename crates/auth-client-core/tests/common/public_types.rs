//! Which public types a search for secrets went through, against the committed list of a crate's public items: a type that
//! is new there has to be searched, or listed with the reason why it can't hold a secret.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// How a value can be printed, with the trait's name in the list.
const TRAITS: [(&str, &str); 4] = [
    ("Debug", "core::fmt::Debug"),
    ("Display", "core::fmt::Display"),
    ("Error", "core::error::Error"),
    ("Serialize", "serde_core::ser::Serialize"),
];

/// What a field that holds a secret is called. Such a field of a model is a `SecretString`, or listed with a reason.
const SECRET_NAMES: [&str; 16] = [
    "access_token",
    "api_key",
    "bearer",
    "bypass",
    "client_secret",
    "cookie",
    "hash",
    "otp",
    "passphrase",
    "password",
    "passwd",
    "phrase",
    "private_key",
    "refresh_token",
    "salt",
    "secret",
];

/// Pairs of a trait and a type's path, of all tests in this program.
static SEARCHED: Mutex<BTreeSet<(&'static str, String)>> = Mutex::new(BTreeSet::new());

/// Records that a value was searched; of a tuple or an array, that its elements were.
pub(super) fn searched<T: ?Sized>(how: &'static str) {
    let mut all = SEARCHED.lock().unwrap_or_else(PoisonError::into_inner);
    all.extend(parts(std::any::type_name::<T>()).into_iter().map(|path| (how, path)));
}

pub(super) fn all_searched() -> BTreeSet<(&'static str, String)> {
    SEARCHED.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// The paths of the types that are printed with a value of this type.
fn parts(name: &str) -> Vec<String> {
    let name = name.trim().trim_start_matches(['&', ' ']);
    if let Some(list) = name.strip_prefix(['(', '[']) {
        let mut depth = 0;
        let split = list.split(|c| {
            depth += i32::from(matches!(c, '<' | '(' | '[')) - i32::from(matches!(c, '>' | ')' | ']'));
            depth < 0 || depth == 0 && matches!(c, ',' | ';')
        });
        return split.flat_map(parts).collect();
    }
    let path = name.split('<').next().unwrap_or_default();
    if path.contains("::") { vec![path.to_owned()] } else { Vec::new() }
}

/// `a_client::inner::Thing` is `a_client Thing`: a type's own path has private modules, the list's path doesn't.
fn key(path: &str) -> String {
    let (first, last) = (path.split("::").next(), path.rsplit("::").next());
    format!("{} {}", first.unwrap_or_default(), last.unwrap_or_default())
}

/// The items of a crate that are types and are printed, with what the list says of each.
struct Listed<'l> {
    lines: Vec<&'l str>,
    /// Path, and how it is printed.
    printed: BTreeSet<(&'l str, &'static str)>,
}

impl<'l> Listed<'l> {
    fn read(list: &'l str, crate_name: &str) -> Self {
        let lines: Vec<&str> = list.lines().filter(|line| !line.contains("::reexports::")).collect();
        let mut printed = BTreeSet::new();
        for line in lines.iter().filter(|line| line.starts_with("impl")) {
            for (how, name) in TRAITS {
                let implementor = line.split_once(&format!("{name} for ")).map(|(_, path)| path);
                let path = implementor.and_then(|path| path.split(['<', ' ']).next());
                let ours = path.filter(|path| path.starts_with(&format!("{crate_name}::")));
                printed.extend(ours.map(|path| (path, how)));
            }
        }
        Self { lines, printed }
    }

    /// The lines of a type's variants, fields and methods: what comes after its path.
    fn of<'p>(&'p self, path: &'p str) -> impl Iterator<Item = (&'l str, bool)> + 'p {
        self.lines.iter().filter_map(move |line| {
            let item = line.strip_prefix("#[non_exhaustive] ").unwrap_or(line);
            let item = item.strip_prefix("pub ")?;
            let method = item.strip_prefix("fn ");
            let rest = method.unwrap_or(item).strip_prefix(path)?.strip_prefix("::")?;
            Some((rest, method.is_some()))
        })
    }

    fn is_enum(&self, path: &str) -> bool {
        self.lines.iter().any(|line| {
            line.split_once("pub enum ").is_some_and(|(_, rest)| rest.split(['<', ' ']).next() == Some(path))
        })
    }

    /// An enum whose variants hold nothing.
    fn is_word(&self, path: &str) -> bool {
        let holds = |(rest, method): (&str, bool)| !method && rest.contains(['(', ':']);
        self.is_enum(path) && !self.of(path).any(holds)
    }

    /// A model of JSON whose fields are no secrets by type or by name. What it contains is in the list on its own.
    fn is_plain_model(&self, path: &str) -> bool {
        let model = ["::models::", "::arguments::"].iter().any(|part| path.contains(part));
        let secret = |(rest, method): (&str, bool)| {
            let (name, of_what) = rest.split_once([':', '(']).unwrap_or((rest, ""));
            // A variant, or a constructor: what it takes is in a field.
            let field =
                name.starts_with(|first: char| first.is_ascii_lowercase()) && !rest.contains("-> Self");
            let plain = ["bool", "u32", "u64", "i64"].iter().any(|plain| of_what.trim_end().ends_with(plain));
            rest.contains("SecretString")
                || field
                    && !plain
                    && SECRET_NAMES.iter().any(|word| name.contains(word))
                    && (!method || rest.contains("-> "))
        };
        model && !self.of(path).any(secret)
    }
}

/// What is printed, was not searched and has no reason; and reasons that nothing needs. An exception is `module::Type Trait`,
/// `module::Type` for all traits or `module::` for all types, and its reason.
pub(crate) fn unsearched(
    crate_name: &str,
    list: &str,
    searched: &BTreeSet<(&'static str, String)>,
    exceptions: &[(&str, &str)],
) -> Vec<String> {
    let listed = Listed::read(list, crate_name);
    assert!(listed.printed.len() > 1, "the list of {crate_name} has no types");
    let mut found: BTreeMap<(&str, String), BTreeSet<&str>> = BTreeMap::new();
    for (how, path) in searched {
        found.entry((how, key(path))).or_default().insert(path);
    }
    let mut names: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for (path, how) in &listed.printed {
        *names.entry((how, key(path))).or_default() += 1;
    }
    let mut unused: BTreeSet<&str> = exceptions.iter().map(|(name, _)| *name).collect();
    let mut missing = Vec::new();
    for (path, how) in &listed.printed {
        let name = (*how, key(path));
        // Types of one name in two modules are as many searched types.
        if found.get(&name).map_or(0, BTreeSet::len) >= names.get(&name).copied().unwrap_or(1) {
            continue;
        }
        let inner = path.strip_prefix(crate_name).and_then(|path| path.strip_prefix("::")).unwrap_or(path);
        let exception = exceptions.iter().map(|(name, _)| *name).find(|name| {
            *name == inner
                || *name == format!("{inner} {how}")
                || name.ends_with("::") && inner.starts_with(name)
        });
        match exception {
            Some(exception) => drop(unused.remove(exception)),
            None if listed.is_word(path) || listed.is_plain_model(path) => {}
            None => missing.push(format!("{how} of {inner}")),
        }
    }
    missing.extend(unused.into_iter().map(|name| format!("nothing needs the exception {name}")));
    missing
}
