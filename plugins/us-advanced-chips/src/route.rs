//! What happens to the item, and to whom: whether it moves at all, from where, to where, and who receives it.

use lexgate_sdk::{Condition, Fact, Party, Regions, Request, country, region_code};

/// What happens to the item, as the request states it.
pub(crate) struct Route<'a> {
    pub(crate) request: Request<'a>,
    /// Everybody who takes part in any role but that of the vendor, and may receive the item.
    pub(crate) recipients: Vec<Party<'a>>,
    /// Whether an item moves that may be controlled.
    pub(crate) moved: Condition<'a>,
    /// Whether it leaves the United States, or moves outside: not where it is merely supplied within them.
    pub(crate) exported: Condition<'a>,
}

const CATEGORY: &str =
    "what is supplied: `component` for a chip, `compute` for computers or their use from afar";
const DESTINATION: &str = "the country to which the item goes (ISO 3166)";

impl<'a> Route<'a> {
    /// `classified` is whether an ECCN says that the item is controlled.
    pub(crate) fn new(request: Request<'a>, classified: &Condition<'a>) -> Route<'a> {
        let exported = match request.action() {
            "supply" | "procure" => {
                Condition::of(destination(request), DESTINATION, |code| country(code) != "US")
            }
            _ => Condition::holds(request.action_as_fact().evidence()),
        };
        let recipients = request.players(|role| role != "vendor");
        Route { request, recipients, moved: moved(request, classified), exported }
    }

    /// Whether it goes to one of these places.
    pub(crate) fn leads_to(&self, regions: &Regions) -> Condition<'a> {
        regions.condition(destination(self.request), DESTINATION)
    }

    /// Whether it is exported from the United States, as the word is meant there: neither re-exported nor transferred.
    pub(crate) fn leaves_the_states(&self) -> [Condition<'a>; 2] {
        let from = self.request.record().text("exportedFrom");
        let expected = "the country from which the item is exported (ISO 3166)";
        [
            Condition::of(self.request.action_as_fact(), "`export`", |action| action == "export"),
            Condition::of(from, expected, |code| country(code) == "US"),
        ]
    }

    /// Whether one of the recipients passes a test; open where there is nobody.
    pub(crate) fn reaches(&self, test: impl Fn(Party<'a>) -> Condition<'a>) -> Condition<'a> {
        if self.recipients.is_empty() {
            return Condition::unknown([self.request.nobody("who receives the item: any role but `vendor`")]);
        }
        Condition::any(self.recipients.iter().map(|&party| test(party)))
    }

    /// Whether a paper names where it goes: the place, or its country.
    pub(crate) fn destination_in(&self, scope: &'a [String]) -> Condition<'a> {
        let named = |code: &str| scope.iter().any(|word| word == code || word == country(code));
        Condition::of(destination(self.request), DESTINATION, named)
    }
}

/// Whether an item moves that may be controlled. Using what is there moves nothing, nor does supplying access from afar.
/// An action or a category that is not known is taken for one that moves something: a misspelt one switches nothing
/// off. A service is no item; storage and materials are one that is meant here if an ECCN says so.
fn moved<'a>(request: Request<'a>, classified: &Condition<'a>) -> Condition<'a> {
    let category = |test: fn(&str) -> bool| Condition::of(request.resource().category(), CATEGORY, test);
    let thing = category(|word| !matches!(word, "ai-model" | "chatbot" | "videoconference"));
    let meant = category(|word| !matches!(word, "storage" | "material"));
    let goods = Condition::all([thing, Condition::any([meant, classified.clone()])]);
    match request.action() {
        "use" | "offer-to-public" => Condition::fails(request.action_as_fact().evidence()),
        "supply" | "procure" => {
            let expected = "whether it is used from afar only, and no item moves";
            let remote = request.record().flag("remoteAccessOnly");
            let here = Condition::of(remote, expected, |remote| !remote);
            Condition::all([goods, Condition::any([category(|word| word == "component"), here])])
        }
        _ => goods,
    }
}

fn destination(request: Request<'_>) -> Fact<'_, &str> {
    // Fields of the contract are checked by the host to be codes of ISO 3166, facts are not.
    request.record().text("destination").read(region_code)
}
