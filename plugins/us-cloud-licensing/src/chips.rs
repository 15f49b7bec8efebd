//! Of which class the chips behind the service are, by the ECCN stated.

use lexgate_sdk::view::Item;
use lexgate_sdk::{Condition, Table, eccn_is_of};

/// Entries of the Commerce Control List, and what each counts as.
#[derive(Debug)]
pub(crate) struct Chips(Vec<Chip>);

#[derive(Debug)]
struct Chip {
    eccn: String,
    advanced: bool,
    at_least_a: bool,
}

/// What chips can count as.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Class {
    /// Advanced-computing items.
    Advanced,
    /// As good as 3A090.a, or better.
    AtLeastA,
}

impl Chips {
    /// Reads the columns `eccn`, `advanced-computing` and `at-least-3A090.a`, `yes` or `no`.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Chips, String> {
        let table = Table::parse(bytes)?;
        let chips = table.rows().map(|row| {
            let flag = |column| match row.get(column)? {
                "yes" => Ok(true),
                "no" => Ok(false),
                other => Err(row.error(format!("`{other}` is neither `yes` nor `no`"))),
            };
            let (advanced, at_least_a) = (flag("advanced-computing")?, flag("at-least-3A090.a")?);
            Ok(Chip { eccn: row.get("eccn")?.to_owned(), advanced, at_least_a })
        });
        chips.collect::<Result<_, String>>().map(Chips)
    }

    /// Whether an ECCN counts as this: its own row decides, else that of the entry it is a paragraph of.
    fn count(&self, code: &str, class: Class) -> bool {
        let rows = self.0.iter().filter(|chip| eccn_is_of(code, &chip.eccn));
        rows.max_by_key(|chip| chip.eccn.len()).is_some_and(|chip| match class {
            Class::Advanced => chip.advanced,
            Class::AtLeastA => chip.at_least_a,
        })
    }

    /// Whether the chips behind the service are of a class. Without an ECCN that is open, whatever else is stated.
    pub(crate) fn are<'a>(&self, item: Item<'a>, class: Class) -> Condition<'a> {
        let list = item.classifications();
        let eccns = list.value().into_iter().flat_map(|list| list.iter()).filter_map(|one| one.eccn());
        let mut stated = eccns.map(|eccn| {
            Condition::of(eccn, "an ECCN, such as `3A090.a`, or `EAR99`", |code| self.count(code, class))
        });
        match stated.next() {
            Some(first) => Condition::any([first].into_iter().chain(stated)),
            None => Condition::unknown([list.place().gap(
                "the ECCN of the chips that the service runs on, such as `3A090.a`, or `EAR99`",
                list.reason().unwrap_or(lexgate_sdk::NOT_SUPPLIED),
            )]),
        }
    }
}
