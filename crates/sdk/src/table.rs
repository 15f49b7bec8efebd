//! Tables: CSV (RFC 4180, UTF-8) with a header row, read once while a policy is configured.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;
use csv_core::{ReadFieldResult, Reader};
use lexgate_model::Truth;

/// A table in memory.
///
/// ```
/// # use lexgate_sdk::Table;
/// let table = Table::parse(b"code,supported\nSG,yes\n").unwrap();
/// let row = table.rows().next().unwrap();
/// assert_eq!(row.get("supported"), Ok("yes"));
/// assert_eq!(row.get("status").unwrap_err(), "line 2: there is no column `status`");
/// ```
#[derive(Debug, Clone)]
pub struct Table {
    text: String,
    header: Vec<Range<usize>>,
    rows: Vec<(usize, Vec<Range<usize>>)>,
}

/// One row of a [`Table`].
#[derive(Debug, Clone, Copy)]
pub struct Row<'t> {
    table: &'t Table,
    line: usize,
    cells: &'t [Range<usize>],
}

impl Table {
    /// Reads a table.
    ///
    /// # Errors
    /// When the bytes are not UTF-8, there is no header, it names a column twice, or a row has another number of cells;
    /// the message names the line.
    pub fn parse(bytes: &[u8]) -> Result<Table, String> {
        let text = core::str::from_utf8(bytes).map_err(|error| {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            format!("line {}: the text is not UTF-8", newlines(before).saturating_add(1))
        })?;
        let (text, mut rows) = cells(text.trim_start_matches('\u{feff}').as_bytes())?;
        if rows.is_empty() {
            return Err("line 1: there is no header".to_string());
        }
        let (_, header) = rows.remove(0);
        let table = Table { text, header, rows };
        table.check()?;
        Ok(table)
    }

    /// Returns the rows below the header.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|(line, cells)| Row { table: self, line: *line, cells })
    }

    fn columns(&self) -> impl Iterator<Item = &str> {
        self.header.iter().map(|cell| self.cell(cell))
    }

    fn cell(&self, at: &Range<usize>) -> &str {
        // INVARIANT: ranges end where the reader ended a cell, which is between characters.
        self.text.get(at.clone()).unwrap_or_default()
    }

    fn check(&self) -> Result<(), String> {
        for (index, name) in self.columns().enumerate() {
            if self.columns().take(index).any(|other| other == name) {
                return Err(format!("line 1: column `{name}` is named twice"));
            }
        }
        let columns = self.header.len();
        match self.rows.iter().find(|(_, cells)| cells.len() != columns) {
            Some((line, cells)) => {
                Err(format!("line {line}: has {} cells, the header has {columns}", cells.len()))
            }
            None => Ok(()),
        }
    }
}

impl<'t> Row<'t> {
    /// Returns the cell in a column; it may be empty.
    ///
    /// # Errors
    /// When there is no such column.
    pub fn get(&self, column: &str) -> Result<&'t str, String> {
        let at = self.table.columns().position(|name| name == column);
        let cell = at.and_then(|at| self.cells.get(at));
        cell.map(|cell| self.table.cell(cell))
            .ok_or_else(|| self.error(format!("there is no column `{column}`")))
    }

    /// Returns what a cell says: `yes`, `no` or `unknown`.
    ///
    /// # Errors
    /// When there is no such column, or it says something else.
    pub fn truth(&self, column: &str) -> Result<Truth, String> {
        match self.get(column)? {
            "yes" => Ok(Truth::True),
            "no" => Ok(Truth::False),
            "unknown" => Ok(Truth::Unknown),
            other => Err(self.error(format!("`{other}` is neither `yes`, `no` nor `unknown`"))),
        }
    }

    /// Returns an error message that begins with the line of this row.
    #[must_use]
    pub fn error(&self, why: impl AsRef<str>) -> String {
        format!("line {}: {}", self.line, why.as_ref())
    }
}

/// Rows of cells with their line, and the text their ranges point into.
type Cells = (String, Vec<(usize, Vec<Range<usize>>)>);

fn cells(mut input: &[u8]) -> Result<Cells, String> {
    let mut reader = Reader::new();
    // Unquoting only ever shortens, so the cells fit into as many bytes as the input has.
    let mut output = vec![0; input.len()];
    let (mut filled, mut start, mut line) = (0usize, 0usize, 1usize);
    let (mut rows, mut row) = (Vec::new(), Vec::new());
    loop {
        let (result, read, written) = reader.read_field(input, output.get_mut(filled..).unwrap_or_default());
        let (before, after) = input.split_at_checked(read).unwrap_or((input, &[]));
        input = after;
        filled = filled.saturating_add(written);
        line = line.saturating_add(newlines(before));
        match result {
            ReadFieldResult::InputEmpty => {}
            ReadFieldResult::OutputFull => return Err(format!("line {line}: cannot be read")),
            ReadFieldResult::Field { record_end } => {
                row.push(start..filled);
                start = filled;
                if record_end {
                    let own = if before.ends_with(b"\n") { line.saturating_sub(1) } else { line };
                    rows.push((own, core::mem::take(&mut row)));
                }
            }
            ReadFieldResult::End => break,
        }
    }
    output.truncate(filled);
    let text = String::from_utf8(output).map_err(|_| "the text is not UTF-8".to_string())?;
    Ok((text, rows))
}

fn newlines(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(usize, &[&str])]) {
        let table = Table::parse(text.as_bytes()).unwrap();
        let rows: Vec<(usize, Vec<&str>)> = table
            .rows()
            .map(|row| (row.line, table.columns().map(|name| row.get(name).unwrap()).collect()))
            .collect();
        let expected: Vec<(usize, Vec<&str>)> =
            expected.iter().map(|(l, cells)| (*l, cells.to_vec())).collect();
        assert_eq!(rows, expected, "{text:?}");
    }

    #[track_caller]
    fn refuse(bytes: &[u8], why: &str) {
        assert_eq!(Table::parse(bytes).unwrap_err(), why);
    }

    #[test]
    fn rows_know_their_cells_and_lines() {
        check("code,supported\nSG,yes\nCN,no\n", &[(2, &["SG", "yes"]), (3, &["CN", "no"])]);
        check("code,supported\r\nSG,yes\r\nCN,no", &[(2, &["SG", "yes"]), (3, &["CN", "no"])]);
        check("\u{feff}code\nSG\n\nCN\n", &[(2, &["SG"]), (4, &["CN"])]);
        check(
            "name,code\n\"Crimea, \"\"A\"\"\nB\",UA-43\nX,\n",
            &[(3, &["Crimea, \"A\"\nB", "UA-43"]), (4, &["X", ""])],
        );
        check("code,supported\n", &[]);
        check("이름\n서울\n", &[(2, &["서울"])]);
    }

    #[test]
    fn what_is_no_table_is_refused_with_its_line() {
        refuse(b"", "line 1: there is no header");
        refuse(b"code,code\n", "line 1: column `code` is named twice");
        refuse(b"code,supported\nSG,yes\nCN\n", "line 3: has 1 cells, the header has 2");
        refuse(b"code\nSG\n\xff\n", "line 3: the text is not UTF-8");
    }
}
