use super::*;
use lexgate_sdk::contract::{self, Certificate, Outcome, Value};
use lexgate_sdk::testing::{Building, company, fact, request};
use lexgate_sdk::{Period, Version, date};
use std::collections::{BTreeMap, BTreeSet};

const TERMS: &str = r#"{"serviceModel":"required","unverified":"review"}"#;
const IF_STATED: &str = r#"{"serviceModel":"if-stated","unverified":"review"}"#;

/// What a request says, by name: `region`, a fact of the deployment, or of the certificate `c`, or of the buyer.
type Facts = BTreeMap<&'static str, &'static str>;

/// Every fact that may be missing, and the values it may have.
const VALUES: [(&str, &[&str]); 21] = [
    ("kind", &["registeredEntity", "stateBody", "knownPerson"]),
    ("isPublicSector", &["yes", "no"]),
    ("jurisdiction", &["KR", "FR"]),
    ("region", &["KR-11", "JP"]),
    ("dataClassification.scheme", &["CSAP"]),
    ("dataClassification.level", &["low", "mid", "high"]),
    ("personalData", &["yes", "no"]),
    ("networkSeparation", &["physical", "logical", "none"]),
    ("operationsCountry", &["KR", "US"]),
    ("externalNetworkBlocked", &["yes", "no"]),
    ("unifiedAuditLogs", &["yes", "no"]),
    ("automatedAccounts", &["yes", "no"]),
    ("automatedPatching", &["yes", "no"]),
    ("certificates", &["one", "two", "none", "verification"]),
    ("c.grade", &["low", "mid", "high", "none"]),
    ("c.serviceModel", &["IaaS", "SaaS-simple", "SaaS-standard", "DaaS", "PaaS"]),
    ("c.holder", &["vendor", "agency"]),
    ("c.validFrom", &["2022-06-01", "2023-01-31", "2025-01-02"]),
    ("c.validUntil", &["2024-12-31", "2025-01-01"]),
    ("serviceModel", &["IaaS", "SaaS-simple", "SaaS-standard", "DaaS", "PaaS"]),
    ("operator", &["vendor", "agency"]),
];

fn policy(terms: &str) -> KrCsap {
    let version = |id: &str, from: Option<&str>, until: Option<&str>, content: &[u8]| {
        let day = |text: Option<&str>| text.and_then(date::parse);
        let period = Period { from: day(from), until: day(until) };
        Version { id: id.to_owned(), period, content: content.to_vec() }
    };
    let versions = vec![
        version("2023", None, Some("2024-02-05"), include_bytes!("../data/equivalences-2023.csv")),
        version("2024", Some("2024-02-06"), None, include_bytes!("../data/equivalences-2024.csv")),
    ];
    KrCsap::configure(&Parameters::new(terms), &Datasets::new().with("equivalences", versions)).unwrap()
}

fn day(text: &str) -> contract::Date {
    request(text).build().evaluation_date
}

fn certificate(facts: &Facts, prefix: &str, scheme: &str) -> Certificate {
    let text = |name: &str| facts.get(format!("{prefix}{name}").as_str()).map(|&text| text.to_owned());
    Certificate {
        record_id: None,
        scheme: scheme.to_owned(),
        grade: text("grade"),
        service_model: text("serviceModel"),
        holder: text("holder").map(|holder| u32::from(holder == "agency")),
        valid_from: text("validFrom").map(|text| day(&text)),
        valid_until: text("validUntil").map(|text| day(&text)),
        underlying: None,
        facts: Vec::new(),
    }
}

/// The request of 2025-01-01 that says this and nothing else.
fn building(facts: &Facts) -> Building {
    let flag_or_text = |text: &str| match text {
        "yes" => Value::Flag(true),
        "no" => Value::Flag(false),
        text => Value::Text(text.to_owned()),
    };
    let known = |names: &[&'static str]| {
        let known =
            names.iter().filter_map(|&name| facts.get(name).map(|text| fact(name, flag_or_text(text))));
        known.collect::<Vec<_>>()
    };
    let mut agency = company("agency", facts.get("jurisdiction").copied().unwrap_or_default());
    agency.kind = (*facts.get("kind").unwrap_or(&"registeredEntity")).to_owned();
    agency.facts = known(&["isPublicSector"]);
    let own = || certificate(facts, "c.", "CSAP");
    let old = || {
        let old = Facts::from([("validFrom", "2020-01-01"), ("validUntil", "2024-12-31"), ("grade", "high")]);
        certificate(&old, "", "CSAP")
    };
    let certificates = facts.get("certificates").map(|&which| match which {
        "one" => vec![own()],
        "two" => vec![old(), own()],
        "verification" => vec![certificate(facts, "c.", "NIS")],
        _ => Vec::new(),
    });
    let region = facts.get("region").map(|&region| region.to_owned());
    let deployment = contract::Deployment {
        operator: facts.get("operator").map(|operator| u32::from(*operator == "agency")),
        infrastructure_provider: None,
        technology_provider: None,
        region,
        facts: VALUES[4..13].iter().flat_map(|(name, _)| known(&[name])).collect(),
    };
    let supplied = known(&["serviceModel"]);
    request("2025-01-01")
        .parties(vec![company("vendor", "US"), agency])
        .participant("vendor", "vendor")
        .participant("purchaser", "agency")
        .with(|request| {
            request.certificates = certificates;
            request.deployment = Some(deployment);
            request.resource.facts = supplied;
        })
}

/// A low system with all it needs.
fn low() -> Facts {
    Facts::from([
        ("kind", "stateBody"),
        ("jurisdiction", "KR"),
        ("region", "KR-11"),
        ("dataClassification.scheme", "CSAP"),
        ("dataClassification.level", "low"),
        ("personalData", "no"),
        ("networkSeparation", "logical"),
        ("operationsCountry", "KR"),
        ("certificates", "one"),
        ("c.grade", "low"),
        ("c.serviceModel", "IaaS"),
        ("c.holder", "vendor"),
        ("c.validFrom", "2023-01-31"),
        ("c.validUntil", "2025-01-01"),
        ("serviceModel", "IaaS"),
        ("operator", "vendor"),
    ])
}

fn findings(terms: &str, building: Building) -> Vec<contract::Finding> {
    let (mut findings, request) = (Findings::new(), building.build());
    policy(terms).evaluate(Request::new(&request).unwrap(), &mut findings).unwrap();
    findings.into_contract()
}

/// A low system that says all there is to say.
fn complete() -> Facts {
    let mut facts = low();
    facts.extend([
        ("isPublicSector", "yes"),
        ("externalNetworkBlocked", "yes"),
        ("unifiedAuditLogs", "yes"),
        ("automatedAccounts", "yes"),
        ("automatedPatching", "yes"),
    ]);
    facts
}

/// What chance does not find: an old certificate on which the reports differ, and one that is enough for every grade.
fn rare() -> [Facts; 2] {
    let changed = |changes: &[(&'static str, &'static str)]| {
        let mut facts = low();
        facts.extend(changes.iter().copied());
        facts
    };
    let old = changed(&[
        ("serviceModel", "SaaS-simple"),
        ("c.grade", "none"),
        ("dataClassification.level", "mid"),
        ("networkSeparation", "physical"),
        ("c.serviceModel", "SaaS-simple"),
        ("c.validFrom", "2022-06-01"),
    ]);
    let mut unclassified = changed(&[
        ("networkSeparation", "physical"),
        ("externalNetworkBlocked", "yes"),
        ("unifiedAuditLogs", "yes"),
        ("automatedAccounts", "yes"),
        ("automatedPatching", "yes"),
        ("c.grade", "high"),
    ]);
    unclassified.remove("dataClassification.level");
    [old, unclassified]
}

/// The ends of each rule.
fn spans(findings: &[contract::Finding]) -> BTreeMap<String, (Outcome, Outcome)> {
    let mut spans = BTreeMap::new();
    for finding in findings {
        let nothing = (Outcome::NotApplicable, Outcome::NotApplicable);
        let (floor, ceiling) = spans.entry(finding.rule.clone()).or_insert(nothing);
        *floor = finding.floor.max(*floor);
        *ceiling = finding.ceiling.max(*ceiling);
    }
    spans
}

#[track_caller]
fn check(changes: &[(&'static str, &'static str)], rule: &str, ends: (Outcome, Outcome)) {
    let mut facts = low();
    for &(name, value) in changes {
        facts.remove(name);
        if !value.is_empty() {
            facts.insert(name, value);
        }
    }
    assert_eq!(spans(&findings(TERMS, building(&facts)))[rule], ends);
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
        let start = if self.below(3) > 0 { low() } else { Facts::new() };
        VALUES.iter().fold(start, |mut facts, (name, values)| {
            match self.below(5) {
                0 => _ = facts.remove(name),
                1 => _ = facts.insert(name, values[self.below(values.len())]),
                _ => {}
            }
            facts
        })
    }
}

#[test]
fn a_low_system_is_permitted_a_certificate_is_needed_and_what_is_missing_stays_open() {
    use Outcome::{Deny, NotApplicable, Permit, Review};
    check(&[], "csap", (Permit, Permit));
    check(&[("certificates", "none")], "csap", (Deny, Deny));
    check(&[("certificates", "")], "csap", (Permit, Deny));
    check(&[("dataClassification.level", "")], "csap", (Permit, Deny));
    check(&[("dataClassification.level", ""), ("region", "JP")], "csap", (Deny, Deny));
    check(&[("dataClassification.level", "mid"), ("c.grade", "mid")], "csap", (Review, Review));
    check(&[("kind", "registeredEntity")], "csap", (NotApplicable, Permit));
    check(&[("kind", "registeredEntity"), ("isPublicSector", "no")], "csap", (NotApplicable, NotApplicable));
    check(&[], "csap-ungraded", (Deny, Deny));
    check(&[("certificates", "verification")], "single-gate", (Permit, Permit));
}

/// No case has this parameter: generated requests are cases changed, and it is no fact whose absence is harmless.
#[test]
fn under_if_stated_a_certificate_for_any_model_counts_where_none_is_stated() {
    let ends = |model: Option<&'static str>| {
        let mut facts = low();
        facts.remove("serviceModel");
        facts.extend(model.map(|model| ("serviceModel", model)));
        spans(&findings(IF_STATED, building(&facts)))["csap"]
    };
    assert_eq!(ends(None), (Outcome::Permit, Outcome::Permit));
    assert_eq!(ends(Some("IaaS")), (Outcome::Permit, Outcome::Permit));
    assert_eq!(ends(Some("PaaS")), (Outcome::Deny, Outcome::Deny));
}

#[test]
fn supplying_a_missing_fact_never_widens_the_ends() {
    let mut dice = Dice(10);
    for _ in 0..1_000 {
        let facts = dice.facts();
        let before = spans(&findings(TERMS, building(&facts)));
        // A kind is never missing.
        for (name, values) in VALUES[1..].iter().filter(|(name, _)| !facts.contains_key(name)) {
            let mut more = facts.clone();
            more.insert(name, values[dice.below(values.len())]);
            let after = spans(&findings(TERMS, building(&more)));
            for (rule, (floor, ceiling)) in &before {
                // A rule that is not told has nothing to say.
                let nothing = (Outcome::NotApplicable, Outcome::NotApplicable);
                let (narrow, high) = after.get(rule).unwrap_or(&nothing);
                assert!(narrow >= floor && high <= ceiling, "{rule}: {name} of {more:?}");
            }
        }
    }
}

#[test]
fn the_ends_are_as_narrow_as_the_facts_allow() {
    let mut dice = Dice(14);
    for _ in 0..150 {
        let mut facts = complete();
        for (name, values) in VALUES {
            if dice.below(3) == 0 {
                facts.insert(name, values[dice.below(values.len())]);
            }
        }
        for _ in 0..4 {
            let (name, _) = VALUES[1 + dice.below(VALUES.len() - 1)];
            // With a list, what its certificates say is missing; with a scheme, what the level means.
            if !matches!(name, "certificates" | "dataClassification.scheme") {
                facts.remove(name);
            }
        }
        let ends = spans(&findings(TERMS, building(&facts)));
        let mut completions = vec![facts.clone()];
        for (name, values) in VALUES.iter().filter(|(name, _)| !facts.contains_key(name)) {
            let supplied = completions.iter().flat_map(|facts| {
                values.iter().map(|value| facts.clone().into_iter().chain([(*name, *value)]).collect())
            });
            completions = supplied.collect();
        }
        let outcomes: Vec<_> =
            completions.iter().map(|facts| spans(&findings(TERMS, building(facts)))).collect();
        for rule in ["csap-ungraded", "csap", "single-gate"] {
            let mildest = outcomes.iter().map(|ends| ends[rule].0).min().unwrap();
            let strictest = outcomes.iter().map(|ends| ends[rule].1).max().unwrap();
            assert_eq!(ends[rule], (mildest, strictest), "{rule}: {facts:?}");
        }
    }
}

#[test]
fn open_ends_ask_for_something_and_equal_ends_for_nothing() {
    let mut dice = Dice(11);
    for _ in 0..2_000 {
        let facts = dice.facts();
        for finding in findings(TERMS, building(&facts)) {
            assert_eq!(finding.floor == finding.ceiling, finding.missing.is_empty(), "{finding:?}");
            assert!(finding.floor < finding.ceiling || !finding.evidence.is_empty(), "{finding:?}");
            let whole = |missing: &contract::Missing| {
                missing.at.at == contract::Element::Request && missing.at.field.is_empty()
            };
            assert!(!finding.missing.iter().any(whole), "asks for nothing in particular: {finding:?}");
        }
    }
}

#[test]
fn the_order_of_certificates_does_not_matter() {
    let mut dice = Dice(12);
    for _ in 0..500 {
        let mut facts = dice.facts();
        let mut papers: Vec<Certificate> = Vec::new();
        for _ in 0..3 {
            let others = dice.facts();
            facts.extend(others.into_iter().filter(|(name, _)| name.starts_with("c.")));
            papers.push(certificate(&facts, "c.", if dice.below(4) == 0 { "NIS" } else { "CSAP" }));
        }
        let of = |papers: &[Certificate]| {
            let papers = papers.to_vec();
            spans(&findings(TERMS, building(&facts).with(|request| request.certificates = Some(papers))))
        };
        let [a, b, c] = <[_; 3]>::try_from(papers).unwrap();
        let first = of(&[a.clone(), b.clone(), c.clone()]);
        assert_eq!(of(&[c.clone(), a.clone(), b.clone()]), first);
        assert_eq!(of(&[b, c, a]), first);
    }
}

#[test]
fn more_certificates_than_can_be_weighed_are_refused() {
    let with = |count: usize, facts: &Facts| {
        let papers = vec![certificate(facts, "c.", "CSAP"); count];
        let request = building(facts).with(|request| request.certificates = Some(papers)).build();
        policy(TERMS).evaluate(Request::new(&request).unwrap(), &mut Findings::new()).is_ok()
    };
    assert!(with(MOST_CERTIFICATES, &low()));
    assert!(!with(MOST_CERTIFICATES + 1, &low()));
    let mut private = low();
    private.insert("jurisdiction", "FR");
    assert!(with(MOST_CERTIFICATES + 1, &private), "of a private customer none is weighed");
}

#[test]
fn a_bad_list_of_equivalences_is_refused_with_its_line() {
    let refuse = |row: &str, why: &str| {
        let text = format!("service-model,issued-until,lowest,highest\n{row}\n");
        assert_eq!(Equivalences::parse(text.as_bytes()).unwrap_err(), why);
    };
    refuse("IaaS,2023-01-30,mid,top", "line 2: `top` is neither `low`, `mid` nor `high`");
    refuse("IaaS,2023-01-30,mid,low", "line 2: `lowest` is above `highest`");
    refuse("IaaS,2023-02-30,mid,mid", "line 2: `2023-02-30` is not a date");
}

#[test]
fn every_message_and_rule_is_in_the_manifest_and_used() {
    let manifest = include_str!("../lexgate.toml");
    let mut dice = Dice(13);
    let mut used = BTreeSet::new();
    let mut all: Vec<Facts> = (0..4_000).map(|_| dice.facts()).collect();
    for facts in all.iter_mut().step_by(2) {
        facts.extend([("kind", "stateBody"), ("jurisdiction", "KR")]);
    }
    all.extend(rare());
    for facts in all {
        for finding in findings(TERMS, building(&facts)) {
            assert!(manifest.contains(&format!("id = \"{}\"", finding.rule)), "{}", finding.rule);
            let start = format!("[messages.{}]\n", finding.code);
            let (_, message) = manifest.split_once(&start).expect(&finding.code);
            let message = message.split("\n\n").next().unwrap();
            for part in message.split('{').skip(1) {
                let name = part.split('}').next().unwrap();
                let given = finding.arguments.iter().any(|(argument, _)| argument == name);
                assert!(given, "{}: {name}", finding.code);
            }
            used.insert(finding.code);
        }
    }
    let declared = manifest.lines().filter_map(|line| line.strip_prefix("[messages.")?.strip_suffix(']'));
    // Takes a certificate that stands on another; the cases show it.
    let other = ["infrastructure-follows", "infrastructure-lower"];
    let unused: Vec<_> = declared.filter(|code| !used.contains(*code) && !other.contains(code)).collect();
    assert!(unused.is_empty(), "{unused:?}");
}
