//! Why a policy was not built.

use lexgate_model::manifest::BadManifest;
use lexgate_packages::{Refused, SealError};
use std::io;

/// Why a policy was not built: which file, where in it, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A file cannot be read.
    #[error("cannot read `{file}` in the folder of the policy")]
    Read {
        /// The file.
        file: String,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// A file is too large.
    #[error("`{file}` is larger than {most} bytes; make it smaller or split it")]
    TooLarge {
        /// The file.
        file: String,
        /// Most bytes.
        most: u64,
    },
    /// A file is elsewhere.
    #[error(
        "`{file}` lies outside the folder of the policy; copy it into the folder and name it relative to `lexgate.toml`"
    )]
    Outside {
        /// The file.
        file: String,
    },
    /// `lexgate.toml` does not have the shape of a manifest.
    #[error("`lexgate.toml` line {line}, column {column}: {why}")]
    Syntax {
        /// Line, counted from 1.
        line: usize,
        /// Column in characters, counted from 1.
        column: usize,
        /// What is wrong there.
        why: String,
    },
    /// `lexgate.toml` has the shape of a manifest, but does not hold.
    #[error("`lexgate.toml` is refused")]
    Manifest {
        /// Every fault found, with its place.
        #[source]
        source: BadManifest,
    },
    /// There is nothing to compile.
    #[error(
        "no `Cargo.toml` beside `lexgate.toml`; name what another toolchain made with `[build] component = \"policy.wasm\"`"
    )]
    NoCargo,
    /// A program cannot be run.
    #[error("cannot run `{program}`; install Rust from rustup.rs, or put it on the path")]
    Run {
        /// The program.
        program: String,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// A program that is asked something answers with a failure.
    #[error("`{program}` failed: {output}")]
    Failed {
        /// The program with its first arguments.
        program: String,
        /// What it wrote.
        output: String,
    },
    /// No compiler for WebAssembly.
    #[error(
        "no Rust compiler here makes WebAssembly: {why}; run `rustup target add wasm32-unknown-unknown`, or install Debian's `rustc-web`, `cargo-web` and `rust-web-src` beside the toolchain of rustup"
    )]
    NoToolchain {
        /// What was tried.
        why: String,
    },
    /// The policy does not compile.
    #[error("cargo could not compile the policy:\n{output}")]
    Compile {
        /// The end of what cargo wrote.
        output: String,
    },
    /// The policy compiles, but not to WebAssembly.
    #[error(
        "cargo made no WebAssembly; write `crate-type = [\"cdylib\", \"rlib\"]` under `[lib]` of `Cargo.toml`"
    )]
    NoLibrary,
    /// The core module does not become a component.
    #[error(
        "the module is not a policy: {why}; export one with the macro of `lexgate-sdk`, or generate bindings from `wit/`"
    )]
    Encode {
        /// What is wrong with it.
        why: String,
    },
    /// The component cannot be sealed.
    #[error("the component cannot be made a package")]
    Seal(#[from] SealError),
    /// The package would be refused by every host.
    #[error("the package would be refused by a host")]
    Refused(#[from] Refused),
    /// The package cannot be written.
    #[error("cannot write `{file}` into the output folder")]
    Write {
        /// The file.
        file: String,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
}
