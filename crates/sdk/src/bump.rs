//! Where the next block of memory lies: the arithmetic of an allocator that only ever moves up.
//!
//! An instance never outlives its call, so nothing is worth freeing but the block on top, which growing lists and
//! texts free again and again. Pure numbers; `heap` applies them to memory.

/// The memory that is left: from `next` up to `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bump {
    next: usize,
    end: usize,
}

/// How many bytes of memory are lacking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lacking(pub(crate) usize);

/// What became of the wish to resize a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resized {
    /// It has the new size where it lies.
    InPlace,
    /// Another block lies above it: it must be copied.
    Elsewhere,
}

impl Bump {
    /// Returns the memory between two addresses.
    pub(crate) const fn new(base: usize, end: usize) -> Bump {
        Bump { next: base, end }
    }

    /// Returns whether this was never given any memory.
    pub(crate) fn is_unset(&self) -> bool {
        self.end == 0
    }

    /// Returns how many bytes are left.
    pub(crate) fn room(&self) -> usize {
        self.end.saturating_sub(self.next)
    }

    /// Takes note that the memory ends later.
    pub(crate) fn extend(&mut self, end: usize) {
        self.end = self.end.max(end);
    }

    /// Returns the address of a new block, if there is room; `align` is a power of two. What every text and list of a request
    /// costs a guest, so that it is as little as can be.
    #[inline]
    pub(crate) fn fit(&mut self, size: usize, align: usize) -> Option<usize> {
        let below = align.wrapping_sub(1);
        let at = self.next.wrapping_add(below) & !below;
        let top = at.wrapping_add(size);
        // Each comparison also finds a sum that wrapped around.
        if at < self.next || top < at || top > self.end {
            return None;
        }
        self.next = top;
        Some(at)
    }

    /// Returns the address of a new block; `align` is a power of two.
    pub(crate) fn allocate(&mut self, size: usize, align: usize) -> Result<usize, Lacking> {
        let below = align.saturating_sub(1);
        let at = self.next.checked_add(below).map(|top| top & !below).ok_or(Lacking(usize::MAX))?;
        self.next = self.fitting(at, size)?;
        Ok(at)
    }

    /// Gives a block back, if it is the one on top.
    pub(crate) fn free(&mut self, at: usize, size: usize) {
        if self.is_top(at, size) {
            self.next = at;
        }
    }

    /// Resizes a block where it lies, if it is the one on top or shrinks.
    pub(crate) fn resize(&mut self, at: usize, old: usize, new: usize) -> Result<Resized, Lacking> {
        if self.is_top(at, old) {
            self.next = self.fitting(at, new)?;
            return Ok(Resized::InPlace);
        }
        Ok(if new <= old { Resized::InPlace } else { Resized::Elsewhere })
    }

    fn is_top(&self, at: usize, size: usize) -> bool {
        at.checked_add(size) == Some(self.next)
    }

    fn fitting(&self, at: usize, size: usize) -> Result<usize, Lacking> {
        let top = at.checked_add(size).ok_or(Lacking(usize::MAX))?;
        if top <= self.end { Ok(top) } else { Err(Lacking(top.saturating_sub(self.end))) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_aligned_and_follow_each_other() {
        let mut bump = Bump::new(1001, 2000);
        assert_eq!(bump.allocate(3, 1), Ok(1001));
        assert_eq!(bump.allocate(8, 8), Ok(1008));
        assert_eq!(bump.allocate(0, 16), Ok(1024));
        assert_eq!(bump.room(), 976);
    }

    #[test]
    fn what_does_not_fit_says_how_much_is_lacking_and_changes_nothing() {
        let mut bump = Bump::new(1000, 1100);
        assert_eq!(bump.allocate(150, 1), Err(Lacking(50)));
        assert_eq!(bump.room(), 100);
        bump.extend(1150);
        assert_eq!(bump.allocate(150, 1), Ok(1000));
        assert_eq!(bump.allocate(usize::MAX, 8), Err(Lacking(usize::MAX)));
        assert_eq!(Bump::new(usize::MAX, usize::MAX).allocate(1, 8), Err(Lacking(usize::MAX)));
    }

    #[test]
    fn what_fits_lies_where_it_would_lie_anyway() {
        for (next, end) in
            [(1001, 2000), (0, 0), (0, 8), (1000, 1024), (usize::MAX - 9, usize::MAX), (5, usize::MAX)]
        {
            for size in [0, 1, 8, 24, 999, usize::MAX - 8, usize::MAX] {
                for align in [1, 2, 4, 8, 16] {
                    let (mut quick, mut slow) = (Bump::new(next, end), Bump::new(next, end));
                    assert_eq!(quick.fit(size, align), slow.allocate(size, align).ok());
                    assert_eq!(quick, slow);
                }
            }
        }
    }

    #[test]
    fn only_the_block_on_top_is_given_back() {
        let mut bump = Bump::new(1000, 2000);
        let (first, second) = (bump.allocate(16, 8).unwrap(), bump.allocate(16, 8).unwrap());
        bump.free(first, 16);
        assert_eq!(bump.allocate(8, 8), Ok(1032));
        bump.free(1032, 8);
        bump.free(second, 16);
        assert_eq!(bump.allocate(8, 8), Ok(second));
    }

    #[test]
    fn the_block_on_top_grows_where_it_lies_and_others_only_shrink() {
        let mut bump = Bump::new(1000, 1100);
        let first = bump.allocate(16, 8).unwrap();
        assert_eq!(bump.resize(first, 16, 32), Ok(Resized::InPlace));
        assert_eq!(bump.resize(first, 32, 8), Ok(Resized::InPlace));
        assert_eq!(bump.allocate(8, 8), Ok(1008));
        assert_eq!(bump.resize(first, 8, 16), Ok(Resized::Elsewhere));
        assert_eq!(bump.resize(first, 8, 4), Ok(Resized::InPlace));
        assert_eq!(bump.resize(1008, 8, 200), Err(Lacking(108)));
    }

    #[test]
    fn memory_never_shrinks() {
        let mut bump = Bump::new(0, 0);
        assert!(bump.is_unset());
        bump.extend(100);
        bump.extend(50);
        assert_eq!(bump.room(), 100);
    }
}
