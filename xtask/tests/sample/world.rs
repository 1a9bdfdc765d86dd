//! What a provider crate has by hand around its generated code, for the sample.

use crate::engine::{Client, Error};
use auth_client_core::decode::{self, DecodeFailure};
use auth_client_core::provider::Operation;
use auth_client_core::provider::record::{Field, Fit, Form, Reading, Scalar};
use auth_core::secret::SecretString;
use bytes::Bytes;
use http::Response;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

impl Client {
    pub(crate) fn house_key(&self) -> &'static str {
        HOUSE_KEY
    }

    pub(crate) fn with_house_key<'a, T: Serialize>(
        &self,
        given: Option<&SecretString>,
        body: &'a T,
    ) -> WithHouseKey<'a, T> {
        WithHouseKey { house_key: given.is_none().then_some(HOUSE_KEY), body }
    }
}

const HOUSE_KEY: &str = "key of/the house";

/// A body, and what the client adds to it.
#[derive(Serialize)]
pub(crate) struct WithHouseKey<'a, T> {
    #[serde(rename = "HouseKey", skip_serializing_if = "Option::is_none")]
    house_key: Option<&'static str>,
    #[serde(flatten)]
    body: &'a T,
}

/// An amount, by hand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Money(String);

impl Field for Money {
    fn blank() -> Self {
        Self::default()
    }
    fn expected(&self) -> &'static str {
        "an amount"
    }
    fn scalar(&mut self, value: Scalar<'_>, reading: Reading) -> Fit {
        self.0.scalar(value, reading)
    }
    fn form(&self) -> Form<'_> {
        Form::Text(&self.0)
    }
}

auth_client_core::provider::serde_by_field!(Money);

impl From<&str> for Money {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// A body, by hand.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Lid {
    size: u32,
    id: String,
}

impl Lid {
    pub(crate) fn to_body(&self) -> &Self {
        self
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }
}

/// Refuses a lid before it is sent.
pub(crate) fn check_lid(operation: &'static Operation, lid: &Lid) -> Result<(), Error> {
    if lid.size > 0 { Ok(()) } else { Err(Error::invalid_input(operation.id(), "size", "a lid has a size")) }
}

/// Refuses a range before it is sent.
pub(crate) fn check_range(
    operation: &'static Operation,
    from: i64,
    to: i64,
    _: &crate::TeaKind,
) -> Result<(), Error> {
    if from <= to {
        Ok(())
    } else {
        Err(Error::invalid_input(operation.id(), "to", "it lies before the first"))
    }
}

/// For an operation without arguments.
pub(crate) fn check_nothing(_: &'static Operation) -> Result<(), Error> {
    Ok(())
}

/// A decoder of the provider's own.
pub(crate) fn decode_counting<T: DeserializeOwned>(answer: &Response<Bytes>) -> Result<T, DecodeFailure> {
    decode::json(answer)
}

/// What `tests/common` has in a provider crate.
pub(crate) mod common {
    pub(crate) use crate::engine::{AUTH_HEADERS, Client, PREFIX, authenticated, client};

    pub(crate) const DESCRIPTION: &str = include_str!("openapi.json");
}
