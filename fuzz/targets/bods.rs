//! Statements of BODS.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lexgate_fuzz::doors::bods(bytes));
