//! `lexgate serve`, `set` and `log` as one program: its processes, their sockets, its files, real packages.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test may fail anywhere, and makes its own files"
)]

#[path = "../../../../tests/guests/mod.rs"]
#[expect(dead_code, unreachable_pub, reason = "it is a module of several tests")]
mod guests;
#[path = "../ran/mod.rs"]
#[expect(dead_code, reason = "it is a module of several tests")]
mod ran;

mod disk;
mod killed;
mod sets;
mod traces;

use guests::{Guest, Wit};
use ran::{Ran, program, run};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// A process that serves, and is killed when it is dropped.
struct Served {
    child: Child,
    address: String,
}

/// An answer over HTTP.
#[derive(Debug)]
struct Answer {
    status: u16,
    body: Value,
}

impl Answer {
    #[track_caller]
    fn is(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }
}

/// One client for all tests: its connections are kept.
fn agent() -> ureq::Agent {
    static AGENT: OnceLock<ureq::Agent> = OnceLock::new();
    AGENT.get_or_init(|| ureq::Agent::config_builder().http_status_as_error(false).build().into()).clone()
}

/// The arguments of a server in a folder, on a port of the system's choice.
fn arguments(data: &Path) -> Vec<String> {
    let data = data.to_str().unwrap();
    ["serve", "--json", "--no-demo", "--listen", "127.0.0.1:0", "--data", data].map(str::to_owned).to_vec()
}

impl Served {
    fn start(data: &Path) -> Served {
        std::fs::create_dir_all(data).unwrap();
        Served::of(program(data).args(arguments(data)))
    }

    /// Starts a program that serves, and waits until it says where.
    fn of(command: &mut Command) -> Served {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let first: Value = serde_json::from_str(&first).expect("it tells where it listens");
        let url = first["listening"].as_str().unwrap();
        Served { child, address: url.strip_prefix("http://").unwrap().to_owned() }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Asks for something; none if the server is gone.
    fn try_send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Answer> {
        let url = format!("{}{path}", self.url());
        let mut request = ureq::http::Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = match method {
            "GET" => agent().run(request.body(()).unwrap()).ok()?,
            _ => agent().run(request.body(body).unwrap()).ok()?,
        };
        let status = answer.status().as_u16();
        let text = answer.body_mut().read_to_string().ok()?;
        Some(Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) })
    }

    fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        let kind = [("content-type", "application/json")];
        self.try_send(method, path, &kind, body.to_string().as_bytes()).expect("the server answers")
    }

    fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &Value::Null)
    }

    /// Uploads a package, and returns its digest.
    fn upload(&self, package: &[u8]) -> String {
        let kind = [("content-type", "application/wasm")];
        let answer = self.try_send("POST", "/v1/packages", &kind, package).unwrap();
        answer.is(201)["digest"].as_str().unwrap().to_owned()
    }

    /// Kills it, as nothing else does, and waits until it is gone.
    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn wit() -> &'static Wit {
    static WIT: OnceLock<Wit> = OnceLock::new();
    WIT.get_or_init(|| Wit::read("../../wit"))
}

/// A policy that finds this, whatever it is asked.
fn finding(outcome: &str) -> Vec<u8> {
    let finding = json!({
        "rule": "r1", "code": "plain", "floor": outcome, "ceiling": outcome, "licensing": null, "arguments": [],
        "evidence": [{ "at": "request", "field": "action" }], "derived": [], "obligations": [], "missing": [],
    });
    Guest { evaluate: json!({ "ok": [finding] }).into(), ..Guest::new(wit()) }.package()
}

fn request() -> Value {
    guests::request().to_value()
}

/// A set of one binding, with the otherwise of deny.
fn set(package: &str) -> Value {
    json!({ "otherwise": "deny", "bindings": [
        { "id": "rules", "package": package, "limits": { "deadlineMs": 500 } }
    ] })
}
