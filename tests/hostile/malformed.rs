//! Guests that refuse, and guests whose answer is worthless: to the canonical ABI, or to who knows the manifest.

use super::{abi, allocating, answering, check, evaluated, evaluating, finding, finding_with, malformed};
use crate::guests::Guest;
use lexgate_model::fault::{Fault, Refusal};
use lexgate_model::finding::{Malformed, Outcome, Span};
use serde_json::{Value, json};

/// What the host says of a text that no memory holds.
pub(crate) const TEXT_OUTSIDE: &str = "string pointer/length out of bounds of memory";

#[test]
fn a_refusal_is_a_fault_in_the_words_of_the_guest() {
    let refusing = |refusal: Value| answering(json!({ "err": refusal }));
    let why = || "not today".to_owned();
    check(refusing(json!({ "invalid-request": why() })), Fault::Refusal(Refusal::InvalidRequest(why())));
    check(refusing(json!({ "unsupported": why() })), Fault::Refusal(Refusal::Unsupported(why())));
    check(refusing(json!({ "internal": why() })), Fault::Refusal(Refusal::Internal(why())));
    let long = |bytes: usize| "é".repeat(bytes / 2);
    check(refusing(json!({ "internal": long(100_000) })), Fault::Refusal(Refusal::Internal(long(1_024))));
}

#[test]
fn an_answer_that_lies_outside_memory_is_a_fault() {
    let outside = "pointer out of bounds of memory";
    check(evaluating("(i32.const -4)"), abi(outside));
    check(evaluating("(i32.const 65532)"), abi(outside));
    check(evaluating("(i32.const 65533)"), abi("return pointer not aligned"));
    check(finding_with(json!({ "rule": { "at": 65_535, "length": 2 } })), abi(TEXT_OUTSIDE));
    check(
        finding_with(json!({ "rule": { "at": 0xffff_ffff_u32, "length": 0xffff_ffff_u32 } })),
        abi(TEXT_OUTSIDE),
    );
    let list = "list pointer/length out of bounds of memory";
    check(answering(json!({ "ok": { "at": 1_024, "length": 1_u32 << 31 } })), abi(list));
    check(answering(json!({ "ok": { "at": 0xffff_fffc_u32, "length": 1 } })), abi(list));
    check(answering(json!({ "ok": { "at": 1_025, "length": 1 } })), abi("list pointer is not aligned"));
    check(finding_with(json!({ "evidence": { "at": 0, "length": 0xffff_ffff_u32 } })), abi(list));
}

#[test]
fn an_allocator_that_gives_what_it_does_not_have_is_a_fault() {
    check(allocating("(return (i32.const -16))"), abi("realloc return: beyond end of memory"));
    check(allocating("(return (i32.const 17))"), abi("realloc return: result not aligned"));
    // It asked for memory, got none, and went on all the same: that is what is told.
    check(allocating("(drop (memory.grow (i32.const 1100))) (return (i32.const -16))"), Fault::Memory);
}

#[test]
fn an_allocator_that_gives_the_same_place_again_harms_itself_only() {
    // The request lies over itself; nothing of it is worth reading, and the host does not notice.
    for at in ["0", "8", "64", "1024", "65528"] {
        let again = allocating(&format!("(return (i32.const {at}))"));
        let record = super::decide(vec![super::bind("b", &again), super::GOOD.0.clone()]);
        assert_eq!(record.bindings[1], super::decide(vec![super::GOOD.0.clone()]).bindings[0], "{at}");
    }
    check(allocating("(return (i32.const 65536))"), abi("realloc return: beyond end of memory"));
    check(allocating("(return (i32.const 0x80000000))"), abi("realloc return: beyond end of memory"));
}

#[test]
fn findings_that_lie_over_each_other_are_findings_like_others() {
    // A list whose elements are the list itself: every text is a piece of what describes it.
    let list = json!({ "at": 1_024, "length": 2 });
    let overlapping = Fault::Output(Malformed::Abi(TEXT_OUTSIDE.to_owned()));
    let record = super::decide(vec![super::bind("b", &answering(json!({ "ok": list })))]);
    let fault = record.bindings[0].fault.clone().unwrap();
    assert!(matches!(fault, Fault::Output(_)), "{fault:?} {overlapping:?}");
    // Rule, message, arguments and evidence from one place.
    let text = json!({ "at": 1_024, "length": 0x8000_0000_u32 });
    check(finding_with(json!({ "rule": text })), abi(TEXT_OUTSIDE));
    check(finding_with(json!({ "code": { "at": 0x7fff_ffff, "length": 0x7fff_ffff } })), abi(TEXT_OUTSIDE));
    let list = "list pointer/length out of bounds of memory";
    check(finding_with(json!({ "derived": { "at": 0, "length": 0x0800_0000 } })), abi(list));
    check(finding_with(json!({ "arguments": { "at": 65_532, "length": 1 } })), abi(list));
    // The least negative length, and one that becomes small when it is multiplied.
    check(finding_with(json!({ "missing": { "at": 0, "length": 0x4000_0000 } })), abi(list));
}

#[test]
fn ten_thousand_findings_without_content_are_a_fault() {
    let empty = finding(json!({ "rule": "", "code": "" }));
    check(
        answering(json!({ "ok": vec![empty.clone(); 1_000] })),
        Fault::Output(Malformed::Findings(1_000, 256)),
    );
    check(answering(json!({ "ok": vec![empty; 10_000] })), abi(super::amplification::TOO_MUCH));
    let zeros = Guest { pages: 64, ..answering(json!({ "ok": { "at": 1 << 20, "length": 10_000 } })) };
    check(zeros, abi(super::amplification::TOO_MUCH));
}

#[test]
fn a_text_that_is_not_utf_8_is_a_fault() {
    let text = json!({ "bytes": [0x66, 0xc3, 0x28] });
    let why = "invalid utf-8 sequence of 1 bytes from index 1";
    check(finding_with(json!({ "rule": text })), abi(why));
    check(answering(json!({ "err": { "internal": text } })), abi(why));
}

#[test]
fn a_case_that_is_none_is_a_fault() {
    let none = json!({ "discriminant": 9 });
    check(answering(none.clone()), abi("invalid expected discriminant"));
    check(finding_with(json!({ "floor": none })), abi("unexpected discriminant: 9"));
    check(finding_with(json!({ "licensing": none })), abi("invalid option discriminant"));
    check(finding_with(json!({ "licensing": { "some": none } })), abi("unexpected discriminant: 9"));
    check(
        finding_with(json!({ "evidence": [{ "at": none, "field": "" }] })),
        abi("unexpected discriminant: 9"),
    );
    check(answering(json!({ "err": none })), abi("unexpected discriminant: 9"));
}

#[test]
fn a_rule_or_a_message_that_is_not_declared_is_a_fault() {
    let rule = |rule: &str| finding_with(json!({ "rule": rule }));
    check(rule("r2"), Fault::Output(Malformed::Rule("r2".to_owned())));
    check(rule(""), Fault::Output(Malformed::Rule(String::new())));
    check(rule(&"r".repeat(60_000)), Fault::Output(Malformed::Rule(format!("{}…", "r".repeat(64)))));
    check(finding_with(json!({ "code": "m2" })), Fault::Output(Malformed::Code("m2".to_owned())));
    check(
        finding_with(json!({ "code": "m\u{1b}[2J" })),
        Fault::Output(Malformed::Code("m\u{fffd}[2J".to_owned())),
    );
}

#[test]
fn a_finding_that_contradicts_itself_is_a_fault() {
    let check = |changes: Value, why: &str| check(finding_with(changes), malformed(why));
    check(json!({ "floor": "deny", "ceiling": "permit" }), "has a floor (deny) above its ceiling (permit)");
    check(json!({ "ceiling": "deny" }), "has unequal ends but names no missing fact");
    let same = |outcome: &str| json!({ "floor": outcome, "ceiling": outcome });
    check(same("permit-with-obligations"), "is permit-with-obligations but has no binding obligation");
    let mut advice = same("permit-with-obligations");
    advice["obligations"] = json!([{ "kind": "k", "binding": false, "properties": [], "fulfil-on": [] }]);
    check(advice, "is permit-with-obligations but has no binding obligation");
    check(same("licence-required"), "is licence-required but names no licensing policy");
}

#[test]
fn a_number_or_a_date_that_is_none_is_a_fault() {
    let end = |coefficient: i64, exponent: i8| json!({ "value": { "coefficient": coefficient, "exponent": exponent }, "exclusive": false });
    let check_ends = |minimum: Value, maximum: Value, why: &str| {
        let derived =
            json!({ "name": "n", "method": "m", "minimum": minimum, "maximum": maximum, "unit": "%" });
        check(finding_with(json!({ "derived": [derived] })), malformed(why));
    };
    check_ends(end(10, 0), end(1, 1), "computed a decimal that is not canonical");
    check_ends(end(1, 0), end(i64::MIN, 127), "computed a decimal that is not canonical");
    check_ends(end(2, 0), end(1, 0), "computed a value whose minimum lies above its maximum");
    let check_property = |value: Value| {
        let property = json!({ "name": "p", "value": value });
        let obligation = json!({ "kind": "k", "binding": true, "properties": [property], "fulfil-on": [] });
        let why = "has an obligation with a number or a date that is none";
        check(finding_with(json!({ "obligations": [obligation] })), malformed(why));
    };
    check_property(json!({ "day": { "year": 2025, "month": 2, "day": 29 } }));
    check_property(json!({ "number": { "value": { "coefficient": 1, "exponent": 99 }, "unit": "" } }));
}

#[test]
fn a_record_that_the_request_does_not_have_is_a_fault() {
    let at = |at: Value| json!({ "at": at, "field": "" });
    let check_at = |element: Value, pointer: &str| {
        let why = format!("points to `{pointer}`, which the request does not have");
        check(finding_with(json!({ "evidence": [at(element)] })), malformed(&why));
    };
    check_at(json!({ "party": 999 }), "/parties/999");
    check_at(json!({ "party": 2 }), "/parties/2");
    check_at(json!({ "participant": u32::MAX }), "/participants/4294967295");
    check_at(json!({ "interest": [0, 0] }), "/relationships/0/interests/0");
    check_at(json!("deployment"), "/deployment");
    let missing = json!([{ "at": at(json!({ "party": 999 })), "expected": "x", "reason": "" }]);
    let why = "points to `/parties/999`, which the request does not have";
    check(finding_with(json!({ "missing": missing })), malformed(why));
}

#[test]
fn a_field_that_the_record_does_not_have_is_a_defect_of_the_finding() {
    let evidence = json!([
        { "at": { "party": 0 }, "field": "headquarters" },
        { "at": { "party": 0 }, "field": "facts/certified" },
    ]);
    let evaluation = evaluated(&finding_with(json!({ "code": "m1", "evidence": evidence })));
    let [finding] = evaluation.findings.as_slice() else { panic!("one finding") };
    let quoted: Vec<_> = finding.evidence.iter().map(|e| (e.pointer.as_str(), e.value.as_str())).collect();
    assert_eq!(quoted, [("/parties/0/headquarters", "\"US\"")]);
    let defects =
        ["message `m1` has no value for `what`", "evidence `/parties/0/facts/certified` does not resolve"];
    assert_eq!(finding.defects, defects);
    assert_eq!(evaluation.verdict, Span::exactly(Outcome::Permit));
}

#[test]
fn more_findings_or_more_text_than_allowed_is_a_fault() {
    let many = |count: usize| answering(json!({ "ok": vec![finding(json!({})); count] }));
    assert_eq!(evaluated(&many(256)).findings.len(), 256);
    check(many(257), Fault::Output(Malformed::Findings(257, 256)));
    let text =
        |bytes: usize| finding_with(json!({ "code": "m1", "arguments": [["what", "x".repeat(bytes)]] }));
    assert_eq!(evaluated(&text(60_000)).findings.len(), 1);
    check(text(64 << 10), Fault::Output(Malformed::Bytes(64 << 10)));
}
