//! The list of regions: an allow-list in the vendor's words, of which only a part is known to us.

use lexgate_sdk::contract::Missing;
use lexgate_sdk::{Fact, Table, Truth};
use std::collections::BTreeMap;

/// The regions one version of the list has, by code.
#[derive(Debug, Clone)]
pub(crate) struct Regions(BTreeMap<String, Row>);

#[derive(Debug, Clone, Copy)]
struct Row {
    supported: bool,
    /// Whether the list gives a subdivision of it another status.
    divided: bool,
}

impl Regions {
    /// Reads the columns `code` (ISO 3166-1 or 3166-2) and `supported` (`yes` or `no`).
    pub(crate) fn parse(bytes: &[u8]) -> Result<Regions, String> {
        let mut rows = BTreeMap::new();
        for row in Table::parse(bytes)?.rows() {
            let code = row.get("code")?;
            let supported = match row.get("supported")? {
                "yes" => true,
                "no" => false,
                other => return Err(row.error(format!("`{other}` is neither `yes` nor `no`"))),
            };
            if rows.insert(code.to_owned(), supported).is_some() {
                return Err(row.error(format!("`{code}` is listed twice")));
            }
        }
        let otherwise = |code: &str, supported: bool| {
            rows.iter().any(|(other, status)| country(other) == code && *status != supported)
        };
        let row = |(code, supported): (&String, &bool)| {
            let supported = *supported;
            (code.clone(), Row { supported, divided: otherwise(code, supported) })
        };
        Ok(Regions(rows.iter().map(row).collect()))
    }

    /// Returns whether a region is unsupported.
    ///
    /// Its own row decides; a subdivision without one has that of its country. A country of which a subdivision has
    /// another status is unknown by its bare code, as is every code the list does not have.
    pub(crate) fn unsupported(&self, code: &str) -> Truth {
        match self.row(code) {
            Some((listed, row)) if row.divided && listed == code => Truth::Unknown,
            Some((_, row)) => Truth::from(!row.supported),
            None => Truth::Unknown,
        }
    }

    /// Returns the code under which the list has a region: its own or its country's.
    pub(crate) fn listed_as(&self, code: &str) -> Option<&str> {
        self.row(code).map(|(listed, _)| listed)
    }

    fn row(&self, code: &str) -> Option<(&str, Row)> {
        let row = self.0.get_key_value(code).or_else(|| self.0.get_key_value(country(code)));
        row.map(|(listed, row)| (listed.as_str(), *row))
    }

    /// Returns what is missing when the region that should stand at a place is not known, or not to the list.
    pub(crate) fn missing(&self, region: &Fact<'_, &str>, what: &str) -> Option<Missing> {
        match region.value() {
            None => region.missing(what),
            Some(code) => self.unknown(code).map(|expected| region.place().missing(&expected, "unknown")),
        }
    }

    /// Returns what would be expected instead of a code whose status is unknown.
    pub(crate) fn unknown(&self, code: &str) -> Option<String> {
        (self.unsupported(code) == Truth::Unknown).then(|| match self.row(code) {
            None => format!("a region on the list, which does not have `{code}`"),
            Some(_) => format!("a subdivision of `{code}`, which is supported in part"),
        })
    }
}

/// The country of a code, which may be a subdivision.
fn country(code: &str) -> &str {
    code.split('-').next().unwrap_or(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The list we ship.
    fn shipped() -> Regions {
        Regions::parse(include_bytes!("../data/regions.csv")).unwrap()
    }

    #[track_caller]
    fn check(code: &str, unsupported: Truth) {
        assert_eq!(shipped().unsupported(code), unsupported, "{code}");
    }

    #[test]
    fn a_row_decides_for_its_code_and_its_subdivisions() {
        check("SG", Truth::False);
        check("CN", Truth::True);
        check("CN-31", Truth::True);
        check("HK", Truth::True);
        check("KR-11", Truth::False);
    }

    #[test]
    fn ukraine_is_supported_in_part() {
        check("UA-43", Truth::True);
        check("UA-14", Truth::True);
        check("UA-09", Truth::True);
        check("UA-30", Truth::False);
        check("UA", Truth::Unknown);
        assert_eq!(shipped().unknown("UA").unwrap(), "a subdivision of `UA`, which is supported in part");
    }

    #[test]
    fn what_the_list_does_not_have_is_unknown() {
        check("US", Truth::Unknown);
        check("FR-75", Truth::Unknown);
        assert_eq!(shipped().unknown("US").unwrap(), "a region on the list, which does not have `US`");
        assert_eq!(shipped().unknown("SG"), None);
    }

    #[test]
    fn a_subdivision_counts_as_the_row_that_lists_it() {
        assert_eq!(shipped().listed_as("CN-31"), Some("CN"));
        assert_eq!(shipped().listed_as("UA-43"), Some("UA-43"));
        assert_eq!(shipped().listed_as("US"), None);
    }

    #[test]
    fn a_bad_list_is_refused_with_its_line() {
        let refuse = |text: &str, why: &str| assert_eq!(Regions::parse(text.as_bytes()).unwrap_err(), why);
        refuse("code,supported\nSG,maybe\n", "line 2: `maybe` is neither `yes` nor `no`");
        refuse("code,supported\nSG,yes\nSG,no\n", "line 3: `SG` is listed twice");
        refuse("code\nSG\n", "line 2: there is no column `supported`");
    }
}
