//! What is offered: a core platform service, to somebody in the EU, by whom.

use crate::nothing;
use lexgate_sdk::view::Item;
use lexgate_sdk::{Answer, Condition, NOT_SUPPLIED, Party, Regions, Request, Weighed};

/// Categories that are known not to be services. Another word may be one.
const GOODS: [&str; 2] = ["material", "component"];

/// Roles that are known to be none of a supplier. Another word may be one: a misspelt one switches nothing off.
const OTHERS: [&str; 5] = ["purchaser", "intermediateConsignee", "ultimateConsignee", "endUser", "reseller"];

const PLACE: &str = "its country (ISO 3166)";

/// An offer, and who makes it.
pub(crate) struct Offer<'a> {
    request: Request<'a>,
    /// Whether it is a core platform service for somebody in the EU.
    covered: Condition<'a>,
    suppliers: Vec<Party<'a>>,
}

impl<'a> Offer<'a> {
    pub(crate) fn of(request: Request<'a>, union: &Regions) -> Offer<'a> {
        let resource = request.resource();
        let expected = "what it is, such as `compute`";
        let service = Condition::of(resource.category(), expected, |category| !GOODS.contains(&category));
        let expected = "whether it is a core platform service, such as cloud computing";
        let core = Condition::of(resource.flag("corePlatformService"), expected, |core| core);
        let suppliers = request.players(|role| !OTHERS.contains(&role));
        Offer { request, covered: Condition::all([service, core, for_the_union(request, union)]), suppliers }
    }

    pub(crate) fn resource(&self) -> Item<'a> {
        self.request.resource()
    }

    pub(crate) fn suppliers(&self) -> impl Iterator<Item = Party<'a>> {
        self.suppliers.iter().copied()
    }

    /// Weighs each supplier, of whom the strictest counts. At most a person must look.
    pub(crate) fn strictest(&self, weigh: impl Fn(Party<'a>) -> Weighed<'a>) -> Weighed<'a> {
        let suppliers = if self.suppliers.is_empty() {
            let expected = "who supplies it: a vendor or an operator";
            let nobody = self.request.participation().place().gap(expected, NOT_SUPPLIED);
            Weighed::open((Answer::NotApplicable, Answer::Review), [nobody])
        } else {
            Weighed::strictest(self.suppliers().map(weigh))
        };
        self.covered.choose(suppliers, nothing())
    }
}

/// Returns whether one of the customers is formed or headquartered in the EU.
fn for_the_union<'a>(request: Request<'a>, union: &Regions) -> Condition<'a> {
    request.any_customer(|party| {
        let places = [party.jurisdiction(), party.headquarters()];
        Condition::any(places.map(|place| union.condition(place, PLACE)))
    })
}
