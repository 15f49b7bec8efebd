//! Packages that are small and would cost much: none of them is let in, whatever they say of themselves.

use super::*;

/// Appends a section whose length and content are these, true or not, at the top level or inside a module.
fn raw(id: u8, length: u32, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![id];
    let mut rest = length;
    loop {
        let low = u8::try_from(rest & 0x7f).unwrap();
        rest >>= 7;
        bytes.push(if rest == 0 { low } else { low | 0x80 });
        if rest == 0 {
            break;
        }
    }
    bytes.extend_from_slice(content);
    bytes
}

/// Returns a good component with one more core module, made of these bytes.
fn with_raw_module(sections: &[u8]) -> Vec<u8> {
    let module = [b"\0asm\x01\0\0\0", sections].concat();
    let length = u32::try_from(module.len()).unwrap();
    [good_component(), raw(1, length, &module)].concat()
}

/// Checks the message that a component is refused with, after sections of ours were put behind it.
#[track_caller]
fn refuse_component(component: Vec<u8>, message: &str) {
    let sealed = with_section(component, MANIFEST_SECTION, manifest().to_canonical_json());
    refuse(with_section(sealed, &dataset_section("regions", "1"), REGIONS), message);
}

#[test]
fn a_tiny_package_with_an_enormous_memory_or_table_is_refused() {
    refuse_sealed(&with_module("(memory 65536)"), "has 65537 pages of memory at the start, at most 1024");
    refuse_sealed(&with_module("(memory 1024)"), "has 1025 pages of memory at the start, at most 1024");
    refuse_sealed(&with_module("(table 0xffffffff funcref)"), "table elements at the start, at most 100000");
    let tables = "(table 1 funcref)".repeat(101);
    refuse_sealed(&with_module(&tables), "tables, at most 100 (package limit `tables`)");
}

#[test]
fn counts_that_lie_are_refused_before_what_they_count_is_looked_for() {
    // Four thousand million of them, none of which is there: functions, data, types, imports, globals, exports.
    let many = [0xff, 0xff, 0xff, 0xff, 0x0f];
    refuse_component(with_raw_module(&raw(11, 5, &many)), "data segments, at most 20000");
    refuse_component(with_raw_module(&raw(12, 5, &many)), "data segments, at most 20000");
    for section in [1, 2, 3, 4, 5, 6, 7, 9, 10] {
        refuse_component(with_raw_module(&raw(section, 5, &many)), "is ");
    }
    for section in [2, 3, 5, 6, 7, 8, 10, 11] {
        refuse_component([good_component(), raw(section, 5, &many)].concat(), "is ");
    }
}

#[test]
fn sections_that_lie_about_their_size_are_refused() {
    // Longer than the file, as long as anything can be, shorter than the name inside.
    for length in [1_000, u32::MAX] {
        refuse([good(), raw(0, length, b"\x04name")].concat(), "is not a valid component: ");
    }
    refuse([good(), raw(0, 3, b"\x7fxx")].concat(), "is not a valid component: ");
    refuse([good(), raw(0, 0, b"")].concat(), "is not a valid component: ");
    // A manifest that hides the rest of the file in itself is one that does not hold.
    let name = MANIFEST_SECTION.as_bytes();
    let hiding = [&[u8::try_from(name.len()).unwrap()], name, b"{}"].concat();
    let length = u32::try_from(hiding.len() + good().len()).unwrap();
    refuse([good_component(), raw(0, length, &hiding), good()].concat(), "has a manifest that is refused");
}

#[test]
fn two_manifests_are_refused_wherever_the_second_lies() {
    let text = manifest().to_canonical_json();
    refuse(with_section(good(), MANIFEST_SECTION, &text), "has two sections `lexgate:manifest`");
    let nested = with_section(b"\0asm\x0d\0\x01\0".to_vec(), MANIFEST_SECTION, &text);
    let length = u32::try_from(nested.len()).unwrap();
    refuse([good(), raw(4, length, &nested)].concat(), "has a section `lexgate:manifest` inside a nested");
    let nested = with_section(b"\0asm\x01\0\0\0".to_vec(), MANIFEST_SECTION, &text);
    let length = u32::try_from(nested.len()).unwrap();
    refuse([good(), raw(1, length, &nested)].concat(), "has a section `lexgate:manifest` inside a nested");
}

#[test]
fn types_within_types_are_refused() {
    let lists: String = (0..1_000).map(|number| format!("(type (list {number}))")).collect();
    refuse_sealed(&component(&format!("(type (list u8)) {lists} {POLICY}")), "is not a valid component: ");
    // Each has twice what the one before has.
    let doubles: String = (0..40).map(|number| format!("(type (tuple {number} {number}))")).collect();
    refuse_sealed(
        &component(&format!("(type (tuple u8 u8)) {doubles} {POLICY}")),
        "is not a valid component: ",
    );
}

#[test]
fn instances_and_functions_by_the_thousand_are_refused() {
    let nested = "(component $c) ".to_owned() + &"(instance (instantiate $c))".repeat(257);
    refuse_sealed(&component(&format!("{POLICY} {nested}")), "instantiations, at most 256");
    let modules = "(core module $n) ".to_owned() + &"(core instance (instantiate $n))".repeat(257);
    refuse_sealed(&component(&format!("{POLICY} {modules}")), "instantiations, at most 256");
    // Bags of exports run nothing, but are kept.
    let bags = "(core instance (export \"f\" (func $g)))".repeat(2_000);
    let alias = "(alias core export $i \"f\" (core func $g))";
    refuse_sealed(&component(&format!("{POLICY} {alias} {bags}")), "instances count exceeds limit of 1000");
    let lifted = "(func (canon lift (core func $i \"f\")))".repeat(1_000);
    refuse_sealed(&component(&format!("{POLICY} {lifted}")), "has 1001 canonical functions, at most 1000");
}

#[test]
fn loops_within_loops_are_refused_however_small_they_are() {
    let nest = |depth: usize| format!("(func {} {})", "loop ".repeat(depth), "end ".repeat(depth));
    refuse_sealed(&with_module(&nest(65)), "loops within each other, at most 64");
    let blocks = format!("(func {} {})", "block ".repeat(1_025), "end ".repeat(1_025));
    refuse_sealed(&with_module(&blocks), "blocks within each other, at most 1024");
}

#[test]
fn loops_around_a_thousand_variables_are_refused_before_they_reach_a_compiler() {
    // Two minutes for a compiler, in 60 KB.
    let loops = format!("{} {}", "(loop ".repeat(60), "(br_if 0 (i32.const 1)) )".repeat(60)).repeat(125);
    let set = |number: u32| format!("(local.set {number} (i32.add (local.get {number}) (i32.const 1)))");
    let variables: String = (0..1_000).map(set).collect();
    let bomb = with_module(&format!("(func (local {}) {loops} {variables})", "i32 ".repeat(1_000)));
    assert!(bomb.len() < 64 << 10, "{}", bomb.len());
    refuse_sealed(&bomb, "loops times local variables, at most 1000000 (package limit `loop_locals`)");
}

#[test]
fn blocks_that_pass_a_thousand_values_are_refused_before_they_reach_a_compiler() {
    // Five seconds and four gigabytes for a compiler, in 8 KB.
    let values = "i32 ".repeat(1_000);
    let loops = format!("{} {}", "loop (type $t) ".repeat(60), "end ".repeat(60)).repeat(8);
    for block in ["loop", "block", "i32.const 1 if"] {
        let bomb = with_module(&format!(
            "(type $t (func (param {values}) (result {values}))) (func (param {values}) {} {} {})",
            (0..1_000).map(|number| format!("local.get {number} ")).collect::<String>(),
            loops.replace("loop", block),
            "drop ".repeat(1_000),
        ));
        refuse_sealed(&bomb, "values of one block, at most 32 (package limit `block_values`)");
    }
}
