//! Who holds what share of whom, counting which owners, as far as the facts go.
//!
//! A [`Graph`] holds the stakes of one day. [`Graph::holdings`] adds up, for every party, what counted owners hold of it
//! and compares that with a [`Threshold`]. Missing facts widen the answer to an [`Interval`] and a [`Truth`], and
//! [`Holdings::gaps`] names those that could change it.
//!
//! The caller chooses the day, the kind of interest and who is a counted owner in itself. Shares multiplied along paths
//! (look-through), ultimate parents and control without shares are not here.

use crate::decimal::Amount;
use crate::interval::{End, Interval, Threshold};
use crate::truth::Truth;

/// The stakes between parties `0..n` on one day.
///
/// ```
/// use lexgate_model::ownership::{Graph, Method, Stake};
/// use lexgate_model::{Amount, Decimal, Interval, Threshold, Truth};
///
/// let percent = |text: &str| Amount::try_from(text.parse::<Decimal>().unwrap()).unwrap();
/// let (parent, holding, customer) = (0, 1, 2);
/// let mut graph = Graph::new(3);
/// for (key, owner, owned) in [(10, parent, holding), (11, holding, customer)] {
///     let share = Some(Interval::exact(percent("60")));
///     graph.add(Stake { owner: Some(owner), owned, share, direct: Truth::True, key });
/// }
///
/// // Only the parent is a counted owner in itself.
/// let base = [Truth::True, Truth::False, Truth::False];
/// let more_than_half = Threshold::MoreThan(percent("50"));
///
/// // The parent holds most of the holding, so all that the holding has of the customer counts: 60 %, not 36 %.
/// let cascade = graph.holdings(Method::Cascade, &base, more_than_half);
/// assert_eq!(cascade.caught(customer), Truth::True);
/// assert_eq!(cascade.evidence(customer), [10, 11]);
///
/// // Of the customer's direct owners none counts, but nobody said who owns the other 40 %.
/// let direct = graph.holdings(Method::Direct, &base, more_than_half);
/// assert_eq!(direct.held(customer).to_string(), "0 to 40");
/// assert_eq!(direct.caught(customer), Truth::False);
/// ```
#[derive(Debug, Clone)]
pub struct Graph {
    parties: Vec<Party>,
    edges: Vec<Edge>,
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
    /// Whether it is held directly: `False` is not counted at all, `Unknown` counts from nothing to its maximum.
    pub direct: Truth,
    /// The caller's name for it, which [`Holdings::evidence`] and [`Gap`]s repeat.
    pub key: u32,
}

/// Which owners count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Those that count in themselves.
    Direct,
    /// Those, and every party of which counted owners hold enough to pass the threshold, with its whole stake.
    ///
    /// The least such set: companies that own each other in a ring, without a counted owner anywhere, do not count.
    Cascade,
}

/// A missing fact that could change whether a party passes the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gap {
    /// The stated shares of this party add up to more than all of it.
    Inconsistent(u32),
    /// It is unknown whether this party is a counted owner in itself.
    Base(u32),
    /// The share of the stake with this key is not stated, or only as a band.
    Share(u32),
    /// It is unknown whether the stake with this key is direct.
    Directness(u32),
    /// The owner of the stake with this key is unspecified.
    Owner(u32),
    /// Not all owners of this party are stated.
    Owners(u32),
}

#[derive(Debug, Clone, Default)]
struct Party {
    owners_stated: bool,
    /// Heads of the two chains of edges: stakes in this party, and stakes it holds.
    last_in: Option<usize>,
    last_out: Option<usize>,
}

#[derive(Debug, Clone)]
struct Edge {
    stake: Stake,
    next_in: Option<usize>,
    next_out: Option<usize>,
}

impl Graph {
    /// Returns a graph of so many parties, without stakes, in which nobody's owners are all stated.
    #[must_use]
    pub fn new(parties: u32) -> Graph {
        Graph { parties: vec![Party::default(); parties as usize], edges: Vec::new() }
    }

    /// Adds a stake; one in a party outside the graph is ignored. Several of one owner in one party add up.
    pub fn add(&mut self, stake: Stake) {
        if stake.direct == Truth::False {
            return;
        }
        let at = self.edges.len();
        let Some(owned) = self.parties.get_mut(stake.owned as usize) else { return };
        let next_in = owned.last_in.replace(at);
        let owner = stake.owner.filter(|&owner| (owner as usize) < self.parties.len());
        let holder = owner.and_then(|owner| self.parties.get_mut(owner as usize));
        let next_out = holder.and_then(|holder| holder.last_out.replace(at));
        self.edges.push(Edge { stake: Stake { owner, ..stake }, next_in, next_out });
    }

    /// States that every owner of the party is named by a stake: what their shares leave is held by nobody.
    pub fn all_owners_stated(&mut self, party: u32) {
        if let Some(party) = self.parties.get_mut(party as usize) {
            party.owners_stated = true;
        }
    }

    /// Computes what counted owners hold of every party, in time linear in parties and stakes.
    ///
    /// `base` says of each party whether it is a counted owner in itself; of those beyond its end that is unknown.
    #[must_use]
    pub fn holdings(&self, method: Method, base: &[Truth], threshold: Threshold) -> Holdings<'_> {
        let parties = self.parties.len();
        let base: Vec<Truth> =
            base.iter().copied().chain(core::iter::repeat(Truth::Unknown)).take(parties).collect();
        let tallies = (0..).zip(&self.parties).map(|(at, party)| Tally::new(self, at, party)).collect();
        let counted = vec![Truth::False; parties];
        let mut holdings = Holdings { graph: self, method, threshold, base, counted, tallies };
        holdings.settle(Level::Possible);
        holdings.settle(Level::Certain);
        holdings
    }

    /// The stakes in a party.
    fn stakes_in(&self, party: u32) -> impl Iterator<Item = &Stake> {
        let edge = |at: usize| self.edges.get(at);
        let last = self.parties.get(party as usize).and_then(|party| party.last_in);
        core::iter::successors(last.and_then(edge), move |e| e.next_in.and_then(edge)).map(|e| &e.stake)
    }

    /// The stakes a party holds.
    fn stakes_of(&self, party: u32) -> impl Iterator<Item = &Stake> {
        let edge = |at: usize| self.edges.get(at);
        let last = self.parties.get(party as usize).and_then(|party| party.last_out);
        core::iter::successors(last.and_then(edge), move |e| e.next_out.and_then(edge)).map(|e| &e.stake)
    }
}

impl Stake {
    /// The share as far as it is a possible one: nothing below zero.
    fn stated(&self) -> Option<Interval> {
        self.share.and_then(|share| {
            let zero = End::inclusive(Amount::ZERO);
            let minimum = if share.minimum().value < Amount::ZERO { zero } else { share.minimum() };
            Interval::new(minimum, share.maximum())
        })
    }

    /// What it adds to the party's directly held shares.
    fn contribution(&self) -> Interval {
        let share = self.stated().unwrap_or(Interval::ANY_SHARE);
        match self.direct {
            Truth::True => share,
            Truth::Unknown => Interval::new(End::inclusive(Amount::ZERO), share.maximum()).unwrap_or(share),
            Truth::False => Interval::ZERO,
        }
    }

    /// What is missing about the stake itself.
    fn gaps(&self) -> impl Iterator<Item = Gap> {
        let exact = self.stated().is_some_and(|share| share.is_exact());
        let share = (!exact).then_some(Gap::Share(self.key));
        let directness = (self.direct == Truth::Unknown).then_some(Gap::Directness(self.key));
        share.into_iter().chain(directness)
    }

    /// Whether the owner is the party itself. What a party holds of itself never counts, so it catches nobody.
    fn is_own(&self) -> bool {
        self.owner == Some(self.owned)
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
    /// Whether owners that no stake names may hold a part.
    unnamed: bool,
    /// Whether the minima of all stakes add up to more than all there is.
    inconsistent: bool,
}

impl Tally {
    /// Of a party outside the graph nothing is known.
    const UNKNOWN: Tally = Tally {
        certain: Sum::ZERO,
        possible: Sum::ZERO,
        uncounted: Sum::ZERO,
        unnamed: true,
        inconsistent: false,
    };

    /// Begins with no owner counted; unspecified ones possibly count from the start.
    fn new(graph: &Graph, at: u32, party: &Party) -> Tally {
        let all = graph.stakes_in(at).fold(Sum::ZERO, |sum, stake| sum.plus(stake.contribution().minimum()));
        let mut tally = Tally {
            uncounted: all,
            unnamed: !party.owners_stated && all.value < Amount::HUNDRED,
            inconsistent: passed_from(all.end(), Threshold::MoreThan(Amount::HUNDRED)),
            ..Tally::UNKNOWN
        };
        for stake in graph.stakes_in(at).filter(|stake| stake.owner.is_none()) {
            tally.count(&stake.contribution(), Level::Possible);
        }
        tally
    }

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
        self.bounds().unwrap_or(Interval::exact(self.certain.value))
    }

    fn bounds(&self) -> Option<Interval> {
        let minimum = self.certain.end();
        let named = Interval::new(minimum, self.possible.end());
        if self.inconsistent {
            return named;
        }
        // Unnamed owners may fill up all that those that do not count leave, so only that is a bound then.
        let left = Interval::new(minimum, self.uncounted.left())?;
        if self.unnamed { Some(left) } else { left.intersection(&named?) }
    }

    fn passes(&self, threshold: Threshold) -> Truth {
        if self.inconsistent { Truth::Unknown } else { threshold.passed_by(&self.held()) }
    }
}

/// Whether every amount from this lower end on passes.
fn passed_from(least: End, threshold: Threshold) -> bool {
    match threshold {
        Threshold::MoreThan(line) => least.value > line || (least.value == line && least.exclusive),
        Threshold::AtLeast(line) => least.value >= line,
    }
}

/// How sure it must be that an owner counts.
#[derive(Debug, Clone, Copy)]
enum Level {
    Possible,
    Certain,
}

impl Level {
    fn reached_by(self, truth: Truth) -> bool {
        match self {
            Level::Possible => truth.possible(),
            Level::Certain => truth.certain(),
        }
    }

    fn truth(self) -> Truth {
        match self {
            Level::Possible => Truth::Unknown,
            Level::Certain => Truth::True,
        }
    }
}

/// What counted owners hold of each party of a [`Graph`].
///
/// Of a party outside the graph nothing is known.
#[derive(Debug, Clone)]
pub struct Holdings<'g> {
    graph: &'g Graph,
    method: Method,
    threshold: Threshold,
    base: Vec<Truth>,
    /// Whether each party counts as an owner; under [`Method::Direct`] the base alone decides.
    counted: Vec<Truth>,
    tallies: Vec<Tally>,
}

impl Holdings<'_> {
    /// Returns whether the party is a counted owner in itself, or counted owners hold enough of it.
    #[must_use]
    pub fn caught(&self, party: u32) -> Truth {
        self.base(party).or(self.passes(party))
    }

    /// Returns whether the share held by counted owners passes the threshold; unknown when it is inconsistent.
    #[must_use]
    pub fn passes(&self, party: u32) -> Truth {
        self.tally(party).passes(self.threshold)
    }

    /// Returns the share of the party held by counted owners, in percent.
    ///
    /// What a party holds of itself is not counted. When the shares are inconsistent this is their plain sum.
    #[must_use]
    pub fn held(&self, party: u32) -> Interval {
        self.tally(party).held()
    }

    /// Returns whether the stated shares, each at its least, add up to more than 100 %.
    #[must_use]
    pub fn inconsistent(&self, party: u32) -> bool {
        self.tally(party).inconsistent
    }

    /// Returns the keys, sorted, of the stakes that surely add to what is held, upstream through cascaded owners.
    #[must_use]
    pub fn evidence(&self, party: u32) -> Vec<u32> {
        let mut keys = Vec::new();
        let mut walk = Walk::from(party, self.graph);
        while let Some(party) = walk.step() {
            for stake in self.graph.stakes_in(party).filter(|stake| self.surely_adds(stake)) {
                keys.push(stake.key);
                if let Some(owner) = stake.owner
                    && !self.base(owner).certain()
                {
                    walk.enter(owner);
                }
            }
        }
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Returns the missing facts, sorted, that could change whether the party passes; none when that is known.
    ///
    /// When all are supplied the answer may still be unknown, for then what was behind them comes into view: an owner
    /// who was unspecified may turn out to be one of whom little is known.
    #[must_use]
    pub fn gaps(&self, party: u32) -> Vec<Gap> {
        let mut gaps = Vec::new();
        let mut walk = Walk::from(party, self.graph);
        while let Some(party) = walk.step() {
            if self.passes(party) == Truth::Unknown {
                self.gaps_at(party, &mut walk, &mut gaps);
            }
        }
        gaps.sort_unstable();
        gaps.dedup();
        gaps
    }

    /// Finds what is missing at a party of which it is unknown whether it passes.
    fn gaps_at(&self, party: u32, walk: &mut Walk, gaps: &mut Vec<Gap>) {
        let tally = self.tally(party);
        if tally.inconsistent {
            gaps.push(Gap::Inconsistent(party));
        }
        if tally.unnamed {
            gaps.push(Gap::Owners(party));
        }
        let others_matter = self.others_may_decide(party);
        for stake in self.graph.stakes_in(party).filter(|stake| stake.contribution() != Interval::ZERO) {
            let counted = self.owner_counted(stake);
            if counted.possible() || others_matter {
                gaps.extend(stake.gaps());
            }
            if counted == Truth::Unknown {
                self.gaps_of_owner(stake, walk, gaps);
            }
        }
    }

    /// Finds why it is unknown whether a stake's owner counts, and sends the walk on to what the owner's owners lack.
    fn gaps_of_owner(&self, stake: &Stake, walk: &mut Walk, gaps: &mut Vec<Gap>) {
        let Some(owner) = stake.owner else {
            gaps.push(Gap::Owner(stake.key));
            return;
        };
        if self.base(owner) == Truth::Unknown {
            gaps.push(Gap::Base(owner));
        }
        if self.method == Method::Cascade {
            walk.enter(owner);
        }
    }

    /// Whether owners that may turn out not to count could hold so much that what is left does not pass.
    fn others_may_decide(&self, party: u32) -> bool {
        let others = self.graph.stakes_in(party).filter(|stake| !self.owner_counted(stake).certain());
        let most = others.fold(Sum::ZERO, |sum, stake| sum.plus(stake.contribution().maximum()));
        !passed_from(most.left(), self.threshold)
    }

    fn surely_adds(&self, stake: &Stake) -> bool {
        let adds = stake.contribution().minimum() != End::inclusive(Amount::ZERO);
        adds && self.owner_counted(stake).certain()
    }

    /// Whether the stake's owner counts towards the party it is a stake in.
    fn owner_counted(&self, stake: &Stake) -> Truth {
        match stake.owner {
            None => Truth::Unknown,
            Some(_) if stake.is_own() => Truth::False,
            Some(owner) => self.counted.get(owner as usize).copied().unwrap_or(Truth::Unknown),
        }
    }

    fn base(&self, party: u32) -> Truth {
        self.base.get(party as usize).copied().unwrap_or(Truth::Unknown)
    }

    fn tally(&self, party: u32) -> &Tally {
        self.tallies.get(party as usize).unwrap_or(&Tally::UNKNOWN)
    }

    /// Raises parties to the level until none is left that belongs there: the least fixed point.
    ///
    /// Each party rises once and then touches each of its stakes once. Counting an owner only ever widens the share,
    /// so the order does not matter.
    fn settle(&mut self, level: Level) {
        let graph = self.graph;
        let mut risen = Vec::new();
        for party in (0..).take(graph.parties.len()) {
            self.raise(party, level, &mut risen);
        }
        while let Some(owner) = risen.pop() {
            for stake in graph.stakes_of(owner).filter(|stake| !stake.is_own()) {
                if let Some(tally) = self.tallies.get_mut(stake.owned as usize) {
                    tally.count(&stake.contribution(), level);
                }
                self.raise(stake.owned, level, &mut risen);
            }
        }
    }

    /// Counts the party as an owner, if it belongs at the level and is not there yet.
    fn raise(&mut self, party: u32, level: Level, risen: &mut Vec<u32>) {
        let reason = match self.method {
            Method::Direct => self.base(party),
            Method::Cascade => self.caught(party),
        };
        if let Some(counted) = self.counted.get_mut(party as usize)
            && level.reached_by(reason)
            && !level.reached_by(*counted)
        {
            *counted = level.truth();
            risen.push(party);
        }
    }
}

/// A walk over parties that enters each once.
struct Walk {
    seen: Vec<bool>,
    next: Vec<u32>,
}

impl Walk {
    fn from(party: u32, graph: &Graph) -> Walk {
        let mut seen = vec![false; graph.parties.len()];
        if let Some(seen) = seen.get_mut(party as usize) {
            *seen = true;
        }
        Walk { seen, next: vec![party] }
    }

    fn step(&mut self) -> Option<u32> {
        self.next.pop()
    }

    fn enter(&mut self, party: u32) {
        if let Some(seen) = self.seen.get_mut(party as usize)
            && !core::mem::replace(seen, true)
        {
            self.next.push(party);
        }
    }
}

#[cfg(test)]
mod tests;
