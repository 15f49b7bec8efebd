//! Records of GLEIF: entities, relationships and exceptions, parted by lines of three dashes.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lexgate_fuzz::doors::gleif(bytes));
