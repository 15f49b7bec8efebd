//! The days on which an answer may change, and the columns between them.

use lexgate_engine::PolicySet;
use lexgate_model::request::{FactValue, Facts};
use lexgate_model::{Date, Period, Request};
use serde::{Serialize, Serializer};
use std::collections::BTreeSet;

/// Most declared days of change of one matrix; chosen by feel, more columns than anybody reads.
const MOST_DAYS: usize = 400;

/// The days a matrix spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first; absent: the time before the first change, and on.
    pub from: Option<Date>,
    /// The last; absent: open.
    pub until: Option<Date>,
    /// The day that is asked about where nothing ever changes.
    pub otherwise: Date,
}

/// Why there is no matrix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoMatrix {
    /// The range ends before it begins.
    #[error("the range ends on {1}, before it begins on {0}")]
    Backward(Date, Date),
    /// Too many days.
    #[error(
        "there are {0} days on which something may change, at most {MOST_DAYS}; narrow them with a first and a last day"
    )]
    TooManyDays(usize),
    /// A policy that cannot stand in a set by itself.
    #[error(transparent)]
    Unusable(#[from] lexgate_engine::Unusable),
}

/// Days on whose first and last the answer is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Column {
    /// The first; absent: open.
    #[serde(serialize_with = "iso")]
    pub from: Option<Date>,
    /// The last; absent: open.
    #[serde(serialize_with = "iso")]
    pub until: Option<Date>,
    /// The day whose answer stands in the cells.
    #[serde(serialize_with = "iso_day")]
    pub day: Date,
    /// Whether its first and last days differ, and the days to ask about ran out before it was found when.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unsettled: bool,
}

#[expect(clippy::ref_option, reason = "serde hands the field in by reference")]
fn iso<S: Serializer>(date: &Option<Date>, serializer: S) -> Result<S::Ok, S::Error> {
    date.map(|date| date.to_string()).serialize(serializer)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands the field in by reference")]
fn iso_day<S: Serializer>(date: &Date, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(date)
}

impl Column {
    /// Returns its days in words.
    #[must_use]
    pub fn in_words(&self) -> String {
        in_words(self.from, self.until)
    }

    /// Returns whether a day is one of its days.
    pub(super) fn contains(&self, day: Date) -> bool {
        Period { from: self.from, until: self.until }.contains(day)
    }
}

/// Returns the days from one to another in words.
pub(super) fn in_words(from: Option<Date>, until: Option<Date>) -> String {
    match (from, until) {
        (None, None) => "on every day".to_owned(),
        (None, Some(until)) => format!("until {until}"),
        (Some(from), None) => format!("from {from}"),
        (Some(from), Some(until)) if from == until => format!("on {from}"),
        (Some(from), Some(until)) => format!("{from} to {until}"),
    }
}

/// Returns the columns of a range: one for each time between two declared changes.
pub(super) fn declared(days: &BTreeSet<Date>, range: &Range) -> Result<Vec<Column>, NoMatrix> {
    if let (Some(from), Some(until)) = (range.from, range.until)
        && from > until
    {
        return Err(NoMatrix::Backward(from, until));
    }
    let changes = inside(days, range).count();
    if changes > MOST_DAYS {
        return Err(NoMatrix::TooManyDays(changes));
    }
    Ok(columns(days, range))
}

fn inside<'a>(days: &'a BTreeSet<Date>, range: &'a Range) -> impl Iterator<Item = Date> + 'a {
    let is_inside = |day: &Date| {
        range.from.is_none_or(|from| *day > from) && range.until.is_none_or(|until| *day <= until)
    };
    days.iter().copied().filter(is_inside)
}

/// Returns the columns of a range: one for each time between two changes.
pub(super) fn columns(days: &BTreeSet<Date>, range: &Range) -> Vec<Column> {
    let changes: Vec<Date> = inside(days, range).collect();
    let mut columns: Vec<Column> = Vec::new();
    let first_day = match (range.from, changes.first()) {
        (Some(from), _) => Some(from),
        // There is no day before the first one of the calendar.
        (None, Some(first)) => day_before(*first),
        (None, None) => Some(range.until.map_or(range.otherwise, |until| until.min(range.otherwise))),
    };
    let column = |from, day| Column { from, until: None, day, unsettled: false };
    columns.extend(first_day.map(|day| column(range.from, day)));
    for change in changes {
        if let Some(last) = columns.last_mut() {
            last.until = day_before(change);
        }
        columns.push(column(Some(change), change));
    }
    if let Some(last) = columns.last_mut() {
        last.until = range.until;
    }
    columns
}

fn day_before(date: Date) -> Option<Date> {
    date.yesterday().ok().filter(|day| day.year() >= 1)
}

/// Returns the days on which an answer may change: those of rules and datasets, and those that the request names.
pub(super) fn changes(set: &PolicySet, request: &Request) -> BTreeSet<Date> {
    let mut days = BTreeSet::new();
    for binding in set.bindings() {
        for rule in &binding.policy.manifest().rules {
            period(&mut days, rule.period());
        }
        let overridden = binding.overrides.iter().filter_map(|overridden| overridden.period);
        for held in binding.policy.dataset_periods().into_iter().chain(overridden).chain([binding.period]) {
            period(&mut days, held);
        }
    }
    of_request(&mut days, request);
    days
}

fn of_request(days: &mut BTreeSet<Date>, request: &Request) {
    for certificate in request.certificates.iter().flatten() {
        period(days, Period { from: certificate.valid_from, until: certificate.valid_until });
        facts(days, &certificate.facts);
    }
    for authorization in request.authorizations.iter().flatten() {
        period(days, Period { from: authorization.valid_from, until: authorization.valid_until });
        facts(days, &authorization.facts);
    }
    for party in &request.parties {
        for listing in party.listings.iter().flatten() {
            period(days, Period { from: listing.start, until: listing.end });
        }
        facts(days, &party.facts);
    }
    for relationship in request.relationships.iter().flatten() {
        for interest in relationship.interests.iter().flatten() {
            // The end of an interest is the day on which it is no longer held.
            days.extend(interest.start.into_iter().chain(interest.end));
            facts(days, &interest.facts);
        }
        facts(days, &relationship.facts);
    }
    let classifications = request.resource.classifications.iter().flatten();
    for record in classifications.map(|classification| &classification.facts) {
        facts(days, record);
    }
    for record in request.participants.iter().map(|participant| &participant.facts) {
        facts(days, record);
    }
    for record in
        [Some(&request.facts), Some(&request.resource.facts), request.deployment.as_ref().map(|d| &d.facts)]
    {
        record.into_iter().for_each(|record| facts(days, record));
    }
}

/// A date that a fact names may be a first day, or a last one.
fn facts(days: &mut BTreeSet<Date>, facts: &Facts) {
    for fact in facts.as_slice() {
        if let FactValue::Day(day) = fact.value {
            period(days, Period { from: Some(day), until: Some(day) });
        }
    }
}

fn period(days: &mut BTreeSet<Date>, period: Period) {
    days.extend(period.from);
    days.extend(period.until.and_then(|until| until.tomorrow().ok()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use lexgate_model::RequestLimits;
    use lexgate_model::date::parse;
    use serde_json::json;

    fn day(text: &str) -> Date {
        parse(text).unwrap()
    }

    #[track_caller]
    fn check(days: &[&str], from: Option<&str>, until: Option<&str>, expected: &[&str]) {
        let days = days.iter().map(|text| day(text)).collect();
        let range = Range { from: from.map(day), until: until.map(day), otherwise: day("2020-02-02") };
        let columns = declared(&days, &range).unwrap();
        let words: Vec<_> =
            columns.iter().map(|column| format!("{} ({})", column.in_words(), column.day)).collect();
        assert_eq!(words, expected);
    }

    #[test]
    fn a_column_reaches_from_one_change_to_the_day_before_the_next() {
        let days = ["2023-01-31", "2027-07-01"];
        let all = [
            "until 2023-01-30 (2023-01-30)",
            "2023-01-31 to 2027-06-30 (2023-01-31)",
            "from 2027-07-01 (2027-07-01)",
        ];
        check(&days, None, None, &all);
        check(&days, Some("2023-01-31"), Some("2023-01-31"), &["on 2023-01-31 (2023-01-31)"]);
        check(
            &days,
            Some("2025-01-01"),
            None,
            &["2025-01-01 to 2027-06-30 (2025-01-01)", "from 2027-07-01 (2027-07-01)"],
        );
        check(
            &days,
            None,
            Some("2023-01-31"),
            &["until 2023-01-30 (2023-01-30)", "on 2023-01-31 (2023-01-31)"],
        );
        check(&days, None, Some("2020-01-01"), &["until 2020-01-01 (2020-01-01)"]);
    }

    #[test]
    fn where_nothing_changes_there_is_one_column() {
        check(&[], None, None, &["on every day (2020-02-02)"]);
        check(&[], Some("2025-01-01"), None, &["from 2025-01-01 (2025-01-01)"]);
        check(&[], None, Some("2019-01-01"), &["until 2019-01-01 (2019-01-01)"]);
    }

    #[test]
    fn the_ends_of_the_calendar_are_no_trouble() {
        check(&["0001-01-01"], None, None, &["from 0001-01-01 (0001-01-01)"]);
        let last = Period { from: None, until: Some(day("9999-12-31")) };
        let mut days = BTreeSet::new();
        period(&mut days, last);
        assert!(days.is_empty());
    }

    #[test]
    fn a_range_that_runs_backward_and_one_of_too_many_days_are_refused() {
        let range = Range {
            from: Some(day("2025-02-01")),
            until: Some(day("2025-01-01")),
            otherwise: day("2025-01-01"),
        };
        assert_eq!(
            declared(&BTreeSet::new(), &range).unwrap_err().to_string(),
            "the range ends on 2025-01-01, before it begins on 2025-02-01"
        );
        let days: BTreeSet<Date> = (1..=12)
            .flat_map(|month| {
                (1..=28).flat_map(move |d| {
                    [2024, 2025].map(|year| lexgate_model::date::new(year, month, d).unwrap())
                })
            })
            .collect();
        let range = Range { from: None, until: None, ..range };
        assert_eq!(declared(&days, &range), Err(NoMatrix::TooManyDays(672)));
        let range = Range { until: Some(day("2024-12-31")), ..range };
        assert_eq!(declared(&days, &range).map(|columns| columns.len()), Ok(337));
    }

    #[test]
    fn the_days_of_a_request_are_those_of_everything_that_has_an_end() {
        let request = json!({
            "evaluationDate": "2025-09-05", "action": "supply", "participants": [],
            "parties": [
                { "recordId": "a", "kind": "registeredEntity", "listings": [{ "listId": "L", "start": "2001-01-01", "end": "2002-01-01" }],
                  "facts": { "since": { "date": "2003-01-01" } } },
                { "recordId": "b", "kind": "registeredEntity" },
            ],
            "relationships": [{ "recordId": "r", "subject": "a", "interestedParty": "b",
                "interests": [{ "kind": "shareholding", "start": "2004-01-01", "end": "2005-01-01" }] }],
            "certificates": [{ "scheme": "CSAP", "validFrom": "2006-01-01", "validUntil": "2007-01-01" }],
            "authorizations": [{ "kind": "licence", "validFrom": "2008-01-01", "validUntil": "2009-01-01" }],
            "resource": { "recordId": "api" },
        });
        let request = Request::from_json(request.to_string().as_bytes(), &RequestLimits::default()).unwrap();
        let mut days = BTreeSet::new();
        of_request(&mut days, &request);
        let days: Vec<_> = days.iter().map(Date::to_string).collect();
        assert_eq!(
            days,
            [
                "2001-01-01",
                "2002-01-02",
                "2003-01-01",
                "2003-01-02",
                "2004-01-01",
                "2005-01-01",
                "2006-01-01",
                "2007-01-02",
                "2008-01-01",
                "2009-01-02",
            ]
        );
    }
}
