//! The common workload as a policy of an ordinary kind: what `wit-bindgen` makes of the contract, and Rust's usual
//! allocator. It reports the same findings as the policy that is built with the sdk, but keeps to whole percents.

mod bindings {
    wit_bindgen::generate!({ path: "../../../wit", world: "screening-policy" });
}

use bindings::exports::lexgate::screening::policy::Guest;
use bindings::lexgate::screening::types::{
    Element, Finding, InterestedParty, LicensingPolicy, Outcome, Place, Refusal, Request,
};

struct Ordinary;

const RESTRICTED: [&str; 4] = ["CN", "RU", "IR", "KP"];

fn restricted(place: Option<&String>) -> bool {
    place.is_some_and(|place| RESTRICTED.contains(&place.as_str()))
}

fn finding(code: &str, outcome: Outcome, evidence: Vec<Place>) -> Finding {
    Finding {
        rule: "supply".into(),
        code: code.into(),
        floor: outcome,
        ceiling: outcome,
        licensing: (outcome == Outcome::LicenceRequired).then_some(LicensingPolicy::CaseByCase),
        arguments: Vec::new(),
        evidence,
        derived: Vec::new(),
        obligations: Vec::new(),
        missing: Vec::new(),
    }
}

fn place(at: Element, field: &str) -> Place {
    Place { at, field: field.into() }
}

impl Guest for Ordinary {
    fn configure(_: String) -> Result<(), String> {
        Ok(())
    }

    fn evaluate(request: Request) -> Result<Vec<Finding>, Refusal> {
        let unsupported = |why: &str| Refusal::Unsupported(why.into());
        let customer = request.participants.iter().find(|participant| participant.role == "endUser");
        let index = customer.ok_or_else(|| unsupported("there is no end user"))?.party;
        let customer =
            request.parties.get(index as usize).ok_or_else(|| unsupported("there is no customer"))?;
        let seats = [("jurisdiction", &customer.jurisdiction), ("headquarters", &customer.headquarters)];
        if let Some((field, _)) = seats.iter().find(|(_, seat)| restricted(seat.as_ref())) {
            return Ok(vec![finding("place", Outcome::Deny, vec![place(Element::Party(index), field)])]);
        }
        let (mut owned, mut evidence) = (0, Vec::new());
        for (number, relationship) in (0..).zip(request.relationships.iter().flatten()) {
            let InterestedParty::Known(owner) = relationship.interested_party else { continue };
            let owner = request.parties.get(owner as usize);
            if relationship.subject != index
                || !restricted(owner.and_then(|owner| owner.jurisdiction.as_ref()))
            {
                continue;
            }
            for (interest, stated) in (0..).zip(relationship.interests.iter().flatten()) {
                let share = stated.share.ok_or_else(|| unsupported("a share is not stated"))?.minimum.value;
                let power = u32::try_from(share.exponent).map_err(|_| unsupported("a share is not whole"))?;
                owned += share.coefficient * 10i64.pow(power);
                evidence.push(place(Element::Interest((number, interest)), ""));
            }
        }
        let processors = request.resource.category.as_deref() == Some("gpu-cloud");
        Ok(vec![if owned > 50 {
            finding("owned", Outcome::Deny, evidence)
        } else if owned > 25 && processors {
            evidence.push(place(Element::Item, "category"));
            finding("licence", Outcome::LicenceRequired, evidence)
        } else {
            let seats = seats.iter().filter(|(_, seat)| seat.is_some());
            finding(
                "clear",
                Outcome::Permit,
                seats.map(|(field, _)| place(Element::Party(index), field)).collect(),
            )
        }])
    }
}

bindings::export!(Ordinary with_types_in bindings);
