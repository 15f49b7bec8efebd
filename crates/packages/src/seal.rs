//! Puts a manifest and datasets into a component: the way back from [`crate::verify`].

use crate::refused::shown;
use lexgate_model::package::{MANIFEST_SECTION, dataset_section};
use lexgate_model::{Digest, Manifest};
use wasm_encoder::{ComponentSection, CustomSection};
use wasmparser::{Parser, Payload};

/// Why a component cannot be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// It is no component.
    #[error("only a component can be sealed, this is {found}")]
    NotAComponent {
        /// What it is.
        found: &'static str,
    },
    /// It cannot be read.
    #[error("the component is not valid: {why}")]
    Invalid {
        /// What is wrong, in the words of the WebAssembly parser.
        why: String,
    },
    /// It was sealed before.
    #[error("the component already has a section `{section}`; seal what the compiler wrote, not a package")]
    Sealed {
        /// The section.
        section: String,
    },
    /// The datasets are not those of the manifest.
    #[error("the manifest declares {declared} datasets, {given} are given")]
    Count {
        /// How many the manifest declares.
        declared: usize,
        /// How many there are.
        given: usize,
    },
    /// A dataset is not the one of the manifest.
    #[error("the dataset `{dataset}` is not the one whose digest the manifest declares")]
    Dataset {
        /// Name and version.
        dataset: String,
    },
}

/// Returns the component with the manifest and the datasets in custom sections at its end: a package.
///
/// `contents` are the bytes of the manifest's datasets, in its order. Equal inputs give equal bytes. The result is not
/// verified: hand it to [`crate::verify`].
///
/// # Errors
/// [`SealError`] for what is no component or was sealed before, and for contents that the manifest does not describe.
pub fn seal(
    component: &[u8],
    manifest: &Manifest,
    contents: &[impl AsRef<[u8]>],
) -> Result<Vec<u8>, SealError> {
    unsealed(component)?;
    if contents.len() != manifest.datasets.len() {
        return Err(SealError::Count { declared: manifest.datasets.len(), given: contents.len() });
    }
    let mut package = component.to_vec();
    let mut append = |name: &str, data: &[u8]| {
        CustomSection { name: name.into(), data: data.into() }.append_to_component(&mut package);
    };
    append(MANIFEST_SECTION, manifest.to_canonical_json().as_bytes());
    for (declared, content) in manifest.datasets.iter().zip(contents) {
        let content = content.as_ref();
        if (Digest::of(content), content.len() as u64) != (declared.digest, declared.bytes) {
            return Err(SealError::Dataset { dataset: format!("{}@{}", declared.name, declared.version) });
        }
        append(&dataset_section(&declared.name, &declared.version), content);
    }
    Ok(package)
}

fn unsealed(component: &[u8]) -> Result<(), SealError> {
    if !Parser::is_component(component) {
        let found = if Parser::is_core_wasm(component) { "a core module" } else { "something else" };
        return Err(SealError::NotAComponent { found });
    }
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(|error| SealError::Invalid { why: error.to_string() })? {
            Payload::CustomSection(section) if section.name().starts_with("lexgate:") => {
                return Err(SealError::Sealed { section: shown(section.name()) });
            }
            _ => {}
        }
    }
    Ok(())
}
