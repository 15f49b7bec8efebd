//! Findings, built so that they keep the contract.
//!
//! What the host would refuse as malformed cannot be written by accident: unequal ends ask for the missing facts, an
//! outcome brings what it needs ([`Answer`]), places come from views, computed values are rounded outward.

use crate::contract::{self, LicensingPolicy, Missing, Outcome};
use crate::place::Evidence;
use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use lexgate_model::{Amount, Date, Decimal, End, Interval};

/// An outcome, with what the contract demands of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The rule has nothing to say.
    NotApplicable,
    /// The rule was in force, looked, and has no objection.
    Permit,
    /// Allowed if this is done; further obligations may be added to the finding.
    PermitWith(Obligation),
    /// A person must look.
    Review,
    /// Only with a licence, applications for which are treated so.
    LicenceRequired(LicensingPolicy),
    /// Not allowed.
    Deny,
}

impl Answer {
    pub(crate) fn outcome(&self) -> Outcome {
        match self {
            Answer::NotApplicable => Outcome::NotApplicable,
            Answer::Permit => Outcome::Permit,
            Answer::PermitWith(_) => Outcome::PermitWithObligations,
            Answer::Review => Outcome::Review,
            Answer::LicenceRequired(_) => Outcome::LicenceRequired,
            Answer::Deny => Outcome::Deny,
        }
    }
}

/// Something that must be done.
#[derive(Debug, Clone, PartialEq)]
pub struct Obligation(contract::Obligation);

impl Obligation {
    /// Returns an obligation on which the permission hangs, such as `migrate-by`.
    #[must_use]
    pub fn binding(kind: &str) -> Obligation {
        Obligation::new(kind, true)
    }

    /// Returns advice: an obligation that does not bind.
    #[must_use]
    pub fn advice(kind: &str) -> Obligation {
        Obligation::new(kind, false)
    }

    fn new(kind: &str, binding: bool) -> Obligation {
        let (kind, properties, fulfil_on) = (kind.to_owned(), Vec::new(), Vec::new());
        Obligation(contract::Obligation { kind, binding, properties, fulfil_on })
    }

    /// Adds a detail that is a text.
    #[must_use]
    pub fn text(self, name: &str, text: &str) -> Obligation {
        self.property(name, contract::Value::Text(text.to_owned()))
    }

    /// Adds a detail that is a date.
    #[must_use]
    pub fn day(self, name: &str, date: Date) -> Obligation {
        // INVARIANT: dates of the model have years 1 to 9999, so nothing is lost here.
        let day = contract::Date {
            year: date.year().unsigned_abs(),
            month: date.month().unsigned_abs(),
            day: date.day().unsigned_abs(),
        };
        self.property(name, contract::Value::Day(day))
    }

    /// Adds an outcome on which it is due; without any it is due on all.
    #[must_use]
    pub fn due_on(mut self, outcome: Outcome) -> Obligation {
        self.0.fulfil_on.push(outcome);
        self
    }

    fn property(mut self, name: &str, value: contract::Value) -> Obligation {
        self.0.properties.push(contract::Fact { name: name.to_owned(), value });
        self
    }
}

/// Most places one finding names, as evidence and as missing; chosen by feel, far below what the host takes in bytes.
///
/// Of more missing facts the first are named; when they are supplied, the next come into view.
pub const MOST_PLACES: usize = 64;

/// What a policy found, to be handed to the host.
#[derive(Debug, Default)]
pub struct Findings(Vec<contract::Finding>);

impl Findings {
    /// Returns an empty list.
    #[must_use]
    pub fn new() -> Findings {
        Findings::default()
    }

    /// Adds what a rule of the manifest says, under a code of its messages.
    pub fn say(&mut self, rule: &str, code: &str, answer: Answer) -> Finding<'_> {
        let outcome = answer.outcome();
        self.push(rule, code, (outcome, outcome)).needing(answer)
    }

    /// Adds what a rule says if the missing facts turn out well, and if they turn out badly.
    ///
    /// Ends in the wrong order are swapped. When no missing fact is named, the whole request is: the answer stays open.
    pub fn between(
        &mut self,
        rule: &str,
        code: &str,
        ends: (Answer, Answer),
        missing: impl IntoIterator<Item = Missing>,
    ) -> Finding<'_> {
        let mut finding = self.open(rule, code, ends);
        for fact in missing {
            if !finding.misses(fact) {
                break;
            }
        }
        finding.or_anything()
    }

    /// Lets all that was found come to nothing, if this fact that is missing turns out well: whether the rules apply at all
    /// hangs on it. If it is not missing, nothing changes.
    pub fn depend_on(&mut self, fact: Option<Missing>) {
        let Some(fact) = fact else { return };
        for finding in &mut self.0 {
            finding.floor = Outcome::NotApplicable;
            if finding.ceiling != Outcome::NotApplicable && finding.missing.len() < MOST_PLACES {
                finding.missing.push(fact.clone());
            }
        }
    }

    /// Returns the findings as the contract has them.
    #[must_use]
    pub fn into_contract(self) -> Vec<contract::Finding> {
        self.0
    }

    fn open(&mut self, rule: &str, code: &str, (floor, ceiling): (Answer, Answer)) -> Finding<'_> {
        let (well, badly) = (floor.outcome(), ceiling.outcome());
        self.push(rule, code, (well.min(badly), well.max(badly))).needing(floor).needing(ceiling)
    }

    fn push(&mut self, rule: &str, code: &str, (floor, ceiling): (Outcome, Outcome)) -> Finding<'_> {
        Finding(self.0.push_mut(contract::Finding {
            rule: rule.to_owned(),
            code: code.to_owned(),
            floor,
            ceiling,
            licensing: None,
            arguments: Vec::new(),
            evidence: Vec::new(),
            derived: Vec::new(),
            obligations: Vec::new(),
            missing: Vec::new(),
        }))
    }
}

/// A finding just added, to which details may be added.
#[derive(Debug)]
pub struct Finding<'f>(&'f mut contract::Finding);

impl Finding<'_> {
    /// Adds the value of a placeholder of the message.
    pub fn argument(self, name: &str, value: impl ToString) -> Self {
        self.0.arguments.push((name.to_owned(), value.to_string()));
        self
    }

    /// Adds an interval as a placeholder, rounded outward, in signs that need no language: `50`, `25–75`, `>50–75`, `25–<50`.
    pub fn interval(self, name: &str, interval: &Interval) -> Self {
        let ((low, above), (high, below)) = (lower(interval.minimum()), upper(interval.maximum()));
        if low == high {
            return self.argument(name, low);
        }
        let sign = |exclusive, sign| if exclusive { sign } else { "" };
        self.argument(name, format!("{}{low}–{}{high}", sign(above, ">"), sign(below, "<")))
    }

    /// Adds facts it rests on, each once.
    pub fn evidence<'a>(mut self, places: impl IntoIterator<Item = Evidence<'a>>) -> Self {
        for evidence in places {
            if !self.rests_on(evidence) {
                break;
            }
        }
        self
    }

    // What follows does not depend on the sort of iterator, so that it is in a package once.

    /// Adds a fact it rests on, once, if there is room for it.
    fn rests_on(&mut self, evidence: Evidence<'_>) -> bool {
        let room = self.0.evidence.len() < MOST_PLACES;
        let place = evidence.place().to_contract();
        if room && !self.0.evidence.contains(&place) {
            self.0.evidence.push(place);
        }
        room
    }

    /// Adds a missing fact, once, if there is room for it.
    fn misses(&mut self, fact: Missing) -> bool {
        let room = self.0.missing.len() < MOST_PLACES;
        if room && !self.0.missing.contains(&fact) {
            self.0.missing.push(fact);
        }
        room
    }

    /// Adds a computed value and the name of the method; `unit` is a UCUM code, empty for a pure number.
    ///
    /// It is rounded outward, and an end is excluded only where rounding did not move it.
    pub fn derived(self, name: &str, method: &str, interval: &Interval, unit: &str) -> Self {
        let bound = |(value, exclusive): (Decimal, bool)| contract::Bound {
            value: contract::Decimal { coefficient: value.coefficient(), exponent: value.exponent() },
            exclusive,
        };
        self.0.derived.push(contract::Derived {
            name: name.to_owned(),
            method: method.to_owned(),
            minimum: bound(lower(interval.minimum())),
            maximum: bound(upper(interval.maximum())),
            unit: unit.to_owned(),
        });
        self
    }

    /// Adds something that must be done.
    pub fn obligation(self, obligation: Obligation) -> Self {
        self.0.obligations.push(obligation.0);
        self
    }

    /// Asks for anything at all where the ends differ and nothing is missing.
    fn or_anything(self) -> Self {
        if self.0.missing.is_empty() && self.0.floor != self.0.ceiling {
            let at = contract::Place { at: contract::Element::Request, field: String::new() };
            let (expected, reason) = ("facts that the rule needs".to_owned(), "notSupplied".to_owned());
            self.0.missing.push(Missing { at, expected, reason });
        }
        self
    }

    /// Adds what an answer needs. Of two licensing policies the stricter stays.
    fn needing(self, answer: Answer) -> Self {
        match answer {
            Answer::PermitWith(Obligation(obligation)) => {
                // It is what the permission hangs on, so it binds, whatever it was made as.
                let binding = contract::Obligation { binding: true, ..obligation };
                if !self.0.obligations.contains(&binding) {
                    self.0.obligations.push(binding);
                }
            }
            Answer::LicenceRequired(policy) => self.0.licensing = self.0.licensing.max(Some(policy)),
            Answer::NotApplicable | Answer::Permit | Answer::Review | Answer::Deny => {}
        }
        self
    }
}

fn lower(end: End) -> (Decimal, bool) {
    rounded(end, end.value.rounded_down())
}

fn upper(end: End) -> (Decimal, bool) {
    rounded(end, end.value.rounded_up())
}

fn rounded(end: End, value: Decimal) -> (Decimal, bool) {
    (value, end.exclusive && Amount::try_from(value) == Ok(end.value))
}

#[cfg(test)]
mod tests;
