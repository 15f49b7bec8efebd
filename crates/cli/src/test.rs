//! `lexgate test`.

use crate::ambient;
use crate::args;
use crate::build;
use crate::engine;
use crate::exit::Exit;
use crate::explain::{BOLD, DIM, GREEN, RED};
use anyhow::{Context, Result, bail};
use lexgate_kit::cases::{self, CaseResult};
use serde_json::json;
use std::fmt::Write as _;

pub(crate) fn run(args: &args::Test, json: bool) -> Result<Exit> {
    let engine = engine::start()?;
    let clock = ambient::stopwatch();
    let mut policies = Vec::new();
    let (mut passed, mut failed) = (0usize, 0usize);
    for dir in build::dirs(&args.dirs) {
        let built = build::one(&dir, &args.out, false, json)?;
        let plugin = ambient::folder(&dir)?;
        if !json {
            ambient::print(&format!("{BOLD}{} {}{BOLD:#}\n", built.id, built.version))?;
        }
        let only = args.only.as_deref();
        let mut shown = Ok(());
        let results = cases::run(&engine, &built.package, &plugin.dir, only, &clock, &mut |result| {
            if !json && shown.is_ok() {
                shown = ambient::print(&line(result));
            }
        })
        .with_context(|| format!("cannot test `{}`", dir.display()))?;
        shown?;
        let good = results.iter().filter(|result| result.passed()).count();
        passed += good;
        failed += results.len() - good;
        policies.push(json!({ "policy": built.id, "version": built.version, "package": built.digest, "cases": results }));
    }
    if passed + failed == 0 {
        bail!("no case has an id that contains `{}`", args.only.as_deref().unwrap_or_default());
    }
    if json {
        ambient::print_json(&json!({ "policies": policies, "passed": passed, "failed": failed }))?;
    } else {
        let colour = if failed == 0 { GREEN } else { RED };
        ambient::print(&format!("\n{colour}{passed} passed, {failed} failed{colour:#}\n"))?;
    }
    Ok(if failed == 0 { Exit::DONE } else { Exit::CouldNotAnswer })
}

fn line(result: &CaseResult) -> String {
    let (mark, colour) = if result.passed() { ("ok  ", GREEN) } else { ("FAIL", RED) };
    let mut text = format!(
        "  {colour}{mark}{colour:#} {:<12} {}  {DIM}{} fuel, {} µs{DIM:#}\n",
        result.id, result.says, result.fuel, result.micros
    );
    for difference in &result.differences {
        let _ = writeln!(
            text,
            "         {}\n           {GREEN}expected{GREEN:#} {}\n           {RED}found{RED:#}    {}",
            difference.what, difference.expected, difference.found
        );
    }
    text
}
