//! Who takes part: US persons who are supplied, and everybody who supplies, runs or makes the service.

use lexgate_sdk::{Condition, Gap, Party, Request, country};

/// Returns whether a US person is supplied, and whether one that is a component of the Department of Defense is.
///
/// Everybody who takes part is supplied, except those on the side of the supply.
pub(crate) fn customers(request: Request<'_>) -> (Condition<'_>, Condition<'_>) {
    let parties = request.customers();
    if parties.is_empty() {
        let nobody = request.nobody("who is supplied: any role but vendor, reseller and operator");
        return (Condition::unknown([nobody]), Condition::unknown([nobody]));
    }
    let defense = parties.iter().map(|&party| {
        let expected = "whether it is a component of the US Department of Defense";
        let component = Condition::of(party.flag("isUsDefenseComponent"), expected, |component| component);
        Condition::all([component, of_us(party)])
    });
    (Condition::any(parties.iter().map(|&party| of_us(party))), Condition::any(defense))
}

/// Whether it is formed under the law of the US, headquartered there, or a US person otherwise.
fn of_us(party: Party<'_>) -> Condition<'_> {
    let here = |code| country(code) == "US";
    let flag = Condition::of(party.flag("isUsPerson"), "whether it is a US person", |us_person| us_person);
    if party.is_person() {
        return flag;
    }
    let law = Condition::of(party.jurisdiction(), "under which law it is formed (ISO 3166)", here);
    let seat = Condition::of(party.headquarters(), "where it is headquartered (ISO 3166)", here);
    Condition::any([law, seat, flag])
}

/// Who supplies, runs or makes the service.
pub(crate) struct Suppliers<'a> {
    /// Those who are known, each once.
    pub(crate) parties: Vec<Party<'a>>,
    /// Those who are not.
    unknown: Vec<Gap<'a>>,
}

impl<'a> Suppliers<'a> {
    /// Finds them: who takes part in any role but those of customers, and who runs or makes it.
    pub(crate) fn new(request: Request<'a>) -> Suppliers<'a> {
        const CUSTOMERS: [&str; 4] = ["purchaser", "endUser", "intermediateConsignee", "ultimateConsignee"];
        let mut parties = request.players(|role| !CUSTOMERS.contains(&role));
        let nobody = request.nobody("who supplies it, such as the `vendor`");
        let mut unknown = if parties.is_empty() { vec![nobody] } else { Vec::new() };
        let run = request.deployment();
        for (fact, expected) in [
            (run.operator(), "who operates it"),
            (run.infrastructure_provider(), "whose servers it uses"),
            (run.then("technologyProvider", |run| run.technology_provider()), "whose technology it is"),
            (request.resource().producer(), "who makes it"),
        ] {
            unknown.extend(fact.gap(expected));
            let known = |party: &Party<'_>| parties.iter().any(|one| one.index() == party.index());
            parties.extend(fact.value().filter(|party| !known(party)));
        }
        Suppliers { parties, unknown }
    }

    /// Returns a condition that anything may hold of those who are not known, if there are such.
    pub(crate) fn unknown(&self) -> Option<Condition<'a>> {
        (!self.unknown.is_empty()).then(|| Condition::unknown(self.unknown.iter().copied()))
    }
}
