//! SHA-256 digests: how packages, parameters, datasets and requests are named.

use serde::{Deserialize, Serialize};
use sha2::Digest as _;
use std::fmt;
use std::str::FromStr;

/// The SHA-256 digest of some bytes, written `sha256:` and 64 lower-case hexadecimal digits as OCI does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Digest([u8; 32]);

impl Digest {
    /// Returns the digest of the bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Digest {
        Digest(sha2::Sha256::digest(bytes).into())
    }

    /// Returns the digest of the parts, one after the other as if they were one.
    #[must_use]
    pub fn of_parts(parts: &[&[u8]]) -> Digest {
        let hashed = parts.iter().fold(sha2::Sha256::new(), |hash, part| hash.chain_update(part));
        Digest(hashed.finalize().into())
    }

    /// Returns its 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut hex = [0; 64];
        f.write_str("sha256:")?;
        f.write_str(base16ct::lower::encode_str(&self.0, &mut hex)?)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not a [`Digest`].
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a digest: expected `sha256:` and 64 lower-case hexadecimal digits")]
pub struct NotDigest(String);

impl FromStr for Digest {
    type Err = NotDigest;

    fn from_str(text: &str) -> Result<Digest, NotDigest> {
        let bad = || NotDigest(text.chars().take(80).collect());
        let hex = text.strip_prefix("sha256:").filter(|hex| hex.len() == 64).ok_or_else(bad)?;
        let mut digest = [0; 32];
        base16ct::lower::decode(hex, &mut digest).map_err(|_| bad())?;
        Ok(Digest(digest))
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> String {
        digest.to_string()
    }
}

impl TryFrom<String> for Digest {
    type Error = NotDigest;

    fn try_from(text: String) -> Result<Digest, NotDigest> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_reads_what_it_writes_and_nothing_else() {
        let digest = Digest::of(b"abc");
        let text = digest.to_string();
        assert_eq!(text, "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(text.parse::<Digest>().unwrap(), digest);
        assert_eq!(Digest::of_parts(&[b"a", b"", b"bc"]), digest);
        for bad in
            ["", "sha256:", &text.to_uppercase(), &text[..70], &format!("{text}0"), &text.replace("ba", "+a")]
        {
            assert!(bad.parse::<Digest>().is_err(), "{bad}");
        }
    }
}
