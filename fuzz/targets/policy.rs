//! Policies: random modules in the shape of one, and packages as they are.
#![no_main]

use libfuzzer_sys::arbitrary::Unstructured;
use wasm_smith::{Config, Module};

libfuzzer_sys::fuzz_target!(init: { let _ = std::panic::take_hook(); }, |bytes: &[u8]| {
    let package = if bytes.starts_with(b"\0asm") { Some(bytes.to_vec()) } else { random(bytes) };
    if let Some(package) = package {
        lexgate_fuzz::run(package);
    }
});

/// Returns the package of a random module: within WebAssembly 2.0, and of tables, memories and functions all kinds.
fn random(bytes: &[u8]) -> Option<Vec<u8>> {
    let config = Config {
        module_shape: Some(lexgate_fuzz::shape().to_vec()),
        custom_page_sizes_enabled: false,
        exceptions_enabled: false,
        extended_const_enabled: false,
        gc_enabled: false,
        max_instructions: 400,
        max_memories: 1,
        max_memory32_bytes: 20 << 20,
        max_table_elements: 12_000,
        max_tables: 3,
        memory64_enabled: false,
        relaxed_simd_enabled: false,
        shared_everything_threads_enabled: false,
        tail_call_enabled: false,
        threads_enabled: false,
        wide_arithmetic_enabled: false,
        ..Config::default()
    };
    let module = Module::new(config, &mut Unstructured::new(bytes)).ok()?;
    lexgate_fuzz::package(module.to_bytes())
}
