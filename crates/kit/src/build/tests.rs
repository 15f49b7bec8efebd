//! Builds from a prebuilt component, and manifests that are refused; compiling is for the end-to-end tests.

use super::toolchain::{Found, Next, choose};
use super::*;
use std::error::Error;

const MANIFEST: &str = r#"
[policy]
id = "test-policy"
version = "1.0.0"
title = "Test"
contract = "lexgate:screening@0.1.0"
time-zone = "Asia/Seoul"
authority = "Nobody"

[[rules]]
id = "majority"
status = "in-force"
source = "primary"
citation = { instrument = "Act" }

[[datasets]]
name = "regions"
version = "2"
valid-from = "2025-01-01"
source = "s"
file = "data/new.csv"

[[datasets]]
name = "regions"
version = "1"
valid-until = "2024-12-31"
source = "s"
file = "./data/old.csv"

[build]
component = "policy.wasm"
"#;

const COMPONENT: &str = r#"(component
    (core module $m (func (export "f")))
    (core instance $i (instantiate $m))
    (func $f (canon lift (core func $i "f")))
    (instance $policy (export "configure" (func $f)) (export "evaluate" (func $f)))
    (export "lexgate:screening/policy@0.1.0" (instance $policy)))"#;

#[expect(clippy::disallowed_methods, reason = "a test makes its own folders")]
fn folder(path: &Path) -> Folder {
    std::fs::create_dir_all(path).unwrap();
    let dir = Dir::open_ambient_dir(path, cap_std::ambient_authority()).unwrap();
    Folder { dir, path: path.to_owned() }
}

/// A policy with a prebuilt component, in a folder of its own.
fn policy(manifest: &str) -> (tempfile::TempDir, BuildPlan) {
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| folder(&root.path().join(name));
    let plan = BuildPlan {
        plugin: at("plugin"),
        target: at("target"),
        output: at("out").dir,
        tools: Tools::usual(None),
        frozen: true,
        trust: Trust::default(),
    };
    let dir = &plan.plugin.dir;
    dir.create_dir("data").unwrap();
    dir.write("data/old.csv", "country\nSG\n").unwrap();
    dir.write("data/new.csv", "country\nKR\n").unwrap();
    dir.write("lexgate.toml", manifest).unwrap();
    dir.write("policy.wasm", wat::parse_str(COMPONENT).unwrap()).unwrap();
    (root, plan)
}

fn chain(error: &dyn Error) -> String {
    let source = error.source().map(|source| format!(": {}", chain(source)));
    format!("{error}{}", source.unwrap_or_default())
}

/// Checks the message that a manifest with one text replaced is refused with.
#[track_caller]
fn refuse(text: &str, other: &str, message: &str) {
    assert!(MANIFEST.contains(text));
    let (_root, plan) = policy(&MANIFEST.replacen(text, other, 1));
    let error = chain(&build(&plan, &mut |_| ()).expect_err("is refused"));
    assert!(error.contains(message), "{error}");
    assert_eq!(plan.output.entries().unwrap().count(), 0, "nothing is written");
}

#[test]
fn a_prebuilt_component_becomes_a_package() {
    let (_root, plan) = policy(MANIFEST);
    let mut steps = Vec::new();
    let built = build(&plan, &mut |step| steps.push(step)).unwrap();
    assert_eq!(steps, [Step::Reading, Step::Encoding, Step::Sealing, Step::Done]);
    assert_eq!((built.id.as_str(), built.version.as_str()), ("test-policy", "1.0.0"));
    assert_eq!((built.file.as_str(), built.unchanged), ("test-policy.wasm", false));
    let bytes = plan.output.read("test-policy.wasm").unwrap();
    assert_eq!((Digest::of(&bytes), bytes.len() as u64), (built.digest, built.bytes));
    let versions: Vec<_> = built.package.datasets.iter().map(|dataset| dataset.version.as_str()).collect();
    assert_eq!(versions, ["1", "2"], "oldest first, however the manifest lists them");
    assert_eq!(plan.output.entries().unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn the_same_sources_give_the_same_bytes_and_touch_nothing() {
    let (_root, plan) = policy(MANIFEST);
    let (_other, elsewhere) = policy(MANIFEST);
    let digest = build(&plan, &mut |_| ()).unwrap().digest;
    let again = build(&plan, &mut |_| ()).unwrap();
    assert_eq!((again.digest, again.unchanged), (digest, true));
    assert_eq!(build(&elsewhere, &mut |_| ()).unwrap().digest, digest);
    plan.plugin.dir.write("data/new.csv", "country\nJP\n").unwrap();
    let changed = build(&plan, &mut |_| ()).unwrap();
    assert!(changed.digest != digest && !changed.unchanged);
}

#[test]
fn a_manifest_is_refused_with_line_and_key() {
    refuse("title", "titel", "`lexgate.toml` line 5, column 1: unknown field `titel`");
    refuse(
        "[build]\n",
        "[build]\nwasm = 1\n",
        "line 31, column 1: unknown field `wasm`, expected `component`",
    );
    refuse("file = \"data/new.csv\"", "digest = \"\"", "unknown field `digest`");
    refuse("title = \"Test\"\n", "", "line 2, column 1: missing field `title`");
    refuse("version = \"1.0.0\"", "version = \"1.0\"", "line 4, column 11: unexpected end of input");
    refuse("\"2025-01-01\"", "\"2025-13-01\"", "line 19, column 14: `2025-13-01` is not a date");
    refuse("\"2025-01-01\"", "2025-01-01", "line 19, column 14: ");
    refuse("[policy]", "[policy", "line 2, column ");
    refuse(
        "Asia/Seoul",
        "Seoul",
        "`lexgate.toml` is refused: policy.time-zone: `Seoul` is not an IANA time zone",
    );
    refuse("2024-12-31", "2025-12-31", "datasets.regions@2: holds on days on which version `1` holds");
    refuse("Nobody\"", "Nób\" x", "line 8, column 19: ");
}

#[test]
fn files_are_read_below_the_folder_only() {
    refuse("data/new.csv", "data/none.csv", "cannot read `data/none.csv` in the folder of the policy");
    refuse(
        "data/new.csv",
        "../target/new.csv",
        "`../target/new.csv` lies outside the folder of the policy; copy it",
    );
    refuse("data/new.csv", "data/../../new.csv", "lies outside");
    refuse("data/new.csv", "/etc/hostname", "`/etc/hostname` lies outside");
    refuse("data/new.csv", "data", "cannot read `data`");
    refuse("\"policy.wasm\"", "\"none.wasm\"", "cannot read `none.wasm`");
    let (_root, plan) = policy(MANIFEST);
    plan.plugin.dir.symlink("../../target", "data/up").unwrap();
    plan.target.dir.write("secret.csv", "x").unwrap();
    plan.plugin.dir.write("lexgate.toml", MANIFEST.replace("data/new.csv", "data/up/secret.csv")).unwrap();
    let error = chain(&build(&plan, &mut |_| ()).unwrap_err());
    assert!(error.contains("cannot read `data/up/secret.csv`"), "{error}");
}

#[test]
fn large_files_are_not_read() {
    let (_root, plan) = policy(MANIFEST);
    plan.plugin.dir.create("data/new.csv").unwrap().set_len((16 << 20) + 1).unwrap();
    let error = build(&plan, &mut |_| ()).unwrap_err().to_string();
    assert_eq!(error, "`data/new.csv` is larger than 16777216 bytes; make it smaller or split it");
}

#[test]
fn a_policy_without_sources_says_what_to_name() {
    refuse("[build]\ncomponent = \"policy.wasm\"\n", "", "no `Cargo.toml` beside `lexgate.toml`; name what");
    let (_root, plan) = policy(MANIFEST);
    plan.plugin.dir.remove_file("lexgate.toml").unwrap();
    let error = build(&plan, &mut |_| ()).unwrap_err().to_string();
    assert_eq!(error, "cannot read `lexgate.toml` in the folder of the policy");
}

#[test]
fn what_a_host_would_refuse_is_not_written() {
    refuse(
        "screening@0.1.0",
        "screening@0.9.0",
        "would be refused by a host: `test-policy.wasm` implements the contract",
    );
    let with = |component: &[u8]| {
        let (_root, plan) = policy(MANIFEST);
        plan.plugin.dir.write("policy.wasm", component).unwrap();
        let error = chain(&build(&plan, &mut |_| ()).unwrap_err());
        assert!(plan.output.entries().unwrap().next().is_none());
        error
    };
    let wasi =
        COMPONENT.replacen("(component", r#"(component (import "wasi:cli/stdin@0.2.0" (instance))"#, 1);
    let error = with(&wat::parse_str(wasi).unwrap());
    assert!(error.contains("imports `wasi:cli/stdin@0.2.0`, but policies get no WASI"), "{error}");
    let error = with(&wat::parse_str(r#"(module (import "env" "clock" (func)))"#).unwrap());
    assert!(error.starts_with("the module is not a policy: "), "{error}");
    assert!(with(b"no").contains("only a component can be sealed"));
}

#[test]
fn the_cheapest_toolchain_is_chosen() {
    let source = StdSource {
        cargo: "/usr/bin/cargo".into(),
        rustc: "/usr/bin/rustc".into(),
        linker: "rust-lld".into(),
    };
    let no_network = || Some("no network".to_owned());
    let check = |found: Found, next: Next| assert_eq!(choose(&found), next, "{found:?}");
    let none = Found::default();
    check(Found { target: true, ..none.clone() }, Next::Use(WasmToolchain::Installed));
    check(none.clone(), Next::AddTarget);
    check(Found { target: true, rustup: no_network(), ..none.clone() }, Next::Use(WasmToolchain::Installed));
    check(Found { rustup: no_network(), ..none.clone() }, Next::LookForSource);
    let with_source = Found { rustup: no_network(), source: Some(Ok(source.clone())), ..none.clone() };
    check(with_source, Next::Use(WasmToolchain::BuildStd(source)));
    let nothing = Found { rustup: no_network(), source: Some(Err("no sources".to_owned())), ..none };
    check(nothing, Next::GiveUp("no network; no sources".to_owned()));
}
