//! Traces go to a collector: here one that takes a batch over a socket and looks for what it must hold.

use super::*;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// Takes a request of HTTP, tells its head and its body, and then answers it.
fn take(mut stream: TcpStream, tell: &mpsc::Sender<(String, Vec<u8>)>) {
    let mut bytes = Vec::new();
    let mut piece = [0; 1 << 14];
    let head = loop {
        let read = stream.read(&mut piece).unwrap();
        bytes.extend_from_slice(&piece[..read]);
        if let Some(end) = bytes.windows(4).position(|end| end == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
    let length = text.split("content-length: ").nth(1).unwrap().split('\r').next().unwrap().parse().unwrap();
    let mut body = bytes.split_off(head);
    while body.len() < length {
        let read = stream.read(&mut piece).unwrap();
        body.extend_from_slice(&piece[..read]);
    }
    tell.send((text, body)).unwrap();
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
}

#[test]
fn a_request_its_decision_and_each_policy_are_spans_of_the_callers_trace() {
    let collector = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = collector.local_addr().unwrap();
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in collector.incoming() {
            take(stream.unwrap(), &tell);
        }
    });
    let data = tempfile::tempdir().unwrap();
    let config = data.path().join("lexgate.toml");
    std::fs::write(&config, format!("otlp = \"http://{address}/v1/traces\"\n")).unwrap();
    let mut arguments = arguments(data.path());
    arguments.extend(["--config".to_owned(), config.to_str().unwrap().to_owned()]);
    let mut served = Served::of(program(data.path()).args(arguments));
    let set = set(&served.upload(&finding("permit")));
    served.send("PUT", "/v1/tenants/demo/set", &set).is(201);
    let parent = format!("00-{TRACE}-b7ad6b7169203331-01");
    let headers = [("content-type", "application/json"), ("traceparent", parent.as_str())];
    let decisions = "/v1/tenants/demo/decisions";
    let body = request().to_string();
    served.try_send("POST", decisions, &headers, body.as_bytes()).unwrap().is(200);
    // Told to stop, it sends what waits.
    let process = rustix::process::Pid::from_raw(served.child.id().try_into().unwrap()).unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
    assert!(served.child.wait().unwrap().success());
    let batches: Vec<_> = told.try_iter().collect();
    assert!(!batches.is_empty());
    let (head, _) = &batches[0];
    assert!(head.starts_with("post /v1/traces http/1.1"), "{head}");
    assert!(head.contains("content-type: application/x-protobuf"), "{head}");
    let all: Vec<u8> = batches.into_iter().flat_map(|(_, body)| body).collect();
    let has = |part: &[u8]| all.windows(part.len()).filter(|window| *window == part).count();
    let trace: Vec<u8> =
        (0..16).map(|at| u8::from_str_radix(&TRACE[2 * at..2 * at + 2], 16).unwrap()).collect();
    for name in ["request", "decision", "policy", "service.name", "lexgate", "url.path", decisions, "fuel"] {
        assert!(has(name.as_bytes()) > 0, "`{name}` is not told");
    }
    // Three spans of the caller's trace: of the request, its decision, and the one policy.
    assert_eq!(has(&trace), 3);
}
