//! The stakes between parties on one day, as they are stated.
//!
//! What follows from them is not here: see the methods.

use super::number::{Bound, Round};
use super::rings::rings;
use super::sorted;
use crate::decimal::Amount;
use crate::interval::{End, Interval};
use crate::truth::Truth;

/// The stakes between parties `0..n` on one day.
#[derive(Debug, Clone)]
pub struct Graph {
    owners_stated: Vec<bool>,
    /// Whether what is left of a party whose owners are all stated is held by nobody: votes need not be all there are.
    rest_is_nobodys: bool,
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
        Graph {
            owners_stated: vec![false; parties],
            rest_is_nobodys: false,
            stakes: Edges::none(),
            claims: Edges::none(),
        }
    }

    /// Returns a graph of so many parties, without stakes, in which those that are added are all there are, and what they
    /// leave is nobody's.
    pub(super) fn all_stated(parties: u32) -> Graph {
        Graph { owners_stated: vec![true; parties as usize], rest_is_nobodys: true, ..Graph::new(0) }
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

    /// States that every owner of the party is named by a stake; without any, that it has none.
    ///
    /// Where stakes that are stated cannot fill the party, or only claims are, who holds the rest stays unknown all the same.
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

    /// Returns whether owners that no stake names may hold a part.
    ///
    /// Where it is stated that all owners are, and they cannot fill the party, one of the two is wrong: then some are not.
    pub(super) fn has_unnamed(&self, party: u32) -> bool {
        let stated = self.owners_stated.get(party as usize).copied().unwrap_or(false);
        let sum = |end: fn(&Interval) -> End| {
            let stakes = self.stakes_in(party).map(|stake| end(&stake.contribution()).value);
            stakes.fold(Amount::ZERO, Amount::plus)
        };
        if !stated {
            return sum(Interval::minimum) < Amount::HUNDRED;
        }
        let most = sum(Interval::maximum);
        let claimed = || self.claims_in(party).any(|(_, claim)| claim.may_be_something());
        let some = most > Amount::ZERO || claimed();
        some && !self.rest_is_nobodys && most < Amount::HUNDRED
    }

    /// Returns whether somebody claims more through others than those whom nobody owns leave: what a person holds, nobody
    /// else holds through them.
    pub(super) fn is_contradicted(&self, party: u32) -> bool {
        if self.claims.is_empty(party) {
            return false;
        }
        let nobodys = |stake: &&Stake| stake.owner.is_some_and(|owner| self.is_owned_by_nobody(owner));
        let held = self.stakes_in(party).filter(nobodys).map(|stake| stake.contribution().minimum().value);
        let left = Amount::HUNDRED.minus(held.fold(Amount::ZERO, Amount::plus));
        let least = |claim: &Stake| claim.stated().map_or(Amount::ZERO, |share| share.minimum().value);
        self.claims_in(party).any(|(_, claim)| !claim.is_own() && least(claim) > left)
    }

    /// Returns whether it is stated that nobody owns the party.
    pub(super) fn is_owned_by_nobody(&self, party: u32) -> bool {
        let stated = self.owners_stated.get(party as usize).copied().unwrap_or(false);
        stated && self.stakes.is_empty(party) && self.claims.is_empty(party)
    }

    /// Finds the claims that no stated chain accounts for, by number.
    ///
    /// A chain accounts for a claim when it leads from the owner to the party through others, and all such chains together
    /// may carry as much: products of the most of each stake, or just of the last one, added up. The search takes sixteen steps for every party and
    /// stake at most, a number chosen by feel; if that is not enough no claim is accounted for, which only widens answers.
    pub(super) fn open_claims(&self, carries: Carries) -> Vec<bool> {
        let mut open = vec![true; self.claims.edges.len()];
        let parties = self.owners_stated.len();
        let mut steps = 16usize.saturating_mul(parties.saturating_add(self.stakes.edges.len()));
        if open.is_empty() {
            return open;
        }
        let order = Order::of(self);
        let mut below = Below::new(parties);
        for owner in (0..self.parties()).filter(|&owner| !self.claims.holds_none(owner)) {
            let Some(left) = below.search(self, &order, (owner, carries), steps) else {
                open.fill(true);
                return open;
            };
            steps = left;
            for (number, claim) in self.claims_of(owner) {
                let least = claim.stated().map_or(Amount::ZERO, |share| share.minimum().value);
                let carried = below.carried(claim.owned, &order);
                if let (Some(open), Some(carried)) = (open.get_mut(number), carried) {
                    *open = carried.end().value < least;
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

/// How much of what an owner has of a party goes on to what that party owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carries {
    /// Its part: shares multiply.
    Part,
    /// All: influence is not divided.
    Whole,
}

/// In which order parties come, owners first, and which of them stand in a ring, be it with themselves.
struct Order {
    places: Vec<u32>,
    in_ring: Vec<bool>,
}

impl Order {
    fn of(graph: &Graph) -> Order {
        let owners = |party: u32, into: &mut Vec<u32>| {
            into.extend(
                graph.stakes_in(party).filter(|stake| stake.may_be_something()).filter_map(|s| s.owner),
            );
        };
        let parties = graph.owners_stated.len();
        let mut order = Order { places: vec![0; parties], in_ring: vec![false; parties] };
        let mut place = 0;
        for ring in rings(graph.parties(), owners).iter() {
            for &party in ring {
                place += 1;
                if let Some(at) = order.places.get_mut(party as usize) {
                    *at = place;
                }
                if let Some(in_ring) = order.in_ring.get_mut(party as usize) {
                    let own = |stake: &Stake| stake.is_own() && stake.may_be_something();
                    *in_ring = ring.len() > 1 || graph.stakes_in(party).any(own);
                }
            }
        }
        order
    }

    fn place(&self, party: u32) -> u32 {
        self.places.get(party as usize).copied().unwrap_or_default()
    }
}

/// Who is below one owner, and how much of each may come from there.
struct Below {
    /// By party, what was found of it last.
    found: Vec<Found>,
    owner: u32,
}

#[derive(Clone, Copy)]
struct Found {
    /// The owner it was found from.
    from: Option<u32>,
    /// How much may come from there, and how much of that through others.
    all: Bound,
    through_others: Bound,
}

impl Found {
    const NOTHING: Found =
        Found { from: None, all: Bound::zero(Round::Up), through_others: Bound::zero(Round::Up) };
}

impl Below {
    fn new(parties: usize) -> Below {
        Below { found: vec![Found::NOTHING; parties], owner: 0 }
    }

    /// Returns how much of a party may come from the owner through others; nothing if none may. What goes round adds up, in
    /// the end to all.
    fn carried(&self, party: u32, order: &Order) -> Option<Bound> {
        let found = self.found.get(party as usize).filter(|found| found.from == Some(self.owner))?;
        let round = order.in_ring.get(party as usize).copied().unwrap_or(true);
        let carried = if round { Bound::one(Round::Up) } else { found.through_others };
        (!carried.is_nothing()).then_some(carried)
    }

    /// Searches downwards from an owner; returns how many steps are left then, or nothing if there were too few.
    fn search(
        &mut self,
        graph: &Graph,
        order: &Order,
        (owner, carries): (u32, Carries),
        mut steps: usize,
    ) -> Option<usize> {
        self.owner = owner;
        let mut met = vec![owner];
        let mut at = 0;
        while let Some(&party) = met.get(at) {
            at += 1;
            for stake in graph.stakes_of(party).filter(|stake| stake.may_be_something()) {
                steps = steps.checked_sub(1)?;
                if let Some(found) = self.found.get_mut(stake.owned as usize)
                    && found.from != Some(owner)
                {
                    *found = Found { from: Some(owner), ..Found::NOTHING };
                    met.extend((stake.owned != owner).then_some(stake.owned));
                }
            }
        }
        let met = sorted(met.into_iter().map(|party| (order.place(party), party)).collect());
        for &(_, party) in &met {
            let whole = party == owner
                || carries == Carries::Whole
                || order.in_ring.get(party as usize).copied().unwrap_or(true);
            let own =
                self.found.get(party as usize).map_or(Bound::zero(Round::Up), |found| found.all.capped());
            let own = if whole { Bound::one(Round::Up) } else { own };
            for stake in graph.stakes_of(party).filter(|stake| stake.may_be_something() && !stake.is_own()) {
                steps = steps.checked_sub(1)?;
                if let Some(found) = self.found.get_mut(stake.owned as usize) {
                    let part = Bound::of(Round::Up, stake.contribution().maximum()).times(own);
                    found.all = found.all.plus(part);
                    if party != owner {
                        found.through_others = found.through_others.plus(part);
                    }
                }
            }
        }
        Some(steps)
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

    fn chain(&self, first: Option<usize>, next: fn(&Ends) -> Option<usize>) -> Chain<'_> {
        Chain { edges: &self.edges, at: first, next }
    }
}

/// One chain. It is an iterator of its own, with one step that is called and never unrolled, because guests carry the code
/// of every loop over it.
struct Chain<'g> {
    edges: &'g [Edge],
    at: Option<usize>,
    next: fn(&Ends) -> Option<usize>,
}

impl<'g> Iterator for Chain<'g> {
    type Item = (usize, &'g Stake);

    #[inline(never)]
    fn next(&mut self) -> Option<(usize, &'g Stake)> {
        let at = self.at?;
        let edge = self.edges.get(at)?;
        self.at = (self.next)(&edge.next);
        Some((at, &edge.stake))
    }
}
