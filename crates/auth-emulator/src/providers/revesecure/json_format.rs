//! Other serializations of the same JSON, for detecting a body that was signed in one format and sent in another. They keep
//! the order of the fields, except for `sorted`.

/// Changes the white space between tokens; `None` if the input is not JSON.
pub(super) fn respaced(json: &str, style: Spacing) -> Option<String> {
    serde_json::from_str::<serde::de::IgnoredAny>(json).ok()?;
    let mut out = String::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let mut characters = json.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' => {
                out.push('"');
                let mut escaped = false;
                for inner in characters.by_ref() {
                    out.push(inner);
                    if inner == '"' && !escaped {
                        break;
                    }
                    escaped = inner == '\\' && !escaped;
                }
            }
            '{' | '[' => {
                out.push(character);
                while characters.peek().is_some_and(char::is_ascii_whitespace) {
                    characters.next();
                }
                if characters.peek().is_some_and(|next| matches!(next, '}' | ']')) {
                    out.extend(characters.next());
                    continue;
                }
                depth += 1;
                style.line(&mut out, depth);
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                style.line(&mut out, depth);
                out.push(character);
            }
            ',' => {
                out.push(',');
                match style {
                    Spacing::Spaced => out.push(' '),
                    _ => style.line(&mut out, depth),
                }
            }
            ':' => out.push_str(if style == Spacing::Compact { ":" } else { ": " }),
            space if space.is_ascii_whitespace() => {}
            other => out.push(other),
        }
    }
    Some(out)
}

/// White space between tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spacing {
    /// None.
    Compact,
    /// After colons and commas, as in Python.
    Spaced,
    /// One line per field, indented by this number of spaces.
    Pretty(usize),
}

impl Spacing {
    fn line(self, out: &mut String, depth: usize) {
        if let Self::Pretty(width) = self {
            out.push('\n');
            out.push_str(&" ".repeat(width * depth));
        }
    }
}

/// Compact, with fields sorted by name.
pub(super) fn sorted(json: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(json).ok()?;
    Some(write_sorted(&value))
}

/// Sorts explicitly: the order of `serde_json` depends on its features.
fn write_sorted(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::Object(members) => {
            let mut names: Vec<_> = members.iter().collect();
            names.sort_by_key(|(name, _)| name.as_str());
            let members: Vec<_> = names
                .iter()
                .map(|(name, value)| format!("{}:{}", Value::String((*name).clone()), write_sorted(value)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(write_sorted).collect();
            format!("[{}]", items.join(","))
        }
        other => other.to_string(),
    }
}

/// Compact, without fields of the outermost object that are null; `None` if there are none.
pub(super) fn without_nulls(json: &str) -> Option<String> {
    let serde_json::Value::Object(mut members) = serde_json::from_str(json).ok()? else { return None };
    let before = members.len();
    members.retain(|_, value| !value.is_null());
    (members.len() < before).then(|| serde_json::Value::Object(members).to_string())
}

/// Escapes non-ASCII characters as `\uXXXX`.
pub(super) fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() {
            out.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            out.push_str(&format!("\\u{unit:04x}"));
        }
    }
    out
}

/// Replaces `\uXXXX` escapes of non-ASCII characters by UTF-8.
pub(super) fn unescaped(json: &str) -> Option<String> {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let units: Vec<u16> = escape_units(escape);
        let wanted = if units.first().is_some_and(|unit| (0xd800..0xdc00).contains(unit)) { 2 } else { 1 };
        let text = String::from_utf16(units.get(..wanted.min(units.len())).unwrap_or_default()).ok();
        match text.filter(|text| !text.is_empty() && !text.is_ascii()) {
            Some(text) => {
                out.push_str(&text);
                rest = escape.get(6 * wanted..)?;
            }
            None => {
                out.push_str(escape.get(..2)?);
                rest = escape.get(2..)?;
            }
        }
    }
    out.push_str(rest);
    Some(out)
}

/// The code units of up to two leading `\uXXXX` escapes.
fn escape_units(text: &str) -> Vec<u16> {
    let mut units = Vec::new();
    let mut rest = text;
    while let Some(digits) = rest.strip_prefix("\\u").and_then(|rest| rest.get(..4)) {
        let Ok(unit) = u16::from_str_radix(digits, 16) else { break };
        units.push(unit);
        rest = rest.get(6..).unwrap_or_default();
        if units.len() == 2 {
            break;
        }
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"b":[1,{}, "x, {\" : "],"a":{"c":null}}"#;

    #[test]
    fn spacing_leaves_strings_and_order_alone() {
        assert_eq!(respaced(BODY, Spacing::Compact).unwrap(), r#"{"b":[1,{},"x, {\" : "],"a":{"c":null}}"#);
        assert_eq!(
            respaced(BODY, Spacing::Spaced).unwrap(),
            r#"{"b": [1, {}, "x, {\" : "], "a": {"c": null}}"#
        );
        let value: serde_json::Value = serde_json::from_str(r#"{"a":{"c":[1,2,{}],"d":[]}}"#).unwrap();
        let pretty = respaced(&value.to_string(), Spacing::Pretty(2)).unwrap();
        assert_eq!(pretty, serde_json::to_string_pretty(&value).unwrap());
        assert_eq!(respaced("{'a':1}", Spacing::Compact), None);
    }

    #[test]
    fn fields_are_sorted_at_every_depth() {
        assert_eq!(sorted(r#"{"b":[{"d":1,"c":2}],"a":"é"}"#).unwrap(), r#"{"a":"é","b":[{"c":2,"d":1}]}"#);
    }

    #[test]
    fn escapes_go_both_ways() {
        let plain = "{\"a\":\"Zoë 😀 \\\\u00eb \\n\"}";
        assert_eq!(unescaped(&escaped(plain)).unwrap(), plain);
        assert_eq!(escaped("Zoë😀"), r"Zo\u00eb\ud83d\ude00");
        assert_eq!(unescaped(r#""\u0041\t\ud83d""#).unwrap(), r#""\u0041\t\ud83d""#);
    }
}
