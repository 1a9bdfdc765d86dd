//! Exact arithmetic of amounts, without panics. For products and quotients, which require rounding, use `rust_decimal`.

use super::Amount;
use std::iter::Sum;
use std::ops::Neg;

impl Amount {
    /// Adds two amounts exactly. The result has as many decimal places as the operand with more of them. Returns
    /// `None` if the sum has more digits than an amount supports, about 38.
    ///
    /// An amount has no currency, so add only amounts of the same currency.
    ///
    /// ```
    /// use virtuous_client::models::Amount;
    ///
    /// let sum = Amount::new(1050, 2).checked_add(Amount::from(3));
    /// assert_eq!(sum.map(|sum| sum.to_string()).as_deref(), Some("13.50"));
    /// ```
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        // Without its trailing zeros, an amount may fit where it otherwise exceeds the maximum number of digits.
        self.add_aligned(other).or_else(|| self.shortest().add_aligned(other.shortest()))
    }

    /// Subtracts an amount, with the rules of [`checked_add`](Self::checked_add).
    ///
    /// ```
    /// use virtuous_client::models::Amount;
    ///
    /// let difference = Amount::from(3).checked_sub(Amount::new(1050, 2));
    /// assert_eq!(difference, Some(Amount::new(-750, 2)));
    /// ```
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.checked_add(-other)
    }

    fn add_aligned(self, other: Self) -> Option<Self> {
        let places = self.places.max(other.places);
        let digits = |amount: Self| amount.digits.checked_mul(10_i128.checked_pow(places - amount.places)?);
        let digits = digits(self)?.checked_add(digits(other)?)?;
        // The smallest number has no opposite.
        (digits != i128::MIN).then_some(Self { digits, places })
    }
}

/// Changes the sign.
impl Neg for Amount {
    type Output = Self;

    fn neg(self) -> Self {
        Self { digits: self.digits.saturating_neg(), ..self }
    }
}

/// Sums amounts; `None` if a sum has too many digits, see [`Amount::checked_add`].
///
/// ```
/// use virtuous_client::models::Amount;
///
/// let gifts = [Amount::new(1050, 2), Amount::from(3), Amount::new(-50, 2)];
/// let total: Option<Amount> = gifts.iter().sum();
/// assert_eq!(total, Some(Amount::from(13)));
/// ```
impl Sum<Amount> for Option<Amount> {
    fn sum<I: Iterator<Item = Amount>>(mut amounts: I) -> Self {
        amounts.try_fold(Amount::ZERO, Amount::checked_add)
    }
}

/// Sums amounts; `None` if a sum has too many digits, see [`Amount::checked_add`].
impl<'a> Sum<&'a Amount> for Option<Amount> {
    fn sum<I: Iterator<Item = &'a Amount>>(amounts: I) -> Self {
        amounts.copied().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Amount {
        text.parse().unwrap()
    }

    const MOST: &str = "170141183460469231731687303715884105727";

    #[test]
    fn sums_and_differences_are_exact_and_keep_decimal_places() {
        for (a, b, sum, difference) in [
            ("0.1", "0.2", "0.3", "-0.1"),
            ("10.50", "3", "13.50", "7.50"),
            ("0.00", "-3", "-3.00", "3.00"),
            ("-0.05", "0.05", "0.00", "-0.10"),
            (
                "123456789012345678.91",
                "0.0000000001",
                "123456789012345678.9100000001",
                "123456789012345678.9099999999",
            ),
            // Only without its trailing zeros does the second one fit beside the first.
            (
                "10000000000000000000000000000000000000",
                "0.50",
                "10000000000000000000000000000000000000.5",
                "9999999999999999999999999999999999999.5",
            ),
        ] {
            let (a, b) = (amount(a), amount(b));
            assert_eq!(a.checked_add(b).unwrap().to_string(), sum);
            assert_eq!(b.checked_add(a).unwrap().to_string(), sum);
            assert_eq!(a.checked_sub(b).unwrap().to_string(), difference);
        }
    }

    #[test]
    fn sums_that_do_not_fit_are_none_in_both_directions() {
        let most = amount(MOST);
        for (a, b) in [(most, amount("1")), (-most, amount("-1")), (most, amount("0.1")), (-most, -most)] {
            assert_eq!(
                (a.checked_add(b), b.checked_add(a), a.checked_sub(-b)),
                (None, None, None),
                "{a} {b}"
            );
        }
        let smallest = Amount::new(1, 28);
        assert_eq!(Amount::from(i64::MAX).checked_add(smallest).map(|sum| sum.places()), None);
        assert_eq!(most.checked_sub(most), Some(Amount::ZERO));
        assert_eq!(most.checked_add(Amount::new(0, 28)), Some(most));
        assert_eq!(-(-most), most);
    }

    #[test]
    fn a_total_is_a_number_or_none() {
        let gifts = ["10.50", "-0.50", "3"].map(amount);
        assert_eq!(gifts.iter().sum::<Option<Amount>>(), Some(Amount::from(13)));
        assert_eq!(gifts.into_iter().sum::<Option<Amount>>(), Some(Amount::from(13)));
        assert_eq!([].iter().sum::<Option<Amount>>(), Some(Amount::ZERO));
        assert_eq!([amount(MOST), amount(MOST), -amount(MOST)].iter().sum::<Option<Amount>>(), None);
    }
}
