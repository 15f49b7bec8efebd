//! Rule `location`: a screened party is headquartered, or formed, in an unsupported region.

use crate::owners::{Owners, unsupported};
use lexgate_sdk::{Answer, Findings, Party, Truth};

/// Reports the rule for one party.
pub(crate) fn report<'a>(owners: &Owners<'_, 'a>, party: Party<'a>, findings: &mut Findings) {
    let (seat, law) = (owners.seat(party), party.jurisdiction());
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
    let all_supported = places.iter().all(|place| place.test(unsupported) == Truth::False);
    let finding = if all_supported {
        findings.say("location", "region-supported", Answer::Permit)
    } else {
        let missing = [
            owners.regions.missing(&seat, "where it is headquartered (ISO 3166)"),
            owners.regions.missing(&law, "under which law it is formed (ISO 3166)"),
        ];
        let ends = (Answer::Permit, Answer::Deny);
        findings.between("location", "region-open", ends, missing.into_iter().flatten())
    };
    let known = places.iter().filter_map(|place| place.evidence());
    finding.argument("party", party.called()).evidence(known);
}
