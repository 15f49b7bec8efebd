//! Who reaches whom by control: the model's ways of influence, from the relationships of a request.
//!
//! The policy says which interests pass influence on ([`Passes`]), past which lines votes and shares do, and where influence
//! starts. A party is controlled when a way leads to it from there with control somewhere on it. Facts that are missing make
//! links, and so ways, possible only.

use crate::contract::{self, Missing};
use crate::fact::NOT_SUPPLIED;
use crate::finding::MOST_PLACES;
use crate::ownership::{owners, too_much};
use crate::place::Evidence;
use crate::view::{Interest, Party, Relationship, Request, parties};
use alloc::vec::Vec;
use lexgate_model::Truth;
use lexgate_model::ownership::{Gap, Stake, control};

pub use control::Lines;

/// Whether interests of a kind pass influence on, and as what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passes {
    /// As control, whatever their share.
    Control,
    /// As votes: control, if those of all who have influence pass the line together.
    Votes,
    /// By shares: what their holders have, if they pass the line together.
    Shares,
    /// Not at all.
    Not,
}

/// The links between parties on the date of the request.
#[derive(Debug, Clone)]
pub struct Links<'a> {
    request: Request<'a>,
    means: control::Means,
    lines: Lines,
    /// What each link or stake was read from, by its key.
    sources: Vec<Source>,
}

/// What a link was read from, by position.
#[derive(Debug, Clone, Copy)]
enum Source {
    /// An interest of a relationship.
    Interest(u32, u32),
    /// A relationship that states no interests.
    Silent(u32),
    /// Owners of the party that the request does not name.
    Unnamed(u32),
}

impl<'a> Links<'a> {
    /// Returns the links of a request; `passes` says what interests of a kind do.
    ///
    /// Links into an `origin` are left out: who controls it adds nothing to the influence it has of itself. Into one that may
    /// be an origin they are not sure to pass control on, so that to learn whether it is one only narrows. Without any
    /// link of control and without votes nobody is controlled, and there are no links by shares either.
    #[must_use]
    pub fn of(
        request: Request<'a>,
        lines: Lines,
        origin: impl Fn(Party<'a>) -> Truth,
        passes: impl Fn(&str) -> Passes,
    ) -> Links<'a> {
        let parties = u32::try_from(request.parties().len()).unwrap_or(u32::MAX);
        let means = control::Means::new(parties);
        let mut links = Links { request, means, lines, sources: Vec::new() };
        let relationships = request.record().raw().relationships.as_deref();
        let origins: Vec<Truth> = request.parties().iter().map(origin).collect();
        let origin = |index: u32| origins.get(index as usize).copied().unwrap_or(Truth::Unknown);
        for party in request.parties().iter() {
            if origin(party.index()) == Truth::Unknown {
                links.means.perhaps_apart(party.index());
            }
            let stated = relationships.is_some() && party.all_owners_stated();
            if !party.cannot_be_owned() && !origin(party.index()).certain() && !stated {
                links.link(None, party.index(), (Truth::Unknown, true), Source::Unnamed(party.index()));
            }
        }
        for shares in [false, true] {
            for (number, relationship) in (0..).zip(relationships.unwrap_or_default()) {
                if request.party(relationship.subject).is_some_and(|to| !origin(to.index()).certain()) {
                    links.add(number, relationship, shares, &passes);
                }
            }
            if links.sources.is_empty() {
                break;
            }
        }
        links
    }

    /// Adds the links of control and the votes, or the shares.
    fn add(
        &mut self,
        number: u32,
        relationship: &contract::Relationship,
        shares: bool,
        passes: impl Fn(&str) -> Passes,
    ) {
        let (from, to) = (parties::holder(relationship), relationship.subject);
        let Some(interests) = &relationship.interests else {
            if !shares {
                self.link(from, to, (Truth::Unknown, true), Source::Silent(number));
            }
            return;
        };
        let date = self.request.date();
        for (index, interest) in (0..).zip(interests).filter(|(_, interest)| parties::is_held(interest, date))
        {
            let source = Source::Interest(number, index);
            match (parties::known_kind(interest).map(&passes), shares) {
                (None, false) => self.link(from, to, (Truth::Unknown, true), source),
                (Some(Passes::Control), false) => self.link(from, to, (Truth::True, true), source),
                (Some(Passes::Votes), false) | (Some(Passes::Shares), true) => {
                    self.stake(from, to, interest, shares, source);
                }
                _ => {}
            }
        }
    }

    /// Adds votes or shares. Those held directly are added up; others are a part of what somebody else holds, so they pass
    /// influence on only by themselves.
    fn stake(
        &mut self,
        owner: Option<u32>,
        owned: u32,
        interest: &contract::Interest,
        shares: bool,
        source: Source,
    ) {
        let (share, direct) = (parties::share(interest), Truth::from(parties::is_direct(interest)));
        let line = if shares { self.lines.shares } else { self.lines.votes };
        if !direct.certain() {
            let passes = share.map_or(Truth::Unknown, |share| line.passed_by(&share));
            self.link(owner, owned, (passes, !shares), source);
        }
        if let (true, Some(key)) = (direct.possible() || !shares, self.key(source)) {
            let stake = Stake { owner, owned, share, direct, key };
            if shares { self.means.share(stake) } else { self.means.votes(stake) }
        }
    }

    fn link(&mut self, from: Option<u32>, to: u32, (passes, control): (Truth, bool), source: Source) {
        if let Some(key) = self.key(source) {
            self.means.link(control::Link { from, to, passes, control, key });
        }
    }

    fn key(&mut self, source: Source) -> Option<u32> {
        let key = u32::try_from(self.sources.len()).ok()?;
        self.sources.push(source);
        Some(key)
    }

    /// Finds who is reached from where influence starts, in time linear in parties and links.
    #[must_use]
    pub fn from(&self, start: impl Fn(Party<'a>) -> Truth) -> Reach<'_, 'a> {
        let start: Vec<_> = self.request.parties().iter().map(start).collect();
        Reach { links: self, reach: self.means.reach(&start, self.lines) }
    }
}

/// Who is reached from where influence starts.
#[derive(Debug, Clone)]
pub struct Reach<'l, 'a> {
    links: &'l Links<'a>,
    reach: control::Reach<'l>,
}

impl<'a> Reach<'_, 'a> {
    /// Returns whether a way with control somewhere on it leads to the party.
    #[must_use]
    pub fn controlled(&self, party: Party<'a>) -> Truth {
        self.reach.controlled(party.index())
    }

    /// Returns the interests on the certain ways to the party, and the parties they start from.
    #[must_use]
    pub fn evidence(&self, party: Party<'a>) -> (Vec<Evidence<'a>>, Vec<Party<'a>>) {
        let (mut interests, mut starts) = (Vec::new(), Vec::new());
        for origin in self.reach.evidence(party.index()) {
            match origin {
                control::Origin::Interest(key) => interests.extend(self.links.evidence(key)),
                control::Origin::Start(index) => starts.extend(self.links.request.party(index)),
            }
        }
        (interests, starts)
    }

    /// Returns the facts that could change whether the party is controlled.
    ///
    /// `start` returns those that decide whether influence starts from a party.
    #[must_use]
    pub fn missing<I: IntoIterator<Item = Missing>>(
        &self,
        party: Party<'a>,
        start: impl Fn(Party<'a>) -> I,
    ) -> Vec<Missing> {
        let (links, mut missing) = (self.links, Vec::new());
        for fact in self.reach.missing(party.index()) {
            match fact {
                _ if missing.len() >= MOST_PLACES => break,
                control::Missing::Start(index) => {
                    missing.extend(links.request.party(index).into_iter().flat_map(&start));
                }
                control::Missing::Passes(key) => missing.extend(links.what_it_is(key)),
                control::Missing::Holder(key) => missing.extend(links.holder(key)),
                control::Missing::Stake(gap) => missing.extend(links.of_stake(gap)),
            }
        }
        missing
    }
}

impl<'a> Links<'a> {
    fn relationship(&self, number: u32) -> Option<Relationship<'a>> {
        self.request.relationships().value()?.get(number)
    }

    fn interest(&self, key: u32) -> Option<Interest<'a>> {
        match *self.sources.get(key as usize)? {
            Source::Interest(number, index) => self.relationship(number)?.interests().value()?.get(index),
            Source::Silent(_) | Source::Unnamed(_) => None,
        }
    }

    fn evidence(&self, key: u32) -> Option<Evidence<'a>> {
        self.interest(key).map(|interest| interest.evidence())
    }

    /// What is not known about an interest that may pass influence on.
    fn what_it_is(&self, key: u32) -> Option<Missing> {
        match *self.sources.get(key as usize)? {
            Source::Interest(..) => self.interest(key).map(what_is_unclear),
            Source::Silent(number) => {
                self.relationship(number)?.interests().missing("the interests and their kinds")
            }
            Source::Unnamed(_) => None,
        }
    }

    /// That it is not known who holds it.
    fn holder(&self, key: u32) -> Option<Missing> {
        match *self.sources.get(key as usize)? {
            Source::Interest(number, _) | Source::Silent(number) => {
                self.relationship(number)?.interested_party().missing("who holds the interest")
            }
            Source::Unnamed(party) => self.request.party(party).map(|party| owners(self.request, party)),
        }
    }

    fn of_stake(&self, gap: Gap) -> Option<Missing> {
        match gap {
            Gap::Share(key) => self.interest(key).map(what_is_unclear),
            Gap::Directness(key) => self.interest(key)?.direct().missing("`direct` or `indirect`"),
            Gap::Owner(key) => self.holder(key),
            Gap::Inconsistent(party) => self.request.party(party).map(too_much),
            Gap::Between(key) => {
                let expected = "through whom the votes are held";
                self.interest(key).map(|interest| interest.direct().place().missing(expected, NOT_SUPPLIED))
            }
            // Starts are told apart, and all interests are stated.
            Gap::Base(_) | Gap::Owners(_) | Gap::Unsolved(_) => None,
        }
    }
}

fn what_is_unclear(interest: Interest<'_>) -> Missing {
    let share = || interest.share().place().missing("the share, narrow enough to compare", NOT_SUPPLIED);
    interest.kind().missing("what kind of interest it is").unwrap_or_else(share)
}

#[cfg(test)]
mod tests;
