//! Takes the datasets out of a package: exactly those the manifest declares, byte for byte.

use crate::refused::{Reason, shown};
use crate::scan::Section;
use lexgate_model::manifest::Dataset;
use lexgate_model::package::{DatasetVersion, MANIFEST_SECTION, dataset_section};
use lexgate_model::{Digest, Manifest};
use std::collections::BTreeMap;

/// How the sections of datasets begin.
const PREFIX: &str = "lexgate:dataset/";

pub(crate) fn read(sections: &[Section<'_>], manifest: &Manifest) -> Result<Vec<DatasetVersion>, Reason> {
    let mut carried = BTreeMap::new();
    for section in sections.iter().filter(|section| section.name != MANIFEST_SECTION) {
        if !section.name.starts_with(PREFIX) {
            return Err(Reason::UnknownSection { section: shown(section.name) });
        }
        if carried.insert(section.name, section.data).is_some() {
            return Err(Reason::Twice { section: shown(section.name) });
        }
    }
    let mut datasets = Vec::with_capacity(manifest.datasets.len());
    for declared in &manifest.datasets {
        let section = dataset_section(&declared.name, &declared.version);
        let data = carried.remove(section.as_str()).ok_or_else(|| Reason::DatasetMissing {
            dataset: format!("{}@{}", declared.name, declared.version),
        })?;
        datasets.push(unaltered(declared, data)?);
    }
    match carried.pop_first() {
        Some((section, _)) => Err(Reason::DatasetExtra { section: shown(section) }),
        None => Ok(datasets),
    }
}

fn unaltered(declared: &Dataset, data: &[u8]) -> Result<DatasetVersion, Reason> {
    let (found, found_bytes) = (Digest::of(data), data.len() as u64);
    if (found, found_bytes) != (declared.digest, declared.bytes) {
        return Err(Reason::DatasetAltered {
            dataset: format!("{}@{}", declared.name, declared.version),
            declared: Box::new(declared.digest),
            declared_bytes: declared.bytes,
            found: Box::new(found),
            found_bytes,
        });
    }
    Ok(DatasetVersion {
        name: declared.name.clone(),
        version: declared.version.clone(),
        period: declared.period(),
        digest: found,
        bytes: data.into(),
    })
}
