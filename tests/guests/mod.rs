//! Guests in a few lines of WAT.
//!
//! A test writes what the exported functions do; the module around them, its exports and its allocator follow from the
//! WIT, and `wit-component` makes a component of it, as a compiler's would be. It is sealed and verified like any other
//! package.

mod memory;

use lexgate_engine::{Engine, Prepared, Unprepared};
use lexgate_model::package::Package;
use lexgate_model::{Manifest, Request, RequestLimits, Verified};
use lexgate_packages::{Trust, Unverified, seal, verify};
use memory::Memory;
use serde_json::{Value, json};
use std::path::Path;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::abi::{AbiVariant, WasmType};
use wit_parser::{Function, Resolve, SizeAlign, WorldId, WorldItem};

/// A contract as its WIT tells it.
pub struct Wit {
    resolve: Resolve,
    world: WorldId,
    sizes: SizeAlign,
    contract: String,
}

impl Wit {
    /// Reads the contract of a folder of this repository.
    pub fn read(folder: &str) -> Wit {
        let mut resolve = Resolve::default();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let (package, _) = resolve.push_dir(folder).unwrap();
        let world = resolve.select_world(&[package], Some("screening-policy")).unwrap();
        let contract = resolve.packages[package].name.to_string();
        let mut sizes = SizeAlign::default();
        sizes.fill(&resolve);
        Wit { resolve, world, sizes, contract }
    }

    /// Returns the functions a policy exports, each with the name of its interface.
    fn exports(&self) -> impl Iterator<Item = (String, &Function)> {
        self.resolve.worlds[self.world].exports.iter().flat_map(|(key, item)| {
            let WorldItem::Interface { id, .. } = item else { panic!("a contract exports interfaces only") };
            let functions = self.resolve.interfaces[*id].functions.values();
            functions.map(|function| (self.resolve.name_world_key(key), function))
        })
    }

    /// Returns the core signature of an exported function, in WAT.
    fn signature(&self, function: &Function) -> String {
        let signature = self.resolve.wasm_signature(AbiVariant::GuestExport, function);
        let core = |ty: &WasmType| match ty {
            WasmType::I32 | WasmType::Pointer | WasmType::Length => " i32",
            WasmType::I64 | WasmType::PointerOrI64 => " i64",
            WasmType::F32 => " f32",
            WasmType::F64 => " f64",
        };
        let list = |types: &[WasmType]| types.iter().map(core).collect::<String>();
        format!("(param{}) (result{})", list(&signature.params), list(&signature.results))
    }
}

/// What an exported function does.
#[derive(Clone)]
pub enum Body {
    /// Runs these instructions.
    Wat(String),
    /// Returns this value.
    Answer(Value),
}

impl From<&str> for Body {
    fn from(wat: &str) -> Body {
        Body::Wat(wat.to_owned())
    }
}

impl From<Value> for Body {
    fn from(answer: Value) -> Body {
        Body::Answer(answer)
    }
}

/// An allocator that never frees, and traps when there is no more memory.
pub const BUMP: &str = "
    (local.set $at (i32.and (i32.add (global.get $top) (i32.sub (local.get $align) (i32.const 1)))
                            (i32.sub (i32.const 0) (local.get $align))))
    (local.set $end (i32.add (local.get $at) (local.get $bytes)))
    (local.set $memory (i32.mul (memory.size) (i32.const 65536)))
    (if (i32.gt_u (local.get $end) (local.get $memory)) (then
        (i32.sub (i32.add (local.get $end) (i32.const 65535)) (local.get $memory))
        (memory.grow (i32.shr_u (i32.const 16)))
        (if (i32.eq (i32.const -1)) (then unreachable))))
    (global.set $top (local.get $end))
    (local.get $at)";

/// An address with zeros: what a function returns that has no complaint and nothing to say.
pub const SILENCE: &str = "(i32.const 16)";

/// A policy to be built.
#[derive(Clone)]
pub struct Guest<'w> {
    /// What it implements.
    pub wit: &'w Wit,
    /// Core imports.
    pub imports: String,
    /// Further functions, globals and data.
    pub items: String,
    /// Pages of memory it begins with, at least.
    pub pages: usize,
    /// What `cabi_realloc` does with `$align` and `$bytes`; `$top` is the first free address.
    pub allocate: String,
    /// What `configure` does.
    pub configure: Body,
    /// What `evaluate` does.
    pub evaluate: Body,
    /// What it declares about itself.
    pub manifest: Value,
    /// The bytes of the datasets its manifest declares.
    pub datasets: Vec<Vec<u8>>,
}

impl<'w> Guest<'w> {
    /// Returns a policy that accepts its parameters and has nothing to say.
    pub fn new(wit: &'w Wit) -> Guest<'w> {
        Guest {
            wit,
            imports: String::new(),
            items: String::new(),
            pages: 1,
            allocate: BUMP.to_owned(),
            configure: SILENCE.into(),
            evaluate: SILENCE.into(),
            manifest: manifest(&wit.contract),
            datasets: Vec::new(),
        }
    }

    /// Returns the core module.
    fn module(&self) -> String {
        let mut memory = Memory::new(&self.wit.resolve, &self.wit.sizes);
        let mut functions = String::new();
        for (interface, function) in self.wit.exports() {
            let body = if function.name == "configure" { &self.configure } else { &self.evaluate };
            let body = match body {
                Body::Wat(wat) => wat.clone(),
                Body::Answer(value) => {
                    format!("(i32.const {})", memory.put(&function.result.unwrap(), value))
                }
            };
            let (name, signature) = (&function.name, self.wit.signature(function));
            functions += &format!("(func ${name} (export \"{interface}#{name}\") {signature} {body})\n");
        }
        let data: String = memory.bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
        let Guest { imports, items, allocate, .. } = self;
        let pages = self.pages.max(memory.end().div_ceil(64 << 10));
        format!(
            "(module {imports}
                (memory (export \"memory\") {pages})
                (data (i32.const {start}) \"{data}\")
                (global $top (mut i32) (i32.const {end}))
                (func $realloc (export \"cabi_realloc\")
                    (param $old i32) (param $old-bytes i32) (param $align i32) (param $bytes i32) (result i32)
                    (local $at i32) (local $end i32) (local $memory i32)
                    {allocate})
                {functions} {items})",
            start = Memory::START,
            end = memory.end(),
        )
    }

    /// Returns the component.
    fn component(&self) -> Vec<u8> {
        let text = self.module();
        let mut module = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}"));
        let Wit { resolve, world, .. } = self.wit;
        embed_component_metadata(&mut module, resolve, *world, StringEncoding::UTF8).unwrap();
        ComponentEncoder::default().module(&module).unwrap().encode().unwrap()
    }

    /// Returns the package.
    pub fn package(&self) -> Vec<u8> {
        let manifest: Manifest = serde_json::from_value(self.manifest.clone()).unwrap();
        seal(&self.component(), &manifest, &self.datasets).unwrap()
    }

    /// Returns the verified package.
    pub fn verified(&self) -> Verified<Package> {
        verified(self.package(), &self.wit.contract)
    }

    /// Prepares it without parameters.
    pub fn prepare(&self, engine: &Engine) -> Result<Prepared, Unprepared> {
        prepare(engine, self.verified())
    }
}

/// Verifies a package for a host that serves this contract.
pub fn verified(package: Vec<u8>, contract: &str) -> Verified<Package> {
    let trust = Trust { contracts: vec![contract.to_owned()], ..Trust::default() };
    verify(Unverified::from_bytes("guest.wasm", package), &trust).unwrap()
}

/// Prepares a package without parameters.
pub fn prepare(engine: &Engine, package: Verified<Package>) -> Result<Prepared, Unprepared> {
    let parameters = package.manifest.parameters.accept(serde_json::Map::new()).unwrap();
    engine.prepare(package, parameters, Vec::new())
}

/// What every guest here declares: a rule of each standing.
fn manifest(contract: &str) -> Value {
    let rule = |id: &str, status: &str| {
        json!({ "id": id, "status": status, "citation": { "instrument": "Act", "section": "1" },
                "source": "made up" })
    };
    let mut ended = rule("ended", "in-force");
    ended["until"] = "2024-12-31".into();
    json!({
        "policy": { "id": "guest", "version": "1.0.0", "title": "Guest", "contract": contract,
                    "time-zone": "Asia/Seoul", "authority": "Nobody" },
        "rules": [rule("r1", "in-force"), rule("proposed", "proposed"), ended],
        "datasets": [],
        "parameters": { "type": "object", "additionalProperties": false },
        "messages": { "m1": { "en": "Looked at {what}." }, "plain": { "en": "Looked." } },
    })
}

/// Returns a request between two parties on 2025-11-10.
pub fn request() -> Request {
    read_request(&json!({
        "evaluationDate": "2025-11-10",
        "action": "supply",
        "participants": [{ "role": "vendor", "party": "v" }, { "role": "endUser", "party": "e" }],
        "parties": [
            { "recordId": "v", "kind": "registeredEntity", "headquarters": "US" },
            { "recordId": "e", "kind": "registeredEntity", "headquarters": "KR", "facts": { "certified": true } }
        ],
        "resource": { "recordId": "api", "category": "ai-model" },
    }))
}

/// Reads a request from its JSON.
pub fn read_request(json: &Value) -> Request {
    Request::from_json(json.to_string().as_bytes(), &RequestLimits::default()).unwrap()
}
