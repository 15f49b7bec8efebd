//! From a reference to a verified package.
//!
//! ```text
//! fetch_unverified -> Unverified -> verify(trust) -> Verified<Package>
//! ```
//!
//! [`Unverified`] bytes came from anywhere. [`verify`] reads them once, without running or compiling anything, and
//! proves that they are a component of the features the engine runs, within [`PackageLimits`], that it carries one
//! manifest and exactly the datasets this declares, and that it asks the host for nothing but its contract. What comes
//! out is the [`Verified`] value without which nothing is prepared. [`seal`] is the other direction: it puts a manifest
//! and datasets into a component, [`with_short_names`] makes the names in one short. [`with_stops`] lets a profile see when
//! functions return. [`find_alone`] finds the one module that most components are. [`measure`] counts, for people.
//!
//! ```
//! use lexgate_packages::{Trust, Unverified, verify};
//!
//! let stranger = Unverified::from_bytes("policy.wasm", b"not a policy".to_vec());
//! let refused = verify(stranger, &Trust::default()).unwrap_err();
//! assert!(refused.to_string().starts_with("`policy.wasm` is not WebAssembly"));
//! ```
//!
//! Verifying needs no network. What a policy computes, and what that costs, is the engine's task.

mod alone;
mod contract;
mod datasets;
mod fetch;
mod limits;
mod measure;
mod names;
mod refused;
mod scan;
mod seal;
mod stops;
mod verify;

pub use alone::{Found, Import, WHOLE, Ways, find_alone};
pub use fetch::{Error, Unverified, fetch_unverified};
pub use lexgate_model::package::{Package, Verified};
pub use limits::PackageLimits;
pub use measure::{CustomSection, Measures, measure};
pub use names::with_short_names;
pub use refused::{Reason, Refused};
pub use seal::{SealError, seal};
pub use stops::with_stops;
pub use verify::{Trust, verify};

#[cfg(test)]
mod tests;
