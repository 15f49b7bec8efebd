//! One workload in Lexgate, native Rust, and whatever else decides, side by side in one run.
//!
//! `cargo run --release --manifest-path benches/peers/Cargo.toml`; README.md in the folder above says what came of it.

mod bare;
mod guests;
mod languages;
mod lexgate;
mod native;
mod others;
mod preparing;
mod served;
mod table;
mod threads;

use anyhow::{Context, Result, bail};
use lexgate_engine::{Engine, Prepared};
use lexgate_model::fault::Limits;
use lexgate_model::{Package, Verified};
use others::Others;
use rounds::Row;
use rounds::workload::TIMED;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Fuel that the engine asks for an instance, on top of what the guest uses.
const INSTANCE_FUEL: u64 = 2_500;

/// How long a row is repeated for a profiler.
const PROFILED: Duration = Duration::from_secs(10);

/// That of `lexgate`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<()> {
    let Options { rounds, bindings, profile, only_ours, served, serve, json } = options()?;
    if let Some((kind, folder)) = serve {
        return served::serve(&kind, &folder);
    }
    if served {
        return served::print(json);
    }
    let engine = Engine::new()?;
    let (screening, ordinary) = (guests::package("screening")?, guests::package("ordinary")?);
    let policy = lexgate::prepare(&engine, screening.clone())?;
    let usual = lexgate::prepare(&engine, ordinary)?;
    if let Some(count) = bindings {
        return preparing::print_bindings(&screening, count, json);
    }
    let languages = languages::find(&engine)?;
    let mut rows = rows(&engine, &screening, &policy, &usual)?;
    for language in &languages {
        rows.extend(language.rows(&engine)?);
    }
    for row in &mut rows {
        row.check()?;
    }
    if let Some(name) = profile {
        let row = rows.iter_mut().find(|row| row.name == name).context("there is no such row")?;
        eprintln!("profiling {}", std::process::id());
        let begin = Instant::now();
        while begin.elapsed() < PROFILED {
            (row.ask)(TIMED)?;
        }
        return Ok(());
    }
    let mut others = if only_ours { None } else { Some(Others::start()?) };
    table::print(&table::measure(&mut rows, &mut others, rounds)?, json)?;
    drop((rows, others));
    threads::print(&engine, &[("built with the sdk", &policy), ("without the sdk", &usual)], json)?;
    preparing::print(&screening, json)?;
    languages.iter().try_for_each(|language| language.print(&engine, json))
}

fn rows(
    engine: &Engine,
    package: &Verified<Package>,
    policy: &Prepared,
    usual: &Prepared,
) -> Result<Vec<Row>> {
    let (requests, day) = (lexgate::requests()?, lexgate::day()?);
    let of = |engine: &Engine, policy: &Prepared| {
        let fuel = |request| engine.evaluate(policy, request, day, &Limits::default()).used.fuel;
        requests.iter().map(|request| fuel(request).saturating_sub(INSTANCE_FUEL)).collect::<Vec<u64>>()
    };
    let components = Engine::builder().components().start()?;
    let component = lexgate::prepare(&components, package.clone())?;
    let fuel = of(&components, &component);
    let (with, without) = (of(engine, policy), of(engine, usual));
    eprintln!("fuel of the questions with the sdk: {with:?}; without: {without:?}; as a component: {fuel:?}");
    let mut rows = native::rows();
    rows.push(lexgate::whole("Lexgate", engine, policy)?);
    rows.push(lexgate::record("Lexgate, the whole record", engine, policy)?);
    rows.push(lexgate::whole("Lexgate, a policy without the sdk", engine, usual)?);
    rows.push(lexgate::evaluation("Lexgate, the evaluation alone", engine, policy)?);
    rows.push(lexgate::evaluation("the same of a policy without the sdk", engine, usual)?);
    rows.push(lexgate::evaluation("the same as a component", &components, &component)?);
    let listed = guests::package("listed")?;
    for (name, more) in [("a list of 4 places is looked up", 0), ("a list of 100 000 places", 99_996)] {
        let policy = lexgate::prepare_listed(engine, listed.clone(), more)?;
        rows.push(lexgate::listed(name, engine, policy)?);
    }
    rows.extend(bare::rows(engine, package, &fuel)?);
    rows.extend(lexgate::parts(engine, policy)?);
    Ok(rows)
}

#[derive(Default)]
struct Options {
    rounds: usize,
    bindings: Option<usize>,
    profile: Option<String>,
    only_ours: bool,
    /// Ask servers over HTTP instead.
    served: bool,
    /// Be one of them.
    serve: Option<(String, PathBuf)>,
    json: bool,
}

fn options() -> Result<Options> {
    let mut options = Options { rounds: 60, ..Options::default() };
    let mut given = std::env::args().skip(1);
    while let Some(option) = given.next() {
        match option.as_str() {
            "--json" => options.json = true,
            "--only-ours" => options.only_ours = true,
            "--served" => options.served = true,
            "--serve" => {
                let (kind, folder) = given.next().zip(given.next()).context("a server and a folder")?;
                options.serve = Some((kind, folder.into()));
            }
            "--rounds" => options.rounds = given.next().unwrap_or_default().parse()?,
            "--bindings" => options.bindings = Some(given.next().unwrap_or_default().parse()?),
            "--profile" => options.profile = given.next(),
            _ => {
                bail!("options are --json, --only-ours, --rounds N, --bindings N, --profile ROW and --served")
            }
        }
    }
    Ok(options)
}
