//! Whether a licence is held that covers what is to be exported.
//!
//! A licence is granted on a contract and the profiles of importer and end user, so it counts only as far as its scope names
//! them: the material, where it goes, and everybody on the receiving side.

use crate::items::{DESCRIPTION, Items};
use crate::trade::{DESTINATION, Trade};
use lexgate_sdk::Condition;

/// Returns whether a licence is held that covers it on the date.
pub(crate) fn held<'a>(trade: &Trade<'_, 'a>, items: &Items<'_, 'a>) -> Condition<'a> {
    let of_the_ministry = |issuer: &str| matches!(issuer, "MOFCOM" | "商务部");
    trade.request.authorized("licence", |licence| {
        let scope = licence.scope();
        let covered = match scope.value() {
            Some(scope) => in_scope(scope, trade, items),
            None => Condition::unknown(
                scope.gap("what it covers: material, destination and every recipient by name"),
            ),
        };
        Condition::all([
            Condition::of(licence.issuer(), "who issued it: `MOFCOM`", of_the_ministry),
            Condition::of(licence.number_of_it(), "its number", |number| !number.trim().is_empty()),
            licence.valid_on(trade.request.date()),
            covered,
        ])
    })
}

fn in_scope<'a>(scope: &'a [String], trade: &Trade<'_, 'a>, items: &Items<'_, 'a>) -> Condition<'a> {
    let material =
        Condition::of(items.description(), DESCRIPTION, |_| scope.iter().any(|text| items.is_named(text)));
    let destination = Condition::of(trade.destination(), DESTINATION, |place| {
        scope.iter().any(|text| text == place || text == trade.places.country(place))
    });
    let recipients = trade.receivers().into_iter().map(|receiver| {
        Condition::of(receiver.naming(), "its name, as in the licence", |names| {
            names.iter().any(|name| !name.full_name.trim().is_empty() && scope.contains(&name.full_name))
        })
    });
    Condition::all([material, destination].into_iter().chain(recipients))
}
