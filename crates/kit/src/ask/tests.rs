use super::*;
use lexgate_model::decision::{Decision, Enforced};
use serde_json::json;
use whom::whom;

use Outcome::{Deny, Permit, Review};

fn finding(rule: &str, floor: Outcome, ceiling: Outcome, missing: &[&str]) -> Finding {
    let missing: Vec<_> =
        missing.iter().map(|p| json!({ "pointer": p, "expected": "x", "reason": "notSupplied" })).collect();
    let finding = json!({
        "rule": rule, "code": "open", "floor": floor, "ceiling": ceiling, "standing": { "is": "deciding" },
        "message": "open", "citation": { "instrument": "I" }, "missing": missing,
    });
    serde_json::from_value(finding).unwrap()
}

/// Returns the questions of these findings of one policy: their places, and what they come to.
fn asked(findings: Vec<Finding>) -> Vec<(Vec<String>, Outcome, Outcome)> {
    let request = json!({ "evaluationDate": "2025-09-05", "action": "supply", "participants": [], "parties": [],
                          "resource": { "recordId": "api" } });
    let request = Request::from_json(request.to_string().as_bytes(), &Default::default()).unwrap();
    let decision: Decision<Enforced> =
        Decision::of(&lexgate_model::verdict::Verdict::of_all("one", &findings));
    let evaluation = lexgate_model::record::Evaluation {
        binding: "one".to_owned(),
        mode: Mode::Enforce,
        posture: Default::default(),
        policy: lexgate_model::record::PolicyIdentity {
            id: "one".to_owned(),
            version: "1.0.0".to_owned(),
            package: lexgate_model::Digest::of(b""),
        },
        parameters: lexgate_model::Digest::of(b"{}"),
        datasets: Vec::new(),
        overrides: Vec::new(),
        time_zone: "UTC".to_owned(),
        date: lexgate_model::date::new(2025, 9, 5).unwrap(),
        limits: lexgate_model::record::AppliedLimits { fuel: 0, limits: Default::default() },
        used: Default::default(),
        anachronistic: Vec::new(),
        verdict: decision.span,
        findings,
        fault: None,
        replayable: true,
    };
    let record = Record::new("meter".to_owned(), request.canonical(), vec![evaluation], decision);
    let set = PolicySet::new(Vec::new()).unwrap();
    let questions = questions(&record, &set, "en").into_iter();
    let places = |question: &Question| question.facts.iter().map(|fact| fact.pointer.clone()).collect();
    questions.map(|question| (places(&question), question.well, question.badly)).collect()
}

#[test]
fn the_fewest_facts_come_first_then_what_settles_most() {
    let questions = asked(vec![
        finding("two", Permit, Deny, &["/a", "/b"]),
        finding("narrow", Permit, Review, &["/c"]),
        finding("wide", Permit, Deny, &["/d"]),
    ]);
    let places: Vec<_> = questions.iter().map(|(places, ..)| places.join(" ")).collect();
    assert_eq!(places, ["/d", "/c", "/a /b"]);
    assert_eq!((questions[0].1, questions[0].2), (Deny, Deny), "the two others still allow a deny");
    assert_eq!((questions[1].1, questions[1].2), (Deny, Review));
}

#[test]
fn what_can_no_longer_change_the_decision_is_not_asked() {
    let settled = finding("sure", Review, Review, &[]);
    assert_eq!(asked(vec![settled.clone(), finding("below", Permit, Review, &["/a"])]), []);
    let questions = asked(vec![settled, finding("above", Permit, Deny, &["/a"])]);
    assert_eq!(questions, [(vec!["/a".to_owned()], Review, Deny)]);
    assert_eq!(asked(vec![finding("deny", Deny, Deny, &[]), finding("open", Permit, Deny, &["/a"])]), []);
}

#[test]
fn findings_that_miss_the_same_share_a_question_and_more_facts_settle_what_fewer_do() {
    let one = finding("one", Permit, Deny, &["/b", "/a"]);
    let questions = asked(vec![
        one,
        finding("same", Permit, Review, &["/a", "/b"]),
        finding("part", Permit, Deny, &["/a"]),
    ]);
    assert_eq!(questions.len(), 2);
    assert_eq!(questions[1], (vec!["/a".to_owned(), "/b".to_owned()], Permit, Deny));
}

#[test]
fn advice_asks_for_nothing() {
    let mut advice = finding("later", Permit, Deny, &["/a"]);
    advice.standing = Standing::Advice(lexgate_model::finding::Because::NotYet);
    assert_eq!(asked(vec![advice]), []);
}

#[test]
fn whom_a_place_is_about_is_said_by_name() {
    let request = json!({
        "participants": [{ "role": "endUser", "party": "c" }],
        "parties": [{ "recordId": "c", "names": [{ "fullName": "Example Pte Ltd" }] }, { "recordId": "p" }],
        "relationships": [{ "subject": "c", "interestedParty": "p" }, { "subject": "c" }],
        "certificates": [{ "scheme": "CSAP", "holder": "c" }],
        "authorizations": [{ "kind": "licence", "number": "N-1" }],
        "resource": { "recordId": "api" },
    });
    for (pointer, expected) in [
        ("/parties/0/headquarters", "Example Pte Ltd"),
        ("/parties/1", "p"),
        ("/parties/9", "another party"),
        ("/participants/0/party", "Example Pte Ltd as endUser"),
        ("/relationships/0/interests", "p in Example Pte Ltd"),
        ("/relationships/1/interests", "an owner who is not named in Example Pte Ltd"),
        ("/certificates/0/grade", "certificate CSAP of Example Pte Ltd"),
        ("/certificates/1", "another certificate"),
        ("/authorizations/0/scope", "licence N-1"),
        ("/resource/category", "the resource api"),
        ("/deployment/region", "the deployment"),
        ("", "the request"),
    ] {
        assert_eq!(whom(&request, pointer), expected, "{pointer}");
    }
}
