//! Licences and licence exceptions that are held.
//!
//! What a licence allows stands in it, and a policy cannot read it. So a paper counts only where the request says outright
//! that it covers this item, where it goes and each recipient: its `scope` names the record ids and the country.

use crate::route::Route;
use lexgate_sdk::view::Authorization;
use lexgate_sdk::{Answer, Condition, Date, Obligation, Weighed, date};

/// Returns what follows where a licence is required: that, unless one is held. Then records must be kept for five years (15
/// CFR 762.6). Whether an exception is available must be judged by somebody.
pub(crate) fn required<'a>(route: &Route<'a>, licence: &Answer) -> Weighed<'a> {
    let until = in_five_years(route.request.date());
    let allowed = Answer::PermitWith(Obligation::binding("retain-records-until").day("until", until));
    let licensed = held(route, "licence").then(allowed, licence.clone());
    Weighed::mildest([licensed, held(route, "exception").then(Answer::Review, licence.clone())])
}

/// Whether a paper of this kind is held that counts.
pub(crate) fn held<'a>(route: &Route<'a>, kind: &str) -> Condition<'a> {
    route.request.authorized(kind, |paper| covers(route, paper))
}

/// Whether a paper of BIS is valid on the date and covers the item, where it goes and every recipient.
fn covers<'a>(route: &Route<'a>, paper: Authorization<'a>) -> Condition<'a> {
    let item = route.request.resource().raw().record_id.as_str();
    let named = |scope: &[String]| {
        let has = |id: &str| scope.iter().any(|covered| covered == id);
        has(item) && route.recipients.iter().all(|party| has(party.record_id()))
    };
    let expected = "what it covers: record ids of the item and of every recipient, and the destination";
    let scope = paper.scope();
    Condition::all([
        Condition::of(paper.issuer(), "who issued it: `BIS`", |issuer| issuer == "BIS"),
        Condition::of(paper.number_of_it(), "its number", |number| !number.trim().is_empty()),
        paper.valid_on(route.request.date()),
        Condition::of(scope, expected, named),
        scope.value().map_or_else(|| Condition::holds([]), |scope| route.destination_in(scope)),
        route.reaches(|_| Condition::holds([])),
    ])
}

pub(crate) fn in_five_years(day: Date) -> Date {
    let (year, month) = (day.year().unsigned_abs().saturating_add(5), day.month().unsigned_abs());
    // Five years after 29 February there is none.
    let same = date::new(year, month, day.day().unsigned_abs()).or_else(|| date::new(year, 3, 1));
    same.unwrap_or(day)
}
