//! The EU's Digital Markets Act: what a gatekeeper must meet when it supplies a core platform service (R09 (a) in the
//! project's catalogue of rules).
//!
//! Three rules, of which the host lets those decide that hold on the date:
//!
//! * `gatekeeper-obligations`: a designated gatekeeper has six months, then its obligations bind;
//! * `presumption`: one whose figures reach the thresholds is presumed to be a gatekeeper;
//! * `preliminary-view`: as proposed, services of which the Commission thinks so are treated as designated.
//!
//! The manifest (`lexgate.toml`) says what is uncertain about each.

mod designations;
mod figures;
mod offer;

use designations::{ALIKE, Designations};
use figures::Thresholds;
use lexgate_sdk::contract::{Outcome, Refusal};
use lexgate_sdk::{
    Answer, Codes, Condition, Datasets, Date, Findings, Names, Obligation, Parameters, Policy, Regions,
    Request, Versions, Weighed,
};
use offer::Offer;

/// The policy with its lists and thresholds.
#[derive(Debug)]
pub struct EuDigitalMarkets {
    /// Codes of the member states.
    union: Versions<Regions>,
    designations: Versions<Designations>,
    /// Names of services that the Commission means to designate.
    views: Versions<Names>,
    thresholds: Thresholds,
}

/// What a gatekeeper must meet, in the words of the sources.
const OBLIGATIONS: &str = "interoperability, no self-preferencing, portability";

impl Policy for EuDigitalMarkets {
    fn configure(_: &Parameters, datasets: &Datasets) -> Result<EuDigitalMarkets, String> {
        Ok(EuDigitalMarkets {
            union: datasets.read_as("member-states", |bytes| Regions::parse(bytes, "member"))?,
            designations: datasets.read_as("designations", Designations::parse)?,
            views: datasets.read_as("preliminary-views", Names::parse)?,
            thresholds: Thresholds::new()?,
        })
    }

    fn evaluate(&self, request: Request<'_>, findings: &mut Findings) -> Result<(), Refusal> {
        let date = request.date();
        let offer = Offer::of(request, self.union.at(date));
        let designations = self.designations.at(date);
        gatekeeper_obligations(&offer, designations, date, findings);
        self.presumption(&offer, designations, findings);
        preliminary_view(&offer, self.views.at(date), findings);
        Ok(())
    }
}

fn gatekeeper_obligations(
    offer: &Offer<'_>,
    designations: &Designations,
    today: Date,
    findings: &mut Findings,
) {
    let weighed = offer.strictest(|party| designations.weigh(party, today));
    let code = match weighed.outcome() {
        None => "gatekeeper-open",
        Some(Outcome::NotApplicable) => "no-gatekeeper",
        Some(Outcome::Permit) => "gatekeeper-has-time",
        Some(Outcome::Review) => "gatekeeper-alike",
        Some(_) => "gatekeeper-bound",
    };
    let finding = findings.weighed("gatekeeper-obligations", code, &weighed);
    let begin = offer.suppliers().filter_map(|party| designations.begin(party)).min();
    if let (Some(Outcome::Permit), Some(begin)) = (weighed.outcome(), begin) {
        finding.obligation(obligation(Obligation::advice).day("from", begin));
    }
}

impl EuDigitalMarkets {
    fn presumption(&self, offer: &Offer<'_>, designations: &Designations, findings: &mut Findings) {
        let weighed = offer.strictest(|party| {
            let reached = self.thresholds.reached(party, offer.resource());
            Condition::all([designations.designated(party).not(), reached])
                .then(Answer::Review, Answer::NotApplicable)
        });
        let codes = Codes { clear: "not-presumed", caught: "presumed-gatekeeper", open: "presumption-open" };
        findings.tell("presumption", codes, &weighed);
    }
}

fn preliminary_view(offer: &Offer<'_>, views: &Names, findings: &mut Findings) {
    let product = |least| views.like(offer.resource().text("productName"), "the name of the service", least);
    let weighed = offer.strictest(|party| {
        let is = Condition::any([product(100), views.has(party)]);
        let may_be = Condition::any([product(ALIKE), views.alike(party, ALIKE)]);
        is.choose(Weighed::settled(bound(), []), may_be.then(Answer::Review, Answer::NotApplicable))
    });
    let code = match weighed.outcome() {
        None => "view-open",
        Some(Outcome::NotApplicable) => "no-view",
        Some(Outcome::Review) => "view-alike",
        Some(_) => "view-bound",
    };
    findings.weighed("preliminary-view", code, &weighed);
}

fn nothing<'a>() -> Weighed<'a> {
    Weighed::settled(Answer::NotApplicable, [])
}

fn bound() -> Answer {
    Answer::PermitWith(obligation(Obligation::binding))
}

fn obligation(made: fn(&str) -> Obligation) -> Obligation {
    made("meet-gatekeeper-obligations").text("obligations", OBLIGATIONS)
}

lexgate_sdk::export!(EuDigitalMarkets);

#[cfg(test)]
mod tests;
