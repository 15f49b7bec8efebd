//! Packages: bytes are measured and verified, and only what was verified is asked whether a snapshot can be taken.
#![no_main]

use lexgate_engine::prevents_snapshot;
use lexgate_model::Digest;

libfuzzer_sys::fuzz_target!(init: { let _ = std::panic::take_hook(); }, |bytes: &[u8]| {
    assert_eq!(lexgate_packages::measure(bytes).total_bytes, bytes.len() as u64);
    let _ = lexgate_packages::with_short_names(bytes);
    if let Some(package) = lexgate_fuzz::verified(bytes.to_vec()) {
        assert_eq!(package.digest, Digest::of(bytes));
        let _ = prevents_snapshot(bytes);
    }
});
