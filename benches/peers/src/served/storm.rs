//! A quiet tenant, alone and beside one that asks as fast as it can: 500 requests a second, sent when their time has come
//! whether others were answered or not, and timed from then on.

use super::client::{connected, histogram};
use super::servers::{Child, SHARED};
use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Request, header};
use rounds::workload::{QUESTIONS, TIMED};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Between two requests of the quiet tenant, and how long it asks.
const BEAT: Duration = Duration::from_millis(2);
const TURN: Duration = Duration::from_secs(5);
/// How often it has its turn, with and without the other.
const TURNS: usize = 3;
/// Connections of the quiet tenant, and of the other.
const QUIET: usize = 16;
const STORM: usize = 64;

/// Prints what the quiet tenant notices.
pub(super) fn print(folder: &Path, json: bool) -> Result<()> {
    if !json {
        println!("| a tenant that asks 500 times a second | median, ms | p90, ms | p99, ms |");
        println!("| --- | --- | --- | --- |");
    }
    for kind in &SHARED {
        let server = Child::start(kind, folder)?;
        let (mut alone, mut beside) = (Vec::new(), Vec::new());
        for _ in 0..TURNS {
            alone.push(turn(server.port, false)?);
            beside.push(turn(server.port, true)?);
        }
        for turns in [&alone, &beside] {
            print_turns(kind.name, turns, json)?;
        }
    }
    Ok(())
}

/// Prints the median of some turns, alone or beside the other.
fn print_turns(server: &str, turns: &[(Histogram<u64>, f64)], json: bool) -> Result<()> {
    let median =
        |of: &dyn Fn(&(Histogram<u64>, f64)) -> f64| rounds::measure::median(turns.iter().map(of).collect());
    let [half, most, nearly_all] = [0.5, 0.9, 0.99]
        .map(|quantile| median(&move |(took, _)| took.value_at_quantile(quantile) as f64 / 1e3));
    let others = median(&|(_, others)| *others);
    if json {
        let row = json!({ "server": server, "othersPerSecond": others, "medianMs": half, "p90Ms": most, "p99Ms": nearly_all });
        println!("{row}");
        return Ok(());
    }
    let beside = if others > 0.0 {
        format!("beside one that is answered {others:.0} times a second")
    } else {
        "alone".to_owned()
    };
    println!("| {server}, {beside} | {half:.2} | {most:.2} | {nearly_all:.2} |");
    Ok(())
}

/// Returns how long the answers took, microseconds, and how often the other was answered in a second.
fn turn(port: u16, storm: bool) -> Result<(Histogram<u64>, f64)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let body = Bytes::from(QUESTIONS.get(TIMED).context("there is no such question")?.request());
        let others = Arc::new(AtomicU64::new(0));
        for _ in 0..if storm { STORM } else { 0 } {
            let (body, others) = (body.clone(), Arc::clone(&others));
            let mut sender = connected(port).await?;
            tokio::spawn(async move {
                // What it is told is no matter: it is refused now and then.
                while sender.ready().await.is_ok() {
                    let Ok(answer) = sender.send_request(request(port, "storm", &body)?).await else { break };
                    answer.into_body().collect().await?;
                    others.fetch_add(1, Ordering::Relaxed);
                }
                anyhow::Ok(())
            });
        }
        let (tell, mut told) = mpsc::unbounded_channel();
        let mut free = Vec::new();
        for _ in 0..QUIET {
            free.push(connected(port).await?);
        }
        let (give, mut given) = mpsc::unbounded_channel();
        free.into_iter().try_for_each(|sender| give.send(sender))?;
        let begin = Instant::now();
        // The clock of a runtime counts milliseconds, which is too coarse here.
        let (beat, mut beats) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            let all = (0..).map(|number| begin + BEAT * number).take_while(|due| *due < begin + TURN);
            all.into_iter().try_for_each(|due| {
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                beat.send(due)
            })
        });
        while let Some(due) = beats.recv().await {
            let mut sender = given.recv().await.context("no connection is left")?;
            let (give, tell, body) = (give.clone(), tell.clone(), body.clone());
            tokio::spawn(async move {
                sender.ready().await?;
                let answer = sender.send_request(request(port, "w", &body)?).await?;
                anyhow::ensure!(answer.status().is_success(), "{}", answer.status());
                answer.into_body().collect().await?;
                tell.send(due.elapsed())?;
                give.send(sender).ok();
                anyhow::Ok(())
            });
        }
        drop(tell);
        let mut took = histogram()?;
        while let Some(one) = told.recv().await {
            took.saturating_record(u64::try_from(one.as_micros())?.max(1));
        }
        let asked = TURN.as_millis() / BEAT.as_millis();
        anyhow::ensure!(u128::from(took.len()) == asked, "{} of {asked} were answered", took.len());
        Ok((took, others.load(Ordering::Relaxed) as f64 / begin.elapsed().as_secs_f64()))
    })
}

fn request(port: u16, tenant: &str, body: &Bytes) -> Result<Request<Full<Bytes>>> {
    let request = Request::post(format!("http://127.0.0.1:{port}/v1/tenants/{tenant}/decisions"))
        .header(header::HOST, "127.0.0.1")
        .header(header::CONTENT_TYPE, "application/json");
    Ok(request.body(Full::new(body.clone()))?)
}
