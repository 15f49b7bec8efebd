use super::*;
use lexgate_sdk::contract::{self, Element, Parent, Value};
use lexgate_sdk::testing::{company, fact, request};
use lexgate_sdk::{Period, Version};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// What a request says, by name.
type Facts = BTreeMap<&'static str, &'static str>;

/// Every fact that may be missing, and the values it may have.
const VALUES: [(&str, &[&str]); 12] = [
    ("category", &["compute", "gpu-hours"]),
    ("classifications", &["ECCN 3A090.a", "", "ECCN 3A090.b", "ECCN EAR99", "ECCN 3a090.a", "HS 854231"]),
    ("purposes", &["model-training", "civil", "military", "wmd", "resale", "civil trainning"]),
    ("participants", &["both", "vendor", "customer", "reseller"]),
    ("cloud.headquarters", &["US", "MY"]),
    ("cloud.jurisdiction", &["US", "MY"]),
    ("headquarters", &["CN", "SG", "DE"]),
    ("ultimateParent", &["none", "parent"]),
    ("parent.headquarters", &["CN", "SG", "DE"]),
    ("militaryEndUser", &["yes", "no"]),
    ("militaryIntelligenceEndUser", &["yes", "no"]),
    ("trainsModelsForGroupD5", &["no", "yes"]),
];

static POLICY: LazyLock<UsCloudLicensing> = LazyLock::new(|| {
    let version = |content: &[u8]| {
        vec![Version {
            id: "1".to_owned(),
            period: Period { from: None, until: None },
            content: content.to_vec(),
        }]
    };
    let datasets = Datasets::new()
        .with("regions", version(include_bytes!("../data/regions.csv")))
        .with("chips", version(include_bytes!("../data/chips.csv")));
    UsCloudLicensing::configure(&Parameters::new("{}"), &datasets).unwrap()
});

/// The request that says this and nothing else.
fn asked(facts: &Facts) -> contract::Request {
    let text = |name: &str| facts.get(name).map(|&text| text.to_owned());
    let seat = |name| facts.get(name).copied().unwrap_or_default();
    let flags = ["militaryEndUser", "militaryIntelligenceEndUser", "trainsModelsForGroupD5"];
    let flags = flags.iter().filter_map(|&name| Some(fact(name, Value::Flag(*facts.get(name)? == "yes"))));
    let cloud = contract::Party {
        jurisdiction: text("cloud.jurisdiction"),
        ..company("cloud", seat("cloud.headquarters"))
    };
    let customer = contract::Party {
        facts: flags.collect(),
        ultimate_parent: match facts.get("ultimateParent") {
            None => Parent::Unknown("notSupplied".to_owned()),
            Some(&"none") => Parent::HasNoParent,
            Some(_) => Parent::Known(2),
        },
        ..company("customer", seat("headquarters"))
    };
    let building =
        request("2026-02-01").parties(vec![cloud, customer, company("parent", seat("parent.headquarters"))]);
    let building = match facts.get("participants") {
        None => building,
        Some(&"vendor") => building.participant("vendor", "cloud"),
        Some(&"customer") => building.participant("endUser", "customer"),
        Some(&"reseller") => building.participant("vendor", "cloud").participant("reseller", "customer"),
        Some(_) => building.participant("vendor", "cloud").participant("endUser", "customer"),
    };
    let entry = |text: &str| {
        let (scheme, code) = text.split_once(' ')?;
        let (scheme, code) = (scheme.to_owned(), code.to_owned());
        Some(contract::Classification { scheme, version: None, code, facts: Vec::new() })
    };
    let mut asked = building.build();
    asked.resource.category = text("category");
    asked.resource.classifications =
        facts.get("classifications").map(|text| entry(text).into_iter().collect());
    asked.purposes = facts.get("purposes").map(|text| text.split(' ').map(str::to_owned).collect());
    asked
}

fn found(asked: &contract::Request) -> Vec<contract::Finding> {
    let mut findings = Findings::new();
    POLICY.evaluate(Request::new(asked).unwrap(), &mut findings).unwrap();
    findings.into_contract()
}

/// The ends of each rule.
fn ends(findings: &[contract::Finding]) -> BTreeMap<&str, (Outcome, Outcome)> {
    findings.iter().map(|finding| (finding.rule.as_str(), (finding.floor, finding.ceiling))).collect()
}

/// Numbers without a pattern, the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    /// Facts of which some are missing.
    fn facts(&mut self) -> Facts {
        let missing = self.below(6);
        let mut facts = Facts::new();
        for (name, values) in VALUES {
            if self.below(10) >= missing {
                facts.insert(name, values[self.below(values.len())]);
            }
        }
        facts
    }
}

#[test]
fn supplying_a_missing_fact_never_widens_the_ends() {
    let mut dice = Dice(20);
    for _ in 0..600 {
        let facts = dice.facts();
        let fewer = found(&asked(&facts));
        for (name, values) in VALUES.iter().filter(|(name, _)| !facts.contains_key(name)) {
            let mut more = facts.clone();
            more.insert(name, values[dice.below(values.len())]);
            let found = found(&asked(&more));
            let after = ends(&found);
            for (rule, (floor, ceiling)) in ends(&fewer) {
                let (low, high) = after[rule];
                assert!(low >= floor && high <= ceiling, "{rule}: {name} of {more:?}");
            }
        }
    }
}

#[test]
fn open_ends_ask_for_something_and_equal_ends_for_nothing() {
    let mut dice = Dice(21);
    for _ in 0..1_500 {
        for finding in found(&asked(&dice.facts())) {
            assert_eq!(finding.floor == finding.ceiling, finding.missing.is_empty(), "{finding:?}");
            assert!(finding.floor < finding.ceiling || !finding.evidence.is_empty(), "{finding:?}");
            let whole = |missing: &contract::Missing| missing.at.field.is_empty();
            assert!(!finding.missing.iter().any(whole), "asks for nothing in particular: {finding:?}");
        }
    }
}

/// What a place is in the words of the manifest: the record, and the field or fact of it.
fn declared_as(place: &contract::Place) -> String {
    let of = match place.at {
        Element::Request => "request",
        Element::Party(_) => "party",
        Element::Item if place.field.starts_with("classifications/") => "classification",
        Element::Item => "resource",
        _ => "other",
    };
    let field = match place.field.strip_prefix("classifications/") {
        Some(entry) => entry.split_once('/').unwrap().1,
        None => place.field.as_str(),
    };
    match field.strip_prefix("facts/") {
        Some(name) => format!("of = \"{of}\"\nname = \"{name}\"\n"),
        None => format!("of = \"{of}\"\nfield = \"{field}\"\n"),
    }
}

#[test]
fn every_message_and_fact_is_in_the_manifest_and_used() {
    let manifest = include_str!("../lexgate.toml");
    let facts = manifest.split("[[facts]]\n").skip(1).map(|fact| fact.split("\n\n").next().unwrap());
    let facts: Vec<&str> = facts.collect();
    let (mut codes, mut read) = (BTreeSet::new(), BTreeSet::new());
    let mut dice = Dice(22);
    for _ in 0..3_000 {
        for finding in found(&asked(&dice.facts())) {
            let places = finding.evidence.iter().chain(finding.missing.iter().map(|missing| &missing.at));
            for place in places {
                let declared = facts.iter().position(|fact| fact.starts_with(&declared_as(place)));
                let declared = declared.unwrap_or_else(|| panic!("{} is not declared", declared_as(place)));
                assert!(
                    facts[declared].contains(&format!("\"{}\"", finding.rule)),
                    "{}: {}",
                    finding.rule,
                    facts[declared]
                );
                read.insert((declared, finding.rule.clone()));
            }
            codes.insert(finding.code);
        }
    }
    let messages = manifest.lines().filter_map(|line| line.strip_prefix("[messages.")?.strip_suffix(']'));
    assert_eq!(messages.collect::<BTreeSet<_>>(), codes.iter().map(String::as_str).collect());
    for (index, fact) in facts.iter().enumerate().filter(|(_, fact)| !fact.contains("field = \"kind\"")) {
        let (_, rules) = fact.split_once("rules = [").unwrap();
        for rule in rules.split('"').skip(1).step_by(2) {
            assert!(read.contains(&(index, rule.to_owned())), "{rule} does not read {fact}");
        }
    }
}

#[test]
fn more_customers_than_can_be_screened_are_refused() {
    let with = |count: usize| {
        let names: Vec<String> = (0..count).map(|index| format!("party-{index}")).collect();
        let building = request("2026-02-01").parties(names.iter().map(|name| company(name, "SG")).collect());
        let building = names.iter().fold(building, |building, name| building.participant("endUser", name));
        let asked = building.with(|asked| asked.resource.category = Some("compute".to_owned())).build();
        POLICY.evaluate(Request::new(&asked).unwrap(), &mut Findings::new()).is_ok()
    };
    assert!(with(MOST_CUSTOMERS));
    assert!(!with(MOST_CUSTOMERS + 1));
}

#[test]
fn other_categories_are_not_spoken_of() {
    for category in OTHER_CATEGORIES {
        assert!(found(&asked(&Facts::from([("category", category)]))).is_empty(), "{category}");
    }
}

#[test]
fn a_bad_list_of_chips_is_refused_with_its_line() {
    let error = Chips::parse(b"eccn,advanced-computing,at-least-3A090.a\n3A090,yes,maybe\n").unwrap_err();
    assert_eq!(error, "line 2: `maybe` is neither `yes` nor `no`");
}
