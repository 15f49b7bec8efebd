//! The server over real sockets: a folder, a listener and a client for each test.

#![expect(clippy::disallowed_methods, reason = "a test makes its own folders, and reads the clock")]

#[expect(dead_code, reason = "other tests prepare guests themselves")]
#[path = "../guests/mod.rs"]
mod guests;
#[path = "../shipped/mod.rs"]
mod shipped;

mod access;
mod authzen;
mod batch;
mod decisions;
mod jwt;
mod keeping;
mod openapi;
mod quotas;
mod replay;
mod sets;
mod tls;
mod trouble;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use guests::{Guest, Wit};
use lexgate_engine::{Cache, Engine};
use lexgate_server::{Authentication, Config, Recording, Server, ServerLimits};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::num::NonZeroUsize;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// A server that runs, and stops when it is dropped.
struct Host {
    folder: Arc<tempfile::TempDir>,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// An answer over HTTP.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// The body, of an answer with this status.
    #[track_caller]
    fn is(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        self.json()
    }
}

/// One engine for all tests: each reserves the address space of its pool. What it made is kept, as the program keeps it.
fn engine() -> Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    let start = || {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("server-cache");
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&path).unwrap();
        let folder = Dir::open_ambient_dir(path, ambient_authority()).unwrap();
        Engine::builder().cache(Cache::new(folder, [7; 32], 1 << 28).unwrap()).start().unwrap()
    };
    ENGINE.get_or_init(start).clone()
}

fn wit() -> &'static Wit {
    static WIT: OnceLock<Wit> = OnceLock::new();
    WIT.get_or_init(|| Wit::read("wit"))
}

impl Host {
    fn start() -> Host {
        Host::with(Arc::new(tempfile::tempdir().unwrap()), |_| {})
    }

    /// Starts one in a folder, with another configuration than the usual.
    fn with(folder: Arc<tempfile::TempDir>, change: impl FnOnce(&mut Config)) -> Host {
        let mut config = Config {
            recording: Recording::EveryDecision,
            quotas: Default::default(),
            authentication: Authentication::Loopback,
            tls: None,
            default_tenant: Some("demo".parse().unwrap()),
            public_url: "https://pdp.example".to_owned(),
            limits: ServerLimits::of(NonZeroUsize::new(2).unwrap()),
            retention: Vec::new(),
            trust: Default::default(),
            clock: Arc::new(jiff::Timestamp::now),
            index: Some(folder.path().to_owned()),
            boot: Some("this run".to_owned()),
        };
        change(&mut config);
        let data = Dir::open_ambient_dir(folder.path(), ambient_authority()).unwrap();
        let server = Server::open(&data, engine(), config).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, address) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            runtime.unwrap().block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                server.serve(listener, async { drop(stopped.await) }).await.unwrap();
            });
        });
        Host { folder, address: address.recv().unwrap(), stop: Some(stop), thread: Some(thread) }
    }

    /// Stops it, and starts another in its folder.
    fn again(mut self) -> Host {
        let folder = Arc::clone(&self.folder);
        self.end();
        Host::with(folder, |_| {})
    }

    fn end(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }

    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .into();
        let mut request =
            ureq::http::Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = if method == "GET" {
            agent.run(request.body(()).unwrap()).unwrap()
        } else {
            agent.run(request.body(body).unwrap()).unwrap()
        };
        let headers = answer.headers().iter();
        let headers =
            headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        let text = answer.body_mut().read_to_string().unwrap();
        let answer = Answer { status: answer.status().as_u16(), headers, text };
        openapi::documents(method, path, &answer);
        answer
    }

    fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], &[])
    }

    fn json(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.send(method, path, &[("content-type", "application/json")], body.to_string().as_bytes())
    }

    /// Uploads a package, and returns its digest.
    fn upload(&self, package: &[u8]) -> String {
        let answer = self.send("POST", "/v1/packages", &[("content-type", "application/wasm")], package);
        answer.is(201)["digest"].as_str().unwrap().to_owned()
    }

    /// Puts a set of one binding for a tenant, and returns its revision.
    fn put(&self, tenant: &str, package: &[u8]) -> String {
        let digest = self.upload(package);
        self.put_set(tenant, &set(&[("rules", &digest)]))["revision"].as_str().unwrap().to_owned()
    }

    /// Puts a set of a tenant, and returns what serves then. The first makes the tenant.
    #[track_caller]
    fn put_set(&self, tenant: &str, set: &Value) -> Value {
        let answer = self.json("PUT", &format!("/v1/tenants/{tenant}/set"), set);
        let first = answer.json()["number"] == 1;
        answer.is(if first { 201 } else { 200 })
    }

    /// Sends bytes as they are, and returns what comes back until the connection ends.
    fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(bytes).unwrap();
        let mut text = Vec::new();
        let _ = stream.read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.end();
    }
}

/// A set of bindings, with the otherwise of deny.
fn set(bindings: &[(&str, &str)]) -> Value {
    let bindings: Vec<_> = bindings
        .iter()
        .map(|(id, package)| json!({ "id": id, "package": package, "limits": { "deadlineMs": 500 } }))
        .collect();
    json!({ "otherwise": "deny", "bindings": bindings })
}

/// A policy that finds this, whatever it is asked.
fn finding(outcome: &str) -> Vec<u8> {
    let obligations = if outcome == "permit-with-obligations" {
        json!([{ "kind": "log", "binding": true, "properties": [], "fulfil-on": [] }])
    } else {
        json!([])
    };
    let finding = json!({
        "rule": "r1", "code": "plain", "floor": outcome, "ceiling": outcome, "licensing": null, "arguments": [],
        "evidence": [{ "at": "request", "field": "action" }], "derived": [], "obligations": obligations, "missing": [],
    });
    Guest { evaluate: json!({ "ok": [finding] }).into(), ..Guest::new(wit()) }.package()
}

/// A policy that traps.
fn trapping() -> Vec<u8> {
    Guest { evaluate: "unreachable".into(), ..Guest::new(wit()) }.package()
}

fn request() -> Value {
    guests::request().to_value()
}

/// The bytes of a file below the root of the project.
fn file(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}
