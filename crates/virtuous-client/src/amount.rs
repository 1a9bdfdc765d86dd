//! Exact decimal numbers for money, rates and hours, without conversion from or to floats.
//!
//! The API represents them as numbers in some responses and as strings in others. Assumption (formats): either can
//! occur anywhere. With the feature `rust_decimal`, they convert to [`rust_decimal::Decimal`] for arithmetic; without
//! it, that crate is not compiled.

mod arithmetic;
mod display;

use auth_client_core::provider::record::{self, Field, Fit, Form, Reading};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// Maximum number of decimal places.
const MAX_PLACES: u32 = 28;

/// An exact decimal number: an amount of money, a rate, a number of hours.
///
/// ```
/// use virtuous_client::models::Amount;
///
/// let amount: Amount = "10.50".parse()?;
/// assert_eq!(amount, Amount::new(1050, 2));
/// assert_eq!(amount.to_string(), "10.50");
/// assert_eq!(Amount::from_display("$1,210.50"), Some(Amount::new(121_050, 2)));
/// # Ok::<(), virtuous_client::models::InvalidAmount>(())
/// ```
///
/// Amounts compare by value, regardless of trailing zeros. They have no currency, so compare and add only amounts of
/// the same currency.
#[derive(Clone, Copy, Debug, Default)]
pub struct Amount {
    digits: i128,
    places: u32,
}

/// A string that is not a decimal number, or has more digits than an [`Amount`] supports.
///
/// ```
/// use virtuous_client::models::Amount;
///
/// let error = "ten".parse::<Amount>().unwrap_err();
/// assert_eq!(error.to_string(), "not a decimal number of at most 28 digits");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidAmount;

impl fmt::Display for InvalidAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a decimal number of at most 28 digits")
    }
}

impl std::error::Error for InvalidAmount {}

impl Amount {
    /// Zero.
    pub const ZERO: Self = Self { digits: 0, places: 0 };

    /// Creates an amount from its digits and the number of decimal places: `new(1050, 2)` is 10.50. The number of
    /// places is limited to 28.
    ///
    /// ```
    /// use virtuous_client::models::Amount;
    ///
    /// assert_eq!(Amount::new(1050, 2).to_string(), "10.50");
    /// assert_eq!(Amount::new(1050, 2), Amount::new(105, 1));
    /// ```
    #[must_use]
    pub const fn new(digits: i64, places: u32) -> Self {
        let places = if places > MAX_PLACES { MAX_PLACES } else { places };
        Self { digits: digits as i128, places }
    }

    /// Returns all digits, without the decimal point.
    ///
    /// ```
    /// use virtuous_client::models::Amount;
    ///
    /// assert_eq!(Amount::new(1050, 2).digits(), 1050);
    /// ```
    #[must_use]
    pub const fn digits(self) -> i128 {
        self.digits
    }

    /// Returns the number of decimal places.
    ///
    /// ```
    /// use virtuous_client::models::Amount;
    ///
    /// assert_eq!(Amount::new(1050, 2).places(), 2);
    /// ```
    #[must_use]
    pub const fn places(self) -> u32 {
        self.places
    }

    /// Parses a displayed amount: `$10.50`, `$1,210.50`, `-$3`, `($3)`. Returns `None` for anything else, such as
    /// `Unavailable`.
    ///
    /// The minus sign can be a dash, before or after the currency or at the end. A pair of brackets means a
    /// negative amount. The currency is a symbol, an ISO 4217 code or an abbreviation such as `kr`, or a symbol with the
    /// letters of a country (`US$`). Other letters can be a multiplier (`5k`) or a sign (`DR 5`).
    ///
    /// Assumption (amount-display): displayed amounts have a decimal point and commas between thousands, as in
    /// `en-US`.
    ///
    /// ```
    /// use virtuous_client::models::Amount;
    ///
    /// assert_eq!(Amount::from_display("$1,210.50"), Some(Amount::new(121_050, 2)));
    /// assert_eq!(Amount::from_display("($3)"), Some(Amount::from(-3)));
    /// assert_eq!(Amount::from_display("\u{2212}$3"), Some(Amount::from(-3)));
    /// assert_eq!(Amount::from_display("Unavailable"), None);
    /// ```
    #[must_use]
    pub fn from_display(text: &str) -> Option<Self> {
        let (number, is_negative) = display::split(text)?;
        let (whole, fraction) =
            number.split_once('.').map_or((number, None), |(whole, rest)| (whole, Some(rest)));
        let mut groups = whole.split(',');
        let first = groups.next().unwrap_or_default();
        let is_grouped = first.len() <= 3 && groups.clone().all(|group| group.len() == 3);
        // `0,500` is a half in the other order.
        if whole.contains(',') && (first.is_empty() || first.starts_with('0') || !is_grouped) {
            return None;
        }
        let digits = whole.replace(',', "");
        let number = match fraction {
            Some(fraction) => format!("{digits}.{fraction}"),
            None => digits,
        };
        let amount: Self = number.parse().ok()?;
        Some(if is_negative { Self { digits: -amount.digits, ..amount } } else { amount })
    }

    /// Removes trailing zeros of the fraction.
    fn shortest(mut self) -> Self {
        while self.places > 0 && self.digits % 10 == 0 {
            self.digits /= 10;
            self.places -= 1;
        }
        self
    }
}

/// Parses `10.50`, `-3`, `1e3`: the number format of JSON.
impl FromStr for Amount {
    type Err = InvalidAmount;

    fn from_str(text: &str) -> Result<Self, InvalidAmount> {
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse::<i32>().map_err(|_| InvalidAmount)?),
            None => (text, 0),
        };
        let (sign, unsigned) = number.strip_prefix('-').map_or((1, number), |rest| (-1, rest));
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || unsigned.ends_with('.') {
            return Err(InvalidAmount);
        }
        let mut digits: i128 = 0;
        for byte in whole.bytes().chain(fraction.bytes()) {
            digits = digits
                .checked_mul(10)
                .and_then(|digits| digits.checked_add(i128::from(byte - b'0')))
                .ok_or(InvalidAmount)?;
        }
        if digits == 0 {
            // Independent of the size of the exponent, which may be very large.
            let places = u32::try_from(fraction.len()).unwrap_or(MAX_PLACES).min(MAX_PLACES);
            return Ok(Self { digits, places });
        }
        let mut places = i32::try_from(fraction.len()).map_err(|_| InvalidAmount)?.checked_sub(exponent);
        while places.is_some_and(|places| places < 0) {
            digits = digits.checked_mul(10).ok_or(InvalidAmount)?;
            places = places.map(|places| places + 1);
        }
        let places = places.and_then(|places| u32::try_from(places).ok()).ok_or(InvalidAmount)?;
        let amount = Self { digits: sign * digits, places };
        let amount = if places > MAX_PLACES { amount.shortest() } else { amount };
        if amount.places > MAX_PLACES { Err(InvalidAmount) } else { Ok(amount) }
    }
}

/// Formats as `10.50`, with all decimal places.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = usize::try_from(self.places).unwrap_or_default();
        let digits = format!("{:0>width$}", self.digits.unsigned_abs(), width = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        let point = if places == 0 { "" } else { "." };
        f.pad_integral(self.digits >= 0, "", &format!("{whole}{point}{fraction}"))
    }
}

impl PartialEq for Amount {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Amount {}

impl PartialOrd for Amount {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Amount {
    fn cmp(&self, other: &Self) -> Ordering {
        // Compare the integer parts, then the fractions with an equal number of places.
        let split = |amount: Self| {
            let unit = 10_i128.pow(amount.places);
            (amount.digits / unit, (amount.digits % unit) * 10_i128.pow(MAX_PLACES - amount.places))
        };
        split(*self).cmp(&split(*other))
    }
}

impl std::hash::Hash for Amount {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        let shortest = self.shortest();
        (shortest.digits, shortest.places).hash(state);
    }
}

macro_rules! whole {
    ($($type:ty),*) => {$(
        impl From<$type> for Amount {
            fn from(whole: $type) -> Self {
                Self { digits: i128::from(whole), places: 0 }
            }
        }
    )*};
}
whole!(i32, i64, u32);

/// For amounts of transactions, which the API expects as strings.
impl From<Amount> for String {
    fn from(amount: Amount) -> Self {
        amount.to_string()
    }
}

/// Serializes to a JSON number with exactly these digits. Other formats and `serde(flatten)` don't support such
/// numbers.
impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.to_string()).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        record::read(deserializer)
    }
}

/// A number or a string that contains one.
#[doc(hidden)]
impl Field for Amount {
    fn blank() -> Self {
        Self::ZERO
    }

    fn expected(&self) -> &'static str {
        "a decimal number"
    }

    fn takes_raw() -> bool {
        true
    }

    fn wants_raw(&self) -> bool {
        true
    }

    fn raw(&mut self, json: &str, _: Reading) -> Fit {
        let text: Cow<'_, str> = match json.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
            None => Cow::Borrowed(json),
            Some(text) if !text.contains('\\') => Cow::Borrowed(text),
            Some(_) => Cow::Owned(serde_json::from_str(json).map_err(|_| self.expected())?),
        };
        let text = text.trim();
        *self = text.parse().ok().or_else(|| Self::from_display(text)).ok_or(self.expected())?;
        Ok(())
    }

    fn form(&self) -> Form<'_> {
        Form::Number(self.to_string().into())
    }
}

#[cfg(feature = "rust_decimal")]
impl From<rust_decimal::Decimal> for Amount {
    fn from(decimal: rust_decimal::Decimal) -> Self {
        Self { digits: decimal.mantissa(), places: decimal.scale() }
    }
}

/// Fails for more digits than a [`Decimal`](rust_decimal::Decimal) supports.
#[cfg(feature = "rust_decimal")]
impl TryFrom<Amount> for rust_decimal::Decimal {
    type Error = rust_decimal::Error;

    fn try_from(amount: Amount) -> Result<Self, rust_decimal::Error> {
        Self::try_from_i128_with_scale(amount.digits, amount.places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Amount, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn numbers_and_texts_are_read_digit_by_digit() {
        for (json, text) in [
            ("10.50", "10.50"),
            ("\"500.00\"", "500.00"),
            ("0", "0"),
            ("-3", "-3"),
            ("-0.05", "-0.05"),
            ("0.00", "0.00"),
            ("0e2000000000", "0"),
            ("0.0E-2000000000", "0.0"),
            ("1e3", "1000"),
            ("1.5E-2", "0.015"),
            ("123456789012345678.91", "123456789012345678.91"),
            ("0.1234567890123456789", "0.1234567890123456789"),
            ("\" 7 \"", "7"),
            ("\"$1,210.50\"", "1210.50"),
            ("\"\\u0024245.00\"", "245.00"),
            ("\"\\u00a310.50\"", "10.50"),
        ] {
            let amount = read(json).unwrap();
            assert_eq!(amount.to_string(), text, "{json}");
            assert_eq!(serde_json::to_string(&amount).unwrap(), text, "{json}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for json in [
            "\"\"",
            "\"abc\"",
            "true",
            "null",
            "[]",
            "\"1.\"",
            "\".5.\"",
            "\"NaN\"",
            "\"1e99\"",
            "1e2000000000",
            "1e-2000000000",
            "\"1-1\"",
        ] {
            assert!(read(json).is_err(), "{json}");
        }
        assert!(read("true").unwrap_err().to_string().contains("a decimal number"));
        let many = format!("\"{}\"", "9".repeat(60));
        assert!(read(&many).is_err());
    }

    #[test]
    fn displays_are_read_and_words_are_not() {
        for (text, amount) in [
            ("$10.50", Some(Amount::new(1050, 2))),
            ("$0", Some(Amount::ZERO)),
            ("-$3", Some(Amount::from(-3))),
            ("($3.25)", Some(Amount::new(-325, 2))),
            ("CA$1,000", Some(Amount::from(1000))),
            ("$-3.00", Some(Amount::from(-3))),
            ("-CA$1,000,000.5", Some(Amount::new(-10_000_005, 1))),
            ("£10.50", Some(Amount::new(1050, 2))),
            ("10,50", None),
            ("1.210,50", None),
            ("1,2345", None),
            (",123", None),
            ("--5", None),
            ("(-5)", None),
            ("Unavailable", None),
            ("", None),
            ("Unavailable 3", None),
            ("$", None),
            ("k$5", None),
            ("M€5", None),
            ("k5", None),
            ("¢50", None),
        ] {
            assert_eq!(Amount::from_display(text), amount, "{text}");
        }
    }

    #[test]
    fn values_are_compared_and_not_how_they_are_written() {
        let amount = |text: &str| text.parse::<Amount>().unwrap();
        assert_eq!(amount("10.5"), amount("10.50"));
        assert!(
            amount("-0.5") < amount("0") && amount("-1.5") < amount("-1.25") && amount("2") > amount("1.99")
        );
        assert_eq!(Amount::new(1, 99).places(), 28);
        let hash = |amount: Amount| {
            use std::hash::{BuildHasher as _, RandomState};
            static STATE: std::sync::OnceLock<RandomState> = std::sync::OnceLock::new();
            STATE.get_or_init(RandomState::new).hash_one(amount)
        };
        assert_eq!(hash(amount("10.5")), hash(amount("10.500")));
        assert_ne!(amount("1"), amount("2"));
        assert_ne!(hash(amount("1")), hash(amount("2")));
        // 28 decimal places are kept as they are written, and more only if they are zeros.
        assert_eq!(amount(&format!("1.{:028}", 0)).places(), 28);
        assert_eq!(amount(&format!("1.{:029}", 0)).places(), 0);
        assert_eq!(amount(&format!("0.{:028}", 1)), Amount::new(1, 28));
        assert!(format!("0.{:029}", 1).parse::<Amount>().is_err());
    }

    #[cfg(feature = "rust_decimal")]
    #[test]
    fn decimals_are_the_same_numbers() {
        let decimal = rust_decimal::Decimal::try_from(Amount::new(-1050, 2)).unwrap();
        assert_eq!((decimal.to_string().as_str(), Amount::from(decimal)), ("-10.50", Amount::new(-1050, 2)));
        let long: Amount = "123456789012345678901234567890123".parse().unwrap();
        assert!(rust_decimal::Decimal::try_from(long).is_err());
    }
}
