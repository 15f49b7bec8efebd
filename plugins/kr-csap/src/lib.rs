//! Korea's CSAP (클라우드컴퓨팅서비스 보안인증): what a cloud service for a state or public body must bring (R10 in the
//! project's catalogue of rules).
//!
//! * `csap-ungraded`: a valid certificate, and physical network separation;
//! * `csap`: a valid certificate of the system's grade or a higher one, and what systems of that grade need;
//! * `single-gate`: an NIS verification, or a CSAP certificate that has not expired;
//! * `infrastructure-grade`: as proposed, a platform or software has the grade of the infrastructure it runs on.
//!
//! The host lets those decide that hold on the date. The manifest (`lexgate.toml`) says since when each does and what is
//! uncertain about it. Who must be certified when several run a service together is not decided here.

mod certificates;
mod grade;
mod requirements;

use certificates::Certificates;
use grade::Equivalences;
use lexgate_sdk::contract::Refusal;
use lexgate_sdk::{
    Answer, CaseCodes, Datasets, Findings, Parameters, Policy, Possible, Request, Truth, Versions,
};

/// The policy, as a binding configured it.
#[derive(Debug)]
pub struct KrCsap {
    equivalences: Versions<Equivalences>,
    /// What follows where the sources are silent, or contradict each other.
    unverified: Answer,
    /// Whether a service must state its model.
    model_required: bool,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Terms {
    unverified: String,
    service_model: String,
}

/// Most certificates that one request can have weighed; chosen by feel, with room in the fuel of an evaluation.
const MOST_CERTIFICATES: usize = 16;

impl Policy for KrCsap {
    fn configure(parameters: &Parameters, datasets: &Datasets) -> Result<KrCsap, String> {
        let Terms { unverified, service_model } = parameters.parse()?;
        let unverified = match unverified.as_str() {
            "permit" => Answer::Permit,
            "deny" => Answer::Deny,
            _ => Answer::Review,
        };
        let equivalences = datasets.read_as("equivalences", Equivalences::parse)?;
        Ok(KrCsap { equivalences, unverified, model_required: service_model == "required" })
    }

    fn evaluate(&self, request: Request<'_>, findings: &mut Findings) -> Result<(), Refusal> {
        if request.resource().is_service().truth() == Truth::False {
            return Ok(());
        }
        let buyers = request.serves_public_body_of("KR");
        if buyers.truth() == Truth::False {
            for rule in ["csap-ungraded", "csap", "single-gate"] {
                findings.weighed(rule, "private-buyer", &buyers.then(Answer::Permit, Answer::NotApplicable));
            }
            return Ok(());
        }
        if request.certificates().value().is_some_and(|list| list.len() > MOST_CERTIFICATES) {
            return Err(Refusal::Unsupported(format!("more than {MOST_CERTIFICATES} certificates to weigh")));
        }
        let certificates = Certificates::new(request, self);
        let system = grade::possible(request);
        let on_infrastructure = certificates.on_infrastructure();
        let by_grade = system.each(|&grade| requirements::graded(&certificates, grade));
        let ungraded = Possible::only(requirements::ungraded(&certificates), []);
        let gate = Possible::only(requirements::single_gate(&certificates), []);
        findings.require("csap-ungraded", &codes("ungraded-met"), &buyers, &ungraded);
        findings.require("csap", &codes("requirements-met"), &buyers, &by_grade);
        findings.require("single-gate", &codes("gate-passed"), &buyers, &gate);
        if on_infrastructure.truth() != Truth::False {
            let needed =
                system.each(|&grade| requirements::proposed(&certificates, &on_infrastructure, grade));
            findings.require("infrastructure-grade", &codes("infrastructure-follows"), &buyers, &needed);
        }
        Ok(())
    }
}

/// The message codes of a rule: its own if all is met, and those of all where the buyer or the grade is open.
fn codes(met: &'static str) -> CaseCodes {
    CaseCodes {
        met,
        applies_open: "buyer-open",
        // What is wanting at a grade is wanting at every higher one, so that it is always told by its own name.
        unmet_in_each: "grade-open",
        met_in_each: "allowed-at-every-grade",
        open: "grade-open",
    }
}

lexgate_sdk::export!(KrCsap);

#[cfg(test)]
mod tests;
