//! Lists of countries and subdivisions: which ones a rule means, as far as the list knows.

use crate::condition::Condition;
use crate::contract::Missing;
use crate::fact::{Fact, INCONSISTENT};
use crate::table::Table;
use crate::view::{Party, UltimateParent};
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use lexgate_model::Truth;

/// Most statements of ultimate parents that are followed one after the other; chosen by feel. A sound register needs one.
const MOST_STATEMENTS: usize = 8;

/// The row that speaks of every code that has none.
const EVERY_OTHER: &str = "*";

/// A list of regions, each of which is meant, is not, or is expressly unknown.
///
/// Its own row decides for a code; a subdivision without one has that of its country. A country of which a subdivision has
/// another status is unknown by its bare code. A code without a row is unknown, unless the row `*` speaks of every other:
/// that row tells a list that is complete from one of which only a part is known.
///
/// A region may have a second code: ISO 3166-2 has Hong Kong as `CN-HK` among the subdivisions of China. The column `also`
/// has such codes. They mean what the row says and leave the bare code of the country alone.
///
/// ```
/// # use lexgate_sdk::{Regions, Truth};
/// let list = Regions::parse(b"code,meant\nCN,yes\nHK,unknown\n*,no\n", "meant").unwrap();
/// assert_eq!(list.has("CN-31"), Truth::True);
/// assert_eq!(list.has("HK"), Truth::Unknown);
/// assert_eq!(list.has("FR"), Truth::False);
/// ```
#[derive(Debug, Clone)]
pub struct Regions {
    /// By code.
    rows: Vec<Listed>,
    other: Truth,
}

#[derive(Debug, Clone)]
struct Listed {
    code: String,
    meant: Truth,
    /// The code of the row that has this one in its column `also`, if one has.
    same_as: Option<String>,
    /// Whether the list gives a subdivision of it another status.
    divided: bool,
}

impl Regions {
    /// Reads the columns `code` (ISO 3166-1 or 3166-2, or `*`), this one (`yes`, `no` or `unknown`) and, where there is
    /// one, `also` (further codes of the same region, separated by blanks).
    ///
    /// # Errors
    /// When a column is missing, a word is another one, or a code is listed twice; with the line.
    pub fn parse(bytes: &[u8], column: &str) -> Result<Regions, String> {
        let mut rows: Vec<Listed> = Vec::new();
        let mut other = None;
        for row in Table::parse(bytes)?.rows() {
            let (code, meant) = (row.get("code")?, row.truth(column)?);
            if code == EVERY_OTHER {
                if other.replace(meant).is_some() {
                    return Err(row.error(format!("`{code}` is listed twice")));
                }
                continue;
            }
            let also = row.get("also").unwrap_or_default().split_whitespace().map(|also| (also, Some(code)));
            for (one, same_as) in [(code, None)].into_iter().chain(also) {
                let (one, same_as) = (one.to_owned(), same_as.map(str::to_owned));
                match rows.binary_search_by(|row| row.code.cmp(&one)) {
                    Ok(_) => return Err(row.error(format!("`{one}` is listed twice"))),
                    Err(at) => rows.insert(at, Listed { code: one, meant, same_as, divided: false }),
                }
            }
        }
        let otherwise = |one: &Listed| {
            let mut parts =
                rows.iter().filter(|part| part.same_as.is_none() && country(&part.code) == one.code);
            parts.any(|part| part.meant != one.meant)
        };
        let divided: Vec<bool> = rows.iter().map(otherwise).collect();
        for (row, divided) in rows.iter_mut().zip(divided) {
            row.divided = divided;
        }
        Ok(Regions { rows, other: other.unwrap_or(Truth::Unknown) })
    }

    /// Returns whether a region is meant.
    #[must_use]
    pub fn has(&self, code: &str) -> Truth {
        match self.row(code) {
            Some(row) if row.divided && row.code == code => Truth::Unknown,
            Some(row) => row.meant,
            None => self.other,
        }
    }

    /// Returns the code under which the list has a region: its own, that of the row that has it as a second code, or its country's.
    #[must_use]
    pub fn listed_as(&self, code: &str) -> Option<&str> {
        self.row(code).map(|row| row.same_as.as_deref().unwrap_or(&row.code))
    }

    /// Returns whether the region that stands at a place is meant; `expected` says what should stand there.
    #[must_use]
    pub fn condition<'a>(&self, region: Fact<'a, &'a str>, expected: &'a str) -> Condition<'a> {
        Condition::of(region, expected, |code| self.has(code))
    }

    /// Returns whether a party, or its ultimate parent, is headquartered in a region that is meant.
    ///
    /// A parent that states another parent is followed, and each of them counts; if that does not come to an end, the
    /// statements contradict each other. Natural persons and states have no parent, unless one is stated.
    #[must_use]
    pub fn lead<'a>(&self, party: Party<'a>) -> Condition<'a> {
        const PARENT: &str = "who consolidates it in the end; `hasNoParent` if nobody does";
        let seat =
            |party: Party<'a>| self.condition(party.headquarters(), "where it is headquartered (ISO 3166)");
        let mut seats = vec![seat(party)];
        let mut at = party;
        for statements in 0..=MOST_STATEMENTS {
            let statement = at.ultimate_parent();
            match statement.value() {
                Some(UltimateParent::Party(_)) if statements == MOST_STATEMENTS => {
                    let asked = party.ultimate_parent().place().gap(PARENT, INCONSISTENT);
                    seats.push(Condition::unknown([asked]));
                }
                Some(UltimateParent::Party(parent)) if parent.index() != at.index() => {
                    seats.push(Condition::all([Condition::holds(statement.evidence()), seat(parent)]));
                    at = parent;
                    continue;
                }
                // It has none, or is its own.
                Some(_) => seats.push(Condition::fails(statement.evidence())),
                None if statements == 0 && party.cannot_be_owned() => {
                    seats.push(Condition::fails(party.kind_as_fact().evidence()));
                }
                None if statements == 0 => seats.push(Condition::unknown(statement.gap(PARENT))),
                // Somebody names it as the ultimate parent; no statement of its own is needed.
                None => {}
            }
            break;
        }
        Condition::any(seats)
    }

    /// Returns what is missing when the region that should stand at a place is not stated, or not known to the list.
    #[must_use]
    pub fn missing(&self, region: &Fact<'_, &str>, what: &str) -> Option<Missing> {
        match region.value() {
            None => region.missing(what),
            Some(code) => self.unknown(code).map(|expected| region.place().missing(&expected, "unknown")),
        }
    }

    /// Returns what would be expected instead of a code of which the list cannot tell.
    #[must_use]
    pub fn unknown(&self, code: &str) -> Option<String> {
        (self.has(code) == Truth::Unknown).then(|| match self.row(code) {
            None => format!("a region on the list, which does not have `{code}`"),
            Some(row) if row.divided && row.code == code => {
                format!("a subdivision of `{code}`, which the list divides")
            }
            Some(_) => format!("a region of which the list can tell; of `{code}` it cannot"),
        })
    }

    fn row(&self, code: &str) -> Option<&Listed> {
        let find =
            |code: &str| self.rows.get(self.rows.binary_search_by(|row| row.code.as_str().cmp(code)).ok()?);
        find(code).or_else(|| find(country(code)))
    }
}

/// Returns the country of a code, which may be a subdivision.
#[must_use]
pub fn country(code: &str) -> &str {
    code.split('-').next().unwrap_or(code)
}

/// Returns a code if it has the form of one of ISO 3166-1 or 3166-2, such as `SG` or `UA-43`.
///
/// The host checks the fields of a request, not its named facts: one that says `USA` or `us` would be any other region to a
/// complete list. Read them with this, so that such a fact is inconsistent.
#[must_use]
pub fn region_code(code: &str) -> Option<&str> {
    let letters = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_uppercase());
    let subdivision = |part: &str| {
        let sign = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        (1..=3).contains(&part.len()) && part.bytes().all(sign)
    };
    let formed = match code.split_once('-') {
        None => letters(code),
        Some((country, part)) => letters(country) && subdivision(part),
    };
    formed.then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_two_letters_and_perhaps_a_subdivision() {
        for code in ["SG", "UA-43", "FR-75C", "MC-O", "GB-ENG"] {
            assert_eq!(region_code(code), Some(code));
        }
        for word in [
            "", "us", "USA", "China", "U1", "1S", "UA-", "UA-4321", "UA-a", "UAX-43", "U-43", "UA-4-3", " US",
        ] {
            assert_eq!(region_code(word), None, "{word}");
        }
    }

    const LIST: &[u8] = b"code,meant\nSG,yes\nCN,no\nUA,yes\nUA-43,no\nHK,unknown\n";

    #[track_caller]
    fn check(list: &[u8], code: &str, meant: Truth) {
        assert_eq!(Regions::parse(list, "meant").unwrap().has(code), meant, "{code}");
    }

    #[test]
    fn a_row_decides_for_its_code_and_its_subdivisions() {
        check(LIST, "SG", Truth::True);
        check(LIST, "CN", Truth::False);
        check(LIST, "CN-31", Truth::False);
        check(LIST, "HK", Truth::Unknown);
    }

    #[test]
    fn a_country_meant_in_part_is_unknown_by_its_bare_code() {
        check(LIST, "UA-43", Truth::False);
        check(LIST, "UA-30", Truth::True);
        check(LIST, "UA", Truth::Unknown);
    }

    #[test]
    fn what_a_partial_list_does_not_have_is_unknown_and_a_complete_one_says_it() {
        check(LIST, "US", Truth::Unknown);
        let complete = [LIST, b"*,no\n"].concat();
        check(&complete, "US", Truth::False);
        check(&complete, "FR-75", Truth::False);
        check(&complete, "HK", Truth::Unknown);
        check(&complete, "UA", Truth::Unknown);
    }

    #[test]
    fn a_second_code_means_what_its_row_says_and_divides_no_country() {
        let list = "code,meant,also\nCN,yes,\nHK,no,CN-HK\nMO,unknown,CN-MO CN-92\n*,no,\n".as_bytes();
        check(list, "CN-HK", Truth::False);
        check(list, "CN-MO", Truth::Unknown);
        check(list, "CN-92", Truth::Unknown);
        check(list, "CN-31", Truth::True);
        check(list, "CN", Truth::True);
        let list = Regions::parse(list, "meant").unwrap();
        assert_eq!(list.listed_as("CN-HK"), Some("HK"));
        assert_eq!(
            list.unknown("CN-MO").unwrap(),
            "a region of which the list can tell; of `CN-MO` it cannot"
        );
    }

    #[test]
    fn a_subdivision_counts_as_the_row_that_lists_it() {
        let list = Regions::parse(LIST, "meant").unwrap();
        assert_eq!(list.listed_as("CN-31"), Some("CN"));
        assert_eq!(list.listed_as("UA-43"), Some("UA-43"));
        assert_eq!(list.listed_as("US"), None);
    }

    #[test]
    fn a_party_is_led_from_its_seat_and_from_that_of_its_ultimate_parent() {
        use crate::contract::Parent::{self, HasNoParent, Known, Unknown};
        use crate::testing::{company, person, request};
        use crate::view::Request;
        let led = |parties: &[(&str, Parent)]| {
            let party = |(seat, parent): &(&str, Parent)| crate::contract::Party {
                ultimate_parent: parent.clone(),
                ..company("party", seat)
            };
            let raw = request("2025-01-01").parties(parties.iter().map(party).collect()).build();
            let request = Request::new(&raw).unwrap();
            let led = Regions::parse(b"code,meant\nCN,yes\n*,no\n", "meant")
                .unwrap()
                .lead(request.party(0).unwrap());
            let missing = led.missing().map(|gap| gap.to_contract()).map(|gap| (gap.at, gap.reason));
            let missing = missing.map(|(at, reason)| alloc::format!("{:?} {} {reason}", at.at, at.field));
            (led.truth(), missing.collect::<alloc::vec::Vec<_>>())
        };
        let unstated = || Unknown("notSupplied".to_owned());
        let nothing = alloc::vec::Vec::new;
        let asks = |what: &str| alloc::vec![what.to_owned()];
        assert_eq!(led(&[("CN", unstated())]), (Truth::True, nothing()));
        assert_eq!(led(&[("SG", HasNoParent)]), (Truth::False, nothing()));
        assert_eq!(led(&[("SG", Known(0))]), (Truth::False, nothing()), "its own parent");
        assert_eq!(led(&[("SG", Known(1)), ("CN", unstated())]), (Truth::True, nothing()));
        assert_eq!(led(&[("SG", Known(1)), ("US", unstated())]), (Truth::False, nothing()));
        assert_eq!(led(&[("SG", Known(1)), ("US", Known(2)), ("CN", HasNoParent)]), (Truth::True, nothing()));
        assert_eq!(
            led(&[("SG", unstated())]),
            (Truth::Unknown, asks("Element::Party(0) ultimateParent notSupplied"))
        );
        assert_eq!(
            led(&[("SG", Known(1)), ("", unstated())]),
            (Truth::Unknown, asks("Element::Party(1) headquarters notSupplied"))
        );
        let ring = led(&[("SG", Known(1)), ("US", Known(0))]);
        assert_eq!(ring, (Truth::Unknown, asks("Element::Party(0) ultimateParent inconsistent")));
        let raw = request("2025-01-01").party(person("person", &[])).build();
        let person = Request::new(&raw).unwrap().party(0).unwrap();
        let list = Regions::parse(b"code,meant\nCN,yes\n", "meant").unwrap();
        let asked: alloc::vec::Vec<_> =
            list.lead(person).missing().map(|gap| gap.to_contract().at.field).collect();
        assert_eq!(asked, ["headquarters"], "nobody owns a person");
    }

    #[test]
    fn a_bad_list_is_refused_with_its_line() {
        let refuse = |text: &str, why: &str| {
            assert_eq!(Regions::parse(text.as_bytes(), "meant").unwrap_err(), why);
        };
        refuse("code,meant\nSG,maybe\n", "line 2: `maybe` is neither `yes`, `no` nor `unknown`");
        refuse("code,meant\nSG,yes\nSG,no\n", "line 3: `SG` is listed twice");
        refuse("code,meant\n*,yes\n*,no\n", "line 3: `*` is listed twice");
        refuse("code,meant,also\nHK,no,CN-HK\nCN-HK,no,\n", "line 3: `CN-HK` is listed twice");
        refuse("code,meant,also\nHK,no,HK\n", "line 2: `HK` is listed twice");
        refuse("code\nSG\n", "line 2: there is no column `meant`");
    }
}
