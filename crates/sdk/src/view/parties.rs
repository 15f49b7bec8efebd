//! Parties, and what they hold in each other.

use super::{Interest, List, Listing, Participant, Party, Relationship, party_at};
use crate::contract::{self, Element, InterestedParty, Parent, Statement};
use crate::fact::{Fact, decimal};
use crate::place::{Evidence, Place, Spot};
use lexgate_model::{Amount, Date, End, Interval};

/// What is known about the ultimate parent of a party.
#[derive(Debug, Clone, Copy)]
pub enum UltimateParent<'a> {
    /// It is this party.
    Party(Party<'a>),
    /// Stated to have none.
    None,
}

/// Whether the owners of a party that the request states are all there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owners {
    /// All are stated.
    All,
    /// There may be more.
    Some,
}

impl<'a> Party<'a> {
    /// Returns its position among the parties.
    #[must_use]
    pub fn index(&self) -> u32 {
        match self.spot.at {
            Element::Party(index) => index,
            // INVARIANT: views of parties are made from `Element::Party` only.
            _ => u32::MAX,
        }
    }

    /// Returns its name in the request.
    #[must_use]
    pub fn record_id(&self) -> &'a str {
        &self.raw.record_id
    }

    /// Returns what to call it in a message: its first full name, or its record id; at most 200 bytes, so that a long name
    /// cannot make a finding too large.
    #[must_use]
    pub fn called(&self) -> &'a str {
        let name: &str = self.raw.names.first().map_or(&self.raw.record_id, |name| &name.full_name);
        name.get(..name.floor_char_boundary(200)).unwrap_or_default()
    }

    /// Returns the names it is known by, each with where it stands.
    pub fn names(&self) -> impl Iterator<Item = (&'a str, Evidence<'a>)> + use<'a> {
        let spot = self.spot;
        (0..).zip(&self.raw.names).map(move |(index, name)| {
            let place = Place::whole(Spot { entry: Some(("names", index)), ..spot });
            (name.full_name.as_str(), Evidence::seen(place))
        })
    }

    /// Returns the names as one fact, for a finding that misses them.
    #[must_use]
    pub fn naming(&self) -> Fact<'a, &'a [contract::Name]> {
        let names = self.raw.names.as_slice();
        self.optional("names", Some(names).filter(|names| !names.is_empty()))
    }

    /// Returns its registrations.
    #[must_use]
    pub fn identifiers(&self) -> Fact<'a, &'a [contract::Identifier]> {
        self.optional("identifiers", self.raw.identifiers.as_deref())
    }

    /// Returns what it is: BODS `entityType.type` or `personType`.
    #[must_use]
    pub fn kind(&self) -> &'a str {
        &self.raw.kind
    }

    /// Returns the same as a fact, for findings that rest on it.
    #[must_use]
    pub fn kind_as_fact(&self) -> Fact<'a, &'a str> {
        Fact::known(self.place("kind"), self.kind())
    }

    /// Returns whether it is a natural person, known by name or not.
    #[must_use]
    pub fn is_person(&self) -> bool {
        matches!(self.kind(), "knownPerson" | "anonymousPerson" | "unknownPerson")
    }

    /// Returns whether it is of a kind that nobody can own: a natural person or a state.
    #[must_use]
    pub fn cannot_be_owned(&self) -> bool {
        self.is_person() || self.kind() == "state"
    }

    /// Returns whether it is a unit of a state.
    #[must_use]
    pub fn is_state_body(&self) -> bool {
        self.kind() == "stateBody"
    }

    /// Returns the ISO 3166 code of the law it is formed under.
    #[must_use]
    pub fn jurisdiction(&self) -> Fact<'a, &'a str> {
        self.text_of("jurisdiction", &self.raw.jurisdiction)
    }

    /// Returns the ISO 3166 code of its headquarters.
    #[must_use]
    pub fn headquarters(&self) -> Fact<'a, &'a str> {
        self.text_of("headquarters", &self.raw.headquarters)
    }

    /// Returns who consolidates it in the end.
    #[must_use]
    pub fn ultimate_parent(&self) -> Fact<'a, UltimateParent<'a>> {
        let place = self.place("ultimateParent");
        match &self.raw.ultimate_parent {
            Parent::Known(index) => match party_at(self.request, *index) {
                Some(party) => Fact::known(place, UltimateParent::Party(party)),
                None => Fact::unknown(place, crate::fact::INCONSISTENT),
            },
            Parent::HasNoParent => Fact::known(place, UltimateParent::None),
            Parent::Unknown(reason) => Fact::unknown(place, reason),
        }
    }

    /// Returns what is stated of its ultimate parent, by position.
    pub(crate) fn stated_parent(&self) -> lexgate_model::ownership::Parent {
        match self.raw.ultimate_parent {
            Parent::Known(index) => lexgate_model::ownership::Parent::Known(index),
            Parent::HasNoParent => lexgate_model::ownership::Parent::None,
            Parent::Unknown(_) => lexgate_model::ownership::Parent::Unknown,
        }
    }

    /// Returns whether its owners are all stated.
    #[must_use]
    pub fn ownership(&self) -> Fact<'a, Owners> {
        let place = self.place("ownership");
        match &self.raw.ownership {
            Statement::Complete => Fact::known(place, Owners::All),
            Statement::Partial => Fact::known(place, Owners::Some),
            Statement::Unknown(reason) => Fact::unknown(place, reason),
        }
    }

    /// Returns whether it is stated that the request names all its owners.
    #[must_use]
    pub fn all_owners_stated(&self) -> bool {
        matches!(self.raw.ownership, Statement::Complete)
    }

    /// Returns the lists it is on.
    #[must_use]
    pub fn listings(&self) -> Fact<'a, List<'a, contract::Listing>> {
        let (request, parent) = (self.request, self.spot);
        let spot: fn(Spot, u32) -> Spot = |party, index| Spot { entry: Some(("listings", index)), ..party };
        let listings = self.raw.listings.as_deref();
        self.optional("listings", listings).map(|records| List { request, records, parent, spot })
    }
}

impl<'a> Listing<'a> {
    /// Returns which list it is on.
    #[must_use]
    pub fn list_id(&self) -> &'a str {
        &self.raw.list_id
    }

    /// Returns the same as a fact, for findings that cannot tell what that list is.
    #[must_use]
    pub fn list_as_fact(&self) -> Fact<'a, &'a str> {
        Fact::known(self.place("listId"), self.list_id())
    }

    /// Returns which programme of the list.
    #[must_use]
    pub fn program(&self) -> Fact<'a, &'a str> {
        self.text_of("program", &self.raw.program)
    }

    /// Returns whether it is on the list on the date; both days are inclusive, absent ones open.
    #[must_use]
    pub fn holds_on(&self, date: Date) -> bool {
        holds(date, self.raw.start, self.raw.end, Last::Inclusive)
    }
}

impl<'a> Participant<'a> {
    /// Returns the role, such as `endUser`.
    #[must_use]
    pub fn role(&self) -> &'a str {
        &self.raw.role
    }

    /// Returns who plays it.
    #[must_use]
    pub fn party(&self) -> Option<Party<'a>> {
        party_at(self.request, self.raw.party)
    }
}

impl<'a> Relationship<'a> {
    /// Returns the party the interests are in.
    #[must_use]
    pub fn subject(&self) -> Option<Party<'a>> {
        party_at(self.request, self.raw.subject)
    }

    /// Returns the party that holds them.
    #[must_use]
    pub fn interested_party(&self) -> Fact<'a, Party<'a>> {
        let place = self.place("interestedParty");
        match &self.raw.interested_party {
            InterestedParty::Known(index) => match party_at(self.request, *index) {
                Some(party) => Fact::known(place, party),
                None => Fact::unknown(place, crate::fact::INCONSISTENT),
            },
            InterestedParty::Unknown(reason) => Fact::unknown(place, reason),
        }
    }

    /// Returns the interests; empty when it is stated that there are none.
    #[must_use]
    pub fn interests(&self) -> Fact<'a, List<'a, contract::Interest>> {
        let (request, parent) = (self.request, self.spot);
        let spot: fn(Spot, u32) -> Spot = |relationship, index| match relationship.at {
            Element::Relationship(number) => Element::Interest((number, index)).into(),
            at => Spot { at, entry: Some(("interests", index)) },
        };
        let interests = self.raw.interests.as_deref();
        self.optional("interests", interests).map(|records| List { request, records, parent, spot })
    }
}

impl<'a> Interest<'a> {
    /// Returns what it is: BODS `interestType`, known unless it is stated to be unknown or not published.
    #[must_use]
    pub fn kind(&self) -> Fact<'a, &'a str> {
        let place = self.place("kind");
        match known_kind(self.raw) {
            Some(kind) => Fact::known(place, kind),
            None => Fact::unknown(place, &self.raw.kind),
        }
    }

    /// Returns whether it is held directly (true) or through others (false).
    #[must_use]
    pub fn direct(&self) -> Fact<'a, bool> {
        self.optional("directness", is_direct(self.raw))
    }

    /// Returns how much it is, in percent.
    #[must_use]
    pub fn share(&self) -> Fact<'a, Interval> {
        self.optional("share", self.raw.share).read(|_| share(self.raw))
    }

    /// Returns whether it is held on the date: the first day is inclusive, the last exclusive, absent ones open.
    #[must_use]
    pub fn holds_on(&self, date: Date) -> bool {
        is_held(self.raw, date)
    }
}

// What follows is what the views of interests tell, without their places: for sums over all of them.

/// The kind, unless it is stated to be unknown or not published.
pub(crate) fn known_kind(interest: &contract::Interest) -> Option<&str> {
    Some(interest.kind.as_str()).filter(|kind| !matches!(*kind, "unknownInterest" | "unpublishedInterest"))
}

/// Whether the interest is direct, if that is stated.
pub(crate) fn is_direct(interest: &contract::Interest) -> Option<bool> {
    match interest.directness {
        contract::Directness::Direct => Some(true),
        contract::Directness::Indirect => Some(false),
        contract::Directness::Unknown => None,
    }
}

/// Whether the interest is held on the date.
pub(crate) fn is_held(interest: &contract::Interest, date: Date) -> bool {
    holds(date, interest.start, interest.end, Last::Exclusive)
}

/// The share, if one is stated and sound.
pub(crate) fn share(interest: &contract::Interest) -> Option<Interval> {
    let contract::Share { minimum, maximum } = interest.share?;
    if minimum == maximum && !minimum.exclusive {
        return end(minimum).map(|end| Interval::exact(end.value));
    }
    Interval::new(end(minimum)?, end(maximum)?)
}

/// The party that holds the interests of a relationship, if it is specified.
pub(crate) fn holder(relationship: &contract::Relationship) -> Option<u32> {
    match relationship.interested_party {
        InterestedParty::Known(index) => Some(index),
        InterestedParty::Unknown(_) => None,
    }
}

fn end(bound: contract::Bound) -> Option<End> {
    let value = decimal(bound.value).and_then(|value| Amount::try_from(value).ok())?;
    Some(End { value, exclusive: bound.exclusive })
}

/// Whether the last day of a period belongs to it.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Last {
    Inclusive,
    Exclusive,
}

/// Returns whether the date lies in the period, absent ends being open.
pub(super) fn holds(
    date: Date,
    start: Option<contract::Date>,
    end: Option<contract::Date>,
    last: Last,
) -> bool {
    if start.is_none() && end.is_none() {
        return true;
    }
    let day = |date: contract::Date| (i32::from(date.year), i32::from(date.month), i32::from(date.day));
    let date = (i32::from(date.year()), i32::from(date.month()), i32::from(date.day()));
    let begun = start.is_none_or(|start| day(start) <= date);
    let ended = end.is_some_and(|end| day(end) < date || (last == Last::Exclusive && day(end) == date));
    begun && !ended
}
