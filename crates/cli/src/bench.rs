//! `lexgate bench`.

use crate::ambient;
use crate::args;
use crate::build;
use crate::engine;
use crate::exit::Exit;
use crate::explain::{BOLD, DIM, RED, grouped, plain, table};
use crate::inspect;
use crate::question::{instant_or_date, read, refused};
use crate::set;
use anyhow::{Context, Result, bail};
use lexgate_engine::Start;
use lexgate_kit::bench::{self, Bench, Measured, Measurement, Step, Subject};
use lexgate_model::{Package, RequestLimits, Verified, When};
use std::fmt::Write as _;
use std::path::Path;

pub(crate) fn run(args: &args::Bench, json: bool) -> Result<Exit> {
    let folder = is_policy(&args.package);
    if args.request.is_none() {
        let bound = &args.bound;
        if !folder {
            // What is no package is told first.
            inspect::package(&args.package)?;
            bail!(
                "`{}` is a package, which has no cases: give a request, `--request FILE`, or the folder of the policy",
                args.package.display()
            );
        }
        if !bound.parameters.is_empty() || !bound.dataset.is_empty() || args.at.is_some() {
            bail!(
                "cases say what is bound to the policy, and when they ask; `--parameters`, `--dataset` and `--at` are for a `--request`"
            );
        }
    }
    let package = package(&args.package, &args.out, json)?;
    let subjects = match &args.request {
        Some(request) => match subject(&package, request, &args.bound, args.at.as_deref()) {
            Ok(subject) => vec![subject],
            Err(error) => return refused(error, json),
        },
        None => bench::subjects(&package, &ambient::folder(&args.package)?.dir)
            .with_context(|| format!("cannot measure `{}`", args.package.display()))?,
    };
    let (anew, kept) = engine::without_and_with_cache()?;
    let clock = ambient::stopwatch();
    let bar = ambient::progress(json);
    let bench = Bench { anew: &anew, kept: kept.as_ref(), package: &package, clock: &clock };
    let measured = bench::measure(&bench, &subjects, &mut |step| bar.set_message(words(&step)));
    bar.finish_and_clear();
    let Some(measurement) = measured? else { bail!("there is nothing to measure") };
    if json {
        return ambient::print_json(&measurement);
    }
    ambient::print(&text(&measurement)?)?;
    Ok(Exit::DONE)
}

/// Returns whether it is the folder of a policy.
pub(crate) fn is_policy(path: &Path) -> bool {
    path.join("lexgate.toml").is_file()
}

/// Returns a package; of a folder of a policy the one that is built of it.
pub(crate) fn package(path: &Path, out: &Path, json: bool) -> Result<Verified<Package>> {
    if is_policy(path) { Ok(build::one(path, out, false, json)?.package) } else { inspect::package(path) }
}

/// Returns a request of its own, with what is bound to the policy.
pub(crate) fn subject(
    package: &Verified<Package>,
    request: &Path,
    bound: &args::Bound,
    at: Option<&str>,
) -> Result<Subject> {
    let (parameters, datasets) = set::of_one(package, bound)?;
    let at = at.map(instant_or_date).transpose()?;
    let mut request = read(request, &RequestLimits::default())?;
    let when = request.when().or(at).unwrap_or_else(|| When::Instant(ambient::now()));
    request.set_when(when);
    Ok(Subject { case: None, request, when, parameters, datasets })
}

fn words(step: &Step<'_>) -> String {
    match step {
        Step::Looking(number, all) => format!("looking at request {number} of {all}"),
        Step::Preparing => "preparing".to_owned(),
        Step::Measuring(Some(case)) => format!("measuring {}", plain(&case.id)),
        Step::Measuring(None) => "measuring".to_owned(),
    }
}

fn text(measurement: &Measurement) -> Result<String> {
    let Measurement { policy, package_bytes, start, alone, configuring, preparing, measured, .. } =
        measurement;
    let mut text = String::new();
    writeln!(text, "{BOLD}{} {}{BOLD:#}", policy.id, policy.version)?;
    writeln!(text, "{DIM}{}\n{}{DIM:#}", policy.package, measurement.meter)?;
    writeln!(text, "package      {} bytes", grouped(u64::try_from(*package_bytes)?))?;
    let starts = match start {
        Start::Snapshot if *alone => "from a snapshot, as one module".to_owned(),
        Start::Snapshot => "from a snapshot, as a component".to_owned(),
        Start::Afresh(why) => format!("afresh, and is configured by every evaluation: {}", plain(why)),
    };
    writeln!(text, "starts       {starts}")?;
    writeln!(
        text,
        "configuring  {} fuel, {} KiB, {} host calls",
        grouped(configuring.fuel),
        grouped(configuring.memory_bytes / 1024),
        configuring.host_calls
    )?;
    let warm = match preparing.warm_micros {
        Some(warm) => format!("{} from the cache", millis(warm)),
        None => "there is no cache".to_owned(),
    };
    writeln!(text, "preparing    {} where it is made, {warm}", millis(preparing.cold_micros))?;
    if let [first, ..] = measured.as_slice() {
        text.push_str(&evaluation(first)?);
    }
    if measured.iter().any(|measured| measured.case.is_some()) {
        let title = format!("the most expensive of {} cases", measurement.requests);
        let head = ["case", "fuel", "KiB", "p50", "p99", "shows"];
        text.push_str(&table(&title, &head, measured.iter().map(row).collect()));
    }
    Ok(text)
}

/// Writes what one evaluation takes.
fn evaluation(measured: &Measured) -> Result<String> {
    let Measured { used, fuel_limit, evaluations, .. } = measured;
    let mut text = String::new();
    let which = measured.case.as_ref().map_or(String::new(), |case| format!(" of {}", plain(&case.id)));
    writeln!(text, "\n{BOLD}a fresh evaluation{which}{BOLD:#}")?;
    writeln!(text, "  fuel        {} of {}", grouped(used.fuel), grouped(*fuel_limit))?;
    if used.configure_fuel > 0 {
        writeln!(text, "              and {} to be configured", grouped(used.configure_fuel))?;
    }
    writeln!(text, "  memory      {} KiB", grouped(used.memory_bytes / 1024))?;
    writeln!(text, "  host calls  {}", used.host_calls)?;
    writeln!(
        text,
        "  time        {} p50, {} p99  {DIM}of {}{DIM:#}",
        micros(measured.p50_nanos),
        micros(measured.p99_nanos),
        grouped(u64::try_from(*evaluations)?)
    )?;
    if let Some(fault) = &measured.fault {
        writeln!(text, "  {RED}fault{RED:#}       the policy {}", plain(&fault.to_string()))?;
    }
    Ok(text)
}

fn row(measured: &Measured) -> Vec<String> {
    let (id, says) = measured.case.as_ref().map_or(("", ""), |case| (case.id.as_str(), case.says.as_str()));
    let says = match &measured.fault {
        Some(fault) => format!("fault: {fault}; {says}"),
        None => says.to_owned(),
    };
    vec![
        id.to_owned(),
        grouped(measured.used.fuel),
        grouped(measured.used.memory_bytes / 1024),
        micros(measured.p50_nanos),
        micros(measured.p99_nanos),
        says,
    ]
}

fn micros(nanos: u64) -> String {
    format!("{}.{} µs", grouped(nanos / 1_000), nanos / 100 % 10)
}

fn millis(micros: u64) -> String {
    format!("{}.{:02} ms", grouped(micros / 1_000), micros / 10 % 100)
}
