//! Packages that are refused, one by one; each is the good one with one thing wrong.

use super::*;
use lexgate_model::Manifest;
use lexgate_model::package::{MANIFEST_SECTION, dataset_section};
use lexgate_model::{Digest, package::CONTRACT};
use serde_json::{Value, json};
use std::error::Error as _;
use wasm_encoder::ComponentSection as _;

mod files;
mod hostile;
mod limits;
mod sections;

/// The imports of a policy that uses everything it may.
const IMPORTS: &str = r#"
    (import "lexgate:screening/types@0.1.0" (instance $types
        (type (record (field "year" u16))) (export "date" (type (eq 0)))))
    (import "lexgate:screening/log@0.1.0" (instance (export "write" (func (param "message" string)))))
    (import "lexgate:screening/datasets@0.1.0" (instance (export "read" (func (param "name" string)))))"#;

/// A core module and the exports of a policy.
const POLICY: &str = r#"
    (core module $m (memory 1) (func (export "f")))
    (core instance $i (instantiate $m))
    (func $f (canon lift (core func $i "f")))
    (instance $policy (export "configure" (func $f)) (export "evaluate" (func $f)))
    (export "lexgate:screening/policy@0.1.0" (instance $policy))"#;

fn component(body: &str) -> Vec<u8> {
    wat::parse_str(format!("(component {body})")).unwrap()
}

fn good_component() -> Vec<u8> {
    component(&format!("{IMPORTS} {POLICY}"))
}

/// A component with `module` as the text inside one core module.
fn with_module(module: &str) -> Vec<u8> {
    component(&format!("{POLICY} (core module {module})"))
}

const REGIONS: &[u8] = b"country\nSG\n";

fn manifest_json() -> Value {
    json!({
        "policy": { "id": "test-policy", "version": "1.0.0", "title": "Test", "contract": CONTRACT,
                    "time-zone": "Asia/Seoul", "authority": "Nobody" },
        "rules": [{ "id": "majority", "status": "in-force", "source": "primary",
                    "citation": { "instrument": "Act", "section": "1" } }],
        "datasets": [{ "name": "regions", "version": "1", "source": "s", "bytes": REGIONS.len(),
                       "digest": Digest::of(REGIONS) }],
        "parameters": { "type": "object", "additionalProperties": false },
    })
}

fn manifest() -> Manifest {
    serde_json::from_value(manifest_json()).unwrap()
}

fn seal_good(component: &[u8]) -> Vec<u8> {
    seal(component, &manifest(), &[REGIONS]).unwrap()
}

fn good() -> Vec<u8> {
    seal_good(&good_component())
}

/// Appends a custom section at the top level.
fn with_section(mut component: Vec<u8>, name: &str, data: impl AsRef<[u8]>) -> Vec<u8> {
    let section = wasm_encoder::CustomSection { name: name.into(), data: data.as_ref().into() };
    section.append_to_component(&mut component);
    component
}

fn verdict(bytes: Vec<u8>, trust: &Trust) -> Result<Verified<Package>, String> {
    verify(Unverified::from_bytes("test.wasm", bytes), trust).map_err(|error| {
        let mut text = error.to_string();
        let mut source = error.reason.source();
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        text
    })
}

#[track_caller]
fn refuse_by(trust: &Trust, bytes: Vec<u8>, message: &str) {
    let error = verdict(bytes, trust).expect_err("is refused");
    assert!(error.starts_with("`test.wasm` ") && error.contains(message), "{error}");
}

/// Checks the message that a package is refused with.
#[track_caller]
fn refuse(bytes: Vec<u8>, message: &str) {
    refuse_by(&Trust::default(), bytes, message);
}

/// Checks the message that a component is refused with once it is sealed.
#[track_caller]
fn refuse_sealed(component: &[u8], message: &str) {
    refuse(seal_good(component), message);
}

#[test]
fn a_good_package_gives_what_it_carries() {
    let bytes = good();
    let package = verdict(bytes.clone(), &Trust::default()).unwrap();
    assert_eq!((package.digest, &*package.bytes), (Digest::of(&bytes), &*bytes));
    assert_eq!(package.manifest, manifest());
    let interfaces = ["types", "log", "datasets"].map(|name| format!("lexgate:screening/{name}@0.1.0"));
    assert_eq!(package.imports, interfaces);
    let [dataset] = package.datasets.as_slice() else { panic!("one dataset") };
    assert_eq!((dataset.name.as_str(), dataset.version.as_str(), &*dataset.bytes), ("regions", "1", REGIONS));
}

#[test]
fn a_policy_may_import_nothing_and_use_simd() {
    let simd = with_module("(func (drop (v128.const i64x2 0 0)) (drop (i32.trunc_sat_f32_s (f32.const 1))))");
    verdict(seal_good(&simd), &Trust::default()).unwrap();
}

#[test]
fn what_is_no_component_is_told_apart() {
    refuse(Vec::new(), "is not WebAssembly");
    refuse(b"country,code\n".to_vec(), "is not WebAssembly; name the `.wasm`");
    refuse(b"\0asm\x07\0\x09\0".to_vec(), "is not a valid component: ");
    refuse(
        wat::parse_str("(module)").unwrap(),
        "is a core module, not a component; build it with `lexgate build`",
    );
    refuse(b"\0asm\x0d\0\x01\0".to_vec(), "has no manifest; build it with `lexgate build`");
}

#[test]
fn a_cut_component_is_refused_wherever_it_was_cut() {
    let bytes = good();
    for length in 0..bytes.len() {
        verdict(bytes[..length].to_vec(), &Trust::default()).expect_err("is cut");
    }
    refuse(bytes[..bytes.len() - 1].to_vec(), "is not a valid component: unexpected end");
}

#[test]
fn features_beyond_webassembly_2_are_refused_by_name() {
    refuse_sealed(&with_module("(memory 1 1 shared)"), "threads must be enabled");
    refuse_sealed(&with_module("(memory i64 1)"), "memory64 must be enabled");
    refuse_sealed(&with_module("(memory 1) (memory 1)"), "multiple memories");
    refuse_sealed(&with_module("(tag)"), "exceptions proposal not enabled");
    refuse_sealed(&with_module("(type (struct))"), "not supported without the gc feature");
    refuse_sealed(&with_module("(func return_call 0)"), "tail calls support is not enabled");
    let relaxed = "(func (param v128 v128) (drop (i8x16.relaxed_swizzle (local.get 0) (local.get 1))))";
    refuse_sealed(&with_module(relaxed), "relaxed SIMD support is not enabled");
    let future = component(&format!("{POLICY} (type (future u8))"));
    refuse_sealed(&future, "requires the component model async feature");
}

#[test]
fn imports_beyond_the_contract_are_refused_by_name() {
    let import = |text: &str| component(&format!("{text} {POLICY}"));
    let wasi = import(r#"(import "wasi:clocks/wall-clock@0.2.3" (instance))"#);
    let message = "imports `wasi:clocks/wall-clock@0.2.3`, but policies get no WASI: build for `wasm32-unknown-unknown`";
    refuse_sealed(&wasi, message);
    let message = "imports `example:net/http@1.0.0`, which the host does not give; a policy may import \
                   `lexgate:screening/datasets@0.1.0`, `lexgate:screening/log@0.1.0`, `lexgate:screening/types@0.1.0`";
    refuse_sealed(&import(r#"(import "example:net/http@1.0.0" (instance))"#), message);
    refuse_sealed(&import(r#"(import "clock" (func))"#), "imports `clock`, which the host does not give");
    let newer = r#"(import "lexgate:screening/log@0.2.0" (instance))"#;
    refuse_sealed(&import(newer), "imports `lexgate:screening/log@0.2.0`, which");
    let policy = r#"(import "lexgate:screening/policy@0.1.0" (instance))"#;
    refuse_sealed(&import(policy), "imports `lexgate:screening/policy@0.1.0`, which");
    let not_an_instance = r#"(import "lexgate:screening/log@0.1.0" (func))"#;
    refuse_sealed(&import(not_an_instance), "imports `lexgate:screening/log@0.1.0`, which");
}

#[test]
fn interfaces_have_only_their_own_parts() {
    let import = |interface: &str, item: &str| {
        let import = format!(r#"(import "lexgate:screening/{interface}@0.1.0" (instance {item}))"#);
        component(&format!("{import} {POLICY}"))
    };
    let message = "imports `now` of `lexgate:screening/types@0.1.0`, which has no such function";
    refuse_sealed(&import("types", r#"(export "now" (func (result u64)))"#), message);
    refuse_sealed(&import("types", r#"(export "file" (type (sub resource)))"#), "has no such resource");
    refuse_sealed(
        &import("log", r#"(export "read" (func))"#),
        "imports `read` of `lexgate:screening/log@0.1.0`",
    );
    refuse_sealed(&import("datasets", r#"(export "inner" (instance))"#), "has no such instance");
}

#[test]
fn a_component_without_the_policy_is_refused() {
    refuse_sealed(&component(""), "does not export `lexgate:screening/policy@0.1.0`");
    let other = component(&POLICY.replace("policy@0.1.0", "policy@0.2.0"));
    refuse_sealed(&other, "does not export `lexgate:screening/policy@0.1.0`");
    let half = component(&POLICY.replace(r#"(export "evaluate" (func $f))"#, ""));
    refuse_sealed(&half, "does not export `lexgate:screening/policy@0.1.0#evaluate`");
}

#[test]
fn a_package_is_measured_by_its_parts() {
    let measures = measure(&good());
    assert_eq!((measures.modules, measures.functions, measures.memory_pages), (1, 1, 1));
    assert_eq!(measures.total_bytes, good().len() as u64);
    let regions = CustomSection { name: dataset_section("regions", "1"), bytes: REGIONS.len() as u64 };
    assert!(measures.custom_sections.contains(&regions), "{measures:?}");
    assert!(serde_json::to_string(&measures).unwrap().contains(r#""totalBytes""#));
    assert_eq!(measure(b"no").total_bytes, 2);
}

#[test]
fn altered_bytes_never_panic_and_are_never_taken_for_the_package() {
    let bytes = good();
    let digest = Digest::of(&bytes);
    for index in 0..bytes.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut altered = bytes.clone();
            altered[index] ^= flip;
            assert_eq!(measure(&altered).total_bytes, altered.len() as u64);
            if let Ok(package) = verdict(altered, &Trust::default()) {
                assert_ne!(package.digest, digest);
                assert_eq!(&*package.datasets[0].bytes, REGIONS, "a dataset was altered at {index}");
            }
        }
    }
}
