//! Times a row for a while, a row of this process or of another.

use crate::clock::thread_time;
use crate::row::Row;
use crate::workload::TIMED;
use anyhow::Result;
use std::hint::black_box;
use std::time::Duration;

/// How long one row is timed at a stretch.
const STRETCH: Duration = Duration::from_millis(2);

/// Returns how often a row fits into a stretch; this warms it up as well.
pub fn repetitions(row: &mut Row) -> Result<u32> {
    let mut times = 1;
    loop {
        let taken = stretch(row, times)?;
        if taken >= STRETCH {
            return Ok(((f64::from(times) * STRETCH.as_secs_f64() / taken.as_secs_f64()) as u32).max(1));
        }
        times *= 2;
    }
}

/// Times a row so often; returns the microseconds of one.
pub fn microseconds(row: &mut Row, times: u32) -> Result<f64> {
    Ok(stretch(row, times)?.as_secs_f64() * 1e6 / f64::from(times))
}

fn stretch(row: &mut Row, times: u32) -> Result<Duration> {
    let begin = thread_time()?;
    for _ in 0..times {
        drop(black_box((row.ask)(black_box(TIMED))?));
    }
    Ok(thread_time()? - begin)
}

/// Returns the median.
pub fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    let middle = all.len() / 2;
    if all.len() % 2 == 1 { all[middle] } else { (all[middle - 1] + all[middle]) / 2.0 }
}
