//! The policy set of a command: packages from the command line, bound under the ids of their policies.

use crate::ambient;
use crate::args;
use crate::inspect;
use anyhow::{Context, Result, bail};
use lexgate_engine::{Binding, Engine, PolicySet};
use lexgate_model::decision::{Mode, Posture};
use lexgate_model::manifest::Parameters;
use lexgate_model::package::DatasetVersion;
use lexgate_model::{Digest, Package, Period, Verified, date};
use serde_json::{Map, Value};
use std::io::Read;
use std::path::Path;

/// Most bytes of a file of parameters or of an attached dataset.
const MOST_BYTES: u64 = 64 << 20;

/// How the policies of a set are bound.
#[derive(Default)]
pub(crate) struct Terms<'a> {
    /// What a fault counts as.
    pub(crate) posture: Posture,
    /// Policies that decide nothing.
    pub(crate) shadow: &'a [String],
}

/// Reads, verifies, prepares and binds the packages.
pub(crate) fn read(args: &args::Set, engine: &Engine, terms: &Terms<'_>) -> Result<PolicySet> {
    let packages = args.policies.iter().map(|path| inspect::package(path)).collect::<Result<Vec<_>>>()?;
    let known = |id: &str| packages.iter().any(|package| package.manifest.policy.id == id);
    if let Some(stray) =
        named(&args.bound).chain(terms.shadow.iter().map(String::as_str)).find(|id| !known(id))
    {
        let ids: Vec<_> = packages.iter().map(|package| package.manifest.policy.id.as_str()).collect();
        bail!("`{stray}` is not one of the policies given: {}", ids.join(", "));
    }
    let bindings =
        packages.into_iter().map(|package| bind(package, args, engine, terms)).collect::<Result<_>>()?;
    Ok(PolicySet::new(bindings)?)
}

fn bind(package: Verified<Package>, args: &args::Set, engine: &Engine, terms: &Terms<'_>) -> Result<Binding> {
    let id = package.manifest.policy.id.clone();
    let (parameters, datasets) = bound(&package, &args.bound)?;
    let policy = engine.prepare(package, parameters, datasets)?;
    Ok(Binding {
        mode: if terms.shadow.contains(&id) { Mode::Shadow } else { Mode::Enforce },
        posture: terms.posture,
        ..Binding::new(&id, policy)
    })
}

/// Returns what is bound to the one policy of a command: its parameters, and the datasets attached.
pub(crate) fn of_one(
    package: &Verified<Package>,
    args: &args::Bound,
) -> Result<(Parameters, Vec<DatasetVersion>)> {
    let id = &package.manifest.policy.id;
    if let Some(stray) = named(args).find(|named| named != id) {
        bail!("`{stray}` is not the policy given: {id}");
    }
    bound(package, args)
}

/// Returns the policies that options name.
fn named(args: &args::Bound) -> impl Iterator<Item = &str> {
    args.parameters.iter().chain(&args.dataset).filter_map(|option| option.split(['=', '/']).next())
}

/// Returns the parameters and the datasets that options bind to a policy.
fn bound(package: &Verified<Package>, args: &args::Bound) -> Result<(Parameters, Vec<DatasetVersion>)> {
    let id = &package.manifest.policy.id;
    let parameters = parameters(id, &args.parameters)?;
    let parameters =
        package.manifest.parameters.accept(parameters).with_context(|| format!("parameters of `{id}`"))?;
    let datasets =
        args.dataset.iter().filter_map(|option| dataset(id, option).transpose()).collect::<Result<_>>()?;
    Ok((parameters, datasets))
}

/// Returns what `--parameters` says of a policy: `POLICY=JSON` or `POLICY=@FILE`.
fn parameters(policy: &str, options: &[String]) -> Result<Map<String, Value>> {
    let mut found = None;
    for option in options {
        let (id, given) =
            option.split_once('=').with_context(|| format!("`{option}` is not of the form POLICY=JSON"))?;
        if id == policy && found.replace(given).is_some() {
            bail!("parameters of `{policy}` are given twice");
        }
    }
    let Some(given) = found else { return Ok(Map::new()) };
    let text = match given.strip_prefix('@') {
        Some(file) => {
            String::from_utf8(bytes(Path::new(file))?).with_context(|| format!("`{file}` is not UTF-8"))?
        }
        None => given.to_owned(),
    };
    serde_json::from_str(&text).with_context(|| format!("parameters of `{policy}` are not a JSON object"))
}

/// Returns the dataset of `--dataset POLICY/NAME=FILE[,FROM,UNTIL]`, if it is for this policy.
fn dataset(policy: &str, option: &str) -> Result<Option<DatasetVersion>> {
    let form = || format!("`{option}` is not of the form POLICY/NAME=FILE[,FROM,UNTIL]");
    let (target, given) = option.split_once('=').with_context(form)?;
    let (id, name) = target.split_once('/').with_context(form)?;
    if id != policy {
        return Ok(None);
    }
    let mut parts = given.splitn(3, ',');
    let file = parts.next().unwrap_or_default();
    let mut day = || match parts.next() {
        None | Some("") => Ok(None),
        Some(text) => {
            date::parse(text).map(Some).with_context(|| format!("`{text}` is not a date; write `2025-09-05`"))
        }
    };
    let period = Period { from: day()?, until: day()? };
    let bytes = bytes(Path::new(file))?;
    let digest = Digest::of(&bytes);
    // An attached file has no version of its own; its digest names it in the record.
    let version = digest.to_string().replace("sha256:", "attached-").chars().take(25).collect();
    Ok(Some(DatasetVersion { name: name.to_owned(), version, period, digest, bytes: bytes.into() }))
}

fn bytes(path: &Path) -> Result<Vec<u8>> {
    let (dir, name) = ambient::file(path)?;
    let reading = || format!("cannot read `{}`", path.display());
    let mut bytes = Vec::new();
    dir.open(&name)
        .with_context(reading)?
        .take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .with_context(reading)?;
    if bytes.len() as u64 > MOST_BYTES {
        bail!("`{}` is larger than {MOST_BYTES} bytes", path.display());
    }
    Ok(bytes)
}
