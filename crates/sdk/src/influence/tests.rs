use super::*;
use crate::contract::{Element, Party as Raw, Statement};
use crate::testing::{Building, company, interest, request};
use Element::{Interest as At, Party as Of, Relationship as Rel};

/// `cn` is where influence starts, perhaps `half`; the others are between them and the customer.
fn building() -> Building {
    let names = [("customer", "SG"), ("cn", "CN"), ("half", ""), ("holdco", "SG"), ("sg", "SG")];
    request("2025-09-05").parties(names.into_iter().map(|(name, region)| company(name, region)).collect())
}

fn passes(kind: &str) -> Passes {
    let fifty = crate::Amount::try_from(crate::Decimal::from(50)).unwrap();
    match kind {
        "appointmentOfBoard" => Passes::Control,
        "shareholding" => Passes::SharesFrom(crate::Threshold::AtLeast(fifty)),
        _ => Passes::Not,
    }
}

#[track_caller]
fn check(building: Building, expected: Truth, missing: &[(Element, &str)]) {
    let raw = building.build();
    let request = Request::new(&raw).unwrap();
    let start = |party: Party<'_>| party.headquarters().test(|code| code == "CN");
    let links = Links::of(request, |party| start(party).certain(), passes);
    let reach = links.from(start);
    let customer = request.party(0).unwrap();
    assert_eq!(reach.controlled(customer), expected);
    let named = reach.missing(customer, |party| party.headquarters().missing("a region"));
    let mut named: Vec<_> = named.iter().map(|m| (m.at.at, m.at.field.as_str())).collect();
    named.dedup();
    if expected == Truth::Unknown {
        assert_eq!(named, missing);
    }
    let (interests, starts) = reach.evidence(customer);
    assert_eq!(interests.is_empty() || starts.is_empty(), !expected.certain());
}

fn board() -> crate::contract::Interest {
    interest("appointmentOfBoard", "")
}

fn open(name: &str) -> Raw {
    Raw { ownership: Statement::Partial, ..company(name, "SG") }
}

#[test]
fn control_at_any_link_of_a_path_is_control() {
    use Truth::{False, True};
    let path = |first, second| building().holds("cn", "holdco", first).holds("holdco", "customer", second);
    let shares = || interest("shareholding", "50");
    check(path(shares(), shares()), False, &[]);
    check(path(board(), shares()), True, &[]);
    check(path(shares(), board()), True, &[]);
    check(path(board(), interest("shareholding", "49.9")), False, &[]);
    check(path(board(), interest("boardMember", "")), False, &[]);
}

#[test]
fn control_that_does_not_come_from_the_start_is_none() {
    check(building().holds("sg", "customer", board()), Truth::False, &[]);
    check(building().owns("cn", "customer", "60").holds("sg", "customer", board()), Truth::False, &[]);
    check(building().holds("sg", "cn", board()).owns("cn", "customer", "60"), Truth::False, &[]);
    check(building().holds("customer", "customer", board()).owns("cn", "customer", "60"), Truth::False, &[]);
}

#[test]
fn a_ring_is_walked_once() {
    let ring = building().holds("sg", "customer", board()).holds("customer", "sg", board());
    check(ring.clone(), Truth::False, &[]);
    check(ring.owns("cn", "sg", "50"), Truth::True, &[]);
}

#[test]
fn what_is_missing_on_a_possible_path_is_named() {
    use Truth::Unknown;
    check(building().holds("half", "customer", board()), Unknown, &[(Of(2), "headquarters")]);
    check(building().holds("", "customer", board()), Unknown, &[(Rel(0), "interestedParty")]);
    check(building().silent("cn", "customer"), Unknown, &[(Rel(0), "interests")]);
    check(
        building().holds("cn", "customer", interest("unknownInterest", "")),
        Unknown,
        &[(At((0, 0)), "kind")],
    );
    check(
        building().holds("cn", "holdco", board()).owns("holdco", "customer", "25..75"),
        Unknown,
        &[(At((1, 0)), "share")],
    );
    check(building().party(open("open")).owns("open", "customer", "60"), Unknown, &[(Of(5), "ownership")]);
    check(building().unrelated(), Unknown, &[(Element::Request, "relationships")]);
}

#[test]
fn what_is_missing_elsewhere_is_not() {
    check(building().silent("sg", "customer"), Truth::False, &[]);
    check(building().party(open("open")).owns("open", "customer", "40"), Truth::False, &[]);
    check(building().holds("half", "sg", board()), Truth::False, &[]);
}

/// Numbers without pattern, the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Who is controlled, by the definition: rounds over all links until nothing changes.
fn naive(links: &[Link], start: &[Truth], holds: fn(Truth) -> bool) -> Vec<bool> {
    let mut reached: Vec<bool> = start.iter().map(|truth| holds(*truth)).collect();
    let mut controlled = vec![false; start.len()];
    loop {
        let before = (reached.clone(), controlled.clone());
        for link in links.iter().filter(|link| holds(link.passes)) {
            let to = link.to as usize;
            let (from_reached, from_controlled) = match link.from {
                Some(from) => (before.0[from as usize], before.1[from as usize]),
                None => (holds(Truth::Unknown), false),
            };
            controlled[to] |= from_controlled || (from_reached && link.control);
            reached[to] |= from_reached || from_controlled;
        }
        if before == (reached.clone(), controlled.clone()) {
            return controlled;
        }
    }
}

#[test]
fn the_definition_applied_round_by_round_agrees() {
    let raw = building().silent("sg", "sg").silent("", "sg").build();
    let request = Request::new(&raw).unwrap();
    let mut dice = Dice(2025);
    for _ in 0..5_000 {
        let mut links = Links::of(request, |_| false, |_| Passes::Not);
        for _ in 0..dice.roll(9) {
            let from = u32::try_from(dice.roll(6)).ok().filter(|&from| from < 5);
            let to = u32::try_from(dice.roll(5)).unwrap();
            let truth = if dice.roll(3) == 0 { Truth::Unknown } else { Truth::True };
            let control = dice.roll(3) == 0;
            links.add(from, to, (truth, control), Source::Silent(from.is_none().into()));
        }
        let start: Vec<_> = (0..5)
            .map(|_| [Truth::True, Truth::Unknown, Truth::False, Truth::False][dice.roll(4) as usize])
            .collect();
        let reach = links.from(|party| start[party.index() as usize]);
        let certain = naive(&links.links, &start, Truth::certain);
        let possible = naive(&links.links, &start, Truth::possible);
        for party in request.parties().iter() {
            let at = party.index() as usize;
            let expected = Truth::between(certain[at], possible[at]);
            assert_eq!(reach.controlled(party), expected, "{at} from {start:?} by {:?}", links.links);
            let missing = reach.missing(party, |start| start.flag("start").missing("true or false"));
            assert!(
                expected != Truth::Unknown || !missing.is_empty(),
                "{at} from {start:?} by {:?}",
                links.links
            );
            let (_, starts) = reach.evidence(party);
            assert_eq!(starts.is_empty(), !expected.certain());
        }
    }
}
