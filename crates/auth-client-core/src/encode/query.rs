//! Query parameters, percent-encoded when they are added, so that the signed query is identical to the sent one.

use crate::encode::path::STRICT;
use percent_encoding::{PercentEncode, utf8_percent_encode};
use std::fmt::Write as _;

/// A value of a query parameter.
///
/// `None` omits the parameter; a list adds it once per element.
///
/// ```
/// # use auth_client_core::{Error, decode, testing::ScriptedTransport};
/// # use auth_client_core::provider::{BaseUrl, Engine, Settings, ProviderRules};
/// # #[derive(Debug)]
/// # struct Shop;
/// # impl ProviderRules for Shop { fn name(&self) -> &'static str { "shop" } }
/// # let transport = ScriptedTransport::new().json(200, "[]");
/// # let mut settings = Settings::new("shop-client/1.0");
/// # settings.set_transport(std::sync::Arc::new(transport.clone()));
/// # let engine = Engine::new(&settings, BaseUrl::parse("base URL", "https://shop.example")?, Shop, None)?;
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// let request = engine.raw(http::Method::GET, "/items");
/// let request = request.query("tag", vec!["old", "a&b"]).query("shop", None::<&str>).query("max", 5_u32);
/// request.call::<Vec<String>, Error>(decode::json).await?;
/// assert_eq!(transport.requests()[0].uri.query(), Some("tag=old&tag=a%26b&max=5"));
/// # Ok::<(), Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait QueryValue {
    /// Calls `pair` once per value.
    fn each(&self, pair: &mut dyn FnMut(&dyn std::fmt::Display));
}

macro_rules! plain {
    ($($type:ty),*) => {$(
        impl QueryValue for $type {
            fn each(&self, pair: &mut dyn FnMut(&dyn std::fmt::Display)) {
                pair(&self);
            }
        }
    )*};
}
plain!(str, String, bool, i32, i64, u32, u64, f64);

impl<T: QueryValue + ?Sized> QueryValue for &T {
    fn each(&self, pair: &mut dyn FnMut(&dyn std::fmt::Display)) {
        (**self).each(pair);
    }
}

impl<T: QueryValue> QueryValue for Option<T> {
    fn each(&self, pair: &mut dyn FnMut(&dyn std::fmt::Display)) {
        if let Some(value) = self {
            value.each(pair);
        }
    }
}

impl<T: QueryValue> QueryValue for Vec<T> {
    fn each(&self, pair: &mut dyn FnMut(&dyn std::fmt::Display)) {
        for value in self {
            value.each(pair);
        }
    }
}

/// Appends a parameter to a target, with the required separator.
pub(crate) fn append(target: &mut String, name: &str, value: &dyn QueryValue) {
    let mut text = String::new();
    value.each(&mut |value| {
        text.clear();
        // Writing to a String can't fail.
        let _ = write!(text, "{value}");
        target.push(if target.contains('?') { '&' } else { '?' });
        target.extend(encode(name));
        target.push('=');
        target.extend(encode(&text));
    });
}

/// Encodes a name or value of a query or form.
pub(crate) fn encode(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, STRICT)
}

/// Returns the value of a parameter written by [`append`]; only for numbers and other values that need no
/// decoding.
pub(crate) fn find<'t>(target: &'t str, name: &str) -> Option<&'t str> {
    let (_, query) = target.split_once('?')?;
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

/// Sets a parameter whose name needs no encoding, replacing those of the same name.
pub(crate) fn set(target: &mut String, name: &str, value: &dyn QueryValue) {
    if find(target, name).is_some()
        && let Some((path, query)) = target.split_once('?')
    {
        let others =
            query.split('&').filter(|pair| pair.split_once('=').is_none_or(|(known, _)| known != name));
        let others = others.collect::<Vec<_>>().join("&");
        *target = if others.is_empty() { path.to_owned() } else { format!("{path}?{others}") };
    }
    append(target, name, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_found_and_replaced() {
        let mut target = "/a?x=1&skip=5&y=%26".to_owned();
        assert_eq!(
            (find(&target, "skip"), find(&target, "kip"), find("/a", "skip")),
            (Some("5"), None, None)
        );
        set(&mut target, "skip", &10_i64);
        assert_eq!(target, "/a?x=1&y=%26&skip=10");
        set(&mut target, "take", &1_i64);
        assert_eq!(target, "/a?x=1&y=%26&skip=10&take=1");
        let mut only = "/a?skip=5".to_owned();
        set(&mut only, "skip", &6_i64);
        assert_eq!(only, "/a?skip=6");
    }

    #[test]
    fn pairs_are_encoded_and_joined() {
        let mut target = "/a".to_owned();
        append(&mut target, "q", &"a b&c=d+é");
        append(&mut target, "skip", &None::<i64>);
        append(&mut target, "id", &vec![1_i64, 2]);
        append(&mut target, "on", &true);
        assert_eq!(target, "/a?q=a%20b%26c%3Dd%2B%C3%A9&id=1&id=2&on=true");
    }
}
