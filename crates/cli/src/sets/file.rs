//! A set in a file: what is put, in TOML or JSON, where packages and datasets may be named by path.
//!
//! Paths are taken from the folder of the file. A package is a `.wasm` file, a folder of packages, of which the one is taken
//! that is called as the binding, or the folder of a policy, which is built.

use crate::ambient;
use crate::build;
use crate::inspect;
use anyhow::{Context, Result, bail};
use lexgate_model::Digest;
use lexgate_server::SetDocument;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Most bytes of the file.
const MOST_BYTES: u64 = 4 << 20;
/// Most bytes of a dataset; a server takes no more unless it is told.
const MOST_DATASET_BYTES: u64 = 64 << 20;
/// Where packages of folders of policies go.
const BUILT: &str = "target/lexgate";

/// What a file says.
pub(crate) struct Wanted {
    pub(crate) document: SetDocument,
    /// Packages it names by path.
    pub(crate) packages: BTreeMap<Digest, Local>,
    /// Datasets it names by path.
    pub(crate) datasets: BTreeMap<Digest, Local>,
}

/// A file that the server may lack.
pub(crate) struct Local {
    pub(crate) path: PathBuf,
    pub(crate) bytes: Vec<u8>,
}

/// Reads a file, and what it names by path.
pub(crate) fn read(path: &Path, json: bool) -> Result<Wanted> {
    let bytes = ambient::read(path, MOST_BYTES)?;
    let text = String::from_utf8(bytes).with_context(|| format!("`{}` is not UTF-8", path.display()))?;
    let is_json = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("json"));
    let value = if is_json { serde_json::from_str(&text).map_err(Into::into) } else { of_toml(&text) };
    let base = path.parent().unwrap_or(Path::new("")).to_owned();
    let mut reading = Reading { base, json, packages: BTreeMap::new(), datasets: BTreeMap::new() };
    value
        .and_then(|value| reading.document(value))
        .with_context(|| format!("`{}` is no set", path.display()))
        .map(|document| Wanted { document, packages: reading.packages, datasets: reading.datasets })
}

fn of_toml(text: &str) -> Result<Value> {
    fn json(value: toml::Value) -> Result<Value> {
        Ok(match value {
            // A date may stand there without quotes.
            toml::Value::Datetime(date) => Value::String(date.to_string()),
            toml::Value::Array(list) => Value::Array(list.into_iter().map(json).collect::<Result<_>>()?),
            toml::Value::Table(table) => Value::Object(
                table
                    .into_iter()
                    .map(|(name, value)| Ok((name, json(value)?)))
                    .collect::<Result<Map<_, _>>>()?,
            ),
            other => serde_json::to_value(other)?,
        })
    }
    json(toml::Value::Table(toml::from_str(text)?))
}

struct Reading {
    base: PathBuf,
    json: bool,
    packages: BTreeMap<Digest, Local>,
    datasets: BTreeMap<Digest, Local>,
}

impl Reading {
    fn document(&mut self, mut value: Value) -> Result<SetDocument> {
        let bindings = value.get_mut("bindings").and_then(Value::as_array_mut);
        for binding in bindings.into_iter().flatten().filter_map(Value::as_object_mut) {
            let id = binding.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
            let of = || format!("binding `{id}`");
            self.package(&id, binding).with_context(of)?;
            let datasets = binding.get_mut("datasets").and_then(Value::as_array_mut);
            for dataset in datasets.into_iter().flatten().filter_map(Value::as_object_mut) {
                self.dataset(dataset).with_context(of)?;
            }
        }
        let text = serde_json::to_vec(&value)?;
        SetDocument::read(&text).map_err(|problem| {
            let at = problem.pointer().filter(|at| !at.is_empty()).map(|at| format!(" (at {at})"));
            // What serde says of the place in a text that nobody wrote is left out.
            let detail = problem.detail().split(" at line ").next().unwrap_or_default().to_owned();
            anyhow::anyhow!("{detail}{}", at.unwrap_or_default())
        })
    }

    fn package(&mut self, id: &str, binding: &mut Map<String, Value>) -> Result<()> {
        let Some(named) = binding.get("package").and_then(Value::as_str) else { return Ok(()) };
        if named.parse::<Digest>().is_ok() {
            return Ok(());
        }
        let path = self.base.join(named);
        let (path, package) = if path.join("lexgate.toml").is_file() {
            (path.clone(), build::one(&path, Path::new(BUILT), false, self.json)?.package)
        } else {
            let path = if path.is_dir() { path.join(format!("{id}.wasm")) } else { path };
            let package = inspect::package(&path)?;
            (path, package)
        };
        binding.insert("package".to_owned(), package.digest.to_string().into());
        self.packages.insert(package.digest, Local { path, bytes: package.bytes.to_vec() });
        Ok(())
    }

    fn dataset(&mut self, dataset: &mut Map<String, Value>) -> Result<()> {
        let Some(path) = dataset.remove("path") else { return Ok(()) };
        let path = path.as_str().context("the `path` of a dataset is a text")?;
        if dataset.contains_key("digest") {
            bail!("dataset `{path}` has a path and a digest: keep one");
        }
        let path = self.base.join(path);
        let bytes = ambient::read(&path, MOST_DATASET_BYTES)?;
        if bytes.len() as u64 > MOST_DATASET_BYTES {
            bail!("`{}` is larger than {MOST_DATASET_BYTES} bytes", path.display());
        }
        let digest = Digest::of(&bytes);
        dataset.insert("digest".to_owned(), digest.to_string().into());
        // A file has no version of its own; its digest names it in the record.
        let version = digest.to_string().replace("sha256:", "attached-").chars().take(25).collect::<String>();
        dataset.entry("version").or_insert_with(|| version.into());
        self.datasets.insert(digest, Local { path, bytes });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        let mut reading = Reading {
            base: PathBuf::new(),
            json: true,
            packages: BTreeMap::new(),
            datasets: BTreeMap::new(),
        };
        format!("{:#}", of_toml(text).and_then(|value| reading.document(value)).unwrap_err())
    }

    #[test]
    fn a_set_in_toml_may_have_dates_without_quotes() {
        let digest = format!("sha256:{}", "0".repeat(64));
        let text = format!(
            "otherwise = \"deny\"\n[[bindings]]\nid = \"a\"\npackage = \"{digest}\"\nperiod = {{ from = 2026-01-01 }}\n"
        );
        let mut reading = Reading {
            base: PathBuf::new(),
            json: true,
            packages: BTreeMap::new(),
            datasets: BTreeMap::new(),
        };
        let document = reading.document(of_toml(&text).unwrap()).unwrap();
        assert_eq!(document.bindings[0].period.from.as_deref(), Some("2026-01-01"));
    }

    #[test]
    fn what_is_no_set_says_where() {
        assert!(refused("bindings = []").contains("missing field `otherwise`"));
        assert!(refused("otherwise = \"deny\"\nbindings = []\nmore = 1").contains("unknown field `more`"));
        let missing = refused("otherwise = \"deny\"\n[[bindings]]\nid = \"a\"\npackage = \"no/such.wasm\"");
        assert!(missing.starts_with("binding `a`: "), "{missing}");
        let digest = format!("sha256:{}", "0".repeat(64));
        let stray = refused(&format!(
            "otherwise = \"deny\"\n[[bindings]]\nid = \"a\"\npackage = \"{digest}\"\nmode = \"open\""
        ));
        assert!(stray.contains("(at /bindings/0/mode)") && !stray.contains("line"), "{stray}");
    }
}
