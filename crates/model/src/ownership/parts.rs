//! Looking through: what counted owners hold of each party by shares multiplied along paths.
//!
//! What is held of a party is the sum over its owners of their stake times what is held of them, which is all of those that
//! count in themselves. Bounds of that are solved party by party, owners first; parties that own each other in a ring are
//! solved together.

use super::Gap;
use super::graph::{Graph, Stake};
use super::number::{Bound, Exact, Fixed, Number};
use super::rings::{Rings, rings};
use crate::decimal::Amount;
use crate::interval::{End, Interval, Threshold};
use crate::truth::Truth;

/// Most parties of a ring that are solved by elimination: larger ones are approached. Elimination takes a third of the
/// cube of it in steps, which a guest can still pay for.
const MOST_ELIMINATED: usize = 64;
/// Most parties of a ring that are solved in exact rationals at once, so that it shows nowhere in which order the parties
/// stand. Rings of real companies are smaller.
const MOST_AT_ONCE: usize = 8;
/// Most parties of a ring, and most stakes upstream, that exact rationals are tried on. Chosen by feel: numbers of a few
/// thousand digits.
const MOST_EXACT: (usize, usize) = (24, 4_096);
/// How close to the line a rounded end must be for exact rationals to be tried, in 10^-18 %: far more than rounding is off
/// where nothing goes round.
const CLOSE: u128 = 1_000_000_000_000;
/// How often the parties of a larger ring are gone through. Chosen by feel: each time the bounds come closer by what leaves
/// the ring.
const SWEEPS: usize = 128;

/// What is held of each party, looked through.
#[derive(Debug, Clone)]
pub(super) struct Parts<'g> {
    system: System<'g>,
    threshold: Threshold,
    least: Bounds<Fixed<false>>,
    most: Bounds<Fixed<true>>,
}

/// One bound for each party.
#[derive(Debug, Clone)]
struct Bounds<N> {
    /// What it passes on: all, if it counts in itself.
    passed_on: Vec<Bound<N>>,
    /// What is held of it by others.
    held: Vec<Bound<N>>,
}

/// Which bound is solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Least,
    Most,
}

impl<'g> Parts<'g> {
    pub(super) fn of(graph: &'g Graph, base: &[Truth], threshold: Threshold) -> Parts<'g> {
        let system = System::of(graph, base);
        let order = system.order(0..graph.parties());
        let (least, most) = (system.bounds(Side::Least, &order), system.bounds(Side::Most, &order));
        Parts { system, threshold, least, most }
    }

    pub(super) fn held(&self, party: u32) -> Interval {
        let Some((least, most)) = self.ends(party) else { return Interval::ANY_SHARE };
        let held = Interval::new(least.end(false), most.end(true));
        // INVARIANT: the bounds enclose the solution if there is one; there is none where what is stated contradicts itself.
        held.unwrap_or_else(|| {
            Interval::new(least.end(false), End::inclusive(Amount::HUNDRED)).unwrap_or(Interval::ANY_SHARE)
        })
    }

    pub(super) fn is_inconsistent(&self, party: u32) -> bool {
        let crossed = self
            .ends(party)
            .is_some_and(|(least, most)| Interval::new(least.end(false), most.end(true)).is_none());
        crossed || self.system.inconsistent(party)
    }

    fn ends(&self, party: u32) -> Option<(&Bound<Fixed<false>>, &Bound<Fixed<true>>)> {
        self.least.held.get(party as usize).zip(self.most.held.get(party as usize))
    }

    pub(super) fn passes(&self, party: u32) -> Truth {
        if self.is_inconsistent(party) {
            return Truth::Unknown;
        }
        match self.threshold.passed_by(&self.held(party)) {
            Truth::Unknown if self.may_be_rounding(party) => self.exactly(party).unwrap_or(Truth::Unknown),
            known => known,
        }
    }

    /// Whether rounding may be why it is unknown whether the party passes: a rounded end lies close to the line.
    fn may_be_rounding(&self, party: u32) -> bool {
        let line = self.threshold.amount();
        let near = |end: End| end.value.minus(line).units().max(line.minus(end.value).units()) <= CLOSE;
        self.ends(party).is_some_and(|(least, most)| {
            (least.rounded && near(least.end(false))) || (most.rounded && near(most.end(true)))
        })
    }

    /// Solves all that is upstream of the party in exact rationals; nothing if that is too much.
    fn exactly(&self, party: u32) -> Option<Truth> {
        let order = self.system.order(self.system.upstream(party, MOST_EXACT.1)?.into_iter());
        if order.iter().any(|ring| ring.len() > MOST_EXACT.0) {
            return None;
        }
        let exact = |side| self.system.held::<Exact>(side, party, &self.system.solve(side, &order));
        let (least, most) = (exact(Side::Least), exact(Side::Most));
        let line = Exact::least(self.threshold.amount());
        let above = |bound: &Bound<Exact>| bound.value > line;
        let at = |bound: &Bound<Exact>| bound.value == line;
        Some(match self.threshold {
            Threshold::MoreThan(_) => {
                Truth::between(above(&least) || (at(&least) && least.open), above(&most))
            }
            Threshold::AtLeast(_) => {
                Truth::between(least.value >= line, above(&most) || (at(&most) && !most.open))
            }
        })
    }

    /// Returns the stakes that surely add to what is held of a party.
    pub(super) fn adding(&self, party: u32) -> Vec<&'g Stake> {
        let held = |stake: &Stake| {
            let least = if stake.is_own() {
                self.least.held.get(party as usize)
            } else {
                stake.owner.and_then(|owner| self.least.passed_on.get(owner as usize))
            };
            least.is_some_and(|least| !least.is_zero())
        };
        let nothing = End::inclusive(Amount::ZERO);
        let graph = self.system.graph;
        if self.system.inconsistent(party) {
            return Vec::new();
        }
        let mut adding: Vec<_> = graph
            .stakes_in(party)
            .filter(|stake| stake.contribution().minimum() != nothing && held(stake))
            .collect();
        let claims = graph.claims_in(party).map(|(_, claim)| claim);
        adding.extend(
            claims.filter(|claim| claimed(claim).minimum() != nothing && held(claim) && !claim.is_own()),
        );
        adding
    }

    /// Finds what is missing at a party, and enters those of its owners of whom it is unknown how much is held.
    pub(super) fn gaps_at(&self, party: u32, gaps: &mut Vec<Gap>, mut enter: impl FnMut(u32)) {
        let system = &self.system;
        if !self.is_inconsistent(party) && self.held(party).is_exact() {
            return;
        }
        if self.is_inconsistent(party) {
            gaps.push(Gap::Inconsistent(party));
        }
        if system.unnamed(party) {
            gaps.push(Gap::Owners(party));
        }
        let graph = system.graph;
        let may_count = |stake: &Stake| match stake.owner {
            None => true,
            Some(owner) => self.most.passed_on.get(owner as usize).is_none_or(|most| !most.is_zero()),
        };
        let stakes = || graph.stakes_in(party).filter(|stake| stake.contribution() != Interval::ZERO);
        let others_matter = system.unnamed(party)
            || system.is_opened(party, may_count)
            || stakes().any(|stake| may_count(stake) && !(stake.is_exact() && stake.direct.certain()));
        for stake in stakes() {
            if may_count(stake) || others_matter {
                gaps.extend((!stake.is_exact()).then_some(Gap::Share(stake.key)));
                gaps.extend((stake.direct == Truth::Unknown).then_some(Gap::Directness(stake.key)));
            }
            self.gaps_of_owner(stake, gaps, &mut enter);
        }
        for (_, claim) in graph.claims_in(party).filter(|(at, claim)| system.is_open(*at, claim)) {
            if claim.direct == Truth::False && may_count(claim) {
                gaps.push(Gap::Between(claim.key));
                self.gaps_of_owner(claim, gaps, &mut enter);
            }
        }
    }

    fn gaps_of_owner(&self, stake: &Stake, gaps: &mut Vec<Gap>, enter: &mut impl FnMut(u32)) {
        match stake.owner {
            None => gaps.push(Gap::Owner(stake.key)),
            Some(owner) => {
                let base = self.system.base(owner);
                gaps.extend((base == Truth::Unknown).then_some(Gap::Base(owner)));
                if !base.certain() {
                    enter(owner);
                }
            }
        }
    }
}

/// The share of a claim.
fn claimed(claim: &Stake) -> Interval {
    claim.stated().unwrap_or(Interval::ANY_SHARE)
}

/// What is stated, party by party, as equations.
#[derive(Debug, Clone)]
struct System<'g> {
    graph: &'g Graph,
    base: Vec<Truth>,
    /// By number, whether no chain accounts for a claim.
    open: Vec<bool>,
    /// By party, what its stakes add up to at least.
    named: Vec<End>,
}

impl<'g> System<'g> {
    fn of(graph: &'g Graph, base: &[Truth]) -> System<'g> {
        let sum = |party| {
            graph.stakes_in(party).fold(End::inclusive(Amount::ZERO), |sum, stake| {
                let least = stake.contribution().minimum();
                End { value: sum.value.plus(least.value), exclusive: sum.exclusive || least.exclusive }
            })
        };
        let named = (0..graph.parties()).map(sum).collect();
        System { graph, base: base.to_vec(), open: graph.open_claims(), named }
    }

    fn base(&self, party: u32) -> Truth {
        self.base.get(party as usize).copied().unwrap_or(Truth::Unknown)
    }

    fn inconsistent(&self, party: u32) -> bool {
        self.named
            .get(party as usize)
            .is_some_and(|sum| sum.value > Amount::HUNDRED || (sum.value == Amount::HUNDRED && sum.exclusive))
    }

    fn unnamed(&self, party: u32) -> bool {
        self.named.get(party as usize).is_none_or(|sum| self.graph.has_unnamed(party, sum.value))
    }

    fn is_open(&self, number: usize, claim: &Stake) -> bool {
        self.open.get(number).copied().unwrap_or(false) && claim.may_be_something() && !claim.is_own()
    }

    /// Whether one of whom something may count claims a part that no chain accounts for.
    fn is_opened(&self, party: u32, may_count: impl Fn(&Stake) -> bool) -> bool {
        self.graph.claims_in(party).any(|(at, claim)| self.is_open(at, claim) && may_count(claim))
    }

    /// Returns the owners of a party on whom it depends what is held of it.
    fn owners(&self, party: u32) -> impl Iterator<Item = u32> {
        let settled = self.inconsistent(party);
        let claims = self.graph.claims_in(party).map(|(_, claim)| claim);
        let stakes = self
            .graph
            .stakes_in(party)
            .chain(claims)
            .filter(move |stake| !settled && stake.may_be_something());
        stakes.filter_map(|stake| stake.owner).filter(|&owner| !self.base(owner).certain())
    }

    /// Returns those on whom it depends what a party passes on: nobody, if it counts in itself.
    fn sources(&self, party: u32) -> impl Iterator<Item = u32> {
        let counts = self.base(party).certain();
        self.owners(party).filter(move |_| !counts)
    }

    /// Returns the parties in rings, owners first; of those that are not asked for nothing is said.
    fn order(&self, parties: impl Iterator<Item = u32>) -> Rings {
        let mut asked = vec![false; self.base.len()];
        parties.filter_map(|party| asked.get_mut(party as usize).map(|asked| *asked = true)).for_each(drop);
        rings(self.graph.parties(), |party, into| {
            if asked.get(party as usize).copied().unwrap_or(false) {
                into.extend(self.sources(party));
            }
        })
    }

    /// Returns the parties upstream of one, itself included; nothing if more stakes lead there.
    fn upstream(&self, party: u32, most: usize) -> Option<Vec<u32>> {
        let (mut found, mut stakes) = (vec![party], 0);
        let mut seen = vec![false; self.base.len()];
        seen.get_mut(party as usize).map(|seen| *seen = true)?;
        let mut at = 0;
        while let Some(&party) = found.get(at) {
            at += 1;
            for owner in self.owners(party) {
                stakes += 1;
                if stakes > most {
                    return None;
                }
                if seen.get_mut(owner as usize).is_some_and(|seen| !core::mem::replace(seen, true)) {
                    found.push(owner);
                }
            }
        }
        Some(found)
    }

    fn bounds<N: Number>(&self, side: Side, order: &Rings) -> Bounds<N> {
        let passed_on = self.solve(side, order);
        let held = (0..self.graph.parties()).map(|party| self.held(side, party, &passed_on)).collect();
        Bounds { passed_on, held }
    }

    /// What is held of a party by others, when it is known what each of them passes on.
    fn held<N: Number>(&self, side: Side, party: u32, passed_on: &[Bound<N>]) -> Bound<N> {
        let counts = match side {
            Side::Least => self.base(party).certain(),
            Side::Most => self.base(party).possible(),
        };
        if !counts {
            return at(passed_on, party);
        }
        // Own shares divide among the rest here, too: as in a ring of one.
        let others = |stake: &Stake| !stake.is_own();
        let constant = match side {
            Side::Least => self.at_least(party, passed_on, others),
            Side::Most => self.unsettled(side, party, passed_on, others),
        };
        let mut row = Row { constant, parts: Vec::new() };
        let own = self.graph.stakes_in(party).filter(|stake| stake.is_own()).map(Stake::contribution);
        row.parts.push(own.fold(Bound::zero(), |sum, own| {
            sum.plus(&Bound::of(if side == Side::Least { own.minimum() } else { own.maximum() }))
        }));
        if row.solve(0).is_none() && side == Side::Most && !row.constant.is_zero() {
            row.constant = Bound::one();
        }
        match side {
            Side::Least => self.with_claims(party, passed_on, row.constant),
            Side::Most => row.constant.capped().lower(self.rest(party, passed_on)).capped(),
        }
    }

    fn solve<N: Number>(&self, side: Side, order: &Rings) -> Vec<Bound<N>> {
        // Those that count in themselves are no dependency of anybody, so they stand first.
        let known = |base: &Truth| if base.certain() { Bound::one() } else { Bound::zero() };
        let mut bounds: Vec<_> = self.base.iter().map(known).collect();
        for ring in order.iter() {
            match ring {
                [party] if !self.sources(*party).any(|owner| owner == *party) => {
                    let bound = self.bound(side, *party, &bounds);
                    put(&mut bounds, *party, bound);
                }
                ring if ring.len() <= MOST_ELIMINATED => self.eliminate(side, ring, &mut bounds),
                ring => self.approach(side, ring, &mut bounds),
            }
        }
        bounds
    }

    /// Computes the bound of a party from those of its owners.
    fn bound<N: Number>(&self, side: Side, party: u32, bounds: &[Bound<N>]) -> Bound<N> {
        self.settled(side, party).unwrap_or_else(|| self.unsettled(side, party, bounds, |_| true))
    }

    /// What is known of a party without its owners: all of one that counts in itself is held, and of one whose stakes cannot
    /// all be, anything may be.
    fn settled<N: Number>(&self, side: Side, party: u32) -> Option<Bound<N>> {
        match (side, self.base(party), self.inconsistent(party)) {
            (_, Truth::True, _) | (Side::Most, Truth::Unknown, _) | (Side::Most, _, true) => {
                Some(Bound::one())
            }
            (Side::Least, _, true) => Some(Bound::zero()),
            (_, _, false) => None,
        }
    }

    fn unsettled<N: Number>(
        &self,
        side: Side,
        party: u32,
        bounds: &[Bound<N>],
        keep: impl Fn(&Stake) -> bool,
    ) -> Bound<N> {
        match (side, self.inconsistent(party)) {
            (Side::Most, true) => Bound::one(),
            (Side::Least, _) => {
                let sum = self.at_least(party, bounds, keep);
                self.with_claims(party, bounds, sum)
            }
            (Side::Most, false) => {
                let rest = self.rest(party, bounds);
                if self.unnamed(party) {
                    rest.capped()
                } else {
                    self.at_most(party, bounds, keep).lower(rest).capped()
                }
            }
        }
    }

    /// The least that named owners hold.
    fn at_least<N: Number>(
        &self,
        party: u32,
        bounds: &[Bound<N>],
        keep: impl Fn(&Stake) -> bool,
    ) -> Bound<N> {
        self.graph.stakes_in(party).filter(|stake| keep(stake)).fold(Bound::zero(), |sum, stake| {
            sum.plus(&part(stake, stake.contribution().minimum(), Bound::zero(), bounds))
        })
    }

    /// What stakes add up to at least, or what claims say, if that is more.
    fn with_claims<N: Number>(&self, party: u32, bounds: &[Bound<N>], sum: Bound<N>) -> Bound<N> {
        self.claims_at_least(party, bounds).into_iter().fold(sum, Bound::higher).capped()
    }

    /// The most that named owners hold: with unspecified ones, and with claims that no chain accounts for.
    fn at_most<N: Number>(&self, party: u32, bounds: &[Bound<N>], keep: impl Fn(&Stake) -> bool) -> Bound<N> {
        let stakes = self.graph.stakes_in(party).filter(|stake| keep(stake));
        let stakes = stakes.map(|stake| (stake, stake.contribution().maximum()));
        let claims = self.graph.claims_in(party).filter(|(number, claim)| self.is_open(*number, claim));
        let claims = claims.map(|(_, claim)| (claim, claim.most()));
        stakes
            .chain(claims)
            .fold(Bound::zero(), |sum, (stake, most)| sum.plus(&part(stake, most, Bound::one(), bounds)))
    }

    /// What is left by stakes that surely do not count: all but, of each, what is not held of its owner.
    fn rest<N: Number>(&self, party: u32, bounds: &[Bound<N>]) -> Bound<N> {
        let (mut taken, mut held, mut open) = (Bound::<N>::zero(), Bound::<N>::zero(), false);
        let may_count = |claim: &Stake| claim.owner.is_none_or(|owner| !at(bounds, owner).is_zero());
        for (owner, least) in self.leaving(party, may_count) {
            let (least, most) = (Bound::<N>::least(least), at(bounds, owner));
            open |= (least.open && (most.value < N::one() || most.open))
                || (most.open && least.value > N::zero());
            taken = taken.plus(&least);
            held = held.plus(&least.times(&most));
        }
        Bound { open, ..taken.left().plus(&held) }
    }

    /// Returns the stakes whose owners surely hold them for themselves: not those in which a claim may hide.
    fn leaving(&self, party: u32, may_count: impl Fn(&Stake) -> bool) -> impl Iterator<Item = (u32, End)> {
        let opened = self.is_opened(party, may_count);
        let stakes = self.graph.stakes_in(party).filter(|stake| !stake.is_own());
        let stakes = stakes.filter_map(|stake| Some((stake.owner?, stake.contribution().minimum())));
        stakes.filter(move |(owner, _)| !opened || self.graph.is_owned_by_nobody(*owner))
    }

    /// Returns what claims say is held at least: each alone, since one may be a part of another, and those of owners whom
    /// nobody owns together, with what these hold directly.
    fn claims_at_least<N: Number>(&self, party: u32, bounds: &[Bound<N>]) -> Vec<Bound<N>> {
        let nobodys = |stake: &&Stake| stake.owner.is_some_and(|owner| self.graph.is_owned_by_nobody(owner));
        let claims = || self.graph.claims_in(party).map(|(_, claim)| claim).filter(|claim| !claim.is_own());
        if claims().next().is_none() {
            return Vec::new();
        }
        let part = |stake: &Stake, share: Interval| part(stake, share.minimum(), Bound::zero(), bounds);
        let mut all: Vec<_> = claims().map(|claim| part(claim, claimed(claim))).collect();
        let direct =
            self.graph.stakes_in(party).filter(nobodys).map(|stake| part(stake, stake.contribution()));
        let indirect = claims().filter(nobodys).map(|claim| part(claim, claimed(claim)));
        all.push(direct.chain(indirect).fold(Bound::zero(), |sum, part| sum.plus(&part)));
        all
    }

    /// Solves a ring.
    fn eliminate<N: Number>(&self, side: Side, ring: &[u32], bounds: &mut [Bound<N>]) {
        let rows: Vec<Row<N>> = ring.iter().map(|&party| self.row(side, party, ring, bounds)).collect();
        let solved: Option<Vec<Bound<N>>> = if ring.len() <= MOST_AT_ONCE {
            let exact = solve(rows.iter().map(Row::exact).collect());
            exact.map(|solved| solved.iter().map(Bound::of_exact).collect())
        } else {
            solve(rows).map(|solved| solved.into_iter().map(Bound::coarse).collect())
        };
        let Some(solved) = solved else { return self.approach(side, ring, bounds) };
        for (&party, bound) in ring.iter().zip(solved) {
            put(bounds, party, bound.capped());
        }
        // The equations leave out what is no sum; going round takes that in. Bounds stay bounds by it, however often.
        for _ in ring {
            let same = self.go_round(side, ring, bounds, |bound, before| match side {
                Side::Least => bound.higher(before),
                Side::Most => bound.lower(before),
            });
            if same {
                break;
            }
        }
    }

    /// Computes every member of a ring anew from what all of them were before; returns whether none of them changed.
    fn go_round<N: Number>(
        &self,
        side: Side,
        ring: &[u32],
        bounds: &mut [Bound<N>],
        with: impl Fn(Bound<N>, Bound<N>) -> Bound<N>,
    ) -> bool {
        let next = |&party: &u32| with(self.bound(side, party, bounds), at(bounds, party));
        let next: Vec<_> = ring.iter().map(next).collect();
        let mut same = true;
        for (&party, bound) in ring.iter().zip(next) {
            let before = at(bounds, party);
            same &= before.value == bound.value && before.open == bound.open;
            put(bounds, party, bound);
        }
        same
    }

    /// The equation of a party of a ring: what comes from outside, and a part of each member.
    fn row<N: Number>(&self, side: Side, party: u32, ring: &[u32], bounds: &[Bound<N>]) -> Row<N> {
        let mut row = Row { constant: Bound::zero(), parts: vec![Bound::zero(); ring.len()] };
        if let Some(settled) = self.settled(side, party) {
            row.constant = settled;
            return row;
        }
        let mut add = |owner: Option<u32>, share: Bound<N>| {
            let member = owner.and_then(|owner| ring.iter().position(|&member| member == owner));
            match (owner, member.and_then(|member| row.parts.get_mut(member))) {
                (_, Some(part)) => *part = part.plus(&share),
                (Some(owner), None) => row.constant = row.constant.plus(&share.times(&at(bounds, owner))),
                (None, None) => row.constant = row.constant.plus(&share),
            }
        };
        match side {
            Side::Least => {
                let stakes = self.graph.stakes_in(party).filter(|stake| stake.owner.is_some());
                stakes.for_each(|stake| add(stake.owner, Bound::of(stake.contribution().minimum())));
            }
            Side::Most if self.unnamed(party) => {
                let outside = |owner: u32| !ring.contains(&owner) && at(bounds, owner).is_zero();
                let may_count = |claim: &Stake| !claim.owner.is_some_and(outside);
                let mut taken = Bound::<N>::zero();
                for (owner, least) in self.leaving(party, may_count) {
                    // Whether the end belongs to it is taken in by the round after.
                    let least = Bound { open: false, ..Bound::least(least) };
                    taken = taken.plus(&least);
                    add(Some(owner), least);
                }
                add(None, taken.left());
            }
            Side::Most => {
                let stakes = self.graph.stakes_in(party);
                stakes.for_each(|stake| add(stake.owner, Bound::of(stake.contribution().maximum())));
                let claims =
                    self.graph.claims_in(party).filter(|(number, claim)| self.is_open(*number, claim));
                claims.for_each(|(_, claim)| add(claim.owner, Bound::of(claim.most())));
            }
        }
        row
    }

    /// Approaches the bounds of a ring that is too large to be solved: from nothing upwards, from all downwards.
    fn approach<N: Number>(&self, side: Side, ring: &[u32], bounds: &mut [Bound<N>]) {
        if side == Side::Most {
            let reached = |&party: &u32| {
                let bound = self.bound(side, party, bounds);
                !bound.is_zero()
            };
            if !ring.iter().any(reached) {
                // Nothing comes in from outside, so nothing goes round.
                return;
            }
            ring.iter().for_each(|&party| put(bounds, party, Bound::one()));
        }
        for _ in 0..SWEEPS {
            if self.go_round(side, ring, bounds, |bound, _| Bound { rounded: true, ..bound }) {
                break;
            }
        }
    }
}

/// A share of a stake times what is held of its owner; `unspecified` is that of an owner nobody specified.
fn part<N: Number>(stake: &Stake, share: End, unspecified: Bound<N>, bounds: &[Bound<N>]) -> Bound<N> {
    Bound::of(share).times(&stake.owner.map_or(unspecified, |owner| at(bounds, owner)))
}

fn at<N: Number>(bounds: &[Bound<N>], party: u32) -> Bound<N> {
    bounds.get(party as usize).cloned().unwrap_or_else(Bound::zero)
}

fn put<N>(bounds: &mut [Bound<N>], party: u32, bound: Bound<N>) {
    if let Some(place) = bounds.get_mut(party as usize) {
        *place = bound;
    }
}

/// An equation: a constant, and parts of the members of a ring.
struct Row<N> {
    constant: Bound<N>,
    parts: Vec<Bound<N>>,
}

/// Solves equations: expresses each party by those that come after it, then goes back. Nothing where all or more goes
/// round, in which case no sum of paths is the solution, in whatever order.
fn solve<N: Number>(mut rows: Vec<Row<N>>) -> Option<Vec<Bound<N>>> {
    for at in 0..rows.len() {
        let (done, later) = rows.split_at_mut(at + 1);
        let Some(row) = done.last_mut() else { continue };
        row.solve(at)?;
        for other in later {
            other.take_in(at, row);
        }
    }
    let mut solved: Vec<Bound<N>> = Vec::with_capacity(rows.len());
    for row in rows.iter().rev() {
        // The last party is solved first.
        let later = row.parts.iter().rev().zip(&solved);
        let sum = later.fold(row.constant.clone(), |sum, (part, bound)| sum.plus(&part.times(bound)));
        solved.push(sum.capped());
    }
    solved.reverse();
    Some(solved)
}

impl<N: Number> Row<N> {
    fn exact(&self) -> Row<Exact> {
        Row { constant: self.constant.exact(), parts: self.parts.iter().map(Bound::exact).collect() }
    }

    /// Resolves the part of the party itself: what goes round adds up to `1 / (1 - part)` times the rest.
    fn solve(&mut self, own: usize) -> Option<()> {
        let part = core::mem::replace(self.parts.get_mut(own)?, Bound::zero());
        if !part.is_zero() {
            let times = part.repeated()?;
            self.constant = self.constant.times(&times);
            self.parts.iter_mut().for_each(|part| *part = part.times(&times));
        }
        Some(())
    }

    /// Replaces a party by what its solved row says of it.
    fn take_in(&mut self, party: usize, row: &Row<N>) {
        let Some(part) = self.parts.get_mut(party) else { return };
        let part = core::mem::replace(part, Bound::zero());
        if part.is_zero() {
            return;
        }
        self.constant = self.constant.plus(&part.times(&row.constant));
        for (mine, its) in self.parts.iter_mut().zip(&row.parts) {
            if !its.is_zero() {
                *mine = mine.plus(&part.times(its));
            }
        }
    }
}
