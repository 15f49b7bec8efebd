//! Measures all rows in turn, so that what disturbs one disturbs all, and prints what came out.

use crate::others::Others;
use anyhow::{Context, Result};
use rounds::measure::{median, microseconds, repetitions};
use rounds::{Group, Row};
use serde_json::json;

/// A line of the table.
pub struct Line {
    pub name: String,
    pub group: Group,
    pub input: Option<usize>,
    /// Of all rounds, in microseconds.
    pub median: f64,
}

/// Times every row once in each round.
pub fn measure(rows: &mut [Row], others: &mut Option<Others>, rounds: usize) -> Result<Vec<Line>> {
    let times = rows.iter_mut().map(repetitions).collect::<Result<Vec<_>>>()?;
    let there = others.as_ref().map_or(0, |others| others.rows.len());
    let mut all = vec![Vec::with_capacity(rounds); rows.len() + there];
    for _ in 0..rounds {
        let (here, elsewhere) = all.split_at_mut(rows.len());
        for ((row, &times), measured) in rows.iter_mut().zip(&times).zip(here) {
            measured.push(microseconds(row, times)?);
        }
        for (number, measured) in elsewhere.iter_mut().enumerate() {
            measured.push(others.as_mut().context("nobody")?.microseconds(number)?);
        }
    }
    let mut medians = all.into_iter().map(median);
    let mut lines = Vec::new();
    for (row, median) in rows.iter().zip(&mut medians) {
        lines.push(Line { name: row.name.to_owned(), group: row.group, input: row.input, median });
    }
    let told = others.iter().flat_map(|others| &others.rows);
    for (told, median) in told.zip(medians) {
        lines.push(Line { name: told.name.clone(), group: Group::Whole, input: told.input, median });
    }
    Ok(lines)
}

/// Prints the lines, with their ratios to native Rust and to Lexgate.
pub fn print(lines: &[Line], json: bool) -> Result<()> {
    let of = |name: &str| {
        let line = lines.iter().find(|line| line.name == name).context("no such row")?;
        Ok::<_, anyhow::Error>(line.median)
    };
    let (native, lexgate) = (of("native Rust")?, of("Lexgate")?);
    for (group, heading) in
        [(Group::Whole, "from bytes to bytes"), (Group::Part, "without JSON, or a part of the way")]
    {
        if !json {
            println!("\n| {heading} | reads, bytes | median, µs | over native | over Lexgate |");
            println!("| --- | --- | --- | --- | --- |");
        }
        for Line { name, input, median, .. } in lines.iter().filter(|line| line.group == group) {
            let (over_native, over_lexgate) = (median / native, median / lexgate);
            if json {
                let line = json!({ "what": name, "reads": input, "microseconds": median,
                                   "overNative": over_native, "overLexgate": over_lexgate });
                println!("{line}");
            } else {
                let bytes = input.map_or(String::new(), |bytes| bytes.to_string());
                println!("| {name} | {bytes} | {median:.2} | {over_native:.2} | {over_lexgate:.2} |");
            }
        }
    }
    Ok(())
}
