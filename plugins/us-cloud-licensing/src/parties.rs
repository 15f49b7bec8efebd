//! Who provides the service, who gets it, and what for.

use lexgate_sdk::{Condition, Party, Regions, Request, Truth, country};

const SEAT: &str = "where it is headquartered (ISO 3166)";

/// Whether one of those on the side of the supply is headquartered in the United States or formed under their law.
pub(crate) fn provided_from_the_states<'a>(request: Request<'a>) -> Condition<'a> {
    let providers = request.players(|role| matches!(role, "vendor" | "reseller" | "operator"));
    if providers.is_empty() {
        return Condition::unknown([
            request.nobody("who provides the service: `vendor`, `reseller` or `operator`")
        ]);
    }
    let places = providers.iter().flat_map(|party| {
        [(party.headquarters(), SEAT), (party.jurisdiction(), "under which law it is formed (ISO 3166)")]
    });
    Condition::any(
        places.map(|(place, expected)| Condition::of(place, expected, |code| country(code) == "US")),
    )
}

/// Those who get the service: everybody but vendors and operators. A reseller gets it, too.
pub(crate) struct Customers<'a> {
    request: Request<'a>,
    pub(crate) parties: Vec<Party<'a>>,
}

impl<'a> Customers<'a> {
    pub(crate) fn new(request: Request<'a>) -> Customers<'a> {
        Customers { request, parties: request.players(|role| !matches!(role, "vendor" | "operator")) }
    }

    /// Whether one of them passes a test; open where nobody but resellers is named.
    fn any(&self, test: impl Fn(Party<'a>) -> Condition<'a>) -> Condition<'a> {
        let mut parts: Vec<_> = self.parties.iter().map(|&party| test(party)).collect();
        if self.request.customers().is_empty() {
            let expected = "a customer: any role but `vendor`, `reseller` and `operator`";
            parts.push(Condition::unknown([self.request.nobody(expected)]));
        }
        Condition::any(parts)
    }

    /// Whether one of them, or its ultimate parent, is headquartered in one of these places.
    pub(crate) fn headquartered(&self, regions: &Regions) -> Condition<'a> {
        self.any(|party| regions.lead(party))
    }

    /// Whether one of them is headquartered outside the United States.
    pub(crate) fn foreign(&self) -> Condition<'a> {
        self.any(|party| Condition::of(party.headquarters(), SEAT, |code| country(code) != "US"))
    }

    /// Whether one of them provides what it gets to others, to train their models.
    pub(crate) fn train_for_group_d5(&self) -> Condition<'a> {
        let expected =
            "whether models are trained on what it provides, for entities headquartered in Country Group D:5";
        self.any(|party| Condition::of(party.flag("trainsModelsForGroupD5"), expected, |trains| trains))
    }

    /// Whether the service is for one of these ends, or one of them is of such a kind.
    pub(crate) fn meant_for(
        &self,
        ends: &'static [&'static str],
        flags: &'static [&'static str],
    ) -> Condition<'a> {
        let of_kind = |party: Party<'a>| {
            let expected = "whether it is such an end user (EAR 744.21, 744.22)";
            Condition::any(
                flags.iter().map(|&name| Condition::of(party.flag(name), expected, |is_one| is_one)),
            )
        };
        Condition::any([self.purpose(ends), self.any(of_kind)])
    }

    /// Whether the service is for one of these ends. That it is resold, or a word that is not known, tells no end.
    pub(crate) fn purpose(&self, ends: &[&str]) -> Condition<'a> {
        let known = |end: &str| {
            matches!(
                end,
                "civil" | "model-training" | "military" | "military-intelligence" | "wmd" | "research"
            )
        };
        let test = |stated: &[String]| {
            let meant = stated.iter().any(|end| ends.contains(&end.as_str()));
            let told = !stated.is_empty() && stated.iter().all(|end| known(end));
            Truth::between(meant, meant || !told)
        };
        let expected =
            "the end uses: `civil`, `model-training`, `military`, `military-intelligence`, `wmd`, `research`";
        Condition::of(self.request.purposes(), expected, test)
    }
}
