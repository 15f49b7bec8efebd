//! What the host makes of findings and faults: determinism, standing, what-if, overrides, time.

use super::configuring::with_dataset;
use super::consuming::LOOP;
use super::{ENGINE, GOOD, LIMITS, bind, bytes, decide, evaluated, evaluating, finding_with, guest};
use crate::guests::{Guest, SILENCE, request};
use lexgate_engine::{Anachronism, Binding, PolicySet, Unusable};
use lexgate_model::date::Period;
use lexgate_model::decision::{Decision, Enforced, Mode, Override, Posture, WhatIf};
use lexgate_model::fault::{Fault, Limits};
use lexgate_model::finding::{Because, Outcome, Span, Standing};
use lexgate_model::manifest::Status;
use lexgate_model::{When, date};
use serde_json::json;

const DENY: Span = Span::exactly(Outcome::Deny);

/// Returns a guest that denies by this rule.
fn denying_by(rule: &str) -> Guest<'static> {
    finding_with(json!({ "rule": rule, "floor": "deny", "ceiling": "deny" }))
}

#[test]
fn the_same_request_gives_the_same_record_and_the_same_fuel() {
    let binding = bind("b", &finding_with(json!({})));
    let again = bind("b", &finding_with(json!({})));
    let record = decide(vec![binding.clone()]);
    assert!(record.bindings[0].used.fuel > 0);
    assert_eq!(bytes(&record), bytes(&decide(vec![binding])));
    assert_eq!(bytes(&record), bytes(&decide(vec![again])), "prepared once more, it is the same");
}

#[test]
fn nothing_a_guest_remembers_reaches_the_next_request() {
    let once = format!(
        "(if (global.get $asked) (then unreachable)) (global.set $asked (i32.const 1))
         (if (i32.load (i32.const 512)) (then unreachable)) (i32.store (i32.const 512) (i32.const 1))
         {SILENCE}"
    );
    let items = "(global $asked (mut i32) (i32.const 0))".to_owned();
    let binding = bind("b", &Guest { items, ..evaluating(&once) });
    let first = decide(vec![binding.clone()]);
    assert_eq!(first.bindings[0].fault, None);
    assert_eq!(bytes(&first), bytes(&decide(vec![binding])));
}

#[test]
fn a_proposed_rule_advises_and_decides_only_what_would_be() {
    let set = PolicySet::new(vec![bind("b", &denying_by("proposed"))]).unwrap();
    let (request, when) = (request(), request().when().unwrap());
    let record = ENGINE.decide::<Enforced>(&set, &request, when);
    assert_eq!(record.bindings[0].findings[0].standing, Standing::Advice(Because::Status(Status::Proposed)));
    let decision: Decision<Enforced> = record.decision;
    assert_eq!(decision.span, Span::NEUTRAL);

    let record = ENGINE.decide::<WhatIf>(&set, &request, when);
    assert_eq!(serde_json::to_value(&record).unwrap()["whatIf"], true);
    assert_eq!(record.bindings[0].findings[0].standing, Standing::Deciding);
    let decision: Decision<WhatIf> = record.decision;
    assert_eq!(decision.span, DENY);
}

#[test]
fn a_rule_whose_period_has_ended_decides_nothing_not_even_what_would_be() {
    let set = PolicySet::new(vec![bind("b", &denying_by("ended"))]).unwrap();
    let record = ENGINE.decide::<WhatIf>(&set, &request(), request().when().unwrap());
    assert_eq!(record.bindings[0].findings[0].standing, Standing::Record(Because::NoLonger));
    assert_eq!(record.decision.span, Span::NEUTRAL);
}

#[test]
fn an_override_is_recorded_with_what_it_changed() {
    let by_status = Override { rule: "proposed".to_owned(), status: Some(Status::InForce), period: None };
    let by_period = Override { rule: "ended".to_owned(), status: None, period: Some(Period::default()) };
    for lifted in [by_status, by_period] {
        let binding = bind("b", &denying_by(&lifted.rule));
        let record = decide(vec![Binding { overrides: vec![lifted.clone()], ..binding }]);
        assert_eq!((&record.bindings[0].overrides, record.decision.span), (&vec![lifted], DENY));
    }
}

#[test]
fn a_set_overrides_only_rules_that_there_are() {
    let stray = Override { rule: "r9".to_owned(), status: None, period: None };
    let binding = Binding { overrides: vec![stray], ..bind("b", &guest()) };
    let unusable = PolicySet::new(vec![binding]).unwrap_err();
    assert_eq!(unusable, Unusable::NoSuchRule("b".to_owned(), "r9".to_owned(), "guest".to_owned()));
}

#[test]
fn a_dataset_without_a_version_for_the_date_marks_the_evaluation_or_ends_it() {
    let guest = with_dataset(finding_with(json!({})), "list", Some("2025-11-09"), b"SG\n");
    let marked = evaluated(&guest);
    assert_eq!((marked.anachronistic.as_slice(), marked.replayable), (&["list".to_owned()][..], true));
    assert_eq!(marked.verdict, Span::exactly(Outcome::Permit));

    let strict = Binding { anachronism: Anachronism::Refuse, ..bind("b", &guest) };
    let record = decide(vec![strict]);
    assert_eq!(record.bindings[0].fault, Some(Fault::Anachronistic("list".to_owned())));
    assert_eq!((record.bindings[0].replayable, record.decision.span), (true, DENY));

    let guest = with_dataset(finding_with(json!({})), "list", Some("2025-11-10"), b"SG\n");
    let held = Binding { anachronism: Anachronism::Refuse, ..bind("b", &guest) };
    let record = decide(vec![held]);
    assert_eq!((&record.bindings[0].anachronistic, &record.bindings[0].fault), (&vec![], &None));
}

#[test]
fn the_posture_of_a_fault_stands_beside_what_others_say() {
    let permits = GOOD.0.clone();
    let faults = Binding { posture: Posture::Review, ..bind("hostile", &evaluating("unreachable")) };
    let record = decide(vec![permits, faults, bind("denies", &denying_by("r1"))]);
    let verdicts: Vec<_> = record.bindings.iter().map(|evaluation| evaluation.verdict).collect();
    let open = Span { floor: Outcome::Review, ceiling: Outcome::Deny };
    assert_eq!(verdicts, [Span::exactly(Outcome::Permit), open, DENY]);
    assert_eq!(record.decision.span, DENY);
}

#[test]
fn shadows_take_no_time_from_those_that_decide() {
    let limits = Limits { base_fuel: u64::MAX, deadline_ms: 300, ..LIMITS };
    let looping = bind("shadow", &evaluating(LOOP));
    let shadow = |id: &str| Binding { id: id.to_owned(), mode: Mode::Shadow, limits, ..looping.clone() };
    let record = decide(vec![shadow("s1"), shadow("s2"), GOOD.0.clone(), shadow("s3")]);
    let order: Vec<_> = record.bindings.iter().map(|evaluation| evaluation.binding.as_str()).collect();
    assert_eq!(order, ["s1", "s2", "good", "s3"]);
    assert_eq!(record.decision, decide(vec![GOOD.0.clone()]).decision);
    assert_eq!(record.bindings[0].fault, Some(Fault::Deadline));
    assert_eq!(record.bindings[2].fault, None);
}

#[test]
fn a_decision_without_its_record_is_the_same_decision() {
    let looping = Binding { mode: Mode::Enforce, ..bind("loop", &evaluating(LOOP)) };
    for bindings in [vec![], vec![GOOD.0.clone()], vec![GOOD.0.clone(), looping]] {
        let (set, request) = (PolicySet::new(bindings.clone()).unwrap(), request());
        let when = request.when().unwrap();
        assert_eq!(ENGINE.answer::<Enforced>(&set, &request, when).0, decide(bindings.clone()).decision);
        // The host's date takes the place of the request's in both.
        let later = When::Date(date::parse("2031-01-01").unwrap());
        let (answer, record) =
            (ENGINE.answer::<Enforced>(&set, &request, later), ENGINE.decide(&set, &request, later));
        assert_eq!(answer.0, record.decision);
        assert_eq!(answer.1, record.bindings);
    }
}
