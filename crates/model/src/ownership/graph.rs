//! The stakes between parties on one day, as they are stated.
//!
//! What follows from them is not here: see the methods.

use crate::decimal::Amount;
use crate::interval::{End, Interval};
use crate::truth::Truth;

/// The stakes between parties `0..n` on one day.
#[derive(Debug, Clone)]
pub struct Graph {
    owners_stated: Vec<bool>,
    /// Stakes that are, or may be, direct: what is added up.
    stakes: Edges,
    /// Stakes that are, or may be, held through others: what others hold is said once more.
    claims: Edges,
}

/// One owner's part of one party, in percent of the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stake {
    /// Who holds it; `None`, or a party outside the graph, is an owner nobody specified.
    pub owner: Option<u32>,
    /// The party it is a part of.
    pub owned: u32,
    /// How much it is; `None`, or an interval wholly below zero, is not stated.
    pub share: Option<Interval>,
    /// Whether it is held directly. What is held through others (`False`) is a part of what those hold directly, so it is
    /// never added to that: it is a claim that a chain of stakes leads from the owner to the party.
    pub direct: Truth,
    /// The caller's name for it, which evidence, paths and gaps repeat.
    pub key: u32,
}

impl Graph {
    /// Returns a graph of so many parties, without stakes, in which nobody's owners are all stated.
    #[must_use]
    pub fn new(parties: u32) -> Graph {
        let parties = parties as usize;
        Graph { owners_stated: vec![false; parties], stakes: Edges::none(), claims: Edges::none() }
    }

    /// Returns a graph of so many parties, without stakes, in which everybody's owners are all stated.
    pub(super) fn all_stated(parties: u32) -> Graph {
        Graph { owners_stated: vec![true; parties as usize], ..Graph::new(0) }
    }

    /// Returns whether there are no stakes.
    pub(super) fn is_empty(&self) -> bool {
        self.stakes.edges.is_empty() && self.claims.edges.is_empty()
    }

    /// Adds a stake; one in a party outside the graph is ignored. Several of one owner in one party add up.
    pub fn add(&mut self, stake: Stake) {
        let parties = self.owners_stated.len();
        if stake.owned as usize >= parties {
            return;
        }
        let stake = Stake { owner: stake.owner.filter(|&owner| (owner as usize) < parties), ..stake };
        if stake.direct.possible() {
            self.stakes.add(stake, parties);
        }
        if !stake.direct.certain() {
            self.claims.add(stake, parties);
        }
    }

    /// States that every owner of the party is named by a stake: what their shares leave is held by nobody.
    ///
    /// Where only claims are stated, who holds the direct stakes stays unknown all the same.
    pub fn all_owners_stated(&mut self, party: u32) {
        if let Some(stated) = self.owners_stated.get_mut(party as usize) {
            *stated = true;
        }
    }

    /// Returns how many parties there are.
    pub(super) fn parties(&self) -> u32 {
        // INVARIANT: `new` took a `u32`.
        u32::try_from(self.owners_stated.len()).unwrap_or(u32::MAX)
    }

    /// Returns the stakes in a party.
    pub(super) fn stakes_in(&self, party: u32) -> impl Iterator<Item = &Stake> {
        self.stakes.held_in(party).map(|(_, stake)| stake)
    }

    /// Returns the stakes a party holds.
    pub(super) fn stakes_of(&self, party: u32) -> impl Iterator<Item = &Stake> {
        self.stakes.out_of(party).map(|(_, stake)| stake)
    }

    /// Returns the claims on a party, each with its number.
    pub(super) fn claims_in(&self, party: u32) -> impl Iterator<Item = (usize, &Stake)> {
        self.claims.held_in(party)
    }

    /// Returns the claims a party makes, each with its number.
    pub(super) fn claims_of(&self, party: u32) -> impl Iterator<Item = (usize, &Stake)> {
        self.claims.out_of(party)
    }

    /// Returns whether owners that no stake names may hold a part, when those named hold so much at least.
    pub(super) fn has_unnamed(&self, party: u32, named: Amount) -> bool {
        let stated = self.owners_stated.get(party as usize).copied().unwrap_or(false);
        let only_claims = self.stakes.is_empty(party) && !self.claims.is_empty(party);
        (!stated || only_claims) && named < Amount::HUNDRED
    }

    /// Returns whether it is stated that nobody owns the party.
    pub(super) fn is_owned_by_nobody(&self, party: u32) -> bool {
        let stated = self.owners_stated.get(party as usize).copied().unwrap_or(false);
        stated && self.stakes.is_empty(party) && self.claims.is_empty(party)
    }

    /// Finds the claims that no stated chain accounts for, by number.
    ///
    /// A chain accounts for a claim when it leads from the owner to direct owners of the party that may hold as much
    /// together. The search takes sixteen steps for every party and stake at most, a number chosen by feel; claims that
    /// are left then are not accounted for, which only widens answers.
    pub(super) fn open_claims(&self) -> Vec<bool> {
        let mut open = vec![true; self.claims.edges.len()];
        let parties = self.owners_stated.len();
        let mut steps = 16usize.saturating_mul(parties.saturating_add(self.stakes.edges.len()));
        let mut below = vec![Below::default(); parties];
        let mut next = Vec::new();
        for owner in (0..self.parties()).filter(|&owner| !self.claims.holds_none(owner)) {
            next.push(owner);
            while let Some(party) = next.pop() {
                for stake in self.stakes_of(party).filter(|stake| stake.may_be_something()) {
                    let Some(left) = steps.checked_sub(1) else { return open };
                    steps = left;
                    if let Some(below) = below.get_mut(stake.owned as usize)
                        && below.reach(owner, stake)
                    {
                        next.push(stake.owned);
                    }
                }
            }
            for (number, claim) in self.claims_of(owner) {
                let carried = below.get(claim.owned as usize).filter(|below| below.of == Some(owner));
                let least = claim.stated().map_or(Amount::ZERO, |share| share.minimum().value);
                if let (Some(open), Some(carried)) = (open.get_mut(number), carried.and_then(|b| b.carried)) {
                    *open = carried < least;
                }
            }
        }
        open
    }
}

impl Stake {
    /// The share as far as it is a possible one: nothing below zero.
    pub(super) fn stated(&self) -> Option<Interval> {
        self.share.and_then(|share| {
            let zero = End::inclusive(Amount::ZERO);
            let minimum = if share.minimum().value < Amount::ZERO { zero } else { share.minimum() };
            Interval::new(minimum, share.maximum())
        })
    }

    /// What it adds to the party's directly held shares: from nothing, where it may be held through others.
    pub(super) fn contribution(&self) -> Interval {
        let share = self.stated().unwrap_or(Interval::ANY_SHARE);
        match self.direct {
            Truth::True => share,
            Truth::Unknown => Interval::new(End::inclusive(Amount::ZERO), share.maximum()).unwrap_or(share),
            Truth::False => Interval::ZERO,
        }
    }

    /// The most it may be.
    pub(super) fn most(&self) -> End {
        self.stated().map_or(End::inclusive(Amount::HUNDRED), |share| share.maximum())
    }

    pub(super) fn may_be_something(&self) -> bool {
        self.most().value > Amount::ZERO
    }

    /// Whether all of the party is held, directly or not.
    pub(super) fn is_whole(&self) -> bool {
        self.stated().is_some_and(|share| share.minimum().value >= Amount::HUNDRED)
    }

    /// Whether exactly one share is possible.
    pub(super) fn is_exact(&self) -> bool {
        self.stated().is_some_and(|share| share.is_exact())
    }

    /// Whether the owner is the party itself. What a party holds of itself never counts, so it catches nobody.
    pub(super) fn is_own(&self) -> bool {
        self.owner == Some(self.owned)
    }
}

/// What a search from one owner downwards has found of a party.
#[derive(Debug, Clone, Copy, Default)]
struct Below {
    /// The owner it was found from last.
    of: Option<u32>,
    /// The most that others who are below that owner hold of it.
    carried: Option<Amount>,
}

impl Below {
    /// Notes a stake that leads here from the owner or from below it; returns whether it is the first.
    fn reach(&mut self, from: u32, stake: &Stake) -> bool {
        let first = self.of != Some(from);
        if first {
            *self = Below { of: Some(from), carried: None };
        }
        if stake.owner != Some(from) {
            self.carried = Some(self.carried.unwrap_or(Amount::ZERO).plus(stake.most().value));
        }
        first && stake.owned != from
    }
}

/// Stakes in two chains each: those in one party, and those of one owner.
#[derive(Debug, Clone)]
struct Edges {
    heads: Vec<Ends>,
    edges: Vec<Edge>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Ends {
    into: Option<usize>,
    out: Option<usize>,
}

#[derive(Debug, Clone)]
struct Edge {
    stake: Stake,
    next: Ends,
}

impl Edges {
    fn none() -> Edges {
        Edges { heads: Vec::new(), edges: Vec::new() }
    }

    fn add(&mut self, stake: Stake, parties: usize) {
        if self.heads.len() < parties {
            self.heads.resize(parties, Ends::default());
        }
        let at = self.edges.len();
        let into = self.heads.get_mut(stake.owned as usize).and_then(|head| head.into.replace(at));
        let owner = stake.owner.and_then(|owner| self.heads.get_mut(owner as usize));
        let out = owner.and_then(|head| head.out.replace(at));
        self.edges.push(Edge { stake, next: Ends { into, out } });
    }

    fn head(&self, party: u32) -> Ends {
        self.heads.get(party as usize).copied().unwrap_or_default()
    }

    fn is_empty(&self, party: u32) -> bool {
        self.head(party).into.is_none()
    }

    fn holds_none(&self, owner: u32) -> bool {
        self.head(owner).out.is_none()
    }

    fn held_in(&self, party: u32) -> impl Iterator<Item = (usize, &Stake)> {
        self.chain(self.head(party).into, |next| next.into)
    }

    fn out_of(&self, owner: u32) -> impl Iterator<Item = (usize, &Stake)> {
        self.chain(self.head(owner).out, |next| next.out)
    }

    fn chain(
        &self,
        first: Option<usize>,
        next: fn(&Ends) -> Option<usize>,
    ) -> impl Iterator<Item = (usize, &Stake)> {
        core::iter::successors(first, move |&at| self.edges.get(at).and_then(|edge| next(&edge.next)))
            .filter_map(|at| Some((at, &self.edges.get(at)?.stake)))
    }
}
