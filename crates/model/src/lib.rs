//! The nouns and pure rules of Lexgate: no I/O, no clock, equal inputs give equal answers.
//!
//! Without the feature `host` this is the core that guests link too: exact numbers ([`Decimal`], [`Amount`]),
//! [`Interval`]s and [`Threshold`]s, three-valued [`Truth`], dates, and the arithmetic of [`ownership`]. With it come the
//! request, the manifest, findings, verdicts and decisions.

// A guest has an allocator but no operating system; the standard library is linked for its names only.
extern crate std;

pub mod date;
mod decimal;
mod interval;
pub mod ownership;
mod truth;

pub use date::{Date, Period, Within};
pub use decimal::{Amount, Decimal, NotDecimal};
pub use interval::{End, Interval, Threshold};
pub use truth::Truth;

#[cfg(feature = "host")]
pub mod combine;
#[cfg(feature = "host")]
pub mod decision;
#[cfg(feature = "host")]
mod digest;
#[cfg(feature = "host")]
pub mod fault;
#[cfg(feature = "host")]
pub mod finding;
#[cfg(feature = "host")]
pub mod manifest;
#[cfg(feature = "host")]
pub mod package;
#[cfg(feature = "host")]
pub mod record;
#[cfg(feature = "host")]
pub mod request;
#[cfg(feature = "host")]
pub mod verdict;
#[cfg(feature = "host")]
pub mod zone;

#[cfg(feature = "host")]
pub use decision::Decision;
#[cfg(feature = "host")]
pub use digest::{Digest, NotDigest};
#[cfg(feature = "host")]
pub use fault::{Fault, Limits};
#[cfg(feature = "host")]
pub use finding::{Finding, Outcome, Span};
#[cfg(feature = "host")]
pub use manifest::Manifest;
#[cfg(feature = "host")]
pub use package::{Package, Verified};
#[cfg(feature = "host")]
pub use record::Record;
#[cfg(feature = "host")]
pub use request::{BadRequest, Canonical, Request, RequestLimits, When};
