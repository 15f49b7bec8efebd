//! Runs decisions of a log again, with the sets and packages that are kept beside it, and compares.
//!
//! Under an equal meter everything that the bindings came to must be equal, fuel too; under another, what they say. A
//! binding with an environmental fault, then or now, is compared with nothing: what ended it was the machine.

use crate::Error;
use crate::blobs::Blobs;
use crate::sets::Workbench;
use crate::tenants::{TenantName, stored};
use cap_std::fs::Dir;
use lexgate_audit::{BINDINGS, DECISION, Entry, Kind, META, REQUEST};
use lexgate_engine::{Engine, PolicySet};
use lexgate_model::decision::Enforced;
use lexgate_model::{Limits, Record, Request, RequestLimits};
use lexgate_packages::Trust;
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;
use std::fmt;

/// What a stored set was granted was within the ceilings of a server then; here nothing is granted anew.
const NO_CEILING: Limits = Limits {
    base_fuel: u64::MAX,
    fuel_per_element: u64::MAX,
    configure_fuel: u64::MAX,
    deadline_ms: u64::MAX,
    configure_deadline_ms: u64::MAX,
    memory_bytes: u64::MAX,
    table_elements: u64::MAX,
    host_calls: u64::MAX,
    host_call_bytes: u64::MAX,
    findings: u64::MAX,
    output_bytes: u64::MAX,
};

/// A recorded request was within the limits of a server; it is read as it is. Its depth is what the reader can take.
const RECORDED: RequestLimits =
    RequestLimits { bytes: usize::MAX, depth: 32, elements: usize::MAX, string_bytes: usize::MAX };

/// Sets that stay prepared between two entries; chosen by feel.
const MOST_SETS: usize = 64;

/// What came of running a decision again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replayed {
    /// Findings, faults and fuel are equal.
    Equal,
    /// It was decided under another meter; what was found is equal.
    EqualFindings,
    /// A binding ended by the machine, then or now; the others are equal.
    Environmental,
    /// Something is different: what, and where.
    Different(String),
    /// It cannot be run again: why.
    Impossible(String),
}

/// How many decisions came to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    /// See [`Replayed::Equal`].
    pub equal: u64,
    /// See [`Replayed::EqualFindings`].
    pub equal_findings: u64,
    /// See [`Replayed::Environmental`].
    pub environmental: u64,
    /// See [`Replayed::Different`].
    pub different: u64,
    /// See [`Replayed::Impossible`].
    pub impossible: u64,
}

impl Tally {
    /// Counts one.
    pub fn count(&mut self, replayed: &Replayed) {
        match replayed {
            Replayed::Equal => self.equal += 1,
            Replayed::EqualFindings => self.equal_findings += 1,
            Replayed::Environmental => self.environmental += 1,
            Replayed::Different(_) => self.different += 1,
            Replayed::Impossible(_) => self.impossible += 1,
        }
    }
}

/// Runs decisions again.
pub struct Replay {
    data: Dir,
    blobs: Blobs,
    engine: Engine,
    trust: Trust,
    sets: HashMap<(String, String), PolicySet>,
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay").field("sets", &self.sets.len()).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Meta {
    meter: String,
}

impl Replay {
    /// Opens the sets and packages of a data folder. Limits on bindings and requests are those that are recorded: what a server
    /// prepared and read is prepared and read again, whatever it was configured with.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(data: Dir, engine: Engine, trust: Trust) -> Result<Replay, Error> {
        Ok(Replay { blobs: Blobs::open(&data)?, data, engine, trust, sets: HashMap::new() })
    }

    /// Runs a decision again.
    pub fn run(&mut self, entry: &Entry) -> Replayed {
        self.compare(entry).unwrap_or_else(Replayed::Impossible)
    }

    fn compare(&mut self, entry: &Entry) -> Result<Replayed, String> {
        if entry.head.kind != Kind::Decision {
            return Err("it is no decision".to_owned());
        }
        let section = |name: &str| {
            let found = entry.section(name).ok_or_else(|| format!("its section `{name}` was deleted"));
            found.map(|section| section.bytes.as_slice())
        };
        let meta: Meta = parse(section(META)?)?;
        let bindings: Vec<Value> = parse(section(BINDINGS)?)?;
        let decision: Value = parse(section(DECISION)?)?;
        let request = Request::from_json(section(REQUEST)?, &RECORDED);
        let request = request.map_err(|bad| bad.to_string())?;
        let when = request.when().ok_or("its request has no date")?;
        let engine = self.engine.clone();
        let set = self.set(&entry.head.tenant, entry.head.set_revision.as_deref().unwrap_or_default())?;
        let record: Record<Enforced> = engine.decide(set, &request, when);
        let same_meter = meta.meter == record.meter;
        let now = serde_json::to_value(&record).map_err(|error| error.to_string())?;
        let again = now.get("bindings").and_then(Value::as_array).cloned().unwrap_or_default();
        if bindings.len() != again.len() {
            let what = format!("{} bindings were asked, now {}", bindings.len(), again.len());
            return Ok(Replayed::Different(what));
        }
        let mut environmental = false;
        for (then, now) in bindings.iter().zip(&again) {
            if !is_replayable(then) || !is_replayable(now) {
                environmental = true;
            } else if let Some(what) = difference(then, now, same_meter) {
                return Ok(Replayed::Different(what));
            }
        }
        Ok(match (environmental, same_meter) {
            (true, _) => Replayed::Environmental,
            (false, _) if now.get("decision") != Some(&decision) => {
                Replayed::Different("the decision".to_owned())
            }
            (false, true) => Replayed::Equal,
            (false, false) => Replayed::EqualFindings,
        })
    }

    fn set(&mut self, tenant: &str, revision: &str) -> Result<&PolicySet, String> {
        let name = (tenant.to_owned(), revision.to_owned());
        if !self.sets.contains_key(&name) {
            if self.sets.len() >= MOST_SETS {
                self.sets.clear();
            }
            let tenant: TenantName = tenant.parse().map_err(|error: Error| error.to_string())?;
            let stored = stored(&self.data, &tenant, revision).map_err(|error| error.to_string())?;
            let stored = stored.ok_or_else(|| format!("revision `{revision}` of its set is not there"))?;
            let Replay { blobs, engine, trust, .. } = &*self;
            let set = Workbench { engine, blobs, trust, ceiling: &NO_CEILING }.prepare(&stored.set);
            self.sets.insert(name.clone(), set.map_err(|bad| bad.to_string())?);
        }
        self.sets.get(&name).ok_or_else(|| "its set is not there".to_owned())
    }
}

fn parse<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(json).map_err(|error| format!("its record cannot be read: {error}"))
}

fn is_replayable(binding: &Value) -> bool {
    binding.get("replayable").and_then(Value::as_bool).unwrap_or(false)
}

/// Returns the first member of a binding that is different. What the meter measures counts under an equal meter alone.
fn difference(then: &Value, now: &Value, same_meter: bool) -> Option<String> {
    let measured = |name: &str| ["used", "limits"].contains(&name);
    let (before, after) = (then.as_object()?, now.as_object()?);
    let names = before.keys().chain(after.keys()).filter(|name| same_meter || !measured(name));
    let name = names.into_iter().find(|name| before.get(*name) != after.get(*name))?;
    let binding = before.get("binding").and_then(Value::as_str).unwrap_or_default();
    Some(format!("`{name}` of binding `{binding}`"))
}
