//! All namespaces of an emulator, and which of them a request belongs to: by the beginning of its path, by a header, or by a
//! credential that only one namespace has.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use http::request::Parts;

use crate::framework::caller::{caller, fingerprint};
use crate::framework::exchange::{HeaderProblem, header_once};
use crate::framework::sync::lock;
use crate::namespace::snapshot::Snapshots;
use crate::namespace::space::{Blueprint, Space};

/// The header that names the namespace of a request.
pub(crate) const HEADER: &str = "x-emulator-namespace";
/// The beginning of a path, before the name of the namespace.
pub(crate) const PREFIX: &str = "/ns/";
/// The name of the namespace of all other requests.
pub(crate) const DEFAULT: &str = "default";

/// The default of the maximum number of namespaces.
pub(crate) const MAX_NAMESPACES: usize = 1000;
const MAX_NAME: usize = 64;

/// A namespace is not available.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = auth_emulator::Emulator::start().await?;
/// let error = emulator.namespace("a/b").unwrap_err();
/// assert!(error.to_string().starts_with("invalid namespace \"a/b\""));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NamespaceError {
    /// The name is invalid.
    #[error(
        "invalid namespace {0:?}: 1 to 64 letters, digits, `-`, `_` and `.` are allowed, not starting with `.`"
    )]
    InvalidName(String),
    /// There are too many namespaces.
    #[error("there are {0} namespaces already; drop those that are no longer needed")]
    TooMany(usize),
    /// The namespace exists, with another seed.
    #[error("the namespace {0:?} exists already, with another seed")]
    OtherSeed(String),
    /// The request names two namespaces.
    #[error("the path names the namespace {0:?}, the header x-emulator-namespace another one")]
    Ambiguous(String),
    /// The namespace does not exist.
    #[error("no namespace {0:?}")]
    NotFound(String),
    /// The default namespace can't be dropped.
    #[error("the default namespace can't be dropped")]
    Default,
}

/// The namespace of a request.
pub(crate) struct Selected {
    pub space: Arc<Space>,
    /// The length of the beginning of the path that names the namespace.
    pub prefix: usize,
}

pub(crate) struct Registry {
    blueprint: Blueprint,
    capacity: usize,
    main: Arc<Space>,
    others: Mutex<Others>,
    /// Whether a namespace has its own credentials. If none has, requests skip the lookup in `others`.
    has_credentials: AtomicBool,
    pub snapshots: Snapshots,
}

#[derive(Default)]
struct Others {
    by_name: BTreeMap<String, Arc<Space>>,
    /// By position of the provider and caller.
    by_caller: HashMap<(usize, String), Arc<Space>>,
}

impl Registry {
    pub(crate) fn new(blueprint: Blueprint, capacity: usize) -> Self {
        let main = Arc::new(Space::new(DEFAULT, "", blueprint.seed, &blueprint));
        Self {
            blueprint,
            capacity,
            main,
            others: Mutex::default(),
            has_credentials: AtomicBool::new(false),
            snapshots: Snapshots::default(),
        }
    }

    pub(crate) fn main(&self) -> &Arc<Space> {
        &self.main
    }

    /// The namespace of a request to a provider, by the provider's position in `Space::list`. Created if it is new.
    pub(crate) fn of_request(&self, provider: usize, parts: &Parts) -> Result<Selected, NamespaceError> {
        let by_path = in_path(parts.uri.path());
        let by_header = match header_once(&parts.headers, HEADER) {
            Ok(name) => Some(name),
            Err(HeaderProblem::Missing) => None,
            Err(problem) => {
                return Err(NamespaceError::InvalidName(format!("header that {}", problem.message())));
            }
        };
        match (by_path, by_header) {
            (Some((name, _)), Some(other)) if name != other => {
                Err(NamespaceError::Ambiguous(name.chars().take(MAX_NAME).collect()))
            }
            (Some((name, prefix)), _) => Ok(Selected { space: self.open(name, None)?, prefix }),
            (None, Some(name)) => Ok(Selected { space: self.open(name, None)?, prefix: 0 }),
            (None, None) => Ok(Selected { space: self.by_caller(provider, parts), prefix: 0 }),
        }
    }

    fn by_caller(&self, provider: usize, parts: &Parts) -> Arc<Space> {
        let found = self.has_credentials.load(Ordering::Relaxed).then(|| caller(&parts.headers)).flatten();
        let found = found.and_then(|caller| lock(&self.others).by_caller.get(&(provider, caller)).cloned());
        found.unwrap_or_else(|| Arc::clone(&self.main))
    }

    /// Returns the namespace with this name; creates it if it does not exist. A namespace with its own seed has
    /// its own credentials.
    pub(crate) fn open(&self, name: &str, seed: Option<u64>) -> Result<Arc<Space>, NamespaceError> {
        let space = if name == DEFAULT { Some(Arc::clone(&self.main)) } else { self.existing(name) };
        if let Some(space) = space {
            return match seed {
                Some(seed) if seed != space.seed => Err(NamespaceError::OtherSeed(name.to_owned())),
                _ => Ok(space),
            };
        }
        check_name(name)?;
        let mut others = lock(&self.others);
        if others.by_name.len() + 1 >= self.capacity && !others.by_name.contains_key(name) {
            return Err(NamespaceError::TooMany(self.capacity));
        }
        let main_seed = self.blueprint.seed;
        let space = others.by_name.entry(name.to_owned()).or_insert_with(|| {
            let prefix = format!("{PREFIX}{name}");
            Arc::new(Space::new(name, &prefix, seed.unwrap_or(main_seed), &self.blueprint))
        });
        let space = Arc::clone(space);
        if space.seed != main_seed {
            for (index, provider) in space.list.iter().enumerate() {
                for (_, value) in provider.env() {
                    others.by_caller.insert((index, fingerprint(&value)), Arc::clone(&space));
                    others.by_caller.insert((index, value), Arc::clone(&space));
                }
            }
            // What both have, such as a fixed user name, says nothing.
            for (index, provider) in self.main.list.iter().enumerate() {
                for (_, value) in provider.env() {
                    others.by_caller.remove(&(index, fingerprint(&value)));
                    others.by_caller.remove(&(index, value));
                }
            }
            self.has_credentials.store(true, Ordering::Relaxed);
        }
        Ok(space)
    }

    /// A namespace that exists.
    pub(crate) fn find(&self, name: &str) -> Result<Arc<Space>, NamespaceError> {
        let space = if name == DEFAULT { Some(Arc::clone(&self.main)) } else { self.existing(name) };
        space.ok_or_else(|| NamespaceError::NotFound(name.to_owned()))
    }

    fn existing(&self, name: &str) -> Option<Arc<Space>> {
        lock(&self.others).by_name.get(name).cloned()
    }

    /// The names of all namespaces, the default one first.
    pub(crate) fn names(&self) -> Vec<String> {
        let others = lock(&self.others);
        std::iter::once(DEFAULT.to_owned()).chain(others.by_name.keys().cloned()).collect()
    }

    /// Drops a namespace with everything in it.
    pub(crate) fn remove(&self, name: &str) -> Result<(), NamespaceError> {
        if name == DEFAULT {
            return Err(NamespaceError::Default);
        }
        let mut others = lock(&self.others);
        let removed = others.by_name.remove(name);
        others.by_caller.retain(|_, space| space.name != name);
        removed.map(drop).ok_or_else(|| NamespaceError::NotFound(name.to_owned()))
    }
}

/// The name in `/ns/name/…`, and the length of what comes before the rest of the path.
pub(crate) fn in_path(path: &str) -> Option<(&str, usize)> {
    let rest = path.strip_prefix(PREFIX)?;
    let name = rest.split('/').next().unwrap_or(rest);
    Some((name, PREFIX.len() + name.len()))
}

fn check_name(name: &str) -> Result<(), NamespaceError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let valid = (1..=MAX_NAME).contains(&name.len()) && !name.starts_with('.') && name.bytes().all(allowed);
    if valid { Ok(()) } else { Err(NamespaceError::InvalidName(name.chars().take(MAX_NAME).collect())) }
}

#[cfg(test)]
impl Registry {
    pub(crate) fn of_one(main: Space) -> Self {
        Self { main: Arc::new(main), ..Self::new(Blueprint::for_tests(), MAX_NAMESPACES) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_no_client_encodes() {
        for good in ["a", "test_1", "Anna.2", "a-b", &"x".repeat(64)] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "a/b", "a b", "a%20b", "é", &"x".repeat(65)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_name_ends_at_the_next_slash() {
        assert_eq!(in_path("/ns/a/api/Contact"), Some(("a", 5)));
        assert_eq!(in_path("/ns/a"), Some(("a", 5)));
        assert_eq!(in_path("/ns/"), Some(("", 4)));
        assert_eq!(in_path("/NS/a"), None);
        assert_eq!(in_path("/api/ns/a"), None);
    }
}
