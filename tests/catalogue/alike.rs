//! Every case of every policy, however instances are made and wherever what runs comes from: the same bytes, the same fuel.
//!
//! Two processes are for `crates/cli/tests/`, which asks the built program.

use crate::{Asked, Shipped, engine, shipped};
use lexgate_engine::{Artifact, Cache, Engine, Failed, Instances, Order, Profiled, Workshop};
use lexgate_kit::cases::Question;
use lexgate_kit::profile::profile;
use lexgate_model::decision::{Enforced, WhatIf};
use lexgate_model::{Limits, Request, RequestLimits};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

/// Makes policies where those of the other tests are made, or makes none: then what is asked of it must be in the cache.
struct Same(bool);

impl Workshop for Same {
    fn make(&self, order: Order<'_>) -> Result<Artifact, Failed> {
        if !self.0 {
            return Err(Failed::Unmade("it is not in the cache".to_owned()));
        }
        engine().workshop().make(order)
    }
}

/// Returns engines that share a cache: one that fills it, and two that live on it, one of them without a pool.
fn engines(folder: &tempfile::TempDir) -> [Engine; 3] {
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let started = |makes: bool, instances: Instances| {
        let dir = cap_std::fs::Dir::open_ambient_dir(folder.path(), cap_std::ambient_authority()).unwrap();
        let cache = Cache::new(dir, [7; 32], 1 << 30).unwrap();
        let engine = Engine::builder().cache(cache).workshop(Box::new(Same(makes))).instances(instances);
        engine.start().unwrap()
    };
    [
        started(true, Instances::OnDemand),
        started(false, Instances::default()),
        started(false, Instances::OnDemand),
    ]
}

/// Returns the record of what a case asks, as bytes, with the fuel that was used.
fn record(engine: &Engine, asked: &Asked, question: &Question) -> (Vec<u8>, u64) {
    let bytes = |value: serde_json::Result<Vec<u8>>| value.unwrap();
    if question.what_if {
        let record = asked.decide_on::<WhatIf>(engine, &question.request).unwrap();
        (bytes(serde_json::to_vec(&record)), record.bindings[0].used.fuel)
    } else {
        let record = asked.decide_on::<Enforced>(engine, &question.request).unwrap();
        (bytes(serde_json::to_vec(&record)), record.bindings[0].used.fuel)
    }
}

#[test]
fn pooled_or_not_kept_or_not_every_case_gives_the_same_record() {
    let folder = tempfile::tempdir().unwrap();
    let others = engines(&folder);
    let mut differ = Vec::new();
    for policy in shipped() {
        // By engine and configuration, prepared once.
        let mut prepared: BTreeMap<(usize, String), Arc<Asked>> = BTreeMap::new();
        for question in &policy.questions {
            let first = record(engine(), &policy.asked(question), question);
            for (number, engine) in others.iter().enumerate() {
                let key = (number, policy.configuration(question));
                let asked =
                    prepared.entry(key).or_insert_with(|| Arc::new(policy.prepared(engine, question)));
                if record(engine, asked, question) != first {
                    differ.push(format!("{} {} on engine {number}", policy.id, question.id));
                }
            }
        }
    }
    assert!(differ.is_empty(), "\n\n  {}\n", differ.join("\n  "));
}

#[test]
fn a_profile_tells_of_every_unit_that_an_evaluation_uses() {
    for policy in shipped() {
        // The last case is as good as any other; compiling to be watched takes longest.
        let Some(question) = policy.questions.last() else { continue };
        let (_, fuel) = record(engine(), &policy.asked(question), question);
        assert_eq!(profiled(policy, question), fuel, "{} {}", policy.id, question.id);
    }
}

fn profiled(policy: &Shipped, question: &Question) -> u64 {
    let asked = policy.asked(question);
    let request = Request::from_json(question.request.to_string().as_bytes(), &RequestLimits::default());
    let request = request.unwrap();
    let profiled = Profiled::Evaluating(&request, request.when().unwrap());
    let prepared = &asked.set.bindings()[0].policy;
    let profile = profile(engine(), prepared, &policy.package.bytes, profiled, &Limits::default()).unwrap();
    assert!(profile.functions.iter().any(|function| function.name.contains("evaluate")), "names are kept");
    profile.fuel
}
