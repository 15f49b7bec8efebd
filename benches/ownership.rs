//! What the arithmetic of ownership costs on a register of ten thousand parties and fifty thousand stakes: its methods side
//! by side, on a graph without rings and on one in which nearly all parties are one ring.

use criterion::{Criterion, criterion_group, criterion_main};
use lexgate_model::ownership::control::{Lines, Link, Means};
use lexgate_model::ownership::{Graph, Method, Stake};
use lexgate_model::{Amount, Decimal, Interval, Threshold, Truth};
use std::hint::black_box;

const PARTIES: u32 = 10_000;
const STAKES: u32 = 50_000;

fn percent(percent: i32) -> Amount {
    Amount::try_from(Decimal::from(percent)).unwrap()
}

/// Numbers without pattern, the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((self.0 >> 33) % u64::from(sides)).unwrap()
    }
}

/// Five owners of up to 20 % each for every party; `rings` says whether they may stand below it.
fn stakes(rings: bool) -> Vec<Stake> {
    let mut dice = Dice(2026);
    let stake = |key: u32| {
        let owned = key % PARTIES;
        let above = if rings { PARTIES } else { owned.max(1) };
        let (owner, share) = (dice.roll(above), i32::try_from(dice.roll(21)).unwrap());
        let share = Some(Interval::exact(percent(share)));
        Stake { owner: Some(owner), owned, share, direct: Truth::True, key }
    };
    (0..STAKES).map(stake).collect()
}

fn ownership(criterion: &mut Criterion) {
    let base: Vec<Truth> = (0..PARTIES).map(|party| Truth::from(party % 7 == 0)).collect();
    let half = Threshold::MoreThan(percent(50));
    for rings in [false, true] {
        let name = if rings { "50 000 stakes in one great ring" } else { "50 000 stakes without rings" };
        let mut group = criterion.benchmark_group(name);
        let stakes = stakes(rings);
        let build = || {
            let mut graph = Graph::new(PARTIES);
            stakes.iter().for_each(|stake| graph.add(*stake));
            (0..PARTIES).for_each(|party| graph.all_owners_stated(party));
            graph
        };
        group.bench_function("reading", |bencher| bencher.iter(|| black_box(build())));
        let graph = build();
        for method in [Method::Direct, Method::Cascade, Method::LookThrough] {
            group.bench_function(format!("{method:?}"), |bencher| {
                bencher.iter(|| black_box(graph.holdings(method, &base, half)))
            });
        }
        let mut means = Means::new(PARTIES);
        for stake in &stakes {
            match stake.key % 3 {
                0 => means.votes(*stake),
                1 => means.share(*stake),
                _ => means.link(Link {
                    from: stake.owner,
                    to: stake.owned,
                    passes: Truth::True,
                    control: true,
                    key: stake.key,
                }),
            }
        }
        let lines = Lines { votes: half, shares: half };
        group.bench_function("control", |bencher| bencher.iter(|| black_box(means.reach(&base, lines))));
        group.finish();
    }
}

criterion_group!(benches, ownership);
criterion_main!(benches);
