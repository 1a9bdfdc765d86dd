//! Digits of numbers in fields that are strings.
//!
//! A deserializer passes `1234567890123456.75` as a float, which has fewer digits. A response with such a number in a
//! field that keeps its text is decoded a second time, in which those fields are filled with the original JSON.

use std::cell::Cell;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Digits {
    /// Numbers are passed as integers and floats.
    Parsed,
    /// The same, and a field that keeps its text was filled with a float.
    Lost,
    /// Fields that keep their text are filled with the original JSON.
    Kept,
}

thread_local! {
    static DIGITS: Cell<Digits> = const { Cell::new(Digits::Parsed) };
}

/// Restores the state of the decoding around this one, also after a panic.
struct Outer(Digits);

impl Drop for Outer {
    fn drop(&mut self) {
        DIGITS.set(self.0);
    }
}

/// Decodes once, or twice if digits of a number were lost.
pub(crate) fn keep<T, E>(decode: impl Fn() -> Result<T, E>) -> Result<T, E> {
    let _outer = Outer(DIGITS.replace(Digits::Parsed));
    let parsed = decode();
    if DIGITS.get() != Digits::Lost {
        return parsed;
    }
    DIGITS.set(Digits::Kept);
    decode().or(parsed)
}

/// Returns whether fields that keep their text are filled with the original JSON.
pub(crate) fn are_kept() -> bool {
    DIGITS.get() == Digits::Kept
}

/// Records that a field that keeps its text was filled with a float.
pub(crate) fn lose() {
    DIGITS.set(Digits::Lost);
}

/// Returns the text of a float if it can't differ from the number in the JSON, except for zeros at its end.
pub(super) fn exact(value: f64) -> Option<String> {
    let text = value.to_string();
    // A float keeps 15 significant digits.
    let digits = text.bytes().filter(u8::is_ascii_digit).skip_while(|digit| *digit == b'0').count();
    (digits <= 15).then_some(text)
}
