//! The shipped policy with another list of regions than its own.

use crate::shipped;
use lexgate_engine::{Binding, Engine, PolicySet};
use lexgate_model::Digest;
use lexgate_model::package::DatasetVersion;
use serde_json::{Map, Value};
use std::sync::Arc;

/// Returns a set of the shipped policy alone, with this list and these parameters.
pub fn set(engine: &Engine, regions: &str, parameters: Map<String, Value>) -> PolicySet {
    let package = shipped::package();
    let parameters = package.manifest.parameters.accept(parameters).unwrap();
    let bytes: Arc<[u8]> = regions.as_bytes().into();
    let dataset = DatasetVersion {
        name: "regions".to_owned(),
        version: "test".to_owned(),
        period: Default::default(),
        digest: Digest::of(&bytes),
        bytes,
    };
    let policy = engine.prepare(package, parameters, vec![dataset]).unwrap();
    PolicySet::new(vec![Binding::new("anthropic-regions", policy)]).unwrap()
}
