//! Rules `majority` and `attribution`: who owns how much.

use crate::Terms;
use crate::owners::Owners;
use lexgate_sdk::ownership::{Held, Ownership};
use lexgate_sdk::{Answer, Findings, Party, Truth};

/// A rule that adds up what certain owners hold.
pub(crate) struct Rule {
    name: &'static str,
    /// Codes for: exceeded, not exceeded, open.
    codes: [&'static str; 3],
    derived: &'static str,
    /// What follows when the threshold is passed.
    severe: fn() -> Answer,
    /// Whether natural persons count.
    persons: bool,
}

/// More than half is owned by companies headquartered in unsupported regions: deny.
pub(crate) const MAJORITY: Rule = Rule {
    name: "majority",
    codes: ["majority-exceeded", "majority-not-exceeded", "majority-open"],
    derived: "ownedByUnsupportedRegions",
    severe: || Answer::Deny,
    persons: false,
};

/// More than half is owned by anybody of unsupported regions, natural persons included: a person must look.
pub(crate) const ATTRIBUTION: Rule = Rule {
    name: "attribution",
    codes: ["attribution-exceeded", "attribution-not-exceeded", "attribution-open"],
    derived: "attributedToUnsupportedRegions",
    severe: || Answer::Review,
    persons: true,
};

/// Returns what companies of unsupported regions hold: one sum, or one for each region where regions do not add up. None
/// where that is what anybody of those regions holds.
pub(crate) fn by_companies<'o, 'a>(
    owners: &Owners<'_, 'a>,
    ownership: &'o Ownership<'a>,
    terms: &Terms,
) -> Vec<Held<'o, 'a>> {
    let (method, _) = terms.method();
    let sum = |counts: &dyn Fn(Party<'a>) -> Truth| ownership.held(method, counts, terms.threshold());
    let regions = if terms.across_regions { Vec::new() } else { owners.regions_present() };
    if regions.is_empty() && owners.has_persons() {
        return vec![sum(&|party| owners.is_company(party))];
    }
    regions.into_iter().map(|listed| sum(&|party| owners.is_company_of(party, listed))).collect()
}

impl Rule {
    /// Reports the rule for one party: of several sums the strictest.
    pub(crate) fn report<'a>(
        &self,
        sums: &[&Held<'_, 'a>],
        (owners, terms): (&Owners<'_, 'a>, &Terms),
        party: Party<'a>,
        findings: &mut Findings,
    ) {
        let Some(sum) = sums.iter().max_by_key(|sum| strictness(sum, party)) else { return };
        let [exceeded, not_exceeded, open] = self.codes;
        let finding = match sum.passes(party) {
            Truth::True => findings.say(self.name, exceeded, (self.severe)()),
            Truth::False => findings.say(self.name, not_exceeded, Answer::Permit),
            Truth::Unknown => {
                let counts = |owner: &Party<'_>| self.persons || !owner.is_person();
                let region =
                    |owner| Some(owner).filter(counts).and_then(|owner| owners.missing_region(owner));
                let ends = (Answer::Permit, (self.severe)());
                findings.between(self.name, open, ends, sum.missing(party, region))
            }
        };
        let ((_, method), share) = (terms.method(), sum.share(party));
        let mut known: Vec<_> = party.ownership().evidence().into_iter().collect();
        for (interest, owner) in sum.evidence(party) {
            known.push(interest);
            owner.into_iter().for_each(|owner| known.extend(owners.evidence(owner)));
        }
        finding
            .argument("party", party.called())
            .argument("threshold", terms.threshold().amount())
            .interval("share", &share)
            .derived(self.derived, method, &share, "%")
            .evidence(known);
    }
}

/// Orders the sums of different regions: the one that passes first, then the one that might, then the larger.
fn strictness<'a>(sum: &Held<'_, 'a>, party: Party<'a>) -> impl Ord {
    let passes = sum.passes(party);
    (passes.certain(), passes.possible(), sum.share(party).maximum().value)
}
