//! Who owns what, from the relationships of a request: the model's arithmetic with places on both sides.
//!
//! A stake is an interest of one kind that is held on the date of the request. What is not stated widens the answer: a
//! relationship without interests is a stake of unknown size, an interest of unknown kind may be a stake, a party whose
//! owners are not all stated may have others.

use crate::contract::Missing;
use crate::fact::{INCONSISTENT, NOT_SUPPLIED};
use crate::place::Evidence;
use crate::view::{Interest, Party, Relationship, Request};
use alloc::vec::Vec;
use lexgate_model::ownership::{Gap, Graph, Holdings, Method, Stake};
use lexgate_model::{Amount, End, Interval, Threshold, Truth};

/// The stakes of one kind in a request, as of its date.
#[derive(Debug, Clone)]
pub struct Ownership<'a> {
    request: Request<'a>,
    graph: Graph,
    /// What each stake was read from, by its key.
    stakes: Vec<Source<'a>>,
}

#[derive(Debug, Clone, Copy)]
struct Source<'a> {
    relationship: Relationship<'a>,
    /// Nothing where the relationship states no interests.
    interest: Option<Interest<'a>>,
}

impl<'a> Ownership<'a> {
    /// Returns the stakes of a kind, such as `shareholding`.
    ///
    /// Nobody owns natural persons and states. Of other parties all owners are stated only if the request says so, and
    /// only if it states relationships at all.
    #[must_use]
    pub fn of(request: Request<'a>, kind: &str) -> Ownership<'a> {
        let parties = u32::try_from(request.parties().len()).unwrap_or(u32::MAX);
        let mut ownership = Ownership { request, graph: Graph::new(parties), stakes: Vec::new() };
        let relationships = request.relationships().value();
        for party in request.parties().iter() {
            if party.cannot_be_owned() || (relationships.is_some() && party.all_owners_stated()) {
                ownership.graph.all_owners_stated(party.index());
            }
        }
        for relationship in relationships.iter().flat_map(|list| list.iter()) {
            ownership.add(relationship, kind);
        }
        ownership
    }

    fn add(&mut self, relationship: Relationship<'a>, kind: &str) {
        let Some(interests) = relationship.interests().value() else {
            self.stake(relationship, None, None, Truth::True);
            return;
        };
        let date = self.request.date();
        for interest in interests.iter().filter(|interest| interest.holds_on(date)) {
            let share = interest.share().value();
            let direct = interest.direct().truth();
            match interest.kind().value() {
                Some(stated) if stated == kind => self.stake(relationship, Some(interest), share, direct),
                Some(_) => {}
                None => self.stake(relationship, Some(interest), share.and_then(at_most), direct),
            }
        }
    }

    fn stake(
        &mut self,
        relationship: Relationship<'a>,
        interest: Option<Interest<'a>>,
        share: Option<Interval>,
        direct: Truth,
    ) {
        let (Some(owned), Ok(key)) = (relationship.subject(), u32::try_from(self.stakes.len())) else {
            return;
        };
        let owner = relationship.interested_party().value().map(|owner| owner.index());
        self.stakes.push(Source { relationship, interest });
        self.graph.add(Stake { owner, owned: owned.index(), share, direct, key });
    }

    /// Computes what counted owners hold of every party. `base` says whether a party is a counted owner in itself.
    #[must_use]
    pub fn held(
        &self,
        method: Method,
        base: impl Fn(Party<'a>) -> Truth,
        threshold: Threshold,
    ) -> Held<'_, 'a> {
        let base: Vec<_> = self.request.parties().iter().map(base).collect();
        Held { ownership: self, holdings: self.graph.holdings(method, &base, threshold) }
    }
}

/// From nothing to the maximum: what an interest adds that may be of another kind.
fn at_most(share: Interval) -> Option<Interval> {
    Interval::new(End::inclusive(Amount::ZERO), share.maximum())
}

/// What counted owners hold of each party.
#[derive(Debug, Clone)]
pub struct Held<'o, 'a> {
    ownership: &'o Ownership<'a>,
    holdings: Holdings<'o>,
}

impl<'a> Held<'_, 'a> {
    /// Returns whether the share held by counted owners passes the threshold.
    #[must_use]
    pub fn passes(&self, party: Party<'a>) -> Truth {
        self.holdings.passes(party.index())
    }

    /// Returns whether the party is a counted owner in itself, or is owned enough by such.
    #[must_use]
    pub fn caught(&self, party: Party<'a>) -> Truth {
        self.holdings.caught(party.index())
    }

    /// Returns the share of the party that counted owners hold, in percent.
    #[must_use]
    pub fn share(&self, party: Party<'a>) -> Interval {
        self.holdings.held(party.index())
    }

    /// Returns the interests that surely add to that share, upstream through cascaded owners.
    pub fn evidence(&self, party: Party<'a>) -> impl Iterator<Item = Evidence<'a>> {
        self.sources(party).filter_map(|source| source.interest).map(|interest| interest.evidence())
    }

    /// Returns the holders of those interests.
    pub fn owners(&self, party: Party<'a>) -> impl Iterator<Item = Party<'a>> {
        self.sources(party).filter_map(|source| source.relationship.interested_party().value())
    }

    /// Returns the facts that could change whether the threshold is passed.
    ///
    /// `base` returns those that decide whether a party is a counted owner in itself.
    #[must_use]
    pub fn missing<I: IntoIterator<Item = Missing>>(
        &self,
        party: Party<'a>,
        base: impl Fn(Party<'a>) -> I,
    ) -> Vec<Missing> {
        let request = self.ownership.request;
        let mut missing = Vec::new();
        for gap in self.holdings.gaps(party.index()) {
            match gap {
                Gap::Base(index) => missing.extend(request.party(index).into_iter().flat_map(&base)),
                Gap::Owners(index) => missing.extend(request.party(index).map(|p| owners(request, p))),
                Gap::Inconsistent(index) => missing.extend(request.party(index).map(too_much)),
                Gap::Share(key) => missing.extend(self.source(key).map(Source::share)),
                Gap::Directness(key) => missing.extend(self.source(key).and_then(Source::directness)),
                Gap::Owner(key) => missing.extend(self.source(key).and_then(Source::owner)),
            }
        }
        missing
    }

    fn source(&self, key: u32) -> Option<Source<'a>> {
        self.ownership.stakes.get(key as usize).copied()
    }

    fn sources(&self, party: Party<'a>) -> impl Iterator<Item = Source<'a>> {
        self.holdings.evidence(party.index()).into_iter().filter_map(|key| self.source(key))
    }
}

impl Source<'_> {
    fn share(self) -> Missing {
        let Some(interest) = self.interest else {
            return self
                .relationship
                .interests()
                .place()
                .missing("the interests and their shares", NOT_SUPPLIED);
        };
        let kind = interest.kind().missing("what kind of interest it is");
        let exact = "the share, narrow enough to compare with the threshold";
        kind.unwrap_or_else(|| interest.share().place().missing(exact, NOT_SUPPLIED))
    }

    fn directness(self) -> Option<Missing> {
        self.interest?.direct().missing("`direct` or `indirect`")
    }

    fn owner(self) -> Option<Missing> {
        self.relationship.interested_party().missing("who holds the interest")
    }
}

/// The statement that all owners of a party are named, which is missing.
pub(crate) fn owners(request: Request<'_>, party: Party<'_>) -> Missing {
    if let Some(missing) = request.relationships().missing("who owns whom, and how much") {
        return missing;
    }
    let expected = "`complete`, with all owners stated";
    let statement = party.ownership();
    statement.place().missing(expected, statement.reason().unwrap_or(NOT_SUPPLIED))
}

fn too_much(party: Party<'_>) -> Missing {
    party.ownership().place().missing("shares that add up to no more than 100 %", INCONSISTENT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract;
    use crate::testing::{Building, company, person, request, shareholding};
    use lexgate_model::Decimal;

    /// `cn` and `person` count in themselves; of `half` that is unknown.
    fn building() -> Building {
        request("2025-09-05").parties(vec![
            company("customer", "SG"),
            company("cn", "CN"),
            company("half", ""),
            company("sg", "SG"),
            person("person", &["CN"]),
        ])
    }

    #[track_caller]
    fn check(building: Building, expected: &str, missing: &[(contract::Element, &str, &str)]) {
        let raw = building.build();
        let request = Request::new(&raw).unwrap();
        let ownership = Ownership::of(request, "shareholding");
        let fifty = Threshold::MoreThan(Amount::try_from(Decimal::from(50)).unwrap());
        let base = |party: Party<'_>| party.headquarters().test(|code| code == "CN");
        let held = ownership.held(Method::Cascade, base, fifty);
        let customer = request.party(0).unwrap();
        assert_eq!(format!("{:?}: {}", held.passes(customer), held.share(customer)), expected);
        let named = held.missing(customer, |party| party.headquarters().missing("a region"));
        let named: Vec<_> = named.iter().map(|m| (m.at.at, m.at.field.as_str(), m.reason.as_str())).collect();
        assert_eq!(named, missing);
    }

    use contract::Element::{Interest as At, Party as Of, Relationship as Rel, Request as Whole};

    #[test]
    fn shares_of_counted_owners_add_up() {
        check(building().owns("cn", "customer", "30").owns("cn", "customer", "25"), "True: 55", &[]);
        check(building().owns("sg", "customer", "60"), "False: 0", &[]);
    }

    #[test]
    fn the_day_an_interest_ends_it_is_held_no_longer() {
        let ended = |end| contract::Interest { end, ..shareholding("60") };
        let day = |day| Some(contract::Date { year: 2025, month: 9, day });
        check(building().holds("cn", "customer", ended(day(5))), "False: 0", &[]);
        check(building().holds("cn", "customer", ended(day(6))), "True: 60", &[]);
        let started = contract::Interest { start: day(5), ..shareholding("60") };
        check(building().holds("cn", "customer", started), "True: 60", &[]);
    }

    #[test]
    fn what_is_missing_is_named_where_it_would_be() {
        check(
            building().owns("half", "customer", "60"),
            "Unknown: 0 to 60",
            &[(Of(2), "headquarters", "notSupplied")],
        );
        let band = "25..75";
        check(
            building().owns("cn", "customer", band),
            "Unknown: 25 to 75",
            &[(At((0, 0)), "share", "notSupplied")],
        );
        check(
            building().owns("", "customer", "60"),
            "Unknown: 0 to 60",
            &[(Rel(0), "interestedParty", "notSupplied")],
        );
        check(
            building().silent("cn", "customer"),
            "Unknown: 0 to 100",
            &[(Rel(0), "interests", "notSupplied")],
        );
        let unclear = contract::Interest { directness: contract::Directness::Unknown, ..shareholding("60") };
        check(
            building().holds("cn", "customer", unclear),
            "Unknown: 0 to 60",
            &[(At((0, 0)), "directness", "notSupplied")],
        );
        let unpublished = contract::Interest { kind: "unpublishedInterest".into(), ..shareholding("60") };
        check(
            building().holds("cn", "customer", unpublished),
            "Unknown: 0 to 60",
            &[(At((0, 0)), "kind", "unpublishedInterest")],
        );
        check(
            building().owns("cn", "customer", "60").owns("sg", "customer", "60"),
            "Unknown: 60",
            &[(Of(0), "ownership", "inconsistent")],
        );
    }

    #[test]
    fn owners_are_all_stated_only_where_the_request_says_so() {
        let open = contract::Party { ownership: contract::Statement::Partial, ..company("open", "SG") };
        let partial = building().party(open).owns("open", "customer", "60");
        check(partial, "Unknown: 0 to 60", &[(Of(5), "ownership", "notSupplied")]);
        check(building().unrelated(), "Unknown: 0 to 100", &[(Whole, "relationships", "notSupplied")]);
    }

    #[test]
    fn nobody_owns_a_person() {
        // The person has no headquarters, so what it counts as is unknown; that it has no owners is not.
        check(
            building().owns("person", "customer", "60"),
            "Unknown: 0 to 60",
            &[(Of(4), "headquarters", "notSupplied")],
        );
    }
}
