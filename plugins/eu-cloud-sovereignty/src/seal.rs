//! SEAL: what level a tender sets and a bid reaches, objective by objective.

use lexgate_sdk::{Condition, Fact, Request};

/// The objectives, with the facts that state the minimum of the tender and what the bid reaches.
const OBJECTIVES: [(&str, &str, &str); 8] = [
    ("SOV-1", "minimumSeal.SOV-1", "seal.SOV-1"),
    ("SOV-2", "minimumSeal.SOV-2", "seal.SOV-2"),
    ("SOV-3", "minimumSeal.SOV-3", "seal.SOV-3"),
    ("SOV-4", "minimumSeal.SOV-4", "seal.SOV-4"),
    ("SOV-5", "minimumSeal.SOV-5", "seal.SOV-5"),
    ("SOV-6", "minimumSeal.SOV-6", "seal.SOV-6"),
    ("SOV-7", "minimumSeal.SOV-7", "seal.SOV-7"),
    ("SOV-8", "minimumSeal.SOV-8", "seal.SOV-8"),
];

/// The levels, the lowest first.
const LEVELS: [&str; 5] = ["SEAL-0", "SEAL-1", "SEAL-2", "SEAL-3", "SEAL-4"];

/// Returns the objectives, each with whether its minimum is met.
pub(crate) fn objectives(request: Request<'_>) -> Vec<(&'static str, Condition<'_>)> {
    let objective = |(name, minimum, reached)| {
        let minimum = request.record().text(minimum).read(level);
        let reached = request.resource().text(reached).read(level);
        (name, met(minimum, reached))
    };
    OBJECTIVES.map(objective).into()
}

/// Returns whether a minimum is met. The lowest always is, and the highest level meets every minimum.
fn met<'a>(minimum: Fact<'a, usize>, reached: Fact<'a, usize>) -> Condition<'a> {
    match (minimum.value(), reached.value()) {
        (Some(least), Some(its)) => {
            let evidence = minimum.evidence().into_iter().chain(reached.evidence());
            Condition::as_true_as((its >= least).into(), evidence, [])
        }
        (Some(0), _) => Condition::holds(minimum.evidence()),
        (_, Some(4)) => Condition::holds(reached.evidence()),
        _ => {
            let least = "the minimum that the tender sets: `SEAL-0` to `SEAL-4`; `SEAL-0` if it sets none";
            let its = "the level that the bid reaches: `SEAL-0` to `SEAL-4`";
            Condition::unknown(minimum.gap(least).into_iter().chain(reached.gap(its)))
        }
    }
}

fn level(word: &str) -> Option<usize> {
    LEVELS.iter().position(|level| *level == word)
}
