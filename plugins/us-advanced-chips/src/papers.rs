//! Licences and licence exceptions that are held.
//!
//! What a licence allows stands in it, and a policy cannot read it. So a paper counts only where the request says outright
//! that it covers this item and each recipient: its `scope` names their record ids.

use crate::route::Route;
use lexgate_sdk::view::Authorization;
use lexgate_sdk::{Answer, Condition, Date, Obligation, Weighed, date};

/// Returns what follows where a licence is required: that, unless one is held. Then records must be kept for five years (15
/// CFR 762.6). Whether an exception is available must be judged by somebody.
pub(crate) fn required<'a>(route: &Route<'a>, licence: &Answer) -> Weighed<'a> {
    let held = route.request.authorizations();
    let until = in_five_years(route.request.date());
    let allowed = || Answer::PermitWith(Obligation::binding("retain-records-until").day("until", until));
    let Some(papers) = held.value() else {
        let expected = "the licences and exceptions held; an empty list if there are none";
        return Weighed::open((allowed(), licence.clone()), held.gap(expected));
    };
    let counting = papers.iter().filter_map(|paper| match paper.kind() {
        "licence" => Some(covers(route, paper).then(allowed(), licence.clone())),
        "exception" => Some(covers(route, paper).then(Answer::Review, licence.clone())),
        _ => None,
    });
    Weighed::mildest(counting.chain([Weighed::settled(licence.clone(), held.evidence())]))
}

/// Whether a paper of BIS is valid on the date and covers the item and every recipient.
fn covers<'a>(route: &Route<'a>, paper: Authorization<'a>) -> Condition<'a> {
    let day = route.request.date();
    let item = route.request.resource().raw().record_id.as_str();
    let named = |scope: &[String]| {
        let has = |id: &str| scope.iter().any(|covered| covered == id);
        has(item) && route.recipients.iter().all(|party| has(party.record_id()))
    };
    Condition::all([
        Condition::of(paper.issuer(), "who issued it: `BIS`", |issuer| issuer == "BIS"),
        Condition::of(paper.number_of_it(), "its number", |number| !number.is_empty()),
        Condition::of(paper.valid_from(), "its first day", |first| first <= day),
        Condition::of(paper.valid_until(), "its last day", |last| day <= last),
        Condition::of(paper.scope(), "what it covers: record ids of the item and of every recipient", named),
        route.reaches(|_| Condition::holds([])),
    ])
}

pub(crate) fn in_five_years(day: Date) -> Date {
    let (year, month) = (day.year().unsigned_abs().saturating_add(5), day.month().unsigned_abs());
    // Five years after 29 February there is none.
    let same = date::new(year, month, day.day().unsigned_abs()).or_else(|| date::new(year, 3, 1));
    same.unwrap_or(day)
}
