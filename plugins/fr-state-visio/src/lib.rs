//! France: Visio as the only videoconference tool of the State, and the State's doctrine for commercial clouds (R08 in the
//! project's catalogue of rules).
//!
//! Four rules, of which the host lets those decide that hold on the date; the first three are announced and only advise:
//!
//! * `visio-transition`: until the end of 2027 other tools must give way to Visio by then;
//! * `visio-only`: from 2028 other tools are barred, but for documented exceptions;
//! * `own-deadline`: the same at a date that a body set itself;
//! * `cloud-au-centre`: particularly sensitive data need a qualified cloud that is immune from law from outside the EU.
//!
//! The manifest (`lexgate.toml`) says since when each holds and what is uncertain about it.

mod bodies;
mod cloud;
mod lists;
mod visio;

use lexgate_sdk::contract::{Outcome, Refusal};
use lexgate_sdk::{Answer, Datasets, Findings, Parameters, Policy, Regions, Request, Versions, Weighed};
use lists::{Deadlines, Words};

/// The policy with its lists.
#[derive(Debug)]
pub struct FrStateVisio {
    /// Codes of places under French law.
    france: Versions<Regions>,
    /// Names of the tools that the State may use.
    tools: Versions<Words>,
    /// Dates that bodies set themselves.
    deadlines: Versions<Deadlines>,
    /// Schemes of certificates that qualify a cloud.
    qualifications: Versions<Words>,
}

impl Policy for FrStateVisio {
    fn configure(_: &Parameters, datasets: &Datasets) -> Result<FrStateVisio, String> {
        Ok(FrStateVisio {
            france: datasets.read_as("french-law", |bytes| Regions::parse(bytes, "french"))?,
            tools: datasets.read_as("tools", |bytes| Words::parse(bytes, "name"))?,
            deadlines: datasets.read_as("deadlines", Deadlines::parse)?,
            qualifications: datasets.read_as("qualifications", |bytes| Words::parse(bytes, "scheme"))?,
        })
    }

    fn evaluate(&self, request: Request<'_>, findings: &mut Findings) -> Result<(), Refusal> {
        let date = request.date();
        let bodies = bodies::Bodies::of(request, self.france.at(date));
        visio::Visio::of(request, &bodies, self.tools.at(date)).report(self.deadlines.at(date), findings);
        cloud::report(request, &bodies, self.qualifications.at(date), findings);
        Ok(())
    }
}

/// Message codes of a rule, by what it comes to.
#[derive(Debug, Clone, Copy)]
struct Codes {
    not_covered: &'static str,
    permitted: &'static str,
    bound: &'static str,
    review: &'static str,
    denied: &'static str,
    open: &'static str,
}

impl Codes {
    /// Reports a rule as it was weighed, under the code that fits.
    fn tell(self, rule: &str, weighed: &Weighed<'_>, findings: &mut Findings) {
        let code = match weighed.outcome() {
            None => self.open,
            Some(Outcome::NotApplicable) => self.not_covered,
            Some(Outcome::Permit) => self.permitted,
            Some(Outcome::PermitWithObligations) => self.bound,
            Some(Outcome::Review | Outcome::LicenceRequired) => self.review,
            Some(Outcome::Deny) => self.denied,
        };
        findings.weighed(rule, code, weighed);
    }
}

fn nothing<'a>() -> Weighed<'a> {
    Weighed::settled(Answer::NotApplicable, [])
}

lexgate_sdk::export!(FrStateVisio);

#[cfg(test)]
mod tests;
