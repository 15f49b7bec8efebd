use super::*;
use lexgate_sdk::contract::{self, Finding, Identifier, Outcome};
use lexgate_sdk::testing::{Building, company, interest, request};
use lexgate_sdk::{Period, Version};

const NOBODY: &str = "scheme,id,list,program\n";
const LISTED: &str = "scheme,id,list,program\nXI-LEI,529900ABC,UK-FREEZE,\n";

fn policy(members: &str) -> UkOwnershipControl {
    let version = |content: &[u8]| {
        vec![Version { id: "1".to_owned(), period: Period::default(), content: content.to_vec() }]
    };
    let datasets = Datasets::new()
        .with("lists", version(include_bytes!("../data/lists.csv")))
        .with("listed-parties", version(members.as_bytes()));
    UkOwnershipControl::configure(&Parameters::new("{}"), &datasets).unwrap()
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

/// Numbers without a pattern, the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

const NAMES: [&str; 5] = ["customer", "a", "b", "c", "d"];

/// Five parties and some interests, of which much is not stated. Shares never add up to more than there is.
fn world(dice: &mut Dice) -> contract::Request {
    let lists: [Option<&[&str]>; 5] = [None, Some(&[]), Some(&[]), Some(&["UK-FREEZE"]), Some(&["FREZE"])];
    let mut building = request("2025-10-15");
    for name in NAMES {
        let mut party = on(name, lists[dice.below(5)]);
        if dice.below(3) == 0 {
            party.ownership = contract::Statement::Partial;
        }
        building = building.party(party);
    }
    for _ in 0..dice.below(6) {
        let kinds = ["shareholding", "shareholding", "votingRights", "appointmentOfBoard", "boardChair"];
        let what = interest(kinds[dice.below(5)], ["", "3", "7", "3..7"][dice.below(4)]);
        let owner = ["", "a", "b", "c", "d", "a", "b", "c"][dice.below(8)];
        building = building.holds(owner, NAMES[dice.below(3)], what);
    }
    // Large stakes, so that lines are crossed.
    let large: &[&str] =
        [&[][..], &["50"], &["51"], &["49"], &["30", "30"], &["30..49", "16"]][dice.below(6)];
    for percent in large {
        building = building.holds(NAMES[1 + dice.below(4)], "customer", interest("shareholding", percent));
    }
    building = building.participant("endUser", "customer");
    // Shares supplied later could contradict that all owners are stated.
    building
        .with(|request| {
            for relationship in request.relationships.iter().flatten() {
                if let Some(party) = request.parties.get_mut(relationship.subject as usize) {
                    party.ownership = contract::Statement::Partial;
                }
            }
        })
        .build()
}

fn findings(policy: &UkOwnershipControl, raw: &contract::Request) -> Vec<Finding> {
    let mut findings = Findings::new();
    policy.evaluate(Request::new(raw).unwrap(), &mut findings).unwrap();
    findings.into_contract()
}

#[test]
fn supplying_a_missing_fact_never_widens_the_ends() {
    let (policy, mut dice) = (policy(NOBODY), Dice(20));
    for _ in 0..1_000 {
        let raw = world(&mut dice);
        let mut more = raw.clone();
        let at = dice.below(5);
        let listed = on("x", Some(if dice.below(2) == 0 { &[] } else { &["UK-FREEZE"] }));
        if let Some(party) = more.parties.get_mut(at).filter(|party| party.listings.is_none()) {
            party.listings = listed.listings;
        }
        for relationship in more.relationships.iter_mut().flatten() {
            for interest in relationship.interests.iter_mut().flatten().filter(|it| it.share.is_none()) {
                if dice.below(2) == 0 {
                    interest.share = lexgate_sdk::testing::shareholding(["3", "7"][dice.below(2)]).share;
                }
            }
        }
        let (before, after) = (findings(&policy, &raw), findings(&policy, &more));
        for finding in &before {
            let (floor, ceiling) = ends(&before, &finding.rule);
            let (low, high) = ends(&after, &finding.rule);
            assert!(floor <= low && high <= ceiling, "{}: {raw:?}\n{more:?}", finding.rule);
        }
    }
}

#[test]
fn findings_are_whole_and_order_does_not_matter() {
    let manifest = include_str!("../lexgate.toml");
    let (policy, mut dice) = (policy(NOBODY), Dice(21));
    for _ in 0..600 {
        let raw = world(&mut dice);
        let found = findings(&policy, &raw);
        for finding in &found {
            assert_eq!(finding.floor == finding.ceiling, finding.missing.is_empty(), "{finding:?}");
            assert!(finding.floor < finding.ceiling || !finding.evidence.is_empty(), "{finding:?}");
            let whole = |missing: &contract::Missing| {
                missing.at.at == contract::Element::Request && missing.at.field.is_empty()
            };
            assert!(!finding.missing.iter().any(whole), "asks for nothing in particular: {finding:?}");
            let start = format!("[messages.{}]\n", finding.code);
            let (_, message) = manifest.split_once(&start).expect(&finding.code);
            for part in message.split("\n\n").next().unwrap().split('{').skip(1) {
                let name = part.split('}').next().unwrap();
                let given = finding.arguments.iter().any(|(argument, _)| argument == name);
                assert!(given, "{}: {name}", finding.code);
            }
        }
        let mut turned = raw.clone();
        if let Some(relationships) = &mut turned.relationships {
            relationships.reverse();
        }
        let other = findings(&policy, &turned);
        for finding in &found {
            assert_eq!(ends(&found, &finding.rule), ends(&other, &finding.rule));
        }
    }
}

#[test]
fn more_listed_persons_than_can_be_looked_at_alone_are_refused_where_that_matters() {
    let with = |count: usize, percent: &str| {
        let parties: Vec<_> = (0..count).map(|n| on(&n.to_string(), Some(&["UK-FREEZE"]))).collect();
        let building = request("2025-10-15").parties(parties).party(on("customer", Some(&[])));
        let building = building.party(on("other", Some(&[]))).participant("endUser", "customer");
        building.owns("0", "customer", percent).owns("other", "customer", "40")
    };
    assert!(ask(LISTED, with(32, "60")).is_ok());
    assert!(ask(LISTED, with(33, "60")).is_err());
    let known = with(33, "60").with(|request| {
        for party in &mut request.parties {
            party.identifiers = Some(Vec::new());
        }
        request.relationships = Some(Vec::new());
    });
    assert!(ask(LISTED, known).is_ok(), "nobody owns or controls anything");
}
