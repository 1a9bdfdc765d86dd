//! JSON as the vendor's parser reads it, which is Json.NET: also with comments, single quotes, names without quotes, a comma
//! before a closing bracket, and a byte order mark.

use serde_json::Value;

use crate::providers::virtuous::base::record::JsonFields;

/// The limit of the vendor's platform.
const MAX_DEPTH: usize = 256;

/// Parses a body. `None`: it is not JSON.
pub(crate) fn parse(body: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(body).ok()?;
    let mut reader = Reader { rest: text.trim_start_matches('\u{feff}') };
    let value = reader.value(MAX_DEPTH)?;
    reader.skip()?;
    reader.rest.is_empty().then_some(value)
}

struct Reader<'t> {
    rest: &'t str,
}

impl<'t> Reader<'t> {
    /// Skips spaces and comments.
    fn skip(&mut self) -> Option<()> {
        loop {
            self.rest = self.rest.trim_start();
            self.rest = if let Some(line) = self.rest.strip_prefix("//") {
                line.split_once('\n').map_or("", |(_, rest)| rest)
            } else if let Some(block) = self.rest.strip_prefix("/*") {
                block.split_once("*/")?.1
            } else {
                return Some(());
            };
        }
    }

    /// Whether the letter is next, which is consumed.
    fn eat(&mut self, letter: char) -> Option<bool> {
        self.skip()?;
        let rest = self.rest.strip_prefix(letter);
        self.rest = rest.unwrap_or(self.rest);
        Some(rest.is_some())
    }

    /// Whether a list or an object continues.
    fn continues(&mut self, end: char) -> Option<bool> {
        if self.eat(',')? {
            return self.eat(end).map(|ended| !ended);
        }
        if self.eat(end)? { Some(false) } else { None }
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        if self.eat('{')? {
            let mut fields = JsonFields::new();
            let mut more = !self.eat('}')?;
            while more {
                let name = match self.string()? {
                    Some(name) => name,
                    None => self.word(|letter| letter.is_alphanumeric() || "_$".contains(letter))?.to_owned(),
                };
                let value = if self.eat(':')? { self.value(depth)? } else { return None };
                fields.insert(name, value);
                more = self.continues('}')?;
            }
            return Some(Value::Object(fields));
        }
        if self.eat('[')? {
            let mut items = Vec::new();
            let mut more = !self.eat(']')?;
            while more {
                items.push(self.value(depth)?);
                more = self.continues(']')?;
            }
            return Some(Value::Array(items));
        }
        if let Some(text) = self.string()? {
            return Some(Value::String(text));
        }
        match self.word(|letter| letter.is_alphanumeric() || "+-.".contains(letter))? {
            "null" | "undefined" => Some(Value::Null),
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            digits => number(digits),
        }
    }

    fn word(&mut self, fits: impl Fn(char) -> bool) -> Option<&'t str> {
        let end = self.rest.find(|letter| !fits(letter)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        Some(word).filter(|word| !word.is_empty())
    }

    /// `Some(None)`: no string is next.
    fn string(&mut self) -> Option<Option<String>> {
        self.skip()?;
        let mut letters = self.rest.char_indices();
        let quote = match letters.next() {
            Some((_, quote @ ('"' | '\''))) => quote,
            _ => return Some(None),
        };
        let mut units: Vec<u16> = Vec::new();
        while let Some((_, letter)) = letters.next() {
            match letter {
                '\\' => units.push(match letters.next()?.1 {
                    'b' => 8,
                    't' => 9,
                    'n' => 10,
                    'f' => 12,
                    'r' => 13,
                    'u' => {
                        let digits = [(); 4].map(|()| letters.next()?.1.to_digit(16));
                        let code = digits.into_iter().try_fold(0, |code, digit| Some(code * 16 + digit?))?;
                        u16::try_from(code).ok()?
                    }
                    letter @ ('"' | '\'' | '\\' | '/') => u16::try_from(u32::from(letter)).ok()?,
                    _ => return None,
                }),
                _ if letter == quote => {
                    self.rest = letters.as_str();
                    return Some(Some(String::from_utf16_lossy(&units)));
                }
                _ => units.extend_from_slice(letter.encode_utf16(&mut [0; 2])),
            }
        }
        None
    }
}

/// A number that would be written in another way stays as it is, as a string: strings keep the digits of a number, and
/// numbers are read from strings.
fn number(word: &str) -> Option<Value> {
    let digits = word.strip_prefix('-').unwrap_or(word);
    let float: f64 = word.parse().ok().filter(|float: &f64| float.is_finite())?;
    digits.starts_with(|one: char| one.is_ascii_digit() || one == '.').then_some(())?;
    let number = word.parse::<i64>().map_or_else(|_| Value::from(float), Value::from);
    let written = number.to_string();
    Some(if written == word { number } else { Value::from(word) })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_json_net_reads_is_read() {
        for (body, value) in [
            ("{\"a\": [1, -2.5, true, null]}", json!({ "a": [1, -2.5, true, null] })),
            ("\u{feff} {'a': 'it\\'s \"b\"'}", json!({ "a": "it's \"b\"" })),
            ("{a_1: 1, $b: [], \u{e9}: {},}", json!({ "a_1": 1, "$b": [], "\u{e9}": {} })),
            ("// one\n[1, /* two */ 2,] // end", json!([1, 2])),
            ("\"\\u00e9\\ud83d\\ude00\\/\\n\u{e9}\n\"", json!("\u{e9}\u{1f600}/\n\u{e9}\n")),
            (
                "[10.50, 1e2, .5, 12345678901234567890123]",
                json!(["10.50", "1e2", ".5", "12345678901234567890123"]),
            ),
            ("undefined", json!(null)),
        ] {
            assert_eq!(parse(body.as_bytes()), Some(value), "{body}");
        }
    }

    #[test]
    fn anything_else_is_not() {
        let deep = "[".repeat(300) + &"]".repeat(300);
        let bodies = [
            "",
            " ",
            "{",
            "[1",
            "[,]",
            "[1,,2]",
            "{,}",
            "{a 1}",
            "{a:}",
            "{a: None}",
            "{a: 1} b",
            "\"a",
            "'a\"",
            "+1",
            "1_0",
            "-",
            "nan",
            "1e400",
            "/* ",
            "\"\\x\"",
            "\"\\u12\"",
            "{a-b: 1}",
            "[1}",
            &deep,
        ];
        for body in bodies {
            assert_eq!(parse(body.as_bytes()), None, "{body}");
        }
        assert_eq!(parse(b"\"\xff\""), None);
    }
}
