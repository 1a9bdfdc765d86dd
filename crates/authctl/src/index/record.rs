//! The record of one operation, as the index holds it.

use super::Key;
use super::schema::Schema;
use auth_client_core::Idempotency;
use auth_client_core::provider;
use http::Method;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Metadata of one operation.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Operation {
    #[serde(skip)]
    pub(crate) key: Key,
    pub(crate) method: String,
    /// The path template, below the client's prefix.
    pub(crate) path: String,
    pub(crate) class: Class,
    #[serde(default)]
    pub(crate) summary: String,
    pub(crate) description: Option<String>,
    /// The vendor's page about the operation.
    pub(crate) source: Option<String>,
    /// How Rust programs call it, if its method is written by hand.
    pub(crate) by_hand: Option<String>,
    /// The operation that reads what this one replaces.
    pub(crate) modify: Option<String>,
    #[serde(default)]
    pub(crate) sensitive: bool,
    #[serde(default)]
    pub(crate) deprecated: bool,
    /// Whether the path ends with the start and the end of a range.
    #[serde(default)]
    pub(crate) range: bool,
    #[serde(default)]
    not_executed_on: Vec<u16>,
    pub(crate) paging: Option<Paging>,
    /// Those of the path in its order, then those of the query.
    #[serde(default)]
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Option<Body>,
    /// The field of the response that holds the value.
    pub(crate) envelope: Option<String>,
    /// Whether the response is a list itself.
    #[serde(default)]
    list: bool,
    /// The field of the response that holds the rows of a list.
    pub(crate) rows: Option<String>,
    /// The plain fields of a row of the response, in the order of the description.
    #[serde(default)]
    pub(crate) columns: Vec<String>,
    /// All fields of a row of a query, with their types, in the order of the description.
    #[serde(default, deserialize_with = "super::schema::in_order")]
    pub(crate) fields: Vec<(String, FieldType)>,
    /// Fields of the response that are secrets.
    #[serde(default)]
    pub(crate) secrets: Vec<String>,
}

impl Operation {
    /// A call of a path that is no known operation. It reads if its method is safe.
    pub(crate) fn of_path(provider: &'static str, method: &Method, path: &str) -> Self {
        let class = if method.is_safe() { Class::Read } else { Class::Write };
        let key = Key { provider, ..Key::default() };
        Self { key, method: method.to_string(), path: path.to_owned(), class, ..Self::default() }
    }

    /// Returns the id of the operation in the SDK, such as `contacts.get`; method and path of one that has none.
    pub(crate) fn id(&self) -> String {
        match self.is_known() {
            true => format!("{}.{}", self.key.resource, self.key.name),
            false => format!("{} {}", self.method, self.path),
        }
    }

    /// Whether it is an operation of the index.
    pub(crate) fn is_known(&self) -> bool {
        !self.key.name.is_empty()
    }

    pub(crate) fn provider(&self) -> &'static str {
        self.key.provider
    }

    pub(crate) fn method(&self) -> Method {
        self.method.parse().unwrap_or(Method::GET)
    }

    /// Whether the response has rows.
    pub(crate) fn returns_rows(&self) -> bool {
        self.list || self.rows.is_some()
    }

    /// Whether it deletes something, and so needs a confirmation.
    pub(crate) fn deletes(&self) -> bool {
        self.method == "DELETE"
            || self.class != Class::Read
                && ["delete", "remove"].iter().any(|word| self.key.name.starts_with(word))
    }

    /// Returns the metadata for the engine of the SDK. It is built once for each operation of the index, and lives as long as the
    /// program.
    pub(crate) fn metadata(&self) -> provider::Operation {
        static BUILT: Mutex<BTreeMap<Key, provider::Operation>> = Mutex::new(BTreeMap::new());
        let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
        built.entry(self.key).or_insert_with(|| self.built()).clone()
    }

    fn built(&self) -> provider::Operation {
        let id: &'static str = self.id().leak();
        let path: &'static str = self.path.clone().leak();
        let mut operation = provider::Operation::new(id, self.method(), path, self.class.idempotency())
            .not_executed_on(self.not_executed_on.clone().leak());
        if self.sensitive {
            operation = operation.sensitive();
        }
        operation
    }
}

/// Idempotency class of an operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Class {
    #[default]
    Read,
    IdempotentWrite,
    Write,
}

impl Class {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::IdempotentWrite => "idempotent write",
            Self::Write => "write",
        }
    }

    pub(crate) fn idempotency(self) -> Idempotency {
        match self {
            Self::Read => Idempotency::Read,
            Self::IdempotentWrite => Idempotency::IdempotentWrite,
            Self::Write => Idempotency::Write,
        }
    }
}

/// Type of a column for a field of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FieldType {
    Boolean,
    Decimal,
    Integer,
    /// Nested values.
    Json,
    Text,
}

/// Pages by `skip` and `take`.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Paging {
    #[serde(rename = "maxTake")]
    pub(crate) max_take: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Place {
    Path,
    Query,
    Header,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    #[serde(rename = "in")]
    pub(crate) place: Place,
    pub(crate) description: Option<String>,
    #[serde(default)]
    pub(crate) required: bool,
    /// The client sets it.
    #[serde(default)]
    pub(crate) filled: bool,
    #[serde(default)]
    pub(crate) schema: Schema,
    pub(crate) example: Option<Box<RawValue>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    /// The media type, if it isn't JSON.
    pub(crate) media: Option<String>,
    #[serde(default)]
    pub(crate) schema: Schema,
    pub(crate) example: Option<Box<RawValue>>,
}
