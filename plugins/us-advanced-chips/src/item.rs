//! Whether the item is one of ECCN 3A090 or 4A090: by the classification stated, or by its performance.
//!
//! Either is enough to be controlled. To be free of it takes both: a harmless ECCN beside a performance that is not known,
//! or a low performance beside an ECCN that is not, leaves it open.

use lexgate_sdk::view::{Classification, Item};
use lexgate_sdk::{Condition, Decimal, Fact, Table};

/// The entries of the Commerce Control List that the rules are about, each with its paragraphs.
#[derive(Debug)]
pub(crate) struct Entries(Vec<String>);

impl Entries {
    /// Reads the column `eccn`.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Entries, String> {
        Table::parse(bytes)?
            .rows()
            .map(|row| row.get("eccn").map(str::to_owned))
            .collect::<Result<_, _>>()
            .map(Entries)
    }

    /// Whether a code is one of them, or a paragraph of one.
    fn have(&self, code: &str) -> bool {
        let paragraph = |rest: &str| rest.is_empty() || rest.starts_with('.');
        self.0.iter().any(|entry| code.strip_prefix(entry.as_str()).is_some_and(paragraph))
    }
}

/// Whether the item is controlled since 2022: by its ECCN, or by both its transfer rate and its performance.
pub(crate) fn original<'a>(item: Item<'a>, entries: &Entries) -> Condition<'a> {
    let rate = item.number("aggregateBidirectionalTransferRate").read(|rate| figure(rate, &GIGABYTES));
    let both = [
        of(rate, "the aggregate I/O transfer rate over all inputs and outputs, in GBy/s", |rate| {
            reaches(rate, 600_00)
        }),
        of(performance(item), PERFORMANCE, |performance| reaches(performance, 4_800_00)),
    ];
    Condition::any([classified(item, entries), Condition::all(both)])
}

/// Whether the item is controlled since 2023-11-17: by its ECCN, or by a paragraph that its figures fall under, unless the
/// note takes it out.
pub(crate) fn current<'a>(item: Item<'a>, entries: &Entries) -> Condition<'a> {
    let tpp = |test: fn(Decimal) -> bool| of(performance(item), PERFORMANCE, test);
    let density = item.number("performanceDensity").read(|density| figure(density, &[""]));
    let density = |test: fn(Decimal) -> bool| {
        of(density, "the performance density: TPP by mm² of applicable die area", test)
    };
    let paragraphs = [
        // 3A090.a.1
        tpp(|tpp| reaches(tpp, 4_800_00)),
        // 3A090.a.2
        Condition::all([tpp(|tpp| reaches(tpp, 1_600_00)), density(|pd| reaches(pd, 5_92))]),
        // 3A090.b.1
        Condition::all([
            tpp(|tpp| reaches(tpp, 2_400_00) && !reaches(tpp, 4_800_00)),
            density(|pd| reaches(pd, 1_60) && !reaches(pd, 5_92)),
        ]),
        // 3A090.b.2
        Condition::all([
            tpp(|tpp| reaches(tpp, 1_600_00)),
            density(|pd| reaches(pd, 3_20) && !reaches(pd, 5_92)),
        ]),
    ];
    let data_centre = item.flag("designedForDataCentres");
    let note = [
        of(data_centre, "whether it is designed or marketed for data centres", |designed| designed),
        tpp(|tpp| reaches(tpp, 4_800_00)),
    ];
    let by_figures = Condition::all([Condition::any(note), Condition::any(paragraphs)]);
    Condition::any([classified(item, entries), by_figures])
}

/// Whether performance and memory are below what is reviewed case by case since 2026-01-15.
pub(crate) fn below_case_by_case(item: Item<'_>) -> [Condition<'_>; 2] {
    let bandwidth = item.number("totalDramBandwidth").read(|bandwidth| figure(bandwidth, &GIGABYTES));
    [
        of(performance(item), PERFORMANCE, |tpp| !reaches(tpp, 21_000_00)),
        of(bandwidth, "the total DRAM bandwidth, in GBy/s", |bandwidth| !reaches(bandwidth, 6_500_00)),
    ]
}

/// Whether an ECCN is stated that is one of the entries. A list without any ECCN says that it has none.
fn classified<'a>(item: Item<'a>, entries: &Entries) -> Condition<'a> {
    let list = item.classifications();
    let Some(stated) = list.value() else {
        return Condition::unknown(list.gap("the ECCN of the item; an empty list if it has none"));
    };
    if stated.is_empty() {
        return Condition::fails(list.evidence());
    }
    Condition::any(stated.iter().map(|one| entered(one, entries)))
}

/// Whether a classification is one of the entries. One of a scheme that is not known is held against them too: a misspelt
/// scheme switches nothing off.
fn entered<'a>(one: Classification<'a>, entries: &Entries) -> Condition<'a> {
    let code = match one.scheme() {
        "HS" | "CN-customs" | "CN-dual-use" => return Condition::fails(one.code().evidence()),
        "ECCN" => one.code().read(|code| is_eccn(code).then_some(code)),
        _ => one.code(),
    };
    of(code, "an ECCN, such as `3A090.a`, or `EAR99`", |code| entries.have(code))
}

/// Whether it is written as an ECCN is: `3A090`, `3A090.a.1`, or `EAR99`. Another form could hide one of the entries.
fn is_eccn(code: &str) -> bool {
    let (entry, paragraph) = code.split_once('.').unwrap_or((code, "a"));
    let written = match entry.as_bytes() {
        [category, group, number @ ..] => {
            category.is_ascii_digit()
                && (b'A'..=b'E').contains(group)
                && number.len() == 3
                && number.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    };
    code == "EAR99"
        || written && paragraph.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.'))
}

const PERFORMANCE: &str = "the total processing performance (TPP): 2 x MacTOPS x bit length";

/// UCUM has the byte as `By`; `GB/s` is what people write.
const GIGABYTES: [&str; 2] = ["GBy/s", "GB/s"];

fn performance(item: Item<'_>) -> Fact<'_, Decimal> {
    item.number("totalProcessingPerformance").read(|performance| figure(performance, &[""]))
}

/// The number, if it has one of these units and can be one.
fn figure(quantity: lexgate_sdk::Quantity<'_>, units: &[&str]) -> Option<Decimal> {
    (units.contains(&quantity.unit) && quantity.value >= Decimal::ZERO).then_some(quantity.value)
}

/// Whether a number is at or over a limit, given in hundredths.
fn reaches(value: Decimal, hundredths: i64) -> bool {
    Decimal::new(hundredths, -2).is_ok_and(|limit| value >= limit)
}

fn of<'a, T: Copy>(fact: Fact<'a, T>, expected: &'a str, test: impl FnOnce(T) -> bool) -> Condition<'a> {
    Condition::of(fact, expected, test)
}
