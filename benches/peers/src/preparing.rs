//! What comes before an evaluation: preparing a policy, loading it from the cache, and keeping thousands of them.

use crate::lexgate::{day, requests};
use anyhow::{Context, Result, ensure};
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use lexgate_engine::{Cache, Engine, Prepared, Room};
use lexgate_model::fault::Limits;
use lexgate_model::{Package, Verified};
use rounds::clock::{self, Taken};
use rounds::measure::median;
use serde_json::{Map, Value, json};
use std::os::unix::fs::PermissionsExt;
use std::time::Instant;

/// How often each is repeated; the median is told.
const TIMES: usize = 51;

/// A binding's own parameters: no other number has the same.
fn parameters(number: usize) -> Map<String, Value> {
    let line = format!("{}.{:04}", 40 + number / 10_000, number % 10_000 + 1);
    Map::from_iter([("denied".to_owned(), json!(line.trim_end_matches('0')))])
}

fn prepare(engine: &Engine, package: &Verified<Package>, number: usize) -> Result<Prepared> {
    let parameters = package.manifest.parameters.accept(parameters(number))?;
    Ok(engine.prepare(package.clone(), parameters, Vec::new())?)
}

/// A folder for a cache, which is gone with this.
pub struct Place(tempfile::TempDir);

impl Place {
    /// Makes the folder.
    pub fn new() -> Result<Place> {
        let folder = tempfile::tempdir()?;
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o700))?;
        Ok(Place(folder))
    }

    fn dir(&self) -> Result<Dir> {
        Ok(Dir::open_ambient_dir(self.0.path(), ambient_authority())?)
    }

    /// Returns the cache.
    pub fn cache(&self) -> Result<Cache> {
        Ok(Cache::new(self.dir()?, [7; 32], 16 << 30)?)
    }

    fn engine(&self) -> Result<Engine> {
        Ok(Engine::builder().cache(self.cache()?).room(Room::default()).start()?)
    }

    /// Returns how many bytes it holds.
    pub fn bytes(&self) -> Result<u64> {
        self.dir()?.entries()?.map(|entry| Ok(entry?.metadata()?.len())).sum()
    }
}

/// Returns the median of what it takes, in milliseconds.
fn milliseconds(once: impl FnMut(usize) -> Result<()>) -> Result<f64> {
    milliseconds_of(TIMES, once)
}

/// Returns the median of so many.
pub fn milliseconds_of(times: usize, mut once: impl FnMut(usize) -> Result<()>) -> Result<f64> {
    let mut all = Vec::new();
    for number in 0..times {
        let begin = Instant::now();
        once(number)?;
        all.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    Ok(median(all))
}

/// Prints what preparing takes.
pub fn print(package: &Verified<Package>, json: bool) -> Result<()> {
    let start = milliseconds(|_| Ok(drop(Engine::new()?)))?;
    let cold = milliseconds(|number| prepare(&Engine::new()?, package, number).map(drop))? - start;
    let engine = Engine::new()?;
    prepare(&engine, package, TIMES)?;
    let other = milliseconds(|number| prepare(&engine, package, number).map(drop))?;
    let place = Place::new()?;
    let engine = place.engine()?;
    let policy = prepare(&engine, package, 0)?;
    let loaded = milliseconds(|_| prepare(&engine, package, 0).map(drop))?;
    let lines = [
        ("an engine starts", start),
        ("prepare in this process, the first time", cold),
        ("prepare with other parameters", other),
        ("load from the cache", loaded),
    ];
    drop(policy);
    print_lines(&format!("a package of {} bytes", package.bytes.len()), &lines, json);
    Ok(())
}

/// Prints a table of what preparing something takes.
pub fn print_lines(package: &str, lines: &[(&str, f64)], json: bool) {
    if !json {
        println!("\n| preparing {package} | median, ms |\n| --- | --- |");
    }
    for (what, median) in lines {
        if json {
            println!("{}", json!({ "package": package, "what": what, "milliseconds": median }));
        } else {
            println!("| {what} | {median:.3} |");
        }
    }
}

/// Prepares so many bindings, each with parameters of its own, and tells what they take; then asks some of them.
pub fn print_bindings(package: &Verified<Package>, count: usize, json: bool) -> Result<()> {
    let place = Place::new()?;
    let engine = place.engine()?;
    let before = clock::taken()?;
    let begin = Instant::now();
    let bindings = (0..count).map(|number| prepare(&engine, package, number)).collect::<Result<Vec<_>>>()?;
    let preparing_s = begin.elapsed().as_secs_f64();
    let after = clock::taken()?;
    let (request, day) = (requests()?, day()?);
    let request = request.first().context("no request")?;
    let ask = |policy: &Prepared| {
        let begin = Instant::now();
        let run = engine.evaluate(policy, request, day, &Limits::default());
        ensure!(run.outcome.is_ok(), "a binding faults");
        Ok(begin.elapsed().as_secs_f64() * 1e3)
    };
    // The first were prepared long ago, and had to leave memory.
    let cold = bindings.iter().step_by(10).take(count / 20).map(ask).collect::<Result<Vec<_>>>()?;
    let last = bindings.iter().rev().take(1).map(ask).collect::<Result<Vec<_>>>()?;
    let worst = cold.iter().copied().fold(0.0, f64::max);
    let mib = place.bytes()? >> 20;
    let Taken { resident_mib, peak_mib, descriptors, maps } = clock::taken()?;
    let told = json!({
        "bindings": count, "preparingSeconds": preparing_s, "cacheMib": mib, "residentMibBefore": before.resident_mib,
        "residentMibPrepared": after.resident_mib, "residentMibAsked": resident_mib, "peakMib": peak_mib,
        "descriptors": descriptors, "maps": maps, "coldAnswers": cold.len(), "coldMedianMilliseconds": median(cold),
        "coldWorstMilliseconds": worst, "residentAnswerMilliseconds": last,
    });
    if json {
        println!("{told}");
    } else {
        println!("\n| {count} bindings with different parameters | |\n| --- | --- |");
        for (name, value) in told.as_object().into_iter().flatten() {
            println!("| {name} | {value} |");
        }
    }
    Ok(())
}
