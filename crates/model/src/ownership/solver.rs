//! Solves one bound of what is held of every party: owners first, rings together.

use super::exact::{self, Equation, MOST_EXACT};
use super::graph::Stake;
use super::number::{Bound, ONE, Round};
use super::parts::{System, claimed};
use super::rings::Rings;
use crate::interval::End;
use crate::truth::Truth;

/// Most parties of a ring that are solved by elimination: larger ones are approached. Elimination takes a third of the
/// cube of it in steps, which a guest can still pay for.
const MOST_ELIMINATED: usize = 24;
/// How often the equations of a larger ring are gone through. Each time the bounds come closer by what leaves the ring, and
/// each costs a guest some hundreds of fuel a stake, of which an evaluation has some ten thousand.
const SWEEPS: usize = 12;

/// Which bound is solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Least,
    Most,
}

/// One bound of what each party passes on, as far as it is solved.
pub(super) struct Solver<'s, 'g> {
    system: &'s System<'g>,
    side: Side,
    round: Round,
    passed_on: Vec<Bound>,
}

impl<'s, 'g> Solver<'s, 'g> {
    /// Solves a bound, rounded outward.
    pub(super) fn solve(system: &'s System<'g>, side: Side, order: &Rings) -> Solver<'s, 'g> {
        let round = match side {
            Side::Least => Round::Down,
            Side::Most => Round::Up,
        };
        // Those that count in themselves are no dependency of anybody, so they stand first.
        let known = |base: &Truth| if base.certain() { Bound::one(round) } else { Bound::zero(round) };
        let passed_on = system.base.iter().map(known).collect();
        let mut solver = Solver { system, side, round, passed_on };
        for ring in order.iter() {
            match ring {
                [party] if !system.sources(*party).any(|owner| owner == *party) => {
                    let bound = solver.bound(*party);
                    solver.put(*party, bound);
                }
                ring if ring.len() <= MOST_ELIMINATED => solver.eliminate(ring),
                ring => solver.approach(ring),
            }
        }
        solver
    }

    /// What each party passes on: all, if it counts in itself.
    pub(super) fn passed_on(self) -> Vec<Bound> {
        self.passed_on
    }

    /// What is held of a party by others.
    pub(super) fn held(&self, party: u32) -> Bound {
        let counts = match self.side {
            Side::Least => self.system.base(party).certain(),
            Side::Most => self.system.base(party).possible(),
        };
        match self.side {
            _ if !counts => return self.at(party),
            Side::Least if self.system.inconsistent(party) => return self.zero(),
            _ => {}
        }
        // Own shares divide among the rest here, too: as in a ring of one.
        let others = |stake: &Stake| !stake.is_own();
        let constant = match self.side {
            Side::Least => self.at_least(party, others),
            Side::Most => self.unsettled(party, others),
        };
        let own = self.system.graph.stakes_in(party).filter(|stake| stake.is_own()).map(Stake::contribution);
        let part = own.fold(self.zero(), |sum, own| {
            sum.plus(self.of(if self.side == Side::Least { own.minimum() } else { own.maximum() }))
        });
        let mut row = Row { constant, parts: vec![part] };
        if row.resolve(0).is_none() && self.side == Side::Most && !row.constant.is_zero() {
            row.constant = self.one();
        }
        match self.side {
            Side::Least => self.with_claims(party, row.constant),
            Side::Most => row.constant.capped().lower(self.rest(party)).capped(),
        }
    }

    fn zero(&self) -> Bound {
        Bound::zero(self.round)
    }

    fn one(&self) -> Bound {
        Bound::one(self.round)
    }

    fn of(&self, end: End) -> Bound {
        Bound::of(self.round, end)
    }

    fn at(&self, party: u32) -> Bound {
        self.passed_on.get(party as usize).copied().unwrap_or_else(|| self.zero())
    }

    fn put(&mut self, party: u32, bound: Bound) {
        if let Some(place) = self.passed_on.get_mut(party as usize) {
            *place = bound;
        }
    }

    /// Computes the bound of a party from those of its owners.
    fn bound(&self, party: u32) -> Bound {
        self.settled(party).unwrap_or_else(|| self.unsettled(party, |_| true))
    }

    /// What is known of a party without its owners: all of one that counts in itself is held, and of one whose stakes cannot
    /// all be, anything may be.
    fn settled(&self, party: u32) -> Option<Bound> {
        match (self.side, self.system.base(party), self.system.inconsistent(party)) {
            (_, Truth::True, _) | (Side::Most, Truth::Unknown, _) | (Side::Most, _, true) => Some(self.one()),
            (Side::Least, _, true) => Some(self.zero()),
            (_, _, false) => None,
        }
    }

    fn unsettled(&self, party: u32, keep: impl Fn(&Stake) -> bool) -> Bound {
        match (self.side, self.system.inconsistent(party)) {
            (Side::Most, true) => self.one(),
            (Side::Least, _) => self.with_claims(party, self.at_least(party, keep)),
            (Side::Most, false) => {
                let rest = self.rest(party);
                let named =
                    if self.system.unnamed(party) { rest } else { self.at_most(party, keep).lower(rest) };
                named.capped()
            }
        }
    }

    /// A share of a stake times what its owner passes on; `unspecified` is that of an owner nobody specified.
    fn part(&self, stake: &Stake, share: End, unspecified: impl FnOnce() -> Bound) -> Bound {
        self.of(share).times(stake.owner.map_or_else(unspecified, |owner| self.at(owner)))
    }

    /// The least that named owners hold.
    fn at_least(&self, party: u32, keep: impl Fn(&Stake) -> bool) -> Bound {
        self.system.graph.stakes_in(party).filter(|stake| keep(stake)).fold(self.zero(), |sum, stake| {
            sum.plus(self.part(stake, stake.contribution().minimum(), || self.zero()))
        })
    }

    /// The most that named owners hold: with unspecified ones, and with claims that no chain accounts for.
    fn at_most(&self, party: u32, keep: impl Fn(&Stake) -> bool) -> Bound {
        let stakes = self.system.graph.stakes_in(party).filter(|stake| keep(stake));
        let stakes = stakes.map(|stake| (stake, stake.contribution().maximum()));
        let claims = self.system.open_claims_on(party).map(|claim| (claim, claim.most()));
        stakes
            .chain(claims)
            .fold(self.zero(), |sum, (stake, most)| sum.plus(self.part(stake, most, || self.one())))
    }

    /// What is left by stakes that surely do not count: all but, of each, what is not held of its owner.
    fn rest(&self, party: u32) -> Bound {
        let (mut taken, mut held, mut open) = (self.zero(), self.zero(), false);
        let may_count = |claim: &Stake| claim.owner.is_none_or(|owner| !self.at(owner).is_zero());
        for (owner, least) in self.leaving(party, may_count) {
            let (least, most) = (Bound::least(self.round, least), self.at(owner));
            open |= (least.open && (most.open || most.units() < ONE)) || (most.open && !least.is_nothing());
            taken = taken.plus(least);
            held = held.plus(least.times(most));
        }
        taken.left().plus(held).with_open(open)
    }

    /// Returns the stakes whose owners surely hold them for themselves: not those in which a claim may hide.
    fn leaving(&self, party: u32, may_count: impl Fn(&Stake) -> bool) -> impl Iterator<Item = (u32, End)> {
        let opened = self.system.open_claims_on(party).any(may_count);
        let graph = self.system.graph;
        let stakes = graph.stakes_in(party).filter(|stake| !stake.is_own());
        let stakes = stakes.filter_map(|stake| Some((stake.owner?, stake.contribution().minimum())));
        stakes.filter(move |(owner, _)| !opened || graph.is_owned_by_nobody(*owner))
    }

    /// What stakes add up to at least, or what claims say, if that is more: each claim alone, since one may be a part of
    /// another, and those of owners whom nobody owns together, with what these hold directly.
    fn with_claims(&self, party: u32, sum: Bound) -> Bound {
        let graph = self.system.graph;
        let nobodys = |stake: &&Stake| stake.owner.is_some_and(|owner| graph.is_owned_by_nobody(owner));
        let claims = || graph.claims_in(party).map(|(_, claim)| claim).filter(|claim| !claim.is_own());
        if claims().next().is_none() {
            return sum.capped();
        }
        let claim = |claim: &Stake| self.part(claim, claimed(claim).minimum(), || self.zero());
        let direct = graph.stakes_in(party).filter(nobodys);
        let direct = direct.map(|stake| self.part(stake, stake.contribution().minimum(), || self.zero()));
        let together = direct.chain(claims().filter(nobodys).map(claim));
        let together = together.fold(self.zero(), |sum, part| sum.plus(part));
        claims().map(claim).fold(sum.higher(together), Bound::higher).capped()
    }

    /// Solves a ring.
    fn eliminate(&mut self, ring: &[u32]) {
        let rows: Vec<Row> = ring.iter().map(|&party| self.row(party, ring)).collect();
        let solved = if ring.len() <= MOST_EXACT { self.solve_exactly(&rows) } else { solve_rows(rows) };
        let Some(solved) = solved else { return self.approach(ring) };
        for (&party, bound) in ring.iter().zip(solved) {
            self.put(party, bound.capped());
        }
        // The equations leave out what is no sum; going round takes that in. Bounds stay bounds by it, however often.
        let side = self.side;
        for _ in 0..MOST_EXACT {
            let same = self.go_round(ring, |bound, before| match side {
                Side::Least => bound.higher(before),
                Side::Most => bound.lower(before),
            });
            if same {
                break;
            }
        }
    }

    fn solve_exactly(&self, rows: &[Row]) -> Option<Vec<Bound>> {
        let equation = |row: &Row| Equation {
            constant: row.constant.units(),
            parts: row.parts.iter().map(|part| part.units()).collect(),
        };
        let equations: Vec<_> = rows.iter().map(equation).collect();
        let fractions = exact::solve(&equations, ONE)?;
        let rounded =
            rows.iter().any(|row| row.constant.rounded || row.parts.iter().any(|part| part.rounded));
        let bound = |fraction| Bound::of_fraction(self.round, fraction).rounded_with(rounded);
        let mut solved: Vec<Bound> = fractions.iter().map(bound).collect();
        // A sum is out of reach where one of its parts is.
        for _ in rows {
            let sum = |row: &Row| {
                row.parts.iter().zip(&solved).fold(row.constant, |sum, (part, x)| sum.plus(part.times(*x)))
            };
            let open: Vec<bool> = rows.iter().map(|row| sum(row).open).collect();
            solved.iter_mut().zip(open).for_each(|(bound, open)| bound.open = open);
        }
        Some(solved)
    }

    /// Computes every member of a ring anew from what all of them were before; returns whether none of them changed.
    fn go_round(&mut self, ring: &[u32], with: impl Fn(Bound, Bound) -> Bound) -> bool {
        let next: Vec<_> = ring.iter().map(|&party| with(self.bound(party), self.at(party))).collect();
        self.put_all(ring, next)
    }

    /// Replaces the bounds of a ring; returns whether none of them changed.
    fn put_all(&mut self, ring: &[u32], bounds: Vec<Bound>) -> bool {
        let mut same = true;
        for (&party, bound) in ring.iter().zip(bounds) {
            let before = self.at(party);
            same &= (before.units(), before.open) == (bound.units(), bound.open);
            self.put(party, bound.rounded_with(before.rounded));
        }
        same
    }

    /// The equation of a party of a ring: what comes from outside, and a part of each member.
    fn row(&self, party: u32, ring: &[u32]) -> Row {
        let mut row = Row { constant: self.zero(), parts: vec![self.zero(); ring.len()] };
        row.constant = self.terms(party, ring, |owner, share| {
            let member = ring.iter().position(|&member| member == owner);
            if let Some(part) = member.and_then(|member| row.parts.get_mut(member)) {
                *part = part.plus(share);
            }
        });
        row
    }

    /// Hands out the parts that members of a ring have in a party, and returns what comes from outside. The ring is sorted.
    fn terms(&self, party: u32, ring: &[u32], mut member: impl FnMut(u32, Bound)) -> Bound {
        if let Some(settled) = self.settled(party) {
            return settled;
        }
        let mut outside = self.zero();
        let mut add = |owner: Option<u32>, share: Bound| match owner {
            Some(owner) if ring.binary_search(&owner).is_ok() => member(owner, share),
            Some(owner) => outside = outside.plus(share.times(self.at(owner))),
            None => outside = outside.plus(share),
        };
        let graph = self.system.graph;
        match self.side {
            Side::Least => {
                let stakes = graph.stakes_in(party).filter(|stake| stake.owner.is_some());
                stakes.for_each(|stake| add(stake.owner, self.of(stake.contribution().minimum())));
            }
            Side::Most if self.system.unnamed(party) => {
                let nothing = |owner: u32| ring.binary_search(&owner).is_err() && self.at(owner).is_zero();
                let may_count = |claim: &Stake| !claim.owner.is_some_and(nothing);
                let mut taken = self.zero();
                for (owner, least) in self.leaving(party, may_count) {
                    // Whether the end belongs to it is taken in by going round after.
                    let least = Bound::least(self.round, least).with_open(false);
                    taken = taken.plus(least);
                    add(Some(owner), least);
                }
                add(None, taken.left());
            }
            Side::Most => {
                let stakes = graph.stakes_in(party);
                stakes.for_each(|stake| add(stake.owner, self.of(stake.contribution().maximum())));
                self.system.open_claims_on(party).for_each(|claim| add(claim.owner, self.of(claim.most())));
            }
        }
        outside
    }

    /// Approaches the bounds of a ring that is too large to be solved: from nothing upwards, from all downwards.
    ///
    /// All members are computed anew at once, so their order does not show.
    fn approach(&mut self, ring: &[u32]) {
        ring.iter().for_each(|&party| self.put(party, self.zero()));
        // What members have in each other, party by party.
        let (mut constants, mut parts, mut ends) = (Vec::new(), Vec::new(), Vec::new());
        for &party in ring {
            constants.push(self.terms(party, ring, |owner, share| parts.push((owner, share))));
            ends.push(parts.len());
        }
        if self.side == Side::Most {
            if constants.iter().all(|constant| constant.is_zero()) {
                // Nothing comes in from outside, so nothing goes round.
                return;
            }
            ring.iter().for_each(|&party| self.put(party, self.one()));
        }
        for _ in 0..SWEEPS {
            let begins = core::iter::once(0).chain(ends.iter().copied());
            let sum = |((constant, begin), end): ((&Bound, usize), &usize)| {
                let parts = parts.get(begin..*end).unwrap_or_default();
                let sum =
                    parts.iter().fold(*constant, |sum, (owner, part)| sum.plus(part.times(self.at(*owner))));
                sum.capped()
            };
            let next: Vec<Bound> = constants.iter().zip(begins).zip(&ends).map(sum).collect();
            if self.put_all(ring, next) {
                break;
            }
        }
        // Once more with all that is no sum: see `eliminate`.
        let side = self.side;
        self.go_round(ring, |bound, before| match side {
            Side::Least => bound.higher(before),
            Side::Most => bound.lower(before),
        });
    }
}

/// An equation: a constant, and parts of the members of a ring.
struct Row {
    constant: Bound,
    parts: Vec<Bound>,
}

/// Solves equations, rounding: expresses each party by those that come after it, then goes back. Nothing where all or more
/// goes round, in which case no sum of paths is the solution, in whatever order.
fn solve_rows(mut rows: Vec<Row>) -> Option<Vec<Bound>> {
    for at in 0..rows.len() {
        let (done, later) = rows.split_at_mut(at + 1);
        let Some(row) = done.last_mut() else { continue };
        row.resolve(at)?;
        for other in later {
            other.take_in(at, row);
        }
    }
    let mut solved: Vec<Bound> = Vec::with_capacity(rows.len());
    for row in rows.iter().rev() {
        // The last party is solved first.
        let later = row.parts.iter().rev().zip(&solved);
        let sum = later.fold(row.constant, |sum, (part, bound)| sum.plus(part.times(*bound)));
        solved.push(sum.capped());
    }
    Some(solved.into_iter().rev().map(Bound::coarse).collect())
}

impl Row {
    /// Takes the part of a party out.
    fn take_out(&mut self, party: usize) -> Option<Bound> {
        let part = self.parts.get_mut(party)?;
        let nothing = part.none();
        Some(core::mem::replace(part, nothing))
    }

    /// Resolves the part of the party itself: what goes round adds up to `1 / (1 - part)` times the rest.
    fn resolve(&mut self, own: usize) -> Option<()> {
        let part = self.take_out(own)?;
        if !part.is_zero() {
            let times = part.repeated()?;
            self.constant = self.constant.times(times);
            self.parts.iter_mut().for_each(|part| *part = part.times(times));
        }
        Some(())
    }

    /// Replaces a party by what its resolved row says of it.
    fn take_in(&mut self, party: usize, row: &Row) {
        let Some(part) = self.take_out(party).filter(|part| !part.is_zero()) else { return };
        self.constant = self.constant.plus(part.times(row.constant));
        for (mine, its) in self.parts.iter_mut().zip(&row.parts).filter(|(_, its)| !its.is_zero()) {
            *mine = mine.plus(part.times(*its));
        }
    }
}
