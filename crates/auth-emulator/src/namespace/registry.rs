//! All namespaces of an emulator, and which of them a request belongs to: by the beginning of its path, by a header, or by a
//! credential that only one namespace has.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use http::request::Parts;

use crate::framework::caller::{credentials, fingerprint, has_credential};
use crate::framework::exchange::{HeaderProblem, Reply, header_once};
use crate::framework::redact::Secrets;
use crate::framework::sync::lock;
use crate::namespace::snapshot::{Snapshot, Snapshots};
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
/// The maximum number of credentials that lead to a namespace.
const MAX_CREDENTIALS: usize = 100_000;

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
    /// The emulator remembers no more credentials that lead to a namespace.
    #[error(
        "the emulator remembers the {0} credentials that lead to namespaces, and no more: drop namespaces that are no longer needed, \
         or use the base URLs of the namespace, which contain its name"
    )]
    TooManyCredentials(usize),
    /// The namespace exists, with another seed.
    #[error("the namespace {0:?} exists already, with another seed")]
    OtherSeed(String),
    /// The namespace exists, and a copy would replace it.
    #[error("the namespace {0:?} exists already, and a copy would replace it: drop it first")]
    Exists(String),
    /// The request names two namespaces.
    #[error(
        "the request names the namespace {0:?}, and another one by its port, path, header or credential; the addresses of a namespace are \
         in its ready line, and `auth-emulator env --namespace {0}` prints them"
    )]
    Ambiguous(String),
    /// The namespace does not exist.
    #[error("there is no namespace {0:?}")]
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
    /// True if the namespace was found by a credential alone.
    pub by_credential: bool,
}

pub(crate) struct Registry {
    blueprint: Blueprint,
    capacity: usize,
    main: Arc<Space>,
    others: Mutex<Others>,
    /// Held while a namespace is created, which may open ports: `others` must not be locked for that long.
    opening: Mutex<()>,
    /// Whether a namespace has its own credentials. If none has, requests skip the lookup in `others`.
    has_credentials: AtomicBool,
    pub snapshots: Snapshots,
}

struct Others {
    by_name: BTreeMap<String, Arc<Space>>,
    /// The names of the namespaces that have a credential, by position of the provider and fingerprint.
    by_credential: HashMap<(usize, String), BTreeSet<String>>,
    max_credentials: usize,
}

impl Others {
    fn learn(&mut self, provider: usize, fingerprint: String, name: &str) -> Result<(), NamespaceError> {
        let key = (provider, fingerprint);
        if !self.by_credential.contains_key(&key) {
            self.has_room(1)?;
        }
        self.by_credential.entry(key).or_default().insert(name.to_owned());
        Ok(())
    }

    /// Checks that this many more credentials can be remembered.
    fn has_room(&self, more: usize) -> Result<(), NamespaceError> {
        let max = self.max_credentials;
        if self.by_credential.len() + more <= max {
            Ok(())
        } else {
            Err(NamespaceError::TooManyCredentials(max))
        }
    }
}

impl Registry {
    pub(crate) fn new(blueprint: Blueprint, capacity: usize) -> Self {
        let main = Arc::new(Space::new(DEFAULT, "", None, &blueprint));
        Self {
            blueprint,
            capacity,
            main,
            others: Mutex::new(Others {
                by_name: BTreeMap::new(),
                by_credential: HashMap::new(),
                max_credentials: MAX_CREDENTIALS,
            }),
            opening: Mutex::new(()),
            has_credentials: AtomicBool::new(false),
            snapshots: Snapshots::default(),
        }
    }

    pub(crate) fn main(&self) -> &Arc<Space> {
        &self.main
    }

    /// The namespace of a request to a provider, by the provider's position in `Space::list`. Created if it is new. `owner` is
    /// the namespace of a listener that only one has.
    pub(crate) fn of_request(
        &self,
        provider: usize,
        owner: Option<&str>,
        parts: &Parts,
        form: &[u8],
    ) -> Result<Selected, NamespaceError> {
        let by_path = in_path(parts.uri.path());
        let by_header = match header_once(&parts.headers, HEADER) {
            Ok(name) => Some(name),
            Err(HeaderProblem::Missing) => None,
            Err(problem) => {
                return Err(NamespaceError::InvalidName(format!("header that {}", problem.message())));
            }
        };
        let prefix = by_path.map_or(0, |(_, prefix)| prefix);
        let mut names = [owner, by_path.map(|(name, _)| name), by_header].into_iter().flatten();
        let Some(name) = names.next() else {
            let space = self.by_credential(provider, parts, form)?;
            let by_credential = space.name != DEFAULT;
            return Ok(Selected { space, prefix, by_credential });
        };
        if let Some(other) = names.find(|other| *other != name) {
            return Err(NamespaceError::Ambiguous(other.chars().take(MAX_NAME).collect()));
        }
        let space = if owner.is_some() { self.find(name) } else { self.open(name, None) };
        Ok(Selected { space: space?, prefix, by_credential: false })
    }

    /// Whether the namespace of a request may depend on its body: a form with a password.
    pub(crate) fn needs_body(&self, parts: &Parts) -> bool {
        self.has_credentials.load(Ordering::Relaxed)
            && parts.method == http::Method::POST
            && !has_credential(&parts.headers)
    }

    fn by_credential(
        &self,
        provider: usize,
        parts: &Parts,
        form: &[u8],
    ) -> Result<Arc<Space>, NamespaceError> {
        if !self.has_credentials.load(Ordering::Relaxed) {
            return Ok(Arc::clone(&self.main));
        }
        let others = lock(&self.others);
        let given = credentials(&parts.headers, parts.uri.query().unwrap_or_default(), form);
        let owners = given.into_iter().filter_map(|one| others.by_credential.get(&(provider, one)));
        // What the default namespace has too, such as a fixed user name, says nothing.
        let owners = owners.filter(|names| !names.contains(DEFAULT)).cloned();
        let owners = owners.reduce(|all, names| &all & &names).unwrap_or_default();
        match owners.first().and_then(|name| others.by_name.get(name)) {
            Some(space) if owners.len() > 1 => Err(NamespaceError::Ambiguous(space.name.clone())),
            found => Ok(Arc::clone(found.unwrap_or(&self.main))),
        }
    }

    /// Tokens, cookies and other credentials in a response of a namespace with its own credentials lead to it, too. An error
    /// means that one of them does not.
    pub(crate) fn learn(&self, provider: usize, space: &Space, reply: &Reply) -> Result<(), NamespaceError> {
        if space.credential_seed == self.main.credential_seed {
            return Ok(());
        }
        let mut issued = Secrets::default();
        issued.add_issued(reply);
        let mut others = lock(&self.others);
        issued.fingerprints().into_iter().try_for_each(|one| others.learn(provider, one, &space.name))
    }

    /// Returns the namespace with this name; creates it if it does not exist. A namespace with its own seed has
    /// its own credentials.
    pub(crate) fn open(&self, name: &str, seed: Option<u64>) -> Result<Arc<Space>, NamespaceError> {
        let existing = || {
            let space = if name == DEFAULT { Some(Arc::clone(&self.main)) } else { self.existing(name) };
            space.map(|space| match seed {
                Some(seed) if (seed, seed) != (space.credential_seed, space.seed) => {
                    Err(NamespaceError::OtherSeed(name.to_owned()))
                }
                _ => Ok(space),
            })
        };
        if let Some(space) = existing() {
            return space;
        }
        let _opening = lock(&self.opening);
        // Another request may have created it in the meantime.
        existing().unwrap_or_else(|| self.create(name, seed, None))
    }

    /// Creates a namespace with the state of another one. Unlike `open`, it refuses a name that exists.
    pub(crate) fn create_copy(&self, name: &str, original: &Snapshot) -> Result<Arc<Space>, NamespaceError> {
        let _opening = lock(&self.opening);
        match self.find(name) {
            Ok(_) => Err(NamespaceError::Exists(name.to_owned())),
            Err(_) => self.create(name, None, Some(original)),
        }
    }

    /// The caller holds `opening`. Others find the namespace when it is complete.
    fn create(
        &self,
        name: &str,
        seed: Option<u64>,
        original: Option<&Snapshot>,
    ) -> Result<Arc<Space>, NamespaceError> {
        check_name(name)?;
        if lock(&self.others).by_name.len() + 1 >= self.capacity {
            return Err(NamespaceError::TooMany(self.capacity));
        }
        let prefix = format!("{PREFIX}{name}");
        let space = Arc::new(Space::new(name, &prefix, seed, &self.blueprint));
        if let Some(original) = original {
            space.restore(original);
        }
        let mut credentials = BTreeSet::new();
        if space.credential_seed != self.main.credential_seed {
            lock(&self.others).has_room(1)?;
            for space in [&space, &self.main] {
                for (index, provider) in space.list.iter().enumerate() {
                    let values = provider.env().into_iter();
                    credentials
                        .extend(values.map(|(_, value)| ((index, fingerprint(&value)), space.name.as_str())));
                }
            }
        }
        let mut others = lock(&self.others);
        let keys: BTreeSet<_> = credentials.iter().map(|(key, _)| key).collect();
        others.has_room(keys.into_iter().filter(|key| !others.by_credential.contains_key(*key)).count())?;
        if !credentials.is_empty() {
            self.has_credentials.store(true, Ordering::Relaxed);
        }
        for ((index, fingerprint), owner) in credentials {
            others.learn(index, fingerprint, owner)?;
        }
        others.by_name.insert(name.to_owned(), Arc::clone(&space));
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
        others.by_credential.retain(|_, names| !names.remove(name) || !names.is_empty());
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

    #[test]
    fn a_credential_too_many_is_an_error() {
        let registry = Registry::new(Blueprint::for_tests(), MAX_NAMESPACES);
        let space = registry.open("test", Some(7)).unwrap();
        let known = lock(&registry.others).by_credential.len();
        lock(&registry.others).max_credentials = known + 1;
        let token = |token: &str| {
            let body = serde_json::json!({ "access_token": token });
            registry.learn(0, &space, &Reply::json(http::StatusCode::OK, &body))
        };
        assert_eq!((token("first"), token("first")), (Ok(()), Ok(())));
        let full = NamespaceError::TooManyCredentials(known + 1);
        assert_eq!((token("second"), registry.open("other", Some(8)).err()), (Err(full.clone()), Some(full)));
        assert!(registry.open("plain", None).is_ok(), "it shares the credentials");
        lock(&registry.others).max_credentials += 1;
        let partly = registry.open("other", Some(8));
        assert!(partly.is_err() && registry.find("other").is_err(), "not with some of its credentials only");
        lock(&registry.others).max_credentials -= 1;
        registry.remove("test").unwrap();
        assert!(registry.open("other", Some(8)).is_ok(), "there is room again");
    }
}
