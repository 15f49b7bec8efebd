//! Hands out the records of a file one by one, whatever its format. Never more than one is in memory.

use super::error::ImportError;
use super::report::{Note, Place};
use super::source::{Format, Source, Tape, Watch};
use super::tree::Tree;
use super::{json, rows, xml};
use std::collections::HashSet;

/// What a file should hold.
pub(super) struct Kind {
    /// In words.
    pub(super) expected: &'static str,
    /// The XML element of a record; none where there is no XML of it.
    pub(super) element: Option<&'static str>,
    /// Columns that a table of it must have; none where there are no tables of it.
    pub(super) columns: &'static [&'static str],
    /// Those of them that tell whom a row is about.
    pub(super) keys: &'static [&'static str],
    /// Beginnings of the names of columns that are read.
    pub(super) wanted: &'static [&'static str],
    /// Whether a JSON object is a record; else it holds the list of records.
    pub(super) object_is_record: bool,
}

/// A record, or why it is none.
pub(super) struct Met {
    pub(super) place: Place,
    pub(super) tree: Result<Tree, Note>,
}

/// What is done with each record.
pub(super) type Visit<'v> = dyn FnMut(Met) -> Result<(), ImportError> + 'v;

/// Hands the records of a file to `visit`, in the order of the file. Rows that are about nobody `wanted` may be left out:
/// to look at them before they are taken apart is what makes tables fast.
pub(super) fn each(
    source: &Source<'_>,
    kind: &Kind,
    wanted: &HashSet<String>,
    watch: &mut Watch<'_>,
    visit: &mut Visit<'_>,
) -> Result<(), ImportError> {
    let (tape, format) = Tape::open(source, kind.columns, kind.expected, watch)?;
    match (format, kind.element) {
        (Format::Array, _) => json::array(tape, visit),
        (Format::Objects, _) if kind.object_is_record => json::objects(tape, visit),
        (Format::Objects, _) => json::wrapped(tape, visit),
        (Format::Csv, _) => rows::each(tape, kind, wanted, visit),
        (Format::Xml, Some(element)) => xml::each(tape, kind, element, visit),
        (Format::Xml, None) => Err(ImportError::Format {
            file: source.name.clone(),
            expected: kind.expected,
            begins: "<".to_owned(),
        }),
    }
}
