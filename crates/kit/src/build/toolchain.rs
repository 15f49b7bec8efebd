//! Finds a Rust compiler that makes WebAssembly.
//!
//! [`choose`] decides, from what was found so far, what to use or what to look at next; [`find`] does the looking.

use super::BuildError;
use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The target of policies: no WASI, no threads, nothing but the instructions.
pub(super) const TARGET: &str = "wasm32-unknown-unknown";

/// The programs a build may run: names that the path resolves, or paths.
#[derive(Debug, Clone)]
pub struct Tools {
    /// `cargo`.
    pub cargo: PathBuf,
    /// `rustc`, of the same toolchain.
    pub rustc: PathBuf,
    /// `rustup`; need not exist.
    pub rustup: PathBuf,
    /// A second `cargo` and `rustc` with the sources of their standard library, tried last; need not exist.
    pub system_cargo: PathBuf,
    /// See [`Tools::system_cargo`].
    pub system_rustc: PathBuf,
    /// Cargo's home, for messages of the compiled policy that name sources; `~/.cargo` where nothing else is set.
    pub cargo_home: Option<PathBuf>,
}

impl Tools {
    /// Returns the programs under their usual names, and those of Debian's `cargo-web` and `rustc-web`.
    #[must_use]
    pub fn usual(cargo_home: Option<PathBuf>) -> Tools {
        Tools {
            cargo: "cargo".into(),
            rustc: "rustc".into(),
            rustup: "rustup".into(),
            system_cargo: "/usr/bin/cargo".into(),
            system_rustc: "/usr/bin/rustc".into(),
            cargo_home,
        }
    }
}

/// What compiles a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WasmToolchain {
    /// The toolchain has the target.
    Installed,
    /// The toolchain compiles its standard library along with the policy.
    BuildStd(StdSource),
}

/// A toolchain with the sources of its standard library, and a linker for WebAssembly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StdSource {
    /// Its `cargo`.
    pub cargo: PathBuf,
    /// Its `rustc`.
    pub rustc: PathBuf,
    /// The linker, `rust-lld`.
    pub linker: PathBuf,
}

impl fmt::Display for WasmToolchain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WasmToolchain::Installed => write!(f, "rustc with the target {TARGET}"),
            WasmToolchain::BuildStd(source) => {
                write!(f, "{} with its standard library compiled for {TARGET}", source.rustc.display())
            }
        }
    }
}

/// What was found so far; `None` was not looked at.
#[derive(Debug, Clone, Default)]
pub(super) struct Found {
    /// Whether the toolchain has the target.
    pub(super) target: bool,
    /// Why `rustup` did not add it.
    pub(super) rustup: Option<String>,
    /// A toolchain that can compile the standard library, or why there is none.
    pub(super) source: Option<Result<StdSource, String>>,
}

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Compile with this.
    Use(WasmToolchain),
    /// Let `rustup` add the target.
    AddTarget,
    /// Look for a toolchain that can compile the standard library.
    LookForSource,
    /// Give up: this was tried.
    GiveUp(String),
}

/// Decides by what is known; the cheapest and most ordinary way first.
pub(super) fn choose(found: &Found) -> Next {
    match found {
        // Nothing to do, and what most people have.
        Found { target: true, .. } => Next::Use(WasmToolchain::Installed),
        // One download of a few megabytes.
        Found { rustup: None, .. } => Next::AddTarget,
        // Without a network there may still be the sources.
        Found { source: None, .. } => Next::LookForSource,
        Found { source: Some(Ok(source)), .. } => Next::Use(WasmToolchain::BuildStd(source.clone())),
        Found { rustup: Some(rustup), source: Some(Err(source)), .. } => {
            Next::GiveUp(format!("{rustup}; {source}"))
        }
    }
}

/// Returns what compiles policies in this folder; may add the target to the user's toolchain.
pub(super) fn find(tools: &Tools, folder: &Path) -> Result<WasmToolchain, BuildError> {
    let mut found = Found { target: has_target(tools, folder)?, ..Found::default() };
    loop {
        match choose(&found) {
            Next::Use(toolchain) => return Ok(toolchain),
            Next::AddTarget => {
                found.rustup = Some(add_target(tools, folder));
                found.target = has_target(tools, folder)?;
            }
            Next::LookForSource => found.source = Some(look_for_source(tools, folder)),
            Next::GiveUp(why) => return Err(BuildError::NoToolchain { why }),
        }
    }
}

/// Runs a program to its end.
fn output(program: &Path, arguments: &[&str], folder: &Path) -> io::Result<Output> {
    Command::new(program).args(arguments).current_dir(folder).stdin(Stdio::null()).output()
}

/// Returns what a program answers on its standard output.
pub(super) fn ask(program: &Path, arguments: &[&str], folder: &Path) -> Result<String, BuildError> {
    let answer = output(program, arguments, folder)
        .map_err(|source| BuildError::Run { program: program.display().to_string(), source })?;
    if answer.status.success() {
        return Ok(String::from_utf8_lossy(&answer.stdout).trim_end().to_owned());
    }
    let program = format!("{} {}", program.display(), arguments.join(" "));
    Err(BuildError::Failed { program, output: last_line(&answer.stderr) })
}

/// Compiles nothing for the target, which takes its standard library. (Its folder may be there, but empty.)
fn has_target(tools: &Tools, folder: &Path) -> Result<bool, BuildError> {
    let probe =
        ["--target", TARGET, "--crate-type", "lib", "--crate-name", "probe", "--emit", "metadata=-", "-"];
    output(&tools.rustc, &probe, folder)
        .map(|output| output.status.success())
        .map_err(|source| BuildError::Run { program: tools.rustc.display().to_string(), source })
}

/// Lets `rustup` add the target and returns what to say if it is still not there.
fn add_target(tools: &Tools, folder: &Path) -> String {
    match output(&tools.rustup, &["target", "add", TARGET], folder) {
        Ok(output) if output.status.success() => "rustup added the target to another toolchain".to_owned(),
        Ok(output) => format!("`rustup target add` failed: {}", last_line(&output.stderr)),
        Err(error) => format!("`{}` does not run: {error}", tools.rustup.display()),
    }
}

fn look_for_source(tools: &Tools, folder: &Path) -> Result<StdSource, String> {
    let linker =
        look_for_linker(tools, folder).ok_or("the toolchain has no `rust-lld`, which links WebAssembly")?;
    let toolchains = [(&tools.cargo, &tools.rustc), (&tools.system_cargo, &tools.system_rustc)];
    for (cargo, rustc) in toolchains {
        let Ok(root) = ask(rustc, &["--print", "sysroot"], folder) else { continue };
        // The path comes from the compiler; whether its sources are there decides nothing but which command is run.
        if Path::new(&root).join("lib/rustlib/src/rust/library/Cargo.lock").is_file() {
            return Ok(StdSource { cargo: cargo.clone(), rustc: rustc.clone(), linker });
        }
    }
    Err("no toolchain has the sources of its standard library".to_owned())
}

/// Debian's compiler comes without a linker for WebAssembly; that of a rustup toolchain serves both.
fn look_for_linker(tools: &Tools, folder: &Path) -> Option<PathBuf> {
    let root = ask(&tools.rustc, &["--print", "sysroot"], folder).ok()?;
    let version = ask(&tools.rustc, &["-vV"], folder).ok()?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "))?;
    let linker = Path::new(&root).join("lib/rustlib").join(host).join("bin/rust-lld");
    linker.is_file().then_some(linker)
}

fn last_line(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it says nothing").trim().to_owned()
}

/// Returns what cargo needs beside its ordinary arguments, and its environment.
pub(super) fn extra(toolchain: &WasmToolchain) -> (Vec<String>, Vec<(&'static str, &OsStr)>) {
    match toolchain {
        WasmToolchain::Installed => (Vec::new(), Vec::new()),
        WasmToolchain::BuildStd(source) => {
            let linker = toml::Value::String(source.linker.display().to_string());
            let arguments = vec![
                "-Zbuild-std=std,panic_abort".to_owned(),
                "--config".to_owned(),
                format!("target.{TARGET}.linker={linker}"),
            ];
            // `-Z` is for nightly compilers, and for stable ones that are told they bootstrap.
            (arguments, vec![("RUSTC_BOOTSTRAP", OsStr::new("1")), ("RUSTC", source.rustc.as_os_str())])
        }
    }
}
