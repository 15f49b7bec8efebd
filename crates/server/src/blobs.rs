//! Files that are named after their bytes: packages and datasets. What is written is durable when it is named.

use crate::Error;
use cap_std::fs::{Dir, DirBuilder, DirBuilderExt};
use lexgate_audit::Folder;
use lexgate_model::Digest;
use serde_json::Value;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io::{ErrorKind, Read};
use std::sync::atomic::{AtomicU64, Ordering};

/// The folder of packages, below the data folder.
const PACKAGES: &str = "packages";
/// The folder of datasets, below the data folder.
const DATASETS: &str = "datasets";

/// Most bytes of what is read back; packages and datasets are smaller.
const MOST_BYTES: u64 = 256 << 20;

/// The packages and datasets of a data folder.
#[derive(Debug)]
pub struct Blobs {
    packages: Dir,
    datasets: Dir,
    /// A number that no other writer has.
    writer: u64,
    count: AtomicU64,
}

/// What is put.
#[derive(Debug, Clone, Copy)]
pub enum Put<'a> {
    /// A package, with what is told of it in lists.
    Package(&'a Value),
    /// A dataset.
    Dataset,
}

/// Makes a folder that only its owner can use, if it is missing, and opens it.
pub(crate) fn folder(above: &Dir, name: &str) -> Result<Dir, Error> {
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    match above.create_dir_with(name, &builder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(Error::file(name)(error)),
        Err(_) => {}
        Ok(()) => Folder::sync(above).map_err(Error::file(name))?,
    }
    above.open_dir(name).map_err(Error::file(name))
}

/// Writes a file aside, makes it durable, and puts it in place as a whole.
pub(crate) fn write(folder: &Dir, name: &str, aside: &str, bytes: &[u8]) -> Result<(), Error> {
    let written = (|| {
        let file = Folder::create(folder, aside)?;
        file.write_at(0, bytes)?;
        file.sync()?;
        Folder::rename(folder, aside, name)?;
        Folder::sync(folder)
    })();
    written.map_err(|error| {
        let _ = folder.remove_file(aside);
        Error::file(name)(error)
    })
}

pub(crate) fn read(folder: &Dir, name: &str) -> Result<Option<Vec<u8>>, Error> {
    let file = match folder.open(name) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::file(name)(error)),
    };
    let mut bytes = Vec::new();
    file.take(MOST_BYTES).read_to_end(&mut bytes).map_err(Error::file(name))?;
    Ok(Some(bytes))
}

fn hex(digest: Digest) -> String {
    digest.to_string().replace("sha256:", "")
}

impl Blobs {
    /// Opens those of a data folder.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(data: &Dir) -> Result<Blobs, Error> {
        Ok(Blobs {
            packages: folder(data, PACKAGES)?,
            datasets: folder(data, DATASETS)?,
            writer: RandomState::new().build_hasher().finish(),
            count: AtomicU64::new(0),
        })
    }

    /// Keeps bytes, and returns their name.
    ///
    /// # Errors
    /// What the system says.
    pub fn put(&self, what: Put<'_>, bytes: &[u8]) -> Result<Digest, Error> {
        let digest = Digest::of(bytes);
        let name = hex(digest);
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let aside = |name: &str| format!(".{name}.{count}.{:x}", self.writer);
        match what {
            Put::Package(about) => {
                write(&self.packages, &name, &aside(&name), bytes)?;
                let about = serde_json::to_vec(about).unwrap_or_default();
                let name = format!("{name}.json");
                write(&self.packages, &name, &aside(&name), &about)?;
            }
            Put::Dataset => write(&self.datasets, &name, &aside(&name), bytes)?,
        }
        Ok(digest)
    }

    /// Returns the bytes of a package, if it is there.
    ///
    /// # Errors
    /// What the system says, and when they are not those that were put.
    pub fn package(&self, digest: Digest) -> Result<Option<Vec<u8>>, Error> {
        get(&self.packages, digest)
    }

    /// Returns the bytes of a dataset, if it is there.
    ///
    /// # Errors
    /// What the system says, and when they are not those that were put.
    pub fn dataset(&self, digest: Digest) -> Result<Option<Vec<u8>>, Error> {
        get(&self.datasets, digest)
    }

    /// Returns what is told of the packages that are there, in order of their digests.
    pub(crate) fn packages(&self) -> Result<Vec<Value>, Error> {
        let mut names = Folder::names(&self.packages).map_err(Error::file(PACKAGES))?;
        names.retain(|name| name.ends_with(".json") && !name.starts_with('.'));
        names.sort();
        let mut all = Vec::new();
        for name in names {
            let about = read(&self.packages, &name)?.unwrap_or_default();
            all.extend(serde_json::from_slice::<Value>(&about));
        }
        Ok(all)
    }
}

fn get(folder: &Dir, digest: Digest) -> Result<Option<Vec<u8>>, Error> {
    let name = hex(digest);
    let Some(bytes) = read(folder, &name)? else { return Ok(None) };
    if Digest::of(&bytes) != digest {
        return Err(Error::Damaged { file: name, what: "its digest is another".to_owned() });
    }
    Ok(Some(bytes))
}
