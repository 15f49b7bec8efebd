//! Each static limit, one above it.

use super::*;

/// Checks that a component is taken with the limit at `least`, and refused with the figures below it.
#[track_caller]
fn limit(component: Vec<u8>, least: u64, set: fn(&mut PackageLimits) -> &mut u64, message: &str) {
    let mut trust = Trust::default();
    *set(&mut trust.limits) = least;
    verdict(seal_good(&component), &trust).unwrap();
    *set(&mut trust.limits) = least - 1;
    let most = format!("at most {} (package limit `", least - 1);
    refuse_by(&trust, seal_good(&component), message);
    refuse_by(&trust, seal_good(&component), &most);
}

#[test]
fn every_limit_is_refused_with_its_figure() {
    let bytes = seal_good(&good_component()).len() as u64;
    limit(good_component(), bytes, |l| &mut l.bytes, &format!("the package has {bytes} bytes"));
    let manifest_bytes = manifest().to_canonical_json().len() as u64;
    limit(good_component(), manifest_bytes, |l| &mut l.manifest_bytes, "the manifest has");
    limit(with_module("(func) (func)"), 3, |l| &mut l.functions, "the package has 3 core functions");
    let locals = with_module("(func (local i32 i32 i64 i64 i64))");
    limit(locals, 5, |l| &mut l.function_locals, "has 5 locals, at most 4 (package limit `function_locals`)");
    let body = with_module("(func (nop nop nop nop))");
    limit(body, 6, |l| &mut l.function_bytes, "has 6 bytes of body");
    let blocks = "(func block loop block end block i32.const 1 if nop else nop end end end end)";
    let blocks = with_module(blocks);
    limit(blocks, 4, |l| &mut l.block_depth, "has 4 blocks within each other");
    let loops = with_module("(func loop end loop block loop end end end)");
    limit(loops, 2, |l| &mut l.loop_depth, "has 2 loops within each other");
    let loops = "(func (local i32 i64) loop loop end end) (func (local i32) loop end nop) (func (local i32))";
    limit(with_module(loops), 5, |l| &mut l.loop_locals, "has 5 loops times local variables");
    let values = "(type (func (param i32 i64) (result i32))) (func i32.const 1 i64.const 1 loop (type 0) drop end drop)";
    limit(with_module(values), 3, |l| &mut l.block_values, "has 3 values of one block");
    limit(with_module(values), 3, |l| &mut l.loop_locals, "has 3 loops times local variables");
    let sections = with_module(r#"(@custom "a" "") (@custom "b" "")"#);
    // Two of ours, and the names that the text format writes for `$m` and `$f`.
    limit(sections, 6, |l| &mut l.custom_sections, "has 6 custom sections");
    let data = with_module(r#"(memory 1) (data "a") (data "b") (data (i32.const 0) "c")"#);
    limit(data, 3, |l| &mut l.data_segments, "has 3 data segments");
    let tables = with_module("(table 10 funcref) (table 20 externref)");
    limit(tables.clone(), 2, |l| &mut l.tables, "has 2 tables");
    limit(tables, 30, |l| &mut l.table_elements, "has 30 table elements at the start");
    limit(with_module("(memory 3 65536)"), 4, |l| &mut l.memory_pages, "has 4 pages of memory at the start");
}

#[test]
fn nesting_is_bounded_in_depth_and_in_number() {
    let nested = component(&format!("{POLICY} (component (component (core module)) (core module))"));
    limit(nested.clone(), 3, |l| &mut l.nested_depth, "has 3 levels of components inside");
    limit(nested, 5, |l| &mut l.nested, "has 5 components and modules inside");
    let instances = "(component $c) (instance (instantiate $c)) (instance (instantiate $c))";
    limit(component(&format!("{POLICY} {instances}")), 3, |l| &mut l.instances, "has 3 instantiations");
    let lifted = component(&format!(r#"{POLICY} (func (canon lift (core func $i "f")))"#));
    limit(lifted, 2, |l| &mut l.canonical_functions, "has 2 canonical functions");
}

#[test]
fn functions_add_up_over_modules() {
    let modules = component(&format!("{POLICY} (core module (func)) (core module (func))"));
    limit(modules, 3, |l| &mut l.functions, "the package has 3 core functions");
}

#[test]
fn an_interpreter_may_be_larger() {
    assert_eq!(PackageLimits::interpreter().bytes, 2 * PackageLimits::default().bytes);
}
