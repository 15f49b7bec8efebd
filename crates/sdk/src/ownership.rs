//! Who owns what, from the relationships of a request: the model's arithmetic with places on both sides.
//!
//! A stake is an interest of one kind that is held on the date of the request. What is not stated widens the answer: a
//! relationship without interests is a stake of unknown size, an interest of unknown kind may be a stake, a party whose
//! owners are not all stated may have others. A body of a state is wholly its state's.

use crate::contract::{self, Missing};
use crate::fact::{INCONSISTENT, NOT_SUPPLIED};
use crate::place::Evidence;
use crate::view::{Interest, Party, Relationship, Request, parties};
use alloc::vec;
use alloc::vec::Vec;
use lexgate_model::ownership::{self, Gap, Graph, Holdings, Method, Paths, Stake, Ultimate};
use lexgate_model::{Amount, Date, End, Interval, Threshold, Truth};

/// The stakes of one kind in a request, as of its date.
#[derive(Debug, Clone)]
pub struct Ownership<'a> {
    request: Request<'a>,
    graph: Graph,
    /// What each stake was read from, by its key.
    stakes: Vec<Source>,
    bodies: Bodies,
    /// By party, on which days the stakes are held that are stated in it.
    days: Vec<Days>,
}

/// On which days stakes are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Days {
    /// There are none.
    None,
    /// On others than that of the request.
    Others,
    /// On that one.
    This,
}

/// Bodies of states, each with the one state that it is stated to be an organ of.
#[derive(Debug, Clone, Default)]
struct Bodies(Vec<Body>);

#[derive(Debug, Clone)]
struct Body {
    party: u32,
    state: Option<u32>,
    /// Whether the one stake that says so was taken.
    told: bool,
}

impl Bodies {
    /// Reads which bodies belong to a state. One of two states, or one of which its state holds a stated share, is owned as
    /// others are.
    fn of(request: Request<'_>) -> Bodies {
        let mut bodies = Bodies::default();
        let date = request.date();
        for relationship in request.record().raw().relationships.as_deref().unwrap_or_default() {
            let subject = request.party(relationship.subject).filter(|subject| subject.is_state_body());
            let holder = parties::holder(relationship).and_then(|holder| request.party(holder));
            let state = holder.filter(|holder| holder.kind() == "state");
            let (Some(subject), Some(state)) = (subject, state) else { continue };
            let interests = relationship.interests.as_deref().unwrap_or_default();
            let organ = organ(interests, date).is_some().then_some(state.index());
            match bodies.0.iter_mut().find(|body| body.party == subject.index()) {
                Some(body) if body.state == organ => {}
                Some(body) => body.state = None,
                None => bodies.0.push(Body { party: subject.index(), state: organ, told: false }),
            }
        }
        bodies
    }

    fn belongs(&self, party: u32) -> bool {
        self.0.iter().any(|body| body.party == party && body.state.is_some())
    }

    /// Returns which interest of a relationship says first that the body is an organ of its state.
    fn organ_of(
        &mut self,
        relationship: &contract::Relationship,
        interests: &[contract::Interest],
        date: Date,
    ) -> Option<u32> {
        let holder = parties::holder(relationship)?;
        let body = self
            .0
            .iter_mut()
            .find(|body| body.party == relationship.subject && body.state == Some(holder))?;
        let index = organ(interests, date)?;
        (!core::mem::replace(&mut body.told, true)).then_some(index)
    }
}

/// Returns the interest by which a state has a body of its own: control held on the date, unless a share is stated.
fn organ(interests: &[contract::Interest], date: Date) -> Option<u32> {
    let held = || (0..).zip(interests).filter(|(_, interest)| parties::is_held(interest, date));
    let shares = |interest: &contract::Interest| interest.kind == "shareholding" && interest.share.is_some();
    if held().any(|(_, interest)| shares(interest)) {
        return None;
    }
    let control = [
        "shareholding",
        "votingRights",
        "appointmentOfBoard",
        "otherInfluenceOrControl",
        "controlByLegalFramework",
        "controlViaCompanyRulesOrArticles",
    ];
    held().find(|(_, interest)| control.contains(&interest.kind.as_str())).map(|(index, _)| index)
}

/// Positions of a relationship and of an interest in it; of none where the relationship states no interests.
#[derive(Debug, Clone, Copy)]
struct Source {
    relationship: u32,
    interest: Option<u32>,
}

impl<'a> Ownership<'a> {
    /// Returns the stakes of a kind, such as `shareholding`.
    ///
    /// Nobody owns natural persons and states, and nobody but its state a body of one state. Of other parties all owners are
    /// stated only if the request says so, and only if it states relationships at all, and stakes that are held.
    #[must_use]
    pub fn of(request: Request<'a>, kind: &str) -> Ownership<'a> {
        let parties = u32::try_from(request.parties().len()).unwrap_or(u32::MAX);
        let mut ownership = Ownership {
            request,
            graph: Graph::new(parties),
            stakes: Vec::new(),
            bodies: Bodies::of(request),
            days: vec![Days::None; parties as usize],
        };
        let supplied = request.record().raw().relationships.is_some();
        let relationships = request.record().raw().relationships.as_deref().unwrap_or_default();
        ownership.stakes.reserve(relationships.len());
        for (number, relationship) in (0..).zip(relationships) {
            ownership.add(number, relationship, kind);
        }
        for party in request.parties().iter() {
            let given = party.cannot_be_owned() || ownership.bodies.belongs(party.index());
            // Where stakes are stated but none is held on the date, somebody holds it whom nobody named.
            let past = ownership.days.get(party.index() as usize) == Some(&Days::Others);
            if given || (supplied && party.all_owners_stated() && !past) {
                ownership.graph.all_owners_stated(party.index());
            }
        }
        ownership
    }

    fn add(&mut self, number: u32, relationship: &contract::Relationship, kind: &str) {
        let Some(interests) = &relationship.interests else {
            let source = Source { relationship: number, interest: None };
            return self.stake(relationship, source, None, Truth::True);
        };
        let date = self.request.date();
        if let Some(index) = self.bodies.organ_of(relationship, interests, date) {
            let source = Source { relationship: number, interest: Some(index) };
            return self.stake(relationship, source, Some(Interval::exact(Amount::HUNDRED)), Truth::True);
        }
        for (index, interest) in (0..).zip(interests) {
            let stated = parties::known_kind(interest);
            if stated.is_some_and(|stated| stated != kind) {
                continue;
            }
            let is_held = parties::is_held(interest, date);
            if let Some(days) = self.days.get_mut(relationship.subject as usize) {
                *days = (*days).max(if is_held { Days::This } else { Days::Others });
            }
            if !is_held {
                continue;
            }
            let share = parties::share(interest);
            let share = if stated.is_some() { share } else { share.and_then(at_most) };
            let source = Source { relationship: number, interest: Some(index) };
            self.stake(relationship, source, share, parties::is_direct(interest).into());
        }
    }

    fn stake(
        &mut self,
        relationship: &contract::Relationship,
        source: Source,
        share: Option<Interval>,
        direct: Truth,
    ) {
        let Ok(key) = u32::try_from(self.stakes.len()) else { return };
        self.stakes.push(source);
        let (owner, owned) = (parties::holder(relationship), relationship.subject);
        self.graph.add(Stake { owner, owned, share, direct, key });
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

    /// Computes the same by cascade. A policy that needs no other method calls this, and is some 50 KiB smaller: it does
    /// not link the fractions of the others.
    #[must_use]
    pub fn held_by_cascade(&self, base: impl Fn(Party<'a>) -> Truth, threshold: Threshold) -> Held<'_, 'a> {
        let base: Vec<_> = self.request.parties().iter().map(base).collect();
        Held { ownership: self, holdings: self.graph.cascade(&base, threshold) }
    }
}

/// Returns who consolidates a party in the end, and the statements that say so: the party itself, if it has no parent.
///
/// # Errors
/// The fact that is missing: the statement of the party, or one that contradicts the others.
pub fn ultimate_parent<'a>(
    request: Request<'a>,
    party: Party<'a>,
) -> Result<(Party<'a>, Vec<Evidence<'a>>), Missing> {
    let stated: Vec<_> = request.parties().iter().map(|party| party.stated_parent()).collect();
    let statement = |index: u32| request.party(index).map(|party| party.ultimate_parent());
    let at = |index: u32, reason: &str| {
        let place = statement(index).unwrap_or_else(|| party.ultimate_parent()).place();
        place.missing("who consolidates it in the end", reason)
    };
    match ownership::ultimate_parent(&stated, party.index()) {
        Ultimate::Known(parent, by) => {
            let evidence = by.into_iter().filter_map(statement).filter_map(|fact| fact.evidence()).collect();
            Ok((request.party(parent).unwrap_or(party), evidence))
        }
        Ultimate::Unknown(index) => {
            let reason = statement(index).and_then(|fact| fact.reason()).unwrap_or(NOT_SUPPLIED);
            Err(at(index, reason))
        }
        Ultimate::Inconsistent(ring) => Err(at(ring.first().copied().unwrap_or(party.index()), INCONSISTENT)),
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

    /// Returns the chains of stakes that surely lead to that share, bounded in number.
    ///
    /// A stake's key is its position here: see [`Held::interest`].
    #[must_use]
    pub fn paths(&self, party: Party<'a>) -> Paths {
        self.holdings.paths(party.index())
    }

    /// Returns the relationship and the interest that a stake of a path was read from.
    #[must_use]
    pub fn interest(&self, key: u32) -> Option<(Relationship<'a>, Option<Interest<'a>>)> {
        self.source(key)
    }

    /// Returns the interests that surely add to that share, each with its holder, upstream through cascaded owners.
    pub fn evidence(&self, party: Party<'a>) -> impl Iterator<Item = (Evidence<'a>, Option<Party<'a>>)> {
        self.holdings.evidence(party.index()).into_iter().filter_map(|key| {
            let (relationship, interest) = self.source(key)?;
            Some((interest?.evidence(), relationship.interested_party().value()))
        })
    }

    /// Returns the facts that could change whether the threshold is passed.
    ///
    /// `base` returns those that decide whether a party is a counted owner in itself.
    pub fn missing(
        &self,
        party: Party<'a>,
        base: impl Fn(Party<'a>) -> Option<Missing>,
    ) -> impl Iterator<Item = Missing> {
        let request = self.ownership.request;
        self.holdings.gaps(party.index()).into_iter().filter_map(move |gap| match gap {
            Gap::Base(index) => request.party(index).and_then(&base),
            Gap::Owners(index) => request.party(index).map(|party| owners(request, party)),
            Gap::Inconsistent(index) => request.party(index).map(too_much),
            Gap::Unsolved(index) => request.party(index).map(unsolved),
            Gap::Between(key) => self.source(key).and_then(missing_between),
            Gap::Share(key) => self.source(key).map(missing_share),
            Gap::Directness(key) => self.source(key).and_then(missing_directness),
            Gap::Owner(key) => self.source(key).and_then(missing_owner),
        })
    }

    fn source(&self, key: u32) -> Option<Stated<'a>> {
        let Source { relationship, interest } = *self.ownership.stakes.get(key as usize)?;
        let relationship = self.ownership.request.relationships().value()?.get(relationship)?;
        let interests = relationship.interests().value();
        Some((relationship, interest.and_then(|index| interests?.get(index))))
    }
}

/// What a stake was read from.
type Stated<'a> = (Relationship<'a>, Option<Interest<'a>>);

fn missing_share((relationship, interest): Stated<'_>) -> Missing {
    let Some(interest) = interest else {
        return relationship.interests().place().missing("the interests and their shares", NOT_SUPPLIED);
    };
    let kind = interest.kind().missing("what kind of interest it is");
    let exact = "the share, narrow enough to compare with the threshold";
    kind.unwrap_or_else(|| interest.share().place().missing(exact, NOT_SUPPLIED))
}

fn missing_directness((_, interest): Stated<'_>) -> Option<Missing> {
    interest?.direct().missing("`direct` or `indirect`")
}

fn missing_owner((relationship, _): Stated<'_>) -> Option<Missing> {
    relationship.interested_party().missing("who holds the interest")
}

fn missing_between((relationship, _): Stated<'_>) -> Option<Missing> {
    let expected = "the owners through which the indirect interest is held, with their shares";
    relationship.subject().map(|subject| subject.ownership().place().missing(expected, NOT_SUPPLIED))
}

/// The statement that all owners of a party are named, which is missing.
pub(crate) fn owners(request: Request<'_>, party: Party<'_>) -> Missing {
    if let Some(missing) = request.relationships().missing("who owns whom, and how much") {
        return missing;
    }
    let expected = "`complete`, with all owners stated";
    let statement = party.ownership();
    // A party whose owners are stated to be complete is asked only where its stakes contradict that.
    let reason = if party.all_owners_stated() { INCONSISTENT } else { NOT_SUPPLIED };
    statement.place().missing(expected, statement.reason().unwrap_or(reason))
}

pub(crate) fn too_much(party: Party<'_>) -> Missing {
    let expected = "shares that add up to no more than 100 %, and agree with what is held through others";
    party.ownership().place().missing(expected, INCONSISTENT)
}

fn unsolved(party: Party<'_>) -> Missing {
    let expected = "owners that hold each other in smaller rings: these are too large for exact arithmetic";
    party.ownership().place().missing(expected, "unsolved")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Statement;
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

    /// Fills up parties whose owners are all stated: what is left of them is held by one more company of Singapore.
    fn filled(mut raw: contract::Request) -> contract::Request {
        let Some(relationships) = &mut raw.relationships else { return raw };
        let rest = u32::try_from(raw.parties.len()).unwrap();
        let date = lexgate_model::date::parse("2025-09-05").unwrap();
        for (subject, _) in
            (0..).zip(&raw.parties).filter(|(_, party)| party.ownership == Statement::Complete)
        {
            let of_it = relationships.iter().filter(|relationship| relationship.subject == subject);
            let interests = of_it.flat_map(|relationship| relationship.interests.clone().unwrap_or_default());
            let most = interests.filter(|interest| {
                parties::is_held(interest, date) && interest.directness == contract::Directness::Direct
            });
            let most =
                most.filter_map(|interest| parties::share(&interest)).map(|share| share.maximum().value);
            let most = most.fold(Amount::ZERO, Amount::plus);
            if most > Amount::ZERO && most < Amount::HUNDRED {
                let left = Amount::HUNDRED.minus(most).to_string();
                relationships.push(contract::Relationship {
                    record_id: "rest".into(),
                    subject,
                    interested_party: contract::InterestedParty::Known(rest),
                    interests: Some(vec![shareholding(&left)]),
                    facts: vec![],
                });
            }
        }
        raw.parties.push(company("rest", "SG"));
        raw
    }

    #[track_caller]
    fn check(building: Building, expected: &str, missing: &[(contract::Element, &str, &str)]) {
        let raw = filled(building.build());
        let request = Request::new(&raw).unwrap();
        let ownership = Ownership::of(request, "shareholding");
        let fifty = Threshold::MoreThan(Amount::try_from(Decimal::from(50)).unwrap());
        let base = |party: Party<'_>| party.headquarters().test(|code| code == "CN");
        let held = ownership.held(Method::Cascade, base, fifty);
        let customer = request.party(0).unwrap();
        assert_eq!(format!("{:?}: {}", held.passes(customer), held.share(customer)), expected);
        let named = held.missing(customer, |party| party.headquarters().missing("a region"));
        let named: Vec<_> = named.collect();
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
        check(
            building().holds("cn", "customer", ended(day(5))),
            "Unknown: 0 to 100",
            &[(Of(0), "ownership", "inconsistent")],
        );
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
            "Unknown: 0 to 100",
            &[(At((0, 0)), "directness", "notSupplied"), (Of(0), "ownership", "inconsistent")],
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
    fn what_is_held_through_others_is_not_added_to_theirs() {
        let indirect = |percent| contract::Interest {
            directness: contract::Directness::Indirect,
            ..shareholding(percent)
        };
        let chain = building().owns("cn", "sg", "100").owns("sg", "customer", "60");
        check(chain.holds("cn", "customer", indirect("60")), "True: 60", &[]);
        let open = contract::Party { ownership: contract::Statement::Partial, ..company("open", "SG") };
        check(
            building().party(open).owns("open", "customer", "100").holds("cn", "customer", indirect("60")),
            "Unknown: 0 to 100",
            &[(Of(5), "ownership", "notSupplied"), (Of(0), "ownership", "notSupplied")],
        );
        // A nominee has all of it directly, for one who has all of it.
        let nominee = contract::Party { ownership: contract::Statement::Partial, ..company("nominee", "SG") };
        let held = building().party(nominee).owns("nominee", "customer", "100");
        check(held.holds("cn", "customer", indirect("100")), "True: 100", &[]);
    }

    #[test]
    fn a_body_of_a_state_is_wholly_its_states() {
        let state = contract::Party { kind: "state".into(), ..company("state", "CN") };
        let body = contract::Party {
            kind: "stateBody".into(),
            ownership: contract::Statement::Unknown("notSupplied".into()),
            ..company("ministry", "SG")
        };
        let influence = crate::testing::interest("otherInfluenceOrControl", "");
        let held = || building().party(body.clone()).party(state.clone()).owns("ministry", "customer", "60");
        check(held().holds("state", "ministry", influence.clone()), "True: 60", &[]);
        let twice = held().holds("state", "ministry", influence.clone());
        check(twice.holds("state", "ministry", influence.clone()), "True: 60", &[]);
        // Without a state, or with two, the body is owned as others are.
        check(held(), "Unknown: 0 to 60", &[(Of(5), "ownership", "notSupplied")]);
        let other = contract::Party { kind: "state".into(), ..company("other", "SG") };
        let both = held().party(other).holds("other", "ministry", influence.clone());
        check(
            both.holds("state", "ministry", influence),
            "Unknown: 0 to 60",
            &[(Of(5), "ownership", "notSupplied")],
        );
        let member = crate::testing::interest("boardMember", "");
        check(
            held().holds("state", "ministry", member),
            "Unknown: 0 to 60",
            &[(Of(5), "ownership", "notSupplied")],
        );
    }

    #[test]
    fn owners_of_another_day_leave_the_owners_of_this_one_to_be_named() {
        let day = |day| Some(contract::Date { year: 2025, month: 9, day });
        let later = contract::Interest { start: day(6), ..shareholding("100") };
        check(
            building().holds("cn", "customer", later),
            "Unknown: 0 to 100",
            &[(Of(0), "ownership", "inconsistent")],
        );
    }

    #[test]
    fn the_ultimate_parent_is_followed_to_the_last() {
        let child = |name, parent| contract::Party { ultimate_parent: parent, ..company(name, "SG") };
        let known = contract::Parent::Known;
        let parties = vec![
            child("customer", known(1)),
            child("old", known(2)),
            child("top", contract::Parent::HasNoParent),
            company("silent", "SG"),
            child("ring", known(5)),
            child("other", known(4)),
        ];
        let raw = request("2025-09-05").parties(parties).build();
        let request = Request::new(&raw).unwrap();
        let of = |index| ultimate_parent(request, request.party(index).unwrap());
        let (parent, evidence) = of(0).unwrap();
        assert_eq!((parent.record_id(), evidence.len()), ("top", 2));
        assert_eq!(of(2).unwrap().0.record_id(), "top");
        let missing = |index| of(index).map(|_| ()).map_err(|m| (m.at.at, m.at.field, m.reason)).unwrap_err();
        assert_eq!(missing(3), (Of(3), "ultimateParent".into(), "notSupplied".into()));
        assert_eq!(missing(4), (Of(4), "ultimateParent".into(), "inconsistent".into()));
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
