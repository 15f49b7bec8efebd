//! Imports ownership data: of a register with millions of records, the neighbourhood of a few parties, as a request.
//!
//! What the registers publish is read as a stream, as often as it takes: once for each step up from the parties asked for,
//! then once for what is said of those that were met. Memory holds the neighbourhood, never the file. What cannot be used
//! is told in a [`Report`]; a file that breaks its own format is an [`ImportError`]. Nothing is counted or concluded here:
//! that is for policies.

mod bods;
mod error;
mod fields;
mod frame;
mod gleif;
mod json;
mod lei;
mod records;
mod report;
mod rows;
mod source;
mod steps;
mod tree;
mod xml;

pub use bods::bods;
pub use error::ImportError;
pub use frame::{About, Frame, Imported};
pub use gleif::{Register, gleif};
pub use report::{Entry, Reason, Report};
pub use source::{Progress, Source};

/// Whose neighbourhood is imported.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The parties, as their register names them.
    pub parties: Vec<String>,
    /// Steps up from them, to those that hold interests in those met before.
    pub depth: u32,
}
