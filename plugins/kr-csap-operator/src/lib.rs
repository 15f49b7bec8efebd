//! Who must hold the certificate of Korea's CSAP (클라우드컴퓨팅서비스 보안인증) when several run a cloud service together
//! (R11 in the project's catalogue of rules): "which company leads system operation and infrastructure provision".
//!
//! Two rules, from one remark of an official:
//!
//! * `leading-operator`: whoever operates the service and whoever provides its infrastructure holds a certificate of the
//!   system's grade or a higher one;
//! * `shared-infrastructure`: where facilities, servers or systems are shared with somebody who holds none, a person looks.
//!
//! Whose technology it is makes no difference: it is not read. The manifest (`lexgate.toml`) says since when the rules hold
//! and what is uncertain about them. What a certificate is worth and what the system needs is decided by `kr-csap`.

mod grade;

use grade::System;
use lexgate_sdk::contract::Refusal;
use lexgate_sdk::{
    Answer, Codes, Condition, Datasets, Fact, Findings, Obligation, Parameters, Party, Policy, Request,
    Truth, Weighed,
};

/// The policy. There is nothing to configure.
#[derive(Debug)]
pub struct KrCsapOperator;

/// Most certificates that one request can have weighed; chosen by feel, with room in the fuel of an evaluation.
const MOST_CERTIFICATES: usize = 32;
/// Most companies whose certificates are looked for; chosen by feel: few run one service.
const MOST_COMPANIES: usize = 8;

impl Policy for KrCsapOperator {
    fn configure(_: &Parameters, _: &Datasets) -> Result<KrCsapOperator, String> {
        Ok(KrCsapOperator)
    }

    fn evaluate(&self, request: Request<'_>, findings: &mut Findings) -> Result<(), Refusal> {
        if request.resource().is_service().truth() == Truth::False {
            return Ok(());
        }
        let buyers = request.serves_public_body_of("KR");
        if buyers.truth() == Truth::False {
            for rule in ["leading-operator", "shared-infrastructure"] {
                let weighed = buyers.then(Answer::Permit, Answer::NotApplicable);
                findings.weighed(rule, "private-buyer", &weighed);
            }
            return Ok(());
        }
        let (leaders, shared) = (leaders(request), request.deployment().texts("sharedInfrastructure"));
        let companies = leaders.len().saturating_add(shared.value().map_or(0, <[_]>::len));
        let certificates = request.certificates().value().map_or(0, |list| list.len());
        if companies > MOST_COMPANIES || certificates > MOST_CERTIFICATES {
            let most =
                format!("more than {MOST_COMPANIES} companies or {MOST_CERTIFICATES} certificates to weigh");
            return Err(Refusal::Unsupported(most));
        }
        let system = System::of(request);
        leading_operator(&system, &buyers, &leaders, findings);
        shared_infrastructure(&system, &buyers, shared, findings);
        Ok(())
    }
}

/// Who operates the service or provides its infrastructure, as far as that is stated: by the deployment, or by a role.
fn leaders(request: Request<'_>) -> Vec<Party<'_>> {
    let deployment = request.deployment();
    let mut leaders = request.players(|role| role == "operator");
    for party in [deployment.operator(), deployment.infrastructure_provider()]
        .into_iter()
        .filter_map(|stated| stated.value())
    {
        if leaders.iter().all(|known| known.index() != party.index()) {
            leaders.push(party);
        }
    }
    leaders.sort_by_key(|party| party.record_id());
    leaders
}

/// Rule `leading-operator`: each of them holds the certificate, and it is known who they are.
fn leading_operator<'a>(
    system: &System<'a>,
    buyers: &Condition<'a>,
    leaders: &[Party<'a>],
    findings: &mut Findings,
) {
    let each: Vec<_> = leaders.iter().map(|&party| (party.called(), system.certified(party))).collect();
    let lacking = each.iter().filter(|(_, certified)| certified.truth() != Truth::True);
    let mut named: Vec<_> = lacking.map(|(name, _)| *name).collect();
    if named.is_empty() {
        named = each.iter().map(|(name, _)| *name).collect();
    }
    let deployment = system.request.deployment();
    let stated = [
        Condition::of(deployment.operator(), "who operates the service", |_| true),
        Condition::of(
            deployment.infrastructure_provider(),
            "who provides servers and systems, not only room",
            |_| true,
        ),
    ];
    let all = Condition::all(stated.into_iter().chain(each.iter().map(|(_, certified)| certified.clone())));
    let codes = Codes { clear: "leader-certified", caught: "leader-not-certified", open: "leader-open" };
    let weighed = buyers.choose(all.into(), Weighed::settled(Answer::NotApplicable, []));
    findings.tell("leading-operator", codes, &weighed).argument("companies", named.join(", "));
}

/// Rule `shared-infrastructure`: who else's infrastructure it is holds the certificate, too; else a person looks.
fn shared_infrastructure<'a>(
    system: &System<'a>,
    buyers: &Condition<'a>,
    shared: Fact<'a, &'a [String]>,
    findings: &mut Findings,
) {
    let expected =
        "the record ids of those whose facilities, servers or systems it shares; an empty list if of nobody";
    let parties = system.request.parties();
    let certified = |id: &'a String| match parties.iter().find(|party| party.record_id() == id) {
        Some(party) => (party.called(), system.certified(party)),
        // Somebody of whom the request says nothing: a slip of the pen does not make the infrastructure its own.
        None => {
            (id.get(..id.floor_char_boundary(200)).unwrap_or_default(), Condition::fails(shared.evidence()))
        }
    };
    let each: Vec<_> = shared.value().unwrap_or_default().iter().map(certified).collect();
    let mut lacking: Vec<_> = each
        .iter()
        .filter(|(_, certified)| certified.truth() != Truth::True)
        .map(|(name, _)| *name)
        .collect();
    lacking.sort_unstable();
    lacking.dedup();
    let stated = Condition::of(shared, expected, |_| true);
    let all = Condition::all([stated].into_iter().chain(each.iter().map(|(_, certified)| certified.clone())));
    let weighed =
        buyers.choose(all.then(Answer::Permit, Answer::Review), Weighed::settled(Answer::NotApplicable, []));
    let codes =
        Codes { clear: "infrastructure-own", caught: "infrastructure-shared", open: "infrastructure-open" };
    let finding =
        findings.tell("shared-infrastructure", codes, &weighed).argument("companies", lacking.join(", "));
    lacking.iter().fold(finding, |finding, name| {
        let advice =
            Obligation::advice("use-certificate-at-least").text("scheme", "CSAP").text("holder", name);
        finding.obligation(advice)
    });
}

lexgate_sdk::export!(KrCsapOperator);

#[cfg(test)]
mod tests;
