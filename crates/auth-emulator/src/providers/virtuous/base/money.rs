//! Amounts: numbers in full records and direct writes, strings such as `$10.50` in summaries, strings such as `500.00` in
//! transactions. Stored in ten-thousandths, so that sums are exact.

use serde_json::Value;

/// An amount in ten-thousandths of the currency unit.
pub(crate) type Amount = i64;

/// The sum, saturating: absurd amounts must not break the emulator.
pub(crate) fn sum(amounts: impl Iterator<Item = Amount>) -> Amount {
    amounts.fold(0, Amount::saturating_add)
}

/// The amount of a JSON number.
pub(crate) fn of(value: &Value) -> Option<Amount> {
    value.as_f64().and_then(rounded)
}

/// Below a trillion, a float is exact to the ten-thousandth.
fn rounded(number: f64) -> Option<Amount> {
    if number.abs() >= 1e12 {
        return None;
    }
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the bound above keeps it far below the limits of i64"
    )]
    Some((number * 10_000.0).round() as i64)
}

/// Parses `500`, `500.00`, `-1.5`, `.5` or `1e2`, as the vendor's parser reads decimals.
pub(crate) fn parse(text: &str) -> Option<Amount> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let numeric = digits.starts_with(|first: char| first.is_ascii_digit() || first == '.');
    text.parse().ok().filter(|_| numeric).and_then(rounded)
}

/// Parses also `$1,500.00`, as transactions have it.
pub(crate) fn parse_price(text: &str) -> Option<Amount> {
    parse(&text.trim().trim_start_matches(['$', '\u{20ac}', '\u{a3}']).replace(',', ""))
}

/// The amount as a JSON number.
pub(crate) fn json(amount: Amount) -> Value {
    #[allow(clippy::cast_precision_loss, reason = "amounts stay below a trillion")]
    let number = amount as f64 / 10_000.0;
    Value::from(number)
}

/// Shows a number without decimals if it is whole.
pub(crate) fn shorten(number: &mut Value) {
    if let Some(whole) = of(number).filter(|amount| amount % 10_000 == 0) {
        *number = Value::from(whole / 10_000);
    }
}

/// Formats as `$1,234.50`; zero is `$0`.
pub(crate) fn display(amount: Amount) -> String {
    if amount == 0 {
        return "$0".to_owned();
    }
    let sign = if amount < 0 { "-" } else { "" };
    let cents = (amount.abs() + 50) / 100;
    let whole = (cents / 100).to_string();
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}${grouped}.{:02}", cents % 100)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn amounts_are_exact() {
        assert_eq!(of(&json!(0.1)).unwrap() + of(&json!(0.2)).unwrap(), of(&json!(0.3)).unwrap());
        assert_eq!(
            (parse("500.00"), parse("-1.5"), parse("7")),
            (Some(5_000_000), Some(-15_000), Some(70_000))
        );
        assert_eq!(
            (parse(".5"), parse("1e2"), parse("1.234560")),
            (Some(5_000), Some(1_000_000), Some(12_346))
        );
        assert_eq!(parse("99999999999.99").map(json), Some(json!(99_999_999_999.99)));
        for bad in ["", ".", "1,000", "$1", "--1", "1e", "nan", "inf", "1e12"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        assert_eq!(json(105_000), json!(10.5));
        for (number, short) in
            [(json!(20.0), json!(20)), (json!(2.5), json!(2.5)), (Value::Null, Value::Null)]
        {
            let mut shown = number;
            shorten(&mut shown);
            assert_eq!(shown, short);
        }
        for (price, amount) in [("$100.00", 1_000_000), (" \u{20ac}1,500", 15_000_000), ("5", 50_000)] {
            assert_eq!((parse_price(price), parse(price).is_some()), (Some(amount), price == "5"));
        }
        assert_eq!(parse_price("ten"), None);
        assert_eq!(display(105_000), "$10.50");
        assert_eq!(display(-12_345_678_900), "-$1,234,567.89");
        assert_eq!(display(0), "$0");
    }
}
