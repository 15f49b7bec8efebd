//! Rule `control`: influence from unsupported regions reaches a party with control somewhere on the way.
//!
//! It starts from owners of unsupported regions and from every party that such owners own by the cascade. It is passed on
//! by control interests and by more than half of the votes, and by half of the shares or more; votes and shares of all who
//! have influence count together. What happens inside the unsupported regions is no matter: a
//! path begins at the last party that is of one in itself. Whoever may be of one is reached, and control of it is possible
//! only: it would be no matter.

use crate::Terms;
use crate::owners::Owners;
use lexgate_sdk::influence::{Lines, Links, Passes, Reach};
use lexgate_sdk::listed::{self, fifty};
use lexgate_sdk::ownership::Held;
use lexgate_sdk::{Answer, Findings, Party, Threshold, Truth};

/// Returns the links on which influence travels.
pub(crate) fn links<'a>(owners: &Owners<'_, 'a>, terms: &Terms) -> Links<'a> {
    // Votes are counted against half of them, whatever threshold a binding sets for shares.
    let (votes, shares) = (Threshold::MoreThan(fifty()), Threshold::AtLeast(terms.threshold().amount()));
    let origin = |party| owners.is_attributable(party);
    Links::of(owners.request, Lines { votes, shares }, origin, passes)
}

/// Reports the rule for one party.
pub(crate) fn report<'a>(
    reach: &Reach<'_, 'a>,
    (owners, owned): (&Owners<'_, 'a>, &Held<'_, 'a>),
    party: Party<'a>,
    findings: &mut Findings,
) {
    let finding = match reach.controlled(party) {
        Truth::True => findings.say("control", "control-found", Answer::Review),
        Truth::False => findings.say("control", "control-not-found", Answer::Permit),
        Truth::Unknown => {
            let region = |owner| owners.missing_region(owner);
            let start = |start| region(start).into_iter().chain(owned.missing(start, region));
            let missing = reach.missing(party, start);
            findings.between("control", "control-open", (Answer::Permit, Answer::Review), missing)
        }
    };
    let (interests, starts) = reach.evidence(party);
    let mut known: Vec<_> = party.ownership().evidence().into_iter().collect();
    known.extend(interests);
    for start in starts {
        known.extend(owners.evidence(start));
    }
    finding.argument("party", party.called()).evidence(known);
}

/// Returns what interests of a kind pass on: the chair of the board is control, too.
fn passes(kind: &str) -> Passes {
    if kind == "boardChair" { Passes::Control } else { listed::control(kind) }
}
