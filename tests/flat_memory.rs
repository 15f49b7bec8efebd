//! A thousand evaluations of hostile guests leave no more memory behind than the first hundreds did. A program of its own:
//! other tests would take memory while this one measures.

#![cfg(target_os = "linux")]
#![expect(clippy::disallowed_methods, reason = "a test looks at its own process")]

mod guests;

use guests::{BUMP, Guest, SILENCE, Wit, request};
use lexgate_engine::{Binding, Engine, Instances, PolicySet};
use lexgate_model::decision::Enforced;
use lexgate_model::fault::{Fault, Limits};
use serde_json::{Value, json};

/// What may be added over all rounds, in bytes: 16 KiB for each evaluation, less than the smallest of what any of them
/// has (a page of memory, a stack, the findings). What an allocator keeps for later is less than that.
const MOST_ADDED_BYTES: u64 = 16 << 20;

const EVALUATIONS: usize = 1_000;

/// A guest, and whether it ended as it should.
type Ending<'w> = (Guest<'w>, fn(&Option<Fault>) -> bool);

/// Returns guests that misbehave, one for each way to end, and how they end.
fn hostile(wit: &Wit) -> Vec<Ending<'_>> {
    let evaluating = |wat: &str| Guest { evaluate: wat.into(), pages: 32, ..Guest::new(wit) };
    let answering = |answer: Value| Guest { evaluate: answer.into(), ..Guest::new(wit) };
    let finding = |changes: Value| {
        let mut finding = json!({
            "rule": "r1", "code": "plain", "floor": "permit", "ceiling": "permit", "licensing": null, "arguments": [],
            "evidence": [], "derived": [], "obligations": [], "missing": [],
        });
        finding.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        finding
    };
    let log = r#"(import "lexgate:screening/log@0.1.0" "write" (func $log (param i32 i32 i32)))"#;
    let flooding = "(loop (call $log (i32.const 1) (i32.const 65536) (i32.const 1000)) (br 0)) unreachable";
    let growing = format!(
        "(if (i32.eq (memory.grow (i32.const 992)) (i32.const -1)) (then unreachable))
         (memory.fill (i32.const 65536) (i32.const 1) (i32.const 4000000)) {SILENCE}"
    );
    let allocating = format!("(if (global.get $configured) (then (loop (br 0)))) {BUMP}");
    let configured = format!("(global.set $configured (i32.const 1)) {SILENCE}");
    let mut guests: Vec<Ending<'_>> = vec![
        (Guest::new(wit), |fault| fault.is_none()),
        (answering(json!({ "ok": vec![finding(json!({})); 256] })), |fault| fault.is_none()),
        (evaluating(&growing), |fault| fault.is_none()),
        (evaluating("(loop (br 0)) unreachable"), |fault| matches!(fault, Some(Fault::Fuel))),
        (evaluating("unreachable"), |fault| matches!(fault, Some(Fault::Trap(_)))),
        (evaluating("(drop (memory.grow (i32.const 2000))) unreachable"), |fault| {
            matches!(fault, Some(Fault::Memory))
        }),
        (evaluating("(call $evaluate (local.get 0))"), |fault| matches!(fault, Some(Fault::Stack))),
        (evaluating("(i32.const -4)"), |fault| matches!(fault, Some(Fault::Output(_)))),
        (answering(json!({ "ok": { "at": 0, "length": 50_000 } })), |fault| {
            matches!(fault, Some(Fault::Output(_)))
        }),
        (answering(json!({ "ok": [finding(json!({ "rule": { "bytes": [255] } }))] })), |fault| {
            matches!(fault, Some(Fault::Output(_)))
        }),
        (answering(json!({ "ok": [finding(json!({ "rule": "x".repeat(60_000) }))] })), |fault| {
            matches!(fault, Some(Fault::Output(_)))
        }),
        (answering(json!({ "err": { "internal": "x".repeat(100_000) } })), |fault| {
            matches!(fault, Some(Fault::Refusal(_)))
        }),
        (Guest { imports: log.to_owned(), ..evaluating(flooding) }, |fault| {
            matches!(fault, Some(Fault::Trap(_)))
        }),
        (
            Guest {
                items: "(global $configured (mut i32) (i32.const 0))".to_owned(),
                configure: configured.as_str().into(),
                allocate: allocating,
                ..Guest::new(wit)
            },
            |fault| matches!(fault, Some(Fault::Fuel)),
        ),
    ];
    // The same, configured afresh by every evaluation.
    let afresh: Vec<_> = guests
        .iter()
        .map(|(guest, ends)| {
            let items = format!("{} (global (mut v128) (v128.const i64x2 0 0))", guest.items);
            (Guest { items, ..guest.clone() }, *ends)
        })
        .collect();
    guests.extend(afresh);
    guests
}

/// Returns how much memory of this process is in use, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

#[test]
fn a_thousand_hostile_evaluations_leave_no_memory_behind() {
    let wit = Wit::read("wit");
    let engine = Engine::builder().instances(Instances::Pooled(8)).start().unwrap();
    let guests = hostile(&wit);
    let limits = Limits { base_fuel: 5_000_000, deadline_ms: 60_000, ..Limits::default() };
    let request = request();
    let mut evaluations = 0;
    // Prepared anew, so that what preparing leaves behind shows as well.
    let mut round = || {
        for (guest, ends) in &guests {
            let binding = Binding { limits, ..Binding::new("b", guest.prepare(&engine).unwrap()) };
            let set = PolicySet::new(vec![binding]).unwrap();
            for _ in 0..4 {
                let record = engine.decide::<Enforced>(&set, &request, request.when().unwrap());
                assert!(ends(&record.bindings[0].fault), "{:?}", record.bindings[0].fault);
                evaluations += 1;
            }
        }
        evaluations
    };
    // Every instance of the pool has been used, and every thread has its stack.
    round();
    let warm = round();
    let before = resident();
    while round() < warm + EVALUATIONS {}
    let after = resident();
    assert!(after < before + MOST_ADDED_BYTES, "{before} bytes before, {after} bytes after");
}
