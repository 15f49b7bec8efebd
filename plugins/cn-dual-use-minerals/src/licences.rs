//! Whether a licence is held that covers what is to be exported.
//!
//! A licence is granted on a contract and the profiles of importer and end user, so it counts only as far as its scope names
//! them: the material, where it goes, and everybody on the receiving side.

use crate::items::{DESCRIPTION, Items};
use crate::trade::{DESTINATION, Trade};
use lexgate_sdk::view::Authorization;
use lexgate_sdk::{Condition, country};

/// Returns whether a licence is held that covers it on the date.
pub(crate) fn held<'a>(trade: &Trade<'_, 'a>, items: &Items<'_, 'a>) -> Condition<'a> {
    let held = trade.request.authorizations();
    let Some(list) = held.value() else {
        return Condition::unknown(held.gap("the licences held; an empty list if there are none"));
    };
    let licences: Vec<_> = list.iter().filter(|one| one.kind() == "licence").collect();
    if licences.is_empty() {
        return Condition::fails(held.evidence());
    }
    Condition::any(licences.into_iter().map(|licence| covers(licence, trade, items)))
}

fn covers<'a>(licence: Authorization<'a>, trade: &Trade<'_, 'a>, items: &Items<'_, 'a>) -> Condition<'a> {
    let today = trade.request.date();
    let of_the_ministry = |issuer: &str| matches!(issuer, "MOFCOM" | "商务部");
    let scope = licence.scope();
    let scope = match scope.value() {
        None => {
            Condition::unknown(scope.gap("what it covers: material, destination and every recipient by name"))
        }
        Some(scope) => in_scope(scope, trade, items),
    };
    Condition::all([
        Condition::of(licence.issuer(), "who issued it: `MOFCOM`", of_the_ministry),
        Condition::of(licence.number_of_it(), "its number", |number| !number.is_empty()),
        Condition::of(licence.valid_from(), "its first day", |day| day <= today),
        Condition::of(licence.valid_until(), "its last day", |day| day >= today),
        scope,
    ])
}

fn in_scope<'a>(scope: &'a [String], trade: &Trade<'_, 'a>, items: &Items<'_, 'a>) -> Condition<'a> {
    let names = |test: &dyn Fn(&str) -> bool| scope.iter().any(|text| test(text));
    let material = Condition::of(items.description(), DESCRIPTION, |_| names(&|text| items.is_named(text)));
    let destination = Condition::of(trade.destination(), DESTINATION, |place| {
        names(&|text| text == place || text == country(place))
    });
    let recipients = trade.request.customers().into_iter().map(|customer| {
        Condition::of(customer.naming(), "its name, as in the licence", |its| {
            names(&|text| its.iter().any(|name| name.full_name == text))
        })
    });
    Condition::all([material, destination].into_iter().chain(recipients))
}
