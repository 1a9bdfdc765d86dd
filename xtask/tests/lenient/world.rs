//! What a provider crate has by hand around its generated code, for the lenient sample.

use crate::engine::Error;
use auth_client_core::decode::{self, DecodeFailure};
use auth_client_core::provider::record::{Field, Fit, Form, Reading, Scalar};
use bytes::Bytes;
use http::Response;
use serde::de::DeserializeOwned;
use serde::ser::SerializeSeq as _;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use std::collections::BTreeMap;

/// A page of a list.
#[derive(Debug, PartialEq, Deserialize, Serialize)]
pub struct Page<T> {
    /// The rows.
    pub list: Vec<T>,
    /// How many there are.
    pub total: i64,
}

pub(crate) fn read_page<T: DeserializeOwned>(answer: &Response<Bytes>) -> Result<Page<T>, DecodeFailure> {
    decode::json(answer)
}

/// A price in cents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price(i64);

impl Price {
    /// `new(105, 1)` is 10.5.
    pub fn new(digits: i64, places: u32) -> Self {
        Self(digits * 100 / 10_i64.pow(places))
    }
}

impl Serialize for Price {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.0 as f64 / 100.0).serialize(serializer)
    }
}

impl Field for Price {
    fn blank() -> Self {
        Self(0)
    }
    fn expected(&self) -> &'static str {
        "a price"
    }
    fn scalar(&mut self, value: Scalar<'_>, reading: Reading) -> Fit {
        let mut number = 0.0_f64;
        number.scalar(value, reading)?;
        self.0 = (number * 100.0) as i64;
        Ok(())
    }
    fn form(&self) -> Form<'_> {
        Form::Number(format!("{}.{:02}", self.0 / 100, self.0 % 100).into())
    }
}

/// Values by name.
#[derive(Clone, Debug, PartialEq)]
pub struct Notes(BTreeMap<String, Value>);

impl<V: Into<Value>, const COUNT: usize> From<[(&str, V); COUNT]> for Notes {
    fn from(pairs: [(&str, V); COUNT]) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect())
    }
}

/// As a list of names and values.
impl Serialize for Notes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            list.serialize_element(&serde_json::json!({ "name": name, "value": value }))?;
        }
        list.end()
    }
}

/// As an object.
pub(crate) fn notes_by_name<S: Serializer>(notes: &Option<Notes>, serializer: S) -> Result<S::Ok, S::Error> {
    notes.as_ref().map(|notes| &notes.0).serialize(serializer)
}

/// A name and a value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stamp {
    name: String,
    value: String,
}

impl Stamp {
    /// With these.
    pub fn new(name: &str, value: &str) -> Self {
        Self { name: name.to_owned(), value: value.to_owned() }
    }
}

/// A picture.
#[derive(Debug, Serialize)]
pub struct Cover {
    /// How long the response was.
    pub length: usize,
}

pub(crate) fn read_cover(answer: &Response<Bytes>) -> Result<Cover, DecodeFailure> {
    Ok(Cover { length: answer.body().len() })
}

/// A number that is read becomes a string that is sent.
pub(crate) fn sheets(pages: Option<&i64>, member: &'static str) -> Result<Option<String>, Error> {
    match pages {
        Some(pages) if *pages < 0 => Err(Error::invalid_input("modify", member, "it is negative")),
        pages => Ok(pages.map(|pages| (pages / 2).to_string())),
    }
}

pub(crate) mod convert {
    use super::Error;
    use auth_client_core::provider::record::{self, Field};
    use auth_client_core::{Reply, UnknownFields};
    use serde::Serialize;

    pub(crate) fn required<T>(value: Option<T>, member: &'static str) -> Result<T, Error> {
        value.ok_or_else(|| Error::invalid_input("modify", member, "the response lacks it"))
    }

    pub(crate) fn either<T>(
        renamed: Option<T>,
        unknown: impl FnOnce() -> Result<Option<T>, Error>,
    ) -> Result<Option<T>, Error> {
        if renamed.is_some() { Ok(renamed) } else { unknown() }
    }

    pub(crate) fn known<T: Field>(unknown: &UnknownFields, member: &'static str) -> Result<Option<T>, Error> {
        record::known(unknown, member)
            .map_err(|_| Error::invalid_input("modify", member, "the response has a value of another type"))
    }

    pub(crate) fn intact<T, U: Serialize>(read: &Reply<T>, update: &U) -> Result<(), Error> {
        let lost = read.is_damaged() && serde_json::to_string(update).unwrap().contains('\u{fffd}');
        if lost {
            Err(Error::invalid_input("modify", "update", "the response has invalid Unicode"))
        } else {
            Ok(())
        }
    }
}

/// What `tests/common` has in a provider crate.
pub(crate) mod common {
    pub(crate) use crate::engine::{AUTH_HEADERS, Client, PREFIX, authenticated, client};

    pub(crate) const DESCRIPTION: &str = include_str!("openapi.json");
}
