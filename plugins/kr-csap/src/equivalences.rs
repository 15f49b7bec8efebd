//! What a certificate without grade counts as: a list, because the reports differ and may be corrected.

use crate::grade::Grade;
use lexgate_sdk::{Date, Row, Table, date};

/// One version of the list.
#[derive(Debug)]
pub(crate) struct Equivalences(Vec<Equivalence>);

/// What certificates of a service model count as.
#[derive(Debug)]
struct Equivalence {
    service_model: String,
    /// Last day of issue on which certificates had no grade.
    issued_until: Date,
    /// The grades that the sources give; where these agree, both are the same.
    lowest: Grade,
    highest: Grade,
}

impl Equivalences {
    /// Reads the columns `service-model`, `issued-until`, `lowest` and `highest`.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Equivalences, String> {
        Table::parse(bytes)?.rows().map(|row| equivalence(&row)).collect::<Result<_, _>>().map(Equivalences)
    }

    /// Returns the lowest and the highest grade that a certificate issued on a day without a grade counts as.
    pub(crate) fn of(&self, service_model: &str, issued: Date) -> Option<(Grade, Grade)> {
        let mut rows = self.0.iter().filter(|row| row.service_model == service_model);
        rows.find(|row| issued <= row.issued_until).map(|row| (row.lowest, row.highest))
    }

    /// Returns whether certificates of any service model that were issued on the day count as something.
    pub(crate) fn cover(&self, issued: Date) -> bool {
        self.0.iter().any(|row| issued <= row.issued_until)
    }
}

fn equivalence(row: &Row<'_>) -> Result<Equivalence, String> {
    let grade = |column| {
        let word = row.get(column)?;
        Grade::read(word).ok_or_else(|| row.error(format!("`{word}` is neither `low`, `mid` nor `high`")))
    };
    let (lowest, highest) = (grade("lowest")?, grade("highest")?);
    if lowest > highest {
        return Err(row.error("`lowest` is above `highest`"));
    }
    let day = row.get("issued-until")?;
    let issued_until = date::parse(day).ok_or_else(|| row.error(format!("`{day}` is not a date")))?;
    Ok(Equivalence { service_model: row.get("service-model")?.to_owned(), issued_until, lowest, highest })
}
