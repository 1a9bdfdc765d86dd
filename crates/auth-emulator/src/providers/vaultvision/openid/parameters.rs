//! The parameters of queries and forms.

use crate::framework::exchange::Call;
use crate::framework::form;

/// Decoded parameters. One without a value counts as omitted, RFC 6749 section 3.1.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Parameters {
    list: Vec<(String, String)>,
    /// A parameter that occurs more than once, or can't be decoded.
    invalid: Option<String>,
}

impl Parameters {
    pub(super) fn parse(text: &str) -> Self {
        let mut parameters = Self::default();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(name), Some(value)) = (form::decode(name), form::decode(value)) else {
                parameters
                    .invalid
                    .get_or_insert_with(|| "a parameter is not valid percent-encoded UTF-8".to_owned());
                continue;
            };
            if parameters.list.iter().any(|(known, _)| *known == name) {
                let name: String = name.chars().take(64).collect();
                parameters.invalid.get_or_insert_with(|| format!("{name} occurs more than once"));
            }
            if !value.is_empty() {
                parameters.list.push((name, value));
            }
        }
        parameters
    }

    pub(super) fn of_query(call: &Call) -> Self {
        Self::parse(call.query.as_deref().unwrap_or_default())
    }

    /// The parameters of a form; `None` if the body is none.
    pub(in super::super) fn of_form(call: &Call) -> Option<Self> {
        let text = std::str::from_utf8(&call.body).ok()?;
        call.has_content_type("application/x-www-form-urlencoded").then(|| Self::parse(text))
    }

    /// Of the query of a GET, and of the form of a POST.
    pub(super) fn of(call: &Call) -> Option<Self> {
        if call.method == http::Method::POST { Self::of_form(call) } else { Some(Self::of_query(call)) }
    }

    pub(in super::super) fn get(&self, name: &str) -> Option<&str> {
        self.list.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Why the parameters are invalid as a whole.
    pub(super) fn invalid(&self) -> Option<&str> {
        self.invalid.as_deref()
    }

    /// Encodes all parameters again.
    pub(super) fn to_query(&self) -> String {
        let pairs = self.list.iter();
        pairs.fold(String::new(), |query, (name, value)| form::with_parameter(query, name, value))
    }
}

/// Adds parameters to the query of a URL.
pub(super) fn with_query(url: &str, parameters: &[(&str, &str)]) -> String {
    let (url, fragment) = url.split_once('#').map_or((url, None), |(url, rest)| (url, Some(rest)));
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let pairs = parameters.iter();
    let query = pairs.fold(query.to_owned(), |query, (name, value)| form::with_parameter(query, name, value));
    let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
    if query.is_empty() { format!("{base}{fragment}") } else { format!("{base}?{query}{fragment}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_and_occur_once() {
        let found = Parameters::parse("a=b+c%26&x=&y=%C3%A9&&z");
        assert_eq!((found.get("a"), found.get("x"), found.get("y")), (Some("b c&"), None, Some("é")));
        assert_eq!(found.invalid(), None);
        assert_eq!(found.to_query(), "a=b+c%26&y=%C3%A9");
        assert_eq!(Parameters::parse("a=1&a=2").invalid(), Some("a occurs more than once"));
        assert!(Parameters::parse("a=%zz").invalid().is_some());
    }

    #[test]
    fn parameters_are_added_to_a_url() {
        let added = [("code", "a b"), ("state", "&")];
        for (url, expected) in [
            ("https://a.test/cb", "https://a.test/cb?code=a+b&state=%26"),
            ("https://a.test/cb?x=1", "https://a.test/cb?x=1&code=a+b&state=%26"),
            ("app:cb#f", "app:cb?code=a+b&state=%26#f"),
        ] {
            assert_eq!(with_query(url, &added), expected);
        }
        assert_eq!(with_query("https://a.test/", &[]), "https://a.test/");
    }
}
