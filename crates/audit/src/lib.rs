//! Where records go: an append-only log that is durable before anybody is answered, and an index that can be made again.
//!
//! * A [`Log`] belongs to one process. [`Log::append`] returns, and [`Log::submit`] calls back, when an entry is on disk: many
//!   entries share one write and one sync. What is not on disk is never said to be.
//! * An [`Entry`] has an [`EntryId`] that sorts as it was written, a [`Head`] that stays, and [`Section`]s of JSON. The head
//!   commits to each section with a salt, so that one can be shown and the others withheld.
//! * A [`Reader`] reads entries in order or by id, also beside a process that writes. It needs the files alone.
//! * [`verify`] checks everything that can be checked.
//! * [`Records`] is a log with an [`Index`] behind it: finding by tenant, time, outcome, policy, party. The index follows
//!   the log, is never waited for when something is appended, and is made of the log again when it is lost.
//! * [`Records::sweep`] deletes what is older than a tenant keeps, and records that it does; a [`Hold`] prevents it.
//!
//! ```
//! use lexgate_audit::{Draft, Kind, Log, LogLimits, verify};
//! use std::sync::Arc;
//!
//! # let folder = tempfile::tempdir()?;
//! # let dir = cap_std::fs::Dir::open_ambient_dir(folder.path(), cap_std::ambient_authority())?;
//! let (log, opened) = Log::open(Arc::new(dir), LogLimits::default(), Arc::new(jiff::Timestamp::now))?;
//! assert_eq!(opened.entries, 0);
//!
//! // A decision comes from `Draft::decision`; this one is a policy set that was put.
//! let set = br#"{"bindings":["us-ofac-ownership"]}"#.to_vec();
//! let receipt = log.append(Draft::new(Kind::SetPut, "acme", Some("1"), vec![("set", set)])?)?;
//!
//! let entry = log.reader().find(receipt.id)?;
//! assert_eq!((entry.sequence, entry.head.tenant.as_ref()), (1, "acme"));
//! // Who is shown this section and the head can check that they belong together.
//! assert_eq!(entry.sections[0].commitment(), entry.head.sections[0].commitment);
//! assert!(verify(&log.reader())?.is_sound());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Two things come later and have their place: a Merkle tree per tenant, whose leaves are [`Entry::digest`], with twelve bytes
//! kept in each header; and another index than SQLite's, which [`Reader::entries`] feeds.
//!
//! The crate reads no clock and opens no path: it is handed a [`Folder`], which a `cap_std::fs::Dir` is, and a [`Clock`].
//! One path it takes, because SQLite opens its file itself: that of the index.

mod entry;
mod error;
mod files;
mod id;
mod index;
mod keys;
mod log;
mod read;
mod records;
mod recover;
mod retention;
mod section;
mod segment;
mod verify;
mod writer;

pub use entry::{Caller, Committed, Draft, Entry, Head, Kind, MOST_ENTRY_BYTES};
pub use error::{Error, Refused};
pub use files::{File, Folder};
pub use id::{EntryId, NotEntryId};
pub use index::{Cursor, Ends, Index, IndexFile, Order, Page, Query, Row};
pub use log::{Clock, Log, LogLimits, Receipt};
pub use read::{Entries, Location, Reader};
pub use records::{IndexState, Records};
pub use recover::Opened;
pub use retention::{Deletion, Hold, HoldLifted, Ledger, Retention, Scope, Swept};
pub use section::{BINDINGS, CALLER, DECISION, META, REQUEST, Salt, Section, commitment, join, sections};
pub use verify::{Problem, SegmentReport, Verified, verify};
