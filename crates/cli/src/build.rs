//! `lexgate build`.

use crate::ambient;
use crate::args;
use crate::exit::Exit;
use crate::explain::{BOLD, DIM};
use anyhow::{Context, Result};
use lexgate_kit::build::{BuildPlan, Built, Step, Tools, build};
use lexgate_packages::Trust;
use serde_json::json;
use std::path::{Path, PathBuf};

pub(crate) fn run(args: &args::Build, json: bool) -> Result<Exit> {
    for dir in dirs(&args.dirs) {
        let built = one(&dir, &args.out, args.frozen, json)?;
        let file = args.out.join(&built.file);
        if json {
            ambient::print_json_line(&json!({
                "id": built.id, "version": built.version, "digest": built.digest, "bytes": built.bytes,
                "file": file.display().to_string(), "unchanged": built.unchanged,
            }))?;
        } else {
            let unchanged = if built.unchanged { ", unchanged" } else { "" };
            ambient::print(&format!(
                "{BOLD}{} {}{BOLD:#}  {}  {DIM}{} bytes{unchanged}{DIM:#}\n{DIM}{}{DIM:#}\n",
                built.id,
                built.version,
                file.display(),
                built.bytes,
                built.digest
            ))?;
        }
    }
    Ok(Exit::DONE)
}

/// Returns the folders given, or this one. Files among several are passed over: `plugins/*` names its README, too.
pub(crate) fn dirs(given: &[PathBuf]) -> Vec<PathBuf> {
    let folders: Vec<_> = given.iter().filter(|path| !path.is_file()).cloned().collect();
    match (given, folders.is_empty()) {
        ([], _) => vec![PathBuf::from(".")],
        // What is wrong with it is told when it is opened.
        (_, true) => given.to_vec(),
        (_, false) => folders,
    }
}

/// Builds the policy of one folder, showing how far it has come.
pub(crate) fn one(dir: &Path, out: &Path, frozen: bool, json: bool) -> Result<Built> {
    let plugin = ambient::folder(dir)?;
    let tools = Tools {
        cargo: ambient::path_variable("CARGO").unwrap_or_else(|| "cargo".into()),
        rustc: ambient::path_variable("RUSTC").unwrap_or_else(|| "rustc".into()),
        ..Tools::usual(cargo_home())
    };
    let target = ambient::path_variable("CARGO_TARGET_DIR").unwrap_or_else(|| default_target(&plugin.path));
    let plan = BuildPlan {
        target: ambient::make_folder(&target)?,
        output: ambient::make_folder(out)?.dir,
        tools,
        frozen,
        trust: Trust::default(),
        plugin,
    };
    let bar = ambient::progress(json);
    let name =
        dir.file_name().map_or_else(|| dir.display().to_string(), |name| name.to_string_lossy().into_owned());
    let result = build(&plan, &mut |step| bar.set_message(format!("{name}: {}", words(&step))));
    bar.finish_and_clear();
    result.with_context(|| format!("cannot build `{}`", dir.display()))
}

/// Returns cargo's home: its path is kept out of packages, which must not tell where they were built.
fn cargo_home() -> Option<PathBuf> {
    ambient::path_variable("CARGO_HOME")
        .or_else(|| ambient::path_variable("HOME").map(|home| home.join(".cargo")))
}

fn words(step: &Step) -> String {
    match step {
        Step::Reading => "reading manifest and datasets".to_owned(),
        Step::Toolchain(toolchain) => format!("building with {toolchain}"),
        Step::Compiling => "compiling".to_owned(),
        Step::Cargo(line) => line.trim().to_owned(),
        Step::Encoding => "making a component".to_owned(),
        Step::Sealing => "putting manifest and datasets in, verifying".to_owned(),
        Step::Done => "done".to_owned(),
    }
}

/// Returns the `target` folder of the outermost workspace around a plugin.
fn default_target(plugin: &Path) -> PathBuf {
    let holds_a_manifest = |folder: &&Path| folder.join("Cargo.lock").is_file();
    plugin.ancestors().filter(holds_a_manifest).last().unwrap_or(plugin).join("target")
}
