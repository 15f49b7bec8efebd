//! Tenants, and the revisions of their policy sets: stored whole, one after the other, the last one serving.
//!
//! A revision is first an entry of the log, then a file, then what decides: no decision names a revision of which the log
//! knows nothing. A crash in between leaves an entry of a revision that never served; its name is not used again, because it
//! ends with a digest of what was put and when.

use crate::Error;
use crate::blobs::{folder, read, write};
use crate::problem::{Kind, Problem};
use crate::sets::{SetDocument, Workbench};
use arc_swap::{ArcSwap, ArcSwapOption};
use cap_std::fs::Dir;
use jiff::Timestamp;
use lexgate_audit::{Draft, EntryId, Folder, Kind as EntryKind, Log};
use lexgate_engine::PolicySet;
use lexgate_model::Digest;
use lexgate_model::combine::Otherwise;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

/// The folder of tenants, below the data folder.
const TENANTS: &str = "tenants";

/// Tenants of one server.
const MOST_TENANTS: usize = 100_000;

/// The name of a tenant: lower-case letters, digits and hyphens, 1 to 63 of them, no hyphen at an end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantName(Arc<str>);

impl TenantName {
    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TenantName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for TenantName {
    type Err = Error;

    fn from_str(text: &str) -> Result<TenantName, Error> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let ends = text.starts_with('-') || text.ends_with('-');
        if text.is_empty() || text.len() > 63 || ends || !text.bytes().all(plain) {
            let shown: String = text.chars().take(80).collect();
            let rule = "1 to 63 lower-case letters, digits and hyphens, no hyphen at an end";
            return Err(Error::Name(format!("`{shown}` is no name of a tenant: {rule}")));
        }
        Ok(TenantName(text.into()))
    }
}

/// A revision of a set, as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Revision {
    /// Its name: what records and `If-Match` say.
    pub(crate) revision: String,
    /// Its number, from 1.
    pub(crate) number: u64,
    /// When it was put.
    pub(crate) put: Timestamp,
    /// Who put it.
    pub(crate) by: String,
    /// The revision it is a copy of, if it is a rollback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rollback_to: Option<String>,
    /// The set.
    pub(crate) set: SetDocument,
}

/// A revision that decides.
#[derive(Debug)]
pub(crate) struct Active {
    pub(crate) stored: Revision,
    pub(crate) set: PolicySet,
}

impl Active {
    pub(crate) fn otherwise(&self) -> Otherwise {
        self.stored.set.otherwise
    }
}

/// A tenant.
pub(crate) struct Tenant {
    pub(crate) name: TenantName,
    folder: Dir,
    active: ArcSwapOption<Active>,
    /// Why the last revision does not serve since the start, if so.
    broken: ArcSwapOption<String>,
    changing: Mutex<()>,
}

impl Tenant {
    /// Returns what decides now.
    pub(crate) fn active(&self) -> Result<Arc<Active>, Problem> {
        if let Some(active) = self.active.load_full() {
            return Ok(active);
        }
        match self.broken.load_full() {
            Some(why) => {
                tracing::error!(tenant = %self.name, %why, "the stored set does not serve");
                Err(Problem::unavailable(
                    "the set of this tenant cannot be used since the start of the server",
                ))
            }
            None => Err(Problem::not_found(format!("tenant `{}` has no policy set yet", self.name))),
        }
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.active.load().is_none() && self.broken.load().is_some()
    }

    fn file(number: u64) -> String {
        format!("{number:010}.json")
    }

    /// Returns the numbers of the revisions, oldest first.
    fn numbers(&self) -> Result<Vec<u64>, Error> {
        let names = Folder::names(&self.folder).map_err(Error::file(self.name.as_str()))?;
        let mut numbers: Vec<u64> =
            names.iter().filter_map(|name| name.strip_suffix(".json")?.parse().ok()).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn stored(&self, number: u64) -> Result<Revision, Error> {
        let name = Tenant::file(number);
        let file = format!("{TENANTS}/{}/{name}", self.name);
        let damaged = |what: &str| Error::Damaged { file: file.clone(), what: what.to_owned() };
        let bytes = read(&self.folder, &name)?.ok_or_else(|| damaged("it is not there"))?;
        serde_json::from_slice(&bytes).map_err(|error| damaged(&error.to_string()))
    }

    /// Returns something of the revisions, newest first, at most so many from a number downwards. One at a time is read.
    pub(crate) fn history<T>(
        &self,
        before: Option<u64>,
        most: usize,
        of: impl Fn(Revision) -> T,
    ) -> Result<Vec<T>, Error> {
        let numbers = self.numbers()?.into_iter().rev();
        let wanted = numbers.filter(|number| before.is_none_or(|before| *number < before)).take(most);
        wanted.map(|number| self.stored(number).map(&of)).collect()
    }

    /// Returns a revision by its name.
    pub(crate) fn revision(&self, name: &str) -> Result<Option<Revision>, Error> {
        let number = name.split_once('-').and_then(|(number, _)| number.parse().ok());
        let Some(number) = number.filter(|number| self.folder.exists(Tenant::file(*number))) else {
            return Ok(None);
        };
        Ok(Some(self.stored(number)?).filter(|revision| revision.revision == name))
    }

    /// Takes the right to change, or says that somebody else has it.
    fn change(&self) -> Result<MutexGuard<'_, ()>, Problem> {
        match self.changing.try_lock() {
            Ok(guard) => Ok(guard),
            // A panic left nothing half done: files are put in place as a whole.
            Err(TryLockError::Poisoned(guard)) => Ok(guard.into_inner()),
            Err(TryLockError::WouldBlock) => {
                Err(Problem::new(Kind::Conflict, "the set of this tenant is being changed").again_in(1))
            }
        }
    }

    /// Prepares a set, records and stores it, and swaps it in. Whatever fails, the one before goes on serving. Takes as long
    /// as preparing takes.
    pub(crate) fn put(&self, change: Change<'_>) -> Result<Arc<Active>, Problem> {
        let _one_at_a_time = self.change()?;
        let file = |error: Error| Problem::internal(&error);
        let last = self.numbers().map_err(file)?.last().copied();
        let current = last.map(|number| self.stored(number)).transpose().map_err(file)?;
        check(change.condition, current.as_ref())?;
        let document = match &change.what {
            What::Set(document) => document.clone(),
            What::Rollback(name) => match self.revision(name).map_err(file)? {
                Some(revision) => revision.set,
                None => return Err(Problem::not_found(format!("there is no revision `{name}`"))),
            },
        };
        let set = change.workbench.prepare(&document)?;
        let put = change.now;
        let number = last.unwrap_or(0) + 1;
        let json = document.to_json().map_err(|error| Problem::internal(&error))?;
        let digest = Digest::of_parts(&[&json, put.to_string().as_bytes()]).to_string();
        let short: String = digest.trim_start_matches("sha256:").chars().take(12).collect();
        let (kind, rollback_to) = match change.what {
            What::Set(_) => (EntryKind::SetPut, None),
            What::Rollback(to) => (EntryKind::SetRolledBack, Some(to)),
        };
        let by = change.by.to_owned();
        let revision = format!("{number}-{short}");
        let stored = Revision { revision, number, put, by, rollback_to, set: document };
        let json = serde_json::to_vec(&stored).map_err(|error| Problem::internal(&error))?;
        let draft =
            Draft::new(kind, self.name.as_str(), Some(&stored.revision), vec![("set", json.clone())])?;
        let entry: EntryId = change.log.append(draft)?.id;
        let name = Tenant::file(number);
        write(&self.folder, &name, &format!(".{name}.{entry}"), &json).map_err(file)?;
        tracing::info!(tenant = %self.name, revision = %stored.revision, "set");
        let active = Arc::new(Active { stored, set });
        self.active.store(Some(Arc::clone(&active)));
        self.broken.store(None);
        Ok(active)
    }
}

/// A change of a set.
pub(crate) struct Change<'a> {
    pub(crate) what: What,
    pub(crate) condition: &'a Condition,
    pub(crate) by: &'a str,
    pub(crate) now: Timestamp,
    pub(crate) workbench: &'a Workbench<'a>,
    pub(crate) log: &'a Log,
}

/// What the set becomes.
pub(crate) enum What {
    /// This.
    Set(SetDocument),
    /// What it was in an earlier revision.
    Rollback(String),
}

/// What the current revision must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Condition {
    /// Whatever it is.
    None,
    /// One of these (`If-Match`).
    OneOf(Vec<String>),
    /// There must be one (`If-Match: *`).
    Any,
    /// There must be none (`If-None-Match: *`).
    Absent,
}

fn check(condition: &Condition, current: Option<&Revision>) -> Result<(), Problem> {
    let current = current.map(|revision| revision.revision.as_str());
    let holds = match (condition, current) {
        (Condition::None, _) | (Condition::Any, Some(_)) | (Condition::Absent, None) => true,
        (Condition::OneOf(names), Some(current)) => names.iter().any(|name| name == current),
        (Condition::OneOf(_) | Condition::Any, None) | (Condition::Absent, Some(_)) => false,
    };
    if holds {
        return Ok(());
    }
    let now = current.map_or_else(|| "there is no set".to_owned(), |current| format!("it is `{current}`"));
    Err(Problem::new(Kind::StaleRevision, format!("the revision is another than `If-Match` says: {now}")))
}

/// All tenants.
pub(crate) struct Tenants {
    folder: Dir,
    all: ArcSwap<BTreeMap<TenantName, Arc<Tenant>>>,
    adding: Mutex<()>,
}

impl Tenants {
    /// Opens those of a data folder, and prepares their sets.
    pub(crate) fn open(data: &Dir, workbench: &Workbench<'_>) -> Result<Tenants, Error> {
        let folder = folder(data, TENANTS)?;
        let mut all = BTreeMap::new();
        let mut names = Folder::names(&folder).map_err(Error::file(TENANTS))?;
        names.sort();
        for name in names {
            let Ok(name) = name.parse::<TenantName>() else { continue };
            let tenant = open(&folder, &name)?;
            // A folder without a set is what is left of one that could not be prepared.
            let Some(number) = tenant.numbers()?.last().copied() else { continue };
            let stored = tenant.stored(number)?;
            match workbench.prepare(&stored.set) {
                Ok(set) => tenant.active.store(Some(Arc::new(Active { stored, set }))),
                Err(bad) => tenant.broken.store(Some(Arc::new(bad.to_string()))),
            }
            all.insert(name, Arc::new(tenant));
        }
        Ok(Tenants { folder, all: ArcSwap::from_pointee(all), adding: Mutex::new(()) })
    }

    pub(crate) fn get(&self, name: &str) -> Result<Arc<Tenant>, Problem> {
        let found = name.parse::<TenantName>().ok().and_then(|name| self.all.load().get(&name).cloned());
        found.ok_or_else(|| {
            let shown: String = name.chars().take(80).collect();
            Problem::not_found(format!("there is no tenant `{shown}`"))
        })
    }

    pub(crate) fn all(&self) -> Arc<BTreeMap<TenantName, Arc<Tenant>>> {
        self.all.load_full()
    }

    /// Changes the set of a tenant. A new one is there from when its first set decides.
    pub(crate) fn put(&self, name: &TenantName, change: Change<'_>) -> Result<Arc<Active>, Problem> {
        if let Some(tenant) = self.all.load().get(name) {
            return tenant.put(change);
        }
        let _one_at_a_time = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        let all = self.all.load_full();
        if let Some(tenant) = all.get(name) {
            return tenant.put(change);
        }
        if all.len() >= MOST_TENANTS {
            let detail = format!("this server has {MOST_TENANTS} tenants, and takes no more");
            return Err(Problem::new(Kind::Unusable, detail));
        }
        let tenant = Arc::new(open(&self.folder, name).map_err(|error| Problem::internal(&error))?);
        let active = tenant.put(change)?;
        let mut more = BTreeMap::clone(&all);
        more.insert(name.clone(), tenant);
        self.all.store(Arc::new(more));
        Ok(active)
    }
}

fn open(above: &Dir, name: &TenantName) -> Result<Tenant, Error> {
    Ok(of_folder(name, folder(above, name.as_str())?))
}

fn of_folder(name: &TenantName, folder: Dir) -> Tenant {
    Tenant {
        name: name.clone(),
        folder,
        active: ArcSwapOption::empty(),
        broken: ArcSwapOption::empty(),
        changing: Mutex::new(()),
    }
}

/// Returns a revision of a tenant's set from a data folder, also beside the server that owns it.
pub(crate) fn stored(data: &Dir, tenant: &TenantName, revision: &str) -> Result<Option<Revision>, Error> {
    let folder = match data.open_dir(TENANTS).and_then(|all| all.open_dir(tenant.as_str())) {
        Ok(folder) => folder,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::file(tenant.as_str())(error)),
    };
    of_folder(tenant, folder).revision(revision)
}
