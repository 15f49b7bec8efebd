//! One licence requirement, and how it is told.

use crate::papers;
use crate::recipients::Recipients;
use lexgate_sdk::contract::{LicensingPolicy, Outcome};
use lexgate_sdk::{Answer, Condition, Findings, Request, Truth, Weighed};

/// A licence requirement: for what moves, is controlled, and is reached by the rule.
pub(crate) struct Requirement<'s, 'a> {
    pub(crate) rule: &'static str,
    pub(crate) codes: &'static Codes,
    /// Whether an item moves.
    pub(crate) moved: &'s Condition<'a>,
    /// Whether the item is controlled.
    pub(crate) controlled: &'s Condition<'a>,
    /// Whether it goes where the rule says, or to whom.
    pub(crate) reached: &'s Condition<'a>,
    /// Whether it is exported, rather than supplied within the United States.
    pub(crate) exported: Condition<'a>,
    /// Whether applications are reviewed case by case, rather than with a presumption of denial.
    pub(crate) case_by_case: Condition<'a>,
}

/// Message codes of a requirement.
pub(crate) struct Codes {
    /// It is not reached.
    free: &'static str,
    /// That depends on missing facts.
    open: &'static str,
    /// A licence is required, and denial presumed.
    licence: &'static str,
    /// A licence is required, and applications are reviewed case by case.
    case_by_case: &'static str,
}

/// By where the item goes.
pub(crate) const DESTINATION: Codes = Codes {
    free: "destination-free",
    open: "destination-open",
    licence: "destination-licence",
    case_by_case: "destination-case-by-case",
};

/// By where those who receive it are led from.
pub(crate) const HEADQUARTERS: Codes = Codes {
    free: "headquarters-free",
    open: "headquarters-open",
    licence: "headquarters-licence",
    case_by_case: "headquarters-case-by-case",
};

impl<'a> Requirement<'_, 'a> {
    /// Reports it.
    pub(crate) fn report(&self, request: Request<'a>, recipients: &Recipients<'a>, findings: &mut Findings) {
        let policy = match self.case_by_case.truth() {
            Truth::True => LicensingPolicy::CaseByCase,
            Truth::False | Truth::Unknown => LicensingPolicy::PresumptionOfDenial,
        };
        let licence = papers::required(request, &recipients.parties, &Answer::LicenceRequired(policy));
        let caught = Condition::all([self.controlled.clone(), self.reached.clone()]);
        let needed = self.exported.choose(licence, Weighed::settled(Answer::Review, []));
        let outcome = caught.choose(needed, Weighed::settled(Answer::Permit, []));
        let weighed = self.moved.choose(outcome, Weighed::settled(Answer::NotApplicable, []));
        let code = self.code(&weighed, &caught);
        let finding = findings.weighed(self.rule, code, &weighed);
        if weighed.outcome() == Some(Outcome::LicenceRequired) {
            finding.evidence(self.case_by_case.evidence());
        }
    }

    fn code(&self, weighed: &Weighed<'a>, caught: &Condition<'a>) -> &'static str {
        let surely = |condition: &Condition<'_>| condition.truth().certain();
        match (weighed.outcome(), self.case_by_case.truth()) {
            (Some(Outcome::NotApplicable), _) => "item-not-moved",
            (Some(Outcome::Permit), _) if !self.controlled.truth().possible() => "item-not-controlled",
            (Some(Outcome::Permit), _) => self.codes.free,
            (Some(Outcome::PermitWithObligations), _) => "licence-held",
            (Some(Outcome::Review), _) if !self.exported.truth().possible() => "domestic-supply",
            (Some(Outcome::Review), _) => "exception-claimed",
            (Some(_), Truth::True) => self.codes.case_by_case,
            (Some(_), Truth::False) => self.codes.licence,
            (Some(_), Truth::Unknown) => "licence-review-open",
            (None, _) if surely(self.moved) && surely(caught) && surely(&self.exported) => {
                "licence-held-open"
            }
            (None, _) => self.codes.open,
        }
    }
}
