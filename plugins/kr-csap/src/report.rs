//! Tells what a rule comes to: requirement by requirement, or in one finding where it is not known who buys, or of which
//! grade the system is.

use crate::requirements::Requirement;
use lexgate_sdk::contract::{Missing, Outcome};
use lexgate_sdk::{Answer, Findings, Weighed};

/// A rule, and what it needs in each case that may be the one.
pub(crate) struct Rule<'a> {
    pub(crate) id: &'static str,
    /// Message code for: everything is met.
    pub(crate) met: &'static str,
    /// The cases; a rule that does not look at grades has one.
    pub(crate) cases: Vec<Vec<Requirement<'a>>>,
    /// What would tell which is the one.
    pub(crate) deciding: Vec<Missing>,
}

impl<'a> Rule<'a> {
    /// Reports the rule; `buyers` weighs whether it applies.
    pub(crate) fn report(&self, buyers: &Weighed<'a>, findings: &mut Findings) {
        let whole = Weighed::one_of(self.cases.iter().map(|case| all(case)), self.deciding.iter().cloned());
        match (buyers.outcome(), self.cases.as_slice()) {
            // No public body buys, whatever is missing.
            (Some(Outcome::NotApplicable), _) => {
                findings.weighed(self.id, "private-buyer", buyers);
            }
            // One buys, and what the system needs is known.
            (Some(_), [case]) => self.report_case(case, &whole, buyers, findings),
            // One buys, and the grade is open.
            (Some(_), cases) => self.report_cases(cases, &whole, buyers, findings),
            // Perhaps none buys.
            (None, _) => {
                let applies = Weighed::strictest([buyers.clone(), whole]);
                let none = Weighed::settled(Answer::NotApplicable, []);
                let open = Weighed::one_of([none, applies], buyers.missing().iter().cloned());
                findings.weighed(self.id, "buyer-open", &open);
            }
        }
    }

    /// Reports each requirement that is not met or open; or that all are met.
    fn report_case(
        &self,
        case: &[Requirement<'a>],
        whole: &Weighed<'a>,
        buyers: &Weighed<'a>,
        findings: &mut Findings,
    ) {
        if whole.outcome() == Some(Outcome::Permit) {
            let arguments = case.first().map(|requirement| requirement.arguments.as_slice());
            let mut finding = findings.weighed(self.id, self.met, whole).evidence(buyers.evidence());
            for (name, value) in arguments.unwrap_or_default() {
                finding = finding.argument(name, value);
            }
            return;
        }
        let (sure, _) = whole.ends();
        let matters = |requirement: &&Requirement<'_>| match requirement.weighed.outcome() {
            Some(outcome) => outcome > Outcome::Permit,
            // Missing facts that cannot make the whole stricter than it is are not asked for.
            None => requirement.weighed.ends().1 > sure,
        };
        for requirement in case.iter().filter(matters) {
            self.report_requirement(requirement, buyers, findings);
        }
    }

    /// Reports what comes of all cases; if every one fails by the same requirement, that.
    fn report_cases(
        &self,
        cases: &[Vec<Requirement<'a>>],
        whole: &Weighed<'a>,
        buyers: &Weighed<'a>,
        findings: &mut Findings,
    ) {
        let denied = |requirement: &Requirement<'_>| requirement.weighed.outcome() == Some(Outcome::Deny);
        let same = |one: &Requirement<'_>| {
            let fails = |case: &Vec<Requirement<'_>>| {
                case.iter().any(|other| denied(other) && other.codes == one.codes)
            };
            denied(one) && cases.iter().all(fails)
        };
        let mut common = cases.iter().flatten().filter(|requirement| same(requirement));
        if let Some(requirement) = common.next() {
            return self.report_requirement(requirement, buyers, findings);
        }
        let code = match whole.outcome() {
            Some(Outcome::Deny) => "denied-at-every-grade",
            Some(Outcome::NotApplicable | Outcome::Permit) => "allowed-at-every-grade",
            _ => "grade-open",
        };
        findings.weighed(self.id, code, whole).evidence(buyers.evidence());
    }

    fn report_requirement(
        &self,
        requirement: &Requirement<'a>,
        buyers: &Weighed<'a>,
        findings: &mut Findings,
    ) {
        let [unmet, unverified, open] = requirement.codes;
        let code = match requirement.weighed.outcome() {
            Some(Outcome::Deny) => unmet,
            Some(_) => unverified,
            None => open,
        };
        let mut finding = findings.weighed(self.id, code, &requirement.weighed).evidence(buyers.evidence());
        for (name, value) in &requirement.arguments {
            finding = finding.argument(name, value);
        }
    }
}

fn all<'a>(case: &[Requirement<'a>]) -> Weighed<'a> {
    Weighed::strictest(case.iter().map(|requirement| requirement.weighed.clone()))
}
