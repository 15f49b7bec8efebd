//! Calendar dates, and the periods in which rules and interests hold.

pub use jiff::civil::Date;

/// Reads a date as ISO 8601 writes it, `2025-09-05`, years 0001 to 9999; nothing else.
#[must_use]
pub fn parse(text: &str) -> Option<Date> {
    let (year, rest) = text.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    let number = |text: &str, digits: usize| {
        let fits = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| text.parse::<u16>().ok()).flatten()
    };
    new(number(year, 4)?, u8::try_from(number(month, 2)?).ok()?, u8::try_from(number(day, 2)?).ok()?)
}

/// Returns the date, if there is one: years 1 to 9999.
#[must_use]
pub fn new(year: u16, month: u8, day: u8) -> Option<Date> {
    let year = i16::try_from(year).ok().filter(|&y| y > 0)?;
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// Days from the first to the last, both inclusive; an absent end is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Period {
    /// The first day.
    pub from: Option<Date>,
    /// The last day.
    pub until: Option<Date>,
}

/// Where a date lies relative to a [`Period`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Within {
    /// Before the first day.
    NotYet,
    /// On one of its days.
    Now,
    /// After the last day.
    NoLonger,
}

impl Period {
    /// Returns where the date lies.
    #[must_use]
    pub fn place(&self, date: Date) -> Within {
        if self.from.is_some_and(|from| date < from) {
            Within::NotYet
        } else if self.until.is_some_and(|until| date > until) {
            Within::NoLonger
        } else {
            Within::Now
        }
    }

    /// Returns whether the date is one of its days.
    #[must_use]
    pub fn contains(&self, date: Date) -> bool {
        self.place(date) == Within::Now
    }

    /// Returns whether some day lies in both.
    #[must_use]
    pub fn overlaps(&self, other: &Period) -> bool {
        let begins_before_end = |a: &Period, b: &Period| match (a.from, b.until) {
            (Some(from), Some(until)) => from <= until,
            _ => true,
        };
        begins_before_end(self, other) && begins_before_end(other, self)
    }

    /// Returns whether it has no day at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!((self.from, self.until), (Some(from), Some(until)) if from > until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_calendar_dates_are_dates() {
        assert_eq!(parse("2024-02-29"), Some(Date::constant(2024, 2, 29)));
        for text in [
            "2025-02-29",
            "2025-2-9",
            "2025-13-01",
            "0000-01-01",
            "2025-09-05T00:00",
            " 2025-09-05",
            "20250905",
            "+025-09-05",
            "",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn both_ends_of_a_period_belong_to_it() {
        let day = |text: &str| parse(text).unwrap();
        let period = Period { from: Some(day("2025-09-29")), until: Some(day("2025-11-09")) };
        assert_eq!(period.place(day("2025-09-28")), Within::NotYet);
        assert_eq!(period.place(day("2025-09-29")), Within::Now);
        assert_eq!(period.place(day("2025-11-09")), Within::Now);
        assert_eq!(period.place(day("2025-11-10")), Within::NoLonger);
        let next = Period { from: Some(day("2025-11-10")), until: None };
        assert!(!period.overlaps(&next) && next.overlaps(&Period::default()));
    }
}
