//! Values of conditions: strings, numbers, and relative dates.

use crate::models::{Amount, DateTime};

/// A value of a condition, which the API expects as a string.
///
/// ```
/// use virtuous_client::models::Amount;
/// use virtuous_client::query::{IntoQueryValue as _, RelativeDate};
///
/// assert_eq!(Amount::new(1050, 2).into_query_value(), "10.50");
/// assert_eq!(RelativeDate::DaysAgo(30).into_query_value(), "30 Days Ago");
/// ```
pub trait IntoQueryValue {
    /// Returns the string.
    fn into_query_value(self) -> String;
}

macro_rules! displayed {
    ($($type:ty),*) => {$(
        impl IntoQueryValue for $type {
            fn into_query_value(self) -> String {
                self.to_string()
            }
        }
    )*};
}
displayed!(&str, String, &String, i32, i64, u32, u64, bool, Amount);

/// Uses the format of requests: `12/7/2023` becomes `2023-12-07`.
impl IntoQueryValue for &DateTime {
    fn into_query_value(self) -> String {
        self.to_wire()
    }
}

/// Uses the format of requests: `12/7/2023` becomes `2023-12-07`.
impl IntoQueryValue for DateTime {
    fn into_query_value(self) -> String {
        self.to_wire()
    }
}

/// A date relative to today, according to the server's calendar.
///
/// ```
/// use virtuous_client::query::{RelativeDate, parameter};
///
/// let condition = parameter("Last Modified Date").on_or_after(RelativeDate::DaysAgo(30));
/// assert_eq!(condition.value.as_deref(), Some("30 Days Ago"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RelativeDate {
    /// Today.
    Today,
    /// Yesterday.
    Yesterday,
    /// Tomorrow.
    Tomorrow,
    /// This number of days ago. The vendor documents 30, 60, 90, 180 and 270; other numbers are sent unchanged.
    DaysAgo(u32),
    /// A year ago.
    OneYearAgo,
    /// Two years ago.
    TwoYearsAgo,
    /// The last Sunday.
    LastSunday,
    /// The first day of this month.
    StartOfThisMonth,
    /// This year.
    ThisCalendarYear,
    /// One week from now.
    OneWeekFromNow,
}

impl IntoQueryValue for RelativeDate {
    fn into_query_value(self) -> String {
        match self {
            Self::Today => "Today".to_owned(),
            Self::Yesterday => "Yesterday".to_owned(),
            Self::Tomorrow => "Tomorrow".to_owned(),
            Self::DaysAgo(days) => format!("{days} Days Ago"),
            Self::OneYearAgo => "One Year Ago".to_owned(),
            Self::TwoYearsAgo => "Two Years Ago".to_owned(),
            Self::LastSunday => "Last Sunday".to_owned(),
            Self::StartOfThisMonth => "Start Of This Month".to_owned(),
            Self::ThisCalendarYear => "This Calendar Year".to_owned(),
            Self::OneWeekFromNow => "One week from now".to_owned(),
        }
    }
}
