use super::*;
use crate::testing;
use crate::{Request, Truth};

fn amount(text: &str) -> Amount {
    Amount::try_from(text.parse::<Decimal>().unwrap()).unwrap()
}

fn the_one(findings: Findings) -> contract::Finding {
    let [finding] = <[_; 1]>::try_from(findings.into_contract()).unwrap();
    finding
}

#[test]
fn an_answer_brings_what_the_contract_demands_of_it() {
    let mut findings = Findings::new();
    let migrate =
        Obligation::binding("migrate-by").day("date", lexgate_model::date::parse("2027-01-01").unwrap());
    findings.say("visio", "visio-only", Answer::PermitWith(migrate));
    let said = the_one(findings);
    assert_eq!((said.floor, said.ceiling), (Outcome::PermitWithObligations, Outcome::PermitWithObligations));
    assert!(said.obligations[0].binding);
    assert_eq!(
        said.obligations[0].properties[0].value,
        contract::Value::Day(contract::Date { year: 2027, month: 1, day: 1 })
    );

    let mut findings = Findings::new();
    let licence = |policy| Answer::LicenceRequired(policy);
    let ends = (licence(LicensingPolicy::PresumptionOfDenial), licence(LicensingPolicy::CaseByCase));
    findings.between("chips", "licence", ends, []);
    let said = the_one(findings);
    assert_eq!(said.licensing, Some(LicensingPolicy::PresumptionOfDenial));
    assert!(said.missing.is_empty());
}

#[test]
fn an_obligation_a_permission_hangs_on_binds() {
    let mut findings = Findings::new();
    findings.say("visio", "visio-only", Answer::PermitWith(Obligation::advice("migrate-by")));
    assert!(the_one(findings).obligations[0].binding);
}

#[test]
fn unequal_ends_are_in_order_and_never_without_a_missing_fact() {
    let mut findings = Findings::new();
    findings.between("majority", "open", (Answer::Deny, Answer::Permit), []);
    let said = the_one(findings);
    assert_eq!((said.floor, said.ceiling), (Outcome::Permit, Outcome::Deny));
    assert_eq!(said.missing[0].at.at, contract::Element::Request);
}

#[test]
fn a_place_is_named_once_and_only_so_many_are() {
    let request = testing::request("2025-09-05").parties(vec![testing::company("a", "SG"); 99]).build();
    let request = Request::new(&request).unwrap();
    let everybody = || request.parties().iter().map(|party| party.headquarters());
    let mut findings = Findings::new();
    let missing = request.parties().iter().filter_map(|party| party.flag("x").missing("true or false"));
    findings
        .between("majority", "open", (Answer::Permit, Answer::Deny), missing)
        .evidence(everybody().take(2).chain(everybody()).filter_map(|fact| fact.evidence()));
    let said = the_one(findings);
    assert_eq!((said.missing.len(), said.evidence.len()), (MOST_PLACES, MOST_PLACES));
    assert_eq!(said.evidence[2].at, contract::Element::Party(2));
    assert_eq!(request.parties().get(0).unwrap().flag("x").truth(), Truth::Unknown);
}

#[test]
fn computed_values_are_rounded_outward() {
    let sixth = amount("16.666666666666666666".get(..19).unwrap());
    let long = (0..5).fold(sixth, |sum, _| sum.plus(amount("0.000000000000000001")).plus(amount("10")));
    let band = Interval::new(End::exclusive(amount("50")), End::exclusive(long)).unwrap();
    let mut findings = Findings::new();
    findings
        .say("majority", "exceeded", Answer::Deny)
        .derived("owned", "cascade", &band, "%")
        .interval("share", &band);
    let said = the_one(findings);
    let derived = &said.derived[0];
    assert!(derived.minimum.exclusive, "an end that did not move keeps its kind");
    assert!(!derived.maximum.exclusive, "one that moved lies inside");
    let maximum = Decimal::from_canonical(derived.maximum.value.coefficient, derived.maximum.value.exponent);
    assert!(Amount::try_from(maximum.unwrap()).unwrap() > long);
    assert!(said.arguments[0].1.starts_with(">50–"), "{:?}", said.arguments);
}

#[test]
fn all_that_was_found_may_hang_on_one_fact() {
    use contract::Outcome::{Deny, NotApplicable};
    let raw = crate::testing::request("2025-01-01").with(|request| request.resource.category = None).build();
    let request = crate::view::Request::new(&raw).unwrap();
    let mut findings = Findings::new();
    findings.say("rule", "code", Answer::Deny);
    findings.say("rule", "code", Answer::NotApplicable);
    findings.depend_on(None);
    findings.depend_on(request.resource().category().missing("what is supplied"));
    let findings = findings.into_contract();
    let ends: Vec<_> = findings.iter().map(|one| (one.floor, one.ceiling, one.missing.len())).collect();
    assert_eq!(ends, [(NotApplicable, Deny, 1), (NotApplicable, NotApplicable, 0)]);
}
