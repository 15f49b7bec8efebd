//! Denies what comes to a party from a listed place. The list is read while the policy is configured; what is measured is that
//! an evaluation does not notice how long it is.

use lexgate_sdk::contract::Refusal;
use lexgate_sdk::{Answer, Datasets, Fact, Findings, Parameters, Policy, Request, Table, Versions};
use std::collections::HashSet;

/// A set, because looking up touches one page of memory: halving a sorted list of 100 000 touches a page at each step.
struct Listed(Versions<HashSet<String>>);

impl Policy for Listed {
    fn configure(_: &Parameters, datasets: &Datasets) -> Result<Listed, String> {
        let places = |bytes: &[u8]| {
            let table = Table::parse(bytes)?;
            table.rows().map(|row| row.get("place").map(str::to_owned)).collect()
        };
        datasets.read_as("places", places).map(Listed)
    }

    fn evaluate(&self, request: Request<'_>, findings: &mut Findings) -> Result<(), Refusal> {
        let places = self.0.at(request.date());
        let listed = |fact: &Fact<'_, &str>| fact.value().is_some_and(|place| places.contains(place));
        let facts = request.parties().iter().flat_map(|party| [party.jurisdiction(), party.headquarters()]);
        let caught: Vec<_> = facts.filter(listed).collect();
        let (code, answer) =
            if caught.is_empty() { ("clear", Answer::Permit) } else { ("listed", Answer::Deny) };
        findings.say("places", code, answer).evidence(caught.iter().filter_map(Fact::evidence));
        Ok(())
    }
}

lexgate_sdk::export!(Listed);
