//! An evaluation touches no page that the last one of its policy did not leave in place: no page fault, once it is warm.
//!
//! Linux only, and only where the kernel tells which pages were written to (6.7 and newer); elsewhere memory is cleared by
//! writing, and what lies beyond what is kept faults again.

#![expect(clippy::disallowed_methods, reason = "the kernel counts in a file")]

mod guests;
mod shipped;

use guests::{Guest, SILENCE, Wit, request};
use lexgate_engine::{Engine, Prepared};
use lexgate_model::fault::Limits;
use lexgate_model::{Request, RequestLimits};

/// Evaluations before it is counted: both images of memory and the host's own allocator are warm then.
const WARM: usize = 200;

/// Evaluations that are counted.
const COUNTED: u64 = 1_000;

/// Returns how many pages this thread had to wait for, as the kernel counts them.
fn page_faults() -> u64 {
    let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
    // The name of the thread, in brackets, may hold anything; the tenth field counts minor faults, the twelfth major ones.
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let fields: Vec<u64> =
        fields.split_whitespace().skip(1).map(|field| field.parse().unwrap_or(0)).collect();
    fields[6] + fields[8]
}

#[track_caller]
fn check(engine: &Engine, policy: &Prepared, request: &Request) {
    let limits = Limits { deadline_ms: 60_000, ..Limits::default() };
    let date = lexgate_model::date::new(2025, 11, 10).unwrap();
    let evaluate = || assert!(engine.evaluate(policy, request, date, &limits).outcome.is_ok());
    (0..WARM).for_each(|_| evaluate());
    let before = page_faults();
    (0..COUNTED).for_each(|_| evaluate());
    let faults = page_faults() - before;
    // A handful in a thousand evaluations is the host's allocator, none of the guest's pages.
    assert!(faults < COUNTED / 100, "{faults} page faults in {COUNTED} evaluations");
}

#[test]
fn a_warm_evaluation_has_no_page_fault() {
    let engine = Engine::new().unwrap();
    if !engine.clears_by_pagemap_scan() {
        eprintln!("this kernel does not tell which pages were written to: nothing to hold");
        return;
    }
    let wit = Wit::read("wit");
    let silent = Guest::new(&wit).prepare(&engine).unwrap();
    check(&engine, &silent, &request());
    // Writes to 64 pages.
    let fill = format!("(memory.fill (i32.const 65536) (i32.const 7) (i32.const 262144)) {SILENCE}");
    let filling = Guest { pages: 8, evaluate: fill.as_str().into(), ..Guest::new(&wit) };
    check(&engine, &filling.prepare(&engine).unwrap(), &request());

    let package = shipped::package();
    let parameters = package.manifest.parameters.accept(serde_json::Map::new()).unwrap();
    let policy = engine.prepare(package, parameters, Vec::new()).unwrap();
    let subsidiary =
        Request::from_json(include_bytes!("../benches/subsidiary.json"), &RequestLimits::default()).unwrap();
    check(&engine, &policy, &subsidiary);
}
