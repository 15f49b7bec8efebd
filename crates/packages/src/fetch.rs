//! Reads the bytes of a package, as many as may be, and says nothing about what they are.

use crate::limits::PackageLimits;
use cap_std::fs::Dir;
use std::io::Read;
use std::path::Path;

/// Bytes that nobody looked at yet, and what to call them.
#[derive(Debug, Clone)]
pub struct Unverified {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

impl Unverified {
    /// Returns bytes that came by another way than a file; messages call them by `name`.
    #[must_use]
    pub fn from_bytes(name: impl Into<String>, bytes: Vec<u8>) -> Unverified {
        Unverified { name: name.into(), bytes }
    }
}

/// Why a package could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such file, or it may not be read.
    #[error("cannot read `{file}`")]
    Read {
        /// The file.
        file: String,
        /// What the operating system says.
        #[source]
        source: std::io::Error,
    },
    /// It is a folder, a pipe or a device.
    #[error("`{file}` is not a file; name the `.wasm` that `lexgate build` wrote")]
    NotAFile {
        /// What was named.
        file: String,
    },
    /// It is larger than a package may be.
    #[error(
        "`{file}` is larger than {most} bytes, the package limit `bytes`; make the policy smaller or raise the limit"
    )]
    TooLarge {
        /// The file.
        file: String,
        /// Most bytes.
        most: u64,
    },
}

/// Returns the bytes of a file, at most as many as the limit says.
///
/// # Errors
/// [`Error::Read`], [`Error::NotAFile`], and [`Error::TooLarge`] before more than one byte too many was read.
pub fn fetch_unverified(dir: &Dir, path: &Path, limits: &PackageLimits) -> Result<Unverified, Error> {
    let name = path.display().to_string();
    let read_error = |source| Error::Read { file: name.clone(), source };
    // Asked before opening: opening a pipe waits for its other end.
    if !dir.metadata(path).map_err(read_error)?.is_file() {
        return Err(Error::NotAFile { file: name });
    }
    let file = dir.open(path).map_err(read_error)?;
    let mut bytes = Vec::new();
    file.take(limits.bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(read_error)?;
    if bytes.len() as u64 > limits.bytes {
        return Err(Error::TooLarge { file: name, most: limits.bytes });
    }
    Ok(Unverified { name, bytes })
}
