//! Owners that count or do not: directly, and by the cascade.

use super::*;

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
    assert_eq!((holdings.caught(0), holdings.gaps(0)), (Truth::Unknown, vec![Gap::Owner(7), Gap::Owners(0)]));
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
    for method in [Direct, Cascade, LookThrough] {
        let holdings = graph.holdings(method, &base, more_than_half());
        let known = (0..10_000).filter(|&p| holdings.caught(p) != Truth::Unknown).count();
        assert!(known > 1_000 && holdings.evidence(1).is_sorted() && holdings.gaps(2).is_sorted());
    }
}
