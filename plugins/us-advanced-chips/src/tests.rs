use super::*;
use lexgate_sdk::contract::{self, Element, Parent, Quantity, Value};
use lexgate_sdk::testing::{company, fact, request};
use lexgate_sdk::{Date, Decimal, Period, Version, date};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// What a request says, by name.
type Facts = BTreeMap<&'static str, &'static str>;

/// Every fact that may be missing, and the values it may have.
const VALUES: [(&str, &[&str]); 25] = [
    ("action", &["export", "reexport", "supply", "use", "exprot"]),
    ("category", &["component", "compute", "chatbot", "gpu", "storage"]),
    ("classifications", &["", "ECCN 3A090.a", "ECCN EAR99", "ECCN 3a090.a", "HS 854231"]),
    ("totalProcessingPerformance", &["20999", "1599", "1600", "2400", "4799", "4800", "21000"]),
    ("performanceDensity", &["1.59", "1.6", "3.19", "3.2", "5.91", "5.92"]),
    ("aggregateBidirectionalTransferRate", &["599 GB/s", "600 GBy/s", "600"]),
    ("totalDramBandwidth", &["6499.9 GBy/s", "6500 GBy/s"]),
    ("designedForDataCentres", &["yes", "no"]),
    ("destination", &["CN", "MO", "HK", "SG", "US", "DE", "China"]),
    ("exportedFrom", &["US", "DE"]),
    ("remoteAccessOnly", &["yes", "no"]),
    ("usSupplySufficient", &["yes", "no"]),
    ("shipmentsWithinHalfOfUsVolume", &["yes", "no"]),
    ("customerAndRemoteAccessSafeguards", &["yes", "no"]),
    ("testedByThirdPartyInUs", &["yes", "no"]),
    ("participants", &["buyer"]),
    ("headquarters", &["CN", "SG", "DE"]),
    ("ultimateParent", &["none", "parent"]),
    ("parent.headquarters", &["CN", "SG", "DE"]),
    ("trainsModelsForGroupD5", &["yes", "no"]),
    ("authorizations", &["none", "licence", "exception", "waiver"]),
    ("a.issuer", &["BIS", "MOFCOM"]),
    ("a.validFrom", &["2026-02-01", "2026-02-02"]),
    ("a.validUntil", &["2026-02-01", "2026-01-31"]),
    ("a.scope", &["resource buyer CN", "resource"]),
];

static POLICY: LazyLock<UsAdvancedChips> = LazyLock::new(|| {
    let version = |content: &[u8]| {
        vec![Version {
            id: "1".to_owned(),
            period: Period { from: None, until: None },
            content: content.to_vec(),
        }]
    };
    let datasets = Datasets::new()
        .with("regions", version(include_bytes!("../data/regions.csv")))
        .with("items", version(include_bytes!("../data/items.csv")));
    UsAdvancedChips::configure(&Parameters::new("{}"), &datasets).unwrap()
});

fn value(text: &str) -> Value {
    let (number, unit) = text.split_once(' ').unwrap_or((text, ""));
    match (text, number.parse::<Decimal>()) {
        ("yes" | "no", _) => Value::Flag(text == "yes"),
        (_, Ok(number)) => {
            let value = contract::Decimal { coefficient: number.coefficient(), exponent: number.exponent() };
            Value::Number(Quantity { value, unit: unit.to_owned() })
        }
        _ => Value::Text(text.to_owned()),
    }
}

fn day(text: &str) -> contract::Date {
    request(text).build().evaluation_date
}

/// The request of 2026-02-01 that says this and nothing else.
fn asked(facts: &Facts) -> contract::Request {
    let text = |name: &str| facts.get(name).map(|&text| text.to_owned());
    let known = |names: &[&'static str]| -> Vec<contract::Fact> {
        names.iter().filter_map(|&name| Some(fact(name, value(facts.get(name)?)))).collect()
    };
    let seat = |name| facts.get(name).copied().unwrap_or_default();
    let mut buyer = company("buyer", seat("headquarters"));
    buyer.facts = known(&["trainsModelsForGroupD5"]);
    buyer.ultimate_parent = match facts.get("ultimateParent") {
        None => Parent::Unknown("notSupplied".to_owned()),
        Some(&"none") => Parent::HasNoParent,
        Some(_) => Parent::Known(2),
    };
    let paper = |kind: &str| contract::Authorization {
        record_id: None,
        kind: kind.to_owned(),
        issuer: text("a.issuer"),
        number: Some("D1".to_owned()),
        valid_from: text("a.validFrom").map(|text| day(&text)),
        valid_until: text("a.validUntil").map(|text| day(&text)),
        scope: text("a.scope").map(|text| text.split(' ').map(str::to_owned).collect()),
        facts: Vec::new(),
    };
    let entry = |text: &str| {
        let (scheme, code) = text.split_once(' ')?;
        let (scheme, code) = (scheme.to_owned(), code.to_owned());
        Some(contract::Classification { scheme, version: None, code, facts: Vec::new() })
    };
    let building = request("2026-02-01")
        .parties(vec![company("maker", "US"), buyer, company("parent", seat("parent.headquarters"))])
        .participant("vendor", "maker");
    let buys = facts.contains_key("participants");
    let building = if buys { building.participant("endUser", "buyer") } else { building };
    let mut asked = building.build();
    asked.action = text("action").unwrap();
    asked.resource.category = text("category");
    asked.resource.classifications =
        facts.get("classifications").map(|text| entry(text).into_iter().collect());
    asked.resource.facts = known(&VALUES.map(|(name, _)| name)[3..8]);
    asked.facts = known(&VALUES.map(|(name, _)| name)[8..15]);
    asked.authorizations = facts.get("authorizations").map(|&kind| match kind {
        "none" => Vec::new(),
        kind => vec![paper(kind)],
    });
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
        // The first values, together, are what is reviewed case by case; chance would not find that.
        let first = self.below(4) == 0;
        let mut facts = Facts::from([("action", "export")]);
        for (name, values) in VALUES {
            if self.below(10) >= missing {
                let which = if first && self.below(10) > 0 { 0 } else { self.below(values.len()) };
                facts.insert(name, values[which]);
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
        Element::Authorization(_) => "authorization",
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
    for _ in 0..4_000 {
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
fn a_licence_that_is_required_names_what_decides_how_it_is_reviewed() {
    let first = VALUES.map(|(name, values)| (name, values[0]));
    let named = |authorizations: &'static str| {
        let mut facts = Facts::from([("action", "export")]);
        facts.extend(first);
        facts.insert("authorizations", authorizations);
        let findings = found(&asked(&facts));
        let rule = findings.iter().find(|finding| finding.rule == "destination-2026-01").unwrap();
        let certified = rule.evidence.iter().any(|place| place.field == "facts/testedByThirdPartyInUs");
        (rule.floor, certified)
    };
    assert_eq!(named("none"), (Outcome::LicenceRequired, true));
    assert_eq!(named("licence"), (Outcome::PermitWithObligations, false));
}

#[test]
fn records_are_kept_for_five_years_also_from_a_leap_day() {
    let check = |from: &str, until: &str| {
        let day = |text: &str| -> Date { date::parse(text).unwrap() };
        assert_eq!(papers::in_five_years(day(from)), day(until));
    };
    check("2026-02-01", "2031-02-01");
    check("2028-02-29", "2033-03-01");
    check("9998-12-31", "9998-12-31");
}

#[test]
fn more_recipients_than_can_be_screened_are_refused() {
    let with = |count: usize| {
        let names: Vec<String> = (0..count).map(|index| format!("party-{index}")).collect();
        let building = request("2026-02-01").parties(names.iter().map(|name| company(name, "SG")).collect());
        let building = names.iter().fold(building, |building, name| building.participant("endUser", name));
        let asked = building.build();
        POLICY.evaluate(Request::new(&asked).unwrap(), &mut Findings::new()).is_ok()
    };
    assert!(with(MOST_RECIPIENTS));
    assert!(!with(MOST_RECIPIENTS + 1));
}
