//! The one place that conjures authority: folders, the clock, the environment, the terminal.

#![expect(clippy::disallowed_methods, reason = "this is where ambient authority is held")]

use crate::exit::Exit;
use anyhow::{Context, Result};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, MetadataExt, OpenOptionsExt};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lexgate_kit::build::Folder;
use lexgate_kit::import::Source;
use serde::Serialize;
use serde_json::json;
use std::io::{ErrorKind, IsTerminal, Read, Write};
use std::num::NonZeroUsize;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Opens a folder.
pub(crate) fn folder(path: &Path) -> Result<Folder> {
    let dir = Dir::open_ambient_dir(path, ambient_authority())
        .with_context(|| format!("cannot open folder `{}`", path.display()))?;
    let path = path.canonicalize().with_context(|| format!("cannot resolve `{}`", path.display()))?;
    Ok(Folder { dir, path })
}

/// Makes a folder if it is missing, and opens it.
pub(crate) fn make_folder(path: &Path) -> Result<Folder> {
    std::fs::create_dir_all(path).with_context(|| format!("cannot make folder `{}`", path.display()))?;
    folder(path)
}

/// Splits a path into the folder that is opened and the name that is read in it.
pub(crate) fn file(path: &Path) -> Result<(Dir, PathBuf)> {
    let name = path.file_name().with_context(|| format!("`{}` does not name a file", path.display()))?;
    Ok((folder(parent(path))?.dir, name.into()))
}

/// Returns a file that is opened again for each time it is read.
pub(crate) fn source(path: &Path) -> Result<Source<'static>> {
    let (dir, file) = self::file(path)?;
    let reading = || format!("cannot read `{}`", path.display());
    let metadata = dir.metadata(&file).with_context(reading)?;
    if !metadata.is_file() {
        anyhow::bail!("`{}` is read several times, so it must be a file", path.display());
    }
    let open = move || dir.open(&file).map(|file| Box::new(file) as Box<dyn Read>);
    Ok(Source { name: path.display().to_string(), bytes: Some(metadata.len()), open: Box::new(open) })
}

/// Reads a small file.
pub(crate) fn read(path: &Path, most: u64) -> Result<Vec<u8>> {
    let (dir, file) = self::file(path)?;
    let reading = || format!("cannot read `{}`", path.display());
    let mut bytes = Vec::new();
    dir.open(&file).with_context(reading)?.take(most + 1).read_to_end(&mut bytes).with_context(reading)?;
    Ok(bytes)
}

/// Writes a file, in place of one that is there.
pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    let (dir, file) = self::file(path)?;
    dir.write(&file, text).with_context(|| format!("cannot write `{}`", path.display()))
}

/// Returns the files of a folder whose names end so, but none that is hidden.
pub(crate) fn files(path: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let reading = || format!("cannot read folder `{}`", path.display());
    let mut files = Vec::new();
    for entry in folder(path)?.dir.entries().with_context(reading)? {
        let name = PathBuf::from(entry.with_context(reading)?.file_name());
        let hidden = name.to_string_lossy().starts_with('.');
        if !hidden && name.extension().is_some_and(|found| found == extension) {
            files.push(path.join(name));
        }
    }
    Ok(files)
}

/// Returns the folders from here upwards.
pub(crate) fn here_and_above() -> Result<Vec<PathBuf>> {
    let here = std::env::current_dir().context("cannot tell the current folder")?;
    Ok(here.ancestors().map(Path::to_owned).collect())
}

/// Returns an environment variable that names a path.
pub(crate) fn path_variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// Returns an environment variable that holds text.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Returns where the cache is, and where its key: as `LEXGATE_CACHE_DIR` says (nowhere if it is empty), else among the
/// caches of the user. The key lies with the user's state, so that whoever writes to the cache does not have it.
pub(crate) fn cache_places() -> Option<(PathBuf, PathBuf)> {
    let home = path_variable("HOME");
    let user = |variable, below: &str| path_variable(variable).or_else(|| Some(home.as_ref()?.join(below)));
    let key = user("XDG_STATE_HOME", ".local/state")?.join("lexgate").join("cache.key");
    let folder = match std::env::var_os("LEXGATE_CACHE_DIR") {
        Some(folder) if folder.is_empty() => return None,
        Some(folder) => PathBuf::from(folder),
        None => user("XDG_CACHE_HOME", ".cache")?.join("lexgate"),
    };
    Some((folder, key))
}

/// Returns the user's data folder of this program, unless there is no home.
pub(crate) fn data_place() -> Option<PathBuf> {
    let home = || Some(path_variable("HOME")?.join(".local/share"));
    Some(path_variable("XDG_DATA_HOME").or_else(home)?.join("lexgate"))
}

/// Returns what tells this run of the system from all others, where the system says so.
pub(crate) fn boot() -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(boot.trim().to_owned()).filter(|boot| !boot.is_empty())
}

/// Returns the clock.
pub(crate) fn clock() -> std::sync::Arc<dyn Fn() -> jiff::Timestamp + Send + Sync> {
    std::sync::Arc::new(jiff::Timestamp::now)
}

/// Makes a folder that only its owner can use, if it is missing, and opens it. Its name and those of the folders above that
/// were missing are durable then.
pub(crate) fn private_folder(path: &Path) -> Result<Dir> {
    make_durable(path, &mut |above| std::fs::File::open(above)?.sync_all())
        .with_context(|| format!("cannot make folder `{}`", path.display()))?;
    Ok(folder(path)?.dir)
}

/// Makes a folder that only its owner can use, and those above it, where they are missing. Has each folder synced that got a
/// name, and the one above it also if it was there: whoever made it may have lost power before it was synced.
fn make_durable(path: &Path, sync: &mut dyn FnMut(&Path) -> std::io::Result<()>) -> std::io::Result<()> {
    let missing: Vec<&Path> = parent(path).ancestors().take_while(|above| !above.is_dir()).collect();
    // The empty path stands above a relative one, and is where we are.
    for folder in missing.into_iter().rev().filter(|above| !above.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
        sync(parent(folder))?;
    }
    match std::fs::DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => sync(parent(path)),
        // Others' folders may not let us.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => match sync(parent(path)) {
            Err(error) if error.kind() != ErrorKind::PermissionDenied => Err(error),
            _ => Ok(()),
        },
        Err(error) => Err(error),
    }
}

/// Returns the folder that a path lies in.
fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Returns the secret in a file that only its owner can read; a new one, if there is no such file.
pub(crate) fn secret(path: &Path) -> Result<[u8; 32]> {
    let reading = || format!("cannot use the key in `{}`", path.display());
    let name = path.file_name().with_context(reading)?;
    let folder = private_folder(path.parent().with_context(reading)?)?;
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).with_context(reading)?;
    // Written aside and linked, so that of two processes at once both get the same.
    let aside = format!("cache.key.{}", std::process::id());
    let mut options = cap_std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    if !folder.exists(name) {
        folder
            .open_with(&aside, &options)
            .and_then(|mut file| file.write_all(&secret))
            .with_context(reading)?;
        let linked = folder.hard_link(&aside, &folder, name);
        let _ = folder.remove_file(&aside);
        match linked {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error).with_context(reading)?,
            _ => {}
        }
    }
    let mut file = folder.open(name).with_context(reading)?;
    if file.metadata().with_context(reading)?.mode() & 0o077 != 0 {
        anyhow::bail!("others can read the key in `{}`: make its mode 600, or remove it", path.display());
    }
    file.read_exact(&mut secret).with_context(reading)?;
    Ok(secret)
}

/// Returns how this program is started as a worker.
pub(crate) fn worker_command() -> Result<impl Fn() -> std::process::Command + Send + Sync + 'static> {
    let program = std::env::current_exe().context("cannot tell which program this is")?;
    Ok(move || {
        let mut command = std::process::Command::new(&program);
        // The allocator is to take no memory beforehand: a worker has little.
        command.arg("prepare-worker").env("MIMALLOC_ARENA_EAGER_COMMIT", "0");
        command
    })
}

/// Tells on standard error what is not as it should be, but no reason to stop.
pub(crate) fn note(text: &str) {
    anstream::eprintln!("{0}note:{0:#} {1}", crate::explain::DIM, crate::explain::plain_lines(text));
}

/// Returns how many letters fit into a line: as `COLUMNS` says, else the terminal, else 120.
pub(crate) fn width() -> usize {
    let said = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok()).filter(|&width| width > 0);
    let terminal = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    said.or_else(terminal).unwrap_or(120)
}

/// Returns the time.
pub(crate) fn now() -> jiff::Timestamp {
    // Whole seconds: what the request says is what people read.
    let now = jiff::Timestamp::now();
    jiff::Timestamp::from_second(now.as_second()).unwrap_or(now)
}

/// Returns a clock that tells how much time has passed since now.
pub(crate) fn stopwatch() -> impl Fn() -> Duration {
    let start = Instant::now();
    move || start.elapsed()
}

/// Returns a progress bar or spinner: seen on a terminal, silent in a pipe and beside JSON.
pub(crate) fn progress(json: bool) -> ProgressBar {
    if json || !std::io::stderr().is_terminal() {
        return ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    }
    let bar = ProgressBar::new_spinner();
    bar.set_style(
        ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}")
            .unwrap_or(ProgressStyle::default_spinner()),
    );
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

/// Prints a value as indented JSON.
pub(crate) fn print_json(value: &impl Serialize) -> Result<Exit> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    print(&text)?;
    Ok(Exit::DONE)
}

/// Prints a value as one line of JSON.
pub(crate) fn print_json_line(value: &impl Serialize) -> Result<()> {
    print(&json_line(value)?)
}

/// Returns a value as one line of JSON.
pub(crate) fn json_line(value: &impl Serialize) -> Result<String> {
    let mut text = serde_json::to_string(value)?;
    text.push('\n');
    Ok(text)
}

/// Returns how many processors this process may use.
pub(crate) fn processors() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// Prints text; colours only on a terminal. A reader that has gone away ends the program, quietly.
pub(crate) fn print(text: &str) -> Result<()> {
    match anstream::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {
            std::process::exit(i32::from(Exit::CouldNotAnswer.code()))
        }
        result => result.context("cannot write to standard output"),
    }
}

/// Writes an error with everything that caused it to standard error, as JSON to standard output if asked for.
pub(crate) fn report(error: &anyhow::Error, as_json: bool) -> Exit {
    let text = format!("{error:#}");
    if as_json {
        // There is nobody left to tell if this fails.
        let _ = print_json_line(&json!({ "error": text }));
    } else {
        anstream::eprintln!("{0}error:{0:#} {1}", crate::explain::RED, crate::explain::plain_lines(&text));
    }
    Exit::CouldNotAnswer
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_name_of_each_folder_that_is_made_is_durable_before_the_next_is_made() {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path();
        let (one, two, three) = (root.join("one"), root.join("one/two"), root.join("one/two/three"));
        let mut synced = Vec::new();
        let mut sync = |above: &Path| {
            synced.push((above.to_owned(), [&one, &two, &three].map(|folder| folder.is_dir())));
            Ok(())
        };
        make_durable(&three, &mut sync).unwrap();
        make_durable(&three, &mut sync).unwrap();
        assert_eq!(
            synced,
            [
                (root.to_owned(), [true, false, false]),
                (one, [true, true, false]),
                (two.clone(), [true, true, true]),
                // Again, though it was there.
                (two, [true, true, true]),
            ]
        );
        assert_eq!(std::fs::metadata(&three).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_folder_whose_name_cannot_be_made_durable_is_an_error() {
        let temporary = tempfile::tempdir().unwrap();
        let full = |_: &Path| Err(std::io::Error::from(ErrorKind::StorageFull));
        assert!(make_durable(&temporary.path().join("one"), &mut { full }).is_err());
        assert!(make_durable(&temporary.path().join("one"), &mut { full }).is_err());
        let others = |_: &Path| Err(std::io::Error::from(ErrorKind::PermissionDenied));
        make_durable(&temporary.path().join("one"), &mut { others }).unwrap();
        assert!(make_durable(&temporary.path().join("two"), &mut { others }).is_err());
    }
}
