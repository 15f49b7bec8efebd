//! Finds the days on which policies change that nobody declares: those in the rows of a dataset, and those a policy counts.
//!
//! Every column is asked about on its first and its last day, and on days that obligations name. Where two of these differ,
//! the day of the change is found by halving. What changes and changes back between two such days is not seen.

use super::days::Column;
use lexgate_model::decision::Kind;
use lexgate_model::{Date, Record, date};
use std::collections::{BTreeMap, BTreeSet};

/// Most days that are asked about beside the ends of columns; chosen by feel, thirty changes and more.
const MOST_SEARCHED_DAYS: usize = 400;

/// How far from its known end a column without a second end is asked about.
const FAR_YEARS: i16 = 10;

/// What is said on a day.
pub(super) trait Answer {
    /// Returns whether it is the same in a matrix.
    fn is_alike(&self, other: &Self) -> bool;

    /// Returns the days that it names, on which something may change.
    fn named(&self) -> &BTreeSet<Date>;
}

/// Asks about days, each once.
pub(super) struct Search<'a, A> {
    /// Asks about a day; hears how many days are to be asked about besides, as far as that is known.
    ask: &'a mut dyn FnMut(Date, usize) -> A,
    answers: BTreeMap<Date, A>,
    /// How many more days may be asked about.
    left: usize,
    /// Undeclared days of change.
    pub(super) changes: BTreeSet<Date>,
    /// Times whose ends differ though the days ran out.
    unsettled: Vec<(Date, Date)>,
}

impl<'a, A: Answer> Search<'a, A> {
    /// Asks about every column, and on `anyway`, and searches where the days of a column differ.
    pub(super) fn run(
        columns: &[Column],
        anyway: Date,
        ask: &'a mut dyn FnMut(Date, usize) -> A,
    ) -> Search<'a, A> {
        let mut search = Search {
            ask,
            answers: BTreeMap::new(),
            left: MOST_SEARCHED_DAYS,
            changes: BTreeSet::new(),
            unsettled: Vec::new(),
        };
        let ends: Vec<BTreeSet<Date>> = columns.iter().map(|column| samples(column, anyway)).collect();
        let days: BTreeSet<Date> = ends.iter().flatten().copied().collect();
        for (done, day) in days.iter().enumerate() {
            search.look(*day, days.len().saturating_sub(done + 1));
        }
        let named: BTreeSet<Date> = search.answers.values().flat_map(Answer::named).copied().collect();
        for (column, mut days) in columns.iter().zip(ends) {
            // Answers may name more days than there are to spend; half of them are left to the halving.
            let inside = named.iter().copied().filter(|day| column.contains(*day));
            for day in inside.take(search.left / 2) {
                if search.spend(day) {
                    search.look(day, 0);
                    days.insert(day);
                }
            }
            for (low, high) in days.iter().zip(days.iter().skip(1)) {
                search.between(*low, *high);
            }
        }
        search
    }

    /// Returns whether the search inside a column was given up.
    pub(super) fn is_unsettled(&self, column: &Column) -> bool {
        self.unsettled.iter().any(|(low, high)| column.contains(*low) && column.contains(*high))
    }

    /// Returns what is said on a day, asking where nobody has yet.
    pub(super) fn answer(&mut self, day: Date) -> Option<&A> {
        self.look(day, 0);
        self.answers.get(&day)
    }

    fn look(&mut self, day: Date, more: usize) {
        let ask = &mut self.ask;
        self.answers.entry(day).or_insert_with(|| ask(day, more));
    }

    /// Takes one of the days that may still be asked about, if there is one or nothing need be asked.
    fn spend(&mut self, day: Date) -> bool {
        if self.answers.contains_key(&day) {
            return true;
        }
        let left = self.left.checked_sub(1);
        self.left = left.unwrap_or_default();
        left.is_some()
    }

    /// Finds the days of change between two days that were asked about.
    fn between(&mut self, low: Date, high: Date) {
        let pair = self.answers.get(&low).zip(self.answers.get(&high));
        if pair.is_some_and(|(low, high)| low.is_alike(high)) {
            return;
        }
        let Some(middle) = middle(low, high) else {
            self.changes.insert(high);
            return;
        };
        if !self.spend(middle) {
            self.unsettled.push((low, high));
            return;
        }
        self.look(middle, 0);
        self.between(low, middle);
        self.between(middle, high);
    }
}

/// Returns the days on which a column is asked about: its ends, its day, and the one that is asked about anyway.
fn samples(column: &Column, anyway: Date) -> BTreeSet<Date> {
    let mut days = BTreeSet::from([column.day]);
    days.extend(Some(anyway).filter(|day| column.contains(*day)));
    // Far from that day as well as from the last known change.
    let low = column.from.or_else(|| far(*days.first()?, -FAR_YEARS));
    let high = column.until.or_else(|| far(*days.last()?, FAR_YEARS));
    days.extend(low.into_iter().chain(high));
    days
}

/// Returns the day so many years on, at most the last day of the calendar's years, which are 1 to 9999.
fn far(day: Date, years: i16) -> Option<Date> {
    let year = u16::try_from(day.year().saturating_add(years).clamp(1, 9999)).ok()?;
    let (month, of_month) = (u8::try_from(day.month()).ok()?, u8::try_from(day.day()).ok()?);
    // The 29th of February is not in every year.
    date::new(year, month, of_month).or_else(|| date::new(year, month, 28))
}

/// Returns a day between two, if there is one.
fn middle(low: Date, high: Date) -> Option<Date> {
    let days = (high - low).get_days();
    if days < 2 {
        return None;
    }
    low.checked_add(jiff::Span::new().days(days / 2)).ok()
}

/// Returns the days that obligations name, and the days after them: such a day may be the first of something, or the last.
pub(super) fn named<M: Kind>(record: &Record<M>) -> BTreeSet<Date> {
    let findings = record.bindings.iter().flat_map(|evaluation| &evaluation.findings);
    let properties =
        findings.flat_map(|finding| &finding.obligations).flat_map(|duty| duty.properties.values());
    let days = properties.filter_map(|value| date::parse(value.get("date")?.as_str()?));
    days.flat_map(|day| [Some(day), day.tomorrow().ok()]).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        date::parse(text).unwrap()
    }

    #[track_caller]
    fn check(from: Option<&str>, until: Option<&str>, at: &str, expected: &[&str]) {
        let column = Column { from: from.map(day), until: until.map(day), day: day(at), unsettled: false };
        let days: Vec<_> = samples(&column, day("2025-02-02")).iter().map(Date::to_string).collect();
        assert_eq!(days, expected);
    }

    #[test]
    fn a_column_is_asked_about_on_both_ends_and_an_open_one_ten_years_off() {
        check(Some("2020-01-01"), Some("2020-03-01"), "2020-01-01", &["2020-01-01", "2020-03-01"]);
        check(Some("2020-02-29"), None, "2020-02-29", &["2020-02-29", "2025-02-02", "2035-02-02"]);
        check(None, Some("2020-02-29"), "2020-02-29", &["2010-02-28", "2020-02-29"]);
        check(None, None, "2025-02-02", &["2015-02-02", "2025-02-02", "2035-02-02"]);
        check(None, Some("0004-01-01"), "0004-01-01", &["0001-01-01", "0004-01-01"]);
        check(Some("9999-06-01"), None, "9999-06-01", &["9999-06-01"]);
    }

    struct Says(usize, BTreeSet<Date>);

    impl Answer for Says {
        fn is_alike(&self, other: &Says) -> bool {
            self.0 == other.0
        }

        fn named(&self) -> &BTreeSet<Date> {
            &self.1
        }
    }

    /// Returns the days of change that are found in one column, whether it is unsettled, and how many days were asked about.
    fn found(column: &Column, named: &[&str], says: impl Fn(Date) -> usize) -> (Vec<String>, bool, usize) {
        let mut asked = 0;
        let mut ask = |day, _| {
            asked += 1;
            Says(says(day), named.iter().map(|text| super::tests::day(text)).collect())
        };
        let search = Search::run(&[*column], day("2025-02-02"), &mut ask);
        let changes = search.changes.iter().map(Date::to_string).collect();
        let unsettled = search.is_unsettled(column);
        (changes, unsettled, asked)
    }

    const ALWAYS: Column =
        Column { from: None, until: None, day: Date::constant(2025, 2, 2), unsettled: false };

    #[test]
    fn days_that_nobody_declares_are_found() {
        let (first, second) = (day("2019-02-28"), day("2031-12-31"));
        let says = |at: Date| usize::from(at >= first) + usize::from(at >= second);
        let (changes, unsettled, asked) = found(&ALWAYS, &[], says);
        assert_eq!((changes, unsettled), (vec!["2019-02-28".to_owned(), "2031-12-31".to_owned()], false));
        assert!(asked < 40, "{asked}");
        assert_eq!(found(&ALWAYS, &[], |_| 1), (vec![], false, 3));
    }

    #[test]
    fn what_is_undone_between_two_days_is_seen_where_an_obligation_names_the_day() {
        let (first, last) = (day("2027-03-01"), day("2027-03-31"));
        let says = |at: Date| usize::from(first <= at && at <= last);
        assert_eq!(found(&ALWAYS, &[], says).0, Vec::<String>::new());
        assert_eq!(found(&ALWAYS, &["2027-03-31"], says).0, ["2027-03-01", "2027-04-01"]);
    }

    #[test]
    fn the_search_ends_and_says_what_it_gave_up() {
        let days = |at: Date| usize::try_from((at - day("2000-01-01")).get_days()).unwrap();
        let (changes, unsettled, asked) = found(&ALWAYS, &[], days);
        assert_eq!((unsettled, asked), (true, 3 + MOST_SEARCHED_DAYS));
        assert!(changes.len() < MOST_SEARCHED_DAYS);
    }

    #[test]
    fn between_neighbours_there_is_no_day() {
        assert_eq!(middle(day("2025-01-01"), day("2025-01-02")), None);
        assert_eq!(middle(day("2025-01-01"), day("2025-01-04")), Some(day("2025-01-02")));
    }
}
