//! Ownership and control under EU asset freezes (X3 in the project's catalogue of rules).
//!
//! Three rules, of which each says something about everybody who takes part:
//!
//! * `listed`: it is on the list of frozen assets itself;
//! * `owned-…`: listed parties own half of it or more, added up; until the Council's best practices of 2024, more
//!   than half;
//! * `controlled-…`: they control it, in law or in fact.
//!
//! The last two have a version for each line. The manifest (`lexgate.toml`) says since when each holds and what is
//! uncertain about it.

use lexgate_sdk::contract::Refusal;
use lexgate_sdk::listed::{self, Controlled, Listed, Lists, Members, Owned};
use lexgate_sdk::ownership::Ownership;
use lexgate_sdk::{Amount, Answer, Datasets, Findings, Parameters, Policy, Request, Threshold, Versions};

/// The policy, with the lists it was configured with.
#[derive(Debug)]
pub struct EuOwnershipControl {
    lists: Versions<Lists>,
    members: Versions<Members>,
}

/// A version of the rules on ownership and on control, and its line.
type Version = (&'static str, &'static str, fn(Amount) -> Threshold);

const VERSIONS: [Version; 2] = [
    ("owned-until-2024", "controlled-until-2024", Threshold::MoreThan),
    ("owned-since-2024", "controlled-since-2024", Threshold::AtLeast),
];

/// Most parties that one request can have screened: five findings each, and the host takes 256.
const MOST_SCREENED: usize = 50;

impl Policy for EuOwnershipControl {
    fn configure(_: &Parameters, datasets: &Datasets) -> Result<EuOwnershipControl, String> {
        let lists = datasets.read_as("lists", Lists::parse)?;
        let members = datasets.read_as("listed-parties", Members::parse)?;
        Ok(EuOwnershipControl { lists, members })
    }

    fn evaluate(&self, request: Request<'_>, findings: &mut Findings) -> Result<(), Refusal> {
        let screened = listed::screened(request, MOST_SCREENED)?;
        if screened.is_empty() {
            let missing = [request.nobody("who takes part").to_contract()];
            findings.between("listed", "nobody-to-screen", (Answer::Permit, Answer::Deny), missing);
        }
        let date = request.date();
        let listed = Listed::new(request, self.lists.at(date), self.members.at(date));
        for &party in &screened {
            let grade = listed.grade(party, "listed", Answer::Deny);
            let finding = listed::tell(findings, "listed", ("not-listed", "listed-open"), [grade]);
            listed.explain(finding, party);
        }
        let ownership = Ownership::of(request, "shareholding");
        for (owned_rule, controlled_rule, line) in VERSIONS {
            let line = line(listed::fifty());
            let owned = Owned::new(&listed, &ownership, line);
            let links =
                [listed::control, listed::perhaps_control].map(|kinds| listed::links(&listed, line, kinds));
            let [sure, perhaps] = links.each_ref().map(|links| Controlled::new(links, &owned));
            for &party in &screened {
                let grade = owned.grade(party, "owned", Answer::Deny);
                let finding = listed::tell(findings, owned_rule, ("not-owned", "owned-open"), [grade]);
                owned.explain(finding, party);
                // Whether another influence than those that are control amounts to it, a person must judge.
                let grades = [
                    sure.grade(party, "controlled", Answer::Deny),
                    perhaps.grade(party, "influenced", Answer::Review),
                ];
                let finding =
                    listed::tell(findings, controlled_rule, ("not-controlled", "control-open"), grades);
                perhaps.explain(finding, party);
            }
        }
        Ok(())
    }
}

lexgate_sdk::export!(EuOwnershipControl);

#[cfg(test)]
mod tests;
