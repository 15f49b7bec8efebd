//! The figures from which it is presumed that somebody is a gatekeeper. Each threshold itself counts.

use lexgate_sdk::view::{Bearer, Item};
use lexgate_sdk::{Condition, Decimal, Party, Record};

const EUR: &str = "EUR";
const TURNOVER: [&str; 3] = ["eeaTurnover.1", "eeaTurnover.2", "eeaTurnover.3"];
const END_USERS: [&str; 3] = ["monthlyEndUsers.1", "monthlyEndUsers.2", "monthlyEndUsers.3"];
const BUSINESS_USERS: [&str; 3] = ["yearlyBusinessUsers.1", "yearlyBusinessUsers.2", "yearlyBusinessUsers.3"];

/// The thresholds.
#[derive(Debug)]
pub(crate) struct Thresholds {
    /// EUR 7.5 billion in each of the last three financial years.
    turnover: Decimal,
    /// EUR 75 billion.
    market_value: Decimal,
    /// 45 million in each of the last three years.
    end_users: Decimal,
    /// 10 000 in each of the last three years.
    business_users: Decimal,
}

impl Thresholds {
    pub(crate) fn new() -> Result<Thresholds, String> {
        let number = |coefficient, exponent| {
            Decimal::new(coefficient, exponent).map_err(|error| format!("a threshold {error}"))
        };
        Ok(Thresholds {
            turnover: number(75, 8)?,
            market_value: number(75, 9)?,
            end_users: number(45, 6)?,
            business_users: number(1, 4)?,
        })
    }

    /// Returns whether a supplier and the service reach them: turnover or market value, and both numbers of users.
    pub(crate) fn reached<'a>(&self, supplier: Party<'a>, service: Item<'a>) -> Condition<'a> {
        let turnover = "its turnover in the EEA in that one of the last three financial years, in EUR";
        let value = "its market value, in EUR";
        let end = "its monthly end users in that one of the last three years";
        let business = "its yearly business users in that one of the last three years";
        let size = Condition::any([
            all(supplier, TURNOVER, EUR, turnover, self.turnover),
            at_least(supplier, "marketValue", EUR, value, self.market_value),
        ]);
        Condition::all([
            size,
            all(service, END_USERS, "", end, self.end_users),
            all(service, BUSINESS_USERS, "", business, self.business_users),
        ])
    }
}

fn all<'a, T: Bearer>(
    record: Record<'a, T>,
    names: [&'static str; 3],
    unit: &str,
    expected: &'static str,
    threshold: Decimal,
) -> Condition<'a> {
    Condition::all(names.map(|name| at_least(record, name, unit, expected, threshold)))
}

fn at_least<'a, T: Bearer>(
    record: Record<'a, T>,
    name: &'static str,
    unit: &str,
    expected: &'static str,
    threshold: Decimal,
) -> Condition<'a> {
    let number = record.number(name).read(|number| (number.unit == unit).then_some(number.value));
    Condition::of(number, expected, |value| value >= threshold)
}
