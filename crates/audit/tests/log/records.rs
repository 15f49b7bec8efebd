//! Records of decisions, as the engine makes them, for tests.

use lexgate_audit::{Caller, Draft};
use lexgate_model::date::Date;
use lexgate_model::decision::{Enforced, Mode, Posture};
use lexgate_model::record::{AppliedLimits, Evaluation, PolicyIdentity, Record, Used};
use lexgate_model::verdict::Verdict;
use lexgate_model::{Decision, Digest, Fault, Limits, Outcome, Request, RequestLimits, Span};

/// What differs between records of tests.
#[derive(Clone, Copy)]
pub(crate) struct Case<'a> {
    pub(crate) tenant: &'a str,
    pub(crate) party: &'a str,
    pub(crate) identifier: &'a str,
    pub(crate) policy: &'a str,
    pub(crate) span: Span,
    pub(crate) fault: bool,
    pub(crate) key: Option<&'a str>,
}

pub(crate) const CASE: Case<'static> = Case {
    tenant: "acme",
    party: "customer",
    identifier: "529900LISTEDGROUP000",
    policy: "us-ofac-ownership",
    span: Span::exactly(Outcome::Permit),
    fault: false,
    key: None,
};

pub(crate) fn record(case: Case<'_>) -> Record<Enforced> {
    let text = format!(
        r#"{{"evaluationDate": "2025-10-15", "action": "supply", "participants": [],
            "parties": [{{"recordId": "{}", "kind": "registeredEntity", "names": [{{"fullName": "Example"}}],
                          "identifiers": [{{"scheme": "XI-LEI", "id": "{}"}}]}}],
            "resource": {{"recordId": "api", "category": "ai-model"}}}}"#,
        case.party, case.identifier
    );
    let request = Request::from_json(text.as_bytes(), &RequestLimits::default()).unwrap();
    let evaluation = Evaluation {
        binding: format!("b-{}", case.policy),
        mode: Mode::Enforce,
        posture: Posture::Closed,
        policy: PolicyIdentity {
            id: case.policy.to_owned(),
            version: "1.0.0".to_owned(),
            package: Digest::of(b"package"),
        },
        parameters: Digest::of(b"{}"),
        datasets: Vec::new(),
        overrides: Vec::new(),
        time_zone: "Asia/Seoul".to_owned(),
        date: Date::new(2025, 10, 15).unwrap(),
        limits: AppliedLimits { fuel: 1, limits: Limits::default() },
        used: Used::default(),
        anachronistic: Vec::new(),
        verdict: case.span,
        findings: Vec::new(),
        fault: case.fault.then_some(Fault::Fuel),
        replayable: true,
    };
    let decision = Decision::of(&Verdict::from_span(case.span));
    Record::new("meter".to_owned(), request.canonical(), vec![evaluation], decision)
}

pub(crate) fn decision(case: Case<'_>) -> Draft {
    let caller = Caller { idempotency_key: case.key.map(str::to_owned), request_id: None };
    Draft::decision(case.tenant, "7", &record(case), &caller).unwrap()
}
