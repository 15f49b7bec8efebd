//! Tells what a rule comes to: requirement by requirement, or in one finding where it is not known who buys, or of which
//! grade the system is.

use crate::requirements::Requirement;
use lexgate_sdk::contract::Outcome;
use lexgate_sdk::{Answer, Evidence, Findings, Gap, Weighed};

/// A rule, and what it needs in each case that may be the one.
pub(crate) struct Rule<'a> {
    pub(crate) id: &'static str,
    /// Message code for: everything is met.
    pub(crate) met: &'static str,
    /// The cases; a rule that does not look at grades has one.
    pub(crate) cases: Vec<Vec<Requirement<'a>>>,
    /// What would tell which is the one.
    pub(crate) deciding: Vec<Gap<'a>>,
    /// What is known about which is the one.
    pub(crate) evidence: Vec<Evidence<'a>>,
}

impl<'a> Rule<'a> {
    /// Reports the rule; `buyers` weighs whether it applies, which is not out of the question.
    pub(crate) fn report(&self, buyers: &Weighed<'a>, findings: &mut Findings) {
        let cases = self.cases.iter().map(|case| Weighed::strictest(case.iter().map(weighed)));
        let whole = Weighed::one_of(cases, self.deciding.iter().copied());
        let mut tell = |code: &str, weighed: &Weighed<'a>, arguments: &[(&str, String)]| {
            let known = self.evidence.iter().copied().chain(buyers.evidence());
            let finding = findings.weighed(self.id, code, weighed).evidence(known);
            arguments.iter().fold(finding, |finding, (name, value)| finding.argument(name, value));
        };
        match (buyers.outcome(), self.cases.as_slice()) {
            // Perhaps none buys.
            (None, _) => {
                let none = Weighed::settled(Answer::NotApplicable, []);
                tell("buyer-open", &Weighed::one_of([none, whole], buyers.missing()), &[]);
            }
            // One buys, it is known what the system needs, and nothing is wanting.
            (Some(_), [case]) if whole.outcome() == Some(Outcome::Permit) => {
                tell(self.met, &whole, case.first().map_or(&[], |requirement| &requirement.arguments));
            }
            // Something is: each requirement that is not met, or open.
            (Some(_), [case]) => {
                for requirement in case.iter().filter(|requirement| matters(requirement, &whole)) {
                    tell(requirement.code(), &requirement.weighed, &requirement.arguments);
                }
            }
            // The grade is open, and at every grade the same is wanting; or it differs.
            (Some(_), cases) => match wanting_everywhere(cases) {
                Some(requirement) => tell(requirement.code(), &requirement.weighed, &requirement.arguments),
                None => tell(at_every_grade(&whole), &whole, &[]),
            },
        }
    }
}

fn weighed<'a>(requirement: &Requirement<'a>) -> Weighed<'a> {
    requirement.weighed.clone()
}

/// Whether a requirement is worth telling: it is surely not met, or could make the whole stricter than it surely is.
fn matters(requirement: &Requirement<'_>, whole: &Weighed<'_>) -> bool {
    let (floor, ceiling) = requirement.weighed.ends();
    if floor == ceiling { floor > Outcome::Permit } else { ceiling > whole.ends().0 }
}

/// The first requirement that is denied in every case.
fn wanting_everywhere<'c, 'a>(cases: &'c [Vec<Requirement<'a>>]) -> Option<&'c Requirement<'a>> {
    let denied = |requirement: &Requirement<'_>| requirement.weighed.outcome() == Some(Outcome::Deny);
    let everywhere = |code| cases.iter().all(|case| case.iter().any(|one| denied(one) && one.code() == code));
    cases.iter().flatten().find(|requirement| denied(requirement) && everywhere(requirement.code()))
}

fn at_every_grade(whole: &Weighed<'_>) -> &'static str {
    match whole.outcome() {
        Some(Outcome::Deny) => "denied-at-every-grade",
        Some(Outcome::NotApplicable | Outcome::Permit) => "allowed-at-every-grade",
        // Open, or something of which the sources do not say whether it is allowed.
        _ => "grade-open",
    }
}
