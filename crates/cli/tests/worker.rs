//! The worker that makes policies ready: what it makes, how it ends that takes too much, and what it has of this process.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test may fail anywhere, and makes its own files"
)]

#[path = "../../../tests/guests/mod.rs"]
#[expect(dead_code, unreachable_pub, reason = "it is a module of several tests")]
mod guests;
#[expect(dead_code, reason = "it is a module of several tests")]
mod ran;

use guests::{Guest, SILENCE, Wit};
use lexgate_engine::{Artifact, Engine, Failed, Order, Start, Worker, WorkerLimits, Workshop};
use lexgate_model::fault::{Fault, Limits};
use lexgate_model::package::CONTRACT;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

const LOOP: &str = "(loop (br 0)) unreachable";

/// What prevents a snapshot.
const NO_SNAPSHOT: &str = "(global (mut v128) (v128.const i64x2 0 0))";

fn wit() -> Wit {
    Wit::read("../../wit")
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lexgate"));
    // As `lexgate` starts it.
    command.arg("prepare-worker").env("MIMALLOC_ARENA_EAGER_COMMIT", "0");
    command
}

fn worker(limits: WorkerLimits) -> Worker {
    Worker::new(program, limits)
}

/// Has a guest made ready somewhere.
fn make(workshop: &dyn Workshop, guest: &Guest<'_>, limits: &Limits) -> Result<Artifact, Failed> {
    let package = guest.package();
    let order = Order {
        package: &package,
        contract: CONTRACT,
        parameters: "{}",
        datasets: &Arc::default(),
        limits,
        alone: true,
    };
    workshop.make(order)
}

/// Says why a worker with these limits does not make a guest ready.
#[track_caller]
fn unmade(guest: &Guest<'_>, limits: WorkerLimits) -> String {
    let patient = Limits { configure_fuel: u64::MAX, configure_deadline_ms: 600_000, ..Limits::default() };
    match make(&worker(limits), guest, &patient) {
        Err(Failed::Unmade(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_a_worker_makes_is_what_this_process_makes() {
    let (wit, engine, limits) = (wit(), Engine::new().unwrap(), Limits::default());
    let worker = worker(WorkerLimits::default());
    let growing =
        format!("(drop (memory.grow (i32.const 3))) (i32.store (i32.const 131072) (i32.const 7)) {SILENCE}");
    let silent = Guest::new(&wit);
    let growing = Guest { configure: growing.as_str().into(), ..silent.clone() };
    let afresh = Guest { items: NO_SNAPSHOT.to_owned(), ..growing.clone() };
    let refusing = Guest { configure: serde_json::json!({ "err": "no" }).into(), ..silent.clone() };
    let trapping = Guest { configure: "unreachable".into(), ..silent.clone() };
    let endless = Guest { configure: LOOP.into(), ..silent.clone() };
    let mut starts = Vec::new();
    for guest in [silent, growing, afresh, refusing, trapping, endless] {
        let (there, here) = (make(&worker, &guest, &limits), make(engine.workshop(), &guest, &limits));
        assert_eq!(there, here);
        starts.push(there.map(|artifact| artifact.start == Start::Snapshot));
    }
    let trap = Fault::Trap("wasm trap: wasm `unreachable` instruction executed".to_owned());
    let failed =
        [Failed::Refused("unsupported: no".to_owned()), Failed::Faulted(trap), Failed::Faulted(Fault::Fuel)];
    let made = [Ok(true), Ok(true), Ok(false)];
    assert_eq!(starts, [made.to_vec(), failed.map(Err).to_vec()].concat());
}

#[test]
fn its_memory_is_for_its_work() {
    // What an allocator takes beforehand would be gone from it.
    let limits = WorkerLimits { memory_bytes: 64 << 20, ..WorkerLimits::default() };
    make(&worker(limits), &Guest::new(&wit()), &Limits::default()).unwrap();
}

#[test]
fn a_worker_that_takes_too_much_processor_time_ends() {
    let wit = wit();
    let endless = Guest { configure: LOOP.into(), ..Guest::new(&wit) };
    let why = unmade(&endless, WorkerLimits { processor_s: 1, ..WorkerLimits::default() });
    assert_eq!(why, "it took more than 1 s of processor time");
}

#[test]
fn a_worker_that_takes_too_long_ends() {
    let why = unmade(&Guest::new(&wit()), WorkerLimits { deadline_s: 0, ..WorkerLimits::default() });
    assert_eq!(why, "it took more than 0 s");
}

#[test]
fn a_worker_that_takes_too_much_memory_ends() {
    let wit = wit();
    for memory_bytes in [0, 1 << 20] {
        let why = unmade(&Guest::new(&wit), WorkerLimits { memory_bytes, ..WorkerLimits::default() });
        let words = format!("{memory_bytes} bytes of memory are too little to start with: ");
        assert!(why.starts_with(&words), "{why}");
    }
    let why = unmade(&Guest::new(&wit), WorkerLimits { memory_bytes: 4 << 20, ..WorkerLimits::default() });
    assert!(why.contains("memory"), "{why}");
}

#[test]
fn a_policy_that_takes_the_compiler_too_long_ends() {
    // A quarter of a minute of loops within loops around a thousand variables, within the limits of packages.
    let loops = format!("{} {}", "(loop ".repeat(60), "(br_if 0 (i32.const 1)) )".repeat(60)).repeat(16);
    let set = |number: u32| format!("(local.set {number} (i32.add (local.get {number}) (i32.const 1)))");
    let variables: String = (0..1_000).map(set).collect();
    let items = format!("(func (local {}) {loops} {variables})", "i32 ".repeat(1_000));
    let wit = wit();
    let slow = Guest { items, ..Guest::new(&wit) };
    let why = unmade(&slow, WorkerLimits { processor_s: 2, ..WorkerLimits::default() });
    assert_eq!(why, "it took more than 2 s of processor time");
}

#[test]
fn a_worker_that_hands_back_too_much_is_not_believed() {
    // It answers whatever it likes: here, for ever.
    let limits = WorkerLimits { artifact_bytes: 1 << 20, ..WorkerLimits::default() };
    let endless = Worker::new(|| shell("cat /dev/zero", &[]), limits);
    let Err(Failed::Unmade(why)) = make(&endless, &Guest::new(&wit()), &Limits::default()) else { panic!() };
    assert_eq!(why, "what was compiled has more than 1048576 bytes");
    let silent = Worker::new(|| shell("exit 7", &[]), limits);
    let Err(Failed::Unmade(why)) = make(&silent, &Guest::new(&wit()), &Limits::default()) else { panic!() };
    assert_eq!(why, "the worker ended without an answer (exit status: 7)");
    let missing = Worker::new(|| Command::new("/nowhere/lexgate"), limits);
    let Err(Failed::Unmade(why)) = make(&missing, &Guest::new(&wit()), &Limits::default()) else { panic!() };
    assert!(why.starts_with("the worker does not start: "), "{why}");
}

#[test]
fn what_is_no_order_is_refused() {
    let huge = u32::MAX.to_le_bytes();
    let cut = [&64u32.to_le_bytes()[..], b"{}"].concat();
    let other = [&2u32.to_le_bytes()[..], b"{}"].concat();
    for input in [&b""[..], b"lex", b"garbage from somewhere", &huge, &cut, &other] {
        let ran = ran::run(&mut program(), input);
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{}", ran.err);
        let words = "this command is for other processes of lexgate, which order it to prepare a policy";
        assert!(ran.err.contains(words), "{}", ran.err);
    }
}

/// Returns a command that a shell runs; what follows are its `$0`, `$1` and so on.
fn shell(script: &str, arguments: &[&Path]) -> Command {
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(script).args(arguments);
    command
}

/// Returns an order as a worker gets it, and the environment it gets it in.
fn overheard() -> (Vec<u8>, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let [order, environment] = ["order", "environment"].map(|name| folder.path().join(name));
    let paths: [PathBuf; 2] = [order.clone(), environment.clone()];
    let script = "cat /proc/$$/environ > \"$1\"; cat > \"$0\"";
    let listening = move || {
        let mut command = shell(script, &[&paths[0], &paths[1]]);
        command.env("SET", "by the command").env_remove("PATH");
        command
    };
    let listening = Worker::new(listening, WorkerLimits::default());
    make(&listening, &Guest::new(&wit()), &Limits::default()).unwrap_err();
    (std::fs::read(order).unwrap(), std::fs::read(environment).unwrap())
}

/// A process that ends with the test.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Started {
    fn file(&self, name: &str) -> PathBuf {
        Path::new("/proc").join(self.0.id().to_string()).join(name)
    }

    fn descriptors(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.file("fd")).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_worker_has_nothing_but_its_order() {
    let (order, environment) = overheard();
    assert_eq!(String::from_utf8(environment).unwrap(), "SET=by the command\0");

    // Whoever starts it has left two descriptors open.
    let script = "exec 8</dev/null 9>/dev/null; exec \"$0\" prepare-worker";
    let mut command = shell(script, &[Path::new(env!("CARGO_BIN_EXE_lexgate"))]);
    command.env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut started = Started(command.spawn().unwrap());
    let mut input = started.0.stdin.take().unwrap();
    let (half, rest) = order.split_at(order.len() / 2);
    input.write_all(half).unwrap();
    // It waits for the rest; that it has begun shows when what it was left is gone.
    let begun = Instant::now();
    while started.descriptors() != ["0", "1", "2"] {
        assert!(begun.elapsed() < Duration::from_secs(120), "it has {:?}", started.descriptors());
        std::thread::yield_now();
    }
    // What the shell sets, and the descriptors' limit is the last of what is given up.
    let limits = || std::fs::read_to_string(started.file("limits")).unwrap();
    while !limits().lines().any(|line| line.starts_with("Max open files") && line.contains(" 256 ")) {
        assert!(begun.elapsed() < Duration::from_secs(120), "{}", limits());
        std::thread::yield_now();
    }
    let limits = limits();
    let limit = |name: &str| limits.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
    let WorkerLimits { processor_s, memory_bytes, .. } = WorkerLimits::default();
    for (name, most) in
        [("Max cpu time", processor_s), ("Max data size", memory_bytes), ("Max core file size", 0)]
    {
        let words = limit(name);
        let figures: Vec<_> = words.split_whitespace().take(2).collect();
        assert_eq!(figures, [most.to_string(), most.to_string()], "{name}");
    }

    input.write_all(rest).unwrap();
    drop(input);
    let mut answer = Vec::new();
    started.0.stdout.take().unwrap().read_to_end(&mut answer).unwrap();
    assert!(started.0.wait().unwrap().success());
    let made = make(&worker(WorkerLimits::default()), &Guest::new(&wit()), &Limits::default()).unwrap();
    assert!(answer.ends_with(&made.code), "half an order and the other half are an order");
}
