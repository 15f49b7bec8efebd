//! Guests that use up what they are given, and guests that break down.

use super::{LIMITS, allocating, bind, check, check_binding, decide, evaluated, evaluating, guest, trap};
use crate::guests::{Guest, SILENCE};
use lexgate_engine::Binding;
use lexgate_model::fault::{Fault, Limits};

pub(crate) const LOOP: &str = "(loop (br 0)) unreachable";

const POST_RETURN: &str = "cabi_post_lexgate:screening/policy@0.1.0#evaluate";

#[test]
fn an_endless_loop_ends_with_the_fuel() {
    check(evaluating(LOOP), Fault::Fuel);
    check(allocating(LOOP), Fault::Fuel);
    let cleaning_up = format!("(func (export \"{POST_RETURN}\") (param i32) {LOOP})");
    check(Guest { items: cleaning_up, ..guest() }, Fault::Fuel);
}

#[test]
fn an_endless_loop_with_endless_fuel_ends_at_the_deadline() {
    let limits = Limits { base_fuel: u64::MAX, deadline_ms: 20, ..LIMITS };
    check_binding(Binding { limits, ..bind("hostile", &evaluating(LOOP)) }, Fault::Deadline);
}

#[test]
fn filling_memory_costs_what_it_takes() {
    let filling = |bytes: u32| {
        let fill = format!("(memory.fill (i32.const 65536) (i32.const 1) (i32.const {bytes})) {SILENCE}");
        Guest { pages: 512, ..evaluating(&fill) }
    };
    let fuel = |bytes: u32| evaluated(&filling(bytes)).used.fuel;
    assert!(fuel(100_000) - fuel(1_000) >= 99_000);
    check(filling(16 << 20), Fault::Fuel);
}

#[test]
fn copying_costs_what_it_takes_wherever_the_fuel_ends() {
    let copying = |bytes: u32| {
        let copy =
            format!("(memory.copy (i32.const 8388608) (i32.const 65536) (i32.const {bytes})) {SILENCE}");
        Guest { pages: 512, ..evaluating(&copy) }
    };
    let fuel = |bytes: u32| evaluated(&copying(bytes)).used.fuel;
    assert!(fuel(100_000) - fuel(1_000) >= 99_000);
    check(copying(8 << 20), Fault::Fuel);
    // Whatever it copies, it ends outside: who pays for it first learns of the fuel, whoever can afford it of the trap.
    check(copying(u32::MAX), Fault::Fuel);
    let outside = "(memory.copy (i32.const 0) (i32.const 65536) (i32.const 1))";
    check(evaluating(&format!("{outside} {SILENCE}")), trap("wasm trap: out of bounds memory access"));
    let text = "x".repeat(100_000);
    let init = |bytes: u32| {
        let init =
            format!("(memory.init $text (i32.const 65536) (i32.const 0) (i32.const {bytes})) {SILENCE}");
        Guest { pages: 32, items: format!("(data $text \"{text}\")"), ..evaluating(&init) }
    };
    let fuel = |bytes: u32| evaluated(&init(bytes)).used.fuel;
    assert!(fuel(100_000) - fuel(1_000) >= 99_000);
    check(init(100_001), trap("wasm trap: out of bounds memory access"));
}

/// A table, and a guest that does something to it.
fn with_table(elements: u32, wat: &str) -> Guest<'static> {
    let items = format!("(table $t {elements} funcref) (elem $e func $evaluate $evaluate)");
    Guest { items, ..evaluating(wat) }
}

#[test]
fn tables_cost_what_they_take() {
    let fuel = |wat: &str| evaluated(&with_table(10_000, &format!("{wat} {SILENCE}"))).used.fuel;
    let dearer = |what: &str| {
        let wat = |elements: u32| what.replace("COUNT", &elements.to_string());
        assert!(fuel(&wat(9_000)) - fuel(&wat(1_000)) >= 8_000, "{what}");
    };
    dearer("(table.fill $t (i32.const 0) (ref.null func) (i32.const COUNT))");
    dearer("(table.copy $t $t (i32.const 0) (i32.const 1) (i32.const COUNT))");
    let grow =
        "(if (i32.ne (table.grow $t (ref.null func) (i32.const COUNT)) (i32.const 2)) (then unreachable))";
    let fuel = |count: u32| {
        let wat = format!("{} {SILENCE}", grow.replace("COUNT", &count.to_string()));
        evaluated(&with_table(2, &wat)).used.fuel
    };
    assert!(fuel(9_000) - fuel(1_000) >= 8_000);
    let endless = "(loop (table.fill $t (i32.const 0) (ref.null func) (i32.const 10000)) (br 0)) unreachable";
    check(with_table(10_000, endless), Fault::Fuel);
    let beyond = "(table.fill $t (i32.const 1) (ref.null func) (i32.const 10000)) unreachable";
    check(with_table(10_000, beyond), trap("wasm trap: undefined element: out of bounds table access"));
    let beyond = "(table.init $t $e (i32.const 0) (i32.const 0) (i32.const 3)) unreachable";
    check(with_table(10_000, beyond), trap("wasm trap: undefined element: out of bounds table access"));
}

#[test]
fn a_table_grows_to_its_cap_and_not_past_it() {
    let grown = |by: u32, answer: i32| {
        let grow = format!("(table.grow $t (ref.null func) (i32.const {by}))");
        format!("(if (i32.ne {grow} (i32.const {answer})) (then unreachable))")
    };
    let to_the_cap = format!("{} {} {SILENCE}", grown(9_998, 2), grown(1, -1));
    evaluated(&with_table(2, &to_the_cap));
    evaluated(&with_table(2, &format!("{} {SILENCE}", grown(9_999, -1))));
    let limits = Limits { base_fuel: u64::MAX, ..LIMITS };
    let vast = with_table(2, &format!("{} {} {SILENCE}", grown(u32::MAX, -1), grown(0, 2)));
    let record = decide(vec![Binding { limits, ..bind("b", &vast) }]);
    assert_eq!(record.bindings[0].fault, None);
}

#[test]
fn a_guest_that_begins_with_a_larger_table_than_it_may_have_faults() {
    let limits = Limits { table_elements: 9_999, ..LIMITS };
    let binding = Binding { limits, ..bind("hostile", &with_table(10_000, SILENCE)) };
    check_binding(binding, trap("table minimum size of 10000 elements exceeds table limits"));
}

#[test]
fn a_guest_that_cannot_do_without_more_memory_faults() {
    let page_by_page = "(loop (br_if 0 (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable";
    check(evaluating(page_by_page), Fault::Memory);
    let at_once = |pages: u32| {
        format!("(if (i32.eq (memory.grow (i32.const {pages})) (i32.const -1)) (then unreachable)) {SILENCE}")
    };
    check(evaluating(&at_once(1_024)), Fault::Memory);
    check(allocating("(drop (memory.grow (i32.const 2000))) unreachable"), Fault::Memory);
    // Pages are paid before they are refused.
    check(evaluating(&at_once(65_535)), Fault::Fuel);
    check(evaluating(&at_once(65_536)), Fault::Fuel);
    check(evaluating(&at_once(u32::MAX)), Fault::Fuel);
}

#[test]
fn a_guest_that_does_without_more_memory_does_not_fault() {
    let used = evaluated(&evaluating(&format!("(drop (memory.grow (i32.const 2000))) {SILENCE}"))).used;
    assert_eq!(used.memory_bytes, 64 << 10);
    let used = evaluated(&evaluating(&format!("(drop (memory.grow (i32.const 1023))) {SILENCE}"))).used;
    assert_eq!(used.memory_bytes, 64 << 20);
}

#[test]
fn a_guest_that_begins_with_more_memory_than_it_may_have_faults() {
    let limits = Limits { memory_bytes: 1 << 20, ..LIMITS };
    check_binding(Binding { limits, ..bind("hostile", &Guest { pages: 17, ..guest() }) }, Fault::Memory);
}

#[test]
fn a_trap_is_named() {
    check(evaluating("unreachable"), trap("wasm trap: wasm `unreachable` instruction executed"));
    let divide = "(i32.div_u (i32.const 1) (i32.load (i32.const 0)))";
    check(evaluating(divide), trap("wasm trap: integer divide by zero"));
    let overflow = "(i32.div_s (i32.const 0x80000000) (i32.const -1))";
    check(evaluating(overflow), trap("wasm trap: integer overflow"));
    check(evaluating("(i32.trunc_f32_s (f32.const nan))"), trap("wasm trap: invalid conversion to integer"));
    check(evaluating("(i32.load (i32.const -4))"), trap("wasm trap: out of bounds memory access"));
    check(allocating("unreachable"), trap("wasm trap: wasm `unreachable` instruction executed"));
}

#[test]
fn a_trap_at_a_table_is_named() {
    let with_table = |wat: &str| with_table(2, wat);
    let call = |index: u32| format!("(call_indirect $t (result i32) (i32.const {index}))");
    check(with_table(&call(1)), trap("wasm trap: uninitialized element"));
    check(with_table(&call(2)), trap("wasm trap: undefined element: out of bounds table access"));
    let grow = "(loop (br_if 0 (i32.ne (table.grow $t (ref.null func) (i32.const 1000)) (i32.const -1)))) unreachable";
    check(with_table(grow), trap("wasm trap: wasm `unreachable` instruction executed"));
}

#[test]
fn endless_recursion_ends_with_the_stack() {
    check(evaluating("(call $evaluate (local.get 0))"), Fault::Stack);
    check(
        allocating("(drop (call $realloc (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 1)))"),
        Fault::Stack,
    );
}
