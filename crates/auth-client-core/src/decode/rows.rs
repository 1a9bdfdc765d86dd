//! Lists with rows that can't be decoded: the other rows are decoded without them.
//!
//! Works on the JSON of the response, with every decoder: it finds the list in which decoding failed, decodes the
//! response with each single row, and then with all rows that could be decoded.

use super::{Decode, DecodeFailure, explain, text};
use bytes::Bytes;
use http::Response;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

/// A response with a list whose rows can be decoded one by one, for
/// [`Call::on_unreadable`](crate::Call::on_unreadable). The list is the outermost one in the response.
pub trait Rows {}

impl<T> Rows for Vec<T> {}

/// A row of a list that could not be decoded, passed to the function of
/// [`Call::on_unreadable`](crate::Call::on_unreadable).
///
/// `Display` and `Debug` print one line with the position and the reason, without values.
///
/// ```
/// # use auth_client_core::UnreadableRow;
/// fn report(row: &UnreadableRow) {
///     eprintln!("left out: {row}");
///     // Personal data: store it where the other rows are, and not in a log.
///     let _ = row.json();
/// }
/// ```
#[derive(Clone)]
pub struct UnreadableRow {
    index: usize,
    json: Bytes,
    path: String,
    reason: String,
}

impl UnreadableRow {
    /// Returns the position of the row in the response, from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// Returns the JSON of the row, unchanged.
    #[must_use]
    pub fn json(&self) -> &Bytes {
        &self.json
    }
}

/// Hashes the JSON, so that a page of unreadable rows that is returned twice is recognized.
impl Hash for UnreadableRow {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.json.hash(state);
    }
}

impl fmt::Display for UnreadableRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.reason)
    }
}

impl fmt::Debug for UnreadableRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnreadableRow({self})")
    }
}

/// The function that is called with each skipped row.
#[derive(Clone)]
pub(crate) struct Report(pub(crate) Arc<dyn Fn(&UnreadableRow) + Send + Sync>);

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Report")
    }
}

/// Decodes a response without the rows that make its decoder fail.
pub(crate) type Recover<T> =
    fn(&Response<Bytes>, Decode<T>, DecodeFailure, &Report) -> Result<(T, Vec<UnreadableRow>), DecodeFailure>;

/// Decodes the rows that can be decoded, reports the others, and returns both.
pub(crate) fn recover<T>(
    response: &Response<Bytes>,
    decode: Decode<T>,
    failure: DecodeFailure,
    report: &Report,
) -> Result<(T, Vec<UnreadableRow>), DecodeFailure> {
    let DecodeFailure::Json(error) = &failure else { return Err(failure) };
    let Some(list) = List::failed(response.body(), error) else { return Err(failure) };
    let (mut good, mut bad) = (Vec::with_capacity(list.rows.len()), Vec::new());
    for (index, row) in list.rows.iter().enumerate() {
        match decode(&list.with(response, std::slice::from_ref(row))) {
            Ok(_) => good.push(row.clone()),
            Err(failure) => bad.push(list.unreadable(index, row, failure)),
        }
    }
    let Ok(value) = decode(&list.with(response, &good)) else { return Err(failure) };
    bad.iter().for_each(|row| (report.0)(row));
    Ok((value, bad))
}

/// A list in the JSON of a response.
struct List {
    body: Bytes,
    rows: Vec<Range<usize>>,
    /// From the first row to the end of the last one.
    all: Range<usize>,
}

impl List {
    /// Returns the outermost list in which decoding failed.
    fn failed(body: &Bytes, error: &serde_json::Error) -> Option<Self> {
        let body = Bytes::from(text::readable(body).into_owned());
        let end = explain::position_of(&body, error);
        let mut open = Vec::new();
        for (at, byte) in structure(&body).take_while(|(at, _)| *at < end) {
            match byte {
                b'[' | b'{' => open.push((at, byte)),
                b']' | b'}' => {
                    open.pop();
                }
                _ => {}
            }
        }
        let start = open.iter().find(|(_, byte)| *byte == b'[').map(|(at, _)| at + 1)?;
        let (mut rows, mut from, mut depth) = (Vec::new(), start, 0_usize);
        let mut end = None;
        for (at, byte) in structure(body.get(start..)?).map(|(at, byte)| (at + start, byte)) {
            match (byte, depth) {
                (b'[' | b'{', _) => depth += 1,
                (b',', 0) => {
                    rows.push(from..at);
                    from = at + 1;
                }
                (b']', 0) => {
                    rows.push(from..at);
                    end = Some(at);
                    break;
                }
                (b']' | b'}', _) => depth = depth.checked_sub(1)?,
                _ => {}
            }
        }
        let all = start..end?;
        Some(Self { body, rows, all })
    }

    /// Returns the response with these rows only.
    fn with(&self, response: &Response<Bytes>, rows: &[Range<usize>]) -> Response<Bytes> {
        let part = |range: Range<usize>| self.body.get(range).unwrap_or_default();
        let rows: Vec<&[u8]> = rows.iter().map(|row| part(row.clone())).collect();
        let body = [part(0..self.all.start), &rows.join(&b','), part(self.all.end..self.body.len())].concat();
        let mut copy = Response::new(Bytes::from(body));
        *copy.status_mut() = response.status();
        *copy.headers_mut() = response.headers().clone();
        copy
    }

    fn unreadable(&self, index: usize, row: &Range<usize>, failure: DecodeFailure) -> UnreadableRow {
        let alone =
            || [self.body.get(..self.all.start), self.body.get(row.clone()), self.body.get(self.all.end..)];
        let (path, reason) = match failure {
            DecodeFailure::Json(error) => {
                let alone = alone().map(Option::unwrap_or_default).concat();
                let found = explain::explain(&alone, &error);
                (found.path.replacen("[0]", &format!("[{index}]"), 1), found.reason)
            }
            DecodeFailure::Rule(reason) => (format!("row {index}"), reason.to_owned()),
            DecodeFailure::Mismatch(reason) => (format!("row {index}"), reason),
        };
        let json = self.body.slice(row.clone());
        UnreadableRow { index, json: json.slice_ref(json.trim_ascii()), path, reason }
    }
}

/// Returns the structural characters of the JSON, which are outside of strings, with their positions.
fn structure(json: &[u8]) -> impl Iterator<Item = (usize, u8)> {
    let (mut in_string, mut escaped) = (false, false);
    json.iter().copied().enumerate().filter(move |(_, byte)| {
        if in_string {
            in_string = escaped || *byte != b'"';
            escaped = !escaped && *byte == b'\\';
            return false;
        }
        in_string = *byte == b'"';
        b"[]{},".contains(byte)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode;
    use serde::Deserialize;
    use std::sync::Mutex;

    #[derive(Deserialize, Debug)]
    struct Page {
        list: Vec<Gift>,
        #[expect(dead_code, reason = "it must fit")]
        total: u32,
    }

    #[derive(Deserialize, Debug)]
    struct Gift {
        id: u32,
        #[serde(default)]
        #[expect(dead_code, reason = "it must fit")]
        tags: Vec<String>,
    }

    fn read(body: &str) -> Result<(Vec<u32>, Vec<String>), DecodeFailure> {
        let response = Response::new(Bytes::copy_from_slice(body.as_bytes()));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&seen);
        let report = Report(Arc::new(move |row: &UnreadableRow| {
            told.lock().unwrap().push(format!("{row} {}", String::from_utf8_lossy(row.json())));
        }));
        let failure = decode::json::<Page>(&response).unwrap_err();
        let (page, left_out) = recover::<Page>(&response, decode::json, failure, &report)?;
        let seen = seen.lock().unwrap().clone();
        assert_eq!(left_out.len(), seen.len());
        Ok((page.list.iter().map(|gift| gift.id).collect(), seen))
    }

    #[test]
    fn rows_that_cannot_be_read_are_left_out_and_reported() {
        for (rows, good, bad) in [
            (r#"{"id":1},{"id":"2"},{"id":3}"#, vec![1, 3], vec![r#"$.list[1].id: expected u32 {"id":"2"}"#]),
            (r#"{} , {"id":2}"#, vec![2], vec!["$.list[0].id: missing field {}"]),
            (
                r#"{"id":1,"tags":["a",7,"],["]},7"#,
                vec![],
                vec![
                    r#"$.list[0].tags[1]: expected a string {"id":1,"tags":["a",7,"],["]}"#,
                    "$.list[1]: expected struct Gift 7",
                ],
            ),
            (
                r#"{"id":1,"tags":["\"]"]},{"id":[]}"#,
                vec![1],
                vec![r#"$.list[1].id: expected u32 {"id":[]}"#],
            ),
        ] {
            let body = format!(r#"{{"more":[[],{{}}],"list":[{rows}],"total":2}}"#);
            let (ids, told) = read(&body).unwrap();
            assert_eq!((ids, told), (good, bad.into_iter().map(str::to_owned).collect()), "{rows}");
        }
    }

    #[test]
    fn what_is_wrong_outside_of_rows_stays_an_error() {
        for body in [
            r#"{"list":[{"id":1}]}"#,
            r#"{"list":[{"id":1}],"total":[]}"#,
            r#"{"list":[{"id":1},{"id":"2"}],"total":"2"}"#,
            r#"{"list":[{"id":"1"},{"id":2"#,
            r#"{"list":[{"id":"1"}}]"#,
            "[1,2]",
            "<html>",
            "",
        ] {
            assert!(read(body).is_err(), "{body}");
        }
    }
}
