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
mod recipients;
mod requirement;
mod route;

use item::Entries;
use lexgate_sdk::contract::{Outcome, Refusal};
use lexgate_sdk::{
    Answer, Codes, Condition, Datasets, Findings, Obligation, Parameters, Policy, Regions, Request, Versions,
    Weighed,
};
use recipients::Recipients;
use requirement::{DESTINATION, HEADQUARTERS, Requirement};
use route::Route;

/// The policy, as a binding configured it.
#[derive(Debug)]
pub struct UsAdvancedChips {
    regions: Versions<Places>,
    items: Versions<Entries>,
}

/// The places the rules are about.
#[derive(Debug)]
struct Places {
    china: Regions,
    china_and_macau: Regions,
    group_d5_and_macau: Regions,
}

impl Places {
    fn parse(bytes: &[u8]) -> Result<Places, String> {
        Ok(Places {
            china: Regions::parse(bytes, "china")?,
            china_and_macau: Regions::parse(bytes, "china-macau")?,
            group_d5_and_macau: Regions::parse(bytes, "group-d5-macau")?,
        })
    }
}

/// Most recipients that one request can have screened; chosen by feel, with room in the fuel of an evaluation.
const MOST_RECIPIENTS: usize = 32;

impl Policy for UsAdvancedChips {
    fn configure(_: &Parameters, datasets: &Datasets) -> Result<UsAdvancedChips, String> {
        let regions = datasets.read_as("regions", Places::parse)?;
        Ok(UsAdvancedChips { regions, items: datasets.read_as("items", Entries::parse)? })
    }

    fn evaluate(&self, request: Request<'_>, findings: &mut Findings) -> Result<(), Refusal> {
        let recipients = Recipients::new(request);
        if recipients.parties.len() > MOST_RECIPIENTS {
            return Err(Refusal::Unsupported(format!("more than {MOST_RECIPIENTS} recipients to screen")));
        }
        self.screen(request, &recipients, findings);
        Ok(())
    }
}

impl UsAdvancedChips {
    fn screen<'a>(&self, request: Request<'a>, recipients: &Recipients<'a>, findings: &mut Findings) {
        let (places, entries) = (self.regions.at(request.date()), self.items.at(request.date()));
        let (route, item) = (Route::new(request), request.resource());
        let moved = route.moved();
        let [original, current] = [item::original(item, entries), item::current(item, entries)];
        let [china, china_and_macau, listed] =
            [&places.china, &places.china_and_macau, &places.group_d5_and_macau]
                .map(|places| route.to(places));
        let led = recipients.headquartered(&places.group_d5_and_macau);
        let always_exported = || Condition::holds([]);
        let denial_presumed = || Condition::fails([]);
        let case_by_case = || case_by_case(request, route, &china_and_macau);

        let versions = [
            ("destination-2022-10", &DESTINATION, &original, &china, always_exported(), denial_presumed()),
            (
                "destination-2023-01",
                &DESTINATION,
                &original,
                &china_and_macau,
                always_exported(),
                denial_presumed(),
            ),
            ("destination-2023-11", &DESTINATION, &current, &listed, always_exported(), denial_presumed()),
            ("destination-2026-01", &DESTINATION, &current, &listed, always_exported(), case_by_case()),
            ("headquarters-2023-11", &HEADQUARTERS, &current, &led, route.exported(), denial_presumed()),
            ("headquarters-2026-01", &HEADQUARTERS, &current, &led, route.exported(), case_by_case()),
        ];
        for (rule, codes, controlled, reached, exported, case_by_case) in versions {
            let moved = &moved;
            let requirement = Requirement { rule, codes, moved, controlled, reached, exported, case_by_case };
            requirement.report(request, recipients, findings);
        }

        let licensed = Condition::any([listed, led]);
        red_flag(&moved, Condition::all([current, licensed.not(), trains(recipients)]), findings);
        if route.in_use() {
            let stays = Weighed::settled(Answer::NotApplicable, request.action_as_fact().evidence());
            findings.weighed("installed-items", "installed-items-stay", &stays);
        }
    }
}

/// Whether applications are reviewed case by case since 2026-01-15.
fn case_by_case<'a>(request: Request<'a>, route: Route<'a>, to: &Condition<'a>) -> Condition<'a> {
    let certified = [
        ("usSupplySufficient", "whether it is certified that supply within the United States is sufficient"),
        (
            "shipmentsWithinHalfOfUsVolume",
            "whether it is certified that aggregate shipments are at most 50 % of the US volume",
        ),
        (
            "customerAndRemoteAccessSafeguards",
            "whether safeguards on customers and on remote access are certified",
        ),
        ("testedByThirdPartyInUs", "whether a third party tested it in the United States"),
    ];
    let certified = certified
        .map(|(name, expected)| Condition::of(request.record().flag(name), expected, |certified| certified));
    let below = item::below_case_by_case(request.resource());
    Condition::all(route.from_the_states().into_iter().chain([to.clone()]).chain(below).chain(certified))
}

/// Whether a recipient trains models for others: asked of recipients to whom no licence requirement applies.
fn trains<'a>(recipients: &Recipients<'a>) -> Condition<'a> {
    let expected = "whether it provides infrastructure on which models are trained for entities headquartered in Country Group D:5";
    recipients.any(|party| Condition::of(party.flag("trainsModelsForGroupD5"), expected, |trains| trains))
}

/// Reports the red flag of 2025-05-13.
fn red_flag<'a>(moved: &Condition<'a>, raised: Condition<'a>, findings: &mut Findings) {
    let raised = raised.then(Answer::Review, Answer::Permit);
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
