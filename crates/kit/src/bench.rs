//! Measures a policy: what a fresh evaluation costs in fuel, memory and time, and what preparing it takes.
//!
//! Fuel, memory and host calls are the same on every machine. Times are of this one, as busy as it is; the clock is handed
//! in.

use crate::cases::{self, CasesError, Question};
use cap_std::fs::Dir;
use lexgate_engine::{Engine, Prepared, Start, Unprepared};
use lexgate_model::fault::Fault;
use lexgate_model::manifest::Parameters;
use lexgate_model::package::DatasetVersion;
use lexgate_model::record::{PolicyIdentity, Used};
use lexgate_model::zone::Zone;
use lexgate_model::{Date, Limits, Package, Request, RequestLimits, Verified, When};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

/// How many requests are measured: those that use most fuel.
const MOST_MEASURED: usize = 5;

/// Evaluations of each, unless they take too long.
const EVALUATIONS: usize = 1_000;

/// How long the evaluations of one request may take together; and a tenth of both before them, which count for nothing.
const MOST_TIME: Duration = Duration::from_secs(2);

/// How often a policy is loaded from the cache.
const LOADS: usize = 20;

/// Wall clock of one evaluation, in milliseconds. Generous: what takes long shall be seen, not ended.
const DEADLINE_MS: u64 = 10_000;

/// What is measured, and with what.
pub struct Bench<'a> {
    /// An engine without a cache: it makes a policy ready each time.
    pub anew: &'a Engine,
    /// An engine with a cache.
    pub kept: Option<&'a Engine>,
    /// The package.
    pub package: &'a Verified<Package>,
    /// Tells how much time has passed since some moment.
    pub clock: &'a dyn Fn() -> Duration,
}

/// A request, and what the policy is prepared with for it.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The case that it is; nothing for a request of its own.
    pub case: Option<Case>,
    /// The request.
    pub request: Request,
    /// When it asks.
    pub when: When,
    /// What the binding sets.
    pub parameters: Parameters,
    /// The datasets that the binding attaches.
    pub datasets: Vec<DatasetVersion>,
}

/// A case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Case {
    /// Its id.
    pub id: String,
    /// What it shows.
    pub says: String,
}

/// How far a measurement has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step<'a> {
    /// Requests are evaluated once each: so many of so many are.
    Looking(usize, usize),
    /// The policy is prepared.
    Preparing,
    /// A request is measured: a case, or one of its own.
    Measuring(Option<&'a Case>),
}

/// What was measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Measurement {
    /// The policy.
    pub policy: PolicyIdentity,
    /// Bytes of the package.
    pub package_bytes: usize,
    /// What fuel means here: engine, version, price list and target.
    pub meter: String,
    /// How its evaluations start.
    pub start: Start,
    /// Whether it is one module of code, which runs without the component layer.
    pub alone: bool,
    /// What configuring it used.
    pub configuring: Used,
    /// What preparing it took, as the first of the requests below has it configured.
    pub preparing: Preparing,
    /// How many requests were looked at.
    pub requests: usize,
    /// The requests that use most fuel, the most first.
    pub measured: Vec<Measured>,
}

/// How long preparing took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Preparing {
    /// Wall clock where it had to be made, in microseconds.
    pub cold_micros: u64,
    /// Wall clock where it was loaded from the cache, in microseconds, the median; nothing where there is none.
    pub warm_micros: Option<u64>,
}

/// What evaluating one request took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Measured {
    /// The case; nothing for a request of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<Case>,
    /// What an evaluation used.
    pub used: Used,
    /// Units of fuel that it may use.
    pub fuel_limit: u64,
    /// What the policy did wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    /// How many evaluations were measured.
    pub evaluations: usize,
    /// Wall clock of an evaluation that half of them stay below, in nanoseconds.
    pub p50_nanos: u64,
    /// Wall clock of an evaluation that 99 of 100 stay below, in nanoseconds.
    pub p99_nanos: u64,
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The cases cannot be read, or there are none.
    #[error("its cases cannot be measured")]
    Cases(#[source] CasesError),
    /// A case asks nothing that can be evaluated.
    #[error("case `{0}` cannot be measured: {1}")]
    Case(String, String),
    /// The policy does not take the parameters and datasets of a request.
    #[error("policy cannot be prepared")]
    Prepare(#[source] Unprepared),
}

/// Returns what the cases of a policy ask, in their order.
///
/// # Errors
/// [`BenchError`], naming the case.
pub fn subjects(package: &Verified<Package>, plugin: &Dir) -> Result<Vec<Subject>, BenchError> {
    if !plugin.is_dir(cases::FOLDER) {
        return Err(BenchError::Cases(CasesError::None));
    }
    let questions = cases::questions(plugin).map_err(BenchError::Cases)?;
    if questions.is_empty() {
        return Err(BenchError::Cases(CasesError::None));
    }
    questions.into_iter().map(|question| subject(package, question)).collect()
}

fn subject(package: &Verified<Package>, question: Question) -> Result<Subject, BenchError> {
    let Question { id, says, request, parameters, datasets, .. } = question;
    let wrong = |why: String| BenchError::Case(id.clone(), why);
    let request = Request::from_json(request.to_string().as_bytes(), &RequestLimits::default())
        .map_err(|error| wrong(error.to_string()))?;
    let when = request.when().ok_or_else(|| wrong("it has no date".to_owned()))?;
    let parameters =
        package.manifest.parameters.accept(parameters).map_err(|error| wrong(error.to_string()))?;
    Ok(Subject { case: Some(Case { id, says }), request, when, parameters, datasets })
}

/// Measures a policy on requests: each is evaluated once, and those that use most fuel a thousand times.
///
/// # Errors
/// [`BenchError::Prepare`]. What the policy does wrong is a fault in the measurement.
pub fn measure(
    bench: &Bench<'_>,
    subjects: &[Subject],
    progress: &mut dyn FnMut(Step<'_>),
) -> Result<Option<Measurement>, BenchError> {
    let engine = bench.kept.unwrap_or(bench.anew);
    let mut prepared: BTreeMap<String, Prepared> = BTreeMap::new();
    let mut looked = Vec::new();
    for (number, subject) in subjects.iter().enumerate() {
        progress(Step::Looking(number + 1, subjects.len()));
        let key = configuration(subject);
        let policy = match prepared.get(&key) {
            Some(policy) => policy.clone(),
            None => bench.prepare(engine, subject)?,
        };
        prepared.entry(key).or_insert_with(|| policy.clone());
        let question = Asked::new(policy, subject);
        let used = question.ask(engine).used;
        looked.push((question, used));
    }
    looked.sort_by_key(|(_, used)| Reverse(used.fuel));
    looked.truncate(MOST_MEASURED);
    let Some((first, _)) = looked.first() else { return Ok(None) };
    progress(Step::Preparing);
    let preparing = bench.preparing(first.subject)?;
    let mut measurement = Measurement {
        policy: first.policy.identity().clone(),
        package_bytes: bench.package.bytes.len(),
        meter: engine.meter().to_owned(),
        start: first.policy.start().clone(),
        alone: first.policy.is_alone(),
        configuring: first.policy.configuring(),
        preparing,
        requests: subjects.len(),
        measured: Vec::new(),
    };
    for (question, _) in &looked {
        progress(Step::Measuring(question.subject.case.as_ref()));
        measurement.measured.push(question.measure(engine, bench.clock));
    }
    Ok(Some(measurement))
}

/// What a policy is prepared with, as a text.
fn configuration(subject: &Subject) -> String {
    let named = |dataset: &DatasetVersion| format!(" {} {}", dataset.name, dataset.digest);
    let datasets: String = subject.datasets.iter().map(named).collect();
    format!("{}{datasets}", subject.parameters.as_str())
}

impl Bench<'_> {
    fn prepare(&self, engine: &Engine, subject: &Subject) -> Result<Prepared, BenchError> {
        let (parameters, datasets) = (subject.parameters.clone(), subject.datasets.clone());
        engine.prepare(self.package.clone(), parameters, datasets).map_err(BenchError::Prepare)
    }

    /// Measures how long preparing takes.
    fn preparing(&self, subject: &Subject) -> Result<Preparing, BenchError> {
        let took = |engine: &Engine| {
            let started = (self.clock)();
            self.prepare(engine, subject)?;
            Ok((self.clock)().saturating_sub(started))
        };
        let cold_micros = micros(took(self.anew)?);
        // It is in the cache already: it was prepared to be looked at.
        let warm_micros = match self.kept {
            Some(kept) => {
                let mut loads = (0..LOADS).map(|_| took(kept)).collect::<Result<Vec<_>, _>>()?;
                Some(micros(quantile(&mut loads, 50)))
            }
            None => None,
        };
        Ok(Preparing { cold_micros, warm_micros })
    }
}

/// A request to a policy that is prepared for it.
struct Asked<'s> {
    policy: Prepared,
    subject: &'s Subject,
    date: Date,
    limits: Limits,
}

impl<'s> Asked<'s> {
    fn new(policy: Prepared, subject: &'s Subject) -> Asked<'s> {
        // INVARIANT: what was prepared has a zone that exists.
        let zone = Zone::find(&policy.manifest().policy.time_zone);
        let date = zone.map_or_else(Date::default, |zone| zone.date(subject.when));
        let limits = Limits { deadline_ms: DEADLINE_MS, ..Limits::default() };
        Asked { policy, subject, date, limits }
    }

    fn ask(&self, engine: &Engine) -> lexgate_engine::Run {
        engine.evaluate(&self.policy, &self.subject.request, self.date, &self.limits)
    }

    fn measure(&self, engine: &Engine, clock: &dyn Fn() -> Duration) -> Measured {
        let began = clock();
        for _ in 0..EVALUATIONS / 10 {
            self.ask(engine);
            if clock().saturating_sub(began) > MOST_TIME / 10 {
                break;
            }
        }
        let mut times = Vec::with_capacity(EVALUATIONS);
        let began = clock();
        let mut now = began;
        let run = loop {
            let run = self.ask(engine);
            let then = std::mem::replace(&mut now, clock());
            times.push(now.saturating_sub(then));
            if times.len() >= EVALUATIONS || now.saturating_sub(began) > MOST_TIME {
                break run;
            }
        };
        Measured {
            case: self.subject.case.clone(),
            used: run.used,
            fuel_limit: self.limits.fuel(self.subject.request.size()),
            fault: run.outcome.err(),
            evaluations: times.len(),
            p50_nanos: nanos(quantile(&mut times, 50)),
            p99_nanos: nanos(quantile(&mut times, 99)),
        }
    }
}

/// Returns the smallest time that so many of a hundred do not exceed; none at all is no time.
fn quantile(times: &mut [Duration], of_hundred: usize) -> Duration {
    times.sort_unstable();
    let rank = (times.len() * of_hundred).div_ceil(100);
    times.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_one_of_the_times_and_as_many_do_not_exceed_it() {
        let check = |count: u64, of_hundred: usize, expected: u64| {
            let mut times: Vec<_> = (1..=count).rev().map(Duration::from_nanos).collect();
            assert_eq!(nanos(quantile(&mut times, of_hundred)), expected, "{count} {of_hundred}");
        };
        check(1_000, 50, 500);
        check(1_000, 99, 990);
        check(101, 50, 51);
        check(3, 99, 3);
        check(1, 50, 1);
        check(0, 50, 0);
    }
}
