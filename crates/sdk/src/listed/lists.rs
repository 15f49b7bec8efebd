//! The datasets that tell who is listed.

use crate::table::Table;
use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use lexgate_model::Truth;

/// The row that speaks of every list, or every programme of a list, that has none.
const EVERY_OTHER: &str = "*";

/// Which lists a rule means, and which programmes of them, as far as that is known.
///
/// ```
/// # use lexgate_sdk::{Truth, listed::Lists};
/// let lists = Lists::parse(b"list,program,counts\nFREEZE,*,yes\nFREEZE,TRADE,no\nOTHER,*,no\n").unwrap();
/// assert_eq!(lists.has("FREEZE", Some("TERROR")), Truth::True);
/// assert_eq!(lists.has("FREEZE", None), Truth::Unknown, "it may be of the programme `TRADE`");
/// assert_eq!(lists.has("OTHER", None), Truth::False);
/// assert_eq!(lists.has("FREZE", None), Truth::Unknown, "a misspelt list may be meant");
/// ```
#[derive(Debug, Clone)]
pub struct Lists(BTreeMap<String, Vec<(String, Truth)>>);

impl Lists {
    /// Reads the columns `list`, `program` (`*` for every other) and `counts` (`yes`, `no` or `unknown`). The row
    /// `*,*` speaks of every list that has no row.
    ///
    /// # Errors
    /// When a column is missing, a cell is empty, a word is another one, or a row stands twice; with the line.
    pub fn parse(bytes: &[u8]) -> Result<Lists, String> {
        let mut lists: BTreeMap<String, Vec<(String, Truth)>> = BTreeMap::new();
        for row in Table::parse(bytes)?.rows() {
            let (list, program) = (row.get("list")?, row.get("program")?);
            if list.is_empty() || program.is_empty() {
                return Err(row.error("`list` and `program` must be given; `*` is every other"));
            }
            let programs = lists.entry(list.to_owned()).or_default();
            if programs.iter().any(|(known, _)| known == program) {
                return Err(row.error(format!("`{list}`, `{program}` stands twice")));
            }
            programs.push((program.to_owned(), row.truth("counts")?));
        }
        Ok(Lists(lists))
    }

    /// Returns whether the rule means a list, by its programme, if that is stated.
    #[must_use]
    pub fn has(&self, list: &str, program: Option<&str>) -> Truth {
        let Some(programs) = self.programs(list) else { return Truth::Unknown };
        let of = |wanted: &str| programs.iter().find(|(known, _)| known == wanted).map(|(_, counts)| *counts);
        let other = of(EVERY_OTHER).unwrap_or(Truth::Unknown);
        match program {
            Some(program) => of(program).unwrap_or(other),
            None if programs.iter().all(|(_, counts)| *counts == other) => other,
            None => Truth::Unknown,
        }
    }

    /// Returns whether there is a row that speaks of a list.
    pub(super) fn knows(&self, list: &str) -> bool {
        self.programs(list).is_some()
    }

    fn programs(&self, list: &str) -> Option<&Vec<(String, Truth)>> {
        self.0.get(list).or_else(|| self.0.get(EVERY_OTHER))
    }
}

/// Listed parties by their identifiers, each with the lists it is on.
///
/// Case and signs between letters and digits do not matter: a registration written with blanks is the same.
#[derive(Debug, Clone)]
pub struct Members(BTreeMap<(String, String), Vec<(String, String)>>);

impl Members {
    /// Reads the columns `scheme`, `id` (an identifier), `list` and `program` (may be empty).
    ///
    /// # Errors
    /// When a column is missing, or a cell but that of the programme is empty; with the line.
    pub fn parse(bytes: &[u8]) -> Result<Members, String> {
        let mut members: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for row in Table::parse(bytes)?.rows() {
            let (scheme, id) = key(row.get("scheme")?, row.get("id")?);
            let (list, program) = (row.get("list")?, row.get("program")?);
            if scheme.is_empty() || id.is_empty() || list.is_empty() {
                return Err(row.error("`scheme`, `id` and `list` must be given"));
            }
            members.entry((scheme, id)).or_default().push((list.to_owned(), program.to_owned()));
        }
        Ok(Members(members))
    }

    /// Returns whether nobody is named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the lists, with their programmes, on which somebody with this identifier is.
    pub(super) fn of(&self, scheme: &str, id: &str) -> impl Iterator<Item = (&str, &str)> {
        let on = self.0.get(&key(scheme, id)).map(Vec::as_slice).unwrap_or_default();
        on.iter().map(|(list, program)| (list.as_str(), program.as_str()))
    }
}

/// An identifier as it is compared.
pub(super) fn key(scheme: &str, id: &str) -> (String, String) {
    (plain(scheme), plain(id))
}

/// Letters and digits of an identifier, in lower case.
fn plain(text: &str) -> String {
    let letters = text.chars().filter(|sign| sign.is_ascii_alphanumeric() || !sign.is_ascii());
    letters.map(|sign| sign.to_ascii_lowercase()).collect()
}
