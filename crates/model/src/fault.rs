//! Faults and limits: what a guest may use up, and what it does wrong. A fault is data of the decision, never our error.

use crate::finding::Malformed;
use serde::{Deserialize, Serialize};

/// What a guest did wrong, or what went wrong around it.
///
/// Not `#[non_exhaustive]`: whoever handles faults should look when one is added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "detail")]
pub enum Fault {
    /// It trapped, or used a host call it may not use.
    #[error("trapped: {0}")]
    Trap(String),
    /// It used up its fuel.
    #[error("used up its fuel")]
    Fuel,
    /// It needed more memory than it may have.
    #[error("needed more memory than it may have")]
    Memory,
    /// What it returned is worthless.
    #[error("bad output: {0}")]
    Output(Malformed),
    /// It refused to answer.
    #[error("refused: {0}")]
    Refusal(Refusal),
    /// A dataset holds no version for the date, and the binding wants it refused.
    #[error("dataset `{0}` has no version for the date")]
    Anachronistic(String),
    /// It ran past its deadline.
    #[error("ran past its deadline")]
    Deadline,
    /// It ran past the end of the stack.
    #[error("ran past the end of its stack")]
    Stack,
    /// There was no room to run it, or what was prepared could not be loaded again.
    #[error("no instance was free")]
    NoInstance,
}

impl Fault {
    /// Returns whether the same request gives the same fault again. The others (deadline, stack, no free instance) depend
    /// on the machine, are tried once more, and are recorded as not replayable.
    #[must_use]
    pub fn is_deterministic(&self) -> bool {
        match self {
            Fault::Trap(_)
            | Fault::Fuel
            | Fault::Memory
            | Fault::Output(_)
            | Fault::Refusal(_)
            | Fault::Anachronistic(_) => true,
            Fault::Deadline | Fault::Stack | Fault::NoInstance => false,
        }
    }
}

/// Why a policy does not answer, in its own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", tag = "because", content = "text")]
pub enum Refusal {
    /// The request contradicts the contract.
    #[error("invalid request: {0}")]
    InvalidRequest(String),
    /// The policy cannot treat such a request.
    #[error("unsupported: {0}")]
    Unsupported(String),
    /// The policy found itself broken.
    #[error("internal: {0}")]
    Internal(String),
}

/// What one evaluation may use up. Every number has its unit last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Limits {
    /// Fuel, before the request's size is added.
    pub base_fuel: u64,
    /// Fuel added per string and list element of the request, so that a padded request cannot fault a policy.
    pub fuel_per_element: u64,
    /// Fuel to configure the policy.
    pub configure_fuel: u64,
    /// Wall clock of one evaluation, in milliseconds.
    pub deadline_ms: u64,
    /// Wall clock to configure the policy, in milliseconds.
    pub configure_deadline_ms: u64,
    /// Linear memory, in bytes.
    pub memory_bytes: u64,
    /// Elements of a table.
    pub table_elements: u64,
    /// Calls of host functions.
    pub host_calls: u64,
    /// Bytes carried by host calls, both ways.
    pub host_call_bytes: u64,
    /// Findings.
    pub findings: u64,
    /// Bytes of the findings.
    pub output_bytes: u64,
}

impl Default for Limits {
    /// [`Limits::DEFAULT`].
    fn default() -> Limits {
        Limits::DEFAULT
    }
}

impl Limits {
    /// 10 000 000 fuel and 5 000 per element (a chain of 2 000 owners took 2 000 each, with room); 50 ms; 64 MiB; 10 000 table
    /// elements; 64 host calls with 64 KiB; 256 findings with 64 KiB. Configuring: 1 000 000 000 fuel and 10 s, chosen by feel: a
    /// 100 000-row list needs a tenth of it.
    pub const DEFAULT: Limits = Limits {
        base_fuel: 10_000_000,
        fuel_per_element: 5_000,
        configure_fuel: 1_000_000_000,
        deadline_ms: 50,
        configure_deadline_ms: 10_000,
        memory_bytes: 64 << 20,
        table_elements: 10_000,
        host_calls: 64,
        host_call_bytes: 64 << 10,
        findings: 256,
        output_bytes: 64 << 10,
    };

    /// Returns the fuel for a request of this [size](crate::Request::size).
    #[must_use]
    pub fn fuel(&self, size: u64) -> u64 {
        self.base_fuel.saturating_add(self.fuel_per_element.saturating_mul(size))
    }
}
