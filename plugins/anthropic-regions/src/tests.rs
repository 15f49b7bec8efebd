use super::*;
use lexgate_sdk::Truth;
use lexgate_sdk::contract::{self, Element, Outcome};
use lexgate_sdk::testing::{Building, company, interest, person, request};
use lexgate_sdk::{Period, Version};

const TERMS: &str = r#"{"acrossRegions":true,"method":"cascade","strict":true,"threshold":"50"}"#;

fn policy(terms: &str) -> AnthropicRegions {
    let content = include_bytes!("../data/regions.csv").to_vec();
    let version = Version { id: "2025-09-05".to_owned(), period: Period::default(), content };
    let datasets = Datasets::new().with("regions", vec![version]);
    AnthropicRegions::configure(&Parameters::new(terms), &datasets).unwrap()
}

/// A customer in Singapore, and who may own it.
fn building() -> Building {
    request("2025-09-05")
        .parties(vec![
            company("customer", "SG"),
            company("cn", "CN"),
            company("ru", "RU"),
            company("sg", "SG"),
            company("unheard", "US"),
            person("person", &["CN"]),
            company("vendor", "US"),
        ])
        .participant("vendor", "vendor")
        .participant("endUser", "customer")
}

fn findings(terms: &str, building: Building) -> Vec<contract::Finding> {
    let (mut findings, request) = (Findings::new(), building.build());
    policy(terms).evaluate(Request::new(&request).unwrap(), &mut findings).unwrap();
    findings.into_contract()
}

/// Compares what each rule says: a letter for each of location, majority, attribution and control (`p`ermit, `r`eview,
/// `d`eny, `R` and `D` where that is only possible, `n` where it is not known whether the rule applies).
#[track_caller]
fn check_with(terms: &str, building: Building, expected: &str) {
    let letter = |finding: &contract::Finding| match (finding.floor, finding.ceiling) {
        (Outcome::Permit, Outcome::Permit) => 'p',
        (Outcome::Permit, Outcome::Review) => 'R',
        (Outcome::Permit, Outcome::Deny) => 'D',
        (Outcome::Review, Outcome::Review) => 'r',
        (Outcome::Deny, Outcome::Deny) => 'd',
        (Outcome::NotApplicable, _) => 'n',
        other => panic!("{other:?}"),
    };
    assert_eq!(findings(terms, building).iter().map(letter).collect::<String>(), expected);
}

#[track_caller]
fn check(building: Building, expected: &str) {
    check_with(TERMS, building, expected);
}

#[test]
fn ownership_by_companies_of_unsupported_regions_is_denied_above_half() {
    check(building().owns("cn", "customer", "100"), "pdrp");
    check(building().owns("cn", "customer", "50").owns("sg", "customer", "50"), "pppp");
    check(
        building()
            .owns("cn", "customer", "18.8")
            .owns("cn", "customer", "28.1")
            .owns("ru", "customer", "3.1")
            .owns("sg", "customer", "50"),
        "pppp",
    );
    check(building().owns("cn", "customer", "30").owns("ru", "customer", "25"), "pdrp");
    check(building().owns("cn", "customer", "40..60"), "pDRp");
}

#[test]
fn a_binding_may_choose_what_the_text_leaves_open() {
    let apart = TERMS.replace("\"acrossRegions\":true", "\"acrossRegions\":false");
    let with_rest = || building().owns("cn", "customer", "30").owns("sg", "customer", "45");
    check_with(&apart, with_rest().owns("ru", "customer", "25"), "pprp");
    check_with(&apart, building().owns("cn", "customer", "30").owns("ru", "customer", "55"), "pdrp");
    check_with(&apart, with_rest().owns("unheard", "customer", "25"), "pDRp");
    let half = TERMS.replace("\"strict\":true", "\"strict\":false");
    check_with(&half, building().owns("cn", "customer", "50").owns("sg", "customer", "50"), "pdrp");
}

#[test]
fn a_person_is_no_company() {
    check(building().owns("person", "customer", "60"), "pprp");
}

#[test]
fn control_is_looked_at_below_the_threshold() {
    let half = || building().owns("cn", "customer", "50").owns("sg", "customer", "50");
    check(half().holds("cn", "customer", interest("appointmentOfBoard", "")), "pppr");
    check(half().holds("cn", "customer", interest("votingRights", "50")), "pppp");
    check(half().holds("cn", "customer", interest("votingRights", "50..51")), "pppR");
    check(half().holds("sg", "customer", interest("appointmentOfBoard", "")), "pppp");
    check(half().holds("cn", "customer", interest("boardMember", "")), "pppp");
    check(half().holds("person", "customer", interest("boardChair", "")), "pppr");
}

#[test]
fn what_is_not_known_stays_open() {
    check(building().owns("unheard", "customer", "60"), "pDRp");
    check(building().owns("", "customer", "60"), "pDRp");
    check(building().unrelated(), "pDRR");
}

#[test]
fn a_code_that_is_not_on_the_list_is_named() {
    let findings = findings(TERMS, building().owns("unheard", "customer", "60"));
    let missing = &findings[1].missing[0];
    assert_eq!(missing.expected, "a region on the list, which does not have `US`");
    assert_eq!((missing.at.at, missing.reason.as_str()), (Element::Party(4), "unknown"));
}

#[test]
fn only_ai_models_and_chatbots_are_looked_at_and_only_the_side_that_receives() {
    let owned = || building().owns("cn", "customer", "60");
    check(owned().with(|request| request.resource.category = Some("storage".to_owned())), "");
    check(owned().with(|request| request.resource.category = None), "nnnn");
    check(owned().with(|request| request.participants.truncate(1)), "D");
    check(owned().participant("purchaser", "customer"), "pdrp");
    check(owned().participant("purchaser", "sg"), "pdrppppp");
}

#[test]
fn every_message_and_rule_is_in_the_manifest() {
    let manifest = include_str!("../lexgate.toml");
    let crowd = building()
        .party(company("open", ""))
        .owns("unheard", "open", "100")
        .owns("cn", "customer", "100")
        .holds("cn", "customer", interest("boardChair", ""))
        .holds("", "open", interest("boardChair", ""))
        .participant("purchaser", "cn")
        .participant("purchaser", "open")
        .participant("purchaser", "sg");
    for finding in findings(TERMS, crowd) {
        assert!(manifest.contains(&format!("id = \"{}\"", finding.rule)), "{}", finding.rule);
        let (_, message) = manifest.split_once(&format!("[messages.{}]\n", finding.code)).unwrap();
        let message = message.split("\n\n").next().unwrap();
        for part in message.split('{').skip(1) {
            let name = part.split('}').next().unwrap();
            assert!(
                finding.arguments.iter().any(|(argument, _)| argument == name),
                "{}: {name}",
                finding.code
            );
        }
    }
}

#[test]
fn sixty_parties_are_screened_and_one_more_is_refused() {
    let with = |count: usize| {
        let names: Vec<_> = (0..count).map(|index| format!("c{index}")).collect();
        let companies = names.iter().map(|name| company(name, "SG")).collect();
        let buyers = request("2025-09-05").parties(companies);
        let buyers = names.iter().fold(buyers, |buyers, name| buyers.participant("endUser", name)).build();
        let (mut findings, view) = (Findings::new(), Request::new(&buyers).unwrap());
        policy(TERMS).evaluate(view, &mut findings).map(|()| findings.into_contract().len())
    };
    assert_eq!(with(MOST_SCREENED).unwrap(), 4 * MOST_SCREENED);
    assert!(with(MOST_SCREENED + 1).is_err());
}

#[test]
fn the_list_we_ship_says_of_whom_it_knows() {
    let list = Regions::parse(include_bytes!("../data/regions.csv"), "supported").unwrap();
    let check = |code: &str, supported: Truth| assert_eq!(list.has(code), supported, "{code}");
    for supported in ["SG", "KR-11", "TW", "UA-30"] {
        check(supported, Truth::True);
    }
    for unsupported in ["CN-31", "HK", "RU", "IR", "KP", "UA-43", "UA-14", "UA-09"] {
        check(unsupported, Truth::False);
    }
    for unknown in ["UA", "US", "FR-75"] {
        check(unknown, Truth::Unknown);
    }
}
