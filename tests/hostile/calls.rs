//! Guests that call the host too often, too loudly, or when they may not.

use super::{ENGINE, LIMITS, abi, allocating, bind, check, check_binding, decide, evaluating, trap};
use crate::guests::{Guest, SILENCE, request};
use lexgate_engine::{Binding, LogLine, PolicySet};
use lexgate_model::decision::Enforced;
use lexgate_model::fault::{Fault, Limits};

/// Imports the log.
const LOG: &str = r#"(import "lexgate:screening/log@0.1.0" "write"
    (func $log (param $level i32) (param $at i32) (param $length i32)))"#;

/// Imports the datasets.
pub(crate) const READ: &str = r#"(import "lexgate:screening/datasets@0.1.0" "read"
    (func $read (param $at i32) (param $length i32) (param $answer i32)))"#;

/// Returns a guest that runs these instructions when it evaluates, and may call `$log`.
fn logging(wat: &str) -> Guest<'static> {
    Guest { imports: LOG.to_owned(), pages: 32, ..evaluating(wat) }
}

/// Logs so many lines of so many bytes.
fn log(lines: u32, bytes: u32) -> String {
    format!(
        "(local $lines i32)
         (loop (call $log (i32.const 1) (i32.const 65536) (i32.const {bytes}))
               (local.set $lines (i32.add (local.get $lines) (i32.const 1)))
               (br_if 0 (i32.lt_u (local.get $lines) (i32.const {lines}))))
         {SILENCE}"
    )
}

#[test]
fn what_a_guest_logs_is_the_tenants_to_read() {
    let set = PolicySet::new(vec![bind("b", &logging(&log(2, 3)))]).unwrap();
    let mut lines = Vec::new();
    let mut keep = |binding: &str, line: LogLine| lines.push((binding.to_owned(), line));
    let request = request();
    let record = ENGINE.decide_with_log::<Enforced>(&set, &request, request.when().unwrap(), &mut keep);
    let line = LogLine { level: "info", message: "\0\0\0".to_owned() };
    assert_eq!(lines, [("b".to_owned(), line.clone()), ("b".to_owned(), line)]);
    assert_eq!((record.bindings[0].used.host_calls, &record.bindings[0].fault), (2, &None));
}

#[test]
fn a_flood_of_log_lines_is_a_fault() {
    check(logging(&log(65, 1)), trap("more than 64 host calls"));
    check(logging(&log(1_000_000, 0)), trap("more than 64 host calls"));
    check(logging(&log(1, (64 << 10) + 1)), trap("more than 65536 bytes in host calls"));
    check(logging(&log(2, 40 << 10)), trap("more than 65536 bytes in host calls"));
}

#[test]
fn what_a_guest_logs_is_paid_for_by_the_byte() {
    let limits = Limits { base_fuel: 50_000, fuel_per_element: 0, ..LIMITS };
    let logging = |bytes: u32| Binding { limits, ..bind("hostile", &logging(&log(1, bytes))) };
    assert_eq!(decide(vec![logging(40_000)]).bindings[0].fault, None);
    check_binding(logging(50_000), Fault::Fuel);
}

#[test]
fn a_line_that_is_none_is_a_fault() {
    let log = |level: u32, at: u32, length: u32| {
        logging(&format!("(call $log (i32.const {level}) (i32.const {at}) (i32.const {length})) {SILENCE}"))
    };
    check(log(9, 0, 0), abi("unexpected discriminant: 9"));
    check(log(1, 0xffff_fff0, 1), abi(super::malformed::TEXT_OUTSIDE));
    check(log(1, 1 << 20, 1 << 20), abi(super::amplification::TOO_MUCH));
}

#[test]
fn reading_a_dataset_while_evaluating_is_a_fault() {
    let read = format!("(call $read (i32.const 1024) (i32.const 4) (i32.const 2048)) {SILENCE}");
    let guest = Guest { imports: READ.to_owned(), ..evaluating(&read) };
    check(guest, trap("it called `datasets.read` outside `configure`"));
    // First the name must be one.
    let read = format!("(call $read (i32.const -8) (i32.const 4) (i32.const 2048)) {SILENCE}");
    let guest = Guest { imports: READ.to_owned(), ..evaluating(&read) };
    check(guest, abi(super::malformed::TEXT_OUTSIDE));
}

#[test]
fn calling_the_host_while_the_host_allocates_is_a_fault() {
    let call = "(call $log (i32.const 1) (i32.const 0) (i32.const 0)) unreachable";
    let guest = Guest { imports: LOG.to_owned(), ..allocating(call) };
    check(guest, trap("wasm trap: cannot leave component instance"));
}
