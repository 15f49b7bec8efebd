//! Lists of names: whether a party is somebody on a list, or is called like one, and how nearly.
//!
//! That a name is alike says nothing about who bears it: a policy takes the same name for a hit, and lets a person look at
//! one that is merely alike.

use crate::condition::Condition;
use crate::fact::Fact;
use crate::place::Evidence;
use crate::table::{Row, Table};
use crate::view::Party;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use lexgate_model::{Date, Period, Truth, date};

/// Words that tell what sort of company it is, not which one.
const SORTS: [&str; 17] = [
    "inc",
    "incorporated",
    "corp",
    "corporation",
    "co",
    "company",
    "ltd",
    "limited",
    "llc",
    "plc",
    "gmbh",
    "ag",
    "sa",
    "sas",
    "kk",
    "pte",
    "bhd",
];

/// Words that share less than this, in percent, are other words.
const LEAST: usize = 75;

const NAME: &str = "a name";
const IDENTIFIERS: &str = "its registrations; an empty list if it has none";

/// Names to look for, each with whom it names and, where the list has it, a registration.
#[derive(Debug, Clone)]
pub struct Names(Vec<Entry>);

#[derive(Debug, Clone)]
struct Entry {
    name: String,
    of: String,
    words: Vec<String>,
    /// Scheme and identifier.
    registration: Option<(String, String)>,
    /// The days it is on the list.
    period: Period,
}

/// The name on a list that a party's is nearest to.
#[derive(Debug, Clone, PartialEq)]
pub struct Match<'l, 'a> {
    /// The name as the list has it.
    pub name: &'l str,
    /// Whom it names, as the list says.
    pub of: &'l str,
    /// How near, in percent: 100 is the same name, but for case, marks and the sort of company.
    pub score: u8,
    /// The name of the party.
    pub evidence: Evidence<'a>,
}

impl Names {
    /// Reads the columns `name` and `of` (whom it names) and, where there are such, `scheme` and `id` of a registration, and
    /// `from` and `until`, the first and the last day. Of those all but the name may be empty.
    ///
    /// # Errors
    /// When a column is missing, a name has no letter or digit, or a day is none; with the line.
    pub fn parse(bytes: &[u8]) -> Result<Names, String> {
        Table::parse(bytes)?.rows().map(|row| entry(&row)).collect::<Result<_, _>>().map(Names)
    }

    /// Reads the same columns of one row, for lists that say more about each.
    ///
    /// # Errors
    /// As [`Names::parse`].
    pub fn of_row(row: &Row<'_>) -> Result<Names, String> {
        entry(row).map(|entry| Names(Vec::from([entry])))
    }

    /// Returns those that are on the list on the date.
    #[must_use]
    pub fn on(&self, date: Date) -> Names {
        Names(self.0.iter().filter(|entry| entry.period.contains(date)).cloned().collect())
    }

    /// Returns whether nobody is on it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether a party is somebody on the list: it has a listed registration, or the same name.
    ///
    /// Registrations are asked for only if the list has any.
    #[must_use]
    pub fn has<'a>(&self, party: Party<'a>) -> Condition<'a> {
        self.perhaps(party, 100)
    }

    /// Returns whether a party may be somebody on the list: it has a listed registration, or a name at least so near to one.
    #[must_use]
    pub fn perhaps<'a>(&self, party: Party<'a>, least: u8) -> Condition<'a> {
        let mut either = Vec::from([self.alike(party, least)]);
        if self.0.iter().any(|entry| entry.registration.is_some()) {
            either.push(Condition::of(party.identifiers(), IDENTIFIERS, |identifiers| {
                identifiers.iter().any(|one| {
                    let same = |(scheme, id): &(String, String)| *scheme == one.scheme && *id == one.id;
                    self.0.iter().filter_map(|entry| entry.registration.as_ref()).any(same)
                })
            }));
        }
        Condition::any(either)
    }

    /// Returns whether a party has a name at least so near to one on the list, in percent.
    #[must_use]
    pub fn alike<'a>(&self, party: Party<'a>, least: u8) -> Condition<'a> {
        match self.nearest(party) {
            _ if self.0.is_empty() => Condition::fails([]),
            Some(found) if found.score >= least => Condition::holds([found.evidence]),
            // Names without a letter or digit tell nothing.
            _ => Condition::of(party.naming(), NAME, |names| {
                let tells = names.iter().any(|name| name.full_name.contains(char::is_alphanumeric));
                if tells { Truth::False } else { Truth::Unknown }
            }),
        }
    }

    /// Returns whether a name that stands elsewhere, such as that of a product, is at least so near to one on the list, in
    /// percent; `expected` says what should stand there.
    #[must_use]
    pub fn like<'a>(&self, name: Fact<'a, &'a str>, expected: &'a str, least: u8) -> Condition<'a> {
        if self.0.is_empty() {
            return Condition::fails([]);
        }
        Condition::of(name, expected, |name| {
            let words = words(name);
            match self.0.iter().any(|entry| likeness(&entry.words, &words) >= least) {
                // A name without a letter or digit tells nothing.
                false if words.is_empty() => Truth::Unknown,
                alike => alike.into(),
            }
        })
    }

    /// Returns the nearest name on the list; nothing if none is near at all.
    #[must_use]
    pub fn nearest<'a>(&self, party: Party<'a>) -> Option<Match<'_, 'a>> {
        let mut best: Option<Match<'_, 'a>> = None;
        for (name, evidence) in party.names() {
            let words = words(name);
            for entry in &self.0 {
                let score = likeness(&entry.words, &words);
                if score > best.as_ref().map_or(0, |best| best.score) {
                    best = Some(Match { name: &entry.name, of: &entry.of, score, evidence });
                }
            }
        }
        best
    }
}

fn entry(row: &Row<'_>) -> Result<Entry, String> {
    let (name, of) = (row.get("name")?.to_owned(), row.get("of")?.to_owned());
    let words = words(&name);
    if words.is_empty() {
        return Err(row.error(format!("`{name}` has no letter or digit")));
    }
    let cell = |column| row.get(column).ok().filter(|cell| !cell.is_empty());
    let day = |column| match cell(column).map(|text| (text, date::parse(text))) {
        Some((text, None)) => Err(row.error(format!("`{text}` is not a date"))),
        other => Ok(other.and_then(|(_, day)| day)),
    };
    let registration = cell("scheme").map(str::to_owned).zip(cell("id").map(str::to_owned));
    let period = Period { from: day("from")?, until: day("until")? };
    Ok(Entry { name, of, words, registration, period })
}

/// Splits a name into its words, in lower case, without marks and without the sort of company; unless nothing else is left.
fn words(name: &str) -> Vec<String> {
    let lower: String = name.chars().filter_map(plain).flat_map(char::to_lowercase).collect();
    let words = || lower.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty());
    let telling: Vec<String> = words().filter(|word| !SORTS.contains(word)).map(str::to_owned).collect();
    if telling.is_empty() { words().map(str::to_owned).collect() } else { telling }
}

/// Returns a sign as it is read: a full-width letter or digit as the usual one, and nothing where nobody sees it.
fn plain(sign: char) -> Option<char> {
    match sign {
        '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' => None,
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(sign).saturating_sub(0xfee0)),
        _ => Some(sign),
    }
}

/// Returns how near a name is to a listed one, in percent: the mean over the listed words of how near the nearest word of
/// the name is. One that has further words, or is split otherwise, is not the same: it stays below 100.
fn likeness(listed: &[String], name: &[String]) -> u8 {
    if listed == name {
        return 100;
    }
    // However it is split: `MicronTechnology`, `美 光`.
    if listed.iter().flat_map(|word| word.bytes()).eq(name.iter().flat_map(|word| word.bytes())) {
        return 99;
    }
    let nearest = |word: &String| name.iter().map(|other| nearness(word, other)).max().unwrap_or(0);
    let sum: usize = listed.iter().map(nearest).sum();
    u8::try_from(sum / listed.len().max(1)).unwrap_or(100).min(99)
}

/// Returns how near two words are, in percent: by edits; a word of a script without blanks also by being contained.
fn nearness(listed: &str, word: &str) -> usize {
    let within = || word.as_bytes().windows(listed.len()).any(|part| part == listed.as_bytes());
    if !listed.is_ascii() && listed.chars().count() > 1 && within() {
        return 100;
    }
    let (one, other) = (listed.chars().count(), word.chars().count());
    let longest = one.max(other).max(1);
    // A word so much shorter shares too little, however it is edited; most words are, and counting edits is dear.
    if one.min(other).saturating_mul(100) / longest < LEAST {
        return 0;
    }
    let near = longest.saturating_sub(strsim::levenshtein(listed, word)).saturating_mul(100) / longest;
    if near < LEAST { 0 } else { near }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Identifier, Name};
    use crate::testing::{company, request};
    use crate::view::Request;

    const LIST: &str =
        "name,of\nMicron Technology,micron\nMicron,micron\n美光科技,micron\n美光,micron\n마이크론,micron\n";

    #[track_caller]
    fn check(name: &str, score: u8) {
        let mut party = company("maker", "US");
        party.names.push(Name { full_name: name.to_owned(), kind: None, language: None });
        let raw = request("2025-01-01").party(party).build();
        let list = Names::parse(LIST.as_bytes()).unwrap();
        let found = list.nearest(Request::new(&raw).unwrap().party(0).unwrap());
        assert_eq!(found.map_or(0, |found| found.score), score, "{name}");
    }

    #[test]
    fn the_same_name_is_the_same_in_any_dress() {
        check("Micron", 100);
        check("MICRON TECHNOLOGY, INC.", 100);
        check("美光科技", 100);
        check("마이크론", 100);
        check("Ｍｉｃｒｏｎ　Ｔｅｃｈｎｏｌｏｇｙ", 100);
        check("Mic\u{200b}ron", 100);
    }

    #[test]
    fn a_name_that_is_split_otherwise_is_alike() {
        check("MicronTechnology", 99);
        check("美 光", 99);
        check("M.i.c.r.o.n", 99);
        check("Mic\u{ad}ron Memory", 99);
    }

    #[test]
    fn a_name_with_more_words_or_a_slip_is_alike() {
        check("Micron Semiconductor Asia", 99);
        check("美光半导体（西安）有限责任公司", 99);
        check("Mikron", 83);
    }

    #[test]
    fn other_names_are_not_alike() {
        check("Samsung Electronics", 0);
        check("三星", 0);
        check("", 0);
    }

    #[test]
    fn a_party_without_names_is_like_nobody() {
        let raw = request("2025-01-01").party(company("maker", "US")).build();
        let list = Names::parse(LIST.as_bytes()).unwrap();
        assert_eq!(list.nearest(Request::new(&raw).unwrap().party(0).unwrap()), None);
    }

    #[track_caller]
    fn check_party(list: &str, name: &str, id: Option<&str>, expected: [Truth; 2]) {
        let mut party = company("maker", "US");
        if !name.is_empty() {
            party.names.push(Name { full_name: name.to_owned(), kind: None, language: None });
        }
        let identifier = |id: &str| Identifier { scheme: "XI-LEI".to_owned(), id: id.to_owned() };
        party.identifiers = id.map(|id| Vec::from([identifier(id)]));
        let raw = request("2025-01-01").party(party).build();
        let party = Request::new(&raw).unwrap().party(0).unwrap();
        let list = Names::parse(list.as_bytes()).unwrap();
        assert_eq!([list.has(party).truth(), list.alike(party, 75).truth()], expected, "{name} {id:?}");
    }

    #[test]
    fn a_party_is_on_the_list_by_name_or_registration_and_either_is_asked_for() {
        use Truth::{False, True, Unknown};
        check_party(LIST, "Micron", None, [True, True]);
        check_party(LIST, "Mikron", None, [False, True]);
        check_party(LIST, "Samsung", None, [False, False]);
        check_party(LIST, "", None, [Unknown, Unknown]);
        check_party(LIST, "--", None, [Unknown, Unknown]);
        let registered = "name,of,scheme,id\nMicron,micron,XI-LEI,B3DX\nMicron Technology,micron,,\n";
        check_party(registered, "Samsung", Some("B3DX"), [True, False]);
        check_party(registered, "Samsung", Some("XXXX"), [False, False]);
        check_party(registered, "Samsung", None, [Unknown, False]);
        check_party(registered, "Micron", None, [True, True]);
        check_party(registered, "", Some("XXXX"), [Unknown, Unknown]);
        check_party("name,of\n", "", None, [False, False]);
    }

    #[test]
    fn the_likeness_asked_for_is_enough() {
        let mut party = company("maker", "US");
        party.names.push(Name { full_name: "Mikron".to_owned(), kind: None, language: None });
        let raw = request("2025-01-01").party(party).build();
        let party = Request::new(&raw).unwrap().party(0).unwrap();
        let list = Names::parse(LIST.as_bytes()).unwrap();
        assert_eq!(list.alike(party, 83).truth(), Truth::True);
        assert_eq!(list.alike(party, 84).truth(), Truth::False);
    }

    #[test]
    fn a_product_is_looked_for_by_its_name() {
        let product =
            |name: &str| crate::testing::fact("productName", crate::contract::Value::Text(name.into()));
        let find = |list: &str, name: &str, least| {
            let facts = if name.is_empty() { Vec::new() } else { Vec::from([product(name)]) };
            let raw = request("2025-01-01").with(|request| request.resource.facts = facts).build();
            let list = Names::parse(list.as_bytes()).unwrap();
            let resource = Request::new(&raw).unwrap().resource();
            list.like(resource.text("productName"), "its name", least).truth()
        };
        assert_eq!(find(LIST, "MICRON", 100), Truth::True);
        assert_eq!(find(LIST, "Mikron", 100), Truth::False);
        assert_eq!(find(LIST, "Mikron", 83), Truth::True);
        assert_eq!(find(LIST, "Mikron", 84), Truth::False);
        assert_eq!(find(LIST, "", 83), Truth::Unknown);
        assert_eq!(find(LIST, "--", 83), Truth::Unknown);
        assert_eq!(find("name,of\n", "", 83), Truth::False);
    }

    #[test]
    fn a_name_is_on_the_list_on_its_days() {
        let list = "name,of,from,until\nA,a,2025-01-02,2025-01-03\nB,b,,2025-01-02\nC,c,2025-01-03,\n";
        let list = Names::parse(list.as_bytes()).unwrap();
        let on = |day: &str| {
            let names = list.on(date::parse(day).unwrap());
            names.0.iter().map(|entry| entry.name.as_str()).collect::<String>()
        };
        assert_eq!(
            [on("2025-01-01"), on("2025-01-02"), on("2025-01-03"), on("2025-01-04")],
            ["B", "AB", "AC", "C"]
        );
        assert!(!list.is_empty());
        assert!(Names::parse(b"name,of\n").unwrap().is_empty());
    }

    #[test]
    fn a_row_is_a_list_of_one() {
        let table = Table::parse(LIST.as_bytes()).unwrap();
        let names = Names::of_row(&table.rows().next().unwrap()).unwrap();
        assert_eq!(names.0.len(), 1);
    }

    #[test]
    fn a_bad_list_is_refused_with_its_line() {
        assert_eq!(Names::parse(b"name,of\n--,x\n").unwrap_err(), "line 2: `--` has no letter or digit");
        assert_eq!(Names::parse(b"name,of,from\nA,a,soon\n").unwrap_err(), "line 2: `soon` is not a date");
        assert_eq!(Names::parse(b"name\nA\n").unwrap_err(), "line 2: there is no column `of`");
    }
}
