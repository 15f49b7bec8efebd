//! Records in CSV, one a row. The dots in the name of a column are the way to its place in the record.

use super::error::{ImportError, shorten};
use super::records::{Kind, Met, Visit};
use super::report::{Note, Place, Reason};
use super::source::{At, Tape, read_error};
use super::tree::Tree;
use std::collections::HashSet;
use std::rc::Rc;

/// Hands the records of a table over. A row with too few or too many fields is a bad record.
pub(super) fn each(
    tape: Tape<'_, '_>,
    kind: &Kind,
    wanted: &HashSet<String>,
    visit: &mut Visit<'_>,
) -> Result<(), ImportError> {
    let (file, at) = (tape.file(), tape.at());
    let mut table = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(tape);
    let mut row = csv::StringRecord::new();
    let mut next = |row: &mut csv::StringRecord| {
        let more = table.read_record(row).map_err(|error| failure(&file, &at, error));
        at.next_record();
        more
    };
    next(&mut row)?;
    let header = Header::read(&row, kind, &file)?;
    let mut records = 0u64;
    while next(&mut row)? {
        records += 1;
        if header.is_about_others(&row, wanted) {
            continue;
        }
        let line = row.position().map_or(0, csv::Position::line);
        let place = Place { file: Rc::clone(&file), record: records, line };
        visit(Met { place, tree: header.record(&row) })?;
    }
    Ok(())
}

/// Most columns of a table. Chosen by feel: the golden copy has some three hundred.
const MOST_COLUMNS: usize = 2_000;

/// The columns that are read, and where they belong.
struct Header {
    columns: usize,
    keys: Vec<usize>,
    read: Vec<(usize, Vec<String>)>,
}

impl Header {
    fn read(row: &csv::StringRecord, kind: &Kind, file: &str) -> Result<Header, ImportError> {
        if let Some(column) = kind.columns.iter().find(|&column| !row.iter().any(|name| name == *column)) {
            let why = format!("it has no column `{column}`");
            return Err(ImportError::Content { file: file.to_owned(), expected: kind.expected, why });
        }
        if row.len() > MOST_COLUMNS {
            let why = format!("it has more than {MOST_COLUMNS} columns");
            return Err(ImportError::Content { file: file.to_owned(), expected: kind.expected, why });
        }
        let wanted = |name: &str| kind.wanted.iter().any(|beginning| name.starts_with(beginning));
        let columns = row.iter().enumerate().filter(|(_, name)| wanted(name));
        let read = columns.map(|(index, name)| (index, way(name))).collect();
        let keys = row.iter().enumerate().filter(|(_, name)| kind.keys.contains(name));
        Ok(Header { columns: row.len(), keys: keys.map(|(index, _)| index).collect(), read })
    }

    /// Returns whether a sound row is about somebody, and nobody wanted.
    fn is_about_others(&self, row: &csv::StringRecord, wanted: &HashSet<String>) -> bool {
        let key = |index: &usize| row.get(*index).map(str::trim).unwrap_or_default();
        row.len() == self.columns
            && self.keys.iter().map(key).all(|key| !key.is_empty() && !wanted.contains(key))
    }

    fn record(&self, row: &csv::StringRecord) -> Result<Tree, Note> {
        if row.len() != self.columns {
            let why = format!("has {} fields under {} columns", row.len(), self.columns);
            return Err(Note::new("", Reason::Malformed, why));
        }
        let mut tree = Tree::Record(Vec::new());
        for (index, way) in &self.read {
            if let Some(text) = row.get(*index).filter(|text| !text.trim().is_empty()) {
                tree.insert(way, text);
            }
        }
        Ok(tree)
    }
}

/// Returns the way that the name of a column describes. The attributes of XML are columns of their own here.
fn way(column: &str) -> Vec<String> {
    let step = |step: &str| match step {
        "xmllang" => "@xml:lang".to_owned(),
        "type" => "@type".to_owned(),
        other => other.to_owned(),
    };
    column.split('.').map(step).collect()
}

fn failure(file: &str, at: &At, error: csv::Error) -> ImportError {
    let place = error.position().map_or((at.line(), 1), |position| (position.line(), 1));
    let why = shorten(&error.to_string());
    match error.into_kind() {
        csv::ErrorKind::Io(error) => read_error(file, at, error),
        _ => {
            let (line, column) = place;
            ImportError::Syntax { file: file.to_owned(), line, column, format: "CSV", why }
        }
    }
}
