//! Reads `lexgate.toml`: a manifest whose datasets are still files, and perhaps a component made elsewhere.

use super::{BuildError, read_at_most};
use cap_std::fs::Dir;
use lexgate_model::date::{self, Date};
use lexgate_model::manifest::Dataset;
use lexgate_model::{Digest, Manifest};
use serde::{Deserialize, Deserializer, de::Error as _};
use std::path::{Component, Path};
use toml::de::{DeTable, Deserializer as Document, ValueDeserializer};

/// The manifest as it is written by hand.
const FILE: &str = "lexgate.toml";

/// Most bytes of `lexgate.toml`; a package allows its manifest as many.
const MOST_MANIFEST_BYTES: u64 = 1 << 20;

/// Most bytes of one dataset; chosen by feel, half of what a package may have in all.
const MOST_DATASET_BYTES: u64 = 16 << 20;

/// What `lexgate.toml` says.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) manifest: Manifest<DatasetFile>,
    /// A component or core module that was made elsewhere, relative to the folder.
    pub(super) component: Option<String>,
}

/// A dataset as `lexgate.toml` describes it: by its file, not yet by its digest.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct DatasetFile {
    name: String,
    version: String,
    #[serde(default, deserialize_with = "optional_date")]
    valid_from: Option<Date>,
    #[serde(default, deserialize_with = "optional_date")]
    valid_until: Option<Date>,
    source: String,
    file: String,
}

/// `[build]`, which stays out of the manifest.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Build {
    component: String,
}

fn optional_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let bad = || D::Error::custom(format!("`{text}` is not a date; write `\"2025-09-05\"`"));
    date::parse(&text).ok_or_else(bad).map(Some)
}

pub(super) fn read(dir: &Dir) -> Result<Draft, BuildError> {
    let bytes = file_below(dir, FILE, MOST_MANIFEST_BYTES)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = String::from_utf8_lossy(
            error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default(),
        );
        place(&valid, valid.len(), "is not UTF-8".to_owned())
    })?;
    parse(&text).map_err(|error| {
        place(&text, error.span().map_or(0, |span| span.start), error.message().replace('\n', " "))
    })
}

fn parse(text: &str) -> Result<Draft, toml::de::Error> {
    let mut document = DeTable::parse(text)?;
    let build =
        document.get_mut().remove("build").map(|table| Build::deserialize(ValueDeserializer::from(table)));
    let component = build.transpose()?.map(|build| build.component);
    Ok(Draft { manifest: Manifest::deserialize(Document::from(document))?, component })
}

fn place(text: &str, offset: usize, why: String) -> BuildError {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    BuildError::Syntax { line, column, why }
}

/// Returns the manifest, checked, with the digests of its datasets, and their bytes in its order: by name, then by validity.
pub(super) fn with_datasets(
    draft: Manifest<DatasetFile>,
    dir: &Dir,
) -> Result<(Manifest, Vec<Vec<u8>>), BuildError> {
    let mut files = draft.datasets;
    files.sort_by(|a, b| {
        let key = |file: &DatasetFile| (file.name.clone(), file.valid_from, file.version.clone());
        key(a).cmp(&key(b))
    });
    let (mut datasets, mut contents) = (Vec::new(), Vec::new());
    for file in files {
        let content = file_below(dir, &file.file, MOST_DATASET_BYTES)?;
        datasets.push(Dataset {
            name: file.name,
            version: file.version,
            valid_from: file.valid_from,
            valid_until: file.valid_until,
            source: file.source,
            digest: Digest::of(&content),
            bytes: content.len() as u64,
        });
        contents.push(content);
    }
    let Manifest { policy, rules, facts, parameters, messages, limits, datasets: _ } = draft;
    let manifest = Manifest { policy, rules, facts, datasets, parameters, messages, limits };
    manifest.check().map_err(|source| BuildError::Manifest { source })?;
    Ok((manifest, contents))
}

/// Returns the bytes of a file that `lexgate.toml` names, relative to its folder.
pub(super) fn file_below(dir: &Dir, file: &str, most: u64) -> Result<Vec<u8>, BuildError> {
    // The folder handed in refuses this too, but in the words of the operating system.
    if !Path::new(file).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Err(BuildError::Outside { file: file.to_owned() });
    }
    match read_at_most(dir, Path::new(file), most) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(BuildError::TooLarge { file: file.to_owned(), most }),
        Err(source) => Err(BuildError::Read { file: file.to_owned(), source }),
    }
}
