//! Guests that misbehave before they are asked anything: they are not prepared, and the reason names them.

use super::calls::READ;
use super::consuming::LOOP;
use super::{ENGINE, LIMITS, abi, bind, check_binding, guest, trap};
use crate::guests::{Body, Guest, SILENCE, prepare, verified};
use lexgate_engine::{Binding, Unprepared};
use lexgate_model::fault::{Fault, Limits};
use lexgate_model::package::CONTRACT;
use lexgate_model::{Digest, Manifest};
use serde_json::json;

fn configuring(body: impl Into<Body>) -> Guest<'static> {
    Guest { configure: body.into(), ..guest() }
}

/// Checks the fault with which a guest is not prepared.
#[track_caller]
fn check(guest: Guest<'_>, expected: Fault) {
    let unprepared = guest.prepare(&ENGINE).unwrap_err();
    let Unprepared::Faulted(policy, fault, ..) = unprepared else { panic!("{unprepared}") };
    assert_eq!((policy.as_str(), fault), ("guest", expected));
}

#[test]
fn a_guest_that_faults_while_it_is_configured_is_not_prepared() {
    check(configuring(LOOP), Fault::Fuel);
    check(configuring("(call $configure (local.get 0) (local.get 1))"), Fault::Stack);
    check(configuring("(drop (memory.grow (i32.const 2000))) unreachable"), Fault::Memory);
    check(configuring("unreachable"), trap("wasm trap: wasm `unreachable` instruction executed"));
    check(configuring("(i32.const -4)"), abi("pointer out of bounds of memory"));
    check(
        configuring(json!({ "err": { "at": 0, "length": u32::MAX } })),
        abi(super::malformed::TEXT_OUTSIDE),
    );
    check(configuring(json!({ "discriminant": 2 })), abi("invalid expected discriminant"));
}

#[test]
fn a_guest_that_faults_while_it_starts_is_not_prepared() {
    let starting = |wat: &str| Guest { items: format!("(func $start {wat}) (start $start)"), ..guest() };
    check(starting(LOOP), Fault::Fuel);
    check(starting("unreachable"), trap("wasm trap: wasm `unreachable` instruction executed"));
    let outside = Guest { items: "(data (i32.const 65536) \"x\")".to_owned(), ..guest() };
    check(outside, trap("wasm trap: out of bounds memory access"));
}

#[test]
fn an_allocator_or_a_clean_up_that_never_ends_while_configuring_ends_with_the_fuel() {
    // The parameters are the first thing that is allocated for.
    check(Guest { allocate: LOOP.to_owned(), ..guest() }, Fault::Fuel);
    check(
        Guest { allocate: "(i32.const 65536)".to_owned(), ..guest() },
        abi("realloc return: beyond end of memory"),
    );
    let clean_up =
        format!("(func (export \"cabi_post_lexgate:screening/policy@0.1.0#configure\") (param i32) {LOOP})");
    check(Guest { items: clean_up, ..guest() }, Fault::Fuel);
}

/// Returns why a component with these parts is not prepared; beside them it exports what has not even the right types.
fn unprepared(parts: &str) -> Unprepared {
    let component = wat::parse_str(format!(
        "(component {parts}
            (core module $p (func (export \"f\")))
            (core instance $i (instantiate $p))
            (func $f (canon lift (core func $i \"f\")))
            (instance $policy (export \"configure\" (func $f)) (export \"evaluate\" (func $f)))
            (export \"lexgate:screening/policy@0.1.0\" (instance $policy)))"
    ));
    let manifest: Manifest = serde_json::from_value(guest().manifest).unwrap();
    let package = lexgate_packages::seal(&component.unwrap(), &manifest, &[] as &[&[u8]]).unwrap();
    prepare(&ENGINE, verified(package, CONTRACT)).unwrap_err()
}

/// A chain of so many components, each of which has a memory of its own and hands texts on to the next.
fn chain(length: usize) -> String {
    let memory = r#"(memory (export "m") 1)
        (func (export "r") (param i32 i32 i32 i32) (result i32) unreachable)"#;
    let lifted = r#"(func $g (param "a" string) (result string)
        (canon lift (core func $i "g") (memory $i "m") (realloc (func $i "r")))) (export "g" (func $g))"#;
    let given = r#"(func (export "g") (param i32 i32) (result i32) unreachable)"#;
    let mut text = format!(
        r#"(component $first (core module $m {memory} {given}) (core instance $i (instantiate $m)) {lifted})
        (component $next (import "f" (func $f (param "a" string) (result string)))
            (core module $mem {memory}) (core instance $mem (instantiate $mem))
            (core func $l (canon lower (func $f) (memory $mem "m") (realloc (func $mem "r"))))
            (core module $m (import "" "f" (func (param i32 i32 i32))) {memory} {given})
            (core instance $bag (export "f" (func $l)))
            (core instance $i (instantiate $m (with "" (instance $bag)))) {lifted})
        (instance $c0 (instantiate $first))"#
    );
    for number in 1..length {
        let before = number - 1;
        text += &format!(r#"(instance $c{number} (instantiate $next (with "f" (func $c{before} "g"))))"#);
    }
    text
}

#[test]
fn components_that_hand_texts_to_each_other_break_no_compiler() {
    let unfit = unprepared(&chain(2));
    assert!(matches!(unfit, Unprepared::Faulted(_, Fault::Output(_), ..)), "{unfit}");
    let unprepared = unprepared(&chain(60));
    let too_many = trap("resource limit exceeded: instance count too high at 65");
    assert!(matches!(&unprepared, Unprepared::Faulted(_, fault, ..) if *fault == too_many), "{unprepared}");
}

#[test]
fn the_memories_of_a_guest_count_together() {
    let hungry = "(core module $m (memory 1)
        (func $start (if (i32.eq (memory.grow (i32.const 640)) (i32.const -1)) (then unreachable)))
        (start $start))
        (core instance (instantiate $m)) (core instance (instantiate $m))";
    let unprepared = unprepared(hungry);
    assert!(matches!(unprepared, Unprepared::Faulted(_, Fault::Memory, ..)), "{unprepared}");
}

#[test]
fn a_guest_may_refuse_its_configuration() {
    let check = |words: String, shown: &str| {
        let unprepared = configuring(json!({ "err": words })).prepare(&ENGINE).unwrap_err();
        let expected = format!("policy `guest` refuses its configuration: unsupported: {shown}");
        assert_eq!(unprepared.to_string(), expected);
    };
    check("no list".to_owned(), "no list");
    check("x".repeat(100_000), &"x".repeat(1_024));
}

/// What prevents a snapshot: nobody could read it.
pub(crate) const NO_SNAPSHOT: &str = "(global (mut v128) (v128.const i64x2 0 0))";

#[test]
fn a_guest_that_takes_longer_to_configure_than_its_binding_allows_faults() {
    let slow = format!(
        "(local $n i32) (loop (local.set $n (i32.add (local.get $n) (i32.const 1)))
                              (br_if 0 (i32.lt_u (local.get $n) (i32.const 1000000)))) {SILENCE}"
    );
    let limits = Limits { configure_fuel: 1_000_000, ..LIMITS };
    // From a snapshot it would not be configured again.
    let guest = Guest { items: NO_SNAPSHOT.to_owned(), ..configuring(slow.as_str()) };
    let binding = Binding { limits, ..bind("hostile", &guest) };
    check_binding(binding, Fault::Fuel);
}

/// Returns a guest whose `configure` traps unless reading `name` answers with this discriminant and, where there are
/// versions, this first byte; the `content` of a version lies 20 bytes into it, behind a text and two optional dates.
fn reading(name: &str, discriminant: u32, byte: u8) -> Guest<'static> {
    let read = format!(
        "(call $read (i32.const 4096) (i32.const {}) (i32.const 8192))
         (if (i32.ne (i32.load8_u (i32.const 8192)) (i32.const {discriminant})) (then unreachable))
         (if (i32.eqz (i32.const {discriminant})) (then
             (if (i32.ne (i32.load8_u (i32.load offset=20 (i32.load (i32.const 8196)))) (i32.const {byte}))
                 (then unreachable))))
         {SILENCE}",
        name.len()
    );
    let items = format!("(data (i32.const 4096) \"{name}\")");
    let guest = Guest { imports: READ.to_owned(), items, ..configuring(read.as_str()) };
    with_dataset(guest, "list", None, b"SG\n")
}

/// Returns a guest that reads so many times while it is configured; what it allocates lies over what it allocated before.
fn reading_again(times: u32, dataset: &[u8]) -> Guest<'static> {
    let read = format!(
        "(local $times i32)
         (loop (call $read (i32.const 4096) (i32.const 4) (i32.const 8192))
               (local.set $times (i32.add (local.get $times) (i32.const 1)))
               (br_if 0 (i32.lt_u (local.get $times) (i32.const {times}))))
         {SILENCE}"
    );
    let items = "(data (i32.const 4096) \"list\")".to_owned();
    let allocate = "(i32.const 65536)".to_owned();
    let guest = Guest { imports: READ.to_owned(), items, allocate, pages: 512, ..configuring(read.as_str()) };
    with_dataset(guest, "list", None, dataset)
}

#[test]
fn a_dataset_is_read_a_few_times_and_paid_for_by_the_byte() {
    reading_again(64, b"SG\n").prepare(&ENGINE).unwrap();
    check(reading_again(65, b"SG\n"), trap("more than 64 host calls"));
    check(reading_again(1_000_000, b"SG\n"), trap("more than 64 host calls"));
    let large = vec![b'x'; 4 << 20];
    let fuel = |times: u32| {
        let guest = reading_again(times, &large);
        let mut prepared = None;
        let memory = allocation_counter::measure(|| prepared = Some(guest.prepare(&ENGINE)));
        // The package, what takes it apart and puts it together, and one copy for the guest; not one for each read.
        assert!(memory.bytes_max < 64 << 20, "the host allocated {} bytes", memory.bytes_max);
        prepared.unwrap().unwrap().configuring().fuel
    };
    let (once, again) = (fuel(1), fuel(9));
    assert!(again - once >= 8 * (4 << 20), "{once}, {again}");
}

/// Declares a dataset, and carries it.
pub(crate) fn with_dataset<'w>(
    mut guest: Guest<'w>,
    name: &str,
    until: Option<&str>,
    bytes: &[u8],
) -> Guest<'w> {
    let mut dataset = json!({ "name": name, "version": "1", "source": "made up", "digest": Digest::of(bytes),
                              "bytes": bytes.len() });
    if let Some(until) = until {
        dataset["valid-until"] = until.into();
    }
    guest.manifest["datasets"].as_array_mut().unwrap().push(dataset);
    guest.datasets.push(bytes.to_vec());
    guest
}

#[test]
fn a_guest_reads_what_its_manifest_declares_and_is_told_of_what_it_does_not() {
    reading("list", 0, b'S').prepare(&ENGINE).unwrap();
    reading("other", 1, 0).prepare(&ENGINE).unwrap();
    reading("", 1, 0).prepare(&ENGINE).unwrap();
    let unreachable = || trap("wasm trap: wasm `unreachable` instruction executed");
    for name in ["../list", "list/../list", "./list", "/etc/passwd", "list@1", "list\\00", "LIST", "lıst"] {
        reading(name, 1, 0).prepare(&ENGINE).unwrap();
        check(reading(name, 0, 0), unreachable());
    }
    reading(&"x".repeat(60_000), 1, 0).prepare(&ENGINE).unwrap();
    check(reading("list", 0, b'X'), unreachable());
    check(reading("other", 0, 0), unreachable());
}
