//! Decisions over HTTP: Lexgate's server, and a bare one that reads the same request, applies the rule natively, and appends
//! as many bytes to a file, which it syncs for a group of them at a time.
//!
//! Each server is a process of its own on one processor; the client, this program, has another. Its connections are kept
//! alive, and each asks again when it was answered. The servers take turns, so that what disturbs one disturbs all.

mod client;
mod servers;
mod storm;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

pub use servers::serve;

/// How often every server has its turn.
const TURNS: usize = 5;

/// How long one turn takes, and how long before it nothing is counted.
const TURN: Duration = Duration::from_secs(3);
const WARM: Duration = Duration::from_millis(500);

/// Connections at a time.
const CONNECTIONS: [usize; 2] = [16, 256];

/// What one server gave in one turn.
#[derive(Debug, Clone, Copy)]
struct Turn {
    per_second: f64,
    /// Milliseconds.
    median: f64,
    /// Milliseconds.
    p99: f64,
}

/// Prints what the servers give.
pub fn print(json: bool) -> Result<()> {
    let folder = tempfile::tempdir_in(crate::guests::target()?)?;
    let (median, p99) = sync(folder.path())?;
    if json {
        println!("{}", json!({ "fdatasyncMs": median, "fdatasyncP99Ms": p99 }));
    } else {
        println!("A write of 16 KiB with fdatasync takes {median:.2} ms, p99 {p99:.2} ms.\n");
    }
    storm::print(folder.path(), json)?;
    servers::pin(1)?;
    if !json {
        println!("\n| server | connections | requests a second | over bare | median, ms | p99, ms |");
        println!("| --- | --- | --- | --- | --- | --- |");
    }
    let servers = servers::KINDS.iter().map(|kind| servers::Child::start(kind, folder.path()));
    let servers = servers.collect::<Result<Vec<_>>>()?;
    for connections in CONNECTIONS {
        let mut turns = vec![Vec::new(); servers.len()];
        for _ in 0..TURNS {
            for (server, turns) in servers.iter().zip(&mut turns) {
                turns.push(client::ask(server, connections, WARM, TURN)?);
            }
        }
        let of = |turns: &Vec<Turn>, what: fn(&Turn) -> f64| {
            rounds::measure::median(turns.iter().map(what).collect())
        };
        for (server, given) in servers.iter().zip(&turns) {
            let bare = servers.iter().position(|other| other.kind.name == server.kind.beside);
            let bare = turns.get(bare.context("no such server")?).context("no turns")?;
            let per_second = of(given, |turn| turn.per_second);
            let ratio = per_second / of(bare, |turn| turn.per_second);
            let (median, p99) = (of(given, |turn| turn.median), of(given, |turn| turn.p99));
            let name = server.kind.name;
            if json {
                println!(
                    "{}",
                    json!({ "server": name, "connections": connections, "perSecond": per_second,
                    "overBare": ratio, "medianMs": median, "p99Ms": p99 })
                );
            } else {
                println!(
                    "| {name} | {connections} | {per_second:.0} | {ratio:.2} | {median:.2} | {p99:.2} |"
                );
            }
        }
    }
    Ok(())
}

/// Returns the median and the 99th percentile of a small write that is synced, milliseconds.
fn sync(folder: &Path) -> Result<(f64, f64)> {
    let mut file = File::create(folder.join("synced"))?;
    let bytes = [7; 16 << 10];
    let mut took = Vec::new();
    for _ in 0..500 {
        let begin = Instant::now();
        file.write_all(&bytes)?;
        file.sync_data()?;
        took.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    took.sort_by(f64::total_cmp);
    ensure!(!took.is_empty(), "nothing was written");
    let at = |part: usize| took.get(took.len() * part / 100).copied().context("no such part");
    Ok((at(50)?, at(99)?))
}
