//! Schemas of parameters and request bodies, and the checks before anything is sent.

use super::pattern::Pattern;
use super::resolve;
use crate::json::Fields;
use crate::words;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::marker::PhantomData;

/// The part of a JSON schema that the descriptions use.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Schema {
    #[serde(rename = "$ref")]
    pub(crate) reference: Option<String>,
    #[serde(rename = "type", deserialize_with = "one_or_several")]
    pub(crate) types: Vec<Type>,
    pub(crate) description: Option<String>,
    #[serde(rename = "enum")]
    pub(crate) values: Vec<Value>,
    pub(crate) required: Vec<String>,
    #[serde(deserialize_with = "in_order")]
    pub(crate) properties: Vec<(String, Schema)>,
    pub(crate) items: Option<Box<Schema>>,
    pub(crate) additional_properties: Option<Additional>,
    pub(crate) any_of: Vec<Schema>,
    pub(crate) min_length: Option<usize>,
    pub(crate) max_length: Option<usize>,
    pub(crate) minimum: Option<f64>,
    pub(crate) maximum: Option<f64>,
    pub(crate) pattern: Option<Pattern>,
    pub(crate) min_items: Option<usize>,
    pub(crate) min_properties: Option<usize>,
    pub(crate) max_properties: Option<usize>,
    pub(crate) property_names: Option<Box<Schema>>,
    /// The fields that must be there if a field is there.
    #[serde(deserialize_with = "in_order")]
    pub(crate) dependent_required: Vec<(String, Vec<String>)>,
    pub(crate) secret: bool,
    /// The client sets it.
    pub(crate) filled: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Type {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

/// The type of a value, as in messages.
pub(crate) fn type_name(value: &Value) -> &'static str {
    let types = [Type::Null, Type::Boolean, Type::Number, Type::String, Type::Array];
    types.into_iter().find(|ty| ty.fits(value)).unwrap_or(Type::Object).name()
}

impl Type {
    fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "a boolean (true or false)",
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }

    fn fits(self, value: &Value) -> bool {
        match self {
            Self::Null => value.is_null(),
            Self::Boolean => value.is_boolean(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Number => value.is_number(),
            Self::String => value.is_string(),
            Self::Array => value.is_array(),
            Self::Object => value.is_object(),
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Additional {
    Allowed(bool),
    Of(Box<Schema>),
}

/// A value that can be given by one flag.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plain {
    pub(crate) types: Vec<Type>,
    pub(crate) values: Vec<String>,
    /// Other values are possible too.
    pub(crate) open: bool,
    /// A string is a decimal number.
    pub(crate) decimal: bool,
    /// The flag can be given several times.
    pub(crate) list: bool,
    pub(crate) secret: bool,
}

impl Plain {
    /// Turns the value of a flag into JSON, by the type of the field and never by the look of the value.
    pub(crate) fn json(&self, text: &str) -> Result<String, String> {
        if !self.values.is_empty() && !self.open && !self.values.iter().any(|value| value == text) {
            return Err(one_of(text, self.values.iter().map(String::as_str)));
        }
        if let Some(problem) = Pattern::Decimal.problem(text).filter(|_| self.decimal) {
            return Err(problem.to_owned());
        }
        let number = || {
            // JSON allows spaces around it, a path doesn't.
            Some(text)
                .filter(|text| text.trim() == *text)
                .and_then(|text| serde_json::from_str::<serde_json::Number>(text).ok())
        };
        for ty in &self.types {
            match ty {
                Type::String => return Ok(Value::from(text).to_string()),
                Type::Boolean if matches!(text, "true" | "false") => return Ok(text.to_owned()),
                // As an alternative to a string, such as for a phone number, only if the digits stay as they are.
                Type::Integer if self.types.contains(&Type::String) && !is_plain_number(text) => {}
                Type::Integer if number().is_some_and(|it| it.is_i64() || it.is_u64()) => {
                    return Ok(text.to_owned());
                }
                Type::Number if number().is_some() => return Ok(text.to_owned()),
                _ => {}
            }
        }
        Err(format!("must be {}", self.types.first().map_or("a value", |ty| ty.name())))
    }

    /// The name of the value in help: `<INTEGER>`.
    pub(crate) fn value_name(&self) -> &'static str {
        match self.types.first() {
            _ if self.decimal => "NUMBER",
            Some(Type::Integer) => "INTEGER",
            Some(Type::Number) => "NUMBER",
            Some(Type::Boolean) => "true|false",
            _ => "STRING",
        }
    }
}

impl Schema {
    /// Returns how a flag gives this value; `None` for objects, lists of objects and anything else that only JSON can say.
    pub(crate) fn plain(&self, provider: &str) -> Option<Plain> {
        let schema = resolve(provider, self);
        let secret = schema.secret || self.secret;
        if !schema.any_of.is_empty() {
            let mut plain = Plain { secret, ..Plain::default() };
            for one in schema.any_of.iter().filter(|one| one.types != [Type::Null]) {
                let one = one.plain(provider).filter(|one| !one.list)?;
                plain.open |= one.values.is_empty() && one.types == [Type::String];
                plain.decimal |= one.decimal;
                plain.types.extend(one.types);
                plain.values.extend(one.values);
            }
            plain.types.sort_by_key(|ty| *ty != Type::String);
            return (!plain.types.is_empty()).then_some(plain);
        }
        // The first one that fits: where a number may be a string, the description names the form of the vendor's sample first.
        let types: Vec<Type> = schema.types.iter().copied().filter(|ty| *ty != Type::Null).collect();
        if types == [Type::Array] {
            let plain = schema.items.as_ref()?.plain(provider).filter(|plain| !plain.list)?;
            return Some(Plain { list: true, ..plain });
        }
        if types.is_empty() || types.iter().any(|ty| matches!(ty, Type::Array | Type::Object)) {
            return None;
        }
        let values = schema.values.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        let decimal = schema.pattern == Some(Pattern::Decimal);
        Some(Plain { types, values, decimal, secret, ..Plain::default() })
    }

    /// Adds everything that is wrong with a value, each with its position, such as `contactIndividuals[0].firstName`.
    pub(crate) fn check(&self, provider: &str, value: &Value, at: &str, problems: &mut Vec<String>) {
        let schema = resolve(provider, self);
        let mut report = |problem: String| {
            problems.push(if at.is_empty() { problem } else { format!("{at}: {problem}") });
        };
        if !schema.any_of.is_empty() {
            let mut of_type = None;
            for one in &schema.any_of {
                let mut inner = Vec::new();
                one.check(provider, value, at, &mut inner);
                if inner.is_empty() {
                    return;
                }
                let fits = one.types.iter().any(|ty| ty.fits(value));
                of_type = of_type.or_else(|| fits.then_some(inner));
            }
            match of_type {
                Some(mut inner) => problems.append(&mut inner),
                None => report("has none of the forms that are allowed here".to_owned()),
            }
            return;
        }
        if !schema.types.is_empty() && !schema.types.iter().any(|ty| ty.fits(value)) {
            let names: Vec<_> =
                schema.types.iter().filter(|ty| **ty != Type::Null).map(|ty| ty.name()).collect();
            return report(format!("must be {}", names.join(" or ")));
        }
        if !schema.values.is_empty() && !value.is_null() && !schema.values.contains(value) {
            let given = value.as_str().unwrap_or_default();
            report(one_of(given, schema.values.iter().filter_map(Value::as_str)));
        }
        match value {
            Value::String(text) => {
                let length = text.chars().count();
                if let Some(least) = schema.min_length.filter(|least| length < *least) {
                    let characters = if least == 1 {
                        "not be empty".to_owned()
                    } else {
                        format!("have at least {least} characters")
                    };
                    report(format!("must {characters}"));
                }
                if let Some(most) = schema.max_length.filter(|most| length > *most) {
                    report(format!("must have at most {most} characters"));
                }
                if let Some(problem) = schema.pattern.and_then(|pattern| pattern.problem(text)) {
                    report(problem.to_owned());
                }
            }
            Value::Number(number) => {
                let number = number.as_f64().unwrap_or_default();
                if let Some(least) = schema.minimum.filter(|least| number < *least) {
                    report(format!("must be at least {least}"));
                }
                if let Some(most) = schema.maximum.filter(|most| number > *most) {
                    report(format!("must be at most {most}"));
                }
            }
            Value::Array(items) => {
                if let Some(least) = schema.min_items.filter(|least| items.len() < *least) {
                    report(format!(
                        "must have at least {least} {}",
                        if least == 1 { "element" } else { "elements" }
                    ));
                }
                if let Some(schema) = &schema.items {
                    for (index, item) in items.iter().enumerate() {
                        schema.check(provider, item, &format!("{at}[{index}]"), problems);
                    }
                }
            }
            Value::Object(fields) => {
                for problem in schema.rules(fields) {
                    report(problem);
                }
                for (name, value) in fields {
                    let path = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                    match (schema.property(name), &schema.additional_properties) {
                        (Some(property), _) => property.check(provider, value, &path, problems),
                        (None, Some(Additional::Of(of))) => of.check(provider, value, &path, problems),
                        (None, Some(Additional::Allowed(true))) => {}
                        (None, _) if schema.properties.is_empty() => {}
                        (None, _) => {
                            let names = schema.properties.iter().map(|(name, _)| name.as_str());
                            problems.push(format!(
                                "{path}: there is no such field{}",
                                words::did_you_mean(name, names)
                            ));
                        }
                    }
                }
                for name in &schema.required {
                    let filled = schema.property(name).is_some_and(|property| property.filled);
                    if !filled && !fields.contains_key(name) {
                        let path = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                        problems.push(format!("{path}: is required"));
                    }
                }
            }
            _ => {}
        }
    }

    /// What is wrong with the fields of an object as a whole.
    fn rules(&self, fields: &serde_json::Map<String, Value>) -> Vec<String> {
        let mut problems = Vec::new();
        if self.min_properties.is_some_and(|least| fields.len() < least) {
            let names = self.properties.iter().map(|(name, _)| name.as_str());
            let optional: Vec<&str> =
                names.filter(|name| !self.required.iter().any(|own| own == name)).collect();
            problems.push(format!("one of {} is required", optional.join(", ")));
        }
        if let Some(most) = self.max_properties.filter(|most| fields.len() > *most) {
            problems.push(format!("must have at most {most} fields"));
        }
        let longest = self.property_names.as_ref().and_then(|names| names.max_length);
        if let Some(most) = longest.filter(|most| fields.keys().any(|name| name.chars().count() > *most)) {
            problems.push(format!("a name must have at most {most} characters"));
        }
        for (name, others) in self.dependent_required.iter().filter(|(name, _)| fields.contains_key(name)) {
            for other in others.iter().filter(|other| !fields.contains_key(*other)) {
                problems.push(format!("{other} is required together with {name}"));
            }
        }
        problems
    }

    pub(crate) fn property(&self, name: &str) -> Option<&Schema> {
        self.properties.iter().find(|(own, _)| own == name).map(|(_, property)| property)
    }

    /// Adds the names of all secret fields, at any depth.
    pub(crate) fn secret_names(&self, provider: &str, names: &mut Vec<String>, depth: usize) {
        // Schemas can refer to themselves.
        if depth > 8 {
            return;
        }
        let schema = resolve(provider, self);
        for (name, property) in &schema.properties {
            if property.secret && !names.contains(name) {
                names.push(name.clone());
            }
            property.secret_names(provider, names, depth + 1);
        }
        for inner in schema.any_of.iter().chain(schema.items.as_deref()) {
            inner.secret_names(provider, names, depth + 1);
        }
    }

    /// Whether the JSON has a value for a field that is a secret, at any depth.
    pub(crate) fn secret_in(&self, provider: &str, value: &Value) -> Option<String> {
        let schema = resolve(provider, self);
        match value {
            Value::Object(fields) => fields.iter().find_map(|(name, value)| {
                let property = schema.property(name)?;
                if property.secret && !value.is_null() {
                    Some(name.clone())
                } else {
                    property.secret_in(provider, value)
                }
            }),
            Value::Array(items) => {
                let inner = schema.items.as_ref()?;
                items.iter().find_map(|item| inner.secret_in(provider, item))
            }
            _ => None,
        }
    }
}

/// Whether a number would keep the digits: no sign, no leading zero, and few enough for every reader of JSON.
fn is_plain_number(text: &str) -> bool {
    (1..=15).contains(&text.len()) && !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn one_of<'w>(given: &str, values: impl Iterator<Item = &'w str> + Clone) -> String {
    let suggestion = words::did_you_mean(given, values.clone());
    format!("must be one of {}{suggestion}", values.collect::<Vec<_>>().join(", "))
}

fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Type>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Types {
        One(Type),
        Several(Vec<Type>),
    }
    Types::deserialize(deserializer).map(|types| match types {
        Types::One(ty) => vec![ty],
        Types::Several(types) => types,
    })
}

pub(super) fn in_order<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<(String, T)>, D::Error> {
    deserializer.deserialize_map(Fields(PhantomData))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(text: &str) -> Schema {
        serde_json::from_str(text).unwrap()
    }

    fn problems(schema: &Schema, value: &str) -> Vec<String> {
        let mut problems = Vec::new();
        schema.check("virtuous", &serde_json::from_str(value).unwrap(), "", &mut problems);
        problems
    }

    #[test]
    fn a_body_is_checked_at_every_depth() {
        let schema = schema(
            r#"{"type":"object","required":["name","key"],"properties":{"name":{"type":"string","minLength":1},
            "age":{"type":["integer","null"],"minimum":0},"kind":{"type":"string","enum":["Home","Work"]},
            "key":{"type":"string","filled":true},"tags":{"type":"array","items":{"type":"string"}},
            "more":{"type":"object","additionalProperties":{"type":"boolean"}},
            "amount":{"anyOf":[{"type":"number"},{"type":"string","pattern":"^-?[0-9]+(\\.[0-9]+)?$"}]}}}"#,
        );
        let good = r#"{"name":"Anna","age":null,"kind":"Home","tags":["a"],"more":{"x":true},"amount":"1"}"#;
        assert_eq!(problems(&schema, good), [""; 0]);
        for (value, expected) in [
            ("[]", "must be an object"),
            ("{}", "name: is required"),
            (r#"{"name":""}"#, "name: must not be empty"),
            (r#"{"name":1}"#, "name: must be a string"),
            (r#"{"name":"A","age":"4"}"#, "age: must be an integer"),
            (r#"{"name":"A","age":1.5}"#, "age: must be an integer"),
            (r#"{"name":"A","age":-1}"#, "age: must be at least 0"),
            (r#"{"name":"A","kind":"home"}"#, "kind: must be one of Home, Work; did you mean Home?"),
            (r#"{"name":"A","tags":[1]}"#, "tags[0]: must be a string"),
            (r#"{"name":"A","more":{"x":1}}"#, "more.x: must be a boolean (true or false)"),
            (r#"{"name":"A","amount":[]}"#, "amount: has none of the forms that are allowed here"),
            (r#"{"name":"A","amount":"$10"}"#, "amount: must be a decimal number, such as 10.50"),
            (r#"{"name":"A","amount":"1."}"#, "amount: must be a decimal number, such as 10.50"),
            (r#"{"name":"A","nam":"B"}"#, "nam: there is no such field; did you mean name?"),
        ] {
            assert_eq!(problems(&schema, value), [expected], "{value}");
        }
    }

    #[test]
    fn the_type_of_a_flag_comes_from_the_schema() {
        let json = |schema_text: &str, text: &str| schema(schema_text).plain("virtuous").unwrap().json(text);
        let (string, integer) = (r#"{"type":"string"}"#, r#"{"type":["integer","null"]}"#);
        for (schema, text, expected) in [
            (string, "01234", "\"01234\""),
            (string, "true", "\"true\""),
            (string, "null", "\"null\""),
            (integer, "12", "12"),
            (integer, "-5", "-5"),
            (r#"{"type":"number"}"#, "12.50", "12.50"),
            (r#"{"type":"boolean"}"#, "false", "false"),
            (r#"{"anyOf":[{"type":"number"},{"type":"string"}]}"#, "7", "\"7\""),
        ] {
            assert_eq!(json(schema, text).as_deref(), Ok(expected), "{schema} {text}");
        }
        for (schema, text) in [
            (integer, "1.0"),
            (integer, ""),
            (integer, "0x1"),
            (r#"{"type":"boolean"}"#, "yes"),
            (r#"{"type":"number"}"#, "NaN"),
        ] {
            assert!(json(schema, text).is_err(), "{schema} {text}");
        }
        assert!(schema(r#"{"type":"array","items":{"type":"string"}}"#).plain("virtuous").unwrap().list);
        assert!(schema(r#"{"type":"object"}"#).plain("virtuous").is_none());
        assert!(schema("{}").plain("virtuous").is_none());
    }
}
