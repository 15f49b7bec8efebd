//! What cases are clumsy for.
