//! Where the fuel of a policy goes, by function: a table of functions and a flame graph.
//!
//! The engine says which functions were at work and what the innermost used by itself, exactly. Here names become readable,
//! and what each function used is added up.

mod svg;

use lexgate_engine::{Engine, Prepared, Profiled, Stack, Unprepared};
use lexgate_model::Limits;
use lexgate_model::fault::Fault;
use lexgate_model::record::PolicyIdentity;
use lexgate_packages::{SealError, with_stops};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Where fuel went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// The policy.
    pub policy: PolicyIdentity,
    /// What was profiled.
    pub of: Of,
    /// What fuel means here: engine, version, price list and target.
    pub meter: String,
    /// Units of fuel that were used: those of all stacks together, and those of all functions by themselves.
    pub fuel: u64,
    /// What the policy did wrong; then this is what it used until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    /// Functions, those that used most by themselves first.
    pub functions: Vec<Function>,
    /// Functions at work at the same time, and what the innermost of them used by itself. Every stack stands here once.
    pub stacks: Vec<Stack>,
}

/// What is profiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Of {
    /// `configure`, which happens once, when a policy is prepared.
    Configure,
    /// `evaluate`.
    Evaluate,
}

/// What a function used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Units of fuel that it used by itself.
    pub own: u64,
    /// Units of fuel that it and those it called used.
    pub total: u64,
}

/// Why there is no profile.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The component cannot be read.
    #[error("the component cannot be watched")]
    Unreadable(#[source] SealError),
    /// The policy cannot be prepared to be watched.
    #[error("policy cannot be profiled")]
    Prepare(#[source] Unprepared),
}

/// Returns where the fuel of a policy goes, under limits. `package` is what it was prepared of.
///
/// The same request gives the same profile, and its fuel is that of any other evaluation.
///
/// # Errors
/// [`ProfileError`]. What the policy does wrong is a fault in the profile.
pub fn profile(
    engine: &Engine,
    policy: &Prepared,
    package: &[u8],
    profiled: Profiled<'_>,
    limits: &Limits,
) -> Result<Profile, ProfileError> {
    let stopping = with_stops(package).map_err(ProfileError::Unreadable)?;
    let raw = engine.profile(policy, &stopping, profiled, limits).map_err(ProfileError::Prepare)?;
    let stacks = named(raw.stacks);
    Ok(Profile {
        policy: policy.identity().clone(),
        of: match profiled {
            Profiled::Configuring => Of::Configure,
            Profiled::Evaluating(..) => Of::Evaluate,
        },
        meter: engine.meter().to_owned(),
        fuel: raw.fuel,
        fault: raw.fault,
        functions: functions(&stacks),
        stacks,
    })
}

/// Returns stacks with names as people write them. Two that are called alike then are one.
fn named(stacks: Vec<Stack>) -> Vec<Stack> {
    let mut by_name: BTreeMap<Vec<String>, u64> = BTreeMap::new();
    for Stack { functions, fuel } in stacks {
        let functions =
            functions.iter().map(|name| format!("{:#}", rustc_demangle::demangle(name))).collect();
        let sum = by_name.entry(functions).or_default();
        *sum = sum.saturating_add(fuel);
    }
    by_name.into_iter().map(|(functions, fuel)| Stack { functions, fuel }).collect()
}

/// Adds up what each function used. One that calls itself is counted once in each stack.
fn functions(stacks: &[Stack]) -> Vec<Function> {
    let mut used: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for stack in stacks {
        for name in stack.functions.iter().map(String::as_str).collect::<BTreeSet<_>>() {
            used.entry(name).or_default().1 += stack.fuel;
        }
        if let Some(innermost) = stack.functions.last() {
            used.entry(innermost).or_default().0 += stack.fuel;
        }
    }
    let function = |(name, (own, total)): (&str, _)| Function { name: name.to_owned(), own, total };
    let mut functions: Vec<_> = used.into_iter().map(function).collect();
    functions.sort_by_key(|function| (Reverse(function.own), Reverse(function.total)));
    functions
}

/// Returns a part of a whole in per cent with one decimal, rounded down.
#[must_use]
pub fn percent(part: u64, whole: u64) -> String {
    let tenths = u128::from(part) * 1_000 / u128::from(whole.max(1));
    format!("{}.{} %", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(functions: &[&str], fuel: u64) -> Stack {
        Stack { functions: functions.iter().map(|&name| name.to_owned()).collect(), fuel }
    }

    #[test]
    fn own_fuel_is_that_of_the_innermost_and_recursion_counts_once() {
        let used = functions(&[
            stack(&["a"], 1),
            stack(&["a", "b"], 10),
            stack(&["a", "b", "a"], 100),
            stack(&["a", "b", "a", "b"], 1_000),
        ]);
        let function = |name: &str, own, total| Function { name: name.to_owned(), own, total };
        assert_eq!(used, [function("b", 1_010, 1_110), function("a", 101, 1_111)]);
    }

    #[test]
    fn names_are_as_people_write_them_and_equal_ones_are_one() {
        let mangled = |hash: char| format!("_ZN5rules5Terms5parse17h{}E", hash.to_string().repeat(16));
        let stacks = vec![stack(&["main", &mangled('a')], 1), stack(&["main", &mangled('b')], 2)];
        assert_eq!(named(stacks), [stack(&["main", "rules::Terms::parse"], 3)]);
    }

    #[test]
    fn parts_are_rounded_down_and_nothing_divides_by_zero() {
        assert_eq!(percent(1, 3), "33.3 %");
        assert_eq!(percent(u64::MAX, u64::MAX), "100.0 %");
        assert_eq!(percent(0, 0), "0.0 %");
    }
}
