//! `lexgate import`: makes a request of what a register says, and tells what of it could not be used.

use crate::ambient;
use crate::args;
use crate::exit::Exit;
use crate::explain::{DIM, YELLOW, plain};
use crate::question::instant_or_date;
use crate::tree;
use anyhow::{Context, Result, bail};
use indicatif::ProgressBar;
use lexgate_kit::import::{About, Entry, Frame, Imported, Progress, Reason, Register, Report, Wanted};
use lexgate_kit::import::{bods, gleif};
use lexgate_model::{Request, RequestLimits, When};
use serde_json::json;
use std::fmt::Write as _;
use std::path::Path;

/// Most remarks that are shown to a person.
const MOST_SHOWN: usize = 20;

pub(crate) fn run(args: &args::Import, json: bool) -> Result<Exit> {
    let (rest, parties) = match &args.from {
        args::ImportFrom::Gleif(gleif) => (&gleif.rest, &gleif.parties),
        args::ImportFrom::Bods(bods) => (&bods.rest, &bods.parties),
    };
    if rest.tree && json {
        bail!("a tree is for people, JSON is for programs; leave out `--tree` or `--json`");
    }
    let files: Vec<&Path> = match &args.from {
        args::ImportFrom::Gleif(gleif) => {
            let all = [Some(&gleif.entities), Some(&gleif.relationships), gleif.exceptions.as_ref()];
            all.into_iter().flatten().map(AsRef::as_ref).collect()
        }
        args::ImportFrom::Bods(bods) => bods.files.iter().map(AsRef::as_ref).collect(),
    };
    if files.contains(&Path::new("-")) {
        bail!("an import reads its files several times, so it cannot read standard input; save it as a file");
    }
    let frame = frame(rest)?;
    let wanted = Wanted { parties: parties.clone(), depth: rest.depth };
    let bar = ambient::progress(json);
    let mut tell = |progress: &Progress<'_>| show(&bar, progress);
    let imported = match &args.from {
        args::ImportFrom::Gleif(args) => {
            let register = Register {
                entities: ambient::source(&args.entities)?,
                relationships: ambient::source(&args.relationships)?,
                exceptions: args.exceptions.as_deref().map(ambient::source).transpose()?,
            };
            gleif(&register, &wanted, &frame, &mut tell)
        }
        args::ImportFrom::Bods(args) => {
            let files: Vec<_> = args.files.iter().map(|file| ambient::source(file)).collect::<Result<_>>()?;
            bods(&files, &wanted, &frame, &mut tell)
        }
    };
    bar.finish_and_clear();
    answer(&imported?, rest, json)
}

/// Reads what the request says beside what is imported.
fn frame(rest: &args::ImportRest) -> Result<Frame> {
    let at = rest.at.as_deref().map(instant_or_date).transpose()?;
    let base = rest.into.as_deref().map(base).transpose()?;
    let when = at.or_else(|| base.as_ref().and_then(Request::when));
    let about = match base {
        Some(base) => About::Base(Box::new(base)),
        None => About::New {
            action: rest.action.clone(),
            channel: rest.channel.clone(),
            category: rest.category.clone(),
        },
    };
    Ok(Frame { when: when.unwrap_or_else(|| When::Instant(ambient::now())), role: rest.role.clone(), about })
}

fn base(path: &Path) -> Result<Request> {
    let limits = RequestLimits::default();
    let text = ambient::read(path, limits.bytes as u64)?;
    Request::from_json(&text, &limits).with_context(|| format!("`{}` is not a request", path.display()))
}

fn show(bar: &ProgressBar, progress: &Progress<'_>) {
    let mib = |bytes: u64| bytes >> 20;
    let of = progress.bytes.map_or(String::new(), |bytes| format!(" of {}", mib(bytes)));
    bar.set_message(format!(
        "pass {}  {}  {}{of} MiB",
        progress.pass,
        plain(progress.file),
        mib(progress.read)
    ));
}

fn answer(imported: &Imported, rest: &args::ImportRest, json: bool) -> Result<Exit> {
    let request = imported.request.to_value();
    let whole = if json { json!({ "request": request, "report": imported.report }) } else { request };
    let mut text = serde_json::to_string_pretty(&whole)?;
    text.push('\n');
    match &rest.out {
        Some(out) => ambient::write(out, &text)?,
        None if rest.tree => {}
        None => ambient::print(&text)?,
    }
    if rest.tree {
        ambient::print(&tree::draw(&imported.request))?;
    }
    if !json {
        anstream::eprint!("{}", told(&imported.report));
    }
    Ok(Exit::DONE)
}

/// Tells a person what was imported and what was not.
fn told(report: &Report) -> String {
    let mut text = format!(
        "imported {} and {}\n",
        count(report.parties as u64, "party", "parties"),
        count(report.relationships as u64, "relationship", "relationships")
    );
    for entry in report.entries.iter().take(MOST_SHOWN) {
        let _ = writeln!(text, "  {YELLOW}{}{YELLOW:#}  {}", words(entry.reason), line(entry));
    }
    let all: u64 = report.counts.values().sum();
    if all > MOST_SHOWN as u64 {
        let counts: Vec<_> =
            report.counts.iter().map(|(reason, count)| format!("{count} {}", words(*reason))).collect();
        let _ = writeln!(
            text,
            "  {DIM}{all} remarks in all: {}; `--json` has the first {}{DIM:#}",
            counts.join(", "),
            report.entries.len()
        );
    }
    text
}

fn count(number: u64, one: &str, several: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { several })
}

fn line(entry: &Entry) -> String {
    let mut text = String::new();
    if let Some(id) = &entry.id {
        let _ = write!(text, "{} ", plain(id));
    }
    if !entry.pointer.is_empty() {
        let _ = write!(text, "{} ", plain(&entry.pointer));
    }
    text.push_str(&plain(&entry.says));
    if let Some((line, record)) = entry.line.zip(entry.record) {
        let _ = write!(text, "  {DIM}{} line {line}, record {record}{DIM:#}", plain(&entry.file));
    }
    text
}

fn words(reason: Reason) -> &'static str {
    match reason {
        Reason::Malformed => "malformed",
        Reason::Missing => "missing",
        Reason::BadValue => "bad value",
        Reason::UnknownCode => "unknown code",
        Reason::TooMuch => "too much",
        Reason::OtherVersion => "other version",
        Reason::Duplicate => "duplicate",
        Reason::Inconsistent => "inconsistent",
        Reason::NotInForce => "not in force",
        Reason::Unspecified => "unspecified",
        Reason::Lapsed => "lapsed",
        Reason::EndOfRecord => "end of record",
        Reason::StatedLater => "stated later",
        Reason::NoRecord => "no record",
        Reason::BaseKept => "base kept",
        Reason::Remark => "remark",
    }
}
