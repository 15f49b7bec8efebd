//! `lexgate set`: shown, applied, compared, rolled back.

use super::*;
use std::sync::{Arc, Mutex};

/// A server, and a folder of files for the program.
struct Desk {
    files: tempfile::TempDir,
    server: Served,
}

impl Desk {
    fn start() -> Desk {
        let files = tempfile::tempdir().unwrap();
        let server = Served::start(&files.path().join("data"));
        Desk { files, server }
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.files.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    fn run(&self, args: &[&str]) -> Ran {
        let server = self.server.url();
        let always = ["set", "--server", &server, "--tenant", "acme"];
        run(program(self.files.path()).env_remove("LEXGATE_KEY").args(always).args(args), b"")
    }

    #[track_caller]
    fn json(&self, args: &[&str], code: i32) -> Value {
        let ran = self.run(&[args, &["--json"]].concat());
        assert_eq!((ran.code, ran.err.as_str()), (code, ""), "{}", ran.out);
        serde_json::from_str(&ran.out).unwrap()
    }
}

fn toml(outcome: &str, more: &str) -> String {
    format!("otherwise = \"deny\"\n\n[[bindings]]\nid = \"rules\"\npackage = \"{outcome}.wasm\"\n{more}")
}

fn desk() -> Desk {
    let desk = Desk::start();
    for outcome in ["permit", "deny"] {
        desk.write(&format!("{outcome}.wasm"), finding(outcome));
    }
    desk
}

#[test]
fn a_set_is_applied_compared_and_rolled_back() {
    let desk = desk();
    desk.write("one.toml", toml("permit", ""));
    desk.write("two.toml", toml("deny", "mode = \"shadow\"\n"));

    let dry = desk.json(&["apply", "one.toml", "--dry-run"], 0);
    assert_eq!((&dry["revision"], &dry["from"], &dry["uploaded"]), (&Value::Null, &Value::Null, &json!([])));
    assert_eq!(dry["changes"][1]["binding"], "rules");
    desk.server.get("/v1/tenants/acme/set").is(404);

    let first = desk.json(&["apply", "one.toml"], 0);
    assert_eq!(first["uploaded"].as_array().unwrap().len(), 1);
    let first = first["revision"].as_str().unwrap().to_owned();
    // The same again changes nothing, and uploads nothing.
    let again = desk.json(&["apply", "one.toml"], 0);
    assert_eq!((&again["changes"], &again["revision"]), (&json!([]), &Value::Null));
    assert_eq!(desk.json(&["diff", "one.toml"], 0)["changes"], json!([]));

    let ran = desk.run(&["diff", "two.toml"]);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    assert!(ran.out.contains("~ binding `rules`: mode  enforce -> shadow\n"), "{}", ran.out);
    let ran = desk.run(&["apply", "two.toml"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "no progress in a pipe");
    assert!(ran.out.ends_with(" serves\n"), "{}", ran.out);

    let shown = desk.json(&["show"], 0);
    let second = shown["revision"].as_str().unwrap().to_owned();
    assert_eq!(shown["status"][0]["policy"]["id"], "guest");
    assert_eq!(desk.json(&["show", &first], 0)["set"]["bindings"][0]["mode"], "enforce");
    let ran = desk.run(&["show"]);
    assert!(ran.out.contains("rules  shadow  guest 1.0.0, starts from a snapshot\n"), "{}", ran.out);

    let changes = desk.json(&["diff", "--from", &first, "--to", &second], 1);
    assert_eq!(changes["changes"].as_array().unwrap().len(), 2);
    let third = desk.json(&["rollback", &first], 0);
    assert_eq!(third["from"], second.as_str());
    let history = desk.json(&["history"], 0);
    let names: Vec<_> =
        history["revisions"].as_array().unwrap().iter().map(|past| &past["revision"]).collect();
    assert_eq!(names, [&third["revision"], &json!(second), &json!(first)]);
    assert_eq!(desk.json(&["diff", "--from", &first], 0)["changes"], json!([]));
    let ran = desk.run(&["history", "--last", "1"]);
    assert_eq!(ran.out.lines().count(), 1);
    assert!(ran.out.contains(&format!("rollback to {first}")), "{}", ran.out);
}

#[test]
fn packages_and_datasets_are_named_by_path_from_the_folder_of_the_file() {
    let desk = Desk::start();
    desk.write("sets/packages/rules.wasm", finding("permit"));
    desk.write("sets/data/list.csv", "a,b\n");
    let set = json!({ "otherwise": "deny", "bindings": [{ "id": "rules", "package": "packages" }] });
    desk.write("sets/set.json", set.to_string());
    let applied = desk.json(&["apply", "sets/set.json"], 0);
    assert_eq!(applied["uploaded"].as_array().unwrap().len(), 1);
    // A dataset that the policy does not know is uploaded, and refused by name; the set before goes on serving.
    let mut with = set;
    with["bindings"][0]["datasets"] = json!([{ "name": "list", "path": "data/list.csv" }]);
    desk.write("sets/with.json", with.to_string());
    let ran = desk.run(&["apply", "sets/with.json"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("/bindings/0") && ran.err.contains("list"), "{}", ran.err);
    assert_eq!(desk.json(&["show"], 0)["revision"], applied["revision"]);
}

#[test]
fn what_is_wrong_is_told_and_nothing_is_put() {
    let desk = desk();
    desk.write("bad.toml", toml("permit", "mode = \"open\"\n"));
    desk.write("gone.toml", toml("gone", ""));
    desk.write("none.toml", "otherwise");
    for (args, words) in [
        (vec!["apply", "bad.toml"], "(at /bindings/0/mode)"),
        (vec!["apply", "gone.toml"], "binding `rules`"),
        (vec!["apply", "none.toml"], "`none.toml` is no set"),
        (vec!["apply", "no/such.toml"], "cannot open folder `no`"),
        (vec!["show"], "there is no tenant `acme`"),
        (vec!["rollback", "1-x"], "has no set yet"),
        (vec!["diff"], "required"),
        (vec!["diff", "--from", "1-000000000000"], "(404)"),
    ] {
        let ran = desk.run(&args);
        assert_eq!(ran.code, 1, "{args:?} {}", ran.out);
        assert!(ran.err.contains(words), "{args:?} {}", ran.err);
    }
    desk.server.get("/v1/tenants/acme/set").is(404);
}

#[test]
fn a_change_that_somebody_made_meanwhile_is_not_lost() {
    let desk = desk();
    desk.write("one.toml", toml("permit", ""));
    desk.write("two.toml", toml("deny", ""));
    desk.json(&["apply", "one.toml"], 0);
    let others = set(&desk.server.upload(&finding("review")));
    // Between the program and the server sits somebody who changes the set when the difference was made.
    let upstream = desk.server.url();
    let meddler = Meddler::start(upstream, others);
    let args = ["set", "--server", &meddler.url, "--tenant", "acme", "apply", "two.toml"];
    let ran = run(program(desk.files.path()).args(args), b"");
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(ran.err.contains("somebody else changed the set meanwhile"), "{}", ran.err);
    assert_eq!(desk.json(&["show"], 0)["number"], 2);
}

/// Passes requests on, and puts a set of its own before the first `PUT`.
struct Meddler {
    url: String,
}

impl Meddler {
    fn start(upstream: String, others: Value) -> Meddler {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            let address = upstream.trim_start_matches("http://").to_owned();
            for stream in listener.incoming() {
                let (others, address) = (others.clone(), address.clone());
                std::thread::spawn(move || pass(stream.unwrap(), &address, &others));
            }
        });
        Meddler { url }
    }
}

fn pass(client: std::net::TcpStream, address: &str, others: &Value) {
    use std::io::{Read, Write};
    let server = std::net::TcpStream::connect(address).unwrap();
    let (mut from_server, mut to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    std::thread::spawn(move || drop(std::io::copy(&mut from_server, &mut to_client)));
    let (mut client, mut server, mut bytes) = (client, server, vec![0; 64 << 10]);
    while let Ok(count @ 1..) = client.read(&mut bytes) {
        if bytes.starts_with(b"PUT ") {
            let url = format!("http://{address}/v1/tenants/acme/set");
            let put = agent().put(url).header("content-type", "application/json").send(others.to_string());
            assert_eq!(put.unwrap().status(), 200);
        }
        server.write_all(&bytes[..count]).unwrap();
    }
}

#[test]
fn a_key_is_sent_and_goes_nowhere_else() {
    // What arrives, as a server would read it.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let heads = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&heads);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            use std::io::Write;
            let mut stream = stream.unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let head: Vec<String> = lines.map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
            seen.lock().unwrap().push(head);
            // Somebody who wants the key elsewhere.
            let away = "HTTP/1.1 307 away\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            stream.write_all(away.as_bytes()).unwrap();
        }
    });
    let files = tempfile::tempdir().unwrap();
    std::fs::write(files.path().join("key"), "secret-of-a-file\n").unwrap();
    let ask = |server: &str, more: &[&str]| {
        let mut command = program(files.path());
        command.env("LEXGATE_KEY", "secret-of-the-environment").env("HTTP_PROXY", "http://127.0.0.1:1");
        run(command.args(["set", "--server", server, "--tenant", "acme", "show"]).args(more), b"")
    };
    let ran = ask(&url, &[]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("the answer is 307"), "{}", ran.err);
    ask(&url, &["--key-file", "key"]);
    let keys: Vec<_> = heads
        .lock()
        .unwrap()
        .iter()
        .flatten()
        .filter_map(|line| line.to_ascii_lowercase().strip_prefix("authorization: ").map(str::to_owned))
        .collect();
    assert_eq!(keys, ["bearer secret-of-the-environment", "bearer secret-of-a-file"]);
    for elsewhere in ["http://lexgate.example", "http://192.0.2.1:8181"] {
        let ran = ask(elsewhere, &[]);
        assert_eq!(ran.code, 1);
        assert!(ran.err.contains("a key is not sent to"), "{}", ran.err);
        assert!(!ran.err.contains("secret"), "{}", ran.err);
    }
}
