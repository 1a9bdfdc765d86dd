//! Routing: the operation that a method and a path identify. The pipeline looks up every request in the provider's route table
//! before anything else, so that faults, journal and explanations know the operation.
//!
//! The path is split at its slashes before the segments are decoded, so that an encoded slash in an id stays in its segment.

use http::Method;

use crate::framework::redact::unknown_path;

/// Whether an operation changes data, and whether it is idempotent.
///
/// ```
/// use auth_emulator::Class;
///
/// assert_eq!(serde_json::json!(Class::IdempotentWrite), "idempotent-write");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Class {
    /// Changes nothing.
    Read,
    /// Has the same result however often it is executed.
    IdempotentWrite,
    /// Has another result each time.
    Write,
}

/// One operation of a provider. The tables in `generated/routes.rs` are written from the API descriptions; routes that no
/// description has stand beside their provider.
#[derive(Debug)]
pub(crate) struct Route {
    /// The operation id, the same as in the clients.
    pub operation: &'static str,
    pub method: Method,
    /// The path, with parameters as `{name}`, or `{name:int}` for decimal digits only.
    pub template: &'static str,
    pub class: Class,
    /// The status of a success.
    pub success: u16,
    /// Whether request or response carries a secret.
    pub sensitive: bool,
    /// Whether the vendor documents it.
    pub documented: bool,
}

impl Route {
    pub(crate) const fn read(
        operation: &'static str,
        method: Method,
        template: &'static str,
        success: u16,
    ) -> Self {
        Self { operation, method, template, class: Class::Read, success, sensitive: false, documented: true }
    }

    pub(crate) const fn idempotent_write(
        operation: &'static str,
        method: Method,
        template: &'static str,
        success: u16,
    ) -> Self {
        Self {
            operation,
            method,
            template,
            class: Class::IdempotentWrite,
            success,
            sensitive: false,
            documented: true,
        }
    }

    pub(crate) const fn write(
        operation: &'static str,
        method: Method,
        template: &'static str,
        success: u16,
    ) -> Self {
        Self { operation, method, template, class: Class::Write, success, sensitive: false, documented: true }
    }

    pub(crate) const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    pub(crate) const fn undocumented(mut self) -> Self {
        self.documented = false;
        self
    }
}

/// The result of a route lookup.
#[derive(Debug)]
pub(crate) enum Found {
    Operation {
        route: &'static Route,
        params: Vec<(&'static str, String)>,
        /// Whether case, or a slash at the end, differs from the template.
        inexact: bool,
    },
    UnknownPath,
    /// The path is known, with these methods.
    WrongMethod {
        allow: String,
        /// The first template that matches the path.
        template: &'static str,
    },
    /// A percent sign without two hexadecimal digits, or bytes that are not UTF-8.
    BadEncoding,
}

/// Looks up a request. Of several matching templates, the one with the earliest literal segment wins. A path of one table is not
/// looked up in those after it, whatever its methods. `lenient` ignores case, and a slash at the end.
pub(crate) fn find(tables: &[&'static [Route]], lenient: bool, method: &Method, path: &str) -> Found {
    let Some(segments) = path.strip_prefix('/') else { return Found::UnknownPath };
    let without = segments.strip_suffix('/').filter(|rest| lenient && !rest.is_empty());
    let (segments, slash) = (without.unwrap_or(segments), without.is_some());
    let Some(segments) = segments.split('/').map(decode).collect::<Option<Vec<_>>>() else {
        return Found::BadEncoding;
    };
    let mut allow: Vec<&str> = Vec::new();
    let mut other = None;
    let mut best: Option<(Fit, &'static Route)> = None;
    for table in tables {
        for route in *table {
            let Some(fit) = fit(route.template, &segments, lenient) else { continue };
            if route.method != *method {
                if !allow.contains(&route.method.as_str()) {
                    allow.push(route.method.as_str());
                }
                other.get_or_insert(route.template);
            } else if best.as_ref().is_none_or(|(best, _)| fit.literals > best.literals) {
                best = Some((fit, route));
            }
        }
        if best.is_some() || other.is_some() {
            break;
        }
    }
    match (best, other) {
        (Some((fit, route)), _) => {
            Found::Operation { route, params: fit.params, inexact: slash || fit.inexact }
        }
        (None, None) => Found::UnknownPath,
        (None, Some(template)) => {
            allow.sort_unstable();
            Found::WrongMethod { allow: allow.join(", "), template }
        }
    }
}

impl Found {
    /// The path that the journal shows: the template if a parameter is secret, and only words if no route has it.
    pub(crate) fn shown_path(&self, path: &str, secret_params: &[&str]) -> String {
        let template = match self {
            Self::Operation { route, .. } => route.template,
            Self::WrongMethod { template, .. } => template,
            Self::UnknownPath | Self::BadEncoding => return unknown_path(path),
        };
        let names = template.split('/').filter_map(parameter_name);
        let is_secret = names.map(|(name, _)| name).any(|name| secret_params.contains(&name));
        if is_secret { template } else { path }.to_owned()
    }
}

/// The name of a parameter of a template, and whether only digits match.
fn parameter_name(part: &str) -> Option<(&str, bool)> {
    let name = part.strip_prefix('{')?.strip_suffix('}')?;
    Some(name.split_once(':').map_or((name, false), |(name, _)| (name, true)))
}

struct Fit {
    /// For each segment, whether it is literal; comparing these lists gives the precedence.
    literals: Vec<bool>,
    params: Vec<(&'static str, String)>,
    inexact: bool,
}

/// Whether the literal segments before the first parameter are the same. Most templates are ruled out here, without allocating; as
/// bytes, because every request is compared with hundreds of them.
fn begins_alike(template: &str, segments: &[String], ignore_case: bool) -> bool {
    let [b'/', rest @ ..] = template.as_bytes() else { return false };
    let mut rest = rest;
    for segment in segments.iter().map(String::as_bytes) {
        if rest.first() == Some(&b'{') {
            return true;
        }
        let Some((part, after)) = rest.split_at_checked(segment.len()) else { return false };
        if !(if ignore_case { part.eq_ignore_ascii_case(segment) } else { part == segment }) {
            return false;
        }
        match after {
            [b'/', next @ ..] => rest = next,
            _ => return after.is_empty(),
        }
    }
    false
}

fn fit(template: &'static str, segments: &[String], ignore_case: bool) -> Option<Fit> {
    begins_alike(template, segments, ignore_case).then_some(())?;
    let mut inexact = false;
    let mut rest = segments.iter();
    let mut literals = Vec::with_capacity(segments.len());
    let mut params = Vec::new();
    for part in template.strip_prefix('/')?.split('/') {
        let segment = rest.next()?;
        let name = parameter_name(part);
        literals.push(name.is_none());
        match name {
            None if ignore_case => {
                part.eq_ignore_ascii_case(segment).then_some(())?;
                inexact |= part != segment;
            }
            None => (part == segment).then_some(())?,
            Some((name, digits_only)) => {
                if segment.is_empty() || (digits_only && !segment.bytes().all(|byte| byte.is_ascii_digit())) {
                    return None;
                }
                params.push((name, segment.clone()));
            }
        }
    }
    rest.next().is_none().then_some(Fit { literals, params, inexact })
}

/// Percent-decodes one segment, strictly.
fn decode(segment: &str) -> Option<String> {
    let mut pieces = segment.split('%');
    pieces.next();
    let well_formed = pieces
        .all(|piece| piece.as_bytes().get(..2).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit)));
    if !well_formed {
        return None;
    }
    percent_encoding::percent_decode_str(segment).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    static ROUTES: &[Route] = &[
        Route::read("list", Method::GET, "/things", 200),
        Route::read("get", Method::GET, "/things/{id}", 200),
        Route::read("search", Method::POST, "/things/search", 200),
        Route::read("latest", Method::GET, "/things/latest", 200),
        Route::read("number", Method::GET, "/numbers/{n:int}", 200),
    ];

    fn look(method: Method, path: &str) -> Found {
        find(&[ROUTES], false, &method, path)
    }

    fn operation(method: Method, path: &str) -> Option<(&'static str, Vec<(&'static str, String)>)> {
        match look(method, path) {
            Found::Operation { route, params, .. } => Some((route.operation, params)),
            _ => None,
        }
    }

    #[test]
    fn encoded_slashes_stay_in_their_segment() {
        let (name, params) = operation(Method::GET, "/things/a%2Fb%20%25c").unwrap();
        assert_eq!((name, params), ("get", vec![("id", "a/b %c".to_owned())]));
        assert!(matches!(look(Method::GET, "/things/a/b"), Found::UnknownPath));
    }

    #[test]
    fn literals_win_over_parameters_but_only_for_their_method() {
        assert_eq!(operation(Method::GET, "/things/latest").unwrap().0, "latest");
        assert_eq!(operation(Method::POST, "/things/search").unwrap().0, "search");
        assert_eq!(operation(Method::GET, "/things/search").unwrap().0, "get");
    }

    #[test]
    fn wrong_methods_return_the_allowed_ones() {
        let Found::WrongMethod { allow, .. } = look(Method::PUT, "/things/search") else { panic!("not 405") };
        assert_eq!(allow, "GET, POST");
    }

    #[test]
    fn a_path_of_an_earlier_table_hides_those_of_later_ones() {
        static LATER: &[Route] = &[Route::read("any", Method::GET, "/{id}", 200)];
        static FIRST: &[Route] = &[Route::read("create", Method::POST, "/things", 200)];
        let look = |path| find(&[FIRST, LATER], false, &Method::GET, path);
        assert!(matches!(look("/things"), Found::WrongMethod { allow, .. } if allow == "POST"));
        assert!(matches!(look("/other"), Found::Operation { .. }));
    }

    #[test]
    fn near_misses_are_unknown() {
        for path in
            ["", "*", "/", "/things/", "//things", "/things//parts/1", "/Things", "/numbers/1a", "/numbers/"]
        {
            assert!(matches!(look(Method::GET, path), Found::UnknownPath), "{path}");
        }
        assert_eq!(operation(Method::GET, "/numbers/007").unwrap().1, [("n", "007".to_owned())]);
    }

    #[test]
    fn case_and_a_slash_at_the_end_are_compared_unless_ignored() {
        for (path, different) in [("/THINGS/Ab", true), ("/things/Ab/", true), ("/things/Ab", false)] {
            let found = find(&[ROUTES], true, &Method::GET, path);
            let Found::Operation { params, inexact, .. } = found else { panic!("{path} is unknown") };
            assert_eq!((params, inexact), (vec![("id", "Ab".to_owned())], different), "{path}");
        }
        assert!(matches!(find(&[ROUTES], true, &Method::GET, "/things/Ab//"), Found::UnknownPath));
    }

    #[test]
    fn bad_encodings_are_distinguished() {
        for path in ["/things/%", "/things/%2", "/things/%zz", "/things/%ff", "/things/a%+1"] {
            assert!(matches!(look(Method::GET, path), Found::BadEncoding), "{path}");
        }
    }
}
