//! Counts what a package is made of, for people who want to know where its bytes go.

use serde::Serialize;
use wasmparser::{Parser, Payload};

/// What a package is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Measures {
    /// Bytes of the whole file.
    pub total_bytes: u64,
    /// Bytes of code, over all core modules.
    pub code_bytes: u64,
    /// Bytes of data segments, over all core modules.
    pub data_bytes: u64,
    /// Core modules.
    pub modules: u64,
    /// Functions with a body, over all core modules.
    pub functions: u64,
    /// Pages of 64 KiB that the memories begin with, added up.
    pub memory_pages: u64,
    /// Every custom section, in the order of the file.
    pub custom_sections: Vec<CustomSection>,
}

/// A custom section of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomSection {
    /// Its name.
    pub name: String,
    /// Bytes of its content.
    pub bytes: u64,
}

/// Returns the measures of a package or any other WebAssembly; of bytes that cannot be read on, those up to there.
#[must_use]
pub fn measure(bytes: &[u8]) -> Measures {
    let mut measures = Measures { total_bytes: bytes.len() as u64, ..Measures::default() };
    for payload in Parser::new(0).parse_all(bytes).map_while(Result::ok) {
        match payload {
            Payload::ModuleSection { .. } => measures.modules += 1,
            Payload::CodeSectionStart { count, size, .. } => {
                measures.functions += u64::from(count);
                measures.code_bytes += u64::from(size);
            }
            Payload::DataSection(section) => measures.data_bytes += section.range().len() as u64,
            Payload::MemorySection(memories) => {
                let initial = memories.into_iter().map_while(Result::ok).map(|memory| memory.initial);
                measures.memory_pages = initial.fold(measures.memory_pages, u64::saturating_add);
            }
            Payload::CustomSection(section) => {
                let section =
                    CustomSection { name: section.name().to_owned(), bytes: section.data().len() as u64 };
                measures.custom_sections.push(section);
            }
            _ => {}
        }
    }
    measures
}
