//! Manifests: as canonical JSON (what begins with a brace), and as `lexgate.toml`. What is read is written, and read again.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lexgate_fuzz::doors::manifest(bytes));
