//! `lexgate profile`.

use crate::ambient;
use crate::args;
use crate::bench;
use crate::engine;
use crate::exit::Exit;
use crate::explain::{BOLD, DIM, RED, grouped, plain, table};
use crate::question::refused;
use crate::set;
use anyhow::{Result, bail};
use lexgate_engine::Profiled;
use lexgate_kit::profile::{Function, Of, Profile, percent, profile};
use lexgate_model::Limits;
use std::cmp::Reverse;
use std::fmt::Write as _;
use std::path::Path;

/// Where the package of a folder goes.
const PACKAGES: &str = "target/lexgate";

pub(crate) fn run(args: &args::Profile, json: bool) -> Result<Exit> {
    let package = bench::package(&args.package, Path::new(PACKAGES), json)?;
    let (subject, parameters, datasets) = match &args.request {
        Some(request) => match bench::subject(&package, request, &args.bound, args.at.as_deref()) {
            Ok(subject) => {
                let (parameters, datasets) = (subject.parameters.clone(), subject.datasets.clone());
                (Some(subject), parameters, datasets)
            }
            Err(error) => return refused(error, json),
        },
        None => {
            let (parameters, datasets) = set::of_one(&package, &args.bound)?;
            (None, parameters, datasets)
        }
    };
    let bar = ambient::progress(json);
    bar.set_message("preparing");
    let engine = engine::start()?;
    let policy = engine.prepare(package.clone(), parameters, datasets)?;
    bar.set_message("watching where fuel goes");
    let profiled = match &subject {
        Some(subject) => Profiled::Evaluating(&subject.request, subject.when),
        None => Profiled::Configuring,
    };
    let profile = profile(&engine, &policy, &package.bytes, profiled, &Limits::default());
    bar.finish_and_clear();
    let profile = profile?;
    if let Some(path) = &args.svg {
        ambient::write(path, &profile.svg())?;
    }
    if json {
        return ambient::print_json(&profile);
    }
    if args.top == 0 {
        bail!("`--top 0` shows nothing");
    }
    ambient::print(&text(&profile, args)?)?;
    Ok(Exit::DONE)
}

fn text(profile: &Profile, args: &args::Profile) -> Result<String> {
    let mut text = String::new();
    let what = match profile.of {
        Of::Configure => "configure",
        Of::Evaluate => "evaluate",
    };
    let policy = &profile.policy;
    writeln!(
        text,
        "{BOLD}{} {}{BOLD:#}  `{what}` used {} fuel",
        policy.id,
        policy.version,
        grouped(profile.fuel)
    )?;
    writeln!(text, "{DIM}{}\n{}{DIM:#}", policy.package, profile.meter)?;
    if let Some(fault) = &profile.fault {
        writeln!(text, "{RED}fault{RED:#}  the policy {}", plain(&fault.to_string()))?;
    }
    if let Some(path) = &args.svg {
        writeln!(text, "flame graph in {}", plain(&path.display().to_string()))?;
    }
    let mut functions: Vec<&Function> = profile.functions.iter().collect();
    text.push_str(&shown("by themselves", &functions, profile, args.top));
    functions.sort_by_key(|function| (Reverse(function.total), Reverse(function.own)));
    text.push_str(&shown("with those they called", &functions, profile, args.top));
    Ok(text)
}

fn shown(title: &str, functions: &[&Function], profile: &Profile, top: usize) -> String {
    let title = match functions.len().checked_sub(top) {
        None | Some(0) => format!("functions, most fuel {title}"),
        Some(more) => format!("functions, most fuel {title}; {more} more are not shown"),
    };
    let row = |function: &&Function| {
        let part =
            |fuel: u64| vec![format!("{:>11}", grouped(fuel)), format!("{:>7}", percent(fuel, profile.fuel))];
        [part(function.own), part(function.total), vec![function.name.clone()]].concat()
    };
    table(
        &title,
        &["        own", "", "      total", "", "function"],
        functions.iter().take(top).map(row).collect(),
    )
}
