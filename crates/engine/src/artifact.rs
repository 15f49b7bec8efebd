//! What making a policy ready leaves behind, and how it is written down.

use lexgate_model::record::Used;
use lexgate_packages::Ways;
use serde::{Deserialize, Serialize};

/// A policy made ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// How it starts.
    pub start: Start,
    /// What configuring it used.
    pub configuring: Used,
    /// What the exports of the module do, if one module is all that was compiled; else it is a component.
    pub alone: Option<Ways>,
    /// What was compiled, in wasmtime's own form. Native code: whoever hands it to an engine vouches for it.
    pub code: Vec<u8>,
}

/// How the evaluations of a policy start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "from", content = "because")]
pub enum Start {
    /// From a snapshot of the configured state.
    Snapshot,
    /// From nothing, configured again by each evaluation: this construct prevents a snapshot.
    Afresh(String),
}

/// What stands before the code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    pub(crate) start: Start,
    pub(crate) configuring: Used,
    pub(crate) alone: Option<Ways>,
}

/// Most bytes of the head; the construct that prevents a snapshot is told in a sentence.
const MOST_HEAD_BYTES: u32 = 64 << 10;

impl Artifact {
    /// Returns everything but the code.
    pub(crate) fn head(&self) -> Head {
        Head { start: self.start.clone(), configuring: self.configuring, alone: self.alone.clone() }
    }

    /// Returns it as bytes: the length of the head as four bytes, the head as JSON, the code.
    #[must_use]
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let head = self.head();
        let head = serde_json::to_vec(&head).unwrap_or_default();
        let length = u32::try_from(head.len()).unwrap_or(u32::MAX);
        let mut bytes = Vec::with_capacity(head.len().saturating_add(self.code.len()).saturating_add(4));
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&head);
        bytes.extend_from_slice(&self.code);
        bytes
    }

    /// Reads what [`Artifact::to_bytes`] wrote: the head, and the code.
    pub(crate) fn read(bytes: &[u8]) -> Option<(Head, &[u8])> {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        let length = u32::from_le_bytes(*length);
        if length > MOST_HEAD_BYTES {
            return None;
        }
        let (head, code) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        let head: Head = serde_json::from_slice(head).ok()?;
        Some((head, code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_what_it_wrote_and_nothing_that_is_cut() {
        let configuring = Used { fuel: 7, memory_bytes: 8, host_calls: 9, configure_fuel: 0 };
        for start in [Start::Snapshot, Start::Afresh("a start function".to_owned())] {
            let artifact = Artifact { start: start.clone(), configuring, alone: None, code: vec![1, 2, 3] };
            let bytes = artifact.to_bytes();
            assert_eq!(Artifact::read(&bytes), Some((artifact.head(), &[1, 2, 3][..])));
            for cut in 0..bytes.len() - 3 {
                assert_eq!(Artifact::read(&bytes[..cut]), None, "{cut}");
            }
        }
        assert_eq!(Artifact::read(&[255; 64]), None);
    }
}
