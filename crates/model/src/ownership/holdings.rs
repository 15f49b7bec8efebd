//! What counted owners hold of each party: the three methods that add up shares.

use super::graph::{Graph, Stake};
use super::ledger::{Claims, Ledger, Level};
use super::parts::Parts;
use super::{Gap, Method, sorted};
use crate::interval::{Interval, Threshold};
use crate::truth::Truth;
use std::rc::Rc;

impl Graph {
    /// Computes what counted owners hold of every party, in time linear in parties and stakes.
    ///
    /// `base` says of each party whether it is a counted owner in itself; of those beyond its end that is unknown. Looking
    /// through costs more where parties hold each other in rings: cubically in each ring, of 24 parties at most; larger
    /// ones are approached from both sides.
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
    /// // The parent holds most of the holding, so all that the holding has of the customer counts: 60 %.
    /// let cascade = graph.holdings(Method::Cascade, &base, more_than_half);
    /// assert_eq!(cascade.caught(customer), Truth::True);
    /// assert_eq!(cascade.evidence(customer), [10, 11]);
    ///
    /// // Looked through, it is 60 % of 60 %, and nobody said who owns the other 40 % of each.
    /// let through = graph.holdings(Method::LookThrough, &base, more_than_half);
    /// assert_eq!(through.held(customer).to_string(), "36 to 100");
    ///
    /// // Of the customer's direct owners none counts, and 40 % are no majority.
    /// let direct = graph.holdings(Method::Direct, &base, more_than_half);
    /// assert_eq!(direct.held(customer).to_string(), "0 to 40");
    /// assert_eq!(direct.caught(customer), Truth::False);
    /// ```
    #[must_use]
    pub fn holdings(&self, method: Method, base: &[Truth], threshold: Threshold) -> Holdings<'_> {
        let base = self.known(base);
        let by = match method {
            Method::Direct => By::Counting(Counting::of(self, Claims::Ignored, &base, threshold)),
            Method::Cascade => return self.cascade(&base, threshold),
            Method::LookThrough => By::Parts(Rc::new(Parts::of(self, &base, threshold))),
        };
        Holdings { graph: self, base, by }
    }

    /// Returns the [`holdings`](Graph::holdings) by cascade. A program that calls nothing but this links no fractions.
    #[must_use]
    pub fn cascade(&self, base: &[Truth], threshold: Threshold) -> Holdings<'_> {
        let base = self.known(base);
        let by = By::Counting(Counting::of(self, Claims::Followed, &base, threshold));
        Holdings { graph: self, base, by }
    }

    /// Of parties beyond the end nothing is known.
    fn known(&self, base: &[Truth]) -> Vec<Truth> {
        let parties = self.parties() as usize;
        base.iter().copied().chain(core::iter::repeat(Truth::Unknown)).take(parties).collect()
    }
}

/// What counted owners hold of each party of a [`Graph`].
///
/// Of a party outside the graph nothing is known.
#[derive(Debug, Clone)]
pub struct Holdings<'g> {
    pub(super) graph: &'g Graph,
    base: Vec<Truth>,
    pub(super) by: By<'g>,
}

#[derive(Debug, Clone)]
pub(super) enum By<'g> {
    Counting(Counting<'g>),
    Parts(Rc<dyn Through + 'g>),
}

/// What looks through: [`Parts`]. It is behind a trait because nothing then names its arithmetic but [`Graph::holdings`], so
/// that a program without that call does not link it.
pub(super) trait Through {
    /// See [`Holdings::passes`].
    fn passes(&self, party: u32) -> Truth;
    /// See [`Holdings::held`].
    fn held(&self, party: u32) -> Interval;
    /// See [`Holdings::inconsistent`].
    fn is_inconsistent(&self, party: u32) -> bool;
    /// Returns the stakes that surely add to what is held of a party.
    fn adding(&self, party: u32) -> Vec<&Stake>;
    /// Finds what is missing at a party, and sends the walk on to those of its owners of whom it is unknown how much is held.
    fn gaps_at(&self, party: u32, walk: &mut Walk, gaps: &mut Vec<Gap>);
}

impl core::fmt::Debug for dyn Through + '_ {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Parts")
    }
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
        match &self.by {
            By::Counting(counting) => counting.ledger.passes(party),
            By::Parts(parts) => parts.passes(party),
        }
    }

    /// Returns the share of the party held by counted owners, in percent, rounded outward where it has no end.
    ///
    /// What a party holds of itself is not counted. When the shares are inconsistent this is their plain sum; looked through,
    /// anything.
    #[must_use]
    pub fn held(&self, party: u32) -> Interval {
        match &self.by {
            By::Counting(counting) => counting.ledger.held(party),
            By::Parts(parts) => parts.held(party),
        }
    }

    /// Returns whether what is stated cannot all be: shares, each at its least, of more than 100 %, or a claim of all where
    /// others hold some.
    #[must_use]
    pub fn inconsistent(&self, party: u32) -> bool {
        match &self.by {
            By::Counting(counting) => counting.ledger.is_inconsistent(party),
            By::Parts(parts) => parts.is_inconsistent(party),
        }
    }

    /// Returns the keys, sorted, of the stakes that surely add to what is held, upstream to the counted owners.
    #[must_use]
    pub fn evidence(&self, party: u32) -> Vec<u32> {
        let mut keys = Vec::new();
        let mut walk = Walk::from(party, self.graph);
        while let Some(party) = walk.step() {
            for stake in self.adding(party) {
                keys.push(stake.key);
                if let Some(owner) = stake.owner
                    && !self.base(owner).certain()
                {
                    walk.enter(owner);
                }
            }
        }
        sorted(keys)
    }

    /// Returns the missing facts, sorted, that could change whether the party passes; none when that is known.
    ///
    /// When all are supplied the answer may still be unknown, for then what was behind them comes into view: an owner
    /// who was unspecified may turn out to be one of whom little is known.
    #[must_use]
    pub fn gaps(&self, party: u32) -> Vec<Gap> {
        let mut gaps = Vec::new();
        if self.passes(party) == Truth::Unknown {
            let mut walk = Walk::from(party, self.graph);
            while let Some(party) = walk.step() {
                match &self.by {
                    By::Counting(counting) => counting.gaps_at(self, party, &mut walk, &mut gaps),
                    By::Parts(parts) => parts.gaps_at(party, &mut walk, &mut gaps),
                }
            }
            // Nothing is missing, and yet it is not known: the bounds of a large ring lie around the line.
            if gaps.is_empty() && matches!(self.by, By::Parts(_)) {
                gaps.push(Gap::Unsolved(party));
            }
        }
        sorted(gaps)
    }

    /// Returns the stakes that surely add to what is held of a party.
    pub(super) fn adding(&self, party: u32) -> Vec<&Stake> {
        match &self.by {
            By::Counting(counting) => counting.ledger.adding(party, &|stake| counting.owner_counted(stake)),
            By::Parts(parts) => parts.adding(party),
        }
    }

    pub(super) fn base(&self, party: u32) -> Truth {
        self.base.get(party as usize).copied().unwrap_or(Truth::Unknown)
    }
}

/// The methods under which an owner counts or does not.
#[derive(Debug, Clone)]
pub(super) struct Counting<'g> {
    ledger: Ledger<'g>,
    /// Whether each party counts as an owner; where claims are ignored the base alone decides.
    counted: Vec<Truth>,
    /// When each party came to count surely: those it counts by came earlier.
    pub(super) order: Vec<u32>,
    cascades: bool,
}

impl<'g> Counting<'g> {
    fn of(graph: &'g Graph, claims: Claims, base: &[Truth], threshold: Threshold) -> Counting<'g> {
        let ledger = Ledger::new(graph, threshold, claims, base);
        let parties = base.len();
        let counted = vec![Truth::False; parties];
        let cascades = claims == Claims::Followed;
        let mut counting = Counting { ledger, counted, order: vec![u32::MAX; parties], cascades };
        counting.settle(base, Level::Possible);
        counting.settle(base, Level::Certain);
        counting
    }

    /// Raises parties to the level until none is left that belongs there: the least fixed point.
    ///
    /// Each party rises once and then touches each of its stakes once. Counting an owner only ever widens the share,
    /// so the order does not matter.
    fn settle(&mut self, base: &[Truth], level: Level) {
        let Counting { ledger, counted, order, cascades } = self;
        let mut place = 0u32;
        let mut raise = |ledger: &Ledger<'_>, party: u32, risen: &mut Vec<u32>| {
            let at = party as usize;
            let own = base.get(at).copied().unwrap_or(Truth::Unknown);
            let reason = if *cascades { own.or(ledger.passes(party)) } else { own };
            if let Some(counted) = counted.get_mut(at)
                && level.reached_by(reason)
                && !level.reached_by(*counted)
            {
                *counted = level.truth();
                risen.push(party);
                if let (Level::Certain, Some(order)) = (level, order.get_mut(at)) {
                    *order = place;
                    place = place.saturating_add(1);
                }
            }
        };
        let mut risen = Vec::new();
        for party in 0..ledger.graph.parties() {
            raise(ledger, party, &mut risen);
        }
        while let Some(owner) = risen.pop() {
            ledger.count(owner, level, &mut |ledger, owned| raise(ledger, owned, &mut risen));
        }
    }

    /// Whether the stake's owner counts towards the party it is a stake in.
    pub(super) fn owner_counted(&self, stake: &Stake) -> Truth {
        match stake.owner {
            None => Truth::Unknown,
            Some(_) if stake.is_own() => Truth::False,
            Some(owner) => self.counted.get(owner as usize).copied().unwrap_or(Truth::Unknown),
        }
    }

    /// Finds what is missing at a party, and sends the walk on to owners of whom it is unknown whether they count.
    fn gaps_at(&self, holdings: &Holdings<'_>, party: u32, walk: &mut Walk, gaps: &mut Vec<Gap>) {
        if self.ledger.passes(party) != Truth::Unknown {
            return;
        }
        let counted = |stake: &Stake| self.owner_counted(stake);
        self.ledger.gaps_at(party, &counted, gaps, &mut |stake, gaps| {
            let Some(owner) = stake.owner else {
                gaps.push(Gap::Owner(stake.key));
                return;
            };
            gaps.extend((holdings.base(owner) == Truth::Unknown).then_some(Gap::Base(owner)));
            if self.cascades {
                walk.enter(owner);
            }
        });
    }
}

/// A walk over parties that enters each once.
pub(super) struct Walk {
    seen: Vec<bool>,
    next: Vec<u32>,
}

impl Walk {
    pub(super) fn from(party: u32, graph: &Graph) -> Walk {
        let mut seen = vec![false; graph.parties() as usize];
        if let Some(seen) = seen.get_mut(party as usize) {
            *seen = true;
        }
        Walk { seen, next: vec![party] }
    }

    pub(super) fn step(&mut self) -> Option<u32> {
        self.next.pop()
    }

    pub(super) fn enter(&mut self, party: u32) {
        if let Some(seen) = self.seen.get_mut(party as usize)
            && !core::mem::replace(seen, true)
        {
            self.next.push(party);
        }
    }
}
