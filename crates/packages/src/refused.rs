//! Why a package is refused: which file, what in it, and what to do about it.

use lexgate_model::Digest;
use lexgate_model::manifest::BadManifest;

/// A package that is refused.
#[derive(Debug, thiserror::Error)]
#[error("`{file}` {reason}")]
pub struct Refused {
    /// What the bytes were called.
    pub file: String,
    /// What is wrong with them.
    pub reason: Reason,
}

/// What is wrong with a package. Texts from inside it are shortened and escaped.
#[derive(Debug, thiserror::Error)]
pub enum Reason {
    /// Not WebAssembly at all.
    #[error("is not WebAssembly; name the `.wasm` that `lexgate build` wrote")]
    NotWasm,
    /// A core module.
    #[error("is a core module, not a component; build it with `lexgate build`")]
    CoreModule,
    /// A component that does not validate, or uses a feature policies do not get.
    #[error(
        "is not a valid component: {why}, at byte {offset:#x}; build it again with `lexgate build`, or get it again"
    )]
    Invalid {
        /// Where.
        offset: usize,
        /// What, in the words of the WebAssembly validator.
        why: String,
    },
    /// More of something than may be.
    #[error(
        "is too large: {place} has {found} {unit}, at most {most} (package limit `{limit}`); make the policy smaller or raise the limit"
    )]
    Limit {
        /// The name of the limit, a field of [`crate::PackageLimits`].
        limit: &'static str,
        /// What exceeds it.
        place: String,
        /// What is counted.
        unit: &'static str,
        /// How many there are.
        found: u64,
        /// How many there may be.
        most: u64,
    },
    /// A resource type of its own.
    #[error("defines a resource type, at byte {offset:#x}; policies have no resources: use records")]
    Resource {
        /// Where.
        offset: usize,
    },
    /// A section of ours inside a nested component or module.
    #[error(
        "has a section `{section}` inside a nested component or module, at byte {offset:#x}; such sections belong to the top level only: seal the outermost component"
    )]
    Nested {
        /// Its name.
        section: String,
        /// Where.
        offset: usize,
    },
    /// A section that claims to be ours and is not.
    #[error(
        "has a section `{section}`, which Lexgate does not know; build it with the `lexgate build` of this version"
    )]
    UnknownSection {
        /// Its name.
        section: String,
    },
    /// Twice the same section.
    #[error(
        "has two sections `{section}`, one is expected; seal the component of the compiler, not a package"
    )]
    Twice {
        /// Its name.
        section: String,
    },
    /// No manifest.
    #[error("has no manifest; build it with `lexgate build`, which takes it from `lexgate.toml`")]
    NoManifest,
    /// A manifest that does not hold.
    #[error("has a manifest that is refused; correct `lexgate.toml` and build it again")]
    Manifest {
        /// Every fault found.
        #[source]
        source: BadManifest,
    },
    /// A contract that the host does not serve.
    #[error("implements the contract `{asked}`, the host serves {served}; build it against one of these")]
    Contract {
        /// The one it implements.
        asked: String,
        /// Those that the host serves.
        served: String,
    },
    /// A way to the outside.
    #[error("imports `{import}`, but policies get no WASI: build for `wasm32-unknown-unknown`")]
    Wasi {
        /// The import.
        import: String,
    },
    /// Something else the host does not give.
    #[error("imports `{import}`, which the host does not give; a policy may import {given}")]
    Import {
        /// The import.
        import: String,
        /// What the host gives.
        given: String,
    },
    /// A part of an interface that the interface does not have.
    #[error(
        "imports `{item}` of `{import}`, which has no such {kind}; build it against the contract in `wit/`"
    )]
    ImportItem {
        /// The interface.
        import: String,
        /// The part.
        item: String,
        /// What kind of thing is asked for.
        kind: &'static str,
    },
    /// It is not a policy.
    #[error("does not export `{export}`; a policy exports it, see the world `screening-policy` in `wit/`")]
    NotExported {
        /// What is not there.
        export: String,
    },
    /// A dataset that is declared, but not there.
    #[error("declares the dataset `{dataset}`, but does not carry it; build it again with `lexgate build`")]
    DatasetMissing {
        /// Name and version.
        dataset: String,
    },
    /// A dataset that is not the one declared.
    #[error(
        "carries the dataset `{dataset}` with {found} ({found_bytes} bytes), its manifest declares {declared} ({declared_bytes} bytes); build it again, or ask where it was altered"
    )]
    DatasetAltered {
        /// Name and version.
        dataset: String,
        /// The digest in the manifest.
        declared: Box<Digest>,
        /// The length in the manifest.
        declared_bytes: u64,
        /// The digest of what is there.
        found: Box<Digest>,
        /// The length of what is there.
        found_bytes: u64,
    },
    /// A dataset that is there, but not declared.
    #[error(
        "carries a section `{section}`, but its manifest declares no such dataset; declare it in `lexgate.toml` and build it again"
    )]
    DatasetExtra {
        /// The section.
        section: String,
    },
}

/// Returns a text from inside a package as messages show it: short, and without characters that steer a terminal.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(80).flat_map(char::escape_debug).collect()
}
