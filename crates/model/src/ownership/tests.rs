//! The methods on small graphs that are written down, and on generated ones.

mod claims;
mod control;
mod counting;
mod generated;
mod naive;
mod reference;
mod through;

use super::{Gap, Graph, Method, Stake};
use crate::{Amount, Decimal, End, Interval, Threshold, Truth};
use Method::{Cascade, Direct, LookThrough};

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
/// `A!` counts in itself, `A?` may, others do not; `A 60 B` is a stake, `A >60 B` an indirect one, `A ~60 B` perhaps one,
/// `? 60 B` one of an unspecified owner, keys count from 0. `B+` may have more owners, the others have not: what is left of
/// them is held by I, under keys from [`REST`] on.
fn read(facts: &str) -> (Graph, Vec<Truth>) {
    let (mut graph, mut base, mut keys) = (Graph::new(9), vec![Truth::False; 9], 0..);
    for name in (b'A'..=b'I').map(char::from).filter(|&name| !facts.contains(&format!("{name}+"))) {
        graph.all_owners_stated(party(&name.to_string()).unwrap());
    }
    for fact in facts.split(';').map(str::trim) {
        if let Some((owner, rest)) = fact.split_once(' ') {
            let (part, owned) = rest.split_once(' ').unwrap();
            let direct = match part.as_bytes()[0] {
                b'~' => Truth::Unknown,
                b'>' => Truth::False,
                _ => Truth::True,
            };
            let (owned, share) = (party(owned).unwrap(), share(part.trim_start_matches(['~', '>'])));
            graph.add(Stake { owner: party(owner), owned, share, direct, key: keys.next().unwrap() });
        } else if let Some(name) = fact.strip_suffix('!') {
            base[party(name).unwrap() as usize] = Truth::True;
        } else if let Some(name) = fact.strip_suffix('?') {
            base[party(name).unwrap() as usize] = Truth::Unknown;
        } else {
            assert!(fact.is_empty() || fact.ends_with('+'), "not a fact: {fact}");
        }
    }
    for (key, at) in (REST..).zip(0..8) {
        let name = char::from(b'A' + u8::try_from(at).unwrap());
        let stakes = graph.stakes_in(at).map(|stake| stake.contribution().maximum().value);
        let most = stakes.fold(Amount::ZERO, Amount::plus);
        if most > Amount::ZERO && most < Amount::HUNDRED && !facts.contains(&format!("{name}+")) {
            let share = Some(Interval::exact(Amount::HUNDRED.minus(most)));
            graph.add(Stake { owner: Some(8), owned: at, share, direct: Truth::True, key });
        }
    }
    (graph, base)
}

/// Where the keys of what is left begin.
const REST: u32 = 1_000;

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
