//! A row of the table: something that is asked, and timed.

use crate::workload::{Outcome, QUESTIONS};
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// What a row answers with.
pub enum Answer {
    /// JSON that names the outcome.
    Json(Vec<u8>),
    /// The outcome itself.
    Outcome(Outcome),
    /// A part of the way, which comes to no outcome.
    Part,
}

/// What belongs together in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// The whole way from bytes to bytes.
    Whole,
    /// Without JSON, or a part of the way.
    Part,
}

/// A row of the table.
pub struct Row {
    pub name: &'static str,
    pub group: Group,
    /// Bytes that are read, if any are.
    pub input: Option<usize>,
    /// Answers the question of that number.
    pub ask: Box<dyn FnMut(usize) -> Result<Answer>>,
}

impl Row {
    /// Returns a row that reads one of these texts and answers with JSON.
    pub fn whole(
        name: &'static str,
        inputs: Vec<Vec<u8>>,
        mut decide: impl FnMut(&[u8]) -> Result<Vec<u8>> + 'static,
    ) -> Row {
        let input = inputs.first().map(Vec::len);
        let ask = move |number: usize| {
            let input = inputs.get(number).context("there is no such question")?;
            decide(input).map(Answer::Json)
        };
        Row { name, group: Group::Whole, input, ask: Box::new(ask) }
    }

    /// Returns a row that answers without JSON, or only goes a part of the way.
    pub fn part(name: &'static str, ask: impl FnMut(usize) -> Result<Answer> + 'static) -> Row {
        Row { name, group: Group::Part, input: None, ask: Box::new(ask) }
    }

    /// Asks every question, so that nothing is timed that answers wrongly.
    pub fn check(&mut self) -> Result<()> {
        for (number, question) in QUESTIONS.iter().enumerate() {
            let answer = (self.ask)(number).with_context(|| self.name)?;
            let outcome = match answer {
                Answer::Json(text) => outcome(&text).with_context(|| self.name)?,
                Answer::Outcome(outcome) => outcome,
                Answer::Part => continue,
            };
            ensure!(
                outcome == question.answer,
                "{} answers question {number} with {outcome:?}, not {:?}",
                self.name,
                question.answer
            );
        }
        Ok(())
    }
}

/// Returns the outcome that an answer names: itself, as the decision of a record, or as `outcome`.
fn outcome(text: &[u8]) -> Result<Outcome> {
    let answer: Value = serde_json::from_slice(text)?;
    let named = [&answer["floor"], &answer["decision"]["floor"], &answer["outcome"]];
    match named.into_iter().find_map(Value::as_str).and_then(Outcome::named) {
        Some(outcome) => Ok(outcome),
        None => bail!("names no outcome: {answer}"),
    }
}
