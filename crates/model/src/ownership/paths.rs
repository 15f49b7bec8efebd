//! The chains of stakes by which counted owners come to hold what they hold.

use super::graph::Stake;
use super::holdings::{By, Holdings};
use super::number::{Bound, Round};
use crate::interval::{End, Interval};

/// Most paths that are told of one party: their number can double with every owner.
pub const MOST_PATHS: usize = 64;
/// Most stakes that are looked at for them. Chosen by feel.
const MOST_STEPS: usize = 8_192;

/// A chain of stakes from an owner that counts in itself down to a party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// The owner.
    pub owner: u32,
    /// The keys of the stakes, the owner's own first, the one in the party last.
    pub stakes: Vec<u32>,
    /// What the path adds, in percent of the party: by the cascade the whole last stake, which several paths may share;
    /// looked through, the product, rounded outward.
    pub share: Interval,
}

/// The paths to a party.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Paths {
    /// Up to [`MOST_PATHS`] of them; no stake stands twice in one.
    pub paths: Vec<Path>,
    /// Whether there are others.
    pub more: bool,
}

/// A party on the way up, with the stakes in it that are still to be followed.
struct Step<'g> {
    party: u32,
    stakes: std::vec::IntoIter<&'g Stake>,
    /// The stake by which it was reached from below.
    by: Option<&'g Stake>,
}

impl Holdings<'_> {
    /// Returns the paths that surely lead to what is held of a party.
    #[must_use]
    pub fn paths(&self, party: u32) -> Paths {
        let mut found = Paths::default();
        let mut way = vec![Step { party, stakes: self.adding(party).into_iter(), by: None }];
        let mut on_the_way = vec![false; self.graph.parties() as usize];
        mark(&mut on_the_way, party, true);
        let mut steps = 0usize;
        while let Some(step) = way.last_mut() {
            let below = step.party;
            let Some(stake) = step.stakes.next() else {
                way.pop();
                mark(&mut on_the_way, below, false);
                continue;
            };
            steps = steps.saturating_add(1);
            if found.paths.len() >= MOST_PATHS || steps > MOST_STEPS {
                found.more = true;
                break;
            }
            let Some(owner) = stake.owner else { continue };
            if self.base(owner).certain() {
                let stakes = core::iter::once(stake).chain(way.iter().rev().filter_map(|step| step.by));
                found.paths.push(self.path(owner, stakes.collect()));
            } else if self.may_follow(owner, below, way.len() == 1)
                && !on_the_way.get(owner as usize).copied().unwrap_or(true)
            {
                mark(&mut on_the_way, owner, true);
                let stakes = self.adding(owner).into_iter();
                way.push(Step { party: owner, stakes, by: Some(stake) });
            }
        }
        found
    }

    /// Whether a path may go up from a party to an owner: to one that came to count before it.
    fn may_follow(&self, owner: u32, below: u32, first: bool) -> bool {
        match &self.by {
            By::Parts(_) => true,
            By::Counting(counting) => {
                let order = |party: u32| counting.order.get(party as usize).copied().unwrap_or(u32::MAX);
                first || order(owner) < order(below)
            }
        }
    }

    fn path(&self, owner: u32, stakes: Vec<&Stake>) -> Path {
        let last = stakes.last().map_or(Interval::ZERO, |stake| part(stake));
        let share = match &self.by {
            By::Counting(_) => last,
            By::Parts(_) => product(&stakes),
        };
        Path { owner, stakes: stakes.into_iter().map(|stake| stake.key).collect(), share }
    }
}

fn mark(marks: &mut [bool], party: u32, on: bool) {
    if let Some(mark) = marks.get_mut(party as usize) {
        *mark = on;
    }
}

/// What a stake is part of a path with: what it adds, or what is claimed.
fn part(stake: &Stake) -> Interval {
    match stake.direct {
        crate::Truth::True => stake.contribution(),
        _ => stake.stated().unwrap_or(Interval::ANY_SHARE),
    }
}

fn product(stakes: &[&Stake]) -> Interval {
    let ends = |round, end: fn(&Interval) -> End| {
        let product = stakes
            .iter()
            .fold(Bound::one(round), |product, stake| product.times(Bound::of(round, end(&part(stake)))));
        product.end()
    };
    let (least, most) = (ends(Round::Down, Interval::minimum), ends(Round::Up, Interval::maximum));
    // Only open ends of one value leave nothing between them.
    let closed = || Interval::new(End::inclusive(least.value), End::inclusive(most.value));
    Interval::new(least, most).or_else(closed).unwrap_or(Interval::ZERO)
}
