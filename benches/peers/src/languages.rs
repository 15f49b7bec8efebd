//! The workload as policies in Python and JavaScript, which `tests/languages/build` builds: rows of them, and what preparing
//! them takes. They bring an interpreter, so preparing them takes a minute each.

use crate::guests;
use crate::lexgate::{self, day, requests};
use crate::preparing::{Place, milliseconds_of, print_lines};
use anyhow::{Context, Result};
use lexgate_engine::{Artifact, Engine, Failed, Order, Prepared, Workshop};
use lexgate_model::fault::Limits;
use lexgate_model::{Package, Verified};
use lexgate_packages::{Trust, Unverified, verify};
use rounds::Row;
use rounds::workload::TIMED;
use std::path::PathBuf;
use std::time::Instant;

/// How often it is loaded from the cache; the median is told.
const LOADED_TIMES: usize = 11;

/// The names of a policy and its rows.
struct Names {
    language: &'static str,
    package: &'static str,
    whole: &'static str,
    evaluation: &'static str,
}

const LANGUAGES: [Names; 2] = [
    Names {
        language: "Python",
        package: "workload-python.wasm",
        whole: "Lexgate, a policy in Python",
        evaluation: "the same of a policy in Python",
    },
    Names {
        language: "JavaScript",
        package: "workload-javascript.wasm",
        whole: "Lexgate, a policy in JavaScript",
        evaluation: "the same of a policy in JavaScript",
    },
];

/// A policy in another language than Rust.
pub struct Language {
    names: &'static Names,
    package: Verified<Package>,
    policy: Prepared,
    /// What preparing it took, with nothing compiled before.
    prepared_ms: f64,
}

/// Prepares those that were built, and says of the others how to build them.
pub fn find(engine: &Engine) -> Result<Vec<Language>> {
    let mut found = Vec::new();
    for names in &LANGUAGES {
        let path = folder().join(names.package);
        let Ok(bytes) = std::fs::read(&path) else {
            eprintln!("no rows of {}: `tests/languages/build` makes {}", names.language, path.display());
            continue;
        };
        let package = verify(Unverified::from_bytes(names.package, bytes), &Trust::default())?;
        let begin = Instant::now();
        let policy = lexgate::prepare(engine, package.clone())?;
        let prepared_ms = begin.elapsed().as_secs_f64() * 1e3;
        found.push(Language { names, package, policy, prepared_ms });
    }
    Ok(found)
}

/// Where the script puts packages: beside what cargo compiled of Lexgate.
fn folder() -> PathBuf {
    let root = guests::here().join("../..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    root.join(target).join("languages")
}

impl Language {
    /// Returns its rows: the whole way, and the evaluation alone.
    pub fn rows(&self, engine: &Engine) -> Result<[Row; 2]> {
        let request = requests()?.into_iter().nth(TIMED).context("no such question")?;
        let used = engine.evaluate(&self.policy, &request, day()?, &Limits::default()).used;
        eprintln!("{}: {} fuel, {} bytes of memory", self.names.language, used.fuel, used.memory_bytes);
        Ok([
            lexgate::whole(self.names.whole, engine, &self.policy)?,
            lexgate::evaluation(self.names.evaluation, engine, &self.policy)?,
        ])
    }

    /// Prints what preparing it takes.
    pub fn print(&self, engine: &Engine, json: bool) -> Result<()> {
        let place = Place::new()?;
        let again = Box::new(Again(engine.clone()));
        let cached = Engine::builder().cache(place.cache()?).workshop(again).start()?;
        let prepare = |_| lexgate::prepare(&cached, self.package.clone()).map(drop);
        let lines = [
            ("in this process, the first time (once)", self.prepared_ms),
            ("again, with nothing to compile (once)", milliseconds_of(1, prepare)?),
            ("load from the cache", milliseconds_of(LOADED_TIMES, prepare)?),
        ];
        let (language, bytes, kept) = (self.names.language, self.package.bytes.len(), place.bytes()?);
        print_lines(&format!("{language}, {bytes} bytes, {kept} in the cache"), &lines, json);
        Ok(())
    }
}

/// Makes everything anew; what its engine compiled before need not be compiled again.
struct Again(Engine);

impl Workshop for Again {
    fn make(&self, order: Order<'_>) -> Result<Artifact, Failed> {
        self.0.workshop().make(order)
    }
}
