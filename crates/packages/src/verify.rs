//! Verifies a package, in the order in which a fault is cheapest to find and clearest to name.

use crate::contract;
use crate::datasets;
use crate::fetch::Unverified;
use crate::limits::PackageLimits;
use crate::refused::{Reason, Refused, shown};
use crate::scan::{self, within};
use lexgate_model::package::{CONTRACT, MANIFEST_SECTION};
use lexgate_model::{Digest, Manifest, Package, Verified};
use wasmparser::Parser;

/// What the host accepts.
#[derive(Debug, Clone)]
pub struct Trust {
    /// The contracts it serves, such as `lexgate:screening@0.1.0`.
    pub contracts: Vec<String>,
    /// What a package may have at most.
    pub limits: PackageLimits,
}

impl Default for Trust {
    fn default() -> Trust {
        Trust { contracts: vec![CONTRACT.to_owned()], limits: PackageLimits::default() }
    }
}

/// Returns the package, with the proof that it may be prepared.
///
/// Proven is: the bytes are a valid component of WebAssembly 2.0 within the limits; it carries one canonical manifest and
/// exactly the datasets this declares, unaltered; the host serves its contract; it imports nothing else and exports the
/// policy. The time it takes grows with the bytes, nothing is compiled.
///
/// # Errors
/// [`Refused`] with the first [`Reason`] found.
pub fn verify(unverified: Unverified, trust: &Trust) -> Result<Verified<Package>, Refused> {
    let Unverified { name, bytes } = unverified;
    match package(bytes, trust) {
        Ok(package) => Ok(Verified::vouch(package)),
        Err(reason) => Err(Refused { file: shown(&name), reason }),
    }
}

fn package(bytes: Vec<u8>, trust: &Trust) -> Result<Package, Reason> {
    let limits = &trust.limits;
    within("bytes", || "the package".to_owned(), "bytes", bytes.len() as u64, limits.bytes)?;
    if Parser::is_core_wasm(&bytes) {
        return Err(Reason::CoreModule);
    }
    if !bytes.starts_with(b"\0asm") {
        return Err(Reason::NotWasm);
    }
    let scan = scan::scan(&bytes, limits)?;
    let manifest = manifest(&scan.sections, limits)?;
    if !trust.contracts.contains(&manifest.policy.contract) {
        let served: Vec<_> = trust.contracts.iter().map(|contract| format!("`{contract}`")).collect();
        return Err(Reason::Contract { asked: shown(&manifest.policy.contract), served: served.join(", ") });
    }
    contract::check(&scan, &manifest.policy.contract)?;
    let datasets = datasets::read(&scan.sections, &manifest)?;
    let imports = scan.imports.iter().map(|&name| name.to_owned()).collect();
    Ok(Package { digest: Digest::of(&bytes), datasets, imports, manifest, bytes: bytes.into() })
}

fn manifest(sections: &[scan::Section<'_>], limits: &PackageLimits) -> Result<Manifest, Reason> {
    let mut manifests = sections.iter().filter(|section| section.name == MANIFEST_SECTION);
    let section = manifests.next().ok_or(Reason::NoManifest)?;
    if manifests.next().is_some() {
        return Err(Reason::Twice { section: MANIFEST_SECTION.to_owned() });
    }
    let place = || "the manifest".to_owned();
    within("manifest_bytes", place, "bytes", section.data.len() as u64, limits.manifest_bytes)?;
    Manifest::from_canonical_json(section.data).map_err(|source| Reason::Manifest { source })
}
