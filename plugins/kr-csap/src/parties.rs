//! Who buys, and whose certificates count.

use lexgate_sdk::{Answer, NOT_SUPPLIED, Party, Request, Weighed};

/// Weighs whether a state or public body of Korea buys: permit if so, not applicable if not.
///
/// Everybody who takes part buys, except those on the side of the supply.
pub(crate) fn buyers(request: Request<'_>) -> Weighed<'_> {
    let buys = |role| !matches!(role, "vendor" | "reseller" | "operator");
    let buyers = request.participants().iter().filter(|participant| buys(participant.role()));
    let buyers: Vec<_> = buyers.filter_map(|participant| participant.party()).map(public_body).collect();
    if buyers.is_empty() {
        let expected = "a buyer: any role but vendor, reseller and operator";
        let nobody = request.participation().place().gap(expected, NOT_SUPPLIED);
        return Weighed::open((Answer::NotApplicable, Answer::Permit), [nobody]);
    }
    Weighed::strictest(buyers)
}

fn public_body(party: Party<'_>) -> Weighed<'_> {
    let public = match party.kind() {
        "state" | "stateBody" => Weighed::settled(Answer::Permit, party.kind_as_fact().evidence()),
        _ if party.is_person() => Weighed::settled(Answer::NotApplicable, party.kind_as_fact().evidence()),
        _ => {
            let expected = "whether it belongs to the public sector";
            Weighed::needs(party.flag("isPublicSector"), expected, |public| public, Answer::NotApplicable)
        }
    };
    let (law, seat) = (party.jurisdiction(), party.headquarters());
    let country = if law.value().is_none() && seat.value().is_some() { seat } else { law };
    let korean = Weighed::needs(country, "its country (ISO 3166)", in_korea, Answer::NotApplicable);
    Weighed::mildest([public, korean])
}

/// Returns those whose certificates count: who operates the deployment, else the operators that take part, else the
/// vendors.
pub(crate) fn providers(request: Request<'_>) -> Vec<Party<'_>> {
    let operator = request.deployment().then("operator", |deployment| deployment.operator());
    let playing = |role| {
        let participants = request.participants();
        let players = participants.iter().filter(|participant| participant.role() == role);
        players.filter_map(|participant| participant.party()).collect::<Vec<_>>()
    };
    match operator.value() {
        Some(operator) => vec![operator],
        None => Some(playing("operator")).filter(|found| !found.is_empty()).unwrap_or(playing("vendor")),
    }
}

/// Returns whether a country, or a subdivision of one, is Korea or in it.
pub(crate) fn in_korea(code: &str) -> bool {
    code.split('-').next() == Some("KR")
}
