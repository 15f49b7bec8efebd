use super::*;
use crate::contract::{Element, Party as Raw, Statement};
use crate::testing::{Building, company, interest, request};
use Element::{Interest as At, Party as Of, Relationship as Rel};
use lexgate_model::Threshold;

/// `cn` is where influence starts, perhaps `half`; the others are between them and the customer.
fn building() -> Building {
    let names = [("customer", "SG"), ("cn", "CN"), ("half", ""), ("holdco", "SG"), ("sg", "SG")];
    request("2025-09-05").parties(names.into_iter().map(|(name, region)| company(name, region)).collect())
}

fn passes(kind: &str) -> Passes {
    match kind {
        "appointmentOfBoard" => Passes::Control,
        "votingRights" => Passes::Votes,
        "shareholding" => Passes::Shares,
        _ => Passes::Not,
    }
}

fn lines() -> Lines {
    let fifty = crate::Amount::try_from(crate::Decimal::from(50)).unwrap();
    Lines { votes: Threshold::MoreThan(fifty), shares: Threshold::AtLeast(fifty) }
}

#[track_caller]
fn check(building: Building, expected: Truth, missing: &[(Element, &str)]) {
    let raw = building.build();
    let request = Request::new(&raw).unwrap();
    let start = |party: Party<'_>| party.headquarters().test(|code| code == "CN");
    let links = Links::of(request, lines(), start, passes);
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

#[test]
fn votes_of_several_holders_are_added_up() {
    let votes = |percent| interest("votingRights", percent);
    let thirty = || building().holds("cn", "customer", votes("30"));
    check(thirty(), Truth::False, &[]);
    check(thirty().holds("holdco", "customer", votes("30")), Truth::False, &[]);
    check(thirty().holds("holdco", "customer", votes("30")).owns("cn", "holdco", "60"), Truth::True, &[]);
    check(thirty().holds("half", "customer", votes("30")), Truth::Unknown, &[(Of(2), "headquarters")]);
    check(thirty().holds("sg", "customer", votes("80")), Truth::Unknown, &[(Of(0), "ownership")]);
}

#[test]
fn votes_held_through_others_are_not_added_to_theirs() {
    let votes =
        |percent, directness| crate::contract::Interest { directness, ..interest("votingRights", percent) };
    use crate::contract::Directness::{Direct, Indirect, Unknown as Unstated};
    let chain = building().owns("cn", "holdco", "60").holds("holdco", "customer", votes("30", Direct));
    check(chain.clone().holds("cn", "customer", votes("30", Indirect)), Truth::False, &[]);
    check(chain.holds("cn", "customer", votes("51", Indirect)), Truth::True, &[]);
    check(building().holds("cn", "customer", votes("51", Unstated)), Truth::True, &[]);
    // Two of them may be of the same holder or not: nobody said.
    let two = building().holds("cn", "customer", votes("30", Indirect)).owns("cn", "holdco", "60");
    let two = two.holds("holdco", "customer", votes("30", Indirect));
    check(two, Truth::Unknown, &[(At((0, 0)), "directness"), (At((2, 0)), "directness")]);
    let half = building().holds("cn", "customer", votes("30", Direct));
    check(half.holds("cn", "customer", votes("30", Indirect)), Truth::Unknown, &[(At((1, 0)), "directness")]);
}

#[test]
fn shares_of_several_holders_pass_on_what_one_of_them_has() {
    let half = building().owns("cn", "customer", "30").owns("holdco", "customer", "30");
    check(half.clone().holds("cn", "holdco", board()), Truth::True, &[]);
    check(half.owns("cn", "holdco", "60"), Truth::False, &[]);
}
