//! The canonical ABI of the component model: how values lie in a linear memory.
//!
//! Values are laid into a buffer of the host first, each text and list a block of it, and the buffer is copied when the guest
//! has said where its blocks go. What a guest has laid is read with every address checked.

/// What the guest did to the ABI, in the words of wasmtime's component layer: such a fault
/// replays as equal, whichever way its policy runs. Its fault is `Malformed::Abi`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Broken {
    #[error("pointer out of bounds of memory")]
    Outside,
    #[error("return pointer not aligned")]
    Unaligned,
    #[error("list pointer/length out of bounds of memory")]
    ListOutside,
    #[error("list pointer is not aligned")]
    ListUnaligned,
    #[error("string pointer/length out of bounds of memory")]
    TextOutside,
    #[error("{0}")]
    Text(#[from] std::str::Utf8Error),
    #[error("unexpected discriminant: {0}")]
    Case(u32),
    #[error("invalid option discriminant")]
    Option,
    #[error("invalid expected discriminant")]
    Result,
    #[error("realloc return: beyond end of memory")]
    RoomOutside,
    #[error("realloc return: result not aligned")]
    RoomUnaligned,
    #[error(
        "too much data is being copied between the host and the guest: fuel allocated for hostcalls has been exhausted"
    )]
    TooMuch,
}

/// A type of the contract, as it lies in memory.
pub(crate) trait Laid {
    /// Bytes.
    const SIZE: usize;
    /// A power of two, at most 8.
    const ALIGN: usize;
}

/// What can be laid into a buffer.
pub(crate) trait Lay: Laid {
    /// Lays it at a place of the buffer, which has the room.
    fn lay(&self, buffer: &mut Buffer, at: usize);
}

/// What can be read from a memory.
pub(crate) trait Read: Laid + Sized {
    /// Reads it.
    fn read(memory: &mut Memory<'_>, at: usize) -> Result<Self, Broken>;
}

/// Returns the next address that is aligned so.
pub(crate) const fn up(at: usize, align: usize) -> usize {
    (at + align - 1) & !(align - 1)
}

const fn larger(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

/// Returns the largest of them.
pub(crate) const fn largest(mut all: &[usize]) -> usize {
    let mut most = 0;
    while let [first, rest @ ..] = all {
        (most, all) = (larger(most, *first), rest);
    }
    most
}

/// A text or list in a buffer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block {
    pub(crate) at: usize,
    pub(crate) size: usize,
    pub(crate) align: usize,
    /// Where its address stands in the buffer.
    address: usize,
}

/// Values on their way into a memory: a block for the outermost one, and one for each text and list in it.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    blocks: Vec<Block>,
}

/// Room that most requests need; chosen by feel.
const USUAL_BYTES: usize = 8 << 10;
const USUAL_BLOCKS: usize = 256;

impl Buffer {
    /// Returns a buffer that holds a value.
    pub(crate) fn of<T: Lay>(value: &T) -> Buffer {
        let mut buffer =
            Buffer { bytes: Vec::with_capacity(USUAL_BYTES), blocks: Vec::with_capacity(USUAL_BLOCKS) };
        let at = buffer.block(T::SIZE, T::ALIGN, usize::MAX);
        value.lay(&mut buffer, at);
        buffer
    }

    /// Returns the blocks in the order in which a guest is asked for them.
    pub(crate) fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Returns all blocks as they follow each other, the outermost value first.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns what is in a block.
    pub(crate) fn content(&self, block: Block) -> &[u8] {
        self.bytes.get(block.at..block.at.saturating_add(block.size)).unwrap_or_default()
    }

    /// Writes where a block lies in the memory to where its address stands.
    pub(crate) fn link(&mut self, block: Block, address: u32) {
        if block.address != usize::MAX {
            self.put(block.address, address.to_le_bytes());
        }
    }

    /// Links every block as if the buffer were copied to this address as a whole.
    pub(crate) fn link_all(&mut self, base: u32) {
        let Buffer { bytes, blocks } = self;
        for block in blocks.iter().filter(|block| block.address != usize::MAX) {
            let offset = u32::try_from(block.at).unwrap_or(u32::MAX);
            if let Some(place) = bytes.get_mut(block.address..).and_then(<[u8]>::first_chunk_mut) {
                *place = base.wrapping_add(offset).to_le_bytes();
            }
        }
    }

    /// Adds an empty block.
    fn block(&mut self, size: usize, align: usize, address: usize) -> usize {
        let at = up(self.bytes.len(), align);
        self.bytes.resize(at.saturating_add(size), 0);
        self.blocks.push(Block { at, size, align, address });
        at
    }

    /// INVARIANT: whoever lays a value was given the room for it.
    fn put<const N: usize>(&mut self, at: usize, bytes: [u8; N]) {
        if let Some(place) = self.bytes.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
            *place = bytes;
        }
    }

    /// Lays which case of a variant it is.
    pub(crate) fn case(&mut self, at: usize, case: u8) {
        self.put(at, [case]);
    }

    fn count(&mut self, at: usize, count: usize) {
        self.put(at + 4, u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
    }
}

/// A memory that a guest has written to.
pub(crate) struct Memory<'m> {
    bytes: &'m [u8],
    /// Bytes that may still be copied out of it.
    left: usize,
}

impl<'m> Memory<'m> {
    pub(crate) fn new(bytes: &'m [u8], most: usize) -> Memory<'m> {
        Memory { bytes, left: most }
    }

    /// Reads a value that a function returned the address of.
    pub(crate) fn value<T: Read>(&mut self, address: u32) -> Result<T, Broken> {
        let (at, there) = self.range(address, T::SIZE);
        if at & (T::ALIGN - 1) != 0 {
            return Err(Broken::Unaligned);
        }
        there.ok_or(Broken::Outside)?;
        T::read(self, at)
    }

    /// Returns where a block begins, and what is in it if it lies where it may.
    fn range(&self, address: u32, size: usize) -> (usize, Option<&'m [u8]>) {
        let at = usize::try_from(address).unwrap_or(usize::MAX);
        (at, at.checked_add(size).and_then(|end| self.bytes.get(at..end)))
    }

    fn take<const N: usize>(&self, at: usize) -> Result<[u8; N], Broken> {
        self.bytes.get(at..).and_then(<[u8]>::first_chunk).copied().ok_or(Broken::Outside)
    }

    /// Returns which of so many cases a variant is.
    pub(crate) fn case(&self, at: usize, cases: u8) -> Result<u8, Broken> {
        let [case] = self.take(at)?;
        if case < cases { Ok(case) } else { Err(Broken::Case(case.into())) }
    }

    fn address(&self, at: usize) -> Result<(u32, u32), Broken> {
        Ok((u32::from_le_bytes(self.take(at)?), u32::from_le_bytes(self.take(at + 4)?)))
    }

    /// Counts what is about to be copied.
    fn spend(&mut self, bytes: usize) -> Result<(), Broken> {
        self.left = self.left.checked_sub(bytes).ok_or(Broken::TooMuch)?;
        Ok(())
    }

    /// Reads a text.
    pub(crate) fn text(&mut self, address: u32, size: u32) -> Result<String, Broken> {
        let size = usize::try_from(size).map_err(|_| Broken::TextOutside)?;
        let bytes = self.range(address, size).1.ok_or(Broken::TextOutside)?;
        self.spend(size)?;
        Ok(std::str::from_utf8(bytes)?.to_owned())
    }
}

macro_rules! numbers {
    ($($number:ty)*) => { $(
        impl Laid for $number {
            const SIZE: usize = size_of::<$number>();
            const ALIGN: usize = size_of::<$number>();
        }

        impl Lay for $number {
            fn lay(&self, buffer: &mut Buffer, at: usize) {
                buffer.put(at, self.to_le_bytes());
            }
        }

        impl Read for $number {
            fn read(memory: &mut Memory<'_>, at: usize) -> Result<$number, Broken> {
                memory.take(at).map(<$number>::from_le_bytes)
            }
        }
    )* };
}

numbers! { u8 i8 u16 u32 i64 }

impl Laid for bool {
    const SIZE: usize = 1;
    const ALIGN: usize = 1;
}

impl Lay for bool {
    fn lay(&self, buffer: &mut Buffer, at: usize) {
        buffer.case(at, u8::from(*self));
    }
}

impl Read for bool {
    fn read(memory: &mut Memory<'_>, at: usize) -> Result<bool, Broken> {
        Ok(memory.take(at)? != [0])
    }
}

impl Laid for &str {
    const SIZE: usize = 8;
    const ALIGN: usize = 4;
}

impl Lay for &str {
    fn lay(&self, buffer: &mut Buffer, at: usize) {
        let start = buffer.bytes.len();
        buffer.blocks.push(Block { at: start, size: self.len(), align: 1, address: at });
        buffer.bytes.extend_from_slice(self.as_bytes());
        buffer.count(at, self.len());
    }
}

impl Laid for String {
    const SIZE: usize = 8;
    const ALIGN: usize = 4;
}

impl Read for String {
    fn read(memory: &mut Memory<'_>, at: usize) -> Result<String, Broken> {
        let (address, size) = memory.address(at)?;
        memory.text(address, size)
    }
}

impl<T> Laid for &[T] {
    const SIZE: usize = 8;
    const ALIGN: usize = 4;
}

impl<T: Lay> Lay for &[T] {
    fn lay(&self, buffer: &mut Buffer, at: usize) {
        let mut place = buffer.block(self.len().saturating_mul(T::SIZE), T::ALIGN, at);
        buffer.count(at, self.len());
        for value in *self {
            value.lay(buffer, place);
            place += T::SIZE;
        }
    }
}

impl<T> Laid for Vec<T> {
    const SIZE: usize = 8;
    const ALIGN: usize = 4;
}

impl<T: Read> Read for Vec<T> {
    fn read(memory: &mut Memory<'_>, at: usize) -> Result<Vec<T>, Broken> {
        let (address, count) = memory.address(at)?;
        let count = usize::try_from(count).map_err(|_| Broken::ListOutside)?;
        let size = count.checked_mul(T::SIZE).ok_or(Broken::ListOutside)?;
        let (start, there) = memory.range(address, size);
        there.ok_or(Broken::ListOutside)?;
        memory.spend(count.checked_mul(size_of::<T>()).ok_or(Broken::TooMuch)?)?;
        if start & (T::ALIGN - 1) != 0 {
            return Err(Broken::ListUnaligned);
        }
        (0..count).map(|number| T::read(memory, start + number * T::SIZE)).collect()
    }
}

impl<T: Laid> Laid for Option<T> {
    const SIZE: usize = T::ALIGN + up(T::SIZE, T::ALIGN);
    const ALIGN: usize = T::ALIGN;
}

impl<T: Lay> Lay for Option<T> {
    fn lay(&self, buffer: &mut Buffer, at: usize) {
        if let Some(value) = self {
            buffer.case(at, 1);
            value.lay(buffer, at + T::ALIGN);
        }
    }
}

impl<T: Read> Read for Option<T> {
    fn read(memory: &mut Memory<'_>, at: usize) -> Result<Option<T>, Broken> {
        match memory.case(at, 2).map_err(|_| Broken::Option)? {
            0 => Ok(None),
            _ => T::read(memory, at + T::ALIGN).map(Some),
        }
    }
}

impl<T: Laid, E: Laid> Laid for Result<T, E> {
    const SIZE: usize = Self::ALIGN + up(larger(T::SIZE, E::SIZE), Self::ALIGN);
    const ALIGN: usize = larger(T::ALIGN, E::ALIGN);
}

impl<T: Read, E: Read> Read for Result<T, E> {
    fn read(memory: &mut Memory<'_>, at: usize) -> Result<Result<T, E>, Broken> {
        let payload = at + <Self as Laid>::ALIGN;
        Ok(match memory.case(at, 2).map_err(|_| Broken::Result)? {
            0 => Ok(T::read(memory, payload)?),
            _ => Err(E::read(memory, payload)?),
        })
    }
}

impl<A: Laid, B: Laid> Laid for (A, B) {
    const SIZE: usize = up(up(A::SIZE, B::ALIGN) + B::SIZE, Self::ALIGN);
    const ALIGN: usize = larger(A::ALIGN, B::ALIGN);
}

impl<A: Read, B: Read> Read for (A, B) {
    fn read(memory: &mut Memory<'_>, at: usize) -> Result<(A, B), Broken> {
        Ok((A::read(memory, at)?, B::read(memory, at + up(A::SIZE, B::ALIGN))?))
    }
}

/// Lays records out: their fields in the order of the contract.
macro_rules! records {
    ($($way:ident $record:ident $(<$life:lifetime>)? { $($field:ident: $type:ty,)* })*) => { $(
        impl $(<$life>)? Laid for wit::$record $(<$life>)? {
            const SIZE: usize = {
                let mut at = 0;
                $( at = up(at, <$type>::ALIGN) + <$type>::SIZE; )*
                up(at, <Self as Laid>::ALIGN)
            };
            const ALIGN: usize = largest(&[$( <$type>::ALIGN, )*]);
        }

        records! { @ $way $record $(<$life>)? { $($field: $type,)* } }
    )* };
    (@ laid $record:ident $(<$life:lifetime>)? { $($field:ident: $type:ty,)* }) => {
        impl $(<$life>)? Lay for wit::$record $(<$life>)? {
            fn lay(&self, buffer: &mut Buffer, at: usize) {
                let mut next = 0;
                $(
                    next = up(next, <$type>::ALIGN);
                    let field: &$type = &self.$field;
                    field.lay(buffer, at + next);
                    next += <$type>::SIZE;
                )*
                let _ = next;
            }
        }
    };
    (@ read $record:ident { $($field:ident: $type:ty,)* }) => {
        impl Read for wit::$record {
            fn read(memory: &mut Memory<'_>, at: usize) -> Result<Self, Broken> {
                let mut next = 0;
                $(
                    next = up(next, <$type>::ALIGN);
                    let $field = <$type>::read(memory, at + next)?;
                    next += <$type>::SIZE;
                )*
                let _ = next;
                Ok(Self { $($field,)* })
            }
        }
    };
    (@ both $record:ident { $($field:ident: $type:ty,)* }) => {
        records! { @ laid $record { $($field: $type,)* } }
        records! { @ read $record { $($field: $type,)* } }
    };
}

/// Lays variants out: which case it is, then what it holds.
macro_rules! variants {
    ($($way:ident $variant:ident $(<$life:lifetime>)? { $($number:literal $case:ident $(($type:ty))?,)* })*) => { $(
        impl $(<$life>)? Laid for wit::$variant $(<$life>)? {
            const SIZE: usize = {
                let most = largest(&[0, $( $( <$type>::SIZE, )? )*]);
                up(up(1, <Self as Laid>::ALIGN) + most, <Self as Laid>::ALIGN)
            };
            const ALIGN: usize = largest(&[1, $( $( <$type>::ALIGN, )? )*]);
        }

        variants! { @ $way $variant $(<$life>)? { $($number $case $(($type))?,)* } }
    )* };
    (@ laid $variant:ident $(<$life:lifetime>)? { $($number:literal $case:ident $(($type:ty))?,)* }) => {
        impl $(<$life>)? Lay for wit::$variant $(<$life>)? {
            fn lay(&self, buffer: &mut Buffer, at: usize) {
                match self {
                    $( variants!(@ pattern $case held $($type)?) => {
                        buffer.case(at, $number);
                        $( <$type as Lay>::lay(held, buffer, at + up(1, <Self as Laid>::ALIGN)); )?
                    } )*
                }
            }
        }
    };
    (@ read $variant:ident { $($number:literal $case:ident $(($type:ty))?,)* }) => {
        impl Read for wit::$variant {
            fn read(memory: &mut Memory<'_>, at: usize) -> Result<Self, Broken> {
                const CASES: u8 = [$($number),*].len() as u8;
                match memory.case(at, CASES)? {
                    $( $number => Ok(Self::$case $( (<$type>::read(memory, at + up(1, <Self as Laid>::ALIGN))?) )?), )*
                    other => Err(Broken::Case(other.into())),
                }
            }
        }
    };
    (@ pattern $case:ident $held:ident) => { Self::$case };
    (@ pattern $case:ident $held:ident $type:ty) => { Self::$case($held) };
}

pub(crate) use {records, variants};
