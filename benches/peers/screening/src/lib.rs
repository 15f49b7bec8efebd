//! The common workload as a policy, built with the sdk: supply is denied to a customer that is formed or headquartered in a
//! restricted place, or of which owners from there hold more than half; processors take a licence from a quarter on.

use lexgate_sdk::contract::{LicensingPolicy, Refusal};
use lexgate_sdk::{
    Answer, Datasets, Evidence, Fact, Findings, Interval, Parameters, Party, Percent, Policy, Request,
    Threshold, Truth,
};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Terms {
    restricted: Vec<String>,
    denied: Percent,
    licensed: Percent,
}

struct Workload {
    restricted: Vec<String>,
    denied: Threshold,
    licensed: Threshold,
}

impl Policy for Workload {
    fn configure(parameters: &Parameters, _: &Datasets) -> Result<Workload, String> {
        let Terms { restricted, denied, licensed } = parameters.parse()?;
        let (denied, licensed) = (Threshold::MoreThan(denied.0), Threshold::MoreThan(licensed.0));
        Ok(Workload { restricted, denied, licensed })
    }

    fn evaluate(&self, request: Request<'_>, findings: &mut Findings) -> Result<(), Refusal> {
        let customer = request.participants().iter().find(|participant| participant.role() == "endUser");
        let customer = customer.and_then(|participant| participant.party());
        let customer = customer.ok_or_else(|| Refusal::Unsupported("there is no end user".into()))?;
        let seats = [customer.jurisdiction(), customer.headquarters()];
        if let Some(caught) = seats.iter().find(|seat| self.catches(seat)) {
            findings.say("supply", "place", Answer::Deny).evidence(caught.evidence());
            return Ok(());
        }
        let category = request.resource().category();
        let (owned, interests) = self.owned(request, customer);
        let (denied, licensed) = (self.denied.passed_by(&owned), self.licensed.passed_by(&owned));
        if [denied, licensed].contains(&Truth::Unknown) || seats.iter().any(|seat| seat.value().is_none()) {
            let missing = request.nobody("places and exact shares").to_contract();
            findings.between("supply", "open", (Answer::Permit, Answer::Deny), [missing]);
        } else if denied.certain() {
            findings.say("supply", "owned", Answer::Deny).evidence(interests);
        } else if licensed.certain() && category.value() == Some("gpu-cloud") {
            let licence = Answer::LicenceRequired(LicensingPolicy::CaseByCase);
            findings.say("supply", "licence", licence).evidence(interests).evidence(category.evidence());
        } else {
            findings.say("supply", "clear", Answer::Permit).evidence(seats.iter().filter_map(Fact::evidence));
        }
        Ok(())
    }
}

impl Workload {
    fn catches(&self, place: &Fact<'_, &str>) -> bool {
        place.value().is_some_and(|place| self.restricted.iter().any(|restricted| restricted == place))
    }

    /// Returns how much of a party owners from restricted places hold directly, and by which interests.
    fn owned<'a>(&self, request: Request<'a>, party: Party<'a>) -> (Interval, Vec<Evidence<'a>>) {
        let (mut sum, mut interests) = (Interval::ZERO, Vec::new());
        for relationship in request.relationships().value().iter().flat_map(|all| all.iter()) {
            let owner = relationship.interested_party().value();
            if relationship.subject().map(|subject| subject.index()) == Some(party.index())
                && owner.is_some_and(|owner| self.catches(&owner.jurisdiction()))
            {
                for interest in relationship.interests().value().iter().flat_map(|all| all.iter()) {
                    sum = sum.plus(&interest.share().value().unwrap_or(Interval::ANY_SHARE));
                    interests.push(interest.evidence());
                }
            }
        }
        (sum, interests)
    }
}

lexgate_sdk::export!(Workload);
