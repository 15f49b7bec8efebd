//! Where the goods come from and go to, and whether for the military of the United States.

use lexgate_sdk::{Condition, Fact, Party, Regions, Request, Truth, region_code};

/// Actions that move no goods. A word that is not known is looked at: a misspelt one switches nothing off.
const MOVE_NOTHING: [&str; 2] = ["use", "offer-to-public"];

/// Categories that are known to be no materials.
const NO_MATERIALS: [&str; 5] = ["compute", "ai-model", "chatbot", "videoconference", "storage"];

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
        let (china, united_states) =
            (Regions::parse(bytes, "china")?, Regions::parse(bytes, "united-states")?);
        Ok(Places { china, united_states })
    }
}

impl<'a> Trade<'_, 'a> {
    /// Returns whether goods are moved, of a kind that may be a material.
    pub(crate) fn of_goods(&self) -> Condition<'a> {
        let moved = |action: &str| !MOVE_NOTHING.contains(&action);
        let goods = |category: &str| !NO_MATERIALS.contains(&category);
        Condition::all([
            Condition::of(self.request.action_as_fact(), "what is done with it", moved),
            Condition::of(
                self.request.resource().category(),
                "what kind of thing it is, such as `material`",
                goods,
            ),
        ])
    }

    /// Returns whether it is an export from China: the goods leave from there, or who exports them is of China.
    pub(crate) fn leaves_china(&self) -> Condition<'a> {
        let from = self.place("exportedFrom");
        let leaves = self.places.china.condition(from, "where the goods leave from (ISO 3166)");
        let exporters = self.request.players(|role| matches!(role, "vendor" | "reseller" | "operator"));
        let unnamed = exporters.is_empty().then(|| {
            let expected = "who exports: a vendor, reseller or operator";
            Condition::unknown([self.request.nobody(expected)])
        });
        let chinese = exporters.iter().flat_map(|exporter| {
            let seat = (exporter.headquarters(), "where it is headquartered (ISO 3166)");
            let law = (exporter.jurisdiction(), "under which law it is formed (ISO 3166)");
            [seat, law].map(|(place, expected)| self.places.china.condition(place, expected))
        });
        Condition::any([leaves].into_iter().chain(chinese).chain(unnamed))
    }

    /// Returns whether the goods are of China: they have their origin there, or are exported from there.
    pub(crate) fn of_china(&self) -> Condition<'a> {
        let origin = self.request.resource().country_of_origin();
        Condition::any([
            self.leaves_china(),
            self.places.china.condition(origin, "its customs origin (ISO 3166)"),
        ])
    }

    /// Returns whether they go abroad.
    pub(crate) fn abroad(&self) -> Condition<'a> {
        self.goes(|place, expected| self.places.china.condition(place, expected).not())
    }

    /// Returns whether they go to the United States, directly or through others.
    pub(crate) fn to_united_states(&self) -> Condition<'a> {
        self.goes(|place, expected| self.places.united_states.condition(place, expected))
    }

    /// Returns whether a military user or use of the United States is served.
    pub(crate) fn military(&self) -> Condition<'a> {
        let used = Condition::of(self.request.purposes(), "the end uses, such as `civil`", military_use);
        let use_there = Condition::all([self.to_united_states(), used]);
        let destination = || self.places.united_states.condition(self.destination(), DESTINATION);
        let users = self.request.customers().into_iter().map(|customer| {
            let seat = self.places.united_states.condition(customer.headquarters(), SEAT);
            Condition::all([Condition::any([seat, destination()]), serves(customer)])
        });
        Condition::any([use_there].into_iter().chain(users))
    }

    /// Returns where they are to arrive in the end.
    pub(crate) fn destination(&self) -> Fact<'a, &'a str> {
        self.place("destination")
    }

    /// Returns whether they go to some place: it is the destination, or somebody there takes part on the receiving side.
    fn goes(&self, there: impl Fn(Fact<'a, &'a str>, &'static str) -> Condition<'a>) -> Condition<'a> {
        let customers = self.request.customers();
        let nobody = customers.is_empty().then(|| {
            Condition::unknown([self
                .request
                .nobody("who receives: any role but vendor, reseller and operator")])
        });
        let seats = customers.iter().map(|customer| there(customer.headquarters(), SEAT));
        Condition::any([there(self.destination(), DESTINATION)].into_iter().chain(seats).chain(nobody))
    }

    /// Returns a place that the request states by name; the host does not check what stands there.
    fn place(&self, name: &'a str) -> Fact<'a, &'a str> {
        self.request.record().text(name).read(region_code)
    }
}

pub(crate) const DESTINATION: &str = "where the goods go in the end (ISO 3166)";
const SEAT: &str = "where it is headquartered (ISO 3166)";

/// Returns whether a party is of the military or of its intelligence.
fn serves(party: Party<'_>) -> Condition<'_> {
    Condition::any([
        Condition::of(party.flag("militaryEndUser"), "whether it is a military end user", |is| is),
        Condition::of(
            party.flag("militaryIntelligenceEndUser"),
            "whether it is a military-intelligence end user",
            |is| is,
        ),
    ])
}

/// Returns whether end uses are military. Of `resale` alone, or of a word that is not known, nobody can tell.
fn military_use(purposes: &[String]) -> Truth {
    let any = |words: &[&str]| purposes.iter().any(|purpose| words.contains(&purpose.as_str()));
    let known =
        |purpose: &String| matches!(purpose.as_str(), "civil" | "research" | "model-training" | "resale");
    if any(&["military", "military-intelligence", "wmd"]) {
        Truth::True
    } else if any(&["civil", "research", "model-training"]) && purposes.iter().all(known) {
        Truth::False
    } else {
        Truth::Unknown
    }
}
