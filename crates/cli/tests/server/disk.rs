//! The disk is full.

use super::*;

const DECISIONS: &str = "/v1/tenants/demo/decisions";

/// Starts a server whose files may not grow beyond so many blocks of 512 bytes: for a file, that is a disk without room.
fn without_room(data: &Path, blocks: u32) -> Served {
    let lexgate = program(data).get_program().to_owned();
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let mut command = program(data);
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).arg(lexgate).args(arguments(data)).current_dir(data);
    shell.envs(command.stdin(Stdio::null()).get_envs().filter_map(|(name, value)| Some((name, value?))));
    Served::of(&mut shell)
}

#[test]
fn without_room_nothing_is_decided_and_readiness_says_so() {
    let data = tempfile::tempdir().unwrap();
    let mut served = Served::start(data.path());
    let set = set(&served.upload(&finding("permit")));
    served.send("PUT", "/v1/tenants/demo/set", &set).is(201);
    let first = served.send("POST", DECISIONS, &request()).is(200)["id"].as_str().unwrap().to_owned();
    served.kill();

    let mut served = without_room(data.path(), 64);
    assert_eq!(served.get("/readyz").is(200)["ready"], true);
    let (mut ids, refused) = (vec![first], loop_until_refused(&served));
    ids.extend(refused.ids);
    assert!(ids.len() > 1, "there was room for some");
    assert_eq!(refused.problem["type"], "urn:lexgate:problem:unavailable");
    let ready = served.get("/readyz").is(503);
    assert_eq!((&ready["ready"], &ready["records"]), (&json!(false), &json!(false)));
    assert_eq!(served.get("/healthz").is(200)["alive"], true);
    // Nothing is decided, and nothing is changed, that cannot be recorded; what was recorded is read.
    served.send("POST", DECISIONS, &request()).is(503);
    served.send("PUT", "/v1/tenants/demo/set", &set).is(503);
    served.get(&format!("{DECISIONS}/{}", ids[0])).is(200);
    served.kill();

    // With room again, everything is there that was answered, and it goes on.
    let served = Served::start(data.path());
    for id in &ids {
        served.get(&format!("{DECISIONS}/{id}")).is(200);
    }
    served.send("POST", DECISIONS, &request()).is(200);
    assert_eq!(served.get("/readyz").is(200)["ready"], true);
}

/// What came before the first refusal, and that.
struct Refused {
    ids: Vec<String>,
    problem: Value,
}

fn loop_until_refused(served: &Served) -> Refused {
    let mut ids = Vec::new();
    loop {
        let answer = served.send("POST", DECISIONS, &request());
        if answer.status != 200 {
            return Refused { ids, problem: answer.is(503) };
        }
        ids.push(answer.body["id"].as_str().unwrap().to_owned());
    }
}
