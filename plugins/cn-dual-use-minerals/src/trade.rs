//! Where the goods come from and go to, and whether for the military of the United States.

use lexgate_sdk::{Condition, Fact, Party, Regions, Request, Truth, country, region_code};

/// Actions that move no goods. A word that is not known is looked at: a misspelt one switches nothing off.
const MOVE_NOTHING: [&str; 2] = ["use", "offer-to-public"];

/// Categories that are known to be no materials.
const NO_MATERIALS: [&str; 5] = ["compute", "ai-model", "chatbot", "videoconference", "storage"];

/// Roles that are known to receive only. A role that is not known exports and receives.
const RECEIVERS: [&str; 4] = ["purchaser", "intermediateConsignee", "ultimateConsignee", "endUser"];

pub(crate) const DESTINATION: &str = "where the goods go in the end (ISO 3166)";
const RECEIVER: &str = "who receives: a purchaser, consignee or end user";
const SEAT: &str = "where it is headquartered (ISO 3166)";

/// Which regions are China, and which the United States.
#[derive(Debug)]
pub(crate) struct Places {
    china: Regions,
    united_states: Regions,
}

/// The trade that a request asks about.
pub(crate) struct Trade<'p, 'a> {
    pub(crate) places: &'p Places,
    pub(crate) request: Request<'a>,
}

impl Places {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Places, String> {
        let list = |column| Regions::parse(bytes, column);
        Ok(Places { china: list("china")?, united_states: list("united-states")? })
    }

    /// Returns the country of a code; that of a second code is the one the list has it as.
    pub(crate) fn country<'c>(&'c self, code: &'c str) -> &'c str {
        self.china.listed_as(code).unwrap_or(country(code))
    }
}

impl<'a> Trade<'_, 'a> {
    /// Returns whether goods are moved, of a kind that may be a material.
    pub(crate) fn of_goods(&self) -> Condition<'a> {
        let moved = |action: &str| !MOVE_NOTHING.contains(&action);
        let goods = |category: &str| !NO_MATERIALS.contains(&category);
        let category = self.request.resource().category();
        Condition::all([
            Condition::of(self.request.action_as_fact(), "what is done with it", moved),
            Condition::of(category, "what kind of thing it is, such as `material`", goods),
        ])
    }

    /// Returns whether it is an export from China: the goods leave from there, or who exports them is of China.
    pub(crate) fn leaves_china(&self) -> Condition<'a> {
        let china = &self.places.china;
        let from = china.condition(self.place("exportedFrom"), "where the goods leave from (ISO 3166)");
        let exporters = self.request.players(|role| !RECEIVERS.contains(&role));
        let chinese = self.any(exporters, "who exports: a vendor, reseller or operator", |exporter| {
            let law = china.condition(exporter.jurisdiction(), "under which law it is formed (ISO 3166)");
            Condition::any([china.condition(exporter.headquarters(), SEAT), law])
        });
        Condition::any([from, chinese])
    }

    /// Returns whether the goods have their origin in China.
    pub(crate) fn originates_in_china(&self) -> Condition<'a> {
        let origin = self.request.resource().country_of_origin();
        self.places.china.condition(origin, "its customs origin (ISO 3166)")
    }

    /// Returns whether they go abroad.
    pub(crate) fn abroad(&self) -> Condition<'a> {
        self.goes(|place, expected| self.places.china.condition(place, expected).not())
    }

    /// Returns whether they go to the United States, directly or through others.
    pub(crate) fn to_united_states(&self) -> Condition<'a> {
        self.goes(|place, expected| self.places.united_states.condition(place, expected))
    }

    /// Returns whether a military user or use of the United States is served, if one knows whether they go there.
    pub(crate) fn military(&self, to_united_states: Condition<'a>) -> Condition<'a> {
        let used = Condition::of(self.request.purposes(), "the end uses, such as `civil`", military_use);
        let here = &self.places.united_states;
        let arrives = here.condition(self.destination(), DESTINATION);
        let users = self.any(self.receivers(), RECEIVER, |receiver| {
            let seated = here.condition(receiver.headquarters(), SEAT);
            Condition::all([Condition::any([seated, arrives.clone()]), serves(receiver)])
        });
        Condition::any([Condition::all([to_united_states, used]), users])
    }

    /// Returns where they are to arrive in the end.
    pub(crate) fn destination(&self) -> Fact<'a, &'a str> {
        self.place("destination")
    }

    /// Returns who receives them, in the end or in between; resellers and operators too where a vendor sells to them.
    pub(crate) fn receivers(&self) -> Vec<Party<'a>> {
        let sold = !self.request.players(|role| role == "vendor").is_empty();
        self.request.players(|role| role != "vendor" && (sold || !matches!(role, "reseller" | "operator")))
    }

    /// Returns whether they go to some place: it is the destination, or somebody there takes part on the receiving side.
    fn goes(&self, there: impl Fn(Fact<'a, &'a str>, &'static str) -> Condition<'a>) -> Condition<'a> {
        let received = self.any(self.receivers(), RECEIVER, |receiver| there(receiver.headquarters(), SEAT));
        Condition::any([there(self.destination(), DESTINATION), received])
    }

    /// Returns whether one of these passes a test; where there is none somebody is asked for.
    fn any(
        &self,
        parties: Vec<Party<'a>>,
        expected: &'static str,
        test: impl Fn(Party<'a>) -> Condition<'a>,
    ) -> Condition<'a> {
        if parties.is_empty() {
            return Condition::unknown([self.request.nobody(expected)]);
        }
        Condition::any(parties.into_iter().map(test))
    }

    /// Returns a place that the request states by name; the host does not check what stands there.
    fn place(&self, name: &'a str) -> Fact<'a, &'a str> {
        self.request.record().text(name).read(region_code)
    }
}

/// Returns whether a party is of the military or of its intelligence.
fn serves(party: Party<'_>) -> Condition<'_> {
    let flags = [
        (party.flag("militaryEndUser"), "whether it is a military end user"),
        (party.flag("militaryIntelligenceEndUser"), "whether it is a military-intelligence end user"),
    ];
    Condition::any(flags.map(|(flag, expected)| Condition::of(flag, expected, |is| is)))
}

/// Returns whether end uses are military. Of `resale` alone, or of a word that is not known, nobody can tell.
fn military_use(purposes: &[String]) -> Truth {
    let military = |purpose: &str| match purpose {
        "military" | "military-intelligence" | "wmd" => Truth::True,
        "civil" | "research" | "model-training" => Truth::False,
        _ => Truth::Unknown,
    };
    let telling = purposes.iter().filter(|purpose| *purpose != "resale");
    telling.map(|purpose| military(purpose)).reduce(Truth::or).unwrap_or(Truth::Unknown)
}
