//! Ownership and control under UK sanctions (X4 in the project's catalogue of rules).
//!
//! Three rules, of which each says something about everybody who takes part:
//!
//! * `listed`: it is on the UK's list itself;
//! * `owned`: a listed person owns more than half of its shares;
//! * `controlled`: a listed person has more than half of its votes, appoints its board, or can direct it.
//!
//! The sources do not say that persons are added up, so each is looked at alone (`persons.rs`); what only several
//! come to together a person must look at. The manifest (`lexgate.toml`) says what is uncertain about it.

mod persons;

use lexgate_sdk::contract::Refusal;
use lexgate_sdk::listed::{self, Controlled, Listed, Lists, Members, Owned};
use lexgate_sdk::ownership::Ownership;
use lexgate_sdk::{Answer, Datasets, Findings, Parameters, Party, Policy, Request, Threshold, Versions};
use persons::Persons;

/// The policy, with the lists it was configured with.
#[derive(Debug)]
pub struct UkOwnershipControl {
    lists: Versions<Lists>,
    members: Versions<Members>,
}

/// Most parties that one request can have screened: three findings each, and the host takes 256.
const MOST_SCREENED: usize = 80;

impl Policy for UkOwnershipControl {
    fn configure(_: &Parameters, datasets: &Datasets) -> Result<UkOwnershipControl, String> {
        let lists = datasets.read_as("lists", Lists::parse)?;
        let members = datasets.read_as("listed-parties", Members::parse)?;
        Ok(UkOwnershipControl { lists, members })
    }

    fn evaluate(&self, request: Request<'_>, findings: &mut Findings) -> Result<(), Refusal> {
        let screened = listed::screened(request, MOST_SCREENED)?;
        if screened.is_empty() {
            let missing = [request.nobody("who takes part").to_contract()];
            findings.between("listed", "nobody-to-screen", (Answer::Permit, Answer::Deny), missing);
        }
        let date = request.date();
        let listed = Listed::new(request, self.lists.at(date), self.members.at(date));
        let ownership = Ownership::of(request, "shareholding");
        let line = Threshold::MoreThan(listed::fifty());
        let links =
            [listed::control, listed::perhaps_control].map(|kinds| listed::links(&listed, line, kinds));
        let [control, influence] = &links;
        let together = Owned::new(&listed, &ownership, line);
        let together_influence = Controlled::new(influence, &together);
        let may_be_caught = |&party: &Party<'_>| {
            together.passes(party).possible() || together_influence.controls(party).possible()
        };
        let persons = match screened.iter().any(may_be_caught) {
            true => Persons::of(&listed, &ownership, line)?,
            false => Persons::nobody(),
        };
        let alone = persons.controlling(control);
        for party in screened {
            let grade = listed.grade(party, "listed", Answer::Deny);
            let finding = listed::tell(findings, "listed", ("not-listed", "listed-open"), [grade]);
            listed.explain(finding, party);
            let grades = persons.owning().iter().map(|owned| owned.grade(party, "owned", Answer::Deny));
            let grades = grades.chain([together.grade(party, "owned-together", Answer::Review)]);
            let finding = listed::tell(findings, "owned", ("not-owned", "owned-open"), grades);
            persons.strongest(party).unwrap_or(&together).explain(finding, party);
            let grades = alone.iter().map(|alone| alone.grade(party, "controlled", Answer::Deny));
            let grades = grades.chain([together_influence.grade(party, "influenced", Answer::Review)]);
            let finding = listed::tell(findings, "controlled", ("not-controlled", "control-open"), grades);
            together_influence.explain(finding, party);
        }
        Ok(())
    }
}

lexgate_sdk::export!(UkOwnershipControl);

#[cfg(test)]
mod tests;
