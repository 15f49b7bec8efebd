//! What can be typed after `lexgate set`.

use clap::Subcommand;
use std::path::PathBuf;

/// Show and change the policy set of a tenant, at a server.
///
/// The key is taken from `--key-file` or the environment variable `LEXGATE_KEY`; it goes to https and to this machine alone.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  lexgate set --tenant acme apply acme.toml\n  lexgate set --tenant acme history\n  lexgate set --tenant acme rollback 1-0123456789ab\n\ndocs/operating.md shows how a set is written."
)]
pub(crate) struct Sets {
    /// Where the server is.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8181", global = true)]
    pub(crate) server: String,
    /// Whose set. Must be given: a set is put as a whole, and so is one for the wrong tenant.
    #[arg(long, value_name = "NAME", global = true)]
    pub(crate) tenant: Option<String>,
    /// The file of the key. Default: the environment variable `LEXGATE_KEY`.
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) key_file: Option<PathBuf>,
    /// Certificates that are trusted in place of the system's, PEM.
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) ca: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub(crate) what: SetsWhat,
}

/// What can be done with the set of a tenant.
#[derive(Debug, Subcommand)]
pub(crate) enum SetsWhat {
    /// Show the set that serves, or an earlier revision of it.
    Show {
        /// Which revision. Default: the one that serves, with the status of its bindings.
        revision: Option<String>,
    },
    /// List the revisions, newest first.
    History {
        /// How many.
        #[arg(long, value_name = "COUNT", default_value_t = 20)]
        last: usize,
    },
    /// Put the set of a file in place of the last one, and show what changes. Asks nothing.
    ///
    /// Packages and datasets that the file names by path are uploaded first. If somebody else changed the set since the difference was
    /// made, nothing is put. If nothing changes, nothing is put.
    Apply {
        /// The set, TOML or JSON.
        file: PathBuf,
        /// Show what would change, and change nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Show the difference between the last set and a file, or between two revisions. Ends with 1 if there is one.
    Diff {
        /// The set, TOML or JSON.
        #[arg(conflicts_with = "to", required_unless_present_any = ["from", "to"])]
        file: Option<PathBuf>,
        /// The revision it is compared with. Default: the last one.
        #[arg(long, value_name = "REVISION")]
        from: Option<String>,
        /// A revision in place of a file. Default: the last one.
        #[arg(long, value_name = "REVISION")]
        to: Option<String>,
    },
    /// Put the set of an earlier revision again, as a new one.
    Rollback {
        /// Which.
        revision: String,
    },
}
