//! The policies we ship, each built from source and asked: all its cases, the facts it declares, generated requests, and
//! what several of them say of the same facts.
//!
//! `LEXGATE_POLICY=<id>` looks at one policy only, which is how mutants of it are tested.

#![expect(clippy::disallowed_methods, reason = "a test holds the authority of its user")]

mod alike;
mod caps;
mod cases;
mod facts;
mod generated;
mod pages;
mod together;

use lexgate_engine::{Anachronism, Binding, Engine, PolicySet, Prepared};
use lexgate_kit::build::{BuildPlan, Folder, Tools, build};
use lexgate_kit::cases::{CaseResult, Question, questions};
use lexgate_model::decision::{Enforced, Kind, WhatIf};
use lexgate_model::manifest::Parameters;
use lexgate_model::package::DatasetVersion;
use lexgate_model::{Limits, Package, Record, Request, RequestLimits, Verified};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

/// A policy we ship.
struct Shipped {
    id: String,
    folder: PathBuf,
    package: Verified<Package>,
    questions: Vec<Question>,
    /// What its cases came to.
    results: OnceLock<Vec<CaseResult>>,
    /// As the cases configure it, by parameters and datasets: preparing takes long.
    asked: Mutex<BTreeMap<String, Arc<Asked>>>,
}

/// A policy as one case configures it.
struct Asked {
    set: PolicySet,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::new().unwrap())
}

/// Returns the policies we ship, by id.
fn shipped() -> &'static [Shipped] {
    static SHIPPED: OnceLock<Vec<Shipped>> = OnceLock::new();
    SHIPPED.get_or_init(|| {
        let only = std::env::var("LEXGATE_POLICY").ok();
        let folders = std::fs::read_dir(root().join("plugins")).unwrap().map(|entry| entry.unwrap().path());
        let mut folders: Vec<_> = folders.filter(|folder| folder.join("lexgate.toml").is_file()).collect();
        folders.retain(|folder| only.as_ref().is_none_or(|only| folder.ends_with(only)));
        folders.sort();
        assert!(!folders.is_empty(), "there are no policies");
        folders.into_iter().map(built).collect()
    })
}

fn built(path: PathBuf) -> Shipped {
    let folder = |path: &Path| Folder {
        dir: cap_std::fs::Dir::open_ambient_dir(path, cap_std::ambient_authority()).unwrap(),
        path: path.canonicalize().unwrap(),
    };
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo"));
    let cargo_home = std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(home);
    let out = tempfile::tempdir().unwrap();
    let plan = BuildPlan {
        plugin: folder(&path),
        // The folder cargo keeps this very program in, so that a policy is compiled once for all of them.
        target: folder(Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap()),
        output: folder(out.path()).dir,
        // As the binary finds it, so that what it compiled is not compiled again.
        tools: Tools { cargo: env!("CARGO").into(), ..Tools::usual(cargo_home) },
        frozen: false,
        trust: Default::default(),
    };
    let built = build(&plan, &mut |_| {}).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let questions = questions(&plan.plugin.dir).unwrap();
    Shipped {
        id: built.id,
        folder: path,
        package: built.package,
        questions,
        results: OnceLock::new(),
        asked: Mutex::default(),
    }
}

impl Shipped {
    /// Returns the policy as the case of a question configures it.
    fn asked(&self, question: &Question) -> Arc<Asked> {
        let mut asked = self.asked.lock().unwrap();
        let prepared = asked
            .entry(self.configuration(question))
            .or_insert_with(|| Arc::new(self.prepared(engine(), question)));
        Arc::clone(prepared)
    }

    /// Returns what a question has the policy configured with, as a text.
    fn configuration(&self, question: &Question) -> String {
        let named = |dataset: &DatasetVersion| format!("{} {}", dataset.name, dataset.digest);
        let datasets: Vec<_> = question.datasets.iter().map(named).collect();
        format!("{} {}", self.parameters(question).as_str(), datasets.join(" "))
    }

    /// Returns the policy prepared for a question.
    fn prepared(&self, engine: &Engine, question: &Question) -> Asked {
        let (parameters, datasets) = (self.parameters(question), question.datasets.clone());
        Asked::new(engine.prepare(self.package.clone(), parameters, datasets).unwrap())
    }

    fn parameters(&self, question: &Question) -> Parameters {
        self.package.manifest.parameters.accept(question.parameters.clone()).unwrap()
    }
}

impl Asked {
    fn new(policy: Prepared) -> Asked {
        // Generous, because a test is about what a policy says, not about how busy the machine is.
        let limits = Limits { deadline_ms: 10_000, ..Limits::default() };
        let binding = Binding { limits, anachronism: Anachronism::Mark, ..Binding::new("case", policy) };
        Asked { set: PolicySet::new(vec![binding]).unwrap() }
    }

    /// Returns what the policy says to a request, or why that is none.
    fn decide<M: Kind>(&self, request: &Value) -> Result<Record<M>, String> {
        self.decide_on(engine(), request)
    }

    /// Returns the same of the engine that it was prepared with.
    fn decide_on<M: Kind>(&self, engine: &Engine, request: &Value) -> Result<Record<M>, String> {
        let request = Request::from_json(request.to_string().as_bytes(), &RequestLimits::default())
            .map_err(|error| error.to_string())?;
        let when = request.when().ok_or("it has no date")?;
        Ok(engine.decide(&self.set, &request, when))
    }

    fn says(&self, request: &Value, what_if: bool) -> Result<Said, String> {
        let said = |evaluation: &lexgate_model::record::Evaluation| Said {
            findings: evaluation.findings.clone(),
            verdict: evaluation.verdict,
            fuel: evaluation.used.fuel,
            fault: evaluation.fault.as_ref().map(|fault| format!("{fault:?}")),
        };
        if what_if {
            self.decide::<WhatIf>(request).map(|record| said(&record.bindings[0]))
        } else {
            self.decide::<Enforced>(request).map(|record| said(&record.bindings[0]))
        }
    }
}

/// What a policy said.
#[derive(Debug, Clone, PartialEq)]
struct Said {
    findings: Vec<lexgate_model::finding::Finding>,
    verdict: lexgate_model::Span,
    fuel: u64,
    fault: Option<String>,
}
