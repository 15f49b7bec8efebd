//! The engine of the commands: policies are made ready in a process of their own, and kept for the next command.

use crate::ambient;
use crate::exit::Exit;
use anyhow::{Context, Result};
use lexgate_engine::{Builder, Cache, Engine, Worker, WorkerLimits};

/// Most bytes that the cache takes; chosen by feel: a thousand policies.
const MOST_CACHE_BYTES: u64 = 1 << 30;

/// Starts it. Without a place for its cache it makes every policy ready anew.
pub(crate) fn start() -> Result<Engine> {
    let engine = in_worker()?;
    Ok(match kept() {
        Some(cache) => engine.cache(cache).start()?,
        None => engine.start()?,
    })
}

/// Starts one without a cache, which prepares every policy anew, and one with it, if there is a place for it.
pub(crate) fn without_and_with_cache() -> Result<(Engine, Option<Engine>)> {
    let kept = kept().map(|cache| anyhow::Ok(in_worker()?.cache(cache).start()?)).transpose()?;
    Ok((in_worker()?.start()?, kept))
}

fn in_worker() -> Result<Builder> {
    let worker = Worker::new(ambient::worker_command()?, WorkerLimits::default());
    Ok(Engine::builder().workshop(Box::new(worker)))
}

/// Returns the cache; a cache that cannot be used is no reason to stop.
fn kept() -> Option<Cache> {
    cache().unwrap_or_else(|error| {
        ambient::note(&format!("policies are prepared anew each time: {error:#}"));
        None
    })
}

fn cache() -> Result<Option<Cache>> {
    let Some((folder, key)) = ambient::cache_places() else { return Ok(None) };
    let key = ambient::secret(&key)?;
    let folder_path = folder.display().to_string();
    let folder = ambient::private_folder(&folder)?;
    let cache = Cache::new(folder, key, MOST_CACHE_BYTES);
    Ok(Some(cache.with_context(|| format!("cannot use the cache in `{folder_path}`"))?))
}

/// `lexgate prepare-worker`: the other side of a [`Worker`].
pub(crate) fn work() -> Result<Exit> {
    lexgate_engine::work(std::io::stdin().lock(), std::io::stdout().lock(), &[])
        .context("this command is for other processes of lexgate, which order it to prepare a policy")?;
    Ok(Exit::DONE)
}
