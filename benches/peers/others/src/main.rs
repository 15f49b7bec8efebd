//! The workload in what else decides, each set up as its documentation recommends, and reading its own JSON.
//!
//! `peers` starts this program and asks it: it says what rows it has, one line of JSON each and an empty line, and then for
//! each line with the number of a row it times that row and answers with the microseconds of one decision. Its argument is
//! the Extism plugin.

mod cedar;
mod cel;
#[cfg(feature = "extism")]
mod extism;
mod regorus;

use anyhow::{Context, Result};
use rounds::measure::{microseconds, repetitions};
use rounds::{Outcome, QUESTIONS, Question};
use serde::Serialize;
use serde_json::json;
use std::io::Write;

/// What those write that answer with less than a decision.
#[derive(Serialize)]
struct Decision {
    outcome: &'static str,
}

fn written(outcome: Outcome) -> Result<Vec<u8>> {
    Ok(serde_json::to_vec(&Decision { outcome: outcome.name() })?)
}

fn inputs() -> Vec<Vec<u8>> {
    QUESTIONS.iter().map(Question::natural).collect()
}

fn main() -> Result<()> {
    let mut rows = regorus::rows()?;
    rows.push(cedar::row()?);
    rows.push(cel::row()?);
    #[cfg(feature = "extism")]
    {
        let plugin = std::env::args_os().nth(1).context("which plugin?")?;
        rows.extend(extism::rows(&std::fs::read(plugin)?)?);
    }
    let mut times = Vec::new();
    let mut out = std::io::stdout();
    for row in &mut rows {
        row.check()?;
        times.push(repetitions(row)?);
        writeln!(out, "{}", json!({ "name": row.name, "input": row.input }))?;
    }
    writeln!(out)?;
    for line in std::io::stdin().lines() {
        let number: usize = line?.parse()?;
        let row = rows.get_mut(number).context("there is no such row")?;
        writeln!(out, "{}", microseconds(row, times[number])?)?;
        out.flush()?;
    }
    Ok(())
}
