//! The allocator of a component: a [`Bump`] over the memory above what the program itself needs.
#![expect(unsafe_code, reason = "an allocator hands out raw memory")]

use crate::bump::{Bump, Lacking, Resized};
use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::{memory_grow, memory_size};
use core::cell::UnsafeCell;
use core::ptr::null_mut;

#[global_allocator]
static HEAP: Heap = Heap(UnsafeCell::new(Bump::new(0, 0)));

/// Bytes of one page of linear memory.
const PAGE: usize = 64 << 10;

/// Least bytes to grow by, so that growing stays rare; chosen by feel.
const STEP: usize = 1 << 20;

struct Heap(UnsafeCell<Bump>);

// SAFETY: a component has one thread, and no method of `Heap` calls what could allocate.
unsafe impl Sync for Heap {}

unsafe extern "C" {
    /// Where the linker says that the program's own data ends.
    static __heap_base: u8;
}

/// Makes sure that so many bytes can be allocated without growing memory, as far as the host lets it.
pub(crate) fn reserve(bytes: usize) {
    HEAP.with(|bump| {
        let lacking = bytes.saturating_sub(bump.room());
        if lacking > 0 {
            grow(bump, Lacking(lacking));
        }
    });
}

impl Heap {
    /// Allocates what does not fit into the memory that there is.
    #[cold]
    fn make_room(&self, layout: Layout) -> *mut u8 {
        let at = self.with(|bump| insist(bump, |bump| bump.allocate(layout.size(), layout.align())));
        at.map_or(null_mut(), core::ptr::with_exposed_provenance_mut)
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut Bump) -> T) -> T {
        // SAFETY: there is one thread, and no closure passed here allocates, so this is the only reference.
        let bump = unsafe { &mut *self.0.get() };
        if bump.is_unset() {
            let base = (&raw const __heap_base).addr();
            *bump = Bump::new(base, memory_size::<0>().saturating_mul(PAGE));
        }
        use_it(bump)
    }
}

/// Grows memory by what is lacking at least; returns whether the host let it.
fn grow(bump: &mut Bump, lacking: Lacking) -> bool {
    let pages = |bytes: usize| bytes.div_ceil(PAGE);
    let wanted = [lacking.0.max(STEP), lacking.0];
    let grown = wanted.into_iter().any(|bytes| memory_grow::<0>(pages(bytes)) != usize::MAX);
    bump.extend(memory_size::<0>().saturating_mul(PAGE));
    grown
}

/// Tries once, and again when memory could be grown by what was lacking.
fn insist<T>(bump: &mut Bump, mut attempt: impl FnMut(&mut Bump) -> Result<T, Lacking>) -> Option<T> {
    match attempt(bump) {
        Ok(done) => Some(done),
        Err(lacking) => grow(bump, lacking).then(|| attempt(bump).ok()).flatten(),
    }
}

// SAFETY: blocks come from memory above the program's data, never overlap (`Bump` only hands out what lies above every
// live block, and takes back only the block on top), have the size and alignment asked for, and stay until freed.
unsafe impl GlobalAlloc for Heap {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: there is one thread, and nothing here allocates, so this is the only reference.
        let bump = unsafe { &mut *self.0.get() };
        match bump.fit(layout.size(), layout.align()) {
            Some(at) => core::ptr::with_exposed_provenance_mut(at),
            None => self.make_room(layout),
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        self.with(|bump| bump.free(block.addr(), layout.size()));
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let resized = self.with(|bump| insist(bump, |bump| bump.resize(block.addr(), layout.size(), size)));
        match resized {
            Some(Resized::InPlace) => block,
            None => null_mut(),
            Some(Resized::Elsewhere) => {
                // SAFETY: the caller vouches that `size` fits the alignment, as `Layout` demands.
                let new = unsafe { self.alloc(Layout::from_size_align_unchecked(size, layout.align())) };
                if !new.is_null() {
                    // SAFETY: both blocks are live, do not overlap, and the old one is the shorter one.
                    unsafe { core::ptr::copy_nonoverlapping(block, new, layout.size()) };
                }
                new
            }
        }
    }
}

/// What the host calls for each text and list that it hands in; in the place of the one of wit-bindgen, which gives way.
///
/// # Safety
/// As the canonical ABI has it: `old` and `old_len` are a block from here, or zero; `align` is a power of two.
#[unsafe(export_name = "cabi_realloc")]
unsafe extern "C" fn cabi_realloc(old: *mut u8, old_len: usize, align: usize, new_len: usize) -> *mut u8 {
    if new_len == 0 {
        return core::ptr::without_provenance_mut(align);
    }
    // SAFETY: the caller vouches for the size and the alignment, and for the block if there is one.
    let block = unsafe {
        if old_len == 0 {
            HEAP.alloc(Layout::from_size_align_unchecked(new_len, align))
        } else {
            HEAP.realloc(old, Layout::from_size_align_unchecked(old_len, align), new_len)
        }
    };
    if block.is_null() {
        core::arch::wasm32::unreachable();
    }
    block
}

/// Says that a request may come in one block: `Bump` takes back only what is on top, and never minds where a block begins.
/// The host looks for the name, and does not call it.
#[unsafe(export_name = "lexgate:takes-one-block")]
extern "C" fn takes_one_block() {}
