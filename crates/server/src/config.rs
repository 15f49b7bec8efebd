//! What a server is told when it is opened. Every number has its unit last.

use crate::access::Authentication;
use crate::admission::Quotas;
use crate::tenants::TenantName;
use crate::tls::Tls;
use jiff::Timestamp;
use lexgate_audit::Retention;
use lexgate_model::{Limits, RequestLimits};
use lexgate_packages::Trust;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

/// What tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What is recorded. Changes of sets always are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Recording {
    /// Every decision, before it is answered.
    #[default]
    EveryDecision,
    /// No decision: an answer has no id, cannot be found, and cannot be run again.
    Nothing,
}

/// How a server works.
#[derive(Clone)]
pub struct Config {
    /// Who may do what.
    pub authentication: Authentication,
    /// What connections are encrypted with; without it they are not.
    pub tls: Option<Tls>,
    /// The tenant that is asked on AuthZEN's own paths, at the root.
    pub default_tenant: Option<TenantName>,
    /// How it is called from outside, such as `https://lexgate.example`: AuthZEN's metadata begins with it.
    pub public_url: String,
    /// What it may use up.
    pub limits: ServerLimits,
    /// What of it each tenant may.
    pub quotas: Quotas,
    /// How long decisions of tenants are kept; for ever, of a tenant that is not named.
    pub retention: Vec<Retention>,
    /// What it accepts as packages.
    pub trust: Trust,
    /// What is recorded.
    pub recording: Recording,
    /// What tells the time.
    pub clock: Clock,
    /// The path to the data folder, for SQLite. Without it there is no index: decisions are found by id alone.
    pub index: Option<PathBuf>,
    /// What tells this run of the system from all others; without it the index is synced. See [`lexgate_audit::IndexFile`].
    pub boot: Option<String>,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("authentication", &self.authentication)
            .field("public_url", &self.public_url)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// What a server may use up.
#[derive(Debug, Clone)]
pub struct ServerLimits {
    /// How large a request may be.
    pub request: RequestLimits,
    /// The most that a binding may be granted.
    pub ceiling: Limits,
    /// Threads that evaluate.
    pub threads: NonZeroUsize,
    /// Connections at a time.
    pub connections: usize,
    /// Bytes of the head of an HTTP request.
    pub head_bytes: usize,
    /// Milliseconds in which the head of an HTTP request must be there.
    pub head_ms: u64,
    /// Milliseconds in which a body must be there; in a batch, the next piece of it.
    pub body_ms: u64,
    /// Milliseconds in which something of an answer must be taken, once there is no room for more; past it the connection ends.
    pub write_ms: u64,
    /// Milliseconds in which a decision must be durable; past it the caller is told to ask again.
    pub decision_ms: u64,
    /// Decisions of one batch at a time.
    pub batch_ahead: usize,
    /// Evaluations in one AuthZEN call.
    pub evaluations: usize,
    /// Bytes of a policy set.
    pub set_bytes: usize,
    /// Bytes of a dataset.
    pub dataset_bytes: usize,
    /// Changes of sets and uploads that wait or are under way.
    pub changes: usize,
    /// Milliseconds that are left to what was begun when the server is told to stop.
    pub drain_ms: u64,
    /// Milliseconds between two sweeps of what is older than tenants keep.
    pub sweep_ms: u64,
}

impl ServerLimits {
    /// Returns the limits for so many threads. Chosen by feel: 1 024 connections, 10 s for head, body and answer
    /// each, 10 s for a decision, 16 decisions of a batch ahead, 8 changes, 30 s to drain; a binding gets at most ten times the default.
    #[must_use]
    pub fn of(threads: NonZeroUsize) -> ServerLimits {
        let usual = Limits::default();
        let ceiling = Limits {
            base_fuel: usual.base_fuel * 10,
            fuel_per_element: usual.fuel_per_element * 10,
            configure_fuel: usual.configure_fuel * 10,
            deadline_ms: usual.deadline_ms * 10,
            configure_deadline_ms: usual.configure_deadline_ms * 10,
            memory_bytes: usual.memory_bytes * 10,
            table_elements: usual.table_elements * 10,
            host_calls: usual.host_calls * 10,
            host_call_bytes: usual.host_call_bytes * 10,
            findings: usual.findings * 10,
            output_bytes: usual.output_bytes * 10,
        };
        ServerLimits {
            request: RequestLimits::default(),
            ceiling,
            threads,
            connections: 1_024,
            head_bytes: 32 << 10,
            head_ms: 10_000,
            body_ms: 10_000,
            write_ms: 10_000,
            decision_ms: 10_000,
            batch_ahead: 16,
            evaluations: 1_000,
            set_bytes: 4 << 20,
            dataset_bytes: 32 << 20,
            changes: 8,
            drain_ms: 30_000,
            sweep_ms: 3_600_000,
        }
    }
}
