//! `lexgate demo`: builds the shipped policy and decides a handful of speaking requests.

use crate::ambient;
use crate::args;
use crate::build;
use crate::exit::Exit;
use crate::explain::{self, BOLD, DIM};
use crate::tree;
use anyhow::{Context, Result};
use lexgate_engine::{Binding, Engine, PolicySet};
use lexgate_kit::import::{About, Frame, Source, Wanted, bods};
use lexgate_model::decision::Enforced;
use lexgate_model::{Record, Request, RequestLimits};
use serde_json::{Map, json};
use std::path::PathBuf;

/// A request with what it shows.
struct Example {
    says: &'static str,
    request: &'static str,
}

const EXAMPLES: &[Example] = &[
    Example {
        says: "A Singapore subsidiary of a company headquartered in China asks through a cloud marketplace.",
        request: include_str!("../demo/subsidiary.json"),
    },
    Example { says: "The same, the day before the rule.", request: include_str!("../demo/day-before.json") },
    Example {
        says: "An owner headquartered in China holds exactly 50 %; the rule says more than 50 %.",
        request: include_str!("../demo/exactly-half.json"),
    },
    Example {
        says: "The register publishes a band: such owners hold 25 to 75 %.",
        request: include_str!("../demo/band.json"),
    },
    Example {
        says: "Three owners of 18.8, 28.1 and 3.1 %: exactly 50, though floats say 50.00000000000001.",
        request: include_str!("../demo/three-owners.json"),
    },
    Example {
        says: "A majority is held by a person of Chinese nationality who lives in Singapore.",
        request: include_str!("../demo/person.json"),
    },
    Example {
        says: "The same subsidiary rents a video conference, which this policy does not speak about.",
        request: include_str!("../demo/other-service.json"),
    },
];

/// A request of a person, without owners, and what a register says of the owners. The register is made up.
const IMPORTED: &str = "The register of Example Harbour is asked who owns the customer: more than half of its parent is Chinese.";
const HARBOUR: &str = include_str!("../demo/harbour.json");
const STATEMENTS: &str = include_str!("../demo/harbour-statements.json");

/// Where the shipped policies lie, from the root of the project.
const PLUGIN: &str = "plugins/anthropic-regions";

pub(crate) fn run(args: &args::Demo, json: bool) -> Result<Exit> {
    let root = root()?;
    let built = build::one(&root.join(PLUGIN), &root.join("target/lexgate"), false, json)?;
    if !json {
        ambient::print(&format!(
            "{BOLD}{} {}{BOLD:#} built from source: {} bytes, {DIM}{}{DIM:#}\n",
            built.id, built.version, built.bytes, built.digest
        ))?;
    }
    let engine = Engine::new()?;
    let parameters = built.package.manifest.parameters.accept(Map::new())?;
    let policy = engine.prepare(built.package, parameters, Vec::new())?;
    let set = PolicySet::new(vec![Binding::new(&built.id, policy)])?;
    let read = |text: &str| Request::from_json(text.as_bytes(), &RequestLimits::default());
    let show = |says: &str, request: &Request, tree: &str| {
        let when = request.when().context("a request of the demo has no date")?;
        let record: Record<Enforced> = engine.decide(&set, request, when);
        if json {
            return ambient::print_json_line(&json!({ "says": says, "record": record }));
        }
        let text = explain::explain(&record, &set, &args.language);
        ambient::print(&format!("\n{BOLD}{says}{BOLD:#}\n{tree}{text}"))
    };
    for example in EXAMPLES {
        show(example.says, &read(example.request)?, "")?;
    }
    let imported = import(read(HARBOUR)?)?;
    show(IMPORTED, &imported, &tree::draw(&imported))?;
    if !json {
        ambient::print(&format!(
            "\nNext: `lexgate inspect target/lexgate/{}.wasm`, `lexgate test {PLUGIN}`, or a policy of your own (README.md).\n",
            built.id
        ))?;
    }
    Ok(Exit::DONE)
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

/// Returns the root of the project, looking from here upwards.
fn root() -> Result<PathBuf> {
    let found = ambient::here_and_above()?
        .into_iter()
        .find(|folder| folder.join(PLUGIN).join("lexgate.toml").is_file());
    found.with_context(|| format!("the demo builds `{PLUGIN}` from source; run it in a clone of the project"))
}
