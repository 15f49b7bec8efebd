//! Manifests: as canonical JSON (what begins with a brace), and as `lexgate.toml`. What is read is written, and read again.
#![no_main]

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use lexgate_kit::build;
use lexgate_model::Manifest;
use std::sync::LazyLock;

static FOLDER: LazyLock<(tempfile::TempDir, Dir)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let dir = Dir::open_ambient_dir(folder.path(), ambient_authority()).unwrap();
    (folder, dir)
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
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
});
