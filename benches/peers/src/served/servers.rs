//! The servers, each a process of its own.

use crate::{guests, native};
use anyhow::{Context, Result, bail};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::post;
use axum::serve::ListenerExt;

use lexgate_engine::Engine;
use lexgate_server::{Authentication, Config, Recording, Server, ServerLimits, SetDocument, TenantName};
use rustix::thread::{CpuSet, sched_setaffinity};
use serde_json::json;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, mpsc};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// A kind of server.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    /// The bare server it is compared with.
    pub(super) beside: &'static str,
    pub(super) path: &'static str,
    /// What every answer has.
    pub(super) answer: &'static str,
}

const LICENCE: &str = r#""floor":"licence-required""#;
const DECISIONS: &str = "/v1/tenants/w/decisions";
const EVERY_TENANTS: &str = "/v1/tenants/{tenant}/decisions";
const BARE: &str = "bare, native rule, appends and syncs";
const BARE_OFF: &str = "bare, native rule, no log";
const OURS: &str = "Lexgate";
const OURS_OFF: &str = "Lexgate, records off";
const OURS_SHARED: &str = "Lexgate, two tenants";
const BARE_SHARED: &str = "bare, two tenants";

pub(super) const KINDS: [Kind; 4] = [
    Kind { name: BARE, beside: BARE, path: DECISIONS, answer: LICENCE },
    Kind { name: OURS, beside: BARE, path: DECISIONS, answer: LICENCE },
    Kind { name: BARE_OFF, beside: BARE_OFF, path: DECISIONS, answer: LICENCE },
    Kind { name: OURS_OFF, beside: BARE_OFF, path: DECISIONS, answer: LICENCE },
];

/// Servers that two tenants share, on all processors. The bare one knows no tenants: what is noticed there is the machine's.
pub(super) const SHARED: [Kind; 2] = [
    Kind { name: BARE_SHARED, beside: BARE_SHARED, path: DECISIONS, answer: LICENCE },
    Kind { name: OURS_SHARED, beside: BARE_SHARED, path: DECISIONS, answer: LICENCE },
];

/// Bytes that Lexgate's log takes for one decision of the workload, from a run of it: what the bare server appends.
const ENTRY_BYTES: usize = 4_350;

/// Keeps this process on one processor.
pub(super) fn pin(processor: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(processor);
    sched_setaffinity(None, &set).context("cannot stay on one processor; two are needed")
}

/// A server in another process, ended when it is dropped.
pub(super) struct Child {
    pub(super) kind: &'static Kind,
    pub(super) port: u16,
    process: std::process::Child,
}

impl Child {
    pub(super) fn start(kind: &'static Kind, folder: &Path) -> Result<Child> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["--serve", kind.name])
            .arg(folder)
            .stdout(Stdio::piped())
            .stdin(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().context("no output")?).read_line(&mut line)?;
        let port = line.trim().parse().with_context(|| format!("`{}` does not start", kind.name))?;
        Ok(Child { kind, port, process })
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Serves one kind on one processor, and prints its port.
pub fn serve(name: &str, folder: &Path) -> Result<()> {
    let threads = if matches!(name, OURS_SHARED | BARE_SHARED) { 2 } else { 1 };
    if threads == 1 {
        pin(0)?;
    }
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(threads).enable_all();
    if !matches!(name, BARE | BARE_OFF | BARE_SHARED) {
        runtime.on_thread_start(lexgate_engine::interrupt_nobody);
    }
    let runtime = runtime.build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let told = move || println!("{port}");
        match name {
            BARE | BARE_OFF | BARE_SHARED => {
                let log = (name != BARE_OFF).then(|| Appender::start(folder)).transpose()?;
                told();
                let routes = Router::new().route(EVERY_TENANTS, post(bare)).with_state(log);
                Ok(axum::serve(listener.tap_io(|stream| drop(stream.set_nodelay(true))), routes).await?)
            }
            OURS | OURS_OFF | OURS_SHARED => {
                let off = name == OURS_OFF;
                let recording = if off { Recording::Nothing } else { Recording::EveryDecision };
                let server = ours(folder, recording, threads)?;
                told();
                Ok(server.serve(listener, std::future::pending()).await?)
            }
            _ => bail!("there is no server `{name}`"),
        }
    })
}

async fn bare(State(log): State<Option<Appender>>, body: Bytes) -> Result<impl IntoResponse, StatusCode> {
    let answer = native::decide(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    if let Some(log) = log {
        log.append().await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    }
    Ok(([("content-type", "application/json")], answer))
}

/// Appends as many bytes as Lexgate does, and syncs once for all that came meanwhile.
#[derive(Clone)]
struct Appender(mpsc::Sender<(Vec<u8>, oneshot::Sender<()>)>);

impl Appender {
    fn start(folder: &Path) -> Result<Appender> {
        let mut file = File::create(folder.join("bare.log"))?;
        let (sender, receiver) = mpsc::channel::<(Vec<u8>, oneshot::Sender<()>)>();
        std::thread::spawn(move || -> std::io::Result<()> {
            while let Ok(first) = receiver.recv() {
                let (mut bytes, mut waiting) = (Vec::new(), Vec::new());
                for (entry, done) in std::iter::once(first).chain(receiver.try_iter().take(255)) {
                    bytes.extend(entry);
                    waiting.push(done);
                }
                file.write_all(&bytes)?;
                file.sync_data()?;
                for done in waiting {
                    let _ = done.send(());
                }
            }
            Ok(())
        });
        Ok(Appender(sender))
    }

    async fn append(&self) -> Result<()> {
        let (done, durable) = oneshot::channel();
        self.0.send((vec![b'x'; ENTRY_BYTES], done))?;
        Ok(durable.await?)
    }
}

/// Opens Lexgate's server with the policy of the workload for one tenant.
fn ours(folder: &Path, recording: Recording, threads: usize) -> Result<Server> {
    let data = tempfile::tempdir_in(folder)?.keep();
    let dir = cap_std::fs::Dir::open_ambient_dir(&data, cap_std::ambient_authority())?;
    let config = Config {
        authentication: Authentication::Loopback,
        tls: None,
        retention: Vec::new(),
        default_tenant: None,
        public_url: "http://127.0.0.1".to_owned(),
        limits: ServerLimits::of(threads.try_into()?),
        quotas: lexgate_server::Quotas::default(),
        trust: lexgate_packages::Trust::default(),
        clock: Arc::new(jiff::Timestamp::now),
        index: Some(data),
        boot: Some("this run".to_owned()),
        recording,
    };
    let server = Server::open(&dir, Engine::new()?, config)?;
    let package = server.put_package(&guests::package("screening")?.bytes).map_err(told)?;
    let set = json!({ "otherwise": "deny", "bindings": [{ "id": "b", "package": package }] });
    let set = SetDocument::read(&serde_json::to_vec(&set)?).map_err(told)?;
    for tenant in ["w", "storm"] {
        let tenant: TenantName = tenant.parse()?;
        server.put_set(&tenant, set.clone(), "benchmark").map_err(told)?;
    }
    Ok(server)
}

fn told(problem: lexgate_server::Problem) -> anyhow::Error {
    anyhow::anyhow!("{problem:?}")
}
