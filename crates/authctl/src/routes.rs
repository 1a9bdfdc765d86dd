//! From the method and path of a request to the operation that the vendor's router would choose.
//!
//! Everything that decides by operations (`api`, the proxy and its policy) resolves requests here, and the path is encoded anew from
//! the result. So the request that was checked is the one that is sent.

use crate::index::schema::Plain;
use crate::index::{self, Class, Key, Operation, Place};
use crate::target;
use auth_client_core::provider;
use http::Method;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};

/// The operations of a provider, prepared for look-ups.
#[derive(Debug)]
pub(crate) struct Routes {
    provider: &'static str,
    /// Sorted by their form.
    routes: Vec<Route>,
}

/// An operation with its path template.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) operation: Operation,
    /// For the engine.
    pub(crate) metadata: provider::Operation,
    template: Vec<Segment>,
    /// The query parameters that have one value.
    single: Vec<String>,
    /// The fields of the body that the client fills in.
    filled: OnceLock<Vec<String>>,
}

#[derive(Debug)]
enum Segment {
    Fixed(String),
    /// The name of the parameter, and the form of its values.
    Parameter(String, Option<Plain>),
}

/// The result of a look-up.
#[derive(Debug)]
pub(crate) enum Found<'r> {
    /// An operation, with the decoded values of its path parameters.
    Operation(&'r Route, Vec<String>),
    /// A path that no operation has, encoded anew.
    Unknown(String),
}

/// The reason why a path is neither an operation nor an unknown path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Misled {
    /// A segment is empty or a dot segment, or contains a separator, a percent sign or a control character when it is decoded.
    Segment,
    /// The path is that of an operation, but a parameter doesn't have its type.
    Parameter { operation: String, name: String },
}

impl fmt::Display for Misled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Segment => f.write_str(
                "a segment of the path is empty, `.` or `..`, or contains `/`, `\\`, `%`, `;` or a control character when decoded",
            ),
            Self::Parameter { operation, name } => {
                write!(f, "the parameter {name} of {operation} has another type")
            }
        }
    }
}

impl Routes {
    /// Returns the operations of a provider, which are parsed once.
    pub(crate) fn of(provider: &'static str) -> &'static Self {
        static PARSED: Mutex<BTreeMap<&str, &'static Routes>> = Mutex::new(BTreeMap::new());
        let mut parsed = PARSED.lock().unwrap_or_else(PoisonError::into_inner);
        parsed.entry(provider).or_insert_with(|| Box::leak(Box::new(Self::new(provider))))
    }

    fn new(provider: &'static str) -> Self {
        // The sessions of VISE have one address per domain: no path below the account's address is an operation.
        let operations = index::operations(provider).filter(|_| provider != "vise");
        let mut routes: Vec<Route> =
            operations.filter_map(Key::operation).map(|one| Route::new(provider, one)).collect();
        routes.sort_by(|one, other| one.form().cmp(&other.form()));
        Self { provider, routes }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Route> {
        self.routes.iter()
    }

    /// Returns the operation with this key.
    pub(crate) fn by_key(&self, key: Key) -> Option<&Route> {
        self.routes.iter().find(|route| route.operation.key == key)
    }

    pub(crate) fn provider(&self) -> &'static str {
        self.provider
    }

    /// Returns what a method and a path lead to. The path is split before anything is decoded, and each segment is decoded once.
    ///
    /// Letter case and one slash at the end make no difference, as in most routers: another spelling of an operation's path is that
    /// operation, and never an unknown path. A template with more fixed segments wins: `/api/Contact/Find` before
    /// `/api/Contact/{contactId}`.
    pub(crate) fn find(&self, method: &str, path: &str) -> Result<Found<'_>, Misled> {
        let path = path.strip_prefix('/').ok_or(Misled::Segment)?;
        let segments: Vec<String> = path
            .strip_suffix('/')
            .unwrap_or(path)
            .split('/')
            .map(decoded)
            .collect::<Option<_>>()
            .ok_or(Misled::Segment)?;
        let form = (method, segments.len());
        let start = self.routes.partition_point(|route| route.form() < form);
        let end = self.routes.partition_point(|route| route.form() <= form);
        let same_form = self.routes.get(start..end).unwrap_or_default().iter();
        let mut best: Option<(&Route, usize)> = None;
        let mut misled = None;
        for route in same_form.filter(|route| route.fits(&segments)) {
            match route.misfit(&segments) {
                Some(name) => {
                    misled.get_or_insert_with(|| Misled::Parameter {
                        operation: route.operation.id(),
                        name: name.to_owned(),
                    });
                }
                None => {
                    let parameters = route.parameters();
                    if best.is_none_or(|(_, fewest)| parameters < fewest) {
                        best = Some((route, parameters));
                    }
                }
            }
        }
        match (best, misled) {
            (Some((route, _)), _) => Ok(Found::Operation(route, route.values(segments))),
            (None, Some(misled)) => Err(misled),
            (None, None) => Ok(Found::Unknown(target::encoded(&segments))),
        }
    }
}

impl Route {
    pub(crate) fn new(provider: &str, operation: Operation) -> Self {
        let segments = operation.path.trim_start_matches('/').split('/');
        let template = segments.map(|text| segment(provider, &operation, text)).collect();
        let queries = operation.parameters.iter().filter(|one| one.place == Place::Query);
        let single = queries
            .filter(|one| one.schema.plain(provider).is_some_and(|plain| !plain.list))
            .map(|one| one.name.clone());
        let (metadata, filled) = (operation.metadata(), OnceLock::new());
        Self { metadata, template, single: single.collect(), filled, operation }
    }

    /// The method, and the number of segments.
    fn form(&self) -> (&str, usize) {
        (&self.operation.method, self.template.len())
    }

    /// Returns `true` if the fixed segments are those of a path with as many segments.
    fn fits(&self, segments: &[String]) -> bool {
        // From the end, because most paths begin alike.
        let mut given = segments.iter().rev();
        self.template.iter().rev().all(|own| match (own, given.next()) {
            (Segment::Fixed(text), Some(given)) => text.eq_ignore_ascii_case(given),
            (Segment::Parameter(..), given) => given.is_some(),
            (Segment::Fixed(_), None) => false,
        })
    }

    /// The first parameter that can't have its value.
    fn misfit(&self, segments: &[String]) -> Option<&str> {
        self.template.iter().zip(segments).find_map(|(own, value)| match own {
            Segment::Parameter(name, Some(plain)) => plain.json(value).is_err().then_some(name.as_str()),
            _ => None,
        })
    }

    fn parameters(&self) -> usize {
        self.template.iter().filter(|own| matches!(own, Segment::Parameter(..))).count()
    }

    fn values(&self, segments: Vec<String>) -> Vec<String> {
        let both = self.template.iter().zip(segments);
        both.filter(|(own, _)| matches!(own, Segment::Parameter(..))).map(|(_, value)| value).collect()
    }

    /// A query parameter that has one value and occurs more than once.
    pub(crate) fn repeated(&self, query: &[(String, String)]) -> Option<&str> {
        let count = |name: &str| query.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name)).count();
        self.single.iter().map(String::as_str).find(|name| count(name) > 1)
    }

    /// Returns `true` if the client fills in the value of a path parameter.
    pub(crate) fn is_filled(&self, name: &str) -> bool {
        self.operation.parameters.iter().any(|one| one.filled && one.place == Place::Path && one.name == name)
    }

    /// The fields of the body that the client fills in.
    pub(crate) fn filled_fields(&self) -> &[String] {
        self.filled.get_or_init(|| {
            let Some(body) = &self.operation.body else { return Vec::new() };
            let schema = index::resolve(self.operation.provider(), &body.schema);
            let filled = schema.properties.iter().filter(|(_, property)| property.filled);
            filled.map(|(name, _)| name.clone()).collect()
        })
    }

    /// The names of the path parameters, in the order of the path.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.template.iter().filter_map(|own| match own {
            Segment::Parameter(name, _) => Some(name.as_str()),
            Segment::Fixed(_) => None,
        })
    }
}

/// The class of a call whose path is no operation's: it reads if its method is safe.
pub(crate) fn class_of(method: &Method) -> Class {
    if method.is_safe() { Class::Read } else { Class::Write }
}

fn segment(provider: &str, operation: &Operation, text: &str) -> Segment {
    let Some(name) = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) else {
        return Segment::Fixed(text.to_owned());
    };
    let of_path = |place: Place| place == Place::Path;
    let parameter = operation.parameters.iter().find(|one| of_path(one.place) && one.name == name);
    Segment::Parameter(name.to_owned(), parameter.and_then(|one| one.schema.plain(provider)))
}

/// Decodes one segment. `None` if it could lead somewhere else than it seems to.
fn decoded(segment: &str) -> Option<String> {
    let text = target::decode(segment)?;
    let is_unsafe = |c: char| c.is_control() || matches!(c, '/' | '\\' | '%' | ';');
    (!text.is_empty() && text != "." && text != ".." && !text.contains(is_unsafe)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::PROVIDERS;

    /// The id and the values, the encoded path of no operation, or why it leads nowhere.
    fn found(routes: &Routes, method: &str, path: &str) -> String {
        match routes.find(method, path) {
            Ok(Found::Operation(route, values)) => format!("{} {values:?}", route.operation.id()),
            Ok(Found::Unknown(path)) => path,
            Err(error) => format!("{error:?}"),
        }
    }

    #[test]
    fn a_path_leads_to_the_operation_that_the_vendor_would_route_it_to() {
        let virtuous = Routes::of("virtuous");
        for (path, expected) in [
            ("/api/Contact/12", "contacts.get [\"12\"]"),
            ("/api/Contact/Find", "contacts.find []"),
            ("/api/Contact/crm/a%20b", "contacts.by_source [\"crm\", \"a b\"]"),
            // Other spellings of the same path.
            ("/api/Contact/12/", "contacts.get [\"12\"]"),
            ("/API/contact/12", "contacts.get [\"12\"]"),
            ("/api/%43ontact/%31%32", "contacts.get [\"12\"]"),
            // Paths of no operation.
            ("/api/Nothing/a%20b", "/api/Nothing/a%20b"),
            ("/api/Contact/12/13/14/15", "/api/Contact/12/13/14/15"),
        ] {
            assert_eq!(found(virtuous, "GET", path), expected, "{path}");
        }
        assert_eq!(found(virtuous, "TRACE", "/api/Contact/12"), "/api/Contact/12");
    }

    #[test]
    fn a_path_that_could_lead_somewhere_else_leads_nowhere() {
        let virtuous = Routes::of("virtuous");
        for path in [
            "/api/Contact/../Gift",
            "/api/Contact/%2e%2e",
            "/api/Contact/.%2E/Gift",
            "/api/./Contact/12",
            "/api//Contact/12",
            "//api/Contact/12",
            "/api/Contact/crm/a%2Fb",
            "/api/Contact/crm/a%5cb",
            "/api/Contact/crm/a\\b",
            "/api/Contact/crm/a%252Fb",
            "/api/Contact/crm/a;b",
            "/api/Contact/crm/a%3Bb",
            "/api/Contact/crm//",
            "/api/Contact/crm/%ff",
            "/api/Contact/crm/%4",
            "/api/Contact/crm/a%00",
            "/api/Contact/crm/a%0d%0ab",
            "api/Contact/12",
            "",
        ] {
            assert_eq!(found(virtuous, "GET", path), "Segment", "{path}");
        }
        // An operation with a value that it can't have is not an unknown path: the vendor may read it more leniently.
        for path in ["/api/Contact/twelve", "/api/Contact/12%20", "/api/Contact/+12", "/api/Contact/0x12"] {
            let expected = "Parameter { operation: \"contacts.get\", name: \"contactId\" }";
            assert_eq!(found(virtuous, "GET", path), expected, "{path}");
        }
    }

    #[test]
    fn every_operation_is_found_by_its_own_path() {
        for provider in PROVIDERS.into_iter().filter(|provider| *provider != "vise") {
            let routes = Routes::of(provider);
            for own in index::operations(provider).filter_map(Key::operation) {
                let mut at = own.path.clone();
                let mut values = 0;
                for parameter in own.parameters.iter().filter(|parameter| parameter.place == Place::Path) {
                    at = at.replace(&format!("{{{}}}", parameter.name), "7");
                    values += 1;
                }
                let expected = format!("{} {:?}", own.id(), vec!["7"; values]);
                assert_eq!(found(routes, &own.method, &at), expected, "{} {at}", own.method);
                assert_eq!(found(routes, &own.method, &at.to_uppercase()), expected, "{} {at}", own.method);
            }
        }
    }
}
