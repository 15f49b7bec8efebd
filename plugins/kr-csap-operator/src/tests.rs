use super::*;
use lexgate_sdk::contract::{self, Certificate, Deployment, Outcome, Value};
use lexgate_sdk::testing::{company, fact, request};

/// A high certificate of the first party, valid on the date of the requests.
fn certificate() -> Certificate {
    let day = |text| request(text).build().evaluation_date;
    Certificate {
        record_id: None,
        scheme: "CSAP".to_owned(),
        grade: Some("high".to_owned()),
        service_model: None,
        holder: Some(0),
        valid_from: Some(day("2024-01-01")),
        valid_until: Some(day("2025-12-31")),
        underlying: None,
        facts: Vec::new(),
    }
}

/// What the policy says of a service of so many companies, with so many certificates, for a public body.
fn findings(companies: usize, certificates: usize, buyer: &str) -> Result<Vec<contract::Finding>, Refusal> {
    let paper = Certificate { holder: None, ..certificate() };
    let mut body = company("body", buyer);
    body.kind = "stateBody".to_owned();
    let names = (1..companies).map(|number| format!("company-{number}")).collect();
    let raw = request("2025-01-01")
        .parties(vec![company("leader", "KR"), body])
        .participant("purchaser", "body")
        .with(|raw| {
            raw.certificates = Some(vec![paper; certificates]);
            raw.deployment = Some(Deployment {
                operator: Some(0),
                infrastructure_provider: Some(0),
                technology_provider: None,
                region: None,
                facts: vec![fact("sharedInfrastructure", Value::Texts(names))],
            });
        })
        .build();
    let mut findings = Findings::new();
    KrCsapOperator.evaluate(Request::new(&raw)?, &mut findings)?;
    Ok(findings.into_contract())
}

#[test]
fn more_than_can_be_weighed_is_refused() {
    assert!(findings(MOST_COMPANIES, MOST_CERTIFICATES, "KR").is_ok());
    assert!(findings(MOST_COMPANIES + 1, MOST_CERTIFICATES, "KR").is_err());
    assert!(findings(MOST_COMPANIES, MOST_CERTIFICATES + 1, "KR").is_err());
    assert!(findings(MOST_COMPANIES + 1, 0, "FR").is_ok(), "of a private customer none is weighed");
}

#[test]
fn who_is_meant_is_named_in_messages_and_advice_alone_is_given() {
    let found = findings(3, 0, "KR").unwrap();
    let named: Vec<_> =
        found.iter().flat_map(|finding| &finding.arguments).map(|(_, name)| name.as_str()).collect();
    assert_eq!(named, ["leader", "company-1, company-2"]);
    let advice = found.iter().flat_map(|finding| &finding.obligations);
    assert!(advice.clone().all(|advice| !advice.binding) && advice.count() == 2);
    assert_eq!(found.iter().map(|finding| finding.ceiling).max(), Some(Outcome::Deny));
}

#[test]
fn of_two_leaders_the_one_that_lacks_a_certificate_is_named() {
    let mut body = company("body", "KR");
    body.kind = "stateBody".to_owned();
    let of = |holder| {
        let raw = request("2025-01-01")
            .parties(vec![company("one", "KR"), company("other", "US"), body.clone()])
            .participant("purchaser", "body")
            .with(|raw| {
                raw.certificates = Some(vec![certificate(), Certificate { holder, ..certificate() }]);
                raw.deployment = Some(Deployment {
                    operator: Some(1),
                    infrastructure_provider: Some(0),
                    technology_provider: None,
                    region: None,
                    facts: vec![fact("sharedInfrastructure", Value::Texts(Vec::new()))],
                });
            })
            .build();
        let mut findings = Findings::new();
        KrCsapOperator.evaluate(Request::new(&raw).unwrap(), &mut findings).unwrap();
        let first = findings.into_contract().remove(0);
        (first.ceiling, first.arguments.into_iter().map(|(_, name)| name).collect::<String>())
    };
    assert_eq!(of(Some(0)), (Outcome::Deny, "other".to_owned()));
    assert_eq!(of(Some(1)), (Outcome::Permit, "one, other".to_owned()));
}
