//! Korea's CSAP (클라우드컴퓨팅서비스 보안인증): what a cloud service for a state or public body must bring (R10 in the
//! project's catalogue of rules).
//!
//! Four rules, of which the host lets those decide that hold on the date:
//!
//! * `csap-ungraded`: a valid certificate, and physical network separation;
//! * `csap`: a valid certificate of the system's grade or a higher one, and what systems of that grade need;
//! * `single-gate`: an NIS verification, or a CSAP certificate that has not expired;
//! * `infrastructure-grade`: as proposed, a platform or software has the grade of the infrastructure it runs on.
//!
//! The manifest (`lexgate.toml`) says since when each holds and what is uncertain about it. Who must be certified when
//! several run a service together is not decided here.

mod certificates;
mod equivalences;
mod grade;
mod parties;
mod report;
mod requirements;

use certificates::Certificates;
use equivalences::Equivalences;
use lexgate_sdk::contract::{Outcome, Refusal};
use lexgate_sdk::{Answer, Datasets, Findings, Parameters, Policy, Request, Versions};
use report::Rule;
use requirements::{graded, infrastructure, single_gate, ungraded};

/// The policy, as a binding configured it.
#[derive(Debug)]
pub struct KrCsap {
    equivalences: Versions<Equivalences>,
    terms: Terms,
}

/// What a binding may choose; the sources leave it open.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Terms {
    /// What follows where the sources are silent, or contradict each other.
    unverified: Unverified,
    /// Whether a service that does not state its model passes.
    service_model: ServiceModel,
}

#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Unverified {
    Permit,
    Review,
    Deny,
}

#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ServiceModel {
    IfStated,
    Required,
}

impl Terms {
    fn unverified(&self) -> Answer {
        match self.unverified {
            Unverified::Permit => Answer::Permit,
            Unverified::Review => Answer::Review,
            Unverified::Deny => Answer::Deny,
        }
    }
}

/// Categories that are known not to be cloud services. A word that is not known is looked at: a misspelt one switches
/// nothing off.
const GOODS: [&str; 2] = ["material", "component"];

/// Most certificates that one request can have weighed; chosen by feel, with room in the fuel of an evaluation.
const MOST_CERTIFICATES: usize = 64;

impl Policy for KrCsap {
    fn configure(parameters: &Parameters, datasets: &Datasets) -> Result<KrCsap, String> {
        let equivalences = datasets.read_as("equivalences", Equivalences::parse)?;
        Ok(KrCsap { equivalences, terms: parameters.parse()? })
    }

    fn evaluate(&self, request: Request<'_>, findings: &mut Findings) -> Result<(), Refusal> {
        let category = request.resource().category().value();
        if category.is_some_and(|category| GOODS.contains(&category)) {
            return Ok(());
        }
        let buyers = parties::buyers(request);
        if buyers.outcome() == Some(Outcome::NotApplicable) {
            for rule in ["csap-ungraded", "csap", "single-gate"] {
                findings.weighed(rule, "private-buyer", &buyers);
            }
            return Ok(());
        }
        if request.certificates().value().is_some_and(|list| list.len() > MOST_CERTIFICATES) {
            return Err(Refusal::Unsupported(format!("more than {MOST_CERTIFICATES} certificates to weigh")));
        }
        for rule in self.rules(request) {
            rule.report(&buyers, findings);
        }
        Ok(())
    }
}

impl KrCsap {
    fn rules<'a>(&self, request: Request<'a>) -> Vec<Rule<'a>> {
        let certificates = Certificates::new(request, self.equivalences.at(request.date()), &self.terms);
        let possible = grade::possible(request);
        let whatever_grade = |id, met, needs| {
            let (cases, deciding, evidence) = (vec![needs], Vec::new(), Vec::new());
            Rule { id, met, cases, deciding, evidence }
        };
        let by_grade = |id, met, needs: fn(&Certificates<'_, 'a>, grade::Grade) -> _| {
            let cases = possible.grades.iter().map(|&grade| needs(&certificates, grade)).collect();
            let (deciding, evidence) = (possible.missing.clone(), possible.evidence.clone());
            Rule { id, met, cases, deciding, evidence }
        };
        let mut rules = vec![
            whatever_grade("csap-ungraded", "ungraded-met", ungraded(&certificates)),
            by_grade("csap", "requirements-met", graded),
            whatever_grade("single-gate", "gate-passed", single_gate(&certificates)),
        ];
        if certificates.some_on_infrastructure() {
            rules.push(by_grade("infrastructure-grade", "infrastructure-follows", infrastructure));
        }
        rules
    }
}

lexgate_sdk::export!(KrCsap);

#[cfg(test)]
mod tests;
