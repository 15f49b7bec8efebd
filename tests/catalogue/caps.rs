//! Requests as large as they may be: every policy we ship answers them within its limits, and whoever pads a request
//! switches none of them off.

use super::shipped;
use lexgate_model::fault::Fault;
use lexgate_model::{Limits, Request, RequestLimits};
use serde_json::{Map, Value, json};

/// Policies that use up their fuel at a cap, which their posture then answers for: what they take grows with more than the
/// size of the request. Whoever mends one takes it out.
const TOO_COSTLY: [&str; 2] = ["eu-ownership-control: parties", "eu-ownership-control: a ring of rings"];

/// Returns requests at the caps, each with a name: all of one kind of record, as much as its cap or all elements allow.
fn requests() -> Vec<(&'static str, Value)> {
    let base = json!({
        "evaluationDate": "2025-11-10", "action": "supply", "channel": "direct",
        "participants": [{ "role": "vendor", "party": "p0" }, { "role": "endUser", "party": "p1" }],
        "parties": [], "relationships": [], "resource": { "recordId": "r", "category": "gpu-cloud" },
    });
    let party = |number: usize, more: Value| {
        let mut party = json!({ "recordId": format!("p{number}"), "kind": "registeredEntity" });
        party.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        party
    };
    let parties = |count: usize, more: Value| (0..count).map(|n| party(n, more.clone())).collect::<Vec<_>>();
    let stake = |number: usize, subject: usize, owner: usize, share: &str| {
        json!({ "recordId": format!("s{number}"), "subject": format!("p{subject}"), "interestedParty": format!("p{owner}"),
                "interests": [{ "kind": "shareholding", "directness": "direct", "share": { "exact": share } }] })
    };
    let with = |parties: Vec<Value>, relationships: Vec<Value>| {
        let mut request = base.clone();
        request["parties"] = parties.into();
        request["relationships"] = relationships.into();
        request
    };
    let mut participants = with(parties(2, json!({})), Vec::new());
    let roles = (0..1_000).map(|number| json!({ "role": "endUser", "party": format!("p{}", number % 2) }));
    participants["participants"] = roles.collect();
    let facts = |count: usize| {
        let facts: Map<_, _> = (0..count).map(|number| (format!("fact{number}"), json!(true))).collect();
        json!({ "headquarters": "CN", "facts": facts })
    };
    vec![
        ("parties", with(parties(9_000, json!({})), Vec::new())),
        ("a chain of owners", {
            let chain = (0..3_000).map(|n| stake(n, n + 1, n + 2, "100"));
            with(parties(3_002, json!({ "headquarters": "CN", "ownership": "complete" })), chain.collect())
        }),
        ("owners of one", {
            let owners = (0..3_000).map(|n| stake(n, 1, n + 2, "0.03"));
            with(parties(3_002, json!({ "headquarters": "CN", "ownership": "complete" })), owners.collect())
        }),
        ("a ring of rings", {
            let ring = (0..3_000).map(|n| stake(n, 1 + n % 700, 1 + (n * 7 + 1) % 700, "1"));
            with(parties(702, json!({ "jurisdiction": "RU" })), ring.collect())
        }),
        ("facts", with(parties(75, facts(256)), Vec::new())),
        ("names", {
            let names = vec![json!({ "fullName": "x" }); 64];
            with(parties(290, json!({ "names": names })), Vec::new())
        }),
        ("listings", {
            let listings = vec![json!({ "listId": "x", "program": "SDN" }); 900];
            with(parties(20, json!({ "listings": listings })), Vec::new())
        }),
        ("participants", participants),
        ("long texts", {
            let long = json!({ "names": [{ "fullName": "x".repeat(8_000) }], "headquarters": "CN" });
            with(parties(120, long), Vec::new())
        }),
    ]
}

#[test]
fn every_policy_answers_requests_at_every_cap() {
    let requests: Vec<_> = requests()
        .into_iter()
        .map(|(name, request)| {
            let text = request.to_string();
            let read = Request::from_json(text.as_bytes(), &RequestLimits::default());
            (name, read.unwrap_or_else(|error| panic!("{name}: {error}")))
        })
        .collect();
    let mut faults = Vec::new();
    for policy in shipped() {
        let asked = policy.asked(&policy.questions[0]);
        let prepared = asked.set.bindings()[0].policy.clone();
        for (name, request) in &requests {
            // As a host has them, but for the clock.
            let limits = Limits { deadline_ms: 600_000, ..Limits::default() };
            let date = lexgate_model::date::new(2025, 11, 10).unwrap();
            let run = super::engine().evaluate(&prepared, request, date, &limits);
            let costly = TOO_COSTLY.contains(&format!("{}: {name}", policy.id).as_str());
            let expected = if costly { Some(Fault::Fuel) } else { None };
            let fault = run.outcome.err();
            if fault != expected {
                faults.push(format!("{}: {name}: {fault:?} ({:?})", policy.id, run.used));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
