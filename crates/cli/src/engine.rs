//! The engine of the commands: policies are made ready in a process of their own, and kept for the next command.

use crate::ambient;
use crate::exit::Exit;
use anyhow::{Context, Result};
use lexgate_engine::{Cache, Engine, Worker, WorkerLimits};

/// Most bytes that the cache takes; chosen by feel: a thousand policies.
const MOST_CACHE_BYTES: u64 = 1 << 30;

/// Starts it. Without a place for its cache it makes every policy ready anew.
pub(crate) fn start() -> Result<Engine> {
    let worker = Worker::new(ambient::worker_command()?, WorkerLimits::default());
    let mut engine = Engine::builder().workshop(Box::new(worker));
    match cache() {
        Ok(Some(cache)) => engine = engine.cache(cache),
        Ok(None) => {}
        Err(error) => ambient::note(&format!("policies are prepared anew each time: {error:#}")),
    }
    Ok(engine.start()?)
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
