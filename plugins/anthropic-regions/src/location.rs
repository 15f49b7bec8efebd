//! Rule `location`: a screened party is headquartered, or formed, in an unsupported region.

use crate::owners::{Owners, unsupported};
use lexgate_sdk::{Answer, Findings, Party};

/// Reports the rule for one party.
pub(crate) fn report<'a>(owners: &Owners<'_, 'a>, party: Party<'a>, findings: &mut Findings) {
    let law = party.jurisdiction();
    // A state has no seat but itself.
    let seat = if party.kind() == "state" { law } else { party.headquarters() };
    let places = [seat, law];
    let unsupported = |code: &str| unsupported(owners.regions, code);
    if let Some(place) = places.iter().find(|place| place.test(unsupported).certain()) {
        findings
            .say("location", "region-unsupported", Answer::Deny)
            .argument("party", party.called())
            .argument("region", place.value().unwrap_or_default())
            .evidence(place.evidence());
        return;
    }
    let mut missing = Vec::new();
    missing.extend(owners.regions.missing(&seat, "where it is headquartered (ISO 3166)"));
    missing.extend(owners.regions.missing(&law, "under which law it is formed (ISO 3166)"));
    let finding = if missing.is_empty() {
        findings.say("location", "region-supported", Answer::Permit)
    } else {
        findings.between("location", "region-open", (Answer::Permit, Answer::Deny), missing)
    };
    let known: Vec<_> = places.iter().filter_map(|place| place.evidence()).collect();
    finding.argument("party", party.called()).evidence(known);
}
