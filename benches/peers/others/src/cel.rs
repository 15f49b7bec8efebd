//! CEL by the crate `cel`: the program compiled once, the environment shared, variables from typed JSON.

use crate::{inputs, written};
use anyhow::{Context as _, Result, anyhow};
use cel::{Context, Env, Value};
use rounds::Outcome;
use rounds::Row;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const EXPRESSION: &str = include_str!("../policies/workload.cel");

#[derive(Deserialize)]
struct Asked<'a> {
    #[serde(borrow)]
    customer: Customer<'a>,
    #[serde(borrow)]
    service: Service<'a>,
}

#[derive(Deserialize, Serialize)]
struct Customer<'a> {
    country: &'a str,
    headquarters: &'a str,
    #[serde(borrow)]
    owners: Vec<Owner<'a>>,
}

#[derive(Deserialize, Serialize)]
struct Owner<'a> {
    country: &'a str,
    percent: i64,
}

#[derive(Deserialize, Serialize)]
struct Service<'a> {
    category: &'a str,
}

/// Returns the row of CEL.
pub fn row() -> Result<Row> {
    let env = Arc::new(Env::stdlib());
    let program = env.compile(EXPRESSION).map_err(|error| anyhow!("{error}"))?;
    let decide = move |text: &[u8]| {
        let asked: Asked<'_> = serde_json::from_slice(text)?;
        let mut context = Context::with_env(Arc::clone(&env));
        let value = |value| anyhow!("{value}");
        context
            .add_variable("customer", cel::to_value(asked.customer).map_err(value)?)
            .map_err(|_| anyhow!("no value"))?;
        context
            .add_variable("service", cel::to_value(asked.service).map_err(value)?)
            .map_err(|_| anyhow!("no value"))?;
        match program.execute(&context)? {
            Value::String(name) => written(Outcome::named(&name).context("no outcome")?),
            other => Err(anyhow!("no text: {other:?}")),
        }
    };
    Ok(Row::whole("cel", inputs(), decide))
}
