//! Looking through: products along paths, and rings.

use super::*;
use num_bigint::BigInt;
use num_rational::BigRational;
use proptest::prelude::*;

#[test]
fn shares_multiply_along_a_path_and_add_up_over_paths() {
    check(LookThrough, more_than_half(), "A!; A 60 B; D 40 B; B 60 C; D 40 C", "False: 36");
    check(LookThrough, more_than_half(), "A!; A 60 B; D 40 B; B 60 C; A 40 C", "True: 76");
    check(LookThrough, more_than_half(), "A!; A 50 B; D 50 B; A 50 E; D 50 E; B 50 C; E 50 C", "False: 50");
    check(LookThrough, at_least_half(), "A!; A 50 B; D 50 B; A 50 E; D 50 E; B 50 C; E 50 C", "True: 50");
}

#[test]
fn what_lies_behind_a_counted_owner_is_not_looked_at() {
    check(LookThrough, more_than_half(), "A!; D 100 A; A 60 C; B 40 C", "True: 60");
    check(LookThrough, more_than_half(), "A!; B!; A 10 B; B 60 C; D 40 C", "True: 60");
}

#[test]
fn own_shares_divide_among_the_rest() {
    check(LookThrough, more_than_half(), "A!; C 60 C; A 40 C", "True: 100");
    check(LookThrough, more_than_half(), "A!; C 60 C; A 20 C; B 20 C", "False: 50");
    check(LookThrough, more_than_half(), "C 100 C", "False: 0");
    check(LookThrough, more_than_half(), "A!; C!; C 60 C; A 40 C", "True: 100");
    let all = Threshold::AtLeast(at("100"));
    check(LookThrough, all, "A!; C!; C 40 C; A 60 C", "True: 99.9999999999999999 to 100");
    check(LookThrough, all, "A!; C 40 C; A 60 C", "True: 100");
}

#[test]
fn rings_are_solved() {
    // B = 50 % A + 50 % C, C = 50 % B + 50 % D: B = 2/3, C = 1/3.
    let ring = "A!; A 50 B; C 50 B; B 50 C; D 50 C";
    check(LookThrough, more_than_half(), ring, "False: 33.3333333333333333 to 33.3333333333333334");
    check(
        LookThrough,
        Threshold::AtLeast(at("33.3333333333333333")),
        ring,
        "True: 33.3333333333333333 to 33.3333333333333334",
    );
    check(LookThrough, more_than_half(), "B 50 C; C 50 B; B 50 C; C 50 B", "False: 0");
    // All of it goes round, and nothing comes in.
    check(LookThrough, more_than_half(), "A!; B 100 C; C 100 B", "False: 0");
}

#[test]
fn exact_rationals_decide_where_rounding_cannot() {
    // C = 1/4 + C/2 by way of B, so exactly a half, through thirds: B = C, D = B/3 … has no end in decimals.
    let facts = "A!; A 25 C; B 50 C; E 25 C; C 100 B";
    check(LookThrough, more_than_half(), facts, "False: 50");
    check(LookThrough, at_least_half(), facts, "True: 50");
    // B = 1/3 A by a ring; C = 75 % B + 25 % A = 1/4 + 1/4 = exactly a half, although a third was rounded on the way.
    let thirds = "A!; D 50 B; E 50 B; B 50 D; F 50 D; A 50 E; B 50 E; B 75 C; A 25 C";
    let (graph, base) = read(thirds);
    let holdings = graph.holdings(LookThrough, &base, more_than_half());
    assert_eq!(holdings.passes(1), Truth::False);
    let (x, line) = (holdings.held(2), at("50"));
    let expected = oracle(&stakes(thirds), &[0]).get(2).cloned().unwrap();
    assert!(lies_in(&expected, &x), "{expected} in {x}");
    for threshold in [Threshold::MoreThan(line), Threshold::AtLeast(line)] {
        let exactly = passes(&expected, threshold);
        assert_eq!(graph.holdings(LookThrough, &base, threshold).passes(2), Truth::from(exactly));
    }
}

#[test]
fn bands_and_open_ends_are_carried_through() {
    check(LookThrough, more_than_half(), "A!; A 100 B; B (50,75] C; D [25,50) C", "True: more than 50 to 75");
    check(LookThrough, more_than_half(), "A!; A [50,100] B; B 60 C; D 40 C", "Unknown: 30 to 60");
    check(LookThrough, at_least_half(), "A!; A [50,100) B; B 50 C; D 50 C", "False: 25 to less than 50");
    check(LookThrough, more_than_half(), "A!; A (50,75] C; C+", "True: more than 50 to 100");
    check(LookThrough, more_than_half(), "A!; A ? C; B (50,75] C", "False: 0 to less than 50");
}

#[test]
fn what_is_missing_upstream_is_named() {
    let gaps = |facts: &str| {
        let (graph, base) = read(facts);
        graph.holdings(LookThrough, &base, more_than_half()).gaps(2)
    };
    assert_eq!(gaps("A!; A [50,100] B; B 60 C; D 40 C"), [Gap::Share(0)]);
    assert_eq!(gaps("A?; A 100 B; B 60 C; D 40 C"), [Gap::Base(0)]);
    assert_eq!(gaps("A!; B 60 C; D 40 C; B+"), [Gap::Owners(1)]);
    assert_eq!(gaps("? 60 B; B 100 C"), [Gap::Owner(0)]);
    assert_eq!(gaps("A!; A 80 C; B 50 C"), [Gap::Inconsistent(2)]);
    assert_eq!(gaps("A!; A 36 C; B 64 C"), []);
}

#[test]
fn paths_tell_the_chains_and_their_products() {
    let tell = |method, facts: &str| {
        let (graph, base) = read(facts);
        let paths = graph.holdings(method, &base, more_than_half()).paths(2);
        let mut told: Vec<_> = paths
            .paths
            .iter()
            .map(|path| format!("{} {:?} {}", path.owner, path.stakes, path.share))
            .collect();
        told.sort();
        (told, paths.more)
    };
    let facts = "A!; A 60 B; D 40 B; B 60 C; A 10 C; D 30 C";
    assert_eq!(tell(LookThrough, facts).0, ["0 [0, 2] 36", "0 [3] 10"]);
    assert_eq!(tell(Cascade, facts).0, ["0 [0, 2] 60", "0 [3] 10"]);
    assert_eq!(tell(Direct, facts).0, ["0 [3] 10"]);
    // A ring is not walked round.
    let ring = "A!; A 51 B; C 49 B; B 60 C; D 40 C";
    assert_eq!(tell(Cascade, ring).0, ["0 [0, 2] 60"]);
    assert_eq!(tell(LookThrough, ring).0, ["0 [0, 2] 30.6"]);
}

#[test]
fn the_number_of_paths_is_bounded() {
    // Each layer of two companies doubles the paths: sixteen layers have 65 536.
    let mut graph = Graph::new(40);
    let mut key = 0..;
    let half = share("50");
    graph.add(Stake {
        owner: Some(0),
        owned: 1,
        share: share("100"),
        direct: Truth::True,
        key: key.next().unwrap(),
    });
    graph.add(Stake {
        owner: Some(0),
        owned: 2,
        share: share("100"),
        direct: Truth::True,
        key: key.next().unwrap(),
    });
    for layer in 0..16u32 {
        for owner in [2 * layer + 1, 2 * layer + 2] {
            for owned in [2 * layer + 3, 2 * layer + 4] {
                graph.add(Stake {
                    owner: Some(owner),
                    owned,
                    share: half,
                    direct: Truth::True,
                    key: key.next().unwrap(),
                });
            }
        }
    }
    let base: Vec<Truth> = (0..40).map(|party| Truth::from(party == 0)).collect();
    for method in [Cascade, LookThrough] {
        let holdings = graph.holdings(method, &base, more_than_half());
        assert_eq!(holdings.passes(33), Truth::True);
        let paths = holdings.paths(33);
        assert_eq!((paths.paths.len(), paths.more), (super::super::MOST_PATHS, true));
        assert!(paths.paths.iter().all(|path| path.owner == 0 && path.stakes.len() == 17));
    }
}

#[test]
fn a_ring_of_thousands_is_approached_from_both_sides() {
    // Every party is owned by the next to 60 %, and every other one by a counted owner to 40 %.
    let size = 3_000u32;
    let mut graph = Graph::new(size + 2);
    for party in 0..size {
        let next = (party + 1) % size;
        graph.add(Stake {
            owner: Some(next),
            owned: party,
            share: share("60"),
            direct: Truth::True,
            key: party,
        });
        let outside = if party % 2 == 0 { size } else { size + 1 };
        graph.add(Stake {
            owner: Some(outside),
            owned: party,
            share: share("40"),
            direct: Truth::True,
            key: size + party,
        });
        graph.all_owners_stated(party);
    }
    graph.all_owners_stated(size + 1);
    let mut base = vec![Truth::False; size as usize];
    base.extend([Truth::True, Truth::False]);
    let holdings = graph.holdings(LookThrough, &base, more_than_half());
    // Of even parties 0.4 and 0.6 of the odd ones, of odd ones 0.6 of the even ones: 5/8 and 3/8.
    let eighths = |numerator: u32| BigRational::new(BigInt::from(numerator), BigInt::from(8));
    for (party, expected) in [(0, eighths(5)), (1, eighths(3))] {
        let held = holdings.held(party);
        assert!(lies_in(&expected, &held), "{held}");
        let width = held.maximum().value.minus(held.minimum().value);
        assert!(width < at("0.5"), "{held}");
        assert_ne!(holdings.passes(party), Truth::Unknown);
    }
}

// An oracle of its own: Gaussian elimination over rationals, and the sum over all paths.

type Plain = (u32, u32, BigRational);

pub(super) fn rational(amount: Amount) -> BigRational {
    let text = amount.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let digits: BigInt = format!("{whole}{fraction}").parse().unwrap();
    BigRational::new(digits, BigInt::from(10).pow(u32::try_from(fraction.len()).unwrap()))
}

/// Reads the exact stakes of facts as fractions.
fn stakes(facts: &str) -> Vec<Plain> {
    let words = facts.split(';').map(|fact| fact.split_whitespace().collect::<Vec<_>>());
    let hundred = BigInt::from(100);
    words
        .filter_map(|words| match words.as_slice() {
            [owner, share, owned] => Some((party(owner)?, party(owned)?, rational(at(share)) / &hundred)),
            _ => None,
        })
        .collect()
}

/// Solves `x = d + Wx`, where what is not reached from a counted owner is zero.
pub(super) fn oracle(stakes: &[Plain], counted: &[u32]) -> Vec<BigRational> {
    let size = 9usize;
    let zero = || BigRational::from_integer(BigInt::from(0));
    let one = || BigRational::from_integer(BigInt::from(1));
    let mut reached: Vec<bool> = (0..size).map(|p| counted.contains(&u32::try_from(p).unwrap())).collect();
    for _ in 0..size {
        for (owner, owned, share) in stakes {
            if reached[*owner as usize] && *share > zero() {
                reached[*owned as usize] = true;
            }
        }
    }
    let mut rows: Vec<Vec<BigRational>> = vec![vec![zero(); size + 1]; size];
    for p in 0..size {
        rows[p][p] = one();
        if counted.contains(&u32::try_from(p).unwrap()) {
            rows[p][size] = one();
        } else if reached[p] {
            for (owner, _, share) in stakes.iter().filter(|(_, owned, _)| *owned as usize == p) {
                let before = rows[p][*owner as usize].clone();
                rows[p][*owner as usize] = before - share;
            }
        }
    }
    for column in 0..size {
        let pivot = (column..size).find(|&row| rows[row][column] != zero()).expect("a solution");
        rows.swap(column, pivot);
        let divisor = rows[column][column].clone();
        rows[column].iter_mut().for_each(|value| *value = &*value / &divisor);
        for row in (0..size).filter(|&row| row != column) {
            let factor = rows[row][column].clone();
            let pivot = rows[column].clone();
            rows[row].iter_mut().zip(&pivot).for_each(|(value, its)| *value -= &factor * its);
        }
    }
    rows.into_iter().map(|row| row[size].clone()).collect()
}

/// Sums the products over all paths of an acyclic graph.
fn path_sum(stakes: &[Plain], counted: &[u32], party: u32) -> BigRational {
    if counted.contains(&party) {
        return BigRational::from_integer(BigInt::from(1));
    }
    let into = stakes.iter().filter(|(_, owned, _)| *owned == party);
    into.fold(BigRational::from_integer(BigInt::from(0)), |sum, (owner, _, share)| {
        sum + share * path_sum(stakes, counted, *owner)
    })
}

/// Whether a fraction lies in an interval of percent.
pub(super) fn lies_in(fraction: &BigRational, held: &Interval) -> bool {
    let percent = fraction * BigInt::from(100);
    let (low, high) = (held.minimum(), held.maximum());
    let above = if low.exclusive { percent > rational(low.value) } else { percent >= rational(low.value) };
    let below = if high.exclusive { percent < rational(high.value) } else { percent <= rational(high.value) };
    above && below
}

pub(super) fn passes(fraction: &BigRational, threshold: Threshold) -> bool {
    let percent = fraction * BigInt::from(100);
    match threshold {
        Threshold::MoreThan(line) => percent > rational(line),
        Threshold::AtLeast(line) => percent >= rational(line),
    }
}

prop_compose! {
    /// Exact stakes of which no party has more than all; `acyclic` ones lead from a lower to a higher letter.
    fn exact_stakes(acyclic: bool)(
        drawn in prop::collection::vec((0..8u32, 0..8u32, 1..=100u32), 0..24),
    ) -> Vec<(u32, u32, u32)> {
        let mut left = [100u32; 8];
        let mut stakes = Vec::new();
        for (owner, owned, share) in drawn {
            let (owner, owned) = if acyclic { (owner.min(owned), owner.max(owned)) } else { (owner, owned) };
            let share = share.min(left[owned as usize]);
            if share > 0 && !(acyclic && owner == owned) {
                left[owned as usize] -= share;
                stakes.push((owner, owned, share));
            }
        }
        stakes
    }
}

fn graph_of(stakes: &[(u32, u32, u32)]) -> (Graph, Vec<Plain>) {
    let mut graph = Graph::new(9);
    (0..9).for_each(|party| graph.all_owners_stated(party));
    let mut plain = Vec::new();
    let left =
        |owned: u32| 100 - stakes.iter().filter(|stake| stake.1 == owned).map(|stake| stake.2).sum::<u32>();
    // The last party holds what the others leave.
    let rest = (0..8).map(|owned| (8, owned, left(owned))).filter(|stake| (1..100).contains(&stake.2));
    for (key, (owner, owned, percent)) in (0..).zip(stakes.iter().copied().chain(rest)) {
        let share = share(&percent.to_string());
        graph.add(Stake { owner: Some(owner), owned, share, direct: Truth::True, key });
        plain.push((owner, owned, BigRational::new(BigInt::from(percent), BigInt::from(100))));
    }
    (graph, plain)
}

proptest! {
    #[test]
    fn it_agrees_with_the_sum_over_all_paths(stakes in exact_stakes(true), counted in prop::collection::vec(0..8u32, 1..3), line in 0..=100u32) {
        let (graph, plain) = graph_of(&stakes);
        let base: Vec<Truth> = (0..9).map(|party| Truth::from(counted.contains(&party))).collect();
        for threshold in [Threshold::MoreThan(at(&line.to_string())), Threshold::AtLeast(at(&line.to_string()))] {
            let holdings = graph.holdings(LookThrough, &base, threshold);
            for party in (0..8).filter(|party| !counted.contains(party)) {
                let expected = path_sum(&plain, &counted, party);
                let held = holdings.held(party);
                prop_assert!(lies_in(&expected, &held), "{} of {} in {}", expected, party, held);
                prop_assert_eq!(holdings.passes(party), Truth::from(passes(&expected, threshold)));
                prop_assert!(holdings.gaps(party).is_empty());
            }
        }
    }

    #[test]
    fn it_agrees_with_a_linear_solver_on_rings(stakes in exact_stakes(false), counted in prop::collection::vec(0..8u32, 1..3), line in 0..=100u32) {
        let (graph, plain) = graph_of(&stakes);
        let base: Vec<Truth> = (0..9).map(|party| Truth::from(counted.contains(&party))).collect();
        let solved = oracle(&plain, &counted);
        for threshold in [Threshold::MoreThan(at(&line.to_string())), Threshold::AtLeast(at(&line.to_string()))] {
            let holdings = graph.holdings(LookThrough, &base, threshold);
            for party in (0..8).filter(|party| !counted.contains(party)) {
                let (expected, held) = (&solved[party as usize], holdings.held(party));
                prop_assert!(lies_in(expected, &held), "{} of {} in {}", expected, party, held);
                prop_assert_eq!(holdings.passes(party), Truth::from(passes(expected, threshold)));
                let paths = holdings.paths(party);
                prop_assert_eq!(paths.paths.is_empty(), *expected == BigRational::from_integer(BigInt::from(0)));
            }
        }
    }
}
