//! How large a request may be.

/// Caps of a request; past them it is refused with the limit named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestLimits {
    /// Bytes of the JSON text.
    pub bytes: usize,
    /// Levels of nesting.
    pub depth: usize,
    /// List elements and facts in all.
    pub elements: usize,
    /// Bytes of one string.
    pub string_bytes: usize,
}

impl Default for RequestLimits {
    /// 1 MiB, 32 levels, 20 000 elements, 8 KiB for a string.
    fn default() -> RequestLimits {
        RequestLimits { bytes: 1 << 20, depth: 32, elements: 20_000, string_bytes: 8 << 10 }
    }
}
