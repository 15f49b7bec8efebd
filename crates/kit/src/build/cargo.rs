//! Lets cargo compile a policy to a core module, so that the folder it lies in does not show in the bytes.

use super::toolchain::{self, TARGET, WasmToolchain, ask};
use super::{BuildError, BuildPlan, Step, read_at_most};
use serde::Deserialize;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

/// The profile policies are compiled with; given on the command line, so that authors need not write it.
const PROFILE: &str = "lexgate-guest";

const SETTINGS: [&str; 7] = [
    r#"inherits="release""#,
    // Compiling and loading cost by the byte, and policies do not loop long.
    r#"opt-level="s""#,
    r#"lto="fat""#,
    "codegen-units=1",
    // A panic is a trap either way, unwinding is only ballast.
    r#"panic="abort""#,
    // Function names stay, made short afterwards: they are what a trap tells the author.
    r#"strip="debuginfo""#,
    "debug=false",
];

/// Bytes of the stack in linear memory. Rust's megabyte would be touched and copied for nothing: policies recurse as
/// deep as a request is, 32 levels. It lies below the data, so that past its end is a trap.
const STACK_BYTES: u32 = 256 << 10;

/// Lines of cargo that an error shows.
const MOST_LINES: usize = 200;

/// Returns the core module of the policy.
pub(super) fn compile(plan: &BuildPlan, progress: &mut dyn FnMut(Step)) -> Result<Vec<u8>, BuildError> {
    let folder = &plan.plugin.path;
    if !plan.plugin.dir.is_file("Cargo.toml") {
        return Err(BuildError::NoCargo);
    }
    let toolchain = toolchain::find(&plan.tools, folder)?;
    progress(Step::Toolchain(toolchain.clone()));
    let (cargo, rustc) = match &toolchain {
        WasmToolchain::Installed => (&plan.tools.cargo, &plan.tools.rustc),
        WasmToolchain::BuildStd(source) => (&source.cargo, &source.rustc),
    };
    let flags = flags(&places(plan, cargo, rustc)?);
    let (extra, environment) = toolchain::extra(&toolchain);
    let mut command = Command::new(cargo);
    command.args(arguments(plan)).args(extra).envs(environment).env("CARGO_ENCODED_RUSTFLAGS", flags);
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    progress(Step::Compiling);
    let run = |source| BuildError::Run { program: cargo.display().to_string(), source };
    let (status, messages, lines) = watch(command, progress).map_err(run)?;
    if !status.success() {
        return Err(BuildError::Compile { output: Vec::from(lines).join("\n") });
    }
    let wasm = module(&messages).ok_or(BuildError::NoLibrary)?;
    let below = wasm.strip_prefix(&plan.target.path).unwrap_or(&wasm);
    let most = plan.trust.limits.bytes;
    match read_at_most(&plan.target.dir, below, most) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(BuildError::TooLarge { file: wasm.display().to_string(), most }),
        Err(source) => Err(BuildError::Read { file: wasm.display().to_string(), source }),
    }
}

fn arguments(plan: &BuildPlan) -> Vec<OsString> {
    let mut arguments: Vec<OsString> =
        ["build", "--lib", "--target", TARGET, "--profile", PROFILE].map(Into::into).into();
    for setting in SETTINGS {
        arguments.extend(["--config".into(), format!("profile.{PROFILE}.{setting}").into()]);
    }
    // In the folder of the policy this is the policy, whatever it is called.
    arguments.extend(["--manifest-path".into(), plan.plugin.path.join("Cargo.toml").into()]);
    arguments.extend(["--target-dir".into(), plan.target.path.clone().into()]);
    arguments.push("--message-format=json-render-diagnostics".into());
    if plan.frozen {
        arguments.push("--frozen".into());
    }
    arguments
}

/// Returns where sources lie here, and what to call it everywhere; of several that fit the compiler takes the last.
fn places(plan: &BuildPlan, cargo: &Path, rustc: &Path) -> Result<Vec<(PathBuf, String)>, BuildError> {
    let folder = &plan.plugin.path;
    let workspace = ask(cargo, &["locate-project", "--workspace", "--message-format", "plain"], folder)?;
    let root = PathBuf::from(ask(rustc, &["--print", "sysroot"], folder)?);
    let version = ask(rustc, &["-vV"], folder)?;
    let commit = version.lines().find_map(|line| line.strip_prefix("commit-hash: ")).unwrap_or("unknown");
    let mut places = Vec::new();
    places.extend(Path::new(&workspace).parent().map(|root| (root.to_owned(), "/policy".to_owned())));
    places.extend(plan.tools.cargo_home.iter().map(|home| (home.clone(), "/cargo".to_owned())));
    // As the precompiled standard library calls its sources.
    places.push((root.join("lib/rustlib/src/rust"), format!("/rustc/{commit}")));
    Ok(places)
}

fn flags(places: &[(PathBuf, String)]) -> OsString {
    let mut flags = OsString::from(format!("-Clink-arg=-zstack-size={STACK_BYTES}"));
    for (here, everywhere) in places {
        // U+001F is what parts the flags in `CARGO_ENCODED_RUSTFLAGS`, so that paths may have blanks.
        flags.push("\u{1f}--remap-path-prefix=");
        flags.push(here);
        flags.push("=");
        flags.push(everywhere);
    }
    flags
}

/// Runs cargo, passes on what it says line by line, and returns its messages and its last lines.
fn watch(
    mut command: Command,
    progress: &mut dyn FnMut(Step),
) -> io::Result<(ExitStatus, Vec<u8>, VecDeque<String>)> {
    let mut child = command.spawn()?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| {
        // Both pipes are emptied at once: cargo waits on a full one.
        let messages = scope.spawn(move || {
            let mut messages = Vec::new();
            stdout.map_or(Ok(0), |mut stdout| stdout.read_to_end(&mut messages)).map(|_| messages)
        });
        let mut lines = VecDeque::new();
        for line in stderr.into_iter().flat_map(|stderr| BufReader::new(stderr).split(b'\n')) {
            let line = String::from_utf8_lossy(&line?).into_owned();
            progress(Step::Cargo(line.clone()));
            lines.push_back(line);
            if lines.len() > MOST_LINES {
                lines.pop_front();
            }
        }
        let messages = messages.join().unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))?;
        Ok((child.wait()?, messages, lines))
    })
}

/// What cargo says about something it made.
#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

/// Returns the last WebAssembly that cargo made: what is before it are its dependencies.
fn module(messages: &[u8]) -> Option<PathBuf> {
    let made = messages.split(|&byte| byte == b'\n').rev();
    let files = made
        .filter_map(|line| serde_json::from_slice::<Message>(line).ok())
        .flat_map(|message| message.filenames);
    files.into_iter().find(|file| file.extension().is_some_and(|extension| extension == "wasm"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_name_every_place_and_the_stack() {
        let places =
            [("/home/a b/p".into(), "/policy".to_owned()), ("/home/.cargo".into(), "/cargo".to_owned())];
        let flags = flags(&places).into_string().unwrap();
        let expected = "-Clink-arg=-zstack-size=262144|--remap-path-prefix=/home/a b/p=/policy|--remap-path-prefix=/home/.cargo=/cargo";
        assert_eq!(flags.replace('\u{1f}', "|"), expected);
    }

    #[test]
    fn the_module_is_the_last_webassembly_cargo_made() {
        let messages = br#"{"reason":"compiler-artifact","filenames":["/t/wasm32/deps/other.wasm"]}
{"reason":"compiler-artifact","filenames":["/t/wasm32/libpolicy.rlib","/t/wasm32/policy.wasm"]}
{"reason":"build-finished","success":true}
"#;
        assert_eq!(module(messages), Some("/t/wasm32/policy.wasm".into()));
        assert_eq!(module(br#"{"reason":"build-finished","success":true}"#), None);
    }

    #[test]
    fn what_a_program_says_is_passed_on_while_it_runs() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo one >&2; echo '{}'; echo two >&2; exit 3"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut steps = Vec::new();
        let (status, messages, lines) = watch(command, &mut |step| steps.push(step)).unwrap();
        assert_eq!((status.code(), messages.as_slice()), (Some(3), b"{}\n".as_slice()));
        assert_eq!(steps, [Step::Cargo("one".into()), Step::Cargo("two".into())]);
        assert_eq!(lines, ["one", "two"]);
    }
}
