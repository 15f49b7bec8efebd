//! Intervals of exact amounts with open or closed ends, and the thresholds they are held against.
//!
//! Registers publish bands ("25 to 50 %"), laws draw a line inside them. An interval says what is known; a comparison
//! is three-valued.

use crate::decimal::Amount;
use crate::truth::Truth;
use core::fmt;

/// One end of an [`Interval`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct End {
    /// Where it lies.
    pub value: Amount,
    /// Whether the value itself lies outside.
    pub exclusive: bool,
}

impl End {
    /// An end that belongs to the interval.
    #[must_use]
    pub const fn inclusive(value: Amount) -> End {
        End { value, exclusive: false }
    }

    /// An end that does not belong to the interval.
    #[must_use]
    pub const fn exclusive(value: Amount) -> End {
        End { value, exclusive: true }
    }

    fn plus(self, other: End) -> End {
        End { value: self.value.plus(other.value), exclusive: self.exclusive || other.exclusive }
    }

    fn minus(self, other: End) -> End {
        End { value: self.value.minus(other.value), exclusive: self.exclusive || other.exclusive }
    }
}

/// All amounts between two ends; never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Interval {
    minimum: End,
    maximum: End,
}

impl Interval {
    /// Exactly nothing.
    pub const ZERO: Interval = Interval::exact(Amount::ZERO);
    /// Anything from nothing to all, in percent.
    pub const ANY_SHARE: Interval =
        Interval { minimum: End::inclusive(Amount::ZERO), maximum: End::inclusive(Amount::HUNDRED) };

    /// Returns the interval that holds one amount.
    #[must_use]
    pub const fn exact(value: Amount) -> Interval {
        Interval { minimum: End::inclusive(value), maximum: End::inclusive(value) }
    }

    /// Returns the interval between two ends, or nothing when no amount lies between them.
    #[must_use]
    pub fn new(minimum: End, maximum: End) -> Option<Interval> {
        let open = minimum.exclusive || maximum.exclusive;
        let empty = minimum.value > maximum.value || (minimum.value == maximum.value && open);
        (!empty).then_some(Interval { minimum, maximum })
    }

    /// Returns the lower end.
    #[must_use]
    pub fn minimum(&self) -> End {
        self.minimum
    }

    /// Returns the upper end.
    #[must_use]
    pub fn maximum(&self) -> End {
        self.maximum
    }

    /// Returns whether exactly one amount lies in it.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.minimum.value == self.maximum.value
    }

    /// Returns whether the amount lies in it.
    #[must_use]
    pub fn contains(&self, value: Amount) -> bool {
        let above = value > self.minimum.value || (value == self.minimum.value && !self.minimum.exclusive);
        let below = value < self.maximum.value || (value == self.maximum.value && !self.maximum.exclusive);
        above && below
    }

    /// Returns every sum of an amount here and one there.
    #[must_use]
    pub fn plus(&self, other: &Interval) -> Interval {
        Interval { minimum: self.minimum.plus(other.minimum), maximum: self.maximum.plus(other.maximum) }
    }

    /// Returns every difference of an amount here and one there.
    #[must_use]
    pub fn minus(&self, other: &Interval) -> Interval {
        Interval { minimum: self.minimum.minus(other.maximum), maximum: self.maximum.minus(other.minimum) }
    }

    /// Returns the amounts that lie in both, or nothing.
    #[must_use]
    pub fn intersection(&self, other: &Interval) -> Option<Interval> {
        Interval::new(later(self.minimum, other.minimum), earlier(self.maximum, other.maximum))
    }
}

/// The lower end that excludes more.
fn later(a: End, b: End) -> End {
    match a.value.cmp(&b.value) {
        core::cmp::Ordering::Less => b,
        core::cmp::Ordering::Greater => a,
        core::cmp::Ordering::Equal => End { value: a.value, exclusive: a.exclusive || b.exclusive },
    }
}

/// The upper end that excludes more.
fn earlier(a: End, b: End) -> End {
    match a.value.cmp(&b.value) {
        core::cmp::Ordering::Less => a,
        core::cmp::Ordering::Greater => b,
        core::cmp::Ordering::Equal => End { value: a.value, exclusive: a.exclusive || b.exclusive },
    }
}

impl fmt::Display for Interval {
    /// Writes `50`, `25 to 50`, or `more than 50 to 75`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_exact() {
            return write!(f, "{}", self.minimum.value);
        }
        let above = if self.minimum.exclusive { "more than " } else { "" };
        let below = if self.maximum.exclusive { "less than " } else { "" };
        write!(f, "{above}{} to {below}{}", self.minimum.value, self.maximum.value)
    }
}

/// Where a law draws the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threshold {
    /// Passed by more than the amount.
    MoreThan(Amount),
    /// Passed by the amount or more.
    AtLeast(Amount),
}

impl Threshold {
    /// Returns whether the amount in the interval passes the line.
    #[must_use]
    pub fn passed_by(&self, share: &Interval) -> Truth {
        let (low, high) = (share.minimum, share.maximum);
        match *self {
            Threshold::MoreThan(line) => {
                Truth::between(low.value > line || (low.value == line && low.exclusive), high.value > line)
            }
            Threshold::AtLeast(line) => Truth::between(
                low.value >= line,
                high.value > line || (high.value == line && !high.exclusive),
            ),
        }
    }

    /// Returns the amount the line is drawn at.
    #[must_use]
    pub fn amount(&self) -> Amount {
        match *self {
            Threshold::MoreThan(amount) | Threshold::AtLeast(amount) => amount,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Decimal;
    use proptest::prelude::*;

    fn at(text: &str) -> Amount {
        Amount::try_from(text.parse::<Decimal>().unwrap()).unwrap()
    }

    /// Reads `50`, `[25,50]`, `(50,75]`.
    fn interval(text: &str) -> Interval {
        let Some(body) = text.strip_prefix(['[', '(']) else { return Interval::exact(at(text)) };
        let (low, high) = body.trim_end_matches([']', ')']).split_once(',').unwrap();
        let minimum = End { value: at(low), exclusive: text.starts_with('(') };
        let maximum = End { value: at(high), exclusive: text.ends_with(')') };
        Interval::new(minimum, maximum).unwrap()
    }

    #[track_caller]
    fn check(share: &str, more_than_50: Truth, at_least_50: Truth) {
        let share = interval(share);
        assert_eq!(Threshold::MoreThan(at("50")).passed_by(&share), more_than_50, "{share}: more than 50");
        assert_eq!(Threshold::AtLeast(at("50")).passed_by(&share), at_least_50, "{share}: 50 or more");
    }

    #[test]
    fn fifty_percent_is_two_tests() {
        use Truth::{False, True, Unknown};
        check("50", False, True);
        check("50.0000000000000001", True, True);
        check("49.9999999999999999", False, False);
        check("[50,75]", Unknown, True);
        check("(50,75]", True, True);
        check("[25,50]", False, Unknown);
        check("[25,50)", False, False);
        check("[25,75]", Unknown, Unknown);
    }

    #[test]
    fn an_empty_interval_does_not_exist() {
        assert!(Interval::new(End::inclusive(at("50")), End::exclusive(at("50"))).is_none());
        assert!(Interval::new(End::inclusive(at("51")), End::inclusive(at("50"))).is_none());
        assert!(interval("[0,50)").intersection(&interval("[50,100]")).is_none());
        assert_eq!(interval("(25,75]").intersection(&interval("[25,50)")), Some(interval("(25,50)")));
    }

    fn member() -> impl Strategy<Value = (Interval, Amount)> {
        (0i32..100, 1i32..100, any::<bool>(), any::<bool>(), 0i32..=100).prop_map(
            |(low, width, a, b, place)| {
                let value = |n: i32| Amount::try_from(Decimal::new(i64::from(n), -2).unwrap()).unwrap();
                let (low, high) = (low * 100, (low + width) * 100);
                let inside = low + 1 + (high - low - 2) * place / 100;
                let interval = Interval::new(
                    End { value: value(low), exclusive: a },
                    End { value: value(high), exclusive: b },
                );
                (interval.unwrap(), value(inside))
            },
        )
    }

    proptest! {
        #[test]
        fn sums_and_differences_contain_those_of_the_members((i, x) in member(), (j, y) in member()) {
            prop_assert!(i.contains(x) && j.contains(y));
            prop_assert!(i.plus(&j).contains(x.plus(y)));
            prop_assert!(i.minus(&j).contains(x.minus(y)));
        }

        #[test]
        fn a_sure_comparison_is_that_of_every_member((i, x) in member(), line in 0i32..100, strict in any::<bool>()) {
            let line = Amount::try_from(Decimal::from(line)).unwrap();
            let threshold = if strict { Threshold::MoreThan(line) } else { Threshold::AtLeast(line) };
            let exactly = threshold.passed_by(&Interval::exact(x));
            let known = threshold.passed_by(&i);
            prop_assert!(known == Truth::Unknown || known == exactly);
        }
    }
}
