//! What making a policy ready leaves behind, and how it is written down.

use lexgate_model::record::Used;
use serde::{Deserialize, Serialize};

/// A policy made ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// How it starts.
    pub start: Start,
    /// What configuring it used.
    pub configuring: Used,
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
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    start: Start,
    configuring: Used,
}

/// Most bytes of the head; the construct that prevents a snapshot is told in a sentence.
const MOST_HEAD_BYTES: u32 = 64 << 10;

impl Artifact {
    /// Returns it as bytes: the length of the head as four bytes, the head as JSON, the code.
    #[must_use]
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let head = Head { start: self.start.clone(), configuring: self.configuring };
        let head = serde_json::to_vec(&head).unwrap_or_default();
        let length = u32::try_from(head.len()).unwrap_or(u32::MAX);
        let mut bytes = Vec::with_capacity(head.len().saturating_add(self.code.len()).saturating_add(4));
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&head);
        bytes.extend_from_slice(&self.code);
        bytes
    }

    /// Reads what [`Artifact::to_bytes`] wrote: how it starts, what configuring used, and the code.
    pub(crate) fn read(bytes: &[u8]) -> Option<(Start, Used, &[u8])> {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        let length = u32::from_le_bytes(*length);
        if length > MOST_HEAD_BYTES {
            return None;
        }
        let (head, code) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        let head: Head = serde_json::from_slice(head).ok()?;
        Some((head.start, head.configuring, code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_what_it_wrote_and_nothing_that_is_cut() {
        let configuring = Used { fuel: 7, memory_bytes: 8, host_calls: 9, configure_fuel: 0 };
        for start in [Start::Snapshot, Start::Afresh("a start function".to_owned())] {
            let artifact = Artifact { start: start.clone(), configuring, code: vec![1, 2, 3] };
            let bytes = artifact.to_bytes();
            assert_eq!(Artifact::read(&bytes), Some((start, configuring, &[1, 2, 3][..])));
            for cut in 0..bytes.len() - 3 {
                assert_eq!(Artifact::read(&bytes[..cut]), None, "{cut}");
            }
        }
        assert_eq!(Artifact::read(&[255; 64]), None);
    }
}
