//! Types of other crates in our signatures: each is a promise to follow that crate's breaking releases with our own.

use crate::Failure;
use crate::report::process;
use std::cell::Cell;
use std::path::Path;

/// Which types may stand where, and why.
pub(crate) const LIST: &str = "xtask/foreign-types.txt";

/// The standard library, and the plain values whose methods stand in a line.
const STANDARD: [&str; 8] = ["alloc", "bool", "core", "f64", "proc_macro", "std", "str", "u64"];

#[derive(Debug)]
pub(super) struct Allowed(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    /// `http::` for all of a crate, `serde_json::Value` for one type.
    path: String,
    /// What the line of the API has to name besides, such as `auth_client_core::ReqwestTransport`.
    beside: Option<String>,
    line: usize,
    used: Cell<bool>,
}

impl Rule {
    fn allows(&self, path: &str, line: &str) -> bool {
        let rest = path.strip_prefix(self.path.trim_end_matches("::"));
        let named = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
        named && self.beside.as_ref().is_none_or(|beside| line.contains(beside.as_str()))
    }
}

impl Allowed {
    pub(super) fn read(root: &Path) -> Result<Self, Failure> {
        Self::parse(&process::read_text(&root.join(LIST))?)
    }

    /// A line is `path # reason`, or `path beside path # reason`.
    fn parse(text: &str) -> Result<Self, Failure> {
        let lines =
            text.lines().enumerate().filter(|(_, line)| !line.starts_with('#') && !line.trim().is_empty());
        let rule = |(index, line): (usize, &str)| {
            let (rule, reason) = line.split_once('#').unwrap_or((line, ""));
            let (path, beside) = match rule.split_whitespace().collect::<Vec<_>>().as_slice() {
                [path] if !reason.trim().is_empty() => (*path, None),
                [path, "beside", beside] if !reason.trim().is_empty() => (*path, Some((*beside).to_owned())),
                _ => {
                    let next = "write it as `path # reason`, or `path beside path # reason`";
                    return Err(Failure::new(format!("{LIST}:{}: {line}", index + 1), next));
                }
            };
            Ok(Rule { path: path.to_owned(), beside, line: index + 1, used: Cell::new(false) })
        };
        lines.map(rule).collect::<Result<_, _>>().map(Self)
    }

    /// Lines that name a type which the list does not allow there.
    pub(super) fn violations(&self, listing: &[String], ours: &[String]) -> Vec<String> {
        let is_ours = |path: &str| ours.iter().any(|name| crate_of(path) == name.replace('-', "_"));
        let mut found = Vec::new();
        for line in listing {
            let paths = paths(line);
            // Items of an implementation for another crate's type; the `impl` line before them names both.
            if line.starts_with("pub ")
                && !line.starts_with("pub use ")
                && !paths.first().is_some_and(|path| is_ours(path))
            {
                continue;
            }
            let foreign =
                paths.into_iter().filter(|path| !is_ours(path) && !STANDARD.contains(&crate_of(path)));
            for path in foreign {
                match self.0.iter().find(|rule| rule.allows(path, line)) {
                    Some(rule) => rule.used.set(true),
                    None => found.push(format!("  {path} in: {line}")),
                }
            }
        }
        found
    }

    /// Lines of the list that nothing needed.
    pub(super) fn unused(&self) -> Vec<String> {
        let unused = self.0.iter().filter(|rule| !rule.used.get());
        unused
            .map(|rule| {
                format!("  {LIST}:{}: nothing names {} any more; delete the line", rule.line, rule.path)
            })
            .collect()
    }
}

fn crate_of(path: &str) -> &str {
    path.split("::").next().unwrap_or_default()
}

/// The paths in a line that begin with the name of a crate.
fn paths(line: &str) -> Vec<&str> {
    line.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'))
        // `name: type` ends a word with a colon.
        .map(|word| word.trim_end_matches(':'))
        .filter(|word| word.contains("::") && word.starts_with(|c: char| c.is_lowercase() || c == '_'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Why.\n\nhttp:: # requests\nserde_json::Value # any JSON\nreqwest:: beside a::Transport # the adapter\n";

    fn violations(line: &str) -> Vec<String> {
        let ours = ["a".to_owned(), "auth-client-core".to_owned()];
        Allowed::parse(TEXT).unwrap().violations(&[line.to_owned()], &ours)
    }

    #[test]
    fn our_own_the_standard_library_and_what_is_listed_may_stand_anywhere() {
        for line in [
            "pub fn a::Client::get(&self, http::method::Method) -> auth_client_core::Call<alloc::string::String>",
            "pub a::Body::json: serde_json::Value",
            "pub fn a::f<S: core::fmt::Debug>(S) -> <S as core::ops::Deref>::Target",
            "pub const fn a::Transport::new(reqwest::Client) -> Self",
            "pub type decimal::Decimal::Error = decimal::Error",
        ] {
            assert_eq!(violations(line), [""; 0], "{line}");
        }
    }

    #[test]
    fn anything_else_is_named_with_the_item() {
        for (line, path) in [
            (
                "pub fn a::Client::new(reqwest::async_impl::client::Client) -> Self",
                "reqwest::async_impl::client::Client",
            ),
            ("pub a::Body::map: serde_json::map::Map<alloc::string::String, a::X>", "serde_json::map::Map"),
            ("pub a::Body::value: serde_json::ValueX::Y", "serde_json::ValueX::Y"),
            ("impl core::convert::From<url::ParseError> for a::Error", "url::ParseError"),
            ("pub use a::Stream = futures_core::stream::Stream", "futures_core::stream::Stream"),
            ("pub fn a::f(httpdate::HttpDate)", "httpdate::HttpDate"),
        ] {
            assert_eq!(violations(line), [format!("  {path} in: {line}")]);
        }
    }

    #[test]
    fn a_line_that_nothing_needs_is_reported_and_one_without_a_reason_is_refused() {
        let allowed = Allowed::parse(TEXT).unwrap();
        assert_eq!(allowed.unused().len(), 3);
        allowed.violations(&["pub fn a::f(http::Uri, serde_json::Value)".to_owned()], &["a".to_owned()]);
        assert!(allowed.unused()[0].contains(":5: nothing names reqwest::"), "{:?}", allowed.unused());
        for text in ["http::", "http:: #  ", "http:: url:: # two"] {
            assert!(
                Allowed::parse(text).unwrap_err().to_string().contains("foreign-types.txt:1: http::"),
                "{text}"
            );
        }
    }
}
