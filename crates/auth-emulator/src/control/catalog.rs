//! The catalogue of controls: name, method, path and arguments of each. One row makes a route of the control API, a command of
//! the program and an entry of `GET /catalog`; the rows themselves are in `controls.rs`.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::actions::Actions;
use super::error::ControlError;
use crate::framework::suggest::{did_you_mean, explained};

/// Something that can be done to a running emulator: a route of the control API, a command of the program, and a method of
/// [`Emulator`](crate::Emulator).
///
/// ```
/// let control = auth_emulator::controls().iter().find(|control| control.name == "faults.add").unwrap();
/// assert_eq!((control.method, control.path), ("POST", "/faults"));
/// assert!(control.arguments.iter().any(|argument| argument.name == "provider" && argument.required));
/// ```
#[derive(Serialize)]
#[non_exhaustive]
pub struct Control {
    /// The name: a group, and after a dot the action. The program's command is the same with a space.
    pub name: &'static str,
    /// The HTTP method.
    pub method: &'static str,
    /// The path, with arguments in braces.
    pub path: &'static str,
    /// What it does.
    pub help: &'static str,
    /// The arguments. Those that are not in the path go into the query, or for a POST into a JSON object in the body.
    pub arguments: &'static [Argument],
    /// The method of the library, without the crate's name.
    pub library: &'static str,
    /// Whether it requires the control token.
    pub token: bool,
    /// The status of a successful response.
    pub status: u16,
    #[serde(skip)]
    pub(crate) run: Run,
}

/// An argument of a [`Control`].
///
/// ```
/// use auth_emulator::ArgumentKind;
///
/// let journal = auth_emulator::controls().iter().find(|control| control.name == "journal.list").unwrap();
/// let limit = journal.arguments.iter().find(|argument| argument.name == "limit").unwrap();
/// assert_eq!(limit.kind, ArgumentKind::Integer);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Argument {
    /// The name in path, query or body.
    pub name: &'static str,
    /// The type.
    pub kind: ArgumentKind,
    /// Whether it is required.
    pub required: bool,
    /// What it means.
    pub help: &'static str,
}

/// The type of an [`Argument`].
///
/// ```
/// use auth_emulator::ArgumentKind;
///
/// assert_eq!(serde_json::json!(ArgumentKind::Choice(&["a", "b"])), serde_json::json!({ "choice": ["a", "b"] }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ArgumentKind {
    /// A string.
    Text,
    /// An integer, zero or more.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// One of these strings.
    Choice(&'static [&'static str]),
    /// Any JSON value.
    Json,
    /// The whole body: an object with any fields.
    Fields,
}

/// The result of a control: the JSON of the response.
pub(crate) type Outcome = Result<Value, ControlError>;

#[derive(Clone, Copy)]
pub(crate) enum Run {
    /// Runs immediately, because it waits for nothing: no lock of a provider, no file.
    AtOnce(fn(&Actions, Input) -> Outcome),
    /// Runs on a thread that may block, because a provider may be busy.
    Now(fn(&Actions, Input) -> Outcome),
    /// Waits for something, such as a request.
    Later(Waiting),
}

pub(crate) type Waiting = fn(Arc<Actions>, Input) -> Pin<Box<dyn Future<Output = Outcome> + Send>>;

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Argument {
    pub(crate) const fn required(name: &'static str, kind: ArgumentKind, help: &'static str) -> Self {
        Self { name, kind, required: true, help }
    }

    pub(crate) const fn optional(name: &'static str, kind: ArgumentKind, help: &'static str) -> Self {
        Self { name, kind, required: false, help }
    }

    /// Checks a value, and reads it from a string if it has another type: in a path and a query everything is a string.
    fn read(&self, value: Value, is_text: bool) -> Result<Value, ControlError> {
        let invalid = |expected: &str| ControlError::invalid(format!("{}: expected {expected}", self.name));
        let value = match (value, self.kind) {
            (Value::String(text), ArgumentKind::Integer | ArgumentKind::Boolean | ArgumentKind::Json)
                if is_text =>
            {
                serde_json::from_str(&text).unwrap_or(Value::String(text))
            }
            (value, _) => value,
        };
        let fits = match self.kind {
            ArgumentKind::Text => value.is_string(),
            ArgumentKind::Integer => value.is_u64(),
            ArgumentKind::Boolean => value.is_boolean(),
            ArgumentKind::Choice(known) => value.as_str().is_some_and(|value| known.contains(&value)),
            ArgumentKind::Json => true,
            ArgumentKind::Fields => value.is_object(),
        };
        match self.kind {
            _ if fits => Ok(value),
            ArgumentKind::Text => Err(invalid("a string")),
            ArgumentKind::Integer => Err(invalid("an integer that is not negative")),
            ArgumentKind::Boolean => Err(invalid("true or false")),
            ArgumentKind::Choice(known) => Err(invalid(&format!("one of {}", known.join(", ")))),
            ArgumentKind::Json | ArgumentKind::Fields => Err(invalid("a JSON object")),
        }
    }
}

impl Control {
    const fn new(
        name: &'static str,
        method: &'static str,
        path: &'static str,
        help: &'static str,
        run: Run,
    ) -> Self {
        Self { name, method, path, help, arguments: &[], library: "", token: true, status: 200, run }
    }

    pub(crate) const fn get(
        name: &'static str,
        path: &'static str,
        help: &'static str,
        run: fn(&Actions, Input) -> Outcome,
    ) -> Self {
        Self::new(name, "GET", path, help, Run::Now(run))
    }

    pub(crate) const fn post(
        name: &'static str,
        path: &'static str,
        help: &'static str,
        run: fn(&Actions, Input) -> Outcome,
    ) -> Self {
        Self::new(name, "POST", path, help, Run::Now(run))
    }

    pub(crate) const fn delete(
        name: &'static str,
        path: &'static str,
        help: &'static str,
        run: fn(&Actions, Input) -> Outcome,
    ) -> Self {
        Self::new(name, "DELETE", path, help, Run::Now(run))
    }

    /// Runs even if every thread is busy.
    pub(crate) const fn at_once(mut self) -> Self {
        if let Run::Now(run) = self.run {
            self.run = Run::AtOnce(run);
        }
        self
    }

    /// Replaces what runs by something that waits.
    pub(crate) const fn waiting(mut self, run: Waiting) -> Self {
        self.run = Run::Later(run);
        self
    }

    pub(crate) const fn arguments(mut self, arguments: &'static [Argument]) -> Self {
        self.arguments = arguments;
        self
    }

    /// Names the counterpart in the library; a test checks that it exists.
    pub(crate) const fn library(mut self, method: &'static str) -> Self {
        self.library = method;
        self
    }

    /// 201 instead of 200.
    pub(crate) const fn created(mut self) -> Self {
        self.status = 201;
        self
    }

    pub(crate) const fn without_token(mut self) -> Self {
        self.token = false;
        self
    }

    pub(crate) fn success(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or_default()
    }

    /// Collects the arguments of a request: all known, none twice, none missing, each of its type.
    pub(crate) fn input(
        &self,
        path: impl IntoIterator<Item = (String, String)>,
        query: &str,
        body: &[u8],
    ) -> Result<Input, ControlError> {
        let mut input = Input::default();
        for (name, value) in path {
            // A path that doesn't exist.
            input
                .set(self.arguments, &name, Value::String(value), true)
                .map_err(|error| ControlError::not_found(error.message))?;
        }
        for (name, value) in pairs(query) {
            input.set(self.arguments, &name, Value::String(value), true)?;
        }
        let whole = self.arguments.iter().find(|argument| argument.kind == ArgumentKind::Fields);
        if !body.is_empty() {
            let body: Value = serde_json::from_slice(body)
                .map_err(|error| ControlError::invalid(format!("invalid body: {error}")))?;
            match (whole, body) {
                (Some(whole), body) => input.set(self.arguments, whole.name, body, false)?,
                (None, Value::Object(fields)) => input.set_all(self.arguments, fields)?,
                (None, _) => return Err(ControlError::invalid("invalid body: expected a JSON object")),
            }
        }
        input.complete(self.arguments)
    }
}

/// The arguments of one request, checked against the catalogue.
#[derive(Debug, Default)]
pub(crate) struct Input(Map<String, Value>);

impl Input {
    /// The fields of a JSON object as arguments.
    pub(super) fn of(arguments: &[Argument], fields: Map<String, Value>) -> Result<Self, ControlError> {
        let mut input = Self::default();
        input.set_all(arguments, fields)?;
        input.complete(arguments)
    }

    fn set_all(&mut self, arguments: &[Argument], fields: Map<String, Value>) -> Result<(), ControlError> {
        let takes_null = |name: &str| {
            arguments.iter().any(|argument| argument.name == name && argument.kind == ArgumentKind::Json)
        };
        for (name, value) in fields {
            // As in most JSON APIs, null is the same as nothing.
            if !value.is_null() || takes_null(&name) {
                self.set(arguments, &name, value, false)?;
            }
        }
        Ok(())
    }

    fn set(
        &mut self,
        arguments: &[Argument],
        name: &str,
        value: Value,
        is_text: bool,
    ) -> Result<(), ControlError> {
        let Some(argument) = arguments.iter().find(|argument| argument.name == name) else {
            let known: Vec<_> = arguments.iter().map(|argument| argument.name).collect();
            let hint = did_you_mean(name, known.iter().copied());
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(ControlError::invalid(format!(
                "unknown argument {name:?}; known are: {known}{hint}"
            )));
        };
        let value = argument.read(value, is_text)?;
        match self.0.insert(name.to_owned(), value) {
            Some(_) => Err(ControlError::invalid(format!("{name} occurs more than once"))),
            None => Ok(()),
        }
    }

    fn complete(self, arguments: &[Argument]) -> Result<Self, ControlError> {
        match arguments.iter().find(|one| one.required && !self.0.contains_key(one.name)) {
            Some(missing) => {
                Err(ControlError::invalid(format!("{} is required: {}", missing.name, missing.help)))
            }
            None => Ok(self),
        }
    }

    /// A required string, or an empty one if the row doesn't require it.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.optional_text(name).unwrap_or_default()
    }

    pub(crate) fn optional_text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    pub(crate) fn integer(&self, name: &str) -> Option<u64> {
        self.0.get(name).and_then(Value::as_u64)
    }

    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    pub(super) fn into_value(self) -> Value {
        Value::Object(self.0)
    }

    /// All arguments as one value.
    pub(crate) fn read<T: DeserializeOwned>(self) -> Result<T, ControlError> {
        serde_json::from_value(Value::Object(self.0))
            .map_err(|error| ControlError::invalid(explained(&error.to_string())))
    }
}

/// The names and values of a query, decoded.
fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    })
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const CONTROL: Control = Control::post("a.b", "/a/{id}", "", |_, _| Ok(Value::Null)).arguments(&[
        Argument::required("id", ArgumentKind::Text, "the id"),
        Argument::optional("count", ArgumentKind::Integer, ""),
        Argument::optional("on", ArgumentKind::Boolean, ""),
        Argument::optional("what", ArgumentKind::Choice(&["x", "y"]), ""),
        Argument::optional("any", ArgumentKind::Json, ""),
    ]);

    fn input(query: &str, body: &str) -> Result<Value, String> {
        let path = [("id".to_owned(), "1".to_owned())];
        let input = CONTROL.input(path, query, body.as_bytes());
        input.map(|input| Value::Object(input.0)).map_err(|error| error.message)
    }

    #[test]
    fn arguments_come_from_path_query_and_body() {
        assert_eq!(input("", "").unwrap(), json!({ "id": "1" }));
        let expected = json!({ "id": "1", "count": 2, "on": true, "what": "x", "any": { "a": [1] } });
        assert_eq!(input("count=2&on=true&what=x&any=%7B%22a%22:[1]%7D", "").unwrap(), expected);
        let body = r#"{"count":2,"on":true,"what":"x","any":{"a":[1]}}"#;
        assert_eq!(input("", body).unwrap(), expected);
        assert_eq!(input("any=a+%62", "").unwrap()["any"], "a b");
    }

    #[test]
    fn what_the_catalogue_does_not_have_is_rejected() {
        for (query, body, message) in [
            (
                "coumt=2",
                "",
                "unknown argument \"coumt\"; known are: id, count, on, what, any; did you mean \"count\"?",
            ),
            (
                "",
                r#"{"coumt":2}"#,
                "unknown argument \"coumt\"; known are: id, count, on, what, any; did you mean \"count\"?",
            ),
            ("count=2&count=2", "", "count occurs more than once"),
            ("count=2", r#"{"count":2}"#, "count occurs more than once"),
            ("id=2", "", "id occurs more than once"),
            ("count=-1", "", "count: expected an integer that is not negative"),
            ("count=", "", "count: expected an integer that is not negative"),
            ("", r#"{"count":"2"}"#, "count: expected an integer that is not negative"),
            ("", r#"{"count":2.5}"#, "count: expected an integer that is not negative"),
            ("", r#"{"id":2}"#, "id: expected a string"),
            ("on=yes", "", "on: expected true or false"),
            ("what=z", "", "what: expected one of x, y"),
            ("", "[]", "invalid body: expected a JSON object"),
        ] {
            assert_eq!(input(query, body).unwrap_err(), message, "{query} {body}");
        }
        assert!(input("", "{").unwrap_err().starts_with("invalid body: "));
        let missing = CONTROL.input([], "", b"").unwrap_err();
        assert_eq!(missing.message, "id is required: the id");
    }
}
