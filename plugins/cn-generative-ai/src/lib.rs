//! China's Interim Measures for Generative AI Services: what may be offered to the public in mainland China (R07 in the
//! project's catalogue of rules).
//!
//! Two rules, of which one holds at a time:
//!
//! * `blocked`: before the Measures foreign services were blocked in practice, so a person must look;
//! * `interim-measures`: what is offered to the public there needs a filing, and shows its number.
//!
//! The manifest (`lexgate.toml`) says since when each holds and what is uncertain about it.

mod service;

use lexgate_sdk::contract::{Outcome, Refusal};
use lexgate_sdk::{
    Answer, Codes, Datasets, Findings, Obligation, Parameters, Policy, Regions, Request, Versions, Weighed,
};
use service::Service;

/// The policy, as a binding configured it.
#[derive(Debug)]
pub struct CnGenerativeAi {
    mainland: Versions<Regions>,
}

impl Policy for CnGenerativeAi {
    fn configure(_: &Parameters, datasets: &Datasets) -> Result<CnGenerativeAi, String> {
        let mainland = datasets.read_as("mainland", |bytes| Regions::parse(bytes, "mainland"))?;
        Ok(CnGenerativeAi { mainland })
    }

    fn evaluate(&self, request: Request<'_>, findings: &mut Findings) -> Result<(), Refusal> {
        let service = Service { request, mainland: self.mainland.at(request.date()) };
        let measures = interim_measures(&service);
        findings.tell("interim-measures", codes(&measures), &measures);
        findings.tell("blocked", BLOCKED, &blocked(&service));
        Ok(())
    }
}

/// Weighs the Measures: a service that is not offered to the public is exempt, one that is needs a filing.
fn interim_measures<'a>(service: &Service<'_, 'a>) -> Weighed<'a> {
    let shown = Weighed::settled(Answer::PermitWith(display(service)), service.model().evidence());
    let filed = service.foreign().choose(settled(Answer::Review), shown);
    let by_its_kind = service.moves_opinion().then(Answer::Deny, Answer::Review);
    let unfiled = service.foreign().choose(settled(Answer::Deny), by_its_kind);
    let offered = service.filed().choose(filed, unfiled);
    let in_mainland = service.public().choose(offered, settled(Answer::Permit));
    let generative = service.in_mainland().choose(in_mainland, settled(Answer::NotApplicable));
    service.generative().choose(generative, settled(Answer::NotApplicable))
}

/// Weighs what was blocked before the Measures: foreign services offered to the public.
fn blocked<'a>(service: &Service<'_, 'a>) -> Weighed<'a> {
    let foreign = service.foreign().then(Answer::Review, Answer::NotApplicable);
    let public = service.public().choose(foreign, settled(Answer::NotApplicable));
    let in_mainland = service.in_mainland().choose(public, settled(Answer::NotApplicable));
    service.generative().choose(in_mainland, settled(Answer::NotApplicable))
}

/// Returns what a filed service must show, as far as the request names it.
fn display(service: &Service<'_, '_>) -> Obligation {
    let shown = [("model", service.model().value()), ("number", service.number().value())];
    let show = |obligation: Obligation, (name, value): (&str, Option<&str>)| match value {
        Some(value) => obligation.text(name, value),
        None => obligation,
    };
    shown.into_iter().fold(Obligation::binding("display-filing-number"), show)
}

fn settled<'a>(answer: Answer) -> Weighed<'a> {
    Weighed::settled(answer, [])
}

/// Returns the message codes that fit: each outcome has one.
fn codes(measures: &Weighed<'_>) -> Codes {
    let clear = match measures.outcome() {
        Some(Outcome::Permit) => "not-public",
        _ => "not-reached",
    };
    let caught = match measures.outcome() {
        Some(Outcome::PermitWithObligations) => "filed",
        Some(Outcome::Review) => "filing-doubtful",
        _ => "not-filed",
    };
    Codes { clear, caught, open: "filing-open" }
}

const BLOCKED: Codes = Codes { clear: "not-blocked", caught: "blocked", open: "blocked-open" };

lexgate_sdk::export!(CnGenerativeAi);

#[cfg(test)]
mod tests;
