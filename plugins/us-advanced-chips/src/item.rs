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
        let table = Table::parse(bytes)?;
        table.rows().map(|row| row.get("eccn").map(str::to_owned)).collect::<Result<_, _>>().map(Entries)
    }

    /// Whether a code is one of them, or a paragraph of one.
    fn have(&self, code: &str) -> bool {
        let paragraph = |rest: &str| rest.is_empty() || rest.starts_with('.');
        self.0.iter().any(|entry| code.strip_prefix(entry.as_str()).is_some_and(paragraph))
    }
}

/// The figures that the rules turn on.
#[derive(Clone, Copy)]
pub(crate) struct Figures<'a> {
    item: Item<'a>,
    /// Total processing performance.
    tpp: Figure<'a>,
    /// Performance density.
    pd: Figure<'a>,
}

/// A figure, and what is expected of it.
#[derive(Clone, Copy)]
struct Figure<'a>(Fact<'a, Decimal>, &'static str);

impl<'a> Figures<'a> {
    pub(crate) fn of(item: Item<'a>) -> Figures<'a> {
        let tpp = "the total processing performance (TPP): 2 x MacTOPS x bit length";
        let tpp = Figure::read(item, "totalProcessingPerformance", tpp, &[""]);
        let pd = "the performance density: TPP by mm² of applicable die area";
        Figures { item, tpp, pd: Figure::read(item, "performanceDensity", pd, &[""]) }
    }

    /// The original 3A090.
    pub(crate) fn original(&self) -> Condition<'a> {
        let rate = "the aggregate I/O transfer rate over all inputs and outputs, in GBy/s";
        let rate = Figure::read(self.item, "aggregateBidirectionalTransferRate", rate, &GIGABYTES);
        Condition::all([rate.from(Limit(600, 0)), self.tpp.from(Limit(4800, 0))])
    }

    /// 3A090 since 2023-11-17, and the note to it.
    pub(crate) fn current(&self) -> Condition<'a> {
        let (tpp, pd) = (self.tpp, self.pd);
        let a1 = tpp.from(Limit(4800, 0));
        let a2 = Condition::all([tpp.from(Limit(1600, 0)), pd.from(Limit(5, 92))]);
        let b1 = Condition::all([
            tpp.within(Limit(2400, 0), Limit(4800, 0)),
            pd.within(Limit(1, 60), Limit(5, 92)),
        ]);
        let b2 = Condition::all([tpp.from(Limit(1600, 0)), pd.within(Limit(3, 20), Limit(5, 92))]);
        let designed = self.item.flag("designedForDataCentres");
        let designed =
            Condition::of(designed, "whether it is designed or marketed for data centres", |yes| yes);
        let not_taken_out = Condition::any([designed, tpp.from(Limit(4800, 0))]);
        Condition::all([not_taken_out, Condition::any([a1, a2, b1, b2])])
    }

    /// What is reviewed case by case since 2026-01-15, if the rest is so, too.
    pub(crate) fn below_the_limits(&self) -> [Condition<'a>; 2] {
        let bandwidth = "the total DRAM bandwidth, in GBy/s";
        let bandwidth = Figure::read(self.item, "totalDramBandwidth", bandwidth, &GIGABYTES);
        [self.tpp.from(Limit(21_000, 0)).not(), bandwidth.from(Limit(6500, 0)).not()]
    }
}

/// UCUM has the byte as `By`; `GB/s` is what people write.
const GIGABYTES: [&str; 2] = ["GBy/s", "GB/s"];

impl<'a> Figure<'a> {
    /// Reads a number, if it has one of these units and is not negative.
    fn read(item: Item<'a>, name: &'a str, expected: &'static str, units: &[&str]) -> Figure<'a> {
        let sound = |unit: &str, value| units.contains(&unit) && value >= Decimal::ZERO;
        let figure = item.number(name).read(|read| sound(read.unit, read.value).then_some(read.value));
        Figure(figure, expected)
    }

    /// Whether it is this or more.
    fn from(self, least: Limit) -> Condition<'a> {
        Condition::of(self.0, self.1, |value| least.is_reached(value))
    }

    /// Whether it is this or more, but less than that.
    fn within(self, least: Limit, below: Limit) -> Condition<'a> {
        Condition::of(self.0, self.1, |value| least.is_reached(value) && !below.is_reached(value))
    }
}

/// A limit: a whole number, and hundredths.
#[derive(Clone, Copy)]
struct Limit(i64, i64);

impl Limit {
    fn is_reached(self, value: Decimal) -> bool {
        let Limit(whole, hundredths) = self;
        Decimal::new(whole * 100 + hundredths, -2).is_ok_and(|limit| value >= limit)
    }
}

/// Whether an ECCN is stated that is one of the entries. A list without any says that it has none.
pub(crate) fn classified<'a>(item: Item<'a>, entries: &Entries) -> Condition<'a> {
    let list = item.classifications();
    match list.value() {
        None => Condition::unknown(list.gap("the ECCN of the item; an empty list if it has none")),
        Some(stated) if stated.is_empty() => Condition::fails(list.evidence()),
        Some(stated) => Condition::any(stated.iter().map(|one| entered(one, entries))),
    }
}

/// Whether a classification is one of the entries. One of a scheme that is not known is held against them too: a misspelt
/// scheme switches nothing off.
fn entered<'a>(one: Classification<'a>, entries: &Entries) -> Condition<'a> {
    let code = one.code();
    let code = if one.scheme() == "ECCN" { code.read(|code| is_eccn(code).then_some(code)) } else { code };
    Condition::of(code, "an ECCN, such as `3A090.a`, or `EAR99`", |code| entries.have(code))
}

/// Whether it is written as an ECCN is: `3A090`, `3A090.a.1`, or `EAR99`. Another form could hide one of the entries.
fn is_eccn(code: &str) -> bool {
    let (entry, paragraph) = code.split_once('.').unwrap_or((code, ""));
    let digit = |byte: &u8| byte.is_ascii_digit();
    let written = match entry.as_bytes() {
        [category, b'A'..=b'E', number @ ..] => {
            digit(category) && number.len() == 3 && number.iter().all(digit)
        }
        _ => false,
    };
    let small = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.');
    code == "EAR99" || written && paragraph.bytes().all(small)
}
