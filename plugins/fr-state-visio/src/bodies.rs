//! Who among the customers is a body of the French public sector, and of which level.
//!
//! That it is public and its level are asked of every customer, a natural person too: agents of the State use its tools.

use crate::nothing;
use lexgate_sdk::{Condition, Party, Regions, Request, Truth, Weighed};

/// Words for the level of a public body. Another word may be any of them.
const LEVELS: [&str; 4] = ["state", "local", "other", "eu"];

const COUNTRY: &str = "the country of its law, or of that of the body it acts for (ISO 3166)";
const PUBLIC: &str = "whether it is of the public sector, or acts for a body of it";
const LEVEL: &str = "its level: `state` for services and bodies of the State, `local`, `eu` or `other`";

/// What follows for a public body of a level.
#[derive(Clone)]
pub(crate) struct Follows<'a> {
    /// For services and bodies of the State.
    pub(crate) state: Weighed<'a>,
    /// For public bodies that are neither of the State, local nor of the EU.
    pub(crate) other: Weighed<'a>,
    /// For local ones and those of the EU.
    pub(crate) rest: Weighed<'a>,
}

/// The customers of a request.
pub(crate) struct Bodies<'f, 'a> {
    request: Request<'a>,
    france: &'f Regions,
}

impl<'f, 'a> Bodies<'f, 'a> {
    pub(crate) fn of(request: Request<'a>, france: &'f Regions) -> Bodies<'f, 'a> {
        Bodies { request, france }
    }

    /// Returns whether one of the customers is a French public body that passes a test.
    pub(crate) fn some(&self, test: impl Fn(Party<'a>) -> Condition<'a>) -> Condition<'a> {
        self.request.any_customer(|party| Condition::all([self.public(party), test(party)]))
    }

    /// Weighs what follows for each French public body among the customers by its level; of several the strictest counts.
    pub(crate) fn strictest(&self, follows: &Follows<'a>) -> Weighed<'a> {
        let customers = self.request.customers();
        let weigh = |party| {
            let by_level = is_of_level(party, "other").choose(follows.other.clone(), follows.rest.clone());
            let by_level = is_of_level(party, "state").choose(follows.state.clone(), by_level);
            self.public(party).choose(by_level, nothing())
        };
        if customers.is_empty() {
            let nobody = self.some(|_| Condition::holds([]));
            let Follows { state, other, rest } = follows.clone();
            return Weighed::one_of([state, other, rest, nothing()], nobody.missing());
        }
        Weighed::strictest(customers.into_iter().map(weigh))
    }

    /// Returns whether a party is a French public body.
    fn public(&self, party: Party<'a>) -> Condition<'a> {
        let public = match party.kind() {
            "state" | "stateBody" => Condition::holds(party.kind_as_fact().evidence()),
            _ => Condition::of(party.flag("isPublicSector"), PUBLIC, |public| public),
        };
        Condition::all([public, self.france.condition(party.jurisdiction(), COUNTRY)])
    }
}

fn is_of_level<'a>(party: Party<'a>, level: &'static str) -> Condition<'a> {
    if party.kind() == "state" {
        return Condition::as_true_as((level == "state").into(), party.kind_as_fact().evidence(), []);
    }
    Condition::of(party.text("publicSectorLevel"), LEVEL, |its| {
        if LEVELS.contains(&its) { Truth::from(its == level) } else { Truth::Unknown }
    })
}
