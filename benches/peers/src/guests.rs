//! Guests, built from source as `lexgate build` does, beside what cargo compiled of this program.

use anyhow::{Context, Result};
use lexgate_kit::build::{BuildPlan, Folder, Step, Tools, build};
use lexgate_model::{Package, Verified};
use std::path::{Path, PathBuf};

/// The folder of this crate.
pub fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where cargo keeps what it compiled, two folders above this program.
pub fn target() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    Ok(program.ancestors().nth(2).context("the program lies in no target folder")?.to_owned())
}

/// Opens a folder, which is made if need be.
pub fn folder(path: &Path) -> Result<Folder> {
    std::fs::create_dir_all(path)?;
    let dir = cap_std::fs::Dir::open_ambient_dir(path, cap_std::ambient_authority())?;
    Ok(Folder { dir, path: path.canonicalize()? })
}

/// Builds the policy of a folder beside this file's crate.
pub fn package(name: &str) -> Result<Verified<Package>> {
    let variable = |name| std::env::var_os(name).map(PathBuf::from);
    let cargo_home = variable("CARGO_HOME").or_else(|| variable("HOME").map(|home| home.join(".cargo")));
    let target = target()?;
    let plan = BuildPlan {
        plugin: folder(&here().join(name))?,
        output: folder(&target.join("packages"))?.dir,
        target: folder(&target)?,
        tools: Tools {
            cargo: variable("CARGO").unwrap_or_else(|| "cargo".into()),
            ..Tools::usual(cargo_home)
        },
        frozen: false,
        trust: lexgate_packages::Trust::default(),
    };
    let show = |step| {
        if let Step::Cargo(line) = step {
            eprintln!("{line}");
        }
    };
    Ok(build(&plan, &mut { show }).with_context(|| format!("cannot build `{name}`"))?.package)
}
