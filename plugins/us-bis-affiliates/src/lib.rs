//! The BIS Affiliates Rule (X2 in the project's catalogue of rules).
//!
//! Two rules, of which each says something about everybody who takes part:
//!
//! * `listed`: it is on the Entity List, the Military End-User List or a part of the SDN List that counts;
//! * `affiliates-…`: such parties own half of it or more, directly or through others, added up. One rule for each
//!   time: in force, suspended, in force again. How much they own is not known: red flag 29, which must be resolved.
//!
//! Either way a licence is required, and the most restrictive owner governs. The manifest (`lexgate.toml`) says
//! since when each holds and what is uncertain about it.

mod licensing;

use lexgate_sdk::contract::Refusal;
use lexgate_sdk::listed::{self, Listed, Lists, Members, Owned};
use lexgate_sdk::ownership::Ownership;
use lexgate_sdk::{
    Answer, Datasets, Findings, Obligation, Parameters, Party, Policy, Request, Threshold, Truth, Versions,
};
use licensing::Licensing;

/// The policy, with the lists it was configured with.
#[derive(Debug)]
pub struct UsBisAffiliates {
    lists: Versions<(Lists, Licensing)>,
    members: Versions<Members>,
}

/// The rule in its three times.
const AFFILIATES: [&str; 3] = ["affiliates-2025", "affiliates-suspended", "affiliates-2026"];

/// Most parties that one request can have screened: four findings each, and the host takes 256.
const MOST_SCREENED: usize = 60;

impl Policy for UsBisAffiliates {
    fn configure(_: &Parameters, datasets: &Datasets) -> Result<UsBisAffiliates, String> {
        let lists =
            datasets.read_as("lists", |bytes| Ok((Lists::parse(bytes)?, Licensing::parse(bytes)?)))?;
        let members = datasets.read_as("listed-parties", Members::parse)?;
        Ok(UsBisAffiliates { lists, members })
    }

    fn evaluate(&self, request: Request<'_>, findings: &mut Findings) -> Result<(), Refusal> {
        let screened = listed::screened(request, MOST_SCREENED)?;
        let (lists, licensing) = self.lists.at(request.date());
        if screened.is_empty() {
            let missing = [request.nobody("who takes part").to_contract()];
            let licence = Answer::LicenceRequired(licensing.of([]));
            findings.between("listed", "nobody-to-screen", (Answer::Permit, licence), missing);
        }
        let listed = Listed::new(request, lists, self.members.at(request.date()));
        let ownership = Ownership::of(request, "shareholding");
        let owned = Owned::new(&listed, &ownership, Threshold::AtLeast(listed::fifty()));
        for party in screened {
            let licence = Answer::LicenceRequired(licensing.of(listed.on(party)));
            let grade = listed.grade(party, "listed", licence);
            let finding = listed::tell(findings, "listed", ("not-listed", "listed-open"), [grade]);
            listed.explain(finding, party);
            for rule in AFFILIATES {
                affiliate(rule, &owned, licensing, party, findings);
            }
        }
        Ok(())
    }
}

fn affiliate<'a>(
    rule: &str,
    owned: &Owned<'_, '_, 'a>,
    licensing: &Licensing,
    party: Party<'a>,
    findings: &mut Findings,
) {
    let governing = licensing.of(owned.owners(party).flat_map(|owner| owned.listed().on(owner)));
    let grade = owned.grade(party, "affiliate", Answer::LicenceRequired(governing));
    let finding = listed::tell(findings, rule, ("no-affiliate", "affiliate-open"), [grade]);
    let finding = owned.explain(finding, party);
    if owned.passes(party) == Truth::Unknown {
        finding.obligation(Obligation::binding("resolve-red-flag").text("redFlag", "29"));
    }
}

lexgate_sdk::export!(UsBisAffiliates);

#[cfg(test)]
mod tests;
