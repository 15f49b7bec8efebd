//! Whether the item is one of ECCN 3A090 or 4A090: by the classification stated, or by its performance.
//!
//! Either is enough to be controlled. To be free of it takes both: a harmless ECCN beside a performance that is not known,
//! or a low performance beside an ECCN that is not, leaves it open.

use lexgate_sdk::view::Item;
use lexgate_sdk::{Condition, Decimal, Fact, Table, eccn_is_of};

/// Reads the entries of the Commerce Control List that the rules are about, from the column `eccn`.
pub(crate) fn entries(bytes: &[u8]) -> Result<Vec<String>, String> {
    Table::parse(bytes)?.rows().map(|row| row.get("eccn").map(str::to_owned)).collect()
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
        Condition::all([rate.from((600, 0)), self.tpp.from((4800, 0))])
    }

    /// 3A090 since 2023-11-17, and the note to it.
    pub(crate) fn current(&self) -> Condition<'a> {
        let (tpp, pd) = (self.tpp, self.pd);
        let a1 = tpp.from((4800, 0));
        let a2 = Condition::all([tpp.from((1600, 0)), pd.from((5, 92))]);
        let b1 = Condition::all([tpp.within((2400, 0), (4800, 0)), pd.within((1, 60), (5, 92))]);
        let b2 = Condition::all([tpp.from((1600, 0)), pd.within((3, 20), (5, 92))]);
        let expected = "whether it is designed or marketed for data centres";
        let designed = Condition::of(self.item.flag("designedForDataCentres"), expected, |yes| yes);
        let not_taken_out = Condition::any([designed, tpp.from((4800, 0))]);
        Condition::all([not_taken_out, Condition::any([a1, a2, b1, b2])])
    }

    /// What is reviewed case by case since 2026-01-15, if the rest is so, too.
    pub(crate) fn below_the_limits(&self) -> [Condition<'a>; 2] {
        let bandwidth = "the total DRAM bandwidth, in GBy/s";
        let bandwidth = Figure::read(self.item, "totalDramBandwidth", bandwidth, &GIGABYTES);
        [self.tpp.from((21_000, 0)).not(), bandwidth.from((6500, 0)).not()]
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
        Condition::of(self.0, self.1, |value| reaches(value, least))
    }

    /// Whether it is this or more, but less than that.
    fn within(self, least: Limit, below: Limit) -> Condition<'a> {
        Condition::of(self.0, self.1, |value| reaches(value, least) && !reaches(value, below))
    }
}

/// A limit: a whole number, and hundredths.
type Limit = (i64, i64);

fn reaches(value: Decimal, (whole, hundredths): Limit) -> bool {
    Decimal::new(whole * 100 + hundredths, -2).is_ok_and(|limit| value >= limit)
}

/// Whether an ECCN is stated that is one of the entries, or a paragraph of one. A list without any says that it has none.
pub(crate) fn classified<'a>(item: Item<'a>, entries: &[String]) -> Condition<'a> {
    let list = item.classifications();
    let Some(stated) = list.value() else {
        return Condition::unknown(list.gap("the ECCN of the item; an empty list if it has none"));
    };
    let ours = |code: &str| entries.iter().any(|entry| eccn_is_of(code, entry));
    let eccns = stated.iter().filter_map(|one| one.eccn());
    let parts = eccns.map(|eccn| Condition::of(eccn, "an ECCN, such as `3A090.a`, or `EAR99`", ours));
    Condition::any([Condition::fails(list.evidence())].into_iter().chain(parts))
}
