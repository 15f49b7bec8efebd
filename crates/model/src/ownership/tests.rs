use super::*;
use crate::Decimal;
use Method::{Cascade, Direct};
use proptest::prelude::*;

fn at(text: &str) -> Amount {
    Amount::try_from(text.parse::<Decimal>().unwrap()).unwrap()
}

fn more_than_half() -> Threshold {
    Threshold::MoreThan(at("50"))
}

fn at_least_half() -> Threshold {
    Threshold::AtLeast(at("50"))
}

/// Reads `50`, `[25,50]`, `(50,75]`, and `?` for not stated.
fn share(text: &str) -> Option<Interval> {
    if text == "?" {
        return None;
    }
    let Some(body) = text.strip_prefix(['[', '(']) else { return Some(Interval::exact(at(text))) };
    let (low, high) = body.trim_end_matches([']', ')']).split_once(',').unwrap();
    let minimum = End { value: at(low), exclusive: text.starts_with('(') };
    let maximum = End { value: at(high), exclusive: text.ends_with(')') };
    Some(Interval::new(minimum, maximum).unwrap())
}

/// Reads `A` as 0, `B` as 1, …; `?` is nobody.
fn party(text: &str) -> Option<u32> {
    let letter = text.bytes().next().filter(u8::is_ascii_uppercase)?;
    Some(u32::from(letter - b'A'))
}

/// Reads facts on nine parties, A to I.
///
/// `A!` counts in itself, `A?` may, others do not; `A 60 B` is a stake, `A ~60 B` perhaps an indirect one,
/// `? 60 B` one of an unspecified owner, keys count from 0. `B+` may have more owners, the others have not.
fn read(facts: &str) -> (Graph, Vec<Truth>) {
    let (mut graph, mut base, mut keys) = (Graph::new(9), vec![Truth::False; 9], 0..);
    for name in (b'A'..=b'I').map(char::from).filter(|&name| !facts.contains(&format!("{name}+"))) {
        graph.all_owners_stated(party(&name.to_string()).unwrap());
    }
    for fact in facts.split(';').map(str::trim) {
        if let Some((owner, rest)) = fact.split_once(' ') {
            let (part, owned) = rest.split_once(' ').unwrap();
            let direct = if part.starts_with('~') { Truth::Unknown } else { Truth::True };
            let (owned, share) = (party(owned).unwrap(), share(part.trim_start_matches('~')));
            graph.add(Stake { owner: party(owner), owned, share, direct, key: keys.next().unwrap() });
        } else if let Some(name) = fact.strip_suffix('!') {
            base[party(name).unwrap() as usize] = Truth::True;
        } else if let Some(name) = fact.strip_suffix('?') {
            base[party(name).unwrap() as usize] = Truth::Unknown;
        } else {
            assert!(fact.is_empty() || fact.ends_with('+'), "not a fact: {fact}");
        }
    }
    (graph, base)
}

/// Compares whether `C` passes, and what is held of it, with `True: 60` and the like.
#[track_caller]
fn check(method: Method, threshold: Threshold, facts: &str, expected: &str) {
    let (graph, base) = read(facts);
    let holdings = graph.holdings(method, &base, threshold);
    assert_eq!(format!("{:?}: {}", holdings.passes(2), holdings.held(2)), expected, "{facts}");
}

/// Compares what is missing about `C`, by cascade and more than half.
#[track_caller]
fn check_gaps(facts: &str, expected: &[Gap]) {
    let (graph, base) = read(facts);
    assert_eq!(graph.holdings(Cascade, &base, more_than_half()).gaps(2), expected, "{facts}");
}

/// Compares the evidence on `C`, by cascade and more than half.
#[track_caller]
fn check_evidence(facts: &str, expected: &[u32]) {
    let (graph, base) = read(facts);
    assert_eq!(graph.holdings(Cascade, &base, more_than_half()).evidence(2), expected, "{facts}");
}

#[test]
fn exactly_half_is_not_more_than_half() {
    check(Cascade, more_than_half(), "A!; A 50 C; B 50 C", "False: 50");
    check(Direct, more_than_half(), "A!; A 50 C; B 50 C", "False: 50");
    check(Cascade, at_least_half(), "A!; A 50 C; B 50 C", "True: 50");
}

#[test]
fn owners_are_added_up() {
    check(Direct, more_than_half(), "A!; B!; A 25.05 C; B 25.05 C", "True: 50.1");
    check(Direct, more_than_half(), "A!; A 25.05 C; A 25.05 C", "True: 50.1");
    check(Cascade, at_least_half(), "A!; B!; A 25 C; B 25 C", "True: 50");
}

#[test]
fn the_order_of_the_summands_does_not_move_the_sum() {
    let parts = ["A 18.8 C", "B 28.1 C", "D 3.1 C"];
    for [i, j, k] in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let facts = format!("A!; B!; D!; {}; {}; {}; E 50 C", parts[i], parts[j], parts[k]);
        check(Cascade, more_than_half(), &facts, "False: 50");
        check(Cascade, at_least_half(), &facts, "True: 50");
    }
}

#[test]
fn the_whole_stake_of_a_caught_owner_counts() {
    check(Cascade, more_than_half(), "A!; A 60 B; B 60 C", "True: 60");
    check(Direct, more_than_half(), "A!; A 60 B; B 60 C", "False: 0");
    check(Cascade, more_than_half(), "A!; A 50 B; B 100 C", "False: 0");
}

#[test]
fn the_examples_of_the_sanctions_office_hold() {
    check(Cascade, at_least_half(), "A!; A 50 B; B 50 C", "True: 50");
    check(Cascade, at_least_half(), "A!; A 50 B; A 10 C; B 40 C", "True: 50");
    check(Cascade, at_least_half(), "A!; B!; A 25 C; B 25 C", "True: 50");
}

#[test]
fn shares_of_more_than_all_are_inconsistent() {
    for facts in ["A!; A 80 C; B 50 C", "A!; A 80 C; B 50 C; C+"] {
        check(Cascade, more_than_half(), facts, "Unknown: 80");
        check_gaps(facts, &[Gap::Inconsistent(2)]);
    }
    check(Direct, more_than_half(), "A!; B!; A 80 C; B 50 C; C+", "Unknown: 130");
    check(Direct, more_than_half(), "A 80 C; B 50 C; C+", "Unknown: 0");
    check(Direct, more_than_half(), "A!; A (60,75] C; B 40 C; C+", "Unknown: more than 60 to 75");
    check(Direct, more_than_half(), "A!; A [60,75] C; B 40 C; C+", "True: 60");
}

#[test]
fn an_inconsistent_party_is_caught_only_by_what_it_is_in_itself() {
    let (graph, base) = read("A!; D!; A 80 D; B 50 D; A 80 E; B 50 E");
    let holdings = graph.holdings(Cascade, &base, more_than_half());
    assert_eq!([3, 4].map(|p| holdings.caught(p)), [Truth::True, Truth::Unknown]);
    assert_eq!([0, 3, 4].map(|p| holdings.inconsistent(p)), [false, true, true]);
}

#[test]
fn an_inconsistency_upstream_is_passed_on() {
    check(Cascade, more_than_half(), "B 80 D; E 50 D; D 60 C; D+", "Unknown: 0 to 60");
    check_gaps("B 80 D; E 50 D; D 60 C; D+", &[Gap::Inconsistent(3)]);
}

#[test]
fn a_rest_without_named_owners_may_be_held_by_counted_ones() {
    check(Cascade, more_than_half(), "A!; A [25,50] C; C+", "Unknown: 25 to 100");
    check_gaps("A!; A [25,50] C; C+", &[Gap::Share(0), Gap::Owners(2)]);
    check(Cascade, more_than_half(), "A!; A [25,50] C", "False: 25 to 50");
    check(Cascade, more_than_half(), "A!; A 25 C; B 50 C; C+", "False: 25 to 50");
    check(Cascade, more_than_half(), "C+", "Unknown: 0 to 100");
    check_gaps("C+", &[Gap::Owners(2)]);
    check(Cascade, more_than_half(), "", "False: 0");
    check(Cascade, more_than_half(), "A!; A 40 C; B 60 C; C+", "False: 40");
}

#[test]
fn what_the_others_hold_at_least_bounds_what_is_held_at_most() {
    check(Direct, more_than_half(), "A!; A ? C; B [30,40] C", "Unknown: 0 to 70");
    check(Direct, more_than_half(), "A!; A ? C; B (50,75] C", "False: 0 to less than 50");
    check(Direct, at_least_half(), "A!; A ? C; B (50,75] C; C+", "False: 0 to less than 50");
    check(Direct, at_least_half(), "A!; A ? C; B [50,75] C; C+", "Unknown: 0 to 50");
    check(Direct, more_than_half(), "A!; A [20,30] C; B 70 C", "False: 20 to 30");
    check(Direct, more_than_half(), "A!; A [20,30) C; B 70 C", "False: 20 to less than 30");
    check(Direct, more_than_half(), "A!; A [20,30] C; B (70,75] C", "False: 20 to less than 30");
}

#[test]
fn an_open_band_decides_where_a_closed_one_does_not() {
    let open = "A!; A 60 B; B (50,75] C; D [25,50) C";
    check(Cascade, more_than_half(), open, "True: more than 50 to 75");
    check_gaps(open, &[]);
    check_evidence(open, &[0, 1]);
    let closed = "A!; A 60 B; B [50,75] C; D [25,50) C";
    check(Cascade, more_than_half(), closed, "Unknown: 50 to 75");
    check_gaps(closed, &[Gap::Share(1)]);
}

#[test]
fn an_open_end_keeps_a_sum_open() {
    check(Direct, at_least_half(), "A!; A [10,25) C; A 25 C", "False: 35 to less than 50");
    check(Direct, more_than_half(), "A!; A (25,30] C; A 25 C", "True: more than 50 to 55");
    check(Direct, at_least_half(), "A!; B?; A 25 C; B [10,25) C", "False: 25 to less than 50");
    check(Direct, at_least_half(), "A!; B?; A 25 C; B [10,25] C", "Unknown: 25 to 50");
}

#[test]
fn rings_without_a_counted_owner_are_not_caught() {
    check(Cascade, more_than_half(), "B 60 C; C 60 B", "False: 0");
    check(Cascade, more_than_half(), "B 60 C; C 60 D; D 60 B", "False: 0");
    check(Cascade, at_least_half(), "B 50 C; C 50 B; B 50 C; C 50 B; B+; C+", "False: 0");
}

#[test]
fn rings_are_caught_from_outside() {
    check(Cascade, more_than_half(), "A!; A 51 B; B 60 C; C 49 B", "True: 60");
    check_evidence("A!; A 51 B; B 60 C; C 40 B", &[0, 1, 2]);
    check(Cascade, more_than_half(), "A!; A 40 B; B 60 C; C 60 B", "False: 0");
    check(Cascade, more_than_half(), "A!; A 40 B; B 60 C; C 40 B; B+", "Unknown: 0 to 60");
    check_gaps("A!; A 40 B; B 60 C; C 40 B; B+", &[Gap::Owners(1)]);
}

#[test]
fn what_a_party_holds_of_itself_does_not_count() {
    check(Cascade, more_than_half(), "C 60 C", "False: 0");
    check(Cascade, more_than_half(), "C?; C 60 C", "False: 0");
    check(Direct, more_than_half(), "C!; C 60 C", "False: 0");
    check(Cascade, more_than_half(), "C 60 C; C+", "False: 0 to 40");
    check(Cascade, more_than_half(), "A!; A 51 C; C 49 C; C+", "True: 51");
}

#[test]
fn an_unspecified_owner_possibly_counts() {
    check(Direct, more_than_half(), "A!; A 40 C; ? 20 C", "Unknown: 40 to 60");
    check_gaps("A!; A 40 C; ? 20 C", &[Gap::Owner(1)]);
    check_gaps("A!; A 40 C; ? ? C", &[Gap::Share(1), Gap::Owner(1)]);
    check(Direct, more_than_half(), "A!; A 40 C; ? 10 C", "False: 40 to 50");
    check(Direct, more_than_half(), "A!; A 51 C; ? 49 C", "True: 51 to 100");
}

#[test]
fn a_stake_that_may_be_indirect_counts_from_nothing() {
    check(Direct, more_than_half(), "A!; A ~60 C", "Unknown: 0 to 60");
    check_gaps("A!; A ~60 C", &[Gap::Directness(0)]);
    check_gaps("A!; A ~(50,75] C", &[Gap::Share(0), Gap::Directness(0)]);
    check(Direct, more_than_half(), "A!; B!; A ~60 C; B 60 C", "True: 60 to 100");
    check(Direct, at_least_half(), "A!; A ~[25,50) C", "False: 0 to less than 50");
}

#[test]
fn an_indirect_stake_is_not_there() {
    let mut graph = Graph::new(2);
    let share = share("60");
    graph.add(Stake { owner: Some(0), owned: 1, share, direct: Truth::False, key: 0 });
    graph.all_owners_stated(1);
    let holdings = graph.holdings(Direct, &[Truth::True, Truth::False], more_than_half());
    assert_eq!((holdings.caught(1), holdings.held(1)), (Truth::False, Interval::ZERO));
}

#[test]
fn an_owner_who_may_count_is_a_gap() {
    check(Cascade, more_than_half(), "A?; A 60 C", "Unknown: 0 to 60");
    check_gaps("A?; A 60 C", &[Gap::Base(0)]);
    check_gaps("A?; B?; A 60 B; B 60 C", &[Gap::Base(0), Gap::Base(1)]);
    check_gaps("A?; A 60 B; D 60 E; B ? C; E+", &[Gap::Base(0), Gap::Share(2)]);
    check_gaps("A?; A 0 B; B 60 C; B+", &[Gap::Owners(1)]);
}

#[test]
fn what_cannot_change_the_answer_is_no_gap() {
    check_gaps("A!; D?; A 60 C; D ? C", &[]);
    check_gaps("A!; A [40,60] C; B [10,20] C", &[Gap::Share(0)]);
    check_gaps("A!; A [40,60] C; B [10,50] C", &[Gap::Share(0), Gap::Share(1)]);
    check_gaps("A!; A ? C; B ~60 C", &[Gap::Share(0), Gap::Directness(1)]);
}

#[test]
fn what_the_others_may_hold_together_is_a_gap() {
    check_gaps("A!; A ? C; B [0,20] C; D 30 C", &[Gap::Share(0), Gap::Share(1)]);
    check_gaps("A!; D?; A ? C; B [0,20] C; D 30 C", &[Gap::Base(3), Gap::Share(0), Gap::Share(1)]);
    check_gaps("A!; D?; A ? C; B [0,15] C; D 30 C", &[Gap::Base(3), Gap::Share(0)]);
}

#[test]
fn who_owns_the_owners_does_not_matter_when_only_direct_ones_count() {
    let (graph, base) = read("B?; B 60 C; B+");
    let gaps = |method| graph.holdings(method, &base, more_than_half()).gaps(2);
    assert_eq!(gaps(Direct), [Gap::Base(1)]);
    assert_eq!(gaps(Cascade), [Gap::Base(1), Gap::Owners(1)]);
}

#[test]
fn evidence_follows_cascaded_owners_and_stops_at_counted_ones() {
    check_evidence("A!; D!; D 60 A; A 60 B; B 60 C; C 60 E; A+; E+", &[1, 2]);
    check_evidence("A!; A ? C; A 30 C; A ~20 C; A 0 C; A (0,5] C; B 20 C; C+", &[1, 4]);
    check_evidence("A!; A 60 B; A 60 D; B 30 C; D 30 C; B+; C+; D+", &[0, 1, 2, 3]);
    check_evidence("A?; A 60 C; C+", &[]);
}

#[test]
fn parties_outside_the_graph_do_no_harm() {
    let mut graph = Graph::new(1);
    let stake = |owner, owned| Stake { owner, owned, share: share("60"), direct: Truth::True, key: 7 };
    graph.add(stake(Some(0), 1));
    graph.add(stake(Some(u32::MAX), 0));
    graph.all_owners_stated(1);
    graph.all_owners_stated(0);
    let holdings = graph.holdings(Cascade, &[Truth::False, Truth::True], more_than_half());
    assert_eq!((holdings.caught(1), holdings.held(1)), (Truth::Unknown, Interval::ANY_SHARE));
    assert_eq!((holdings.gaps(1), holdings.evidence(1)), (vec![Gap::Owners(1)], vec![]));
    assert_eq!((holdings.caught(0), holdings.gaps(0)), (Truth::Unknown, vec![Gap::Owner(7)]));
    assert_eq!(graph.holdings(Direct, &[], more_than_half()).caught(0), Truth::Unknown);
    assert_eq!(Graph::new(0).holdings(Cascade, &[], at_least_half()).caught(0), Truth::Unknown);
}

#[test]
fn shares_below_nothing_are_not_stated_ones() {
    check(Direct, more_than_half(), "A!; A -5 C", "Unknown: 0 to 100");
    check(Direct, more_than_half(), "A!; A [-5,30] C", "False: 0 to 30");
    check(
        Direct,
        more_than_half(),
        "A!; A 3e19 C; A 3e19 C",
        "Unknown: 42535295865117307932.921825928971026431",
    );
}

#[test]
fn a_graph_of_ten_thousand_parties_is_worked_through() {
    let mut seed = 1u32;
    let mut draw = |below: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) % below
    };
    let mut graph = Graph::new(10_000);
    for key in 0..50_000 {
        let (owner, owned, percent) = (draw(10_000), draw(10_000), i32::try_from(draw(40)).unwrap());
        let share = Some(Interval::exact(Amount::try_from(Decimal::from(percent)).unwrap()));
        graph.add(Stake { owner: Some(owner), owned, share, direct: Truth::True, key });
    }
    let base: Vec<Truth> = (0..10_000).map(|p| Truth::from(p % 7 == 0)).collect();
    for method in [Direct, Cascade] {
        let holdings = graph.holdings(method, &base, more_than_half());
        let known = (0..10_000).filter(|&p| holdings.caught(p) != Truth::Unknown).count();
        assert!(known > 1_000 && holdings.evidence(1).is_sorted() && holdings.gaps(2).is_sorted());
    }
}

// From here on generated graphs, and worlds in which everything is true or false while less is known of them.

const PARTIES: u32 = 6;

fn percent(n: i32) -> Amount {
    Amount::try_from(Decimal::from(n)).unwrap()
}

fn thresholds() -> impl Strategy<Value = Threshold> {
    (0..=5i32, any::<bool>()).prop_map(|(n, strict)| {
        let line = [0, 25, 50, 50, 75, 100].map(percent)[usize::try_from(n).unwrap()];
        if strict { Threshold::MoreThan(line) } else { Threshold::AtLeast(line) }
    })
}

fn rules() -> impl Strategy<Value = (Method, Threshold)> {
    (prop_oneof![Just(Direct), Just(Cascade)], thresholds())
}

/// Mostly true.
fn likely() -> impl Strategy<Value = bool> {
    prop::bool::weighted(0.8)
}

fn truths() -> impl Strategy<Value = Truth> {
    prop_oneof![Just(Truth::True), Just(Truth::False), Just(Truth::Unknown)]
}

/// A stake as it is, and how much of that is known.
#[derive(Debug, Clone)]
struct Fact {
    owner: u32,
    owned: u32,
    share: i32,
    direct: bool,
    mentioned: bool,
    owner_known: bool,
    direct_known: bool,
    /// How far the known band reaches below and above the share, and whether it is open; `None`: not stated.
    band: Option<(i32, i32, bool)>,
}

#[derive(Debug, Clone)]
struct World {
    facts: Vec<Fact>,
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
        let mut graph = Graph::new(PARTIES);
        for (key, fact) in (0..).zip(&self.facts).filter(|(_, fact)| fact.mentioned) {
            graph.add(Stake {
                owner: fact.owner_known.then_some(fact.owner),
                owned: fact.owned,
                share: fact.known(),
                direct: Truth::from(fact.direct_known.then_some(fact.direct)),
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
        (graph, known.map(|(&base, known)| Truth::from(known.then_some(base))).collect())
    }

    fn actual(&self) -> World {
        let mut world = self.clone();
        world.base_known.fill(true);
        world.owners_stated.fill(true);
        for fact in &mut world.facts {
            (fact.mentioned, fact.owner_known, fact.direct_known) = (true, true, true);
            fact.band = Some((0, 0, false));
        }
        world
    }

    /// Fills in what the gap names.
    fn learn(&mut self, gap: Gap) {
        match gap {
            Gap::Base(party) => self.base_known[party as usize] = true,
            Gap::Share(key) => self.facts[key as usize].band = Some((0, 0, false)),
            Gap::Directness(key) => self.facts[key as usize].direct_known = true,
            Gap::Owner(key) => self.facts[key as usize].owner_known = true,
            Gap::Owners(party) => {
                self.owners_stated[party as usize] = true;
                for fact in self.facts.iter_mut().filter(|fact| fact.owned == party) {
                    fact.mentioned = true;
                }
            }
            Gap::Inconsistent(party) => panic!("the shares of {party} are consistent"),
        }
    }
}

fn bands() -> impl Strategy<Value = (i32, i32, bool)> {
    prop_oneof![Just((0, 0, false)), (0..=25i32, 0..=25i32, any::<bool>())]
}

prop_compose! {
    fn facts()(
        (owner, owned, share) in (0..PARTIES, 0..PARTIES, 0..=20i32),
        (direct, mentioned, owner_known, direct_known) in (likely(), likely(), likely(), likely()),
        band in prop::option::weighted(0.8, bands()),
    ) -> Fact {
        Fact { owner, owned, share: share * 5, direct, mentioned, owner_known, direct_known, band }
    }
}

prop_compose! {
    /// Worlds in which no party is owned by more than 100 %.
    fn worlds()(
        drawn in prop::collection::vec(facts(), 0..16),
        base in prop::collection::vec(prop::bool::weighted(0.3), PARTIES as usize),
        base_known in prop::collection::vec(likely(), PARTIES as usize),
        owners_stated in prop::collection::vec(likely(), PARTIES as usize),
    ) -> World {
        let (mut facts, mut left): (Vec<Fact>, _) = (Vec::new(), [100; PARTIES as usize]);
        for fact in drawn {
            let left = &mut left[fact.owned as usize];
            let share = if fact.direct { fact.share.min(*left) } else { fact.share };
            *left -= if fact.direct { share } else { 0 };
            facts.push(Fact { share, ..fact });
        }
        World { facts, base, base_known, owners_stated }
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
struct Any {
    stakes: Vec<Stake>,
    stated: Vec<bool>,
    base: Vec<Truth>,
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

fn rank(truth: Truth) -> u8 {
    u8::from(truth.possible()) + u8::from(truth.certain())
}

/// The definition of what is held, word by word.
fn naive_held(any: &Any, party: u32, counted: &[Truth]) -> (Interval, bool) {
    let zero = End::inclusive(Amount::ZERO);
    let (mut certain, mut possible, mut uncounted, mut all) =
        (Interval::ZERO, Interval::ZERO, Interval::ZERO, Interval::ZERO);
    for stake in any.stakes.iter().filter(|s| s.owned == party && s.direct != Truth::False) {
        let share = stake.share.filter(|s| s.maximum().value >= Amount::ZERO).unwrap_or(Interval::ANY_SHARE);
        let from = if share.minimum().value < Amount::ZERO || stake.direct == Truth::Unknown {
            zero
        } else {
            share.minimum()
        };
        let part = Interval::new(from, share.maximum()).unwrap_or(Interval::ANY_SHARE);
        all = all.plus(&part);
        match stake.owner.filter(|&owner| owner < PARTIES) {
            Some(owner) if owner == party || counted[owner as usize] == Truth::False => {
                uncounted = uncounted.plus(&part)
            }
            Some(owner) if counted[owner as usize] == Truth::True => {
                certain = certain.plus(&part);
                possible = possible.plus(&part);
            }
            _ => possible = possible.plus(&part),
        }
    }
    let less = |amount: &Interval| End {
        value: Amount::HUNDRED.minus(amount.minimum().value),
        exclusive: amount.minimum().exclusive,
    };
    let inconsistent =
        less(&all).value < Amount::ZERO || (less(&all).value == Amount::ZERO && less(&all).exclusive);
    if !any.stated[party as usize] && !inconsistent {
        possible = possible.plus(&Interval::new(zero, less(&all)).unwrap());
    }
    let low = certain.minimum();
    let held = Interval::new(low, possible.maximum()).unwrap();
    if inconsistent {
        return (held, true);
    }
    (held.intersection(&Interval::new(low, less(&uncounted)).unwrap()).unwrap(), false)
}

/// Rounds over all parties until nothing changes: first who possibly counts, then who surely does.
fn naive(any: &Any, method: Method, threshold: Threshold) -> Vec<(Truth, Interval)> {
    let passes = |party: u32, counted: &[Truth]| match naive_held(any, party, counted) {
        (_, true) => Truth::Unknown,
        (held, false) => threshold.passed_by(&held),
    };
    let mut counted = vec![Truth::False; PARTIES as usize];
    for level in [Truth::Unknown, Truth::True] {
        loop {
            let before = counted.clone();
            for party in 0..PARTIES {
                let base = any.base[party as usize];
                let caught = if method == Cascade { base.or(passes(party, &before)) } else { base };
                if rank(caught) >= rank(level) {
                    counted[party as usize] = level;
                }
            }
            if counted == before {
                break;
            }
        }
    }
    (0..PARTIES).map(|party| (passes(party, &counted), naive_held(any, party, &counted).0)).collect()
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
        Gap::Base(p) | Gap::Owners(p) | Gap::Inconsistent(p) => above.contains(&p),
        Gap::Share(key) | Gap::Directness(key) | Gap::Owner(key) => {
            any.stakes.iter().any(|s| s.key == key && above.contains(&s.owned))
        }
    }
}

proptest! {
    #[test]
    fn the_definition_applied_round_by_round_agrees(any in graphs(), (method, line) in rules()) {
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
    fn what_is_only_partly_known_contains_what_is(world in worlds(), (method, line) in rules()) {
        let ((known, base), (actual, actual_base)) = (world.known(), world.actual().known());
        let known = known.holdings(method, &base, line);
        let actual = actual.holdings(method, &actual_base, line);
        for party in 0..PARTIES {
            let held = actual.held(party);
            prop_assert!(held.is_exact() && actual.passes(party) != Truth::Unknown);
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
            prop_assert_eq!(alone.graph().holdings(method, &any.base, line).held(party).minimum(), least);
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
        prop_assume!(after.inconsistent(stake.owned) == before.inconsistent(stake.owned));
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
            prop_assert!(rank(before.caught(party)) <= rank(after.caught(party)));
            prop_assert!(before.held(party).minimum().value <= after.held(party).minimum().value);
            prop_assert!(before.held(party).maximum().value <= after.held(party).maximum().value);
        }
    }

    #[test]
    fn cascade_catches_whom_direct_catches(any in graphs(), line in thresholds()) {
        let graph = any.graph();
        let direct = graph.holdings(Direct, &any.base, line);
        let cascade = graph.holdings(Cascade, &any.base, line);
        for party in 0..PARTIES {
            prop_assert!(rank(direct.caught(party)) <= rank(cascade.caught(party)));
        }
    }
}
