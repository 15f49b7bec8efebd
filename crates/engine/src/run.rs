//! Runs one policy on one request.
//!
//! Each run gets a fresh store with the limits it was given and is dropped afterwards, so nothing passes from one request
//! to the next. Choosing policies and combining what they say is `decide`'s task.

use crate::artifact::Start;
use crate::code::Code;
use crate::config::INSTANCE_FUEL;
use crate::contract::Guest;
use crate::engine::Engine;
use crate::host::{HostFault, LogLine, Phase, State};
use crate::prepare::Prepared;
use lexgate_model::Request;
use lexgate_model::date::Date;
use lexgate_model::fault::{Fault, Limits, Refusal};
use lexgate_model::finding::{Malformed, Reported};
use lexgate_model::record::Used;
use std::sync::Arc;
use wasmtime::component::{Instance, InstancePre};
use wasmtime::{PoolConcurrencyLimitError, Store, Trap};

/// What one run came to.
#[derive(Debug)]
pub struct Run {
    /// What the policy reported, unchecked, or what it did wrong.
    pub outcome: Result<Vec<Reported>, Fault>,
    /// What it used.
    pub used: Used,
    /// What it wrote to its log.
    pub log: Vec<LogLine>,
}

impl Engine {
    /// Runs a prepared policy on a request as of its local date, under limits, no longer than until a tick.
    #[must_use]
    pub(crate) fn run(
        &self,
        policy: &Prepared,
        request: &Request,
        date: Date,
        limits: &Limits,
        deadline: u64,
    ) -> Run {
        let Ok(loaded) = self.loaded(policy) else {
            return Run { outcome: Err(Fault::NoInstance), used: Used::default(), log: Vec::new() };
        };
        // A module alone is never configured afresh.
        let afresh = match &loaded.code {
            Code::Component(component, guest) if matches!(loaded.start, Start::Afresh(_)) => {
                Some((component, guest))
            }
            _ => None,
        };
        let datasets = if afresh.is_some() { Arc::clone(&policy.0.datasets) } else { Arc::default() };
        let mut store = Store::new(&self.0.wasmtime, State::new(*limits, datasets));
        let fuel = limits.fuel(request.size());
        let mut configure_fuel = 0;
        let outcome = (|| {
            let instance = if let Some((component, guest)) = afresh {
                let ticks = self.0.ticker.left(limits.configure_deadline_ms, deadline);
                let parameters = policy.0.parameters.as_str();
                let configured = configure(&mut store, component, guest.as_ref(), parameters, ticks);
                configure_fuel = limits.configure_fuel.saturating_sub(store.get_fuel().unwrap_or(0));
                match configured? {
                    (instance, Ok(())) => Some(instance),
                    (_, Err(why)) => return Ok(Err(Refusal::Unsupported(why))),
                }
            } else {
                limit(&mut store);
                None
            };
            store.set_fuel(fuel.saturating_sub(INSTANCE_FUEL))?;
            store.data_mut().phase = Phase::Evaluate;
            store.set_epoch_deadline(self.0.ticker.left(limits.deadline_ms, deadline));
            let answer = loaded.code.evaluate(&mut store, instance, request, date);
            answer.map_err(|error| no_instance(error, store.data()))?
        })();
        let outcome = match outcome {
            Ok(Ok(findings)) => within_output_limits(findings, limits),
            Ok(Err(refusal)) => Err(Fault::Refusal(shortened(refusal))),
            Err(error) => Err(fault_of(&error, store.data())),
        };
        let used = Used { configure_fuel, ..used(&store, fuel) };
        Run { outcome, used, log: store.into_data().log }
    }

    /// Evaluates a prepared policy on a request under limits, outside any set: what tests and benchmarks of a policy need.
    #[must_use]
    pub fn evaluate(&self, policy: &Prepared, request: &Request, date: Date, limits: &Limits) -> Run {
        self.run(policy, request, date, limits, u64::MAX)
    }
}

/// Sets the limits of a store that hold whatever the guest does.
pub(crate) fn limit(store: &mut Store<State>) {
    store.limiter(|state| state);
    // What the host copies for a guest in one call. Four times what findings may weigh, because the copies are wider
    // than the texts in them; the findings themselves are weighed below.
    let bytes = store.data().limits.output_bytes.saturating_mul(4);
    store.set_hostcall_fuel(usize::try_from(bytes).unwrap_or(usize::MAX));
}

/// Returns what prevented an instance. Such as a table that begins too large, it is no bad output: the guest was not asked
/// yet.
fn no_instance(error: wasmtime::Error, state: &State) -> wasmtime::Error {
    match fault_of(&error, state) {
        Fault::Output(Malformed::Abi(why)) => HostFault(Fault::Trap(why)).into(),
        _ => error,
    }
}

/// Instantiates a component in a store and configures it, within so many ticks; the inner error is the guest's.
pub(crate) fn configure(
    store: &mut Store<State>,
    component: &InstancePre<State>,
    guest: &dyn Guest,
    parameters: &str,
    ticks: u64,
) -> wasmtime::Result<(Instance, Result<(), String>)> {
    limit(store);
    store.set_fuel(store.data().limits.configure_fuel)?;
    store.set_epoch_deadline(ticks);
    let instance = component.instantiate(&mut *store).map_err(|error| no_instance(error, store.data()))?;
    let answer = guest.configure(store, &instance, parameters)?;
    Ok((instance, answer))
}

pub(crate) fn used(store: &Store<State>, fuel: u64) -> Used {
    let state = store.data();
    let left = store.get_fuel().unwrap_or(0);
    let (memory_bytes, host_calls) = (state.memory_bytes, state.host_calls);
    Used { fuel: fuel.saturating_sub(left), memory_bytes, host_calls, configure_fuel: 0 }
}

/// Says what ended a guest.
pub(crate) fn fault_of(error: &wasmtime::Error, state: &State) -> Fault {
    if let Some(HostFault(fault)) = error.downcast_ref() {
        return fault.clone();
    }
    if error.is::<PoolConcurrencyLimitError>() {
        return Fault::NoInstance;
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => Fault::Fuel,
        Some(Trap::Interrupt) => Fault::Deadline,
        Some(Trap::StackOverflow) => Fault::Stack,
        // A guest that got no memory gives up by trapping.
        Some(_) | None if state.memory_refused => Fault::Memory,
        Some(trap) => Fault::Trap(trap.to_string()),
        None => Fault::Output(Malformed::Abi(short(&error.root_cause().to_string()))),
    }
}

/// Longest text of a guest's own words in a fault, in bytes.
const FAULT_TEXT_BYTES: usize = 1_024;

fn short(text: &str) -> String {
    let cut = text.floor_char_boundary(FAULT_TEXT_BYTES);
    text.get(..cut).unwrap_or_default().to_owned()
}

pub(crate) fn shortened(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::InvalidRequest(text) => Refusal::InvalidRequest(short(&text)),
        Refusal::Unsupported(text) => Refusal::Unsupported(short(&text)),
        Refusal::Internal(text) => Refusal::Internal(short(&text)),
    }
}

fn within_output_limits(findings: Vec<Reported>, limits: &Limits) -> Result<Vec<Reported>, Fault> {
    let count = u64::try_from(findings.len()).unwrap_or(u64::MAX);
    if count > limits.findings {
        return Err(Fault::Output(Malformed::Findings(count, limits.findings)));
    }
    let bytes: u64 = findings.iter().map(weight).sum();
    if bytes > limits.output_bytes {
        return Err(Fault::Output(Malformed::Bytes(limits.output_bytes)));
    }
    Ok(findings)
}

/// What a record inside a finding weighs besides its texts, in bytes; chosen by feel.
const RECORD_BYTES: u64 = 16;

/// Bytes of the texts of a finding, and some for each record in it.
fn weight(finding: &Reported) -> u64 {
    let mut texts: Vec<&str> = vec![&finding.rule, &finding.code];
    let mut records = 1u64;
    texts.extend(finding.arguments.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]));
    texts.extend(finding.evidence.iter().map(|place| place.field.as_str()));
    texts.extend(finding.derived.iter().flat_map(|d| [d.name.as_str(), d.method.as_str(), d.unit.as_str()]));
    texts.extend(
        finding.missing.iter().flat_map(|m| [m.at.field.as_str(), m.expected.as_str(), m.reason.as_str()]),
    );
    for obligation in &finding.obligations {
        texts.push(&obligation.kind);
        records += 1 + u64::try_from(obligation.fulfil_on.len()).unwrap_or(u64::MAX / 2);
        for fact in obligation.properties.iter().flatten() {
            texts.push(&fact.name);
            texts.extend(fact_texts(&fact.value));
        }
    }
    let lists =
        [finding.arguments.len(), finding.evidence.len(), finding.derived.len(), finding.missing.len()];
    records += lists.iter().map(|&count| u64::try_from(count).unwrap_or(u64::MAX / 8)).sum::<u64>();
    let bytes: usize = texts.iter().map(|text| text.len()).sum();
    records.saturating_mul(RECORD_BYTES).saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX / 2))
}

fn fact_texts(value: &lexgate_model::request::FactValue) -> Vec<&str> {
    use lexgate_model::request::FactValue;
    match value {
        FactValue::Text(text) | FactValue::Unknown(text) => vec![text],
        FactValue::Texts(texts) => texts.iter().map(String::as_str).collect(),
        FactValue::Number(quantity) => vec![&quantity.unit],
        FactValue::Flag(_) | FactValue::Day(_) => vec![],
    }
}
