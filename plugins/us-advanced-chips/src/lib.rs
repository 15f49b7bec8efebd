//! US export controls on advanced-computing chips, ECCN 3A090 and 4A090 (R01 in the project's catalogue of rules).
//!
//! Two requirements of a licence, each in its versions over time:
//!
//! * `destination-…`: a controlled item goes to China, to Macau too since 2023-01-17, to Country Group D:5 or Macau since
//!   2023-11-17;
//! * `headquarters-…`: since 2023-11-17 it goes, anywhere, to somebody headquartered there, or whose ultimate parent is.
//!
//! Beside them `iaas-red-flag`, a statement of the authority, and `installed-items`, on what is already in place. The manifest
//! (`lexgate.toml`) says since when each holds and what is uncertain about it. Access to computers from afar moves no item
//! and is another policy's.

mod item;
mod papers;
mod route;

use item::{Entries, Figures, classified};
use lexgate_sdk::contract::{LicensingPolicy, Outcome, Refusal};
use lexgate_sdk::{
    Answer, Codes, Condition, Datasets, Findings, Obligation, Parameters, Policy, Regions, Request, Truth,
    Versions, Weighed,
};
use route::Route;

/// The policy, as a binding configured it.
#[derive(Debug)]
pub struct UsAdvancedChips {
    china: Versions<Regions>,
    china_and_macau: Versions<Regions>,
    group_d5_and_macau: Versions<Regions>,
    entries: Versions<Entries>,
}

/// Most recipients that one request can have screened; chosen by feel, with room in the fuel of an evaluation.
const MOST_RECIPIENTS: usize = 12;

impl Policy for UsAdvancedChips {
    fn configure(_: &Parameters, datasets: &Datasets) -> Result<UsAdvancedChips, String> {
        let regions = |column| datasets.read_as("regions", |bytes| Regions::parse(bytes, column));
        Ok(UsAdvancedChips {
            china: regions("china")?,
            china_and_macau: regions("china-macau")?,
            group_d5_and_macau: regions("group-d5-macau")?,
            entries: datasets.read_as("items", Entries::parse)?,
        })
    }

    fn evaluate(&self, request: Request<'_>, findings: &mut Findings) -> Result<(), Refusal> {
        let route = Route::new(request);
        if route.recipients.len() > MOST_RECIPIENTS {
            return Err(Refusal::Unsupported(format!("more than {MOST_RECIPIENTS} recipients to screen")));
        }
        self.screen(&route, findings);
        if request.action() == "use" {
            let stays = Weighed::settled(Answer::NotApplicable, request.action_as_fact().evidence());
            findings.weighed("installed-items", "installed-items-stay", &stays);
        }
        Ok(())
    }
}

impl UsAdvancedChips {
    fn screen(&self, route: &Route<'_>, findings: &mut Findings) {
        let date = route.request.date();
        let figures = Figures::of(route.request.resource());
        let classified = classified(route.request.resource(), self.entries.at(date));
        let original = &Condition::any([classified.clone(), figures.original()]);
        let current = &Condition::any([classified, figures.current()]);

        let listed = self.group_d5_and_macau.at(date);
        let china = &route.leads_to(self.china.at(date));
        let china_and_macau = &route.leads_to(self.china_and_macau.at(date));
        let destination = &route.leads_to(listed);
        let headquarters = &route.reaches(|party| listed.lead(party));

        let (moved, exported) = (&route.moved(), &route.exported());
        let never = &Condition::fails([]);
        let reviewed = &case_by_case(route, &figures, china_and_macau);
        for (rule, controlled, reached, case_by_case) in [
            ("destination-2022-10", original, china, never),
            ("destination-2023-01", original, china_and_macau, never),
            ("destination-2023-11", current, destination, never),
            ("destination-2026-01", current, destination, reviewed),
            ("headquarters-2023-11", current, headquarters, never),
            ("headquarters-2026-01", current, headquarters, reviewed),
        ] {
            let requirement = Requirement { rule, moved, controlled, reached, exported, case_by_case };
            requirement.report(route, findings);
        }
        let licence_required = Condition::any([destination.clone(), headquarters.clone()]);
        red_flag(route, moved, Condition::all([current.clone(), licence_required.not()]), findings);
    }
}

/// A licence requirement: for what moves, is controlled, and goes where the rule says, or to whom.
struct Requirement<'s, 'a> {
    rule: &'static str,
    moved: &'s Condition<'a>,
    controlled: &'s Condition<'a>,
    reached: &'s Condition<'a>,
    /// Whether it is exported, rather than supplied within the United States.
    exported: &'s Condition<'a>,
    /// Whether applications are reviewed case by case, rather than with a presumption of denial.
    case_by_case: &'s Condition<'a>,
}

impl<'a> Requirement<'_, 'a> {
    fn report(&self, route: &Route<'a>, findings: &mut Findings) {
        let policy = match self.case_by_case.truth() {
            Truth::True => LicensingPolicy::CaseByCase,
            Truth::False | Truth::Unknown => LicensingPolicy::PresumptionOfDenial,
        };
        let caught = Condition::all([self.controlled.clone(), self.reached.clone()]);
        let needed = || {
            let licence = papers::required(route, &Answer::LicenceRequired(policy));
            self.exported.choose(licence, Weighed::settled(Answer::Review, []))
        };
        let free = Weighed::settled(Answer::Permit, []);
        let outcome = if caught.truth().possible() {
            caught.choose(needed(), free)
        } else {
            free.shown_by(caught.evidence())
        };
        let weighed = self.moved.choose(outcome, Weighed::settled(Answer::NotApplicable, []));
        let finding = findings.weighed(self.rule, self.code(&weighed, &caught), &weighed);
        if weighed.outcome() == Some(Outcome::LicenceRequired) {
            finding.evidence(self.case_by_case.evidence());
        }
    }

    /// Returns the message code, of a requirement by destination or by headquarters.
    fn code(&self, weighed: &Weighed<'a>, caught: &Condition<'a>) -> &'static str {
        let [free, open, denial_presumed, case_by_case] = if self.rule.starts_with("destination") {
            ["destination-free", "destination-open", "destination-licence", "destination-case-by-case"]
        } else {
            ["headquarters-free", "headquarters-open", "headquarters-licence", "headquarters-case-by-case"]
        };
        let sure = [self.moved, caught, self.exported].iter().all(|condition| condition.truth().certain());
        match (weighed.outcome(), self.case_by_case.truth()) {
            (Some(Outcome::NotApplicable), _) => "item-not-moved",
            (Some(Outcome::Permit), _) if !self.controlled.truth().possible() => "item-not-controlled",
            (Some(Outcome::Permit), _) => free,
            (Some(Outcome::PermitWithObligations), _) => "licence-held",
            (Some(Outcome::Review), _) if !self.exported.truth().possible() => "domestic-supply",
            (Some(Outcome::Review), _) => "exception-claimed",
            (Some(Outcome::LicenceRequired | Outcome::Deny), Truth::True) => case_by_case,
            (Some(Outcome::LicenceRequired | Outcome::Deny), Truth::False) => denial_presumed,
            (Some(Outcome::LicenceRequired | Outcome::Deny), Truth::Unknown) => "licence-review-open",
            (None, _) => {
                if sure {
                    "licence-held-open"
                } else {
                    open
                }
            }
        }
    }
}

/// Whether applications are reviewed case by case since 2026-01-15.
fn case_by_case<'a>(route: &Route<'a>, figures: &Figures<'a>, to: &Condition<'a>) -> Condition<'a> {
    let certified = [
        "usSupplySufficient",
        "shipmentsWithinHalfOfUsVolume",
        "customerAndRemoteAccessSafeguards",
        "testedByThirdPartyInUs",
    ];
    let certified = certified.map(|name| {
        Condition::of(route.request.record().flag(name), "whether that is certified", |certified| certified)
    });
    let from = route.from_the_states().into_iter();
    Condition::all(from.chain([to.clone()]).chain(figures.below_the_limits()).chain(certified))
}

/// Reports the red flag of 2025-05-13. It is asked about where no licence is required anyway.
fn red_flag<'a>(route: &Route<'a>, moved: &Condition<'a>, free: Condition<'a>, findings: &mut Findings) {
    let expected =
        "whether models are trained on what it provides, for entities headquartered in Country Group D:5";
    let trains =
        route.reaches(|party| Condition::of(party.flag("trainsModelsForGroupD5"), expected, |trains| trains));
    let raised = Condition::all([free, trains]).then(Answer::Review, Answer::Permit);
    let weighed = moved.choose(raised, Weighed::settled(Answer::NotApplicable, []));
    let codes = Codes { clear: "no-red-flag", caught: "red-flag", open: "red-flag-open" };
    let finding = findings.tell("iaas-red-flag", codes, &weighed);
    if weighed.ends().1 == Outcome::Review {
        finding.obligation(Obligation::binding("resolve-red-flag").due_on(Outcome::Review));
    }
}

lexgate_sdk::export!(UsAdvancedChips);

#[cfg(test)]
mod tests;
