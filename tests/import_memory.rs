//! The memory of an import is that of the neighbourhood, whatever the size of the register around it.

use lexgate_kit::import::{About, Frame, Register, Source, Wanted, gleif};
use lexgate_model::{When, date};
use std::io::{Cursor, Read};

/// Returns an LEI that nobody has.
fn lei(number: u32) -> String {
    let base = format!("SYNTHETIC{number:09}");
    let rest = format!("{base}00").chars().fold(0, |rest, c| {
        let digit = c.to_digit(36).unwrap();
        (rest * if digit < 10 { 10 } else { 100 } + digit) % 97
    });
    format!("{base}{:02}", 98 - rest)
}

fn source(name: &str, text: &'static str) -> Source<'static> {
    let open = Box::new(move || Ok(Box::new(Cursor::new(text)) as Box<dyn Read>));
    Source { name: name.to_owned(), bytes: Some(text.len() as u64), open }
}

/// Returns how many bytes an import takes at most, among so many relationships.
fn peak(relationships: u32) -> u64 {
    let mut rr = "Relationship.StartNode.NodeID,Relationship.EndNode.NodeID,Relationship.RelationshipType,Relationship.RelationshipStatus,Registration.RegistrationStatus\n".to_owned();
    let mut lei2 = "LEI,Entity.LegalName,Entity.EntityCategory\n".to_owned();
    for number in 0..relationships {
        let (start, end) = (lei(number), lei(number / 2));
        rr.push_str(&format!("{start},{end},IS_DIRECTLY_CONSOLIDATED_BY,ACTIVE,PUBLISHED\n"));
        lei2.push_str(&format!("{start},Company {number},GENERAL\n"));
    }
    let register = Register {
        entities: source("lei2", lei2.leak()),
        relationships: source("rr", rr.leak()),
        exceptions: None,
    };
    let about = About::New { action: "supply".to_owned(), channel: None, category: None };
    let when = When::Date(date::parse("2025-09-05").unwrap());
    let frame = Frame { when, role: "endUser".to_owned(), about };
    let wanted = Wanted { parties: vec![lei(900)], depth: 3 };
    let info = allocation_counter::measure(|| {
        let imported = gleif(&register, &wanted, &frame, &mut |_| {}).unwrap();
        assert_eq!(imported.report.parties, 4);
    });
    info.bytes_max
}

#[test]
fn memory_does_not_grow_with_the_register() {
    let (small, large) = (peak(1_000), peak(50_000));
    assert!(large < small + small / 4, "{small} bytes among 1 000, {large} among 50 000");
}
