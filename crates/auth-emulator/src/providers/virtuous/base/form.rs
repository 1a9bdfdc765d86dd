//! Strict parsing of `application/x-www-form-urlencoded`: no duplicate fields, no invalid escapes. For the bodies of `/Token` and
//! for URL queries.

/// Parses and decodes the fields of a form.
pub(crate) fn parse(body: &[u8]) -> Result<Vec<(String, String)>, &'static str> {
    let body = std::str::from_utf8(body).map_err(|_| "the form is not UTF-8")?;
    let mut pairs: Vec<(String, String)> = Vec::new();
    for pair in body.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or("a form field has no equals sign")?;
        let (name, value) = (decode(name)?, decode(value)?);
        if pairs.iter().any(|(other, _)| *other == name) {
            return Err("a form field occurs twice");
        }
        pairs.push((name, value));
    }
    Ok(pairs)
}

fn decode(text: &str) -> Result<String, &'static str> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |digit: Option<u8>| char::from(digit.unwrap_or(b'x')).to_digit(16);
                match (digit(rest.next()), digit(rest.next())) {
                    (Some(high), Some(low)) => u8::try_from(high * 16 + low).unwrap_or(0),
                    _ => return Err("a percent sign is not followed by two hexadecimal digits"),
                }
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).map_err(|_| "the decoded form is not UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(parse(b"").unwrap(), []);
        assert_eq!(
            parse(b"a=b+c&d=%C3%A9%2B%26%3d&e=").unwrap(),
            [pair("a", "b c"), pair("d", "\u{e9}+&="), pair("e", "")]
        );
    }

    #[test]
    fn invalid_escapes_and_duplicates_are_rejected() {
        for bad in ["a", "a=%", "a=%2", "a=%zz", "a=%E9", "a=1&a=2", "a=%+1"] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(parse(b"a=\xff").is_err());
    }
}
