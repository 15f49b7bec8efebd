//! HTTP in front of engine and log.
//!
//! A [`Server`] decides for tenants. Each has a policy set, changed as a whole and swapped atomically, and every decision
//! is durable in the log before it is answered.
//!
//! * [`Server::open`] takes a folder, an engine, and a [`Config`]: it opens the log and prepares the sets that are stored.
//! * [`Server::router`] is the service, for hosts that have a server of their own; [`Server::serve`] serves it from a
//!   listener until it is told to stop, then lets what was begun end.
//! * [`Replay`] runs decisions of a log again.
//!
//! Wire types live only here. The crate reads no clock and opens no path: it is handed a folder and a clock. One path it
//! passes on, that of the index, which SQLite opens itself.

mod access;
mod admission;
mod answer;
mod authzen;
mod batch;
mod blobs;
mod config;
mod control;
mod decisions;
mod desk;
mod http;
mod jwt;
mod keeping;
mod metrics;
mod object;
mod openapi;
mod problem;
mod replay;
mod routes;
mod serve;
mod sets;
mod tenants;
mod tls;

pub use access::{Authentication, Key, Right, Role};
pub use admission::{Quota, Quotas};
pub use blobs::{Blobs, Put};
pub use config::{Clock, Config, Recording, ServerLimits};
pub use http::Server;
pub use jwt::{BadJwks, Jwt, JwtTerms};
pub use lexgate_audit::Retention;
pub use problem::Problem;
pub use replay::{Replay, Replayed, Tally};
pub use sets::{Anachronistic, BadSet, BindingDocument, DatasetDocument, Days, SetDocument};
pub use tenants::TenantName;
pub use tls::{BadTls, Tls};

/// Why a server does not start, or a stored thing cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The log.
    #[error("the log cannot be used")]
    Log(#[source] lexgate_audit::Error),
    /// A file of the data folder.
    #[error("cannot use `{file}` in the data folder")]
    File {
        /// Which.
        file: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A file of the data folder is not what was written.
    #[error("`{file}` in the data folder is not what was written: {what}; put it back from a backup")]
    Damaged {
        /// Which.
        file: String,
        /// In what way.
        what: String,
    },
    /// Threads that evaluate cannot be started.
    #[error("the threads that evaluate cannot be started")]
    Threads(#[source] std::io::Error),
    /// A name that is none.
    #[error("{0}")]
    Name(String),
    /// A set that cannot be used.
    #[error(transparent)]
    Set(#[from] BadSet),
}

impl Error {
    pub(crate) fn file(file: impl Into<String>) -> impl FnOnce(std::io::Error) -> Error {
        let file = file.into();
        move |source| Error::File { file, source }
    }
}
