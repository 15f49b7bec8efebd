//! Guests that want to be another one the second time: nothing that one wrote is ever seen again, by itself or by others,
//! however it ended.

use super::configuring::NO_SNAPSHOT;
use super::consuming::LOOP;
use super::{LIMITS, abi, evaluating, trap};
use crate::guests::{Guest, SILENCE, request};
use lexgate_engine::{Engine, Instances, Prepared, Start};
use lexgate_model::date::Date;
use lexgate_model::fault::{Fault, Limits};

/// Traps unless memory, globals, tables and segments are as they were at first; then changes all of them.
const CHANGING: &str = r#"
    (local $at i32)
    (if (i32.or (i32.ne (memory.size) (i32.const 1)) (global.get $number)) (then unreachable))
    (if (i32.or (i64.ne (global.get $long) (i64.const 7)) (f64.ne (global.get $double) (f64.const 1.5))) (then unreachable))
    (if (i64.ne (i64.load (i32.const 512)) (i64.const 0)) (then unreachable))
    (if (i64.ne (i64.load (i32.const 600)) (i64.const 0)) (then unreachable))
    (memory.init $passive (i32.const 600) (i32.const 0) (i32.const 4))
    (if (i32.ne (i32.load (i32.const 600)) (i32.const 0x64636261)) (then unreachable))
    (if (i32.ne (memory.grow (i32.const 1023)) (i32.const 1)) (then unreachable))
    (local.set $at (i32.const 65536))
    (loop
        (if (i64.ne (i64.load (local.get $at)) (i64.const 0)) (then unreachable))
        (if (i64.ne (i64.load offset=4088 (local.get $at)) (i64.const 0)) (then unreachable))
        (local.set $at (i32.add (local.get $at) (i32.const 4096)))
        (br_if 0 (i32.lt_u (local.get $at) (i32.const 67108864))))
    (local.set $at (i32.const 65536))
    (loop
        (i64.store offset=4088 (local.get $at) (i64.const -1))
        (i64.store (local.get $at) (i64.const -1))
        (local.set $at (i32.add (local.get $at) (i32.const 4096)))
        (br_if 0 (i32.lt_u (local.get $at) (i32.const 67108864))))
    (i64.store (i32.const 512) (i64.const -1))
    (global.set $number (i32.const 1)) (global.set $long (i64.const 8)) (global.set $double (f64.const 2.5))"#;

const ITEMS: &str = r#"
    (global $number (mut i32) (i32.const 0)) (global $long (mut i64) (i64.const 7))
    (global $double (mut f64) (f64.const 1.5)) (data $passive "abcd")
    (func $again (param i32) (call $again (local.get 0)))"#;

/// The same of tables and of segments that are dropped; whoever does so cannot have a snapshot.
const TABLES: &str = "
    (memory.init $passive (i32.const 600) (i32.const 0) (i32.const 4))
    (data.drop $passive)
    (if (i32.ne (table.size $table) (i32.const 4)) (then unreachable))
    (if (i32.eqz (ref.is_null (table.get $table (i32.const 1)))) (then unreachable))
    (table.init $table $elements (i32.const 1) (i32.const 0) (i32.const 2))
    (if (ref.is_null (table.get $table (i32.const 1))) (then unreachable))
    (elem.drop $elements)
    (if (i32.ne (table.grow $table (ref.func $filler) (i32.const 9000)) (i32.const 4)) (then unreachable))
    (if (ref.is_null (table.get $table (i32.const 9003))) (then unreachable))";

const TABLE_ITEMS: &str = "
    (table $table 4 funcref) (func $filler) (elem $elements func $filler $filler)";

/// Traps unless all memory that it can get is zero, and all elements of its table are null.
fn looking() -> Guest<'static> {
    let look = format!(
        "(local $at i32)
         (drop (memory.grow (i32.const 1023)))
         (local.set $at (i32.const 65536))
         (loop
             (if (i64.ne (i64.load (local.get $at)) (i64.const 0)) (then unreachable))
             (if (i64.ne (i64.load offset=4088 (local.get $at)) (i64.const 0)) (then unreachable))
             (local.set $at (i32.add (local.get $at) (i32.const 4096)))
             (br_if 0 (i32.lt_u (local.get $at) (i32.const 67108864))))
         (local.set $at (i32.const 0))
         (loop
             (if (i32.eqz (ref.is_null (table.get $table (local.get $at)))) (then unreachable))
             (local.set $at (i32.add (local.get $at) (i32.const 1)))
             (br_if 0 (i32.lt_u (local.get $at) (i32.const 10000))))
         {SILENCE}"
    );
    Guest { items: "(table $table 10000 funcref)".to_owned(), ..evaluating(&look) }
}

/// Checks that a guest that changes everything and then ends so finds nothing of it the next time, and nobody else does.
#[track_caller]
fn check(wat: &str, items: &str) -> Start {
    // With room for one, whoever is asked next has the memory and the tables of whoever was asked before.
    let engine = Engine::builder().instances(Instances::Pooled(1)).start().unwrap();
    let limits = Limits { base_fuel: 5_000_000, ..LIMITS };
    let ask = |policy: &Prepared| {
        let run = engine.evaluate(policy, &request(), Date::constant(2025, 11, 10), &limits);
        (run.outcome, run.used)
    };
    let looking = looking().prepare(&engine).unwrap();
    let mut start = Start::Snapshot;
    for (end, expected) in ends() {
        let guest = Guest { items: format!("{ITEMS} {items}"), ..evaluating(&format!("{wat} {end}")) };
        let policy = guest.prepare(&engine).unwrap();
        let first = ask(&policy);
        assert_eq!(first.0.as_ref().err(), expected.as_ref());
        assert_eq!(ask(&looking).0, Ok(Vec::new()), "another guest finds something after {end}");
        assert_eq!(ask(&policy), first);
        assert_eq!(ask(&policy), first);
        start = policy.start().clone();
    }
    start
}

/// How guests end, and what that comes to.
fn ends() -> [(&'static str, Option<Fault>); 6] {
    [
        (SILENCE, None),
        (
            "(drop (i32.div_u (i32.const 1) (i32.const 0))) unreachable",
            Some(trap("wasm trap: integer divide by zero")),
        ),
        (LOOP, Some(Fault::Fuel)),
        ("(call $again (local.get 0)) unreachable", Some(Fault::Stack)),
        ("(drop (memory.grow (i32.const 2000))) unreachable", Some(Fault::Memory)),
        ("(i32.const -4)", Some(abi("pointer out of bounds of memory"))),
    ]
}

#[test]
fn a_guest_that_starts_from_a_snapshot_finds_nothing_of_what_it_wrote() {
    assert_eq!(check(CHANGING, ""), Start::Snapshot);
}

#[test]
fn a_guest_that_is_configured_again_finds_nothing_of_what_it_wrote() {
    let start = check(CHANGING, NO_SNAPSHOT);
    assert!(matches!(start, Start::Afresh(_)), "{start:?}");
}

#[test]
fn a_guest_that_changes_tables_finds_them_as_they_were() {
    let start = check(TABLES, TABLE_ITEMS);
    assert!(matches!(start, Start::Afresh(_)), "{start:?}");
}
