//! Mitigation agreements: with whom, on which days, and what they oblige to.

use lexgate_sdk::{Date, Names, Obligation, Table};

/// One version of the list: one entry for each thing that must be done.
#[derive(Debug)]
pub(crate) struct Mitigations(Vec<(Names, Obligation)>);

impl Mitigations {
    /// Reads the columns of [`Names`], and `agreement`, `obligation` (its kind, such as `notify-authority`) and `terms`.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Mitigations, String> {
        let mut entries = Vec::new();
        for row in Table::parse(bytes)?.rows() {
            let kind = row.get("obligation")?;
            if kind.is_empty() {
                return Err(row.error("there is no `obligation`"));
            }
            let obligation = Obligation::binding(kind).text("agreement", row.get("agreement")?);
            entries.push((Names::of_row(&row)?, obligation.text("terms", row.get("terms")?)));
        }
        Ok(Mitigations(entries))
    }

    /// Returns what must be done on the date, each with by whom.
    pub(crate) fn on(&self, date: Date) -> impl Iterator<Item = (Names, &Obligation)> {
        self.0.iter().map(move |(names, obligation)| (names.on(date), obligation))
    }
}
