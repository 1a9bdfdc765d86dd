//! Query pairs, percent-encoded as they are written, so that what is signed is what is sent.

use crate::path::STRICT;
use percent_encoding::utf8_percent_encode;
use std::fmt::Write as _;

/// A value that can stand in a query.
///
/// `None` leaves the pair out; a list repeats the name.
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

/// Appends a pair to a target, with the separator that it needs.
pub(crate) fn append(target: &mut String, name: &str, value: &dyn QueryValue) {
    let mut text = String::new();
    value.each(&mut |value| {
        text.clear();
        // Writing to a String can't fail.
        let _ = write!(text, "{value}");
        target.push(if target.contains('?') { '&' } else { '?' });
        target.extend(utf8_percent_encode(name, STRICT));
        target.push('=');
        target.extend(utf8_percent_encode(&text, STRICT));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

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
