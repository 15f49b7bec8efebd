use super::*;
use crate::contract::{self, Element, Identifier, Outcome};
use crate::testing::{Building, company, interest, request};
use Element::{Interest as At, Party as Of};

const LISTS: &str = "list,program,counts\nFREEZE,*,yes\nFREEZE,TRADE,no\nSOME,A,yes\nWATCH,*,no\n";
const NOBODY: &str = "scheme,id,list,program\n";
const SOMEBODY: &str = "scheme,id,list,program\nXI-LEI,5299 00AB,FREEZE,\nUS-EIN,1,WATCH,\nUS-EIN,2,NEW,X\n";

fn listing(list: &str, program: Option<&str>) -> contract::Listing {
    let program = program.map(Into::into);
    contract::Listing { list_id: list.into(), program, start: None, end: None, source_version: None }
}

fn on(name: &str, listings: Option<Vec<contract::Listing>>) -> contract::Party {
    contract::Party { listings, ..company(name, "SG") }
}

fn known_by(scheme: &str, id: &str) -> contract::Party {
    let identifiers = Some(vec![Identifier { scheme: scheme.into(), id: id.into() }]);
    contract::Party { identifiers, ..on("one", Some(Vec::new())) }
}

/// Compares whether a party is listed, how many facts show it, and where what is missing would be.
#[track_caller]
fn check_by(members: &str, party: contract::Party, is: Truth, evidence: usize, missing: Option<&str>) {
    let raw = request("2025-01-01").party(party).build();
    let request = Request::new(&raw).unwrap();
    let (lists, members) =
        (Lists::parse(LISTS.as_bytes()).unwrap(), Members::parse(members.as_bytes()).unwrap());
    let listed = Listed::new(request, &lists, &members);
    let party = request.party(0).unwrap();
    assert_eq!(listed.is(party), is);
    assert_eq!(listed.evidence(party).len(), evidence);
    assert_eq!(listed.missing(party).map(|missing| missing.at.field).as_deref(), missing);
    assert_eq!(listed.on(party).is_empty(), !is.certain());
}

#[track_caller]
fn check(listings: Option<Vec<contract::Listing>>, is: Truth, evidence: usize, missing: Option<&str>) {
    check_by(NOBODY, on("one", listings), is, evidence, missing);
}

#[test]
fn a_party_is_listed_by_its_listings_of_the_day() {
    use Truth::{False, True, Unknown};
    check(None, Unknown, 0, Some("listings"));
    check(Some(vec![]), False, 1, None);
    check(Some(vec![listing("FREEZE", Some("TERROR"))]), True, 1, None);
    check(Some(vec![listing("FREEZE", Some("TRADE"))]), False, 1, None);
    check(Some(vec![listing("FREEZE", None)]), Unknown, 1, Some("listings/0/program"));
    check(Some(vec![listing("SOME", None)]), Unknown, 1, Some("listings/0/program"));
    check(Some(vec![listing("SOME", Some("A"))]), True, 1, None);
    check(Some(vec![listing("SOME", Some("B"))]), Unknown, 1, Some("listings/0/program"));
    check(Some(vec![listing("WATCH", None), listing("FREZE", None)]), Unknown, 1, Some("listings/1/listId"));
    check(Some(vec![listing("FREZE", None), listing("FREEZE", Some("X"))]), True, 1, None);
    let day = |day| Some(contract::Date { year: 2025, month: 1, day });
    let ended = contract::Listing {
        end: Some(contract::Date { year: 2024, month: 12, day: 31 }),
        ..listing("FREZE", None)
    };
    check(Some(vec![ended]), False, 1, None);
    let last = contract::Listing { end: day(1), ..listing("SOME", Some("A")) };
    check(Some(vec![last]), True, 1, None);
    let begins = contract::Listing { start: day(2), ..listing("SOME", Some("A")) };
    check(Some(vec![begins]), False, 1, None);
}

#[test]
fn a_party_is_listed_by_its_identifiers_where_a_list_of_them_is_attached() {
    use Truth::{False, True, Unknown};
    check_by(SOMEBODY, on("one", Some(vec![])), Unknown, 1, Some("identifiers"));
    check_by(SOMEBODY, on("one", None), Unknown, 0, Some("listings"));
    check_by(SOMEBODY, known_by("xi-lei", "529900ab"), True, 1, None);
    check_by(SOMEBODY, known_by("XI-LEI", "529900AC"), False, 2, None);
    check_by(SOMEBODY, known_by("US-EIN", "1"), False, 2, None);
    check_by(SOMEBODY, known_by("US-EIN", "2"), True, 1, None);
    let unstated = contract::Party { listings: None, ..known_by("US-EIN", "3") };
    check_by(SOMEBODY, unstated, Unknown, 1, Some("listings"));
    let both = contract::Party {
        listings: Some(vec![listing("FREEZE", Some("A"))]),
        ..known_by("XI-LEI", "529900AB")
    };
    check_by(SOMEBODY, both, True, 2, None);
}

#[test]
fn bad_datasets_are_refused_with_their_line() {
    let lists = |rows: &str| {
        let text = ["list,program,counts\n", rows].concat();
        Lists::parse(text.as_bytes()).unwrap_err()
    };
    assert_eq!(lists("A,*,maybe\n"), "line 2: `maybe` is neither `yes`, `no` nor `unknown`");
    assert_eq!(lists("A,*,yes\nA,*,no\n"), "line 3: `A`, `*` stands twice");
    let given = "line 2: `list` and `program` must be given; `*` is every other";
    assert_eq!((lists("A,,yes\n").as_str(), lists(",*,yes\n").as_str()), (given, given));
    let members = |row: &str| {
        let text = ["scheme,id,list,program\n", row].concat();
        Members::parse(text.as_bytes()).unwrap_err()
    };
    for row in ["--,1,A,\n", "XI-LEI,-,A,\n", "XI-LEI,1,,\n"] {
        assert_eq!(members(row), "line 2: `scheme`, `id` and `list` must be given");
    }
    let every = Lists::parse(b"list,program,counts\nA,*,yes\n*,*,no\n").unwrap();
    assert_eq!((every.has("B", Some("X")), every.has("A", None)), (Truth::False, Truth::True));
}

/// The customer, a listed party, one of which that is not stated, and one between.
fn building() -> Building {
    request("2025-01-01").parties(vec![
        on("customer", Some(vec![])),
        on("listed", Some(vec![listing("SOME", Some("A"))])),
        on("unstated", None),
        on("between", Some(vec![])),
        on("other", Some(vec![])),
    ])
}

/// Compares what listed parties own and control of the customer.
#[track_caller]
fn check_owned(building: Building, owned: Truth, controlled: Truth, missing: &[(Element, &str)]) {
    let raw = building.build();
    let request = Request::new(&raw).unwrap();
    let (lists, members) =
        (Lists::parse(LISTS.as_bytes()).unwrap(), Members::parse(NOBODY.as_bytes()).unwrap());
    let listed = Listed::new(request, &lists, &members);
    let ownership = Ownership::of(request, "shareholding");
    let line = Threshold::AtLeast(fifty());
    let sum = Owned::new(&listed, &ownership, line);
    let links = links(&listed, line, control);
    let reach = Controlled::new(&links, &sum);
    let customer = request.party(0).unwrap();
    assert_eq!((sum.passes(customer), reach.controls(customer)), (owned, controlled));
    let mut findings = Findings::new();
    let grades =
        [sum.grade(customer, "owned", Answer::Deny), reach.grade(customer, "controlled", Answer::Review)];
    tell(&mut findings, "rule", ("clear", "open"), grades);
    let finding = findings.into_contract().remove(0);
    let named: Vec<_> = finding.missing.iter().map(|m| (m.at.at, m.at.field.as_str())).collect();
    assert_eq!(named, missing);
    let code = match (owned, controlled) {
        (Truth::True, _) => "owned",
        (Truth::False, Truth::True) => "controlled",
        (Truth::False, Truth::False) => "clear",
        _ => "open",
    };
    assert_eq!(finding.code, code);
    assert_eq!(
        finding.floor == Outcome::Review,
        owned == Truth::Unknown && controlled.certain() || code == "controlled"
    );
}

#[test]
fn what_listed_parties_own_and_control_is_found() {
    use Truth::{False, True, Unknown};
    let board = || interest("appointmentOfBoard", "");
    let rest = |building: Building, percent| building.owns("other", "customer", percent);
    check_owned(rest(building().owns("listed", "customer", "50"), "50"), True, False, &[]);
    check_owned(rest(building().owns("listed", "customer", "49.9"), "50.1"), False, False, &[]);
    check_owned(building().holds("listed", "customer", board()), False, True, &[]);
    check_owned(building().holds("listed", "customer", interest("boardChair", "")), False, False, &[]);
    check_owned(building().holds("unstated", "customer", board()), False, Unknown, &[(Of(2), "listings")]);
    check_owned(
        rest(building().owns("unstated", "customer", "50"), "50"),
        Unknown,
        False,
        &[(Of(2), "listings")],
    );
    check_owned(
        rest(building().owns("listed", "customer", "40..60"), "40").holds("listed", "customer", board()),
        Unknown,
        True,
        &[(At((0, 0)), "share")],
    );
    let through = building().owns("listed", "between", "60").owns("other", "between", "40");
    check_owned(through.holds("between", "customer", board()), False, True, &[]);
    // Whom a listed party appoints counts with what it holds, but not as an owner.
    let appointed = building().holds("listed", "between", board()).owns("between", "customer", "100");
    check_owned(appointed, False, True, &[]);
}

#[test]
fn every_other_interest_is_perhaps_control() {
    assert_eq!([control("boardChair"), perhaps_control("boardChair")], [Passes::Not, Passes::Control]);
    assert_eq!(perhaps_control("votingRights"), Passes::Votes);
    assert_eq!(perhaps_control("shareholding"), Passes::Shares);
}

#[test]
fn the_owners_that_count_are_told_with_their_share() {
    let raw = building().owns("listed", "customer", "50").owns("other", "customer", "50").build();
    let request = Request::new(&raw).unwrap();
    let (lists, members) =
        (Lists::parse(LISTS.as_bytes()).unwrap(), Members::parse(NOBODY.as_bytes()).unwrap());
    let listed = Listed::new(request, &lists, &members);
    let ownership = Ownership::of(request, "shareholding");
    for (line, sign) in [(Threshold::AtLeast(fifty()), "≥ 50"), (Threshold::MoreThan(fifty()), "> 50")] {
        let sum = Owned::new(&listed, &ownership, line);
        let customer = request.party(0).unwrap();
        let owners: Vec<_> = sum.owners(customer).map(|owner| owner.record_id()).collect();
        assert_eq!(owners, ["listed"]);
        let mut findings = Findings::new();
        sum.explain(findings.say("rule", "code", Answer::Deny), customer);
        let finding = findings.into_contract().remove(0);
        let argument =
            |name: &str| finding.arguments.iter().find(|(known, _)| known == name).unwrap().1.clone();
        assert_eq!([argument("party"), argument("line"), argument("share")], ["customer", sign, "50"]);
        let evidence: Vec<_> =
            finding.evidence.iter().map(|place| (place.at, place.field.as_str())).collect();
        assert_eq!(evidence, [(Of(0), "ownership"), (At((0, 0)), ""), (Of(1), "listings/0")]);
    }
}

#[test]
fn one_party_is_not_screened_as_two() {
    let screens = |identifiers: [(&str, &str); 2]| {
        let [one, other] = identifiers.map(|(scheme, id)| known_by(scheme, id));
        let other = contract::Party { record_id: "other".into(), ..other };
        let raw = request("2025-01-01").parties(vec![one, other]).participant("endUser", "one").build();
        screened(Request::new(&raw).unwrap(), 1).map(|screened| screened.len())
    };
    assert_eq!(screens([("XI-LEI", "A1"), ("XI-LEI", "A2")]).unwrap(), 1);
    assert_eq!(screens([("XI-LEI", "A1"), ("US-EIN", "A1")]).unwrap(), 1);
    let Err(Refusal::InvalidRequest(why)) = screens([("XI-LEI", "A1"), ("xi-lei", "a 1")]) else {
        panic!("is not refused");
    };
    assert!(why.contains("`one` and `other`"), "{why}");
}

#[test]
fn who_runs_the_service_is_screened_with_those_who_take_part() {
    let screens = |participant: Option<&str>| {
        let parties = ["one", "two", "three", "four", "five"].map(|name| on(name, Some(Vec::new())));
        let building = request("2025-01-01").parties(parties.into());
        let building =
            participant.into_iter().fold(building, |building, name| building.participant("x", name));
        let raw = building.with(|raw| {
            raw.deployment = Some(contract::Deployment {
                operator: Some(0),
                infrastructure_provider: Some(1),
                technology_provider: Some(3),
                region: None,
                facts: Vec::new(),
            });
        });
        let raw = raw.build();
        let screened = screened(Request::new(&raw).unwrap(), 4).unwrap();
        screened.into_iter().map(|party| party.index()).collect::<Vec<_>>()
    };
    assert_eq!(screens(Some("five")), [4, 0, 1, 3]);
    assert_eq!(screens(Some("two")), [1, 0, 3]);
    assert_eq!(screens(None), [] as [u32; 0]);
}
