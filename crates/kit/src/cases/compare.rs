//! What a case expects, and how what came differs.

use super::Difference;
use lexgate_model::decision::Kind;
use lexgate_model::finding::{Derived, Finding, Outcome, Standing};
use lexgate_model::record::Evaluation;
use lexgate_model::{Record, Span};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// What the policy must say. Only what is stated is compared; the outcome must be.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Expect {
    /// Both ends.
    outcome: Option<Outcome>,
    /// The lower end.
    floor: Option<Outcome>,
    /// The upper end.
    ceiling: Option<Outcome>,
    /// Message codes that must be among those of the deciding findings.
    #[serde(default)]
    codes: Vec<String>,
    /// Pointers of all missing facts.
    missing: Option<BTreeSet<String>>,
    /// Reasons that must be among those of the missing facts.
    #[serde(default)]
    reasons: Vec<String>,
    /// Kinds of all obligations of the deciding findings.
    obligations: Option<BTreeSet<String>>,
    /// The licensing policy of the licence asked for.
    licensing: Option<String>,
    /// Message codes of all findings that are advice.
    advice: Option<BTreeSet<String>>,
    /// Computed values by name: `50.1`, `25 to 50`, `more than 50 to 75`.
    #[serde(default)]
    derived: BTreeMap<String, String>,
    /// Values that the messages of deciding findings are filled with, by placeholder.
    #[serde(default)]
    arguments: BTreeMap<String, String>,
    /// The kind of the fault that must come.
    fault: Option<String>,
    /// Whether no version of a dataset holds on the date.
    anachronistic: Option<bool>,
}

impl Expect {
    pub(super) fn compare<M: Kind>(&self, record: &Record<M>) -> Vec<Difference> {
        let Some(evaluation) = record.bindings.first() else {
            return vec![Difference::new("policy", "is asked", "was not asked")];
        };
        let mut differences = Vec::new();
        differences.extend(self.compare_outcome(record.decision.span));
        differences.extend(self.compare_fault(evaluation));
        differences.extend(self.compare_findings(&evaluation.findings));
        if let Some(missing) = &self.missing {
            let found = record.decision.missing.iter().map(|wanted| wanted.fact.pointer.clone()).collect();
            differences.extend(sets("missing", missing, &found));
        }
        for reason in &self.reasons {
            let mut found = record.decision.missing.iter().map(|wanted| wanted.fact.reason.as_str());
            if !found.any(|found| found == reason) {
                let found: BTreeSet<_> =
                    record.decision.missing.iter().map(|w| w.fact.reason.clone()).collect();
                differences.push(Difference::new("reasons", reason, shown(&found)));
            }
        }
        let found = !evaluation.anachronistic.is_empty();
        if self.anachronistic.is_some_and(|expected| expected != found) {
            differences.push(Difference::new("anachronistic", (!found).to_string(), found.to_string()));
        }
        differences
    }

    fn compare_outcome(&self, found: Span) -> Option<Difference> {
        let floor = self.outcome.or(self.floor);
        let ceiling = self.outcome.or(self.ceiling);
        let (Some(floor), Some(ceiling)) = (floor, ceiling) else {
            return Some(Difference::new("expect", "states `outcome`, or `floor` and `ceiling`", "does not"));
        };
        let expected = Span { floor, ceiling };
        (expected != found).then(|| Difference::new("outcome", expected.to_string(), found.to_string()))
    }

    fn compare_fault(&self, evaluation: &Evaluation) -> Option<Difference> {
        let kind = |fault| serde_json::to_value(fault).ok()?.get("kind")?.as_str().map(str::to_owned);
        let found = evaluation.fault.as_ref();
        if self.fault == found.and_then(kind) {
            return None;
        }
        let found = found.map_or("no fault".to_owned(), |fault| format!("the policy {fault}"));
        Some(Difference::new("fault", self.fault.as_deref().unwrap_or("no fault"), found))
    }

    fn compare_findings(&self, findings: &[Finding]) -> Vec<Difference> {
        let deciding: Vec<_> =
            findings.iter().filter(|finding| finding.standing == Standing::Deciding).collect();
        let codes = |findings: &mut dyn Iterator<Item = &Finding>| -> BTreeSet<String> {
            findings.map(|finding| finding.code.clone()).collect()
        };
        let mut differences = Vec::new();
        let found = codes(&mut deciding.iter().copied());
        for code in self.codes.iter().filter(|code| !found.contains(*code)) {
            differences.push(Difference::new("codes", code, shown(&found)));
        }
        if let Some(advice) = &self.advice {
            let found = codes(&mut findings.iter().filter(|f| matches!(f.standing, Standing::Advice(_))));
            differences.extend(sets("advice", advice, &found));
        }
        if let Some(obligations) = &self.obligations {
            let found =
                deciding.iter().flat_map(|finding| &finding.obligations).map(|o| o.kind.clone()).collect();
            differences.extend(sets("obligations", obligations, &found));
        }
        if let Some(licensing) = &self.licensing {
            let found: BTreeSet<_> = deciding
                .iter()
                .filter_map(|finding| {
                    serde_json::to_value(finding.licensing?).ok()?.as_str().map(str::to_owned)
                })
                .collect();
            if !found.contains(licensing) {
                differences.push(Difference::new("licensing", licensing, shown(&found)));
            }
        }
        for (name, expected) in &self.derived {
            let values =
                deciding.iter().flat_map(|finding| &finding.derived).filter(|value| value.name == *name);
            let found: BTreeSet<_> = values.map(interval).collect();
            if !found.contains(expected) {
                differences.push(Difference::new(name, expected, shown(&found)));
            }
        }
        for (name, expected) in &self.arguments {
            let found: BTreeSet<_> =
                deciding.iter().filter_map(|finding| finding.arguments.get(name).cloned()).collect();
            if !found.contains(expected) {
                differences.push(Difference::new(name, expected, shown(&found)));
            }
        }
        let defects = findings.iter().flat_map(|finding| &finding.defects);
        differences.extend(defects.map(|defect| Difference::new("findings", "without defect", defect)));
        differences
    }
}

/// Writes a computed value as people do.
fn interval(value: &Derived) -> String {
    if value.minimum == value.maximum {
        return value.minimum.clone();
    }
    let above = if value.exclusive_minimum { "more than " } else { "" };
    let below = if value.exclusive_maximum { "less than " } else { "" };
    format!("{above}{} to {below}{}", value.minimum, value.maximum)
}

fn sets(what: &str, expected: &BTreeSet<String>, found: &BTreeSet<String>) -> Option<Difference> {
    (expected != found).then(|| Difference::new(what, shown(expected), shown(found)))
}

fn shown(set: &BTreeSet<String>) -> String {
    if set.is_empty() { "nothing".to_owned() } else { set.iter().cloned().collect::<Vec<_>>().join(", ") }
}
