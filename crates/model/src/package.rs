//! The package: one component with its manifest and datasets inside, addressed by its digest.

use crate::date::Period;
use crate::digest::Digest;
use crate::manifest::Manifest;
use std::ops::Deref;
use std::sync::Arc;

/// The contract this version of Lexgate speaks.
pub const CONTRACT: &str = "lexgate:screening@0.1.0";

/// The custom section that holds the manifest as canonical JSON.
pub const MANIFEST_SECTION: &str = "lexgate:manifest";

/// Returns the name of the custom section that holds a version of a dataset.
#[must_use]
pub fn dataset_section(name: &str, version: &str) -> String {
    format!("lexgate:dataset/{name}@{version}")
}

/// One file: a component with its manifest and datasets.
#[derive(Debug, Clone)]
pub struct Package {
    /// The digest of [`Package::bytes`].
    pub digest: Digest,
    /// The whole file, a WebAssembly component.
    pub bytes: Arc<[u8]>,
    /// What the policy declares about itself.
    pub manifest: Manifest,
    /// The datasets it carries.
    pub datasets: Vec<DatasetVersion>,
    /// Names of what the component imports.
    pub imports: Vec<String>,
}

/// A version of a dataset with its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetVersion {
    /// Name of the dataset.
    pub name: String,
    /// Name of this version.
    pub version: String,
    /// The days it holds.
    pub period: Period,
    /// The digest of the bytes.
    pub digest: Digest,
    /// The bytes.
    pub bytes: Arc<[u8]>,
}

/// Proof that something was verified; what prepares a policy asks for it.
#[derive(Debug, Clone)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    /// Vouches that the value was verified.
    ///
    /// INVARIANT: only `lexgate-packages` calls this, after it has checked everything; `tests/tidy.rs` holds the tree to
    /// it.
    #[must_use]
    pub fn vouch(value: T) -> Verified<T> {
        Verified(value)
    }

    /// Returns the value.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
