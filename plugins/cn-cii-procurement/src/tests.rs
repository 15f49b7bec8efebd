//! What cases are clumsy for: the bound on components.

use crate::{CnCiiProcurement, MOST_COMPONENTS};
use lexgate_sdk::contract::{Finding, Outcome, Value};
use lexgate_sdk::testing::{company, fact, request};
use lexgate_sdk::{Datasets, Findings, Parameters, Period, Policy, Request, Version};

fn policy() -> CnCiiProcurement {
    let version = |content: &[u8]| {
        let period = Period { from: None, until: None };
        vec![Version { id: "1".to_owned(), period, content: content.to_vec() }]
    };
    let datasets = Datasets::new()
        .with("regions", version(include_bytes!("../data/regions.csv")))
        .with("producers", version(include_bytes!("../data/producers.csv")));
    let terms = Parameters::new(r#"{"alike":75,"unverified":"review"}"#);
    CnCiiProcurement::configure(&terms, &datasets).unwrap()
}

/// What is found of a purchase from a maker with so many components, by an operator or somebody else.
fn findings(components: usize, operator: bool) -> Option<Vec<Finding>> {
    let mut buyer = company("buyer", "CN");
    buyer.facts = vec![fact("isCriticalInformationInfrastructureOperator", Value::Flag(operator))];
    let request = request("2023-06-01").parties(vec![buyer, company("maker", "US")]);
    let request = request.participant("purchaser", "buyer").with(|request| {
        request.resource.producer = Some(1);
        request.resource.components = Some(vec![1; components]);
    });
    let (mut findings, request) = (Findings::new(), request.build());
    policy().evaluate(Request::new(&request).unwrap(), &mut findings).ok()?;
    Some(findings.into_contract())
}

#[test]
fn more_components_than_can_be_looked_up_are_refused() {
    assert!(findings(MOST_COMPONENTS, true).is_some());
    assert!(findings(MOST_COMPONENTS + 1, true).is_none());
    let free = findings(MOST_COMPONENTS + 1, false).expect("nobody asks for them where no operator buys");
    assert!(free.iter().all(|finding| finding.ceiling == Outcome::Permit));
}
