//! The density of lists: how much they show of each change.

use std::fmt;
use std::str::FromStr;

use threadline::InvalidParameter;

/// The density of lists: how much they show of each change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Density {
    /// One line each, which opens.
    #[default]
    Lines,
    /// All of it: every line is open.
    Cards,
}

impl Density {
    /// Every density, in the order in which they are offered.
    pub const ALL: [Self; 2] = [Self::Lines, Self::Cards];

    /// Returns the word for it in the form and the cookie.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            Self::Cards => "cards",
        }
    }
}

impl fmt::Display for Density {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Density {
    type Err = InvalidParameter;

    fn from_str(word: &str) -> Result<Self, InvalidParameter> {
        let known = Self::ALL.into_iter().find(|density| density.as_str() == word);
        known.ok_or_else(|| InvalidParameter::new("density", word, "lines or cards"))
    }
}
