//! Running sums: what owners that count hold of every party.
//!
//! Who counts is not decided here: the methods say so, owner by owner, and read off what that makes of each party.

use super::Gap;
use super::graph::{Carries, Graph, Stake};
use crate::decimal::Amount;
use crate::interval::{End, Interval, Threshold};
use crate::truth::Truth;

/// How sure it must be that an owner counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Possible,
    Certain,
}

impl Level {
    pub(super) fn reached_by(self, truth: Truth) -> bool {
        match self {
            Level::Possible => truth.possible(),
            Level::Certain => truth.certain(),
        }
    }

    pub(super) fn truth(self) -> Truth {
        match self {
            Level::Possible => Truth::Unknown,
            Level::Certain => Truth::True,
        }
    }
}

/// Whether what is held through others is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claims {
    /// Direct owners alone count, so it is not.
    Ignored,
    /// It is: a claim that no chain accounts for may make any owner of the party one that counts.
    Followed,
}

/// What owners that count hold of every party.
#[derive(Debug, Clone)]
pub(super) struct Ledger<'g> {
    pub(super) graph: &'g Graph,
    threshold: Threshold,
    tallies: Vec<Tally>,
    /// By number, whether no chain accounts for a claim; none where claims are ignored.
    open: Vec<bool>,
    claims: Claims,
}

impl<'g> Ledger<'g> {
    /// Begins with no owner counted; unspecified ones possibly count from the start.
    ///
    /// `base` says of each party whether it counts in itself; of those beyond its end that is unknown.
    pub(super) fn new(graph: &'g Graph, threshold: Threshold, claims: Claims, base: &[Truth]) -> Ledger<'g> {
        let open = match claims {
            Claims::Ignored => Vec::new(),
            Claims::Followed => graph.open_claims(Carries::Part),
        };
        let mut ledger = Ledger { open, claims, ..Ledger::none(graph, threshold) };
        ledger.tallies = (0..graph.parties()).map(|party| ledger.tally_of(party, base)).collect();
        ledger
    }

    /// Returns one of a graph of which nothing is asked.
    pub(super) fn none(graph: &'g Graph, threshold: Threshold) -> Ledger<'g> {
        Ledger { graph, threshold, tallies: Vec::new(), open: Vec::new(), claims: Claims::Ignored }
    }

    fn tally_of(&self, party: u32, base: &[Truth]) -> Tally {
        let sum = |keep: &dyn Fn(&Stake) -> bool| {
            let kept = self.graph.stakes_in(party).filter(|stake| keep(stake));
            kept.fold(Sum::ZERO, |sum, stake| sum.plus(stake.contribution().minimum()))
        };
        let all = sum(&|_| true);
        let mut tally = Tally {
            uncounted: all,
            unnamed: self.graph.has_unnamed(party),
            inconsistent: passed_from(all.end(), Threshold::MoreThan(Amount::HUNDRED))
                || (self.claims == Claims::Followed && self.graph.is_contradicted(party)),
            ..Tally::UNKNOWN
        };
        for stake in self.graph.stakes_in(party).filter(|stake| stake.owner.is_none()) {
            tally.count(&stake.contribution(), Level::Possible);
        }
        if self.claims == Claims::Followed && self.graph.claims_in(party).next().is_some() {
            tally.firm = sum(&|stake| {
                let base = |owner: u32| base.get(owner as usize).copied().unwrap_or(Truth::Unknown);
                let nobodys = |owner| self.graph.is_owned_by_nobody(owner) && base(owner) == Truth::False;
                stake.owner.is_some_and(nobodys) && !self.threshold.passed_by(&Interval::ZERO).possible()
            });
            let hides = |claim: &Stake| claim.owner.is_none() && claim.may_be_something();
            tally.opened = self.graph.claims_in(party).any(|(at, claim)| hides(claim) && self.is_open(at));
        }
        tally
    }

    /// Counts all that an owner who has risen to the level holds, and passes on whom that concerns.
    pub(super) fn count(&mut self, owner: u32, level: Level, concerned: &mut dyn FnMut(&Self, u32)) {
        let graph = self.graph;
        for stake in graph.stakes_of(owner).filter(|stake| !stake.is_own()) {
            if let Some(tally) = self.tallies.get_mut(stake.owned as usize) {
                tally.count(&stake.contribution(), level);
            }
            concerned(self, stake.owned);
        }
        if self.claims == Claims::Ignored {
            return;
        }
        let whole = self.threshold.passed_by(&Interval::exact(Amount::HUNDRED)).certain();
        for (at, claim) in graph.claims_of(owner).filter(|(_, claim)| !claim.is_own()) {
            let open = self.is_open(at);
            if let Some(tally) = self.tallies.get_mut(claim.owned as usize) {
                match level {
                    Level::Possible => tally.opened |= open && claim.may_be_something(),
                    Level::Certain => tally.whole |= whole && claim.is_whole(),
                }
            }
            concerned(self, claim.owned);
        }
    }

    fn is_open(&self, claim: usize) -> bool {
        self.open.get(claim).copied().unwrap_or(false)
    }

    fn tally(&self, party: u32) -> &Tally {
        self.tallies.get(party as usize).unwrap_or(&Tally::UNKNOWN)
    }

    pub(super) fn passes(&self, party: u32) -> Truth {
        let tally = self.tally(party);
        if tally.inconsistent { Truth::Unknown } else { self.threshold.passed_by(&tally.held()) }
    }

    pub(super) fn held(&self, party: u32) -> Interval {
        self.tally(party).held()
    }

    pub(super) fn is_inconsistent(&self, party: u32) -> bool {
        let tally = self.tally(party);
        tally.inconsistent || tally.is_contradicted()
    }

    /// Returns the stakes that surely add to what is held of a party; `counted` says which owners count.
    pub(super) fn adding(&self, party: u32, counted: &dyn Fn(&Stake) -> Truth) -> Vec<&'g Stake> {
        let nothing = End::inclusive(Amount::ZERO);
        let added =
            self.graph.stakes_in(party).filter(move |stake| stake.contribution().minimum() != nothing);
        let tally = self.tally(party);
        let whole = tally.whole && !tally.is_contradicted();
        let claims = self.graph.claims_in(party).map(|(_, claim)| claim);
        let claims = claims.filter(move |claim| whole && claim.is_whole() && !claim.is_own());
        added.chain(claims).filter(|stake| counted(stake).certain()).collect()
    }

    /// Finds what is missing at a party of which it is unknown whether it passes.
    ///
    /// `counted` says which owners count; stakes of owners of whom that is unknown are handed to `unclear`.
    pub(super) fn gaps_at(
        &self,
        party: u32,
        counted: &dyn Fn(&Stake) -> Truth,
        gaps: &mut Vec<Gap>,
        unclear: &mut dyn FnMut(&Stake, &mut Vec<Gap>),
    ) {
        let tally = self.tally(party);
        if self.is_inconsistent(party) {
            gaps.push(Gap::Inconsistent(party));
        }
        if tally.unnamed {
            gaps.push(Gap::Owners(party));
        }
        let others_matter = tally.opened || self.others_may_decide(party, counted);
        for stake in self.graph.stakes_in(party).filter(|stake| stake.contribution() != Interval::ZERO) {
            let counts = counted(stake);
            if counts.possible() || others_matter {
                gaps.extend((!stake.is_exact()).then_some(Gap::Share(stake.key)));
                gaps.extend((stake.direct == Truth::Unknown).then_some(Gap::Directness(stake.key)));
            }
            if counts == Truth::Unknown {
                unclear(stake, gaps);
            }
        }
        let open =
            self.graph.claims_in(party).filter(|(at, claim)| self.is_open(*at) && claim.may_be_something());
        for (_, claim) in open.filter(|(_, claim)| claim.direct == Truth::False) {
            let counts = counted(claim);
            if counts.possible() {
                gaps.push(Gap::Between(claim.key));
            }
            if counts == Truth::Unknown {
                unclear(claim, gaps);
            }
        }
    }

    /// Whether owners that may turn out not to count could hold so much that what is left does not pass.
    fn others_may_decide(&self, party: u32, counted: &dyn Fn(&Stake) -> Truth) -> bool {
        let others = self.graph.stakes_in(party).filter(|stake| !counted(stake).certain());
        let most = others.fold(Sum::ZERO, |sum, stake| sum.plus(stake.contribution().maximum()));
        !passed_from(most.left(), self.threshold)
    }
}

/// A sum of ends; it counts the excluded ones, since one is enough to exclude the sum and any may be taken out again.
#[derive(Debug, Clone, Copy)]
struct Sum {
    value: Amount,
    excluded: usize,
}

impl Sum {
    const ZERO: Sum = Sum { value: Amount::ZERO, excluded: 0 };

    fn plus(self, end: End) -> Sum {
        Sum {
            value: self.value.plus(end.value),
            excluded: self.excluded.saturating_add(end.exclusive.into()),
        }
    }

    fn minus(self, end: End) -> Sum {
        Sum {
            value: self.value.minus(end.value),
            excluded: self.excluded.saturating_sub(end.exclusive.into()),
        }
    }

    fn end(self) -> End {
        End { value: self.value, exclusive: self.excluded > 0 }
    }

    /// What it leaves of the whole.
    fn left(self) -> End {
        End { value: Amount::HUNDRED.minus(self.value), exclusive: self.excluded > 0 }
    }
}

/// The running sums of one party.
#[derive(Debug, Clone)]
struct Tally {
    /// Minima of the stakes of owners that surely count.
    certain: Sum,
    /// Maxima of the stakes of owners that possibly count.
    possible: Sum,
    /// Minima of the stakes of owners that surely do not count.
    uncounted: Sum,
    /// Minima of the stakes of owners that do not count and that nobody owns, so that nobody can hold anything through them.
    firm: Sum,
    /// Whether owners that no stake names may hold a part.
    unnamed: bool,
    /// Whether one that possibly counts claims a part that no chain accounts for: any owner that can be owned may be in it.
    opened: bool,
    /// Whether one that surely counts claims all of it.
    whole: bool,
    /// Whether the minima of all stakes add up to more than all there is.
    inconsistent: bool,
}

impl Tally {
    /// Of a party outside the graph nothing is known.
    const UNKNOWN: Tally = Tally {
        certain: Sum::ZERO,
        possible: Sum::ZERO,
        uncounted: Sum::ZERO,
        firm: Sum::ZERO,
        unnamed: true,
        opened: false,
        whole: false,
        inconsistent: false,
    };

    /// Counts the stake of an owner that has risen to the level.
    fn count(&mut self, contribution: &Interval, level: Level) {
        match level {
            Level::Possible => {
                self.possible = self.possible.plus(contribution.maximum());
                self.uncounted = self.uncounted.minus(contribution.minimum());
            }
            Level::Certain => self.certain = self.certain.plus(contribution.minimum()),
        }
    }

    /// The share held by counted owners.
    fn held(&self) -> Interval {
        // INVARIANT: what surely counts is a part of what possibly counts and of what the others leave, and
        // intervals are not empty, so only sums too large for an amount leave nothing here.
        let added = self.bounds().unwrap_or(Interval::exact(self.certain.value));
        let all = End::inclusive(Amount::HUNDRED);
        match self.whole && !self.inconsistent {
            false => added,
            true if self.is_contradicted() => Interval::new(added.minimum(), all).unwrap_or(added),
            true => Interval::exact(Amount::HUNDRED),
        }
    }

    /// Whether all of it is claimed by one that counts, although others hold some of it.
    fn is_contradicted(&self) -> bool {
        let most = || self.bounds().map(|added| added.maximum());
        self.whole && most().is_some_and(|most| most.value < Amount::HUNDRED || most.exclusive)
    }

    fn bounds(&self) -> Option<Interval> {
        let minimum = self.certain.end();
        let named = Interval::new(minimum, self.possible.end());
        if self.inconsistent {
            return named;
        }
        if self.opened {
            return Interval::new(minimum, self.firm.left());
        }
        // Unnamed owners may fill up all that those that do not count leave, so only that is a bound then.
        let left = Interval::new(minimum, self.uncounted.left())?;
        if self.unnamed { Some(left) } else { left.intersection(&named?) }
    }
}

/// Whether every amount from this lower end on passes.
fn passed_from(least: End, threshold: Threshold) -> bool {
    match threshold {
        Threshold::MoreThan(line) => least.value > line || (least.value == line && least.exclusive),
        Threshold::AtLeast(line) => least.value >= line,
    }
}
