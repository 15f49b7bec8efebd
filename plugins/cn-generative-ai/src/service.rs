//! The service: whether it is generative AI, offered to the public in mainland China, by whom, and filed or not.

use lexgate_sdk::{Condition, Fact, Party, Regions, Request, Truth, region_code};

/// Categories that are known to be something else. A word that is not known is looked at: a misspelt one switches nothing
/// off.
const NOT_GENERATIVE: [&str; 5] = ["compute", "videoconference", "storage", "material", "component"];

/// Roles that are known to offer nothing.
const CUSTOMERS: [&str; 4] = ["purchaser", "intermediateConsignee", "ultimateConsignee", "endUser"];

/// The service that a request asks about.
pub(crate) struct Service<'p, 'a> {
    pub(crate) request: Request<'a>,
    /// Which regions are mainland China.
    pub(crate) mainland: &'p Regions,
}

impl<'a> Service<'_, 'a> {
    /// Returns whether it may be generative AI.
    pub(crate) fn generative(&self) -> Condition<'a> {
        let expected = "what kind of service it is, such as `chatbot`";
        let may_be = |category: &str| !NOT_GENERATIVE.contains(&category);
        Condition::of(self.request.resource().category(), expected, may_be)
    }

    /// Returns whether it is offered in mainland China, from wherever it is run.
    pub(crate) fn in_mainland(&self) -> Condition<'a> {
        let territory = self.request.record().texts("territory");
        Condition::of(territory, "where it is offered (ISO 3166), each country", |codes| {
            let meant = |code: &String| match region_code(code) {
                Some(code) => self.mainland.has(code),
                None => Truth::Unknown,
            };
            // Of a list without any country nobody can tell.
            match codes.iter().map(meant).reduce(Truth::or) {
                Some(meant) => meant,
                None => Truth::Unknown,
            }
        })
    }

    /// Returns whether it is offered to the public: the action says so, or the audience.
    pub(crate) fn public(&self) -> Condition<'a> {
        let action = self.request.action_as_fact();
        let audience = self.request.record().text("audience");
        Condition::any([
            Condition::of(action, "what is done with it", |action| action == "offer-to-public"),
            Condition::of(
                audience,
                "to whom it is offered: `public` or `internal`",
                |audience| match audience {
                    "public" => Truth::True,
                    "internal" => Truth::False,
                    _ => Truth::Unknown,
                },
            ),
        ])
    }

    /// Returns whether it is foreign: who makes it, or somebody who offers it, is headquartered or formed elsewhere. Who takes
    /// part in a role that is not known offers it.
    pub(crate) fn foreign(&self) -> Condition<'a> {
        let producer = self.request.resource().producer();
        let made_abroad = match producer.value() {
            Some(producer) => self.of_abroad(producer),
            None => Condition::unknown(producer.gap("who makes it")),
        };
        let providers = self.request.players(|role| !CUSTOMERS.contains(&role));
        if providers.is_empty() {
            let expected = "who offers it: a vendor, reseller or operator";
            return Condition::any([Condition::unknown([self.request.nobody(expected)]), made_abroad]);
        }
        let offered = providers.into_iter().map(|provider| self.of_abroad(provider));
        Condition::any(offered.chain([made_abroad]))
    }

    /// Returns whether a party is not headquartered and formed in mainland China.
    fn of_abroad(&self, party: Party<'a>) -> Condition<'a> {
        let seat = (party.headquarters(), "where it is headquartered (ISO 3166)");
        let law = (party.jurisdiction(), "under which law it is formed (ISO 3166)");
        let abroad = [seat, law].map(|(place, expected)| self.mainland.condition(place, expected).not());
        Condition::any(abroad)
    }

    /// Returns whether it is filed (备案), with a number.
    pub(crate) fn filed(&self) -> Condition<'a> {
        let filed = self.request.resource().flag("filed");
        Condition::all([
            Condition::of(filed, "whether it is filed with the Cyberspace Administration", |filed| filed),
            Condition::of(self.number(), "the number of its filing", |number| !number.trim().is_empty()),
        ])
    }

    /// Returns whether it has attributes of public opinion, so that it must be filed.
    pub(crate) fn moves_opinion(&self) -> Condition<'a> {
        let attributes = self.request.resource().flag("publicOpinionAttributes");
        Condition::of(attributes, "whether it has public-opinion attributes", |has| has)
    }

    /// Returns the number of its filing.
    pub(crate) fn number(&self) -> Fact<'a, &'a str> {
        self.request.resource().text("filingNumber")
    }

    /// Returns what the model is called.
    pub(crate) fn model(&self) -> Fact<'a, &'a str> {
        self.request.resource().text("modelName")
    }
}
