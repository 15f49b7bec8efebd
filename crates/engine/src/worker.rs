//! Has policies made ready in a process of their own.
//!
//! Compiling a stranger's code cannot be interrupted from inside, and takes what it takes. So it happens in a process that
//! has nothing (no environment of ours, no descriptor but its two pipes), may use so much memory and processor time, and is killed
//! at its deadline. An order goes in through one pipe, what was made comes out of the other:
//!
//! ```text
//! order:  length of head (4 bytes), head (JSON), package, bytes of the datasets one after the other
//! answer: length of head (4 bytes), head (JSON): made, or why not; the artifact
//! ```

use crate::artifact::{Artifact, Head};
use crate::contract::Contract;
use crate::make::{Failed, Maker, Order, Workshop};
use lexgate_model::Digest;
use lexgate_model::date::{self, Period};
use lexgate_model::fault::Limits;
use lexgate_model::package::DatasetVersion;
use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::{Error, ErrorKind, Read, Result, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// What one worker may use up. Every number has its unit last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerLimits {
    /// Wall clock, in seconds; then it is killed.
    pub deadline_s: u64,
    /// Processor time over all its threads, in seconds.
    pub processor_s: u64,
    /// Memory that it can write to, in bytes.
    pub memory_bytes: u64,
    /// What it may hand back, in bytes.
    pub artifact_bytes: u64,
}

impl Default for WorkerLimits {
    /// 120 s of wall clock and of processor time, as interpreters take 30; 2 GiB, as they take 440 MB; 512 MiB, as they
    /// come to 60.
    fn default() -> WorkerLimits {
        WorkerLimits { deadline_s: 120, processor_s: 120, memory_bytes: 2 << 30, artifact_bytes: 512 << 20 }
    }
}

/// Address space beside the memory that can be written to: 4 GiB for each linear memory, never mapped; 15 of them, as one
/// component has one or two.
const RESERVED_BYTES: u64 = 64 << 30;

/// Descriptors of a worker: its pipes, the images of memories, what its runtime needs.
const WORKER_DESCRIPTORS: u64 = 256;

/// Most bytes of a head: parameters and names, or what went wrong.
const MOST_HEAD_BYTES: u32 = 16 << 20;

/// Most workers at a time; chosen by feel: compiling uses all processors already.
const MOST_WORKERS: usize = 2;

/// Has policies made ready in processes.
pub struct Worker {
    command: Box<dyn Fn() -> Command + Send + Sync>,
    limits: WorkerLimits,
    at_work: Mutex<usize>,
    done: Condvar,
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("limits", &self.limits).finish_non_exhaustive()
    }
}

#[derive(Serialize, Deserialize)]
struct OrderHead {
    worker: WorkerLimits,
    contract: String,
    parameters: String,
    limits: Limits,
    alone: bool,
    package_bytes: u64,
    datasets: Vec<DatasetHead>,
}

#[derive(Serialize, Deserialize)]
struct DatasetHead {
    name: String,
    version: String,
    from: Option<String>,
    until: Option<String>,
    digest: Digest,
    bytes: u64,
}

type AnswerHead = std::result::Result<(), Failed>;

impl Worker {
    /// Returns a workshop that starts a process for every order. `command` is one that calls [`work`] with its standard
    /// input and output; its descriptors are taken care of here. Of the environment it gets what the command sets, and nothing
    /// else.
    #[must_use]
    pub fn new(command: impl Fn() -> Command + Send + Sync + 'static, limits: WorkerLimits) -> Worker {
        Worker { command: Box::new(command), limits, at_work: Mutex::new(0), done: Condvar::new() }
    }

    /// Waits until fewer than the most are at work.
    fn begin(&self) -> AtWork<'_> {
        let mut at_work = self.at_work.lock().unwrap_or_else(PoisonError::into_inner);
        while *at_work >= MOST_WORKERS {
            at_work = self.done.wait(at_work).unwrap_or_else(PoisonError::into_inner);
        }
        *at_work += 1;
        AtWork(self)
    }

    /// Runs a process on an order: what it answered, and how it ended.
    fn run(&self, order: Vec<Vec<u8>>) -> Result<(Vec<u8>, Ended)> {
        let mut command = (self.command)();
        let set = command.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
        let set: Vec<_> = set.collect();
        command.env_clear().envs(set).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let most = self.limits.artifact_bytes.saturating_add(u64::from(MOST_HEAD_BYTES)).saturating_add(4);
        let (send, answer) = mpsc::channel();
        std::thread::Builder::new().name("lexgate-order".to_owned()).spawn(move || {
            let Some(mut input) = input else { return };
            // A worker that ends early is told by how it ended.
            let _ = order.iter().try_for_each(|part| input.write_all(part));
        })?;
        std::thread::Builder::new().name("lexgate-answer".to_owned()).spawn(move || {
            let mut bytes = Vec::new();
            let read = match output {
                Some(output) => output.take(most.saturating_add(1)).read_to_end(&mut bytes),
                None => Ok(0),
            };
            let _ = send.send(read.map(|_| bytes));
        })?;
        match answer.recv_timeout(Duration::from_secs(self.limits.deadline_s)) {
            Ok(Ok(bytes)) if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > most => {
                end(&mut child);
                Ok((Vec::new(), Ended::TooLarge))
            }
            Ok(read) => Ok((read?, Ended::By(child.wait()?))),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                end(&mut child);
                Ok((Vec::new(), Ended::Late))
            }
        }
    }

    /// Says how a worker ended that did not answer.
    fn why(&self, ended: Ended) -> String {
        let WorkerLimits { deadline_s, processor_s, memory_bytes, artifact_bytes } = self.limits;
        match ended {
            Ended::Late => format!("it took more than {deadline_s} s"),
            Ended::TooLarge => format!("what was compiled has more than {artifact_bytes} bytes"),
            Ended::By(status) => match signal(status) {
                Some(SIGXCPU | SIGKILL) => format!("it took more than {processor_s} s of processor time"),
                Some(SIGABRT | SIGSEGV) => format!("it took more than {memory_bytes} bytes of memory"),
                _ if status.code() == Some(PANICKED) => {
                    format!("preparing it broke, perhaps for want of memory: it may use {memory_bytes} bytes")
                }
                _ => format!("the worker ended without an answer ({status})"),
            },
        }
    }
}

/// How a worker ended.
enum Ended {
    By(ExitStatus),
    Late,
    TooLarge,
}

/// The exit code of a Rust program that panics: a thread or a table could not be had, or a library met what it cannot treat.
const PANICKED: i32 = 101;

const SIGABRT: i32 = 6;
const SIGKILL: i32 = 9;
const SIGSEGV: i32 = 11;
const SIGXCPU: i32 = 24;

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

fn end(child: &mut Child) {
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}

/// A worker at work; the next may begin when it is dropped.
struct AtWork<'w>(&'w Worker);

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        *self.0.at_work.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.0.done.notify_one();
    }
}

impl Workshop for Worker {
    fn make(&self, order: Order<'_>) -> std::result::Result<Artifact, Failed> {
        let _at_work = self.begin();
        let parts = order_parts(order, self.limits).map_err(|error| Failed::Unmade(error.to_string()))?;
        let (bytes, ended) =
            self.run(parts).map_err(|error| Failed::Unmade(format!("the worker does not start: {error}")))?;
        match answer(&bytes) {
            Some(Ok(artifact)) => Ok(artifact),
            Some(Err(failed)) => Err(failed),
            None => Err(Failed::Unmade(self.why(ended))),
        }
    }
}

fn order_parts(order: Order<'_>, worker: WorkerLimits) -> Result<Vec<Vec<u8>>> {
    let length = |bytes: &[u8]| u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let dataset = |dataset: &DatasetVersion| DatasetHead {
        name: dataset.name.clone(),
        version: dataset.version.clone(),
        from: dataset.period.from.map(|day| day.to_string()),
        until: dataset.period.until.map(|day| day.to_string()),
        digest: dataset.digest,
        bytes: length(&dataset.bytes),
    };
    let head = OrderHead {
        worker,
        contract: order.contract.to_owned(),
        parameters: order.parameters.to_owned(),
        limits: *order.limits,
        alone: order.alone,
        package_bytes: length(order.package),
        datasets: order.datasets.iter().map(dataset).collect(),
    };
    let mut parts = vec![head_bytes(&head)?, order.package.to_vec()];
    parts.extend(order.datasets.iter().map(|dataset| dataset.bytes.to_vec()));
    Ok(parts)
}

fn answer(bytes: &[u8]) -> Option<std::result::Result<Artifact, Failed>> {
    let mut rest = bytes;
    let head: AnswerHead = read_head(&mut rest).ok()?;
    if let Err(failed) = head {
        return Some(Err(failed));
    }
    let (Head { start, configuring, alone }, code) = Artifact::read(rest)?;
    Some(Ok(Artifact { start, configuring, alone, code: code.to_vec() }))
}

fn head_bytes(head: &impl Serialize) -> Result<Vec<u8>> {
    let head = serde_json::to_vec(head)?;
    let length = u32::try_from(head.len()).ok().filter(|&length| length <= MOST_HEAD_BYTES);
    let length = length.ok_or(ErrorKind::FileTooLarge)?;
    Ok([&length.to_le_bytes()[..], &head].concat())
}

fn read_head<T: for<'d> Deserialize<'d>>(input: &mut impl Read) -> Result<T> {
    let mut length = [0; 4];
    input.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length);
    if length > MOST_HEAD_BYTES {
        return Err(ErrorKind::FileTooLarge.into());
    }
    let head = read_bytes(input, u64::from(length))?;
    Ok(serde_json::from_slice(&head)?)
}

fn read_bytes(input: &mut impl Read, length: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(length).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).ok() == Some(length) {
        Ok(bytes)
    } else {
        Err(ErrorKind::UnexpectedEof.into())
    }
}

/// The other side: makes the one policy ready that `input` orders, and answers on `output`. The process gives up what it
/// does not need first: descriptors, and the right to more memory and time than the order grants. It is good for nothing
/// else afterwards.
///
/// # Errors
/// When the order cannot be read or the answer cannot be written.
pub fn work(
    mut input: impl Read,
    mut output: impl Write,
    contracts: &[fn() -> Box<dyn Contract>],
) -> Result<()> {
    let head: OrderHead = read_head(&mut input)?;
    confine(&head.worker)?;
    let package = read_bytes(&mut input, head.package_bytes)?;
    let mut datasets = Vec::new();
    for dataset in &head.datasets {
        let day = |text: &Option<String>| match text {
            Some(text) => date::parse(text).map(Some).ok_or(ErrorKind::InvalidData),
            None => Ok(None),
        };
        datasets.push(DatasetVersion {
            name: dataset.name.clone(),
            version: dataset.version.clone(),
            period: Period { from: day(&dataset.from)?, until: day(&dataset.until)? },
            digest: dataset.digest,
            bytes: read_bytes(&mut input, dataset.bytes)?.into(),
        });
    }
    let datasets = datasets.into();
    let order = Order {
        package: &package,
        contract: &head.contract,
        parameters: &head.parameters,
        datasets: &datasets,
        limits: &head.limits,
        alone: head.alone,
    };
    // Everything else that it starts with is the same each time.
    let too_little = |error| {
        let most = head.worker.memory_bytes;
        Failed::Unmade(format!("{most} bytes of memory are too little to start with: {error:#}"))
    };
    match Maker::new(contracts).map_err(too_little).and_then(|maker| maker.make(order)) {
        Ok(artifact) => {
            output.write_all(&head_bytes(&AnswerHead::Ok(()))?)?;
            output.write_all(&artifact.to_bytes())?;
        }
        Err(failed) => output.write_all(&head_bytes(&AnswerHead::Err(failed))?)?,
    }
    output.flush()
}

/// Takes from this process what making a policy ready does not need.
fn confine(limits: &WorkerLimits) -> Result<()> {
    // SAFETY: the process has just started for this order, and nothing in it owns a descriptor but the standard ones. Its own
    // are closed when a program starts; these are the ones that whoever started us had left open.
    #[expect(unsafe_code, reason = "there is no safe way to close what nobody owns")]
    let closed = unsafe { libc::close_range(3, libc::c_uint::MAX, 0) };
    if closed != 0 {
        return Err(Error::last_os_error());
    }
    let limit = |resource, most: u64| {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) }).map_err(Error::from)
    };
    limit(Resource::Core, 0)?;
    limit(Resource::Cpu, limits.processor_s)?;
    limit(Resource::Data, limits.memory_bytes)?;
    limit(Resource::As, limits.memory_bytes.saturating_add(RESERVED_BYTES))?;
    limit(Resource::Nofile, WORKER_DESCRIPTORS)
}
