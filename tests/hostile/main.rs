//! Hostile guests: whatever a guest does, it costs the host little, becomes a fault that its binding declared the price
//! of, and touches nobody else.
//!
//! [`check`] is what every case is put through; the cases are in the modules.

#[path = "../guests/mod.rs"]
mod guests;

mod amplification;
mod calls;
mod configuring;
mod consuming;
mod decisions;
mod malformed;
mod remembering;
mod requests;

use guests::{BUMP, Guest, SILENCE, Wit, request};
use lexgate_engine::{Binding, Engine, PolicySet, Start};
use lexgate_model::decision::{Mode, Posture};
use lexgate_model::fault::{Fault, Limits};
use lexgate_model::finding::{Malformed, Outcome, Span};
use lexgate_model::record::Evaluation;
use lexgate_model::{Record, Request};
use serde_json::{Value, json};
use std::sync::LazyLock;

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new().unwrap());
/// Runs every guest through wasmtime's component layer, also those that are one module.
static COMPONENTS: LazyLock<Engine> = LazyLock::new(|| Engine::builder().components().start().unwrap());
static WIT: LazyLock<Wit> = LazyLock::new(|| Wit::read("wit"));

/// What a good guest is bound to, and what it comes to before anybody did anything.
static GOOD: LazyLock<(Binding, Vec<u8>)> = LazyLock::new(|| {
    let answer = json!({ "ok": [finding(json!({ "evidence": [{ "at": { "party": 1 }, "field": "headquarters" }] }))] });
    let good = bind("good", &Guest { evaluate: answer.into(), ..guest() });
    let bytes = bytes(&decide(vec![good.clone()]));
    (good, bytes)
});

/// Enough for any guest that means well, and soon used up; no deadline, since the machine that runs this may be busy.
const LIMITS: Limits = Limits {
    base_fuel: 1_000_000,
    fuel_per_element: 1_000,
    deadline_ms: 60_000,
    configure_deadline_ms: 60_000,
    ..Limits::DEFAULT
};

/// Most bytes the host may have allocated at one time for one decision about the small request of [`request`].
const MOST_HOST_BYTES: u64 = 16 << 20;

/// Returns a guest that has nothing to say.
fn guest() -> Guest<'static> {
    Guest::new(&WIT)
}

/// Returns a guest that evaluates to this.
fn answering(answer: Value) -> Guest<'static> {
    Guest { evaluate: answer.into(), ..guest() }
}

/// Returns a guest that reports this one finding.
fn finding_with(changes: Value) -> Guest<'static> {
    answering(json!({ "ok": [finding(changes)] }))
}

/// Returns a guest that runs these instructions when it evaluates.
fn evaluating(wat: &str) -> Guest<'static> {
    Guest { evaluate: wat.into(), ..guest() }
}

/// Returns a guest whose allocator runs these instructions once it is configured.
fn allocating(wat: &str) -> Guest<'static> {
    Guest {
        items: "(global $configured (mut i32) (i32.const 0))".to_owned(),
        configure: format!("(global.set $configured (i32.const 1)) {SILENCE}").as_str().into(),
        allocate: format!("(if (global.get $configured) (then {wat})) {BUMP}"),
        ..guest()
    }
}

/// Returns a finding that permits, with changes.
fn finding(changes: Value) -> Value {
    let mut finding = json!({
        "rule": "r1", "code": "plain", "floor": "permit", "ceiling": "permit", "licensing": null, "arguments": [],
        "evidence": [], "derived": [], "obligations": [], "missing": [],
    });
    for (field, value) in changes.as_object().unwrap() {
        finding[field] = value.clone();
    }
    finding
}

/// Prepares a guest and binds it.
fn bind(id: &str, guest: &Guest<'_>) -> Binding {
    Binding { limits: LIMITS, ..Binding::new(id, guest.prepare(&ENGINE).unwrap()) }
}

fn decide(bindings: Vec<Binding>) -> Record {
    decide_on(bindings, &request())
}

fn decide_on(bindings: Vec<Binding>, request: &Request) -> Record {
    ENGINE.decide(&PolicySet::new(bindings).unwrap(), request, request.when().unwrap())
}

fn bytes(record: &Record) -> Vec<u8> {
    serde_json::to_vec(record).unwrap()
}

fn trap(why: &str) -> Fault {
    Fault::Trap(why.to_owned())
}

fn abi(why: &str) -> Fault {
    Fault::Output(Malformed::Abi(why.to_owned()))
}

/// The fault of a finding of rule `r1`.
fn malformed(why: &str) -> Fault {
    Fault::Output(Malformed::Finding("r1".to_owned(), why.to_owned()))
}

/// Checks what a guest that can be prepared comes to when it is asked, whichever way it runs.
#[track_caller]
fn check(guest: Guest<'_>, expected: Fault) {
    let component = guest.prepare(&COMPONENTS).unwrap();
    assert!(!component.is_alone());
    // What is one module runs as that in the rest of this; without a snapshot nothing does.
    let alone = guest.prepare(&ENGINE).unwrap();
    assert_eq!(alone.is_alone(), *alone.start() == Start::Snapshot);
    let set = PolicySet::new(vec![Binding { limits: LIMITS, ..Binding::new("hostile", component) }]).unwrap();
    let request = request();
    let record: Record = COMPONENTS.decide(&set, &request, request.when().unwrap());
    assert_eq!(record.bindings[0].fault.as_ref(), Some(&expected), "as a component");
    check_binding(bind("hostile", &guest), expected);
}

/// Checks that a binding comes to this fault and to nothing else, and that nobody else notices.
#[track_caller]
fn check_binding(hostile: Binding, expected: Fault) {
    let (good, good_bytes) = &*GOOD;
    let sure = expected.is_deterministic();

    let mut record = None;
    let memory = allocation_counter::measure(|| record = Some(decide(vec![hostile.clone()])));
    assert!(memory.bytes_max < MOST_HOST_BYTES, "the host allocated {} bytes", memory.bytes_max);
    let record = record.unwrap();
    let evaluation = &record.bindings[0];
    assert_eq!(evaluation.fault.as_ref(), Some(&expected));
    assert_eq!((evaluation.findings.as_slice(), evaluation.replayable), (&[][..], sure));
    assert_eq!(record.decision.span, Span::exactly(Outcome::Deny));
    assert!(evaluation.used.fuel <= evaluation.limits.fuel);
    assert!(evaluation.used.memory_bytes <= evaluation.limits.limits.memory_bytes);
    if sure {
        assert_eq!(bytes(&decide(vec![hostile.clone()])), bytes(&record), "it faults the same way again");
    }

    let lenient = decide(vec![Binding { posture: Posture::Review, ..hostile.clone() }]);
    assert_eq!(lenient.decision.span, Span { floor: Outcome::Review, ceiling: Outcome::Deny });

    let shadow = Binding { mode: Mode::Shadow, ..hostile };
    let shadowed = decide(vec![shadow, good.clone()]);
    let alone = decide(vec![good.clone()]);
    assert_eq!(shadowed.bindings[0].fault.as_ref(), Some(&expected));
    assert_eq!(shadowed.decision, alone.decision, "a shadow decides nothing");
    assert_eq!(shadowed.bindings[1], alone.bindings[0]);
    assert_eq!(&bytes(&alone), good_bytes, "who is asked afterwards gives the same record, fuel included");
}

/// Returns what a guest comes to that does nothing wrong.
#[track_caller]
fn evaluated(guest: &Guest<'_>) -> Evaluation {
    let evaluation = decide(vec![bind("b", guest)]).bindings.remove(0);
    assert_eq!(evaluation.fault, None);
    evaluation
}
