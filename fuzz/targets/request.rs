//! Requests: whatever is read has a canonical form, and that is read as the same.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lexgate_fuzz::doors::request(bytes));
