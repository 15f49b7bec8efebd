//! Writes seeds for every target into `corpus/`: requests and manifests of the policies we ship, their packages as far as
//! they are built, and one small example of every register. `cargo run --release --example seeds [PACKAGE.wasm ...]`.

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use lexgate_kit::build;
use lexgate_kit::cases::questions;
use std::fs;
use std::path::Path;

fn main() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let write = |target: &str, name: &str, bytes: &[u8]| {
        let folder = here.join("corpus").join(target);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), bytes).unwrap();
    };
    for entry in fs::read_dir(here.join("../plugins")).unwrap() {
        let folder = entry.unwrap().path();
        if !folder.join("lexgate.toml").is_file() {
            continue;
        }
        let id = folder.file_name().unwrap().to_string_lossy().into_owned();
        let dir = Dir::open_ambient_dir(&folder, ambient_authority()).unwrap();
        write("manifest", &format!("{id}.toml"), &fs::read(folder.join("lexgate.toml")).unwrap());
        write(
            "manifest",
            &format!("{id}.json"),
            build::manifest(&dir).unwrap().to_canonical_json().as_bytes(),
        );
        for question in questions(&dir).unwrap() {
            write("request", &format!("{id}-{}.json", question.id), question.request.to_string().as_bytes());
        }
    }
    for path in std::env::args().skip(1) {
        let name = Path::new(&path).file_name().unwrap().to_string_lossy().into_owned();
        write("package", &name, &fs::read(&path).unwrap());
    }
    // A guest with nothing to say, one with an answer of zeros, and one whose answer is a list.
    let guest = |bytes: &[u8]| lexgate_fuzz::package(lexgate_fuzz::answering(bytes)).unwrap();
    write("package", "silent.wasm", &guest(&[0; 64]));
    write("policy", "silent.wasm", &guest(&[0; 64]));
    write("policy", "random", &[7; 2048]);
    write("answer", "silent", &[0; 64]);
    write("answer", "findings", &lexgate_fuzz::one_finding());
    for (target, name, text) in REGISTERS {
        write(target, name, text.as_bytes());
    }
    let statements = fs::read(here.join("../crates/cli/demo/harbour-statements.json")).unwrap();
    write("bods", "harbour.json", &statements);
}

const REGISTERS: [(&str, &str, &str); 3] = [
    (
        "gleif",
        "records.json",
        r#"[{"LEI":{"$":"5493001KJTIIGC8Y1R12"},"Entity":{"LegalName":{"$":"Example"},"LegalJurisdiction":{"$":"US-DE"},"LegalAddress":{"Country":{"$":"US"}},"HeadquartersAddress":{"Country":{"$":"US"}},"EntityStatus":{"$":"ACTIVE"}},"Registration":{"RegistrationStatus":{"$":"ISSUED"}}}]
---
[{"Relationship":{"StartNode":{"NodeID":{"$":"5493001KJTIIGC8Y1R12"},"NodeIDType":{"$":"LEI"}},"EndNode":{"NodeID":{"$":"SYNTHETIC00000000118"},"NodeIDType":{"$":"LEI"}},"RelationshipType":{"$":"IS_DIRECTLY_CONSOLIDATED_BY"},"RelationshipStatus":{"$":"ACTIVE"},"RelationshipPeriods":{"RelationshipPeriod":[{"StartDate":{"$":"2020-01-01T00:00:00Z"},"PeriodType":{"$":"RELATIONSHIP_PERIOD"}}]}},"Registration":{"RegistrationStatus":{"$":"PUBLISHED"}}}]
---
[{"LEI":{"$":"5493001KJTIIGC8Y1R12"},"ExceptionCategory":{"$":"ULTIMATE_ACCOUNTING_CONSOLIDATION_PARENT"},"ExceptionReason":[{"$":"NO_LEI"}]}]"#,
    ),
    (
        "gleif",
        "records.xml",
        r#"<lei:LEIData xmlns:lei="http://www.gleif.org/data/schema/leidata/2016"><lei:LEIRecords><lei:LEIRecord><lei:LEI>5493001KJTIIGC8Y1R12</lei:LEI><lei:Entity><lei:LegalName xml:lang="en">Example</lei:LegalName><lei:LegalAddress><lei:Country>US</lei:Country></lei:LegalAddress><lei:HeadquartersAddress><lei:Country>US</lei:Country></lei:HeadquartersAddress><lei:EntityStatus>ACTIVE</lei:EntityStatus></lei:Entity></lei:LEIRecord></lei:LEIRecords></lei:LEIData>
---
<rr:RelationshipData xmlns:rr="http://www.gleif.org/data/schema/rr/2016"><rr:RelationshipRecords><rr:RelationshipRecord><rr:Relationship><rr:StartNode><rr:NodeID>5493001KJTIIGC8Y1R12</rr:NodeID></rr:StartNode><rr:EndNode><rr:NodeID>SYNTHETIC00000000118</rr:NodeID></rr:EndNode><rr:RelationshipType>IS_DIRECTLY_CONSOLIDATED_BY</rr:RelationshipType><rr:RelationshipStatus>ACTIVE</rr:RelationshipStatus></rr:Relationship></rr:RelationshipRecord></rr:RelationshipRecords></rr:RelationshipData>"#,
    ),
    (
        "gleif",
        "records.csv",
        "LEI,Entity.LegalName,Entity.LegalAddress.Country,Entity.HeadquartersAddress.Country,Entity.EntityStatus
5493001KJTIIGC8Y1R12,Example,US,US,ACTIVE
---
Relationship.StartNode.NodeID,Relationship.EndNode.NodeID,Relationship.RelationshipType,Relationship.RelationshipStatus
5493001KJTIIGC8Y1R12,SYNTHETIC00000000118,IS_DIRECTLY_CONSOLIDATED_BY,ACTIVE
",
    ),
];
