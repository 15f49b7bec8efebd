use super::*;
use crate::date;
use crate::decision::Override;
use crate::manifest::Manifest;
use crate::request::{Element, Request, RequestLimits};

/// A finding that says no more than it must.
pub(crate) fn finding(rule: &str, floor: Outcome, ceiling: Outcome) -> Finding {
    let missing =
        Missing { pointer: String::new(), expected: "x".to_owned(), reason: "notSupplied".to_owned() };
    Finding {
        rule: rule.to_owned(),
        code: format!("{rule}-code"),
        span: Span { floor, ceiling },
        standing: Standing::Deciding,
        licensing: (ceiling == Outcome::LicenceRequired).then_some(LicensingPolicy::CaseByCase),
        message: String::new(),
        arguments: BTreeMap::new(),
        citation: Citation { instrument: "Act".to_owned(), section: String::new(), url: None },
        evidence: vec![],
        derived: vec![],
        obligations: vec![],
        missing: if floor == ceiling { vec![] } else { vec![missing] },
        defects: vec![],
    }
}

fn reported() -> Reported {
    Reported {
        rule: "majority".to_owned(),
        code: "exceeded".to_owned(),
        floor: Outcome::Deny,
        ceiling: Outcome::Deny,
        licensing: None,
        arguments: vec![("threshold".to_owned(), "50".to_owned())],
        evidence: vec![Place { at: Element::Party(0), field: "headquarters".to_owned() }],
        derived: vec![],
        obligations: vec![],
        missing: vec![],
    }
}

fn manifest() -> Manifest {
    read(
        r#"{
        "policy": { "id": "p", "version": "1.0.0", "title": "T", "contract": "c", "time-zone": "UTC", "authority": "A" },
        "rules": [
            { "id": "majority", "status": "vendor-policy", "from": "2025-09-05", "until": "2025-12-31", "citation": { "instrument": "Terms" }, "source": "s" },
            { "id": "proposal", "status": "proposed", "citation": { "instrument": "Bill" }, "source": "s" },
            { "id": "old", "status": "superseded", "citation": { "instrument": "Act" }, "source": "s" }
        ],
        "messages": { "exceeded": { "en": "more than {threshold} %" } }
    }"#,
    )
}

fn read(text: &str) -> Manifest {
    serde_json::from_str(text).unwrap()
}

fn run(reported: Reported, date: &str, what_if: bool, overrides: &[Override]) -> Result<Finding, Malformed> {
    let request = r#"{ "evaluationDate": "2025-09-05", "action": "supply", "participants": [], "resource": { "recordId": "i" },
        "parties": [{ "recordId": "c", "kind": "state", "headquarters": "SG" }] }"#;
    let request = Request::from_json(request.as_bytes(), &RequestLimits::default()).unwrap();
    let context = Context {
        manifest: &manifest(),
        request: &request,
        date: date::parse(date).unwrap(),
        overrides,
        what_if,
    };
    check(vec![reported], &context).map(|mut findings| findings.remove(0))
}

/// Checks which fault a changed finding gives.
#[track_caller]
fn refuse(change: impl FnOnce(&mut Reported), message: &str) {
    let mut finding = reported();
    change(&mut finding);
    assert_eq!(run(finding, "2025-09-05", false, &[]).expect_err("is malformed").to_string(), message);
}

#[test]
fn a_good_finding_is_quoted_rendered_and_cited() {
    let finding = run(reported(), "2025-09-05", false, &[]).unwrap();
    assert_eq!(finding.message, "more than 50 %");
    assert_eq!(finding.citation.instrument, "Terms");
    assert_eq!(
        finding.evidence,
        [Evidence { pointer: "/parties/0/headquarters".to_owned(), value: Quoted::from(&"SG".into()) }]
    );
    assert!(finding.defects.is_empty());
    let json = serde_json::to_value(&finding).unwrap();
    assert_eq!(json["standing"], serde_json::json!({ "is": "deciding" }));
    assert_eq!(json["floor"], "deny");
}

#[test]
fn bad_structure_is_a_fault() {
    refuse(|f| f.rule = "minority".to_owned(), "rule `minority` is not in its manifest");
    refuse(|f| f.code = "x".to_owned(), "message code `x` is not in its manifest");
    refuse(
        |f| f.ceiling = Outcome::Permit,
        "the finding of rule `majority` has a floor (deny) above its ceiling (permit)",
    );
    refuse(
        |f| f.floor = Outcome::Permit,
        "the finding of rule `majority` has unequal ends but names no missing fact",
    );
    let licence =
        |f: &mut Reported| (f.floor, f.ceiling) = (Outcome::LicenceRequired, Outcome::LicenceRequired);
    refuse(licence, "the finding of rule `majority` is licence-required but names no licensing policy");
    let obliged = |f: &mut Reported| {
        (f.floor, f.ceiling) = (Outcome::PermitWithObligations, Outcome::PermitWithObligations)
    };
    refuse(
        obliged,
        "the finding of rule `majority` is permit-with-obligations but has no binding obligation",
    );
    refuse(
        |f| f.evidence[0].at = Element::Party(7),
        "the finding of rule `majority` points to `/parties/7`, which the request does not have",
    );
    let nowhere = ReportedMissing {
        at: Place { at: Element::Certificate(0), field: "grade".to_owned() },
        expected: "x".to_owned(),
        reason: String::new(),
    };
    refuse(
        |f| f.missing = vec![nowhere],
        "the finding of rule `majority` points to `/certificates/0`, which the request does not have",
    );
    let odd = ReportedDerived {
        name: "n".to_owned(),
        method: "m".to_owned(),
        minimum: (None, false),
        maximum: (Some(Decimal::ZERO), false),
        unit: String::new(),
    };
    refuse(
        |f| f.derived = vec![odd.clone()],
        "the finding of rule `majority` computed a decimal that is not canonical",
    );
    let upside = ReportedDerived { minimum: (Some(Decimal::HUNDRED), false), ..odd };
    refuse(
        |f| f.derived = vec![upside],
        "the finding of rule `majority` computed a value whose minimum lies above its maximum",
    );
}

#[test]
fn a_bad_place_is_a_defect_that_is_recorded() {
    let mut finding = reported();
    finding.evidence[0].field = "headquater".to_owned();
    finding.arguments.clear();
    let finding = run(finding, "2025-09-05", false, &[]).unwrap();
    assert_eq!(finding.evidence, []);
    assert_eq!(
        finding.defects,
        [
            "message `exceeded` has no value for `threshold`",
            "evidence `/parties/0/headquater` does not resolve"
        ]
    );
}

#[track_caller]
fn check_standing(rule: &str, date: &str, enforced: Standing, what_if: Standing) {
    let mut finding = reported();
    finding.rule = rule.to_owned();
    let standing = |lifted| run(finding.clone(), date, lifted, &[]).unwrap().standing;
    assert_eq!((standing(false), standing(true)), (enforced, what_if), "{rule} on {date}");
}

#[test]
fn period_and_status_decide_who_may_decide() {
    use Standing::{Advice, Deciding, Record};
    check_standing("majority", "2025-09-04", Advice(Because::NotYet), Advice(Because::NotYet));
    check_standing("majority", "2025-09-05", Deciding, Deciding);
    check_standing("majority", "2025-12-31", Deciding, Deciding);
    check_standing("majority", "2026-01-01", Record(Because::NoLonger), Record(Because::NoLonger));
    check_standing("proposal", "2025-09-05", Advice(Because::Status(Status::Proposed)), Deciding);
    let superseded = Record(Because::Status(Status::Superseded));
    check_standing("old", "2025-09-05", superseded, superseded);
}

#[test]
fn the_operator_may_override_status_and_period() {
    let mut finding = reported();
    finding.rule = "proposal".to_owned();
    let period = Some(date::Period { from: date::parse("2026-01-01"), until: None });
    let overrides = [Override { rule: "proposal".to_owned(), status: Some(Status::InForce), period }];
    let standing = |date| run(finding.clone(), date, false, &overrides).unwrap().standing;
    assert_eq!(standing("2025-12-31"), Standing::Advice(Because::NotYet));
    assert_eq!(standing("2026-01-01"), Standing::Deciding);
}
