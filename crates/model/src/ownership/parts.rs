//! Looking through: what counted owners hold of each party by shares multiplied along paths.
//!
//! What is held of a party is the sum over its owners of their stake times what is held of them, which is all of those that
//! count in themselves. Bounds of that are solved party by party, owners first; parties that own each other in a ring are
//! solved together.

use super::Gap;
use super::exact::{self, Equation};
use super::graph::{Carries, Graph, Stake};
use super::holdings::{Through, Walk};
use super::number::{Bound, ONE};
use super::rings::{Rings, rings};
use super::solver::{Side, Solver};
use crate::decimal::Amount;
use crate::interval::{End, Interval, Threshold};
use crate::truth::Truth;
use core::cell::RefCell;

/// Most parties upstream that are solved in whole numbers when rounding leaves it open whether a party passes. The cost
/// grows with the fourth power.
const MOST_EXACT: usize = 8;
/// The whole, in the units of amounts in percent.
const WHOLE: u128 = 100 * ONE;
/// How close to the line a rounded end must be for whole numbers to be tried, in 10^-18 %: far more than rounding is off
/// where nothing goes round.
const CLOSE: u128 = 1_000_000_000_000;

/// What is held of each party, looked through.
#[derive(Debug, Clone)]
pub(super) struct Parts<'g> {
    system: System<'g>,
    threshold: Threshold,
    least: Bounds,
    most: Bounds,
    /// What whole numbers have decided, by party.
    decided: RefCell<Vec<(u32, Option<Truth>)>>,
}

/// One bound for each party.
#[derive(Debug, Clone)]
struct Bounds {
    /// What it passes on: all, if it counts in itself.
    passed_on: Vec<Bound>,
    /// What is held of it by others.
    held: Vec<Bound>,
}

impl Bounds {
    fn of(system: &System<'_>, side: Side, order: &Rings) -> Bounds {
        let solver = Solver::solve(system, side, order);
        let held = (0..system.graph.parties()).map(|party| solver.held(party)).collect();
        Bounds { held, passed_on: solver.passed_on() }
    }
}

impl<'g> Parts<'g> {
    pub(super) fn of(graph: &'g Graph, base: &[Truth], threshold: Threshold) -> Parts<'g> {
        let system = System::of(graph, base);
        let order = system.order();
        let (least, most) =
            (Bounds::of(&system, Side::Least, &order), Bounds::of(&system, Side::Most, &order));
        Parts { system, threshold, least, most, decided: RefCell::default() }
    }

    fn ends(&self, party: u32) -> Option<(&Bound, &Bound)> {
        self.least.held.get(party as usize).zip(self.most.held.get(party as usize))
    }

    /// Whether rounding may be why it is unknown whether the party passes: a rounded end lies close to the line.
    fn may_be_rounding(&self, party: u32) -> bool {
        let line = self.threshold.amount();
        let near = |end: End| end.value.minus(line).units().max(line.minus(end.value).units()) <= CLOSE;
        self.ends(party).is_some_and(|(least, most)| {
            (least.rounded && near(least.end())) || (most.rounded && near(most.end()))
        })
    }

    /// Solves all that is upstream of the party in whole numbers; nothing if that is too much, or not known exactly.
    fn exactly(&self, party: u32) -> Option<Truth> {
        let known =
            self.decided.borrow().iter().find(|(decided, _)| *decided == party).map(|(_, truth)| *truth);
        known.unwrap_or_else(|| {
            let truth = self.solved_exactly(party);
            self.decided.borrow_mut().push((party, truth));
            truth
        })
    }

    fn solved_exactly(&self, party: u32) -> Option<Truth> {
        // Of owners of whom nothing counts nothing comes, whatever goes round among them.
        let may_count =
            |owner: u32| self.most.passed_on.get(owner as usize).is_some_and(|most| !most.is_zero());
        let upstream = self.system.upstream(party, MOST_EXACT, may_count)?;
        let equation = |&at: &u32| self.system.equation(at, &upstream, may_count);
        let equations: Option<Vec<_>> = upstream.iter().map(equation).collect();
        let fractions = exact::solve(&equations?, WHOLE)?;
        let compared = fractions.first()?.compare(self.threshold.amount().units(), WHOLE);
        Some(Truth::from(match self.threshold {
            Threshold::MoreThan(_) => compared.is_gt(),
            Threshold::AtLeast(_) => compared.is_ge(),
        }))
    }

    fn gaps_of_owner(&self, stake: &Stake, gaps: &mut Vec<Gap>, walk: &mut Walk) {
        match stake.owner {
            None => gaps.push(Gap::Owner(stake.key)),
            Some(owner) => {
                let base = self.system.base(owner);
                gaps.extend((base == Truth::Unknown).then_some(Gap::Base(owner)));
                if !base.certain() {
                    walk.enter(owner);
                }
            }
        }
    }
}

impl Through for Parts<'_> {
    fn passes(&self, party: u32) -> Truth {
        if self.is_inconsistent(party) {
            return Truth::Unknown;
        }
        match self.threshold.passed_by(&self.held(party)) {
            Truth::Unknown if self.may_be_rounding(party) => self.exactly(party).unwrap_or(Truth::Unknown),
            known => known,
        }
    }

    fn held(&self, party: u32) -> Interval {
        let Some((least, most)) = self.ends(party) else { return Interval::ANY_SHARE };
        let held = Interval::new(least.end(), most.end());
        // INVARIANT: the bounds enclose the solution if there is one; there is none where what is stated contradicts itself.
        held.unwrap_or_else(|| {
            Interval::new(least.end(), End::inclusive(Amount::HUNDRED)).unwrap_or(Interval::ANY_SHARE)
        })
    }

    fn is_inconsistent(&self, party: u32) -> bool {
        let crossed =
            self.ends(party).is_some_and(|(least, most)| Interval::new(least.end(), most.end()).is_none());
        crossed || self.system.inconsistent(party)
    }

    fn adding(&self, party: u32) -> Vec<&Stake> {
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

    fn gaps_at(&self, party: u32, walk: &mut Walk, gaps: &mut Vec<Gap>) {
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
            || system.open_claims_on(party).any(may_count)
            || stakes().any(|stake| may_count(stake) && !(stake.is_exact() && stake.direct.certain()));
        for stake in stakes() {
            if may_count(stake) || others_matter {
                gaps.extend((!stake.is_exact()).then_some(Gap::Share(stake.key)));
                gaps.extend((stake.direct == Truth::Unknown).then_some(Gap::Directness(stake.key)));
            }
            self.gaps_of_owner(stake, gaps, walk);
        }
        for claim in system.open_claims_on(party) {
            if claim.direct == Truth::False && may_count(claim) {
                gaps.push(Gap::Between(claim.key));
                self.gaps_of_owner(claim, gaps, walk);
            }
        }
    }
}

/// The share of a claim.
pub(super) fn claimed(claim: &Stake) -> Interval {
    claim.stated().unwrap_or(Interval::ANY_SHARE)
}

/// What is stated, party by party, as equations.
#[derive(Debug, Clone)]
pub(super) struct System<'g> {
    pub(super) graph: &'g Graph,
    pub(super) base: Vec<Truth>,
    /// By number, whether no chain accounts for a claim.
    open: Vec<bool>,
    stated: Vec<Stated>,
}

/// What is stated of a party alone.
#[derive(Debug, Clone, Copy)]
struct Stated {
    /// What is stated cannot all be.
    inconsistent: bool,
    /// Owners that no stake names may hold a part.
    unnamed: bool,
}

impl<'g> System<'g> {
    fn of(graph: &'g Graph, base: &[Truth]) -> System<'g> {
        let stated = |party| {
            let sum = graph.stakes_in(party).fold(End::inclusive(Amount::ZERO), |sum, stake| {
                let least = stake.contribution().minimum();
                End { value: sum.value.plus(least.value), exclusive: sum.exclusive || least.exclusive }
            });
            let too_much = sum.value > Amount::HUNDRED || (sum.value == Amount::HUNDRED && sum.exclusive);
            Stated {
                inconsistent: too_much || graph.is_contradicted(party),
                unnamed: graph.has_unnamed(party),
            }
        };
        let stated = (0..graph.parties()).map(stated).collect();
        System { graph, base: base.to_vec(), open: graph.open_claims(Carries::Part), stated }
    }

    pub(super) fn base(&self, party: u32) -> Truth {
        self.base.get(party as usize).copied().unwrap_or(Truth::Unknown)
    }

    pub(super) fn inconsistent(&self, party: u32) -> bool {
        self.facts(party).inconsistent
    }

    pub(super) fn unnamed(&self, party: u32) -> bool {
        self.facts(party).unnamed
    }

    fn facts(&self, party: u32) -> Stated {
        self.stated.get(party as usize).copied().unwrap_or(Stated { inconsistent: false, unnamed: true })
    }

    /// Returns the claims on a party that no chain accounts for.
    pub(super) fn open_claims_on(&self, party: u32) -> impl Iterator<Item = &'g Stake> {
        let open = |number: usize| self.open.get(number).copied().unwrap_or(false);
        let claims = self.graph.claims_in(party).filter(move |(number, _)| open(*number));
        claims.map(|(_, claim)| claim).filter(|claim| claim.may_be_something() && !claim.is_own())
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
    pub(super) fn sources(&self, party: u32) -> impl Iterator<Item = u32> {
        let counts = self.base(party).certain();
        self.owners(party).filter(move |_| !counts)
    }

    /// Returns the parties in rings, owners first.
    fn order(&self) -> Rings {
        rings(self.graph.parties(), |party, into| into.extend(self.sources(party)))
    }

    /// Returns the parties upstream of one, itself first; nothing if there are more than so many.
    fn upstream(&self, party: u32, most: usize, may_count: impl Fn(u32) -> bool) -> Option<Vec<u32>> {
        let mut found = vec![party];
        let mut at = 0;
        while let Some(&party) = found.get(at) {
            at += 1;
            for owner in self.owners(party).filter(|&owner| may_count(owner)) {
                if !found.contains(&owner) {
                    found.push(owner);
                }
                if found.len() > most {
                    return None;
                }
            }
        }
        Some(found)
    }

    /// Returns the equation of what is held of a party by that of others, if all about it is known exactly.
    fn equation(&self, party: u32, unknowns: &[u32], may_count: impl Fn(u32) -> bool) -> Option<Equation> {
        let exact = |stake: &Stake| stake.is_exact() && stake.direct.certain();
        if self.open_claims_on(party).next().is_some() || self.unnamed(party) || self.inconsistent(party) {
            return None;
        }
        let mut equation = Equation { constant: 0, parts: vec![0; unknowns.len()] };
        for stake in self.graph.stakes_in(party) {
            let owner = stake.owner.filter(|_| exact(stake))?;
            if !may_count(owner) {
                continue;
            }
            let units = stake.most().value.units();
            let unknown = unknowns.iter().position(|&unknown| unknown == owner);
            match (self.base(owner), unknown.and_then(|at| equation.parts.get_mut(at))) {
                // Its own part divides among the rest, whether it counts or not.
                (_, Some(part)) if stake.is_own() => *part += units,
                (Truth::True, _) => equation.constant += units,
                (Truth::Unknown, _) => return None,
                (Truth::False, part) => part.into_iter().for_each(|part| *part += units),
            }
        }
        Some(equation)
    }
}
