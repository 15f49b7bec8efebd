//! The lists the policy is configured with.

use lexgate_sdk::{Date, Names, Row, Table, date};

/// Words that count, whatever their case.
#[derive(Debug)]
pub(crate) struct Words(Vec<String>);

impl Words {
    /// Reads a column.
    pub(crate) fn parse(bytes: &[u8], column: &str) -> Result<Words, String> {
        let table = Table::parse(bytes)?;
        table.rows().map(|row| Ok(row.get(column)?.to_owned())).collect::<Result<_, _>>().map(Words)
    }

    pub(crate) fn has(&self, word: &str) -> bool {
        self.iter().any(|listed| listed.eq_ignore_ascii_case(word))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// The last days, set by bodies for themselves, on which they may use other tools; each with the name of the body.
#[derive(Debug)]
pub(crate) struct Deadlines(pub(crate) Vec<(Names, Date)>);

impl Deadlines {
    /// Reads the columns of [`Names`], and `last-day`.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Deadlines, String> {
        let deadline = |row: &Row<'_>| -> Result<_, String> {
            let text = row.get("last-day")?;
            let day = date::parse(text).ok_or_else(|| row.error(format!("`{text}` is not a date")))?;
            Ok((Names::of_row(row)?, day))
        };
        let mut deadlines: Vec<(Names, Date)> = Vec::new();
        for row in Table::parse(bytes)?.rows() {
            let (body, day) = deadline(&row)?;
            // Of obligations that are as strict the last one is kept: the earliest day.
            let at = deadlines.iter().take_while(|(_, other)| *other >= day).count();
            deadlines.insert(at, (body, day));
        }
        Ok(Deadlines(deadlines))
    }
}
