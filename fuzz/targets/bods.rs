//! Statements of BODS.
#![no_main]

use lexgate_fuzz::{accepted, frame, source};
use lexgate_kit::import::{Wanted, bods};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let wanted = Wanted { parties: Vec::new(), depth: 3 };
    if let Ok(imported) = bods(&[source("statements", bytes)], &wanted, &frame(), &mut |_| {}) {
        accepted(&imported.request);
    }
});
