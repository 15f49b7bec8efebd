//! Three-valued truth: what is known to hold, known not to hold, or not known.
//!
//! The tables are Kleene's strong ones, so a conjunction with a known `False` is `False` whatever else is missing.

/// Whether something holds, as far as the facts go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Truth {
    /// It holds whatever the missing facts are.
    True,
    /// It does not hold whatever the missing facts are.
    False,
    /// The missing facts decide.
    Unknown,
}

impl Truth {
    /// Returns whether both hold.
    #[must_use]
    pub fn and(self, other: Truth) -> Truth {
        match (self, other) {
            (Truth::False, _) | (_, Truth::False) => Truth::False,
            (Truth::True, Truth::True) => Truth::True,
            _ => Truth::Unknown,
        }
    }

    /// Returns whether at least one holds.
    #[must_use]
    pub fn or(self, other: Truth) -> Truth {
        match (self, other) {
            (Truth::True, _) | (_, Truth::True) => Truth::True,
            (Truth::False, Truth::False) => Truth::False,
            _ => Truth::Unknown,
        }
    }

    /// Returns whether it might hold.
    #[must_use]
    pub fn possible(self) -> bool {
        self != Truth::False
    }

    /// Returns whether it holds for sure.
    #[must_use]
    pub fn certain(self) -> bool {
        self == Truth::True
    }

    /// Returns the truth that is certain where `certain` and possible where `possible`.
    #[must_use]
    pub fn between(certain: bool, possible: bool) -> Truth {
        match (certain, possible) {
            (true, _) => Truth::True,
            (false, true) => Truth::Unknown,
            (false, false) => Truth::False,
        }
    }
}

impl core::ops::Not for Truth {
    type Output = Truth;

    fn not(self) -> Truth {
        match self {
            Truth::True => Truth::False,
            Truth::False => Truth::True,
            Truth::Unknown => Truth::Unknown,
        }
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Truth {
        if value { Truth::True } else { Truth::False }
    }
}

impl From<Option<bool>> for Truth {
    fn from(value: Option<bool>) -> Truth {
        value.map_or(Truth::Unknown, Truth::from)
    }
}
