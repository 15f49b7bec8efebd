//! OFAC's 50 Percent Rule (X1 in the project's catalogue of rules).
//!
//! Three rules, of which each says something about everybody who takes part:
//!
//! * `blocked`: it is a blocked person itself;
//! * `owned`: blocked persons own half of it or more, directly or through others, added up over all of them and
//!   all programmes;
//! * `control-caution`: they control it. That does not block it: a permit, with advice to look.
//!
//! The manifest (`lexgate.toml`) says since when each holds and what is uncertain about it.

use lexgate_sdk::contract::Refusal;
use lexgate_sdk::listed::{self, Controlled, Listed, Lists, Members, Owned};
use lexgate_sdk::ownership::Ownership;
use lexgate_sdk::{
    Answer, Datasets, Findings, Obligation, Parameters, Party, Policy, Request, Threshold, Truth, Versions,
};

/// The policy, with the lists it was configured with.
#[derive(Debug)]
pub struct UsOfacOwnership {
    lists: Versions<Lists>,
    members: Versions<Members>,
}

/// Most parties that one request can have screened: three findings each, and the host takes 256.
const MOST_SCREENED: usize = 80;

impl Policy for UsOfacOwnership {
    fn configure(_: &Parameters, datasets: &Datasets) -> Result<UsOfacOwnership, String> {
        let lists = datasets.read_as("lists", Lists::parse)?;
        let members = datasets.read_as("listed-parties", Members::parse)?;
        Ok(UsOfacOwnership { lists, members })
    }

    fn evaluate(&self, request: Request<'_>, findings: &mut Findings) -> Result<(), Refusal> {
        let screened = listed::screened(request, MOST_SCREENED)?;
        if screened.is_empty() {
            let missing = [request.nobody("who takes part").to_contract()];
            findings.between("blocked", "nobody-to-screen", (Answer::Permit, Answer::Deny), missing);
        }
        let date = request.date();
        let listed = Listed::new(request, self.lists.at(date), self.members.at(date));
        let ownership = Ownership::of(request, "shareholding");
        let half = Threshold::AtLeast(listed::fifty());
        let owned = Owned::new(&listed, &ownership, half);
        let links = listed::links(&listed, half, listed::perhaps_control);
        let controlled = Controlled::new(&links, &owned);
        for party in screened {
            blocked(&listed, party, findings);
            let grade = owned.grade(party, "owned", Answer::Deny);
            let finding = listed::tell(findings, "owned", ("not-owned", "owned-open"), [grade]);
            owned.explain(finding, party);
            control_caution(&controlled, party, findings);
        }
        Ok(())
    }
}

fn blocked<'a>(listed: &Listed<'_, 'a>, party: Party<'a>, findings: &mut Findings) {
    let grade = listed.grade(party, "blocked", Answer::Deny);
    let finding = listed::tell(findings, "blocked", ("not-blocked", "blocked-open"), [grade]);
    listed.explain(finding, party);
}

/// Ownership alone blocks. Control by blocked persons is worth a look, and so is not knowing of it.
fn control_caution<'a>(controlled: &Controlled<'_, '_, 'a>, party: Party<'a>, findings: &mut Findings) {
    let code = match controlled.controls(party) {
        Truth::True => "control-found",
        Truth::False => "no-control",
        Truth::Unknown => "control-open",
    };
    let finding = controlled.explain(findings.say("control-caution", code, Answer::Permit), party);
    if code != "no-control" {
        finding.obligation(Obligation::advice("resolve-red-flag"));
    }
}

lexgate_sdk::export!(UsOfacOwnership);

#[cfg(test)]
mod tests;
