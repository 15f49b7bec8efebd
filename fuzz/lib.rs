//! What the targets share: an engine, guests made around random parts, and what must hold of every decision.

pub mod doors;

use lexgate_engine::{Binding, Engine, Instances, PolicySet, Prepared};
use lexgate_kit::import::{About, Frame, Source};
use lexgate_model::date;
use lexgate_model::decision::Enforced;
use lexgate_model::fault::Limits;
use lexgate_model::{Manifest, Package, Request, RequestLimits, Verified, When};
use lexgate_packages::{PackageLimits, Trust, Unverified, seal, verify};
use serde_json::json;
use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::{Arc, LazyLock};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

static ENGINE: LazyLock<Engine> =
    LazyLock::new(|| Engine::builder().instances(Instances::Pooled(4)).start().unwrap());

/// Small, so that many inputs are tried; a deadline that only a host that hangs meets.
const LIMITS: Limits = Limits {
    base_fuel: 200_000,
    fuel_per_element: 1_000,
    configure_fuel: 1_000_000,
    deadline_ms: 20_000,
    configure_deadline_ms: 20_000,
    memory_bytes: 16 << 20,
    table_elements: 10_000,
    host_calls: 64,
    host_call_bytes: 64 << 10,
    findings: 256,
    output_bytes: 64 << 10,
};

/// What packages may be here: small enough to be compiled in a fraction of a second.
fn trust() -> Trust {
    let limits =
        PackageLimits { bytes: 256 << 10, functions: 500, memory_pages: 128, ..PackageLimits::default() };
    Trust { limits, ..Trust::default() }
}

/// The core module that every guest here is: its imports and its exports.
const SHAPE: &str = r#"(module
    (import "lexgate:screening/log@0.1.0" "write" (func (param i32 i32 i32)))
    (import "lexgate:screening/datasets@0.1.0" "read" (func (param i32 i32 i32)))
    (memory (export "memory") 1)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
    (func (export "lexgate:screening/policy@0.1.0#configure") (param i32 i32) (result i32) unreachable)
    (func (export "lexgate:screening/policy@0.1.0#evaluate") (param EVALUATE) (result i32) unreachable))"#;

static CONTRACT: LazyLock<(Resolve, wit_parser::WorldId)> = LazyLock::new(|| {
    let mut resolve = Resolve::default();
    let folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join("wit"));
    let folder = folders.into_iter().find(|folder| folder.is_dir()).unwrap();
    let (package, _) = resolve.push_dir(folder).unwrap();
    let world = resolve.select_world(&[package], Some("screening-policy")).unwrap();
    (resolve, world)
});

/// Returns the core parameters of `evaluate`.
fn evaluate_parameters() -> String {
    use wit_parser::abi::{AbiVariant, WasmType};
    let (resolve, world) = &*CONTRACT;
    for item in resolve.worlds[*world].exports.values() {
        let wit_parser::WorldItem::Interface { id, .. } = item else { continue };
        if let Some(evaluate) = resolve.interfaces[*id].functions.get("evaluate") {
            let signature = resolve.wasm_signature(AbiVariant::GuestExport, evaluate);
            let core = |ty: &WasmType| match ty {
                WasmType::I32 | WasmType::Pointer | WasmType::Length => "i32 ",
                WasmType::I64 | WasmType::PointerOrI64 => "i64 ",
                WasmType::F32 => "f32 ",
                WasmType::F64 => "f64 ",
            };
            return signature.params.iter().map(core).collect();
        }
    }
    unreachable!("the contract has `evaluate`")
}

/// Returns the shape of a guest, as a module.
pub fn shape() -> &'static [u8] {
    static SHAPE_BYTES: LazyLock<Vec<u8>> =
        LazyLock::new(|| wat::parse_str(SHAPE.replace("EVALUATE", &evaluate_parameters())).unwrap());
    &SHAPE_BYTES
}

/// Returns a guest whose memory begins with these bytes, 64 KiB at most, and whose answer lies at the beginning.
pub fn answering(bytes: &[u8]) -> Vec<u8> {
    let bytes = &bytes[..bytes.len().min(64 << 10)];
    let data: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let text = format!(
        r#"(module
            (memory (export "memory") 4)
            (data (i32.const 1024) "{data}")
            (global $top (mut i32) (i32.const 131072))
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                (global.set $top (i32.and (i32.add (global.get $top) (i32.const 15)) (i32.const -16)))
                (global.get $top)
                (global.set $top (i32.add (global.get $top) (local.get 3))))
            (func (export "lexgate:screening/policy@0.1.0#configure") (param i32 i32) (result i32) (i32.const 16))
            (func (export "lexgate:screening/policy@0.1.0#evaluate") (param {}) (result i32) (i32.const 1024)))"#,
        evaluate_parameters()
    );
    wat::parse_str(text).unwrap()
}

/// Makes a package of a core module.
pub fn package(mut module: Vec<u8>) -> Option<Vec<u8>> {
    let (resolve, world) = &*CONTRACT;
    embed_component_metadata(&mut module, resolve, *world, StringEncoding::UTF8).ok()?;
    let component = ComponentEncoder::default().module(&module).ok()?.encode().ok()?;
    seal(&component, &manifest(), &[] as &[&[u8]]).ok()
}

fn manifest() -> Manifest {
    let rule = |id: &str, status: &str| json!({ "id": id, "status": status, "citation": { "instrument": "Act", "section": "1" }, "source": "made up" });
    let manifest = json!({
        "policy": { "id": "guest", "version": "1.0.0", "title": "Guest", "contract": "lexgate:screening@0.1.0",
                    "time-zone": "Asia/Seoul", "authority": "Nobody" },
        "rules": [rule("r1", "in-force"), rule("r2", "proposed")],
        "datasets": [],
        "parameters": { "type": "object", "additionalProperties": false },
        "messages": { "m1": { "en": "Looked at {what}." }, "m2": { "en": "Looked." } },
    });
    serde_json::from_value(manifest).unwrap()
}

/// Verifies a package.
pub fn verified(package: Vec<u8>) -> Option<Verified<Package>> {
    verify(Unverified::from_bytes("guest.wasm", package), &trust()).ok()
}

/// Prepares a package and asks it twice; whatever it is, it answers the same and stays within its limits. Returns how many
/// findings it has, if it can be asked at all.
pub fn run(package: Vec<u8>) -> Option<usize> {
    let package = verified(package)?;
    let parameters = package.manifest.parameters.accept(serde_json::Map::new());
    Some(ask(ENGINE.prepare(package, parameters.ok()?, Vec::new()).ok()?))
}

/// Returns memory with an `ok` of one finding, for [`answering`].
pub fn one_finding() -> Vec<u8> {
    let mut bytes = vec![0; 1_024];
    let mut put = |at: usize, number: u32| bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
    // The list: where it lies, and its length. Then where the texts of rule and message lie, and theirs.
    for (at, number) in [(4, 1_088), (8, 1), (64, 1_536), (68, 2), (72, 1_538), (76, 2)] {
        put(at, number);
    }
    bytes[512..516].copy_from_slice(b"r1m2");
    bytes
}

fn ask(policy: Prepared) -> usize {
    static REQUEST: LazyLock<Request> = LazyLock::new(|| {
        let request = json!({
            "evaluationDate": "2025-11-10", "action": "supply",
            "participants": [{ "role": "endUser", "party": "e" }],
            "parties": [{ "recordId": "e", "kind": "registeredEntity", "headquarters": "KR", "facts": { "a": true } }],
            "resource": { "recordId": "api", "category": "ai-model" },
        });
        Request::from_json(request.to_string().as_bytes(), &RequestLimits::default()).unwrap()
    });
    let set = PolicySet::new(vec![Binding { limits: LIMITS, ..Binding::new("b", policy) }]).unwrap();
    let (mut first, mut findings) = (None, 0);
    for _ in 0..2 {
        let record = ENGINE.decide::<Enforced>(&set, &REQUEST, REQUEST.when().unwrap());
        let evaluation = &record.bindings[0];
        assert!(evaluation.used.fuel <= evaluation.limits.fuel, "{:?}", evaluation.used);
        assert!(evaluation.used.memory_bytes <= LIMITS.memory_bytes, "{:?}", evaluation.used);
        assert!(evaluation.used.configure_fuel <= LIMITS.configure_fuel, "{:?}", evaluation.used);
        let fault = evaluation.fault.as_ref();
        assert!(fault.is_none_or(|fault| format!("{fault:?}") != "Deadline"), "it hangs");
        findings = evaluation.findings.len();
        let bytes = serde_json::to_vec(&record).unwrap();
        if evaluation.replayable {
            assert_eq!(first.get_or_insert_with(|| bytes.clone()), &bytes, "it answers something else");
        }
    }
    findings
}

/// Returns bytes as a file.
pub fn source(name: &str, bytes: &[u8]) -> Source<'static> {
    let bytes: Arc<[u8]> = bytes.into();
    let length = u64::try_from(bytes.len()).ok();
    let open = move || Ok(Box::new(Cursor::new(Arc::clone(&bytes))) as Box<dyn Read>);
    Source { name: name.to_owned(), bytes: length, open: Box::new(open) }
}

/// Returns what an import is for.
pub fn frame() -> Frame {
    let about =
        About::New { action: "supply".to_owned(), channel: None, category: Some("ai-model".to_owned()) };
    Frame { when: When::Date(date::parse("2025-09-05").unwrap()), role: "endUser".to_owned(), about }
}

/// Checks that a request that an import made is accepted as it is printed.
pub fn accepted(request: &Request) {
    let printed = serde_json::to_vec(&request.to_value()).unwrap();
    let again = Request::from_json(&printed, &RequestLimits::default());
    assert_eq!(again.as_ref().ok(), Some(request), "{:?}", again.as_ref().err());
}
