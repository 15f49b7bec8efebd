//! What the material is: by its description, which governs, or by a code that is a key.
//!
//! Customs codes are for reference only: they point to a material, and do not tell that it is one. Since Announcement No. 51 of
//! 2024 the export-control codes of dual-use items are the key; which they are the sources do not say, so a binding lists them.

use lexgate_sdk::view::Classification;
use lexgate_sdk::{Condition, Datasets, Evidence, Fact, Request, Table, Truth, Versions};

/// The scheme whose codes are keys; all others are for reference.
const KEYS: &str = "CN-dual-use";

/// What a material may be listed for: a column of the list.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Column {
    /// The licence is for it.
    Licence,
    /// Announcement No. 46 of 2024, clause 2, names it.
    UnitedStates,
    /// It is a dual-use item.
    DualUse,
}

/// The list of materials and codes, in its versions.
#[derive(Debug)]
pub(crate) struct Lists {
    materials: Versions<Vec<Material>>,
    codes: Versions<Vec<Code>>,
}

#[derive(Debug)]
struct Material {
    name: String,
    item: String,
    listed: [Truth; 3],
}

#[derive(Debug)]
struct Code {
    scheme: String,
    code: String,
    item: String,
}

/// What is exported, as far as the lists of the date tell.
pub(crate) struct Items<'p, 'a> {
    materials: &'p [Material],
    codes: &'p [Code],
    request: Request<'a>,
}

impl Lists {
    pub(crate) fn read(datasets: &Datasets) -> Result<Lists, String> {
        let (materials, codes) = (datasets.read_as("items", materials)?, datasets.read_as("codes", codes)?);
        Ok(Lists { materials, codes })
    }

    pub(crate) fn of<'p, 'a>(&'p self, request: Request<'a>) -> Items<'p, 'a> {
        let date = request.date();
        Items { materials: self.materials.at(date), codes: self.codes.at(date), request }
    }
}

impl<'a> Items<'_, 'a> {
    /// Returns whether what is exported is on a list.
    pub(crate) fn on(&self, list: Column) -> Condition<'a> {
        let described =
            Condition::of(self.description(), DESCRIPTION, |name| self.listed(self.item(name), list));
        // Without a key on the list no code can tell, and codes are not asked for.
        if self.codes.iter().all(|code| code.scheme != KEYS) {
            return described;
        }
        let classifications = self.request.resource().classifications();
        let keyed = match classifications.value() {
            None => Condition::unknown(
                classifications.gap("its classifications; an empty list if there are none"),
            ),
            Some(places) => Condition::any(places.iter().map(|place| self.key(place, list))),
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
        if self.description().value().is_some() {
            return Vec::new();
        }
        let places = self.request.resource().classifications().value();
        let points = |place: &Classification<'a>| {
            let code = place.code().value();
            place.scheme() != KEYS
                && self.codes.iter().any(|listed| listed.scheme != KEYS && code == Some(&listed.code))
        };
        let pointing = places.into_iter().flat_map(|places| places.iter()).filter(points);
        pointing.filter_map(|place| place.code().evidence()).collect()
    }

    /// Returns whether a code is the key of a material on a list. Another code says nothing against the description.
    fn key(&self, place: Classification<'a>, list: Column) -> Condition<'a> {
        let code = place.code();
        let is = |listed: &&Code| {
            place.scheme() == KEYS && listed.scheme == KEYS && code.value() == Some(&listed.code)
        };
        let item = self.codes.iter().find(is).map(|listed| listed.item.as_str());
        match self.listed(item, list) {
            Truth::True => Condition::holds(code.evidence()),
            _ => Condition::fails(code.evidence()),
        }
    }

    fn item(&self, name: &str) -> Option<&str> {
        let name = name.trim().to_ascii_lowercase();
        let material = self.materials.iter().find(|material| material.name == name || material.item == name);
        material.map(|material| material.item.as_str())
    }

    fn listed(&self, item: Option<&str>, list: Column) -> Truth {
        let material = self.materials.iter().find(|material| Some(material.item.as_str()) == item);
        let [licence, united_states, dual_use] =
            material.map_or([Truth::Unknown; 3], |material| material.listed);
        match list {
            Column::Licence => licence,
            Column::UnitedStates => united_states,
            Column::DualUse => dual_use,
        }
    }
}

pub(crate) const DESCRIPTION: &str = "what the material is, by a name on the list such as `gallium metal`";

fn materials(bytes: &[u8]) -> Result<Vec<Material>, String> {
    let table = Table::parse(bytes)?;
    let rows = table.rows().map(|row| {
        let listed = |column| match row.get(column)? {
            "yes" => Ok(Truth::True),
            "no" => Ok(Truth::False),
            "unknown" => Ok(Truth::Unknown),
            other => Err(row.error(format!("`{other}` is neither `yes`, `no` nor `unknown`"))),
        };
        let name = row.get("name")?.to_ascii_lowercase();
        let listed = [listed("licence")?, listed("united-states")?, listed("dual-use")?];
        Ok(Material { name, item: row.get("item")?.to_owned(), listed })
    });
    rows.collect()
}

fn codes(bytes: &[u8]) -> Result<Vec<Code>, String> {
    let table = Table::parse(bytes)?;
    let rows = table.rows().map(|row| {
        let cell = |column| row.get(column).map(str::to_owned);
        Ok(Code { scheme: cell("scheme")?, code: cell("code")?, item: cell("item")? })
    });
    rows.collect()
}
