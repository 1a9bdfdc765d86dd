//! Pages of lists: the vendor's envelope, and the other formats of responses that should have one.

use auth_client_core::decode;
use auth_client_core::provider::record::{
    self, Field, Fit, Form, List, Member, Need, Object, Reading, Record, Scalar, Schema, Slot, Stated,
};
use auth_client_core::provider::{CallTemplate, Step};
use auth_client_core::{UnknownFields, UnreadableRow};
use bytes::Bytes;
use http::Response;
use serde::de::{Error as _, Unexpected};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Default page size.
const DEFAULT_TAKE: u64 = 100;

/// One page of a list, and the total number of rows.
///
/// A call that returns a page can be awaited for that page, or turned into a stream of all pages or rows:
///
/// ```no_run
/// use virtuous_client::Query;
/// use virtuous_client::arguments::Paging;
///
/// # async fn example(client: &virtuous_client::Client) -> Result<(), virtuous_client::Error> {
/// let first = client.gifts().query(&Query::all().sort_by("Id"), Paging::new().take(10)).await?;
/// println!("{} of {} gifts", first.list.len(), first.total);
///
/// let mut gifts = client.gifts().query(&Query::all().sort_by("Id"), Paging::new()).items();
/// while let Some(gift) = gifts.next().await {
///     println!("{:?}", gift?.amount);
/// }
/// # Ok(())
/// # }
/// ```
///
/// The streams start at the `skip` of the call, request `take` rows at a time (default: 100; at most the documented
/// maximum), and end when a page contains no new row. `total` doesn't end them; compare `received()` and `total()` of
/// the stream at the end. Sort by the id, so that rows keep their positions. If the list changes during the iteration,
/// rows can still be missed or returned twice; [`Walk`](crate::Walk) avoids this.
#[derive(Clone)]
#[non_exhaustive]
pub struct Page<T> {
    /// The rows.
    pub list: Vec<T>,
    /// The server's total number of rows.
    pub total: i64,
    /// Unknown fields of the envelope.
    pub unknown: UnknownFields,
    stated_total: Option<i64>,
    /// Fingerprint of the rows, by which a page that is returned twice is recognized.
    fingerprint: u64,
}

impl<T> Page<T> {
    /// Returns the page with these rows, which were decoded from this body.
    pub(crate) fn of(list: Vec<T>, stated_total: Option<i64>, body: &[u8]) -> Self {
        let total = stated_total.unwrap_or_else(|| i64::try_from(list.len()).unwrap_or(i64::MAX));
        Self { list, total, unknown: UnknownFields::new(), stated_total, fingerprint: fingerprint(body) }
    }

    /// Returns the server's total, if the response contains it.
    pub(crate) fn told_total(&self) -> Option<u64> {
        u64::try_from(self.stated_total?).ok()
    }

    /// Returns the number of rows that the response has.
    pub(crate) fn rows(&self, left_out: &[UnreadableRow]) -> u64 {
        u64::try_from(self.list.len().saturating_add(left_out.len())).unwrap_or(u64::MAX)
    }

    /// Returns a fingerprint that only pages with equal rows have; `None` for a page that was not decoded from a response.
    pub(crate) fn fingerprint(&self, left_out: &[UnreadableRow]) -> Option<u64> {
        if left_out.is_empty() {
            return (self.fingerprint != 0).then_some(self.fingerprint);
        }
        let mut hasher = DefaultHasher::new();
        (self.fingerprint, left_out).hash(&mut hasher);
        Some(hasher.finish())
    }

    /// Returns whether the list is complete when the server returns this page again instead of the rows after the first
    /// `received`. It is if the server's total has been received or, without a total, if the number of rows differs
    /// from the requested one.
    pub(crate) fn completes(&self, rows: u64, received: u64, requested: u64) -> bool {
        self.told_total().map_or(rows != requested, |total| received >= total)
    }
}

/// The envelope, or a list without one.
struct Rows<T>(Envelope<T>);

struct Envelope<T> {
    list: Slot<Vec<T>>,
    total: Stated<i64>,
    unknown: UnknownFields,
}

impl<T> Default for Envelope<T> {
    fn default() -> Self {
        Self { list: Slot::default(), total: Stated::default(), unknown: UnknownFields::new() }
    }
}

// `Typed`, so that null is a row that can't be read. Rows that were skipped would count neither for positions nor for the
// end of the list.
auth_client_core::provider::record! {
    Typed Envelope<T> as "a list or its envelope" {
        "list" => list,
        "total" => total,
    }
}

#[doc(hidden)]
impl<T: Field> Field for Rows<T> {
    fn blank() -> Self {
        Self(Envelope::blank())
    }

    fn expected(&self) -> &'static str {
        self.0.expected()
    }

    /// Null is an empty list.
    fn scalar(&mut self, value: Scalar<'_>, _: Reading) -> Fit {
        let Scalar::Null = value else { return Err(self.expected()) };
        self.0.list = Slot::of(Vec::new());
        Ok(())
    }

    fn list(&mut self) -> Option<&mut dyn List> {
        self.0.list.list()
    }

    fn object(&mut self) -> Option<Object<'_>> {
        self.0.object()
    }

    fn form(&self) -> Form<'_> {
        self.0.form()
    }
}

/// Decodes an object that is neither a list nor an envelope as a row, if it has the required and at least one known
/// field of a row.
fn single<T: Field>(object: &UnknownFields) -> Option<T> {
    let row: T = record::read_at(&serde_json::to_string(object).ok()?, Reading::Lenient).ok()?;
    let mut known = false;
    if let Form::Record(record) = row.form() {
        record.fields(&mut |fields, _| known = !fields.iter().all(|field| field.is_zero()));
    }
    known.then_some(row)
}

impl<'de, T: Field> serde::Deserialize<'de> for Page<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Rows(Envelope { mut list, total, mut unknown }) = record::read_as(deserializer, Reading::Typed)?;
        let stated_total = total.get();
        let mut rows = std::mem::take(list.value_mut());
        if !list.is_present() {
            let row = single(&unknown)
                .ok_or_else(|| D::Error::invalid_type(Unexpected::Map, &"a list or its envelope"))?;
            rows.push(row);
            unknown = UnknownFields::new();
        }
        let total = stated_total.unwrap_or_else(|| i64::try_from(rows.len()).unwrap_or(i64::MAX));
        Ok(Self { list: rows, total, unknown, stated_total, fingerprint: 0 })
    }
}

static SCHEMA: Schema = Schema::new(
    "Page",
    "a list or its envelope",
    Reading::Lenient,
    &[Member::new("list", &["list"], Need::Optional), Member::new("total", &["total"], Need::Optional)],
);

#[doc(hidden)]
impl<T: Field> Record for Page<T> {
    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn fields(&self, with: &mut dyn FnMut(&[&dyn Field], &UnknownFields)) {
        with(&[&self.list, &self.total], &self.unknown);
    }

    fn fields_mut(&mut self, with: &mut dyn FnMut(&mut [&mut dyn Field], &mut UnknownFields)) {
        with(&mut [&mut self.list, &mut self.total], &mut self.unknown);
    }
}

impl<T: Field> serde::Serialize for Page<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        record::write(self, serializer)
    }
}

impl<T: Field> PartialEq for Page<T> {
    fn eq(&self, other: &Self) -> bool {
        record::equal(self, other)
    }
}

impl<T: Field> fmt::Debug for Page<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        record::debug(self, f)
    }
}

/// Decodes a page, with its fingerprint.
pub(crate) fn read<T: Field>(answer: &Response<Bytes>) -> Result<Page<T>, decode::DecodeFailure> {
    let mut page: Page<T> = decode::json(answer)?;
    page.fingerprint = fingerprint(answer.body());
    Ok(page)
}

/// Returns the hash of the rows, from the first bracket to the last one. The rest of an envelope may differ in every response,
/// such as the time or the id of a request.
fn fingerprint(body: &[u8]) -> u64 {
    let first = body.iter().position(|byte| *byte == b'[');
    let last = body.iter().rposition(|byte| *byte == b']');
    let rows = first.zip(last).and_then(|(first, last)| body.get(first..=last));
    let mut hasher = DefaultHasher::new();
    rows.unwrap_or(body).hash(&mut hasher);
    hasher.finish()
}

/// Decodes the page of an operation without paging. Without a total, it contains all rows.
pub(crate) fn read_only<T: Field>(answer: &Response<Bytes>) -> Result<Page<T>, decode::DecodeFailure> {
    let mut page = read(answer)?;
    page.stated_total.get_or_insert(page.total);
    Ok(page)
}

/// A position in a list that is paged with `skip` and `take`.
///
/// Its hash is that of the previous page, so that a server that ignores `skip` and returns the same page twice is
/// detected.
///
/// ```no_run
/// # async fn example(client: &virtuous_client::Client) -> Result<(), virtuous_client::Error> {
/// use virtuous_client::Query;
/// use virtuous_client::arguments::Paging;
///
/// let mut gifts = client.gifts().query(&Query::all().sort_by("Id"), Paging::new()).items();
/// gifts.next().await.transpose()?;
/// // Kept, and given as `skip` to another call, it continues there.
/// println!("{:?}", gifts.position().map(|position| position.skip()));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Position {
    skip: u64,
    take: u64,
    paged: bool,
    page_before: u64,
}

impl Position {
    /// Returns the number of rows before this position. To resume here, pass it as `skip` to another call.
    #[must_use]
    pub fn skip(&self) -> i64 {
        i64::try_from(self.skip).unwrap_or(i64::MAX)
    }
}

impl Hash for Position {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.page_before.hash(state);
    }
}

#[doc(hidden)]
impl<T> auth_client_core::provider::Rows for Page<T> {}

#[doc(hidden)]
impl<T: Field + Unpin + 'static> auth_client_core::provider::Page for Page<T> {
    type Item = T;
    type Position = Position;

    fn first<E: From<auth_client_core::Error>>(call: &CallTemplate<Self, E>) -> Position {
        let skip = call.query_number("skip").unwrap_or(0);
        let asked = call.query_number("take").unwrap_or(DEFAULT_TAKE);
        let (take, paged) = match call.operation().paging() {
            Some(auth_client_core::provider::Paging::SkipTake { max_take: Some(max) }) => {
                (asked.min(max.into()), true)
            }
            paging => (asked, paging.is_some()),
        };
        Position { skip, take, paged, page_before: 0 }
    }

    fn query(position: &Position) -> Vec<(&'static str, u64)> {
        // The server rejects parameters that an operation doesn't have.
        if position.paged { vec![("skip", position.skip), ("take", position.take)] } else { Vec::new() }
    }

    fn next(
        position: &Position,
        page: &Self,
        left_out: &[UnreadableRow],
    ) -> Result<Step<Position>, &'static str> {
        let (rows, total, fingerprint) = (page.rows(left_out), page.told_total(), page.fingerprint(left_out));
        let skip = position.skip.saturating_add(rows);
        let step = if !position.paged {
            if total.is_some_and(|total| total > skip) {
                return Err(
                    "the response has a part of the rows, and the vendor documents no way to request the others",
                );
            }
            Step::end()
        } else if rows == 0 {
            Step::nothing_new()
        } else if fingerprint == Some(position.page_before)
            && page.completes(rows, position.skip, position.take)
        {
            // The server ignores `skip`; an incomplete list is an error of the stream.
            Step::nothing_new()
        } else {
            Step::to(Position { skip, page_before: fingerprint.unwrap_or_default(), ..*position })
        };
        Ok(step.rows(rows).total(total))
    }

    fn into_items(self) -> Vec<T> {
        self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::Tag;

    fn read_text(json: &str) -> Result<Page<Tag>, String> {
        read(&Response::new(Bytes::copy_from_slice(json.as_bytes())))
            .map_err(|failure| format!("{failure:?}"))
    }

    #[test]
    fn envelopes_lists_and_single_rows_are_pages() {
        for (json, rows, total) in [
            (r#"{"list":[{"id":1},{"id":2}],"total":7}"#, 2, 7),
            (r#"{"total":"7","new":1,"list":[{"id":1}]}"#, 1, 7),
            (r#"{"new":1,"list":[{"id":1}],"total":7}"#, 1, 7),
            (r#"{"tagName":"of the envelope","list":[{"id":1}],"total":7}"#, 1, 7),
            (r#"{"total":{"value":7},"list":[{"id":1}]}"#, 1, 1),
            (r#"{"total":[],"list":[{"id":1}]}"#, 1, 1),
            (r#"{"total":"many","list":[{"id":1}]}"#, 1, 1),
            (r#"{"list":[{"id":1}]}"#, 1, 1),
            (r#"{"list":null,"total":0}"#, 0, 0),
            (r#"[{"id":1},{"id":2},{"id":3}]"#, 3, 3),
            ("[]", 0, 0),
            ("null", 0, 0),
            (r#"{"id":5,"tagName":"a","other":1}"#, 1, 1),
        ] {
            let page = read_text(json).unwrap();
            assert_eq!((page.list.len(), page.total), (rows, total), "{json}");
        }
        assert_eq!(read_text(r#"{"id":5}"#).unwrap().list[0].id, 5);
        for bad in [
            "{}",
            "7",
            r#"{"list":7}"#,
            r#"{"list":[{"tagName":"a"}]}"#,
            r#"{"list":[{"id":1},null]}"#,
            "[null]",
            r#"{"message":"under maintenance"}"#,
            r#"{"tagName":"no id"}"#,
            r#"{"total":3}"#,
        ] {
            assert!(read_text(bad).is_err(), "{bad}");
        }
    }
}
