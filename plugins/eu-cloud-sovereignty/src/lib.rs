//! The EU's Cloud Sovereignty Framework: a bid for a tender of an EU institution needs the SEAL that the tender sets for each
//! objective (R09 (b) in the project's catalogue of rules).
//!
//! One rule, `seal-minimum`. The weighted score that ranks the bids left is not computed: its weights are the tender's.

mod seal;

use lexgate_sdk::contract::{Outcome, Refusal};
use lexgate_sdk::{
    Answer, Condition, Datasets, Findings, Parameters, Party, Policy, Request, Truth, Weighed,
};

/// The policy; it has no lists.
#[derive(Debug)]
pub struct EuCloudSovereignty;

/// Categories that are known not to be cloud services. Another word may be one.
const GOODS: [&str; 2] = ["material", "component"];

/// Words for the level of a public body that is not an EU institution. Another word may be one.
const OTHERS: [&str; 3] = ["state", "local", "other"];

impl Policy for EuCloudSovereignty {
    fn configure(_: &Parameters, _: &Datasets) -> Result<EuCloudSovereignty, String> {
        Ok(EuCloudSovereignty)
    }

    fn evaluate(&self, request: Request<'_>, findings: &mut Findings) -> Result<(), Refusal> {
        let expected = "what it is, such as `compute`";
        let service =
            Condition::of(request.resource().category(), expected, |category| !GOODS.contains(&category));
        let objectives = seal::objectives(request);
        let minimums = Condition::all(objectives.iter().map(|(_, met)| met.clone()));
        let covered = Condition::all([service, request.any_customer(is_institution)]);
        let nothing = Weighed::settled(Answer::NotApplicable, []);
        let weighed = covered.choose(minimums.then(Answer::Permit, Answer::Deny), nothing);
        let code = match weighed.outcome() {
            None => "seal-open",
            Some(Outcome::NotApplicable) => "no-institution",
            Some(Outcome::Permit) => "minimums-met",
            Some(_) => "bid-rejected",
        };
        let finding = findings.weighed("seal-minimum", code, &weighed);
        if weighed.outcome() == Some(Outcome::Deny) {
            let below = objectives.iter().filter(|(_, met)| met.truth() == Truth::False);
            finding.argument("objectives", below.map(|(name, _)| *name).collect::<Vec<_>>().join(", "));
        }
        Ok(())
    }
}

fn is_institution(party: Party<'_>) -> Condition<'_> {
    let expected =
        "its level: `eu` for an institution, body or agency of the EU, `state`, `local` or `other`";
    let of_the_eu = Condition::of(party.text("publicSectorLevel"), expected, |level| match level {
        "eu" => Truth::True,
        _ if OTHERS.contains(&level) => Truth::False,
        _ => Truth::Unknown,
    });
    Condition::all([party.public_body(), of_the_eu])
}

lexgate_sdk::export!(EuCloudSovereignty);
