//! What the material is: by its description, which governs, or by a code that is a key.
//!
//! Customs codes are for reference only: they point to a material, and do not tell that it is one. Since Announcement No. 51 of
//! 2024 the export-control codes of dual-use items are the key; which they are the sources do not say, so a binding lists them.

use lexgate_sdk::view::Classification;
use lexgate_sdk::{Condition, Evidence, Fact, Request, Table, Truth};

pub(crate) const DESCRIPTION: &str = "what the material is, by a name on the list such as `gallium metal`";

/// The scheme whose codes are keys; all others are for reference.
const KEYS: &str = "CN-dual-use";

/// A row of the list `items`: a name of a material, and what the material is listed for.
#[derive(Debug)]
pub(crate) struct Material {
    name: String,
    item: String,
    /// Whether the licence is for it.
    pub(crate) licence: Truth,
    /// Whether Announcement No. 46 of 2024, clause 2, names it.
    pub(crate) united_states: Truth,
    /// Whether it is a dual-use item.
    pub(crate) dual_use: Truth,
}

/// A row of the list `codes`.
#[derive(Debug)]
pub(crate) struct Code {
    scheme: String,
    code: String,
    item: String,
}

/// What is exported, as far as the lists of the date tell.
pub(crate) struct Items<'p, 'a> {
    pub(crate) materials: &'p [Material],
    pub(crate) codes: &'p [Code],
    pub(crate) request: Request<'a>,
}

impl<'a> Items<'_, 'a> {
    /// Returns whether what is exported is listed for something.
    pub(crate) fn listed(&self, listed: fn(&Material) -> Truth) -> Condition<'a> {
        let row = |item: &str| self.materials.iter().find(|material| material.item == item);
        let is = |item: Option<&str>| item.and_then(row).map_or(Truth::Unknown, listed);
        let described = Condition::of(self.description(), DESCRIPTION, |name| is(self.item(name)));
        // Without a key on the list no code can tell, and codes are not asked for.
        if self.codes.iter().all(|code| code.scheme != KEYS) {
            return described;
        }
        // A code that is none of these says nothing against the description.
        let key = |place: Classification<'a>| {
            let listed = |_| self.pointed_to(&place, true).map_or(Truth::False, |item| is(Some(item)));
            Condition::of(place.code(), "an export-control code of an item that the list can tell of", listed)
        };
        let classifications = self.request.resource().classifications();
        let keyed = match classifications.value() {
            None => Condition::unknown(
                classifications.gap("its classifications; an empty list if there are none"),
            ),
            Some(places) => Condition::any(places.iter().map(key)),
        };
        Condition::any([described, keyed])
    }

    /// Returns whether a text names the same material as the description, which is known.
    pub(crate) fn is_named(&self, text: &str) -> bool {
        let described = self.description().value().and_then(|name| self.item(name));
        described.is_some() && described == self.item(text)
    }

    /// Returns the description, in the words of the request.
    pub(crate) fn description(&self) -> Fact<'a, &'a str> {
        self.request.resource().text("description")
    }

    /// Returns the customs codes that point to a material on the list, where no description says whether it is that.
    pub(crate) fn only_codes(&self) -> Vec<Evidence<'a>> {
        let places = self.request.resource().classifications().value();
        let places = places.filter(|_| self.description().value().is_none());
        let places = places.into_iter().flat_map(|places| places.iter());
        let pointing = places.filter(|place| self.pointed_to(place, false).is_some());
        pointing.filter_map(|place| place.code().evidence()).collect()
    }

    /// Returns the item that a code is the key of, or else points to for reference.
    fn pointed_to(&self, place: &Classification<'a>, key: bool) -> Option<&str> {
        let is = |code: &&Code| (code.scheme == KEYS) == key && place.code().value() == Some(&code.code);
        let code = self.codes.iter().filter(|_| (place.scheme() == KEYS) == key).find(is);
        code.map(|code| code.item.as_str())
    }

    /// Returns the item that a name on the list is of.
    fn item(&self, name: &str) -> Option<&str> {
        let name = name.trim().to_ascii_lowercase();
        let material = self.materials.iter().find(|material| material.name == name || material.item == name);
        material.map(|material| material.item.as_str())
    }
}

pub(crate) fn materials(bytes: &[u8]) -> Result<Vec<Material>, String> {
    let table = Table::parse(bytes)?;
    let rows = table.rows().map(|row| {
        Ok(Material {
            name: row.get("name")?.to_ascii_lowercase(),
            item: row.get("item")?.to_owned(),
            licence: row.truth("licence")?,
            united_states: row.truth("united-states")?,
            dual_use: row.truth("dual-use")?,
        })
    });
    rows.collect()
}

pub(crate) fn codes(bytes: &[u8]) -> Result<Vec<Code>, String> {
    let table = Table::parse(bytes)?;
    let rows = table.rows().map(|row| {
        let cell = |column| row.get(column).map(str::to_owned);
        Ok(Code { scheme: cell("scheme")?, code: cell("code")?, item: cell("item")? })
    });
    rows.collect()
}
