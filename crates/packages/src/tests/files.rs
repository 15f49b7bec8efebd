//! Files that are read, and files that are not.

use super::*;
use cap_std::fs::Dir;
use std::path::Path;

#[expect(clippy::disallowed_methods, reason = "a test makes its own folder")]
fn folder() -> (tempfile::TempDir, Dir) {
    let folder = tempfile::tempdir().unwrap();
    let dir = Dir::open_ambient_dir(folder.path(), cap_std::ambient_authority()).unwrap();
    (folder, dir)
}

#[test]
fn a_file_is_read_up_to_the_limit() {
    let (_folder, dir) = folder();
    dir.write("policy.wasm", good()).unwrap();
    let mut limits = PackageLimits::default();
    let fetched = fetch_unverified(&dir, Path::new("policy.wasm"), &limits).unwrap();
    verify(fetched, &Trust::default()).unwrap();
    limits.bytes = good().len() as u64 - 1;
    let error = fetch_unverified(&dir, Path::new("policy.wasm"), &limits).unwrap_err().to_string();
    assert!(error.starts_with("`policy.wasm` is larger than"), "{error}");
}

#[test]
fn what_cannot_be_read_is_named() {
    let (_folder, dir) = folder();
    dir.create_dir("cases").unwrap();
    let limits = PackageLimits::default();
    let error = |path: &str| fetch_unverified(&dir, Path::new(path), &limits).unwrap_err();
    assert!(matches!(error("cases"), Error::NotAFile { file } if file == "cases"));
    assert!(matches!(error("none.wasm"), Error::Read { file, .. } if file == "none.wasm"));
    assert!(matches!(error("../none.wasm"), Error::Read { .. }));
}
