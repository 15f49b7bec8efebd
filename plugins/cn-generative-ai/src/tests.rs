use super::*;
use lexgate_sdk::contract::{self, Value};
use lexgate_sdk::testing::{company, fact, request};
use lexgate_sdk::{Period, Version};

/// Returns what the Measures say of a filed domestic service with these facts.
fn finding(facts: Vec<contract::Fact>) -> contract::Finding {
    let content = include_bytes!("../data/mainland.csv").to_vec();
    let version = Version { id: "1".to_owned(), period: Period::default(), content };
    let datasets = Datasets::new().with("mainland", vec![version]);
    let policy = CnGenerativeAi::configure(&Parameters::new("{}"), &datasets).unwrap();
    let raw = request("2025-01-01")
        .party(company("provider", "CN"))
        .participant("vendor", "provider")
        .with(|request| {
            request.action = "offer-to-public".to_owned();
            request.facts = vec![fact("territory", Value::Texts(vec!["CN".to_owned()]))];
            request.resource.facts = facts;
            request.resource.facts.push(fact("filed", Value::Flag(true)));
        })
        .build();
    let mut findings = Findings::new();
    policy.evaluate(Request::new(&raw).unwrap(), &mut findings).unwrap();
    findings.into_contract().into_iter().find(|finding| finding.rule == "interim-measures").unwrap()
}

#[test]
fn a_filed_service_shows_what_the_request_names() {
    let text = |name: &str, text: &str| fact(name, Value::Text(text.to_owned()));
    let shown = |facts| {
        let shown = finding(facts).obligations.into_iter().map(|one| (one.kind, one.binding, one.properties));
        shown.collect::<Vec<_>>()
    };
    let kind = || "display-filing-number".to_owned();
    let (number, model) = (text("filingNumber", "Example-1"), text("modelName", "Example"));
    let both = vec![text("model", "Example"), text("number", "Example-1")];
    assert_eq!(shown(vec![number.clone(), model]), [(kind(), true, both)]);
    assert_eq!(shown(vec![number]), [(kind(), true, vec![text("number", "Example-1")])]);
}

#[test]
fn a_filed_service_rests_on_the_name_of_its_model_too() {
    let text = |name: &str| fact(name, Value::Text("Example-1".to_owned()));
    let rests = |facts| finding(facts).evidence.into_iter().any(|place| place.field == "facts/modelName");
    assert!(rests(vec![text("filingNumber"), text("modelName")]));
    assert!(!rests(vec![text("filingNumber")]));
}
