//! Rows of the program that holds the others.

use crate::guests;
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The other program, which times its rows when it is asked to.
pub struct Others {
    child: Child,
    ask: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    /// Its rows.
    pub rows: Vec<Told>,
}

/// What it tells about a row.
#[derive(Deserialize)]
pub struct Told {
    pub name: String,
    pub input: Option<usize>,
}

/// Lets cargo build a package of this workspace; returns what it made.
fn cargo(arguments: &[&str], made: &str) -> Result<PathBuf> {
    let target = guests::target()?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--release"]).args(arguments);
    command.arg("--manifest-path").arg(guests::here().join("Cargo.toml")).arg("--target-dir").arg(&target);
    ensure!(command.status()?.success(), "cannot build {arguments:?}");
    Ok(target.join(made))
}

impl Others {
    /// Builds and starts the program.
    pub fn start() -> Result<Others> {
        let wasm = ["--package", "plugin", "--target", "wasm32-unknown-unknown"];
        let plugin = cargo(&wasm, "wasm32-unknown-unknown/release/plugin.wasm")?;
        let program = cargo(&["--package", "others"], "release/others")?;
        let mut child =
            Command::new(program).arg(plugin).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let ask = child.stdin.take().context("no input")?;
        let mut answers = BufReader::new(child.stdout.take().context("no output")?).lines();
        let mut rows = Vec::new();
        loop {
            match answers.next().context("the others ended")?? {
                line if line.is_empty() => return Ok(Others { child, ask, answers, rows }),
                line => rows.push(serde_json::from_str(&line)?),
            }
        }
    }

    /// Has a row timed; returns the microseconds of one decision.
    pub fn microseconds(&mut self, row: usize) -> Result<f64> {
        writeln!(self.ask, "{row}")?;
        Ok(self.answers.next().context("the others ended")??.parse()?)
    }
}

impl Drop for Others {
    fn drop(&mut self) {
        // What was measured is measured; how the program ends says nothing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
