//! Generated graphs, and worlds in which everything is true or false while less is known of them.

use super::naive::naive;
use super::through::{lies_in, oracle};
use super::*;
use num_bigint::BigInt;
use num_rational::BigRational;
use proptest::prelude::*;

pub(super) const PARTIES: u32 = 6;

fn percent(n: i32) -> Amount {
    Amount::try_from(Decimal::from(n)).unwrap()
}

fn thresholds() -> impl Strategy<Value = Threshold> {
    (0..=5i32, any::<bool>()).prop_map(|(n, strict)| {
        let line = [0, 25, 50, 50, 75, 100].map(percent)[usize::try_from(n).unwrap()];
        if strict { Threshold::MoreThan(line) } else { Threshold::AtLeast(line) }
    })
}

/// Methods under which an owner counts or does not.
fn counting() -> impl Strategy<Value = (Method, Threshold)> {
    (prop_oneof![Just(Direct), Just(Cascade)], thresholds())
}

fn rules() -> impl Strategy<Value = (Method, Threshold)> {
    (prop_oneof![Just(Direct), Just(Cascade), Just(LookThrough)], thresholds())
}

/// Mostly true.
fn likely() -> impl Strategy<Value = bool> {
    prop::bool::weighted(0.8)
}

fn truths() -> impl Strategy<Value = Truth> {
    prop_oneof![Just(Truth::True), Just(Truth::False), Just(Truth::Unknown)]
}

/// A direct stake as it is, and how much of that is known.
#[derive(Debug, Clone)]
struct Fact {
    owner: u32,
    owned: u32,
    share: i32,
    mentioned: bool,
    owner_known: bool,
    direct_known: bool,
    /// How far the known band reaches below and above the share, and whether it is open; `None`: not stated.
    band: Option<(i32, i32, bool)>,
}

/// A true statement of what is held through others, of which it may be unknown that it is.
#[derive(Debug, Clone)]
struct Claim {
    owner: u32,
    owned: u32,
    share: Amount,
    direct_known: bool,
}

/// Where the keys of claims begin.
const CLAIMS: u32 = 1_000;

#[derive(Debug, Clone)]
struct World {
    facts: Vec<Fact>,
    claims: Vec<Claim>,
    base: Vec<bool>,
    base_known: Vec<bool>,
    owners_stated: Vec<bool>,
}

impl Fact {
    /// The share as far as it is known.
    fn known(&self) -> Option<Interval> {
        let (below, above, open) = self.band?;
        let (low, high) = ((self.share - below).max(0), (self.share + above).min(100));
        let minimum = End { value: percent(low), exclusive: open && low < self.share };
        let maximum = End { value: percent(high), exclusive: open && high > self.share };
        Interval::new(minimum, maximum)
    }
}

impl World {
    fn known(&self) -> (Graph, Vec<Truth>) {
        let mut graph = Graph::new(PARTIES + 1);
        graph.all_owners_stated(PARTIES);
        for (key, fact) in (0..).zip(&self.facts).filter(|(_, fact)| fact.mentioned) {
            graph.add(Stake {
                owner: fact.owner_known.then_some(fact.owner),
                owned: fact.owned,
                share: fact.known(),
                direct: if fact.direct_known { Truth::True } else { Truth::Unknown },
                key,
            });
        }
        for (key, claim) in (CLAIMS..).zip(&self.claims) {
            graph.add(Stake {
                owner: Some(claim.owner),
                owned: claim.owned,
                share: Some(Interval::exact(claim.share)),
                direct: if claim.direct_known { Truth::False } else { Truth::Unknown },
                key,
            });
        }
        for party in 0..PARTIES {
            let unmentioned = self.facts.iter().any(|fact| fact.owned == party && !fact.mentioned);
            if self.owners_stated[party as usize] && !unmentioned {
                graph.all_owners_stated(party);
            }
        }
        let known = self.base.iter().zip(&self.base_known);
        let known = known.map(|(&base, known)| Truth::from(known.then_some(base)));
        // The last party holds what the others leave, and does not count.
        (graph, known.chain([Truth::False]).collect())
    }

    fn actual(&self) -> World {
        let mut world = self.clone();
        world.base_known.fill(true);
        world.owners_stated.fill(true);
        for fact in &mut world.facts {
            (fact.mentioned, fact.owner_known, fact.direct_known) = (true, true, true);
            fact.band = Some((0, 0, false));
        }
        world.claims.iter_mut().for_each(|claim| claim.direct_known = true);
        world
    }

    /// The stakes as fractions.
    fn plain(&self) -> Vec<(u32, u32, BigRational)> {
        let fraction = |fact: &Fact| BigRational::new(BigInt::from(fact.share), BigInt::from(100));
        self.facts.iter().map(|fact| (fact.owner, fact.owned, fraction(fact))).collect()
    }

    /// Claims of what these owners hold of these parties through others, as far as it has an end in decimals.
    fn claim(&mut self, drawn: Vec<(u32, u32, bool)>) {
        let plain = self.plain();
        let goes_back = |fact: &Fact| fact.owner >= fact.owned && fact.owner < PARTIES && fact.share > 0;
        let rings = self.facts.iter().any(goes_back);
        for (owner, owned, direct_known) in drawn.into_iter().filter(|(owner, owned, _)| owner != owned) {
            let direct = self.facts.iter().filter(|fact| (fact.owner, fact.owned) == (owner, owned));
            let direct: i32 = direct.map(|fact| fact.share).sum();
            let all = oracle(&plain, &[owner])[owned as usize].clone() * BigInt::from(100);
            let units = (all - BigInt::from(direct)) * BigInt::from(10).pow(12);
            // All of a party that goes round in a ring is counted otherwise by the cascade.
            let whole = rings && units == BigRational::from_integer(BigInt::from(10).pow(14));
            let told = self.claims.iter().any(|claim| (claim.owner, claim.owned) == (owner, owned));
            if units.is_integer() && !whole && !told && units > BigRational::from_integer(BigInt::from(0)) {
                let share = Decimal::new(i64::try_from(units.to_integer()).unwrap(), -12).unwrap();
                self.claims.push(Claim { owner, owned, share: share.try_into().unwrap(), direct_known });
            }
        }
    }

    /// Fills in what the gap names.
    fn learn(&mut self, gap: Gap) {
        match gap {
            Gap::Base(party) => self.base_known[party as usize] = true,
            Gap::Share(key) => self.facts[key as usize].band = Some((0, 0, false)),
            Gap::Directness(key) if key >= CLAIMS => {
                self.claims[(key - CLAIMS) as usize].direct_known = true;
            }
            Gap::Directness(key) => self.facts[key as usize].direct_known = true,
            Gap::Between(_) => {
                for fact in &mut self.facts {
                    (fact.mentioned, fact.owner_known) = (true, true);
                }
            }
            Gap::Owner(key) => self.facts[key as usize].owner_known = true,
            Gap::Owners(party) => {
                self.owners_stated[party as usize] = true;
                for fact in self.facts.iter_mut().filter(|fact| fact.owned == party) {
                    fact.mentioned = true;
                }
            }
            Gap::Inconsistent(party) => panic!("the shares of {party} are consistent"),
            Gap::Unsolved(party) => panic!("{party} is in no large ring"),
        }
    }
}

fn bands() -> impl Strategy<Value = (i32, i32, bool)> {
    prop_oneof![Just((0, 0, false)), (0..=25i32, 0..=25i32, any::<bool>())]
}

prop_compose! {
    fn facts()(
        (owner, owned, share) in (0..PARTIES, 0..PARTIES, 0..=20i32),
        (mentioned, owner_known, direct_known) in (likely(), likely(), likely()),
        band in prop::option::weighted(0.8, bands()),
    ) -> Fact {
        Fact { owner, owned, share: share * 5, mentioned, owner_known, direct_known, band }
    }
}

prop_compose! {
    /// Worlds in which no party is owned by more than 100 %.
    fn worlds()(
        drawn in prop::collection::vec(facts(), 0..16),
        acyclic in any::<bool>(),
        claims in prop::collection::vec((0..PARTIES, 0..PARTIES, likely()), 0..4),
        base in prop::collection::vec(prop::bool::weighted(0.3), PARTIES as usize),
        base_known in prop::collection::vec(likely(), PARTIES as usize),
        owners_stated in prop::collection::vec(likely(), PARTIES as usize),
    ) -> World {
        let (mut facts, mut left): (Vec<Fact>, _) = (Vec::new(), [100; PARTIES as usize]);
        for mut fact in drawn {
            if acyclic {
                (fact.owner, fact.owned) = (fact.owner.min(fact.owned), fact.owner.max(fact.owned));
            }
            if acyclic && fact.owner == fact.owned {
                continue;
            }
            let left = &mut left[fact.owned as usize];
            let share = fact.share.min(*left);
            *left -= share;
            // A stake of nothing is none.
            facts.extend((share > 0).then_some(Fact { share, ..fact }));
        }
        for (owned, left) in (0..).zip(left).filter(|(_, left)| (1..100).contains(left)) {
            let (mentioned, owner_known, direct_known, band) = (true, true, true, Some((0, 0, false)));
            facts.push(Fact { owner: PARTIES, owned, share: left, mentioned, owner_known, direct_known, band });
        }
        let mut world = World { facts, claims: Vec::new(), base, base_known, owners_stated };
        world.claim(claims);
        world
    }
}

prop_compose! {
    /// Any stake, of possible and impossible shares.
    fn stakes()(
        (owner, owned, key) in (prop::option::weighted(0.9, 0..PARTIES + 1), 0..PARTIES, 0..100u32),
        (stated, low, width) in (likely(), -1..9i32, prop_oneof![Just(0), 0..6i32]),
        (above, below) in any::<(bool, bool)>(),
        direct in prop_oneof![4 => Just(Truth::True), 1 => truths()],
    ) -> Stake {
        let minimum = End { value: percent(low * 5), exclusive: above };
        let share = Interval::new(minimum, End { value: percent((low + width) * 5), exclusive: below });
        Stake { owner, owned, share: share.filter(|_| stated), direct, key }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Any {
    pub(super) stakes: Vec<Stake>,
    pub(super) stated: Vec<bool>,
    pub(super) base: Vec<Truth>,
}

impl Any {
    fn graph(&self) -> Graph {
        let mut graph = Graph::new(PARTIES);
        for stake in &self.stakes {
            graph.add(*stake);
        }
        for party in (0..PARTIES).filter(|&party| self.stated[party as usize]) {
            graph.all_owners_stated(party);
        }
        graph
    }
}

prop_compose! {
    fn graphs()(
        stakes in prop::collection::vec(stakes(), 0..20),
        stated in prop::collection::vec(likely(), PARTIES as usize),
        base in prop::collection::vec(prop_oneof![Just(Truth::False), truths()], PARTIES as usize),
    ) -> Any {
        Any { stakes, stated, base }
    }
}

pub(super) fn rank(truth: Truth) -> u8 {
    u8::from(truth.possible()) + u8::from(truth.certain())
}

/// Whether the gap is at a party from which stakes lead to this one.
fn is_upstream(any: &Any, gap: Gap, party: u32) -> bool {
    let mut above = vec![party];
    for _ in 0..PARTIES {
        let owners = any.stakes.iter().filter(|s| above.contains(&s.owned)).filter_map(|s| s.owner);
        above = above.iter().copied().chain(owners.collect::<Vec<_>>()).collect();
        above.sort_unstable();
        above.dedup();
    }
    match gap {
        Gap::Base(p) | Gap::Owners(p) | Gap::Inconsistent(p) | Gap::Unsolved(p) => above.contains(&p),
        Gap::Share(key) | Gap::Directness(key) | Gap::Owner(key) | Gap::Between(key) => {
            any.stakes.iter().any(|s| s.key == key && above.contains(&s.owned))
        }
    }
}

proptest! {
    #[test]
    fn the_definition_applied_round_by_round_agrees(any in graphs(), (method, line) in counting()) {
        let graph = any.graph();
        let holdings = graph.holdings(method, &any.base, line);
        let expected = naive(&any, method, line);
        for party in 0..PARTIES {
            prop_assert_eq!((holdings.passes(party), holdings.held(party)), expected[party as usize]);
            let held = holdings.held(party);
            prop_assert!(Interval::new(held.minimum(), held.maximum()).is_some());
        }
    }

    #[test]
    fn what_is_only_partly_known_contains_what_is(world in worlds(), (method, line) in counting()) {
        let ((known, base), (actual, actual_base)) = (world.known(), world.actual().known());
        let known = known.holdings(method, &base, line);
        let actual = actual.holdings(method, &actual_base, line);
        for party in 0..PARTIES {
            let held = actual.held(party);
            prop_assert!(held.is_exact() && actual.passes(party) != Truth::Unknown, "{} {:?}", held, actual.gaps(party));
            prop_assert!(known.held(party).contains(held.minimum().value), "{}: {}", known.held(party), held);
            prop_assert!([Truth::Unknown, actual.passes(party)].contains(&known.passes(party)));
            prop_assert!([Truth::Unknown, actual.caught(party)].contains(&known.caught(party)));
        }
    }

    #[test]
    fn learning_what_the_gaps_name_settles_the_answer(world in worlds(), (method, line) in rules()) {
        for party in 0..PARTIES {
            let mut world = world.clone();
            loop {
                let (graph, base) = world.known();
                let holdings = graph.holdings(method, &base, line);
                let gaps = holdings.gaps(party);
                prop_assert_eq!(holdings.passes(party) == Truth::Unknown, !gaps.is_empty());
                if gaps.is_empty() {
                    break;
                }
                gaps.iter().for_each(|&gap| world.learn(gap));
                // Whatever was named is known now, so this ends.
                let (graph, base) = world.known();
                let after = graph.holdings(method, &base, line).gaps(party);
                prop_assert!(gaps.iter().all(|gap| !after.contains(gap)));
            }
        }
    }

    #[test]
    fn gaps_are_upstream_and_only_of_what_is_unknown(any in graphs(), (method, line) in rules()) {
        let graph = any.graph();
        let holdings = graph.holdings(method, &any.base, line);
        for party in 0..PARTIES {
            let gaps = holdings.gaps(party);
            prop_assert_eq!(holdings.passes(party) == Truth::Unknown, !gaps.is_empty());
            prop_assert!(gaps.is_sorted_by(|a, b| a < b));
            prop_assert!(gaps.iter().all(|&gap| is_upstream(&any, gap, party)), "{:?}", gaps);
            prop_assert!(holdings.evidence(party).is_sorted_by(|a, b| a < b));
        }
    }

    #[test]
    fn the_evidence_alone_shows_what_is_surely_held(any in graphs(), (method, line) in rules()) {
        let mut any = any;
        (0..).zip(&mut any.stakes).for_each(|(key, stake)| stake.key = key);
        let graph = any.graph();
        let holdings = graph.holdings(method, &any.base, line);
        for party in 0..PARTIES {
            let (evidence, least) = (holdings.evidence(party), holdings.held(party).minimum());
            prop_assert_eq!(evidence.is_empty(), least == End::inclusive(Amount::ZERO));
            let mut alone = any.clone();
            alone.stakes.retain(|stake| evidence.contains(&stake.key));
            let shown = alone.graph().holdings(method, &any.base, line).held(party).minimum();
            // Looked through, bounds with claims are not the narrowest, and rings that are parted are rounded elsewhere.
            let claimed = any.stakes.iter().any(|stake| stake.direct != Truth::True);
            let close = shown.value.plus(at("0.000000000001")) > least.value;
            let more = method == LookThrough && (claimed || close);
            prop_assert!(shown == least || more, "{:?} for {:?}", shown, least);
        }
    }

    #[test]
    fn the_order_of_the_stakes_does_not_matter(
        (any, shuffled) in graphs().prop_flat_map(|any| (Just(any.clone()), Just(any.stakes).prop_shuffle())),
        (method, line) in rules(),
    ) {
        let (graph, other) = (any.graph(), Any { stakes: shuffled, ..any.clone() }.graph());
        let one = graph.holdings(method, &any.base, line);
        let two = other.holdings(method, &any.base, line);
        for p in 0..PARTIES {
            prop_assert_eq!((one.caught(p), one.held(p)), (two.caught(p), two.held(p)));
            prop_assert_eq!((one.evidence(p), one.gaps(p)), (two.evidence(p), two.gaps(p)));
        }
    }

    #[test]
    fn another_stake_of_a_counted_owner_frees_nobody(
        any in graphs(), stake in stakes(), owner in 0..PARTIES, (method, line) in rules(),
    ) {
        let mut any = any;
        any.base[owner as usize] = Truth::True;
        let before = any.graph();
        any.stakes.push(Stake { owner: Some(owner), ..stake });
        let after = any.graph();
        let before = before.holdings(method, &any.base, line);
        let after = after.holdings(method, &any.base, line);
        prop_assume!((0..PARTIES).all(|party| after.inconsistent(party) == before.inconsistent(party)));
        for party in 0..PARTIES {
            prop_assert!(!before.caught(party).certain() || after.caught(party).certain());
        }
    }

    #[test]
    fn another_counted_owner_frees_nobody(any in graphs(), owner in 0..PARTIES, (method, line) in rules()) {
        let graph = any.graph();
        let mut more = any.base.clone();
        let raised = &mut more[owner as usize];
        *raised = if *raised == Truth::False { Truth::Unknown } else { Truth::True };
        let before = graph.holdings(method, &any.base, line);
        let after = graph.holdings(method, &more, line);
        for party in 0..PARTIES {
            prop_assert!(before.held(party).minimum().value <= after.held(party).minimum().value);
            // Looked through, the upper bounds of rings are not the narrowest, and may narrow when a ring is cut.
            if method != LookThrough {
                prop_assert!(rank(before.caught(party)) <= rank(after.caught(party)));
                prop_assert!(before.held(party).maximum().value <= after.held(party).maximum().value);
            }
        }
    }

    #[test]
    fn looked_through_what_is_only_partly_known_contains_what_is(world in worlds(), line in thresholds()) {
        let counted: Vec<u32> = (0..PARTIES).filter(|&party| world.base[party as usize]).collect();
        let solved = oracle(&world.plain(), &counted);
        let (known, base) = world.known();
        let known = known.holdings(LookThrough, &base, line);
        for party in (0..PARTIES).filter(|&party| !world.base[party as usize]) {
            let (held, actual) = (known.held(party), &solved[party as usize]);
            prop_assert!(lies_in(actual, &held), "{} of {} in {}", actual, party, held);
            let passes = super::through::passes(actual, line);
            prop_assert!([Truth::Unknown, Truth::from(passes)].contains(&known.passes(party)));
        }
    }

    #[test]
    fn cascade_catches_whom_direct_catches(any in graphs(), line in thresholds()) {
        let graph = any.graph();
        let direct = graph.holdings(Direct, &any.base, line);
        let cascade = graph.holdings(Cascade, &any.base, line);
        for party in 0..PARTIES {
            // What claims contradict is known of neither, but the direct method does not look at claims.
            let contradicted = (0..PARTIES).any(|party| cascade.inconsistent(party) && !direct.inconsistent(party));
            prop_assert!(contradicted || rank(direct.caught(party)) <= rank(cascade.caught(party)));
        }
    }
}
