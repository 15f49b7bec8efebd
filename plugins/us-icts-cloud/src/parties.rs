//! Who takes part: US persons who are supplied, and everybody who supplies, runs or makes the service.

use lexgate_sdk::{Condition, Gap, Party, Request, country};

/// Who is supplied: everybody who takes part, except those on the side of the supply.
pub(crate) struct Customers<'a> {
    /// Whether one of them is a US person.
    pub(crate) of_us: Condition<'a>,
    /// Whether one of them is a US person and a component of the Department of Defense.
    pub(crate) defense: Condition<'a>,
}

impl<'a> Customers<'a> {
    pub(crate) fn new(request: Request<'a>) -> Customers<'a> {
        let parties = request.customers();
        if parties.is_empty() {
            let expected = "who is supplied: any role but vendor, reseller and operator";
            let nobody = Condition::unknown([request.nobody(expected)]);
            return Customers { of_us: nobody.clone(), defense: nobody };
        }
        let expected = "whether it is a component of the US Department of Defense";
        let defense = |party: &Party<'a>| {
            let component =
                Condition::of(party.flag("isUsDefenseComponent"), expected, |component| component);
            Condition::all([component, of_us(*party)])
        };
        Customers {
            of_us: Condition::any(parties.iter().map(|&party| of_us(party))),
            defense: Condition::any(parties.iter().map(defense)),
        }
    }
}

/// Whether it is formed under the law of the US, headquartered there, or a US person otherwise.
fn of_us(party: Party<'_>) -> Condition<'_> {
    let flag = Condition::of(party.flag("isUsPerson"), "whether it is a US person", |us_person| us_person);
    if party.is_person() {
        return flag;
    }
    let here = |code| country(code) == "US";
    let law = Condition::of(party.jurisdiction(), "under which law it is formed (ISO 3166)", here);
    let seat = Condition::of(party.headquarters(), "where it is headquartered (ISO 3166)", here);
    Condition::any([law, seat, flag])
}

/// Who supplies, runs or makes the service.
pub(crate) struct Suppliers<'a> {
    /// Those who are known, each once.
    pub(crate) parties: Vec<Party<'a>>,
    unknown: Vec<Gap<'a>>,
}

impl<'a> Suppliers<'a> {
    /// Finds them: who takes part in any role but those of customers, and who runs or makes it.
    pub(crate) fn new(request: Request<'a>) -> Suppliers<'a> {
        let buys = |role: &str| {
            matches!(role, "purchaser" | "endUser" | "intermediateConsignee" | "ultimateConsignee")
        };
        let mut suppliers = Suppliers { parties: request.players(|role| !buys(role)), unknown: Vec::new() };
        if suppliers.parties.is_empty() {
            suppliers.unknown.push(request.nobody("who supplies it, such as the `vendor`"));
        }
        let deployment = request.deployment();
        for (fact, expected) in [
            (deployment.then("operator", |it| it.operator()), "who operates it"),
            (
                deployment.then("infrastructureProvider", |it| it.infrastructure_provider()),
                "whose facilities it runs on",
            ),
            (deployment.then("technologyProvider", |it| it.technology_provider()), "whose technology it is"),
            (request.resource().producer(), "who makes it"),
        ] {
            suppliers.unknown.extend(fact.gap(expected));
            let known = |party: &Party<'_>| suppliers.parties.iter().any(|one| one.index() == party.index());
            if let Some(party) = fact.value().filter(|party| !known(party)) {
                suppliers.parties.push(party);
            }
        }
        suppliers
    }

    /// Returns a condition that anything may hold of those who are not known, if there are such.
    pub(crate) fn unknown(&self) -> Option<Condition<'a>> {
        (!self.unknown.is_empty()).then(|| Condition::unknown(self.unknown.iter().copied()))
    }
}
