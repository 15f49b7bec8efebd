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

use item::{Figures, classified, entries};
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
    entries: Versions<Vec<String>>,
}

/// Most recipients that one request can have screened; chosen by feel, with room in the fuel of an evaluation.
const MOST_RECIPIENTS: usize = 10;

impl Policy for UsAdvancedChips {
    fn configure(_: &Parameters, datasets: &Datasets) -> Result<UsAdvancedChips, String> {
        let regions = |column| datasets.read_as("regions", |bytes| Regions::parse(bytes, column));
        Ok(UsAdvancedChips {
            china: regions("china")?,
            china_and_macau: regions("china-macau")?,
            group_d5_and_macau: regions("group-d5-macau")?,
            entries: datasets.read_as("items", entries)?,
        })
    }

    fn evaluate(&self, request: Request<'_>, findings: &mut Findings) -> Result<(), Refusal> {
        let classified = classified(request.resource(), self.entries.at(request.date()));
        let route = Route::new(request, &classified);
        if route.recipients.len() > MOST_RECIPIENTS {
            return Err(Refusal::Unsupported(format!("more than {MOST_RECIPIENTS} recipients to screen")));
        }
        self.screen(&route, classified, findings);
        if request.action() == "use" {
            let stays = Weighed::settled(Answer::NotApplicable, request.action_as_fact().evidence());
            findings.weighed("installed-items", "installed-items-stay", &stays);
        }
        Ok(())
    }
}

impl UsAdvancedChips {
    fn screen<'a>(&self, route: &Route<'a>, classified: Condition<'a>, findings: &mut Findings) {
        let date = route.request.date();
        let figures = Figures::of(route.request.resource());
        let original = &Condition::any([classified.clone(), figures.original()]);
        let current = &Condition::any([classified, figures.current()]);

        let listed = self.group_d5_and_macau.at(date);
        let china = &route.leads_to(self.china.at(date));
        let china_and_macau = &route.leads_to(self.china_and_macau.at(date));
        let destination = &route.leads_to(listed);
        let headquarters = &route.reaches(|party| listed.lead(party));

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
            Requirement { rule, route, controlled, reached, case_by_case }.report(findings);
        }
        let required = Condition::any([destination.clone(), headquarters.clone()]);
        let papers = ["licence", "exception"].map(|kind| papers::held(route, kind));
        let open_to_it = Condition::any([required.not()].into_iter().chain(papers));
        red_flag(route, Condition::all([current.clone(), open_to_it]), findings);
    }
}

/// A licence requirement: for what moves, is controlled, and goes where the rule says, or to whom.
struct Requirement<'s, 'a> {
    rule: &'static str,
    route: &'s Route<'a>,
    controlled: &'s Condition<'a>,
    reached: &'s Condition<'a>,
    /// Whether applications are reviewed case by case, rather than with a presumption of denial.
    case_by_case: &'s Condition<'a>,
}

impl<'a> Requirement<'_, 'a> {
    fn report(&self, findings: &mut Findings) {
        let policy = match self.case_by_case.truth() {
            Truth::True => LicensingPolicy::CaseByCase,
            Truth::False | Truth::Unknown => LicensingPolicy::PresumptionOfDenial,
        };
        let caught = Condition::all([self.controlled.clone(), self.reached.clone()]);
        let free = Weighed::settled(Answer::Permit, []);
        let outcome = if caught.truth().possible() {
            let licence = papers::required(self.route, &Answer::LicenceRequired(policy));
            let needed = self.route.exported.choose(licence, Weighed::settled(Answer::Review, []));
            caught.choose(needed, free)
        } else {
            free.shown_by(caught.evidence())
        };
        let weighed = self.route.moved.choose(outcome, Weighed::settled(Answer::NotApplicable, []));
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
        let Route { moved, exported, .. } = self.route;
        let sure = [moved, caught, exported].iter().all(|condition| condition.truth().certain());
        let Some(outcome) = weighed.outcome() else {
            return if sure { "licence-held-open" } else { open };
        };
        match outcome {
            Outcome::NotApplicable => "item-not-moved",
            Outcome::Permit if !self.controlled.truth().possible() => "item-not-controlled",
            Outcome::Permit => free,
            Outcome::PermitWithObligations => "licence-held",
            Outcome::Review if !exported.truth().possible() => "domestic-supply",
            Outcome::Review => "exception-claimed",
            Outcome::LicenceRequired | Outcome::Deny => match self.case_by_case.truth() {
                Truth::True => case_by_case,
                Truth::False => denial_presumed,
                Truth::Unknown => "licence-review-open",
            },
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
    let from = route.leaves_the_states().into_iter();
    Condition::all(from.chain([to.clone()]).chain(figures.below_the_limits()).chain(certified))
}

/// Reports the red flag of 2025-05-13. It is asked about where no licence is required, or one is held, which does not resolve
/// it; elsewhere the licence is asked for first.
fn red_flag<'a>(route: &Route<'a>, asked: Condition<'a>, findings: &mut Findings) {
    let expected = "whether models are trained on it for entities headquartered in Country Group D:5";
    let trains =
        route.reaches(|party| Condition::of(party.flag("trainsModelsForGroupD5"), expected, |trains| trains));
    let raised = Condition::all([asked, trains]).then(Answer::Review, Answer::Permit);
    let weighed = route.moved.choose(raised, Weighed::settled(Answer::NotApplicable, []));
    let codes = Codes { clear: "no-red-flag", caught: "red-flag", open: "red-flag-open" };
    let finding = findings.tell("iaas-red-flag", codes, &weighed);
    if weighed.ends().1 == Outcome::Review {
        finding.obligation(Obligation::binding("resolve-red-flag").due_on(Outcome::Review));
    }
}

lexgate_sdk::export!(UsAdvancedChips);

#[cfg(test)]
mod tests;
