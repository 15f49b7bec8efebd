//! Grades (하/중/상), and which of them the system may have.

use lexgate_sdk::{Evidence, Gap, INCONSISTENT, Request};

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

/// The grades a system may have, lowest first, and the facts that would tell which.
pub(crate) struct Possible<'a> {
    pub(crate) grades: Vec<Grade>,
    pub(crate) missing: Vec<Gap<'a>>,
    /// What is known of them.
    pub(crate) evidence: Vec<Evidence<'a>>,
}

/// Returns which grades the system may have. The buyer classifies; with personal data it is no low system.
pub(crate) fn possible(request: Request<'_>) -> Possible<'_> {
    let deployment = request.deployment();
    let scheme = deployment.then_fact("dataClassification.scheme", |deployment, name| deployment.text(name));
    let scheme = scheme.read(|scheme| (scheme == "CSAP").then_some(()));
    let level = deployment.then_fact("dataClassification.level", |deployment, name| deployment.text(name));
    let level = level.read(Grade::read);
    let personal = deployment.then_fact("personalData", |deployment, name| deployment.flag(name));

    let unclassified = || {
        let scheme = scheme.gap("the classification that the level is of: `CSAP`");
        scheme.into_iter().chain(level.gap("the grade of the system: `high`, `mid` or `low`"))
    };
    let unseen = || personal.gap("whether the system holds personal data");
    let misclassified = || {
        let expected = "a grade above `low`: the system holds personal data";
        level.place().gap(expected, INCONSISTENT)
    };
    let any = || vec![Grade::Low, Grade::Mid, Grade::High];
    let above_low = || vec![Grade::Mid, Grade::High];
    let (grades, missing) = match (scheme.value().and(level.value()), personal.value()) {
        // Not classified: it may be of any grade, but low only without personal data.
        (None, Some(true)) => (above_low(), unclassified().collect()),
        (None, Some(false)) => (any(), unclassified().collect()),
        (None, None) => (any(), unclassified().chain(unseen()).collect()),
        // Classified low, which it is only without personal data.
        (Some(Grade::Low), Some(true)) => (above_low(), vec![misclassified()]),
        (Some(Grade::Low), None) => (any(), unseen().into_iter().collect()),
        // What the buyer says.
        (Some(grade), _) => (vec![grade], Vec::new()),
    };
    let evidence = level.evidence().into_iter().chain(personal.evidence()).collect();
    Possible { grades, missing, evidence }
}
