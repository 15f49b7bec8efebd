//! What happens to the item: whether it moves at all, from where and to where.

use lexgate_sdk::{Condition, Fact, Regions, Request, country};

/// What happens to the item, as the request states it.
#[derive(Clone, Copy)]
pub(crate) struct Route<'a> {
    request: Request<'a>,
}

const CATEGORY: &str =
    "what is supplied: `component` for a chip, `compute` for computers or their use from afar";
const DESTINATION: &str = "the country to which the item goes (ISO 3166)";

impl<'a> Route<'a> {
    pub(crate) fn new(request: Request<'a>) -> Route<'a> {
        Route { request }
    }

    /// Whether an item moves. Using what is there moves nothing, nor does access from afar. An action or a category that is
    /// not known is taken for one that moves something: a misspelt one switches nothing off.
    pub(crate) fn moved(self) -> Condition<'a> {
        let action = self.request.action_as_fact();
        let category = self.request.resource().category();
        let goods = || {
            let other =
                |word| matches!(word, "ai-model" | "chatbot" | "videoconference" | "storage" | "material");
            Condition::of(category, CATEGORY, |word| !other(word))
        };
        match self.request.action() {
            "use" | "offer-to-public" => Condition::fails(action.evidence()),
            "export" | "reexport" | "in-country-transfer" => goods(),
            _ => {
                let remote = self.request.record().flag("remoteAccessOnly");
                let here = [
                    Condition::of(category, CATEGORY, |word| word == "component"),
                    Condition::of(remote, "whether it is used from afar only, and no item moves", |remote| {
                        !remote
                    }),
                ];
                Condition::all([goods(), Condition::any(here)])
            }
        }
    }

    /// Whether what is already in place goes on being used.
    pub(crate) fn in_use(self) -> bool {
        self.request.action() == "use"
    }

    /// Whether it leaves the United States, or moves outside: not where it is merely supplied within them.
    pub(crate) fn exported(self) -> Condition<'a> {
        match self.request.action() {
            "supply" | "procure" => {
                Condition::of(self.destination(), DESTINATION, |code| country(code) != "US")
            }
            _ => Condition::holds(self.request.action_as_fact().evidence()),
        }
    }

    /// Whether it goes to one of these places.
    pub(crate) fn to(self, regions: &Regions) -> Condition<'a> {
        regions.condition(self.destination(), DESTINATION)
    }

    /// Whether it is exported from the United States, as the word is meant there: neither re-exported nor transferred.
    pub(crate) fn from_the_states(self) -> [Condition<'a>; 2] {
        let action = self.request.action_as_fact();
        let from = self.request.record().text("exportedFrom");
        [
            Condition::of(action, "`export`", |action| action == "export"),
            Condition::of(from, "the country from which the item is exported (ISO 3166)", |code| {
                country(code) == "US"
            }),
        ]
    }

    fn destination(self) -> Fact<'a, &'a str> {
        self.request.record().text("destination").read(|code| is_region(code).then_some(code))
    }
}

/// Whether it is written as an ISO 3166 code is. Fields of the contract are checked by the host, facts are not.
fn is_region(code: &str) -> bool {
    let own = country(code);
    own.len() == 2 && own.bytes().all(|byte| byte.is_ascii_uppercase())
}
