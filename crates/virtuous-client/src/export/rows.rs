//! The pages of an export. Each row is parsed once: what an export knows of it is read while its end is found.

use super::Row;
use super::row::Known;
use crate::models::Page;
use crate::page;
use auth_client_core::decode::DecodeFailure;
use bytes::Bytes;
use http::Response;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// Decodes a page. A response that is not a list of objects or the vendor's envelope with one is left to the decoder of all
/// models, which parses each row twice.
pub(super) fn read(answer: &Response<Bytes>) -> Result<Page<Row>, DecodeFailure> {
    let plain = std::str::from_utf8(answer.body()).ok().and_then(|text| Rest(text).page());
    plain.map_or_else(|| page::read(answer), |(rows, total)| Ok(Page::of(rows, total, answer.body())))
}

/// The rest of a JSON text. Methods return `None` for anything unexpected.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn page(mut self) -> Option<(Vec<Row>, Option<i64>)> {
        let (mut rows, mut total) = (None, None);
        if self.skip('{') {
            loop {
                let name: String = self.value()?;
                self.skip(':').then_some(())?;
                match name.as_str() {
                    "list" if rows.is_none() => rows = Some(self.rows()?),
                    "total" if total.is_none() => total = Some(self.value()?),
                    "list" | "total" => return None,
                    _ => drop(self.value::<IgnoredAny>()?),
                }
                if !self.skip(',') {
                    break;
                }
            }
            self.skip('}').then_some(())?;
        } else {
            rows = Some(self.rows()?);
        }
        self.0.trim_ascii_start().is_empty().then_some((rows?, total))
    }

    fn rows(&mut self) -> Option<Vec<Row>> {
        let mut rows = Vec::new();
        self.skip('[').then_some(())?;
        if self.skip(']') {
            return Some(rows);
        }
        loop {
            let before = self.0.trim_ascii_start();
            // A list is not a row, although serde would deserialize it.
            before.starts_with('{').then_some(())?;
            let known: Known = self.value()?;
            rows.push(Row::new(known, before.get(..before.len() - self.0.len())?));
            if !self.skip(',') {
                break;
            }
        }
        self.skip(']').then_some(rows)
    }

    /// Skips white space and this character, if it is next.
    fn skip(&mut self, character: char) -> bool {
        let rest = self.0.trim_ascii_start().strip_prefix(character);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    /// Parses a value. What follows it is not looked at.
    fn value<T: Deserialize<'a>>(&mut self) -> Option<T> {
        let mut values = serde_json::Deserializer::from_str(self.0).into_iter();
        let value = values.next()?.ok()?;
        self.0 = self.0.get(values.byte_offset()..)?;
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_what_the_decoder_of_all_models_makes_of_it() {
        let row = r#"{"id":7,"name":"a]},{\"é","more":[{"id":1}, 2.50]}"#;
        for (json, is_plain) in [
            (format!(r#"{{"list":[{row},{row}],"total":2}}"#), true),
            (
                format!(
                    " {{ \"total\" : -2 ,\n\"list\" : [ {row} ,\r\n {{\n\"id\":\"8\"}} ] , \"a\":{{}} }} "
                ),
                true,
            ),
            (format!("[{row}]"), true),
            (r#"{"list":[],"total":0}"#.to_owned(), true),
            ("[]".to_owned(), true),
            (format!(r#"{{"a":[1],"list":[{row}]}}"#), true),
            // What only the decoder of all models reads.
            (format!("\u{feff}[{row}]"), false),
            (format!(r#"{{"list":[{row}],"total":"2"}}"#), false),
            (format!(r#"{{"list":[{row}],"total":2,"total":3}}"#), false),
            (format!(r#"{{"list":[{row}],"list":[]}}"#), false),
            (r#"{"list":null,"total":0}"#.to_owned(), false),
            ("null".to_owned(), false),
            (row.to_owned(), false),
            // What none of them reads.
            (format!("[{row},null]"), false),
            (format!("[{row},[]]"), false),
            (format!("[{row},]"), false),
            (format!("[{row}"), false),
            (format!("[{row}] x"), false),
            (format!("[{row} {row}]"), false),
            (format!(r#"{{"list":[{row}],"total":2,}}"#), false),
            (format!(r#"{{"list":[{row}] "total":2}}"#), false),
            (r#"[{"id":[]}]"#.to_owned(), false),
            ("{}".to_owned(), false),
            (String::new(), false),
        ] {
            let response = Response::new(Bytes::from(json.clone()));
            let shown = |page: Result<Page<Row>, DecodeFailure>| {
                let page = page.map_err(|failure| format!("{failure:?}"))?;
                let (total, fingerprint) = (page.told_total(), page.fingerprint(&[]));
                Ok::<_, String>((format!("{:?}", page.list), page.total, total, fingerprint))
            };
            assert_eq!(shown(read(&response)), shown(page::read(&response)), "{json}");
            assert_eq!(Rest(&json).page().is_some(), is_plain, "{json}");
        }
    }
}
