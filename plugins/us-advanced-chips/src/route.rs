//! What happens to the item, and to whom: whether it moves at all, from where, to where, and who receives it.

use lexgate_sdk::{Condition, Fact, Party, Regions, Request, country};

/// What happens to the item, as the request states it.
pub(crate) struct Route<'a> {
    pub(crate) request: Request<'a>,
    /// Everybody who takes part in any role but that of the vendor, and may receive the item.
    pub(crate) recipients: Vec<Party<'a>>,
}

const CATEGORY: &str =
    "what is supplied: `component` for a chip, `compute` for computers or their use from afar";
const DESTINATION: &str = "the country to which the item goes (ISO 3166)";

impl<'a> Route<'a> {
    pub(crate) fn new(request: Request<'a>) -> Route<'a> {
        Route { request, recipients: request.players(|role| role != "vendor") }
    }

    /// Whether an item moves. Using what is there moves nothing, nor does access from afar. An action or a category that is
    /// not known is taken for one that moves something: a misspelt one switches nothing off.
    pub(crate) fn moved(&self) -> Condition<'a> {
        let category = self.request.resource().category();
        let other =
            |word| matches!(word, "ai-model" | "chatbot" | "videoconference" | "storage" | "material");
        let goods = Condition::of(category, CATEGORY, |word| !other(word));
        match self.request.action() {
            "use" | "offer-to-public" => Condition::fails(self.request.action_as_fact().evidence()),
            "export" | "reexport" | "in-country-transfer" => goods,
            _ => {
                let remote = self.request.record().flag("remoteAccessOnly");
                let expected = "whether it is used from afar only, and no item moves";
                let here = [
                    Condition::of(category, CATEGORY, |word| word == "component"),
                    Condition::of(remote, expected, |remote| !remote),
                ];
                Condition::all([goods, Condition::any(here)])
            }
        }
    }

    /// Whether it leaves the United States, or moves outside: not where it is merely supplied within them.
    pub(crate) fn exported(&self) -> Condition<'a> {
        match self.request.action() {
            "supply" | "procure" => {
                Condition::of(self.destination(), DESTINATION, |code| country(code) != "US")
            }
            _ => Condition::holds(self.request.action_as_fact().evidence()),
        }
    }

    /// Whether it goes to one of these places.
    pub(crate) fn leads_to(&self, regions: &Regions) -> Condition<'a> {
        regions.condition(self.destination(), DESTINATION)
    }

    /// Whether it is exported from the United States, as the word is meant there: neither re-exported nor transferred.
    pub(crate) fn from_the_states(&self) -> [Condition<'a>; 2] {
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

    fn destination(&self) -> Fact<'a, &'a str> {
        // Fields of the contract are checked by the host to be codes of ISO 3166, facts are not.
        let is_code =
            |code| country(code).len() == 2 && country(code).bytes().all(|byte| byte.is_ascii_uppercase());
        self.request.record().text("destination").read(|code| is_code(code).then_some(code))
    }
}
