//! Tests a policy: cases as files, run in the real sandbox.
//!
//! A case is a request, parameters, attached datasets and what is expected of the policy alone, enforced. Cases are YAML
//! lists in the folder `cases/` beside the policy, so that people who do not program can read and write them:
//!
//! ```yaml
//! - id: R06-4
//!   says: two owners headquartered in China, 25.05 % each, are summed
//!   request: !merge [base-customer.json, { evaluationDate: "2025-09-05" }]
//!   parameters: { strict: true }
//!   datasets: { regions: more-regions.csv }
//!   expect: { outcome: deny, codes: [majority-exceeded], derived: { ownedByUnsupportedRegions: "50.1" } }
//! ```

mod compare;
mod merge;

use crate::cases::compare::Expect;
use cap_std::fs::Dir;
use lexgate_engine::{Anachronism, Binding, Engine, PolicySet, Prepared, Unprepared, Unusable};
use lexgate_model::decision::{Enforced, Kind, WhatIf};
use lexgate_model::package::{DatasetVersion, Package, Verified};
use lexgate_model::{Digest, Limits, Period, Record, Request, RequestLimits, Span, When};
use merge::Part;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::time::Duration;

/// The folder of the cases, beside `lexgate.toml`.
pub const FOLDER: &str = "cases";

/// Most bytes of a file of cases or of a request they are made from; chosen by feel.
const MOST_BYTES: u64 = 4 << 20;

/// Wall clock of one evaluation, in milliseconds. Generous, because a case is about what a policy says and how much fuel
/// it takes, not about how busy the author's machine is.
const DEADLINE_MS: u64 = 10_000;

/// One case as it is written.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Case {
    /// Its name, unique in the folder; the id in the rules where it has one.
    id: String,
    /// What it shows, in words.
    says: String,
    /// The request: files and objects, each merged into what stands before it.
    request: Source,
    /// What the binding sets.
    #[serde(default)]
    parameters: Map<String, Value>,
    /// What the binding attaches: files of the folder by name of the dataset, each as a version that holds on all days.
    #[serde(default)]
    datasets: BTreeMap<String, String>,
    /// Whether proposed rules count as in force.
    #[serde(default)]
    what_if: bool,
    /// What the policy must say.
    expect: Expect,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Source {
    Merge(Vec<Part>),
}

/// Why cases could not be run at all.
#[derive(Debug, thiserror::Error)]
pub enum CasesError {
    /// A file could not be read.
    #[error("cannot read `{0}`")]
    Read(String, #[source] io::Error),
    /// A file is too large.
    #[error("`{0}` is larger than {MOST_BYTES} bytes")]
    TooLarge(String),
    /// A file is not a list of cases.
    #[error("`{0}` is not a list of cases: {1}")]
    Syntax(String, String),
    /// Two cases have one id.
    #[error("case `{0}` stands twice, the second time in `{1}`; give it another id")]
    Duplicate(String, String),
    /// The folder has no cases.
    #[error("there are no cases: write `{FOLDER}/*.yaml` beside `lexgate.toml`")]
    None,
    /// The policy does not take the parameters of any case.
    #[error("policy cannot be prepared")]
    Prepare(#[source] Unprepared),
    /// The policy cannot be bound.
    #[error("policy cannot be bound")]
    Bind(#[source] Unusable),
}

/// What one case came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CaseResult {
    /// The case.
    pub id: String,
    /// The file it stands in.
    pub file: String,
    /// What it shows.
    pub says: String,
    /// Every difference between what was expected and what came; none if it passed.
    pub differences: Vec<Difference>,
    /// What the policy said.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// Fuel of the evaluation.
    pub fuel: u64,
    /// Wall clock of the evaluation, in microseconds.
    pub micros: u64,
}

impl CaseResult {
    /// Returns whether everything came as expected.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.differences.is_empty()
    }
}

/// One thing that came otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What it is about.
    pub what: String,
    /// What the case expects.
    pub expected: String,
    /// What came.
    pub found: String,
}

impl Difference {
    fn new(what: &str, expected: impl Into<String>, found: impl Into<String>) -> Difference {
        Difference { what: what.to_owned(), expected: expected.into(), found: found.into() }
    }
}

/// Runs every case of the folder `cases/` on the policy, each in a fresh sandbox, handing on each result as it comes.
///
/// With `only`, those whose id contains it. `clock` tells how much time has passed since some moment; what it says enters the results only.
///
/// # Errors
/// [`CasesError`] when a file is no list of cases. A case that cannot be run is a result with a difference.
pub fn run(
    engine: &Engine,
    package: &Verified<Package>,
    plugin: &Dir,
    only: Option<&str>,
    clock: &dyn Fn() -> Duration,
    each: &mut dyn FnMut(&CaseResult),
) -> Result<Vec<CaseResult>, CasesError> {
    let read_error = |error| CasesError::Read(FOLDER.to_owned(), error);
    if !plugin.is_dir(FOLDER) {
        return Err(CasesError::None);
    }
    let folder = plugin.open_dir(FOLDER).map_err(read_error)?;
    let cases = read_cases(&folder)?;
    if cases.is_empty() {
        return Err(CasesError::None);
    }
    let mut bench = Bench { engine, package, folder: &folder, prepared: BTreeMap::new() };
    let mut results = Vec::new();
    for (file, case) in cases.into_iter().filter(|(_, case)| only.is_none_or(|only| case.id.contains(only))) {
        let result = bench.run(&file, case, clock);
        each(&result);
        results.push(result);
    }
    Ok(results)
}

fn read_cases(folder: &Dir) -> Result<Vec<(String, Case)>, CasesError> {
    let read_error = |error| CasesError::Read(FOLDER.to_owned(), error);
    let mut files = Vec::new();
    for entry in folder.entries().map_err(read_error)? {
        let name = entry.map_err(read_error)?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".yaml") || name.ends_with(".yml") {
            files.push(name);
        }
    }
    files.sort();
    let mut cases = Vec::new();
    let mut ids = BTreeSet::new();
    for file in files {
        let text = read_text(folder, &file)?;
        let list: Vec<Case> = serde_saphyr::from_str(&text)
            .map_err(|error| CasesError::Syntax(file.clone(), error.to_string()))?;
        for case in list {
            if !ids.insert(case.id.clone()) {
                return Err(CasesError::Duplicate(case.id, file));
            }
            cases.push((file.clone(), case));
        }
    }
    Ok(cases)
}

fn read_text(folder: &Dir, file: &str) -> Result<String, CasesError> {
    let read_error = |error| CasesError::Read(file.to_owned(), error);
    let mut text = String::new();
    folder
        .open(file)
        .map_err(read_error)?
        .take(MOST_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(read_error)?;
    if text.len() as u64 > MOST_BYTES {
        return Err(CasesError::TooLarge(file.to_owned()));
    }
    Ok(text)
}

/// Returns the datasets that a case attaches, read from the folder.
fn attached(folder: &Dir, datasets: &BTreeMap<String, String>) -> Result<Vec<DatasetVersion>, CasesError> {
    let version = |(name, file): (&String, &String)| {
        let bytes = read_text(folder, file)?.into_bytes();
        let (period, digest) = (Period { from: None, until: None }, Digest::of(&bytes));
        let (name, version) = (name.clone(), file.clone());
        Ok(DatasetVersion { name, version, period, digest, bytes: bytes.into() })
    };
    datasets.iter().map(version).collect()
}

/// What cases run on: the policy, prepared once for each set of parameters and datasets.
struct Bench<'a> {
    engine: &'a Engine,
    package: &'a Verified<Package>,
    folder: &'a Dir,
    prepared: BTreeMap<Configuration, Prepared>,
}

/// What a policy is prepared with: its parameters, and the files of attached datasets by name.
type Configuration = (String, BTreeMap<String, String>);

impl Bench<'_> {
    fn run(&mut self, file: &str, case: Case, clock: &dyn Fn() -> Duration) -> CaseResult {
        let mut result = CaseResult {
            id: case.id.clone(),
            file: file.to_owned(),
            says: case.says.clone(),
            differences: Vec::new(),
            span: None,
            fuel: 0,
            micros: 0,
        };
        match self.ask(&case, clock) {
            Err(difference) => result.differences.push(*difference),
            Ok(Asked { span, fuel, took, differences }) => {
                result.span = Some(span);
                result.fuel = fuel;
                result.micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
                result.differences = differences;
            }
        }
        result
    }

    fn ask(&mut self, case: &Case, clock: &dyn Fn() -> Duration) -> Result<Asked, Box<Difference>> {
        let failed = |what: &str, error: String| Box::new(Difference::new(what, "can be run", error));
        let Source::Merge(parts) = &case.request;
        let json = merge::merge(parts, &|file| read_text(self.folder, file).map_err(|e| e.to_string()))
            .map_err(|error| failed("request", error))?;
        let request = Request::from_json(json.to_string().as_bytes(), &RequestLimits::default())
            .map_err(|error| failed("request", error.to_string()))?;
        let when = request.when().ok_or_else(|| {
            failed("request", "has neither `evaluationDate` nor `evaluationTime`".to_owned())
        })?;
        let policy = self.prepare(&case).map_err(|error| failed("configuration", error))?;
        let limits = Limits { deadline_ms: DEADLINE_MS, ..Limits::default() };
        let binding = Binding { limits, anachronism: Anachronism::Mark, ..Binding::new("case", policy) };
        let set = PolicySet::new(vec![binding]).map_err(|error| failed("policy", error.to_string()))?;
        Ok(if case.what_if {
            self.decide::<WhatIf>(&set, &request, when, &case.expect, clock)
        } else {
            self.decide::<Enforced>(&set, &request, when, &case.expect, clock)
        })
    }

    fn decide<M: Kind>(
        &self,
        set: &PolicySet,
        request: &Request,
        when: When,
        expect: &Expect,
        clock: &dyn Fn() -> Duration,
    ) -> Asked {
        let started = clock();
        let record: Record<M> = self.engine.decide(set, request, when);
        let took = clock().saturating_sub(started);
        Asked {
            span: record.decision.span,
            fuel: record.bindings.first().map_or(0, |evaluation| evaluation.used.fuel),
            took,
            differences: expect.compare(&record),
        }
    }

    fn prepare(&mut self, case: &Case) -> Result<Prepared, String> {
        let accepted = self.package.manifest.parameters.accept(case.parameters.clone());
        let parameters = accepted.map_err(|error| error.to_string())?;
        let key = (parameters.as_str().to_owned(), case.datasets.clone());
        if let Some(prepared) = self.prepared.get(&key) {
            return Ok(prepared.clone());
        }
        let datasets = attached(self.folder, &case.datasets).map_err(|error| crate::chain(&error))?;
        let prepared = self.engine.prepare(self.package.clone(), parameters, datasets);
        let prepared = prepared.map_err(|error| crate::chain(&error))?;
        self.prepared.insert(key, prepared.clone());
        Ok(prepared)
    }
}

/// What came of a case that could be run.
struct Asked {
    span: Span,
    fuel: u64,
    took: Duration,
    differences: Vec<Difference>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use cap_std::ambient_authority;

    /// Checks what the files of a folder of cases are refused with.
    #[track_caller]
    fn refuse(files: &[(&str, &str)], message: &str) {
        let folder = tempfile::tempdir().unwrap();
        let dir = open(folder.path());
        for (name, text) in files {
            dir.write(name, text).unwrap();
        }
        let error = read_cases(&dir).expect_err("is refused").to_string();
        assert!(error.contains(message), "{error}");
    }

    #[expect(clippy::disallowed_methods, reason = "a test opens the folder it made")]
    fn open(path: &std::path::Path) -> Dir {
        Dir::open_ambient_dir(path, ambient_authority()).unwrap()
    }

    const CASE: &str = "- { id: A, says: x, request: !merge [{}], expect: { outcome: deny } }\n";

    #[test]
    fn files_that_are_no_cases_are_refused_with_their_place() {
        refuse(&[("a.yaml", "- id: A\n  say: x\n")], "line 2");
        refuse(&[("a.yaml", CASE), ("b.yaml", CASE)], "case `A` stands twice, the second time in `b.yaml`");
        refuse(
            &[("a.yaml", "- { id: A, says: x, request: !merge [{}], expect: { outcome: maybe } }")],
            "maybe",
        );
        refuse(&[("a.yaml", "- { id: A, says: x, request: {}, expect: { outcome: deny } }")], "a.yaml");
    }

    #[test]
    fn a_case_attaches_files_of_its_folder_under_the_name_of_a_dataset() {
        let folder = tempfile::tempdir().unwrap();
        let dir = open(folder.path());
        dir.write("list.csv", "code\nSG\n").unwrap();
        let case = CASE.replace("says: x,", "says: x, datasets: { regions: list.csv },");
        dir.write("a.yaml", &case).unwrap();
        dir.write("b.yaml", case.replace("id: A", "id: B").replace("list.csv", "none.csv")).unwrap();
        let cases = read_cases(&dir).unwrap();
        let [list] = <[_; 1]>::try_from(attached(&dir, &cases[0].1.datasets).unwrap()).unwrap();
        assert_eq!((list.name.as_str(), list.version.as_str()), ("regions", "list.csv"));
        assert_eq!((&*list.bytes, list.digest), (&b"code\nSG\n"[..], Digest::of(b"code\nSG\n")));
        assert_eq!(list.period, Period { from: None, until: None });
        let error = attached(&dir, &cases[1].1.datasets).unwrap_err().to_string();
        assert_eq!(error, "cannot read `none.csv`");
    }
}
