//! Grades (하/중/상): which of them the system may have, and which a certificate without grade counts as.

use lexgate_sdk::{Date, INCONSISTENT, Possible, Request, Table, date};

/// A grade of a system, or of a certificate: 하 (low), 중 (mid), 상 (high).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grade {
    Low,
    Mid,
    High,
}

impl Grade {
    /// Reads the word for it.
    pub(crate) fn read(word: &str) -> Option<Grade> {
        match word {
            "low" => Some(Grade::Low),
            "mid" => Some(Grade::Mid),
            "high" => Some(Grade::High),
            _ => None,
        }
    }

    /// Returns the official word, with a gloss.
    pub(crate) fn called(self) -> &'static str {
        match self {
            Grade::Low => "하(low)",
            Grade::Mid => "중(mid)",
            Grade::High => "상(high)",
        }
    }
}

/// Returns which grades the system may have. The buyer classifies; with personal data it is no low system.
pub(crate) fn possible(request: Request<'_>) -> Possible<'_, Grade> {
    let deployment = request.deployment();
    let scheme = deployment.text("dataClassification.scheme");
    let scheme = scheme.read(|scheme| (scheme == "CSAP").then_some(()));
    let level = deployment.text("dataClassification.level").read(Grade::read);
    let personal = deployment.flag("personalData");
    let gaps = [
        scheme.gap("the classification that the level is of: `CSAP`"),
        level.gap("the grade of the system: `high`, `mid` or `low`"),
        personal.gap("whether the system holds personal data"),
    ];
    let missing = gaps.into_iter().flatten();
    let wrong = level.place().gap("a grade above `low`: the system holds personal data", INCONSISTENT);
    let known = level.evidence().into_iter().chain(personal.evidence());
    let (above_low, any) = ([Grade::Mid, Grade::High], [Grade::Low, Grade::Mid, Grade::High]);
    match (scheme.value().and(level.value()), personal.value()) {
        (None, Some(true)) => Possible::one_of(above_low, missing, known),
        (Some(Grade::Low), Some(true)) => Possible::one_of(above_low, [wrong], known),
        (None, _) | (Some(Grade::Low), None) => Possible::one_of(any, missing, known),
        (Some(grade), _) => Possible::only(grade, known),
    }
}

/// What certificates without grade count as, by service model and last day of issue: the lowest and the highest grade that
/// the sources give. A list, because reports differ and may be corrected.
#[derive(Debug)]
pub(crate) struct Equivalences(Vec<(String, Date, Grade, Grade)>);

impl Equivalences {
    /// Reads the columns `service-model`, `issued-until`, `lowest` and `highest`.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Equivalences, String> {
        let mut rows = Vec::new();
        for row in Table::parse(bytes)?.rows() {
            let grade = |column| {
                let word = row.get(column)?;
                Grade::read(word)
                    .ok_or_else(|| row.error(format!("`{word}` is neither `low`, `mid` nor `high`")))
            };
            let (lowest, highest, day) = (grade("lowest")?, grade("highest")?, row.get("issued-until")?);
            if lowest > highest {
                return Err(row.error("`lowest` is above `highest`"));
            }
            let until = date::parse(day).ok_or_else(|| row.error(format!("`{day}` is not a date")))?;
            rows.push((row.get("service-model")?.to_owned(), until, lowest, highest));
        }
        Ok(Equivalences(rows))
    }

    /// Returns the lowest and the highest grade that a certificate issued on a day without a grade counts as.
    pub(crate) fn of(&self, service_model: &str, issued: Date) -> Option<(Grade, Grade)> {
        let mut rows = self.0.iter().filter(|(model, until, ..)| model == service_model && issued <= *until);
        rows.next().map(|(_, _, lowest, highest)| (*lowest, *highest))
    }
}
