//! Packages: bytes are measured and verified, and only what was verified is asked whether a snapshot can be taken.
#![no_main]

libfuzzer_sys::fuzz_target!(init: { let _ = std::panic::take_hook(); }, |bytes: &[u8]| lexgate_fuzz::doors::package(bytes));
