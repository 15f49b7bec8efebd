//! Where fuel goes: told exactly, the same each time, and as much as any other evaluation uses.

mod guests;

use guests::{Guest, SILENCE, Wit, request};
use lexgate_engine::{Engine, Prepared, Profile, Profiled, Start};
use lexgate_model::fault::{Fault, Limits};
use lexgate_packages::with_stops;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Fuel of making an instance, which no function uses.
const INSTANCE: u64 = 2_500;

/// Functions that cost one unit for being called, and one for each instruction that is not structure.
const FUNCTIONS: &str = "
    (func $leaf (result i32) (i32.add (i32.const 1) (i32.const 2)))
    (func $caller (drop (call $leaf)) (drop (call $leaf)) (drop (i32.const 7)))
    (func $loops (local $i i32) (loop
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if 0 (i32.lt_u (local.get $i) (i32.const 10)))))
    (func $itself (param $times i32) (if (local.get $times) (then
        (call $itself (i32.sub (local.get $times) (i32.const 1))) (drop (call $leaf)))))
    (func $spins (loop (br 0)))
    (func $deep (call $deep))";

/// A policy whose `evaluate` does this.
fn evaluating<'w>(wit: &'w Wit, body: &str) -> Guest<'w> {
    let evaluate = format!("{body} {SILENCE}");
    Guest { items: FUNCTIONS.to_owned(), evaluate: evaluate.as_str().into(), ..Guest::new(wit) }
}

/// The contract and an engine, for all tests.
fn desk() -> &'static (Wit, Engine) {
    static DESK: OnceLock<(Wit, Engine)> = OnceLock::new();
    DESK.get_or_init(|| (Wit::read("wit"), Engine::new().unwrap()))
}

fn profile(engine: &Engine, policy: &Prepared, component: &[u8], limits: &Limits) -> Profile {
    let request = request();
    let profiled = Profiled::Evaluating(&request, request.when().unwrap());
    engine.profile(policy, component, profiled, limits).unwrap()
}

/// Returns what stacks used that begin with `evaluate`: the others give memory to the request.
fn below_evaluate(profile: &Profile) -> BTreeMap<String, u64> {
    let stacks = profile.stacks.iter().filter(|stack| stack.functions[0] == "evaluate");
    stacks.map(|stack| (stack.functions.join(" "), stack.fuel)).collect()
}

/// Checks who uses what, and that together it is what an evaluation uses.
#[track_caller]
fn check(body: &str, expected: &[(&str, u64)]) {
    let (wit, engine) = desk();
    let guest = evaluating(wit, body);
    let policy = guest.prepare(engine).unwrap();
    let stopping = with_stops(&guest.package()).unwrap();
    let found = profile(engine, &policy, &stopping, &Limits::default());
    let expected: BTreeMap<_, _> =
        expected.iter().map(|(stack, fuel)| ((*stack).to_owned(), *fuel)).collect();
    assert_eq!(below_evaluate(&found), expected, "{found:?}");
    assert_eq!(found.fault, None);
    assert_eq!(found.fuel, used(engine, &policy, &Limits::default()).1);
    assert_eq!(found.stacks.iter().map(|stack| stack.fuel).sum::<u64>(), found.fuel);
    assert_eq!(profile(engine, &policy, &stopping, &Limits::default()), found);
}

/// What an evaluation comes to: its fault, and the fuel it uses.
fn used(engine: &Engine, policy: &Prepared, limits: &Limits) -> (Option<Fault>, u64) {
    let date = lexgate_model::date::new(2025, 11, 10).unwrap();
    let run = engine.evaluate(policy, &request(), date, limits);
    (run.outcome.err(), run.used.fuel)
}

#[test]
fn every_function_is_told_what_it_used_by_itself() {
    check("", &[("evaluate", 2)]);
    check("(drop (call $leaf))", &[("evaluate", 3), ("evaluate leaf", 4)]);
    check(
        "(call $caller) (drop (call $leaf)) (drop (i32.const 3))",
        &[("evaluate", 5), ("evaluate caller", 4), ("evaluate caller leaf", 8), ("evaluate leaf", 4)],
    );
    check("(call $loops)", &[("evaluate", 3), ("evaluate loops", 81)]);
    check(
        "(call $itself (i32.const 1)) (drop (i32.const 5))",
        &[
            ("evaluate", 5),
            ("evaluate itself", 8),
            ("evaluate itself itself", 3),
            ("evaluate itself leaf", 4),
        ],
    );
}

#[test]
fn making_an_instance_and_giving_memory_to_the_request_stand_beside() {
    let (wit, engine) = desk();
    let guest = evaluating(wit, "");
    let policy = guest.prepare(engine).unwrap();
    let found = profile(engine, &policy, &with_stops(&guest.package()).unwrap(), &Limits::default());
    let outermost = |name: &str| {
        let stacks = found.stacks.iter().filter(|stack| stack.functions == [name]);
        stacks.map(|stack| stack.fuel).sum::<u64>()
    };
    assert_eq!(outermost("(making an instance)"), INSTANCE);
    assert!(outermost("realloc") > 0);
    assert_eq!(found.stacks.len(), 3, "{found:?}");
}

#[test]
fn without_stops_the_sum_is_as_exact() {
    let (wit, engine) = desk();
    let guest = evaluating(wit, "(call $caller) (drop (i32.const 3))");
    let policy = guest.prepare(engine).unwrap();
    let found = profile(engine, &policy, &guest.package(), &Limits::default());
    assert_eq!(found.fuel, used(engine, &policy, &Limits::default()).1);
}

#[test]
fn a_guest_that_faults_is_profiled_until_it_does() {
    let (wit, engine) = desk();
    let limits = Limits { base_fuel: 20_000, fuel_per_element: 0, deadline_ms: 60_000, ..Limits::default() };
    for (body, busy) in [
        ("(call $spins)", "evaluate spins"),
        ("(call $caller) unreachable", "evaluate caller leaf"),
        ("(loop (call $caller) (br 0))", "evaluate caller leaf"),
    ] {
        let guest = evaluating(wit, body);
        let policy = guest.prepare(engine).unwrap();
        let found = profile(engine, &policy, &with_stops(&guest.package()).unwrap(), &limits);
        assert_eq!((found.fault.clone(), found.fuel), used(engine, &policy, &limits), "{body}");
        assert!(found.fault.is_some());
        assert!(below_evaluate(&found).contains_key(busy), "{found:?}");
    }
}

#[test]
fn of_very_many_functions_at_work_the_innermost_are_told() {
    let (wit, engine) = desk();
    let guest = evaluating(wit, "(call $deep)");
    let policy = guest.prepare(engine).unwrap();
    let limits = Limits { base_fuel: 10_000, fuel_per_element: 0, ..Limits::default() };
    let found = profile(engine, &policy, &with_stops(&guest.package()).unwrap(), &limits);
    assert_eq!(found.fault, Some(Fault::Fuel));
    let deepest = found.stacks.iter().max_by_key(|stack| stack.functions.len()).unwrap();
    assert_eq!((deepest.functions.len(), deepest.functions[0].as_str()), (1_001, "(more functions)"));
}

#[test]
fn a_guest_without_a_snapshot_is_profiled_as_it_starts() {
    let (wit, engine) = desk();
    let mut guest = evaluating(wit, "(call $caller)");
    guest.items += "(global (mut v128) (v128.const i64x2 0 0))";
    let policy = guest.prepare(engine).unwrap();
    assert_ne!(*policy.start(), Start::Snapshot);
    let stopping = with_stops(&guest.package()).unwrap();
    let found = profile(engine, &policy, &stopping, &Limits::default());
    assert_eq!(found.fuel, used(engine, &policy, &Limits::default()).1);
    assert_eq!(below_evaluate(&found)["evaluate caller leaf"], 8);
}

#[test]
fn configuring_is_profiled_as_it_is_measured() {
    let (wit, engine) = desk();
    let configure = format!("(call $caller) {SILENCE}");
    let guest = Guest { configure: configure.as_str().into(), ..evaluating(wit, "") };
    let policy = guest.prepare(engine).unwrap();
    let stopping = with_stops(&guest.package()).unwrap();
    let found = engine.profile(&policy, &stopping, Profiled::Configuring, &Limits::default()).unwrap();
    assert_eq!(found.fuel, policy.configuring().fuel);
    let by_caller = found.stacks.iter().find(|stack| stack.functions == ["configure", "caller"]).unwrap();
    assert_eq!(by_caller.fuel, 4);
}

#[test]
fn functions_without_names_have_numbers() {
    let (wit, engine) = desk();
    let guest =
        Guest { items: "(func (nop) (nop)) (func (call 3))".to_owned(), ..evaluating(wit, "(call 4)") };
    let policy = guest.prepare(engine).unwrap();
    let found = profile(engine, &policy, &with_stops(&guest.package()).unwrap(), &Limits::default());
    assert_eq!(
        below_evaluate(&found),
        BTreeMap::from([
            ("evaluate".to_owned(), 3),
            ("evaluate [4]".to_owned(), 2),
            ("evaluate [4] [3]".to_owned(), 1),
        ])
    );
}
