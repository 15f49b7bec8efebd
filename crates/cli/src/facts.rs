//! `lexgate facts`: the vocabulary of facts that policies read.

use crate::ambient;
use crate::args;
use crate::exit::Exit;
use crate::explain::{BOLD, RED, YELLOW, plain, table};
use crate::inspect;
use anyhow::{Context, Result, bail};
use lexgate_kit::build;
use lexgate_kit::vocabulary::{Entry, Vocabulary, called};
use lexgate_model::Manifest;
use lexgate_model::manifest::RecordKind;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Where `lexgate build` puts packages.
const PACKAGES: &str = "target/lexgate";

pub(crate) fn run(args: &args::Facts, json: bool) -> Result<Exit> {
    if args.markdown && json {
        bail!("`--markdown` and `--json` are two forms of one thing; give one");
    }
    let found = if args.policies.is_empty() { packages()? } else { args.policies.clone() };
    let manifests = found.iter().map(|path| manifest(path)).collect::<Result<Vec<_>>>()?;
    let mut ids = BTreeSet::new();
    if let Some(twice) = manifests.iter().find(|manifest| !ids.insert(manifest.policy.id.as_str())) {
        bail!("policy `{}` is given twice", twice.policy.id);
    }
    let vocabulary = Vocabulary::of(&manifests);
    if json {
        ambient::print_json(&vocabulary)?;
    } else if args.markdown {
        ambient::print(&vocabulary.markdown())?;
    } else {
        ambient::print(&text(&vocabulary))?;
    }
    if !json {
        for conflict in &vocabulary.conflicts {
            anstream::eprintln!("{RED}conflict{RED:#}  {}", plain(&conflict.to_string()));
        }
    }
    Ok(if vocabulary.conflicts.is_empty() { Exit::DONE } else { Exit::CouldNotAnswer })
}

/// Reads the manifest of a package, or of a folder of source.
fn manifest(path: &Path) -> Result<Manifest> {
    if path.join("lexgate.toml").is_file() {
        return build::manifest(&ambient::folder(path)?.dir)
            .with_context(|| format!("cannot read `{}`", path.display()));
    }
    if path.is_dir() {
        bail!(
            "`{0}` is neither a package nor the folder of one policy: it has no `lexgate.toml`; for the policies in it write `{0}/*`, for what was built `lexgate facts`",
            path.display()
        );
    }
    Ok(inspect::package(path)?.into_inner().manifest)
}

/// Returns the packages that were built here, or in a folder above.
fn packages() -> Result<Vec<PathBuf>> {
    for folder in ambient::here_and_above()? {
        let packages = folder.join(PACKAGES);
        if !packages.is_dir() {
            continue;
        }
        let mut found = ambient::files(&packages, "wasm")?;
        // By policy: `a-b.wasm` comes before `a.wasm` among file names.
        found.sort_by(|one, next| one.file_stem().cmp(&next.file_stem()));
        if !found.is_empty() {
            return Ok(found);
        }
    }
    bail!(
        "there are no packages in `{PACKAGES}`, here or above; build some, `lexgate build plugins/*`, or name them with `--policy`"
    )
}

fn text(vocabulary: &Vocabulary) -> String {
    let mut text = String::new();
    for of in RecordKind::ALL {
        let facts = vocabulary.facts.iter().filter(|fact| fact.of == of);
        let rows = facts.map(row).collect();
        text.push_str(&table(called(of), &["name", "type", "tells", "read by"], rows));
    }
    for policy in &vocabulary.silent {
        let _ = writeln!(text, "\n{YELLOW}{BOLD}{policy}{BOLD:#}{YELLOW:#} declares no facts");
    }
    text.trim_start_matches('\n').to_owned()
}

fn row(fact: &Entry) -> Vec<String> {
    let kind = if fact.field.is_some() { "field".to_owned() } else { fact.type_in_words() };
    let mut tells = fact.says.join("; ");
    if !fact.values.is_empty() {
        let _ = write!(tells, " ({})", fact.values.join(", "));
    }
    let readers: Vec<_> =
        fact.readers.iter().map(|reader| format!("{}: {}", reader.policy, reader.rules.join(", "))).collect();
    vec![fact.called().to_owned(), kind, tells.trim().to_owned(), readers.join("; ")]
}
