//! Builds a policy: `lexgate.toml`, the datasets it names and a component become one package.
//!
//! ```text
//! lexgate.toml ─ draft ──> manifest, datasets ───────────────┐
//! Cargo.toml ─── cargo ──> core module ── wit-component ─────┴─ seal ── verify ──> <id>.wasm
//! ```
//!
//! Equal sources give equal bytes, whichever folder they lie in: the digest of a package is its name. Where the sources
//! are not Rust, `[build] component` in `lexgate.toml` names what another toolchain made.
//!
//! The programs that are run (`cargo`, `rustc`, `rustup`) inherit the environment; everything else is handed in.

mod cargo;
mod draft;
mod error;
mod toolchain;

pub use error::BuildError;
pub use toolchain::{StdSource, Tools, WasmToolchain};

use cap_std::fs::Dir;
use lexgate_model::{Digest, Manifest, Package, Verified};
use lexgate_packages::{Trust, Unverified, seal, verify, with_short_names};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// A folder: the authority to use it, and its absolute path for the programs that are run.
#[derive(Debug)]
pub struct Folder {
    /// The authority.
    pub dir: Dir,
    /// The absolute path.
    pub path: PathBuf,
}

/// What is built, with what, and where to.
#[derive(Debug)]
pub struct BuildPlan {
    /// The folder of the policy, which holds `lexgate.toml`.
    pub plugin: Folder,
    /// Where cargo keeps what it compiled, such as `target` of the workspace. Not used for a prebuilt component.
    pub target: Folder,
    /// Where the package goes, as `<id>.wasm`.
    pub output: Dir,
    /// The programs.
    pub tools: Tools,
    /// Whether cargo must do with `Cargo.lock` as it is, and without a network.
    pub frozen: bool,
    /// What the package must hold to: the same as on a host.
    pub trust: Trust,
}

/// How far a build has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The manifest and the datasets are read.
    Reading,
    /// This is what compiles.
    Toolchain(WasmToolchain),
    /// Cargo begins.
    Compiling,
    /// A line that cargo or the compiler writes.
    Cargo(String),
    /// The core module becomes a component.
    Encoding,
    /// Manifest and datasets are put in, and the package is verified.
    Sealing,
    /// The package is written.
    Done,
}

/// A package that was built.
#[derive(Debug)]
pub struct Built {
    /// The id of the policy.
    pub id: String,
    /// Its version, as the manifest writes it.
    pub version: String,
    /// The digest of the package.
    pub digest: Digest,
    /// Bytes of the package.
    pub bytes: u64,
    /// The name of the file in the output folder.
    pub file: String,
    /// Whether the same bytes lay there before, and nothing was written.
    pub unchanged: bool,
    /// The package itself, verified.
    pub package: Verified<Package>,
}

/// Builds the policy, verifies the package and writes it, whole or not at all.
///
/// What cargo already compiled is not compiled again, and a file that already has these bytes is not touched.
///
/// # Errors
/// [`BuildError`] with the file, the place in it and what to do.
pub fn build(plan: &BuildPlan, progress: &mut dyn FnMut(Step)) -> Result<Built, BuildError> {
    progress(Step::Reading);
    let draft = draft::read(&plan.plugin.dir)?;
    let (manifest, contents) = draft::with_datasets(draft.manifest, &plan.plugin.dir)?;
    let wasm = match &draft.component {
        Some(file) => draft::file_below(&plan.plugin.dir, file, plan.trust.limits.bytes)?,
        None => cargo::compile(plan, progress)?,
    };
    progress(Step::Encoding);
    let component = encode(wasm)?;
    progress(Step::Sealing);
    let built = package(plan, &component, &manifest, &contents)?;
    progress(Step::Done);
    Ok(built)
}

/// Returns the manifest of a policy's folder, checked, without compiling anything.
///
/// # Errors
/// [`BuildError`] with the file, the place in it and what to do.
pub fn manifest(plugin: &Dir) -> Result<Manifest, BuildError> {
    let draft = draft::read(plugin)?;
    Ok(draft::with_datasets(draft.manifest, plugin)?.0)
}

/// Returns the component of a core module that holds its world; a component as it is.
fn encode(wasm: Vec<u8>) -> Result<Vec<u8>, BuildError> {
    if !wasm.starts_with(b"\0asm\x01\0\0\0") {
        return Ok(wasm);
    }
    let module = with_short_names(&wasm)?;
    wit_component::ComponentEncoder::default()
        .module(&module)
        .and_then(|encoder| encoder.validate(true).encode())
        .map_err(|error| BuildError::Encode { why: format!("{error:#}") })
}

fn package(
    plan: &BuildPlan,
    component: &[u8],
    manifest: &Manifest,
    contents: &[Vec<u8>],
) -> Result<Built, BuildError> {
    let file = format!("{}.wasm", manifest.policy.id);
    let sealed = seal(component, manifest, contents)?;
    let package = verify(Unverified::from_bytes(&file, sealed), &plan.trust)?;
    let unchanged = same(&plan.output, &file, &package.bytes);
    if !unchanged {
        let write = replace(&plan.output, &file, &package.bytes);
        write.map_err(|source| BuildError::Write { file: file.clone(), source })?;
    }
    Ok(Built {
        id: manifest.policy.id.clone(),
        version: manifest.policy.version.to_string(),
        digest: package.digest,
        bytes: package.bytes.len() as u64,
        file,
        unchanged,
        package,
    })
}

fn same(dir: &Dir, file: &str, bytes: &[u8]) -> bool {
    let length = bytes.len() as u64;
    dir.metadata(file).is_ok_and(|metadata| metadata.is_file() && metadata.len() == length)
        && dir.read(file).is_ok_and(|found| found == bytes)
}

/// Writes beside the file and renames, so that a reader finds the old package or the new one.
fn replace(dir: &Dir, file: &str, bytes: &[u8]) -> io::Result<()> {
    let beside = format!(".{file}.part");
    dir.write(&beside, bytes)?;
    dir.rename(&beside, dir, file)
}

/// Returns the bytes of a file, `None` for one larger than `most`.
fn read_at_most(dir: &Dir, file: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    dir.open(file)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= most).then_some(bytes))
}

#[cfg(test)]
mod tests;
