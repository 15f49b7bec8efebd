//! Rule `control`: influence from unsupported regions reaches a party with control somewhere on the way.
//!
//! It starts from owners of unsupported regions and from every party that such owners own by the cascade. It is passed on
//! by control interests and by more than half of the votes, and by half of the shares or more; votes and shares of all who
//! have influence count together. What happens inside the unsupported regions is no matter: a
//! path begins at the last party that is of one in itself.

use crate::Terms;
use crate::owners::Owners;
use lexgate_sdk::contract::Missing;
use lexgate_sdk::influence::{Lines, Links, Passes, Reach};
use lexgate_sdk::ownership::Held;
use lexgate_sdk::{Amount, Answer, Decimal, Findings, Party, Threshold, Truth};

/// Who is owned from unsupported regions, and the links on which influence travels.
pub(crate) struct Control<'o, 'a> {
    owners: &'o Owners<'o, 'a>,
    owned: &'o Held<'o, 'a>,
    links: Links<'a>,
}

impl<'o, 'a> Control<'o, 'a> {
    /// Reads the links of the request; `owned` is what owners of unsupported regions hold by the cascade.
    pub(crate) fn new(owners: &'o Owners<'o, 'a>, owned: &'o Held<'o, 'a>, terms: &Terms) -> Control<'o, 'a> {
        let lines = Lines {
            votes: Threshold::MoreThan(half_of_the_votes()),
            shares: Threshold::AtLeast(terms.threshold().amount()),
        };
        let origin = |party| owners.is_attributable(party).certain();
        let links = Links::of(owners.request, lines, origin, passes);
        Control { owners, owned, links }
    }

    /// Finds whom influence reaches.
    pub(crate) fn reach(&self) -> Reach<'_, 'a> {
        self.links.from(|party| self.starts(party))
    }

    /// Reports the rule for one party.
    pub(crate) fn report(&self, reach: &Reach<'_, 'a>, party: Party<'a>, findings: &mut Findings) {
        let finding = match reach.controlled(party) {
            Truth::True => findings.say("control", "control-found", Answer::Review),
            Truth::False => findings.say("control", "control-not-found", Answer::Permit),
            Truth::Unknown => {
                let missing = reach.missing(party, |start| self.missing(start));
                findings.between("control", "control-open", (Answer::Permit, Answer::Review), missing)
            }
        };
        let (interests, starts) = reach.evidence(party);
        finding
            .argument("party", party.called())
            .evidence(party.ownership().evidence())
            .evidence(interests)
            .evidence(starts.into_iter().flat_map(|start| self.owners.evidence(start)));
    }

    fn starts(&self, party: Party<'a>) -> Truth {
        match self.owners.is_attributable(party) {
            Truth::True => Truth::True,
            _ => self.owned.caught(party),
        }
    }

    fn missing(&self, start: Party<'a>) -> Vec<Missing> {
        let own = self.owners.missing_region(start);
        own.into_iter().chain(self.owned.missing(start, |owner| self.owners.missing_region(owner))).collect()
    }
}

/// Returns what interests of a kind pass on.
fn passes(kind: &str) -> Passes {
    match kind {
        "appointmentOfBoard"
        | "boardChair"
        | "otherInfluenceOrControl"
        | "rightsGrantedByContract"
        | "controlViaCompanyRulesOrArticles"
        | "controlByLegalFramework" => Passes::Control,
        "votingRights" => Passes::Votes,
        "shareholding" => Passes::Shares,
        _ => Passes::Not,
    }
}

/// Votes are counted against half of them, whatever threshold a binding sets for shares.
fn half_of_the_votes() -> Amount {
    // INVARIANT: fifty is in range of an amount.
    Amount::try_from(Decimal::from(50)).unwrap_or(Amount::HUNDRED)
}
