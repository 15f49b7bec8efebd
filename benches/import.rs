//! What importing from a whole register takes: a synthetic golden copy of a million relationships, one party of it.
//!
//! `cargo bench --bench import -- [FOLDER [RELATIONSHIPS]]`. The folder keeps the files, so that `lexgate import` can be
//! measured on them, too. Nothing in them is real.

#![expect(clippy::disallowed_methods, reason = "a bench makes its own files and reads the clock")]

use lexgate_kit::import::{About, Frame, Register, Source, Wanted, gleif};
use lexgate_model::{When, date};
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let temporary = tempfile::tempdir().unwrap();
    let folder = args.first().map_or(temporary.path().to_owned(), PathBuf::from);
    let relationships = args.get(1).map_or(1_000_000, |text| text.parse().unwrap());
    std::fs::create_dir_all(&folder).unwrap();
    let party = write(&folder, relationships / 2);
    for file in ["lei2.csv", "rr.csv", "repex.csv"] {
        println!("{file}: {} MiB", std::fs::metadata(folder.join(file)).unwrap().len() >> 20);
    }
    for depth in [1, 3, 10] {
        let started = Instant::now();
        let register = Register {
            entities: source(&folder, "lei2.csv"),
            relationships: source(&folder, "rr.csv"),
            exceptions: Some(source(&folder, "repex.csv")),
        };
        let wanted = Wanted { parties: vec![party.clone()], depth };
        let about = About::New { action: "supply".to_owned(), channel: None, category: None };
        let when = When::Date(date::parse("2025-09-05").unwrap());
        let frame = Frame { when, role: "endUser".to_owned(), about };
        let mut passes = 0;
        let imported = gleif(&register, &wanted, &frame, &mut |progress| passes = progress.pass).unwrap();
        println!(
            "{party}, depth {depth}: {} parties, {} relationships, {passes} passes, {:.1?}, peak memory {}",
            imported.report.parties,
            imported.report.relationships,
            started.elapsed(),
            peak(),
        );
    }
}

/// Returns the largest resident set of this process so far, where the system tells.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or("unknown".to_owned(), |line| line.trim().to_owned())
}

fn source(folder: &Path, file: &str) -> Source<'static> {
    let path = folder.join(file);
    let bytes = Some(std::fs::metadata(&path).unwrap().len());
    let open = Box::new(move || Ok(Box::new(File::open(&path)?) as Box<dyn Read>));
    Source { name: file.to_owned(), bytes, open }
}

/// Writes a register in which entity `n` is consolidated by entity `n / 4`, and in the end by that of its root. Returns an
/// entity with many above it.
fn write(folder: &Path, entities: u64) -> String {
    const ROOTS: u64 = 64;
    let parent = |number: u64| number / 4;
    let create = |file: &str| BufWriter::new(File::create(folder.join(file)).unwrap());
    let (mut lei2, mut rr, mut repex) = (create("lei2.csv"), create("rr.csv"), create("repex.csv"));
    writeln!(lei2, "\"LEI\",\"Entity.LegalName\",\"Entity.LegalName.xmllang\",\"Entity.OtherEntityNames.OtherEntityName.1\",\"Entity.OtherEntityNames.OtherEntityName.1.xmllang\",\"Entity.OtherEntityNames.OtherEntityName.1.type\",\"Entity.LegalAddress.FirstAddressLine\",\"Entity.LegalAddress.City\",\"Entity.LegalAddress.Country\",\"Entity.HeadquartersAddress.FirstAddressLine\",\"Entity.HeadquartersAddress.City\",\"Entity.HeadquartersAddress.Region\",\"Entity.HeadquartersAddress.Country\",\"Entity.RegistrationAuthority.RegistrationAuthorityID\",\"Entity.RegistrationAuthority.RegistrationAuthorityEntityID\",\"Entity.LegalJurisdiction\",\"Entity.EntityCategory\",\"Entity.EntityStatus\",\"Registration.LastUpdateDate\",\"Registration.RegistrationStatus\"").unwrap();
    writeln!(rr, "\"Relationship.StartNode.NodeID\",\"Relationship.StartNode.NodeIDType\",\"Relationship.EndNode.NodeID\",\"Relationship.EndNode.NodeIDType\",\"Relationship.RelationshipType\",\"Relationship.RelationshipStatus\",\"Relationship.Period.1.startDate\",\"Relationship.Period.1.endDate\",\"Relationship.Period.1.periodType\",\"Relationship.Period.2.startDate\",\"Relationship.Period.2.endDate\",\"Relationship.Period.2.periodType\",\"Registration.InitialRegistrationDate\",\"Registration.LastUpdateDate\",\"Registration.RegistrationStatus\",\"Registration.ManagingLOU\"").unwrap();
    writeln!(repex, "\"LEI\",\"Exception.Category\",\"Exception.Reason.1\",\"Exception.Reference.1\"")
        .unwrap();
    for number in 1..=entities + ROOTS {
        let id = lei(number);
        writeln!(lei2, "\"{id}\",\"Synthetic Company {number} Ltd\",\"en\",\"Synthetic Predecessor {number}\",\"en\",\"PREVIOUS_LEGAL_NAME\",\"{number} Example Street\",\"Exampleton\",\"GB\",\"{number} Example Street\",\"Exampleton\",\"GB-LND\",\"GB\",\"RA000585\",\"{number:08}\",\"GB\",\"GENERAL\",\"ACTIVE\",\"2024-05-01T00:00:00Z\",\"ISSUED\"").unwrap();
        if number <= ROOTS {
            writeln!(repex, "\"{id}\",\"ULTIMATE_ACCOUNTING_CONSOLIDATION_PARENT\",\"NATURAL_PERSONS\",\"\"")
                .unwrap();
            continue;
        }
        let mut root = number;
        while root > ROOTS {
            root = parent(root);
        }
        for (kind, end) in
            [("IS_DIRECTLY_CONSOLIDATED_BY", parent(number)), ("IS_ULTIMATELY_CONSOLIDATED_BY", root)]
        {
            writeln!(rr, "\"{id}\",\"LEI\",\"{}\",\"LEI\",\"{kind}\",\"ACTIVE\",\"2023-01-01T00:00:00Z\",\"2023-12-31T00:00:00Z\",\"ACCOUNTING_PERIOD\",\"2019-04-01T00:00:00Z\",\"\",\"RELATIONSHIP_PERIOD\",\"2019-06-01T00:00:00Z\",\"2024-05-01T00:00:00Z\",\"PUBLISHED\",\"{}\"", lei(end), lei(1)).unwrap();
        }
    }
    for mut file in [lei2, rr, repex] {
        file.flush().unwrap();
    }
    lei(entities)
}

/// Returns an LEI that nobody has: digits behind a prefix, with the check digits of ISO 17442.
fn lei(number: u64) -> String {
    let base = format!("SYNTHETIC0{number:08}");
    let rest = format!("{base}00").chars().fold(0u32, |rest, c| {
        let digit = c.to_digit(36).unwrap();
        (rest * if digit < 10 { 10 } else { 100 } + digit) % 97
    });
    format!("{base}{:02}", 98 - rest)
}
