//! `lexgate log`: what a server recorded, read from its data folder.

use crate::ambient;
use crate::args::{self, LogWhat};
use crate::engine;
use crate::exit::Exit;
use crate::explain::{BOLD, DIM, RED, plain};
use crate::serve::data_folder;
use anyhow::{Context, Result};
use lexgate_audit::{DECISION, Entry, EntryId, IndexFile, Kind, Ledger, LogLimits, Reader, Records, verify};
use lexgate_model::Span;
use lexgate_packages::Trust;
use lexgate_server::{Replay, Replayed, Tally};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

pub(crate) fn run(args: &args::Log, json: bool) -> Result<Exit> {
    let data = data_folder(args.data.as_deref())?;
    match &args.what {
        LogWhat::List { tenant, last } => list(&reader(&data)?, tenant.as_deref(), *last, json),
        LogWhat::Show { id } => show(&reader(&data)?.find(id.parse()?)?),
        LogWhat::Verify => check(&reader(&data)?, json),
        LogWhat::Holds { tenant } => holds(&reader(&data)?, tenant.as_deref(), json),
        LogWhat::Reindex => reindex(&data, json),
        LogWhat::Replay { ids, all } => replay(&data, if *all { &[] } else { ids }, json),
    }
}

fn reader(data: &Path) -> Result<Reader> {
    Ok(Reader::new(Arc::new(ambient::folder(&data.join("log"))?.dir)))
}

fn list(reader: &Reader, tenant: Option<&str>, last: usize, json: bool) -> Result<Exit> {
    let mut kept = VecDeque::new();
    for item in reader.entries(1)? {
        let (_, entry) = item?;
        if tenant.is_none_or(|tenant| entry.head.tenant == tenant) {
            kept.push_back(entry);
        }
        if kept.len() > last {
            kept.pop_front();
        }
    }
    for entry in &kept {
        let span = span(entry);
        if json {
            ambient::print_json_line(&json!({
                "sequence": entry.sequence, "head": entry.head, "span": span, "deleted": entry.is_deleted(),
            }))?;
        } else {
            let what = match span {
                _ if entry.is_deleted() => "deleted".to_owned(),
                Some(span) => span.to_string(),
                None => entry.head.set_revision.as_deref().unwrap_or_default().to_owned(),
            };
            let (id, kind, tenant) = (entry.head.id, entry.head.kind.as_str(), &entry.head.tenant);
            ambient::print(&format!(
                "{id}  {}  {}  {kind}  {BOLD}{}{BOLD:#}\n",
                entry.head.recorded,
                plain(tenant),
                plain(&what)
            ))?;
        }
    }
    Ok(Exit::DONE)
}

/// Returns what a decision came to.
fn span(entry: &Entry) -> Option<Span> {
    serde_json::from_slice(&entry.section(DECISION)?.bytes).ok()
}

fn show(entry: &Entry) -> Result<Exit> {
    let mut sections = serde_json::Map::new();
    for section in &entry.sections {
        let value: Value = serde_json::from_slice(&section.bytes)
            .with_context(|| format!("section `{}` is no JSON", section.name))?;
        sections.insert(section.name.clone(), value);
    }
    ambient::print_json(&json!({ "sequence": entry.sequence, "head": entry.head, "sections": sections }))
}

fn check(reader: &Reader, json: bool) -> Result<Exit> {
    let verified = verify(reader)?;
    if json {
        ambient::print_json(&verified)?;
    } else {
        for segment in &verified.segments {
            ambient::print(&format!(
                "{BOLD}{}{BOLD:#}  {} entries from {}, {} deleted, {} problems\n",
                segment.file, segment.entries, segment.first, segment.deleted, segment.problem_count
            ))?;
            for problem in &segment.problems {
                let what = plain(&problem.what);
                ambient::print(&format!("  {RED}byte {}{RED:#}  {what}\n", problem.offset))?;
            }
        }
        ambient::print(&format!("{} entries\n", verified.entries()))?;
    }
    Ok(if verified.is_sound() { Exit::DONE } else { Exit::CouldNotAnswer })
}

fn holds(reader: &Reader, tenant: Option<&str>, json: bool) -> Result<Exit> {
    let ledger = Ledger::read(reader)?;
    for of in ledger.tenants().filter(|of| tenant.is_none_or(|tenant| tenant == *of)) {
        for hold in ledger.holds(of) {
            if json {
                ambient::print_json_line(&json!({ "tenant": of, "hold": hold }))?;
                continue;
            }
            let scope = serde_json::to_value(&hold.scope)?;
            ambient::print(&format!(
                "{BOLD}{}{BOLD:#}  {}  {DIM}by{DIM:#} {}  {}  {}\n",
                plain(of),
                plain(&hold.name),
                plain(&hold.by),
                plain(scope.as_str().unwrap_or(&scope.to_string())),
                plain(&hold.reason)
            ))?;
        }
    }
    Ok(Exit::DONE)
}

fn reindex(data: &Path, json: bool) -> Result<Exit> {
    let folder = Arc::new(ambient::folder(&data.join("log"))?.dir);
    let path = data.join("index");
    let folder_of_index = ambient::private_folder(&path)?;
    let index = IndexFile { folder: folder_of_index, path: path.canonicalize()?, boot: ambient::boot() };
    let (records, _) = Records::open(folder, Some(index), LogLimits::default(), ambient::clock())?;
    let entries = records.reindex()?;
    if json {
        ambient::print_json_line(&json!({ "indexed": entries }))?;
    } else {
        ambient::print(&format!("{entries} entries are in the index\n"))?;
    }
    Ok(Exit::DONE)
}

fn replay(data: &Path, ids: &[String], json: bool) -> Result<Exit> {
    let reader = reader(data)?;
    let folder = ambient::folder(data)?.dir;
    let mut replay = Replay::open(folder, engine::start()?, Trust::default())?;
    let mut tally = Tally::default();
    let mut one = |entry: &Entry| -> Result<()> {
        let replayed = replay.run(entry);
        tally.count(&replayed);
        match replayed {
            Replayed::Equal | Replayed::EqualFindings | Replayed::Environmental => Ok(()),
            Replayed::Different(what) => told(entry, "different", &what, json),
            Replayed::Impossible(why) => told(entry, "impossible", &why, json),
        }
    };
    if ids.is_empty() {
        for item in reader.entries(1)? {
            let (_, entry) = item?;
            if entry.head.kind == Kind::Decision {
                one(&entry)?;
            }
        }
    } else {
        for id in ids {
            one(&reader.find(id.parse::<EntryId>()?)?)?;
        }
    }
    if json {
        ambient::print_json_line(&tally)?;
    } else {
        ambient::print(&format!(
            "{} equal, {} equal under another meter, {} environmental, {} different, {} impossible\n",
            tally.equal, tally.equal_findings, tally.environmental, tally.different, tally.impossible
        ))?;
    }
    let all = tally.different == 0 && tally.impossible == 0;
    Ok(if all { Exit::DONE } else { Exit::CouldNotAnswer })
}

fn told(entry: &Entry, how: &str, what: &str, json: bool) -> Result<()> {
    if json {
        return ambient::print_json_line(&json!({ "id": entry.head.id, "replayed": how, "what": what }));
    }
    ambient::print(&format!("{}  {RED}{how}{RED:#}  {DIM}{}{DIM:#}\n", entry.head.id, plain(what)))
}
