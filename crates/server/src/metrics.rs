//! What is seen from outside: counters and histograms, as Prometheus reads them.

use crate::problem::Problem;
use lexgate_model::decision::Kind;
use lexgate_model::record::Evaluation;
use lexgate_model::{Decision, Fault};
use prometheus_client::encoding::{EncodeLabelSet, text::encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use std::sync::Arc;
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfOutcome {
    tenant: String,
    floor: String,
    ceiling: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfPolicy {
    tenant: String,
    policy: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfFault {
    policy: String,
    fault: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfStatus {
    status: u32,
}

/// The metrics of a server.
pub(crate) struct Metrics {
    registry: Registry,
    seconds: Histogram,
    decisions: Family<OfOutcome, Counter>,
    fuel: Family<OfPolicy, Counter>,
    faults: Family<OfFault, Counter>,
    refused: Family<OfStatus, Counter>,
    responses: Family<OfStatus, Counter>,
}

/// What is looked up when somebody asks.
pub(crate) struct Gauges {
    pub(crate) waiting: usize,
    pub(crate) durable: u64,
    pub(crate) indexed: u64,
    pub(crate) log_failed: bool,
    pub(crate) tenants: usize,
}

impl Metrics {
    pub(crate) fn new() -> Arc<Metrics> {
        let mut registry = Registry::with_prefix("lexgate");
        // From 100 µs to 1.6 s, each twice the one before.
        let seconds = Histogram::new(exponential_buckets(0.000_1, 2.0, 15));
        let (decisions, fuel, faults) = (Family::default(), Family::default(), Family::default());
        let (refused, responses) = (Family::default(), Family::default());
        let text = "From a request that was read to an answer whose record is durable";
        registry.register_with_unit("decision", text, Unit::Seconds, seconds.clone());
        registry.register("decisions", "Decisions, by both ends", Family::clone(&decisions));
        registry.register("fuel", "Fuel used by policies", Family::clone(&fuel));
        registry.register("faults", "What policies did wrong", Family::clone(&faults));
        registry.register("decisions_refused", "Requests without a decision", Family::clone(&refused));
        registry.register("responses", "HTTP responses", Family::clone(&responses));
        Arc::new(Metrics { registry, seconds, decisions, fuel, faults, refused, responses })
    }

    pub(crate) fn decided(&self, took: Duration, problem: Option<&Problem>) {
        match problem {
            None => self.seconds.observe(took.as_secs_f64()),
            Some(problem) => {
                let status = OfStatus { status: problem.status().as_u16().into() };
                self.refused.get_or_create(&status).inc();
            }
        }
    }

    pub(crate) fn decision<M: Kind>(&self, tenant: &str, decision: &Decision<M>, bindings: &[Evaluation]) {
        let span = decision.span;
        let (floor, ceiling) = (span.floor.to_string(), span.ceiling.to_string());
        self.decisions.get_or_create(&OfOutcome { tenant: tenant.to_owned(), floor, ceiling }).inc();
        for evaluation in bindings {
            let policy = evaluation.policy.id.clone();
            let labels = OfPolicy { tenant: tenant.to_owned(), policy };
            self.fuel.get_or_create(&labels).inc_by(evaluation.used.fuel);
            if let Some(fault) = &evaluation.fault {
                let fault = word(fault).to_owned();
                self.faults.get_or_create(&OfFault { policy: labels.policy, fault }).inc();
            }
        }
    }

    pub(crate) fn responded(&self, status: u16) {
        self.responses.get_or_create(&OfStatus { status: status.into() }).inc();
    }

    /// Writes all, OpenMetrics text.
    pub(crate) fn write(&self, gauges: &Gauges) -> Result<String, std::fmt::Error> {
        let mut now = Registry::with_prefix("lexgate");
        let number = |number: u64| ConstGauge::new(i64::try_from(number).unwrap_or(i64::MAX));
        let count = |count: usize| number(count as u64);
        now.register("waiting", "Questions that wait for a thread", count(gauges.waiting));
        now.register("log_durable", "Entries of the log that are durable", number(gauges.durable));
        now.register("log_indexed", "Entries of the log that are found by search", number(gauges.indexed));
        now.register("log_failed", "Whether the log takes no more", number(gauges.log_failed.into()));
        now.register("tenants", "Tenants", count(gauges.tenants));
        let (mut text, mut rest) = (String::new(), String::new());
        encode(&mut text, &self.registry)?;
        encode(&mut rest, &now)?;
        let text = text.trim_end_matches("# EOF\n");
        Ok(format!("{text}{rest}"))
    }
}

fn word(fault: &Fault) -> &'static str {
    match fault {
        Fault::Trap(_) => "trap",
        Fault::Fuel => "fuel",
        Fault::Memory => "memory",
        Fault::Output(_) => "output",
        Fault::Refusal(_) => "refusal",
        Fault::Anachronistic(_) => "anachronistic",
        Fault::Deadline => "deadline",
        Fault::Stack => "stack",
        Fault::NoInstance => "no-instance",
    }
}
