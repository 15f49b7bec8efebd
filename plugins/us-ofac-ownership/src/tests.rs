use super::*;
use lexgate_sdk::contract::{self, Finding, Identifier, Outcome};
use lexgate_sdk::testing::{Building, company, request};
use lexgate_sdk::{Period, Version};

const NOBODY: &str = "scheme,id,list,program\n";
const LISTED: &str = "scheme,id,list,program\nXI-LEI,529900ABC,OFAC-SDN,\n";

fn policy(members: &str) -> UsOfacOwnership {
    let version = |content: &[u8]| {
        vec![Version { id: "1".to_owned(), period: Period::default(), content: content.to_vec() }]
    };
    let datasets = Datasets::new()
        .with("lists", version(include_bytes!("../data/lists.csv")))
        .with("listed-parties", version(members.as_bytes()));
    UsOfacOwnership::configure(&Parameters::new("{}"), &datasets).unwrap()
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
        ends(&ask(members, building).unwrap(), "blocked")
    };
    assert_eq!(of(LISTED, known("5299 00ABC")), (Outcome::Deny, Outcome::Deny));
    assert_eq!(of(LISTED, known("529900ABD")), (Outcome::Permit, Outcome::Permit));
    assert_eq!(of(LISTED, on("customer", Some(&[]))), (Outcome::Permit, Outcome::Deny));
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
