//! How many evaluations one thread gives, and how many two.

use crate::lexgate::{self, day, requests};
use anyhow::{Context, Result, anyhow};
use lexgate_engine::{Engine, Prepared};
use rounds::clock::thread_time;
use rounds::measure::median;
use serde_json::json;
use std::time::{Duration, Instant};

/// How long one number of threads is timed at a stretch, and how often.
const STRETCH: Duration = Duration::from_millis(300);
const ROUNDS: usize = 11;

/// What a number of threads gives.
#[derive(Default)]
struct Given {
    /// Evaluations in a second of the clock.
    per_second: Vec<f64>,
    /// Evaluations in a second of one processor.
    per_processor_second: Vec<f64>,
}

/// Prints what one thread and two give, for each of some policies.
pub fn print(engine: &Engine, policies: &[(&str, &Prepared)], json: bool) -> Result<()> {
    if !json {
        println!("\n| evaluations a second | one thread | two | two over one | by processor time |");
        println!("| --- | --- | --- | --- | --- |");
    }
    policies.iter().try_for_each(|(name, policy)| compare(engine, policy, name, json))
}

fn compare(engine: &Engine, policy: &Prepared, name: &str, json: bool) -> Result<()> {
    let mut given = [Given::default(), Given::default()];
    for _ in 0..ROUNDS {
        for (threads, given) in (1..).zip(&mut given) {
            let (count, clock, processor) = run(engine, policy, threads)?;
            given.per_second.push(count / clock.as_secs_f64());
            given.per_processor_second.push(count / processor.as_secs_f64());
        }
    }
    let [one, two] = given.map(|given| (median(given.per_second), median(given.per_processor_second)));
    let (scale, free) = (two.0 / one.0, 2.0 * two.1 / one.1);
    if json {
        println!(
            "{}",
            json!({ "policy": name, "oneThread": one.0, "twoThreads": two.0, "twoOverOne": scale,
                    "twoOverOneByProcessorTime": free })
        );
    } else {
        println!("| {name} | {:.0} | {:.0} | {scale:.2} | {free:.2} |", one.0, two.0);
    }
    Ok(())
}

/// Evaluates on so many threads at once; returns how often, in what time, and in what time of processors.
fn run(engine: &Engine, policy: &Prepared, threads: usize) -> Result<(f64, Duration, Duration)> {
    let (requests, day) = (requests()?, day()?);
    let request = requests.first().context("no request")?;
    let begin = Instant::now();
    let worker = || {
        let (mut count, from) = (0u32, thread_time()?);
        while begin.elapsed() < STRETCH {
            for _ in 0..64 {
                lexgate::reported(engine, policy, request, day)?;
                count += 1;
            }
        }
        Ok::<_, anyhow::Error>((f64::from(count), thread_time()? - from))
    };
    let all = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        let done =
            workers.into_iter().map(|worker| worker.join().map_err(|_| anyhow!("a worker panicked"))?);
        done.collect::<Result<Vec<_>>>()
    })?;
    let clock = begin.elapsed();
    let count = all.iter().map(|(count, _)| count).sum();
    Ok((count, clock, all.iter().map(|(_, processor)| processor).sum()))
}
