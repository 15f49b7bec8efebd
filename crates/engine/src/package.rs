//! Packages that policies were prepared from, each once: ten thousand bindings of a package share its manifest and bytes.

use lexgate_model::zone::Zone;
use lexgate_model::{Digest, Manifest, Package};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// A package, and what is worked out from it once.
pub(crate) struct Known {
    pub(crate) package: Package,
    pub(crate) zone: Zone,
}

impl Known {
    pub(crate) fn manifest(&self) -> &Manifest {
        &self.package.manifest
    }
}

/// The packages in use, by digest.
#[derive(Default)]
pub(crate) struct Packages(Mutex<HashMap<Digest, Weak<Known>>>);

impl Packages {
    /// Returns the package that is shared: the one that is in use already, or this.
    pub(crate) fn share(&self, package: Package, zone: Zone) -> Arc<Known> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = known.get(&package.digest).and_then(Weak::upgrade) {
            return shared;
        }
        known.retain(|_, package| package.strong_count() > 0);
        let digest = package.digest;
        let shared = Arc::new(Known { package, zone });
        known.insert(digest, Arc::downgrade(&shared));
        shared
    }
}
