//! `lexgate demo`: builds the shipped policies and decides speaking requests, one rule system after the other.
//!
//! The requests are cases of the policies, so what the demo shows is what is tested.

use crate::ambient;
use crate::args;
use crate::build;
use crate::engine;
use crate::exit::Exit;
use crate::explain::{self, BOLD, DIM};
use crate::tree;
use anyhow::{Context, Result};
use lexgate_engine::{Binding, Engine, PolicySet};
use lexgate_kit::build::Built;
use lexgate_kit::cases::{Question, questions};
use lexgate_kit::import::{About, Frame, Source, Wanted, bods};
use lexgate_model::decision::{Enforced, Kind, WhatIf};
use lexgate_model::{Record, Request, RequestLimits};
use serde_json::{Map, json};
use std::path::{Path, PathBuf};

/// Where the shipped policies lie, from the root of the project.
const PLUGINS: &str = "plugins";

/// What is shown of each policy: cases, by id.
const SHOWN: [(&str, &[&str]); 17] = [
    ("us-advanced-chips", &["R01-8", "R01-10", "R01-11"]),
    ("us-cloud-licensing", &["R02-1", "R02-2", "R02-6"]),
    ("us-icts-cloud", &["R03-2", "R03-3"]),
    ("cn-cii-procurement", &["R04-2", "R04-4"]),
    ("cn-dual-use-minerals", &["R05-5-before", "R05-5", "R05-7"]),
    ("anthropic-regions", &["R06-1", "R06-2", "R06-3", "R06-5-abc", "R06-11", "R06-13"]),
    ("cn-generative-ai", &["R07-1", "R07-3"]),
    ("fr-state-visio", &["R08-2-before", "R08-2", "R08-10"]),
    ("eu-digital-markets", &["R09-6"]),
    ("eu-cloud-sovereignty", &["R09-1"]),
    ("kr-csap", &["R10-3", "R10-4"]),
    ("kr-csap-operator", &["R11-2"]),
    ("kr-nis-verification", &["R12-1"]),
    ("us-ofac-ownership", &["X1-6"]),
    ("us-bis-affiliates", &["X2-half-2025-11-09", "X2-half-2025-11-10"]),
    ("eu-ownership-control", &["X3-half-2024-07-02", "X3-half-2024-07-03"]),
    ("uk-ownership-control", &["X4-half-2024-07-03"]),
];

/// A request of a person, without owners, and what a register says of the owners. The register is made up.
const IMPORTED: &str = "The register of Example Harbour is asked who owns the customer: more than half of its parent is Chinese.";
const IMPORTED_FOR: &str = "anthropic-regions";
const HARBOUR: &str = include_str!("../demo/harbour.json");
const STATEMENTS: &str = include_str!("../demo/harbour-statements.json");

pub(crate) fn run(args: &args::Demo, json: bool) -> Result<Exit> {
    let root = root()?;
    let engine = engine::start()?;
    let show = Show { engine, language: &args.language, json };
    for (policy, ids) in SHOWN {
        let folder = root.join(PLUGINS).join(policy);
        let built = build::one(&folder, &root.join("target/lexgate"), false, json)?;
        show.heading(&built)?;
        let dir = ambient::folder(&folder)?.dir;
        let cases = questions(&dir).with_context(|| format!("cannot read the cases of `{policy}`"))?;
        for id in ids {
            let case = cases.iter().find(|case| case.id == *id);
            show.case(&built, case.with_context(|| format!("`{policy}` has no case `{id}`"))?)?;
        }
        if policy == IMPORTED_FOR {
            show.imported(&built)?;
        }
    }
    if !json {
        ambient::print(
            "\nNext: `lexgate test plugins/*`, `lexgate matrix --policy target/lexgate/*.wasm --request plugins/us-advanced-chips/cases/base.json`, or a policy of your own (README.md).\n",
        )?;
    }
    Ok(Exit::DONE)
}

/// How decisions are shown.
struct Show<'a> {
    engine: Engine,
    language: &'a str,
    json: bool,
}

impl Show<'_> {
    fn heading(&self, built: &Built) -> Result<()> {
        if self.json {
            return Ok(());
        }
        let title = explain::plain(&built.package.manifest.policy.title);
        ambient::print(&format!(
            "\n{BOLD}== {title}{BOLD:#}\n{} {}, built from source: {} bytes, {DIM}{}{DIM:#}\n",
            built.id, built.version, built.bytes, built.digest
        ))
    }

    fn case(&self, built: &Built, case: &Question) -> Result<()> {
        let request = Request::from_json(case.request.to_string().as_bytes(), &RequestLimits::default())?;
        let says = format!("{}: {}", case.id, case.says);
        if case.what_if {
            self.decide::<WhatIf>(built, case, &says, &request, "")
        } else {
            self.decide::<Enforced>(built, case, &says, &request, "")
        }
    }

    fn imported(&self, built: &Built) -> Result<()> {
        let request = import(Request::from_json(HARBOUR.as_bytes(), &RequestLimits::default())?)?;
        let case = Question {
            id: String::new(),
            says: String::new(),
            request: json!({}),
            parameters: Map::new(),
            datasets: Vec::new(),
            what_if: false,
        };
        self.decide::<Enforced>(built, &case, IMPORTED, &request, &tree::draw(&request))
    }

    fn decide<M: Kind>(
        &self,
        built: &Built,
        case: &Question,
        says: &str,
        request: &Request,
        tree: &str,
    ) -> Result<()> {
        let parameters = built.package.manifest.parameters.accept(case.parameters.clone())?;
        let policy = self.engine.prepare(built.package.clone(), parameters, case.datasets.clone())?;
        let set = PolicySet::new(vec![Binding::new(&built.id, policy)])?;
        let when = request.when().context("a request of the demo has no date")?;
        let record: Record<M> = self.engine.decide(&set, request, when);
        if self.json {
            return ambient::print_json_line(&json!({ "says": says, "record": record }));
        }
        let text = explain::explain(&record, &set, self.language);
        ambient::print(&format!("\n{BOLD}{}{BOLD:#}\n{tree}{text}", explain::plain(says)))
    }
}

/// Adds the owners that the register states to a request.
fn import(base: Request) -> Result<Request> {
    let open = Box::new(|| Ok(Box::new(STATEMENTS.as_bytes()) as Box<dyn std::io::Read>));
    let statements =
        Source { name: "harbour-statements.json".to_owned(), bytes: Some(STATEMENTS.len() as u64), open };
    let when = base.when().context("a request of the demo has no date")?;
    let frame = Frame { when, role: "endUser".to_owned(), about: About::Base(Box::new(base)) };
    let wanted = Wanted { parties: vec!["harbour".to_owned()], depth: 3 };
    Ok(bods(&[statements], &wanted, &frame, &mut |_| {})?.request)
}

/// Returns the folders of the shipped policies, looking from here upwards.
pub(crate) fn shipped() -> Result<Vec<PathBuf>> {
    let plugins = root()?.join(PLUGINS);
    Ok(SHOWN.iter().map(|(policy, _)| plugins.join(policy)).collect())
}

/// Returns the root of the project, looking from here upwards.
fn root() -> Result<PathBuf> {
    let holds_them =
        |folder: &PathBuf| folder.join(PLUGINS).join(IMPORTED_FOR).join("lexgate.toml").is_file();
    let found = ambient::here_and_above()?.into_iter().find(holds_them);
    found.with_context(|| {
        let plugins = Path::new(PLUGINS).display();
        format!("the demo builds the policies in `{plugins}` from source; run it in a clone of the project")
    })
}
