//! Who receives the item, and where they and their ultimate parents are headquartered.

use lexgate_sdk::view::UltimateParent;
use lexgate_sdk::{Condition, INCONSISTENT, Party, Regions, Request};

/// Everybody who takes part in any role but that of the vendor, and may receive the item.
pub(crate) struct Recipients<'a> {
    request: Request<'a>,
    pub(crate) parties: Vec<Party<'a>>,
}

/// Most statements of ultimate parents that are followed one after the other; chosen by feel. A sound register needs one.
const MOST_STATEMENTS: usize = 8;

const PARENT: &str = "the ultimate parent, which consolidates it in the end; `hasNoParent` if there is none";

impl<'a> Recipients<'a> {
    pub(crate) fn new(request: Request<'a>) -> Recipients<'a> {
        Recipients { request, parties: request.players(|role| role != "vendor") }
    }

    /// Whether one of them passes a test; open where there is nobody.
    pub(crate) fn any(&self, test: impl Fn(Party<'a>) -> Condition<'a>) -> Condition<'a> {
        if self.parties.is_empty() {
            return Condition::unknown([self.request.nobody("who receives the item: any role but `vendor`")]);
        }
        Condition::any(self.parties.iter().map(|&party| test(party)))
    }

    /// Whether one of them, or its ultimate parent, is headquartered in one of these places, wherever it sits itself.
    pub(crate) fn headquartered(&self, regions: &Regions) -> Condition<'a> {
        self.any(|party| led_from(party, regions))
    }
}

/// Whether a party or its ultimate parent is headquartered there. A parent that states another one is followed, and counts
/// as well. Natural persons and states have no parent.
fn led_from<'a>(party: Party<'a>, regions: &Regions) -> Condition<'a> {
    let seat =
        |party: Party<'a>| regions.condition(party.headquarters(), "where it is headquartered (ISO 3166)");
    let mut seats = vec![seat(party)];
    if party.cannot_be_owned() {
        return Condition::any(seats);
    }
    let mut at = party;
    for followed in 0..MOST_STATEMENTS {
        let statement = at.ultimate_parent();
        match statement.value() {
            Some(UltimateParent::Party(parent)) if parent.index() != at.index() => {
                seats.push(Condition::all([Condition::holds(statement.evidence()), seat(parent)]));
                at = parent;
            }
            None if followed == 0 => {
                seats.push(Condition::unknown(statement.gap(PARENT)));
                return Condition::any(seats);
            }
            // It has none, is its own, or is the one named by a party that nothing contradicts.
            Some(_) | None => return Condition::any(seats),
        }
    }
    seats.push(Condition::unknown([party.ultimate_parent().place().gap(PARENT, INCONSISTENT)]));
    Condition::any(seats)
}
