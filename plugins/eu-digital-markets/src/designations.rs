//! Who is designated as a gatekeeper, and since when its obligations bind.

use crate::{bound, nothing};
use lexgate_sdk::{Answer, Condition, Date, Names, Party, Row, Table, Truth, Weighed, date};

/// How near a name must be to one on a list for a person to look, in percent; chosen by feel.
pub(crate) const ALIKE: u8 = 80;

/// Months that a designated gatekeeper has before its obligations bind.
const MONTHS: i32 = 6;

const DESIGNATED: &str =
    "whether the undertaking it belongs to is designated as a gatekeeper for the service";

/// The list of designated undertakings, each with the day. What it does not have, the request states.
#[derive(Debug)]
pub(crate) struct Designations(Vec<(Names, Date)>);

impl Designations {
    /// Reads the columns of [`Names`], and `designated-on`.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Designations, String> {
        let designation = |row: &Row<'_>| {
            let text = row.get("designated-on")?;
            let day = date::parse(text).ok_or_else(|| row.error(format!("`{text}` is not a date")))?;
            Ok((Names::of_row(row)?, day))
        };
        Table::parse(bytes)?.rows().map(|row| designation(&row)).collect::<Result<_, _>>().map(Designations)
    }

    /// Returns whether a party is designated: by the list, or as the request states.
    pub(crate) fn designated<'a>(&self, party: Party<'a>) -> Condition<'a> {
        let listed = self.0.iter().map(|(undertaking, _)| undertaking.has(party));
        Condition::any(listed.chain([stated(party)]))
    }

    /// Weighs what binds a party: its obligations, once it is designated and had its time.
    pub(crate) fn weigh<'a>(&self, party: Party<'a>, today: Date) -> Weighed<'a> {
        let over = |day| begin(day).is_some_and(|begin| begin <= today);
        let time = Condition::of(party.day("designatedOn"), "the day of its designation", over);
        let mut parts = vec![stated(party).choose(time.then(bound(), Answer::Permit), nothing())];
        for (undertaking, day) in &self.0 {
            let is = undertaking.has(party);
            let may_be = Condition::all([undertaking.alike(party, ALIKE), is.clone().not()]);
            let follows = if over(*day) { bound() } else { Answer::Permit };
            parts.extend([
                is.then(follows, Answer::NotApplicable),
                may_be.then(Answer::Review, Answer::NotApplicable),
            ]);
        }
        Weighed::strictest(parts)
    }

    /// Returns the day on which the obligations of a party begin to bind, if it is known to be designated.
    pub(crate) fn begin(&self, party: Party<'_>) -> Option<Date> {
        let is_stated = party.flag("designatedGatekeeper").value() == Some(true);
        let stated = party.day("designatedOn").value().filter(|_| is_stated);
        let listed = self.0.iter().filter(|(undertaking, _)| undertaking.has(party).truth() == Truth::True);
        listed.map(|(_, day)| *day).chain(stated).min().and_then(begin)
    }
}

fn stated(party: Party<'_>) -> Condition<'_> {
    Condition::of(party.flag("designatedGatekeeper"), DESIGNATED, |designated| designated)
}

/// Returns the day so many months later; the last one of a month that is too short for it.
fn begin(designated: Date) -> Option<Date> {
    let months = i32::from(designated.year()) * 12 + i32::from(designated.month()) - 1 + MONTHS;
    let (year, month) = (u16::try_from(months / 12).ok()?, u8::try_from(months % 12 + 1).ok()?);
    (1..=designated.day().unsigned_abs()).rev().find_map(|day| date::new(year, month, day))
}
