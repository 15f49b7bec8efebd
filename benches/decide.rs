//! What a decision costs, side by side in one run: reading the request, a guest that says nothing, the shipped policy,
//! the whole way from bytes to bytes, a stream of 10 000, and guests that misbehave.
//!
//! `cargo bench --bench decide`. The ratios inside one run are the usable numbers; see README.md in this folder.

#[path = "../tests/guests/mod.rs"]
mod guests;
#[path = "../tests/shipped/mod.rs"]
mod shipped;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use guests::{Guest, SILENCE, Wit, request};
use lexgate_engine::{Binding, Engine, PolicySet, Prepared};
use lexgate_model::decision::Enforced;
use lexgate_model::fault::Limits;
use lexgate_model::{Record, Request, RequestLimits};
use serde_json::{Map, Value, json};
use std::hint::black_box;

/// A customer owned by a company headquartered in China, through a marketplace.
const REQUEST: &str = include_str!("subsidiary.json");

fn policy(engine: &Engine) -> Prepared {
    let package = shipped::package();
    let parameters = package.manifest.parameters.accept(Map::new()).unwrap();
    engine.prepare(package, parameters, Vec::new()).unwrap()
}

fn set(policy: Prepared) -> PolicySet {
    PolicySet::new(vec![Binding::new("b", policy)]).unwrap()
}

fn decide(engine: &Engine, set: &PolicySet, request: &Request) -> Record<Enforced> {
    engine.decide(set, request, request.when().unwrap())
}

fn read(text: &[u8]) -> Request {
    Request::from_json(text, &RequestLimits::default()).unwrap()
}

fn decisions(criterion: &mut Criterion) {
    let engine = Engine::new().unwrap();
    let wit = Wit::read("wit");
    let silent = set(Guest::new(&wit).prepare(&engine).unwrap());
    let shipped = set(policy(&engine));
    // One line, as streams have them.
    let compact: Value = serde_json::from_str(REQUEST).unwrap();
    let text = compact.to_string().into_bytes();
    let request = read(&text);
    let fuel = decide(&engine, &shipped, &request).bindings[0].used.fuel;
    eprintln!("the shipped policy uses {fuel} fuel on a request of {} bytes", text.len());

    let mut group = criterion.benchmark_group("decision");
    group.bench_function("read the request", |b| b.iter(|| read(black_box(&text))));
    group.bench_function("canonical form", |b| b.iter(|| black_box(&request).canonical()));
    group.bench_function("no policy", |b| {
        let none = PolicySet::new(Vec::new()).unwrap();
        b.iter(|| decide(&engine, &none, black_box(&request)))
    });
    group.bench_function("a guest that says nothing", |b| {
        b.iter(|| decide(&engine, &silent, black_box(&request)))
    });
    group.bench_function("the shipped policy", |b| b.iter(|| decide(&engine, &shipped, black_box(&request))));
    group.bench_function("the shipped policy, bytes to bytes", |b| {
        b.iter(|| serde_json::to_vec(&decide(&engine, &shipped, &read(black_box(&text)))).unwrap())
    });
    group.finish();

    let mut group = criterion.benchmark_group("stream");
    group.sample_size(10).throughput(Throughput::Elements(10_000));
    let line = [text.as_slice(), b"\n"].concat();
    let stream = line.repeat(10_000);
    group.bench_function("10 000 requests, bytes to bytes", |b| {
        b.iter(|| {
            let lines = stream.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
            let decided =
                lines.map(|line| serde_json::to_vec(&decide(&engine, &shipped, &read(line))).unwrap().len());
            decided.sum::<usize>()
        })
    });
    group.finish();
}

fn hostile(criterion: &mut Criterion) {
    let engine = Engine::new().unwrap();
    let wit = Wit::read("wit");
    let question = request();
    let evaluating = |wat: &str| Guest { evaluate: wat.into(), ..Guest::new(&wit) };
    let lie = json!({ "ok": [{ "rule": "no-such-rule", "code": "m1", "floor": "permit", "ceiling": "permit",
        "licensing": null, "arguments": [], "evidence": [], "derived": [], "obligations": [], "missing": [] }] });
    let guests = [
        ("says nothing", Guest::new(&wit)),
        ("loops until its fuel is gone", evaluating("(loop (br 0)) unreachable")),
        (
            "allocates until it is refused",
            evaluating("(loop (br_if 0 (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable"),
        ),
        ("traps", evaluating("unreachable")),
        ("refuses", Guest { evaluate: json!({ "err": { "unsupported": "no" } }).into(), ..Guest::new(&wit) }),
        ("lies", Guest { evaluate: lie.into(), ..Guest::new(&wit) }),
    ];
    let mut group = criterion.benchmark_group("guest");
    group.sample_size(20);
    for (name, guest) in &guests {
        let set = set(guest.prepare(&engine).unwrap());
        group.bench_function(*name, |b| b.iter(|| decide(&engine, &set, &question)));
    }
    // A loop that has fuel for hours ends at the deadline, and once more because that fault is environmental.
    let limits = Limits { base_fuel: u64::MAX, ..Limits::default() };
    let endless = evaluating(&format!("(loop (br 0)) {SILENCE}")).prepare(&engine).unwrap();
    let endless = PolicySet::new(vec![Binding { limits, ..Binding::new("b", endless) }]).unwrap();
    group.sample_size(10);
    group.bench_function("loops with endless fuel", |b| b.iter(|| decide(&engine, &endless, &question)));
    group.finish();
}

criterion_group!(benches, decisions, hostile);
criterion_main!(benches);
