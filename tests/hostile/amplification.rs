//! Guests that say little and make the host write much. [`check`] bounds what the host may have allocated.

use super::{MOST_HOST_BYTES, abi, answering, bind, check, decide_on, finding, finding_with};
use crate::guests::{Guest, read_request};
use lexgate_model::fault::Fault;
use lexgate_model::finding::Malformed;
use serde_json::{Value, json};

/// What the host says when a guest hands it more than four times what findings may weigh.
pub(crate) const TOO_MUCH: &str = "too much data is being copied between the host and the guest: \
                        fuel allocated for hostcalls has been exhausted";

/// A text of 1 MiB of zeros.
fn vast() -> Value {
    json!({ "at": 1 << 20, "length": 1 << 20 })
}

#[test]
fn many_texts_in_one_place_are_not_copied() {
    let vast_guest = |answer: Value| Guest { pages: 64, ..answering(answer) };
    check(vast_guest(json!({ "ok": vec![finding(json!({ "rule": vast() })); 256] })), abi(TOO_MUCH));
    check(vast_guest(json!({ "err": { "internal": vast() } })), abi(TOO_MUCH));
    // Every element of a list of lists is the same list again.
    let overlapping = json!({ "at": 0, "length": 20_000 });
    check(vast_guest(json!({ "ok": vec![finding(json!({ "evidence": overlapping })); 256] })), abi(TOO_MUCH));
    check(vast_guest(json!({ "ok": { "at": 0, "length": 50_000 } })), abi(TOO_MUCH));
}

#[test]
fn texts_that_only_just_fit_add_up_to_a_fault() {
    let text = json!({ "at": 1 << 20, "length": 900 });
    let findings = vec![finding(json!({ "code": text })); 80];
    let guest = Guest { pages: 64, ..answering(json!({ "ok": findings })) };
    check(guest, Fault::Output(Malformed::Bytes(64 << 10)));
}

/// The fault of findings that would become a flood.
const FLOOD: Fault = Fault::Output(Malformed::Added(4 << 20));

#[test]
fn a_long_argument_is_not_repeated_by_a_message() {
    let mut guest = finding_with(json!({ "code": "m1", "arguments": [["what", "x".repeat(60_000)]] }));
    guest.manifest["messages"]["m1"] = json!({ "en": "{what}".repeat(10_000) });
    check(guest, FLOOD);
}

#[test]
fn a_long_message_or_citation_is_not_repeated_by_findings() {
    let many = || answering(json!({ "ok": vec![finding(json!({})); 256] }));
    let long = "x".repeat(100_000);
    let mut guest = many();
    guest.manifest["messages"]["plain"] = json!({ "en": long });
    check(guest, FLOOD);
    let mut guest = many();
    guest.manifest["rules"][0]["citation"]["section"] = long.into();
    check(guest, FLOOD);
    let mut guest = many();
    let placeholders: String = (0..5_000).map(|number| format!("{{{number}}}")).collect();
    guest.manifest["messages"]["plain"] = json!({ "en": placeholders });
    check(guest, FLOOD);
}

#[test]
fn a_large_request_is_not_quoted_by_every_finding() {
    let texts = vec!["x".repeat(1_000); 200];
    let request = read_request(&json!({
        "evaluationDate": "2025-11-10", "action": "supply", "participants": [], "parties": [],
        "resource": { "recordId": "api" }, "facts": { "long": texts },
    }));
    let quoting = |count: usize| {
        let evidence = json!([{ "at": "request", "field": "" }, { "at": "request", "field": "facts" }]);
        answering(json!({ "ok": vec![finding(json!({ "evidence": evidence })); count] }))
    };
    let decide = |count: usize| decide_on(vec![bind("b", &quoting(count))], &request).bindings.remove(0);
    assert_eq!(decide(2).fault, None);
    let (mut flooded, binding) = (None, bind("b", &quoting(256)));
    let memory = allocation_counter::measure(|| flooded = Some(decide_on(vec![binding.clone()], &request)));
    assert_eq!(flooded.unwrap().bindings[0].fault, Some(FLOOD));
    assert!(memory.bytes_max < MOST_HOST_BYTES, "the host allocated {} bytes", memory.bytes_max);
}
