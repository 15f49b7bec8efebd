//! `lexgate inspect`.

use crate::ambient;
use crate::args;
use crate::exit::Exit;
use crate::explain::{BOLD, DIM, plain, table};
use anyhow::Result;
use lexgate_model::{Package, Verified};
use lexgate_packages::{PackageLimits, Trust, fetch_unverified, measure, verify};
use serde_json::json;
use std::fmt::Write as _;
use std::path::Path;

/// Reads and verifies a package.
pub(crate) fn package(path: &Path) -> Result<Verified<Package>> {
    let trust = Trust::default();
    if path.join("lexgate.toml").is_file() {
        anyhow::bail!("`{0}` is a policy's source; build it first: `lexgate build {0}`", path.display());
    }
    if path.is_dir() {
        anyhow::bail!(
            "`{}` is a folder; expected a package, a `.wasm` that `lexgate build` made",
            path.display()
        );
    }
    let (dir, name) = ambient::file(path)?;
    let unverified = fetch_unverified(&dir, &name, &PackageLimits::default())?;
    Ok(verify(unverified, &trust)?)
}

pub(crate) fn run(args: &args::Inspect, json: bool) -> Result<Exit> {
    let package = package(&args.package)?;
    let measures = measure(&package.bytes);
    let hindrance = lexgate_engine::prevents_snapshot(&package.bytes);
    if json {
        return ambient::print_json(&json!({
            "digest": package.digest, "manifest": package.manifest, "imports": package.imports, "measures": measures,
            "preventsSnapshot": hindrance,
        }));
    }
    let manifest = &package.manifest;
    let head = &manifest.policy;
    let mut text = String::new();
    writeln!(text, "{BOLD}{} {}{BOLD:#}  {}", head.id, head.version, plain(&head.title))?;
    writeln!(text, "{DIM}{}{DIM:#}", package.digest)?;
    writeln!(
        text,
        "authority  {}\ncontract   {}\ntime zone  {}",
        plain(&head.authority),
        head.contract,
        head.time_zone
    )?;
    writeln!(text, "imports    {}", package.imports.join(", "))?;
    let day = |date: Option<lexgate_model::Date>| date.map_or("…".to_owned(), |date| date.to_string());
    let rows = manifest.rules.iter().map(|rule| {
        let status = serde_json::to_value(rule.status).ok().and_then(|v| v.as_str().map(str::to_owned));
        vec![
            rule.id.clone(),
            status.unwrap_or_default(),
            day(rule.from),
            day(rule.until),
            citation(&rule.citation),
        ]
    });
    text.push_str(&table("rules", &["id", "status", "from", "until", "citation"], rows.collect()));
    let rows = manifest.datasets.iter().map(|dataset| {
        vec![
            dataset.name.clone(),
            dataset.version.clone(),
            day(dataset.valid_from),
            day(dataset.valid_until),
            dataset.bytes.to_string(),
            dataset.source.clone(),
        ]
    });
    text.push_str(&table(
        "datasets",
        &["name", "version", "from", "until", "bytes", "source"],
        rows.collect(),
    ));
    let properties = manifest.parameters.as_value().get("properties").and_then(|p| p.as_object());
    let rows = properties.into_iter().flatten().map(|(name, schema)| {
        let part = |key: &str| {
            schema.get(key).map_or(String::new(), |value| match value.as_str() {
                Some(text) => text.to_owned(),
                None => value.to_string(),
            })
        };
        let kind = if schema.get("enum").is_some() { part("enum") } else { part("type") };
        vec![name.clone(), kind, part("default"), part("description")]
    });
    text.push_str(&table("parameters", &["name", "type", "default", "description"], rows.collect()));
    writeln!(
        text,
        "\n{BOLD}size{BOLD:#}  {} bytes: {} code in {} functions of {} core modules, {} data, {} custom sections; memory begins with {} KiB",
        measures.total_bytes,
        measures.code_bytes,
        measures.functions,
        measures.modules,
        measures.data_bytes,
        measures.custom_sections.len(),
        measures.memory_pages.saturating_mul(64),
    )?;
    if let Some(expected) = manifest.limits {
        writeln!(
            text,
            "{BOLD}expected{BOLD:#}  at most {} fuel, {} bytes of memory",
            expected.fuel, expected.memory
        )?;
    }
    match hindrance {
        None => writeln!(text, "{BOLD}starts{BOLD:#}  from a snapshot")?,
        Some(why) => {
            let why = plain(&why);
            writeln!(text, "{BOLD}starts{BOLD:#}  afresh, and is configured by every evaluation: {why}")?;
        }
    }
    ambient::print(&text)?;
    Ok(Exit::DONE)
}

/// Writes a citation as people do.
pub(crate) fn citation(citation: &lexgate_model::manifest::Citation) -> String {
    if citation.section.is_empty() {
        citation.instrument.clone()
    } else {
        format!("{}, {}", citation.instrument, citation.section)
    }
}
