//! A little of what `fuzz/` does at length: every door, with seeds that were cut, altered and doubled. It finds what is wrong at
//! once, and keeps the targets compiling.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test may fail anywhere, and makes its own files"
)]

#[expect(unreachable_pub, reason = "it is a crate of its own, too")]
#[path = "../fuzz/lib.rs"]
mod fuzz;
#[expect(dead_code, reason = "the benchmark asks the others, too")]
#[path = "../benches/peers/rounds/src/workload.rs"]
mod workload;

use fuzz::doors;

/// Numbers that look random and are the same in every run (xorshift64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 1).unwrap() % most.max(1)
    }
}

/// What stands in texts where something begins or ends.
const TOKENS: [&str; 12] =
    ["\"", "{", "}", "[", "]", ",", "\\u0000", "null", "1e30", "\u{10000}", "\n---\n", "\0"];

/// Returns a seed with one to four changes.
fn changed(seed: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(bytes.len());
        let until = (at + numbers.below(40)).min(bytes.len());
        match numbers.below(5) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..until)),
            2 => drop(bytes.splice(at..at, TOKENS[numbers.below(TOKENS.len())].bytes())),
            3 => drop(bytes.splice(at..at, bytes[at..until].to_vec())),
            _ if at < bytes.len() => bytes[at] = u8::try_from(numbers.below(256)).unwrap(),
            _ => {}
        }
    }
    bytes
}

/// Sends the seeds through a door, each as it is and changed so many times.
fn try_door(door: fn(&[u8]), seeds: &[&[u8]], times: usize) {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for seed in seeds {
        door(seed);
        (0..times).for_each(|_| door(&changed(seed, &mut numbers)));
    }
}

#[test]
fn requests() {
    let seeds = workload::QUESTIONS.map(|question| question.request());
    try_door(doors::request, &seeds.each_ref().map(Vec::as_slice), 300);
}

#[test]
fn manifests() {
    let toml = include_bytes!("../plugins/anthropic-regions/lexgate.toml");
    let packed = fuzz::package(fuzz::answering(&[])).unwrap();
    let json = fuzz::verified(packed).unwrap().manifest.to_canonical_json();
    try_door(doors::manifest, &[toml, json.as_bytes()], 300);
}

#[test]
fn packages() {
    let packed = fuzz::package(fuzz::answering(&[0; 64])).unwrap();
    let shape = fuzz::package(fuzz::shape().to_vec()).unwrap();
    try_door(doors::package, &[&packed, &shape], 300);
}

#[test]
fn registers() {
    let statements = include_bytes!("../crates/cli/demo/harbour-statements.json");
    try_door(doors::bods, &[statements], 200);
    let records = "LEI,Entity.LegalName,Entity.HeadquartersAddress.Country\n5493001KJTIIGC8Y1R12,Example,US\n---\n\
        Relationship.StartNode.NodeID,Relationship.EndNode.NodeID,Relationship.RelationshipType\n\
        5493001KJTIIGC8Y1R12,SYNTHETIC00000000118,IS_DIRECTLY_CONSOLIDATED_BY\n";
    try_door(doors::gleif, &[records.as_bytes()], 300);
}

#[test]
fn answers() {
    let one = fuzz::one_finding();
    let package = fuzz::package(fuzz::answering(&one)).unwrap();
    assert_eq!(fuzz::run(package), Some(1), "what is altered must be something to begin with");
    try_door(doors::answer, &[&[0; 64], &one], 12);
}
