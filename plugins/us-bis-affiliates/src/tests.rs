use super::*;
use lexgate_sdk::contract::{self, Finding, Identifier, LicensingPolicy, Outcome};
use lexgate_sdk::testing::{Building, company, request};
use lexgate_sdk::{Period, Version};

const NOBODY: &str = "scheme,id,list,program\n";
const LISTED: &str = "scheme,id,list,program\nXI-LEI,529900ABC,BIS-EL,\n";

fn policy(members: &str) -> UsBisAffiliates {
    let version = |content: &[u8]| {
        vec![Version { id: "1".to_owned(), period: Period::default(), content: content.to_vec() }]
    };
    let datasets = Datasets::new()
        .with("lists", version(include_bytes!("../data/lists.csv")))
        .with("listed-parties", version(members.as_bytes()));
    UsBisAffiliates::configure(&Parameters::new("{}"), &datasets).unwrap()
}

fn on(name: &str, lists: Option<&[&str]>) -> contract::Party {
    let listing = |list: &&str| contract::Listing {
        list_id: (*list).to_owned(),
        program: None,
        start: None,
        end: None,
        source_version: None,
    };
    contract::Party {
        listings: lists.map(|lists| lists.iter().map(listing).collect()),
        ..company(name, "SG")
    }
}

fn ask(members: &str, building: Building) -> Result<Vec<Finding>, Refusal> {
    let (mut findings, request) = (Findings::new(), building.build());
    policy(members).evaluate(Request::new(&request).unwrap(), &mut findings)?;
    Ok(findings.into_contract())
}

/// The ends of a rule, over all parties.
fn ends(findings: &[Finding], rule: &str) -> (Outcome, Outcome) {
    let of_rule = || findings.iter().filter(|finding| finding.rule == rule);
    let floor = of_rule().map(|finding| finding.floor).max();
    (floor.unwrap(), of_rule().map(|finding| finding.ceiling).max().unwrap())
}

#[test]
fn an_attached_list_finds_a_party_by_its_identifier_and_asks_where_there_is_none() {
    let known = |id: &str| contract::Party {
        identifiers: Some(vec![Identifier { scheme: "XI-LEI".to_owned(), id: id.to_owned() }]),
        ..on("customer", Some(&[]))
    };
    let of = |members: &str, customer: contract::Party| {
        let building = request("2025-10-15").party(customer).participant("endUser", "customer");
        ends(&ask(members, building).unwrap(), "listed")
    };
    assert_eq!(of(LISTED, known("5299 00ABC")), (Outcome::LicenceRequired, Outcome::LicenceRequired));
    assert_eq!(of(LISTED, known("529900ABD")), (Outcome::Permit, Outcome::Permit));
    assert_eq!(of(LISTED, on("customer", Some(&[]))), (Outcome::Permit, Outcome::LicenceRequired));
    assert_eq!(of(NOBODY, on("customer", Some(&[]))), (Outcome::Permit, Outcome::Permit));
}

#[test]
fn more_parties_than_findings_can_tell_of_are_refused() {
    let with = |count: usize| {
        let parties: Vec<_> = (0..count).map(|n| on(&n.to_string(), Some(&[]))).collect();
        let names: Vec<_> = parties.iter().map(|party| party.record_id.clone()).collect();
        let building = request("2025-10-15").parties(parties);
        names.iter().fold(building, |building, name| building.participant("endUser", name))
    };
    let findings = ask(LISTED, with(MOST_SCREENED)).unwrap();
    assert!(findings.len() <= 256, "{}", findings.len());
    assert!(ask(LISTED, with(MOST_SCREENED + 1)).is_err());
}

/// The licensing policy of a customer of which owners on these lists have a quarter each.
#[track_caller]
fn check_licensing(licensing: &str, lists: &[&str], expected: LicensingPolicy) {
    let datasets = |content: &str| {
        vec![Version { id: "1".to_owned(), period: Period::default(), content: content.as_bytes().to_vec() }]
    };
    let lists_of_binding = ["list,program,counts,licensing\n", licensing].concat();
    let datasets = Datasets::new()
        .with("lists", datasets(&lists_of_binding))
        .with("listed-parties", datasets("scheme,id,list,program\n"));
    let policy = UsBisAffiliates::configure(&Parameters::new("{}"), &datasets).unwrap();
    let mut building =
        request("2025-10-15").party(on("customer", Some(&[]))).participant("endUser", "customer");
    for (number, list) in lists.iter().enumerate() {
        let name = number.to_string();
        building = building.party(on(&name, Some(&[list]))).owns(&name, "customer", "25");
    }
    let (mut findings, raw) = (Findings::new(), building.build());
    policy.evaluate(Request::new(&raw).unwrap(), &mut findings).unwrap();
    let findings = findings.into_contract();
    let affiliates: Vec<_> =
        findings.iter().filter(|finding| AFFILIATES.contains(&finding.rule.as_str())).collect();
    assert_eq!(affiliates.len(), 3);
    for finding in affiliates {
        assert_eq!((finding.floor, finding.licensing), (Outcome::LicenceRequired, Some(expected)));
    }
}

#[test]
fn the_most_restrictive_owner_governs() {
    use LicensingPolicy::{CaseByCase, PolicyOfDenial, PresumptionOfApproval, PresumptionOfDenial};
    let rows = "A,*,yes,presumption-of-approval\nC,*,yes,case-by-case\nD,*,yes,policy-of-denial\n\
                P,*,yes,presumption-of-denial\nU,*,yes,unknown\nE,*,yes,\n";
    check_licensing(rows, &["A", "A", "A", "A"], PresumptionOfApproval);
    check_licensing(rows, &["A", "A", "A", "C"], CaseByCase);
    check_licensing(rows, &["D", "A", "C", "C"], PolicyOfDenial);
    check_licensing(rows, &["C", "P", "C", "C"], PresumptionOfDenial);
    check_licensing(rows, &["C", "U", "C", "C"], PresumptionOfDenial);
    check_licensing(rows, &["C", "E", "C", "C"], PresumptionOfDenial);
}

#[test]
fn a_programme_has_a_licensing_policy_of_its_own_and_a_bad_word_is_refused() {
    let licensing = |text: &str| Licensing::parse(["list,program,licensing\n", text].concat().as_bytes());
    let table = licensing("A,*,case-by-case\nA,X,policy-of-denial\nB,X,case-by-case\n").unwrap();
    assert_eq!(table.of([("A", "X")]), LicensingPolicy::PolicyOfDenial);
    assert_eq!(table.of([("A", "Y")]), LicensingPolicy::CaseByCase);
    assert_eq!(table.of([("A", "")]), LicensingPolicy::CaseByCase);
    assert_eq!(table.of([("B", "Y")]), LicensingPolicy::PresumptionOfDenial);
    assert_eq!(table.of([]), LicensingPolicy::PresumptionOfDenial);
    assert_eq!(licensing("A,*,maybe\n").unwrap_err(), "line 2: `maybe` is no licensing policy");
}
