//! Draws who owns and controls the participants of a request, as a tree that grows upwards by going down the page.
//!
//! Nothing is added up: each line is one interest as the request has it. A party whose owners were drawn before is not
//! drawn again, so that owners in a ring end.

use crate::explain::{BOLD, DIM, YELLOW, plain};
use lexgate_model::request::{
    Directness, FactValue, Interest, InterestedParty, NOT_SUPPLIED, Parent, Party, Relationship, Share,
    Statement,
};
use lexgate_model::{Amount, Date, Request, When};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Most levels that are drawn.
const DEPTH: usize = 32;

/// Returns the tree of every participant.
pub(crate) fn draw(request: &Request) -> String {
    let mut tree = Tree { request, date: date(request), drawn: BTreeSet::new(), text: String::new() };
    let mut roots = BTreeSet::new();
    for participant in &request.participants {
        if roots.insert(participant.party.0) {
            tree.root(participant.party.0);
        }
    }
    tree.text
}

fn date(request: &Request) -> Option<Date> {
    match request.when()? {
        When::Date(date) => Some(date),
        When::Instant(instant) => Some(instant.to_zoned(jiff::tz::TimeZone::UTC).date()),
    }
}

struct Tree<'r> {
    request: &'r Request,
    date: Option<Date>,
    drawn: BTreeSet<u32>,
    text: String,
}

/// What hangs below a party.
enum Branch<'r> {
    Held(&'r Relationship),
    Remark(String),
}

impl<'r> Tree<'r> {
    fn party(&self, index: u32) -> Option<&'r Party> {
        self.request.parties.get(usize::try_from(index).ok()?)
    }

    fn root(&mut self, index: u32) {
        let Some(party) = self.party(index) else { return };
        let _ = writeln!(self.text, "{BOLD}{}{BOLD:#}{}", name(party), about(party));
        self.branches(index, "", 0);
    }

    /// Draws what hangs below a party, unless it was drawn before.
    fn branches(&mut self, index: u32, indent: &str, level: usize) {
        if !self.drawn.insert(index) {
            return;
        }
        let branches = self.below(index);
        let last = branches.len().saturating_sub(1);
        for (number, branch) in branches.into_iter().enumerate() {
            let (fork, below) = if number == last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            let _ = write!(self.text, "{indent}{fork}");
            match branch {
                Branch::Remark(remark) => {
                    let _ = writeln!(self.text, "{YELLOW}{remark}{YELLOW:#}");
                }
                Branch::Held(relationship) => self.held(relationship, &format!("{indent}{below}"), level),
            }
        }
    }

    fn held(&mut self, relationship: &'r Relationship, indent: &str, level: usize) {
        let interests = self.interests(relationship);
        let owner = match &relationship.interested_party {
            InterestedParty::Unknown(reason) => {
                let _ = writeln!(
                    self.text,
                    "{YELLOW}an owner who is not named ({}){YELLOW:#}  {interests}",
                    plain(reason)
                );
                return;
            }
            InterestedParty::Known(party) => party.0,
        };
        let Some(party) = self.party(owner) else { return };
        let again = self.drawn.contains(&owner) && self.has_more(owner);
        let again = if again { format!("  {DIM}(see above){DIM:#}") } else { String::new() };
        let _ = writeln!(self.text, "{BOLD}{}{BOLD:#}{}  {interests}{again}", name(party), about(party));
        if level < DEPTH {
            self.branches(owner, indent, level + 1);
        } else if self.has_more(owner) {
            let _ = writeln!(self.text, "{indent}└─ {DIM}more than {DEPTH} levels are not drawn{DIM:#}");
        }
    }

    fn has_more(&self, index: u32) -> bool {
        !self.below(index).is_empty()
    }

    fn below(&self, index: u32) -> Vec<Branch<'r>> {
        let relationships = self.request.relationships.as_deref().unwrap_or_default();
        let held = relationships.iter().filter(|relationship| relationship.subject.0 == index);
        let mut branches: Vec<Branch<'r>> = held.map(Branch::Held).collect();
        let Some(party) = self.party(index) else { return branches };
        match &party.ownership {
            Statement::Unknown(reason) if reason == "beyondDepth" => {
                branches
                    .push(Branch::Remark("its owners lie beyond the depth that was asked for".to_owned()));
            }
            Statement::Unknown(reason) if reason != NOT_SUPPLIED => {
                branches.push(Branch::Remark(format!("its owners are not known ({})", plain(reason))));
            }
            Statement::Partial => branches.push(Branch::Remark("there may be more owners".to_owned())),
            Statement::Complete | Statement::Unknown(_) => {}
        }
        if let Parent::Unknown(reason) = &party.ultimate_parent
            && reason != NOT_SUPPLIED
        {
            branches.push(Branch::Remark(format!("no ultimate parent is reported ({})", plain(reason))));
        }
        branches
    }

    fn interests(&self, relationship: &Relationship) -> String {
        match relationship.interests.as_deref() {
            None => format!("{YELLOW}holds something that is not stated{YELLOW:#}"),
            Some([]) => "holds nothing".to_owned(),
            Some(interests) => {
                let all: Vec<_> = interests.iter().map(|interest| self.interest(interest)).collect();
                all.join("; ")
            }
        }
    }

    fn interest(&self, interest: &Interest) -> String {
        let mut text = match &interest.share {
            Some(share) => format!("{} {}", percent(share), interest.kind.as_str()),
            None => interest.kind.as_str().to_owned(),
        };
        match interest.directness {
            Directness::Direct => {}
            Directness::Indirect => text.push_str(", indirect"),
            Directness::Unknown => text.push_str(", perhaps indirect"),
        }
        if let Some(start) = interest.start {
            let word = if self.date.is_some_and(|date| start > date) { "only from" } else { "since" };
            let _ = write!(text, ", {word} {start}");
        }
        if let Some(end) = interest.end {
            let word = if self.date.is_some_and(|date| end <= date) { "ended" } else { "until" };
            let _ = write!(text, ", {word} {end}");
        }
        text
    }
}

/// Returns the first name of a party, or what its record is called.
fn name(party: &Party) -> String {
    let name = party.names.0.first().map_or(party.record_id.as_str(), |name| &name.full_name);
    plain(name)
}

/// Returns what else tells a party: what it is, if that is unusual, and its places.
fn about(party: &Party) -> String {
    let mut parts = Vec::new();
    if party.kind.as_str() != "registeredEntity" {
        parts.push(party.kind.as_str().to_owned());
    }
    parts.extend(party.jurisdiction.as_ref().map(|place| place.as_str().to_owned()));
    if party.headquarters != party.jurisdiction {
        parts.extend(party.headquarters.as_ref().map(|place| format!("seat {}", place.as_str())));
    }
    if let Some(FactValue::Texts(codes)) = party.facts.get("nationalities") {
        parts.push(format!("of {}", plain(&codes.join(", "))));
    }
    if parts.is_empty() { String::new() } else { format!(" {DIM}{}{DIM:#}", parts.join(", ")) }
}

/// Returns a share as people write it: `60 %`, `25 to 50 %`, `more than 50 %`.
fn percent(share: &Share) -> String {
    let interval = share.interval();
    let (low, high) = (interval.minimum(), interval.maximum());
    let from_nothing = low.value == Amount::ZERO && !low.exclusive;
    let to_all = high.value == Amount::HUNDRED && !high.exclusive;
    match (from_nothing, to_all) {
        (false, true) if low.exclusive => format!("more than {} %", low.value),
        (false, true) if !interval.is_exact() => format!("{} % or more", low.value),
        (true, false) if high.exclusive => format!("less than {} %", high.value),
        (true, false) if !interval.is_exact() => format!("at most {} %", high.value),
        _ => format!("{interval} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lexgate_model::RequestLimits;
    use serde_json::json;

    #[track_caller]
    fn check(parties: serde_json::Value, relationships: serde_json::Value, expected: &str) {
        let request = json!({
            "evaluationDate": "2025-09-05", "action": "supply",
            "participants": [{ "role": "endUser", "party": "a" }], "parties": parties, "relationships": relationships,
            "resource": { "recordId": "api" },
        });
        let request = Request::from_json(request.to_string().as_bytes(), &RequestLimits::default()).unwrap();
        let drawn = anstream::adapter::strip_str(&draw(&request)).to_string();
        assert_eq!(drawn, expected, "\n{drawn}");
    }

    fn held(
        id: &str,
        subject: &str,
        owner: serde_json::Value,
        interest: serde_json::Value,
    ) -> serde_json::Value {
        json!({ "recordId": id, "subject": subject, "interestedParty": owner, "interests": [interest] })
    }

    #[test]
    fn owners_hang_below_with_shares_days_and_what_is_not_known() {
        check(
            json!([
                { "recordId": "a", "kind": "registeredEntity", "names": [{ "fullName": "Alpha\u{1b}[2J" }], "jurisdiction": "SG" },
                { "recordId": "b", "kind": "registeredEntity", "ownership": { "unknown": "beyondDepth" } },
                { "recordId": "c", "kind": "knownPerson", "facts": { "nationalities": ["IE", "IQ"] } },
            ]),
            json!([
                held(
                    "1",
                    "a",
                    json!("b"),
                    json!({ "kind": "shareholding", "directness": "direct",
                    "share": { "minimum": "25", "exclusiveMinimum": true, "maximum": "50" }, "start": "2020-01-01" })
                ),
                held(
                    "2",
                    "a",
                    json!("c"),
                    json!({ "kind": "votingRights", "share": { "exact": "40" }, "end": "2024-01-01" })
                ),
                held(
                    "3",
                    "a",
                    json!({ "unknown": "subjectExemptFromDisclosure" }),
                    json!({ "kind": "unknownInterest", "directness": "indirect" })
                ),
            ]),
            "\
Alpha\u{fffd}[2J SG
├─ b  more than 25 to 50 % shareholding, since 2020-01-01
│  └─ its owners lie beyond the depth that was asked for
├─ c knownPerson, of IE, IQ  40 % votingRights, perhaps indirect, ended 2024-01-01
└─ an owner who is not named (subjectExemptFromDisclosure)  unknownInterest, indirect
",
        );
    }

    #[test]
    fn a_share_is_written_as_people_say_it() {
        for (share, expected) in [
            (json!({ "exact": "100" }), "100 %"),
            (json!({ "exact": "0" }), "0 %"),
            (json!({ "minimum": "0" }), "0 to 100 %"),
            (json!({ "minimum": "25" }), "25 % or more"),
            (json!({ "minimum": "25", "exclusiveMinimum": true }), "more than 25 %"),
            (json!({ "maximum": "25" }), "at most 25 %"),
            (json!({ "maximum": "25", "exclusiveMaximum": true }), "less than 25 %"),
            (json!({ "minimum": "25", "maximum": "50", "exclusiveMaximum": true }), "25 to less than 50 %"),
        ] {
            check(
                json!([{ "recordId": "a", "kind": "registeredEntity" }, { "recordId": "b", "kind": "registeredEntity" }]),
                json!([held(
                    "1",
                    "a",
                    json!("b"),
                    json!({ "kind": "shareholding", "directness": "direct", "share": share })
                )]),
                &format!("a\n└─ b  {expected} shareholding\n"),
            );
        }
    }

    #[test]
    fn owners_in_a_ring_are_drawn_once() {
        let interest =
            || json!({ "kind": "shareholding", "directness": "direct", "share": { "minimum": "50" } });
        check(
            json!([{ "recordId": "a", "kind": "registeredEntity" }, { "recordId": "b", "kind": "registeredEntity" }]),
            json!([held("1", "a", json!("b"), interest()), held("2", "b", json!("a"), interest())]),
            "\
a
└─ b  50 % or more shareholding
   └─ a  50 % or more shareholding  (see above)
",
        );
    }
}
