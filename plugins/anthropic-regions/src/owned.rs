//! Rules `majority` and `attribution`: who owns how much.

use crate::Terms;
use crate::owners::Owners;
use lexgate_sdk::contract::Missing;
use lexgate_sdk::ownership::{Held, Ownership};
use lexgate_sdk::{Answer, Finding, Findings, Party, Truth};

/// A rule that adds up what certain owners hold.
pub(crate) struct Rule<'o, 'a> {
    name: &'static str,
    /// Codes for: exceeded, not exceeded, open.
    codes: [&'static str; 3],
    derived: &'static str,
    /// What follows when the threshold is passed.
    severe: Answer,
    terms: &'o Terms,
    owners: &'o Owners<'o, 'a>,
    missing: fn(&Owners<'_, 'a>, Party<'a>) -> Option<Missing>,
    /// One sum, or one for each region where regions do not add up.
    sums: Vec<Held<'o, 'a>>,
}

/// More than half is owned by companies headquartered in unsupported regions: deny.
///
/// `anybody` is what anybody of those regions holds, by the method of the terms.
pub(crate) fn majority<'o, 'a>(
    owners: &'o Owners<'o, 'a>,
    ownership: &'o Ownership<'a>,
    anybody: &Held<'o, 'a>,
    terms: &'o Terms,
) -> Rule<'o, 'a> {
    let (method, _) = terms.method();
    let sum = |counts: &dyn Fn(Party<'a>) -> Truth| ownership.held(method, counts, terms.threshold());
    let regions = if terms.across_regions { Default::default() } else { owners.regions_present() };
    let mut sums: Vec<_> =
        regions.into_iter().map(|listed| sum(&|party| owners.is_company_of(party, listed))).collect();
    if sums.is_empty() {
        let same = !owners.has_persons();
        sums.push(if same { anybody.clone() } else { sum(&|party| owners.is_company(party)) });
    }
    Rule {
        name: "majority",
        codes: ["majority-exceeded", "majority-not-exceeded", "majority-open"],
        derived: "ownedByUnsupportedRegions",
        severe: Answer::Deny,
        terms,
        owners,
        missing: |owners, party| owners.missing_seat(party),
        sums,
    }
}

/// More than half is owned by anybody of unsupported regions, natural persons included: a person must look.
///
/// `anybody` is what they hold, by the method of the terms.
pub(crate) fn attribution<'o, 'a>(
    owners: &'o Owners<'o, 'a>,
    anybody: Held<'o, 'a>,
    terms: &'o Terms,
) -> Rule<'o, 'a> {
    Rule {
        name: "attribution",
        codes: ["attribution-exceeded", "attribution-not-exceeded", "attribution-open"],
        derived: "attributedToUnsupportedRegions",
        severe: Answer::Review,
        terms,
        owners,
        missing: |owners, party| owners.missing_region(party),
        sums: vec![anybody],
    }
}

impl<'a> Rule<'_, 'a> {
    /// Reports the rule for one party.
    pub(crate) fn report(&self, party: Party<'a>, findings: &mut Findings) {
        let Some(sum) = self.sums.iter().max_by_key(|sum| strictness(sum, party)) else { return };
        let [exceeded, not_exceeded, open] = self.codes;
        let finding = match sum.passes(party) {
            Truth::True => findings.say(self.name, exceeded, self.severe.clone()),
            Truth::False => findings.say(self.name, not_exceeded, Answer::Permit),
            Truth::Unknown => {
                let missing = sum.missing(party, |owner| (self.missing)(self.owners, owner));
                findings.between(self.name, open, (Answer::Permit, self.severe.clone()), missing)
            }
        };
        self.explain(finding, sum, party);
    }

    fn explain(&self, finding: Finding<'_>, sum: &Held<'_, 'a>, party: Party<'a>) {
        let (_, method) = self.terms.method();
        let share = sum.share(party);
        finding
            .argument("party", party.called())
            .argument("threshold", self.terms.threshold().amount())
            .interval("share", &share)
            .derived(self.derived, method, &share, "%")
            .evidence(party.ownership().evidence())
            .evidence(sum.evidence(party).flat_map(|(interest, owner)| {
                let region = owner.into_iter().flat_map(|owner| self.owners.evidence(owner));
                core::iter::once(interest).chain(region)
            }));
    }
}

/// Orders the sums of different regions: the one that passes first, then the one that might, then the larger.
fn strictness<'a>(sum: &Held<'_, 'a>, party: Party<'a>) -> impl Ord {
    let passes = sum.passes(party);
    (passes.certain(), passes.possible(), sum.share(party).maximum().value)
}
