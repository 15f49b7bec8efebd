//! How large a package may be, in each direction that costs the host something before the first evaluation.
//!
//! All of it is read off the file. What compiling the package then really takes is bounded once more, by the worker that
//! compiles it.

/// What a package may have at most. A figure above is refused with the figure and the name of the limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageLimits {
    /// Bytes of the whole file.
    pub bytes: u64,
    /// Bytes of the manifest.
    pub manifest_bytes: u64,
    /// Functions with a body, over all core modules.
    pub functions: u64,
    /// Bytes of the body of one function.
    pub function_bytes: u64,
    /// Local variables of one function, without its parameters.
    pub function_locals: u64,
    /// Blocks within blocks in one function. A `switch` takes one for each of its cases.
    pub block_depth: u64,
    /// Loops within loops in one function. What a compiler's time grows with fastest.
    pub loop_depth: u64,
    /// Values that one block takes and leaves on the stack.
    pub block_values: u64,
    /// Loops of a function times its local variables, and the values that its blocks take and leave, over all functions: each
    /// loop carries every variable that changes in it as a value of its own, and a compiler looks at all of them.
    pub loop_locals: u64,
    /// Components and core modules within components; 1 for what lies directly in the package.
    pub nested_depth: u64,
    /// Components and core modules inside the package, at every depth.
    pub nested: u64,
    /// Instantiations of components and core modules, at every depth.
    pub instances: u64,
    /// Functions that pass from components to core modules and back, at every depth. What preparing takes grows with their
    /// square.
    pub canonical_functions: u64,
    /// Custom sections, at every depth.
    pub custom_sections: u64,
    /// Data segments, over all core modules.
    pub data_segments: u64,
    /// Tables, over all core modules.
    pub tables: u64,
    /// Elements that the tables begin with, added up.
    pub table_elements: u64,
    /// Pages of 64 KiB that the memories begin with, added up.
    pub memory_pages: u64,
}

impl Default for PackageLimits {
    /// Returns the limits of design section 7.
    ///
    /// Bytes and pages are stated there. The others are chosen by feel: several times what the largest policy or
    /// interpreter at hand has, and far below what makes a compiler slow.
    fn default() -> PackageLimits {
        PackageLimits {
            bytes: 32 << 20,
            manifest_bytes: 1 << 20,
            functions: 50_000,
            function_bytes: 512 << 10,
            function_locals: 10_000,
            // The dispatch of an interpreter has some 300 cases, thus as many blocks.
            block_depth: 1_024,
            // People write four or five; inlining multiplies them.
            loop_depth: 64,
            // Compilers of today leave one. A thousand in loops of 8 KB took a compiler 4 GB.
            block_values: 32,
            // An interpreter for JavaScript has 315 000.
            loop_locals: 1_000_000,
            // The bindings of one exported interface are one component inside, a composed policy has one more level.
            nested_depth: 3,
            nested: 100,
            instances: 256,
            // A policy exports two and imports two; an interpreter has some fifty.
            canonical_functions: 1_000,
            // A manifest may declare 1 000 datasets; toolchains add a handful of their own.
            custom_sections: 1_200,
            // A pre-initialised interpreter has some thousands.
            data_segments: 20_000,
            tables: 100,
            table_elements: 100_000,
            // The default limit of linear memory, 64 MiB.
            memory_pages: 1_024,
        }
    }
}

impl PackageLimits {
    /// Bytes of a package that brings an interpreter with it.
    pub const INTERPRETER_BYTES: u64 = 64 << 20;

    /// Returns the limits for packages that bring an interpreter with them.
    #[must_use]
    pub fn interpreter() -> PackageLimits {
        PackageLimits { bytes: PackageLimits::INTERPRETER_BYTES, ..PackageLimits::default() }
    }
}
