//! Tells what a rule comes to: requirement by requirement, or in one finding where it is not known who buys, or of which
//! grade the system is.

use crate::grade::Possible;
use crate::requirements::Requirement;
use lexgate_sdk::contract::Outcome::{Deny, NotApplicable, Permit};
use lexgate_sdk::{Answer, Condition, Findings, Truth, Weighed};

/// Reports a rule, by its id and the message code for "everything is met".
///
/// `cases` is what it needs in each case that may be the one; a rule that does not look at grades has one, another `system`
/// to tell which. `buyers` is whether it applies, which is not out of the question.
pub(crate) fn report<'a>(
    (rule, met): (&str, &str),
    system: Option<&Possible<'a>>,
    cases: &[Vec<Requirement<'a>>],
    buyers: &Condition<'a>,
    findings: &mut Findings,
) {
    let weighed = |requirement: &Requirement<'a>| requirement.weighed.clone();
    let weighed_cases = cases.iter().map(|case| Weighed::strictest(case.iter().map(weighed)));
    let deciding = system.into_iter().flat_map(|system| &system.missing).copied();
    let whole = Weighed::one_of(weighed_cases, deciding);
    let mut tell = |code: &str, weighed: &Weighed<'a>, arguments: &[(&str, &str)]| {
        let known = system.into_iter().flat_map(|system| &system.evidence).copied();
        let finding = findings.weighed(rule, code, weighed).evidence(known).evidence(buyers.evidence());
        arguments.iter().fold(finding, |finding, (name, value)| finding.argument(name, value));
    };
    match cases {
        _ if buyers.truth() == Truth::Unknown => {
            let none = Weighed::settled(Answer::NotApplicable, []);
            tell("buyer-open", &Weighed::one_of([none, whole], buyers.missing()), &[]);
        }
        [case] if whole.outcome() == Some(Permit) => {
            tell(met, &whole, case.first().map_or(&[], |requirement| &requirement.arguments));
        }
        [case] => {
            for requirement in case.iter().filter(|requirement| matters(requirement, &whole)) {
                tell(code(requirement), &requirement.weighed, &requirement.arguments);
            }
        }
        // The grade is open, and at every grade the same is wanting; or it differs.
        cases => match (wanting_everywhere(cases), whole.outcome()) {
            (Some(requirement), _) => tell(code(requirement), &requirement.weighed, &requirement.arguments),
            (None, Some(Deny)) => tell("denied-at-every-grade", &whole, &[]),
            (None, Some(NotApplicable | Permit)) => tell("allowed-at-every-grade", &whole, &[]),
            // Open, or something of which the sources do not say whether it is allowed.
            (None, _) => tell("grade-open", &whole, &[]),
        },
    }
}

/// The message code for what a requirement comes to.
fn code(requirement: &Requirement<'_>) -> &'static str {
    let [unmet, unverified, open] = requirement.codes;
    match requirement.weighed.outcome() {
        Some(Deny) => unmet,
        Some(_) => unverified,
        None => open,
    }
}

/// Whether a requirement is worth telling: it is surely not met, or could make the whole stricter than it surely is.
fn matters(requirement: &Requirement<'_>, whole: &Weighed<'_>) -> bool {
    let (floor, ceiling) = requirement.weighed.ends();
    if floor == ceiling { floor > Permit } else { ceiling > whole.ends().0 }
}

/// The first requirement that is denied in every case.
fn wanting_everywhere<'c, 'a>(cases: &'c [Vec<Requirement<'a>>]) -> Option<&'c Requirement<'a>> {
    let denied = |one: &&Requirement<'_>| one.weighed.outcome() == Some(Deny);
    let everywhere =
        |wanting| cases.iter().all(|case| case.iter().filter(denied).any(|one| code(one) == wanting));
    cases.iter().flatten().filter(denied).find(|one| everywhere(code(one)))
}
