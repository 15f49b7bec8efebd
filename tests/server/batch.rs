//! Batches: in order, streamed, and no line spoils another.

use super::*;
use std::io::BufRead;

const BATCH: &str = "/v1/tenants/demo/decisions/batch";

#[test]
fn lines_are_answered_in_order_and_a_bad_one_spoils_nothing() {
    let host = Host::start();
    host.put("demo", &finding("permit"));
    let good = request().to_string();
    let long = "x".repeat((1 << 20) + 1);
    let body = format!("{good}\nrubbish\n\r\n{long}\n{good}\r\n{{\"action\":1}}\n{good}");
    let answer = host.send("POST", BATCH, &[("content-type", "application/x-ndjson")], body.as_bytes());
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/x-ndjson")));
    let lines: Vec<Value> = answer.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> = lines
        .iter()
        .map(|line| (line["line"].clone(), line["permitted"].clone(), line["error"]["status"].clone()))
        .collect();
    let expected =
        [(1, true, 0), (2, false, 400), (4, false, 413), (5, true, 0), (6, false, 400), (7, true, 0)];
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(line, good, status)| {
            let null = Value::Null;
            (
                json!(line),
                if good { json!(true) } else { null.clone() },
                if good { null } else { json!(status) },
            )
        })
        .collect();
    assert_eq!(told, expected);
    assert_eq!(lines[4]["error"]["pointer"], "/action");
    let listed = host.get("/v1/tenants/demo/decisions").is(200);
    assert_eq!(listed["decisions"].as_array().unwrap().len(), 3);
}

#[test]
fn a_long_batch_keeps_its_order_with_one_revision() {
    let host = Host::start();
    let revision = host.put("demo", &finding("permit"));
    let body = format!("{}\n", request()).repeat(2_000);
    let answer = host.send("POST", BATCH, &[("content-type", "application/x-ndjson")], body.as_bytes());
    let mut lines = 0u64;
    for line in answer.text.lines() {
        lines += 1;
        let told: Value = serde_json::from_str(line).unwrap();
        assert_eq!((&told["line"], &told["revision"]), (&json!(lines), &json!(revision)), "{told}");
    }
    assert_eq!(lines, 2_000);
}

#[test]
fn answers_come_while_the_body_is_still_sent() {
    let host = Host::start();
    host.put("demo", &finding("permit"));
    let mut stream = TcpStream::connect(host.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let head = format!(
        "POST {BATCH} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let line = format!("{}\n", request());
    let chunk = format!("{:x}\r\n{line}\r\n", line.len());
    let mut reader = std::io::BufReader::new(stream.try_clone().unwrap());
    for number in 1..=3 {
        stream.write_all(chunk.as_bytes()).unwrap();
        let mut read = String::new();
        while !read.contains(&format!("{{\"line\":{number},")) {
            read.clear();
            assert_ne!(reader.read_line(&mut read).unwrap(), 0);
        }
    }
    // A client that goes away in the middle takes nothing with it.
    drop((reader, stream));
    host.json("POST", "/v1/tenants/demo/decisions", &request()).is(200);
}
