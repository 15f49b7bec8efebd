//! Control: links, votes and shares together.

use super::super::control::{Lines, Link, Means, Missing, Origin};
use super::*;
use proptest::prelude::*;

const LINES: fn() -> Lines = || Lines { votes: more_than_half(), shares: at_least_half() };

/// Reads facts on nine parties: `A!` and `A?` are starts, `A c B` a link of control, `A c? B` perhaps one, `A i B` a link
/// without, `A v60 B` votes, `A s60 B` a share; keys count from 0. Control of `A~` is perhaps no matter.
fn means(facts: &str) -> (Means, Vec<Truth>) {
    let (mut means, mut start) = (Means::new(9), vec![Truth::False; 9]);
    let mut keys = 0..;
    for fact in facts.split(';').map(str::trim) {
        if let [from, how, to] = fact.split_whitespace().collect::<Vec<_>>()[..] {
            let (from, to, key) = (party(from), party(to).unwrap(), keys.next().unwrap());
            let stake = |text| Stake { owner: from, owned: to, share: share(text), direct: Truth::True, key };
            match how {
                "c" => means.link(Link { from, to, passes: Truth::True, control: true, key }),
                "c?" => means.link(Link { from, to, passes: Truth::Unknown, control: true, key }),
                "i" => means.link(Link { from, to, passes: Truth::True, control: false, key }),
                _ if how.starts_with('v') => means.votes(stake(&how[1..])),
                _ => means.share(stake(&how[1..])),
            }
        } else if let Some(name) = fact.strip_suffix('~') {
            means.perhaps_apart(party(name).unwrap());
        } else if let Some(name) = fact.strip_suffix('!') {
            start[party(name).unwrap() as usize] = Truth::True;
        } else if let Some(name) = fact.strip_suffix('?') {
            start[party(name).unwrap() as usize] = Truth::Unknown;
        }
    }
    (means, start)
}

/// Compares whether `C` is controlled, and what is missing.
#[track_caller]
fn check(facts: &str, expected: Truth, missing: &[Missing]) {
    let (means, start) = means(facts);
    let reach = means.reach(&start, LINES());
    assert_eq!((reach.controlled(2), reach.missing(2)), (expected, missing.to_vec()), "{facts}");
    assert_eq!(reach.evidence(2).is_empty(), !expected.certain(), "{facts}");
}

use Truth::{False, True, Unknown};

#[test]
fn control_at_any_link_of_a_way_is_control() {
    check("A!; A c C", True, &[]);
    check("A!; A c B; B s50 C", True, &[]);
    check("A!; A s50 B; B c C", True, &[]);
    check("A!; A s50 B; B s50 C", False, &[]);
    check("A!; A c B; B s49.9 C", False, &[]);
    check("D c C", False, &[]);
    check("A!; A i B; B c C", True, &[]);
    check("A!; A c B; B i C", True, &[]);
    check("A!; A i B; B i C", False, &[]);
    check("? i B; B i C", False, &[]);
}

#[test]
fn control_of_one_that_is_perhaps_apart_is_possible_only() {
    let apart = |party| [Missing::Start(party)];
    check("A!; A c C; C~", Unknown, &apart(2));
    check("A!; A c B; B s50 C; B~", Unknown, &apart(1));
    check("A!; A v60 B; B s50 C; B~", Unknown, &apart(1));
    check("A!; D s50 B; A c D; B s50 C; B~", Unknown, &apart(1));
    // It is reached all the same, so what comes after it is control.
    for first in ["A c B", "A v60 B", "A s50 B", "A i B", "A c D; D s50 B"] {
        let facts = format!("A!; {first}; B c C; B~");
        check(&facts, True, &[]);
        let (means, start) = means(&facts);
        let evidence = means.reach(&start, LINES()).evidence(2);
        let all = first.split(';').count() as u32 + 1;
        assert!((0..all).all(|key| evidence.contains(&Origin::Interest(key))), "{facts}: {evidence:?}");
    }
    check("A!; A i C; C~", False, &[]);
}

#[test]
fn votes_are_added_up() {
    check("A!; A v50 C", False, &[]);
    check("A!; A v50.01 C", True, &[]);
    check("A!; B!; A v30 C; B v30 C", True, &[]);
    check("A!; A v30 C; B v30 C", False, &[]);
    check("A!; A c B; A v30 C; B v30 C", True, &[]);
    check("A!; A s60 B; A v30 C; B v30 C", True, &[]);
    check("A!; B?; A v30 C; B v30 C", Unknown, &[Missing::Start(1)]);
    check("A!; A v[25,75] C", Unknown, &[Missing::Stake(Gap::Share(0))]);
    check("A!; A v30 C; ? v30 C", Unknown, &[Missing::Stake(Gap::Owner(1))]);
}

#[test]
fn shares_are_added_up_and_one_controlled_holder_makes_it_control() {
    check("A!; A s30 C; A c B; B s30 C", True, &[]);
    check("A!; A s30 C; B s30 C; A s60 B", False, &[]);
    check("A!; A s30 C; A c B; B s10 C", False, &[]);
}

#[test]
fn sums_of_more_than_all_pass_nothing_on_by_themselves() {
    check("A!; B v80 C; D v50 C", False, &[]);
    check("A!; A v80 C; D v50 C", Unknown, &[Missing::Stake(Gap::Inconsistent(2))]);
}

#[test]
fn a_ring_is_walked_once() {
    check("B c C; C c B", False, &[]);
    check("A!; B c C; C c B; A s50 B", True, &[]);
    check("A!; A c C; C c A", True, &[]);
}

#[test]
fn what_is_missing_on_a_possible_way_is_named() {
    check("A?; A c C", Unknown, &[Missing::Start(0)]);
    check("? c C", Unknown, &[Missing::Holder(0)]);
    check("A!; A c? C", Unknown, &[Missing::Passes(0)]);
    check("A!; A c B; B s[25,75] C", Unknown, &[Missing::Stake(Gap::Share(1))]);
}

#[test]
fn the_evidence_is_every_certain_way() {
    let (means, start) = means("A!; D!; A c B; B s60 C; D c B; E c? C; F v10 C");
    let reach = means.reach(&start, LINES());
    let expected =
        [Origin::Start(0), Origin::Start(3), Origin::Interest(0), Origin::Interest(1), Origin::Interest(2)];
    assert_eq!(reach.evidence(2), expected);
}

/// A way that influence may take: from, to, how (control, votes, shares) and how much.
type Way = (Option<u32>, u32, u32, i32);

/// The definition, in rounds over everything until nothing changes, for facts that are all known.
fn naive(ways: &[Way], start: &[bool]) -> Vec<bool> {
    let (mut reached, mut controlled) = (start.to_vec(), vec![false; start.len()]);
    loop {
        let before = (reached.clone(), controlled.clone());
        for to in 0..start.len() {
            let into = |how: u32| ways.iter().filter(move |way| way.1 as usize == to && way.2 == how);
            let from = |way: &&Way| way.0.map(|from| from as usize).filter(|&from| from != to);
            let holds = |way: &&Way| from(way).is_some_and(|from| before.0[from] || before.1[from]);
            let sum = |how| into(how).filter(holds).map(|way| way.3).sum::<i32>();
            controlled[to] |= into(0).any(|way| holds(&way)) || sum(1) > 50;
            reached[to] |= into(3).any(|way| holds(&way));
            controlled[to] |= into(3).any(|way| from(&way).is_some_and(|from| before.1[from]));
            if sum(2) >= 50 {
                reached[to] = true;
                controlled[to] |= into(2).any(|way| from(&way).is_some_and(|from| before.1[from]));
            }
        }
        if before == (reached.clone(), controlled.clone()) {
            return controlled;
        }
    }
}

fn built(ways: &[(Way, bool)]) -> Means {
    let mut means = Means::new(6);
    for (key, ((from, to, how, much), known)) in (0..).zip(ways) {
        let (from, to) = (*from, *to);
        let exact = Some(Interval::exact(at(&much.to_string())));
        let stake =
            Stake { owner: from, owned: to, share: exact.filter(|_| *known), direct: Truth::True, key };
        match how {
            0 | 3 => means.link(Link {
                from,
                to,
                passes: if *known { True } else { Unknown },
                control: *how == 0,
                key,
            }),
            1 => means.votes(stake),
            _ => means.share(stake),
        }
    }
    means
}

fn ways() -> impl Strategy<Value = Vec<(Way, bool)>> {
    let way = (prop::option::weighted(0.95, 0..6u32), 0..6u32, 0..4u32, 0..=12i32);
    let way = (way, prop::bool::weighted(0.8))
        .prop_map(|((from, to, how, much), known)| ((from, to, how, much * 5), known));
    prop::collection::vec(way, 0..14).prop_map(|ways| {
        let mut left = [[100; 6]; 4];
        let fit = |((from, to, how, much), known): (Way, bool)| {
            let left = &mut left[how as usize][to as usize];
            let much = much.min(*left);
            *left -= much;
            ((from, to, how, much), known)
        };
        ways.into_iter().map(fit).collect()
    })
}

proptest! {
    #[test]
    fn the_definition_applied_round_by_round_agrees(ways in ways(), start in prop::collection::vec(any::<bool>(), 6)) {
        let known: Vec<(Way, bool)> = ways.iter().filter(|(way, _)| way.0.is_some()).map(|(way, _)| (*way, true)).collect();
        let means = built(&known);
        let truths: Vec<Truth> = start.iter().map(|&start| start.into()).collect();
        let reach = means.reach(&truths, LINES());
        let plain: Vec<Way> = known.iter().map(|(way, _)| *way).collect();
        let expected = naive(&plain, &start);
        for party in 0..6 {
            prop_assert_eq!(reach.controlled(party), Truth::from(expected[party as usize]));
            prop_assert!(reach.missing(party).is_empty());
        }
    }

    #[test]
    fn less_known_is_never_the_opposite(
        ways in ways(), start in prop::collection::vec(any::<bool>(), 6), hidden in prop::collection::vec(any::<bool>(), 6),
    ) {
        let actual: Vec<(Way, bool)> = ways.iter().filter(|(way, _)| way.0.is_some()).map(|(way, _)| (*way, true)).collect();
        let less: Vec<(Way, bool)> = ways.iter().filter(|(way, _)| way.0.is_some()).copied().collect();
        let truths: Vec<Truth> = start.iter().map(|&start| start.into()).collect();
        let fewer: Vec<Truth> = truths.iter().zip(&hidden).map(|(&truth, &hidden)| if hidden { Unknown } else { truth }).collect();
        let (actual, less) = (built(&actual), built(&less));
        let (actual, less) = (actual.reach(&truths, LINES()), less.reach(&fewer, LINES()));
        for party in 0..6 {
            let known = less.controlled(party);
            prop_assert!(known == Unknown || known == actual.controlled(party));
            prop_assert_eq!(known == Unknown, !less.missing(party).is_empty());
        }
    }
}
