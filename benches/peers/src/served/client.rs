//! A client with so many connections, each of which asks again when it was answered.

use super::Turn;
use super::servers::Child;
use anyhow::{Context, Result, anyhow, ensure};
use hdrhistogram::Histogram;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use rounds::workload::{QUESTIONS, TIMED};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Asks a server for so long, and returns what it gave after it was warm.
pub(super) fn ask(server: &Child, connections: usize, warm: Duration, turn: Duration) -> Result<Turn> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let body = Bytes::from(QUESTIONS.get(TIMED).context("there is no such question")?.request());
        let begin = Instant::now() + warm;
        let end = begin + turn;
        let mut all = JoinSet::new();
        for _ in 0..connections {
            let uri = format!("http://127.0.0.1:{}{}", server.port, server.kind.path);
            all.spawn(connection(server.port, uri, server.kind.answer, body.clone(), begin, end));
        }
        let mut took = histogram()?;
        while let Some(done) = all.join_next().await {
            took.add(done??)?;
        }
        let milliseconds = |quantile| took.value_at_quantile(quantile) as f64 / 1e3;
        Ok(Turn {
            per_second: took.len() as f64 / turn.as_secs_f64(),
            median: milliseconds(0.5),
            p99: milliseconds(0.99),
        })
    })
}

/// Microseconds up to a minute.
pub(super) fn histogram() -> Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, 60_000_000, 3)?)
}

/// Connects.
pub(super) async fn connected(port: u16) -> Result<http1::SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

async fn connection(
    port: u16,
    uri: String,
    answer: &'static str,
    body: Bytes,
    begin: Instant,
    end: Instant,
) -> Result<Histogram<u64>> {
    let mut sender = connected(port).await?;
    let mut took = histogram()?;
    loop {
        let request = Request::post(&uri)
            .header(header::HOST, "127.0.0.1")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(body.clone()))?;
        let start = Instant::now();
        if start >= end {
            return Ok(took);
        }
        sender.ready().await?;
        let response = sender.send_request(request).await?;
        let status = response.status();
        let told = response.into_body().collect().await?.to_bytes();
        ensure!(status == StatusCode::OK, "{status}: {}", String::from_utf8_lossy(&told));
        let told = std::str::from_utf8(&told)?;
        ensure!(told.contains(answer), "`{answer}` is not in {told}");
        let done = Instant::now();
        if start >= begin && done < end {
            let micros = u64::try_from((done - start).as_micros())?;
            took.record(micros.max(1)).map_err(|error| anyhow!("{error}"))?;
        }
    }
}
