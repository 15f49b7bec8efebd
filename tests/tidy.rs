//! The house rules that a program can hold. Each is a test; its message names every breach and the remedy.
//!
//! Rust is read as tokens, so comments and texts do not count. What formats, lints and licences must be is for
//! `.ci/run`; what the arrows mean stands in ARCHITECTURE.md.

#![expect(clippy::disallowed_methods, reason = "house rules are about the files of this tree")]

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;
use toml::Table;

/// What each crate may depend on inside the workspace, `lexgate-` left out.
const ARROWS: [(&str, &[&str]); 7] = [
    ("lexgate-audit", &["model"]),
    ("lexgate-cli", &["audit", "engine", "kit", "model", "packages", "server"]),
    ("lexgate-server", &["audit", "engine", "model", "packages"]),
    ("lexgate-kit", &["engine", "model", "packages"]),
    ("lexgate-engine", &["model", "packages"]),
    ("lexgate-packages", &["model"]),
    ("lexgate-sdk", &["model"]),
];

/// What a policy may depend on inside the workspace; and for its tests, also on this.
const POLICY_ARROW: (&str, &str) = ("lexgate-sdk", "lexgate-model");

/// The package that holds tests and benches; it may use everything, and nothing may use it.
const ROOT: &str = "lexgate-workspace";

/// The workspace of what Lexgate is compared with: apart, so that who builds or tests Lexgate does not compile that.
const APART: &str = "benches/peers";

/// Libraries that one crate keeps away from the rest, by the beginning of their names.
const HOMES: [(&str, &str); 9] = [
    ("wasmtime", "lexgate-engine"),
    ("cranelift", "lexgate-engine"),
    ("wit-bindgen", "lexgate-sdk"),
    ("wasmparser", "lexgate-packages"),
    ("rusqlite", "lexgate-audit"),
    ("axum", "lexgate-server"),
    ("hyper", "lexgate-server"),
    ("anyhow", "lexgate-cli"),
    ("clap", "lexgate-cli"),
];

/// What reaches outside, mostly parts of the standard library, and whose code may name it. Tests may name all.
const OUTSIDE: [(&str, &[&str]); 5] = [
    ("ambient_authority", &["crates/cli/"]),
    ("fs", &["crates/cli/"]),
    ("env", &["crates/cli/"]),
    ("net", &["crates/cli/"]),
    ("process", &["crates/cli/", "crates/kit/src/build/", "crates/engine/src/worker.rs"]),
];

/// More of them, which the model does not name either.
const OUTSIDE_OF_MODEL: [&str; 3] = ["io", "thread", "time"];

const MOST_LINES: usize = 600;

/// Files with more lines, and why.
const LONG_FILES: [(&str, &str); 1] =
    [("crates/model/src/request/parts.rs", "one list of fields for each record of a request")];

/// WebAssembly tools that are released together; wasmtime is built with one release of them.
const WASM_TOOLS: [&str; 7] =
    ["wasmparser", "wasm-encoder", "wasm-metadata", "wasmprinter", "wat", "wit-component", "wit-parser"];

const DOCUMENTS: [&str; 5] =
    ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"];

#[test]
fn crates_depend_only_along_the_arrows() {
    let mut breaches = Vec::new();
    let inside = |dependency: &Dependency| dependency.path;
    for package in packages() {
        for dependency in package.dependencies.iter().filter(|dependency| inside(dependency)) {
            let allowed = match ARROWS.iter().find(|(name, _)| *name == package.name) {
                Some((_, allowed)) => allowed.contains(&dependency.name.trim_start_matches("lexgate-")),
                None if package.name == ROOT => dependency.dev,
                None if ["plugins/", "tests/"].iter().any(|home| package.manifest.starts_with(home)) => {
                    let (always, in_tests) = POLICY_ARROW;
                    dependency.name == always || dependency.dev && dependency.name == in_tests
                }
                None => false,
            };
            if !allowed {
                breaches.push(format!(
                    "{}: {} -> {}",
                    package.line(&dependency.name),
                    package.name,
                    dependency.name
                ));
            }
        }
    }
    hold(
        &breaches,
        "a new arrow is a change of the architecture: argue for it in ARCHITECTURE.md, then add it to `ARROWS`",
    );
}

#[test]
fn the_sdk_takes_only_the_core_of_the_model() {
    let mut breaches = Vec::new();
    for package in packages().iter().filter(|package| package.name == "lexgate-sdk") {
        for dependency in &package.dependencies {
            if dependency.name == "lexgate-model"
                && (dependency.default_features || dependency.features.contains("host"))
            {
                breaches.push(format!("{}: features of `lexgate-model`", package.line(&dependency.name)));
            }
        }
    }
    hold(
        &breaches,
        "`host` and default features bring a JSON Schema engine into every policy; take them out",
    );
}

#[test]
fn heavy_libraries_stay_in_one_crate() {
    let mut breaches = Vec::new();
    for package in packages().iter().filter(|package| package.name != ROOT) {
        for dependency in &package.dependencies {
            let home = HOMES.iter().find(|(library, _)| dependency.name.starts_with(library));
            if let Some((_, home)) = home
                && *home != package.name
            {
                let line = package.line(&dependency.name);
                breaches.push(format!("{line}: {} belongs to {home}", dependency.name));
            }
        }
    }
    hold(&breaches, "ask the crate that has the library for what you need");
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    let mut breaches = Vec::new();
    for package in packages().iter().filter(|package| package.name != ROOT) {
        let manifest = table(&package.manifest);
        let lints = manifest.get("lints").and_then(|lints| lints.get("workspace"));
        if lints.and_then(toml::Value::as_bool) != Some(true) {
            breaches.push(format!("{}:1: no `[lints]`", package.manifest));
        }
    }
    hold(&breaches, "write `[lints]` and `workspace = true`");
}

#[test]
fn what_decides_knows_no_floats() {
    let mut breaches = Vec::new();
    for file in rust_files().iter().filter(|file| file.is_in(&["crates/model/", "crates/sdk/", "plugins/"])) {
        for (index, token) in file.tokens.iter().enumerate() {
            let field_of_tuple = index.checked_sub(1).is_some_and(|before| file.tokens[before].text == ".");
            let named = token.is_word() && (token.text.contains("f32") || token.text.contains("f64"));
            if named || is_float(&token.text) && !field_of_tuple && !token.test {
                breaches.push(format!("{}:{}: `{}`", file.name, token.line, token.text));
            }
        }
    }
    hold(&breaches, "18.8 + 28.1 + 3.1 is more than 50 in floating point; use `Decimal` or `Amount`");
}

#[test]
fn every_file_says_first_what_it_answers_for() {
    let files = rust_files();
    // `mod tests;` continues the file that declares it.
    let telling = files.iter().filter(|file| !file.name.ends_with("/tests.rs") || file.is_in(&["tests/"]));
    let breaches: Vec<_> = telling
        .filter(|file| !file.text.starts_with("//! "))
        .map(|file| format!("{}:1: no `//!`", file.name))
        .collect();
    hold(&breaches, "begin the file with `//!`: what it answers for, and what it leaves to others");
}

#[test]
fn only_verifying_vouches() {
    let breaches =
        word("vouch", |file| file.is_in(&["crates/model/src/package.rs", "crates/packages/src/verify.rs"]));
    hold(
        &breaches,
        "`Verified` is a proof only as long as `lexgate_packages::verify` alone gives it; call that",
    );
}

#[test]
fn unsafe_code_stays_where_there_is_a_reason() {
    // An allocator and bindings; scheduling; loading code; calling what was checked; closing what was inherited; comparing.
    let engine = ["crew", "prepare", "v0_1", "worker"].map(|file| format!("crates/engine/src/{file}.rs"));
    let others = ["crates/sdk/src/", "benches/peers/src/bare.rs"];
    let breaches = word("unsafe", |file| file.is_in(&others) || engine.contains(&file.name));
    hold(&breaches, "find a safe way; the reasons so far stand in this test");
}

#[test]
fn authority_is_conjured_in_the_binary_alone() {
    let mut breaches = Vec::new();
    for file in rust_files() {
        let allowed = |name: &str| match OUTSIDE.iter().find(|(outside, _)| *outside == name) {
            Some((_, homes)) => file.is_in(homes),
            None => !(file.is_in(&["crates/model/"]) && OUTSIDE_OF_MODEL.contains(&name)),
        };
        let named = file.parts_of_std().into_iter().filter(|(_, name)| !allowed(name));
        breaches.extend(named.map(|(line, name)| format!("{}:{line}: `{name}`", file.name)));
    }
    hold(&breaches, "let the caller hand in what the code may use: a `cap_std::fs::Dir`, a clock, `Limits`");
}

#[test]
fn nothing_is_left_undone_or_switched_off() {
    let (mut breaches, ci) = (Vec::new(), read(".ci/run"));
    let left: [&[&str]; 4] = [&["todo", "!"], &["unimplemented", "!"], &["dbg", "!"], &["#", "[", "ignore"]];
    for file in rust_files() {
        // What something must be built for first may be ignored, if CI does not ignore it.
        let test = file.name.trim_start_matches("tests/").trim_end_matches(".rs");
        let asked = ci.contains(&format!("--test {test} -- --ignored"));
        for sequence in left.into_iter().filter(|sequence| !asked || !sequence.contains(&"ignore")) {
            let lines = file.lines_with(sequence).into_iter();
            breaches.extend(lines.map(|line| format!("{}:{line}: `{}`", file.name, sequence.concat())));
        }
    }
    hold(&breaches, "finish it, or leave it out and file an issue");
}

#[test]
fn cargo_compiles_every_file() {
    let files = rust_files();
    let known: BTreeSet<&str> = files.iter().map(|file| file.name.as_str()).collect();
    let apart = packages_of(APART);
    let roots: BTreeSet<&str> =
        packages().iter().chain(&apart).flat_map(|package| &package.targets).map(String::as_str).collect();
    let mut open: Vec<&str> = roots.iter().copied().collect();
    let mut reached = BTreeSet::new();
    while let Some(name) = open.pop() {
        let Some(file) = files.iter().find(|file| file.name == name) else { continue };
        if reached.insert(name) {
            let candidates = file.modules(roots.contains(name));
            open.extend(candidates.iter().filter_map(|candidate| known.get(candidate.as_str())));
        }
    }
    let breaches: Vec<_> = known
        .difference(&reached)
        .map(|name| format!("{name}:1: no target and no `mod` leads here"))
        .collect();
    hold(&breaches, "a file that is not compiled tests nothing; declare it or delete it");
}

#[test]
fn files_stay_short() {
    let mut breaches = Vec::new();
    let mut long: BTreeMap<&str, &str> = LONG_FILES.into();
    for file in rust_files() {
        let lines = file.text.lines().count();
        let excused = long.remove(file.name.as_str()).is_some();
        if lines > MOST_LINES && !excused {
            breaches.push(format!("{}:{lines}: more than {MOST_LINES} lines", file.name));
        }
        if lines <= MOST_LINES && excused {
            breaches.push(format!("{}:{lines}: is excused, but no longer long", file.name));
        }
    }
    breaches.extend(long.keys().map(|name| format!("{name}:1: is excused, but not there")));
    hold(&breaches, "part the file where its subject parts, or correct `LONG_FILES`");
}

#[test]
fn there_is_one_release_of_the_webassembly_tools() {
    let lock = table("Cargo.lock");
    let mut releases: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in lock["package"].as_array().unwrap() {
        let (name, version) = (package["name"].as_str().unwrap(), package["version"].as_str().unwrap());
        if WASM_TOOLS.contains(&name) {
            // 0.254.2 and 1.254.2 are one release.
            let release = version.split('.').nth(1).unwrap().to_owned();
            releases.entry(release).or_default().push(format!("{name} {version}"));
        }
    }
    let breaches: Vec<_> = releases
        .iter()
        .map(|(release, tools)| format!("Cargo.lock: {release}: {}", tools.join(", ")))
        .collect();
    let breaches = if breaches.len() == 1 { Vec::new() } else { breaches };
    hold(&breaches, "what one release accepts another may not: require the one of wasmtime, `cargo update`");
}

#[test]
fn every_place_names_the_same_rust() {
    let channel = table("rust-toolchain.toml")["toolchain"]["channel"].as_str().unwrap().to_owned();
    let version = channel.rsplit_once('.').map_or(channel.as_str(), |(version, _)| version);
    let mut breaches = Vec::new();
    let required = table("Cargo.toml")["workspace"]["package"]["rust-version"].as_str().unwrap().to_owned();
    if required != version {
        breaches.push(format!("Cargo.toml: `rust-version` is {required}"));
    }
    for document in DOCUMENTS {
        for (number, line) in read(document).lines().enumerate() {
            for (_, after) in line.match_indices("Rust 1.").map(|(at, _)| line.split_at(at + "Rust ".len())) {
                let named: String = after.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
                if named.trim_end_matches('.') != version {
                    breaches.push(format!("{document}:{}: Rust {named}", number + 1));
                }
            }
        }
    }
    if !read("README.md").contains(&format!("Rust {version}")) {
        breaches.push(format!("README.md:1: does not say that Rust {version} is needed"));
    }
    hold(&breaches, &format!("`rust-toolchain.toml` says {channel}; write {version}"));
}

#[test]
fn the_readme_has_the_two_commands_and_ci_runs_the_tests() {
    const MAIN_JOB: &str = "cargo run --release -- demo";
    const TESTS: &str = "cargo test --workspace";
    let mut breaches = Vec::new();
    let readme = read("README.md");
    for command in [MAIN_JOB, TESTS] {
        if !readme.lines().any(|line| line == command) {
            breaches.push(format!("README.md:1: no line `{command}`"));
        }
    }
    let ci = read(".ci/run");
    let runs = |line: &str| !line.trim_start().starts_with('#') && line.ends_with(&format!(" {TESTS}"));
    if !ci.lines().any(runs) {
        breaches.push(format!(".ci/run:1: does not run `{TESTS}` as it stands in README.md"));
    }
    hold(&breaches, "what a newcomer types and what CI runs are the same words");
}

#[test]
fn documents_name_files_that_exist() {
    let mut breaches = Vec::new();
    let beginnings = ["crates/", "plugins/", "tests/", "benches/", "wit/", ".ci/"];
    for document in DOCUMENTS {
        for (number, line) in read(document).lines().enumerate() {
            let named = line.split('`').skip(1).step_by(2).filter(|text| {
                beginnings.iter().any(|beginning| text.starts_with(beginning))
                    && !text.contains([' ', '*', '<', '{', '…'])
            });
            let gone = named.filter(|name| !root().join(name).exists());
            breaches.extend(gone.map(|name| format!("{document}:{}: `{name}`", number + 1)));
        }
    }
    hold(&breaches, "name where it is now");
}

/// Fails if there is a breach.
fn hold(breaches: &[String], remedy: &str) {
    assert!(breaches.is_empty(), "\n\n  {}\n\n{remedy}\n", breaches.join("\n  "));
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("cannot read `{name}`: {error}"))
}

fn table(name: &str) -> Table {
    read(name).parse().unwrap_or_else(|error| panic!("`{name}` is not TOML: {error}"))
}

/// A package of the workspace, as cargo sees it.
struct Package {
    name: String,
    /// Its `Cargo.toml`, from the root of the tree.
    manifest: String,
    dependencies: Vec<Dependency>,
    /// The files that cargo compiles it from.
    targets: Vec<String>,
}

struct Dependency {
    name: String,
    dev: bool,
    /// Whether it is of this workspace.
    path: bool,
    default_features: bool,
    features: BTreeSet<String>,
}

impl Package {
    /// Returns where its manifest names a dependency.
    fn line(&self, dependency: &str) -> String {
        let text = read(&self.manifest);
        let line = text.lines().position(|line| line.starts_with(dependency)).map_or(1, |index| index + 1);
        format!("{}:{line}", self.manifest)
    }
}

fn packages() -> &'static [Package] {
    static PACKAGES: LazyLock<Vec<Package>> = LazyLock::new(|| packages_of("."));
    &PACKAGES
}

/// Returns the packages of the workspace in a folder.
fn packages_of(workspace: &str) -> Vec<Package> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(root().join(workspace));
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().iter().map(package).collect()
}

fn package(package: &Value) -> Package {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let list = |value: &Value| value.as_array().unwrap().clone();
    let below = |value: &Value| text(&Value::from(relative(Path::new(value.as_str().unwrap()))));
    let dependency = |dependency: &Value| Dependency {
        name: text(&dependency["name"]),
        dev: dependency["kind"] == "dev",
        path: dependency["path"].is_string(),
        default_features: dependency["uses_default_features"] == true,
        features: list(&dependency["features"]).iter().map(text).collect(),
    };
    Package {
        name: text(&package["name"]),
        manifest: below(&package["manifest_path"]),
        dependencies: list(&package["dependencies"]).iter().map(dependency).collect(),
        targets: list(&package["targets"]).iter().map(|target| below(&target["src_path"])).collect(),
    }
}

/// Returns a path from the root of the tree, with `/`.
fn relative(path: &Path) -> String {
    let below = path.strip_prefix(root()).unwrap_or(path);
    below.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// A Rust file.
struct Source {
    name: String,
    text: String,
    tokens: Vec<Token>,
}

/// A word, one character of a sign, a bracket or a literal.
struct Token {
    line: usize,
    text: String,
    /// Whether it stands in a test file, or behind `#[cfg(test)]`.
    test: bool,
}

impl Token {
    fn is_word(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

impl Source {
    fn is_in(&self, places: &[&str]) -> bool {
        places.iter().any(|place| self.name.starts_with(place))
    }

    fn is_test(&self) -> bool {
        self.is_in(&["tests/", "benches/"])
            || self.name.ends_with("/tests.rs")
            || ["/tests/", "/benches/"].iter().any(|folder| self.name.contains(folder))
    }

    /// Returns the lines where these tokens follow each other.
    fn lines_with(&self, sequence: &[&str]) -> Vec<usize> {
        let found =
            |window: &&[Token]| window.iter().map(|token| token.text.as_str()).eq(sequence.iter().copied());
        self.tokens.windows(sequence.len()).filter(found).map(|window| window[0].line).collect()
    }

    /// Returns the parts of the standard library that it names outside tests, but for constants of the target; and where
    /// it makes authority out of nothing.
    fn parts_of_std(&self) -> Vec<(usize, String)> {
        let mut parts = Vec::new();
        let text = |index: usize| self.tokens.get(index).map_or("", |token| token.text.as_str());
        for (index, token) in self.tokens.iter().enumerate().filter(|(_, token)| !token.test) {
            let path = [text(index), text(index + 1), text(index + 2)] == ["std", ":", ":"];
            let constants = text(index + 3) == "env" && text(index + 6) == "consts";
            if token.text == "ambient_authority" {
                parts.push((token.line, token.text.clone()));
            } else if path && text(index + 3) == "{" {
                let group = self.tokens[index + 3..].iter().take_while(|token| token.text != ";");
                let words = group.filter(|token| token.is_word());
                parts.extend(words.map(|token| (token.line, token.text.clone())));
            } else if path && !constants {
                parts.push((token.line, text(index + 3).to_owned()));
            }
        }
        parts
    }

    /// Returns where the files of its modules may lie.
    fn modules(&self, is_root: bool) -> Vec<String> {
        let (here, file) = self.name.rsplit_once('/').unwrap_or(("", &self.name));
        let stem = file.trim_end_matches(".rs");
        let below = if is_root || stem == "mod" { here.to_owned() } else { format!("{here}/{stem}") };
        let mut files = Vec::new();
        for window in self.tokens.windows(3) {
            match [0, 1, 2].map(|index| window[index].text.as_str()) {
                ["mod", name, ";"] => {
                    files.extend([format!("{below}/{name}.rs"), format!("{below}/{name}/mod.rs")]);
                }
                ["path", "=", file] => files.push(format!("{here}/{}", file.trim_matches('"'))),
                _ => {}
            }
        }
        files.iter().map(|file| without_dots(file)).collect()
    }
}

/// Returns a path without `..`.
fn without_dots(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        if part == ".." { parts.truncate(parts.len() - 1) } else { parts.push(part) }
    }
    parts.join("/")
}

fn rust_files() -> &'static [Source] {
    static FILES: LazyLock<Vec<Source>> = LazyLock::new(|| {
        let mut files = Vec::new();
        for folder in ["crates", "plugins", "tests", "benches"] {
            collect(&root().join(folder), &mut files);
        }
        files.sort_by(|a, b| a.name.cmp(&b.name));
        files
    });
    &FILES
}

/// Adds the Rust files of a folder, if there is one, but nothing that was built.
fn collect(folder: &Path, files: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = relative(&path);
            let text = read(&name);
            let stream: TokenStream =
                text.parse().unwrap_or_else(|error| panic!("`{name}` is not Rust: {error}"));
            let mut file = Source { name, text, tokens: Vec::new() };
            flatten(stream, file.is_test(), &mut file.tokens);
            files.push(file);
        }
    }
}

/// Adds the tokens of a stream. What stands in braces behind `#[cfg(test)]` is a test.
fn flatten(stream: TokenStream, test: bool, tokens: &mut Vec<Token>) {
    let mut next_is_test = false;
    for tree in stream {
        let line = tree.span().start().line;
        let mut push = |line, text: &str| tokens.push(Token { line, text: text.to_owned(), test });
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                push(line, open);
                let inside_test = test || next_is_test && open == "{";
                flatten(group.stream(), inside_test, tokens);
                tokens.push(Token { line: group.span_close().start().line, text: close.to_owned(), test });
                let attribute = open == "[" && group.stream().to_string().replace(' ', "") == "cfg(test)";
                next_is_test = attribute || next_is_test && open != "{";
            }
            TokenTree::Ident(word) => push(line, &word.to_string()),
            TokenTree::Punct(sign) => {
                next_is_test &= sign.as_char() != ';';
                push(line, &sign.as_char().to_string());
            }
            TokenTree::Literal(literal) => push(line, &literal.to_string()),
        }
    }
}

/// Returns where a word stands outside the files where it may.
fn word(word: &str, allowed: impl Fn(&Source) -> bool) -> Vec<String> {
    let files = rust_files().iter().filter(|file| !allowed(file));
    let lines = files.flat_map(|file| file.lines_with(&[word]).into_iter().map(|line| (&file.name, line)));
    lines.map(|(name, line)| format!("{name}:{line}: `{word}`")).collect()
}

fn is_float(literal: &str) -> bool {
    let number = literal.starts_with(|c: char| c.is_ascii_digit());
    let radix = ["0x", "0b", "0o"].iter().any(|prefix| literal.starts_with(prefix));
    let digits = literal.trim_end_matches("usize").trim_end_matches("isize");
    number
        && !radix
        && (literal.ends_with("f32") || literal.ends_with("f64") || digits.contains(['.', 'e', 'E']))
}
