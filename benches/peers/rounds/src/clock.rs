//! What time and memory this process has used.

use anyhow::{Context, Result};
use nix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// Returns the processor time of this thread. On a machine that does other work as well, what a row takes and what it waits
/// for are not the same.
pub fn thread_time() -> Result<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?.into())
}

/// What this process takes now, and took at most.
pub struct Taken {
    pub resident_mib: u64,
    pub peak_mib: u64,
    pub descriptors: usize,
    pub maps: usize,
}

/// Returns what this process takes, as Linux tells it.
pub fn taken() -> Result<Taken> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let mib = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).context("no such line")?;
        Ok::<_, anyhow::Error>(line.trim().trim_end_matches(" kB").parse::<u64>()? >> 10)
    };
    Ok(Taken {
        resident_mib: mib("VmRSS:")?,
        peak_mib: mib("VmHWM:")?,
        descriptors: std::fs::read_dir("/proc/self/fd")?.count(),
        maps: std::fs::read_to_string("/proc/self/maps")?.lines().count(),
    })
}
