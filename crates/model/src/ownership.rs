//! Who holds what share of whom, and who controls whom, as far as the facts go.
//!
//! Laws that speak of "owned, directly or indirectly" mean different sums. Each has a name here:
//!
//! | method | who counts | laws |
//! | --- | --- | --- |
//! | [`Method::Direct`] | owners that count in themselves, by what they hold directly | |
//! | [`Method::Cascade`] | those, and every party of which enough is held, with its whole stake | OFAC, BIS affiliates |
//! | [`Method::LookThrough`] | those that count in themselves, by shares multiplied along every path | some registers |
//! | [`ultimate_parent`] | who consolidates a party in the end, without any share | BIS advanced computing |
//! | [`control`] | whom influence reaches by votes, appointment, contract | EU, UK |
//!
//! A [`Graph`] holds the stakes of one day. [`Graph::holdings`] says of every party what counted owners hold of it and
//! compares that with a [`Threshold`](crate::Threshold). Missing facts widen the answer to an
//! [`Interval`](crate::Interval) and a [`Truth`](crate::Truth); [`Holdings::gaps`] names those that could change it, and
//! [`Holdings::paths`] the chains of stakes that made it.
//!
//! What is held through others is a part of what those hold. So it is never added up; it is a claim that a chain of stakes
//! leads there. Where the chain is stated, the chain is what counts. Where it is not, the claim keeps the answer open.
//!
//! The caller chooses the day, the kind of interest and who counts in itself. A party that holds shares of itself gains
//! nothing by that under the cascade, which is a least fixed point: 40 % held by a counted owner stay 40 % when the other
//! 60 % are own shares. Looked through, own shares divide among the rest: there it is 100 %.

pub mod control;
mod exact;
mod graph;
mod holdings;
mod ledger;
mod number;
mod parent;
mod parts;
mod paths;
mod rings;
mod solver;

pub use graph::{Graph, Stake};
pub use holdings::Holdings;
pub use parent::{Parent, Ultimate, ultimate_parent};
pub use paths::{MOST_PATHS, Path, Paths};

/// Which owners count, and how much of what they hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Those that count in themselves, by what they hold directly.
    Direct,
    /// Those, and every party of which counted owners hold enough to pass the threshold, with its whole stake.
    ///
    /// The least such set: companies that own each other in a ring, without a counted owner anywhere, do not count.
    Cascade,
    /// Those that count in themselves, by the product of the shares along every path, rings included: the least solution
    /// of `x = d + Wx`. What lies behind a counted owner is not looked at.
    LookThrough,
}

/// A missing fact that could change whether a party passes the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gap {
    /// What is stated of this party cannot all be: its shares add up to more than all of it.
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
    /// Through whom the stake with this key is held is not stated.
    Between(u32),
    /// Owners of this party hold each other in a ring too large to be solved exactly, and the bounds enclose the threshold.
    Unsolved(u32),
}

/// Returns the items in order, each once.
///
/// By a heap: guests carry every sort they use, and the library's costs 6 KB for each type.
fn sorted<T: Ord>(items: Vec<T>) -> Vec<T> {
    let mut sorted = std::collections::BinaryHeap::from(items).into_sorted_vec();
    sorted.dedup();
    sorted
}

#[cfg(test)]
mod tests;
