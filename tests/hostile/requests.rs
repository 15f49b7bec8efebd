//! Requests as large as they may be: they fault no guest that means well.

use super::{ENGINE, LIMITS, finding_with, guest};
use crate::guests::read_request;
use lexgate_model::Request;
use lexgate_model::date::Date;
use lexgate_model::fault::{Fault, Limits};
use serde_json::{Value, json};

const DAY: Date = Date::constant(2025, 11, 10);

/// Returns a request with so many parties, made of these fields.
fn with_parties(count: usize, fields: &Value) -> Request {
    let party = |number: usize| {
        let mut party = fields.clone();
        party["recordId"] = format!("p{number}").into();
        party["kind"] = "state".into();
        party
    };
    read_request(&json!({
        "evaluationDate": "2025-11-10", "action": "supply", "participants": [],
        "parties": (0..count).map(party).collect::<Vec<_>>(), "resource": { "recordId": "api" },
    }))
}

/// Checks that taking a request in costs a guest less than the fuel, and far less than the memory, it gets for it.
#[track_caller]
fn check(request: &Request) {
    let policy = finding_with(json!({})).prepare(&ENGINE).unwrap();
    let limits = Limits { deadline_ms: 60_000, ..Limits::default() };
    let run = ENGINE.evaluate(&policy, request, DAY, &limits);
    assert_eq!(run.outcome.unwrap().len(), 1);
    assert!(run.used.fuel < limits.fuel(request.size()) / 10, "{:?}", run.used);
    assert!(run.used.memory_bytes < limits.memory_bytes / 4, "{:?}", run.used);
    let again = ENGINE.evaluate(&policy, request, DAY, &limits);
    assert_eq!(run.used, again.used);
}

#[test]
fn a_request_with_10_000_parties_faults_no_guest() {
    check(&with_parties(10_000, &json!({})));
}

#[test]
fn a_request_with_20_000_elements_faults_no_guest() {
    check(&with_parties(10_000, &json!({ "names": [{ "fullName": "x" }] })));
    check(&with_parties(100, &json!({ "listings": vec![json!({ "listId": "x" }); 199] })));
}

#[test]
fn fuel_grows_with_the_request_for_guests_that_need_it() {
    let request = with_parties(10_000, &json!({}));
    let policy = guest().prepare(&ENGINE).unwrap();
    let flat = Limits { base_fuel: 100_000, fuel_per_element: 0, ..LIMITS };
    let run = ENGINE.evaluate(&policy, &request, DAY, &flat);
    assert_eq!(run.outcome.unwrap_err(), Fault::Fuel);
    let scaled = Limits { base_fuel: 100_000, ..LIMITS };
    let run = ENGINE.evaluate(&policy, &request, DAY, &scaled);
    assert!(run.outcome.is_ok() && run.used.fuel > 100_000);
}
