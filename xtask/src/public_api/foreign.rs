//! Types of other crates in our signatures: each is a promise to follow that crate's breaking releases with our own.

use crate::Failure;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Which types may stand where, and why.
pub(crate) const LIST: &str = "xtask/foreign-types.txt";

/// The standard library is no crate of somebody else's, and methods may be those of plain values.
const STANDARD: &[&str] = &[
    "alloc",
    "bool",
    "char",
    "core",
    "f32",
    "f64",
    "i128",
    "i16",
    "i32",
    "i64",
    "i8",
    "isize",
    "proc_macro",
    "std",
    "str",
    "u128",
    "u16",
    "u32",
    "u64",
    "u8",
    "usize",
];

/// The list, and which of its lines were needed.
#[derive(Debug)]
pub(super) struct Allowed {
    rules: Vec<Rule>,
    needed: RefCell<BTreeSet<usize>>,
}

#[derive(Debug)]
struct Rule {
    /// `http::` for all of a crate, `serde_json::Value` for one type.
    path: String,
    /// What the line of the API has to name besides, such as `auth_client_core::ReqwestTransport`.
    beside: Option<String>,
    line: usize,
}

impl Allowed {
    pub(super) fn read(root: &Path) -> Result<Self, Failure> {
        let text = fs::read_to_string(root.join(LIST)).map_err(|error| {
            Failure::new(format!("{LIST} can't be read: {error}"), format!("git checkout {LIST}"))
        })?;
        Self::parse(&text)
    }

    /// A line is `path [beside path] # reason`.
    fn parse(text: &str) -> Result<Self, Failure> {
        let mut rules = Vec::new();
        for (index, line) in text.lines().enumerate() {
            if line.starts_with('#') || line.trim().is_empty() {
                continue;
            }
            let refused = |why: &str| {
                Failure::new(
                    format!("{LIST}:{}: {why}", index + 1),
                    "write it as `path # reason`, or `path beside path # reason`",
                )
            };
            let (rule, reason) = line.split_once('#').ok_or_else(|| refused("a line without a reason"))?;
            if reason.trim().is_empty() {
                return Err(refused("a line without a reason"));
            }
            let words: Vec<&str> = rule.split_whitespace().collect();
            let (path, beside) = match words.as_slice() {
                [path] => (*path, None),
                [path, "beside", beside] => (*path, Some((*beside).to_owned())),
                _ => return Err(refused("a line of another form")),
            };
            rules.push(Rule { path: path.to_owned(), beside, line: index + 1 });
        }
        Ok(Self { rules, needed: RefCell::default() })
    }

    /// Lines that name a type which the list does not allow there.
    pub(super) fn violations(&self, listing: &[String], ours: &[String]) -> Vec<String> {
        let ours: BTreeSet<String> = ours.iter().map(|name| name.replace('-', "_")).collect();
        let mut found = Vec::new();
        for line in listing {
            // Members of an implementation for somebody else's type; the `impl` line before them names both.
            let own = |path: &&str| path.split("::").next().is_some_and(|of| ours.contains(of));
            if line.starts_with("pub ")
                && !line.starts_with("pub use ")
                && !paths(line).first().is_some_and(own)
            {
                continue;
            }
            for path in paths(line) {
                let Some(of) = path.split("::").next() else { continue };
                if ours.contains(of) || STANDARD.contains(&of) || self.allows(path, line) {
                    continue;
                }
                found.push(format!("  {path} in: {line}"));
            }
        }
        found
    }

    fn allows(&self, path: &str, line: &str) -> bool {
        let fits = |rule: &&Rule| {
            let named = match rule.path.strip_suffix("::") {
                Some(crate_name) => path.split("::").next() == Some(crate_name),
                None => {
                    path == rule.path
                        || path.strip_prefix(&rule.path).is_some_and(|rest| rest.starts_with("::"))
                }
            };
            named && rule.beside.as_ref().is_none_or(|beside| line.contains(beside.as_str()))
        };
        let rule = self.rules.iter().find(fits);
        if let Some(rule) = rule {
            self.needed.borrow_mut().insert(rule.line);
        }
        rule.is_some()
    }

    /// Lines of the list that nothing needed.
    pub(super) fn unused(&self) -> Vec<String> {
        let needed = self.needed.borrow();
        let unused = self.rules.iter().filter(|rule| !needed.contains(&rule.line));
        unused
            .map(|rule| {
                format!("  {LIST}:{}: nothing names {} any more; delete the line", rule.line, rule.path)
            })
            .collect()
    }
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
        Allowed::parse(TEXT)
            .unwrap()
            .violations(&[line.to_owned()], &["a".to_owned(), "auth-client-core".to_owned()])
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
            let found = violations(line);
            assert_eq!(found, [format!("  {path} in: {line}")]);
        }
    }

    #[test]
    fn a_line_that_nothing_needs_is_told() {
        let allowed = Allowed::parse(TEXT).unwrap();
        assert_eq!(allowed.unused().len(), 3);
        allowed.violations(&["pub fn a::f(http::Uri, serde_json::Value)".to_owned()], &["a".to_owned()]);
        assert!(allowed.unused()[0].contains(":5: nothing names reqwest::"), "{:?}", allowed.unused());
    }

    #[test]
    fn a_line_without_a_reason_is_refused() {
        for text in ["http::", "http:: #  ", "http:: url:: # two"] {
            let failure = Allowed::parse(text).unwrap_err().to_string();
            assert!(failure.contains("foreign-types.txt:1: a line"), "{failure}");
        }
    }
}
