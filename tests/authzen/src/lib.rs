//! The eight rules of the fixture by which AuthZEN 1.0 certifies, as a policy: what a server is tested with.

use lexgate_sdk::contract::Refusal;
use lexgate_sdk::{Answer, Datasets, Findings, Parameters, Policy, Request};

/// The policy. There is nothing to configure.
#[derive(Debug)]
pub struct Fixture;

impl Policy for Fixture {
    fn configure(_: &Parameters, _: &Datasets) -> Result<Fixture, String> {
        Ok(Fixture)
    }

    fn evaluate(&self, request: Request<'_>, findings: &mut Findings) -> Result<(), Refusal> {
        let answer = if permits(request) { Answer::Permit } else { Answer::Deny };
        findings.say("fixture", "looked", answer).evidence(request.action_as_fact().evidence());
        Ok(())
    }
}

fn permits(request: Request<'_>) -> bool {
    let subjects = request.players(|role| role == "subject");
    let Some(subject) = subjects.first() else { return false };
    let alice = subject.text("authzen.subject-id").value() == Some("alice");
    let admin = subject.text("authzen.subject.role").value() == Some("admin");
    let resource = request.resource();
    let by_id = match resource.text("authzen.resource-id").value() {
        Some("record-2") => "archived",
        _ => "active",
    };
    let archived = resource.text("authzen.resource.status").value().unwrap_or(by_id) == "archived";
    match request.action() {
        "read" => true,
        "write" if archived => admin,
        "write" => alice,
        "delete" => alice && request.record().flag("authzen.action.soft").value() == Some(true),
        _ => false,
    }
}

lexgate_sdk::export!(Fixture);
