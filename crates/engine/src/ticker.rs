//! The clock of deadlines: a thread that raises the epoch.
//!
//! Nothing here reads the time. A tick is how long the thread sleeps, or longer when the machine is busy; deadlines may
//! therefore come late, never early.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How often the epoch is raised, in milliseconds. Chosen by feel: fine enough for a deadline of 50, and idle hosts wake
/// up 200 times a second.
const TICK_MS: u64 = 5;

/// Counts the ticks since it was started; its thread ends when the engine is gone.
#[derive(Debug)]
pub(crate) struct Ticker {
    ticks: AtomicU64,
}

impl Ticker {
    /// Starts the thread for an engine.
    pub(crate) fn start(engine: &wasmtime::Engine) -> wasmtime::Result<Arc<Ticker>> {
        let ticker = Arc::new(Ticker { ticks: AtomicU64::new(0) });
        let (weak_ticker, weak_engine) = (Arc::downgrade(&ticker), engine.weak());
        let tick = move || {
            loop {
                std::thread::sleep(Duration::from_millis(TICK_MS));
                let Some((ticker, engine)) = weak_ticker.upgrade().zip(weak_engine.upgrade()) else { return };
                ticker.ticks.fetch_add(1, Ordering::Relaxed);
                engine.increment_epoch();
            }
        };
        std::thread::Builder::new().name("lexgate-ticker".to_owned()).spawn(tick)?;
        Ok(ticker)
    }

    /// Returns how many ticks have passed.
    pub(crate) fn now(&self) -> u64 {
        self.ticks.load(Ordering::Relaxed)
    }

    /// Returns how many ticks these milliseconds are from now on, or fewer if the deadline comes first.
    pub(crate) fn left(&self, ms: u64, deadline: u64) -> u64 {
        Ticker::ticks(ms).min(deadline.saturating_sub(self.now()))
    }

    /// Returns how many ticks cover these milliseconds: one more than fit, since the current one has begun already.
    pub(crate) fn ticks(ms: u64) -> u64 {
        ms.div_ceil(TICK_MS).saturating_add(1)
    }
}
