//! Records of GLEIF: entities, relationships and exceptions, parted by lines of three dashes.
#![no_main]

use lexgate_fuzz::{accepted, frame, source};
use lexgate_kit::import::{Register, Wanted, gleif};

/// The legal entity whose neighbourhood is wanted, which all seeds have.
const LEI: &str = "5493001KJTIIGC8Y1R12";

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let separator = b"\n---\n";
    let mut parts = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(separator.len()).position(|window| window == separator) {
        parts.push(&rest[..at]);
        rest = &rest[at + separator.len()..];
    }
    parts.push(rest);
    let part = |index: usize| parts.get(index).copied().unwrap_or(b"[]");
    let register = Register {
        entities: source("entities", part(0)),
        relationships: source("relationships", part(1)),
        exceptions: (parts.len() > 2).then(|| source("exceptions", part(2))),
    };
    let wanted = Wanted { parties: vec![LEI.to_owned()], depth: 3 };
    if let Ok(imported) = gleif(&register, &wanted, &frame(), &mut |_| {}) {
        accepted(&imported.request);
    }
});
