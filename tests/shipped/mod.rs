//! The shipped policy, built from source as `lexgate build` does.

#![expect(clippy::disallowed_methods, reason = "a test holds the authority of its user")]

use lexgate_kit::build::{BuildPlan, Folder, Tools, build};
use lexgate_model::{Package, Verified};
use std::path::{Path, PathBuf};

fn cargo_home() -> Option<PathBuf> {
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo"));
    std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(home)
}

/// Builds `plugins/anthropic-regions`.
pub fn package() -> Verified<Package> {
    policy("plugins/anthropic-regions")
}

/// Builds the policy of a folder.
pub fn policy(name: &str) -> Verified<Package> {
    let folder = |path: &Path| Folder {
        dir: cap_std::fs::Dir::open_ambient_dir(path, cap_std::ambient_authority()).unwrap(),
        path: path.canonicalize().unwrap(),
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let out = tempfile::tempdir().unwrap();
    let plan = BuildPlan {
        plugin: folder(&root.join(name)),
        // The folder cargo keeps this very program in, so that the policy is compiled once for all of them.
        target: folder(Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap()),
        output: folder(out.path()).dir,
        // As the binary finds it, so that what it compiled is not compiled again.
        tools: Tools { cargo: env!("CARGO").into(), ..Tools::usual(cargo_home()) },
        frozen: false,
        trust: Default::default(),
    };
    build(&plan, &mut |_| {}).unwrap().package
}
