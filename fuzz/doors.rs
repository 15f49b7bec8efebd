//! The doors that strangers come through, one function each: what must hold, whatever the bytes are. The targets call them
//! with what libFuzzer thinks of, `tests/fuzzing.rs` with a little that it thinks of itself.

use super::{accepted, answering, frame, package as packed, run, source, verified};
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use lexgate_engine::prevents_snapshot;
use lexgate_kit::build;
use lexgate_kit::import::{Register, Wanted, bods as read_bods, gleif as read_gleif};
use lexgate_model::{Digest, Manifest, Request, RequestLimits};
use std::sync::LazyLock;

/// Requests: whatever is read has a canonical form, and that is read as the same.
pub fn request(bytes: &[u8]) {
    let limits = RequestLimits::default();
    let Ok(request) = Request::from_json(bytes, &limits) else { return };
    let canonical = request.canonical();
    let wide = RequestLimits { bytes: usize::MAX, ..limits };
    let again = Request::from_json(canonical.text().as_bytes(), &wide);
    assert_eq!(again.as_ref().ok(), Some(&request), "{:?}", again.as_ref().err());
    assert_eq!(again.unwrap().canonical().text(), canonical.text());
    // A date of its own changes nothing else.
    if let Some(when) = request.when() {
        let mut same = request.clone();
        same.set_when(when);
        assert_eq!(same, request);
    }
    // What a pointer finds in the request is what it finds in its JSON.
    let value = request.to_value();
    for pointer in
        ["", "/parties/0", "/facts", "/resource/facts", "/relationships/0/interests/0/share", "/parties/00"]
    {
        let quoted = request.at(pointer).map(|quoted| quoted.to_value());
        assert_eq!(quoted, value.pointer(pointer).cloned());
    }
    assert_eq!(canonical.to_value(), value);
}

static FOLDER: LazyLock<(tempfile::TempDir, Dir)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let dir = Dir::open_ambient_dir(folder.path(), ambient_authority()).unwrap();
    (folder, dir)
});

/// Manifests: as canonical JSON (what begins with a brace), and as `lexgate.toml`. What is read is written, and read again.
pub fn manifest(bytes: &[u8]) {
    let manifest = if bytes.starts_with(b"{") {
        let Ok(manifest) = Manifest::from_canonical_json(bytes) else { return };
        assert_eq!(manifest.to_canonical_json().as_bytes(), bytes);
        manifest
    } else {
        let (_, dir) = &*FOLDER;
        dir.write("lexgate.toml", bytes).unwrap();
        let Ok(manifest) = build::manifest(dir) else { return };
        manifest
    };
    let text = manifest.to_canonical_json();
    let again = Manifest::from_canonical_json(text.as_bytes());
    assert_eq!(again.as_ref().ok(), Some(&manifest), "{:?}", again.as_ref().err());
    let _ = manifest.parameters.accept(serde_json::Map::new());
}

/// Packages: bytes are measured and verified, and only what was verified is asked whether a snapshot can be taken.
pub fn package(bytes: &[u8]) {
    assert_eq!(lexgate_packages::measure(bytes).total_bytes, bytes.len() as u64);
    let _ = lexgate_packages::with_short_names(bytes);
    if let Some(package) = verified(bytes.to_vec()) {
        assert_eq!(package.digest, Digest::of(bytes));
        let _ = prevents_snapshot(bytes);
    }
}

/// The legal entity whose neighbourhood is wanted, which all seeds have.
const LEI: &str = "5493001KJTIIGC8Y1R12";

/// Records of GLEIF: entities, relationships and exceptions, parted by lines of three dashes.
pub fn gleif(bytes: &[u8]) {
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
    if let Ok(imported) = read_gleif(&register, &wanted, &frame(), &mut |_| {}) {
        accepted(&imported.request);
    }
}

/// Statements of BODS.
pub fn bods(bytes: &[u8]) {
    let wanted = Wanted { parties: Vec::new(), depth: 3 };
    if let Ok(imported) = read_bods(&[source("statements", bytes)], &wanted, &frame(), &mut |_| {}) {
        accepted(&imported.request);
    }
}

/// Answers: the bytes are the memory of a guest, which the host reads its findings from.
pub fn answer(bytes: &[u8]) {
    let package = packed(answering(bytes)).expect("it is a policy");
    run(package).expect("it can be asked");
}
